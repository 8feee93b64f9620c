"""Drawings whose values are live: simple mimics of users, and the picture of who hears whom."""

from nicegui.element import Element

from . import modules as modules


class Mimic(Element, component="mimic.js"):
    """Boxes joined in their order, each with the value of a parameter: one `name = parameter` a line, an empty line a new row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._props["text"] = text


class Network(Element, component="network.js"):
    """Spacecraft, stations and agencies, with a line where something is heard now; it says unknown when nothing tells."""


class Tiles(Element, component="tiles.js"):
    """The complex in six numbers: rates, last contact, services."""
