"""Contacts of many sites and spacecraft against the simple searches one by one, and against elevations of SPICE's own states."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.ephemeris import (
    Contact,
    HermiteStates,
    Horizon,
    Interval,
    Site,
    Target,
    contacts,
    elevation_azimuth,
    furnish,
    light_times,
    occultations,
    overlaps,
    release,
    shadow,
    spk_octets,
    uplink_windows,
    visibility,
)
from aelita.errors import TimeError, UsageError
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc

MALARGUE = Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
KALYAZIN = Site("Kalyazin", (2731.191749, 2126.199292, 5339.538091))
CEBREROS = Site("Cebreros", (4846.733554, -370.174689, 4116.878658), (1e-5, 2e-5, 1e-5))
NEW_NORCIA = Site("New Norcia", (-2414.066593, 4907.869333, -3270.605780))
SITES = (MALARGUE, KALYAZIN, CEBREROS)
START = int(tai_ns_from_utc("2022-03-01"))
STOP = START + 6 * DAY
# Axis (km), eccentricity, inclination and node (rad): near circles of 290 and 380 km, and an ellipse out to 10,600 km
ORBITS = ((3680.0, 0.010, 1.62, 0.3), (3780.0, 0.006, 1.29, 2.0), (9000.0, 0.550, 1.00, 2.2))
CRAFT = tuple(str(-999_200 - n) for n in range(3))
TGO = Target("-143", through="MARS", within_km=3830)
SLACK_NS = 2_000_000  # each of two searches is within 1 ms, on the side above


@pytest.fixture(scope="module", autouse=True)
def orbits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Furnish three orbits of two bodies from our own writer, from a day before the search to a day after it."""
    light_times("EARTH", "MARS", np.array([START]))
    ets = np.arange(float(et_from_tai_ns(START - DAY)), float(et_from_tai_ns(STOP + DAY)), 120.0)
    segments = []
    for name, (axis, eccentricity, tilt, node) in zip(CRAFT, ORBITS, strict=True):
        elements = [axis * (1 - eccentricity), eccentricity, tilt, node, 1.0, 0.1, float(ets[0]), 42828.37]
        states = np.array([spiceypy.conics(elements, et) for et in ets.tolist()])
        segments.append(HermiteStates(int(name), 499, ets, states, degree=11))
    path: Path = tmp_path_factory.mktemp("contacts") / "orbits.bsp"
    path.write_bytes(b"".join(spk_octets(segments)))
    furnish(path)
    yield
    release(path)


@pytest.fixture(scope="module")
def found() -> tuple[Contact, ...]:
    return contacts(SITES, [*CRAFT, TGO], START, STOP)


def of(those: tuple[Contact, ...], site: Site, target: str) -> list[Contact]:
    return [one for one in those if (one.site, one.target) == (site.name, target)]


@pytest.mark.parametrize("site", SITES[:2], ids=lambda one: one.name)
def test_contacts_are_those_of_the_simple_search(found: tuple[Contact, ...], site: Site) -> None:
    for target in CRAFT[1:]:
        ours, theirs = of(found, site, target), visibility(site, target, START, STOP)
        assert len(ours) == len(theirs) > 5 and all(one.known for one in ours)
        off = [
            abs(a - b)
            for one, other in zip(ours, theirs, strict=True)
            for a, b in ((one.start, other.start), (one.stop, other.stop))
        ]
        print(f"{site.name}, {target}: {len(ours)} contacts, edges up to {max(off) / 1e6:.2f} ms off the simple search")
        assert max(off) < SLACK_NS
        for one in ours[:3]:
            at = np.linspace(one.start, one.stop, 3000).astype(np.int64)
            assert one.max_elevation_deg == pytest.approx(elevation_azimuth(site, target, at).elevation_deg.max(), abs=2e-4)


@pytest.mark.parametrize("target", CRAFT[1:])
def test_occultations_are_those_of_the_simple_search(found: tuple[Contact, ...], target: str) -> None:
    ours = of(found, MALARGUE, target)
    seen = [Interval(one.start, one.stop) for one in ours]
    theirs = overlaps(occultations(MALARGUE, target, START, STOP), seen)
    inside = [dark for one in ours for dark in one.occultations]
    assert len(inside) == len(theirs) >= 10
    off = [
        abs(a - b)
        for one, other in zip(inside, theirs, strict=True)
        for a, b in ((one.start, other.start), (one.stop, other.stop))
    ]
    print(f"{target}: {len(inside)} occultations, edges up to {max(off) / 1e6:.2f} ms off the simple search")
    assert max(off) < SLACK_NS
    assert sum(part.length_s for one in ours for part in one.visible) == pytest.approx(
        sum(one.length_s for one in seen) - sum(one.length_s for one in inside), abs=1e-6
    )


@settings(max_examples=12, deadline=None)
@given(
    st.floats(-75, 75),
    st.floats(-180, 180),
    st.integers(0, 5 * DAY),
    st.integers(DAY // 8, DAY),
    st.booleans(),
    st.floats(-2, 40),
)
def test_any_site_is_searched_as_a_dense_grid_shows(
    latitude: float, longitude: float, first: int, length: int, outgoing: bool, least: float
) -> None:
    """Elevations and depths of SPICE's states every 30 s are inside and outside as found; edges are within 1 ms."""
    place = spiceypy.georec(np.radians(longitude), np.radians(latitude), 0.3, 6378.137, 1 / 298.257223563)
    x, y, z = place.tolist()
    site, start, stop = Site("Somewhere", (x, y, z)), START + first, START + min(first + length, 6 * DAY)
    ours = contacts([site], [CRAFT[1]], start, stop, horizons=Horizon(least), outgoing=outgoing)
    at = np.arange(start, stop, 30 * SECOND)
    elevation = elevation_azimuth(site, CRAFT[1], at, outgoing=outgoing).elevation_deg
    inside = np.any([(one.start <= at) & (at <= one.stop) for one in ours] or [np.zeros(at.size, np.bool_)], axis=0)
    clear = np.abs(elevation - least) > 1e-5
    assert np.array_equal((elevation > least)[clear], inside[clear])
    hidden = shadow(site, CRAFT[1], at[inside], outgoing=outgoing).depth if inside.any() else np.empty(0)
    dark = [x for one in ours for x in one.occultations]
    told = np.any(
        [(one.start <= at[inside]) & (at[inside] <= one.stop) for one in dark] or [np.zeros(inside.sum(), np.bool_)], axis=0
    )
    clear = np.abs(hidden) > 1e-5
    assert np.array_equal((hidden > 0)[clear], told[clear])
    for one in ours:
        edges = np.array([one.start - 1_000_000, one.start + 1, one.stop - 1, one.stop + 1_000_000])
        high = elevation_azimuth(site, CRAFT[1], edges, outgoing=outgoing).elevation_deg - least
        slack = 5e-8  # what 0.01 ms of the turn of the Earth is: two ways to one elevation
        assert (one.start == start or high[0] <= slack) and (one.stop == stop or high[3] <= slack) and (high[1:3] > -slack).all()


def test_uplink_contacts_are_the_windows() -> None:
    horizon = Horizon(8.0, ((0.0, 8.0), (40.0, 25.0), (60.0, 9.0), (200.0, 14.0)))
    ours = contacts([MALARGUE], [CRAFT[1]], START, START + 2 * DAY, horizons={"Malargüe": horizon}, outgoing=True)
    parts = [part for one in ours for part in one.visible]
    theirs = uplink_windows(MALARGUE, CRAFT[1], START, START + 2 * DAY, horizon=horizon, behind="MARS")
    assert len(parts) == len(theirs) > 8
    off = [
        abs(a - b)
        for one, other in zip(parts, theirs, strict=True)
        for a, b in ((one.start, other.start), (one.stop, other.stop))
    ]
    print(f"{len(parts)} windows under a mask: edges up to {max(off) / 1e6:.2f} ms off")
    assert max(off) < SLACK_NS


def test_a_stand_in_gives_contacts_and_tells_no_occultation(found: tuple[Contact, ...]) -> None:
    for site in SITES:
        ours, theirs = of(found, site, "-143"), visibility(site, TGO, START, STOP)
        assert [(one.known, one.occultations) for one in ours] == [(False, ())] * len(theirs)
        off = [
            abs(a - b)
            for one, other in zip(ours, theirs, strict=True)
            for a, b in ((one.start, other.start), (one.stop, other.stop))
        ]
        assert max(off) < SLACK_NS


def test_contacts_are_divided_where_a_kernel_ends() -> None:
    """The orbit ends a day after STOP; from there on the centre of Mars stands in."""
    craft = Target(CRAFT[1], through="MARS", within_km=4000)
    ours = contacts([MALARGUE], [craft], STOP - DAY, STOP + 3 * DAY)
    known, blind = [one for one in ours if one.known], [one for one in ours if not one.known]
    assert known and blind and known[-1].stop <= blind[0].start
    whole = visibility(MALARGUE, craft, STOP - DAY, STOP + 3 * DAY)
    length = sum(one.stop - one.start for one in ours)
    assert length == pytest.approx(sum(one.stop - one.start for one in whole), abs=3 * SECOND)
    with pytest.raises(TimeError, match=CRAFT[1]):
        contacts([MALARGUE], [CRAFT[1]], STOP - DAY, STOP + 3 * DAY)


def test_the_end_of_a_kernel_is_seen_later_than_it_is_reached() -> None:
    """By two light times: what is received then left before, what is sent then comes after."""
    craft, end = Target(CRAFT[1], through="MARS", within_km=4000), STOP + DAY  # the orbit's last state is within two minutes
    light_ns = round(float(light_times("EARTH", "MARS", np.array([end])).light_s[0]) * SECOND)
    seams = []
    for outgoing in (False, True):
        found = contacts([NEW_NORCIA], [craft], end - DAY // 2, end + DAY // 2, outgoing=outgoing)
        ends = {one.site: one.stop for one in found if one.known}
        seams.append(
            {one.site: ends[one.site] for one in found if not one.known and 0 <= one.start - ends.get(one.site, 0) < SECOND}
        )
    both = seams[0].keys() & seams[1].keys()
    assert both
    for site in both:
        assert (seams[0][site] - seams[1][site]) / SECOND == pytest.approx(2 * light_ns / SECOND, abs=0.5)
        assert abs(seams[0][site] - light_ns - end) < 130 * SECOND


def test_a_short_gap_between_kernels_is_seen(tmp_path: Path) -> None:
    """Ten minutes without a kernel divide a contact with a stand-in, and are named without one."""
    first = float(et_from_tai_ns(START))
    gap = (first + 30_000.0, first + 30_600.0)
    halves = []
    for begin, end in ((first - 7200, gap[0]), (gap[1], first + 2 * 86400)):
        ets = np.linspace(begin, end, 200)
        rows = np.hstack([np.tile([3700.0, 0.0, 500.0], (200, 1)), np.zeros((200, 3))])
        halves.append(HermiteStates(-999_299, 499, ets, rows, degree=3))
    path = tmp_path / "halves.bsp"
    path.write_bytes(b"".join(spk_octets(halves)))
    furnish(path)
    try:
        found = contacts(SITES, [Target("-999299", through="MARS", within_km=4000)], START, START + DAY)
        light_s = float(light_times("EARTH", "MARS", np.array([START + 31_000 * SECOND])).light_s[0])
        blind = [one for one in found if not one.known]
        assert blind and all(one.length_s == pytest.approx(600, abs=0.3) for one in (Interval(x.start, x.stop) for x in blind))
        assert float(et_from_tai_ns(blind[0].start)) == pytest.approx(gap[0] + light_s, abs=0.2)
        with pytest.raises(TimeError, match=r"no kernel holds -999299 from 2022-03-01T08:1.*\(600\.000 s\)"):
            contacts(SITES, ["-999299"], START, START + DAY)
    finally:
        release(path)


def test_pieces_of_the_search_leave_no_seam(monkeypatch: pytest.MonkeyPatch, found: tuple[Contact, ...]) -> None:
    monkeypatch.setattr("aelita.ephemeris.contact_search.CHUNK_NS", DAY // 3)
    again = contacts(SITES, [*CRAFT, TGO], START, STOP)
    assert len(again) == len(found)
    for one, other in zip(again, found, strict=True):
        assert (one.site, one.target, one.known, len(one.occultations)) == (
            other.site, other.target, other.known, len(other.occultations),
        )  # fmt: skip
        edges = [(a.start, a.stop, b.start, b.stop) for a, b in zip(one.occultations, other.occultations, strict=True)]
        both = [(one.start, one.stop, other.start, other.stop), *edges]
        assert all(abs(a - c) < SLACK_NS and abs(b - d) < SLACK_NS for a, b, c, d in both)
        assert one.max_elevation_deg == pytest.approx(other.max_elevation_deg, abs=1e-4)


def test_contacts_are_in_order_and_apart(found: tuple[Contact, ...]) -> None:
    assert list(found) == sorted(found, key=lambda one: one.start)
    for site in SITES:
        for target in (*CRAFT, "-143"):
            those = of(found, site, target)
            assert all(a.stop < b.start for a, b in itertools.pairwise(those))
            assert all(one.start <= dark.start < dark.stop <= one.stop for one in those for dark in one.occultations)


def test_names_that_clash_are_refused() -> None:
    with pytest.raises(UsageError, match=r"two sites are named 'Malargüe'.*known by name"):
        contacts([MALARGUE, Site("Malargüe", KALYAZIN.position_km)], ["MARS"], START, STOP)
    with pytest.raises(UsageError, match=r"horizons of no site: Kourou"):
        contacts([MALARGUE], ["MARS"], START, STOP, horizons={"Kourou": Horizon(5)})
    with pytest.raises(UsageError, match="given twice"):
        contacts([MALARGUE], ["MARS", Target("MARS")], START, STOP)
    with pytest.raises(UsageError, match="makes no search"):
        contacts([MALARGUE], ["MARS"], START, STOP, step_s=0)
    with pytest.raises(UsageError, match="BARSOOM"):
        contacts([MALARGUE], ["BARSOOM"], START, STOP)
    assert (
        contacts([], ["MARS"], START, STOP)
        == contacts([MALARGUE], [], START, STOP)
        == contacts([MALARGUE], ["MARS"], STOP, START)
        == ()
    )


def test_mars_is_not_hidden_by_itself() -> None:
    ours = contacts([MALARGUE], ["MARS", "499"][:1], START, START + DAY)
    assert ours and all(one.known and one.occultations == () for one in ours)
    assert contacts([MALARGUE], [CRAFT[0]], START, START + DAY, behind="")[0].occultations == ()
