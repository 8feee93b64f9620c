"""The words of the console in English and Russian: pages and browser components say everything by the keys of these tables."""

import json
from typing import Literal

from .words_commanding import COMMANDING
from .words_complex import COMPLEX
from .words_navigation import NAVIGATION
from .words_onboard import ONBOARD
from .words_operations import OPERATIONS
from .words_procedures import PROCEDURES
from .words_reasons import in_russian, reasons_script
from .words_shell import SHELL

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
WORDS: dict[str, tuple[str, str]] = SHELL | OPERATIONS | COMPLEX | COMMANDING | PROCEDURES | ONBOARD | NAVIGATION


def word(language: Language, key: str) -> str:
    """Return what a key says in a language. A key that no table has raises KeyError: a test finds each use."""
    return WORDS[key][LANGUAGES.index(language)]


def reason(language: Language, text: str) -> str:
    """Return a reason that a service gave, in a language where it is known, else as it came."""
    return in_russian(text) if language == "ru" else text


def script(language: Language) -> str:
    """Return a script that gives the words to the browser components, and sets the language of the document."""
    table = {key: said[LANGUAGES.index(language)] for key, said in WORDS.items()}
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    reasons = reasons_script() if language == "ru" else ""
    return f'window.AELITA_WORDS={text};document.documentElement.lang="{language}";{reasons}'
