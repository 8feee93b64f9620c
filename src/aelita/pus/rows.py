"""One row of the table of messages, and the sentences that say what a message does."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .grammar import Parts

REQUEST, REPORT = "request", "report"
GRADES = {
    "V": "octets compared with packets that nobody here made",
    "X": "structure read in at least one public implementation or model",
    "K": "from knowledge of the standard alone: check against the book before flight",
}
SHOWN = 6  # items of a list that a sentence names

Says = str | Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Row:
    """What messages of one type and subtype are: their class, the order of their fields and the sentence about them.

    `fixed` are attributes that the subtype decides. `says` is a format of the attributes, or a function of the message.
    """

    service: int
    subtype: int
    variants: str
    direction: str
    type: type
    parts: Parts
    says: Says
    fixed: Mapping[str, Any]
    grade: str

    @property
    def name(self) -> str:
        """Service and subtype, as `Widths.counts` writes them."""
        return f"{self.service},{self.subtype}"

    def graded(self, variant: str) -> str:
        """Return how well the structure is known in a variant; what public models say is said of variant C."""
        return "K" if variant == "A" and self.grade == "X" else self.grade

    def holds(self, message: object) -> bool:
        """Return whether this row is that of a message."""
        return isinstance(message, self.type) and all(getattr(message, key) == value for key, value in self.fixed.items())


def request(
    service: int, subtype: int, kind: type, parts: Parts, says: Says, *, grade: str = "X", variants: str = "AC", **fixed: Any
) -> Row:
    """Return a row for a request, which the ground sends."""
    return Row(service, subtype, variants, REQUEST, kind, parts, says, fixed, grade)


def report(
    service: int, subtype: int, kind: type, parts: Parts, says: Says, *, grade: str = "X", variants: str = "AC", **fixed: Any
) -> Row:
    """Return a row for a report, which the spacecraft sends."""
    return Row(service, subtype, variants, REPORT, kind, parts, says, fixed, grade)


class _Sentence(string.Formatter):
    """Fills sentences: `n` counts, `list` joins, `all things` says so for an empty list, `hex` shows octets, `on` says enable."""

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "n":
            return str(len(value))
        if spec == "list" or spec.startswith("all "):
            noun = spec.removeprefix("list").removeprefix("all ")
            if not value:
                return f"all {noun}" if noun else "none"
            more = f" and {len(value) - SHOWN} more" if len(value) > SHOWN else ""
            return f"{noun} {', '.join(str(item) for item in value[:SHOWN])}{more}".lstrip()
        if spec == "maybe":
            return "" if value is None else f" {value}"
        if spec == "hex":
            return value.hex() if value else "none"
        if spec == "on":
            return "enable" if value else "disable"
        return str(super().format_field(value, spec))


SENTENCE = _Sentence()


def sentence(row: Row, message: object) -> str:
    """Return what a message of this row does, in one sentence for people."""
    if callable(row.says):
        return row.says(message)
    return SENTENCE.format(row.says, m=message)
