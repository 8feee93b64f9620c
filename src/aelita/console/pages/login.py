"""The page of logging in: plain, without a connection of its own, for nobody is known yet."""

import html
from collections.abc import Sequence

import nicegui
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ..assets import address
from ..look import COOKIE, Look, look_of
from ..words import LANGUAGES, word

router = APIRouter(include_in_schema=False)
Field = tuple[str, str, str, str]  # name, key of its label, type, what browsers may fill in


@router.get("/login")
def login(request: Request) -> HTMLResponse:
    """Return the page of logging in; it goes on to `next`, an address of this console, at once when there is a session."""
    fields = (("user", "login.user", "text", "username"), ("password", "login.password", "password", "current-password"))
    other = f'<a class="a-btn" data-oidc hidden>{said(face_of(request), "login.oidc")}</a>'
    return form_page(request, "login.title", "login.submit", "auth/login", fields, below=other)


def form_page(
    request: Request, title: str, submit: str, to: str, fields: Sequence[Field], *, above: str = "", below: str = ""
) -> HTMLResponse:
    """Return a page with one form that posts its fields to a route of the interface; `above` and `below` are HTML in it."""
    face = face_of(request)
    shown = "".join(
        f'<label class="a-field">{said(face, label)}<input class="a-text" name="{name}" type="{kind}" autocomplete="{fill}" '
        f"required{' autofocus' if place == 0 else ''}></label>"
        for place, (name, label, kind, fill) in enumerate(fields)
    )
    return HTMLResponse(
        f'<!doctype html><html lang="{face.lang}" data-theme="{face.theme}"><head><meta charset="utf-8"><title>Aelita</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="{address("icon.svg")}">'
        f'<link rel="stylesheet" href="/_nicegui/{nicegui.__version__}/static/fonts.css">'
        f'<link rel="stylesheet" href="{address("console.css")}"><script src="{address(f"words-{face.lang}.js")}"></script>'
        f'</head><body><main class="l-all"><form class="l-box" method="post" data-to="/api/v1/{to}"><div class="l-brand">'
        f'<img src="{address("icon.svg")}" width="22" height="22" alt="">AELITA</div><h1>{said(face, title)}</h1>'
        f'<div class="dim">{html.escape(request.app.state.title)}</div>{above}{shown}'
        f'<button class="a-btn pri">{said(face, submit)}</button>{below}<div class="l-say" role="alert"></div>'
        f'{_languages(face)}</form></main><script type="module" src="{address("entry.js")}"></script></body></html>'
    )


def face_of(request: Request) -> Look:
    """Return the look that the browser remembers."""
    return look_of(request.cookies.get(COOKIE, ""))


def said(face: Look, key: str) -> str:
    """Return a word as HTML."""
    return html.escape(word(face.lang, key))


def _languages(face: Look) -> str:
    buttons = "".join(
        f'<button type="button" lang="{key}" data-language="{key}" aria-pressed="{str(key == face.lang).lower()}">{name}</button>'
        for key, name in zip(LANGUAGES, ("English", "Русский"), strict=True)
    )
    return f'<div class="a-seg l-lang" role="group" aria-label="{said(face, "language")}">{buttons}</div>'
