"""A partner that owns its server: unwalled, told nothing of what it may not do, with its true key. It gets its grant, and no more.

The line to the giver is the partner's too: what the giver says of its permissions to send is taken out of it, and interest in any
subject is put in, both ways, so that the partner's server holds nothing back. What stops it, the giver does.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nats.errors
import nats.js.errors
import pytest
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, ExternalStream, StreamConfig, StreamSource

from aelita.services.live.credentials import keep_key
from aelita.services.live.nats_server import NatsServer, nats_binary
from aelita.services.live.stream_plan import Give
from aelita.services.live.streams import Address, Streams
from live_servers import Line, client, one_server, until
from test_live_mirrors import PULL, TAKE, holds

AGREEMENT = [Give("esa", "partner", ("esa.frames.tgo.>", "esa.alarms.>"))]
GIVEN, LATER = 5, 3
SECRETS = ("esa.frames.mex.mlg", "esa.audit.a", "esa.packets.tgo.1", "esa.parameters.tgo.1", "esa.merged.tgo", "esa.links.a")
ACCOUNTS = ("home", "link")
MINE = "given.esa.partner.mine"


class FrankLine(Line):
    """A line that hides from the partner's server what it may not send, and tells either side of interest that the other has not."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.links = 0
        self._to_partner: asyncio.StreamWriter | None = None
        self._to_giver: asyncio.StreamWriter | None = None

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        first = await source.readline()
        from_giver = first.startswith(b"INFO ")
        if from_giver:
            self._to_partner = sink
            self.links += 1
        else:
            self._to_giver = sink
        with contextlib.suppress(OSError):
            while first:
                sink.write(_frank(first) if from_giver else first)
                await sink.drain()
                first = await source.readline()
        sink.transport.abort()
        self._ends.discard(sink)

    def send_out(self, subject: str) -> None:
        """Make the partner's server send what is published on a subject."""
        if self._to_partner is not None:
            self._to_partner.write(f"LS+ {subject}\r\n".encode())

    def ask_for(self, subject: str) -> None:
        """Tell the giver that the partner hears a subject."""
        if self._to_giver is not None:
            self._to_giver.write(f"LS+ {subject}\r\n".encode())


def _frank(line: bytes) -> bytes:
    if line.startswith(b"-ERR"):
        return b""  # else the partner's server would wait half a minute before it comes again
    if not line.startswith(b"INFO {"):
        return line
    said = json.loads(line.removeprefix(b"INFO "))
    return b"INFO " + json.dumps({key: value for key, value in said.items() if key != "export"}).encode() + b"\r\n"


@dataclass
class Partner:
    """The partner's server and its clients, by account; all that they hear."""

    line: FrankLine
    clients: dict[str, Streams] = field(default_factory=dict)
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    async def hear(self, message: Msg) -> None:
        self.heard.append((message.subject, message.data))

    def data(self) -> set[bytes]:
        return {data for _, data in self.heard}


@contextlib.asynccontextmanager
async def partner_of(server: NatsServer, folder: Path, domain: str) -> AsyncIterator[Partner]:
    """Run the partner's server: two accounts with all rights, all passing between them, one bound to the link."""
    line = FrankLine(server.listening().link_port)
    await line.restore()
    keys = {account: keep_key(folder / f"{account}.key") for account in ACCOUNTS}
    passing = ["take.>", "own.>", "$JS.FC.>", "$JS.esa.API.>"]
    imports: list[dict[str, Any]] = [{"service": {"account": "link", "subject": subject}} for subject in passing]
    imports += [{"stream": {"account": "link", "subject": subject}} for subject in ("given.>", "esa.>")]
    (folder / "partner.conf").write_text(
        json.dumps(
            {
                "server_name": "partner",
                "listen": "127.0.0.1:-1",
                "ports_file_dir": str(folder),
                "jetstream": {"store_dir": str(folder / "store"), "domain": domain},
                "leafnodes": {
                    "reconnect": "50ms",
                    "remotes": [
                        {
                            "urls": [f"nats-leaf://127.0.0.1:{line.port}"],
                            "account": "link",
                            "nkey": server.link_key_files["partner"].read_text().strip(),
                            "compression": "off",
                        }
                    ],
                },
                "accounts": {
                    "home": {"jetstream": "enabled", "users": [{"nkey": keys["home"].public}], "imports": imports},
                    "link": {
                        "jetstream": "enabled",
                        "users": [{"nkey": keys["link"].public}],
                        "exports": [{"service": ">"}, {"stream": ">"}],
                    },
                },
            }
        )
    )  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        nats_binary(), "-c", str(folder / "partner.conf"), "-l", str(folder / "partner.log")
    )
    partner = Partner(line)
    try:
        await until("the partner's server", lambda: listens(folder))
        url = json.loads(next(folder.glob("nats-server_*.ports")).read_text())["nats"][0]
        for account in ACCOUNTS:
            streams = partner.clients[account] = await Streams.connect(Address(url, folder / f"{account}.key"), name="partner")
            await streams.client.subscribe(">", cb=partner.hear)
        yield partner
    finally:
        for streams in partner.clients.values():
            await streams.close()
        process.terminate()
        await process.wait()
        await line.cut()


async def listens(folder: Path) -> bool:
    return any(path.stat().st_size for path in folder.glob("nats-server_*.ports"))


async def linked(partner: Partner) -> None:
    """Wait until the giver answers what is allowed: another attack would go nowhere before."""

    async def answered() -> bool:
        with contextlib.suppress(nats.errors.Error):
            return b"error" in (await partner.clients["home"].client.request(TAKE, b"{}", timeout=0.5)).data
        return False

    await until("the link", answered)


def mirrors() -> Iterator[StreamConfig]:
    """Mirrors and sources of what is not given, in every way that a stream's configuration has."""
    number = 0
    for api in ("take.esa", "own", "$JS.esa.API"):
        for stream, subject in (
            ("FRAMES", "esa.frames.mex.>"), ("FRAMES", None), ("AUDIT", None), ("PARAMETERS", None), ("MERGED", "esa.merged.>"),
            ("ESA_GIVES_FRAMES", "esa.audit.>"), ("ESA_GIVES_PACKETS", None),
        ):  # fmt: skip
            for deliver in ("given.esa.partner", "esa.audit", "give.partner") if stream == "FRAMES" else ("given.esa.partner",):
                number += 1
                origin = StreamSource(stream, filter_subject=subject, external=ExternalStream(api, deliver))
                filled = {"sources": [origin]} if number % 2 else {"mirror": origin}
                yield StreamConfig(name=f"STOLEN_{number}", **filled)


def requests() -> Iterator[tuple[str, object]]:
    """Calls of the giver's interface, forged messages and acknowledgements; the raw link of test_live_mirrors tries the rest."""
    for api in ("$JS.API", "$JS.esa.API", "own", "take.esa"):
        yield f"{api}.STREAM.INFO.FRAMES", b""
        yield f"{api}.STREAM.PURGE.ESA_GIVES_FRAMES", b"{}"
        yield f"{api}.DIRECT.GET.AUDIT", {"seq": 1}
        for stream in ("FRAMES", "AUDIT"):
            config = PULL | {"deliver_subject": MINE, "name": "thief"}
            yield f"{api}.CONSUMER.CREATE.{stream}.thief", {"stream_name": stream, "config": config}
    yield from ((f"{api}.STREAM.{call}", b"") for api in ("$JS.API", "own") for call in ("LIST", "NAMES", "DELETE.FRAMES"))
    yield "own.CONSUMER.CREATE.FRAMES.thief.esa.frames.tgo.>", {"stream_name": "FRAMES", "config": PULL | {"name": "thief"}}
    for subject in (
        "esa.frames.tgo.mlg",
        "esa.alarms.a",
        "esa.audit.a",
        "give.partner.S.a",
        "given.esa.partner.a",
        "$JS.FC.FRAMES.a.b",
    ):
        yield subject, b"forged"
    yield "$JS.ACK.FRAMES.merger.1.1.1.1.0", b"+ACK"


def twisted() -> Iterator[tuple[dict[str, Any], str]]:
    """The one permitted request, turned: other streams and filters, deliveries into the giver's accounts, answers elsewhere."""
    for deliver in (
        "esa.audit.injected", "esa.alarms.a", "$JS.API.STREAM.PURGE.ESA_GIVES_FRAMES", "give.partner.S.x",
        "own.CONSUMER.CREATE.FRAMES.x.esa.frames.tgo.>",
    ):  # fmt: skip
        yield {"stream_name": "ESA_GIVES_FRAMES", "config": PULL | {"deliver_subject": deliver, "headers_only": True}}, MINE
    for stream, subject in (("FRAMES", ""), ("AUDIT", ""), ("ESA_GIVES_FRAMES", "esa.frames.mex.>"), ("ESA_GIVES_FRAMES", ">")):
        config = PULL | {"deliver_subject": MINE, "filter_subject": subject}
        yield {"stream_name": stream, "config": config}, MINE
    for reply in ("esa.audit.y", "$JS.API.STREAM.PURGE.ESA_GIVES_FRAMES", "give.partner.S.y", MINE):
        yield {"stream_name": "ESA_GIVES_FRAMES", "config": PULL | {"deliver_subject": MINE}}, reply


@dataclass(frozen=True)
class Held:
    """What a stream is and holds, and what its consumers were told."""

    configuration: StreamConfig
    messages: int
    last: int
    told: list[object]


async def state_of(admin: Streams) -> dict[str, Held]:
    """Return all that an account's streams hold."""
    found = {}
    for info in await admin.jetstream.streams_info():
        name = info.config.name or ""
        consumers = [one for one in await admin.jetstream.consumers_info(name) if one.config.durable_name]
        told: list[object] = [(one.name, one.ack_floor, one.num_ack_pending) for one in consumers]
        found[name] = Held(info.config, info.state.messages, info.state.last_seq, told)
    return found


async def mirror(partner: Partner, name: str, count: int) -> None:
    origin = StreamSource("ESA_GIVES_FRAMES", external=ExternalStream("take.esa", "given.esa.partner"))
    await partner.clients["home"].jetstream.add_stream(StreamConfig(name=name, mirror=origin))
    await until(f"the permitted mirror {name}", holds(partner.clients["home"], name, count))


@pytest.mark.parametrize("domain", ["partner", "esa"])
def test_a_partner_with_a_server_of_its_own_gets_its_grant_and_no_more(tmp_path: Path, domain: str) -> None:
    async def run() -> None:
        async with (
            one_server(tmp_path, AGREEMENT) as server,
            await client(server) as esa,
            await client(server, "admin") as admin,
            await client(server, "admin", "to-partner") as export,
        ):
            await admin.jetstream.add_consumer("FRAMES", ConsumerConfig(durable_name="merger", ack_wait=3600.0))
            for number in range(GIVEN):
                await esa.publish("esa.frames.tgo.mlg", b"given %d" % number)
                for subject in SECRETS:
                    await esa.publish(subject, b"secret")
            await until("export", holds(export, "ESA_GIVES_FRAMES", GIVEN))
            subscription = await admin.jetstream.pull_subscribe_bind("merger", "FRAMES")
            assert len(await subscription.fetch(1)) == 1  # delivered, and not acknowledged
            before = await state_of(admin), await state_of(export)
            async with partner_of(server, tmp_path, domain) as partner:
                link, home = partner.clients["link"], partner.clients["home"]
                await link.client.subscribe(MINE, cb=partner.hear)  # named whole: interest by a wildcard delivers nothing
                await linked(partner)
                await mirror(partner, "MINE", GIVEN)
                given = {b"given %d" % number for number in range(GIVEN)}
                config = PULL | {"deliver_subject": MINE}
                asked = json.dumps({"stream_name": "ESA_GIVES_FRAMES", "config": config}).encode()
                partner.heard.clear()
                assert b"error" not in (await home.client.request(TAKE, asked, timeout=10)).data

                async def heard() -> bool:
                    return given <= partner.data()

                await until("what is given, as a client", heard)
                await steal(partner)
                if domain == "partner":
                    await ask(partner)
                for number in range(GIVEN, GIVEN + LATER):
                    given.add(b"given %d" % number)
                    await esa.publish("esa.frames.tgo.mlg", b"given %d" % number)
                    for subject in SECRETS:
                        await esa.publish(subject, b"secret")
                await linked(partner)
                await mirror(partner, "MINE_AGAIN", GIVEN + LATER)
                assert partner.line.links > 10  # the giver ended one after the other
                assert not [subject for subject, data in partner.heard if b"secret" in data]
                kept = {name: await contents(streams) for name, streams in (("home", home), ("link", link))}
                assert kept["link"] == set() and kept["home"] == given
            after = await state_of(admin), await state_of(export)
            streams = {subject.split(".")[1].upper(): LATER for subject in SECRETS}
            assert only_new(before[0], after[0]) == streams | {"FRAMES": 2 * LATER}
            assert only_new(before[1], after[1]) == {"ESA_GIVES_FRAMES": LATER}

    asyncio.run(run())


async def ask(partner: Partner) -> None:
    """Ask and forge as a client, each on a link that stands."""
    link = partner.clients["link"].client
    for subject, payload in requests():
        await linked(partner)
        partner.line.send_out(subject)
        await asyncio.sleep(0.02)
        await link.publish(subject, payload if isinstance(payload, bytes) else json.dumps(payload).encode(), reply=MINE)
        await asyncio.sleep(0.03)
    for subject in (">", "esa.>", "esa.audit.a", "given.>", "$JS.>", "$JS.ACK.>", "give.partner.>", "own.>"):
        await linked(partner)
        partner.line.ask_for(subject)
        await asyncio.sleep(0.03)
    for asked, reply in twisted():
        await linked(partner)
        await link.publish(TAKE, json.dumps(asked).encode(), reply=reply)
        await asyncio.sleep(0.03)


async def steal(partner: Partner) -> None:
    """Make mirrors and sources, each on a link that stands."""
    for config in mirrors():
        await linked(partner)
        origin = config.mirror or (config.sources or [])[0]
        assert origin.external is not None
        partner.line.send_out(f"{origin.external.api}.CONSUMER.CREATE.>")
        await asyncio.sleep(0.02)
        with contextlib.suppress(nats.js.errors.APIError, nats.errors.Error):
            await partner.clients["home"].jetstream.add_stream(config)
        await asyncio.sleep(0.1)


async def contents(streams: Streams) -> set[bytes]:
    """Return all that the streams of an account hold."""
    found = set()
    for info in await streams.jetstream.streams_info():
        assert info.config.name is not None
        for sequence in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
            with contextlib.suppress(nats.js.errors.NotFoundError):
                found.add((await streams.jetstream.get_msg(info.config.name, sequence)).data or b"")
    return found


def only_new(before: dict[str, Held], after: dict[str, Held]) -> dict[str, int]:
    """Return how many messages each stream has more, and assert that nothing else is changed."""
    assert before.keys() == after.keys()
    for name, held in before.items():
        assert after[name] == replace(held, messages=after[name].messages, last=after[name].last), name
        assert after[name].messages - held.messages == after[name].last - held.last, name
    return {name: after[name].last - held.last for name, held in before.items() if after[name].last > held.last}
