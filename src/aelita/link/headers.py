"""Primary headers of TM (CCSDS 132.0-B), AOS (732.0-B) and USLP (732.1-B) transfer frames, read for a whole batch at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .channel import Channel
from .frames import NO_PACKET_STARTS, NO_PACKETS, ONLY_IDLE, Octets
from .header_error import mend_headers

Column = NDArray[np.int64]

VERSIONS = {"TM": 0, "AOS": 1, "USLP": 12}
NO_START, IDLE = 0x7FF, 0x7FE  # first header pointers of TM and AOS frames
IDLE_CHANNEL = 63  # AOS and USLP keep it for only idle data
USLP_NO_START, USLP_PACKETS, USLP_IDLE = 0xFFFF, 0, 31  # pointer; protocol ids of the data field


@dataclass(frozen=True, slots=True)
class Headers:
    """What frame headers say, one entry per frame. `sound` is false where a header contradicts the channel or itself.

    `modulus` is the number of values of the frame's counter (1: none). `map_id` is the multiplexer access point (0 but in USLP).
    `data_start` counts from the frame's first octet.
    """

    version: Column
    spacecraft_id: Column
    virtual_channel: Column
    map_id: Column
    master_count: Column
    channel_count: Column
    modulus: Column
    has_ocf: NDArray[np.bool_]
    pointer: Column
    data_start: Column
    data_length: Column
    sound: NDArray[np.bool_]


def octets_at(buffer: Octets, offset: Column, count: int) -> Column:
    """Return `count` octets from each offset, shape (offsets, count); past the buffer's end its last octet repeats."""
    if not offset.size or not buffer.size:
        return np.zeros((offset.size, count), np.int64)
    return buffer[np.clip(offset[:, None] + np.arange(count), 0, buffer.size - 1)].astype(np.int64)


def read_headers(channel: Channel, buffer: Octets, offset: Column, length: Column) -> Headers:
    """Read the headers of the frames at these offsets, whatever their octets are."""
    return {"TM": _tm, "AOS": _aos, "USLP": _uslp}[channel.protocol](channel, buffer, offset, length)


def carrying(channel: Channel, what: str) -> NDArray[np.bool_]:
    """Return which of the 64 virtual channels carry this."""
    found = np.full(64, channel.other_channels == what)
    for number, described in channel.virtual_channels.items():
        found[number] = described.carries == what
    return found


def _agrees(channel: Channel, flag: Column) -> NDArray[np.bool_]:
    if channel.ocf == "flag":
        return np.ones(flag.size, np.bool_)
    return flag == (channel.ocf == "present")


def _pointer(raw: Column) -> Column:
    return np.where(raw == NO_START, NO_PACKET_STARTS, np.where(raw == IDLE, ONLY_IDLE, raw))


def _tm(channel: Channel, buffer: Octets, offset: Column, length: Column) -> Headers:
    h = octets_at(buffer, offset, 7).T
    status = h[4] << 8 | h[5]
    secondary = np.where(status >> 15 == 1, (h[6] & 0x3F) + 1, 0)
    virtual_channel, flag = h[1] >> 1 & 7, h[1] & 1
    has_ocf = flag == 1
    start = 6 + secondary
    size = length - start - 4 * has_ocf - channel.trailer_octets
    packets = carrying(channel, "packets")[virtual_channel] & (status >> 14 & 1 == 0)  # synchronization flag: no packets
    sound = _agrees(channel, flag) & (size > 0)
    if channel.secondary_header_octets:
        sound &= secondary == channel.secondary_header_octets
    pointer = _pointer(status & 0x7FF)
    zeros = np.zeros_like(start)
    return Headers(
        version=h[0] >> 6,
        spacecraft_id=(h[0] & 0x3F) << 4 | h[1] >> 4,
        virtual_channel=virtual_channel,
        map_id=zeros,
        master_count=h[2],
        channel_count=h[3],
        modulus=zeros + 256,
        has_ocf=has_ocf,
        pointer=np.where(packets | (pointer == ONLY_IDLE), pointer, NO_PACKETS),
        data_start=start,
        data_length=np.maximum(size, 0),
        sound=sound,
    )


def _aos(channel: Channel, buffer: Octets, offset: Column, length: Column) -> Headers:
    first = 6 + 2 * channel.header_error_control + channel.insert_zone_octets
    rows = octets_at(buffer, offset, first + 2)
    sound = length >= first
    if channel.header_error_control:
        mended, symbols = mend_headers(rows.astype(np.uint8))
        rows[:, :8] = mended
        sound &= symbols >= 0
    h = rows.T
    virtual_channel = h[1] & 0x3F
    packets, bitstream = (carrying(channel, what)[virtual_channel] for what in ("packets", "bitstream"))
    packets &= virtual_channel != IDLE_CHANNEL
    start = first + 2 * (packets | bitstream)
    has_ocf = np.full(start.size, channel.ocf == "present")
    size = length - start - 4 * has_ocf - channel.trailer_octets
    cycle = h[5] >> 6 & 1 == 1  # the counter goes on in the cycle field
    idle = (virtual_channel == IDLE_CHANNEL) | carrying(channel, "idle")[virtual_channel]
    wide = channel.spacecraft_id > 0xFF  # later issues of the book put two more bits of the id into the signalling field
    return Headers(
        version=h[0] >> 6,
        spacecraft_id=(h[0] & 0x3F) << 2 | h[1] >> 6 | (h[5] >> 4 & 3) * 256 * wide,
        virtual_channel=virtual_channel,
        map_id=np.zeros_like(start),
        master_count=np.full_like(start, -1),
        channel_count=np.where(cycle, (h[5] & 15) << 24, 0) | h[2] << 16 | h[3] << 8 | h[4],
        modulus=np.where(cycle, 1 << 28, 1 << 24),
        has_ocf=has_ocf,
        pointer=np.where(packets, _pointer((h[first] << 8 | h[first + 1]) & 0x7FF), np.where(idle, ONLY_IDLE, NO_PACKETS)),
        data_start=start,
        data_length=np.maximum(size, 0),
        sound=sound & (size > 0),
    )


def _uslp(channel: Channel, buffer: Octets, offset: Column, length: Column) -> Headers:
    h = octets_at(buffer, offset, 14).T
    truncated = h[3] & 1 == 1
    width = np.where(truncated, 0, h[6] & 7)
    count = np.zeros_like(width)
    for k in range(7):
        count = np.where(k < width, count << 8 | h[7 + k], count)
    after = np.where(truncated, 4, 7 + width + channel.insert_zone_octets)
    field = octets_at(buffer, offset + after, 3).T
    rule, protocol = field[0] >> 5, field[0] & 31
    start = after + 1 + 2 * (rule <= 2)
    virtual_channel = (h[2] & 7) << 3 | h[3] >> 5
    flag = np.where(truncated, 0, h[6] >> 3 & 1)
    has_ocf = flag == 1
    size = length - start - 4 * has_ocf - channel.trailer_octets
    idle = (virtual_channel == IDLE_CHANNEL) | (protocol == USLP_IDLE)
    packets = carrying(channel, "packets")[virtual_channel] & (protocol == USLP_PACKETS) & ~idle
    return Headers(
        version=h[0] >> 4,
        spacecraft_id=(h[0] & 15) << 12 | h[1] << 4 | h[2] >> 4,
        virtual_channel=virtual_channel,
        map_id=h[3] >> 1 & 15,
        master_count=np.full_like(start, -1),
        channel_count=count,
        modulus=np.left_shift(1, 8 * width),
        has_ocf=has_ocf,
        pointer=np.where(packets, _uslp_pointer(rule, field[1] << 8 | field[2]), np.where(idle, ONLY_IDLE, NO_PACKETS)),
        data_start=start,
        data_length=np.maximum(size, 0),
        sound=(size > 0) & (truncated | ((h[4] << 8 | h[5]) + 1 == length)) & (truncated | _agrees(channel, flag)),
    )


def _uslp_pointer(rule: Column, raw: Column) -> Column:
    """Return where the first packet begins, by the data field's construction rule.

    0: packets span frames, with a pointer. 4, 5, 6: first, next and last segment of a packet. 7: whole packets. The other rules
    carry no packets: 1 and 2 fixed-length service data units, 3 an octet stream.
    """
    spanning = np.where(raw == USLP_NO_START, NO_PACKET_STARTS, raw)
    segmented = np.where((rule == 5) | (rule == 6), NO_PACKET_STARTS, 0)
    return np.where(rule == 0, spanning, np.where(rule >= 4, segmented, NO_PACKETS))
