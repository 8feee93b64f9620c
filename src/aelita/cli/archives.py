"""`aelita archive`: keeping an archive whole, small and safe; `aelita export`."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .options import ArchiveOption, JsonOption, StartOption, StopOption, opened, settings, utc
from .output import joined, print_json, print_pairs, print_table, rows_as_json, say

commands = typer.Typer(no_args_is_help=True, help="Check, compact, back up, restore, rebuild an archive.")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="archive")
    app.command("export")(export)


@commands.command("check")
def check_archive(
    context: typer.Context,
    archive: ArchiveOption = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not read the octets of every packet.")] = False,
    json: JsonOption = False,
) -> None:
    """Verify that everything in an archive is there and fits together. Exit code 1 when something is wrong."""
    from ..archive import check

    store, _ = opened(context, archive)
    found = check(store, deep=not quick)
    if json:
        findings = [{"table": f.table, "what": f.what, "remedy": f.remedy, "serious": f.serious} for f in found.findings]
        print_json({"whole": found.whole, "findings": findings, "tables": rows_as_json(found.tables)})
    else:
        print_table(found.tables, title=f"{store.path}", limit=400)
        for finding in found.findings:
            say(f"{'fault' if finding.serious else 'remark'}: {finding.table}: {finding.what}. {finding.remedy}")
        say("the archive is whole" if found.whole else "the archive is NOT whole")
    if not found.whole:
        raise typer.Exit(1)


@commands.command("compact")
def compact_archive(
    context: typer.Context,
    archive: ArchiveOption = None,
    full: Annotated[bool, typer.Option("--full", help="Delete at once whatever no table needs any more.")] = False,
) -> None:
    """Join the small files of every table, and delete those that left it more than a week ago."""
    from ..archive import compact

    store, _ = opened(context, archive)
    done = compact(store, full=full)
    files, octets, files_after, octets_after = (int(done[name].sum()) for name in done.columns[1:])
    say(f"{files:,} files of {octets:,} octets became {files_after:,} files of {octets_after:,} octets")


@commands.command()
def retention(
    context: typer.Context,
    archive: ArchiveOption = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", help="TABLE=DAYS, or TABLE=ever: frames, packets, parameters, events, quarantine."),
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Remove now what is older than the settings allow.")] = False,
) -> None:
    """Show or set for how long an archive keeps its rows, and apply it."""
    from dataclasses import asdict
    from datetime import UTC, datetime

    from ..archive import Retention, apply_retention
    from ..time import tai_ns_from_utc

    store, _ = opened(context, archive)
    if keep:
        store.keep(Retention.of(asdict(store.retention()) | dict(_kept(word) for word in keep)))
    print_pairs(
        "kept for", ((name, "ever" if days is None else f"{days:g} days") for name, days in asdict(store.retention()).items())
    )
    if apply:
        now = tai_ns_from_utc(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        print_table(apply_retention(store, now), title="removed")


def _kept(word: str) -> tuple[str, float | None]:
    name, _, days = word.partition("=")
    try:
        return name, None if days == "ever" else float(days)
    except ValueError as error:
        raise UsageError(f"{word!r} is no setting", remedy="Write frames=90, or frames=ever") from error


@commands.command("backup")
def backup_archive(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="The folder of the backup; one of the same archive is brought up to date.")],
    archive: ArchiveOption = None,
) -> None:
    """Copy an archive into a folder that can be opened like it."""
    from ..archive import backup

    store, _ = opened(context, archive)
    done = backup(store, target)
    say(f"{done.files:,} files of {done.octets:,} octets copied to {target}, {done.deleted:,} deleted there")


@commands.command("restore")
def restore_archive(
    source: Annotated[Path, typer.Argument(help="The backup.")],
    target: Annotated[Path, typer.Argument(help="The folder of the new archive; absent or empty.")],
) -> None:
    """Make an archive of a backup."""
    from ..archive import restore

    say(f"restored to {restore(source, target)}")


@commands.command("products")
def archived_products(
    context: typer.Context,
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    kind: Annotated[str, typer.Option("--kind", help="Those of a kind: orbit, residuals, passes, ...")] = "",
    spacecraft: Annotated[str, typer.Option("--spacecraft", help="Those of a spacecraft.")] = "",
    agency: Annotated[str, typer.Option("--agency", help="Those that an agency published.")] = "",
    json: JsonOption = False,
) -> None:
    """List products of flight dynamics that hold at some instant of a span, with the SHA-256 of each file."""
    import orjson
    import polars as pl

    from ..archive import find_products
    from ..time import utc_datetime64

    store, _ = opened(context, archive)
    found = find_products(store, utc(start), utc(stop), kind=kind, spacecraft=spacecraft, agency=agency)
    instants = [pl.Series(name, utc_datetime64(found[name].to_numpy())) for name in ("start", "stop", "made_at")]
    table = found.with_columns(instants)
    if json:
        print_json([row | {"files": orjson.loads(row["files"])} for row in rows_as_json(table)])
        return
    print_table(table.drop("name", "files"), title="Products in the archive", limit=400)


@commands.command("migrate")
def migrate_archive(context: typer.Context, archive: ArchiveOption = None) -> None:
    """Bring an archive to the format of this release. Make a backup first."""
    from ..archive import migrate

    had, has = migrate(settings(context, archive=archive).archive)
    say(f"the format was {had} and is {has}" if had != has else f"the format is {has} already")


@commands.command("rebuild")
def rebuild_archive(
    context: typer.Context,
    mdb: Annotated[list[Path], typer.Option("--mdb", help="The newer mission database, XTCE.")],
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    container: Annotated[list[str] | None, typer.Option(help="Only rows of this container; may be repeated.")] = None,
) -> None:
    """Decode the archived packets again with a newer mission database."""
    from ..services import rebuild_with

    store, library = opened(context, archive)
    version = rebuild_with(store, library, mdb, utc(start), utc(stop), containers=container)
    say(f"decoded again with {version.name}, version {version.number} of this archive ({version.digest[:12]})")


@commands.command("recorrelate")
def recorrelate_archive(
    context: typer.Context,
    clock: Annotated[Path, typer.Argument(help="The newer clock: TOML, or a SPICE clock kernel.")],
    archive: ArchiveOption = None,
    source: Annotated[list[int] | None, typer.Option(help="Only packets of this recording; may be repeated.")] = None,
) -> None:
    """Compute generation times again from the spacecraft's clock, after a new correlation came to be known."""
    from ..services import recorrelate_with

    store, _ = opened(context, archive)
    say(f"{recorrelate_with(store, clock, source):,} times changed")


def export(
    context: typer.Context,
    parameters: Annotated[list[str], typer.Argument(help="Names, or unambiguous ends of names.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file: .parquet, .csv or .arrow.")],
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Raw values instead of engineering ones.")] = False,
    long: Annotated[bool, typer.Option("--long", help="One row a sample instead of one column a parameter.")] = False,
) -> None:
    """Write the values of parameters to a file, whatever its size."""
    from ..archive import to_arrow, to_csv, to_parquet

    writers = {".parquet": to_parquet, ".csv": to_csv, ".arrow": to_arrow, ".feather": to_arrow, ".ipc": to_arrow}
    writer = writers.get(out.suffix.lower())
    if writer is None:
        raise UsageError(
            f"{out.suffix or 'no ending'} is no format", where=str(out), remedy=f"Use one of {joined(list(writers))}"
        )
    store, _ = opened(context, archive)
    rows = writer(store, out, parameters, utc(start), utc(stop), raw=raw, wide=not long)
    say(f"{rows:,} rows written to {out}")
