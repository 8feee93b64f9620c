"""The counting behind alarms: how many samples in a row violate or conform."""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled

STANDING, VIOLATIONS, CONFORMANCES = range(3)


@compiled
def standing(
    level: NDArray[np.uint8],
    alarm: NDArray[np.int64],
    violations: NDArray[np.int64],
    conformances: NDArray[np.int64],
    state: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Return the severity that stands after each sample, and leave the counts in `state`.

    `alarm[i]` tells whose numbers of `violations` and `conformances` hold for sample i; where it is negative one is enough. An
    alarm begins after so many samples in a row that violate, ends after so many that conform, and takes the severity of each
    violating sample in between.
    """
    out = np.empty(level.size, np.uint8)
    for i in range(level.size):
        which = alarm[i]
        if level[i] > 0:
            state[1] += 1
            state[2] = 0
            needed = violations[which] if 0 <= which < violations.size else 1
            if state[0] > 0 or state[1] >= needed:
                state[0] = level[i]
        else:
            state[1] = 0
            state[2] += 1
            needed = conformances[which] if 0 <= which < conformances.size else 1
            if state[2] >= needed:
                state[0] = 0
        out[i] = state[0]
    return out
