"""Rows decoded or dated anew."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

import aelita.archive.rebuilding as module
from aelita.archive import (
    Archive,
    Calibrator,
    DatabaseText,
    DatabaseVersion,
    Decoded,
    StoredPackets,
    check,
    open_archive,
    rebuild,
    recorrelate,
)
from aelita.archive.tables import Table
from aelita.errors import ArchiveError
from aelita.records import Column, StoredColumn
from aelita.time import NO_TIME
from archive_material import DATABASE, EPOCH, SECOND, Rows, Truth, batches, container_rows, contents, framed, ingest, truths

NEWER = DatabaseText("newer.xml", "<SpaceSystem name='T2'/>")
PACKETS = truths(1, 60)
TIMELESS = [replace(p, generated=NO_TIME) for p in truths(2, 9)]
Array = NDArray[Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = open_archive(tmp_path_factory.mktemp("made") / "archive", create=True)
    ingest(archive, "frames", framed(PACKETS[:30], 6, bad=[3]))
    ingest(archive, "plain", batches([*PACKETS, *TIMELESS], 11))
    return archive.path


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Archive:
    return open_archive(shutil.copytree(made, tmp_path / "archive"))


def first_octets(packets: StoredPackets, rows: Array) -> Array:
    return packets.buffer[packets.offset[rows] + 6].astype(np.float64) / 2


def newer(version: DatabaseVersion, packets: StoredPackets, generated: Array) -> Decoded:
    """Decode as another database would: APID 1 gives another container, 2 the same with another column, 3 nothing."""
    assert version.text == NEWER.text
    assert (np.diff(generated[generated != NO_TIME]) >= 0).all()
    ones, twos = (np.flatnonzero(packets.apid == apid) for apid in (1, 2))
    containers = []
    if ones.size:
        containers.append(Rows("/T/D1", ones, {"/T/new": StoredColumn(first_octets(packets, ones))}))
    if twos.size:
        containers.append(Rows("/T/C2", twos, {"/T/2/real": StoredColumn(first_octets(packets, twos))}))
    limits = {"packet": twos, "parameter": ["/T/2/real"] * twos.size, "after": [1] * twos.size}
    return Decoded(containers, events={"packet": ones[:1], "name": ["seen"] * ones[:1].size}, limits=limits)


def value(p: Truth) -> float:
    return p.octets[6] / 2


def test_a_newer_database_replaces_everything(archive: Archive) -> None:
    version = rebuild(archive, NEWER, newer)
    assert version.number == 2
    everything = [*PACKETS, *TIMELESS]
    for name, apid in (("/T/new", 1), ("/T/2/real", 2)):
        got = archive.values(name, raw=True)
        assert sorted(got["value"].to_list()) == sorted(value(p) for p in everything if p.apid == apid)
        assert set(got["database"]) == {2}
    assert not len(archive.values("/T/2/small", raw=True))
    assert "/T/3/small" not in archive.parameters()
    latest = archive.latest()
    assert set(latest["parameter"]) == {"/T/new", "/T/2/real"}
    newest = max((p for p in PACKETS if p.apid == 1), key=lambda p: p.generated)
    assert latest.filter(pl.col("parameter") == "/T/new").select("number", "generated").row(0) == (
        value(newest),
        newest.generated,
    )
    assert len(archive.limits()) == len([p for p in everything if p.apid == 2])
    assert set(archive.events()["name"]) == {"seen"}
    assert check(archive).findings == ()
    samples = archive.samples("/T/new", 4)
    assert samples["count"].sum() == len([p for p in PACKETS if p.apid == 1])


def test_only_the_range_asked_for_is_replaced(archive: Archive) -> None:
    start, stop = EPOCH + 10 * SECOND, EPOCH + 40 * SECOND
    before = archive.values("/T/2/real", raw=True)
    small = archive.values("/T/2/small", raw=True)
    rebuild(archive, NEWER, newer, start, stop)
    got = archive.values("/T/2/real", raw=True)
    inside = pl.col("generated").is_between(start, stop, "left").fill_null(False)
    assert got.filter(~inside)["value"].to_list() == before.filter(~inside)["value"].to_list()
    assert set(got.filter(~inside)["database"]) == {1}
    assert set(got.filter(inside)["database"]) == {2}
    assert got.filter(inside)["value"].to_list() == [value(p) for p in PACKETS[10:40] if p.apid == 2]
    assert archive.values("/T/2/small", raw=True).equals(small.filter(~inside))
    assert check(archive).findings == ()


def test_only_the_containers_asked_for_are_replaced(archive: Archive) -> None:
    ones = archive.values("/T/1/small", raw=True)
    rebuild(archive, NEWER, newer, containers=["/T/C2"])
    assert archive.values("/T/1/small", raw=True).equals(ones)
    assert "/T/new" not in archive.parameters()
    assert set(archive.values("/T/2/real", raw=True)["database"]) == {2}
    assert not len(archive.events())
    assert check(archive).findings == ()


def same_again(version: DatabaseVersion, packets: StoredPackets, generated: Array) -> Decoded:
    """Decode as the first database did."""
    by_octets = {p.octets: p for p in [*PACKETS, *TIMELESS]}
    ends = packets.offset + packets.length
    found = [by_octets[packets.buffer[a:b].tobytes()] for a, b in zip(packets.offset, ends, strict=True)]
    return Decoded(container_rows(found))


def test_the_same_decoding_gives_the_same_answers(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRETCH", 7)
    before = {name: archive.values(name, raw=True) for name in archive.parameters()}
    latest, samples = archive.latest(), archive.samples("1/real", 20)
    rebuild(archive, DATABASE, same_again)
    for name, values in before.items():
        assert archive.values(name, raw=True).equals(values), name
    assert archive.latest().equals(latest)
    assert archive.samples("1/real", 20).equals(samples)
    assert check(archive).findings == ()


class DiedError(Exception):
    pass


def test_death_at_any_commit_of_a_rebuild_is_made_good_by_the_next(archive: Archive, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STRETCH", 30)
        whole = open_archive(shutil.copytree(archive.path, tmp_path / "whole"))
        rebuild(whole, NEWER, newer)
        expected, latest = contents(whole.path), whole.latest()
        died = 0
        for at in (0, 3, 6, 11):
            killed = open_archive(shutil.copytree(archive.path, tmp_path / f"killed{at}"))
            left, real = iter(range(at, -1, -1)), Table.replace

            def replaced(self: Table, rows: pl.DataFrame, predicate: str, left: Any = left, real: Any = real) -> None:
                if next(left, -1) == 0:
                    raise DiedError
                real(self, rows, predicate)

            with pytest.MonkeyPatch.context() as inner:
                inner.setattr(Table, "replace", replaced)
                try:
                    rebuild(killed, NEWER, newer)
                except DiedError:
                    died += 1
                    assert len(killed.packets()) == 69
                    assert any("interrupted" in finding.what for finding in check(open_archive(killed.path)).findings)
            rebuild(open_archive(killed.path), NEWER, newer)
            found = contents(killed.path)
            assert found.keys() == expected.keys()
            assert all(found[name].equals(expected[name]) for name in expected), at
            assert open_archive(killed.path).latest().equals(latest)
            assert check(open_archive(killed.path)).findings == ()
        assert died == 4


def double(version: DatabaseVersion, container: str, raw: Mapping[str, Column]) -> Mapping[str, Column]:
    factor = float(version.number) * 10
    return {name: StoredColumn(c.values * factor, c.valid) if c.values.dtype.kind == "f" else c for name, c in raw.items()}


def test_each_row_is_calibrated_by_the_database_that_decoded_it(archive: Archive) -> None:
    calibrated = open_archive(archive.path, Calibrator(double))
    rebuild(calibrated, NEWER, newer, EPOCH + 30 * SECOND)
    raw, values = calibrated.values("2/real", raw=True), calibrated.values("2/real")
    assert set(raw["database"]) == {1, 2}
    assert np.allclose(values["value"].to_numpy(), raw["value"].to_numpy() * 10 * raw["database"].to_numpy())
    samples = calibrated.samples("2/real", 3)
    known = values.filter(pl.col("generated").is_not_null())["value"]
    assert np.isclose(samples["maximum"].max(), known.max())  # type: ignore[arg-type]
    last = calibrated.latest().filter(pl.col("parameter") == "/T/2/real").row(0, named=True)
    assert last["number"] == last["raw_number"] * 20


def test_a_column_that_cannot_change_its_type_is_refused(archive: Archive) -> None:
    def texts(version: DatabaseVersion, packets: StoredPackets, generated: Array) -> Decoded:
        rows = np.arange(packets.offset.size)
        return Decoded([Rows("/T/C2", rows, {"/T/2/real": StoredColumn(np.array(["x"] * rows.size, object))})])

    with pytest.raises(ArchiveError, match="cannot take"):
        rebuild(archive, NEWER, texts)
    rebuild(archive, NEWER, newer)
    assert check(archive).findings == ()


def shifted(ticks: Array) -> Array:
    """Return times by another correlation: the clock is 100 s later, and runs a little faster."""
    return ticks * 15260 + 100 * SECOND


def test_a_new_clock_correlation_dates_everything_anew(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.archive.dating.STRETCH", 13)
    rebuild(archive, NEWER, newer, containers=["/T/C2"])
    before = archive.packets()
    texts = archive.values("1/text", raw=True)
    changed = recorrelate(archive, shifted)
    assert changed == 60
    packets = archive.packets()
    ticks = before["ticks"].drop_nulls().to_numpy()
    assert np.array_equal(packets["generated"].drop_nulls().to_numpy(), shifted(ticks))
    assert packets["octets"].to_list() == before["octets"].to_list()
    place = dict(zip(packets.select("source", "row").rows(), packets["generated"].to_list(), strict=True))
    moved = archive.values("1/text", raw=True)
    assert [place[row] for row in moved.select("source", "row").rows()] == moved["generated"].to_list()
    assert sorted(moved["value"].to_list()) == sorted(texts["value"].to_list())
    for table in (archive.limits(), archive.latest()):
        assert [place[row] for row in table.select("source", "row").rows()] == table["generated"].to_list()
    assert archive.sources()["last_time"].max() == packets["generated"].max()
    assert archive.samples("1/real", 5)["count"].sum() == len([p for p in PACKETS if p.apid == 1])
    assert check(archive).findings == ()
    assert recorrelate(archive, shifted) == 0


def test_sources_of_other_clocks_keep_their_times(archive: Archive) -> None:
    before = archive.packets(source=2)
    assert recorrelate(archive, shifted, [1]) == 30
    assert archive.packets(source=2).equals(before)


def test_a_killed_dating_is_completed_by_the_next(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = open_archive(shutil.copytree(archive.path, tmp_path / "whole"))
    recorrelate(whole, shifted)
    expected, real = contents(whole.path), Table.replace
    for at in (0, 4, 8):
        killed = open_archive(shutil.copytree(archive.path, tmp_path / f"killed{at}"))
        left = iter(range(at, -1, -1))

        def replaced(self: Table, rows: pl.DataFrame, predicate: str, left: Any = left) -> None:
            if next(left, -1) == 0:
                raise DiedError
            real(self, rows, predicate)

        with monkeypatch.context() as patch:
            patch.setattr(Table, "replace", replaced)
            with pytest.raises(DiedError):
                recorrelate(killed, shifted)
        recorrelate(open_archive(killed.path), shifted)
        found = contents(killed.path)
        assert all(found[name].equals(expected[name]) for name in expected), at
