"""The databases of the other recordings, decoded by space-packet-parser (which is not ours)."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.services.missions import find_mission
from plain_frames import CLIPPER, EUCLID, HERA, HOPE, MARS2020, MARS2020_SAFE, STEREO, Layout, apid, packets
from shared import shared

Rows = list[dict[str, Any]]
IDLE = 2047
HERA_FILE = "data/telemetry/hera/hera_low_rate_frames_2024_10_07_16_24_20.u8"
EUCLID_FILE = "data/telemetry/euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8"
CLIPPER_APIDS = {5, 6, 8, 10, 11, 12, 13}


def definition(mission: str) -> XtcePacketDefinition:
    return XtcePacketDefinition.from_xtce(find_mission(mission).spacecraft_of().databases[0])


def decode(mission: str, path: str, layout: Layout) -> Rows:
    database = definition(mission)
    return [dict(database.parse_bytes(packet)) for packet in packets(shared(path), layout) if apid(packet) != IDLE]


def norms(rows: Rows, *names: str) -> Any:
    return np.linalg.norm(np.array([[row[name] for name in names] for row in rows if names[0] in row], np.float64), axis=1)


def test_hera() -> None:
    rows = decode("hera", HERA_FILE, HERA)
    assert len(rows) == 256
    assert Counter((row.get("service"), row.get("subtype")) for row in rows) == {
        (1, 1): 3, (1, 7): 3, (3, 25): 229, (5, 1): 14, (5, 3): 1, (None, None): 6,
    }  # fmt: skip
    assert {row["pus_version"] for row in rows if "pus_version" in row} == {2}
    assert np.abs(norms(rows, *(f"hk_006e_unit_vector_{axis}" for axis in "xyz")) - 1).max() < 1e-12
    seconds = [(row["on_board_time"], row["hk_006f_seconds_158"]) for row in rows if "hk_006f_seconds_158" in row]
    assert len(seconds) == 8
    assert all(0 <= header - inside < 6 for header, inside in seconds)


def test_euclid() -> None:
    rows = decode("euclid", EUCLID_FILE, EUCLID)
    assert len(rows) == 2041
    assert sum("packet_error_control" in row for row in rows) == 1946
    assert sum("apid_15_data" in row for row in rows) == 83
    for name in ("attitude", "hk_0040_quaternion_154", "hk_0040_quaternion_432"):
        found = norms(rows, *(f"{name}_{i}" for i in range(4)))
        assert found.size == 367
        assert np.abs(found - 1).max() < 1e-12
    warm = np.array([row["hk_0002_f32_134"] for row in rows if "hk_0002_f32_134" in row])
    assert warm.size == 22
    assert 19 < warm.min() <= warm.max() < 21
    assert [row["event_id"] for row in rows if "event_id" in row] == [606, 607] * 6
    check_euclid_sun([row for row in rows if "sun_body_x" in row], next(row for row in rows if "sun_j2000_x" in row))


def check_euclid_sun(rows: Rows, reported: dict[str, Any]) -> None:
    """The attitude turns the body vector into the J2000 one that another packet reports, and then follows the Sun."""
    body = np.array([[row[f"sun_body_{axis}"] for axis in "xyz"] for row in rows])
    turn = np.array([[row[f"attitude_{i}"] for i in range(4)] for row in rows])
    axis, scalar = turn[:, :3], turn[:, 3:]
    turned = body + 2 * np.cross(axis, np.cross(axis, body) + scalar * body)
    inertial = np.array([reported[f"sun_j2000_{axis}"] for axis in "xyz"])
    assert np.degrees(np.linalg.norm(np.cross(turned[0], inertial))) < 2e-4
    hours = np.array([row["on_board_time"] - reported["on_board_time"] for row in rows]) / 3600
    moved_deg = np.degrees(np.linalg.norm(np.cross(turned, inertial), axis=1))
    assert np.abs(moved_deg - 0.0400 * hours).max() < 5e-4  # the Sun as seen from there


def test_mars2020() -> None:
    rows = decode("mars2020", "data/telemetry/mars2020/mars2020_frames.u8", MARS2020)
    assert Counter(row["apid"] for row in rows) == {9: 58, 247: 14}
    attitude = norms(rows, *(f"attitude_{i}" for i in range(4)))
    assert attitude.size == 58
    assert np.abs(attitude - 1).max() < 1e-9
    for layout, count in (("a", 50), ("b", 8)):
        for tag in (0x293, 0x294, 0x295, 0x296):
            assert [row[f"{layout}_tag_{tag:04x}"] for row in rows if f"{layout}_tag_{tag:04x}" in row] == [tag] * count
    safe = decode("mars2020", "data/telemetry/mars2020/safemode_frames.u8", MARS2020_SAFE)
    assert Counter(row["apid"] for row in safe) == {8: 4}


def test_hope() -> None:
    rows = decode("emm", "data/telemetry/emm/emm_frames.u8", HOPE)
    assert len(rows) == 511 - 47
    assert all(648_037_000 < row["clock_seconds"] < 648_039_000 for row in rows)


def test_europa_clipper_counts_seconds_from_2010() -> None:
    database = definition("europa-clipper")
    path = shared("data/telemetry/europa-clipper/europa_clipper_frames.u8")
    whole = [dict(database.parse_bytes(packet)) for packet in packets(path, CLIPPER) if apid(packet) in CLIPPER_APIDS]
    assert len(whole) > 15_000
    day = np.datetime64("2010-01-01") + np.array([row["clock_seconds"] for row in whole]) // 86400
    assert set(np.unique(day).astype(str)) == {"2024-10-14"}


def test_stereo_a_counts_seconds_from_1958() -> None:
    rows = [
        row
        for path in ("stereo-a_bg2bhc_frames_20220924_0710.raw", "stereo-a_bg2bhc_frames_20220924_1035.raw")
        for row in decode("stereo-a", f"data/telemetry/stereo-a/{path}", STEREO)
    ]
    day = np.datetime64("1958-01-01") + np.array([row["clock_seconds"] for row in rows]) // 86400
    assert set(np.unique(day).astype(str)) == {"2022-09-24"}
    assert {len(row["data"]) for row in rows} == {272 - 12}


def packets_of(path: Path, octets: int) -> list[bytes]:
    recorded = path.read_bytes()
    return [recorded[i : i + octets] for i in range(0, len(recorded), octets)]


def test_jpss_equals_the_published_database() -> None:
    folder = shared("data/telemetry/jpss")
    own = definition("jpss")
    theirs = XtcePacketDefinition.from_xtce(folder / "jpss1_geolocation_xtce_v1.xml")
    recorded = packets_of(folder / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", 71)
    assert len(recorded) == 7200
    for packet in recorded[::20]:
        ours, other = own.parse_bytes(packet), theirs.parse_bytes(packet)
        assert [float(value) for value in ours.values()] == [float(value) for value in other.values()]


@pytest.mark.parametrize("segment", [bytes.fromhex("0b23668300ad"), bytes.fromhex("032326850ff3")])
def test_snpp_segments(segment: bytes) -> None:
    packet = segment + bytes.fromhex("52e8037b574c0310") + bytes(int.from_bytes(segment[4:], "big") + 1 - 8)
    row = definition("snpp").parse_bytes(packet)
    assert row["apid"] == 803
    if "packet_day" in row:
        assert (row["packet_day"], row["packet_ms"], row["packet_us"]) == (0x52E8, 0x037B574C, 0x310)
    else:
        assert len(row["later_data"]) == len(packet) - 6


@pytest.mark.parametrize(
    ("mission", "path", "layout", "process", "step_s"),
    [
        ("emm", "emm/emm_frames.u8", HOPE, 0x2C7, 96.5),
        ("emm", "emm/emm_frames.u8", HOPE, 0x93, 13.0),
        ("stereo-a", "stereo-a/stereo-a_bg2bhc_frames_20220924_1035.raw", STEREO, 0x370, 60.0),
    ],
)
def test_processes_keep_their_phase_in_the_clock_fraction(
    mission: str, path: str, layout: Layout, process: int, step_s: float
) -> None:
    rows = [row for row in decode(mission, f"data/telemetry/{path}", layout) if row["apid"] == process]
    time = np.array([row["clock_seconds"] + row["clock_fraction"] / 65536 for row in rows])
    steps = np.diff(time) / step_s
    assert steps.size > 1
    assert np.abs(steps - np.rint(steps)).max() * step_s < 0.02


@pytest.mark.parametrize(("mission", "path", "layout"), [("hera", HERA_FILE, HERA), ("euclid", EUCLID_FILE, EUCLID)])
def test_floats_without_a_meaning_vary_smoothly(mission: str, path: str, layout: Layout) -> None:
    """Of random samples neighbours differ by a third of the range; a misread field looks like them."""
    rows = decode(mission, path, layout)
    names = {name for row in rows for name in row if "_f32_" in name or "_f64_" in name}
    assert len(names) > 15
    for name in names:
        values = np.array([row[name] for row in rows if name in row])
        assert np.isfinite(values).all(), name
        assert np.abs(np.diff(values)).mean() < 0.21 * np.ptp(values), name
