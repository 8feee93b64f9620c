"""Browser components of the pages of operations: octets with fields, completeness, events, alarms, contacts, layouts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules
from .table import Column

Row = dict[str, Any]
Taker = Callable[[Row], Any]


class OctetsView(Element, component="octets_view.js"):
    """Octets of what a path of the interface tells (`packets/3/17`), with its fields beside them, or of what is `given` alike.

    `on_parameter` takes {"name"}, `on_packet` {"source", "row"} of a packet that begins in a frame.
    """

    def __init__(
        self, path: str = "", *, given: Mapping[str, Any] | None = None, on_parameter: Taker | None = None,
        on_packet: Taker | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._props["path"] = path
        if given is not None:
            self._props["given"] = dict(given)
        _listen(self, parameter=on_parameter, packet=on_packet)

    def open(self, path: str) -> None:
        """Show what another path tells."""
        self.run_method("open", path)

    def nothing(self, title: str = "", hint: str = "") -> None:
        """Show nothing, and say why."""
        self.run_method("nothing", title or None, hint or None)


class CompletenessView(Element, component="completeness_view.js"):
    """What was received and what is missing, between two instants or all of it.

    `on_select` takes {"id", "name", "apid", "holes"}, an empty id when none is chosen; `on_range` {"from", "to"}.
    """

    def __init__(
        self, spacecraft: str = "", source: str = "", *, start: str = "", stop: str = "", on_select: Taker, on_range: Taker
    ) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "source": source, "begin": start, "until": stop})
        _listen(self, select=on_select, range=on_range)

    def ask(self, **query: str) -> None:
        """Ask for another spacecraft or source."""
        self.run_method("ask", query)


class EventList(Element, component="event_list.js"):
    """Events of the archive and those that come. `kind` is report or limit; the state goes into the address of the page.

    `origins` are what was ingested by number: {"name", "live"}.
    """

    def __init__(
        self, *, label: str, kind: str = "report", severity: int = 0, q: str = "", start: str = "", stop: str = "",
        spacecraft: str = "", source: str = "", origins: Mapping[str, Mapping[str, Any]] | None = None, at: str = "",
        on_select: Taker,
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({
            "label": label, "kind": kind, "severity": severity, "q": q, "start": start, "stop": stop, "at": at,
            "spacecraft": spacecraft, "source": source,
            "origins": {number: dict(one) for number, one in (origins or {}).items()},
        })  # fmt: skip
        _listen(self, select=on_select)

    def ask(self, **change: Any) -> None:
        """Change what is listed: kind, severity, q, start, stop, spacecraft, source."""
        self.run_method("ask", change)

    def hold(self, held: bool) -> None:
        """Hold the list still while it is read; what comes meanwhile is counted."""
        self.run_method("hold", held)

    def file(self, form: str) -> None:
        """Let the browser store what is listed, in a format of the interface."""
        self.run_method("file", form)


class AlarmTable(Element, component="alarm_table.js"):
    """Standing and shelved alarms. `on_select` takes the chosen row, `on_act` {"act", "rows"}: what a key asks for, of which.

    `at` is the row that is chosen at first, `doing` what is asked of it then. Alarms of others than `agency` say whose they
    are; `may` are the permissions of who looks.
    """

    def __init__(
        self, *, label: str, show: str = "all", q: str = "", at: str = "", doing: str = "",
        agency: str = "", may: Collection[str] | None = None, on_select: Taker, on_act: Taker,
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({"label": label, "show": show, "q": q, "at": at, "doing": doing, "agency": agency})
        if may is not None:
            self._props["may"] = sorted(may)
        _listen(self, select=on_select, act=on_act)

    def show(self, which: str) -> None:
        """Show `all`, those `calling`, those `shelved`, or the `quiet` ones too."""
        self.run_method("pick", which)

    def search(self, text: str) -> None:
        """Show only alarms that hold all words of a text."""
        self.run_method("search", text)

    def keep(self, doing: str) -> None:
        """Keep in the address what is being done, so that it goes on after a reload; nothing: it is over."""
        self.run_method("keep", doing)

    def unmark(self) -> None:
        """Mark no alarm."""
        self.run_method("mark", [])


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
    """Bookings and contacts of each station over time. `on_select` takes the one that was clicked.

    `span_h` is how much is shown, from the instant `start`, else following the mission's now; `at` is chosen at first.
    """

    def __init__(self, *, span_h: int = 6, start: str = "", at: str = "", on_select: Taker) -> None:
        super().__init__()
        self._props.update({"span": span_h, "start": start, "at": at})
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


class BackupProgress(Element, component="backup_progress.js"):
    """How far the backup is that is being made. `on_cancel` takes {"name"}, `on_ended` the backup as it ended."""

    def __init__(self, *, on_cancel: Taker, on_ended: Taker) -> None:
        super().__init__()
        _listen(self, cancel=on_cancel, ended=on_ended)

    def read(self) -> None:
        """Look at once whether one is being made."""
        self.run_method("read")


def _listen(element: Element, **handlers: Taker | None) -> None:
    for name, handler in handlers.items():
        if handler is not None:
            element.on(name, lambda event, handler=handler: handler(event.args))
