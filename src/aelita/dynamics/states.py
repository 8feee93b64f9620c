"""States of a spacecraft and what a propagation gives: a trajectory that answers at any epoch of its span."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError, UsageError
from ..time import SECOND, et_from_tai_ns, tdb_minus_tt_s, tt_s_from_tai_ns, utc_from_tai_ns
from .burns import FiniteBurn
from .collocation import Steps, evaluated, evaluated_partials

Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StateVector:
    """Position (km) and velocity (km/s) at an epoch (TAI nanoseconds) about a body, in axes of J2000."""

    epoch_tai_ns: int
    position_km: Reals
    velocity_km_s: Reals
    centre: str = "MARS"
    frame: str = "J2000"

    def __post_init__(self) -> None:
        for name in ("position_km", "velocity_km_s"):
            given = np.array(getattr(self, name), np.float64)
            if given.shape != (3,) or not np.isfinite(given).all():
                raise UsageError(f"{name} is {getattr(self, name)!r}", remedy="Give three finite numbers")
            given.flags.writeable = False
            object.__setattr__(self, name, given)
        if self.frame != "J2000":
            raise UsageError(f"a state in {self.frame}", remedy="Turn it into J2000 first")

    @property
    def six(self) -> Reals:
        """Position and velocity in one row."""
        return np.concatenate([self.position_km, self.velocity_km_s])


class ImpactError(UsageError):
    """A trajectory meets the surface of its central body; `at_tai_ns` is when, `burn` the burn before it (or empty)."""

    def __init__(self, what: str, *, at_tai_ns: int, burn: str = "", where: str = "", remedy: str = "") -> None:
        self.at_tai_ns, self.burn = at_tai_ns, burn
        super().__init__(what, where=where, remedy=remedy)


def elapsed_s(epochs_tai_ns: Epochs | int, since_tai_ns: int) -> Reals:
    """Return TDB seconds from one epoch to others, exact to nanoseconds within a year."""
    at = np.asarray(epochs_tai_ns, np.int64)
    difference = tdb_minus_tt_s(np.asarray(tt_s_from_tai_ns(at))) - tdb_minus_tt_s(np.asarray(tt_s_from_tai_ns(since_tai_ns)))
    return np.asarray((at - since_tai_ns) / SECOND + difference)


def epochs_of(elapsed_tdb_s: Reals | float, since_tai_ns: int) -> Epochs:
    """Return the epochs (TAI nanoseconds) that are so many TDB seconds after one: the inverse of `elapsed_s`."""
    wanted = np.asarray(elapsed_tdb_s, np.float64)
    found = since_tai_ns + np.rint(wanted * SECOND).astype(np.int64)
    for _ in range(2):
        found = found + np.rint((wanted - elapsed_s(found, since_tai_ns)) * SECOND).astype(np.int64)
    return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A propagated arc: states, and partial derivatives where they were asked for, at any epoch within its span.

    `steps` are the arcs of the integrator, in the order of integration; `names` the parameters of the partial derivatives.
    `impact_tai_ns` is when it met the surface, where the propagation was told to stop there; `mass_kg` that at the end, and
    `unfinished` what lies beyond it of burns that it cut.
    """

    start: StateVector
    until_tai_ns: int
    steps: tuple[Steps, ...]
    names: tuple[str, ...] = ()
    with_partials: bool = False
    impact_tai_ns: int | None = None
    mass_kg: float = field(default=float("nan"))
    unfinished: tuple[FiniteBurn, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """First and last epoch (TAI nanoseconds)."""
        ends = (self.start.epoch_tai_ns, self.until_tai_ns)
        return min(ends), max(ends)

    @property
    def end(self) -> StateVector:
        """The state at the end of the integration."""
        row = self.states(np.array([self.until_tai_ns]))[0]
        return StateVector(self.until_tai_ns, row[:3], row[3:], self.start.centre, self.start.frame)

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        """Return rows of position (km) and velocity (km/s) about the centre in J2000.

        At the epoch of an impulsive burn it is the state after it, seen in the order of integration. Raises TimeError outside.
        """
        return self._looked_up(epochs_tai_ns, partials=False)

    def partials(self, epochs_tai_ns: Epochs) -> Reals:
        """Return (n, 6, 6 + p): derivatives of states by the initial state and the named parameters, in km, s and their units.

        Raises UsageError when the propagation was not asked for them, TimeError outside of the span.
        """
        if not self.with_partials:
            raise UsageError("this trajectory has no partial derivatives", remedy="Propagate with `partials`")
        return self._looked_up(epochs_tai_ns, partials=True)

    def _looked_up(self, epochs_tai_ns: Epochs, partials: bool) -> Reals:
        at = np.atleast_1d(np.asarray(epochs_tai_ns, np.int64))
        first, last = self.span
        if at.size and (at.min() < first or at.max() > last):
            spans = " to ".join(utc_from_tai_ns(each, 3) for each in (first, last))
            wrong = int(at.min() if at.min() < first else at.max())
            raise TimeError(f"{utc_from_tai_ns(wrong, 3)} is outside of the trajectory, {spans}", remedy="Propagate further")
        elapsed = elapsed_s(at, self.start.epoch_tai_ns)
        columns = 6 + len(self.names)
        found = np.empty((at.size, 6, columns) if partials else (at.size, 6))
        forward = self.until_tai_ns >= self.start.epoch_tai_ns
        starts = np.array([each.first_s for each in self.steps])
        key = elapsed if forward else -elapsed
        piece = np.clip(np.searchsorted(starts if forward else -starts, key, side="right") - 1, 0, len(self.steps) - 1)
        for number in np.unique(piece):
            those = piece == number
            look = evaluated_partials if partials else evaluated
            found[those] = look(self.steps[number], elapsed[those])
        return found


def et_of(state: StateVector) -> float:
    """Return the ephemeris time of a state (TDB seconds past J2000)."""
    return float(et_from_tai_ns(state.epoch_tai_ns))
