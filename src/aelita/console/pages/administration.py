"""Administration: users and what they may, tokens, services, the audit trail, backups."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from nicegui import PageArguments, ui

from ..asking import ask
from ..look import say
from ..widgets import Column, StatusTable, Table
from ..words import WORDS
from . import frame
from .asked import Who, rows_of, shown_instant, time_field, who
from .backing_up import backups
from .page import Page

VIEWS = (  # view, word, permission
    ("users", "administration.users", "admin"),
    ("sessions", "administration.sessions", "admin"),
    ("tokens", "administration.tokens", "view"),
    ("services", "administration.services", "complex.operate"),
    ("audit", "administration.audit", "audit"),
    ("backups", "administration.backups", "complex.operate"),
)
FEW = 3  # roles that a line of the users shows
FULL = 0.9  # from this part on a disk or memory is marked as short
DAYS = ((1, "1"), (7, "7"), (30, "30"), (90, "90"), (365, "365"))


class Administration:
    """The state of the page: who looks, and which view."""

    def __init__(self, query: dict[str, str], looks: Who) -> None:
        self.looks, self.query = looks, {key: query.get(key, "") for key in ("view", "q", "user", "action", "from", "to")}
        allowed = [view for view, _, permission in VIEWS if looks.can(permission)]
        self.view = self.query["view"] if self.query["view"] in [one[0] for one in VIEWS] else (allowed or ["tokens"])[0]
        self.body: ui.element
        self.head: ui.element

    async def choose(self, view: str) -> None:
        """Change to another view."""
        self.view = view
        self.query = dict.fromkeys(self.query, "") | {"view": view}
        frame.remember(**self.query)
        await self.draw()

    async def draw(self) -> None:
        """Draw the view, or say that it may not be seen."""
        self.body.clear()
        self.head.clear()
        permission = next(permission for view, _, permission in VIEWS if view == self.view)
        with self.body:
            if not self.looks.can(permission):
                with frame.card(style="height:100%"):
                    frame.empty(say("forbidden"), f"{say('act.forbidden')}: {permission}")
                return
            views: dict[str, Callable[[], Any]] = {
                "users": self._users, "sessions": self._sessions, "tokens": self._tokens, "services": self._services,
                "audit": self._audit, "backups": partial(backups, self.head),
            }  # fmt: skip
            made = views[self.view]()
            if made is not None:
                await made

    async def _users(self) -> None:
        with self.head:
            frame.button(say("administration.add.user"), lambda: self._edit_user({}), "pri").props("data-add-user=1")
        with frame.card(say("administration.users"), style="height:100%"):
            await frame.shown(partial(ask, "GET", "admin/users"), self._list_users)

    def _list_users(self, told: dict[str, Any]) -> None:
        self.roles = {str(one["role"]): str(one.get("title") or one["role"]) for one in told.get("roles") or []}
        self.meaning = {str(one["role"]): "; ".join(_may(one.get("may") or [])) for one in told.get("roles") or []}
        words = (
            "column.user",
            "column.title",
            "administration.roles",
            "administration.login",
            "administration.last",
            "column.state",
            "",
        )
        with ui.element("table").classes("x-table") as table:
            table.props["aria-label"] = say("administration.users")
            with ui.element("thead"), ui.element("tr"):
                for word in words:
                    frame.text(say(word) if word else "", "th")
            with ui.element("tbody"):
                for one in rows_of(told):
                    self._user_line(one)
        frame.text(say("administration.meaning"), "h2", "a-part")
        frame.pairs([(title, self.meaning[role]) for role, title in self.roles.items()])

    def _user_line(self, one: dict[str, Any]) -> None:
        with ui.element("tr") as line:
            line.props["data-user"] = one["user"]
            frame.text(one["user"], "td", "mono n")
            frame.text(one.get("title") or "–", "td", "w")
            with ui.element("td"):
                for role in one["roles"][:FEW]:
                    frame.text(self.roles.get(role, role), "span", "x-tag").props["title"] = self.meaning.get(role, "")
                if more := one["roles"][FEW:]:
                    rest = frame.text(f"+{len(more)}", "span", "x-tag")
                    rest.props["title"] = "\n".join(self.roles.get(role, role) for role in more)
            frame.text(say(f"administration.login.{one['login']}"), "td", "mut n")
            frame.text(shown_instant(one.get("last_login")), "td", "mono mut n")
            with ui.element("td").classes("n"):
                frame.text(
                    say("administration.active" if one["active"] else "administration.inactive"),
                    "span",
                    "st st0" if one["active"] else "st st-none",
                )
            with ui.element("td"), ui.element("div").classes("a-head").style("flex-wrap:nowrap;min-height:0"):
                frame.button(say("edit"), partial(self._edit_user, one), "small")
                frame.button(say("administration.link"), partial(self._link, one), "small", hint=say("administration.link.hint"))
                frame.button(say("delete"), partial(self._remove_user, one), "small")

    async def _edit_user(self, one: dict[str, Any]) -> None:
        """Make a user, or change one."""
        with frame.dialog(one.get("user") or say("administration.add.user")) as dialog, ui.element("div").classes("x-form"):
            name = frame.field(say("column.user"), width="100%", mono=True) if not one else None
            title = frame.field(say("administration.full.name"), one.get("title", ""), width="100%")
            frame.text(say("administration.roles"), "div", "a-part")
            with ui.element("div").style("max-height:260px;overflow:auto"):
                boxes = {
                    role: _box(shown, self.meaning.get(role, ""), role in one.get("roles", ()))
                    for role, shown in self.roles.items()
                }
            active = (
                ui.checkbox(say("administration.active"), value=one.get("active", True)).props("dense size=xs") if one else None
            )

            async def send() -> None:
                roles = [role for role, box in boxes.items() if box.value]
                body: dict[str, Any] = {"title": str(title.value or ""), "roles": roles}
                if name is not None:
                    asked = ask("POST", "admin/users", body=body | {"user": str(name.value or "").strip()})
                else:
                    asked = ask(
                        "PATCH",
                        f"admin/users/{quote(one['user'], safe='')}",
                        body=body | {"active": bool(active.value) if active else True},
                    )
                told = await frame.tried(asked, say("done"))
                if told is not None:
                    dialog.submit(told)

            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(None))
                frame.button(say("save"), send, "pri").props("data-send=1")
        told = await dialog
        dialog.delete()
        if told:
            await self.draw()
            if told.get("link"):
                await _secret(say("administration.link"), say("administration.link.once"), str(told["link"]))

    async def _link(self, one: dict[str, Any]) -> None:
        told = await frame.tried(ask("PATCH", f"admin/users/{quote(one['user'], safe='')}", body={"link": True}))
        if told and told.get("link"):
            await _secret(say("administration.link"), say("administration.link.once"), str(told["link"]))

    async def _remove_user(self, one: dict[str, Any]) -> None:
        if await frame.sure(f"{say('administration.remove.sure')} {one['user']}?", say("delete")):
            await frame.tried(ask("DELETE", f"admin/users/{quote(one['user'], safe='')}"), say("done"))
            await self.draw()

    def _sessions(self) -> None:
        columns = [
            Column("user", say("column.user"), "mono", "minmax(100px,1fr)"),
            Column("address", say("administration.address"), "mono", 150),
            Column("begun", say("administration.since"), "seconds", 164, least=520),
            Column("last_used", say("administration.used"), "seconds", 164),
            Column("expires", say("administration.expires"), "seconds", 164, least=700),
            Column("own", say("administration.own"), "yes", 110, least=620),
        ]
        chosen: dict[str, Any] = {}

        def choose(row: dict[str, Any]) -> None:
            chosen.update(row)
            button.props["aria-disabled"] = "false"

        async def end() -> None:
            if not chosen:
                frame.tell(say("administration.choose.session"))
            elif await frame.sure(
                f"{say('administration.end.sure')} {chosen['user']}, {chosen['address']}", say("administration.end")
            ):
                await frame.tried(ask("DELETE", f"admin/sessions/{chosen['id']}"), say("done"))
                table.read()

        with self.head:
            button = frame.button(say("administration.end"), end, "danger", hint=say("administration.choose.session"))
            button.props["aria-disabled"] = "true"
            button.props["data-end-session"] = "1"
        with frame.card(say("administration.sessions"), flush=True, style="height:100%"):
            table = Table(
                columns, "admin/sessions", label=say("administration.sessions"), key="id", every=10.0, on_select=choose,
                empty=(say("nothing.yet"), ""),
            )  # fmt: skip

    async def _tokens(self) -> None:
        every = self.looks.may is not None and "admin" in self.looks.may
        with self.head:
            frame.button(say("administration.add.token"), self._add_token, "pri").props("data-add-token=1")
        with frame.card(say("administration.tokens"), style="height:100%"):
            await frame.shown(partial(ask, "GET", "auth/tokens", query={"user": "*" if every else ""}), self._list_tokens)

    def _list_tokens(self, told: Any) -> None:
        rows = rows_of(told)
        if not rows:
            frame.empty(say("administration.no.tokens"), say("administration.no.tokens.hint"))
            return
        words = (
            "column.name",
            "column.user",
            "administration.scopes",
            "administration.created",
            "administration.expires",
            "administration.used",
            "",
        )
        with ui.element("table").classes("x-table") as table:
            table.props["aria-label"] = say("administration.tokens")
            with ui.element("thead"), ui.element("tr"):
                for word in words:
                    frame.text(say(word) if word else "", "th")
            with ui.element("tbody"):
                for one in rows:
                    with ui.element("tr"):
                        frame.text(one["name"], "td")
                        frame.text(one["user"], "td", "mono")
                        frame.text(", ".join(one["scopes"]), "td", "mono mut")
                        frame.text(shown_instant(one["created"]), "td", "mono mut")
                        with ui.element("td"):
                            frame.text(shown_instant(one["expires"]), "span", "st st2" if one["expired"] else "mono mut")
                        frame.text(shown_instant(one["last_used"]) if one["last_used"] else say("never"), "td", "mono mut")
                        with ui.element("td"):
                            frame.button(say("administration.revoke"), partial(self._revoke, one), "small")

    async def _add_token(self) -> None:
        chosen = {"days": "30"}
        with frame.dialog(say("administration.add.token")) as dialog, ui.element("div").classes("x-form"):
            name = frame.field(say("administration.token.for"), width="100%")
            frame.segmented(
                [(str(days), f"{shown} d") for days, shown in DAYS],
                "30",
                lambda one: chosen.update(days=one),
                label=say("administration.expires"),
            )
            frame.text(say("administration.scopes"), "div", "a-part")
            with ui.element("div").style("max-height:240px;overflow:auto"):
                boxes = {word: _box(word, say(f"may.{word}"), word == "view") for word in sorted(self.looks.may or {"view"})}

            async def send() -> None:
                body = {
                    "name": str(name.value or "").strip(), "scopes": [word for word, box in boxes.items() if box.value],
                    "days": float(chosen["days"]),
                }  # fmt: skip
                told = await frame.tried(ask("POST", "auth/tokens", body=body))
                if told is not None:
                    dialog.submit(told)

            with ui.element("div").classes("a-head").style("justify-content:flex-end"):
                frame.button(say("cancel"), lambda: dialog.submit(None))
                frame.button(say("administration.make.token"), send, "pri").props("data-send=1")
        told = await dialog
        dialog.delete()
        if told:
            await self.draw()
            await _secret(told["name"], say("administration.token.once"), str(told["token"]))

    async def _revoke(self, one: dict[str, Any]) -> None:
        if await frame.sure(f"{say('administration.revoke.sure')} {one['name']}?", say("administration.revoke")):
            await frame.tried(ask("DELETE", f"auth/tokens/{quote(str(one['id']), safe='')}"), say("done"))
            await self.draw()

    async def _services(self) -> None:
        columns = [
            Column("service", say("administration.service"), "mono", "minmax(110px,1fr)"),
            Column("agency", say("column.agency"), "dim", 120, least=460),
            Column("status", say("column.state"), "text", 130),
            Column("up_s", say("administration.up"), "span", 120),
            Column("starts", say("administration.starts"), "count", 96),
            Column("pid", say("administration.pid"), "mono", 90, least=800),
            Column("faults", say("administration.faults"), "text", "minmax(120px,3fr)"),
        ]
        with ui.element("div").style("height:100%;display:flex;flex-direction:column;gap:8px"):
            with frame.card(say("administration.services"), flush=True, style="flex:1"):
                StatusTable("services", columns, label=say("administration.services"), empty=(say("nothing.yet"), ""))
            with frame.card(say("administration.machine"), style="flex:none"):
                await frame.shown(partial(ask, "GET", "admin/machine"), _machine)

    def _audit(self) -> None:
        columns = [
            Column("utc", say("column.time"), "time", 190),
            Column("user", say("column.user"), "mono", 120),
            Column("action", say("administration.action"), "mono", "minmax(110px,1fr)"),
            Column("details", say("administration.details"), "text", "minmax(140px,2.4fr)"),
            Column("how", say("administration.how"), "dim", 84, least=760, words="administration.how."),
            Column("address", say("administration.address"), "dim", 120, least=860),
        ]
        named = (("q", "search"), ("user", "user"), ("action", "action"), ("from", "start"), ("to", "stop"))

        def asked() -> dict[str, str]:
            return {name: self.query[key] for key, name in named if self.query[key]}

        def change(**what: str) -> None:
            self.query |= what
            frame.remember(**self.query)
            table.ask(**asked())

        with frame.card(say("administration.audit"), flush=True, style="height:100%") as top:
            with top:
                frame.grow()
                frame.field(say("search"), self.query["q"], on_change=lambda q: change(q=q), find=True, width="170px")
                frame.field(say("column.user"), self.query["user"], on_change=lambda user: change(user=user), width="110px")
                frame.field(
                    say("administration.action"),
                    self.query["action"],
                    on_change=lambda action: change(action=action),
                    width="130px",
                )
                time_field(say("act.from"), self.query["from"], lambda at: change(**{"from": at}), width="142px")
                time_field(say("act.to"), self.query["to"], lambda at: change(to=at), width="142px")
            table = Table(
                columns,
                "admin/audit",
                label=say("administration.audit"),
                query=asked(),
                every=10.0,
                empty=(say("nothing.yet"), ""),
            )


def _may(permissions: Sequence[str]) -> list[str]:
    """Return permissions in words."""
    return [say(key) if (key := f"may.{one}") in WORDS else one for one in permissions]


def _box(title: str, meaning: str, value: bool) -> ui.checkbox:
    """Add a box to tick, with what ticking it means."""
    with ui.element("div").classes("x-box"):
        box = ui.checkbox(title, value=value).props("dense size=xs")
        frame.text(meaning, "div", "dim")
    return box


def _machine(told: dict[str, Any]) -> None:
    """Show how the machine is: what is short is marked."""
    with ui.element("div").classes("x-meters"):
        for word, whole, free in (
            ("administration.disk", told["disk"], told["disk_free"]),
            ("administration.memory", told["memory"], told["memory_free"]),
        ):
            if whole:
                used = 1 - (free or 0) / whole
                with ui.element("div"):
                    frame.text(say(word), "span", "dim")
                    frame.text(f"{_size(free or 0)} {say('administration.free')} / {_size(whole)}", "b")
                    meter = ui.element("div").classes("x-meter short" if used > FULL else "x-meter")
                    with meter:
                        ui.element("i").style(f"width:{100 * used:.0f}%")
        frame.pairs([
            (say("administration.load"), None if told["load"] is None else f"{told['load']:.2f} / {told['processors']}"),
            (say("administration.version"), f"Aelita {told['version']}, Python {told['python']}, {told['system']}"),
            (say("administration.folder"), told["folder"]),
        ])  # fmt: skip


def _size(octets: int) -> str:
    return f"{octets / 2**30:.1f} GiB" if octets >= 2**30 else f"{octets / 2**20:.0f} MiB"


async def _secret(title: str, hint: str, secret: str) -> None:
    """Show what is shown once."""
    with frame.dialog(title) as dialog, ui.element("div").classes("x-form"):
        frame.text(hint, "p", "mut").style("margin:0")
        frame.text(secret, "div", "x-secret").props("data-secret=1 tabindex=0")
        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("administration.copy"), lambda: ui.clipboard.write(secret))
            frame.button(say("done"), lambda: dialog.submit(True), "pri")
    dialog.props("persistent")
    await dialog
    dialog.delete()


async def build(args: PageArguments) -> None:
    """Make the page. Its address keeps `view`, and the search of the audit trail."""
    page = Administration(dict(args.query_parameters), await who())
    with frame.page("page.administration") as head:
        with head:
            frame.segmented(
                [(key, say(word)) for key, word, _ in VIEWS], page.view, page.choose, label=say("page.administration")
            )
            page.head = ui.element("div").style("display:contents")
        page.body = ui.element("div").style("flex:1;min-height:0")
        await page.draw()


PAGE = Page("/administration", "page.administration", "group.complex", "admin_panel_settings", "i", build)
