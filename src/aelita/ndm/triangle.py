"""The rows of a covariance matrix in an OEM: six lines of 1 to 6 numbers (CCSDS 502.0-B-3, 5.2.5)."""

from collections.abc import Mapping

from .faults import NdmError
from .lines import Lines
from .tables import CARTESIAN

_NAMES = [row.split()[0] for row in CARTESIAN.splitlines()]
ROWS = [_NAMES[row * (row + 1) // 2 : (row + 1) * (row + 2) // 2] for row in range(6)]

Entry = tuple[str, str | None, int]  # text, unit, line


def triangle(lines: Lines, before: Mapping[str, Entry], where: str) -> dict[str, Entry]:
    """Return the elements that lines give, by keyword, after those that are there. Raises NdmError for a wrong line."""
    found: dict[str, Entry] = {}
    at = sum(row[0] in before for row in ROWS)
    for number, line in lines.each():
        numbers = line.decode("utf-8").split()

        def wrong(what: str, remedy: str, number: int = number) -> NdmError:
            return NdmError(what, where=where, line=number, keyword="covarianceMatrix", remedy=remedy)

        if "EPOCH" not in before:
            raise wrong("a covariance row before the EPOCH of its matrix", "Write EPOCH = ... before the rows")
        if at == len(ROWS):
            raise wrong("a covariance row after the sixth: the matrix is 6x6", "Begin the next matrix with its EPOCH")
        if len(numbers) != at + 1:
            raise wrong(f"row {at + 1} of the covariance has {len(numbers)} numbers, not {at + 1}", "Write the lower triangle")
        found |= {name: (text, None, number) for name, text in zip(ROWS[at], numbers, strict=True)}
        at += 1
    return found
