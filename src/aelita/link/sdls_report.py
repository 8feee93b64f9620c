"""What the receiving end says of secured frames: named refusals, the frame security report, and the security log."""

from dataclasses import dataclass, replace
from enum import Enum

from ..errors import DataError, UsageError

FSR_OCTETS = 4
FSR_VERSION = 0b100  # version 1
CONTROL_WORD_TYPE = 1  # 0 is the CLCW


class Refusal(Enum):
    """Why a frame was refused. The value is its event tag in our security log (event tags are a mission's choice)."""

    TOO_SHORT = 1
    CONTROL_FRAME = 2
    UNKNOWN_SPI = 3
    NOT_OPERATIONAL = 4
    WRONG_CHANNEL = 5
    KEY_NOT_ACTIVE = 6
    BAD_MAC = 7
    REPLAY = 8
    OUT_OF_WINDOW = 9
    BAD_PADDING = 10


_BAD_SN = {Refusal.REPLAY, Refusal.OUT_OF_WINDOW}
_BAD_MAC = {Refusal.BAD_MAC, Refusal.BAD_PADDING}


@dataclass(frozen=True, slots=True)
class FrameSecurityReport:
    """The 32-bit report in the operational control field (CCSDS 355.1-B).

    `alarm` stays set from the first refusal until it is reset; the `bad_` flags, the SPI and the low 8 bits of the sequence
    number are those of the last frame. Layout as CryptoLib and LeoDOS have it.
    """

    alarm: bool = False
    bad_sn: bool = False
    bad_mac: bool = False
    bad_sa: bool = False
    last_spi: int = 0
    sn: int = 0

    def to_octets(self) -> bytes:
        """Return the report as 4 octets."""
        flags = self.alarm << 3 | self.bad_sn << 2 | self.bad_mac << 1 | int(self.bad_sa)
        first = CONTROL_WORD_TYPE << 7 | FSR_VERSION << 4 | flags
        return bytes((first, *self.last_spi.to_bytes(2, "big"), self.sn & 0xFF))

    @staticmethod
    def from_octets(octets: bytes) -> "FrameSecurityReport":
        """Return the report in 4 octets. Raises DataError for another length, a CLCW, or another version."""
        if len(octets) != FSR_OCTETS:
            raise DataError(f"a frame security report has 4 octets, not {len(octets)}")
        if not octets[0] & 0x80:
            raise DataError("this control word is a CLCW, not a frame security report", where="bit 0")
        if octets[0] >> 4 & 7 != FSR_VERSION:
            raise DataError(f"frame security report of version {octets[0] >> 4 & 7:03b}; 100 is known", where="bits 1-3")
        alarm, bad_sn, bad_mac, bad_sa = (bool(octets[0] & bit) for bit in (8, 4, 2, 1))
        return FrameSecurityReport(alarm, bad_sn, bad_mac, bad_sa, int.from_bytes(octets[1:3], "big"), octets[3])

    def accepting(self, spi: int, number: int) -> "FrameSecurityReport":
        """Return the report after an accepted frame."""
        return FrameSecurityReport(alarm=self.alarm, last_spi=spi, sn=number & 0xFF)

    def refusing(self, reason: Refusal, spi: int | None, number: int | None) -> "FrameSecurityReport":
        """Return the report after a refused frame; what the frame was too short to tell keeps its last value."""
        bad_sn, bad_mac = reason in _BAD_SN, reason in _BAD_MAC
        spi = self.last_spi if spi is None else spi
        number = self.sn if number is None else number
        return FrameSecurityReport(True, bad_sn, bad_mac, not (bad_sn or bad_mac), spi, number & 0xFF)

    def without_alarm(self) -> "FrameSecurityReport":
        """Return the report after an alarm flag reset. We clear the `bad_` flags with it, as CryptoLib does."""
        return replace(self, alarm=False, bad_sn=False, bad_mac=False, bad_sa=False)


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One entry of the security log: a tag and a value (up to 65535 octets)."""

    tag: int
    value: bytes = b""


class SecurityLog:
    """A log of bounded size; when it is full the oldest entries stay and later ones are only counted as lost."""

    def __init__(self, capacity: int = 50) -> None:
        if not 1 <= capacity <= 1000:
            raise UsageError(f"a log of {capacity} entries", remedy="1 to 1000 fit one dump")
        self.capacity = capacity
        self.events: list[LogEvent] = []
        self.lost = 0

    @property
    def remaining(self) -> int:
        """Entries that still fit."""
        return self.capacity - len(self.events)

    def add(self, tag: int, value: bytes = b"") -> None:
        """Write an entry, or count it as lost."""
        if self.remaining:
            self.events.append(LogEvent(tag, value))
        else:
            self.lost += 1

    def erase(self) -> None:
        """Forget all entries."""
        self.events.clear()
        self.lost = 0
