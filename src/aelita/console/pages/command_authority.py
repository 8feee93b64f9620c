"""Authority: which agency has what now, which role may do what by the mission's rules, and the keys with which people sign."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ...errors import TimeError
from ..asking import ask
from ..look import say
from ..widgets import AssetMap
from . import frame
from .asked import Who, typed_instant, who
from .command_keys import Keys
from .page import Page

Told = dict[str, Any]
VIEWS = (("", "commands.assets"), ("rules", "commands.rules"), ("keys", "commands.keys"))
LOANS = (("3600", "1 h"), ("14400", "4 h"), ("28800", "8 h"), ("86400", "24 h"))


class AuthorityMap:
    """The state of the page: who looks, and which view."""

    def __init__(self, view: str, looks: Who) -> None:
        self.view = view if view in dict(VIEWS) else ""
        self.looks = looks
        self.body: ui.element

    async def choose(self, view: str) -> None:
        """Change to another view."""
        self.view = view
        frame.remember(view=view)
        await self.draw()

    async def draw(self) -> None:
        """Draw the view."""
        self.body.clear()
        with self.body:
            if self.view == "keys":
                await Keys(self.looks).build()
            elif self.view == "rules":
                await frame.shown(lambda: ask("GET", "commands/authority"), _rules)
            else:
                frame.text(say("commands.assets.about"), "p", "dim")
                AssetMap(on_act=hand_over)


async def hand_over(told: Told) -> None:
    """Do a step of a loan; an offer needs an end."""
    act, asset = str(told["act"]), str(told["asset"])
    body: Told = {"action": act}
    if act == "offer":
        offer = await _offer(told)
        if offer is None:
            return
        body |= offer
    else:
        word = say(f"commands.lease.{act}")
        if not await frame.sure(f"{word}: {asset}. {say(f'commands.lease.{act}.hint')}", word):
            return
    await frame.tried(ask("POST", f"commands/leases/{quote(asset, safe='')}", body=body), say("done"))


async def _offer(told: Told) -> Told | None:
    """Ask to whom and until when something is lent."""
    borrowers = [str(one) for one in told["borrowers"]]
    with frame.dialog(f"{say('commands.lease.offer')}: {told['asset']}") as dialog, ui.element("div").classes("x-form"):
        frame.text(say("commands.lease.offer.hint"), "p", "dim").style("margin:0")
        to = frame.select(say("commands.borrower"), {one: one for one in borrowers}, borrowers[0], width="100%")
        loans = [one for one in LOANS if int(one[0]) <= float(told["longest"])] or [(str(int(told["longest"])), "max")]
        chosen = {"s": loans[0][0]}
        frame.segmented(loans, chosen["s"], lambda one: chosen.update(s=one), label=say("commands.lease.for"))
        until = frame.field(say("overrides.until.typed"), mono=True, width="100%")

        def send() -> None:
            try:
                end = typed_instant(str(until.value or ""))
            except TimeError as error:
                frame.tell(str(error), bad=True)
                return
            dialog.submit({"borrower": str(to.value), **({"until": end} if end else {"for_s": float(chosen["s"])})})

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(None))
            frame.button(say("commands.lease.offer"), send, "pri").props("data-send=1")
    answer = await dialog
    dialog.delete()
    return answer if isinstance(answer, dict) else None


def _rules(told: Told) -> None:
    """Show who may do what with which commands; what one may oneself is marked."""
    mine = frozenset(map(str, told["mine"]))
    with frame.card(say("commands.rules")):
        frame.text(say("commands.rules.about"), "p", "dim").style("margin:0 0 8px")
        heads = ("commands.rule", "commands.reach", "commands.act.request", "commands.act.check", "commands.act.approve",
                 "commands.act.release", "commands.besides")  # fmt: skip
        with ui.element("table").classes("x-table m-rules") as table:
            table.props["aria-label"] = say("commands.rules")
            _heads(heads)
            with ui.element("tbody"):
                for one in told["rules"]:
                    with ui.element("tr"):
                        _named(one)
                        _cell([_reach(one["reach"])])
                        for act, count in (("request", 0), ("check", one["checks"]), ("approve", one["approvals"]),
                                           ("release", one["releases"])):  # fmt: skip
                            _people(one[act], count, mine, act)
                        _cell(_besides(one))
    with frame.card(say("commands.criticals")):
        frame.text(say("commands.criticals.about"), "p", "dim").style("margin:0 0 8px")
        with ui.element("table").classes("x-table m-rules") as table:
            table.props["aria-label"] = say("commands.criticals")
            _heads(("commands.rule", "commands.reach", "commands.significance", "commands.act.approve", "commands.agencies"))
            with ui.element("tbody"):
                for one in told["criticals"]:
                    with ui.element("tr"):
                        _named(one)
                        _cell([_reach(one["reach"])])
                        _cell([", ".join(say(f"commands.significance.{each}") for each in one["significance"])])
                        _people(one["approve"], one["approvals"], mine, "approve")
                        _cell([", ".join(one["agencies"])])


def _heads(keys: Sequence[str]) -> None:
    with ui.element("thead"), ui.element("tr"):
        for key in keys:
            frame.text(say(key), "th")


def _named(one: Told) -> None:
    with ui.element("td").classes("n") as made:
        made.props["title"] = f"{one['grade']}: {one['source']}" if one["source"] else one["grade"]
        frame.text(one["key"], "b")
        frame.text(one["grade"], "div", "dim")


def _cell(lines: Sequence[str]) -> None:
    with ui.element("td"):
        for line in lines:
            frame.text(line, "div")


def _people(who_may: Sequence[str], count: int, mine: frozenset[str], act: str) -> None:
    with ui.element("td").classes("w"):
        if count:
            frame.text(f"× {count}", "b")
            frame.text(" ")
        for one in who_may:
            own = one in mine
            made = frame.text(one, "span", "x-tag m-mine" if own else "x-tag")
            if own:
                made.props["title"] = f"{say('commands.mine')}: {say('commands.act.' + act)}"
        if not who_may:
            frame.text("–", "span", "dim")


def _reach(reach: Told) -> str:
    said = [", ".join(reach["spacecraft"]), ", ".join(reach["commands"]), ", ".join(reach["parts"])]
    return " · ".join(one for one in said if one) or say("commands.all.commands")


def _besides(one: Told) -> list[str]:
    said = []
    if one["forbidden"]:
        said.append(say("commands.rule.forbidden"))
    if one["agencies"]:
        said.append(f"{say('commands.rule.agencies')}: {', '.join(one['agencies'])}")
    said.append(say("commands.rule.own" if one["own_request"] else "commands.rule.not.own"))
    if one["separate"]:
        said.append(say("commands.rule.separate"))
    return said


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps the view."""
    page = AuthorityMap(str(args.query_parameters.get("view", "")), await who())
    with frame.page("page.authority") as head:
        with head:
            frame.segmented([(key, say(word)) for key, word in VIEWS], page.view, page.choose, label=say("page.authority"))
        page.body = ui.element("div").classes("m-stack-page")
    await page.draw()


PAGE = Page("/authority", "page.authority", "group.commanding", "key", "h", build)
