"""Live streams beside other writers and other work: turns, full disks, lost states, late frames, upkeep."""

import random
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aelita.archive import (
    Archive,
    Batch,
    DatabaseText,
    Decoded,
    Following,
    Retention,
    Source,
    apply_retention,
    backup,
    check,
    compact,
    joined_batches,
    open_archive,
    rebuild,
    recorrelate,
    restore,
)
from aelita.archive.live_state import packed, unpacked
from aelita.archive.lock import turn_in
from aelita.errors import ArchiveError, UsageError
from archive_material import DATABASE, EPOCH, SECOND, Frames, Gap, batches, framed, ingest, plain, source, truths
from following_material import STREAM, assert_same, feed, state_at

PACKETS = truths(1, 60)
MESSAGES = list(enumerate(framed(PACKETS, 3, bad=[4]), start=1))


def followed(folder: Path, messages: list[tuple[int, Batch]] = MESSAGES, stream: Source = STREAM) -> Archive:
    """Return an archive that has a stream, written in groups of any size."""
    archive = open_archive(folder, create=True)
    feed(archive.follow(stream, DATABASE), messages, random.Random(len(messages)), most=5)
    return archive


@contextmanager
def full(octets: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many octets: writing then fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("limit", [0, 1200, 2500, 4000, 6000])
def test_a_flush_that_finds_the_disk_full_is_tried_again(tmp_path: Path, limit: int) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    refused = 0
    for sequence, batch in MESSAGES:
        following.commit(sequence, batch)
        if sequence % 4 == 0:
            before = following.done
            try:
                with full(limit if sequence in (8, 12) else 1 << 40):
                    following.flush(state_at(sequence))
            except ArchiveError as error:
                refused += 1
                assert "free some disk" in str(error)
                assert (following.done, open_archive(archive.path).follow(STREAM).done) == (before, before)
                assert following.held == (4 if sequence == 8 else 8)
    following.flush(state_at(MESSAGES[-1][0]))
    assert refused > 0 or limit > 2500
    assert_same(archive, followed(tmp_path / "undisturbed"))
    assert check(archive).findings == ()


def test_a_lost_state_is_made_good_by_the_whole_stream(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    feed(archive.follow(STREAM, DATABASE), MESSAGES[:9], random.Random(1), most=4)
    for path in (archive.path / "following" / "1").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert [finding.table for finding in check(archive).findings] == ["sources"]
    for first in (9, 4):  # a part of the stream is refused
        following = archive.follow(STREAM, DATABASE)
        assert (following.done, following.state) == (9, None)
        with pytest.raises(UsageError, match="first message"):
            feed_all(following, MESSAGES[first:])
    following = archive.follow(STREAM, DATABASE)
    feed_all(following, MESSAGES)
    assert_same(archive, followed(tmp_path / "undisturbed"))
    assert check(archive).findings == ()


def feed_all(following: Following, messages: list[tuple[int, Batch]]) -> None:
    for sequence, batch in messages:
        following.commit(sequence, batch)
    following.flush(state_at(messages[-1][0]))


def test_two_writers_of_one_stream_and_other_groups(tmp_path: Path) -> None:
    """A standby that does not know that the other is alive writes nothing twice."""
    archives = [open_archive(tmp_path / "a", create=True) for _ in range(2)]
    pair, chance = [archive.follow(STREAM, DATABASE) for archive in archives], random.Random(7)
    at = [0, 0]
    while min(at) < len(MESSAGES):
        which = chance.randrange(2)
        for sequence, batch in MESSAGES[at[which] : at[which] + chance.randint(1, 5)]:
            pair[which].commit(sequence, batch)
            at[which] = sequence
        pair[which].flush(state_at(at[which]))
    assert {following.done for following in pair} == {len(MESSAGES)}
    assert_same(archives[0], followed(tmp_path / "undisturbed"))
    assert check(archives[0]).findings == ()


def test_a_batch_in_which_another_writer_ended_is_refused(tmp_path: Path) -> None:
    ours, other = (open_archive(tmp_path / "a", create=True).follow(STREAM, DATABASE) for _ in range(2))
    (first, one), (last, two) = MESSAGES[2:4]
    feed_all(ours, MESSAGES[:2])
    ours.commit(last, joined_batches([one, two]), first=first)
    feed_all(other, MESSAGES[:3])
    with pytest.raises(UsageError, match=f"ends within the messages {first} to {last}"):
        ours.flush(state_at(last))
    again = open_archive(tmp_path / "a").follow(STREAM, DATABASE)
    feed_all(again, MESSAGES[3:])
    assert_same(open_archive(tmp_path / "a"), followed(tmp_path / "undisturbed"))


INGEST = """
import sys
sys.path[:0] = {path!r}
from aelita.archive import open_archive
from archive_material import batches, ingest, truths
print("begun", flush=True)
ingest(open_archive({folder!r}), "recording", batches(truths(3, 100), 5), group_octets=1)
"""


def test_two_spacecraft_are_followed_while_another_process_ingests(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    other = [replace(p, channel=1) for p in truths(2, 60, start=EPOCH + SECOND // 2)]
    streams = {"tgo": (PACKETS, MESSAGES), "edm": (other, list(enumerate(framed(other, 3), start=100)))}
    worker = subprocess.Popen(
        [sys.executable, "-c", INGEST.format(path=sys.path, folder=str(archive.path))], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"
    threads = [
        threading.Thread(target=followed, args=(archive.path, messages, replace(STREAM, digest=name, name=name)))
        for name, (_, messages) in streams.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.communicate(timeout=100)
    assert worker.returncode == 0
    archive = open_archive(archive.path)
    assert check(archive).findings == ()
    names = archive.sources()["name"].to_list()
    truth = {"tgo": PACKETS, "edm": other, "recording": truths(3, 100)}
    assert sorted(names) == sorted(truth)
    found = archive.packets()
    wanted = {p.octets for packets in truth.values() for p in packets}
    assert sorted(found["octets"].to_list()) == sorted(wanted)
    assert set(archive.sources()["complete"]) == {True, False}
    compact(archive, full=True)
    assert check(archive).findings == ()
    assert archive.packets().equals(found)


def test_a_turn_that_does_not_come_is_told_and_the_flush_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    following.commit(*MESSAGES[0])
    monkeypatch.setattr("aelita.archive.lock.PATIENCE_S", 0.02)
    with turn_in(archive.path), pytest.raises(ArchiveError, match="another writer"):
        following.flush(state_at(1))
    assert following.flush(state_at(1)).messages == 1


def test_frames_late_or_not_tell_who_received_them(tmp_path: Path) -> None:
    """Two frames are missing; they come in later messages, the packets in them by themselves."""
    whole = framed(PACKETS, 3)
    frames = [batch.frames for batch in whole if batch.frames is not None]
    lost = 6  # frames 6 and 7 of the spacecraft
    first = [replace(batch, gaps=[]) for batch in whole[:2]]
    behind = [
        numbered(replace(batch, gaps=[Gap(0, 5, lost, lost + 3, 3)] if k == 0 else []), -3) for k, batch in enumerate(whole[3:])
    ]
    begun = sum(batch.generated.size for batch in whole[:2])
    packets = PACKETS[begun : begun + whole[2].generated.size]
    messages = list(enumerate([*first, *behind], start=1))
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    feed(following, messages, random.Random(1), most=3)
    missing = [archive.completeness().channels["missing"].to_list()]
    holes = [int(archive.completeness().packets["missing"].sum())]
    late = frames[2]
    count = sum(f.number.size for f in frames) - 3
    for k in range(3):
        one = Frames(
            **{n: getattr(late, n)[k : k + 1] if n != "buffer" else late.buffer for n in Frames.__annotations__}
            | {"quality": np.array([4], np.uint8), "number": np.array([count + k])}
        )
        given = packets[k::3]
        batch = replace(plain(given), frames=one, frames_station=["kalyazin"], frames_emitted=np.array([EPOCH + k]))
        archive = open_archive(archive.path)
        following = archive.follow(STREAM, DATABASE)
        following.commit(len(messages) + 1 + k, batch)
        following.flush(state_at(len(messages) + 1 + k))
        missing.append(archive.completeness().channels["missing"].to_list())
        holes.append(int(archive.completeness().packets["missing"].sum()))
    assert missing == [[3, 3], [2, 2], [1, 1], [0, 0]]
    assert (holes[0] > 0, holes[-1]) == (True, 0)
    assert sorted(archive.packets()["octets"].to_list()) == sorted(p.octets for p in PACKETS)
    rows = archive.frames()
    assert rows["station"].to_list() == [None] * count + ["kalyazin"] * 3
    assert rows["emitted"].to_list() == [None] * count + [EPOCH, EPOCH + 1, EPOCH + 2]
    again = archive.follow(STREAM, DATABASE)
    again.commit(1000, plain(packets))  # the other station has them too
    assert again.flush(state_at(1000)).duplicates == len(packets)
    assert check(archive).findings == ()


def numbered(batch: Batch, by: int) -> Batch:
    """Return a batch whose frames are numbered so much higher."""
    frames, packets = batch.frames, batch.packets
    assert isinstance(frames, Frames)
    return replace(
        batch,
        frames=replace(frames, number=frames.number + by),
        packets=replace(packets, frame=packets.frame + by),  # type: ignore[type-var]
    )


def test_frames_tables_without_stations_are_read_and_written(tmp_path: Path) -> None:
    """Older releases wrote `frames` without the columns of provenance, and `batch` in 32 bits."""
    archive = open_archive(tmp_path / "a", create=True)
    ingest(archive, "one", framed(PACKETS[:30], 9))
    frames, numbers = archive.tables["frames"], archive.catalogue.batches
    frames.overwrite(frames.scan().collect().drop("station", "emitted"))  # type: ignore[union-attr]
    numbers.overwrite(numbers.scan().collect().cast({"batch": pl.Int32}))  # type: ignore[union-attr]
    archive = open_archive(archive.path)
    assert archive.frames()["station"].null_count() == len(archive.frames())
    assert check(archive).findings == ()
    feed(archive.follow(STREAM, DATABASE), [(number + (1 << 40), batch) for number, batch in MESSAGES], random.Random(1))
    archive = open_archive(archive.path)
    assert check(archive).findings == ()
    assert archive.sources()["duplicates"].to_list() == [0, 30]
    assert archive.frames()["station"].null_count() == len(archive.frames())


def test_upkeep_goes_on_beside_a_stream(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    feed(following, MESSAGES[:10], random.Random(1), most=2)
    backup(archive, tmp_path / "backup")
    compact(open_archive(archive.path), full=True)
    recorrelate(open_archive(archive.path), lambda ticks: ticks * 15259)
    newer = DatabaseText("newer.xml", "<SpaceSystem name='N'/>")
    rebuild(open_archive(archive.path), newer, lambda version, packets, generated: Decoded([]))
    rows = len(archive.packets())
    feed(following, MESSAGES[10:], random.Random(2), most=2)
    assert len(archive.packets()) > rows
    archive.keep(Retention(parameters=1, events=1))
    apply_retention(open_archive(archive.path), EPOCH + 10**6 * SECOND)
    assert check(open_archive(archive.path)).findings == ()
    copy = open_archive(restore(tmp_path / "backup", tmp_path / "restored"))
    feed(copy.follow(STREAM, DATABASE), MESSAGES[10:], random.Random(3), most=2)
    assert_same(copy, followed(tmp_path / "undisturbed"))
    assert check(copy).findings == ()


def test_small_files_are_merged_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.archive.following.MANY_FILES", 5)
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    for sequence, batch in MESSAGES:
        following.commit(sequence, batch)
        following.flush(state_at(sequence))
    assert len(archive.tables["packets"].files()) < len(MESSAGES) // 2
    assert_same(archive, followed(tmp_path / "undisturbed"))
    assert check(archive).findings == ()


def test_a_stream_that_ended_is_complete(tmp_path: Path) -> None:
    archive = followed(tmp_path / "a")
    assert archive.sources().select("size", "complete").rows() == [(-1, False)]
    assert check(archive).findings == ()
    following = archive.follow(STREAM, DATABASE)
    following.close_source()
    again = archive.follow(STREAM, DATABASE)
    assert (following.closed, again.closed, archive.sources()["complete"].item()) == (True, True, True)
    again.close_source()
    with pytest.raises(UsageError, match="closed"):
        again.commit(1000, MESSAGES[0][1])
    assert check(archive).findings == ()
    assert len(archive.catalogue.done().filter(pl.col("last"))) == 1


def test_what_is_fed_wrongly_is_refused(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    following = archive.follow(STREAM, DATABASE)
    following.commit(*MESSAGES[0])
    with pytest.raises(UsageError, match="message 1 came after 1"):
        following.commit(*MESSAGES[0])
    with pytest.raises(UsageError, match="frame 6 came when 3 was due"):
        following.commit(5, MESSAGES[2][1])
    with pytest.raises(UsageError, match="messages are held"):
        following.close_source()
    for bad in ({"archive.x": np.zeros(1)}, {"objects": np.array([None])}):
        with pytest.raises(UsageError):
            following.flush(bad)
    following.flush({})
    with pytest.raises(ArchiveError, match="live stream"):
        archive.begin(replace(STREAM, size=1000))
    with pytest.raises(UsageError, match="Follow it"):
        archive.begin(STREAM)
    ingest(archive, "recording", batches(PACKETS[:4], 2))
    with pytest.raises(ArchiveError, match="recording"):
        archive.follow(source("recording"))
    newer = DatabaseText("newer.xml", "<SpaceSystem name='N'/>")
    assert archive.follow(replace(STREAM, channel="another"), newer).done == 1


def test_states_come_back_as_they_were() -> None:
    arrays = {
        "empty": np.empty((0, 3)), "scalar": np.array(7, np.int16), "text": np.array(["a", "bcd"]), "octets": np.array([b"a", b"bc"]),
        "turned": np.arange(6, dtype=">u4").reshape(2, 3).T, "flags": np.array([True, False]), "json": np.frombuffer(b"{}", np.uint8),
    }  # fmt: skip
    octets = packed(arrays)
    found = unpacked(octets)
    assert found is not None
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)
    assert all(unpacked(octets[:at]) is None for at in range(len(octets)))
    assert all(unpacked(octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]) is None for at in range(len(octets)))
