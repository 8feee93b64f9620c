"""The TGO database against the real recording, decoded by space-packet-parser (which is not ours)."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.octets import iso_checksum
from aelita.services.missions import find_mission
from plain_frames import TGO, apid, packets
from shared import shared

Rows = list[dict[str, Any]]
IDLE = 2047


@pytest.fixture(scope="module")
def recorded() -> list[bytes]:
    return list(packets(shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm"), TGO))


@pytest.fixture(scope="module")
def rows(recorded: list[bytes]) -> Rows:
    definition = XtcePacketDefinition.from_xtce(find_mission("exomars").spacecraft_of().databases[0])
    return [dict(definition.parse_bytes(packet)) for packet in recorded if apid(packet) != IDLE]


def having(rows: Rows, *names: str) -> NDArray[np.float64]:
    return np.array([[row[name] for name in names] for row in rows if names[0] in row], np.float64)


def vector(rows: Rows, name: str) -> NDArray[np.float64]:
    return having(rows, f"{name}_x", f"{name}_y", f"{name}_z")


def test_counts_per_service(recorded: list[bytes], rows: Rows) -> None:
    assert (len(recorded), len(rows)) == (114_298, 6_215)
    assert Counter((row.get("service"), row.get("subtype")) for row in rows) == {
        (1, 1): 829, (1, 3): 826, (1, 7): 828, (3, 25): 1097, (3, 26): 140, (5, 1): 1626, (6, 6): 813, (None, None): 56,
    }  # fmt: skip


def test_every_packet_is_described_to_its_last_octet(recorded: list[bytes], rows: Rows) -> None:
    definition = XtcePacketDefinition.from_xtce(find_mission("exomars").spacecraft_of().databases[0])
    seen = set()
    for packet in (p for p in recorded if apid(p) != IDLE):
        kind = apid(packet), len(packet), packet[16:20] if packet[7] == 3 else b""
        if kind not in seen:
            seen.add(kind)
            last = list(definition.parse_bytes(packet).items())[-1]
            assert last[0] == ("packet_error_control" if apid(packet) else "frame_on_board_time")
            if apid(packet):
                assert last[1] == int.from_bytes(packet[-2:], "big")
    assert len(seen) > 60


def test_attitude_is_a_unit_quaternion_from_the_published_first_sample(rows: Rows) -> None:
    samples = [row for row in rows if row.get("apid") == 0xB3 and row.get("structure_id") == 0xAA]
    assert len(samples) == 281
    names = [f"attitude_{i}" for i in range(4)]
    found = having(samples, *names)
    assert found[0] == pytest.approx((0.1174881, -0.0232931, -0.3661298, 0.9228234), abs=5e-8)
    assert samples[0]["on_board_time"] == pytest.approx(227049675.8, abs=1e-5)
    assert np.abs(np.linalg.norm(having(rows, *names), axis=1) - 1).max() < 1e-6  # structures 0xAA and 0xAB
    assert np.abs(np.linalg.norm(having(rows, *(f"hk_0b3_aa_quaternion_118_{i}" for i in range(4))), axis=1) - 1).max() < 1e-6


def test_attitude_turns_the_body_vectors_into_the_inertial_ones(rows: Rows) -> None:
    samples = [row for row in rows if row.get("apid") == 0xB3 and row.get("structure_id") == 0xAB]
    assert len(samples) == 94
    turn = having(samples, *(f"attitude_{i}" for i in range(4)))
    scalar, axis = turn[:, :1], turn[:, 1:]
    for name in ("earth", "sun"):
        body, inertial = vector(samples, f"{name}_body"), vector(samples, f"{name}_j2000")
        assert np.abs(np.linalg.norm(body, axis=1) - 1).max() < 1e-6
        turned = body + 2 * np.cross(axis, np.cross(axis, body) + scalar * body)
        off_deg = np.degrees(np.linalg.norm(np.cross(turned, inertial), axis=1))
        assert off_deg.max() < 1e-4


def test_memory_dumps_carry_good_checksums_over_the_data_alone(rows: Rows) -> None:
    dumps = [row for row in rows if "dump_data" in row]
    assert len(dumps) == 813
    assert all(len(row["dump_data"]) == row["dump_length"] for row in dumps)
    assert all(iso_checksum(bytes(row["dump_data"])) == row["dump_checksum"] for row in dumps)
    assert {row["dump_memory_id"] for row in dumps} == {6}


def test_events_stand_in_pairs_around_each_dump(rows: Rows) -> None:
    events = [row for row in rows if "event_id" in row]
    assert [row["event_begin"] for row in events] == [1, 0] * 813
    assert {(row["event_id"], row["event_command_service"], row["event_command_subtype"]) for row in events} == {(417, 6, 5)}


def test_time_packets_report_the_clock(rows: Rows) -> None:
    times = [row["frame_on_board_time"] for row in rows if "frame_on_board_time" in row]
    assert len(times) == 56
    assert times == sorted(times)
    assert 227049675 < times[0] < times[-1] < 227050800
    assert {row["time_packet_p_field"] for row in rows if "time_packet_p_field" in row} == {0x2E}


def test_thermistors_lie_on_one_curve(rows: Rows) -> None:
    resistance = having(rows, *(f"thermistor_{i:03d}_resistance" for i in range(1, 102)))
    temperature = having(rows, *(f"thermistor_{i:03d}_temperature" for i in range(1, 102)))
    assert resistance.shape == (10, 101)
    of_this_kind = (resistance > 2000) & (resistance < 1e6)
    assert of_this_kind.sum() == 970
    x, inverse = np.log(resistance[of_this_kind]), 1 / (temperature[of_this_kind] + 273.15)
    fitted = 1 / np.polyval(np.polyfit(x, inverse, 3), x) - 273.15
    assert np.abs(fitted - temperature[of_this_kind]).max() < 0.005


def test_values_that_are_called_clocks_and_counters_keep_time(rows: Rows) -> None:
    rates = {"hk_033_03_count_24": 1, "hk_053_24_count_82": 10, "hk_053_23_count_292": 2, "hk_053_25_count_76": 10}
    rates |= {f"hk_0b3_{name}": 1 for name in ("ab_f64_133", "ab_f64_141", "32_f64_98", "32_f64_106")}
    rates |= {"hk_0c3_2f_f64_29": 1, "hk_0d3_2c_f64_21": 1}
    for name, rate in rates.items():
        time, value = having(rows, name, "on_board_time")[:, ::-1].T
        assert np.polyfit(time - time[0], value - value[0], 1)[0] == pytest.approx(rate, rel=2e-3), name
    for row in rows:
        for name, value in row.items():
            if "_time_" in name and name.startswith("hk_"):
                assert abs(value - row["on_board_time"]) < 250_000, name


def test_floats_without_a_meaning_vary_smoothly(rows: Rows) -> None:
    """Of random samples neighbours differ by a third of the range; a misread field looks like them."""
    names = {name for row in rows for name in row if "_f32_" in name}
    assert len(names) > 80
    for name in names:
        values = having(rows, name)[:, 0]
        assert np.isfinite(values).all(), name
        assert np.abs(np.diff(values)).mean() < 0.21 * np.ptp(values), name
