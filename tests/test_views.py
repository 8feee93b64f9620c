"""Views of histories against plain models."""

from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.telemetry import Column
from aelita.telemetry.views import changed, changes_only, sampled

NUMBERS = st.lists(st.sampled_from([0.0, 1.0, -0.0, np.nan, np.inf]) | st.none(), max_size=30)
TIMES = st.lists(st.integers(-(2**62), 2**62) | st.integers(0, 200), max_size=40).map(sorted)


def column_of(values: list[float | None]) -> Column:
    valid = np.array([v is not None for v in values], np.bool_)
    return Column(np.array([7.0 if v is None else v for v in values]), None if valid.all() else valid)


def runs_of(values: list[Any]) -> list[int]:
    """Return the rows that the change-only view keeps."""
    key = [repr(v) if v is None or v != v else v for v in values]
    kept, at = [], 0
    for _, run in groupby(key):
        length = len(list(run))
        kept += sorted({at, at + length - 1})
        at += length
    return kept


@given(NUMBERS)
def test_only_changes(values: list[float | None]) -> None:
    times = np.arange(len(values)) * 10
    at, kept = changes_only(times, column_of(values))
    rows = runs_of(values)
    assert (at // 10).tolist() == rows
    assert [bool(v) for v in kept.mask()] == [values[row] is not None for row in rows]
    again, _ = changes_only(at, kept)
    assert np.array_equal(again, at)


@given(NUMBERS.filter(lambda values: None not in values))
def test_the_line_through_changes_is_the_line_through_all(values: list[float]) -> None:
    values = [v for v in values if np.isfinite(v)]
    times = np.arange(len(values)) * 10
    at, kept = changes_only(times, column_of(list(values)))
    if values:
        assert np.array_equal(np.interp(times, at, kept.values), values)


def test_labels_octets_and_lists_change() -> None:
    assert changed(Column(np.array([1, 1, 0]), None, ("a", "b"))).tolist() == [True, False, True]
    octets = np.array([b"x", b"x", None, None, "x"], object)
    assert changed(Column(octets)).tolist() == [True, False, True, False, True]
    lists = np.empty(4, object)
    lists[:] = [np.array([1.0, np.nan]), np.array([1.0, np.nan]), np.array([1.0]), None]
    assert changed(Column(lists)).tolist() == [True, False, True, True]


@given(TIMES, st.integers(1, 2**61) | st.integers(1, 50), st.none() | st.integers(-100, 100))
def test_one_sample_an_interval(times: list[int], interval: int, start: int | None) -> None:
    at, kept = sampled(np.array(times, np.int64), Column(np.arange(len(times))), interval, start)
    origin = (times[0] if start is None else start) if times else 0
    rows = [
        next(iter(group))[1] for _, group in groupby((((t - origin) // interval, i) for i, t in enumerate(times)), lambda x: x[0])
    ]
    assert kept.values.tolist() == rows and at.tolist() == [times[row] for row in rows]


def test_an_interval_is_positive() -> None:
    with pytest.raises(UsageError):
        sampled(np.zeros(1, np.int64), Column(np.zeros(1)), 0)
