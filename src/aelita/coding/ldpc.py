"""The low-density parity-check codes of telecommands (CCSDS 231.0-B): (128,64) and (512,256), encoded and decoded.

Both are made of circulants: square blocks in which every row is the one above it, moved by one to the right.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .ldpc_kernels import decode_words

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

ITERATIONS = 50
NORMALIZATION = 0.75  # of min-sum messages, which are too sure of themselves; of 0.7 to 0.9 it serves both codes best


@dataclass(frozen=True, slots=True)
class Ldpc:
    """A code of rate 1/2 made of circulants of `circulant` rows: four block rows of eight block columns.

    `shifts` says for every block of the parity-check matrix how far an identity is moved right, with + two of them, - none;
    `generator` has the first row of each block row of the parity part of the systematic generator matrix, in hexadecimal.
    """

    name: str
    circulant: int
    shifts: tuple[str, str, str, str]
    generator: tuple[str, str, str, str]

    @property
    def codeword_bits(self) -> int:
        """Bits of a codeword: twice its information bits."""
        return 8 * self.circulant

    @property
    def codeword_octets(self) -> int:
        """Octets of a codeword."""
        return self.circulant

    @property
    def information_octets(self) -> int:
        """Octets of information in a codeword."""
        return self.circulant // 2

    def parity_checks(self) -> NDArray[np.int32]:
        """Return the bits of the codeword, (checks, 8), that every parity check adds."""
        return _checks(self)

    def encode(self, information: Octets) -> Octets:
        """Return codewords (n, codeword octets) of information (n, information octets). Raises UsageError for another shape."""
        self._expect(information, self.information_octets, "information octets")
        table = _parity(self)
        parity = np.bitwise_xor.reduce(table[np.arange(self.information_octets), information], axis=1)
        return np.concatenate([information, parity], axis=1)

    def decode(self, symbols: Octets, *, iterations: int = ITERATIONS) -> tuple[Octets, Column]:
        """Return the information (n, octets) of soft symbols (n, bits), and in how many bits each was wrong: -1 is not decoded.

        A symbol is an octet, 0 a sure zero and 255 a sure one; hard decisions are those two. The scale does not matter.
        A row that was not decoded holds what was received. Raises UsageError for another shape.
        """
        self._expect(symbols, self.codeword_bits, "symbols")
        bits = np.empty(symbols.shape, np.uint8)
        channel = np.float32(127.5) - symbols.astype(np.float32)
        wrong = decode_words(channel, _checks(self), iterations, np.float32(NORMALIZATION), bits)
        bits[wrong < 0] = symbols[wrong < 0] > 127
        return np.packbits(bits[:, : self.codeword_bits // 2], axis=1), wrong

    def _expect(self, given: Octets, columns: int, what: str) -> None:
        if given.ndim != 2 or given.shape[1] != columns:
            raise UsageError(f"an array of shape {given.shape} is not rows of {columns} {what} of {self.name}")


@cache
def _checks(code: Ldpc) -> NDArray[np.int32]:
    """Return the bits of each parity check, a circulant moved by s having its one of row i in column i + s."""
    rows = np.arange(code.circulant)
    found = []
    for line in code.shifts:
        blocks = [(block, int(s)) for block, cell in enumerate(line.split()) if cell != "-" for s in cell.split("+")]
        found.append(np.stack([block * code.circulant + (rows + s) % code.circulant for block, s in blocks], axis=1))
    return np.concatenate(found).astype(np.int32)


@cache
def _parity(code: Ldpc) -> Octets:
    """Return [octet position, octet value]: the parity octets that this octet of information adds."""
    first = np.stack([np.unpackbits(np.frombuffer(bytes.fromhex(line), np.uint8)) for line in code.generator])
    blocks = first.reshape(4, 4, code.circulant)
    bits = np.stack([np.roll(blocks, i, axis=2) for i in range(code.circulant)], axis=1)
    rows = np.packbits(bits.reshape(4 * code.circulant, 4 * code.circulant), axis=1)
    table = np.zeros((code.information_octets, 256, code.information_octets), np.uint8)
    for value in range(256):
        for bit in range(8):
            if value & 0x80 >> bit:
                table[:, value] ^= rows[bit::8]
    return table


LDPC_128 = Ldpc(
    "LDPC (128,64)",
    16,
    ("0+7 2 14 6 - 0 13 0", "6 0+15 0 1 0 - 0 7", "4 1 0+15 14 11 0 - 3", "0 1 9 0+13 14 1 0 -"),
    ("0E69166BEF4C0BC2", "7766137EBB248418", "C480FEB9CD53A713", "4EAA22FA465EEA11"),
)
LDPC_512 = Ldpc(
    "LDPC (512,256)",
    64,
    ("0+63 30 50 25 - 43 62 0", "56 0+61 50 23 0 - 37 26", "16 0 0+55 27 56 0 - 43", "35 56 62 0+11 58 3 0 -"),
    (
        "1D21794A22761FAE59945014257E130D74D60540037940142DADEB9CA25EF12E",
        "60E0B6623C5CE5124D2C81ECC7F469AB20678DBFB7523ECE2B54B906A9DBE98C",
        "F6739BCF54273E77167BDA120C6C47744C071EFF5E32A7593138670C095C39B5",
        "28706BD0453002582DAB85F05B9201D08DFDEE2D9D84CA88B371FAE63A4EB07E",
    ),
)
