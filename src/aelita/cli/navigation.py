"""`aelita nav`: where spacecraft are, when they are seen, and what flight dynamics plans for them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .navigation_keeping import PublishOption, publish_result
from .options import JsonOption, MissionOption, OutOption, settings, utc
from .output import deliver, rows_as_json, say, writing

if TYPE_CHECKING:
    from ..services import Mission, navigation

commands = typer.Typer(no_args_is_help=True, help="Flight dynamics: passes, events, orbits, transfers, launch, aerobraking.")
DEFAULT_MISSION = "exomars"
DAYS = 86_400_000_000_000
LAST = 2**63 - 1 - 60 * DAYS  # of TAI nanoseconds: room for light times and steps
MOST_ROWS = 2_000_000

KernelOption = Annotated[
    list[Path] | None, typer.Option("--kernel", "-k", help="SPICE kernel to furnish (orbit, constants, ...); may be repeated.")
]
PreferOption = Annotated[
    list[Path] | None,
    typer.Option("--prefer", help="Kernel that is meant where others contradict it, loaded last; may be repeated."),
]
KernelsForOption = Annotated[
    list[int] | None,
    typer.Option("--kernels-for", help="SPICE number of the spacecraft that kernels are for: clocks of others are refused."),
]
DelayedByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--delayed-by", help="Planet whose gravity delays light beside the Sun: JUPITER, SATURN, EARTH; may be repeated."
    ),
]
OrbitsOption = Annotated[
    str,
    typer.Option("--orbits-of", help="Use the kernels of the complex on this machine, and the orbits published at this agency."),
]
PngOption = Annotated[Path | None, typer.Option("--png", help="Draw the result to this PNG file too.")]
StationOption = Annotated[
    list[str] | None, typer.Option("--station", "-s", help="A station of the mission; may be repeated. Default: all.")
]
StartOption = Annotated[str, typer.Option("--start", help="First instant, UTC: 2016-10-19 or 2016-10-19T14:42:07.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="Rows to show of a long table.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="nav")


def mission_of(context: typer.Context, name: str) -> "Mission":
    """Return the mission that options and settings name, the one that comes with Aelita otherwise."""
    from ..services import find_mission

    return find_mission(name or settings(context)["mission"] or DEFAULT_MISSION)


def instant(text: str) -> int:
    """Return TAI nanoseconds of a UTC text."""
    found = utc(text)
    assert found is not None
    return found


def span(start: str, stop: str | None, days: float) -> tuple[int, int]:
    """Return first and last instant (TAI nanoseconds): from `start` to `stop`, or so many days on."""
    first = instant(start)
    last = instant(stop) if stop is not None else first + round(days * DAYS)
    if last <= first:
        raise UsageError("the end is not after the start", remedy="Give a later --stop, or --days above 0")
    if last > LAST:
        raise UsageError("the end is after 2262-02, beyond what 64 bits hold", remedy="Give an earlier --stop, or fewer --days")
    return first, last


def after(first: int, hours: float) -> int:
    """Return the instant (TAI nanoseconds) so many hours on, or back. Raises UsageError for one beyond what 64 bits hold."""
    if not abs(hours) * 3.6e12 < LAST or not abs(first + round(hours * 3.6e12)) < LAST:
        raise UsageError(f"{hours:g} hours from there is no instant of 1680 to 2262", remedy="Give fewer --hours")
    return first + round(hours * 3.6e12)


def instants(start: str, stop: str, step_s: float) -> list[int]:
    """Return instants (TAI nanoseconds) from one UTC text to another, so many seconds apart."""
    first, last = instant(start), instant(stop)
    if last < first:
        raise UsageError(f"{stop} is before {start}", remedy="Give a later --stop")
    if (last - first) / 1e9 / step_s >= MOST_ROWS:
        raise UsageError(
            f"a step of {step_s:g} s makes over {MOST_ROWS:,} rows", remedy="Give a longer --step, or an earlier --stop"
        )
    return list(range(first, last + 1, round(min(step_s * 1e9, LAST))))


def picture(png: Path | None, draw: Callable[[Path], object]) -> None:
    """Draw to a PNG file where one is wanted."""
    if png is None:
        return
    if png.suffix.lower() != ".png":
        raise UsageError("pictures are written as PNG", where=str(png), remedy="End the name with .png")
    with writing(png):
        draw(png)
    say(f"picture written to {png}")


def compiled() -> None:
    """Compile what propagation needs, where that was not done since the installation, and say what it is at."""
    from ..dynamics import prepare

    prepare(lambda name: say(f"compiling {name} (once after an installation)"))


def furnished(kernels: list[Path] | None, prefer: list[Path] | None, kernels_for: list[int] | None) -> None:
    """Furnish the kernels that a command names. Raises DefinitionError for those that clash."""
    if kernels or prefer:
        from ..ephemeris import furnish

        furnish(*(kernels or ()), prefer=prefer or (), spacecraft=kernels_for or ())


def sky_of(
    context: typer.Context, mission: str, kernels: list[Path] | None, prefer: list[Path] | None, kernels_for: list[int] | None,
    agency: str = "",
) -> "navigation.Sky":  # fmt: skip
    """Return stations and spacecraft as kernels tell them, and with an agency of this machine as its published orbits do."""
    from ..services import navigation

    if not agency:
        furnished(kernels, prefer, kernels_for)
        return navigation.Sky(mission_of(context, mission))
    from ..services import live

    here = live.read_installation(settings(context).data / "complex")
    orbits = live.geometry_of(here, here.agency(agency).key).orbits
    furnished(kernels, prefer, kernels_for)  # behind them, and so before them
    return navigation.Sky(here.mission, (), orbits)


@commands.command("passes")
def passes(
    context: typer.Context,
    start: StartOption,
    spacecraft: Annotated[
        list[str] | None, typer.Argument(help="Spacecraft of the mission, or bodies of SPICE. Default: the first of the mission.")
    ] = None,
    stop: Annotated[str | None, typer.Option("--stop", help="Last instant, UTC.")] = None,
    days: Annotated[float, typer.Option("--days", min=0.0, max=40_000.0, help="How many days, where no --stop is given.")] = 1.0,
    station: StationOption = None,
    uplink: Annotated[bool, typer.Option("--uplink", help="By instants of emission at the station, not of reception.")] = False,
    step: Annotated[float, typer.Option("--step", min=1.0, max=3600.0, help="All that last longer (s) are found.")] = 60.0,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    orbits_of: OrbitsOption = "",
    png: PngOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
    publish: PublishOption = "",
) -> None:
    """List when spacecraft stand above the horizons of stations, and how long Mars hides them in each pass."""
    from ..services import navigation

    sky = sky_of(context, mission, kernel, prefer, kernels_for, orbits_of)
    first, last = span(start, stop, days)
    craft = spacecraft or [sky.mission.spacecraft[0].key]
    found = sky.passes(craft, first, last, stations=station or (), outgoing=uplink, step_s=step)
    title = f"Passes of {', '.join(craft)}, {navigation.span_text(first, last)}"
    for remark in sky.remarks(craft, first, last):
        say(f"aelita: {remark}")
    picture(png, lambda path: navigation.draw_passes(found, path, title=title))
    publish_result(
        context, publish, craft[0], kind="passes", title=title, span=(first, last), type="fop",
        shown=lambda: {"rows": rows_as_json(found)}, draw=lambda path: navigation.draw_passes(found, path, title=title),
    )  # fmt: skip
    deliver(found, out=out, as_json=json, title=title, limit=limit)


@commands.command("light-time")
def light_time(
    context: typer.Context,
    observer: Annotated[str, typer.Argument(help="A station of the mission, or a body of SPICE (EARTH).")],
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft of the mission, or a body of SPICE: MARS, or -143 after --.")],
    at: Annotated[list[str], typer.Argument(help="Instants at the observer, UTC.")],
    stop: Annotated[str | None, typer.Option("--stop", help="Go on from the (one) instant until this one, UTC.")] = None,
    step: Annotated[float, typer.Option("--step", min=0.001, help="Seconds between two rows with --stop.")] = 600.0,
    delayed_by: DelayedByOption = None,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    orbits_of: OrbitsOption = "",
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Tell how long light takes between an observer and a spacecraft: down, up, and there and back."""
    sky = sky_of(context, mission, kernel, prefer, kernels_for, orbits_of)
    if stop is not None and len(at) != 1:
        raise UsageError("--stop goes on from one instant", remedy="Give one, or leave --stop away")
    epochs = [instant(text) for text in at] if stop is None else instants(at[0], stop, step)
    title = f"Light time between {observer} and {spacecraft} (s)"
    deliver(
        sky.light_time(observer, spacecraft, epochs, delayed_by=delayed_by or ()), out=out, as_json=json, title=title, limit=limit
    )
