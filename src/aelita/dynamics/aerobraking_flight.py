"""Flying a campaign of aerobraking, revolution by revolution, with planning sessions and what the spacecraft does by itself."""

from collections.abc import Callable
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns
from .aerobraking import Campaign, Pause, Plan, Step, Trim, Variability
from .burns import STANDARD_GRAVITY_M_S2
from .corridor import Decision, boosted, lift_km_per_m_s, refuse_unsafe
from .drag_kernels import coast
from .drag_pass import Pass, Surroundings, revolved, shape
from .states import StateVector

Reals = NDArray[np.float64]


class Weather:
    """The factor on the density of the next pass: a stationary lognormal sequence of mean 1, the same for the same generator."""

    def __init__(self, variability: Variability, rng: np.random.Generator | None) -> None:
        self.variability, self.rng = variability, rng
        self.value = 0.0 if rng is None else variability.sigma * float(rng.standard_normal())

    def next(self) -> float:
        """Return the factor of the next pass."""
        if self.rng is None:
            return 1.0
        rho, sigma = self.variability.persistence, self.variability.sigma
        self.value = rho * self.value + sqrt(1 - rho * rho) * sigma * float(self.rng.standard_normal())
        return exp(self.value - 0.5 * sigma * sigma)


Progress = Callable[[float], None]


def fly(
    plan: Plan, start: StateVector, around: Surroundings, *, rng: np.random.Generator | None = None,
    progress: Progress | None = None, most_passes: int = 5000,
) -> Campaign:  # fmt: skip
    """Fly a campaign from an apoapsis to the science orbit and return all of it; the same generator gives the same campaign.

    With `rng` the density of each pass is drawn (`Variability`). `progress` is called with the share of the loss of apoapsis
    that is done. Raises UsageError or ImpactError when the plan itself is unsafe (see `refuse_unsafe`), or more passes were
    needed.
    """
    flight = _Flight(plan, start, around, Weather(plan.variability, rng), progress)
    while not flight.over():
        if len(flight.passes) >= most_passes:
            raise UsageError(f"{most_passes} passes did not suffice", remedy="Aim deeper in the corridor, or allow more passes")
        flight.manage()
        flight.go_round()
    return flight.ended()


class _Flight:
    """A campaign under way; it always stands at an apoapsis."""

    def __init__(self, plan: Plan, start: StateVector, around: Surroundings, weather: Weather, progress: Progress | None) -> None:
        self.plan, self.start, self.around, self.weather, self.progress = plan, start, around, weather, progress
        self.planner = plan.planner
        self.t, self.y = around.seconds(start.epoch_tai_ns), np.concatenate([start.six, np.zeros(3)])
        self.mass_kg = plan.vehicle.mass_kg
        self.passes: list[Pass] = []
        self.phases: list[str] = []
        self.burns: list[Trim] = []
        self.decisions: list[Decision] = []
        self.phase = "walk-in" if plan.walk_in else "main"
        self.steps: list[Step] = list(plan.walk_in)
        self.pauses: list[Pause] = list(plan.pauses)
        self.session_s = -1e30  # of the next planning session
        self.shown: list[float] = []  # logarithms of factors that passes showed
        self.first_km = self.apoapsis_km
        self.apoapses: list[Reals] = []
        self.epochs: list[int] = []

    @property
    def drag_m2_kg(self) -> float:
        return self.plan.vehicle.drag_m2_kg * self.plan.vehicle.mass_kg / self.mass_kg

    @property
    def now(self) -> int:
        return self.around.epoch(self.t)

    @property
    def apoapsis_km(self) -> float:
        a, e = shape(self.y, self.around.gm_km3_s2)
        return a * (1 + e) - self.around.radius_km

    @property
    def period_s(self) -> float:
        a, _ = shape(self.y, self.around.gm_km3_s2)
        return float(2 * np.pi * sqrt(a**3 / self.around.gm_km3_s2))

    @property
    def factor(self) -> float:
        """The forecast: how dense the passes of late were against the model."""
        memory = self.plan.variability.memory
        if self.weather.rng is None or not memory or not self.shown:
            return 1.0
        late = self.shown[-memory:]
        weight = len(late) / (len(late) + 2.0)  # two passes' worth of trust in the model
        return exp(weight * float(np.mean(late)))

    def over(self) -> bool:
        return self.phase in ("main", "walk-out") and self.apoapsis_km <= self.plan.end_apoapsis_km

    def due(self, epoch_tai_ns: int) -> bool:
        """Say whether this apoapsis is the nearest to an epoch, or past it."""
        return bool(self.now + 0.5 * self.period_s * SECOND > epoch_tai_ns)

    def manage(self) -> None:
        """Do at this apoapsis what is due: a pause, a step, or a planning session."""
        if self.pauses and self.due(self.pauses[0].begins_tai_ns):
            pause = self.pauses.pop(0)
            self._to_height(pause.height_km, "pause")
            self.phase, self.steps = "pause", list(pause.steps)
            return
        if self.steps:
            if self.due(self.steps[0].at_tai_ns):
                step = self.steps.pop(0)
                self.phase = "walk-in"
                self._step_down(step.height_km)
                self.session_s = self.t + self.plan.session_s
            return
        if self.phase == "pause":
            return
        if self.t >= self.session_s - 1.0:
            self.phase = "walk-out" if self.phase == "walk-out" else "main"
            try:
                decision = self.planner.decide(self.around, self.drag_m2_kg, self.t, self.y, self.factor)
            except UsageError:
                if self.weather.rng is None:
                    raise
                self._pop_up()  # what no trim mends is left for a while
                return
            self.decisions.append(decision)
            if decision.reason == "lifetime":
                self.phase = "walk-out"
            self._burn(decision.trim_m_s, decision.reason)
            self.session_s = self.t + self.plan.session_s

    def go_round(self) -> None:
        """Fly to the next apoapsis, and react to what the pass was."""
        factor = self.weather.next()
        self.apoapses.append(self.y[:6].copy())
        self.epochs.append(self.now)
        found, self.t = revolved(self.around, self.drag_m2_kg, self.t, self.y, factor)
        self.passes.append(found)
        self.phases.append(self.phase)
        self.shown.append(log(factor))
        if self.progress and self.first_km > self.plan.end_apoapsis_km:
            self.progress((self.first_km - self.apoapsis_km) / (self.first_km - self.plan.end_apoapsis_km))
        share, safety = self.plan.limits.share(found), self.plan.safety
        if share > safety.pop_up_share:
            self._pop_up()
        elif share > safety.reduction_share:
            self._burn(safety.reduction_m_s, "reduction")

    def _step_down(self, height_km: float) -> None:
        """Make a step; one that the weather has made unsafe is made shallower, by 2 km at a time, a plan's own is refused."""
        for higher in range(0, 60, 2):
            try:
                self._to_height(height_km + higher, "walk-in")
                return
            except UsageError:
                if self.weather.rng is None:
                    raise

    def _pop_up(self) -> None:
        safety = self.plan.safety
        self._to_height(safety.pop_up_km, "pop-up")
        first = self.now + round(safety.wait_days * 86400 * SECOND)
        returns = [Step(first + number * 86400 * SECOND, height) for number, height in enumerate(safety.return_km)]
        self.phase, self.steps = "pop-up", returns + [step for step in self.steps if step.at_tai_ns > returns[-1].at_tai_ns]

    def _to_height(self, height_km: float, reason: str) -> None:
        """Burn so that the next pass comes to a lowest height; a lowering is refused where it is unsafe."""
        dv_m_s = burn_to_height(self.around, self.drag_m2_kg, self.t, self.y, height_km, self.factor)
        if dv_m_s < 0:
            refuse_unsafe(self.around, self.drag_m2_kg, self.now, self.y, dv_m_s, self.planner, what=reason, factor=self.factor)
        self._burn(dv_m_s, reason)

    def _burn(self, dv_m_s: float, reason: str) -> None:
        if dv_m_s == 0.0:
            return
        self.y = boosted(self.y, dv_m_s)
        after = self.mass_kg * exp(-abs(dv_m_s) / (self.plan.isp_s * STANDARD_GRAVITY_M_S2))
        flow = self.plan.thrust_n / (self.plan.isp_s * STANDARD_GRAVITY_M_S2)
        self.burns.append(Trim(self.now, dv_m_s, reason, (self.mass_kg - after) / flow, after))
        self.mass_kg = after

    def _state(self) -> StateVector:
        return StateVector(self.now, self.y[:3], self.y[3:6])

    def ended(self) -> Campaign:
        """Leave the air and make the science orbit."""
        self._to_height(self.plan.exit_km, "exit")
        out = self._state()
        heights = self._to_science()
        return Campaign(
            tuple(self.passes), tuple(self.phases), tuple(self.epochs), tuple(self.burns), tuple(self.decisions), self.start, out,
            self._state(), heights, self.plan.limits, np.array(self.apoapses).reshape(-1, 6),
        )  # fmt: skip

    def _to_science(self) -> tuple[float, float]:
        """Raise periapsis at apoapsis, then lower apoapsis at periapsis: sudden burns, osculating orbits."""
        low, high = (each + self.around.radius_km for each in self.plan.science_km)
        gm = self.around.gm_km3_s2
        for target, reason in ((low, "circularise"), (high, "circularise")):
            distance, speed = float(np.linalg.norm(self.y[:3])), float(np.linalg.norm(self.y[3:6]))
            wanted = sqrt(gm * (2 / distance - 2 / (distance + target)))
            self._burn((wanted - speed) * 1e3, reason)
            half = 0.5 * self.period_s
            if reason == "circularise" and target == low:
                self.t, self.y = coasted(self.around, self.drag_m2_kg, self.t, self.y, self.t + half)
        a, e = shape(self.y, gm)
        return a * (1 - e) - self.around.radius_km, a * (1 + e) - self.around.radius_km


def coasted(around: Surroundings, drag_m2_kg: float, t: float, y: Reals, until_s: float) -> tuple[float, Reals]:
    """Return time and row of nine at a later time. Raises UsageError below the ground."""
    made = y.copy()
    if not coast(around.acts, drag_m2_kg, 1.0, t, made, until_s, 1e-7):
        raise UsageError(f"the orbit meets the ground before {utc_from_tai_ns(around.epoch(until_s))}", remedy="Raise periapsis")
    return until_s, made


def burn_to_height(around: Surroundings, drag_m2_kg: float, t: float, y: Reals, height_km: float, factor: float = 1.0) -> float:
    """Return the change of speed (m/s) at an apoapsis after which the next pass's lowest height is the one wanted, to 10 m."""
    lift, dv_m_s = lift_km_per_m_s(around, y), 0.0
    trial, _ = revolved(around, drag_m2_kg, t, y.copy(), factor, 1e-6)
    seen = trial.lowest_km
    for _ in range(8):
        off = height_km - seen
        if abs(off) < 0.01:
            return dv_m_s
        step = off / lift
        trial, _ = revolved(around, drag_m2_kg, t, boosted(y, dv_m_s + step), factor, 1e-6)
        if trial.lowest_km != seen:
            lift = (trial.lowest_km - seen) / step
        dv_m_s, seen = dv_m_s + step, trial.lowest_km
    raise UsageError(
        f"no burn was found that brings the next pass to {height_km:g} km; the last one tried gives {seen:.2f} km",
        remedy="Ask for a height nearer to that of now",
    )
