"""What goes wrong in a campaign of aerobraking: storms, lost commands, burns that fail, safe mode; to see who then acts.

They are given to `fly` beside the plan. Neither planner nor spacecraft knows them before: the forecast learns of a storm from
passes, the spacecraft by itself raises periapsis after a strong one, and leaves the air when it has heard nothing for too long.
"""

from dataclasses import dataclass

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Storm:
    """Air that is denser by a factor from an epoch to another, as in a dust storm."""

    begins_tai_ns: int
    ends_tai_ns: int
    factor: float = 2.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which no command reaches the spacecraft: no trim, no step, no pause; what it does by itself it still does."""

    begins_tai_ns: int
    ends_tai_ns: int


@dataclass(frozen=True, slots=True)
class FailedBurn:
    """The first burn at or after an epoch gives a part only of its change of speed: 0 is none, 1.2 a fifth too much."""

    at_tai_ns: int
    part: float = 0.0


@dataclass(frozen=True, slots=True)
class SafeMode:
    """The spacecraft gives up its sequence at an epoch: it leaves the air at the next apoapsis; no command acts until the end."""

    begins_tai_ns: int
    ends_tai_ns: int


Upset = Storm | Silence | FailedBurn | SafeMode


class Troubles:
    """Upsets of a flight under way. Raises UsageError for spans that end before they begin and factors that are none."""

    def __init__(self, upsets: tuple[Upset, ...]) -> None:
        for each in upsets:
            wrong = (not -1 <= each.part <= 3 if isinstance(each, FailedBurn) else each.ends_tai_ns <= each.begins_tai_ns) or (
                isinstance(each, Storm) and not 0.01 <= each.factor <= 100
            )
            if wrong:
                raise UsageError(
                    f"upset {each}", remedy="Spans end after they begin, densities change by 0.01 to 100, burns give -1 to 3"
                )
        self.any = bool(upsets)
        self.storms = [each for each in upsets if isinstance(each, Storm)]
        self.quiet = [each for each in upsets if isinstance(each, Silence | SafeMode)]
        self.failing = sorted((each for each in upsets if isinstance(each, FailedBurn)), key=lambda each: each.at_tai_ns)
        self.falling = sorted((each for each in upsets if isinstance(each, SafeMode)), key=lambda each: each.begins_tai_ns)

    def density(self, at_tai_ns: int) -> float:
        """Return the factor of storms at an epoch."""
        factor = 1.0
        for each in self.storms:
            if each.begins_tai_ns <= at_tai_ns < each.ends_tai_ns:
                factor *= each.factor
        return factor

    def silent(self, at_tai_ns: int) -> bool:
        """Say whether commands are lost at an epoch."""
        return any(each.begins_tai_ns <= at_tai_ns < each.ends_tai_ns for each in self.quiet)

    def part(self, at_tai_ns: int) -> float:
        """Return which part of a burn at an epoch is made, and forget the failure."""
        if self.failing and at_tai_ns >= self.failing[0].at_tai_ns:
            return self.failing.pop(0).part
        return 1.0

    def falls(self, at_tai_ns: int) -> bool:
        """Say whether safe mode has come since the last apoapsis, once for each."""
        if self.falling and at_tai_ns >= self.falling[0].begins_tai_ns:
            self.falling.pop(0)
            return True
        return False
