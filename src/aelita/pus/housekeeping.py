"""Service 3: which parameters are reported, how often, and the reports."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .parts import Flag, Many, Number, Numbers, Rest
from .rows import Row, report, request

StructuresAction = Literal["delete", "enable", "disable", "report", "generate", "report generation of"]


@dataclass(frozen=True, slots=True)
class HousekeepingReport:
    """Service 3, subtypes 25 (housekeeping) and 26 (diagnostic): the parameters of one structure, undecoded."""

    diagnostic: bool
    structure: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SampledOften:
    """Parameters that a report holds several times: `repetitions` samples of each."""

    repetitions: int
    parameters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CreateStructure:
    """Define a report structure. `interval` is counted in the mission's minimum sampling intervals."""

    diagnostic: bool
    structure: int
    interval: int
    parameters: tuple[int, ...]
    often: tuple[SampledOften, ...] = ()


@dataclass(frozen=True, slots=True)
class StructuresRequest:
    """Do something with report structures: delete, enable, disable, report their definition, generate one report, ..."""

    action: StructuresAction
    diagnostic: bool
    structures: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StructureReport:
    """The definition of a report structure. `enabled` is None where reports do not say it, as in variant A."""

    diagnostic: bool
    structure: int
    enabled: bool | None
    interval: int
    parameters: tuple[int, ...]
    often: tuple[SampledOften, ...] = ()


@dataclass(frozen=True, slots=True)
class AppendParameters:
    """Add parameters to a report structure."""

    diagnostic: bool
    structure: int
    parameters: tuple[int, ...]
    often: tuple[SampledOften, ...] = ()


@dataclass(frozen=True, slots=True)
class StructureInterval:
    """A report structure and its new collection interval."""

    structure: int
    interval: int


@dataclass(frozen=True, slots=True)
class ChangeIntervals:
    """Change how often structures are collected."""

    diagnostic: bool
    intervals: tuple[StructureInterval, ...]


@dataclass(frozen=True, slots=True)
class Generation:
    """Whether a structure is reported periodically, and how often."""

    structure: int
    enabled: bool
    interval: int


@dataclass(frozen=True, slots=True)
class GenerationReport:
    """How structures are generated."""

    diagnostic: bool
    generations: tuple[Generation, ...]


_SID = Number("structure", "structure_octets", "the structure id")
_INTERVAL = Number("interval", "interval_octets")
_PARAMETERS = Numbers("parameters", "parameter_octets")
_OFTEN = Many("often", SampledOften, (Number("repetitions", "repetition_octets"), _PARAMETERS), "group")
_CONTENT = (_PARAMETERS, _OFTEN)
_STATUS = Flag("enabled", "structure_status_octets", optional=True)
_ACTIONS: dict[StructuresAction, tuple[int, int, str]] = {  # subtypes for housekeeping and diagnostic structures
    "delete": (3, 4, "AC"),
    "enable": (5, 7, "AC"),
    "disable": (6, 8, "AC"),
    "report": (9, 11, "AC"),
    "generate": (27, 28, "C"),
    "report generation of": (33, 34, "C"),
}


def _rows(diagnostic: bool) -> Iterator[Row]:
    k = int(diagnostic)
    d: dict[str, Any] = {"diagnostic": diagnostic}
    word = "diagnostic" if diagnostic else "housekeeping"
    yield request(
        3, 1 + k, CreateStructure, (_SID, _INTERVAL, *_CONTENT),
        f"define {word} structure {{m.structure}} of {{m.parameters:n}} parameters every {{m.interval}} intervals", **d,
    )  # fmt: skip
    for action, (*subtypes, variants) in _ACTIONS.items():
        yield request(
            3, int(subtypes[k]), StructuresRequest, (Numbers("structures", "structure_octets"),),
            f"{action} {word} structures {{m.structures:list}}", variants=str(variants), action=action, **d,
        )  # fmt: skip
    defined = f"{word} structure {{m.structure}} holds {{m.parameters:n}} parameters every {{m.interval}} intervals"
    yield report(3, 10 + 2 * k, StructureReport, (_SID, _STATUS, _INTERVAL, *_CONTENT), defined, variants="C", **d)
    yield report(
        3, 10 + 2 * k, StructureReport, (_SID, _INTERVAL, *_CONTENT), defined, variants="A", grade="K", enabled=None, **d
    )
    says = f"{word} structure {{m.structure}}, "
    yield report(
        3, 25 + k, HousekeepingReport, (_SID, Rest("data")), lambda m: f"{says.format(m=m)}{len(m.data)} octets", grade="V", **d
    )
    yield request(
        3, 29 + k, AppendParameters, (_SID, *_CONTENT), f"add {{m.parameters:n}} parameters to {word} structure {{m.structure}}",
        variants="C", **d,
    )  # fmt: skip
    yield request(
        3, 31 + k, ChangeIntervals, (Many("intervals", StructureInterval, (_SID, _INTERVAL), "structure"),),
        f"change the interval of {{m.intervals:n}} {word} structures", variants="C", **d,
    )  # fmt: skip
    yield report(
        3, 35 + k, GenerationReport, (Many("generations", Generation, (_SID, Flag("enabled"), _INTERVAL), "structure"),),
        f"how {{m.generations:n}} {word} structures are generated", variants="C", **d,
    )  # fmt: skip


ROWS = (*_rows(False), *_rows(True))
