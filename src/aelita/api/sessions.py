"""Sessions of those who have logged in: how they begin, whom they are of, and how they end."""

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update

from ..time import SECOND
from .account_tables import LoginSession, User, digest_of, new_secret
from .accounts import Accounts, now
from .identity import Identity

MOST_SESSIONS = 20  # of a user
KEPT_S = 24 * 3600  # for how long one that has ended is kept: the machine's clock may have jumped
TOUCH_S = 60.0  # how exactly it is known when one was used last


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a secret is of, and whether it is time to write down that it was used."""

    identity: Identity
    digest: str
    untouched: bool


_FIND = (
    select(LoginSession.seen, LoginSession.expires, User.name, User.roles)
    .join(User, User.name == LoginSession.user)
    .where(LoginSession.digest == bindparam("digest"), User.active)
)


def begin(accounts: Accounts, user: str, *, address: str, instead_of: str = "") -> str | None:
    """Return the secret of a new session; None when the user was removed meanwhile. The one `instead_of` which it is ends."""
    at, secret = now(), new_secret()
    with accounts.records.session() as session:
        session.execute(delete(LoginSession).where(LoginSession.expires <= at - KEPT_S * SECOND))
        if instead_of:
            session.execute(delete(LoginSession).where(LoginSession.digest == digest_of(instead_of)))
        found = session.get(User, user)
        if found is None or not found.active:
            return None
        found.seen = at
        oldest = select(LoginSession.digest).where(LoginSession.user == user).order_by(LoginSession.created.desc())
        session.execute(delete(LoginSession).where(LoginSession.digest.in_(oldest.offset(MOST_SESSIONS - 1))))
        expires = at + round(accounts.rules.longest_s * SECOND)
        one = LoginSession(digest=digest_of(secret), user=user, created=at, seen=at, expires=expires, address=address[:64])
        session.add(one)
    accounts.changed()
    return secret


def find(accounts: Accounts, secret: str) -> Known | None:
    """Return whom a session is of, with the roles of now; None for one that is unknown, too old, idle, or of nobody."""
    digest, at = digest_of(secret), now()
    with accounts.records.engine.connect() as connection:
        row = connection.execute(_FIND, {"digest": digest}).first()
    if row is None or not _lives(accounts, digest, row.seen, row.expires, at):
        return None
    roles = tuple(key for key in row.roles if key in accounts.roles)
    identity = Identity(row.name, accounts.agency, roles, accounts.may(roles), "session")
    return Known(identity, digest, accounts.ages.unused_s(digest) > TOUCH_S)


def _lives(accounts: Accounts, digest: str, seen: int, expires: int, at: int) -> bool:
    return accounts.ages.lives(digest, seen=seen, expires=expires, at=at, idle_s=accounts.rules.idle_s)


def touch(accounts: Accounts, digest: str) -> None:
    """Write down that a session is used now. It waits for the disk."""
    accounts.ages.used(digest)
    with accounts.records.session() as session:
        session.execute(update(LoginSession).where(LoginSession.digest == digest).values(seen=now()))


def end(accounts: Accounts, secret: str) -> None:
    """End a session."""
    with accounts.records.session() as session:
        session.execute(delete(LoginSession).where(LoginSession.digest == digest_of(secret)))
    accounts.changed()


def all_of(accounts: Accounts) -> list[LoginSession]:
    """Return the sessions that can be used, the one used last first."""
    at = now()
    with accounts.records.session() as session:
        found = session.scalars(select(LoginSession).order_by(LoginSession.seen.desc(), LoginSession.digest)).all()
    return [one for one in found if _lives(accounts, one.digest, one.seen, one.expires, at)]


def end_by_id(accounts: Accounts, ident: str) -> str | None:
    """End the session whose digest begins so; return whose it was, None for none."""
    with accounts.records.session() as session:
        found = session.scalars(select(LoginSession).where(LoginSession.digest.startswith(ident, autoescape=True))).first()
        if found is None:
            return None
        session.delete(found)
    accounts.changed()
    return found.user


def begun_at(accounts: Accounts, secret: str) -> int | None:
    """Return when a session began, TAI ns."""
    with accounts.records.session() as session:
        return session.scalar(select(LoginSession.created).where(LoginSession.digest == digest_of(secret)))


def ends_at(accounts: Accounts, secret: str) -> int | None:
    """Return when a session ends in any case, TAI ns."""
    with accounts.records.session() as session:
        return session.scalar(select(LoginSession.expires).where(LoginSession.digest == digest_of(secret)))
