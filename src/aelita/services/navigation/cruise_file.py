"""The file of a cruise, `navigation/cruise.toml` of a mission's folder: plan, assumptions, public figures."""

from dataclasses import dataclass
from math import radians
from pathlib import Path

from ...dynamics import (
    Assumption,
    CapturePlan,
    Craft,
    CruisePlan,
    InjectionPlan,
    LanderPlan,
    ManoeuvrePlan,
    OrbitPlan,
    PublicFigure,
)  # fmt: skip
from ...errors import DefinitionError, TimeError
from ...tables import Table
from ...time import tai_ns_from_utc
from .reading import text_of

CRUISE = "navigation/cruise.toml"
GRADES = ("A", "B", "C", "D", "E")
MARS_EQUATOR_KM = 3396.19  # heights of apsides are published over it
SHORT = 1e-3  # metres to kilometres


@dataclass(frozen=True, slots=True)
class CruiseFile:
    """A plan, what was assumed or derived in it, and the figures that its result is compared with."""

    plan: CruisePlan
    assumptions: tuple[Assumption, ...]
    figures: tuple[PublicFigure, ...]


def load_cruise(path: Path) -> CruiseFile:
    """Return what a cruise file says. Raises DefinitionError, with file, key and value, for anything that does not fit."""
    return read_cruise(text_of(path, "Name a cruise's TOML file"), str(path))


def read_cruise(text: str, where: str) -> CruiseFile:
    """Return what the text of a cruise file says; errors as of `load_cruise`."""
    top = Table.parse(text, where)
    named = top.table("sources")
    sources = {name: named.text(name) for name in list(named.values)}
    reader = _Reader(sources)
    plan = CruisePlan(
        reader.craft(top.table("craft")), reader.injection(top.table("injection")),
        tuple(reader.manoeuvre(each) for each in top.tables("manoeuvres")), reader.arrival(top.table("arrival")),
        reader.lander(top.table("lander")), reader.capture(top.table("capture")), reader.orbits(top.table("orbits")),
    )  # fmt: skip
    figures = tuple(reader.figure(each) for each in top.tables("figures"))
    top.finish()
    if not plan.manoeuvres:
        raise DefinitionError("no manoeuvres", where=where, remedy="Name at least one: its direction is what the search turns")
    return CruiseFile(plan, tuple(reader.assumptions), figures)


class _Reader:
    """Reads tables whose numbers stand with source and grade, and gathers those that are derived or assumed."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources
        self.assumptions: list[Assumption] = []

    def value(self, table: Table, key: str) -> float:
        given = table.table(key)
        number = given.real("value", None)
        self._graded(given, table.path(key), str(number))
        return number

    def epoch(self, table: Table, key: str) -> int:
        if isinstance(table.values.get(key), dict):
            given = table.table(key)
            text = given.text("value")
            self._graded(given, table.path(key), text)
        else:
            text = table.text(key)
        return _epoch(text, table.path(key))

    def _graded(self, given: Table, where: str, value: str) -> None:
        source, grade, why = given.choice("source", self.sources), given.choice("grade", GRADES), given.text("why", "")
        given.finish()
        if grade == "E" and not why:
            raise DefinitionError("assumed without a reason", where=where, remedy="Add `why`")
        if grade in "DE":
            self.assumptions.append(Assumption(where.split(": ", 1)[-1], value, why or self.sources[source], grade))

    def craft(self, table: Table) -> Craft:
        made = Craft(*(self.value(table, key) for key in ("launch_mass_kg", "lander_mass_kg", "thrust_n", "isp_s")))
        table.finish()
        return made

    def injection(self, table: Table) -> InjectionPlan:
        made = InjectionPlan(
            self.epoch(table, "separation_utc"), self.value(table, "perigee_height_km"),
            radians(self.value(table, "inclination_deg")), self.value(table, "since_perigee_s"), table.flag("ascending"),
        )  # fmt: skip
        table.finish()
        return made

    def manoeuvre(self, table: Table) -> ManoeuvrePlan:
        made = ManoeuvrePlan(table.text("name"), self.epoch(table, "start_utc"), self.value(table, "size_m_s") * SHORT)
        table.finish()
        return made

    def arrival(self, table: Table) -> float:
        made = radians(self.value(table, "declination_deg"))
        table.finish()
        return made

    def lander(self, table: Table) -> LanderPlan:
        made = LanderPlan(
            self.epoch(table, "separation_utc"), self.value(table, "separation_speed_m_s") * SHORT,
            self.epoch(table, "entry_utc"), self.value(table, "entry_height_km"), radians(self.value(table, "entry_angle_deg")),
            self.value(table, "entry_speed_km_s"), radians(self.value(table, "site_latitude_deg")),
            radians(self.value(table, "site_longitude_deg")),
        )  # fmt: skip
        table.finish()
        return made

    def capture(self, table: Table) -> CapturePlan:
        retarget = ManoeuvrePlan("retarget", self.epoch(table, "retarget_utc"), self.value(table, "retarget_m_s") * SHORT)
        made = CapturePlan(
            retarget, self.epoch(table, "start_utc"), 60 * self.value(table, "duration_min"),
            radians(self.value(table, "pitch_deg")), self.value(table, "periapsis_km"), self.value(table, "apoapsis_km"),
            radians(self.value(table, "inclination_deg")),
        )  # fmt: skip
        table.finish()
        return made

    def orbits(self, table: Table) -> OrbitPlan:
        dates = tuple(_epoch(text, table.path("turn_dates_utc")) for text in table.texts("turn_dates_utc"))
        made = OrbitPlan(
            round(self.value(table, "trim_after_revolutions")), self.epoch(table, "meet_periapsis_utc"),
            self.epoch(table, "compare_utc"), dates, radians(self.value(table, "final_inclination_deg")),
            self.epoch(table, "periapsis_trim_utc"), self.epoch(table, "apoapsis_burn_utc"),
            MARS_EQUATOR_KM + self.value(table, "periapsis_height_km"), MARS_EQUATOR_KM + self.value(table, "apoapsis_height_km"),
            self.epoch(table, "hand_over_utc"), MARS_EQUATOR_KM + self.value(table, "floor_height_km"),
        )  # fmt: skip
        table.finish()
        return made

    def figure(self, table: Table) -> PublicFigure:
        made = PublicFigure(
            table.text("name"), table.real("value", None), table.real("tolerance", None), table.text("unit"),
            self.sources[table.choice("source", self.sources)], table.choice("grade", GRADES), table.text("conflict", ""),
        )  # fmt: skip
        table.finish()
        return made


def _epoch(text: str, where: str) -> int:
    try:
        return tai_ns_from_utc(text)
    except TimeError as error:
        raise DefinitionError(f"{text!r}: {error.what}", where=where, remedy="Write UTC as 2016-03-14T20:13:00") from error
