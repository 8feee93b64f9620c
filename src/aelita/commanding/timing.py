"""When a command goes, arrives and is executed, and when Earth can know of it at the earliest: light time as a type.

All times are TAI nanoseconds. Light times come as functions, since who knows where things are stands above this room.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class LightPaths:
    """Light times (ns) between a station and a spacecraft: `up` of what leaves the station at an instant, `down` of what leaves
    the spacecraft at an instant for the station that listens.
    """

    up: Callable[[int], int]
    down: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class CommandTimes:
    """The times of one command: released on Earth, on the air, at the spacecraft, executed, and first known on Earth.

    `evidence_ns` is when the first evidence of its execution can reach Earth, `acceptance_ns` that of its arrival.
    """

    release_ns: int
    radiation_start_ns: int
    radiation_stop_ns: int
    arrival_ns: int
    arrival_stop_ns: int
    execution_ns: int
    acceptance_ns: int
    evidence_ns: int

    @property
    def first_arrival_ns(self) -> int:
        """When it can be at the spacecraft at the earliest: radiated as soon as it was released."""
        return self.release_ns + self.arrival_ns - self.radiation_start_ns

    def ended(self, stop_ns: int) -> "CommandTimes":
        """Return the times if its radiation ends at another instant, near enough that light takes as long."""
        later, arrived = stop_ns - self.radiation_stop_ns, self.arrival_stop_ns
        at_once = later if self.execution_ns == arrived else 0  # else it is executed when it was said
        return replace(
            self, radiation_stop_ns=stop_ns, arrival_stop_ns=arrived + later, execution_ns=self.execution_ns + at_once,
            acceptance_ns=self.acceptance_ns + later, evidence_ns=self.evidence_ns + at_once,
        )  # fmt: skip

    @property
    def up_s(self) -> float:
        """One-way light time up, seconds."""
        return (self.arrival_ns - self.radiation_start_ns) / 1e9

    @property
    def round_trip_s(self) -> float:
        """From the first bit on the air to the first evidence of arrival, seconds."""
        return (self.acceptance_ns - self.radiation_start_ns) / 1e9


def command_times(
    release_ns: int, radiation_start_ns: int, duration_ns: int, paths: LightPaths, execute_ns: int | None = None
) -> CommandTimes:
    """Return the times of a command that begins to be radiated at an instant and takes `duration_ns` on the air.

    It is executed when its last bit is there, or at `execute_ns`. Raises UsageError when it would arrive after that.
    """
    if radiation_start_ns < release_ns or duration_ns < 0:
        raise UsageError("a command cannot be on the air before it is released", remedy="Give a later start of radiation")
    stop = radiation_start_ns + duration_ns
    arrival, arrival_stop = (at + paths.up(at) for at in (radiation_start_ns, stop))
    if execute_ns is not None and execute_ns < arrival_stop:
        late_s = (arrival_stop - execute_ns) / 1e9
        raise UsageError(
            f"the command would arrive {late_s:.3f} s after it is to be executed", remedy="Release it earlier or execute it later"
        )
    execution = arrival_stop if execute_ns is None else execute_ns
    return CommandTimes(
        release_ns,
        radiation_start_ns,
        stop,
        arrival,
        arrival_stop,
        execution,
        arrival_stop + paths.down(arrival_stop),
        execution + paths.down(execution),
    )
