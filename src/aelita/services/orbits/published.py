"""The published orbits that are furnished in this process, and from what the place of a spacecraft is known at an instant.

The rule is one for all: kernels of the installation; where they hold nothing, the product that was made last of those that do;
else the body that the mission names stands in. SPICE follows by the order of loading: products as they were made, kernels last.
"""

import hashlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...ephemeris import Interval, covered, furnish, gaps, joined, read_daf, release, spk_octets
from ...errors import AelitaError, DataError
from ...time import tai_ns_from_et
from ..missions import Mission, Spacecraft
from ..products import Product, ProductStore, Sought
from .checked import FIRST, LAST, OrbitRefusedError, file_of, segments_of

FOLDER = "orbits"  # below the home of an agency: kernels of our own writing, made of products, and made again when lost
FORM = 1  # of what is written: another one makes all of them anew
MOST_USED, MOST_LOOKED = 64, 400  # products of one spacecraft
KERNELS, STAND_IN = "kernels", "stand-in"
GRAIN_NS, AFTER_S = 100_000_000, 0.2  # folders tell changes no finer than this: what changed just now is looked at once more
AGAIN_S = 30.0  # what the disk refused is tried again after this
PAST_NS = 1000  # gaps that are no longer are none: epochs in kernels are rounded

log = logging.getLogger(__name__)

_ours: set[str] = set()  # paths of all that was furnished here, whoever in this process did


@dataclass(frozen=True, slots=True)
class Seen:
    """From what a place is known between two instants (TAI nanoseconds): `kernels`, or the id of a product."""

    span: Interval
    source: str


@dataclass(frozen=True, slots=True)
class _Used:
    product: Product
    path: str
    spans: tuple[Interval, ...]


_Found = tuple[Path, ProductStore, Product]


class PublishedOrbits:
    """The orbit products of one or more agencies' homes, furnished in this process. Threads may share it.

    `refresh` looks at the folders and furnishes what is new; it raises nothing and never takes a kernel of the installation away.
    `refused` says of products, by their ids, why they are not used. `version` changes with what is furnished.
    """

    def __init__(self, mission: Mission, kernels: Sequence[Path] = (), homes: Sequence[Path] = ()) -> None:
        self.mission, self.kernels = mission, tuple(kernels)
        self._homes = tuple(homes)
        self._stores = [ProductStore(one) for one in homes]
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._again = float("inf")
        self._used: dict[str, tuple[_Used, ...]] = {}  # by spacecraft, those made last first
        self._made: dict[tuple[str, str], _Used] = {}
        self._refused: dict[str, str] = {}
        self.fault = ""
        self.version = 0

    @property
    def refused(self) -> Mapping[str, str]:
        """Why products are not used, by their ids."""
        return dict(self._refused)

    @property
    def used(self) -> tuple[str, ...]:
        """The ids of products that are furnished, those made last first."""
        return tuple(one.product.id for those in self._used.values() for one in those)

    @property
    def is_stale(self) -> bool:
        """Whether something came into a folder since the last look, or what failed is due again."""
        return self._stamps() != self._seen or time.monotonic() >= self._again

    def refresh(self) -> bool:
        """Furnish what is new; return whether anything was. It may take a second or two: not for an event loop."""
        if not self._stores or not self.is_stale:
            return False
        with self._lock:
            stamps = self._stamps()  # first: what comes meanwhile is looked at next time
            if stamps == self._seen and time.monotonic() < self._again:
                return False
            self._again = float("inf")
            try:
                known = self._orbits()
                every = {one.key: self._wanted(one, known.get(one.key, [])) for one in self.mission.spacecraft if one.naif_id}
                wanted = {key: those for key, those in every.items() if those}
                if changed := wanted != self._used:
                    self._furnish(wanted)
                self.fault = self.fault if self._again < float("inf") else ""  # set by what the disk refused
            except Exception as error:  # what was furnished stays, and whoever commands goes on
                self.fault, self._again, changed = str(error), time.monotonic() + AGAIN_S, False
                log.error("published orbits cannot be furnished", extra={"why": str(error)})
            self._seen = stamps
            if time.time_ns() - max(stamps) < GRAIN_NS:
                self._again = min(self._again, time.monotonic() + AFTER_S)
            return changed

    def sources(self, spacecraft: str, start: int, stop: int) -> tuple[Seen, ...]:
        """Return from what the place of a spacecraft is known between two instants, in order; what nobody knows is left out."""
        body = self._body(spacecraft)
        if not body or start >= stop:
            return ()
        used = self._used.get(spacecraft.casefold(), ())
        left = [Interval(start, stop)]
        found: list[Seen] = []
        for spans, source in (
            (covered(body, start, stop, without=_ours), KERNELS),
            *((one.spans, one.product.id) for one in used),
        ):
            inside = [Interval(max(a.start, b.start), min(a.stop, b.stop)) for a in left for b in spans]
            inside = [one for one in inside if one.stop - one.start > PAST_NS]
            found += [Seen(one, source) for one in inside]
            left = [one for whole in left for one in gaps(whole, inside)] if inside else left
            if not left:
                break
        return tuple(sorted(found, key=lambda one: one.span.start))

    def source(self, spacecraft: str, at: int) -> str:
        """Return from what the place of a spacecraft is known at an instant (TAI nanoseconds), empty where nothing tells it."""
        body = self._body(spacecraft)
        used = self._used.get(spacecraft.casefold(), ())
        if not body:
            return ""
        if covered(body, at - PAST_NS, at + PAST_NS, without=_ours):
            return KERNELS
        return next((one.product.id for one in used if any(span.start <= at <= span.stop for span in one.spans)), "")

    def close(self) -> None:
        """Take what was furnished back."""
        with self._lock:
            release(*(one.path for those in self._used.values() for one in those))
            self._used, self._seen = {}, ()

    def _body(self, spacecraft: str) -> str:
        known = next((one for one in self.mission.spacecraft if one.key == spacecraft.casefold()), None)
        return str(known.naif_id) if known is not None and known.naif_id else ""

    def _stamps(self) -> tuple[int, ...]:
        return tuple(store.changed() for store in self._stores)

    def _orbits(self) -> dict[str, list[_Found]]:
        """Return all products that are orbits by their spacecraft, those made last first."""
        known: dict[str, _Found] = {}
        for home, store in zip(self._homes, self._stores, strict=True):
            for product in store.find(Sought(kind="orbit")):
                known.setdefault(product.id, (home, store, product))
        found: dict[str, list[_Found]] = {}
        for one in sorted(known.values(), key=lambda one: (-one[2].made_at, one[2].id)):
            found.setdefault(one[2].spacecraft, []).append(one)
        return found

    def _wanted(self, craft: Spacecraft, known: Sequence[_Found]) -> tuple[_Used, ...]:
        """Return the products that tell something of a spacecraft that no newer one does, those made last first."""
        held: tuple[Interval, ...] = ()
        found: list[_Used] = []
        for home, store, product in known[:MOST_LOOKED]:
            if len(found) >= MOST_USED:
                break
            if not _adds(Interval(product.start, product.stop), held):  # as its record says: it need not be read
                continue
            made = self._kernel(home, store, product, craft)
            if made is not None and any(_adds(one, held) for one in made.spans):
                found.append(made)
                held = joined([*held, *made.spans])
        return tuple(found)

    def _kernel(self, home: Path, store: ProductStore, product: Product, craft: Spacecraft) -> _Used | None:
        """Return the kernel that a product makes, written if it is not there; None for one that is refused."""
        if product.id in self._refused:
            return None
        files = {one.name.rpartition(".")[2]: one for one in product.files}
        ending = file_of(tuple(files))
        key = product.id, files[ending].sha256 if ending else ""
        if key in self._made:
            return self._made[key]
        if not ending:
            self._refuse(product, "it has no file that holds an orbit")
            return None
        about = f"{FORM} {craft.naif_id} {craft.near} {craft.near_km} {craft.near_since} {key[1]}"  # what it depends on
        path = home / FOLDER / f"{hashlib.sha256(about.encode()).hexdigest()[:24]}.bsp"  # SPICE knows no long paths
        try:
            spans = _spans_of(path, craft)
            if spans is None:
                segments = segments_of(self.mission, craft, ending, store.octets(product, files[ending]), product.id)
                _write(path, b"".join(spk_octets(segments, name=product.id[:60], comments=f"Made of {product.id}")))
                spans = _spans_of(path, craft) or ()
        except OrbitRefusedError as error:
            self._refuse(product, error.what)
            return None
        except (AelitaError, OSError) as error:  # the file cannot be read now, or the kernel not be written: perhaps later
            self.fault, self._again = f"{product.id}: {error}", time.monotonic() + AGAIN_S
            log.error("a published orbit cannot be used now", extra={"product": product.id, "why": str(error)})
            return None
        made = self._made[key] = _Used(product, str(path), spans)
        return made

    def _refuse(self, product: Product, why: str) -> None:
        self._refused[product.id] = why
        log.warning("a published orbit is not used", extra={"product": product.id, "agency": product.agency, "why": why})

    def _furnish(self, wanted: dict[str, tuple[_Used, ...]]) -> None:
        """Furnish products in the order in which they were made, and kernels of the installation behind them."""
        order = [one.path for those in wanted.values() for one in reversed(those)]
        old = {one.path for those in self._used.values() for one in those} - set(order)
        if order:
            _ours.update(order)
            furnish(*order, *(one for one in self.kernels if _holds_orbits(one)))
        if old:
            release(*old)
        self._used = wanted
        self.version += 1
        log.info("orbits by products", extra={"used": list(self.used)})


def _adds(span: Interval, held: Sequence[Interval]) -> bool:
    """Return whether a span reaches out of others."""
    return any(one.stop - one.start > PAST_NS for one in gaps(span, held))


def _holds_orbits(path: Path) -> bool:
    """Return whether a kernel may hold orbits: an SPK, or a text that names others."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(8)
        if head in (b"DAF/SPK ", b"NAIF/DAF"):
            return True
        return not head.startswith((b"DAF/", b"DAS/")) and b"KERNELS_TO_LOAD" in head + file.read()
    return False


def _spans_of(path: Path, craft: Spacecraft) -> tuple[Interval, ...] | None:
    """Return from when to when a kernel of ours holds a spacecraft, None where there is none, or it is damaged."""
    try:
        found = read_daf(path.read_bytes(), str(path)).segments
    except (OSError, DataError, AelitaError):
        return None
    if any(one.integers[0] != craft.naif_id for one in found):
        return None
    spans = [(int(tai_ns_from_et(a)), int(tai_ns_from_et(b))) for a, b in (one.doubles for one in found)]
    return joined(Interval(max(a, FIRST), min(b, LAST)) for a, b in spans if a < b)


def _write(path: Path, octets: bytes) -> None:
    """Write a kernel whole, or not at all; another process may be doing the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with new.open("xb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
