"""An archiver dies between any two commits while frames come late: in the end its archive is that of an undisturbed recording."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from aelita.archive import Archive, Source, check, open_archive
from aelita.archive.latest import Latest
from aelita.archive.live_state import LiveStates
from aelita.archive.tables import Table
from aelita.link import flat_state
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.definitions import Definition
from aelita.services.library import open_with_library
from aelita.services.live.archiving import _Line
from aelita.services.live.clock import starting_at
from aelita.services.live.health import Health
from aelita.services.live.messages import pack_merged
from aelita.services.live.serving import Context
from aelita.services.live.streams import Message
from aelita.telemetry import Merger
from live_complex import WHOLE, rows
from station_material import MS, SECOND, START
from test_live_processing import recorded
from test_mending import copies_of

SUBJECT = "esa.merged.tgo"
FRAMES, SPACING = 300, 340 * MS
KILLS = 8
KEYS = ["virtual_channel", "apid", "sequence_count", "generated", "octets"]


class Killed(BaseException):
    """What ends a process, but for its memory."""


@pytest.fixture(scope="module")
def definition() -> Definition:
    return define(Library(), mission="exomars")


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    return recorded(FRAMES)


@pytest.fixture(scope="module")
def whole(frames: list[bytes], definition: Definition, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive into which the frames were ingested in their order."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "part.tm").write_bytes(b"".join(frames))
    archive = open_archive(folder / "archive", create=True)
    ingest_file(archive, definition, folder / "part.tm", Summary())
    return archive


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the process die before the n-th time from now on that it writes a table, the newest values or its state."""
    left = [1 << 30]

    def counted(kind: type, name: str) -> None:
        real = getattr(kind, name)

        def writes(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*arguments)

        monkeypatch.setattr(kind, name, writes)

    for kind, name in ((Table, "append"), (Latest, "advance"), (LiveStates, "write"), (LiveStates, "keep_only")):
        counted(kind, name)
    return lambda number: left.__setitem__(0, number)


def merged_messages(frames: list[bytes], definition: Definition, chance: random.Random) -> list[Message]:
    """Return merged messages of frames that came in runs, many of them behind later ones, some of those alone."""
    merger, found, sequence = Merger(definition.channel), list[Message](), 0
    for number, run in enumerate(in_any_order(frames, chance)):
        merged = merger.feed(copies_of("malargue", frames, run, SPACING), START + number * SECOND)
        for octets, headers in pack_merged(merged):
            sequence += chance.choice((1, 1, 1, 2, 7))  # other subjects are in the stream too
            found.append(Message(SUBJECT, sequence, octets, headers, 0, None))
    assert not len(merger.finish())
    return found


def in_any_order(frames: list[bytes], chance: random.Random) -> Iterator[list[int]]:
    """Yield runs of frames: those before a hole, one or more behind it, now and then some of the hole; the rest of them at last.

    First a long hole comes behind the one frame after it that carries packets.
    """
    before = chance.randrange(20, 100)
    alone = next(i for i in range(before + 130, FRAMES) if frames[i][1] >> 1 & 7 == 0)
    yield from (list(range(before)), [alone], list(range(before, alone)))
    missed: list[list[int]] = []
    at = alone + 1
    while at < FRAMES:
        heard, hole = chance.choice((1, 1, 2, 5, 20)), chance.choice((0, 0, 1, 3, 20, 120))
        hole = min(hole, FRAMES - 1 - at - heard) if at + heard < FRAMES else 0
        yield list(range(at, min(at + heard, FRAMES)))
        if hole > 0:
            half = at + heard + chance.choice((0, hole // 2))
            missed += [part for part in (list(range(at + heard, half)), list(range(half, at + heard + hole))) if part]
        at += heard + max(hole, 0)
        chance.shuffle(missed)
        while missed and missed[-1][-1] < at - 1 and chance.random() < 0.4:
            yield missed.pop()
    yield from reversed(missed)


def archive_until_killed(folder: Path, definition: Definition, messages: list[Message], chance: random.Random) -> None:
    """Archive what is not archived yet, as the service does, with the messages put together and written as chance has it."""
    assert definition.text is not None
    archive, _ = open_with_library(folder, create=True)
    source = Source("5f" * 32, SUBJECT, -1, definition.channel.text, definition.channel.spacecraft)
    following = archive.follow(source, definition.text)
    context = Context(cast(Any, None), "esa", starting_at(START), Health("archiver", "esa"))
    line = _Line(context, cast(Any, None), definition, following, SUBJECT, "tgo")
    left = [one for one in messages if following.state is None or one.sequence > following.done]
    while left:
        some, left = left[: (size := chance.choice((1, 2, 10, 40)))], left[size:]
        line.take(some)
        if chance.random() < 0.4 or not left:
            following.flush(flat_state(line.decoder.state()))


@pytest.mark.parametrize("seed", range(4))
def test_deaths_around_late_frames_lose_and_double_nothing(
    tmp_path: Path, frames: list[bytes], definition: Definition, whole: Archive, killing: Callable[[int], None], seed: int
) -> None:
    chance, kills = random.Random(seed), 0
    messages = merged_messages(frames, definition, chance)
    while kills < KILLS:
        killing(chance.choice((1, 2, 5, 12, 25)))
        with contextlib.suppress(Killed):
            archive_until_killed(tmp_path / "a", definition, messages, chance)
            break
        kills += 1
    killing(1 << 30)
    archive_until_killed(tmp_path / "a", definition, messages, chance)
    assert kills > 2
    assert_undisturbed(open_archive(tmp_path / "a"), frames, whole)


def assert_undisturbed(archive: Archive, frames: list[bytes], whole: Archive) -> None:
    assert sorted(archive.frames(octets=True)["octets"].to_list()) == sorted(frames)
    ours, theirs = (one.packets().filter(WHOLE).select(KEYS).sort(KEYS) for one in (archive, whole))
    assert ours.equals(theirs), f"{ours.height} packets for {theirs.height}"
    assert rows(archive) == rows(whole)
    drop = ["source", "row", "database"]
    assert archive.latest().drop(drop).sort("parameter").equals(whole.latest().drop(drop).sort("parameter"))
    assert check(archive).findings == ()
