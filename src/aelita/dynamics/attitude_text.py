"""Pointing laws of a mission as text: `navigation/attitude.toml` of its folder, read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, isfinite, radians

from ..errors import DefinitionError, TimeError, UsageError
from ..tables import Table
from ..time import tai_ns_from_utc
from .attitude import AIMS, Aim, Axis, BodyAxes, Phase, PointingLaw

AXES: Mapping[str, Axis] = {
    f"{sign}{name}": (value * (name == "X"), value * (name == "Y"), value * (name == "Z"))
    for sign, value in (("+", 1.0), ("-", -1.0)) for name in "XYZ"
}  # fmt: skip
LAST = 2**62


@dataclass(frozen=True, slots=True)
class Period:
    """From when until when (TAI nanoseconds) a law holds unless another is named."""

    start_tai_ns: int
    stop_tai_ns: int
    law: str


@dataclass(frozen=True, slots=True)
class AttitudeRules:
    """How spacecraft point: laws by name, when which of them holds, the greatest rate of slews, and what stands where on them.

    `structure` is the SPICE number by which attitudes are known, 0 where it is the spacecraft's times a thousand.
    """

    spacecraft: tuple[str, ...]
    structure: int
    most_rad_s: float
    axes: BodyAxes
    laws: Mapping[str, PointingLaw]
    periods: tuple[Period, ...]
    where: str = ""

    def law(self, name: str) -> PointingLaw:
        """Return a law by its name. Raises UsageError for one that is not there, with those that are."""
        if name not in self.laws:
            raise UsageError(f"there is no pointing law {name!r}", where=self.where, remedy=f"Laws: {', '.join(self.laws)}")
        return self.laws[name]

    def phases(self, start_tai_ns: int, stop_tai_ns: int) -> tuple[Phase, ...]:
        """Return the laws that hold between two instants. Raises UsageError where the file tells none for some of them."""
        found: list[Phase] = []
        reached = start_tai_ns
        for one in self.periods:
            if one.stop_tai_ns > reached and one.start_tai_ns <= reached <= stop_tai_ns:
                found.append(Phase(reached, self.law(one.law)))
                reached = one.stop_tai_ns
        if reached <= stop_tai_ns:
            raise UsageError(
                "the mission tells no pointing law for all of this time", where=self.where,
                remedy=f"Name one with --law: {', '.join(self.laws)}",
            )  # fmt: skip
        return tuple(found)


def read_attitude(text: str, where: str = "attitude.toml") -> tuple[AttitudeRules, ...]:
    """Return how the spacecraft of a text point. Raises DefinitionError, with file and key, for anything that does not fit."""
    table = Table.parse(text, where)
    found = tuple(_rules(one, where) for one in table.tables("spacecraft"))
    table.finish()
    names = [name for one in found for name in one.spacecraft]
    if len(set(names)) < len(names):
        raise DefinitionError("a spacecraft is described twice", where=where, remedy="Keep one")
    return found


def _rules(table: Table, where: str) -> AttitudeRules:
    keys = tuple(table.texts("keys"))
    structure = table.number("structure", 0, -(2**31) + 1, 0)
    rate = table.table("most_rate_deg_s")
    most, graded = rate.real("value", None), {"most_rate_deg_s": f"{rate.text('grade')}: {rate.text('source')}"}
    if not (isfinite(most) and 0 < most <= 360):
        raise DefinitionError(f"{most:g} is no rate", where=rate.path("value"), remedy="Give degrees a second, above 0")
    rate.finish()
    axes = {}
    for name in ("nadir_axis", "sun_axis", "antenna_axis", "array_axis"):
        one = table.table(name)
        axes[name] = _axis(one, "axis")
        graded[name] = f"{one.text('grade')}: {one.text('source')}"
        one.finish()
    laws = {}
    for one in table.tables("laws"):
        law = _law(one)
        if law.name in laws:
            raise DefinitionError(f"law {law.name!r} is there twice", where=one.path("name"))
        laws[law.name] = law
    periods = tuple(_period(one, laws) for one in table.tables("periods"))
    table.finish()
    for before, after in pairwise(periods):
        if after.start_tai_ns < before.stop_tai_ns:
            raise DefinitionError("periods overlap, or are not in order", where=where, remedy="Let each begin after the last")
    body = BodyAxes(axes["nadir_axis"], axes["sun_axis"], axes["antenna_axis"], axes["array_axis"], graded)
    return AttitudeRules(keys, structure, radians(most), body, laws, periods, where)


def _law(table: Table) -> PointingLaw:
    name = table.text("name")
    first, second = (_axis(table, f"{which}_axis") for which in ("primary", "secondary"))
    aims = [_aim(table, which) for which in ("primary", "secondary")]
    hold, grade, source = table.flag("hold", False), table.text("grade"), table.text("source")
    table.finish()
    return PointingLaw(name, first, aims[0], second, aims[1], hold, grade, source)


def _axis(table: Table, key: str) -> Axis:
    if isinstance(table.values.get(key), str):
        return AXES[table.choice(key, AXES)]
    x, y, z = table.reals(key, 3, None)
    if not 0 < hypot(x, y, z) < 1e9:
        raise DefinitionError("an axis has no length", where=table.path(key), remedy="Give +X, -Y or three numbers")
    return x, y, z


def _aim(table: Table, which: str) -> Aim:
    name = table.choice(which, AIMS)
    if name != "fixed":
        return Aim(name)
    x, y, z = table.reals(f"{which}_direction", 3, None)
    if not 0 < hypot(x, y, z) < 1e9:
        raise DefinitionError("a direction has no length", where=table.path(f"{which}_direction"))
    return Aim(name, (x, y, z))


def _period(table: Table, laws: Mapping[str, PointingLaw]) -> Period:
    law = table.choice("law", laws)
    start, stop = table.text("start"), table.text("stop", "")
    try:
        found = Period(tai_ns_from_utc(start), tai_ns_from_utc(stop) if stop else LAST, law)
    except TimeError as error:
        raise DefinitionError(error.what, where=table.path("start"), remedy="Write UTC: 2018-04-09") from error
    if found.stop_tai_ns <= found.start_tai_ns:
        raise DefinitionError("a period ends before it begins", where=table.path("stop"))
    table.finish()
    return found
