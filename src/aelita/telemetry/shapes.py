"""Packets of a container whose layout depends on the packet, read by shape.

Packets that answer all questions of the container the same have one shape, which the kernel reads like a fixed layout. The
answers form a tree: packets go down it together, question by question. A way that is not known yet is found by interpreting
one of the packets that go there; few packets in one place are interpreted one by one.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..mdb import SHORT, CompiledDatabase, Field, Raw, Table, table_of
from .columns import Column, Mask
from .conditions import Trouble
from .extract import extract
from .interpret import Interpreted, interpret
from .questions import Question, answers

Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]
Faults = dict[str, int]

FEW = 6  # packets that are interpreted one by one
MOST_FIELDS = 50_000  # kept in all shapes of a container, then they are found anew


@dataclass(slots=True)
class Shape:
    """The end of a way: the fields after the fixed ones, the bit behind them all, and why the rest cannot be read."""

    fields: tuple[Field, ...]
    bits: int
    stop: str
    tables: dict[frozenset[str] | None, Table] = field(default_factory=dict)

    def table(self, parameters: frozenset[str] | None) -> Table:
        """Return the kernel's table of the fields of these parameters, or of all."""
        if parameters not in self.tables:
            self.tables[parameters] = table_of(tuple(f for f in self.fields if parameters is None or f.parameter in parameters))
        return self.tables[parameters]


@dataclass(slots=True)
class Fork:
    """A question, and where each answer leads."""

    question: Question
    table: Table
    ways: "dict[int, Fork | Shape]" = field(default_factory=dict)


Place = Fork | Shape | None


class Collected:
    """Columns put together from parts that have different rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.values: dict[str, NDArray[Any]] = {}
        self.valid: dict[str, Mask] = {}

    def put(self, name: str, where: Rows, part: Column) -> None:
        """Put a part's rows in their places. A column that holds lists somewhere holds lists of one value elsewhere."""
        mine = self.values.get(name)
        if mine is None:
            mine = self.values[name] = np.zeros(self.rows, part.values.dtype)
            if mine.dtype == object:
                mine.fill(None)
            self.valid[name] = np.zeros(self.rows, np.bool_)
        values = part.values
        if mine.dtype != values.dtype:
            if mine.dtype != object:
                held = self.valid[name]
                mine = self.values[name] = listed(mine, held)
            if values.dtype != object:
                values = listed(values, part.mask())
        mine[where] = values
        self.valid[name][where] = part.mask()

    def columns(self) -> dict[str, Column]:
        """Return the columns; rows that no part gave are invalid."""
        valid = {name: None if mask.all() else mask for name, mask in self.valid.items()}
        return {name: Column(values, valid[name]) for name, values in self.values.items()}


def listed(values: NDArray[Any], valid: Mask) -> NDArray[Any]:
    """Return single values as lists of one."""
    out = np.full(values.size, None, object)
    for row in np.flatnonzero(valid):
        out[row] = values[row : row + 1]
    return out


class ShapeReader:
    """Reads the packets of one container, and remembers their shapes."""

    def __init__(self, compiled: CompiledDatabase, container: str) -> None:
        self.compiled, self.container = compiled, container
        self.fixed = compiled.layout(container).fields
        self._tree: Place = None
        self._held = 0

    def read(
        self, buffer: Octets, first: Rows, end: Rows, parameters: frozenset[str] | None = None, faults: Faults | None = None
    ) -> dict[str, Column]:
        """Return the raw columns of packets in the bits `first` to `end`, of these parameters or all; add the faults."""
        if self._held > MOST_FIELDS:
            self._tree, self._held = None, 0
        batch = _Batch(self, buffer, first, end, parameters, {} if faults is None else faults)
        waiting: list[tuple[Place, Rows]] = [(self._tree, np.arange(first.size))]
        alone: list[int] = []
        while waiting:
            place, rows = waiting.pop()
            if rows.size < FEW:
                alone.extend(rows.tolist())
            elif place is None:
                self.learn(batch, int(rows[0]))
                waiting.append((self._tree, rows))
            elif isinstance(place, Shape):
                batch.read(place, rows)
            else:
                waiting += self._forked(place, rows, batch, alone)
        batch.read_alone(sorted(alone))
        names = frozenset(f.group or f.column for f in self.fixed if parameters is None or f.parameter in parameters)
        if not names:
            return batch.out.columns()
        table = self.compiled.table(self.container, names)
        return extract(self.compiled.database, table, buffer, first, end) | batch.out.columns()

    def _forked(self, fork: Fork, rows: Rows, batch: "_Batch", alone: list[int]) -> list[tuple[Place, Rows]]:
        """Return where the packets at a fork go on; those that have no way go to `alone`."""
        given = batch.answers(fork, rows)
        found: list[tuple[Place, Rows]] = []
        for answer, part in _groups(given, rows):
            if answer not in fork.ways and part.size >= FEW:
                self.learn(batch, int(part[0]))
            if answer in fork.ways:
                found.append((fork.ways[answer], part))
            else:
                alone.extend(part.tolist())
        return found

    def learn(self, batch: "_Batch", row: int) -> None:
        """Add the way of one packet to the tree."""
        made = batch.interpreted(row)
        self._held += len(made.fields) + len(made.asked)
        bits = max((f.first_bit + f.reading.bits for f in made.fields), default=0)
        shape = Shape(made.fields[len(self.fixed) :], bits, made.stop)
        above, way = None, 0
        for question, answer in made.asked:
            place = self._tree if above is None else above.ways.get(way)
            if not isinstance(place, Fork):
                place = Fork(question, question.table())
                self._put(above, way, place)
            above, way = place, answer
        self._put(above, way, shape)

    def _put(self, above: Fork | None, way: int, place: Fork | Shape) -> None:
        if above is None:
            self._tree = place
        else:
            above.ways[way] = place


class _Batch:
    """The packets of one call, and what is read of them."""

    def __init__(
        self, reader: ShapeReader, buffer: Octets, first: Rows, end: Rows, parameters: frozenset[str] | None, faults: Faults
    ) -> None:
        self.compiled, self.container, self.skip = reader.compiled, reader.container, len(reader.fixed)
        self.buffer, self.first, self.end, self.parameters, self.faults = buffer, first, end, parameters, faults
        self.out = Collected(first.size)

    def count(self, reason: str, rows: int) -> None:
        """Add to the faults."""
        if rows:
            self.faults[reason] = self.faults.get(reason, 0) + rows

    def interpreted(self, row: int) -> Interpreted:
        """Return one packet as the interpreter reads it."""
        first, end = int(self.first[row]), int(self.end[row])
        octets = self.buffer[first >> 3 : (end + 7) >> 3].tobytes()
        return interpret(self.compiled, self.container, octets, first & 7, (first & 7) + end - first)

    def answers(self, fork: Fork, rows: Rows) -> Rows:
        """Return the answers of these packets."""
        trouble: Trouble = {}
        given = answers(self.compiled, fork.question, fork.table, self.buffer, self.first[rows], self.end[rows], trouble)
        for reason, where in trouble.items():
            self.count(reason, int(np.count_nonzero(where)))
        return given

    def read(self, shape: Shape, rows: Rows) -> None:
        """Read packets of one shape."""
        first, end = self.first[rows], self.end[rows]
        for name, column in extract(self.compiled.database, shape.table(self.parameters), self.buffer, first, end).items():
            self.out.put(name, rows, column)
        if shape.stop:
            self.count(shape.stop, rows.size)
        if shape.stop != SHORT:
            self.count(SHORT, int(np.count_nonzero(end - first < shape.bits)))

    def read_alone(self, rows: list[int]) -> None:
        """Read packets one by one."""
        cells: dict[str, tuple[list[int], list[Any], str]] = {}
        for row in rows:
            made = self.interpreted(row)
            for reason in made.faults:
                self.count(reason, 1)
            for name, (value, dtype) in _cells(made, self.skip, self.parameters).items():
                places, values, _ = cells.setdefault(name, ([], [], dtype))
                places.append(row)
                values.append(value)
        for name, (places, values, dtype) in cells.items():
            lists = [isinstance(v, np.ndarray) for v in values]
            if any(lists):
                dtype = "O"
                values = [v if is_list or v is None else np.array([v]) for v, is_list in zip(values, lists, strict=True)]
            column = np.zeros(len(values), object if dtype == "O" else dtype)
            good = np.array([v is not None for v in values], np.bool_)
            column[:] = None if dtype == "O" else 0
            for k in np.flatnonzero(good):
                column[k] = values[k]
            self.out.put(name, np.array(places, np.int64), Column(column, good))


def _groups(given: Rows, rows: Rows) -> list[tuple[int, Rows]]:
    """Return the rows of each answer."""
    if given.min() == given.max():
        return [(int(given[0]), rows)]
    order = np.argsort(given, kind="stable")
    cuts = np.flatnonzero(np.diff(given[order])) + 1
    return [(int(given[part[0]]), rows[part]) for part in np.split(order, cuts)]


def _cells(made: Interpreted, skip: int, parameters: frozenset[str] | None) -> dict[str, tuple[Any, str]]:
    """Return the value of each column of one packet, None when it is invalid, and the type of the column."""
    found: dict[str, tuple[Any, str]] = {}
    lists: dict[str, tuple[list[Raw], str]] = {}
    for item, value in zip(made.fields[skip:], made.values[skip:], strict=True):
        if parameters is not None and item.parameter not in parameters:
            continue
        if item.group:
            lists.setdefault(item.group, ([], item.reading.dtype))[0].append(value)
        else:
            found[item.column] = (value, item.reading.dtype)
    for name, (values, dtype) in lists.items():
        if any(v is None for v in values):
            found[name] = (None, "O")
            continue
        row = np.empty(len(values), object if dtype == "O" else dtype)
        for k, value in enumerate(values):
            row[k] = value
        found[name] = (row, "O")
    return found
