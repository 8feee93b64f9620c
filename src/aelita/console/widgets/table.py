"""A table of what the interface lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from . import modules as modules

Kind = Literal[
    "text",
    "dim",
    "mono",
    "tail",
    "number",
    "count",
    "bits",
    "octets",
    "flow",
    "percent",
    "span",
    "time",
    "seconds",
    "yes",
    "severity",
    "word",
    "lock",
    "degrees",
    "rate",
    "left",
    "stream",
    "stage",
    "run",
    "report",
    "json",
]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `key` of the row (`a.b` for a field of a field), `title` as shown, `kind` of what it shows.

    `width` is pixels at most, or a CSS track such as "2fr"; 0 shares what is left. `least` is the width of the table in
    pixels from which the column is shown, so that narrow screens keep what matters. A column of time with `ert`, the key of
    when it was received, shows that one instead of `key` to users who chose Earth received time; its head says which it shows.
    `words` begins the keys of the words that say what values mean.
    """

    key: str
    title: str
    kind: Kind = "text"
    width: int | str = 0
    least: int = 0
    ert: str = ""
    words: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as the browser component reads it."""
        return {"key": self.key, "title": self.title, "kind": self.kind, "width": self.width, "from": self.least} | {
            key: value for key, value in (("ert", self.ert), ("words", self.words)) if value
        }


class Table(Element, component="table.js"):
    """Rows of the interface: `source` below /api/v1 with a `query`, read page after page as the user scrolls.

    `topic` is a subscription of the live WebSocket ({"topic": "events", "rate_hz": 2}); its updates replace rows of the same
    `key` (fields joined by "+" when it takes several), or go to the front (`newest_first`) or the end when there is no key; with
    `again` they only say that the source is to be read again.
    `levels` names the field of severity 0 to 5 that colours a row. `every` reads the source again each so many seconds.
    `only` says how fields of rows of the topic are that are shown.
    `pick` is the field of the answer that holds the rows, "items" when empty. `empty` is the title and hint of the empty
    state. `at` is the key of the row that is chosen at first. Events carry the whole row. What a clock reads again is shown as
    old while the centre is not heard.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        source: str = "",
        *,
        label: str,
        query: Mapping[str, Any] | None = None,
        rows: Sequence[Mapping[str, Any]] | None = None,
        topic: Mapping[str, Any] | None = None,
        key: str = "",
        levels: str = "",
        newest_first: bool = False,
        again: bool = False,
        every: float = 0.0,
        pick: str = "",
        only: Mapping[str, Any] | None = None,
        empty: tuple[str, str] | None = None,
        order: tuple[str, bool] | None = None,
        at: str = "",
        on_select: Callable[[Row], Any] | None = None,
        on_open: Callable[[Row], Any] | None = None,
        on_loaded: Callable[[Row], Any] | None = None,
    ) -> None:
        super().__init__()
        props: dict[str, Any] = {
            "columns": [column.told() for column in columns], "source": source, "label": label, "query": dict(query or {}),
            "given": None if rows is None else [dict(row) for row in rows], "topic": None if topic is None else dict(topic),
            "rowKey": key, "levels": levels, "newestFirst": newest_first, "again": again, "every": every, "at": at, "pick": pick,
            "only": None if only is None else dict(only),
            "empty": None if empty is None else list(empty),
            "order": None if order is None else {"key": order[0], "down": order[1]},
        }  # fmt: skip
        self._props.update({name: value for name, value in props.items() if value is not None})
        for event, handler in (("select", on_select), ("open", on_open), ("loaded", on_loaded)):
            if handler is not None:
                self.on(event, _with_row(handler))

    def ask(self, **query: Any) -> None:
        """Read the source again with another query."""
        self.run_method("ask", query)

    def read(self) -> None:
        """Read the source again, keeping what is shown until the answer comes."""
        self.run_method("read", True)

    def search(self, text: str) -> None:
        """Show only the rows that hold all words of a text."""
        self.run_method("search", text)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the rows."""
        self.run_method("rows", [dict(row) for row in rows])

    def seek(self, key: str) -> None:
        """Read the source again, and select the row of a key that came with it."""
        self.run_method("seek", key)

    def point(self, key: str) -> None:
        """Select the row of a key, which tells `on_select` of it."""
        self.run_method("point", key)


def _with_row(handler: Callable[[Row], Any]) -> Callable[[GenericEventArguments], Any]:
    return lambda event: handler(event.args)
