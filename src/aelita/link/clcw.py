"""Communications link control words: what the spacecraft's receiver reports of its commands in the operational control field.

Field layout: CCSDS 232.0-B. The reports of several telecommand channels may alternate on one downlink.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BITS = {  # field: (position of its lowest bit, width)
    "version": (29, 2), "status": (26, 3), "cop": (24, 2), "virtual_channel": (18, 6), "no_rf": (15, 1), "no_bit_lock": (14, 1),
    "lockout": (13, 1), "wait": (12, 1), "retransmit": (11, 1), "farm_b": (9, 2), "report_value": (0, 8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ControlWords:
    """Decoded control words as columns; `frame` is the row of each in the batch of frames it came from.

    `cop` is the COP in effect, `farm_b` the counter of accepted bypass frames modulo 4, `report_value` the next sequence
    number the receiver expects. `no_rf`, `no_bit_lock`, `lockout`, `wait` and `retransmit` are flags.
    """

    frame: NDArray[np.int64]
    version: NDArray[np.uint8]
    status: NDArray[np.uint8]
    cop: NDArray[np.uint8]
    virtual_channel: NDArray[np.uint8]
    no_rf: NDArray[np.bool_]
    no_bit_lock: NDArray[np.bool_]
    lockout: NDArray[np.bool_]
    wait: NDArray[np.bool_]
    retransmit: NDArray[np.bool_]
    farm_b: NDArray[np.uint8]
    report_value: NDArray[np.uint8]

    def __len__(self) -> int:
        return self.frame.size


def control_words(ocf: NDArray[np.int64]) -> ControlWords:
    """Decode the operational control fields of a batch, -1 where a frame has none.

    Only reports of type 1 (first bit zero) are control words; other fields, project-specific, are left out.
    """
    frame = np.flatnonzero((ocf >= 0) & (ocf >> 31 == 0))
    words = ocf[frame]

    def number(name: str) -> NDArray[np.uint8]:
        low, width = BITS[name]
        return (words >> low & (1 << width) - 1).astype(np.uint8)

    return ControlWords(
        frame=frame,
        version=number("version"),
        status=number("status"),
        cop=number("cop"),
        virtual_channel=number("virtual_channel"),
        no_rf=number("no_rf") == 1,
        no_bit_lock=number("no_bit_lock") == 1,
        lockout=number("lockout") == 1,
        wait=number("wait") == 1,
        retransmit=number("retransmit") == 1,
        farm_b=number("farm_b"),
        report_value=number("report_value"),
    )
