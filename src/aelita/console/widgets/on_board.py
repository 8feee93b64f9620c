"""Browser components of what a spacecraft has on board: its schedule, packet stores and gaps, memories and images."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.element import Element

from . import modules as modules

Taker = Callable[[dict[str, Any]], Any]


class TimelineView(Element, component="timeline_view.js"):
    """The ground's copy of a schedule against the last report, live.

    `on_act` takes {"act", "differences"}: report or adopt; `on_open` {"request"}, whose activity was opened.
    """

    def __init__(self, spacecraft: str, *, may: bool, on_act: Taker, on_open: Taker) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "may": may})
        self.on("act", lambda event: on_act(event.args))
        self.on("open", lambda event: on_open(event.args))

    def read(self) -> None:
        """Look again at once."""
        self.run_method("read")


class StoresView(Element, component="stores_view.js"):
    """Gaps of reception and one packet store, live. `on_ask` takes {"calls", "comment"}: commands that are wished for."""

    def __init__(self, spacecraft: str, store: int, *, may: bool, on_ask: Taker) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "store": store, "may": may})
        self.on("ask", lambda event: on_ask(event.args))

    def show(self, store: int) -> None:
        """Show another store."""
        self.run_method("show", store)

    def read(self) -> None:
        """Look again at once."""
        self.run_method("read")


class MemoryView(Element, component="memory_view.js"):
    """An image against what is known of its memory. `query` narrows the dumps that count: start, stop, apid.

    `on_act` takes {"what", "only_changed", "name", "version"}: load, dump or check.
    """

    def __init__(
        self, spacecraft: str, name: str, version: str, *, query: Mapping[str, Any], may: bool, on_act: Taker
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "name": name, "version": version, "range": dict(query), "may": may})
        self.on("act", lambda event: on_act(event.args))

    def ask(self, query: Mapping[str, Any]) -> None:
        """Compare with other dumps."""
        self.run_method("ask", dict(query))


class ImageForm(Element, component="image_form.js"):
    """A new version of an image, typed or from a file. `on_added` takes {"name", "version"}."""

    def __init__(self, spacecraft: str, *, on_added: Taker, on_leave: Callable[[], Any]) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft})
        self.on("added", lambda event: on_added(event.args))
        self.on("leave", lambda: on_leave())
