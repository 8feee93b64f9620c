"""The interface fuzzed from its own schema: whatever is asked, by whomever, the answer is what the schema says, and no failure."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Container, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from starlette.types import ASGIApp

from aelita.api import audit, create_app, guarded, sessions
from aelita.api.account_tables import digest_of
from aelita.api.centre import Centre
from aelita.api.command_key_tables import CommandKey
from aelita.api.door import Door
from aelita.api.passwords import Passwords
from aelita.commanding import Act, Call, CommandRequest, Journal, PreparedCommand, Requester, Statement, body_of
from aelita.services.live.agency_streams import keep_servers
from aelita.services.live.alarm_files import exchange_keys
from aelita.services.live.alarm_service import alarms
from aelita.services.live.clock import starting_at
from aelita.services.live.command_journal import own_path
from aelita.services.live.ending import ended
from aelita.services.live.health import Health
from aelita.services.live.serving import Context
from api_material import EVERYTHING, As, installed, opened
from door_material import API, BASE, CHEAP, PASSWORD
from live_centre import BEGIN
from shared import ROOT

CONFIG = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
OBSERVER = replace(EVERYTHING, user="otto", roles=("observer",), may=frozenset(("view",)))
ANY = range(600)
OPEN = {f"{API}/auth/{path}" for path in ("login", "first", "oidc", "oidc/about", "oidc/back")}
EXAMPLES = 3
PARAMETER = "/TGO/hk_0b3_aa_f32_32"
NEW_PASSWORD = "nine green teapots"
COMMANDS = {"spacecraft": "tgo", "calls": [{"command": "AreYouAlive"}], "centre": "esoc"}
ASKED = CommandRequest("r1", "tgo", (Call("/TGO_TC/AreYouAlive"),), Requester("esa", "esoc", "flight-director", "vera"), BEGIN)
PREPARED = PreparedCommand(
    ASKED, (bytes.fromhex("181ac00000051b110102c91c"),), 0, None, "normal", ("Ask whether the application process is alive.",)
)  # fmt: skip
STATEMENT = Statement(
    Act.CHECK, "r1", PREPARED.digest, "tgo", BEGIN, BEGIN + 1, "esa", "esoc", "flight-director", "vera", "0" * 16, BEGIN
)
STATED = {"statement": STATEMENT.said, "signature": "0" * 128}
PRODUCT = json.dumps({
    "kind": "passes", "spacecraft": "tgo", "title": "t", "start": "2016-10-19", "stop": "2016-10-20", "data": {"rows": []},
})  # fmt: skip
FORMS = ("navigation/products",)
CHANGES: tuple[tuple[str, str, Any, str], ...] = (  # method, path, body, action: in an order in which all can be done
    ("post", "auth/first", {"code": "CODE", "user": "otto", "password": PASSWORD}, "link.used"),
    ("post", "auth/login", {"user": "vera", "password": PASSWORD}, "login"),
    ("post", "auth/password", {"password": PASSWORD, "new": NEW_PASSWORD}, "password.changed"),
    ("post", "auth/tokens", {"name": "script", "scopes": ["view"], "days": 1}, "token.made"),
    ("delete", "auth/tokens/{id}", None, "token.removed"),
    ("post", "admin/users", {"user": "anna", "roles": []}, "user.added"),
    ("patch", "admin/users/{name}", {"title": "Anna"}, "user.changed"),
    ("delete", "admin/users/{name}", None, "user.removed"),
    ("post", "admin/backups", None, "backup.begun"),
    ("delete", "admin/backups/{name}", None, "backup."),
    ("post", "alarms/acknowledge", {"alarm": "none"}, "alarm.acknowledge"),
    ("post", "alarms/shelve", {"alarm": "none", "comment": "why", "for_s": 60}, "alarm.shelve"),
    ("post", "alarms/unshelve", {"alarm": "none"}, "alarm.unshelve"),
    ("post", "alarms/assign", {"alarm": "none", "role": "flight-director"}, "alarm.assign"),
    ("post", "alarms/clear", {"alarm": "none"}, "alarm.reset"),
    ("post", "alarms/remove", {"alarm": "none", "comment": "why"}, "alarm.remove"),
    ("post", "alarms/restore", {"alarm": "none"}, "alarm.restore"),
    ("post", "overrides", {"parameter": PARAMETER, "limits": [], "for_s": 60, "reason": "why"}, "limits.override"),
    ("delete", "overrides", None, "limits.override"),
    ("post", "log", {"text": "said"}, "log.written"),
    ("post", "log/handover", {"text": "said"}, "log.written"),
    ("post", "bookings", {"station": "malargue", "spacecraft": "tgo", "reference": "one"}, "station.book"),
    ("delete", "bookings/{station}/{reference}", None, "station.cancel"),
    ("post", "displays", {"title": "one", "document": {}}, "display.made"),
    ("put", "displays/{ident}", {"title": "two", "document": {}, "version": 1}, "display.changed"),
    ("delete", "displays/{ident}", None, "display.deleted"),
    ("post", "queries", {"page": "events", "title": "mine", "query": "severity=3"}, "query.saved"),
    ("delete", "queries/{ident}", None, "query.deleted"),
    ("post", "deliveries", {"kind": "packets"}, "delivery.made"),
    ("patch", "deliveries/{ident}", {"paused": True}, "delivery.changed"),
    ("delete", "deliveries/{ident}", None, "delivery.ended"),
    ("post", "commands/prepare", COMMANDS, "command.prepared"),
    ("post", "commands/requests", COMMANDS, "command.requested"),
    ("post", "commands/requests/{request_id}/statements", STATED, "command.check"),
    ("delete", "commands/requests/{request_id}", None, "command.withdrawn"),
    ("post", "commands/keys", {"password": NEW_PASSWORD, "centre": "esoc"}, "command.key.made"),
    ("post", "commands/keys/{key}/renew", {"password": NEW_PASSWORD}, "command.key.renewed"),
    ("delete", "commands/keys/{key}", None, "command.key.revoked"),
    ("post", "commands/queues/{spacecraft}", {"action": "hold"}, "command.queue.hold"),
    ("post", "commands/leases/{asset}", {"action": "recall"}, "command.lease.recall"),
    ("post", "procedures/dry-run", {"procedure": "p", "spacecraft": "tgo"}, "procedure.dry"),
    ("post", "procedures/runs", {"procedure": "p", "spacecraft": "tgo"}, "procedure.started"),
    ("post", "procedures/runs/{id}", {"action": "step"}, "procedure.step"),
    ("post", "procedures/runs/{id}/answers", {"step": 1, "answer": "yes"}, "procedure.answered"),
    ("post", "onboard/{spacecraft}/timeline/adopt", None, "onboard.adopted"),
    ("post", "onboard/{spacecraft}/images", {"name": "a", "version": "1", "memory": 6, "runs": [[0, "00"]]}, "onboard.image"),
    ("post", "onboard/{spacecraft}/images/{name}/{version}", {"what": "load"}, "onboard.image.load"),
    ("post", "navigation/products", {"record": PRODUCT}, "product.published"),
    ("post", "commands/audit", None, "command.audit.begun"),
    ("delete", "commands/audit", None, "command.audit.cancelled"),
    ("delete", "admin/sessions/{id}", None, "session.ended"),
    ("post", "auth/logout", None, "logout"),
)
QUERIES: dict[tuple[str, str], dict[str, Any]] = {
    ("delete", "overrides"): {"parameter": PARAMETER},
    ("delete", "admin/backups/{name}"): {"whole": True},
}


async def _serve(folder: Path, frames: int, found: "Future[Centre]", end: threading.Event) -> None:
    """Run the streams and the alarms of both agencies, and open the centre of ESA, until it ends."""
    made = installed(folder, frames)
    clock = starting_at(BEGIN)
    clock.write(made.folder)
    exchange_keys(made)
    ready = asyncio.Event()
    keeper = asyncio.create_task(keep_servers(made, clock, Health("supervisor"), ready))
    tasks = [keeper]
    try:
        await asyncio.wait([asyncio.ensure_future(ready.wait()), keeper], return_when=asyncio.FIRST_COMPLETED)
        tasks += [asyncio.create_task(alarms(Context(made, one.key, clock, Health("alarms", one.key)))) for one in made.agencies]
        async with opened(made) as centre:
            found.set_result(centre)
            await asyncio.to_thread(end.wait)
    except BaseException as error:
        if not found.done():
            found.set_exception(error)
        raise
    finally:
        await ended(tasks[1:])
        await ended([keeper])


@contextlib.contextmanager
def living(folder: Path, frames: int) -> Iterator[Centre]:
    """Give a centre whose streams and alarms work and whose archive has frames; its event loop is in a thread of its own."""
    found: Future[Centre] = Future()
    end = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, frames, found, end)))
    thread.start()
    try:
        yield found.result()
    finally:
        end.set()
        thread.join()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    with living(tmp_path_factory.mktemp("centre"), 400) as centre:
        made = create_app(centre)
        made.state.door = Door(centre, Passwords(CHEAP))
        yield made


@pytest.fixture(scope="module")
def schemas(app: FastAPI) -> dict[str, BaseSchema]:
    """The schema as each asks it: who may do everything, who may only view, and nobody, whom the guard stops."""
    apps: dict[str, ASGIApp] = {"everything": As(app), "view": As(app, OBSERVER), "nothing": guarded(app, app.state.centre)}
    return {name: schemathesis.openapi.from_asgi(f"{API}/openapi.json", one, config=CONFIG) for name, one in apps.items()}


def fuzzed(operation: APIOperation, mode: GenerationMode, examples: int, statuses: Container[int] = ANY) -> None:
    """Ask an operation several times: answers are as the schema says, and of these statuses."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def once(case: schemathesis.Case) -> None:
        answer = case.call()
        case.validate_response(answer)
        assert answer.status_code in statuses, (operation.label, answer.status_code)

    once()


def operations(schema: BaseSchema) -> Iterator[APIOperation]:
    return (one.ok() for one in schema.get_all_operations())


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_every_answer_is_as_the_schema_says(schemas: dict[str, BaseSchema], mode: GenerationMode) -> None:
    asked = 0
    for one in operations(schemas["everything"]):
        if mode is GenerationMode.POSITIVE or one.query or one.body:  # a text in a path can hardly be wrong
            fuzzed(one, mode, EXAMPLES)
            asked += 1
    assert asked > 50


def test_who_may_only_look_changes_nothing(schemas: dict[str, BaseSchema]) -> None:
    """What one does with one's own (account, displays, queries, deliveries) is everybody's."""
    for one in operations(schemas["view"]):
        own = any(part in one.path for part in ("/auth/", "/displays", "/queries", "/deliveries"))
        fuzzed(one, GenerationMode.POSITIVE, 1, ANY if own or one.method == "get" else (400, 403, 404, 422))


def test_nobody_is_told_anything(schemas: dict[str, BaseSchema]) -> None:
    closed = [one for one in operations(schemas["nothing"]) if one.path not in OPEN]
    for one in closed:
        fuzzed(one, GenerationMode.POSITIVE, 1, (401,))
    assert len(closed) > 60


def test_every_change_is_in_the_audit_trail(app: FastAPI) -> None:
    """Of every route that changes anything, as the schema tells them: also what the services beneath refuse (409)."""
    unsafe = {(how, path) for path, one in app.openapi()["paths"].items() for how in one if how != "get"}
    assert unsafe == {(how, f"{API}/{path}") for how, path, _, _ in CHANGES}
    centre, accounts = app.state.centre, app.state.door.accounts
    for name in ("vera", "otto"):
        accounts.add(name, accounts.roles)
    accounts.set_password("vera", CHEAP.hash(PASSWORD))
    code = accounts.link("otto")

    path = own_path(centre.folder)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(Journal("esa").append("request", body_of(PREPARED), BEGIN).octets)
    with centre.records.session() as session:
        session.add(CommandKey(key="1" * 16, user="vera", centre="esoc", public="1" * 64, created=0))

    async def run() -> None:
        made: dict[str, str] = {
            "name": "anna", "station": "malargue", "reference": "one", "request_id": "r1", "key": "1" * 16, "spacecraft": "tgo",
            "asset": "tgo-sim", "version": "1",
        }  # fmt: skip
        transport = httpx.ASGITransport(guarded(app, centre))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"origin": BASE}, timeout=60) as client:
            for how, path, body, action in CHANGES:
                if path == "admin/sessions/{id}":
                    secret = sessions.begin(accounts, "otto", address="")
                    made["id"] = digest_of(secret or "")[:16]
                query = QUERIES.get((how, path))
                told = body | {"code": code} if body and "code" in body else body
                before = audit.entries(centre.records, audit.Sought(), limit=1)
                answer = await client.request(
                    how, f"{API}/{path.format(**made)}", params=query, **{"data" if path in FORMS else "json": told}
                )
                commanding = path.startswith(("commands", "procedures", "onboard"))
                unanswered = (answer.status_code == 409 and "alarm" in path) or (answer.status_code == 503 and commanding)
                assert answer.is_success or unanswered, (how, path, answer.text)
                if answer.content and "id" in answer.json():
                    made["id"] = made["ident"] = str(answer.json()["id"])
                if path == "admin/backups":
                    made["name"] = str(answer.json()["name"])
                last = before[0].number if before else 0
                new = [one for one in audit.entries(centre.records, audit.Sought(), limit=10) if one.number > last]
                assert any(one.action.startswith(action) and one.user in ("vera", "otto") for one in new), (how, path)

    asyncio.run(run())
