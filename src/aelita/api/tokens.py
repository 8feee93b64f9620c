"""Tokens of programs: shown once, kept as digests, never able to do more than their user can at the time."""

import secrets
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, func, select, update

from ..agencies import PERMISSIONS
from ..errors import UsageError
from ..time import DAY, SECOND
from .account_tables import Token, User, digest_of, new_secret
from .accounts import Accounts, now
from .identity import Identity
from .sessions import TOUCH_S, Known

MARK = "aelita_"  # by which a token that was published by mistake is found in source code
MOST_TOKENS = 100  # of a user

_FIND = (
    select(Token.key, Token.scopes, Token.seen, User.name, User.roles)
    .join(User, User.name == Token.user)
    .where(Token.digest == bindparam("digest"), Token.expires > bindparam("now"), User.active)
)


def make(accounts: Accounts, who: Identity, name: str, scopes: Iterable[str], days: float) -> tuple[Token, str]:
    """Return a new token and its secret, which is told this once. Raises UsageError for scopes that the user does not have."""
    wished = list(dict.fromkeys(scopes))
    if unknown := [word for word in wished if word not in PERMISSIONS]:
        raise UsageError(f"there is no permission {', '.join(map(repr, unknown))}", where="scopes")
    if more := [word for word in wished if word not in who.may]:
        raise UsageError(
            f"{who.user} may not do {', '.join(map(repr, more))}", where="scopes", remedy="A token can do what its user can"
        )
    if not 0 < days <= accounts.rules.longest_token_days:
        raise UsageError(
            f"a token lasts up to {accounts.rules.longest_token_days} days", where="days", remedy="Make a new one in time"
        )
    at, secret = now(), MARK + new_secret()
    token = Token(
        key=secrets.token_hex(8), digest=digest_of(secret), user=who.user, name=name, scopes=wished, created=at,
        expires=at + round(days * DAY),
    )  # fmt: skip
    with accounts.records.session() as session:
        session.execute(delete(Token).where(Token.user == who.user, Token.expires <= at))
        if (session.scalar(select(func.count()).select_from(Token).where(Token.user == who.user)) or 0) >= MOST_TOKENS:
            raise UsageError(f"{who.user} has {MOST_TOKENS} tokens", remedy="Remove those that are not used")
        session.add(token)
    return token, secret


def tokens_of(accounts: Accounts, user: str | None) -> list[Token]:
    """Return the tokens of a user, or of all, the newest first."""
    asked = select(Token).order_by(Token.created.desc(), Token.key)
    with accounts.records.session() as session:
        return list(session.scalars(asked if user is None else asked.where(Token.user == user)))


def remove(accounts: Accounts, key: str, user: str | None) -> Token | None:
    """Remove a token, of a user or of anybody; return it, None when there is no such one."""
    with accounts.records.session() as session:
        token = session.get(Token, key)
        if token is None or user not in (None, token.user):
            return None
        session.delete(token)
    accounts.changed()
    return token


def find(accounts: Accounts, secret: str) -> Known | None:
    """Return whom a token is of and what it may do now; None for one that is unknown, too old, or of nobody."""
    digest, at = digest_of(secret), now()
    with accounts.records.engine.connect() as connection:
        row = connection.execute(_FIND, {"digest": digest, "now": at}).first()
    if row is None:
        return None
    roles = tuple(key for key in row.roles if key in accounts.roles)
    allowed = accounts.may(roles) & frozenset(row.scopes)
    identity = Identity(row.name, accounts.agency, roles, allowed, "token", row.key)
    return Known(identity, digest, row.seen is None or at - row.seen > TOUCH_S * SECOND)


def touch(accounts: Accounts, digest: str) -> None:
    """Write down that a token is used now. It waits for the disk."""
    with accounts.records.session() as session:
        session.execute(update(Token).where(Token.digest == digest).values(seen=now()))
