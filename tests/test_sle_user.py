"""The user: recorded providers, lying and confused ones, every PDU and request in every state, and its timers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from aelita.errors import DefinitionError, UsageError
from aelita.sle import (
    USER_TABLE,
    Aborted,
    AnnotatedFrame,
    AuthenticationLevel,
    Bind,
    BindAccepted,
    BindDiagnostic,
    BindRefused,
    BindReturn,
    Bound,
    Credentials,
    DeliveredQuality,
    Diagnostic,
    EndOfData,
    ExcessiveBacklog,
    FrameQuality,
    GetParameterDiagnostic,
    GetParameterReturn,
    Guard,
    Gvcid,
    HashAlgorithm,
    LockStatus,
    LossOfFrameSync,
    Parameter,
    ParameterName,
    ParameterRead,
    ParameterRefused,
    PeerAbort,
    PeerAbortDiagnostic,
    ProductionStatus,
    ProductionStatusChange,
    RafStatusReport,
    ReportRefused,
    ReportRequest,
    ReportScheduled,
    ScheduleDiagnostic,
    ScheduleStatusReportReturn,
    Security,
    ServiceType,
    StartDiagnostic,
    Started,
    StartRefused,
    StartReturn,
    Stop,
    Stopped,
    StopRefused,
    StopReturn,
    SyncNotification,
    TransferBuffer,
    Unbind,
    UnbindReason,
    UnbindReturn,
    Unbound,
    Urgent,
    User,
    UserSettings,
    UserState,
    decode,
    encode,
)
from aelita.sle.tml import Close, message
from aelita.sle.user import Ask
from shared import shared
from sle_material import (
    PREFIX,
    PROVIDER_PASSWORD,
    RAF,
    T0,
    USER_PASSWORD,
    at,
    provider_security,
    random_numbers,
    security,
)
from sle_vectors import peer_sessions

ACCEPTED = BindReturn("PROVIDER-1", BindAccepted(5))
FRAME = AnnotatedFrame(T0, b"DSS-25", -1, bytes(20), DeliveredQuality.GOOD)
BUFFER = TransferBuffer((FRAME, SyncNotification(EndOfData())))
REPORT = RafStatusReport(0, 0, *[LockStatus.UNKNOWN] * 4, ProductionStatus.RUNNING)


class Peer:
    """A provider without scruples: says what it is told, reads what comes."""

    def __init__(self, *, level: str = "none", version: int = 5) -> None:
        settings = UserSettings("USER-1", "PROVIDER-1", "PORT-1", RAF, version, security(level))
        self.user = User(settings, Guard(settings.security, "USER-1", "PROVIDER-1", random_numbers()))
        self.guard = Guard(provider_security(level), "PROVIDER-1", "USER-1", random_numbers())
        self.urgent: int | None = None
        self.user.connected(at(0.0))

    def say(self, *pdus: Any) -> list[Any]:
        """Say PDUs and return the events."""
        for pdu in pdus:
            self.user.feed(message(1, encode(pdu, ServiceType.RAF, 5)), at(1.0))
        return list(self.user.take_events())

    def signed(self, pdu: Any) -> Any:
        return replace(pdu, credentials=self.guard.make(at(1.0).tai_ns))

    def heard(self) -> list[Any]:
        heard = []
        for item in self.user.take_output():
            if isinstance(item, Urgent):
                self.urgent = item.octet
            elif isinstance(item, bytes) and item[0] == 1:
                heard.append(decode(item[8:], ServiceType.RAF, 5))
        return heard

    def reach(self, state: UserState) -> "Peer":
        """Lead the user to a state by the shortest way."""
        way: list[Any] = {
            UserState.UNBOUND: [],
            UserState.BINDING: ["bind"],
            UserState.READY: ["bind", ACCEPTED],
            UserState.STARTING: ["bind", ACCEPTED, "start"],
            UserState.ACTIVE: ["bind", ACCEPTED, "start", StartReturn(1)],
            UserState.STOPPING: ["bind", ACCEPTED, "start", StartReturn(1), "stop"],
            UserState.UNBINDING: ["bind", ACCEPTED, "unbind"],
            UserState.OVER: ["bind", ACCEPTED, "unbind", UnbindReturn()],
        }[state]
        for step in way:
            if step == "start":
                self.user.start(FrameQuality.ALL_FRAMES, at(1.0))
            elif isinstance(step, str):
                getattr(self.user, step)(at(1.0))
            else:
                self.say(self.signed(step) if self.guard.covers(step) else step)
        assert self.user.state is state
        return self


def test_session_from_bind_to_unbind() -> None:
    peer = Peer()
    peer.user.bind(at(0.0))
    assert peer.heard() == [Bind("USER-1", "PORT-1", ServiceType.RAF, 5, RAF)]
    assert peer.say(ACCEPTED) == [Bound("PROVIDER-1", RAF, 5)]
    peer.user.start(FrameQuality.GOOD_FRAMES_ONLY, at(1.0), T0, T0 + 5000)
    assert peer.say(StartReturn(1, StartDiagnostic.UNABLE_TO_COMPLY)) == [StartRefused(StartDiagnostic.UNABLE_TO_COMPLY)]
    peer.user.start(FrameQuality.ALL_FRAMES, at(1.0), T0 - 1, T0 + 5001)
    assert peer.say(StartReturn(2), BUFFER) == [Started(FrameQuality.ALL_FRAMES, T0, T0 + 5000), FRAME, EndOfData()]
    assert peer.user.schedule_report(ReportRequest.PERIODICALLY, at(1.0), 30) == 3
    assert peer.say(REPORT, ScheduleStatusReportReturn(3)) == [REPORT, ReportScheduled(3)]
    assert peer.user.schedule_report(ReportRequest.IMMEDIATELY, at(1.0)) == 4
    refused = ScheduleStatusReportReturn(4, ScheduleDiagnostic.OTHER_REASON)
    assert peer.say(refused) == [ReportRefused(4, ScheduleDiagnostic.OTHER_REASON)]
    first, second = (peer.user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0)) for _ in range(2))
    size = Parameter(ParameterName.BUFFER_SIZE, 8)
    assert peer.say(GetParameterReturn(second, size)) == [ParameterRead(second, size)]
    unknown = GetParameterDiagnostic.UNKNOWN_PARAMETER
    assert peer.say(GetParameterReturn(first, unknown)) == [ParameterRefused(first, unknown)]
    peer.user.stop(at(1.0))
    other = Diagnostic.OTHER_REASON
    assert peer.say(StopReturn(7, other)) == [StopRefused(other)]
    peer.heard()
    peer.user.stop(at(1.0))
    assert peer.heard() == [Stop(8)]
    assert peer.say(BUFFER, StopReturn(8)) == [FRAME, EndOfData(), Stopped()]
    peer.user.unbind(at(1.0), UnbindReason.END)
    assert peer.heard() == [Unbind(UnbindReason.END)]
    assert peer.say(UnbindReturn()) == [Unbound(UnbindReason.END)]
    assert peer.user.take_output() == [Close()]
    assert peer.user.next_deadline() is None


def test_refused_bind_ends_the_connection() -> None:
    peer = Peer(level="all").reach(UserState.BINDING)
    refused = BindReturn("PROVIDER-1", BindDiagnostic.NO_SUCH_SERVICE_INSTANCE)
    assert peer.say(refused) == [BindRefused(BindDiagnostic.NO_SUCH_SERVICE_INSTANCE)]
    assert peer.user.take_output()[-1] == Close()


@pytest.mark.parametrize("responder", ["PROVIDER-2", "PROVIDER", "PROVIDER-11"])
def test_other_responder_is_not_believed(responder: str) -> None:
    peer = Peer().reach(UserState.BINDING)
    peer.say(BindReturn(responder, BindAccepted(5)))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.UNEXPECTED_RESPONDER_ID


def test_other_version_is_not_accepted() -> None:
    peer = Peer().reach(UserState.BINDING)
    peer.say(BindReturn("PROVIDER-1", BindAccepted(3)))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.OTHER_REASON


@pytest.mark.parametrize(
    "pdu",
    [
        StartReturn(9),
        ScheduleStatusReportReturn(9),
        GetParameterReturn(9, GetParameterDiagnostic.OTHER_REASON),
        GetParameterReturn(1, GetParameterDiagnostic.OTHER_REASON),
    ],
)
def test_return_without_invocation_aborts(pdu: Any) -> None:
    peer = Peer().reach(UserState.STARTING)
    peer.say(pdu)
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.UNSOLICITED_INVOKE_ID


@pytest.mark.parametrize("state", [UserState.BINDING, UserState.STARTING, UserState.STOPPING, UserState.UNBINDING])
def test_return_that_does_not_come_aborts(state: UserState) -> None:
    peer = Peer().reach(state)
    assert peer.user.next_deadline() == 26.0  # the heartbeat
    peer.user.on_timer(at(60.9))
    assert not peer.user.is_over
    peer.user.on_timer(at(61.0))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.RETURN_TIMEOUT


PDUS = [
    ACCEPTED,
    UnbindReturn(),
    StartReturn(1),
    StopReturn(2),
    ScheduleStatusReportReturn(1),
    GetParameterReturn(1, Parameter(ParameterName.BUFFER_SIZE, 8)),
    BUFFER,
    REPORT,
    Stop(1),
    Unbind(UnbindReason.END),
]


@pytest.mark.parametrize("state", [state for state in UserState if state is not UserState.OVER])
@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: type(pdu).__name__)
def test_every_pdu_in_every_state(state: UserState, pdu: Any) -> None:
    peer = Peer().reach(state)
    peer.say(pdu)
    peer.heard()
    if (state, type(pdu)) in USER_TABLE:
        assert peer.urgent in (None, PeerAbortDiagnostic.UNSOLICITED_INVOKE_ID)
    else:
        assert peer.urgent == PeerAbortDiagnostic.PROTOCOL_ERROR
        assert peer.user.state is UserState.OVER


@pytest.mark.parametrize("state", UserState)
def test_every_request_in_every_state(state: UserState) -> None:
    requests = {
        Ask.BIND: lambda user: user.bind(at(1.0)),
        Ask.START: lambda user: user.start(FrameQuality.ALL_FRAMES, at(1.0)),
        Ask.STOP: lambda user: user.stop(at(1.0)),
        Ask.SCHEDULE: lambda user: user.schedule_report(ReportRequest.STOP, at(1.0)),
        Ask.GET: lambda user: user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0)),
        Ask.UNBIND: lambda user: user.unbind(at(1.0)),
    }
    for ask, request in requests.items():
        peer = Peer().reach(state)
        peer.heard()
        if (state, ask) in USER_TABLE:
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
    assert peer.say(PeerAbort(PeerAbortDiagnostic.OTHER_REASON), BUFFER) == [
        Aborted(PeerAbortDiagnostic.OTHER_REASON, by_peer=True)
    ]
    peer = Peer().reach(state)
    peer.user.feed(message(1, b"\xa8\x05garbage"), at(1.0))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.ENCODING_ERROR


LIES = [None, Credentials(b"nothing of ISP1")]


def lie(number: int) -> Credentials | None:
    others = [
        Guard(Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, b"wrong", b"x"), "PROVIDER-1", "USER-1", lambda: 7),
        Guard(Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, USER_PASSWORD, b"x"), "PROVIDER-1", "USER-1", lambda: 7),
        Guard(Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_1, PROVIDER_PASSWORD, b"x"), "PROVIDER-1", "USER-1", lambda: 7),
        Guard(provider_security("all"), "PROVIDER-2", "USER-1", lambda: 7),
    ]
    if number < 2:
        return LIES[number]
    if number < 6:
        return others[number - 2].make(at(1.0).tai_ns)
    return Guard(provider_security("all"), "PROVIDER-1", "USER-1", lambda: 7).make(at(-200.0 if number == 6 else 400.0).tai_ns)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize(
    ("state", "pdu"),
    [
        (UserState.BINDING, ACCEPTED),
        (UserState.STARTING, StartReturn(1)),
        (UserState.STOPPING, StopReturn(2)),
        (UserState.ACTIVE, BUFFER),
        (UserState.READY, REPORT),
        (UserState.UNBINDING, UnbindReturn()),
    ],
)
def test_lies_about_credentials_abort(state: UserState, pdu: Any, number: int) -> None:
    peer = Peer(level="all").reach(state)
    list(peer.user.take_events())
    if isinstance(pdu, TransferBuffer):
        elements = (peer.signed(pdu.elements[0]), replace(pdu.elements[1], credentials=lie(number)))
        events = peer.say(TransferBuffer(elements))
    else:
        events = peer.say(replace(pdu, credentials=lie(number)))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.ACCESS_DENIED
    assert [type(event) for event in events] == [Aborted]


def test_repeated_credentials_abort() -> None:
    peer = Peer(level="all").reach(UserState.READY)
    report = peer.signed(REPORT)
    peer.say(report, report)
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.ACCESS_DENIED


def test_invoke_ids_wrap_and_leave_out_what_waits() -> None:
    peer = Peer().reach(UserState.READY)
    peer.user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0))
    peer.user._next_id = 65535
    assert peer.user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0)) == 0
    assert peer.user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0)) == 2


def test_settings_are_checked() -> None:
    with pytest.raises(DefinitionError, match="no return service"):
        UserSettings("USER-1", "PROVIDER-1", "PORT-1", f"{PREFIX}.cltu=cltu1")
    right = UserSettings("USER-1", "PROVIDER-1", "PORT-1", RAF)
    for wrong in (
        {"initiator": "AB"}, {"initiator": "A USER"}, {"initiator": "X" * 17}, {"responder_port": ""},
        {"responder_port": "P" * 129}, {"version": 0}, {"version": 6}, {"return_timeout_s": 0.5}, {"return_timeout_s": 601.0},
        {"service_instance": f"nothing.{RAF}"}, {"responder": "NO"}, {"responder": "A PROVIDER"},
    ):  # fmt: skip
        with pytest.raises(DefinitionError):
            replace(right, **wrong)


def test_return_of_another_parameter_aborts() -> None:
    peer = Peer().reach(UserState.READY)
    asked = peer.user.get_parameter(ParameterName.BUFFER_SIZE, at(1.0))
    peer.heard()
    peer.say(GetParameterReturn(asked, Parameter(ParameterName.RETURN_TIMEOUT_PERIOD, 60)))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.PROTOCOL_ERROR
    assert not any(isinstance(event, ParameterRead) for event in peer.user.take_events())


def lied(pdu: Any) -> Any:
    return replace(pdu, credentials=lie(2))


READY, STARTING, ACTIVE = UserState.READY, UserState.STARTING, UserState.ACTIVE
P = PeerAbortDiagnostic
# How a provider misbehaved towards an independent client in the shared runs: level, state of ours, what is said, and how it ends.
MISBEHAVIOUR: dict[str, tuple[str, UserState, list[Any], PeerAbortDiagnostic | None]] = {
    "version": ("none", UserState.BINDING, [BindReturn("PROVIDER-1", BindAccepted(3))], P.OTHER_REASON),
    "resp_substring": ("none", UserState.BINDING, [BindReturn("PROVIDER-1-X", BindAccepted(5))], P.UNEXPECTED_RESPONDER_ID),
    "resp_wrong": ("none", UserState.BINDING, [BindReturn("OTHER", BindAccepted(5))], P.UNEXPECTED_RESPONDER_ID),
    "bind_negative": ("none", UserState.BINDING, [BindReturn("PROVIDER-1", BindDiagnostic.NO_SUCH_SERVICE_INSTANCE)], None),
    "invokeid": ("none", STARTING, [StartReturn(77)], P.UNSOLICITED_INVOKE_ID),
    "bind_badcred": ("bind", UserState.BINDING, [lied(ACCEPTED)], P.ACCESS_DENIED),
    "bind_unused": ("bind", UserState.BINDING, [ACCEPTED], P.ACCESS_DENIED),
    "old": ("bind", UserState.BINDING, [replace(ACCEPTED, credentials=lie(6))], P.ACCESS_DENIED),
    "start_badcred": ("all", STARTING, [lied(StartReturn(1))], P.ACCESS_DENIED),
    "tb_badcred": ("all", ACTIVE, [TransferBuffer((lied(FRAME),))], P.ACCESS_DENIED),
    "stop_badcred": ("all", UserState.STOPPING, [lied(StopReturn(2))], P.ACCESS_DENIED),
    "unbind_badcred": ("all", UserState.UNBINDING, [lied(UnbindReturn())], P.ACCESS_DENIED),
    "continuity": ("none", ACTIVE, [TransferBuffer((replace(FRAME, continuity=5),))], None),
    "peer_abort": ("none", ACTIVE, [PeerAbort(P.OTHER_REASON)], None),
    "coalesced": ("none", ACTIVE, [BUFFER, BUFFER, BUFFER], None),
    "split": ("none", ACTIVE, [BUFFER], None),
    "start_negative": ("none", STARTING, [StartReturn(1, StartDiagnostic.UNABLE_TO_COMPLY)], None),
    "bind_garbage": ("none", UserState.BINDING, [b"\x7f\x1e\x45"], P.ENCODING_ERROR),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_what_an_independent_client_lets_pass(case: str) -> None:
    level, state, said, diagnostic = MISBEHAVIOUR[case]
    assert set(MISBEHAVIOUR) == {run["case"] for run in json.loads(shared("data/vectors/sle_client_leniency.json").read_text())}
    peer = Peer(level=level).reach(state)
    octets = b"".join(message(1, pdu if isinstance(pdu, bytes) else encode(pdu, ServiceType.RAF, 5)) for pdu in said)
    pieces = [octets[:9], octets[9:]] if case == "split" else [octets]
    for piece in pieces:
        peer.user.feed(piece, at(1.0))
    peer.heard()
    assert peer.urgent == diagnostic
    if case in ("coalesced", "split"):
        assert sum(event == FRAME for event in peer.user.take_events()) == len(said)


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("size", [1, 11, 4096])
def test_recorded_provider_is_understood(number: int, size: int) -> None:
    session = peer_sessions()[number]
    own, peers = bytes.fromhex(session["user_password_hex"]), bytes.fromhex(session["provider_password_hex"])
    secrets = Security(AuthenticationLevel(session["auth"]), HashAlgorithm(session["hash"] or "SHA-256"), own, peers)
    identifier = f"{PREFIX}.{session['service']}=onlt1"
    settings = UserSettings("USER-1", "PROVIDER-1", "PORT-1", identifier, session["version"], secrets)
    user = User(settings, Guard(secrets, "USER-1", "PROVIDER-1", random_numbers()))
    now = recorded_now()
    user.connected(now)
    service = settings.service
    for entry in session["exchange"]:
        octets = bytes.fromhex(entry.get("tml_hex", ""))
        if entry["dir"] == "provider->user":
            for start in range(0, len(octets), size):
                user.feed(octets[start : start + size], now)
        elif entry.get("kind") == "pdu":
            repeat(user, decode(octets[8:], service, session["version"]), now)
    events = list(user.take_events())
    assert not any(isinstance(event, Aborted) for event in events)
    assert (user.state, type(events[0]), type(events[-1])) == (UserState.OVER, Bound, Unbound)
    kinds = {type(event) for event in events}
    assert kinds >= {AnnotatedFrame, LossOfFrameSync, ProductionStatusChange, ExcessiveBacklog, EndOfData, ParameterRead}
    frames = [event for event in events if isinstance(event, AnnotatedFrame)]
    assert [frame.continuity for frame in frames] == [-1, 0, 3, 8]


def recorded_now() -> Any:
    from aelita.sle.times import decode_time

    tai_ns = decode_time(bytes.fromhex("6246029331e90007"))[0]
    return at(0.0)._replace(tai_ns=tai_ns)


def repeat(user: User, pdu: Any, now: Any) -> None:
    """Ask what the recorded user asked."""
    kind = type(pdu).__name__
    if kind == "Bind":
        user.bind(now)
    elif kind == "Start":
        assert isinstance(pdu.request, FrameQuality | Gvcid)
        user.start(pdu.request, now, pdu.start, pdu.stop)
    elif kind == "Stop":
        user.stop(now)
    elif kind == "ScheduleStatusReport":
        user.schedule_report(pdu.request, now, pdu.cycle_s)
    elif kind == "GetParameter":
        user.get_parameter(pdu.parameter, now)
    else:
        user.unbind(now, pdu.reason)
