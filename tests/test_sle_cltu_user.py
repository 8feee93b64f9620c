"""The user of forward CLTU: what it says of every CLTU, lying and confused providers, every PDU and request in every state."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import DefinitionError, UsageError
from aelita.sle import (
    Aborted,
    AsyncNotify,
    AuthenticationLevel,
    BindAccepted,
    BindDiagnostic,
    BindRefused,
    BindReturn,
    Bound,
    CltuBegun,
    CltuExpired,
    CltuInterrupted,
    CltuNotice,
    CltuNotRadiated,
    CltuProduction,
    CltuRadiated,
    CltuRefused,
    CltuStarted,
    CltuStartRefused,
    CltuStatusReport,
    CltuTaken,
    CltuUnknown,
    CltuUser,
    CltuUserSettings,
    GetParameterDiagnostic,
    GetParameterReturn,
    Guard,
    HashAlgorithm,
    Parameter,
    ParameterName,
    PeerAbort,
    PeerAbortDiagnostic,
    ReportRequest,
    ReportScheduled,
    ScheduleStatusReportReturn,
    Security,
    ServiceType,
    Stop,
    Stopped,
    StopReturn,
    TransferDiagnostic,
    Unbind,
    UnbindReason,
    UnbindReturn,
    Unbound,
    UplinkStatus,
    Urgent,
    UserState,
    decode,
    encode,
)
from aelita.sle.cltu_events import ThrowAccepted, ThrowRefused
from aelita.sle.cltu_pdus import (
    CltuStart,
    CltuStartReturn,
    CltuTransferData,
    CltuTransferDataReturn,
    LastOk,
    LastProcessed,
    RadiationTimes,
    ThrowEvent,
    ThrowEventReturn,
)
from aelita.sle.cltu_terms import CltuStartDiagnostic, CltuStatus, RadiationNotification, ThrowEventDiagnostic
from aelita.sle.cltu_user import CLTU_USER_TABLE
from aelita.sle.times import decode_time
from aelita.sle.tml import Close, message
from aelita.sle.user_association import Ask
from shared import shared
from sle_cltu_material import A_CLTU, CLTU, gate, ns
from sle_cltu_vectors import cltu_sessions
from sle_material import PROVIDER_PASSWORD, RAF, T0, USER_PASSWORD, at, provider_security, random_numbers

FCLTU = ServiceType.FCLTU
ACCEPTED = BindReturn("PROVIDER-1", BindAccepted(5))
TIMES = RadiationTimes(T0, None)
STARTED = CltuStartReturn(1, TIMES)
P, N, S = CltuProduction, CltuNotice, CltuStatus
GOOD = (P.OPERATIONAL, UplinkStatus.NOMINAL)
RADIATED = AsyncNotify(N.RADIATED, LastProcessed(0, ns(1.0), S.RADIATED), LastOk(0, ns(2.0)), *GOOD)
REPORT = CltuStatusReport(None, None, *GOOD, 0, 0, 0, 4096)
START_TRANSFER: list[Any] = ["bind", ACCEPTED, "start", STARTED]


class Peer:
    """A provider without scruples: says what it is told, reads what comes."""

    def __init__(self, *, level: str = "none") -> None:
        self.user = gate(level)
        self.guard = Guard(provider_security(level), "PROVIDER-1", "GATE-1", random_numbers())
        self.urgent: int | None = None
        self.user.connected(at(0.0))

    def say(self, *pdus: Any) -> list[Any]:
        """Say PDUs and return the events."""
        for pdu in pdus:
            self.user.feed(message(1, encode(pdu, FCLTU, 5)), at(1.0))
        return list(self.user.take_events())

    def signed(self, pdu: Any) -> Any:
        return replace(pdu, credentials=self.guard.make(at(1.0).tai_ns))

    def heard(self) -> list[Any]:
        heard = []
        for item in self.user.take_output():
            if isinstance(item, Urgent):
                self.urgent = item.octet
            elif isinstance(item, bytes) and item[0] == 1:
                heard.append(decode(item[8:], FCLTU, 5))
        return heard

    def reach(self, state: UserState) -> "Peer":
        """Lead the user to a state by the shortest way."""
        way = {
            UserState.UNBOUND: [],
            UserState.BINDING: ["bind"],
            UserState.READY: ["bind", ACCEPTED],
            UserState.STARTING: ["bind", ACCEPTED, "start"],
            UserState.ACTIVE: START_TRANSFER,
            UserState.STOPPING: [*START_TRANSFER, "stop"],
            UserState.UNBINDING: ["bind", ACCEPTED, "unbind"],
            UserState.OVER: ["bind", ACCEPTED, "unbind", UnbindReturn()],
        }[state]
        for step in way:
            if step == "start":
                self.user.start(0, at(1.0))
            elif isinstance(step, str):
                getattr(self.user, step)(at(1.0))
            else:
                self.say(self.signed(step) if self.guard.covers(step) else step)
        assert self.user.state is state
        return self

    def sent(self, count: int, *, taken: bool = True) -> "Peer":
        """Let the user send CLTUs, and the provider take them."""
        for _ in range(count):
            self.user.transfer(A_CLTU, at(1.0))
        for pdu in self.heard():
            if taken and isinstance(pdu, CltuTransferData):
                self.say(CltuTransferDataReturn(pdu.invoke_id, pdu.cltu_id + 1, 1000))
        return self


def active() -> Peer:
    return Peer().reach(UserState.ACTIVE)


def fates(events: list[Any]) -> list[Any]:
    return [one for one in events if type(one).__name__.startswith("Cltu") and not isinstance(one, CltuStatusReport)]


def told(notice: N, last: LastProcessed | None, ok: LastOk | None = None, production: P = P.OPERATIONAL) -> AsyncNotify:
    return AsyncNotify(notice, last, ok, production, UplinkStatus.NOMINAL)


def test_session_from_bind_to_unbind() -> None:
    peer = Peer().reach(UserState.BINDING)
    assert peer.say(ACCEPTED) == [Bound("PROVIDER-1", CLTU, 5)]
    peer.user.start(7, at(1.0))
    assert peer.say(CltuStartReturn(1, CltuStartDiagnostic.OUT_OF_SERVICE)) == [
        CltuStartRefused(CltuStartDiagnostic.OUT_OF_SERVICE)
    ]
    peer.user.start(7, at(1.0))
    assert peer.say(CltuStartReturn(2, TIMES)) == [CltuStarted(7, TIMES)]
    peer.heard()
    assert peer.user.transfer(A_CLTU, at(1.0), earliest=ns(5.0) + 1, latest=ns(9.0) + 999, delay_us=5) == 7
    assert peer.user.transfer(A_CLTU, at(1.0), is_told=False) == 8
    first = CltuTransferData(3, 7, ns(5.0) + 1000, ns(9.0), 5, RadiationNotification.PRODUCE, A_CLTU)
    second = CltuTransferData(4, 8, None, None, 0, RadiationNotification.DO_NOT_PRODUCE, A_CLTU)
    assert peer.heard() == [first, second]
    assert peer.say(CltuTransferDataReturn(3, 8, 82), CltuTransferDataReturn(4, 9, 64)) == [CltuTaken(7, 82), CltuTaken(8, 64)]
    assert peer.user.buffer_available == 64
    radiated = told(N.RADIATED, LastProcessed(7, ns(6.0), S.RADIATED), LastOk(7, ns(7.0)))
    assert peer.say(radiated) == [radiated, CltuRadiated(7, ns(6.0), ns(7.0))]
    empty = told(N.BUFFER_EMPTY, LastProcessed(8, ns(8.0), S.RADIATED), LastOk(8, ns(8.5)))
    assert peer.say(empty) == [empty, CltuRadiated(8, ns(8.0), ns(8.5))]
    assert peer.user.throw_event(10, b"x", at(1.0)) == 0
    assert peer.heard() == [ThrowEvent(5, 0, 10, b"x")]
    assert peer.say(ThrowEventReturn(5, 1)) == [ThrowAccepted(5, 0)]
    peer.user.throw_event(11, b"x", at(1.0))
    refused = ThrowEventDiagnostic.NO_SUCH_EVENT
    assert peer.say(ThrowEventReturn(6, 1, refused)) == [ThrowRefused(6, 1, refused, 1)]
    assert peer.user.throw_event(12, b"x", at(1.0)) == 1
    assert peer.user.schedule_report(ReportRequest.IMMEDIATELY, at(1.0)) == 8
    assert peer.say(ScheduleStatusReportReturn(8), REPORT) == [ReportScheduled(8), REPORT]
    peer.user.stop(at(1.0))
    assert peer.say(StopReturn(9)) == [Stopped()]
    peer.user.unbind(at(1.0), UnbindReason.END)
    assert peer.say(UnbindReturn()) == [Unbound(UnbindReason.END)]
    assert peer.user.take_output()[-1] == Close()


# What is known of a CLTU.


def test_refused_cltu_keeps_its_number_for_the_next() -> None:
    peer = active().sent(3, taken=False)
    refused = CltuTransferDataReturn(2, 0, 10, TransferDiagnostic.UNABLE_TO_STORE)
    assert peer.say(refused) == [CltuRefused(0, TransferDiagnostic.UNABLE_TO_STORE, 0, 10)]
    with pytest.raises(UsageError, match="no return yet"):
        peer.user.transfer(A_CLTU, at(1.0))
    behind = [CltuTransferDataReturn(3 + n, 0, 10, TransferDiagnostic.OUT_OF_SEQUENCE) for n in range(2)]
    assert [event.cltu_id for event in peer.say(*behind)] == [1, 2]
    assert peer.user.transfer(A_CLTU, at(1.0)) == 0
    assert len(peer.heard()) == 1


def test_cltu_that_cannot_be_encoded_is_not_sent_nor_counted() -> None:
    peer = active()
    peer.heard()
    for wrong in ({"data": b""}, {"data": bytes(65537)}, {"data": A_CLTU, "delay_us": -1}):
        with pytest.raises(UsageError):
            peer.user.transfer(now=at(1.0), **wrong)  # type: ignore[arg-type]
    assert peer.heard() == [] and peer.user.next_cltu == 0
    peer.user.on_timer(at(20.0))
    assert not peer.user.is_over
    peer.user.abort(2, at(20.0))
    assert [type(event) for event in peer.user.take_events()][1:] == []


def test_what_was_not_told_is_unknown_and_not_sent_again() -> None:
    peer = active().sent(2)
    peer.user.transfer(A_CLTU, at(1.0))
    peer.say(RADIATED)
    peer.heard()
    peer.user.on_eof(at(1.0))
    events = list(peer.user.take_events())
    assert events[0] == Aborted(PeerAbortDiagnostic.UNEXPECTED_DISCONNECT, by_peer=False)
    assert [(one.cltu_id, one.is_taken) for one in events[1:]] == [(1, True), (2, False)]
    assert all(isinstance(one, CltuUnknown) for one in events[1:])
    assert peer.heard() == []


def test_return_that_does_not_come_aborts_and_leaves_the_cltu_unknown() -> None:
    peer = active().sent(1, taken=False)
    peer.user.on_timer(at(61.0))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.RETURN_TIMEOUT
    assert fates(list(peer.user.take_events())) == [CltuUnknown(0, False, "the association ended before its fate was told")]


def test_cltus_before_the_last_processed_were_radiated_too() -> None:
    peer = active().sent(4)
    last = LastProcessed(2, ns(3.0), S.RADIATION_STARTED)
    report = replace(REPORT, last_processed=last, last_ok=LastOk(1, ns(2.9)))
    assert fates(peer.say(report)) == [CltuRadiated(0, None, None), CltuRadiated(1, None, None), CltuBegun(2, ns(3.0))]
    assert fates(peer.say(report)) == []
    assert fates(peer.say(told(N.RADIATED, replace(last, status=S.RADIATED), LastOk(2, ns(4.0))))) == [
        CltuRadiated(2, ns(3.0), ns(4.0))
    ]


@pytest.mark.parametrize(
    ("notify", "wanted"),
    [
        (told(N.EXPIRED, LastProcessed(1, None, S.EXPIRED)), [CltuRadiated(0, None, None), CltuExpired(1)]),
        (
            told(N.PRODUCTION_INTERRUPTED, LastProcessed(1, ns(2.0), S.INTERRUPTED), None, P.INTERRUPTED),
            [CltuRadiated(0, None, None), CltuInterrupted(1, ns(2.0))],
        ),
        (
            told(N.PRODUCTION_HALTED, LastProcessed(1, ns(2.0), S.INTERRUPTED), None, P.HALTED),
            [CltuRadiated(0, None, None), CltuInterrupted(1, ns(2.0))],
        ),
        (
            told(N.PRODUCTION_INTERRUPTED, LastProcessed(1, None, S.RADIATION_NOT_STARTED), None, P.INTERRUPTED),
            [CltuNotRadiated(1, "its radiation could not begin")],
        ),
        (told(N.PRODUCTION_INTERRUPTED, None, None, P.INTERRUPTED), []),
        (told(N.PRODUCTION_OPERATIONAL, None), []),
    ],
)
def test_failure_is_told_of_the_cltu_and_the_rest_after_stop(notify: AsyncNotify, wanted: list[Any]) -> None:
    peer = active().sent(4)
    assert fates(peer.say(notify)) == wanted
    settled = {one.cltu_id for one in wanted}
    peer.user.stop(at(1.0))
    given_up = [] if notify.notice is N.PRODUCTION_OPERATIONAL else [n for n in range(4) if n not in settled]
    after = fates(peer.say(StopReturn(6)))
    assert [one.cltu_id for one in after] == given_up and all(isinstance(one, CltuNotRadiated) for one in after)


def test_old_news_say_nothing_of_the_cltus_of_this_start() -> None:
    peer = active().sent(3)
    stale = LastProcessed(1, ns(-5.0), S.RADIATED)
    for pdu in (replace(REPORT, last_processed=stale), told(N.BUFFER_EMPTY, stale), told(N.PRODUCTION_OPERATIONAL, stale)):
        assert fates(peer.say(pdu)) == []
    expired = LastProcessed(1, None, S.EXPIRED)
    assert fates(peer.say(replace(REPORT, last_processed=expired))) == []
    assert fates(peer.say(told(N.BUFFER_EMPTY, expired))) == []
    assert fates(peer.say(told(N.RADIATED, LastProcessed(9, ns(2.0), S.RADIATED), LastOk(9, ns(3.0))))) == []


def test_second_start_leaves_what_was_open_unknown() -> None:
    peer = active().sent(2)
    peer.user.stop(at(1.0))
    assert fates(peer.say(StopReturn(4))) == []  # one may be under way
    peer.user.start(0, at(1.0))
    why = "the service was started again before its fate was told"
    assert fates(peer.say(CltuStartReturn(5, TIMES))) == [
        CltuUnknown(0, True, why), CltuUnknown(1, True, why), CltuStarted(0, TIMES)
    ]  # fmt: skip


def test_unbind_leaves_what_was_open_unknown_and_hears_what_crosses() -> None:
    peer = active().sent(2)
    peer.user.stop(at(1.0))
    peer.say(StopReturn(4))
    peer.user.unbind(at(1.0))
    assert fates(peer.say(RADIATED)) == [CltuRadiated(0, ns(1.0), ns(2.0))]
    assert peer.say(UnbindReturn()) == [
        Unbound(UnbindReason.SUSPEND),
        CltuUnknown(1, True, "the association ended before its fate was told"),
    ]


@given(st.lists(st.sampled_from(["send", "take", "refuse", "radiate", "lose", "stop", "report"]), max_size=30))
@settings(max_examples=150, deadline=None)
def test_every_cltu_has_one_fate(steps: list[str]) -> None:
    """Whatever happens, a CLTU is told refused, radiated, failed or unknown exactly once."""
    peer = active()
    out: list[CltuTransferData] = []
    waiting: list[int] = []
    sent = s = 0
    events: list[Any] = []
    for step in steps:
        if step == "send" and peer.user.state is UserState.ACTIVE:
            try:
                peer.user.transfer(A_CLTU, at(1.0))
            except UsageError:
                assert peer.user._is_out_of_step
                continue
            sent += 1
            out += [pdu for pdu in peer.heard() if isinstance(pdu, CltuTransferData)]
        elif step == "take" and out and peer.user.state is UserState.ACTIVE:
            pdu = out.pop(0)
            events += peer.say(CltuTransferDataReturn(pdu.invoke_id, pdu.cltu_id + 1, 9))
            waiting.append(pdu.cltu_id)
        elif step == "refuse" and out and peer.user.state is UserState.ACTIVE:
            expected = out[0].cltu_id
            for pdu in out:
                events += peer.say(CltuTransferDataReturn(pdu.invoke_id, expected, 9, TransferDiagnostic.OTHER_REASON))
            out.clear()
        elif step in ("radiate", "report") and waiting and not peer.user.is_over:
            s += 1
            last, ok = LastProcessed(waiting.pop(0), ns(s), S.RADIATED), LastOk(0, ns(s))
            pdu_ = told(N.RADIATED, last, ok) if step == "radiate" else replace(REPORT, last_processed=last, last_ok=ok)
            events += peer.say(pdu_)
        elif step == "stop" and not out and peer.user.state is UserState.ACTIVE:
            peer.user.stop(at(1.0))
            (stop,) = [pdu for pdu in peer.heard() if isinstance(pdu, Stop)]
            events += peer.say(StopReturn(stop.invoke_id))
        elif step == "lose":
            peer.user.on_eof(at(1.0))
            events += list(peer.user.take_events())
            break
    peer.user.on_eof(at(1.0))
    events += list(peer.user.take_events())
    ends = [one.cltu_id for one in events if isinstance(one, CltuRefused | CltuRadiated | CltuUnknown | CltuNotRadiated)]
    assert len(ends) == sent


# Every PDU and request in every state.

PDUS = [
    ACCEPTED,
    UnbindReturn(),
    STARTED,
    CltuTransferDataReturn(1, 1, 1),
    ThrowEventReturn(1, 1),
    StopReturn(2),
    ScheduleStatusReportReturn(1),
    GetParameterReturn(1, Parameter(ParameterName.EXPECTED_SLDU_ID, 8)),
    RADIATED,
    REPORT,
    Stop(1),
    CltuStart(1, 0),
    CltuTransferData(1, 0, None, None, 0, RadiationNotification.PRODUCE, b"x"),
    ThrowEvent(1, 0, 1, b"x"),
    Unbind(UnbindReason.END),
]


@pytest.mark.parametrize("state", [state for state in UserState if state is not UserState.OVER])
@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_every_pdu_in_every_state(state: UserState, pdu: Any) -> None:
    peer = Peer().reach(state)
    peer.say(pdu)
    peer.heard()
    if (state, type(pdu)) in CLTU_USER_TABLE:
        assert peer.urgent in (None, PeerAbortDiagnostic.UNSOLICITED_INVOKE_ID)
    else:
        assert peer.urgent == PeerAbortDiagnostic.PROTOCOL_ERROR
        assert peer.user.state is UserState.OVER


@pytest.mark.parametrize("state", UserState)
def test_every_request_in_every_state(state: UserState) -> None:
    requests = {
        Ask.BIND: lambda user: user.bind(at(1.0)),
        Ask.START: lambda user: user.start(0, at(1.0)),
        Ask.TRANSFER: lambda user: user.transfer(A_CLTU, at(1.0)),
        Ask.THROW: lambda user: user.throw_event(1, b"x", at(1.0)),
        Ask.STOP: lambda user: user.stop(at(1.0)),
        Ask.SCHEDULE: lambda user: user.schedule_report(ReportRequest.STOP, at(1.0)),
        Ask.GET: lambda user: user.get_parameter(ParameterName.EXPECTED_SLDU_ID, at(1.0)),
        Ask.UNBIND: lambda user: user.unbind(at(1.0)),
    }
    for ask, request in requests.items():
        peer = Peer().reach(state)
        peer.heard()
        if (state, ask) in CLTU_USER_TABLE:
            request(peer.user)
            assert len(peer.heard()) == 1
        else:
            with pytest.raises(UsageError, match=state.value):
                request(peer.user)
            assert peer.heard() == []


@pytest.mark.parametrize("state", [state for state in UserState if state is not UserState.OVER])
def test_peer_abort_and_garbage_in_every_state(state: UserState) -> None:
    peer = Peer().reach(state)
    list(peer.user.take_events())
    assert peer.say(PeerAbort(PeerAbortDiagnostic.OTHER_REASON), RADIATED) == [
        Aborted(PeerAbortDiagnostic.OTHER_REASON, by_peer=True)
    ]
    peer = Peer().reach(state)
    peer.user.feed(message(1, b"\xac\x05garbage"), at(1.0))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.ENCODING_ERROR


def test_settings_are_checked() -> None:
    right = CltuUserSettings("GATE-1", "PROVIDER-1", "PORT-1", CLTU)
    assert right.service is FCLTU
    with pytest.raises(DefinitionError, match="no forward CLTU service"):
        replace(right, service_instance=RAF)
    for wrong in ({"initiator": "AB"}, {"version": 6}, {"return_timeout_s": 0.5}, {"responder": "NO"}):
        with pytest.raises(DefinitionError):
            replace(right, **wrong)  # type: ignore[arg-type]


# How a provider misbehaved towards an independent client in the shared runs, put into words of this service.

WRONG = Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, b"wrong", b"x")


def lied(pdu: Any, s: float = 1.0, secrets: Security = WRONG) -> Any:
    return replace(pdu, credentials=Guard(secrets, "PROVIDER-1", "GATE-1", lambda: 7).make(at(s).tai_ns))


A = PeerAbortDiagnostic
B, ST, AC = UserState.BINDING, UserState.STARTING, UserState.ACTIVE
MISBEHAVIOUR: dict[str, tuple[str, UserState, list[Any], PeerAbortDiagnostic | None]] = {
    "version": ("none", B, [BindReturn("PROVIDER-1", BindAccepted(3))], A.OTHER_REASON),
    "resp_substring": ("none", B, [BindReturn("PROVIDER-1-X", BindAccepted(5))], A.UNEXPECTED_RESPONDER_ID),
    "resp_wrong": ("none", B, [BindReturn("OTHER", BindAccepted(5))], A.UNEXPECTED_RESPONDER_ID),
    "bind_negative": ("none", B, [BindReturn("PROVIDER-1", BindDiagnostic.NO_SUCH_SERVICE_INSTANCE)], None),
    "invokeid": ("none", ST, [replace(STARTED, invoke_id=77)], A.UNSOLICITED_INVOKE_ID),
    "bind_badcred": ("bind", B, [lied(ACCEPTED)], A.ACCESS_DENIED),
    "bind_unused": ("bind", B, [ACCEPTED], A.ACCESS_DENIED),
    "old": ("bind", B, [lied(ACCEPTED, -200.0, provider_security("bind"))], A.ACCESS_DENIED),
    "start_badcred": ("all", ST, [lied(STARTED)], A.ACCESS_DENIED),
    "tb_badcred": ("all", AC, [lied(RADIATED)], A.ACCESS_DENIED),
    "stop_badcred": ("all", UserState.STOPPING, [lied(StopReturn(2))], A.ACCESS_DENIED),
    "unbind_badcred": ("all", UserState.UNBINDING, [lied(UnbindReturn())], A.ACCESS_DENIED),
    "continuity": ("none", AC, [told(N.RADIATED, LastProcessed(77, ns(1.0), S.RADIATED), LastOk(77, ns(2.0)))], None),
    "peer_abort": ("none", AC, [PeerAbort(A.OTHER_REASON)], None),
    "coalesced": ("none", AC, [RADIATED, RADIATED, RADIATED], None),
    "split": ("none", AC, [RADIATED], None),
    "start_negative": ("none", ST, [CltuStartReturn(1, CltuStartDiagnostic.UNABLE_TO_COMPLY)], None),
    "bind_garbage": ("none", B, [b"\x7f\x1e\x45"], A.ENCODING_ERROR),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_what_an_independent_client_lets_pass(case: str) -> None:
    level, state, said, diagnostic = MISBEHAVIOUR[case]
    assert set(MISBEHAVIOUR) == {run["case"] for run in json.loads(shared("data/vectors/sle_client_leniency.json").read_text())}
    peer = Peer(level=level).reach(state)
    octets = b"".join(message(1, pdu if isinstance(pdu, bytes) else encode(pdu, FCLTU, 5)) for pdu in said)
    for piece in [octets[:9], octets[9:]] if case == "split" else [octets]:
        peer.user.feed(piece, at(1.0))
    peer.heard()
    assert peer.urgent == diagnostic
    if case in ("coalesced", "split"):
        assert sum(event == RADIATED for event in peer.user.take_events()) == len(said)


def test_refused_bind_ends_the_connection() -> None:
    peer = Peer(level="all").reach(UserState.BINDING)
    refused = BindReturn("PROVIDER-1", BindDiagnostic.ACCESS_DENIED)
    assert peer.say(refused) == [BindRefused(BindDiagnostic.ACCESS_DENIED)]
    assert peer.user.take_output()[-1] == Close()


def test_replayed_notification_aborts() -> None:
    peer = Peer(level="all").reach(UserState.ACTIVE)
    signed = peer.signed(RADIATED)
    peer.say(signed, signed)
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.ACCESS_DENIED
    assert PROVIDER_PASSWORD != USER_PASSWORD


# The recorded sessions.


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("size", [1, 11, 4096])
def test_recorded_provider_is_understood(number: int, size: int) -> None:
    session = cltu_sessions()[number]
    own, peers = bytes.fromhex(session["user_password_hex"]), bytes.fromhex(session["provider_password_hex"])
    secrets = Security(AuthenticationLevel(session["auth"]), HashAlgorithm(session["hash"] or "SHA-256"), own, peers)
    made = CltuUserSettings("USER-1", "PROVIDER-1", "PORT-CLTU", CLTU, session["version"], secrets)
    user = CltuUser(made, Guard(secrets, "USER-1", "PROVIDER-1", random_numbers()))
    now = at(0.0)._replace(tai_ns=decode_time(bytes.fromhex("624602faf0810001"))[0])
    user.connected(now)
    events: list[Any] = []
    for entry in session["exchange"]:
        octets = bytes.fromhex(entry.get("tml_hex", ""))
        if entry["dir"] == "provider->user":
            for start in range(0, len(octets), size):
                user.feed(octets[start : start + size], now)
        elif entry.get("kind") == "pdu":
            repeat(user, decode(octets[8:], FCLTU, session["version"]), now)
            ours = user.take_output()[-1]
            assert session["auth"] == "all" or ours == octets
        events += list(user.take_events())
    assert not any(isinstance(event, Aborted) for event in events)
    assert (user.state, type(events[0]), type(events[-1])) == (UserState.OVER, Bound, Unbound)
    assert [event for event in events if isinstance(event, CltuTaken)] == [CltuTaken(0, 99_982), CltuTaken(1, 99_982)]
    assert [event for event in events if isinstance(event, CltuRefused)] == [
        CltuRefused(2, TransferDiagnostic.LATE_SLDU, 2, 100_000)
    ]
    radiated = [event for event in events if isinstance(event, CltuRadiated)]
    assert [one.cltu_id for one in radiated] == [0, 1]
    assert radiated[0].started is not None and radiated[0].stopped is not None
    assert {event.notice for event in events if isinstance(event, AsyncNotify)} == set(CltuNotice)
    assert sum(isinstance(event, ThrowAccepted) for event in events) == 3
    assert sum(isinstance(event, ThrowRefused) for event in events) == 1
    assert not any(isinstance(event, CltuUnknown) for event in events)


def repeat(user: CltuUser, pdu: Any, now: Any) -> None:
    """Ask what the recorded user asked."""
    kind = type(pdu).__name__
    if kind == "Bind":
        user.bind(now)
    elif kind == "CltuStart":
        user.start(pdu.first_cltu, now)
    elif kind == "CltuTransferData":
        told_ = pdu.notification is RadiationNotification.PRODUCE
        user.transfer(pdu.data, now, earliest=pdu.earliest, latest=pdu.latest, delay_us=pdu.delay_us, is_told=told_)
    elif kind == "ThrowEvent":
        user.throw_event(pdu.event, pdu.qualifier, now)
    elif kind == "Stop":
        user.stop(now)
    elif kind == "ScheduleStatusReport":
        user.schedule_report(pdu.request, now, pdu.cycle_s)
    elif kind == "GetParameter":
        user.get_parameter(pdu.parameter, now)
    else:
        user.unbind(now, pdu.reason)


def test_answer_to_another_parameter_aborts() -> None:
    peer = Peer().reach(UserState.READY)
    peer.user.get_parameter(ParameterName.EXPECTED_SLDU_ID, at(1.0))
    peer.say(GetParameterReturn(1, Parameter(ParameterName.MAXIMUM_SLDU_LENGTH, 60)))
    peer.heard()
    assert peer.urgent == A.PROTOCOL_ERROR
    assert GetParameterDiagnostic.UNKNOWN_PARAMETER == 0
