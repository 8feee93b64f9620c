"""Parameters for other tools."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import aelita.archive.export as module
from aelita.archive import (
    Archive,
    DatabaseText,
    Decoded,
    open_archive,
    rebuild,
    to_arrow,
    to_csv,
    to_numpy,
    to_parquet,
    to_polars,
    to_xarray,
)
from aelita.errors import ArchiveError, UsageError
from aelita.records import StoredColumn
from aelita.time import NO_TIME
from archive_material import EPOCH, SECOND, Rows, Truth, batches, ingest, truths

PACKETS = [*truths(1, 60), *[Truth(b"\x08\x01\xc0\x01\x00\x00" + bytes([k]), 1, k, NO_TIME, {"/T/1/small": k}) for k in range(3)]]
WRITERS: dict[str, tuple[Any, Any]] = {
    "parquet": (to_parquet, pl.read_parquet),
    "arrow": (to_arrow, pl.read_ipc),
    "csv": (to_csv, lambda path: pl.read_csv(path, infer_schema_length=None)),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = open_archive(tmp_path_factory.mktemp("made") / "archive", create=True)
    ingest(archive, "one", batches(PACKETS[:60], 11))
    ingest(archive, "timeless", batches(PACKETS[60:], 11))
    return archive


def test_wide_tables_have_a_row_a_packet(archive: Archive) -> None:
    names = ["1/small", "1/perhaps", "/T/2/text"]
    table = to_polars(archive, names, raw=True)
    assert table.columns == [
        "utc",
        "generated",
        "source",
        "row",
        "quality",
        "database",
        "/T/1/small",
        "/T/1/perhaps",
        "/T/2/text",
    ]
    truth = {(1, row): p for row, p in enumerate(PACKETS[:60])} | {(2, row): p for row, p in enumerate(PACKETS[60:])}
    expected = {k: p for k, p in truth.items() if any(p.values.get(f"/T/{n.removeprefix('/T/')}") is not None for n in names)}
    assert set(table.select("source", "row").rows()) == set(expected)
    for row in table.iter_rows(named=True):
        p = expected[row["source"], row["row"]]
        assert row["generated"] == (None if p.generated == NO_TIME else p.generated)
        assert all(row[name] == p.values.get(name) for name in table.columns[6:])
    assert (table["utc"].is_null() == table["generated"].is_null()).all()
    times = table["generated"].drop_nulls()
    assert times.is_sorted()


def test_long_tables_have_a_row_a_value(archive: Archive) -> None:
    table = to_polars(archive, ["1/real", "1/text", "2/agg.of[0]"], raw=True, wide=False)
    real = table.filter(pl.col("parameter") == "/T/1/real")
    assert real["number"].to_list() == archive.values("1/real", raw=True)["value"].to_list()
    assert real["text"].null_count() == len(real)
    assert (
        table.filter(pl.col("parameter") == "/T/1/text")["text"].to_list()
        == archive.values("1/text", raw=True)["value"].to_list()
    )
    assert set(table.filter(pl.col("parameter") == "/T/2/agg.of[0]")["number"]) == {0.0, 1.0}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("span", [(), (EPOCH + 5 * SECOND, EPOCH + 44 * SECOND)])
def test_files_hold_what_the_table_does(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, wide: bool, span: tuple[int, ...]
) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    write, read = WRITERS[kind]
    names = ["1/small", "2/real", "3/text"]
    rows = write(archive, tmp_path / "out", names, *span, raw=True, wide=wide)
    expected = to_polars(archive, names, *span, raw=True, wide=wide)
    found = read(tmp_path / "out")
    assert rows == len(found) == len(expected) > 40 - 20 * len(span)
    assert found.columns == expected.columns
    same = ["source", "row", *(["/T/1/small", "/T/3/text"] if wide else ["parameter", "text"])]
    assert found.select(same).rows() == expected.select(same).rows()
    if kind != "csv":
        assert found.schema == expected.schema
        assert found.equals(expected)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_column_that_became_another_type_is_written(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 4)
    other = open_archive(tmp_path / "other", create=True)
    ingest(other, "one", batches(PACKETS[:60], 11))

    def wider(version: Any, packets: Any, generated: Any) -> Decoded:
        rows = np.flatnonzero(packets.apid == 1)
        return Decoded([Rows("/T/C1", rows, {"/T/1/small": StoredColumn(np.full(rows.size, 0.5))})])

    rebuild(other, DatabaseText("n", "<n/>"), wider, EPOCH + 30 * SECOND, containers=["/T/C1"])
    to_parquet(other, tmp_path / "out", ["1/small"], raw=True)
    found = pl.read_parquet(tmp_path / "out")["/T/1/small"]
    assert found.dtype == pl.Float64 and found[-1] == 0.5 and found[0] == PACKETS[0].values["/T/1/small"]


def test_arrays(archive: Archive) -> None:
    arrays = to_numpy(archive, ["1/real", "1/huge", "1/agg.of[0]"], EPOCH, raw=True)
    mine = [p for p in PACKETS[:60] if p.apid == 1]
    assert np.array_equal(arrays["/T/1/real"], np.array([p.values["/T/1/real"] for p in mine], np.float32))
    assert arrays["/T/1/huge"].dtype == np.uint64
    assert arrays["/T/1/huge"].tolist() == [p.values["/T/1/huge"] for p in mine]
    assert arrays["/T/1/agg.of[0]"].dtype == np.bool_
    assert arrays["utc"].dtype == np.dtype("datetime64[ns]")


def test_xarray(archive: Archive) -> None:
    data = to_xarray(archive, ["1/real", "1/perhaps"], raw=True)
    mine = [p for p in PACKETS[:60] if p.apid == 1]
    assert dict(data.sizes) == {"time": len(mine)}
    assert data["generated"].values.tolist() == [p.generated for p in mine]
    perhaps = [np.nan if (v := p.values["/T/1/perhaps"]) is None else v for p in mine]
    assert np.array_equal(data["/T/1/perhaps"].values, perhaps, equal_nan=True)
    assert str(data["time"].values[0]).startswith("2023-11-14T22:12:43")
    assert (
        float(data["/T/1/real"].sel(time=slice("2023-11-14T22:12:43", "2023-11-14T22:12:44")).values[0])
        == mine[0].values["/T/1/real"]
    )


def test_without_xarray_the_message_says_how_to_get_it(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(UsageError, match="pip install"):
        to_xarray(archive, ["1/real"], raw=True)


def test_what_cannot_be_exported_is_refused(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no parameter"):
        to_polars(archive, [])
    with pytest.raises(UsageError, match="Did you mean"):
        to_parquet(archive, tmp_path / "x", ["1/reel"])
    with pytest.raises(UsageError, match="mission database"):
        to_csv(archive, tmp_path / "x", ["1/real"])
    with pytest.raises(ArchiveError, match="cannot be written"):
        to_csv(archive, tmp_path / "none" / "x", ["1/real"], raw=True)
    with pytest.raises(UsageError, match="not 3 times"):
        to_csv(archive, tmp_path / "x", ["1/real"], 1, 2, 3, raw=True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_range_gives_an_empty_file(archive: Archive, tmp_path: Path) -> None:
    assert to_parquet(archive, tmp_path / "out", ["1/real"], EPOCH + 10**6 * SECOND, raw=True) == 0
    assert pl.read_parquet(tmp_path / "out").shape == (0, 7)
