"""What pages are built of: heads, cards, fields, buttons, and the designed states of waiting, nothing and failure."""

import html
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

from nicegui import context, ui

from ...errors import AelitaError
from ..asking import RefusedError
from ..look import say

T = TypeVar("T")
_DRAWN = {"empty": "M6 12h22v16H6zM6 12l4-6h14l4 6M13 17h8", "bad": "M17 5l14 24H3zM17 14v7M17 24v1"}


class Times(str):
    """A text that holds instants as the user chose to read them: when that changes, the browser rewrites them."""

    __slots__ = ()


def text(content: object, tag: str = "span", classes: str = "") -> ui.element:
    """Add a text in an element; whatever it holds is shown as text."""
    made = ui.html(html.escape(str(content)), sanitize=False, tag=tag).classes(classes)
    if isinstance(content, Times):
        made.props["data-times"] = "1"
    return made


@contextmanager
def page(title: str) -> Iterator[ui.element]:
    """Add the body of a page with its title (a key of words); yield the line beside the title."""
    with ui.element("div").classes("a-page"):
        with ui.element("div").classes("a-head") as head:
            text(say(title), "h1")
        yield head


@contextmanager
def card(title: str = "", *, flush: bool = False, fit: bool = False, style: str = "") -> Iterator[ui.element]:
    """Add a card with a title as shown (none: no head); yield its head, or itself; what follows goes into its body.

    `flush`: a widget fills it to its edges. `fit`: it is as high as its table has rows, up to some.
    """
    with ui.element("section").classes("a-card fit" if fit else "a-card").style(style) as section:
        head = section
        if title:
            section.props["aria-label"] = title
            with ui.element("header") as head:
                text(title, "h2")
        with ui.element("div").classes("body flush" if flush else "body"):
            yield head


def grow() -> None:
    """Push what follows in a head to its right end."""
    ui.element("span").classes("grow")


def button(label: str, on_click: Callable[..., Any], kind: str = "", *, hint: str = "") -> ui.element:
    """Add a button. `kind` holds classes: pri, danger, small, flat."""
    with ui.element("button").classes(f"a-btn {kind}").props("type=button").on("click", lambda: on_click()) as made:
        text(label)
    if hint:
        made.props["title"] = hint
    return made


def segmented(
    options: Sequence[tuple[str, str]], value: str, on_change: Callable[[str], Any], *, label: str = ""
) -> dict[str, ui.element]:
    """Add a choice of one of several (value, text) as a row of buttons; return the buttons by value."""
    buttons: dict[str, ui.element] = {}

    def pick(key: str) -> Any:
        for one, made in buttons.items():
            made.props["aria-pressed"] = "true" if one == key else "false"
        return on_change(key)

    with ui.element("div").classes("a-seg").props("role=group") as group:
        group.props["aria-label"] = label
        for key, shown in options:
            pressed = "true" if key == value else "false"
            with ui.element("button").props(f"type=button aria-pressed={pressed}").on("click", lambda key=key: pick(key)) as made:
                made.props["data-value"] = key
                text(shown)
            buttons[key] = made
    return buttons


def field(
    label: str, value: str = "", *, on_change: Callable[[str], Any] | None = None, keep: str = "", find: bool = False,
    password: bool = False, width: str = "", mono: bool = False, many: bool = False,
) -> ui.input | ui.textarea:  # fmt: skip
    """Add a text field. `keep` names it so that what is typed survives a reload; `find` makes it the field of '/'."""
    made: ui.input | ui.textarea
    made = ui.textarea(placeholder=label, value=value) if many else ui.input(placeholder=label, value=value, password=password)
    made.props("dense borderless").classes("a-in mono" if mono else "a-in").style(f"width:{width}" if width else "")
    made.props["aria-label"] = label
    if keep:
        made.props["data-keep"] = keep
    if find:
        made.props["data-find"] = "1"
        with made.add_slot("prepend"):
            ui.icon("search")
    if on_change is not None:  # what is only read when a button is pressed must be there by then
        made.props("debounce=150").on_value_change(lambda event: on_change(str(event.value or "")))
    return made


def select(
    label: str,
    options: dict[str, str],
    value: str | None = None,
    on_change: Callable[[str], Any] | None = None,
    width: str = "180px",
) -> ui.select:
    """Add a choice from a list: value to text."""
    made = ui.select(options, value=value).props("dense borderless options-dense").classes("a-in").style(f"width:{width}")
    made.props["aria-label"] = label
    if on_change is not None:
        made.on_value_change(lambda event: on_change(str(event.value or "")))
    return made


def forget(keep: str) -> None:
    """Forget what was typed into a field kept by that name, for it has been sent."""
    ui.run_javascript(f"window.aelitaForget?.({keep!r})")


def pairs(items: Sequence[tuple[str, object]]) -> None:
    """Add a list of names and values."""
    with ui.element("dl").classes("a-pairs"):
        for name, value in items:
            text(name, "dt")
            text("–" if value in (None, "") else value, "dd")


def empty(title: str, hint: str = "") -> None:
    """Add the state of a place that has nothing to show: why, and what would bring it."""
    _state("empty", title, hint)


def failed(error: Exception, retry: Callable[[], Any] | None = None) -> None:
    """Add the state of a place that could not be filled: what the centre said, the remedy, and a way to try again."""
    forbidden = isinstance(error, RefusedError) and error.status == 403
    told = error.what if isinstance(error, AelitaError) else ""
    remedy = error.remedy if isinstance(error, AelitaError) else ""
    with _state("bad", say("forbidden" if forbidden else "failed"), f"{told}. {remedy}" if remedy else told):
        if retry is not None:
            button(say("retry"), retry, "small")


def _state(kind: str, title: str, hint: str) -> ui.element:
    role = "alert" if kind == "bad" else "status"
    with ui.element("div").classes("a-state bad" if kind == "bad" else "a-state").props(f"role={role}") as box:
        with ui.element("svg").props('viewBox="0 0 34 34" aria-hidden=true'):
            ui.element("path").props(f'd="{_DRAWN[kind]}"')
        text(title, "b")
        if hint:
            text(hint)
    return box


def waiting() -> ui.element:
    """Add the state of a place whose content is being read."""
    with ui.element("div").classes("a-wait").props("role=status") as box:
        box.props["aria-label"] = say("loading")
        for width in (92, 76, 84, 60):
            ui.element("span").style(f"width:{width}%")
    return box


async def shown(reading: Callable[[], Awaitable[T]], build: Callable[[T], Any]) -> None:
    """Show the waiting state, then what `build` makes of what was read, or the error with a way to try again."""
    place = ui.element("div").style("display:contents")

    async def fill() -> None:
        place.clear()
        with place:
            waiting()
        try:
            found = await reading()
        except AelitaError as error:
            place.clear()
            with place:
                failed(error, fill)
            return
        place.clear()
        with place:
            made = build(found)
            if isinstance(made, Awaitable):
                await made

    await fill()


async def tried(doing: Awaitable[T], done: str = "") -> T | None:
    """Do something, and tell how it went: `done` as shown, or what the centre refused. Return the answer, None if refused."""
    try:
        answer = await doing
    except AelitaError as error:
        tell(str(error), bad=True)
        return None
    if done:
        tell(done)
    return answer


def tell(message: str, *, bad: bool = False) -> None:
    """Tell something in passing."""
    close: bool | str = say("close") if bad else False
    classes = "a-note bad" if bad else "a-note"
    ui.notify(message, position="bottom-right", close_button=close, timeout=0 if bad else 4000, classes=classes)


@contextmanager
def dialog(title: str) -> Iterator[ui.dialog]:
    """Make a dialog; what follows goes into it. Show it by `open()`, or `await` it for what `submit(...)` was given."""
    with ui.dialog() as made, ui.card().classes("a-dialog").style("min-width:380px;max-width:min(720px,92vw)") as box:
        box.props["role"] = "dialog"
        box.props["aria-label"] = title
        text(title, "h2")
        yield made


async def sure(question: str, act: str) -> bool:
    """Ask whether to do what cannot be taken back; `act` is the text of the button."""
    with dialog(question) as made, ui.element("div").classes("a-head").style("justify-content:flex-end"):
        button(say("cancel"), lambda: made.submit(False))
        button(act, lambda: made.submit(True), "danger")
    answer = bool(await made)
    made.delete()
    return answer


def remember(**query: str) -> None:
    """Put the state of the page into its address; empty values are left out."""
    told = urlencode({key: value for key, value in query.items() if value})
    path = context.client.sub_pages_router.current_path.split("?")[0]
    ui.navigate.history.replace(f"{path}?{told}" if told else path)
