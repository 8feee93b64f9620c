"""The dialog in which a delivery is made: what, when, how; what is withheld from the agency is said before."""

import fnmatch
from typing import Any

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say
from . import frame
from .asked import Who, rows_of, spacecraft

SCHEDULES = ("live", "hourly", "daily", "contact")
FORMATS = (("arrow", "Arrow"), ("parquet", "Parquet"))
KINDS = ("packets", "parameters")
KEEP_DAYS, KEEP_MEBIOCTETS = "30", "256"
SHOWN = 3


def about(rule: dict[str, Any]) -> str:
    """Return in words what a rule delivers."""
    apids = ", ".join(map(str, rule["apids"][:5])) + (" …" if len(rule["apids"]) > 5 else "")
    names = ", ".join(rule["names"][:3]) + (" …" if len(rule["names"]) > 3 else "")
    parts = [rule["instrument"], f"APID {apids}" if apids else "", names, say("column.raw") if rule["raw"] else ""]
    return f"{say('deliveries.' + rule['kind'])}: {', '.join(one for one in parts if one) or say('all')}"


class Delivering:
    """One dialog. What was typed in it is kept when the centre is started anew, and put back when it is opened again."""

    def __init__(self, looks: Who) -> None:
        self.looks = looks
        self.chosen = {"kind": "packets", "schedule": "live", "format": "arrow"}
        self.instruments: dict[str, dict[str, Any]] = {}
        self.known: list[str] = []

    async def made(self) -> dict[str, Any] | None:
        """Show the dialog; return the delivery that was made, None when it was called off."""
        crafts = await spacecraft()
        try:
            told = await ask("GET", "agencies")
            self.instruments = {one["key"]: one for one in told["instruments"] if one["spacecraft"] in crafts}
        except AelitaError:
            self.instruments = {}
        with frame.dialog(say("deliveries.make")) as self.dialog, ui.element("div").classes("x-form x-wide"):
            self.title = frame.field(say("deliveries.title.hint"), width="100%", keep="delivery-title")
            self._pick_what(crafts)
            self._pick_how()
            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: self.dialog.submit(None))
                self.send_button = frame.button(say("deliveries.do"), self._send, "pri").props("data-send=1")
        self._turn("packets")
        answer = await self.dialog
        self.dialog.delete()
        return dict(answer) if answer else None

    def _pick_what(self, crafts: list[str]) -> None:
        kinds = [(key, say(f"deliveries.{key}")) for key in KINDS]
        frame.segmented(kinds, "packets", self._turn, label=say("column.kind"))
        crafts_shown = {"": say("deliveries.by.itself")} | {one: one for one in crafts}
        with ui.element("div").classes("x-two"):
            with _labelled("deliveries.instrument"):
                self.instrument = frame.select(
                    say("deliveries.instrument"),
                    {"": say("deliveries.any.instrument")} | self._instruments(),
                    "",
                    self._judge,
                    "100%",
                )
            with _labelled("column.spacecraft"):
                self.craft = frame.select(say("column.spacecraft"), crafts_shown, "", width="100%")
        self.verdict = ui.element("div").props("role=status")
        self.of_packets = ui.element("div").classes("x-form")
        with self.of_packets:
            self.apids = frame.field(say("deliveries.apids"), width="100%", mono=True, keep="delivery-apids")
        self.of_parameters = ui.element("div").classes("x-form")
        with self.of_parameters:
            self.names = frame.field(
                say("deliveries.names"), many=True, mono=True, on_change=self._count, width="100%", keep="delivery-names"
            )
            self.names.props("rows=3")
            self.counted = ui.element("div").props("role=status")
            self.raw = ui.checkbox(say("deliveries.raw")).props("dense size=xs")

    def _instruments(self) -> dict[str, str]:
        held = say("deliveries.withheld")
        return {key: one["name"] if one["may_have"] else f"{one['name']} ({held})" for key, one in self.instruments.items()}

    def _pick_how(self) -> None:
        with _labelled("deliveries.schedule"):
            options = [(key, say(f"deliveries.schedule.{key}")) for key in SCHEDULES]
            frame.segmented(options, "live", lambda one: self.chosen.update(schedule=one), label=say("deliveries.schedule"))
        with ui.element("div").classes("x-two"):
            with _labelled("deliveries.format"):
                frame.segmented(FORMATS, "arrow", lambda one: self.chosen.update(format=one), label=say("deliveries.format"))
            with _labelled("deliveries.keeps"), ui.element("div").classes("a-head"):
                self.days = frame.field(say("deliveries.keep.days"), KEEP_DAYS, width="70px", mono=True)
                frame.text(say("deliveries.days"), "span", "dim")
                self.most = frame.field(say("deliveries.keep.most"), KEEP_MEBIOCTETS, width="80px", mono=True)
                frame.text("MiB", "span", "dim")
        self.history = ui.checkbox(say("deliveries.history")).props("dense size=xs")

    def _turn(self, kind: str) -> None:
        self.chosen["kind"] = kind
        self.of_packets.set_visibility(kind == "packets")
        self.of_parameters.set_visibility(kind == "parameters")
        self._judge(str(self.instrument.value or ""))

    def _judge(self, key: str) -> None:
        """Say before it is tried what the agency may not have, and what has to be given."""
        one = self.instruments.get(key)
        refused = one is not None and not one["may_have"]
        self.send_button.props["aria-disabled"] = "true" if refused else "false"
        self.verdict.clear()
        with self.verdict:
            if one is not None and refused:
                frame.text(f"{say('deliveries.withheld')}: {one['why']}", "span", "st st4")
            elif one is not None and not one["apids"] and self.chosen["kind"] == "packets":
                frame.text(say("deliveries.no.apids"), "span", "st st1")

    async def _count(self, text: str) -> None:
        """Say how many parameters the patterns mean."""
        patterns = text.split()
        if patterns and not self.known:
            try:
                found = rows_of(await ask("GET", "parameters", query={"limit": 10_000}))
            except AelitaError:
                found = []
            self.known = [str(one["name"]) for one in found]
        fit = [name for name in self.known if any(fnmatch.fnmatchcase(name, one) for one in patterns)]
        self.counted.clear()
        with self.counted:
            if patterns:
                shown = ", ".join(fit[:SHOWN]) + (" …" if len(fit) > SHOWN else "")
                frame.text(f"{say('deliveries.fit')}: {len(fit)}", "span", "st st0" if fit else "st st2")
                frame.text(f" {shown}", "span", "dim mono")

    def asked(self) -> dict[str, Any]:
        """Return what was typed as the interface takes it. Raises ValueError with what cannot be read."""
        kind = self.chosen["kind"]
        told: dict[str, Any] = self.chosen | {
            "title": str(self.title.value or "").strip(), "instrument": str(self.instrument.value or ""),
            "spacecraft": str(self.craft.value or ""), "keep_days": _whole(self.days.value),
            "keep_mebioctets": _whole(self.most.value), "history": bool(self.history.value),
        }  # fmt: skip
        if kind == "packets":
            words = str(self.apids.value or "").replace(",", " ").split()
            return told | {"apids": [_whole(one) for one in words]}
        return told | {"names": str(self.names.value or "").split(), "raw": bool(self.raw.value)}

    async def _send(self) -> None:
        one = self.instruments.get(str(self.instrument.value or ""))
        if one is not None and not one["may_have"]:
            return
        try:
            body = self.asked()
        except ValueError as error:
            frame.tell(f"{say('overrides.no.number')}: {error}", bad=True)
            return
        told = await frame.tried(ask("POST", "deliveries", body=body), say("deliveries.begun"))
        if told is not None:
            for name in ("delivery-title", "delivery-apids", "delivery-names"):
                frame.forget(name)
            self.dialog.submit(told)


def _whole(text: object) -> int:
    plain = str(text or "").strip()
    if not plain.isdigit():
        raise ValueError(plain)
    return int(plain)


def _labelled(word: str) -> ui.element:
    with ui.element("div").classes("x-field") as made:
        frame.text(say(word), "span", "dim")
    return made
