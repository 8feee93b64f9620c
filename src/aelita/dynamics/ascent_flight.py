"""The arrays with which the compiled flight of an ascent works: phases of a launcher, its mass on the pad, its steering."""

from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from .ascent_kernels import AFTER_KILOGRAMS, AFTER_SECONDS, AT_AXIS, COAST, COLUMNS, FIRST, LIFT, ROWS, TANGENT, WIND, fly
from .earth_model import RADIUS_KM, STANDARD_GRAVITY_M_S2, Reals, site_of_date
from .launcher import Engine, Launcher, Programme, Stage

STEP_S = 0.5
LONGEST_S = 1500.0  # of a phase
NO_LIMIT_M_S2 = 1e9
INSTANT_S = 1e-6  # every phase has some length


@dataclass(slots=True)
class AscentFlight:
    """The arrays of one ascent, and what each phase is called."""

    start: Reals
    phases: Reals
    names: list[str]
    launcher: Launcher
    history: Reals
    ends: Reals
    fairing: Reals
    rows: int = 0

    @staticmethod
    def of(launcher: Launcher, payload_kg: float, liftoff_tai_ns: int) -> "AscentFlight":
        """Return the arrays for a payload and an instant. Raises UsageError for a payload that it does not lift."""
        if not (payload_kg >= 0.0 and np.isfinite(payload_kg)):
            raise UsageError(f"a payload of {payload_kg:g} kg cannot be", remedy="Give a mass that is not negative")
        phases = _Phases(launcher)
        pad, thrust_n = launcher.pad, launcher.stages[0].engine.thrust_sea_level_n
        site = site_of_date(pad.latitude_rad, pad.longitude_rad, pad.height_km, liftoff_tai_ns)
        start = np.concatenate([site, [launcher.liftoff_kg(payload_kg)]])
        weight_n = start[6] * STANDARD_GRAVITY_M_S2
        if thrust_n <= weight_n:
            raise UsageError(
                f"{payload_kg:g} kg are too heavy: {weight_n / 1000:,.6g} kN of weight, {thrust_n / 1000:,.6g} kN of thrust",
                where=f"launcher {launcher.name}",
                remedy="Take a lighter payload",
            )
        rows = np.array(phases.rows)
        ends = np.empty((len(rows), 8))
        return AscentFlight(start, rows, phases.names, launcher, np.empty((ROWS, COLUMNS)), ends, np.empty(6))

    def fly(self, programme: Programme, azimuth_rad: float, step_s: float) -> Reals:
        """Fly; return time and state of date at the end of each phase, NaN from the one that failed on."""
        drag, fairing = self.launcher.drag, self.launcher.fairing
        steering = np.array([
            programme.vertical_s, programme.kick_s, programme.kick_rad, azimuth_rad, *programme.upper, programme.scale_s, -1.0,
            *programme.first, -1.0,
        ])  # fmt: skip
        opens = float(self.names.index(f"{fairing.stage} main engine"))
        self.fairing = np.array([fairing.mass_kg, fairing.heat_flux_w_m2, opens, fairing.delay_s, np.nan, np.nan])
        self.rows = fly(
            self.start, 0.0, self.phases, steering, drag.area_m2, np.array(drag.mach), np.array(drag.coefficient),
            self.fairing, step_s, self.history, self.ends, LONGEST_S,
        )  # fmt: skip
        self.history[self.rows :] = 0.0
        return self.ends


class _Phases:
    """The rows that the compiled flight wants, and their names, of a launcher."""

    def __init__(self, launcher: Launcher) -> None:
        self.rows: list[list[float]] = []
        self.names: list[str] = []
        carried_kg, delay_s, below = 0.0, 0.0, ""  # the spent stage below, until it separates
        for n, stage in enumerate(launcher.stages):
            law = WIND if n == 0 else TANGENT
            usable_kg = stage.usable_kg - (launcher.pad.burned_kg if n == 0 else 0.0)
            if stage.vernier is not None:
                self._with_vernier(stage, stage.vernier, law, usable_kg, below, delay_s, carried_kg)
            else:
                if n == 0:
                    lift_s = launcher.programme.vertical_s + launcher.programme.kick_s
                    self._wait(f"{stage.name} lift", LIFT, stage.engine, lift_s)
                    usable_kg -= stage.engine.flow_kg_s * lift_s
                else:
                    self._wait(f"{below} separation", COAST, None, delay_s, carried_kg)
                    self._wait(f"{stage.name} coast", COAST, None, stage.ignition_s)
                self._main(stage, law, stage.engine, usable_kg)
            carried_kg, delay_s, below = stage.dry_kg + stage.residual_kg, stage.separation_s, stage.name
        upper = launcher.upper
        self._wait(f"{below} separation", COAST, None, delay_s, carried_kg)
        self._wait(f"{upper.name} coast", COAST, None, upper.first_ignition_s, upper.start_kg)
        self._add(f"{upper.name} main engine", FIRST, upper.engine, AT_AXIS, RADIUS_KM + launcher.parking_km)

    def _add(
        self, name: str, law: int, engine: Engine | None, end: int, value: float, drop_kg: float = 0.0,
        limit_m_s2: float = NO_LIMIT_M_S2,
    ) -> None:  # fmt: skip
        push = (engine.thrust_vacuum_n, engine.exit_area_m2, engine.flow_kg_s) if engine is not None else (0.0, 0.0, 0.0)
        self.rows.append([float(law), *push, float(end), value, drop_kg, limit_m_s2])
        self.names.append(name)

    def _wait(self, name: str, law: int, engine: Engine | None, seconds: float, drop_kg: float = 0.0) -> None:
        self._add(name, law, engine, AFTER_SECONDS, max(seconds, INSTANT_S), drop_kg)

    def _main(self, stage: Stage, law: int, engine: Engine, kilograms: float) -> None:
        if not kilograms > 0.0:
            raise UsageError(
                f"its propellant of {stage.usable_kg:g} kg is gone {-kilograms:.3g} kg before its main phase begins",
                where=f"stage {stage.name}", remedy="Check propellant, thrust and specific impulse, and how long it rises first",
            )  # fmt: skip
        self._add(f"{stage.name} main engine", law, engine, AFTER_KILOGRAMS, kilograms, 0.0, stage.acceleration_limit_m_s2)

    def _with_vernier(
        self, stage: Stage, vernier: Engine, law: int, usable_kg: float, below: str, delay_s: float, carried_kg: float
    ) -> None:
        """Add a stage whose vernier lights before the stage below has gone, and burns on after the main engine."""
        self._wait(f"{below} separation", law, vernier, delay_s, carried_kg)
        self._wait(f"{stage.name} vernier", law, vernier, stage.ignition_s)
        alone_s = sum(max(seconds, INSTANT_S) for seconds in (delay_s, stage.ignition_s, stage.vernier_after_s))
        main = stage.engine
        thrust_n, flow_kg_s = main.thrust_vacuum_n + vernier.thrust_vacuum_n, main.flow_kg_s + vernier.flow_kg_s
        both = Engine(
            thrust_n, main.thrust_sea_level_n + vernier.thrust_sea_level_n, thrust_n / flow_kg_s / STANDARD_GRAVITY_M_S2
        )
        self._main(stage, law, both, usable_kg - vernier.flow_kg_s * alone_s)
        self._wait(f"{stage.name} vernier end", law, vernier, stage.vernier_after_s)
