"""Spans of on-board time that requests of services 11 and 15 select by. Times are time fields as one number each."""

from dataclasses import dataclass

from .grammar import Parts
from .parts import Choice, Number


@dataclass(frozen=True, slots=True)
class Everything:
    """All of it, whatever the time."""

    def __str__(self) -> str:
        return "at any time"


@dataclass(frozen=True, slots=True)
class Between:
    """From the first time to the last one."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"from {self.first:#x} to {self.last:#x}"


@dataclass(frozen=True, slots=True)
class From:
    """From this time on."""

    first: int

    def __str__(self) -> str:
        return f"from {self.first:#x} on"


@dataclass(frozen=True, slots=True)
class UpTo:
    """Up to this time."""

    last: int

    def __str__(self) -> str:
        return f"up to {self.last:#x}"


Window = Everything | Between | From | UpTo

_FIRST: Parts = (Number("first", "time_octets"),)
_LAST: Parts = (Number("last", "time_octets"),)

WINDOW_C = Choice("window", ((0, Everything, ()), (1, Between, _FIRST + _LAST), (2, From, _FIRST), (3, UpTo, _LAST)))
WINDOW_A = Choice(  # no public source has the codes of variant A for open spans: they stay refused until the mission gives them
    "window",
    ((0, Everything, ()), (1, Between, _FIRST + _LAST), ("period_before_code", UpTo, _LAST), ("period_after_code", From, _FIRST)),
)
