"""Who asks, and what they may do: the identity that the guard found, and what a route demands of it."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.requests import HTTPConnection

NOBODY_NAME = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of an agency's centre. `may` holds words of `agencies.PERMISSIONS`: of the roles, narrowed by a token's scopes.

    `how` is session, token or nobody; `token` names the token.
    """

    user: str
    agency: str
    roles: tuple[str, ...] = ()
    may: frozenset[str] = frozenset()
    how: str = "nobody"
    token: str = ""


NOBODY = Identity(NOBODY_NAME, "")


def identity_of(connection: HTTPConnection) -> Identity:
    """Return who asks: the guard has put it into the connection's scope."""
    found = connection.scope.get("aelita.identity", NOBODY)
    assert isinstance(found, Identity)
    return found


def demand(identity: Identity, permission: str) -> None:
    """Raise HTTPException: 401 for nobody, 403 for one who may not."""
    if not identity.user:
        raise HTTPException(401, "Nobody is logged in.", {"WWW-Authenticate": "Bearer"})
    if permission not in identity.may:
        raise HTTPException(403, f"{identity.user} may not do this: it needs {permission!r}.")


def may(permission: str) -> Callable[[Request], Identity]:
    """Return a dependency that gives the identity of who asks; without the permission the answer is 401 or 403."""

    def check(request: Request) -> Identity:
        identity = identity_of(request)
        demand(identity, permission)
        return identity

    return check
