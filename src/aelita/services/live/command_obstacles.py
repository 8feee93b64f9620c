"""What geometry has against a command now, and when it would go: found in a thread, since a search for windows takes a while."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ...time import SECOND
from .geometry import Geometry

KEPT_NS = 60 * SECOND  # how long a reason holds before it is looked for again
HELD_NS = SECOND  # so long what is seen well is not looked at again: the sky turns by 0.004 deg
LOOKING = "{craft} cannot be reached from {station} now; when it can is being looked for"


@dataclass(slots=True)
class Obstacles:
    """Reasons by station and spacecraft. One that is not known yet is told in general words and looked for meanwhile."""

    geometry: Geometry
    _known: dict[tuple[str, str], tuple[int, list[str]]] = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    _reached: dict[tuple[str, str], int] = field(default_factory=dict)  # when nothing hindered it last
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "windows"))

    def against(self, station: str, craft: str, at: int) -> list[str]:
        """Return why what a station radiates at an instant (TAI ns) would not reach a spacecraft, nothing when it would."""
        key = station, craft
        if 0 <= at - self._reached.get(key, at + 1) < HELD_NS:
            return []
        if self.geometry.reaches(station, craft, at):
            self._reached[key] = at
            self._known.pop(key, None)
            return []
        found_at, words = self._known.get(key, (at - KEPT_NS - 1, []))
        if at - found_at > KEPT_NS or at < found_at:
            self._look(key, at)
        return words or [LOOKING.format(station=station, craft=craft)]

    def refresh(self, station: str, craft: str, at: int) -> None:
        """Look ahead of a question that may come, when the last look holds for less than half of its time."""
        key = station, craft
        if at - self._reached.get(key, at) > HELD_NS // 2:
            self._reached.pop(key)
            self.against(station, craft, at)

    def close(self) -> None:
        """Look for nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _look(self, key: tuple[str, str], at: int) -> None:
        if key in self._asked:
            return
        self._asked.add(key)
        looking = asyncio.get_running_loop().run_in_executor(self._thread, self.geometry.why_not, *key, at)

        def found(done: "asyncio.Future[list[str]]") -> None:
            self._asked.discard(key)
            if not done.cancelled() and done.exception() is None:
                self._known[key] = at, done.result()

        looking.add_done_callback(found)
