"""Columns of values, as decoding and calibration make them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Column:
    """Values, one per row. `valid` None means that all are.

    With `labels`, values are numbers of labels: `labels[values[i]]` is the value in row i.
    """

    values: NDArray[Any]
    valid: Mask | None = None
    labels: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def select(self, which: Mask | NDArray[np.int64]) -> "Column":
        """Return the rows of a mask or of indices."""
        return Column(self.values[which], None if self.valid is None else self.valid[which], self.labels)

    def words(self) -> NDArray[Any]:
        """Return the values with labels written out."""
        return self.values if self.labels is None else np.array(self.labels, object)[self.values]

    def mask(self) -> Mask:
        """Return which rows are valid."""
        return np.ones(len(self.values), np.bool_) if self.valid is None else self.valid


def both(left: Mask | None, right: Mask | None) -> Mask | None:
    """Return where both are valid; None stands for everywhere."""
    if left is None or right is None:
        return right if left is None else left
    return left & right
