"""What arrived and what is missing, against counts that others published and against plain loops."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.archive import Archive, Batch, open_archive
from aelita.time import NO_TIME
from archive_material import EPOCH, SECOND, Truth, batches, framed, ingest, truths
from shared import shared


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "archive", create=True)


def received(mission: str, path: str, size: int = 200) -> list[Batch]:
    """Return the batches of a recording; its packets are of unknown time."""
    from aelita.link.channel import Channel
    from aelita.link.receiver import FrameReceiver
    from aelita.services.missions import find_mission

    channel = Channel.from_toml(find_mission(mission).channel().read_text())
    data, octets = shared(path).read_bytes(), channel.frame_octets
    receiver = FrameReceiver(channel)
    found = []
    for first in range(0, len(data) // octets, size):
        part = data[first * octets : min((first + size) * octets, len(data) // octets * octets)]
        offset = np.arange(len(part) // octets, dtype=np.int64) * octets
        found.append(receiver.receive(part, offset, np.full(offset.size, octets), first * octets + offset))
    return [
        Batch(r.packets, np.full(len(r.packets), NO_TIME), frames=r.frames, gaps=r.gaps, quarantined=r.quarantined)
        for r in [*found, receiver.finish()]
    ]


RECORDINGS = {
    "euclid": ("data/telemetry/euclid/Euclid_2023-07-02T06:58:19_lowrate_frames.u8", 1329, 0, None, 9),
    "mars2020": ("data/telemetry/mars2020/mars2020_frames.u8", 946, 4, 6, 17),
    "europa-clipper": ("data/telemetry/europa-clipper/europa_clipper_frames.u8", 2023, 0, 16, 297),
}


@pytest.mark.parametrize("mission", RECORDINGS)
def test_lost_frames_of_real_recordings(archive: Archive, mission: str) -> None:
    path, good, bad, gaps, lost = RECORDINGS[mission]
    ingest(archive, mission, received(mission, path), None)
    found = archive.completeness()
    whole = found.channels.filter(pl.col("source").is_null())
    assert (whole["frames"].sum(), whole["bad"].sum(), whole["lost"].sum()) == (good, bad, lost)
    assert gaps in (None, whole["gaps"].sum())
    assert len(found.gaps) == whole["gaps"].sum()
    assert found.gaps["lost"].sum() == lost


def test_one_apid_on_several_channels_is_no_loss(archive: Archive) -> None:
    packets = [replace(p, channel=k % 3) for k, p in enumerate(truths(3, 90, apids=[15]))]
    ingest(archive, "one", batches(packets, 40))
    found = archive.completeness()
    assert found.packets.select("source", "apid", "packets", "gaps", "missing").rows() == [
        (1, 15, 90, 0, 0),
        (None, 15, 90, 0, 0),
    ]
    assert not len(found.missing)


def test_counts_come_round_and_late_ones_fill_their_place(archive: Archive) -> None:
    counts = [16380, 16381, 16383, 0, 3, 4, 2, 5]  # 2 comes late
    times = [EPOCH + k * SECOND for k in range(8)]
    octets = [bytes([8, 7, 0, k, 1, 2, 3]) for k in range(len(counts))]
    packets = [Truth(o, 7, c, t) for o, c, t in zip(octets, counts, times, strict=True)]
    ingest(archive, "one", batches(packets, 40))
    found = archive.completeness(1)
    assert found.packets.select("packets", "gaps", "missing", "restarts").rows() == [(8, 2, 2, 0)]
    assert found.missing.select("after", "before", "missing").rows() == [(16381, 16383, 1), (0, 2, 1)]
    assert found.packets.select("first", "last_time").rows() == [(times[0], times[-1])]


def test_a_count_that_falls_back_far_was_restarted(archive: Archive) -> None:
    packets = [Truth(bytes([8, 7, 0, k, 1, 2, 3]), 7, c, EPOCH + k * SECOND) for k, c in enumerate([5000, 5001, 0, 1, 4])]
    ingest(archive, "one", batches(packets, 40))
    found = archive.completeness(1)
    assert found.packets.select("gaps", "missing", "restarts").rows() == [(1, 2, 1)]
    assert found.missing.select("start", "stop").rows() == [(EPOCH + 3 * SECOND, EPOCH + 4 * SECOND)]


def test_what_another_station_received_is_not_missing_over_all(archive: Archive) -> None:
    packets = truths(4, 60, apids=[9])
    later = truths(5, 20, start=EPOCH + 10**6 * SECOND, apids=[9])
    ingest(archive, "one", batches([*packets[:10], *packets[13:30]], 9))
    ingest(archive, "two", batches([*packets[8:16], *packets[20:50]], 9))
    ingest(archive, "next pass", batches([replace(p, count=p.count + 700) for p in later], 9))
    found = archive.completeness()
    by_source = dict(found.packets.select("source", "missing").rows())
    assert by_source == {1: 3, 2: 17, 3: 0, None: 0}  # of source 2, the packets that source 1 had already are not kept twice
    assert found.missing.filter(pl.col("source").is_null()).is_empty()


def test_damaged_and_idle_packets_fill_no_place(archive: Archive) -> None:
    packets = truths(6, 20, apids=[9])
    packets[5] = replace(packets[5], quality=1, count=900, values={})
    idle = Truth(b"\x0f\xff\xc0\x00\x00\x00\x55", 0x7FF, 77, NO_TIME)
    ingest(archive, "one", batches([*packets[:3], idle, *packets[3:]], 50))
    row = archive.completeness(1).packets.row(0, named=True)
    assert (row["packets"], row["bad"], row["missing"]) == (19, 1, 1)
    assert archive.completeness(1).packets["apid"].to_list() == [9]


def test_gaps_have_the_times_around_them(archive: Archive) -> None:
    ingest(archive, "one", framed(truths(7, 60), 9, bad=[4]))
    found = archive.completeness()
    assert len(found.gaps) > 2
    for gap in found.gaps.iter_rows(named=True):
        frames = archive.packets(octets=False).select("frame", "generated").rows()
        before = [t for f, t in frames if f <= gap["after_frame"]]
        behind = [t for f, t in frames if f > gap["after_frame"]]
        assert gap["start"] == (max(before) if before else None)
        assert gap["stop"] == (min(behind) if behind else None)
    assert found.channels.select("source", "virtual_channel", "bad").rows() == [(1, 0, 1), (None, 0, 1)]


def test_an_empty_archive_is_complete(archive: Archive) -> None:
    found = archive.completeness()
    assert [len(f) for f in (found.sources, found.channels, found.gaps, found.packets, found.missing)] == [0] * 5


def holes(counts: list[int]) -> list[tuple[int, int, int]]:
    """Return the holes of one APID's counts in order of time, by the rules, one packet at a time."""
    segments: list[list[int]] = []
    for count in counts:
        step = (count - segments[-1][-1] + 8192) % 16384 - 8192 if segments else None
        if step is None or step < -256:
            segments.append([count])
        else:
            segments[-1].append(segments[-1][-1] + step)
    ordered = [sorted(segment) for segment in segments]
    pairs = [pair for segment in ordered for pair in pairwise(segment)]
    return [(a % 16384, b % 16384, b - a - 1) for a, b in pairs if b - a > 1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(2, 60))
def test_holes_as_a_plain_loop_finds_them(tmp_path_factory: pytest.TempPathFactory, seed: int, number: int) -> None:
    chance = random.Random(seed)
    by_apid: dict[int, list[Any]] = {}
    at = {1: 16300, 2: 5}
    for k in range(number):
        apid = chance.choice((1, 2))
        at[apid] = (at[apid] + chance.choice([1, 1, 1, 1, 2, 7, 0, -2, -9, 300, -5000])) % 16384
        by_apid.setdefault(apid, []).append(Truth(bytes([8, apid, 1, k, 5, 5, 5]), apid, at[apid], EPOCH + k * SECOND))
    packets = sorted((p for mine in by_apid.values() for p in mine), key=lambda p: p.generated)
    archive = open_archive(tmp_path_factory.mktemp("holes") / "a", create=True)
    ingest(archive, "one", batches(packets, 25), None)
    found = archive.completeness(1).missing
    for apid, mine in by_apid.items():
        got = found.filter(pl.col("apid") == apid).select("after", "before", "missing").rows()
        assert sorted(got) == sorted(holes([p.count for p in mine]))
