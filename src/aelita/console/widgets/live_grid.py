"""The table of live values."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui.element import Element

from . import modules as modules


class LiveGrid(Element, component="live_grid.js"):
    """Values of parameters as they come: names or patterns of one or several spacecraft (none: all), at most `rate_hz`.

    `q`, `show` (all, out, fresh) and `order` are the state of the page and written into its address when `deep` is set.
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
        deep: bool = False,
        small: bool = False,
        on_select: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        super().__init__()
        self._props.update({
            "names": list(names), "spacecraft": list(spacecraft), "label": label, "rateHz": rate_hz, "q": q, "show": show,
            "order": order, "deep": deep, "small": small,
        })  # fmt: skip
        if on_select is not None:
            self.on("select", lambda event: on_select(event.args))

    def search(self, text: str) -> None:
        """Show only parameters that hold all words of a text."""
        self.run_method("search", text)

    def show(self, which: str) -> None:
        """Show all, those out of limits (`out`) or those that changed lately (`fresh`)."""
        self.run_method("choose", which)
