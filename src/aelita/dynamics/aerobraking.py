"""A campaign of aerobraking as it is meant and as it went: plan, burns, and all that came of it.

The spacecraft flies through air whose density differs from pass to pass; the planner knows the model and what the passes before
showed (`aerobraking_flight.fly`).
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, inf, radians, sin

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND, et_from_tai_ns, utc_from_tai_ns
from .corridor import Corridor, Decision, Limits, Planner
from .drag_pass import Pass, Vehicle
from .forces import GM_KM3_S2, RADII_KM
from .lifetime import Guard
from .orbits import state_of
from .rotation import rotation_of
from .states import StateVector

Reals = NDArray[np.float64]
PHASES = ("walk-in", "main", "pause", "pop-up", "walk-out")


@dataclass(frozen=True, slots=True)
class Step:
    """A burn at the apoapsis nearest to an epoch that brings the lowest height of the next pass to a value (km)."""

    at_tai_ns: int
    height_km: float


@dataclass(frozen=True, slots=True)
class Pause:
    """A time without passes: periapsis is raised to a height at its beginning and lowered by steps after its end."""

    begins_tai_ns: int
    height_km: float
    steps: tuple[Step, ...]

    @property
    def ends_tai_ns(self) -> int:
        """When the way back begins."""
        return self.steps[0].at_tai_ns if self.steps else self.begins_tai_ns


@dataclass(frozen=True, slots=True)
class Safety:
    """What the spacecraft does by itself after a pass, as shares of the limits: a small raise, or a pop-up out of the air.

    `reduction_m_s` is the small raise; a pop-up goes to `pop_up_km`, waits, and comes back in steps of `return_km` a day, which
    the ground commands. It pops up as well in safe mode, and when it has heard nothing for `silence_h` (infinity: it never does).
    """

    reduction_share: float = 0.8
    reduction_m_s: float = 0.3
    pop_up_share: float = 1.0
    pop_up_km: float = 180.0
    wait_days: float = 5.0
    return_km: tuple[float, ...] = (140.0, 125.0, 118.0)
    silence_h: float = inf

    def __post_init__(self) -> None:
        steps = (self.pop_up_km, *self.return_km)
        if not self.return_km or not all(inf > high > low > 0 for high, low in pairwise(steps)):
            raise UsageError(
                f"from {self.pop_up_km:g} km back by {self.return_km}", remedy="Give return_km: one height or more, falling"
            )
        if not 0 < self.reduction_share <= self.pop_up_share:
            raise UsageError(
                f"a reduction at {self.reduction_share:g} of the limits and a pop-up at {self.pop_up_share:g}",
                remedy="The reduction comes first",
            )


@dataclass(frozen=True, slots=True)
class Variability:
    """How the density of a pass differs from the model: lognormal with spread `sigma`, correlated with the pass before.

    `memory` is the number of passes whose densities the forecast learns from; 0 trusts the model alone.
    """

    sigma: float = 0.35
    persistence: float = 0.3
    memory: int = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign as it is meant: vehicle, engine, walk-in, corridor, guard, pause, safety, and where it ends.

    Heights are km over the ellipsoid for passes, over the mean equator for apoapsides. `science_km` is the orbit after the last
    burns.
    """

    vehicle: Vehicle
    isp_s: float
    thrust_n: float
    walk_in: tuple[Step, ...]
    corridor: Corridor
    guard: Guard
    end_apoapsis_km: float
    exit_km: float
    science_km: tuple[float, float]
    pauses: tuple[Pause, ...] = ()
    safety: Safety = Safety()
    variability: Variability = Variability()
    session_s: float = 86400.0

    def __post_init__(self) -> None:
        epochs = [step.at_tai_ns for step in self.walk_in]
        for pause in self.pauses:
            epochs += [pause.begins_tai_ns, *(step.at_tai_ns for step in pause.steps)]
        wrong = next((b for a, b in pairwise(epochs) if b <= a), None)
        if wrong is not None:
            raise UsageError(
                f"the step or pause of {utc_from_tai_ns(wrong, 0)} is not after the one before it",
                remedy="Give walk-in, pauses and their steps in order of time",
            )
        if not self.guard.floor_km < self.end_apoapsis_km:
            raise UsageError(
                f"the end is at an apoapsis of {self.end_apoapsis_km:g} km, the guard's floor at {self.guard.floor_km:g} km",
                remedy="End higher than the guard's floor: no orbit would live long enough",
            )
        if not self.science_km[0] <= self.science_km[1]:
            raise UsageError(f"an orbit of {self.science_km} km at the end", remedy="Give periapsis, then apoapsis")
        promised_h = self.guard.hours + self.session_s / 3600
        if self.safety.silence_h < inf and not 0 < self.safety.silence_h <= promised_h:
            raise UsageError(
                f"without commands the spacecraft leaves the air after {self.safety.silence_h:g} h, the guard promises it "
                f"{promised_h:g} h to live",
                remedy="Give a silence of no more hours than the guard and a session, or a longer guard",
            )  # fmt: skip

    @property
    def planner(self) -> Planner:
        """What chooses trims."""
        return Planner(self.corridor, self.guard, self.session_s)

    @property
    def limits(self) -> Limits:
        """What a pass may reach."""
        return self.corridor.limits


@dataclass(frozen=True, slots=True)
class Trim:
    """A burn that was made: epoch, change of speed (m/s, along the velocity), what for, duration (s), mass after (kg)."""

    at_tai_ns: int
    dv_m_s: float
    reason: str
    duration_s: float
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign came to: passes with their phases, burns, decisions, and states at exit from the air and at the end.

    `apoapses` has a row for each pass, the state (km, km/s) at the apoapsis before it, after the burn there; `apoapses_tai_ns`
    when.
    """

    passes: tuple[Pass, ...]
    phases: tuple[str, ...]
    apoapses_tai_ns: tuple[int, ...]
    burns: tuple[Trim, ...]
    decisions: tuple[Decision, ...]
    start: StateVector
    exit: StateVector
    end: StateVector
    end_heights_km: tuple[float, float]
    limits: Limits
    apoapses: Reals

    @property
    def drag_m_s(self) -> float:
        """Change of speed by the air, all passes."""
        return sum(each.drag_m_s for each in self.passes)

    @property
    def burnt_m_s(self) -> float:
        """Change of speed by all burns."""
        return sum(abs(each.dv_m_s) for each in self.burns)

    @property
    def days(self) -> float:
        """Days from the start to the burn that leaves the air."""
        return (self.exit.epoch_tai_ns - self.start.epoch_tai_ns) / SECOND / 86400

    @property
    def in_air(self) -> int:
        """Number of passes apart from those of pauses."""
        return sum(phase != "pause" for phase in self.phases)

    def burnt_for(self, *reasons: str) -> float:
        """Return the change of speed (m/s) by burns of certain reasons."""
        return sum(abs(each.dv_m_s) for each in self.burns if each.reason in reasons)

    def strongest(self) -> Pass:
        """Return the pass that came nearest to the limits."""
        if not self.passes:
            raise UsageError("the campaign has no pass", remedy="Begin above the apoapsis at which it ends")
        return max(self.passes, key=self.limits.share)


def start_of(
    at_tai_ns: int, periapsis_km: float, apoapsis_km: float, inclination_deg: float, node_deg: float, argument_deg: float
) -> StateVector:
    """Return the state at an apoapsis of an orbit of Mars at an epoch; angles (degrees) over its equator of date, IAU 2000.

    The height of periapsis counts from the ellipsoid below it, that of apoapsis from the equator's radius. The node counts from
    where the equator of Mars rises through that of J2000. Raises UsageError for apsides the wrong way round.
    """
    if not periapsis_km <= apoapsis_km:
        raise UsageError(f"a periapsis of {periapsis_km:g} km over an apoapsis of {apoapsis_km:g} km", remedy="Exchange them")
    equator, pole = RADII_KM["MARS"]
    sine = sin(radians(inclination_deg)) * sin(radians(argument_deg))
    ground = equator * pole / ((pole * pole) * (1 - sine * sine) + (equator * equator) * sine * sine) ** 0.5
    axis = rotation_of("IAU2000").matrix(float(et_from_tai_ns(at_tai_ns)))[2]
    angles = (radians(inclination_deg), radians(node_deg), radians(argument_deg), np.pi)
    six = state_of(ground + periapsis_km, equator + apoapsis_km, angles, GM_KM3_S2["MARS"], axis)
    return StateVector(at_tai_ns, six[:3], six[3:])


def with_target(plan: Plan, share: float) -> Plan:
    """Return a plan whose corridor aims at another share of the limits; the band moves with it, and stays within the margin."""
    corridor = plan.corridor
    scale = share / corridor.target
    high = min(corridor.high * scale, exp(-corridor.margin_sigmas * corridor.sigma))
    return replace(plan, corridor=replace(corridor, low=corridor.low * scale, target=share, high=max(high, share)))
