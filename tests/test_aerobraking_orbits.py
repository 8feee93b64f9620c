"""Lives of orbits, upkeep and phasing, each against flights of the integrator; the aerobraking orbit of TGO against its kernel."""

from dataclasses import replace
from itertools import pairwise
from math import pi, radians, sqrt

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.dynamics import (
    Drag,
    Forces,
    ImpactError,
    ImpulsiveBurn,
    StateVector,
    Surroundings,
    Trajectory,
    Vehicle,
    height_keeping,
    lifetime,
    phase_over,
    propagate,
    revolution,
    surroundings,
    track_keeping,
)
from aelita.dynamics.aerobraking import start_of
from aelita.dynamics.aerobraking_flight import coasted
from aelita.dynamics.airfit import season_deg
from aelita.dynamics.drag_pass import ExponentialAir, plain_gravity, revolved, shape
from aelita.dynamics.lifetime import YEAR_S, Lifetime
from aelita.dynamics.maintenance import nodal_motion, repeating_axis_km
from aelita.dynamics.phasing import in_plane
from aelita.dynamics.rotation import rotation_of
from aelita.environment import GravityField, MarsAtmosphere
from aelita.ephemeris import MarsSite, mars_rotation, state
from aelita.errors import UsageError
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc
from environment_material import gravity
from shared import shared

Reals = NDArray[np.float64]
T0 = int(tai_ns_from_utc("2018-05-01"))
GM, RADIUS = 42828.37362069909, 3396.19
TGO = Vehicle(1800.0, 28.0, 2.1)
OXIA = MarsSite("Oxia Planum", 18.2, 335.45, -3.0)
POINT = GravityField("a point", GM, 3396.0, np.eye(1), np.zeros((1, 1)))
KERNEL = "data/nav/spice/em16/spk/em16_tgo_fsp_048_01_20160314_20181231_v03.bsp"


def tgo_states(utcs: tuple[str, ...]) -> tuple[list[int], Reals]:
    """Return epochs and states of ESOC's orbit of 2017-12-08."""
    path = str(shared(KERNEL))
    epochs = [int(tai_ns_from_utc(each)) for each in utcs]
    spiceypy.furnsh(path)
    try:
        rows = [spiceypy.spkgeo(-143, float(et_from_tai_ns(each)), "J2000", 499)[0] for each in epochs]
    finally:
        spiceypy.unload(path)
    return epochs, np.array(rows)


def test_the_aerobraking_orbit_of_tgo_is_flown_as_esoc_has_it() -> None:
    """From beyond apoapsis down to 330 km, 70 minutes; then on through the air, which the kernel's excerpt does not show."""
    epochs, rows = tgo_states(("2017-12-08T20:10:05", "2017-12-08T21:19:55"))
    start = StateVector(epochs[0], rows[0, :3], rows[0, 3:])
    air = MarsAtmosphere(multiplier=0.92)
    for degree, most_m in ((8, 60.0), (20, 15.0)):
        around = surroundings(air, epochs[0], epochs[0] + DAY, gravity=gravity("JGMRO120D"), degree=degree)
        forces = Forces(gravity=gravity("JGMRO120D"), degree=degree)
        theirs = propagate(start, forces, epochs[1]).end.six
        found, _ = revolution(start, around, TGO)
        row = np.concatenate([start.six, np.zeros(3)])
        _, ours = coasted(around, TGO.drag_m2_kg, around.seconds(epochs[0]), row, around.seconds(epochs[1]))
        off = [1e3 * float(np.linalg.norm(each[:3] - rows[1, :3])) for each in (ours, theirs)]
        print(
            f"degree {degree}: {off[0]:.1f} m off the kernel after 70 minutes (all forces {off[1]:.1f}), lowest {found.lowest_km:.1f} km"
        )
        assert off[0] < most_m
    assert 103 < found.lowest_km < 113  # "about 110 km" (ESA)


def test_the_life_of_a_circular_orbit_is_that_of_the_formula() -> None:
    """In exponential air over a round planet: H / (rho Cd A / m sqrt(GM a)); heights over a small scale height."""
    air = ExponentialAir(1e-11, 200.0, 8.0)

    class Round:
        def density_kg_m3(self, height_km: Reals, lat_deg: Reals, lon_deg: Reals, ls_deg: Reals, local_time_h: Reals) -> Reals:
            equator, pole = 3396.19, 3376.20  # the height over the ellipsoid, taken back to the radius of the equator
            sine2 = np.sin(np.radians(lat_deg)) ** 2
            ground = equator * pole / np.sqrt(pole**2 * (1 - sine2) + equator**2 * sine2)
            return air.density_kg_m3(height_km + ground - equator, lat_deg, lon_deg, ls_deg, local_time_h)

    found = lifetime(200.0, 200.0, pi / 2, TGO, Round(), floor_km=125.0)
    a = RADIUS + 200.0
    expected_s = 8.0 * 1e3 / (1e-11 * 2 * TGO.drag_m2_kg * sqrt(GM * a) * 1e6) * 1e0
    print(f"{found.years * YEAR_S / 86400:.2f} d, formula {expected_s / 86400:.2f} d")
    assert found.years * YEAR_S == pytest.approx(expected_s, rel=0.02)
    assert found.early_years < found.years < found.late_years
    assert found.late_years / found.early_years == pytest.approx(np.exp(1.0), rel=0.03)


def flown_days(start: StateVector, around: Surroundings, floor_km: float) -> float:
    """Return the days until apoapsis is below a floor, revolution by revolution."""
    row, t = np.concatenate([start.six, np.zeros(3)]), 0.0
    while True:
        seen, t = revolved(around, TGO.drag_m2_kg, t, row)
        if seen.apoapsis_km < floor_km:
            return t / 86400


def averaged_days(found: Lifetime, floor_km: float) -> float:
    """Return the days until apoapsis is at a floor, of an averaged life."""
    return float(np.interp(-floor_km, -found.history[:, 2], found.history[:, 0])) * YEAR_S / 86400


@pytest.mark.parametrize("heights_km", [(122.0, 1000.0), (130.0, 500.0)])
def test_the_averaged_life_is_that_of_flight(heights_km: tuple[float, float]) -> None:
    """Over the equator of a round planet with air that knows only height, to an apoapsis of 300 km."""
    air = ExponentialAir(4e-9, 122.0, 8.0)
    around = surroundings(air, T0, T0 + 60 * DAY, gravity=POINT, degree=0)
    still = replace(around, acts=around.acts._replace(sun_gm=0.0))
    flown = flown_days(start_of(T0, *heights_km, 1e-3, 0.0, 0.0), still, 300.0)
    averaged = averaged_days(lifetime(*heights_km, radians(1e-3), TGO, air, floor_km=60.0), 300.0)
    print(f"{heights_km} km: flown {flown:.3f} d, averaged {averaged:.3f} d")
    assert averaged == pytest.approx(flown, rel=0.02)


def test_the_averaged_life_beside_flight_in_the_whole_field() -> None:
    """What the other harmonics do, which the average leaves out: periapsis moves by kilometres, life by tens of per cent."""
    air = MarsAtmosphere()
    around = surroundings(air, T0, T0 + 100 * DAY, gravity=gravity("JGMRO120D"), degree=12)
    start = start_of(T0, 120.0, 1000.0, 74.0, 100.0, 40.0)
    flown = flown_days(start, around, 300.0)
    rotation, et = rotation_of("IAU2000"), float(et_from_tai_ns(T0))
    pole = rotation.matrix(et)[2]
    sun = state("SUN", "MARS", np.array([T0]))[0, :3]
    first = np.array([-pole[1], pole[0], 0.0]) / np.hypot(pole[0], pole[1])
    right_ascension = float(np.arctan2(sun @ np.cross(pole, first), sun @ first))
    ground = (
        120.0 - 19.99 * (np.sin(radians(74)) * np.sin(radians(40))) ** 2
    )  # heights of `lifetime` count from the equator's radius
    found = lifetime(
        ground, 1000.0, radians(74), TGO, air, argument_rad=radians(40), node_from_sun_rad=radians(100) - right_ascension,
        ls_deg=season_deg(rotation, et), floor_km=60.0,
    )  # fmt: skip
    averaged = averaged_days(found, 300.0)
    print(f"flown {flown:.2f} d, averaged {averaged:.2f} d, {averaged_days(found, 300.0) / flown - 1:+.0%}")
    assert averaged == pytest.approx(flown, rel=0.4)


def test_lives_grow_with_height_and_the_science_orbit_stays() -> None:
    lives = [lifetime(h, h + 20, radians(74), TGO, MarsAtmosphere(), most_years=20.0).years for h in (150.0, 180.0, 220.0, 260.0)]
    print([f"{each:.3g} a" for each in lives])
    assert all(low < high for low, high in pairwise(lives))
    assert lives[0] * 365.25 < 20 and lives[-1] > 1
    science = lifetime(380.0, 420.0, radians(74), TGO, MarsAtmosphere(), most_years=8.0)
    assert science.years == np.inf and science.history[-1, 1] > 350
    with pytest.raises(UsageError, match="above the floor"):
        lifetime(100.0, 300.0, 1.0, TGO, MarsAtmosphere())


@given(low=st.floats(150.0, 190.0), more=st.floats(0.0, 60.0), mass=st.floats(300.0, 3000.0))
@settings(max_examples=8)
def test_a_heavier_spacecraft_lives_longer_in_proportion(low: float, more: float, mass: float) -> None:
    air = ExponentialAir(3e-9, 150.0, 9.0)
    one, other = (lifetime(low, low + more, 1.0, Vehicle(m, 10.0, 2.2), air, most_years=20.0).years for m in (mass, 2 * mass))
    assert other / one == pytest.approx(2.0, rel=0.1)  # precession and season do not double


def test_height_keeping_costs_what_drag_takes() -> None:
    """The decay of the mean axis in a day of the integrator, at 220 km over a planet without other harmonics."""
    air = ExponentialAir(3e-11, 210.0, 12.0)
    start = start_of(T0, 215.0, 225.0, 1e-3, 0.0, 0.0)
    forces = Forces(gravity=POINT, degree=0, bodies=(), relativity=False, drag=Drag(28.0, 2.1, air))
    end = propagate(start, forces, T0 + DAY, mass_kg=TGO.mass_kg).end
    lost = shape(start.six, GM)[0] - shape(end.six, GM)[0]
    kept = height_keeping(215.0, 225.0, radians(1e-3), 1.0, TGO, air)
    print(
        f"{lost:.4f} km flown, {kept.decay_km_day:.4f} km planned; a burn of {kept.burn_m_s:.2f} m/s every {kept.interval_s / DAY * 1e9:.1f} d"
    )
    assert kept.decay_km_day == pytest.approx(lost, rel=0.03)
    assert kept.interval_s * kept.decay_km_day / 86400 == pytest.approx(1.0, rel=1e-9)
    assert kept.year_m_s == pytest.approx(kept.burn_m_s * YEAR_S / kept.interval_s)
    raised = shape(
        np.array([*end.position_km, *(end.velocity_km_s * (1 + kept.burn_m_s * 1e-3 / np.linalg.norm(end.velocity_km_s)))]), GM
    )[0]
    assert raised - shape(end.six, GM)[0] == pytest.approx(1.0, rel=0.02)


def over_node_km(mean_km: float, inclination_rad: float) -> float:
    """Return the osculating semi-major axis at a node whose mean is given: the short period of the flattening (Kozai 1959)."""
    return mean_km + 1.5 * 1.956e-3 * 3396.0**2 / mean_km * float(np.sin(inclination_rad)) ** 2


def crossings_km(trajectory: Trajectory, days: float) -> Reals:
    """Return rows of (days, longitude of the ascending node turned into km of equator) by interpolation between minutes."""
    epochs = trajectory.span[0] + np.arange(0, days * 86400, 20.0).astype(np.int64) * SECOND
    fixed = np.einsum("nij,nj->ni", mars_rotation(np.asarray(et_from_tai_ns(epochs))), trajectory.states(epochs)[:, :3])
    z, longitude = fixed[:, 2], np.unwrap(np.arctan2(fixed[:, 1], fixed[:, 0]))
    k = np.flatnonzero((z[:-1] < 0) & (z[1:] >= 0))
    part = z[k] / (z[k] - z[k + 1])
    return np.stack([(epochs[k] - epochs[0]) / DAY, (longitude[k] + part * (longitude[k + 1] - longitude[k])) * RADIUS], axis=1)


def test_track_keeping_turns_at_the_edge_of_its_band() -> None:
    """Dense air, so that a cycle takes days: the track goes to the far edge and comes back when the next burn is due."""
    air, width = ExponentialAir(1e-11, 300.0, 40.0), 3.0
    kept = track_keeping(300.0, 300.0, radians(74), width, TGO, air)
    days = kept.interval_s / 86400
    field = plain_gravity()
    height = over_node_km(RADIUS + 300.0, radians(74)) - RADIUS
    start = start_of(T0, height, height + 1e-6, 74.0, 100.0, 0.0)
    free = Forces(gravity=field, degree=2, bodies=(), relativity=False)
    reference = propagate(start, free, T0 + round(1.02 * days * DAY))
    burn = ImpulsiveBurn(T0, (0.5e-3 * kept.burn_m_s, 0.0, 0.0), "velocity", name="lift")
    flown = propagate(
        start, replace(free, drag=Drag(28.0, 2.1, air)), T0 + round(1.02 * days * DAY), mass_kg=TGO.mass_kg, burns=(burn,)
    )
    one, other = crossings_km(reference, days), crossings_km(flown, days)
    count = min(len(one), len(other))
    drift = other[:count, 1] - one[:count, 1]
    turned = int(np.abs(drift).argmax())
    print(
        f"{days:.1f} d, burn {kept.burn_m_s:.3f} m/s: {np.abs(drift).max():.2f} km at {one[turned, 0]:.1f} d, {drift[-1]:.2f} km at the end"
    )
    assert np.abs(drift).max() == pytest.approx(2 * width, rel=0.15)
    assert one[turned, 0] == pytest.approx(days / 2, rel=0.15)
    assert abs(drift[-1]) < width  # the mean height, and so the decay, is foreseen 7 % off


def test_the_node_turns_as_the_integrator_says() -> None:
    more = over_node_km(RADIUS + 400.0, radians(74)) - RADIUS - 400.0
    start = start_of(T0, 380.0 + more, 420.0 + more, 74.0, 100.0, 0.0)
    days = 3.0
    trajectory = propagate(start, Forces(gravity=plain_gravity(), degree=2, bodies=(), relativity=False), T0 + round(days * DAY))
    found = crossings_km(trajectory, days)
    period_s = (found[-1, 0] - found[0, 0]) * 86400 / (len(found) - 1)
    motion = nodal_motion(RADIUS + 400.0, 20.0 / (RADIUS + 400.0), radians(74))
    step = (found[-1, 1] - found[0, 1]) / RADIUS / (len(found) - 1)
    step -= 2 * pi * round((step - motion.step_rad) / (2 * pi))
    print(f"period {period_s:.2f} s against {motion.period_s:.2f}, step {step:.6f} against {motion.step_rad:.6f} rad")
    assert motion.period_s == pytest.approx(period_s, rel=3e-4)
    assert motion.step_rad == pytest.approx(step, rel=3e-4)


@given(revolutions=st.integers(340, 385))
def test_a_repeating_track_repeats(revolutions: int) -> None:
    a = repeating_axis_km(revolutions, 30, 0.005, radians(74))
    assert abs(nodal_motion(a, 0.005, radians(74)).step_rad) * revolutions == pytest.approx(30 * 2 * pi, rel=1e-9)


def elevation_deg(trajectory: Trajectory, site: MarsSite, epochs: NDArray[np.int64]) -> Reals:
    fixed = np.einsum("nij,nj->ni", mars_rotation(np.asarray(et_from_tai_ns(epochs))), trajectory.states(epochs)[:, :3])
    away = fixed - site.fixed_km
    return np.degrees(np.arcsin(away @ site.axes()[2] / np.linalg.norm(away, axis=1)))


@pytest.mark.parametrize("direction", ["north", "south"])
def test_phasing_brings_the_orbiter_over_the_site(direction: str) -> None:
    """Flown by the other integrator with the two burns: overhead within a degree or two, at the time planned."""
    field = gravity("JGMRO120D")
    around = surroundings(MarsAtmosphere(), T0, T0 + 8 * DAY, gravity=field, degree=20)
    start = start_of(T0, 380.0, 420.0, 74.0, 120.0, 270.0)
    plan = phase_over(start, around, TGO, OXIA, T0 + 5 * DAY, direction=direction)
    forces = Forces(gravity=field, degree=20, bodies=("SUN",), relativity=False, drag=Drag(28.0, 2.1, MarsAtmosphere()))
    until = plan.over.at_tai_ns + 600 * SECOND
    epochs = plan.over.at_tai_ns + np.arange(-300, 301) * SECOND
    with_burns = elevation_deg(propagate(start, forces, until, mass_kg=TGO.mass_kg, burns=plan.burns), OXIA, epochs)
    without = elevation_deg(propagate(start, forces, until, mass_kg=TGO.mass_kg), OXIA, epochs)
    best = int(with_burns.argmax())
    print(
        f"{direction}: {plan.cost_m_s:.2f} m/s against {plan.without_s:.0f} s; {with_burns.max():.2f} deg {best - 300:+d} s from the plan,"
        f" {without.max():.1f} deg without"
    )
    assert with_burns.max() > 88 and abs(best - 300) <= 3
    assert plan.over.up == (direction == "north")
    assert abs(plan.residual_s) < 0.5
    if abs(plan.without_s) > 600:
        assert without.max() < 30


def test_phasing_refuses_what_is_dear_or_dives() -> None:
    around = surroundings(MarsAtmosphere(), T0, T0 + 8 * DAY)
    start = start_of(T0, 380.0, 420.0, 74.0, 120.0, 270.0)
    with pytest.raises(UsageError, match=r"more than 0\.01"):
        phase_over(start, around, TGO, OXIA, T0 + 3 * DAY, most_m_s=0.01)
    with pytest.raises(UsageError, match="too short to drift"):
        over = in_plane(start, around, TGO, OXIA, T0 + DAY)
        late = propagate(start, Forces(gravity=plain_gravity(), degree=2), over.at_tai_ns - 3000 * SECOND).end
        phase_over(late, around, TGO, OXIA, over.at_tai_ns)
    with pytest.raises(UsageError, match="not in the plane"):
        phase_over(start_of(T0, 380.0, 420.0, 10.0, 120.0, 270.0), around, TGO, MarsSite("pole", 80.0, 0.0), T0 + 3 * DAY)
    with pytest.raises(ImpactError, match="should the second burn fail"):
        for days in range(2, 7):
            phase_over(start, around, TGO, OXIA, T0 + days * DAY, least_height_km=375.0)
