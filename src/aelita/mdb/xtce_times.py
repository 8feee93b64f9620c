"""Absolute times in a binary encoding with an algorithm of Yamcs that decodes CCSDS unsegmented time codes."""

import re
from dataclasses import dataclass

from .types import IntegerEncoding
from .xtce_encodings import TOLD_P_FIELD
from .xtce_tree import Node

KEPT_BITS = 63  # of a count of time
EPOCH = re.compile(r"\bepoch\s*:\s*[\"']?(\w+)")
EPOCHS = ("TAI", "J2000", "UNIX", "GPS")
CCSDS, AGENCY = 1, 2  # which epoch a P-field says


@dataclass(frozen=True, slots=True)
class CodedTime:
    """A time code as a whole number of `scale` seconds since `epoch` (XTCE's word)."""

    encoding: IntegerEncoding
    scale: float
    epoch: str


def coded_time(held: Node) -> CodedTime | None:
    """Return what the Encoding of an absolute time holds when it is a CUC time whose P-field the decoder is told.

    The P-field of an unsegmented time code has one less than the octets of whole seconds in bits 4 and 5, and the octets of
    fractions in bits 6 and 7 (CCSDS 301.0-B-4, 3.2.2). None for anything else: P-fields in the data or with an extension,
    correlated on-board clocks, epochs that are written out.
    """
    node = next((each for each in held.children if each.name == "BinaryDataEncoding"), None)
    text = next((each.text for each in node.walk() if each.name == "AlgorithmText"), "") if node is not None else ""
    told, named = TOLD_P_FIELD.search(text), EPOCH.search(text)
    if node is None or told is None or "CUC" not in text or "tcoService" in text:
        return None
    p_field = int(told[1], 0)
    coarse, fine = (p_field >> 2 & 3) + 1, p_field & 3
    epoch = named[1] if named is not None else "TAI" if p_field >> 4 == CCSDS else "GPS"  # the decoder's own default
    bits = 8 * (coarse + fine)
    size = next((each.text.strip() for each in node.walk() if each.name == "FixedValue"), "-1")
    if p_field >> 4 not in (CCSDS, AGENCY) or epoch not in EPOCHS or size not in ("-1", str(bits)) or bits > KEPT_BITS:
        return None
    node.dismiss()
    return CodedTime(IntegerEncoding(bits), 2.0 ** (-8 * fine), epoch)
