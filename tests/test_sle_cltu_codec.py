"""Forward CLTU codec against recorded sessions of an independent client and codec, and that client's own ASN.1 definitions."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.sle import (
    CltuNotice,
    CltuProduction,
    GetParameterReturn,
    Gvcid,
    Parameter,
    ParameterName,
    ServiceType,
    UplinkStatus,
    decode,
    encode,
    known_parameters,
    supports,
)
from aelita.sle.cltu_pdus import AsyncNotify, CltuStart, CltuTransferData, LastProcessed, ThrowEvent
from aelita.sle.cltu_terms import RadiationNotification
from sle_cltu_strategies import a_cltu_pdu
from sle_cltu_vectors import cltu_fields, recorded_cltu, wanted_fields

FCLTU = ServiceType.FCLTU
VERSIONS = range(1, 6)


def test_every_recorded_pdu_decodes_to_its_fields() -> None:
    assert len(recorded_cltu()) == 176
    for entry in recorded_cltu():
        assert cltu_fields(decode(entry.octets, FCLTU, entry.version)) == wanted_fields(entry), entry.label


def test_every_recorded_pdu_is_encoded_to_its_octets() -> None:
    for entry in recorded_cltu():
        assert encode(decode(entry.octets, FCLTU, entry.version), FCLTU, entry.version) == entry.octets, entry.label


@pytest.mark.parametrize("version", [2, 3, 4])
def test_what_all_versions_have_is_written_alike(version: int) -> None:
    for entry in recorded_cltu():
        if "GetParameterReturn" not in entry.name and "Bind" not in entry.name:
            assert encode(decode(entry.octets, FCLTU, version), FCLTU, version) == entry.octets, entry.label


def refused_or_read(octets: bytes, version: int = 5) -> bool:
    try:
        decode(octets, FCLTU, version)
    except DataError as error:
        assert error.where.startswith("octet ") and error.remedy
        return True
    return False


def test_a_pdu_cut_at_any_octet_is_refused() -> None:
    for octets in {entry.octets for entry in recorded_cltu()}:
        for length in range(len(octets)):
            assert refused_or_read(octets[:length])
        assert refused_or_read(octets + b"\0")


def test_a_pdu_with_any_octet_changed_is_read_or_refused() -> None:
    for octets in sorted({entry.octets for entry in recorded_cltu()})[::3]:
        for place in range(len(octets)):
            for value in (0x00, 0x7F, 0x80, 0xFF, octets[place] ^ 0x20):
                changed = bytearray(octets)
                changed[place] = value
                refused_or_read(bytes(changed))


@given(st.binary(max_size=80), st.sampled_from(VERSIONS))
@settings(max_examples=200, deadline=None)
def test_random_octets_are_read_or_refused(octets: bytes, version: int) -> None:
    refused_or_read(octets, version)


@given(st.data(), st.sampled_from(VERSIONS))
@settings(max_examples=150, deadline=None)
def test_whatever_is_encoded_decodes_to_itself(data: Any, version: int) -> None:
    pdu = data.draw(a_cltu_pdu(version))
    assert decode(encode(pdu, FCLTU, version), FCLTU, version) == pdu


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_the_independent_client_reads_and_writes_the_same_octets(data: Any) -> None:
    pytest.importorskip("sle")
    from pyasn1.codec.ber.encoder import encode as asn1_encode
    from pyasn1.codec.der.decoder import decode as asn1_decode
    from sle.datatypes import cltu_pdu

    pdu = data.draw(a_cltu_pdu(5))
    octets = encode(pdu, FCLTU, 5)
    from_user = isinstance(pdu, CltuStart | CltuTransferData | ThrowEvent)
    spec = cltu_pdu.CltuUserToProviderPdu() if from_user else cltu_pdu.CltuProviderToUserPdu()
    theirs, rest = asn1_decode(octets, asn1Spec=spec)
    assert not rest and asn1_encode(theirs) == octets


TRANSFER = CltuTransferData(1, 0, None, None, 0, RadiationNotification.PRODUCE, b"\xeb\x90")
NOTIFY = (None, None, CltuProduction.OPERATIONAL, UplinkStatus.NOMINAL)


@pytest.mark.parametrize(
    ("pdu", "place"),
    [
        (CltuStart(1, 2**32), "CltuStart.first_cltu"),
        (CltuStart(65536, 0), "CltuStart.invoke_id"),
        (CltuTransferData(1, -1, None, None, 0, RadiationNotification.PRODUCE, b"x"), "CltuTransferData.cltu_id"),
        (CltuTransferData(1, 0, None, None, 2**32, RadiationNotification.PRODUCE, b"x"), "CltuTransferData.delay_us"),
        (CltuTransferData(1, 0, None, None, 0, RadiationNotification.PRODUCE, b""), "CltuTransferData.data"),
        (CltuTransferData(1, 0, None, None, 0, RadiationNotification.PRODUCE, bytes(65537)), "CltuTransferData.data"),
        (CltuTransferData(1, 0, 2**63 - 1, None, 0, RadiationNotification.PRODUCE, b"x"), "CltuTransferData.earliest"),
        (ThrowEvent(1, 0, 0, b"x"), "ThrowEvent.event"),
        (ThrowEvent(1, 0, 1, bytes(1025)), "ThrowEvent.qualifier"),
        (AsyncNotify(CltuNotice.RADIATED, *NOTIFY, event_invocation=3), "AsyncNotify.notice"),
        (AsyncNotify(CltuNotice.ACTION_LIST_COMPLETED, *NOTIFY), "AsyncNotify.notice"),
        (AsyncNotify(CltuNotice.RADIATED, LastProcessed(0, None, 6), *NOTIFY[1:]), "LastProcessed.status"),
        (GetParameterReturn(1, Parameter(ParameterName.MAXIMUM_SLDU_LENGTH, 4097)), "Parameter.value"),
        (GetParameterReturn(1, Parameter(ParameterName.CLCW_PHYSICAL_CHANNEL, "x" * 33)), "Parameter.value"),
    ],
)
def test_a_value_that_the_standard_forbids_is_named(pdu: Any, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        encode(pdu, FCLTU, 5)
    assert caught.value.where == place


def test_versions_have_the_parameters_that_they_know() -> None:
    assert [len(known_parameters(FCLTU, version)) for version in VERSIONS] == [12, 12, 12, 19, 20]
    assert known_parameters(FCLTU, 5) - known_parameters(FCLTU, 4) == {ParameterName.MIN_REPORTING_CYCLE}
    assert supports(FCLTU, 1) and not supports(FCLTU, 6)
    longest = GetParameterReturn(1, Parameter(ParameterName.MAXIMUM_SLDU_LENGTH, 4098))
    assert decode(encode(longest, FCLTU, 3), FCLTU, 3) == longest


def test_channel_of_clcws_is_read_plain_and_chosen() -> None:
    channel = Gvcid(672, 0, 1)
    told = GetParameterReturn(1, Parameter(ParameterName.CLCW_GLOBAL_VCID, channel))
    plain, chosen = encode(told, FCLTU, 4), encode(told, FCLTU, 5)
    assert plain != chosen
    for octets in (plain, chosen):
        for version in (4, 5):
            assert decode(octets, FCLTU, version) == told


def test_status_of_a_sloppy_peer_is_read_as_a_number() -> None:
    told = AsyncNotify(CltuNotice.BUFFER_EMPTY, LastProcessed(0, None, 3), *NOTIFY[1:])
    assert decode(encode(told, FCLTU, 5), FCLTU, 5) == told
