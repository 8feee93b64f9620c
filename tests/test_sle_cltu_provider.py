"""The provider of forward CLTU: who may bind, every PDU in every state, checks of CLTUs, production, and a recorded session."""

from dataclasses import replace
from typing import Any

import pytest

from aelita.errors import DefinitionError, UsageError
from aelita.sle import (
    Aborted,
    AsyncNotify,
    AuthenticationLevel,
    Bind,
    BindAccepted,
    BindDiagnostic,
    BindRefused,
    BindReturn,
    Bound,
    CltuAccepted,
    CltuNotice,
    CltuProduction,
    CltusDiscarded,
    CltuSettings,
    CltuStarted,
    CltuStatusReport,
    Credentials,
    DataWanted,
    EventThrown,
    GetParameter,
    GetParameterDiagnostic,
    GetParameterReturn,
    Guard,
    Gvcid,
    HashAlgorithm,
    InstanceSettings,
    NotificationMode,
    Parameter,
    ParameterName,
    PeerAbort,
    PeerAbortDiagnostic,
    ProtocolAbortMode,
    Provider,
    ProviderState,
    ReportRequest,
    ScheduleDiagnostic,
    ScheduleStatusReport,
    ScheduleStatusReportReturn,
    Security,
    ServiceType,
    Start,
    Stop,
    Stopped,
    StopReturn,
    TransferDiagnostic,
    Unbind,
    UnbindReason,
    UnbindReturn,
    UplinkStatus,
    Urgent,
    decode,
    encode,
)
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
from aelita.sle.cltu_terms import (
    CltuStartDiagnostic,
    CltuStatus,
    Plop,
    RadiationNotification,
    ThrowEventDiagnostic,
    YesNo,
)
from aelita.sle.provider import CLTU_PROVIDER_TABLE
from aelita.sle.terms import FrameQuality
from aelita.sle.times import decode_time
from aelita.sle.tml import message
from sle_cltu_material import A_CLTU, CLTU, LEVELS, ns, settings, station
from sle_cltu_vectors import cltu_sessions
from sle_material import PROVIDER_PASSWORD, RAF, T0, USER_PASSWORD, at, provider_security, random_numbers

CONTEXT = bytes.fromhex("020000000000000c495350310000000100190005")
A_BIND = Bind("GATE-1", "PORT-1", ServiceType.FCLTU, 5, CLTU)
A_START = CltuStart(1, 0)
PRODUCE, SILENT = RadiationNotification.PRODUCE, RadiationNotification.DO_NOT_PRODUCE
A_TRANSFER = CltuTransferData(2, 0, None, None, 0, PRODUCE, A_CLTU)
STARTED = CltuStartReturn(1, RadiationTimes(T0, None))
P, U = CltuProduction, UplinkStatus


class Peer:
    """A user without scruples: sends what it is told, reads what comes."""

    def __init__(self, offered: Any, version: int = 5) -> None:
        self.provider = Provider(offered, random_numbers())
        self.version, self.now = version, 0.0
        self.urgent: int | None = None
        self.service: ServiceType = ServiceType.FCLTU
        self.provider.connected(at(0.0))
        self.provider.feed(CONTEXT, at(0.0))

    def say(self, *pdus: Any) -> list[Any]:
        """Send PDUs and return the answers."""
        for pdu in pdus:
            self.provider.feed(message(1, encode(pdu, self.service, self.version)), at(self.now))
        return self.heard()

    def heard(self) -> list[Any]:
        answers = []
        for item in self.provider.take_output():
            if isinstance(item, Urgent):
                self.urgent = item.octet
            elif isinstance(item, bytes) and item[0] == 1:
                answers.append(decode(item[8:], self.service, self.version))
        return answers

    def events(self) -> list[Any]:
        return list(self.provider.take_events())


def offering(**keys: Any) -> Any:
    offered = station()
    offered.offer_cltu(settings(**keys)).production(P.OPERATIONAL, at(0.0))
    return offered


def active(**keys: Any) -> tuple[Peer, Any]:
    offered = offering(**keys)
    peer = Peer(offered)
    assert peer.say(A_BIND, A_START)[0] == BindReturn("PROVIDER-1", BindAccepted(5))
    peer.events()
    return peer, offered.forward[CLTU]


def returned(invoke_id: int, expected: int, free: int, diagnostic: Any = None) -> CltuTransferDataReturn:
    return CltuTransferDataReturn(invoke_id, expected, free, diagnostic)


def test_session_from_bind_to_unbind() -> None:
    offered = offering(events=frozenset({7}))
    instance = offered.forward[CLTU]
    peer = Peer(offered)
    assert peer.say(A_BIND) == [BindReturn("PROVIDER-1", BindAccepted(5))]
    assert peer.say(A_START) == [STARTED]
    assert peer.say(A_TRANSFER) == [returned(2, 1, 99_982)]
    cltu = CltuAccepted(0, A_CLTU, None, None, 0, True, T0)
    assert peer.events() == [Bound("GATE-1", CLTU, 5), CltuStarted(0, RadiationTimes(T0, None)), cltu]
    assert instance.radiation_started(0, ns(1.0), at(1.0)) == cltu
    assert peer.heard() == []
    instance.radiated(0, ns(2.0), at(2.0))
    known = (LastProcessed(0, ns(1.0), CltuStatus.RADIATED), LastOk(0, ns(2.0)), P.OPERATIONAL, U.NOT_AVAILABLE)
    assert peer.heard() == [AsyncNotify(CltuNotice.RADIATED, *known), AsyncNotify(CltuNotice.BUFFER_EMPTY, *known)]
    assert peer.say(ThrowEvent(3, 0, 7, b"on")) == [ThrowEventReturn(3, 1)]
    instance.event_ended(0, CltuNotice.ACTION_LIST_COMPLETED, at(2.0))
    assert peer.heard() == [AsyncNotify(CltuNotice.ACTION_LIST_COMPLETED, *known, event_invocation=0)]
    report = CltuStatusReport(*known, 1, 1, 1, 100_000)
    assert peer.say(ScheduleStatusReport(4, ReportRequest.IMMEDIATELY)) == [ScheduleStatusReportReturn(4), report]
    assert peer.say(Stop(5)) == [StopReturn(5)]
    assert peer.say(Unbind(UnbindReason.SUSPEND)) == [UnbindReturn()]
    assert [type(event).__name__ for event in peer.events()] == ["EventThrown", "Stopped", "Unbound"]
    assert Peer(offered).say(A_BIND) == [BindReturn("PROVIDER-1", BindAccepted(5))]


# Who may bind.

RECEIVER = Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, b"station for receivers", b"receiver")
GATE = Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, b"station for gates", b"gate")


def signed(pdu: Any, initiator: str, password: bytes, s: float = 0.0) -> Any:
    theirs = Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, password, b"not looked at")
    return replace(pdu, credentials=Guard(theirs, initiator, "PROVIDER-1", iter(range(9)).__next__).make(at(s).tai_ns))


def guarded(**keys: Any) -> Any:
    """A station with a receiver, and a forward instance that two gates may bind."""
    offered = station({"ESA": RECEIVER})
    offered.offer(InstanceSettings(RAF))
    other = Security(AuthenticationLevel.ALL, HashAlgorithm.SHA_256, b"station for the other", b"other gate")
    offered.offer_cltu(CltuSettings(CLTU, {"ESA-GATE": GATE, "IKI-GATE": other}, **keys))
    offered.forward[CLTU].production(P.OPERATIONAL, at(0.0))
    return offered


FORGERIES = {
    "receiver with its own credentials": (signed(replace(A_BIND, initiator="ESA"), "ESA", b"receiver"), 5),
    "receiver's password under the gate's name": (signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"receiver"), 0),
    "gate's password under the receiver's name": (signed(replace(A_BIND, initiator="ESA"), "ESA", b"gate"), 0),
    "receiver signed as the gate": (signed(replace(A_BIND, initiator="ESA-GATE"), "ESA", b"receiver"), 0),
    "one gate with the other's password": (signed(replace(A_BIND, initiator="IKI-GATE"), "IKI-GATE", b"gate"), 0),
    "stranger": (signed(replace(A_BIND, initiator="STRANGER"), "STRANGER", b"gate"), 0),
    "gate without credentials": (replace(A_BIND, initiator="ESA-GATE"), 0),
    "gate with the station's password": (signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"station for gates"), 0),
    "gate with credentials that are none": (replace(A_BIND, initiator="ESA-GATE", credentials=Credentials(bytes(50))), 0),
    "gate with old credentials": (signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", -200.0), 0),
    "gate as a return service": (
        signed(replace(A_BIND, initiator="ESA-GATE", service_type=ServiceType.RAF), "ESA-GATE", b"gate"),
        BindDiagnostic.INCONSISTENT_SERVICE_TYPE,
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_only_a_gate_with_its_own_credentials_binds(forgery: str) -> None:
    bind, diagnostic = FORGERIES[forgery]
    offered = guarded()
    peer = Peer(offered)
    assert peer.say(bind) == [BindReturn("PROVIDER-1", BindDiagnostic(diagnostic))] or (
        peer.events()[-1].diagnostic == diagnostic and peer.provider.is_over
    )
    assert offered.forward[CLTU].bound is None
    right = signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", 0.5)
    assert Peer(offered).say(right)[0].result == BindAccepted(5)


def test_refused_bind_is_told_for_the_record() -> None:
    peer = Peer(guarded())
    peer.say(FORGERIES["receiver's password under the gate's name"][0])
    (event,) = peer.events()
    assert event == BindRefused(BindDiagnostic.ACCESS_DENIED, "ESA-GATE")
    assert (event.service_instance, event.why) == (CLTU, "a wrong name or password")
    peer = Peer(guarded())
    peer.say(FORGERIES["receiver with its own credentials"][0])
    (event,) = peer.events()
    assert (event.initiator, event.service_instance, event.why) == ("ESA", CLTU, "si not accessible to this initiator")


def test_credentials_of_a_gate_open_no_return_service() -> None:
    peer = Peer(guarded())
    bind = Bind("ESA-GATE", "PORT-1", ServiceType.RAF, 5, RAF)
    peer.say(signed(bind, "ESA-GATE", b"gate"))
    assert peer.events() == [BindRefused(BindDiagnostic.ACCESS_DENIED, "ESA-GATE")]


def test_replayed_bind_and_replayed_cltu_are_refused() -> None:
    offered = guarded()
    bind = signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate")
    first = Peer(offered)
    first.say(bind)
    start, cltu = signed(A_START, "ESA-GATE", b"gate", 0.1), signed(A_TRANSFER, "ESA-GATE", b"gate", 0.2)
    assert first.say(start, cltu)[-1].diagnostic is None
    first.events()
    first.say(replace(cltu, invoke_id=3, cltu_id=1, data=b"forged"))
    assert [type(event) for event in first.events()] == [Aborted, CltusDiscarded]
    assert first.urgent == PeerAbortDiagnostic.ACCESS_DENIED
    again = Peer(offered)
    again.say(bind)
    assert again.events() == [BindRefused(BindDiagnostic.ACCESS_DENIED, "ESA-GATE")]


def test_provider_that_was_started_again_takes_no_credentials_of_before() -> None:
    bind = signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", 1.0)
    peer = Peer(guarded(not_before=ns(1.5)))
    peer.now = 2.0
    peer.say(bind)
    assert [event.why for event in peer.events()] == ["credentials made before this side was started"]
    peer = Peer(guarded(not_before=ns(0.5)))
    peer.now = 2.0
    assert peer.say(bind)[0].result == BindAccepted(5)


def test_take_over_discards_what_the_first_association_left() -> None:
    offered = guarded()
    offered.settings = replace(offered.settings, take_over=True)
    first, second = Peer(offered), Peer(offered)
    first.say(signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", 0.1))
    first.say(signed(A_START, "ESA-GATE", b"gate", 0.2), signed(A_TRANSFER, "ESA-GATE", b"gate", 0.3))
    other = signed(replace(A_BIND, initiator="IKI-GATE"), "IKI-GATE", b"other gate")
    assert Peer(offered).say(other)[0].result is BindDiagnostic.ALREADY_BOUND
    again = signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", 0.4)
    assert second.say(again)[0].result == BindAccepted(5)
    assert [type(event) for event in first.events()][-2:] == [Aborted, CltusDiscarded]
    assert offered.forward[CLTU].next_cltu is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"identifier": RAF}, {"identifier": "sagr=1.cltu=onlt1"}, {"identifier": "x.cltu=cltu1"}, {"initiators": {}},
        {"initiators": {"GATE-1": Security()}}, {"initiators": {"G": GATE}}, {"buffer_octets": 0},
        {"begin": T0, "end": T0}, {"maximum_cltu_octets": 5000}, {"modulation_index_mrad": 0}, {"min_reporting_cycle_s": 1},
        {"return_timeout_s": 601}, {"clcw_physical_channel": ""}, {"clcw_channel": Gvcid(2000, 0)}, {"most_cltus": 0},
    ],
)  # fmt: skip
def test_settings_are_checked(wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"identifier": CLTU, "initiators": {"GATE-1": GATE}}
    assert CltuSettings(**right).service is ServiceType.FCLTU
    with pytest.raises(DefinitionError):
        CltuSettings(**{**right, **wrong})


def test_gate_must_have_a_secret_of_its_own() -> None:
    offered = station({"ESA": RECEIVER})
    with pytest.raises(DefinitionError, match="secret of its own"):
        offered.offer_cltu(CltuSettings(CLTU, {"ESA-GATE": replace(GATE, peer_password=b"receiver")}))
    offered.offer_cltu(CltuSettings(CLTU, {"ESA-GATE": GATE}))
    with pytest.raises(DefinitionError, match="twice"):
        offered.offer_cltu(CltuSettings(CLTU, {"ESA-GATE": GATE}))
    offered.withdraw(CLTU)
    assert offered.forward == {}


# Every PDU in every state.

INVOCATIONS = [
    A_BIND,
    Unbind(UnbindReason.END),
    A_START,
    A_TRANSFER,
    Stop(1),
    ThrowEvent(1, 0, 1, b"x"),
    ScheduleStatusReport(1, ReportRequest.IMMEDIATELY),
    GetParameter(1, ParameterName.DELIVERY_MODE),
    BindReturn("PROVIDER-1", BindAccepted(5)),
    UnbindReturn(),
    CltuStartReturn(1, CltuStartDiagnostic.OTHER_REASON),
    returned(1, 1, 1),
    ThrowEventReturn(1, 1),
    StopReturn(1),
    ScheduleStatusReportReturn(1),
    GetParameterReturn(1, GetParameterDiagnostic.OTHER_REASON),
    AsyncNotify(CltuNotice.RADIATED, None, None, P.OPERATIONAL, U.NOMINAL),
    CltuStatusReport(None, None, P.OPERATIONAL, U.NOMINAL, 0, 0, 0, 0),
]
WAYS: dict[ProviderState, list[Any]] = {
    ProviderState.UNBOUND: [],
    ProviderState.READY: [A_BIND],
    ProviderState.ACTIVE: [A_BIND, A_START],
}


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("pdu", INVOCATIONS, ids=lambda pdu: type(pdu).__name__)
def test_every_pdu_in_every_state(state: ProviderState, pdu: Any) -> None:
    offered = offering()
    peer = Peer(offered)
    peer.say(*WAYS[state])
    assert peer.provider.state is state
    peer.events()
    peer.say(pdu)
    if (state, type(pdu)) in CLTU_PROVIDER_TABLE:
        assert peer.urgent is None
    else:
        assert peer.urgent == PeerAbortDiagnostic.PROTOCOL_ERROR
        event = peer.events()[0]
        assert (event.diagnostic, event.by_peer) == (PeerAbortDiagnostic.PROTOCOL_ERROR, False)
        assert peer.provider.state is ProviderState.OVER and offered.forward[CLTU].bound is None
    assert offered.forward[CLTU].next_cltu is None or (state, type(pdu)) == (ProviderState.ACTIVE, CltuTransferData)


@pytest.mark.parametrize("state", [ProviderState.READY, ProviderState.ACTIVE])
def test_peer_abort_garbage_and_foreign_pdus_in_every_state(state: ProviderState) -> None:
    for octets, diagnostic in (
        (encode(PeerAbort(PeerAbortDiagnostic.OTHER_REASON), None, 5), None),
        (b"\xaa\x05garbage", PeerAbortDiagnostic.ENCODING_ERROR),
        (encode(Start(1, None, None, FrameQuality.ALL_FRAMES), ServiceType.RAF, 5), PeerAbortDiagnostic.ENCODING_ERROR),
    ):
        peer = Peer(offering())
        peer.say(*WAYS[state])
        peer.provider.feed(message(1, octets), at(1.0))
        peer.heard()
        assert (peer.urgent, peer.provider.state) == (diagnostic, ProviderState.OVER)


def test_provider_of_cltus_supplies_no_frames() -> None:
    peer, _ = active()
    peer.provider.supply([], at(0.0), end=True)
    assert peer.provider.credits == 0
    assert not any(isinstance(event, DataWanted) for event in peer.events())


def test_every_lie_about_credentials_in_every_pdu_aborts() -> None:
    for pdu in (A_START, A_TRANSFER, Stop(3), Unbind(UnbindReason.END), ThrowEvent(1, 0, 1, b"x"),
                GetParameter(1, ParameterName.DELIVERY_MODE), ScheduleStatusReport(1, ReportRequest.STOP)):  # fmt: skip
        for lie in (pdu, signed(pdu, "ESA-GATE", b"receiver", 0.5), signed(pdu, "ESA", b"receiver", 0.5)):
            offered = guarded()
            peer = Peer(offered)
            peer.say(signed(replace(A_BIND, initiator="ESA-GATE"), "ESA-GATE", b"gate", 0.1))
            if isinstance(pdu, CltuTransferData | Stop):
                peer.say(signed(A_START, "ESA-GATE", b"gate", 0.2))
            peer.say(lie)
            assert peer.urgent == PeerAbortDiagnostic.ACCESS_DENIED
            assert offered.forward[CLTU].next_cltu is None


# What is taken.


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (P.OPERATIONAL, RadiationTimes(T0, ns(600.0))),
        (P.CONFIGURED, RadiationTimes(T0, ns(600.0))),
        (P.INTERRUPTED, CltuStartDiagnostic.UNABLE_TO_COMPLY),
        (P.HALTED, CltuStartDiagnostic.OUT_OF_SERVICE),
    ],
)
def test_start_depends_on_the_production(status: P, result: Any) -> None:
    offered = offering(end=ns(600.0))
    offered.forward[CLTU].production(status, at(0.0))
    peer = Peer(offered)
    peer.say(A_BIND)
    assert peer.say(A_START) == [CltuStartReturn(1, result)]
    assert peer.provider.state is (ProviderState.ACTIVE if isinstance(result, RadiationTimes) else ProviderState.READY)


T = TransferDiagnostic


@pytest.mark.parametrize(
    ("changes", "diagnostic"),
    [
        ({}, None),
        ({"cltu_id": 1}, T.OUT_OF_SEQUENCE),
        ({"cltu_id": 2**32 - 1}, T.OUT_OF_SEQUENCE),
        ({"earliest": ns(20.0), "latest": ns(19.0)}, T.INCONSISTENT_TIME_RANGE),
        ({"earliest": ns(20.0), "latest": ns(20.0)}, None),
        ({"latest": ns(10.0)}, T.LATE_SLDU),
        ({"latest": ns(10.1)}, None),
        ({"earliest": ns(600.0)}, T.INVALID_TIME),
        ({"earliest": ns(599.0)}, None),
        ({"earliest": ns(1.0)}, None),
        ({"delay_us": 999}, T.INVALID_DELAY_TIME),
        ({"delay_us": 1000}, None),
        ({"data": bytes(101)}, T.CLTU_ERROR),
        ({"data": bytes(100)}, None),
    ],
)
def test_cltu_is_checked(changes: dict[str, Any], diagnostic: T | None) -> None:
    peer, instance = active(end=ns(600.0), minimum_delay_us=1000, maximum_cltu_octets=100)
    peer.now = 10.0
    pdu = replace(A_TRANSFER, **changes)
    expected, taken = (1, len(pdu.data)) if diagnostic is None else (0, 0)
    assert peer.say(pdu) == [returned(2, expected, 100_000 - taken, diagnostic)]
    assert instance.received == (diagnostic is None)
    assert (instance.next_cltu is not None) == (diagnostic is None)


def test_buffer_is_accounted_until_radiation_ends() -> None:
    peer, instance = active(buffer_octets=40, most_cltus=3)
    assert peer.say(A_TRANSFER) == [returned(2, 1, 22)]
    assert peer.say(replace(A_TRANSFER, cltu_id=1, invoke_id=3)) == [returned(3, 2, 4)]
    assert peer.say(replace(A_TRANSFER, cltu_id=2, invoke_id=4)) == [returned(4, 2, 4, T.UNABLE_TO_STORE)]
    instance.radiation_started(0, ns(1.0), at(1.0))
    assert instance.buffer_available == 4
    instance.radiated(0, ns(2.0), at(2.0))
    assert instance.buffer_available == 22
    peer.heard()
    assert peer.say(replace(A_TRANSFER, cltu_id=2, invoke_id=5)) == [returned(5, 3, 4)]
    small = [replace(A_TRANSFER, cltu_id=3 + number, data=b"x") for number in range(2)]
    assert [one.diagnostic for one in peer.say(*small)] == [None, T.UNABLE_TO_STORE]  # not more CLTUs than allowed either


def test_identifications_begin_where_start_says_and_wrap() -> None:
    peer = Peer(offering())
    peer.say(A_BIND, CltuStart(1, 2**32 - 1))
    assert peer.say(replace(A_TRANSFER, cltu_id=2**32 - 1)) == [returned(2, 0, 99_982)]
    assert peer.say(replace(A_TRANSFER, cltu_id=0, invoke_id=3)) == [returned(3, 1, 99_964)]


def test_start_with_the_number_of_a_cltu_under_way_is_refused() -> None:
    peer, instance = active()
    peer.say(A_TRANSFER)
    instance.radiation_started(0, ns(1.0), at(1.0))
    peer.say(Stop(3))
    assert peer.say(CltuStart(4, 0)) == [CltuStartReturn(4, CltuStartDiagnostic.INVALID_CLTU_ID)]
    assert isinstance(peer.say(CltuStart(5, 1))[0].result, RadiationTimes)


@pytest.mark.parametrize(
    ("throw", "diagnostic"),
    [
        (ThrowEvent(1, 0, 7, b"q"), None),
        (ThrowEvent(1, 1, 7, b"q"), ThrowEventDiagnostic.EVENT_INVOCATION_ID_OUT_OF_SEQUENCE),
        (ThrowEvent(1, 0, 8, b"q"), ThrowEventDiagnostic.NO_SUCH_EVENT),
    ],
)
def test_events_are_checked(throw: ThrowEvent, diagnostic: Any) -> None:
    peer, instance = active(events=frozenset({7}))
    assert peer.say(throw) == [ThrowEventReturn(1, int(diagnostic is None), diagnostic)]
    assert peer.events() == ([EventThrown(0, 7, b"q")] if diagnostic is None else [])
    with pytest.raises(UsageError):
        instance.event_ended(0, CltuNotice.RADIATED, at(0.0))
    without = active()[0]
    refused = ThrowEventReturn(1, 0, ThrowEventDiagnostic.OPERATION_NOT_SUPPORTED)
    assert without.say(ThrowEvent(1, 0, 7, b"q")) == [refused]


# What is radiated, and what is not.


def filled(count: int = 3, changes: dict[str, Any] | None = None, **keys: Any) -> tuple[Peer, Any]:
    peer, instance = active(**keys)
    for number in range(count):
        peer.say(replace(A_TRANSFER, cltu_id=number, invoke_id=number, **(changes or {})))
    peer.events()
    return peer, instance


def notices(peer: Peer) -> list[Any]:
    return [one.notice for one in peer.heard() if isinstance(one, AsyncNotify)]


def test_radiation_goes_in_order_and_in_time() -> None:
    changes = {"earliest": ns(10.0), "latest": ns(20.0), "delay_us": 500_000, "notification": SILENT}
    peer, instance = filled(changes=changes)
    for cltu_id, s, why in ((1, 10.0, "not the next"), (0, 9.99, "before its time"), (0, 20.01, "after its latest")):
        with pytest.raises(UsageError, match=why):
            instance.radiation_started(cltu_id, ns(s), at(s))
    instance.radiation_started(0, ns(10.0), at(10.0))
    with pytest.raises(UsageError, match="while 0 is radiated"):
        instance.radiation_started(1, ns(10.0), at(10.0))
    with pytest.raises(UsageError, match="not being radiated"):
        instance.radiated(1, ns(11.0), at(11.0))
    instance.radiated(0, ns(11.0), at(11.0))
    with pytest.raises(UsageError, match="not being radiated"):
        instance.radiated(0, ns(11.0), at(11.0))
    assert instance.rests_until == ns(11.5)
    with pytest.raises(UsageError, match="before its time"):
        instance.radiation_started(1, ns(11.4), at(11.4))
    instance.radiation_started(1, ns(11.5), at(11.5))
    instance.radiated(1, ns(12.0), at(12.0))
    instance.radiation_started(2, ns(12.5), at(12.5))
    assert notices(peer) == []
    instance.radiated(2, ns(13.0), at(13.0))
    assert notices(peer) == [CltuNotice.BUFFER_EMPTY]
    assert (instance.processed, instance.radiated_cltus) == (3, 3)


def test_cltu_expires_and_takes_those_behind_it_along() -> None:
    peer, instance = filled(changes={"latest": ns(20.0)})
    s = 0.0
    while instance.next_cltu is not None:
        deadline = peer.provider.next_deadline()
        assert deadline is not None and deadline <= 26.0
        s = deadline
        peer.provider.on_timer(at(s))
    assert 20.0 < s <= 21.0
    (notice,) = [one for one in peer.heard() if isinstance(one, AsyncNotify)]
    expired = LastProcessed(0, None, CltuStatus.EXPIRED)
    assert (notice.notice, notice.last_processed, notice.last_ok) == (CltuNotice.EXPIRED, expired, None)
    assert peer.events() == [CltusDiscarded((0, 1, 2), "CLTU 0: expired")]
    peer.now = s
    assert peer.say(replace(A_TRANSFER, cltu_id=3))[0].diagnostic is T.UNABLE_TO_PROCESS
    with pytest.raises(UsageError, match="not the next"):
        instance.radiation_started(0, ns(s), at(s))
    peer.say(Stop(4))
    assert isinstance(peer.say(CltuStart(5, 0))[0].result, RadiationTimes)
    assert peer.say(A_TRANSFER)[0].diagnostic is None


def test_station_can_tell_that_the_next_one_cannot_begin_in_time() -> None:
    peer, instance = filled(changes={"latest": ns(20.0)})
    with pytest.raises(UsageError):
        instance.expired(1, at(1.0))
    instance.expired(0, at(1.0))
    assert notices(peer) == [CltuNotice.EXPIRED]
    assert (instance.processed, instance.radiated_cltus, instance.buffer_available) == (1, 0, 100_000)


@pytest.mark.parametrize("status", [P.INTERRUPTED, P.HALTED])
@pytest.mark.parametrize("mode", NotificationMode)
def test_interruption_breaks_off_the_cltu_under_way(status: P, mode: NotificationMode) -> None:
    peer, instance = filled(notification_mode=mode)
    instance.radiation_started(0, ns(1.0), at(1.0))
    instance.production(status, at(2.0), U.NO_BIT_LOCK)
    wanted = CltuNotice.PRODUCTION_INTERRUPTED if status is P.INTERRUPTED else CltuNotice.PRODUCTION_HALTED
    (told,) = [one for one in peer.heard() if isinstance(one, AsyncNotify)]
    cut = LastProcessed(0, ns(1.0), CltuStatus.INTERRUPTED)
    assert told == AsyncNotify(wanted, cut, None, status, U.NO_BIT_LOCK)
    assert peer.events() == [CltusDiscarded((1, 2), f"production {status.name.lower()}")]
    with pytest.raises(UsageError):
        instance.radiated(0, ns(3.0), at(3.0))
    assert instance.buffer_available == 100_000
    instance.production(P.OPERATIONAL, at(4.0))
    assert notices(peer) == [CltuNotice.PRODUCTION_OPERATIONAL]
    assert peer.say(replace(A_TRANSFER, cltu_id=3))[0].diagnostic is T.UNABLE_TO_PROCESS


def test_interruption_that_affects_no_cltu_is_told_at_once_or_not_at_all() -> None:
    for mode, wanted in ((NotificationMode.IMMEDIATE, [CltuNotice.PRODUCTION_INTERRUPTED]), (NotificationMode.DEFERRED, [])):
        peer, instance = active(notification_mode=mode)
        instance.production(P.INTERRUPTED, at(1.0))
        instance.production(P.INTERRUPTED, at(1.0))
        assert notices(peer) == wanted


def test_deferred_interruption_is_told_when_a_cltu_should_begin() -> None:
    peer, instance = filled(changes={"earliest": ns(10.0)}, notification_mode=NotificationMode.DEFERRED)
    instance.production(P.INTERRUPTED, at(1.0))
    with pytest.raises(UsageError, match="interrupted"):
        instance.radiation_started(0, ns(10.0), at(10.0))
    peer.provider.on_timer(at(9.9))
    assert notices(peer) == [] and instance.next_moment() == ns(10.0)
    peer.provider.on_timer(at(10.0))
    assert notices(peer) == [CltuNotice.PRODUCTION_INTERRUPTED]
    assert instance.last_processed == LastProcessed(0, None, CltuStatus.RADIATION_NOT_STARTED)
    assert peer.events() == [CltusDiscarded((0, 1, 2), "CLTU 0: radiation not started")]
    over, instance = filled(changes={"earliest": ns(10.0)}, notification_mode=NotificationMode.DEFERRED)
    instance.production(P.INTERRUPTED, at(1.0))
    instance.production(P.OPERATIONAL, at(2.0))
    assert instance.radiation_started(0, ns(10.0), at(10.0)).cltu_id == 0
    assert notices(over) == [CltuNotice.PRODUCTION_OPERATIONAL]


def test_configured_production_stores_and_radiates_later() -> None:
    offered = station()
    instance = offered.offer_cltu(settings())
    instance.status = P.CONFIGURED
    peer = Peer(offered)
    peer.say(A_BIND, A_START, A_TRANSFER)
    with pytest.raises(UsageError, match="configured"):
        instance.radiation_started(0, ns(1.0), at(1.0))
    instance.production(P.OPERATIONAL, at(2.0))
    assert instance.radiation_started(0, ns(2.0), at(2.0)).octets == A_CLTU


def test_stop_gives_up_what_waits_and_lets_what_is_radiated_end() -> None:
    peer, instance = filled()
    instance.radiation_started(0, ns(1.0), at(1.0))
    assert peer.say(Stop(9)) == [StopReturn(9)]
    assert peer.events() == [CltusDiscarded((1, 2), "the user has stopped"), Stopped()]
    instance.radiated(0, ns(2.0), at(2.0))
    assert notices(peer) == [CltuNotice.RADIATED, CltuNotice.BUFFER_EMPTY]


@pytest.mark.parametrize("mode", ProtocolAbortMode)
def test_lost_association_discards_or_continues(mode: ProtocolAbortMode) -> None:
    peer, instance = filled(protocol_abort_mode=mode)
    instance.radiation_started(0, ns(1.0), at(1.0))
    peer.provider.on_eof(at(1.5))
    discarded = [one for one in peer.events() if isinstance(one, CltusDiscarded)]
    instance.radiated(0, ns(2.0), at(2.0))  # what is under way is not cut
    if mode is ProtocolAbortMode.ABORT:
        assert discarded == [CltusDiscarded((1, 2), "the association has ended")]
        with pytest.raises(UsageError):
            instance.radiation_started(1, ns(3.0), at(3.0))
    else:
        assert discarded == [] and instance.radiation_started(1, ns(3.0), at(3.0)).cltu_id == 1
        instance.production(P.HALTED, at(4.0))
        assert list(instance.take_events()) == [CltusDiscarded((2,), "production halted")]


@pytest.mark.parametrize("mode", ProtocolAbortMode)
def test_end_of_the_provision_period_discards(mode: ProtocolAbortMode) -> None:
    peer, instance = filled(protocol_abort_mode=mode, end=ns(60.0))
    peer.provider.on_timer(at(60.0))
    peer.heard()
    assert peer.urgent == PeerAbortDiagnostic.END_OF_SERVICE_PROVISION_PERIOD
    assert instance.next_cltu is None
    assert CltusDiscarded((0, 1, 2), "the provision period is over") in peer.events()


def test_events_begin_at_0_with_every_bind_and_unbind_end_is_final() -> None:
    peer, instance = active(events=frozenset({7}))
    peer.say(ThrowEvent(1, 0, 7, b"q"), Stop(2), Unbind(UnbindReason.SUSPEND))
    again = Peer(peer.provider.directory)
    again.say(A_BIND)
    assert again.say(ThrowEvent(1, 0, 7, b"q")) == [ThrowEventReturn(1, 1)]
    again.say(Unbind(UnbindReason.END))
    assert Peer(peer.provider.directory).say(A_BIND) == [BindReturn("PROVIDER-1", BindDiagnostic.INVALID_TIME)]
    assert instance.is_finished


@pytest.mark.parametrize("version", range(1, 6))
def test_parameters_of_every_version(version: int) -> None:
    offered = station(versions=frozenset({version}))
    offered.offer_cltu(settings())
    peer = Peer(offered, version)
    peer.say(replace(A_BIND, version=version))
    answers = {name: peer.say(GetParameter(1, name))[0].result for name in ParameterName}
    known = {name for name, result in answers.items() if isinstance(result, Parameter)}
    told = {name for name, result in answers.items() if result is GetParameterDiagnostic.OTHER_REASON}
    assert len(known | told) == (20 if version == 5 else 19 if version == 4 else 12)
    nothing = {ParameterName.CLCW_GLOBAL_VCID, ParameterName.CLCW_PHYSICAL_CHANNEL}  # version 4 cannot say: not configured
    assert told == (nothing if version == 4 else set())
    assert answers[ParameterName.BUFFER_SIZE] is GetParameterDiagnostic.UNKNOWN_PARAMETER


def test_reports_come_in_their_cycle_and_wait_for_tcp() -> None:
    peer, instance = active(min_reporting_cycle_s=10)
    refused = ScheduleStatusReportReturn(3, ScheduleDiagnostic.INVALID_REPORTING_CYCLE)
    assert peer.say(ScheduleStatusReport(3, ReportRequest.PERIODICALLY, 9)) == [refused]
    assert len(peer.say(ScheduleStatusReport(4, ReportRequest.PERIODICALLY, 10))) == 2
    peer.provider.on_timer(at(10.0))
    (report,) = peer.heard()
    assert report == CltuStatusReport(None, None, P.OPERATIONAL, U.NOT_AVAILABLE, 0, 0, 0, 100_000)
    assert instance.report() == report


# The recorded session of an independent client with an independent provider.

RECORDED_NOW = bytes.fromhex("624602932e000000")
OTHERWISE = {  # where the recorded provider, which was scripted, contradicts itself, or is asked twice for two answers
    "cltuAsyncNotifyInvocation slduExpired", "cltuGetParameterReturn 14",
    "cltuGetParameterReturn 16", "cltuGetParameterReturn 19", "cltuGetParameterReturn 25", "cltuGetParameterReturn 33",
}  # fmt: skip


def recorded_station(session: dict[str, Any]) -> Any:
    secrets = Security(
        AuthenticationLevel(session["auth"]),
        HashAlgorithm.SHA_256,
        bytes.fromhex(session["provider_password_hex"]),
        bytes.fromhex(session["user_password_hex"]),
    )
    offered = station()
    told = {
        "clcw_channel": Gvcid(672, 0, 0), "clcw_physical_channel": "RFCH-1", "minimum_delay_us": 1000, "idle_octets": 8,
        "modulation_frequency_hz": 1_600_000, "subcarrier_ratio": 4, "bit_lock_required": YesNo.YES,
        "rf_available_required": YesNo.YES, "plop": Plop.PLOP_2, "events": frozenset({10, 11, 12}),
    }  # fmt: skip
    gates = {session["user_id"]: secrets}
    instance = offered.offer_cltu(CltuSettings(CLTU, gates, least_level=secrets.level, **told))  # type: ignore[arg-type]
    instance.status, instance.uplink = P.CONFIGURED, U.NOMINAL
    return offered


def moment(octets: bytes) -> Any:
    tai_ns = decode_time(octets[:6] + min(int.from_bytes(octets[6:]), 999).to_bytes(2))[0]
    return at(1.0)._replace(tai_ns=tai_ns, mission_ns=decode_time(RECORDED_NOW)[0])


def play(instance: Any, entry: dict[str, Any], now: Any) -> None:
    """Let the station do what a recorded notification tells."""
    notify = decode(bytes.fromhex(entry["tml_hex"])[8:], ServiceType.FCLTU, 5)
    assert isinstance(notify, AsyncNotify)
    last, ok = notify.last_processed, notify.last_ok
    if notify.notice in (CltuNotice.RADIATED, CltuNotice.BUFFER_EMPTY):
        assert last is not None and ok is not None
        instance._rests_until = None  # the recorded station told the same times of both CLTUs
        instance.radiation_started(last.cltu_id, last.started, now)
        instance.radiated(last.cltu_id, ok.stopped, now)
    elif notify.event_invocation is not None:
        instance.production(notify.production, now, notify.uplink)
        instance.event_ended(notify.event_invocation, notify.notice, now)
    elif notify.notice is not CltuNotice.EXPIRED:
        instance.production(notify.production, now, notify.uplink)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_recorded_user_is_answered_as_the_recorded_provider_did(number: int, size: int) -> None:
    session = cltu_sessions()[number]
    offered = recorded_station(session)
    instance = offered.forward[CLTU]
    provider = Provider(offered, random_numbers())
    provider.connected(moment(RECORDED_NOW))
    made: list[bytes] = []
    wanted: list[bytes] = []
    now = moment(RECORDED_NOW)
    for entry in session["exchange"]:
        octets = bytes.fromhex(entry.get("tml_hex", ""))
        if entry["dir"] == "user->provider":
            used = (entry.get("fields") or {}).get("invokerCredentials", {}).get("used") if "fields" in entry else None
            now = moment(bytes.fromhex(used)[4:12] if used else RECORDED_NOW)
            if entry.get("fields", {}).get("cltuIdentification") == 2:  # the recorded provider took its times for past
                play(instance, next(one for one in session["exchange"] if "bufferEmpty" in str(one.get("fields"))), now)
                now = now._replace(mission_ns=now.mission_ns + 2 * 86_400 * 10**9)
            for start in range(0, len(octets), size):
                provider.feed(octets[start : start + size], now)
        elif "AsyncNotify" in entry["pdu"]:
            if "bufferEmpty" not in str(entry["fields"]):
                play(instance, entry, now)
            wanted.append(octets)
        else:
            wanted.append(octets)
        made += [item for item in provider.take_output() if isinstance(item, bytes)]
    assert provider.state is ProviderState.OVER
    ours = {key(octets, session["version"]): octets for octets in reversed(made)}  # the first of each
    equal = 0
    for octets in wanted:
        name = key(octets, session["version"])
        if name in OTHERWISE:
            continue
        theirs, mine = decode(octets[8:], ServiceType.FCLTU, 5), decode(ours[name][8:], ServiceType.FCLTU, 5)
        assert replace(mine, credentials=None) == replace(theirs, credentials=None), name  # type: ignore[type-var]
        assert session["auth"] == "all" or ours[name] == octets
        equal += 1
    assert equal >= 38


def key(octets: bytes, version: int) -> str:
    """Return what a message answers or tells."""
    pdu = decode(octets[8:], ServiceType.FCLTU, version)
    names = {
        "BindReturn": "cltuBindReturn", "CltuTransferDataReturn": "cltuTransferDataReturn",
        "GetParameterReturn": "cltuGetParameterReturn", "AsyncNotify": "cltuAsyncNotifyInvocation",
    }  # fmt: skip
    name = names.get(type(pdu).__name__, type(pdu).__name__)
    if isinstance(pdu, AsyncNotify):
        notice = "slduExpired" if pdu.notice is CltuNotice.EXPIRED else pdu.notice.name
        cltu = "" if pdu.last_processed is None else pdu.last_processed.cltu_id
        return f"{name} {notice}" + (f" {cltu}" if pdu.notice in (CltuNotice.BUFFER_EMPTY, CltuNotice.RADIATED) else "")
    return f"{name} {getattr(pdu, 'invoke_id', '')}"


def test_levels_name_all_that_there_are() -> None:
    assert set(LEVELS.values()) == set(AuthenticationLevel)
    assert provider_security("all").own_password == PROVIDER_PASSWORD and USER_PASSWORD
