"""Alarms: what stands and what is shelved, of the agency and shared with it; whatever is done to one is told with a comment."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import AelitaError, TimeError
from ..asking import ask
from ..look import say
from ..widgets import AlarmTable
from . import frame
from .alarm_history import history
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
        self.table: AlarmTable
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
                (say("alarms.trigger"), row.get("value")),
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
                if self._fits(name, self.row):
                    made = act(say(word), partial(self.do_here, name), permission, self.looks, kind="small", key=key)
                    made.props(f"data-act={name}")
        self._leads()

    def _leads(self) -> None:
        """Lead to what else is known of what the alarm is about."""
        _, found, rest = str(self.row["alarm"]).partition(":/")
        name = quote(f"/{rest}", safe="")
        told = f"{self.row.get('title') or ''} ({self.row['alarm']}), {shown_instant(self.row.get('since'))}\n"
        with ui.element("div").classes("a-head"):
            with ui.link(target=f"/log?category=&text={quote(told, safe='')}").classes("a-btn small"):
                frame.text(say("act.log"))
            if not found:
                return
            for target, word in (
                (f"/plot?p={name}", "telemetry.plot"),
                (f"/database?kind=parameter&name={name}", "page.database"),
                (f"/overrides?new={name}&kind=limits", "overrides.make.limits"),
            ):
                if not target.startswith("/overrides") or self.looks.can("limits.override"):
                    with ui.link(target=target).classes("a-btn small"):
                        frame.text(say(word))

    async def do_here(self, name: str) -> None:
        """Do something to the chosen alarm."""
        await self.do(name, [self.row])

    def _fits(self, name: str, row: dict[str, Any]) -> bool:
        """Whether something can be done to an alarm as it is: other agencies' alarms can only be acknowledged."""
        shelved = row.get("phase") == "shelved"
        own = not self.looks.agency or row["owner"] == self.looks.agency
        latched = str(row.get("phase", "")).startswith("latched")
        return {
            "acknowledge": bool(row.get("calls")), "shelve": own and not shelved, "unshelve": own and shelved, "assign": own,
            "clear": own and latched,
        }[name]  # fmt: skip

    async def asked(self, told: dict[str, Any]) -> None:
        """Do what a key or a button asks for, to those alarms that allow it."""
        known = {name: permission for name, _, permission, _ in ACTS}
        name, rows = str(told["act"]), [dict(row) for row in told["rows"]]
        if name not in known:
            return
        if not self.looks.can(known[name]):
            frame.tell(f"{say('act.forbidden')}: {known[name]}", bad=True)
            return
        fitting = [row for row in rows if self._fits(name, row)]
        if fitting:
            await self.do(name, fitting)
        else:
            frame.tell(say("alarms.unfit"), bad=True)

    async def do(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Ask for what is needed, and do it to each of the alarms."""
        about = str(rows[0].get("title") or rows[0]["alarm"]) if len(rows) == 1 else f"{say('alarms.several')} ({len(rows)})"
        self.table.keep(name)
        with frame.dialog(f"{say('alarms.' + name)}: {about}") as dialog, ui.element("div").classes("x-form"):
            if len(rows) > 1:
                frame.text(" · ".join(str(row.get("title") or row["alarm"]) for row in rows[:8]), "p", "dim").style("margin:0")
            read = {"shelve": self._shelve_fields, "assign": self._assign_fields}.get(name, lambda: dict)()
            comment = frame.field(say("alarms.comment"), many=True, keep=f"alarm-{name}", width="100%")
            comment.props("autofocus rows=3")

            async def send() -> None:
                try:
                    more = {"comment": str(comment.value or ""), **read()}
                except TimeError as error:
                    frame.tell(str(error), bad=True)
                    return
                if await self._send(name, rows, more):
                    frame.forget(f"alarm-{name}")
                    dialog.submit(True)

            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(False))
                frame.button(say(f"alarms.{name}"), send, "pri").props("data-send=1")
        done = await dialog
        dialog.delete()
        self.table.keep("")
        if done:
            self.table.unmark()
            if self.row:
                await self.read_history()

    async def _send(self, name: str, rows: list[dict[str, Any]], more: dict[str, Any]) -> bool:
        """Do something to alarms one after another; tell what was refused, and return whether all is done."""
        refused = []
        for row in rows:
            seen = {"occurrence": row.get("occurrence") or 0} if name == "acknowledge" else {}
            try:
                await ask("POST", f"alarms/{name}", body={"alarm": row["alarm"], "owner": row["owner"], **seen, **more})
            except AelitaError as error:
                refused.append(f"{row.get('title') or row['alarm']}: {error}")
        if refused:
            frame.tell("\n".join([f"{say('alarms.refused')} {len(refused)} / {len(rows)}", *refused[:5]]), bad=True)
        else:
            frame.tell(say("done"))
        return not refused

    def _shelve_fields(self) -> Reading:
        """Add the fields of how long; return how to read them."""
        chosen = {"s": 3600.0}
        until = frame.field(say("alarms.until.typed"), width="100%", mono=True, keep="alarm-until")
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
        person = frame.field(say("alarms.person"), width="100%", keep="alarm-person")
        return lambda: {"role": str(role.value or ""), "person": str(person.value or "").strip()}

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
    """Make the page. Its address keeps `show`, `q` and `alarm`, the chosen one (owner/alarm); `view` is history or nothing."""
    query = dict(args.query_parameters)
    view = "history" if query.get("view") == "history" else ""
    with frame.page("page.alarms") as head:
        with head:
            frame.segmented(
                [("", say("alarms.now")), ("history", say("alarms.history.view"))], view,
                lambda one: ui.navigate.to(f"/alarms?view={one}" if one else "/alarms"), label=say("page.alarms"),
            )  # fmt: skip
        if view:
            await history(query, head)
        else:
            await _now(query, head)


async def _now(query: dict[str, str], head: ui.element) -> None:
    """Make the view of what stands and is shelved."""
    show = query.get("show", "all")
    page = Alarms(await who(), await _roles())
    with ui.element("div").classes("a-grid a-side a-more"):
        with frame.card(flush=True):
            table = page.table = AlarmTable(
                label=say("page.alarms"), show=show, q=query.get("q", ""), at=query.get("alarm", ""),
                doing=query.get("doing", ""), agency=page.looks.agency, may=page.looks.may,
                on_select=page.choose, on_act=page.asked,
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
