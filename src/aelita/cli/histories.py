"""Questions to an archive: parameters, packets, frames, events, completeness, plots."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import ArchiveOption, JsonOption, OutOption, StartOption, StopOption, opened, utc
from .output import deliver, latest_value, print_json, print_table, rows_as_json, say, write_octets, writing

if TYPE_CHECKING:
    import polars as pl

LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="Rows to show of a long table.")]
SourceOption = Annotated[int | None, typer.Option("--source", help="Only from the recording of this number.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (query, plot, packets, frames, events, limits, completeness, quarantine, sources):
        app.command(command.__name__)(command)


def query(
    context: typer.Context,
    parameters: Annotated[list[str] | None, typer.Argument(help="Names, or unambiguous ends of names; none: list them.")] = None,
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="Raw values instead of engineering ones.")] = False,
    latest: Annotated[bool, typer.Option("--latest", help="The latest value of every parameter, or of these.")] = False,
    find: Annotated[str, typer.Option("--find", help="List the parameters whose names contain this.")] = "",
    samples: Annotated[int, typer.Option("--samples", min=0, max=1_000_000, help="Fold the range into about so many bins.")] = 0,
    changes: Annotated[bool, typer.Option("--changes", help="Only samples that differ from the one before.")] = False,
    every: Annotated[float, typer.Option("--every", min=0, max=9e9, help="At most one sample in so many seconds.")] = 0.0,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """Ask for the values of parameters over a range of time. Without a name, list the parameters in the archive."""
    import polars as pl

    store, _ = opened(context, archive)
    names = [store.catalogue.resolve(name) for name in parameters or []]
    if latest:
        rows = store.latest()
        rows = rows.filter(pl.col("parameter").is_in(names)) if names else rows
        if not (json or out):
            rows = rows.select("utc", "parameter", latest_value())
        deliver(rows, out=out, as_json=json, limit=limit)
        return
    if not names:
        known = [name for name in store.parameters() if find.casefold() in name.casefold()]
        deliver(pl.DataFrame({"parameter": known}, schema={"parameter": pl.String}), out=out, as_json=json, limit=limit)
        return
    if len(names) > 1 and out is not None:
        parts = [
            store.samples(name, samples, utc(start), utc(stop)).with_columns(parameter=pl.lit(name))
            if samples
            else _with_name(_values(store, name, start, stop, raw, changes, every), name)
            for name in names
        ]
        deliver(pl.concat(parts), out=out, as_json=json)
        return
    collected = {}
    for name in names:
        frame = (
            store.samples(name, samples, utc(start), utc(stop))
            if samples
            else _values(store, name, start, stop, raw, changes, every)
        )
        collected[name] = frame
        if not json:
            deliver(frame if out else _for_people(frame), out=out, as_json=False, title=name, limit=limit)
    if json:
        print_json({name: rows_as_json(frame) for name, frame in collected.items()})


def _for_people(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Leave out what programs need: the packet of each sample, and its quality where all are good."""
    import polars as pl

    left_out = ["generated", "source", "row", "database"]
    if "quality" in frame.columns and not frame.filter(pl.col("quality") != 0).height:
        left_out.append("quality")
    return frame.drop(left_out, strict=False)


def _with_name(frame: "pl.DataFrame", name: str) -> "pl.DataFrame":
    import polars as pl

    value = pl.col("value") if frame["value"].dtype.is_numeric() else None
    text = pl.lit(None, pl.String) if value is not None else pl.col("value").cast(pl.String)
    number = value.cast(pl.Float64) if value is not None else pl.lit(None, pl.Float64)
    return frame.select(
        "utc", pl.lit(name).alias("parameter"), "generated", "quality", number.alias("number"), text.alias("text")
    )


def _values(
    store: "object", name: str, start: str | None, stop: str | None, raw: bool, changes: bool, every: float
) -> "pl.DataFrame":
    from ..archive import Archive
    from ..services import thinned

    assert isinstance(store, Archive)
    return thinned(store.values(name, utc(start), utc(stop), raw=raw), changes=changes, every_s=every)


def plot(
    context: typer.Context,
    parameters: Annotated[list[str], typer.Argument(help="Names, or unambiguous ends of names; one panel each.")],
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The PNG file to write.")] = Path("plot.png"),
    raw: Annotated[bool, typer.Option("--raw", help="Raw values instead of engineering ones.")] = False,
    title: Annotated[str, typer.Option(help="A heading.")] = "",
) -> None:
    """Draw the history of parameters as PNG: values, limits and gaps."""
    from ..services import draw, trace_of

    store, library = opened(context, archive)
    if out.suffix.lower() != ".png":
        raise UsageError("plots are written as PNG", where=str(out), remedy="End the name with .png")
    traces = [trace_of(store, library, store.catalogue.resolve(name), utc(start), utc(stop), raw=raw) for name in parameters]
    with writing(out):
        draw(traces, out, title=title)
    say(f"{len(traces)} panels written to {out}")


def packets(
    context: typer.Context,
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    apid: Annotated[int | None, typer.Option(min=0, max=2047, help="Only of this application.")] = None,
    vc: Annotated[int | None, typer.Option(min=0, max=63, help="Only of this virtual channel.")] = None,
    source: SourceOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file: .bin for the octets one after another, or as `query`.")
    ] = None,
) -> None:
    """List packets with their octets, or write them to a file."""
    store, _ = opened(context, archive)
    rows = store.packets(utc(start), utc(stop), apid=apid, virtual_channel=vc, source=source)
    if out is not None and out.suffix.lower() == ".bin":
        write_octets(rows["octets"], out)
        say(f"{len(rows):,} packets written to {out}")
        return
    if json or out:
        deliver(rows, out=out, as_json=json)
        return
    shown = ["utc", "source", "row", "virtual_channel", "apid", "sequence_count", "length", "quality", "octets"]
    deliver(rows.select(shown), out=None, as_json=False, limit=limit)


def frames(
    context: typer.Context,
    archive: ArchiveOption = None,
    vc: Annotated[int | None, typer.Option(min=0, max=63, help="Only of this virtual channel.")] = None,
    source: SourceOption = None,
    bad: Annotated[bool, typer.Option("--bad", help="Only frames that failed a check.")] = False,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file: .bin for the octets one after another, or as `query`.")
    ] = None,
) -> None:
    """List transfer frames, or write them to a file."""
    import polars as pl

    from ..link import REASONS

    store, _ = opened(context, archive)
    octets = out is not None
    rows = store.frames(source=source, virtual_channel=vc, octets=octets)
    rows = rows.filter(pl.col("reason") != 0) if bad else rows
    if out is not None and out.suffix.lower() == ".bin":
        write_octets(rows["octets"], out)
        say(f"{len(rows):,} frames written to {out}")
        return
    words = pl.col("reason").replace_strict({0: "good", **REASONS}, return_dtype=pl.String)
    if json or out:
        deliver(rows.with_columns(words), out=out, as_json=json)
        return
    shown = ["source", "number", "position", "virtual_channel", "master_count", "channel_count", "ocf", "data_length"]
    deliver(rows.select(*shown, words), out=None, as_json=False, limit=limit)


def events(
    context: typer.Context,
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """List the event reports of a spacecraft."""
    store, _ = opened(context, archive)
    rows = store.events(utc(start), utc(stop))
    people = rows.select("utc", "severity", "name", "message", "data") if not (json or out) else rows
    deliver(people, out=out, as_json=json, limit=limit)


def limits(
    context: typer.Context,
    archive: ArchiveOption = None,
    start: StartOption = None,
    stop: StopOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """List when parameters went out of their limits and came back (0 normal to 5 severe)."""
    store, _ = opened(context, archive)
    rows = store.limits(utc(start), utc(stop))
    people = rows.select("utc", "parameter", "before", "after", "value", "text") if not (json or out) else rows
    deliver(people, out=out, as_json=json, limit=limit)


def completeness(
    context: typer.Context,
    archive: ArchiveOption = None,
    source: SourceOption = None,
    json: JsonOption = False,
) -> None:
    """Tell what was received and what is missing, by virtual channel and by application."""
    store, _ = opened(context, archive)
    found = store.completeness(source)
    tables = {name: getattr(found, name) for name in ("sources", "channels", "gaps", "packets", "missing")}
    if json:
        print_json({name: rows_as_json(frame) for name, frame in tables.items()})
        return
    for name, frame in tables.items():
        if len(frame) and name != "sources":
            print_table(_dated(frame), title=TITLES[name])


TITLES = {
    "channels": "virtual channels", "gaps": "gaps in virtual channels", "packets": "packets by application",
    "missing": "missing sequence counts",
}  # fmt: skip


def _dated(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Return the frame with its TAI nanoseconds as UTC."""
    import polars as pl

    from ..time import NO_TIME, utc_datetime64

    changes = []
    for name in ("first", "last_time", "start", "stop", "first_time", "generated"):
        if name in frame.columns and frame[name].dtype == pl.Int64:
            utc = pl.Series(name, utc_datetime64(frame[name].fill_null(NO_TIME).to_numpy()))
            changes.append(utc.dt.cast_time_unit("us"))
    return frame.with_columns(changes).rename({"last_time": "last"}, strict=False)


def quarantine(
    context: typer.Context,
    archive: ArchiveOption = None,
    source: SourceOption = None,
    limit: LimitOption = 40,
    json: JsonOption = False,
    out: OutOption = None,
) -> None:
    """List the octets that could not be used, with their offset in the recording and the reason."""
    store, _ = opened(context, archive)
    deliver(store.quarantine(source), out=out, as_json=json, limit=limit)


def sources(context: typer.Context, archive: ArchiveOption = None, json: JsonOption = False, out: OutOption = None) -> None:
    """List the recordings in an archive and what each gave."""
    store, _ = opened(context, archive)
    rows = store.sources()
    if json or out:
        deliver(rows, out=out, as_json=json)
        return
    shown = ["source", "name", "spacecraft", "complete", "frames", "bad_frames", "lost", "packets", "duplicates", "samples"]
    print_table(_dated(rows.select(*shown, "first", "last_time")))
