"""How keyword tables are written: one row a keyword, for the reader, the writer and the checks, in KVN and in XML alike.

A row is `NAME kind need [unit] [>=version] [<=version]`. Kinds: `t` text, `e` epoch in the message's time system, `u` epoch in
UTC, `r` epoch or seconds past EPOCH_TZERO, `f` number, `i` integer, `v` numbers, `x` rotation sequence, `s` time system, or
`=A|B` one of these words (a blank is written `_`). Need: `M` mandatory in its section, `O` not. `NAME_n` stands for 1 to 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

USER = "USER_DEFINED_"


def number_of(version: str) -> tuple[int, ...]:
    """Return `3.0` as (3, 0), for comparison."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Keyword:
    """One row of a keyword table; `since` and `until` are versions, empty for no limit."""

    name: str
    kind: str
    mandatory: bool
    unit: str = ""
    since: str = ""
    until: str = ""
    choices: tuple[str, ...] = ()

    def holds_in(self, version: str) -> bool:
        """Return whether a message of this version may have the keyword."""
        asked = number_of(version)
        return not (self.since and asked < number_of(self.since)) and not (self.until and asked > number_of(self.until))


@dataclass(frozen=True)
class Section:
    """A block of a message: its keywords, and where it stands in either form.

    `name` is the XML element and the block's name in the model; `bare` sections have no element of their own. `stem` is that of
    the KVN delimiters (`META` for META_START and META_STOP), empty where the keywords alone tell the block. `rows` names the kind
    of data lines and `line` the XML element of one; `wraps` are XML elements around some of the keywords.
    """

    name: str
    keywords: Mapping[str, Keyword] = field(default_factory=dict)
    stem: str = ""
    mandatory: bool = False
    many: bool = False
    user: bool = False
    rows: str = ""
    line: str = ""
    bare: bool = False
    wraps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sections: tuple["Section", ...] = ()
    element: str = ""

    @property
    def tag(self) -> str:
        """The XML element, where it differs from the name."""
        return self.element or self.name

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each keyword stands in the table."""
        return {name: place for place, name in enumerate(self.keywords)}

    def takes(self, keyword: str) -> bool:
        """Return whether the keyword belongs here, in some version."""
        return keyword in self.keywords or (self.user and keyword.startswith(USER) and keyword != USER)


@dataclass(frozen=True)
class Standard:
    """One message of one family of versions."""

    kind: str
    versions: tuple[str, ...]
    header: Section
    metadata: Section
    data: tuple[Section, ...]
    segments: tuple[int, int] = (1, 1)
    lead: Section | None = None  # between header and segments
    scale: str = ""  # time system where the metadata name none
    units: bool = True  # whether units are written beside values
    long: str = ""

    @property
    def version_keyword(self) -> str:
        """The keyword of the first line."""
        return f"CCSDS_{self.kind}_VERS"

    @cached_property
    def undelimited(self) -> tuple[Section, ...]:
        """The sections that KVN tells by their keywords alone, in order."""
        lead = () if self.lead is None else (self.lead,)
        return tuple(s for s in (self.header, *lead, self.metadata, *self.data) if not s.stem and not s.rows)

    @cached_property
    def delimited(self) -> dict[str, Section]:
        """The sections between KVN delimiters, by stem."""
        return {section.stem: section for section in (self.metadata, *self.data) if section.stem}


def keywords(*tables: str) -> Mapping[str, Keyword]:
    """Return the keywords of table texts, in order."""
    rows = [row.split() for table in tables for row in table.strip().splitlines()]
    found = [_keyword(name, *row[1:]) for row in rows for name in _names(row[0])]
    return MappingProxyType({keyword.name: keyword for keyword in found})


def _names(name: str) -> list[str]:
    return [name[:-1] + str(n) for n in range(1, 6)] if name.endswith("_n") else [name]


def _keyword(name: str, kind: str, need: str, *rest: str) -> Keyword:
    choices = tuple(word.replace("_", " ") for word in kind[1:].split("|")) if kind.startswith("=") else ()
    since = next((word[2:] for word in rest if word.startswith(">=")), "")
    until = next((word[2:] for word in rest if word.startswith("<=")), "")
    unit = next((word for word in rest if word[:2] not in {">=", "<="}), "")
    return Keyword(name, "=" if choices else kind, need == "M", unit, since, until, choices)


COMMON_HEADER = """
CLASSIFICATION t O >=3.0
CREATION_DATE u M
ORIGINATOR t M
MESSAGE_ID t O >=3.0
"""


def covariance(axes: tuple[str, ...], rates: tuple[str, ...], unit: str, need: str) -> str:
    """Return table rows of the lower triangle of a 6x6 covariance: C<row>_<column>, in unit**2, unit**2/s, unit**2/s**2."""
    names = (*axes, *rates)
    units = (f"{unit}**2", f"{unit}**2/s", f"{unit}**2/s**2")
    return "\n".join(
        f"C{names[row]}_{names[column]} f {need} {units[(row > 2) + (column > 2)]}"
        for row in range(6)
        for column in range(row + 1)
    )


CARTESIAN = covariance(("X", "Y", "Z"), ("X_DOT", "Y_DOT", "Z_DOT"), "km", "M")
STATE = """
X f M km
Y f M km
Z f M km
X_DOT f M km/s
Y_DOT f M km/s
Z_DOT f M km/s
"""
