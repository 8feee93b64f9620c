"""The HTTP and WebSocket interface of a centre, and the Python client of it.

What serves is loaded when it is asked for, so that programs that only use the client begin quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .client import (
    AnswerError,
    AsyncClient,
    AsyncUpdates,
    BusyError,
    Client,
    FaultError,
    ForbiddenError,
    InterfaceError,
    Item,
    LoginError,
    NotFoundError,
    RequestError,
    Samples,
    Series,
    UnreachableError,
    Updates,
    connect,
    connect_async,
    within,
)

if TYPE_CHECKING:
    from .app import create_app
    from .centre import Centre, open_centre
    from .command_items import request_detail, request_item
    from .command_octets import read_octets
    from .guard import guarded
    from .service import serve_api
    from .user_desk import UserDesk

__all__ = [
    "AnswerError", "AsyncClient", "AsyncUpdates", "BusyError", "Centre", "Client", "FaultError", "ForbiddenError",
    "InterfaceError", "Item", "LoginError", "NotFoundError", "RequestError", "Samples", "Series", "UnreachableError", "Updates",
    "UserDesk", "connect", "connect_async", "create_app", "guarded", "open_centre", "read_octets", "request_detail",
    "request_item", "serve_api", "within",
]  # fmt: skip
_SERVING = {
    "Centre": "centre", "UserDesk": "user_desk", "create_app": "app", "guarded": "guard", "open_centre": "centre",
    "read_octets": "command_octets", "request_detail": "command_items", "request_item": "command_items", "serve_api": "service",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Return what serves, loaded at its first use."""
    if name not in _SERVING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_SERVING[name]}", __package__), name)
