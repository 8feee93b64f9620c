"""Limits and calibrations that people override for a time: what is allowed, and which hold now."""

import math
from itertools import pairwise

from ..errors import UsageError
from .records import CalibrationSet, LimitSet, Overridden, OverrideEnded
from .states import SEVERITIES

MOST_TERMS = 64
Key = tuple[str, str, str]  # spacecraft, parameter, kind


def kind_of(new: LimitSet | CalibrationSet) -> str:
    """Return `limits` or `calibration`."""
    return "limits" if isinstance(new, LimitSet) else "calibration"


def check_override(new: LimitSet | CalibrationSet, where: str = "override") -> None:
    """Refuse limits that contradict each other and calibrations that calibrate nothing. Raises UsageError."""
    if isinstance(new, LimitSet):
        _check_limits(new, where)
    else:
        _check_calibration(new, where)


def _check_limits(new: LimitSet, where: str) -> None:
    severities = [band.severity for band in new.bands]
    if len(set(severities)) != len(severities) or not all(1 <= severity < len(SEVERITIES) for severity in severities):
        raise UsageError("each severity from 1 (watch) to 5 (severe) can have one range", where=where)
    last_minimum, last_maximum = math.inf, -math.inf
    for band in sorted(new.bands, key=lambda one: one.severity):
        low = -math.inf if band.minimum is None else band.minimum
        high = math.inf if band.maximum is None else band.maximum
        word = SEVERITIES[band.severity]
        if band.minimum is None and band.maximum is None:
            raise UsageError(f"the range of {word} has no end", where=where, remedy="Give a minimum or a maximum")
        if not (math.isfinite(band.minimum or 0.0) and math.isfinite(band.maximum or 0.0)) or low >= high:
            raise UsageError(f"the range of {word} from {low:g} to {high:g} is not in order", where=where)
        if low > last_minimum or high < last_maximum:
            raise UsageError(
                f"the range of {word} from {low:g} to {high:g} must hold that of the milder severity", where=where,
                remedy="Ranges of graver severities are wider",
            )  # fmt: skip
        last_minimum, last_maximum = min(last_minimum, low), max(last_maximum, high)


def _check_calibration(new: CalibrationSet, where: str) -> None:
    numbers = [*new.coefficients, *(number for point in new.points for number in point)]
    if bool(new.coefficients) is bool(new.points) or len(numbers) > 2 * MOST_TERMS:
        raise UsageError(f"a calibration has coefficients or points, at most {MOST_TERMS}", where=where)
    if not all(math.isfinite(number) for number in numbers):
        raise UsageError("a calibration must have finite numbers", where=where)
    raw = [point[0] for point in new.points]
    if new.points and (len(raw) < 2 or any(a >= b for a, b in pairwise(raw))):
        raise UsageError("points must be two at least, and their raw values must rise", where=where)


class Overrides:
    """The overrides that were made and have not ended."""

    def __init__(self) -> None:
        self._held: dict[Key, Overridden] = {}
        self._by: dict[Key, str] = {}

    def apply(self, body: Overridden | OverrideEnded, who: str = "") -> None:
        """Take a record in, and who made it."""
        if isinstance(body, Overridden):
            key = body.spacecraft, body.parameter, kind_of(body.new)
            self._held[key], self._by[key] = body, who
        else:
            key = body.spacecraft, body.parameter, body.kind
            self._held.pop(key, None)
            self._by.pop(key, None)

    def overrides_at(self, now: int) -> tuple[Overridden, ...]:
        """Return those in force at a time (TAI ns): past its end, the database's definition holds, recorded or not."""
        return tuple(one for _, one in sorted(self._held.items()) if now < one.until)

    def expired(self, now: int) -> list[Overridden]:
        """Return those whose end has passed and is not yet recorded."""
        return [one for _, one in sorted(self._held.items()) if now >= one.until]

    def get(self, spacecraft: str, parameter: str, kind: str) -> Overridden | None:
        """Return the override of a parameter, None when there is none."""
        return self._held.get((spacecraft, parameter, kind))

    def made_by(self, one: Overridden) -> str:
        """Return who made an override, nothing when it is not known."""
        return self._by.get((one.spacecraft, one.parameter, kind_of(one.new)), "")

    def next_deadline(self) -> int | None:
        """Return when the next one ends (TAI ns)."""
        return min((one.until for one in self._held.values()), default=None)
