"""What people ask of an agency's alarm server: commands as requests to `<agency>.requests.alarms`, each with one answer.

The server asks for no password: who can enter the agency's streams as a service may ask, under the name that is given. What that
name may do is written in `users.toml`.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

import nats.errors

from ...agencies import Organisation
from ...alarms import Assign, Command, Override, decode_command, encode_command
from ...errors import AelitaError, UsageError
from ...mdb import Database
from .alarm_server import AlarmServer
from .overriding import prepared
from .requested import requests
from .streams import StreamError, Streams, StreamUnavailableError, WrongSequenceError

WAIT_S = 1.0
ANSWER_S, TRIES = 10.0, 3

log = logging.getLogger(__name__)


def alarm_requests_subject(agency: str) -> str:
    """Return the subject on which an agency's alarm server is asked."""
    return f"{agency}.requests.alarms"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: `records` made of it (0: it was done before), or why it was refused; `note` is for people."""

    records: int = 0
    refused: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers what people ask. `changed` is called after each command, `note` comes with each answer."""

    streams: Streams
    server: AlarmServer
    organisation: Organisation
    databases: Mapping[str, Database]
    changed: Callable[[], Awaitable[None]]
    note: Callable[[], str]

    async def run(self) -> None:
        """Answer for ever. Raises WrongSequenceError when another server keeps the journal."""
        async for message in requests(self.streams, alarm_requests_subject(self.server.engine.agency)):
            answer = await self._answer(message.subject, message.data)
            try:
                await message.respond(json.dumps(asdict(answer)).encode())
            except (nats.errors.Error, OSError) as error:
                log.info("an answer could not be given", extra={"why": str(error)})

    async def _answer(self, subject: str, octets: bytes) -> Answer:
        who = "unknown"
        try:
            asked = decode_command(octets)
            who = asked.who
            made = await self.server.command(self._checked(asked))
        except WrongSequenceError:
            raise
        except StreamError as error:
            return Answer(note=f"done, but not yet kept: {error}")
        except AelitaError as error:
            log.warning("a command was refused", extra={"who": who, "why": str(error)})
            return Answer(refused=str(error), note=await self._audit(subject, str(error), octets, who))
        log.info("a command was done", extra={"who": who, "command": type(asked).__name__, "records": len(made)})
        await self.changed()
        return Answer(len(made), note=self.note())

    async def _audit(self, subject: str, why: str, octets: bytes, who: str) -> str:
        try:
            await self.server.refused(subject, why, octets, who[:200])
        except WrongSequenceError:
            raise
        except AelitaError as error:
            return f"the refusal is not yet kept: {error}"
        return ""

    def _checked(self, asked: Command) -> Command:
        """Return the command with what the database says. Raises UsageError for what this agency does not have."""
        if not asked.who.strip() or not asked.who.isprintable():
            raise UsageError("nobody asks", remedy="Say who: --as NAME")
        if isinstance(asked, Assign) and asked.role not in self.organisation.roles:
            raise UsageError(f"the mission has no role {asked.role!r}", remedy=f"It has {', '.join(self.organisation.roles)}")
        if not isinstance(asked, Override):
            return asked
        if asked.spacecraft not in self.databases:
            raise UsageError(f"no database of spacecraft {asked.spacecraft!r} is used here")
        return prepared(asked, self.databases[asked.spacecraft])


async def ask(streams: Streams, agency: str, asked: Command, *, answer_s: float = ANSWER_S) -> Answer:
    """Have an agency's alarm server do a command. Raises UsageError when nobody answers or it is refused.

    It is asked again when no answer comes: the same command is done once. One that is starting again is waited for, as long as
    for an answer.
    """
    subject, octets = alarm_requests_subject(agency), encode_command(asked)
    loop, tries = asyncio.get_running_loop(), 0
    until = loop.time() + answer_s
    while tries < TRIES:
        try:
            told = json.loads((await streams.client.request(subject, octets, timeout=answer_s)).data)
        except nats.errors.NoRespondersError:
            if loop.time() > until:
                break
            await asyncio.sleep(WAIT_S)
        except (nats.errors.Error, OSError):
            tries += 1
        else:
            answer = Answer(int(told["records"]), str(told["refused"]), str(told["note"]))
            if answer.refused:
                raise UsageError(answer.refused)
            return answer
    raise StreamUnavailableError(
        f"the alarm server of {agency} does not answer", remedy="See `aelita status`; ask again: the same command is done once"
    )
