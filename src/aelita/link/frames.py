"""Transfer frames of a batch as columns, and the words for what can be wrong with one."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..octets import as_octets

Octets = NDArray[np.uint8]
NO_OCF = -1
NO_PACKET_STARTS, ONLY_IDLE, NO_PACKETS = -1, -2, -3  # in the pointer column, beside offsets into the data field

GOOD, FECF_BAD, WRONG_VERSION, WRONG_SPACECRAFT, HEADER_BAD, WRONG_LENGTH, UNCORRECTABLE = 0, 1, 2, 3, 4, 5, 6
REASONS = {
    FECF_BAD: "frame error control field",
    WRONG_VERSION: "transfer frame version number",
    WRONG_SPACECRAFT: "spacecraft id",
    HEADER_BAD: "header contradicts the channel",
    WRONG_LENGTH: "frame length",
    UNCORRECTABLE: "uncorrectable Reed-Solomon codeword",
}
RESENT, AFTER_LOSS, LATE, RESTARTED = 1, 2, 4, 8  # quality of a good frame; 0: its counter was the expected one


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of a batch: a shared octet buffer and one entry per frame in every other column.

    `number` runs over all frames of the source, `position` is the frame's octet offset in it. `reason` is GOOD or a key of
    REASONS; the header columns of a bad frame are what it seemed to say. `quality` sums flags about the counter: RESENT (already
    received, its data were not used again), AFTER_LOSS, LATE, RESTARTED. `master_count` is -1 where the protocol has none,
    `channel_count` the raw virtual-channel counter, `ocf` the operational control field or -1. `data_start` and `data_length`
    locate the data field in `buffer`; `pointer` is the offset of the first packet header in it, or NO_PACKET_STARTS, ONLY_IDLE
    or NO_PACKETS.
    """

    buffer: Octets
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    number: NDArray[np.int64]
    position: NDArray[np.int64]
    reason: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    spacecraft_id: NDArray[np.uint16]
    virtual_channel: NDArray[np.uint8]
    master_count: NDArray[np.int64]
    channel_count: NDArray[np.int64]
    ocf: NDArray[np.int64]
    data_start: NDArray[np.int64]
    data_length: NDArray[np.int64]
    pointer: NDArray[np.int64]

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


def own_octets(data: bytes | bytearray | memoryview | Octets) -> Octets:
    """Return octets that kernels take as they are: contiguous and writable, or each kernel would be compiled a second time."""
    octets = np.ascontiguousarray(as_octets(data))
    return octets if octets.flags.writeable else octets.copy()


def no_frames() -> Frames:
    """Return a batch of no frames."""
    none, small = np.empty(0, np.int64), np.empty(0, np.uint8)
    return Frames(
        buffer=small,
        offset=none,
        length=none,
        number=none,
        position=none,
        reason=small,
        quality=small,
        spacecraft_id=np.empty(0, np.uint16),
        virtual_channel=small,
        master_count=none,
        channel_count=none,
        ocf=none,
        data_start=none,
        data_length=none,
        pointer=none,
    )
