"""Space data link security on telecommand frames (CCSDS 355.0-B): applying it before FOP-1, processing it behind FARM-1.

Sending: segment -> `Sender.apply_security` -> FOP-1 numbers and keeps the protected frame -> error control field -> CLTU. A
frame that FOP-1 sends again is octet for octet the same. Receiving: CLTU -> frame checks -> FARM-1 -> `Receiver` -> segments.
Control (BC) frames are never secured. An unauthenticated frame can therefore move FARM-1, which the mission must accept.

What goes behind primary and segment header is: SPI | IV | sequence number | pad length | data | padding | MAC.
"""

from dataclasses import dataclass

from ..errors import UsageError
from .sdls_associations import HEADER_OCTETS, Algorithm, SaState, SecurityAssociation
from .sdls_cryptography import Sealed, check_key, key_fits, padding_for, seal, unseal
from .sdls_keys import Key, KeyState, KeyStore, LifeCycleError
from .sdls_numbers import NumberSource, ReceivedNumbers, SendingNumbers, whole_number
from .sdls_report import FrameSecurityReport, Refusal, SecurityLog

MAXIMUM_FRAME = 1024  # octets, CCSDS 232.0-B
_CONTROL = 0x10


class Sender:
    """Applies one operational security association to frames, with numbers from reserved blocks only."""

    def __init__(
        self, association: SecurityAssociation, keys: KeyStore, numbers: SendingNumbers, *, trailer_octets: int = 2
    ) -> None:
        """Send from persisted `numbers` on; `trailer_octets` is the frame error control field (2, or 0 without one)."""
        self.association, self._keys, self._trailer = association, keys, trailer_octets
        if (numbers.spi, numbers.key_id) != (association.spi, association.key_id):
            words = f"numbers of SPI {numbers.spi} and key {numbers.key_id}, not of key {association.key_id}"
            raise UsageError(
                words,
                where=f"security association {association.spi}",
                remedy="A rekeyed association starts with numbers of its own",
            )
        gcm = association.algorithm is Algorithm.AES_256_GCM
        self._numbers = NumberSource(numbers, association.iv_octets, association.sn_octets, gcm=gcm)
        key = _key_of(association, keys)
        if key is not None:
            check_key(association, key.material)

    @property
    def left(self) -> int:
        """Frames that can be protected before another block of numbers must be granted."""
        return self._numbers.left

    @property
    def unused(self) -> SendingNumbers:
        """The first numbers that were not used: whoever protects no more frames may have these persisted."""
        return self._numbers.unused

    def reserve(self, count: int) -> SendingNumbers:
        """Return what must be on stable storage before `count` more frames may be protected."""
        return self._numbers.reserve(count)

    def grant(self, persisted: SendingNumbers) -> None:
        """Allow the reserved numbers to be used, once `persisted` is on stable storage."""
        self._numbers.grant(persisted)

    def overhead(self, data_octets: int) -> int:
        """Return how many octets security adds to so many octets of data."""
        return self.association.overhead_octets + padding_for(self.association, data_octets)

    def apply_security(self, header: bytes, segment_header: bytes, data: bytes) -> bytes:
        """Return the protected octets that go behind the primary header and segment header of one frame.

        `header` is the 5 octets of the primary header; its frame length is replaced by the final one before it is
        authenticated. N(S) must be final only if the mask covers it (the standard mask does not). `segment_header` is one
        octet, or none. Raises UsageError for a control frame, another channel, too long a frame, or no numbers left, and
        LifeCycleError if the association is not operational or its key not active.
        """
        self._check(header, segment_header, data)
        key = _key_of(self.association, self._keys)
        iv, sn = self._numbers.take()
        padding = padding_for(self.association, len(data))
        security = _security_header(self.association, iv, sn, padding)
        body = data + (bytes([padding]) * padding)
        total = HEADER_OCTETS + len(segment_header) + len(security) + len(body) + self.association.mac_octets + self._trailer
        headers = _with_length(header, total) + segment_header + security
        masked = _and(headers, self.association.mask_for(bool(segment_header)))
        sealed = seal(self.association, key.material if key else None, iv, masked, body)
        return security + sealed.data + sealed.mac

    def _check(self, header: bytes, segment_header: bytes, data: bytes) -> None:
        if len(header) != HEADER_OCTETS or len(segment_header) > 1:
            raise UsageError(f"headers of {len(header)} and {len(segment_header)} octets", remedy="Give 5, and 1 or none")
        if header[0] & _CONTROL:
            raise UsageError("control frames are never secured", remedy="Give them to FOP-1 as they are")
        if self.association.state is not SaState.OPERATIONAL:
            raise LifeCycleError(f"SA {self.association.spi} is {self.association.state.name}", remedy="Start it first")
        if not any(channel.carries(header, segment_header) for channel in self.association.channels):
            words = f"SA {self.association.spi} does not protect the channel of header {header.hex()} {segment_header.hex()}"
            raise UsageError(words, remedy="Take the association of that channel")
        total = HEADER_OCTETS + len(segment_header) + len(data) + self.overhead(len(data)) + self._trailer
        if total > MAXIMUM_FRAME:
            words = f"{len(data)} octets of data make a frame of {total} octets; {MAXIMUM_FRAME} are possible"
            raise UsageError(words, remedy="Cut the packet into segments")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A frame that passed: the association it came under, its data without padding, and its numbers."""

    spi: int
    data: bytes
    numbers: ReceivedNumbers


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame that did not pass, why, and the SPI it named (None if it was too short to name one)."""

    reason: Refusal
    spi: int | None
    number: int | None = None


class SecurityStore:
    """What the receiving end holds: associations, keys, the last numbers accepted, the report and the log."""

    def __init__(
        self,
        associations: tuple[SecurityAssociation, ...] = (),
        keys: KeyStore | None = None,
        received: dict[int, ReceivedNumbers] | None = None,
        log: SecurityLog | None = None,
    ) -> None:
        self.associations = {association.spi: association for association in associations}
        self.keys = KeyStore() if keys is None else keys
        self.received = {spi: (received or {}).get(spi, ReceivedNumbers()) for spi in self.associations}
        self.log = SecurityLog() if log is None else log
        self.report = FrameSecurityReport()


class Receiver:
    """Processes the security of frames that FARM-1 has accepted, for all associations of a store."""

    def __init__(self, store: SecurityStore) -> None:
        self.store = store

    def process_security(self, header: bytes, segment_header: bytes, protected: bytes) -> Accepted | Refused:
        """Return the data of a frame, or why it is refused. Never raises for octets of any content.

        `protected` is what stands between the headers and the frame error control field. The MAC is verified first; only an
        authentic frame is judged by its number, and only an accepted one moves the window.
        """
        outcome = self._process(header, segment_header, protected)
        store = self.store
        if isinstance(outcome, Accepted):
            store.received[outcome.spi] = outcome.numbers
            number = _counter(store.associations[outcome.spi], outcome.numbers)
            store.report = store.report.accepting(outcome.spi, number)
        else:
            spi = b"" if outcome.spi is None else outcome.spi.to_bytes(2, "big")
            store.log.add(outcome.reason.value, spi)
            store.report = store.report.refusing(outcome.reason, outcome.spi, outcome.number)
        return outcome

    def _process(self, header: bytes, segment_header: bytes, protected: bytes) -> Accepted | Refused:
        if len(header) != HEADER_OCTETS or len(segment_header) > 1 or len(protected) < 2:
            return Refused(Refusal.TOO_SHORT, None)
        spi = int.from_bytes(protected[:2], "big")
        if header[0] & _CONTROL:
            return Refused(Refusal.CONTROL_FRAME, spi)
        association = self.store.associations.get(spi)
        if association is None:
            return Refused(Refusal.UNKNOWN_SPI, spi)
        if association.state is not SaState.OPERATIONAL:
            return Refused(Refusal.NOT_OPERATIONAL, spi)
        if not any(channel.carries(header, segment_header) for channel in association.channels):
            return Refused(Refusal.WRONG_CHANNEL, spi)
        if not association.mask_covers(bool(segment_header)):
            return Refused(Refusal.WRONG_CHANNEL, spi)
        if len(protected) < association.overhead_octets:
            return Refused(Refusal.TOO_SHORT, spi)
        key = self.store.keys.get(association.key_id) if association.key_id is not None else None
        if association.needs_key and (key is None or key.state is not KeyState.ACTIVE or not key_fits(association, key.material)):
            return Refused(Refusal.KEY_NOT_ACTIVE, spi)
        return self._open(association, key, header + segment_header, protected)

    def _open(self, association: SecurityAssociation, key: Key | None, headers: bytes, protected: bytes) -> Accepted | Refused:
        """Verify, decrypt, judge the number and take the padding away, in this order."""
        spi, last = association.spi, self.store.received[association.spi]
        security, rest = protected[: association.header_octets], protected[association.header_octets :]
        numbers = _numbers_of(association, security, last)
        number = _counter(association, numbers)
        if numbers.iv >= 1 << 8 * max(association.iv_octets, 1) or numbers.sn >= 1 << 8 * max(association.sn_octets, 1):
            return Refused(Refusal.OUT_OF_WINDOW, spi, number)
        split = len(rest) - association.mac_octets
        segmented = len(headers) > HEADER_OCTETS
        masked = _and(headers + security, association.mask_for(segmented))
        iv = numbers.iv.to_bytes(association.iv_octets, "big") if association.iv_octets else b""
        data = unseal(association, key.material if key else None, iv, masked, Sealed(rest[:split], rest[split:]))
        if data is None:
            return Refused(Refusal.BAD_MAC, spi, number)
        if association.window and not 0 < number - _counter(association, last) <= association.window:
            replayed = number <= _counter(association, last)
            return Refused(Refusal.REPLAY if replayed else Refusal.OUT_OF_WINDOW, spi, number)
        padding = int.from_bytes(security[len(security) - association.pad_octets :], "big") if association.pad_octets else 0
        if padding > len(data):
            return Refused(Refusal.BAD_PADDING, spi, number)
        return Accepted(spi, data[: len(data) - padding], numbers)


def _key_of(association: SecurityAssociation, keys: KeyStore) -> Key | None:
    if not association.needs_key:
        return None
    if association.key_id is None:
        raise LifeCycleError(f"SA {association.spi} is {association.state.name}: it has no key", remedy="Rekey it first")
    return keys.active(association.key_id)


def _security_header(association: SecurityAssociation, iv: bytes, sn: bytes, padding: int) -> bytes:
    low_iv, low_sn = iv[len(iv) - association.iv_in_header :], sn[len(sn) - association.sn_in_header :]
    return association.spi.to_bytes(2, "big") + low_iv + low_sn + padding.to_bytes(association.pad_octets, "big")


def _numbers_of(association: SecurityAssociation, security: bytes, last: ReceivedNumbers) -> ReceivedNumbers:
    behind_iv = 2 + association.iv_in_header
    iv = whole_number(security[2:behind_iv], association.iv_octets, last.iv) if association.iv_octets else 0
    sn = security[behind_iv : behind_iv + association.sn_in_header]
    return ReceivedNumbers(iv, whole_number(sn, association.sn_octets, last.sn) if association.sn_octets else 0)


def _counter(association: SecurityAssociation, numbers: ReceivedNumbers) -> int:
    return numbers.sn if association.sn_octets else numbers.iv


def _with_length(header: bytes, total: int) -> bytes:
    """Return the primary header with its 10-bit frame length set to `total` - 1."""
    length = total - 1
    return header[:2] + bytes((header[2] & 0xFC | length >> 8, length & 0xFF)) + header[4:]


def _and(octets: bytes, mask: bytes) -> bytes:
    return (int.from_bytes(octets, "big") & int.from_bytes(mask, "big")).to_bytes(len(octets), "big")
