"""Compiled loops of Reed-Solomon coding.

A remainder by the generator polynomial is four 64-bit words, the coefficient of the highest power in the most significant
octet; a code with fewer check octets fills them from the left, and the rest stays zero. The remainder is computed in the
basis of the channel (division commutes with the change of basis), so a codeword without errors is never converted.
"""

from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..octets import compiled
from .galois import EXP, LOG

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]
Remainder = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

PERIOD = 255
MOST = 16  # symbol errors the stronger code corrects
_32 = np.uint64(32)
_8 = np.uint64(8)


def _search_table() -> tuple[Octets, NDArray[np.int64]]:
    """Return a store and `start[k, l]`: from there on the store holds beta**(l - k p) for p = 0, 1, ... 255.

    Multiplication by a constant is then a shifted view, and the search for roots adds contiguous rows.
    """
    rows: list[Octets] = []
    start = np.zeros((MOST + 1, PERIOD), np.int64)
    for k in range(MOST + 1):
        common = gcd(k, PERIOD)
        for rest in range(common):
            power = (rest - k * np.arange(2 * PERIOD + 1)) % PERIOD
            for p in range(PERIOD // common):
                start[k, power[p]] = len(rows) * power.size + p
            rows.append(EXP[power])
    return np.concatenate(rows), start


_SEARCH, _SEARCH_START = _search_table()


@compiled
def remainder(block: Octets, first: int, step: int, count: int, rows: Words) -> Remainder:
    """Return the remainder of `count` octets of `block`, from `first` on every `step`; the caller answers for the bounds."""
    w0 = w1 = w2 = w3 = np.uint64(0)
    at = first
    for _ in range(count & 3):
        row = rows[0, (w0 >> np.uint64(56)) ^ np.uint64(block[at])]
        w0, w1, w2, w3 = w0 << _8 | w1 >> np.uint64(56), w1 << _8 | w2 >> np.uint64(56), w2 << _8 | w3 >> np.uint64(56), w3 << _8
        w0, w1, w2, w3 = w0 ^ row[0], w1 ^ row[1], w2 ^ row[2], w3 ^ row[3]
        at += step
    for _ in range(count >> 2):
        top = w0 >> _32
        a = rows[3, (top >> np.uint64(24)) ^ np.uint64(block[at])]
        b = rows[2, (top >> np.uint64(16) & np.uint64(255)) ^ np.uint64(block[at + step])]
        c = rows[1, (top >> _8 & np.uint64(255)) ^ np.uint64(block[at + 2 * step])]
        d = rows[0, (top & np.uint64(255)) ^ np.uint64(block[at + 3 * step])]
        w0 = (w0 << _32 | w1 >> _32) ^ a[0] ^ b[0] ^ c[0] ^ d[0]
        w1 = (w1 << _32 | w2 >> _32) ^ a[1] ^ b[1] ^ c[1] ^ d[1]
        w2 = (w2 << _32 | w3 >> _32) ^ a[2] ^ b[2] ^ c[2] ^ d[2]
        w3 = w3 << _32 ^ a[3] ^ b[3] ^ c[3] ^ d[3]
        at += 4 * step
    return w0, w1, w2, w3


@compiled
def _word(block: Octets, first: int, step: int) -> np.uint64:
    word = np.uint64(0)
    for i in range(8):
        word = word << _8 | np.uint64(block[first + i * step])
    return word


@compiled
def encode_blocks(blocks: Octets, interleave: int, message: int, check: int, rows: Words) -> None:
    """Write the check octets of every block (n, (message + check) interleave) behind its data."""
    for n in range(blocks.shape[0]):
        block = blocks[n]
        for lane in range(interleave):
            words = remainder(block, lane, interleave, message, rows)
            for i in range(check):
                word = words[0] if i < 8 else words[1] if i < 16 else words[2] if i < 24 else words[3]
                block[lane + (message + i) * interleave] = np.uint8(word >> np.uint64(56 - 8 * (i & 7)) & np.uint64(255))


@compiled
def _add_syndromes(word: np.uint64, first: int, table: Words, total: Words) -> None:
    """Add what the eight remainder octets from octet `first` on give to the syndromes."""
    for half in range(16):
        row = table[2 * first + half, word >> np.uint64(60 - 4 * half) & np.uint64(15)]
        for i in range(4):
            total[i] ^= row[i]


@compiled
def _locator(syndrome: Octets, check: int, locator: Octets, previous: Octets, spare: Octets) -> int:
    """Find the error locator polynomial (Berlekamp and Massey) and return its degree, or -1 when there are too many errors."""
    locator[:], previous[:] = 0, 0
    locator[0] = previous[0] = 1
    errors, shift, previous_log = 0, 1, 0
    for n in range(check):
        discrepancy = syndrome[n]
        for i in range(1, errors + 1):
            discrepancy ^= EXP[LOG[locator[i]] + LOG[syndrome[n - i]]]
        if discrepancy == 0:
            shift += 1
            continue
        grows = 2 * errors <= n
        if grows:
            spare[:] = locator
            if n + 1 - errors > check // 2:
                return -1
        factor = (LOG[discrepancy] - previous_log) % 255
        for i in range(locator.size - shift):
            locator[i + shift] ^= EXP[factor + LOG[previous[i]]]
        if grows:
            errors = n + 1 - errors
            previous[:] = spare
            previous_log = LOG[discrepancy]
            shift = 0
        shift += 1
    return errors if locator[errors] else -1


@compiled
def _positions(locator: Octets, errors: int, length: int, value: Octets, position: NDArray[np.int64]) -> bool:
    """Put the powers of x at which errors stand into `position`; tell whether there are as many as the locator promises."""
    value[:] = 1
    for k in range(1, errors + 1):
        if locator[k]:
            start = _SEARCH_START[k, LOG[locator[k]]]
            row = _SEARCH[start : start + value.size]
            for p in range(value.size):
                value[p] ^= row[p]
    found = 0
    for p in range(length):
        if value[p] == 0:
            if found == errors:
                return False
            position[found] = p
            found += 1
    return found == errors


@compiled
def _magnitude(power: int, locator: Octets, evaluator: Octets, errors: int, check: int) -> np.uint8:
    """Return the error at one position, in the conventional basis (Forney)."""
    top, bottom = np.uint8(0), np.uint8(0)
    for i in range(errors):
        if evaluator[i]:
            top ^= EXP[(LOG[evaluator[i]] + (PERIOD - power) * i) % PERIOD]
    for i in range(1, errors + 1, 2):
        if locator[i]:
            bottom ^= EXP[(LOG[locator[i]] + (PERIOD - power) * (i - 1)) % PERIOD]
    first_root = 128 - check // 2
    return EXP[(LOG[top] + PERIOD - LOG[bottom] + (PERIOD + 1 - first_root) * power) % PERIOD] if top else np.uint8(0)


@compiled
def _correct(block: Octets, lane: int, interleave: int, message: int, check: int, syndrome: Octets, to_channel: Octets) -> int:
    """Correct one codeword in place and return how many symbols were wrong; leave it and return -1 when there are too many."""
    locator, previous, spare = np.empty(MOST + 1, np.uint8), np.empty(MOST + 1, np.uint8), np.empty(MOST + 1, np.uint8)
    position, value = np.empty(MOST, np.int64), np.empty(PERIOD + 1, np.uint8)
    errors = _locator(syndrome, check, locator, previous, spare)
    if errors < 0 or not _positions(locator, errors, message + check, value, position):
        return -1
    for i in range(errors):  # the evaluator is the product of syndromes and locator; only these coefficients are not zero
        total = np.uint8(0)
        for k in range(i + 1):
            total ^= EXP[LOG[locator[k]] + LOG[syndrome[i - k]]]
        spare[i] = total
    for i in range(errors):
        wrong = _magnitude(position[i], locator, spare, errors, check)
        block[lane + (message + check - 1 - position[i]) * interleave] ^= to_channel[wrong]
    return errors


@compiled
def decode_blocks(
    blocks: Octets, interleave: int, message: int, check: int, rows: Words, table: Words, to_channel: Octets
) -> NDArray[np.int16]:
    """Correct blocks (n, (message + check) interleave) in place; return corrected symbols (n, interleave), -1 for too many."""
    corrected = np.zeros((blocks.shape[0], interleave), np.int16)
    total, syndrome = np.empty(4, np.uint64), np.empty(32, np.uint8)
    for n in range(blocks.shape[0]):
        block = blocks[n]
        for lane in range(interleave):
            w0, w1, w2, w3 = remainder(block, lane, interleave, message, rows)
            behind = lane + message * interleave
            w0 ^= _word(block, behind, interleave)
            w1 ^= _word(block, behind + 8 * interleave, interleave)
            if check == 32:
                w2 ^= _word(block, behind + 16 * interleave, interleave)
                w3 ^= _word(block, behind + 24 * interleave, interleave)
            if w0 | w1 | w2 | w3 == 0:
                continue
            total[:] = 0
            _add_syndromes(w0, 0, table, total)
            _add_syndromes(w1, 8, table, total)
            if check == 32:
                _add_syndromes(w2, 16, table, total)
                _add_syndromes(w3, 24, table, total)
            for i in range(32):
                syndrome[i] = total[i >> 3] >> np.uint64(56 - 8 * (i & 7)) & np.uint64(255)
            corrected[n, lane] = _correct(block, lane, interleave, message, check, syndrome, to_channel)
    return corrected
