"""Frames to packets with every checksum verified: `aelita.link` against the loop that everybody writes first."""

import statistics
import struct
import time
from binascii import crc_hqx
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .material import ROOT, SHARED, Setting, prepare
from .table import Row, absent, rate

TGO_FRAMES = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"
TGO_CHANNEL = "src/aelita/missions/exomars/channels/tgo.toml"
ONLY_IDLE, NO_PACKET_STARTS, IDLE_APID = 0x7FE, 0x7FF, 0x7FF
Counts = tuple[int, int, int]  # good frames, packets, good packet checksums


def plain_loop(octets: bytes, size: int, trailer: int, unchecked: frozenset[int]) -> Counts:
    """Read TM frames of `size` octets with `trailer` octets of OCF and FECF behind the data field."""
    pending: dict[int, bytearray] = {}
    last: dict[int, int] = {}
    frames = packets = checked = 0
    for start in range(0, len(octets) - size + 1, size):
        frame = octets[start : start + size]
        if crc_hqx(frame, 0xFFFF):
            continue
        frames += 1
        identifier, _, count, status = struct.unpack_from(">HBBH", frame)
        channel, pointer = identifier >> 1 & 7, status & 0x7FF
        if pointer == ONLY_IDLE:
            continue
        body = frame[6 : size - trailer]
        if channel not in pending or count != (last[channel] + 1) & 0xFF:
            last[channel] = count
            if pointer == NO_PACKET_STARTS:
                continue
            pending[channel], body = bytearray(), body[pointer:]
        last[channel] = count
        buffer = pending[channel]
        buffer += body
        at = 0
        while at + 6 <= len(buffer):
            apid, _, length = struct.unpack_from(">HHH", buffer, at)
            end = at + length + 7
            if end > len(buffer):
                break
            packet = bytes(buffer[at:end])
            packets += 1
            apid &= 0x7FF
            if apid != IDLE_APID and apid not in unchecked and not crc_hqx(packet, 0xFFFF):
                checked += 1
            at = end
        del buffer[:at]
    return frames, packets, checked


def ours(octets: bytes, channel: Any) -> Counts:
    """Read the same frames through the channel's receiver."""
    import numpy as np

    from aelita.link import CHECKSUM_BAD, INCOMPLETE, FrameReceiver

    offset = np.arange(0, len(octets) - channel.frame_octets + 1, channel.frame_octets, dtype=np.int64)
    received = FrameReceiver(channel).receive(octets, offset, np.full(offset.size, channel.frame_octets), offset)
    good = received.checked & (received.packets.quality & CHECKSUM_BAD == 0)
    whole = received.packets.quality & INCOMPLETE == 0
    return int(np.count_nonzero(received.frames.good)), int(np.count_nonzero(whole)), int(np.count_nonzero(good))


def timed(call: Callable[[], Counts], repeat: int) -> tuple[list[float], Counts]:
    """Return the CPU seconds of each repetition and the answer."""
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        answer = call()
        spent.append(time.process_time() - start)
    return spent, answer


def compare(name: str, octets: bytes, channel: Any, unchecked: frozenset[int], repeat: int) -> Row:
    """Return the row of one recording. Both must count the same frames, packets and good checksums."""
    trailer = channel.trailer_octets + (4 if channel.ocf == "present" else 0)
    ours(octets, channel)  # compile
    peer_s, peer_counts = timed(lambda: plain_loop(octets, channel.frame_octets, trailer, unchecked), repeat)
    our_s, our_counts = timed(lambda: ours(octets, channel), repeat)
    if our_counts != peer_counts:
        return absent(name, f"{name}: the counts differ, {our_counts} and by the loop {peer_counts}")
    frames = len(octets) / channel.frame_octets
    fastest = frames / statistics.median(our_s), frames / statistics.median(peer_s)
    return rate(name, *fastest, "frames per CPU s", 2.0, raw={"ours_cpu_s": our_s, "peer_cpu_s": peer_s, "counts": our_counts})


def rows(setting: Setting) -> list[Row]:
    """Compare on the recording of the Trace Gas Orbiter, ten times over, and on the benchmark's frames."""
    from aelita.link import Channel

    made = []
    recording = SHARED / TGO_FRAMES
    if recording.is_file():
        channel = Channel.from_toml((ROOT / TGO_CHANNEL).read_text("utf-8"), TGO_CHANNEL)
        octets = recording.read_bytes() * 10
        made.append(compare("frames to packets, TGO recording", octets, channel, frozenset({0}), setting.repeat))
    else:
        made.append(absent("frames to packets, TGO recording", f"{TGO_FRAMES} is not in the shared folder"))
    material = prepare(setting)
    channel = Channel.from_toml(material.frames_channel.read_text("utf-8"), Path(material.frames_channel).name)
    made.append(
        compare("frames to packets, benchmark frames", material.frames.read_bytes(), channel, frozenset(), setting.repeat)
    )
    return made
