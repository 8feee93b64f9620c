"""Events: those of real recordings, and reports made by a package that is not ours."""

import json
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aelita.link import CHECKSUM_BAD, Channel
from aelita.octets import crc16
from aelita.telemetry.events import header_layout
from aelita.telemetry.processor import Processor
from packet_material import batch, mission, space_packet
from recording import HERA, packets, tgo_packets

PUS_C = """name = "x"
spacecraft = "X"
protocol = "packets"
[packets]
checksum = "crc16"
pus = "C"
counter_octets = 2
destination_octets = 2
secondary_header_octets = 14
"""


def report(service: int, subtype: int, data: bytes, apid: int = 7) -> bytes:
    header = bytes([0x20, service, subtype, 0, 1, 0, 2]) + bytes(7)
    packet = space_packet(apid, header + data + b"\0\0")
    return packet[:-2] + crc16(packet[:-2]).to_bytes(2)


def test_the_events_of_tgo() -> None:
    described, database, clock = mission("exomars")
    events = Processor(described, database, clock).process(batch(tgo_packets())).events
    assert len(events["packet"]) == 1_626
    assert Counter(zip(events["severity"].tolist(), events["name"], strict=True)) == {(1, "event 417"): 1_626}
    first, second = json.loads(events["details"][0]), json.loads(events["details"][1])
    assert (first["event_begin"], second["event_begin"]) == (1, 0)
    assert set(first) == {
        "event_id", "event_memory_id", "event_octet_19", "event_begin", "event_command_service", "event_command_subtype",
    }  # fmt: skip
    assert events["message"][0].startswith("event 417, severity information, event_memory_id 6, ")
    assert Counter(data.hex() for data in events["data"]) == {"0601010605": 813, "0601000605": 813}
    assert np.all(np.diff(events["packet"]) > 0)


def test_hera_reports_a_failure_of_medium_severity() -> None:
    described, database, clock = mission("hera")
    events = Processor(described, database, clock).process(batch(packets(*HERA))).events
    assert Counter(events["severity"].tolist()) == {1: 14, 3: 1}
    assert set(json.loads(events["details"][0])) == {"event_id", "event_data"}


def test_without_a_database_the_octets_are_kept() -> None:
    channel = Channel.from_toml(PUS_C)
    events = Processor(channel, None).process(batch([report(5, 4, b"\x01\x02rest"), report(3, 25, bytes(9))])).events
    assert (events["packet"].tolist(), events["severity"].tolist(), events["name"]) == ([0], [4], ["event 258"])
    assert events["message"] == ["event 258, severity high, data 72657374"] and events["data"] == [b"rest"]


def test_failed_requests_are_events_and_successful_ones_are_not() -> None:
    request = (0x1800 | 33).to_bytes(2) + (0xC000 | 99).to_bytes(2)
    sent = [report(1, subtype, request + b"\x07") for subtype in (1, 2, 3, 4, 5, 6, 7, 8, 10)]
    events = Processor(Channel.from_toml(PUS_C), None).process(batch(sent)).events
    assert events["packet"].tolist() == [1, 3, 5, 7, 8] and set(events["severity"].tolist()) == {3}
    assert events["name"][0] == "request acceptance failed"
    assert events["message"][3] == "request 99 to APID 33: completion failed, data 07"


def test_events_of_damaged_packets_have_no_severity() -> None:
    sent = batch([report(5, 4, b"\x01\x02")], [CHECKSUM_BAD])
    events = Processor(Channel.from_toml(PUS_C), None).process(sent).events
    assert events["severity"].tolist() == [0] and events["message"] == ["event 258, severity high, in a damaged packet"]


def test_header_widths_come_from_the_channel() -> None:
    layout = header_layout(mission("euclid")[0])
    assert layout is not None and (layout.octets, layout.time_offset) == (10, 10)
    assert header_layout(mission("jpss")[0]) is None


@given(st.lists(st.binary(min_size=6, max_size=40), max_size=10))
def test_arbitrary_octets_raise_nothing(octets: list[bytes]) -> None:
    events = Processor(Channel.from_toml(PUS_C), None).process(batch(octets)).events
    assert len(events["packet"]) == len(events["message"]) <= len(octets)
