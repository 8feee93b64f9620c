"""How a user has chosen to see the console, kept in a cookie of the browser, and the words in the language of that choice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import parse_qsl, unquote, urlencode

from nicegui import context

from .words import LANGUAGES, Language, reason, word

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
    """Return the look of the user whose page is being made: as it was chosen in this tab, else as the browser came with it."""
    kept = context.client.storage.get(COOKIE)
    return kept if isinstance(kept, Look) else look_of(context.client.request.cookies.get(COOKIE, ""))


def choose(told: Mapping[str, str]) -> None:
    """Take what the user chose on a page that is open; the language holds from the next page load on."""
    before = look()
    context.client.storage[COOKIE] = replace(look_of(urlencode(told)), lang=before.lang)


def say_reason(text: object) -> str:
    """Return a reason that a service gave in the language of the user, where it is known; else as it came."""
    return reason(look().lang, str(text))


def say(key: str) -> str:
    """Return a word in the language of the user whose page is being made. A key that no table has raises KeyError."""
    return word(look().lang, key)
