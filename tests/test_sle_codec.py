"""SLE codec against recorded sessions of an independent client and codec, and against that client's own ASN.1 definitions."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber.encoder import encode as asn1_encode
from pyasn1.codec.der.decoder import decode as asn1_decode
from sle.datatypes import raf_pdu, rcf_pdu

from aelita.errors import DataError, UsageError
from aelita.sle import (
    UNDEFINED,
    AnnotatedFrame,
    Bind,
    BindAccepted,
    BindDiagnostic,
    BindReturn,
    ControlWordType,
    Credentials,
    FrameQuality,
    GetParameter,
    GetParameterReturn,
    Gvcid,
    OcfSelection,
    Parameter,
    ParameterName,
    PeerAbort,
    PeerAbortDiagnostic,
    ReportRequest,
    ScheduleStatusReport,
    ServiceType,
    Start,
    StartReturn,
    Stop,
    TransferBuffer,
    Unbind,
    decode,
    encode,
    known_parameters,
    supports,
)
from shared import shared
from sle_pdus import a_pdu, credentials, instants
from sle_vectors import bare_parameter, fields_of, recorded, without_arcs

RAF, RCF, ROCF = ServiceType.RAF, ServiceType.RCF, ServiceType.ROCF
VERSIONS = range(1, 6)


def expected_fields(entry: Any) -> Any:
    fields = bare_parameter(without_arcs(entry.fields))
    if isinstance(fields, dict):
        return {("parameter" if name.endswith("Parameter") else name): value for name, value in fields.items()}
    return fields


def test_every_recorded_pdu_decodes_to_its_fields() -> None:
    assert len(recorded()) > 380
    for entry in recorded():
        pdu = decode(entry.octets, entry.service, entry.version)
        assert fields_of(pdu) == expected_fields(entry), entry.label


def test_every_recorded_pdu_is_encoded_to_its_octets() -> None:
    for entry in recorded():
        pdu = decode(entry.octets, entry.service, entry.version)
        assert encode(pdu, entry.service, entry.version) == entry.octets, entry.label


def test_recorded_association_pdus_are_read_before_the_service_is_known() -> None:
    forward = json.loads(shared("data/vectors/sle_cltu_sessions.json").read_text())
    messages = [bytes.fromhex(e["tml_hex"])[8:] for session in forward for e in session["exchange"] if e.get("kind") == "pdu"]
    binds = [decode(octets) for octets in messages if octets[:2] == bytes.fromhex("bf64")]
    binds += [decode(entry.octets) for entry in recorded() if entry.name.endswith("BindInvocation")]
    assert len(binds) >= 10
    assert {bind.service_type for bind in binds} == {RAF, RCF, ROCF, ServiceType.FCLTU}
    start = next(entry for entry in recorded() if "StartInvocation" in entry.name)
    with pytest.raises(DataError, match="octet 0"):
        decode(start.octets)


@cache
def distinct() -> dict[bytes, tuple[ServiceType, int]]:
    return {entry.octets: (entry.service, entry.version) for entry in recorded()}


def refused_or_read(octets: bytes, service: ServiceType | None, version: int) -> bool:
    try:
        decode(octets, service, version)
    except DataError as error:
        assert error.where.startswith("octet ") and error.remedy
        return True
    return False


def test_a_pdu_cut_at_any_octet_is_refused() -> None:
    for octets, (service, version) in distinct().items():
        for length in range(len(octets)):
            assert refused_or_read(octets[:length], service, version)
        assert refused_or_read(octets + b"\0", service, version)


def test_a_pdu_with_any_octet_changed_is_read_or_refused() -> None:
    for octets, (service, version) in list(distinct().items())[::3]:
        for place in range(len(octets)):
            for value in (0x00, 0x7F, 0x80, 0xFF, octets[place] ^ 0x20):
                changed = bytearray(octets)
                changed[place] = value
                refused_or_read(bytes(changed), service, version)


@given(st.binary(max_size=80), st.sampled_from([None, RAF, RCF, ROCF]), st.sampled_from(VERSIONS))
@settings(max_examples=300, deadline=None)
def test_random_octets_are_read_or_refused(octets: bytes, service: ServiceType | None, version: int) -> None:
    refused_or_read(octets, service, version)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xa8",
        b"\xa8\x80",  # indefinite length
        b"\xa8\x80\x00\x00",
        b"\xa8\x85\x00\x00\x00\x00\x00",  # a length of five octets
        b"\xa8\x84\xff\xff\xff\xff" + bytes(10),
        b"\xa8\x84\x7f\xff\xff\xff",
        b"\xa0\x80" * 50_000,
        b"\x30\x82\xff\xff" * 20_000,
        b"\xbf\xff\xff\xff\x7f\x00",
        bytes.fromhex("a2078000020301ffff"),  # an invoke id of 131071
        bytes.fromhex("a206800002020001"),  # an integer that is not minimal
        bytes.fromhex("a2068000020a") + bytes(10),  # an integer of ten octets
        bytes.fromhex("a2048000" + "0200"),  # an integer of none
        bytes.fromhex("a206800100020101"),  # a NULL with content
        bytes.fromhex("a20b8106000000000000" + "020101"),  # credentials of six octets
    ],
)
def test_hostile_octets_are_refused_at_once(octets: bytes) -> None:
    for service in (None, RAF, RCF, ROCF):
        assert refused_or_read(octets, service, 5)


def test_more_elements_than_a_buffer_holds_are_refused() -> None:
    element = bytes.fromhex("a10480008200")
    octets = b"\xa8\x83" + (200_000 * len(element)).to_bytes(3) + 200_000 * element
    with pytest.raises(DataError, match="65537 or more elements"):
        decode(octets, RAF, 5)


@given(st.data(), st.sampled_from([RAF, RCF, ROCF]), st.sampled_from(VERSIONS))
@settings(max_examples=80, deadline=None)
def test_whatever_is_encoded_decodes_to_itself(data: Any, service: ServiceType, version: int) -> None:
    pdu = data.draw(a_pdu(service, version))
    octets = encode(pdu, service, version)
    assert decode(octets, service, version) == pdu


SPECS = {
    RAF: (raf_pdu.RafUserToProviderPdu, raf_pdu.RafProviderToUserPdu),
    RCF: (rcf_pdu.RcfUserToProviderPdu, rcf_pdu.RcfProviderToUserPdu),
}


@given(st.data(), st.sampled_from([RAF, RCF]))
@settings(max_examples=60, deadline=None)
def test_the_independent_client_reads_and_writes_the_same_octets(data: Any, service: ServiceType) -> None:
    pdu = data.draw(a_pdu(service, 5))
    octets = encode(pdu, service, 5)
    user, provider = SPECS[service]
    from_user = isinstance(pdu, Bind | Unbind | Start | Stop | ScheduleStatusReport | GetParameter)
    theirs, rest = asn1_decode(octets, asn1Spec=(user if from_user else provider)())
    assert not rest
    again = asn1_encode(theirs)
    if isinstance(pdu, GetParameterReturn):  # a SET OF may be written in another order
        assert decode(again, service, 5).invoke_id == pdu.invoke_id and sorted(again) == sorted(octets)
    else:
        assert again == octets


@given(st.integers(0, 65535), st.integers(0, 2), st.one_of(st.none(), st.binary(min_size=8, max_size=256)))
@settings(max_examples=40, deadline=None)
def test_a_start_written_by_the_independent_client_is_read(invoke_id: int, quality: int, secret: bytes | None) -> None:
    theirs = raf_pdu.RafUserToProviderPdu()
    start = theirs["rafStartInvocation"]
    if secret is None:
        start["invokerCredentials"]["unused"] = None
    else:
        start["invokerCredentials"]["used"] = secret
    start["invokeId"] = invoke_id
    start["startTime"]["undefined"] = None
    start["stopTime"]["known"]["ccsdsFormat"] = bytes.fromhex("6246000003e80001")
    start["requestedFrameQuality"] = quality
    stop = (25158 - 4383) * 86400 * 10**9 + 37 * 10**9 + 10**9 + 1000
    wanted = Start(invoke_id, None, stop, FrameQuality(quality), None if secret is None else Credentials(secret))
    assert decode(asn1_encode(theirs), RAF, 5) == wanted


def test_version_1_writes_the_old_arc_and_both_arcs_are_read() -> None:
    bind = Bind("USER-1", "PORT", RAF, 1, "sagr=A.B.spack=C=D.rsl-fg=1.raf=onlt1")
    old, new = encode(bind, RAF, 1), encode(bind, RAF, 2)
    assert bytes.fromhex("06062a0009050216") in old and bytes.fromhex("06072b7004030102" + "16") in new
    assert decode(old) == decode(new) == bind


def test_a_service_instance_identifier_that_its_text_cannot_tell_is_refused() -> None:
    good = encode(Bind("USER-1", "PORT", RAF, 5, "sagr=1xraf=2.raf=onlt1"), None, 5)
    assert refused_or_read(good.replace(b"1xraf=2", b"1.raf=2"), None, 5)
    assert refused_or_read(good.replace(bytes.fromhex("2b7004030102" + "16"), bytes.fromhex("2b7004030102" + "17")), None, 5)


def test_numbers_without_a_name_stay_numbers() -> None:
    assert decode(encode(GetParameter(1, 999), RAF, 5), RAF, 5) == GetParameter(1, 999)
    assert decode(encode(StartReturn(1, 44), RAF, 5), RAF, 5) == StartReturn(1, 44)
    assert decode(encode(PeerAbort(250), None, 5)) == PeerAbort(250)
    assert decode(encode(BindReturn("PROV", BindDiagnostic.ALREADY_BOUND), None, 5)).result is BindDiagnostic.ALREADY_BOUND
    assert decode(encode(PeerAbort(PeerAbortDiagnostic.HEARTBEAT_RECEIVE_TIMEOUT), None, 5)).diagnostic == 132
    assert decode(encode(Bind("USER-1", "P", 99, 77, "sagr=1.raf=onlt1"), None, 5)).service_type == 99


def test_a_reporting_cycle_out_of_range_is_read_for_the_provider_to_refuse() -> None:
    wanted = ScheduleStatusReport(7, ReportRequest.PERIODICALLY, 100_000)
    assert decode(encode(wanted, RCF, 5), RCF, 5) == wanted


@pytest.mark.parametrize(
    ("pdu", "service", "place"),
    [
        (Stop(65536), RAF, "Stop.invoke_id"),
        (Start(1, None, None, Gvcid(1, 0)), RAF, "Start.request"),
        (Start(1, None, None, FrameQuality.ALL_FRAMES), RCF, "Start.request"),
        (Start(1, None, None, FrameQuality.UNDEFINED), RAF, "Start.request"),
        (Start(1, 2**63 - 1, None, FrameQuality.ALL_FRAMES), RAF, "Start.start"),
        (Start(1, None, None, Gvcid(1024, 0)), RCF, "Gvcid.spacecraft"),
        (Start(1, None, None, OcfSelection(Gvcid(1, 0), ControlWordType.NOT_CLCW, 3)), ROCF, "OcfSelection.control_words"),
        (Bind("AB", "PORT", RAF, 5, "sagr=1.raf=onlt1"), RAF, "Bind.initiator"),
        (Bind("A B C", "PORT", RAF, 5, "sagr=1.raf=onlt1"), RAF, "Bind.initiator"),
        (Bind("USER-1", "PORT", RAF, 5, "nonsense"), RAF, "Bind.service_instance"),
        (BindReturn("PROVIDER", BindAccepted(0)), RAF, "BindReturn.result"),
        (Stop(1, Credentials(b"short")), RAF, "Stop.credentials"),
        (TransferBuffer((AnnotatedFrame(0, b"A", -2, b"x"),)), RCF, "AnnotatedFrame.continuity"),
        (TransferBuffer((AnnotatedFrame(0, b"A" * 17, 0, b"x"),)), RCF, "AnnotatedFrame.antenna"),
        (TransferBuffer((AnnotatedFrame(0, b"A", 0, b"x"),)), RAF, "AnnotatedFrame.quality"),
    ],
)
def test_a_value_that_the_standard_forbids_is_named(pdu: Any, service: ServiceType, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        encode(pdu, service, 5)
    assert caught.value.where == place


def test_pdus_and_services_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UsageError, match="no PDU of RCF version 5"):
        encode(decode(bytes.fromhex("a9178000020103020104020100020100020102020100020100"), RAF, 5), RCF, 5)
    with pytest.raises(UsageError, match="not supported"):
        decode(b"", ServiceType.FORWARD_TC_FRAME, 5)
    assert supports(ROCF, 1) and not supports(RAF, 6) and not supports(99, 5)


def test_parameters_by_version() -> None:
    name = ParameterName
    assert known_parameters(RAF, 5) - known_parameters(RAF, 4) == {name.PERMITTED_FRAME_QUALITY, name.MIN_REPORTING_CYCLE}
    assert len(known_parameters(RCF, 5)) == 8 and len(known_parameters(ROCF, 5)) == 14 and len(known_parameters(ROCF, 2)) == 13


def returned(octets: str, service: ServiceType, version: int) -> Any:
    got = decode(bytes.fromhex(octets), service, version)
    assert isinstance(got, GetParameterReturn) and isinstance(got.result, Parameter)
    return got.result.value


def test_forms_of_other_versions_are_read_where_their_tags_tell() -> None:
    group = "300f020202a0020100a106020100020101"
    for outer in ("30", "31"):
        for version in (4, 5):
            assert returned(f"a71f8000020105a018a316020118{outer}11{group}", RCF, version)[0].channels == (0, 1)
    for version in (4, 5):
        assert returned("a70e8000020105a007a50502011c8100", RCF, version) is UNDEFINED
        assert returned("a7188000020105a011a50f02011c300a020202a0020100810101", RCF, version) == Gvcid(672, 0, 1)
        assert returned("a7188000020105a011a50f02011ca00a020202a0020100810101", RCF, version) == Gvcid(672, 0, 1)


def test_an_undefined_telecommand_channel_of_version_4() -> None:
    for value in (UNDEFINED, None, 3):
        pdu = GetParameterReturn(5, Parameter(ParameterName.REQUESTED_TC_VCID, value))
        assert decode(encode(pdu, ROCF, 4), ROCF, 4) == pdu
    with pytest.raises(UsageError):
        encode(GetParameterReturn(5, Parameter(ParameterName.REQUESTED_TC_VCID, UNDEFINED)), ROCF, 5)


@given(instants(), credentials())
@settings(max_examples=50, deadline=None)
def test_times_keep_their_resolution(instant: tuple[int, int | None], secret: Credentials | None) -> None:
    tai_ns, ps = instant
    frame = AnnotatedFrame(tai_ns, (1, 3, 112), 0, b"data", None, None, secret, ps)
    octets = encode(TransferBuffer((frame,)), RCF, 5)
    assert decode(octets, RCF, 5) == TransferBuffer((frame,))


def test_microseconds_cut_the_nanoseconds() -> None:
    frame = AnnotatedFrame(10**18 + 1999, b"A", 0, b"x")
    read = decode(encode(TransferBuffer((frame,)), RCF, 5), RCF, 5)
    assert read.elements[0].received_at == 10**18 + 1000
