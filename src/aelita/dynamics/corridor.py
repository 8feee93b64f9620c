"""The corridor of aerobraking: limits of a pass, what the next day brings, and which trim keeps the spacecraft inside.

The planner foresees all passes until its next session, takes the strongest, and compares it with the corridor. A trim is one of
a table of sizes. Every choice is foreseen again before it is taken, and must leave an orbit that lives on if no other burn
follows.
"""

from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns
from .drag_pass import Pass, Surroundings, revolved, shape
from .lifetime import Guard, orbit_lifetime_s
from .states import ImpactError

Reals = NDArray[np.float64]
NO_AIR = 1e-30  # share of the limits of a pass above the air
ORBIT_KM = 10.0  # a scale height with which a first guess begins; the true one is learned from what is foreseen


@dataclass(frozen=True, slots=True)
class Limits:
    """What the spacecraft bears in a pass: heat flux (half density times cube of speed), dynamic pressure, heat."""

    flux_w_m2: float
    pressure_pa: float
    load_j_m2: float = inf

    def share(self, seen: Pass) -> float:
        """Return how much of the limits a pass uses: 1 is the limit of whichever is nearest."""
        return max(seen.flux_w_m2 / self.flux_w_m2, seen.pressure_pa / self.pressure_pa, seen.load_j_m2 / self.load_j_m2)


@dataclass(frozen=True, slots=True)
class Corridor:
    """The band where the strongest foreseen pass of a planning span shall lie, as shares of the limits; sizes of trims.

    Below `low` periapsis goes down, above `high` up, each time towards `target`. `sigma` is the spread (of the logarithm) of
    one pass's density about its forecast; a plan must bear `margin_sigmas` of it, so that `high` times exp(margin x sigma) is
    at most 1.
    """

    limits: Limits
    low: float
    target: float
    high: float
    trims_m_s: tuple[float, ...]
    sigma: float = 0.35
    margin_sigmas: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.target <= self.high:
            raise UsageError(
                f"corridor from {self.low} by {self.target} to {self.high}", remedy="Give low, target and high in this order"
            )
        if self.worst(self.high) > 1 + 1e-9:
            raise UsageError(
                f"a pass at {self.high} of the limits is at {self.worst(self.high):.2f} with {self.margin_sigmas:g} sigma",
                remedy=f"Set high to {exp(-self.margin_sigmas * self.sigma):.3f} or less",
            )
        if not self.trims_m_s or list(self.trims_m_s) != sorted(set(self.trims_m_s)) or self.trims_m_s[0] <= 0:
            raise UsageError(f"trims {self.trims_m_s}", remedy="Give sizes above zero, in rising order")

    def worst(self, share: float) -> float:
        """Return the share of the limits that a forecast reaches when the air is denser by the margin."""
        return share * exp(self.margin_sigmas * self.sigma)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is foreseen for a trim: passes of the planning span, the strongest share of the limits, lifetime."""

    trim_m_s: float
    passes: tuple[Pass, ...]
    share: float
    lifetime_s: float = inf


@dataclass(frozen=True, slots=True)
class Decision:
    """A planning session's choice at an apoapsis: the trim, why, and what is foreseen without and with it.

    `reason` is `hold`, `lower`, `raise` or `lifetime`.
    """

    at_tai_ns: int
    reason: str
    before: Outlook
    after: Outlook
    forecast_factor: float = 1.0

    @property
    def trim_m_s(self) -> float:
        """The change of speed at this apoapsis; positive raises periapsis."""
        return self.after.trim_m_s


@dataclass(frozen=True, slots=True)
class Planner:
    """How trims are chosen: corridor, guard of the lifetime, and the time between two sessions (s)."""

    corridor: Corridor
    guard: Guard
    session_s: float = 86400.0

    def foresee(self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, trim_m_s: float, factor: float) -> Outlook:
        """Return what follows a trim at the apoapsis (row of nine; time of the kernels), until the next session."""
        go, now = boosted(y, trim_m_s), t
        passes: list[Pass] = []
        while not passes or now < t + self.session_s:
            found, now = revolved(around, drag_m2_kg, now, go, factor)
            passes.append(found)
        return Outlook(trim_m_s, tuple(passes), max(self.corridor.limits.share(each) for each in passes))

    def guarded(self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, outlook: Outlook, factor: float) -> Outlook:
        """Return an outlook with its lifetime: hours from here without any burn after the trim, looked at as far as is asked."""
        life = orbit_lifetime_s(
            around,
            drag_m2_kg,
            t,
            boosted(y, outlook.trim_m_s),
            self.guard.floor_km,
            self.guard.hours * 3600 + self.session_s,
            factor,
        )
        return Outlook(outlook.trim_m_s, outlook.passes, outlook.share, life)

    def lives(self, outlook: Outlook) -> bool:
        """Say whether the orbit would outlive the guard at the next session, had its burn failed."""
        return outlook.lifetime_s >= self.guard.hours * 3600 + self.session_s

    def decide(self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, factor: float = 1.0) -> Decision:
        """Choose the trim at an apoapsis. Raises UsageError when no size of the table keeps the next passes inside the limits."""
        corridor = self.corridor
        before = self._foreseen_or_hit(around, drag_m2_kg, t, y, 0.0, factor)
        chosen, reason = before, "hold"
        if before.share > corridor.high:
            chosen, reason = self._raised(around, drag_m2_kg, t, y, before, factor), "raise"
        elif before.share < corridor.low:
            chosen = self._lowered(around, drag_m2_kg, t, y, before, factor)
            reason = "lower" if chosen.trim_m_s else "hold"
        chosen = self.guarded(around, drag_m2_kg, t, y, chosen, factor)
        while not self.lives(chosen):
            bigger = (
                [size for size in (0.0, *corridor.trims_m_s) if size > max(chosen.trim_m_s, 0.0)]
                if chosen.trim_m_s >= 0
                else [0.0]
            )
            if not bigger:
                raise UsageError(
                    f"no trim up to {corridor.trims_m_s[-1]:g} m/s gives {self.guard.hours:g} h of lifetime at "
                    f"{utc_from_tai_ns(around.epoch(t))}", remedy="Walk out: raise periapsis, or give larger trims",
                )  # fmt: skip
            chosen = self.guarded(
                around, drag_m2_kg, t, y, self._foreseen_or_hit(around, drag_m2_kg, t, y, bigger[0], factor), factor
            )
            reason = "lifetime"
        return Decision(around.epoch(t), reason, before, chosen, factor)

    def _foreseen_or_hit(
        self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, trim_m_s: float, factor: float
    ) -> Outlook:
        """Foresee; an orbit that falls down is one infinitely outside of the corridor."""
        try:
            return self.foresee(around, drag_m2_kg, t, y, trim_m_s, factor)
        except ImpactError:
            return Outlook(trim_m_s, (), inf, 0.0)

    def _wanted_m_s(self, around: Surroundings, y: Reals, share: float) -> float:
        """Return the trim that would bring a share to the target, by the scale height of a first guess."""
        rise_km = ORBIT_KM * log(max(share, NO_AIR) / self.corridor.target) if share < inf else 50.0
        return rise_km / lift_km_per_m_s(around, y)

    def _raised(self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, before: Outlook, factor: float) -> Outlook:
        wanted = self._wanted_m_s(around, y, before.share)
        sizes = self.corridor.trims_m_s
        first = next((number for number, size in enumerate(sizes) if size >= 0.6 * wanted), len(sizes) - 1)
        tried = None
        for size in sizes[first:]:
            tried = self._foreseen_or_hit(around, drag_m2_kg, t, y, size, factor)
            if tried.share <= self.corridor.target or (tried.share <= self.corridor.high and size >= wanted):
                return tried
        if tried is None or tried.share > self.corridor.high:
            raise UsageError(
                f"no trim up to {sizes[-1]:g} m/s brings the passes after {utc_from_tai_ns(around.epoch(t))} below "
                f"{self.corridor.high:g} of the limits", remedy="Pop up, or give larger trims",
            )  # fmt: skip
        return tried

    def _lowered(self, around: Surroundings, drag_m2_kg: float, t: float, y: Reals, before: Outlook, factor: float) -> Outlook:
        wanted = -self._wanted_m_s(around, y, before.share)
        best = before
        sizes = [size for size in self.corridor.trims_m_s if size <= 1.2 * wanted]
        for size in sizes[::-1][:4]:
            tried = self._foreseen_or_hit(around, drag_m2_kg, t, y, -size, factor)
            if tried.share <= 0.5 * (self.corridor.target + self.corridor.high):
                return tried
        return best


def boosted(y: Reals, along_m_s: float) -> Reals:
    """Return a copy of a row of nine after a change of speed along the velocity."""
    made = y.copy()
    made[3:6] *= 1 + along_m_s * 1e-3 / float(np.linalg.norm(y[3:6]))
    return made


def lift_km_per_m_s(around: Surroundings, y: Reals) -> float:
    """Return by how many km 1 m/s along the velocity at an apoapsis lifts periapsis: 4 a^2 v / GM."""
    a, _ = shape(y, around.gm_km3_s2)
    return 4e-3 * a**2 * float(np.linalg.norm(y[3:6])) / around.gm_km3_s2


def refuse_unsafe(
    around: Surroundings, drag_m2_kg: float, at_tai_ns: int, y: Reals, burn_m_s: float, planner: Planner, *, what: str = "burn",
    factor: float = 1.0,
) -> Outlook:  # fmt: skip
    """Return the outlook of a burn at an apoapsis; refuse one that meets the ground, breaks a limit, or leaves too short a life.

    Limits count at the forecast density; the lifetime counts to the guard at the next session, with no burn after this one.
    Raises ImpactError or UsageError that names the burn.
    """
    t = around.seconds(at_tai_ns)
    name = f"{what} of {burn_m_s:+.3f} m/s at {utc_from_tai_ns(at_tai_ns - at_tai_ns % SECOND)}"
    try:
        outlook = planner.foresee(around, drag_m2_kg, t, y, burn_m_s, factor)
    except ImpactError as error:
        raise ImpactError(
            f"{name} brings the orbit to the ground at {utc_from_tai_ns(error.at_tai_ns)} UTC", at_tai_ns=error.at_tai_ns,
            burn=what, remedy="Make it smaller",
        ) from error  # fmt: skip
    if outlook.share > 1:
        strongest = max(outlook.passes, key=planner.corridor.limits.share)
        raise UsageError(
            f"{name} leads to {outlook.share:.2f} of the limits: {strongest.flux_w_m2:.0f} W/m2, "
            f"{strongest.pressure_pa:.3f} Pa at {strongest.lowest_km:.1f} km",
            remedy="Make it smaller, or lower periapsis in more steps",
        )  # fmt: skip
    outlook = planner.guarded(around, drag_m2_kg, t, y, outlook, factor)
    if not planner.lives(outlook):
        raise UsageError(
            f"{name} leaves {outlook.lifetime_s / 3600:.1f} h until apoapsis is below {planner.guard.floor_km:g} km if the "
            "next one fails",
            remedy=f"The guard is {planner.guard.hours:g} h after the next session: keep periapsis higher",
        )
    return outlook
