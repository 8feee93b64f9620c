"""Units and epochs of XTCE's time types."""

from fractions import Fraction

from ..errors import DefinitionError, TimeError
from ..time import epoch_tai_ns

SECONDS_IN = {
    "seconds": Fraction(1), "second": Fraction(1), "s": Fraction(1), "milliseconds": Fraction(1, 1000), "ms": Fraction(1, 1000),
    "microseconds": Fraction(1, 10**6), "us": Fraction(1, 10**6), "nanoseconds": Fraction(1, 10**9), "ns": Fraction(1, 10**9),
    "picoseconds": Fraction(1, 10**12), "minutes": Fraction(60), "hours": Fraction(3600), "days": Fraction(86400),
    "months": Fraction(2629800), "years": Fraction(31557600),
}  # fmt: skip
"""Lengths of XTCE's time units; a year is a Julian year."""

UNIX_WORDS = ("UNIX", "POSIX", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00Z")


def epoch_of(word: str) -> int:
    """Return the epoch that a time type names, in TAI nanoseconds. Raises DefinitionError for one that is no time."""
    try:
        return int(epoch_tai_ns(word, "epoch") or 0)
    except DefinitionError:
        try:
            return int(epoch_tai_ns(f"TAI {word}", "epoch") or 0)
        except TimeError as error:
            raise DefinitionError(f"the epoch {word!r} is no time") from error
