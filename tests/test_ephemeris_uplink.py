"""Light time by emission, occultation on the way up, the Sun and station masks: against SPICE's own routines and published figures."""

from collections.abc import Iterator

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.ephemeris import (
    Horizon,
    LightLink,
    Site,
    Target,
    elevation_azimuth,
    furnish,
    is_hidden,
    light_times,
    light_times_down,
    occultations,
    occulted,
    release,
    shadow,
    sun_angle_deg,
    uplink_height,
    uplink_windows,
)
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.time import DAY, NO_TIME, SECOND, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc
from shared import shared

AU_LIGHT_S = 149597870.7 / 299792.458
MALARGUE = Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
TGO = Target("-143", through="MARS", within_km=3830)
EPOCHS = tai_ns_from_utc("2018-01-01") + np.arange(120) * (17 * DAY + 5 * 3600 * SECOND)
STATION = 399_999  # a number that no station has: Malargüe, written for SPICE's own searches
KERNEL = "data/nav/spice/em16/spk/em16_tgo_fsp_116_01_20191111_20200425_v02.bsp"


def ets(epochs: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(et_from_tai_ns(epochs))


def utc(text: str) -> int:
    return int(tai_ns_from_utc(text))


@pytest.fixture(scope="module")
def orbit() -> Iterator[tuple[int, int]]:
    """Furnish 70 minutes of the orbit of TGO; first and last epoch."""
    path = str(shared(KERNEL))
    furnish(path)
    cover = spiceypy.spkcov(path, -143)
    yield int(tai_ns_from_et(float(cover[0]))), int(tai_ns_from_et(float(cover[1])))
    release(path)


@pytest.fixture(scope="module")
def days(orbit: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """Furnish six days of an orbit from a real state of TGO as SPICE propagates two bodies, and Malargüe as a body."""
    light_times("EARTH", "MARS", EPOCHS[:1])  # so that the planets are loaded before
    first = float(ets(np.array([orbit[0]]))[0]) + 60
    state = spiceypy.spkgeo(-143, first, "J2000", 499)[0]
    path = tmp_path_factory.mktemp("orbit") / "two-bodies.bsp"
    handle = spiceypy.spkopn(str(path), "two bodies", 0)
    last = first + 6 * 86400
    spiceypy.spkw05(handle, -143, 499, "J2000", first, last, "orbit", 42828.37, 1, [state], [first])
    still = [[*MALARGUE.position_km, 0.0, 0.0, 0.0]] * 2
    spiceypy.spkw08(
        handle, STATION, 399, "ITRF93", first - 86400, last + 86400, "site", 1, 2, still, first - 86400, last - first + 2e5
    )
    spiceypy.spkcls(handle)
    furnish(str(path))
    yield int(tai_ns_from_et(first)), int(tai_ns_from_et(last))
    release(str(path))


def spice_occultations(observer: str, correction: str, first: int, last: int, step_s: float) -> list[tuple[int, int]]:
    within = spiceypy.cell_double(2)
    spiceypy.wninsd(float(ets(np.array([first]))[0]), float(ets(np.array([last]))[0]), within)
    found = spiceypy.cell_double(2000)
    spiceypy.gfoclt("ANY", "MARS", "ELLIPSOID", "IAU_MARS", "-143", "POINT", " ", correction, observer, step_s, within, found)
    rows = [spiceypy.wnfetd(found, n) for n in range(spiceypy.wncard(found))]
    return [(int(tai_ns_from_et(a)), int(tai_ns_from_et(b))) for a, b in rows]


@pytest.mark.parametrize("body", ["MARS", "VENUS", "JUPITER BARYCENTER"])
def test_light_time_up_is_that_of_spice(body: str) -> None:
    """Newtonian as SPICE's `spkcpo` with XCN, and between centres as its `ltime`; the delay by the Sun comes on top."""
    place = list(MALARGUE.position_km)
    ours = light_times(MALARGUE, body, EPOCHS, outgoing=True, sun_delay=False).light_s
    theirs = np.array([spiceypy.spkcpo(body, et, "J2000", "OBSERVER", "XCN", place, "EARTH", "ITRF93")[1] for et in ets(EPOCHS)])
    centres = light_times("EARTH", body, EPOCHS, outgoing=True, sun_delay=False).light_s
    number = spiceypy.bodn2c(body)
    by_ltime = np.array([spiceypy.ltime(et, 399, "->", number)[1] for et in ets(EPOCHS)])
    by_xlt = np.array([spiceypy.spkezr(body, et, "J2000", "XLT", "EARTH")[1] for et in ets(EPOCHS)])
    by_xcn = np.array([spiceypy.spkezr(body, et, "J2000", "XCN", "EARTH")[1] for et in ets(EPOCHS)])
    worst = {name: np.abs(a - b).max() for name, a, b in (
        ("spkcpo XCN", ours, theirs), ("ltime", centres, by_ltime), ("spkezr XCN", centres, by_xcn), ("spkezr XLT", centres, by_xlt),
    )}  # fmt: skip
    delay = light_times(MALARGUE, body, EPOCHS, outgoing=True).light_s - ours
    print(
        f"{body} at {ours.min() / AU_LIGHT_S:.2f} to {ours.max() / AU_LIGHT_S:.2f} au: off "
        + ", ".join(f"{off * 1e9:.2f} ns ({name})" for name, off in worst.items())
        + f"; the Sun adds {delay.min() * 1e6:.1f} to {delay.max() * 1e6:.1f} us"
    )
    assert max(worst["spkcpo XCN"], worst["ltime"], worst["spkezr XCN"]) < 1e-9
    assert worst["spkezr XLT"] < 1e-4  # one round only: SPICE says so itself
    assert delay.min() > 1e-6 and delay.max() < 2e-4


def test_light_time_up_at_the_farthest_of_mars() -> None:
    """In conjunction on 2019-09-02 Mars was 2.675 au away; on 2023-05-24 light took 969.4 s (published)."""
    up = light_times(MALARGUE, "MARS", np.array([utc("2019-08-28T00:00")]), outgoing=True).light_s[0]
    assert up / AU_LIGHT_S == pytest.approx(2.675, abs=0.003)
    assert LightLink("EARTH", "MARS").up_ns(utc("2023-05-24T19:00")) / SECOND == pytest.approx(969.4, abs=0.15)


def test_light_time_down_by_emission_is_that_of_spice(orbit: tuple[int, int]) -> None:
    """SPICE's transmission case with the spacecraft as observer and the station as a fixed place."""
    left = np.arange(orbit[0] + SECOND, orbit[1] - SECOND, 60 * SECOND)
    ours = light_times_down(MALARGUE, "-143", left, sun_delay=False).light_s
    place = list(MALARGUE.position_km)
    theirs = [spiceypy.spkcpt(place, "EARTH", "ITRF93", et, "J2000", "TARGET", "XCN", "-143")[1] for et in ets(left)]
    off_s = np.abs(ours - np.array(theirs)).max()
    print(f"light time down by emission from SPICE's: {off_s * 1e9:.2f} ns")
    assert off_s < 1e-9
    assert 1e-6 < np.abs(light_times_down(MALARGUE, "-143", left).light_s - ours).max() < 2e-4


def test_a_live_link_is_the_exact_one_within_a_microsecond(orbit: tuple[int, int]) -> None:
    link = LightLink(MALARGUE, TGO)
    left = np.arange(orbit[0] + SECOND, orbit[1] - SECOND, 37 * SECOND)
    down = np.array([link.down_ns(int(one)) for one in left])
    assert np.abs(down / SECOND - light_times_down(MALARGUE, TGO, left).light_s).max() < 1e-6
    sent = left - down
    up = np.array([link.up_ns(int(one)) for one in sent])
    assert np.abs(up / SECOND - light_times(MALARGUE, TGO, sent, outgoing=True).light_s).max() < 1e-6
    at = int(sent[3])
    assert link.round_trip_ns(at, 5 * SECOND) == up[3] + 5 * SECOND + link.down_ns(at + int(up[3]) + 5 * SECOND)
    assert link.bound_s(at) == 0.0 and link.bound_s(at + 300 * DAY) == pytest.approx(3830 / 299792.458)


def test_up_and_down_of_one_instant_differ_as_the_earth_moves() -> None:
    """What leaves the station at t is at Mars at t+up; what comes back then takes another time: the Earth went on at 30 km/s."""
    link, at = LightLink(MALARGUE, "MARS"), EPOCHS[7]
    up, down = link.up_ns(int(at)), link.down_ns(int(at) + link.up_ns(int(at)))
    back = light_times(MALARGUE, "MARS", np.array([int(at) + up + down])).light_s[0]
    assert down / SECOND == pytest.approx(back, abs=1e-6) and up != down


@pytest.mark.parametrize("method", ["up_ns", "down_ns"])
def test_no_light_time_of_no_time(method: str) -> None:
    with pytest.raises(TimeError, match="no light time"):
        getattr(LightLink(MALARGUE, "MARS"), method)(NO_TIME)
    assert np.isnan(light_times_down(MALARGUE, "MARS", np.array([NO_TIME])).light_s).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(utc("1990-01-01"), utc("2040-01-01")))
def test_what_is_received_left_when_it_is_said_to(received: int) -> None:
    light_ns = round(float(light_times(MALARGUE, "MARS", np.array([received])).light_s[0]) * SECOND)
    down = light_times_down(MALARGUE, "MARS", np.array([received - light_ns])).light_s[0]
    assert abs(down * SECOND - light_ns) < 2


@pytest.mark.parametrize(("outgoing", "correction"), [(False, "CN"), (True, "XCN")])
def test_occultations_are_those_that_spice_finds(days: tuple[int, int], outgoing: bool, correction: str) -> None:
    """Six days of orbits behind Mars seen from Malargüe, a point behind the ellipsoid."""
    first, last = days[0] + 3 * 3600 * SECOND, days[1] - 3 * 3600 * SECOND
    theirs = spice_occultations(str(STATION), correction, first, last, 60.0)
    ours = occultations(MALARGUE, "-143", first, last, outgoing=outgoing)
    assert len(ours) == len(theirs) > 60
    off = np.array([(a.start - b[0], a.stop - b[1]) for a, b in zip(ours, theirs, strict=True)]) / 1e6
    lengths = [one.length_s for one in ours]
    print(
        f"{len(ours)} occultations of {min(lengths):.1f} to {max(lengths):.1f} s ({correction}): edges {np.abs(off).max():.2f} ms off"
    )
    assert np.abs(off).max() < 1.5


def test_occultation_on_the_way_up_is_another_than_on_the_way_down(orbit: tuple[int, int], days: tuple[int, int]) -> None:
    """TGO behind Mars by its real orbit: SPICE's `occult` for both ways; a signal sent at t meets it one light time later."""
    furnish(str(shared(KERNEL)))  # the real orbit again above that of two bodies
    light_ns = round(float(light_times("EARTH", "MARS", np.array([orbit[0]])).light_s[0]) * SECOND)
    for outgoing, correction in ((False, "CN"), (True, "XCN")):  # SPICE needs the orbit at both ends of the path of light
        begin = orbit[0] if outgoing else orbit[0] + light_ns
        at = np.arange(begin + SECOND, orbit[1] - SECOND - (light_ns if outgoing else 0), 10 * SECOND)
        theirs = [
            spiceypy.occult("-143", "POINT", " ", "MARS", "ELLIPSOID", "IAU_MARS", correction, str(STATION), et) == -3
            for et in ets(at)
        ]
        ours = shadow(MALARGUE, TGO, at, outgoing=outgoing)
        assert ours.known.all() and np.array_equal(ours.hidden, theirs) and 10 < sum(theirs) < at.size - 10
        assert np.array_equal(occulted(MALARGUE, TGO, at, outgoing=outgoing), theirs)


def test_what_only_a_body_stands_in_for_is_not_known_to_be_hidden(orbit: tuple[int, int]) -> None:
    beyond = orbit[1] + 90 * DAY
    assert is_hidden(MALARGUE, TGO, beyond) is None and is_hidden(MALARGUE, TGO, beyond, outgoing=True) is None
    assert is_hidden(MALARGUE, TGO, orbit[0] + 3600 * SECOND) in (True, False)
    found = shadow(MALARGUE, TGO, np.array([beyond, NO_TIME]))
    assert not found.known.any() and not found.hidden.any()
    with pytest.raises(TimeError):
        occulted(MALARGUE, TGO, np.array([beyond]))
    with pytest.raises(UsageError, match="RADII"):
        is_hidden(MALARGUE, "MARS", beyond, behind="5")


def test_the_moon_hides_mars_as_spice_says() -> None:
    """Any body with radii: the Moon passed before Mars on 2022-12-08 for much of Europe, as seen from Cebreros too."""
    path = str(shared("data/nav/spice/generic/pck00010.tpc"))
    furnish(path)
    try:
        cebreros = Site("Cebreros", (4846.733554, -370.174689, 4116.878658))
        start = utc("2022-12-08T03:00")
        (ours,) = occultations(cebreros, "MARS", start, start + 5 * 3600 * SECOND, behind="MOON")
        edges = np.array([ours.start - 2_000_000, ours.start, ours.stop, ours.stop + 2_000_000])
        place = list(cebreros.position_km)
        for et, hidden in zip(ets(edges), (False, True, True, False), strict=True):
            moon, mars = (
                spiceypy.spkcpo(body, et, "J2000", "OBSERVER", "CN", place, "EARTH", "ITRF93")[0][:3] for body in ("MOON", "MARS")
            )
            radius_rad = np.arcsin(1737.4 / np.linalg.norm(moon))
            assert (spiceypy.vsep(moon, mars) < radius_rad) == hidden
        print(f"Mars behind the Moon at Cebreros for {ours.length_s:.1f} s")
        assert 2000 < ours.length_s < 4500
    finally:
        release(path)


@pytest.mark.parametrize(
    ("day", "least_deg", "within"),
    [("2019-09-02", 1.1, 0.1), ("2021-10-08", 0.65, 0.1), ("2023-11-18", 0.13, 0.1)],
)
def test_conjunctions_of_mars(day: str, least_deg: float, within: float) -> None:
    """Days of conjunction as published; in 2023 Mars went behind the Sun's disc."""
    at = utc(day) + np.arange(-20 * 24, 20 * 24) * 3600 * SECOND
    angle = sun_angle_deg(MALARGUE, "MARS", at)
    theirs = [
        np.degrees(spiceypy.vsep(spiceypy.spkpos("MARS", et, "J2000", "CN", "EARTH")[0], spiceypy.spkpos("SUN", et, "J2000", "CN", "EARTH")[0]))
        for et in ets(at)
    ]  # fmt: skip
    print(f"conjunction of {day}: {angle.min():.3f} deg")
    assert np.abs(angle - theirs).max() < 0.004  # parallax of the Sun: 8.8 arc seconds
    assert abs(int(at[np.argmin(angle)]) - utc(day) - DAY // 2) < 1.2 * DAY
    assert angle.min() == pytest.approx(least_deg, abs=within)
    assert np.isnan(sun_angle_deg(MALARGUE, "MARS", np.array([NO_TIME]))).all()


@given(st.floats(0, 359.99), st.floats(0, 359.99))
def test_a_horizon_mask_goes_round(azimuth: float, turn: float) -> None:
    points = sorted({round((a + turn) % 360, 6): e for a, e in ((0, 10.0), (90, 30.0), (180, 20.0), (270, 5.0))}.items())
    mask = Horizon(8.0, tuple(points))
    base = Horizon(8.0, ((0.0, 10.0), (90.0, 30.0), (180.0, 20.0), (270.0, 5.0)))
    both = [float(one.at_deg(np.array([a]))[0]) for one, a in ((mask, (azimuth + turn) % 360), (base, azimuth))]
    assert both[0] == pytest.approx(both[1], abs=1e-4) and 8 <= both[0] <= 30


def test_horizons_that_are_none_are_refused() -> None:
    assert Horizon(10, ((0, 12), (180, 8))).at_deg(np.array([0.0, 90.0, 180.0, 270.0])).tolist() == [12, 10, 10, 10]
    for mask in (((10, 5), (5, 5)), ((0, 5), (0, 6)), ((-1, 5),), ((360, 5),)):
        with pytest.raises(DefinitionError, match="azimuths"):
            Horizon(10, mask)
    with pytest.raises(DefinitionError, match="elevations"):
        Horizon(10, ((0, 91),))
    with pytest.raises(DefinitionError, match="elevations"):
        Horizon(float("nan"))


def test_elevations_of_windows_are_those_of_transmission() -> None:
    start = utc("2023-05-24T12:00")
    at = start + np.arange(0, 86400, 600) * SECOND
    place = list(MALARGUE.position_km)
    found = uplink_height(MALARGUE, "MARS", at, horizon=Horizon(12))
    theirs = np.degrees(
        [spiceypy.azlcpo("ELLIPSOID", "MARS", et, "XCN+S", False, True, place, "EARTH", "ITRF93")[0][2] for et in ets(at)]
    )
    assert np.abs(found.elevation_deg - theirs).max() < 1e-5
    (window,) = uplink_windows(MALARGUE, "MARS", start, start + DAY, horizon=Horizon(12))
    edges = np.array([window.start - 2_000_000, window.start, window.stop, window.stop + 2_000_000])
    heights = np.degrees(
        [spiceypy.azlcpo("ELLIPSOID", "MARS", et, "XCN+S", False, True, place, "EARTH", "ITRF93")[0][2] for et in ets(edges)]
    )
    assert (heights > 12).tolist() == [False, True, True, False]
    assert not window.occultation_known  # no body was named
    arrival = [spiceypy.spkcpo("MARS", et, "J2000", "OBSERVER", "XCN", place, "EARTH", "ITRF93")[1] for et in ets(edges[1:3])]
    assert [window.arrival_start - window.start, window.arrival_stop - window.stop] == pytest.approx(
        [one * 1e9 for one in arrival], abs=2e5
    )


def test_windows_of_days_are_what_the_elevation_and_spice_leave(days: tuple[int, int]) -> None:
    """Each window lies above the mask and outside of SPICE's occultations at arrival, and nothing longer than a step is missed."""
    first, last = days[0] + 3 * 3600 * SECOND, days[0] + 2 * DAY
    found = uplink_windows(MALARGUE, TGO, first, last, horizon=Horizon(10), behind="MARS")
    hidden = spice_occultations(str(STATION), "XCN", first, last, 60.0)
    at = np.arange(first, last, 7 * SECOND)
    above = elevation_azimuth(MALARGUE, "-143", at, outgoing=True).elevation_deg > 10
    behind = np.any([(a <= at) & (at <= b) for a, b in hidden], axis=0)
    inside = np.any([(one.start <= at) & (at <= one.stop) for one in found], axis=0)
    assert np.array_equal(inside, above & ~behind)
    assert len(found) > 8 and all(one.occultation_known for one in found)


def test_windows_are_divided_where_the_orbit_ceases_to_be_known(days: tuple[int, int]) -> None:
    first, last = days[1] - DAY, days[1] + DAY
    found = uplink_windows(MALARGUE, TGO, first, last, horizon=Horizon(10), behind="MARS")
    known = [one for one in found if one.occultation_known]
    blind = [one for one in found if not one.occultation_known]
    assert (
        known
        and blind
        and max(one.arrival_stop for one in known)
        <= days[1]
        <= min(one.arrival_start for one in blind) + 14_000_000  # the centre of Mars stands in from there on
    )
    alone = uplink_windows(MALARGUE, "MARS", days[1] + SECOND, last, horizon=Horizon(10))
    assert abs(blind[-1].stop - alone[-1].stop) < 10**9 and len(blind) < len(known)


def test_a_mask_with_a_wall_takes_what_is_behind_it() -> None:
    start = utc("2023-05-24T12:00")
    wall = Horizon(10, ((0, 10), (44, 10), (45, 60), (60, 60), (61, 10)))
    free = uplink_windows(MALARGUE, "MARS", start, start + DAY, horizon=Horizon(10))
    masked = uplink_windows(MALARGUE, "MARS", start, start + DAY, horizon=wall)
    assert len(free) == 1 and sum(one.stop - one.start for one in masked) < free[0].stop - free[0].start
    for one in masked:
        edge = np.array([one.start, one.stop, one.start - 2_000_000, one.stop + 2_000_000])
        there = elevation_azimuth(MALARGUE, "MARS", edge, outgoing=True)
        assert (there.elevation_deg > wall.at_deg(there.azimuth_deg)).tolist() == [True, True, False, False]


def test_a_spacecraft_that_may_be_anywhere_has_no_direction() -> None:
    near = Target("-999", through="MOON", within_km=500_000)
    start = utc("2023-05-24")
    assert np.isnan(uplink_height(MALARGUE, near, np.array([start]), horizon=Horizon(10)).elevation_deg).all()
    assert uplink_windows(MALARGUE, near, start, start + DAY, horizon=Horizon(10)) == ()
    assert uplink_windows(MALARGUE, "MARS", start, start, horizon=Horizon(10)) == ()
    with pytest.raises(TimeError, match="-999"):
        uplink_windows(MALARGUE, "-999", start, start + DAY, horizon=Horizon(10))
