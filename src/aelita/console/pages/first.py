"""The page behind the one-time link of a first start: the account of the first administrator."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from .login import form_page

router = APIRouter(include_in_schema=False)


@router.get("/first")
def first(request: Request) -> HTMLResponse:
    """Return the page on which the first administrator chooses a name and a password; the link's code goes with them."""
    fields = (
        ("user", "login.user", "text", "username"),
        ("password", "login.password", "password", "new-password"),
        ("again", "first.again", "password", "new-password"),
    )
    return form_page(request, "first.title", "first.text", "first.submit", "auth/first", fields)
