"""The state of a table: what the log says of its files, and that it stays the same while others write."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aelita.archive.history import samples_of
from aelita.archive.tables import Table, collect

SCHEMA = {
    "source": pl.Int32, "row": pl.Int64, "generated": pl.Int64, "quality": pl.Int16, "database": pl.Int32, "/T/x": pl.Int32,
}  # fmt: skip


def rows(first: int, quality: int | None, database: int | None, number: int = 5) -> pl.DataFrame:
    at = range(first, first + number)
    return pl.DataFrame([(1, i, 10 * i, quality, database, i * i) for i in at], schema=SCHEMA, orient="row")


@pytest.fixture
def table(tmp_path: Path) -> Table:
    made = Table(tmp_path / "t", "t")
    made.append(rows(0, 0, 1), "w", 1)
    return made


def test_the_log_says_which_columns_have_one_value(table: Table) -> None:
    table.append(rows(5, 0, 2), "w", 2)
    table.append(rows(10, None, None), "w", 3)
    state = table.state()
    low = state.files["min.row"].to_numpy()
    first, both = low == 0, low < 10
    assert [state.constant("quality", here) for here in (first, both, np.ones(3, np.bool_))] == [0, 0, None]
    assert [state.constant("database", here) for here in (first, both, low == 10, first & ~first)] == [1, None, None, None]
    assert state.constant("/T/x", first) is None


def test_a_range_takes_the_rows_that_a_filter_takes(table: Table) -> None:
    table.append(rows(5, 0, 1).with_columns(generated=pl.when(pl.col("row") > 6).then("generated")), "w", 2)
    table.append(rows(20, 1, 2), "w", 3)
    whole = collect(table.scan(), "t").rename({"/T/x": "value"}).sort("row")  # type: ignore[arg-type]
    for start, stop in [(None, None), (0, 1000), (20, 200), (None, 60), (60, None), (65, 200), (500, 600), (40, 41)]:
        kept = whole
        if start is not None:
            kept = kept.filter(pl.col("generated") >= start)
        if stop is not None:
            kept = kept.filter(pl.col("generated") < stop)
        assert samples_of(table, "/T/x", start, stop).sort("row").equals(kept)


def test_a_state_stays_while_another_process_appends(table: Table) -> None:
    before = table.state()
    Table(table.path, "t").append(rows(5, 3, 2), "other", 1)
    assert before.constant("quality", np.ones(1, np.bool_)) == 0
    assert len(collect(before.scan(), "t")) == 5  # type: ignore[arg-type]
    assert samples_of(table, "/T/x", None, None)["quality"].to_list() == [0] * 5 + [3] * 5


def test_rows_written_in_order_keep_the_order_within_a_value(tmp_path: Path) -> None:
    table = Table(tmp_path / "o", "o", order="parameter", group=4)
    given = pl.DataFrame({"parameter": ["b", "b", "a", "c", "c", "a", "b"], "bucket": [1, 2, 3, 4, 5, 6, 7]})
    table.append(pl.concat([given[:3], given[3:]], rechunk=False), "w", 1)
    assert collect(table.scan(), "o").equals(given.sort("parameter", maintain_order=True))  # type: ignore[arg-type]
