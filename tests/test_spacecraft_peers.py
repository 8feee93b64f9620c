"""The simulated spacecraft and programs of others: `spacepackets` commands it in variant C, `space_packet_parser` reads it with tgo.xml."""

import struct
import warnings
from dataclasses import replace

import numpy as np
import pytest
from space_packet_parser.xtce.definitions import XtcePacketDefinition
from spacepackets.ecss import pus_1_verification as verification
from spacepackets.ecss.tc import PusTc
from spacepackets.ecss.tm import ManagedParams, PusTm

from aelita.link import PacketRules
from aelita.services.missions import find_mission
from aelita.spacecraft import Definition, Spacecraft
from aelita.telemetry import Reception
from spacecraft_material import T0, Ground, clock, definition, listen, request, twin

APID = 0x1A


def of_variant_c() -> Definition:
    """The twin, with packets of ECSS-E-ST-70-41C."""
    base = definition()
    packets = replace(
        base.channel.packets, pus="C", counter_octets=2, destination_octets=2, secondary_header_octets=13, time_offset=13
    )
    return replace(
        base,
        link=replace(base.link, packets=PacketRules(checksum="crc16", pus="C")),
        channel=replace(base.channel, packets=packets),
        widths=replace(base.widths, failure_octets=2),
    )


def tc(service: int, subtype: int, count: int, data: bytes = b"", ack: int = 15) -> bytes:
    """A telecommand that spacepackets packs."""
    return bytes(PusTc(service, subtype, apid=APID, app_data=data, seq_count=count, source_id=9, ack_flags=ack).pack())


def test_spacepackets_commands_a_spacecraft_of_variant_c_and_reads_its_reports() -> None:
    craft, ground = Spacecraft(of_variant_c(), 1, T0, clock, Ground().key), Ground()
    at = clock(T0) + 40 * 65536
    ground.ask(
        craft, tc(17, 1, 1), tc(17, 3, 2, struct.pack(">H", APID)), tc(20, 1, 3, b"\x01\x00\x10"), tc(17, 1, 4)[:-1] + b"\0",
        tc(11, 4, 5, b"\x01" + at.to_bytes(6) + tc(17, 1, 50)), tc(11, 17, 6), tc(8, 1, 7, b"\x99"),
    )  # fmt: skip
    heard = listen(craft, 60)
    stages: dict[int, list[int]] = {}
    failures: dict[int, int] = {}
    other: list[tuple[int, int, bytes]] = []
    counters: dict[tuple[int, int], int] = {}
    for octets in heard.packets:
        if not octets[0] & 8:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tm = PusTm.unpack(octets, timestamp_len=6)
        kind = (tm.service, int(tm.message_subtype))
        assert tm.pus_tm_sec_header.message_counter == counters.get(kind, 0)
        counters[kind] = counters.get(kind, 0) + 1
        if tm.service == 1:
            told = verification.Service1Tm.unpack(octets, ManagedParams(6, True), verification.ManagedParamsVerification(1, 2))
            assert told.tc_req_id.tc_packet_id.apid == APID and tm.pus_tm_sec_header.dest_id in (9, 0)
            count = told.tc_req_id.tc_psc.seq_count
            stages.setdefault(count, []).append(int(told.pus_tm.message_subtype))
            if told.error_code is not None:
                failures[count] = told.error_code.val
        elif tm.service != 3:
            other.append((*kind, tm.source_data))
    assert {count: stages[count] for count in (1, 2, 3, 5, 6, 50)} == {count: [1, 3, 7] for count in (1, 2, 3, 5, 6, 50)}
    assert stages[4] == [2] and failures[4] == 2 and stages[7] == [1, 4] and failures[7] == 16
    summary = b"\x01" + at.to_bytes(6) + struct.pack(">HHH", 9, APID, 50)
    assert other == [
        (17, 2, b""), (17, 4, struct.pack(">H", APID)), (20, 2, b"\x01\x00\x10" + struct.pack(">I", 293)), (11, 13, summary),
        (17, 2, b""),
    ]  # fmt: skip


def test_the_database_of_tgo_reads_every_report_with_space_packet_parser() -> None:
    xtce = XtcePacketDefinition.from_xtce(find_mission("exomars").craft("tgo-sim").databases[0])
    craft = twin()
    Ground().ask(craft, request(7, 6, 5, struct.pack(">BII", 6, 16, 24)))
    heard, read = listen(craft, 60), []
    for octets in heard.packets:
        if octets[0] & 7 == 7 and octets[1] == 0xFF:
            continue
        found = xtce.parse_bytes(octets)
        read.append(found)
        if octets[:2] != b"\0\0":
            assert int(found["packet_error_control"]) == int.from_bytes(octets[-2:])
    attitudes = [one for one in read if "attitude_0" in one]
    assert len(attitudes) >= 18
    for one in attitudes:
        turn = np.array([float(one[f"attitude_{k}"]) for k in range(4)])
        assert np.linalg.norm(turn) == pytest.approx(1, abs=1e-6)
    directions = [one for one in attitudes if "earth_j2000_x" in one]
    for one in directions:
        q0, q = float(one["attitude_0"]), np.array([float(one[f"attitude_{k}"]) for k in (1, 2, 3)])
        cross = np.array([[0, -q[2], q[1]], [q[2], 0, -q[0]], [-q[1], q[0], 0]])
        to_inertial = np.eye(3) + 2 * q0 * cross + 2 * cross @ cross  # body to J2000, scalar first
        for body in ("earth", "sun"):
            there, here = (np.array([float(one[f"{body}_{frame}_{axis}"]) for axis in "xyz"]) for frame in ("j2000", "body"))
            assert to_inertial @ here == pytest.approx(there, abs=1e-6)
    assert directions
    dumps = [one for one in read if "dump_data" in one]
    assert [(int(one["dump_memory_id"]), int(one["dump_start_address"]), int(one["dump_length"])) for one in dumps] == [
        (6, 16, 24)
    ]
    events = [one for one in read if "event_id" in one]
    assert [(int(one["event_id"]), int(one["event_begin"])) for one in events] == [(0x1A1, 1), (0x1A1, 0)]


def test_the_ground_s_own_receiver_takes_every_frame_and_dates_packets_rightly() -> None:
    """Not independent of the project, but of the spacecraft's room: frames, packets, control words and times of the ground agree."""
    craft = twin()
    frames = b"".join(craft.frame() for _ in range(200))
    received = Reception(definition().channel).feed(frames)
    assert len(received.frames) == 200 and not received.frames.quality.any()
    packets = received.packets.select(~received.packets.idle)
    assert len(packets) > 60 and not packets.quality.any()
