"""Log: what the shift writes down, what it hands over, and the reports of passes that write themselves."""

from functools import partial
from typing import Any

from nicegui import PageArguments, ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from ..words import WORDS
from . import frame
from .asked import Who, act, ranges, rows_of, shown_instant, time_field, who
from .page import Page

WRITTEN = ("note", "operation", "anomaly", "command", "station", "instrument")
CATEGORIES = (*WRITTEN, "handover", "pass")
PAGE_SIZE = 60
AGAIN_S = 5.0


class Log:
    """The state of the page: what is searched, and what is listed."""

    def __init__(self, query: dict[str, str], looks: Who) -> None:
        self.query = {key: query.get(key, "") for key in ("q", "category", "from", "to", "entry")}
        self.draft = query.get("text", "")
        self.looks = looks
        self.list: ui.element
        self.more: ui.element
        self.handover: ui.element
        self.after = ""
        self.newest = 0

    async def change(self, **what: str) -> None:
        """Change what is searched, and list anew."""
        self.query |= what
        frame.remember(**self.query)
        await self.read()

    async def ask(self, **more: Any) -> dict[str, Any]:
        """Return a page of entries, latest first."""
        query = {
            "search": self.query["q"], "category": self.query["category"], "start": self.query["from"], "stop": self.query["to"],
            "limit": PAGE_SIZE, **more,
        }  # fmt: skip
        return dict(await ask("GET", "log", query=query))

    async def read(self) -> None:
        """List the newest entries."""
        self.list.clear()
        with self.list:
            await frame.shown(self.ask, self._first_page)

    def _first_page(self, told: dict[str, Any]) -> None:
        entries = rows_of(told)
        self.newest = int(entries[0]["number"]) if entries else 0
        if not entries:
            frame.empty(say("log.none"), say("log.none.hint"))
        self._page(told)

    def _page(self, told: dict[str, Any]) -> None:
        for entry in rows_of(told):
            self._entry(entry)
        self.after = told.get("next") or ""
        if self.after:
            with ui.element("div").style("padding:10px;text-align:center") as self.more:
                frame.button(say("log.older"), self.older, "small")

    async def older(self) -> None:
        """List older entries below."""
        told = await frame.tried(self.ask(after=self.after))
        if told is not None:
            self.more.delete()
            with self.list:
                self._page(told)

    async def look_again(self) -> None:
        """List anew when there is something newer."""
        try:
            told = rows_of(await self.ask(limit=1))
        except AelitaError:
            return
        if not self.list.is_deleted and told and int(told[0]["number"]) != self.newest:
            await self.read()
            await self.read_handover()

    def _entry(self, entry: dict[str, Any]) -> None:
        """Show an entry; whatever it says is shown as text."""
        marked = str(entry["number"]) == self.query["entry"]
        with ui.element("article").classes("l-entry marked" if marked else "l-entry") as article:
            article.props["data-entry"] = str(entry["number"])
            with ui.element("header"):
                frame.text(shown_instant(entry["mission_at"]), "span", "mono").props["title"] = shown_instant(entry["at"])
                _tag(entry["category"])
                frame.text(entry["user"], "b")
                frame.text(" · ".join(part for part in (entry["spacecraft"], f"#{entry['number']}") if part))
                if entry.get("refers"):
                    frame.text(f"{say('log.corrects' if entry['corrects'] else 'log.refers')} #{entry['refers']}")
                if entry.get("corrected_by"):
                    told = ", ".join(f"#{number}" for number in entry["corrected_by"])
                    frame.text(f"{say('log.corrected')} {told}", "span", "st st2")
                frame.grow()
                if entry["category"] in WRITTEN:
                    act(say("log.correct"), partial(self.correct, entry), "log.write", self.looks, kind="small flat")
            frame.text(entry["text"], "p", "struck" if entry.get("corrected_by") else "")

    async def correct(self, entry: dict[str, Any]) -> None:
        """Write what an entry should have said: entries themselves stay."""
        keep = f"log-correct-{entry['number']}"
        text = await _asked(f"{say('log.correct')}: #{entry['number']}", say("log.correct"), entry["text"], keep)
        if text and await self.write(
            {"text": text, "category": entry["category"], "refers": entry["number"], "corrects": True}, keep
        ):
            await self.read()

    async def write(self, body: dict[str, Any], keep: str, path: str = "log") -> bool:
        """Write an entry; what was typed is forgotten only when it is kept."""
        if await frame.tried(ask("POST", path, body=body), say("log.written")) is None:
            return False
        frame.forget(keep)
        return True

    async def hand_over(self) -> None:
        """Write the entry with which a shift hands over."""
        text = await _asked(say("log.hand.over"), say("log.hand.over"), "", "log-handover")
        if text and await self.write({"text": text}, "log-handover", "log/handover"):
            await self.read()
            await self.read_handover()

    async def read_handover(self) -> None:
        """Show what the next shift has to know."""
        self.handover.clear()
        with self.handover:
            await frame.shown(partial(ask, "GET", "log/handover"), self._stands)

    def _stands(self, told: dict[str, Any]) -> None:
        frame.text(frame.Times(f"{say('log.since')} {shown_instant(told['since'])}"), "div", "dim")
        if not told["alive"]:
            frame.text(say("alarms.unknown.hint"), "div", "st st-stale")
        parts: list[tuple[str, list[tuple[str, str, str]]]] = [
            (
                "alarms",
                [(one["title"] or one["alarm"], _phase(one["phase"]), f"st st{one['severity']}") for one in told["alarms"]],
            ),
            (
                "overrides",
                [
                    (one["parameter"], frame.Times(f"{one['now']} → {shown_instant(one['until'])}"), "")
                    for one in told["overrides"]
                ],
            ),
            (
                "links",
                [
                    (f"{one['spacecraft']} – {one['station']}", say(f"lock.{one['lock'] or 'unknown'}"), "")
                    for one in told["links"]
                ],
            ),
            ("services", [(one, "", "st st2") for one in told["services"]]),
            ("bookings", [(f"{one['spacecraft']} – {one['station']}", _until(one), "") for one in told["bookings"]]),
            ("anomalies", [(one["text"], shown_instant(one["mission_at"]), "") for one in told["anomalies"]]),
            ("passes", [(one["text"].partition("\n")[0], shown_instant(one["mission_at"]), "") for one in told["passes"]]),
            ("entries", [(one["text"], shown_instant(one["mission_at"]), "") for one in told["entries"]]),
        ]
        for key, lines in parts:
            frame.text(f"{say(f'log.handover.{key}')}: {len(lines)}", "h2", "a-part")
            for what, more, kind in lines[:20]:
                with ui.element("div").classes("a-row"):
                    frame.text(what, "span", f"g {kind}")
                    frame.text(more, "span", "dim nowrap")


def _in_force(one: dict[str, Any]) -> str:
    return frame.Times(f"{one['now']} → {shown_instant(one['until'])}")


def _until(one: dict[str, Any]) -> str:
    stop = shown_instant(one["stop"]) if one["stop"] else say("stations.until.notice")
    return frame.Times(f"{shown_instant(one['start'])} – {stop}") if one["start"] else stop


def _phase(phase: str) -> str:
    key = f"alarms.phase.{phase}"
    return say(key) if key in WORDS else phase


def _tag(category: str) -> None:
    known = category in CATEGORIES
    frame.text(say(f"log.category.{category}") if known else category, "span", f"x-tag {category if known else ''}")


async def _asked(title: str, send: str, before: str, keep: str) -> str:
    """Return a text that is asked for, nothing when it is called off."""
    with frame.dialog(title) as dialog:
        text = frame.field(say("log.text"), before, keep=keep, many=True)
        text.props("rows=8 autofocus")
        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(""))
            frame.button(send, lambda: dialog.submit(str(text.value or "").strip()), "pri").props("data-send=1")
    found = str(await dialog or "")
    dialog.delete()
    return found


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `q`, `category`, `from`, `to` and `entry`, one to mark; `text` begins a new entry."""
    log = Log(dict(args.query_parameters), await who())
    with frame.page("page.log") as head:
        with ui.element("div").classes("a-grid a-side a-more"):
            with frame.card(say("log.entries")):
                log.list = ui.element("div").style("min-height:100%").props("role=feed")
                log.list.props["aria-label"] = say("log.entries")
            with ui.element("div").classes("a-stack"):
                with frame.card(say("log.write")):
                    _form(log)
                with frame.card(say("log.handover")) as top:
                    log.handover = ui.element("div").style("min-height:100%")
                with top:
                    frame.grow()
                    act(say("log.hand.over"), log.hand_over, "log.write", log.looks, kind="small").props("data-handover=1")
        with head:
            frame.field(say("log.find"), log.query["q"], on_change=lambda q: log.change(q=q), find=True, width="200px")
            options = {"": say("log.all")} | {key: say(f"log.category.{key}") for key in CATEGORIES}
            chosen = log.query["category"] if log.query["category"] in options else ""
            frame.select(say("log.category"), options, chosen, lambda one: log.change(category=one), "160px")
            ranges(lambda start: begin.set_value(start))
            begin = time_field(say("act.from"), log.query["from"], lambda at: log.change(**{"from": at}))
            time_field(say("act.to"), log.query["to"], lambda at: log.change(to=at))
    await log.read()
    await log.read_handover()
    ui.timer(AGAIN_S, log.look_again, immediate=False)


def _form(log: Log) -> None:
    """Add the form of a new entry; what is typed survives a restart of the server."""
    with ui.element("div").classes("x-form"):
        options = {key: say(f"log.category.{key}") for key in WRITTEN}
        category = frame.select(say("log.category"), options, "note", width="100%")
        text = frame.field(say("log.text"), log.draft, keep="log-text", many=True)
        text.props("rows=4")

        async def send() -> None:
            if not str(text.value or "").strip():
                frame.tell(say("log.empty"), bad=True)
            elif await log.write({"category": str(category.value), "text": str(text.value)}, "log-text"):
                text.value = ""
                await log.read()

        with ui.element("div").classes("a-head"):
            frame.grow()
            act(say("log.send"), send, "log.write", log.looks, kind="pri").props("data-send=1")


PAGE = Page("/log", "page.log", "group.complex", "menu_book", "l", build)
