"""Units of the SDLS extended procedures (CCSDS 355.1-B) as records that know their data fields.

The book itself was not at hand: procedure codes are those two public implementations share (CryptoLib, LeoDOS), data fields
those of CryptoLib. OTAR and key verification are proved with its octets, the others only read. Identifiers of keys and SPIs
have 16 bits.
"""

from dataclasses import dataclass
from enum import IntEnum

from ..errors import DataError, UsageError
from .sdls_associations import GCM_IV_OCTETS, SecuredChannel

MAC_OCTETS = 16
CHALLENGE_OCTETS = 16


class Procedure(IntEnum):
    """Service group (2 bits: keys 0, associations 1, monitoring and control 3) and procedure (4 bits), as in the tag."""

    OTAR = 0x01
    KEY_ACTIVATION = 0x02
    KEY_DEACTIVATION = 0x03
    KEY_VERIFICATION = 0x04
    KEY_DESTRUCTION = 0x06
    KEY_INVENTORY = 0x07
    READ_ARSN = 0x10
    CREATE_SA = 0x11
    DELETE_SA = 0x14
    SET_ARSN_WINDOW = 0x15
    REKEY_SA = 0x16
    EXPIRE_SA = 0x19
    SET_ARSN = 0x1A
    START_SA = 0x1B
    STOP_SA = 0x1E
    SA_STATUS = 0x1F
    PING = 0x31
    LOG_STATUS = 0x32
    DUMP_LOG = 0x33
    ERASE_LOG = 0x34
    SELF_TEST = 0x35
    ALARM_FLAG_RESET = 0x37


class DataFieldReader:
    """Takes fields off a data field; what is missing or left over is a DataError that names the procedure."""

    def __init__(self, octets: bytes, where: str) -> None:
        self._octets, self._at, self._where = octets, 0, where

    @property
    def left(self) -> int:
        """Octets not yet taken."""
        return len(self._octets) - self._at

    def octets(self, count: int) -> bytes:
        """Take so many octets."""
        if count > self.left:
            raise DataError(f"the data field ends {count - self.left} octets early", where=self._where)
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self, octets: int) -> int:
        """Take an unsigned number of so many octets."""
        return int.from_bytes(self.octets(octets), "big")

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.octets(self.left)

    def finish(self) -> None:
        """Refuse what is left over."""
        if self.left:
            raise DataError(f"{self.left} octets too many in the data field", where=self._where)


def _ids(identifiers: tuple[int, ...]) -> bytes:
    return b"".join(two_octets(identifier) for identifier in identifiers)


def two_octets(number: int) -> bytes:
    """Return a 16-bit field. Raises UsageError for a number that does not fit."""
    if not 0 <= number < 0x10000:
        raise UsageError(f"{number} does not fit the 16 bits of its field")
    return number.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Otar:
    """Session keys wrapped under a master key: `wrapped` is pairs of key identifier and key, encrypted together."""

    master_key_id: int
    iv: bytes
    wrapped: bytes
    mac: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.master_key_id) + self.iv + self.wrapped + self.mac

    @staticmethod
    def read(reader: DataFieldReader) -> "Otar":
        """Take the unit off its data field. Raises DataError."""
        master, iv = reader.number(2), reader.octets(GCM_IV_OCTETS)
        return Otar(master, iv, reader.octets(max(reader.left - MAC_OCTETS, 0)), reader.octets(MAC_OCTETS))


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Activation, deactivation or destruction (`procedure`) of keys."""

    procedure: Procedure
    key_ids: tuple[int, ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return _ids(self.key_ids)


@dataclass(frozen=True, slots=True)
class KeyInventory:
    """A question for the states of the keys from `first` to `last`."""

    first: int
    last: int

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return _ids((self.first, self.last))


@dataclass(frozen=True, slots=True)
class KeyInventoryReply:
    """Key identifiers and the codes of their states."""

    keys: tuple[tuple[int, int], ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(len(self.keys)) + b"".join(two_octets(key_id) + bytes([state]) for key_id, state in self.keys)


@dataclass(frozen=True, slots=True)
class KeyVerification:
    """Challenges of 16 octets, each for one key."""

    challenges: tuple[tuple[int, bytes], ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return b"".join(two_octets(key_id) + challenge for key_id, challenge in self.challenges)


@dataclass(frozen=True, slots=True)
class Answer:
    """The challenge for one key, encrypted and authenticated under it (AES-256-GCM)."""

    key_id: int
    iv: bytes
    encrypted: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class KeyVerificationReply:
    """The answers to a key verification."""

    answers: tuple[Answer, ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return b"".join(two_octets(one.key_id) + one.iv + one.encrypted + one.mac for one in self.answers)


@dataclass(frozen=True, slots=True)
class CreateSa:
    """Managed parameters of a new association, with the numbers it starts from.

    `encryption_suite` and `authentication_suite` are codes that the mission agrees on.
    """

    spi: int
    encrypted: bool
    authenticated: bool
    iv_sent: int
    sn_sent: int
    pad_octets: int
    mac_octets: int
    encryption_suite: bytes
    iv: bytes
    authentication_suite: bytes
    mask: bytes
    arsn: bytes
    window: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field. Raises UsageError for a length that does not fit its field."""
        if self.iv_sent > 63 or self.sn_sent > 63 or self.pad_octets > 3 or self.mac_octets > 255:
            raise UsageError(f"a field length of SA {self.spi} does not fit its place", remedy="IV and SN to 63, pad length to 3")
        lengths = bytes((
            self.encrypted << 7 | self.authenticated << 6 | self.iv_sent, self.sn_sent << 2 | self.pad_octets, self.mac_octets,
        ))  # fmt: skip
        suites = _counted(self.encryption_suite) + _counted(self.iv) + _counted(self.authentication_suite)
        return two_octets(self.spi) + lengths + suites + _counted(self.mask, 2) + _counted(self.arsn) + _counted(self.window)

    @staticmethod
    def read(reader: DataFieldReader) -> "CreateSa":
        """Take the unit off its data field. Raises DataError."""
        spi, first, second, mac = reader.number(2), reader.number(1), reader.number(1), reader.number(1)
        suite, iv, other, mask, arsn, window = (reader.octets(reader.number(width)) for width in (1, 1, 1, 2, 1, 1))
        encrypted, authenticated = bool(first & 0x80), bool(first & 0x40)
        return CreateSa(
            spi, encrypted, authenticated, first & 0x3F, second >> 2, second & 3, mac, suite, iv, other, mask, arsn, window
        )


def _counted(octets: bytes, width: int = 1) -> bytes:
    if len(octets) >= 1 << 8 * width:
        raise UsageError(f"{len(octets)} octets do not fit a length field of {width} octets")
    return len(octets).to_bytes(width, "big") + octets


@dataclass(frozen=True, slots=True)
class RekeySa:
    """The key of an association, and the number it starts from (8 octets in the book's baseline, 12 for an IV in CryptoLib)."""

    spi: int
    key_id: int
    number: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return _ids((self.spi, self.key_id)) + self.number


@dataclass(frozen=True, slots=True)
class StartSa:
    """The channels on which an association becomes operational; MAP 0 stands for the whole virtual channel."""

    spi: int
    channels: tuple[SecuredChannel, ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field: 4 a channel (version 4 bits = 0, spacecraft 16, virtual channel 6, MAP 6)."""
        words = (one.spacecraft_id << 12 | one.virtual_channel << 6 | (one.map_id or 0) for one in self.channels)
        return two_octets(self.spi) + b"".join(word.to_bytes(4, "big") for word in words)

    @staticmethod
    def read(reader: DataFieldReader) -> "StartSa":
        """Take the unit off its data field. Raises DataError."""
        spi, channels = reader.number(2), []
        while reader.left:
            word = reader.number(4)
            channels.append(SecuredChannel(word >> 12 & 0xFFFF, word >> 6 & 0x3F, word & 0x3F or None))
        return StartSa(spi, tuple(channels))


@dataclass(frozen=True, slots=True)
class SaOrder:
    """Stop, expire, delete, read ARSN or SA status (`procedure`): they name an association and nothing else."""

    procedure: Procedure
    spi: int

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.spi)


@dataclass(frozen=True, slots=True)
class SetArsn:
    """The anti-replay sequence number from which an association goes on, whole."""

    spi: int
    number: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.spi) + self.number


@dataclass(frozen=True, slots=True)
class SetArsnWindow:
    """The anti-replay window of an association."""

    spi: int
    window: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.spi) + self.window


@dataclass(frozen=True, slots=True)
class ArsnReply:
    """The last sequence number an association accepted, whole."""

    spi: int
    number: bytes

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.spi) + self.number


@dataclass(frozen=True, slots=True)
class SaStatusReply:
    """The tag of the procedure that last changed an association; 0 if none has."""

    spi: int
    last_transition: int

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return two_octets(self.spi) + bytes([self.last_transition])


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Ping, log status, dump log, erase log, self-test or alarm flag reset (`procedure`): nothing but the tag."""

    procedure: Procedure

    def data_field(self) -> bytes:
        """Return the empty data field."""
        return b""


@dataclass(frozen=True, slots=True)
class PingReply:
    """The security unit is there."""

    def data_field(self) -> bytes:
        """Return the empty data field."""
        return b""


@dataclass(frozen=True, slots=True)
class LogStatusReply:
    """How many events the log holds and how many more fit; `procedure` is what it answers: log status or erase log."""

    procedure: Procedure
    events: int
    remaining: int

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return _ids((self.events, self.remaining))


@dataclass(frozen=True, slots=True)
class DumpLogReply:
    """The security log: tags and values."""

    events: tuple[tuple[int, bytes], ...]

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return b"".join(bytes([tag]) + _counted(value, 2) for tag, value in self.events)


@dataclass(frozen=True, slots=True)
class SelfTestReply:
    """The result of a self-test: 0 good, 255 bad."""

    result: int

    def data_field(self) -> bytes:
        """Return the octets of the data field."""
        return bytes([self.result])


Command = (
    Otar | KeyChange | KeyInventory | KeyVerification | CreateSa | RekeySa | StartSa | SaOrder | SetArsn | SetArsnWindow
    | Monitoring
)  # fmt: skip
Reply = (
    KeyInventoryReply
    | KeyVerificationReply
    | ArsnReply
    | SaStatusReply
    | PingReply
    | LogStatusReply
    | DumpLogReply
    | SelfTestReply
)
Pdu = Command | Reply
