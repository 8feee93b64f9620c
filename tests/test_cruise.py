"""The cruise of 2016 rebuilt from public facts: each figure within its tolerance, the measured orbit, continuity, the mission file."""

import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from scipy.interpolate import KroghInterpolator

from aelita.dynamics import Forces, Reference, StateVector, orbit_of, pork_chop, propagate, rebuild_cruise
from aelita.ephemeris import furnish, release, state
from aelita.errors import DefinitionError, TimeError, UsageError
from aelita.services.navigation import oem_of, read_arcs, write_arcs
from aelita.services.navigation.cruise_file import CRUISE, CruiseFile, load_cruise, read_cruise
from aelita.services.navigation.cruising import burn_rows, cruise_arcs, figure_rows
from aelita.services.navigation.plots_transfers import draw_cruise, draw_pork_chop
from aelita.time import DAY, SECOND, tai_ns_from_et, tai_ns_from_utc, utc_from_tai_ns
from shared import ROOT, shared

FILE = ROOT / "src/aelita/missions/exomars" / CRUISE
GM_MARS = 42828.373620699


@pytest.fixture(scope="module")
def given() -> CruiseFile:
    return load_cruise(FILE)


@pytest.fixture(scope="module")
def cruise(given: CruiseFile) -> Reference:
    return rebuild_cruise(given.plan)


def test_each_public_figure_is_met_but_the_one_that_contradicts_others(given: CruiseFile, cruise: Reference) -> None:
    rows = cruise.compared(given.figures)
    for row in rows:
        judged = "conflict" if row.public.conflict else "met" if row.met else "MISSED"
        print(
            f"{row.public.name:38} {row.public.value:12.3f} {row.ours:12.3f} +-{row.public.tolerance:<8} {row.public.grade} {judged}"
        )
    assert [row.public.name for row in rows if not row.met] == ["capture thrust"]
    assert [row.public.name for row in rows if row.public.conflict] == ["capture thrust"]
    assert len(rows) >= 25 and all(row.public.source for row in rows)


def test_the_escape_costs_less_than_the_direct_arc(cruise: Reference) -> None:
    print(f"C3 {cruise.figures['C3']:.2f}, DLA {cruise.figures['departure declination']:.2f}")
    assert 11.5 < cruise.figures["C3"] < 14.66
    assert abs(cruise.figures["departure declination"]) < 51.5
    orbit = orbit_of(cruise.legs[0].trajectory.start.six, 398600.4355)
    assert orbit.periapsis_km == pytest.approx(6378.1366 + 300, abs=0.01)
    assert np.degrees(orbit.inclination_rad) == pytest.approx(51.5, abs=1e-6)
    assert orbit.since_periapsis_s == pytest.approx(900, abs=1e-3)


def test_the_measured_orbit_of_november_is_told_from_the_same_file(given: CruiseFile) -> None:
    """The grade-A figures of the mission file are those of ESOC's trajectory."""
    with shared("data/nav/spice/tgo_state_tables/tgo_20161126.csv").open() as file:
        row = list(csv.reader(file))[1]
    numbers = np.array([float(each) for each in row[2:8]])
    measured = StateVector(int(tai_ns_from_et(float(row[1]))), numbers[:3], numbers[3:], "MARS")
    pole = spiceypy.pxform("J2000", "IAU_MARS", float(row[1]))[2]
    orbit = orbit_of(measured.six, GM_MARS, pole)
    public = {each.name: each.value for each in given.figures}
    assert abs(measured.epoch_tai_ns - given.plan.orbits.compare_tai_ns) < SECOND
    assert orbit.semi_major_axis_km == pytest.approx(public["measured orbit axis"], abs=1)
    assert orbit.periapsis_km - 3396.19 == pytest.approx(public["measured orbit periapsis height"], abs=0.1)
    for name, value in (
        ("inclination", orbit.inclination_rad),
        ("node", orbit.node_rad),
        ("argument of periapsis", orbit.argument_rad),
    ):
        assert np.degrees(value) == pytest.approx(public[f"measured orbit {name}"], abs=0.01)


def test_legs_follow_each_other_without_a_jump(cruise: Reference) -> None:
    worst_km = 0.0
    for craft in ("composite", "lander", "orbiter"):
        legs = [leg for leg in cruise.legs if leg.craft == craft]
        for before, after in pairwise(legs):
            end, start = before.trajectory.end, after.trajectory.start
            assert end.epoch_tai_ns == start.epoch_tai_ns, (before.name, after.name)
            offset = state(end.centre, start.centre, np.array([end.epoch_tai_ns]))[0, :3] if end.centre != start.centre else 0.0
            worst_km = max(worst_km, float(np.linalg.norm(end.position_km + offset - start.position_km)))
    print(f"legs join within {1e6 * worst_km:.3f} mm")
    assert worst_km < 1e-4


def test_the_lander_enters_where_an_independent_flight_does(given: CruiseFile, cruise: Reference) -> None:
    """From the separation on, fifty steps a day instead of the integrator's own, and SPICE's rotation for the place."""
    entry, lander = cruise.entry, given.plan.lander
    now = next(leg for leg in cruise.legs if leg.craft == "lander").trajectory.start
    forces = Forces("MARS", bodies=("SUN", "EARTH", "MOON", "JUPITER BARYCENTER", "SATURN BARYCENTER"))
    while now.epoch_tai_ns < entry.epoch_tai_ns:
        now = propagate(now, forces, min(now.epoch_tai_ns + DAY // 50, entry.epoch_tai_ns)).end
    off_km = np.linalg.norm(now.position_km - entry.state.position_km)
    turned = spiceypy.pxform("J2000", "IAU_MARS", spiceypy.str2et(utc_from_tai_ns(entry.epoch_tai_ns)))
    _, longitude, latitude = spiceypy.reclat(turned @ now.position_km)
    print(f"{off_km:.2f} km apart; {np.degrees(latitude):.2f} deg, {np.degrees(longitude) % 360:.2f} E")
    assert off_km < 10  # the flattening of Mars is left out here
    assert np.degrees(longitude) % 360 == pytest.approx(cruise.figures["entry longitude"], abs=0.3)
    height = np.linalg.norm(entry.fixed_km) - 3396.19
    assert height == pytest.approx(lander.entry_height_km, abs=1.0)
    assert 400 < cruise.figures["entry range to site"] < 1000


def test_no_cut_off_of_any_burn_at_mars_ends_in_the_planet(given: CruiseFile, cruise: Reference) -> None:
    assert [each.name for each in cruise.cut_offs] == ["capture", "turn-1", "turn-2", "turn-3", "apoapsis lowering"]
    for each in cruise.cut_offs:
        print(f"{each.name}: lowest periapsis {each.lowest_km - 3396.19:.1f} km high")
        assert each.lowest_km > given.plan.orbits.floor_km
    assert cruise.cut_offs[0].apoapsis_km[0] == np.inf and np.isfinite(cruise.cut_offs[0].apoapsis_km[-1])


def test_gravity_losses_of_a_weak_engine(cruise: Reference) -> None:
    figures = cruise.figures
    print(
        f"burn {figures['capture burn']:.3f}, impulse {figures['capture impulse']:.3f} km/s, {figures['capture propellant']:.0f} kg"
    )
    assert figures["capture gravity loss"] == pytest.approx(figures["capture burn"] - figures["capture impulse"])
    assert 0.2 < figures["capture gravity loss"] < 0.5
    used = 4332 - 577 - cruise.mass_kg  # 937 kg of fuel and 1,499 kg of oxidiser were procured for it (ESA, 6 January 2016)
    print(f"{used:.0f} kg used by March 2017")
    assert 1500 < used < 2436


def test_hand_over_is_the_orbit_before_aerobraking(given: CruiseFile, cruise: Reference) -> None:
    orbit = orbit_of(cruise.hand_over.six, GM_MARS)
    assert cruise.hand_over.epoch_tai_ns == tai_ns_from_utc("2017-03-15T11:56") and cruise.hand_over.centre == "MARS"
    assert 0.98 * 86400 < orbit.period_s < 1.06 * 86400
    assert cruise.states(np.array([cruise.hand_over.epoch_tai_ns]), "MARS")[0] == pytest.approx(cruise.hand_over.six)


def test_states_are_given_about_any_body_and_refused_outside(cruise: Reference) -> None:
    epochs = tai_ns_from_utc("2016-03-20") + np.arange(20) * 10 * DAY
    sun, mars = cruise.states(epochs, "SUN"), cruise.states(epochs, "MARS")
    assert np.allclose(sun - mars, state("MARS", "SUN", epochs), atol=1e-6)
    distance_au = np.linalg.norm(sun[:, :3], axis=1) / 149597870.7
    assert distance_au.min() > 0.97 and distance_au.max() < 1.68
    with pytest.raises(TimeError, match="outside of the reference"):
        cruise.states(np.array([tai_ns_from_utc("2018-01-01")]), "SUN")
    with pytest.raises(TimeError, match="of the lander"):
        cruise.states(np.array([tai_ns_from_utc("2016-11-01")]), "MARS", "lander")


def test_columns_of_an_orbit_message_hold_the_trajectory(cruise: Reference) -> None:
    """Hermite interpolation of degree 7 between the rows, as readers do it, gives the trajectory back."""
    worst: dict[str, float] = {}
    for segment in cruise.segments():
        assert (np.diff(segment.epochs_tai_ns) > 0).all()
        leg = next(each for each in cruise.legs if each.name == segment.names[0] and each.centre == segment.centre)
        if segment.epochs_tai_ns.size < 8 or leg.craft != segment.craft:
            continue
        for at in range(3, segment.epochs_tai_ns.size - 5, max(1, segment.epochs_tai_ns.size // 12)):
            rows = slice(at - 3, at + 5)
            t = (segment.epochs_tai_ns[rows] - segment.epochs_tai_ns[at]) / SECOND
            middle = int(segment.epochs_tai_ns[at] + (segment.epochs_tai_ns[at + 1] - segment.epochs_tai_ns[at]) // 2)
            found = [
                _hermite(t, segment.states[rows, i], segment.states[rows, 3 + i], (middle - segment.epochs_tai_ns[at]) / SECOND)
                for i in range(3)
            ]
            true = cruise.states(np.array([middle]), segment.centre, "lander" if segment.craft == "lander" else "orbiter")[0, :3]
            worst[segment.craft] = max(worst.get(segment.craft, 0.0), float(np.linalg.norm(np.array(found) - true)))
    print({craft: f"{1000 * value:.3f} m" for craft, value in worst.items()})
    assert max(worst.values()) < 0.01


def _hermite(t: np.ndarray, values: np.ndarray, slopes: np.ndarray, at: float) -> float:
    """Return Hermite's polynomial through values and slopes, by divided differences."""
    scale = float(np.abs(t).max())
    z, table = np.repeat(t / scale, 2), np.repeat(values, 2).astype(float)
    coefficients = [table[0]]
    for order in range(1, z.size):
        new = np.empty(z.size - order)
        for i in range(new.size):
            width = z[i + order] - z[i]
            new[i] = slopes[i // 2] * scale if width == 0 else (table[i + 1] - table[i]) / width
        table = new
        coefficients.append(table[0])
    total, product = 0.0, 1.0
    for order, coefficient in enumerate(coefficients):
        total += coefficient * product
        product *= at / scale - z[order]
    return total


def test_arcs_are_written_and_read_as_messages(cruise: Reference, tmp_path: Path) -> None:
    for craft, name in (("orbiter", "TGO"), ("lander", "EDM")):
        arcs = cruise_arcs(cruise, craft, name)
        path = tmp_path / f"{name}.oem"
        write_arcs(arcs, path, made_at=tai_ns_from_utc("2026-11-29"))
        back = read_arcs(path)
        assert len(back) == len(arcs) > 0 and {arc.name for arc in back} == {name}
        for ours, theirs in zip(arcs, back, strict=True):
            assert np.abs(ours.epochs - theirs.epochs).max() <= 1000 and ours.centre == theirs.centre
            assert np.allclose(ours.states, theirs.states, rtol=1e-11, atol=1e-6)


def test_the_message_tells_burns_and_breaks_by_its_rows_alone(cruise: Reference) -> None:
    """Read as octets by SciPy's polynomials: no gap, steps of velocity where a burn was sudden, thrust interpolated within 1 mm."""
    arcs = cruise_arcs(cruise, "orbiter", "TGO")
    metadata = [segment.metadata for segment in oem_of(arcs, made_at=tai_ns_from_utc("2026-11-29")).segments]
    steps = []
    for before, after in pairwise(arcs):
        assert before.epochs[-1] == after.epochs[0]
        offset = 0.0
        if before.centre != after.centre:
            offset = state(before.centre, after.centre, before.epochs[-1:])[0]
        jump = before.states[-1] + offset - after.states[0]
        assert np.linalg.norm(jump[:3]) < 1e-6
        steps.append(1000 * float(np.linalg.norm(jump[3:])))
    sudden = [row["size_m_s"] for row in burn_rows(cruise) if row["duration_s"] is None]
    parted = 0.30 * 577.0 / burn_rows(cruise)[1]["mass_after_kg"]
    assert [step for step in steps if step > 1e-4] == pytest.approx([parted, *sudden], abs=1e-6)
    worst_mm = 0.0
    legs = {leg.trajectory.start.epoch_tai_ns: leg.trajectory for leg in cruise.legs if leg.craft != "lander"}
    for arc, told in zip(arcs, metadata, strict=True):
        assert 7 == told.number("INTERPOLATION_DEGREE") <= 2 * len(arc.epochs) - 1
        if len(arc.epochs) < 60:
            begin = len(arc.epochs) // 2 - 2
            some, rows = arc.epochs[begin : begin + 4], arc.states[begin : begin + 4]
            at = ((some - some[0]) / SECOND).repeat(2)
            made = KroghInterpolator(at, np.stack([rows[:, :3], rows[:, 3:]], axis=1).reshape(-1, 3))
            middle = int(some[1] + some[2]) // 2
            truth = legs[int(arc.epochs[0])].states(np.array([middle]))[0, :3]
            worst_mm = max(worst_mm, 1e6 * float(np.linalg.norm(made((middle - some[0]) / SECOND) - truth)))
    print(f"interpolated within {worst_mm:.3f} mm")
    assert worst_mm < 1.0


def test_rows_for_people(given: CruiseFile, cruise: Reference) -> None:
    rows = figure_rows(cruise, given)
    assert {"figure", "public", "ours", "tolerance", "unit", "verdict", "grade", "source"} <= set(rows[0])
    assert [row["verdict"] for row in rows].count("in conflict") == 1 and "missed" not in {row["verdict"] for row in rows}
    burns = burn_rows(cruise)
    assert [row["start_utc"] for row in burns] == sorted(row["start_utc"] for row in burns) and burns[0]["name"] == "DSM-1"
    assert all(row["size_m_s"] > 0 and row["propellant_kg"] > 0 for row in burns)
    with pytest.raises(UsageError, match="a step of 1 s makes over 2,000,000 rows of 366 days"):
        cruise_arcs(cruise, "orbiter", "TGO", step_s=1.0)
    with pytest.raises(UsageError, match="no figure 'colour'"):
        cruise.compared((given.figures[0].__class__("colour", 1, 1, "", "", "E"),))


def test_each_burn_is_told_with_its_speed_and_propellant(given: CruiseFile, cruise: Reference) -> None:
    """Speeds against a flight without the burn (deep space) and the plan; masses by the rocket equation; tanks as ESA filled them."""
    rows, craft = {row["name"]: row for row in burn_rows(cruise)}, given.plan.craft
    for each in given.plan.manoeuvres:
        leg = next(one for one in cruise.legs if one.name == each.name)
        forces = Forces("SUN", bodies=("EARTH", "MARS", "JUPITER BARYCENTER"))
        bare = propagate(leg.trajectory.start, forces, leg.trajectory.end.epoch_tai_ns).end
        gained = 1000 * float(np.linalg.norm(leg.trajectory.end.velocity_km_s - bare.velocity_km_s))
        assert rows[each.name]["size_m_s"] == pytest.approx(1000 * each.size_km_s, abs=1e-6)
        assert gained == pytest.approx(rows[each.name]["size_m_s"], abs=0.01)
    assert rows["capture"]["size_m_s"] == pytest.approx(1000 * cruise.figures["capture burn"], abs=1e-6)
    mass = craft.launch_mass_kg
    for row in burn_rows(cruise):
        mass -= craft.lander_mass_kg if row["name"] == "retarget" else 0.0
        assert row["propellant_kg"] == pytest.approx(mass * (1 - np.exp(-row["size_m_s"] / (craft.isp_s * 9.80665))), rel=1e-9)
        if row["thrust_n"] is not None:
            assert row["propellant_kg"] == pytest.approx(row["thrust_n"] * row["duration_s"] / (craft.isp_s * 9.80665), rel=1e-9)
        mass -= row["propellant_kg"]
        assert row["mass_after_kg"] == pytest.approx(mass, abs=1e-6)
    spent = sum(row["propellant_kg"] for row in rows.values())
    print(f"{spent:.0f} kg of the 2,500 kg that ESA filled in (February 2016); {mass:.0f} kg when aerobraking begins")
    assert mass == pytest.approx(cruise.mass_kg, abs=1e-6) and spent < 2500


def test_assumptions_are_marked(given: CruiseFile) -> None:
    for each in given.assumptions:
        assert each.grade in "DE" and each.why
    names = {each.name.split(": ")[-1] for each in given.assumptions}
    assert {"isp_s", "entry_angle_deg", "perigee_height_km", "pitch_deg", "declination_deg"} <= names


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda text: text.replace('grade = "E", why = "of catalogued', 'grade = "E", because = "of catalogued'), "unknown key 'because'"),
        (lambda text: text.replace(', why = "of catalogued apogee engines of this thrust (S400-15 class)"', ""), "isp_s: assumed without a reason"),
        (lambda text: text.replace('source = "engine", grade = "B" }', 'source = "hearsay", grade = "B" }'), "'hearsay' is not one of"),
        (lambda text: text.replace("2016-10-19T14:42:00", "2016-10-19T25:42:00"), "entry_utc: .*25:42"),
        (lambda text: text.replace("size_m_s = { value = 326.497", 'size_m_s = { value = "much"'), "'much' is not a number"),
        (lambda text: text + "\n[extra]\nx = 1\n", "unknown key 'extra'"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused_by_key(change: Callable[[str], str], what: str) -> None:
    with pytest.raises(DefinitionError, match=rf"cruise\.toml.*{what}"):
        read_cruise(change(FILE.read_text()), "cruise.toml")


def test_a_capture_that_would_hit_the_planet_is_refused(given: CruiseFile) -> None:
    from dataclasses import replace

    plan = given.plan
    low = replace(plan, orbits=replace(plan.orbits, floor_km=3396.19 + 190.0))
    with pytest.raises(UsageError, match=r"turn-1: cut off at 2017-01-19.*Divide the burn"):
        rebuild_cruise(low)


def test_the_arc_of_december_2017_is_no_part_of_it(cruise: Reference) -> None:
    """The only arcs of the shared kernel lie after the hand-over: nothing else of the cruise can be compared with it."""
    path = str(shared("data/nav/spice/em16/spk/em16_tgo_fsp_048_01_20160314_20181231_v03.bsp"))
    furnish(path)
    cover = spiceypy.spkcov(path, -143)
    first = int(tai_ns_from_et(float(cover[0])))
    release(path)
    assert first > cruise.hand_over.epoch_tai_ns


def test_pictures_are_drawn(cruise: Reference, tmp_path: Path) -> None:
    departures = tai_ns_from_utc("2015-12-20") + np.arange(30) * 5 * DAY
    chop = pork_chop("EARTH", "MARS", departures, tai_ns_from_utc("2016-07-20") + np.arange(30) * 9 * DAY)
    best = chop.best()
    marks = (("least", best.departure_tai_ns, best.arrival_tai_ns),)
    paths = draw_pork_chop(chop, tmp_path / "chop.png", marks=marks), draw_cruise(cruise, tmp_path / "cruise.png", title="Cruise")
    assert all(path.read_bytes()[:4] == b"\x89PNG" and path.stat().st_size > 50_000 for path in paths)
