"""Browser components of the pages of operations: octets with fields, completeness, events, alarms, contacts, layouts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules
from .table import Column

Row = dict[str, Any]
Taker = Callable[[Row], Any]


class OctetsView(Element, component="octets_view.js"):
    """Octets of what a path of the interface tells (`packets/3/17`), with its fields beside them.

    `on_parameter` takes {"name"}, `on_packet` {"source", "row"} of a packet that begins in a frame.
    """

    def __init__(self, path: str = "", *, on_parameter: Taker | None = None, on_packet: Taker | None = None) -> None:
        super().__init__()
        self._props["path"] = path
        _listen(self, parameter=on_parameter, packet=on_packet)

    def open(self, path: str) -> None:
        """Show what another path tells."""
        self.run_method("open", path)

    def nothing(self, title: str = "", hint: str = "") -> None:
        """Show nothing, and say why."""
        self.run_method("nothing", title or None, hint or None)


class CompletenessView(Element, component="completeness_view.js"):
    """What was received and what is missing. `on_select` takes {"id", "name", "apid", "holes"}; an empty id: none is chosen."""

    def __init__(self, spacecraft: str = "", source: str = "", *, on_select: Taker) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "source": source})
        _listen(self, select=on_select)

    def ask(self, **query: str) -> None:
        """Ask for another spacecraft or source."""
        self.run_method("ask", query)


class EventList(Element, component="event_list.js"):
    """Events of the archive and those that come. `kind` is report or limit; the state goes into the address of the page."""

    def __init__(
        self, *, label: str, kind: str = "report", severity: int = 0, q: str = "", start: str = "", stop: str = "",
        spacecraft: str = "", on_select: Taker,
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({
            "label": label, "kind": kind, "severity": severity, "q": q, "start": start, "stop": stop, "spacecraft": spacecraft,
        })  # fmt: skip
        _listen(self, select=on_select)

    def ask(self, **change: Any) -> None:
        """Change what is listed: kind, severity, q, start, stop, spacecraft."""
        self.run_method("ask", change)

    def hold(self, held: bool) -> None:
        """Hold the list still while it is read; what comes meanwhile is counted."""
        self.run_method("hold", held)

    def file(self, form: str) -> None:
        """Let the browser store what is listed, in a format of the interface."""
        self.run_method("file", form)


class AlarmTable(Element, component="alarm_table.js"):
    """Standing and shelved alarms. `on_act` takes {"act", "row"}, act being what a key asks for; `on_select` the row."""

    def __init__(self, *, label: str, show: str = "all", q: str = "", at: str = "", on_select: Taker, on_act: Taker) -> None:
        super().__init__()
        self._props.update({"label": label, "show": show, "q": q, "at": at})
        _listen(self, select=on_select, act=on_act)

    def show(self, which: str) -> None:
        """Show `all`, those `calling`, those `shelved`, or the `quiet` ones too."""
        self.run_method("pick", which)

    def search(self, text: str) -> None:
        """Show only alarms that hold all words of a text."""
        self.run_method("search", text)


class StatusTable(Element, component="status_table.js"):
    """A list within the live picture of the complex: `part` is services, streams, agencies, links or counts.

    Rows are those whose fields are as `only` says. A column of kind `state` shows the status of a service.
    """

    def __init__(
        self, part: str, columns: Sequence[Column], *, label: str, only: Mapping[str, Any] | None = None,
        empty: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        told = [column.told() | ({"kind": "state"} if column.key == "status" else {}) for column in columns]
        self._props.update({"part": part, "columns": told, "label": label, "only": dict(only or {})})
        if empty is not None:
            self._props["empty"] = list(empty)


class ContactBar(Element, component="contact_bar.js"):
    """Bookings and contacts of each station over time. `on_select` takes the one that was clicked."""

    def __init__(self, *, on_select: Taker) -> None:
        super().__init__()
        _listen(self, select=on_select)

    def read(self) -> None:
        """Read them again."""
        self.run_method("read", True)


class LayoutDrawing(Element, component="layout_drawing.js"):
    """A container of the mission database drawn bit by bit. `on_parameter` takes {"name"}."""

    def __init__(self, *, on_parameter: Taker) -> None:
        super().__init__()
        _listen(self, parameter=on_parameter)

    def open(self, path: str, query: Mapping[str, Any], mark: str = "") -> None:
        """Draw what a path of the interface tells, the fields of the parameter `mark` marked."""
        self.run_method("open", path, {key: value for key, value in query.items() if value not in ("", None)}, mark)


def _listen(element: Element, **handlers: Taker | None) -> None:
    for name, handler in handlers.items():
        if handler is not None:
            element.on(name, lambda event, handler=handler: handler(event.args))
