"""What a view of the complex shows: plain records, each with how long ago it was heard of, so that nothing silent looks alive."""

from collections import deque
from dataclasses import dataclass, field

SILENT_REFRESHES = 2
RATE_WINDOW_S = 20.0


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A line from a spacecraft by a station to an agency, as its receiver tells of it.

    `heard_s` is how long ago it told (None: never); `last_frame_s` counts by the mission's clock, rates per second of it.
    """

    agency: str
    spacecraft: str
    station: str
    heard_s: float | None
    state: str = "unknown"
    lock: str = "unknown"
    production: str = "unknown"
    frames: int = 0
    frames_per_s: float | None = None
    bit_rate: float | None = None
    missed: int | None = None  # frames, of those counted in the signal
    backlogs: int = 0
    last_frame_s: float | None = None
    light_time_s: float | None = None
    elevation_deg: float | None = None
    why: str = ""
    alive: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """A process of the complex. `status` is well, faulty, starting, silent or down."""

    agency: str
    service: str
    status: str
    pid: int | None = None
    up_s: float | None = None
    starts: int | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """A stream of an agency or its mirror of another one's; `origin_s` is how long ago a mirror heard its origin."""

    agency: str
    name: str
    heard_s: float | None
    messages: int = 0
    per_s: float | None = None
    octets: int = 0
    fill: float = 0.0
    mirror: bool = False
    lag: int | None = None
    origin_s: float | None = None
    missing: int = 0
    fault: str = ""
    alive: bool = False
    last: int = 0  # number of its last message
    octets_per_s: float | None = None  # that come into it


@dataclass(frozen=True, slots=True)
class CountsSeen:
    """What an agency made of the frames of a spacecraft since its services started; rates per second of the mission's clock."""

    agency: str
    spacecraft: str
    merged: int | None = None
    merged_per_s: float | None = None
    late: int | None = None
    unusable: int | None = None
    holes: int | None = None
    packets_per_s: float | None = None
    samples_per_s: float | None = None
    archived: int | None = None
    archive_lag_s: float | None = None
    processing: bool = False  # the processor tells of it
    archiving: bool = False
    archived_to: int | None = None  # number of the merged message up to which the archive goes


@dataclass(frozen=True, slots=True)
class ValueSeen:
    """The latest value of a parameter; `age_s` since it was received, by the mission's clock."""

    agency: str
    spacecraft: str
    parameter: str
    value: object
    raw: object
    units: str
    age_s: float | None
    good: bool
    alive: bool


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event report or a limit transition; `at` is when it was generated on board, else received (TAI nanoseconds)."""

    agency: str
    spacecraft: str
    at: int | None
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """An alarm that is not normal. `by` is who tells of it; `severity` is 0 to 5."""

    by: str
    alarm: str
    severity: int
    state: str
    title: str
    value: str
    since: int
    calls: bool  # it waits for somebody
    stale: bool = False


@dataclass(frozen=True, slots=True)
class AgencySeen:
    """One agency: whether its streams are reached, and how long ago its alarms could be read."""

    key: str
    name: str
    connected: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """The complex at one moment: `now` of the mission's clock (TAI nanoseconds), `emitted` what leaves the spacecraft's position.

    `emitted` is the time at which light left the spacecraft that arrives now (TAI nanoseconds), None where it is not known.
    """

    mission: str
    folder: str
    now: int
    emitted: tuple[tuple[str, int], ...]
    speed: float
    replayed: bool
    synthetic: tuple[str, ...]
    refresh_s: float
    agencies: tuple[AgencySeen, ...]
    links: tuple[LinkSeen, ...] = ()
    services: tuple[ServiceSeen, ...] = ()
    streams: tuple[StreamSeen, ...] = ()
    counts: tuple[CountsSeen, ...] = ()
    values: tuple[ValueSeen, ...] = ()
    events: tuple[EventSeen, ...] = ()
    alarms: tuple[AlarmSeen, ...] = ()


@dataclass(slots=True)
class Meter:
    """The rate of a counter, over a moving window. A counter that falls was started anew."""

    points: deque[tuple[float, float]] = field(default_factory=deque)

    def take(self, at_s: float, value: float) -> None:
        """Take a reading; one of the same or an earlier time is left out."""
        if self.points and value < self.points[-1][1]:
            self.points.clear()
        if not self.points or at_s > self.points[-1][0]:
            self.points.append((at_s, value))

    def forget(self, before_s: float) -> None:
        """Drop readings of before the window, but the newest of them while there is only one later."""
        while len(self.points) > 2 and self.points[0][0] < before_s:
            self.points.popleft()

    @property
    def rate(self) -> float | None:
        """Per second, None until there are two readings."""
        if len(self.points) < 2:
            return None
        (first, low), (last, high) = self.points[0], self.points[-1]
        return (high - low) / (last - first)


class Meters:
    """Meters of counters by their keys. `now` is the mission's clock in seconds."""

    def __init__(self) -> None:
        self._meters: dict[object, Meter] = {}

    def take(self, key: object, now_s: float, value: float, speed: float = 1.0) -> None:
        """Take a reading of a counter."""
        meter = self._meters.setdefault(key, Meter())
        meter.take(now_s, value)
        meter.forget(now_s - RATE_WINDOW_S * speed)

    def rate(self, key: object) -> float | None:
        """Return the rate of a counter per second, None while it is not known."""
        meter = self._meters.get(key)
        return meter.rate if meter is not None else None
