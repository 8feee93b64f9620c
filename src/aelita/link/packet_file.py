"""Packets that stand back to back in a recording, without frames.

A packet is believed when what follows it may begin a packet. Where that fails the reader looks, from inside the packet in doubt
on, for a place from which several packets follow one another, and goes on there.
"""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled
from .channel import Channel
from .frames import no_frames, own_octets
from .packets import Octets, Packets, no_packets, packets_at
from .reassembly import packet_octets
from .received import Quarantined, Received, uncorrected
from .receiver import check_packets
from .states import State, leaf

Column = NDArray[np.int64]

NO, YES, WAIT = 0, 1, -1
FAMILIAR_LINKS, LINKS = 3, 8  # packets in a row that make a place believable: of kinds seen before, of any kind
ANY = 1 << 16  # place, behind those of all kinds, that tells whether any kind has been seen
SCAN = 65536  # octets without a believable place that are given up in one piece
NOT_PACKETS = "no packets: octets before the next place where packets follow one another"
BEYOND_END = "packet length runs past the end"


@compiled
def _kind(buffer: Octets, at: int) -> int:
    """Return what identifies the kind of a packet: its first 16 bits, of an encapsulation packet its first octet."""
    first = int(buffer[at]) << 8
    return first if first >> 13 == 7 else first | int(buffer[at + 1])


@compiled
def _zeros(buffer: Octets, at: int, size: int) -> bool:
    """Tell whether a packet of 7 octets begins with zeros: they are no header, though they look like one."""
    return size == 7 and buffer[at] == buffer[at + 1] == buffer[at + 2] == buffer[at + 3] == 0


@compiled
def _chain(buffer: Octets, at: int, beyond: int, familiar_links: int, ended: bool, seen: NDArray[np.bool_]) -> int:
    """Tell whether packets follow one another from `at` on and past `beyond`.

    Enough are LINKS, or `familiar_links` of kinds seen before, or fewer when they reach the end or it cuts the last one off. When
    several are asked for, the first must be of a kind seen before if there is any.
    """
    links, familiar = 0, True
    while True:
        if at > beyond and (links >= LINKS or (familiar and links >= familiar_links)):
            return YES
        if at >= buffer.size:
            return (YES if links > 1 or (links == 1 and familiar) else NO) if ended else WAIT
        size = packet_octets(buffer, at, buffer.size)
        if size < 0:
            return NO
        whole = size > 0 and at + size <= buffer.size
        if not whole and not ended:
            return WAIT
        if whole and _zeros(buffer, at, size):
            return NO
        if at + 1 < buffer.size:
            familiar = familiar and seen[_kind(buffer, at)]
        if links == 0 and not familiar and familiar_links > 1 and seen[ANY]:
            return NO  # whatever leads to a place where packets begin would do
        if not whole:
            return YES if links >= LINKS // 2 or (familiar and links >= familiar_links - 1) else NO
        at += size
        links += 1


@compiled
def _walk(
    buffer: Octets,
    searching: bool,
    search: int,
    beyond: int,
    ended: bool,
    seen: NDArray[np.bool_],
    offset: Column,
    length: Column,
    packet: NDArray[np.bool_],
) -> tuple[int, int, bool, int, int]:
    """Cut packets out of the buffer, from its first octet on; every octet that is done with lies in exactly one piece.

    Returns (pieces found, octets done with, whether a believable place is being searched for, from where, and which octet the
    packets from there must pass).
    """
    found, at = 0, 0
    while at < buffer.size:
        if not searching:
            size = packet_octets(buffer, at, buffer.size)
            whole = size > 0 and at + size <= buffer.size
            if not whole and size >= 0 and not ended:
                break
            answer = NO
            if whole and ended and at + size == buffer.size:
                answer = YES
            elif whole:
                answer = _chain(buffer, at + size, 0, 1, ended, seen)
            if answer == WAIT:
                break
            if answer == YES:
                seen[_kind(buffer, at)] = seen[ANY] = True
                offset[found], length[found], packet[found] = at, size, True
                found += 1
                at += size
                continue
            searching, search, beyond = True, at + 1, at + size if whole else at
        answer = YES
        if search < buffer.size:
            answer = _chain(buffer, search, beyond, FAMILIAR_LINKS, ended, seen)
        elif not ended:
            break
        elif seen[ANY]:  # once more, for packets of other kinds
            seen[:] = False
            search = at + 1
            continue
        if answer == WAIT:
            break
        if answer == NO:
            search += 1
            if search - at < SCAN or search <= beyond:
                continue
            seen[:] = False  # packets of other kinds may follow
        else:
            searching = False
        while beyond <= search:  # the packet in doubt was right, and perhaps some behind it
            size = packet_octets(buffer, at, search)
            if size <= 0 or at + size > search or _zeros(buffer, at, size):
                break
            seen[_kind(buffer, at)] = seen[ANY] = True
            offset[found], length[found], packet[found] = at, size, True
            found += 1
            at += size
        if search >= buffer.size:  # the end
            break
        if at < search:
            offset[found], length[found], packet[found] = at, search - at, False
            found += 1
            at = search
        beyond = at
    return found, at, searching, search, beyond


class PacketReceiver:
    """Turns the octets of a recording of packets, fed in any pieces, into packets; the answer does not depend on the pieces.

    Between calls it keeps at most what a few packets need.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._rest = np.zeros(0, np.uint8)
        self._origin = 0
        self._searching, self._search, self._beyond = False, 0, 0
        self._seen = np.zeros(ANY + 1, np.bool_)

    def feed(self, octets: bytes | bytearray | memoryview | Octets) -> Received:
        """Take the next octets of the source and return the packets that are now certain."""
        return self._cut(own_octets(octets), ended=False)

    def finish(self) -> Received:
        """Take note that the source has ended and return the rest."""
        return self._cut(np.zeros(0, np.uint8), ended=True)

    def state(self) -> State:
        """Return what is carried over to the next call, as arrays."""
        numbers = np.array([self._origin, self._searching, self._search, self._beyond])
        return {"rest": self._rest.copy(), "seen": self._seen.copy(), "numbers": numbers}

    def restore(self, state: State) -> None:
        """Go on where the receiver stood that gave this state. Raises DataError when it is none."""
        self._rest, self._seen = leaf(state, "rest").copy(), leaf(state, "seen").copy()
        self._origin, searching, self._search, self._beyond = leaf(state, "numbers").tolist()
        self._searching = bool(searching)

    def _cut(self, octets: Octets, *, ended: bool) -> Received:
        buffer = np.concatenate([self._rest, octets]) if self._rest.size else octets
        room = buffer.size + 2  # an encapsulation packet may be a single octet
        offset, length, packet = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.bool_)
        found, done, self._searching, search, beyond = _walk(
            buffer, self._searching, self._search, self._beyond, ended, self._seen, offset, length, packet
        )
        self._search, self._beyond = search - done, beyond - done
        quarantined = [
            self._skipped(buffer, int(offset[i]), int(length[i]), NOT_PACKETS) for i in np.flatnonzero(~packet[:found])
        ]
        self._rest = buffer[done:].copy()
        if ended and self._rest.size:
            reason = BEYOND_END if packet_octets(self._rest, 0, self._rest.size) >= 0 else NOT_PACKETS
            quarantined.append(self._skipped(buffer, done, buffer.size - done, reason))
            self._rest = np.zeros(0, np.uint8)
        packets = self._packets(buffer, offset[:found][packet[:found]], length[:found][packet[:found]])
        self._origin += done
        packets, checked = check_packets(self.channel.packets, packets)
        return Received(no_frames(), packets, checked, [], quarantined, uncorrected(0))

    def _packets(self, buffer: Octets, offset: Column, length: Column) -> Packets:
        if not offset.size:
            return no_packets()
        zeros = np.zeros(offset.size, np.uint8)
        return packets_at(
            buffer,
            offset,
            length,
            virtual_channel=zeros,
            frame=np.full(offset.size, -1, np.int64),
            quality=zeros,
            position=self._origin + offset,
        )

    def _skipped(self, buffer: Octets, at: int, size: int, reason: str) -> Quarantined:
        return Quarantined(self._origin + at, buffer[at : at + size].tobytes(), reason)
