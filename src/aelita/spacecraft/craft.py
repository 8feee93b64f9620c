"""A simulated spacecraft: bits of the uplink and faults in, telemetry frames out. The same inputs give the same octets.

Nothing that it does can be seen before its next frame, so its time moves from frame to frame: what is due up to then is done in
order of time when the frame is made. It draws no chance but from its seed, and reads no clock but that which it is given.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np

from ..coding import CltuStarted, CodewordAccepted
from ..errors import UsageError
from ..link import SegmentRefused, TcPacket, TcRefused
from ..time import SECOND
from .board import Board, Clock, Event, Mode
from .command_receiver import CommandReceiver, SecurityRefused, Told
from .definition import Definition
from .executive import Executive
from .inputs import (
    BitErrors,
    ClockJump,
    CorruptMemory,
    DropReport,
    Fault,
    Injected,
    Input,
    ReceiverOff,
    RefuseAcceptance,
    Reset,
    SafeMode,
    Taken,
    Uplinked,
)

MOST_FAULTS = 1_000_000


class Spacecraft:
    """One simulated spacecraft, from `epoch_ns` (TAI nanoseconds) on. `clock` tells its on-board clock's ticks at a TAI time."""

    def __init__(self, definition: Definition, seed: int, epoch_ns: int, clock: Clock, key: bytes | None = None) -> None:
        self.definition, self.seed, self.epoch_ns = definition, seed, epoch_ns
        self.anew: Callable[[], Spacecraft] = lambda: Spacecraft(definition, seed, epoch_ns, clock, key)
        self.board = Board(definition, seed, epoch_ns, clock)
        self.executive = Executive(self.board)
        self.receiver = CommandReceiver(definition.link, definition.farm_window, key)
        self.board.on_reset = self._reset
        self.board.on_security_reset = self._reset_alarm
        self.board.counters = self.receiver.counters
        self.frames = 0
        self._rate = Fraction(definition.channel.bit_rate)
        self.error_share = 0.0
        self.off_until = self.busy_until = epoch_ns
        self.reception = 0
        self.is_receiving = self._locked = False

    @property
    def now_ns(self) -> int:
        """Up to when it has run: when its last frame left (TAI nanoseconds)."""
        return self.board.now_ns

    @property
    def mode(self) -> Mode:
        """What it is doing as a whole."""
        return self.board.mode

    def next_frame_ns(self) -> int:
        """Return when the first bit of its next frame leaves (TAI nanoseconds)."""
        bits = self.frames * self.definition.channel.frame_octets * 8
        return self.epoch_ns + -(-bits * SECOND * self._rate.denominator // self._rate.numerator)

    def frame(self) -> bytes:
        """Return the next frame, as it leaves at `next_frame_ns`."""
        self.board.run_until(self.next_frame_ns())
        word = self.receiver.report(no_rf=not self.is_receiving, no_bit_lock=not self._locked).encode()
        self.frames += 1
        return self.board.downlink.frame(word, lambda: self.board.time.encode(self.board.ticks()))

    def receive(self, uplinked: Uplinked) -> Taken:
        """Take bits that arrive; return what to keep for a replay. Bits that began before now are taken as if they began now."""
        self.board.later(uplinked.start_ns, lambda: self._begin(uplinked), outside=True)
        return Taken(self.now_ns, uplinked)

    def inject(self, injected: Injected) -> Taken:
        """Let a fault happen at its time; return what to keep for a replay. Raises UsageError for one that cannot be."""
        _check(injected.fault, self.board)
        self.board.later(injected.at_ns, lambda: self._suffer(injected.fault), outside=True)
        return Taken(self.now_ns, injected)

    def replay(self, inputs: Iterable[Taken], until_ns: int) -> None:
        """Bring a new spacecraft to the state in which it was at `until_ns`, by what had reached it, in order.

        Raises UsageError when it has run already.
        """
        if self.frames:
            raise UsageError("only a new spacecraft can be brought to an earlier one's state")
        for taken in inputs:
            self._run(taken.taken_ns)
            self._take(taken.input)
        self._run(until_ns)

    def _run(self, until_ns: int) -> None:
        while self.next_frame_ns() <= until_ns:
            self.frame()

    def _take(self, one: Input) -> None:
        if isinstance(one, Uplinked):
            self.receive(one)
        else:
            self.inject(one)

    # uplink

    def _begin(self, uplinked: Uplinked) -> None:
        """Begin to receive, unless the receiver is off, or follows another carrier."""
        board, counters = self.board, self.receiver.counters
        bit_ns = uplinked.moment_ns(1) - uplinked.start_ns
        if board.now_ns < self.off_until or board.now_ns + bit_ns < self.busy_until:
            counters["uplinks_unheard"] += 1
            return
        if board.now_ns > self.busy_until + bit_ns:
            self.receiver.lose_lock()
        late = board.now_ns - uplinked.start_ns
        self.busy_until = uplinked.end_ns + late
        self.reception += 1
        self.is_receiving = self._locked = True
        counters["uplinks"] += 1
        reception = self.reception
        for bits, event in self.receiver.demodulate(self._with_errors(uplinked.octets)):
            self._later(uplinked.moment_ns(bits) + late, reception, event)
        board.later(self.busy_until, lambda: self._end(reception), outside=True)

    def _later(self, at_ns: int, reception: int, event: CltuStarted | CodewordAccepted) -> None:
        self.board.later(at_ns, lambda: self._decoded(reception, event), outside=True)

    def _with_errors(self, octets: bytes) -> bytes:
        if self.error_share <= 0:
            return octets
        bits = np.unpackbits(np.frombuffer(octets, np.uint8))
        dice = np.random.default_rng([self.seed, self.reception])
        return np.packbits(bits ^ (dice.random(bits.size) < self.error_share)).tobytes()

    def _end(self, reception: int) -> None:
        if reception == self.reception:
            self.is_receiving = self._locked = False

    def _decoded(self, reception: int, event: CltuStarted | CodewordAccepted) -> None:
        if self.board.now_ns < self.off_until:
            return
        for octets in self.receiver.decoded(event):
            for told in self.receiver.take(octets):
                self._told(told)
            if self.receiver.store is not None:
                self.board.security_report = self.receiver.store.report.to_octets()

    def _told(self, told: Told) -> None:
        """Hand packets on, and tell what was refused by events."""
        match told:
            case TcPacket(octets=octets):
                self.executive.receive(octets)
            case TcRefused(fault=fault):
                self.board.event(2, Event.FRAME_REFUSED, bytes([list(type(fault)).index(fault)]))
            case SecurityRefused(refused=refused):
                number = ((refused.number or 0) & 0xFFFF).to_bytes(2)
                self.board.event(
                    3, Event.SECURITY_REFUSED, bytes([refused.reason.value]) + (refused.spi or 0).to_bytes(2) + number
                )
            case SegmentRefused(fault=lost):
                self.board.event(2, Event.SEGMENT_REFUSED, bytes([list(type(lost)).index(lost)]))

    # faults

    def _suffer(self, fault: Fault) -> None:
        board = self.board
        match fault:
            case BitErrors(share):
                self.error_share = share
            case ReceiverOff(duration_s):
                self.off_until = board.now_ns + round(duration_s * SECOND)
                self.is_receiving = self._locked = False
                self.receiver.lose_lock()
            case CorruptMemory(memory, address, flip):
                board.memories[memory][address] ^= flip
            case Reset(keep_schedule):
                board.reset(keep_schedule)
            case RefuseAcceptance(count, code):
                board.refusing += [code] * count
            case DropReport(stage, count):
                board.dropping[stage] += count
            case ClockJump(ticks):
                board.clock_offset += ticks
                self.executive.schedule.arm()
                board.event(3, Event.CLOCK_JUMPED, (ticks & 0xFFFFFFFFFF).to_bytes(5))
            case SafeMode():
                board.enter_safe_mode()

    def _reset(self, keep_schedule: bool) -> None:
        self.receiver.restart()
        self.board.restart(keep_schedule=keep_schedule)
        self.executive.schedule.arm()

    def _reset_alarm(self) -> None:
        if self.receiver.store is not None:
            self.receiver.store.report = self.receiver.store.report.without_alarm()
            self.board.security_report = self.receiver.store.report.to_octets()


def _check(fault: Fault, board: Board) -> None:
    """Refuse what cannot be."""
    match fault:
        case BitErrors(share):
            fine = 0 <= share <= 1
        case ReceiverOff(duration_s):
            fine = 0 <= duration_s <= 1e9
        case CorruptMemory(memory, address, flip):
            fine = memory in board.memories and 0 <= address < len(board.memories[memory]) and 0 <= flip < 256
        case RefuseAcceptance(count, code):
            fine = 1 <= count <= MOST_FAULTS and 0 <= code < 256
        case DropReport(stage, count):
            fine = 1 <= stage <= 8 and 1 <= count <= MOST_FAULTS
        case ClockJump(ticks):
            fine = abs(ticks) < 1 << 40
        case _:
            fine = True
    if not fine:
        raise UsageError(f"{fault} cannot happen", remedy="Give values that this spacecraft can have")
