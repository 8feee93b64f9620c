"""Tracking data as other rooms use them: columns in TAI under what the metadata say, from TDM and to TDM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .epochs import epochs_from_tai_ns
from .model import Block, Message, Observations, Segment, Value

Column = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """What one segment of a TDM measured: for each keyword its epochs (TAI nanoseconds) and values in the unit of the standard.

    `participants` are by number; `path` is the way of the signal through them, empty where none is told; `metadata` are the other
    keywords (MODE, RANGE_UNITS, INTEGRATION_INTERVAL, ...).
    """

    participants: Mapping[int, str]
    path: tuple[int, ...]
    observations: Mapping[str, tuple[Column, Reals]]
    metadata: Mapping[str, Value] = field(default_factory=dict)


def tracking(message: Message) -> tuple[Tracking, ...]:
    """Return the segments of a TDM. Raises UsageError for another message, TimeError for a scale that is not convertible."""
    if message.kind != "TDM":
        raise UsageError(f"{message.kind} holds no tracking data", remedy="Take a TDM")
    return tuple(_of_segment(segment) for segment in message.segments)


def _of_segment(segment: Segment) -> Tracking:
    values, rows = dict(segment.metadata.values), segment.block("observations").rows
    assert isinstance(rows, Observations)
    participants = {int(name[12:]): str(values.pop(name)) for name in list(values) if name.startswith("PARTICIPANT_")}
    path = tuple(int(number) for number in str(values.pop("PATH", "")).replace(" ", "").split(",") if number)
    del values["TIME_SYSTEM"]
    tai = rows.epochs.tai_ns()
    found = {name: (tai[rows.of == at], rows.values[rows.of == at]) for at, name in enumerate(rows.names)}
    return Tracking(participants, path, found, values)


def tracking_message(
    parts: Sequence[Tracking],
    *,
    originator: str,
    created_tai_ns: int,
    scale: str = "UTC",
    version: str = "2.0",
    comments: Sequence[str] = (),
) -> Message:
    """Return a TDM, its epochs in UTC, TAI, TT, GPS or TDB; in each segment the records are in order of time."""
    created = epochs_from_tai_ns(np.array([created_tai_ns]), "UTC")[0]
    header = Block("header", {"CREATION_DATE": created, "ORIGINATOR": originator}, tuple(comments))
    return Message("TDM", version, header, tuple(_segment(part, scale) for part in parts))


def _segment(part: Tracking, scale: str) -> Segment:
    names = tuple(part.observations)
    columns = [(np.full(tai.size, at, np.uint8), tai, values) for at, (tai, values) in enumerate(part.observations.values())]
    if not columns:
        raise UsageError("a segment of tracking data without observations", remedy="Leave the segment out")
    of, tai, values = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(tai, kind="stable")
    metadata: dict[str, Value] = {"TIME_SYSTEM": scale, **{f"PARTICIPANT_{n}": name for n, name in part.participants.items()}}
    if part.path:
        metadata["PATH"] = ",".join(map(str, part.path))
    rows = Observations(names, of[order], epochs_from_tai_ns(tai[order], scale), values[order])
    return Segment(Block("metadata", {**metadata, **part.metadata}), (Block("observations", rows=rows),))
