"""What flight dynamics knows at a centre: geometry of the installation's kernels, and the products that are here."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

from fastapi import HTTPException

from ..errors import AelitaError, UsageError
from ..ndm import Composite, Ephemeris, ephemerides, read
from ..services import products
from .centre import Centre

if TYPE_CHECKING:
    from ..services import navigation

T = TypeVar("T")
KEPT_S, KEPT = 60.0, 32  # answers to equal questions
MOST_WAITING, BUSY_S = 4, 3
MOST_ORBITS = 3  # products that are looked at for one spacecraft


class NavigationDesk:
    """Answers of flight dynamics, for worker threads. One search at a time: SPICE has one lock anyway."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.store = products.ProductStore(centre.folder)
        self._names: products.Names | None = None
        self._sky: navigation.Sky | None = None
        self._answers: OrderedDict[Hashable, tuple[float, object]] = OrderedDict()
        self._orbits: OrderedDict[str, tuple[Ephemeris, ...]] = OrderedDict()
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
        """Stations and spacecraft as the kernels of the installation tell them; made when first asked for."""
        from ..services import navigation  # takes a second, which other questions need not wait for

        with self._opening:
            if self._sky is None:
                here = self.centre.installation
                self._sky = navigation.Sky(here.mission, here.kernels)
            return self._sky

    def furnish(self) -> None:
        """Have the kernels of the installation furnished."""
        assert self.sky is not None

    def answer(self, question: Hashable, find: Callable[[], T]) -> T:
        """Return what was found for an equal question within the last minute, else find it: one search at a time.

        HTTPException 503 when several wait already.
        """
        with self._lock:
            if (known := self._known(question)) is not None:
                return known[1]  # type: ignore[return-value]
            if self._waiting >= MOST_WAITING:  # who waits holds a thread of all routes
                raise HTTPException(503, "Flight dynamics is busy with other questions.", {"Retry-After": f"{BUSY_S}"})
            self._waiting += 1
        try:
            with self._work:
                with self._lock:
                    if (known := self._known(question)) is not None:
                        return known[1]  # type: ignore[return-value]
                found = find()
                with self._lock:
                    self._answers[question] = (time.monotonic(), found)
                    while len(self._answers) > KEPT:
                        self._answers.popitem(last=False)
                return found
        finally:
            with self._lock:
                self._waiting -= 1

    def _known(self, question: Hashable) -> tuple[float, object] | None:
        known = self._answers.get(question)
        return known if known is not None and time.monotonic() - known[0] < KEPT_S else None

    def body_of(self, name: str) -> str:
        """Return a spacecraft of the mission, or a body, as SPICE calls it."""
        craft = next((one for one in self.centre.installation.mission.spacecraft if one.key == name.casefold()), None)
        return name.upper() if craft is None or not craft.naif_id else str(craft.naif_id)

    def key_of(self, name: str) -> str:
        """Return the key of a spacecraft. Raises UsageError for one that the mission has not."""
        return self.centre.installation.mission.craft(name.casefold()).key

    def orbits(self, spacecraft: str) -> list[tuple[products.Product, tuple[Ephemeris, ...]]]:
        """Return the orbit products of a spacecraft that were made last, with their segments; those without OEM are left out."""
        found = []
        for product in self.store.find(products.Sought(kind="orbit", spacecraft=spacecraft))[:MOST_ORBITS]:
            parts = self._orbits.get(product.id)
            if parts is None:
                parts = self._read(product)
                with self._lock:
                    self._orbits[product.id] = parts
                    while len(self._orbits) > KEPT:
                        self._orbits.popitem(last=False)
            if parts:
                found.append((product, parts))
        return found

    def _read(self, product: products.Product) -> tuple[Ephemeris, ...]:
        file = next((one for one in product.files if one.name.endswith(".oem")), None)
        if file is None:
            return ()
        try:
            message = read(self.store.octets(product, file), where=file.name)
            return () if isinstance(message, Composite) else ephemerides(message)
        except AelitaError:  # it was published as a file; what cannot be read of it tells nothing here
            return ()


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
