"""The compiled search for frames that stand back to back in a stream of octets, and for where they go on when it slips.

A frame is believed at once when its error control is right. Without error control its header has to be plausible, and the next
one too. Frames of fixed length stand on a grid: a frame between two good ones on the grid is damaged, and nothing is
moved. Only where frames are good again off the grid has the stream lost octets or something been put in.
"""

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled, crc16_between, crc32_between

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

HEAD = 6  # octets of a header that are looked at
NO, YES, WAIT = 0, 1, -1
FRAME, OUT_OF_STEP, CUT_OFF = 0, 1, 2
SCAN = 65536  # variable lengths: octets without a frame after which they are given up in one piece


@compiled
def plausible(buffer: Octets, at: int, ended: bool, mask: Octets, value: Octets) -> int:
    """Tell whether a header of this channel may begin at `at`."""
    if at + mask.size > buffer.size:
        return NO if ended else WAIT
    for k in range(mask.size):
        if buffer[at + k] & mask[k] != value[k]:
            return NO
    return YES


@compiled
def frame_size(buffer: Octets, at: int, fixed: int, least: int, most: int) -> int:
    """Return the octets of the frame that begins at `at`, 0 when its header says something impossible."""
    if fixed > 0:
        return fixed
    if buffer[at + 3] & 1:
        return 0  # a truncated frame does not say how long it is
    size = (int(buffer[at + 4]) << 8 | int(buffer[at + 5])) + 1
    return size if least <= size <= most else 0


@compiled
def chain(
    buffer: Octets,
    at: int,
    links: int,
    needed: int,
    ended: bool,
    mask: Octets,
    value: Octets,
    fixed: int,
    least: int,
    most: int,
) -> int:
    """Tell whether `links` plausible headers follow one another from `at` on; before the end, `needed` whole frames do."""
    for k in range(links):
        if ended and k >= needed and at + mask.size > buffer.size:
            return YES
        answer = plausible(buffer, at, ended, mask, value)
        if answer != YES:
            return answer
        size = frame_size(buffer, at, fixed, least, most)
        if size == 0:
            return NO
        if k < needed and at + size > buffer.size:
            return NO if ended else WAIT
        at += size
    return YES


@compiled
def sound(
    buffer: Octets,
    at: int,
    on_grid: bool,
    ended: bool,
    check_octets: int,
    mask: Octets,
    value: Octets,
    fixed: int,
    least: int,
    most: int,
) -> int:
    """Tell whether a good frame begins at `at`. On the grid a right error control, or two headers, are enough.

    `check_octets` is the length of the error control: 2 (CRC-16), 4 (CRC-32), or 0 where there is none.
    """
    if check_octets == 0:
        return chain(buffer, at, 2 if on_grid else 3, 1 if on_grid else 2, ended, mask, value, fixed, least, most)
    if at + mask.size > buffer.size:
        return NO if ended else WAIT
    if not (on_grid and fixed > 0) and plausible(buffer, at, ended, mask, value) != YES:
        return NO
    size = frame_size(buffer, at, fixed, least, most)
    if size == 0:
        return NO
    if at + size > buffer.size:
        return NO if ended else WAIT
    if check_octets == 2:
        return YES if crc16_between(buffer, at, at + size) == 0 else NO
    return YES if crc32_between(buffer, at, at + size) == 0 else NO


@compiled
def delimit(
    buffer: Octets,
    searching: bool,
    search: int,
    ended: bool,
    check_octets: int,
    mask: Octets,
    value: Octets,
    fixed: int,
    least: int,
    most: int,
    window: int,
    offset: Column,
    length: Column,
    kind: NDArray[np.uint8],
) -> tuple[int, int, bool, int]:
    """Cut frames out of the buffer, from its first octet on.

    Returns (pieces found, octets done with, whether the next frame is being searched for, and from where). Everything that is
    done with lies in exactly one piece.
    """
    found, at = 0, 0
    while True:
        place = search if searching else at
        on_grid = fixed > 0 and (place - at) % fixed == 0
        answer = sound(buffer, place, on_grid or not searching, ended, check_octets, mask, value, fixed, least, most)
        if not searching and answer == NO and check_octets == 0 and fixed > 0:  # a damaged header, this one or the next
            answer = plausible(buffer, at + 2 * fixed, ended, mask, value)
            if answer == YES and plausible(buffer, at, ended, mask, value) != YES:
                answer = plausible(buffer, at + fixed, ended, mask, value)
        if answer == WAIT or (answer == NO and place + mask.size > buffer.size):  # or the end
            break
        if not searching:
            if answer == YES:
                size = frame_size(buffer, at, fixed, least, most)
                offset[found], length[found], kind[found] = at, size, FRAME
                found += 1
                at += size
            else:
                searching, search = True, at + 1
            continue
        if answer == NO:
            search += 1
            if search - at >= window:
                if fixed > 0:
                    offset[found], length[found], kind[found] = at, fixed, FRAME
                    at += fixed
                else:
                    offset[found], length[found], kind[found] = at, search - at, OUT_OF_STEP
                    at = search
                found += 1
            continue
        searching = False
        size = 0
        if not on_grid and at + mask.size <= buffer.size and plausible(buffer, at, ended, mask, value) == YES:
            size = frame_size(buffer, at, fixed, least, most)
        if on_grid:
            size = fixed
        elif size > 0 and ((check_octets > 0 and at + size != search) or at + size > search):
            size = 0  # what begins here is no whole frame
        while size > 0 and at + size <= search:
            offset[found], length[found], kind[found] = at, size, FRAME
            found += 1
            at += size
            if not on_grid:
                break
        if at < search:
            offset[found], length[found], kind[found] = at, search - at, OUT_OF_STEP
            found += 1
            at = search
    if ended:
        while fixed > 0 and at + fixed <= buffer.size:
            offset[found], length[found], kind[found] = at, fixed, FRAME
            found += 1
            at += fixed
        if at < buffer.size:
            offset[found], length[found], kind[found] = at, buffer.size - at, CUT_OFF
            found += 1
            at = buffer.size
    return found, at, searching, search
