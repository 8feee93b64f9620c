"""Ours and a peer's code timed in turn in one process, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable

Call = Callable[[], object]


def seconds(calls: dict[str, Call], repeat: int, before: Call | None = None) -> dict[str, float]:
    """Return the median CPU seconds of each call: one uncounted round of all, then `repeat` rounds in turn.

    `before` runs before every call, uncounted.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for counted in range(repeat + 1):
        for name, call in calls.items():
            if before:
                before()
            start = time.process_time()
            call()
            if counted:
                spent[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in spent.items()}
