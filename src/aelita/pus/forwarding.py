"""Service 14: which reports are forwarded to the ground as they arise."""

from dataclasses import dataclass
from typing import Any

from .parts import Many, Maybe, Number, Numbers
from .rows import Row, report, request


@dataclass(frozen=True, slots=True)
class ServiceTypes:
    """Message subtypes of one service (none: all)."""

    service: int
    subtypes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessTypes:
    """Report types of one application process (none: all)."""

    apid: int
    services: tuple[ServiceTypes, ...] = ()


@dataclass(frozen=True, slots=True)
class ForwardTypes:
    """Forward these report types, or no longer. In variant A: enable or disable their forwarding."""

    added: bool
    processes: tuple[ProcessTypes, ...]


@dataclass(frozen=True, slots=True)
class AskForwarding:
    """Ask what is forwarded: report types, housekeeping or diagnostic structures, or events that are held back."""

    subject: str  # types, housekeeping, diagnostic, events


@dataclass(frozen=True, slots=True)
class ForwardedTypes:
    """The report types that are forwarded."""

    processes: tuple[ProcessTypes, ...]


@dataclass(frozen=True, slots=True)
class ForwardedStructure:
    """A report structure, of which every `subsampling`-th report is forwarded; None in missions without subsampling."""

    structure: int
    subsampling: int | None = None


@dataclass(frozen=True, slots=True)
class ProcessStructures:
    """Report structures of one application process."""

    apid: int
    structures: tuple[ForwardedStructure, ...]


@dataclass(frozen=True, slots=True)
class ProcessEvents:
    """Events of one application process."""

    apid: int
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ForwardStructures:
    """Forward these structures, or no longer."""

    added: bool
    diagnostic: bool
    processes: tuple[ProcessStructures, ...]


@dataclass(frozen=True, slots=True)
class ForwardedStructures:
    """The structures that are forwarded."""

    diagnostic: bool
    processes: tuple[ProcessStructures, ...]


@dataclass(frozen=True, slots=True)
class HoldEvents:
    """Hold back these events (`added`), or no longer."""

    added: bool
    processes: tuple[ProcessEvents, ...]


@dataclass(frozen=True, slots=True)
class HeldEvents:
    """The events that are held back."""

    processes: tuple[ProcessEvents, ...]


_APID = Number("apid", "apid_octets", "the APID")
_SERVICE = (Number("service", "service_octets"), Numbers("subtypes", "service_octets"))
PROCESS_TYPES = Many("processes", ProcessTypes, (_APID, Many("services", ServiceTypes, _SERVICE, "service")), "process")
_SID = Number("structure", "structure_octets", "the structure id")
_SAMPLED = Many("structures", ForwardedStructure, (_SID, Maybe("subsampling", "subsampling_octets")), "structure")
_PLAIN = Many("structures", ForwardedStructure, (_SID,), "structure")
_EVENTS = Many("processes", ProcessEvents, (_APID, Numbers("events", "event_octets")), "process")
_WORDS = {True: "diagnostic", False: "housekeeping"}


def _structures(first: int, diagnostic: bool) -> tuple[Row, ...]:
    fixed: dict[str, Any] = {"diagnostic": diagnostic}
    word = _WORDS[diagnostic]
    sampled, plain = (Many("processes", ProcessStructures, (_APID, which), "process") for which in (_SAMPLED, _PLAIN))
    return (
        request(14, first, ForwardStructures, (sampled,), f"forward {word} structures of {{m.processes:n}} processes",
                variants="C", added=True, **fixed),
        request(14, first + 1, ForwardStructures, (plain,), f"no longer forward {word} structures of {{m.processes:n}} processes",
                variants="C", added=False, **fixed),
        request(14, first + 2, AskForwarding, (), f"report which {word} structures are forwarded", variants="C", subject=word),
        report(14, first + 3, ForwardedStructures, (sampled,), f"{word} structures of {{m.processes:n}} processes are forwarded",
               variants="C", **fixed),
    )  # fmt: skip


ROWS = (
    request(14, 1, ForwardTypes, (PROCESS_TYPES,), "forward report types of {m.processes:n} processes", added=True),
    request(14, 2, ForwardTypes, (PROCESS_TYPES,), "no longer forward report types of {m.processes:n} processes", added=False),
    request(14, 3, AskForwarding, (), "report which report types are forwarded", subject="types"),
    report(14, 4, ForwardedTypes, (PROCESS_TYPES,), "report types of {m.processes:n} processes are forwarded"),
    *_structures(5, False),
    *_structures(9, True),
    request(14, 13, HoldEvents, (_EVENTS,), "no longer hold back events of {m.processes:n} processes", variants="C", added=False),
    request(14, 14, HoldEvents, (_EVENTS,), "hold back events of {m.processes:n} processes", variants="C", added=True),
    request(14, 15, AskForwarding, (), "report which events are held back", variants="C", subject="events"),
    report(14, 16, HeldEvents, (_EVENTS,), "events of {m.processes:n} processes are held back", variants="C"),
)  # fmt: skip
