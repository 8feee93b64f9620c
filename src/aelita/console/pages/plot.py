"""Plot: archive and live values of several parameters in one chart. All of it happens in the browser component."""

from nicegui import PageArguments

from ..widgets import LivePlot
from . import frame
from .page import Page

USUAL_SPAN_S = 600.0


def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `p` (parameters), `from` and `to` or `span`, `raw`, `limits`, `steps`, `zero`,
    `spacecraft`."""
    query = args.query_parameters
    names = [name for name in query.get("p", "").split(",") if name]
    with frame.page("page.plot"), frame.card(flush=True, style="flex:1"):
        LivePlot(
            names, start=query.get("from", ""), stop=query.get("to", ""), span_s=_seconds(query.get("span", "")),
            raw=query.get("raw") == "1", limits=query.get("limits") != "0", steps=query.get("steps") == "1",
            zero=query.get("zero") == "1", spacecraft=query.get("spacecraft", ""), deep=True,
        )  # fmt: skip


def _seconds(text: str) -> float:
    """Return the span that an address asks for; one that is no number of seconds is the usual one."""
    try:
        return min(max(float(text), 1.0), 1e9)
    except ValueError:
        return USUAL_SPAN_S


PAGE = Page("/plot", "page.plot", "group.analysis", "show_chart", "p", build)
