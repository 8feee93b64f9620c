"""The lowest value of a function of a few numbers, by a simplex (Nelder and Mead 1965): no slope is needed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def least(cost: Callable[[Reals], float], start: Reals, reach: Reals, tries: int, tolerance: float = 1e-3) -> Reals:
    """Return where `cost` is least, near `start`: at most about `tries` values are asked. Deterministic.

    `reach` is the size of the first simplex. It ends when the values of the simplex differ by less than `tolerance`.
    """
    points = np.vstack([start, *(start + np.eye(start.size)[n] * reach[n] for n in range(start.size))])
    values = np.array([cost(point) for point in points])
    asked = len(values)
    while asked < tries:
        order = np.argsort(values, kind="stable")
        points, values = points[order], values[order]
        if values[-1] - values[0] < tolerance:
            break
        middle = points[:-1].mean(axis=0)
        reflected = middle + (middle - points[-1])
        value = cost(reflected)
        asked += 1
        if value < values[0]:
            further = middle + 2.0 * (middle - points[-1])
            better = cost(further)
            asked += 1
            points[-1], values[-1] = (further, better) if better < value else (reflected, value)
        elif value < values[-2]:
            points[-1], values[-1] = reflected, value
        else:
            nearer = middle + (0.5 if value < values[-1] else -0.5) * (middle - points[-1])
            inside = cost(nearer)
            asked += 1
            if inside < min(value, values[-1]):
                points[-1], values[-1] = nearer, inside
            else:
                points[1:] = points[0] + 0.5 * (points[1:] - points[0])
                values[1:] = [cost(point) for point in points[1:]]
                asked += len(points) - 1
    return np.asarray(points[int(np.argmin(values))])
