"""Anything said at any time, by either side: no exception, no wrong state, no instance left bound."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.sle import (
    Bind,
    FrameQuality,
    Gvcid,
    InstanceSettings,
    OcfSelection,
    ParameterName,
    ProductionStatus,
    Provider,
    ProviderState,
    ReportRequest,
    ServiceType,
    Start,
    Stop,
    UserState,
    encode,
)
from aelita.sle.tml import message
from sle_material import CHANNELS, RAF, RCF, ROCF, at, directory, random_numbers, station_frame, user
from sle_pdus import a_pdu

CONTEXT = bytes.fromhex("020000000000000c495350310000000100190005")
IDENTIFIERS = {ServiceType.RAF: RAF, ServiceType.RCF: RCF, ServiceType.ROCF: ROCF}
REQUESTS: dict[ServiceType, Any] = {
    ServiceType.RAF: FrameQuality.ALL_FRAMES,
    ServiceType.RCF: Gvcid(0x2A, 0),
    ServiceType.ROCF: OcfSelection(Gvcid(0x2A, 0)),
}
SERVICES = st.sampled_from(list(IDENTIFIERS))
ACTS = st.sampled_from(["frame", "late", "sent", "garbage", "interrupt", "run"])


@settings(max_examples=150, deadline=None)
@given(SERVICES, st.sampled_from([4, 5]), st.data())
def test_provider_takes_anything(service: ServiceType, version: int, data: st.DataObject) -> None:
    offered = directory()
    instance = offered.offer(InstanceSettings(IDENTIFIERS[service], channels=CHANNELS, buffer_size=2))
    instance.production(ProductionStatus.RUNNING, at(0.0))
    provider, now = Provider(offered, random_numbers()), 0.0
    provider.connected(at(now))
    provider.feed(CONTEXT, at(now))
    good = [
        Bind("USER-1", "PORT-1", service, version, IDENTIFIERS[service]),
        Start(1, None, None, REQUESTS[service]),
        Stop(2),
    ]
    for step in data.draw(
        st.lists(st.one_of(a_pdu(service, version), st.sampled_from(good), st.sampled_from(good), ACTS), max_size=12)
    ):
        now += 0.5
        if step == "frame":
            instance.frame(station_frame(1), at(now))
        elif step == "late":
            now += 40
            provider.on_timer(at(now))
        elif step == "sent":
            provider.transmitted(at(now))
        elif step == "garbage":
            provider.feed(message(1, data.draw(st.binary(min_size=1, max_size=60))), at(now))
        elif step in ("interrupt", "run"):
            instance.production(ProductionStatus.INTERRUPTED if step == "interrupt" else ProductionStatus.RUNNING, at(now))
        else:
            provider.feed(message(1, encode(step, service, version)), at(now))
        provider.take_output()
        assert (instance.bound is provider) == (provider.state in (ProviderState.READY, ProviderState.ACTIVE))
    provider.on_eof(at(now))
    assert (provider.is_over, instance.bound, provider.next_deadline()) == (True, None, None)


@settings(max_examples=150, deadline=None)
@given(SERVICES, st.sampled_from([4, 5]), st.data())
def test_user_takes_anything(service: ServiceType, version: int, data: st.DataObject) -> None:
    one, now = user(IDENTIFIERS[service], version=version), 0.0
    one.connected(at(now))
    requests = {
        "bind": lambda: one.bind(at(now)),
        "start": lambda: one.start(REQUESTS[service], at(now)),
        "stop": lambda: one.stop(at(now)),
        "report": lambda: one.schedule_report(ReportRequest.IMMEDIATELY, at(now)),
        "get": lambda: one.get_parameter(ParameterName.BUFFER_SIZE, at(now)),
        "unbind": lambda: one.unbind(at(now)),
    }
    ends = 0
    for step in data.draw(
        st.lists(st.one_of(a_pdu(service, version), st.sampled_from([*requests, "garbage", "late"])), max_size=12)
    ):
        now += 0.5
        if step == "late":
            now += 40
            one.on_timer(at(now))
        elif step == "garbage":
            one.feed(message(1, data.draw(st.binary(min_size=1, max_size=60))), at(now))
        elif isinstance(step, str):
            try:
                requests[step]()
            except UsageError:
                assert one.state is not UserState.READY or step in ("bind", "stop")
        else:
            one.feed(message(1, encode(step, service, version)), at(now))
        ends += sum(type(event).__name__ in ("Aborted", "Unbound", "BindRefused") for event in one.take_events())
        one.take_output()
    one.on_eof(at(now))
    ends += sum(type(event).__name__ in ("Aborted", "Unbound", "BindRefused") for event in one.take_events())
    assert (one.state, ends, one.next_deadline()) == (UserState.OVER, 1, None)
