"""Check, compaction and retention."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aelita.archive import Archive, Retention, apply_retention, check, compact, open_archive
from aelita.archive.tables import Table
from aelita.errors import ArchiveError, UsageError
from archive_material import DATABASE, EPOCH, SECOND, Model, agree, batches, contents, framed, ingest, plain, source, truths

PACKETS = truths(1, 60)
DAY = 86400 * SECOND


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = open_archive(tmp_path_factory.mktemp("made") / "archive", create=True)
    ingest(archive, "frames", framed(PACKETS[:30], 6, bad=[3]))
    ingest(archive, "plain", batches(PACKETS, 11))
    return archive.path


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Archive:
    return open_archive(shutil.copytree(made, tmp_path / "archive"))


def again(archive: Archive) -> None:
    """Ingest everything once more; nothing may be added."""
    before = contents(archive.path)
    ingest(archive, "frames", framed(PACKETS[:30], 6, bad=[3]))
    ingest(archive, "plain", batches(PACKETS, 11))
    same(before, contents(archive.path))


def same(before: dict[str, pl.DataFrame], after: dict[str, pl.DataFrame]) -> None:
    assert before.keys() == after.keys()
    for name in before:
        assert before[name].equals(after[name]), name


def test_a_whole_archive_has_no_findings(archive: Archive) -> None:
    found = check(archive)
    assert found.findings == ()
    assert found.whole
    assert dict(found.tables.select("table", "rows").rows())["packets"] == 60
    assert found.tables["octets"].sum() > 0


def test_an_ingest_under_way_is_no_fault(archive: Archive) -> None:
    with archive.begin(source("third"), DATABASE) as session:
        session.commit(1, plain(truths(9, 10, start=EPOCH + DAY)))
    found = check(archive)
    assert [(f.table, f.serious) for f in found.findings] == [("sources", False)]
    assert found.whole


def newest_file(archive: Archive, name: str) -> Path:
    return Path(archive.all_tables()[name].files()["path"][0])


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def overwritten(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[4 : len(octets) - 8] = b"\x00" * (len(octets) - 12)
    path.write_bytes(octets)


@pytest.mark.parametrize("name", ["packets", "frames", "batches", "sources", "pyramids", "contents", "parameters/T.C1"])
@pytest.mark.parametrize("harm", [Path.unlink, truncated, overwritten])
def test_damaged_and_missing_files_are_found(archive: Archive, name: str, harm: Callable[[Path], Any]) -> None:
    harm(newest_file(archive, name))
    found = check(open_archive(archive.path))
    assert not found.whole
    assert {f.table for f in found.findings} == {name}
    assert all(f.remedy for f in found.findings)


def test_a_damaged_log_is_found(archive: Archive) -> None:
    log = archive.path / "tables" / "packets" / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text()[:50])
    found = check(open_archive(archive.path))
    assert not found.whole
    assert found.findings[0].table == "packets"


FAULTS: dict[str, tuple[str, Callable[[Archive], Any]]] = {
    "lost packets": ("has 59 rows|has 29 rows|no packet|there are", lambda a: a.tables["packets"].delete("source = 1 AND row = 3")),
    "lost frames": ("frames that are not there|rows of frames", lambda a: a.tables["frames"].delete("number = 2")),
    "doubled packets": (
        "there twice", lambda a: a.tables["packets"].append(pl.read_delta(str(a.tables["packets"].path)), "other", 1)
    ),
    "doubled rows": (
        "there twice",
        lambda a: a.container_table("/T/C1").append(pl.read_delta(str(a.container_table("/T/C1").path)), "other", 1),
    ),
    "lost batch": ("batches of plain are listed", lambda a: a.catalogue.batches.delete("source = 2 AND batch = 2")),
    "lost contents": ("table of contents", lambda a: a.catalogue.contents.delete("parameter = '/T/1/small'")),
    "lost latest": ("are not the newest", lambda a: a.latest_file.replace(a.latest_file.known().head(2))),
    "lost databases": ("database versions that are not there", lambda a: a.catalogue._databases.delete("database = 1")),
    "other octets": (
        "header and row differ",
        lambda a: a.tables["packets"].replace(
            pl.read_delta(str(a.tables["packets"].path)).filter(pl.col("source") == 2).with_columns(length=pl.lit(9, pl.Int32)),
            "source = 2",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_tables_that_contradict_each_other_are_found(archive: Archive, fault: str) -> None:
    import re

    said, harm = FAULTS[fault]
    harm(archive)
    found = check(open_archive(archive.path))
    assert not found.whole
    assert re.search(said, " ".join(f.what for f in found.findings)), found.findings


def test_compaction_leaves_every_answer_as_it_was(archive: Archive) -> None:
    before, values = contents(archive.path), archive.values("2/perhaps", raw=True)
    samples, packets = archive.samples("1/real", 20), archive.packets()
    said = compact(archive, full=True)
    assert said["files_after"].sum() < said["files"].sum() + 3 * len(said)
    rows = said.filter(pl.col("table") == "packets").row(0, named=True)
    assert len(archive.tables["packets"].files()) == 1
    assert rows["octets_after"] < rows["octets"] + 20_000
    for opened in (archive, open_archive(archive.path)):
        same(before, contents(opened.path))
        assert opened.values("2/perhaps", raw=True).equals(values)
        assert opened.samples("1/real", 20).equals(samples)
        assert opened.packets().equals(packets)
    assert check(archive).findings == ()
    again(open_archive(archive.path))


def test_files_are_kept_for_readers_for_a_while(archive: Archive) -> None:
    old = archive.tables["packets"].files()["path"].to_list()
    compact(archive)
    assert all(Path(path).exists() for path in old)
    compact(archive, full=True)
    assert not any(Path(path).exists() for path in old)
    left = {str(p) for p in archive.tables["packets"].path.glob("*.parquet")}
    assert left == set(archive.tables["packets"].files()["path"].to_list())


class DiedError(Exception):
    pass


def dies(patch: pytest.MonkeyPatch, methods: list[str], at: int, after: bool) -> None:
    """Let the process "die" at the given step, before or after it is made."""
    left = iter(range(at, -1, -1))

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(self: Table, *given: Any, **more: Any) -> Any:
            last = next(left, -1) == 0
            if last and not after:
                raise DiedError
            done = real(self, *given, **more)
            if last:
                raise DiedError
            return done

        return step

    for name in methods:
        patch.setattr(Table, name, dying(getattr(Table, name)))


@pytest.mark.parametrize("at", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("after", [False, True])
def test_death_in_a_compaction_changes_nothing(archive: Archive, at: int, after: bool) -> None:
    before = contents(archive.path)
    with pytest.MonkeyPatch.context() as patch:
        dies(patch, ["compact", "sweep"], at, after)
        with pytest.raises(DiedError):
            compact(archive, full=True)
    opened = open_archive(archive.path)
    same(before, contents(opened.path))
    assert check(opened).findings == ()
    again(opened)
    compact(opened, full=True)
    same(before, contents(opened.path))


def test_compaction_takes_the_lock(archive: Archive) -> None:
    with archive.begin(source("third"), DATABASE), pytest.raises(ArchiveError, match="another writer"):
        compact(open_archive(archive.path))


def aged(tmp_path: Path) -> tuple[Archive, list[Any]]:
    """Return an archive with packets of ten days, three a day, in frames and in plain."""
    packets = truths(5, 30, step=DAY // 3)
    archive = open_archive(tmp_path / "aged", create=True)
    ingest(archive, "frames", framed(packets[:18], 5, bad=[2]))
    ingest(archive, "plain", batches(packets[15:], 6))
    return archive, packets


def test_nothing_is_removed_without_settings(tmp_path: Path) -> None:
    archive, packets = aged(tmp_path)
    before = contents(archive.path)
    assert archive.retention() == Retention()
    assert not len(apply_retention(archive, packets[-1].generated + 10**6 * DAY))
    same(before, contents(archive.path))


def test_rows_older_than_the_limit_are_removed_and_no_others(tmp_path: Path) -> None:
    archive, packets = aged(tmp_path)
    latest = archive.latest()
    archive.keep(Retention(frames=4, packets=4, parameters=2, quarantine=1))
    now = packets[-1].generated
    removed = apply_retention(archive, now)
    young = [p for p in packets if p.generated >= now - 4 * DAY]
    assert sorted(archive.packets()["octets"].to_list()) == sorted(p.octets for p in young)
    for name in ("1/small", "3/huge"):
        kept = [p.generated for p in packets if p.generated >= now - 2 * DAY and f"/T/{name}" in p.values]
        assert archive.values(name, raw=True)["generated"].to_list() == kept
    assert not len(archive.quarantine())
    assert archive.latest().equals(latest)
    assert removed.filter(pl.col("table") == "packets")["rows"].sum() == len(packets) - len(young)
    assert check(archive).findings == ()
    stored = pl.read_delta(str(archive.path / "tables" / "removals"))
    assert stored["rows"].sum() == removed["rows"].sum()
    assert not len(apply_retention(archive, now))
    ingest(archive, "plain", batches(packets[15:], 6))  # a complete source is known, whatever is left of it
    assert len(archive.packets()) == len(young)


def test_frames_stay_as_long_as_packets_stand_in_them(tmp_path: Path) -> None:
    archive, packets = aged(tmp_path)
    archive.keep(Retention(frames=6, packets=6))
    now = packets[-1].generated
    apply_retention(archive, now)
    frames = archive.frames()
    assert 0 < len(frames) < len(framed(packets[:18], 500)[0].frames.offset) + 1  # type: ignore[union-attr]
    assert archive.packets()["octets"].null_count() == 0
    assert sorted(archive.packets()["octets"].to_list()) == sorted(p.octets for p in packets if p.generated >= now - 6 * DAY)


@pytest.mark.parametrize("after", [False, True])
def test_a_killed_removal_is_completed_by_the_next(tmp_path: Path, after: bool) -> None:
    archive, packets = aged(tmp_path)
    archive.keep(Retention(frames=4, packets=4, parameters=2))
    whole = open_archive(shutil.copytree(archive.path, tmp_path / "whole"))
    apply_retention(whole, packets[-1].generated)
    expected = contents(whole.path)
    for at in range(6):
        killed = open_archive(shutil.copytree(archive.path, tmp_path / f"killed{at}"))
        with pytest.MonkeyPatch.context() as patch:
            dies(patch, ["delete"], at, after)
            with pytest.raises(DiedError):
                apply_retention(killed, packets[-1].generated)
        apply_retention(open_archive(killed.path), packets[-1].generated)
        same(expected, contents(killed.path))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frames": 3}, "before the packets"), ({"frames": 3, "packets": 4}, "before the packets"), ({"packets": 0}, "0 days"),
        ({"packet": 1}, "no such tables: packet"), ({"events": True}, "True days"), ({"events": "3"}, "'3' days"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(archive: Archive, given: dict[str, Any], said: str) -> None:
    mark = archive.path / "archive.json"
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"retention": given}))
    with pytest.raises(UsageError, match=said):
        apply_retention(archive, EPOCH)


def test_histories_after_compaction_agree_with_the_model(tmp_path: Path) -> None:
    archive, model = open_archive(tmp_path / "a", create=True), Model()
    for k in range(4):
        part = [replace(p, quality=int(i % 7 == 0)) for i, p in enumerate(PACKETS[k * 12 : k * 12 + 20])]
        ingest(archive, str(k), batches(part, 7))
        model.ingest(str(k), part)
        compact(archive, full=k % 2 == 0)
    agree(archive, model)
