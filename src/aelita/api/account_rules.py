"""How accounts of a centre are kept, as `accounts.toml` in the agency's folder says; without the file, as by default.

```toml
[sessions]
idle_h = 2.0       # a session that is not used for so long ends; an open console uses it
longest_h = 14.0   # one ends after so long in any case: a shift and its handover

[passwords]
least = 12         # characters of a new one

[tokens]
longest_days = 365

[oidc]             # logging in through the organisation, see docs/accounts.md
issuer = "https://login.example.org"
client = "aelita"
secret_file = "oidc-secret"   # beside this file; none for a public client
title = "Example's login"
claim = "groups"              # in which claim roles are told
user_claim = "preferred_username"
address = "https://ops.example.org"  # of this console, when a proxy hides it
scopes = ["profile", "email"]

[oidc.roles]       # what a value of the claim makes of a user
"mission-control" = "flight-director"
```
"""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import DefinitionError
from ..tables import Table
from .passwords import LEAST

FILE = "accounts.toml"
LONGEST_SESSION_H, LONGEST_TOKEN_DAYS = 24.0 * 7, 366 * 3
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, as this centre is registered there, and which roles its claims give."""

    issuer: str
    client: str
    secret: str = ""
    title: str = ""
    claim: str = "groups"
    user_claim: str = "preferred_username"
    address: str = ""
    scopes: tuple[str, ...] = ("profile", "email")
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AccountRules:
    """How long sessions and tokens last, and what is asked of passwords."""

    idle_s: float = 2 * 3600.0
    longest_s: float = 14 * 3600.0
    least_password: int = LEAST
    longest_token_days: int = 365
    provider: Provider | None = None


def read_rules(folder: Path, roles: Container[str]) -> AccountRules:
    """Return the rules of an agency's folder; `roles` are those that its users can have. Raises DefinitionError."""
    path = folder / FILE
    if not path.is_file():
        return AccountRules()
    try:
        table = Table.parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
    sessions, passwords, tokens = (table.table(key) for key in ("sessions", "passwords", "tokens"))
    usual = AccountRules()
    made = AccountRules(
        idle_s=_hours(sessions, "idle_h", usual.idle_s),
        longest_s=_hours(sessions, "longest_h", usual.longest_s),
        least_password=passwords.number("least", LEAST, 8, 64),
        longest_token_days=tokens.number("longest_days", usual.longest_token_days, 1, LONGEST_TOKEN_DAYS),
        provider=_provider(table.table("oidc"), folder, roles) if "oidc" in table.values else None,
    )
    for one in (sessions, passwords, tokens, table):
        one.finish()
    return made


def _hours(table: Table, key: str, usual_s: float) -> float:
    hours = table.real(key, usual_s / 3600)
    if not 0.0 < hours <= LONGEST_SESSION_H:
        raise DefinitionError(f"{hours} is no time from 0 to {LONGEST_SESSION_H:g} hours", where=table.path(key))
    return hours * 3600


def _provider(table: Table, folder: Path, roles: Container[str]) -> Provider:
    given = table.table("roles")
    mapped = tuple((value, given.text(value)) for value in list(given.values))
    for value, role in mapped:
        if role not in roles:
            raise DefinitionError(f"there is no role {role!r} in this agency", where=given.path(value))
    usual = Provider("", "")
    made = Provider(
        issuer=_secure(table, "issuer", table.text("issuer")),
        client=table.text("client"),
        secret=_secret(table, folder, table.text("secret_file", "")),
        title=table.text("title", ""),
        claim=table.text("claim", usual.claim),
        user_claim=table.text("user_claim", usual.user_claim),
        address=_secure(table, "address", table.text("address", "")).rstrip("/"),
        scopes=tuple(table.texts("scopes")) or usual.scopes,
        roles=mapped,
    )
    table.finish()
    return made


def _secure(table: Table, key: str, address: str) -> str:
    """Return an address over which secrets may go: https, or http to this machine."""
    parts = urlsplit(address)
    if address and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))):
        raise DefinitionError(f"{address!r} is no https address", where=table.path(key))
    return address


def _secret(table: Table, folder: Path, name: str) -> str:
    if not name:
        return ""
    path = folder / name
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=f"{table.path('secret_file')}: {path}") from error
