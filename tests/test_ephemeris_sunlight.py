"""Eclipses, beta angle, ground track, terminator, conjunctions and the sky of Mars against SPICE's own routines and published days."""

from collections.abc import Iterator

import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray

from aelita.ephemeris import (
    Interval,
    MarsSite,
    Site,
    Target,
    beta_angle_deg,
    conjunctions,
    eclipses,
    furnish,
    ground_track,
    light_times,
    release,
    seen_from_mars,
    state,
    subsolar_points,
    sun_angle_deg,
    sun_angles,
    sun_disc,
    terminator,
)
from aelita.errors import TimeError, UsageError
from aelita.time import DAY, NO_TIME, SECOND, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc
from shared import shared

MALARGUE = Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
CRAFT = -999_143
MARS_FLATTENING = 1 - 3376.20 / 3396.19


def utc(text: str) -> int:
    return int(tai_ns_from_utc(text))


def ets(epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(et_from_tai_ns(epochs))


@pytest.fixture(scope="module")
def orbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Furnish three days of an orbit of two bodies like TGO's, and the constants of bodies."""
    constants = str(shared("data/nav/spice/generic/pck00010.tpc"))
    light_times("EARTH", "MARS", np.array([utc("2020-01-01")]))  # so that the planets are loaded before
    furnish(constants)
    spiceypy.pdpool("BODY10_RADII", [695_700.0] * 3)  # as in pck00011, for this one has 696,000 km
    first = float(et_from_tai_ns(utc("2019-11-12")))
    last = first + 3 * 86400
    path = str(tmp_path_factory.mktemp("orbit") / "two-bodies.bsp")
    handle = spiceypy.spkopn(path, "two bodies", 0)
    start = spiceypy.conics([3770.0, 0.006, np.radians(73.6), 1.0, 2.0, 0.3, first, 42828.37], first)
    spiceypy.spkw05(handle, CRAFT, 499, "J2000", first, last, "orbit", 42828.37, 1, [start], [first])
    spiceypy.spkcls(handle)
    furnish(path)
    yield int(tai_ns_from_et(first)), int(tai_ns_from_et(last))
    release(path, constants)
    spiceypy.dvpool("BODY10_RADII")


def by_spice(kind: str, first: int, last: int) -> list[tuple[int, int]]:
    within, found = spiceypy.cell_double(2), spiceypy.cell_double(2000)
    spiceypy.wninsd(float(ets(np.array([first]))[0]), float(ets(np.array([last]))[0]), within)
    spiceypy.gfoclt(kind, "MARS", "ELLIPSOID", "IAU_MARS", "SUN", "ELLIPSOID", "IAU_SUN", "CN", str(CRAFT), 60.0, within, found)
    rows = [spiceypy.wnfetd(found, n) for n in range(spiceypy.wncard(found))]
    return [(int(tai_ns_from_et(a)), int(tai_ns_from_et(b))) for a, b in rows]


@pytest.mark.parametrize(("kind", "theirs"), [("umbra", "FULL"), ("penumbra", "ANY")])
def test_eclipses_are_those_that_spice_finds(orbit: tuple[int, int], kind: str, theirs: str) -> None:
    first, last = orbit[0] + 2000 * SECOND, orbit[1] - 2000 * SECOND
    ours = eclipses(str(CRAFT), first, last, kind="umbra" if kind == "umbra" else "penumbra")
    spice = by_spice(theirs, first, last)
    assert len(ours) == len(spice) > 20
    off_ms = np.array([(a.start - b[0], a.stop - b[1]) for a, b in zip(ours, spice, strict=True)]) / 1e6
    print(f"{len(ours)} of {kind}, {ours[1].length_s:.1f} s: edges up to {np.abs(off_ms).max():.1f} ms off SPICE's")
    assert np.abs(off_ms).max() < 1.5


def test_the_sun_fades_between_penumbra_and_umbra(orbit: tuple[int, int]) -> None:
    first, last = orbit[0], orbit[0] + 4 * 7200 * SECOND
    dark = eclipses(str(CRAFT), first, last)
    shade = eclipses(str(CRAFT), first, last, kind="penumbra")
    inside = [one for one in shade if any(one.start < d.start and d.stop < one.stop for d in dark)]
    assert len(inside) >= 3
    one, core = inside[1], next(d for d in dark if inside[1].start < d.start < inside[1].stop)
    at = np.array([one.start - SECOND, one.start, (one.start + core.start) // 2, core.start, core.stop, one.stop + SECOND])
    seen = sun_disc(str(CRAFT), at).visible
    assert seen[0] == 1 and seen[1] == pytest.approx(1, abs=1e-4) and seen[3] < 1e-4 and seen[4] < 1e-4 and seen[5] == 1
    assert 0.3 < seen[2] < 0.7  # half of the disc in the middle, nearly
    fade = sun_disc(str(CRAFT), np.linspace(one.start, core.start, 40).astype(np.int64)).visible
    assert np.all(np.diff(fade) < 0)


def test_beta_angles_are_asked_of_the_plane(orbit: tuple[int, int]) -> None:
    at = np.arange(orbit[0] + SECOND, orbit[1], 3600 * SECOND)
    ours = beta_angle_deg(str(CRAFT), at)
    theirs = []
    for et in ets(at):
        s = spiceypy.spkezr(str(CRAFT), et, "J2000", "NONE", "MARS")[0]
        sun = spiceypy.spkpos("SUN", et, "J2000", "LT", "MARS")[0]
        theirs.append(90 - np.degrees(spiceypy.vsep(np.cross(s[:3], s[3:]), sun)))
    assert np.abs(ours - theirs).max() < 1e-6
    height_km = 3770 - 3396.19
    print(f"beta {ours.min():.3f} to {ours.max():.3f} deg at {height_km:.0f} km")
    assert np.ptp(ours) < 3


def test_ground_track_is_that_of_spice(orbit: tuple[int, int]) -> None:
    at = np.arange(orbit[0] + SECOND, orbit[1], 977 * SECOND)
    track = ground_track(str(CRAFT), at, model="IAU_MARS")
    place = np.array([spiceypy.spkpos(str(CRAFT), et, "IAU_MARS", "NONE", "MARS")[0] for et in ets(at)])
    theirs = np.array([spiceypy.recgeo(row, 3396.19, MARS_FLATTENING) for row in place])
    turn = (track.longitude_east_deg - np.degrees(theirs[:, 0]) + 180) % 360 - 180
    assert np.abs(turn).max() < 1e-9 and np.abs(track.latitude_deg - np.degrees(theirs[:, 1])).max() < 1e-9
    assert np.abs(track.height_km - theirs[:, 2]).max() < 1e-6
    assert np.abs(track.latitude_deg).max() < 74 and track.height_km.min() > 300


def test_the_sun_is_on_the_horizon_of_the_terminator(orbit: tuple[int, int]) -> None:
    at = utc("2019-11-13T05:00")
    et = float(ets(np.array([at]))[0])
    sub = spiceypy.subslr("NEAR POINT/ELLIPSOID", "MARS", et, "IAU_MARS", "LT", "EARTH")
    ours = subsolar_points(np.array([int(tai_ns_from_et(sub[1]))]), model="IAU_MARS")
    _, lon, lat = spiceypy.reclat(sub[0])
    assert ours.longitude_east_deg[0] == pytest.approx(np.degrees(lon) % 360, abs=0.01)
    # the normal at SPICE's point is towards the Sun; ours is its direction
    assert ours.latitude_deg[0] == pytest.approx(np.degrees(np.arctan(np.tan(lat) / (1 - MARS_FLATTENING) ** 2)), abs=0.01)
    line = terminator(at, 72, model="IAU_MARS")
    sun = spiceypy.spkpos("SUN", et, "IAU_MARS", "LT", "MARS")[0]
    for lat_deg, lon_deg in zip(line.latitude_deg, line.longitude_east_deg, strict=True):
        ground = spiceypy.georec(np.radians(lon_deg), np.radians(lat_deg), 0.0, 3396.19, MARS_FLATTENING)
        normal = spiceypy.surfnm(3396.19, 3396.19, 3376.20, ground)
        assert spiceypy.vsep(normal, sun) == pytest.approx(np.pi / 2, abs=2e-5)  # the point is not at the centre of Mars
    assert np.ptp(line.latitude_deg) > 120


def test_the_sky_of_mars_is_that_of_spice(orbit: tuple[int, int]) -> None:
    site = MarsSite("Oxia Planum", 18.20, 335.45, -3.0)
    at = np.arange(orbit[0] + SECOND, orbit[1], 607 * SECOND)
    ours = seen_from_mars(site, str(CRAFT), at, model="IAU_MARS")
    theirs = np.array([
        spiceypy.azlcpo("ELLIPSOID", str(CRAFT), et, "NONE", False, True, list(site.fixed_km), "MARS", "IAU_MARS")[0][:3]
        for et in ets(at)
    ])  # fmt: skip
    assert np.abs(ours.range_km - theirs[:, 0]).max() < 1e-6
    assert np.abs(ours.elevation_deg - np.degrees(theirs[:, 2])).max() < 1e-8
    assert np.abs((ours.azimuth_deg - np.degrees(theirs[:, 1]) + 180) % 360 - 180).max() < 1e-7
    assert ours.elevation_deg.max() > 20 and ours.elevation_deg.min() < -60


def test_sun_angles_make_a_triangle() -> None:
    at = utc("2018-01-01") + np.arange(300) * 9 * DAY
    angles = sun_angles("EARTH", "MARS", at)
    assert np.abs(angles.at_observer_deg - sun_angle_deg("EARTH", "MARS", at)).max() < 1e-12
    sun, mars = (state(body, "EARTH", at)[:, :3] for body in ("SUN", "MARS"))
    third = np.degrees([spiceypy.vsep(-a, b - a) for a, b in zip(sun, mars, strict=True)])
    assert np.abs(angles.at_observer_deg + angles.at_target_deg + third - 180).max() < 0.02  # light times apart
    assert angles.at_target_deg.max() < 48  # what phase Mars can show


@pytest.mark.parametrize(
    ("day", "least_deg"), [("2017-07-27", 1.12), ("2019-09-02", 1.08), ("2021-10-08", 0.65), ("2023-11-18", 0.13)]
)
def test_conjunctions_of_mars_are_on_their_days(day: str, least_deg: float) -> None:
    found = conjunctions("EARTH", "MARS", utc(day) - 200 * DAY, utc(day) + 200 * DAY)
    assert len(found) == 1
    (one,) = found
    print(
        f"{day}: {one.least_deg:.3f} deg, {(one.nearest - utc(day)) / DAY:+.2f} d, {(one.stop - one.start) / DAY:.1f} d within 3 deg"
    )
    assert abs(one.nearest - utc(day) - DAY // 2) < 1.2 * DAY and one.superior
    assert one.least_deg == pytest.approx(least_deg, abs=0.1)
    edges = np.array([one.start - 2_000_000, one.start, one.stop, one.stop + 2_000_000])
    assert (sun_angles("EARTH", "MARS", edges).at_observer_deg < 3).tolist() == [False, True, True, False]
    around = np.array([one.nearest - 600 * SECOND, one.nearest, one.nearest + 600 * SECOND])
    assert np.argmin(sun_angles("EARTH", "MARS", around).at_observer_deg) == 1


def test_inferior_conjunctions_are_told_apart() -> None:
    """Venus passed before the Sun's disc on 2012-06-06, nearest at 01:29:36 UTC (554.4 arc seconds), and behind it in 2013."""
    start, stop = utc("2012-01-01"), utc("2013-12-31")
    both = conjunctions("EARTH", "VENUS", start, stop, within_deg=2.0, superior=None)
    assert [one.superior for one in both] == [False, True]
    assert both[:1] == conjunctions("EARTH", "VENUS", start, stop, within_deg=2.0, superior=False)
    assert both[0].least_deg * 3600 == pytest.approx(554.4, abs=1.0)
    assert abs(both[0].nearest - utc("2012-06-06T01:29:36")) < 90 * SECOND


def test_what_is_not_known_is_said(orbit: tuple[int, int]) -> None:
    with pytest.raises(TimeError, match=r"-999143 between 2030"):
        sun_disc(str(CRAFT), np.array([utc("2030-01-01")]))
    with pytest.raises(UsageError, match="twilight"):
        eclipses(str(CRAFT), *orbit, kind="twilight")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="RADII"):
        sun_disc(str(CRAFT), np.array([orbit[0] + SECOND]), behind="4")
    assert np.isnan(sun_disc(str(CRAFT), np.array([NO_TIME])).visible).all()
    assert np.isnan(beta_angle_deg(str(CRAFT), np.array([NO_TIME]))).all()
    assert np.isnan(sun_angles(MALARGUE, Target("MARS"), np.array([NO_TIME])).at_target_deg).all()
    assert eclipses(str(CRAFT), orbit[0], orbit[0]) == () == conjunctions("EARTH", "MARS", 0, 0)
    assert isinstance(eclipses(str(CRAFT), orbit[0], orbit[1])[0], Interval)
