"""Transfer frames as columns: TM (CCSDS 132.0-B), AOS (732.0-B) and USLP (732.1-B) primary headers read for a whole batch.

A batch is a matrix, one frame a row, all of one length; USLP frames of varying length are read one length at a time.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]
NO_OCF = -1

GOOD, FECF_BAD, WRONG_VERSION, WRONG_SPACECRAFT, HEADER_BAD, WRONG_LENGTH, UNCORRECTABLE = 0, 1, 2, 3, 4, 5, 6
REASONS = {
    FECF_BAD: "frame error control field",
    WRONG_VERSION: "transfer frame version number",
    WRONG_SPACECRAFT: "spacecraft id",
    HEADER_BAD: "header contradicts the channel",
    WRONG_LENGTH: "frame length",
    UNCORRECTABLE: "uncorrectable Reed-Solomon codeword",
}


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of a batch: a shared octet buffer and one entry per frame in every other column.

    `number` runs over all frames of the source, `position` is the frame's octet offset in it. `reason` is GOOD or a key of
    REASONS. `channel_count` is the raw virtual-channel counter, `counter_bits` its width. `ocf` is the operational control
    field or -1. `data_start` and `data_length` locate the data field in `buffer`; `pointer` is the first header pointer
    (bitstream pointer of a B_PDU; 0x7FF when there is none).
    """

    buffer: Octets
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    number: NDArray[np.int64]
    position: NDArray[np.int64]
    reason: NDArray[np.uint8]
    spacecraft_id: NDArray[np.int64]
    virtual_channel: NDArray[np.uint8]
    master_count: NDArray[np.int64]
    channel_count: NDArray[np.int64]
    counter_bits: NDArray[np.uint8]
    ocf: NDArray[np.int64]
    data_start: NDArray[np.int64]
    data_length: NDArray[np.int64]
    pointer: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    stream_position: NDArray[np.int64]

    def __len__(self) -> int:
        return self.offset.size

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which frames passed every check."""
        return self.reason == GOOD

    def select(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Frames":
        """Return the frames of a mask or of indices, over the same buffer."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return Frames(**{name: value if name == "buffer" else value[which] for name, value in columns.items()})

    def octets(self, index: int) -> bytes:
        """Return the whole frame at `index`."""
        start = int(self.offset[index])
        return self.buffer[start : start + int(self.length[index])].tobytes()


@dataclass(frozen=True, slots=True)
class Header:
    """What primary headers say, as columns of int64; -1 where a protocol has no such field."""

    version: NDArray[np.int64]
    spacecraft_id: NDArray[np.int64]
    virtual_channel: NDArray[np.int64]
    master_count: NDArray[np.int64]
    channel_count: NDArray[np.int64]
    ocf_flag: NDArray[np.int64]
    secondary_flag: NDArray[np.int64]
    pointer: NDArray[np.int64]
    first_data: NDArray[np.int64]  # octets before the data field (after an M_PDU or B_PDU header)


def _words(rows: Octets, count: int) -> list[NDArray[np.int64]]:
    return [rows[:, k].astype(np.int64) for k in range(count)]


def tm_header(rows: Octets) -> Header:
    """Return the fields of TM primary headers (6 octets) and the length of the secondary header where there is one."""
    a, b, master, channel, e, f = _words(rows, 6)
    status = e << 8 | f
    secondary = status >> 15
    width = np.where(secondary == 1, (rows[:, 6].astype(np.int64) & 0x3F) + 1, 0) if rows.shape[1] > 6 else np.zeros_like(a)
    pointer = np.where(status >> 14 & 1 == 1, 0x7FF, status & 0x7FF)  # synchronization flag set: no packets, no pointer
    return Header(a >> 6, (a & 0x3F) << 4 | b >> 4, b >> 1 & 7, master, channel, b & 1, secondary, pointer, 6 + width)


def aos_header(rows: Octets, first: int, with_pointer: NDArray[np.bool_]) -> Header:
    """Return the fields of AOS primary headers (6 octets).

    `first` counts the octets before the data field (primary header, header error control, insert zone). `with_pointer` says of
    each of the 64 virtual channels whether its data field begins with an M_PDU header.
    """
    a, b, c, d, e, _ = _words(rows, 6)
    channel = b & 0x3F
    none = np.full_like(a, -1)
    multiplexed = with_pointer[channel]
    pointer = np.where(multiplexed, (rows[:, first].astype(np.int64) << 8 | rows[:, first + 1]) & 0x7FF, 0x7FF)
    return Header(
        a >> 6, (a & 0x3F) << 2 | b >> 6, channel, none, c << 16 | d << 8 | e, none, np.zeros_like(a), pointer,
        first + 2 * multiplexed.astype(np.int64),
    )  # fmt: skip


def uslp_header(rows: Octets, insert_zone: int, with_pointer: NDArray[np.bool_]) -> tuple[Header, NDArray[np.int64]]:
    """Return the fields of USLP primary headers of non-truncated frames, and the width in bits of each frame's counter.

    Rows must all have the same counter width. The data field follows the insert zone and the data field header; its pointer
    is there for construction rules 0 to 2 (732.1-B).
    """
    a, b, c, d, e, f, g = _words(rows, 7)
    width = g & 7
    octets = int(width[0]) if width.size else 0
    count = np.zeros_like(a)
    for k in range(octets):
        count = count << 8 | rows[:, 7 + k]
    start = 7 + octets + insert_zone
    rule = rows[:, start].astype(np.int64) >> 5
    pointed = rule <= 2
    after = np.minimum(start + 2, rows.shape[1] - 1)
    raw = rows[:, np.minimum(start + 1, rows.shape[1] - 1)].astype(np.int64) << 8 | rows[:, after]
    channel = (c & 7) << 3 | d >> 5
    pointer = np.where(pointed & with_pointer[channel] & (rule == 0), np.where(raw == 0xFFFF, 0x7FF, raw), 0x7FF)
    none = np.full_like(a, -1)
    header = Header(
        a >> 4, (a & 0xF) << 12 | b << 4 | c >> 4, channel, none, count, g >> 3 & 1, np.zeros_like(a), pointer,
        start + 1 + 2 * pointed.astype(np.int64),
    )  # fmt: skip
    return header, width * 8
