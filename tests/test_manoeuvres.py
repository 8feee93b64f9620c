"""`aelita nav target|assess|phase|keep`: burns worked out and judged, flown again by SciPy, assessed from simulated Doppler."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy
from scipy.integrate import solve_ivp

from aelita.dynamics import (
    FiniteBurn,
    Forces,
    Network,
    OrbitTarget,
    StateVector,
    approach_state,
    burn_for_orbit,
    compute,
    constant_uplink,
    doppler,
    message_of_tracking,
    orbit_of,
    propagate,
    state_of,
)  # fmt: skip
from aelita.ephemeris import mars_rotation, state
from aelita.errors import UsageError
from aelita.ndm import write
from aelita.services import find_mission
from aelita.services.manoeuvres import Engine, read_plan
from aelita.services.navigation.orbit_files import Arc, write_arcs
from aelita.services.navigation.tracking_stations import known_stations
from aelita.time import SECOND, et_from_tai_ns, tai_ns_from_utc
from nav_command import Run, runner

HOUR = 3600 * SECOND
GM, GM_SUN, RADIUS = 42828.373620699, 1.32712440041e11, 3396.19
EPOCH = int(tai_ns_from_utc("2017-01-18T00:00:00"))
POLE = tuple(mars_rotation(np.asarray(et_from_tai_ns(np.array([EPOCH]))))[0, 2].tolist())
ENGINE = ("--mass", "1976.7", "--thrust", "424", "--isp", "321")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


def saved(path: Path, row: np.ndarray, epoch: int = EPOCH) -> Path:
    write_arcs((Arc("TGO", "MARS", np.array([epoch]), row[None, :]),), path, made_at=epoch)
    return path


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """TGO's orbit before its plane was turned: 327 x 98,525 km, 7.3 deg, a day before apoapsis."""
    row = state_of(RADIUS + 327.0, RADIUS + 98_525.0, (np.radians(7.3), 2.46, 6.18, 2.9), GM, POLE)
    return saved(tmp_path / "wide.oem", row)


def test_a_turn_that_would_crash_is_refused_then_divided_in_three_as_it_was(run: Run, wide: Path, tmp_path: Path) -> None:
    asked = ("target", wide, "--at", "apoapsis", "--inclination", 74, "--periapsis", 330, *ENGINE, "--floor", 120)
    _, said = run(*asked, expected=2)
    assert "cut off at 2017-01-1" in said and "Divide the burn" in said
    told = json.loads(run(*asked, "--divide", "--json", "--png", tmp_path / "turn.png")[0])
    print(
        f"parts of {[round(each, 1) for each in told['parts_m_s']]} m/s, cut in the middle of one: {told['lowest_cut_off_height_km']:.0f} km"
    )
    assert len(told["parts_m_s"]) == 3  # ESA: three burns, 19, 23 and 27 January 2017, so that a stop leads to no collision
    assert told["lowest_cut_off_height_km"] < -500 and told["after"]["inclination_deg"] == pytest.approx(74.0, abs=1e-3)
    assert (tmp_path / "turn.png").stat().st_size > 30_000
    _, said = run(*asked, "--divide", "--out", tmp_path / "x.opm", expected=2)
    assert "3 burns are no one plan" in said
    _, said = run("target", wide, "--at", "apoapsis", "--inclination", 74, *ENGINE, "--floor", 120, expected=2)
    assert "Ask for a periapsis above the floor too" in said


def test_a_plan_flown_by_another_integrator_ends_in_the_orbit_asked_for(run: Run, wide: Path, tmp_path: Path) -> None:
    plan = tmp_path / "part.opm"
    words = (
        "target",
        wide,
        "--at",
        "apoapsis",
        "--inclination",
        29.5,
        "--periapsis",
        330,
        *ENGINE,
        "--floor",
        120,
        "--out",
        plan,
    )
    told = json.loads(run(*words, "--json")[0])
    kept = read_plan(plan)
    (burn,) = kept.burns
    assert isinstance(burn, FiniteBurn)
    assert (burn.thrust_n, burn.isp_s, burn.duration_s) == pytest.approx((424.0, 321.0, told["duration_s"]), rel=1e-9)
    assert kept.mass_kg == 1976.7 and told["propellant_kg"] == pytest.approx(424 * burn.duration_s / (321 * 9.80665), rel=1e-9)
    assert kept.start.epoch_tai_ns == burn.start_tai_ns - 2 * HOUR
    sun = state("SUN", "MARS", np.array([burn.start_tai_ns]))[0, :3]
    push = np.array(burn.direction) / np.linalg.norm(burn.direction) * burn.thrust_n / 1000

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        mass = kept.mass_kg - burn.flow_kg_s * max(t, 0.0)
        away = sun - y[:3]
        pull = GM_SUN * (away / np.linalg.norm(away) ** 3 - sun / np.linalg.norm(sun) ** 3)
        return np.concatenate([y[3:], pull - GM * y[:3] / np.linalg.norm(y[:3]) ** 3 + (push / mass if t > 0 else 0.0)])

    options: dict[str, Any] = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-9}
    coasted = solve_ivp(slope, (-7200.0, 0.0), kept.start.six, **options).y[:, -1]
    orbit = orbit_of(solve_ivp(slope, (1e-9, burn.duration_s), coasted, **options).y[:, -1], GM, POLE)
    print(
        f"SciPy: {np.degrees(orbit.inclination_rad):.4f} deg, periapsis {orbit.periapsis_km - RADIUS:.2f} km, {told['size_m_s']:.2f} m/s"
    )
    assert np.degrees(orbit.inclination_rad) == pytest.approx(29.5, abs=1e-4)
    assert orbit.periapsis_km - RADIUS == pytest.approx(330.0, abs=0.5)
    assert told["size_m_s"] == pytest.approx(66.4, abs=0.7)  # a third of the turn


def test_an_aim_is_met_and_judged(run: Run, tmp_path: Path) -> None:
    begin = int(tai_ns_from_utc("2016-10-16T15:00:00"))
    row = approach_state([-1.8, -3.0, 0.2], 5883.0, 560.0, 258_000.0, GM)
    orbit = saved(tmp_path / "approach.oem", row, begin)
    words = ("target", orbit, "--b-t", 7300, "--b-r", 850, "--periapsis-at", "2016-10-19T14:44:00", "--mass", 3300)
    told = json.loads(run(*words, "--json", "--png", tmp_path / "aim.png", "--out", tmp_path / "aim.opm")[0])
    assert told["aim"]["b_t_km"] == pytest.approx(7300, abs=2e-3) and told["aim"]["b_r_km"] == pytest.approx(850, abs=2e-3)
    assert told["aim"]["periapsis_utc"].startswith(("2016-10-19T14:43:59.99", "2016-10-19T14:44:00.00"))
    assert 5 < told["size_m_s"] < 25 and (tmp_path / "aim.png").stat().st_size > 30_000
    kept = read_plan(tmp_path / "aim.opm")
    forces = Forces("MARS", bodies=("SUN", "EARTH", "JUPITER BARYCENTER", "SATURN BARYCENTER"))
    end = propagate(kept.start, forces, begin + 70 * HOUR, mass_kg=kept.mass_kg, burns=kept.burns).end
    height = float(spiceypy.oscelt(end.six, 0.0, GM)[0]) - RADIUS
    assert height == pytest.approx(told["aim"]["periapsis_height_km"], abs=0.5)
    _, said = run("target", orbit, "--b-t", 3000, "--b-r", 0, "--periapsis-at", "2016-10-19T14:44:00", expected=2)
    assert "this aim has a periapsis of" in said
    _, said = run("target", orbit, "--b-t", 7300, "--b-r", 850, "--periapsis-at", "2016-10-16T15:30:00", expected=2)
    assert "is too late" in said


def test_a_capture_at_periapsis_costs_what_the_energies_say() -> None:
    """From a hyperbola, at its very periapsis: the apoapsis was once infinite there, and the search broke."""
    row = approach_state([-1.8, -3.0, 0.2], 7300.0, 850.0, 0.0, GM)
    low = float(np.linalg.norm(row[:3]))
    dv = burn_for_orbit(row, GM, OrbitTarget(periapsis_km=low, apoapsis_km=101_500.0))
    told = np.linalg.norm(row[3:]) - np.sqrt(2 * GM * (1 / low - 1 / (low + 101_500.0)))
    assert np.linalg.norm(dv) == pytest.approx(told, rel=1e-4)
    other = burn_for_orbit(row, GM, OrbitTarget(periapsis_km=low - 600.0, apoapsis_km=101_500.0))
    assert orbit_of(np.concatenate([row[:3], row[3:] + other]), GM).periapsis_km == pytest.approx(low - 600.0, abs=2e-3)


def test_doppler_tells_a_weak_burn_of_the_plan(run: Run, wide: Path, tmp_path: Path) -> None:
    """A burn with 96 % of its thrust, seen from Malargüe every ten seconds with 0.03 Hz, told by a TDM."""
    plan, tracking = tmp_path / "plan.opm", tmp_path / "burn.tdm"
    run("target", wide, "--at", "2017-01-18T02:00:00", "--periapsis", 400, *ENGINE, "--out", plan)
    kept = read_plan(plan)
    (burn,) = kept.burns
    assert isinstance(burn, FiniteBurn)
    weak = replace(burn, thrust_n=0.96 * burn.thrust_n, isp_s=0.96 * burn.isp_s)
    made = propagate(kept.start, Forces("MARS"), burn.stop_tai_ns + HOUR, mass_kg=kept.mass_kg, burns=(weak,))
    at = burn.start_tai_ns + np.arange(-60, 240) * 10 * SECOND
    ramps = {"malargue": constant_uplink("malargue", 7.2e9, int(at[0]) - 2 * HOUR, int(at[-1]) + HOUR)}
    network = Network(known_stations(find_mission("exomars"), ()), ramps, centre="MARS")
    blank = doppler("malargue", "malargue", at, np.zeros(at.size), sigma_hz=0.03, count_s=10.0, reference_hz=7.2e9 * 880 / 749)
    noise = np.random.default_rng(3).normal(size=at.size) * 0.03
    seen = replace(blank, observed=compute(blank, made, network).values + noise)
    message = message_of_tracking((seen,), spacecraft="TGO", originator="TEST", created_tai_ns=int(at[-1]), ramps=ramps)
    tracking.write_bytes(write(message))
    told = json.loads(run("assess", tracking, "--plan", plan, "--json", "--png", tmp_path / "burn.png")[0])
    (row,) = told["links"]
    print(f"{row['verdict']}: {row['share_percent']:.2f} +- {row['sigma_percent']:.2f} % of {row['planned_m_s']:.2f} m/s")
    assert row["verdict"] == "under-performance" and row["share_percent"] == pytest.approx(96.0, abs=0.5)
    assert row["known_to_2_percent_after_s"] < 1800 and (tmp_path / "burn.png").stat().st_size > 20_000
    _, said = run("assess", tracking, "--plan", wide, expected=2)
    assert "is no OPM" in said


def test_phasing_and_upkeep_are_told(run: Run, tmp_path: Path) -> None:
    row = state_of(RADIUS + 380.0, RADIUS + 420.0, (np.radians(74.0), 2.0, 4.7, 0.3), GM, POLE)
    orbit = saved(tmp_path / "low.oem", row)
    words = ("phase", orbit, "--site", "18.2,335.45,-3", "--near", "2017-01-22", "--mass", 1800, "--area", 28, "--degree", 8)
    told = json.loads(run(*words, "--json")[0])
    first, second = told["burns"]
    assert first["along_velocity_m_s"] == pytest.approx(-second["along_velocity_m_s"], rel=1e-9) and abs(told["left_s"]) < 0.5
    assert told["cost_m_s"] == pytest.approx(2 * abs(first["along_velocity_m_s"]), rel=1e-9) and "2017-01-2" in told["over_utc"]
    kept = json.loads(run("keep", "380x420", "--inclination", 74, "--band", 2, "--mass", 1800, "--area", 28, "--json")[0])
    assert kept["interval_days"] * kept["decay_km_day"] == pytest.approx(2.0, rel=1e-6) and kept["burn_m_s"] == pytest.approx(
        0.885, abs=0.01
    )
    tracked = json.loads(run("keep", "380x420", "--inclination", 74, "--track", 5, "--mass", 1800, "--area", 28, "--json")[0])
    assert tracked["early_days"] < tracked["interval_days"] < tracked["late_days"]
    assert run("keep", "380x420", "--inclination", 74, "--band", 2)[0].count("\n") > 5


def test_a_broken_plane_of_the_command_line_is_that_of_the_engine(run: Run, tmp_path: Path) -> None:
    """DSM-1's epoch with the cheapest size: 122 m/s, as SciPy's simplex found (`test_transfers_porkchop`)."""
    ends = ("transfer", "--days", "0", "--depart", "2016-03-14T20:13:00", "--arrive", "2016-10-19T14:42:00")
    told = json.loads(run(*ends, "--dsm", "2016-07-28T09:56:00", "--capture", "300x100000", "--json")[0])
    assert told["manoeuvre_m_s"] == pytest.approx(122, abs=3) and told["total_km_s"] < told["unbroken_total_km_s"]
    assert told["unbroken_c3_km2_s2"] == pytest.approx(14.701, abs=0.01)  # the single arc, as published tools have it
    free = json.loads(run(*ends, "--dsm", "2016-06-01", "--dsm-until", "2016-08-15", "--json")[0])
    assert free["total_km_s"] <= told["total_km_s"] and "2016-06-01" <= free["manoeuvre"] <= "2016-08-16"
    assert "is not on the way" in run(*ends, "--dsm", "2016-12-01", expected=2)[1]
    assert "a broken plane is between two instants" in run(*ends[:2], "9", *ends[3:], "--dsm", "2016-07-28", expected=2)[1]
    assert "a window of" in run("transfer", "--depart", "2016-01-01", "--arrive", "2016-08-01", "--days", "1e9", expected=2)[1]
    short = ("transfer", "--depart", "2016-03-01", "--arrive", "2016-08-01", "--days", "5", "--count", "5")
    out, err = run(*short, "--png", tmp_path / "rim.png", "--json")
    assert "rim of the dates" in err and json.loads(out)["c3_km2_s2"] > 0 and (tmp_path / "rim.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--inclination", "270"), "no inclination is 270 deg"),
        (("--node", "nan"), "is no usual number"),
        (("--periapsis", "500", "--apoapsis", "400"), "below the periapsis"),
        (("--periapsis", "-4000"), "no orbit has the elements"),
        ((), "for an orbit or for an aim"),
        (("--inclination", "20", "--b-t", "5"), "for an orbit or for an aim"),
        (("--b-t", "5"), "an aim has three numbers"),
        (("--inclination", "20", "--at", "noon"), "'noon' is no UTC time"),
        (("--inclination", "20", "--row", "7"), "there is no state 7"),
        (("--inclination", "20", "--png", "x.jpg"), "End the name with .png"),
    ],
)
def test_what_is_no_target_is_refused(run: Run, wide: Path, words: tuple[str, ...], said: str) -> None:
    assert said in run("target", wide, *words, expected=2)[1]


def test_what_is_no_engine_or_site_is_refused(run: Run, wide: Path) -> None:
    with pytest.raises(UsageError, match="specific impulse"):
        Engine(1000.0, float("nan"), 300.0)
    assert "is no place" in run("phase", wide, "--site", "north", "--near", "2017-01-22", expected=2)[1]
    assert "is not within 400 days" in run("phase", wide, "--site", "1,2", "--near", "2012-01-22", expected=2)[1]
    assert "one of both" in run("keep", "380x420", "--inclination", 74, expected=2)[1]
    assert "no heights" in run("keep", "380", "--inclination", 74, "--band", 1, expected=2)[1]
    assert StateVector(EPOCH, np.ones(3), np.ones(3), "MARS").centre == "MARS"
