"""Generation times of packets: the on-board clock as each packet carries it, and what time that was."""

import numpy as np
from numpy.typing import NDArray

from ..link import Channel, Packets
from ..time import NO_TIME, Cuc, SpacecraftClock, TimeCode

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


def packet_ticks(channel: Channel, packets: Packets) -> Integers:
    """Return the on-board clock of each packet in ticks of the channel's time code, NO_TIME where it carries none.

    Packets without a secondary header carry a time only when the channel names their APID under `other`. A time field that leaves
    its packet or the buffer is not read.
    """
    rules = channel.packets
    ticks = np.full(len(packets), NO_TIME, np.int64)
    if rules.time is None:
        return ticks
    timed = packets.secondary_header & ~packets.idle
    within: Integers | int = rules.time_offset
    for apid, offset in rules.time_apids:
        those = packets.apid == apid
        timed |= those
        within = np.where(those, offset, within)
    start = packets.offset + within
    end = np.minimum(packets.offset + packets.length, packets.buffer.size)
    timed &= (packets.offset >= 0) & (packets.length <= packets.buffer.size) & (start + rules.time.octets <= end)
    if timed.all():
        return rules.time.ticks(packets.buffer, start)
    ticks[timed] = rules.time.ticks(packets.buffer, start[timed])
    return ticks


def generation_times(code: TimeCode | None, clock: SpacecraftClock | None, ticks: Integers) -> Integers:
    """Return TAI nanoseconds of ticks: through the clock when there is one, else from the code's epoch; NO_TIME if unknown.

    Codes that are calendars (CDS, CCS) need no clock, and take none.
    """
    if clock is not None and isinstance(code, Cuc):
        return clock.tai_ns(rescaled(ticks, code.ticks_per_second, clock.ticks_per_second))
    if code is None or not code.has_epoch:
        return np.full(ticks.size, NO_TIME, np.int64)
    return code.tai_ns(ticks)


def rescaled(ticks: Integers, per_second: int, wanted: int) -> Integers:
    """Return ticks in `wanted` parts of a second, cut to whole ones; NO_TIME stays, and stands for what does not fit."""
    if per_second == wanted:
        return ticks
    whole, rest = np.divmod(np.where(ticks == NO_TIME, 0, ticks), per_second)
    fits: Mask = (ticks != NO_TIME) & (np.abs(whole) < 2**61 // wanted)
    # the rest is below 2**32 and ticks_per_second at most 2**32: the product fits in 64 bits without a sign
    part = (rest.astype(np.uint64) * np.uint64(wanted) // np.uint64(per_second)).astype(np.int64)
    return np.where(fits, np.where(fits, whole, 0) * wanted + part, NO_TIME)
