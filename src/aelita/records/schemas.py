"""Column schemas of the tables. Delta Lake knows signed integers only, so unsigned ones widen to the next signed type.

Times are int64 TAI nanoseconds since 1970-01-01T00:00:00 TAI; null is unknown. `source` numbers what was ingested, `row` counts
the packets (idle ones left out) of a source; the two together name a packet in every table.
"""

import functools

import numpy as np
import polars as pl

ENVELOPE = {"source": pl.Int32, "row": pl.Int64, "generated": pl.Int64, "quality": pl.Int16}
PARAMETERS = pl.Schema({**ENVELOPE, "database": pl.Int32})  # followed by one column a parameter

PACKETS = pl.Schema(
    {
        **ENVELOPE,
        "ticks": pl.Int64,  # the spacecraft's clock as received
        "received": pl.Int64,
        "virtual_channel": pl.Int16,
        "apid": pl.Int32,
        "sequence_count": pl.Int32,
        "sequence_flags": pl.Int16,
        "telecommand": pl.Boolean,
        "secondary_header": pl.Boolean,
        "frame": pl.Int64,  # the frame in which it began, null without frames
        "frames_on": pl.Int32,  # how many frames later it ended; null: its octets are not in the frames
        "position": pl.Int64,  # in the file of packets, or in the stream of the frames' data fields
        "length": pl.Int32,
        "octets": pl.Binary,  # null: they stand in the frames
    }
)
FRAMES = pl.Schema(
    {
        "source": pl.Int32,
        "number": pl.Int64,
        "position": pl.Int64,
        "received": pl.Int64,
        "reason": pl.Int16,
        "quality": pl.Int16,
        "spacecraft_id": pl.Int32,
        "virtual_channel": pl.Int16,
        "master_count": pl.Int64,
        "channel_count": pl.Int64,
        "ocf": pl.Int64,
        "data_start": pl.Int32,  # of the data field in the frame
        "data_length": pl.Int32,
        "stream": pl.Int16,  # null: its data field carries no packets
        "stream_position": pl.Int64,
        "octets": pl.Binary,
        "station": pl.String,  # whose copy of the frame it is
        "emitted": pl.Int64,  # reception less light time
    }
)
EVENTS = pl.Schema(
    {
        **ENVELOPE,
        "severity": pl.Int16,
        "name": pl.String,
        "message": pl.String,
        "details": pl.String,
        "data": pl.Binary,
    }
)
LIMITS = pl.Schema(
    {
        **ENVELOPE,
        "parameter": pl.String,
        "before": pl.Int16,
        "after": pl.Int16,
        "value": pl.Float64,
        "text": pl.String,
    }
)
GAPS = pl.Schema(
    {
        "source": pl.Int32,
        "virtual_channel": pl.Int16,
        "after_frame": pl.Int64,
        "expected": pl.Int64,
        "found": pl.Int64,
        "lost": pl.Int64,
    }
)
QUARANTINE = pl.Schema({"source": pl.Int32, "position": pl.Int64, "reason": pl.String, "octets": pl.Binary})
PYRAMIDS = pl.Schema(
    {
        "source": pl.Int32,
        "batch": pl.Int32,
        "container": pl.String,
        "parameter": pl.String,
        "level": pl.Int8,  # buckets of 2**level nanoseconds
        "finest": pl.Int8,  # level that this batch begins with
        "coarsest": pl.Boolean,  # this level is the last of its batch
        "bucket": pl.Int64,  # its first instant
        "count": pl.Int32,
        "minimum": pl.Float64,
        "maximum": pl.Float64,
        "mean": pl.Float64,
    }
)
SOURCES = pl.Schema(
    {
        "source": pl.Int32,
        "digest": pl.String,
        "name": pl.String,
        "size": pl.Int64,
        "spacecraft": pl.String,
        "station": pl.String,
        "channel": pl.String,
        "database": pl.Int32,
        "batch_octets": pl.Int64,
    }
)
BATCHES = pl.Schema(
    {
        "source": pl.Int32,
        "batch": pl.Int64,
        "last": pl.Boolean,
        "frames": pl.Int64,
        "bad_frames": pl.Int64,
        "gaps": pl.Int64,
        "lost": pl.Int64,
        "packets": pl.Int64,  # idle ones and duplicates too
        "idle": pl.Int64,
        "duplicates": pl.Int64,
        "events": pl.Int64,
        "samples": pl.Int64,  # scalar raw values written
        "quarantined": pl.Int64,
        "quarantined_octets": pl.Int64,
        "first": pl.Int64,
        "last_time": pl.Int64,
    }
)
CONTENTS = pl.Schema({"container": pl.String, "parameter": pl.String})
REMOVALS = pl.Schema(
    {
        "at": pl.Int64,  # when
        "table": pl.String,  # its folder below `tables`
        "source": pl.Int32,
        "before": pl.Int64,  # rows of earlier generation times
        "rows": pl.Int64,  # how many there were
    }
)
PRODUCTS = pl.Schema(
    {
        "id": pl.String,
        "kind": pl.String,
        "spacecraft": pl.String,
        "name": pl.String,  # of all its versions
        "title": pl.String,
        "start": pl.Int64,  # from when to when it holds
        "stop": pl.Int64,
        "made_at": pl.Int64,
        "made_by": pl.String,
        "agency": pl.String,  # that published it
        "grade": pl.String,
        "files": pl.String,  # JSON: name, size and sha256 of each
    }
)
DATABASES = pl.Schema({"database": pl.Int32, "digest": pl.String, "name": pl.String, "text": pl.String})

SIGNED: dict[pl.DataType, pl.DataType] = {
    pl.UInt8(): pl.Int16(), pl.UInt16(): pl.Int32(), pl.UInt32(): pl.Int64(), pl.UInt64(): pl.Decimal(20, 0),
}  # fmt: skip
_STORED = {
    "bool": pl.Boolean(), "int8": pl.Int8(), "int16": pl.Int16(), "int32": pl.Int32(), "int64": pl.Int64(), "uint8": pl.Int16(),
    "uint16": pl.Int32(), "uint32": pl.Int64(), "uint64": pl.Decimal(20, 0), "float16": pl.Float32(), "float32": pl.Float32(),
    "float64": pl.Float64(),
}  # fmt: skip


@functools.cache
def stored_type(dtype: "np.dtype[np.generic]") -> pl.DataType | None:
    """Return the column type that holds every value of a NumPy type; None for types that are not numbers or truth values."""
    return _STORED.get(dtype.name)
