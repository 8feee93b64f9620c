"""All contacts of many sites with many targets: what sites have in common is computed once, over some weeks at a time."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..errors import UsageError
from ..time import DAY, SECOND, et_from_tai_ns, tai_ns_from_et
from .coverage import covered, require_coverage
from .finding import Interval, edges_between, from_samples, gaps, joined, with_extremes
from .light import LIGHT_KM_S, light_times
from .links import light_times_down
from .load import earth_spans, kernels
from .occultation import shape_of
from .sights import BODY_WIDTH, WIDTH, Scene, depths, looks, share, share_behind
from .sites import EARTH, Epochs, Reals, Site, Target, body_number, earth_rotation, positions_km
from .tracks import Track, track
from .windows import Horizon

CHUNK_NS = 64 * DAY
BODY_TOLERANCE_KM, TURN_TOLERANCE = 1e-4, 2e-10
NEAR_EDGE_NS = 50_000_000  # a site may see the edge of a kernel 21 ms before or after the centre of the Earth does
REACH_NS = DAY // 4  # farther than light comes from Neptune
TOUCH_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Contact:
    """When a target stands above the horizon of a site: TAI nanoseconds at the site, its greatest elevation (deg) and hindrances.

    `occultations` are the times, at the site, at which a body hides the target; `known` is false where no kernel holds the target
    itself and another body stands in for it: then nobody can tell when it is hidden.
    """

    site: str
    target: str
    start: int
    stop: int
    max_elevation_deg: float
    occultations: tuple[Interval, ...]
    known: bool

    @property
    def visible(self) -> tuple[Interval, ...]:
        """What is left of the contact outside of occultations."""
        return gaps(Interval(self.start, self.stop), self.occultations)


def contacts(
    sites: Iterable[Site], targets: Iterable[Target | str], start: int, stop: int, *,
    horizons: Horizon | Mapping[str, Horizon] | None = None, behind: str = "MARS", outgoing: bool = False, step_s: float = 60.0,
) -> tuple[Contact, ...]:  # fmt: skip
    """Return the contacts of all sites with all targets between two instants at the sites (TAI nanoseconds), by start.

    Epochs are of reception, or with `outgoing` of emission; `horizons` is one for all or by name of the site (10 degrees
    else); `behind` names the body that may hide targets, "" none. All contacts, occultations and gaps longer than a step
    are found, edges are within 1 ms of those of `visibility` and `occultations` (`test_ephemeris_contacts.py`). Contacts are cut
    at `start` and `stop`, and divided where kernels begin or cease to hold the target. Memory is bounded by 64 days of steps.

    Raises UsageError for two sites of one name, a horizon of no site, a target given twice or the Earth; TimeError where kernels
    hold neither a target nor what stands in for it.
    """
    places, craft = _named(sites), _unlike(targets)
    if isinstance(horizons, Mapping) and (strange := set(horizons) - set(places)):
        raise UsageError(f"there are horizons of no site: {', '.join(sorted(strange))}", remedy=f"Sites are {', '.join(places)}")
    if not 0 < step_s <= 3600:
        raise UsageError(f"a step of {step_s:g} s makes no search", remedy="Choose seconds up to an hour: 60 is usual")
    found: list[Contact] = []
    for one in craft:
        for part, known in _parts(one, start, stop, outgoing):
            body = one if known else Target(one.through)
            hiding = behind if known and behind and body_number(behind) != body_number(one.body) else ""
            search = _Search(places, body, hiding, -1.0 if not outgoing else 1.0, step_s, one.body, known)
            found += _joined(row for chunk in _chunks(part) for row in search.contacts(chunk, horizons))
    return tuple(sorted(found, key=lambda one: (one.start, one.site, one.target)))


def _named(sites: Iterable[Site]) -> dict[str, Site]:
    """Return sites by name. Raises UsageError for two of one name."""
    places: dict[str, Site] = {}
    for site in sites:
        if site.name in places:
            raise UsageError(f"two sites are named {site.name!r}", remedy="Stations are known by name: give each its own")
        places[site.name] = site
    return places


def _unlike(targets: Iterable[Target | str]) -> tuple[Target, ...]:
    craft = tuple(Target(one) if isinstance(one, str) else one for one in targets)
    bodies = [one.body for one in craft]
    if len(set(bodies)) < len(bodies):
        raise UsageError(f"a target is given twice among {', '.join(bodies)}", remedy="Give each spacecraft once")
    if EARTH in map(body_number, bodies):
        raise UsageError("the Earth, on which the sites stand, has no contacts with them", remedy="Name another body")
    return craft


def _parts(target: Target, start: int, stop: int, outgoing: bool) -> list[tuple[Interval, bool]]:
    """Return spans in which kernels hold the target itself, and those in which another body stands in for it."""
    whole = Interval(start, stop)
    if start >= stop:
        return []
    if not target.through:
        return [(whole, True)]
    near_ns = NEAR_EDGE_NS + round(target.within_km / LIGHT_KM_S * SECOND)
    held = []
    for one in covered(target.body, start - REACH_NS, stop + REACH_NS):
        first = _at_earth(target.through, one.start, outgoing) + near_ns
        last = _at_earth(target.through, one.stop, outgoing) - near_ns
        if max(first, start) < min(last, stop):
            held.append(Interval(max(first, start), min(last, stop)))
    return [(one, True) for one in held] + [(one, False) for one in gaps(whole, held)]


def _at_earth(body: str, there: int, outgoing: bool) -> int:
    """Return when light that leaves a body at an instant comes to the Earth, or when light left that comes to the body then."""
    at = np.array([there], np.int64)
    if not outgoing:
        return there + round(float(light_times_down("EARTH", body, at).light_s[0]) * SECOND)
    for _ in range(4):
        light_s = float(light_times("EARTH", body, at, outgoing=True).light_s[0])
        at = np.array([there - round(light_s * SECOND)], np.int64)
    return int(at[0])


def _chunks(part: Interval) -> Iterator[Interval]:
    """Yield a span in pieces, divided where kernels of Earth orientation begin and end too: the rotation jumps there."""
    with kernels():
        ends = np.asarray(earth_spans()).ravel()
    first, last = (float(et_from_tai_ns(one)) for one in (part.start, part.stop))
    jumps = [part.start + int((et - first) * SECOND) for et in ends if first < et < last]
    count = (part.stop - part.start) // CHUNK_NS + 1
    evenly = [part.start + (part.stop - part.start) * n // count for n in range(count)]
    edges = sorted({*evenly, *jumps, part.stop})
    for a, b in pairwise(edges):
        yield Interval(a, b)


def _joined(rows: Iterable[Contact]) -> list[Contact]:
    """Return contacts of one target with those made one that were divided between two pieces of the search."""
    made: dict[str, list[Contact]] = {}
    for one in rows:
        before = made.setdefault(one.site, [])
        if before and one.start - before[-1].stop <= TOUCH_NS:
            last = before.pop()
            hidden = joined(_widened((*last.occultations, *one.occultations), last.stop))
            top = max(last.max_elevation_deg, one.max_elevation_deg)
            one = replace(one, start=last.start, max_elevation_deg=top, occultations=hidden)
        before.append(one)
    return [one for those in made.values() for one in those]


def _widened(those: Sequence[Interval], seam: int) -> Iterator[Interval]:
    """Yield intervals, those that end within a millisecond of the seam made to touch it."""
    for one in those:
        yield Interval(*(seam if abs(edge - seam) <= TOUCH_NS else edge for edge in (one.start, one.stop)))


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for contacts of all sites with one body."""

    places: Mapping[str, Site]
    body: Target
    behind: str
    way: float
    step_s: float
    name: str
    known: bool

    def contacts(self, span: Interval, horizons: Horizon | Mapping[str, Horizon] | None) -> list[Contact]:
        made: list[Contact] = []
        sky = _Sky.over(self, span)
        at = _samples(span, self.step_s)
        rows = sky.shared(at)
        hidden = sky.depth_samples(at, rows)
        for name, site in self.places.items():
            horizon = horizons.get(name, Horizon()) if isinstance(horizons, Mapping) else horizons or Horizon()
            spot, axes = _spot(site, span), site.axes()
            made += self._of(name, sky, at, rows, hidden, spot, axes, horizon)
        return made

    def _of(
        self, name: str, sky: "_Sky", at: Epochs, rows: Reals, hidden: tuple[Reals, Reals] | None, spot: Reals, axes: Reals,
        horizon: Horizon,
    ) -> list[Contact]:  # fmt: skip
        masked = bool(horizon.mask_deg)

        def above(epochs: Epochs) -> Reals:
            elevation, azimuth = sky.look(sky.shared(epochs), spot, axes, masked)
            return elevation - (horizon.at_deg(azimuth) if masked else horizon.least_deg)

        elevation, azimuth = sky.look(rows, spot, axes, masked)
        heights = elevation - (horizon.at_deg(azimuth) if masked else horizon.least_deg)
        # a wall of a mask may be passed in a moment: with one every summit and valley is looked at
        seen = from_samples(above, at, heights, np.inf if masked else _fastest(at, heights))
        if not seen:
            return []
        tops = self._tops(sky, at, elevation, seen, spot, axes)
        behind = self._hidden(sky, at, hidden, seen, spot) if hidden else ()
        inside = _shared_out(seen, behind)
        return [
            Contact(name, self.name, one.start, one.stop, top, dark, self.known)
            for one, top, dark in zip(seen, tops, inside, strict=True)
        ]

    def _tops(self, sky: "_Sky", at: Epochs, elevation: Reals, seen: Sequence[Interval], spot: Reals, axes: Reals) -> list[float]:
        """Return the greatest elevation in each interval: a parabola through three sines of elevation tells where it is."""
        starts = np.array([one.start for one in seen], np.int64)
        stops = np.array([one.stop for one in seen], np.int64)
        first, last = np.searchsorted(at, starts), np.searchsorted(at, stops, "right")
        peaks = [a + int(np.argmax(elevation[a:b])) if b > a else a for a, b in zip(first, last, strict=True)]
        peak = np.clip(np.array(peaks, np.int64), 1, at.size - 2)
        before, there, after = (np.sin(np.radians(elevation[peak + n])) for n in (-1, 0, 1))
        bend = before - 2.0 * there + after
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = np.clip(np.where(bend < 0, (before - after) / (2.0 * bend), 0.0), -1.0, 1.0)
        step = (at[peak + 1] - at[peak - 1]) / 2
        summit = np.clip(at[peak] + np.rint(shift * step).astype(np.int64), starts, stops)
        tried = np.concatenate([summit, starts, stops])
        tops: list[float] = sky.look(sky.shared(tried), spot, axes, False)[0].reshape(3, -1).max(axis=0).tolist()
        return tops

    def _hidden(
        self, sky: "_Sky", at: Epochs, hidden: tuple[Reals, Reals], seen: Sequence[Interval], spot: Reals
    ) -> tuple[Interval, ...]:
        """Return when the body hides the target from a site, exact within what is seen.

        Samples of the Earth's centre serve where a site cannot differ from it in sign.
        """
        depth, margin = hidden
        near = np.flatnonzero(np.abs(depth) <= margin)
        if near.size:
            depth = depth.copy()
            depth[near] = sky.depth(at[near], spot)
        fastest = _fastest(at, depth)

        def at_site(epochs: Epochs) -> Reals:
            return sky.depth(epochs, spot)

        at, depth = with_extremes(at_site, at, depth, fastest)
        change = np.flatnonzero((depth[:-1] > 0) != (depth[1:] > 0))
        edges = at[change].copy()  # rough where the target is below the horizon
        following = np.searchsorted([one.stop for one in seen], edges)
        starts = np.array([one.start for one in seen] + [2**63 - 1], np.int64)
        matter = np.flatnonzero(starts[following] <= at[change + 1])
        those = change[matter]
        edges[matter] = edges_between(at_site, at[those], at[those + 1], depth[those], depth[those + 1])
        bounds = ([int(at[0])] if depth[0] > 0 else []) + edges.tolist() + ([int(at[-1])] if depth[-1] > 0 else [])
        return tuple(Interval(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True))


def _fastest(at: Epochs, heights: Reals) -> float:
    """Return twice the greatest change per second between samples: what bounds how near to zero a summit has to be looked at."""
    return 2.0 * float((np.abs(np.diff(heights)) / (np.diff(at) / SECOND)).max())


def _samples(span: Interval, step_s: float) -> Epochs:
    count = max(int(np.ceil((span.stop - span.start) / (step_s * SECOND))), 2) + 1
    return np.unique(span.start + np.linspace(0, span.stop - span.start, count).astype(np.int64))


def _spot(site: Site, span: Interval) -> Reals:
    """Return where a site is in ITRF93, in the middle of a span: it drifts by under 10 mm to its ends."""
    return site.earth_fixed_km(np.array([(span.start + span.stop) // 2], np.int64))[0]


def _shared_out(seen: Sequence[Interval], hidden: Sequence[Interval]) -> list[tuple[Interval, ...]]:
    """Return for each interval what of others, in order, lies in it."""
    starts, stops = ([getattr(one, edge) for one in hidden] for edge in ("start", "stop"))
    rows = []
    for one in seen:
        first, last = bisect_right(stops, one.start), bisect_left(starts, one.stop)
        rows.append(tuple(Interval(max(one.start, x.start), min(one.stop, x.stop)) for x in hidden[first:last]))
    return rows


@dataclass(frozen=True, slots=True)
class _Sky:
    """What all sites share over a span, ready to be evaluated."""

    scene: Scene
    behind: Track | None
    axes: Track | None
    radii: Reals

    @staticmethod
    def over(search: _Search, span: Interval) -> "_Sky":
        outgoing = search.way > 0
        ends = np.array([span.start, span.stop], np.int64)
        light = light_times("EARTH", search.body, ends, outgoing=outgoing, sun_delay=False).light_s
        first, last = (float(et_from_tai_ns(int(one))) for one in ends)
        far = first + search.way * float(light[0]), last + search.way * float(light[1])
        require_coverage(search.body.body, *sorted(int(tai_ns_from_et(et)) for et in far))
        with kernels():
            earth = _need(_body_track(EARTH, first, last), "the Earth")
            turning = _need(
                track(lambda ets: earth_rotation(ets).reshape(-1, 9), first, last, TURN_TOLERANCE), "the turning Earth"
            )
            craft = _need(_body_track(body_number(search.body.body), *far), search.body.body)
            scene = Scene(earth, turning, craft, search.way)
            if not search.behind:
                return _Sky(scene, None, None, np.ones(3))
            its = light_times("EARTH", search.behind, ends, outgoing=outgoing, sun_delay=False).light_s
            near = first + search.way * float(its[0]), last + search.way * float(its[1])
            behind = _need(_body_track(body_number(search.behind), *near), search.behind)
            radii = shape_of(search.behind, np.array([near[0]]))[0]
            axes = track(lambda ets: shape_of(search.behind, ets)[1].reshape(-1, 9), *near, TURN_TOLERANCE)
            return _Sky(scene, behind, _need(axes, f"the axes of {search.behind}"), radii)

    def shared(self, epochs: Epochs) -> Reals:
        rows = np.empty((epochs.size, WIDTH))
        share(self.scene, np.asarray(et_from_tai_ns(epochs), np.float64), rows)
        return rows

    def look(self, rows: Reals, spot: Reals, axes: Reals, with_azimuth: bool) -> tuple[Reals, Reals]:
        elevation, azimuth = np.empty(rows.shape[0]), np.empty(rows.shape[0] if with_azimuth else 0)
        looks(rows, spot, axes, self.scene.way, elevation, azimuth)
        return elevation, azimuth

    def depth_samples(self, epochs: Epochs, rows: Reals) -> tuple[Reals, Reals] | None:
        """Return depths for the centre of the Earth, and by how much those of a site may differ; None if nothing hides."""
        return self._depths(epochs, rows, np.zeros(3)) if self.behind is not None else None

    def depth(self, epochs: Epochs, spot: Reals) -> Reals:
        return self._depths(epochs, self.shared(epochs), spot)[0]

    def _depths(self, epochs: Epochs, rows: Reals, spot: Reals) -> tuple[Reals, Reals]:
        assert self.behind is not None and self.axes is not None
        its, depth, margin = np.empty((epochs.size, BODY_WIDTH)), np.empty(epochs.size), np.empty(epochs.size)
        share_behind(self.scene, self.behind, self.axes, np.asarray(et_from_tai_ns(epochs), np.float64), its)
        depths(rows, its, self.radii, spot, self.scene.way, depth, margin)
        return depth, margin


def _body_track(body: int, first: float, last: float) -> Track | None:
    return track(lambda ets: positions_km(body, ets), first, last, BODY_TOLERANCE_KM)


def _need(made: Track | None, what: str) -> Track:
    if made is None:
        raise UsageError(
            f"the motion of {what} is not known throughout, or not smooth over 50 s",
            remedy="Furnish kernels without gaps, search a span that they hold, or name a body that stands in (`through`)",
        )
    return made
