"""What is asked about oneself, and by administrators: tokens, users, the audit trail, services, backups."""

from collections.abc import Sequence
from typing import Any

from .answers_accounts import (
    AuditItem,
    BackupItem,
    BackupList,
    ChangedUser,
    Machine,
    MadeToken,
    Myself,
    SessionItem,
    TokenItem,
    Users,
)
from .core import Steps, ask, ask_all, path_of
from .instants import Time, instant_text


def whoami() -> Steps[Myself]:
    """Return who asks, with roles and permissions, and until when the session or token lasts. Raises LoginError."""
    return (yield from ask("GET", "/auth/me"))


def logout() -> Steps[None]:
    """End the session of a user and a password; a token remains. The next call logs in again."""
    yield from ask("POST", "/auth/logout")


def change_password(password: str, new: str) -> Steps[None]:
    """Change one's own password: `password` is the one of now. All other sessions of the user end."""
    yield from ask("POST", "/auth/password", body={"password": password, "new": new})


def tokens(user: str = "") -> Steps[list[TokenItem]]:
    """Return one's own tokens, the newest first; for administrators those of another user, or of all ("*")."""
    return (yield from ask_all("/auth/tokens", {"user": user}))


def make_token(name: str, scopes: Sequence[str], *, days: float) -> Steps[MadeToken]:
    """Make a token for a program: it ends after some days, and may do what its scopes say. It is shown this once."""
    return (yield from ask("POST", "/auth/tokens", body={"name": name, "scopes": list(scopes), "days": days}))


def remove_token(ident: str) -> Steps[None]:
    """End a token by its `id`. Raises NotFoundError."""
    yield from ask("DELETE", path_of("auth/tokens", ident))


def users() -> Steps[Users]:
    """Return all users, and the roles and permissions that there are."""
    return (yield from ask("GET", "/admin/users"))


def add_user(user: str, roles: Sequence[str] = (), *, title: str = "") -> Steps[ChangedUser]:
    """Make a user; `link` of the answer is the one-time link by which to set a password."""
    return (yield from ask("POST", "/admin/users", body={"user": user, "title": title, "roles": list(roles)}))


def change_user(
    user: str, *, roles: Sequence[str] | None = None, title: str | None = None, active: bool | None = None, link: bool = False
) -> Steps[ChangedUser]:
    """Change what is not None of a user; `link` asks for a new one-time link, for one who has lost the password."""
    body = {"roles": None if roles is None else list(roles), "title": title, "active": active, "link": link}
    told = {name: value for name, value in body.items() if value is not None}
    return (yield from ask("PATCH", path_of("admin/users", user), body=told))


def remove_user(user: str) -> Steps[None]:
    """Remove a user with all sessions, tokens and links. Raises NotFoundError."""
    yield from ask("DELETE", path_of("admin/users", user))


def audit(
    *, user: str = "", action: str = "", search: str = "", start: Time = None, stop: Time = None, limit: int | None = 1000
) -> Steps[list[AuditItem]]:
    """Return entries of the audit trail, the latest first: all for a `limit` of None."""
    query = {"user": user, "action": action, "search": search, "start": instant_text(start), "stop": instant_text(stop)}
    return (yield from ask_all("/admin/audit", query, limit))


def sessions() -> Steps[list[SessionItem]]:
    """Return who is logged in, the session used last first."""
    return (yield from ask("GET", "/admin/sessions"))["items"]


def end_session(ident: str) -> Steps[None]:
    """End a session by its `id`: who uses it is logged out at once. Raises NotFoundError."""
    yield from ask("DELETE", path_of("admin/sessions", ident))


def machine() -> Steps[Machine]:
    """Return how the machine is on which the centre runs: room on its disk, memory, load, versions."""
    return (yield from ask("GET", "/admin/machine"))


def services() -> Steps[list[dict[str, Any]]]:
    """Return the services of the agency as each tells of itself."""
    return (yield from ask_all("/admin/services"))


def backups() -> Steps[BackupList]:
    """Return the backups, the latest first."""
    return (yield from ask("GET", "/admin/backups"))


def make_backup() -> Steps[BackupItem]:
    """Begin a backup of archive and records; `backup` with its `name` tells how far it is."""
    return (yield from ask("POST", "/admin/backups"))


def backup(name: str) -> Steps[BackupItem]:
    """Return how far a backup is (`octets` of `all_octets`), or how it ended. Raises NotFoundError."""
    return (yield from ask("GET", path_of("admin/backups", name)))


def cancel_backup(name: str) -> Steps[BackupItem]:
    """Cancel a backup that is being made; its files are removed. Raises RequestError when it is done by now, NotFoundError.

    What has failed or was cancelled is deleted from the list.
    """
    return (yield from ask("DELETE", path_of("admin/backups", name)))


def delete_backup(name: str) -> Steps[BackupItem]:
    """Delete a backup, also a whole one. Raises NotFoundError."""
    return (yield from ask("DELETE", path_of("admin/backups", name), {"whole": True}))
