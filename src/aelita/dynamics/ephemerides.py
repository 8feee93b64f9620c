"""Where perturbing bodies are, as Chebyshev polynomials of fixed windows that compiled code evaluates."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..time import et_from_tai_ns, tai_ns_from_et
from .compiling import kept

Reals = NDArray[np.float64]
WINDOW_S = 2 * 86400.0
TERMS = 12


def windows(bodies: tuple[str, ...], centre: str, first_et_s: float, last_et_s: float) -> tuple[float, Reals]:
    """Return the start of the first window (ET) and coefficients (window, body, axis, term) in km about the centre.

    Windows of two days begin at multiples of two days from J2000, so that arcs that overlap share them. Source: DE440; within
    0.5 mm of SPICE. Raises TimeError where the kernels end.
    """
    low, high = int(np.floor(first_et_s / WINDOW_S)), int(np.floor(last_et_s / WINDOW_S))
    made = np.zeros((high - low + 1, len(bodies), 3, TERMS))
    for body, name in enumerate(bodies):
        if name != centre:
            for number in range(low, high + 1):
                made[number - low, body] = _window(name, centre, number)
    return low * WINDOW_S, made


@lru_cache(maxsize=20_000)
def _window(body: str, centre: str, number: int) -> Reals:
    order = np.arange(TERMS)
    nodes = np.cos(np.pi * (order + 0.5) / TERMS)
    within_s = 0.5 * (nodes + 1.0) * WINDOW_S
    epochs = np.asarray(tai_ns_from_et(number * WINDOW_S + within_s))
    looked_up = state(body, centre, epochs)
    # instants are rounded on their way (some 60 ns, which are millimetres): put back with the velocity
    off_s = within_s - (np.asarray(et_from_tai_ns(epochs)) - number * WINDOW_S)
    places = looked_up[:, :3] + looked_up[:, 3:] * off_s[:, None]
    transform = np.cos(np.pi * np.outer(order, order + 0.5) / TERMS) * (2.0 / TERMS)
    transform[0] *= 0.5
    return np.asarray((transform @ places).T)


@kept()
def placed(first_et_s: float, tables: Reals, body: int, et_s: float, out: Reals) -> None:
    """Write the position (km) of one of the bodies at an ephemeris time (Clenshaw's sum)."""
    at = (et_s - first_et_s) / WINDOW_S
    number = min(max(int(np.floor(at)), 0), tables.shape[0] - 1)
    x = 2.0 * (at - number) - 1.0
    for axis in range(3):
        c = tables[number, body, axis]
        b1 = b2 = 0.0
        for k in range(TERMS - 1, 0, -1):
            b1, b2 = 2.0 * x * b1 - b2 + c[k], b1
        out[axis] = x * b1 - b2 + c[0]
