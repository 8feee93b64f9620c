"""How a user has chosen to see the console, kept in a cookie of the browser, and the words in the language of that choice."""

from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, unquote

from nicegui import context

from .words import LANGUAGES, Language, word

COOKIE = "aelita_look"


@dataclass(frozen=True, slots=True)
class Look:
    """Language, colours, and how times of data are shown: `form` date or doy, `which` scet or ert."""

    lang: Language = "en"
    theme: str = "dark"
    form: str = "date"
    which: str = "scet"


def look_of(cookie: str) -> Look:
    """Return the look that a cookie tells of; what it does not tell, or tells wrongly, is as by default."""
    told = dict(parse_qsl(unquote(cookie)))
    allowed = {"lang": LANGUAGES, "theme": ("dark", "light"), "form": ("date", "doy"), "which": ("scet", "ert")}
    fine = {key: value for key, value in told.items() if value in allowed.get(key, ())}
    return Look(
        cast(Language, fine.get("lang", "en")), *(fine.get(key, getattr(Look(), key)) for key in ("theme", "form", "which"))
    )


def look() -> Look:
    """Return the look of the user whose page is being made."""
    return look_of(context.client.request.cookies.get(COOKIE, ""))


def say(key: str) -> str:
    """Return a word in the language of the user whose page is being made. A key that no table has raises KeyError."""
    return word(look().lang, key)
