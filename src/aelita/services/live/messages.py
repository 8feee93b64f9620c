"""What messages on the streams hold: frames as stations delivered them, merged frames, packets, values, as Arrow IPC streams.

Octets that are no such message raise DataError: the reader quarantines them and goes on.
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...errors import DataError
from ...telemetry import Copies, Hole, Merged
from ...time import NO_TIME
from .batches import pack, unpack

FRAMES = pl.Schema(
    {
        "received": pl.Int64,  # on Earth, TAI nanoseconds
        "emitted": pl.Int64,  # received less the light time to this station
        "quality": pl.UInt8,  # as the station says: 0 good, 1 erred, 2 undetermined
        "continuity": pl.Int32,  # frames missed before this one; -1 the first
        "octets": pl.Binary,
    }
)
MERGED = pl.Schema(
    {
        "received": pl.Int64,
        "emitted": pl.Int64,
        "virtual_channel": pl.UInt8,
        "count": pl.Int64,
        "late": pl.Boolean,
        "station": pl.String,  # whose copy this is; those of an unusable frame, joined by spaces
        "reason": pl.String,  # null: a good frame; else why it is none, and no column but the times and octets tells anything
        "octets": pl.Binary,
    }
)
HOLES = "Aelita-Holes"


def rows_of(octets: bytes, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return the rows of a message. Raises DataError when it is none, or has other columns."""
    frame = unpack(octets)
    if dict(frame.schema) != dict(schema):
        raise DataError(f"a message with columns {', '.join(frame.columns)}", remedy=f"Columns must be {', '.join(schema)}")
    return frame


def pack_frames(
    received: list[int], emitted: NDArray[np.int64], quality: list[int], continuity: list[int], octets: list[bytes]
) -> list[bytes]:
    """Return frames of one station as messages."""
    return pack(pl.DataFrame([received, emitted, quality, continuity, octets], schema=FRAMES))


def copies_of(octets: bytes, station: str, message: int) -> Copies:
    """Return the frames in a message of one station. Raises DataError."""
    frame = rows_of(octets, FRAMES)
    buffer, offset, length = joined_octets(frame["octets"])
    return Copies(
        station=station, buffer=buffer, offset=offset, length=length, received_at=frame["received"].to_numpy(),
        emitted_at=frame["emitted"].to_numpy(), quality=frame["quality"].to_numpy(),
        continuity=frame["continuity"].cast(pl.Int64).to_numpy(), message=message,
    )  # fmt: skip


def joined_octets(column: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Return the texts of a binary column as one buffer, with offset and length of each."""
    pieces = column.to_list()
    length = np.array([len(piece) for piece in pieces], np.int64)
    return np.frombuffer(bytearray(b"".join(pieces)), np.uint8), np.cumsum(length) - length, length


@dataclass(frozen=True, slots=True)
class Holes:
    """Holes that came and went with the frames of a message."""

    opened: tuple[Hole, ...] = ()
    closed: tuple[Hole, ...] = ()

    def header(self) -> dict[str, str]:
        """Return the header that carries them, none without holes."""
        if not self.opened and not self.closed:
            return {}
        return {HOLES: json.dumps([[astuple(hole) for hole in holes] for holes in (self.opened, self.closed)])}

    @staticmethod
    def of(headers: Mapping[str, str] | None) -> "Holes":
        """Return the holes in the headers of a message. Raises DataError."""
        text = (headers or {}).get(HOLES, "")
        if not text:
            return Holes()
        try:
            opened, closed = json.loads(text)
            return Holes(tuple(Hole(*map(int, hole)) for hole in opened), tuple(Hole(*map(int, hole)) for hole in closed))
        except (ValueError, TypeError) as error:
            raise DataError(f"no list of holes: {error}", where=HOLES) from error


def pack_merged(merged: Merged) -> list[tuple[bytes, dict[str, str]]]:
    """Return merged frames as messages with their headers; holes go with the last."""
    rows: list[tuple[Any, ...]] = [
        (received, emitted, channel, count, late, merged.stations[station], None, merged.octets(i))
        for i, (received, emitted, channel, count, late, station) in enumerate(
            zip(
                merged.received_at.tolist(), merged.emitted_at.tolist(), merged.virtual_channel.tolist(), merged.count.tolist(),
                merged.late.tolist(), merged.station.tolist(), strict=True,
            )
        )
    ]  # fmt: skip
    rows += [(b.received_at, b.emitted_at, 0, -1, False, " ".join(b.stations), b.reason, b.octets) for b in merged.unusable]
    if merged.empty:
        return []
    frame = pl.DataFrame(rows, schema=MERGED, orient="row")
    made = [(octets, dict[str, str]()) for octets in pack(frame)] or [(empty_message(MERGED), {})]
    made[-1] = made[-1][0], Holes(merged.opened, merged.closed).header()
    return made


def empty_message(schema: pl.Schema) -> bytes:
    """Return a message without rows: holes may come or go without frames."""
    octets = io.BytesIO()
    schema.to_frame().write_ipc_stream(octets)
    return octets.getvalue()


@dataclass(frozen=True, slots=True)
class Unusable:
    """Frames of a merged message of which no station had a good copy."""

    octets: list[bytes]
    reason: list[str]
    station: list[str]
    received: list[int]


def joined_unusable(some: Iterable[Unusable]) -> Unusable:
    """Return those of several messages as of one."""
    joined = Unusable([], [], [], [])
    for one in some:
        joined.octets.extend(one.octets)
        joined.reason.extend(one.reason)
        joined.station.extend(one.station)
        joined.received.extend(one.received)
    return joined


def merged_of(octets: bytes, headers: Mapping[str, str] | None = None) -> tuple[Merged, Unusable]:
    """Return the frames in a merged message, and those that are not good. Raises DataError."""
    frame, holes = rows_of(octets, MERGED), Holes.of(headers)
    bad = frame.filter(pl.col("reason").is_not_null())
    good = frame.filter(pl.col("reason").is_null())
    buffer, offset, length = joined_octets(good["octets"])
    names = tuple(sorted(set(good["station"].to_list())))
    merged = Merged(
        buffer=buffer, offset=offset, length=length, virtual_channel=good["virtual_channel"].to_numpy(),
        count=good["count"].to_numpy(), received_at=good["received"].to_numpy(), emitted_at=good["emitted"].to_numpy(),
        station=np.array([names.index(name) for name in good["station"]], np.int16), late=good["late"].to_numpy(),
        stations=names, opened=holes.opened, closed=holes.closed,
    )  # fmt: skip
    columns = (bad[name].to_list() for name in ("octets", "reason", "station", "received"))
    return merged, Unusable(*columns)


def known_or_null(times: NDArray[np.int64]) -> pl.Series:
    """Return times as a column: NO_TIME is null."""
    return pl.Series(times).replace(NO_TIME, None)
