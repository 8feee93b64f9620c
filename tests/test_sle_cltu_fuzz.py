"""Anything said to forward CLTU at any time, by either side: no exception, no wrong state, nothing radiated twice."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.sle import (
    Bind,
    CltuProduction,
    ParameterName,
    Provider,
    ProviderState,
    ReportRequest,
    ServiceType,
    Stop,
    UserState,
    encode,
)
from aelita.sle.cltu_pdus import CltuStart, CltuTransferData, ThrowEvent
from aelita.sle.cltu_terms import RadiationNotification
from aelita.sle.tml import message
from sle_cltu_material import A_CLTU, CLTU, gate, ns, station
from sle_cltu_material import settings as offered_as
from sle_cltu_strategies import a_cltu_pdu
from sle_material import at, random_numbers

FCLTU = ServiceType.FCLTU
CONTEXT = bytes.fromhex("020000000000000c495350310000000100190005")
A_TRANSFER = CltuTransferData(2, 0, None, ns(60.0), 0, RadiationNotification.PRODUCE, A_CLTU)
GOOD = [Bind("GATE-1", "PORT-1", FCLTU, 5, CLTU), CltuStart(1, 0), A_TRANSFER, Stop(3), ThrowEvent(4, 0, 1, b"x")]
ACTS = ["begin", "end", "late", "garbage", "interrupt", "halt", "run"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_provider_takes_anything(data: st.DataObject) -> None:
    offered = station()
    instance = offered.offer_cltu(offered_as(events=frozenset({1})))
    instance.production(CltuProduction.OPERATIONAL, at(0.0))
    provider, now = Provider(offered, random_numbers()), 0.0
    provider.connected(at(now))
    provider.feed(CONTEXT, at(now))
    steps = st.one_of(a_cltu_pdu(5), st.sampled_from(GOOD), st.sampled_from(GOOD), st.sampled_from(ACTS))
    begun = 0
    for step in data.draw(st.lists(steps, max_size=14)):
        now += 0.5
        if step == "begin":
            try:
                cltu = instance.next_cltu
                instance.radiation_started(0 if cltu is None else cltu.cltu_id, ns(now), at(now))
                begun += 1
            except UsageError:
                pass
        elif step == "end" and instance.radiating is not None:
            instance.radiated(instance.radiating.cltu_id, ns(now), at(now))
        elif step == "late":
            now += 40
            provider.on_timer(at(now))
        elif step == "garbage":
            provider.feed(message(1, data.draw(st.binary(min_size=1, max_size=60))), at(now))
        elif step in ("interrupt", "halt", "run"):
            status = {"interrupt": "INTERRUPTED", "halt": "HALTED", "run": "OPERATIONAL"}[step]
            instance.production(CltuProduction[status], at(now))
        elif not isinstance(step, str):
            provider.feed(message(1, encode(step, FCLTU, 5)), at(now))
        provider.take_output()
        assert (instance.bound is provider) == (provider.state in (ProviderState.READY, ProviderState.ACTIVE))
        assert 0 <= instance.buffer_available <= 100_000
        assert begun <= instance.received and instance.radiated_cltus <= begun
    provider.on_eof(at(now))
    assert (provider.is_over, instance.bound, provider.next_deadline(), instance.next_cltu) == (True, None, None, None)
    under_way = 0 if instance.radiating is None else len(instance.radiating.octets)
    assert instance.buffer_available == 100_000 - under_way


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_user_takes_anything(data: st.DataObject) -> None:
    one, now = gate(), 0.0
    one.connected(at(now))
    requests: dict[str, Any] = {
        "bind": lambda: one.bind(at(now)),
        "start": lambda: one.start(0, at(now)),
        "send": lambda: one.transfer(A_CLTU, at(now)),
        "throw": lambda: one.throw_event(1, b"x", at(now)),
        "stop": lambda: one.stop(at(now)),
        "report": lambda: one.schedule_report(ReportRequest.IMMEDIATELY, at(now)),
        "get": lambda: one.get_parameter(ParameterName.EXPECTED_SLDU_ID, at(now)),
        "unbind": lambda: one.unbind(at(now)),
    }
    ends = 0
    for step in data.draw(st.lists(st.one_of(a_cltu_pdu(5), st.sampled_from([*requests, "garbage", "late"])), max_size=14)):
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
                assert one.state is not UserState.READY or step in ("bind", "stop", "send")
        else:
            one.feed(message(1, encode(step, FCLTU, 5)), at(now))
        ends += sum(type(event).__name__ in ("Aborted", "Unbound", "BindRefused") for event in one.take_events())
        one.take_output()
    one.on_eof(at(now))
    ends += sum(type(event).__name__ in ("Aborted", "Unbound", "BindRefused") for event in one.take_events())
    assert (one.state, ends, one.next_deadline()) == (UserState.OVER, 1, None)
