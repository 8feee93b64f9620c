"""Hypothesis strategies of SLE PDUs of every service and version."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from aelita import sle
from aelita.sle import ParameterName, ServiceType

FIRST_TAI_NS, LAST_TAI_NS = -378_691_190 * 10**9, 5_283_000_000 * 10**9
VISIBLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
INVOKE_IDS = st.integers(0, 65535)
VCIDS = st.integers(0, 63)
COUNTS = st.integers(0, 2**32 - 1)


@cache
def credentials() -> Any:
    return st.none() | st.builds(sle.Credentials, st.binary(min_size=8, max_size=64))


@st.composite
def instants(draw: Any) -> tuple[int, int | None]:
    """Draw TAI nanoseconds and picoseconds, whole microseconds when the format has no more."""
    tai_ns = draw(st.integers(FIRST_TAI_NS, LAST_TAI_NS))
    ps = draw(st.none() | st.integers(0, 999))
    return (tai_ns // 1000 * 1000 if ps is None else tai_ns), ps


@cache
def enum(names: Any, most: int) -> Any:
    return st.sampled_from([one for one in names if one <= most])


@cache
def gvcids() -> Any:
    return st.builds(sle.Gvcid, st.integers(0, 1023), st.integers(0, 3), st.none() | VCIDS)


@cache
def gvcid_sets() -> Any:
    channels = st.none() | st.lists(VCIDS, max_size=4).map(tuple)
    return st.lists(st.builds(sle.GvcidSet, st.integers(0, 1023), st.integers(0, 3), channels), max_size=3).map(tuple)


@cache
def requests(service: ServiceType) -> Any:
    if service is ServiceType.RAF:
        return enum(sle.FrameQuality, 2)
    if service is ServiceType.RCF:
        return gvcids()
    clcw = st.tuples(st.just(sle.ControlWordType.CLCW), st.none() | VCIDS)
    others = st.tuples(st.sampled_from([sle.ControlWordType.ALL_CONTROL_WORDS, sle.ControlWordType.NOT_CLCW]), st.none())
    return st.builds(
        lambda channel, words, mode: sle.OcfSelection(channel, *words, mode), gvcids(), clcw | others, enum(sle.UpdateMode, 1)
    )


@st.composite
def starts(draw: Any, service: ServiceType) -> sle.Start:
    (start, start_ps), (stop, stop_ps) = (draw(st.just((None, None)) | instants()) for _ in range(2))
    return sle.Start(draw(INVOKE_IDS), start, stop, draw(requests(service)), draw(credentials()), start_ps, stop_ps)


@st.composite
def elements(draw: Any, service: ServiceType) -> Any:
    secret = draw(credentials())
    if draw(st.integers(0, 3)) == 0:
        at, at_ps = draw(instants())
        locks = [draw(st.sampled_from([0, 1, 3]).map(sle.LockStatus)) for _ in range(3)]
        loss = sle.LossOfFrameSync(at, *locks, at_ps)
        change = st.builds(sle.ProductionStatusChange, st.sampled_from(sle.ProductionStatus))
        others = st.sampled_from([loss, sle.ExcessiveBacklog(), sle.EndOfData()])
        return sle.SyncNotification(draw(others | change), secret)
    tai_ns, ps = draw(instants())
    antenna = draw(st.binary(min_size=1, max_size=16) | st.just((1, 3, 112, 4, 99999)) | st.just((2, 999, 3)))
    continuity = draw(st.integers(-1, 2**24 - 1))
    annotation = draw(st.none() | st.binary(min_size=1, max_size=128))
    if service is ServiceType.ROCF:
        data = draw(st.binary(min_size=4, max_size=4))
        return sle.AnnotatedOcf(tai_ns, antenna, continuity, data, annotation, secret, ps)
    quality = draw(st.sampled_from(sle.DeliveredQuality)) if service is ServiceType.RAF else None
    data = draw(st.binary(min_size=1, max_size=300))
    return sle.AnnotatedFrame(tai_ns, antenna, continuity, data, quality, annotation, secret, ps)


@cache
def parameter_values(name: ParameterName, service: ServiceType, version: int) -> Any:
    shorts = st.integers(1, 600)
    undefined = st.just(sle.UNDEFINED) if service is ServiceType.RCF or version < 5 else st.nothing()
    return {
        ParameterName.BUFFER_SIZE: shorts,
        ParameterName.DELIVERY_MODE: enum(sle.DeliveryMode, 2),
        ParameterName.LATENCY_LIMIT: st.none() | shorts,
        ParameterName.PERMITTED_GVCID_SET: gvcid_sets(),
        ParameterName.REPORTING_CYCLE: st.none() | st.integers(2, 600),
        ParameterName.REQUESTED_FRAME_QUALITY: enum(sle.FrameQuality, 2),
        ParameterName.REQUESTED_GVCID: gvcids() | undefined,
        ParameterName.RETURN_TIMEOUT_PERIOD: shorts,
        ParameterName.PERMITTED_CONTROL_WORD_TYPE_SET: st.lists(enum(sle.ControlWordType, 2), max_size=3).map(tuple),
        ParameterName.PERMITTED_TC_VCID_SET: st.none() | st.lists(VCIDS).map(tuple),
        ParameterName.PERMITTED_UPDATE_MODE_SET: st.lists(enum(sle.UpdateMode, 1), max_size=2).map(tuple),
        ParameterName.REQUESTED_CONTROL_WORD_TYPE: enum(sle.ControlWordType, 3),
        ParameterName.REQUESTED_TC_VCID: st.none() | VCIDS | (undefined if version < 5 else st.nothing()),
        ParameterName.REQUESTED_UPDATE_MODE: enum(sle.UpdateMode, 3),
        ParameterName.MIN_REPORTING_CYCLE: shorts,
        ParameterName.PERMITTED_FRAME_QUALITY: st.sets(enum(sle.FrameQuality, 2), min_size=1).map(sorted).map(tuple),
    }[name]


@st.composite
def got_parameters(draw: Any, service: ServiceType, version: int) -> sle.GetParameterReturn:
    name = draw(st.sampled_from(sorted(sle.known_parameters(service, version))))
    value = draw(parameter_values(name, service, version))
    result = draw(st.just(sle.Parameter(name, value)) | st.sampled_from(sle.GetParameterDiagnostic))
    return sle.GetParameterReturn(draw(INVOKE_IDS), result, draw(credentials()))


@cache
def status_reports(service: ServiceType) -> Any:
    kind, counters = {
        ServiceType.RAF: (sle.RafStatusReport, 2),
        ServiceType.RCF: (sle.RcfStatusReport, 1),
        ServiceType.ROCF: (sle.RocfStatusReport, 2),
    }[service]
    lock = st.sampled_from([sle.LockStatus.IN_LOCK, sle.LockStatus.OUT_OF_LOCK, sle.LockStatus.UNKNOWN])
    return st.builds(kind, *[COUNTS] * counters, lock, lock, lock, lock, st.sampled_from(sle.ProductionStatus), credentials())


@cache
def a_pdu(service: ServiceType, version: int) -> Any:
    """Return a strategy of every PDU of a service and version."""
    names, ports = st.text(VISIBLE, min_size=3, max_size=16), st.text(VISIBLE, min_size=1, max_size=40)
    refused = lambda names: st.none() | st.sampled_from(names)  # noqa: E731
    result = st.builds(sle.BindAccepted, st.integers(1, 65535)) | st.sampled_from(sle.BindDiagnostic)
    schedule = st.sampled_from([(0, None), (2, None)]) | st.tuples(st.just(1), st.integers(2, 600))
    instance = st.integers(1, 999).map(lambda n: f"sagr={n}.spack=P-{n}.rsl-fg=1.{service.name.lower()}=onlc{n}")
    return st.one_of(
        st.builds(sle.Bind, names, ports, st.just(service), st.just(version), instance, credentials()),
        st.builds(sle.BindReturn, names, result, credentials()),
        st.builds(sle.Unbind, st.sampled_from(sle.UnbindReason), credentials()),
        st.builds(sle.UnbindReturn, credentials()),
        st.builds(sle.PeerAbort, st.sampled_from(sle.PeerAbortDiagnostic)),
        starts(service),
        st.builds(sle.StartReturn, INVOKE_IDS, refused(sle.StartDiagnostic), credentials()),
        st.builds(sle.Stop, INVOKE_IDS, credentials()),
        st.builds(sle.StopReturn, INVOKE_IDS, refused(sle.Diagnostic), credentials()),
        st.builds(
            lambda invoke_id, what, secret: sle.ScheduleStatusReport(invoke_id, sle.ReportRequest(what[0]), what[1], secret),
            INVOKE_IDS,
            schedule,
            credentials(),
        ),
        st.builds(sle.ScheduleStatusReportReturn, INVOKE_IDS, refused(sle.ScheduleDiagnostic), credentials()),
        st.builds(sle.GetParameter, INVOKE_IDS, st.sampled_from(sorted(sle.known_parameters(service, version))), credentials()),
        got_parameters(service, version),
        st.builds(sle.TransferBuffer, st.lists(elements(service), max_size=4).map(tuple)),
        status_reports(service),
    )
