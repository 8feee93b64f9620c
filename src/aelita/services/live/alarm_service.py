"""The alarms of an agency as a service: its server with what it is fed, what people ask of it, and the overrides in force."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ...alarms import SEVERITIES, AlarmBook, AlarmEngine, Escalation, LimitChanged, LimitSet, Overridden
from ...errors import AelitaError
from ...mdb import Database
from ...time import SECOND
from ..databases import Library
from ..definitions import define
from .agency_streams import address_of
from .alarm_feeding import Feeds
from .alarm_files import USERS, alarm_book, escalation_of, own_signer, permission_of, senders_of
from .alarm_journal import StreamStore
from .alarm_requests import Desk
from .alarm_server import AlarmServer, Surroundings
from .in_force import AUDIT, in_force_subject, overrides_in, pack_overrides
from .serving import Context
from .streams import Streams, WrongSequenceError

LOOK_S = 1.0
UNKNOWN_AFTER_S = 30.0
REPORTS_MISSED = 5  # of a link, one a second of this machine, before it is unknown

log = logging.getLogger(__name__)
Read = TypeVar("Read")


async def alarms(context: Context) -> None:
    """Keep the alarms of an agency until cancelled. Raises AelitaError when it cannot go on."""
    installation, agency = context.installation, context.agency
    signer, keys = own_signer(installation, agency), dict[str, Any]()
    book = _read(context, "alarms.toml", partial(alarm_book, installation), AlarmBook())
    speed = context.clock.speed
    engine = AlarmEngine(agency, book, round(max(UNKNOWN_AFTER_S, REPORTS_MISSED * speed) * SECOND))
    connecting = Streams.connect(address_of(installation, agency), name="alarms", timeout_s=60)
    async with await connecting as streams:
        store = StreamStore(streams, f"{agency}.audit.alarms")
        around = Surroundings(
            store,
            signer,
            keys,
            permission_of(installation, agency),
            context.clock.now,
            context.clock.seconds_until,
            _read(context, "escalation.toml", partial(escalation_of, installation, agency), Escalation()),
            _read(context, "senders.toml", partial(senders_of, installation, agency), {}),
            partial(_must_see, context),
        )
        server = AlarmServer(engine, around)
        await store.recall()
        await server.start()
        databases = _databases(context)
        in_force = InForce(context, streams, server, databases)
        await in_force.recall()
        organisation = installation.mission.organisation
        desk = Desk(streams, server, organisation, databases, in_force.tell, partial(_note, context))
        log.info("alarms are kept", extra={"records": engine.state.number, "standing": len(engine.state.situations)})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            tasks.create_task(Feeds(context, streams, server, store, keys).run())
            tasks.create_task(desk.run())
            tasks.create_task(_look(context, server, in_force))
            context.health.ready = True


def _read(context: Context, what: str, read: Callable[[], Read], otherwise: Read) -> Read:
    """Return what a file says; a mistake in it is told, and the alarms go on without it."""
    try:
        return read()
    except AelitaError as error:
        context.health.fault(what, str(error))
        log.error("a file of the alarms is left out", extra={"why": str(error)})
        return otherwise


def _must_see(context: Context, spacecraft: str, severity: int) -> bool:
    """Whether the agreement has other agencies see an alarm of this agency."""
    agreement = context.installation.mission.organisation.agreement
    return severity > 0 and context.agency in agreement.must_see(spacecraft, SEVERITIES[severity])


def _databases(context: Context) -> dict[str, Database]:
    found, mission, library = {}, context.installation.mission, Library()
    for key in context.installation.spacecraft:
        compiled = define(library, mission=str(mission.folder), channel=mission.craft(key).channels[0]).compiled
        if compiled is not None:
            found[key] = compiled.database
    return found


def _note(context: Context) -> str:
    if (context.home / USERS).is_file():
        return ""
    return f"there is no {USERS}: whoever can read the keys of {context.agency} on this machine may everything"


@dataclass(slots=True)
class InForce:
    """The overrides in force, told to the processor whenever they change."""

    context: Context
    streams: Streams
    server: AlarmServer
    databases: Mapping[str, Database]
    _told: tuple[Overridden, ...] = ()
    _last: int = 0

    async def recall(self) -> None:
        """Take what was told before a restart."""
        last = await self.streams.last(in_force_subject(self.context.agency), AUDIT)
        if last is not None:
            self._last = last.sequence
            try:
                self._told = overrides_in(last.data)
            except AelitaError as error:
                log.error("what was told of overrides cannot be read", extra={"why": str(error)})

    async def tell(self) -> None:
        """Tell which overrides are in force if that has changed. What cannot be told now is told at the next call."""
        now = self.context.clock.now()
        wanted = self.server.engine.state.overrides.overrides_at(now)
        if wanted == self._told:
            return
        subject, last = in_force_subject(self.context.agency), self._last
        try:
            await self.server.observe(self._free(wanted, now))
            self._last = await self.streams.publish(
                subject, pack_overrides(self.context.agency, wanted, now), msg_id=f"{subject}-{last}-{now}",
                expected_last_on_subject=last,
            )  # fmt: skip
        except WrongSequenceError:
            raise
        except AelitaError as error:
            self.context.health.fault("overrides", str(error))
        else:
            self._told = wanted
            self.context.health.well("overrides")

    def _free(self, wanted: Sequence[Overridden], now: int) -> list[LimitChanged]:
        """Return that parameters are normal which have no limits but those that have ended."""
        held = {(one.spacecraft, one.parameter) for one in wanted if isinstance(one.new, LimitSet)}
        ended = {(one.spacecraft, one.parameter) for one in self._told if isinstance(one.new, LimitSet)} - held
        return [LimitChanged(craft, name, now, 0) for craft, name in sorted(ended) if not self._has_limits(craft, name)]

    def _has_limits(self, spacecraft: str, parameter: str) -> bool:
        database = self.databases.get(spacecraft)
        if database is None or parameter not in database.parameters:
            return False
        rules = database.type_of(parameter).facts.alarms
        return rules.default is not None or bool(rules.contexts)


async def _look(context: Context, server: AlarmServer, in_force: InForce) -> None:
    """Tell of overrides that have ended, and how many alarms there are, once a second."""
    health = context.health
    while True:
        await in_force.tell()
        situations = server.engine.state.situations.values()
        standing = Counter(one.severity for one in situations if one.active)
        for severity, word in enumerate(SEVERITIES[1:], 1):
            health.gauge("alarms_standing", standing[severity], severity=word)
        health.gauge("alarms_unacknowledged", sum(one.unseen for one in situations))
        health.gauge("alarm_records_waiting", server.waiting)
        health.gauge("notifications_sent", server.notified)
        health.gauge("notifications_failed", server.failed)
        await asyncio.sleep(LOOK_S)
