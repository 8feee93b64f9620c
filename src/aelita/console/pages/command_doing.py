"""What is done to a request that is shown: taken back, held, let go, asked for again."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from . import frame

Told = dict[str, Any]


async def my_places() -> list[str]:
    """Return the roles of who looks, as role@centre; none when the centre does not say."""
    try:
        return [str(one) for one in (await ask("GET", "commands/authority"))["mine"]]
    except AelitaError:
        return []


async def do(told: Told, done: Callable[[], Any] | None = None) -> None:
    """Do what a button of a request asks for, with a comment where one is needed; `done` is told of it."""
    act, name = str(told["act"]), str(told["id"])
    if act == "again":
        await again(told)
        return
    if act == "withdraw":
        reason = await reasoned(f"{say('commands.act.withdraw')}: {name}", say("commands.act.withdraw"))
        if reason is None:
            return
        answer = await frame.tried(
            ask("DELETE", f"commands/requests/{quote(name, safe='')}", query={"reason": reason}), say("done")
        )
    else:
        body = {"action": {"hold": "hold", "go": "release"}[act], "request": name}
        path = f"commands/queues/{quote(str(told['spacecraft']), safe='')}"
        answer = await frame.tried(ask("POST", path, body=body), say("done"))
    if answer is not None and done is not None:
        done()


async def again(told: Told) -> None:
    """Begin a new request with the commands of one that is there."""
    calls = [{"command": one["command"], "arguments": one["arguments"]} for one in told["calls"]]
    kept = {"calls": calls, "at": 0, "options": {}}
    craft = str(told["spacecraft"])
    await ui.run_javascript(
        f"sessionStorage.setItem({_text('keep:draft:commands:' + craft)}, JSON.stringify({_text(kept)})); return true"
    )
    ui.navigate.to(f"/commands?spacecraft={quote(craft)}")


def _text(value: Any) -> str:
    return json.dumps(value)


async def reasoned(title: str, act: str, *, danger: bool = True) -> str | None:
    """Ask for a reason of what is done; None when it is left."""
    with frame.dialog(title) as dialog, ui.element("div").classes("x-form"):
        reason = frame.field(say("commands.reason"), many=True, width="100%")
        reason.props("autofocus rows=3 maxlength=2000")
        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(None))
            frame.button(act, lambda: dialog.submit(str(reason.value or "")), "danger" if danger else "pri").props("data-send=1")
    told = await dialog
    dialog.delete()
    return None if told is None else str(told)
