"""Tables as answers of any size: Arrow streams, Parquet, CSV, written piece by piece so that memory stays bounded."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import Query
from fastapi.responses import Response, StreamingResponse
from polars.io.plugins import register_io_source

Format = Literal["json", "arrow", "parquet", "csv"]
FormatQuery = Annotated[
    Format, Query(description="json gives a page; arrow, parquet and csv give all rows from `after` on, or `limit` of them.")
]
ARROW, PARQUET, CSV = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet", "text/csv"
MEDIA = {"arrow": ARROW, "parquet": PARQUET, "csv": f"{CSV}; charset=utf-8"}
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {ARROW: BINARY, PARQUET: BINARY, CSV: {"schema": {"type": "string"}}}}
}
ROWS_AT_ONCE = 50_000
PIECE = 1 << 18
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"

Frames = Callable[[], Iterator[pl.DataFrame]]


def table_answer(kind: Format, name: str, schema: pl.Schema, frames: Frames) -> Response:
    """Return a table as an answer; `frames` gives its rows in pieces of this schema. An error in between breaks it off."""
    writer = {"arrow": _arrow, "parquet": _parquet, "csv": _csv}[kind]
    ending = {"arrow": "arrows", "parquet": "parquet", "csv": "csv"}[kind]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
    return StreamingResponse(writer(schema, frames()), media_type=MEDIA[kind], headers=headers)


def _arrow(schema: pl.Schema, frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield one Arrow IPC stream: the schema once, then the batches of every piece, then the end."""
    opening, _ = _parts(schema.to_frame())
    yield opening
    for frame in frames:
        if len(frame):
            yield _parts(frame)[1]
    yield END_OF_STREAM


def _parts(frame: pl.DataFrame) -> tuple[bytes, bytes]:
    """Return the schema message of a frame's IPC stream, and the messages of its batches without the end of the stream."""
    whole = frame.write_ipc_stream(None, compat_level=pl.CompatLevel.oldest()).getvalue()
    first = 8 + int.from_bytes(whole[4:8], "little")  # a continuation mark and the size of the message come before it
    return whole[:first], whole[first:].removesuffix(END_OF_STREAM)


def _csv(schema: pl.Schema, frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    yield text_of(schema.to_frame()).write_csv().encode()
    for frame in frames:
        yield text_of(frame).write_csv(include_header=False).encode()


def text_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with times as ISO 8601 texts in UTC, octets in hexadecimal and lists in brackets: what CSV can hold."""
    changes = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime):
            changes.append(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ"))
        elif dtype == pl.Binary:
            changes.append(pl.col(name).bin.encode("hex"))
        elif isinstance(dtype, pl.List):
            inner = pl.col(name).cast(pl.List(pl.String)).list.join(" ")
            changes.append(pl.format("[{}]", inner).alias(name))
    return frame.with_columns(changes)


def _parquet(schema: pl.Schema, frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield a Parquet file, which is first written whole beside the memory: its directory of row groups stands at its end."""

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        yield from frames

    with tempfile.TemporaryDirectory(prefix="aelita-") as folder:
        path = Path(folder) / "table.parquet"
        register_io_source(source, schema=schema).sink_parquet(path)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
