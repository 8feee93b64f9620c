"""The path of an aerobraking campaign: states from the first apoapsis to the science orbit, an arc between each two burns."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND
from .aerobraking import Campaign, Plan
from .aerobraking_flight import coasted
from .corridor import boosted
from .drag_pass import Surroundings, shape

Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]
STEP_RAD = pi / 60
AFTER_S = 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class PathArc:
    """States (rows of km, km/s, about MARS, axes of J2000) at epochs (TAI nanoseconds) from one burn to the next."""

    epochs_tai_ns: Epochs
    states: Reals


@dataclass(frozen=True, slots=True)
class _Leg:
    """A state from which nothing but air, gravity and the Sun acts until an epoch; how dense the air was; the mass."""

    start_tai_ns: int
    six: Reals
    stop_tai_ns: int
    factor: float
    mass_kg: float


def campaign_path(
    campaign: Campaign, plan: Plan, around: Surroundings, *, step_rad: float = STEP_RAD, after_s: float = AFTER_S
) -> tuple[PathArc, ...]:
    """Return where a campaign went, `step_rad` of true anomaly between states, and `after_s` of the orbit it ended in.

    Arcs follow each other without a gap: one ends where the next begins, at a burn, which is sudden as in the campaign.
    Between the states Hermite polynomials of degree 7 are within a metre (test_aerobraking_path.py). Raises UsageError for other
    surroundings than those of the campaign, and for a step that is none.
    """
    if not 1e-3 <= step_rad <= 0.5:
        raise UsageError(f"a step of {step_rad:g} rad of true anomaly", remedy="Give 0.001 to 0.5")
    burnt = {each.at_tai_ns for each in campaign.burns}
    arcs: list[PathArc] = []
    rows: list[tuple[Epochs, Reals]] = []
    for leg in _legs(campaign, plan, after_s):
        epochs, states = _flown(leg, plan, around, step_rad)
        if leg.start_tai_ns in burnt and rows:
            arcs.append(_joined(rows))
            rows = []
        if rows:  # the same state twice: where one revolution ends and the next begins
            rows[-1] = rows[-1][0][:-1], rows[-1][1][:-1]
        rows.append((epochs, states))
    return (*arcs, _joined(rows))


def _legs(campaign: Campaign, plan: Plan, after_s: float) -> Iterator[_Leg]:
    out, end = campaign.exit, campaign.end
    epochs = (*campaign.apoapses_tai_ns, out.epoch_tai_ns)
    if campaign.start.epoch_tai_ns < epochs[0]:
        yield _Leg(campaign.start.epoch_tai_ns, campaign.start.six, epochs[0], 1.0, plan.vehicle.mass_kg)
    mass, burns = plan.vehicle.mass_kg, list(campaign.burns)
    for number, seen in enumerate(campaign.passes):
        while burns and burns[0].at_tai_ns <= epochs[number]:
            mass = burns.pop(0).mass_kg
        yield _Leg(epochs[number], campaign.apoapses[number], epochs[number + 1], seen.factor, mass)
    first, last = campaign.burns[-2:]  # those that make the science orbit
    yield _Leg(out.epoch_tai_ns, boosted(out.six, first.dv_m_s), end.epoch_tai_ns, 1.0, first.mass_kg)
    if after_s > 0:
        yield _Leg(end.epoch_tai_ns, end.six, end.epoch_tai_ns + round(after_s * SECOND), 1.0, last.mass_kg)


def _flown(leg: _Leg, plan: Plan, around: Surroundings, step_rad: float) -> tuple[Epochs, Reals]:
    epochs = _sampled(leg, around.gm_km3_s2, step_rad)
    states = np.empty((len(epochs), 6))
    t, y = around.seconds(leg.start_tai_ns), np.concatenate([leg.six, np.zeros(3)])
    states[0] = leg.six
    drag = plan.vehicle.drag_m2_kg * plan.vehicle.mass_kg / leg.mass_kg
    for row, epoch in enumerate(epochs[1:], 1):
        t, y = coasted(around, drag, t, y, around.seconds(int(epoch)), leg.factor)
        states[row] = y[:6]
    return epochs, states


def _sampled(leg: _Leg, gm_km3_s2: float, step_rad: float) -> Epochs:
    """Return epochs as even in true anomaly as a Kepler orbit is that lasts as long."""
    a, e = shape(leg.six, gm_km3_s2)
    r, v = leg.six[:3], leg.six[3:]
    h = np.cross(r, v)
    towards = np.cross(v, h) / gm_km3_s2 - r / np.linalg.norm(r)
    begin = float(np.arctan2(np.cross(towards, r) @ h / np.linalg.norm(h), towards @ r))
    turns = (leg.stop_tai_ns - leg.start_tai_ns) / SECOND / (2 * pi * sqrt(a**3 / gm_km3_s2))
    begin_mean = float(_mean(np.array(begin), e))
    stop_mean = begin_mean + 2 * pi * turns
    anomaly = np.linspace(begin, _true(stop_mean, e), max(2, ceil(2 * pi * turns / step_rad) + 1))
    share = (_mean(anomaly, e) - begin_mean) / (stop_mean - begin_mean)
    epochs = leg.start_tai_ns + np.round(share * (leg.stop_tai_ns - leg.start_tai_ns)).astype(np.int64)
    epochs[-1] = leg.stop_tai_ns
    return np.unique(epochs)


def _mean(true: Reals, e: float) -> Reals:
    """Return the mean anomaly of a true one, both going on from revolution to revolution."""
    whole = np.round(true / (2 * pi)) * 2 * pi
    half = np.arctan2(sqrt(1 - e) * np.sin((true - whole) / 2), sqrt(1 + e) * np.cos((true - whole) / 2))
    eccentric = 2 * half
    made: Reals = whole + eccentric - e * np.sin(eccentric)
    return made


def _true(mean: float, e: float) -> float:
    """Return the true anomaly of a mean one, by bisection: it is done twice in a revolution at most."""
    whole = round(mean / (2 * pi)) * 2 * pi
    low, high = whole - pi, whole + pi
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(_mean(np.array(middle), e)) < mean else (low, middle)
    return (low + high) / 2


def _joined(rows: list[tuple[Epochs, Reals]]) -> PathArc:
    return PathArc(np.concatenate([one[0] for one in rows]), np.concatenate([one[1] for one in rows]))
