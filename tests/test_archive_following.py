"""A live stream into the archive: as an ingest of the whole recording, whatever fails in between."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from aelita.archive import Archive, check, open_archive
from aelita.archive.tables import Table
from aelita.services import Library, Summary, define, ingest_file
from aelita.time import NO_TIME
from archive_material import DATABASE, SECOND, Model, Truth, agree, batches, truths
from following_material import STREAM, Cut, assert_same, assert_same_samples, cut, feed, follow
from shared import shared

TGO = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
FRAMES, FRAME_OCTETS = 500, 1115


class Killed(BaseException):
    """What ends a process, but for its memory."""


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frames of the recording."""
    path = tmp_path_factory.mktemp("part") / "part.tm"
    path.write_bytes(shared(TGO).read_bytes()[: FRAMES * FRAME_OCTETS])
    return path


@pytest.fixture(scope="module")
def stream(part: Path) -> Cut:
    return cut(part, seed=1, most=20)


@pytest.fixture(scope="module")
def whole(part: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive into which the recording was ingested."""
    archive = open_archive(tmp_path_factory.mktemp("whole") / "archive", create=True)
    ingest_file(archive, define(Library(), mission="exomars"), part, Summary())
    return archive


def test_a_stream_gives_what_an_ingest_of_its_recording_gives(
    tmp_path: Path, stream: Cut, whole: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = open_archive(tmp_path / "a", create=True)
    feed(follow(archive, stream), stream.messages, random.Random(2))
    assert_same(archive, whole)
    assert check(archive).findings == ()
    monkeypatch.setattr("aelita.archive.history.FEW_ROWS", 10)
    assert_same_samples(archive, whole, [name for name in whole.parameters() if "attitude_" in name][:4])


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the process die before the n-th commit of a table from now on."""
    left = [1 << 30]
    real = Table.append

    def append(self: Table, rows: pl.DataFrame, writer: str, batch: int) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(self, rows, writer, batch)

    monkeypatch.setattr(Table, "append", append)
    return lambda number: left.__setitem__(0, number)


def untidy(chance: random.Random) -> list[Truth]:
    """Return the packets of a stream in which some come again, out of order, damaged or without a time."""
    packets = truths(chance.randrange(1 << 30), chance.randint(10, 40), step=chance.choice([1, 1000, SECOND]))
    packets = [replace(p, quality=1) if chance.random() < 0.1 else p for p in packets]
    packets = [replace(p, generated=NO_TIME) if chance.random() < 0.1 else p for p in packets]
    for _ in range(chance.randint(0, 15)):
        packets.insert(chance.randrange(len(packets)), chance.choice(packets))
    return packets


@pytest.mark.parametrize("seed", range(8))
def test_repeated_packets_are_known_again_whatever_the_groups(tmp_path: Path, killing: Callable[[int], None], seed: int) -> None:
    chance, model = random.Random(seed), Model()
    packets = untidy(chance)
    messages = list(enumerate(batches(packets, chance.randint(1, 3)), start=5))
    while True:
        killing(chance.choice((3, 10, 20, 40)))
        try:
            feed(open_archive(tmp_path / "a", create=True).follow(STREAM, DATABASE), messages, chance, most=6)
        except Killed:
            continue
        break
    killing(1 << 30)
    archive = open_archive(tmp_path / "a")
    model.ingest("stream", packets)
    agree(archive, model)
    assert check(archive).findings == ()


@pytest.mark.parametrize("seed", range(2))
def test_kills_between_commits_lose_and_double_nothing(
    tmp_path: Path, stream: Cut, whole: Archive, killing: Callable[[int], None], seed: int
) -> None:
    chance, kills = random.Random(seed), 0
    for _ in range(12):
        killing(chance.randint(0, 60))
        archive = open_archive(tmp_path / "a", create=True)
        try:
            feed(follow(archive, stream), stream.messages, chance, most=6)
        except Killed:
            kills += 1
            assert check(open_archive(archive.path), deep=False).whole
        else:
            break
    killing(1 << 30)
    archive = open_archive(tmp_path / "a")
    feed(follow(archive, stream), stream.messages, chance, most=6)
    assert kills > 2
    assert_same(archive, whole)
    assert check(archive).findings == ()
