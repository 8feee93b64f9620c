"""`aelita nav clock`: what is known of an on-board clock, as a table and as a SPICE clock kernel."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .navigation import LimitOption, PngOption, commands, mission_of, picture
from .navigation_keeping import CraftOption, PublishOption, here, publish_result
from .options import JsonOption, MissionOption
from .output import print_json, print_table, rows_as_json, say, write, writing


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("clock")(clock)


def clock(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="Clock kernel (.tsc), clock of a mission (.toml). Default: the mission's, or what --pairs make.", exists=True
        ),
    ] = None,
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help="CSV of ticks,utc[,error_s]: they make a clock, or test the one given.", exists=True),
    ] = None,
    agency: Annotated[str, typer.Option("--agency", help="What this agency of this machine correlated.")] = "",
    against: Annotated[
        Path | None, typer.Option("--against", help="Another clock (.tsc or .toml) to tell the differences from.", exists=True)
    ] = None,
    craft: CraftOption = "",
    mission: MissionOption = "",
    png: PngOption = None,
    limit: LimitOption = 20,
    json: JsonOption = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the clock kernel (.tsc), or the table: .csv, .parquet, .arrow, .json."),
    ] = None,
    publish: PublishOption = "",
) -> None:
    """Tell an on-board clock: rates, offsets and residuals of its segments, how well it is known ahead; as SCLK kernel."""
    from ..services import clocks, read_clock

    known = mission_of(context, mission)
    spacecraft = known.craft(craft.casefold()) if craft else known.spacecraft[0]
    if not agency:
        found = clocks.clock_from_files(spacecraft, source, pairs)
    elif source is None and pairs is None:
        at, key = here(context, agency)
        found = clocks.clock_of_home(spacecraft, key, at.home(key))
    else:
        raise UsageError("a clock of an agency and of a file at once", remedy="Give --agency, or files")
    apart = None if against is None else clocks.compare_clocks(found.clock, read_clock(against))
    title = f"Clock of {spacecraft.name}, from {source.name if source else agency or (pairs.name if pairs else known.name)}"
    for note in found.notes:
        say(f"aelita: {note}")
    picture(png, lambda path: clocks.draw_clock(found, path, title=title))
    publish_result(
        context, publish, spacecraft.key, kind="clock", title=title, span=(found.first, found.last), type="fom",
        shown=lambda: clocks.clock_shown(found), files=lambda: {"tsc": found.kernel(spacecraft.naif_id).encode()},
        draw=lambda path: clocks.draw_clock(found, path, title=title),
    )  # fmt: skip
    if out is not None and out.suffix.lower() == ".tsc":
        text = found.kernel(spacecraft.naif_id)
        with writing(out):
            out.write_text(text, "utf-8")
        say(f"clock kernel of {found.table.height} segments written to {out}")
    elif out is not None:
        with writing(out):
            write(found.table, out)
        say(f"{found.table.height} segments written to {out}")
    if json:
        told = {"segments": rows_as_json(found.table), "pairs": rows_as_json(found.pairs), "ahead": rows_as_json(found.ahead)}
        print_json(told | {"notes": list(found.notes), "apart": None if apart is None else rows_as_json(apart)})
        return
    print_table(found.table, title=title, limit=limit)
    print_table(found.ahead, title="Times foretold so many days after the last datum should be within")
    if apart is not None:
        worst = apart.sort(apart["apart_s"].abs(), descending=True).row(0, named=True)
        say(f"from {against}: {worst['apart_s']:+.9f} s at most, at {worst['utc']}")
