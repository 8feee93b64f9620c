"""Our own SPK files as octets: states interpolated by Hermite polynomials (type 13), or Chebyshev polynomials (type 3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.polynomial import chebyshev

from ..errors import UsageError
from .daf import NewSegment, daf_octets
from .sites import Reals

FRAMES = {"J2000": 1, "B1950": 2, "ECLIPJ2000": 17, "IAU_EARTH": 10013, "IAU_MARS": 10014, "ITRF93": 13000}
DIRECTORY = 100  # every how many epochs one stands in the directory of a segment
MOST_DEGREE = 27


class SpkSegment(Protocol):
    """A segment of an SPK file: states of a body from a centre in a frame."""

    def new(self) -> NewSegment:
        """Return what is written. Raises UsageError for contents that make no segment."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HermiteStates:
    """States (rows of km, km/s) at rising ephemeris times (s), between which polynomials of `degree` through both are laid.

    Bodies are SPICE numbers; `frame` a name of `FRAMES` or a number. For an orbit of period P sampled n times a revolution the
    error at degree 7 is about 8e-6 (2 pi / n)^8 of its radius: 300 s in a two-hour orbit of Mars give 1 mm.
    """

    body: int
    centre: int
    ets: Reals
    states: Reals
    frame: str | int = "J2000"
    degree: int = 7
    name: str = "STATES"

    def new(self) -> NewSegment:
        """Return what is written: SPK type 13 (SPK Required Reading). Raises UsageError for what makes no segment."""
        ets, states = np.asarray(self.ets, np.float64), np.asarray(self.states, np.float64)
        _check(self.name, ets, states)
        if self.degree % 2 == 0 or not 1 <= self.degree <= MOST_DEGREE:
            raise UsageError(f"a Hermite degree of {self.degree} is not odd and at most {MOST_DEGREE}", where=self.name)
        window = min((self.degree + 1) // 2, ets.size)
        directory = ets[DIRECTORY - 1 : ets.size - 1 : DIRECTORY]
        parts = (states.ravel(), ets, directory, np.array([window - 1.0, float(ets.size)]))
        integers = (self.body, self.centre, frame_number(self.frame), 13)
        return NewSegment((float(ets[0]), float(ets[-1])), integers, self.name, sum(one.size for one in parts), parts)


@dataclass(frozen=True, slots=True, eq=False)
class ChebyshevStates:
    """Pieces of equal length (s) from `start_et` on, each of six rows of Chebyshev terms: km, then km/s."""

    body: int
    centre: int
    start_et: float
    length_s: float
    terms: Reals
    frame: str | int = "J2000"
    name: str = "POLYNOMIALS"

    @property
    def stop_et(self) -> float:
        """The ephemeris time (s) at which the last piece ends."""
        return self.start_et + self.length_s * self.terms.shape[0]

    def new(self) -> NewSegment:
        """Return what is written: SPK type 3 (SPK Required Reading). Raises UsageError for what makes no segment."""
        terms = np.asarray(self.terms, np.float64)
        if terms.ndim != 3 or terms.shape[0] < 1 or terms.shape[1] != 6 or not 1 <= terms.shape[2] <= MOST_DEGREE + 1:
            raise UsageError("terms are of pieces, six rows, and at most degree 27", where=self.name)
        if not (np.isfinite(terms).all() and self.length_s > 0 and np.isfinite(self.start_et + self.length_s)):
            raise UsageError("terms, start or length are no numbers, or the length is not positive", where=self.name)
        count, _, width = terms.shape
        size = 2 + 6 * width
        records = np.empty((count, size))
        records[:, 0] = self.start_et + self.length_s * (np.arange(count) + 0.5)
        records[:, 1] = self.length_s / 2
        records[:, 2:] = terms.reshape(count, 6 * width)
        parts = (records.ravel(), np.array([self.start_et, self.length_s, float(size), float(count)]))
        integers = (self.body, self.centre, frame_number(self.frame), 3)
        return NewSegment((self.start_et, self.stop_et), integers, self.name, sum(one.size for one in parts), parts)


def fitted_chebyshev(
    states: Callable[[Reals], Reals], start_et: float, stop_et: float, *, body: int, centre: int, length_s: float,
    degree: int = 13, frame: str | int = "J2000", name: str = "POLYNOMIALS", pieces_at_once: int = 4096,
) -> tuple[ChebyshevStates, float]:  # fmt: skip
    """Return polynomials through what `states` gives (rows of km, km/s at ephemeris times), and their greatest error (km).

    The last piece may end after `stop_et`, so `states` must reach a piece beyond. The error is measured between the nodes.
    Memory is bounded by the terms: `states` is asked for some pieces at a time.
    """
    count = int(np.ceil((stop_et - start_et) / length_s - 1e-9)) if length_s > 0 else 0
    if count < 1 or not 1 <= degree <= MOST_DEGREE:
        raise UsageError(f"no polynomials of degree {degree} over {length_s:g} s fit into {stop_et - start_et:g} s", where=name)
    nodes, checks = chebyshev.chebpts1(degree + 1), np.linspace(-0.97, 0.97, degree + 2)
    fit = np.linalg.inv(chebyshev.chebvander(nodes, degree))
    probe = chebyshev.chebvander(checks, degree)
    at = np.concatenate([nodes, checks])
    terms, worst = np.empty((count, 6, degree + 1)), 0.0
    for first in range(0, count, pieces_at_once):
        those = np.arange(first, min(first + pieces_at_once, count))
        ets = start_et + length_s * (those[:, None] + (at[None, :] + 1.0) / 2.0)
        found = states(ets.ravel()).reshape(those.size, at.size, 6)
        terms[those] = np.einsum("kn,pnc->pck", fit, found[:, : nodes.size])
        made = np.einsum("nk,pck->pnc", probe, terms[those])
        worst = max(worst, float(np.linalg.norm((made - found[:, nodes.size :])[:, :, :3], axis=2).max()))
    return ChebyshevStates(body, centre, start_et, length_s, terms, frame, name), worst


def spk_octets(segments: Sequence[SpkSegment], *, name: str = "", comments: str = "") -> Iterator[bytes]:
    """Yield the octets of an SPK file in parts, to be written one after the other. Later segments count before earlier ones.

    Checked with SPICE, which reads the states back as they were given, within 1e-9 km at type 13's epochs
    (`test_ephemeris_writing.py`). Example: `b"".join(spk_octets([HermiteStates(-143, 499, ets, states)]))`.
    """
    return daf_octets("SPK", [one.new() for one in segments], name=name, comments=comments)


def frame_number(frame: str | int) -> int:
    """Return the SPICE number of a frame. Raises UsageError for a name that is not in `FRAMES`."""
    if isinstance(frame, int):
        return frame
    if frame not in FRAMES:
        raise UsageError(
            f"the number of frame {frame!r} is not known here", remedy=f"Give its number, or one of {', '.join(FRAMES)}"
        )
    return FRAMES[frame]


def _check(name: str, ets: Reals, states: Reals) -> None:
    if ets.ndim != 1 or ets.size < 2 or states.shape != (ets.size, 6):
        raise UsageError(f"{states.shape} states at {ets.shape} epochs: at least two rows of six are needed", where=name)
    if not (np.isfinite(ets).all() and np.isfinite(states).all()):
        raise UsageError("a state or epoch is not a number", where=name, remedy="Leave out what is not known")
    if not (np.diff(ets) > 0).all():
        raise UsageError("epochs do not rise", where=name, remedy="Put the states in order, without doubles")
