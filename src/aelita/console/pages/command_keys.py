"""Keys with which people sign what they state of commands: one's own, made, renewed and revoked, or everybody's."""

from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ..asking import ask
from ..look import say, say_reason
from . import frame
from .asked import Who, rows_of, shown_instant
from .command_doing import my_places, reasoned
from .command_secret import ask_secret, log_in_again

Told = dict[str, Any]


class Keys:
    """The view of keys."""

    def __init__(self, looks: Who) -> None:
        self.looks = looks
        self.all = False
        self.place: ui.element

    async def build(self) -> None:
        """Make the view."""
        with frame.card(say("commands.keys")) as head:
            with head:
                frame.grow()
                if self.looks.can("audit") or self.looks.can("admin"):
                    options = [("", say("commands.keys.own")), ("all", say("all"))]
                    frame.segmented(options, "", self.choose, label=say("commands.keys"))
                frame.button(say("commands.keys.make"), self.make, "small pri").props("data-make-key")
            frame.text(say(self._hint("commands.keys.about")), "p", "dim").style("margin:0 0 8px")
            self.place = ui.element("div").style("display:contents")
        await self.draw()

    def _hint(self, key: str) -> str:
        return key if self.looks.password else f"{key}.passphrase"

    async def choose(self, which: str) -> None:
        """Show one's own keys or everybody's."""
        self.all = which == "all"
        await self.draw()

    async def draw(self) -> None:
        """Read the keys and list them."""
        self.place.clear()
        with self.place:
            await frame.shown(lambda: ask("GET", "commands/keys", query={"all": "true"} if self.all else {}), self._list)

    def _list(self, told: Any) -> None:
        rows = rows_of(told)
        if not rows:
            frame.empty(say("commands.keys.none"), say("commands.keys.none.hint"))
            return
        heads = ["commands.key", "column.state", "commands.keys.roles", "commands.keys.kept", "commands.keys.until", ""]
        if self.all:
            heads.insert(1, "commands.keys.person")
        with ui.element("table").classes("x-table") as table:
            table.props["aria-label"] = say("commands.keys")
            with ui.element("thead"), ui.element("tr"):
                for key in heads:
                    frame.text(say(key) if key else "", "th")
            with ui.element("tbody"):
                for one in rows:
                    self._row(one)

    def _row(self, one: Told) -> None:
        with ui.element("tr") as row:
            row.props["data-key"] = one["key"]
            frame.text(one["key"], "td", "mono n").props["title"] = one["public"]
            if self.all:
                frame.text(f"{one['person']} · {one['agency']}", "td", "n")
            with ui.element("td"):
                if one["revoked"]:
                    frame.text(f"{say('commands.keys.revoked')} {shown_instant(one['revoked'])}", "span", "st st4")
                    if one["reason"]:
                        frame.text(one["reason"], "div", "dim")
                else:
                    frame.text(say("commands.keys.usable" if one["usable"] else "commands.keys.unusable"), "span",
                               "st st0" if one["usable"] else "st st2")  # fmt: skip
                    if one["why"]:
                        frame.text(say_reason(one["why"]), "div", "dim")
            frame.text(", ".join(f"{role}@{one['centre']}" for role in one["roles"]) or one["centre"], "td")
            frame.text(say(f"commands.keys.kept.{one['kept']}"), "td")
            frame.text(shown_instant(one["not_after"]), "td", "mono n")
            with ui.element("td").classes("n"):
                mine = one["person"] == self.looks.user and one["agency"] == self.looks.agency
                if mine and not one["revoked"] and one["kept"] in ("centre", "user"):
                    hint = say("commands.keys.renew.hint")
                    frame.button(say("commands.keys.renew"), partial(self.renew, one), "small", hint=hint)
                if not one["revoked"] and one["agency"] == self.looks.agency and (mine or self.looks.can("admin")):
                    made = frame.button(say("commands.keys.revoke"), partial(self.revoke, one), "small danger")
                    made.props("data-revoke")

    async def make(self) -> None:
        """Make a key, sealed by the password."""
        body = await self._password(say("commands.keys.make"), say(self._hint("commands.keys.make.hint")), keys=True)
        if body is not None and await frame.tried(ask("POST", "commands/keys", body=body), say("done")) is not None:
            await self.draw()

    async def renew(self, one: Told) -> None:
        """Give a key the roles of today."""
        body = await self._password(f"{say('commands.keys.renew')} {one['key']}", say("commands.keys.renew.hint"))
        if body is None:
            return
        if await frame.tried(ask("POST", f"commands/keys/{quote(str(one['key']))}/renew", body=body), say("done")) is not None:
            await self.draw()

    async def revoke(self, one: Told) -> None:
        """Revoke a key for good."""
        title = f"{say('commands.keys.revoke')} {one['key']} ({one['person']}): {say('commands.keys.revoke.hint')}"
        reason = await reasoned(title, say("commands.keys.revoke"))
        if reason is None:
            return
        path = f"commands/keys/{quote(str(one['key']))}"
        if await frame.tried(ask("DELETE", path, query={"reason": reason}), say("done")) is not None:
            await self.draw()

    async def _password(self, title: str, hint: str, *, keys: bool = False) -> Told | None:
        """Ask for the secret of a key, or another login, and for a centre where there are several."""
        centres = await self._centres() if keys else []
        with frame.dialog(title) as dialog, ui.element("div").classes("x-form"):
            frame.text(hint, "p", "dim").style("margin:0")
            centre = None
            if len(centres) > 1:
                centre = frame.select(say("commands.centre"), {one: one for one in centres}, centres[0], width="100%")
            needs = self.looks.password or keys
            trouble = ui.label("").classes("m-fault").props("role=alert")

            def send() -> None:
                trouble.text = secret.trouble if secret is not None else ""
                if not trouble.text:
                    told = {"password": secret.taken()} if secret is not None else {}
                    dialog.submit(told | ({"centre": str(centre.value)} if centre is not None else {}))

            secret = ask_secret(self.looks, send, new=keys, back="/authority?view=keys") if needs else None
            if secret is None:
                log_in_again("/authority?view=keys")
            trouble.move(target_index=-1)
            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(None))
                frame.button(say("commands.keys.do"), send, "pri").props("data-send=1")
        told = await dialog
        dialog.delete()
        return told if isinstance(told, dict) else None

    async def _centres(self) -> list[str]:
        return sorted({one.partition("@")[2] for one in await my_places()})
