"""How long ago sessions were used, by a clock that nobody sets: that of the machine may jump, forward and back."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from ..time import SECOND

MOST_KNOWN = 100_000
AHEAD_S = 60.0  # how far in the future a use may lie that a process before this one wrote down


def steady_s() -> float:
    """Return seconds of a clock that is never set, and goes on while the machine sleeps where the system has such a one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(slots=True)
class _Age:
    used_s: float
    ends_s: float


class Ages:
    """Of each session that this process has seen: when it was used last and when it ends, by the steady clock.

    By these a session ends after its time, and not before, whatever becomes of the machine's clock. One that is seen for the
    first time is judged by what was written down by the machine's clock, as after a restart: what lies in the future says that
    the clock was set back, so that nobody knows how old it is, and it has ended.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Age] = OrderedDict()
        self._turn = threading.Lock()

    def lives(self, key: str, *, seen: int, expires: int, at: int, idle_s: float) -> bool:
        """Tell whether a session lives that was used and ends at instants of the machine's clock, which says `at` (TAI ns)."""
        now = steady_s()
        with self._turn:
            age = self._known.get(key)
            if age is None:
                if expires <= at or not (at - idle_s * SECOND < seen <= at + AHEAD_S * SECOND):
                    return False
                age = self._known[key] = _Age(now - max(0, at - seen) / SECOND, now + (expires - at) / SECOND)
                while len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)
            return now - age.used_s < idle_s and now < age.ends_s

    def used(self, key: str) -> None:
        """Note that a session is used now."""
        with self._turn:
            if key in self._known:
                self._known[key].used_s = steady_s()

    def unused_s(self, key: str) -> float:
        """Return how long ago (s) a session was used, 0 for one that is not known."""
        with self._turn:
            age = self._known.get(key)
        return 0.0 if age is None else steady_s() - age.used_s
