"""What flight dynamics knows at a centre: geometry of the installation's kernels and published orbits, and the products here."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

from fastapi import HTTPException

from ..errors import UsageError
from ..services import live, products
from .centre import Centre

if TYPE_CHECKING:
    from ..services import navigation, orbits

T = TypeVar("T")
KEPT_S, KEPT = 60.0, 32  # answers to equal questions
MOST_WAITING, BUSY_S = 4, 3


class NavigationDesk:
    """Answers of flight dynamics, for worker threads. One search at a time: SPICE has one lock anyway."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.store = products.ProductStore(centre.folder)
        self._names: products.Names | None = None
        self._sky: navigation.Sky | None = None
        self._answers: OrderedDict[Hashable, tuple[float, int, object]] = OrderedDict()
        self._lock, self._work, self._opening = threading.Lock(), threading.Lock(), threading.Lock()
        self._waiting = 0

    @property
    def names(self) -> products.Names:
        """How products of the mission are called."""
        if self._names is None:
            self._names = products.read_names(self.centre.installation.mission)
        return self._names

    @property
    def sky(self) -> "navigation.Sky":
        """Stations and spacecraft as kernels of the installation and published orbits tell them; made when first asked for."""
        from ..services import navigation  # takes a second, which other questions need not wait for

        with self._opening:
            if self._sky is None:
                here = self.centre.installation
                self._sky = navigation.Sky(here.mission, here.kernels, self.orbits)
            return self._sky

    @property
    def orbits(self) -> "orbits.PublishedOrbits":
        """The orbits that were published here and by partners, furnished behind the kernels of the installation."""
        found = live.geometry_of(self.centre.installation, self.centre.agency).orbits
        assert found is not None
        return found

    def known(self, spacecraft: str, start: int, stop: int) -> str:
        """Return from what the orbit of a spacecraft is known between two instants: kernels, ids of products; or nothing."""
        return ", ".join(dict.fromkeys(one.source for one in self.orbits.sources(spacecraft, start, stop)))

    def answer(self, question: Hashable, find: Callable[[], T]) -> T:
        """Return what was found for an equal question within the last minute, else find it: one search at a time.

        Orbits that were published since are furnished first. HTTPException 503 when several wait already.
        """
        with self._lock:
            if not self.orbits.is_stale and (known := self._known(question)) is not None:
                return known[2]  # type: ignore[return-value]
            if self._waiting >= MOST_WAITING:  # who waits holds a thread of all routes
                raise HTTPException(503, "Flight dynamics is busy with other questions.", {"Retry-After": f"{BUSY_S}"})
            self._waiting += 1
        try:
            with self._work:
                self.orbits.refresh()  # between two searches, so that none sees two orbits
                with self._lock:
                    if (known := self._known(question)) is not None:
                        return known[2]  # type: ignore[return-value]
                found = find()
                with self._lock:
                    self._answers[question] = (time.monotonic(), self.orbits.version, found)
                    while len(self._answers) > KEPT:
                        self._answers.popitem(last=False)
                return found
        finally:
            with self._lock:
                self._waiting -= 1

    def _known(self, question: Hashable) -> tuple[float, int, object] | None:
        known = self._answers.get(question)
        if known is None or time.monotonic() - known[0] >= KEPT_S or known[1] != self.orbits.version:
            return None
        return known

    def body_of(self, name: str) -> str:
        """Return a spacecraft of the mission, or a body, as SPICE calls it."""
        craft = next((one for one in self.centre.installation.mission.spacecraft if one.key == name.casefold()), None)
        return name.upper() if craft is None or not craft.naif_id else str(craft.naif_id)

    def is_spacecraft(self, name: str) -> bool:
        """Return whether the mission has a spacecraft of that key."""
        return any(one.key == name.casefold() for one in self.centre.installation.mission.spacecraft)

    def key_of(self, name: str) -> str:
        """Return the key of a spacecraft. Raises UsageError for one that the mission has not."""
        return self.centre.installation.mission.craft(name.casefold()).key


def bounded(start: int | None, stop: int | None, most_days: float, what: str) -> tuple[int, int]:
    """Return a span that was asked for. Raises UsageError when it has no end, ends before it begins, or is too long."""
    if start is None or stop is None:
        raise UsageError(f"{what} from when to when?", remedy="Give start and stop")
    if stop <= start:
        raise UsageError("the end is not after the start", remedy="Give a later stop")
    if stop - start > most_days * 86_400_000_000_000:
        raise UsageError(
            f"{what} of {(stop - start) / 86_400e9:.1f} days at once",
            remedy=f"Ask for {most_days:g} days at most, piece by piece",
        )
    return start, stop
