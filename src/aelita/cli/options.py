"""Options that several commands share, and what they lead to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError

if TYPE_CHECKING:
    from ..archive import Archive
    from ..services import Configuration, Library

ArchiveOption = Annotated[
    Path | None, typer.Option("--archive", "-a", help="The archive (AELITA_ARCHIVE; default: `archive` in the data folder).")
]
MissionOption = Annotated[
    str, typer.Option("--mission", "-m", help="A mission that comes with Aelita, or the folder of one (AELITA_MISSION).")
]
MdbOption = Annotated[
    list[Path] | None, typer.Option("--mdb", help="XTCE file of the mission database; several are read together.")
]
StartOption = Annotated[str | None, typer.Option("--start", help="First instant, UTC: 2023-05-24T18:54:49.8.")]
StopOption = Annotated[str | None, typer.Option("--stop", help="Instant before which to stop, UTC.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write to this file; its ending says how (.csv, .parquet, .arrow, .json).")
]


def settings(context: typer.Context, **flags: Any) -> "Configuration":
    """Return the settings in force, with what the command line gave in first place."""
    from ..services import configure

    return configure(context.obj | {key: str(value) for key, value in flags.items() if value})


def opened(context: typer.Context, archive: Path | None) -> "tuple[Archive, Library]":
    """Return the archive that the options name, and the library of its databases."""
    from ..services import open_with_library

    return open_with_library(settings(context, archive=archive).archive)


def utc(text: str | None) -> int | None:
    """Return TAI nanoseconds of a UTC text. Raises UsageError for what is no time."""
    from ..errors import TimeError
    from ..time import tai_ns_from_utc

    if text is None:
        return None
    try:
        return tai_ns_from_utc(text)
    except TimeError as error:
        raise UsageError(f"{text!r} is no UTC time: {error.what}", remedy="Write 2023-05-24 or 2023-05-24T18:54:49.8") from error
