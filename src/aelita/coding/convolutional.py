"""The convolutional codes of CCSDS 131.0-B: constraint length 7, rate 1/2, and punctured to 2/3, 3/4, 5/6 and 7/8."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..octets import as_octets
from .viterbi_kernels import BLOCK, DEPTH, STATES, TAPS, advance, trace

Octets = NDArray[np.uint8]

PATTERNS = {  # rate: which bit times send the first and the second output (CCSDS 131.0-B, table 3-1)
    "1/2": ("1", "1"),
    "2/3": ("10", "11"),
    "3/4": ("101", "110"),
    "5/6": ("10101", "11010"),
    "7/8": ("1000101", "1111010"),
}
DELAYS = [[delay for delay in range(7) if taps >> (6 - delay) & 1] for taps in TAPS]
SYNC_SYMBOLS = 8400  # a multiple of the symbols in every pattern
NO_OCTETS = np.zeros(0, np.uint8)


@cache
def _sent(rate: str, second_first: bool) -> NDArray[np.int64]:
    """Return which of the two outputs of each bit time of the pattern are sent, as 2 * time + output, in their order."""
    order = (1, 0) if second_first else (0, 1)
    patterns = PATTERNS[rate]
    return np.array([2 * t + c for t in range(len(patterns[0])) for c in order if patterns[c][t] == "1"])


@dataclass(frozen=True, slots=True)
class Convolutional:
    """One convolutional code: `rate`, which output comes first, and whether the second is inverted.

    The standard inverts the second output at rate 1/2 only; that is the meaning of `second_inverted=None`. Other stations
    and simulators order or invert differently. Raises UsageError for an unknown rate.
    """

    rate: str = "1/2"
    second_first: bool = False
    second_inverted: bool | None = None

    def __post_init__(self) -> None:
        if self.rate not in PATTERNS:
            raise UsageError(f"no convolutional code has the rate {self.rate!r}", remedy=f"Choose one of {', '.join(PATTERNS)}")

    @property
    def bit_times(self) -> int:
        """Information bits in one period of the puncture pattern."""
        return len(PATTERNS[self.rate][0])

    @property
    def symbols(self) -> int:
        """Channel symbols in one period of the puncture pattern."""
        return len(self.sent)

    @property
    def sent(self) -> NDArray[np.int64]:
        """Which outputs of one period are sent, in their order: 2 * bit time + 0 for the first output, 1 for the second."""
        return _sent(self.rate, self.second_first)

    @property
    def inverts_second(self) -> bool:
        """Whether the second output is inverted."""
        return self.rate == "1/2" if self.second_inverted is None else self.second_inverted

    def encode(self, octets: bytes | Octets) -> Octets:
        """Return the channel symbols of `octets`, packed, from register and pattern start on; zeros fill the last octet."""
        bits = np.unpackbits(as_octets(octets))
        register = np.concatenate([np.zeros(6, np.uint8), bits])
        outputs = np.zeros((bits.size + -bits.size % self.bit_times, 2), np.uint8)
        for output, delays in enumerate(DELAYS):
            for delay in delays:
                outputs[: bits.size, output] ^= register[6 - delay : register.size - delay]
        outputs[:, 1] ^= self.inverts_second
        symbols = outputs.reshape(-1, 2 * self.bit_times)[:, self.sent].ravel()
        whole, rest = divmod(bits.size, self.bit_times)
        return np.packbits(symbols[: whole * self.symbols + np.count_nonzero(self.sent < 2 * rest)])

    def disagreements(self, symbols: Octets) -> NDArray[np.float64]:
        """Return, for every phase of the pattern, which part of soft `symbols` the best path contradicts.

        The smallest belongs to the right phase, near the symbol error rate of the channel; when none is clearly smaller,
        order or inversion is not as this code says. `symbols` are octets, 0 a sure zero and 255 a sure one.
        """
        return np.array([self._disagreement(symbols[phase:]) for phase in range(self.symbols)])

    def _disagreement(self, symbols: Octets) -> float:
        decoder = Viterbi(self, soft=True, phase=0)
        decoder.feed(symbols)
        decoder.finish()
        return decoder.disagreement


class Viterbi:
    """Decode a stream of channel symbols of any segmentation: `feed` them, then `finish`.

    With `soft` a symbol is an octet, 0 a sure zero, 255 a sure one; otherwise symbols are packed bits. `phase` is how many
    symbols precede the first whole period of the code's pattern; with None the decoder finds out by itself from the first
    8,400 symbols. Decoded octets keep the bit offset and polarity of the stream: a frame synchronizer comes next.
    """

    def __init__(self, code: Convolutional, *, soft: bool, phase: int | None = None) -> None:
        self.code, self.soft, self.phase = code, soft, phase
        self._symbols = NO_OCTETS
        self._skip = phase or 0
        self._metrics = np.zeros(STATES, np.int32)
        self._decisions = np.zeros((BLOCK + DEPTH, STATES), np.uint8)
        self._filled = 0
        self._sums = np.zeros(2, np.int64)  # of certainty: all that was received, and what the best path gained
        self._bits = NO_OCTETS

    @property
    def disagreement(self) -> float:
        """Part of the received certainty that contradicts the best path so far: the symbol error rate for hard symbols."""
        received, gained = int(self._sums[0]), int(self._sums[1]) + int(self._metrics.max())
        return (received - gained) / (2 * received) if received else 0.0

    def feed(self, symbols: bytes | bytearray | memoryview | Octets) -> Octets:
        """Take the next channel symbols; return the information bits that are now decided, packed in octets."""
        given = as_octets(symbols)
        self._symbols = np.concatenate([self._symbols, given if self.soft else np.unpackbits(given) * np.uint8(255)])
        if self.phase is None:
            if self._symbols.size < SYNC_SYMBOLS:
                return NO_OCTETS
            self._choose_phase()
        self._decode(self._symbols.size)
        return self._octets()

    def finish(self) -> Octets:
        """Take note that the stream has ended and return the remaining bits, zeros filling the last octet."""
        if self.phase is None:
            self._choose_phase()
        self._decode(self._symbols.size)
        held = self._symbols.size
        covered = int(self.code.sent[:held].max()) // 2 + 1 if held else self.code.bit_times
        self._symbols = np.concatenate([self._symbols, np.zeros(-held % self.code.symbols, np.uint8)])
        self._decode(held)
        count = self._filled - (self.code.bit_times - covered)
        bits = trace(self._decisions, self._filled, int(np.argmax(self._metrics)), count)
        made = np.packbits(np.concatenate([self._bits, bits]))
        self._filled, self._bits = 0, NO_OCTETS
        return made

    def _choose_phase(self) -> None:
        self.phase = self._skip = int(np.argmin(self.code.disagreements(self._symbols[:SYNC_SYMBOLS])))

    def _decode(self, received: int) -> None:
        """Decode whole periods of the pattern; symbols behind the first `received` count as not received."""
        skip = min(self._skip, self._symbols.size)
        self._skip -= skip
        code, ready = self.code, self._symbols[skip:]
        periods = ready.size // code.symbols
        used = periods * code.symbols
        self._symbols = ready[used:]
        certainty = 2 * ready[:used].astype(np.int16) - 255
        certainty[max(received - skip, 0) :] = 0
        levels = np.zeros((periods, 2 * code.bit_times), np.int16)
        levels[:, code.sent] = certainty.reshape(periods, code.symbols)
        if code.inverts_second:
            levels[:, 1::2] *= -1
        self._filled, bits = advance(levels.reshape(-1, 2), self._metrics, self._decisions, self._filled, self._sums)
        self._bits = np.concatenate([self._bits, bits])

    def _octets(self) -> Octets:
        whole = self._bits.size // 8 * 8
        made = np.packbits(self._bits[:whole])
        self._bits = self._bits[whole:]
        return made
