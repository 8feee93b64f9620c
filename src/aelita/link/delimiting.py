"""Frames that stand back to back in a recording, of fixed length or with the length in their headers, cut out of any pieces."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..octets import crc16_many, crc32_many
from .channel import Channel
from .delimiting_kernels import CUT_OFF, FRAME, HEAD, OUT_OF_STEP, SCAN, delimit
from .frames import Octets, own_octets
from .headers import VERSIONS
from .received import Quarantined
from .states import State, leaf

Column = NDArray[np.int64]

PATIENCE = 32  # frames of fixed length without a good one after which they count as damaged, one by one
LONGEST = 65536  # octets of a USLP frame
REASONS_SKIPPED = {
    OUT_OF_STEP: "no frame: octets before the next good frame",
    CUT_OFF: "frame cut off by the end",
}


@dataclass(frozen=True, slots=True)
class Delimited:
    """Where frames stand in `buffer` (offset and length in octets) and in the source (`position`), and what is no frame."""

    buffer: Octets
    offset: Column
    length: Column
    position: Column
    skipped: list[Quarantined]


def recognition(channel: Channel) -> tuple[Octets, Octets]:
    """Return mask and value of the octets that every frame header of a channel has in common."""
    mask, value = np.zeros(HEAD, np.uint8), np.zeros(HEAD, np.uint8)

    def expect(octet: int, bits: int, wanted: int) -> None:
        mask[octet] |= bits
        value[octet] |= wanted & bits

    version, spacecraft = VERSIONS[channel.protocol], channel.spacecraft_id
    if channel.protocol == "TM":
        word = version << 14 | (spacecraft & 0x3FF) << 4
        expect(0, 0xFF, word >> 8)
        expect(1, 0xF0, word)
        if channel.ocf != "flag":
            expect(1, 0x01, channel.ocf == "present")
        if channel.secondary_header_octets:
            expect(4, 0x80, 0x80)
    elif channel.protocol == "AOS":
        word = version << 14 | (spacecraft & 0xFF) << 6
        expect(0, 0xFF, word >> 8)
        expect(1, 0xC0, word)
        if spacecraft > 0xFF:
            expect(5, 0x30, spacecraft >> 8 << 4)
    else:
        word = version << 20 | spacecraft << 4
        expect(0, 0xFF, word >> 16)
        expect(1, 0xFF, word >> 8)
        expect(2, 0xF0, word)
    return mask, value


@dataclass(slots=True)
class Delimiter:
    """Cut the frames of one recording out of its octets, fed in any pieces; the answer does not depend on the pieces.

    When frames stop being good where they are due, and are good again at another place, the octets between are skipped. It
    keeps at most some dozens of frames.
    """

    channel: Channel
    _mask: Octets = field(init=False, repr=False)
    _value: Octets = field(init=False, repr=False)
    _rest: Octets = field(default_factory=lambda: np.zeros(0, np.uint8), init=False, repr=False)
    _origin: int = field(default=0, init=False)
    _searching: bool = field(default=False, init=False)
    _search: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._mask, self._value = recognition(self.channel)

    def feed(self, octets: bytes | bytearray | memoryview | Octets) -> Delimited:
        """Take the next octets of the source and return the frames that are now certain."""
        return self._cut(own_octets(octets), ended=False)

    def finish(self) -> Delimited:
        """Take note that the source has ended and return the rest."""
        return self._cut(np.zeros(0, np.uint8), ended=True)

    def state(self) -> State:
        """Return what is carried over to the next call, as arrays."""
        return {"rest": self._rest.copy(), "numbers": np.array([self._origin, self._searching, self._search])}

    def restore(self, state: State) -> None:
        """Go on where the delimiter stood that gave this state. Raises DataError when it is none."""
        self._rest = leaf(state, "rest").copy()
        self._origin, searching, self._search = leaf(state, "numbers").tolist()
        self._searching = bool(searching)

    def _cut(self, octets: Octets, *, ended: bool) -> Delimited:
        buffer = np.concatenate([self._rest, octets]) if self._rest.size else octets
        fixed, _, _ = self._sizes()
        count, settled = self._in_step(buffer, fixed, ended) if fixed and not self._searching else (0, False)
        done = count * fixed
        offset, length = done - fixed * np.arange(count, 0, -1), np.full(count, fixed, np.int64)
        skipped: list[Quarantined] = []
        if not settled:
            start = done
            more, sizes, kind, done = self._search_for(buffer[start:], ended)
            frames = kind == FRAME
            more, done = more + start, done + start
            skipped = [
                Quarantined(self._origin + int(at), buffer[at : at + size].tobytes(), REASONS_SKIPPED[int(what)])
                for at, size, what in zip(more[~frames], sizes[~frames], kind[~frames], strict=True)
            ]
            offset, length = np.concatenate([offset, more[frames]]), np.concatenate([length, sizes[frames]])
        self._rest = buffer[done:].copy()
        made = Delimited(buffer, offset, length, self._origin + offset, skipped)
        self._origin += done
        return made

    def _in_step(self, buffer: Octets, fixed: int, ended: bool) -> tuple[int, bool]:
        """Return how many frames from the first octet on are beyond doubt, and whether there is nothing else to decide now.

        It says what the search would say, for the recordings without damage that most are, which then need no search.
        """
        if self.channel.trailer_octets:
            whole = buffer.size // fixed
            check = crc16_many if self.channel.trailer_octets == 2 else crc32_many
            good = check(buffer, np.arange(whole) * fixed, np.full(whole, fixed)) == 0
            count = whole if good.all() else int(np.argmin(good))
            return count, count == whole and (not ended or whole * fixed == buffer.size)
        heads = max((buffer.size - HEAD) // fixed + 1, 0)
        plausible = (buffer[np.arange(heads)[:, None] * fixed + np.arange(HEAD)] & self._mask == self._value).all(axis=1)
        if not plausible.all():
            return max(int(np.argmin(plausible)) - 1, 0), False
        if ended and heads * fixed == buffer.size:
            return heads, True
        return max(heads - 1, 0), not ended

    def _search_for(self, buffer: Octets, ended: bool) -> tuple[Column, Column, NDArray[np.uint8], int]:
        """Return offset, length and kind of the pieces that can be told now, and the octets done with."""
        fixed, least, most = self._sizes()
        room = 2 * (buffer.size // least) + 4  # a skipped piece before every frame, at most
        offset, length, kind = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
        window = PATIENCE * fixed if fixed else SCAN
        found, done, self._searching, search = delimit(
            buffer, self._searching, self._search, ended, self.channel.trailer_octets, self._mask, self._value, fixed, least,
            most, window, offset, length, kind,
        )  # fmt: skip
        self._search = search - done
        return offset[:found], length[:found], kind[:found], done

    def _sizes(self) -> tuple[int, int, int]:
        channel = self.channel
        if channel.frame_octets:
            return channel.frame_octets, channel.frame_octets, channel.frame_octets
        return 0, 8 + channel.insert_zone_octets + channel.trailer_octets, channel.maximum_frame_octets or LONGEST
