"""The one clock of a complex: what time it is for all its services, whether space is now or a recording that is played again."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ...errors import DefinitionError
from ...time import BUILT_IN, DAY, SECOND, utc_from_tai_ns

FILE = "clock.json"


def wall_tai_ns() -> int:
    """Return the time of this machine's clock, TAI nanoseconds."""
    unix_ns = time.time_ns()
    return unix_ns + BUILT_IN.offset_s(unix_ns // DAY) * SECOND


@dataclass(frozen=True, slots=True)
class MissionClock:
    """Time that was `epoch` when the machine's clock said `anchor` (TAI nanoseconds both), and runs `speed` times as fast.

    With equal epoch and anchor and speed 1 it is the machine's clock. Services that work together share one of these by a file.
    """

    epoch: int = 0
    anchor: int = 0
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0.001 <= self.speed <= 10_000:
            raise DefinitionError(f"a clock cannot run {self.speed} times as fast", remedy="Give a speed from 0.001 to 10000")

    def now(self) -> int:
        """Return the time, TAI nanoseconds."""
        return self.at(wall_tai_ns())

    def at(self, wall: int) -> int:
        """Return the time at which the machine's clock says `wall` (TAI nanoseconds both)."""
        elapsed = wall - self.anchor
        return self.epoch + (elapsed if self.speed == 1.0 else round(elapsed * self.speed))

    def seconds_until(self, moment: int) -> float:
        """Return how many seconds of this machine pass until `moment` (TAI nanoseconds); negative when it has passed."""
        return (moment - self.now()) / SECOND / self.speed

    @property
    def is_real(self) -> bool:
        """Whether it is the machine's own clock."""
        return self.epoch == self.anchor and self.speed == 1.0

    def write(self, folder: Path) -> None:
        """Keep it for the other services of the complex."""
        folder.mkdir(parents=True, exist_ok=True)
        waiting = folder / f"{FILE}.new"
        waiting.write_text(json.dumps(asdict(self) | {"utc": utc_from_tai_ns(self.epoch, 6)}))
        waiting.replace(folder / FILE)

    @staticmethod
    def read(folder: Path) -> "MissionClock":
        """Return the clock of the complex in a folder, the machine's own when none is set. Raises DefinitionError."""
        path = folder / FILE
        if not path.is_file():
            return MissionClock()
        try:
            values = json.loads(path.read_text())
            return MissionClock(int(values["epoch"]), int(values["anchor"]), float(values["speed"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DefinitionError(
                f"cannot be read: {error}", where=str(path), remedy="Remove it to use the machine's clock"
            ) from error


def starting_at(epoch: int, speed: float = 1.0) -> MissionClock:
    """Return a clock that says `epoch` (TAI nanoseconds) now and runs `speed` times as fast as this machine's."""
    return MissionClock(epoch, wall_tai_ns(), speed)
