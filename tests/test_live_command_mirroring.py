"""A partner's journal as it comes: lines that it cannot have, floods of entries that are ahead, pieces in any order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Copy, Entry, Journal, Reader
from aelita.errors import ArchiveError
from aelita.services.live import command_mirroring
from aelita.services.live.command_journal import CopyFile
from aelita.services.live.command_mirroring import Mirror, journal_subject
from aelita.services.live.command_watching import CommandWatch
from aelita.services.live.health import Health
from aelita.services.live.signing import Signer
from gate_material import NOW

SUBJECT = journal_subject("esa")
KEY = Ed25519PrivateKey.generate()


def entries(count: int, size: int = 0) -> list[Entry]:
    journal = Journal("esa")
    return [journal.append("note", {"number": number, "text": "x" * size}, NOW + number) for number in range(count)]


def message(lines: Iterable[bytes]) -> bytes:
    octets = b"".join(lines)
    return Signer("esa", KEY).sign(SUBJECT, json.dumps({"offset": 0, "octets": len(octets)}).encode() + b"\n" + octets)


@dataclass
class Taker:
    """The mirror of a partner's journal, to which messages are given as its stream would."""

    folder: Path
    taken: list[int] = field(default_factory=list)
    health: Health = field(default_factory=lambda: Health("commander", "roscosmos"))
    mirror: Mirror = field(init=False)

    def __post_init__(self) -> None:
        copy = CopyFile(self.folder / "copy.journal", "esa", lambda _: None)
        self.mirror = Mirror(Any, "esa", copy, lambda: {"esa": (KEY.public_key(),)}, self.health, self._keep)  # type: ignore[arg-type]

    async def _keep(self, several: list[Entry]) -> None:
        self.taken += [one.n for one in several]

    def give(self, *lines: bytes) -> str:
        """Give one message, and return what the service then says of the journal."""
        asyncio.run(self.mirror._take(SUBJECT, message(lines)))
        return self.health.faults.get("journal of esa", "")

    @property
    def kept(self) -> list[dict[str, Any]]:
        path = self.folder / "quarantine-esa.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@contextlib.contextmanager
def taker(folder: Path) -> Iterator[Taker]:
    made = Taker(folder)
    try:
        yield made
    finally:
        made.mirror.copy.close()


def altered(octets: bytes) -> bytes:
    return octets.replace(b'"number"', b'"nummer"')


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (b"nonsense\n", "not a line of a journal"),
        (b"\xff\xfe\x00\n", "not a line of a journal"),
        (altered(entries(1)[0].octets), "it was altered"),
        (Journal("nasa").append("note", {}, NOW).octets, "an entry of 'nasa'"),
    ],
)
def test_a_line_that_cannot_be_read_is_kept_with_its_reason_and_those_behind_it_are_taken(
    tmp_path: Path, bad: bytes, told: str
) -> None:
    good = entries(5)
    with taker(tmp_path) as made:
        said = made.give(good[0].octets, bad, *(one.octets for one in good[1:4]))
        assert told in said and "quarantine-esa.jsonl" in said and made.taken == [1, 2, 3, 4]
        made.give(bad)  # again, as after a restart
        assert made.give(good[4].octets) == ""  # the chain is whole
        (line,) = made.kept
        assert told in line["why"] and line["line"].encode("latin-1") == bad.rstrip(b"\n")
        assert made.health.value("journal_lines_refused", partner="esa") == 1
    with taker(tmp_path) as made:
        made.give(bad)
        assert len(made.kept) == 1 and made.mirror.copy.head == good[4].head


def test_an_entry_that_is_missing_is_told_until_it_comes(tmp_path: Path) -> None:
    good = entries(5)
    with taker(tmp_path) as made:
        assert "it was altered" in made.give(good[0].octets, altered(good[1].octets), good[2].octets) and len(made.kept) == 1
        assert "entries 2 to 2 have not come" in made.give(good[3].octets)
        assert made.taken == [1]
        assert made.give(good[1].octets) == "" and made.taken == [1, 2, 3, 4]


def test_an_entry_that_waited_and_goes_back_in_time_is_refused_and_what_came_before_it_is_written(tmp_path: Path) -> None:
    good = entries(3)
    journal = Journal("esa", good[2].head)
    back = journal._append("note", {}, NOW - 10**12)
    with taker(tmp_path) as made:
        made.give(back.octets, good[2].octets, good[1].octets)
        assert "a clock was set back" in made.give(good[0].octets)
        assert made.taken == [1, 2, 3] and made.mirror.copy.head == good[2].head
    assert Reader("esa").feed((tmp_path / "copy.journal").read_bytes()) == good


def test_the_quarantine_is_bounded_and_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_mirroring, "MOST_QUARANTINE", 1000)
    with taker(tmp_path) as made:
        for number in range(50):
            made.give(b"nonsense %d" % number)
        assert (tmp_path / "quarantine-esa.jsonl").stat().st_size <= 1000 and 0 < len(made.kept) < 50
        monkeypatch.setattr(Path, "open", refuse)
        monkeypatch.setattr(command_mirroring, "MOST_QUARANTINE", 10_000)
        with pytest.raises(ArchiveError, match="a line was not kept"):
            made.give(b"nonsense at last")


def refuse(*_: object, **__: object) -> Any:
    raise OSError(28, "No space left on device")


# ---- what is ahead


def test_a_flood_of_entries_ahead_is_bounded_by_octets_and_the_nearest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.commanding.journal.MOST_AHEAD_OCTETS", 100_000)
    good = entries(300, 1000)
    copy = Copy("esa")
    for entry in reversed(good[1:]):
        copy.add(entry.octets)
        assert sum(len(one.octets) for one in copy._ahead.values()) == copy._ahead_octets <= 100_000
    assert copy.missing == (1, 1) and copy.dropped > 200
    taken = copy.add(good[0].octets).entries
    assert [one.n for one in taken] == list(range(1, len(taken) + 1)) and len(taken) + copy.dropped == 300
    assert copy.missing is None and copy._ahead_octets == 0
    for entry in good:  # as when the stream is read again
        copy.add(entry.octets)
    assert copy.head == good[-1].head


@settings(max_examples=60, deadline=None)
@given(order=st.lists(st.integers(0, 19), max_size=80), bound=st.integers(1, 8))
def test_in_any_order_and_with_little_room_the_copy_is_a_beginning_of_the_journal(order: list[int], bound: int) -> None:
    good, copy, taken = entries(20), Copy("esa"), list[Entry]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aelita.commanding.journal.MOST_AHEAD", bound)
        for number in [*order, *range(20)]:
            taken += copy.add(good[number].octets).entries
            assert len(copy._ahead) <= bound and taken == good[: len(taken)]
    assert taken == good


def test_what_was_dropped_is_read_again_from_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.commanding.journal.MOST_AHEAD", 3)
    good = entries(10)
    stream = [message([one.octets]) for one in (*reversed(good[1:]), good[0])]
    begun = []

    @contextlib.asynccontextmanager
    async def follow(*_: Any, **__: Any) -> AsyncIterator[Any]:
        begun.append(len(made.taken))

        async def messages() -> AsyncIterator[Any]:
            for octets in stream:
                yield SimpleNamespace(subject=SUBJECT, data=octets)

        yield messages()

    monkeypatch.setattr(command_mirroring, "follow", follow)
    with taker(tmp_path) as made:
        asyncio.run(made.mirror.run())
        assert made.taken == list(range(1, 11)) and begun[0] == 0 and len(begun) > 1
        assert made.health.faults == {}


def test_alarms_heed_what_stands_behind_a_line_that_cannot_be_read() -> None:
    watch, seen = CommandWatch.__new__(CommandWatch), list[int]()
    watch.troubles = SimpleNamespace(take=lambda entry: seen.append(entry.n))  # type: ignore[assignment]
    watch._keys, watch._bad = {"esa": (KEY.public_key(),)}, {}
    watch.context = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))  # type: ignore[assignment]
    good = entries(3)
    watch._take(copy := Copy("esa"), SUBJECT, message([good[0].octets, b"nonsense\n", good[1].octets]))
    assert seen == [1, 2] and "not a line" in watch._bad["esa"][1]
    watch._take(copy, SUBJECT, message([good[2].octets]))
    assert seen == [1, 2, 3] and not watch._bad
