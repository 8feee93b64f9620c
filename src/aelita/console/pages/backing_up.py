"""The view of backups: what there is, how far one is that is being made, and how one is begun, cancelled and deleted."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import BackupProgress, Column, Table
from . import frame

LISTED_S = 2.0


async def backups(head: ui.element) -> None:
    """Draw the view; its buttons go into the head of the page."""
    chosen: dict[str, Any] = {}

    async def begin() -> None:
        if await frame.tried(ask("POST", "admin/backups"), say("administration.backup.begun")) is not None:
            progress.read()
            table.read()

    async def cancel(told: dict[str, Any]) -> None:
        done = await frame.tried(ask("DELETE", _path(told)))
        if done is not None and done["state"] == "cancelling":
            frame.tell(say("administration.backup.cancelling"))
        progress.read()

    def ended(told: dict[str, Any]) -> None:
        state = told.get("state", "")
        if state in ("done", "cancelled"):
            frame.tell(say(f"administration.backup.was.{state}"))
        elif state:
            frame.tell(f"{say('administration.backup.failed')}: {told.get('why', '')}", bad=True)
        table.read()

    def choose(row: dict[str, Any]) -> None:
        chosen.clear()
        chosen.update(row)
        delete.props["aria-disabled"] = "false" if row["state"] not in ("running", "cancelling") else "true"

    async def remove() -> None:
        if not chosen or chosen["state"] in ("running", "cancelling"):
            frame.tell(say("administration.choose.backup"))
        elif await frame.sure(f"{say('administration.backup.delete.sure')} {chosen['name']}", say("delete")):
            await frame.tried(ask("DELETE", _path(chosen), query={"whole": "true"}), say("done"))
            chosen.clear()
            delete.props["aria-disabled"] = "true"
            table.read()

    with ui.element("div").style("height:100%;display:flex;flex-direction:column;gap:8px"):
        progress = BackupProgress(on_cancel=cancel, on_ended=ended)
        with frame.card(say("administration.backups"), flush=True, style="flex:1"):
            table = Table(
                _columns(), "admin/backups", label=say("administration.backups"), every=LISTED_S, key="name", on_select=choose,
                empty=(say("administration.no.backups"), say("administration.no.backups.hint")),
            )  # fmt: skip
    with head:
        frame.button(say("administration.back.up"), begin, "pri").props("data-backup=1")
        delete = frame.button(
            say("administration.backup.delete"), remove, "danger", hint=say("administration.choose.backup")
        ).props("data-delete-backup=1 aria-disabled=true")
        if folder := await _folder():
            frame.text(folder, "span", "mono dim")


def _columns() -> list[Column]:
    return [
        Column("name", say("column.name"), "mono", "minmax(140px,1.4fr)"),
        Column("begun", say("administration.begun"), "seconds", 160),
        Column("ended", say("administration.ended"), "seconds", 160, least=790),
        Column("state", say("column.state"), "text", 110, words="administration.backup."),
        Column("files", say("administration.files"), "count", 90, least=520),
        Column("octets", say("agencies.size"), "octets", 110),
        Column("why", say("stations.why"), "text", "minmax(90px,1fr)", least=760),
    ]


def _path(told: dict[str, Any]) -> str:
    return f"admin/backups/{quote(str(told['name']), safe='')}"


async def _folder() -> str:
    try:
        return str((await ask("GET", "admin/backups")).get("folder", ""))
    except AelitaError:
        return ""
