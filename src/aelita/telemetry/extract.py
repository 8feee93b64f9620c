"""Columns of a fixed layout, by the generic kernel: the step from octets to raw values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..mdb import BinaryEncoding, Database, Field, StringEncoding, Table, text_of
from .columns import Column, Mask
from .generated import Kernels, decode_table
from .kernels import least_room

Octets = NDArray[np.uint8]
Bits = NDArray[np.int64]

LINE = 64  # columns begin at multiples of a cache line


def extract(
    database: Database, table: Table, buffer: Octets, first: Bits, end: Bits, kernels: Kernels | None = None
) -> dict[str, Column]:
    """Return the raw columns of a layout's table, for packets that fill the bits `first` to `end` of the buffer.

    A field that lies beyond its packet's end is invalid in that row. List columns hold one array per row. `kernels` gives
    generated kernels; without it the generic one decodes.
    """
    columns = numeric_columns(table, buffer, first, end, kernels)
    for item in table.octets:
        columns[item.column] = _octet_column(database, item, buffer, first, end - first)
    return _grouped(table, columns)


def numeric_columns(table: Table, buffer: Octets, first: Bits, end: Bits, kernels: Kernels | None = None) -> dict[str, Column]:
    """Return the columns of the numeric fields."""
    rows = first.size
    places, out = output_of(table, rows)
    faults = np.zeros((max(int(table.cells[:, 6].max(initial=-1)) + 1, 1), rows), np.bool_)
    decode_table(table, buffer, first, end, places, views_of(out), faults, kernels)
    return columns_of(table, places, out, first, end, faults)


def output_of(table: Table, rows: int) -> tuple[Bits, Octets]:
    """Return where each column begins, and the octets that hold all columns."""
    sizes = (table.cells[:, 5] * rows + LINE - 1) // LINE * LINE
    ends = np.cumsum(sizes)
    return ends - sizes, np.empty(int(ends[-1]) if ends.size else 0, np.uint8)


def views_of(out: Octets) -> tuple[Octets, NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint64]]:
    """Return the output as unsigned words of 1, 2, 4 and 8 octets."""
    return out, out.view(np.uint16), out.view(np.uint32), out.view(np.uint64)


def columns_of(table: Table, places: Bits, out: Octets, first: Bits, end: Bits, faults: NDArray[np.bool_]) -> dict[str, Column]:
    """Return the columns in the output, with what is invalid in them."""
    columns: dict[str, Column] = {}
    least = least_room(first, end)
    known: dict[int, Mask] = {}
    for row, item in enumerate(table.fields):
        need = item.first_bit + item.reading.bits
        valid: Mask | None = None
        if need > least and first.size:
            valid = known.get(need)
            if valid is None:
                valid = known[need] = end - first >= need
        fault = int(table.cells[row, 6])
        if fault >= 0 and faults[fault].any():
            valid = ~faults[fault] if valid is None else valid & ~faults[fault]
        place, width = int(places[row]), int(table.cells[row, 5])
        columns[item.column] = Column(out[place : place + width * first.size].view(item.reading.dtype), valid)
    return columns


def _octet_column(database: Database, item: Field, buffer: Octets, first: Bits, room: Bits) -> Column:
    bits = item.reading.bits
    held = room >= item.first_bit + bits
    fields = octets_at(buffer, (first + item.first_bit)[held], bits)
    kind = database.types[item.type]
    encoding = kind.encoding if hasattr(kind, "encoding") else None
    values = np.full(first.size, None, object)
    if isinstance(encoding, StringEncoding) or (isinstance(encoding, BinaryEncoding) and encoding.length_prefix_bits):
        texts = [text_of(octets, encoding) for octets in fields]
        values[held] = _objects(texts)
        held[held] = np.array([t is not None for t in texts], np.bool_)
    else:
        values[held] = _objects(fields)
    return Column(values, None if held.all() else held)


def octets_at(buffer: Octets, start: Bits, bits: int) -> list[bytes]:
    """Return the fields of `bits` bits from each start bit on; bits that are no whole octets stand at the right."""
    length = (bits + 7) // 8
    if not length or not start.size:
        return [b""] * start.size
    if bits % 8 == 0 and not (start & 7).any():
        at = start >> 3
        whole = buffer[at[:, None] + np.arange(length)].tobytes()
        return [whole[i : i + length] for i in range(0, len(whole), length)]
    return [bits_at(buffer, int(bit), bits) for bit in start]


def bits_at(buffer: Octets, start: int, bits: int) -> bytes:
    """Return `bits` bits from bit `start` on as octets, at the right of them."""
    end = start + bits
    word = int.from_bytes(buffer[start >> 3 : (end + 7) >> 3].tobytes())
    return ((word >> (-end & 7)) & ((1 << bits) - 1)).to_bytes((bits + 7) // 8)


def _objects(values: list[Any]) -> NDArray[Any]:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def _grouped(table: Table, columns: dict[str, Column]) -> dict[str, Column]:
    """Return the columns with the elements of each large array put together, in the order of the layout."""
    groups: dict[str, list[str]] = {}
    for item in (*table.fields, *table.octets):
        if item.group:
            groups.setdefault(item.group, []).append(item.column)
    if not groups:
        return columns
    for group, names in groups.items():
        parts = [columns.pop(name) for name in names]
        stacked = np.stack([p.values for p in parts], axis=1)
        valid = np.logical_and.reduce([p.mask() for p in parts])
        columns[group] = Column(_objects(list(stacked)), None if valid.all() else valid)
    return columns
