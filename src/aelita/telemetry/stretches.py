"""One virtual channel as stretches of frames without a hole, each with the octets at its ends that belong to other packets.

The stretch that goes on is the last one, unless the frames in turn went back in time: then they begin a stretch in their place.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np

from ..link import State, StreamState, leaf, reassemble
from .runs import Place, Rhythm, missing_between

KEPT_OCTETS = 1 << 17  # of the newest frames: a space packet of the greatest length, twice
LONGEST = 65542  # octets of a space packet: a head or tail that is longer belongs to none
WHOLE = 0  # kind of a piece that is a packet


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame: its place, the octets of its data field, where in them the first packet begins (-1: none does), and its number."""

    place: Place
    data: bytes
    pointer: int
    number: int
    access_point: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A whole packet and the number of the frame in which it began."""

    octets: bytes
    virtual_channel: int
    frame: int


@dataclass(slots=True)
class Stretch:
    """Frames without a hole. `begun`: a packet begins in it; `head` are the octets before that, all of them when none does.

    `tail` are the octets of the packet in progress at its end, which began in frame `tail_frame`; None when that is not known.
    """

    first: Place
    last: Place
    head: bytes
    begun: bool
    tail: bytes | None
    tail_frame: int


@dataclass(slots=True)
class Stretches:
    """The stretches of one virtual channel in their order; the newest frames of the one that goes on are in a ring."""

    virtual_channel: int
    tolerance: int
    most: int
    rhythm: Rhythm = field(init=False)
    stretches: list[Stretch] = field(default_factory=list)
    _ring: deque[Frame] = field(default_factory=deque)
    _octets: int = 0
    _now: int = -1  # which stretch goes on
    _synchronized: bool = False  # a packet began in it, by its own frames: the receiver has what follows
    _access_points: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rhythm = Rhythm(self.tolerance)

    def append(self, frame: Frame, *, broken: bool) -> list[Found]:
        """Take a frame in its turn; `broken` says that others are missing before it, by their counters."""
        self._access_points.add(frame.access_point)
        now = self._now
        if broken or now < 0 or not self.rhythm.successive(self.stretches[now].last, frame.place):
            found = self._end() + self._begin(frame)
        else:
            found = self._go_on(self.stretches[now], frame)
        return found + self._end() if self._meets(self._now) else found

    def late(self, frame: Frame) -> list[Found]:
        """Take a frame that came late, and return the packets that it completes."""
        self._access_points.add(frame.access_point)
        at = self._before(frame.place)
        if at and self.rhythm.order(frame.place, self.stretches[at - 1].last) <= 0:
            return []  # it is in a stretch
        made, found = self._single(frame)
        if len(self._access_points) > 1 or (at - 1 == self._now and frame.place.modulus <= 1):
            return found
        self._insert(at, made)
        if self._meets(self._now):
            found = self._end() + found
        found = found + self._join(at)
        found = self._join(at - 1) + found
        self._trim()
        return found

    def _before(self, place: Place) -> int:
        """Return how many stretches begin at a place or before it."""
        at = len(self.stretches)
        while at and self.rhythm.order(place, self.stretches[at - 1].first) < 0:
            at -= 1
        return at

    def _begin(self, frame: Frame) -> list[Found]:
        """Begin a stretch behind a hole; it goes on."""
        begun = frame.pointer >= 0
        head = frame.data[: frame.pointer] if begun else frame.data
        at = self._before(frame.place)
        self._insert(at, Stretch(frame.place, frame.place, head, begun, None, -1))
        self._now, self._synchronized = at, begun
        if begun:
            self._keep(frame)
        found = self._join(at - 1)
        self._trim()
        return found

    def _end(self) -> list[Found]:
        """Let no stretch go on; the one that did may meet one that came before it."""
        if self._now < 0:
            return []
        at, now = self._now, self.stretches[self._now]
        if self._synchronized:
            now.tail, now.tail_frame = self._in_progress()
        self._ring.clear()
        self._octets, self._now, self._synchronized = 0, -1, False
        return self._join(at)

    def _meets(self, at: int) -> bool:
        """Say whether nothing is missing between a stretch and the next one."""
        there = 0 <= at < len(self.stretches) - 1
        return there and self.rhythm.successive(self.stretches[at].last, self.stretches[at + 1].first)

    def _insert(self, at: int, stretch: Stretch) -> None:
        self.stretches.insert(at, stretch)
        self._now += self._now >= at

    def _go_on(self, now: Stretch, frame: Frame) -> list[Found]:
        """Take the next frame of a stretch: the receiver has its packets once one began in the stretch's own frames."""
        self.rhythm.heard(frame.place.emitted - now.last.emitted)
        now.last = frame.place
        if self._synchronized:
            self._keep(frame)
            return []
        ends = frame.data if frame.pointer < 0 else frame.data[: frame.pointer]
        found: list[Found] = []
        if now.begun and frame.pointer >= 0:
            found = self._packet(now.tail, ends, now.tail_frame)
        elif now.begun:
            found = self._extend(now, ends)
        else:
            now.head = _added(now.head, ends) or b""
        if frame.pointer >= 0:
            now.begun = self._synchronized = True
            self._keep(frame)
        return found

    def _single(self, frame: Frame) -> tuple[Stretch, list[Found]]:
        """Return a frame as a stretch, and the packets that lie in it."""
        if frame.pointer < 0:
            return Stretch(frame.place, frame.place, frame.data, False, None, -1), []
        found, tail = self._walk([frame])
        head = frame.data[: frame.pointer]
        return Stretch(frame.place, frame.place, head, True, tail, frame.number), found

    def _join(self, at: int) -> list[Found]:
        """Make one of a stretch and the next if they meet, and return the packet that lies in both."""
        return self._joined(at) if self._meets(at) and len(self._access_points) <= 1 else []

    def _joined(self, at: int) -> list[Found]:
        left, right = self.stretches[at], self.stretches.pop(at + 1)
        self._now -= self._now > at
        found: list[Found] = []
        left.last = right.last
        if not left.begun:
            left.head = _added(left.head, right.head) or b""
            left.begun, left.tail, left.tail_frame = right.begun, right.tail, right.tail_frame
        elif right.begun:
            found = self._packet(left.tail, right.head, left.tail_frame)
            left.tail, left.tail_frame = right.tail, right.tail_frame
        else:
            found = self._extend(left, right.head)
        return found

    def _extend(self, stretch: Stretch, octets: bytes) -> list[Found]:
        """Add octets to the packet in progress, and return it if they are its last ones."""
        found = self._packet(stretch.tail, octets, stretch.tail_frame)
        contradicted = stretch.tail == b"" and octets != b""  # a packet should begin, and no frame says so
        stretch.tail = b"" if found else None if contradicted else _added(stretch.tail, octets)
        return found

    def _packet(self, tail: bytes | None, head: bytes, frame: int) -> list[Found]:
        """Return the packet that begins with one stretch's tail and ends with the other's head, if it is one."""
        if not tail or len(self._access_points) > 1:
            return []
        found, rest = self._walk([Frame(Place(0, 0, 0), tail + head, 0, frame)])
        return found if len(found) == 1 and rest == b"" and len(found[0].octets) == len(tail) + len(head) else []

    def _in_progress(self) -> tuple[bytes | None, int]:
        """Return the packet in progress behind the newest frames, and the frame in which it began."""
        state = self._reassembled(list(self._ring))[0]
        return (state.partial.tobytes() if state.synchronized else None), state.partial_frame

    def _walk(self, frames: list[Frame]) -> tuple[list[Found], bytes | None]:
        """Return the whole packets in frames, from the first that begins on, and what is left of the last one."""
        state, found = self._reassembled(frames)
        return found, state.partial.tobytes() if state.synchronized else None

    def _reassembled(self, frames: list[Frame]) -> tuple[StreamState, list[Found]]:
        state = StreamState()
        pieces = reassemble(
            state,
            np.frombuffer(bytearray(b"".join(frame.data for frame in frames)), np.uint8),
            np.array([len(frame.data) for frame in frames], np.int64),
            np.array([frame.pointer for frame in frames], np.int64),
            np.zeros(len(frames), np.bool_),
            np.array([frame.number for frame in frames], np.int64),
        )
        whole = [
            Found(pieces.stream[offset : offset + length].tobytes(), self.virtual_channel, number)
            for offset, length, kind, number in zip(
                pieces.offset.tolist(), pieces.length.tolist(), pieces.kind.tolist(), pieces.frame.tolist(), strict=True
            )
            if kind == WHOLE
        ]
        return state, whole

    def _keep(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._octets += len(frame.data)
        while self._octets > KEPT_OCTETS and len(self._ring) > 1:
            self._octets -= len(self._ring.popleft().data)

    def _trim(self) -> None:
        """Forget the oldest hole when there are too many; before it, a pause in which by the counters nothing is missing."""
        if len(self.stretches) <= self.most + 1:
            return
        pairs = enumerate(pairwise(self.stretches))
        pause = next((k for k, (one, other) in pairs if k != self._now and not missing_between(one.last, other.first)), None)
        if pause is not None:
            self._joined(pause)  # the receiver has the packet that lies in both
        else:
            oldest = int(self._now == 0)
            del self.stretches[oldest]
            self._now -= self._now > oldest

    def state(self) -> State:
        """Return all of it as arrays."""
        numbers, octets = [], []
        for one in self.stretches:
            places = [number for p in (one.first, one.last) for number in (p.emitted, p.count, p.modulus)]
            tail = -1 if one.tail is None else len(one.tail)
            numbers.append([*places, len(one.head), one.begun, tail, one.tail_frame])
            octets += [one.head, one.tail or b""]
        ring = [[*_numbers(f.place), len(f.data), f.pointer, f.number, f.access_point] for f in self._ring]
        return {
            "stretches": np.array(numbers, np.int64).reshape(-1, 10),
            "ends": np.frombuffer(b"".join(octets), np.uint8),
            "ring": np.array(ring, np.int64).reshape(-1, 7),
            "data": np.frombuffer(b"".join(frame.data for frame in self._ring), np.uint8),
            "others": np.array([self.rhythm.pace, self._synchronized, *sorted(self._access_points)], np.int64),
            "now": np.array(self._now, np.int64),
        }

    def restore(self, state: State) -> None:
        """Take what `state` gave. Raises DataError when it is none."""
        numbers, ends = leaf(state, "stretches").tolist(), leaf(state, "ends").tobytes()
        sizes = [size for row in numbers for size in (row[6], max(row[8], 0))]
        parts = iter([ends[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True)])
        self.stretches = []
        for *places, _, begun, tail_octets, tail_frame in numbers:
            head, tail = next(parts), next(parts)
            known = tail if tail_octets >= 0 else None
            self.stretches.append(Stretch(Place(*places[:3]), Place(*places[3:]), head, bool(begun), known, tail_frame))
        data = leaf(state, "data").tobytes()
        self._ring, end = deque(), 0
        for emitted, count, modulus, size, *rest in leaf(state, "ring").tolist():
            end += size
            self._ring.append(Frame(Place(emitted, count, modulus), data[end - size : end], *rest))
        self._octets = len(data)
        self.rhythm.pace, synchronized, *points = leaf(state, "others").tolist()
        self._synchronized, self._access_points = bool(synchronized), set(points)
        self._now = int(leaf(state, "now")) if "now" in state else len(self.stretches) - 1  # as in earlier versions


def _numbers(place: Place) -> tuple[int, int, int]:
    return place.emitted, place.count, place.modulus


def _added(octets: bytes | None, more: bytes) -> bytes | None:
    """Return octets with more behind, None once they are too many for any packet."""
    return None if octets is None or len(octets) + len(more) > LONGEST else octets + more
