"""What RAF, RCF and ROCF select from the frames of a station, and the counts that their status reports tell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import UsageError
from .pdus import AnnotatedFrame, AnnotatedOcf, Antenna, Element, Gvcid, GvcidSet, OcfSelection, Request
from .returns import ANTENNA
from .terms import ControlWordType, DeliveredQuality, FrameQuality, UpdateMode
from .times import in_range

FIRST, DIRECT = -1, 0
MOST_MISSING = 16_777_215
LONGEST_FRAME = 65536
QUALITIES = {
    FrameQuality.GOOD_FRAMES_ONLY: frozenset({DeliveredQuality.GOOD}),
    FrameQuality.ERRED_FRAMES_ONLY: frozenset({DeliveredQuality.ERRED}),
    FrameQuality.ALL_FRAMES: frozenset(DeliveredQuality),
}


@dataclass(frozen=True, slots=True)
class StationFrame:
    """A frame as a station heard it: Earth-received time (TAI nanoseconds), antenna, quality, octets and annotations.

    `continuity` is that of the whole link: -1 or 0, or how many frames are missing before this one at least. `channel` is the
    virtual channel that its header tells (None: cannot be trusted), `ocf` its operational control field.
    """

    received_at: int
    antenna: Antenna
    continuity: int
    quality: DeliveredQuality
    data: bytes
    channel: Gvcid | None = None
    ocf: bytes | None = None
    annotation: bytes | None = None
    received_at_ps: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.data) <= LONGEST_FRAME:
            raise UsageError(f"a frame of {len(self.data)} octets", remedy=f"SLE carries frames of 1 to {LONGEST_FRAME} octets")
        if not ANTENNA.fits(self.antenna):
            raise UsageError(f"antenna {self.antenna!r}", remedy="Give a local name of 1 to 16 octets, or an object identifier")
        if not FIRST <= self.continuity <= MOST_MISSING:
            raise UsageError(f"continuity {self.continuity}", remedy=f"It is {FIRST} to {MOST_MISSING}")
        if self.ocf is not None and len(self.ocf) != 4:
            raise UsageError(f"an operational control field of {len(self.ocf)} octets", remedy="It has 4")
        if not in_range(self.received_at) or not 0 <= (self.received_at_ps or 0) < 1000:
            raise UsageError(
                f"Earth-received time {self.received_at} ns and {self.received_at_ps} ps", remedy="Give 1958 to 2137"
            )
        if self.annotation is not None and not 1 <= len(self.annotation) <= 128:
            raise UsageError(f"an annotation of {len(self.annotation)} octets", remedy="Give 1 to 128 octets, or None")


class Selection(Protocol):
    """What a user asked for at START; keeps what the continuity of its data needs. `processed` counts frames of the channel."""

    processed: int

    def take(self, frame: StationFrame) -> Element | None:
        """Return what is to be delivered of a frame, or None."""
        ...


@dataclass(slots=True)
class _LinkContinuity:
    """Continuity of the whole link: gaps before frames that were not selected count for the next one that is."""

    _is_first: bool = True
    _missing: int = 0

    def see(self, frame: StationFrame) -> None:
        self._missing += max(frame.continuity, 0)

    def deliver(self, _: StationFrame) -> int:
        value = FIRST if self._is_first else min(self._missing, MOST_MISSING)
        self._is_first, self._missing = False, 0
        return value


@dataclass(slots=True)
class _ChannelContinuity:
    """Continuity of one master or virtual channel, by its own frame counter where the frame has one."""

    master: bool
    _link: _LinkContinuity = field(default_factory=_LinkContinuity)
    _last: int | None = None
    _missing: int = 0

    def see(self, frame: StationFrame) -> None:
        self._link.see(frame)
        if (counter := channel_counter(frame.data, self.master)) is None:
            return
        count, modulus = counter
        if self._last is not None:
            missing = (count - self._last - 1) % modulus
            self._missing += 0 if missing == modulus - 1 else missing  # the same counter again is a second copy
        self._last = count

    def deliver(self, frame: StationFrame) -> int:
        value = self._link.deliver(frame)
        if value != FIRST and self._last is not None:
            value = min(self._missing, MOST_MISSING)
        self._missing = 0
        return value


def channel_counter(data: bytes, master: bool) -> tuple[int, int] | None:
    """Return the counter of the frame's master or virtual channel and its modulus: TM (132.0-B) and AOS (732.0-B) frames."""
    if len(data) < 6:
        return None
    version = data[0] >> 6
    if version == 0:
        return data[2 if master else 3], 256
    if version == 1 and not master:
        return int.from_bytes(data[2:5], "big"), 1 << 24
    return None


@dataclass(slots=True)
class AllFrames:
    """Selection of RAF: by quality."""

    quality: FrameQuality
    processed: int = 0
    _continuity: _LinkContinuity = field(default_factory=_LinkContinuity)

    def take(self, frame: StationFrame) -> AnnotatedFrame | None:
        """Return the annotated frame when its quality was asked for."""
        self.processed += 1
        self._continuity.see(frame)
        if frame.quality not in QUALITIES[self.quality]:
            return None
        return AnnotatedFrame(
            frame.received_at,
            frame.antenna,
            self._continuity.deliver(frame),
            frame.data,
            frame.quality,
            frame.annotation,
            received_at_ps=frame.received_at_ps,
        )


@dataclass(slots=True)
class ChannelFrames:
    """Selection of RCF: frames that are not erred, of one master or virtual channel."""

    channel: Gvcid
    processed: int = 0
    _continuity: _ChannelContinuity = field(init=False)

    def __post_init__(self) -> None:
        self._continuity = _ChannelContinuity(self.channel.channel is None)

    def take(self, frame: StationFrame) -> AnnotatedFrame | None:
        """Return the annotated frame when it belongs to the channel."""
        if not is_of(frame, self.channel):
            return None
        self.processed += 1
        self._continuity.see(frame)
        return AnnotatedFrame(
            frame.received_at,
            frame.antenna,
            self._continuity.deliver(frame),
            frame.data,
            None,
            frame.annotation,
            received_at_ps=frame.received_at_ps,
        )


@dataclass(slots=True)
class ControlFields:
    """Selection of ROCF: control words of one channel, by type and telecommand channel, each or when it changes."""

    asked: OcfSelection
    processed: int = 0
    _continuity: _ChannelContinuity = field(init=False)
    _delivered: dict[int | None, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._continuity = _ChannelContinuity(self.asked.channel.channel is None)

    def take(self, frame: StationFrame) -> AnnotatedOcf | None:
        """Return the annotated control word when it was asked for."""
        if not is_of(frame, self.asked.channel):
            return None
        self.processed += 1
        self._continuity.see(frame)
        word = frame.ocf
        if word is None or len(word) != 4 or not self._is_asked(word):
            return None
        slot = clcw_channel(word)
        if self.asked.update_mode is UpdateMode.CHANGE_BASED and self._delivered.get(slot) == word:
            return None
        self._delivered[slot] = word
        return AnnotatedOcf(
            frame.received_at,
            frame.antenna,
            self._continuity.deliver(frame),
            word,
            frame.annotation,
            received_at_ps=frame.received_at_ps,
        )

    def _is_asked(self, word: bytes) -> bool:
        channel = clcw_channel(word)
        if self.asked.control_words is ControlWordType.CLCW:
            return channel is not None and self.asked.tc_vcid in (None, channel)
        return self.asked.control_words is not ControlWordType.NOT_CLCW or channel is None


def clcw_channel(word: bytes) -> int | None:
    """Return the telecommand channel of a CLCW (CCSDS 232.0-B: bits 8 to 13), None when the control word is no CLCW."""
    return None if word[0] & 0x80 else word[1] >> 2


def is_of(frame: StationFrame, channel: Gvcid) -> bool:
    """Return whether a frame that is not erred belongs to a master or virtual channel."""
    heard = frame.channel
    return (
        heard is not None
        and frame.quality is not DeliveredQuality.ERRED
        and (heard.spacecraft, heard.version) == (channel.spacecraft, channel.version)
        and channel.channel in (None, heard.channel)
    )


def is_permitted(channel: Gvcid, permitted: tuple[GvcidSet, ...]) -> bool:
    """Return whether a channel may be asked for; a permitted master channel permits its virtual channels."""
    return any(
        (channel.spacecraft, channel.version) == (allowed.spacecraft, allowed.version)
        and (allowed.channels is None or channel.channel in allowed.channels)
        for allowed in permitted
    )


def selection(request: Request) -> Selection:
    """Return what takes the frames that a START asks for."""
    make: dict[type, Callable[..., Selection]] = {FrameQuality: AllFrames, Gvcid: ChannelFrames, OcfSelection: ControlFields}
    return make[type(request)](request)
