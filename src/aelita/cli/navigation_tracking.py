"""`aelita nav tracking`: what stations measured, by pass, and as a message that others read."""

from pathlib import Path
from typing import Annotated

import typer

from .navigation import LimitOption, PngOption, commands, instant, picture
from .navigation_fits import Files
from .navigation_keeping import CraftOption, PublishOption, publish_result
from .options import JsonOption
from .output import print_json, print_table, rows_as_json, say, writing


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("tracking")(tracking)


def tracking(
    context: typer.Context,
    files: Files,
    spacecraft: Annotated[str, typer.Option("--spacecraft", help="How messages call it: of a TDM read, and of the one written.")],
    ramps: Annotated[list[Path] | None, typer.Option("--ramps", help="Text of uplink ramps; may be repeated.")] = None,
    receiver: Annotated[list[str] | None, typer.Option("--receiver", help="Only what these stations received.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="Only this kind: doppler, range, doppler_1, delta_dor. Default: all.")] = "",
    start: Annotated[str | None, typer.Option("--start", help="First instant of tracking, UTC.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", help="Instant before which to stop, UTC.")] = None,
    gap: Annotated[float, typer.Option("--gap", min=0.1, max=1e6, help="Minutes without observations that end a pass.")] = 30.0,
    png: PngOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write a TDM: .tdm or .kvn (KVN), .xml (XML).")] = None,
    publish: PublishOption = "",
    craft: CraftOption = "",
) -> None:
    """List what stations measured by pass, and write it as a tracking data message (TDM) with the ramps of the uplinks."""
    from ..services import navigation

    held = navigation.load_tracking(tuple(files), tuple(ramps or ()), spacecraft=spacecraft)
    first, last = (None if text is None else instant(text) for text in (start, stop))
    chosen = navigation.choose_tracking(held, first, last, tuple(receiver or ()), kind)
    span = navigation.span_of(chosen)
    title = f"Tracking of {spacecraft}, {navigation.span_text(*span)}"
    table = navigation.pass_table(chosen, gap_s=60 * gap)
    left = held.refused
    if out is not None:
        octets, more = navigation.tdm_of(
            held, chosen, spacecraft=spacecraft, made_at=navigation.tai_now(), xml=navigation.is_xml(out)
        )  # fmt: skip
        left = (*left, *more)
        with writing(out):
            out.write_bytes(octets)
        say(f"{sum(one.size for one in chosen) - sum(one.count for one in more):,} observations written to {out}")
    for one in left:
        say(f"aelita: left out: {one.count:,} of {one.where}: {one.reason}")
    picture(png, lambda path: navigation.draw_tracking(chosen, path, title=title))
    publish_result(
        context, publish, craft, kind="tracking", title=title, span=span, type="fom",
        shown=lambda: navigation.tracking_shown(chosen, left),
        files=lambda: {"tdm": navigation.tdm_of(held, chosen, spacecraft=spacecraft, made_at=navigation.tai_now())[0]},
        draw=lambda path: navigation.draw_tracking(chosen, path, title=title),
    )  # fmt: skip
    if json:
        told = [{"link": one.where, "reason": one.reason, "count": one.count} for one in left]
        print_json({"passes": rows_as_json(table), "left": told})
        return
    print_table(table, title=title, limit=limit)
