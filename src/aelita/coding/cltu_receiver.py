"""The receiving end of telecommand channel coding: a stream of bits from the demodulator to the data of CLTUs.

It is the state diagram of CCSDS 201.0-B-3, 3.3.4 (the predecessor of 231.0-B): inactive without bit lock, searching bit by bit
for a start sequence, decoding until a codeword is rejected. The tail sequence is made to be rejected.
"""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..octets import as_octets
from .bch import decode_bch
from .cltu import TAIL_LDPC_128, TAIL_LDPC_128_OLD, CltuRules, TcCode
from .cltu_kernels import find_start
from .randomizer import sequence

Octets = NDArray[np.uint8]

PIECE = 1 << 16  # symbols taken into the buffer at once, so that it stays small
BATCH = 16  # BCH codewords decoded at once; behind the end of a CLTU decoding is for nothing
MAX_DATA_OCTETS = 8192


class ReceiverState(Enum):
    """What the receiver does, by the numbers of the standard."""

    INACTIVE = "S1"
    SEARCH = "S2"
    DECODE = "S3"


class ReceiverEvent(Enum):
    """What changes its state, by the numbers of the standard."""

    ACTIVATION = "E1"
    DEACTIVATION = "E2"
    START_FOUND = "E3"
    REJECTION = "E4"


TRANSITIONS = {
    (ReceiverState.INACTIVE, ReceiverEvent.ACTIVATION): ReceiverState.SEARCH,
    (ReceiverState.SEARCH, ReceiverEvent.DEACTIVATION): ReceiverState.INACTIVE,
    (ReceiverState.SEARCH, ReceiverEvent.START_FOUND): ReceiverState.DECODE,
    (ReceiverState.DECODE, ReceiverEvent.DEACTIVATION): ReceiverState.INACTIVE,
    (ReceiverState.DECODE, ReceiverEvent.REJECTION): ReceiverState.SEARCH,
}


class CltuEnd(Enum):
    """Why a CLTU ended."""

    TAIL = "tail sequence"
    REJECTED = "codeword with more errors than the code corrects"
    DEACTIVATED = "bit lock lost"
    TOO_LONG = "longer than the receiver allows"


@dataclass(frozen=True, slots=True)
class CltuStarted:
    """A start sequence was recognized at bit `position` of the stream, with `start_errors` wrong bits, perhaps `inverted`."""

    position: int
    inverted: bool
    start_errors: int


@dataclass(frozen=True, slots=True)
class CodewordAccepted:
    """A codeword that ends before bit `position` gave `octets` after putting `corrected` wrong bits right."""

    position: int
    octets: bytes
    corrected: int


@dataclass(frozen=True, slots=True)
class CltuReceived:
    """A CLTU has ended: all its octets, fill included, and how it was.

    `position` is the bit of its start sequence and `end_position` the bit behind the last codeword accepted. Without any
    codeword the start sequence was an accident, or the first codeword was lost.
    """

    position: int
    end_position: int
    octets: bytes
    codewords: int
    corrected: int
    inverted: bool
    start_errors: int
    end: CltuEnd


Received = CltuStarted | CodewordAccepted | CltuReceived


def _start_errors(rules: CltuRules, correct: bool) -> int:
    """Return how many wrong bits a start sequence may have by default.

    The 16 bits before BCH codewords: one where errors are corrected, otherwise none. The 64 bits before LDPC codewords: 12, so
    that a start is missed less often than the code fails, and the idle sequence, 25 bits away, is far; our choice.
    """
    if rules.code is TcCode.BCH:
        return 1 if correct else 0
    return 12


@dataclass(slots=True)
class CltuReceiver:
    """Find and decode CLTUs in bits of any segmentation, offset and polarity.

    `correct` chooses between correction and mere detection of errors in BCH codewords. `start_errors` is how many wrong bits
    the start sequence may have (None: the default of the code), `tail_errors` how many a tail sequence may have to be called
    one. `either_polarity` accepts inverted CLTUs. A CLTU of more than `max_data_octets` is cut. Raises UsageError for numbers
    that would match anything.
    """

    rules: CltuRules
    correct: bool = True
    start_errors: int | None = None
    tail_errors: int | None = None
    either_polarity: bool = True
    max_data_octets: int = MAX_DATA_OCTETS
    state: ReceiverState = field(default=ReceiverState.INACTIVE, init=False)
    position: int = field(default=0, init=False)  # bits of the stream so far
    _symbols: Octets = field(init=False, repr=False)  # not yet decided
    _origin: int = field(default=0, init=False)  # bit of the stream at which they begin
    _at: int = field(default=0, init=False)  # symbol at which the search or the next codeword begins
    _allowed: int = field(init=False, repr=False)
    _tail_allowed: int = field(init=False, repr=False)
    _pattern: np.uint64 = field(init=False, repr=False)
    _start: CltuStarted = field(init=False, repr=False)
    _codewords: list[CodewordAccepted] = field(default_factory=list, init=False, repr=False)
    _events: list[Received] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        rules = self.rules
        self._allowed = _start_errors(rules, self.correct) if self.start_errors is None else self.start_errors
        default = 4 if rules.code is TcCode.BCH else 20  # of 64 bits that were rejected anyway; of 128
        self._tail_allowed = default if self.tail_errors is None else self.tail_errors
        if not (0 <= 4 * self._allowed < 8 * len(rules.start) and 0 <= 4 * self._tail_allowed < 8 * rules.codeword_octets):
            raise UsageError(
                f"{self._allowed} wrong bits of a start sequence and {self._tail_allowed} of a tail sequence",
                remedy="Allow less than a quarter of their bits to be wrong, and no negative number",
            )
        if self.max_data_octets < rules.information_octets:
            raise UsageError(f"a CLTU of at most {self.max_data_octets} octets has no room for a codeword")
        self._pattern = np.uint64(int.from_bytes(rules.start))
        self._symbols = np.zeros(0, np.uint8)

    def feed(self, octets: bytes | bytearray | memoryview | Octets) -> list[Received]:
        """Take the next bits of the stream, packed in octets, and return what is now certain. Bits imply bit lock (E1)."""
        given = as_octets(octets)
        step = PIECE // 8
        for begin in range(0, given.size, step):
            self._take(np.unpackbits(given[begin : begin + step]) * np.uint8(255))
        return self._given()

    def feed_symbols(self, symbols: bytes | bytearray | memoryview | Octets) -> list[Received]:
        """Take the next bits, one octet each: 0 a sure zero, 255 a sure one, in between what a soft demodulator believes."""
        given = as_octets(symbols)
        for begin in range(0, given.size, PIECE):
            self._take(given[begin : begin + PIECE])
        return self._given()

    def deactivate(self) -> list[Received]:
        """Take note that bit lock was lost (E2): a CLTU that is being decoded ends, the rest of the bits is dropped."""
        if self.state is ReceiverState.DECODE:
            self._close(CltuEnd.DEACTIVATED)
        if self.state is not ReceiverState.INACTIVE:
            self._enter(ReceiverEvent.DEACTIVATION)
        self._symbols, self._origin, self._at = np.zeros(0, np.uint8), self.position, 0
        return self._given()

    def _given(self) -> list[Received]:
        made, self._events = self._events, []
        return made

    def _enter(self, event: ReceiverEvent) -> None:
        self.state = TRANSITIONS[self.state, event]

    def _take(self, symbols: Octets) -> None:
        if self.state is ReceiverState.INACTIVE:
            self._enter(ReceiverEvent.ACTIVATION)
        self._symbols = np.concatenate([self._symbols, symbols])
        self.position += symbols.size
        while self._search() if self.state is ReceiverState.SEARCH else self._decode():
            pass
        self._symbols = self._symbols[self._at :].copy()
        self._origin += self._at
        self._at = 0

    def _search(self) -> bool:
        """Go behind the next start sequence and tell whether there is one."""
        bits = 8 * len(self.rules.start)
        found, inverted, wrong = find_start(self._symbols, self._at, self._pattern, bits, self._allowed, self.either_polarity)
        if found < 0:
            self._at = max(self._at, self._symbols.size - bits + 1)
            return False
        self._enter(ReceiverEvent.START_FOUND)
        self._at = found + bits
        self._start = CltuStarted(self._origin + found, bool(inverted), int(wrong))
        self._codewords = []
        self._events.append(self._start)
        return True

    def _decode(self) -> bool:
        """Decode the whole codewords that are there, some at a time, and tell whether there is more to do."""
        bits = 8 * self.rules.codeword_octets
        room = self.max_data_octets // self.rules.information_octets - len(self._codewords)
        if room == 0:
            self._end(CltuEnd.TOO_LONG)
            return True
        count = min((self._symbols.size - self._at) // bits, room, BATCH if self.rules.code is TcCode.BCH else 1)
        if count == 0:
            return False
        words = self._symbols[self._at : self._at + count * bits].reshape(count, bits)
        words = ~words if self._start.inverted else words
        data, corrected = self._decoded(words)
        for row in range(count):
            if corrected[row] < 0:
                tail = self._is_tail(words[row])
                self._at += bits if tail else 0  # what was rejected otherwise may hold the next start sequence
                self._end(CltuEnd.TAIL if tail else CltuEnd.REJECTED)
                return True
            self._at += bits
            self._accept(data[row], int(corrected[row]))
        return True

    def _decoded(self, words: Octets) -> tuple[Octets, NDArray[np.int64]]:
        """Return the data of rows of symbols, still randomized with BCH, and how many bits of each were corrected."""
        if self.rules.code is TcCode.BCH:
            return decode_bch(np.packbits(words > 127, axis=1), correct=self.correct)
        if self._is_tail(words[0]):
            return np.zeros((1, 0), np.uint8), np.full(1, -1)
        flips = np.unpackbits(sequence("telecommand", self.rules.codeword_octets)) * np.uint8(255)
        return self.rules.code.ldpc.decode(words ^ flips)

    def _is_tail(self, word: Octets) -> bool:
        tails = {self.rules.tail} if self.rules.tail else set()
        if self.rules.code is TcCode.LDPC_128:
            tails |= {TAIL_LDPC_128, TAIL_LDPC_128_OLD}
        hard = word > 127
        return any(np.count_nonzero(hard != np.unpackbits(np.frombuffer(tail, np.uint8))) <= self._tail_allowed for tail in tails)

    def _accept(self, data: Octets, corrected: int) -> None:
        if self.rules.code is TcCode.BCH and self.rules.randomized:
            done = len(self._codewords) * data.size
            data = data ^ sequence("telecommand", self.max_data_octets)[done : done + data.size]
        accepted = CodewordAccepted(self._origin + self._at, data.tobytes(), corrected)
        self._codewords.append(accepted)
        self._events.append(accepted)

    def _end(self, end: CltuEnd) -> None:
        self._close(end)
        self._enter(ReceiverEvent.REJECTION)

    def _close(self, end: CltuEnd) -> None:
        start, words = self._start, self._codewords
        behind = words[-1].position if words else start.position + 8 * len(self.rules.start)
        octets = b"".join(word.octets for word in words)
        corrected = sum(word.corrected for word in words)
        self._events.append(
            CltuReceived(start.position, behind, octets, len(words), corrected, start.inverted, start.start_errors, end)
        )
        self._codewords = []
