"""Holes in the merged stream are asked for again: from the own stations that heard the spacecraft then, by the receiver."""

import asyncio
import json
import logging
import time
from dataclasses import replace

import nats.errors

from ...errors import AelitaError
from ...telemetry import HoleTracker, Merged, Merger, Request, RequestRules
from ...time import SECOND
from .geometry import Geometry, elevation_deg
from .receiver import requests_subject
from .serving import Context
from .streams import Streams

LOOK_S = 0.5
RULES = RequestRules(settle_s=10.0, backoff_s=30.0)
LOWEST_DEG = 0.0  # a station may hear below the elevation for which it is booked

log = logging.getLogger(__name__)


class HoleKeeper:
    """Follows the holes of one spacecraft in one agency. What is fetched comes back by the stream of frames, as late frames."""

    def __init__(
        self, context: Context, streams: Streams, geometry: Geometry, spacecraft: str, rules: RequestRules = RULES
    ) -> None:
        self.context, self.streams, self.geometry, self.spacecraft = context, streams, geometry, spacecraft
        self._craft = context.installation.mission.craft(spacecraft)
        organisation = context.installation.mission.organisation
        here = context.installation.agency(context.agency).stations
        self._stations = {key: organisation.stations[key] for key in here}
        faster = max(context.clock.speed, 1.0)  # patience is of the mission's time
        rules = replace(rules, settle_s=rules.settle_s / faster, backoff_s=rules.backoff_s / faster)
        self.tracker = HoleTracker(self._in_contact, self._light_time_ns, rules)
        self._asking: set[asyncio.Task[None]] = set()

    def adopt(self, merger: Merger) -> None:
        """Take the holes that were there before a restart."""
        self.tracker.adopt(merger.holes(), time.monotonic_ns())

    def take(self, merged: Merged) -> None:
        """Take note of holes that came or went with merged frames."""
        self.tracker.take(merged, time.monotonic_ns())
        for channel, counts in self.tracker.counts.items():
            labels = {"spacecraft": self.spacecraft, "virtual_channel": str(channel)}
            self.context.health.gauge("hole_frames_missing", counts.missing, **labels)
            self.context.health.gauge("hole_frames_filled", counts.filled, **labels)
            self.context.health.gauge("hole_frames_given_up", counts.given_up, **labels)

    async def run(self) -> None:
        """Ask for what is missing, for ever."""
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                for request in self.tracker.on_timer(time.monotonic_ns()):
                    task = asyncio.create_task(self._ask(request))
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)
        finally:
            for task in self._asking:
                task.cancel()

    async def _ask(self, request: Request) -> None:
        subject = f"{requests_subject(self.context.agency, self.spacecraft)}.{request.station}"
        payload = json.dumps([request.start, request.stop]).encode()
        log.info("asking for missing frames", extra={"station": request.station, "holes": len(request.holes)})
        self.context.health.count("hole_requests", station=request.station, spacecraft=self.spacecraft)
        try:
            answer = await self.streams.client.request(subject, payload, timeout=self.tracker.rules.timeout_s)
            why = str(json.loads(answer.data).get("why", ""))
        except (nats.errors.Error, OSError, ValueError, AelitaError) as error:
            why = str(error) or type(error).__name__
        if why:
            self.tracker.failed(request.number, time.monotonic_ns(), why)
        else:
            await asyncio.sleep(1.0)  # what was delivered is on its way through the merger
            self.tracker.answered(request.number, time.monotonic_ns())

    def _in_contact(self, after: int, before: int) -> list[str]:
        middle = (after + before) // 2
        seen = []
        for key, station in self._stations.items():
            elevation = elevation_deg(station, self._craft, middle + self._light_time_ns(key, middle))
            seen.append((LOWEST_DEG if elevation is None else elevation, key))  # not known: it may have heard it
        return [key for elevation, key in sorted(seen, reverse=True) if elevation >= LOWEST_DEG]

    def _light_time_ns(self, station: str, emitted: int) -> int:
        received = emitted
        for _ in range(3):
            received = emitted + round(self.geometry.seconds(station, self.spacecraft, received) * SECOND)
        return received - emitted
