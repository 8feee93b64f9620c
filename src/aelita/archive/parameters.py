"""Decoded rows of a container as a table: one row a packet, one column of raw values a parameter."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..records import SIGNED, Column, StoredColumn, stored_type
from .names import column_name, parameter_name


def raw_columns(raw: Mapping[str, Column], rows: NDArray[np.int64] | None) -> dict[str, pl.Series]:
    """Return columns of raw values, at these rows or all; invalid values are null. Unsigned ones are widened when written.

    A column of texts or octets without one valid value is left out: it says nothing, not even its type.
    """
    found = {}
    for name, column in raw.items():
        series = _series(column, rows)
        if series is not None:
            found[column_name(name)] = series.alias(column_name(name))
    return found


def stored_series(column: Column) -> pl.Series | None:
    """Return the values in their stored type, null where invalid; None when there is no valid value to tell the type."""
    series = _series(column, None)
    return None if series is None else series.cast(SIGNED.get(series.dtype, series.dtype))


def _series(column: Column, rows: NDArray[np.int64] | None) -> pl.Series | None:
    values = column.values if rows is None else column.values[rows]
    valid = column.valid if column.valid is None or rows is None else column.valid[rows]
    if values.dtype.kind in "US":
        values = values.astype(object)
    if values.dtype == object:
        return _objects(values, valid)
    if values.ndim != 1 or stored_type(values.dtype) is None:
        raise TypeError(f"a column of {values.dtype} with {values.ndim} dimensions cannot be stored")
    series = pl.Series(values.astype(np.float32) if values.dtype == np.float16 else values)
    return (
        series
        if valid is None
        else series.zip_with(pl.Series(valid), pl.Series([None], dtype=series.dtype).new_from_index(0, len(series)))
    )


def _objects(values: NDArray[np.object_], valid: NDArray[np.bool_] | None) -> pl.Series | None:
    kept = [v if valid is None or valid[i] else None for i, v in enumerate(values)]
    first = next((v for v in kept if v is not None), None)
    if first is None:
        return None
    if isinstance(first, str):
        return pl.Series(kept, dtype=pl.String)
    if isinstance(first, bytes | bytearray | memoryview):
        return pl.Series([None if v is None else bytes(v) for v in kept], dtype=pl.Binary)
    arrays = [None if v is None else np.asarray(v) for v in kept]
    kinds = {a.dtype for a in arrays if a is not None and a.size}
    inner = stored_type(np.result_type(*kinds)) if kinds else pl.Int64()
    if inner is None:
        return pl.Series([None if a is None else [_plain(x) for x in a.tolist()] for a in arrays])
    return pl.Series([None if a is None else a.tolist() for a in arrays], dtype=pl.List(inner))


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def loaded_column(series: pl.Series) -> StoredColumn:
    """Return a stored column as NumPy values; where it is null the value is 0, or None, and not valid."""
    valid = None if series.null_count() == 0 else series.is_not_null().to_numpy()
    dtype = series.dtype
    if valid is None and dtype.is_numeric() and not dtype.is_decimal():
        return StoredColumn(series.to_numpy())
    if isinstance(dtype, pl.Decimal):
        return StoredColumn(series.fill_null(0).cast(pl.UInt64).to_numpy(), valid)
    if dtype.is_numeric():
        return StoredColumn(series.fill_null(0).to_numpy(), valid)
    if dtype == pl.Boolean:
        return StoredColumn(series.fill_null(False).to_numpy(), valid)
    values = np.empty(len(series), object)
    if isinstance(dtype, pl.List):
        for i, item in enumerate(series):
            values[i] = None if item is None else item.to_numpy()
    else:
        values[:] = series.to_list()
    return StoredColumn(values, valid)


def loaded_columns(frame: pl.DataFrame) -> dict[str, StoredColumn]:
    """Return the parameters of a stored frame by name."""
    return {parameter_name(name): loaded_column(frame[name]) for name in frame.columns if name.startswith("/")}
