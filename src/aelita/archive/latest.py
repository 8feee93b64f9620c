"""The latest value of every parameter, kept in one small file that is replaced as a whole.

A value is later when its generation time is; of equal times the one that came last. Late and played-back data never take a
value back. Values of packets that are not good do not count.
"""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError
from ..records import Column
from ..time import NO_TIME

LATEST = pl.Schema(
    {
        "parameter": pl.String,
        "container": pl.String,
        "generated": pl.Int64,
        "source": pl.Int32,
        "row": pl.Int64,
        "database": pl.Int32,
        "raw_number": pl.Float64,
        "raw_text": pl.String,
        "number": pl.Float64,
        "text": pl.String,
    }
)


class Latest:
    """The file of latest values. `find` finds them again in the tables, should the file be lost or damaged."""

    def __init__(self, path: Path, find: Callable[[], pl.DataFrame]) -> None:
        self.path, self._find = path, find

    def known(self) -> pl.DataFrame:
        """Return one row a parameter."""
        found = self.read()
        return self._find() if found is None else found

    def read(self) -> pl.DataFrame | None:
        """Return what the file says, None when there is no usable file."""
        try:
            frame = pl.read_ipc(self.path)
        except (OSError, pl.exceptions.PolarsError):
            return None
        return frame if frame.schema == LATEST else None

    def advance(self, rows: pl.DataFrame) -> None:
        """Take in newer values. Raises ArchiveError when the file cannot be replaced."""
        found = self.read()
        merged = newest(pl.concat([self._find() if found is None else found, rows]))
        if found is None or not merged.equals(found):
            self.replace(merged)

    def replace(self, rows: pl.DataFrame) -> None:
        """Write these values in place of all others, as a whole or not at all."""
        fresh = self.path.with_suffix(".new")
        try:
            rows.write_ipc(fresh, compression="uncompressed")
            fresh.replace(self.path)
        except (OSError, pl.exceptions.PolarsError) as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise ArchiveError(
                f"the latest values cannot be written: {error}", where=str(self.path), remedy="Free some disk and run it again"
            ) from error


def newest(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the newest row of each parameter, by name. Unknown times count as the oldest."""
    order = ["parameter", "generated", "source", "row"]
    return rows.sort(order, nulls_last=False).unique("parameter", keep="last", maintain_order=True)


def newest_rows(columns: Mapping[str, Column], generated: NDArray[np.int64], good: NDArray[np.bool_]) -> dict[str, int]:
    """Return for each column the row of its newest valid value of a good packet, where there is one."""
    last: dict[int, int] = {}
    found = {}
    order = np.argsort(np.where(good, generated, NO_TIME), kind="stable")
    order = order[good[order]]
    for name, column in columns.items():
        valid = column.valid
        if valid is None:
            rows = order[-1:]
        else:
            hits = np.flatnonzero(valid[order])
            rows = order[hits[-1:]]
        if rows.size:
            found[name] = last.setdefault(int(rows[0]), int(rows[0]))
    return found


def latest_row(parameter: str, envelope: Mapping[str, Any], raw: Column, engineering: Column | None, row: int) -> dict[str, Any]:
    """Return the row of a parameter from the given row of its columns."""
    raw_number, raw_text = _number_and_text(raw, row)
    number, text = (raw_number, raw_text) if engineering is None else _number_and_text(engineering, row)
    return {
        "parameter": parameter, **envelope, "raw_number": raw_number, "raw_text": raw_text, "number": number, "text": text,
    }  # fmt: skip


def _number_and_text(column: Column, row: int) -> tuple[float | None, str | None]:
    if column.valid is not None and not column.valid[row]:
        return None, None
    value = column.values[row]
    if column.labels is not None:
        return float(value), column.labels[int(value)]
    if isinstance(value, str):
        return None, value
    if isinstance(value, bytes | bytearray | memoryview):
        return None, bytes(value).hex()
    if isinstance(value, np.ndarray):
        return None, str(value.tolist())
    exact = None if isinstance(value, float | np.floating) or abs(int(value)) < 1 << 53 else str(int(value))
    return float(value), exact
