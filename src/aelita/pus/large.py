"""Service 13: messages larger than a packet, in parts."""

from dataclasses import dataclass
from typing import Literal

from .parts import Maybe, Number, Numbers, Rest
from .rows import REPORT, REQUEST, Row

Position = Literal["first", "intermediate", "last", "repeated"]


@dataclass(frozen=True, slots=True)
class LargePart:
    """One part of a large message. `uplink` parts are requests, the others reports. Numbers begin with 1.

    `transaction` is None in missions that have only one large transfer at a time. Repeated parts exist in variant A only.
    """

    uplink: bool
    position: Position
    transaction: int | None
    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LargeAbort:
    """A large transfer ends early: `by_sender` by the one that sends it, else by its receiver."""

    uplink: bool
    by_sender: bool
    transaction: int | None
    reason: int


@dataclass(frozen=True, slots=True)
class LargeReceived:
    """Variant A: parts up to this number have arrived."""

    uplink: bool
    transaction: int | None
    number: int


@dataclass(frozen=True, slots=True)
class LargeMissing:
    """Variant A: these parts have not arrived."""

    uplink: bool
    transaction: int | None
    numbers: tuple[int, ...]


_TRANSACTION, _NUMBER = Maybe("transaction", "large_octets"), Number("number", "part_octets", "the part number")
_PART = (_TRANSACTION, _NUMBER, Rest("data"))
_ABORT = (_TRANSACTION, Number("reason", "failure_octets"))
_GOT = (_TRANSACTION, _NUMBER)
_LOST = (_TRANSACTION, Numbers("numbers", "part_octets"))
_PARTS: tuple[tuple[int, bool, Position, str], ...] = (
    (1, False, "first", "AC"), (2, False, "intermediate", "AC"), (3, False, "last", "AC"), (7, False, "repeated", "A"),
    (9, True, "first", "AC"), (10, True, "intermediate", "AC"), (11, True, "last", "AC"), (12, True, "repeated", "A"),
)  # fmt: skip
_ABORTS = ((4, False, True, "A", "K"), (8, False, False, "A", "K"), (13, True, True, "A", "K"), (16, True, False, "AC", "X"))


def _direction(request: bool) -> str:
    return REQUEST if request else REPORT


ROWS = (
    *(
        Row(13, subtype, variants, _direction(uplink), LargePart, _PART,
            f"{position} part, number {{m.number}}, of large message{{m.transaction:maybe}} sent {'up' if uplink else 'down'}",
            {"uplink": uplink, "position": position}, "K" if variants == "A" else "X")
        for subtype, uplink, position, variants in _PARTS
    ),
    *(
        Row(13, subtype, variants, _direction(uplink == by_sender), LargeAbort, _ABORT,
            f"abort of large message{{m.transaction:maybe}} sent {'up' if uplink else 'down'}, reason {{m.reason}}",
            {"uplink": uplink, "by_sender": by_sender}, grade)
        for subtype, uplink, by_sender, variants, grade in _ABORTS
    ),
    *(
        Row(13, subtype, "A", _direction(not uplink), LargeReceived, _GOT,
            "parts of large message{m.transaction:maybe} up to number {m.number} have arrived", {"uplink": uplink}, "K")
        for subtype, uplink in ((5, False), (14, True))
    ),
    *(
        Row(13, subtype, "A", _direction(not uplink), LargeMissing, _LOST,
            "parts {m.numbers:list} of large message{m.transaction:maybe} have not arrived", {"uplink": uplink}, "K")
        for subtype, uplink in ((6, False), (15, True))
    ),
)  # fmt: skip
