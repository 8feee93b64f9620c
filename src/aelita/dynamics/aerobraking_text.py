"""Texts that describe a campaign of aerobraking: TOML read strictly, each figure with its source and grade."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from ..environment import GravityField, MarsAtmosphere
from ..errors import AelitaError, DefinitionError, UsageError
from ..tables import Table
from ..time import DAY, tai_ns_from_utc
from .aerobraking import Campaign, Pause, Plan, Safety, Step, Variability, start_of
from .aerobraking_compared import Compared, Published, compared
from .aerobraking_flight import Progress, fly
from .aerobraking_upsets import Upset
from .corridor import Corridor, Limits
from .drag_pass import Surroundings, Vehicle, built_in_gravity, shape, surroundings
from .forces import GM_KM3_S2, RADII_KM
from .lifetime import Guard
from .states import StateVector

MOST_DAYS = 3000
GRADES = ("A", "B", "C", "D", "E")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the file: where it stands, its value, source and grade, and whether it was fitted."""

    where: str
    value: float
    source: str
    grade: str
    fitted: bool


@dataclass(frozen=True, slots=True)
class AerobrakingFile:
    """What a file says: plan, start, the air, degree of gravity, published figures, sources.

    The air is MarsAtmosphere with a factor on its density, the Sun's flux at 10.7 cm, and dust (None: usual for the season).
    """

    name: str
    spacecraft: str
    plan: Plan
    start: StateVector
    density_multiplier: float
    degree: int
    published: tuple[Published, ...]
    figures: tuple[Figure, ...]
    solar_flux: float = 90.0
    dust: float | None = None

    def surroundings(self, days: float = 500.0, gravity: GravityField | None = None) -> Surroundings:
        """Return gravity, Sun and air for so many days after the start; without a field the built-in one of degree 3.

        Raises UsageError for spans under 5 and over 3,000 days.
        """
        if not 5 <= days <= MOST_DAYS:
            raise UsageError(f"{days:g} days of aerobraking", remedy=f"Give 5 to {MOST_DAYS}")
        first = self.start.epoch_tai_ns
        air = MarsAtmosphere(self.dust, self.solar_flux, self.density_multiplier)
        return surroundings(
            air, first - DAY, first + round(days * DAY), gravity=gravity or built_in_gravity(), degree=self.degree
        )

    def begun(self, start: StateVector, mass_kg: float | None = None) -> "AerobrakingFile":
        """Return the same with another start, and mass where one is given; steps and pauses that are past by then are left out.

        Raises UsageError for an orbit that is not about Mars, is open or meets the ground, and for a mass that is none.
        """
        if start.centre != "MARS" or not np.isfinite(start.six).all():
            raise UsageError(f"a start about {start.centre}, {start.six}", remedy="Give a state about MARS")
        a, e = shape(start.six, GM_KM3_S2["MARS"])
        if not (a > 0 and e < 1 and a * (1 - e) > RADII_KM["MARS"][1]):
            raise UsageError(
                f"an orbit of {a:.6g} km with eccentricity {e:.6g} " + ("is open" if a < 0 or e >= 1 else "meets the ground"),
                remedy="Give a closed orbit about Mars, in km and km/s",
            )
        mass_kg = self.plan.vehicle.mass_kg if mass_kg is None else mass_kg
        if not 1 <= mass_kg <= 1e6:
            raise UsageError(f"a mass of {mass_kg:g} kg", remedy="Give 1 to 1e6 kg")
        walk_in = tuple(step for step in self.plan.walk_in if step.at_tai_ns > start.epoch_tai_ns - DAY)
        pauses = tuple(pause for pause in self.plan.pauses if pause.ends_tai_ns > start.epoch_tai_ns)
        vehicle = replace(self.plan.vehicle, mass_kg=mass_kg)
        return replace(self, start=start, plan=replace(self.plan, vehicle=vehicle, walk_in=walk_in, pauses=pauses))

    def campaign(
        self, around: Surroundings, *, seed: int | None = None, upsets: tuple[Upset, ...] = (), progress: Progress | None = None
    ) -> Campaign:
        """Fly the plan: through the model's air, or with densities drawn from a seed; `upsets` are what goes wrong."""
        rng = None if seed is None else np.random.default_rng(seed)
        return fly(self.plan, self.start, around, rng=rng, upsets=upsets, progress=progress)

    def compared(self, campaign: Campaign) -> tuple[Compared, ...]:
        """Return the published figures beside those of a campaign."""
        return compared(campaign, self.published)


def read_aerobraking(text: str, where: str) -> AerobrakingFile:
    """Return what the text of a file of aerobraking says, with its sources.

    Raises DefinitionError, with file, key and value, for anything that does not fit.
    """
    top = Table.parse(text, where)
    reader = _Reader(top.table("sources"))
    name, spacecraft = top.text("name"), top.text("spacecraft")
    vehicle_table, air, gravity = top.table("vehicle"), top.table("atmosphere"), top.table("gravity")
    vehicle = reader.vehicle(vehicle_table)
    multiplier, sigma = reader.take(air, "density_multiplier", 0.01, 100), reader.take(air, "pass_sigma", 0, 2)
    weather = Variability(sigma, reader.take(air, "persistence", 0, 0.99), air.number("memory_passes", 10, 0, 1000))
    flux = reader.take(air, "solar_flux", 30, 500) if "solar_flux" in air.values else 90.0
    dust = reader.take(air, "dust", 0.01, 10) if "dust" in air.values else None
    degree = gravity.number("degree", 8, 2, 120)
    limits, corridor, guard, safety, leave = (top.table(key) for key in ("limits", "corridor", "guard", "safety", "exit"))
    try:
        start = reader.start(top.table("start"))
        band = reader.corridor(corridor, reader.limits(limits), sigma)
        plan = Plan(
            vehicle, reader.take(vehicle_table, "specific_impulse_s", 50, 1000), reader.take(vehicle_table, "thrust_n", 0.1, 1e4),
            tuple(reader.step(each) for each in top.tables("walk_in")), band,
            Guard(reader.take(guard, "lifetime_h", 0, 1e4), reader.take(guard, "floor_km", 50, 5000)),
            reader.take(leave, "apoapsis_km", 150, 1e5), reader.take(leave, "periapsis_km", 120, 1e4),
            (reader.take(leave, "science_periapsis_km", 120, 1e5), reader.take(leave, "science_apoapsis_km", 120, 1e5)),
            tuple(reader.pause(each) for each in top.tables("pauses")), reader.safety(safety), weather,
            3600 * reader.take(corridor, "session_h", 0.5, 1000),
        )  # fmt: skip
        published = tuple(reader.published(each) for each in top.tables("published"))
    except DefinitionError:
        raise
    except AelitaError as error:
        raise DefinitionError(error.what, where=where, remedy=error.remedy) from error
    for table in (vehicle_table, air, gravity, corridor, guard, leave, top):
        table.finish()
    return AerobrakingFile(name, spacecraft, plan, start, multiplier, degree, published, tuple(reader.figures), flux, dust)


class _Reader:
    """Takes parts of a plan out of tables and remembers where each figure comes from."""

    def __init__(self, sources: Table) -> None:
        self.sources = {key: sources.text(key) for key in list(sources.values)}
        self.figures: list[Figure] = []

    def take(self, table: Table, key: str, least: float, most: float) -> float:
        """Take `{ value, source, grade }`, with `fitted` where it was."""
        inner = table.table(key)
        if not inner.values:
            raise DefinitionError("missing", where=table.path(key), remedy="Give { value, source, grade }")
        return self._figure(inner, least, most)

    def _figure(self, inner: Table, least: float, most: float) -> float:
        value = inner.real("value", None)
        source, grade = inner.choice("source", self.sources), inner.choice("grade", GRADES)
        fitted = inner.flag("fitted", False)
        inner.finish()
        if not least <= value <= most:
            raise DefinitionError(f"{value:g} is not from {least:g} to {most:g}", where=inner.path("value"))
        self.figures.append(Figure(inner.where, value, self.sources[source], grade, fitted))
        return value

    def start(self, table: Table) -> StateVector:
        at = self.epoch(table, "at_utc")
        heights = self.take(table, "periapsis_km", 50, 1e5), self.take(table, "apoapsis_km", 50, 1e6)
        angles = (self.take(table, key, -360, 360) for key in ("inclination_deg", "node_deg", "argument_deg"))
        made = start_of(at, *heights, *angles)
        table.finish()
        return made

    def vehicle(self, table: Table) -> Vehicle:
        return Vehicle(
            self.take(table, "mass_kg", 1, 1e6),
            self.take(table, "area_m2", 0.01, 1e4),
            self.take(table, "drag_coefficient", 0.1, 10),
        )

    def limits(self, table: Table) -> Limits:
        flux, pressure = self.take(table, "heat_flux_w_m2", 1, 1e7), self.take(table, "dynamic_pressure_pa", 1e-3, 1e4)
        load = self.take(table, "heat_load_j_m2", 1, 1e12) if "heat_load_j_m2" in table.values else inf
        table.finish()
        return Limits(flux, pressure, load)

    def corridor(self, table: Table, limits: Limits, sigma: float) -> Corridor:
        low, target, high = (self.take(table, key, 1e-3, 1) for key in ("low", "target", "high"))
        margin = self.take(table, "margin_sigmas", 0, 10)
        trims = table.values.get("trims_m_s", [])
        sizes = table.reals("trims_m_s", len(trims) if isinstance(trims, list) else 1, None)
        return Corridor(limits, low, target, high, sizes, sigma, margin)

    def safety(self, table: Table) -> Safety:
        back = table.values.get("return_km", [])
        made = Safety(
            self.take(table, "reduction_share", 0.01, 100), self.take(table, "reduction_m_s", 0.001, 100),
            self.take(table, "pop_up_share", 0.01, 100), self.take(table, "pop_up_km", 100, 1e4),
            self.take(table, "wait_days", 0, 1000),
            table.reals("return_km", len(back) if isinstance(back, list) else 1, None),
            self.take(table, "silence_h", 1, 1e4) if "silence_h" in table.values else inf,
        )  # fmt: skip
        table.finish()
        return made

    def step(self, table: Table) -> Step:
        made = Step(self.epoch(table, "at_utc"), self.take(table, "height_km", 50, 1e4))
        table.finish()
        return made

    def pause(self, table: Table) -> Pause:
        steps = tuple(self.step(each) for each in table.tables("steps"))
        made = Pause(self.epoch(table, "begins_utc"), self.take(table, "height_km", 100, 1e4), steps)
        if not steps:
            raise DefinitionError("a pause without a step has no end", where=table.path("steps"), remedy="Give [[pauses.steps]]")
        table.finish()
        return made

    def published(self, table: Table) -> Published:
        quantity, tolerance = table.text("quantity"), table.real("tolerance", None)
        at = self.epoch(table, "at_utc") if "at_utc" in table.values else None
        value = self._figure(table, -inf, inf)
        known = self.figures.pop()
        return Published(quantity, value, tolerance, at, known.source, known.grade, known.fitted)

    def epoch(self, table: Table, key: str) -> int:
        """Take a UTC text as an epoch."""
        text = table.text(key)
        try:
            return int(tai_ns_from_utc(text))
        except AelitaError as error:
            raise DefinitionError(error.what, where=table.path(key), remedy="Give UTC as 2017-03-15T12:00:00") from error
