"""Weighted least squares by orthogonal triangles: a priori knowledge, editing, considered parameters, honest covariances."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import AelitaError, UsageError
from .correlation import autocorrelated_information

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
LEAST_DAMPING, MOST_DAMPING = 1e-12, 1e3
SINGULAR = 1e-13
RETURN = 0.7
SHORTEST_STEP = 1e-5  # in scaled sigmas
ROUNDING, ROUGH = 2e-3, 0.1  # shares of the cost


class DeterminationError(AelitaError):
    """A determination failed; `last_good` is what was reached before, and `history` one row an iteration."""

    def __init__(
        self, what: str, *, last_good: "Estimate | None", history: tuple["Iteration", ...] = (), where: str = "", remedy: str = ""
    ) -> None:
        self.last_good, self.history = last_good, history
        super().__init__(what, where=where, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something to estimate, or with `consider` only to be reckoned with: its value and a priori sigma, in its own unit.

    A sigma of infinity is no a priori knowledge; a considered parameter needs one.
    """

    name: str
    value: float
    sigma: float = float("inf")
    consider: bool = False

    def __post_init__(self) -> None:
        if not self.sigma > 0 or not np.isfinite(self.value) or (self.consider and not np.isfinite(self.sigma)):
            raise UsageError(
                f"value {self.value:g} with sigma {self.sigma:g}",
                where=f"parameter {self.name}",
                remedy="Give a finite value, a sigma above zero, and a finite one to what is considered",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What a model says at given values: observed minus computed, sigma of each, and partials of the computed by parameters.

    `group` numbers the unbroken series to which each observation belongs (a pass): within one, residuals may be correlated.
    """

    residual: Reals
    sigma: Reals
    partials: Reals
    group: NDArray[np.int64]


Model = Callable[[Reals], Predicted]
Moved = Callable[[Reals, Reals], Reals]


@dataclass(frozen=True, slots=True)
class Rules:
    """When to stop, what to edit and what is good enough.

    Converged is a step below `step_sigmas` of every formal sigma (scaled by the residuals), or a change of the weighted rms below
    `change`. An observation is edited when its residual is above `reject` times the robust rms of all (1.48 times the median),
    but never below `floor` times its sigma. More than `most_edited` of all, or a weighted rms above `worst_rms`, is no orbit.
    """

    most_iterations: int = 30
    step_sigmas: float = 0.01
    change: float = 1e-5
    reject: float = 5.0
    floor: float = 3.0
    most_edited: float = 0.25
    worst_rms: float = 30.0


DEFAULT_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration: weighted rms of what is used, how many, the largest step in scaled sigmas, and how it was damped."""

    rms: float
    used: int
    step_sigmas: float
    damping: float


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Values of parameters and how well they are known.

    `covariance` is formal: right if the sigmas of the observations are. `scaled` is that by the mean square of the weighted
    residuals. `honest` takes account of residuals that are alike from one to the next (model errors), and of considered
    parameters; it is the one to quote. Considered parameters are not among `names`; `sensitivity` is by how much each estimated
    parameter changes for one a priori sigma of each of them.
    """

    names: tuple[str, ...]
    values: Reals
    covariance: Reals
    scaled: Reals
    honest: Reals
    considered: tuple[str, ...]
    sensitivity: Reals
    residual: Reals
    weighted: Reals
    used: Flags
    iterations: tuple[Iteration, ...]
    converged: bool
    condition: float
    notes: tuple[str, ...] = field(default=())

    @property
    def rms(self) -> float:
        """Weighted rms of the observations used."""
        return _rms(self.weighted[self.used])

    def sigma(self, name: str) -> float:
        """Return the honest sigma of a parameter."""
        at = self.names.index(name)
        return float(np.sqrt(self.honest[at, at]))


def estimate(
    model: Model, parameters: tuple[Parameter, ...], rules: Rules = DEFAULT_RULES, *, moved: Moved = np.add
) -> Estimate:  # fmt: skip
    """Return the parameters that fit a model best, from their values as the first guess and a priori knowledge.

    Gauss-Newton steps solved by QR of the weighted partials, damped (Levenberg, Marquardt) while the fit would get worse.
    Raises DeterminationError, with the last good estimate, when no step makes the fit better, when it does not converge, when a
    parameter cannot be told from the observations, or when the result is no fit by the rules. `moved` adds a step to values: to
    first order the sum, but along what curves less, for problems that a straight step leaves soon.
    """
    return _Fit(model, parameters, rules, moved).run()


class _Fit:
    def __init__(self, model: Model, parameters: tuple[Parameter, ...], rules: Rules, moved: Moved) -> None:
        self.model, self.parameters, self.rules, self.moved = model, parameters, rules, moved
        self.free = np.array([not one.consider for one in parameters], np.bool_)
        if not self.free.any() or len({one.name for one in parameters}) != len(parameters):
            raise UsageError("nothing is estimated, or a parameter is named twice", remedy="Name each parameter once")
        self.a_priori = np.array([one.value for one in parameters])
        self.weight = np.array([1.0 / one.sigma for one in parameters])
        self.damping = 0.0
        self.notes: tuple[str, ...] = ()
        self.history: list[Iteration] = []
        self.last_good: Estimate | None = None

    def run(self) -> Estimate:
        values, predicted = self.a_priori.copy(), self._first()
        before, length = np.inf, np.inf
        used = self._edited(predicted, None)
        for _ in range(self.rules.most_iterations):
            taken = self._stepped(values, predicted, used)
            if taken is not None:
                values, predicted, length = taken
            settled = np.array_equal(used, used := self._edited(predicted, used))
            rms = _rms((predicted.residual / predicted.sigma)[used])
            small = length < self.rules.step_sigmas or abs(before - rms) < self.rules.change * rms
            converged = settled and (taken is None or (self.damping == 0.0 and small))
            self.history.append(Iteration(rms, int(used.sum()), length, self.damping))
            self.last_good = self._estimate(values, predicted, used, converged)
            if converged:
                return self._judged(self.last_good)
            before = rms
        raise self._failed(f"no convergence in {self.rules.most_iterations} iterations: the last step is {length:.3g} sigmas")

    def _first(self) -> Predicted:
        try:
            predicted = self.model(self.a_priori)
        except DeterminationError:
            raise
        if not np.all(np.isfinite(predicted.residual)) or not np.all(np.isfinite(predicted.partials)):
            raise self._failed("residuals or partials of the first guess are no numbers")
        return predicted

    def _edited(self, predicted: Predicted, before: Flags | None) -> Flags:
        """Return which observations are used: those not far above the robust rms; what was edited returns well below it only.

        Without that an observation at the limit goes in and out for ever.
        """
        weighted = np.abs(predicted.residual / predicted.sigma)
        limit = max(self.rules.reject * 1.4826 * float(np.median(weighted)), self.rules.floor)
        return np.asarray(weighted <= (limit if before is None else np.where(before, limit, RETURN * limit)))

    def _triangle(self, values: Reals, predicted: Predicted, used: Flags) -> tuple[Reals, Reals, Reals]:
        """Return the weighted equations as a triangle, its right side, and the norm by which each column was divided."""
        rows = (predicted.partials / predicted.sigma[:, None])[used][:, self.free]
        known = self.weight[self.free]
        matrix = np.vstack([np.diag(known), rows])
        right = np.concatenate([known * (self.a_priori - values)[self.free], (predicted.residual / predicted.sigma)[used]])
        norm = np.linalg.norm(matrix, axis=0)
        names = self._names(consider=False)
        if np.any(norm == 0):
            raise self._failed(f"the observations do not depend on {names[int(np.argmin(norm))]}")
        orthogonal, triangle = np.linalg.qr(matrix / norm)
        return triangle, orthogonal.T @ right, norm

    def _inverse(self, triangle: Reals, norm: Reals) -> tuple[Reals, float]:
        """Return the inverse of a triangle and its condition; refuse one that is singular."""
        _, size, directions = np.linalg.svd(triangle)
        if size[-1] < SINGULAR * size[0]:
            worst = self._names(consider=False)[int(np.argmax(np.abs(directions[-1])))]
            raise self._failed(f"a combination of parameters, above all {worst}, cannot be told from these observations")
        return np.linalg.inv(triangle) / norm[:, None], float(size[0] / size[-1])

    def _names(self, *, consider: bool) -> tuple[str, ...]:
        return tuple(one.name for one in self.parameters if one.consider is consider)

    def _cost(self, values: Reals, predicted: Predicted, used: Flags) -> float:
        away = self.weight[self.free] * (values - self.a_priori)[self.free]
        return float(np.sum((predicted.residual / predicted.sigma)[used] ** 2) + np.sum(away**2))

    def _stepped(self, values: Reals, predicted: Predicted, used: Flags) -> tuple[Reals, Predicted, float] | None:
        """Return the values after a step that makes the fit better, and its length in scaled sigmas; None when there is none."""
        cost, reason = self._cost(values, predicted, used), ""
        triangle, right, norm = self._triangle(values, predicted, used)
        spread = np.linalg.norm(self._inverse(triangle, norm)[0], axis=1) * max(
            _rms((predicted.residual / predicted.sigma)[used]), 1e-12
        )
        while self.damping <= MOST_DAMPING:
            matrix = np.vstack([triangle, np.sqrt(self.damping) * np.eye(norm.size)])
            step = np.linalg.lstsq(matrix, np.concatenate([right, np.zeros(norm.size)]), rcond=None)[0] / norm
            length = float(np.max(np.abs(step) / spread))
            whole = np.zeros(values.size)
            whole[self.free] = step
            moved = self.moved(values, whole)
            try:
                there = self.model(moved)
                reached = self._cost(moved, there, used)
                if np.isfinite(reached) and reached <= cost * (1 + 1e-9):
                    self.damping = self.damping / 30 if self.damping > 30 * LEAST_DAMPING else 0.0
                    return moved, there, length
                reason = (
                    f"the weighted rms would grow from {np.sqrt(cost / used.sum()):.4g} to {np.sqrt(reached / used.sum()):.4g}"
                )
            except AelitaError as error:
                reason = f"the orbit of the step cannot be used: {error.what}"
            if float(right @ right) < ROUNDING * cost:  # what a step could gain is below what the model is rounded by
                return None
            if length < SHORTEST_STEP:
                break
            self.damping = max(10 * self.damping, LEAST_DAMPING)
        if float(right @ right) < ROUGH * cost:
            self.notes = ("the model is not smooth: what a step could still gain is lost in its jumps",)
            return None
        raise self._failed(f"it diverges: no step makes a better fit; {reason}")

    def _estimate(self, values: Reals, predicted: Predicted, used: Flags, converged: bool) -> Estimate:
        triangle, _, norm = self._triangle(values, predicted, used)
        inverse, condition = self._inverse(triangle, norm)
        weighted = predicted.residual / predicted.sigma
        rows = predicted.partials / predicted.sigma[:, None]
        formal = inverse @ inverse.T
        degrees = max(int(used.sum()) - int(self.free.sum()), 1)
        factor = float(np.sum(weighted[used] ** 2)) / degrees
        free = rows[used][:, self.free]
        bread = autocorrelated_information(free, weighted[used], predicted.group[used])
        honest = formal @ bread @ formal
        honest = np.where(np.trace(honest) > np.trace(factor * formal), honest, factor * formal)
        others = rows[used][:, ~self.free] * np.array([one.sigma for one in self.parameters if one.consider])
        sensitivity = -formal @ (free.T @ others)
        honest = honest + sensitivity @ sensitivity.T
        names, considered = self._names(consider=False), self._names(consider=True)
        return Estimate(
            names, values[self.free], formal, factor * formal, honest, considered, sensitivity, predicted.residual, weighted,
            used, tuple(self.history), converged, condition, self.notes,
        )  # fmt: skip

    def _judged(self, found: Estimate) -> Estimate:
        edited = 1.0 - found.used.mean()
        if found.rms > self.rules.worst_rms:
            raise self._failed(
                f"it converged on no orbit: residuals are {found.rms:.3g} times their sigma (at most {self.rules.worst_rms:g})",
                "Look at the force model (degree of gravity), the data and their sigma",
            )
        if edited > self.rules.most_edited:
            raise self._failed(
                f"{100 * edited:.0f} % of the observations were edited (at most {100 * self.rules.most_edited:g} %)"
            )
        return found

    def _failed(
        self, what: str, remedy: str = "Look at the first guess, the observations and the force model"
    ) -> DeterminationError:
        return DeterminationError(
            what, last_good=self.last_good, history=tuple(self.history), where="orbit determination", remedy=remedy
        )  # fmt: skip


def _rms(values: Reals) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")
