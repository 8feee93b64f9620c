"""Browser components of flight dynamics: trajectories in space, passes and events, and the products that are published."""

from nicegui.element import Element
from nicegui.elements import scene as scene  # puts three.js, as the package of NiceGUI carries it, into the import map

from . import modules as modules


class _OfSpacecraft(Element):
    """A view of one spacecraft; `at` is what is chosen at first: a product or a pass."""

    def __init__(self, spacecraft: str, at: str = "") -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "at": at})


class OrbitView(Element, component="orbit_view.js"):
    """Trajectories in three dimensions (two where the browser has no WebGL): about the Sun, or about Mars.

    `about` is sun or mars, `start` and `stop` what is shown (instants of the interface), `at` the instant that is looked at;
    without them the mission's now is followed. The widget keeps its state in the address of the page.
    """

    def __init__(
        self, spacecraft: str, *, about: str = "mars", start: str = "", stop: str = "", at: str = "", product: str = ""
    ) -> None:
        super().__init__()
        self._props.update(
            {"spacecraft": spacecraft, "about": about, "begin": start, "until": stop, "instant": at, "product": product}
        )


class PassTimeline(Element, component="timeline_passes.js"):
    """Passes over stations and events of an orbit, a row for each; `span_h` from `start`, else about now."""

    def __init__(self, spacecraft: str, *, span_h: int = 24, start: str = "", at: str = "", reception: bool = True) -> None:
        super().__init__()
        self._props.update({"spacecraft": spacecraft, "span": span_h, "start": start, "at": at, "reception": reception})


class ResidualsView(_OfSpacecraft, component="residuals_view.js"):
    """Residuals of an orbit determination."""


class PorkchopView(_OfSpacecraft, component="porkchop_view.js"):
    """What transfers ask, by departure and arrival."""


class CorridorView(_OfSpacecraft, component="corridor_view.js"):
    """Loads of each pass of an aerobraking against their limits."""


class LaunchView(_OfSpacecraft, component="launch_view.js"):
    """A launch window, the ascent, its timeline and its dispersion."""


class ProductsView(_OfSpacecraft, component="products_view.js"):
    """All products of a spacecraft: their list, files, and what they hold as curves and tables; `kind` is which are listed."""

    def __init__(self, spacecraft: str, at: str = "", *, kind: str = "", kinds: tuple[str, ...] = ()) -> None:
        super().__init__(spacecraft, at)
        self._props.update({"of": kind, "kinds": kinds})
