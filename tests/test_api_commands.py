"""Commands through the interface of two centres: the real guard, accounts and commanding; keys, statements, attacks, evidence."""

import asyncio
import itertools
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from aelita.api import command_keys, sessions
from aelita.api.account_tables import LoginSession
from aelita.api.client.signing import enrolment
from aelita.api.command_key_tables import CommandKey
from aelita.api.command_view import CommandView
from aelita.commanding import Act, Outcome, Statement, body_of, key_id, sign
from aelita.services.live.command_journal import own_path
from aelita.time import SECOND, tai_ns_from_utc
from api_command_material import API, PASSWORD, PING, TWIN, Both, both
from door_material import HERE

URL = f"{API}/commands"
Told = dict[str, Any]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(tmp_path_factory.mktemp("two")) as made:
        yield made


async def told(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> Any:
    answer = await client.request(method, f"{URL}/{path}", **how)
    assert answer.is_success, (path, answer.status_code, answer.text)
    return answer.json()


async def refused(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> tuple[int, str]:
    answer = await client.request(method, f"{URL}/{path}", **how)
    assert not answer.is_success, answer.text
    return answer.status_code, str(answer.json()["detail"])


async def asked(client: httpx.AsyncClient, **more: Any) -> Told:
    found: Told = await told(client, "POST", "requests", json=PING | more)
    return found


async def key_of(client: httpx.AsyncClient, **more: Any) -> Told:
    """Return a key of who asks, made when there is none that is usable."""
    known = [one for one in (await told(client, "GET", "keys"))["items"] if one["usable"] and one["kept"] == "centre"]
    found: Told = known[0] if known and not more else await told(client, "POST", "keys", json={"password": PASSWORD} | more)
    return found


async def says(client: httpx.AsyncClient, request: Told, act: str, **more: Any) -> Told:
    body = {"act": act, "digest": request["digest"], "password": PASSWORD} | more
    found: Told = await told(client, "POST", f"requests/{request['id']}/statements", json=body)
    return found


def test_the_catalogue_tells_what_a_form_needs(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("ivo") as ivo, two.esa.as_("otto") as otto:
            first = await told(ivo, "GET", f"catalogue/{TWIN}", params={"limit": 5})
            second = await told(ivo, "GET", f"catalogue/{TWIN}", params={"limit": 500, "after": first["next"]})
            names = [one["name"] for one in (*first["items"], *second["items"])]
            assert names == sorted(names) and len(names) > 20 and second["next"] is None
            found = await told(ivo, "GET", f"catalogue/{TWIN}", params={"search": "ALIVE process"})
            (alive,) = found["items"]
            assert (alive["name"], alive["may"], alive["rank"]) == ("/TGO_TC/AreYouAlive", True, 0)
            (seen,) = (await told(otto, "GET", f"catalogue/{TWIN}", params={"search": "alive"}))["items"]
            assert seen["may"] is False and "spacecraft-controller@esoc" in seen["request"]
            one = await told(ivo, "GET", f"catalogue/{TWIN}/TGO_TC/AreYouAlive")
            assert one == await told(ivo, "GET", f"catalogue/{TWIN}/AreYouAlive")
            apid = next(each for each in one["parameters"] if each["name"] == "apid")
            assert (apid["type"], apid["default"], apid["required"], apid["by"]) == ("Integer", "26", False, "user")
            assert [(span["minimum"], span["maximum"]) for span in apid["spans"]] == [(26, 26), (186, 186), (762, 762)]
            assert {each["name"]: each["by"] for each in one["parameters"]}["service"] == "command"
            assert [(act["act"], act["count"]) for act in one["acts"]] == [("check", 1), ("approve", 0), ("release", 1)]
            array = await told(ivo, "GET", f"catalogue/{TWIN}/EnableHousekeeping")
            structures = next(each for each in array["parameters"] if each["name"] == "structures")
            assert (structures["type"], structures["required"], structures["element"]["type"]) == ("Array", True, "Integer")
            for path in ("nowhere", f"{TWIN}/NoSuch", "nowhere/AreYouAlive"):
                assert (await refused(ivo, "GET", f"catalogue/{path}"))[0] == 404

    asyncio.run(run())


def test_a_dry_run_shows_exact_octets_and_changes_nothing(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("ivo") as ivo:
            before = own_path(two.made.home("esa")).stat().st_size
            array = {"command": "EnableHousekeeping", "arguments": {"number": 2, "structures": [7, 9]}}
            made = await told(ivo, "POST", "prepare", json=PING | {"calls": [PING["calls"][0], array]})
            first, second = (bytes.fromhex(one) for one in made["packets"])
            assert (first[7:9], second[7:9], second[10:19]) == (b"\x11\x01", b"\x03\x05", bytes((2, 0, 0, 0, 7, 0, 0, 0, 9)))
            assert [one["act"] for one in made["wanted"]] == ["check", "release"] and made["holder"] == "esa"
            assert made["times"]["by"] == "geometry" and 180 < made["times"]["up_s"] < 1400
            assert made["times"]["evidence"] > made["times"]["arrival"] > made["times"]["radiation_start"]
            assert [field["name"] for field in made["fields"][1] if field["kind"] == "argument"][:2] == ["apid", "acknowledge"]
            for wrong, what in (
                ({"arguments": {"apid": 5}}, "apid"),
                ({"arguments": {"nothing": 5}}, "nothing"),
                ({"arguments": {"apid": "x" * 5000}}, "apid"),
            ):
                status, why = await refused(ivo, "POST", "prepare", json=PING | {"calls": [PING["calls"][0] | wrong]})
                assert (status, what in why) == (409, True), why
            assert (await refused(ivo, "POST", "prepare", json=PING | {"calls": [{"command": "NoSuch"}]}))[0] == 404
            assert (await refused(ivo, "POST", "prepare", json=PING | {"spacecraft": "tgo"}))[0] == 409  # it has no uplink here
            assert own_path(two.made.home("esa")).stat().st_size == before

    asyncio.run(run())


def test_a_request_of_one_agency_is_checked_and_released_in_the_other(two: Both) -> None:
    async def run() -> None:
        async with two.roscosmos.as_("irina") as irina, two.esa.as_("sara") as sara, two.esa.as_("vera") as vera:
            for client in (sara, vera):
                await key_of(client)
            made = await asked(irina, comment="is it there?")
            assert (made["role"], made["centre"], made["state"]) == ("instrument-operator", "iki", "waiting")
            assert (await refused(vera, "GET", f"requests/{made['id']}"))[0] == 404
            await asyncio.to_thread(two.mirror)
            (inbox,) = [one for one in (await told(sara, "GET", "inbox"))["items"] if one["id"] == made["id"]]
            assert [(one["act"], one["role"], one["last"]) for one in inbox["give"]] == [("check", "science-planner", False)]
            assert inbox["packets"] == made["packets"] and inbox["digest"] == made["digest"] and inbox["light_time_s"] > 599
            checked = await says(sara, made, "check", comment="as planned")
            assert checked["counts"] and checked["missing"] == ["1 person must release it: flight-director@esoc"]
            assert made["id"] not in [one["id"] for one in (await told(sara, "GET", "inbox"))["items"]]
            (last,) = [one for one in (await told(vera, "GET", "inbox"))["items"] if one["id"] == made["id"]]
            assert [(one["act"], one["last"]) for one in last["give"]] == [("release", True)]
            assert (await says(vera, made, "release"))["missing"] == []
            await asyncio.to_thread(two.mirror)
            seen = await told(irina, "GET", f"requests/{made['id']}")
            assert [(one["act"], one["person"], one["counts"]) for one in seen["statements"]] == [
                ("check", "sara", True),
                ("release", "vera", True),
            ]
            assert [one["kind"] for one in seen["timeline"]][:3] == ["request", "statement", "statement"]
            assert seen["timeline"][1]["text"] == "checked by sara (science-planner@esac-soc): as planned"
            queue = (await told(vera, "GET", "queues"))["items"][0]
            assert (queue["ours"], made["id"] in queue["waiting"]) == (True, True)

    asyncio.run(run())


def test_who_may_not_is_refused_and_noted(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("otto") as otto, two.esa.as_("sara") as sara, two.esa.as_("ivo") as ivo:
            made = await asked(ivo)
            await key_of(sara)
            body = {"act": "release", "digest": made["digest"], "password": PASSWORD}
            path = f"requests/{made['id']}/statements"
            assert (await refused(otto, "POST", path, json=body))[0] == 403  # no role that commands
            assert (await refused(sara, "POST", path, json=body))[0] == 403  # a role, but not for this act
            assert (await refused(otto, "POST", "prepare", json=PING))[0] == 403
            assert (await refused(otto, "POST", "requests", json=PING))[0] == 403
            assert (await refused(otto, "POST", "keys", json={"password": PASSWORD}))[0] == 403
            assert (await refused(otto, "DELETE", f"requests/{made['id']}"))[0] == 403
            assert (await refused(sara, "DELETE", f"requests/{made['id']}"))[0] == 403  # another person's
            assert (await refused(sara, "POST", f"queues/{TWIN}", json={"action": "hold"}))[0] == 403
            assert (await refused(sara, "POST", f"leases/{TWIN}", json={"action": "recall"}))[0] == 403
            status, why = await refused(ivo, "POST", "requests", json=PING | {"role": "flight-director"})
            assert (status, "spacecraft-controller@esoc" in why) == (403, True)
            status, why = await refused(ivo, "POST", path, json=body | {"act": "check", "centre": "iki"})
            assert (status, "iki" in why) == (403, True)  # a place of the other agency
            assert (await refused(otto, "GET", "journal"))[0] == 403
            assert (await refused(otto, "GET", "keys", params={"all": "true"}))[0] == 403
            assert (await refused(otto, "POST", "audit"))[0] == 403
            assert (await told(otto, "GET", "inbox"))["items"] == []
            actions = {(one.user, one.action) for one in two.esa.trail()}
            assert {("otto", "refused"), ("sara", "refused"), ("sara", "command.withdrawn.refused")} <= actions
            gone = await told(ivo, "DELETE", f"requests/{made['id']}", params={"reason": "not now"})
            assert (gone["state"], gone["ended"]) == ("withdrawn", True)
            status, why = await refused(ivo, "DELETE", f"requests/{made['id']}")
            assert (status, "withdrawn" in why) == (409, True)
            assert json.loads(two.esa.trail("command.withdrawn")[-2].details)["reason"] == "not now"

    asyncio.run(run())


def test_nothing_is_signed_but_what_was_seen_by_whom_the_password_is(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("sara") as sara, two.esa.as_("ivo") as ivo:
            await key_of(sara)
            made, path = await asked(ivo), "requests/{}/statements"
            body = {"act": "check", "digest": made["digest"], "password": PASSWORD}
            before = own_path(two.made.home("esa")).stat().st_size
            for changed, status, words in (
                ({"digest": "0" * 64}, 409, "look at it again"),
                ({"password": "wrong giraffes here"}, 403, "password is wrong"),
                ({"password": ""}, 400, "password"),
                ({"digest": ""}, 400, "digest"),
                ({"act": None}, 400, "act"),
                ({"key": "0123456789abcdef"}, 409, "0123456789abcdef"),
                ({"validity_s": 1e9}, 422, "less than"),
                ({"comment": "x" * 2001}, 422, "2000"),
                ({"colour": "red"}, 422, "Extra"),
            ):
                found = await refused(sara, "POST", path.format(made["id"]), json=body | changed)
                assert (found[0], words in found[1]) == (status, True), (changed, found)
            assert (await refused(sara, "POST", path.format("none"), json=body))[0] == 404
            assert (await refused(ivo, "POST", path.format(made["id"]), json=body | {"act": "check"}))[0] == 409  # no key
            assert own_path(two.made.home("esa")).stat().st_size == before
            assert [one.user for one in two.esa.trail("command.password.failed")] == ["sara"]
            assert (await says(sara, made, "check"))["counts"]
            async with two.esa.client() as nobody:
                assert (await nobody.post(f"{URL}/requests", json=PING, headers=HERE)).status_code == 401
                stolen = {"cookie": "; ".join(f"{name}={value}" for name, value in sara.cookies.items())}
                for evil in (stolen, stolen | {"origin": "http://evil"}, stolen | {"origin": "null"}):
                    assert (await nobody.post(f"{URL}/requests", json=PING, headers=evil)).status_code == 403
            big = b'{"act": "' + b"x" * (1 << 20) + b'"}'
            answer = await sara.post(
                f"{URL}/{path.format(made['id'])}", content=big, headers={"content-type": "application/json"}
            )
            assert answer.status_code == 413
            await sara.post(f"{API}/auth/logout")
            assert (await refused(sara, "POST", path.format(made["id"]), json=body))[0] == 401

    asyncio.run(run())


def test_too_many_wrong_passwords_wait(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("mixed") as mixed:
            statuses = []
            for _ in range(12):
                statuses.append((await mixed.post(f"{URL}/keys", json={"password": "no such giraffe"})).status_code)
            assert statuses[:4] == [403] * 4 and statuses[-1] == 429

    asyncio.run(run())


def test_keys_that_never_leave_their_owner(two: Both) -> None:
    own = Ed25519PrivateKey.generate()
    public = own.public_key().public_bytes_raw().hex()

    async def run() -> None:
        async with two.roscosmos.as_("boris") as boris, two.roscosmos.as_("irina") as irina:
            proof = own.sign(enrolment("roscosmos", "boris", "iki", public)).hex()
            body = {"password": PASSWORD, "public": public, "proof": proof}
            status, why = await refused(irina, "POST", "keys", json=body)  # somebody else's key
            assert (status, "proof" in why) == (400, True)
            assert (await refused(boris, "POST", "keys", json=body | {"proof": "0" * 128}))[0] == 400
            made = await told(boris, "POST", "keys", json=body)
            assert (made["key"], made["kept"], made["roles"]) == (key_id(own.public_key()), "user", ["control-director"])
            assert (await refused(boris, "POST", "keys", json=body))[0] == 400  # it is there already
            request = await asked(irina)
            status, why = await refused(
                boris, "POST", f"requests/{request['id']}/statements",
                json={"act": "reject", "digest": request["digest"], "password": PASSWORD},
            )  # fmt: skip
            assert (status, "keeps the private half" in why) == (409, True)
            at = tai_ns_from_utc(request["now"].rstrip("Z"))
            statement = Statement(
                Act.REJECT, request["id"], request["digest"], TWIN, at, at + 60 * SECOND, "roscosmos", "iki", "control-director",
                "boris", made["key"], at, "not today",
            )  # fmt: skip
            signed = sign(statement, own)
            given = {"statement": statement.said, "signature": signed.signature.hex()}
            path = f"requests/{request['id']}/statements"
            for wrong, status in (
                ({"signature": "0" * 128}, 409),
                ({"signature": "xyz"}, 422),
                ({"statement": statement.said | {"digest": "0" * 64}}, 409),
                ({"statement": statement.said | {"person": "irina"}}, 403),
                ({"statement": statement.said | {"agency": "esa"}}, 403),
                ({"statement": statement.said | {"comment": "another"}}, 409),
                ({"statement": statement.said | {"role": "flight-director"}}, 403),
                ({"statement": {"v": 1}}, 422),
                ({"act": "release"}, 400),
                ({"password": PASSWORD}, 400),
            ):
                assert (await refused(boris, "POST", path, json=given | wrong))[0] == status, wrong
            assert (await refused(irina, "POST", path, json=given))[0] == 403
            assert (await told(boris, "POST", path, json=given))["state"] == "rejected"
            status, why = await refused(boris, "POST", path, json=given)
            assert (status, "again" in why or "rejected" in why) == (409, True)
            seen = await told(irina, "GET", f"requests/{request['id']}")
            assert (seen["ended"], seen["timeline"][-1]["text"]) == (True, "rejected by boris (control-director@iki): not today")

    asyncio.run(run())


def test_a_revoked_key_signs_nothing_and_what_it_signed_counts_no_more(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("sara") as sara, two.esa.as_("ivo") as ivo, two.esa.as_("vera") as vera:
            made, key = await asked(ivo), await key_of(sara)
            assert (await says(sara, made, "check", key=key["key"]))["counts"]
            assert (await refused(ivo, "DELETE", f"keys/{key['key']}"))[0] == 403
            gone = await told(vera, "DELETE", f"keys/{key['key']}", params={"reason": "lost laptop"})  # as administrator
            assert (gone["usable"], gone["reason"]) == (False, "lost laptop")
            seen = await told(ivo, "GET", f"requests/{made['id']}")
            assert seen["statements"][0]["counts"] is False and "lost laptop" in seen["statements"][0]["why"]
            status, why = await refused(
                sara, "POST", f"requests/{made['id']}/statements",
                json={"act": "check", "digest": made["digest"], "password": PASSWORD, "key": key["key"]},
            )  # fmt: skip
            assert status == 409 and key["key"] in why
            assert (await refused(sara, "POST", f"keys/{key['key']}/renew", json={"password": PASSWORD}))[0] in (404, 409)
            assert (await refused(sara, "DELETE", "keys/0123456789abcdef"))[0] == 404
            await key_of(sara)
            assert (await says(sara, made, "check"))["counts"]
            everybody = (await told(vera, "GET", "keys", params={"all": "true"}))["items"]
            assert {one["person"] for one in everybody} >= {"sara", "vera"}
            assert [one["reason"] for one in everybody if one["key"] == key["key"]] == ["lost laptop"]

    asyncio.run(run())


def test_a_key_goes_with_its_password_and_is_lost_without_it(tmp_path: Path) -> None:
    new, newest = "nine green teapots", "ten purple bicycles"

    async def run(two: Both) -> None:
        async with two.esa.as_("sara") as sara, two.esa.as_("ivo") as ivo:
            key = await key_of(sara)
            answer = await sara.post(f"{API}/auth/password", json={"password": PASSWORD, "new": new})
            assert answer.status_code == 204
            made = await asked(ivo)
            assert (await says(sara, made, "check", password=new, key=key["key"]))["counts"]
            code = two.esa.door.accounts.link("sara")
        async with two.esa.client(headers=HERE) as sara, two.esa.as_("ivo") as ivo:
            used = await sara.post(f"{API}/auth/first", json={"code": code, "user": "sara", "password": newest})
            assert used.status_code == 200, used.text
            (lost,) = (await told(sara, "GET", "keys"))["items"]
            assert (lost["kept"], lost["usable"], "make a new key" in lost["why"]) == ("lost", False, True)
            made = await asked(ivo)
            body = {"act": "check", "digest": made["digest"], "password": newest}
            status, why = await refused(sara, "POST", f"requests/{made['id']}/statements", json=body)
            assert (status, "make a new one" in why) == (409, True)
            await told(sara, "POST", "keys", json={"password": newest})
            assert (await says(sara, made, "check", password=newest))["counts"]

    with both(tmp_path) as two:
        asyncio.run(run(two))


def test_no_secret_is_written_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither private halves nor passwords are in files, logs, the audit trail, answers or what objects say of themselves."""
    privates: list[bytes] = []
    real: Callable[..., Any] = Ed25519PrivateKey.from_private_bytes
    answers: list[str] = []
    caplog.set_level(logging.DEBUG)

    class Watched:
        @staticmethod
        def generate() -> Ed25519PrivateKey:
            made = Ed25519PrivateKey.generate()
            privates.append(made.private_bytes_raw())
            return made

        from_private_bytes = staticmethod(real)

    async def run(two: Both) -> None:
        async with two.esa.as_("sara") as sara, two.esa.as_("ivo") as ivo:
            made = await asked(ivo)
            for method, path, body in (
                ("POST", "keys", {"password": PASSWORD}),
                ("POST", f"requests/{made['id']}/statements", {"act": "check", "digest": made["digest"], "password": PASSWORD}),
                ("POST", f"requests/{made['id']}/statements", {"act": "check", "digest": "", "password": PASSWORD}),
                ("POST", f"requests/{made['id']}/statements", {"act": 5, "digest": "", "password": PASSWORD}),
                ("POST", "keys", {"password": [PASSWORD]}),
            ):
                answers.append((await sara.request(method, f"{URL}/{path}", json=body)).text)
        row = next(iter(two.esa.centre.records.engine.connect().execute(select(CommandKey.__table__))))
        assert len(privates) == 1 and row is not None and len(row.sealed) == 32 + 16

    with both(tmp_path) as two, pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_keys, "Ed25519PrivateKey", Watched)
        asyncio.run(run(two))
        trail = " ".join(one.details for one in two.esa.trail())
        files = b"".join(path.read_bytes() for path in (tmp_path / "complex" / "esa").rglob("*") if path.is_file())
    everything = (trail + caplog.text + " ".join(answers)).encode() + files
    assert b"command.check" in everything and PASSWORD.encode() not in everything
    assert privates[0] not in everything and privates[0].hex().encode() not in everything


def test_passwords_are_not_in_what_bodies_say_of_themselves() -> None:
    from aelita.api.routes_command_acts import AskedStatement
    from aelita.api.routes_command_keys import NewKey, PasswordGiven

    for kind in (AskedStatement, NewKey, PasswordGiven):
        made = kind.model_validate({"password": PASSWORD})
        assert PASSWORD not in repr(made) and PASSWORD not in str(made)


def test_a_token_neither_makes_keys_nor_signs_beyond_its_scopes(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("vera") as vera, two.esa.as_("ivo") as ivo:
            await key_of(vera)
            made = await asked(ivo)
            tokens = []
            for scopes in (["view"], ["view", "command.release"]):
                answer = await vera.post(f"{API}/auth/tokens", json={"name": "script", "scopes": scopes, "days": 1})
                tokens.append({"authorization": f"Bearer {answer.json()['token']}"})
            body = {"act": "release", "digest": made["digest"], "password": PASSWORD}
            path = f"requests/{made['id']}/statements"
            async with two.esa.client() as script:
                assert (await refused(script, "POST", "keys", json={"password": PASSWORD}, headers=tokens[1]))[0] == 403
                assert (await refused(script, "POST", path, json=body, headers=tokens[0]))[0] == 403
                assert (await told(script, "POST", path, json=body, headers=tokens[1]))["counts"]

    asyncio.run(run())


def test_requests_are_listed_newest_first_and_found(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("ivo") as ivo, two.esa.as_("otto") as otto:
            made = [await asked(ivo, comment=f"number {n} ежедневно") for n in range(5)]
            ids = [one["id"] for one in reversed(made)]
            first = await told(otto, "GET", "requests", params={"limit": 2, "search": "Ежедневно"})
            second = await told(otto, "GET", "requests", params={"limit": 9, "search": "ежедневно", "after": first["next"]})
            assert [one["id"] for one in (*first["items"], *second["items"])] == ids and second["next"] is None
            assert (await told(otto, "GET", "requests", params={"person": "nobody"}))["items"] == []
            waiting = await told(
                otto, "GET", "requests", params={"state": ["waiting", "rejected"], "person": "ivo", "start": made[3]["at"]}
            )
            assert [one["id"] for one in waiting["items"]] == ids[:2]
            assert all(one["ended"] for one in (await told(otto, "GET", "requests", params={"ended": "true"}))["items"])
            assert (await refused(otto, "GET", "requests", params={"after": "nonsense"}))[0] == 404
            assert (await refused(otto, "GET", "requests", params={"state": "odd"}))[0] == 422
            status, why = await refused(ivo, "POST", "requests", json=PING | {"digest": "0" * 64})
            assert (status, "no more those that were shown" in why) == (409, True)
            once = await asked(ivo, id="mine-1")
            assert once["id"] == "mine-1"
            assert (await refused(ivo, "POST", "requests", json=PING | {"id": "mine-1"}))[0] == 409
            assert (await refused(ivo, "POST", "requests", json=PING | {"id": "no name!"}))[0] == 409

    asyncio.run(run())


def test_queues_are_held_and_let_go_by_who_may_release(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("vera") as vera, two.esa.as_("ivo") as ivo, two.roscosmos.as_("boris") as boris:
            made = await asked(ivo)
            held = await told(vera, "POST", f"queues/{TWIN}", json={"action": "hold", "request": made["id"], "reason": "wait"})
            assert held["held"] == [made["id"]] and (await told(ivo, "GET", f"requests/{made['id']}"))["held"]
            assert (await told(vera, "POST", f"queues/{TWIN}", json={"action": "block"}))["valve"] == "blocked"
            status, _ = await refused(vera, "POST", f"queues/{TWIN}", json={"action": "hold"})
            assert status == 409
            assert (await told(vera, "POST", f"queues/{TWIN}", json={"action": "release"}))["valve"] == "open"
            assert (await told(vera, "POST", f"queues/{TWIN}", json={"action": "release", "request": made["id"]}))["held"] == []
            theirs = await told(boris, "POST", f"queues/{TWIN}", json={"action": "block"})  # their own gate, not that of esa
            assert (theirs["agency"], theirs["valve"], theirs["ours"], theirs["actions"]) == (
                "roscosmos",
                "blocked",
                False,
                ["release"],
            )
            await asyncio.to_thread(two.mirror)
            (ours,) = (await told(vera, "GET", "queues"))["items"]
            assert (ours["agency"], ours["valve"], ours["ours"], ours["actions"]) == ("esa", "open", True, ["hold", "block"])
            assert ours["others"] == [{"agency": "roscosmos", "valve": "blocked", "held": []}]
            await told(boris, "POST", f"queues/{TWIN}", json={"action": "release"})
            await told(vera, "POST", f"queues/{TWIN}", json={"action": "hold", "request": made["id"]})
            await asyncio.to_thread(two.mirror)
            seen = await told(boris, "GET", f"requests/{made['id']}")
            assert (seen["held"], seen["held_by"]) == (False, ["esa"])
            await told(vera, "POST", f"queues/{TWIN}", json={"action": "release", "request": made["id"]})
            assert (await refused(vera, "POST", "queues/nowhere", json={"action": "hold"}))[0] == 404
            assert (await told(vera, "GET", "lines"))["lines"][TWIN]["stations"]["malargue"]["up"] is False

    asyncio.run(run())


def test_a_spacecraft_is_lent_and_given_back(tmp_path: Path) -> None:
    async def run(two: Both) -> None:
        async with two.esa.as_("vera") as vera, two.roscosmos.as_("boris") as boris, two.esa.as_("sara") as sara:

            async def act(client: httpx.AsyncClient, action: str, **more: Any) -> Told:
                found: Told = await told(client, "POST", f"leases/{TWIN}", json={"action": action} | more)
                await asyncio.to_thread(two.mirror)
                return found

            async def seen(client: httpx.AsyncClient) -> Told:
                return next(one for one in (await told(client, "GET", "authority"))["assets"] if one["key"] == TWIN)

            assert (await seen(vera))["actions"] == ["offer"] and (await seen(sara))["actions"] == []
            for wrong in ({"action": "offer", "borrower": "roscosmos"}, {"action": "recall", "for_s": 9}):
                assert (await refused(vera, "POST", f"leases/{TWIN}", json=wrong))[0] == 400
            assert (await refused(vera, "POST", f"leases/{TWIN}", json={"action": "offer", "borrower": "nasa", "for_s": 60}))[
                0
            ] == 409
            assert (await refused(vera, "POST", "leases/tgo", json={"action": "recall"}))[0] == 403
            assert (await refused(vera, "POST", "leases/none", json={"action": "recall"}))[0] == 404
            await act(vera, "offer", borrower="roscosmos", for_s=3600)
            assert (await seen(boris))["actions"] == ["accept"]
            await act(boris, "accept")
            lent = await seen(boris)
            assert (lent["holder"], lent["state"], lent["actions"]) == ("roscosmos", "borrowed", ["return"]) and lent["until"]
            assert (await seen(vera))["holder"] == "roscosmos"
            (queue,) = (await told(vera, "GET", "queues"))["items"]
            assert (queue["holder"], queue["ours"]) == ("roscosmos", False)
            await act(boris, "return")
            back = await seen(vera)
            assert (back["holder"], back["state"], back["until"]) == ("esa", "held", None)
            assert {one.action for one in two.esa.trail("command.lease")} >= {
                "command.lease.offer",
                "command.lease.offer.refused",
            }

    with both(tmp_path) as two:
        asyncio.run(run(two))


def test_journals_are_read_and_verified_and_damage_is_told(tmp_path: Path) -> None:
    async def verified(client: httpx.AsyncClient) -> Told:
        await told(client, "POST", "audit")
        while (last := (await told(client, "GET", "audit"))["verification"])["state"] == "running":
            await asyncio.sleep(0.02)
        found: Told = last
        return found

    async def run(two: Both) -> None:
        async with two.esa.as_("audrey") as audrey, two.esa.as_("ivo") as ivo, two.esa.as_("sara") as sara:
            assert (await verified(audrey))["state"] == "failed"  # nothing is there yet
            assert (await told(audrey, "GET", "journal"))["items"] == []
            for _ in range(3):
                await asked(ivo)
            await key_of(sara)
            await asyncio.to_thread(two.mirror)
            good = await verified(audrey)
            assert (good["state"], good["clean"], good["octets"]) == ("done", True, good["all_octets"])
            (ours,) = [one for one in good["reports"] if one["agency"] == "esa"]
            assert ours["kinds"]["request"] == 3 and ours["signatures"] >= 1
            first = await told(audrey, "GET", "journal", params={"limit": 2})
            rest = await told(audrey, "GET", "journal", params={"after": first["next"]})
            entries = [*first["items"], *rest["items"]]
            assert [one["n"] for one in entries] == list(range(1, first["last"] + 1)) and rest["next"] is None
            assert all(later["prev"] == one["hash"] for one, later in itertools.pairwise(entries))
            assert (await told(audrey, "GET", "journal", params={"after": 10**9}))["items"] == []
            assert (await refused(audrey, "GET", "journal", params={"agency": "nasa"}))[0] == 404
            path = own_path(two.made.home("esa"))
            whole = path.read_bytes()
            at = whole.index(b"number") if b"number" in whole else len(whole) // 2
            shutil.copy(path, tmp_path / "kept")
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            bad = await verified(audrey)
            assert bad["clean"] is False and any(one["grade"] == "fault" for one in bad["reports"][0]["findings"])
            view = CommandView(two.made, "esa")
            with view.reading() as standing:
                assert "altered" in view.faults["esa"] and len(standing.board.requests) < 3
            shutil.copy(tmp_path / "kept", path)
            with view.reading() as standing:
                assert view.faults == {} and len(standing.board.requests) == 3

    with both(tmp_path) as two:
        asyncio.run(run(two))


def test_a_list_tells_whom_a_request_waits_for_and_what_comes_next(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("ivo") as ivo, two.esa.as_("sara") as sara:
            await key_of(sara)
            plain = await asked(ivo)
            later = await asked(ivo, earliest="2026-03-02T00:00:00Z", latest="2026-03-03T00:00:00Z")
            bounded = await asked(ivo, latest="2026-03-02T12:00:00Z", execute="2026-03-02T18:00:00Z")
            on_air = await asked(ivo)
            now = two.clock.now()
            sent = {"cltu": 4711, "request": on_air["id"], "spacecraft": TWIN, "station": "malargue"}
            gone = {"request": on_air["id"], "digest": on_air["digest"], "statements": [], "epoch": 0, "released_ns": now}
            for kind, body in (
                ("released", gone), ("sending", sent | {"sha256": "0" * 64}), ("transferred", sent),
                ("radiated", sent | {"start_ns": now, "stop_ns": now + SECOND}),
            ):  # fmt: skip
                two.esa.service.commander._write(kind, body, two.clock.now())
            await asyncio.to_thread(two.esa.service.does, Outcome())
            rows = {one["id"]: one for one in (await told(ivo, "GET", "requests", params={"ended": "false"}))["items"]}
            assert [one["act"] for one in rows[plain["id"]]["wanted"]] == ["check", "release"]
            assert (rows[plain["id"]]["awaited"], rows[plain["id"]]["due"]) == (None, None)
            assert (rows[later["id"]]["awaited"], rows[later["id"]]["due"]) == ("opens", later["earliest"])
            assert (rows[bounded["id"]]["awaited"], rows[bounded["id"]]["due"]) == ("latest", bounded["latest"])
            assert rows[bounded["id"]]["summary"] == plain["sentences"][0]
            up = rows[on_air["id"]]
            assert (up["state"], up["awaited"], up["wanted"]) == ("radiated", "arrival", [])
            assert tai_ns_from_utc(up["due"].rstrip("Z")) - now > 590 * SECOND  # light time grows here while the test runs
            assert (await says(sara, plain, "check"))["counts"]
            (seen,) = [one for one in (await told(ivo, "GET", "requests"))["items"] if one["id"] == plain["id"]]
            assert [(one["act"], one["who"]) for one in seen["wanted"]] == [("release", ["flight-director@esoc"])]

    asyncio.run(run())


def test_what_octets_say_is_read_and_nothing_is_signed_that_says_something_else(two: Both) -> None:
    def lies(made: Told, **what: Any) -> str:
        """Write a request into the journal as a sender might that is not ours, and return its name."""
        with two.esa.centre.commands.reading() as standing:
            good = standing.board.requests[made["id"]].prepared
        name = f"{made['id']}-{len(what)}{next(iter(what))}"
        bad = replace(good, request=replace(good.request, id=name), **what)
        two.esa.service.commander._write("request", body_of(bad), two.clock.now())
        two.esa.service.does(Outcome())
        return name

    async def run() -> None:
        async with two.esa.as_("ivo") as ivo, two.esa.as_("sara") as sara:
            await key_of(sara)
            rate = {"command": "SetTimeReportRate", "arguments": {"exponent": 3}}
            made = await asked(ivo, calls=[PING["calls"][0], rate])
            assert made["differences"] == [] and [one["sentence"] for one in made["readings"]] == made["sentences"]
            first, second = made["readings"]
            octets = bytes.fromhex(made["packets"][1])
            assert (first["command"], first["service"], first["subtype"], first["checksum"]) == (
                "/TGO_TC/AreYouAlive",
                17,
                1,
                "right",
            )
            assert second["sequence_count"] == int.from_bytes(octets[2:4]) & 0x3FFF and second["octets"] == len(octets)
            fields = {one["name"]: (one["raw"], one["value"]) for one in made["fields"][1]}
            assert fields["exponent"] == (3, 3) and fields["service"][0] == 9
            timed = await asked(ivo, calls=[rate], execute="2026-03-01T15:00:00Z")
            assert timed["differences"] == [] and [one["named"] for one in timed["readings"]] == [False, True]
            assert timed["readings"][1]["scheduled"].startswith("2026-03-01T15:00:00")
            (exponent,) = [one for one in timed["fields"][0] if one["name"] == "exponent"]
            assert bytes.fromhex(timed["packets"][0])[exponent["first_bit"] // 8] == 3
            other = tuple(bytes.fromhex(one) for one in (made["packets"][0], made["packets"][0]))
            for what, code in (
                ({"sentences": ("Ask whether it is alive.", "Nothing.")}, "sentence"),
                ({"packets": other}, "command"),
                ({"significance": "critical"}, "significance"),
            ):
                name = await asyncio.to_thread(lies, made, **what)
                told_of = await told(sara, "GET", f"requests/{name}")
                assert code in [one["code"] for one in told_of["differences"]], told_of["differences"]
                assert (await refused(sara, "POST", f"requests/{name}/statements", json=signing(told_of, "check")))[0] == 409
                assert "command.sign.refused" in {one.action for one in two.esa.trail()}
                assert told_of["statements"] == []
                answer = await told(sara, "POST", f"requests/{name}/statements", json=signing(told_of, "reject"))
                assert answer["state"] == "rejected"

    def signing(request: Told, act: str) -> Told:
        return {"act": act, "digest": request["digest"], "password": PASSWORD}

    asyncio.run(run())


def test_who_has_no_password_seals_a_key_by_its_own_passphrase(two: Both) -> None:
    """As who logs in through an organisation: no password is here, so a fresh login and a passphrase stand for it."""
    accounts, words, other = two.esa.door.accounts, "nine green teapots", "ten yellow kettles"
    accounts.add("olga", ("science-planner",))
    secret = sessions.begin(accounts, "olga", address="10.0.0.1")
    assert secret is not None

    def age(seconds: float) -> None:
        with accounts.records.session() as session:
            for one in session.scalars(select(LoginSession).where(LoginSession.user == "olga")):
                one.created -= round(seconds * SECOND)

    async def run() -> None:
        cookies = {two.esa.door.cookie({"scheme": "http"}): secret}
        async with two.esa.client(headers=HERE, cookies=cookies) as olga, two.esa.as_("ivo") as ivo, two.esa.as_("sara") as sara:
            assert (await olga.get(f"{API}/auth/me")).json()["password"] is False
            assert (await sara.get(f"{API}/auth/me")).json()["password"] is True
            for weak in ("", "short", "aaaaaaaaaaaaaaaa"):
                assert (await refused(olga, "POST", "keys", json={"password": weak}))[0] == 400
            made = await told(olga, "POST", "keys", json={"password": words})
            assert (made["kept"], made["usable"], made["roles"]) == ("centre", True, ["science-planner"])
            wish = await asked(ivo)
            body = {"act": "check", "digest": wish["digest"]}
            path = f"requests/{wish['id']}/statements"
            for wrong in (other, PASSWORD, ""):
                status, why = await refused(olga, "POST", path, json=body | {"password": wrong})
                assert (status, words in why) == (403 if wrong else 400, False)
            assert two.esa.trail("command.password.failed")[-1].user == "olga"
            assert (await told(ivo, "GET", f"requests/{wish['id']}"))["statements"] == []
            age(3600)  # signing needs no fresh login: the passphrase is asked for
            signed = await told(olga, "POST", path, json=body | {"password": words})
            assert signed["counts"] is True
            for path, wanted in (("keys", {"password": words}), (f"keys/{made['key']}/renew", {})):
                status, why = await refused(olga, "POST", path, json=wanted)
                assert (status, "Log in again" in why) == (403, True)
            age(-3600)
            assert (await told(olga, "POST", f"keys/{made['key']}/renew", json={}))["usable"]
            own = Ed25519PrivateKey.generate()
            public = own.public_key().public_bytes_raw().hex()
            proof = own.sign(enrolment("esa", "olga", "esac-soc", public)).hex()
            assert (await told(olga, "POST", "keys", json={"public": public, "proof": proof}))["kept"] == "user"
            for _ in range(30):
                answer = await olga.post(f"{URL}/requests/{wish['id']}/statements", json=body | {"password": other})
                if answer.status_code == 429:
                    break
            assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
            with two.esa.centre.records.session() as session:
                row = session.get(CommandKey, made["key"])
                assert row is not None and row.sealed and words.encode() not in row.sealed
            for one in (sara, ivo):  # who has a password gives it, whatever else they type
                assert (await refused(one, "POST", "keys", json={"password": words}))[0] == 403

    asyncio.run(run())


def test_when_nobody_answers_it_is_said_and_noted_and_no_key_is_kept(two: Both) -> None:
    async def run() -> None:
        async with two.esa.as_("ivo") as ivo:
            two.esa.silent = True
            try:
                assert (await refused(ivo, "POST", "requests", json=PING))[0] == 503
                assert (await refused(ivo, "POST", "prepare", json=PING))[0] == 503
                lines = await told(ivo, "GET", "lines")
                assert (lines["lines"], lines["answered"], "does not answer" in lines["why"]) == ({}, False, True)
                keys = (await told(ivo, "GET", "keys"))["items"]
                assert (await refused(ivo, "POST", "keys", json={"password": PASSWORD}))[0] == 503
                assert (await told(ivo, "GET", "keys"))["items"] == keys
            finally:
                two.esa.silent = False
            assert two.esa.trail("command.requested")[-1].action == "command.requested.unanswered"

    asyncio.run(run())
