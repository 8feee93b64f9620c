"""Propagation: from a state, forces and burns to a trajectory."""

from collections.abc import Callable
from math import copysign, inf

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import utc_from_tai_ns
from .acceleration import NO_THRUST, Model
from .burns import AXES, Burn, FiniteBurn, ImpulsiveBurn, frame_of, in_order
from .collocation import DONE, IMPACT, NODES, STUCK, Steps, advance, evaluated, surface_height_km
from .compiling import told
from .forces import Forces, model_of
from .states import ImpactError, StateVector, Trajectory, elapsed_s, epochs_of, et_of

Reals = NDArray[np.float64]
CHUNK = 256
FINEST_KM, COARSEST_KM = 1e-14, 1e-3
FASTEST_KM_S = 3000.0  # no gravity of the solar system makes more; the same number in metres a second is taken for a mistake
NAMED = {"GM": 0, "solar_pressure": 1, "drag": 2}
COMPONENTS = ("x", "y", "z")
Progress = Callable[[float], None]


def propagate(
    start: StateVector, forces: Forces, until_tai_ns: int, *, mass_kg: float = 1000.0, burns: tuple[Burn, ...] = (),
    partials: tuple[str, ...] | None = None, tolerance_km: float = 1e-9, impact: str = "refuse", progress: Progress | None = None,
) -> Trajectory:  # fmt: skip
    """Return the trajectory from a state to an epoch (TAI nanoseconds), earlier or later.

    `tolerance_km` bounds what a step does wrong in position at any instant within it (its end is far better). With `partials`
    come derivatives by the initial state (`()` suffices) and by the parameters named: `GM` (km3/s2), `solar_pressure` and `drag`
    (scales, 1 as given), a burn's name (a scale), `name.x`, `name.y` and `name.z` of a burn (components along its axes, km/s or
    newtons). Backwards burns are undone; the mass is that at the start of the integration. Of a finite burn that the span cuts
    what lies within is flown; `Trajectory.unfinished` is what lies beyond the end: the same forces and those burns from its end
    state and mass go on as if nothing had been cut. An impulse at either end of the span is made. `progress` is called with the
    share that is done.

    `impact` is `refuse` (ImpactError, which names the burn before it) or `stop` (the trajectory ends at the surface). Raises
    UsageError for what does not fit together or is no number, TimeError outside of the ephemeris.
    """
    if start.centre != forces.centre:
        raise UsageError(f"a state about {start.centre} and forces about {forces.centre}", remedy="Give both about one body")
    if impact not in ("refuse", "stop"):
        raise UsageError(f"impact={impact!r}", remedy="It is 'refuse' or 'stop'")
    if not 0 < mass_kg < inf:
        raise UsageError(f"a mass of {mass_kg!r} kg", remedy="Give one above zero")
    if not FINEST_KM <= tolerance_km <= COARSEST_KM:
        raise UsageError(
            f"a tolerance of {tolerance_km!r} km", remedy=f"It is {FINEST_KM:g} to {COARSEST_KM:g}; beyond, steps mean nothing"
        )
    et_s, length_s = et_of(start), float(elapsed_s(until_tai_ns, start.epoch_tai_ns))
    forward = until_tai_ns >= start.epoch_tai_ns
    acting = _acting(burns, start.epoch_tai_ns, until_tai_ns, mass_kg if forward else 1e300)
    names = partials or ()
    _check_names(names, forces, acting)
    run = _Run(
        start,
        model_of(forces, et_s, et_s + length_s, mass_kg),
        length_s,
        names,
        partials is not None,
        tolerance_km,
        impact,
        progress,
    )
    run.check_start(forces)
    for burn in acting if forward else acting[::-1]:
        run.burn(burn, forward)
    run.coast(length_s)
    return run.trajectory(until_tai_ns, _beyond(burns, start.epoch_tai_ns, until_tai_ns))


def prepare(tell: Callable[[str], None] | None = None) -> None:
    """Compile what `propagate` needs, if the cache beside the package has it not: some 15 s once after an installation.

    `tell` is called with the name of each function as its turn comes, so that a display can show progress.
    """
    start = StateVector(0, np.array([4000.0, 0.0, 0.0]), np.array([0.0, 3.0, 0.0]))
    with told(tell or (lambda _: None)):
        propagate(start, Forces(bodies=(), relativity=False), 10**9, partials=())


def _acting(burns: tuple[Burn, ...], start: int, until: int, mass_kg: float) -> tuple[Burn, ...]:
    """Return the burns of a span in order; of finite ones what lies within it."""
    low, high = min(start, until), max(start, until)
    found: list[Burn] = []
    for each in burns:
        if isinstance(each, ImpulsiveBurn):
            if low <= each.at_tai_ns <= high:
                found.append(each)
        elif max(each.start_tai_ns, low) < min(each.stop_tai_ns, high):
            found.append(each.between(low, high))
    return in_order(tuple(found), mass_kg)


def _beyond(burns: tuple[Burn, ...], start: int, until: int) -> tuple[FiniteBurn, ...]:
    """Return what of the burns that the end of a span cuts lies beyond it, in the direction of the integration."""
    cut = [each for each in burns if isinstance(each, FiniteBurn) and each.start_tai_ns < until < each.stop_tai_ns]
    if start == until:
        return tuple(cut)
    if until > start:
        return tuple(each.between(until, each.stop_tai_ns) for each in cut)
    return tuple(each.between(each.start_tai_ns, until) for each in cut)


def _check_names(names: tuple[str, ...], forces: Forces, burns: tuple[Burn, ...]) -> None:
    known = {"GM": True, "solar_pressure": forces.solar_pressure is not None, "drag": forces.drag is not None}
    for name in names:
        burn, _, component = name.partition(".")
        of_burn = any(each.name == burn for each in burns) and component in ("", *COMPONENTS)
        if not (known.get(name) or of_burn):
            raise UsageError(
                f"no derivative by {name!r}", remedy="Name GM, solar_pressure or drag that act, or a burn of the span (or burn.x)"
            )


class _Run:
    """One propagation under way: where it is, and the steps so far."""

    def __init__(
        self, start: StateVector, model: Model, length_s: float, names: tuple[str, ...], varied: bool, tolerance_km: float,
        impact: str, progress: Progress | None,
    ) -> None:  # fmt: skip
        self.start, self.model, self.length_s, self.names, self.tolerance_km = start, model, length_s, names, tolerance_km
        self.varied, self.stops, self.progress = varied, impact == "stop", progress
        self.t, self.y, self.mass_kg = 0.0, start.six.copy(), float(model.mass[0])
        self.phi = np.eye(6, 6 + len(names)) if varied else np.zeros((6, 0))
        self.h = copysign(60.0, length_s)
        self.steps: list[Steps] = []
        self.last_burn = ""
        self.pace = 1.0  # seconds of the burn (TAI) in one of TDB
        self.impact_s: float | None = None

    def check_start(self, forces: Forces) -> None:
        speed_km_s = float(np.linalg.norm(self.start.velocity_km_s))
        if not speed_km_s < FASTEST_KM_S:
            raise UsageError(f"a state with a speed of {speed_km_s:g} km/s", remedy="Give kilometres and kilometres a second")
        if surface_height_km(self.model, 0.0, self.start.position_km) < 0:
            raise ImpactError(
                f"the state of {utc_from_tai_ns(self.start.epoch_tai_ns, 3)} is below the surface of {forces.centre}",
                at_tai_ns=self.start.epoch_tai_ns, remedy="Check its centre and units",
            )  # fmt: skip

    def coast(self, until_s: float, burn: FiniteBurn | None = None) -> None:
        """Integrate until an elapsed time, under thrust or without."""
        if self.impact_s is not None:
            return
        model, kinds = self._model(burn), self._kinds(burn)
        self.h = copysign(abs(self.h), self.length_s)
        q = self.phi.shape[1]
        status = -1
        while status != DONE:
            begin, length, states = np.empty(CHUNK), np.empty(CHUNK), np.empty((CHUNK, 6))
            series = np.empty((CHUNK, NODES, 3))
            partials, partial_series = np.empty((CHUNK, 6, q)), np.empty((CHUNK if q else 0, NODES, 3, q))
            status, count, self.t, h = advance(
                model, self.t, until_s, self.h, self.y, self.phi, kinds, self.tolerance_km, True,
                begin, length, states, series, partials, partial_series,
            )  # fmt: skip
            self.h = h if abs(h) > 1e-2 else self.h
            if count:
                kept = (begin, length, states, series, partials, partial_series)
                self.steps.append(Steps(*(each[:count].copy() for each in kept)))
            if status == STUCK:
                raise UsageError(
                    f"the integration cannot go on {self.t:.3f} s after the start: the step fell to {h:.3g} s",
                    remedy="Look for a close approach to a centre, or give a greater tolerance",
                )
            if self.progress and self.length_s:
                self.progress(self.t / self.length_s)
            if status == IMPACT:
                self._meet_surface(model)
                return

    def burn(self, burn: Burn, forward: bool) -> None:
        """Coast to a burn and make it (or undo it, backwards)."""
        since = self.start.epoch_tai_ns
        edges = float(elapsed_s(burn.start_tai_ns, since)), float(elapsed_s(burn.stop_tai_ns, since))
        first, last = edges if forward else edges[::-1]
        self.coast(first)
        if self.impact_s is not None:
            return
        self.last_burn = burn.name
        if isinstance(burn, FiniteBurn):
            self.pace = burn.duration_s / (edges[1] - edges[0])
            self.coast(last, burn)
            self.mass_kg += (burn.mass_after_kg(0.0)) * (1.0 if forward else -1.0)
        else:
            self._jump(burn, 1.0 if forward else -1.0)

    def _jump(self, burn: ImpulsiveBurn, sign: float) -> None:
        """Change the velocity at once; backwards, find the velocity before, in whose axes the burn was made."""
        dv, after = np.array(burn.dv_km_s), self.y[3:].copy()
        if sign < 0:
            for _ in range(50):
                self.y[3:] = after - frame_of(burn, self.y[:3], self.y[3:]) @ dv
        frame = frame_of(burn, self.y[:3], self.y[3:])
        if self.varied:
            jacobian = np.eye(6)
            for j in range(6):
                step = np.zeros(6)
                step[j] = 1e-3 if j < 3 else 1e-6
                ahead, behind = self.y + step, self.y - step
                bent = frame_of(burn, ahead[:3], ahead[3:]) - frame_of(burn, behind[:3], behind[3:])
                jacobian[3:, j] += (bent @ dv) / (2 * step[j])
            added = np.zeros_like(self.phi)
            for column, name in enumerate(self.names):
                its, _, component = name.partition(".")
                if its == burn.name:
                    added[3:, 6 + column] = frame[:, COMPONENTS.index(component)] if component else frame @ dv
            varied = jacobian @ self.phi + added if sign > 0 else np.linalg.solve(jacobian, self.phi - added)
            self.phi = np.ascontiguousarray(varied, np.float64)
        if sign > 0:
            self.y[3:] += frame @ dv
        self.mass_kg = burn.mass_after_kg(self.mass_kg) if sign > 0 else self.mass_kg**2 / burn.mass_after_kg(self.mass_kg)

    def _model(self, burn: FiniteBurn | None) -> Model:
        flow = burn.flow_kg_s * self.pace if burn is not None else 0.0
        thrust, law = (burn.force_n, AXES[burn.axes]) if burn is not None else (np.zeros(3), NO_THRUST)
        return self.model._replace(mass=np.array([self.mass_kg, self.t, flow]), thrust=thrust, law=law)

    def _kinds(self, burn: FiniteBurn | None) -> NDArray[np.int64]:
        found = []
        for name in self.names:
            its, _, component = name.partition(".")
            if name in NAMED:
                found.append(NAMED[name])
            elif burn is not None and its == burn.name:
                found.append(4 + COMPONENTS.index(component) if component else 3)
            else:
                found.append(-1)
        return np.array(found, np.int64)

    def _meet_surface(self, model: Model) -> None:
        """Find when the last step crosses the surface; refuse, or end there."""
        last = self.steps[-1]
        low, high = float(last.begin_s[-1]), float(last.begin_s[-1] + last.length_s[-1])
        grid = np.linspace(low, high, 65)
        heights = [surface_height_km(model, at, evaluated(last, np.array([at]))[0, :3]) for at in grid]
        first = next(number for number, height in enumerate([*heights, -1.0]) if height < 0)
        low, high = grid[max(first - 1, 0)], grid[min(first, 64)]
        for _ in range(40):
            middle = 0.5 * (low + high)
            below = surface_height_km(model, middle, evaluated(last, np.array([middle]))[0, :3]) < 0
            low, high = (low, middle) if below else (middle, high)
        self.impact_s = low
        at = int(epochs_of(low, self.start.epoch_tai_ns))
        if not self.stops:
            told = f"after burn {self.last_burn!r} the" if self.last_burn else "the"
            raise ImpactError(
                f"{told} trajectory hits {self.start.centre} at {utc_from_tai_ns(at, 3)} UTC", at_tai_ns=at, burn=self.last_burn,
                remedy="Change the burn, or propagate with impact='stop' where it is meant" if self.last_burn
                else "Propagate with impact='stop' where it is meant",
            )  # fmt: skip

    def trajectory(self, until_tai_ns: int, unfinished: tuple[FiniteBurn, ...]) -> Trajectory:
        if self.impact_s is not None:
            until_tai_ns, unfinished = int(epochs_of(self.impact_s, self.start.epoch_tai_ns)), ()
        return Trajectory(
            self.start, until_tai_ns, tuple(self.steps), self.names, self.varied,
            until_tai_ns if self.impact_s is not None else None, self.mass_kg, unfinished,
        )  # fmt: skip
