"""Orbit determination: the state of a spacecraft, and what else is asked, from what stations measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, UsageError
from ..time import SECOND, utc_from_tai_ns
from .burns import Burn, ImpulsiveBurn
from .estimation import DEFAULT_RULES, DeterminationError, Estimate, Parameter, Predicted, Rules, estimate
from .forces import Forces
from .network import Network, value_of, with_value
from .observables import compute
from .propagation import propagate
from .ramps import Ramps
from .round_trips import Computed
from .states import ImpactError, StateVector, Trajectory
from .time_tags import explained
from .tracking import Kind, Observations, Refusal, screened, without_repeats

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
STATE = ("x", "y", "z", "vx", "vy", "vz")
_SCALES = {"solar_pressure": 1.0, "drag": 1.0}
MARGIN_NS = 60 * SECOND
UNBROKEN_S = 600.0  # a longer gap begins another series of residuals


@dataclass(frozen=True, slots=True)
class Setting:
    """How an orbit is determined: forces, stations, spacecraft mass, and which observations may be used.

    Observations at elevations below `mask_deg` (either way) are left out, and counted. `burns` are those of the span.
    """

    forces: Forces
    network: Network
    mass_kg: float = 1000.0
    mask_deg: float = 8.0
    tolerance_km: float = 1e-9
    burns: tuple[Burn, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Observed minus computed of one link, in the unit of the observations, and what was used and why not."""

    observations: Observations
    residual: Reals
    elevation_deg: Reals
    used: Flags

    @property
    def rms(self) -> float:
        """Root mean square of those used, in the unit of the observations."""
        return float(np.sqrt(np.mean(self.residual[self.used] ** 2))) if self.used.any() else float("nan")

    @property
    def mean(self) -> float:
        """Mean of those used."""
        return float(self.residual[self.used].mean()) if self.used.any() else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Determination:
    """A determined orbit: its state and trajectory, the estimate behind it, residuals by link, and what was not used and why."""

    state: StateVector
    trajectory: Trajectory
    network: Network
    forces: Forces
    estimate: Estimate
    residuals: tuple[Residuals, ...]
    refused: tuple[Refusal, ...]
    covariance: Reals = field(default_factory=lambda: np.zeros((6, 6)))  # of the state, honest: km and km/s in J2000

    def edited(self) -> tuple[Refusal, ...]:
        """Return everything that was not used: refused before the fit and edited by it, with counts."""
        outliers = [
            Refusal(one.observations.where, "residual too large", int((~one.used).sum()))
            for one in self.residuals
            if not one.used.all()
        ]
        return (*self.refused, *outliers)


def determine(
    guess: StateVector, tracking: tuple[Observations, ...], setting: Setting, *, parameters: tuple[Parameter, ...] = (),
    state_sigma: tuple[float, float] | None = None, rules: Rules = DEFAULT_RULES, until_tai_ns: int | None = None,
    try_scales: bool = False,
) -> Determination:  # fmt: skip
    """Return the orbit that fits tracking best, from a first guess of the state at its epoch.

    Besides the state, `parameters` are estimated or considered: named as those of `propagate` (`GM` in km3/s2, `solar_pressure`
    and `drag` as scales, `trim` as a scale of the burn of that name, `trim.x` as its component in km/s or N) or of the network
    (`DSS-45 zenith wet`, see `with_value`). `state_sigma` is a priori knowledge of position (km) and velocity (km/s), else
    none. The trajectory reaches `until_tai_ns`, or as far as the observations. With `try_scales` a fit that fails is tried again
    with tags of other time scales, and the error names the one that fits.

    Raises UsageError for an unknown station or parameter, DataError when nothing is left to fit, DeterminationError (with the
    last good orbit in `last_good`) when the fit diverges, does not converge or is bad by the rules.
    """
    usable, refused = _usable(tracking, setting.network)
    work = _Orbit(guess, usable, setting, parameters, until_tai_ns)
    try:
        work.leave_out(refused)
    except ImpactError as error:
        raise DeterminationError(
            f"the first guess cannot be an orbit: {error.what}", last_good=None, where="orbit determination",
            remedy="Begin with an orbit nearer to the truth",
        ) from error  # fmt: skip
    six = guess.six
    sigma = np.repeat(state_sigma if state_sigma is not None else (np.inf, np.inf), 3)
    states = tuple(Parameter(name, float(value), float(its)) for name, value, its in zip(STATE, six, sigma, strict=True))
    try:
        found = estimate(work, (*states, *parameters), rules, moved=moved)
    except DeterminationError as error:
        if not try_scales:
            raise

        def again(shifted: tuple[Observations, ...], ramps: dict[str, Ramps]) -> Estimate:
            other = replace(setting, network=replace(setting.network, ramps=ramps))
            few = replace(rules, most_iterations=min(rules.most_iterations, 4))
            return determine(guess, shifted, other, parameters=parameters, state_sigma=state_sigma, rules=few).estimate

        raise explained(error, again, tracking, dict(setting.network.ramps), rules.worst_rms) from error
    return work.determination(found)


def _usable(tracking: tuple[Observations, ...], network: Network) -> tuple[tuple[Observations, ...], list[Refusal]]:
    """Return the observations of known stations that ramps cover, and what was refused and why."""
    single, repeated = without_repeats(tracking)
    known, refused = screened(single, network.stations)
    usable, gone = [], [*repeated, *refused]
    for one in known:
        if one.kind in (Kind.DOPPLER, Kind.RANGE_UNITS):
            covered = _covered(one, network)
            if not covered.all():
                why = f"before, after or in a gap of the ramps of {one.transmitter}"
                if one.transmitter not in network.ramps:
                    why = f"there are no ramps of {one.transmitter}"
                gone.append(Refusal(one.where, why, int((~covered).sum())))
            kept = one.some(covered)
        else:
            kept = one
        if kept.size:
            usable.append(kept)
    if not usable:
        told = "; ".join(f"{each.count} {each.where}: {each.reason}" for each in gone) or "none were given"
        with_ramps = ", ".join(sorted(network.ramps)) or "no station"
        raise DataError(
            f"no observation can be used ({told})", where="orbit determination",
            remedy=f"Stations that are known: {', '.join(sorted(network.stations)) or 'none'}; ramps are there of {with_ramps}",
        )  # fmt: skip
    return tuple(usable), gone


def _covered(one: Observations, network: Network) -> Flags:
    """Return which observations have ramps, for any orbit within a light second of the centre."""
    if one.transmitter not in network.ramps:
        return np.zeros(one.size, np.bool_)
    ramps = network.ramps[one.transmitter]
    trip = compute(replace(one, kind=Kind.RANGE_S), _AtCentre(), network).values
    half = np.rint(one.count_s * (SECOND / 2)).astype(np.int64)
    sent = one.epochs_tai_ns - np.rint(trip * SECOND).astype(np.int64)
    until = one.epochs_tai_ns if one.kind is Kind.RANGE_UNITS else sent + half + SECOND
    return ramps.covers(sent - half - SECOND, until)


class _AtCentre:
    """A motion that stays at the centre."""

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        return np.zeros((epochs_tai_ns.size, 6))


class _Orbit:
    """The model of an orbit determination: residuals and partials at given values of the parameters."""

    def __init__(
        self, guess: StateVector, tracking: tuple[Observations, ...], setting: Setting, parameters: tuple[Parameter, ...],
        until_tai_ns: int | None,
    ) -> None:  # fmt: skip
        self.guess, self.tracking, self.setting = guess, tracking, setting
        self.names = tuple(one.name for one in parameters)
        self.of_forces = tuple(name for name in self.names if name in ("GM", *_SCALES) or name.split(".")[0] in self._burns())
        for name in self.names:
            if name not in self.of_forces:
                value_of(setting.network, name)  # refuses what is unknown
        last = max(int(one.epochs_tai_ns[-1]) for one in tracking)
        if until_tai_ns is not None and until_tai_ns < last:
            raise UsageError(
                f"the orbit shall reach {utc_from_tai_ns(until_tai_ns, 0)}, tracking goes on to {utc_from_tai_ns(last, 0)}",
                where="orbit determination", remedy="Let it reach as far (leave --until away), or use less tracking (--stop)",
            )  # fmt: skip
        self.until = last + MARGIN_NS
        self.last = max(self.until, until_tai_ns or last)  # of the orbit that is given back
        self.kept: tuple[Flags, ...] = ()
        self.refused: list[Refusal] = []
        self.group = np.zeros(0, np.int64)
        self._begin()

    def _burns(self) -> set[str]:
        return {burn.name for burn in self.setting.burns}

    def leave_out(self, refused: list[Refusal]) -> None:
        """Take the elevation mask into account, with the orbit of the first guess."""
        trajectory, network = self._arc(
            np.concatenate([self.guess.six, [self._given(name) for name in self.names]]), partials=False
        )
        kept = []
        for one in self.tracking:
            high = compute(one, trajectory, network).elevation_deg >= self.setting.mask_deg
            if not high.all():
                refused.append(Refusal(one.where, f"below {self.setting.mask_deg:g} deg of elevation", int((~high).sum())))
            kept.append(one.some(high))
        self.tracking = tuple(one for one in kept if one.size)
        self.refused = refused
        if not self.tracking:
            raise DataError("no observation is above the elevation mask", where="orbit determination")
        starts = [
            np.concatenate([[1], (np.diff(one.epochs_tai_ns) > UNBROKEN_S * SECOND).astype(np.int64)]) for one in self.tracking
        ]  # fmt: skip
        self.group = np.cumsum(np.concatenate(starts))

    def _given(self, name: str) -> float:
        if name == "GM":
            return self.setting.forces.gm_km3_s2
        for burn in self.setting.burns:
            if name.startswith(f"{burn.name}."):
                return _component(burn, name)
        return 1.0 if name in self.of_forces else value_of(self.setting.network, name)

    def _arc(self, values: Reals, *, partials: bool) -> tuple[Trajectory, Network]:
        """Return trajectory and network at these values."""
        state = replace(self.guess, position_km=values[:3], velocity_km_s=values[3:6])
        forces, network, burns = self.setting.forces, self.setting.network, self.setting.burns
        for name, value in zip(self.names, values[6:], strict=True):
            if name in ("GM", *_SCALES):
                forces = _with_force(forces, name, float(value))
            elif name in self.of_forces:
                burns = tuple(_with_burn(burn, name, float(value)) for burn in burns)
            else:
                network = with_value(network, name, float(value))
        arc = propagate(
            state, forces, self.until, mass_kg=self.setting.mass_kg, partials=self.of_forces if partials else None,
            tolerance_km=self.setting.tolerance_km, burns=burns,
        )  # fmt: skip
        return arc, network

    def _begin(self) -> None:
        """Refuse a state whose epoch is after the light of the first observation left."""
        one = min(self.tracking, key=lambda each: int(each.epochs_tai_ns[0]))
        single = replace(one.some(np.array([0])), kind=Kind.RANGE_S, transmitter=one.receiver, quasar=None)
        light_ns = round(float(compute(single, _AtCentre(), self.setting.network).values[0]) / 2 * SECOND)
        left = int(one.epochs_tai_ns[0]) - light_ns - MARGIN_NS
        if self.guess.epoch_tai_ns > left:
            raise UsageError(
                f"the state is for {utc_from_tai_ns(self.guess.epoch_tai_ns, 0)}, after the first observation's light left the "
                f"spacecraft, about {utc_from_tai_ns(left, 0)}",
                remedy="Give the state at an earlier epoch, or leave out what is before it (--start)",
            )

    def __call__(self, values: Reals) -> Predicted:
        trajectory, network = self._arc(values, partials=True)
        residual, sigma, partials = [], [], []
        for one in self.tracking:
            computed = compute(one, trajectory, network)
            residual.append(one.observed - computed.values)
            sigma.append(one.sigma)
            partials.append(self._columns(computed, trajectory, values))
        return Predicted(np.concatenate(residual), np.concatenate(sigma), np.concatenate(partials), self.group)

    def _columns(self, computed: Computed, trajectory: Trajectory, values: Reals) -> Reals:
        by_orbit = computed.by_orbit(trajectory.partials)
        columns = [by_orbit[:, :6]]
        for name in self.names:
            if name in self.of_forces:
                columns.append(by_orbit[:, 6 + self.of_forces.index(name), None] / self._scale(name, values))
            else:
                columns.append(computed.by_name.get(name, np.zeros(computed.values.size))[:, None])
        return np.hstack(columns)

    def _scale(self, name: str, values: Reals) -> float:
        """Return by what the derivative of a trajectory is to be divided: for scales it is by a share of the force as it is."""
        value = float(values[6 + self.names.index(name)])
        return value if name != "GM" and "." not in name and value != 0 else 1.0

    def determination(self, found: Estimate) -> Determination:
        """Return what was found, with the values of considered parameters as they were given."""
        self.until = self.last
        values = np.empty(6 + len(self.names))
        values[:6] = found.values[:6]
        for number, name in enumerate(self.names):
            known = dict(zip(found.names, found.values, strict=True))
            values[6 + number] = known.get(name, self._given(name))
        trajectory, network = self._arc(values, partials=True)
        rows, at = [], 0
        for one in self.tracking:
            those = slice(at, at + one.size)
            elevation = compute(one, trajectory, network).elevation_deg
            rows.append(Residuals(one, found.residual[those], elevation, found.used[those]))
            at += one.size
        forces = self.setting.forces
        for name in set(self.of_forces) & {"GM", *_SCALES}:
            forces = _with_force(forces, name, float(values[6 + self.names.index(name)]))
        return Determination(
            trajectory.start, trajectory, network, forces, found, tuple(rows), tuple(self.refused), found.honest[:6, :6]
        )  # fmt: skip


def moved(values: Reals, step: Reals) -> Reals:
    """Return values with a step added: that of the state as a turn of the orbit and a change of its radius and speeds.

    Doppler tells little of a turn about the line of sight, and steps are long that way: a straight one would leave the orbit.
    """
    r, v, dr, dv = values[:3], values[3:6], step[:3], step[3:6]
    radius = float(np.linalg.norm(r))
    up = r / radius
    across = np.cross(r, v)
    normal = across / max(float(np.linalg.norm(across)), 1e-12)
    axes = np.vstack([up, np.cross(normal, up), normal])
    (rise, along, out), (v_up, v_along, v_out) = axes @ dr, axes @ dv
    radial, tangential = float(v @ up), float(v @ axes[1])
    turn = np.array([0.0, -out / radius, along / radius])
    if abs(tangential) < 1e-3 * float(np.linalg.norm(v)) or abs(turn).max() > 1.0:
        return np.asarray(values + step)
    turn[0] = (v_out + turn[1] * radial) / tangential
    v_up, v_along = v_up + turn[2] * tangential, v_along - turn[2] * radial
    matrix = axes.T @ _rotation(turn) @ axes
    there = np.asarray(values + step)
    there[:3] = matrix @ (r + rise * up)
    there[3:6] = matrix @ (v + v_up * up + v_along * axes[1])
    return there


def _rotation(turn: Reals) -> Reals:
    """Return the matrix of a rotation vector (Rodrigues)."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3) + _cross(turn)
    cross = _cross(turn / angle)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross))


def _cross(vector: Reals) -> Reals:
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def _with_force(forces: Forces, name: str, value: float) -> Forces:
    """Return forces with another attraction of the centre, or pressure and drag scaled."""
    if name == "GM":
        if forces.gravity is None:
            raise UsageError("GM is estimated without a gravity field", remedy="Give one, of degree 0 if need be")
        field_of_body: Any = forces.gravity
        return replace(forces, gravity=replace(field_of_body, gm_km3_s2=value))
    if name == "solar_pressure" and forces.solar_pressure is not None:
        return replace(forces, solar_pressure=replace(forces.solar_pressure, area_m2=forces.solar_pressure.area_m2 * value))
    if name == "drag" and forces.drag is not None:
        return replace(forces, drag=replace(forces.drag, coefficient=forces.drag.coefficient * value))
    raise UsageError(f"{name} is estimated but does not act", remedy="Give it among the forces")


def _vector(burn: Burn) -> Reals:
    return np.array(burn.dv_km_s) if isinstance(burn, ImpulsiveBurn) else burn.force_n


def _component(burn: Burn, name: str) -> float:
    return float(_vector(burn)["xyz".index(name.partition(".")[2])])


def _with_burn(burn: Burn, name: str, value: float) -> Burn:
    """Return a burn with its velocity change or force scaled (`name`), or one component set (`name.x`); mass flows as before."""
    whose, _, component = name.partition(".")
    if whose != burn.name:
        return burn
    vector = _vector(burn) * (1.0 if component else value)
    if component:
        vector = vector.copy()
        vector["xyz".index(component)] = value
    x, y, z = vector.tolist()
    if isinstance(burn, ImpulsiveBurn):
        return replace(burn, dv_km_s=(x, y, z))
    thrust = float(np.linalg.norm(vector))
    return replace(burn, thrust_n=thrust, isp_s=burn.isp_s * thrust / burn.thrust_n, direction=(x, y, z))


def residuals(
    trajectory: Trajectory, tracking: tuple[Observations, ...], network: Network, *, mask_deg: float = 8.0
) -> tuple[Residuals, ...]:
    """Return observed minus computed of tracking that was not fitted: how well an orbit predicts. Only low ones are edited."""
    usable, _ = _usable(tracking, network)
    found = []
    for one in usable:
        computed = compute(one, trajectory, network)
        found.append(Residuals(one, one.observed - computed.values, computed.elevation_deg, computed.elevation_deg >= mask_deg))
    return tuple(found)


def residual_table(found: Determination) -> list[Mapping[str, object]]:
    """Return one row a link: what was observed, used and edited, mean and rms of the residuals, their sigma."""
    return [
        {
            "link": one.observations.where,
            "from_utc": utc_from_tai_ns(int(one.observations.epochs_tai_ns[0]), 0),
            "to_utc": utc_from_tai_ns(int(one.observations.epochs_tai_ns[-1]), 0),
            "observations": one.observations.size,
            "used": int(one.used.sum()),
            "mean": one.mean,
            "rms": one.rms,
            "sigma": float(np.median(one.observations.sigma)),
        }
        for one in found.residuals
    ]
