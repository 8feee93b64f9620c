"""Signing what one states of a request: with one's own key, over the digest of exactly the octets that are shown."""

from typing import Any
from urllib.parse import quote

from nicegui import ui

from ...errors import AelitaError
from ..asking import ask
from ..look import say, say_reason
from . import frame
from .asked import Who
from .command_secret import ask_secret

Told = dict[str, Any]
VALID_S = (("3600", "1 h"), ("21600", "6 h"), ("86400", "24 h"), ("604800", "7 d"))
USUAL_S = "86400"
REJECT = "reject"


async def sign(request: Told, give: Told, act: str, looks: Who) -> Told | None:
    """Ask for the secret of one's key and state something of a request; return what came of it, None when it was left.

    `request` is what is shown, with its digest; `give` is an item of the inbox; `act` is its act, or to reject.
    """
    with frame.dialog(f"{say('commands.act.' + act)}: {request['id']}") as dialog, ui.element("div").classes("x-form m-sign"):
        with ui.element("ol").classes("m-sentences"):
            for sentence in request["sentences"]:
                frame.text(sentence, "li")
        octets = sum(len(one) for one in request["packets"]) // 2
        frame.pairs([
            (say("commands.act.one"), say(f"commands.act.{act}")),
            (say("commands.as"), f"{give['role']}@{give['centre']}"),
            (say("commands.octets"), f"{len(request['packets'])} × · {octets} B"),
            (say("commands.digest"), request["digest"]),
            (say("commands.key"), give["key"] or say("commands.key.none" if looks.password else "commands.key.none.passphrase")),
        ])  # fmt: skip
        if give["last"] and act != REJECT:
            frame.text(say("commands.last"), "p", "st st2").props("data-last")
        with ui.element("div").classes("x-field"):
            frame.text(say("commands.valid.for"))
            chosen = {"s": USUAL_S}
            frame.segmented(VALID_S, USUAL_S, lambda one: chosen.update(s=one), label=say("commands.valid.for"))
        comment = frame.field(say("commands.comment"), many=True, keep=f"sign-{act}", width="100%")
        comment.props("rows=2 maxlength=2000")
        back = f"/approvals?at={request['id']}"
        secret = ask_secret(looks, lambda: send(), new=not give["key"], back=back)
        trouble = ui.label("").classes("m-fault").props("role=alert")
        busy = ui.label("").classes("dim").props("role=status")
        going = {"on": False}

        async def send() -> None:
            if going["on"]:
                return
            if secret.trouble:
                trouble.text = secret.trouble
                return
            going["on"], trouble.text, busy.text = True, "", say("commands.signing")
            try:
                told = await _send(request, give, act, secret.taken(), float(chosen["s"]), str(comment.value or ""))
            except AelitaError as error:
                trouble.text = ". ".join(one for one in (say_reason(error.what), error.remedy) if one)
                return
            finally:
                going["on"], busy.text = False, ""
            frame.forget(f"sign-{act}")
            dialog.submit(told)

        with ui.element("div").classes("a-head").style("justify-content:flex-end"):
            frame.button(say("cancel"), lambda: dialog.submit(None))
            kind = "danger" if act == REJECT else "pri"
            frame.button(f"{say('commands.sign')}: {say('commands.act.' + act)}", send, kind).props("data-send=1")
    told = await dialog
    dialog.delete()
    return told if isinstance(told, dict) else None


async def _send(request: Told, give: Told, act: str, password: str, valid_s: float, comment: str) -> Told:
    """Sign, with a key that is made first where one has none; return what came of it."""
    key = give["key"]
    if not key:
        made: Told = await ask("POST", "commands/keys", body={"password": password, "centre": give["centre"]})
        key = give["key"] = str(made["key"])
    body = {
        "act": act, "digest": request["digest"], "role": give["role"], "centre": give["centre"], "key": key,
        "validity_s": valid_s, "comment": comment, "password": password,
    }  # fmt: skip
    told: Told = await ask("POST", f"commands/requests/{quote(str(request['id']), safe='')}/statements", body=body)
    return told
