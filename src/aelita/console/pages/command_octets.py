"""The exact octets of a command with their fields and their digest, which is computed again here from what is shown."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from ...time import tai_ns_from_utc
from ..look import say, say_reason
from ..widgets import OctetsView
from . import frame
from .asked import shown_instant

FOR_EVER_NS = (1 << 63) - 1  # a window that never ends


def digest_of(told: Mapping[str, Any]) -> str:
    """Return SHA-256, hex, of what is approved of a request: octets, names, whither, how and when (docs/authority.md)."""
    said: dict[str, Any] = {
        "v": 1, "spacecraft": told["spacecraft"], "commands": list(told["commands"]), "significance": told["significance"],
        "service": told["service"], "vcid": told["virtual_channel"],
        "map": told["map"], "packets": list(told["packets"]), "earliest_ns": _bound(told["earliest"], 0),
        "latest_ns": _bound(told["latest"], FOR_EVER_NS),
    }  # fmt: skip
    if told["directive"]:
        said["directive"] = told["directive"]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _bound(text: object, none: int) -> int:
    return tai_ns_from_utc(str(text).rstrip("Z")) if text else none


def show_digest(told: Mapping[str, Any]) -> bool:
    """Show the digest, and whether it is that of the octets shown; return whether it is."""
    same = digest_of(told) == told["digest"]
    with ui.element("div").classes("m-digest"):
        frame.text(say("commands.digest"), "i")
        frame.text(told["digest"], "code", "mono").props("tabindex=0 data-digest")
        frame.button(say("administration.copy"), lambda: ui.clipboard.write(str(told["digest"])), "small flat")
        if same:
            frame.text(say("commands.digest.same"), "span", "st st0")
        else:
            frame.text(say("commands.digest.other"), "span", "st st4").props("role=alert data-altered")
    return same


def show_octets(
    packets: Sequence[str], names: Sequence[str], fields: Sequence[Sequence[Mapping[str, Any]]] = ()
) -> None:  # fmt: skip
    """Show the packets of a request one at a time, octet by octet; `names` are those of its commands, `fields` of each packet."""
    if not packets:
        frame.empty(say("commands.no.octets"), say("commands.no.octets.hint"))
        return
    place = ui.element("div").classes("m-octets")

    def draw(number: str) -> None:
        at = int(number)
        name = names[at] if len(names) == len(packets) else ""
        told = {"octets": packets[at], "length": len(packets[at]) // 2, "container": name}
        place.clear()
        with place:
            OctetsView(given=told | {"fields": [_field(one) for one in (fields[at] if at < len(fields) else ())]})

    if len(packets) > 1:
        options = {str(at): f"{at + 1} / {len(packets)} · {_short(names, at, len(packets))}" for at in range(len(packets))}
        with ui.element("div").classes("a-head"):
            frame.select(say("commands.packet"), options, "0", draw, "260px")
        place.move(target_index=-1)
    draw("0")


def _short(names: Sequence[str], at: int, count: int) -> str:
    return names[at].rpartition("/")[2] if len(names) == count else say("commands.packet")


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field of a packet as the view of octets reads it."""
    return {
        "name": one["name"], "bit_offset": one["first_bit"], "bits": one["bits"], "raw": one["raw"], "value": one["value"],
        "units": one.get("units", ""), "good": True, "description": say(f"commands.field.{one['kind']}"),
    }  # fmt: skip


def show_sentences(told: Mapping[str, Any]) -> None:
    """Show in plain words what each command will do."""
    with ui.element("ol").classes("m-sentences") as made:
        made.props["aria-label"] = say("commands.sentences")
        for sentence in told["sentences"]:
            frame.text(sentence, "li")


def show_way(told: Mapping[str, Any]) -> None:
    """Show who asks for it, whither and how it goes, and when it may."""
    latest = shown_instant(told["latest"]) if told["latest"] else say("commands.latest.none")
    window = frame.Times(f"{_from(told['earliest'])} – {latest}")
    way = f"{told['service']} · VC {told['virtual_channel']}" + ("" if told["map"] is None else f" · MAP {told['map']}")
    facts: list[tuple[str, object]] = [
        (say("column.spacecraft"), told["spacecraft"]),
        (say("commands.asks"), f"{told['person']} · {told['role']}@{told['centre']} · {told['agency']}"),
        (say("commands.holder"), told["holder"] or say("commands.holder.none")),
        (say("commands.significance"), say(f"commands.significance.{told['significance']}")),
        (say("commands.way"), way),
        (say("commands.window"), window),
        (say("commands.execute"), shown_instant(told["execute"]) if told["execute"] else ""),
        (say("commands.directive"), told["directive"]),
        (say("column.length"), f"{len(told['packets'])} × · {sum(len(one) for one in told['packets']) // 2} B"),
        (say("commands.comment"), told.get("comment", "")),
    ]
    frame.pairs([one for one in facts if one[1] not in (None, "")])


def _from(told: object) -> str:
    return shown_instant(told) if told else say("commands.earliest.none")


def show_wanted(told: Mapping[str, Any]) -> None:
    """Show whose acts are needed, and what forbids it now."""
    for words, reasons in (("commands.forbidden", told.get("forbidden") or ()), ("commands.blocked", told["blocked"])):
        for reason in reasons:
            with ui.element("p").classes("m-forbidden").props("role=alert"):
                frame.text(say(words), "b", "st st4")
                frame.text(f" {say_reason(reason)}")
    if told["wanted"]:
        with ui.element("ul").classes("m-waits"):
            for one in told["wanted"]:
                with ui.element("li"):
                    of = f" ({one['agency']})" if one["agency"] else ""
                    frame.text(f"{say('commands.act.' + one['act'])} × {one['count']}{of}", "b")
                    frame.text(" " + ", ".join(one["who"]), "span", "dim")
