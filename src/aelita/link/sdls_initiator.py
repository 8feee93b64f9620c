"""The ground end of the SDLS extended procedures (CCSDS 355.1-B): wrapping session keys, and judging answers to challenges."""

from collections.abc import Mapping

from ..errors import DataError, UsageError
from .sdls_associations import GCM_IV_OCTETS
from .sdls_cryptography import unwrap, wrap
from .sdls_keys import KeyKind, KeyMaterial, KeyStore
from .sdls_numbers import NumberSource, SendingNumbers
from .sdls_pdus import CHALLENGE_OCTETS, KeyVerification, KeyVerificationReply, Otar, two_octets
from .sdls_procedures import KEY_OCTETS


class KeyWrapper:
    """Wraps session keys under one master key, with IVs from reserved blocks only, as `Sender` does with frames.

    `numbers` is persisted for SPI 0 and the master key.
    """

    def __init__(self, keys: KeyStore, numbers: SendingNumbers) -> None:
        if numbers.spi != 0 or numbers.key_id is None:
            raise UsageError(
                f"numbers of SPI {numbers.spi} and key {numbers.key_id} are not for wrapping keys", remedy="Use SPI 0"
            )
        self._keys, self._master_id = keys, numbers.key_id
        self._numbers = NumberSource(numbers, GCM_IV_OCTETS, 0, gcm=True)

    def reserve(self, count: int) -> SendingNumbers:
        """Return what must be on stable storage before `count` more commands may be made."""
        return self._numbers.reserve(count)

    def grant(self, persisted: SendingNumbers) -> None:
        """Allow the reserved numbers to be used, once `persisted` is on stable storage."""
        self._numbers.grant(persisted)

    def otar(self, new: Mapping[int, KeyMaterial]) -> Otar:
        """Return the command that uploads session keys. Raises UsageError, or LifeCycleError if the master key is not active."""
        master = self._keys.active(self._master_id)
        if master.kind is not KeyKind.MASTER:
            raise UsageError(f"key {self._master_id} is no master key", remedy="Session keys are wrapped under a master key")
        if not new or any(len(material) != KEY_OCTETS for material in new.values()):
            raise UsageError(f"keys {sorted(new)} cannot be uploaded", remedy=f"Give at least one, of {KEY_OCTETS} octets each")
        block = b"".join(two_octets(key_id) + material.octets() for key_id, material in new.items())
        iv, _ = self._numbers.take()
        return Otar(self._master_id, iv, *wrap(master.material, iv, block))


def challenge(challenges: Mapping[int, bytes]) -> KeyVerification:
    """Return the command that challenges keys; each challenge is 16 octets, unpredictable and never used before."""
    if any(len(octets) != CHALLENGE_OCTETS for octets in challenges.values()):
        raise UsageError(f"a challenge has {CHALLENGE_OCTETS} octets", remedy="Draw them at random")
    return KeyVerification(tuple(challenges.items()))


def answered(keys: KeyStore, command: KeyVerification, reply: KeyVerificationReply) -> dict[int, bool]:
    """Return for each challenged key whether the other end proved that it holds the same one; no answer is no proof."""
    wanted, proved = dict(command.challenges), dict.fromkeys(dict(command.challenges), False)
    for answer in reply.answers:
        key = keys.get(answer.key_id)
        if key is not None and answer.key_id in wanted:
            try:
                proved[answer.key_id] = unwrap(key.material, answer.iv, answer.encrypted, answer.mac) == wanted[answer.key_id]
            except (DataError, UsageError):
                proved[answer.key_id] = False
    return proved
