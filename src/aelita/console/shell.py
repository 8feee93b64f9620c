"""The shell around all pages: bar, banner, navigation. It is made once for a tab; pages change within it."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import context, ui

from ..errors import AelitaError
from .asking import ask
from .assets import address
from .look import choose, look, say
from .pages import Page, all_pages
from .pages.frame import text
from .widgets import AlarmCount, Banner, Chips, Clocks, InboxCount, Palette, Tools

SIGN = {"command.check", "command.approve", "command.release"}
FORGET = """(() => {
  const before = sessionStorage.getItem("aelita:user"), left = sessionStorage.getItem("aelita:left");
  window.AELITA_USER = WHO;
  sessionStorage.setItem("aelita:user", WHO);
  sessionStorage.removeItem("aelita:left");
  if (before === null || before === WHO) return;
  for (const key of Object.keys(sessionStorage)) if (key.startsWith("keep:")) sessionStorage.removeItem(key);
  if (left !== null && left !== "/" && left === location.pathname + location.search) location.replace("/");
})()"""
LOGO = (
    '<svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="4.2" fill="var(--brand)"/>'
    '<ellipse cx="10" cy="10" rx="9" ry="3.6" transform="rotate(-28 10 10)" fill="none" stroke="var(--fg1)" stroke-width="1.1"/>'
    '<circle cx="17.2" cy="5.1" r="1.5" fill="var(--acc)"/></svg>'
)


def shell(mission: str, title: str, agency: str) -> Callable[[], Awaitable[None]]:
    """Return the function that makes the console of an agency's centre for a new tab."""
    return partial(_shell, mission, title, agency)


async def _shell(mission: str, title: str, agency: str) -> None:
    face = look()
    ui.add_head_html(head(face.lang, face.theme))
    ui.dark_mode(face.theme == "dark")
    user, may = await _who()
    ui.add_head_html(of_user(user))
    pages = [page for page in all_pages() if may is None or page.permission in may]
    titles = [(page.path, say(page.title), page.letter) for page in pages]
    _only_main()
    with ui.element("div").classes("a-shell"):
        with ui.element("a").props('href="#main"').classes("a-skip"):
            text(say("skip"))
        with ui.element("header").classes("a-top").props("role=banner"):
            ui.html(f"{LOGO}<span>AELITA</span>", sanitize=False).classes("a-brand")
            Clocks(mission, title)
            with ui.element("div").classes("a-tools"):
                Chips()
                Tools(user, agency, titles, choose)
        Banner()
        Palette(titles, ui.navigate.to)
        links = _navigation(pages, may)
        with ui.element("main").classes("a-main").props("id=main tabindex=-1"):
            ui.sub_pages({page.path: page.build for page in pages}, show_404=True)
    mark = partial(_mark, links)
    context.client.sub_pages_router.on_path_changed(lambda path: mark(path.split("?")[0]))
    mark(context.client.request.url.path)


def _only_main() -> None:
    """Take the role of the main part from the page around the shell, for the shell has its own."""
    around = context.client.content.parent_slot
    if around is not None:
        around.parent.props("role=presentation")


def head(lang: str, theme: str) -> str:
    """Return what stands in the head of every page: colours, stylesheet and words, all of this machine."""
    return (
        f'<script>document.documentElement.dataset.theme="{theme}";window.AELITA_ASSETS="{address("")}"</script>'
        f'<link rel="stylesheet" href="{address("console.css")}"><script src="{address(f"words-{lang}.js")}"></script>'
    )


def of_user(user: str) -> str:
    """Return the script that forgets what another user typed in the same tab, and the page at which that one was.

    `aelita:left` is where a session ended; who logs in then as somebody else begins at the first page.
    """
    if not user:  # it was not told: then nobody else is known to look
        return ""
    name = json.dumps(user).replace("<", "\\u003c")
    return f"<script>{FORGET.replace('WHO', name)}</script>"


async def _who() -> tuple[str, set[str] | None]:
    """Return the user's name and permissions; None when the interface does not say, for it refuses what may not be anyhow."""
    try:
        told: dict[str, Any] = await ask("GET", "auth/me")
    except AelitaError:
        return "", None
    return str(told.get("user", "")), set(told["may"]) if "may" in told else None


def _navigation(pages: list[Page], may: set[str] | None) -> dict[str, ui.element]:
    links: dict[str, ui.element] = {}
    with ui.element("nav").classes("a-nav") as bar:
        bar.props["aria-label"] = say("navigation")
        for group in dict.fromkeys(page.group for page in pages):
            text(say(group), "h2")
            for page in (one for one in pages if one.group == group):
                with ui.link(target=page.path).classes("a-link") as links[page.path]:
                    links[page.path].props["title"] = say(page.title)
                    ui.icon(page.icon).props("aria-hidden=true")
                    text(say(page.title), "span", "word")
                    if page.path == "/alarms":
                        AlarmCount()
                    if page.path == "/approvals" and (may is None or may & SIGN):
                        InboxCount()
                    text(f"g {page.letter}", "kbd")
    return links


def _mark(links: dict[str, ui.element], path: str) -> None:
    for target, link in links.items():
        here = target == path
        link.classes(add="on" if here else "", remove="" if here else "on")
        if here:
            link.props["aria-current"] = "page"
        else:
            link.props.pop("aria-current", None)
