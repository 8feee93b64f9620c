"""Alarms: the table of ISA-18.2, the engine against a model, storms, links, silence, suppression, merging and overrides."""

import tomllib
import tracemalloc
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aelita.alarms import (
    Acknowledge,
    AlarmBook,
    AlarmEngine,
    Assign,
    CalibrationSet,
    Change,
    ClockOffset,
    Command,
    Contact,
    ContactsBooked,
    CorrelationResidual,
    Event,
    FramesHeard,
    LimitBand,
    LimitChanged,
    LimitSet,
    LimitsStanding,
    LinkReported,
    Override,
    OverrideEnded,
    Record,
    Refused,
    Remove,
    Reset,
    Restore,
    ServiceReported,
    Shelve,
    Shelving,
    Situation,
    State,
    StorageLevel,
    Unshelve,
    Withdraw,
    check_override,
    command,
    decode,
    encode,
    read_alarms,
    read_escalation,
)
from aelita.alarms.definitions import DEFAULTS, Source, Subject
from aelita.alarms.merge import Merged
from aelita.alarms.projection import Projection
from aelita.alarms.states import ANNOUNCEMENT_EVENTS, HOLDING, REFUSALS, TRANSITIONS, Phase, held_back, moved
from aelita.errors import DataError, DefinitionError, UsageError
from aelita.mdb import load_database
from aelita.services.missions import package_missions
from aelita.time import SECOND, tai_ns_from_utc

START = tai_ns_from_utc("2023-05-24T19:00:00")
PARAMETER = "/TGO/thermal/heater"
ALARM = f"limit:TGO:{PARAMETER}"


def anyone(_user: str, _permission: str) -> bool:
    return True


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def limit(seconds: float, severity: int, value: str = "", parameter: str = PARAMETER) -> LimitChanged:
    return LimitChanged("TGO", parameter, at(seconds), severity, value)


def engine(text: str = "") -> AlarmEngine:
    return AlarmEngine("esa", read_alarms(text) if text else AlarmBook())


def events(records: list[Record]) -> list[str]:
    return [record.body.event.value for record in records if isinstance(record.body, Change)]


def entry(source: str, **keys: object) -> str:
    lines = "\n".join(f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in keys.items())
    return f"[[alarms]]\nkey = 'own-{source}'\nsource = '{source}'\ntext = 't'\nconsequence = 'c'\nadvice = 'a'\n{lines}\n"


def rebuilt(records: list[Record]) -> Projection:
    again = Projection("esa")
    for record in records:
        again.apply(decode(encode(record)))
    return again


# -- the table -----------------------------------------------------------------------------------------------------------------


def test_every_cell_of_the_table_is_defined_or_refused_with_a_reason() -> None:
    cells = set(product(State, ANNOUNCEMENT_EVENTS))
    assert set(TRANSITIONS) | set(REFUSALS) == cells
    assert not set(TRANSITIONS) & set(REFUSALS)
    for state, event in cells:
        if (state, event) in TRANSITIONS:
            assert moved(state, event) is TRANSITIONS[state, event]
        else:
            with pytest.raises(UsageError, match=f"{event.value} is refused: \\w+"):
                moved(state, event)


def test_what_holds_an_alarm_back_is_a_table_too() -> None:
    for (event, (which, before, after)), held in product(HOLDING.items(), (False, True)):
        fields = {Phase.SHELVED: "shelved", Phase.SUPPRESSED: "suppressed", Phase.OUT_OF_SERVICE: "removed"}
        full = {"shelved": Shelving(at(9), "anna", "why"), "suppressed": ("why",), "removed": "why"}
        empty = {"shelved": None, "suppressed": (), "removed": ""}
        name = fields[which]
        situation = replace(Situation(), **{name: full[name] if held else empty[name]})  # type: ignore[arg-type]
        if before is not None and before is not held:
            with pytest.raises(UsageError, match=f"{event.value} is refused: it is"):
                held_back(situation, event, at(0), **{name: full[name] if after else empty[name]})
        else:
            assert held_back(situation, event, at(0), **{name: full[name] if after else empty[name]}).held is after


def test_life_of_a_plain_alarm() -> None:
    one = engine()
    records = one.observe([limit(0, 2, "71.5")], at(0))
    assert events(records) == ["raise"]
    body = records[0].body
    assert isinstance(body, Change)
    assert (body.before.state, body.after.state) == (State.NORMAL, State.UNACKNOWLEDGED)
    assert (body.after.severity, body.after.value, records[0].at, records[0].who) == (2, "71.5", at(0), "alarm server")
    records += command(one, Acknowledge("c1", "anna", ALARM, "seen it"), anyone, at(1))
    assert one.state.situation(ALARM).state is State.ACKNOWLEDGED
    records += one.observe([limit(2, 4, "90")], at(2))  # worse: announced anew
    assert one.state.situation(ALARM).state is State.UNACKNOWLEDGED
    records += one.observe([limit(3, 0, "60")], at(3))
    assert one.state.situation(ALARM).state is State.RETURNED
    records += command(one, Acknowledge("c2", "anna", ALARM), anyone, at(4))
    assert one.state.situation(ALARM).quiet
    assert events(records) == ["raise", "acknowledge", "worsen", "clear", "acknowledge"]
    counts = one.state.counts[ALARM]
    assert (counts.times, counts.total_ns, counts.first, counts.last) == (1, 3 * SECOND, at(0), at(0))
    assert (counts.worst, counts.worst_severity) == ("90", 4)
    assert rebuilt(records).situations == one.state.situations
    assert rebuilt(records).counts == one.state.counts


def test_latching_needs_a_reset() -> None:
    one = engine(entry("limit", latching=True))
    name = f"own-limit:TGO:{PARAMETER}"
    records = one.observe([limit(0, 3), limit(1, 0)], at(1))  # what comes and goes in one batch was there
    assert events(records) == ["raise", "clear"]
    assert one.state.situation(name).state is State.LATCHED_UNACKNOWLEDGED
    with pytest.raises(UsageError, match="must be acknowledged before"):
        command(one, Reset("r0", "anna", name), anyone, at(4))
    command(one, Acknowledge("a", "anna", name), anyone, at(4))
    assert one.state.situation(name).state is State.LATCHED
    command(one, Reset("r1", "anna", name), anyone, at(5))
    assert one.state.situation(name).quiet


def test_delays_pass_over_short_violations() -> None:
    one = engine(entry("limit", delay_on_s=5, delay_off_s=10))
    name = f"own-limit:TGO:{PARAMETER}"
    assert not one.observe([limit(0, 2)], at(0))
    assert not one.observe([limit(3, 0)], at(3))
    assert not one.on_timer(at(6))
    assert not one.observe([limit(100, 2)], at(100))
    assert one.next_deadline(at(100)) <= at(105)
    assert events(one.on_timer(at(105))) == ["raise"]
    assert not one.observe([limit(106, 0)], at(106))
    assert not one.observe([limit(110, 2)], at(110))  # back again within the delay: it went on
    assert not one.observe([limit(111, 0)], at(111))
    assert events(one.on_timer(at(121))) == ["clear"]
    assert one.state.counts[name].times == 3


def test_permissions_are_asked_of_the_caller() -> None:
    one = engine()
    one.observe([limit(0, 2)], at(0))
    asked = []

    def may(user: str, permission: str) -> bool:
        asked.append((user, permission))
        return False

    commands: list[Command] = [
        Acknowledge("1", "ivan", ALARM),
        Reset("2", "ivan", ALARM),
        Shelve("3", "ivan", ALARM, at(100), "why"),
        Unshelve("4", "ivan", ALARM),
        Remove("5", "ivan", ALARM, "why"),
        Restore("6", "ivan", ALARM),
        Assign("7", "ivan", ALARM, "thermal"),
        Override("8", "ivan", "TGO", PARAMETER, LimitSet((LimitBand(2, 0.0, 1.0),)), at(9), "why"),
        Override("9", "ivan", "TGO", PARAMETER, CalibrationSet((0.0, 1.0)), at(9), "why"),
        Withdraw("10", "ivan", "TGO", PARAMETER, "calibration"),
    ]
    for each in commands:
        with pytest.raises(UsageError, match="'ivan' has no permission"):
            command(one, each, may, at(1))
    words = [permission for _, permission in asked]
    assert words == [
        "alarm.acknowledge", "alarm.acknowledge", "alarm.shelve", "alarm.shelve", "alarm.shelve", "alarm.shelve", "alarm.assign",
        "limits.override", "calibration.override", "calibration.override",
    ]  # fmt: skip
    assert one.state.situation(ALARM).state is State.UNACKNOWLEDGED


def test_a_command_repeated_gives_no_second_record() -> None:
    one = engine()
    records = one.observe([limit(0, 2)], at(0))
    asked = Acknowledge("same", "anna", ALARM)
    records += command(one, asked, anyone, at(1))
    assert command(one, asked, anyone, at(2)) == []
    later = AlarmEngine("esa", AlarmBook())
    for record in records:
        later.apply(record)
    assert command(later, asked, anyone, at(3)) == []


def test_acknowledgement_of_an_older_occurrence_is_refused() -> None:
    one = engine()
    one.observe([limit(0, 2)], at(0))
    one.observe([limit(1, 3)], at(1))
    with pytest.raises(UsageError, match="occurrence 1 was seen, but 2 is the last one"):
        command(one, Acknowledge("a", "anna", ALARM, occurrence=1), anyone, at(2))
    command(one, Acknowledge("b", "anna", ALARM, occurrence=2), anyone, at(2))


def test_shelving_ends_by_itself_and_what_stands_is_announced_anew() -> None:
    one = engine()
    one.observe([limit(0, 2)], at(0))
    command(one, Acknowledge("a", "anna", ALARM), anyone, at(1))
    command(one, Shelve("s", "anna", ALARM, at(60), "heater test"), anyone, at(2))
    assert one.state.situation(ALARM).phase == "shelved"
    with pytest.raises(UsageError, match="the alarm is shelved"):
        command(one, Acknowledge("b", "anna", ALARM), anyone, at(3))
    with pytest.raises(UsageError, match="has passed"):
        command(one, Shelve("t", "anna", ALARM, at(1), "late"), anyone, at(3))
    with pytest.raises(UsageError, match="a reason is needed"):
        command(one, Shelve("t", "anna", ALARM, at(99), " "), anyone, at(3))
    assert not one.observe([], at(59))
    assert one.next_deadline(at(59)) <= at(60)
    records = one.on_timer(at(60))
    assert events(records) == ["expire"]
    assert (one.state.situation(ALARM).state, one.state.situation(ALARM).announcement) == (State.UNACKNOWLEDGED, 2)


def test_out_of_service_and_shelved_at_once() -> None:
    one = engine()
    one.observe([limit(0, 2)], at(0))
    command(one, Shelve("s", "anna", ALARM, at(60), "test"), anyone, at(1))
    command(one, Remove("r", "anna", ALARM, "sensor broken"), anyone, at(2))
    assert one.state.situation(ALARM).phase == "out of service"
    with pytest.raises(UsageError, match="already out of service"):
        command(one, Remove("r2", "anna", ALARM, "again"), anyone, at(3))
    one.observe([limit(4, 0)], at(4))
    one.on_timer(at(61))
    assert one.state.situation(ALARM).phase == "out of service"
    command(one, Restore("x", "anna", ALARM), anyone, at(62))
    assert one.state.situation(ALARM).state is State.RETURNED  # it had been announced and nobody saw it
    with pytest.raises(UsageError, match="not shelved"):
        command(one, Unshelve("u", "anna", ALARM), anyone, at(63))


def test_unknown_alarm() -> None:
    with pytest.raises(UsageError, match="there is no alarm 'limit:X'"):
        command(engine(), Acknowledge("a", "anna", "limit:X"), anyone, at(0))


# -- links, silence, levels ----------------------------------------------------------------------------------------------------


def test_without_a_link_parameter_alarms_are_stale_and_neither_raised_nor_cleared() -> None:
    one = engine()
    one.observe([LinkReported("TGO", "MLG", at(0), True)], at(0))
    one.observe([limit(1, 3)], at(1))
    one.observe([LinkReported("TGO", "MLG", at(5), False)], at(5))
    assert not one.observe([LinkReported("TGO", "MLG", at(5.5), True)], at(5.5))  # it flickers
    assert not one.observe([LinkReported("TGO", "MLG", at(10), False)], at(10))
    assert one.next_deadline(at(11)) <= at(40)
    assert events(one.on_timer(at(40))) == ["stale"]
    standing = one.state.situation(ALARM)
    assert (standing.stale, standing.state) == (True, State.UNACKNOWLEDGED)  # still to be acknowledged
    other = "/TGO/thermal/other"
    one.observe([limit(41, 0), limit(41, 4, parameter=other)], at(41))  # noise: nothing was received after the loss
    assert one.state.situation(ALARM).active
    assert one.state.situation(f"limit:TGO:{other}").quiet
    one.observe([limit(9.5, 4, parameter="/TGO/late")], at(41.5))  # received before the loss, processed after it
    assert one.state.situation("limit:TGO:/TGO/late").active
    records = one.observe([LinkReported("TGO", "MLG", at(50), True)], at(50))
    assert {"fresh", "clear", "raise"} <= set(events(records))
    assert not one.state.situation(ALARM).active
    assert one.state.situation(f"limit:TGO:{other}").active


def test_a_second_station_with_lock_keeps_alarms_fresh() -> None:
    one = engine()
    one.observe([LinkReported("TGO", "MLG", at(0), True), LinkReported("TGO", "KLZ", at(0), True), limit(0, 3)], at(0))
    one.observe([LinkReported("TGO", "MLG", at(1), False)], at(1))
    assert not one.state.situation(ALARM).stale
    one.observe([limit(2, 0)], at(2))
    assert not one.state.situation(ALARM).active


def test_link_reports_that_stop_make_the_link_unknown() -> None:
    one = engine(entry("link", delay_on_s=0))
    name = "own-link:TGO:MLG"
    one.observe([ContactsBooked((Contact("TGO", "MLG", at(0), at(1000)),)), LinkReported("TGO", "MLG", at(0), True)], at(0))
    one.observe([limit(1, 3), FramesHeard("TGO", at(1))], at(1))
    assert not one.state.situation(name).active
    assert one.next_deadline(at(1)) <= at(30)
    one.on_timer(at(30))
    assert one.state.situation(name).value == "unknown"
    assert one.state.situation(name).active
    one.on_timer(at(60))
    assert one.state.situation(ALARM).stale
    one.observe([LinkReported("TGO", "MLG", at(61), True)], at(61))
    assert not one.state.situation(name).active
    assert not one.state.situation(ALARM).stale


def test_a_link_is_only_watched_in_booked_contacts() -> None:
    one = engine()
    one.observe([LinkReported("TGO", "MLG", at(0), False)], at(0))
    assert not one.on_timer(at(29))
    one.observe([ContactsBooked((Contact("TGO", "MLG", at(100), at(200)),))], at(50))
    for second in range(50, 230, 10):
        one.observe([LinkReported("TGO", "MLG", at(second), False)], at(second))
        one.on_timer(at(second))
        assert one.state.situation("link:TGO:MLG").active is (130 <= second < 200)


def test_silence_of_an_expected_spacecraft() -> None:
    one = engine()
    contacts = (Contact("TGO", "MLG", at(100), at(300)), Contact("TGO", "KLZ", at(250), at(500)))
    one.observe([ContactsBooked(contacts)], at(0))
    name = "silence:TGO"
    assert one.next_deadline(at(90)) == at(100) or one.on_timer(at(90)) is not None
    for second, silent in [(100, False), (159, False), (160, True)]:
        one.on_timer(at(second))
        assert one.state.situation(name).active is silent, second
    assert one.state.situation(name).value == "no frames for 60 s"
    one.observe([FramesHeard("TGO", at(170))], at(170))
    assert not one.state.situation(name).active
    assert one.next_deadline(at(171)) <= at(230)
    one.on_timer(at(229))
    assert not one.state.situation(name).active
    one.on_timer(at(231))
    assert one.state.situation(name).active
    one.on_timer(at(400))  # one contact goes over into the other
    assert one.state.situation(name).active
    one.on_timer(at(500))  # nobody expects it any more
    assert not one.state.situation(name).active
    assert one.state.situation(name).state is State.RETURNED


def test_levels_have_two_thresholds() -> None:
    one = engine()
    for used, active in [(0.5, False), (0.84, False), (0.85, True), (0.82, True), (0.799, False), (float("nan"), True)]:
        one.observe([StorageLevel("FRAMES", used)], at(0))
        assert one.state.situation("storage:FRAMES").active is active, used
        if not active:
            one.on_timer(at(0))
    for offset, active in [(0.0, False), (-0.2, True), (0.07, True), (0.0, False), (None, True)]:
        one.observe([ClockOffset("ntp", offset)], at(100))
        one.on_timer(at(111 if active else 100))
        one.on_timer(at(171))
        assert one.conditions["clock:ntp"].violated is active  # type: ignore[union-attr]
    one.observe([CorrelationResidual("TGO", -0.02), ServiceReported("merger", False, "exit code 1")], at(200))
    one.on_timer(at(211))
    assert one.state.situation("correlation:TGO").value == "-0.020000 s"
    assert one.state.situation("service:merger").value == "exit code 1"


def test_a_processor_that_begins_again_says_what_stands() -> None:
    one = engine()
    records = one.observe([limit(0, 3)], at(0))
    later = AlarmEngine("esa", AlarmBook())
    for record in records:
        later.apply(record)
    later.on_timer(at(5))
    assert later.state.situation(ALARM).active  # unknown is not normal
    later.observe([LimitsStanding("TGO", at(6), ((PARAMETER, 3), ("/TGO/x", 0)))], at(6))
    assert later.state.situation(ALARM).occurrence == 1
    later.observe([LimitsStanding("TGO", at(7), ((PARAMETER, 0),))], at(7))
    assert not later.state.situation(ALARM).active
    assert later.state.counts[ALARM].times == 1


# -- suppression by design -----------------------------------------------------------------------------------------------------


def test_planned_times_and_causes_suppress() -> None:
    text = (
        entry("limit", suppressed_while=["own-service"])
        + '[[alarms.planned]]\nstart = "2023-05-24T19:10:00"\nstop = "2023-05-24T19:20:00"\nreason = "heater test"\n'
        + entry("service")
    )
    one = engine(text)
    name = f"own-limit:TGO:{PARAMETER}"
    one.observe([limit(0, 3)], at(0))
    command(one, Acknowledge("a", "anna", name), anyone, at(1))
    one.observe([ServiceReported("receiver", False)], at(2))
    assert one.state.situation(name).suppressed == ("own-service:receiver",)
    one.observe([ServiceReported("receiver", True)], at(3))
    assert one.state.situation(name).state is State.ACKNOWLEDGED  # nobody is called again for what was seen
    assert one.next_deadline(at(3)) <= at(600)
    one.on_timer(at(600))
    assert one.state.situation(name).phase == "suppressed by design"
    one.observe([limit(700, 0)], at(700))
    one.on_timer(at(1200))
    assert one.state.situation(name).quiet
    one.observe([ServiceReported("receiver", False)], at(1300))
    records = one.observe([limit(1301, 4)], at(1301))
    assert events(records) == ["suppress", "raise"]
    assert one.state.situation(name).announcement == 1
    one.observe([ServiceReported("receiver", True)], at(1302))
    assert (one.state.situation(name).state, one.state.situation(name).announcement) == (State.UNACKNOWLEDGED, 2)


def test_an_alarm_defined_out_of_service_calls_nobody() -> None:
    one = engine(entry("limit", out_of_service="not commissioned"))
    name = f"own-limit:TGO:{PARAMETER}"
    assert events(one.observe([limit(0, 5)], at(0))) == ["remove", "raise"]
    assert (one.state.situation(name).phase, one.state.situation(name).announcement) == ("out of service", 0)
    command(one, Restore("r", "anna", name), anyone, at(1))
    assert one.state.situation(name).state is State.UNACKNOWLEDGED


# -- storms --------------------------------------------------------------------------------------------------------------------


def test_a_storm_is_counted_and_neither_records_nor_memory_grow() -> None:
    one = engine()
    names = [f"/TGO/p{number}" for number in range(100)]

    def second(start: int) -> int:
        made = 0
        for turn in range(100):
            now = at(start + turn / 100)
            observations = [LimitChanged("TGO", name, now, 3 * (turn % 2) + turn % 5 % 2, "7") for name in names]
            made += len(one.observe(observations, now))
        return made + len(one.on_timer(at(start + 1)))

    first = second(0) + second(1)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    rest = sum(second(start) for start in range(2, 5))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert first <= 100 * 10
    assert rest <= 100 * 2  # 30,000 transitions
    assert grown < 200_000
    assert one.conditions["limit:TGO:/TGO/p0"].chattering  # type: ignore[union-attr]
    one.observe([LimitChanged("TGO", name, at(20), 0) for name in names], at(20))
    one.on_timer(at(80))
    one.on_timer(at(700))
    counts = one.state.counts["limit:TGO:/TGO/p0"]
    assert counts.times >= 240
    assert not one.state.situation("limit:TGO:/TGO/p0").active


def test_refusals_are_audited_but_not_without_end() -> None:
    one = engine()
    made = [record for turn in range(1000) for record in one.audit("roscosmos.alarms", "forged", "00", at(turn / 100))]
    assert len(made) == 1
    assert isinstance(made[0].body, Refused)
    assert len(one.audit("roscosmos.alarms", "forged", "00", at(10))) == 1


# -- a model -------------------------------------------------------------------------------------------------------------------


class LifeCycle(RuleBasedStateMachine):
    """One alarm against a model that knows only: what stands, what was last called out, and what was seen of it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = engine(entry("limit", severity="warning", latching=True))
        self.name = f"own-limit:TGO:{PARAMETER}"
        self.now = 0
        self.records: list[Record] = []
        self.active = self.called = self.seen = self.latched = False
        self.shelved_until: int | None = None
        self.removed = False
        self.known = False

    def tick(self) -> int:
        self.now += 100  # seconds: no alarm chatters
        if self.shelved_until is not None and self.now >= self.shelved_until:
            self.shelved_until = None
            self.released(anew=True)
        self.records += self.engine.on_timer(at(self.now))
        return self.now

    @property
    def held(self) -> bool:
        return self.removed or self.shelved_until is not None

    def released(self, anew: bool) -> None:
        if self.held:
            return
        if anew and self.called and self.active and not self.latched:
            self.seen = False
        self.follow()

    def follow(self) -> None:
        """Bring what is called out to what stands."""
        if self.active and (not self.called or self.latched):
            self.called, self.seen, self.latched = True, False, False
        elif not self.active and self.called:
            self.latched = True

    @rule(bad=st.booleans())
    def observe(self, bad: bool) -> None:
        now = self.tick()
        self.records += self.engine.observe([limit(now, 3 if bad else 0)], at(now))
        self.active, self.known = bad, True
        if not self.held:
            self.follow()

    def ask(self, asked: Command, fine: bool) -> None:
        if fine:
            made = command(self.engine, asked, anyone, at(self.now))
            assert len(made) == 1
            self.records += made
        else:
            with pytest.raises(UsageError, match=r"\w+"):
                command(self.engine, asked, anyone, at(self.now))

    @rule()
    def acknowledge(self) -> None:
        now = self.tick()
        fine = self.called and not self.seen and not self.held
        self.ask(Acknowledge(f"a{now}", "anna", self.name), fine)
        self.seen |= fine

    @rule()
    def reset(self) -> None:
        now = self.tick()
        fine = self.latched and self.seen
        self.ask(Reset(f"r{now}", "anna", self.name), fine)
        if fine:
            self.called = self.seen = self.latched = False

    @precondition(lambda self: self.known)
    @rule(seconds=st.integers(50, 500))
    def shelve(self, seconds: int) -> None:
        now = self.tick()
        self.ask(Shelve(f"s{now}", "anna", self.name, at(now + seconds), "test"), True)
        self.shelved_until = now + seconds

    @precondition(lambda self: self.known)
    @rule()
    def unshelve(self) -> None:
        now = self.tick()
        fine = self.shelved_until is not None
        self.ask(Unshelve(f"u{now}", "anna", self.name), fine)
        if fine:
            self.shelved_until = None
            self.released(anew=True)

    @precondition(lambda self: self.known)
    @rule(out=st.booleans())
    def service(self, out: bool) -> None:
        now = self.tick()
        fine = self.removed is not out
        asked = Remove(f"o{now}", "anna", self.name, "why") if out else Restore(f"i{now}", "anna", self.name)
        self.ask(asked, fine)
        if fine:
            self.removed = out
            if not out:
                self.released(anew=True)

    @rule()
    def restart(self) -> None:
        fresh = engine(entry("limit", severity="warning", latching=True))
        for record in self.records:
            fresh.apply(decode(encode(record)))
            fresh.apply(record)  # twice
        assert fresh.state.situations == self.engine.state.situations
        if self.known:
            fresh.observe([limit(self.now, 3 if self.active else 0)], at(self.now))
        self.engine = fresh

    @invariant()
    def agrees(self) -> None:
        situation = self.engine.state.situation(self.name)
        if not self.called:
            wanted = State.NORMAL
        elif self.latched:
            wanted = State.LATCHED if self.seen else State.LATCHED_UNACKNOWLEDGED
        else:
            wanted = State.ACKNOWLEDGED if self.seen else State.UNACKNOWLEDGED
        assert situation.state is wanted
        assert (situation.active, situation.held) == (self.active, self.held)


TestLifeCycle = LifeCycle.TestCase
TestLifeCycle.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


# -- two agencies --------------------------------------------------------------------------------------------------------------


def owners_story() -> list[Record]:
    one = engine()
    made = one.observe([limit(0, 3)], at(0))
    made += command(one, Shelve("s", "anna", ALARM, at(50), "test"), anyone, at(1))
    made += one.observe([limit(2, 0)], at(2)) + one.on_timer(at(65))
    made += one.observe([limit(70, 3, parameter="/TGO/x"), limit(70, 3)], at(70))
    made += command(one, Acknowledge("a", "anna", ALARM), anyone, at(71))
    return made


@given(st.data())
def test_records_in_any_order_and_as_often_as_you_like_give_one_state(data: st.DataObject) -> None:
    theirs = owners_story()
    viewer = AlarmEngine("ros", AlarmBook())
    for record in theirs[:1]:
        viewer.apply(record)
    mine = command(viewer, Acknowledge("m", "ivan", ALARM, owner="esa"), anyone, at(5))
    everything = theirs + mine
    plain, mixed = Merged(), Merged()
    for record in everything:
        plain.apply(record)
    order = data.draw(st.permutations(everything))
    for record in order + data.draw(st.lists(st.sampled_from(everything))):
        mixed.apply(record)
    assert mixed.all("ros") == plain.all("ros")
    assert mixed.all("esa") == plain.all("esa") == []


def test_each_agency_acknowledges_for_itself_and_the_owners_shelving_is_only_shown() -> None:
    theirs = owners_story()
    viewer = AlarmEngine("ros", AlarmBook())
    viewer.apply(theirs[0])
    viewer.apply(theirs[1])
    (shared,) = viewer.state.merged.all("ros")
    assert (shared.state, shared.situation.phase, shared.situation.shelved.who) == (State.UNACKNOWLEDGED, "shelved", "anna")  # type: ignore[union-attr]
    command(viewer, Acknowledge("m", "ivan", ALARM, owner="esa"), anyone, at(2))
    assert viewer.state.merged.all("ros")[0].state is State.ACKNOWLEDGED
    with pytest.raises(UsageError, match="ros sees it as acknowledged"):
        command(viewer, Acknowledge("n", "ivan", ALARM, owner="esa"), anyone, at(3))
    for record in theirs:
        viewer.apply(record)
    views = {view.alarm: view for view in viewer.state.merged.all("ros")}
    assert views[ALARM].state is State.UNACKNOWLEDGED  # it came again
    assert views[ALARM].acknowledged_by == ("esa",)
    with pytest.raises(UsageError, match="esa has told of no alarm"):
        command(viewer, Acknowledge("o", "ivan", "x", owner="esa"), anyone, at(4))


def test_a_stance_travels_to_the_owner() -> None:
    theirs = owners_story()
    viewer, owner = AlarmEngine("ros", AlarmBook()), AlarmEngine("esa", AlarmBook())
    for record in theirs:
        viewer.apply(record)
        owner.apply(record)
    (stance,) = command(viewer, Acknowledge("m", "ivan", ALARM, "we look too", owner="esa"), anyone, at(80))
    owner.apply(decode(encode(stance)))
    assert owner.state.merged.acknowledged("esa", ALARM, "ros") == 2
    assert owner.state.situations == engine_after(theirs).state.situations


def engine_after(records: list[Record]) -> AlarmEngine:
    one = AlarmEngine("esa", AlarmBook())
    for record in records:
        one.apply(record)
    return one


# -- octets --------------------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda v: repr(v).encode()))
def test_octets_that_are_no_record_are_refused(octets: bytes) -> None:
    with pytest.raises(DataError):
        decode(octets)


def test_a_record_with_a_field_too_many_or_of_another_type_is_refused() -> None:
    octets = encode(owners_story()[0])
    assert decode(octets) == owners_story()[0]
    for old, new in [
        (b'"number":', b'"more":1,"number":'),
        (b'"who":"alarm server"', b'"whom":""'),
        (b'"severity":3', b'"severity":"3"'),
        (b'"severity":3', b'"severity":true'),
        (b'"event":"raise"', b'"event":"explode"'),
        (b'"record":"Change"', b'"record":"LimitSet"'),
        (b'"occurrence":1', b'"occurrence":NaN'),
    ]:
        assert old in octets
        with pytest.raises(DataError, match="not a record of alarms"):
            decode(octets.replace(old, new))


# -- overrides -----------------------------------------------------------------------------------------------------------------

NARROW = LimitSet((LimitBand(2, 10.0, 20.0), LimitBand(4, 5.0, 25.0)))


def test_overrides_hold_until_their_end_and_are_recorded() -> None:
    one = engine()
    made = command(one, Override("o", "anna", "TGO", PARAMETER, NARROW, at(100), "heater test", old="0 to 40"), anyone, at(0))
    made += command(one, Override("c", "anna", "TGO", PARAMETER, CalibrationSet((1.0, 0.5)), at(50), "drift"), anyone, at(1))
    assert [override.reason for override in one.state.overrides.overrides_at(at(10))] == ["drift", "heater test"]
    assert [override.reason for override in one.state.overrides.overrides_at(at(60))] == ["heater test"]
    assert one.next_deadline(at(10)) <= at(50)
    made += one.on_timer(at(51))
    assert made[-1].body == OverrideEnded("TGO", PARAMETER, "calibration", True)
    made += command(one, Withdraw("w", "ivan", "TGO", PARAMETER, "limits", "test over"), anyone, at(70))
    assert (made[-1].who, one.state.overrides.overrides_at(at(70))) == ("ivan", ())
    again = rebuilt(made)
    assert again.overrides.overrides_at(at(70)) == ()
    with pytest.raises(UsageError, match="no override of its limits"):
        command(one, Withdraw("w2", "ivan", "TGO", PARAMETER, "limits"), anyone, at(71))


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (LimitSet((LimitBand(2, 20.0, 10.0),)), "not in order"),
        (LimitSet((LimitBand(2, 0.0, 10.0), LimitBand(4, 1.0, 12.0))), "must hold that of the milder"),
        (LimitSet((LimitBand(4, None, 12.0), LimitBand(2, None, 13.0))), "must hold that of the milder"),
        (LimitSet((LimitBand(2, 0.0, 1.0), LimitBand(2, 0.0, 1.0))), "can have one range"),
        (LimitSet((LimitBand(6, 0.0, 1.0),)), "can have one range"),
        (LimitSet((LimitBand(2),)), "has no end"),
        (LimitSet((LimitBand(2, float("nan"), 1.0),)), "not in order"),
        (CalibrationSet(), "coefficients or points"),
        (CalibrationSet((1.0,), ((0.0, 0.0), (1.0, 1.0))), "coefficients or points"),
        (CalibrationSet((float("inf"),)), "finite"),
        (CalibrationSet(points=((0.0, 0.0),)), "two at least"),
        (CalibrationSet(points=((1.0, 0.0), (1.0, 2.0))), "must rise"),
    ],
)
def test_overrides_that_make_no_sense_are_refused(new: LimitSet | CalibrationSet, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_override(new)


# -- definitions ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[alarms]]\n", r"alarms\.toml: alarms\[0\]: key: missing"),
        (entry("limit", colour="red"), "unknown key 'colour'"),
        (entry("limit", severity="bad"), "severity: 'bad' is not one of limit, watch"),
        (entry("limit", delay_on_s=-1), "delay_on_s: -1 is not from 0"),
        (entry("storage", above_used=1.5), "do not satisfy"),
        (entry("clock", above_s=0.1, clear_below_s=0.2), "do not satisfy"),
        (entry("link", parameter="x"), "unknown key 'parameter'"),
        (entry("limit") + entry("limit"), "'own-limit' is given twice"),
        (entry("limit", suppressed_while=["nothing"]), "which there is not"),
        (entry("limit", suppressed_while=["own-link"]) + entry("link", suppressed_while=["own-limit"]), "suppress each other"),
        (entry("limit") + "[[alarms.planned]]\nstart = 'noon'\nstop = 'x'\nreason = 'r'\n", r"planned\[0\]: start: 'noon'"),
        ("alarms = 3", "alarms: 3 is not an array"),
        ("[[", "not valid TOML"),
    ],
)
def test_mistakes_in_a_file_are_named_with_their_key(text: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read_alarms(text)


def test_the_first_definition_that_fits_counts_and_defaults_come_last() -> None:
    text = entry("limit", parameter="/TGO/thermal/*", severity="severe", least="watch", role="thermal")
    one = engine(text)
    one.observe([limit(0, 1), limit(0, 1, parameter="/TGO/power/x")], at(0))
    assert [(name, s.severity, s.role) for name, s in one.state.situations.items()] == [
        (f"own-limit:TGO:{PARAMETER}", 5, "thermal")
    ]
    one.observe([limit(1, 2, parameter="/TGO/power/x")], at(1))
    assert one.state.situation("limit:TGO:/TGO/power/x").active
    alone = engine("defaults = false\n" + text)
    alone.observe([limit(1, 5, parameter="/TGO/power/x")], at(1))
    assert not alone.state.situations


def test_assignment_and_event_words() -> None:
    one = engine()
    one.observe([limit(0, 2)], at(0))
    command(one, Assign("g", "anna", ALARM, "thermal", "boris"), anyone, at(1))
    situation = one.state.situation(ALARM)
    assert (situation.role, situation.person, situation.state) == ("thermal", "boris", State.UNACKNOWLEDGED)
    assert Event("raise") is Event.RAISE


def test_the_alarms_of_exomars_are_in_order_and_name_its_roles() -> None:
    folder = package_missions() / "exomars"
    book = read_alarms((folder / "alarms.toml").read_text(), "alarms.toml")
    roles = {role["key"] for role in tomllib.loads((folder / "agencies.toml").read_text())["roles"]}
    assert {one.role for one in book.definitions if one.role} <= roles
    own = book.definitions[: -len(DEFAULTS)]
    assert all(one.consequence and one.advice and one.role for one in own)
    names = load_database([folder / "tgo.xml"]).parameters
    for one in own:
        assert one.source is not Source.LIMIT or any(one.matches(Subject("tgo", name=name)) for name in names), one.key


def test_the_table_of_the_documentation_is_the_table() -> None:
    lines = (Path(__file__).parents[1] / "docs" / "alarms.md").read_text().splitlines()
    start = lines.index("| state | " + " | ".join(event.value for event in ANNOUNCEMENT_EVENTS) + " |") + 2
    for line, state in zip(lines[start:], State, strict=False):
        cells = [TRANSITIONS[state, event].value if (state, event) in TRANSITIONS else "–" for event in ANNOUNCEMENT_EVENTS]
        assert line == f"| {state.value} | " + " | ".join(cells) + " |"


def test_the_examples_of_the_documentation_are_right() -> None:
    text = (Path(__file__).parents[1] / "docs" / "alarms.md").read_text()
    examples = [part.partition("```")[0] for part in text.split("```toml\n")[1:]]
    alarms, escalation = (next(one for one in examples if one.startswith(first)) for first in ("[[alarms]]", "[[people]]"))
    book = read_alarms(alarms.replace("no-frames", "silence"))
    assert book.definitions[0].alarm(Subject("tgo", name="/TGO/x")) == "thermal:tgo:/TGO/x"
    assert read_escalation(escalation).chains[0].key == "flight"
