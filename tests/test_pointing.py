"""Where antennas point: against SPICE's own azimuths, elevations, ranges and rates, and the published passes of Mars Express."""

import csv
from collections.abc import Iterator

import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray

from aelita.ephemeris import (
    Course,
    Horizon,
    Site,
    course_hidden,
    furnish,
    kernel_courses,
    point_ahead_deg,
    pointing,
    pointing_passes,
    release,
)
from aelita.errors import UsageError
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc
from determination_material import CEBREROS, MALARGUE, NEW_NORCIA, ORIGIN, dsn
from shared import shared

ARC = "data/nav/spice/em16/spk/em16_tgo_fsp_116_01_20191111_20200425_v02.bsp"
TABLE = "data/nav/spice/tgo_state_tables/em16_tgo_fsp_116_01_20191111_20200425_v02.csv"


@pytest.fixture(scope="module")
def tgo() -> Iterator[Course]:
    """The Trace Gas Orbiter on the first arc that an excerpt of ESOC's orbit holds."""
    path = str(shared(ARC))
    with shared(TABLE).open() as file:
        first = tai_ns_from_utc(next(csv.DictReader(file))["utc"])
    furnish(path)
    yield kernel_courses("-143", "MARS", first - DAY, first + DAY)[0]
    release(path)


def mars() -> Course:
    (course,) = kernel_courses("MARS", "MARS", ORIGIN, ORIGIN + DAY)
    return course


def by_spice(site: Site, body: str, at: NDArray[np.int64], *, up: bool) -> NDArray[np.float64]:
    """Range, azimuth, elevation and their rates (km, deg, s) by SPICE's `azlcpo`."""
    rows = []
    for epoch in at:
        spot = site.earth_fixed_km(np.array([epoch]))[0]
        et = float(et_from_tai_ns(int(epoch)))
        rows.append(spiceypy.azlcpo("ELLIPSOID", body, et, "XCN+S" if up else "CN+S", False, True, spot, "EARTH", "ITRF93")[0])
    return np.asarray(rows) * np.array([1.0, *[180 / np.pi] * 2, 1.0, *[180 / np.pi] * 2])


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("site", [MALARGUE, NEW_NORCIA, CEBREROS])
def test_directions_ranges_and_rates_are_those_of_spice(site: Site, up: bool, tgo: Course) -> None:
    first = (
        tgo.start + (10 if up else 1500) * SECOND
    )  # SPICE's routines need the orbit at both ends of the light and at its own time
    at = first + np.linspace(0, 2600 * SECOND, 7).astype(np.int64)
    for body, course in (("-143", tgo), ("MARS", mars())):
        mine, theirs = pointing(site, course, at, outgoing=up), by_spice(site, body, at, up=up)
        assert mine.known.all()
        off = np.abs(np.column_stack([
            mine.range_km, mine.azimuth_deg, mine.elevation_deg, mine.range_rate_km_s, mine.azimuth_rate_deg_s,
            mine.elevation_rate_deg_s,
        ]) - theirs).max(axis=0)  # fmt: skip
        print(f"{site.name} {body} {'up' if up else 'down'}: km, deg, deg, km/s, deg/s, deg/s off by {off}")
        # SPICE's light is not delayed by the Sun: some 100 us, in which Mars comes 0.3 m nearer and TGO's speed changes by 0.1 mm/s
        assert np.all(off < [4e-4, 2e-7, 2e-7, 2e-7 if body == "-143" else 3e-9, 1e-10, 1e-10])


def test_right_ascension_declination_and_point_ahead_are_those_of_spice(tgo: Course) -> None:
    at = tgo.start + 1500 * SECOND + np.arange(5) * 60 * SECOND
    down, up = (pointing(MALARGUE, mars(), at, outgoing=out) for out in (False, True))
    apart = []
    for row, epoch in enumerate(at):
        et, spot = float(et_from_tai_ns(int(epoch))), MALARGUE.earth_fixed_km(np.array([epoch]))[0]
        vectors = []
        for way, mine in (("CN+S", down), ("XCN+S", up)):
            seen = spiceypy.spkcpo("MARS", et, "J2000", "OBSERVER", way, spot, "EARTH", "ITRF93")[0][:3]
            _, ra, dec = spiceypy.recrad(seen)
            off = np.degrees([ra, dec]) - [mine.right_ascension_deg[row], mine.declination_deg[row]]
            assert np.abs(off).max() < 1e-9
            vectors.append(seen)
        apart.append(np.degrees(spiceypy.vsep(*vectors)))
    ahead = point_ahead_deg(down, up)
    assert ahead == pytest.approx(apart, abs=1e-9)
    assert 0.001 < ahead.max() < 0.02  # twice the speed of the one across the sight of the other over that of light


@pytest.mark.parametrize(
    ("station", "instant", "elevation_deg"),
    [
        (0, "2013-12-29T03:44:05", 9.99), (63, "2013-12-29T01:30:00", 10.40), (63, "2013-12-29T11:25:00", 10.22),
        (14, "2013-12-29T08:55:00", 10.39), (14, "2013-12-29T19:00:00", 10.14), (0, "2013-12-29T17:06:02", 10.06),
    ],
)  # fmt: skip
def test_published_passes_of_mars_express_begin_and_end_at_the_mask(station: int, instant: str, elevation_deg: float) -> None:
    site, at = dsn(station) if station else NEW_NORCIA, tai_ns_from_utc(instant)
    found = pointing(site, mars(), np.array([at]))
    assert found.elevation_deg[0] == pytest.approx(elevation_deg, abs=0.05)
    passes = pointing_passes(site, mars(), at - DAY // 2, at + DAY // 2, horizon=Horizon(elevation_deg))
    nearest = min(abs(edge - at) for one in passes for edge in (one.start, one.stop))
    print(f"{site.name}: {found.elevation_deg[0]:.3f} deg, {nearest / SECOND:.0f} s from where it crosses {elevation_deg} deg")
    assert nearest < 20 * SECOND  # the elevation changes by 0.004 deg a second at most: the published figure has two decimals


def test_passes_are_cut_where_the_orbit_ends_and_mars_hides_it(tgo: Course) -> None:
    passes = [
        (site, one)
        for site in (MALARGUE, NEW_NORCIA, CEBREROS)
        for one in pointing_passes(site, tgo, tgo.start, tgo.stop + DAY // 8, horizon=Horizon(10.0))
    ]
    assert passes
    for site, one in passes:
        ends = pointing(site, tgo, np.array([one.start, one.stop]))
        assert ends.known.all() and np.all((ends.there_tai_ns >= tgo.start) & (ends.there_tai_ns <= tgo.stop))
        before, after = pointing(site, tgo, np.array([one.start - 2_000_000, one.stop + 2_000_000])).known
        low = ends.elevation_deg < 10.001
        assert (not before or low[0]) and (not after or low[1])
    site, one = passes[0]
    at = np.arange(tgo.start + 1500 * SECOND, tgo.stop, 20 * SECOND)  # SPICE needs the orbit at its own time too
    at = at[(at >= one.start) & (at <= one.stop)]
    hidden = course_hidden(site, tgo, at)
    theirs = []
    for epoch in at:
        et = float(et_from_tai_ns(int(epoch)))
        code = spiceypy.occult("MARS", "ELLIPSOID", "IAU_MARS", "-143", "POINT", " ", "CN", "EARTH", et)
        theirs.append(code > 0)
    differ = np.flatnonzero(hidden != np.array(theirs))
    print(f"hidden in {hidden.mean():.0%} of {at.size} instants; {differ.size} differ from those of the Earth's centre")
    assert 0 < hidden.mean() < 1 and differ.size <= 2  # SPICE looks from the centre of the Earth


def test_what_no_kernel_holds_has_no_course() -> None:
    assert kernel_courses("-998", "MARS", ORIGIN, ORIGIN + DAY) == ()
    with pytest.raises(UsageError, match="no body"):
        kernel_courses("NIBIRU", "MARS", ORIGIN, ORIGIN + DAY)


def test_passes_after_2116_are_as_long_as_today() -> None:
    start = tai_ns_from_utc("2250-01-01")  # twice as many nanoseconds do not fit into 64 bits
    found = pointing_passes(MALARGUE, mars(), start, start + 2 * DAY, horizon=Horizon(10.0))
    assert [round(one.length_s / 3600) for one in found] == [1, 12, 11]  # cut at the start and the end
