"""One form of octets for what is signed and chained: JSON with sorted keys, no spaces, text, integers, truths and lists only."""

import json
from typing import Any

import orjson

from ..errors import UsageError


def canonical(value: Any) -> bytes:
    """Return the canonical octets of a value. Raises UsageError for what has none, as a number with a point."""
    _check(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or half of a character
        pass
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"half of a character has no canonical form: {error}") from error


def _check(value: Any) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, list | tuple):
        for each in value:
            _check(each)
        return
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        for each in value.values():
            _check(each)
        return
    raise UsageError(f"{type(value).__name__} has no canonical form", remedy="Write it as text or as an integer")
