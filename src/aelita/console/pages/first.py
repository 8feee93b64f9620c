"""The page behind a one-time link: the account of the first administrator, or a new password of a user."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from .login import form_page

router = APIRouter(include_in_schema=False)


@router.get("/first")
def first(request: Request) -> HTMLResponse:
    """Return the page on which one chooses a password, the first administrator a name too; the link's code goes with them."""
    fields = (
        ("user", "login.user", "text", "off"),
        ("password", "login.password", "password", "new-password"),
        ("again", "first.again", "password", "new-password"),
    )
    return form_page(request, "first.title", "first.text", "first.submit", "auth/first", fields)
