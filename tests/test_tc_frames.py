"""Telecommand frames against those a real Yamcs emitted, and every fault of received octets by its name."""

import json
from binascii import crc_hqx
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import UsageError
from aelita.link import (
    FrameKind,
    TcFault,
    TcFormat,
    TcFrame,
    TcRefused,
    block_packets,
    decode_tc_frame,
    encode_tc_frame,
    tc_header,
    without_fill,
)
from shared import shared

FRAME = TcFrame(0x28F, 5, True, False, 0, b"command")
PLAIN, CHECKED = TcFormat(error_control=False), TcFormat()


def vectors() -> list[dict[str, Any]]:
    return json.loads(shared("data/vectors/yamcs_tc_cltu_bd.json").read_text())["vectors"]


def test_frames_of_a_real_ground_system_are_made_from_their_packets() -> None:
    made = 0
    for vector in vectors():
        expected, packet = bytes.fromhex(vector["frame_hex"]), bytes.fromhex(vector["packet_hex"])
        channel = TcFormat(error_control=vector["fecf"])
        frame = decode_tc_frame(expected, channel, spacecraft_id=vector["scid"], virtual_channels=frozenset({vector["vcid"]}))
        assert isinstance(frame, TcFrame) and frame.kind is FrameKind.BD and frame.sequence_number == vector["seq"]
        if "sdls" in vector:  # its data field is protected octets; the header in front of them is ours
            header = tc_header(vector["scid"], vector["vcid"], len(expected), bypass=True)
            assert expected.startswith(header) and encode_tc_frame(frame, channel) == expected
            continue
        (data,) = block_packets([packet], vector["map"], channel.data_octets)
        assert encode_tc_frame(TcFrame(vector["scid"], vector["vcid"], True, False, vector["seq"], data), channel) == expected
        made += 1
    assert made == 160


frames = st.builds(
    TcFrame, st.integers(0, 1023), st.integers(0, 63), st.booleans(), st.just(False), st.integers(0, 255),
    st.binary(min_size=1, max_size=300),
)  # fmt: skip


@given(frames, st.booleans())
def test_the_header_is_laid_out_as_the_book_says(frame: TcFrame, checked: bool) -> None:
    octets = encode_tc_frame(frame, TcFormat(error_control=checked))
    bits = "".join(f"{octet:08b}" for octet in octets[:5])
    total = 5 + len(frame.data) + 2 * checked
    assert bits == (
        f"00{frame.bypass:b}{frame.control:b}00{frame.spacecraft_id:010b}{frame.virtual_channel:06b}{total - 1:010b}"
        f"{frame.sequence_number:08b}"
    )
    assert octets[5 : 5 + len(frame.data)] == frame.data and len(octets) == total
    if checked:
        assert octets[-2:] == crc_hqx(octets[:-2], 0xFFFF).to_bytes(2)
    assert decode_tc_frame(octets, TcFormat(error_control=checked)) == frame
    assert without_fill(octets + b"\x55" * 6) == octets
    assert octets.startswith(
        tc_header(frame.spacecraft_id, frame.virtual_channel, total, bypass=frame.bypass, sequence_number=frame.sequence_number)
    )


@given(st.binary(max_size=40), st.booleans())
def test_no_octets_raise(octets: bytes, checked: bool) -> None:
    found = decode_tc_frame(octets, TcFormat(error_control=checked), spacecraft_id=655, virtual_channels=frozenset({1}))
    assert isinstance(found, TcRefused) or octets == encode_tc_frame(found, TcFormat(error_control=checked)) or found.control
    assert len(without_fill(octets)) <= len(octets)


@given(frames, st.data())
def test_any_single_octet_that_changes_is_noticed(frame: TcFrame, data: st.DataObject) -> None:
    octets = bytearray(encode_tc_frame(frame, CHECKED))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    found = decode_tc_frame(bytes(octets), CHECKED)
    assert isinstance(found, TcRefused)
    assert found.fault in (TcFault.VERSION, TcFault.LENGTH, TcFault.ERROR_CONTROL) and found.octets == bytes(octets)


def patched(at: int, value: int, octets: bytes = b"") -> bytes:
    octets = octets or encode_tc_frame(FRAME, PLAIN)
    return octets[:at] + bytes([value]) + octets[at + 1 :]


@pytest.mark.parametrize(
    ("octets", "fault", "words"),
    [
        (b"", TcFault.TOO_SHORT, "0 octets, at least 6"),
        (bytes(5), TcFault.TOO_SHORT, "5 octets"),
        (patched(0, 0x62), TcFault.VERSION, "version 1"),
        (patched(0, 0x2E), TcFault.SPARE, "spare bits are 11"),
        (patched(3, 9), TcFault.LENGTH, "says 10 octets, 12 received"),
        (encode_tc_frame(FRAME, PLAIN) + b"\x55", TcFault.LENGTH, "says 12 octets, 13 received"),
        (encode_tc_frame(replace(FRAME, data=bytes(60)), PLAIN), TcFault.TOO_LONG, "65 octets, the channel allows 64"),
        (encode_tc_frame(replace(FRAME, spacecraft_id=1), PLAIN), TcFault.SPACECRAFT, "spacecraft 1, this is 655"),
        (encode_tc_frame(replace(FRAME, virtual_channel=9), PLAIN), TcFault.CHANNEL, "virtual channel 9, served are [5, 7]"),
    ],
)
def test_every_fault_has_its_name(octets: bytes, fault: TcFault, words: str) -> None:
    channel = TcFormat(64, error_control=False)
    found = decode_tc_frame(octets, channel, spacecraft_id=0x28F, virtual_channels=frozenset({5, 7}))
    assert isinstance(found, TcRefused) and found.fault is fault and words in found.detail and found.octets == octets


def test_a_wrong_checksum_tells_both_values() -> None:
    octets = encode_tc_frame(FRAME, CHECKED)
    found = decode_tc_frame(patched(7, 0, octets), CHECKED)
    assert isinstance(found, TcRefused) and found.fault is TcFault.ERROR_CONTROL and octets[-2:].hex() in found.detail


def test_flags_that_no_book_allows_are_read_and_not_written() -> None:
    found = decode_tc_frame(patched(0, 0x12), PLAIN)
    assert isinstance(found, TcFrame) and found.kind is FrameKind.ILLEGAL
    with pytest.raises(UsageError, match="must bypass"):
        encode_tc_frame(found, PLAIN)


def test_the_longest_frame_fits_and_not_one_octet_more() -> None:
    for channel in (PLAIN, CHECKED):
        frame = replace(FRAME, data=bytes(channel.data_octets))
        assert len(encode_tc_frame(frame, channel)) == 1024 and decode_tc_frame(encode_tc_frame(frame, channel), channel) == frame
    with pytest.raises(UsageError, match="1026 octets, the channel allows 1024"):
        encode_tc_frame(replace(FRAME, data=bytes(1019)), CHECKED)


@pytest.mark.parametrize(
    "wrong", [{"spacecraft_id": 1024}, {"virtual_channel": 64}, {"sequence_number": 256}, {"data": b""}, {"data": bytes(1020)}]
)
def test_a_frame_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="do not fit a telecommand frame"):
        replace(FRAME, **wrong)


def test_channels_that_cannot_be_are_refused() -> None:
    for octets, checked in ((1025, True), (7, True), (5, False), (65535, True)):
        with pytest.raises(UsageError, match="is not possible"):
            TcFormat(octets, error_control=checked)
    for octets in (5, 1025):
        with pytest.raises(UsageError, match="is not possible"):
            tc_header(1, 1, octets, bypass=True)
