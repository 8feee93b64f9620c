"""Where the antenna of a station points over the passes of a spacecraft, as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...agencies import Station
from ...environment import Refraction, refraction
from ...ephemeris import Course, Interval, Site, body_number, course_hidden, point_ahead_deg, pointing, pointing_passes
from ...errors import UsageError
from ...time import DAY, SECOND
from ..navigation.sky import Sky
from ..navigation.tables import utc_column
from ..places import horizon_of, site_of
from ..whereabouts import KnownCourses, known_courses

Epochs = NDArray[np.int64]
MOST_DAYS, MOST_ROWS = 400.0, 250_000
SEARCH_S = 180.0  # passes that last longer are found for sure, shorter ones by their summit
EDGE_NS = 1_000_000  # as good as edges are: they are told in whole milliseconds, inside
SHORTEST_STEP_S, LONGEST_STEP_S = 0.1, 3600.0
EQUATOR_KM, FLATTENING = 6378.137, 1 / 298.257223563  # WGS 84: only for the air above a station
HIDING = ("MARS",)  # bodies with a shape that hide a spacecraft which moves about them


@dataclass(frozen=True, slots=True)
class AskedPasses:
    """Passes that predictions are asked for: of a spacecraft over a station, between two instants (TAI nanoseconds) there.

    Rows are `step_s` apart and at the edges of each pass. With `uplink` instants are of emission. `orbit` names a file that holds
    the orbit; otherwise kernels tell, and orbits that were published.
    """

    spacecraft: str
    station: str
    start: int
    stop: int
    step_s: float = 10.0
    uplink: bool = False
    orbit: Path | None = None
    most_rows: int = MOST_ROWS

    def __post_init__(self) -> None:
        days = (self.stop - self.start) / DAY
        if not 0 < days <= MOST_DAYS:
            raise UsageError(
                f"predictions for {days:,.1f} days at once", remedy=f"Ask for {MOST_DAYS:g} days at most, piece by piece"
            )
        if not SHORTEST_STEP_S <= self.step_s <= LONGEST_STEP_S:
            raise UsageError(f"a step of {self.step_s:g} s", remedy=f"Choose {SHORTEST_STEP_S:g} to {LONGEST_STEP_S:g} s")


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """The passes that were found: where, of whom, when and along which course; and what is to be remarked."""

    asked: AskedPasses
    station: Station
    site: Site
    known: KnownCourses
    spans: tuple[tuple[Course, Interval], ...]
    remark: str

    def epochs(self) -> Iterator[tuple[int, Course, Epochs]]:
        """Yield the number of each pass from 1, its course, and its instants: steps from the start asked for, and its edges."""
        step, origin = round(self.asked.step_s * SECOND), self.asked.start
        for number, (course, one) in enumerate(self.spans, 1):
            first = origin - (origin - one.start) // step * step
            yield number, course, np.unique(np.concatenate([[one.start], np.arange(first, one.stop, step), [one.stop]]))

    def hidden(self, course: Course, at: Epochs, *, outgoing: bool, site: Site | None = None) -> NDArray[np.bool_]:
        """Return whether the body about which the spacecraft moves hides it."""
        if course.centre not in HIDING:
            return np.zeros(at.size, np.bool_)
        return course_hidden(site or self.site, course, at, behind=course.centre, outgoing=outgoing)


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPointing:
    """Pointing over passes: `table` by instants, `summary` a row for each pass, `air` what refraction was reckoned with."""

    passes: Passes
    table: pl.DataFrame
    summary: pl.DataFrame
    air: Refraction


def find_passes(sky: Sky, asked: AskedPasses) -> Passes:
    """Return the passes over a station's horizon, cut where the orbit ends.

    Raises UsageError for an unknown station, the Earth, or more rows than the bound; TimeError where no orbit is known.
    """
    (station,) = sky.stations([asked.station])
    target, site = sky.target(asked.spacecraft), site_of(station)
    if target.body.upper() in ("EARTH", "399") or _is_body(target.body, "EARTH"):
        raise UsageError("the Earth, on which stations stand, has no passes over them", remedy="Name another body")
    source = _source(sky, asked)
    known = known_courses(target, asked.spacecraft, asked.start, asked.stop, orbit=asked.orbit, source=source)
    horizon = horizon_of(station)
    spans = [
        (course, Interval(-(-one.start // EDGE_NS) * EDGE_NS, one.stop // EDGE_NS * EDGE_NS))
        for course in known.courses
        for one in pointing_passes(site, course, asked.start, asked.stop, horizon=horizon, outgoing=asked.uplink, step_s=SEARCH_S)
        if one.stop - one.start > 2 * EDGE_NS
    ]
    spans.sort(key=lambda pair: pair[1].start)
    rows = sum(one.length_s / asked.step_s + 2 for _, one in spans)
    if rows > asked.most_rows:
        raise UsageError(
            f"a step of {asked.step_s:g} s makes {rows:,.0f} rows of {len(spans)} passes",
            remedy=f"{asked.most_rows:,} are the most at once: choose a longer step, or a shorter span",
        )
    return Passes(asked, station, site, known, tuple(spans), known.remark(asked.start, asked.stop))


def predict_pointing(sky: Sky, asked: AskedPasses, *, air: Refraction | None = None) -> PredictedPointing:
    """Return the pointing of a station's antenna over the passes of a spacecraft; refraction by usual weather if none is given.

    Azimuths are from north over east, elevations geometric (light time and aberration in them) and as they appear through the
    air; errors as for `pointing`. Errors of what is asked are those of `find_passes`.
    """
    found = find_passes(sky, asked)
    air = air or air_over(found.station)
    parts = [_rows(found, number, course, at, air) for number, course, at in found.epochs()]
    table = pl.concat(parts) if parts else _rows(found, 0, *_nowhere(), air)
    return PredictedPointing(found, table, summary_of(found, table), air)


def summary_of(found: Passes, table: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each pass: from when to when, how long, and how high."""
    tops = {int(number): float(top) for number, top in table.group_by("pass").agg(pl.col("elevation_deg").max()).iter_rows()}
    spans = [one for _, one in found.spans]
    return pl.DataFrame(
        {
            "pass": pl.Series(range(1, len(spans) + 1), dtype=pl.Int32),
            "spacecraft": pl.Series([found.asked.spacecraft] * len(spans), dtype=pl.String),
            "station": pl.Series([found.station.key] * len(spans), dtype=pl.String),
            "start": utc_column([one.start for one in spans]),
            "stop": utc_column([one.stop for one in spans]),
            "duration_s": pl.Series([one.length_s for one in spans], dtype=pl.Float64),
            "max_elevation_deg": pl.Series([tops.get(at + 1) for at in range(len(spans))], dtype=pl.Float64),
        }
    )


def air_over(
    station: Station, *, pressure_hpa: float | None = None, temperature_k: float = 288.0, humidity: float = 0.5
) -> Refraction:
    """Return the refraction over a station, by weather there as for `refraction`."""
    height = height_km(site_of(station))
    return refraction(height, pressure_hpa=pressure_hpa, temperature_k=temperature_k, humidity=humidity)


def height_km(site: Site) -> float:
    """Return the height of a site over the ellipsoid, to some tens of metres; what no station stands on is cut."""
    up = site.axes()[2]
    level = EQUATOR_KM * (1.0 - FLATTENING * up[2] ** 2)
    return float(min(max(np.linalg.norm(site.position_km) - level, 0.0), 8.0))


def _rows(found: Passes, number: int, course: Course, at: Epochs, air: Refraction) -> pl.DataFrame:
    up, down = (pointing(found.site, course, at, outgoing=out) for out in (True, False))
    look = up if found.asked.uplink else down
    raised, rate = air.raised_deg(look.elevation_deg), air.rate(look.elevation_deg)
    return pl.DataFrame(
        {
            "pass": pl.Series(np.full(at.size, number), dtype=pl.Int32),
            "utc": utc_column(at.tolist()),
            "azimuth_deg": look.azimuth_deg,
            "elevation_deg": look.elevation_deg,
            "refracted_elevation_deg": look.elevation_deg + raised,
            "azimuth_rate_deg_s": look.azimuth_rate_deg_s,
            "elevation_rate_deg_s": look.elevation_rate_deg_s,
            "refracted_elevation_rate_deg_s": look.elevation_rate_deg_s * rate,
            "range_km": look.range_km,
            "range_rate_km_s": look.range_rate_km_s,
            "light_s": look.light_s,
            "right_ascension_deg": look.right_ascension_deg,
            "declination_deg": look.declination_deg,
            "point_ahead_deg": point_ahead_deg(down, up),
            "hidden": found.hidden(course, at, outgoing=found.asked.uplink),
        }
    )


def _nowhere() -> tuple[Course, Epochs]:
    return Course("", "SUN", 0, 1, lambda at: np.zeros((at.size, 6))), np.zeros(0, np.int64)


def _source(sky: Sky, asked: AskedPasses) -> str:
    """Return from what an orbit is known that no file tells: kernels, or ids of products."""
    seen = () if sky.orbits is None else sky.orbits.sources(asked.spacecraft, asked.start, asked.stop)
    return ", ".join(dict.fromkeys(one.source for one in seen)) or "kernels"


def _is_body(name: str, other: str) -> bool:
    try:
        return body_number(name) == body_number(other)
    except UsageError:  # a spacecraft that no kernel names
        return False
