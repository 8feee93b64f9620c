"""Commanding through the Python client: what it sends, what it signs itself, and that it signs nothing that it did not see."""

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.api.client import AsyncClient, Client, ForbiddenError, NotFoundError, RequestError
from aelita.api.client.commands import AsyncCommands, CommandCalls, Commands
from aelita.api.client.core import Address, Call, Session
from aelita.api.client.signing import checked_digest
from aelita.errors import UsageError
from api_command_material import PASSWORD, TWIN, Both, both
from door_material import BASE

PING = ("AreYouAlive", {"apid": 26})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(tmp_path_factory.mktemp("two")) as made:
        yield made


def as_user(two: Both, user: str, agency: str = "esa") -> AsyncClient:
    transport = httpx.ASGITransport(two.places[agency].guard, client=("10.0.0.1", 4711))
    return AsyncClient(Session(Address.of(BASE), user=user, password=PASSWORD), transport=transport)


def test_a_whole_way_by_a_key_of_ones_own_and_by_password(two: Both) -> None:
    own = Ed25519PrivateKey.generate()

    async def run() -> None:
        sara, vera, ivo = (as_user(two, name).commands for name in ("sara", "vera", "ivo"))
        found = await ivo.catalogue(TWIN, "alive")
        assert [one["name"] for one in found] == ["/TGO_TC/AreYouAlive"]
        assert (await ivo.command(TWIN, "/TGO_TC/AreYouAlive"))["parameters"][0]["name"] == "apid"
        plan = await ivo.prepare(TWIN, PING, latest="2027-01-01")
        made = await ivo.request(TWIN, PING, latest="2027-01-01", digest=plan["digest"], comment="alive?")
        assert checked_digest(made) == made["digest"] == plan["digest"] and made["latest"] == "2027-01-01T00:00:00.000000000Z"
        assert (await sara.enrol_key(own, PASSWORD))["centre"] == "esac-soc"
        await vera.make_key(PASSWORD)
        (waiting,) = [one for one in (await sara.inbox())["items"] if one["id"] == made["id"]]
        signed = await sara.sign(waiting, "check", key=own, comment="fine")
        assert signed["counts"] and (await vera.sign(made["id"], "release", digest=made["digest"], password=PASSWORD))["counts"]
        seen = await ivo.get(made["id"])
        assert [(one["person"], one["comment"]) for one in seen["statements"]] == [("sara", "fine"), ("vera", "")]
        assert made["id"] in [one["id"] for one in await ivo.requests("alive?", ended=False)]
        assert (await ivo.requests(person="nobody")) == []
        assert (await ivo.withdraw(made["id"], "no station"))["state"] == "withdrawn"
        assert [one["kept"] for one in await sara.keys()] == ["user"]
        assert {one["person"] for one in await vera.keys(everybody=True)} >= {"sara", "vera"}

    asyncio.run(run())


def test_nothing_is_signed_that_was_not_seen(two: Both) -> None:
    own, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    async def run() -> None:
        sara, ivo = as_user(two, "sara").commands, as_user(two, "ivo").commands
        await sara.enrol_key(own, PASSWORD, centre="esac-soc")
        made = await ivo.request(TWIN, PING)
        with pytest.raises(NotFoundError, match="does not know this key"):
            await sara.sign(made, "check", key=other)
        with pytest.raises(UsageError, match="not those that were seen"):
            await sara.sign(made["id"], "check", key=own, digest="0" * 64)
        with pytest.raises(RequestError, match="look at it again"):
            await sara.sign(made["id"], "check", password=PASSWORD, digest="0" * 64)
        wrongs: list[dict[str, Any]] = [{}, {"key": own, "password": PASSWORD}]
        for wrong in wrongs:
            with pytest.raises(UsageError):
                await sara.sign(made, "check", **wrong)
        with pytest.raises(UsageError, match="which octets"):
            await sara.sign(made["id"], "check", key=own)
        with pytest.raises(ForbiddenError):
            await sara.sign(made, "release", password=PASSWORD)
        for name, value in (
            ("packets", ["00"]),
            ("spacecraft", "tgo"),
            ("latest", "2027-01-01T00:00:00Z"),
            ("significance", "x"),
        ):
            with pytest.raises(UsageError, match="do not have the digest"):
                checked_digest(cast(Any, dict(made) | {name: value}))

    asyncio.run(run())


def test_queues_loans_and_evidence_have_methods(two: Both) -> None:
    async def run() -> None:
        vera, audrey = as_user(two, "vera").commands, as_user(two, "audrey").commands
        assert (await vera.queue(TWIN, "hold", reason="wait"))["valve"] == "held"
        assert (await vera.queue(TWIN, "release"))["valve"] == "open"
        assert [one["spacecraft"] for one in await vera.queues()] == [TWIN]
        assert (await vera.lines())["lines"][TWIN]["stations"]
        assert "flight-director@esoc" in (await vera.authority())["mine"]
        assert (await vera.lease(TWIN, "offer", borrower="roscosmos", for_s=60))["state"] == "offered"
        assert (await vera.lease(TWIN, "withdraw"))["state"] == "held"
        await audrey.verify()
        while (last := (await audrey.audit())["verification"]) is None or last["state"] == "running":
            await asyncio.sleep(0.02)
        assert last["clean"] is True
        assert (await audrey.cancel_verification())["state"] == "done"
        entries = await audrey.journal(1, limit=2)
        assert [one["n"] for one in entries] == [2, 3]
        with pytest.raises(ForbiddenError):
            await as_user(two, "ivo").commands.journal()

    asyncio.run(run())


def test_both_clients_have_the_same_methods() -> None:
    session = Session(Address.of(BASE))
    sync, awaited = Client(session).commands, AsyncClient(session).commands
    assert isinstance(sync, Commands) and isinstance(awaited, AsyncCommands)
    names = {name for name, value in vars(CommandCalls).items() if isinstance(value, Call)}
    assert len(names) == 24
    for name in names:
        one, other = getattr(sync, name), getattr(awaited, name)
        assert inspect.signature(one) == inspect.signature(other) and one.__doc__.strip().endswith(".")
        assert "Generator" not in str(inspect.signature(one))


def test_what_makes_no_sense_is_not_sent() -> None:
    commands = Client(Session(Address.of(BASE))).commands
    calls: list[Any] = [
        lambda: commands.prepare(TWIN),
        lambda: commands.request(TWIN),
        lambda: commands.requests(state=("waiting", "sent")),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()


def test_a_history_of_what_a_recording_shows(tmp_path: Path) -> None:
    """The 829 telecommands of the recording are listed: three lack the report of their start, one that of its completion."""
    from aelita.api import create_app
    from api_archive_material import still
    from api_material import As, installed

    made = installed(tmp_path, frames=20_000)
    from aelita.services.live.clock import starting_at
    from aelita.time import tai_ns_from_utc

    starting_at(tai_ns_from_utc("2023-05-24T18:55:00")).write(made.folder)
    with still(made) as centre:
        transport = httpx.ASGITransport(As(create_app(centre)))
        client = AsyncClient(Session(Address.of(BASE), token="x"), transport=transport)

        async def run() -> None:
            found = await client.commands.history("tgo")
            assert len(found) == 829
            lacking = [stage for one in found for stage in one["missing"]]
            assert (lacking.count("start"), lacking.count("completion"), len(lacking)) == (3, 1, 4)
            assert all("acceptance" in one["stages"] and one["request"] is None and one["failed"] is None for one in found)
            assert [one["first"] for one in found] == sorted(one["first"] or "" for one in found)
            part = await client.commands.history("tgo", found[100]["first"], found[200]["first"])
            assert 90 <= len(part) <= 110
            with pytest.raises(NotFoundError):
                await client.commands.history("nowhere")

        asyncio.run(run())
