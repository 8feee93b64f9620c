"""The streams of the agencies of an installation: what their agreement makes of them, and a keeper for each server."""

import asyncio
import logging

from ...agencies import subjects
from ...errors import AelitaError
from .clock import MissionClock
from .ending import ended
from .health import Health
from .installation import Installation
from .nats_server import Link, NatsServer, ServerSettings
from .stream_plan import HOME, AgencyPlan, Give, export_account, plan_streams
from .stream_setup import make_streams
from .streams import Address

PAUSE_S = 1.0

log = logging.getLogger(__name__)


def gives_of(installation: Installation, at: int) -> list[Give]:
    """Return what the agencies that run here give each other at an instant (TAI nanoseconds), as subjects."""
    here = {agency.key for agency in installation.agencies}
    found = installation.mission.organisation.agreement.gives
    return [
        Give(one.giver, one.receiver, tuple(subjects(one)))
        for one in found
        if one.giver in here and one.receiver in here and at in one.period
    ]


def plan_of(installation: Installation, agency: str, at: int) -> AgencyPlan:
    """Return the streams of an agency at an instant (TAI nanoseconds)."""
    return plan_streams(agency, gives_of(installation, at))


def server_of(installation: Installation, agency: str, at: int) -> NatsServer:
    """Return the server of an agency, with links to those here that give it something; keys are made where they are absent."""
    plan = plan_of(installation, agency, at)
    links = {}
    for giver in plan.takes:
        other = _bare(installation, giver, at)
        other.prepare()
        listening = other.listening()
        elsewhere = [(one.host, one.port) for one in installation.links if (one.agency, one.giver) == (agency, giver)]
        host, port = elsewhere[0] if elsewhere else (listening.link_host, listening.link_port)
        links[giver] = Link(host, port, other.link_key_files[agency])
    return NatsServer(plan, _settings(installation, agency, links))


def _bare(installation: Installation, agency: str, at: int) -> NatsServer:
    return NatsServer(plan_of(installation, agency, at), _settings(installation, agency, {}))


def _settings(installation: Installation, agency: str, links: dict[str, Link]) -> ServerSettings:
    port, leaf = installation.port(f"{agency}/nats"), installation.port(f"{agency}/leaf")
    return ServerSettings(installation.home(agency) / "nats", port=port, link_port=leaf, links=links)


def address_of(installation: Installation, agency: str, role: str = "services") -> Address:
    """Return where programs of an agency find its streams."""
    return Address(
        f"nats://127.0.0.1:{installation.port(f'{agency}/nats')}",
        (installation.home(agency) / "nats" / "keys" / f"{HOME}.{role}.key").absolute(),
    )


async def keep_servers(installation: Installation, clock: MissionClock, health: Health, ready: asyncio.Event) -> None:
    """Keep the servers of all agencies here running, until cancelled; `ready` is set when all have their streams."""
    agencies = [agency.key for agency in installation.agencies]
    servers = {key: server_of(installation, key, clock.now()) for key in agencies}
    up = {key: asyncio.Event() for key in agencies}
    keepers = [asyncio.create_task(_keep(servers[key], health, up[key])) for key in agencies]
    try:
        await asyncio.gather(*(event.wait() for event in up.values()))
        ready.set()
        await asyncio.gather(*keepers)
    finally:
        await ended(keepers)
        await asyncio.gather(*(server.stop() for server in servers.values()))


async def _keep(server: NatsServer, health: Health, up: asyncio.Event) -> None:
    name = f"{server.plan.agency}/nats"
    accounts = {HOME, *(export_account(receiver) for receiver in server.plan.gives)}
    while True:
        try:
            await server.start()
            await make_streams(server.plan, {account: server.address("admin", account) for account in accounts})
            up.set()
            health.count("process_starts", program=name)
            health.well(name)
            code = await server.wait()
            why = f"the server ended with {code}"
        except AelitaError as error:
            await server.stop()
            why = str(error)
        health.fault(name, why)
        log.warning("a server of streams ended", extra={"agency": server.plan.agency, "why": why})
        await asyncio.sleep(PAUSE_S)
