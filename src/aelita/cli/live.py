"""`aelita run`, `serve`, `watch`, `status` and `doctor`: the live complex."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .ingestion import RECORDING
from .options import JsonOption, MissionOption, settings
from .output import print_json, print_table, say

if TYPE_CHECKING:
    from ..services import live as complex_

SYNTHETIC = "The signal is SYNTHETIC: Aelita made it, nothing in it came from a spacecraft."
REFRESH_S, STATUS_LINE_S = 2.0, 10.0


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("run")(run)
    app.command("serve")(serve)
    app.command("status")(status)
    app.command("watch")(watch)
    app.command("doctor")(doctor)


def run(
    context: typer.Context,
    mission: MissionOption = "",
    spacecraft: Annotated[
        list[str] | None,
        typer.Option(help="A spacecraft to follow; may be repeated. Default: those of --play, else that of the default channel."),
    ] = None,
    agency: Annotated[list[str] | None, typer.Option(help="Agencies to run here; default: the mission's leading ones.")] = None,
    station: Annotated[
        list[str] | None, typer.Option(help="Stations that hear it; default: for each agency the one that sees it highest.")
    ] = None,
    play: Annotated[
        list[str] | None,
        typer.Option(
            help="[SPACECRAFT=]FILE: a recording that the stations hear as if it were sent now, at its own epoch; further ones,"
            " of other spacecraft, begin to arrive with it."
        ),
    ] = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option(help="A spacecraft to simulate, such as tgo-sim: it takes commands, and stations hear it. May be repeated."),
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times as fast the clock of the complex runs.")] = 1.0,
    loss: Annotated[float, typer.Option(min=0, max=1, help="Share of frames that each station misses.")] = 0.0,
    bit_errors: Annotated[float, typer.Option(min=0, max=1, help="Share of bits that come over wrong.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the losses and bit errors.")] = 1,
    web: Annotated[
        bool,
        typer.Option("--web/--no-web", help="Run the interface and the console of each agency, for this machine."),
    ] = True,
    shown: Annotated[
        bool | None,
        typer.Option("--watch/--no-watch", help="Show what goes on, as `aelita watch` does, where there is a terminal."),
    ] = None,
) -> None:
    """Run the complex on this machine: agencies with their streams, stations, receivers, processors and archives.

    The first run writes `complex.toml` into the data folder; later ones go on with it. Without a recording to play, the real one
    of the Trace Gas Orbiter beside the project is taken, else a synthetic one that Aelita makes itself. Ctrl-C ends all.
    """
    import asyncio

    from ..services import live

    folder = settings(context).data / "complex"
    recordings, synthetic = _recordings(folder, play or [])
    installation, clock = live.begin(
        folder,
        mission=mission or "exomars", spacecraft=tuple(spacecraft or ()), agencies=tuple(agency or ()),
        stations=tuple(station or ()), recordings=recordings, synthetic=synthetic, speed=speed, loss=loss,
        bit_error_rate=bit_errors, seed=seed, web="127.0.0.1" if web else "", simulated=tuple(simulate or ()),
    )  # fmt: skip
    source = context.get_parameter_source("speed")
    wished = speed if source is not None and source.name == "COMMANDLINE" else installation.speed
    _tell_unused(installation, agency or [], station or [], [path for _, path in recordings], wished)
    if any(one.synthetic for one in installation.plays):
        say(SYNTHETIC)
    full = _can_draw() and shown is not False
    with _screen(full, partial(_entrances, installation)) as (draw, keys):
        every = REFRESH_S if full else STATUS_LINE_S
        asyncio.run(live.run_shown(installation, clock, draw, refresh_s=REFRESH_S, every_s=every, keys=keys))


def _recordings(folder: Path, plays: list[str]) -> tuple[tuple[tuple[str, Path], ...], bool]:
    """Return what is played, by spacecraft, and whether Aelita made it. An installation that is there knows it already."""
    from ..services import write_recording

    if plays or (folder / "complex.toml").is_file():
        return tuple(_play(text) for text in plays), False
    beside = Path("..") / "shared" / RECORDING
    return ((("", beside),), False) if beside.is_file() else ((("", write_recording(folder / "synthetic")),), True)


def _play(text: str) -> tuple[str, Path]:
    """Return spacecraft (empty: the first followed) and file of a recording to play."""
    name, equals, path = text.partition("=")
    return (name, Path(path)) if equals and not Path(text).is_file() else ("", Path(text))


def _tell_unused(
    installation: "complex_.Installation", agencies: list[str], stations: list[str], plays: list[Path], speed: float
) -> None:
    """Say which wishes an installation that was there before does not follow."""
    here = {agency.key for agency in installation.agencies}
    heard = {station for agency in installation.agencies for station in agency.stations}
    played = {one.recording.absolute() for one in installation.plays}
    unused = [f"--agency {key}" for key in agencies if key not in here]
    unused += [f"--station {key}" for key in stations if key not in heard]
    unused += [f"--play {path}" for path in plays if path.absolute() not in played]
    unused += [f"--speed {speed:g}"] if speed != installation.speed else []
    if unused:
        where = installation.folder / "complex.toml"
        say(f"Not used: {', '.join(unused)}. {where} says what runs; edit it, or name another folder with --data.")


def serve(
    context: typer.Context,
    service: Annotated[str, typer.Argument(help="space, stations, receiver, processor, archiver, …")],
    agency: Annotated[str, typer.Option(help="For which agency.")] = "",
) -> None:
    """Run one service of an installation, on this host. The data folder is that of the installation."""
    from ..services import live

    if service == live.INTERFACE and agency:
        from ..console import serve_console

        raise typer.Exit(serve_console(agency, settings(context).data))
    if not agency and service != "space":
        raise UsageError(f"{service} serves an agency", remedy="Give --agency")
    raise typer.Exit(live.serve_one(service, agency, settings(context).data))


def status(context: typer.Context, json: JsonOption = False) -> None:
    """Tell how the services of the complex are. Exit code 1 when one is not well."""
    from ..services import live

    folder = settings(context).data / "complex"
    reports: list[dict[str, Any]] = live.asked(folder)
    if json:
        print_json(reports)
    elif not reports:
        say("No service runs. Start them with `aelita run`.")
    else:
        import polars as pl

        rows = [
            {
                "agency": one.get("agency", ""), "service": one["service"], "status": one["status"], "pid": one["pid"],
                "up_s": one.get("up_s"), "faults": "; ".join(f"{what}: {why}" for what, why in one.get("faults", {}).items()),
            }
            for one in reports
        ]  # fmt: skip
        print_table(pl.DataFrame(rows), title="Services", limit=100)
        if any(one.synthetic for one in live.read_installation(folder).plays):
            say(SYNTHETIC)
    if any(one["status"] != "well" for one in reports) or not reports:
        raise typer.Exit(1)


def watch(
    context: typer.Context,
    agency: Annotated[list[str] | None, typer.Option(help="Agencies to show; default: all that run here.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(help="Parameters to show, as names or patterns (`*temperature*`); default: the most telling."),
    ] = None,
    every: Annotated[float, typer.Option(min=0.5, max=60.0, help="Seconds between two pictures.")] = REFRESH_S,
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end; exit code 1 when no service answers.")] = False,
) -> None:
    """Show the running complex: lines to stations, frames, services, alarms, latest values, events and streams.

    What has been silent for two refreshes is dim, and called unknown, silent or down. Ends with q or Ctrl-C.
    """
    import asyncio

    from ..services import live

    installation = live.read_installation(settings(context).data / "complex")
    made = live.Watch(installation, tuple(agency or ()), every, tuple(parameter or ()))
    if once:
        picture = asyncio.run(live.picture_of(made))
        _print(picture)
        if not any(one.pid for one in picture.services):
            raise typer.Exit(1)
        return
    full = _can_draw()
    with _screen(full) as (draw, keys):
        asyncio.run(live.show(made, draw, every_s=every if full else max(every, STATUS_LINE_S), keys=keys))


def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Tell what is wrong with this installation, and what to do. Exit code 1 when something is."""
    from rich.console import Console
    from rich.text import Text

    from ..services import live

    findings = live.examine(settings(context).data / "complex")
    if json:
        print_json([{"subject": f.subject, "verdict": f.verdict.value, "says": f.says, "remedy": f.remedy} for f in findings])
    else:
        console = Console(highlight=False, soft_wrap=True)
        styles = {live.Verdict.GOOD: "green", live.Verdict.ADVICE: "yellow", live.Verdict.FAULT: "bold red"}
        for one in findings:
            console.print(Text.assemble((f"{one.verdict.value:<7}", styles[one.verdict]), f" {one.subject}: {one.says}"))
            if one.remedy:
                console.print(Text(f"        → {one.remedy}"))
        counts = [sum(one.verdict is verdict for one in findings) for verdict in (live.Verdict.FAULT, live.Verdict.ADVICE)]
        console.print(f"{counts[0]} faults, {counts[1]} pieces of advice.")
    if any(one.verdict is live.Verdict.FAULT for one in findings):
        raise typer.Exit(1)


def _can_draw() -> bool:
    """Whether standard output is a terminal with a cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def _print(picture: "complex_.Picture") -> None:
    from rich.console import Console

    from .watching import view

    console = Console(highlight=False)
    console.print(view(picture, console.width))


def _entrances(installation: "complex_.Installation") -> list[str]:
    """Return where the consoles are: while nobody has an account, the link by which the first administrator makes one."""
    lines = []
    for agency in (one.key for one in installation.agencies if one.web):
        try:
            lines.append(f"{agency}: nobody has an account yet. Make one: {installation.first_login(agency).read_text().strip()}")
        except OSError:
            lines.append(f"{agency}: {installation.web_address(agency)}/")
    return lines


@contextmanager
def _screen(
    full: bool, above: Callable[[], list[str]] = list
) -> Iterator[tuple[Callable[["complex_.Picture"], None], int | None]]:
    """Give what draws a picture, on the whole terminal or as a line, and the terminal that gives keys, if there is one.

    The lines `above` stand over it; without a whole terminal they are printed when they change.
    """
    from .watching import status_line, view

    if not full:
        yield _lines(above, status_line), None
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    with _keys() as keys, Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:

        def draw(picture: "complex_.Picture") -> None:
            head = [Text(line, overflow="fold") for line in above()]
            taken = sum(-(-len(line) // console.width) for line in head)
            live.update(Group(*head, view(picture, console.width, console.height - taken)), refresh=True)

        yield draw, keys


def _lines(above: Callable[[], list[str]], line: Callable[["complex_.Picture"], str]) -> Callable[["complex_.Picture"], None]:
    printed: list[str] = []

    def draw(picture: "complex_.Picture") -> None:
        now = above()
        for one in now:
            if one not in printed:
                print(one, flush=True)
        printed[:] = now
        print(line(picture), flush=True)

    return draw


@contextmanager
def _keys() -> Iterator[int | None]:
    """Have the terminal give each key at once, and be as before at the end; None where there is no terminal to read."""
    import termios
    import tty

    try:
        keys = sys.stdin.fileno()
        before = termios.tcgetattr(keys)
    except (OSError, ValueError, termios.error):
        yield None
        return
    tty.setcbreak(keys)
    try:
        yield keys
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)
