"""Backups, restored archives, and archives of older formats."""

import shutil
import sys
from pathlib import Path

import pytest

from aelita.archive import Archive, backup, check, compact, migrate, open_archive, restore
from aelita.errors import ArchiveError
from archive_material import DATABASE, EPOCH, SECOND, batches, contents, framed, ingest, source, truths

PACKETS = truths(1, 60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = open_archive(tmp_path_factory.mktemp("made") / "archive", create=True)
    ingest(archive, "frames", framed(PACKETS[:30], 6, bad=[3]))
    return archive.path


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Archive:
    return open_archive(shutil.copytree(made, tmp_path / "archive"))


def equal(left: Path, right: Path) -> None:
    ours, theirs = contents(left), contents(right)
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equals(theirs[name]) for name in ours)
    assert open_archive(left).latest().equals(open_archive(right).latest())


def test_a_backup_is_an_archive_and_follows(archive: Archive, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    first = backup(archive, target)
    equal(archive.path, target)
    assert check(open_archive(target)).findings == ()
    assert backup(archive, target).octets < first.octets / 4  # only what stands beside the tables
    ingest(archive, "plain", batches(PACKETS, 11))
    more = backup(archive, target)
    assert more.files > 0 and more.deleted == 0
    equal(archive.path, target)
    compact(archive, full=True)
    assert backup(archive, target).deleted > 0
    equal(archive.path, target)
    assert check(open_archive(target)).findings == ()


def test_a_restored_archive_goes_on(archive: Archive, tmp_path: Path) -> None:
    backup(archive, tmp_path / "backup")
    restored = open_archive(restore(tmp_path / "backup", tmp_path / "again"))
    equal(archive.path, restored.path)
    before = contents(restored.path)
    ingest(restored, "frames", framed(PACKETS[:30], 6, bad=[3]))
    assert all(before[name].equals(table) for name, table in contents(restored.path).items())
    ingest(restored, "plain", batches(PACKETS, 11))
    ingest(archive, "plain", batches(PACKETS, 11))
    equal(archive.path, restored.path)


def test_a_backup_of_a_restored_archive_replaces_commits_of_the_same_number(archive: Archive, tmp_path: Path) -> None:
    backup(archive, tmp_path / "backup")
    ingest(archive, "lost", batches(truths(8, 9, start=EPOCH + 10**6 * SECOND), 4))
    backup(archive, tmp_path / "later")
    restored = open_archive(restore(tmp_path / "backup", tmp_path / "again"))
    ingest(restored, "kept", batches(truths(9, 9, start=EPOCH + 10**6 * SECOND), 4))
    backup(restored, tmp_path / "later")
    equal(restored.path, tmp_path / "later")


@pytest.mark.parametrize("at", [0, 3, 9, 20, 30])
def test_a_backup_that_is_cut_off_is_an_archive_and_goes_on(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    target, real, left = tmp_path / "backup", shutil.copyfile, iter(range(at, -1, -1))
    backup(archive, target)
    ingest(archive, "plain", batches(PACKETS, 11))

    def copyfile(source: Path, to: Path) -> None:
        if next(left, -1) == 0:
            to.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        real(source, to)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", copyfile)
        with pytest.raises(ArchiveError, match="No space left"):
            backup(archive, target)
    assert check(open_archive(target)).whole
    ingest(open_archive(restore(target, tmp_path / "restored")), "plain", batches(PACKETS, 11))
    equal(archive.path, tmp_path / "restored")
    backup(archive, target)
    equal(archive.path, target)


def test_folders_with_other_things_are_refused(archive: Archive, tmp_path: Path) -> None:
    other = open_archive(tmp_path / "other", create=True)
    ingest(other, "x", batches(PACKETS[:5], 5))
    with pytest.raises(ArchiveError, match="another archive"):
        backup(archive, other.path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").write_text("x")
    for refused in (lambda: backup(archive, tmp_path / "full"), lambda: restore(archive.path, tmp_path / "full")):
        with pytest.raises(ArchiveError, match="not empty"):
            refused()
    with pytest.raises(ArchiveError, match="in its own archive"):
        backup(archive, archive.path / "backup")
    with pytest.raises(ArchiveError, match="no archive here"):
        restore(tmp_path / "none", tmp_path / "new")


def test_no_backup_while_a_writer_is_at_work(archive: Archive, tmp_path: Path) -> None:
    with archive.begin(source("third"), DATABASE), pytest.raises(ArchiveError, match="another writer"):
        backup(open_archive(archive.path), tmp_path / "backup")


def future(monkeypatch: pytest.MonkeyPatch, steps: dict[int, object]) -> None:
    """Let this release read format 3, and lead there by these steps."""
    for module in ("store", "settings", "backups"):
        monkeypatch.setattr(sys.modules[f"aelita.archive.{module}"], "FORMAT", 3)
    monkeypatch.setattr(sys.modules["aelita.archive.backups"], "MIGRATIONS", steps)


def named(path: Path) -> None:
    """Do what a step may do: change something, and change nothing when that was done before."""
    (path / "named").write_text("x")


def test_formats_are_led_on_step_by_step(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    future(monkeypatch, {1: lambda path: made.append(1), 2: named})
    with pytest.raises(ArchiveError, match="aelita archive migrate"):
        open_archive(archive.path)
    assert migrate(archive.path) == (1, 3)
    assert made == [1] and (archive.path / "named").exists()
    assert len(open_archive(archive.path).packets()) == 30
    assert migrate(archive.path) == (3, 3)
    assert made == [1]


def test_a_migration_that_was_cut_off_goes_on(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def broken(path: Path) -> None:
        raise OSError("killed")

    future(monkeypatch, {1: lambda path: made.append(1), 2: broken})
    with pytest.raises(OSError, match="killed"):
        migrate(archive.path)
    future(monkeypatch, {1: lambda path: made.append(1), 2: named})
    assert migrate(archive.path) == (2, 3)
    assert made == [1]


def test_formats_without_a_way_and_newer_ones_are_refused(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    future(monkeypatch, {2: named})
    with pytest.raises(ArchiveError, match="no way leads on from format 1"):
        migrate(archive.path)
    (archive.path / "archive.json").write_text('{"format": 4}')
    with pytest.raises(ArchiveError, match="newer Aelita"):
        migrate(archive.path)
