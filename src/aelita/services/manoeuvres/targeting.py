"""A manoeuvre worked out: where and when, how large, what it leads to, and what each of its cut-offs would leave."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dynamics import (
    AimTarget,
    BPlane,
    CutOffs,
    FiniteBurn,
    Forces,
    ImpulsiveBurn,
    Orbit,
    OrbitTarget,
    StateVector,
    b_plane,
    burn_for_orbit,
    burn_of,
    burn_to_aim,
    correct,
    cut_offs,
    divided,
    orbit_of,
    propagate,
)  # fmt: skip
from ...ephemeris import mars_rotation
from ...errors import UsageError
from ...time import SECOND, et_from_tai_ns, utc_from_tai_ns

Vector = NDArray[np.float64]
Burn = ImpulsiveBurn | FiniteBurn
APSIDES = ("periapsis", "apoapsis")
BEFORE_PERIAPSIS_S = 7200.0  # where an aim is judged: far inside the planet's pull
SHARES = 101  # parts of an impulse that are judged


@dataclass(frozen=True, slots=True)
class Engine:
    """Mass (kg), thrust (N) and specific impulse (s) of what makes the burn; without thrust it is sudden."""

    mass_kg: float = 1000.0
    thrust_n: float = 0.0
    isp_s: float = 320.0

    def __post_init__(self) -> None:
        good = np.isfinite([self.mass_kg, self.thrust_n, self.isp_s]).all()
        if not (good and self.mass_kg > 0 and self.thrust_n >= 0 and self.isp_s > 0):
            raise UsageError(
                f"mass {self.mass_kg:g} kg, thrust {self.thrust_n:g} N, specific impulse {self.isp_s:g} s",
                remedy="Mass and specific impulse are above zero, the thrust too or zero for a sudden burn",
            )


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """A burn and the state (before it) that it is planned from; `mass_kg` is that before it.

    `cut` tells what each cut-off leaves; for sudden burns its epochs are all one and its rows are shares from none to all.
    `parts` are the changes of velocity (km/s) into which it must be divided to be safe: one a revolution, at this place.
    """

    start: StateVector
    burn: Burn
    mass_kg: float
    pole: tuple[float, float, float]
    gm_km3_s2: float
    radius_km: float
    floor_km: float
    before: Orbit
    after: Orbit
    end: StateVector
    cut: CutOffs
    parts: tuple[Vector, ...] = ()
    aim: BPlane | None = None
    aim_before: BPlane | None = None

    @property
    def size_km_s(self) -> float:
        """Size of the change of velocity: of a burn, thrust over mass summed."""
        return self.burn.speed_km_s(self.mass_kg)


def pole_of(centre: str, epoch_tai_ns: int) -> tuple[float, float, float]:
    """Return the pole over whose equator angles count: that of Mars (IAU 2000), of J2000 about others."""
    if centre != "MARS":
        return (0.0, 0.0, 1.0)
    x, y, z = mars_rotation(np.asarray(et_from_tai_ns(np.array([epoch_tai_ns]))))[0, 2]
    return (float(x), float(y), float(z))


def epoch_of(orbit: StateVector, forces: Forces, where: str) -> int:
    """Return the epoch (TAI nanoseconds) of the next `periapsis` or `apoapsis` of an orbit, to 1 ms with all forces."""
    if where not in APSIDES:
        raise UsageError(f"{where!r} is no place of an orbit", remedy=f"Name {' or '.join(APSIDES)}, or an instant")
    at, far = orbit.epoch_tai_ns, where == "apoapsis"
    for turn in range(12):
        flown = orbit if at == orbit.epoch_tai_ns else propagate(orbit, forces, at).end
        found = orbit_of(flown.six, forces.gm_km3_s2)
        if far and not found.bound:
            raise UsageError("a hyperbola has no apoapsis", remedy="Name periapsis, or an instant")
        off_s = -found.since_periapsis_s + (0.5 * found.period_s if far else 0.0)
        if found.bound:  # the next one at first, the nearest afterwards
            off_s = off_s % found.period_s if turn == 0 else (off_s + found.period_s / 2) % found.period_s - found.period_s / 2
        elif turn == 0 and off_s < 0:
            raise UsageError("its periapsis is past", remedy="Name an instant")
        at += round(off_s * SECOND)
        if abs(off_s) < 1e-3:
            break
    return at


def target_orbit(
    orbit: StateVector, forces: Forces, target: OrbitTarget, at_tai_ns: int, engine: Engine, *, floor_km: float,
    divide: bool = False,
) -> Manoeuvre:  # fmt: skip
    """Return the smallest burn about an epoch (TAI nanoseconds) that leads to the elements asked for.

    The elements are those when the burn ends. `floor_km` is the radius of periapsis that no cut-off may leave: a burn that does
    is refused, naming the worst instant, or with `divide` told in the fewest parts that do not. Raises UsageError for elements
    that the place does not allow.
    """
    there = orbit if at_tai_ns == orbit.epoch_tai_ns else propagate(orbit, forces, at_tai_ns, mass_kg=engine.mass_kg).end
    gm, pole = forces.gm_km3_s2, target.pole
    dv = burn_for_orbit(there.six, gm, target)
    if not np.linalg.norm(dv) > 1e-9:
        raise UsageError("the orbit is there already: no burn is needed", remedy="Ask for other elements")
    left_km = orbit_of(_kicked(there, dv).six, gm, pole).periapsis_km
    if left_km < floor_km:
        raise UsageError(
            f"the smallest burn for these elements leaves a periapsis of {left_km:.1f} km, below {floor_km:.1f}", where="target",
            remedy="Ask for a periapsis above the floor too",
        )  # fmt: skip
    parts: tuple[Vector, ...] = ()
    if divide:
        parts = divided(there.six, there.velocity_km_s + dv, gm, floor_km)
    if engine.thrust_n == 0:
        burn: Burn = ImpulsiveBurn(at_tai_ns, _three(dv), "inertial", engine.isp_s, "target")
        start, end = there, _kicked(there, dv)
        cut = _shares(there, dv, gm)
    else:
        start, burn = _finite(orbit, there, forces, target, dv, engine)
        end = propagate(start, forces, burn.stop_tai_ns, mass_kg=engine.mass_kg, burns=(burn,)).end
        cut = cut_offs(start, forces, burn, engine.mass_kg)
    if len(parts) < 2:
        cut.refuse_below(floor_km)
    before, after = (orbit_of(each.six, gm, pole) for each in (start, end))
    radius = _radius_km(forces)
    return Manoeuvre(start, burn, engine.mass_kg, pole, gm, radius, floor_km, before, after, end, cut, parts)


def _finite(
    orbit: StateVector, there: StateVector, forces: Forces, target: OrbitTarget, dv: Vector, engine: Engine
) -> tuple[StateVector, FiniteBurn]:
    """Return where a burn about an epoch begins, and the burn corrected until its end has the elements asked for."""

    def burn(change: Vector) -> FiniteBurn:
        return burn_of(change, there.epoch_tai_ns, engine.mass_kg, engine.thrust_n, engine.isp_s, "target")

    first = burn(1.3 * dv)
    start = propagate(orbit, forces, first.start_tai_ns, mass_kg=engine.mass_kg).end

    def misses(change: Vector) -> Vector:
        tried = burn(change)
        end = propagate(start, forces, tried.stop_tai_ns, mass_kg=engine.mass_kg, burns=(tried,)).end
        return target.misses(orbit_of(end.six, forces.gm_km3_s2, target.pole))

    count = target.misses(orbit_of(there.six, forces.gm_km3_s2, target.pole)).size
    try:
        found = correct(misses, dv, steps=[1e-4] * 3, tolerances=[0.01] * count, limit=300.0, most=40)
    except UsageError as error:
        raise UsageError(
            f"a burn of {first.duration_s / 78:.0f} min in one direction does not lead there: {error.what}", where="target",
            remedy="Give more --thrust, a smaller change, or another place (long captures are planned by `aelita nav cruise`)",
        ) from error  # fmt: skip
    made = burn(found.values)
    return propagate(orbit, forces, made.start_tai_ns, mass_kg=engine.mass_kg).end, made


def ahead_of(made: Manoeuvre, forces: Forces, by_s: float) -> StateVector:
    """Return the state so long before a burn begins: from there Doppler of before it is understood too."""
    if by_s == 0:
        return made.start
    return propagate(made.start, forces, made.burn.start_tai_ns - round(by_s * SECOND), mass_kg=made.mass_kg).end


def target_aim(
    orbit: StateVector, forces: Forces, target: AimTarget, at_tai_ns: int, engine: Engine, *, floor_km: float
) -> Manoeuvre:
    """Return the burn at an epoch (TAI nanoseconds) that meets an aim in the B-plane (1 m, 1 ms) with all forces.

    An aim whose periapsis is below `floor_km` is refused; what remains of the burn when it is cut off is told, not judged: an
    approach may come from an aim that meets the planet.
    """
    start = orbit if at_tai_ns == orbit.epoch_tai_ns else propagate(orbit, forces, at_tai_ns, mass_kg=engine.mass_kg).end
    last = target.periapsis_tai_ns - round(BEFORE_PERIAPSIS_S * SECOND)
    if last <= start.epoch_tai_ns:
        raise UsageError(
            f"a burn at {utc_from_tai_ns(start.epoch_tai_ns, 0)} is too late for a periapsis at"
            f" {utc_from_tai_ns(target.periapsis_tai_ns, 0)}", remedy=f"Burn more than {BEFORE_PERIAPSIS_S / 3600:g} h before it",
        )  # fmt: skip
    gm = forces.gm_km3_s2
    given = (engine.mass_kg, engine.thrust_n, engine.isp_s) if engine.thrust_n > 0 else None
    burn = burn_to_aim(start, forces, target, last, engine=given, name="target")
    if isinstance(burn, ImpulsiveBurn):
        burn = ImpulsiveBurn(burn.at_tai_ns, burn.dv_km_s, burn.axes, engine.isp_s, burn.name)
        cut = _shares(start, np.array(burn.dv_km_s), gm)
    else:
        cut = cut_offs(start, forces, burn, engine.mass_kg)
    end = propagate(start, forces, last, mass_kg=engine.mass_kg, burns=(burn,)).end
    before = propagate(start, forces, last, mass_kg=engine.mass_kg).end
    aim = b_plane(end.six, gm, target.pole)
    if aim.periapsis_km < floor_km:
        raise UsageError(
            f"this aim has a periapsis of {aim.periapsis_km:.1f} km, below {floor_km:.1f}", where="target",
            remedy="Aim wider, or lower the floor where it is meant",
        )  # fmt: skip
    old, new = (orbit_of(each.six, gm, target.pole) for each in (before, end))
    aim_before = None if old.bound else b_plane(before.six, gm, target.pole)
    radius = _radius_km(forces)
    return Manoeuvre(
        start, burn, engine.mass_kg, target.pole, gm, radius, floor_km, old, new, end, cut, (), aim, aim_before
    )  # fmt: skip


def told(made: Manoeuvre) -> dict[str, Any]:
    """Return a manoeuvre as plain values: burn, orbits before and after, worst cut-off, parts, aim."""
    burn = made.burn
    lasts, pushes = (burn.duration_s, burn.thrust_n) if isinstance(burn, FiniteBurn) else (None, None)
    dv = 1000 * made.size_km_s * _direction(burn)
    after_kg = burn.mass_after_kg(made.mass_kg)
    row: dict[str, Any] = {
        "centre": made.start.centre, "start_utc": utc_from_tai_ns(burn.start_tai_ns, 3), "size_m_s": 1000 * made.size_km_s,
        "dv_j2000_m_s": dv.tolist(), "dv_rtn_m_s": (_rtn(made.start) @ dv).tolist(),
        "duration_s": lasts, "thrust_n": pushes,
        "propellant_kg": made.mass_kg - after_kg, "mass_after_kg": after_kg, "before": orbit_row(made.before, made.radius_km),
        "after": orbit_row(made.after, made.radius_km), "lowest_cut_off_height_km": None, "floor_height_km": None,
        "parts_m_s": [1000 * float(np.linalg.norm(part)) for part in made.parts],
    }  # fmt: skip
    if np.isfinite(made.cut.lowest_km):
        row["lowest_cut_off_height_km"] = made.cut.lowest_km - made.radius_km
        row["floor_height_km"] = made.floor_km - made.radius_km
    if made.aim is not None:
        row["aim"] = _aim_row(made.aim, made)
        row["aim_before"] = None if made.aim_before is None else _aim_row(made.aim_before, made)
    return row


def orbit_row(orbit: Orbit, radius_km: float) -> dict[str, float | None]:
    """Return an orbit as people say it: heights of the apsides (km), angles (deg), period (h); None where it has none."""
    return {
        "periapsis_height_km": orbit.periapsis_km - radius_km,
        "apoapsis_height_km": orbit.apoapsis_km - radius_km if orbit.bound else None,
        "inclination_deg": float(np.degrees(orbit.inclination_rad)), "node_deg": float(np.degrees(orbit.node_rad)),
        "argument_deg": float(np.degrees(orbit.argument_rad)), "period_h": orbit.period_s / 3600 if orbit.bound else None,
    }  # fmt: skip


def _aim_row(aim: BPlane, made: Manoeuvre) -> dict[str, Any]:
    at = made.end.epoch_tai_ns + round(aim.to_periapsis_s * SECOND)
    return {
        "b_t_km": aim.b_t_km, "b_r_km": aim.b_r_km, "periapsis_utc": utc_from_tai_ns(at, 3),
        "periapsis_height_km": aim.periapsis_km - made.radius_km, "excess_km_s": aim.excess_speed_km_s,
    }  # fmt: skip


def _shares(state: StateVector, dv: Vector, gm: float) -> CutOffs:
    orbits = [orbit_of(_kicked(state, share * dv).six, gm) for share in np.linspace(0, 1, SHARES)]
    low = np.array([each.periapsis_km if each.bound or each.since_periapsis_s < 0 else np.nan for each in orbits])
    epochs = np.full(SHARES, state.epoch_tai_ns, np.int64)
    return CutOffs("target", epochs, low, np.array([each.apoapsis_km for each in orbits]))


def _kicked(state: StateVector, dv: Vector) -> StateVector:
    return StateVector(state.epoch_tai_ns, state.position_km, state.velocity_km_s + dv, state.centre)


def _direction(burn: Burn) -> Vector:
    vector = np.array(burn.direction if isinstance(burn, FiniteBurn) else burn.dv_km_s)
    return np.asarray(vector / np.linalg.norm(vector))


def _rtn(state: StateVector) -> Vector:
    radial = state.position_km / np.linalg.norm(state.position_km)
    normal = np.cross(state.position_km, state.velocity_km_s)
    normal /= np.linalg.norm(normal)
    return np.array([radial, np.cross(normal, radial), normal])


def _three(vector: Vector) -> tuple[float, float, float]:
    return (float(vector[0]), float(vector[1]), float(vector[2]))


def _radius_km(forces: Forces) -> float:
    return float(forces.surface_km[0])
