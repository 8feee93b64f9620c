"""Two agencies command one spacecraft together: as pure objects, over a line that loses, with a crash at every point."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.agencies import Asset, Reach
from aelita.commanding import (
    Act,
    Allowances,
    Commander,
    Copy,
    Entry,
    Gate,
    LightPaths,
    Outcome,
    PreparedCommand,
    Reader,
    ReleasedCltu,
    Service,
    Standing,
    State,
    command_times,
    resume,
)
from aelita.errors import UsageError
from aelita.link import ControlWord
from aelita.pus import RequestId, VerificationReport
from aelita.time import SECOND
from gate_material import DIRECTOR, NOW, PING, PROBE, RULES, THEIRS, line, people, prepared

PEOPLE = people()
SHARED = replace(RULES, assets=(Asset("probe", Reach((PROBE,)), "us", ("them",), 3600, 5, (DIRECTOR, THEIRS)),))
BY = {"by": "dora"}


@dataclass
class Side:
    """One agency: its commander, the octets of its journal on disk, and what it sent to the station."""

    agency: str
    disk: bytearray = field(default_factory=bytearray)
    copies: dict[str, Copy] = field(default_factory=dict)
    sent: list[ReleasedCltu] = field(default_factory=list)
    commander: Commander = field(init=False)

    def __post_init__(self) -> None:
        self.start(())

    def start(self, partner: tuple[Entry, ...], now: int = NOW) -> Outcome:
        """Begin from the journal on disk, as after a crash."""
        reader = Reader(self.agency)
        own = reader.feed(bytes(self.disk))
        resumed = resume(reader, self.agency)
        del self.disk[resumed.keep :]
        self.disk += resumed.mend
        standing = Standing(self.agency, SHARED, PEOPLE.public)
        for entry in sorted([*own, *partner], key=lambda one: one.at_ns):
            standing.take(entry)
        released = [(str(body["request"]), str(body["digest"])) for body in standing.released.values()]
        gate = Gate(self.agency, SHARED, next_cltu=standing.next_cltu, released=released, seen_ns=resumed.journal.head.at_ns)
        gate.hold_line(PROBE, line())
        self.commander = Commander(standing, resumed.journal, gate, PEOPLE.agencies[self.agency])
        self.commander.times = lambda prepared, start, octets: command_times(
            start, start, 0, LightPaths(lambda _: 0, lambda _: 0)
        )
        return self.does(self.commander.recover(now))

    def does(self, outcome: Outcome) -> Outcome:
        """Write what is to be written, then send what is to be sent."""
        for entry in outcome.entries:
            self.disk += entry.octets
        self.sent += outcome.cltus
        return outcome


def both() -> tuple[Side, Side]:
    """Return two agencies whose people have keys that both know."""
    us, them = Side("us"), Side("them")
    for side in (us, them):
        side.commander.standing.keyring = PEOPLE.keyring
    return us, them


def mirror(giver: Side, taker: Side, seen: dict[str, int] | None = None) -> list[Outcome]:
    """Give what is new in one journal to the other side."""
    copy = taker.copies.setdefault(giver.agency, Copy(giver.agency))
    made = []
    for entry in Reader(giver.agency).feed(bytes(giver.disk)):
        if entry.n > copy.head.n:
            for taken in copy.add(entry.octets).entries:
                made.append(taker.does(taker.commander.partner(taken, NOW)))
    return made


def agree(us: Side, them: Side, asked: PreparedCommand, at: int = NOW) -> None:
    """Have all people say what lets an ordinary request pass."""
    mirror(them, us)
    us.does(us.commander.state(PEOPLE.says("chris", Act.CHECK, asked, at), at))
    mirror(us, them)
    them.does(them.commander.state(PEOPLE.says("peter", Act.APPROVE, asked, at), at))
    mirror(them, us)
    us.does(us.commander.state(PEOPLE.says("dora", Act.RELEASE, asked, at), at))


def state_of(side: Side, name: str = "r1") -> State:
    return side.commander.standing.board.requests[name].state


def test_a_request_of_one_agency_is_approved_in_both_and_goes_up_once() -> None:
    us, them = both()
    asked = prepared()
    us.does(us.commander.line_up(PROBE, NOW))
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert [one.request for one in us.sent] == ["r1"] and them.sent == [] and state_of(us) is State.SENDING
    us.does(us.commander.transferred(1, "hill", NOW + 1))
    us.does(us.commander.radiated(1, "hill", NOW + 2, NOW + 3, NOW + 4))
    for subtype in (1, 7):
        report = VerificationReport(subtype, RequestId.decode(PING[:4]), None, None, b"")
        us.does(us.commander.report(PROBE, report, NOW + 5, NOW + 6, NOW + 6))
    mirror(us, them)
    assert state_of(us) is state_of(them) is State.COMPLETED
    kinds = [entry.kind for entry in Reader("us").feed(bytes(us.disk))]
    assert kinds == [
        "statement",
        "statement",
        "evidence",
        "released",
        "sending",
        "transferred",
        "radiated",
        "verified",
        "verified",
    ]


def test_without_a_line_a_request_waits_and_goes_when_one_is_up() -> None:
    us, them = both()
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert us.sent == [] and state_of(us) is State.WAITING
    us.does(us.commander.queue(PROBE, "hold", BY, NOW))
    us.does(us.commander.line_up(PROBE, NOW))
    assert us.sent == []
    us.does(us.commander.queue(PROBE, "release", BY, NOW))
    assert len(us.sent) == 1


def test_a_request_goes_when_its_window_opens_and_expires_when_it_is_over() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    early = prepared("early", earliest_ns=NOW + 60 * SECOND)
    late = prepared("late", (PING[:-1] + b"1",), latest_ns=NOW + 30 * SECOND)
    for one in (early, late):
        them.does(them.commander.request(one, NOW))
    agree(us, them, early)
    assert us.sent == []
    us.does(us.commander.on_timer(NOW + 61 * SECOND))
    assert [one.request for one in us.sent] == ["early"]
    them.does(them.commander.on_timer(NOW + 31 * SECOND))
    assert state_of(them, "late") is State.EXPIRED


def test_what_people_say_is_refused_with_its_reason() -> None:
    us, them = both()
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    check = PEOPLE.says("chris", Act.CHECK, asked)
    us.does(us.commander.state(check, NOW))
    for statement, side, why in (
        (check, us, "played again"),
        (PEOPLE.says("peter", Act.APPROVE, asked), us, "them takes the statements"),
        (replace(PEOPLE.says("dora", Act.RELEASE, asked), signature=bytes(64)), us, "forged or altered"),
        (PEOPLE.says("dora", Act.RELEASE, asked, digest="0" * 64), us, "other octets"),
        (PEOPLE.says("dora", Act.RELEASE, asked, at_ns=NOW + 9 * SECOND), us, "in the future"),
        (PEOPLE.says("dora", Act.RELEASE, prepared("r9")), us, "no request 'r9'"),
    ):
        before = len(side.disk)
        with pytest.raises(UsageError, match=why):
            side.commander.state(statement, NOW)
        assert len(side.disk) == before
    with pytest.raises(UsageError, match="is there already"):
        them.commander.request(asked, NOW)
    with pytest.raises(UsageError, match="takes the requests of its own"):
        us.commander.request(prepared("r2"), NOW)
    with pytest.raises(UsageError, match="'explode' cannot be done"):
        us.commander.queue(PROBE, "explode", BY, NOW)


def test_a_withdrawn_or_rejected_request_goes_no_further() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    first, second = prepared(), prepared("r2", (PING[:-1] + b"2",))
    for one in (first, second):
        them.does(them.commander.request(one, NOW))
    mirror(them, us)
    them.does(them.commander.withdraw("r1", {"by": "vera"}, "a mistake", NOW))
    mirror(them, us)
    us.does(us.commander.state(PEOPLE.says("carla", Act.REJECT, second), NOW))
    assert (state_of(us), state_of(us, "r2")) == (State.WITHDRAWN, State.REJECTED)
    with pytest.raises(UsageError, match="is withdrawn"):
        us.commander.state(PEOPLE.says("dora", Act.RELEASE, first), NOW)


def test_a_lost_association_leaves_what_is_not_known_unknown() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    for number in range(3):
        asked = prepared(f"r{number}", (PING[:-1] + bytes([number]),))
        them.does(them.commander.request(asked, NOW))
        agree(us, them, asked)
    us.does(us.commander.transferred(1, "hill", NOW))
    us.does(us.commander.radiated(1, "hill", NOW, NOW, NOW))
    us.does(us.commander.transferred(2, "hill", NOW))
    us.does(us.commander.line_down(PROBE, "the line broke", NOW))
    assert [state_of(us, f"r{n}") for n in range(3)] == [State.RADIATED, State.UNKNOWN, State.UNKNOWN]
    us.does(us.commander.line_up(PROBE, NOW))
    assert len(us.sent) == 3


CRASHES = st.integers(0, 3000)


@settings(max_examples=60)
@given(cut=CRASHES, sent=st.integers(0, 3), service=st.sampled_from([Service.BD]))
def test_after_a_crash_at_any_octet_nothing_is_sent_twice_and_nothing_is_lost_in_silence(
    cut: int, sent: int, service: Service
) -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    for number in range(3):
        asked = prepared(f"r{number}", (PING[:-1] + bytes([number]),), service=service)
        them.does(them.commander.request(asked, NOW))
        agree(us, them, asked)
        if number < sent:
            us.does(us.commander.transferred(number + 1, "hill", NOW))
            us.does(us.commander.radiated(number + 1, "hill", NOW, NOW, NOW))
    before = {one.request for one in us.sent}
    del us.disk[max(0, len(us.disk) - cut) :]  # the disk has so much of the last writes
    kept = {e.body["request"] for e in Reader("us").feed(bytes(us.disk)) if e.kind == "sending"}
    us.sent.clear()
    partner = tuple(Reader("them").feed(bytes(them.disk)))
    us.start(partner)
    us.commander.standing.keyring = PEOPLE.keyring
    us.does(us.commander.line_up(PROBE, NOW))
    us.does(us.commander.on_timer(NOW + 1))
    assert not kept & {one.request for one in us.sent}  # whose sending is written is never sent again
    for name in before:
        one = us.commander.standing.board.requests[name]
        assert (
            one.state in (State.RADIATED, State.UNKNOWN)
            if name in kept
            else one.state in (State.WAITING, State.SENDING, State.REFUSED)
        )
    Reader("us").feed(bytes(us.disk))  # the chain holds


def test_a_borrower_commands_while_it_holds_the_spacecraft_and_the_owner_does_not() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=NOW + 600 * SECOND, by="dora"))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW, who=THEIRS))
    mirror(them, us)  # the acceptance is answered with the hand-over
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert us.sent == [] and us.commander.standing.holding(asked, NOW).agency == "them"
    mirror(us, them)
    assert them.commander.standing.holding(asked, NOW).agency == "them"
    assert them.commander.standing.holding(asked, NOW + 601 * SECOND).agency == "us"
    us.does(us.commander.on_timer(NOW + 603 * SECOND))
    assert us.sent == []  # the guard time
    us.does(us.commander.on_timer(NOW + 606 * SECOND))
    assert us.commander.standing.holding(asked, NOW + 606 * SECOND).agency == "us"


def test_frames_in_sequence_are_acknowledged_by_the_control_word() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    start = replace(prepared("start", ()), directive="initiate")
    asked = prepared(service=Service.AD)
    for one in (start, asked):
        them.does(them.commander.request(one, NOW))
        agree(us, them, one)
    assert [one.request for one in us.sent] == ["r1"]
    us.does(us.commander.transferred(1, "hill", NOW))
    us.does(us.commander.control_word(PROBE, ControlWord(virtual_channel=0, report_value=1), NOW + SECOND))
    assert state_of(us) is State.RECEIVED


def test_the_frames_of_a_service_in_sequence_that_ends_are_unknown_and_the_alert_is_kept() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    for one in (replace(prepared("start", ()), directive="initiate"), prepared(service=Service.AD)):
        them.does(them.commander.request(one, NOW))
        agree(us, them, one)
    us.does(us.commander.transferred(1, "hill", NOW))
    told = us.does(us.commander.control_word(PROBE, ControlWord(virtual_channel=0, report_value=0, lockout=True), NOW))
    assert state_of(us) is State.UNKNOWN and told.notes == ["probe: COP-1 LOCKOUT"]


def test_reports_that_do_not_come_are_overdue() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    us.does(us.commander.on_timer(NOW + 10_000 * SECOND))
    told = [one.body["stage"] for one in us.commander.standing.board.requests["r1"].told if one.kind == "overdue"]
    assert told == ["acceptance", "completion"]


def test_a_clock_that_is_set_back_releases_nothing() -> None:
    us, them = both()
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    other = prepared("r2", (PING[:-1] + b"2",))
    them.does(them.commander.request(other, NOW))
    mirror(them, us)
    with pytest.raises(UsageError, match="the clock was set back by 100"):
        us.commander.state(PEOPLE.says("chris", Act.CHECK, other, NOW - 200 * SECOND), NOW - 100 * SECOND)


def test_how_long_reports_may_take_is_the_missions() -> None:
    us, them = both()
    us.commander.allowances[PROBE] = Allowances(5 * SECOND, 5 * SECOND, 7 * SECOND, 100 * SECOND)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    told = us.does(us.commander.on_timer(NOW + 5 * SECOND)).entries
    assert [one.body["stage"] for one in told if one.kind == "overdue"] == ["acceptance"]
    us.does(us.commander.on_timer(NOW + 7 * SECOND))
    late = NOW + 7 * SECOND + 99 * SECOND
    assert us.commander.verifiers[PROBE].since(late) == NOW
    for at, since in ((late, NOW), (late + 2 * SECOND, None)):  # after a restart too, and then no light times are asked for
        us.commander.verifiers.clear()
        us.commander._expect_again(us.commander.standing.board.requests["r1"], at)
        assert us.commander.verifiers[PROBE].since(at) == since
    assert not us.commander.verifiers[PROBE]._of
