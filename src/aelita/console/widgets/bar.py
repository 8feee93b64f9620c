"""The parts of the bar that is always visible, and the banner that says what stopped."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules


class Clocks(Element, component="clocks.js"):
    """Mission, UTC, spacecraft event time, Earth received time and one-way light time; frozen and marked on a dead line."""

    def __init__(self, mission: str, title: str = "", spacecraft: str = "") -> None:
        super().__init__()
        self._props["mission"] = mission
        self._props["whole"] = title or mission
        self._props["spacecraft"] = spacecraft


class Chips(Element, component="chips.js"):
    """Link state and unacknowledged alarms: unknown whenever they are not heard of."""


class Banner(Element, component="banner.js"):
    """Says what stopped. Also keeps what is typed into fields with `data-keep` over a reload."""


class AlarmCount(Element, component="alarm_count.js"):
    """How many alarms wait, beside the page of alarms in the navigation."""


class Palette(Element, component="palette.js"):
    """From anywhere to anything by words (Ctrl+K): pages (path, title, letter), parameters, containers, displays."""

    def __init__(self, pages: Sequence[tuple[str, str, str]], on_go: Callable[[str], Any]) -> None:
        super().__init__()
        self._props["pages"] = [{"path": path, "title": title, "letter": letter} for path, title, letter in pages]
        self.on("go", lambda event: on_go(str(event.args)))


class Tools(Element, component="tools.js"):
    """Settings of the user, keyboard help and leaving. `pages` are (path, title, letter); `on_choice` takes all settings."""

    def __init__(
        self, user: str, agency: str, pages: Sequence[tuple[str, str, str]], on_choice: Callable[[dict[str, str]], Any]
    ) -> None:
        super().__init__()
        self.on("choice", lambda event: on_choice({str(key): str(value) for key, value in event.args.items()}))
        self._props["user"] = user
        self._props["agency"] = agency
        self._props["pages"] = [{"path": path, "title": title, "letter": letter} for path, title, letter in pages]
