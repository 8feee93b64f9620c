"""Answers about users, tokens and services as they come in JSON; the schema of the centre tells more of each."""

from typing import Any, Literal, TypedDict


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
    """A backup: `files` and `octets` are copied, of `all_files` and `all_octets`, which are 0 until they are known."""

    name: str
    begun: str | None
    ended: str | None
    files: int
    octets: int
    all_files: int
    all_octets: int
    state: Literal["running", "cancelling", "done", "failed", "cancelled"]
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


class Machine(TypedDict):
    """The machine of a centre: octets of the disk with the data folder and of memory, load over a minute; null is unknown."""

    version: str
    python: str
    system: str
    processors: int
    load: float | None
    memory: int | None
    memory_free: int | None
    disk: int
    disk_free: int
    folder: str


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
    """Who one is: roles, what they may together, how one is known (session or token), and until when.

    `password`: one has one here. Who logs in through an organisation has none, and seals a signing key by its own passphrase.
    """

    user: str
    title: str
    agency: str
    roles: list[str]
    may: list[str]
    how: str
    token: str
    expires: str | None
    password: bool


class Offered(TypedDict):
    """Whether one can log in through an organisation, and what it calls that."""

    configured: bool
    title: str


class Services(TypedDict):
    """The services of the agency as each tells of itself; `status` is well, ill or silent."""

    items: list[dict[str, Any]]


class SessionItem(TypedDict):
    """A session: whose, from which address, when begun and last used (to a minute), until when; `own` is that of who asks."""

    id: str
    user: str
    address: str
    begun: str
    last_used: str
    expires: str
    own: bool


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
