"""A display of a user: its parts, how they are stored, and how they are drawn."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from nicegui import ui

from ..look import say
from ..widgets import LiveGrid, LivePlot, Mimic
from . import frame

KINDS = ("table", "plot", "text", "mimic")
WIDTHS, HEIGHTS = (3, 4, 6, 8, 9, 12), (2, 3, 4, 5, 6, 8, 10, 12)
SPANS_S = (120, 600, 3600, 21600, 86400)
MOST_CURVES = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a display: `says` is its text, its parameters or its mimic; width in twelfths, height in rows.

    `spacecraft` is whose values it shows, empty for all; a plot follows the last `span_s` seconds.
    """

    kind: str
    title: str = ""
    says: str = ""
    width: int = 6
    height: int = 5
    spacecraft: str = ""
    span_s: int = 600


@dataclass(slots=True)
class Display:
    """A display being looked at or composed; without `ident` it has never been saved."""

    title: str = ""
    shared: bool = False
    parts: list[Part] = field(default_factory=list)
    ident: str = ""
    owner: str = ""
    version: int | None = None
    mine: bool = True

    def document(self) -> dict[str, Any]:
        """Return its parts as they are stored."""
        return {"parts": [asdict(part) for part in self.parts]}


def part_of(told: Any) -> Part:
    """Return a stored part; what is not as it should be is made so, since anybody may have stored it."""
    table = told if isinstance(told, dict) else {}
    kind = table.get("kind")
    return Part(
        kind if kind in KINDS else "text", str(table.get("title", "")), str(table.get("says", "")),
        _near(table.get("width"), WIDTHS, 6), _near(table.get("height"), HEIGHTS, 5), str(table.get("spacecraft", "")),
        _near(table.get("span_s"), SPANS_S, 600),
    )  # fmt: skip


def _near(told: Any, allowed: tuple[int, ...], usual: int) -> int:
    return min(allowed, key=lambda one: abs(one - told)) if isinstance(told, int | float) else usual


def display_of(told: dict[str, Any]) -> Display:
    """Return a display as the interface tells of it."""
    document = told.get("document") if isinstance(told.get("document"), dict) else {}
    parts = cast(dict[str, Any], document).get("parts", [])
    return Display(
        str(told.get("title", "")), bool(told.get("shared")), [part_of(one) for one in parts] if isinstance(parts, list) else [],
        str(told.get("id", "")), str(told.get("owner", "")), told.get("version"),
    )  # fmt: skip


def draw(place: ui.element, display: Display, handles: Callable[[int], None] | None = None) -> None:
    """Fill the place with the parts of a display; `handles` adds to the head of a part what changes it."""
    place.clear()
    with place:
        if not display.parts:
            with ui.element("div").style("grid-column:1/-1;grid-row:span 5"):
                frame.empty(say("displays.bare"), say("displays.empty.hint"))
        for number, part in enumerate(display.parts):
            style = f"--wide:{part.width};grid-row:span {part.height}"
            title = part.title or say(f"displays.{part.kind}")
            with frame.card(title, flush=part.kind != "text", style=style) as head:
                _content(part)
            if handles is not None:
                with head:
                    handles(number)


def _content(part: Part) -> None:
    names = part.says.split()
    if part.kind == "table":
        crafts = [part.spacecraft] if part.spacecraft else []
        LiveGrid(names or ["*"], crafts, label=part.title or say("displays.table"), small=True)
    elif part.kind == "plot":
        LivePlot(names[:MOST_CURVES], spacecraft=part.spacecraft, span_s=part.span_s, tools=False)
    elif part.kind == "mimic":
        Mimic(part.says, part.spacecraft)
    else:
        frame.text(part.says, "div").style("white-space:pre-wrap;font-size:13px")
