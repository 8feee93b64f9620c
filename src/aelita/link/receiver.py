"""Frames to packets: checks, virtual channels, losses and reassembly of one recorded or live channel.

The same functions take one live frame or many megabytes of a recording. A receiver keeps, per virtual channel, the last counter
and the packet in progress (at most 65,542 octets), nothing else.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled, crc16_many, iso_checksum_many
from .channel import Channel, PacketRules
from .frames import (
    AFTER_LOSS,
    GOOD,
    LATE,
    NO_OCF,
    NO_PACKET_STARTS,
    REASONS,
    RESENT,
    RESTARTED,
    Frames,
    own_octets,
)
from .headers import Headers, octets_at, read_headers
from .packets import CHECKSUM_BAD, ENCAPSULATION_APID, INCOMPLETE, Octets, Packets, join_packets, packets_at
from .reassembly import CUT, FAULTS, WHOLE, Pieces, StreamState, header_complete, reassemble
from .received import Gap, Quarantined, Received, uncorrected
from .sequence import AFTER_LOSS as LOSS_SEEN
from .sequence import RESTARTED as RESTART_SEEN
from .sequence import Counters, Verdicts, follow
from .states import State, branch, leaf
from .verifying import verify

Column = NDArray[np.int64]
QUALITIES = np.array([0, 0, AFTER_LOSS, RESENT, LATE, RESTARTED], np.uint8)  # by verdict on the counter


@compiled
def _gather(buffer: Octets, start: Column, length: Column) -> Octets:
    """Return the octets of all these fields, one after another."""
    total = 0
    for i in range(start.size):
        total += max(min(start[i] + length[i], buffer.size) - max(start[i], 0), 0)
    out = np.empty(total, np.uint8)
    at = 0
    for i in range(start.size):
        a, b = max(start[i], 0), min(start[i] + length[i], buffer.size)
        for k in range(b - a):
            out[at + k] = buffer[a + k]
        at += max(b - a, 0)
    return out


def carries_checksum(rules: PacketRules, packets: Packets) -> NDArray[np.bool_]:
    """Return which packets end with a checksum, by the channel's rules. Idle and incomplete packets have none to check."""
    if rules.checksum == "none":
        return np.zeros(len(packets), np.bool_)
    checked = ~packets.idle & (packets.quality & INCOMPLETE == 0) & (packets.length > 8)
    for apid in (*rules.unchecked_apids, ENCAPSULATION_APID):
        checked &= packets.apid != apid
    return checked & packets.secondary_header if rules.checksum_needs_secondary_header else checked


def check_packets(rules: PacketRules, packets: Packets) -> tuple[Packets, NDArray[np.bool_]]:
    """Verify the checksums; return the packets with CHECKSUM_BAD where one is wrong, and which were checked."""
    checked = carries_checksum(rules, packets)
    rows = np.flatnonzero(checked)
    if not rows.size:
        return packets, checked
    offset, length = packets.offset[rows], packets.length[rows]
    if rules.checksum == "crc16":
        wrong = crc16_many(packets.buffer, offset, length) != 0
    else:
        check = octets_at(packets.buffer, offset + length - 2, 2)
        wrong = iso_checksum_many(packets.buffer, offset, length - 2) != (check[:, 0] << 8 | check[:, 1])
    quality = packets.quality.copy()
    quality[rows[wrong]] |= CHECKSUM_BAD
    return replace(packets, quality=quality), checked


class FrameReceiver:
    """Turns the frames of one channel into packets. Feed it frames that something else has delimited."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._counters = Counters()
        self._streams: dict[int, StreamState] = {}
        self._breaks = np.zeros(64, np.int64)  # interruptions of each virtual channel so far
        self._latest = np.full(64, -1, np.int64)  # number of the last frame of each virtual channel
        self._number = 0

    def receive(
        self,
        buffer: bytes | Octets,
        offset: Column,
        length: Column,
        position: Column,
        reason: NDArray[np.uint8] | None = None,
        corrected: NDArray[np.int16] | None = None,
        late: NDArray[np.bool_] | None = None,
    ) -> Received:
        """Take delimited frames in the order received, and return what they complete.

        `offset` and `length` locate each frame in `buffer`, `position` in its source. `reason` marks frames refused already
        (a key of REASONS); they are counted and quarantined, not used. `corrected` is passed on. `late` marks frames that are
        known to be out of their order: they move no counter, and their packets are not looked for (see `telemetry.Mender`); when
        it is given, all others are known to be in their order.
        """
        octets = own_octets(buffer)
        headers = read_headers(self.channel, octets, offset, length)
        verified = verify(self.channel, headers, octets, offset, length, reason)
        frames = self._frames(headers, verified, octets, offset, length, position)
        frames, verdicts, good = self._follow(frames, headers, late)
        gaps = self._gaps(frames, verdicts, good)
        packets, quarantined = self._packets(frames, headers, good)
        refused = [
            Quarantined(int(frames.position[i]), frames.octets(int(i)), REASONS[int(frames.reason[i])])
            for i in np.flatnonzero(~frames.good)
        ]
        packets, checked = check_packets(self.channel.packets, packets)
        words = uncorrected(len(frames)) if corrected is None else corrected
        return Received(frames, packets, checked, gaps, refused + quarantined, words)

    def finish(self) -> Received:
        """Return the packets that the end of the input left unfinished."""
        none = np.empty(0, np.int64)
        batches, quarantined = [], []
        for key, state in sorted(self._streams.items()):
            if state.partial.size:
                frame = np.array([state.partial_frame])
                cut = Pieces(
                    state.partial, state.position - state.partial.size, np.zeros(1, np.int64), np.array([state.partial.size]),
                    np.array([CUT], np.uint8), frame, frame,
                )  # fmt: skip
                packets, _, left = _packets_of(cut, key >> 4 & 63)
                batches.append(packets)
                quarantined += _unusable(cut, left, np.full(left.size, state.partial_at))
        self._streams.clear()
        packets = join_packets(batches)
        nothing = self.receive(b"", none, none, none)
        return replace(nothing, packets=packets, checked=np.zeros(len(packets), np.bool_), quarantined=quarantined)

    def state(self) -> State:
        """Return what is carried over to the next call, as arrays."""
        streams: State = {str(key): one.state() for key, one in self._streams.items()}
        return {
            "number": np.array(self._number),
            "breaks": self._breaks.copy(),
            "latest": self._latest.copy(),
            "counters": self._counters.state(),
            "streams": streams,
        }

    def restore(self, state: State) -> None:
        """Go on where the receiver stood that gave this state. Raises DataError when it is none."""
        self._number = int(leaf(state, "number"))
        self._breaks, self._latest = leaf(state, "breaks").copy(), leaf(state, "latest").copy()
        self._counters = Counters.restored(branch(state, "counters"))
        streams = branch(state, "streams")
        self._streams = {int(key): StreamState.restored(branch(streams, key)) for key in streams}

    def _frames(
        self, h: Headers, reason: NDArray[np.uint8], buffer: Octets, offset: Column, length: Column, position: Column
    ) -> Frames:
        number = self._number + np.arange(offset.size, dtype=np.int64)
        self._number += offset.size
        at = octets_at(buffer, offset + length - self.channel.trailer_octets - 4, 4)
        ocf = at[:, 0] << 24 | at[:, 1] << 16 | at[:, 2] << 8 | at[:, 3]
        return Frames(
            buffer=buffer,
            offset=offset,
            length=length,
            number=number,
            position=position,
            reason=reason,
            quality=np.zeros(offset.size, np.uint8),
            spacecraft_id=h.spacecraft_id.astype(np.uint16),
            virtual_channel=h.virtual_channel.astype(np.uint8),
            master_count=h.master_count,
            channel_count=h.channel_count,
            ocf=np.where(h.has_ocf & (reason == GOOD), ocf, NO_OCF),
            data_start=offset + h.data_start,
            data_length=h.data_length,
            pointer=h.pointer,
        )

    def _follow(self, frames: Frames, headers: Headers, late: NDArray[np.bool_] | None) -> tuple[Frames, Verdicts, Column]:
        """Return the frames with their quality, and the verdicts on the good ones in their order, with their rows."""
        good = np.flatnonzero(frames.good if late is None else frames.good & ~late)
        verdicts = follow(
            self._counters, frames.buffer, frames.offset[good], frames.length[good], headers.virtual_channel[good],
            headers.channel_count[good], headers.modulus[good], ordered=late is not None,
        )  # fmt: skip
        quality = np.zeros(len(frames), np.uint8) if late is None else np.where(late & frames.good, LATE, 0).astype(np.uint8)
        quality[good] = QUALITIES[verdicts.verdict]
        return replace(frames, quality=quality), verdicts, good

    def _gaps(self, frames: Frames, verdicts: Verdicts, good: Column) -> list[Gap]:
        """Return the holes, and remember the last frame of each virtual channel."""
        channels, numbers = frames.virtual_channel[good], frames.number[good]
        order = np.argsort(channels, kind="stable")
        after = self._latest[channels]
        same = channels[order[1:]] == channels[order[:-1]]
        after[order[1:][same]] = numbers[order[:-1][same]]
        self._latest[channels] = numbers
        found = frames.channel_count[good]
        return [
            Gap(int(channels[i]), int(after[i]), int(verdicts.expected[i]), int(found[i]), int(verdicts.lost[i]))
            for i in np.flatnonzero((verdicts.verdict == LOSS_SEEN) | (verdicts.verdict == RESTART_SEEN))
        ]

    def _packets(self, frames: Frames, headers: Headers, good: Column) -> tuple[Packets, list[Quarantined]]:
        """Reassemble every stream: a virtual channel, in USLP one of its access points; late frames each by themselves."""
        usable = good[frames.quality[good] & RESENT == 0]
        late = frames.quality[usable] & LATE != 0
        breaks = self._breaks_before(headers.virtual_channel[usable], frames.quality[usable], late)
        carrying = frames.pointer[usable] >= NO_PACKET_STARTS
        key = headers.virtual_channel[usable] << 4 | headers.map_id[usable] | late.astype(np.int64) << 10
        batches, order, quarantined = [], [], []
        for stream in np.unique(key[carrying]):
            which = carrying & (key == stream)
            state = self._streams.setdefault(int(stream), StreamState())
            seen = breaks[which]
            gap = (np.diff(seen, prepend=state.breaks) != 0) | late[which]
            state.breaks = int(seen[-1])
            packets, ended, bad = _reassembled(state, int(stream) >> 4 & 63, frames, usable[which], gap)
            batches.append(packets)
            order.append(ended)
            quarantined += bad
        joined = join_packets(batches)
        if len(batches) > 1:
            joined = joined.select(np.argsort(np.concatenate(order), kind="stable"))
        return joined, quarantined

    def _breaks_before(self, channels: Column, quality: NDArray[np.uint8], late: NDArray[np.bool_]) -> Column:
        """Return how often each frame's virtual channel has been interrupted up to it."""
        broken = (quality & (AFTER_LOSS | RESTARTED) != 0) & ~late
        breaks = np.zeros(channels.size, np.int64)
        for number in np.unique(channels):
            rows = channels == number
            breaks[rows] = self._breaks[number] + np.cumsum(broken[rows])
            self._breaks[number] += np.count_nonzero(broken[rows])
        return breaks


def _reassembled(
    state: StreamState, channel: int, frames: Frames, rows: Column, gap: NDArray[np.bool_]
) -> tuple[Packets, Column, list[Quarantined]]:
    """Return the packets of one stream's frames, the frame that completed each, and the octets that are none."""
    lengths = frames.data_length[rows]
    data = _gather(frames.buffer, frames.data_start[rows], lengths)
    before, numbers = state.partial_at, frames.number[rows]
    pieces = reassemble(state, data, lengths, frames.pointer[rows], gap, numbers)
    if state.partial.size and state.partial_frame >= numbers[0]:
        state.partial_at = int(frames.position[rows[np.searchsorted(numbers, state.partial_frame)]])
    packets, ended, left = _packets_of(pieces, channel)
    place = np.where(
        pieces.frame[left] >= numbers[0], frames.position[rows[np.searchsorted(numbers, pieces.frame[left])]], before
    )
    return packets, ended, _unusable(pieces, left, place)


def _packets_of(pieces: Pieces, channel: int) -> tuple[Packets, Column, Column]:
    """Return the packets among these pieces, cut ones marked INCOMPLETE, the frame that ended each, and the other pieces."""
    packet = pieces.kind == WHOLE
    cut = np.flatnonzero(pieces.kind == CUT)
    packet[cut] = header_complete(pieces.stream, pieces.offset[cut], pieces.length[cut])
    rows = np.flatnonzero(packet)
    packets = packets_at(
        pieces.stream,
        pieces.offset[rows],
        pieces.length[rows],
        virtual_channel=np.full(rows.size, channel, np.uint8),
        frame=pieces.frame[rows],
        quality=np.where(pieces.kind[rows] == CUT, INCOMPLETE, 0).astype(np.uint8),
        position=pieces.base + pieces.offset[rows],
    )
    return packets, pieces.ended[rows], np.flatnonzero(~packet)


def _unusable(pieces: Pieces, left: Column, position: Column) -> list[Quarantined]:
    return [
        Quarantined(
            int(at), pieces.stream[pieces.offset[i] : pieces.offset[i] + pieces.length[i]].tobytes(), FAULTS[int(pieces.kind[i])]
        )
        for i, at in zip(left, position, strict=True)
    ]
