"""What stations can radiate to spacecraft of a mission: against SPICE called apart, the real orbit of TGO, and plain words."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import spiceypy

from aelita.agencies import Period, load_organisation
from aelita.commanding import command_times
from aelita.ephemeris import light_times, light_times_down, release
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.services.live.geometry import SUN_DEG, Geometry, elevation_deg
from aelita.services.missions import Mission, find_mission
from aelita.services.places import horizon_of, site_of, target_of
from aelita.time import DAY, NO_TIME, SECOND, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc, utc_from_tai_ns
from shared import shared

MINUTE, MS = 60 * SECOND, 1_000_000
MISSION = find_mission("exomars")
UPLINKERS = [key for key, one in MISSION.organisation.stations.items() if any(c.direction == "uplink" for c in one.capabilities)]
KERNEL = "data/nav/spice/em16/spk/em16_tgo_fsp_116_01_20191111_20200425_v02.bsp"


def utc(text: str) -> int:
    return int(tai_ns_from_utc(text))


def et(at: int) -> float:
    return float(et_from_tai_ns(at))


@pytest.fixture(scope="module")
def flown() -> Iterator[tuple[Geometry, int, int]]:
    """The mission with 70 minutes of TGO's real orbit, and their ends."""
    path = shared(KERNEL)
    made = Geometry(MISSION, (path,))
    cover = spiceypy.spkcov(str(path), -143)
    yield made, int(tai_ns_from_et(float(cover[0]))), int(tai_ns_from_et(float(cover[1])))
    release(path)


@pytest.fixture(scope="module")
def orbiting(
    flown: tuple[Geometry, int, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Geometry, int, int]]:  # fmt: skip
    """The mission with three days of TGO from a real state, as SPICE propagates two bodies, and where they begin and end."""
    first = et(flown[1]) + 60
    flown[0].sight("malargue", "tgo", flown[1])  # the planets are loaded
    state = spiceypy.spkgeo(-143, first, "J2000", 499)[0]
    path = tmp_path_factory.mktemp("orbit") / "two-bodies.bsp"
    handle = spiceypy.spkopn(str(path), "two bodies", 0)
    spiceypy.spkw05(handle, -143, 499, "J2000", first, first + 3 * 86400, "orbit", 42828.37, 1, [state], [first])
    spiceypy.spkcls(handle)
    yield Geometry(MISSION, (path,)), int(tai_ns_from_et(first)), int(tai_ns_from_et(first + 3 * 86400))
    release(path)


def spice_elevation_deg(station: str, body: str, at: int) -> float:
    place = list(site_of(MISSION.organisation.stations[station]).earth_fixed_km(np.array([at]))[0])
    return float(np.degrees(spiceypy.azlcpo("ELLIPSOID", body, et(at), "XCN+S", False, True, place, "EARTH", "ITRF93")[0][2]))


def spice_hidden(station: str, at: int) -> bool:
    """Whether Mars stands between the station and TGO when what is radiated arrives: SPICE's surfpt towards where it will be."""
    place = site_of(MISSION.organisation.stations[station]).earth_fixed_km(np.array([at]))[0]
    to_tgo, _ = spiceypy.spkcpo("-143", et(at), "J2000", "OBSERVER", "XCN", list(place), "EARTH", "ITRF93")
    to_mars, mars_light = spiceypy.spkcpo("MARS", et(at), "J2000", "OBSERVER", "XCN", list(place), "EARTH", "ITRF93")
    turn = spiceypy.pxform("J2000", "IAU_MARS", et(at) + mars_light)
    from_mars = -(turn @ to_mars[:3])
    try:
        hit = spiceypy.surfpt(from_mars, turn @ to_tgo[:3], 3396.19, 3396.19, 3376.20)
    except spiceypy.utils.exceptions.NotFoundError:
        return False
    return bool(np.linalg.norm(hit - from_mars) < np.linalg.norm(to_tgo[:3]))


def test_paths_of_commands_are_light_times_by_emission(flown: tuple[Geometry, int, int]) -> None:
    geometry, first, _ = flown
    paths, site = geometry.paths("malargue", "tgo"), site_of(MISSION.organisation.stations["malargue"])
    radiated = first - 10 * MINUTE
    times = command_times(radiated - SECOND, radiated, 3 * SECOND, paths)
    up = light_times(site, "-143", np.array([first + MINUTE]), outgoing=True)
    assert up.direct[0]
    exact = light_times(site, target_of(MISSION.craft("tgo")), np.array([radiated, radiated + 3 * SECOND]), outgoing=True).light_s
    assert [times.arrival_ns - radiated, times.arrival_stop_ns - radiated - 3 * SECOND] == pytest.approx(exact * 1e9, abs=1000)
    down = light_times_down(site, target_of(MISSION.craft("tgo")), np.array([times.execution_ns])).light_s[0]
    assert (times.evidence_ns - times.execution_ns) / SECOND == pytest.approx(down, abs=1e-6)
    assert 2 * times.up_s < times.round_trip_s < 2 * times.up_s + 3.2
    print(f"up {times.up_s:.6f} s, evidence after {times.round_trip_s:.6f} s")


def test_without_kernel_light_times_are_those_of_mars_within_the_bound() -> None:
    geometry, at = Geometry(MISSION), utc("2023-05-24T19:00")
    for craft in ("tgo", "tgo-sim"):
        seen = geometry.sight("malargue", craft, at)
        assert seen.hidden is None and geometry.hidden("malargue", craft, at) is None
        assert seen.light_s == pytest.approx(969.4, abs=0.15) and seen.bound_s == pytest.approx(0.012776, abs=1e-6)
        assert geometry.doubts("malargue", craft, at) == [
            f"whether Mars hides {MISSION.craft(craft).name} then is not known: no kernel holds its orbit"
        ]
        assert geometry.why_not("malargue", craft, at) == []
        paths = geometry.paths("malargue", craft)
        assert abs(paths.up(at) / SECOND - 969.4) < 0.2 and abs(paths.down(at) / SECOND - 969.4) < 0.2


def test_sight_is_that_of_spice(flown: tuple[Geometry, int, int]) -> None:
    geometry, first, last = flown
    light = 16 * MINUTE
    hidden = []
    for at in range(first + SECOND, last - light - 5 * MINUTE, 50 * SECOND):
        seen = geometry.sight("new-norcia", "tgo", at)
        assert seen.elevation_deg == pytest.approx(spice_elevation_deg("new-norcia", "-143", at), abs=1e-5)
        assert seen.hidden == spice_hidden("new-norcia", at) == geometry.hidden("new-norcia", "tgo", at, outgoing=True)
        assert seen.bound_s == 0.0 and seen.needed_deg == 10.0
        hidden.append(seen.hidden)
    assert {True, False} == set(hidden)


def test_windows_are_above_the_mask_and_not_behind_mars_by_spice(orbiting: tuple[Geometry, int, int]) -> None:
    geometry, first, _ = orbiting
    start, stop = first + 3600 * SECOND, first + DAY
    count = 0
    for station in UPLINKERS:
        windows = geometry.uplink_windows(station, "tgo", start, stop)
        count += len(windows)
        for one in windows:
            assert one.occultation_known
            for at, outside in ((one.start + MS, one.start - MS), (one.stop - MS, one.stop + MS)):
                assert spice_elevation_deg(station, "-143", at) > 10 and not spice_hidden(station, at)
                assert outside < start or outside > stop or (
                    spice_elevation_deg(station, "-143", outside) <= 10 or spice_hidden(station, outside)
                )  # fmt: skip
    print(f"{count} windows of {len(UPLINKERS)} stations in a day, all edges within 1 ms by SPICE")
    assert count > 20


def test_reasons_name_what_is_between_and_when_it_is_over(orbiting: tuple[Geometry, int, int]) -> None:
    geometry, first, _ = orbiting
    start, stop = first + 3600 * SECOND, first + DAY
    windows = geometry.uplink_windows("malargue", "tgo", start, stop)
    pairs = [(a, b) for a, b in pairwise(windows) if b.start - a.stop < 3600 * SECOND]
    assert len(pairs) > 2
    before, after = pairs[0]
    at = (before.stop + after.start) // 2
    (said,) = geometry.why_not("malargue", "tgo", at)
    arrival = utc_from_tai_ns(at + geometry.paths("malargue", "tgo").up(at), 0)
    until, coming = utc_from_tai_ns(after.arrival_start, 0), utc_from_tai_ns(after.start, 0)
    assert (
        said
        == f"it would arrive at {arrival} UTC while TGO is behind Mars (until {until} UTC); next radiation possible at {coming} UTC"
    )
    following = geometry.next_window("malargue", "tgo", at)
    assert following is not None and abs(following.start - after.start) < MS
    print(said)
    inside = (before.start + before.stop) // 2
    assert geometry.why_not("malargue", "tgo", inside) == [] == geometry.doubts("malargue", "tgo", inside)
    here = geometry.next_window("malargue", "tgo", inside)
    assert here is not None and here.start == inside and abs(here.stop - before.stop) < MS
    (said,) = geometry.why_not("malargue", "tgo", before.stop - 5 * SECOND, duration_ns=20 * SECOND)
    closes = utc_from_tai_ns(before.stop, 0)
    assert said.startswith(
        f"the window closes at {closes} UTC, 15.0 s before all is radiated; next radiation possible at {coming} UTC"
    )
    assert geometry.why_not("malargue", "tgo", before.stop - 25 * SECOND, duration_ns=20 * SECOND) == []
    long = geometry.next_window("malargue", "tgo", inside, duration_ns=(after.stop - after.start) - SECOND)
    assert long is not None and long.start > inside


def test_a_low_spacecraft_is_told_in_degrees() -> None:
    geometry, at = Geometry(MISSION), utc("2023-05-24T12:00")
    (window, *_) = geometry.uplink_windows("malargue", "tgo-sim", at, at + DAY)
    (said,) = geometry.why_not("malargue", "tgo-sim", window.start - 30 * MINUTE)
    height = spice_elevation_deg("malargue", "MARS", window.start - 30 * MINUTE)
    assert said == (
        f"TGO twin stands {height:.1f} deg over malargue at that time; at least 10 are needed;"
        f" next radiation possible at {utc_from_tai_ns(window.start, 0)} UTC"
    )
    print(said)
    (close,) = geometry.why_not("malargue", "tgo-sim", window.start - SECOND)
    assert re.match(r"TGO twin stands 9\.99\d deg", close)
    assert geometry.why_not("malargue", "tgo-sim", window.start) == []
    craft, station = MISSION.craft("tgo-sim"), MISSION.organisation.stations["malargue"]
    height_up, height_down = (elevation_deg(station, craft, window.start, outgoing=way) for way in (True, False))
    assert height_up == pytest.approx(10, abs=1e-4) and height_down is not None and abs(height_down - 10) > 1e-4


def test_what_the_mission_does_not_tell_of_is_refused() -> None:
    geometry, at = Geometry(MISSION), utc("2023-05-24T12:00")
    assert "the mission does not tell that bear-lakes uplinks to TGO then" in geometry.why_not("bear-lakes", "tgo", at)[0]
    assert geometry.why_not("bear-lakes", "tgo", at)[-1].endswith("; no window within 32 days")
    assert (
        geometry.uplink_windows("bear-lakes", "tgo", at, at + DAY) == () and geometry.next_window("bear-lakes", "tgo", at) is None
    )
    assert geometry.why_not("mars-base", "tgo", at) == ["mission exomars has no station 'mars-base'"]
    assert "no spacecraft 'aelita'" in geometry.why_not("malargue", "aelita", at)[0]
    assert "no spacecraft 'aelita'" in geometry.doubts("malargue", "aelita", at)[0]
    assert "no kernel holds the position of -174" in geometry.why_not("malargue", "rm", at)[0]
    assert "no kernel holds" in geometry.doubts("malargue", "rm", at)[0]
    with pytest.raises(UsageError, match="no station"):
        geometry.uplink_windows("mars-base", "tgo", at, at + DAY)
    with pytest.raises(TimeError, match="-174"):
        geometry.paths("malargue", "rm").up(at)


@pytest.mark.parametrize("at", [NO_TIME, -1, 0, 2**63 - 1, 2**63, 10**30, -(10**30)])
def test_instants_that_no_command_can_have_are_refused(at: int) -> None:
    geometry = Geometry(MISSION)
    for said in (geometry.why_not("malargue", "tgo", at), geometry.doubts("malargue", "tgo", at)):
        assert said == [f"{at} is no instant of a command. Give TAI nanoseconds, from 1972 to 2261"]
    good = utc("2023-05-24")
    assert "no instant" in geometry.why_not("malargue", "tgo", good, duration_ns=10**20)[0]
    for ask in (geometry.sight, geometry.hidden, geometry.next_window):
        with pytest.raises(TimeError, match="no instant"):
            ask("malargue", "tgo", at)
    with pytest.raises(TimeError, match="no instant"):
        geometry.uplink_windows("malargue", "tgo", good, at)
    for path in (geometry.paths("malargue", "tgo").up, geometry.paths("malargue", "tgo").down):
        if at in (0, -1):  # light times are known then, UTC is not
            assert path(at) > 0
        else:
            with pytest.raises(TimeError, match="no light time"):
                path(at)


def test_the_last_days_of_time_are_searched_without_wrapping() -> None:
    last = utc("2261-12-01")
    found = Geometry(MISSION).next_window("malargue", "tgo", last - DAY, duration_ns=MINUTE)
    assert found is not None and last - DAY <= found.start < found.stop <= last
    assert Geometry(MISSION).next_window("malargue", "tgo", last - DAY, duration_ns=2 * DAY) is None


def with_station(**changes: object) -> Mission:
    stations = dict(MISSION.organisation.stations)
    stations["malargue"] = replace(stations["malargue"], **changes)  # type: ignore[arg-type]
    return replace(MISSION, organisation=replace(MISSION.organisation, stations=stations))


def test_dates_of_capabilities_bound_windows() -> None:
    at = utc("2023-05-24T12:00")
    (whole, *_) = Geometry(MISSION).uplink_windows("malargue", "tgo", at, at + DAY)
    malargue = MISSION.organisation.stations["malargue"]
    (uplink,) = (one for one in malargue.capabilities if one.direction == "uplink")
    begin, end = whole.start + MINUTE, whole.stop - MINUTE
    dated = (replace(uplink, period=Period(begin, begin + MINUTE)), replace(uplink, period=Period(end, NO_TIME)))
    geometry = Geometry(with_station(capabilities=dated))
    first, second = geometry.uplink_windows("malargue", "tgo", at, at + DAY)[:2]
    assert (first.start, first.stop) == (begin, begin + MINUTE - 1) and second.start == end
    assert abs(second.stop - whole.stop) < MS
    assert geometry.why_not("malargue", "tgo", begin) == [] != geometry.why_not("malargue", "tgo", begin + MINUTE)
    assert "the window closes" in geometry.why_not("malargue", "tgo", begin, duration_ns=2 * MINUTE)[0]
    other = replace(uplink, spacecraft=("edm",))
    assert Geometry(with_station(capabilities=(other,))).uplink_windows("malargue", "tgo", at, at + DAY) == ()


def test_the_horizon_of_a_station_hides_what_is_behind_it() -> None:
    at = utc("2023-05-24T12:00")
    masked = Geometry(with_station(horizon=((0.0, 25.0), (180.0, 10.0))))
    (free, *_), (less, *_) = (one.uplink_windows("malargue", "tgo", at, at + DAY) for one in (Geometry(MISSION), masked))
    assert free.start < less.start < less.stop < free.stop
    seen = masked.sight("malargue", "tgo", less.start)
    assert seen.elevation_deg == pytest.approx(seen.needed_deg, abs=1e-4) and 10 < seen.needed_deg < 25
    (said,) = masked.why_not("malargue", "tgo", less.start - 10 * MINUTE)
    lower = masked.sight("malargue", "tgo", less.start - 10 * MINUTE)
    assert (
        f"TGO stands {lower.elevation_deg:.1f} deg over malargue at that time; at least {lower.needed_deg:.1f} are needed" in said
    )


STATION = """
[[stations]]
key = "hill"
name = "Hill"
agency = "them"
dish_m = 3
minimum_elevation_deg = 5
grade = "assumed"
position = {frame = "ITRF93", xyz_km = [0, 0, 6357], grade = "assumed"}
"""
AGENCY = '[[agencies]]\nkey = "them"\nname = "They"\ngrade = "assumed"\n'


def test_a_mission_file_may_have_a_horizon(tmp_path: Path) -> None:
    (tmp_path / "agencies.toml").write_text(AGENCY)
    file = tmp_path / "stations.toml"
    file.write_text(STATION + "horizon = [{azimuth_deg = 0, elevation_deg = 12.5}, {azimuth_deg = 350, elevation_deg = 3}]\n")
    station = load_organisation(tmp_path, {}).stations["hill"]
    assert station.horizon == ((0.0, 12.5), (350.0, 3.0))
    assert horizon_of(station).at_deg(np.array([0.0, 355.0, 350.0])).tolist() == [12.5, 7.75, 5.0]
    for points, wanted in (
        ("[{azimuth_deg = 10, elevation_deg = 1}, {azimuth_deg = 10, elevation_deg = 2}]", r"horizon\[1\]: azimuth_deg.*order"),
        ("[{azimuth_deg = 360, elevation_deg = 1}]", "azimuth_deg"),
        ("[{azimuth_deg = 10, elevation_deg = 91}]", "elevation_deg"),
        ("[{azimuth_deg = 10}]", "elevation_deg"),
        ("[{azimuth_deg = nan, elevation_deg = 1}]", "azimuth_deg"),
        ("[{azimuth_deg = 1, elevation_deg = 1, far = 3}]", "far"),
        ("[[0, 5]]", "array of tables"),
    ):
        file.write_text(STATION + f"horizon = {points}\n")
        with pytest.raises(DefinitionError, match=wanted):
            load_organisation(tmp_path, {})


def test_near_the_sun_there_is_doubt() -> None:
    geometry = Geometry(MISSION)
    close, clear = utc("2023-11-18T15:00"), utc("2023-12-18T15:00")
    assert any(re.fullmatch(r"TGO stands 0\.\d\d deg from the Sun", one) for one in geometry.doubts("malargue", "tgo", close))
    assert geometry.sight("malargue", "tgo", close).sun_angle_deg < 0.3 < SUN_DEG
    assert not any("Sun" in one for one in geometry.doubts("malargue", "tgo", clear))


def test_a_spacecraft_that_may_be_anywhere_around_has_no_direction() -> None:
    near = replace(MISSION, spacecraft=(replace(MISSION.craft("tgo"), near="MOON", near_km=500_000.0), *MISSION.spacecraft[1:]))
    geometry, at = Geometry(near), utc("2023-05-24T12:00")
    assert geometry.sight("malargue", "tgo", at).elevation_deg is None
    assert geometry.doubts("malargue", "tgo", at)[0] == "where TGO stands over malargue is not known: no kernel holds its orbit"
    assert geometry.why_not("malargue", "tgo", at, duration_ns=SECOND) == []  # nothing is known against it
    assert geometry.uplink_windows("malargue", "tgo", at, at + DAY) == ()


def test_a_spacecraft_near_nothing_is_not_known_to_be_hidden(flown: tuple[Geometry, int, int]) -> None:
    alone = replace(MISSION, spacecraft=(replace(MISSION.craft("tgo"), near="", near_km=0.0), *MISSION.spacecraft[1:]))
    geometry, at = Geometry(alone), flown[1] + MINUTE
    assert geometry.sight("new-norcia", "tgo", at).hidden is None is geometry.hidden("new-norcia", "tgo", at)
    assert "the mission names no body that it is near" in geometry.doubts("new-norcia", "tgo", at)[0]
