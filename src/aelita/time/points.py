"""What a live clock correlation takes and tells: time points, the rules of a mission, indications, and the state of the clock."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from ..errors import DefinitionError
from ..tables import Table
from .scales import SECOND

LEAST_POINTS = 32


@dataclass(frozen=True, slots=True)
class TimePoint:
    """On-board ticks at an event, and when the signal of it was received on Earth (TAI nanoseconds).

    `light_s` is the one-way light time, `delay_s` that of the station from antenna to time tag; `error_s` bounds what is wrong
    with them and does not average out, such as the orbit of a spacecraft whose light time is that of its planet.
    """

    ticks: int
    received: int
    light_s: float
    delay_s: float = 0.0
    error_s: float = 0.0
    station: str = ""

    @property
    def emitted(self) -> int:
        """When the signal left the spacecraft, TAI nanoseconds."""
        return self.received - round((self.light_s + self.delay_s) * SECOND)


@dataclass(frozen=True, slots=True)
class CorrelationRules:
    """How a mission's clock is correlated. The defaults are assumed, for an oscillator without oven and 4 octets of seconds.

    `onboard_delay_s` is the time from the event that the ticks tell to the emission at the antenna. `noise_s` is one sigma of a
    point, `tolerance_s` the departure from a line that matters, `rejection` how many sigmas are allowed besides. `confirm` points
    in agreement make a jump believed; from `partition_jump_s` on it begins a partition. `rate_error` is how far the rate may be
    from 1, `rate_change_per_day` how much it may change: what each time correlation packet of TGO foretold of the next in seven
    years was off by less than the default allows in nine of ten cases (em16_tgo_step_20210611.tsc, `test_correlating.py`).
    """

    onboard_delay_s: float = 0.0
    noise_s: float = 1e-4
    tolerance_s: float = 1e-3
    rejection: float = 5.0
    confirm: int = 3
    partition_jump_s: float = 1.0
    rate_error: float = 2e-5
    rate_change_per_day: float = 1e-8
    most_seconds: int = 2**32
    most_points: int = 128

    @property
    def rate_change_per_s(self) -> float:
        """How much the rate may change in a second."""
        return self.rate_change_per_day / 86_400

    @property
    def longest_s(self) -> float:
        """How long a line can stand for the clock: a parabola of that rate of change leaves its ends by one sigma of a point."""
        return sqrt(12 * self.noise_s / self.rate_change_per_s)

    @staticmethod
    def from_table(table: Table) -> "CorrelationRules":
        """Return the rules that a table of a definition file gives. Raises DefinitionError."""
        usual = CorrelationRules()
        reals = (
            "onboard_delay_s",
            "noise_s",
            "tolerance_s",
            "rejection",
            "partition_jump_s",
            "rate_error",
            "rate_change_per_day",
        )
        values: dict[str, Any] = {name: table.real(name, getattr(usual, name)) for name in reals}
        values["confirm"] = table.number("confirm", usual.confirm, 2, 100)
        values["most_seconds"] = table.number("most_seconds", usual.most_seconds, 2, 2**40)
        values["most_points"] = table.number("most_points", usual.most_points, LEAST_POINTS, 100_000)
        table.finish()
        for name in reals[1:]:
            if not values[name] > 0:
                raise DefinitionError(f"{values[name]} is not above zero", where=table.path(name))
        return CorrelationRules(**values)


@dataclass(frozen=True, slots=True)
class PointUsed:
    """A point joined the present segment; `residual_s` is its time less that of the clock before it."""

    point: TimePoint
    residual_s: float


@dataclass(frozen=True, slots=True)
class PointRejected:
    """A point was left out, and why."""

    point: TimePoint
    residual_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class SegmentBegun:
    """The line that held no longer does. `reason` is `first`, `rate`, `age`, `step` or `reset`, `jump_s` time less the old clock.

    `age` is no fault: one line has held as long as one may.
    """

    at: int
    reason: str
    jump_s: float
    partition: int


Indication = PointUsed | PointRejected | SegmentBegun


@dataclass(frozen=True, slots=True)
class ClockHealth:
    """How well a clock is known at an instant: `error_s` is what its times should be within (3 sigma, bounds and drift).

    `rate` is seconds per second of the clock less 1, `rate_sigma` its uncertainty, `sigma_s` the scatter of the points.
    """

    error_s: float
    rate: float
    rate_sigma: float
    sigma_s: float
    points: int
    last_point: int
    age_s: float
    segments: int
    partition: int
    rejected: int
