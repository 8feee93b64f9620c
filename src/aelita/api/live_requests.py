"""What clients of the live socket ask for: read strictly, since anybody may send anything."""

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from ..errors import UsageError
from .hub import PATTERN_SIGNS, Wanted

MOST_OCTETS = 256 << 10
MOST_NAMES, MOST_SIGNS, LONGEST_NAME, LONGEST_ID = 2_000, 100, 300, 100
SLOWEST_HZ, FASTEST_HZ = 0.01, 100.0
LARGEST_ID = 1 << 53
KEYS = {"subscribe", "topic", "names", "spacecraft", "rate_hz"}


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Begin a subscription; `ident` is its ID as JSON text."""

    ident: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """End a subscription."""

    ident: str


class RequestError(UsageError):
    """A message that asks for nothing; `ident` is the ID that it names, as JSON text, or nothing."""

    def __init__(self, what: str, *, ident: str = "", remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.ident = ident


def request_of(message: str, topics: Iterable[str], spacecraft: Container[str]) -> Subscribe | Unsubscribe:
    """Return what a message asks for. Raises RequestError that says what is wrong with it."""
    if len(message) > MOST_OCTETS:
        raise RequestError(f"a message of {len(message)} characters is too long", remedy=f"{MOST_OCTETS} is the most")
    try:
        told = orjson.loads(message)
    except ValueError as error:
        raise RequestError(f"no JSON: {error}") from error
    if not isinstance(told, dict):
        raise RequestError("no object", remedy='Send {"subscribe": ID, "topic": ...} or {"unsubscribe": ID}')
    if set(told) == {"unsubscribe"}:
        return Unsubscribe(_ident(told["unsubscribe"]))
    if "subscribe" not in told:
        raise RequestError("neither `subscribe` nor `unsubscribe`", remedy='Send {"subscribe": ID, "topic": ...}')
    ident = _ident(told["subscribe"])
    try:
        return Subscribe(ident, _wanted(told, list(topics), spacecraft))
    except RequestError as error:
        error.ident = ident
        raise


def _ident(told: Any) -> str:
    whole = type(told) is int and abs(told) <= LARGEST_ID
    if not whole and not (isinstance(told, str) and 0 < len(told) <= LONGEST_ID):
        raise RequestError("no ID", remedy=f"An ID is a whole number, or a text of at most {LONGEST_ID} characters")
    return orjson.dumps(told).decode()


def _wanted(told: dict[str, Any], topics: list[str], spacecraft: Container[str]) -> Wanted:
    if unknown := sorted(set(told) - KEYS):
        raise RequestError(f"unknown: {', '.join(unknown)[:LONGEST_NAME]}", remedy=f"Known: {', '.join(sorted(KEYS))}")
    topic, craft, rate = told.get("topic"), told.get("spacecraft") or "", told.get("rate_hz")
    if not isinstance(topic, str) or topic not in topics:
        raise RequestError("there is no such topic", remedy=f"Topics: {', '.join(topics)}")
    if not isinstance(craft, str) or (craft and craft not in spacecraft):
        raise RequestError("there is no such spacecraft here", remedy="GET status names those that there are")
    return Wanted(topic, _names(told.get("names")), craft, _rate(rate))


def _names(told: Any) -> tuple[str, ...]:
    if told is None:
        return ("*",)
    fine = isinstance(told, list) and all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in told)
    if not fine:
        raise RequestError("`names` is no list of names", remedy=f"A name has at most {LONGEST_NAME} characters")
    if len(told) > MOST_NAMES:
        raise RequestError(f"{len(told)} names are too many", remedy=f"{MOST_NAMES} is the most; use patterns")
    if sum(name.count(sign) for name in told for sign in PATTERN_SIGNS) > MOST_SIGNS:
        raise RequestError("too many patterns", remedy=f"{MOST_SIGNS} signs such as * are the most; others are plain names")
    return tuple(sorted(set(told)))


def _rate(told: Any) -> float:
    if told is None:
        return 0.0
    fine = isinstance(told, int | float) and not isinstance(told, bool) and math.isfinite(told)
    if not fine or not SLOWEST_HZ <= told <= FASTEST_HZ:
        raise RequestError("`rate_hz` is no such rate", remedy=f"{SLOWEST_HZ} to {FASTEST_HZ:g} times a second, or none")
    return float(told)
