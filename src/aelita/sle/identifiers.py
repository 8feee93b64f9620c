"""Service instance identifiers: the text `sagr=1.spack=2.rsl-fg=3.raf=onlt1` and its attributes with their object identifiers."""

import re

from ..errors import UsageError

ARC = (1, 3, 112, 4, 3, 1, 2)
OLD_ARC = (1, 2, 0, 9, 5, 2)  # used by version 1 alone; seen from one implementation
LEAVES = {
    "sagr": 52, "spack": 53, "fsl-fg": 14, "rsl-fg": 38, "cltu": 7, "fsp": 10, "raf": 22, "rcf": 46, "rcfsh": 44, "rocf": 49,
    "rsp": 40, "tcf": 12, "tcva": 16,
}  # fmt: skip
NAMES = {(*arc, leaf): name for name, leaf in LEAVES.items() for arc in (ARC, OLD_ARC)}
LONGEST_VALUE = 256
_ATTRIBUTE = re.compile(rf"(?:^|\.)({'|'.join(sorted(LEAVES, key=len, reverse=True))})=")

Attributes = tuple[tuple[str, str], ...]


def attributes_of(text: str) -> Attributes:
    """Return the (name, value) pairs of a service instance identifier. Raises UsageError when it is not one.

    A value may hold dots; it ends where another known attribute begins.
    """
    parts = _ATTRIBUTE.split(text)
    pairs = tuple(zip(parts[1::2], parts[2::2], strict=True))
    if parts[0] or text.startswith(".") or not pairs or not all(_is_value(value) for _, value in pairs):
        raise UsageError(
            f"{text!r:.200} is not a service instance identifier",
            remedy=f"Write sagr=1.spack=2.rsl-fg=3.raf=onlt1; the attributes are {', '.join(LEAVES)}",
        )
    return pairs


def _is_value(value: str) -> bool:
    return 1 <= len(value) <= LONGEST_VALUE and all(" " <= letter <= "~" for letter in value)


def text_of(attributes: Attributes) -> str:
    """Return the text of (name, value) pairs. Raises UsageError when the text would not give them back."""
    text = ".".join(f"{name}={value}" for name, value in attributes)
    if attributes_of(text) != attributes:
        raise UsageError(f"{text!r:.200} reads as other attributes than it was made of")
    return text
