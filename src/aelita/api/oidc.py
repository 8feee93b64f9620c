"""Logging in through an organisation: OpenID Connect, by the authorization code flow with PKCE (RFC 7636).

What belongs to a login that is under way (state, nonce, verifier) is kept by the browser that began it, in a cookie, so that
nobody can finish it elsewhere, and strangers fill no memory.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..errors import AelitaError, UsageError
from .account_rules import LOOPBACK, Provider

COOKIE = "aelita_login"
PATH = "/api/v1/auth/oidc"
LASTS_S, TIMEOUT_S, LEEWAY_S = 600, 10.0, 60
THREADS = 4
KEPT_S = 3600.0  # what the provider tells of itself
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")  # with public keys


class ProviderError(AelitaError):
    """The provider cannot be reached, or says something that no provider should."""


class RefusedLoginError(AelitaError):
    """A login through the provider that is not to be trusted, or that gives no right here."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A login under way: what must come back, and where the browser goes afterwards."""

    state: str
    nonce: str
    verifier: str
    to: str = "/"

    def as_cookie(self) -> str:
        """Return it as text for a cookie."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @staticmethod
    def of_cookie(text: str) -> "Pending":
        """Return what a cookie keeps. Raises RefusedLoginError when it keeps nothing of this kind."""
        try:
            told = json.loads(base64.urlsafe_b64decode(text))
            return Pending(*(str(told[key]) for key in ("state", "nonce", "verifier", "to")))
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedLoginError("no login is under way in this browser", remedy="Begin again") from error


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider has proved to be there: `subject` for good, a `name` for people, and the roles that claims give."""

    subject: str
    name: str
    title: str
    roles: tuple[str, ...]


class OpenId:
    """Logins by one provider. All methods wait for the network: for `threads`, so that a dead provider holds up nobody else."""

    def __init__(self, provider: Provider) -> None:
        try:
            import authlib.oauth2.client  # noqa: F401 -- comes with the extra `oidc`
        except ImportError as error:
            raise UsageError("logging in through an organisation needs authlib", remedy="pip install 'aelita[oidc]'") from error
        self.provider = provider
        self.threads = ThreadPoolExecutor(THREADS, "openid")
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: dict[str, Any] | None = None

    def begin(self, address: str, to: str) -> tuple[str, Pending]:
        """Return where a browser goes to log in, and what is kept of it. Raises ProviderError."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, inner(to))
        where, _ = self._client(address).create_authorization_url(
            self._told("authorization_endpoint"), state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier
        )
        return str(where), pending

    def finish(self, address: str, pending: Pending, answer: Mapping[str, str]) -> Person:
        """Return who has logged in. Raises ProviderError, RefusedLoginError."""
        if not secrets.compare_digest(answer.get("state", "").encode(), pending.state.encode()):
            raise RefusedLoginError("the answer is not to the login that this browser began", remedy="Begin again")
        if "error" in answer:
            raise RefusedLoginError(f"the provider refused: {answer.get('error_description') or answer['error']}"[:300])
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:  # RFC 9207
            raise RefusedLoginError("the answer comes from another provider")
        from authlib.oauth2.base import OAuth2Error

        try:
            token = self._client(address).fetch_token(
                self._told("token_endpoint"), code=answer.get("code", ""), code_verifier=pending.verifier,
                grant_type="authorization_code", redirect_uri=self._back(address),
            )  # fmt: skip
        except OAuth2Error as error:
            raise RefusedLoginError(f"the provider refused: {error.description or error.error}"[:300]) from error
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise ProviderError(f"the provider gave no token: {error}") from error
        return self._person(self._claims(token, pending.nonce))

    def _client(self, address: str) -> Any:
        from authlib.oauth2.client import OAuth2Client

        class Client(OAuth2Client):  # type: ignore[misc]
            """The protocol by authlib, over httpx."""

            def _fetch_token(self, url: str, body: str, auth: Any, method: str, headers: dict[str, str]) -> Any:
                url, headers, body = auth.prepare(method, url, dict(headers), body)
                with httpx.Client(timeout=TIMEOUT_S) as http:
                    return self.parse_response_token(http.request(method, url, content=body, headers=headers))

        known = self.provider
        scope = " ".join(dict.fromkeys(("openid", *known.scopes)))
        methods = self._all_told().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_post" if "client_secret_basic" not in methods and "client_secret_post" in methods else None
        return Client(
            None, known.client, known.secret or None, token_endpoint_auth_method=method if known.secret else None,
            scope=scope, redirect_uri=self._back(address), code_challenge_method="S256",
        )  # fmt: skip

    def _back(self, address: str) -> str:
        return f"{self.provider.address or address}{PATH}/back"

    def _told(self, key: str) -> str:
        """Return an endpoint as the provider tells it. Raises ProviderError."""
        found = str(self._all_told().get(key, ""))
        parts = urlsplit(found)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
            raise ProviderError(f"the provider tells no safe {key}: {found!r}")
        return found

    def _all_told(self) -> dict[str, Any]:
        with self._lock:
            if self._metadata is None or time.monotonic() - self._metadata[0] > KEPT_S:
                told = _json(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration")
                if told.get("issuer") != self.provider.issuer:
                    raise ProviderError(f"the provider calls itself {told.get('issuer')!r}, not {self.provider.issuer!r}")
                self._metadata, self._keys = (time.monotonic(), told), None
            return self._metadata[1]

    def _claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an identity token that is signed by the provider, for this login and client."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        told = self._all_told().get("id_token_signing_alg_values_supported") or ["RS256"]
        registry = JWSRegistry(algorithms=[one for one in told if one in ALGORITHMS], strict_check_header=False)
        try:
            try:
                read = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(self._key_set(False)), registry=registry)
            except InvalidKeyIdError:  # the provider has new keys
                read = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(self._key_set(True)), registry=registry)
            options = {
                "iss": {"essential": True, "value": self.provider.issuer},
                "aud": {"essential": True, "value": self.provider.client},
                "nonce": {"essential": True, "value": nonce},
            }
            given = {"nonce": nonce, "client_id": self.provider.client, "access_token": token.get("access_token")}
            CodeIDToken(read.claims, read.header, options, given).validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise RefusedLoginError(f"the identity token is not to be trusted: {type(error).__name__}: {error}"[:300]) from error
        return dict(read.claims)

    def _key_set(self, anew: bool) -> Any:
        where = self._told("jwks_uri")
        with self._lock:
            if self._keys is None or anew:
                self._keys = _json(where)
            return self._keys

    def _person(self, claims: Mapping[str, Any]) -> Person:
        given = claims.get(self.provider.claim, ())
        values = {str(one) for one in given} if isinstance(given, list) else {str(given)}
        roles = tuple(dict.fromkeys(role for value, role in self.provider.roles if value in values))
        name = str(claims.get(self.provider.user_claim) or claims["sub"])
        if not roles:
            raise RefusedLoginError(
                f"{name} has no role at this centre", remedy=f"The claim {self.provider.claim!r} must name one that is mapped"
            )
        return Person(f"{self.provider.issuer}|{claims['sub']}"[:600], name, str(claims.get("name", ""))[:200], roles)


def inner(to: str) -> str:
    """Return an address within this console, its first page for any other."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and len(to) <= 1000 else "/"


def _json(address: str) -> dict[str, Any]:
    try:
        answer = httpx.get(address, timeout=TIMEOUT_S)
        answer.raise_for_status()
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"the provider does not answer: {error}", where=address) from error
    if not isinstance(told, dict):
        raise ProviderError("the provider answers something else", where=address)
    return told
