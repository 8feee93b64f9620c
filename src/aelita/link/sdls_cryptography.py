"""Sealing and opening what a frame carries, with the primitives of the `cryptography` package."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hmac import HMAC

from ..errors import DataError, UsageError
from .sdls_associations import Algorithm, SecurityAssociation, Service
from .sdls_keys import KeyMaterial

BLOCK = 16
TAG = 16
AES_256_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """The data field as it travels, and its MAC."""

    data: bytes
    mac: bytes


def padding_for(association: SecurityAssociation, octets: int) -> int:
    """Return the octets of padding that the algorithm needs behind so many octets of data."""
    return BLOCK - octets % BLOCK if association.algorithm is Algorithm.AES_256_CBC else 0


def key_fits(association: SecurityAssociation, material: KeyMaterial) -> bool:
    """Tell whether a key has the length the algorithm takes; HMAC takes any."""
    return association.algorithm in (Algorithm.NONE, Algorithm.HMAC_SHA_256) or len(material) == AES_256_OCTETS


def check_key(association: SecurityAssociation, material: KeyMaterial) -> None:
    """Refuse (UsageError) a key of the wrong length for the algorithm."""
    if not key_fits(association, material):
        words = f"{association.algorithm.value} takes a key of 256 bits, not {8 * len(material)}"
        raise UsageError(words, where=f"security association {association.spi}")


def seal(association: SecurityAssociation, material: KeyMaterial | None, iv: bytes, authenticated: bytes, data: bytes) -> Sealed:
    """Encrypt and authenticate as the association says; `authenticated` is the masked headers, `data` already padded."""
    if material is None or association.service is Service.CLEAR:
        return Sealed(data, b"")
    if association.service is Service.AUTHENTICATION:
        return Sealed(data, _mac(association, material, iv, authenticated + data)[: association.mac_octets])
    if association.algorithm is Algorithm.AES_256_CBC:
        cbc = Cipher(algorithms.AES(material.octets()), modes.CBC(iv)).encryptor()
        return Sealed(cbc.update(data) + cbc.finalize(), b"")
    if association.service is Service.ENCRYPTION:
        gcm = Cipher(algorithms.AES(material.octets()), modes.GCM(iv)).encryptor()
        return Sealed(gcm.update(data), b"")
    sealed = AESGCM(material.octets()).encrypt(iv, data, authenticated)
    return Sealed(sealed[:-TAG], sealed[-TAG:][: association.mac_octets])


def unseal(
    association: SecurityAssociation, material: KeyMaterial | None, iv: bytes, authenticated: bytes, sealed: Sealed
) -> bytes | None:
    """Verify and decrypt as the association says; None if the MAC is wrong or the length impossible."""
    if material is None or association.service is Service.CLEAR:
        return sealed.data
    if association.service is Service.AUTHENTICATION:
        mac = _mac(association, material, iv, authenticated + sealed.data)[: association.mac_octets]
        return sealed.data if bytes_eq(mac, sealed.mac) else None
    if association.algorithm is Algorithm.AES_256_CBC:
        if len(sealed.data) % BLOCK:
            return None
        cbc = Cipher(algorithms.AES(material.octets()), modes.CBC(iv)).decryptor()
        return cbc.update(sealed.data) + cbc.finalize()
    if association.service is Service.ENCRYPTION:
        return Cipher(algorithms.AES(material.octets()), modes.GCM(iv)).decryptor().update(sealed.data)
    return _open_gcm(material, iv, authenticated, sealed)


def _open_gcm(material: KeyMaterial, iv: bytes, authenticated: bytes, sealed: Sealed) -> bytes | None:
    mode = modes.GCM(iv, sealed.mac, min_tag_length=len(sealed.mac))
    gcm = Cipher(algorithms.AES(material.octets()), mode).decryptor()
    gcm.authenticate_additional_data(authenticated)
    data = gcm.update(sealed.data)
    try:
        return data + gcm.finalize()
    except InvalidTag:
        return None


def _mac(association: SecurityAssociation, material: KeyMaterial, iv: bytes, octets: bytes) -> bytes:
    if association.algorithm is Algorithm.AES_256_GCM:
        return AESGCM(material.octets()).encrypt(iv, b"", octets)
    if association.algorithm is Algorithm.CMAC_AES_256:
        cmac = CMAC(algorithms.AES(material.octets()))
        cmac.update(octets)
        return cmac.finalize()
    hmac = HMAC(material.octets(), hashes.SHA256())
    hmac.update(octets)
    return hmac.finalize()


def wrap(material: KeyMaterial, iv: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Encrypt and authenticate with AES-256-GCM, no associated data, as OTAR and key verification do: ciphertext and MAC."""
    sealed = AESGCM(material.octets()).encrypt(iv, secret, None)
    return sealed[:-TAG], sealed[-TAG:]


def unwrap(material: KeyMaterial, iv: bytes, wrapped: bytes, mac: bytes) -> bytes:
    """Return what `wrap` protected. Raises DataError if the MAC is wrong (another key, or altered octets)."""
    try:
        return AESGCM(material.octets()).decrypt(iv, wrapped + mac, None)
    except (InvalidTag, ValueError) as error:
        raise DataError("the MAC is wrong", remedy="The octets were altered, or another key was used") from error
