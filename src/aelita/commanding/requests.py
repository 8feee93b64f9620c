"""What people ask a spacecraft to do, and what is made of it: the exact octets of its telecommand packets, and their digest.

Times are TAI nanoseconds. Bodies are what a journal keeps: dictionaries of text, integers and lists, so that they have one
canonical form.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..errors import DataError, UsageError
from .canonical import canonical

MOST_CALLS, MOST_TEXT = 4096, 2000
FOR_EVER = (1 << 63) - 1
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Service(StrEnum):
    """How frames of a command travel: in sequence, acknowledged and repeated (AD), or each once (BD)."""

    AD = "AD"
    BD = "BD"


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: a person in a role of a centre of an agency."""

    agency: str
    centre: str
    role: str
    person: str


@dataclass(frozen=True, slots=True)
class Call:
    """One command of the mission database by its qualified name, with its arguments as they were written."""

    command: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """Commands that one person wants one spacecraft to get, together and in this order.

    Radiation may begin from `earliest_ns` to `latest_ns`. With `execute_ns` the commands go into the spacecraft's own schedule,
    to be executed then.
    """

    id: str
    spacecraft: str
    calls: tuple[Call, ...]
    requester: Requester
    at_ns: int
    earliest_ns: int = 0
    latest_ns: int = FOR_EVER
    service: Service = Service.BD
    execute_ns: int | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        if not _IDENTITY.fullmatch(self.id):
            raise UsageError(f"{self.id!r} is no name of a request", remedy="Use up to 64 letters, digits, points and dashes")
        if not 0 < len(self.calls) <= MOST_CALLS:
            raise UsageError(f"a request has {len(self.calls)} commands", remedy=f"Give 1 to {MOST_CALLS}")
        if len(self.comment) > MOST_TEXT:
            raise UsageError(f"a comment has {len(self.comment)} characters", remedy=f"Give at most {MOST_TEXT}")
        if not all(0 <= at <= FOR_EVER for at in (self.at_ns, self.earliest_ns, self.latest_ns, self.execute_ns or 0)):
            raise UsageError("a time of a request is beyond all calendars", remedy="Give times from 1958 to 2250")
        if self.earliest_ns >= self.latest_ns:
            raise UsageError("the window of release ends before it begins", remedy="Give a later end")


@dataclass(frozen=True, slots=True)
class PreparedCommand:
    """A request as it will be sent: its packets in order, how they travel, and how much hangs on them.

    `significance` is the gravest of its commands (XTCE's consequence levels), `sentences` say what each command will do.
    A `directive` to FOP-1 stands in place of packets.
    """

    request: CommandRequest
    packets: tuple[bytes, ...]
    virtual_channel: int
    map_id: int | None = None
    significance: str = "none"
    sentences: tuple[str, ...] = ()
    directive: str = ""
    digest: str = field(init=False, repr=False, compare=False)  # SHA-256, hex, of all that is approved, as `digest_of` tells

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_of(self))

    @property
    def octets(self) -> int:
        """How many octets its packets have."""
        return sum(len(one) for one in self.packets)


def digest_of(prepared: PreparedCommand) -> str:
    """Return SHA-256, hex, of the octets of a prepared command, of what they are called, and where, how and when they may go."""
    asked = prepared.request
    said = {
        "v": 1,
        "spacecraft": asked.spacecraft,
        "commands": [call.command for call in asked.calls],
        "significance": prepared.significance,
        "service": str(asked.service),
        "vcid": prepared.virtual_channel,
        "map": prepared.map_id,
        "packets": [one.hex() for one in prepared.packets],
        "earliest_ns": asked.earliest_ns,
        "latest_ns": asked.latest_ns,
    }
    if prepared.directive:
        said["directive"] = prepared.directive
    return hashlib.sha256(canonical(said)).hexdigest()


def body_of(prepared: PreparedCommand) -> dict[str, Any]:
    """Return a prepared command as a journal keeps it."""
    asked = prepared.request
    return {
        "id": asked.id,
        "spacecraft": asked.spacecraft,
        "calls": [{"command": one.command, "arguments": [list(pair) for pair in one.arguments]} for one in asked.calls],
        "agency": asked.requester.agency,
        "centre": asked.requester.centre,
        "role": asked.requester.role,
        "person": asked.requester.person,
        "at_ns": asked.at_ns,
        "earliest_ns": asked.earliest_ns,
        "latest_ns": asked.latest_ns,
        "service": str(asked.service),
        "execute_ns": asked.execute_ns,
        "comment": asked.comment,
        "packets": [one.hex() for one in prepared.packets],
        "vcid": prepared.virtual_channel,
        "map": prepared.map_id,
        "significance": prepared.significance,
        "sentences": list(prepared.sentences),
        "directive": prepared.directive,
        "digest": prepared.digest,
    }


def prepared_from(body: Mapping[str, Any]) -> PreparedCommand:
    """Return the prepared command that a journal keeps. Raises DataError for what is none, or whose digest is not its own."""
    try:
        calls = tuple(
            Call(str(one["command"]), tuple((str(name), str(value)) for name, value in one["arguments"])) for one in body["calls"]
        )
        asked = CommandRequest(
            str(body["id"]),
            str(body["spacecraft"]),
            calls,
            Requester(str(body["agency"]), str(body["centre"]), str(body["role"]), str(body["person"])),
            int(body["at_ns"]),
            int(body["earliest_ns"]),
            int(body["latest_ns"]),
            Service(body["service"]),
            None if body["execute_ns"] is None else int(body["execute_ns"]),
            str(body["comment"]),
        )
        made = PreparedCommand(
            asked,
            tuple(bytes.fromhex(one) for one in body["packets"]),
            int(body["vcid"]),
            None if body["map"] is None else int(body["map"]),
            str(body["significance"]),
            tuple(str(one) for one in body["sentences"]),
            str(body["directive"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
        raise DataError(f"not a prepared command: {type(error).__name__} {error}") from error
    if made.digest != body.get("digest"):
        raise DataError(f"the octets of request {made.request.id} are not those of its digest: they were altered")
    return made
