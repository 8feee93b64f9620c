"""Steering of an ascent: trimmed to a payload so that its parking orbit is round, and sought so that it costs least."""

from dataclasses import replace
from math import asin, cos

import numpy as np

from ..errors import UsageError
from ..time import J2000_TAI_NS
from .ascent_flight import STEP_S, AscentFlight
from .earth_model import GM_KM3_S2, RADIUS_KM, Reals
from .launcher import Launcher, Programme
from .minimum import least

BEST_KICK_RAD = (0.005, 0.35)
LEAST_GAP_KM = 60.0  # of the semi-major axis, that the upper stage closes


def solved(launcher: Launcher, payload_kg: float) -> tuple[Launcher, float]:
    """Return the launcher steered so that this payload's parking orbit is round and at its height, and the azimuth (rad).

    Trimmed are the first numbers of both pitch laws (with one stage, both numbers of the upper stage's). Raises UsageError
    when no such steering is found: the payload is too heavy, or the programme is far from one for it.

    The last stage is cut off early, more left in it, where it would leave the upper stage nothing to do.
    """
    launcher = _cut(launcher, payload_kg)
    flight = AscentFlight.of(launcher, payload_kg, J2000_TAI_NS)
    start = np.array([*_trim(launcher.programme, len(launcher.stages)), _azimuth_rad(launcher)])
    found = _newton(flight, launcher, start)
    if found is None:
        found = _newton(flight, launcher, _grid(flight, launcher, start))
    if found is None:
        raise UsageError(
            f"{payload_kg:g} kg do not reach the parking orbit of {launcher.parking_km:g} km", where=f"launcher {launcher.name}",
            remedy="The payload is too heavy, or the steering is for another: fit it with `optimised_steering`",
        )  # fmt: skip
    return launcher.flown(_trimmed(launcher.programme, len(launcher.stages), found)), float(found[2])


def _cut(launcher: Launcher, payload_kg: float) -> Launcher:
    """Return the launcher with as much left in its last stage as a light payload needs."""
    last = launcher.stages[-1]
    axis = RADIUS_KM + launcher.parking_km - LEAST_GAP_KM
    for _ in range(12):
        flight = AscentFlight.of(launcher, payload_kg, J2000_TAI_NS)
        state = flight.fly(launcher.programme, _azimuth_rad(launcher), STEP_S)[flight.names.index(f"{last.name} separation"), 1:]
        radius = float(np.linalg.norm(state[:3]))
        surplus = float(np.linalg.norm(state[3:6])) - float(np.sqrt(max(0.0, GM_KM3_S2 * (2.0 / radius - 1.0 / axis))))
        if not surplus > 0.0:
            return launcher
        stage = launcher.stages[-1]
        left = (
            stage.residual_kg + 1.05 * (state[6] + stage.dry_kg + stage.residual_kg) * surplus / stage.engine.exhaust_km_s + 1.0
        )
        if not left < stage.propellant_kg:
            return launcher
        launcher = replace(launcher, stages=(*launcher.stages[:-1], replace(stage, residual_kg=left)))
    return launcher


def _trim(programme: Programme, stages: int) -> tuple[float, float]:
    return (programme.upper[0], programme.first[0]) if stages > 1 else programme.first


def _trimmed(programme: Programme, stages: int, unknown: Reals) -> Programme:
    one, two = float(unknown[0]), float(unknown[1])
    if stages > 1:
        return replace(programme, upper=(one, programme.upper[1]), first=(two, programme.first[1]))
    return replace(programme, first=(one, two))


def _newton(flight: AscentFlight, launcher: Launcher, unknown: Reals) -> Reals | None:
    """Return both trims and the azimuth that meet the parking orbit, or None."""
    for _ in range(25):
        miss = _miss(flight, launcher, unknown)
        if not np.isfinite(miss).all():
            return None
        if np.abs(miss).max() < 1e-7:
            return unknown
        slope = np.empty((3, 3))
        for n in range(3):
            moved = unknown.copy()
            moved[n] += 1e-5
            slope[:, n] = (_miss(flight, launcher, moved) - miss) / 1e-5
        if not np.isfinite(slope).all() or np.linalg.cond(slope) > 1e12:
            return None
        change = np.linalg.solve(slope, -miss)
        unknown = unknown + change * min(1.0, 0.3 / max(float(np.abs(change).max()), 1e-9))
    return None


def _grid(flight: AscentFlight, launcher: Launcher, start: Reals) -> Reals:
    """Return the best of a grid of trims."""
    best, least_miss = start, np.inf
    for one in np.arange(-0.3, 0.91, 0.05):
        for two in (-0.3, 0.0, 0.3, 0.6):
            tried = np.array([start[0] + one if len(launcher.stages) > 1 else one, two, start[2]])
            miss = float(np.abs(_miss(flight, launcher, tried)[:2]).sum())
            if miss < least_miss:
                best, least_miss = tried, miss
    return best


def _free(programme: Programme, stages: int) -> list[float]:
    return [programme.kick_rad, programme.upper[1], programme.first[1]] if stages > 1 else [programme.kick_rad]


def _freed(programme: Programme, stages: int, free: Reals) -> Programme:
    if stages == 1:
        return replace(programme, kick_rad=float(free[0]))
    first = (programme.first[0], float(free[2]))
    return replace(programme, kick_rad=float(free[0]), upper=(programme.upper[0], float(free[1])), first=first)


def optimised_steering(launcher: Launcher, payload_kg: float, *, tries: int = 160) -> Launcher:
    """Return the launcher with the steering that leaves most propellant in the parking orbit, within its dynamic pressure.

    Kick and the slopes of both pitch laws (with one stage: the kick) are sought by a simplex that starts at the programme.
    Raises UsageError when the programme reaches no orbit.
    """
    best, _ = solved(launcher, payload_kg)
    launcher = best
    stages = len(launcher.stages)

    def cost(x: Reals) -> float:
        nonlocal best
        if not BEST_KICK_RAD[0] < x[0] < BEST_KICK_RAD[1]:
            return 1e9
        flight = AscentFlight.of(launcher, payload_kg, J2000_TAI_NS)
        tried = launcher.flown(_freed(best.programme, stages, x))
        found = _newton(flight, tried, np.array([*_trim(tried.programme, stages), _azimuth_rad(launcher)]))
        if found is None:
            return 1e8
        best = tried.flown(_trimmed(tried.programme, stages, found))  # the next begins from its trim
        flight.fly(best.programme, float(found[2]), STEP_S)
        over = max(0.0, flight.history[:, 10].max() / launcher.dynamic_pressure_limit_pa - 1.0)
        return -float(flight.ends[-1, 7]) + 1e5 * over

    start = np.array(_free(launcher.programme, stages))
    found = least(cost, start, np.array([0.06 * start[0], 0.05, 0.3])[: start.size], tries)
    return solved(launcher.flown(_freed(best.programme, stages, found)), payload_kg)[0]


def _azimuth_rad(launcher: Launcher) -> float:
    """Return the azimuth of an inertial plane of the launcher's inclination, northward and eastward: where the search begins."""
    return asin(min(1.0, cos(launcher.inclination_rad) / cos(launcher.pad.latitude_rad)))


def _miss(flight: AscentFlight, launcher: Launcher, unknown: Reals) -> Reals:
    """Return by how much radius, climb and inclination miss, each over its scale, of a flight whose end has the axis."""
    goal = RADIUS_KM + launcher.parking_km
    steered = _trimmed(launcher.programme, len(launcher.stages), unknown)
    state = flight.fly(steered, float(unknown[2]), STEP_S)[-1, 1:]
    radius, speed = float(np.linalg.norm(state[:3])), float(np.sqrt(GM_KM3_S2 / goal))
    return np.array([
        radius / goal - 1.0, float(state[:3] @ state[3:6]) / radius / speed, inclination_rad(state) - launcher.inclination_rad,
    ])  # fmt: skip


def inclination_rad(state: Reals) -> float:
    """Return the inclination of an orbit to the equator of the date."""
    momentum = np.cross(state[:3], state[3:6])
    return float(np.arccos(momentum[2] / np.linalg.norm(momentum)))
