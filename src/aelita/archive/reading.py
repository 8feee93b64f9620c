"""Packets and frames out of the archive, octets included."""

import numpy as np
import polars as pl

from ..records import FRAMES, PACKETS
from .octets import Integers, Octets, binary_column, buffer_of, gather
from .tables import Table, collect

_FRAME_COLUMNS = ("source", "number", "stream", "stream_position", "data_start", "data_length", "octets")


def chosen(
    table: Table,
    schema: pl.Schema,
    time: tuple[str, int | None, int | None],
    equal: dict[str, int | None],
    columns: list[str] | None = None,
) -> pl.DataFrame:
    """Return the rows of a table in a range of one column, where other columns have the given values (None: any).

    Columns that came into the schema after the table was made are null.
    """
    frame = table.scan(*time) if time[1:] != (None, None) else table.scan()
    names = schema.names() if columns is None else columns
    if frame is None:
        return schema.to_frame().select(names)
    for name, value in equal.items():
        if value is not None:
            frame = frame.filter(pl.col(name) == value)
    held = table.schema()
    absent = [pl.lit(None, schema[name]).alias(name) for name in names if name not in held]
    return collect(frame.with_columns(absent).select(names), table.name)


def with_octets(packets: pl.DataFrame, frames: Table) -> pl.DataFrame:
    """Return the packets with the octets that stand in frames filled in."""
    away = packets["frames_on"].is_not_null().to_numpy()
    if not away.any():
        return packets
    where = np.flatnonzero(away)
    pointed = packets[where].select("source", "frame", "frames_on", "position", "length")
    data, at = _from_frames(pointed, frames)
    start, length = np.zeros(len(packets), np.int64), np.zeros(len(packets), np.int64)
    start[where], length[where] = at, pointed["length"].to_numpy()
    found = binary_column(data, start, length)
    return packets.with_columns(octets=packets["octets"].zip_with(pl.Series(~away), found))


def _from_frames(packets: pl.DataFrame, frames: Table) -> tuple[Octets, Integers]:
    """Return a buffer, and where in it each packet begins."""
    buffers: list[Octets] = []
    at, base = np.zeros(len(packets), np.int64), 0
    for source, rows in by_source(packets.with_row_index("_at")):
        began = rows["frame"].to_numpy()
        span = "number", int(began.min()), int((began + rows["frames_on"].to_numpy()).max()) + 1
        holders = chosen(frames, FRAMES, span, {"source": source}, list(_FRAME_COLUMNS))
        holders = holders.filter(pl.col("stream").is_not_null())
        streams = holders.select(pl.col("number").alias("frame"), "stream")
        rows = rows.join(streams, on="frame", how="left", maintain_order="left")
        for (stream,), carried in rows.partition_by("stream", as_dict=True).items():
            data, begins = _stream(holders.filter(pl.col("stream") == stream), carried["position"].to_numpy())
            buffers.append(data)
            at[carried["_at"].to_numpy()] = base + begins
            base += data.size
    return np.concatenate(buffers) if buffers else np.empty(0, np.uint8), at


def by_source(rows: pl.DataFrame) -> list[tuple[int, pl.DataFrame]]:
    """Return the rows of each source."""
    return [(int(part["source"][0]), part) for part in rows.partition_by("source", maintain_order=True)]


def _stream(fields: pl.DataFrame, position: Integers) -> tuple[Octets, Integers]:
    """Return the data fields of one stream, one after another, and where in them each of these positions lies."""
    fields = fields.sort("stream_position")
    octets, offset, _ = buffer_of(fields["octets"])
    length = fields["data_length"].cast(pl.Int64).to_numpy()
    data, ends = gather(octets, offset + fields["data_start"].to_numpy(), length)
    begins = fields["stream_position"].to_numpy()
    which = np.maximum(np.searchsorted(begins, position, side="right") - 1, 0)
    return data, ends[:-1][which] + position - begins[which]


def read_packets(
    packets: Table, frames: Table, start: int | None, stop: int | None, equal: dict[str, int | None], octets: bool
) -> pl.DataFrame:
    """Return packets in the order received; see `Archive.packets`."""
    names = [name for name in PACKETS.names() if octets or name != "octets"]
    rows = chosen(packets, PACKETS, ("generated", start, stop), equal, names).sort("source", "row")
    return with_octets(rows, frames) if octets else rows


def read_frames(frames: Table, quarantine: Table, equal: dict[str, int | None], octets: bool) -> pl.DataFrame:
    """Return frames in the order received; see `Archive.frames`."""
    names = [name for name in FRAMES.names() if octets or name != "octets"]
    rows = chosen(frames, FRAMES, ("", None, None), equal, names).sort("source", "number")
    if not octets or rows["octets"].null_count() == 0:
        return rows
    bad = quarantine.scan()
    if bad is None:
        return rows
    kept = collect(bad.select("source", "position", pl.col("octets").alias("_bad")), quarantine.name).unique(
        ["source", "position"]
    )
    joined = rows.join(kept, on=["source", "position"], how="left", maintain_order="left")
    filled = pl.when(pl.col("reason") != 0).then(pl.col("octets").fill_null(pl.col("_bad"))).otherwise(pl.col("octets"))
    return joined.with_columns(octets=filled).drop("_bad")
