"""Communications link transmission units (CCSDS 231.0-B): start sequence, codewords of telecommand frames, tail sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .bch import CODEWORD_OCTETS, INFORMATION_OCTETS, encode_bch
from .ldpc import LDPC_128, LDPC_512, Ldpc
from .randomizer import randomize

Octets = NDArray[np.uint8]

START_BCH = bytes.fromhex("EB90")
START_LDPC = bytes.fromhex("034776C7272895B0")
TAIL_BCH = bytes.fromhex("C5C5C5C5C5C5C579")
TAIL_LDPC_128 = bytes.fromhex("63A1ED72C6AC79E25555555555555555")  # corrigendum 1 of issue 4, as two programs quote it
TAIL_LDPC_128_OLD = bytes.fromhex("55555556AAAAAAAA5555555555555555")  # issue 3, and what Yamcs sends
FILL = 0x55  # alternating bits that begin with zero
MAX_START_OCTETS = 8


class TcCode(Enum):
    """A channel code of telecommands."""

    BCH = "BCH (63,56)"
    LDPC_128 = "LDPC (128,64)"
    LDPC_512 = "LDPC (512,256)"

    @property
    def ldpc(self) -> Ldpc:
        """The low-density parity-check code of this name. Raises UsageError for the BCH code."""
        if self is TcCode.BCH:
            raise UsageError("BCH (63,56) is no low-density parity-check code")
        return LDPC_128 if self is TcCode.LDPC_128 else LDPC_512


@dataclass(frozen=True, slots=True)
class CltuRules:
    """How the CLTUs of one physical channel are made: managed parameters, equal on the ground and on board.

    An empty `tail` is none. Raises UsageError for a start sequence longer than 8 octets or without octets, a tail that is not
    as long as a codeword, BCH codewords without tail, or an LDPC code without randomizer.
    """

    code: TcCode
    randomized: bool
    start: bytes
    tail: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.start) <= MAX_START_OCTETS:
            raise UsageError(
                f"a start sequence of {len(self.start)} octets", remedy=f"Give one of 1 to {MAX_START_OCTETS} octets"
            )
        if len(self.tail) not in (0, self.codeword_octets):
            raise UsageError(
                f"a tail sequence of {len(self.tail)} octets for {self.code.value}",
                remedy=f"A tail is as long as a codeword, {self.codeword_octets} octets, or absent",
            )
        if self.code is TcCode.BCH and not self.tail:
            raise UsageError("a CLTU of BCH codewords without tail sequence", remedy="Only LDPC codes may do without")
        if self.code is not TcCode.BCH and not self.randomized:
            raise UsageError(f"{self.code.value} without randomizer", remedy="CCSDS 231.0-B makes it mandatory with LDPC codes")

    @classmethod
    def bch(cls, *, randomized: bool, tail: bytes = TAIL_BCH) -> "CltuRules":
        """Return the rules of BCH codewords; whether frames are randomized is a decision of the mission."""
        return cls(TcCode.BCH, randomized, START_BCH, tail)

    @classmethod
    def ldpc_128(cls, *, tail: bytes = b"") -> "CltuRules":
        """Return the rules of (128,64) codewords, without tail sequence unless one is given."""
        return cls(TcCode.LDPC_128, True, START_LDPC, tail)

    @classmethod
    def ldpc_512(cls) -> "CltuRules":
        """Return the rules of (512,256) codewords, which have no tail sequence."""
        return cls(TcCode.LDPC_512, True, START_LDPC, b"")

    @property
    def codeword_octets(self) -> int:
        """Octets of a codeword as it is transmitted."""
        return CODEWORD_OCTETS if self.code is TcCode.BCH else self.code.ldpc.codeword_octets

    @property
    def information_octets(self) -> int:
        """Octets of frames, or fill, in a codeword."""
        return INFORMATION_OCTETS if self.code is TcCode.BCH else self.code.ldpc.information_octets

    def cltu_octets(self, frame_octets: int) -> int:
        """Return how many octets the CLTU of so many octets of frames has."""
        codewords = -(-frame_octets // self.information_octets)
        return len(self.start) + codewords * self.codeword_octets + len(self.tail)


def encode_cltu(frames: bytes | Sequence[bytes], rules: CltuRules) -> bytes:
    """Return the CLTU of one transfer frame, or of several that follow each other without gap, with fill behind the last.

    BCH: frames are randomized, then filled and encoded; the sequence runs on over frames and codewords. LDPC: frames are
    filled and encoded, then each codeword is randomized from the sequence's start on. Raises UsageError without octets.
    """
    data = frames if isinstance(frames, bytes) else b"".join(frames)
    if not data:
        raise UsageError("a CLTU without frames", remedy="Give at least one transfer frame")
    given = np.frombuffer(data, np.uint8)
    if rules.code is TcCode.BCH:
        sent = randomize(given, "telecommand") if rules.randomized else given
        codewords = encode_bch(_filled(sent, rules.information_octets))
    else:
        codewords = randomize(rules.code.ldpc.encode(_filled(given, rules.information_octets)), "telecommand")
    return rules.start + codewords.tobytes() + rules.tail


def _filled(data: Octets, columns: int) -> Octets:
    """Return rows of `columns` octets, the last one completed with fill."""
    fill = np.full(-data.size % columns, FILL, np.uint8)
    return np.concatenate([data, fill]).reshape(-1, columns)
