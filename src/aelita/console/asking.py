"""What pages ask of the interface, as the user who looks at them: through the whole of it, guard included, in this process."""

from typing import Any

import httpx
from nicegui import app, context
from starlette.types import ASGIApp

from ..errors import AelitaError

PREFIX = "/api/v1"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class RefusedError(AelitaError):
    """The interface did not do what was asked; `status` is the HTTP status, 0 when there was no answer."""

    status: int = 0


def served_by(interface: ASGIApp) -> None:
    """Say which application answers: the guarded one of this process."""
    app.state.interface = interface


async def ask(method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None) -> Any:
    """Ask the interface (`path` below /api/v1) with the session of the page's user; return the decoded answer, None if empty.

    For page functions and event handlers. Raises RefusedError with what the interface said.
    """
    request = context.client.request
    transport = httpx.ASGITransport(app.state.interface, raise_app_exceptions=False, client=_address(request.client))
    base = f"{request.url.scheme}://{request.url.netloc}"
    headers = {"origin": base, "sec-fetch-site": "same-origin"} if method in UNSAFE else {}
    known = {name: value for name, value in (query or {}).items() if value not in (None, "")}
    async with httpx.AsyncClient(transport=transport, base_url=base, cookies=request.cookies, headers=headers) as client:
        answer = await client.request(method, f"{PREFIX}/{path.lstrip('/')}", params=known, json=body)
    if answer.is_success:
        return answer.json() if answer.content else None
    raise refusal(answer)


def refusal(answer: httpx.Response) -> RefusedError:
    """Return the error that an answer tells of."""
    try:
        told = answer.json()
        what, where, remedy = (str(told.get(key, "")) for key in ("detail", "where", "remedy"))
    except (ValueError, AttributeError):
        what, where, remedy = answer.reason_phrase, "", ""
    error = RefusedError(what or f"HTTP {answer.status_code}", where=where, remedy=remedy)
    error.status = answer.status_code
    return error


def _address(client: Any) -> tuple[str, int]:
    return (client.host, client.port) if client is not None else ("127.0.0.1", 0)
