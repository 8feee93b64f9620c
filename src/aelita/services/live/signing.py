"""Signed messages between agencies: Ed25519 over who says it, on which subject, and what.

A signed message is five lines and octets: a mark, the agency, the subject, the signature in base64, and the payload as it is. A
public key is a PEM file named after its agency; several keys in one file let an agency change its key without a gap.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ...errors import DataError, UsageError
from .credentials import write_secret

MARK = b"AELITA-SIGNED-1"
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SUBJECT = re.compile(r"[A-Za-z0-9_.$-]+")
_KEY_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\s*", re.DOTALL)

PublicKeys = Mapping[str, tuple[Ed25519PublicKey, ...]]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a verified message says: which agency, on which subject, and the octets."""

    agency: str
    subject: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Signer:
    """The private key of an agency."""

    agency: str
    key: Ed25519PrivateKey = field(repr=False)

    def sign(self, subject: str, payload: bytes) -> bytes:
        """Return the octets of a signed message."""
        if not _NAME.fullmatch(self.agency) or not _SUBJECT.fullmatch(subject):
            raise UsageError(f"{self.agency!r} cannot sign on subject {subject!r}")
        head = b"\n".join((MARK, self.agency.encode(), subject.encode()))
        signature = base64.b64encode(self.key.sign(head + b"\n" + payload))
        return b"\n".join((head, signature, payload))

    @property
    def public_pem(self) -> bytes:
        """The public half, to be given to the other agencies."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def verify(octets: bytes, keys: PublicKeys) -> Signed:
    """Return what a signed message says. Raises DataError when it is none, or no known key of its agency signed it."""
    lines = octets.split(b"\n", 4)
    if len(lines) != 5 or lines[0] != MARK:
        raise DataError("not a signed message")
    try:
        agency, subject = lines[1].decode("ascii"), lines[2].decode("ascii")
        signature = base64.b64decode(lines[3], validate=True)
    except (UnicodeDecodeError, binascii.Error) as error:
        raise DataError(f"not a signed message: {error}") from error
    if base64.b64encode(signature) != lines[3]:  # several spellings decode to one signature: only one is taken
        raise DataError("not a signed message: its signature is spelt in an odd way")
    if not _NAME.fullmatch(agency) or not _SUBJECT.fullmatch(subject):
        raise DataError("a signed message with an agency or subject that cannot be")
    if agency not in keys:
        raise DataError(f"no key of {agency!r} is known", remedy="Get its public key, by a way that you trust")
    said = b"\n".join((*lines[:3], lines[4]))
    if not any(_fits(key, signature, said) for key in keys[agency]):
        raise DataError(f"the signature is not of {agency!r}: the message was forged or altered")
    return Signed(agency, subject, lines[4])


def _fits(key: Ed25519PublicKey, signature: bytes, said: bytes) -> bool:
    try:
        key.verify(signature, said)
    except InvalidSignature:
        return False
    return True


def keep_signer(agency: str, path: Path) -> Signer:
    """Return the signer whose private key is in this file, made now and readable by its owner alone if there is none.

    The public half is written beside it, as `<agency>.pem`. Raises UsageError for a file that is no such key or that others may
    read.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_secret(path, made.decode())
    if path.stat().st_mode & 0o077:
        raise UsageError("others may read this private key", where=str(path), remedy="chmod 600, or remove it to make a new one")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"not a private key: {error}", where=str(path), remedy="Restore it from a backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("not an Ed25519 key", where=str(path))
    signer = Signer(agency, key)
    public = path.with_name(f"{agency}.pem")
    if not public.exists() or public.read_bytes() != signer.public_pem:
        public.write_bytes(signer.public_pem)
    return signer


def read_public_keys(folder: Path) -> dict[str, tuple[Ed25519PublicKey, ...]]:
    """Return the public keys in the `<agency>.pem` files of a folder, none when it is absent. Raises UsageError."""
    found: dict[str, tuple[Ed25519PublicKey, ...]] = {}
    for path in sorted(folder.glob("*.pem")):
        try:
            keys = [load_pem_public_key(block) for block in _KEY_BLOCK.findall(path.read_bytes())]
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise UsageError(f"not a public key: {error}", where=str(path)) from error
        known = tuple(key for key in keys if isinstance(key, Ed25519PublicKey))
        if not known or len(known) != len(keys):
            raise UsageError("there must be Ed25519 public keys, and nothing else", where=str(path))
        found[path.stem] = known
    return found


def digest(octets: bytes) -> str:
    """Return SHA-256 of octets, hex."""
    return hashlib.sha256(octets).hexdigest()
