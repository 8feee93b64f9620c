"""A launcher as data: stages, restartable upper stage, fairing, site, limits, steering; every figure with source and grade."""

from dataclasses import dataclass, replace
from math import pi

import numpy as np

from ..errors import DefinitionError
from .earth_model import STANDARD_GRAVITY_M_S2
from .standard_atmosphere import SEA_LEVEL_PA

GRADES = "ABCDE"  # kernel or data file; agency or maker; press or secondary; derived; assumed


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where one figure of a launcher comes from; `fitted` marks what was made to agree with something."""

    key: str
    value: float
    source: str
    grade: str
    fitted: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """All engines of a stage as one: thrust (N) in vacuum and at sea level, specific impulse in vacuum (s)."""

    thrust_vacuum_n: float
    thrust_sea_level_n: float
    specific_impulse_s: float

    @property
    def flow_kg_s(self) -> float:
        """Propellant burned in a second, the same at any outside pressure."""
        return self.thrust_vacuum_n / (self.specific_impulse_s * STANDARD_GRAVITY_M_S2)

    @property
    def exit_area_m2(self) -> float:
        """Area on which outside pressure takes away thrust."""
        return (self.thrust_vacuum_n - self.thrust_sea_level_n) / SEA_LEVEL_PA

    @property
    def exhaust_km_s(self) -> float:
        """Effective exhaust speed in vacuum."""
        return self.specific_impulse_s * STANDARD_GRAVITY_M_S2 / 1000.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the ascent. It lights `ignition_s` after the one below separated, and separates `separation_s` after its end.

    With a vernier: it alone burns until the main engine lights, and `vernier_after_s` more after that one's end.
    """

    name: str
    dry_kg: float
    propellant_kg: float
    residual_kg: float
    engine: Engine
    vernier: Engine | None = None
    vernier_after_s: float = 0.0
    ignition_s: float = 0.0
    separation_s: float = 0.0
    acceleration_limit_m_s2: float = 1e9

    @property
    def usable_kg(self) -> float:
        """Propellant that is burned."""
        return self.propellant_kg - self.residual_kg


@dataclass(frozen=True, slots=True)
class UpperStage:
    """The restartable stage: its tank that is dropped (if any) after a numbered burn, what it cannot use, what a start costs."""

    name: str
    dry_kg: float  # without the dropped tank
    propellant_kg: float  # all, that of the dropped tank included
    engine: Engine
    burns: int
    tank_dry_kg: float = 0.0
    tank_propellant_kg: float = 0.0
    drop_after_burn: int = 0
    residual_kg: float = 0.0
    reserve_kg: float = 0.0  # kept for dispersions
    start_kg: float = 0.0  # settling and start, each burn
    coast_kg_h: float = 0.0  # attitude control
    first_ignition_s: float = 0.0  # after separation from the last stage

    @property
    def full_kg(self) -> float:
        """Mass when loaded."""
        return self.dry_kg + self.tank_dry_kg + self.propellant_kg


@dataclass(frozen=True, slots=True)
class Fairing:
    """It goes when free-molecular heating is below the limit, and not before `delay_s` after the main engine of a stage lit."""

    mass_kg: float
    heat_flux_w_m2: float
    stage: str
    delay_s: float


@dataclass(frozen=True, slots=True)
class Pad:
    """Where it stands (geodetic, WGS 84), and what it burns before it moves."""

    name: str
    latitude_rad: float
    longitude_rad: float
    height_km: float
    burned_kg: float = 0.0


@dataclass(frozen=True, slots=True)
class DragCurve:
    """Reference area and drag coefficient over Mach number, for all of the ascent."""

    area_m2: float
    mach: tuple[float, ...]
    coefficient: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """Steering: straight up, tilt by `kick_rad` within `kick_s`, along the wind, then tan(pitch) linear in time.

    `upper` is that of the stages after the first, over `scale_s` from the start of the second; `first` that of the upper
    stage's first burn. Pitch is above the local horizon, in the plane of motion.
    """

    vertical_s: float
    kick_s: float
    kick_rad: float
    upper: tuple[float, float]
    first: tuple[float, float]
    scale_s: float = 460.0


@dataclass(frozen=True, slots=True)
class Launcher:
    """A launcher and how it is flown. `parking_km` is the height of the circular parking orbit over the equator's radius."""

    name: str
    pad: Pad
    stages: tuple[Stage, ...]
    upper: UpperStage
    fairing: Fairing
    drag: DragCurve
    programme: Programme
    parking_km: float
    inclination_rad: float
    adapter_kg: float
    dynamic_pressure_limit_pa: float
    acceleration_limit_m_s2: float
    provenance: tuple[Provenance, ...] = ()

    def __post_init__(self) -> None:
        check(self)

    def liftoff_kg(self, payload_kg: float) -> float:
        """Return the mass that leaves the pad, with a payload."""
        stages = sum(stage.dry_kg + stage.propellant_kg for stage in self.stages)
        return stages + self.upper.full_kg + self.fairing.mass_kg + self.adapter_kg + payload_kg - self.pad.burned_kg

    def flown(self, programme: Programme) -> "Launcher":
        """Return it with another steering."""
        return replace(self, programme=programme)

    @property
    def fitted(self) -> tuple[Provenance, ...]:
        """The figures that were fitted."""
        return tuple(figure for figure in self.provenance if figure.fitted)


def check(launcher: Launcher) -> None:
    """Raise DefinitionError, by stage and figure, for a launcher that cannot be."""
    where = f"launcher {launcher.name}"
    if not launcher.stages:
        raise DefinitionError("it has no stage", where=where, remedy="Describe at least one [[stages]]")
    names = [stage.name for stage in launcher.stages] + [launcher.upper.name]
    if len(set(names)) != len(names):
        raise DefinitionError(f"two stages are called {max(names, key=names.count)!r}", where=where)
    if launcher.fairing.stage not in names:
        raise DefinitionError(
            f"the fairing waits for stage {launcher.fairing.stage!r}, which is missing", where=where,
            remedy=f"Stages: {', '.join(names)}",
        )  # fmt: skip
    if launcher.stages[0].vernier is not None:
        raise DefinitionError("the first stage has a vernier; only those above may", where=f"{where}: {names[0]}")
    for stage in launcher.stages:
        _positive(where, stage.name, dry_kg=stage.dry_kg, propellant_kg=stage.propellant_kg, usable_kg=stage.usable_kg)
        _not_negative(where, stage.name, residual_kg=stage.residual_kg, ignition_s=stage.ignition_s,
                      separation_s=stage.separation_s, vernier_after_s=stage.vernier_after_s)  # fmt: skip
        _positive(where, stage.name, acceleration_limit_m_s2=stage.acceleration_limit_m_s2)
        _engine(where, stage.name, stage.engine)
        if stage.vernier is not None:
            _engine(where, f"{stage.name} vernier", stage.vernier)
    _upper(where, launcher.upper)
    _not_negative(where, "fairing", mass_kg=launcher.fairing.mass_kg, delay_s=launcher.fairing.delay_s)
    _not_negative(where, "launcher", adapter_kg=launcher.adapter_kg, burned_kg=launcher.pad.burned_kg)
    _positive(where, "launcher", parking_km=launcher.parking_km, area_m2=launcher.drag.area_m2)
    _positive(where, "limits", dynamic_pressure_pa=launcher.dynamic_pressure_limit_pa,
              acceleration_m_s2=launcher.acceleration_limit_m_s2)  # fmt: skip
    if not abs(launcher.pad.latitude_rad) <= launcher.inclination_rad <= pi - abs(launcher.pad.latitude_rad):
        degrees = np.degrees([launcher.inclination_rad, launcher.pad.latitude_rad])
        raise DefinitionError(
            f"an orbit inclined {degrees[0]:.2f} deg does not pass over the pad at {degrees[1]:.2f} deg", where=where,
            remedy="The inclination is at least the latitude",
        )  # fmt: skip
    if launcher.stages[0].engine.thrust_sea_level_n <= launcher.liftoff_kg(0.0) * STANDARD_GRAVITY_M_S2:
        raise DefinitionError(
            f"{launcher.stages[0].engine.thrust_sea_level_n / 1000:.0f} kN does not lift {launcher.liftoff_kg(0.0) / 1000:.1f} t",
            where=f"{where}: {launcher.stages[0].name}", remedy="Check thrust at sea level and the masses",
        )  # fmt: skip


def _upper(where: str, upper: UpperStage) -> None:
    _positive(where, upper.name, dry_kg=upper.dry_kg, propellant_kg=upper.propellant_kg, burns=upper.burns)
    _not_negative(
        where, upper.name, tank_dry_kg=upper.tank_dry_kg, tank_propellant_kg=upper.tank_propellant_kg,
        residual_kg=upper.residual_kg, reserve_kg=upper.reserve_kg, start_kg=upper.start_kg, coast_kg_h=upper.coast_kg_h,
        first_ignition_s=upper.first_ignition_s,
    )  # fmt: skip
    _engine(where, upper.name, upper.engine)
    if upper.tank_propellant_kg > upper.propellant_kg or not 0 <= upper.drop_after_burn <= upper.burns:
        raise DefinitionError(
            f"a tank of {upper.tank_propellant_kg:g} kg dropped after burn {upper.drop_after_burn} does not fit a stage of"
            f" {upper.propellant_kg:g} kg and {upper.burns} burns",
            where=f"{where}: {upper.name}",
        )


def _engine(where: str, name: str, engine: Engine) -> None:
    _positive(where, name, thrust_vacuum_n=engine.thrust_vacuum_n, specific_impulse_s=engine.specific_impulse_s)
    if not 0.0 <= engine.thrust_sea_level_n <= engine.thrust_vacuum_n:
        raise DefinitionError(
            f"thrust at sea level of {engine.thrust_sea_level_n:g} N is not between zero and that in vacuum,"
            f" {engine.thrust_vacuum_n:g} N",
            where=f"{where}: {name}",
        )


def _positive(where: str, name: str, **figures: float) -> None:
    for key, value in figures.items():
        if not (value > 0.0 and np.isfinite(value)):
            raise DefinitionError(f"{key} is {value:g}; it must be above zero", where=f"{where}: {name}")


def _not_negative(where: str, name: str, **figures: float) -> None:
    for key, value in figures.items():
        if not (value >= 0.0 and np.isfinite(value)):
            raise DefinitionError(f"{key} is {value:g}; it must not be negative", where=f"{where}: {name}")
