"""What partners get from each other: all that is given, through cut lines, and nothing else, tried with their own keys."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from aelita.services.live.credentials import key_from_seed, new_key
from aelita.services.live.following import follow
from aelita.services.live.stream_plan import Give, Limits, plan_streams
from aelita.services.live.streams import Address, Publisher, Streams, StreamUnavailableError
from live_servers import SMALL, agencies, client, make_all, one_server, until

BOTH = [
    Give("esa", "roscosmos", ("esa.frames.tgo.>", "esa.alarms.>")),
    Give("roscosmos", "esa", ("roscosmos.frames.>",)),
]


def holds(streams: Streams, stream: str, count: int) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return (await streams.info(stream)).messages >= count

    return condition


async def contents(streams: Streams, stream: str) -> list[tuple[str, bytes]]:
    count = (await streams.info(stream)).messages
    async with follow(streams, stream) as follower:
        read = [await asyncio.wait_for(anext(follower), 30) for _ in range(count)]
    return [(message.subject, message.data) for message in read]


def test_both_directions_through_cuts_and_deaths(tmp_path: Path) -> None:
    """Lines are cut twice and a server killed while both publish; each mirror has all of the other's frames once, in order."""

    async def run() -> None:
        async with agencies(tmp_path, BOTH, ["esa", "roscosmos"]) as (servers, lines):
            clients = {name: await client(server) for name, server in servers.items()}

            async def publish(name: str) -> None:
                publisher = Publisher(clients[name], window=1)  # in order, so that order can be compared
                for number in range(300):
                    await publisher.send(f"{name}.frames.tgo.own", b"%d" % number, msg_id=str(number))
                    await asyncio.sleep(0.005)
                await publisher.flush()

            tasks = [asyncio.create_task(publish(name)) for name in servers]
            for _ in range(2):
                await asyncio.sleep(0.4)
                for line in lines.values():
                    await line.cut()
                await asyncio.sleep(0.4)
                for line in lines.values():
                    await line.restore()
            killed = servers["esa"]
            assert killed.pid is not None
            os.kill(killed.pid, signal.SIGKILL)
            await killed.wait()
            await killed.start()
            await asyncio.gather(*tasks)
            for taker, giver in (("esa", "roscosmos"), ("roscosmos", "esa")):
                mirror = f"FROM_{giver.upper()}_FRAMES"
                await until(f"mirror at {taker}", holds(clients[taker], mirror, 300))
                wanted = [(f"{giver}.frames.tgo.own", b"%d" % number) for number in range(300)]
                assert await contents(clients[taker], mirror) == wanted
                assert await contents(clients[taker], "FRAMES") == [(s.replace(giver, taker), d) for s, d in wanted]  # no loop
                state = await clients[taker].info(mirror)
                assert state.lag == 0 and state.heard_s is not None and not state.fault
            for streams in clients.values():
                await streams.close()

    asyncio.run(run())


def test_only_what_is_given_is_mirrored(tmp_path: Path) -> None:
    """One spacecraft of the frames, two APIDs of the packets; a third agency without a grant has no way in."""

    async def run() -> None:
        agreement = [Give("esa", "roscosmos", ("esa.frames.tgo.>", "esa.packets.tgo.1412", "esa.packets.tgo.1413"))]
        async with agencies(tmp_path, agreement, ["esa", "roscosmos", "jaxa"]) as (servers, _):
            esa, roscosmos = await client(servers["esa"]), await client(servers["roscosmos"])
            for subject in ("frames.mex.mlg", "frames.tgo.mlg", "packets.tgo.1411", "packets.tgo.1412", "packets.tgo.1413"):
                await esa.publish(f"esa.{subject}", subject.encode())
            await esa.publish("esa.audit.tgo", b"secret")
            await until("frames", holds(roscosmos, "FROM_ESA_FRAMES", 1))
            await until("packets", holds(roscosmos, "FROM_ESA_PACKETS", 2))
            await asyncio.sleep(0.3)
            assert await contents(roscosmos, "FROM_ESA_FRAMES") == [("esa.frames.tgo.mlg", b"frames.tgo.mlg")]
            assert {s for s, _ in await contents(roscosmos, "FROM_ESA_PACKETS")} == {
                "esa.packets.tgo.1412",
                "esa.packets.tgo.1413",
            }
            assert not servers["jaxa"].plan.takes and "to-jaxa" not in servers["esa"].prepare().read_text()
            await esa.close()
            await roscosmos.close()

    asyncio.run(run())


class Intruder:
    """A partner's link spoken octet by octet with its true key: nothing on its side holds it back, only the giver can."""

    def __init__(self) -> None:
        self.heard = b""

    async def join(self, port: int, seed: str) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        nonce = json.loads((await self._reader.readline()).removeprefix(b"INFO "))["nonce"]
        key = key_from_seed(seed)
        hello = {
            "version": "2.15.1", "nkey": key.public, "sig": key.sign(nonce).decode(), "server_id": "N" + "A" * 55, "name": "intruder",
            "domain": "intruder", "jetstream": True, "headers": True, "no_responders": True, "cluster": "intruder", "proto": 1,
        }  # fmt: skip
        self._writer.write(b"CONNECT " + json.dumps(hello).encode() + b"\r\nPING\r\n")
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionError):
            while octets := await self._reader.read(1 << 16):
                self.heard += octets
                if b"PING\r\n" in octets:
                    self._writer.write(b"PONG\r\n")

    async def thrown_out(self) -> None:
        await asyncio.wait_for(self._task, 20)

    def hear(self, subject: str) -> None:
        self._writer.write(f"LS+ {subject}\r\n".encode())

    def say(self, subject: str, payload: object = b"", reply: str = "_R_.x") -> None:
        octets = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self._writer.write(f"LMSG {subject} {reply} {len(octets)}\r\n".encode() + octets + b"\r\n")

    async def leave(self) -> None:
        self._task.cancel()
        self._writer.close()
        await asyncio.gather(self._task, return_exceptions=True)


TAKE = "take.esa.CONSUMER.CREATE.ESA_GIVES_FRAMES"
PULL = {  # what a server's mirror asks for
    "deliver_subject": "given.esa.roscosmos.x", "ack_policy": "none", "deliver_policy": "all", "max_deliver": 1, "direct": True,
    "flow_control": True, "idle_heartbeat": 1_000_000_000,
}  # fmt: skip


def test_partner_cannot_go_beyond_its_grant(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path, BOTH) as server:
            seed = server.link_key_files["roscosmos"].read_text().strip()
            async with await client(server) as esa, await client(server, "admin", "to-roscosmos") as export:
                for number in range(5):
                    await esa.publish("esa.frames.tgo.mlg", b"given %d" % number)
                    for subject in ("esa.frames.mex.mlg", "esa.audit.a", "esa.packets.tgo.1", "esa.merged.tgo"):
                        await esa.publish(subject, b"secret")
                await until("export", holds(export, "ESA_GIVES_FRAMES", 5))
                before = {name: await esa.info(name) for name in ("FRAMES", "AUDIT", "ALARMS", "MERGED", "PACKETS")}
                given = await export.info("ESA_GIVES_FRAMES")
                for subject, payload in forbidden():  # the giver ends the link at once
                    partner = Intruder()
                    await partner.join(server.listening().link_port, seed)
                    partner.say(subject, payload)
                    try:
                        await partner.thrown_out()
                    except TimeoutError:
                        raise AssertionError(f"{subject} passed") from None
                    assert b"secret" not in partner.heard, subject
                    await partner.leave()
                partner = Intruder()
                await partner.join(server.listening().link_port, seed)
                await until("the link", lambda: joined(partner))
                await asyncio.sleep(0.3)  # a subject named before the giver is ready for it is not heard
                partner.hear("given.esa.roscosmos.x")  # named whole: interest by a wildcard alone delivers nothing
                partner.hear("_R_.>")
                await asyncio.sleep(0.3)
                partner.say(TAKE, {"stream_name": "ESA_GIVES_FRAMES", "config": PULL})
                await until("what is given", lambda: heard(partner, b"given 4"))
                twist(partner)
                await asyncio.sleep(1.0)
                partner.hear("given.esa.roscosmos.y")
                await asyncio.sleep(0.3)
                told, partner.heard = partner.heard, b""
                partner.say(
                    TAKE, {"stream_name": "ESA_GIVES_FRAMES", "config": PULL | {"deliver_subject": "given.esa.roscosmos.y"}}
                )
                await until("what is given, on the link that still stands", lambda: heard(partner, b"given 4"))
                partner.heard += told
                assert b"secret" not in partner.heard
                assert b"stream_info" not in partner.heard and b"stream_names" not in partner.heard
                assert {name: await esa.info(name) for name in before} == before
                after = await export.info("ESA_GIVES_FRAMES")
                assert (after.messages, after.last) == (given.messages, given.last)
                await esa.publish("esa.frames.tgo.mlg", b"given still")
                await until("giving goes on", holds(export, "ESA_GIVES_FRAMES", 6))
                await partner.leave()

    asyncio.run(run())


async def joined(partner: Intruder) -> bool:
    return b"PONG" in partner.heard


async def heard(partner: Intruder, octets: bytes) -> bool:
    return octets in partner.heard


def forbidden() -> Iterator[tuple[str, object]]:
    """Every call of the giver's interface, by its plain and its domain's name and our own, and messages on its subjects."""
    for prefix in ("$JS.API", "$JS.esa.API", "own", "take.esa"):
        for name in ("FRAMES", "ESA_GIVES_FRAMES"):
            consumer = {"stream_name": name, "config": PULL}
            for call, request in [
                (f"STREAM.INFO.{name}", b""), (f"STREAM.DELETE.{name}", b""), (f"STREAM.PURGE.{name}", b"{}"),
                (f"STREAM.UPDATE.{name}", {"name": name, "subjects": ["esa.>"]}), (f"STREAM.CREATE.{name}X", {"name": name + "X"}),
                (f"STREAM.MSG.GET.{name}", {"seq": 1}), (f"STREAM.MSG.DELETE.{name}", {"seq": 1}), (f"DIRECT.GET.{name}", {"seq": 1}),
                (f"STREAM.SNAPSHOT.{name}", {"deliver_subject": "given.esa.roscosmos.s"}), (f"CONSUMER.LIST.{name}", b""),
                (f"CONSUMER.CREATE.{name}.thief", consumer), (f"CONSUMER.CREATE.{name}.thief.esa.audit.>", consumer),
                (f"CONSUMER.CREATE.{name}.thief.esa.frames.mex.>", consumer), (f"CONSUMER.DURABLE.CREATE.{name}.thief", consumer),
            ]:  # fmt: skip
                yield f"{prefix}.{call}", request
        yield from ((f"{prefix}.{call}", b"") for call in ("STREAM.NAMES", "INFO", "ACCOUNT.PURGE.agency"))
        for name in ("FRAMES", "AUDIT", "MERGED", "ESA_GIVES_PACKETS"):
            yield f"{prefix}.CONSUMER.CREATE.{name}", {"stream_name": name, "config": PULL}
    for subject in (
        "esa.frames.tgo.mlg", "esa.audit.a", "esa.alarms.a", "esa.merged.tgo", "give.roscosmos.S.a", "given.esa.roscosmos.a",
        "$JS.FC.FRAMES.a.b", "$SYS.REQ.USER.INFO", "_INBOX.a", "roscosmos.frames.a",
    ):  # fmt: skip
        yield subject, b"forged"


def twist(partner: Intruder) -> None:
    """Ask for all subjects, and turn the one permitted request: other streams and filters, deliveries and answers elsewhere."""
    for subject in (
        ">",
        "*.>",
        "esa.>",
        "esa.frames.>",
        "given.>",
        "given.esa.roscosmos.>",
        "$JS.>",
        "$SYS.>",
        "_INBOX.>",
        "own.>",
    ):
        partner.hear(subject)
    partner.say(
        "$JS.ACK.FRAMES.merger.1.1.1.1.0", b"+ACK"
    )  # passes every link's permissions, but not out of the partner's account
    for config in (
        PULL | {"filter_subject": "esa.frames.mex.>"},
        PULL | {"filter_subject": "esa.>"},
        PULL | {"deliver_subject": "esa.audit.injected"},
        PULL | {"deliver_subject": "esa.alarms.injected"},
        PULL | {"deliver_subject": "$JS.API.STREAM.PURGE.ESA_GIVES_FRAMES"},
        PULL | {"deliver_subject": "$JS.API.STREAM.DELETE.ESA_GIVES_FRAMES", "headers_only": True},
        PULL | {"deliver_subject": "give.roscosmos.S.x"},
        PULL | {"deliver_subject": "own.CONSUMER.CREATE.FRAMES.x.esa.frames.tgo.>"},
    ):
        for stream in ("ESA_GIVES_FRAMES", "FRAMES", "AUDIT"):
            for reply in ("_R_.x", "esa.audit.y", "$JS.API.STREAM.PURGE.ESA_GIVES_FRAMES", "$JS.API.STREAM.DELETE.FRAMES"):
                partner.say(TAKE, {"stream_name": stream, "config": config}, reply)


def test_link_key_opens_nothing_but_the_link(tmp_path: Path) -> None:
    """The partner's key is refused by the agency's own port, the agency's keys and a stranger's by the link's port."""

    async def run() -> None:
        async with one_server(tmp_path, BOTH) as server:
            link = Address(server.address().url, server.link_key_files["roscosmos"])
            with pytest.raises(StreamUnavailableError, match=r"[Aa]uthorization|reset by peer"):
                await Streams.connect(link, name="partner", timeout_s=1.0)
            for seed in ((tmp_path / "esa/keys/agency.admin.key").read_text().strip(), new_key().seed):
                stranger = Intruder()
                await stranger.join(server.listening().link_port, seed)

                async def refused(stranger: Intruder = stranger) -> bool:
                    return b"Authorization Violation" in stranger.heard

                await until("refusal", refused)
                await stranger.leave()

    asyncio.run(run())


def test_agreement_changes(tmp_path: Path) -> None:
    """A subject more is given from its beginning; one withdrawn is given no more; a kind withdrawn leaves no export."""

    async def run() -> None:
        async with agencies(tmp_path, BOTH, ["esa", "roscosmos"]) as (servers, _):
            esa, roscosmos = await client(servers["esa"]), await client(servers["roscosmos"])
            for name in ("tgo", "mex"):
                await esa.publish(f"esa.frames.{name}.mlg", name.encode())
            await until("first", holds(roscosmos, "FROM_ESA_FRAMES", 1))
            server = servers["esa"]
            changes = (("esa.frames.mex.>", b"mex later", 3), ("esa.frames.mex.mlg", b"mex last", 4))
            for subject, sent, held in changes:
                changed = [Give("esa", "roscosmos", (subject,)), BOTH[1]]
                await server.stop()
                server.plan = plan_streams("esa", changed, SMALL)
                await server.start()
                await make_all(server)
                await esa.publish("esa.frames.mex.mlg", sent)
                await esa.publish("esa.frames.tgo.mlg", b"tgo no more")
                # A change before this has come lets the new source begin anew: then a message comes twice, and takers know it again.
                await until("mex", holds(roscosmos, "FROM_ESA_FRAMES", held))
            await asyncio.sleep(0.3)
            assert [data for _, data in await contents(roscosmos, "FROM_ESA_FRAMES")][:3] == [b"tgo", b"mex", b"mex later"]
            async with await client(server, "admin", "to-roscosmos") as export:
                assert [info.config.name for info in await export.jetstream.streams_info()] == ["ESA_GIVES_FRAMES"]
            await esa.close()
            await roscosmos.close()

    asyncio.run(run())


def test_copies_hold_more_than_their_origin_and_drop_their_oldest(tmp_path: Path) -> None:
    """A partner that reads nothing never stops the giver, nor does a full mirror stand still."""

    async def run() -> None:
        tight = SMALL | {"frames": Limits(128 << 10, 3600.0)}
        async with agencies(tmp_path, BOTH, ["esa", "roscosmos"], tight) as (servers, _):
            esa, roscosmos = await client(servers["esa"]), await client(servers["roscosmos"])

            async def copied(count: int) -> bool:
                return (await roscosmos.info("FROM_ESA_FRAMES")).last == count

            async with await client(servers["esa"], "admin") as admin:
                for number in range(100):
                    if number and number % 20 == 0:  # what is purged before it was copied is not given
                        await until("a copy of what is purged", partial(copied, number))
                        await admin.jetstream.purge_stream("FRAMES")
                    await esa.publish("esa.frames.tgo.mlg", b"%04d" % number + bytes(4096), msg_id=str(number))

            await until("the newest", partial(copied, 100))
            state = await roscosmos.info("FROM_ESA_FRAMES")
            assert state.missing == 0 and state.bytes <= state.max_bytes == 256 << 10 and state.messages > 50
            assert [int(data[:4]) for _, data in await contents(roscosmos, "FROM_ESA_FRAMES")] == list(
                range(state.first - 1, 100)
            )
            await esa.close()
            await roscosmos.close()

    asyncio.run(run())
