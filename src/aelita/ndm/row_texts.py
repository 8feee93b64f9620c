"""Columns of numbers to the texts of data lines, numbers to the last digit, some thousands of lines at a time."""

from collections.abc import Iterator

import numpy as np

from ..time import SECOND
from .epochs import Epoch, Epochs, decimals_of, since_ns, texts_of
from .model import Block, Observations, Rows, Value

CHUNK = 20_000  # lines written together: bounds what their texts take
Line = tuple[str, list[str]]


def lines_of(rows: Rows, block: Block, zero: Value | None) -> Iterator[list[Line]]:
    """Yield chunks of (time tag, values) of each line; values that are NaN at the end of a line are left out.

    Time tags are calendar texts, or seconds past EPOCH_TZERO where MAN_COMPOSITION says so.
    """
    composition = block.values.get("MAN_COMPOSITION")
    relative = isinstance(composition, str) and composition.strip().upper().startswith("TIME_RELATIVE")
    since = zero if relative and isinstance(zero, Epoch) else None
    ragged = bool(rows.columns) and rows.columns[-1] not in rows.texts and bool(np.isnan(rows.values[:, -1]).any())
    decimals = decimals_of(rows.epochs)
    for first in range(0, len(rows), CHUNK):
        part = slice(first, first + CHUNK)
        values = [list(map(repr, row)) for row in rows.values[part].tolist()]
        for column, name in enumerate(rows.columns):
            for line, text in zip(values, rows.texts[name][part] if name in rows.texts else (), strict=False):
                line[column] = text
        if ragged:
            values = [line[: line.index("nan")] if "nan" in line else line for line in values]
        yield list(zip(_times(_part(rows.epochs, part), since, decimals), values, strict=True))


def records_of(rows: Observations) -> Iterator[list[tuple[str, str, str]]]:
    """Yield chunks of (keyword, time tag, value) of each record."""
    decimals = decimals_of(rows.epochs)
    for first in range(0, len(rows), CHUNK):
        part = slice(first, first + CHUNK)
        names = [rows.names[at] for at in rows.of[part].tolist()]
        times = texts_of(_part(rows.epochs, part), decimals)
        yield list(zip(names, times, map(repr, rows.values[part].tolist()), strict=True))


def _part(epochs: Epochs, part: slice) -> Epochs:
    return Epochs(epochs.scale, epochs.day[part], epochs.of_day_ns[part])


def _times(epochs: Epochs, since: Epoch | None, decimals: int) -> list[str]:
    return texts_of(epochs, decimals) if since is None else [seconds_text(ns) for ns in since_ns(epochs, since).tolist()]


def seconds_text(ns: int) -> str:
    """Return nanoseconds as seconds, exactly."""
    whole, rest = divmod(abs(ns), SECOND)
    return f"{'-' if ns < 0 else ''}{whole}.{f'{rest:09d}'.rstrip('0') or '0'}"
