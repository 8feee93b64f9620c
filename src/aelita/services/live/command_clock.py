"""The clock that commanding acts on, held against what runs evenly since the machine was started, also over restarts.

<home>/commanding/clock-reference.json  an instant of the clock that was believed, and how long the machine had run then
"""

import contextlib
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

from ...commanding import Journal
from .clock import MissionClock

FILE = "clock-reference.json"
BOOT = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger(__name__)


def even_ns(clock: MissionClock) -> Callable[[], int]:
    """Return what tells how much of a mission's time (ns) has elapsed since the machine was started, whatever is set."""
    number = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # it counts what the machine slept through, where there is one
    return lambda: round(time.clock_gettime_ns(number) * clock.speed)


class ClockReference:
    """Has a journal believe a clock only while it steps by no more than `step_s` seconds of this machine."""

    def __init__(self, folder: Path, clock: MissionClock, journal: Journal, step_s: float) -> None:
        self.path, self.clock, self.journal = folder / FILE, clock, journal
        elapsed = even_ns(clock)
        self._kept = self._read()
        journal.keep_time(elapsed, round(step_s * 1e9 * max(1.0, clock.speed)), self._kept)
        if self._kept is None and not journal.doubt(now := clock.now()):
            journal.time(now)

    def keep(self) -> None:
        """Keep the instant that is believed, when it is another than before: a restart does not make a wrong clock right."""
        known = self.journal.known
        if known is None or known == self._kept:
            return
        waiting = self.path.with_suffix(".new")
        try:
            waiting.write_text(json.dumps(self._told() | {"at_ns": known[0], "elapsed_ns": known[1]}))
            waiting.replace(self.path)
        except OSError as error:
            log.warning("the reference of the clock was not kept", extra={"path": str(self.path), "why": str(error)})
            return
        self._kept = known

    def _told(self) -> dict[str, object]:
        """Return what must be the same for a reference to say anything: this start of the machine, and this clock."""
        boot = ""
        with contextlib.suppress(OSError):
            boot = BOOT.read_text().strip()
        return {"boot": boot, "clock": [self.clock.epoch, self.clock.anchor, self.clock.speed]}

    def _read(self) -> tuple[int, int] | None:
        told = self._told()
        try:
            said = json.loads(self.path.read_text())
            if told["boot"] and all(said[name] == value for name, value in told.items()):
                return int(said["at_ns"]), int(said["elapsed_ns"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # none was kept, or it is damaged: the next instant that is not before the last entry is believed
        return None
