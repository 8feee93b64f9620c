"""Generation times: recordings whose times are known from elsewhere, and packets that end anywhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.link import Channel, FrameReceiver
from aelita.telemetry.times import generation_times, packet_ticks, rescaled
from aelita.time import NO_TIME, tai_ns_from_utc, utc_from_tai_ns
from packet_material import batch, mission, space_packet
from recording import HERA, packets, tgo_packets
from shared import shared


def channel(packets_table: str) -> Channel:
    return Channel.from_toml(f'name = "x"\nspacecraft = "X"\nprotocol = "packets"\n{packets_table}')


CUC = channel('[packets.time]\ncode = "CUC"\nepoch = "TAI"\noffset = 10\n[[packets.time.other]]\napid = 0\noffset = 8\n')


def test_every_packet_of_tgo_has_its_time() -> None:
    described, _, clock = mission("exomars")
    recorded = batch(tgo_packets())
    ticks = packet_ticks(described, recorded)
    assert (len(recorded), int(np.count_nonzero(ticks == NO_TIME))) == (6_215, 0)
    assert ticks.min() / 65536 == pytest.approx(227049675.8, abs=1e-4)
    assert np.count_nonzero((ticks / 65536 < 227049675.7) | (ticks / 65536 > 227050796.6)) == 0
    times = generation_times(described.packets.time, clock, ticks)
    assert abs(int(times[np.argmin(ticks)]) - tai_ns_from_utc("2023-05-24T18:54:49.8")) < 10_000_000  # clock kernel, extrapolated
    frames = np.diff(times[recorded.apid == 0]) / 1e9 / (17_912 * 19e-6)  # symbols of a turbo-coded frame, 1e6/19 a second
    assert frames.size == 55 and np.abs(frames - np.rint(frames)).max() < 0.01  # time packets report when a frame began


def test_a_clock_without_a_correlation_has_ticks_and_no_time() -> None:
    described, _, clock = mission("hera")
    recorded = batch(packets(*HERA))
    ticks = packet_ticks(described, recorded)
    assert np.count_nonzero(ticks == NO_TIME) == 0 and 33_500 < ticks.min() / 2**24 < ticks.max() / 2**24 < 33_600
    assert np.all(generation_times(described.packets.time, None, ticks) == NO_TIME)
    times = generation_times(described.packets.time, clock, ticks)  # roughly: by the name of the recording
    assert utc_from_tai_ns(int(times.min()), 0) == "2024-10-07T16:24:20"


@pytest.mark.parametrize(
    ("name", "channel", "path", "first", "last", "timed"),
    [
        (
            "euclid",
            "euclid",
            "euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8",
            "2023-07-02T06:58",
            "2023-07-02T08:37",
            1_960,
        ),
        ("mars2020", "cruise", "mars2020/mars2020_frames.u8", "2020-07-31T19:42", "2020-07-31T20:1", 72),
        ("mars2020", "safe-mode", "mars2020/safemode_frames.u8", "2020-07-30T20:15", "2020-07-30T20:15", 4),
        ("europa-clipper", "", "europa-clipper/europa_clipper_frames.u8", "2024-10-14T", "2024-10-14T", 20_988),
        ("stereo-a", "", "stereo-a/stereo-a_bg2bhc_frames_20220924_0710.raw", "2022-09-24T07:04", "2022-09-24T07:0", 8),
        ("emm", "", "emm/emm_frames.u8", "", "", 464),
    ],
)
def test_recordings_are_of_their_day(name: str, channel: str, path: str, first: str, last: str, timed: int) -> None:
    described, _, clock = mission(name, channel)
    octets = np.fromfile(shared(f"data/telemetry/{path}"), np.uint8)
    frame = described.frame_octets
    offset = np.arange(0, octets.size // frame * frame, frame)
    received = FrameReceiver(described).receive(octets, offset, np.full(offset.size, frame), offset).packets
    ticks = packet_ticks(described, received)
    assert np.count_nonzero(ticks != NO_TIME) == timed
    times = generation_times(described.packets.time, clock, ticks)
    known = times[times != NO_TIME]
    if first:
        assert utc_from_tai_ns(int(known.min())).startswith(first) and utc_from_tai_ns(int(known.max())).startswith(last)
    else:
        assert not known.size


def test_days_and_milliseconds_of_jpss() -> None:
    field = (21_600).to_bytes(2) + (43_200_123).to_bytes(4) + (456).to_bytes(2)
    described, _, _ = mission("jpss")
    ticks = packet_ticks(described, batch([space_packet(11, field + b"\0")]))
    time = generation_times(described.packets.time, None, ticks)
    assert utc_from_tai_ns(int(time[0])) == "2017-02-20T12:00:00.123456000"
    assert generation_times(described.packets.time, mission("exomars")[2], ticks) == time  # a calendar needs no clock


def test_packets_without_a_secondary_header_have_no_time_unless_their_apid_is_named() -> None:
    field = bytes(4) + (100).to_bytes(4) + bytes(2)
    others = [space_packet(5, field, secondary=False), space_packet(0, field[2:], secondary=False), space_packet(2047, field)]
    ticks = packet_ticks(CUC, batch([space_packet(5, field), *others]))
    assert list(ticks) == [100 << 16, NO_TIME, 100 << 16, NO_TIME]


def test_a_channel_without_a_time_code_has_no_times() -> None:
    recorded = batch([space_packet(5, bytes(20))])
    ticks = packet_ticks(channel(""), recorded)
    assert ticks[0] == NO_TIME and generation_times(None, None, ticks)[0] == NO_TIME


@given(st.lists(st.binary(min_size=6, max_size=30), max_size=8), st.integers(0, 40), st.integers(-5, 50))
def test_no_packet_is_read_beyond_its_end_or_the_buffer(octets: list[bytes], shift: int, longer: int) -> None:
    recorded = batch(octets)
    moved = type(recorded)(
        **{
            name: getattr(recorded, name) + {"offset": shift, "length": longer}[name]
            if name in ("offset", "length")
            else getattr(recorded, name)
            for name in recorded.__dataclass_fields__
        }
    )
    ticks = packet_ticks(CUC, moved)
    assert ticks.size == len(octets)
    for packet, tick in zip(octets, packet_ticks(CUC, recorded), strict=True):
        apid, header = int.from_bytes(packet[:2]) & 0x7FF, packet[0] >> 3 & 1
        at = 8 if apid == 0 else 10
        timed = packet[0] >> 5 == 0 and apid != 0x7FF and (header or apid == 0) and len(packet) >= at + 6
        assert tick == (int.from_bytes(packet[at : at + 6]) if timed else NO_TIME)


@given(st.integers(0, 2**62), st.integers(1, 2**32), st.integers(1, 2**32))
def test_ticks_in_other_units(ticks: int, per_second: int, wanted: int) -> None:
    found = int(rescaled(np.array([ticks, NO_TIME]), per_second, wanted)[0])
    exact = ticks if per_second == wanted else ticks // per_second * wanted + ticks % per_second * wanted // per_second
    assert found == (exact if per_second == wanted or ticks // per_second < 2**61 // wanted else NO_TIME)
