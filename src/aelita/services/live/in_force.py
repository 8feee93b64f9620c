"""The overrides in force of an agency, on a subject of their own: the alarm server writes them, the processor follows them.

Each message `<agency>.audit.overrides` holds all of them, one record a line as in the journal of alarms.
"""

import logging
from collections.abc import Sequence

from ...alarms import Overridden, Record, decode, encode
from ...errors import DataError
from ...mdb import CompiledDatabase
from .following import follow
from .overriding import with_overrides
from .stream_plan import KINDS
from .streams import Streams

AUDIT = KINDS["audit"].stream

log = logging.getLogger(__name__)


def in_force_subject(agency: str) -> str:
    """Return the subject on which an agency's alarm server tells which overrides are in force."""
    return f"{agency}.audit.overrides"


def pack_overrides(agency: str, overrides: Sequence[Overridden], at: int) -> bytes:
    """Return the message that tells of these overrides, written at an instant (TAI nanoseconds)."""
    return b"\n".join(encode(Record("", at, agency, at, "alarm server", one)) for one in overrides)


def overrides_in(octets: bytes) -> tuple[Overridden, ...]:
    """Return the overrides that a message tells of. Raises DataError when it is none."""
    bodies = [decode(line).body for line in octets.split(b"\n") if line]
    if not all(isinstance(body, Overridden) for body in bodies):
        raise DataError("it holds records that are no overrides")
    return tuple(body for body in bodies if isinstance(body, Overridden))


class OverridesInForce:
    """What the alarm server told last. Call `recall`, then let `run` go on."""

    def __init__(self, streams: Streams, agency: str) -> None:
        self._streams, self._subject = streams, in_force_subject(agency)
        self._told: tuple[Overridden, ...] = ()
        self._next = 1

    async def recall(self) -> None:
        """Take what was told before."""
        last = await self._streams.last(self._subject, AUDIT)
        if last is not None:
            self._take(last.sequence, last.data)

    async def run(self) -> None:
        """Follow what is told, for ever."""
        async with follow(self._streams, AUDIT, start=self._next, subjects=(self._subject,)) as follower:
            async for message in follower:
                self._take(message.sequence, message.data)

    def at(self, spacecraft: str, now: int) -> tuple[Overridden, ...]:
        """Return those of a spacecraft in force at a time (TAI nanoseconds): they end by themselves."""
        return tuple(one for one in self._told if one.spacecraft == spacecraft and now < one.until)

    def _take(self, sequence: int, octets: bytes) -> None:
        self._next = sequence + 1
        try:
            self._told = overrides_in(octets)
        except DataError as error:
            log.error("what is told of overrides cannot be read", extra={"sequence": sequence, "why": str(error)})


class OverriddenDatabase:
    """The database of one spacecraft as it holds now. `changed` is asked before each batch."""

    def __init__(self, spacecraft: str, defined: CompiledDatabase | None, overrides: OverridesInForce) -> None:
        self._spacecraft, self._defined, self._overrides = spacecraft, defined, overrides
        self._used: tuple[Overridden, ...] = ()

    def changed(self, now: int) -> CompiledDatabase | None:
        """Return the database to use from now on (TAI nanoseconds), None while it is the one returned last."""
        wanted = self._overrides.at(self._spacecraft, now)
        if self._defined is None or wanted == self._used:
            return None
        self._used = wanted
        log.info("overrides in force", extra={"spacecraft": self._spacecraft, "of": [one.parameter for one in wanted]})
        return with_overrides(self._defined, self._spacecraft, wanted)
