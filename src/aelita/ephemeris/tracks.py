"""Motions and rotations as pieces of polynomials in ephemeris time, for many evaluations in compiled code."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from ..octets import compiled
from .sites import Epochs, Reals

TERMS = 12
LENGTHS_S = (86_400.0, 43_200.0, 21_600.0, 10_800.0, 5_400.0, 3_600.0, 2_400.0, 1_600.0, 1_000.0, 600.0, 300.0, 150.0, 50.0)
PROBES = 48
_NODES = chebyshev.chebpts1(TERMS)
_CHECKS = np.array([-0.985, -0.37, 0.61])
_FIT = np.linalg.inv(chebyshev.chebvander(_NODES, TERMS - 1))
_POWERS = np.array([np.pad(chebyshev.cheb2poly(row), (0, TERMS - n - 1)) for n, row in enumerate(np.eye(TERMS))]).T
_CHECK = chebyshev.chebvander(_CHECKS, TERMS - 1)


class Track(NamedTuple):
    """Pieces of equal length (s) from `start` on (ephemeris time); terms by piece, power of x from -1 to 1, and component."""

    start: float
    length_s: float
    terms: Reals


def track(compute: Callable[[Reals], Reals], first: float, last: float, tolerance: float) -> Track | None:
    """Return polynomials through what `compute` gives at ephemeris times (rows), as long as the tolerance allows.

    They are checked at three points of each piece. None where pieces of 50 s are not exact enough, or something is not known.
    """
    for length_s in LENGTHS_S:
        count = max(int(np.ceil((last - first) / length_s)), 1)
        length = max((last - first) / count, 1.0)
        probes = np.linspace(0, count - 1, min(count, PROBES)).astype(np.int64)
        if _pieces(compute, first, length, probes, tolerance) is None:
            continue
        terms = _pieces(compute, first, length, np.arange(count, dtype=np.int64), tolerance)
        if terms is not None:
            return Track(first, length, terms)
    return None


def _pieces(compute: Callable[[Reals], Reals], first: float, length_s: float, those: Epochs, tolerance: float) -> Reals | None:
    at = np.concatenate([_NODES, _CHECKS])
    ets = first + length_s * (those[:, None] + (at[None, :] + 1.0) / 2.0)
    found = compute(ets.ravel()).reshape(those.size, at.size, -1)
    middle = found[:, :1].copy()  # without it powers would lose digits
    terms = np.einsum("kn,pnc->pkc", _FIT, found[:, :TERMS] - middle)
    wrong = np.abs(np.einsum("nk,pkc->pnc", _CHECK, terms) + middle - found[:, TERMS:])
    if not np.all(wrong <= tolerance):  # a comparison with NaN is false
        return None
    powers = np.einsum("kj,pjc->pkc", _POWERS, terms)
    powers[:, 0] += middle[:, 0]
    return np.ascontiguousarray(powers)


@compiled
def follow(one: Track, et: float, value: Reals, rate: Reals) -> None:
    """Put three components at an ephemeris time into `value`, their change per second into `rate`. It goes on past the ends."""
    count, terms, _ = one.terms.shape
    where = (et - one.start) / one.length_s
    piece = min(max(int(np.floor(where)), 0), count - 1)
    x = 2.0 * (where - piece) - 1.0
    a = b = c = da = db = dc = 0.0
    for k in range(terms - 1, -1, -1):  # three sums side by side keep the processor busy
        da, db, dc = da * x + a, db * x + b, dc * x + c
        a, b, c = a * x + one.terms[piece, k, 0], b * x + one.terms[piece, k, 1], c * x + one.terms[piece, k, 2]
    value[0], value[1], value[2] = a, b, c
    per_s = 2.0 / one.length_s
    rate[0], rate[1], rate[2] = da * per_s, db * per_s, dc * per_s


@compiled
def place(one: Track, et: float, value: Reals) -> None:
    """Put the components at an ephemeris time, a multiple of three, into `value`."""
    count, terms, width = one.terms.shape
    where = (et - one.start) / one.length_s
    piece = min(max(int(np.floor(where)), 0), count - 1)
    x = 2.0 * (where - piece) - 1.0
    for first in range(0, width, 3):
        a = b = c = 0.0
        for k in range(terms - 1, -1, -1):
            a, b, c = (
                a * x + one.terms[piece, k, first],
                b * x + one.terms[piece, k, first + 1],
                c * x + one.terms[piece, k, first + 2],
            )
        value[first], value[first + 1], value[first + 2] = a, b, c
