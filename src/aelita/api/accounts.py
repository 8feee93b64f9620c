"""Accounts of a centre: users and their roles, and the one-time links by which they come to a password."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..agencies import Organisation, Role
from ..errors import UsageError
from ..services import live
from ..time import SECOND
from .account_rules import AccountRules
from .account_tables import Link, LoginSession, Token, User, digest_of, new_secret
from .ages import Ages
from .command_key_tables import CommandKey
from .passwords import check_new
from .records import Records

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
LINK_S = 72 * 3600
ADMIN = "admin"  # the permission


@dataclass(slots=True)
class Accounts:
    """The accounts of an agency's centre, with the mission that says which roles there are and what they may."""

    records: Records
    agency: str
    organisation: Organisation
    mission: str = ""
    rules: AccountRules = field(default_factory=AccountRules)
    watchers: list[Callable[[], None]] = field(default_factory=list)  # called when somebody may no longer what they might
    ages: Ages = field(default_factory=Ages)  # of sessions
    roles: dict[str, Role] = field(init=False)

    def __post_init__(self) -> None:
        self.roles = {role.key: role for role in self.organisation.roles_of(self.agency)}

    def changed(self) -> None:
        """Tell those who watch that a user, a session or a token was changed or has ended."""
        for watcher in self.watchers:
            watcher()

    def may(self, roles: Iterable[str]) -> frozenset[str]:
        """Return what roles may do together; one that the agency does not have gives nothing."""
        return frozenset().union(*(self.roles[key].may for key in roles if key in self.roles))

    def users(self) -> list[User]:
        """Return all users by name."""
        with self.records.session() as session:
            return list(session.scalars(select(User).order_by(User.name)))

    def user(self, name: str) -> User | None:
        """Return a user, None when there is none of this name."""
        with self.records.session() as session:
            return session.get(User, folded(name))

    def nobody_yet(self) -> bool:
        """Tell whether no account was made yet."""
        with self.records.session() as session:
            return not session.scalar(select(func.count()).select_from(User))

    def add(self, name: str, roles: Iterable[str], title: str = "") -> User:
        """Make an account without a password. Raises UsageError for a name that is taken or none, and for unknown roles."""
        user = User(name=checked_name(name), title=title, roles=self.checked_roles(roles), active=True, created=now())
        try:
            with self.records.session() as session:
                session.add(user)
        except IntegrityError as error:
            raise UsageError(f"there is a user {user.name!r} already", where="user") from error
        return user

    def change(
        self, name: str, *, roles: Iterable[str] | None = None, title: str | None = None, active: bool | None = None
    ) -> User:
        """Change an account. Who is made inactive is logged out. Raises UsageError, also when no administrator would be left."""
        with self.records.session() as session:
            user = _found(session, name)
            if roles is not None:
                user.roles = self.checked_roles(roles)
            if title is not None:
                user.title = title
            if active is not None:
                user.active = active
            session.flush()
            self._keep_administrator(session)
            if not user.active:
                session.execute(delete(LoginSession).where(LoginSession.user == user.name))
                session.execute(delete(Link).where(Link.user == user.name))
        self.changed()
        return user

    def remove(self, name: str) -> None:
        """Remove an account with its sessions, tokens and links. Raises UsageError, also for the last administrator."""
        with self.records.session() as session:
            user = _found(session, name)
            for owned in (LoginSession.user, Token.user, Link.user, CommandKey.user):
                session.execute(delete(owned.class_).where(owned == user.name))
            session.delete(user)
            session.flush()
            self._keep_administrator(session)
        self.changed()

    def link(self, name: str, *, seconds: float = LINK_S) -> str:
        """Return the code of a new one-time link for a user; older ones of the same user end. Raises UsageError."""
        with self.records.session() as session:
            user = _found(session, name)
            if not user.active:
                raise UsageError(f"{user.name} is not active", where="user", remedy="Make the account active first")
            return _new_link(session, user.name, seconds)

    def first_link(self, *, seconds: float = LINK_S) -> str:
        """Return the code of a new one-time link for the first administrator; older ones end."""
        with self.records.session() as session:
            return _new_link(session, None, seconds)

    def link_holds(self, code: str) -> bool:
        """Tell whether a code is of a one-time link that can still be used."""
        with self.records.session() as session:
            return _valid(session, code) is not None

    def link_of(self, code: str) -> tuple[bool, str]:
        """Tell whether a code is of a link that can still be used, and whose: no name is the first administrator's."""
        with self.records.session() as session:
            link = _valid(session, code)
        if link is None or (link.user is None and not self.nobody_yet()):
            return False, ""
        return True, link.user or ""

    def check_link(self, code: str, name: str, password: str, roles: Iterable[str] = ()) -> str | None:
        """Return the name of the user that a link's use makes or changes; None when the link is used, too old or none.

        Raises UsageError for a name or password that cannot be, and for roles that nobody can choose, or only the first one.
        """
        with self.records.session() as session:
            link = _valid(session, code)
        if link is None:
            return None
        if link.user is not None and folded(name) not in ("", link.user):
            raise UsageError("the link is another user's", where="user", remedy="Give the name of your account")
        if self.checked_roles(roles) and link.user is not None:
            raise UsageError("roles are given by an administrator", where="roles", remedy="Only the first one chooses them")
        named = link.user or checked_name(name)
        self.check_password(named, password)
        return named

    def use_link(self, code: str, name: str, kept: str, roles: Iterable[str] = ()) -> bool:
        """Set the kept password of a user by a link, once: of two who use it at the same time one gets False.

        Older sessions of the user end. The first administrator's account is made, with `roles` beside those that manage users.
        """
        with self.records.session() as session:
            taken = session.execute(
                delete(Link).where(Link.digest == digest_of(code), Link.expires > now()).returning(Link.user)
            ).first()
            if taken is None:
                return False
            if taken.user is None:
                if session.scalar(select(func.count()).select_from(User)):
                    return False
                administrators = [key for key, role in self.roles.items() if ADMIN in role.may]
                chosen = self.checked_roles((*administrators, *roles))
                session.add(User(name=name, title="", roles=chosen, active=True, created=now(), password=kept))
                session.execute(delete(Link).where(Link.user.is_(None)))
                return True
            session.execute(delete(LoginSession).where(LoginSession.user == taken.user))
            user = session.get(User, taken.user)
            if user is None or not user.active:
                return False
            user.password = kept
            lost = update(CommandKey).where(CommandKey.user == user.name, CommandKey.sealed.is_not(None))
            session.execute(lost.values(lost=True, sealed=b""))  # whoever has the link knows not the password that sealed them
        self.changed()
        return True

    def set_password(self, name: str, kept: str, also: Callable[[Session], None] = lambda session: None) -> None:
        """Keep a new password, and do what must be done together with it; sessions of the user end."""
        with self.records.session() as session:
            _found(session, name).password = kept
            also(session)
            session.execute(delete(LoginSession).where(LoginSession.user == folded(name)))
        self.changed()

    def rehash(self, name: str, before: str, kept: str) -> None:
        """Keep the same password at a higher cost, unless it was changed meanwhile."""
        with self.records.session() as session:
            user = session.get(User, name)
            if user is not None and user.password == before:
                user.password = kept

    def check_password(self, name: str, password: str) -> None:
        """Raise UsageError when a new password of a user is too easy to guess."""
        check_new(password, name, self.agency, self.mission, least=self.rules.least_password)

    def checked_roles(self, roles: Iterable[str]) -> list[str]:
        """Return roles once each. Raises UsageError for one that the agency does not have."""
        wished = list(dict.fromkeys(roles))
        if unknown := [key for key in wished if key not in self.roles]:
            raise UsageError(
                f"{self.agency} has no role {', '.join(map(repr, unknown))}", where="roles",
                remedy=f"It has {', '.join(self.roles)}",
            )  # fmt: skip
        return wished

    def _keep_administrator(self, session: Session) -> None:
        """Raise UsageError when nobody is left who may manage users."""
        for user in session.scalars(select(User).where(User.active)):
            if ADMIN in self.may(user.roles):
                return
        raise UsageError("no active administrator would be left", where="roles", remedy="Make another one first")


def folded(name: str) -> str:
    """Return a name as it is kept: however it is typed, it is one user."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def checked_name(name: str) -> str:
    """Return a new user's name as it is kept. Raises UsageError."""
    found = folded(name)
    if not NAME.fullmatch(found):
        raise UsageError(
            f"{name!r} cannot be the name of a user", where="user",
            remedy="Take 1 to 64 Latin letters, digits and . _ @ + -, beginning with a letter or digit",
        )  # fmt: skip
    return found


def now() -> int:
    """Return the time by which accounts go, TAI ns of this machine's clock: a played recording does not move it."""
    return live.wall_tai_ns()


def _found(session: Session, name: str) -> User:
    user = session.get(User, folded(name))
    if user is None:
        raise UsageError(f"there is no user {name!r}", where="user")
    return user


def _new_link(session: Session, user: str | None, seconds: float) -> str:
    code = new_secret()
    session.execute(delete(Link).where(Link.user == user if user is not None else Link.user.is_(None)))
    session.add(Link(digest=digest_of(code), user=user, expires=now() + round(seconds * SECOND)))
    return code


def _valid(session: Session, code: str) -> Link | None:
    return session.scalar(select(Link).where(Link.digest == digest_of(code), Link.expires > now()))
