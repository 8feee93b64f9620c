"""Kernels for one layout each, as source text: every place and width is a constant, and all columns are filled in one pass.

The text is only made here. Who may use files keeps it, compiles it and hands the compiled function to the decoder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..mdb import Table
from .kernels import ONES_COMPLEMENT, SIGN_MAGNITUDE, TWOS_COMPLEMENT, UNSIGNED, all_whole, decode_fields

Octets = NDArray[np.uint8]
Bits = NDArray[np.int64]
Views = tuple[Octets, NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint64]]
Kernel = Callable[[Octets, Bits, Bits, Octets, NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint64]], None]

VERSION = 1  # of the text below: another one is another kernel
MOST_FIELDS = 300  # a compiler takes about 50 ms a field
GROUP = 32  # columns written side by side: more streams than the processor follows are slower
BLOCK = 512  # rows that stay in the cache from one group to the next
FIRST_BIT, WIDTH, BITS, KIND, ORDER, REVERSED = 0, 5, 1, 2, 3, 4  # columns of a table's cells, as in mdb
PLAIN = (UNSIGNED, TWOS_COMPLEMENT, SIGN_MAGNITUDE, ONES_COMPLEMENT)
HEAD = '''\
"""All columns of one layout of packets; made by Aelita, which makes it again when it is deleted."""

import numpy as np


def decode(buffer, first, places, out1, out2, out4, out8):
    rows = first.size
'''


class Kernels(Protocol):
    """Where a decoder gets generated kernels from."""

    def kernel(self, table: Table, rows: int) -> Kernel | None:
        """Return the compiled kernel of this layout, None while it has none, given that so many more rows come."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of a layout's table: `plain` ones a generated kernel reads, `other` ones the generic kernel."""

    plain: Bits
    other: Bits


def parts_of(table: Table) -> Parts:
    """Return which fields of a layout a generated kernel reads."""
    cells = table.cells
    whole = (cells[:, FIRST_BIT] % 8 == 0) & (cells[:, BITS] % 8 == 0)
    plain = np.isin(cells[:, KIND], PLAIN) & (cells[:, REVERSED] == 0) & ((cells[:, ORDER] < 0) | whole)
    return Parts(np.flatnonzero(plain), np.flatnonzero(~plain))


def source_of(table: Table) -> str | None:
    """Return the source of the kernel of a layout's plain fields, None when it has too few or too many of them.

    Its function `decode(buffer, first, places, out1, out2, out4, out8)` reads packets that begin at whole octets and hold all
    their fields; `places` says where the columns of the plain fields begin, in octets of the output.
    """
    plain = parts_of(table).plain
    if not 2 <= plain.size <= MOST_FIELDS:
        return None
    lines = []
    for i, row in enumerate(plain):
        width = int(table.cells[row, WIDTH])
        shift = width.bit_length() - 1
        lines.append(f"    c{i} = out{width}[places[{i}] >> {shift} : (places[{i}] >> {shift}) + rows]")
    indices = range(plain.size)
    groups = [indices[k : k + GROUP] for k in range(0, plain.size, GROUP)]
    lines.append(f"    for at in range(0, rows, {BLOCK}):")
    lines.append(f"        stop = min(rows, at + {BLOCK})")
    for group in groups:
        lines.append("        for r in range(at, stop):")
        lines.append("            p = np.uint64(first[r]) >> np.uint64(3)")
        lines += [f"            {line}" for i in group for line in _field(table, int(plain[i]), i)]
    return HEAD + "\n".join(lines) + "\n"


def _field(table: Table, row: int, column: int) -> list[str]:
    """Return the statements that read one field of the packet at octet `p`."""
    first_bit, bits, kind, order, _, width = (int(n) for n in table.cells[row, :6])
    word = _word(first_bit, bits, [int(n) for n in table.orders[order, : bits // 8]] if order >= 0 else None)
    target = f"c{column}[r] = np.uint{8 * width}"
    if kind == UNSIGNED:
        return [f"{target}({word})"]
    if kind == SIGN_MAGNITUDE:
        sign = f"np.uint64({1 << (bits - 1)})"
        return [
            f"w = {word}",
            f"m = np.int64(w & np.uint64({(1 << (bits - 1)) - 1}))",
            f"{target}(np.uint64(-m if w & {sign} else m))",
        ]
    top = 64 - bits
    lines = [f"v = np.int64(({word}) << np.uint64({top})) >> np.int64({top})"]
    if kind == ONES_COMPLEMENT:
        lines.append("v += np.int64(v < 0)")
    return [*lines, f"{target}(np.uint64(v))"]


def _word(first_bit: int, bits: int, order: list[int] | None) -> str:
    """Return the expression of a field's bits as one unsigned number. Compilers turn such sums of octets into single loads."""
    at, skip = first_bit >> 3, first_bit & 7
    count = (skip + bits + 7) >> 3
    loads = [f"np.uint64(buffer[p + np.uint64({at + k})])" for k in range(count)]
    if order is not None:
        return " | ".join(f"({load} << np.uint64({8 * order[k]}))" for k, load in enumerate(loads))
    head = " | ".join(f"({load} << np.uint64({8 * (min(count, 8) - 1 - k)}))" for k, load in enumerate(loads[:8]))
    if count == 9:
        left = f"((({head}) << np.uint64({skip})) | ({loads[8]} >> np.uint64({8 - skip})))"
        return f"({left} >> np.uint64({64 - bits}))"
    down = 8 * count - skip - bits
    return f"((({head}) >> np.uint64({down})) & np.uint64({(1 << bits) - 1}))"


def decode_table(
    table: Table,
    buffer: Octets,
    first: Bits,
    end: Bits,
    places: Bits,
    out: Views,
    faults: NDArray[np.bool_],
    kernels: Kernels | None,
) -> None:
    """Fill the columns of a layout, by its generated kernel where there is one and all packets hold all fields."""
    kernel = kernels.kernel(table, first.size) if kernels else None
    if kernel is not None and buffer.flags.c_contiguous:
        parts = parts_of(table)
        cells = table.cells[parts.plain]
        if all_whole(first, end, int((cells[:, FIRST_BIT] + cells[:, BITS]).max()), buffer.size):
            kernel(buffer, first, places[parts.plain], *out)
            if parts.other.size:
                rest = np.ascontiguousarray(table.cells[parts.other])
                decode_fields(buffer, first, end, rest, table.orders, places[parts.other], *out, faults)
            return
    decode_fields(buffer, first, end, table.cells, table.orders, places, *out, faults)
