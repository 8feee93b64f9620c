"""The streams of the agencies of an installation: what their agreement makes of them, and a keeper for each server."""

import asyncio
import logging
import shutil
from dataclasses import replace
from pathlib import Path

from ...agencies import subjects
from ...errors import AelitaError
from ...time import NO_TIME, utc_from_tai_ns
from .clock import MissionClock
from .ending import ended
from .health import Health
from .installation import Installation
from .nats_server import Link, NatsServer, ServerSettings
from .stream_plan import HOME, AgencyPlan, Give, export_account, plan_streams
from .stream_setup import make_streams
from .streams import Address, Streams

PAUSE_S = 1.0
LONGEST_SLEEP_S = 60.0  # a clock that is put right meanwhile is noticed
LOOK_S, SILENT_LOOKS = 1.0, 3
ROOM_OCTETS = 256 << 20  # or a tenth of a smaller disk: with less a server that stopped storing is not started again
FULL_OCTETS = 64 << 10

log = logging.getLogger(__name__)


def gives_of(installation: Installation, at: int) -> list[Give]:
    """Return what the agencies that run here give and take at an instant (TAI nanoseconds), as subjects."""
    partners = installation.partners()
    found = installation.mission.organisation.agreement.gives
    return [
        Give(one.giver, one.receiver, tuple(subjects(one)))
        for one in found
        if (one.giver, one.receiver) in partners and at in one.period
    ]


def plan_of(installation: Installation, agency: str, at: int) -> AgencyPlan:
    """Return the streams of an agency at an instant (TAI nanoseconds)."""
    return plan_streams(agency, gives_of(installation, at))


def server_of(installation: Installation, agency: str, at: int) -> NatsServer:
    """Return the server of an agency, with links to those here that give it something; keys are made where they are absent."""
    return NatsServer(plan_of(installation, agency, at), settings_of(installation, agency, at))


def settings_of(installation: Installation, agency: str, at: int) -> ServerSettings:
    """Return where the server of an agency is, and its links at an instant (TAI nanoseconds)."""
    links = {giver: _link(installation, agency, giver, at) for giver in plan_of(installation, agency, at).takes}
    return _settings(installation, agency, links)


def _link(installation: Installation, agency: str, giver: str, at: int) -> Link:
    """Return how an agency reaches a giver; the key of one that runs here is made where it is absent."""
    elsewhere = next((one for one in installation.links if (one.agency, one.giver) == (agency, giver)), None)
    if elsewhere is not None and elsewhere.key is not None:
        return Link(elsewhere.host, elsewhere.port, elsewhere.key)
    other = NatsServer(plan_of(installation, giver, at), _settings(installation, giver, {}))
    other.keep_keys()
    listening = other.listening()
    host, port = (listening.link_host, listening.link_port) if elsewhere is None else (elsewhere.host, elsewhere.port)
    return Link(host, port, other.link_key_files[agency])


def _settings(installation: Installation, agency: str, links: dict[str, Link]) -> ServerSettings:
    port, leaf = installation.port(f"{agency}/nats"), installation.port(f"{agency}/leaf")
    return ServerSettings(
        installation.home(agency) / "nats",
        port=port,
        link_host=installation.agency(agency).link_host,
        link_port=leaf,
        links=links,
        store_bytes=widest_plan(installation, agency).max_bytes,
    )


def widest_plan(installation: Installation, agency: str) -> AgencyPlan:
    """Return the streams of an agency with all that is ever given, by whole kinds: a mirror in it may begin later, or be over."""
    gives, partners = installation.mission.organisation.agreement.gives, installation.partners()
    kinds = {(one.giver, one.receiver, one.kind) for one in gives if (one.giver, one.receiver) in partners}
    return plan_streams(agency, [Give(giver, taker, (f"{giver}.{kind}.>",)) for giver, taker, kind in sorted(kinds)])


def address_of(installation: Installation, agency: str, role: str = "services") -> Address:
    """Return where programs of an agency find its streams."""
    return Address(
        f"nats://127.0.0.1:{installation.port(f'{agency}/nats')}",
        (installation.home(agency) / "nats" / "keys" / f"{HOME}.{role}.key").absolute(),
    )


async def keep_servers(installation: Installation, clock: MissionClock, health: Health, ready: asyncio.Event) -> None:
    """Keep the servers of all agencies here running, until cancelled; `ready` is set when all have their streams.

    When something in the agreement begins or ends by the clock, they go on with what is given then, without a restart.
    """
    agencies = [agency.key for agency in installation.agencies]
    at = clock.now()
    servers = {key: server_of(installation, key, at) for key in agencies}
    up = {key: asyncio.Event() for key in agencies}
    keepers = [asyncio.create_task(_keep(servers[key], health, up[key])) for key in agencies]
    try:
        await asyncio.gather(*(event.wait() for event in up.values()))
        ready.set()
        keepers.append(asyncio.create_task(_follow_agreement(installation, clock, health, servers, at)))
        await asyncio.gather(*keepers)
    finally:
        await ended(keepers)
        await asyncio.gather(*(server.stop() for server in servers.values()))


async def _follow_agreement(
    installation: Installation, clock: MissionClock, health: Health, servers: dict[str, NatsServer], at: int
) -> None:
    """Change the servers whenever a give begins or ends; `at` is the instant for which they were planned."""
    agreement = installation.mission.organisation.agreement
    while (change := agreement.next_change(at)) != NO_TIME:
        while (wait := clock.seconds_until(change)) > 0:
            await asyncio.sleep(min(wait, LONGEST_SLEEP_S))
        at = change
        log.info("the agreement changes", extra={"instant": utc_from_tai_ns(at)})
        changed = {key: one for key, one in servers.items() if one.plan != plan_of(installation, key, at)}
        # A link is taken up only after its giver knows it. An account that is new to a running server passes nothing between
        # accounts before the configuration was read once more (seen with nats-server 2.15.1): so twice, and streams after that.
        for linked in (False, True):
            await asyncio.gather(*(_change(installation, key, one, at, health, linked) for key, one in changed.items()))


async def _change(installation: Installation, agency: str, server: NatsServer, at: int, health: Health, linked: bool) -> None:
    """Bring a server to what is given at an instant, without or with new links; one that refuses is started again."""
    settings, known = settings_of(installation, agency, at), server.settings.links
    if not linked:
        settings = replace(settings, links={giver: link for giver, link in settings.links.items() if giver in known})
    try:
        await server.change(plan_of(installation, agency, at), settings)
        if linked:
            await make_streams(server.plan, _administrators(server))
    except AelitaError as error:
        health.fault(f"{agency}/nats", str(error))
        log.warning("a server of streams is started again", extra={"agency": agency, "why": str(error)})
        await server.stop()


def _administrators(server: NatsServer) -> dict[str, Address]:
    accounts = {HOME, *(export_account(receiver) for receiver in server.plan.gives)}
    return {account: server.address("admin", account) for account in accounts}


async def _keep(server: NatsServer, health: Health, up: asyncio.Event) -> None:
    name = f"{server.plan.agency}/nats"
    while True:
        try:
            await server.start()
            await make_streams(server.plan, _administrators(server))
            up.set()
            health.count("process_starts", program=name)
            health.well(name)
            why = await _over(server, health)
        except (AelitaError, OSError) as error:
            await server.stop()
            why = str(error)
        health.fault(name, why)
        log.warning("a server of streams ended", extra={"agency": server.plan.agency, "why": why})
        await asyncio.sleep(PAUSE_S)


async def _over(server: NatsServer, health: Health) -> str:
    """Wait until a server has ended, and return why. One that stopped storing is ended as soon as there is room on its disk.

    On a full disk it may answer still, while a stream that failed to write is lost until it is started again (seen with 2.15.1).
    """
    name, silent, full = f"{server.plan.agency}/nats", 0, False
    ending = asyncio.ensure_future(server.wait())
    try:
        async with await Streams.connect(server.address("admin"), name="keeper") as streams:
            while not ending.done():
                await asyncio.wait([ending], timeout=LOOK_S)
                silent = 0 if ending.done() or await streams.storing() else silent + 1
                full = full or shutil.disk_usage(server.directory).free < FULL_OCTETS
                if silent < SILENT_LOOKS and not full:
                    continue
                health.fault(name, "the server stopped storing, as on a full disk; it is started again when there is room")
                if _has_room(server.directory):
                    await server.stop()
                    return "the server had stopped storing"
        return f"the server ended with {await ending}"
    finally:
        await ended([ending])


def _has_room(folder: Path) -> bool:
    disk = shutil.disk_usage(folder)
    return disk.free >= min(ROOM_OCTETS, disk.total // 10)
