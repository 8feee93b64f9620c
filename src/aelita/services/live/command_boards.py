"""The ground's copies of what spacecraft have on board, and what people ask of them: schedule, packet stores, memories."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from ...commanding import Commander, Entry, Outcome, Preparer
from ...commanding import Told as Written
from ...errors import DataError, UsageError
from ...link import Channel
from ..definitions import read_clock
from .command_memory import IMAGES, LiveMemories, areas, changed
from .command_onboard import OnBoard
from .command_stores import LiveStores
from .command_timeline import LiveTimeline
from .following import Start, follow
from .health import Health
from .installation import Installation
from .stream_plan import KINDS
from .streams import Streams

log = logging.getLogger(__name__)

Asked = dict[str, Any]
LARGE = 1 << 18  # octets of an image in one request


class Boards:
    """Every spacecraft of which the clock and the variant of the packet utilization standard are known."""

    def __init__(
        self, installation: Installation, commander: Commander, preparers: Mapping[str, Preparer], notes: Iterable[Entry],
        now: Callable[[], int], does: Callable[[Outcome], None], health: Health,
    ) -> None:  # fmt: skip
        self.commander, self.now, self.does, self.health = commander, now, does, health
        self.timelines: dict[str, LiveTimeline] = {}
        self.stores: dict[str, LiveStores] = {}
        self.memories: dict[str, LiveMemories] = {}
        noted = list(notes)
        for key, preparer in preparers.items():
            board = board_of(installation, key, preparer)
            if board is not None:
                self._hold(board, preparer, installation, noted)
        self.ops: dict[str, Callable[[Asked], Awaitable[Asked]]] = {
            "timeline": self._timeline, "timeline.adopt": self._adopt, "gaps": self._gaps, "memory": self._memory,
            "images": self._images, "image.add": self._add, "image.compare": self._compare, "image.calls": self._calls,
        }  # fmt: skip

    def _hold(self, board: OnBoard, preparer: Preparer, installation: Installation, notes: list[Entry]) -> None:
        key, home = board.spacecraft, installation.home(self.commander.agency)
        self.timelines[key] = LiveTimeline(board, self._note, lambda words: self._tell(key, words))
        self.timelines[key].restore(self.commander.standing.board, notes)
        stores = LiveStores(board, preparer.commands, installation.archive(self.commander.agency))
        self.stores[key] = stores
        self.memories[key] = LiveMemories(board, preparer.commands, home / "commanding" / IMAGES / key, stores)

    def take(self, entries: Iterable[Entry]) -> None:
        """Take entries of any agency's journal."""
        requests = self.commander.standing.board.requests
        for entry in entries:
            found = requests.get(str(entry.body.get("request", "")))
            if found is not None and (one := self.timelines.get(found.prepared.request.spacecraft)) is not None:
                one.take(Written(entry.at_ns, entry.agency, entry.kind, entry.body), found)

    async def run(self, streams: Streams) -> None:
        """Follow what the spacecraft report, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for key in self.timelines:
                tasks.create_task(self._follow(streams, key))

    async def _follow(self, streams: Streams, key: str) -> None:
        agency = self.commander.agency
        subjects = (f"{agency}.packets.{key}.>",)
        async with follow(streams, KINDS["packets"].stream, start=Start.NEW, subjects=subjects) as follower:
            async for message in follower:
                try:
                    self.heard(key, message.data)
                except DataError as error:
                    log.warning("packets are not understood", extra={"subject": message.subject, "why": str(error)})

    def heard(self, key: str, octets: bytes) -> None:
        """Take a message of packets of a spacecraft. Raises DataError."""
        timeline = self.timelines[key]
        reports, latest = timeline.board.read(octets)
        for told in reports:
            timeline.report(told)
            self.stores[key].report(told)
            self.memories[key].report(told)
        timeline.passed(latest)

    def _note(self, about: str, body: Mapping[str, Any]) -> None:
        self.does(self.commander.note(about, body, self.now()))

    def _tell(self, key: str, words: str) -> None:
        place = f"schedule of {key}"
        if words:
            self.health.fault(place, words)
            log.warning("the schedule on board is not as we know it", extra={"spacecraft": key, "what": words})
        else:
            self.health.well(place)

    # what people ask

    def _of(self, asked: Asked) -> str:
        key = str(asked.get("spacecraft", ""))
        if key not in self.timelines:
            known = ", ".join(self.timelines) or "none"
            raise UsageError(f"nothing is known of what {key!r} has on board", remedy=f"Spacecraft commanded here: {known}")
        return key

    async def _timeline(self, asked: Asked) -> Asked:
        return self.timelines[self._of(asked)].seen(self.now())

    async def _adopt(self, asked: Asked) -> Asked:
        one = self.timelines[self._of(asked)]
        one.adopt(_by(asked))
        return one.seen(self.now())

    async def _gaps(self, asked: Asked) -> Asked:
        one = self.stores[self._of(asked)]
        holes = await asyncio.to_thread(one.holes)
        return one.gaps(int(asked.get("store", 1)), holes, self.commander.standing.board, self.now())

    async def _images(self, asked: Asked) -> Asked:
        one, images, faults = self.memories[self._of(asked)], [], []
        for name, version in one.names():
            try:
                images.append(one.told(await asyncio.to_thread(one.image, name, version)))
            except (DataError, UsageError) as error:
                faults.append({"file": f"{name}@{version}", "why": str(error)})
        return {"images": images, "faults": faults}

    async def _add(self, asked: Asked) -> Asked:
        one = self.memories[self._of(asked)]
        _by(asked)
        try:
            runs = [(int(address), bytes.fromhex(str(data))) for address, data in asked["runs"]]
        except (ValueError, TypeError) as error:
            raise UsageError(f"not runs of octets: {error}", remedy="[[address, octets in hexadecimal], ...]") from error
        if sum(len(data) for _, data in runs) > LARGE:
            raise UsageError(f"more than {LARGE} octets at once", remedy=f"Put the file into {one.folder.name} by hand")
        name, version, memory = str(asked["name"]), str(asked["version"]), int(asked["memory"])
        return {"image": one.told(await asyncio.to_thread(one.add, name, version, memory, runs))}

    async def _memory(self, asked: Asked) -> Asked:
        one, memory = self.memories[self._of(asked)], int(asked["memory"])
        known = one.known(memory, self.commander.standing.board, await self._dumps(one, asked))
        bad = [{"address": address, "octets": octets, "at_ns": at} for address, octets, at in known.bad[-100:]]
        return {"memory": memory, "known": areas(known), "bad": bad}

    async def _compare(self, asked: Asked) -> Asked:
        one = self.memories[self._of(asked)]
        image = await asyncio.to_thread(one.image, str(asked["name"]), str(asked["version"]))
        known = one.known(image.memory, self.commander.standing.board, await self._dumps(one, asked))
        return await asyncio.to_thread(one.compared, image, known)

    async def _calls(self, asked: Asked) -> Asked:
        """Answer with the commands that load, dump or check an image; `only` changed: what is not known to be there."""
        one, what = self.memories[self._of(asked)], str(asked["what"])
        image = await asyncio.to_thread(one.image, str(asked["name"]), str(asked["version"]))
        wanted = image
        if asked.get("only_changed"):
            known = one.known(image.memory, self.commander.standing.board, await self._dumps(one, asked))
            left = changed(image, known)
            if left is None:
                return {"image": one.told(image), "octets": 0, "requests": []}
            wanted = left
        parts = await asyncio.to_thread(one.calls, what, wanted)
        comment = f"{what} {image.name}@{image.version}, {image.digest[:16]}"
        return {
            "image": one.told(image), "octets": wanted.octets,
            "requests": [{"calls": part, "comment": f"{comment}, part {n} of {len(parts)}"} for n, part in enumerate(parts, 1)],
        }  # fmt: skip

    async def _dumps(self, one: LiveMemories, asked: Asked) -> list[Any]:
        start, stop, apid = (None if asked.get(name) is None else int(asked[name]) for name in ("start_ns", "stop_ns", "apid"))
        return await asyncio.to_thread(one.archived, start, stop, apid, self.now())


def board_of(installation: Installation, key: str, preparer: Preparer) -> OnBoard | None:
    """Return how a spacecraft is read, None when its clock or its packets are not known."""
    craft = installation.mission.craft(key)
    if craft.clock is None or preparer.link.packets.pus == "none" or not craft.channels:
        return None
    path = installation.mission.channel(craft.channels[0])
    return OnBoard(key, preparer.link, Channel.from_toml(path.read_text("utf-8"), str(path)), read_clock(craft.clock))


def _by(asked: Asked) -> str:
    by = str(asked.get("by", ""))
    if not by.strip() or not by.isprintable():
        raise UsageError("nobody asks", remedy="Say who")
    return by
