"""Alarms of commanding: what journals, health and lines tell becomes alarms, which return to normal; beside a plain model."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.agencies import Asset, Reach
from aelita.alarms import (
    OF_COMMANDING,
    AlarmBook,
    AlarmEngine,
    Change,
    CommandingStands,
    Observation,
    Record,
    Source,
    State,
    Subject,
    Trouble,
    decode,
    encode,
    read_alarms,
)
from aelita.commanding import (
    Act,
    Commander,
    Entry,
    Gate,
    Journal,
    LightPaths,
    PreparedCommand,
    Standing,
    body_of,
    command_times,
)
from aelita.errors import DefinitionError, UsageError
from aelita.pus import RequestId, VerificationReport
from aelita.services.live.alarm_files import exchange_keys, own_signer
from aelita.services.live.clock import starting_at
from aelita.services.live.command_journal import JournalFile, own_path
from aelita.services.live.command_mirroring import Publisher, journal_subject
from aelita.services.live.command_troubles import CommandTroubles
from aelita.services.live.command_watching import CommandWatch
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, Installation
from aelita.services.live.serving import Context
from aelita.services.missions import find_mission
from aelita.time import SECOND
from gate_material import DIRECTOR, NOW, PING, PROBE, RULES, line, people, prepared
from live_servers import client, one_server

PEOPLE = people()
SHARED = replace(RULES, assets=(Asset("probe", Reach((PROBE,)), "us", ("them",), 3600, 5, (DIRECTOR,)),))
LIGHT_S = 600
ALL = frozenset(OF_COMMANDING)
FAILED, OVERDUE, UNKNOWN = (f"command-{word}:{PROBE}:r1" for word in ("failed", "overdue", "unknown"))


def at(seconds: float) -> int:
    return NOW + round(seconds * SECOND)


@dataclass
class Centre:
    """The commanding of `us` as it really is, light 600 s away, and the alarms that are made of its journal."""

    engine: AlarmEngine = field(default_factory=lambda: AlarmEngine("us", AlarmBook()))
    records: list[Record] = field(default_factory=list)
    troubles: CommandTroubles = field(default_factory=lambda: CommandTroubles("us", SHARED, PEOPLE.public))
    theirs: Journal = field(default_factory=lambda: Journal("them"))
    commander: Commander = field(init=False)

    def __post_init__(self) -> None:
        standing = Standing("us", SHARED, PEOPLE.public)
        standing.keyring = self.troubles.standing.keyring = PEOPLE.keyring
        gate = Gate("us", SHARED)
        gate.hold_line(PROBE, line())
        self.commander = Commander(standing, Journal("us"), gate, PEOPLE.agencies["us"])
        paths = LightPaths(lambda _: LIGHT_S * SECOND, lambda _: LIGHT_S * SECOND)
        self.commander.times = lambda prepared, start, octets: command_times(start, start, 0, paths)

    def heed(self) -> None:
        """Have the alarms hear what the commander wrote."""
        for entry in self.commander.unwritten:
            self.troubles.take(entry)
        self.commander.unwritten = []

    def partner(self, kind: str, body: dict[str, Any], when: int = NOW) -> None:
        """Have the other agency write an entry that both the commander and the alarms take."""
        entry = self.theirs.append(kind, body, when)
        self.commander.partner(entry, when)
        self.troubles.take(entry)

    def sent(self, asked: PreparedCommand | None = None) -> PreparedCommand:
        """Have a request of theirs agreed to and given to the station at NOW."""
        asked = asked or prepared()
        self.partner("request", body_of(asked))
        self.partner("statement", PEOPLE.says("peter", Act.APPROVE, asked).body())
        self.commander.line_up(PROBE, NOW, "hill")
        for person, act in (("chris", Act.CHECK), ("dora", Act.RELEASE)):
            self.commander.state(PEOPLE.says(person, act, asked), NOW)
        self.heed()
        return asked

    def look(self, when: int, *more: Trouble) -> None:
        """Tell the alarms what stands, as the service does."""
        self.heed()
        told = self.troubles
        found = (*told.requests(when), *told.cop1(), *told.approvals(when), *told.loans(when), *told.clock(when), *more)
        self.records += self.engine.observe([CommandingStands(ALL, found)], when)

    def state(self, alarm: str) -> State:
        return self.engine.state.situation(alarm).state

    def active(self) -> set[str]:
        return {alarm for alarm, one in self.engine.state.situations.items() if one.active}

    def restart(self) -> None:
        """Begin the alarm server anew from its records."""
        self.engine = AlarmEngine("us", AlarmBook())
        for one in self.records:
            self.engine.apply(decode(encode(one)))


def report(centre: Centre, subtype: int, when: int, failure: int | None = None) -> None:
    told = VerificationReport(subtype, RequestId.decode(PING[:4]), None, failure, b"")
    centre.commander.report(PROBE, told, when - LIGHT_S * SECOND, when, when)


# -- requests ------------------------------------------------------------------------------------------------------------------


def test_a_command_that_failed_on_board_calls_and_returns_to_normal_by_itself() -> None:
    centre = Centre()
    centre.sent()
    centre.look(at(1200))
    assert not centre.active()
    report(centre, 2, at(1201), failure=7)
    centre.look(at(1202))
    situation = centre.engine.state.situation(FAILED)
    assert situation.state is State.UNACKNOWLEDGED and situation.severity == 3
    assert situation.value == "/P/ping: acceptance failed, code 7"
    centre.restart()
    centre.look(at(1700))
    assert centre.active() == {FAILED}
    centre.look(at(1801.5))  # it stands ten minutes, and calls until somebody has seen it
    assert centre.state(FAILED) is State.RETURNED


def test_a_verification_is_overdue_by_light_time_only_and_a_late_report_ends_it() -> None:
    centre = Centre()
    centre.sent()
    for seconds in (130, 1199, 1319):  # evidence can be here after 1200 s, and 120 s are allowed
        centre.commander.on_timer(at(seconds))
        centre.look(at(seconds))
        assert not centre.active()
    centre.commander.on_timer(at(1321))
    centre.look(at(1321))
    assert centre.active() == {OVERDUE}
    value = centre.engine.state.situation(OVERDUE).value
    times = f"TAI {at(1200)} ns, awaited by TAI {at(1320)} ns"  # before 1972 there are no leap seconds to tell UTC by
    assert value == f"/P/ping: acceptance could be known since {times}"
    report(centre, 1, at(1400))
    centre.look(at(1400))
    assert not centre.active() and centre.state(OVERDUE) is State.RETURNED
    centre.commander.on_timer(at(1501))  # that of its completion
    centre.look(at(1501))
    assert centre.active() == {OVERDUE}
    report(centre, 7, at(1600))
    centre.look(at(1600))
    assert not centre.active()


def test_a_cltu_whose_fate_is_unknown_calls_until_evidence_comes() -> None:
    centre = Centre()
    centre.sent()
    centre.commander.line_down(PROBE, "the line was cut", at(1), "hill")
    centre.look(at(1))
    assert centre.active() == {UNKNOWN}
    assert centre.engine.state.situation(UNKNOWN).value == "/P/ping: the line was cut"
    report(centre, 1, at(1300))
    centre.look(at(1300))
    assert not centre.active()


def test_what_the_station_refused_is_a_failure_that_was_not_sent() -> None:
    centre = Centre()
    centre.sent()
    centre.commander.refused(1, "hill", "unable to process", at(1))
    centre.look(at(1))
    assert centre.active() == {FAILED}
    assert centre.engine.state.situation(FAILED).value == "/P/ping: not sent: unable to process"


def test_a_request_of_others_that_others_released_is_their_alarm() -> None:
    us = CommandTroubles("us", SHARED, PEOPLE.public)
    third = CommandTroubles("third", SHARED, PEOPLE.public)
    theirs, ours = Journal("them"), Journal("us")
    asked = prepared()
    entries = [theirs.append("request", body_of(asked), NOW)]
    for kind, body in (
        ("released", {"request": "r1"}),
        ("sending", {"request": "r1", "cltu": 1, "identity": "r1/0", "spacecraft": PROBE}),
        ("verified", {"request": "r1", "index": 0, "stage": "start", "succeeded": False, "failure": None}),
    ):
        entries.append(ours.append(kind, body, NOW))
    for entry in entries:
        us.take(entry)
        third.take(entry)
    assert [one.source for one in us.requests(NOW)] == [Source.FAILED]
    assert third.requests(NOW) == []


# -- COP-1, lines, approvals, loans, clocks, journals --------------------------------------------------------------------------


def test_an_alert_of_cop1_stands_until_the_service_begins_again() -> None:
    centre, own = Centre(), Journal("us")

    def told(kind: str, body: dict[str, Any], seconds: float) -> None:
        centre.troubles.take(own.append(kind, body, at(seconds)))
        centre.look(at(seconds))

    def directive(name: str, what: str) -> None:
        asked = prepared(name, ())
        made = replace(
            asked, directive=what, request=replace(asked.request, requester=replace(asked.request.requester, agency="us"))
        )
        told("request", body_of(made), 3)
        told("released", {"request": name}, 3)
        told("confirmed", {"request": name, "succeeded": True, "spacecraft": PROBE}, 4)

    told("link", {"spacecraft": PROBE, "alert": "TERM"}, 1)
    assert not centre.active()  # people ended it
    told("link", {"spacecraft": PROBE, "alert": "LOCKOUT"}, 2)
    assert centre.active() == {f"cop1:{PROBE}"} and centre.engine.state.situation(f"cop1:{PROBE}").value == "LOCKOUT"
    directive("d1", "set-vs 4")
    assert centre.active()
    directive("d2", "initiate-with-unlock")
    assert not centre.active()
    centre.troubles.take(centre.theirs.append("link", {"spacecraft": PROBE, "alert": "T1"}, at(5)))
    centre.look(at(5))
    assert not centre.active()  # their gate, their alarm


def test_a_line_that_is_down_matters_when_something_waits_for_it() -> None:
    centre = Centre()
    asked = prepared()
    booked = [(PROBE, "hill"), (PROBE, "dale")]
    centre.partner("request", body_of(asked))
    assert centre.troubles.uplinks(booked, [], NOW) == []
    centre.partner("statement", PEOPLE.says("peter", Act.APPROVE, asked).body())
    for person, act in (("chris", Act.CHECK), ("dora", Act.RELEASE)):
        centre.commander.state(PEOPLE.says(person, act, asked), NOW)
    centre.heed()
    down = centre.troubles.uplinks(booked, [], NOW)
    assert [str(one.subject) for one in down] == [f"{PROBE}:dale", f"{PROBE}:hill"]
    assert down[0].words == "1 could go, first r1"
    assert centre.troubles.uplinks([], [], NOW) == []  # no contact is booked: it waits for one
    assert centre.troubles.uplinks(booked, [(PROBE, "dale")], NOW) == []  # it can go by the other
    centre.look(NOW, *down)
    assert not centre.active()
    centre.records += centre.engine.on_timer(at(31))
    assert centre.active() == {f"uplink:{PROBE}:hill", f"uplink:{PROBE}:dale"}
    centre.look(at(40))
    assert not centre.active()
    centre.commander.queue(PROBE, "hold", {"by": "dora"}, NOW)
    centre.heed()
    assert centre.troubles.uplinks(booked, [], NOW) == []  # people hold it back


def test_people_who_are_waited_for_are_called_after_a_time() -> None:
    text = "[[alarms]]\nkey = 'approvals'\nsource = 'approvals'\nabove_s = 300\ntext = 't'\nconsequence = 'c'\nadvice = 'a'\n"
    centre, alarm = Centre(AlarmEngine("us", read_alarms(text))), f"approvals:{PROBE}"
    asked = prepared()
    centre.partner("request", body_of(asked))
    centre.partner("request", body_of(prepared("r2")))
    centre.look(at(299))
    assert not centre.active()
    centre.look(at(301))
    assert centre.active() == {alarm}
    assert centre.engine.state.situation(alarm).value == "2 wait, first r1: /P/ping"
    centre.partner("withdrawn", {"request": "r2", "by": "vera"}, at(302))
    for person, act in (("chris", Act.CHECK), ("dora", Act.RELEASE)):
        centre.commander.state(PEOPLE.says(person, act, asked, at(303)), at(303))
    centre.look(at(304))
    assert centre.active() == {alarm}  # ours or theirs may approve
    centre.partner("statement", PEOPLE.says("peter", Act.APPROVE, asked, at(305)).body(), at(305))
    centre.look(at(306))
    assert not centre.active()


def test_a_loan_is_told_of_before_its_end() -> None:
    centre = Centre()
    entries = [centre.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=at(3600)).entries[0]]
    said = {**entries[0].body["lease"], "event": "acceptance", "at_ns": at(1)}
    from aelita.commanding import lease_message_from
    from aelita.commanding.canonical import canonical
    from aelita.commanding.leases import MARK

    body = {"lease": said, "signature": PEOPLE.agencies["them"].sign(MARK + canonical(said)).hex()}
    assert lease_message_from(body, PEOPLE.public).event == "acceptance"
    centre.partner("lease.acceptance", body, at(1))
    centre.look(at(2690))
    assert not centre.active()
    centre.look(at(2701))
    assert centre.active() == {"loan:probe"}
    assert centre.engine.state.situation("loan:probe").value.startswith("them has it until ")
    centre.look(at(3601))
    assert not centre.active()


def test_a_clock_that_was_set_back_is_told_until_it_is_right() -> None:
    centre = Centre()
    centre.sent()
    centre.look(at(-5))
    assert centre.active() == {"gate-clock:gate"}
    assert centre.engine.state.situation("gate-clock:gate").value == "5.000 s before the last entry"
    centre.look(at(1))
    assert not centre.active()
    assert centre.troubles.clock(at(1), "the clock was set back by 3 s")[0].words == "the clock was set back by 3 s"


# -- the engine beside a model -------------------------------------------------------------------------------------------------

SUBJECTS = {
    Source.FAILED: Subject(PROBE, name="r1"), Source.OVERDUE: Subject(PROBE, name="r2"), Source.UNKNOWN: Subject(PROBE, name="r3"),
    Source.COP1: Subject(PROBE), Source.UPLINK: Subject(PROBE, "hill"), Source.APPROVALS: Subject(PROBE),
    Source.LOAN: Subject(name="probe"), Source.JOURNAL: Subject(name="them"), Source.GATE_CLOCK: Subject(name="gate"),
}  # fmt: skip
STANDS_S = {Source.FAILED: 600, Source.OVERDUE: 86_400, Source.UNKNOWN: 86_400, Source.COP1: 86_400}
TEXT = "\n".join(
    f"[[alarms]]\nkey = 'm-{one.value}'\nsource = '{one.value}'\ntext = 't'\nconsequence = 'c'\nadvice = 'a'" for one in SUBJECTS
)


def expected(one: Source, since: int, now: int) -> bool:
    """What the documentation says of each source, in plain words."""
    if one is Source.APPROVALS:
        return now >= since + 1800 * SECOND
    if one is Source.LOAN:
        return since - 900 * SECOND <= now < since
    return one not in STANDS_S or now < since + STANDS_S[one] * SECOND


STEP = st.tuples(
    st.integers(61, 4000),  # seconds until it is told: longer than what chatters
    st.frozensets(st.sampled_from(sorted(SUBJECTS))),  # what can be told of
    st.dictionaries(st.sampled_from(sorted(SUBJECTS)), st.integers(-5000, 5000)),
    st.booleans(),  # a restart
)


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_an_alarm_is_active_exactly_while_its_trouble_stands(
    steps: list[tuple[int, frozenset[Source], dict[Source, int], bool]],
) -> None:
    book = read_alarms(TEXT)
    engine, records, now, model = AlarmEngine("us", book), list[Record](), NOW, dict[Source, bool]()
    for seconds, sources, found, restarted in steps:
        if restarted:
            engine = AlarmEngine("us", book)
            for record in records:
                engine.apply(decode(encode(record)))
        now += seconds * SECOND
        told = tuple(
            Trouble(one, SUBJECTS[one], now + offset * SECOND, "w") for one, offset in found.items() if one in sources
        )  # fmt: skip
        records += engine.observe([CommandingStands(sources, told)], now)
        for one in sources:
            model[one] = one in found and expected(one, now + found[one] * SECOND, now)
        active = {alarm for alarm, situation in engine.state.situations.items() if situation.active}
        assert active == {f"m-{one.value}:{SUBJECTS[one]}" for one, stands in model.items() if stands}
    assert all(isinstance(record.body, Change) for record in records)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("source = 'command-failed'\nstands_s = 0", "0 does not satisfy 0 < stands_s <= 1e\\+09"),
        ("source = 'approvals'\nabove_s = -1", "-1 does not satisfy 0 < above_s"),
        ("source = 'loan'\nabove_s = 5", "unknown key 'above_s'"),
        ("source = 'journal'\nspacecraft = 'x'", "unknown key 'spacecraft'"),
        ("source = 'uplink'\nasset = 'x'", "unknown key 'asset'"),
    ],
)
def test_mistakes_in_definitions_of_commanding_are_named(keys: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read_alarms(f"[[alarms]]\nkey = 'k'\ntext = 't'\nconsequence = 'c'\nadvice = 'a'\n{keys}\n")


KINDS = (
    "request", "statement", "released", "sending", "transferred", "radiated", "lost", "unknown", "refused", "verified", "overdue",
    "confirmed", "acknowledged", "link", "queue", "lease.handover", "credential", "withdrawn", "x",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
BODY = st.dictionaries(
    st.sampled_from(
        ("request", "cltu", "index", "stage", "succeeded", "spacecraft", "alert", "lease", "possible_ns", "reason", "at_ns")
    ),
    st.sampled_from(("r1", PROBE, "acceptance", 0, 1, 2**63 - 1, True, False)) | JSON,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("us", "them")), st.sampled_from(KINDS), BODY), max_size=12))
def test_whatever_stands_in_a_journal_the_alarms_go_on(told: list[tuple[str, str, dict[str, Any]]]) -> None:
    centre = Centre()
    centre.sent()
    journals = {"us": Journal("us"), "them": Journal("them")}
    for agency, kind, body in told:
        try:
            entry: Entry = journals[agency].append(kind, body, NOW)
        except UsageError:
            continue
        centre.troubles.take(entry)
    centre.look(at(3000))
    centre.troubles.uplinks([(PROBE, "hill")], [], at(3000))


# -- on a real stream ----------------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What the alarm server was told last."""

    last: CommandingStands | None = None

    async def observe(self, one: Observation) -> None:
        assert isinstance(one, CommandingStands)
        self.last = one

    def words(self, source: Source) -> list[str]:
        return [] if self.last is None else [one.words for one in self.last.troubles if one.source is source]


async def until(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"never came: {what}"
        await asyncio.sleep(0.1)


def test_a_journal_on_its_stream_health_and_evidence_become_troubles(tmp_path: Path) -> None:
    made = Installation(tmp_path, find_mission("exomars"), ("tgo-sim",), (AgencyHere("esa", ("malargue",)),))
    exchange_keys(made)
    clock = starting_at(NOW)
    context = Context(made, "esa", clock, Health("watchkeeper", "esa"))
    signer, heard, reports = own_signer(made, "esa"), Heard(), list[dict[str, Any]]()

    def write(file: JournalFile, kind: str, body: dict[str, Any]) -> None:
        file.write([file.journal.append(kind, body, clock.now())])

    async def scenario() -> None:
        async with one_server(tmp_path) as server, await client(server) as streams:
            file = JournalFile(own_path(made.home("esa")), "esa", lambda entry: None)
            publisher = Publisher(streams, signer, file, context.health)
            watch = CommandWatch(context, streams, ["roscosmos"], lambda: reports, heard.observe)
            tasks = [asyncio.create_task(publisher.run()), asyncio.create_task(watch.run())]
            try:
                write(file, "link", {"spacecraft": "tgo-sim", "alert": "LOCKOUT"})
                publisher.wake.set()
                await until("the alert of COP-1", lambda: heard.words(Source.COP1) == ["LOCKOUT"])
                assert not heard.words(Source.JOURNAL) and not heard.words(Source.GATE_CLOCK)
                reports.append(
                    {"service": "commander", "faults": {"clock": "set back"}, "damaged_copies": {"roscosmos": "octet 5"}}
                )
                await until("the clock", lambda: heard.words(Source.GATE_CLOCK) == ["set back"])
                assert heard.words(Source.JOURNAL) == ["our copy was damaged: octet 5"]
                reports.clear()
                (own_path(made.home("esa")).parent / "fork-roscosmos-7.evidence").write_bytes(b"x")
                await until("evidence of a fork", lambda: any("it has forked" in one for one in heard.words(Source.JOURNAL)))
                other = Journal("esa").append("link", {"spacecraft": "tgo-sim", "alert": "T1"}, clock.now())
                subject = journal_subject("esa")
                said = b'{"offset": 0, "octets": %d}\n' % len(other.octets) + other.octets
                await streams.publish(subject, signer.sign(subject, said), msg_id="forked")
                await until("the fork", lambda: any("forked at entry 1" in one for one in heard.words(Source.JOURNAL)))
                await streams.publish(subject, b"anything", msg_id="anything")
                await asyncio.sleep(0)
                assert not tasks[1].done()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                file.close()

    asyncio.run(scenario())
