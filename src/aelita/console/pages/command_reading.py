"""What the octets of a request say, as the centre reads them whatever the request says of them, and where the two differ."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from ..look import say
from . import frame
from .asked import shown_instant

Told = Mapping[str, Any]
CHECKSUMS = {"right": "st st0", "wrong": "st st4", "none": "dim"}


def show_reading(told: Told) -> bool:
    """Show what the octets say and each difference from what is said of them; return whether there is none."""
    different = list(told["differences"])
    for one in different:
        _difference(one)
    if not told["readings"]:
        return not different
    with ui.element("div").classes("a-head"):
        frame.text(say("commands.reading"), "h2", "a-part")
        if not different:
            frame.text(say("commands.reading.same"), "span", "st st0").props("data-same")
    wrong = {one["packet"] for one in different}
    with ui.element("ol").classes("m-readings") as made:
        made.props["aria-label"] = say("commands.reading")
        for one in told["readings"]:
            _reading(one, told, one["packet"] in wrong or None in wrong)
    return not different


def _difference(one: Told) -> None:
    with ui.element("div").classes("m-differs").props("role=alert data-differs") as made:
        made.props["data-code"] = one["code"]
        where = "" if one["packet"] is None else f"{say('commands.packet')} {one['packet'] + 1}: "
        frame.text(where + say(f"commands.differs.{one['code']}"), "b", "st st4")
        frame.pairs([(say(f"commands.differs.{key}"), one[key]) for key in ("said", "found") if one[key]])


def _reading(one: Told, told: Told, doubted: bool) -> None:
    with ui.element("li").classes("" if one["named"] else "m-inner"):
        name, holds = str(one["command"]), not one["named"] and not one["offset"]
        title = say("commands.reading.insert") if holds else name.rpartition("/")[2] or say("commands.reading.unknown")
        frame.text(title, "b", "" if name else "m-bad").props["title"] = name
        frame.text(" · ".join(_header(one)), "span", "mono dim")
        frame.text(say(f"commands.checksum.{one['checksum']}"), "span", CHECKSUMS[one["checksum"]])
        if one["scheduled"]:
            frame.text(frame.Times(f"{say('commands.execute')} {shown_instant(one['scheduled'], 3)}"), "span", "dim")
        if one["sentence"] and (doubted or one["sentence"] not in told["sentences"]):
            frame.text(one["sentence"], "p")
        if one["others"]:
            frame.text(f"{say('commands.reading.others')}: {', '.join(one['others'])}", "p", "st st2")
        given = "" if holds else _arguments(one, told)
        if given:
            frame.text(given, "p", "mono").props["data-arguments"] = "1"
        for remark in one["remarks"]:
            frame.text(remark, "p", "m-bad" if one["named"] else "st st2")


def _arguments(one: Told, told: Told) -> str:
    """Return the arguments that stand in a packet, as they were read there: engineering values, and raw ones that differ."""
    first, last = 8 * one["offset"], 8 * (one["offset"] + one["octets"])
    of = [each for each in told["fields"][one["packet"]] if each["kind"] == "argument" and first <= each["first_bit"] < last]
    return ", ".join(f"{each['name']} = {_value(each)}" for each in of) if one["command"] else ""


def _value(one: Told) -> str:
    raw, value = one["raw"], one["value"]
    units = f" {one['units']}" if one["units"] else ""
    return f"{raw}{units}" if value is None or value == raw else f"{value}{units} ({say('column.raw')} {raw})"


def _header(one: Told) -> list[str]:
    service = [] if one["service"] is None else [f"{say('commands.reading.service')} {one['service']},{one['subtype']}"]
    return [f"APID {one['apid']}", f"{say('commands.reading.count')} {one['sequence_count']}", *service, f"{one['octets']} B"]
