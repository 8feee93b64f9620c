"""Packets and frames: what was received, field by field over its octets; what could not be used, and why."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from nicegui import PageArguments, ui

from ...errors import AelitaError, TimeError
from ...time import tai_ns_from_utc, utc_from_tai_ns
from ..asking import ask
from ..look import say
from ..widgets import Column, OctetsView, Table
from . import frame
from .asked import craft_choice, ranges, spacecraft, time_field
from .page import Page

VIEWS = (("packets", "packets.packets"), ("frames", "packets.frames"), ("quarantine", "packets.quarantine"))
QUALITIES = (("", "all"), ("good", "packets.good"), ("bad", "packets.bad"))
ARCHIVED_WITHIN, AGAIN_S = 8, 1.0  # how often a packet that just came is looked for in the archive


class Browser:
    """The state of the page: which list, its filters, and what is open."""

    def __init__(self, query: dict[str, str], crafts: Sequence[str]) -> None:
        self.crafts = crafts
        self.query = {
            key: query.get(key, "") for key in ("view", "spacecraft", "apid", "vc", "from", "to", "quality", "q", "at", "live")
        }
        self.view = self.query["view"] or "packets"
        self.list: ui.element
        self.octets: OctetsView
        self.filters: ui.element

    def remember(self) -> None:
        """Put the state into the address."""
        frame.remember(**self.query)

    def change(self, **what: str) -> None:
        """Change filters, and list anew."""
        self.query |= what
        self.remember()
        self.draw()

    def choose(self, view: str) -> None:
        """Change to packets, frames or quarantine."""
        self.query |= {"view": "" if view == "packets" else view, "at": "", "q": "", "live": ""}
        self.view = view
        self.remember()
        self.octets.nothing()
        self.draw_filters()
        self.draw()

    def open(self, path: str) -> None:
        """Show something with its octets."""
        self.query["at"] = path
        self.remember()
        self.octets.open(path)

    def draw(self) -> None:
        """Draw the list anew."""
        self.list.clear()
        with self.list:
            {"frames": self._frames, "quarantine": self._quarantine}.get(self.view, self._packets)()

    def draw_filters(self) -> None:
        """Draw the filters of the view anew."""
        self.filters.clear()
        with self.filters:
            getattr(self, {"frames": "_frame_filters", "quarantine": "_quarantine_filters"}.get(self.view, "_packet_filters"))()

    def _packet_filters(self) -> None:
        apid = frame.field("APID", self.query["apid"], on_change=self._number("apid"), find=True, width="104px", mono=True)
        apid.props["title"] = say("packets.apid.hint")
        begin = time_field(say("act.from"), self.query["from"], lambda at: self.change(**{"from": at}))
        time_field(say("act.to"), self.query["to"], lambda at: self.change(to=at))
        ranges(lambda start: begin.set_value(start))
        self._qualities()
        live = frame.button(say("packets.live"), self._follow, hint=say("packets.live.hint"))
        live.props["aria-pressed"] = "true" if self.query["live"] else "false"
        live.props["data-live"] = "1"

    def _frame_filters(self) -> None:
        frame.field("VC", self.query["vc"], on_change=self._number("vc"), find=True, width="90px", mono=True)
        self._qualities()

    def _quarantine_filters(self) -> None:
        frame.field(say("packets.reason"), self.query["q"], on_change=lambda q: self.change(q=q), find=True, width="240px")

    def _qualities(self) -> None:
        options = [(key, say(word)) for key, word in QUALITIES]
        frame.segmented(options, self.query["quality"], lambda one: self.change(quality=one), label=say("telemetry.quality"))

    def _number(self, key: str) -> Any:
        def changed(text: str) -> None:
            plain = text.strip()
            if not plain or plain.isdecimal():
                self.change(**{key: plain})

        return changed

    def _follow(self) -> None:
        self.query["live"] = "" if self.query["live"] else "1"
        self.remember()
        self.draw_filters()
        self.draw()

    def _asked(self, **more: str) -> dict[str, str]:
        bad = {"good": "false", "bad": "true"}.get(self.query["quality"], "")
        told = {"spacecraft": self.query["spacecraft"] or "*", "bad": bad, "order": "desc"} | more
        return {key: value for key, value in told.items() if value}

    def _craft_column(self, key: str) -> list[Column]:
        """Return the column of whose rows they are, none where one spacecraft is shown."""
        shown = len(self.crafts) > 1 and not self.query["spacecraft"]
        return [Column(key, say("column.spacecraft"), "dim", 80)] if shown else []

    def _packets(self) -> None:
        if self.query["live"]:
            self._live()
            return
        columns = [
            Column("utc", say("column.time"), "time", 198, ert="received"),
            *self._craft_column("spacecraft"),
            Column("apid", "APID", "mono", 60),
            Column("container", say("column.packet"), "tail", "minmax(120px,1.4fr)", least=420),
            Column("sequence_count", say("column.sequence"), "mono", 78, least=600),
            Column("length", say("column.length"), "count", 66),
            Column("virtual_channel", "VC", "mono", 44, least=620),
            Column("flags", say("telemetry.quality"), "text", "minmax(70px,1fr)", least=720),
        ]
        query = self._asked(apid=self.query["apid"], start=self.query["from"], stop=self.query["to"])
        Table(
            columns, "packets", label=say("packets.packets"), query=query, levels="",
            empty=(say("packets.none"), say("packets.none.hint")),
            on_select=lambda row: self.open(f"packets/{row['source']}/{row['row']}"),
        )  # fmt: skip

    def _live(self) -> None:
        columns = [
            Column("t", say("column.time"), "time", 198, ert="rt"),
            *self._craft_column("s"),
            Column("apid", "APID", "mono", 66),
            Column("seq", say("column.sequence"), "mono", 78),
            Column("length", say("column.length"), "count", 74),
            Column("vc", "VC", "mono", 50, least=470),
            Column("rt", say("column.received"), "seconds", 150, least=560),
        ]
        topic: dict[str, Any] = {"topic": "packets", "rate_hz": 4, "names": [self.query["apid"] or "*"]}
        if self.query["spacecraft"]:
            topic["spacecraft"] = self.query["spacecraft"]
        Table(
            columns, label=say("packets.live"), topic=topic, newest_first=True,
            empty=(say("packets.quiet"), say("packets.quiet.hint")), on_select=self._find,
        )  # fmt: skip

    async def _find(self, row: dict[str, Any]) -> None:
        """Open a packet that came live: it is in the archive some seconds later."""
        try:
            start = tai_ns_from_utc(str(row["t"] or "").rstrip("Z"))
        except TimeError:
            self.octets.nothing(say("packets.no.time"), say("packets.no.time.hint"))
            return
        span = {"start": f"{utc_from_tai_ns(start)}Z", "stop": f"{utc_from_tai_ns(start + 1)}Z"}
        query = {"apid": row["apid"], "spacecraft": row["s"], **span}
        self.octets.nothing(say("packets.awaited"), say("packets.awaited.hint"))
        for _ in range(ARCHIVED_WITHIN):
            try:
                found = (await ask("GET", "packets", query=query))["items"]
            except AelitaError as error:
                self.octets.nothing(say("failed"), str(error))
                return
            match = next((one for one in found if one["sequence_count"] == row["seq"]), None)
            if match is not None:
                self.open(f"packets/{match['source']}/{match['row']}")
                return
            await asyncio.sleep(AGAIN_S)
        self.octets.nothing(say("packets.not.archived"), say("packets.not.archived.hint"))

    def _frames(self) -> None:
        columns = [
            Column("received", say("column.received"), "time", 190),
            *self._craft_column("spacecraft"),
            Column("number", say("column.number"), "mono", 72),
            Column("virtual_channel", "VC", "mono", 50),
            Column("channel_count", say("column.counter"), "mono", 80),
            Column("station", say("column.station"), "dim", 96, least=560),
            Column("reason", say("packets.reason"), "text", "minmax(80px,1fr)", least=420),
            Column("flags", say("column.flags"), "text", "minmax(80px,1fr)", least=640),
        ]
        Table(
            columns, "frames", label=say("packets.frames"), query=self._asked(virtual_channel=self.query["vc"]),
            empty=(say("packets.no.frames"), say("packets.none.hint")),
            on_select=lambda row: self.open(f"frames/{row['source']}/{row['number']}"),
        )  # fmt: skip

    def _quarantine(self) -> None:
        columns = [
            Column("reason", say("packets.reason"), "text", "minmax(150px,2fr)"),
            Column("length", say("column.length"), "octets", 84),
            Column("position", say("column.position"), "count", 110),
            Column("source", say("column.source"), "mono", 64, least=420),
            Column("octets", say("column.octets"), "mono", "minmax(100px,1.4fr)", least=520),
        ]
        told = {"spacecraft": self.query["spacecraft"] or "*", "search": self.query["q"]}
        query = {key: value for key, value in told.items() if value}
        Table(
            columns, "quarantine", label=say("packets.quarantine"), query=query,
            empty=(say("packets.no.quarantine"), say("packets.no.quarantine.hint")),
            on_select=lambda row: self.open(f"quarantine/{row['source']}/{row['position']}"),
        )  # fmt: skip


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps the view, the filters and `at`, what is open."""
    crafts = await spacecraft()
    browser = Browser(dict(args.query_parameters), crafts)
    with frame.page("page.packets") as head:
        with head:
            frame.segmented([(key, say(word)) for key, word in VIEWS], browser.view, browser.choose, label=say("page.packets"))
            craft_choice(crafts, browser.query["spacecraft"], lambda one: browser.change(spacecraft=one))
            browser.filters = ui.element("div").style("display:contents")
        with ui.element("div").classes("a-grid a-browse"):
            with frame.card(flush=True):
                browser.list = ui.element("div").style("height:100%")
            with frame.card(flush=True):
                browser.octets = OctetsView(browser.query["at"], on_parameter=_parameter, on_packet=partial(_packet, browser))
        browser.draw_filters()
        browser.draw()


def _parameter(told: dict[str, Any]) -> None:
    ui.navigate.to(f"/database?kind=parameter&name={told['name']}")


def _packet(browser: Browser, told: dict[str, Any]) -> None:
    browser.open(f"packets/{told['source']}/{told['row']}")


PAGE = Page("/packets", "page.packets", "group.analysis", "data_array", "k", build)
