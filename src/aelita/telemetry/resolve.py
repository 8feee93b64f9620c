"""Which container each packet of a batch is: inheritance by restriction criteria, evaluated once per distinct case.

At each level only the fields that decide there are decoded; rows with the same deciding values share one evaluation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mdb import Algorithm, AllOf, AnyOf, Comparison, CompiledDatabase, Condition, Reference
from ..octets import compiled
from .columns import Column, Mask
from .conditions import holds
from .extract import extract
from .values import Values

Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]

UNIDENTIFIED = -1
WIDEST_KEY = 1 << 20  # distinct cases counted in a table; wider ones are sorted


@dataclass(frozen=True, slots=True)
class Resolved:
    """`rows[name]` are the rows that are this container; `ambiguous` rows fitted several, of which the first was taken."""

    rows: dict[str, Rows]
    unidentified: Rows
    ambiguous: Rows


def references_of(condition: Condition) -> set[Reference]:
    """Return every parameter that a condition reads."""
    if isinstance(condition, Comparison):
        return {condition.left} | ({condition.right} if isinstance(condition.right, Reference) else set())
    if isinstance(condition, AllOf | AnyOf):
        return {r for term in condition.terms for r in references_of(term)}
    assert isinstance(condition, Algorithm)
    return {reference for _, reference in condition.inputs}


class Resolver:
    """Finds containers for batches of packets."""

    def __init__(self, compiled_database: CompiledDatabase, roots: tuple[str, ...]) -> None:
        self.compiled, self.roots = compiled_database, roots

    def resolve(self, buffer: Octets, first: Rows, end: Rows) -> Resolved:
        """Return the most specific concrete container of each packet; packets fill the bits `first` to `end`."""
        names: list[str] = []
        owner = np.full(first.size, UNIDENTIFIED, np.int32)
        ambiguous = np.zeros(first.size, np.bool_)
        everything = np.arange(first.size)
        for root in self.roots:
            self._descend(root, everything, buffer, first, end, owner, ambiguous, names, taken=owner != UNIDENTIFIED)
        order, starts = grouped(owner + 1, len(names) + 1)
        groups = {name: order[starts[i + 1] : starts[i + 2]] for i, name in enumerate(names) if starts[i + 2] > starts[i + 1]}
        return Resolved(groups, order[: starts[1]], np.flatnonzero(ambiguous))

    def _descend(
        self,
        name: str,
        rows: Rows,
        buffer: Octets,
        first: Rows,
        end: Rows,
        owner: NDArray[np.int32],
        ambiguous: Mask,
        names: list[str],
        taken: Mask,
    ) -> Mask:
        """Give rows that are this container, or one that inherits from it, their owner; return which rows found one.

        `taken` tells which of `rows` an earlier sibling has: they keep it and become ambiguous when they fit here too.
        """
        children = self.compiled.children.get(name, ())
        found = np.zeros(rows.size, np.bool_)
        if children and rows.size:
            matches = self._matches(name, children, buffer, first[rows], end[rows])
            for child in children:
                here = np.flatnonzero(matches[child])
                if here.size:
                    below = (taken | found)[here]
                    hit = self._descend(child, rows[here], buffer, first, end, owner, ambiguous, names, below)
                    found[here[hit]] = True
        if not self.compiled.database.containers[name].abstract:
            mine = ~found
            ambiguous[rows[mine & taken]] = True
            new = rows[mine & ~taken]
            if new.size:
                owner[new] = _number(names, name)
            return np.ones(rows.size, np.bool_)
        return found

    def _matches(self, name: str, children: tuple[str, ...], buffer: Octets, first: Rows, end: Rows) -> dict[str, Mask]:
        """Return, for each child, which rows meet its restriction."""
        containers = self.compiled.database.containers
        restrictions = {child: containers[child].restriction for child in children}
        wanted = {r for condition in restrictions.values() if condition is not None for r in references_of(condition)}
        raw = self._deciding(name, wanted, buffer, first, end)
        groups, sample = distinct(list(raw.values()), first.size)
        values = Values(self.compiled, {n: c.select(sample) for n, c in raw.items()}, sample.size)
        out: dict[str, Mask] = {}
        for child, condition in restrictions.items():
            truth = np.ones(sample.size, np.bool_) if condition is None else holds(condition, sample.size, values.value)
            out[child] = np.full(first.size, truth[0], np.bool_) if sample.size == 1 else truth[groups]
        return out

    def _deciding(self, name: str, wanted: set[Reference], buffer: Octets, first: Rows, end: Rows) -> dict[str, Column]:
        """Return the raw columns, of this container as far as it is fixed, of the parameters that decide."""
        parameters = {r.parameter for r in wanted}
        fields = self.compiled.layout(name).fields
        columns = frozenset(f.group or f.column for f in fields if f.parameter in parameters)
        if not columns:
            return {}
        return extract(self.compiled.database, self.compiled.table(name, columns), buffer, first, end)


def _number(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def distinct(columns: list[Column], rows: int) -> tuple[NDArray[np.int64], Rows]:
    """Return each row's case, and a row of every case: rows of one case have the same values in every column."""
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    case, count = np.zeros(rows, np.int64), 1
    for column in columns:
        parts = [column.values] if column.valid is None else [column.values, column.valid]
        for part in parts:
            numbers, among = _numbered(part)
            case, count = _compact(case * among + numbers, count * among)
    sample = np.empty(count, np.int64)
    sample[case[::-1]] = np.arange(rows - 1, -1, -1)  # the first row of each case
    return case, sample


def _numbered(values: NDArray[np.generic]) -> tuple[NDArray[np.int64], int]:
    """Return values as small numbers, and how many numbers there may be."""
    if values.dtype.kind in "iub":
        low, high = int(values.min()), int(values.max())
        if high - low < WIDEST_KEY:
            return values.astype(np.int64) - low, high - low + 1
    if values.dtype == object:
        known: dict[object, int] = {}
        return np.array([known.setdefault(bytes(v) if v is not None else None, len(known)) for v in values], np.int64), len(known)
    unique, inverse = np.unique(values, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), unique.size


def _compact(case: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], int]:
    """Return cases numbered without gaps."""
    if count <= 1:
        return case, count
    if count <= WIDEST_KEY:
        seen = np.zeros(count, np.bool_)
        seen[case] = True
        number = np.cumsum(seen) - 1
        return number[case], int(number[-1]) + 1
    unique, inverse = np.unique(case, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), unique.size


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
