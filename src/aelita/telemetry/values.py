"""The values of one batch of a container's packets: raw columns, and engineering values made from them when asked for."""

from collections.abc import Callable
from itertools import count, takewhile

import numpy as np
from numpy.typing import NDArray

from ..mdb import ArrayType, CompiledDatabase, Reference, part_of, steps_text
from .columns import Column
from .engineering import as_numbers, engineering_column

Others = Callable[[Reference], Column | None]


class Values:
    """Columns of one container. `others` gives the values of parameters that these packets do not hold, one per row."""

    def __init__(self, compiled: CompiledDatabase, raw: dict[str, Column], rows: int, others: Others | None = None) -> None:
        self.compiled, self.raw, self.rows, self.others = compiled, raw, rows, others
        self._engineering: dict[str, Column] = {}
        self._open: set[str] = set()

    def engineering(self, column: str) -> Column:
        """Return the engineering values of a column; a column whose calibration needs itself is raw there."""
        known = self._engineering.get(column)
        if known is None:
            if column in self._open:
                return self.raw[column]
            self._open.add(column)
            known = self._engineering[column] = engineering_column(self.compiled, column, self.raw[column], self)
            self._open.discard(column)
        return known

    def value(self, reference: Reference) -> Column | None:
        """Return the values that a reference means, None when there are none."""
        name = self.column_of(reference)
        if name is None:
            found = self._in_list(reference)
            return found if found is not None else self.others(reference) if self.others else None
        return self.engineering(name) if reference.calibrated else self.raw[name]

    def column_of(self, reference: Reference) -> str | None:
        """Return the column of a reference: the last occurrence of its parameter, or one so many instances before it."""
        path = steps_text(reference.path)
        name = reference.parameter + path
        found = self._occurrences(reference.parameter, path) if name in self.raw else self._repeated(reference.parameter, path)
        back = abs(reference.instance)
        return found[-1 - back] if back < len(found) else None

    def listed(self, reference: Reference) -> Column | None:
        """Return the lists of a parameter in an entry that the packet repeats, None when it is in no such entry."""
        name = f"{reference.parameter}[]{steps_text(reference.path)}"
        if name not in self.raw:
            return None
        return self.engineering(name) if reference.calibrated else self.raw[name]

    def _in_list(self, reference: Reference) -> Column | None:
        """Return the latest value of a parameter in an entry that the packet repeats, or one element of an array in a list."""
        lists = self.listed(reference)
        if lists is not None:
            return one_of_each(lists, -1 - abs(reference.instance))
        last = reference.path[-1] if reference.path else None
        array = Reference(reference.parameter, reference.path[:-1], reference.calibrated, reference.instance)
        if not isinstance(last, int) or self.column_of(array) is None:
            return None
        return one_of_each(self.value(array), last - self._first_index(array))

    def _first_index(self, array: Reference) -> int:
        """Return the first index of an array, 0 where only the packet tells it."""
        database = self.compiled.database
        name = part_of(database.types, database.parameters[array.parameter].type, array.path)
        kind = database.types.get(name) if name is not None else None
        first = kind.dimensions[0][0] if isinstance(kind, ArrayType) and kind.dimensions else 0
        return first if isinstance(first, int) else 0

    def _occurrences(self, parameter: str, path: str) -> list[str]:
        """Return the columns of a parameter, or a part of it, that is in the container more than once."""
        name = parameter + path
        further = ((f"{parameter}:{k}{path}", f"{name}:{k}") for k in count(1))
        found = (next((each for each in names if each in self.raw), "") for names in further)
        return [name, *takewhile(bool, found)]

    def _repeated(self, parameter: str, path: str) -> list[str]:
        """Return the columns of a parameter in an entry that is repeated."""
        known = self.compiled.database.parameters.get(parameter)
        if known is None or isinstance(self.compiled.database.types.get(known.type), ArrayType):
            return []
        return list(takewhile(self.raw.__contains__, (f"{parameter}[{k}]{path}" for k in count())))

    def numbers(self, parameter: str) -> NDArray[np.float64] | None:
        """Return the engineering values of a parameter as floats, NaN where invalid, for math operations."""
        column = self.value(Reference(parameter))
        return None if column is None else as_numbers(column)


def one_of_each(lists: Column | None, place: int) -> Column | None:
    """Return one element of each list (counted from the end when negative), None when the column holds no lists."""
    if lists is None or lists.values.dtype != object:
        return None
    held = lists.mask() & np.array([isinstance(v, np.ndarray) and -len(v) <= place < len(v) for v in lists.values], np.bool_)
    cells = [lists.values[row][place] for row in np.flatnonzero(held)]
    if not cells:
        return None
    known = np.array(cells)
    values = np.zeros(len(lists), known.dtype if known.dtype.kind in "biuf" else object)
    values[held] = known if known.dtype.kind in "biuf" else cells
    return Column(values, None if held.all() else held)


def engineering(
    compiled: CompiledDatabase, container: str, raw: dict[str, Column], others: Others | None = None
) -> dict[str, Column]:
    """Return the engineering values of a container's raw columns: calibrated numbers, labels, TAI nanoseconds, text.

    `container` is for messages only: what a column means is in its name. `others` gives the values of parameters of other
    packets, for calibrations that depend on them; without it the default calibration holds there.
    """
    rows = len(next(iter(raw.values()))) if raw else 0
    values = Values(compiled, raw, rows, others)
    return {name: values.engineering(name) for name in raw}
