"""The Reed-Solomon codes of CCSDS 131.0-B: 16 or 8 correctable symbols, interleaved, shortened, in either basis."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .galois import EXP, TO_CONVENTIONAL, TO_DUAL, multiply
from .reed_solomon_kernels import PERIOD, decode_blocks, encode_blocks

Octets = NDArray[np.uint8]
Words = NDArray[np.uint64]
SLICES = 4


def generator(errors: int) -> Octets:
    """Return the coefficients of the generator polynomial in the conventional basis, the highest power first."""
    polynomial = np.ones(1, np.uint8)
    for power in range(128 - errors, 128 + errors):
        polynomial = np.append(polynomial, np.uint8(0)) ^ np.append(np.uint8(0), multiply(polynomial, EXP[power % PERIOD]))
    return polynomial


@dataclass(frozen=True, slots=True)
class _Tables:
    rows: Words  # [k, b]: what channel octet b followed by k zero octets leaves as remainder, four words
    syndromes: Words  # [nibble, value]: what a nibble of the remainder gives to the syndromes, four words
    to_channel: Octets


def _words(octets: Octets) -> Words:
    """Return rows of up to 32 octets as rows of four words."""
    padded = np.zeros((*octets.shape[:-1], 32), np.uint8)
    padded[..., : octets.shape[-1]] = octets
    return padded.view(">u8").astype(np.uint64)


@cache
def _tables(errors: int, dual_basis: bool) -> _Tables:
    check = 2 * errors
    same = np.arange(256, dtype=np.uint8)
    to_channel, to_field = (TO_DUAL, TO_CONVENTIONAL) if dual_basis else (same, same)
    rows = [to_channel[multiply(to_field[:, None], generator(errors)[None, 1:])]]
    for _ in range(SLICES - 1):
        rows.append(np.roll(rows[-1], -1, axis=1))
        rows[-1][:, -1] = 0
        rows[-1] ^= rows[0][rows[-2][:, 0]]
    power = np.arange(check)[::-1, None] * np.arange(128 - errors, 128 + errors)  # of x at each root: (octet, root)
    nibbles = np.stack([same[:16] << 4, same[:16]])
    syndromes = multiply(to_field[nibbles][None, :, :, None], EXP[power % PERIOD][:, None, None, :])
    return _Tables(_words(np.stack(rows)), _words(syndromes.reshape(2 * check, 16, check)), to_channel)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Codeblocks after correction. `blocks` (n, block octets), `frames` the view of their data, `corrected` (n, interleave).

    `corrected` counts the symbols put right in each codeword, check symbols included; -1 means that the codeword had more
    errors than the code corrects, and that its octets are as received.
    """

    blocks: Octets
    frames: Octets
    corrected: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class ReedSolomon:
    """One Reed-Solomon code: `errors` 16 or 8, interleaving depth 1 to 8, basis, and virtual fill.

    `virtual_fill` is the number of zero octets in front of the whole frame that are never sent, a multiple of `interleave`.
    Raises UsageError for other numbers.
    """

    errors: int = 16
    interleave: int = 5
    dual_basis: bool = True
    virtual_fill: int = 0

    def __post_init__(self) -> None:
        if self.errors not in (8, 16):
            raise UsageError(f"Reed-Solomon corrects 8 or 16 symbols, not {self.errors}")
        if not 1 <= self.interleave <= 8:
            raise UsageError(f"the interleaving depth is 1 to 8, not {self.interleave}")
        full = (PERIOD - 2 * self.errors) * self.interleave
        if self.virtual_fill % self.interleave or not 0 <= self.virtual_fill < full:
            raise UsageError(
                f"virtual fill of {self.virtual_fill} octets does not fit",
                remedy=f"It is a multiple of the interleaving depth {self.interleave} below {full}",
            )

    @property
    def frame_octets(self) -> int:
        """Octets of a frame."""
        return (PERIOD - 2 * self.errors) * self.interleave - self.virtual_fill

    @property
    def block_octets(self) -> int:
        """Octets of a codeblock as sent: the frame and its check symbols."""
        return self.frame_octets + 2 * self.errors * self.interleave

    def encode(self, frames: Octets) -> Octets:
        """Return the codeblocks (n, block octets) of frames (n, frame octets). Raises UsageError for another length."""
        self._expect(frames, self.frame_octets)
        tables = _tables(self.errors, self.dual_basis)
        blocks = np.empty((len(frames), self.block_octets), np.uint8)
        blocks[:, : self.frame_octets] = frames
        encode_blocks(blocks, self.interleave, self.frame_octets // self.interleave, 2 * self.errors, tables.rows)
        return blocks

    def decode(self, blocks: Octets) -> Decoded:
        """Correct codeblocks (n, block octets), derandomized, without marker. Raises UsageError for another length."""
        self._expect(blocks, self.block_octets)
        tables = _tables(self.errors, self.dual_basis)
        right = np.array(blocks, np.uint8, order="C")
        corrected = decode_blocks(
            right,
            self.interleave,
            self.frame_octets // self.interleave,
            2 * self.errors,
            tables.rows,
            tables.syndromes,
            tables.to_channel,
        )
        return Decoded(right, right[:, : self.frame_octets], corrected)

    def _expect(self, rows: Octets, octets: int) -> None:
        if rows.ndim != 2 or rows.shape[1] != octets or rows.dtype != np.uint8:
            raise UsageError(f"this code takes uint8 rows of {octets} octets, not {rows.dtype} of shape {rows.shape}")
