"""An agency's server as a process: keys, files, roles, start, death and left-overs. Real servers throughout."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import nats.errors
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from aelita.errors import UsageError
from aelita.services.live.credentials import is_public_key, keep_key, key_from_seed, new_key, read_key
from aelita.services.live.following import follow
from aelita.services.live.nats_server import Link, NatsServer, ServerSettings
from aelita.services.live.stream_plan import Give, plan_streams
from aelita.services.live.streams import Address, StreamError, Streams, StreamUnavailableError
from live_servers import client, one_server

# The pair printed in the documentation of NATS (docs.nats.io, "NKeys"): a truth not made here.
SEED = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
PUBLIC = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


def test_key_of_the_documentation() -> None:
    key = key_from_seed(SEED)
    assert key.public == PUBLIC
    assert is_public_key(PUBLIC) and not is_public_key(SEED) and not is_public_key(PUBLIC[:-1] + "5")
    assert SEED not in repr(key)
    raw = base64.b32decode(PUBLIC + "=" * (-len(PUBLIC) % 8))[1:33]
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(key.sign("nonce")), b"nonce")


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "one.key"
    key = keep_key(path)
    assert keep_key(path) == key == read_key(path)
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    for text in ("", "nonsense", SEED[:-1], SEED.replace("C", "D"), PUBLIC, "two\nlines"):
        path.write_text(text)
        with pytest.raises(UsageError, match=str(path)):
            read_key(path)
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\ntoken\n------END NATS USER JWT------\n\n***** keep *****\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n"
    )
    assert (read_key(path).token, read_key(path).public) == ("token", PUBLIC)


def test_a_cluster_of_the_users_own_is_entered_with_its_credentials(tmp_path: Path) -> None:
    """What a server is told that asks for a token: the token, the key's own signature of its nonce, and never the seed."""
    path = tmp_path / "user.creds"
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\nheader.claims.signature\n------END NATS USER JWT------\n\n"
        f"************************* IMPORTANT *************************\nNKEY Seed printed below.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{SEED}\n------END USER NKEY SEED------\n\n*****\n"
    )

    async def run() -> dict[str, str]:
        told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"headers":true,"nonce":"once"}\r\n')
            said = await reader.readline()
            if not told.done():
                told.set_result(said)
            writer.write(b"-ERR 'Authorization Violation'\r\n")
            writer.close()

        async with await asyncio.start_server(joined, "127.0.0.1", 0) as listener:
            port = listener.sockets[0].getsockname()[1]
            with pytest.raises(StreamUnavailableError):
                await Streams.connect(Address(f"nats://127.0.0.1:{port}", path), name="test", timeout_s=0.5)
        return dict(json.loads((await told).removeprefix(b"CONNECT ")))

    said = asyncio.run(run())
    assert said["jwt"] == "header.claims.signature" and SEED not in str(said)
    raw = base64.b32decode(PUBLIC + "=" * (-len(PUBLIC) % 8))[1:33]
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.urlsafe_b64decode(said["sig"] + "=="), b"once")


def test_files_and_ports_survive_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            before = server.listening()
            folder = tmp_path / "esa"
            secret = [folder / "server.conf", *(folder / "keys").iterdir()]
            assert len(secret) == 4 and all(path.stat().st_mode & 0o777 == 0o600 for path in secret)
            async with await client(server) as streams:
                assert await streams.publish("esa.frames.tgo.mlg", b"kept") == 1
            await server.stop()
            assert server.pid is None
            await server.start()
            assert server.listening() == before
            async with await client(server) as streams:
                last = await streams.last("esa.frames.>")
                assert last is not None and last.data == b"kept"

    asyncio.run(run())


def test_roles(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            async with await client(server) as services:
                await services.publish("esa.audit.a", b"1")
                for denied in ("STREAM.PURGE.AUDIT", "STREAM.DELETE.AUDIT", "STREAM.CREATE.MINE", "STREAM.MSG.DELETE.AUDIT"):
                    with pytest.raises(nats.errors.TimeoutError):
                        await services.client.request(f"$JS.API.{denied}", b"{}", timeout=0.2)
                    assert denied.lower() in services.last_fault
                with pytest.raises(StreamError, match="may not publish"):
                    await services.publish("roscosmos.frames.tgo.bl", b"", timeout_s=0.3)
            async with await client(server, "reader") as reader:
                with pytest.raises(StreamError, match="may not publish"):
                    await reader.publish("esa.audit.a", b"2", timeout_s=0.3)
                found = await reader.last("esa.audit.*")
                assert found is not None and found.data == b"1"
                assert (await reader.info("AUDIT")).messages == 1
                assert (await anext(follow(reader, "AUDIT"))).data == b"1"

    asyncio.run(run())


def test_strangers_are_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            url = server.address().url
            other = tmp_path / "other.key"
            other.write_text(new_key().seed)
            for address in (Address(url), Address(url, other)):
                with pytest.raises(StreamUnavailableError, match=r"[Aa]uthorization|reset by peer"):
                    await Streams.connect(address, name="stranger", timeout_s=1.0)
            with pytest.raises(UsageError, match="missing"):
                await Streams.connect(Address(url, tmp_path / "missing.key"), name="stranger")

    asyncio.run(run())


def test_death_is_told_and_a_left_over_is_ended(tmp_path: Path) -> None:
    async def run() -> None:
        async with one_server(tmp_path) as server:
            watch = asyncio.create_task(server.wait())
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            assert await watch == -signal.SIGKILL and server.pid is None
            await server.start()
            left_over = server.pid
            # The keeper dies; its successor finds the server running and puts its own in the place.
            successor = NatsServer(server.plan, server.settings)
            try:
                await successor.start()
                assert successor.pid not in (None, left_over)
                assert await server.wait() in (0, 1, -signal.SIGTERM)
            finally:
                await successor.stop()

    asyncio.run(run())


def test_faults_of_the_start_are_told(tmp_path: Path) -> None:
    async def run() -> None:
        plan = plan_streams("esa", [])
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(StreamError, match="address already in use"):
                await NatsServer(plan, ServerSettings(tmp_path / "a", port=taken.getsockname()[1])).start()
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "ports.json").write_text("{")
        with pytest.raises(UsageError, match=r"ports\.json"):
            await NatsServer(plan, ServerSettings(tmp_path / "b")).start()
        key = keep_key(tmp_path / "k.key")
        with pytest.raises(UsageError, match="takes nothing"):
            NatsServer(plan, ServerSettings(tmp_path / "c", links={"nasa": Link("h", 1, tmp_path / "k.key")})).prepare()
        gives = plan_streams("esa", [Give("esa", "nasa", ("esa.frames.>",))])
        with pytest.raises(UsageError, match="public key of nasa"):
            NatsServer(gives, ServerSettings(tmp_path / "d", partner_keys={"nasa": key.seed})).prepare()
        own = NatsServer(gives, ServerSettings(tmp_path / "e", partner_keys={"nasa": key.public}))
        text = own.prepare().read_text()
        assert key.public in text and key.seed not in text and not own.link_key_files

    with contextlib.chdir(tmp_path):
        asyncio.run(run())
