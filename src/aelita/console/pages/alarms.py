"""Alarms: what stands and what is shelved, of the agency and shared with it; whatever is done to one is told with a comment."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..widgets import AlarmTable
from . import frame
from .asked import Who, act, rows_of, shown_instant, typed_instant, who
from .page import Page

SHOWN = (("all", "all"), ("calling", "alarms.calling"), ("shelved", "alarms.shelved"))
ACTS = (
    ("acknowledge", "alarms.acknowledge", "alarm.acknowledge", "A"),
    ("shelve", "alarms.shelve", "alarm.shelve", "S"),
    ("unshelve", "alarms.unshelve", "alarm.shelve", "U"),
    ("assign", "alarms.assign", "alarm.assign", "R"),
    ("clear", "alarms.clear", "alarm.acknowledge", "C"),
)
EVENTS = (
    "raise", "worsen", "ease", "clear", "latch", "acknowledge", "reset", "announce", "shelve", "unshelve", "expire", "suppress",
    "release", "remove", "restore", "stale", "fresh", "assign", "tally",
)  # fmt: skip
SHELVED_FOR = ((1800, "30 min"), (3600, "1 h"), (14400, "4 h"), (28800, "8 h"))

Reading = Callable[[], dict[str, Any]]


class Alarms:
    """The state of the page: who looks, and which alarm is chosen."""

    def __init__(self, looks: Who, roles: dict[str, str]) -> None:
        self.looks, self.roles = looks, roles
        self.row: dict[str, Any] = {}
        self.details: ui.element
        self.history: ui.element
        self._shown: tuple[object, ...] = ()

    async def choose(self, row: dict[str, Any]) -> None:
        """Show an alarm; one that only changed its value keeps its history as it is read."""
        told = tuple(row.get(key) for key in ("id", "phase", "severity", "occurrence", "acknowledged_by", "role", "person"))
        self.row = row
        if str(told) == str(self._shown):
            return
        self._shown = told
        self.details.clear()
        with self.details:
            self._facts()
            self._buttons()
            frame.text(say("alarms.history"), "h2", "a-part")
            self.history = ui.element("div")
        await self.read_history()

    def _facts(self) -> None:
        row, counts = self.row, self.row.get("counts") or {}
        frame.text(row.get("title") or row["alarm"], "b")
        with ui.element("div").style("margin-top:8px"):
            facts: list[tuple[str, object]] = [
                (say("column.name"), row["alarm"]),
                (say("column.owner"), row["owner"]),
                (say("column.severity"), say(f"severity.{int(row.get('severity') or 0)}")),
                (say("column.state"), say(f"alarms.phase.{row.get('phase')}")),
                (say("column.value"), row.get("value")),
                (say("column.since"), shown_instant(row.get("since"))),
                (say("column.times"), counts.get("times") or row.get("occurrence")),
                (say("alarms.worst"), counts.get("worst")),
                (say("column.acknowledged"), ", ".join(row.get("acknowledged_by") or [])),
                (say("column.assigned"), " · ".join(one for one in (row.get("role"), row.get("person")) if one)),
                (say("alarms.until"), shown_instant(row["shelved_until"]) if row.get("shelved_until") else ""),
            ]
            frame.pairs([one for one in facts if one[1] not in (None, "")])

    def _buttons(self) -> None:
        with ui.element("div").classes("a-acts"):
            for name, word, permission, key in ACTS:
                if self._fits(name):
                    act(say(word), partial(self.do, name), permission, self.looks, kind="small", key=key).props(
                        f"data-act={name}"
                    )
        parameter = str(self.row["alarm"]).partition(":")[2]
        if parameter.startswith("/"):
            with ui.link(target=f"/plot?p={quote(parameter)}").classes("a-btn small"):
                frame.text(say("telemetry.plot"))

    def _fits(self, name: str) -> bool:
        """Whether something can be done to the alarm as it is: other agencies' alarms can only be acknowledged."""
        row, shelved = self.row, self.row.get("phase") == "shelved"
        own = not self.looks.agency or row["owner"] == self.looks.agency
        latched = str(row.get("phase", "")).startswith("latched")
        return {
            "acknowledge": bool(row.get("calls")), "shelve": own and not shelved, "unshelve": own and shelved, "assign": own,
            "clear": own and latched,
        }[name]  # fmt: skip

    async def asked(self, told: dict[str, Any]) -> None:
        """Do what a key asks for."""
        await self.choose(told["row"])
        known = {name: permission for name, _, permission, _ in ACTS}
        if told["act"] in known and self._fits(told["act"]) and self.looks.can(known[told["act"]]):
            await self.do(told["act"])

    async def do(self, name: str) -> None:
        """Ask for what is needed, and do it."""
        row, title = self.row, self.row.get("title") or self.row["alarm"]
        with frame.dialog(f"{say('alarms.' + name)}: {title}") as dialog:
            read = {"shelve": self._shelve_fields, "assign": self._assign_fields}.get(name, lambda: dict)()
            comment = frame.field(say("alarms.comment"), many=True, keep=f"alarm-{name}")
            comment.props("autofocus rows=3")

            async def send() -> None:
                try:
                    body = {"alarm": row["alarm"], "owner": row["owner"], "comment": str(comment.value or ""), **read()}
                    await ask("POST", f"alarms/{name}", body=body)
                except AelitaError as error:
                    frame.tell(str(error), bad=True)
                    return
                frame.forget(f"alarm-{name}")
                frame.tell(say("done"))
                dialog.submit(True)

            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(False))
                frame.button(say(f"alarms.{name}"), send, "pri").props("data-send=1")
        if await dialog:
            await self.read_history()
        dialog.delete()

    def _shelve_fields(self) -> Reading:
        """Add the fields of how long; return how to read them."""
        chosen = {"s": 3600.0}
        until = frame.field(say("alarms.until.typed"), width="100%", mono=True)
        options = [(str(seconds), shown) for seconds, shown in SHELVED_FOR]

        def pick(seconds: str) -> None:
            chosen["s"] = float(seconds)
            until.value = ""

        def read() -> dict[str, Any]:
            typed = typed_instant(str(until.value or ""))
            return {"until": typed} if typed else {"for_s": chosen["s"]}

        frame.segmented(options, "3600", pick, label=say("alarms.shelved.for"))
        return read

    def _assign_fields(self) -> Reading:
        role = frame.select(say("alarms.role"), self.roles or {"": "–"}, next(iter(self.roles), ""), width="100%")
        return lambda: {"role": str(role.value or "")}

    async def read_history(self) -> None:
        """Show what happened to the chosen alarm, latest first."""
        place = self.history
        try:
            told = await ask("GET", f"alarms/{quote(self.row['owner'], safe='')}/{quote(self.row['alarm'].strip('/'))}/history")
        except AelitaError as error:
            place.clear()
            with place:
                frame.failed(error, self.read_history)
            return
        if place.is_deleted:
            return
        place.clear()
        with place:
            lines = rows_of(told)
            for line in lines:
                _line(line)
            if not lines:
                frame.empty(say("nothing.yet"))


def _line(line: dict[str, Any]) -> None:
    """Show a record of what happened: when, what, who, and what they said of it."""
    event = str(line.get("event") or "")
    with ui.element("div").classes("a-line"):
        frame.text(shown_instant(line.get("at")), "span", "mono")
        with ui.element("span"):
            frame.text(say(f"alarms.event.{event}") if event in EVENTS else line.get("what") or event, "b")
            told = [line.get("value"), line.get("user"), line.get("agency")]
            frame.text(" " + " · ".join(str(one) for one in told if one), "span", "mut")
        said = line.get("comment") or ("" if event in EVENTS else line.get("words"))
        if said:
            frame.text(said, "p")


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `show`, `q` and `alarm`, the chosen one (owner/alarm)."""
    query = args.query_parameters
    show = query.get("show", "all")
    page = Alarms(await who(), await _roles())
    with frame.page("page.alarms") as head:
        with ui.element("div").classes("a-grid a-side a-more"):
            with frame.card(flush=True):
                table = AlarmTable(
                    label=say("page.alarms"), show=show, q=query.get("q", ""), at=query.get("alarm", ""), on_select=page.choose,
                    on_act=page.asked,
                )  # fmt: skip
            with frame.card(say("column.alarm")), ui.element("div").style("min-height:100%") as page.details:
                frame.empty(say("alarms.choose"), say("alarms.choose.hint"))
        with head:
            frame.segmented([(key, say(word)) for key, word in SHOWN], show, table.show, label=say("column.state"))
            frame.field(say("alarms.find"), query.get("q", ""), on_change=table.search, find=True, width="220px")


async def _roles() -> dict[str, str]:
    """Return the roles of the mission by key, to assign alarms to."""
    try:
        told = await ask("GET", "agencies")
    except AelitaError:
        return {}
    return (
        {str(one.get("key")): str(one.get("title") or one.get("key")) for one in rows_of(told.get("roles"))}
        if isinstance(told, dict)
        else {}
    )


PAGE = Page("/alarms", "page.alarms", "group.operations", "notifications_active", "a", build)
