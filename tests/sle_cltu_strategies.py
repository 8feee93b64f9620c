"""Hypothesis strategies of the PDUs of the forward CLTU service."""

from typing import Any

from hypothesis import strategies as st

from aelita import sle
from aelita.sle import cltu_pdus as pdus
from aelita.sle import cltu_terms as terms
from aelita.sle.cltu_settings import VALUES
from aelita.sle.pdus import GetParameterReturn, Parameter
from sle_pdus import COUNTS, INVOKE_IDS, credentials, gvcids, instants

SHORT, LONG = st.integers(1, 65535), st.integers(1, 2**32 - 1)
PHYSICAL = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=32)
TIME_OR_NONE = st.just((None, None)) | instants()


def one_of(names: Any) -> Any:
    return st.sampled_from(list(names))


@st.composite
def last_processed(draw: Any) -> Any:
    started, ps = draw(TIME_OR_NONE)
    return draw(st.none() | st.just(pdus.LastProcessed(draw(COUNTS), started, draw(one_of(terms.CltuStatus)), ps)))


@st.composite
def last_ok(draw: Any) -> Any:
    stopped, ps = draw(instants())
    return draw(st.none() | st.just(pdus.LastOk(draw(COUNTS), stopped, ps)))


@st.composite
def transfers(draw: Any) -> pdus.CltuTransferData:
    (earliest, earliest_ps), (latest, latest_ps) = draw(TIME_OR_NONE), draw(TIME_OR_NONE)
    told, data = draw(one_of(terms.RadiationNotification)), draw(st.binary(min_size=1, max_size=300))
    head = (draw(INVOKE_IDS), draw(COUNTS), earliest, latest, draw(COUNTS), told, data, draw(credentials()))
    return pdus.CltuTransferData(*head, earliest_ps, latest_ps)


@st.composite
def starts_returned(draw: Any) -> pdus.CltuStartReturn:
    (start, start_ps), (stop, stop_ps) = draw(instants()), draw(TIME_OR_NONE)
    times = pdus.RadiationTimes(start, stop, start_ps, stop_ps)
    return pdus.CltuStartReturn(draw(INVOKE_IDS), draw(st.just(times) | one_of(terms.CltuStartDiagnostic)), draw(credentials()))


@st.composite
def notifications(draw: Any) -> pdus.AsyncNotify:
    notice = draw(one_of(terms.CltuNotice))
    event = draw(COUNTS) if notice >= terms.CltuNotice.ACTION_LIST_COMPLETED else None
    states = (draw(one_of(terms.CltuProduction)), draw(one_of(terms.UplinkStatus)))
    return pdus.AsyncNotify(notice, draw(last_processed()), draw(last_ok()), *states, event, draw(credentials()))


def values(name: sle.ParameterName, version: int) -> Any:
    by_name = {
        "ACQUISITION_SEQUENCE_LENGTH": st.integers(0, 65535), "BIT_LOCK_REQUIRED": one_of(terms.YesNo),
        "CLCW_GLOBAL_VCID": gvcids() if version < 5 else st.none() | gvcids(),
        "CLCW_PHYSICAL_CHANNEL": PHYSICAL if version < 5 else st.none() | PHYSICAL,
        "DELIVERY_MODE": st.just(sle.DeliveryMode.FORWARD_ONLINE), "EXPECTED_SLDU_ID": COUNTS,
        "EXPECTED_EVENT_INVOCATION_ID": COUNTS, "MAXIMUM_SLDU_LENGTH": st.integers(12, 4096), "MINIMUM_DELAY_TIME": COUNTS,
        "MIN_REPORTING_CYCLE": SHORT, "MODULATION_FREQUENCY": LONG, "MODULATION_INDEX": SHORT,
        "NOTIFICATION_MODE": one_of(terms.NotificationMode), "PLOP1_IDLE_SEQUENCE_LENGTH": st.integers(0, 65535),
        "PLOP_IN_EFFECT": one_of(terms.Plop), "PROTOCOL_ABORT_MODE": one_of(terms.ProtocolAbortMode),
        "REPORTING_CYCLE": st.none() | SHORT, "RETURN_TIMEOUT_PERIOD": st.integers(1, 600), "RF_AVAILABLE_REQUIRED": one_of(terms.YesNo),
        "SUBCARRIER_TO_BIT_RATE_RATIO": SHORT,
    }  # fmt: skip
    return by_name[name.name]


@st.composite
def answers(draw: Any, version: int) -> GetParameterReturn:
    name = draw(one_of(sorted(sle.known_parameters(sle.ServiceType.FCLTU, version))))
    assert name in VALUES
    result = Parameter(name, draw(values(name, version)))
    return GetParameterReturn(draw(INVOKE_IDS), draw(st.just(result) | one_of(sle.GetParameterDiagnostic)), draw(credentials()))


@st.composite
def reports(draw: Any) -> pdus.CltuStatusReport:
    states = (draw(one_of(terms.CltuProduction)), draw(one_of(terms.UplinkStatus)))
    counts = [draw(COUNTS) for _ in range(4)]
    return pdus.CltuStatusReport(draw(last_processed()), draw(last_ok()), *states, *counts, draw(credentials()))


def a_cltu_pdu(version: int) -> Any:
    """Return a strategy of every PDU that the service has of its own."""
    secret = credentials()
    refused = st.none() | one_of(terms.TransferDiagnostic)
    not_thrown = st.none() | one_of(terms.ThrowEventDiagnostic)
    return st.one_of(
        st.builds(pdus.CltuStart, INVOKE_IDS, COUNTS, secret),
        starts_returned(),
        transfers(),
        st.builds(pdus.CltuTransferDataReturn, INVOKE_IDS, COUNTS, COUNTS, refused, secret),
        st.builds(pdus.ThrowEvent, INVOKE_IDS, COUNTS, SHORT, st.binary(min_size=1, max_size=1024), secret),
        st.builds(pdus.ThrowEventReturn, INVOKE_IDS, COUNTS, not_thrown, secret),
        notifications(),
        reports(),
        answers(version),
    )
