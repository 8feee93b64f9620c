"""`aelita run`, `serve` and `status`: the live complex."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UsageError
from .ingestion import RECORDING
from .options import JsonOption, MissionOption, settings
from .output import print_json, print_table, say


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("run")(run)
    app.command("serve")(serve)
    app.command("status")(status)


def run(
    context: typer.Context,
    mission: MissionOption = "",
    spacecraft: Annotated[
        str, typer.Option(help="Which spacecraft to follow; default: that of the mission's default channel.")
    ] = "",
    agency: Annotated[list[str] | None, typer.Option(help="Agencies to run here; default: the mission's leading ones.")] = None,
    station: Annotated[
        list[str] | None, typer.Option(help="Stations that hear it; default: for each agency the one that sees it highest.")
    ] = None,
    play: Annotated[
        Path | None, typer.Option(help="A recording that the stations hear as if it were sent now, at its own epoch.")
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times as fast the clock of the complex runs.")] = 1.0,
    loss: Annotated[float, typer.Option(min=0, max=1, help="Share of frames that each station misses.")] = 0.0,
    bit_errors: Annotated[float, typer.Option(min=0, max=1, help="Share of bits that come over wrong.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the losses and bit errors.")] = 1,
    watch: Annotated[bool, typer.Option(help="Show what goes on; default: on a terminal.")] = sys.stdout.isatty(),
) -> None:
    """Run the complex on this machine: agencies with their streams, stations, receivers, processors and archives.

    The first run writes `complex.toml` into the data folder; later ones go on with it. Without a recording to play, the real one
    of the Trace Gas Orbiter beside the project is taken, else a synthetic one that Aelita makes itself. Ctrl-C ends all.
    """
    import asyncio

    from ..services import live

    folder = settings(context).data / "complex"
    recording, synthetic = _recording(folder, play)
    installation, clock = live.begin(
        folder,
        mission=mission or "exomars", spacecraft=spacecraft, agencies=tuple(agency or ()), stations=tuple(station or ()),
        recording=recording, synthetic=synthetic, speed=speed, loss=loss, bit_error_rate=bit_errors, seed=seed,
    )  # fmt: skip
    if any(one.synthetic for one in installation.plays):
        say("The signal is SYNTHETIC: Aelita made it, nothing in it came from a spacecraft.")
    asyncio.run(live.run_complex(installation, clock))


def _recording(folder: Path, play: Path | None) -> tuple[Path | None, bool]:
    """Return what is played, and whether Aelita made it. An installation that is there knows it already."""
    from ..services import write_recording

    if play is not None or (folder / "complex.toml").is_file():
        return play, False
    beside = Path("..") / "shared" / RECORDING
    return (beside, False) if beside.is_file() else (write_recording(folder / "synthetic"), True)


def serve(
    context: typer.Context,
    service: Annotated[str, typer.Argument(help="space, stations, receiver, processor, archiver, …")],
    agency: Annotated[str, typer.Option(help="For which agency.")] = "",
) -> None:
    """Run one service of an installation, on this host. The data folder is that of the installation."""
    from ..services import live

    if not agency and service != "space":
        raise UsageError(f"{service} serves an agency", remedy="Give --agency")
    raise typer.Exit(live.serve_one(service, agency, settings(context).data))


def status(context: typer.Context, json: JsonOption = False) -> None:
    """Tell how the services of the complex are. Exit code 1 when one is not well."""
    from ..services import live

    reports: list[dict[str, Any]] = live.asked(settings(context).data / "complex")
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
    if any(one["status"] != "well" for one in reports) or not reports:
        raise typer.Exit(1)
