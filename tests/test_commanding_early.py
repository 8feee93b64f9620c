"""What is told of requests before their own journal is there: it waits, in the order of time little has to, and no cut is silent."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Board, Entry, Journal, Standing, State, Told, body_of, in_time
from aelita.errors import DataError
from aelita.services.live.command_journal import CopyFile, JournalFile, copy_path, own_path
from aelita.services.live.command_watching import CommandWatch
from aelita.services.live.commander import CommandService
from aelita.services.live.health import Health
from aelita.services.live.serving import Context
from api_command_material import TWIN, both
from gate_material import NOW, PROBE, prepared
from test_commanding_commander import PEOPLE, SHARED


def told(entry: Entry) -> Told:
    return Told(entry.at_ns, entry.agency, entry.kind, entry.body)


def journals(count: int) -> tuple[list[Entry], list[Entry]]:
    """Return ours, which releases theirs, and theirs with the requests."""
    ours, theirs, own, other = Journal("us"), Journal("them"), list[Entry](), list[Entry]()
    for number in range(count):
        at, asked = NOW + 10 * number, prepared(f"r{number}", (bytes([0x18, 5, 0xC0, number % 256, 0, 0, number // 256]),))
        other.append(theirs.append("request", body_of(asked), at))
        own.append(ours.append("released", {"request": asked.request.id, "digest": asked.digest}, at + 1))
        sending = {"cltu": number, "request": asked.request.id, "identity": f"{asked.request.id}/0", "spacecraft": PROBE}
        own.append(ours.append("sending", sending, at + 2))
    return own, other


def test_a_cut_of_what_is_early_is_told_and_takes_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.commanding.progress.MOST_EARLY", 10)
    board, (own, other) = Board(), journals(10)
    for entry in [*own, *other]:
        board.take(told(entry))
    assert board.lost == {"us": 10} and board._waiting == 0 and not board._early
    assert [board.requests[f"r{n}"].state for n in range(10)] == [State.WAITING] * 5 + [State.SENDING] * 5
    assert len(board.odd) == 10 and "was not told of" in board.odd[0][1]


def test_read_in_the_order_of_time_nothing_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aelita.commanding.progress.MOST_EARLY", 2)
    standing = Standing("us", SHARED, PEOPLE.public)
    for entry in in_time(*journals(50)):
        standing.take(entry)
    assert not standing.board.lost and {one.state for one in standing.board.requests.values()} == {State.SENDING}


@settings(max_examples=40, deadline=None)
@given(order=st.lists(st.booleans(), max_size=60), most=st.integers(0, 12))
def test_in_any_order_what_waits_is_bounded_and_all_that_is_cut_is_counted(order: list[bool], most: int) -> None:
    own, other = journals(8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aelita.commanding.progress.MOST_EARLY", most)
        board, left = Board(), [list(own), list(other)]
        for which in [*order, *[False] * 16, *[True] * 8]:
            if left[which]:
                board.take(told(left[which].pop(0)))
            assert board._waiting == sum(map(len, board._early.values())) <= most
        heard = sum(len(one.told) - 1 for one in board.requests.values())
        assert heard + sum(board.lost.values()) == 16


# ---- at a start


def written(path: Path, agency: str, entries: list[Entry]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(one.octets for one in entries))


def test_a_start_reads_ours_and_copies_together_and_says_what_it_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aelita.commanding.progress.MOST_EARLY", 3)
    with both(tmp_path) as made:
        place = made.esa
        place.service.close()
        ours, theirs, own, other = Journal("esa"), Journal("roscosmos"), list[Entry](), list[Entry]()
        for number in range(20):
            other.append(theirs.append("note", {"number": number}, NOW + 10 * number))
            own.append(ours.append("note", {"number": number}, NOW + 10 * number + 1))
            own.append(ours.append("refused", {"request": f"r{number}", "reasons": []}, NOW + 10 * number + 2))
        home = made.made.home("esa")
        written(own_path(home), "esa", own)
        written(copy_path(home, "roscosmos"), "roscosmos", other)
        order: list[tuple[str, int]] = []
        take = CommandService._take

        def seen(service: CommandService, entry: Entry) -> None:
            order.append((entry.agency, entry.n))
            take(service, entry)

        monkeypatch.setattr(CommandService, "_take", seen)
        place.service = service = CommandService(Context(made.made, "esa", made.clock, Health("commander", "esa")))
        assert order == [(one.agency, one.n) for one in in_time(own, other)]
        assert service.journal.journal.head == own[-1].head and service.copies["roscosmos"].head == other[-1].head
        assert {one.agency for one in service._notes} == {"esa"}
        service._tell_forgotten()
        assert "17 entries of esa about requests that nobody told of" in service.context.health.faults["requests told of by esa"]
        assert TWIN in service.links


def test_an_altered_journal_still_stops_the_start_and_another_can_open_it(tmp_path: Path) -> None:
    own, _ = journals(3)
    path = tmp_path / "joint.journal"
    written(path, "us", own)
    octets = path.read_bytes()
    path.write_bytes(octets.replace(b"released", b"relaesed", 1))
    file = JournalFile(path, "us")
    with pytest.raises(DataError, match="altered"):
        list(file.begin())
    path.write_bytes(octets)
    again = JournalFile(path, "us", lambda _: None)
    assert again.journal.head == own[-1].head
    again.close()
    copy = CopyFile(tmp_path / "copy.journal", "us")
    copy.close()  # one that was never read
    assert list(copy.begin()) == [] and copy.head.n == 0
    copy.close()


def test_alarms_tell_what_was_passed_over(tmp_path: Path) -> None:
    watch, board = CommandWatch.__new__(CommandWatch), Board()
    board.lost["them"] = 7
    watch.troubles = SimpleNamespace(standing=SimpleNamespace(board=board))  # type: ignore[assignment]
    watch._bad, watch.agency = {}, "us"
    watch.installation = SimpleNamespace(home=lambda _: tmp_path)  # type: ignore[assignment]
    (trouble,) = watch._journals({}, NOW)
    assert trouble.subject.name == "them" and "7 entries" in trouble.words
