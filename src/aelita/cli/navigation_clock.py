"""`aelita nav clock`: what is known of an on-board clock, as a table and as a SPICE clock kernel."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, UsageError
from .navigation import LimitOption, PngOption, commands, mission_of, picture
from .navigation_keeping import CraftOption, PublishOption, here, publish_result
from .options import JsonOption, MissionOption
from .output import print_json, print_table, rows_as_json, say, write, writing

if TYPE_CHECKING:
    from ..services import clocks
    from ..services.missions import Spacecraft


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
    found = _found(context, spacecraft, source, pairs, agency)
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


def _found(
    context: typer.Context, spacecraft: "Spacecraft", source: Path | None, pairs: Path | None, agency: str
) -> "clocks.ClockTold":
    from ..services import clocks, read_clock

    rules = _rules(spacecraft)
    if agency:
        if source is not None or pairs is not None:
            raise UsageError("a clock of an agency and of a file at once", remedy="Give --agency, or files")
        return _of_agency(context, spacecraft, agency, rules)
    given = None if pairs is None else clocks.read_pairs(pairs)
    path = source or (None if given is not None else spacecraft.clock)
    if path is not None:
        _check_owner(path, spacecraft)
        return clocks.told_clock(read_clock(path), given, rules=rules, notes=(f"as in {path.name}",))
    if given is None:
        raise UsageError(f"the mission has no clock of {spacecraft.key}", remedy="Give a clock kernel, or --pairs")
    if spacecraft.clock is None:
        raise UsageError("how many ticks has a second of this clock?", remedy="Give the mission a clock file")
    per_second = read_clock(spacecraft.clock).ticks_per_second
    made, health, used = clocks.correlated(given, per_second, spacecraft.key, rules)
    notes = (f"correlated from {given.ticks.size} pairs of {pairs}",)
    return clocks.told_clock(made, given, health=health, used=used, rules=rules, notes=notes)


def _check_owner(path: Path, spacecraft: "Spacecraft") -> None:
    """Refuse by name the clock kernel of another spacecraft, and a kernel that is none of a clock."""
    from ..ephemeris import kernel_clashes
    from ..services.definitions import KERNEL_SUFFIXES
    from ..services.navigation import octets_of

    head = octets_of(path)[:8]
    if head.startswith((b"KPL/", b"DAF/", b"NAIF/DAF")) and head != b"KPL/SCLK":
        raise UsageError("this kernel is none of a clock (KPL/SCLK)", where=str(path), remedy="Give an SCLK kernel (.tsc)")
    if path.suffix.lower() in KERNEL_SUFFIXES and spacecraft.naif_id:
        for clash in kernel_clashes(path, spacecraft=(spacecraft.naif_id,)):
            if clash.refused:
                raise UsageError(clash.what, where=str(path), remedy="Name its spacecraft: --for")


def _rules(spacecraft: "Spacecraft") -> Any:
    from ..telemetry import ClockCorrelation
    from ..time import CorrelationRules

    if spacecraft.correlation is None:
        return CorrelationRules()
    return ClockCorrelation.from_toml(spacecraft.correlation.read_text("utf-8"), str(spacecraft.correlation)).rules


def _of_agency(context: typer.Context, spacecraft: "Spacecraft", agency: str, rules: Any) -> "clocks.ClockTold":
    """Return the clock that an agency's correlation keeps beside its kernel, with the pairs of its present segment."""
    import orjson

    from ..services import clocks
    from ..time import Correlator

    at, key = here(context, agency)
    path = at.home(key) / "products" / f"{spacecraft.key}.clock.json"
    if not path.is_file():
        raise UsageError(
            f"{key} has not correlated the clock of {spacecraft.key}", where=str(path),
            remedy="Run the agency's services while time packets come, or give a file",
        )  # fmt: skip
    try:
        state = orjson.loads(path.read_bytes())["state"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"no state of a correlation: {error!r}", where=str(path)) from error
    made, pairs = Correlator.restored(rules, state, spacecraft.key), clocks.pairs_of_state(state)
    last = int(pairs.tai_ns.max())
    notes = (f"correlated by {key}: {made.health(last).points} points, {made.health(last).rejected} left out",)
    return clocks.told_clock(made.clock(), pairs, health=made.health(last), rules=rules, notes=notes)
