"""What a page is to the shell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Group = Literal["group.operations", "group.commanding", "group.analysis", "group.complex"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address, the key of its title in `words`, the letter that follows `g` on the keyboard, and who may see it.

    `build` makes the page within the shell; it may be a coroutine function and may take `PageArguments`.
    """

    path: str
    title: str
    group: Group
    icon: str
    letter: str
    build: Callable[..., Any]
    permission: str = "view"
