"""Packets of one channel to values: times, decoding, derivation, limits and events, with state carried over batches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..link import Channel, Packets
from ..mdb import CompiledDatabase
from ..time import SpacecraftClock
from .columns import Column
from .decode import ContainerRows, Decoded, Decoder
from .events import EventReader
from .generated import Kernels
from .times import generation_times, packet_ticks
from .values import Values

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Processed:
    """What a batch of packets holds. Every array of packets has one entry a packet, idle ones included.

    `ticks` (the on-board clock) and `generated` (TAI nanoseconds) are NO_TIME where unknown. `decoded` has the raw columns of
    each container, followed by the parameters derived with its packets; idle packets are not decoded. `engineering` has all
    columns of all containers, calibrated. `limits` and `events` are columns by the names of `records.LIMITS` and
    `records.EVENTS`, and `packet`, the row in the batch; limits are transitions of severity only. `samples` counts, by
    container, the scalar raw values decoded from packets, header fields and derived values excluded.
    """

    ticks: Integers
    generated: Integers
    decoded: Decoded
    engineering: dict[str, dict[str, Column]]
    limits: dict[str, Any]
    events: dict[str, Any]
    samples: dict[str, int]


class Processor:
    """Turns the packets of one channel into values, batch after batch, live or from an archive.

    Packets whose quality is not good are decoded, but move no limit, no latest value, and their events have no severity. How a
    stream is cut into batches changes nothing. `root` names the container that packets are first taken for; `kernels` gives
    generated kernels to the decoder. Raises UsageError when there is no such container.
    """

    def __init__(
        self,
        channel: Channel,
        compiled: CompiledDatabase | None,
        clock: SpacecraftClock | None = None,
        root: str | None = None,
        kernels: Kernels | None = None,
    ) -> None:
        self.channel, self.compiled, self.clock = channel, compiled, clock
        self._decoder = None if compiled is None else Decoder(compiled, root, kernels)
        self._events = EventReader(channel, compiled)

    def process(self, packets: Packets, received: Integers | None = None) -> Processed:
        """Return the values of a batch. `received` (TAI nanoseconds) serves rates of change where no generation time is known."""
        ticks = packet_ticks(self.channel, packets)
        generated = generation_times(self.channel.packets.time, self.clock, ticks)
        decoded = self._decode(packets)
        samples = {one.container: self._samples(one, packets) for one in decoded}
        engineering = {one.container: self._engineering(one) for one in decoded}
        events = self._events.read(packets, decoded, engineering)
        return Processed(ticks, generated, decoded, engineering, {}, events.columns(), samples)

    def _decode(self, packets: Packets) -> Decoded:
        if self._decoder is None:
            return Decoded([], np.empty(0, np.int64), np.empty(0, np.int64))
        idle = packets.idle
        if not idle.any():
            return self._decoder.decode(packets)
        real = np.flatnonzero(~idle)
        found = self._decoder.decode(packets.select(real))
        containers = [ContainerRows(one.container, real[one.packet], one.raw) for one in found]
        return Decoded(containers, real[found.unidentified], real[found.ambiguous], found.faults)

    def _samples(self, one: ContainerRows, packets: Packets) -> int:
        """Return how many values were decoded; a secondary header is left out where the packets have one."""
        assert self.compiled is not None
        layout = self.compiled.layout(one.container)
        with_header = packets.secondary_header[one.packet]
        octets = self.channel.packets.secondary_header_octets
        if with_header.all() or not octets:
            return one.samples(layout.headers(octets))
        if not with_header.any():
            return one.samples(layout.headers())
        parts = ((with_header, layout.headers(octets)), (~with_header, layout.headers()))
        return sum(
            ContainerRows(one.container, one.packet[rows], {n: c.select(rows) for n, c in one.raw.items()}).samples(names)
            for rows, names in parts
        )

    def _engineering(self, one: ContainerRows) -> dict[str, Column]:
        assert self.compiled is not None
        values = Values(self.compiled, one.raw, one.packet.size)
        return {name: values.engineering(name) for name in one.raw}
