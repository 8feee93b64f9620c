"""Single values of any kind as JSON and back, to the bit: what a state of decoders keeps of parameters."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .columns import Column


def kept_column(column: Column) -> dict[str, Any]:
    """Return a column without invalid rows as JSON has it."""
    return {"values": _kept(column.values), "labels": None if column.labels is None else list(column.labels)}


def column_kept(kept: dict[str, Any]) -> Column:
    """Return the column that `kept_column` made JSON of."""
    labels = kept["labels"]
    return Column(_back(kept["values"]), None, None if labels is None else tuple(labels))


def _kept(value: Any) -> Any:
    """Return a value as a pair of its kind and what JSON has for it."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return ["list", [_kept(each) for each in value]]
    if isinstance(value, np.ndarray):
        return [value.dtype.str, [list(value.shape), value.tobytes().hex()]]
    if isinstance(value, np.generic):
        return ["scalar", _kept(np.array(value))]
    if isinstance(value, bytes):
        return ["octets", value.hex()]
    return ["plain", value]


def _back(kept: Any) -> Any:
    kind, what = kept
    if kind == "list":
        return _objects([_back(each) for each in what])
    if kind == "scalar":
        return _back(what)[()]
    if kind == "octets":
        return bytes.fromhex(what)
    if kind == "plain":
        return what
    try:
        return np.frombuffer(bytearray.fromhex(what[1]), np.dtype(kind)).reshape(what[0])
    except (TypeError, ValueError) as error:
        raise DataError(f"a state of decoders holds a value of kind {kind!r}: {error}") from error


def _objects(values: list[Any]) -> NDArray[Any]:
    out = np.empty(len(values), object)
    for k, value in enumerate(values):
        out[k] = value
    return out
