"""Which container each packet of a batch is: inheritance by restriction criteria, evaluated once per distinct case.

At each level only the fields that decide there are decoded; rows with the same deciding values share one evaluation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mdb import CompiledDatabase, Condition, Reference
from ..octets import compiled
from .columns import Column, Mask
from .conditions import Trouble, holds, references_of
from .dependencies import needed_parameters
from .extract import extract
from .questions import reference_name
from .shapes import ShapeReader
from .values import Values

Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]

UNIDENTIFIED = -1
WIDEST_KEY = 1 << 20  # distinct cases counted in a table; wider ones are sorted


@dataclass(frozen=True, slots=True)
class Resolved:
    """`rows[name]` are the rows that are this container; `ambiguous` rows fitted several, of which the first was taken.

    `faults` counts, by container and reason, the packets in which a restriction could not be evaluated.
    """

    rows: dict[str, Rows]
    unidentified: Rows
    ambiguous: Rows
    faults: dict[tuple[str, str], int]


class Resolver:
    """Finds containers for batches of packets."""

    def __init__(self, compiled_database: CompiledDatabase, roots: tuple[str, ...]) -> None:
        self.compiled, self.roots = compiled_database, roots
        self._shapes: dict[str, ShapeReader] = {}

    def shapes(self, container: str) -> ShapeReader:
        """Return the reader of a container whose layout depends on the packet."""
        if container not in self._shapes:
            self._shapes[container] = ShapeReader(self.compiled, container)
        return self._shapes[container]

    def resolve(self, buffer: Octets, first: Rows, end: Rows) -> Resolved:
        """Return the most specific concrete container of each packet; packets fill the bits `first` to `end`."""
        everything = np.arange(first.size)
        self._faults: dict[tuple[str, str], int] = {}
        claims = [claim for root in self.roots for claim in self._claims(root, everything, buffer, first, end)]
        if len(claims) == 1 and claims[0][1].size == first.size:
            return Resolved(dict(claims), everything[:0], everything[:0], self._faults)
        owner = np.full(first.size, UNIDENTIFIED, np.int32)
        ambiguous = np.zeros(first.size, np.bool_)
        groups: dict[str, list[Rows]] = {}
        for number, (name, rows) in enumerate(claims):
            new = owner[rows] == UNIDENTIFIED
            if not new.all():  # an earlier container has some of these rows, and keeps them
                ambiguous[rows[~new]] = True
                rows = rows[new]
            owner[rows] = number
            if rows.size:
                groups.setdefault(name, []).append(rows)
        joined = {name: parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts)) for name, parts in groups.items()}
        return Resolved(joined, np.flatnonzero(owner == UNIDENTIFIED), np.flatnonzero(ambiguous), self._faults)

    def _claims(self, name: str, rows: Rows, buffer: Octets, first: Rows, end: Rows) -> list[tuple[str, Rows]]:
        """Return which of `rows` are which container: those that inherit from this one, in their order, then this one."""
        children = self.compiled.children.get(name, ())
        claims: list[tuple[str, Rows]] = []
        if children and rows.size:
            spans = (first, end) if rows.size == first.size else (first[rows], end[rows])
            for child, here in self._matches(name, children, buffer, *spans):
                claims += self._claims(child, rows if here.size == rows.size else rows[here], buffer, first, end)
        if self.compiled.database.containers[name].abstract:
            return claims
        if claims:
            free = np.ones(first.size, np.bool_)
            for _, claimed in claims:
                free[claimed] = False
            rows = rows[free[rows]]
        return [*claims, (name, rows)]

    def _matches(
        self, name: str, children: tuple[str, ...], buffer: Octets, first: Rows, end: Rows
    ) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield each child whose restriction some rows meet, and these rows."""
        containers = self.compiled.database.containers
        restrictions = {child: containers[child].restriction for child in children}
        wanted = {r for condition in restrictions.values() if condition is not None for r in references_of(condition)}
        raw = self._deciding(name, wanted, buffer, first, end)
        groups, sample = distinct(list(raw.values()), first.size)
        values = Values(self.compiled, {n: c.select(sample) for n, c in raw.items()}, sample.size)
        truths = []
        for child, condition in restrictions.items():
            trouble: Trouble = {}
            truths.append(_truth(condition, values, trouble))
            for reason, where in trouble.items():
                self._faults[child, reason] = int(np.count_nonzero(where[groups]))
        fits = np.array(truths)
        if fits.sum(axis=0).max(initial=0) > 1:
            for child, truth in zip(children, fits, strict=True):
                if truth.any():
                    yield child, np.flatnonzero(truth[groups])
            return
        route = np.where(fits.any(axis=0), fits.argmax(axis=0), len(children)).astype(np.int32)
        if route.min() == route.max():
            if route[0] < len(children):
                yield children[route[0]], np.arange(first.size)
            return
        order, starts = grouped(route[groups], len(children) + 1)
        for i, child in enumerate(children):
            if starts[i + 1] > starts[i]:
                yield child, order[starts[i] : starts[i + 1]]

    def _deciding(self, name: str, wanted: set[Reference], buffer: Octets, first: Rows, end: Rows) -> dict[str, Column]:
        """Return the raw columns, of this container as far as it is fixed, of the parameters that decide."""
        parameters = {r.parameter for r in wanted}
        for column in [reference_name(r) for r in wanted if r.calibrated]:
            parameters |= {other.partition(".")[0].partition("[")[0] for other in needed_parameters(self.compiled, column)}
        layout = self.compiled.layout(name)
        fields = layout.fields
        if layout.dynamic and not parameters <= {f.parameter for f in fields}:
            return self.shapes(name).read(buffer, first, end, frozenset(parameters))
        columns = frozenset(f.group or f.column for f in fields if f.parameter in parameters)
        if not columns:
            return {}
        return extract(self.compiled.database, self.compiled.table(name, columns), buffer, first, end)


def _truth(condition: Condition | None, values: Values, trouble: Trouble) -> Mask:
    return np.ones(values.rows, np.bool_) if condition is None else holds(condition, values.rows, values.value, trouble)


def distinct(columns: list[Column], rows: int) -> tuple[NDArray[np.int64], Rows]:
    """Return each row's case, and a row of every case: rows of one case have the same values in every column."""
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    case, count = np.zeros(rows, np.int64), 1
    for column in columns:
        parts = [column.values] if column.valid is None else [column.values, column.valid]
        for part in parts:
            numbers, among = _numbered(part)
            case, count = _compact(case, count, numbers, among)
    sample = np.empty(count, np.int64)
    sample[case[::-1]] = np.arange(rows - 1, -1, -1)  # the first row of each case
    return case, sample


def _numbered(values: NDArray[np.generic]) -> tuple[NDArray[np.int64], int]:
    """Return values as small numbers, and how many numbers there may be."""
    if values.dtype.kind in "iub":
        low, high = int(values.min()), int(values.max())
        if high - low < WIDEST_KEY:
            wide = values.astype(np.int64) - low if low < 1 << 62 else np.subtract(values, low).astype(np.int64)
            return wide, high - low + 1
    if values.dtype == object:
        known: dict[object, int] = {}
        numbers = [known.setdefault(v.tobytes() if isinstance(v, np.ndarray) else v, len(known)) for v in values]
        return np.array(numbers, np.int64), len(known)
    unique, inverse = np.unique(values, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), unique.size


def _compact(case: NDArray[np.int64], count: int, numbers: NDArray[np.int64], among: int) -> tuple[NDArray[np.int64], int]:
    """Return cases that tell apart what `case` or `numbers` tell apart, numbered without gaps, and how many there are."""
    if among == 1:
        return case, count
    if count * among <= WIDEST_KEY:
        return case, renumber(case, numbers, among, np.full(count * among, -1, np.int64))
    unique, inverse = np.unique(case * among + numbers, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), unique.size


@compiled
def renumber(case: NDArray[np.int64], numbers: NDArray[np.int64], among: int, table: NDArray[np.int64]) -> int:
    """Number the pairs of `case` and `numbers` (each below `among`) as they come, into `case`; return how many there are.

    `table` has a place for every pair, and holds -1.
    """
    count = 0
    for i in range(case.size):
        key = case[i] * among + numbers[i]
        if table[key] < 0:
            table[key] = count
            count += 1
        case[i] = table[key]
    return count


@compiled
def grouped(owner: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows ordered by owner (0..count-1), in their order for each, and where each owner's rows begin."""
    starts = np.zeros(count + 1, np.int64)
    for i in range(owner.size):
        starts[owner[i] + 1] += 1
    for k in range(count):
        starts[k + 1] += starts[k]
    at = starts[:-1].copy()
    order = np.empty(owner.size, np.int64)
    for i in range(owner.size):
        order[at[owner[i]]] = i
        at[owner[i]] += 1
    return order, starts
