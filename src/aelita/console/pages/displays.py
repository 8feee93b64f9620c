"""Displays that users compose from tables, plots, text and simple mimics, save and share."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Column, LiveGrid, LivePlot, Mimic, Table
from . import frame
from .page import Page

KINDS = ("table", "plot", "text", "mimic")
WIDTHS, HEIGHTS = (3, 4, 6, 8, 9, 12), (2, 3, 4, 5, 6, 8, 10, 12)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a display: `says` is its text, its parameters or its mimic; width in twelfths, height in rows."""

    kind: str
    title: str = ""
    says: str = ""
    width: int = 6
    height: int = 5
    spacecraft: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self)


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


def part_of(told: Any) -> Part:
    """Return a stored part; what is not as it should be is made so, since anybody may have stored it."""
    table = told if isinstance(told, dict) else {}
    kind = table.get("kind")
    sizes = (_near(table.get("width"), WIDTHS, 6), _near(table.get("height"), HEIGHTS, 5))
    return Part(
        kind if kind in KINDS else "text",
        str(table.get("title", "")),
        str(table.get("says", "")),
        *sizes,
        str(table.get("spacecraft", "")),
    )


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


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `d`, the display that is open ("new" for a new one), and `edit`."""
    ident = args.query_parameters.get("d", "")
    if not ident:
        _list()
    elif ident == "new":
        _show(Display(), edit=True)
    else:
        try:
            found = display_of(await ask("GET", f"displays/{quote(ident, safe='')}"))
            found.mine = found.owner == (await ask("GET", "auth/me"))["user"]
        except AelitaError as error:
            with frame.page("page.displays"):
                frame.failed(error, lambda: ui.navigate.to("/displays"))
            return
        _show(found, edit=args.query_parameters.get("edit") == "1")


def _list() -> None:
    columns = [
        Column("title", say("column.title"), "text", "minmax(160px,3fr)"),
        Column("owner", say("column.owner"), "dim", "minmax(90px,1fr)"),
        Column("shared", say("column.shared"), "yes", 90),
        Column("changed", say("column.changed"), "seconds", 170, least=600),
    ]
    with frame.page("page.displays") as head:
        with frame.card(flush=True, style="flex:1"):
            table = Table(
                columns, "displays", label=say("page.displays"), key="id", on_open=lambda row: _go(row["id"]),
                empty=(say("displays.empty"), say("displays.empty.hint")),
            )  # fmt: skip
        with head:
            frame.field(say("search"), on_change=table.search, find=True, width="220px")
            frame.grow()
            frame.button(say("displays.new"), lambda: _go("new"), "pri")


def _go(ident: str, edit: bool = False) -> None:
    ui.navigate.to(f"/displays?d={quote(ident, safe='')}{'&edit=1' if edit else ''}" if ident else "/displays")


def _show(display: Display, *, edit: bool) -> None:
    """Make a display, to look at or to compose."""
    with frame.page("page.displays") as head:
        place = ui.element("div").classes("d-grid")

    def drawn() -> None:
        _draw(place, display, drawn if edit else None)

    with head:
        if edit:
            _tools(display, drawn)
        else:
            frame.text(display.title, "b")
            frame.text(say("column.shared") if display.shared else say("displays.own"), "span", "a-chip")
            frame.text(display.owner, "span", "dim")
            frame.grow()
            frame.button(say("edit") if display.mine else say("displays.copy"), lambda: _go(display.ident, True))
            frame.button(say("close"), lambda: _go(""))
    drawn()


def _tools(display: Display, drawn: Callable[[], None]) -> None:
    """Add what composes a display: its title, new parts, saving."""

    def named(title: str) -> None:
        display.title = title

    def share(shared: bool) -> None:
        display.shared = shared

    def add(kind: str) -> None:
        async def put(part: Part) -> None:
            display.parts.append(part)
            drawn()

        _ask_part(Part(kind), put)

    frame.field(say("displays.title"), display.title, on_change=named, keep=f"display-{display.ident}", width="220px")
    ui.checkbox(say("displays.shared"), value=display.shared, on_change=lambda event: share(event.value)).props("dense size=sm")
    for kind in KINDS:
        frame.button(f"+ {say(f'displays.{kind}')}", lambda kind=kind: add(kind), "small")
    frame.grow()
    if display.ident and display.mine:
        frame.button(say("delete"), lambda: _delete(display), "flat")
    frame.button(say("cancel"), lambda: _go(display.ident), "flat")
    frame.button(say("save"), lambda: _save(display), "pri")


async def _save(display: Display) -> None:
    body: dict[str, Any] = {
        "title": display.title.strip() or say("displays.new"), "shared": display.shared,
        "document": {"parts": [part.told() for part in display.parts]},
    }  # fmt: skip
    if display.ident and display.mine:
        body["version"] = display.version
        doing = ask("PUT", f"displays/{quote(display.ident, safe='')}", body=body)
    else:
        doing = ask("POST", "displays", body=body)
    told = await frame.tried(doing, say("displays.saved"))
    if told is not None:
        frame.forget(f"display-{display.ident}")
        _go(str(told["id"]))


async def _delete(display: Display) -> None:
    if await frame.sure(say("displays.sure"), say("delete")):
        await frame.tried(ask("DELETE", f"displays/{quote(display.ident, safe='')}"), say("done"))
        _go("")


def _draw(place: ui.element, display: Display, drawn: Callable[[], None] | None) -> None:
    """Fill the place with the parts of a display; `drawn` draws it again after a change, None when it is only looked at."""
    place.clear()
    with place:
        if not display.parts:
            with ui.element("div").style("grid-column:1/-1;grid-row:span 5"):
                frame.empty(say("displays.empty") if drawn is None else say("displays.new"), say("displays.empty.hint"))
        for number, part in enumerate(display.parts):
            style = f"--wide:{part.width};grid-row:span {part.height}"
            title = part.title or say(f"displays.{part.kind}")
            with frame.card(title, flush=part.kind != "text", style=style) as head:
                _content(part)
            if drawn is not None:
                with head:
                    _handles(display, number, drawn)


def _content(part: Part) -> None:
    names = part.says.split()
    if part.kind == "table":
        crafts = [part.spacecraft] if part.spacecraft else []
        LiveGrid(names or ["*"], crafts, label=part.title or say("displays.table"), small=True)
    elif part.kind == "plot":
        LivePlot(names[:8], spacecraft=part.spacecraft, tools=False)
    elif part.kind == "mimic":
        Mimic(part.says)
    else:
        frame.text(part.says, "div").style("white-space:pre-wrap;font-size:13px")


def _handles(display: Display, number: int, drawn: Callable[[], None]) -> None:
    """Add the buttons that move, size, change and remove a part."""
    parts, part = display.parts, display.parts[number]

    def size(wider: int, higher: int) -> None:
        width, height = _step(WIDTHS, part.width, wider), _step(HEIGHTS, part.height, higher)
        parts[number] = replace(part, width=width, height=height)
        drawn()

    def move() -> None:
        parts.insert(number - 1, parts.pop(number))
        drawn()

    def remove() -> None:
        del parts[number]
        drawn()

    async def put(part: Part) -> None:
        parts[number] = part
        drawn()

    frame.grow()
    for label, hint, act in (
        ("◂", say("displays.narrower"), lambda: size(-1, 0)),
        ("▸", say("displays.wider"), lambda: size(1, 0)),
        ("▴", say("displays.lower"), lambda: size(0, -1)),
        ("▾", say("displays.higher"), lambda: size(0, 1)),
        ("↰", say("displays.before"), move if number else None),
        ("✎", say("edit"), lambda: _ask_part(part, put)),
        ("✕", say("delete"), remove),
    ):
        if act is not None:
            made = frame.button(label, act, "small flat", hint=hint)
            made.props["aria-label"] = hint


def _step(allowed: tuple[int, ...], now: int, by: int) -> int:
    return allowed[min(max(allowed.index(now) + by, 0), len(allowed) - 1)]


def _ask_part(part: Part, done: Callable[[Part], Any]) -> None:
    """Ask for the title and content of a part."""
    with frame.dialog(say(f"displays.{part.kind}")) as made:
        title = frame.field(say("displays.part.title"), part.title)
        label = {"text": "displays.says", "mimic": "displays.mimic.hint"}.get(part.kind, "displays.parameters")
        frame.text(say(label), "span", "dim").style("max-width:420px")
        says = frame.field(say(label), part.says, many=True, mono=part.kind != "text")

        async def take() -> None:
            made.close()
            await done(replace(part, title=str(title.value or ""), says=str(says.value or "")))

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), made.close)
            frame.button(say("done"), take, "pri")
    made.open()


PAGE = Page("/displays", "page.displays", "group.analysis", "dashboard_customize", "d", build)
