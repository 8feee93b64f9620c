"""What an uplink carrier radiates when: CLTUs in their order, with acquisition and idle sequences around them.

Times are whole nanoseconds of any one scale, given by the caller. Within one modulation every boundary is counted in bits
from its beginning, so that at any rate nothing drifts.
"""

from collections import deque
from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .uplink_plop import (
    ACQUISITION_STEP,
    AFTER_STEP,
    BEFORE_STEP,
    CLTU_STEP,
    FIRST_STEP,
    MODES,
    OFF_STEP,
    TRANSITIONS,
    CarrierMode,
    Plop,
    PlopEvent,
)
from .uplink_rate import NS_PER_S, bits_not_before, radiation_duration_ns

Octets = NDArray[np.uint8]

ACQUISITION_BITS = 128  # CCSDS 201.0-B-3, 4.2.1: the preferred minimum is 16 octets
IDLE_BITS = 8  # CCSDS 201.0-B-3, 4.3.3: at least an octet is recommended between the CLTUs of PLOP-2


@dataclass(frozen=True, slots=True)
class UplinkRules:
    """How a carrier is modulated: managed parameters of station and spacecraft.

    `rate` is in bits on the channel a second (`bit_rate`); `acquisition_bits` and `idle_before_bits` precede the first CLTU of
    a modulation, `idle_after_bits` at least follow every CLTU; `unmodulated_ns` is how long the bare carrier stands first, for
    the spacecraft's receiver to lock. Raises UsageError for a rate that is not positive and for negative numbers.
    """

    plop: Plop
    rate: Fraction
    acquisition_bits: int = ACQUISITION_BITS
    idle_before_bits: int = 0
    idle_after_bits: int = IDLE_BITS
    unmodulated_ns: int = 0

    def __post_init__(self) -> None:
        given = (self.acquisition_bits, self.idle_before_bits, self.idle_after_bits, self.unmodulated_ns)
        if not isinstance(self.rate, Fraction) or self.rate <= 0 or min(given) < 0:
            raise UsageError(
                f"a rate of {self.rate!r} bit/s, {given[0]}, {given[1]} and {given[2]} bits, {given[3]} ns unmodulated",
                remedy="Make the rate with bit_rate(); no number may be negative",
            )


@dataclass(frozen=True, slots=True)
class QueuedCltu:
    """A CLTU to be radiated: not before `earliest_ns`, not begun after `latest_ns`, and `delay_ns` before the next one begins."""

    cltu_id: int
    octets: bytes
    earliest_ns: int | None
    latest_ns: int | None
    delay_ns: int


@dataclass(frozen=True, slots=True)
class RadiationBegun:
    """The first bit of a CLTU went out at `at_ns`; its last one will have gone out at `until_ns`."""

    cltu_id: int
    at_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class CltuExpired:
    """A CLTU could not begin before its latest time and was dropped, unradiated, at `at_ns`."""

    cltu_id: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Radiated:
    """A step of the procedure that is over: `bits` modulated bits in [start_ns, end_ns).

    For a CLTU (`mode` CMM_3) `cltu_id` names it, `octets` are its own, and `complete` is false when the carrier was cut.
    """

    step: int
    mode: CarrierMode
    start_ns: int
    end_ns: int
    bits: int
    cltu_id: int | None
    octets: bytes
    complete: bool

    def symbols(self) -> Octets:
        """Return what was modulated, one octet a bit, 0 or 255, as `CltuReceiver.feed_symbols` takes it."""
        if self.mode is CarrierMode.CMM_3:
            sent = np.unpackbits(np.frombuffer(self.octets, np.uint8))[: self.bits]
        else:
            sent = (np.arange(self.bits) & 1).astype(np.uint8)  # alternating, the first a zero
        return sent * np.uint8(255)


CarrierEvent = RadiationBegun | CltuExpired | Radiated


@dataclass(frozen=True, slots=True)
class _Due:
    """What happens next by itself: an event, or the expiry of the first CLTU that waits; `bit` counts in the modulation."""

    at_ns: int
    event: PlopEvent | None
    bit: int


UNMODULATED = (CarrierMode.OFF, CarrierMode.CMM_1)


@dataclass(slots=True)
class UplinkCarrier:
    """Radiate CLTUs in the order given: `begin`, `submit`, then `advance` at `next_deadline`; `end` or `cut`.

    A `now_ns` before one already given counts as that one: a clock that is set back radiates nothing twice.
    """

    rules: UplinkRules
    step: int = field(default=OFF_STEP, init=False)
    _now_ns: int | None = field(default=None, init=False)
    _step_ns: int = field(default=0, init=False)  # since when the step lasts
    _anchor_ns: int = field(default=0, init=False)  # when the modulation began
    _bit: int = field(default=0, init=False)  # bit of the modulation at which the step began
    _free_ns: int = field(default=0, init=False)  # end of the delay behind the last CLTU
    _head_ns: int = field(default=0, init=False)  # since when the first CLTU that waits is the first
    _end_ns: int | None = field(default=None, init=False)  # since when the session shall end
    _current: QueuedCltu | None = field(default=None, init=False)  # the CLTU that is being radiated
    _queue: deque[QueuedCltu] = field(default_factory=deque, init=False)

    @property
    def mode(self) -> CarrierMode:
        """The carrier modulation mode at the time last given."""
        return MODES[self.rules.plop][self.step]

    @property
    def waiting(self) -> list[int]:
        """The CLTUs that have not begun, the next one first."""
        return [cltu.cltu_id for cltu in self._queue]

    def begin(self, now_ns: int) -> list[CarrierEvent]:
        """Raise the carrier, unmodulated. Raises UsageError while it stands."""
        if self.step != OFF_STEP:
            raise UsageError("the carrier is up already", remedy="End or cut the session first")
        now_ns = self._clock(now_ns)
        self._end_ns, self._free_ns = None, now_ns
        return self._enter(_Due(now_ns, PlopEvent.BEGIN, 0))

    def submit(
        self,
        cltu_id: int,
        octets: bytes,
        now_ns: int,
        *,
        earliest_ns: int | None = None,
        latest_ns: int | None = None,
        delay_ns: int = 0,
    ) -> list[CarrierEvent]:
        """Put a CLTU behind those that wait and return what happened until now.

        Raises UsageError without carrier or octets, in a session that ends, for a negative delay, or an empty time window.
        """
        if self.step == OFF_STEP or self._end_ns is not None:
            raise UsageError(f"CLTU {cltu_id} has no carrier that stays up", remedy="Begin a session first")
        if not octets or delay_ns < 0:
            raise UsageError(f"CLTU {cltu_id} of {len(octets)} octets with a delay of {delay_ns} ns")
        if earliest_ns is not None and latest_ns is not None and earliest_ns > latest_ns:
            raise UsageError(f"CLTU {cltu_id} may begin from {earliest_ns} ns on and not after {latest_ns} ns")
        events = self.advance(now_ns)
        if not self._queue:
            self._head_ns = self._clock(now_ns)
        self._queue.append(QueuedCltu(cltu_id, octets, earliest_ns, latest_ns, delay_ns))
        return events + self.advance(now_ns)

    def advance(self, now_ns: int) -> list[CarrierEvent]:
        """Return what happened up to and including `now_ns`, each with its own exact time."""
        now_ns = self._clock(now_ns)
        events: list[CarrierEvent] = []
        while (due := self._due()) is not None and due.at_ns <= now_ns:
            events += self._enter(due)
        return events

    def next_deadline(self) -> int | None:
        """Return when something happens next by itself, in nanoseconds; None: never."""
        due = self._due()
        return None if due is None else due.at_ns

    def forecast(self) -> list[CarrierEvent]:
        """Return all that will happen if nothing is added, up to the end of the last CLTU that waits."""
        future = copy(self)
        future._queue = self._queue.copy()
        events: list[CarrierEvent] = []
        while (future._queue or future._current) and (due := future._due()) is not None:
            events += future._enter(due)
        return events

    def discard(self, now_ns: int) -> tuple[list[CarrierEvent], list[int]]:
        """Drop the CLTUs that have not begun; return what happened until now and which they were."""
        events = self.advance(now_ns)
        dropped = self.waiting
        self._queue.clear()
        return events, dropped

    def end(self, now_ns: int) -> list[CarrierEvent]:
        """End the session when the CLTUs that wait are radiated, and return what happened until now."""
        events = self.advance(now_ns)
        self._end_ns = self._clock(now_ns)
        return events + self.advance(now_ns)

    def cut(self, now_ns: int) -> tuple[list[CarrierEvent], list[int]]:
        """Take the carrier away, in the middle of a CLTU if need be; return what happened until now and what had not begun."""
        events, dropped = self.discard(now_ns)
        if self.step != OFF_STEP:
            at_ns = self._clock(now_ns)
            bit = (at_ns - self._anchor_ns) * self.rules.rate.numerator // (self.rules.rate.denominator * NS_PER_S)
            events += self._closed(_Due(at_ns, None, max(bit, self._bit)), complete=False)
            self.step, self._current = OFF_STEP, None
        return events, dropped

    def _clock(self, now_ns: int) -> int:
        self._now_ns = now_ns if self._now_ns is None else max(self._now_ns, now_ns)
        return self._now_ns

    def _boundary(self, bit: int) -> int:
        return self._anchor_ns + radiation_duration_ns(bit, self.rules.rate)

    def _length(self) -> int:
        """Return how many bits the step has, at least."""
        if self.step == CLTU_STEP:
            return 8 * len(self._current.octets) if self._current else 0
        rules = self.rules
        return {
            ACQUISITION_STEP: rules.acquisition_bits,
            BEFORE_STEP: rules.idle_before_bits,
            AFTER_STEP: rules.idle_after_bits,
        }.get(self.step, 0)

    def _due(self) -> _Due | None:
        events = [event for step, event in TRANSITIONS[self.rules.plop] if step == self.step]
        if PlopEvent.SPENT in events:
            bit = self._bit + self._length()
            return _Due(self._boundary(bit), PlopEvent.SPENT, bit)
        if self._queue and PlopEvent.CLTU in events:
            return self._due_cltu(self._queue[0])
        if PlopEvent.END in events and self._end_ns is not None:
            return self._due_at(PlopEvent.END, max(self._step_ns, self._end_ns))
        return None

    def _due_at(self, event: PlopEvent, at_ns: int) -> _Due:
        """Return the event at `at_ns`, in a modulation at the first boundary of bits from then on that the step allows."""
        if self.mode in UNMODULATED:
            return _Due(at_ns, event, 0)
        bit = max(self._bit + self._length(), bits_not_before(at_ns - self._anchor_ns, self.rules.rate))
        return _Due(self._boundary(bit), event, bit)

    def _due_cltu(self, cltu: QueuedCltu) -> _Due:
        """Return when the step before this CLTU ends: at its first bit, or at the acquisition that precedes it; or its expiry."""
        known = max(self._step_ns, self._head_ns)
        wanted = self._free_ns if cltu.earliest_ns is None else max(self._free_ns, cltu.earliest_ns)
        lead = 0
        if self.mode in UNMODULATED:
            lead = radiation_duration_ns(self.rules.acquisition_bits + self.rules.idle_before_bits, self.rules.rate)
        bare = self.rules.unmodulated_ns if self.step == FIRST_STEP else 0
        due = self._due_at(PlopEvent.CLTU, max(self._step_ns + bare, self._head_ns, wanted - lead))
        late = cltu.latest_ns is not None and due.at_ns + lead > cltu.latest_ns
        return _Due(known, None, self._bit) if late else due

    def _enter(self, due: _Due) -> list[CarrierEvent]:
        """Make what is due happen."""
        if due.event is None:
            self._head_ns = due.at_ns
            return [CltuExpired(self._queue.popleft().cltu_id, due.at_ns)]
        events = self._closed(due, complete=True)
        if self._current is not None:
            self._free_ns, self._current = due.at_ns + self._current.delay_ns, None
        self._anchor_ns, self._bit = (due.at_ns, 0) if self.mode in UNMODULATED else (self._anchor_ns, due.bit)
        self.step, self._step_ns = TRANSITIONS[self.rules.plop][self.step, due.event], due.at_ns
        if self.step == CLTU_STEP:
            self._current, self._head_ns = self._queue.popleft(), due.at_ns
            events.append(RadiationBegun(self._current.cltu_id, due.at_ns, self._boundary(self._bit + self._length())))
        return events

    def _closed(self, due: _Due, *, complete: bool) -> list[CarrierEvent]:
        """Return the record of the present step when it ends now, none for one without duration."""
        bits = 0 if self.mode in UNMODULATED else due.bit - self._bit
        if self.mode is CarrierMode.OFF or (due.at_ns == self._step_ns and self._current is None):
            return []
        cltu_id, octets = (self._current.cltu_id, self._current.octets) if self._current else (None, b"")
        whole = complete or (self.mode is not CarrierMode.CMM_3)
        return [Radiated(self.step, self.mode, self._step_ns, due.at_ns, bits, cltu_id, octets, whole)]
