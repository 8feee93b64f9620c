import binascii
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.octets import iso_checksum
from aelita.services.missions import find_mission
from aelita.services.synthetic import FRAME_OCTETS, idle_data, recording, write_recording
from plain_frames import TGO, apid, frames, packets
from shared import shared

IDLE = 2047


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("synthetic"), 1200)


def test_it_says_that_it_is_synthetic(path: Path) -> None:
    assert path.name == "tgo-synthetic.tm"
    assert b"SYNTHETIC" in path.read_bytes()


def test_the_same_each_time(path: Path) -> None:
    assert path.read_bytes() == recording(1200)


def test_frames_are_good_and_counted(path: Path) -> None:
    recorded = path.read_bytes()
    whole = [recorded[i : i + FRAME_OCTETS] for i in range(0, len(recorded), FRAME_OCTETS)]
    assert all(binascii.crc_hqx(frame, 0xFFFF) == 0 for frame in whole)
    assert {((frame[0] & 0x3F) << 4) | frame[1] >> 4 for frame in whole} == {0x28F}
    assert [frame[2] for frame in whole] == [n % 256 for n in range(1200)]
    for channel in (0, 7):
        counts = [frame[3] for frame in whole if (frame[1] >> 1) & 7 == channel]
        assert counts == [n % 256 for n in range(len(counts))]


def test_the_first_header_pointers_lead_to_packets(path: Path) -> None:
    checked = 0
    for channel, _, first, data in frames(path, TGO):
        if channel == 0 and first < 0x7FE and first + 6 <= len(data):
            assert apid(data[first:]) in {0, 0x12, 0x16, 0x17, 0xB3, 0xF3, IDLE}
            checked += 1
    assert checked > 600


def test_the_tgo_database_decodes_it(path: Path) -> None:
    definition = XtcePacketDefinition.from_xtce(find_mission("exomars").spacecraft_of().databases[0])
    whole = [packet for packet in packets(path, TGO) if apid(packet) != IDLE]
    rows = [dict(definition.parse_bytes(packet)) for packet in whole]
    assert all(binascii.crc_hqx(packet, 0xFFFF) == 0 for packet in whole if apid(packet))
    kinds = Counter((row.get("service"), row.get("subtype")) for row in rows)
    assert kinds[(5, 1)] == 2 * kinds[(6, 6)] == 2 * kinds[(1, 7)] > 60
    turn = np.array([[row[f"attitude_{i}"] for i in range(4)] for row in rows if "attitude_0" in row])
    assert np.abs(np.linalg.norm(turn, axis=1) - 1).max() < 1e-6
    for row in rows:
        if "dump_data" in row:
            assert iso_checksum(bytes(row["dump_data"])) == row["dump_checksum"]


def test_body_vectors_fit_the_attitude(path: Path) -> None:
    definition = XtcePacketDefinition.from_xtce(find_mission("exomars").spacecraft_of().databases[0])
    rows = [dict(definition.parse_bytes(p)) for p in packets(path, TGO) if apid(p) == 0xB3 and p[19] == 0xAB]
    assert len(rows) > 30
    for row in rows:
        turn = np.array([row[f"attitude_{i}"] for i in range(4)])
        for name in ("earth", "sun"):
            body, inertial = (np.array([row[f"{name}_{frame}_{axis}"] for axis in "xyz"]) for frame in ("body", "j2000"))
            turned = body + 2 * np.cross(turn[1:], np.cross(turn[1:], body) + turn[0] * body)
            assert np.abs(turned - inertial).max() < 1e-6


@pytest.mark.parametrize("count", [0, 1, 12])
def test_short_recordings(count: int) -> None:
    assert len(recording(count)) == count * FRAME_OCTETS


def test_idle_fill_is_the_sequence_of_the_real_recording() -> None:
    recorded = shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes()
    frame = next(recorded[i : i + FRAME_OCTETS] for i in range(0, len(recorded), FRAME_OCTETS) if recorded[i + 1] & 0xE == 0xE)
    assert frame[6:300] in idle_data(511 + 300)
