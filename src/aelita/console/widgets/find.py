"""The search field of a table."""

from nicegui.element import Element

from . import modules as modules


class Find(Element, component="find.js"):
    """A field that narrows a table (`LiveGrid`, `Table`) as one types, without asking the server; '/' goes there."""

    def __init__(self, table: Element, label: str, value: str = "") -> None:
        super().__init__()
        self._props.update({"label": label, "value": value, "target": table.html_id})
