from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aelita.archive import Archive, open_archive
from aelita.archive.tables import Table
from aelita.errors import ArchiveError, UsageError
from aelita.time import NO_TIME
from archive_material import (
    DATABASE,
    EPOCH,
    SECOND,
    Model,
    Truth,
    agree,
    batches,
    contents,
    feed,
    framed,
    ingest,
    plain,
    source,
    truths,
)  # fmt: skip

PACKETS = truths(1, 60)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive", create=True)


def test_packets_and_parameters_come_back(archive: Archive) -> None:
    model = Model()
    ingest(archive, "one", batches(PACKETS, 25))
    model.ingest("one", PACKETS)
    agree(archive, model)
    sources = archive.sources().row(0, named=True)
    assert (sources["complete"], sources["packets"], sources["duplicates"]) == (True, 60, 0)
    assert sources["samples"] == sum(v is not None for p in PACKETS for v in p.values.values())


def test_octets_are_kept_once_in_the_frames(archive: Archive) -> None:
    packets = [Truth(p.octets, p.apid, p.count, p.generated, p.values, channel=k % 3) for k, p in enumerate(PACKETS)]
    ingest(archive, "frames", framed(packets, 7, bad=[0, 9, 10]))
    model = Model()
    ordered = sorted(packets, key=lambda p: p.octets)
    found = archive.packets()
    assert sorted(found["octets"].to_list()) == [p.octets for p in ordered]
    kept = pl.concat([pl.read_parquet(path) for path in archive.tables["packets"].files()["path"]])
    assert 0 < kept["octets"].null_count() < len(kept)  # those that began in an earlier batch keep their own
    assert not model.kept
    frames = archive.frames(octets=True)
    assert frames["number"].to_list() == list(range(len(frames)))
    assert frames.filter(pl.col("reason") > 0)["number"].to_list() == [0, 9, 10]
    assert frames["octets"].null_count() == 0
    assert set(frames["octets"].bin.size()) == {58}


def test_same_source_again_adds_nothing(archive: Archive) -> None:
    ingest(archive, "one", batches(PACKETS, 25))
    before = contents(archive.path)
    session = ingest(archive, "one", batches(PACKETS, 25))
    assert session.complete
    after = contents(archive.path)
    assert before.keys() == after.keys()
    assert all(before[name].equals(after[name]) for name in before)


def test_packets_of_an_overlapping_file_are_recognised(archive: Archive) -> None:
    model = Model()
    for name, part in {"early": PACKETS[:40], "late": PACKETS[20:], "inside": PACKETS[30:35]}.items():
        ingest(archive, name, batches(part, 9))
        model.ingest(name, part)
    assert model.duplicates == 25
    agree(archive, model)


def test_packets_are_recognised_between_frames_and_files(archive: Archive) -> None:
    model = Model()
    for name, made in {"frames": framed(PACKETS[:40], 6), "plain": batches(PACKETS, 16)}.items():
        ingest(archive, name, made)
        model.ingest(name, PACKETS[:40] if name == "frames" else PACKETS)
    assert model.duplicates == 40
    agree(archive, model)


def test_packets_that_differ_in_one_octet_are_both_kept(archive: Archive) -> None:
    other = Truth(PACKETS[3].octets[:-1] + b"\xaa", *[getattr(PACKETS[3], f) for f in ("apid", "count", "generated", "values")])
    assert other.octets != PACKETS[3].octets
    ingest(archive, "one", batches(PACKETS, 60))
    ingest(archive, "two", batches([other], 60))
    assert len(archive.packets()) == 61


def test_packets_sent_twice_in_a_file_count_once(archive: Archive) -> None:
    twice = [*PACKETS[:30], *PACKETS[10:20], *PACKETS[25:]]
    ingest(archive, "one", batches(twice, 45))
    model = Model()
    model.ingest("one", twice)
    assert model.duplicates == 15
    agree(archive, model)


def test_packets_of_unknown_time_are_never_duplicates(archive: Archive) -> None:
    timeless = [Truth(p.octets, p.apid, p.count, NO_TIME, p.values) for p in PACKETS[:10]]
    model = Model()
    for name in ("one", "two"):
        ingest(archive, name, batches(timeless, 4))
        model.ingest(name, timeless)
    agree(archive, model)
    assert len(archive.packets()) == 20
    assert len(archive.packets("2000-01-01", "2100-01-01")) == 0


def test_late_data_fill_history_and_leave_current_values(archive: Archive) -> None:
    model = Model()
    for name, part in {"now": PACKETS[40:], "playback": PACKETS[:40]}.items():
        ingest(archive, name, batches(part, 11))
        model.ingest(name, part)
        agree(archive, model)
    assert archive.latest()["source"].unique().to_list() == [1]


def test_bad_packets_do_not_become_current_values(archive: Archive) -> None:
    bad = Truth(PACKETS[59].octets, PACKETS[59].apid, 99, EPOCH + 10**6 * SECOND, PACKETS[59].values, quality=1)
    model = Model()
    for name, part in {"good": PACKETS, "bad": [bad]}.items():
        ingest(archive, name, batches(part, 60))
        model.ingest(name, part)
    agree(archive, model)


def test_idle_packets_are_counted_only(archive: Archive) -> None:
    idle = Truth(b"\x07\xff\xc0\x00\x00\x00\x55", 0x7FF, 0, NO_TIME)
    mixed = [x for p in PACKETS[:5] for x in (idle, p)]
    ingest(archive, "one", batches(mixed, 4))
    model = Model()
    model.ingest("one", mixed)
    agree(archive, model)
    assert archive.sources()["idle"].to_list() == [5]


class DiedError(Exception):
    pass


def dying(monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> None:
    """Let the process "die" at the given commit, before or after it is made."""
    real, left = Table.append, iter(range(at, -1, -1))

    def append(self: Table, rows: pl.DataFrame, writer: str, batch: int) -> bool:
        last = next(left, -1) == 0
        if last and not after:
            raise DiedError
        done = real(self, rows, writer, batch)
        if last:
            raise DiedError
        return done

    monkeypatch.setattr(Table, "append", append)


@pytest.mark.parametrize("group_octets", [1, 900])
@pytest.mark.parametrize("make", [lambda: framed(PACKETS, 12, bad=[4]), lambda: batches(PACKETS, 9)], ids=["frames", "packets"])
def test_death_at_any_commit_loses_and_doubles_nothing(tmp_path: Path, make: Any, group_octets: int) -> None:
    whole = open_archive(tmp_path / "whole", create=True)
    ingest(whole, "other", batches(PACKETS[20:24], 4))
    ingest(whole, "one", make())
    expected, latest, died = contents(whole.path), whole.latest(), 0
    for at in range(0, 200, 2):
        folder = tmp_path / f"killed{at}"
        ingest(open_archive(folder, create=True), "other", batches(PACKETS[20:24], 4))
        with pytest.MonkeyPatch.context() as patch:
            dying(patch, at, after=at % 4 == 0)
            try:
                ingest(open_archive(folder), "one", make(), group_octets=group_octets)
            except DiedError:
                died += 1
        again = open_archive(folder)
        ingest(again, "one", make(), group_octets=1 if at % 3 else 2 * group_octets)  # groups may be cut elsewhere
        found = contents(folder)
        assert found.keys() == expected.keys()
        for name in expected:
            assert found[name].equals(expected[name]), (at, name)
        assert again.latest().equals(latest)
        if at > 2 * died:
            break
    assert died > 8 and at < 198


def test_ingest_begun_with_other_definitions_is_refused_until_complete(archive: Archive) -> None:
    with archive.begin(source("one", channel="a", batch_octets=5), DATABASE) as session:
        session.commit(1, plain(PACKETS[:5]))
    for other in ({"channel": "b", "batch_octets": 5}, {"channel": "a", "batch_octets": 6}):
        with pytest.raises(ArchiveError, match="begun with another"):
            archive.begin(source("one", **other), DATABASE)
    with pytest.raises(ArchiveError, match="database"):
        archive.begin(source("one", channel="a", batch_octets=5))
    with archive.begin(source("one", channel="a", batch_octets=5), DATABASE) as session:
        feed(session, [plain(PACKETS[:5])])
    with archive.begin(source("one", channel="b")) as session:
        assert session.complete


def test_batches_come_in_order(archive: Archive) -> None:
    with archive.begin(source("one")) as session, pytest.raises(UsageError, match="batch 2 came when 1"):
        session.commit(2, plain(PACKETS))


def test_one_writer_at_a_time(archive: Archive) -> None:
    with archive.begin(source("one")), pytest.raises(ArchiveError, match=r"another writer \(process \d+\)"):
        open_archive(archive.path).begin(source("two"))
    with archive.begin(source("two")):
        pass


def test_folder_without_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive here"):
        open_archive(tmp_path / "none")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").write_text("x")
    with pytest.raises(ArchiveError, match="holds other things than an archive"):
        open_archive(tmp_path / "full", create=True)


@pytest.mark.parametrize(
    ("mark", "said"), [('{"format": 99}', "newer Aelita"), ("[]", "cannot be read"), ("{", "cannot be read")]
)
def test_other_formats_are_refused(tmp_path: Path, mark: str, said: str) -> None:
    open_archive(tmp_path / "a", create=True)
    (tmp_path / "a" / "archive.json").write_text(mark)
    with pytest.raises(ArchiveError, match=said):
        open_archive(tmp_path / "a")


def test_names_that_differ_only_in_case_are_refused(archive: Archive) -> None:
    packets = [Truth(p.octets, p.apid, p.count, p.generated, {"/T/x/small": 1}) for p in PACKETS[:3]]
    ingest(archive, "one", batches(packets, 3))
    packets = [Truth(p.octets, p.apid, p.count, p.generated + 1, {"/T/X/small": 1}) for p in PACKETS[:3]]
    with pytest.raises(ArchiveError, match="differ only in case"):
        ingest(archive, "two", batches(packets, 3))


def test_a_wider_type_keeps_old_values(archive: Archive) -> None:
    name = "/T/1/small"
    old = [Truth(p.octets, 1, k, p.generated, {name: 200}) for k, p in enumerate(PACKETS[:4])]
    new = [Truth(p.octets, 1, k, p.generated, {name: 1}) for k, p in enumerate(PACKETS[4:6])]
    ingest(archive, "one", batches(old, 4))
    wide = plain(new)
    wide.containers[0].raw[name] = type(wide.containers[0].raw[name])(np.array([70_000.5, -2.0]))  # type: ignore[index]
    ingest(archive, "two", [wide])
    assert archive.values(name, raw=True)["value"].to_list() == [200, 200, 200, 200, 70_000.5, -2.0]
    text = plain([Truth(b"abcdefgh", 1, 9, EPOCH, {"/T/1/text": "x"})])
    text.containers[0].raw[name] = text.containers[0].raw.pop("/T/1/text")  # type: ignore[index, attr-defined]
    with pytest.raises(ArchiveError, match="cannot take"):
        ingest(archive, "three", [text])


def test_parameters_are_found_by_the_end_of_their_name(archive: Archive) -> None:
    ingest(archive, "one", batches(PACKETS, 60))
    assert archive.values("2/real", raw=True).equals(archive.values("/T/2/real", raw=True))
    with pytest.raises(UsageError, match="3 parameters are called real"):
        archive.values("real", raw=True)
    with pytest.raises(UsageError, match="Did you mean /T/2/real"):
        archive.values("/T/2/reel", raw=True)
    with pytest.raises(UsageError, match="mission database"):
        archive.values("2/real")


def test_ranges_are_half_open_and_take_utc_or_tai(archive: Archive) -> None:
    model = Model()
    ingest(archive, "one", batches(PACKETS, 14))
    model.ingest("one", PACKETS)
    for start, stop in (
        (EPOCH, EPOCH + SECOND),
        (EPOCH + 7 * SECOND + 1, EPOCH + 31 * SECOND),
        (None, EPOCH),
        (EPOCH + 50 * SECOND, None),
    ):
        got = archive.values("2/small", start, stop, raw=True).select("generated", "source", "row", "value").rows()
        assert got == model.values("/T/2/small", start, stop)
    utc = archive.values("2/small", "2023-11-14T22:12:43.000000001", raw=True)
    assert utc["generated"][0] == EPOCH + SECOND
    assert str(utc["utc"][0]) == "2023-11-14 22:12:44"


def test_gaps_and_quarantine_come_back(archive: Archive) -> None:
    ingest(archive, "one", framed(PACKETS, 9, bad=[4]))
    assert archive.gaps()["lost"].sum() == 2 * len(archive.gaps()) > 0
    assert archive.quarantine().select("position", "reason").rows() == [(4 * 58, "frame error control field")]
