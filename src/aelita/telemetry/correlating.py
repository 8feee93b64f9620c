"""Time packets to time points: which frame's emission a time packet tells, and when that frame was received.

Frames and packets come in batches as receivers deliver them; a packet may end batches after the frame that its time is of.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError
from ..link import CHECKSUM_BAD, FRAME_BAD, INCOMPLETE, LATE, RESENT, Channel, Frames, Packets
from ..tables import Table
from ..time import NO_TIME, SECOND, CorrelationRules, TimePoint
from .copies import Merged
from .times import packet_ticks

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]

COUNTS = {"TM": 1 << 8, "AOS": 1 << 24}  # of virtual channel frame counters
KEPT_REFERENCES = 256


@dataclass(frozen=True, slots=True)
class TimePacketRule:
    """Which frame a time packet is about: the last one before it on a virtual channel whose counter has a given remainder.

    ECSS-E-70-41A, time reporting: the time is that of the leading edge of the frame with counter = 0 modulo the rate, 2 to the
    power of the packet's rate code. `every` 0 takes the rate from the packet, `rate_code_offset` octets from its start;
    otherwise it is fixed. Euclid's packets follow the former and TGO's (whose rate code is always 0) every 32 frames, both
    within 8 us over the recordings (`test_correlating.py`).
    """

    apid: int = 0
    virtual_channel: int = 0
    every: int = 0
    remainder: int = 0
    rate_code_offset: int = 6

    @staticmethod
    def from_table(table: Table) -> "TimePacketRule":
        """Return the rule that a table of a definition file gives. Raises DefinitionError."""
        rule = TimePacketRule(
            apid=table.number("apid", 0, 0, 2047),
            virtual_channel=table.number("virtual_channel", 0, 0, 63),
            every=table.number("every", 0, 0, 1 << 24),
            remainder=table.number("remainder", 0, 0, 1 << 24),
            rate_code_offset=table.number("rate_code_offset", 6, 6, 255),
        )
        table.finish()
        if rule.every and rule.remainder >= rule.every:
            raise DefinitionError(f"no counter has remainder {rule.remainder} of {rule.every}", where=table.path("remainder"))
        return rule


@dataclass(frozen=True, slots=True)
class ClockCorrelation:
    """How a spacecraft's clock is correlated: its time packets, the rules, and how well each of both is known."""

    packets: TimePacketRule
    rules: CorrelationRules
    grade: str
    source: str

    @staticmethod
    def from_toml(text: str, where: str = "clock correlation") -> "ClockCorrelation":
        """Return what a TOML text describes: tables `packets` and `rules`, `grade` and `source`. Raises DefinitionError."""
        table = Table.parse(text, where)
        found = ClockCorrelation(
            TimePacketRule.from_table(table.table("packets")),
            CorrelationRules.from_table(table.table("rules")),
            table.choice("grade", ("checked", "seen", "published", "assumed")),
            table.text("source"),
        )
        table.finish()
        return found


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When and where the frames of a batch were received, a value each: TAI nanoseconds of the first symbol, light time,
    delay from antenna to time tag, bound of the errors of both (s), and station."""

    received: Integers
    light_s: Reals
    delay_s: Reals
    error_s: Reals
    station: tuple[str, ...]


def merged_times(merged: Merged, rows: Integers, error_s: float = 0.0) -> FrameTimes:
    """Return the times of some rows of merged frames: light times are those by which they were merged, good to `error_s`."""
    received, emitted = merged.received_at[rows], merged.emitted_at[rows]
    known = (received != NO_TIME) & (emitted != NO_TIME)
    light_s = np.where(known, received - emitted, 0) / SECOND
    names = tuple(merged.stations[station] for station in merged.station[rows].tolist())
    return FrameTimes(np.where(known, received, NO_TIME), light_s, np.zeros(rows.size), np.full(rows.size, error_s), names)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A frame of the channel that times are about. `alone`: frames are missing between it and the one before."""

    number: int
    count: int
    alone: bool
    times: tuple[int, float, float, float, str]


class TimePackets:
    """Pair the time packets of one channel with the frames that they are about. `feed` batches in the order of reception."""

    def __init__(self, rule: TimePacketRule, channel: Channel) -> None:
        self.rule, self.channel = rule, channel
        self._counts = COUNTS.get(channel.protocol, 0)
        self._frames: deque[_Reference] = deque(maxlen=KEPT_REFERENCES)

    def feed(self, frames: Frames, packets: Packets, times: FrameTimes) -> list[TimePoint]:
        """Return the time points that the packets complete. A packet whose frame was lost makes none."""
        self._keep(frames, times)
        whole = (packets.quality & (CHECKSUM_BAD | FRAME_BAD | INCOMPLETE)) == 0
        those = np.flatnonzero((packets.apid == self.rule.apid) & ~packets.idle & whole)
        if not those.size:
            return []
        ticks = packet_ticks(self.channel, packets)
        points = []
        for row in those[ticks[those] != NO_TIME].tolist():
            reference = self._reference(packets, row)
            if reference is not None:
                points.append(TimePoint(int(ticks[row]), *reference.times))
        return points

    def _keep(self, frames: Frames, times: FrameTimes) -> None:
        usable = frames.good & ((frames.quality & (RESENT | LATE)) == 0) & (frames.virtual_channel == self.rule.virtual_channel)
        for row in np.flatnonzero(usable).tolist():
            count, number = int(frames.channel_count[row]), int(frames.number[row])
            last = self._frames[-1] if self._frames else None
            alone = last is None or (bool(self._counts) and (count - last.count) % self._counts != 1)
            heard = (
                int(times.received[row]), float(times.light_s[row]), float(times.delay_s[row]), float(times.error_s[row]),
                times.station[row],
            )  # fmt: skip
            self._frames.append(_Reference(number, count, alone, heard))

    def _every(self, packets: Packets, row: int) -> int:
        if self.rule.every:
            return self.rule.every
        at = int(packets.offset[row]) + self.rule.rate_code_offset
        code = int(packets.buffer[at]) if self.rule.rate_code_offset < packets.length[row] else 0
        return 1 << min(code, 24)

    def _reference(self, packets: Packets, row: int) -> _Reference | None:
        """Return the frame that a packet is about, None where it cannot be told for a loss."""
        number, every = int(packets.frame[row]), self._every(packets, row)
        before = [frame for frame in self._frames if frame.number <= number]
        if packets.virtual_channel[row] == self.rule.virtual_channel and not (before and before[-1].number == number):
            return None  # the frame in which the packet begins is not among those received, or too long ago
        for frame in reversed(before):
            if frame.number < number and frame.count % every == self.rule.remainder:
                return frame if frame.times[0] != NO_TIME else None
            if frame.alone:  # the one that is meant may have been lost before this one
                return None
        return None
