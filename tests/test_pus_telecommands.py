"""Telecommand packets against those of independent packages, and against every single-bit error."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacepackets.ecss import PusTc
from spacepackets.ecss import RequestId as PeerRequestId

from aelita.errors import DefinitionError, UsageError
from aelita.octets import crc16, iso_checksum
from aelita.pus import (
    ACCEPTANCE_CODES,
    Acknowledge,
    Activity,
    AreYouAlive,
    ChangeIntervals,
    ControlEvents,
    ControlSchedule,
    InsertActivities,
    PacketError,
    RequestId,
    StructureInterval,
    StructuresRequest,
    Telecommand,
    TelecommandLayout,
    Widths,
    decode_request,
    decode_telecommand,
    encode_request,
    encode_telecommand,
)
from shared import shared


def test_packets_of_an_independent_package() -> None:
    tested = Counter[str]()
    for v in json.loads(shared("data/vectors/pus_packets.json").read_text())["vectors"]:
        if v["kind"] != "TC":
            continue
        packet, data = bytes.fromhex(v["packet_hex"]), bytes.fromhex(v["data_hex"])
        source = v["source_id"].to_bytes(2) if v["pus"] == "C" else bytes.fromhex(v["source_id_hex"])
        layout = TelecommandLayout(v["pus"], len(source))
        telecommand = decode_telecommand(packet, layout)
        assert telecommand == Telecommand(
            v["apid"], v["seq"], v["service"], v["subtype"], data, int.from_bytes(source), Acknowledge(v["ack"])
        )
        assert encode_telecommand(telecommand, layout) == packet
        if v["pus"] == "C":
            assert telecommand.request_id.encode().hex() == v["request_id_hex"]
        tested[v["pus"]] += 1
    assert tested == {"A": 56, "C": 56}


def test_published_checksums() -> None:
    vectors = json.loads(shared("data/vectors/ecss_checksums.json").read_text())["vectors"]
    assert len(vectors) == 10
    for v in vectors:
        octets = bytes.fromhex(v["data_hex"])
        assert (f"{iso_checksum(octets):04x}", f"{crc16(octets):04x}") == (v["iso_hex"], v["crc_hex"])


SID = 0x4401001400000003
FSFW = Widths(count_octets=0, structure_octets=8, time_octets=4)  # a mission without counts: exactly one item a message
EVERY_400_MS = int.from_bytes(b"\x3e\xcc\xcc\xcd")  # a float there: this mission counts seconds
PING = "1842c00700062f1101000012d0"


@pytest.mark.parametrize(
    ("packet", "message"),
    [  # octets that the package tmtccmd 8.2.0 makes for its own mission's widths
        (PING, AreYouAlive()),
        ("1842c00800062f0b010000b81e", ControlSchedule("enable")),
        ("1842c00800062f0b020000e14e", ControlSchedule("disable")),
        ("1842c00800062f0b030000d67e", ControlSchedule("reset")),
        ("1842c00900172f0b04000065a1b2c3" + PING + "b68f", InsertActivities((Activity(0x65A1B2C3, bytes.fromhex(PING)),))),
        ("1800c000000e2f030500004401001400000003e74a", StructuresRequest("enable", False, (SID,))),
        ("1800c000000e2f03070000440100140000000347f9", StructuresRequest("enable", True, (SID,))),
        ("1800c000000e2f031b00004401001400000003e10d", StructuresRequest("generate", False, (SID,))),
        ("1800c00000122f031f000044010014000000033ecccccd5e77", ChangeIntervals(False, (StructureInterval(SID, EVERY_400_MS),))),
    ],
)
def test_requests_of_another_package(packet: str, message: object) -> None:
    octets = bytes.fromhex(packet)
    telecommand, found = decode_request(octets, TelecommandLayout(), FSFW)
    assert found == message
    request_id = telecommand.request_id
    made = encode_request(message, TelecommandLayout(), FSFW, apid=request_id.apid, sequence_count=request_id.sequence_count)
    assert made == octets


def test_requests_that_a_peer_reads() -> None:
    widths = Widths(event_octets=2)
    packet = encode_request(
        ControlEvents(False, (0x0102, 0x0304)), TelecommandLayout(), widths, apid=0x123, sequence_count=77, source=9,
        acknowledge=Acknowledge.ACCEPTANCE | Acknowledge.COMPLETION,
    )  # fmt: skip
    peer = PusTc.unpack(packet)
    assert (peer.service, peer.message_subtype, peer.apid, peer.seq_count, peer.source_id) == (5, 6, 0x123, 77, 9)
    assert peer.app_data == bytes.fromhex("0201020304") and peer.pus_tc_sec_header.ack_flags == 0b1001
    request_id = RequestId.of_packet(packet)
    assert request_id == RequestId.of_telecommand(0x123, 77) and str(request_id) == "291/77"
    assert request_id.word == PeerRequestId.from_sp_header(peer.sp_header).as_u32()
    assert {request_id: 1}[RequestId.decode(request_id.encode())] == 1


layouts = st.one_of(
    st.builds(TelecommandLayout, st.just("A"), st.integers(0, 2), st.integers(0, 3), st.sampled_from(["crc16", "iso", "none"])),
    st.builds(TelecommandLayout, st.just("C"), st.just(2), st.integers(0, 3), st.sampled_from(["crc16", "iso", "none"])),
)


@st.composite
def telecommands(draw: st.DrawFn) -> tuple[Telecommand, TelecommandLayout]:
    layout = draw(layouts)
    return Telecommand(
        draw(st.integers(0, 0x7FF)), draw(st.integers(0, 0x3FFF)), draw(st.integers(0, 255)), draw(st.integers(0, 255)),
        draw(st.binary(max_size=40)), draw(st.integers(0, (1 << 8 * layout.source_octets) - 1)),
        Acknowledge(draw(st.integers(0, 15))), draw(st.integers(0, 3)),
    ), layout  # fmt: skip


@given(telecommands())
def test_any_telecommand_comes_back(made: tuple[Telecommand, TelecommandLayout]) -> None:
    telecommand, layout = made
    packet = encode_telecommand(telecommand, layout)
    assert decode_telecommand(packet, layout) == telecommand
    assert RequestId.of_packet(packet) == telecommand.request_id


@given(telecommands(), st.data())
def test_every_damaged_bit_and_every_cut_is_refused(made: tuple[Telecommand, TelecommandLayout], data: st.DataObject) -> None:
    telecommand, layout = made
    packet = encode_telecommand(telecommand, layout)
    cut = data.draw(st.integers(0, len(packet) - 1))
    with pytest.raises(PacketError) as caught:
        decode_telecommand(packet[:cut], layout)
    assert caught.value.reason == "invalid length" and caught.value.code == 1
    bit = data.draw(st.integers(0, len(packet) * 8 - 1))
    damaged = bytearray(packet)
    damaged[bit // 8] ^= 0x80 >> bit % 8
    if layout.checksum == "none":
        return
    with pytest.raises(PacketError) as caught:
        decode_telecommand(bytes(damaged), layout)
    assert caught.value.reason == ("invalid length" if bit // 8 in (4, 5) else "incorrect checksum")


@given(st.binary(max_size=60), layouts)
def test_any_octets_are_a_telecommand_or_a_reason(octets: bytes, layout: TelecommandLayout) -> None:
    try:
        telecommand = decode_telecommand(octets, layout)
    except PacketError as error:
        assert error.reason in ACCEPTANCE_CODES and str(error)
    else:
        assert RequestId.of_packet(octets) == telecommand.request_id


def changed(position: int, value: int) -> bytes:
    """A ping with one octet changed and a right checksum."""
    octets = bytearray(bytes.fromhex(PING))
    octets[position] = value
    return bytes(octets[:-2]) + crc16(bytes(octets[:-2])).to_bytes(2)


@pytest.mark.parametrize(
    ("packet", "reason", "says"),
    [
        (b"", "invalid length", "0 octets hold no telecommand"),
        (bytes.fromhex(PING)[:6], "invalid length", "6 octets hold no telecommand"),
        (bytes.fromhex(PING) + b"\0", "invalid length", "has 14 octets, announces 13"),
        (bytes.fromhex(PING)[:-1] + b"\0", "incorrect checksum", "crc16 checksum does not agree"),
        (changed(0, 0x08), "illegal header", "packet id 0842"),
        (changed(0, 0x38), "illegal header", "packet id 3842"),
        (changed(0, 0x10), "illegal header", "packet id 1042"),
        (changed(6, 0x1F), "illegal header", "PUS version 1 is not variant C"),
        (changed(7, 250), "illegal type", r"variant C has no request \(250,1\)"),
        (changed(8, 99), "illegal subtype", r"variant C has no request \(17,99\)"),
        (changed(8, 3), "illegal data", "the APID needs 2 octets, 0 are left"),
        (changed(8, 2), "illegal subtype", r"\(17,2\)"),  # a report, not a request
    ],
)
def test_refusals_name_their_reason(packet: bytes, reason: str, says: str) -> None:
    with pytest.raises(PacketError, match=says) as caught:
        decode_request(packet, TelecommandLayout(), Widths())
    assert caught.value.reason == reason and caught.value.code == ACCEPTANCE_CODES[reason]


@pytest.mark.parametrize(
    ("telecommand", "says"),
    [
        (Telecommand(2048, 0, 1, 1), "APID 2048"),
        (Telecommand(1, 16384, 1, 1), "sequence count 16384"),
        (Telecommand(1, 0, 256, 1), "service 256"),
        (Telecommand(1, 0, 1, -1), "subtype -1"),
        (Telecommand(1, 0, 1, 1, source=65536), "source id 65536"),
        (Telecommand(1, 0, 1, 1, bytes(65530)), "65530 octets of data do not fit"),
        (Telecommand(1, 0, 1, 1, sequence_flags=4), "sequence flags 4"),
    ],
)
def test_values_that_do_not_fit_are_refused(telecommand: Telecommand, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        encode_telecommand(telecommand, TelecommandLayout())


def test_the_largest_packet_fits() -> None:
    layout = TelecommandLayout()
    packet = encode_telecommand(Telecommand(1, 0, 1, 1, bytes(layout.most_data)), layout)
    assert len(packet) == 65542 and len(decode_telecommand(packet, layout).data) == layout.most_data


def test_layouts_that_contradict_the_standard_are_refused() -> None:
    with pytest.raises(DefinitionError, match="PUS variant 'B'"):
        TelecommandLayout("B")
    with pytest.raises(DefinitionError, match="source id of 1"):
        TelecommandLayout("C", 1)
    with pytest.raises(DefinitionError, match="checksum 'md5'"):
        TelecommandLayout("C", checksum="md5")
    with pytest.raises(UsageError, match="out of range"):
        RequestId.of_telecommand(0x800, 0)
