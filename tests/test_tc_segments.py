"""Segments of telecommand packets: any division, blocking, loss and interleaving against what was sent."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.link import (
    SegmentFault,
    SegmentFlags,
    SegmentRefused,
    SegmentRules,
    TcAssembler,
    TcPacket,
    block_packets,
    segment_packet,
)
from aelita.link.tc_segments import packet_octets
from shared import shared


def packet(length: int, fill: int = 0xAB) -> bytes:
    return b"\x18\x42\xc0\x00" + (length - 7).to_bytes(2) + bytes([fill]) * (length - 6)


ENCAPSULATED = [b"\xe0", b"\xe5\x05abc", b"\xe6\x00\x00\x07xyz", b"\xe7\x00\x00\x00\x00\x00\x00\x0bxyz"]
packets = st.builds(packet, st.integers(7, 400), st.integers(0, 255)) | st.sampled_from(ENCAPSULATED)


def octets(found: list[TcPacket | SegmentRefused]) -> list[bytes]:
    assert all(isinstance(one, TcPacket) for one in found), found
    return [one.octets for one in found]


def fault(found: list[TcPacket | SegmentRefused]) -> SegmentFault:
    (one,) = found
    assert isinstance(one, SegmentRefused)
    return one.fault


def test_packets_of_a_real_ground_system_come_out_of_its_frames() -> None:
    count = 0
    for vector in json.loads(shared("data/vectors/yamcs_tc_cltu_bd.json").read_text())["vectors"]:
        if "sdls" in vector:
            continue
        frame = bytes.fromhex(vector["frame_hex"])
        assembler = TcAssembler(vector["vcid"], SegmentRules(segmented=vector["map"] is not None))
        found = assembler.receive(frame[5 : -2 if vector["fecf"] else None])
        assert found == [TcPacket(vector["vcid"], vector["map"], bytes.fromhex(vector["packet_hex"]))]
        count += 1
    assert count == 160


def test_the_flags_of_a_divided_packet() -> None:
    whole = packet(25)
    fields = segment_packet(whole, 9, 11)
    assert [field[0] for field in fields] == [0b01_001001, 0b00_001001, 0b10_001001]
    assert [field[1:] for field in fields] == [whole[:10], whole[10:20], whole[20:]]
    assert segment_packet(whole, 9, 26) == [b"\xc9" + whole]
    assert [len(field) for field in segment_packet(whole, 9, 25)] == [25, 2]


@given(st.lists(packets, max_size=12), st.integers(0, 63), st.integers(9, 300))
def test_any_packets_come_out_as_they_went_in(sent: list[bytes], map_id: int, room: int) -> None:
    fields = block_packets(sent, map_id, room)
    assert all(1 < len(field) <= room for field in fields)
    assembler, found = TcAssembler(3), list[TcPacket | SegmentRefused]()
    for field in fields:
        found += assembler.receive(field)
        assembler = TcAssembler.restored(3, SegmentRules(), json.loads(json.dumps(assembler.freeze())))
    assert octets(found) == sent and not assembler.freeze()
    assert all(isinstance(one, TcPacket) and (one.virtual_channel, one.map_id) == (3, map_id) for one in found)


@given(st.lists(packets, max_size=12))
def test_without_segment_headers_packets_are_blocked_and_not_divided(sent: list[bytes]) -> None:
    fields = block_packets(sent, None, 400)
    assembler = TcAssembler(3, SegmentRules(segmented=False))
    assert [one for field in fields for one in octets(assembler.receive(field))] == sent
    with pytest.raises(UsageError, match="only on a virtual channel with segment headers"):
        block_packets([*sent, packet(401)], None, 400)


def test_as_many_packets_as_fit_share_a_field() -> None:
    three = [packet(10), packet(10), packet(10)]
    assert [len(field) for field in block_packets(three, 1, 21)] == [21, 11]
    assert [len(field) for field in block_packets(three, None, 30)] == [30]
    assert [field[0] >> 6 for field in block_packets([packet(8), packet(30), packet(8)], 1, 20)] == [3, 1, 2, 3]


@given(st.lists(st.tuples(packets, st.sampled_from([0, 5, 63])), max_size=6), st.randoms(use_true_random=False))
def test_maps_interleave(sent: list[tuple[bytes, int]], chance: object) -> None:
    """Segments of different MAPs mix in any way as long as each MAP keeps its order."""
    queues = {map_id: [f for one, m in sent if m == map_id for f in segment_packet(one, map_id, 12)] for _, map_id in sent}
    assembler, found = TcAssembler(0), list[TcPacket | SegmentRefused]()
    while any(queues.values()):
        map_id = chance.choice([m for m, queue in queues.items() if queue])  # type: ignore[attr-defined]
        found += assembler.receive(queues[map_id].pop(0))
    octets(found)
    for map_id in queues:
        assert [one.octets for one in found if one.map_id == map_id] == [one for one, m in sent if m == map_id]


@given(st.lists(packets, min_size=1, max_size=8), st.data())
def test_lost_segments_cost_the_packets_they_belong_to(sent: list[bytes], data: st.DataObject) -> None:
    """Every packet that lost nothing comes out; one that lost a segment does not, and something says so.

    Segments are not numbered: the beginning of one packet and the end of another of the same length make a packet when just what
    lies between is lost. Its own checksum tells that it is none.
    """
    fields = [(n, field) for n, one in enumerate(sent) for field in segment_packet(one, 1, 30)]
    lost = data.draw(st.sets(st.integers(0, len(fields) - 1), max_size=4))
    assembler, found = TcAssembler(0), list[TcPacket | SegmentRefused]()
    for at, (_, field) in enumerate(fields):
        if at not in lost:
            found += assembler.receive(field)
    hurt = {fields[at][0] for at in lost}
    whole = [one.octets for one in found if isinstance(one, TcPacket)]
    unhurt = [one for n, one in enumerate(sent) if n not in hurt]
    mixed = len(whole) - len(unhurt)
    assert mixed <= sum(at + 1 in lost for at in lost) and all(one in whole for one in unhurt)
    if mixed:
        return
    assert whole == unhurt
    faults = {one.fault for one in found if isinstance(one, SegmentRefused)}
    assert faults <= {SegmentFault.MISSING_FIRST, SegmentFault.CUT_SHORT, SegmentFault.LENGTH}
    partly = {fields[at][0] for at in range(len(fields)) if at not in lost} & hurt
    assert bool(faults) or not partly or assembler.freeze()


@given(st.lists(st.binary(max_size=30), max_size=20), st.booleans())
def test_no_octets_raise(received: list[bytes], segmented: bool) -> None:
    assembler = TcAssembler(0, SegmentRules(segmented, None, 50))
    for one in received:
        for found in assembler.receive(one):
            assert len(found.octets) <= 50 + 30
    assert all(len(part) <= 2 * 50 for part in assembler.freeze().values())


def field(flags: SegmentFlags, data: bytes, map_id: int = 2) -> bytes:
    return bytes([flags << 6 | map_id]) + data


FIRST, GO_ON, LAST, WHOLE = SegmentFlags.FIRST, SegmentFlags.CONTINUING, SegmentFlags.LAST, SegmentFlags.UNSEGMENTED


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ([b""], SegmentFault.NO_HEADER),
        ([field(WHOLE, b"")], SegmentFault.EMPTY),
        ([field(FIRST, b"")], SegmentFault.EMPTY),
        ([field(WHOLE, packet(9), 4)], SegmentFault.UNKNOWN_MAP),
        ([field(GO_ON, b"abc")], SegmentFault.MISSING_FIRST),
        ([field(LAST, b"abc")], SegmentFault.MISSING_FIRST),
        ([field(FIRST, packet(20)[:9]), field(LAST, packet(20)[15:])], SegmentFault.LENGTH),  # a continuation lost
        ([field(FIRST, packet(20)[:9]), field(GO_ON, bytes(12))], SegmentFault.LENGTH),  # already too many
        ([field(FIRST, b"\x18\x42"), field(LAST, b"\x18")], SegmentFault.LENGTH),  # not even a header
        ([field(FIRST, packet(20)[:9]), field(FIRST, packet(20)[:9])], SegmentFault.CUT_SHORT),
        ([field(FIRST, packet(101)[:9])], SegmentFault.TOO_LONG),
        ([field(WHOLE, packet(101))], SegmentFault.TOO_LONG),
        ([field(FIRST, b"\x78\x42")], SegmentFault.NOT_A_PACKET),
        ([field(WHOLE, b"\x78\x42")], SegmentFault.NOT_A_PACKET),
        ([field(WHOLE, b"\xe5\x01")], SegmentFault.NOT_A_PACKET),  # encapsulation shorter than its own header
        ([field(WHOLE, packet(20)[:19])], SegmentFault.LENGTH),
        ([field(WHOLE, b"\x18\x42\xc0")], SegmentFault.LENGTH),
    ],
)
def test_every_fault_has_its_name(received: list[bytes], due: SegmentFault) -> None:
    assembler = TcAssembler(7, SegmentRules(True, frozenset({2, 3}), 100))
    *before, last = received
    assert [one for data in before for one in assembler.receive(data)] == []
    assert fault(assembler.receive(last)) is due
    if due is not SegmentFault.CUT_SHORT:
        assert octets(assembler.receive(field(WHOLE, packet(9)))) == [packet(9)]  # it goes on


def test_a_whole_packet_ends_one_in_progress_and_both_are_told() -> None:
    assembler = TcAssembler(7)
    assembler.receive(field(FIRST, packet(20)[:9]))
    cut, whole = assembler.receive(field(WHOLE, packet(9)))
    assert isinstance(cut, SegmentRefused) and (cut.fault, cut.octets) == (SegmentFault.CUT_SHORT, packet(20)[:9])
    assert whole == TcPacket(7, 2, packet(9))
    assert fault(assembler.receive(field(LAST, packet(20)[9:]))) is SegmentFault.MISSING_FIRST


def test_packets_before_a_fault_in_a_block_are_kept() -> None:
    found = TcAssembler(7).receive(field(WHOLE, packet(9) + packet(12) + b"\x78rest"))
    assert [type(one) for one in found] == [TcPacket, TcPacket, SegmentRefused] and found[2].octets == b"\x78rest"


def test_empty_fields_without_headers() -> None:
    assert fault(TcAssembler(7, SegmentRules(segmented=False)).receive(b"")) is SegmentFault.EMPTY


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: segment_packet(packet(9), 64, 20), "MAP 64"),
        (lambda: segment_packet(packet(9), 1, 1), "no room"),
        (lambda: segment_packet(packet(9)[:8], 1, 20), "8 octets says in its header that it has 9"),
        (lambda: segment_packet(b"", 1, 20), "0 octets"),
        (lambda: segment_packet(b"\x78\x00", 1, 20), "is no packet"),
        (lambda: block_packets([packet(9) + b"x"], None, 20), "10 octets says"),
    ],
)
def test_what_cannot_be_sent_is_refused(call: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call()


def test_a_damaged_state_is_refused() -> None:
    for harm in ({"x": "00"}, {"1": "zz"}, {"1": None}):
        with pytest.raises(DataError, match="kept state of segments"):
            TcAssembler.restored(1, SegmentRules(), harm)  # type: ignore[arg-type]


@pytest.mark.parametrize("one", ENCAPSULATED)
def test_lengths_of_encapsulation_packets(one: bytes) -> None:
    assert packet_octets(one) == len(one) and (len(one) == 1 or packet_octets(one[:1]) == 0)
