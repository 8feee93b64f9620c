"""One value of one keyword: text to value and back, its unit checked."""

import re
from dataclasses import dataclass
from math import isfinite

from ..errors import TimeError
from .epochs import FORMS, SCALES, Epoch, epoch_of
from .faults import NdmError, shown
from .model import Value
from .tables import Keyword

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,18}$", re.ASCII)
PATH = re.compile(r"[1-5](?:,[1-5])+$", re.ASCII)
_SEQUENCE = re.compile(r"[123]{3}$|[XYZ]{3}$", re.ASCII)
_NO_UNIT = {"", "n/a"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, for what is said of it."""

    where: str
    line: int
    keyword: str

    def wrong(self, what: str, remedy: str = "") -> NdmError:
        """Return the error that names keyword and line."""
        return NdmError(f"{self.keyword}: {what}", where=self.where, line=self.line, keyword=self.keyword, remedy=remedy)


def value_of(keyword: Keyword, text: str, scale: str, place: Place) -> Value:
    """Return the value that a text gives a keyword. Raises NdmError naming keyword, line and what is wrong."""
    kind = keyword.kind
    if kind in "eu" or (kind == "n" and text != "N/A") or (kind == "r" and not NUMBER.match(text)):
        try:
            return epoch_of(text, "UTC" if kind in "un" else scale)
        except TimeError as error:
            remedy = f"{FORMS}, or seconds past EPOCH_TZERO" if kind == "r" else error.remedy
            raise place.wrong(error.what, remedy) from error
    if kind in "fr":
        return number_of(text, place)
    if kind == "i":
        if not INTEGER.match(text):
            raise place.wrong(f"{shown(text)} is no integer")
        return int(text)
    if kind == "v":
        return tuple(number_of(part, place) for part in text.split())
    return _word(keyword, tidy(text), place)


def number_of(text: str, place: Place) -> float:
    """Return a decimal number. Raises NdmError, also for one too great for 64 bits."""
    if not NUMBER.match(text):
        raise place.wrong(f"{shown(text)} is no number")
    value = float(text)
    if not isfinite(value):
        raise place.wrong(f"{shown(text)} is too great a number")
    return value


def tidy(text: str) -> str:
    """Return a text with each run of blanks as one (502.0-B-3, 7.5.9)."""
    return " ".join(text.split())


def _word(keyword: Keyword, text: str, place: Place) -> str:
    if keyword.kind == "=" and text.upper().replace("_", " ") not in {choice.upper() for choice in keyword.choices}:
        raise place.wrong(f"{shown(text)} is none of {', '.join(keyword.choices)}")
    if keyword.kind == "s":
        if text.upper() not in SCALES:
            raise place.wrong(f"{shown(text)} is no time system that is known", f"Known are {', '.join(SCALES)}")
        return text.upper()
    if keyword.kind == "x" and not (_SEQUENCE.match(text.upper()) and text[0] != text[1] != text[2]):
        raise place.wrong(f"{shown(text)} is no rotation sequence", "Write three axes, as 321 or ZYX, no two neighbours alike")
    if keyword.kind == "p" and not PATH.match(text.replace(" ", "")):
        raise place.wrong(f"{shown(text)} is no signal path", "Write the numbers of participants, as 1,2,1")
    return text


def is_numeric(keyword: Keyword) -> bool:
    """Return whether values of the keyword are numbers, which a unit may follow."""
    return keyword.kind in "fiv" or keyword.kind == "r"


def check_unit(keyword: Keyword, unit: str | None, place: Place) -> None:
    """Refuse a unit other than that of the table; blanks and the case of letters do not count."""
    given = (unit or "").replace(" ", "")
    if given in _NO_UNIT or given.casefold() == keyword.unit.casefold():
        return
    needed = f"[{keyword.unit}]" if keyword.unit else "no unit"
    raise place.wrong(f"the unit [{given[:40]}] is not that of the standard, {needed}", "Convert the value, or omit the unit")


def text_of_value(value: Value) -> str:
    """Return a value as a message has it, numbers to the last digit."""
    if isinstance(value, tuple):
        return " ".join(repr(float(part)) for part in value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def fitting(keyword: Keyword, value: Value, scale: str) -> bool:
    """Return whether a value is of the type that the keyword's kind has."""
    if keyword.kind in "eun":
        return (isinstance(value, Epoch) and value.scale == ("UTC" if keyword.kind in "un" else scale)) or (
            keyword.kind == "n" and value == "N/A"
        )
    if keyword.kind == "r":
        return isinstance(value, float) or (isinstance(value, Epoch) and value.scale == scale)
    if keyword.kind == "v":
        return isinstance(value, tuple)
    return isinstance(value, {"f": float, "i": int}.get(keyword.kind, str)) and not isinstance(value, bool)
