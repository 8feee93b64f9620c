"""`aelita ingest` and `aelita demo`: recordings into an archive."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import ArchiveOption, JsonOption, MdbOption, MissionOption, settings
from .output import console, latest_value, print_json, print_pairs, print_table, say

if TYPE_CHECKING:
    from ..archive import Archive
    from ..services import Definition, Ingested, Summary

RECORDING = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("ingest")(ingest)
    app.command("demo")(demo)


def ingest(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Recordings: frames or packets as the channel describes them.")],
    channel: Annotated[
        str, typer.Option("--channel", "-c", help="Channel file (TOML), or the name of a mission's channel.")
    ] = "",
    mission: MissionOption = "",
    mdb: MdbOption = None,
    clock: Annotated[
        Path | None, typer.Option(help="On-board clock: TOML, or a SPICE clock kernel; takes the place of the mission's.")
    ] = None,
    archive: ArchiveOption = None,
    station: Annotated[str, typer.Option(help="Who received it, to be kept with the recording.")] = "",
    json: JsonOption = False,
) -> None:
    """Take recordings into an archive: check, correct, decode and keep all of it. The same file twice adds nothing."""
    from ..errors import AelitaError, ArchiveError
    from ..services import Summary, define, ingest_file, open_with_library

    configuration = settings(context, archive=archive, mission=mission)
    store, library = open_with_library(configuration.archive, create=True)
    named = mission or ("" if channel and Path(channel).is_file() and mdb else configuration["mission"])
    definition = define(library, mission=named, channel=channel, mdb=mdb or [], clock=clock)
    summary, done, refused = Summary(), list["Ingested"](), list[AelitaError]()
    with _Progress(files) as progress:
        for path in files:
            try:
                done.append(ingest_file(store, definition, path, summary, station=station, progress=progress.advance))
            except ArchiveError:
                raise
            except AelitaError as error:
                refused.append(error)
    if json:
        print_json(summary.as_json())
    elif done:
        tell(definition, summary, done, configuration.archive)
    _tell_of_other_channels(store, definition, done)
    for one in refused:
        say(f"aelita: {one}")
    if refused:
        raise typer.Exit(2)


def demo(
    context: typer.Context,
    recording: Annotated[Path | None, typer.Argument(help="A recording of the Trace Gas Orbiter's frames.")] = None,
) -> None:
    """Show what Aelita does: decode a recording of the Trace Gas Orbiter at Mars, and print what is in it.

    Without a recording, the real one beside the project is taken, else a synthetic one that Aelita makes itself.
    """
    from ..services import Summary, define, ingest_file, open_with_library, write_recording

    configuration = settings(context)
    data = configuration.data
    if recording is None:
        beside = Path("..") / "shared" / RECORDING
        recording = beside if beside.is_file() else write_recording(data / "synthetic")
    synthetic = "synthetic" in recording.name.lower()
    folder = data / ("archive-synthetic" if synthetic else "archive")
    store, library = open_with_library(folder, create=True)
    definition = define(library, mission="exomars")
    summary = Summary()
    with _Progress([recording]) as progress:
        done = ingest_file(store, definition, recording, summary, progress=progress.advance)
    tell(definition, summary, [done], folder)
    if synthetic:
        say("This recording is SYNTHETIC: Aelita made it, nothing in it came from a spacecraft.")
    _show_latest(store)
    _invite(folder)


def tell(definition: "Definition", summary: "Summary", done: "list[Ingested]", folder: Path) -> None:
    """Print what was found and what was added, for people."""
    counts = summary.as_json()
    frames, packets = counts["frames"], counts["packets"]
    channel = definition.channel
    rows: list[tuple[str, Any]] = []
    if frames["read"]:
        per = ", ".join(f"VC{vc} {n:,}" for vc, n in frames["by_virtual_channel"].items())
        rows.append(("frames", f"{frames['read']:,} read, {frames['good']:,} good" + (f" ({per})" if per else "")))
        if frames["bad"]:
            rows.append(("  bad", ", ".join(f"{n:,} {reason}" for reason, n in frames["bad_reasons"].items())))
        rows.append(("  lost", f"{frames['lost']:,} in {frames['gaps']:,} gaps"))
    rows.append(("packets", f"{packets['total']:,} of {len(packets['by_apid'])} APIDs, {packets['idle']:,} of them idle"))
    rows.append(("  checksums", f"{packets['checksum_good']:,} good, {packets['checksum_bad']:,} bad"))
    if packets["incomplete"]:
        rows.append(("  incomplete", packets["incomplete"]))
    if definition.compiled is not None:
        containers = len(counts["parameters"]["by_container"])
        rows.append(("parameters", f"{counts['parameters']['samples']:,} samples in {containers} containers"))
        rows += [("events", summary.events), ("limit changes", summary.transitions)]
        if summary.unidentified:
            rows.append(("  unidentified", f"{summary.unidentified:,} packets fit no container of the database"))
        rows += [("  contradiction", f"{n:,} packets, {what}") for what, n in sorted(summary.faults.items())[:5]]
    quarantined = counts["quarantined"]
    if quarantined["octets"]:
        why = ", ".join(f"{n:,} {reason}" for reason, n in quarantined["reasons"].items())
        rows.append(("quarantine", f"{quarantined['octets']:,} octets: {why}"))
    for one in done:
        added = "was in the archive already, nothing added" if one.known else f"{one.packets:,} packets added"
        if one.duplicates:
            added += f", {one.duplicates:,} duplicates of archived ones left out"
        rows.append((one.name, added))
    rows.append(("archive", str(folder)))
    print_pairs(channel.spacecraft, rows)


def _tell_of_other_channels(store: "Archive", definition: "Definition", done: "list[Ingested]") -> None:
    """Warn of recordings that were ingested before as another channel: nothing of what was counted now is in the archive."""
    known = {one.source: one.name for one in done if one.known}
    for source, channel in store.sources().select("source", "channel").iter_rows() if known else ():
        if source in known and channel != definition.channel.text:
            say(f"aelita: {known[source]}: was ingested with another channel file. Use a new archive to ingest it with this one")


def _show_latest(store: "Archive") -> None:
    """Print some of the latest values: the shortest names, which are those that were given a meaning."""
    import polars as pl

    latest = store.latest().filter(pl.col("number").is_not_null() | pl.col("text").is_not_null())
    named = latest.filter(~pl.col("parameter").str.contains("hk_|_spare|opaque|thermistor|packet_|structure_"))
    print_table(named.select("utc", "parameter", latest_value()).sort("utc", "parameter"), title="Latest values", limit=24)


def _invite(folder: Path) -> None:
    on_path = shutil.which("aelita")
    aelita = "aelita" if on_path and Path(on_path).samefile(sys.argv[0]) else os.path.relpath(sys.argv[0])
    console().print(f"\nThe archive is {folder}. Go on with, for example:", style="bold", markup=False)
    for line in (
        f"{aelita} query attitude_0 --archive {folder}",
        f"{aelita} plot attitude_0 attitude_1 attitude_2 attitude_3 --archive {folder} --out attitude.png",
        f"{aelita} completeness --archive {folder}",
        f"{aelita} events --archive {folder}",
    ):
        console().print(f"  {line}", soft_wrap=True, markup=False)


class _Progress:
    """A bar over the octets of all files, on standard error of a terminal; nothing elsewhere."""

    def __init__(self, files: list[Path]) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

        terminal = console(errors=True)
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
            console=terminal, disable=not terminal.is_terminal, transient=True,
        )  # fmt: skip
        total = sum(path.stat().st_size for path in files if path.is_file())
        self._task = self._bars.add_task("ingesting", total=total)

    def advance(self, octets: int) -> None:
        self._bars.advance(self._task, octets)

    def __enter__(self) -> "_Progress":
        self._bars.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._bars.stop()
