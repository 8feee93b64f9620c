"""Tables of accounts: users, their sessions and tokens, and one-time links. Secrets are kept as digests only."""

import hashlib
import secrets
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .records import Base

SECRET_OCTETS = 32  # 256 random bits


def new_secret() -> str:
    """Return a secret that nobody guesses, as text for addresses and headers."""
    return secrets.token_urlsafe(SECRET_OCTETS)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret, SHA-256: it has too many bits to be guessed, so that it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class User(Base):
    """A user of an agency's centre. Times are TAI ns of the machine's clock.

    Without a `password` one logs in by a one-time link or through the organisation, at which `subject` names the user.
    """

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200), default="")
    password: Mapped[str | None] = mapped_column(String(200), default=None)
    roles: Mapped[list[Any]] = mapped_column(JSON)  # texts
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int | None] = mapped_column(BigInteger, default=None)  # logged in last
    subject: Mapped[str | None] = mapped_column(String(600), unique=True, default=None)


class Link(Base):
    """A one-time link, by which a user sets a password; without a user, the first administrator makes an account."""

    __tablename__ = "login_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str | None] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    expires: Mapped[int] = mapped_column(BigInteger)


class LoginSession(Base):
    """A session of a browser or a client that has logged in."""

    __tablename__ = "login_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    created: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger, index=True)
    address: Mapped[str] = mapped_column(String(64))


class Token(Base):
    """A token of a user for programs: what it may do at most, and until when."""

    __tablename__ = "login_tokens"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]] = mapped_column(JSON)  # words of PERMISSIONS
    created: Mapped[int] = mapped_column(BigInteger)
    expires: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int | None] = mapped_column(BigInteger, default=None)
