"""The Python client of a centre: `Client` whose calls return, `AsyncClient` whose calls are awaited, of one core."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from . import asynchronous, sync
from .asynchronous import AsyncClient, AsyncUpdates
from .bulk import Samples, Series
from .core import Address, Patience, Session
from .errors import (
    AnswerError,
    BusyError,
    FaultError,
    ForbiddenError,
    InterfaceError,
    LoginError,
    NotFoundError,
    RequestError,
    UnreachableError,
)
from .instants import Time
from .subscriptions import Item
from .sync import Client, Updates

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = [
    "Address", "AnswerError", "AsyncClient", "AsyncUpdates", "BusyError", "Client", "FaultError", "ForbiddenError",
    "InterfaceError", "Item", "LoginError", "NotFoundError", "Patience", "RequestError", "Samples", "Series", "Session", "Time",
    "UnreachableError", "Updates", "connect", "connect_async", "within",
]  # fmt: skip


def connect(
    url: str, *, token: str = "", user: str = "", password: str = "", ca_file: str | Path | None = None, timeout_s: float = 60.0,
    retries: int = 3,
) -> Client:  # fmt: skip
    """Return a client of the centre at a URL; see `aelita.connect`."""
    session = Session(Address.of(url), token, user, password, Patience(retries))
    return sync.connect(session, ca_file=ca_file, timeout_s=timeout_s)


async def connect_async(
    url: str, *, token: str = "", user: str = "", password: str = "", ca_file: str | Path | None = None, timeout_s: float = 60.0,
    retries: int = 3,
) -> AsyncClient:  # fmt: skip
    """Return an asynchronous client of the centre at a URL; see `aelita.connect`."""
    session = Session(Address.of(url), token, user, password, Patience(retries))
    return await asynchronous.connect(session, ca_file=ca_file, timeout_s=timeout_s)


def within(app: "ASGIApp", url: str, cookies: Mapping[str, str], address: tuple[str, int]) -> AsyncClient:
    """Return a client of an application of this process, as who has a session's cookies and comes from an address."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=address)
    return AsyncClient(Session(Address.of(url), patience=Patience(0), cookies=dict(cookies)), transport=transport)
