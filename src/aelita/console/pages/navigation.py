"""Flight dynamics: trajectories, passes and events, residuals, transfers, aerobraking, launch, products; all in the browser."""

from urllib.parse import urlencode

from nicegui import PageArguments, ui

from ..look import say
from ..widgets import CorridorView, LaunchView, OrbitView, PassTimeline, PorkchopView, ProductsView, ResidualsView
from . import frame
from .asked import craft_choice, spacecraft
from .page import Page

VIEWS = (
    ("", "nav.view.orbit"), ("passes", "nav.view.passes"), ("residuals", "nav.view.residuals"),
    ("transfers", "nav.view.transfers"), ("aerobraking", "nav.view.aerobraking"), ("launch", "nav.view.launch"),
    ("products", "nav.view.products"),
)  # fmt: skip
PRODUCTS = {
    "residuals": ResidualsView, "transfers": PorkchopView, "aerobraking": CorridorView, "launch": LaunchView,
}  # fmt: skip
KINDS = (
    "orbit", "attitude", "tracking", "clock", "residuals", "passes", "events", "porkchop", "cruise", "corridor", "launch",
    "pointing", "doppler",
)  # fmt: skip
SPANS = ("6", "24", "72", "168", "720")  # hours


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `view`, `spacecraft`, `at` (a product, a pass, or an instant); of trajectories `about`,
    `from`, `to`, `product`; of passes `span_h`, `from`, `time`; of products `kind`."""
    query = {key: args.query_parameters.get(key, "") for key in ("view", "spacecraft", "at", "about", "from", "to", "product")}
    view = query["view"] if query["view"] in dict(VIEWS) else ""
    crafts = await spacecraft()
    craft = query["spacecraft"] if query["spacecraft"] in crafts else next(iter(crafts), "")
    with frame.page("page.navigation") as head:
        with head:
            frame.segmented(
                [(key, say(word)) for key, word in VIEWS], view, lambda one: _go(one, craft), label=say("page.navigation")
            )
            frame.grow()
            craft_choice(crafts, craft, lambda one: _go(view, one), every=False)
        with ui.element("div").classes("nv-page"):
            if not craft:
                frame.empty(say("nav.no.craft"), say("nav.no.craft.hint"))
            elif view == "passes":
                told = args.query_parameters.get("span_h", "")
                PassTimeline(
                    craft, span_h=int(told) if told in SPANS else 24, start=query["from"], at=query["at"],
                    reception=args.query_parameters.get("time", "") != "craft",
                )  # fmt: skip
            elif view == "products":
                kind = args.query_parameters.get("kind", "")
                ProductsView(craft, query["at"], kind=kind if kind in KINDS else "", kinds=KINDS)
            elif view in PRODUCTS:
                PRODUCTS[view](craft, query["at"])
            else:
                OrbitView(
                    craft, about="sun" if query["about"] == "sun" else "mars", start=query["from"], stop=query["to"],
                    at=query["at"], product=query["product"],
                )  # fmt: skip


def _go(view: str, craft: str) -> None:
    told = urlencode({key: value for key, value in (("view", view), ("spacecraft", craft)) if value})
    ui.navigate.to(f"/navigation?{told}" if told else "/navigation")


PAGE = Page("/navigation", "page.navigation", "group.operations", "travel_explore", "f", build)
