"""Flying a campaign of aerobraking, revolution by revolution, with planning sessions and what the spacecraft does by itself."""

from collections.abc import Callable
from dataclasses import replace
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns
from .aerobraking import Campaign, Pause, Plan, Step, Trim, Variability
from .aerobraking_upsets import Troubles, Upset
from .burns import STANDARD_GRAVITY_M_S2
from .corridor import Decision, boosted, lift_km_per_m_s, refuse_unsafe
from .drag_kernels import coast
from .drag_pass import Pass, Surroundings, revolved, shape, to_apoapsis
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
    upsets: tuple[Upset, ...] = (), progress: Progress | None = None, most_passes: int = 5000,
) -> Campaign:  # fmt: skip
    """Fly a campaign from the next apoapsis to the science orbit and return all of it; the same generator gives the same one.

    With `rng` the density of each pass is drawn (`Variability`); `upsets` are what goes wrong, which nobody knows before.
    `progress` is called with the share of the loss of apoapsis that is done. Raises UsageError or ImpactError when the plan
    itself is unsafe (see `refuse_unsafe`), when the spacecraft is lost, or when the campaign is not over after so many passes or
    at the end of the surroundings.
    """
    flight = _Flight(plan, start, around, Weather(plan.variability, rng), Troubles(upsets), progress)
    if flight.apoapsis_km <= plan.end_apoapsis_km:
        raise UsageError(
            f"the campaign begins at an apoapsis of {flight.apoapsis_km:.0f} km and ends at {plan.end_apoapsis_km:g} km",
            remedy="Begin higher, or end lower",
        )
    ahead_s = 3600 * plan.guard.hours + 2 * plan.session_s  # what a session looks forward
    while not flight.over():
        left_s = (around.last_tai_ns - flight.now) / SECOND
        if len(flight.passes) >= most_passes or left_s < ahead_s + 2 * flight.period_s:
            raise UsageError(
                f"the campaign is not over after {len(flight.passes)} passes on {utc_from_tai_ns(flight.now, 0)}: apoapsis is at "
                f"{flight.apoapsis_km:.0f} km, it ends at {plan.end_apoapsis_km:g} km",
                remedy="Aim deeper in the corridor, end higher, or allow more days and passes",
            )
        flight.manage()
        flight.go_round()
    return flight.ended()


class _Flight:
    """A campaign under way; it always stands at an apoapsis."""

    def __init__(
        self,
        plan: Plan,
        start: StateVector,
        around: Surroundings,
        weather: Weather,
        troubles: Troubles,
        progress: Progress | None,
    ) -> None:
        self.plan, self.start, self.around, self.weather, self.progress = plan, start, around, weather, progress
        self.planner, self.troubles = plan.planner, troubles
        self.certain = weather.rng is None and not troubles.any  # all is as the planner thinks: what fails is the plan
        first = to_apoapsis(start, around, plan.vehicle)
        self.t, self.y = around.seconds(first.epoch_tai_ns), np.concatenate([first.six, np.zeros(3)])
        self.heard_s = self.t  # when the last command came
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
        if self.certain or not memory or not self.shown:
            return 1.0
        late = self.shown[-memory:]
        weight = len(late) / (len(late) + 2.0)  # two passes' worth of trust in the model
        return exp(weight * float(np.mean(late)))

    def over(self) -> bool:
        """Say whether it is time to leave the air, which the ground must command."""
        if self.troubles.silent(self.now):
            return False
        return self.phase in ("main", "walk-out") and self.apoapsis_km <= self.plan.end_apoapsis_km

    def due(self, epoch_tai_ns: int) -> bool:
        """Say whether this apoapsis is the nearest to an epoch, or past it."""
        return bool(self.now + 0.5 * self.period_s * SECOND > epoch_tai_ns)

    def manage(self) -> None:
        """Do at this apoapsis what is due: safe mode by the spacecraft; a pause, a step, or a planning session by the ground."""
        if self.troubles.falls(self.now):
            self._pop_up("safe mode")
        if self.troubles.silent(self.now):
            alone_h = (self.t + self.period_s - self.heard_s) / 3600  # until the next occasion
            if alone_h > self.plan.safety.silence_h and self.phase not in ("pause", "pop-up"):
                self._pop_up("silence")
            return
        self._overdue()
        if self.phase not in ("main", "walk-out"):
            self.heard_s = self.t
        if self.pauses and self.due(self.pauses[0].begins_tai_ns):
            pause = self.pauses.pop(0)
            self._to_height(pause.height_km, "pause")
            self.phase, self.steps = "pause", list(pause.steps)
        elif self.steps:
            if self.due(self.steps[0].at_tai_ns):
                step = self.steps.pop(0)
                self.phase = "walk-in"
                self._step_down(step.height_km)
                self.session_s = self.t + self.plan.session_s
        elif self.phase != "pause" and self.t >= self.session_s - 1.0:
            self._session()

    def _overdue(self) -> None:
        """Put off steps that could not be commanded when they were due, all by as much; each stays a day or more apart."""
        late = self.now - self.steps[0].at_tai_ns if self.steps else 0
        if self.troubles.any and late > self.period_s * SECOND:
            self.steps = [replace(step, at_tai_ns=step.at_tai_ns + late) for step in self.steps]

    def _session(self) -> None:
        """Choose and make a trim; what no trim mends is left for a while, but a plan that meets it is refused."""
        self.phase = "walk-out" if self.phase == "walk-out" else "main"
        self.heard_s = self.t
        try:
            decision = self.planner.decide(self.around, self.drag_m2_kg, self.t, self.y, self.factor)
        except UsageError:
            if self.certain:
                raise
            self._pop_up("pop-up")
            return
        self.decisions.append(decision)
        if decision.reason == "lifetime":
            self.phase = "walk-out"
        self._burn(decision.trim_m_s, decision.reason)
        self.session_s = self.t + self.plan.session_s

    def go_round(self) -> None:
        """Fly to the next apoapsis, and react to what the pass was."""
        factor = self.weather.next() * self.troubles.density(self.now + round(0.5 * self.period_s * SECOND))
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
            self._pop_up("pop-up")
        elif share > safety.reduction_share:
            self._burn(safety.reduction_m_s, "reduction")

    def _step_down(self, height_km: float) -> None:
        """Make a step; one that the weather has made unsafe is made shallower, by 2 km at a time, a plan's own is refused."""
        for higher in range(0, 60, 2):
            try:
                self._to_height(height_km + higher, "walk-in")
                return
            except UsageError:
                if self.certain:
                    raise

    def _pop_up(self, reason: str) -> None:
        """Leave the air, unless the orbit is out of it already, and plan the way back; later steps stay."""
        safety = self.plan.safety
        dv_m_s = burn_to_height(self.around, self.drag_m2_kg, self.t, self.y, safety.pop_up_km, self.factor)
        self._burn(max(dv_m_s, 0.0), reason)
        if self.phase == "pause":
            return
        first = self.now + round(safety.wait_days * 86400 * SECOND)
        returns = [Step(first + number * 86400 * SECOND, height) for number, height in enumerate(safety.return_km)]
        self.phase, self.steps = "pop-up", returns + [step for step in self.steps if step.at_tai_ns > returns[-1].at_tai_ns]

    def _to_height(self, height_km: float, reason: str) -> bool:
        """Burn so that the next pass comes to a lowest height, and say if it was made; an unsafe lowering is refused."""
        dv_m_s = burn_to_height(self.around, self.drag_m2_kg, self.t, self.y, height_km, self.factor)
        if dv_m_s < 0:
            refuse_unsafe(self.around, self.drag_m2_kg, self.now, self.y, dv_m_s, self.planner, what=reason, factor=self.factor)
        return self._burn(dv_m_s, reason)

    def _burn(self, dv_m_s: float, reason: str) -> bool:
        """Make a burn, and say whether it was as commanded."""
        if dv_m_s == 0.0:
            return True
        part = self.troubles.part(self.now)
        dv_m_s *= part
        self.y = boosted(self.y, dv_m_s)
        after = self.mass_kg * exp(-abs(dv_m_s) / (self.plan.isp_s * STANDARD_GRAVITY_M_S2))
        flow = self.plan.thrust_n / (self.plan.isp_s * STANDARD_GRAVITY_M_S2)
        self.burns.append(Trim(self.now, dv_m_s, reason, (self.mass_kg - after) / flow, after))
        self.mass_kg = after
        return part == 1.0

    def _state(self) -> StateVector:
        return StateVector(self.now, self.y[:3], self.y[3:6])

    def ended(self) -> Campaign:
        """Leave the air, again when that fails, and make the science orbit."""
        while not self._to_height(self.plan.exit_km, "exit"):
            self.go_round()
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


def coasted(
    around: Surroundings, drag_m2_kg: float, t: float, y: Reals, until_s: float, factor: float = 1.0
) -> tuple[float, Reals]:
    """Return time and row of nine at a later time. Raises UsageError below the ground."""
    made = y.copy()
    if not coast(around.acts, drag_m2_kg, factor, t, made, until_s, 1e-7):
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
