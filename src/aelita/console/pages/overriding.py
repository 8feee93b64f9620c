"""The dialog in which limits or a calibration are overridden: what holds now, and what would hold then."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError, TimeError
from ..asking import ask
from ..look import say
from . import frame
from .asked import rows_of, shown_instant, typed_instant

SEVERITIES = (1, 2, 3, 4, 5)
LASTS = ((1800, "30 min"), (3600, "1 h"), (14400, "4 h"), (28800, "8 h"), (86400, "24 h"))
MOST_OFFERED = 8
Typed = ui.input | ui.textarea


class TypedError(ValueError):
    """What was typed cannot be read: the key of the word that says why, and what it was."""

    def told(self) -> str:
        """Return it in the language of who typed."""
        return ": ".join([say(str(self.args[0])), *map(str, self.args[1:])])


def _in_force(one: dict[str, Any]) -> str:
    """Return what holds, until when, and by whom."""
    return frame.Times(f"{one['now']} · {shown_instant(one['until'])} · {one.get('by') or ''}")


def number_of(text: str) -> float | None:
    """Return a typed number, None for nothing. Raises TypedError."""
    plain = text.strip().replace(",", ".").replace("−", "-")
    if not plain:
        return None
    try:
        return float(plain)
    except ValueError as error:
        raise TypedError("overrides.no.number", text.strip()) from error


def numbers_of(text: str) -> list[float]:
    """Return typed numbers apart by blanks or semicolons. Raises TypedError."""
    found = [number_of(part) for part in text.replace(";", " ").split()]
    return [one for one in found if one is not None]


def points_of(text: str) -> list[tuple[float, float]]:
    """Return typed points, a raw and an engineering value a line. Raises TypedError."""
    points = []
    for line in text.splitlines():
        pair = numbers_of(line)
        if pair and len(pair) != 2:
            raise TypedError("overrides.no.point", line.strip())
        if pair:
            points.append((pair[0], pair[1]))
    return points


def judged(bands: Sequence[dict[str, Any]], value: object) -> int | None:
    """Return the severity that bands give a value, None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low = [one["severity"] for one in bands if one["minimum"] is not None and value < one["minimum"]]
    high = [one["severity"] for one in bands if one["maximum"] is not None and value > one["maximum"]]
    return max([*low, *high], default=0)


def worded(bands: Sequence[dict[str, Any]]) -> str:
    """Return bands in words."""
    if not bands:
        return say("overrides.no.limits")
    told = []
    for one in bands:
        ends = [f"{sign} {one[end]:g}" for sign, end in (("<", "minimum"), (">", "maximum")) if one[end] is not None]
        told.append(f"{say('severity.' + str(one['severity']))} {', '.join(ends)}")
    return "; ".join(told)


class Overriding:
    """One dialog. What was typed in it is kept when the centre is started anew, and put back when it is opened again."""

    def __init__(self, kind: str, parameter: str, craft: str, crafts: list[str]) -> None:
        self.kind, self.parameter, self.craft, self.crafts = kind, parameter, craft, crafts
        self.form, self.lasts = "coefficients", 3600.0
        self.known: dict[str, Any] = {}
        self.latest: dict[str, Any] = {}
        self.bands: dict[int, tuple[Typed, Typed]] = {}
        self.numbers: Typed
        self.until: Typed
        self.reason: Typed

    async def made(self) -> bool:
        """Show the dialog; return whether an override was made."""
        with frame.dialog(say(f"overrides.make.{self.kind}")) as self.dialog, ui.element("div").classes("x-form x-wide"):
            self._pick_parameter()
            self.facts = ui.element("div")
            self.values = ui.element("div").classes("x-form")
            self._pick_end()
            self.reason = frame.field(say("overrides.why"), many=True, keep="override-reason")
            self.reason.props("rows=2")
            self.outlook = ui.element("div").props("role=status")
            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: self.dialog.submit(False))
                frame.button(say("overrides.do"), self._send, "pri").props("data-send=1")
        self._ask_values()
        if self.parameter:
            await self._know(self.parameter)
        done = bool(await self.dialog)
        self.dialog.delete()
        return done

    def _pick_parameter(self) -> None:
        if len(self.crafts) > 1:
            options = {one: one for one in self.crafts}
            frame.select(say("column.spacecraft"), options, self.craft, lambda one: setattr(self, "craft", one), "100%")
        named = frame.field(say("overrides.parameter"), self.parameter, on_change=self._search, width="100%", mono=True)
        named.props("autofocus" if not self.parameter else "")
        self.named = named
        self.offered = ui.element("div").classes("x-offers").props("role=listbox")

    async def _search(self, text: str) -> None:
        """Offer the parameters that a text may mean."""
        if text == self.parameter:
            return
        try:
            query = {"search": text, "limit": MOST_OFFERED, "spacecraft": self.craft}
            found = rows_of(await ask("GET", "parameters", query=query)) if text.strip() else []
        except AelitaError:
            found = []
        self.offered.clear()
        with self.offered:
            for one in found:
                with ui.element("button").props("type=button role=option").on("click", lambda one=one: self._choose(one["name"])):
                    frame.text(one["name"], "span", "mono")
                    frame.text(one.get("description") or "", "span", "dim")
            if text.strip() and not found:
                frame.text(say("nothing.matches"), "span", "dim")

    async def _choose(self, name: str) -> None:
        self.parameter = name
        self.named.set_value(name)
        self.offered.clear()
        await self._know(name)

    async def _know(self, name: str) -> None:
        """Read and show what holds of the parameter now; its limits are put into the fields to begin from."""
        query = {"spacecraft": self.craft}
        try:
            self.known = dict(await ask("GET", f"parameters/{quote(name.strip('/'))}", query=query))
            found = rows_of(await ask("GET", "latest", query=query | {"search": name}))
        except AelitaError as error:
            self.known = {}
            self.facts.clear()
            with self.facts:
                frame.text(str(error), "div", "st st4")
            return
        self.latest = next((one for one in found if one["parameter"] == name), {})
        self.facts.clear()
        with self.facts:
            kind = self.known["type"] if isinstance(self.known["type"], dict) else {}
            limits = self.known.get("limits_in_force") or self.known.get("limits") or []
            units = self.known.get("units") or ""
            latest = f"{self.latest['value']} {units}".strip() if self.latest else say("overrides.no.value")
            texts = [one["text"] for one in limits] if self.kind == "limits" else kind.get("calibration") or []
            nothing = say("overrides.no.limits" if self.kind == "limits" else "database.uncalibrated")
            frame.pairs([
                (say("overrides.latest"), latest), (say("overrides.now"), "; ".join(texts) or nothing),
                *((say("overrides.in.force"), _in_force(one))
                  for one in self.known.get("overrides") or [] if one["kind"] == self.kind),
            ])  # fmt: skip
        if self.kind == "limits":
            self._begin_from(limits)
        self._foresee()

    def _begin_from(self, limits: Sequence[dict[str, Any]]) -> None:
        for one in limits:
            fields = self.bands.get(int(one.get("severity") or 0))
            if fields and one.get("kind") == "range" and one.get("outside", True) and not (fields[0].value or fields[1].value):
                for field, end in zip(fields, (one.get("minimum"), one.get("maximum")), strict=True):
                    field.set_value("" if end is None else f"{end:g}")

    def _ask_values(self) -> None:
        self.values.clear()
        with self.values:
            if self.kind == "limits":
                self._ask_limits()
                return
            forms = [("coefficients", say("overrides.polynomial")), ("points", say("overrides.points"))]
            frame.segmented(forms, self.form, self._turn, label=say("overrides.form"))
            self._ask_numbers()

    def _ask_limits(self) -> None:
        with ui.element("div").classes("x-bands"):
            for word in ("column.severity", "overrides.below", "overrides.above"):
                frame.text(say(word), "span", "dim")
            for severity in SEVERITIES:
                word = say(f"severity.{severity}")
                frame.text(word, "span", f"st st{severity}")
                low, high = (
                    frame.field(f"{word}, {say(end)}", on_change=lambda _: self._foresee(), width="100%", mono=True,
                                keep=f"override-{severity}-{end[-5:]}")
                    for end in ("overrides.below", "overrides.above")
                )  # fmt: skip
                self.bands[severity] = low, high
                for field in (low, high):
                    field.props["placeholder"] = "–"
        frame.text(say("overrides.limits.hint"), "span", "dim")

    def _ask_numbers(self) -> None:
        points = self.form == "points"
        self.numbers = frame.field(say(f"overrides.{self.form}.hint"), many=points, on_change=lambda _: self._foresee(),
                                   width="100%", mono=True, keep=f"override-{self.form}")  # fmt: skip
        self.numbers.props("rows=4" if points else "")

    def _turn(self, form: str) -> None:
        self.form = form
        self._ask_values()

    def _pick_end(self) -> None:
        with ui.element("div").classes("a-head"):
            frame.text(say("overrides.lasts"), "span", "mut")
            frame.segmented([(str(s), shown) for s, shown in LASTS], "3600", self._last, label=say("overrides.lasts"))
            self.until = frame.field(say("overrides.until.typed"), width="210px", mono=True, keep="override-until")

    def _last(self, seconds: str) -> None:
        self.lasts = float(seconds)
        self.until.set_value("")

    def asked(self) -> dict[str, Any]:
        """Return what was typed as the interface takes it. Raises TypedError, TimeError."""
        if not self.parameter or self.named.value != self.parameter:
            raise TypedError("overrides.no.parameter")
        if not str(self.reason.value or "").strip():
            raise TypedError("overrides.no.reason")
        until = typed_instant(str(self.until.value or ""))
        ends = {"until": until} if until else {"for_s": self.lasts}
        what = {"limits": self._limits()} if self.kind == "limits" else {self.form: self._calibration()}
        told = {"spacecraft": self.craft, "parameter": self.parameter, "reason": str(self.reason.value)}
        return told | ends | what

    def _limits(self) -> list[dict[str, Any]]:
        found = []
        for severity, fields in self.bands.items():
            low, high = (number_of(str(field.value or "")) for field in fields)
            if low is not None or high is not None:
                found.append({"severity": severity, "minimum": low, "maximum": high})
        return found

    def _calibration(self) -> list[Any]:
        typed = str(self.numbers.value or "")
        found: list[Any] = points_of(typed) if self.form == "points" else numbers_of(typed)
        if not found:
            raise TypedError("overrides.no.calibration")
        return found

    def _foresee(self) -> None:
        """Say what would hold, and what the latest value would be then."""
        self.outlook.clear()
        with self.outlook:
            try:
                if self.kind == "limits":
                    self._foresee_limits(self._limits())
                elif str(self.numbers.value or "").strip():
                    self._foresee_value(self._calibration())
            except TypedError as error:
                frame.text(error.told(), "span", "st st4")

    def _foresee_limits(self, bands: list[dict[str, Any]]) -> None:
        frame.text(f"{say('overrides.then')}: {worded(bands)}", "div", "mut")
        severity = judged(bands, self.latest.get("value"))
        if severity is not None:
            with ui.element("div"):
                frame.text(f"{say('overrides.latest')}: {self.latest['value']} → ", "span", "mut")
                frame.text(say(f"severity.{severity}"), "span", f"st st{severity}")

    def _foresee_value(self, calibration: list[Any]) -> None:
        raw = self.latest.get("raw")
        if self.form == "coefficients" and isinstance(raw, int | float):
            value = sum(factor * raw**power for power, factor in enumerate(calibration))
            frame.text(f"{say('overrides.latest')}: {say('column.raw')} {raw:g} → {value:g}", "div", "mut")

    async def _send(self) -> None:
        try:
            body = self.asked()
        except (TypedError, TimeError) as error:
            frame.tell(error.told() if isinstance(error, TypedError) else str(error), bad=True)
            return
        what = worded(body["limits"]) if self.kind == "limits" else str(body[self.form])
        question = f"{say('overrides.sure')} {self.parameter}: {what}"
        if not await frame.sure(question, say("overrides.do")):
            return
        if await frame.tried(ask("POST", "overrides", body=body), say("overrides.made")) is None:
            return
        for name in self._kept():
            frame.forget(name)
        self.dialog.submit(True)

    def _kept(self) -> list[str]:
        limits = [f"override-{severity}-{end}" for severity in SEVERITIES for end in ("below", "above")]
        return ["override-reason", "override-until", "override-coefficients", "override-points", *limits]
