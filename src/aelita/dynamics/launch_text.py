"""Texts that describe launches of a mission: what flies on which launcher, when, where to, and the days of its window."""

from dataclasses import dataclass
from itertools import pairwise
from math import inf, radians

from ..errors import DefinitionError, TimeError
from ..tables import Table
from ..time import tai_ns_from_utc
from .asymptote import Asymptote
from .launcher import GRADES, Provenance


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """A launch: `launcher` is the name of a launcher file; liftoff, asymptote and separation only where they are known.

    `days` are the first instants (TAI ns) of the window's days and their asymptotes; `separation_s` counts from liftoff.
    """

    name: str
    launcher: str
    payload_kg: float
    liftoff_tai_ns: int | None
    asymptote: Asymptote | None
    separation_s: float | None
    days: tuple[tuple[int, Asymptote], ...]
    window_source: str
    provenance: tuple[Provenance, ...]


def read_launches(text: str, where: str) -> tuple[LaunchPlan, ...]:
    """Return the launches of a text. Raises DefinitionError, with file, key and value, for anything that does not fit."""
    top = Table.parse(text, where)
    source_table = top.table("sources")
    sources = {key: source_table.text(key) for key in list(source_table.values)}
    found = tuple(_launch(table, sources) for table in top.tables("launches"))
    top.finish()
    names = [plan.name for plan in found]
    if len(set(names)) != len(names):
        raise DefinitionError(f"two launches are called {max(names, key=names.count)!r}", where=where)
    return found


def _launch(table: Table, sources: dict[str, str]) -> LaunchPlan:
    name, launcher = table.text("name"), table.text("launcher")
    liftoff = _instant(table, "liftoff_utc") if "liftoff_utc" in table.values else None
    provenance: list[Provenance] = []
    payload = _figure(table, "payload_kg", sources, provenance)
    separation = _figure(table, "separation_s", sources, provenance) if "separation_s" in table.values else None
    asymptote = None
    if "asymptote" in table.values:
        inner = table.table("asymptote")
        source, grade = sources[inner.choice("source", sources)], inner.choice("grade", GRADES)
        asymptote = _asymptote(inner, source, grade)
        inner.finish()
    window = sources[table.choice("window_source", sources)] if "window_source" in table.values else ""
    days: list[tuple[int, Asymptote]] = []
    if "days" in table.values:
        source, grade = sources[table.choice("days_source", sources)], table.choice("days_grade", GRADES)
        for day in table.tables("days"):
            days.append((_instant(day, "day"), _asymptote(day, source, grade)))
            day.finish()
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(days)):
        raise DefinitionError("the days do not follow each other", where=table.path("days"), remedy="Sort them, each day once")
    table.finish()
    return LaunchPlan(name, launcher, payload, liftoff, asymptote, separation, tuple(days), window, tuple(provenance))


def _figure(table: Table, key: str, sources: dict[str, str], provenance: list[Provenance]) -> float:
    inner = table.table(key)
    value, source, grade = inner.real("value", None), inner.choice("source", sources), inner.choice("grade", GRADES)
    if not 0.0 < value < inf:
        raise DefinitionError(f"{key} cannot be {value:g}", where=table.path(key), remedy="Give a finite number above zero")
    fitted = inner.flag("fitted", False)
    inner.finish()
    provenance.append(Provenance(table.path(key), value, sources[source], grade, fitted))
    return value


def _asymptote(table: Table, source: str, grade: str) -> Asymptote:
    c3, declination, ascension = (table.real(key, None) for key in ("c3_km2_s2", "declination_deg", "right_ascension_deg"))
    if not (0.0 < c3 < 200.0 and abs(declination) <= 90.0 and abs(ascension) <= 360.0):
        raise DefinitionError(
            f"no asymptote has C3 {c3:g} km2/s2, declination {declination:g} and right ascension {ascension:g} deg",
            where=table.where, remedy="C3 is above 0 and below 200 km2/s2",
        )  # fmt: skip
    return Asymptote(c3, radians(declination), radians(ascension), source, grade)


def _instant(table: Table, key: str) -> int:
    text = table.text(key)
    try:
        return tai_ns_from_utc(text if "T" in text else f"{text}T00:00:00")
    except TimeError as error:
        raise DefinitionError(f"{text!r} is not a UTC date: {error}", where=table.path(key)) from error
