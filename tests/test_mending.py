"""Packets that span frames which came late: all of them are found, whatever the order in which holes close."""

import random
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.link import INCOMPLETE, Channel, FrameReceiver, flat_state, nested_state
from aelita.telemetry import Copies, Mender, Merged, Merger
from reception_material import mission_channel, tm
from shared import shared
from station_material import LIGHT_NS, MS, SECOND, START
from test_link_model import sent

CHANNEL = tm()


@dataclass
class Chain:
    """Merging, reception and mending of one channel; `packets` are the whole ones, `damaged` those with a wrong checksum."""

    channel: Channel
    merger: Merger = field(init=False)
    packets: Counter[bytes] = field(default_factory=Counter)
    mended: int = 0
    late: int = 0

    def __post_init__(self) -> None:
        self.merger, self.receiver, self.mender = Merger(self.channel), FrameReceiver(self.channel), Mender(self.channel)

    def take(self, merged: Merged) -> None:
        position = np.cumsum(merged.length) - merged.length
        received = self.receiver.receive(merged.buffer, merged.offset, merged.length, position, late=merged.late)
        mended, checked = self.mender.take(received.frames, merged.emitted_at)
        assert checked.size == len(mended) and not mended.quality.any()
        self.mended += len(mended)
        self.late += int(merged.late.sum())
        for packets in (received.packets, mended):
            self.packets.update(packets.octets(int(i)) for i in np.flatnonzero(packets.quality & INCOMPLETE == 0))

    def feed(self, station: str, frames: list[bytes], numbers: list[int], spacing: int, now: int) -> None:
        if numbers:
            self.take(self.merger.feed(copies_of(station, frames, numbers, spacing), now))

    def resume(self) -> None:
        """Go on with new objects, from plain arrays."""
        mender, receiver, merger = Mender(self.channel), FrameReceiver(self.channel), Merger(self.channel)
        merger.restore(nested_state(flat_state(self.merger.state())))
        mender.restore(nested_state(flat_state(self.mender.state())))
        receiver.restore(nested_state(flat_state(self.receiver.state())))
        self.mender, self.receiver, self.merger = mender, receiver, merger


def copies_of(station: str, frames: list[bytes], numbers: list[int], spacing: int) -> Copies:
    octets = b"".join(frames[i] for i in numbers)
    length = np.array([len(frames[i]) for i in numbers], np.int64)
    emitted = START + np.array(numbers, np.int64) * spacing
    zeros = np.zeros(len(numbers), np.int64)
    return Copies(
        station, np.frombuffer(bytearray(octets), np.uint8), np.cumsum(length) - length, length, emitted + LIGHT_NS[station],
        emitted, zeros.astype(np.uint8), zeros,
    )  # fmt: skip


def whole(channel: Channel, frames: list[bytes]) -> Counter[bytes]:
    """The packets of a stream without any loss; frames come after each other."""
    chain = Chain(channel)
    chain.feed("malargue", frames, list(range(len(frames))), 100 * MS, START)
    return chain.packets


def lost_in(chance: random.Random, count: int, longest: int) -> list[list[int]]:
    """Runs of lost frames, none at the end."""
    runs, at = [], chance.randrange(1, 10)
    while at < count - longest - 1:
        size = chance.randrange(1, longest)
        runs.append(list(range(at, at + size)))
        at += size + chance.choice((1, 1, 2, 5, 40))
    return runs


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.booleans(), st.integers(2, 12), st.booleans())
def test_all_packets_are_found_when_all_holes_are_closed(seed: int, in_parts: bool, longest: int, restarts: bool) -> None:
    chance, frames = random.Random(seed), sent(seed, 60)
    runs = lost_in(chance, len(frames), longest)
    lost = {i for run in runs for i in run}
    pieces = [[i] for i in lost] if in_parts else runs
    chance.shuffle(pieces)
    chain, kept = Chain(CHANNEL), [i for i in range(len(frames)) if i not in lost]
    while kept or pieces:
        if kept:
            size = chance.randrange(1, 30)
            chain.feed("malargue", frames, kept[:size], 100 * MS, START)
            kept = kept[size:]
        gone_by = [p for p in pieces if not kept or p[-1] < kept[0]]
        for piece in gone_by[: chance.randrange(4)] if kept else gone_by:
            pieces.remove(piece)
            chain.feed("malargue", frames, piece, 100 * MS, START + 60 * SECOND)
        if restarts:
            chain.resume()
    assert chain.packets == whole(CHANNEL, frames)
    assert not chain.merger.holes()


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(2, 12))
def test_what_is_found_when_some_holes_stay_was_sent(seed: int, longest: int) -> None:
    chance, frames = random.Random(seed), sent(seed, 60)
    lost = [i for run in lost_in(chance, len(frames), longest) for i in run]
    chain = Chain(CHANNEL)
    chain.feed("malargue", frames, [i for i in range(len(frames)) if i not in set(lost)], 100 * MS, START)
    before = Counter(chain.packets)
    for i in chance.sample(lost, len(lost) // 2):
        chain.feed("malargue", frames, [i], 100 * MS, START)
    assert before <= chain.packets <= whole(CHANNEL, frames)


@pytest.mark.parametrize(("name", "path"), [
    ("exomars", "tgo/tgo_2023-05-24_first_half.tm"), ("mars2020", "mars2020/mars2020_frames.u8"),
])  # fmt: skip
def test_recordings_with_holes_that_close(name: str, path: str) -> None:
    """Packets of Mars 2020 span up to ten frames; those of the recording's own losses stay incomplete."""
    channel = mission_channel(name)
    recorded = np.fromfile(shared(f"data/telemetry/{path}"), np.uint8)[: 1115 * 900].reshape(-1, 1115)
    frames = [row.tobytes() for row in recorded]
    chance = random.Random(11)
    runs = [run for run in lost_in(chance, len(frames), 9) if chance.random() < 0.3]
    lost = {i for run in runs for i in run}
    chain = Chain(channel)
    chain.feed("malargue", frames, [i for i in range(len(frames)) if i not in lost], 350 * MS, START)
    before = sum(chain.packets.values())
    pieces = [half for run in runs for half in (run[::2], run[1::2])]
    chance.shuffle(pieces)
    for piece in pieces:
        chain.feed("malargue", frames, piece, 350 * MS, START + 600 * SECOND)
    assert chain.packets == whole(channel, frames) and chain.mended == sum(chain.packets.values()) - before > 100 * (
        name == "exomars"
    )


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 20), st.booleans())
def test_all_packets_are_found_once_whatever_goes_back_in_time(seed: int, longest: int, restarts: bool) -> None:
    """Runs of frames come in any order, each in turn or late: a merger that heard a wrong time may put older frames in turn."""
    chance, frames = random.Random(seed), sent(seed, 60)
    runs, at = [], 0
    while at < len(frames):
        runs.append(list(range(at, at + chance.randrange(1, longest + 1))))
        at += len(runs[-1])
    chance.shuffle(runs)
    chain = Chain(CHANNEL)
    for number, run in enumerate(runs):
        there = [i for i in run if i < len(frames)]
        chain.take(as_merged(frames, there, late=number > 0 and chance.random() < 0.5))
        if restarts:
            chain.resume()
    assert chain.packets == whole(CHANNEL, frames)


def as_merged(frames: list[bytes], numbers: list[int], *, late: bool) -> Merged:
    copies, none = copies_of("malargue", frames, numbers, 100 * MS), np.zeros(len(numbers), np.int64)
    return Merged(
        copies.buffer, copies.offset, copies.length, none.astype(np.uint8), none, copies.received_at, copies.emitted_at,
        none.astype(np.int16), np.full(len(numbers), late), ("malargue",), (), (), (),
    )  # fmt: skip


@pytest.mark.parametrize("size", [1, 15, 16, 17, 60, 255, 256, 257, 300])
@pytest.mark.parametrize(("spacing", "restarts"), [(0, False), (10 * MS, True), (SECOND, False), (SECOND, True)])
def test_what_was_missed_comes_while_the_newest_frame_stands_alone(size: int, spacing: int, restarts: bool) -> None:
    """A receiver that was down gets what it missed behind the first frame heard anew; that frame stays the newest."""
    frames = [frame for frame in sent(size, 400) if frame[1] >> 1 & 7 == 5]
    chain, alone = Chain(CHANNEL), 40 + size
    now = START
    for number in (*range(40), alone, *range(40, alone), *range(alone + 1, len(frames))):
        now += spacing
        chain.feed("malargue", frames, [number], 100 * MS, now)
        if restarts:
            chain.resume()
    assert chain.packets == whole(CHANNEL, frames)
    if spacing < SECOND or size < 256:  # else there are several ways to understand the counters and the time
        assert chain.late == size and not chain.merger.holes()


def test_memory_is_bounded() -> None:
    chain = Chain(CHANNEL)
    chain.mender = Mender(CHANNEL, most_holes=4)
    frames = sent(5, 300)
    chain.feed("malargue", frames, list(range(0, len(frames), 2)), 100 * MS, START)
    assert all(len(one.stretches) <= 5 for one in chain.mender._channels.values())
    chain.feed("malargue", frames, list(range(1, len(frames), 2)), 100 * MS, START)
    assert all(len(one.stretches) <= 5 for one in chain.mender._channels.values())
