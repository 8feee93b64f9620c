"""A full disk, damage, folders that cannot be written; and random recordings against the model."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.archive import Archive, check, compact, open_archive
from aelita.errors import ArchiveError
from aelita.time import NO_TIME
from archive_material import EPOCH, SECOND, Model, Truth, agree, batches, contents, framed, ingest, truths

PACKETS = truths(1, 60)

RECORDINGS: dict[str, Callable[[], Any]] = {
    "frames": lambda: framed(PACKETS, 9, bad=[4]),
    "packets": lambda: batches(PACKETS, 25),
}


@contextmanager
def full(octets: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many octets: writing then fails as on a full disk (Python ignores the signal)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("what", RECORDINGS)
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path, what: str) -> None:
    whole, refused = open_archive(tmp_path / "whole", create=True), 0
    ingest(whole, "one", RECORDINGS[what]())
    for limit in (0, 1200, 2500, 4000, 6000):
        archive = open_archive(tmp_path / f"full{limit}", create=True)
        try:
            with full(limit):
                ingest(archive, "one", RECORDINGS[what]())
        except ArchiveError as error:
            refused += 1
            assert "run it again" in str(error)
        ingest(open_archive(archive.path), "one", RECORDINGS[what]())
        ours, theirs = contents(archive.path), contents(whole.path)
        assert ours.keys() == theirs.keys()
        assert all(ours[name].equals(theirs[name]) for name in theirs)
        assert check(open_archive(archive.path)).findings == ()
        assert open_archive(archive.path).latest().equals(whole.latest())
    assert refused > 2


def made(tmp_path: Path) -> Archive:
    archive = open_archive(tmp_path / "archive", create=True)
    ingest(archive, "one", framed(PACKETS, 9, bad=[4]))
    return archive


QUESTIONS: dict[str, tuple[str, Callable[[Archive], Any]]] = {
    "packets": ("packets", lambda a: a.packets()),
    "frames": ("frames", lambda a: a.frames(octets=True)),
    "values": ("parameters/T.C1", lambda a: a.values("1/small", raw=True)),
    "samples": ("parameters/T.C1", lambda a: a.samples("1/small", 5)),
    "gaps": ("gaps", lambda a: a.gaps()),
    "quarantine": ("quarantine", lambda a: a.quarantine()),
    "sources": ("batches", lambda a: a.sources()),
    "completeness": ("packets", lambda a: a.completeness()),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "harm", [lambda p: p.unlink(), lambda p: p.write_bytes(b"PAR1" + bytes(90) + b"PAR1")], ids=["gone", "bad"]
)
def test_a_damaged_table_is_named(tmp_path: Path, question: str, harm: Callable[[Path], Any]) -> None:
    table, ask = QUESTIONS[question]
    harm(Path(made(tmp_path).all_tables()[table].files()["path"][0]))
    archive = open_archive(tmp_path / "archive")
    with pytest.raises(ArchiveError, match="aelita archive check"):
        ask(archive)
    assert len(archive.events()) == 0
    assert len(archive.latest()) == 18


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_read_only(tmp_path: Path) -> None:
    archive = made(tmp_path)
    folders = [path for path in [archive.path, *archive.path.rglob("*")] if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    try:
        read_only = open_archive(archive.path)
        assert len(read_only.packets()) == 60
        with pytest.raises(ArchiveError, match="cannot be written"):
            ingest(read_only, "two", batches(PACKETS, 25))
    finally:
        for path in folders:
            path.chmod(0o755)


def test_a_lock_that_cannot_be_taken_is_told(tmp_path: Path) -> None:
    archive = made(tmp_path)
    archive.lock.path.unlink()
    archive.lock.path.mkdir()  # as good as a folder that cannot be written, also for root
    assert len(open_archive(archive.path).packets()) == 60
    with pytest.raises(ArchiveError, match="cannot be written"):
        ingest(open_archive(archive.path), "two", batches(PACKETS, 25))


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"not arrow")], ids=["gone", "bad"])
def test_lost_latest_values_are_found_again(tmp_path: Path, harm: Callable[[Path], Any]) -> None:
    archive = made(tmp_path)
    before = archive.latest()
    harm(archive.latest_file.path)
    assert archive.latest().equals(before)
    ingest(archive, "early", batches(truths(2, 5, start=EPOCH - 100 * SECOND), 5))
    assert archive.latest_file.read() is not None
    assert archive.latest().equals(before)
    assert check(archive).findings == ()


KILLED = """
import os, sys
sys.path[:0] = {path!r}
from aelita.archive import open_archive
from archive_material import framed, ingest, truths
from aelita.archive.tables import Table
real, left = Table.append, [{at}]
def append(self, rows, writer, batch):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), 9)
    return real(self, rows, writer, batch)
Table.append = append
ingest(open_archive({folder!r}, create=True), "one", framed(truths(1, 60), 9, bad=[4]))
"""


def test_a_killed_process_leaves_no_lock_and_no_half_batch(tmp_path: Path) -> None:
    whole, folder = made(tmp_path), tmp_path / "killed"
    script = KILLED.format(path=sys.path, folder=str(folder), at=17)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    archive = open_archive(folder)
    assert check(archive).whole
    ingest(archive, "one", framed(PACKETS, 9, bad=[4]))
    ours, theirs = contents(folder), contents(whole.path)
    assert all(ours[name].equals(theirs[name]) for name in theirs)


def recordings(seed: int) -> list[tuple[str, list[Truth], int]]:
    """Return recordings of one pass by several stations, in any order: parts that overlap, damaged and timeless packets."""
    chance = random.Random(seed)
    every = truths(seed, chance.randint(5, 40), step=chance.choice([1, 1000, SECOND]), apids=(1, 2))
    every = [replace(p, quality=1) if chance.random() < 0.1 else p for p in every]
    every = [replace(p, generated=NO_TIME) if chance.random() < 0.1 else p for p in every]
    found = []
    for name in "abc"[: chance.randint(1, 3)]:
        first = chance.randrange(len(every))
        part = every[first : chance.randint(first + 1, len(every))]
        if chance.random() < 0.3:
            chance.shuffle(part)
        found.append((name, part, chance.randint(1, 20)))
    if chance.random() < 0.5:
        found.append(found[0])  # once more, in batches as before
    return found


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 32))
def test_random_recordings_agree_with_the_model(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("random")
    archive, model = open_archive(folder / "a", create=True), Model()
    for name, packets, size in recordings(seed):
        ingest(archive, name, batches(packets, size))
        model.ingest(name, packets)
    if seed % 3 == 0:
        compact(archive, full=True)
    agree(archive, model)
    for parameter in ("/T/1/small", "/T/2/real", "/T/2/perhaps"):
        sampled(archive, model, parameter, seed % 7 + 1)
    assert check(archive).findings == ()
    shutil.rmtree(folder)


def sampled(archive: Archive, model: Model, parameter: str, count: int) -> None:
    """Assert that the folded samples are those of the model's values."""
    good = {(s, r) for s, r, p in model.kept if p.quality == 0}
    rows = [(t, float(v)) for t, s, r, v in model.values(parameter) if t is not None and (s, r) in good]
    if parameter not in archive.parameters() or all(p.generated == NO_TIME for _, _, p in model.kept if parameter in p.values):
        return
    samples = archive.samples(parameter, count)
    assert samples["count"].sum() == len(rows)
    edges = [*samples["generated"].to_list(), 1 << 62]
    for k, row in enumerate(samples.iter_rows(named=True)):
        inside = np.array([v for t, v in rows if edges[k] <= t < edges[k + 1]])
        assert row["count"] == inside.size
        if inside.size:
            assert (row["minimum"], row["maximum"]) == (inside.min(), inside.max())
            assert np.isclose(row["mean"], inside.mean(), rtol=1e-9, atol=1e-9)


def test_many_samples_fold_from_the_pyramids_as_from_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = [replace(p, values={"/T/1/small": p.values["/T/1/small"]}) for p in truths(3, 3000, step=SECOND // 7, apids=(1,))]
    archive, model = open_archive(tmp_path / "a", create=True), Model()
    for name, part in {"now": packets[1500:], "playback": packets[:1700]}.items():
        ingest(archive, name, batches(part, 400))
        model.ingest(name, part)
    for few in (200_000, 10):
        monkeypatch.setattr("aelita.archive.history.FEW_ROWS", few)
        for count in (1, 3, 40, 500):
            sampled(archive, model, "/T/1/small", count)
    assert archive.latest()["generated"].to_list() == [packets[-1].generated]
