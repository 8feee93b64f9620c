"""Logging in through an organisation: against an OpenID provider that runs in the test, honest and not."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from aelita.api import oidc
from door_material import API, BASE, Entrance, entrance, installed, served

CLIENT, SECRET = "aelita", "hush hush"
KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}) for _ in range(2))
FILE = """
[oidc]
issuer = "{issuer}"
client = "aelita"
secret_file = "oidc-secret"
title = "Example's login"
[oidc.roles]
"mission-control" = "flight-director"
"admins" = "administrator"
"""


@dataclass
class Identities:
    """A provider by OpenID Connect Core 1.0, 3.1 (authorization code) and RFC 7636. `faults` make it lie."""

    issuer: str = ""
    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "248289761001", "preferred_username": "Jane.Doe", "name": "Jane"}
    )
    groups: Any = field(default_factory=lambda: ["mission-control", "staff"])
    faults: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self.configuration), Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]), Route("/jwks", self.jwks),
        ]  # fmt: skip
        return Starlette(routes=routes)

    async def configuration(self, _: Request) -> Response:
        told = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"], "response_types_supported": ["code"],
        }  # fmt: skip
        return JSONResponse(told | self.faults.get("configuration", {}))

    async def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Let the user in at once, as one who is logged in at the provider."""
        asked = dict(request.query_params)
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256" and len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32
        assert asked["redirect_uri"] == f"{BASE}{API}/auth/oidc/back"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> Response:
        """Change a code, once, for an identity token."""
        given = dict(parse_qsl((await request.body()).decode()))
        known = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = self.codes.pop(given["code"], None)
        challenge = _text(hashlib.sha256(given["code_verifier"].encode()).digest())
        if known != f"{CLIENT}:{SECRET}" or asked is None or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert given["grant_type"] == "authorization_code" and given["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], "groups": self.groups}
        claims = {key: one for key, one in (usual | self.claims | self.faults.get("claims", {})).items() if one is not None}
        return JSONResponse({"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": self.signed(claims)})

    def signed(self, claims: dict[str, Any]) -> str:
        if self.faults.get("signed") == "none":
            return _parts({"alg": "none"}, claims) + "."
        if self.faults.get("signed") == "with the public key":  # which everybody has
            signed = _parts({"alg": "HS256", "kid": "one"}, claims)
            return f"{signed}.{_text(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"
        key = self.faults.get("key", self.key)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _parts(*parts: dict[str, Any]) -> str:
    return ".".join(_text(json.dumps(one).encode()) for one in parts)


@contextlib.asynccontextmanager
async def organisation(folder: Path) -> AsyncIterator[tuple[Entrance, Identities]]:
    """Give a centre that is registered at a provider, and the provider."""
    provider = Identities()
    made = installed(folder)
    async with served(provider.app()) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        made.home("esa").mkdir(parents=True, exist_ok=True)
        (made.home("esa") / "accounts.toml").write_text(FILE.format(issuer=provider.issuer))
        (made.home("esa") / "oidc-secret").write_text(SECRET)
        yield entrance(folder, made=made), provider


async def through(client: httpx.AsyncClient, to: str = "/", **changed: str) -> httpx.Response:
    """Log in as a browser does; `changed` is what an attacker makes of the way back."""
    begun = await client.get(f"{API}/auth/oidc", params={"next": to})
    assert begun.status_code == 303, begun.text
    async with httpx.AsyncClient() as outside:
        back = (await outside.get(begun.headers["location"])).headers["location"]
    query = {key: one[0] for key, one in parse_qs(urlsplit(back).query).items()} | changed
    return await client.get(f"{urlsplit(back).path}?{urlencode(query)}")


def test_one_logs_in_through_the_organisation(tmp_path: Path) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, provider), at.client() as client:
            assert (await client.get(f"{API}/auth/oidc/about")).json() == {"configured": True, "title": "Example's login"}
            answer = await through(client, "/plot?p=a&t0=<1>")
            assert answer.status_code == 200 and 'content="0;url=/plot?p=a&amp;t0=&lt;1&gt;"' in answer.text
            session = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("aelita_session_esa="))
            assert "HttpOnly" in session and "SameSite=strict" in session
            told = (await client.get(f"{API}/auth/me")).json()
            assert (told["user"], told["title"], told["roles"]) == ("jane.doe", "Jane", ["flight-director"])
            assert told["password"] is False  # so that a signing key gets a passphrase of its own
            provider.groups = "admins"  # what one may follows the provider
            assert (await through(client)).status_code == 200
            assert (await client.get(f"{API}/auth/me")).json()["roles"] == ["administrator"]
            assert [one.action for one in at.trail()] == ["login", "login"]
            login = {"user": "jane.doe", "password": ""}
            assert (await client.post(f"{API}/auth/login", json=login, headers={"origin": BASE})).status_code == 401

    asyncio.run(run())


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""])
def test_the_way_back_leads_nowhere_else(tmp_path: Path, to: str) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, _), at.client() as client:
            assert 'content="0;url=/"' in (await through(client, to)).text

    asyncio.run(run())


@pytest.mark.parametrize(
    "faults",
    [
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": ["another-client", CLIENT], "azp": "another-client"}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"nonce": "of another login"}},
        {"claims": {"nonce": None}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": 17}},
        {"claims": {"at_hash": "wrong"}},
        {"signed": "none"},
        {"signed": "with the public key"},
        {"key": OTHER_KEY},
        {"claims": {"groups": ["staff"]}},
        {"claims": {"groups": None}},
        {"claims": {"groups": {"mission-control": 1}}},
    ],
    ids=lambda faults: " ".join(f"{name} {value}" if name != "key" else name for name, value in faults.items()),
)
def test_lying_tokens_let_nobody_in(tmp_path: Path, faults: dict[str, Any]) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, provider), at.client() as client:
            provider.faults = faults
            answer = await through(client)
            assert answer.status_code == 403 and "set-cookie" not in answer.headers
            assert (await client.get(f"{API}/auth/me")).status_code == 401
            assert at.door.accounts.users() == [] and [one.action for one in at.trail()] == ["login.failed"]

    asyncio.run(run())


def test_a_login_is_finished_where_it_was_begun_and_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, _), at.client() as victim, at.client() as attacker:
            begun = await attacker.get(f"{API}/auth/oidc")
            async with httpx.AsyncClient() as outside:
                back = (await outside.get(begun.headers["location"])).headers["location"]
            back = back.removeprefix(BASE)
            assert (await victim.get(back)).status_code == 403  # the link of another's login, with nothing begun here
            await victim.get(f"{API}/auth/oidc")
            assert (await victim.get(back)).status_code == 403  # and with another one begun
            assert (await attacker.get(back.replace("code=", "code=x"))).status_code == 403
            assert (await attacker.get(back)).status_code == 200
            assert (await attacker.get(back)).status_code == 403
            for changed in ({"state": "x"}, {"error": "access_denied"}, {"iss": "https://evil.example"}):
                assert (await through(victim, **changed)).status_code == 403
            for cookie in ("", "x", base64.urlsafe_b64encode(b"[]").decode(), base64.urlsafe_b64encode(b'{"state":1}').decode()):
                assert (await at.client().get(back, headers={"cookie": f"{oidc.COOKIE}={cookie}"})).status_code == 403

    asyncio.run(run())


def test_an_account_is_not_taken_over_by_its_name(tmp_path: Path) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, provider), at.client() as client:
            at.user("vera", "administrator")
            provider.claims["preferred_username"] = "Vera"
            answer = await through(client)
            assert answer.status_code == 403 and (await client.get(f"{API}/auth/me")).status_code == 401
            provider.claims["preferred_username"] = "<script>alert(1)</script> O'Neil"
            assert (await through(client)).status_code == 200
            assert (await client.get(f"{API}/auth/me")).json()["user"] == "script-alert-1---script--o-neil"
            at.door.accounts.change("script-alert-1---script--o-neil", active=False)
            assert (await through(client)).status_code == 403

    asyncio.run(run())


def test_a_provider_with_new_keys_is_believed_and_a_dead_one_told(tmp_path: Path) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, provider), at.client() as client:
            assert (await through(client)).status_code == 200
            provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
            provider.signed = lambda claims: jwt.encode({"alg": "RS256", "kid": "two"}, claims, provider.key)  # type: ignore[method-assign]
            assert (await through(client)).status_code == 200
        at.door.open_id = oidc.OpenId(at.door.open_id.provider) if at.door.open_id else None
        async with at.client() as client:
            assert (await client.get(f"{API}/auth/oidc")).status_code == 502

    asyncio.run(run())


@pytest.mark.parametrize(
    "told", [{"issuer": "https://evil.example"}, {"authorization_endpoint": "http://evil.example/x"}, {"token_endpoint": ""}]
)
def test_a_provider_that_tells_other_addresses_is_not_used(tmp_path: Path, told: dict[str, str]) -> None:
    async def run() -> None:
        async with organisation(tmp_path) as (at, provider), at.client() as client:
            provider.faults["configuration"] = told
            begun = await client.get(f"{API}/auth/oidc")
            if begun.status_code == 303:
                assert (await through(client)).status_code == 502
            else:
                assert begun.status_code == 502

    asyncio.run(run())


def test_without_a_provider_there_is_none(tmp_path: Path) -> None:
    at = entrance(tmp_path)

    async def run() -> None:
        async with at.client() as client:
            assert (await client.get(f"{API}/auth/oidc/about")).json() == {"configured": False, "title": ""}
            assert (await client.get(f"{API}/auth/oidc")).status_code == 404
            assert (await client.get(f"{API}/auth/oidc/back")).status_code == 404

    asyncio.run(run())
