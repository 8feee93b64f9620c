"""Light times between a site (or the centre of a body) and a target: exact at columns of epochs, or interpolated for live use."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from ..errors import TimeError
from ..time import NO_TIME, SECOND, et_from_tai_ns, utc_from_tai_ns
from .delays import Delays
from .load import kernels, revision
from .sites import SUN, Epochs, Observer, Reals, Target, body_number, motion, positions_km

LIGHT_KM_S = 299_792.458
SUN_DELAY_S = 2 * 4.925490947e-6  # 2 GM / c^3 of the Sun: factor of its relativistic delay (Moyer, JPL DESCANSO 2, eq. 8-55)
GRAZING_KM = 2_000.0  # how much longer the way by the centre of the Sun is when the path touches its limb, near 1 au
CONVERGED_S, MOST_ROUNDS = 1e-11, 12

PIECE_NS = 600 * SECOND
SHORTEST_NS = SECOND
DEGREE = 14
MOST_PIECES = 1024
_NODES = chebyshev.chebpts1(DEGREE + 1)
_CHECKS = np.linspace(-1.0, 1.0, 10)


@dataclass(frozen=True, slots=True)
class LightTimes:
    """One-way light times in seconds, NaN where the epoch is unknown.

    `direct` is false where the body that stands in was used; `bound_s` is how far the light time of the target itself can be
    from it there, and 0 where it is direct.
    """

    light_s: Reals
    direct: NDArray[np.bool_]
    bound_s: Reals


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of light between observer and target: km vectors in J2000 axes from the observer to where the target was (is)."""

    vector_km: Reals
    light_s: Reals
    direct: NDArray[np.bool_]
    observer_velocity_km_s: Reals
    rotation: Reals | None
    ets: Reals

    def some(self, those: Epochs) -> "Paths":
        """Return those of these numbers."""
        rotation = None if self.rotation is None else self.rotation[those]
        velocity = self.observer_velocity_km_s[those]
        return Paths(self.vector_km[those], self.light_s[those], self.direct[those], velocity, rotation, self.ets[those])


def light_times(
    observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, outgoing: bool = False, sun_delay: bool = True,
    delayed_by: Sequence[str] = (),
) -> LightTimes:  # fmt: skip
    """Return the one-way light times between an observer and a target, with the relativistic delay by the Sun.

    The epochs are those at the observer: of reception of light from the target, or with `outgoing` of emission towards it.
    Without `sun_delay` they are Newtonian, as SPICE's: the delay costs next to nothing. `delayed_by` names planets whose gravity
    delays the light as well: on the way to Mars JUPITER and SATURN by 1 to 6 ns (0.3 to 1.7 m), EARTH by 0.2 to 0.4 ns.
    Raises UsageError for a body unknown to SPICE, TimeError where the kernels hold neither target nor stand-in. Accuracy: the
    ranges that the DSN measured to Mars from 2006 to 2010 agree within 10 m, 33 ns (`test_ephemeris_stations.py`); the delay by
    the troposphere, about 8 ns at zenith, is not included.
    """
    path = paths(observer, target, epochs_tai_ns, outgoing=outgoing, sun_delay=sun_delay, delayed_by=delayed_by)
    within_km = target.within_km if isinstance(target, Target) else 0.0
    return LightTimes(path.light_s, path.direct, np.where(path.direct, 0.0, within_km / LIGHT_KM_S))


def paths(
    observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, outgoing: bool = False, sun_delay: bool = True,
    delayed_by: Sequence[str] = (),
) -> Paths:  # fmt: skip
    """Return the paths of light for `light_times`, which see."""
    target = Target(target) if isinstance(target, str) else target
    ets = np.asarray(et_from_tai_ns(np.asarray(epochs_tai_ns, np.int64)), np.float64)
    with kernels():
        place, rotation = motion(observer, epochs_tai_ns, ets)
        body, gravity = body_number(target.body), _Gravity(positions_km(SUN, ets), sun_delay, Delays(delayed_by, ets))
        if target.through:  # its light time tells when the target itself is wanted, even where its kernel ends soon after
            near = body_number(target.through)
            instead, its_light = _solve(place.position_km, near, ets, outgoing, np.zeros(ets.size), gravity)
            vector, light = _solve(place.position_km, body, ets, outgoing, its_light, gravity)
        else:
            vector, light = _solve(place.position_km, body, ets, outgoing, np.zeros(ets.size), gravity)
        direct = np.isfinite(light) | np.isnan(ets)
        if target.through and not direct.all():
            vector[~direct], light[~direct] = instead[~direct], its_light[~direct]
    lost = np.isnan(light) & np.isfinite(ets)
    if lost.any():
        raise absent(observer, target, epochs_tai_ns[lost])
    return Paths(vector, light, direct, place.velocity_km_s, rotation, ets)


@dataclass(frozen=True, slots=True)
class _Gravity:
    """What delays light: the Sun where it stands (km), unless it is not counted, and planets."""

    sun_km: Reals
    of_sun: bool
    of_planets: Delays

    def delay_s(self, here: Reals, there: Reals, distance: Reals) -> Reals:
        found = self.of_planets.seconds(here, there, distance)
        if self.of_sun:
            around = np.linalg.norm(here - self.sun_km, axis=1) + np.linalg.norm(there - self.sun_km, axis=1)
            found = found + SUN_DELAY_S * sun_logarithm(around, distance)
        return found


def _solve(observer_km: Reals, body: int, ets: Reals, outgoing: bool, guess_s: Reals, gravity: _Gravity) -> tuple[Reals, Reals]:
    """Return the vectors to the body at the other end of the light path, and the light times: iterated to 0.01 ns.

    Without a good guess a kernel must hold the body at `ets` as well as a light time off, as for SPICE's own routines.
    """
    sign = 1.0 if outgoing else -1.0
    light = np.where(np.isfinite(ets), guess_s, np.nan)
    vector = np.full((ets.size, 3), np.nan)
    for _ in range(MOST_ROUNDS):
        there = positions_km(body, ets + sign * light)
        vector = there - observer_km
        distance = np.linalg.norm(vector, axis=1)
        before, light = light, distance / LIGHT_KM_S + gravity.delay_s(observer_km, there, distance)
        change = np.abs(light - before)
        if not np.any(change > CONVERGED_S):
            break
    return vector, light


def sun_logarithm(around_km: Reals, distance_km: Reals) -> Reals:
    """Return the logarithm of the delay by the Sun; a path through the Sun counts as one that grazes it."""
    return np.log(np.maximum(around_km + distance_km, GRAZING_KM) / np.maximum(around_km - distance_km, GRAZING_KM))


def absent(observer: Observer, target: Target, epochs: Epochs) -> TimeError:
    """Return the error that says that no kernel holds the target, nor what stands in for it, at these epochs."""
    name = observer if isinstance(observer, str) else observer.name
    first, last = (utc_from_tai_ns(int(pick(epochs)), 3) for pick in (np.min, np.max))
    other = f" nor of {target.through}" if target.through else ""
    return TimeError(
        f"no kernel holds the position of {target.body}{other} as seen from {name} between {first} and {last}",
        remedy="Furnish kernels that do, or name a body near by that may stand in (`through`)",
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    terms: tuple[float, ...]
    direct: bool
    bound_s: float


def _clenshaw(terms: tuple[float, ...], x: float) -> float:
    """Return the sum of Chebyshev polynomials at -1 <= x <= 1."""
    last = before = 0.0
    for term in terms[:0:-1]:
        last, before = term + 2.0 * x * last - before, last
    return terms[0] + x * last - before


class LightTime:
    """Light times of one observer and target for live use: polynomials made when first needed and kept, checked to 1 us.

    Threads may share it. It needs no end: pieces are made as time goes on, and made anew when kernels are furnished. Example:

        light = LightTime(site, Target("-143", through="MARS", within_km=3830))
        emitted = received - np.rint(light.at(received).light_s * SECOND).astype(np.int64)
    """

    def __init__(self, observer: Observer, target: Target | str, *, outgoing: bool = False, tolerance_s: float = 1e-6) -> None:
        self.observer, self.target = observer, Target(target) if isinstance(target, str) else target
        self.outgoing, self.tolerance_s = outgoing, tolerance_s
        self.length_ns = PIECE_NS
        self._pieces: dict[int, _Piece | None] = {}
        self._revision, self._lock = revision(), Lock()

    def at(self, epochs_tai_ns: Epochs) -> LightTimes:
        """Return the light times at these epochs, within the tolerance of what `light_times` returns, and errors as there."""
        epochs = np.asarray(epochs_tai_ns, np.int64)
        light, bound = np.full(epochs.size, np.nan), np.zeros(epochs.size)
        direct = np.ones(epochs.size, np.bool_)
        known = epochs != NO_TIME
        with self._lock:
            number = self._prepare(epochs[known])
            for key in np.unique(number).tolist():
                piece, those = self._pieces[key], np.flatnonzero(known)[number == key]
                if piece is None:
                    exact = light_times(self.observer, self.target, epochs[those], outgoing=self.outgoing)
                    light[those], direct[those], bound[those] = exact.light_s, exact.direct, exact.bound_s
                else:
                    x = (epochs[those] - key * self.length_ns) * (2.0 / self.length_ns) - 1.0
                    light[those], direct[those] = chebyshev.chebval(x, piece.terms), piece.direct
                    bound[those] = piece.bound_s
        return LightTimes(light, direct, bound)

    def seconds(self, epoch_tai_ns: int) -> float:
        """Return the light time at one epoch as `at` does, a hundred times cheaper: for frames that come one by one."""
        with self._lock:
            if self._revision == revision():
                key, within = divmod(epoch_tai_ns, self.length_ns)
                piece = self._pieces.get(key)
                if piece is not None:
                    return _clenshaw(piece.terms, within * (2.0 / self.length_ns) - 1.0)
        return float(self.at(np.array([epoch_tai_ns], np.int64)).light_s[0])

    def _prepare(self, epochs: Epochs) -> Epochs:
        """Make the pieces that hold these epochs and return the number of each; all get shorter until they are exact enough."""
        if self._revision != revision() or len(self._pieces) > MOST_PIECES:
            self._pieces, self._revision = {}, revision()
        while True:
            number = epochs // self.length_ns
            if all(key in self._pieces or self._add(key) for key in np.unique(number).tolist()):
                return number
            self.length_ns, self._pieces = max(self.length_ns // 4, SHORTEST_NS), {}

    def _add(self, key: int) -> bool:
        """Make a piece, None for one that is better computed epoch by epoch; return False when it should be shorter."""
        at = np.concatenate([_NODES, _CHECKS])
        epochs = key * self.length_ns + np.rint((at + 1.0) * (self.length_ns / 2)).astype(np.int64)
        try:
            exact = light_times(self.observer, self.target, epochs, outgoing=self.outgoing)
        except TimeError:
            self._pieces[key] = None
            return True
        if exact.direct.any() != exact.direct.all():  # a kernel begins or ends here
            self._pieces[key] = None
            return True
        count = _NODES.size
        coefficients = chebyshev.chebfit(_NODES, exact.light_s[:count], DEGREE)
        wrong = np.abs(chebyshev.chebval(_CHECKS, coefficients) - exact.light_s[count:]).max()
        if wrong > self.tolerance_s / 2:
            if self.length_ns > SHORTEST_NS:
                return False
            self._pieces[key] = None
        else:
            self._pieces[key] = _Piece(tuple(coefficients.tolist()), bool(exact.direct.all()), float(exact.bound_s.max()))
        return True
