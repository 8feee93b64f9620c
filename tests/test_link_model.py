"""Loss, repetition and reordering of frames against a perfect model written in plain Python beside it."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.link import AFTER_LOSS, INCOMPLETE, LATE, RESENT, RESTARTED, Channel, FrameReceiver
from reception_material import Everything, filled, packet, tm, tm_frame

OCTETS, ROOM, MODULUS, REMEMBERED = 40, 32, 256, 256
CHANNEL = tm()


@dataclass
class Stream:
    """One virtual channel: the counter last seen, the frames by counter, and the octets of the packet in progress."""

    last: int | None = None
    known: dict[int, bytes] = field(default_factory=dict)
    open_packet: bytes | None = None


@dataclass
class Model:
    """What a receiver of TM frames must answer, frame by frame."""

    streams: dict[int, Stream] = field(default_factory=dict)
    packets: list[tuple[int, bytes]] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    gaps: list[tuple[int, int, int, int]] = field(default_factory=list)

    def take(self, frame: bytes) -> None:
        channel, count = frame[1] >> 1 & 7, frame[3]
        stream = self.streams.setdefault(channel, Stream())
        quality = self.judge(stream, channel, count, frame)
        self.quality.append(quality)
        if quality == RESENT:
            return
        pointer, data = int.from_bytes(frame[4:6]) & 0x7FF, frame[6:-2]
        if quality == LATE:
            if pointer < 0x7FE:
                self.read(channel, data[pointer:])
            return
        if quality == AFTER_LOSS:
            stream.open_packet = None
        if stream.open_packet is None:
            if pointer != 0x7FF:
                stream.open_packet = self.read(channel, data[pointer:])
        else:
            stream.open_packet = self.read(channel, stream.open_packet + data)

    def judge(self, stream: Stream, channel: int, count: int, frame: bytes) -> int:
        if stream.last is None or count == (stream.last + 1) % MODULUS:
            stream.last, stream.known[count] = count, frame
            return 0
        lost = (count - stream.last - 1) % MODULUS
        if (stream.last - count) % MODULUS < MODULUS // 2:
            if stream.known.get(count) == frame:
                return RESENT
            if count not in stream.known:
                stream.known[count] = frame
                return LATE
        self.gaps.append((channel, (stream.last + 1) % MODULUS, count, lost))
        for missing in range(stream.last + 1, stream.last + 1 + lost):
            stream.known.pop(missing % MODULUS, None)
        stream.last, stream.known[count] = count, frame
        return AFTER_LOSS

    def read(self, channel: int, octets: bytes) -> bytes:
        while len(octets) >= 6 and len(octets) >= (size := 7 + int.from_bytes(octets[4:6])):
            self.packets.append((channel, octets[:size]))
            octets = octets[size:]
        return octets


def sent(seed: int, frames: int) -> list[bytes]:
    """Frames of two virtual channels that take turns as chance has it; their counters start anywhere."""
    chance = random.Random(seed)
    per_channel: dict[int, list[bytes]] = {}
    for channel in (0, 5):
        stream, starts = b"", []
        while len(stream) < frames * ROOM:
            starts.append(len(stream))
            stream += packet(chance.randint(0, 2046), len(starts), chance.randbytes(chance.choice([1, 3, 20, 33, 100])))
        first = chance.randint(0, 255)
        per_channel[channel] = [
            tm_frame(body, first + k, pointer, channel=channel) for k, (body, pointer) in enumerate(filled(stream, starts, ROOM))
        ]
    made = []
    while any(per_channel.values()):
        made.append(per_channel[chance.choice([c for c in per_channel if per_channel[c]])].pop(0))
    return made


def disturbed(frames: list[bytes], acts: list[tuple[str, int, int]]) -> list[bytes]:
    frames = list(frames)
    for what, where, reach in acts:
        at = where % len(frames)
        if what == "lose":
            del frames[at : at + reach]
        elif what == "repeat":
            frames[at + reach : at + reach] = frames[at : at + 1 + reach // 4]
        elif what == "delay":
            frames.insert(at + reach, frames.pop(at))
        if not frames:
            return []
    return frames


def receive(channel: Channel, frames: list[bytes], batch: int) -> Everything:
    receiver, found = FrameReceiver(channel), Everything()
    for first in range(0, len(frames), batch):
        part = frames[first : first + batch]
        offset = np.arange(len(part), dtype=np.int64) * OCTETS
        found.add(receiver.receive(b"".join(part), offset, np.full(len(part), OCTETS), first * OCTETS + offset))
    found.add(receiver.finish())
    return found


ACTS = st.lists(st.tuples(st.sampled_from(["lose", "repeat", "delay"]), st.integers(0, 10**6), st.integers(1, 30)), max_size=6)


@given(st.integers(0, 10**6), ACTS, st.integers(1, 60))
def test_any_loss_repetition_and_order(seed: int, acts: list[tuple[str, int, int]], batch: int) -> None:
    frames = disturbed(sent(seed, 60), acts)
    model = Model()
    for frame in frames:
        model.take(frame)
    found = receive(CHANNEL, frames, batch)
    assert [row[4] for row in found.frames] == model.quality
    assert [(c, expected, seen, lost) for c, _, expected, seen, lost in found.gaps] == model.gaps
    assert [(row[3], row[0]) for row in found.packets if not row[5] & INCOMPLETE] == model.packets


@given(st.integers(0, 10**6), ACTS)
def test_every_octet_of_an_incomplete_packet_was_sent(seed: int, acts: list[tuple[str, int, int]]) -> None:
    frames = sent(seed, 60)
    whole = {row[0] for row in receive(CHANNEL, frames, 500).packets}
    for row in receive(CHANNEL, disturbed(frames, acts), 500).packets:
        if row[5] & INCOMPLETE:
            assert any(one.startswith(row[0]) for one in whole)
        else:
            assert row[0] in whole


def test_a_wide_counter_that_starts_anew_is_a_restart() -> None:
    channel = Channel.from_toml(
        'name="a"\nspacecraft="A"\nprotocol="AOS"\nspacecraft_id=0xA5\nframe_octets=40\nocf="absent"\nfecf="none"\nother_channels="packets"'
    )
    head = (1 << 14 | 0xA5 << 6).to_bytes(2)

    def frame(count: int) -> bytes:
        return head + count.to_bytes(3) + b"\0" + bytes(2) + packet(3, count, bytes(26))

    found = receive(channel, [frame(k) for k in (5000, 5001, 0, 1, 2**24 - 1, 0)], 6)
    assert [row[4] for row in found.frames] == [0, 0, RESTARTED, 0, LATE, RESENT]
    assert found.gaps == [(0, 1, 5002, 0, 0)]


@pytest.mark.parametrize("kind", ["TM", "AOS", "USLP"])
@given(octets=st.binary(min_size=1, max_size=200), size=st.integers(1, 60), seed=st.integers(0, 9))
def test_any_octets_as_delimited_frames(kind: str, octets: bytes, size: int, seed: int) -> None:
    extra = "" if kind == "USLP" else "frame_octets=40\n"
    channel = Channel.from_toml(
        f'name="t"\nspacecraft="T"\nprotocol="{kind}"\nspacecraft_id={octets[0]}\n{extra}fecf="none"\nother_channels="packets"'
    )
    chance = random.Random(seed)
    offset = np.array(sorted(chance.randint(-5, len(octets) + 5) for _ in range(6)), np.int64)
    length = np.full(6, size)
    receiver = FrameReceiver(channel)
    received = receiver.receive(octets, offset, length, offset)
    assert len(received.frames) == 6
    assert len(received.quarantined) >= np.count_nonzero(~received.frames.good)
    receiver.finish()
