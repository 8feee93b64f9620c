"""The on-board computer: time, what is due, memories, parameters, packet stores, and the reports that it makes."""

import heapq
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from ..errors import DataError, UsageError
from ..pus import REPORT, Activity, EventReport, HeaderLayout, HousekeepingReport, encode_message, encode_telemetry, row_of
from ..time import SECOND, Cuc
from .contents import written
from .definition import Definition, Memory, OnBoardParameter, Structure
from .downlink import Downlink

Clock = Callable[[int], int]  # TAI ns -> ticks of the on-board clock


OUTSIDE, WORK, TIMER = range(3)  # what is due: from outside, on board, or a timer that has a name


class Code(IntEnum):
    """Failure codes of execution. They are the simulation's own; those below 16 are the standard's, of acceptance."""

    UNKNOWN_OBJECT = 16
    OUT_OF_RANGE = 17
    BAD_CHECKSUM = 18
    READ_ONLY = 19
    FULL = 20
    TIME_PASSED = 21
    NOT_A_PACKET = 22


class Event(IntEnum):
    """Identifiers of the event reports. Only that of the memory dump is TGO's."""

    DUMP = 0x01A1
    FRAME_REFUSED = 0xF001
    SECURITY_REFUSED = 0xF002
    SEGMENT_REFUSED = 0xF003
    ACTIVITY_DROPPED = 0xF004
    RESET = 0xF010
    SAFE_MODE = 0xF011
    CLOCK_JUMPED = 0xF012


class Mode(IntEnum):
    """What the spacecraft as a whole is doing."""

    NOMINAL = 1
    SAFE = 2


class NotDoneError(DataError):
    """A request cannot be done; `code` goes into the failure report."""

    def __init__(self, code: Code, what: str) -> None:
        self.code = code
        super().__init__(what, where="on board")


@dataclass(slots=True)
class Store:
    """A packet store: a ring of so many octets, each packet with the time of the clock at which it was kept."""

    octets: int
    is_on: bool = True
    held: deque[tuple[int, bytes]] = field(default_factory=deque)
    used: int = 0

    def keep(self, ticks: int, packet: bytes) -> None:
        """Keep a packet; the oldest give way."""
        if not self.is_on:
            return
        self.held.append((ticks, packet))
        self.used += len(packet)
        while self.used > self.octets:
            self.used -= len(self.held.popleft()[1])

    def between(self, first: int, last: int) -> list[bytes]:
        """Return the packets kept from the first time to the last."""
        return [packet for ticks, packet in self.held if first <= ticks <= last]

    def delete(self, last: int) -> None:
        """Delete what was kept up to a time."""
        self.held = deque(one for one in self.held if one[0] > last)
        self.used = sum(len(packet) for _, packet in self.held)


@dataclass(slots=True)
class Collection:
    """How a structure is reported: every so many nanoseconds, if it is on."""

    structure: Structure
    is_on: bool
    interval_ns: int


class Board:
    """State and primitives that the services on board share. Time moves by `run_until` only."""

    def __init__(self, definition: Definition, seed: int, epoch_ns: int, clock: Clock) -> None:
        self.definition, self.seed, self.now_ns, self._clock = definition, seed, epoch_ns, clock
        self.downlink = Downlink(definition.channel)
        packets, time = definition.channel.packets, definition.channel.packets.time
        assert isinstance(time, Cuc)
        self.time = time
        self._header = HeaderLayout(definition.variant, packets.counter_octets, packets.destination_octets, time.octets)
        self.counters: Counter[str] = Counter()
        self.clock_offset = 0
        self.boots = 0
        self.refusing: list[int] = []  # failure codes for the next requests
        self.dropping: Counter[int] = Counter()  # reports of service 1 that will not be made, by subtype
        self.security_report = bytes(4)
        self.stores = {ident: Store(octets) for ident, octets in definition.stores.items()}
        self.memories: dict[int, bytearray] = {}
        self.activities: list[Activity] = []
        self.on_reset: Callable[[bool], None] = lambda keep: None
        self.on_security_reset: Callable[[], None] = lambda: None
        self.timers: dict[str, tuple[int, int]] = {}  # those that run, by name: when they ring, and their number
        self._due: list[tuple[int, int, int, Callable[[], None]]] = []
        self._number = 0
        self.message_counts: Counter[tuple[int, int]] = Counter()
        self.restart(first=True)

    def restart(self, first: bool = False, keep_schedule: bool = False) -> None:
        """Begin as after power-on, but for what is not volatile."""
        self.boots += 1
        self._due = [one for one in self._due if one[2] == OUTSIDE]  # what comes from outside still comes
        heapq.heapify(self._due)
        self.timers.clear()
        self.mode = Mode.NOMINAL
        self.disabled_events: set[int] = set()
        if not keep_schedule:
            self.activities.clear()
            self.schedule_on = self.definition.schedule_enabled
            self.held_apids: set[int] = set()
        for number, memory in enumerate(self.definition.memories):
            if first or memory.is_volatile:
                self.memories[memory.ident] = self._content(number, memory)
        self.parameters = {one.ident: one.value for one in self.definition.parameters if one.of == "plain"}
        self.collections = {one.ident: self._collection(one) for one in self.definition.structures}
        for one in self.collections.values():
            self.arm(one)

    def _content(self, number: int, memory: Memory) -> bytearray:
        """Return a memory as it is at first: zeros, or an image that is the same for the same seed."""
        if memory.is_volatile:
            return bytearray(memory.octets)
        return bytearray(np.random.default_rng([self.seed, number]).bytes(memory.octets))

    @staticmethod
    def _collection(one: Structure) -> Collection:
        return Collection(one, one.interval_s > 0, round((one.interval_s or 1.0) * SECOND))

    # time

    def later(self, at_ns: int, call: Callable[[], None], *, outside: bool = False) -> None:
        """Do something at a time. What comes from `outside` is not forgotten by a reset."""
        self._number += 1
        heapq.heappush(self._due, (max(at_ns, self.now_ns), self._number, OUTSIDE if outside else WORK, call))

    def timer(self, name: str, at_ns: int, call: Callable[[], None]) -> None:
        """Do something at a time instead of what the timer of this name was to do. A reset stops it."""
        self._number += 1
        number, at_ns = self._number, max(at_ns, self.now_ns)
        self.timers[name] = at_ns, number
        heapq.heappush(self._due, (at_ns, number, TIMER, lambda: self._ring(name, number, call)))

    def _ring(self, name: str, number: int, call: Callable[[], None]) -> None:
        if self.timers.get(name, (0, 0))[1] == number:
            del self.timers[name]
            call()

    def stop_timers(self) -> None:
        """Stop all timers."""
        self.timers.clear()
        self._due = [one for one in self._due if one[2] != TIMER]
        heapq.heapify(self._due)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is due but timers."""
        return all(one[2] == TIMER for one in self._due)

    def run_until(self, until_ns: int) -> None:
        """Do everything that is due up to a time."""
        while self._due and self._due[0][0] <= until_ns:
            at_ns, _, _, call = heapq.heappop(self._due)
            self.now_ns = at_ns
            call()
        self.now_ns = max(self.now_ns, until_ns)

    def ticks(self, at_ns: int | None = None) -> int:
        """Return what the on-board clock says."""
        most = 256 ** (self.time.coarse + self.time.fine) - 1
        return min(max(self._clock(self.now_ns if at_ns is None else at_ns) + self.clock_offset, 0), most)

    def moment_ns(self, ticks: int) -> int:
        """Return the first moment from now on at which the on-board clock says so much, found by asking it."""
        low, high = self.now_ns, self.now_ns + SECOND
        if self.ticks(low) >= ticks:
            return low
        while self.ticks(high) < ticks and high - self.now_ns < 1 << 62:
            low, high = high, high + 2 * (high - self.now_ns)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.ticks(middle) >= ticks else (middle, high)
        return high

    # reports

    def report(self, message: object, *, destination: int = 0, apid: int | None = None) -> None:
        """Send a report, and keep it in the packet stores."""
        definition = self.definition
        service, subtype, data = encode_message(message, self.variant_of(message), definition.widths)
        process = definition.apid_of(service) if apid is None else apid
        kind, ticks = (service, subtype), self.ticks()
        packet = encode_telemetry(
            self._header,
            apid=process,
            sequence_count=self.downlink.count(process),
            service=service,
            subtype=subtype,
            time=self.time.encode(ticks),
            counter=self.message_counts[kind] % max(256**self._header.counter_octets, 1),
            destination=destination if self._header.destination_octets else 0,
            data=data,
            checksum=definition.channel.packets.checksum,
        )
        self.message_counts[kind] += 1
        self.downlink.live.append(packet)
        for store in self.stores.values():
            store.keep(ticks, packet)

    def variant_of(self, message: object) -> str:
        """Return the variant of a report: that of the spacecraft, else C, whose messages it takes where its own has none."""
        try:
            row_of(message, self.definition.variant, REPORT)
        except UsageError:
            return "C"
        return self.definition.variant

    def event(self, severity: int, event: Event, octets: bytes) -> None:
        """Report an event with five octets of data, unless that was disabled."""
        self.counters["events"] += 1
        if event not in self.disabled_events:
            self.report(EventReport(severity, int(event), octets[:5].ljust(5, b"\0")))

    # housekeeping

    def arm(self, one: Collection, at_ns: int | None = None) -> None:
        """Begin the periodic reports of a structure anew (the first at a time, or after its interval), or end them."""
        name = f"structure {one.structure.ident}"
        if one.is_on:
            self.timer(name, self.now_ns + one.interval_ns if at_ns is None else at_ns, lambda: self._collect(one))
        else:
            self.timers.pop(name, None)

    def _collect(self, one: Collection) -> None:
        self.arm(one)
        self.collect(one.structure)

    def collect(self, structure: Structure) -> None:
        """Report a structure now."""
        before = 6 + self._header.octets
        sid = self.definition.widths.structure_octets
        checksum = 0 if self.definition.channel.packets.checksum == "none" else 2
        whole = written(structure, self)
        data = whole[before + sid : structure.octets - checksum]
        self.report(HousekeepingReport(structure.diagnostic, structure.ident, data), apid=structure.apid)

    # values

    def value(self, one: OnBoardParameter) -> bytes:
        """Return the value of a parameter of service 20."""
        match one.of:
            case "plain":
                number = self.parameters[one.ident]
            case "mode":
                number = int(self.mode)
            case "boots":
                number = self.boots
            case "security report":
                number = int.from_bytes(self.security_report)
            case _:
                number = self.counters[one.counter]
        return (number % 256**one.octets).to_bytes(one.octets)

    def reset(self, keep_schedule: bool) -> None:
        """Start anew, and tell it once that is done."""
        self.on_reset(keep_schedule)
        self.event(3, Event.RESET, bytes([self.boots & 255, keep_schedule]))

    def enter_safe_mode(self) -> None:
        """Enter safe mode and tell it."""
        self.mode = Mode.SAFE
        self.event(4, Event.SAFE_MODE, bytes([self.mode]))
