"""The table of live values, and one value in full."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from nicegui import ui
from nicegui.element import Element

from . import modules as modules


class LiveGrid(Element, component="live_grid.js"):
    """Values of parameters as they come: names or patterns of one or several spacecraft (none: all), at most `rate_hz`.

    `q`, `show` (all, out, fresh), `order` and `at` (the parameter that is chosen) are the state of the page and written into its
    address when `deep` is set. Opening a row plots it. Rows carry n, s, v, r, l, t, rt of the live WebSocket, and `plot`, what
    the page Plot calls the parameter.
    """

    def __init__(
        self,
        names: Sequence[str] = ("*",),
        spacecraft: Sequence[str] = (),
        *,
        label: str,
        rate_hz: float = 2.0,
        q: str = "",
        show: str = "all",
        order: str = "",
        at: str = "",
        deep: bool = False,
        small: bool = False,
        on_select: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self._props.update({
            "names": list(names), "spacecraft": list(spacecraft), "label": label, "rateHz": rate_hz, "q": q, "show": show,
            "order": order, "at": at, "deep": deep, "small": small,
        })  # fmt: skip
        if on_select is not None:
            self.on("select", lambda event: on_select(event.args))
        self.on("open", lambda event: ui.navigate.to(f"/plot?p={quote(event.args['plot'])}"))

    def search(self, text: str) -> None:
        """Show only parameters that hold all words of a text."""
        self.run_method("search", text)

    def show(self, which: str) -> None:
        """Show all, those out of limits (`out`) or those that changed lately (`fresh`)."""
        self.run_method("choose", which)

    def among(self, crafts: Sequence[str]) -> None:
        """Show only the values of some spacecraft, of all when none is named."""
        self.run_method("among", list(crafts))


class ParameterNow(Element, component="parameter_now.js"):
    """One parameter as it is now: value, age, severity, where it stands between its limits, its last samples.

    `limits` are rules as the interface tells them in force, `labels` the words of its raw values; `overridden` says that other
    limits or another calibration hold than those of the database. What is put into it stands above the samples.
    """

    def __init__(
        self, name: str, spacecraft: str, *, units: str = "", limits: Sequence[Mapping[str, Any]] = (),
        labels: Sequence[Mapping[str, Any]] = (), overridden: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self._props.update({
            "name": name, "spacecraft": spacecraft, "units": units, "limits": [dict(one) for one in limits],
            "labelled": [dict(one) for one in labels], "changed": overridden,
        })  # fmt: skip
