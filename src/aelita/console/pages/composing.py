"""Composing a display: adding parts, moving, sizing and changing them, saving; what is not saved yet is kept in the browser."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import Draft
from . import frame
from .asked import spacecraft
from .display import HEIGHTS, KINDS, SPANS_S, WIDTHS, Display, Part, display_of, draw, part_of

FOUND = 8  # parameters that are offered for what is typed


class Composing:
    """The page on which a display is composed."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self.crafts: list[str] = []
        self.asking: Part | None = None  # the part whose dialog is open, and its place, none for a new one
        self.at: int | None = None
        self.place: ui.element
        self.title: ui.input | ui.textarea
        self.shared: ui.checkbox
        self.unsaved: ui.element
        self.draft: Draft

    async def build(self) -> None:
        """Make the page."""
        self.crafts = await spacecraft()
        with frame.page("page.displays") as head:
            self.place = ui.element("div").classes("d-grid")
            with head:
                self._tools()
        self.draft = Draft(f"display-{self.display.ident or 'new'}", self._found, {"title": self.title})
        self._draw()

    def _tools(self) -> None:
        display = self.display
        self.title = frame.field(say("displays.title"), display.title, on_change=self._name, width="220px")
        self.shared = ui.checkbox(say("displays.shared"), value=display.shared, on_change=lambda event: self._share(event.value))
        self.shared.props("dense size=sm")
        for kind in KINDS:
            frame.button(f"+ {say(f'displays.{kind}')}", lambda kind=kind: self._ask(Part(kind)), "small")
        self.unsaved = frame.text(say("displays.unsaved"), "span", "a-chip warn")
        self.unsaved.set_visibility(False)
        frame.grow()
        if display.ident and display.mine:
            frame.button(say("delete"), self._delete, "flat")
        frame.button(say("cancel"), self._leave, "flat")
        frame.button(say("save"), self._save, "pri")

    def _name(self, title: str) -> None:
        if title != self.display.title:
            self.display.title = title
            self._changed()

    def _share(self, shared: bool) -> None:
        if shared != self.display.shared:
            self.display.shared = shared
            self._changed()

    def _changed(self) -> None:
        """Keep what is composed now, with the part that is being asked for."""
        display = self.display
        asking = None if self.asking is None else asdict(self.asking)
        told = {"title": display.title, "shared": display.shared, "document": display.document(), "version": display.version}
        self.draft.keep(told | {"asking": asking, "at": self.at})
        self.unsaved.set_visibility(True)

    def _found(self, told: Any) -> None:
        """Take up what was composed before the server was started anew, or the page was left."""
        if not isinstance(told, dict):
            return
        kept = display_of(told)
        if "title" in told:
            self.display.title = self.title.value = kept.title
        if "document" in told:
            self.display.shared = self.shared.value = kept.shared
            self.display.parts, self.display.version = kept.parts, kept.version
        self.unsaved.set_visibility(True)
        self._draw()
        if told.get("asking"):
            at = told.get("at")
            number = at if isinstance(at, int) and 0 <= at < len(kept.parts) else None
            self._ask(part_of(told["asking"]), number)

    def _draw(self) -> None:
        draw(self.place, self.display, self._handles)

    def _handles(self, number: int) -> None:
        """Add the buttons that move, size, change and remove a part."""
        parts, part = self.display.parts, self.display.parts[number]

        def put(*now: Part) -> None:
            parts[number : number + 1] = now
            self._changed()
            self._draw()

        def size(wider: int, higher: int) -> None:
            put(replace(part, width=_step(WIDTHS, part.width, wider), height=_step(HEIGHTS, part.height, higher)))

        def move() -> None:
            parts[number - 1], parts[number] = parts[number], parts[number - 1]
            self._changed()
            self._draw()

        frame.grow()
        acts: tuple[tuple[str, str, Callable[[], Any] | None], ...] = (
            ("◂", say("displays.narrower"), lambda: size(-1, 0)),
            ("▸", say("displays.wider"), lambda: size(1, 0)),
            ("▴", say("displays.lower"), lambda: size(0, -1)),
            ("▾", say("displays.higher"), lambda: size(0, 1)),
            ("↰", say("displays.before"), move if number else None),
            ("✎", say("edit"), lambda: self._ask(part, number)),
            ("✕", say("delete"), put),
        )
        for label, hint, act in acts:
            if act is not None:
                made = frame.button(label, act, "small flat", hint=hint)
                made.props["aria-label"] = hint

    def _ask(self, part: Part, number: int | None = None) -> None:
        """Ask for the title and content of a part; without a number it is a new one."""
        self.asking, self.at = part, number

        def typed(**what: Any) -> None:
            if self.asking is not None:
                self.asking = replace(self.asking, **what)
                self._changed()

        with frame.dialog(say(f"displays.{part.kind}")) as made:
            frame.field(say("displays.part.title"), part.title, on_change=lambda text: typed(title=text))
            label = {"text": "displays.says", "mimic": "displays.mimic.hint"}.get(part.kind, "displays.parameters")
            frame.text(say(label), "span", "dim").style("max-width:460px")
            says = frame.field(
                say(label), part.says, on_change=lambda text: typed(says=text), many=True, mono=part.kind != "text"
            ).props("debounce=0")
            if part.kind != "text":
                _finder(says, part.kind == "mimic")
                self._of(part, typed)
            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), made.close)
                frame.button(say("done"), lambda: self._take(made, says, number), "pri")
        made.on("hide", self._closed)
        made.open()

    def _of(self, part: Part, typed: Callable[..., None]) -> None:
        """Add the choice of a spacecraft when there are several, and of the span of a plot."""
        with ui.element("div").classes("a-head"):
            if len(self.crafts) > 1:
                options = {"": say("act.all.spacecraft")} | {one: one for one in self.crafts}
                chosen = part.spacecraft if part.spacecraft in options else ""
                frame.select(say("column.spacecraft"), options, chosen, lambda one: typed(spacecraft=one))
            if part.kind == "plot":
                spans = {str(one): say(f"span.{one}") for one in SPANS_S}
                frame.select(say("plot.span"), spans, str(part.span_s), lambda one: typed(span_s=int(one)))

    def _take(self, made: ui.dialog, says: ui.input | ui.textarea, number: int | None) -> None:
        if self.asking is None:
            return
        part = replace(self.asking, says=str(says.value or ""))
        if number is None:
            self.display.parts.append(part)
        else:
            self.display.parts[number] = part
        self.asking = None
        made.close()
        self._changed()
        self._draw()

    def _closed(self) -> None:
        if self.asking is not None:
            self.asking = None
            self._changed()

    async def _leave(self) -> None:
        await self.draft.forget()
        self._go(self.display.ident)

    @staticmethod
    def _go(ident: str) -> None:
        ui.navigate.to(f"/displays?d={quote(ident, safe='')}" if ident else "/displays")

    async def _save(self) -> None:
        display = self.display
        body = {
            "title": display.title.strip() or say("displays.new"),
            "shared": display.shared,
            "document": display.document(),
        }
        if display.ident and display.mine:
            doing = ask("PUT", f"displays/{quote(display.ident, safe='')}", body=body | {"version": display.version})
        else:
            doing = ask("POST", "displays", body=body)
        told = await frame.tried(doing, say("displays.saved"))
        if told is not None:
            await self.draft.forget()
            self._go(str(told["id"]))

    async def _delete(self) -> None:
        if await frame.sure(say("displays.sure"), say("delete")):
            path = f"displays/{quote(self.display.ident, safe='')}"
            if await frame.tried(_deleted(path), say("done")):
                await self.draft.forget()
                self._go("")


async def _deleted(path: str) -> bool:
    await ask("DELETE", path)
    return True


def _step(allowed: tuple[int, ...], now: int, by: int) -> int:
    return allowed[min(max(allowed.index(now) + by, 0), len(allowed) - 1)]


def _finder(says: ui.input | ui.textarea, titled: bool) -> None:
    """Add a search of parameters whose names are put into a field: a line each, `titled` for a mimic."""
    place = ui.element("div").style("display:flex;flex-wrap:wrap;gap:4px;max-width:560px")

    def put(name: str) -> None:
        line = f"{name.rsplit('/', 1)[-1]} = {name}" if titled else name
        before = str(says.value or "").rstrip("\n")
        says.value = f"{before}\n{line}" if before else line

    async def offer(text: str) -> None:
        try:
            found = (await ask("GET", "parameters", query={"search": text, "limit": FOUND}))["items"] if text.strip() else []
        except AelitaError:
            found = []
        place.clear()
        with place:
            for one in found:
                frame.button(str(one["name"]), lambda name=str(one["name"]): put(name), "small flat mono")

    frame.field(say("displays.find"), on_change=offer, width="260px").move(target_index=-1)
    place.move(target_index=-1)
