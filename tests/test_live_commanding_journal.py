"""An agency's journal on disk: what was written and what the disk keeps are told apart, and what fails is acted on by nobody."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Entry, Reader
from aelita.errors import ArchiveError
from aelita.services.live.command_journal import JournalFile


def entries_of(path: Path) -> list[Entry]:
    return Reader("esa").feed(path.read_bytes())


def test_a_death_of_the_process_leaves_what_was_put(tmp_path: Path) -> None:
    path = tmp_path / "joint.journal"
    journal = JournalFile(path, "esa", lambda entry: None)
    journal.put([journal.journal.append("note", {"n": 1}, 1)])
    assert journal.size == 0 and journal.read(0) == b""  # partners are told of nothing that a loss of power takes back
    assert [one.body for one in entries_of(path)] == [{"n": 1}]
    journal.close()
    found: list[Entry] = []
    again = JournalFile(path, "esa", found.append)
    assert len(found) == 1 and again.size == path.stat().st_size and again.journal.head.n == 1
    again.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["put", "write", "sync"]), max_size=20))
def test_whatever_is_put_and_synced_in_which_order_the_file_is_one_chain(
    tmp_path_factory: pytest.TempPathFactory, does: list[str]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "joint.journal"
    journal, synced, written = JournalFile(path, "esa", lambda entry: None), 0, 0
    for number, one in enumerate(does):
        if one == "sync":
            journal.sync()
        else:
            entry = journal.journal.append("note", {"number": number}, number)
            getattr(journal, one)([entry])
            written += len(entry.octets)
        synced = synced if one == "put" else written
        assert journal.size == synced == len(journal.read(0)) and path.stat().st_size == written
    assert [one.body["number"] for one in entries_of(path)] == [at for at, one in enumerate(does) if one != "sync"]
    journal.close()


@pytest.mark.parametrize("fails", ["pwrite", "fdatasync"])
def test_a_journal_that_cannot_be_written_is_closed_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    journal = JournalFile(tmp_path / "joint.journal", "esa", lambda entry: None)
    journal.put([journal.journal.append("note", {}, 1)])
    monkeypatch.setattr(os, fails, full)
    with pytest.raises(ArchiveError, match="No space left"):
        journal.write([journal.journal.append("note", {}, 2)])
    monkeypatch.undo()
    assert journal.size == 0
    for again in (lambda: journal.put([journal.journal.append("note", {}, 3)]), journal.sync, lambda: journal.read(0)):
        with pytest.raises(ArchiveError, match="No space left"):
            again()
