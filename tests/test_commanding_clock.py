"""Clocks that jump and that are set back: nothing is decided by them, what happened is kept, and the way out is in the journal."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.commanding import Act, Audit, ClockError, Copy, Journal, Outcome, Reader, State, conclude, in_time
from aelita.errors import AelitaError, DataError, UsageError
from aelita.pus import RequestId, VerificationReport
from aelita.services.live import clock as clocks
from aelita.services.live import command_clock
from aelita.services.live.command_journal import own_path
from aelita.services.live.command_vouching import vouched
from aelita.services.live.commander import CommandService
from aelita.services.live.health import Health
from aelita.services.live.serving import Context
from aelita.time import SECOND
from api_command_material import Both, both
from gate_material import DIRECTOR, NOW, PING, PROBE, THEIRS, prepared
from test_commanding_commander import PEOPLE, SHARED, Side, agree, mirror, state_of
from test_commanding_commander import both as both_sides

HOUR, STEP = 3600 * SECOND, 10 * SECOND


@dataclass
class Times:
    """What elapsed, and a clock that may be wrong by some time."""

    gone: int = 0
    wrong: int = 0

    def elapsed(self) -> int:
        return self.gone

    @property
    def clock(self) -> int:
        return NOW + self.gone + self.wrong


def held(times: Times, known: bool = True) -> Journal:
    journal = Journal("us")
    journal.keep_time(times.elapsed, STEP, (times.clock, times.gone) if known else None)
    return journal


# ---- the journal


@pytest.mark.parametrize("wrong", [STEP + 1, HOUR, 400 * 24 * HOUR, -STEP - 1, -HOUR])
def test_a_clock_that_steps_too_far_is_not_followed_and_the_journal_goes_on_when_it_is_right(wrong: int) -> None:
    times = Times()
    journal = held(times)
    journal.append("note", {}, times.clock)
    times.gone, times.wrong = 60 * SECOND, wrong
    with pytest.raises(ClockError, match="the clock was set"):
        journal.append("note", {}, times.clock)
    assert journal.head.n == 1 and journal.moment(times.clock) == NOW + 60 * SECOND
    times.gone, times.wrong = 61 * SECOND, 0
    assert journal.append("note", {}, times.clock).at_ns == NOW + 61 * SECOND


@pytest.mark.parametrize("wrong", [STEP, -STEP, SECOND])
def test_a_small_step_is_followed_and_many_small_ones_do_not_lead_far(wrong: int) -> None:
    times = Times(wrong=wrong)
    journal = held(Times())
    journal._elapsed = times.elapsed
    assert journal.time(times.clock) == NOW + wrong
    times.gone, times.wrong = 5 * SECOND, 2 * wrong + (SECOND if wrong > 0 else -SECOND) * 10
    with pytest.raises(ClockError):
        journal.time(times.clock)


@given(steps=st.lists(st.tuples(st.integers(0, HOUR), st.integers(-3, 3), st.booleans()), max_size=30))
def test_whatever_the_clock_does_the_time_of_the_journal_is_near_what_elapsed(steps: list[tuple[int, int, bool]]) -> None:
    times = Times()
    journal, copy, last = held(times), Copy("us"), 0
    for gone, wrong, said in steps:
        times.gone, times.wrong = times.gone + gone, times.wrong + wrong * 4 * SECOND
        with contextlib.suppress(ClockError):
            entry = journal.append("note", {}, times.clock)
            assert last <= entry.at_ns and not journal.doubt(times.clock)
            last = entry.at_ns
            assert copy.add(entry.octets).entries == (entry,)
        if said:
            with contextlib.suppress(UsageError):
                entry = journal.set_clock("dora", "the wall clock of the hall", times.clock)
                assert copy.add(entry.octets).entries == (entry,) and entry.at_ns == times.clock
                last = entry.at_ns
        moment = journal.moment(times.clock)
        assert (moment >= last and abs(moment - times.clock) <= STEP) or journal.doubt(times.clock)
    assert copy.head == journal.head


def test_time_goes_back_only_where_a_person_says_so_and_everybody_who_reads_sees_it() -> None:
    times = Times(wrong=HOUR)
    journal = held(times)  # it began with a clock that was ahead
    written = [journal.append("note", {}, times.clock)]
    times.wrong = 0
    with pytest.raises(ClockError, match=r"set back by 3600.000 s, or was ahead when entry 1 was written.*command clock"):
        journal.append("note", {}, times.clock)
    for by, reason in (("", "so"), ("dora", ""), ("dora", "x" * 2001)):
        with pytest.raises(UsageError, match="who says it"):
            journal.set_clock(by, reason, times.clock)
    written += [journal.set_clock("dora", "GPS says so", times.clock), journal.append("note", {}, times.clock)]
    assert [one.at_ns for one in written] == [NOW + HOUR, NOW, NOW]
    assert written[1].body["by"] == "dora" and written[1].body["before_ns"] == NOW + HOUR
    assert Reader("us").feed(b"".join(one.octets for one in written)) == written
    assert [one.n for one in in_time(written)] == [1, 2, 3]
    with pytest.raises(UsageError, match="nothing is wrong"):
        journal.set_clock("dora", "again", times.clock)
    with pytest.raises(UsageError, match="no kind"):
        journal.append("clock", {}, times.clock)
    back = journal._append("note", {}, NOW - HOUR)
    with pytest.raises(DataError, match="a clock was set back"):
        Reader("us").feed(b"".join(one.octets for one in [*written, back]))


# ---- commanding


def timed(us: Side) -> Times:
    """Have a side hold its clock against what elapses."""
    times = Times()
    us.commander.journal.keep_time(times.elapsed, STEP, (times.clock, 0))
    return times


def under_way(name: str = "r1") -> tuple[Side, Side, Times]:
    """Return two sides with a request that was sent, and the clock of ours."""
    us, them = both_sides()
    times = timed(us)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared(name)
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert len(us.sent) == 1
    return us, them, times


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_while_the_clock_is_wrong_what_happened_is_written_and_nothing_is_lost(wrong: int) -> None:
    us, _, times = under_way()
    times.gone, times.wrong = 20 * SECOND, wrong
    us.does(us.commander.transferred(1, "hill", times.clock))
    us.does(us.commander.radiated(1, "hill", NOW, NOW, times.clock))
    report = VerificationReport(1, RequestId.decode(PING[:4]), None, None, b"")
    us.does(us.commander.report(PROBE, report, NOW + SECOND, NOW + SECOND, times.clock))
    assert state_of(us) is State.ACCEPTED
    us.does(us.commander.line_down(PROBE, "the line broke", times.clock))
    us.does(us.commander.note("schedule", {"text": "as it was"}, times.clock))
    with pytest.raises(ClockError):
        us.commander.on_timer(times.clock)  # in particular no report is called overdue for ever
    entries = Reader("us").feed(bytes(us.disk))
    assert [one.at_ns for one in entries[-4:]] == [NOW + 20 * SECOND] * 4
    times.wrong = 0
    assert not us.does(us.commander.on_timer(times.clock)).entries


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_while_the_clock_is_wrong_nothing_is_released_with_the_reason_and_afterwards_it_goes(wrong: int) -> None:
    us, them, times = under_way()
    other = prepared("r2", (PING[:-1] + b"2",), latest_ns=NOW + 600 * SECOND)
    them.does(them.commander.request(other, NOW))
    mirror(them, us)
    us.does(us.commander.state(PEOPLE.says("chris", Act.CHECK, other), NOW))
    times.gone, times.wrong = 20 * SECOND, wrong
    mirror(us, them)
    them.does(them.commander.state(PEOPLE.says("peter", Act.APPROVE, other), NOW))
    mirror(them, us)
    with pytest.raises(ClockError, match="the clock was set"):
        us.commander.state(PEOPLE.says("dora", Act.RELEASE, other), times.clock)
    for made in (us.commander.line_up(PROBE, times.clock), us.commander.queue(PROBE, "hold", {"by": "dora"}, times.clock)):
        assert not us.does(made).cltus
    made = us.does(us.commander.queue(PROBE, "release", {"by": "dora"}, times.clock))
    assert "nothing is released: the clock was set" in made.notes[0]
    times.wrong = 0
    assert state_of(us, "r2") is State.WAITING
    us.does(us.commander.state(PEOPLE.says("dora", Act.RELEASE, other, times.clock), times.clock))
    assert [one.request for one in us.sent] == ["r1", "r2"]


def test_people_can_still_hold_back_while_the_clock_is_wrong() -> None:
    us, them, times = under_way()
    for name in ("r2", "r3"):
        them.does(them.commander.request(prepared(name, (PING[:-1] + name[1:].encode(),)), NOW))
    mirror(them, us)
    times.gone, times.wrong = 20 * SECOND, -HOUR
    us.does(
        us.commander.state(PEOPLE.says("carla", Act.REJECT, us.commander.standing.board.requests["r2"].prepared), times.clock)
    )
    us.does(us.commander.queue(PROBE, "block", {"by": "dora"}, times.clock))
    assert state_of(us, "r2") is State.REJECTED and us.commander.standing.queue(PROBE).valve == "blocked"


def test_a_message_about_a_loan_that_comes_meanwhile_is_heeded_afterwards() -> None:
    us, them = both_sides()
    times = timed(us)
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=NOW + 600 * SECOND, by="dora"))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW, who=THEIRS))
    times.gone, times.wrong = SECOND, HOUR
    entry = Reader("them").feed(bytes(them.disk))[-1]
    us.does(us.commander.partner(entry, times.clock))
    assert us.commander.standing.holder(PROBE, "", NOW).agency == "us"
    times.wrong = 0
    us.does(us.commander.on_timer(times.clock))
    assert us.commander.standing.leases.lease("probe").holder(times.clock) != "us"


def test_a_journal_that_is_ahead_begins_says_what_is_unknown_and_goes_on_after_a_persons_word() -> None:
    us, them, _ = under_way()
    back = NOW - HOUR
    made = us.start(tuple(Reader("them").feed(bytes(them.disk))), back)  # as after a restart with a clock that is right again
    us.commander.standing.keyring = PEOPLE.keyring
    assert [one.kind for one in made.entries] == ["unknown"]
    us.does(us.commander.begin(back))
    asked = prepared("r2", (PING[:-1] + b"2",))
    with pytest.raises(ClockError):
        us.commander.on_timer(back)
    us.does(us.commander.line_up(PROBE, back))
    us.does(us.commander.set_clock("dora", "the clock was an hour ahead", back))
    with pytest.raises(UsageError, match="nothing is wrong"):
        us.commander.set_clock("dora", "again", back)
    us.does(us.commander.on_timer(back))
    them.commander.journal.head = type(them.commander.journal.head)(
        0
    )  # their clock was right all the time: a journal of their own
    them.disk.clear()
    them.does(them.commander.request(asked, back))
    for entry in Reader("them").feed(bytes(them.disk)):
        us.does(us.commander.partner(entry, back))
    for person, act in (("chris", Act.CHECK), ("peter", Act.APPROVE), ("dora", Act.RELEASE)):
        signed = PEOPLE.says(person, act, asked, back, not_after_ns=NOW + HOUR)
        with contextlib.suppress(UsageError):
            us.does(us.commander.state(signed, back))
    assert not us.commander.gate._clock(back)
    Reader("us").feed(bytes(us.disk))


def test_a_loan_that_was_over_stays_over_when_time_is_stated_back() -> None:
    us, them = both_sides()
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=NOW + 600 * SECOND, by="dora"))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW, who=THEIRS))
    mirror(them, us)
    mirror(us, them)
    them.does(Outcome([them.commander._write("note", {"about": "a clock that was ahead"}, NOW + HOUR)]))
    assert them.commander.standing.leases.lease("probe").holder(NOW) == "them"
    them.does(them.commander.set_clock("kira", "it was ahead", NOW))
    assert them.commander.standing.leases.lease("probe").holder(NOW) == "us"


def test_the_audit_tells_of_a_clock_that_was_stated_and_by_whom() -> None:
    times = Times(wrong=HOUR)
    journal, audit = held(times), Audit("us", rules=SHARED, keys=PEOPLE.public)
    audit.feed(journal.append("note", {}, times.clock).octets)
    times.wrong = 0
    audit.feed(journal.set_clock("dora", "GPS says so", times.clock).octets + journal.append("note", {}, times.clock).octets)
    report = conclude(audit)
    (found,) = report.findings
    assert report.clean and found.grade == "note"
    assert "dora" in found.what and "3600.000 s back" in found.what and "GPS says so" in found.what


def test_the_audit_finds_time_that_was_stated_before_what_the_other_agency_had_countersigned() -> None:
    times = Times()
    journal, other = held(times), Journal("them")
    octets = journal.append("note", {}, times.clock).octets
    word = other.countersign("us", journal.head, PEOPLE.agencies["them"], NOW)
    octets += journal.append("countersigned", word.body, times.clock).octets
    times.wrong = -HOUR
    octets += journal.set_clock("dora", "so that the loan lasts", times.clock).octets
    audit = Audit("us", rules=SHARED, keys=PEOPLE.public)
    audit.feed(octets)
    assert [one.what for one in conclude(audit).findings if one.grade == "fault"] == [
        "the clock was stated back by dora to 3600.000 s before them countersigned entry 1: so that the loan lasts"
    ]


# ---- the service


@dataclass
class Machine:
    """A machine whose clock can be set, and that runs evenly nevertheless."""

    wall: int
    gone: int = 0

    def set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clocks, "wall_tai_ns", lambda: self.wall)
        monkeypatch.setattr(command_clock, "even_ns", lambda clock: lambda: self.gone)

    def run(self, s: float) -> None:
        self.gone += round(s * SECOND)
        self.wall += round(s * SECOND)

    def step(self, ns: int) -> None:
        self.wall += ns


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(clocks.wall_tai_ns())
    made.set(monkeypatch)
    return made


@contextlib.contextmanager
def started(made: Both, agency: str = "esa") -> Iterator[CommandService]:
    """Give a service that begins anew from its journal."""
    place = made.places[agency]
    place.service.close()
    place.service = CommandService(Context(made.made, agency, made.clock, Health("commander", agency)))
    yield place.service


async def _at_work(service: CommandService, until: Callable[[], bool]) -> None:
    service._wake = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(service._timers()), tasks.create_task(service._countersign())]
        await asyncio.sleep(0.05)
        with contextlib.suppress(TimeoutError):  # what was awaited is asserted by who awaits it
            async with asyncio.timeout(20):
                while not until():
                    await asyncio.sleep(0.01)
        for one in working:
            one.cancel()


def at_work(service: CommandService, until: Callable[[], bool] = lambda: True) -> None:
    """Run the timers and the countersigning for a while, as the service does, and until something is so."""
    asyncio.run(_at_work(service, until))


def kinds_written(made: Both) -> list[str]:
    return [one.kind for one in Reader("esa").feed(own_path(made.made.home("esa")).read_bytes())]


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_the_service_stays_up_says_so_and_goes_on(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    monkeypatch.setattr("aelita.services.live.commander.COUNTERSIGN_S", 0.001)
    with both(tmp_path) as made, started(made) as service:
        service.does(service.commander.begin(made.clock.now()))
        service.standing.news["roscosmos"] = 1  # there is something to countersign
        machine.run(5)
        machine.step(wrong)
        at_work(service, lambda: "clock" in service.context.health.faults)
        assert "the clock was set" in service.context.health.faults["clock"]
        head = service.journal.journal.head
        for line in service.lines["tgo-sim"]:  # what the callbacks of a line do
            line._end("the association ended")
            service.does(service.commander.line_up("tgo-sim", made.clock.now(), line.station.key))
        assert service.journal.journal.head == head
        machine.step(-wrong)
        at_work(service, lambda: "countersign" in kinds_written(made))
        assert "clock" not in service.context.health.faults
        assert "countersign" in kinds_written(made)


def test_a_restart_does_not_make_a_wrong_clock_right_and_the_word_of_the_agency_does(tmp_path: Path, machine: Machine) -> None:
    with both(tmp_path) as made:
        with started(made) as service:
            service.does(service.commander.begin(made.clock.now()))
            at_work(service)
        machine.run(60)
        machine.step(HOUR)
        with started(made) as service:
            service.does(service.commander.begin(made.clock.now()))
            at_work(service, lambda: "clock" in service.context.health.faults)
            assert "set ahead by 3600" in service.context.health.faults["clock"]
            asked = {"by": "vera", "reason": "the machine had slept"}
            with pytest.raises(UsageError, match="does not vouch"):
                service._desk.do("clock", asked)
            service._desk.do("clock", {"op": "clock", **vouched(service.signer.key, "clock", asked)})
            at_work(service, lambda: "clock" not in service.context.health.faults)
            assert "clock" not in service.context.health.faults
        with started(made) as service:
            assert not service.journal.journal.doubt(made.clock.now())
            assert kinds_written(made)[-1] == "clock"


def test_a_machine_that_was_started_anew_or_another_clock_is_believed(tmp_path: Path, machine: Machine) -> None:
    with both(tmp_path) as made:
        with started(made) as service:
            service.does(service.commander.begin(made.clock.now()))
            at_work(service)
        path = made.made.home("esa") / "commanding" / command_clock.FILE
        told = path.read_text()
        machine.step(HOUR)
        for octets in ("", "[]", told.replace('"boot": "', '"boot": "x'), told.replace('"elapsed_ns": ', '"elapsed": ')):
            path.write_text(octets)
            with started(made) as service:
                assert not service.journal.journal.doubt(made.clock.now())


def test_a_reference_that_cannot_be_kept_stops_nothing(tmp_path: Path, machine: Machine) -> None:
    with both(tmp_path) as made, started(made) as service:
        (made.made.home("esa") / "commanding" / command_clock.FILE).with_suffix(".new").mkdir()
        service.does(service.commander.begin(made.clock.now()))
        at_work(service)
        assert "clock" not in service.context.health.faults


def test_errors_of_the_clock_are_errors_of_the_one_tree() -> None:
    assert issubclass(ClockError, UsageError) and issubclass(ClockError, AelitaError)
