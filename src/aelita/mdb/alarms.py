"""Static and context alarms of a parameter, in XTCE's five severities above normal."""

from dataclasses import dataclass
from enum import IntEnum

from .conditions import Condition


class Severity(IntEnum):
    """How far from normal a value is; a larger number is worse."""

    NORMAL = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5


@dataclass(frozen=True, slots=True)
class NormalRange:
    """Values inside are below `severity`; None leaves a side open. With `outside` false the range itself is the alarm."""

    severity: Severity
    minimum: float | None = None
    maximum: float | None = None
    minimum_exclusive: bool = False
    maximum_exclusive: bool = False
    outside: bool = True


@dataclass(frozen=True, slots=True)
class Alarm:
    """One set of rules: numeric ranges, labels, strings, conditions or rates of change, each with its severity.

    `min_violations` samples in a row must violate before the alarm stands, `min_conformances` must conform before it ends.
    `change_ranges` judge the change since the previous sample, per second when `change_per_second`.
    """

    ranges: tuple[NormalRange, ...] = ()
    labels: tuple[tuple[str, Severity], ...] = ()
    default_label_severity: Severity = Severity.NORMAL
    patterns: tuple[tuple[str, Severity], ...] = ()  # regular expressions on the whole text, the first that matches counts
    conditions: tuple[tuple[Condition, Severity], ...] = ()
    change_ranges: tuple[NormalRange, ...] = ()
    change_per_second: bool = True
    min_violations: int = 1
    min_conformances: int = 1


@dataclass(frozen=True, slots=True)
class AlarmRules:
    """The alarm that holds: the first context alarm whose condition is true, else the default."""

    default: Alarm | None = None
    contexts: tuple[tuple[Condition, Alarm], ...] = ()


NO_ALARMS = AlarmRules()
