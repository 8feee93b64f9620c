"""Packets of one channel to values: times, decoding, derivation, limits and events, with state carried over batches."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..link import ENCAPSULATION_APID, INCOMPLETE, Channel, Packets, State, branch
from ..mdb import CompiledDatabase, Reference
from ..time import NO_TIME, SpacecraftClock
from .columns import Column
from .decode import ContainerRows, Decoded, Decoder
from .derive import Deriver
from .events import EventReader
from .generated import Kernels
from .limits import LimitChecker, Transitions
from .recent import Held, Recent
from .times import generation_times, packet_ticks
from .values import Values

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Processed:
    """What a batch of packets holds. Every array of packets has one entry a packet, idle ones included.

    `ticks` (the on-board clock) and `generated` (TAI nanoseconds) are NO_TIME where unknown. `decoded` has the raw columns of
    each container, followed by the parameters derived with its packets; idle, encapsulation and incomplete packets are not
    decoded. `engineering` has all columns of all containers, calibrated. `limits` and `events` are columns by the names of
    `records.LIMITS` and `records.EVENTS`, and `packet`, the row in the batch; limits are transitions of severity only.
    `samples` counts, by container, the scalar raw values decoded from packets, header fields and derived values excluded.
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
        self._events = EventReader(channel, compiled)
        self._known = None if compiled is None else _Known(compiled, root, kernels)

    def state(self) -> State:
        """Return what is carried over to the next batch, as arrays: latest values, and the severities that stand."""
        return {} if self._known is None else self._known.state()

    def restore(self, state: State) -> None:
        """Go on where the processor stood that gave this state. Raises DataError when it is none."""
        if self._known is not None:
            self._known.restore(state)

    def use(self, compiled: CompiledDatabase) -> None:
        """Calibrate and judge by another database from now on, which differs from the first in limits and calibrations alone."""
        self.compiled = compiled
        if self._known is not None:
            self._known.use(compiled)

    def severities(self) -> dict[str, int]:
        """Return the severity (0 to 5) that stands for every parameter judged so far."""
        return {} if self._known is None else self._known.severities()

    def process(self, packets: Packets, received: Integers | None = None, generated: Integers | None = None) -> Processed:
        """Return the values of a batch.

        `received` (TAI nanoseconds) serves rates of change where no generation time is known. `generated` (TAI nanoseconds) takes
        the place of the times that the clock gives, for packets that were dated before.
        """
        ticks = packet_ticks(self.channel, packets)
        if generated is None:
            generated = generation_times(self.channel.packets.time, self.clock, ticks)
        if self._known is None:
            nothing = Decoded([], np.empty(0, np.int64), np.empty(0, np.int64))
            return Processed(ticks, generated, nothing, {}, {}, self._events.read(packets, nothing, {}).columns(), {})
        times = generated if received is None else np.where(generated == NO_TIME, received, generated)
        made = self._known.values(packets, times, self.channel.packets.secondary_header_octets)
        events = self._events.read(packets, made.decoded, made.engineering)
        return Processed(ticks, generated, made.decoded, made.engineering, made.limits.columns(), events.columns(), made.samples)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a database makes of a batch."""

    decoded: Decoded
    engineering: dict[str, dict[str, Column]]
    limits: Transitions
    samples: dict[str, int]


class _Known:
    """All that needs a database, and what is carried over batches for it."""

    def __init__(self, compiled: CompiledDatabase, root: str | None, kernels: Kernels | None) -> None:
        self._compiled = compiled
        self._decoder = Decoder(compiled, root, kernels)
        self._recent = Recent(compiled)
        self._deriver = Deriver(compiled, self._recent)
        self._limits = LimitChecker(compiled)

    def state(self) -> State:
        return {"recent": self._recent.state(), "limits": self._limits.state()}

    def restore(self, state: State) -> None:
        self._recent.restore(branch(state, "recent"))
        self._limits.restore(branch(state, "limits"))

    def use(self, compiled: CompiledDatabase) -> None:
        self._compiled = compiled  # packets are taken apart as defined
        self._limits.use(compiled)

    def severities(self) -> dict[str, int]:
        return {parameter: int(severity) for parameter, severity in self._limits.severities().items()}

    def values(self, packets: Packets, times: Integers, header_octets: int) -> _Made:
        decoded = self._decode(packets)
        samples = {one.container: self._samples(one, packets, header_octets) for one in decoded}
        good = packets.quality == 0
        batch = [self._held(one) for one in decoded]
        self._recent.begin(batch, good)
        self._deriver.derive(batch, decoded.faults)
        engineering = {held.container: {n: held.values.engineering(n) for n in held.values.raw} for held in batch}
        limits = self._limits.check(batch, None if good.all() else good, times)
        self._recent.end()
        containers = [ContainerRows(held.container, held.packet, held.values.raw) for held in batch]
        return _Made(replace(decoded, containers=containers), engineering, limits, samples)

    def _held(self, one: ContainerRows) -> Held:
        def others(reference: Reference) -> Column | None:
            return self._recent.before(reference, one.packet)

        return Held(one.container, one.packet, Values(self._compiled, dict(one.raw), one.packet.size, others))

    def _decode(self, packets: Packets) -> Decoded:
        other = packets.idle | (packets.apid == ENCAPSULATION_APID) | (packets.quality & INCOMPLETE != 0)
        if not other.any():
            return self._decoder.decode(packets)
        real = np.flatnonzero(~other)
        found = self._decoder.decode(packets.select(real))
        containers = [ContainerRows(one.container, real[one.packet], one.raw) for one in found]
        return Decoded(containers, real[found.unidentified], real[found.ambiguous], found.faults)

    def _samples(self, one: ContainerRows, packets: Packets, octets: int) -> int:
        """Return how many values were decoded; a secondary header is left out where the packets have one."""
        layout = self._compiled.layout(one.container)
        with_header = packets.secondary_header[one.packet]
        if with_header.all() or not octets:
            return one.samples(layout.headers(octets))
        if not with_header.any():
            return one.samples(layout.headers())
        parts = ((with_header, layout.headers(octets)), (~with_header, layout.headers()))
        return sum(
            ContainerRows(one.container, one.packet[rows], {n: c.select(rows) for n, c in one.raw.items()}).samples(names)
            for rows, names in parts
        )
