"""Time correlation of an agency: on-board clocks from time packets of the merged stream, kept as messages and as clock kernels.

What is known of a clock is published as a whole with the number of the merged message up to which it was made, so a restart
goes on behind it. The kernel is written anew with each of these.
"""

import asyncio
import contextlib
import json
import logging
from pathlib import Path

import numpy as np

from ...agencies import subject as subject_of
from ...errors import AelitaError, DataError
from ...link import Channel, FrameReceiver
from ...telemetry import ClockCorrelation, Merged, TimePackets, merged_times
from ...time import SECOND, Correlator, PointRejected, SegmentBegun, SpacecraftClock
from ..definitions import read_clock
from ..missions import Spacecraft
from .agency_streams import address_of
from .following import follow
from .geometry import LIGHT_KM_S
from .messages import merged_of
from .serving import Context
from .stream_plan import KINDS
from .streams import Streams

TOLD_EVERY = 8  # time packets

log = logging.getLogger(__name__)


async def correlation(context: Context) -> None:
    """Correlate the clocks of all spacecraft that the agency follows and whose mission tells how. Raises AelitaError."""
    installation = context.installation
    connecting = Streams.connect(address_of(installation, context.agency), name="correlation", timeout_s=60)
    async with await connecting as streams, asyncio.TaskGroup() as tasks:
        for key in installation.spacecraft:
            craft = installation.mission.craft(key)
            if craft.correlation is None or craft.clock is None:
                log.info("the mission does not tell how this clock is correlated", extra={"spacecraft": key})
                continue
            tasks.create_task(_Clock(context, streams, craft, craft.correlation, craft.clock).run())
        context.health.ready = True


class _Clock:
    """The clock of one spacecraft."""

    def __init__(self, context: Context, streams: Streams, craft: Spacecraft, rules: Path, clock: Path) -> None:
        self.context, self.streams, self.craft = context, streams, craft
        path = context.installation.mission.channel(craft.channels[0])
        self._channel = Channel.from_toml(path.read_text("utf-8"), str(path))
        self._rules = ClockCorrelation.from_toml(rules.read_text("utf-8"), str(rules))
        self._known: SpacecraftClock = read_clock(clock)
        self._error_s = craft.near_km / LIGHT_KM_S if craft.near and not context.installation.kernels else 0.0
        self.correlator = Correlator(self._rules.rules, self._known.ticks_per_second, craft.key)
        self._receiver, self._packets = FrameReceiver(self._channel), TimePackets(self._rules.packets, self._channel)
        self._subject = subject_of(context.agency, "products", collection=f"clock-{craft.key}")
        self._last, self._untold = 0, 0
        self.kernel = context.home / "products" / f"{craft.key}.tsc"

    async def run(self) -> None:
        """Correlate for ever. Raises WrongSequenceError when another process does so too."""
        first = await self._restore()
        merged = f"{self.context.agency}.merged.{self.craft.key}"
        async with follow(self.streams, KINDS["merged"].stream, start=first, subjects=(merged,)) as follower:
            async for message in follower:
                try:
                    frames, _ = merged_of(message.data, message.headers)
                except DataError as error:
                    log.error("a merged message is damaged", extra={"sequence": message.sequence, "why": str(error)})
                    continue
                begun = self._take(frames)
                if begun or self._untold >= TOLD_EVERY:
                    await self._tell(message.sequence)
                self._gauge()

    async def _restore(self) -> int:
        """Go on with what was published last; return the number of the merged message to begin with."""
        last = await self.streams.last(self._subject, KINDS["products"].stream)
        if last is None:
            return 1
        self._last = last.sequence
        try:
            told = json.loads(last.data)
            self.correlator = Correlator.restored(self._rules.rules, told["state"], self.craft.key)
            return int(told["merged"]) + 1
        except (ValueError, KeyError, TypeError, AelitaError) as error:
            log.error("the clock cannot go on where it stood", extra={"spacecraft": self.craft.key, "why": str(error)})
            return 1

    def _take(self, merged: Merged) -> bool:
        """Take frames; return whether a segment of the clock has begun."""
        rows = np.flatnonzero(~merged.late)
        none = np.zeros(rows.size, np.int64)
        received = self._receiver.receive(merged.buffer, merged.offset[rows], merged.length[rows], none)
        points = self._packets.feed(received.frames, received.packets, merged_times(merged, rows, self._error_s))
        begun = False
        for indication in self.correlator.feed(points):
            begun |= isinstance(indication, SegmentBegun)
            if isinstance(indication, SegmentBegun | PointRejected):
                log.info("clock", extra={"spacecraft": self.craft.key, "what": str(indication)})
        self._untold += len(points)
        self.context.health.count("time_packets", len(points), spacecraft=self.craft.key)
        return begun

    async def _tell(self, merged: int) -> None:
        self._untold = 0
        told = {"merged": merged, "at": self.context.clock.now(), "state": self.correlator.state()}
        self._last = await self.streams.publish(
            self._subject,
            json.dumps(told).encode(),
            msg_id=f"{self.craft.key}-clock-{merged}",
            expected_last_on_subject=self._last,
        )
        with contextlib.suppress(AelitaError):  # before the first segment there is no clock to write
            text = self.correlator.kernel(self.craft.naif_id)
            await asyncio.to_thread(_write, self.kernel, text)
            await asyncio.to_thread(_write, self.kernel.with_suffix(".clock.json"), json.dumps(told))  # for `aelita nav clock`

    def _gauge(self) -> None:
        """Say how well the clock is known, and by how much it departs from the one that dates packets."""
        labels = {"spacecraft": self.craft.key}
        with contextlib.suppress(AelitaError):
            now = self.context.clock.now()
            found = self.correlator.health(now)
            self.context.health.gauge("clock_error_seconds", found.error_s, **labels)
            self.context.health.gauge("clock_rate", found.rate, **labels)
            self.context.health.gauge("clock_points", found.points, **labels)
            self.context.health.gauge("clock_segments", found.segments, **labels)
            self.context.health.gauge("clock_offset_seconds", clock_offset_s(self.correlator, self._known, now), **labels)


def clock_offset_s(correlator: Correlator, known: SpacecraftClock, now: int) -> float:
    """Return how far (s) a known clock is from a correlated one at its latest point. Raises TimeError before the first."""
    last = correlator.health(now).last_point
    ticks = correlator.clock().ticks(np.array([last], np.int64))
    return (int(known.tai_ns(ticks)[0]) - last) / SECOND


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(path.name + ".new")
    waiting.write_text(text, "utf-8")
    waiting.replace(path)
