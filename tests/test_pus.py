"""Telemetry headers and reports against packets of an independent package and of the ExoMars Trace Gas Orbiter."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacepackets.ccsds import PacketId, PacketSeqCtrl, PacketType
from spacepackets.ecss import PacketFieldEnum
from spacepackets.ecss import RequestId as PeerRequestId
from spacepackets.ecss.pus_1_verification import FailureNotice, MessageSubtype, Service1Tm, VerificationParams

from aelita.errors import DataError, DefinitionError, UsageError
from aelita.octets import crc16
from aelita.pus import (
    EventReport,
    HeaderLayout,
    Headers,
    HousekeepingReport,
    MemoryDump,
    RequestId,
    VerificationReport,
    Widths,
    decode_report,
    describe,
    encode_telemetry,
    read_headers,
)
from aelita.time import NO_TIME, Cuc, from_preamble
from recording import HERA, packets, tgo_packets
from shared import shared

TGO = HeaderLayout("A", 0, 1, 6, time=Cuc(4, 2, None))
TGO_WIDTHS = Widths(structure_octets=4, memory_octets=1, block_count_octets=0, block_length_octets=4)


def read(packets: list[bytes], layout: HeaderLayout) -> tuple[Headers, bytes]:
    length = np.array([len(p) for p in packets], np.int64)
    octets = b"".join(packets)
    return read_headers(np.frombuffer(octets, np.uint8), np.cumsum(length) - length, length, layout), octets


def test_headers_of_an_independent_package() -> None:
    tested = Counter[str]()
    for v in json.loads(shared("data/vectors/pus_packets.json").read_text())["vectors"]:
        if v["kind"] != "TM":
            continue
        packet, time, data = (bytes.fromhex(v[key]) for key in ("packet_hex", "time_hex", "data_hex"))
        counter, destination, status = v["message_counter"], v["destination_id"], v.get("time_ref_status", 0)
        most = {"A": 1, "C": 2}[v["pus"]]
        layout = HeaderLayout(v["pus"], most * (counter is not None), most * (destination is not None), len(time))
        headers, octets = read([packet], layout)
        start = int(headers.data_offset[0])
        assert headers.valid.all() and octets[start : start + int(headers.data_length[0])] == data
        seen = [
            int(column[0]) for column in (headers.service, headers.subtype, headers.status, headers.counter, headers.destination)
        ]
        absent = [-1 if x is None else x for x in (counter, destination)]
        assert seen == [v["service"], v["subtype"], status, *absent]
        made = encode_telemetry(
            layout, apid=v["apid"], sequence_count=v["seq"], service=v["service"], subtype=v["subtype"], time=time,
            counter=counter or 0, destination=destination or 0, status=status, data=data,
        )  # fmt: skip
        assert made == packet
        tested[v["pus"]] += 1
    assert tested == {"A": 56, "C": 56}


@pytest.mark.parametrize("subtype", [1, 2, 3, 4, 5, 6, 7, 8])
def test_verification_reports_of_an_independent_package(subtype: int) -> None:
    peer = PeerRequestId(PacketId(PacketType.TC, True, 0x42), PacketSeqCtrl.from_raw(0xC000 | 777))
    params = VerificationParams(req_id=peer)
    if subtype in (5, 6):
        params.step_id = PacketFieldEnum(16, 0x1234)
    if subtype in (2, 4, 6, 8):
        params.failure_notice = FailureNotice(PacketFieldEnum(16, 9), b"why")
    packet = bytes(Service1Tm(apid=5, message_subtype=MessageSubtype(subtype), timestamp=b"", verif_params=params).pack())
    headers, octets = read([packet], HeaderLayout("C", 2, 2, 0))
    start, end = int(headers.data_offset[0]), int(headers.data_offset[0] + headers.data_length[0])
    report = decode_report(1, subtype, octets[start:end], Widths(step_octets=2, failure_octets=2))
    assert isinstance(report, VerificationReport)
    assert report.request == RequestId(0, True, True, 0x42, 3, 777) and report.request.encode() == peer.pack()
    failed = subtype % 2 == 0
    assert (report.step, report.failure) == (0x1234 if subtype in (5, 6) else None, 9 if failed else None)
    assert report.data == (b"why" if failed else b"") and report.succeeded is not failed


def test_services_of_the_trace_gas_orbiter() -> None:
    packets = [p for p in tgo_packets() if p[0] & 8]
    assert len(packets) == 6159 and all(crc16(p) == 0 for p in packets)
    headers, octets = read(packets, TGO)
    assert headers.valid.all()
    assert Counter(zip(headers.service.tolist(), headers.subtype.tolist(), strict=True)) == {
        (1, 1): 829, (1, 3): 826, (1, 7): 828, (3, 25): 1097, (3, 26): 140, (5, 1): 1626, (6, 6): 813,
    }  # fmt: skip
    assert headers.ticks.min() / 65536 == pytest.approx(227049675.8, abs=1e-3)
    assert headers.ticks.max() / 65536 == pytest.approx(227050796.5, abs=0.1)
    kinds, good, requests = Counter[str](), 0, Counter[int]()
    for i in range(len(headers)):
        start = int(headers.data_offset[i])
        data = octets[start : start + int(headers.data_length[i])]
        report = decode_report(int(headers.service[i]), int(headers.subtype[i]), data, TGO_WIDTHS)
        assert report is not None and describe(report)
        kinds[type(report).__name__] += 1
        if isinstance(report, MemoryDump):
            good += all(block.good for block in report.blocks)
            assert report.memory == 6 and len(report.blocks[0].data) in (4, 8)
        if isinstance(report, VerificationReport):
            assert report.request.telecommand and report.request.secondary_header and report.data == b""
            requests[report.stage] += 1
    assert kinds == {"VerificationReport": 2483, "HousekeepingReport": 1237, "EventReport": 1626, "MemoryDump": 813}
    assert good == 813 and requests == {1: 829, 3: 826, 7: 828}


def test_headers_of_hera() -> None:
    """Variant C; what precedes the time field in Hera's time packets says that it is CUC of 4 and 3 octets."""
    everything = packets(*HERA)
    times = [p for p in everything if not p[0] & 8]
    assert len(times) == 6 and {p[7] for p in times} == {0x2F}
    code = from_preamble(times[0][7:], 0)
    assert isinstance(code, Cuc) and (code.coarse, code.fine) == (4, 3)
    reported = [code.decode(p[7 : 7 + code.octets]) for p in times]
    layout = HeaderLayout("C", 2, 2, 7, time=Cuc(4, 3, None))
    assert layout.octets == 14
    headers, _ = read([p for p in everything if p[0] & 8], layout)
    assert (
        len(headers) == 250
        and headers.valid.all()
        and not headers.status.any()
        and not headers.destination[headers.service == 3].any()
    )
    assert Counter(zip(headers.service.tolist(), headers.subtype.tolist(), strict=True)) == {
        (3, 25): 229, (5, 1): 14, (1, 1): 3, (1, 7): 3, (5, 3): 1,
    }  # fmt: skip
    assert set(np.diff(headers.counter[headers.service == 3])) == {1}  # one process sends them all, none was lost
    seconds = headers.ticks / 2**24
    assert seconds.min() < min(reported) / 2**24 < max(reported) / 2**24 < seconds.max() < seconds.min() + 40


def test_the_memory_checksum_of_the_orbiter_sees_a_changed_bit() -> None:
    packet = next(p for p in tgo_packets() if p[0] & 8 and p[7:9] == b"\x06\x06")
    data = bytearray(packet[16:-2])
    data[10] ^= 1
    report = decode_report(6, 6, bytes(data), TGO_WIDTHS)
    assert isinstance(report, MemoryDump) and report.blocks[0].good is False
    assert "1 with a bad checksum" in describe(report)


def test_reports_of_several_widths() -> None:
    assert decode_report(3, 26, b"\x00\x02ab", Widths(structure_octets=2)) == HousekeepingReport(True, 2, b"ab")
    assert decode_report(5, 4, b"\x01\x02\x03", Widths(event_octets=3)) == EventReport(4, 0x010203, b"")
    two = b"\x07\x02" + b"\x00\x10\x02\xab\xcd" + b"\x00\x20\x01\x01"
    dump = decode_report(6, 6, two, Widths(address_octets=2, block_length_octets=1, block_checksum="none"))
    assert isinstance(dump, MemoryDump) and [(b.address, b.data, b.good) for b in dump.blocks] == [
        (0x10, b"\xab\xcd", None), (0x20, b"\x01", None),
    ]  # fmt: skip
    assert decode_report(17, 2, b"", Widths()) is None


@pytest.mark.parametrize(
    ("service", "subtype", "data", "says"),
    [
        (1, 1, "181a", "the request id needs 4 octets, 2 are left"),
        (1, 6, "181a000001", "the failure code needs 1 octets, 0 are left"),
        (3, 25, "", "the structure id"),
        (6, 6, "0601000000000010", "the data of block 1 of 1 needs 16 octets, 0 are left"),
        (6, 6, "060155", "the address of block 1 of 1"),
        (6, 6, "0600ff", "1 octets follow the last of 0 memory blocks"),
    ],
)
def test_short_reports_say_what_is_missing(service: int, subtype: int, data: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        decode_report(service, subtype, bytes.fromhex(data), Widths())


widths = st.builds(
    Widths, *[st.integers(0, 8)] * 8, block_checksum=st.sampled_from(["iso", "crc16", "none"])
)  # fmt: skip


@given(st.sampled_from([1, 3, 5, 6]), st.integers(0, 30), st.binary(max_size=60), widths)
def test_any_data_is_a_report_or_a_data_error(service: int, subtype: int, data: bytes, chosen: Widths) -> None:
    try:
        report = decode_report(service, subtype, data, chosen)
    except DataError:
        return
    assert report is None or describe(report)


layouts = st.builds(
    lambda variant, counter, destination, spare, time: HeaderLayout(
        variant, counter, destination, time.octets if time else 3, spare, time
    ),
    st.sampled_from("AC"), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3),
    st.sampled_from([None, Cuc(4, 2), Cuc(4, 3, p_field=True)]),
)  # fmt: skip


@given(st.binary(max_size=80), st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=8), layouts)
def test_any_octets_are_headers_or_marked(octets: bytes, places: list[tuple[int, int]], layout: HeaderLayout) -> None:
    offset, length = (np.array([p[k] for p in places], np.int64) for k in (0, 1))
    headers = read_headers(np.frombuffer(octets, np.uint8), offset, length, layout)
    for i, (at, long) in enumerate(places):
        fits = at >= 0 and long >= 6 + layout.octets + 2 and at + long <= len(octets)
        agrees = fits and (octets[at + 6] >> 4) & (15 if layout.variant == "C" else 7) == {"A": 1, "C": 2}[layout.variant]
        assert bool(headers.valid[i]) == agrees
        if not agrees:
            assert (headers.service[i], headers.counter[i], headers.ticks[i], headers.data_length[i]) == (0, -1, NO_TIME, 0)


@given(layouts, st.integers(0, 0x7FF), st.integers(0, 0x3FFF), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=40))
def test_encoded_headers_come_back(layout: HeaderLayout, apid: int, count: int, service: int, subtype: int, data: bytes) -> None:
    time = layout.time.encode(0x123456) if isinstance(layout.time, Cuc) else bytes(layout.time_octets)
    packet = encode_telemetry(
        layout, apid=apid, sequence_count=count, service=service, subtype=subtype, time=time, data=data, checksum="iso"
    )
    headers, octets = read([packet], layout)
    start = int(headers.data_offset[0])
    assert headers.valid[0] and octets[start : start + int(headers.data_length[0])] == data
    assert (headers.service[0], headers.subtype[0]) == (service, subtype)
    assert headers.ticks[0] == (0x123456 if layout.time else NO_TIME)


def test_another_version_is_marked_not_read() -> None:
    packet = encode_telemetry(TGO, apid=1, sequence_count=0, service=3, subtype=25, time=bytes(6))
    assert read([packet], HeaderLayout("C", 0, 1, 6))[0].valid.tolist() == [False]


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="service 256"):
        encode_telemetry(TGO, apid=1, sequence_count=0, service=256, subtype=1, time=bytes(6))
    with pytest.raises(UsageError, match="APID 2048"):
        encode_telemetry(TGO, apid=2048, sequence_count=0, service=1, subtype=1, time=bytes(6))
    with pytest.raises(UsageError, match="time field of 5 octets"):
        encode_telemetry(TGO, apid=1, sequence_count=0, service=1, subtype=1, time=bytes(5))
    with pytest.raises(UsageError, match="do not fit into one space packet"):
        encode_telemetry(TGO, apid=1, sequence_count=0, service=1, subtype=1, time=bytes(6), data=bytes(65536))
    with pytest.raises(DefinitionError, match="PUS variant 'B'"):
        HeaderLayout("B")
    with pytest.raises(DefinitionError, match="6 octets, but the header leaves 7"):
        HeaderLayout("C", time=Cuc(4, 2))
    with pytest.raises(DefinitionError, match="block checksum"):
        Widths(block_checksum="md5")
