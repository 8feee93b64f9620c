"""The page behind a one-time link: the account of the first administrator with its roles, or a new password of a user."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from .login import face_of, form_page, said

router = APIRouter(include_in_schema=False)


@router.get("/first")
def first(request: Request) -> HTMLResponse:
    """Return the page on which one chooses a password, the first administrator a name and roles too; the code goes with them."""
    fields = (
        ("user", "login.user", "text", "username"),
        ("password", "login.password", "password", "new-password"),
        ("again", "first.again", "password", "new-password"),
    )
    face = face_of(request)
    above = f"<p data-about>{said(face, 'login.waiting')}</p><div data-roles></div>"
    ended = f'<a class="a-btn" data-ended hidden href="/login">{said(face, "login")}</a>'
    return form_page(request, "first.title", "first.submit", "auth/first", fields, above=above, below=ended)
