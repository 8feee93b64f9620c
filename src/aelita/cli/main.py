"""The `aelita` command: one application, its common options, and how it ends.

Exit codes: 0 done, 1 done but with faults found (`check`, `audit verify`), 2 refused or failed, 130 stopped by Ctrl-C.
"""

import gc
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..errors import AelitaError
from . import (
    alarms,
    archives,
    auditing,
    commanding,
    databases,
    histories,
    ingestion,
    live,
    missions,
    navigation,
    navigation_attitude,
    navigation_clock,
    navigation_fits,
    navigation_manoeuvres,
    navigation_orbits,
    navigation_plans,
    navigation_predictions,
    navigation_products,
    navigation_tracking,
    stations,
    users,
)  # fmt: skip

STOPPED = 130  # the shell's code for Ctrl-C, which Typer returns too

app = typer.Typer(
    name="aelita",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="A joint, Earth-based interplanetary mission operations and data control complex.",
    epilog="Settings come from flags, then AELITA_… variables, then `aelita.toml`; see `aelita config`.",
)
for room in (
    live, alarms, ingestion, histories, archives, databases, missions, stations, users, commanding, auditing, navigation,
    navigation_orbits, navigation_fits, navigation_plans, navigation_products, navigation_predictions, navigation_attitude,
    navigation_clock, navigation_manoeuvres, navigation_tracking,
):  # fmt: skip
    room.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aelita {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="The folder in which Aelita keeps what it makes (AELITA_DATA).")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that every command has."""
    context.obj = {"data": str(data) if data else None}


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(100_000, 50, 50)  # loading makes many objects that stay: looking for garbage among them takes a tenth of it
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files and parameters that the terminal has no letters for
            stream.reconfigure(errors="backslashreplace")
    try:
        code = int(app(standalone_mode=False) or 0)
    except AelitaError as error:
        _say(f"aelita: {error}")
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except SystemExit:  # so Typer ends when the reader of our output went away, as `head` does
        _forget_output()
        code = 0
    except OSError as error:
        _say(f"aelita: {error.filename or 'output'}: {error.strerror or error}")
        _forget_output()
        code = 2
    except typer.Exit as ended:
        code = ended.exit_code
    except Exception as error:
        if not hasattr(error, "show"):
            raise
        error.show()  # click's own usage errors
        code = 2
    if code == STOPPED:
        _say("\naelita: stopped; what was committed stays, run the same command again to go on")
    sys.exit(code)


def _forget_output() -> None:
    """Let what was not written go, so that Python does not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
