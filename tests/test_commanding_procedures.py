"""Procedures: described by generators, run live or rehearsed, paused, killed at any record and resumed, dry along every way."""

import json
import runpy
from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import (
    RUN_TABLE,
    Argument,
    Ask,
    Check,
    Counts,
    Delay,
    IfNot,
    Moment,
    NeedAnswer,
    NeedState,
    NeedValues,
    Now,
    Preparer,
    Procedure,
    ProcedureRun,
    Purpose,
    Reached,
    Read,
    RehearseRequest,
    Requester,
    RunState,
    Say,
    Section,
    Send,
    SendRequest,
    Sent,
    State,
    Steps,
    Tell,
    Turn,
    WaitFor,
    call,
    dry_run,
    procedure,
    procedures_of,
    step_text,
    value_is,
)
from aelita.commanding import CommandRequest as Request
from aelita.errors import AelitaError, DataError, DefinitionError, UsageError
from aelita.link import CommandLink
from aelita.mdb import Reference, compile_commands, load_database
from aelita.services import find_mission
from aelita.time import SECOND, tai_ns_from_utc
from shared import ROOT
from spacecraft_material import START_TICKS, T0, Ground, Heard, definition, listen, twin

NOW = 1_000 * SECOND
FOLDER = ROOT / "src/aelita/missions/exomars/procedures"
MODE = "/TGO/mode"


@procedure(
    "Everything a procedure can do", spacecraft=("probe",), arguments=(Argument("count", "integer", "how often", "2", 0, 5),)
)
def everything(spacecraft: str, count: int) -> Steps:
    yield Section("begin")
    for number in range(count):
        sent = yield Send((call("Ping", number=number),))
        assert isinstance(sent, Sent)
        ended = yield WaitFor(Reached(sent), 10.0)
        yield Say(f"{sent.request} {ended}")
    good = yield Check(value_is(MODE, "==", "SAFE"), IfNot.TELL)
    value = yield Read(Reference(MODE))
    yield WaitFor(value_is(MODE, "==", "FINE"), 60)
    yield WaitFor(Delay(5))
    began = yield Now()
    yield WaitFor(Moment(began + SECOND))
    if (yield Ask(f"mode {value}, check {good}", ("go", "stop"))) == "go":
        yield Send((call("Go"),))


class World:
    """The least that can stand around a run: takes every request, answers every question, and keeps the log as JSON lines."""

    def __init__(self, ends: Callable[[str], State] = lambda _: State.COMPLETED, choices: str = "go") -> None:
        self.log: list[str] = []
        self.requests: dict[str, Any] = {}
        self.ends, self.choice, self.now = ends, choices, NOW
        self.mode = "SAFE"
        self.told: list[str] = []

    def write(self, turn: Turn) -> None:
        self.log += [json.dumps(one) for one in turn.records]

    def do(self, run: ProcedureRun, turn: Turn) -> None:
        """Do what a turn asks, and what follows, until the run waits for time or a person."""
        open_effects = list(turn.effects)
        self.write(turn)
        while open_effects:
            one = open_effects.pop(0)
            after = self.react(run, one)
            self.write(after)
            open_effects += after.effects

    def react(self, run: ProcedureRun, one: object) -> Turn:
        if isinstance(one, SendRequest | RehearseRequest):
            assert one.request not in self.requests or one.again
            self.requests[one.request] = one
            return run.taken(one.request, self.now)
        if isinstance(one, NeedState):
            return run.progress(one.request, self.ends(one.request), self.now)
        if isinstance(one, NeedValues):
            return run.values(dict.fromkeys(one.references, self.mode), self.now)
        if isinstance(one, NeedAnswer):
            choice = self.choice if self.choice in one.choices else one.choices[0]
            return run.answer(one.step, choice, "a person", self.now)
        assert isinstance(one, Tell)
        self.told.append(one.text)
        return Turn()

    def drive(self, run: ProcedureRun) -> None:
        """Let time pass and values change until the run ends."""
        for _ in range(200):
            if run.is_ended:
                return
            if run.state is RunState.HELD:
                self.do(run, run.act("run", "a person", self.now))
                continue
            self.mode = "FINE"
            self.do(run, run.values({Reference(MODE): self.mode}, self.now))
            deadline = run.next_deadline()
            self.now = max(self.now, deadline or self.now)
            self.do(run, run.on_timer(self.now))
        raise AssertionError(run.text)

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in self.log]


def begun(
    plan: Procedure = everything, purpose: Purpose = Purpose.LIVE, world: World | None = None, **given: str
) -> tuple[ProcedureRun, World]:
    world = world or World()
    run, turn = ProcedureRun.begin(plan, "run-1", plan.spacecraft[0], given, "a person", purpose, NOW)
    world.do(run, turn)
    return run, world


def made(body: Callable[..., Steps], **more: Any) -> Procedure:
    return procedure("A test", spacecraft=("probe",), **more)(body)


def test_a_run_from_begin_to_end() -> None:
    run, world = begun()
    assert (str(run.state), run.text) == ("held", "section begin")
    world.drive(run)
    assert run.state is RunState.COMPLETED
    assert list(world.requests) == ["run-1-2", "run-1-5", "run-1-15"]
    assert world.told == ["begin", "run-1-2 met", "run-1-5 met"]
    outcomes = {one["step"]: one["outcome"] for one in world.records if one["kind"] == "outcome"}
    assert outcomes[8] is True and outcomes[9] == "SAFE" and outcomes[10] == "met" and outcomes[14] == "go"
    assert outcomes[12] == NOW + 5 * SECOND and world.now == outcomes[12] + SECOND
    answer = next(one for one in world.records if one["kind"] == "outcome" and one["step"] == 14)
    assert answer["by"] == "a person"
    seen = next(one for one in world.records if one["kind"] == "outcome" and one["step"] == 8)
    assert seen["seen"] == [[MODE, "SAFE"]]
    assert world.records[-1] == {"kind": "ended", "at_ns": world.now, "step": 15, "state": "completed", "why": ""}


def test_a_rehearsal_asks_for_nothing_that_is_a_command() -> None:
    run, world = begun(purpose=Purpose.REHEARSAL)
    world.drive(run)
    assert {type(one) for one in world.requests.values()} == {RehearseRequest}
    live, other = begun()
    other.drive(live)
    assert {type(one) for one in other.requests.values()} == {SendRequest}


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 5), st.lists(st.sampled_from([State.COMPLETED, State.FAILED, State.SENT]), min_size=6, max_size=6),
    st.sampled_from(["go", "stop"]), st.data(),
)  # fmt: skip
def test_a_run_killed_at_any_record_ends_as_one_that_was_not(
    count: int, ends: list[State], choice: str, data: st.DataObject
) -> None:
    """What was asked of the world is the same; nothing is requested anew under another name."""

    def state(name: str) -> State:
        return ends[int(name.rsplit("-", 1)[1]) % len(ends)]

    run, whole = begun(world=World(state, choice), count=str(count))
    whole.drive(run)
    kept = data.draw(st.integers(1, len(whole.log)))
    world = World(state, choice)
    world.log = whole.log[:kept]
    last = json.loads(world.log[-1])
    world.now = last["at_ns"]
    world.requests = {one["id"]: None for one in world.records if "id" in one}
    if last["kind"] == "ended":
        with pytest.raises(UsageError, match="has ended: completed"):
            ProcedureRun.resume(everything, world.records, world.now)
        return
    again, turn = ProcedureRun.resume(everything, world.records, world.now)
    assert again.is_ended or again.state is RunState.HELD
    assert not turn.effects  # nothing happens until a person says so
    world.do(again, turn)
    world.drive(again)
    assert again.state is run.state
    assert list(world.requests) == list(whole.requests)
    steps = [(one["step"], one["request"]) for one in world.records if one["kind"] == "step"]
    assert [n for n, _ in steps] == sorted({n for n, _ in steps})
    texts = [one["request"] for one in whole.records if one["kind"] == "step"]
    assert [one["do"] for _, one in steps] == [one["do"] for one in texts]


def test_a_procedure_that_was_changed_is_refused_at_the_step_where_it_differs() -> None:
    def first(spacecraft: str) -> Steps:
        yield Say("one")
        yield Send((call("Ping"),))
        yield Ask("more?")

    def second(spacecraft: str) -> Steps:
        yield Say("one")
        yield Send((call("Pong"),))
        yield Ask("more?")

    def shorter(spacecraft: str) -> Steps:
        yield Say("one")

    second.__name__ = shorter.__name__ = "first"
    run, world = begun(made(first))
    world.do(run, run.act("step", "me", NOW))
    world.do(run, run.act("step", "me", NOW))
    with pytest.raises(DataError, match=r"run-1, step 2: the log has .*Ping.*Pong"):
        ProcedureRun.resume(made(second), world.records, NOW)
    with pytest.raises(DataError, match=r"run-1, step 2: the log has step, the procedure ended: completed"):
        ProcedureRun.resume(made(shorter), world.records, NOW)
    resumed, _ = ProcedureRun.resume(made(first), world.records, NOW)
    assert resumed.step == 3 and resumed.text == "ask: more? (yes, no)"


def test_step_by_step_pause_and_abort() -> None:
    run, world = begun()
    for number in (1, 2, 3):
        assert (run.step, str(run.state)) == (number, "held")
        world.do(run, run.act("step", "me", NOW))
    assert (run.step, str(run.state)) == (4, "held")
    quiet = run.act("run", "me", NOW)  # nobody answers: the request is on its way
    assert str(run.state) == "running" and isinstance(quiet.effects[-1], SendRequest)
    world.write(run.act("pause", "me", NOW))
    assert str(run.state) == "stepping"
    world.do(run, Turn(effects=[quiet.effects[-1]]))
    assert run.state is RunState.HELD and run.step == 6  # the outcome counts, the next step waits
    with pytest.raises(UsageError, match=r"'pause' cannot be done to a run that is held.*run, step, abort"):
        run.act("pause", "me", NOW)
    world.do(run, run.act("abort", "me", NOW))
    assert str(run.state) == "aborted" and world.records[-1]["why"] == "aborted by me"
    for action in ("run", "step", "pause", "abort", "done", "nonsense"):
        with pytest.raises(UsageError, match="Possible: nothing"):
            run.act(action, "me", NOW)
    assert run.taken("run-1-5", NOW) == Turn() and run.on_timer(NOW) == Turn() and run.next_deadline() is None


def test_answers_that_are_none_are_refused() -> None:
    def body(spacecraft: str) -> Steps:
        yield Ask("name?", ())
        yield Ask("which?", ("a", "b"))

    run, _ = begun(made(body))
    with pytest.raises(UsageError, match="step 1 asks nothing now"):
        run.answer(1, "x", "me", NOW)
    run.act("run", "me", NOW)
    with pytest.raises(UsageError, match="2001 characters"):
        run.answer(1, "x" * 2001, "me", NOW)
    with pytest.raises(UsageError, match="step 2 asks nothing now"):
        run.answer(2, "a", "me", NOW)
    run.answer(1, "x", "me", NOW)
    with pytest.raises(UsageError, match=r"run-1, step 2: 'c' is no choice. a, b"):
        run.answer(2, "c", "me", NOW)
    assert run.answer(2, "b", "me", NOW).records[0]["outcome"] == "b" and run.state is RunState.COMPLETED


def test_a_dry_run_of_an_endless_procedure_ends() -> None:
    found = dry_run(examples()["first_contact"], "tgo", {}, is_thorough=True)
    assert len(found.paths) == 256 and not found.is_whole
    assert {one.command for one in found.calls} == {"AreYouAlive", "SetTimeReportRate"}


def test_events_of_the_procedure_are_no_actions_of_people() -> None:
    run, _ = begun()
    for word in {event for _, event in RUN_TABLE} - {"run", "step", "pause", "abort"}:
        with pytest.raises(UsageError):
            run.act(word, "me", NOW)


def test_a_request_after_a_restart_says_that_it_may_be_there() -> None:
    run, world = begun(made(lambda_send()))
    world.write(run.act("run", "me", NOW))  # killed before anybody answered
    again, turn = ProcedureRun.resume(made(lambda_send()), world.records, NOW)
    assert not turn.effects
    (effect,) = again.act("run", "me", NOW).effects
    assert isinstance(effect, SendRequest) and effect.again and effect.request == "run-1-1"


def lambda_send() -> Callable[..., Steps]:
    def body(spacecraft: str) -> Steps:
        yield Send((call("Ping"),))

    return body


def test_timeouts_count_from_when_evidence_can_be_here() -> None:
    def body(spacecraft: str) -> Steps:
        sent = yield Send((call("Ping"),))
        ended = yield WaitFor(Reached(sent, State.ACCEPTED), 10)
        yield Say(ended)

    run, _ = begun(made(body))
    run.act("run", "me", NOW)
    run.taken("run-1-1", NOW)
    assert run.next_deadline() == NOW + 10 * SECOND
    run.progress("run-1-1", State.SENT, NOW, evidence_ns=NOW + 1200 * SECOND)
    assert run.next_deadline() == NOW + 1210 * SECOND
    assert run.on_timer(NOW + 1209 * SECOND) == Turn()
    turn = run.on_timer(NOW + 1210 * SECOND)
    assert turn.records[0]["outcome"] == "timed out" and run.state is RunState.COMPLETED


@pytest.mark.parametrize(
    ("wanted", "state", "outcome"),
    [
        (State.COMPLETED, State.COMPLETED, "met"), (State.ACCEPTED, State.COMPLETED, "met"), (State.COMPLETED, State.FAILED, "failed"),
        (State.SENT, State.WITHDRAWN, "failed"), (State.SENT, State.WAITING, None), (State.SENT, State.UNKNOWN, None),
    ],
)  # fmt: skip
def test_what_a_state_says_of_a_wait(wanted: State, state: State, outcome: str | None) -> None:
    def body(spacecraft: str) -> Steps:
        yield WaitFor(Reached(Sent("other"), wanted))

    run, _ = begun(made(body))
    run.act("run", "me", NOW)
    told = [one["outcome"] for one in run.progress("other", state, NOW).records if one["kind"] == "outcome"]
    assert told == ([outcome] if outcome else []) and run.is_ended is (outcome is not None)


def test_a_request_that_was_not_taken_is_not_waited_for() -> None:
    def body(spacecraft: str) -> Steps:
        sent = yield Send((call("Ping"),))
        ended = yield WaitFor(Reached(sent))
        yield Say(f"{sent.why}: {ended}")

    run, _ = begun(made(body))
    run.act("run", "me", NOW)
    turn = run.not_taken("run-1-1", "out of range", NOW)
    assert turn.effects == [Tell(3, "out of range: failed")] and run.state is RunState.COMPLETED


@pytest.mark.parametrize("value", ["SAFE", None])
def test_a_check_that_does_not_hold_asks(value: str | None) -> None:
    def body(spacecraft: str) -> Steps:
        good = yield Check(value_is(MODE, "==", "FINE"), text="mode is fine")
        yield Say(str(good))

    def asked() -> ProcedureRun:
        run, _ = begun(made(body))
        (need,) = run.act("run", "me", NOW).effects
        assert isinstance(need, NeedValues)
        turn = run.values({Reference(MODE): value}, NOW)
        assert turn == Turn()  # the raw value is wanted too
        turn = run.values({Reference(MODE, calibrated=False): None}, NOW)
        assert isinstance(turn.effects[0], NeedAnswer) and turn.effects[0].choices == ("repeat", "go on", "stop")
        assert ("does not hold" if value else "cannot be told") in turn.effects[0].question
        return run

    run = asked()
    assert run.answer(1, "go on", "me", NOW).effects == [Tell(2, "False")]
    run = asked()
    turn = run.answer(1, "stop", "me", NOW)
    assert run.state is RunState.FAILED and [one["kind"] for one in turn.records] == ["outcome", "ended"]
    run = asked()
    assert isinstance(run.answer(1, "repeat", "me", NOW).effects[0], NeedValues)
    turn = run.values({Reference(MODE): "FINE", Reference(MODE, calibrated=False): 1}, NOW)
    assert turn.effects == [Tell(2, "True")]


def test_a_stop_survives_a_crash_before_its_end_is_written() -> None:
    def body(spacecraft: str) -> Steps:
        yield Check(value_is(MODE, "==", "FINE"), IfNot.STOP)
        yield Send((call("Fire"),))

    run, world = begun(made(body))
    world.do(run, run.act("run", "me", NOW))
    assert run.state is RunState.FAILED and world.requests == {}
    again, _ = ProcedureRun.resume(made(body), world.records[:-1], NOW)
    assert again.state is RunState.FAILED
    other, world = begun(made(body))
    world.write(other.act("abort", "me", NOW))
    again, _ = ProcedureRun.resume(made(body), world.records[:-1], NOW)
    assert again.state is RunState.ABORTED


def test_values_that_nobody_gives_are_not_known() -> None:
    def body(spacecraft: str) -> Steps:
        value = yield Read(Reference(MODE))
        good = yield Check(value_is(MODE, "==", 1), IfNot.TELL)
        yield Say(f"{value} {good}")

    run, _ = begun(made(body))
    run.act("run", "me", NOW)
    for _ in range(2):
        deadline = run.next_deadline()
        assert deadline is not None
        turn = run.on_timer(deadline)
    assert turn.effects == [Tell(3, "None False")]


def test_octets_come_back_from_the_log() -> None:
    def body(spacecraft: str) -> Steps:
        value = yield Read(Reference(MODE))
        yield Say(value.hex())

    run, world = begun(made(body))
    world.write(run.act("step", "me", NOW))
    world.write(run.values({Reference(MODE): b"\x01\xff"}, NOW))
    again, _ = ProcedureRun.resume(made(body), world.records, NOW)
    assert again.text == "say: 01ff"


def raises(spacecraft: str) -> Steps:
    yield Say("soon")
    raise ZeroDivisionError("no")


def yields_nonsense(spacecraft: str) -> Generator[Any, Any, None]:
    yield "send everything"


def never_ends(spacecraft: str) -> Steps:
    while True:
        yield Say("again")


def will_not_close(spacecraft: str) -> Steps:
    try:
        yield Ask("?")
    finally:
        yield Say("no")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (raises, "ZeroDivisionError: no (line"), (yields_nonsense, "it yielded 'send everything'"),
        (never_ends, "more than 10000 steps"),
    ],
)  # fmt: skip
def test_a_faulty_procedure_ends_its_run_and_nothing_else(body: Callable[..., Steps], why: str) -> None:
    run, world = begun(made(body))
    if not run.is_ended:
        world.do(run, run.act("run", "me", NOW))
    assert run.state is RunState.FAILED and why in run.why and world.records[-1]["state"] == "failed"


def test_a_procedure_that_will_not_close_is_aborted_all_the_same() -> None:
    run, _ = begun(made(will_not_close))
    run.act("abort", "me", NOW)
    assert run.state is RunState.ABORTED and "ignored GeneratorExit" in run.why


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("integer", "0x1F", 31), ("integer", "-3", -3), ("number", "2.5", 2.5), ("flag", "Yes", True), ("flag", "false", False),
        ("text", " a ", "a"), ("time", "2026-01-01T00:00:00", tai_ns_from_utc("2026-01-01T00:00:00")),
    ],
)  # fmt: skip
def test_arguments_are_read_by_kind(kind: str, written: str, value: object) -> None:
    assert Argument("x", kind).read(written) == value


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        (Argument("x", "integer"), "1.5"), (Argument("x", "integer", least=3), "2"), (Argument("x", "number", most=3), "nan"),
        (Argument("x", "number", most=3), "inf"), (Argument("x", "flag"), "maybe"), (Argument("x", "time"), "soon"),
        (Argument("x", "choice", choices=("a", "b")), "c"), (Argument("x", "integer"), ""),
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused(argument: Argument, written: str) -> None:
    with pytest.raises(UsageError, match="argument x"):
        argument.read(written)


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        everything.begin("probe", {"count": "9", "speed": "1"})
    assert "no argument speed" in str(caught.value) and "9 is out of range" in str(caught.value)
    with pytest.raises(UsageError, match="is not for moon"):
        everything.begin("moon", {})
    with pytest.raises(UsageError, match="no name of a run"):
        ProcedureRun.begin(everything, "../etc", "probe", {}, "me", Purpose.LIVE, NOW)


def test_declarations_that_do_not_fit_are_refused() -> None:
    def plain(spacecraft: str) -> None:
        return None

    def takes(spacecraft: str, speed: int) -> Steps:
        yield Say("x")

    with pytest.raises(DefinitionError, match="yields nothing"):
        made(plain)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="takes spacecraft, speed; declared are no arguments"):
        made(takes)
    with pytest.raises(DefinitionError, match="for no spacecraft"):
        procedure("x", spacecraft=())(raises)
    with pytest.raises(DefinitionError, match="kind 'colour'"):
        Argument("x", "colour")
    with pytest.raises(UsageError, match="argument x"):
        Argument("x", "integer", default="y")
    with pytest.raises(DefinitionError, match="no procedure is declared"):
        procedures_of({"x": 1}, "x.py")
    with pytest.raises(UsageError, match="compares nothing"):
        value_is(MODE, "=", 1)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries(
                {},
                optional={
                    "kind": st.sampled_from(["begun", "step", "outcome", "ended", "action", "odd"]),
                    "v": st.just(1), "procedure": st.just("everything"), "run": st.just("r"), "spacecraft": st.just("probe"),
                    "arguments": st.just([]) | st.integers() | st.just([["count", "x"]]), "purpose": st.sampled_from(["live", "x"]),
                    "step": st.integers(0, 3) | st.none(), "at_ns": st.integers(), "action": st.text(max_size=3), "by": st.just("me"),
                    "request": st.none() | st.just({"do": "section", "name": "begin"}), "outcome": st.none() | st.integers(),
                    "state": st.just("held"),
                },
            ),
        ),
        max_size=4,
    )
)  # fmt: skip
def test_no_log_whatever_it_holds_crashes(records: list[dict[str, Any]]) -> None:
    try:
        ProcedureRun.resume(everything, records, NOW)
    except AelitaError as error:
        assert str(error)


def test_a_dry_run_follows_every_answer() -> None:
    found = dry_run(everything, "probe", {"count": "1"}, values={MODE: "SAFE"})
    assert [path.choices[-1].rsplit(": ", 1)[1] for path in found.paths] == ["go", "stop"] and found.is_whole
    assert [one.command for one in found.calls] == ["Ping", "Go"]
    assert [one.command for one in found.paths[1].calls] == ["Ping"]
    assert all(path.end == "completed" for path in found.paths)
    thorough = dry_run(everything, "probe", {"count": "1"}, is_thorough=True)
    assert len(thorough.paths) > 10 and thorough.is_whole
    for body, end in ((raises, "fails: ZeroDivisionError: no"), (never_ends, "cut after 2000 steps")):
        assert [path.end for path in dry_run(made(body), "probe", {}).paths] == [end]
    assert dry_run(made(yields_nonsense), "probe", {}).paths[0].end.startswith("fails")


@given(st.lists(st.integers(1, 3), max_size=5))
def test_a_dry_run_has_as_many_ways_as_answers(widths: list[int]) -> None:
    def body(spacecraft: str) -> Steps:
        for number, width in enumerate(widths):
            answer = yield Ask(f"question {number}", tuple(f"{each}" for each in range(width)))
            yield Send((call("Ping", number=number, answer=answer),))

    expected = 1
    for width in widths:
        expected *= width
    found = dry_run(made(body), "probe", {})
    assert len(found.paths) == expected and len({path.calls for path in found.paths}) == expected
    assert len(found.calls) == sum(widths)


def examples() -> dict[str, Procedure]:
    files = sorted(FOLDER.glob("*.py"))
    assert len(files) >= 2
    return {name: one for path in files for name, one in procedures_of(runpy.run_path(str(path)), path.name).items()}


@pytest.mark.parametrize("name", ["first_contact", "read_out_store"])
def test_commands_of_the_examples_are_commands_of_the_mission(name: str) -> None:
    """Every command that some way of an example can send is made exact through the mission database."""
    plan = examples()[name]
    given_ = {"first_s": "227049675.5", "last_s": "227050000"} if name == "read_out_store" else {}
    found = dry_run(plan, "tgo", given_, is_thorough=True)
    assert found.calls and plan.grade == "assumed"
    commands = compile_commands(load_database(find_mission("exomars").craft("tgo").command_databases))
    preparer = Preparer(commands, CommandLink.from_toml('name = "tgo"\nspacecraft_id = 655\n'), Counts())
    for number, one in enumerate(found.calls):
        asked = Request(f"r{number}", "tgo", (one,), Requester("esa", "moc", "operator", "somebody"), NOW)
        assert preparer.prepare(asked).prepared.packets


def test_first_contact_tries_again_until_somebody_gives_up() -> None:
    plan = examples()["first_contact"]
    world = World(lambda name: State.FAILED, "give up")
    run, _ = ProcedureRun.begin(plan, "c", "tgo", {}, "me", Purpose.REHEARSAL, NOW)
    world.do(run, run.act("run", "me", NOW))
    assert run.state is RunState.COMPLETED and len(world.requests) == 1 and world.told[-1] == "No contact with tgo."
    tries = iter([State.FAILED, State.FAILED, State.COMPLETED, State.COMPLETED])
    world = World(lambda name: next(tries), "again")
    run, _ = ProcedureRun.begin(plan, "c", "tgo", {"exponent": "3"}, "me", Purpose.REHEARSAL, NOW)
    world.do(run, run.act("run", "me", NOW))
    sent = [one.calls[0] for one in world.requests.values()]
    assert [one.command for one in sent] == ["AreYouAlive"] * 3 + ["SetTimeReportRate"]
    assert sent[-1].arguments == (("exponent", "3"),) and world.told[-1] == "Time reports every 8 frames: met."


REACHED = {1: State.ACCEPTED, 2: State.FAILED, 3: State.EXECUTING, 4: State.FAILED, 7: State.COMPLETED, 8: State.FAILED}


@pytest.mark.parametrize("name", ["first_contact", "read_out_store"])
def test_examples_are_rehearsed_with_a_simulated_spacecraft(name: str) -> None:
    """Requests become octets through the mission database, go up as CLTUs, and verification reports move the procedure."""
    craft, ground, heard = twin(), Ground(), Heard()
    commands = compile_commands(load_database(find_mission("exomars").craft("tgo-sim").command_databases))
    preparer = Preparer(commands, definition().link, Counts(first=1))
    given_ = {"store": str(min(definition().stores)), "first_s": "1", "last_s": str(START_TICKS // 65536)}
    plan, answers = examples()[name], {"read_out_store": "read out"}
    run, turn = ProcedureRun.begin(plan, "c", "tgo-sim", given_ if name == "read_out_store" else {}, "me", Purpose.REHEARSAL, T0)
    counts: dict[str, int] = {}
    said: list[str] = []
    open_effects: list[Any] = run.act("run", "me", T0).effects
    for _ in range(400):
        while open_effects:
            one, turn = open_effects.pop(0), Turn()
            if isinstance(one, RehearseRequest):
                asked = Request(one.request, one.spacecraft, one.calls, Requester("esa", "moc", "operator", "somebody"), T0)
                (packet,) = preparer.prepare(asked).prepared.packets
                preparer.counts.take([packet])
                counts[one.request] = int.from_bytes(packet[2:4]) & 0x3FFF
                ground.ask(craft, packet)
                turn = run.taken(one.request, craft.now_ns)
            elif isinstance(one, NeedAnswer):
                turn = run.answer(one.step, answers[name], "me", craft.now_ns)
            elif isinstance(one, Tell):
                said.append(one.text)
            open_effects += turn.effects
        if run.is_ended:
            break
        listen(craft, 1, heard)
        for request, count in counts.items():
            for stage in heard.stages(count)[-1:]:
                open_effects += run.progress(request, REACHED[stage], craft.now_ns).effects
    assert run.state is RunState.COMPLETED and len(counts) == 2
    assert said[-1].endswith(("frames: met.", ": met.")), said
    assert heard.reports(17, 2) if name == "first_contact" else heard.reports(15, 13)


def test_steps_in_words() -> None:
    assert step_text(WaitFor(Delay(3), 5)) == "wait for 3 s, at most 5 s"
    assert step_text(Ask("name?", ())) == "ask: name?"
