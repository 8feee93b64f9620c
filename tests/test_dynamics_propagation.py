"""Propagation against orbits that others determined (the Trace Gas Orbiter's, Tianwen-1's) and another integrator."""

import os
import subprocess
import sys
from pathlib import Path

import heyoka
import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray

from aelita.dynamics import GM_KM3_S2, Drag, Forces, SolarPressure, StateVector, propagate
from aelita.dynamics.rotation import ROTATIONS
from aelita.dynamics.states import elapsed_s, epochs_of
from aelita.environment import MarsAtmosphere
from aelita.ephemeris import furnish, release, state
from aelita.errors import UsageError
from aelita.time import DAY, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc
from orbit_material import CAPTURE, LOW_ARCS, jgmro120d, tgo
from shared import shared

FAR = ("JUPITER BARYCENTER", "SATURN BARYCENTER", "URANUS BARYCENTER", "NEPTUNE BARYCENTER")


def furthest_m(name: str, degree: int) -> float:
    """Propagate the first state of a table and return the greatest distance from the rest of it, metres."""
    epochs, states = tgo(name)
    made = propagate(
        StateVector(int(epochs[0]), states[0, :3], states[0, 3:]), Forces(gravity=jgmro120d(), degree=degree), int(epochs[-1])
    )
    return float(1000 * np.linalg.norm(made.states(epochs)[:, :3] - states[:, :3], axis=1).max())


@pytest.mark.parametrize(("degree", "most_m"), [(50, 3.0), (80, 2.0)])
def test_arcs_of_tgo_are_met_within_metres(degree: int, most_m: float) -> None:
    off = {name: furthest_m(name, degree) for name in LOW_ARCS}
    print(f"degree {degree}: " + ", ".join(f"{each:.2f} m" for each in off.values()))
    assert max(off.values()) <= most_m


@pytest.mark.parametrize(("degree", "most_m"), [(50, 3.0), (80, 2.0)])
def test_every_arc_of_the_kernels_is_met_within_metres(degree: int, most_m: float) -> None:
    """4,190 s of each of the five excerpts, from the last orbits of aerobraking to 2020."""
    off = {}
    for kernel in sorted(shared("data/nav/spice/em16/spk").glob("em16_tgo_fsp_*.bsp")):
        furnish(kernel)
        first = float(spiceypy.spkcov(str(kernel), -143)[0]) + 5
        epochs = np.asarray(tai_ns_from_et(first + np.linspace(0, 4190, 71)))
        theirs = state("-143", "MARS", epochs)
        release(kernel)
        made = propagate(
            StateVector(int(epochs[0]), theirs[0, :3], theirs[0, 3:]), Forces(gravity=jgmro120d(), degree=degree), int(epochs[-1])
        )
        off[kernel.name[13:16]] = float(1000 * np.linalg.norm(made.states(epochs)[:, :3] - theirs[:, :3], axis=1).max())
    print(f"degree {degree}: " + ", ".join(f"{name} {each:.2f} m" for name, each in off.items()))
    assert len(off) == 5 and max(off.values()) <= most_m


def test_degree_20_is_not_enough_for_them() -> None:
    off = [furthest_m(name, 20) for name in LOW_ARCS]
    assert min(off) > 8 and max(off) < 100


def test_capture_orbit_across_its_pericentre() -> None:
    assert furthest_m(CAPTURE, 50) <= 1.0


def tianwen() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return epochs and states (km, km/s, about the Sun in J2000) of Tianwen-1, as its telemetry of 2021-02-07 had them."""
    lines = shared("data/tianwen1/state_vectors_2021-02-07.txt").read_text().split("\n")
    rows = [line.split() for line in lines if line.startswith("[")]
    epochs = np.array([tai_ns_from_utc(f"{day}T{clock}") for _, day, clock, *_ in rows])
    return epochs, np.array([[float(each) for each in row[3:9]] for row in rows])


def test_tianwen_on_its_way_to_mars() -> None:
    """2021-02-07, vectors of the spacecraft itself about the Sun: first to last, 9,312 s, within 5 m."""
    epochs, states = tianwen()
    forces = Forces(centre="SUN", bodies=("MERCURY BARYCENTER", "VENUS BARYCENTER", "EARTH", "MOON", "MARS", *FAR))
    made = propagate(StateVector(int(epochs[0]), states[0, :3], states[0, 3:], "SUN"), forces, int(epochs[-1]))
    off_m = 1000 * np.linalg.norm(made.states(epochs)[:, :3] - states[:, :3], axis=1)
    print(f"{(epochs[-1] - epochs[0]) / 1e9:.0f} s: {off_m[-1]:.2f} m at the end, {off_m.max():.2f} m at most")
    assert (epochs[-1] - epochs[0]) / 1e9 == pytest.approx(9312, abs=1)
    assert off_m[-1] <= 5.0


def test_heyoka_finds_the_same_orbit_and_partials() -> None:
    """Another integrator, with harmonics and variational equations of its own: Taylor series to the last bit of a float64."""
    field, degree = jgmro120d(), 4
    x, y, z, vx, vy, vz = heyoka.make_vars("x", "y", "z", "vx", "vy", "vz")
    begin = StateVector(tai_ns_from_utc("2019-05-08T20:10"), [-1800.6, 2371.8, -2293.4], [-2.88, -1.75, 0.44])  # type: ignore[arg-type]
    angles = ROTATIONS["IAU2000"].angles
    et = float(et_from_tai_ns(begin.epoch_tai_ns))
    ra, dec, w = (angles[k] + angles[k + 1] * (et + heyoka.time) for k in (0, 2, 4))
    sa, ca, sd, cd, sw, cw = (f(each) for each in (ra, dec, w) for f in (heyoka.sin, heyoka.cos))
    node, ahead, pole = (-sa, ca, 0.0 * sa), (-ca * sd, -sa * sd, cd), (ca * cd, sa * cd, sd)
    turn = [
        [cw * n + sw * q for n, q in zip(node, ahead, strict=True)],
        [cw * q - sw * n for n, q in zip(node, ahead, strict=True)],
        pole,
    ]
    fixed = [sum((row[k] * each for k, each in enumerate((x, y, z))), heyoka.expression(0.0)) for row in turn]
    pairs = [[float(field.c[n, m]) if n else 1.0, float(field.s[n, m])] for n in range(degree + 1) for m in range(n + 1)]
    forces = Forces(gravity=field, degree=degree, bodies=(), relativity=False)
    pull = heyoka.model.sh_gravity_acc(fixed, pairs, heyoka.expression(forces.gm_km3_s2), heyoka.expression(field.radius_km))
    back = [sum((turn[row][k] * pull[row] for row in range(3)), heyoka.expression(0.0)) for k in range(3)]
    system = [(x, vx), (y, vy), (z, vz), (vx, back[0]), (vy, back[1]), (vz, back[2])]
    varied = heyoka.var_ode_sys(system, [x, y, z, vx, vy, vz], 1)
    taylor = heyoka.taylor_adaptive(varied, begin.six.tolist(), compact_mode=True)
    length_s = 4 * 7040.0
    taylor.propagate_until(length_s)
    until = int(epochs_of(length_s, begin.epoch_tai_ns))
    made = propagate(begin, forces, until, partials=(), tolerance_km=1e-10)
    assert float(elapsed_s(until, begin.epoch_tai_ns)) == pytest.approx(length_s, abs=1e-9)
    off_m = 1000 * np.linalg.norm(made.states(np.array([until]))[0, :3] - taylor.state[:3])
    print(f"against heyoka after four revolutions: {1000 * off_m:.4f} mm")
    assert off_m < 1e-4
    theirs = np.array(taylor.state[6:]).reshape(6, 6)
    ours = made.partials(np.array([until]))[0]
    assert np.abs(ours - theirs).max() < 1e-8 * np.abs(theirs).max()


def test_a_month_low_over_mars_is_good_to_centimetres() -> None:
    """Degree 20, Sun and drag, 400 km: the usual tolerance against one ten times tighter."""
    speed = (GM_KM3_S2["MARS"] / 3796.19) ** 0.5
    begin = StateVector(tai_ns_from_utc("2019-05-08"), [3796.19, 0, 0], [0, 0.2756 * speed, 0.9613 * speed])  # type: ignore[arg-type]
    forces = Forces(gravity=jgmro120d(), degree=20, bodies=("SUN",), drag=Drag(10.0, 2.2, MarsAtmosphere()))
    until = begin.epoch_tai_ns + 30 * DAY
    shares: list[float] = []
    usual = propagate(begin, forces, until, progress=shares.append)
    tight = propagate(begin, forces, until, tolerance_km=1e-10)
    off_m = 1000 * np.linalg.norm(usual.end.position_km - tight.end.position_km)
    print(f"30 days: {1000 * off_m:.2f} mm")
    assert off_m < 0.02 and shares == sorted(shares) and shares[-1] == pytest.approx(1)


CIRCLE = StateVector(tai_ns_from_utc("2016-12-31T22:00"), [3800.0, 0, 0], [0, 3.357175, 0])  # type: ignore[arg-type]
HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("state", "forces"),
    [
        (CIRCLE, Forces(gravity=None, bodies=())),
        (StateVector(CIRCLE.epoch_tai_ns, [3800.0, 0, 0], [0, -4.747762, 0]), Forces(bodies=())),  # type: ignore[arg-type]
        (StateVector(CIRCLE.epoch_tai_ns, [3800.0, 0, 0], [0.5, 7.0, 0]), Forces(bodies=("SUN",))),  # type: ignore[arg-type]
        (StateVector(CIRCLE.epoch_tai_ns, [3800.0, 0, 0], [8.0, 0, 0]), Forces(bodies=("SUN",))),  # type: ignore[arg-type]
        (
            StateVector(CIRCLE.epoch_tai_ns, [42164.0, 0, 0], [0, 3.0747, 0], "EARTH"),  # type: ignore[arg-type]
            Forces("EARTH", bodies=("SUN", "MOON"), solar_pressure=SolarPressure(10.0)),
        ),
        (
            StateVector(CIRCLE.epoch_tai_ns, [30.0, 0, 0], [0, 0.004, 0.001], "PHOBOS"),  # type: ignore[arg-type]
            Forces("PHOBOS", bodies=()),
        ),
    ],
    ids=["circle", "parabola", "hyperbola", "along a line", "about the Earth", "about Phobos"],
)
def test_there_and_back_is_where_it_began(state: StateVector, forces: Forces) -> None:
    """Two days across the leap second of 2016: conics of every kind, and other centres."""
    there = propagate(state, forces, state.epoch_tai_ns + 48 * HOUR)
    back = propagate(there.end, forces, state.epoch_tai_ns)
    assert 1e6 * np.linalg.norm(back.end.position_km - state.position_km) < 0.1  # mm


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 6, 7, 119, 120])
def test_every_degree_of_the_field_is_flown(degree: int) -> None:
    made = propagate(CIRCLE, Forces(gravity=jgmro120d(), degree=degree), CIRCLE.epoch_tai_ns + 4 * HOUR)
    tight = propagate(CIRCLE, Forces(gravity=jgmro120d(), degree=degree), CIRCLE.epoch_tai_ns + 4 * HOUR, tolerance_km=1e-11)
    assert 1e6 * np.linalg.norm(made.end.position_km - tight.end.position_km) < 0.02  # mm


def test_the_shortest_spans() -> None:
    for length_ns in (0, 1, 10**6):
        made = propagate(CIRCLE, Forces(gravity=jgmro120d(), degree=20), CIRCLE.epoch_tai_ns + length_ns, partials=())
        way = made.end.position_km - CIRCLE.position_km
        assert np.abs(way - CIRCLE.velocity_km_s * length_ns / 1e9).max() < 1e-8
        assert made.partials(np.array([made.until_tai_ns]))[0] == pytest.approx(np.eye(6), abs=2e-3)


def test_what_cannot_be_is_refused_before_it_is_flown() -> None:
    nan, until = float("nan"), CIRCLE.epoch_tai_ns + HOUR
    for words, told in (
        ({"mass_kg": nan}, "mass of nan"), ({"mass_kg": -1.0}, "mass of -1.0"), ({"mass_kg": 0.0}, "mass of 0.0"),
        ({"tolerance_km": 0.0}, "tolerance of 0.0"), ({"tolerance_km": nan}, "tolerance of nan"), ({"tolerance_km": 10.0}, "tolerance of 10"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=told):
            propagate(CIRCLE, Forces(bodies=()), until, **words)  # type: ignore[arg-type]
    in_metres = StateVector(CIRCLE.epoch_tai_ns, 1e3 * CIRCLE.position_km, 1e3 * CIRCLE.velocity_km_s)
    with pytest.raises(UsageError, match=r"speed of 3357.*kilometres a second"):
        propagate(in_metres, Forces(bodies=()), until)
    with pytest.raises(UsageError, match="SUN is among the bodies twice"):
        Forces(bodies=("SUN", "EARTH", "SUN"))
    for gm in (nan, -1.0, 0.0, float("inf")):
        with pytest.raises(UsageError, match="an attraction of"):
            Forces(gm=gm)
    with pytest.raises(UsageError, match="sunlight on nan"):
        SolarPressure(nan)
    with pytest.raises(UsageError, match=r"drag on 1\.0 m2 with coefficient nan"):
        Drag(1.0, nan, MarsAtmosphere())


@pytest.mark.soak
def test_what_is_compiled_is_told_and_cached(tmp_path: Path) -> None:
    """A process with an empty cache tells the functions one by one; the next one finds them all."""
    script = "from aelita.dynamics import prepare; names = []; prepare(names.append); print(len(names), 'advance' in names)"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    )
    assert int(first[0]) > 15 and first[1] == "True" and second == ["0", "False"]
