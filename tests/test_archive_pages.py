"""Pages of rows and plots on one grid, against plain lists of the same packets."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aelita.archive.history as history
import aelita.archive.pages as pages
import aelita.archive.pyramid as pyramid
from aelita.archive import Archive, Order, on_grid, open_archive, page, stretches
from aelita.errors import UsageError
from aelita.records import PACKETS
from aelita.time import NO_TIME
from archive_material import EPOCH, SECOND, Truth, batches, ingest, truths

NUMBER = 900
DATED = truths(5, NUMBER)
UNDATED = [Truth(b"\x08\x01\xc0\x01\x00\x00" + bytes([k]), 1, k, NO_TIME, {"/T/1/small": k}) for k in range(7)]
LATE = truths(6, 60, start=EPOCH + 100 * SECOND + 5, apids=(2,))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid, "SAMPLES_OF_A_BUCKET", 2)
        patch.setattr(pages, "FEW_ROWS", 50)
        patch.setattr(history, "FEW_ROWS", 40)  # above which plots read buckets
        patch.setattr(history, "MOST_ROWS", 100)
        archive = open_archive(tmp_path_factory.mktemp("made") / "archive", create=True)
        for name, packets in {"one": DATED, "timeless": UNDATED, "late": LATE}.items():
            ingest(archive, name, batches(packets, 70))
        yield archive


def every(archive: Archive, order: Order, limit: int, **asked: object) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    after = None
    while found := page(archive, "packets", PACKETS, order, limit, after=after, **asked).to_dicts():  # type: ignore[arg-type]
        rows += found
        after = order.key_of(found[-1])
    return rows


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 13, 400, 5000])
@pytest.mark.parametrize("span", [(None, None), (EPOCH + 50 * SECOND, None), (EPOCH + 60 * SECOND, EPOCH + 300 * SECOND + 1)])
def test_pages_hold_each_row_once_and_in_order(
    archive: Archive, limit: int, descending: bool, span: tuple[int | None, int | None]
) -> None:
    if limit == 1:
        span = EPOCH + 95 * SECOND, EPOCH + 120 * SECOND
    order = Order(("generated", "source", "row"), descending)
    found = [order.key_of(row) for row in every(archive, order, limit, start=span[0], stop=span[1])]
    low, high = NO_TIME if span == (None, None) else span[0] or EPOCH, span[1] or 1 << 62
    truth = [(p.generated, 1, k) for k, p in enumerate(DATED)] + [(NO_TIME, 2, k) for k in range(len(UNDATED))]
    truth += [(p.generated, 3, k) for k, p in enumerate(LATE)]
    assert found == [list(key) for key in sorted((key for key in truth if low <= key[0] < high), reverse=descending)]


def test_pages_by_number_and_with_conditions(archive: Archive) -> None:
    order = Order(("source", "row"), True)
    found = every(archive, order, 100, where=(pl.col("apid") == 2,))
    assert [(row["source"], row["row"]) for row in found] == sorted(
        [(1, k) for k, p in enumerate(DATED) if p.apid == 2] + [(3, k) for k in range(len(LATE))], reverse=True
    )


def test_stretches_part_the_whole_range(archive: Archive) -> None:
    spans = list(stretches(archive, ["1/small", "2/real"], None, None, 60))
    assert spans[0][0] == EPOCH and spans[-1][1] == DATED[-1].generated + 1 - SECOND * (DATED[-1].apid == 3)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert len(spans) > 4


@given(
    low=st.integers(EPOCH - 20 * SECOND, EPOCH + NUMBER * SECOND),
    length=st.integers(0, NUMBER * SECOND),
    count=st.integers(1, 700),
    sources=st.sampled_from([None, [1], [3], [1, 3]]),
)
@settings(max_examples=60, deadline=None)
def test_plots_hold_exactly_the_good_samples_of_a_range(
    archive: Archive, low: int, length: int, count: int, sources: list[int] | None
) -> None:
    high = low + length
    grid = on_grid(archive, ["2/real", "2/small"], count, low, high, sources=sources)
    chosen = [p for number, packets in ((1, DATED), (3, LATE)) if sources is None or number in sources for p in packets]
    inside = [p for p in chosen if p.apid == 2 and low <= p.generated < high]
    for series, name in zip(grid.series, ("/T/2/real", "/T/2/small"), strict=True):
        assert series.parameter == name
        assert series.count.sum() == len(inside)
        assert len(grid.times) <= count + 1
        if not inside:
            continue
        at = np.searchsorted(grid.times, [p.generated for p in inside], side="right") - 1
        values = np.array([p.values[name] for p in inside], float)
        for bucket in np.unique(at):
            some = values[at == bucket]
            assert series.count[bucket] == some.size
            assert (series.minimum[bucket], series.maximum[bucket]) == (some.min(), some.max())
            assert series.mean[bucket] == pytest.approx(some.mean(), rel=1e-9, abs=1e-9)
        assert np.isnan(series.mean[series.count == 0]).all()


def test_what_cannot_be_folded_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="no number"):
        on_grid(archive, ["1/text"], 10)
    with pytest.raises(UsageError, match="before it begins"):
        on_grid(archive, ["1/small"], 10, EPOCH + 5, EPOCH)
    with pytest.raises(UsageError, match="bins"):
        on_grid(archive, ["1/small"], 0)
    assert on_grid(archive, ["1/small"], 10, EPOCH - 9, EPOCH).times.size == 0
