"""One communications link control word (CLCW) as a value: what a receiver of commands reports of one virtual channel.

Field layout: CCSDS 232.0-B, as in `clcw.BITS`, which reads whole columns of them out of telemetry.
"""

from dataclasses import dataclass

from ..errors import DataError, UsageError
from .clcw import BITS

COP_1 = 1
_LAYOUT = [(name, *BITS[name]) for name in BITS]


@dataclass(frozen=True, slots=True)
class ControlWord:
    """A report of one virtual channel of commands; the names are those of `ControlWords`.

    `report_value` is N(R), the sequence number the receiver expects next; `farm_b` counts accepted bypass frames modulo 4.
    """

    virtual_channel: int
    report_value: int
    lockout: bool = False
    wait: bool = False
    retransmit: bool = False
    farm_b: int = 0
    no_rf: bool = False
    no_bit_lock: bool = False
    cop: int = COP_1
    status: int = 0
    version: int = 0

    def encode(self) -> int:
        """Return the 32-bit operational control field. Raises UsageError when a value does not fit its field."""
        word = 0
        for name, low, width in _LAYOUT:
            value = int(getattr(self, name))
            if not 0 <= value < 1 << width:
                raise UsageError(f"{name} of a control word is {value}; its field has {width} bits")
            word |= value << low
        return word

    @staticmethod
    def decode(word: int) -> "ControlWord":
        """Return the report in a 32-bit operational control field. Raises DataError when it is no report of this type."""
        if not 0 <= word < 1 << 31:
            raise DataError(
                f"operational control field {word:#x} is no control word", remedy="Its first bit must be zero (CCSDS 232.0-B)"
            )
        return ControlWord(
            word >> 18 & 63, word & 255, word & 0x2000 != 0, word & 0x1000 != 0, word & 0x800 != 0, word >> 9 & 3,
            word & 0x8000 != 0, word & 0x4000 != 0, word >> 24 & 3, word >> 26 & 7, word >> 29 & 3,
        )  # fmt: skip
