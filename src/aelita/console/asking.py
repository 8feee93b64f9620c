"""What pages ask of the interface, as the user who looks at them: by its client, through the guard, in this process."""

from typing import Any

from nicegui import app, context
from starlette.types import ASGIApp

from ..api import AsyncClient, InterfaceError, within

RefusedError = InterfaceError  # what the interface did not do: `what`, `where`, `remedy`, and `status` of HTTP
_CLIENT = "interface"


def served_by(interface: ASGIApp) -> None:
    """Say which application answers: the guarded one of this process."""
    app.state.interface = interface


async def ask(method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None) -> Any:
    """Ask the interface (`path` below /api/v1) with the session of the page's user; return the decoded answer, None if empty.

    For page functions and event handlers. Raises RefusedError with what the interface said.
    """
    return await client().ask(method, f"/{path.lstrip('/')}", query, body=body)


def client() -> AsyncClient:
    """Return the client of the tab whose page is being made: made once, for its session is that of the tab's first request."""
    kept = context.client.storage
    if _CLIENT not in kept:
        request = context.client.request
        address = (request.client.host, request.client.port) if request.client is not None else ("127.0.0.1", 0)
        kept[_CLIENT] = within(app.state.interface, f"{request.url.scheme}://{request.url.netloc}", request.cookies, address)
    found = kept[_CLIENT]
    assert isinstance(found, AsyncClient)
    return found
