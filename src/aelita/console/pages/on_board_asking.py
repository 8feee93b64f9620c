"""Commands that a page proposes are asked for: shown exactly first, then requested as anybody's, and led to their approvals."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from . import frame
from .command_octets import show_sentences, show_wanted

Told = dict[str, Any]
MOST_SHOWN = 6


async def ask_for(craft: str, calls: Sequence[Told], comment: str, title: str) -> str:
    """Show what commands would do and whose acts they need, and request exactly that; return the request, empty when left."""
    body = {"spacecraft": craft, "calls": [dict(one) for one in calls], "comment": comment}
    told = await frame.tried(ask("POST", "commands/prepare", body=body))
    if told is None:
        return ""

    def shown() -> None:
        show_sentences(told)
        show_wanted(told)
        octets = sum(len(one) for one in told["packets"]) // 2
        facts = [(say("commands.octets"), f"{len(told['packets'])} × · {octets} B"), (say("commands.digest"), told["digest"])]
        frame.pairs([*facts, *([(say("commands.comment"), comment)] if comment else [])])

    async def send() -> list[str]:
        made = await ask("POST", "commands/requests", body=body | {"digest": told["digest"], "id": told["id"]})
        return [str(made["id"])]

    names = await _asked(f"{title}: {craft}", shown, send, danger=False)
    return names[0] if names else ""


async def ask_for_image(craft: str, wished: Told) -> list[str]:
    """Show the commands that load, dump or check an image, and request them; return the requests, none when left."""
    path = f"onboard/{quote(craft, safe='')}/images/{quote(str(wished['name']))}/{quote(str(wished['version']))}"
    body = {"what": wished["what"], "only_changed": wished["only_changed"]}
    told = await frame.tried(ask("POST", path, body=body))
    if told is None:
        return []
    calls = [one for part in told["parts"] for one in part["calls"]]
    if not calls:
        frame.tell(say("onboard.all.same"))
        return []

    def shown() -> None:
        said = say("onboard.image.asks").replace("{n}", str(len(calls))).replace("{requests}", str(len(told["parts"])))
        frame.text(f"{said}, {told['octets']} B", "p").style("margin:0")
        if wished["what"] == "load":
            frame.text(say("onboard.image.grave"), "p", "st st4").style("margin:0")
        with ui.element("ul").classes("m-waits"):
            for one in calls[:MOST_SHOWN]:
                frame.text(_brief(one), "li", "mono")
            if len(calls) > MOST_SHOWN:
                frame.text(f"… {len(calls) - MOST_SHOWN}", "li", "dim")

    async def send() -> list[str]:
        made = await ask("POST", path, body=body | {"request": True})
        return [str(part["request"]) for part in made["parts"]]

    what = "changed" if wished["only_changed"] else str(wished["what"])
    title = f"{say('onboard.image.' + what)}: {wished['name']}@{wished['version']} · {craft}"
    return await _asked(title, shown, send, danger=wished["what"] == "load")


def _brief(one: Told) -> str:
    given = " ".join(f"{name}={_short(str(value))}" for name, value in one["arguments"].items())
    return f"{str(one['command']).rpartition('/')[2]} {given}"


def _short(text: str) -> str:
    return text if len(text) < 40 else f"{text[:32]}… ({len(text)})"


async def _asked(title: str, shown: Any, send: Any, *, danger: bool) -> list[str]:
    """Ask whether to request what is shown; then show where the requests are."""
    made: list[str] = []
    with frame.dialog(title) as dialog, ui.element("div").classes("x-form m-sign") as box:
        shown()
        trouble = ui.label("").classes("m-fault").props("role=alert")

        async def sent() -> None:
            if made:
                return
            trouble.text = ""
            try:
                made.extend(await send())
            except AelitaError as error:
                trouble.text = str(error)
                return
            box.clear()
            with box:
                _made(made, lambda: dialog.submit(True))

        with ui.element("div").classes("a-head m-right"):
            frame.button(say("cancel"), lambda: dialog.submit(None))
            frame.button(say("commands.ask.for"), sent, "danger" if danger else "pri").props("data-send=1")
    await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return made


def _made(names: Sequence[str], close: Any) -> None:
    with ui.element("div").classes("m-asked").props("role=status data-asked"):
        frame.text(f"{say('commands.asked')} {', '.join(names[:MOST_SHOWN])}", "b", "st st0")
        frame.text(say("onboard.asked.hint"), "p", "dim").style("margin:0")
        with ui.element("div").classes("a-head"):
            for page, word, kind in (("approvals", "page.inbox", "pri"), ("queue", "commands.follow", "")):
                with ui.link(target=f"/{page}?at={quote(names[0], safe='')}").classes(f"a-btn small {kind}"):
                    frame.text(say(word))
            frame.button(say("close"), close, "small")
