"""What answers are made of: instants as texts, values as JSON has them, and errors as the schema tells of them."""

import difflib
import math
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, WithJsonSchema

from ..errors import TimeError
from ..time import NO_TIME, SECOND, tai_ns_from_utc, utc_from_tai_ns

EARLIEST, LATEST = "1972-01-01", "2262-01-01"  # between which UTC and int64 nanoseconds reach
YEAR = re.compile(r"([0-9]{4})-[0-9]")
OFFSET = re.compile(r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]")
INSTANT = {"type": "string", "format": "date-time", "examples": ["2023-05-24T18:54:49.8Z"]}
Value = bool | int | float | str | list[Any] | None


class Problem(BaseModel):
    """An error, RFC 9457: `detail` is what was wrong, `where`, and `remedy` what to do."""

    status: int
    detail: str
    where: str = ""
    remedy: str = ""


def told_problem(description: str) -> dict[str, Any]:
    """Return how the schema tells of an error."""
    schema = Problem.model_json_schema()
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: told_problem("What was asked for does not fit together, such as a range that ends before it begins."),
    401: told_problem("Nobody is logged in."),
    403: told_problem("Who asks may not do this."),
    404: told_problem("There is none such; `remedy` names similar ones."),
    422: told_problem("A part of the request is no such value."),
    503: told_problem("The archive has nothing yet, or cannot be read."),
}


def instant_of(text: Any) -> Any:
    """Return TAI nanoseconds of an RFC 3339 instant, of a UTC date or of a day of the year; None for nothing.

    What lies outside the years 1972 to 2261 becomes the end of them: a range may well begin before everything.
    """
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise ValueError("write an instant as a text, such as 2023-05-24T18:54:49.8Z")
    year = YEAR.match(text.strip())
    if year and not 1972 <= int(year[1]) < 2262:
        return tai_ns_from_utc(EARLIEST if int(year[1]) < 1972 else LATEST)
    try:
        return tai_ns_from_utc(_in_utc(str(text).strip()))
    except TimeError as error:
        raise ValueError(f"{error.what}. {error.remedy}" if error.remedy else error.what) from error


def _in_utc(text: str) -> str:
    """Return the instant in UTC when it is told with an offset from it."""
    if "T" not in text.upper() or text[-1:] in "Zz" or not OFFSET.fullmatch(text[-6:]):
        return text.upper()
    plain, sign, offset = text[:-6], text[-6], timedelta(hours=int(text[-5:-3]), minutes=int(text[-2:]))
    whole, _, fraction = plain.upper().partition(".")
    shifted = datetime.fromisoformat(whole) + (-offset if sign == "+" else offset)
    return shifted.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "")


Instant = Annotated[
    int | None, BeforeValidator(instant_of), WithJsonSchema({"anyOf": [INSTANT, {"type": "string", "maxLength": 0}]})
]
GivenInstant = Annotated[  # in a body, where nothing may also be null
    int | None,
    BeforeValidator(instant_of),
    WithJsonSchema({"anyOf": [INSTANT, {"type": "string", "maxLength": 0}, {"type": "null"}]}),
]
UtcText = Annotated[str | None, WithJsonSchema({"anyOf": [INSTANT, {"type": "null"}]})]


@lru_cache(maxsize=1024)
def utc_text(tai_ns: int | None) -> str | None:
    """Return an instant as RFC 3339 text in UTC with nine decimals, None when it is unknown or before 1972."""
    if tai_ns is None or tai_ns == NO_TIME:
        return None
    try:
        return f"{utc_from_tai_ns(tai_ns)}Z"
    except TimeError:
        return None


def plain(value: Any) -> Value:
    """Return a value as JSON can tell it: octets in hexadecimal; NaN and infinities, for which JSON has no numbers, as texts.

    A float of 32 bits is told with the digits that it has.
    """
    if isinstance(value, np.float32):
        value = float(str(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return int(value) if value == int(value) else str(value)


def near(name: str, known: Iterable[str]) -> str:
    """Return in words which names are like one that there is not, nothing when none is."""
    like = difflib.get_close_matches(name, list(known), 3, 0.5)
    return f" Similar: {', '.join(like)}." if like else ""


def number(value: float | None) -> int | float | None:
    """Return a number, a whole one without a point, None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1 << 53 else value


def seconds(ns: int) -> float:
    """Return nanoseconds in seconds."""
    return ns / SECOND
