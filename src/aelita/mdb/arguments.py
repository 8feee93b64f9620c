"""What is wrong with the arguments of a command: every fault by name, all of them told at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..errors import UsageError


class Fault(Enum):
    """Kinds of faults of arguments."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    FIXED = "fixed"  # given, though the command fixes it or its sender fills it
    TYPE = "wrong type"
    RANGE = "out of range"
    LABEL = "no such label"
    AMBIGUOUS = "ambiguous"
    REPRESENTATION = "cannot be represented"
    SIZE = "wrong size"


@dataclass(frozen=True, slots=True)
class ArgumentProblem:
    """One fault of one argument (with member or element: `table[2].x`), in words with the value and what is lawful."""

    argument: str
    fault: Fault
    what: str

    def __str__(self) -> str:
        return f"{self.argument}: {self.what}"


class CommandError(UsageError):
    """A command cannot be encoded as asked; `problems` are all faults of its arguments."""

    def __init__(self, command: str, problems: Iterable[ArgumentProblem], *, remedy: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)), where=command, remedy=remedy)


class Refused(Exception):  # noqa: N818
    """A value cannot be taken, for this reason."""

    def __init__(self, fault: Fault, what: str) -> None:
        super().__init__(what)
        self.fault, self.what = fault, what
