"""The words of the console in English and Russian: pages and browser components say everything by the keys of these tables."""

import json
from typing import Literal

from .words_operations import OPERATIONS
from .words_shell import SHELL

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
WORDS: dict[str, tuple[str, str]] = SHELL | OPERATIONS


def word(language: Language, key: str) -> str:
    """Return what a key says in a language. A key that no table has raises KeyError: a test finds each use."""
    return WORDS[key][LANGUAGES.index(language)]


def script(language: Language) -> str:
    """Return a script that gives the words to the browser components, and sets the language of the document."""
    table = {key: said[LANGUAGES.index(language)] for key, said in WORDS.items()}
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    return f'window.AELITA_WORDS={text};document.documentElement.lang="{language}";'
