"""Answers about users, tokens and services as they come in JSON; the schema of the centre tells more of each."""

from typing import Any, TypedDict


class AuditItem(TypedDict):
    """An entry of the audit trail; `how` one was known is session, token or nobody."""

    number: int
    utc: str | None
    user: str
    how: str
    token: str
    address: str
    action: str
    details: dict[str, Any]


class BackupItem(TypedDict):
    """A backup: `state` is running, done or failed."""

    name: str
    begun: str | None
    ended: str | None
    files: int
    octets: int
    state: str
    why: str


class BackupList(TypedDict):
    """All backups, the latest first, and the folder that holds them."""

    folder: str
    items: list[BackupItem]


class ChangedUser(TypedDict):
    """A user as it is now, and a one-time link when one was made. It is shown this once."""

    user: str
    title: str
    roles: list[str]
    may: list[str]
    active: bool
    login: str
    created: str | None
    last_login: str | None
    link: str | None


class MadeToken(TypedDict):
    """A token that was made. `token` is shown this once and kept nowhere."""

    id: str
    name: str
    user: str
    scopes: list[str]
    created: str | None
    expires: str | None
    last_used: str | None
    expired: bool
    token: str


class Myself(TypedDict):
    """Who one is: roles, what they may together, how one is known (session or token), and until when."""

    user: str
    title: str
    agency: str
    roles: list[str]
    may: list[str]
    how: str
    token: str
    expires: str | None


class Offered(TypedDict):
    """Whether one can log in through an organisation, and what it calls that."""

    configured: bool
    title: str


class Services(TypedDict):
    """The services of the agency as each tells of itself; `status` is well, ill or silent."""

    items: list[dict[str, Any]]


class TokenItem(TypedDict):
    """A token: what it may do at most, and until when. `last_used` is known to a minute."""

    id: str
    name: str
    user: str
    scopes: list[str]
    created: str | None
    expires: str | None
    last_used: str | None
    expired: bool


class Tokens(TypedDict):
    """Tokens, the newest first."""

    items: list[TokenItem]


class UserItem(TypedDict):
    """A user of the centre. `login` is password, organisation, or none while no password was set."""

    user: str
    title: str
    roles: list[str]
    may: list[str]
    active: bool
    login: str
    created: str | None
    last_login: str | None


class RoleItem(TypedDict):
    """A role that users here can have, and what it may do."""

    role: str
    title: str
    may: list[str]


class Users(TypedDict):
    """All users, and what they can be."""

    items: list[UserItem]
    roles: list[RoleItem]
    permissions: dict[str, str]
