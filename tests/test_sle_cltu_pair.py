"""User, provider and a station against each other: cut octets, stalls, lost lines, restarts; what the user says beside the truth."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.sle import (
    Aborted,
    AsyncNotify,
    BindDiagnostic,
    BindRefused,
    CltuAccepted,
    CltuExpired,
    CltuInterrupted,
    CltuNotice,
    CltuNotRadiated,
    CltuProduction,
    CltuRadiated,
    CltuRefused,
    CltuStarted,
    CltuStatusReport,
    CltuTaken,
    CltuUnknown,
    NotificationMode,
    ParameterName,
    ParameterRead,
    PeerAbortDiagnostic,
    ProtocolAbortMode,
    ProviderState,
    ReportRequest,
    Stopped,
    TransferDiagnostic,
    Unbound,
    UplinkStatus,
    UserState,
)
from sle_cltu_material import A_CLTU, CLTU, begun, bound, forget, gate, ns, radiate, station
from sle_cltu_material import settings as offered_as
from sle_material import Line, at, random_numbers

P = CltuProduction


@pytest.mark.parametrize("level", ["none", "bind", "all"])
@pytest.mark.parametrize("version", range(1, 6))
@pytest.mark.parametrize("size", [1, 1 << 16])
def test_session(level: str, version: int, size: int) -> None:
    line, instance = bound(level, version=version)
    line.size = size
    line.user.start(5, at(0.0))
    for number in range(3):
        line.run()
        assert line.user.transfer(A_CLTU + bytes([number]), at(0.0), latest=ns(60.0)) == 5 + number
    line.run()
    assert [one.octets[-1] for one in line.provider_events if isinstance(one, CltuAccepted)] == [0, 1, 2]
    for number in range(3):
        radiate(line, instance, 5 + number, number + 1.0, number + 1.5)
    line.user.stop(at(5.0))
    line.run().user.unbind(at(5.0))
    line.run()
    kinds = [type(one).__name__ for one in line.user_events if not isinstance(one, AsyncNotify)]
    assert kinds == ["Bound", "CltuStarted", *["CltuTaken"] * 3, *["CltuRadiated"] * 3, "Stopped", "Unbound"]
    radiated = [one for one in line.user_events if isinstance(one, CltuRadiated)]
    assert radiated == [CltuRadiated(5 + n, ns(n + 1.0), ns(n + 1.5)) for n in range(3)]
    assert sum(isinstance(one, AsyncNotify) and one.notice is CltuNotice.BUFFER_EMPTY for one in line.user_events) == 1
    assert (line.user.state, line.provider.state) == (UserState.OVER, ProviderState.OVER)


def test_expiry_reaches_the_user_by_itself() -> None:
    line, _ = begun()
    line.user.transfer(A_CLTU, at(0.0), latest=ns(30.0))
    line.user.transfer(A_CLTU, at(0.0))
    line.run().at(29.9)
    assert not any(isinstance(one, CltuExpired) for one in line.user_events)
    line.at(31.1)
    assert CltuExpired(0) in line.user_events
    line.user.transfer(A_CLTU, at(32.0))
    assert line.run().user_events[-1] == CltuRefused(2, TransferDiagnostic.UNABLE_TO_PROCESS, 2, 100_000)
    line.user.stop(at(32.0))
    assert line.run().user_events[-2:] == [Stopped(), CltuNotRadiated(1, "discarded after a failure before it")]
    line.user.start(2, at(33.0))
    line.run()
    assert isinstance(line.user_events[-1], CltuStarted)


def test_full_buffer_refuses_and_takes_again() -> None:
    line, instance = begun(buffer_octets=40)
    for _ in range(4):
        line.user.transfer(A_CLTU, at(0.0))
    line.run()
    assert [type(one) for one in line.user_events] == [CltuTaken, CltuTaken, CltuRefused, CltuRefused]
    assert [one.diagnostic for one in line.user_events[2:]] == [
        TransferDiagnostic.UNABLE_TO_STORE,
        TransferDiagnostic.OUT_OF_SEQUENCE,
    ]
    radiate(line, instance, 0, 1.0, 2.0)
    assert line.user.transfer(A_CLTU, at(2.0)) == 2
    assert line.run().user_events[-1] == CltuTaken(2, 4)


def test_user_that_reads_nothing_loses_no_notification() -> None:
    line, instance = begun()
    line.user.transfer(A_CLTU, at(0.0))
    line.run()
    line.stalled = True
    instance.radiation_started(0, ns(1.0), at(1.0))
    instance.radiated(0, ns(2.0), at(2.0))
    line.user.schedule_report(ReportRequest.IMMEDIATELY, at(2.0))
    line.run()
    line.stalled = False
    line.run()
    assert CltuRadiated(0, ns(1.0), ns(2.0)) in line.user_events
    line.provider.transmitted(at(3.0))
    line.run()
    assert any(isinstance(one, CltuStatusReport) for one in line.user_events)


def test_parameters_reach_the_user() -> None:
    line, _ = begun(first=77)
    line.user.get_parameter(ParameterName.EXPECTED_SLDU_ID, at(0.0))
    line.run()
    (read,) = [one for one in line.user_events if isinstance(one, ParameterRead)]
    assert (read.parameter.name, read.parameter.value) == (ParameterName.EXPECTED_SLDU_ID, 77)


def test_second_gate_waits_until_the_first_is_gone() -> None:
    line, _ = begun()
    second = Line(gate(), type(line.provider)(line.provider.directory, random_numbers()))  # type: ignore[arg-type]
    second.connect().user.bind(at(0.0))
    assert second.run().user_events == [BindRefused(BindDiagnostic.ALREADY_BOUND)]


@pytest.mark.parametrize("side", ["user", "provider"])
def test_abort_is_told_on_both_sides_with_what_is_not_known(side: str) -> None:
    line, instance = begun()
    line.user.transfer(A_CLTU, at(0.0))
    line.run()
    getattr(line, side).abort(PeerAbortDiagnostic.OPERATIONAL_REQUIREMENT, at(1.0))
    line.run()
    assert [type(one) for one in line.user_events] == [CltuTaken, Aborted, CltuUnknown]
    assert instance.bound is None and instance.next_cltu is None
    again, _ = begun(offered=line.provider.directory)
    assert again.octets_to_provider and instance.next_cltu is None  # nothing was sent again


# Whatever happens, what the user says is true.


@dataclass
class Station:
    """The perfect model: it radiates when it is told to, and knows what left the antenna, in part or whole."""

    whole: list[bytes] = field(default_factory=list)
    part: list[bytes] = field(default_factory=list)
    now: float = 0.0

    def begin(self, instance: Any) -> None:
        cltu = instance.next_cltu
        if cltu is None or instance.radiating is not None:
            return
        try:
            instance.radiation_started(cltu.cltu_id, ns(self.now), at(self.now))
        except UsageError:
            return
        self.part.append(cltu.octets)

    def end(self, instance: Any) -> None:
        if instance.radiating is not None:
            self.whole.append(instance.radiating.octets)
            instance.radiated(instance.radiating.cltu_id, ns(self.now), at(self.now))


STEPS = st.sampled_from(
    ["send", "send timed", "send silent", "begin", "end", "wait", "stall", "flow", "cut", "abort", "interrupt", "halt", "resume",
     "stop", "start", "report", "rebind"]
)  # fmt: skip


@given(
    st.lists(STEPS, max_size=40),
    st.sampled_from(NotificationMode),
    st.sampled_from(ProtocolAbortMode),
    st.sampled_from(["none", "all"]),
    st.integers(1, 50),
)
@settings(max_examples=200, deadline=None)
def test_what_the_user_says_is_true(
    steps: list[str], mode: NotificationMode, abort: ProtocolAbortMode, level: str, size: int
) -> None:
    offered = station()
    instance = offered.offer_cltu(offered_as(level, notification_mode=mode, protocol_abort_mode=abort, buffer_octets=200))
    line, _ = begun(level, offered=offered)
    line.size = size
    truth = Station()
    made: list[bytes] = []  # by serial number, the octets of every CLTU that was sent
    names: dict[tuple[int, int], bytes] = {}  # (association, identification of this START): octets
    said: list[tuple[Any, bytes]] = []
    era = 0

    def note() -> None:
        for event in line.user_events:
            cltu_id = getattr(event, "cltu_id", None)
            if cltu_id is not None:
                said.append((event, names[era, cltu_id]))
        forget(line)

    for step in steps:
        truth.now += 0.5
        user, now = line.user, at(truth.now)
        line.now = truth.now
        if step.startswith("send") and user.state is UserState.ACTIVE:
            octets = len(made).to_bytes(4) + A_CLTU
            timed = {"latest": ns(truth.now + 1.2)} if step == "send timed" else {}
            try:
                cltu_id = user.transfer(octets, now, is_told=step != "send silent", **timed)
            except UsageError:
                continue
            names[era, cltu_id] = octets
            made.append(octets)
        elif step == "begin":
            truth.begin(instance)
        elif step == "end":
            truth.end(instance)
        elif step == "wait":
            truth.now += 2.0
            line.at(truth.now)
            instance.on_timer(at(truth.now))
        elif step in ("stall", "flow"):
            line.stalled = step == "stall"
        elif step == "cut" and not user.is_over:
            user.on_eof(now)
            line.provider.on_eof(now)
        elif step == "abort" and not user.is_over:
            line.stalled = False
            line.provider.abort(PeerAbortDiagnostic.OTHER_REASON, now)
        elif step in ("interrupt", "halt", "resume"):
            status = {"interrupt": P.INTERRUPTED, "halt": P.HALTED, "resume": P.OPERATIONAL}[step]
            instance.production(status, now, UplinkStatus.NOMINAL)
        elif step == "stop" and user.state is UserState.ACTIVE and not user._out:
            user.stop(now)
        elif step == "start" and user.state is UserState.READY:
            user.start(len(made), now)
        elif step == "report" and user.state is UserState.ACTIVE:
            user.schedule_report(ReportRequest.IMMEDIATELY, now)
        elif step == "rebind" and user.is_over and instance.bound is None:
            note()
            era += 1
            line = Line(gate(level), type(line.provider)(offered, random_numbers_from(era)), now=truth.now, size=size)  # type: ignore[arg-type]
            line.connect().user.bind(now)
            line.run().user.start(len(made), now) if line.user.state is UserState.READY else None
        line.run()
        note()
    line.stalled = False
    line.run()
    note()
    line.user.on_eof(at(truth.now + 1.0))
    line.user_events += line.user.take_events()
    note()

    assert len(set(truth.whole)) == len(truth.whole) and len(set(truth.part)) == len(truth.part)  # never twice
    assert set(truth.part) <= set(made)
    ends: dict[bytes, list[Any]] = {}
    for event, octets in said:
        if isinstance(event, CltuRadiated):
            assert octets in truth.whole
        if isinstance(event, CltuNotRadiated | CltuExpired | CltuRefused):
            assert octets not in truth.part
        if isinstance(event, CltuInterrupted):
            assert octets in truth.part and octets not in truth.whole
        if not isinstance(event, CltuTaken) and type(event).__name__ != "CltuBegun":
            ends.setdefault(octets, []).append(event)
    assert dict.fromkeys(made, 1) == {octets: len(events) for octets, events in ends.items()}
    assert not any(isinstance(event, Unbound) for event, _ in said)


def random_numbers_from(era: int) -> Any:
    numbers = iter(range(1_000_000 * era + 5_000, 1_000_000 * (era + 1)))
    return numbers.__next__


def test_identifier_of_the_instance_is_of_the_forward_service() -> None:
    assert CLTU.rpartition(".")[2] == "cltu=cltu1"
