"""Space packets and encapsulation packets, as columns over one octet buffer.

Field layout: CCSDS 133.0-B (space packets) and 133.1-B (encapsulation packets).
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

HEADER_OCTETS = 6
MAXIMUM_OCTETS = 65542
IDLE_APID = 0x7FF
ENCAPSULATION_APID = 0xFFFF  # marks an encapsulation packet in the APID column: it has none

GOOD, CHECKSUM_BAD, INCOMPLETE, DUPLICATE, FRAME_BAD = 0, 1, 2, 4, 8

Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets of a batch: a shared octet buffer and one entry per packet in every other column.

    `offset` and `length` (octets, header included) locate packet i in `buffer`. `frame` is the running number of the frame in
    which it began (-1 without frames), `position` the offset of its first octet in its source: in the virtual channel's stream
    of data fields, or in the file of packets. `quality` is 0 when good, else a sum of the flags of this module.
    """

    buffer: Octets
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    apid: NDArray[np.uint16]
    sequence_count: NDArray[np.uint16]
    sequence_flags: NDArray[np.uint8]
    telecommand: NDArray[np.bool_]
    secondary_header: NDArray[np.bool_]
    virtual_channel: NDArray[np.uint8]
    frame: NDArray[np.int64]
    quality: NDArray[np.uint8]
    position: NDArray[np.int64]

    def __len__(self) -> int:
        return self.offset.size

    def select(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Packets":
        """Return the packets of a mask or of indices, over the same buffer."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        return Packets(**{name: value if name == "buffer" else value[which] for name, value in columns.items()})

    def octets(self, index: int) -> bytes:
        """Return the whole packet at `index`, header included."""
        start = int(self.offset[index])
        return self.buffer[start : start + int(self.length[index])].tobytes()

    @property
    def idle(self) -> NDArray[np.bool_]:
        """Which packets only fill the channel."""
        return self.apid == IDLE_APID


def packets_at(
    buffer: Octets,
    offset: NDArray[np.int64],
    length: NDArray[np.int64],
    *,
    virtual_channel: NDArray[np.uint8],
    frame: NDArray[np.int64],
    quality: NDArray[np.uint8],
    position: NDArray[np.int64],
) -> Packets:
    """Return the packets that begin at these offsets, with the columns of their headers. Each must have 6 octets in the buffer.

    An encapsulation packet gets ENCAPSULATION_APID and zeros; one that is idle gets IDLE_APID.
    """
    words = [buffer[np.minimum(offset + k, buffer.size - 1)] for k in range(4)] if offset.size else [np.empty(0, np.uint8)] * 4
    first, second = (words[0].astype(np.uint16) << 8) | words[1], (words[2].astype(np.uint16) << 8) | words[3]
    space = first >> 13 == 0
    filler = (words[0] >> 2 & 7) == 0  # encapsulation protocol id 0: idle
    return Packets(
        buffer=buffer,
        offset=offset,
        length=length,
        apid=np.where(space, first & 0x7FF, np.where(filler, IDLE_APID, ENCAPSULATION_APID)).astype(np.uint16),
        sequence_count=np.where(space, second & 0x3FFF, 0).astype(np.uint16),
        sequence_flags=np.where(space, second >> 14, 0).astype(np.uint8),
        telecommand=space & (first >> 12 & 1 == 1),
        secondary_header=space & (first >> 11 & 1 == 1),
        virtual_channel=virtual_channel,
        frame=frame,
        quality=quality,
        position=position,
    )


def no_packets() -> Packets:
    """Return a batch of no packets."""
    none, octets = np.empty(0, np.int64), np.empty(0, np.uint8)
    return packets_at(octets, none, none, virtual_channel=octets, frame=none, quality=octets, position=none)


def join_packets(batches: list[Packets]) -> Packets:
    """Return one batch with the packets of all, one batch after the other."""
    batches = [b for b in batches if len(b)]
    if not batches:
        return no_packets()
    if len(batches) == 1:
        return batches[0]
    columns = {f.name: np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(Packets)}
    starts = np.cumsum([0] + [b.buffer.size for b in batches[:-1]])
    columns["offset"] = np.concatenate([b.offset + s for b, s in zip(batches, starts, strict=True)])
    return Packets(**columns)
