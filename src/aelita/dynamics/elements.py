"""Keplerian elements of states and back: ellipses, hyperbolas, circles, orbits in the equator."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

Reals = NDArray[np.float64]
CIRCLE = 1e-11  # below this eccentricity the pericentre is not defined, and is put at the node
FLAT = 1e-11  # below this sine of the inclination the node is not defined, and is put on the x axis


@dataclass(frozen=True, slots=True)
class Elements:
    """Osculating elements about a centre, in columns: km and radians.

    `semi_major_km` is below zero for a hyperbola. Where the orbit is circular the argument of pericentre is 0 and anomalies count
    from the node; where it lies in the xy plane the node is 0. `mean_anomaly` of a hyperbola is e sinh F - F, signed.
    """

    semi_major_km: Reals
    eccentricity: Reals
    inclination: Reals
    node: Reals
    periapsis: Reals
    true_anomaly: Reals
    mean_anomaly: Reals

    @property
    def pericentre_km(self) -> Reals:
        """Radius of the pericentre."""
        return np.asarray(self.semi_major_km * (1 - self.eccentricity))

    @property
    def apocentre_km(self) -> Reals:
        """Radius of the apocentre; infinite for a hyperbola."""
        return np.where(self.eccentricity < 1, self.semi_major_km * (1 + self.eccentricity), np.inf)

    def period_s(self, gm_km3_s2: float) -> Reals:
        """Return the period; NaN for a hyperbola."""
        a = np.where(self.semi_major_km > 0, self.semi_major_km, np.nan)
        return np.asarray(2 * np.pi * np.sqrt(a**3 / gm_km3_s2))


def elements_of(states: ArrayLike, gm_km3_s2: float) -> Elements:
    """Return the osculating elements of states (n, 6) or one of six numbers, km and km/s.

    Raises UsageError for motion along a line and for an exact parabola, which have no such elements.
    """
    rows = np.atleast_2d(np.asarray(states, np.float64))
    if rows.shape[-1] != 6 or not np.isfinite(rows).all():
        raise UsageError(f"states of shape {rows.shape}", remedy="Give rows of six finite numbers")
    r, v = rows[:, :3], rows[:, 3:]
    distance, h = np.linalg.norm(r, axis=1), np.cross(r, v)
    momentum = np.linalg.norm(h, axis=1)
    if (momentum <= 1e-12 * distance * np.linalg.norm(v, axis=1)).any():
        raise UsageError("a state moves along a line through the centre", remedy="It has no orbital plane, hence no elements")
    inverse = 2 / distance - np.sum(v * v, axis=1) / gm_km3_s2
    if (np.abs(inverse) * distance < 1e-14).any():
        raise UsageError("a state is on a parabola", remedy="It has no semi-major axis; move it a little")
    out, along = momentum**2 / (gm_km3_s2 * distance) - 1, np.sum(r * v, axis=1) * momentum / (gm_km3_s2 * distance)
    eccentricity = np.hypot(out, along)  # e cos f and e sin f: no cancellation for near circles
    true = np.where(eccentricity < CIRCLE, 0.0, np.arctan2(along, out))
    unit = h / momentum[:, None]
    sine = np.hypot(unit[:, 0], unit[:, 1])
    flat = sine < FLAT
    node = np.where(flat, 0.0, np.arctan2(unit[:, 0], -unit[:, 1]))
    towards = np.column_stack([np.cos(node), np.sin(node), np.zeros(len(rows))])
    latitude = np.arctan2(np.sum(np.cross(unit, towards) * r, axis=1), np.sum(towards * r, axis=1))
    circle = eccentricity < CIRCLE
    periapsis = np.where(circle, 0.0, latitude - true)
    true = np.where(circle, latitude, true)
    turn = 2 * np.pi
    closed = inverse > 0
    mean = mean_anomaly(np.where(closed, true, np.arctan2(np.sin(true), np.cos(true))), eccentricity)
    return Elements(
        1 / inverse, eccentricity, np.arctan2(sine, unit[:, 2]), node % turn, periapsis % turn,
        np.where(closed, true % turn, np.arctan2(np.sin(true), np.cos(true))), np.where(closed, mean % turn, mean),
    )  # fmt: skip


def states_of(elements: Elements, gm_km3_s2: float) -> Reals:
    """Return states (n, 6), km and km/s, of elements; the true anomaly counts, the mean one is not looked at."""
    a, e, i, node, argument, true = (
        np.atleast_1d(np.asarray(each, np.float64))
        for each in (
            elements.semi_major_km,
            elements.eccentricity,
            elements.inclination,
            elements.node,
            elements.periapsis,
            elements.true_anomaly,
        )
    )
    parameter = a * (1 - e * e)
    if not (parameter > 0).all() or not (1 + e * np.cos(true) > 0).all():
        raise UsageError("no such orbit", remedy="a > 0 with e < 1, or a < 0 with e > 1 and an anomaly between the asymptotes")
    distance, speed = parameter / (1 + e * np.cos(true)), np.sqrt(gm_km3_s2 / parameter)
    u = argument + true
    cn, sn, ci, si = np.cos(node), np.sin(node), np.cos(i), np.sin(i)
    p = np.column_stack([cn, sn, np.zeros_like(cn)])
    q = np.column_stack([-sn * ci, cn * ci, si])
    place = distance[:, None] * (np.cos(u)[:, None] * p + np.sin(u)[:, None] * q)
    back = np.sin(u) + e * np.sin(argument)
    ahead = np.cos(u) + e * np.cos(argument)
    return np.hstack([place, speed[:, None] * (-back[:, None] * p + ahead[:, None] * q)])


def mean_anomaly(true_anomaly: ArrayLike, eccentricity: ArrayLike) -> Reals:
    """Return the mean anomaly (rad) of a true one, of an ellipse or a hyperbola."""
    true, e = np.broadcast_arrays(np.asarray(true_anomaly, np.float64), np.asarray(eccentricity, np.float64))
    below, above = np.minimum(e, 1 - 1e-15), np.maximum(e, 1 + 1e-15)
    # the eccentric anomaly differs from the true one by an angle that is small for small eccentricity: no jump at half a turn
    beta = below / (1 + np.sqrt(1 - below**2))
    eccentric = true - 2 * np.arctan2(beta * np.sin(true), 1 + beta * np.cos(true))
    half = np.clip(np.sqrt((above - 1) / (above + 1)) * np.tan(np.where(e < 1, 0.0, true) / 2), -1 + 1e-15, 1 - 1e-15)
    hyperbolic = 2 * np.arctanh(half)
    return np.where(e < 1, eccentric - below * np.sin(eccentric), above * np.sinh(hyperbolic) - hyperbolic)


def true_anomaly(mean: ArrayLike, eccentricity: ArrayLike) -> Reals:
    """Return the true anomaly (rad) of a mean one, of an ellipse or a hyperbola: Kepler's equation, by Newton's method."""
    m, e = (np.array(each) for each in np.broadcast_arrays(np.asarray(mean, np.float64), np.asarray(eccentricity, np.float64)))
    closed, turns = e < 1, np.zeros_like(m)
    turns = np.where(closed, np.round(m / (2 * np.pi)), 0.0)
    m = m - 2 * np.pi * turns
    x = np.where(closed, np.where(e > 0.8, np.pi * np.sign(m), m), np.arcsinh(m / np.maximum(e, 1)))
    for _ in range(60):
        with np.errstate(over="ignore"):
            f = np.where(closed, x - e * np.sin(x) - m, e * np.sinh(np.where(closed, 0, x)) - x - m)
            slope = np.where(closed, 1 - e * np.cos(x), e * np.cosh(np.where(closed, 0, x)) - 1)
        step = np.clip(f / np.where(slope == 0, 1, slope), -1, 1)
        x = x - step
        if np.all(np.abs(step) < 1e-15 * np.maximum(np.abs(x), 1)):
            break
    below = np.minimum(e, 1 - 1e-15)
    beta = below / (1 + np.sqrt(1 - below**2))
    ellipse = x + 2 * np.arctan2(beta * np.sin(x), 1 - beta * np.cos(x)) + 2 * np.pi * turns
    above = np.maximum(e, 1 + 1e-15)
    return np.where(closed, ellipse, 2 * np.arctan(np.sqrt((above + 1) / (above - 1)) * np.tanh(np.where(closed, 0, x) / 2)))
