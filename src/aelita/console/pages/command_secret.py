"""The secret that opens one's signing key: one's password, or the key's own passphrase of who logs in through an organisation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nicegui import ui

from ..look import say
from . import frame
from .asked import Who

LOGIN = "/api/v1/auth/oidc"


@dataclass(frozen=True, slots=True)
class Secret:
    """The fields in which a secret is typed: once, or twice where it is a new passphrase."""

    field: ui.input | ui.textarea
    again: ui.input | ui.textarea | None
    needed: str

    @property
    def trouble(self) -> str:
        """Why what is typed is no secret, nothing when it is one."""
        if not self.field.value:
            return say(self.needed)
        return say("commands.passphrase.differ") if self.again is not None and self.again.value != self.field.value else ""

    def taken(self) -> str:
        """Return what is typed, and forget it."""
        told = str(self.field.value or "")
        for one in (self.field, self.again):
            if one is not None:
                one.value = ""
        return told


def ask_secret(looks: Who, on_enter: Callable[[], Any], *, new: bool, back: str) -> Secret:
    """Add the fields for a secret; a key is `new` when it is made now. `back` is the page to return to after another login."""
    if looks.password:
        field = frame.field(say("commands.password"), password=True, width="100%")
        field.props("autocomplete=current-password autofocus").on("keydown.enter", on_enter)
        return Secret(field, None, "commands.password.needed")
    label = "commands.passphrase.new" if new else "commands.passphrase"
    field = frame.field(say(label), password=True, width="100%")
    kind = "new-password" if new else "current-password"
    field.props(f"autocomplete={kind} autofocus data-passphrase").on("keydown.enter", on_enter)
    if not new:
        return Secret(field, None, "commands.passphrase.needed")
    again = frame.field(say("commands.passphrase.again"), password=True, width="100%")
    again.props("autocomplete=new-password data-again").on("keydown.enter", on_enter)
    log_in_again(back)
    return Secret(field, again, "commands.passphrase.needed")


def log_in_again(back: str) -> None:
    """Say that who has no password here has to log in again first, with the way there."""
    with ui.element("p").classes("dim").style("margin:0"):
        frame.text(say("commands.passphrase.fresh") + " ")
        with ui.link(target=f"{LOGIN}?next={quote(back, safe='')}").classes("a-link").props("data-login"):
            frame.text(say("commands.passphrase.login"))
