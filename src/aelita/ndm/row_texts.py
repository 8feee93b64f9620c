"""Columns of numbers to data lines, numbers to the last digit."""

import numpy as np

from ..time import SECOND
from .epochs import Epoch, since_ns, texts_of
from .model import Block, Rows, Value


def times_of(rows: Rows, block: Block, zero: Value | None) -> list[str]:
    """Return the time tags of lines: seconds past EPOCH_TZERO where MAN_COMPOSITION says so, else calendar texts."""
    composition = block.values.get("MAN_COMPOSITION")
    if isinstance(zero, Epoch) and isinstance(composition, str) and composition.strip().upper().startswith("TIME_RELATIVE"):
        return [seconds_text(ns) for ns in since_ns(rows.epochs, zero).tolist()]
    return texts_of(rows.epochs)


def seconds_text(ns: int) -> str:
    """Return nanoseconds as seconds, exactly."""
    whole, rest = divmod(abs(ns), SECOND)
    return f"{'-' if ns < 0 else ''}{whole}.{f'{rest:09d}'.rstrip('0') or '0'}"


def numbers_of(rows: Rows) -> list[list[str]]:
    """Return the values of each line as texts; those that are NaN at its end are left out."""
    lines = [list(map(repr, row)) for row in rows.values.tolist()]
    for column, name in enumerate(rows.columns):
        if name in rows.texts:
            for line, text in zip(lines, rows.texts[name], strict=True):
                line[column] = text
    if rows.columns[-1:] and rows.columns[-1] not in rows.texts and np.isnan(rows.values[:, -1]).any():
        lines = [line[: line.index("nan")] if "nan" in line else line for line in lines]
    return lines
