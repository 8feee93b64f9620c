"""Accounts of a centre: first login, passwords, sessions, tokens and administration, as an attacker would try them."""

import asyncio
import json
import sqlite3
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from aelita.api import account_rules, ages, sessions, tokens
from aelita.api.account_rules import AccountRules, Provider, read_rules
from aelita.api.first_login import offer_first_link
from aelita.api.passwords import Passwords, check_new
from aelita.api.rates import Rate, Rates
from aelita.api.service import run_app
from aelita.archive import open_archive
from aelita.cli import live as cli_live
from aelita.cli.main import app
from aelita.errors import DefinitionError, UsageError
from aelita.services.live.clock import MissionClock
from aelita.services.live.health import Health
from aelita.services.live.installation import AgencyHere, read_installation
from aelita.services.live.serving import Context
from aelita.time import DAY, SECOND
from door_material import API, CHEAP, HERE, PASSWORD, Entrance, entrance, installed

VERA = {"user": "vera", "password": PASSWORD}


def code_of(link: str) -> str:
    return link.partition("code=")[2]


# ---- the first administrator


def test_the_first_administrator_enters_by_a_link_that_works_once(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    here = at.centre.installation
    path, address = here.first_login("esa"), here.web_address("esa")
    link = offer_first_link(at.door.accounts, path, address)
    assert link is not None and link.startswith(f"http://127.0.0.1:{here.port('esa/web')}/first?code=")
    assert path.read_text().strip() == link and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert offer_first_link(at.door.accounts, path, address) == link  # after a restart it is the same

    async def run() -> None:
        async with at.client(headers=HERE) as client, at.client() as other:
            body = {"code": code_of(link), "user": "Vera", "password": PASSWORD}
            for wrong, status in (
                ({"code": "x"}, 403),
                ({"code": ""}, 403),
                ({"password": "short"}, 400),
                ({"user": "a b"}, 400),
            ):
                assert (await client.post(f"{API}/auth/first", json=body | wrong)).status_code == status
            made = await client.post(f"{API}/auth/first", json=body)
            assert made.status_code == 200 and made.json()["user"] == "vera"
            assert {"admin", "view"} <= set(made.json()["may"])
            assert (await client.get(f"{API}/auth/me")).json()["user"] == "vera"
            for user in ("vera", "mallory"):
                again = await other.post(f"{API}/auth/first", json=body | {"user": user, "password": "another long one"})
                assert again.status_code == 403
            assert (await other.post(f"{API}/auth/login", json=VERA)).status_code == 200
        assert not path.exists()
        assert offer_first_link(at.door.accounts, path, address) is None
        assert [one.action for one in at.trail()] == ["link.failed"] * 2 + ["link.used"] + ["link.failed"] * 2 + ["login"]

    asyncio.run(run())


def test_the_first_administrator_chooses_further_roles_and_nobody_else_does(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    code = at.door.accounts.first_link()

    async def run() -> None:
        async with at.client() as client, at.client() as other:
            told = (await client.get(f"{API}/auth/first", params={"code": code})).json()
            assert told["user"] == "" and [one["role"] for one in told["roles"] if one["given"]] == ["administrator"]
            assert all("view" in one["may"] for one in told["roles"])
            body = {"code": code, "user": "vera", "password": PASSWORD}
            assert (await client.post(f"{API}/auth/first", json=body | {"roles": ["emperor"]})).status_code == 400
            made = await client.post(f"{API}/auth/first", json=body | {"roles": ["flight-director"]})
            assert made.json()["roles"] == ["administrator", "flight-director"] and "alarm.acknowledge" in made.json()["may"]
            assert (await other.get(f"{API}/auth/first", params={"code": code})).status_code == 403
            assert json.loads(at.trail()[0].details) == {"roles": "flight-director"}
            at.user("otto")
            link = at.door.accounts.link("otto")
            assert (await other.get(f"{API}/auth/first", params={"code": link})).json() == {"user": "otto", "roles": []}
            body = {"code": link, "user": "otto", "password": "nine green teapots"}
            assert (await other.post(f"{API}/auth/first", json=body | {"roles": ["administrator"]})).status_code == 400
            assert (await other.post(f"{API}/auth/first", json=body)).json()["roles"] == []

    asyncio.run(run())


def test_an_administrator_sees_and_ends_sessions(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "observer")

    async def run() -> None:
        async with at.client(headers=HERE) as vera, at.client(address="10.0.0.7") as otto:
            await vera.post(f"{API}/auth/login", json=VERA)
            await otto.post(f"{API}/auth/login", json={"user": "otto", "password": PASSWORD})
            listed = {one["user"]: one for one in (await vera.get(f"{API}/admin/sessions")).json()["items"]}
            assert listed["vera"]["own"] and not listed["otto"]["own"] and listed["otto"]["address"] == "10.0.0.7"
            assert (await otto.get(f"{API}/admin/sessions")).status_code == 403
            assert (await otto.get(f"{API}/admin/machine")).status_code == 403
            path = f"{API}/admin/sessions/{listed['otto']['id']}"
            assert [(await vera.delete(path)).status_code for _ in range(2)] == [204, 404]
            assert (await otto.get(f"{API}/auth/me")).status_code == 401
            told = (await vera.get(f"{API}/admin/machine")).json()
            assert 0 < told["disk_free"] <= told["disk"] and told["processors"] >= 1

    asyncio.run(run())


def test_of_two_who_use_a_link_at_once_one_gets_in(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    code = at.door.accounts.first_link()

    async def use(number: int) -> int:
        async with at.client(address=f"10.0.0.{number}") as client:
            body = {"code": code, "user": f"user{number}", "password": PASSWORD}
            return (await client.post(f"{API}/auth/first", json=body)).status_code

    async def run() -> None:
        assert sorted(await asyncio.gather(*map(use, range(6)))) == [200] + [403] * 5
        assert len(at.door.accounts.users()) == 1

    asyncio.run(run())


def test_links_end_and_are_of_one_user(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto")

    async def run() -> None:
        late = at.door.accounts.link("otto", seconds=-1)
        old, new = at.door.accounts.link("otto"), at.door.accounts.link("otto")
        async with at.logged_in("otto") as before, at.client() as client:
            for code, user, status in (
                (late, "otto", 403),
                (old, "otto", 403),
                (new, "vera", 400),
                (new, "", 200),
                (new, "", 403),
            ):
                body = {"code": code, "user": user, "password": "nine green teapots"}
                assert (await client.post(f"{API}/auth/first", json=body)).status_code == status
            assert (await before.get(f"{API}/auth/me")).status_code == 401  # who had the old password is out
            assert (await client.post(f"{API}/auth/login", json={"user": "otto", "password": PASSWORD})).status_code == 401
        gone = at.door.accounts.link("otto")
        at.door.accounts.remove("otto")
        at.door.accounts.add("otto", [])
        assert not at.door.accounts.use_link(gone, "otto", "x")
        unused = at.door.accounts.first_link()  # the link of a first start is worthless once there is an account
        assert not at.door.accounts.use_link(unused, "mallory", CHEAP.hash("x"))

    asyncio.run(run())


# ---- passwords


@pytest.mark.parametrize(
    "password",
    [
        "short", "", "123456789012", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "abcdefghijklmnop", "password1234!", "Administrator2026",
        "ExoMars2028!!", "veraveravera1", "vera.kuznetsova1", "qwertyuiop12", "пароль123456", "x" * 300,
    ],
)  # fmt: skip
def test_easy_passwords_are_refused(password: str) -> None:
    with pytest.raises(UsageError):
        check_new(password, "vera.kuznetsova", "esa", "vera")


@pytest.mark.parametrize(
    "password", [PASSWORD, "семь синих жирафов", "Vera likes 7 blue tea pots", "kX9#mQ2$vL5&", "日本語のとても長い合言葉です"]
)
def test_good_passwords_are_taken(password: str) -> None:
    check_new(password, "vera", "esa", "ExoMars")


def test_passwords_are_kept_by_argon2id_at_the_recommended_cost() -> None:
    async def run() -> None:
        passwords = Passwords()
        kept = await passwords.hashed(PASSWORD)
        cost = extract_parameters(kept)
        assert cost.type is Type.ID and cost.memory_cost >= 64 * 1024 and cost.time_cost >= 3 and cost.salt_len >= 16
        assert PasswordHasher().verify(kept, PASSWORD)
        assert not await passwords.fits(kept, PASSWORD + " ")
        composed, apart = "caf\u00e9 na\u00efve r\u00e9sum\u00e9", "cafe\u0301 nai\u0308ve re\u0301sume\u0301"
        assert await Passwords(CHEAP).fits(CHEAP.hash(composed), apart)  # one keyboard or another
        assert not await Passwords(CHEAP).fits("no hash", PASSWORD)

    asyncio.run(run())


def test_an_old_hash_is_made_anew_at_login(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.door.accounts.set_password("vera", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD))

    async def run() -> None:
        async with at.logged_in("vera"):
            user = at.door.accounts.user("vera")
            assert user is not None and user.password and not CHEAP.check_needs_rehash(user.password)

    asyncio.run(run())


class Counting(PasswordHasher):
    """Counts what is checked: the same work for everybody takes the same time."""

    checked = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.checked += 1
        return super().verify(hash, password)


def test_nobody_learns_who_has_an_account(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("gone", "administrator")
    at.door.accounts.change("gone", active=False)
    at.door.accounts.add("invited", [])
    counting = Counting(time_cost=1, memory_cost=8, parallelism=1)
    at.door.passwords = Passwords(counting)

    async def run() -> None:
        told = set()
        tried = [("vera", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD), ("invited", ""), ("' OR 1=1 --", "x"), ("", "")]
        async with at.client() as client:
            for user, password in tried:
                answer = await client.post(f"{API}/auth/login", json={"user": user, "password": password})
                told.add((answer.status_code, answer.text, tuple(sorted(answer.headers))))
        assert len(told) == 1 and counting.checked == len(tried)
        assert [json.loads(one.details)["user"] for one in at.trail("login.failed")] == [user.casefold() for user, _ in tried]

    asyncio.run(run())


def test_a_changed_password_ends_other_sessions(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as one, at.logged_in("vera") as other:
            for body, status in (
                ({"password": "wrong", "new": "nine green teapots"}, 403), ({"password": PASSWORD, "new": "vera"}, 400),
                ({"password": PASSWORD, "new": "nine green teapots"}, 204),
            ):  # fmt: skip
                assert (await one.post(f"{API}/auth/password", json=body)).status_code == status
            assert (await one.get(f"{API}/auth/me")).status_code == 200
            assert (await other.get(f"{API}/auth/me")).status_code == 401

    asyncio.run(run())


# ---- rates


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 3)), max_size=200))
def test_no_key_exceeds_its_rate(tries: list[tuple[str, float]]) -> None:
    rates, now, allowed = Rates(Rate(3, 2.0)), 0.0, dict[str, list[float]]()
    for key, later in tries:
        now += later
        wait = rates.wait_s(key, now)
        if wait == 0:
            rates.take(key, now)
            allowed.setdefault(key, []).append(now)
        else:
            assert rates.wait_s(key, now + wait + 1e-6) == 0  # it may be tried when it was told
    for times in allowed.values():
        for first, at in enumerate(times):
            for last in range(first, len(times)):
                assert last - first + 1 <= 3 + (times[last] - at) / 2.0 + 1e-6


def test_rates_keep_bounded_memory() -> None:
    rates = Rates(Rate(2, 10.0), most=100)
    for number in range(1000):
        rates.take(str(number), 0.0)
    assert len(rates) == 100 and rates.wait_s("999", 0.0) == 0
    rates.take("999", 0.0)
    assert rates.wait_s("999", 0.0) == 10.0
    rates.give_back("999")
    assert rates.wait_s("999", 0.0) == 0


def test_guessing_is_slowed_down_for_who_guesses_only(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.client(address="192.0.2.1") as attacker, at.client(address="192.0.2.2") as vera:
            answers = [await attacker.post(f"{API}/auth/login", json={**VERA, "password": f"guess {n}"}) for n in range(20)]
            statuses = [one.status_code for one in answers]
            assert statuses == [401] * 8 + [429] * 12
            assert 0 < int(answers[-1].headers["retry-after"]) <= 15
            assert (await attacker.post(f"{API}/auth/login", json=VERA)).status_code == 429  # nor is the right one told
            assert (await vera.post(f"{API}/auth/login", json=VERA)).status_code == 200
            for _ in range(20):  # and good ones are not counted
                assert (await vera.post(f"{API}/auth/login", json=VERA)).status_code == 200
            spread = [
                (await attacker.post(f"{API}/auth/login", json={"user": f"u{n}", "password": "x"})).status_code for n in range(40)
            ]
            assert spread.count(401) <= 30 and spread[-1] == 429

    asyncio.run(run())


def test_many_addresses_of_one_network_count_as_one(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        statuses = []
        for number in range(12):
            async with at.client(address=f"2001:db8::{number:x}") as client:
                statuses.append((await client.post(f"{API}/auth/login", json=VERA)).status_code)
        assert statuses == [401] * 8 + [429] * 4

    asyncio.run(run())


# ---- sessions


def test_a_session_cannot_be_planted(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("mallory", "observer")

    async def run() -> None:
        async with at.logged_in("mallory") as mallory, at.client(headers=HERE) as victim:
            name, planted = next(iter(mallory.cookies.items()))
            for value in (planted, "a-value-of-the-attacker"):
                victim.cookies.clear()
                cookie = {"cookie": f"{name}={value}"}
                answer = await victim.post(f"{API}/auth/login", json=VERA, headers=cookie)
                given = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
                assert given != value and len(given) >= 43
                async with at.client() as other:
                    assert (await other.get(f"{API}/auth/me", headers=cookie)).status_code == 401
            assert (await mallory.get(f"{API}/auth/me")).status_code == 401  # the planted one has ended

    asyncio.run(run())


def test_sessions_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.door.accounts.rules = AccountRules(idle_s=100.0, longest_s=250.0)
    later, began = [0], sessions.now()
    monkeypatch.setattr(sessions, "now", lambda: began + later[0] * SECOND)
    monkeypatch.setattr(ages, "steady_s", lambda: float(later[0]))

    async def run() -> None:
        async with at.logged_in("vera") as used, at.logged_in("vera") as left, at.logged_in("vera") as ended:
            secret = next(iter(ended.cookies.values()))
            assert (await ended.post(f"{API}/auth/logout")).status_code == 204
            assert not ended.cookies
            assert sessions.find(at.door.accounts, secret) is None  # at the centre too, not in the browser only
            for at_s, client, status in (
                (90, used, 200), (101, left, 401), (180, used, 200), (249, used, 200), (251, used, 401),
            ):  # fmt: skip
                later[0] = at_s
                assert (await client.get(f"{API}/auth/me")).status_code == status

    asyncio.run(run())


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_jumps_ends_no_session_and_lengthens_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    """Neither idle ones nor old ones, and those of a process before the jump are not taken on trust by the next one."""
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.door.accounts.rules = AccountRules(idle_s=1000.0, longest_s=5000.0)
    passed, jumped, began = [0], [0], sessions.now()
    monkeypatch.setattr(sessions, "now", lambda: began + (passed[0] + jumped[0]) * SECOND)
    monkeypatch.setattr(ages, "steady_s", lambda: float(passed[0]))

    async def run() -> None:
        async with at.logged_in("vera") as used, at.logged_in("vera") as idle:

            async def answers(client: httpx.AsyncClient) -> bool:
                return (await client.get(f"{API}/auth/me")).status_code == 200

            passed[0] = 500
            assert await answers(used)
            jumped[0] = jump_s
            passed[0] = 900
            assert await answers(used), "the jump ends nothing"
            passed[0] = 1001
            assert not await answers(idle), "nor does it lengthen what is idle"
            told = (await used.get(f"{API}/admin/sessions")).json()["items"]
            assert [one["own"] for one in told] == [True]
            for passed[0] in range(1500, 5000, 500):
                assert await answers(used), passed[0]
            jumped[0] = 0  # it is set right again
            passed[0] = 4999
            assert await answers(used)
            passed[0] = 5001
            assert not await answers(used), "its whole time is over"

    asyncio.run(run())


def test_a_session_of_the_future_is_not_taken_on_trust_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    began, jumped = sessions.now(), [3600]
    monkeypatch.setattr(sessions, "now", lambda: began + jumped[0] * SECOND)
    secret = sessions.begin(at.door.accounts, "vera", address="") or ""
    assert sessions.find(at.door.accounts, secret) is not None
    jumped[0] = 0
    assert sessions.find(at.door.accounts, secret) is not None  # this process knows how old it is
    at.door.accounts.ages = ages.Ages()  # another one does not
    assert sessions.find(at.door.accounts, secret) is None


def test_a_user_has_a_bounded_number_of_sessions(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    secrets = [sessions.begin(at.door.accounts, "vera", address="") or "" for _ in range(sessions.MOST_SESSIONS + 5)]
    alive = [sessions.find(at.door.accounts, secret) is not None for secret in secrets]
    assert alive == [False] * 5 + [True] * sessions.MOST_SESSIONS


def test_nothing_secret_is_kept(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> list[str]:
        async with at.logged_in("vera") as client:
            made = await client.post(f"{API}/auth/tokens", json={"name": "n", "scopes": ["view"], "days": 1})
            listed = await client.get(f"{API}/auth/tokens")
            assert made.json()["token"] not in listed.text
            return [*client.cookies.values(), made.json()["token"], at.door.accounts.link("vera"), PASSWORD]

    secrets = asyncio.run(run())
    at.centre.records.close()
    kept = b"".join(path.read_bytes() for path in at.centre.folder.glob("records.sqlite*"))
    assert kept and not [secret for secret in secrets if secret.encode() in kept]
    assert stat.S_IMODE((at.centre.folder / "records.sqlite").stat().st_mode) == 0o600


# ---- tokens


async def bearer(at: Entrance, token: str, path: str = "/auth/me", method: str = "GET", **how: Any) -> Any:
    async with at.client(headers={"authorization": f"Bearer {token}"}) as client:
        return await client.request(method, API + path, **how)


def test_tokens_never_exceed_their_user(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "administrator", "flight-director")

    async def run() -> None:
        async with at.logged_in("otto") as otto:
            for body in (
                {"scopes": ["view", "simulation.run"]}, {"scopes": ["fly"]}, {"scopes": []}, {"days": 0}, {"days": 366}, {"days": "NaN"},
                {"name": ""},
            ):  # fmt: skip
                answer = await otto.post(f"{API}/auth/tokens", json={"name": "n", "scopes": ["view"], "days": 1} | body)
                assert answer.status_code in (400, 422), body
            body = {"name": "script", "scopes": ["admin", "view", "command.release"], "days": 1}
            made = (await otto.post(f"{API}/auth/tokens", json=body)).json()
            token = made["token"]
            assert set((await bearer(at, token)).json()["may"]) == {"admin", "view", "command.release"}
            assert (await bearer(at, token, "/admin/users")).status_code == 200
            assert (await bearer(at, token, "/admin/audit")).status_code == 403  # the user may, the token not
            again = await bearer(at, token, "/auth/tokens", "POST", json=body)
            assert again.status_code == 403  # it cannot outlive itself
            at.door.accounts.change("otto", roles=["observer"])
            assert (await bearer(at, token)).json()["may"] == ["view"]
            assert (await bearer(at, token, "/admin/users")).status_code == 403
            at.door.accounts.change("otto", active=False)
            assert (await bearer(at, token)).status_code == 401
            at.door.accounts.change("otto", active=True)
            assert (await bearer(at, token)).status_code == 200
            at.door.accounts.remove("otto")
            assert (await bearer(at, token)).status_code == 401
            at.user("otto", "administrator")  # another otto is not given what the first one had
            assert (await bearer(at, token)).status_code == 401
            assert (await otto.get(f"{API}/auth/me")).status_code == 401

    asyncio.run(run())


def test_tokens_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    at.user("otto", "observer")
    began = tokens.now()

    async def run() -> None:
        async with at.logged_in("vera") as vera, at.logged_in("otto") as otto:
            body = {"name": "script", "scopes": ["view"], "days": 2}
            made = [(await client.post(f"{API}/auth/tokens", json=body)).json() for client in (vera, vera, otto)]
            assert (await otto.delete(f"{API}/auth/tokens/{made[0]['id']}")).status_code == 404  # nor is told that there is one
            assert (await otto.get(f"{API}/auth/tokens", params={"user": "vera"})).status_code == 403
            assert len((await otto.get(f"{API}/auth/tokens")).json()["items"]) == 1
            assert len((await vera.get(f"{API}/auth/tokens", params={"user": "*"})).json()["items"]) == 3
            for one in (made[0], made[2]):
                assert (await vera.delete(f"{API}/auth/tokens/{one['id']}")).status_code == 204
                assert (await bearer(at, one["token"])).status_code == 401
            for days, status in ((1.99, 200), (2.01, 401)):
                monkeypatch.setattr(tokens, "now", lambda days=days: began + round(days * DAY))
                assert (await bearer(at, made[1]["token"])).status_code == status

    asyncio.run(run())


# ---- administration


def test_users_are_made_changed_and_removed(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as vera, at.client(headers=HERE) as otto:
            for body, status in (
                ({"user": "a b"}, 400), ({"user": "отто"}, 400), ({"user": "otto", "roles": ["king"]}, 400), ({"user": "VERA"}, 400),
                ({"user": "../x"}, 400), ({"user": "x" * 65}, 400), ({}, 422),
            ):  # fmt: skip
                assert (await vera.post(f"{API}/admin/users", json=body)).status_code == status, body
            made = await vera.post(f"{API}/admin/users", json={"user": "Otto", "title": "Отто <b>", "roles": ["observer"]})
            assert made.json()["user"] == "otto" and made.json()["login"] == "none"
            body = {"code": code_of(made.json()["link"]), "user": "otto", "password": PASSWORD}
            assert (await otto.post(f"{API}/auth/first", json=body)).json()["may"] == ["view"]
            listed = (await vera.get(f"{API}/admin/users")).json()
            assert [one["user"] for one in listed["items"]] == ["otto", "vera"]
            assert {"administrator", "flight-director"} <= {one["role"] for one in listed["roles"]}
            again = (await vera.patch(f"{API}/admin/users/otto", json={"link": True})).json()
            assert again["link"] and '"link":' not in json.dumps(listed)
            for path, status in (("otto", 204), ("otto", 404), ("vera", 400)):
                assert (await vera.delete(f"{API}/admin/users/{path}")).status_code == status
            for change in ({"roles": []}, {"active": False}):  # somebody must be left who can let others in
                assert (await vera.patch(f"{API}/admin/users/vera", json=change)).status_code == 400
            assert (await otto.get(f"{API}/auth/me")).status_code == 401
            trail = (await vera.get(f"{API}/admin/audit", params={"action": "user"})).json()["items"]
            assert [one["action"] for one in trail] == ["user.removed", "user.added"]
            assert (await vera.get(f"{API}/admin/services")).json() == {"items": []}

    asyncio.run(run())


def test_the_audit_trail_is_read_in_pages_and_never_changed(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")

    async def run() -> None:
        async with at.logged_in("vera") as vera:
            for number in range(7):
                await vera.patch(f"{API}/admin/users/vera", json={"title": f"Вера {number}"})
            seen, after = [], ""
            while after is not None:
                page = (await vera.get(f"{API}/admin/audit", params={"limit": 3, "after": after})).json()
                assert len(page["items"]) <= 3
                seen, after = seen + page["items"], page["next"]
            assert [one["number"] for one in seen] == list(range(8, 0, -1))
            found = (await vera.get(f"{API}/admin/audit", params={"search": "Вера 3", "user": "vera"})).json()["items"]
            assert len(found) == 2 and "Вера 3" in found[0]["details"]["title"]
            assert (await vera.get(f"{API}/admin/audit", params={"after": "x"})).status_code in (400, 404)
            assert (await vera.get(f"{API}/admin/audit", params={"start": seen[0]["utc"]})).json()["items"] == seen[:1]
        with sqlite3.connect(at.centre.folder / "records.sqlite") as raw:
            for attempt in ("DELETE FROM audit", "UPDATE audit SET user = 'x'"):
                with pytest.raises(sqlite3.IntegrityError, match="only appended"):
                    raw.execute(attempt)

    asyncio.run(run())


def test_a_backup_holds_archive_and_records(tmp_path: Path) -> None:
    at = entrance(tmp_path)
    at.user("vera", "administrator")
    open_archive(at.centre.installation.archive("esa"), create=True)

    async def run() -> None:
        async with at.logged_in("vera") as vera:
            assert (await vera.get(f"{API}/admin/backups")).json()["items"] == []
            begun = await vera.post(f"{API}/admin/backups")
            assert begun.status_code == 202 and begun.json()["state"] == "running"
            while (listed := (await vera.get(f"{API}/admin/backups")).json()["items"])[0]["state"] == "running":
                await asyncio.sleep(0.02)
            assert listed[0]["state"] == "done" and listed[0]["octets"] > 0
            folder = at.centre.folder / "backups" / begun.json()["name"]
            assert open_archive(folder / "archive").packets().is_empty()
            with sqlite3.connect(folder / "records.sqlite") as copy:
                assert copy.execute("SELECT name FROM users").fetchall() == [("vera",)]

    asyncio.run(run())


# ---- settings and the command line


def test_rules_are_read_strictly(tmp_path: Path) -> None:
    assert read_rules(tmp_path, ()) == AccountRules()
    (tmp_path / "secret").write_text("hush\n")
    text = account_rules.__doc__.partition("```toml\n")[2].partition("```")[0].replace("oidc-secret", "secret")  # type: ignore[union-attr]
    (tmp_path / "accounts.toml").write_text(text)
    rules = read_rules(tmp_path, ("flight-director",))
    assert rules.idle_s == 7200 and isinstance(rules.provider, Provider) and rules.provider.secret == "hush"
    for before, after in (
        ("idle_h = 2.0", "idle_h = 0.0"), ("least = 12", "least = 3"), ("least", "lest"), ("https://login", "http://login"),
        ('= "flight-director"', '= "king"'), ('secret_file = "secret"', 'secret_file = "none"'), ('client = "aelita"\n', ""),
    ):  # fmt: skip
        (tmp_path / "accounts.toml").write_text(text.replace(before, after))
        with pytest.raises(DefinitionError):
            read_rules(tmp_path, ("flight-director",))


def test_a_lost_administrator_returns_by_the_command_line(tmp_path: Path) -> None:
    made = installed(tmp_path)
    at = entrance(tmp_path, made=made)

    def aelita(*words: str, agency: str = "esa") -> str:
        return (
            CliRunner().invoke(app, ["--data", str(tmp_path), "user", *words, "--agency", agency], catch_exceptions=False).stdout
        )

    assert json.loads(aelita("list", "--json")) == []
    link = aelita("add", "vera", "--role", "administrator")
    assert link.startswith(made.web_address("esa"))
    for words, agency in ((("add", "vera"), "esa"), (("add", "otto"), ""), (("remove", "vera"), "esa"), (("link", "x"), "esa")):
        with pytest.raises(UsageError):  # taken; of which agency?; the only administrator; nobody
            aelita(*words, agency=agency)

    async def enter(link: str, password: str) -> int:
        async with at.client() as client:
            body = {"code": code_of(link.strip()), "user": "vera", "password": password}
            return (await client.post(f"{API}/auth/first", json=body)).status_code

    assert asyncio.run(enter(link, PASSWORD)) == 200
    again = aelita("link", "vera")
    assert asyncio.run(enter(again, "nine green teapots")) == 200
    listed = json.loads(aelita("list", "--json"))
    assert listed == [{"user": "vera", "roles": "administrator", "active": True, "password": True, "title": ""}]
    assert [one.action for one in at.trail()] == ["user.added", "link.made", "link.used", "link.made", "link.used"]
    assert at.trail()[0].how == "machine"


def certified(folder: Path) -> ssl.SSLContext:
    """Write a certificate of this machine and its key; return what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=1)).add_extension(here, False)
    text = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "esa.pem").write_bytes(text)
    (folder / "esa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ssl.create_default_context(cadata=text.decode())


def test_a_centre_with_a_certificate_speaks_tls(tmp_path: Path) -> None:
    home = tmp_path / "complex"
    home.mkdir()
    trusting = certified(home)
    esa = AgencyHere("esa", ("malargue",), web="127.0.0.1", certificate=home / "esa.pem", certificate_key=home / "esa.key")
    made = read_installation(installed(tmp_path, (esa,)).folder)
    at, health = entrance(tmp_path, made=made), Health("api", "esa")
    at.user("vera", "administrator")

    async def run() -> None:
        work = asyncio.create_task(run_app(Context(made, "esa", MissionClock(), health), at.guard))
        while not health.ready:
            assert not work.done()
            await asyncio.sleep(0.02)
        base = made.web_address("esa")
        assert base.startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(base_url=base, verify=trusting, headers={"origin": base}) as client:
            assert (await client.post(f"{API}/auth/login", json=VERA)).headers["set-cookie"].startswith("__Host-")
            assert (await client.get(f"{API}/auth/me")).json()["user"] == "vera"
            forged = {"x-forwarded-for": "192.0.2.7"}  # nobody said that there is a proxy
            assert (await client.get(f"{API}/admin/backups", headers=forged)).status_code == 200
            assert {one.address for one in at.trail()} == {"127.0.0.1"}
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())
    text = (home / "complex.toml").read_text()
    for broken in (text.replace("certificate_key", "#"), text.replace("esa.key", "none.key")):
        (home / "complex.toml").write_text(broken)
        with pytest.raises(DefinitionError, match=r"certificate_key|none\.key"):
            read_installation(home)


def test_who_starts_a_complex_sees_the_first_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = installed(tmp_path)
    at = entrance(tmp_path, made=made)
    link = offer_first_link(at.door.accounts, made.first_login("esa"), made.web_address("esa"))
    draw = cli_live._lines(lambda: cli_live._entrances(made), lambda _: "all well")
    draw(None)  # type: ignore[arg-type]
    draw(None)  # type: ignore[arg-type]
    made.first_login("esa").unlink()
    draw(None)  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert link in lines[0] and made.web_address("roscosmos") in lines[1]
    assert lines[2:] == ["all well", "all well", f"esa: {made.web_address('esa')}/", "all well"]
