"""Drawings whose values are live: simple mimics of users, and the picture of who hears whom."""

from collections.abc import Callable
from typing import Any

from nicegui.element import Element

from . import modules as modules


class Mimic(Element, component="mimic.js"):
    """Boxes joined in their order, each with the value of a parameter: one `name = parameter` a line, an empty line a new row."""

    def __init__(self, text: str, spacecraft: str = "") -> None:
        super().__init__()
        self._props.update({"text": text, "spacecraft": spacecraft})


class Network(Element, component="network.js"):
    """Spacecraft, stations and agencies, with a line where something is heard now; it says unknown when nothing tells."""


class Fleet(Element, component="fleet.js"):
    """Each spacecraft: its time, its light time, who hears it, what comes of it. `on_open` takes its key."""

    def __init__(self, *, label: str, on_open: Callable[[str], Any]) -> None:
        super().__init__()
        self._props["label"] = label
        self.on("open", lambda event: on_open(event.args["key"]))


class Passing(Element, component="passing.js"):
    """Which packets pass, and which went quiet. `on_open` takes {"apid", "spacecraft"}."""

    def __init__(self, *, label: str, on_open: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__()
        self._props["label"] = label
        self.on("open", lambda event: on_open(event.args))


class Tiles(Element, component="tiles.js"):
    """The complex in six numbers and how they went lately: rates, last contact, services."""
