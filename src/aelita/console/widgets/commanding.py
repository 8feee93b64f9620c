"""Browser components of commanding: what is composed, where a request stands, light time, and how many requests wait."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules

Taker = Callable[[dict[str, Any]], Any]


class CommandComposer(Element, component="command_composer.js"):
    """Commands of one request to a spacecraft: their order, arguments, window and comment, kept in the browser's tab.

    `places` are one's roles (role@centre), of which one is chosen where several may ask for all that is composed. `on_prepare`
    takes the body of a request as the interface reads it, `on_changed` is told of every change.
    """

    def __init__(
        self, spacecraft: str, *, places: Sequence[str] = (), on_prepare: Taker, on_changed: Callable[[], Any]
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "places": list(places)})
        self.on("prepare", lambda event: on_prepare(event.args))
        self.on("changed", lambda: on_changed(), throttle=0.2)

    def add(self, name: str) -> None:
        """Add a command at the end."""
        self.run_method("add", name)

    def anew(self) -> None:
        """Begin anew."""
        self.run_method("clear")


class RequestView(Element, component="request_view.js"):
    """A request as it stands: stages, countdown, people and journal, live.

    `on_act` takes {"act", "id", "calls", "spacecraft"}: withdraw, hold, go (let go), or again (the same once more).
    """

    def __init__(self, name: str, *, may: Collection[str] | None = None, on_act: Taker) -> None:
        super().__init__()
        self._props.update({"name": name, "may": None if may is None else sorted(may)})
        self.on("act", lambda event: on_act(event.args))


class LightLine(Element, component="light_line.js"):
    """The times of a command that is prepared, as the interface tells them, from release to the earliest evidence."""

    def __init__(self, times: Mapping[str, Any]) -> None:
        super().__init__()
        self._props["times"] = dict(times)


class InboxCount(Element, component="inbox_count.js"):
    """How many requests wait for who looks, beside the page of approvals in the navigation."""


class Valves(Element, component="valves.js"):
    """Queues of spacecraft, live. `may` says whether one may act on them; `on_act` takes {"act", "spacecraft"}."""

    def __init__(self, only: str = "", *, may: bool, on_act: Taker) -> None:
        super().__init__()
        self._props.update({"only": only, "may": may})
        self.on("act", lambda event: on_act(event.args))

    def show(self, only: str) -> None:
        """Show the queue of one spacecraft, of all when none is named."""
        self.run_method("show", only)


class AssetMap(Element, component="asset_map.js"):
    """Who has what now, live. `on_act` takes {"act", "asset", "borrower", "borrowers", "longest"}."""

    def __init__(self, *, on_act: Taker) -> None:
        super().__init__()
        self.on("act", lambda event: on_act(event.args))


class AuditView(Element, component="audit_view.js"):
    """Journals, countersignatures and their verification, live. `on_act` takes {"act"}: verify or cancel."""

    def __init__(self, *, may: bool, on_act: Taker) -> None:
        super().__init__()
        self._props["may"] = may
        self.on("act", lambda event: on_act(event.args))

    def read(self) -> None:
        """Look again at once."""
        self.run_method("read")
