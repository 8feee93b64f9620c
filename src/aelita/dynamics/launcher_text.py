"""Texts that describe launchers: TOML read strictly, each figure with its source and grade."""

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, radians

from ..errors import DefinitionError
from ..tables import Table
from .dispersion import ErrorSource
from .injection import Profile
from .launcher import GRADES, DragCurve, Engine, Fairing, Launcher, Pad, Programme, Provenance, Stage, UpperStage

MOST_POINTS = 40


@dataclass(frozen=True, slots=True)
class LauncherFile:
    """A launcher, how it is usually flown after its parking orbit, and the errors that disperse it."""

    launcher: Launcher
    profile: Profile
    errors: tuple[ErrorSource, ...]


def read_launcher(text: str, where: str) -> LauncherFile:
    """Return what the text of a launcher file says.

    Raises DefinitionError, with file, key and value, for anything that does not fit.
    """
    top = Table.parse(text, where)
    figures = _Figures(top.table("sources"))
    name = top.text("name")
    pad, upper, fairing, orbit, limits = (top.table(key) for key in ("pad", "upper_stage", "fairing", "orbit", "limits"))
    stages = tuple(_stage(figures, table) for table in top.tables("stages"))
    parts = (
        _pad(figures, pad), _upper(figures, upper), _fairing(figures, fairing), _drag(figures, top.table("drag")),
        _programme(figures, top.table("programme")),
    )  # fmt: skip
    parking, inclination, adapter = (figures.take(orbit, key) for key in ("parking_km", "inclination_deg", "adapter_kg"))
    pressure, acceleration = (figures.take(limits, key) for key in ("dynamic_pressure_pa", "acceleration_m_s2"))
    profile, errors = _profile(figures, top.table("profile")), tuple(_error(figures, table) for table in top.tables("errors"))
    for table in (orbit, limits, top):
        table.finish()
    tilt, found = radians(inclination), tuple(figures.found)
    try:
        launcher = Launcher(name, parts[0], stages, *parts[1:], parking, tilt, adapter, pressure, acceleration, found)
    except DefinitionError as error:
        raise DefinitionError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from error
    return LauncherFile(launcher, profile, errors)


class _Figures:
    """Takes figures out of tables and remembers where each comes from."""

    def __init__(self, sources: Table) -> None:
        self.sources = {key: sources.text(key) for key in list(sources.values)}
        self.found: list[Provenance] = []

    def take(self, table: Table, key: str, default: float | None = None) -> float:
        if default is not None and key not in table.values:
            table.real(key, default)
            return default
        inner = table.table(key)
        if not inner.values:
            raise DefinitionError("missing", where=table.path(key), remedy="Give { value, source, grade }")
        value = inner.real("value", None)
        if not isfinite(value):
            raise DefinitionError(f"{key} is {value:g}", where=table.where, remedy="Give a finite number")
        source, grade = inner.choice("source", self.sources), inner.choice("grade", GRADES)
        fitted = inner.flag("fitted", False)
        inner.finish()
        self.found.append(Provenance(table.path(key), value, self.sources[source], grade, fitted))
        return value


def _engine(figures: _Figures, table: Table, prefix: str = "") -> Engine:
    return Engine(*(figures.take(table, prefix + key) for key in ("thrust_vacuum_n", "thrust_sea_level_n", "specific_impulse_s")))


def _stage(figures: _Figures, table: Table) -> Stage:
    name = table.text("name")
    dry, propellant, residual = (figures.take(table, key) for key in ("dry_kg", "propellant_kg", "residual_kg"))
    engine = _engine(figures, table)
    vernier, after = None, 0.0
    if "vernier_thrust_vacuum_n" in table.values:
        vernier, after = _engine(figures, table, "vernier_"), figures.take(table, "vernier_after_s", 0.0)
    ignition, separation = figures.take(table, "ignition_s", 0.0), figures.take(table, "separation_s", 0.0)
    limit = figures.take(table, "acceleration_limit_m_s2", 1e9)
    table.finish()
    return Stage(name, dry, propellant, residual, engine, vernier, after, ignition, separation, limit)


def _upper(figures: _Figures, table: Table) -> UpperStage:
    if not table.values:
        raise DefinitionError("missing", where=table.where, remedy="Describe the upper stage")
    name, burns = table.text("name"), table.number("burns", None, 1, 20)
    dry, propellant = figures.take(table, "dry_kg"), figures.take(table, "propellant_kg")
    engine = _engine(figures, table)
    tank = figures.take(table, "tank_dry_kg", 0.0), figures.take(table, "tank_propellant_kg", 0.0)
    drop = table.number("drop_after_burn", 0, 0, 20)
    rest = (figures.take(table, key, 0.0) for key in ("residual_kg", "reserve_kg", "start_kg", "coast_kg_h", "first_ignition_s"))
    found = UpperStage(name, dry, propellant, engine, burns, *tank, drop, *rest)
    table.finish()
    return found


def _pad(figures: _Figures, table: Table) -> Pad:
    name = table.text("name")
    latitude, longitude, height = (figures.take(table, key) for key in ("latitude_deg", "longitude_deg", "height_km"))
    burned = figures.take(table, "burned_kg", 0.0)
    table.finish()
    if not abs(latitude) <= 90.0 or not abs(longitude) <= 360.0:
        raise DefinitionError(f"{latitude:g}, {longitude:g} is no place on the Earth", where=table.where)
    return Pad(name, radians(latitude), radians(longitude), height, burned)


def _fairing(figures: _Figures, table: Table) -> Fairing:
    stage = table.text("stage")
    found = Fairing(figures.take(table, "mass_kg"), figures.take(table, "heat_flux_w_m2"), stage, figures.take(table, "delay_s"))
    table.finish()
    return found


def _drag(figures: _Figures, table: Table) -> DragCurve:
    area = figures.take(table, "area_m2")
    counts = [len(table.values.get(key, ())) if isinstance(table.values.get(key), list) else 0 for key in ("mach", "coefficient")]
    if not 2 <= counts[0] <= MOST_POINTS or counts[0] != counts[1]:
        raise DefinitionError(
            f"{counts[0]} Mach numbers and {counts[1]} drag coefficients", where=table.where,
            remedy=f"Give as many of one as of the other, from 2 to {MOST_POINTS}",
        )  # fmt: skip
    mach, coefficient = table.reals("mach", counts[0], None), table.reals("coefficient", counts[1], None)
    table.finish()
    if any(later <= earlier for earlier, later in pairwise(mach)) or min(coefficient) < 0.0:
        raise DefinitionError(
            "Mach numbers must rise and drag coefficients not be negative", where=table.where, remedy="Sort the lines"
        )
    return DragCurve(area, mach, coefficient)


def _programme(figures: _Figures, table: Table) -> Programme:
    keys = ("vertical_s", "kick_s", "kick_rad", "upper_a", "upper_b", "first_a", "first_b")
    vertical, kick_s, kick, *pitch = (figures.take(table, key) for key in keys)
    table.finish()
    if not (vertical > 0.0 and kick_s > 0.0):
        raise DefinitionError(f"vertical_s {vertical:g} and kick_s {kick_s:g} must be above zero", where=table.where)
    return Programme(vertical, kick_s, kick, (pitch[0], pitch[1]), (pitch[2], pitch[3]))


def _profile(figures: _Figures, table: Table) -> Profile:
    given = table.values.get("apogees_km", [])
    apogees = table.reals("apogees_km", len(given) if isinstance(given, list) else 0, ())
    if "intermediate" in table.values:
        figures.take(table, "intermediate")
    wait = figures.take(table, "coast_after_s", 0.0)
    table.finish()
    if any(not 0.0 < apogee < 1e6 for apogee in apogees):
        raise DefinitionError(f"apogees_km {list(apogees)} are not all between 0 and 1,000,000", where=table.where)
    return Profile(apogees, wait)


def _error(figures: _Figures, table: Table) -> ErrorSource:
    name, sigma = table.choice("name", ErrorSource.NAMES), figures.take(table, "sigma")
    table.finish()
    if sigma < 0.0:
        raise DefinitionError(f"a sigma of {sigma:g} cannot be", where=table.where)
    return ErrorSource(name, sigma)
