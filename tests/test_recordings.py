"""Real recordings through the channel files of their missions: counts that others measured or published."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

import plain_frames
from aelita.link import CHECKSUM_BAD, REASONS, control_words
from aelita.octets import iso_checksum
from reception_material import Everything, mission_channel, received
from shared import shared

PATHS = {
    "tgo": "tgo/tgo_2023-05-24_first_half.tm",
    "hera": "hera/hera_low_rate_frames_2024_10_07_16_24_20.u8",
    "cruise": "mars2020/mars2020_frames.u8",
    "safe-mode": "mars2020/safemode_frames.u8",
    "euclid": "euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8",
    "hope": "emm/emm_frames.u8",
    "europa-clipper": "europa-clipper/europa_clipper_frames.u8",
    "integral": "integral/integral_frames.u8",
    "snpp": "snpp/snpp_synchronized_cadus.dat",
    "jpss": "jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1",
    "stereo-a 07:10": "stereo-a/stereo-a_bg2bhc_frames_20220924_0710.raw",
    "stereo-a 10:35": "stereo-a/stereo-a_bg2bhc_frames_20220924_1035.raw",
}
MISSIONS = {"tgo": "exomars", "cruise": "mars2020", "safe-mode": "mars2020", "hope": "emm"}
IDLE = 0x7FF


@cache
def recording(name: str) -> Everything:
    channel = name.split(" ")[0]
    octets = shared(f"data/telemetry/{PATHS[name]}").read_bytes()
    return received(mission_channel(MISSIONS.get(channel, channel), channel), octets)


def by_channel(found: Everything) -> dict[int, int]:
    return dict(Counter(row[6] for row in found.good))


def by_apid(found: Everything) -> dict[int, int]:
    return dict(Counter(row[1] for row in found.whole))


def gaps(found: Everything) -> tuple[int, int]:
    return len(found.gaps), sum(gap[4] for gap in found.gaps)


def checksums(found: Everything) -> tuple[int, int]:
    """How many packets carry a checksum, and how many of those are good."""
    carried = [row for row in found.whole if row[7]]
    return len(carried), sum(not row[5] & CHECKSUM_BAD for row in carried)


def test_trace_gas_orbiter() -> None:
    found = recording("tgo")
    assert len(found.frames) == len(found.good) == 3295
    assert {row[5] for row in found.frames} == {0x28F}
    assert by_channel(found) == {0: 1796, 7: 1499}
    assert gaps(found) == (0, 0)
    assert found.quarantined == []
    apids = by_apid(found)
    assert (len(found.whole), len(apids), apids[IDLE]) == (114298, 24, 108083)
    assert checksums(found) == (6159, 6159)
    assert apids[0] == 56
    idle = {row[2] for row in found.whole if row[1] == IDLE}
    assert len(idle) == 1, "the sequence count of idle packets never increments"
    assert len({row[9] for row in found.frames}) == 1, "the operational control field is a constant"


def test_trace_gas_orbiter_services() -> None:
    found = recording("tgo")
    reports = [row[0] for row in found.whole if row[7]]
    assert {report[6] for report in reports} == {0x10}
    assert Counter((report[7], report[8]) for report in reports) == {
        (1, 1): 829, (1, 3): 826, (1, 7): 828, (3, 25): 1097, (3, 26): 140, (5, 1): 1626, (6, 6): 813,
    }  # fmt: skip
    times = [int.from_bytes(report[10:16]) / 65536 for report in reports]
    assert min(times) == pytest.approx(227049675.800, abs=1e-3)
    assert max(times) == pytest.approx(227050796.5, abs=0.1)


def test_trace_gas_orbiter_memory_dumps_carry_a_good_checksum_inside() -> None:
    dumps = [row[0][:-2] for row in recording("tgo").whole if row[7] and row[0][7:9] == bytes([6, 6])]
    assert len(dumps) == 813
    assert all(iso_checksum(dump[25:-2]) == int.from_bytes(dump[-2:]) for dump in dumps)  # of the data dumped


def test_trace_gas_orbiter_time_packets_come_every_32_frames() -> None:
    found = recording("tgo")
    counters = {row[1]: row[8] for row in found.frames if row[6] == 0}
    times = [row for row in found.whole if row[1] == 0]
    assert not any(row[7] for row in times)
    assert {row[4] for row in times} <= set(counters)
    assert Counter(counters[row[4]] % 32 for row in times) == {1: 55, 2: 1}


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("tgo", plain_frames.TGO), ("cruise", plain_frames.MARS2020), ("safe-mode", plain_frames.MARS2020_SAFE),
        ("hope", plain_frames.HOPE), ("hera", plain_frames.HERA),
    ],
)  # fmt: skip
def test_packets_are_those_of_a_plain_reader(name: str, layout: plain_frames.Layout) -> None:
    path = shared(f"data/telemetry/{PATHS[name]}")
    assert [row[0] for row in recording(name).whole] == list(plain_frames.packets(path, layout))


def test_hera() -> None:
    found = recording("hera")
    assert len(found.good) == len(found.frames) == 56
    apids = by_apid(found)
    assert (len(found.whole), apids[0]) == (256, 6)
    assert checksums(found) == (250, 250)
    assert {row[0][6] >> 4 for row in found.whole if row[7]} == {2}
    assert all(row[9] >= 0 for row in found.frames)


def test_hera_control_words_show_a_receiver_that_waits_to_be_unlocked() -> None:
    words = control_words(np.array([row[9] for row in recording("hera").frames]))
    assert len(words) == 56
    assert set(zip(words.cop.tolist(), words.virtual_channel.tolist(), strict=True)) == {(1, 1)}
    assert words.lockout.all() and not words.retransmit.any() and not words.wait.any()
    assert not words.no_rf.any() and not words.no_bit_lock.any()
    assert set(words.farm_b.tolist()) == {1}, "one bypass frame was accepted"
    assert set(words.report_value.tolist()) == {0}


def test_mars_2020_cruise() -> None:
    found = recording("cruise")
    assert (len(found.frames), len(found.good)) == (950, 946)
    assert [row[1] for row in found.frames if row[3]] == [927, 928, 929, 949]
    assert [q[2] for q in found.quarantined] == [REASONS[1]] * 4
    assert [q[0] // 1115 for q in found.quarantined] == [927, 928, 929, 949]
    assert gaps(found) == (6, 17)
    assert by_apid(found) == {IDLE: 741, 9: 58, 247: 14}
    assert max(len(row[0]) for row in found.whole) > 9000


def test_mars_2020_attitude_is_a_unit_quaternion() -> None:
    packets = [row[0] for row in recording("cruise").whole if row[1] == 9]
    unit = 0
    for octets in packets:
        tags = [octets.find(tag.to_bytes(2), 6) for tag in range(0x293, 0x297)]
        values = [np.frombuffer(octets[at + 2 : at + 10], ">f8")[0] for at in tags if at > 0]
        unit += len(values) == 4 and abs(sum(v * v for v in values) - 1) < 1e-6
    assert unit == len(packets) == 58


def test_mars_2020_safe_mode_leaves_the_bad_frame_out() -> None:
    found = recording("safe-mode")
    assert (len(found.frames), len(found.good), len(found.whole)) == (4, 3, 6)


def test_euclid() -> None:
    found = recording("euclid")
    assert len(found.good) == len(found.frames) == 1329
    assert {row[5] for row in found.frames} == {0x2A8}
    assert set(by_channel(found)) == {0, 4, 7}
    assert gaps(found)[1] == 9
    assert Counter(row[3] for row in found.whole) == {0: 1958, 4: 83}
    assert checksums(found) == (1946, 1946)
    assert by_apid(found)[0] == 12
    assert {(row[1], len(row[0])) for row in found.whole if row[3] == 4} == {(15, 250)}


def test_euclid_control_words_of_two_channels_alternate() -> None:
    words = control_words(np.array([row[9] for row in recording("euclid").frames]))
    assert len(words) == 1329
    channels = words.virtual_channel
    assert Counter(channels.tolist()) == {1: 664, 2: 665}
    assert set(words.report_value[channels == 2].tolist()) == {3}
    values = words.report_value[channels == 1].astype(int)
    assert (values[0], values[-1], np.count_nonzero(np.diff(values))) == (253, 254, 1), "one command was accepted"
    assert np.mean(channels[1:] != channels[:-1]) > 0.9


def test_hope() -> None:
    found = recording("hope")
    assert len(found.good) == len(found.frames) == 553
    assert by_channel(found) == {0: 534, 62: 19}
    assert gaps(found) == (0, 0)
    assert len(found.whole) == 511
    assert len(by_apid(found)) >= 30
    idle = [row[0] for row in found.frames if row[6] == 62]
    assert all(set(frame[-100:-2]) == {0x5A} for frame in idle)


def test_europa_clipper() -> None:
    found = recording("europa-clipper")
    assert len(found.good) == len(found.frames) == 2023
    assert set(by_channel(found)) == {32, 63}
    assert gaps(found) == (16, 297)
    assert len(found.whole) == 21694
    assert by_apid(found) == {6: 8839, 12: 5188, 11: 5012, 13: 887, IDLE: 716, 10: 433, 8: 423, 5: 192, 7: 4}


def test_stereo_a() -> None:
    found = recording("stereo-a 10:35")
    assert len(found.good) == len(found.frames) == 94
    assert by_channel(found) == {7: 88, 0: 6}
    assert len(found.whole) == 352
    assert by_apid(found) == {1140: 128, 1137: 77, IDLE: 72, 624: 22, 1393: 22, 880: 22, 0: 9}
    assert {len(row[0]) for row in found.whole} == {272}
    assert {row[9] for row in found.frames} == {0x010804EA}
    first = recording("stereo-a 07:10")
    assert (len(first.frames), len(first.good), len(first.whole)) == (2, 2, 8)


def test_integral_is_reported_and_not_guessed_at() -> None:
    found = recording("integral")
    assert len(found.good) == len(found.frames) == 319
    assert by_channel(found) == {7: 294, 0: 25}
    assert found.packets == []
    assert [q[2] for q in found.quarantined] == ["version bits are not those of a packet"] * 25
    assert {q[1][0] >> 5 for q in found.quarantined} == {4}
    assert {q[0] for q in found.quarantined} == {row[2] for row in found.frames if row[6] == 0}


def test_suomi_npp() -> None:
    found = recording("snpp")
    assert len(found.good) == len(found.frames) == 65
    assert {(row[5], row[6]) for row in found.frames} == {(157, 16)}
    assert set(found.corrected) == {(0, 0, 0, 0)}
    assert gaps(found) == (1, 1)
    assert by_apid(found) == {803: 11, 802: 1}
    assert [row[2] for row in found.frames] == [1024 * k for k in range(65)]


def test_jpss() -> None:
    found = recording("jpss")
    assert found.frames == found.quarantined == []
    assert by_apid(found) == {11: 7200}
    octets = shared(f"data/telemetry/{PATHS['jpss']}").read_bytes()
    assert b"".join(row[0] for row in found.packets) == octets
    assert all(octets[row[6] : row[6] + len(row[0])] == row[0] for row in found.packets)
