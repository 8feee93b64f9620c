"""Initialization vectors and anti-replay sequence numbers of both ends (CCSDS 355.0-B).

The sender must never use a number twice under one key, whatever dies when. So it uses only numbers that were reserved: the
first number behind the reservation is written to stable storage *before* any of the block is used, and after a crash sending
starts there. Numbers of a lost block are skipped, which the receiver's window must allow for.
"""

from dataclasses import dataclass, replace

from ..errors import DataError, UsageError
from .sdls_associations import GCM_IV_OCTETS, VERIFICATION_PREFIX


@dataclass(frozen=True, slots=True)
class SendingNumbers:
    """The first numbers nobody can have used yet, for one association under one key. This is what to persist.

    SPI 0 stands for the wrapping of keys under a master key.
    """

    spi: int
    key_id: int | None
    iv: int = 1
    sn: int = 1

    def ahead(self, count: int) -> "SendingNumbers":
        """Return the numbers behind the next `count` frames."""
        return replace(self, iv=self.iv + count, sn=self.sn + count)

    def to_record(self) -> dict[str, int | str | None]:
        """Return this as plain values for a record or JSON; numbers as hexadecimal text, since they may exceed 64 bits."""
        return {"spi": self.spi, "key_id": self.key_id, "iv": f"{self.iv:x}", "sn": f"{self.sn:x}"}

    @staticmethod
    def from_record(record: dict[str, int | str | None]) -> "SendingNumbers":
        """Return the numbers that `to_record` wrote. Raises DataError if something is missing or of another kind."""
        try:
            spi, key_id, iv, sn = (record[name] for name in ("spi", "key_id", "iv", "sn"))
            if type(spi) is not int or type(key_id) not in (int, type(None)):
                raise TypeError(f"spi {spi!r}, key_id {key_id!r}")
            numbers = int(str(iv), 16), int(str(sn), 16)
        except (KeyError, TypeError, ValueError) as error:
            remedy = "Do not send; take the numbers from another copy, or rekey the association"
            raise DataError(f"unreadable sending numbers: {error}", remedy=remedy) from error
        return SendingNumbers(spi, None if key_id is None else int(key_id), *numbers)


@dataclass(frozen=True, slots=True)
class ReceivedNumbers:
    """The last numbers accepted for one association."""

    iv: int = 0
    sn: int = 0


class NumberSource:
    """Gives each frame its numbers, from reserved blocks only.

    `start` is the persisted state; `iv_octets` and `sn_octets` count the whole numbers; with `gcm` the IVs kept for key
    verification are never reached. Reserve a block, persist what `reserve` returns, then `grant` it. Frames may go on while a
    next block is being reserved.
    """

    def __init__(self, start: SendingNumbers, iv_octets: int, sn_octets: int, *, gcm: bool) -> None:
        self._iv_octets, self._sn_octets = iv_octets, sn_octets
        self._iv_end = int.from_bytes(VERIFICATION_PREFIX.ljust(GCM_IV_OCTETS, b"\0"), "big") if gcm else _end(iv_octets)
        self._next = self._granted = self._reserved = start

    @property
    def left(self) -> int:
        """Frames that can be sent before another block must be granted."""
        return self._granted.iv - self._next.iv

    @property
    def unused(self) -> SendingNumbers:
        """The first numbers that were not used."""
        return self._next

    def reserve(self, count: int) -> SendingNumbers:
        """Return what must be persisted before the next `count` numbers may be used. Raises UsageError if they do not exist."""
        if count < 1:
            raise UsageError(f"a block of {count} numbers", remedy="Reserve at least one")
        ahead = self._reserved.ahead(count)
        if ahead.iv > self._iv_end or ahead.sn > _end(self._sn_octets):
            raise UsageError(f"SPI {ahead.spi} has no {count} numbers left under key {ahead.key_id}", remedy="Rekey it")
        self._reserved = ahead
        return ahead

    def grant(self, persisted: SendingNumbers) -> None:
        """Allow the use of a reserved block; call this only once `persisted` is on stable storage."""
        count = persisted.iv - self._granted.iv
        if not 0 <= count <= self._reserved.iv - self._granted.iv or persisted != self._granted.ahead(count):
            raise UsageError("these numbers were not reserved here", remedy="Persist and grant what `reserve` returned, in order")
        self._granted = persisted

    def take(self) -> tuple[bytes, bytes]:
        """Use up the next numbers: the whole IV and the whole sequence number. Raises UsageError when no block is granted."""
        if not self.left:
            words = f"no reserved numbers are left for SPI {self._next.spi} under key {self._next.key_id}"
            raise UsageError(words, remedy="Reserve a block, persist it, then grant it")
        now, self._next = self._next, self._next.ahead(1)
        return _octets(now.iv, self._iv_octets), _octets(now.sn, self._sn_octets)


def _end(octets: int) -> int:
    """Return the first number that does not fit; a field that does not exist never ends."""
    return 1 << (8 * octets if octets else 8 * 63)


def _octets(number: int, octets: int) -> bytes:
    return number.to_bytes(octets, "big") if octets else b""


def whole_number(sent: bytes, octets: int, last: int) -> int:
    """Return the whole number of which `sent` are the low-order octets: the first after `last` that ends so.

    With the whole number sent this is the number itself, which may lie before `last`. It may exceed what fits `octets`.
    """
    if len(sent) >= octets:
        return int.from_bytes(sent, "big")
    modulus = 1 << 8 * len(sent)
    whole = last - last % modulus + int.from_bytes(sent, "big")
    return whole if whole > last else whole + modulus
