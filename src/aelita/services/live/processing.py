"""The telemetry processor of an agency: merges frames, decodes them, and publishes packets, values, events and limits."""

import asyncio
import logging
import time

from ...time import SECOND
from ..databases import Library
from ..definitions import Definition, define
from .agency_streams import address_of, widest_plan
from .decoding import LiveDecoder
from .geometries import geometry_of
from .health import Health
from .hole_keeping import HoleKeeper
from .in_force import OverriddenDatabase, OverridesInForce
from .kept_state import KeptState
from .merging import FrameMerger, Written
from .publishing import messages_of, pack_standing, standing_subject
from .serving import Context
from .streams import Publisher, StreamFullError, Streams

MERGED_HEADER = "Aelita-Merged"  # the number of the merged message from which this was made
STANDING_S = 600.0

log = logging.getLogger(__name__)


async def processor(context: Context) -> None:
    """Run the processor of an agency for all spacecraft that it follows. Raises AelitaError when it cannot go on."""
    installation, agency = context.installation, context.agency
    library, geometry = Library(), geometry_of(installation, agency)
    givers = tuple(giver for giver, kinds in widest_plan(installation, agency).takes.items() if "frames" in kinds)
    connecting = Streams.connect(address_of(installation, agency), name="processor", timeout_s=60)
    async with await connecting as streams, asyncio.TaskGroup() as tasks:
        overrides = OverridesInForce(streams, agency)
        await overrides.recall()
        tasks.create_task(overrides.run())
        for key in installation.spacecraft:
            craft = installation.mission.craft(key)
            definition = define(library, mission=str(installation.mission.folder), channel=craft.channels[0])
            merger = FrameMerger(streams, agency, key, definition.channel, givers, context.health)
            holes = HoleKeeper(context, streams, geometry, key)
            database = OverriddenDatabase(key, definition.compiled, overrides)
            tasks.create_task(_process(context, streams, merger, definition, holes, database))
            tasks.create_task(holes.run())


async def _process(
    context: Context,
    streams: Streams,
    merger: FrameMerger,
    definition: Definition,
    holes: HoleKeeper,
    database: OverriddenDatabase,
) -> None:
    decoder, spacecraft = LiveDecoder(definition), holes.spacecraft
    line = Line(context.agency, spacecraft, streams, context.health)
    _override(decoder, database, context.clock.now())
    kept = KeptState(context.home / "processor" / f"{spacecraft}.npz", definition)
    known = await kept.restore(merger, decoder)
    done = max(await line.published(), known)
    async for written in merger.recall(known, done):
        await line.publish(written, decoder, silent=written.sequence <= done)
    await line.tell_standing(decoder, context.clock.now())
    holes.adopt(merger.merger)
    context.health.ready = True
    log.info("merging", extra={"spacecraft": spacecraft, "behind": merger.subject})
    async for written in merger.written():
        holes.take(written.merged)
        now = context.clock.now()
        _override(decoder, database, now)
        await line.publish(written, decoder)
        await kept.keep(written.sequence, merger, decoder)
        if line.moved and time.monotonic() >= line.due:
            await line.tell_standing(decoder, now)
        if len(written.merged):
            context.health.gauge(
                "received_lag_seconds", (now - int(written.merged.received_at[-1])) / SECOND, spacecraft=spacecraft
            )


def _override(decoder: LiveDecoder, database: OverriddenDatabase, now: int) -> None:
    if (compiled := database.changed(now)) is not None:
        decoder.use(compiled)


class Line:
    """Publishes what merged messages of one spacecraft hold. Streams of values can be made again: a full one is no fault."""

    def __init__(self, agency: str, spacecraft: str, streams: Streams, health: Health) -> None:
        self.agency, self.spacecraft, self.streams, self.health = agency, spacecraft, streams, health
        self._publisher = Publisher(streams)
        self.moved, self.due = False, 0.0  # whether limits have changed since what stands was told; when it is due (monotonic)

    async def published(self) -> int:
        """Return the number of the last merged message of which everything was published."""
        last = await self.streams.last(f"{self.agency}.packets.{self.spacecraft}.>", "PACKETS")
        return int(last.headers.get(MERGED_HEADER, 0)) - 1 if last is not None else 0

    async def tell_standing(self, decoder: LiveDecoder, at: int) -> None:
        """Publish the severities that stand at an instant (TAI nanoseconds): who reads the transitions may begin there."""
        self.moved, self.due = False, time.monotonic() + STANDING_S
        if severities := decoder.severities():
            subject, octets = standing_subject(self.agency, self.spacecraft), pack_standing(at, severities)
            try:
                await self.streams.publish(subject, octets, msg_id=f"{self.spacecraft}-standing-{at}")
            except StreamFullError as error:
                self._full(error)

    async def publish(self, written: Written, decoder: LiveDecoder, *, silent: bool = False) -> None:
        """Decode a merged message and publish what it holds; with `silent` only the decoder learns of it."""
        began = time.perf_counter()
        decoded = decoder.take(written.merged)
        if silent:
            return
        headers = {MERGED_HEADER: str(written.sequence)}
        try:
            for out in messages_of(self.agency, self.spacecraft, decoded):
                identity = f"{self.spacecraft}-{written.sequence}-{out.mark}"
                await self._publisher.send(out.subject, out.octets, msg_id=identity, headers=headers)
            await self._publisher.flush()
            self.health.well("values")
        except StreamFullError as error:
            self._full(error)
        self.moved |= bool(decoded.processed.limits.get("parameter"))
        labels = {"spacecraft": self.spacecraft}
        packets = decoded.received.packets
        self.health.count("packets", int((~packets.idle).sum()), **labels)
        self.health.count("samples", sum(decoded.processed.samples.values()), **labels)
        self.health.count("decoding_seconds", time.perf_counter() - began, **labels)

    def _full(self, error: StreamFullError) -> None:
        if self.health.fault("values", str(error)):
            log.error("values are not published", extra={"why": str(error)})
