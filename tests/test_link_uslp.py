"""USLP frames made by the `spacepackets` package, of fixed and of varying length."""

import random
from binascii import crc_hqx
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacepackets.uslp.frame import (
    FrameType,
    TfdzConstructionRules,
    TransferFrame,
    TransferFrameDataField,
    UslpProtocolIdentifier,
)
from spacepackets.uslp.header import PrimaryHeader, SourceOrDestField

from aelita.link import NO_OCF, Channel
from aelita.octets import crc32
from reception_material import Everything, filled, packet, received

CRAFT = 0xBEEF
SPACE_PACKETS = UslpProtocolIdentifier.SPACE_PACKETS_ENCAPSULATION_PACKETS
SPANNING, WHOLE = TfdzConstructionRules.FpPacketSpanningMultipleFrames, TfdzConstructionRules.VpNoSegmentation
FIRST, NEXT, LAST = (
    TfdzConstructionRules.VpStartingSegment, TfdzConstructionRules.VpContinuingSegment, TfdzConstructionRules.VpLastSegment,
)  # fmt: skip


def channel(*lines: str, fixed: int = 0, ocf: str = "flag", fecf: str = "present") -> Channel:
    text = f'name="u"\nspacecraft="U"\nprotocol="USLP"\nspacecraft_id={CRAFT}\nframe_octets={fixed}\nocf="{ocf}"\nfecf="{fecf}"'
    return Channel.from_toml("\n".join([text, 'other_channels="packets"', *lines]))


def frame(
    body: bytes,
    rule: TfdzConstructionRules,
    count: int | None,
    *,
    width: int = 2,
    pointer: int | None = None,
    virtual_channel: int = 3,
    access_point: int = 0,
    ocf: bytes | None = None,
    insert: bytes | None = None,
    fecf: bool = True,
    protocol: UslpProtocolIdentifier = SPACE_PACKETS,
) -> bytes:
    header = PrimaryHeader(
        scid=CRAFT, src_dest=SourceOrDestField.SOURCE, vcid=virtual_channel, map_id=access_point, frame_len=0,
        op_ctrl_flag=ocf is not None, vcf_count_len=width, vcf_count=count,
    )  # fmt: skip
    made = TransferFrame(header, TransferFrameDataField(rule, protocol, body, pointer), insert, ocf, fecf)
    made.set_frame_len_in_header()
    return bytes(made.pack(frame_type=FrameType.FIXED if pointer is not None else FrameType.VARIABLE))


def octets_of(found: Everything) -> list[bytes]:
    return [row[0] for row in found.whole if row[1] != 0x7FF]


def some_packets(seed: int, number: int, longest: int = 100) -> list[bytes]:
    chance = random.Random(seed)
    return [packet(chance.randint(1, 2000), k, chance.randbytes(chance.randint(1, longest))) for k in range(number)]


@pytest.mark.parametrize("width", range(8))
def test_packets_one_a_frame_of_varying_length(width: int) -> None:
    sent = some_packets(width, 40)
    start = max(256**width - 20, 0)  # the counter comes round
    frames = [frame(p, WHOLE, (start + k) % 256**width if width else None, width=width) for k, p in enumerate(sent)]
    found = received(channel(), b"".join(frames), [100, 1777])
    assert [row[0] for row in found.good] == frames
    assert octets_of(found) == sent
    assert (found.gaps, found.quarantined) == ([], [])
    if width:
        assert [row[8] for row in found.frames] == [(start + k) % 256**width for k in range(40)]
        found = received(channel(), b"".join([*frames[:10], *frames[13:]]))
        assert found.gaps == [(3, 9, (start + 10) % 256**width, (start + 13) % 256**width, 3)]


def spanning(sent: Sequence[bytes], octets: int, ocf: bytes | None, insert: bytes | None, fecf: bool) -> list[bytes]:
    starts = np.cumsum([0, *map(len, sent)])[:-1].tolist()
    room = octets - 7 - 2 - 3 - (4 if ocf else 0) - len(insert or b"") - 2 * fecf
    return [
        frame(body, SPANNING, k, pointer=0xFFFF if at == 0x7FF else at, ocf=ocf, insert=insert, fecf=fecf)
        for k, (body, at) in enumerate(filled(b"".join(sent), starts, room))
    ]


@pytest.mark.parametrize(
    ("ocf", "insert", "fecf"),
    [(None, None, True), (b"\x01\x04\x22\x00", None, True), (None, b"insert", False), (b"\x81\0\0\1", b"zone", True)],
)
def test_packets_that_span_frames_of_fixed_length(ocf: bytes | None, insert: bytes | None, fecf: bool) -> None:
    sent = some_packets(3, 60)
    frames = spanning(sent, 64, ocf, insert, fecf)
    assert {len(one) for one in frames} == {64}
    described = channel(
        f"insert_zone_octets={len(insert or b'')}",
        fixed=64,
        ocf="present" if ocf else "absent",
        fecf="present" if fecf else "none",
    )
    found = received(described, b"".join(frames), [10, 3000])
    assert [row[0] for row in found.good] == frames
    assert octets_of(found) == sent
    assert {row[9] for row in found.frames} == {int.from_bytes(ocf) if ocf else NO_OCF}
    assert {(row[5], row[6]) for row in found.frames} == {(CRAFT, 3)}


def test_segments_of_packets_on_access_points_that_take_turns() -> None:
    sent = {point: some_packets(point, 12, 300) for point in (0, 5, 15)}
    waiting: dict[int, list[tuple[bytes, TfdzConstructionRules]]] = {}
    for point, packets in sent.items():
        waiting[point] = []
        for one in packets:
            parts = [one[at : at + 70] for at in range(0, len(one), 70)]
            rules = [WHOLE] if len(parts) == 1 else [FIRST, *[NEXT] * (len(parts) - 2), LAST]
            waiting[point] += zip(parts, rules, strict=True)
    chance, frames = random.Random(1), []
    while any(waiting.values()):
        point = chance.choice([p for p in waiting if waiting[p]])
        body, rule = waiting[point].pop(0)
        frames.append(frame(body, rule, len(frames), access_point=point))
    found = received(channel(), b"".join(frames), [500])
    for packets in sent.values():
        own = [octets for octets in octets_of(found) if octets in packets]
        assert own == packets
    assert len(octets_of(found)) == 36
    assert found.quarantined == []


def test_idle_frames_and_other_protocols_carry_no_packets() -> None:
    idle = frame(bytes(20), WHOLE, 0, virtual_channel=63, protocol=UslpProtocolIdentifier.IDLE_DATA)
    other = frame(bytes(20), WHOLE, 0, protocol=UslpProtocolIdentifier.USER_DEFINED_OCTET_STREAM)
    one = packet(7, 1, b"data")
    found = received(channel(), idle + other + frame(one, WHOLE, 1))
    assert len(found.good) == 3
    assert [row[0] for row in found.packets] == [one]
    assert [row[12] for row in found.frames] == [-2, -3, 0]


@pytest.mark.parametrize("fecf", [True, False])
def test_frames_of_varying_length_are_found_again_behind_garbage(fecf: bool) -> None:
    sent = some_packets(9, 30)
    frames = [frame(p, WHOLE, k, fecf=fecf) for k, p in enumerate(sent)]
    garbage = random.Random(3).randbytes(333)
    recording = b"".join(frames[:10]) + garbage + b"".join(frames[10:15]) + frames[15][3:] + b"".join(frames[16:])
    found = received(channel(fecf="present" if fecf else "none"), recording, [77, 900])
    assert [row[0] for row in found.good] == frames[:15] + frames[16:]
    assert octets_of(found) == sent[:15] + sent[16:]
    assert [(q[0], q[1]) for q in found.quarantined] == [
        (sum(map(len, frames[:10])), garbage), (sum(map(len, frames[:15])) + 333, frames[15][3:]),
    ]  # fmt: skip


def test_error_control_of_four_octets() -> None:
    frames = []
    for k, one in enumerate(some_packets(11, 20)):
        bare = bytearray(frame(one, WHOLE, k, fecf=False))
        bare[4:6] = (len(bare) + 4 - 1).to_bytes(2)
        frames.append(bytes(bare) + crc32(bytes(bare)).to_bytes(4))
    damaged = [*frames[:6], frames[6][:20] + bytes([frames[6][20] ^ 1]) + frames[6][21:], b"garbage", *frames[7:]]
    found = received(channel("fecf_octets=4"), b"".join(damaged), [300])
    assert [row[0] for row in found.good] == frames[:6] + frames[7:]


def test_a_damaged_frame_of_varying_length_is_one_bad_frame() -> None:
    frames = [frame(p, WHOLE, k) for k, p in enumerate(some_packets(4, 10))]
    damaged = bytearray(frames[4])
    damaged[-3] ^= 1
    found = received(channel(), b"".join([*frames[:4], bytes(damaged), *frames[5:]]))
    assert [row[3] for row in found.frames] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4), st.booleans())
def test_any_octets_behind_the_header_of_a_frame(octets: bytes, cuts: list[int], good: bool) -> None:
    head = (0xC << 20 | CRAFT << 4).to_bytes(3)
    recording = b"".join([head, octets])
    if good and len(octets) > 6:
        recording = head + octets[:1] + (len(recording) + 1).to_bytes(2) + octets[3:]
        recording += crc_hqx(recording, 0xFFFF).to_bytes(2)
    described = channel(fecf="present")
    found = received(described, recording, cuts)
    assert found.sorted() == received(described, recording).sorted()
    assert sum(len(row[0]) for row in found.good) + sum(len(q[1]) for q in found.quarantined) >= len(recording)
