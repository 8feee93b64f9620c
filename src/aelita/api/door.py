"""What stands at the door of a centre: its accounts, how often one may try to log in, and the cookie that keeps a session."""

import time
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.responses import Response

from .account_rules import read_rules
from .accounts import Accounts, folded
from .audit import address_of
from .centre import Centre
from .oidc import OpenId
from .passwords import Passwords
from .rates import Rate, Rates

COOKIE = "aelita_session"
PER_ADDRESS, PER_USER, PER_BOTH = Rate(30, 2.0), Rate(60, 5.0), Rate(8, 15.0)
PER_NOTE = Rate(30, 10.0)  # what strangers may write into the audit trail
IPV6_NETWORK = 64  # bits: one host has as many addresses as it likes in its network


class Door:
    """The door of one centre. One that is known at one address cannot be locked out by who guesses at another."""

    def __init__(self, centre: Centre, passwords: Passwords | None = None) -> None:
        mission = centre.installation.mission
        organisation = mission.organisation
        self.accounts = Accounts(centre.records, centre.agency, organisation, mission.name)
        self.accounts.rules = read_rules(centre.folder, self.accounts.roles)
        self.passwords = passwords or Passwords()
        self.open_id = OpenId(self.accounts.rules.provider) if self.accounts.rules.provider else None
        self._tries = {"address": Rates(PER_ADDRESS), "user": Rates(PER_USER), "both": Rates(PER_BOTH)}
        self._notes = Rates(PER_NOTE)

    def cookie(self, scope: Mapping[str, Any]) -> str:
        """Return the name of the session's cookie: an agency's own, for browsers give cookies to every port of a host.

        Under TLS its prefix keeps other hosts of the same domain from setting it (RFC 6265bis, 4.1.3.2).
        """
        return f"{'__Host-' if scope['scheme'] in ('https', 'wss') else ''}{COOKIE}_{self.accounts.agency}"

    def session_of(self, scope: Mapping[str, Any], cookies: Mapping[str, str]) -> str:
        """Return the secret of the session that a connection claims, empty for none."""
        return cookies.get(self.cookie(scope), "")

    def give_cookie(self, connection: HTTPConnection, answer: Response, secret: str) -> None:
        """Have a browser keep a session until it is closed."""
        secure = connection.scope["scheme"] == "https"
        answer.set_cookie(self.cookie(connection.scope), secret, httponly=True, samesite="strict", secure=secure, path="/")

    def take_cookie(self, connection: HTTPConnection, answer: Response) -> None:
        """Have a browser forget its session."""
        secure = connection.scope["scheme"] == "https"
        answer.delete_cookie(self.cookie(connection.scope), httponly=True, samesite="strict", secure=secure, path="/")

    def try_wait_s(self, connection: HTTPConnection, user: str) -> float:
        """Count a try to log in and return 0, or how long (s) to wait before the next one."""
        now, keys = time.monotonic(), self._keys(connection, user)
        wait = max(self._tries[kind].wait_s(key, now) for kind, key in keys.items())
        if not wait:
            for kind, key in keys.items():
                self._tries[kind].take(key, now)
        return wait

    def tried_well(self, connection: HTTPConnection, user: str) -> None:
        """Count the last try no more: it was the right one."""
        for kind, key in self._keys(connection, user).items():
            self._tries[kind].give_back(key)

    def may_note(self) -> bool:
        """Tell whether what a stranger did is written down: most is, but nobody can fill the disk."""
        now = time.monotonic()
        if self._notes.wait_s("", now):
            return False
        self._notes.take("", now)
        return True

    def _keys(self, connection: HTTPConnection, user: str) -> dict[str, str]:
        address, name = _network(address_of(connection.scope)), folded(user)
        keys = {"address": address, "user": name, "both": f"{address} {name}"}
        return keys if name else {"address": address}


def door_of(app: FastAPI) -> Door:
    """Return the door of an application."""
    found = app.state.door
    assert isinstance(found, Door)
    return found


def door(connection: HTTPConnection) -> Door:
    """Return the door of an application: a dependency of its routes."""
    return door_of(connection.app)


def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(int(found) >> (128 - IPV6_NETWORK)) if isinstance(found, IPv6Address) and not found.ipv4_mapped else str(found)
