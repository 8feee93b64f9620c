"""What people may ask of alarms, limits and calibrations. `id` names the command: the same one again changes nothing."""

import json
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from .records import MOST_OCTETS, CalibrationSet, LimitSet, built, no_number, plain


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Say that an alarm has been seen. `occurrence` is the one that was seen (0: whatever stands); a newer one is refused.

    `owner` names another agency whose alarm it is; empty: our own.
    """

    id: str
    who: str
    alarm: str
    comment: str = ""
    occurrence: int = 0
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Reset:
    """End a latched alarm that is acknowledged."""

    id: str
    who: str
    alarm: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Shelve:
    """Put an alarm aside until a time (TAI ns)."""

    id: str
    who: str
    alarm: str
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unshelve:
    """Take an alarm back from the shelf."""

    id: str
    who: str
    alarm: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Remove:
    """Take an alarm out of service."""

    id: str
    who: str
    alarm: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Put an alarm back into service."""

    id: str
    who: str
    alarm: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """Give an alarm to a role, or to a person of it."""

    id: str
    who: str
    alarm: str
    role: str
    person: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """Let other limits or another calibration hold for a parameter until a time (TAI ns). `old`: what holds now, in words."""

    id: str
    who: str
    spacecraft: str
    parameter: str
    new: LimitSet | CalibrationSet
    until: int
    reason: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """End an override before its time. `kind`: limits or calibration."""

    id: str
    who: str
    spacecraft: str
    parameter: str
    kind: str
    reason: str = ""


Command = Acknowledge | Reset | Shelve | Unshelve | Remove | Restore | Assign | Override | Withdraw

PERMISSIONS: dict[type, str] = {
    Acknowledge: "alarm.acknowledge",
    Reset: "alarm.acknowledge",
    Assign: "alarm.assign",
    Shelve: "alarm.shelve",
    Unshelve: "alarm.shelve",
    Remove: "alarm.shelve",
    Restore: "alarm.shelve",
}


def permission_for(command: Command) -> str:
    """Return the permission that a command needs."""
    match command:
        case Override(new=LimitSet()) | Withdraw(kind="limits"):
            return "limits.override"
        case Override() | Withdraw():
            return "calibration.override"
        case _:
            return PERMISSIONS[type(command)]


_NAMED: dict[str, type] = {
    kind.__name__.lower(): kind for kind in (Acknowledge, Reset, Shelve, Unshelve, Remove, Restore, Assign, Override, Withdraw)
}


def encode_command(asked: Command) -> bytes:
    """Return the octets of a command: JSON in ASCII with its name in lower case as `command`."""
    return json.dumps({"command": type(asked).__name__.lower(), **plain(asked)}, allow_nan=False).encode()


def decode_command(octets: bytes, where: str = "command") -> Command:
    """Return the command that octets hold. Raises DataError when they are none, whatever they are."""
    if len(octets) > MOST_OCTETS:
        raise DataError(f"{len(octets)} octets are too many for a command", where=where)
    try:
        values: dict[str, Any] = json.loads(octets, parse_constant=no_number)
        found: Command = built(_NAMED[values.pop("command")], values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"not a command: {type(error).__name__} {error}", where=where) from error
    return found
