"""Many small batches as one: live messages are merged before they are written, since each row of a table costs by the batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records import Column, ContainerRows, FrameRows, PacketRows, StoredColumn
from ..time import NO_TIME
from .batch import Batch, Columns
from .octets import Integers, Octets


@dataclass(frozen=True, slots=True)
class MergedPackets:
    """Packets of several batches, as `records.PacketRows` describes them."""

    buffer: Octets
    offset: Integers
    length: Integers
    apid: NDArray[np.uint16]
    sequence_count: NDArray[np.uint16]
    sequence_flags: NDArray[np.uint8]
    telecommand: NDArray[np.bool_]
    secondary_header: NDArray[np.bool_]
    virtual_channel: NDArray[np.uint8]
    frame: Integers
    quality: NDArray[np.uint8]
    position: Integers
    idle: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MergedFrames:
    """Frames of several batches, as `records.FrameRows` describes them."""

    buffer: Octets
    offset: Integers
    length: Integers
    number: Integers
    position: Integers
    reason: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    spacecraft_id: NDArray[np.uint16]
    virtual_channel: NDArray[np.uint8]
    master_count: Integers
    channel_count: Integers
    ocf: Integers
    data_start: Integers
    data_length: Integers
    pointer: Integers


@dataclass(frozen=True, slots=True)
class MergedRows:
    """Rows of one container from several batches, as `records.ContainerRows` describes them."""

    container: str
    packet: Integers
    raw: Mapping[str, Column]


def joined_batches(batches: Sequence[Batch]) -> Batch:
    """Return one batch that gives what these batches give one after another; there is at least one."""
    if len(batches) == 1:
        return batches[0]
    starts = _starts(batch.packets.offset.size for batch in batches)
    framed = [batch for batch in batches if batch.frames is not None]
    held: dict[str, list[tuple[int, int, ContainerRows]]] = {}
    for k, batch in enumerate(batches):
        for rows in batch.containers:
            held.setdefault(rows.container, []).append((k, starts[k], rows))
    return Batch(
        packets=_packets([batch.packets for batch in batches]),
        generated=np.concatenate([batch.generated for batch in batches]),
        ticks=_times([(batch.ticks, batch.generated.size) for batch in batches]),
        received=_times([(batch.received, batch.generated.size) for batch in batches]),
        frames=_frames([batch.frames for batch in framed if batch.frames is not None]) if framed else None,
        frames_received=_times([(batch.frames_received, _count(batch)) for batch in framed]),
        frames_emitted=_times([(batch.frames_emitted, _count(batch)) for batch in framed]),
        frames_station=_stations(framed),
        containers=[_container(name, parts) for name, parts in held.items()],
        engineering=_engineering(batches, held),
        events=_reports([(start, batch.events) for start, batch in zip(starts, batches, strict=True)]),
        limits=_reports([(start, batch.limits) for start, batch in zip(starts, batches, strict=True)]),
        gaps=[gap for batch in batches for gap in batch.gaps],
        quarantined=[octets for batch in batches for octets in batch.quarantined],
    )


def _starts(sizes: Iterable[int]) -> list[int]:
    """Return where each of several parts begins when they lie one after another."""
    starts, at = [], 0
    for size in sizes:
        starts.append(at)
        at += size
    return starts


def _count(batch: Batch) -> int:
    return 0 if batch.frames is None else batch.frames.number.size


def _joined(parts: Sequence[Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}


def _shifted(parts: Sequence[Any], name: str) -> Integers:
    starts = _starts(part.buffer.size for part in parts)
    return np.concatenate([getattr(part, name) + start for part, start in zip(parts, starts, strict=True)])


def _packets(parts: Sequence[PacketRows]) -> MergedPackets:
    columns = _joined(parts, (field.name for field in fields(MergedPackets)))
    return MergedPackets(**columns | {"offset": _shifted(parts, "offset")})


def _frames(parts: Sequence[FrameRows]) -> MergedFrames:
    columns = _joined(parts, (field.name for field in fields(MergedFrames)))
    return MergedFrames(**columns | {name: _shifted(parts, name) for name in ("offset", "data_start")})


def _times(parts: Sequence[tuple[Integers | None, int]]) -> Integers | None:
    if all(times is None for times, _ in parts):
        return None
    return np.concatenate([np.full(count, NO_TIME, np.int64) if times is None else times for times, count in parts])


def _stations(batches: Sequence[Batch]) -> list[str | None] | None:
    if all(batch.frames_station is None for batch in batches):
        return None
    unknown: list[str | None] = [None]
    return [
        name for batch in batches for name in (unknown * _count(batch) if batch.frames_station is None else batch.frames_station)
    ]


def _container(name: str, parts: Sequence[tuple[int, int, ContainerRows]]) -> MergedRows:
    packet = np.concatenate([rows.packet + start for _, start, rows in parts])
    return MergedRows(name, packet, _columns([(rows.raw, rows.packet.size) for _, _, rows in parts]))


def _engineering(
    batches: Sequence[Batch], held: Mapping[str, Sequence[tuple[int, int, ContainerRows]]]
) -> dict[str, dict[str, Column]]:
    """Return the engineering columns of the containers that have some in each of their batches."""
    return {
        name: _columns([(batches[k].engineering[name], rows.packet.size) for k, _, rows in parts])
        for name, parts in held.items()
        if all(name in batches[k].engineering for k, _, _ in parts)
    }


def _columns(parts: Sequence[tuple[Mapping[str, Column], int]]) -> dict[str, Column]:
    """Return all columns of parts of so many rows; where a part lacks one, its values are invalid."""
    names = dict.fromkeys(name for columns, _ in parts for name in columns)
    return {name: _column([(columns.get(name), rows) for columns, rows in parts]) for name in names}


def _column(parts: Sequence[tuple[Column | None, int]]) -> StoredColumn:
    known = [column for column, _ in parts if column is not None]
    labels = known[0].labels
    if any(column.labels != labels for column in known):
        parts = [(None if column is None else _worded(column), rows) for column, rows in parts]
        labels = None
    absent = next(column.values.dtype for column, _ in parts if column is not None)
    values = np.concatenate([np.zeros(rows, absent) if column is None else column.values for column, rows in parts])
    if len(known) == len(parts) and all(column.valid is None for column in known):
        return StoredColumn(values, None, labels)
    return StoredColumn(values, np.concatenate([_valid(column, rows) for column, rows in parts]), labels)


def _valid(column: Column | None, rows: int) -> NDArray[np.bool_]:
    if column is None or column.valid is None:
        return np.full(rows, column is not None)
    return column.valid


def _worded(column: Column) -> StoredColumn:
    """Return a column with its labels written out: other batches have other labels."""
    if column.labels is None:
        return StoredColumn(column.values.astype(object), column.valid)
    words = np.empty(len(column.labels), object)
    words[:] = column.labels
    return StoredColumn(words[column.values], column.valid)


def _reports(parts: Sequence[tuple[int, Columns]]) -> dict[str, Any]:
    """Return events or limits of all parts; `packet` counts on."""
    given = [(start, columns) for start, columns in parts if len(columns) and len(columns["packet"])]
    names = dict.fromkeys(name for _, columns in given for name in columns)
    joined: dict[str, Any] = {
        name: [value for _, columns in given for value in columns.get(name, [None] * len(columns["packet"]))]
        for name in names
        if name != "packet"
    }
    if given:
        joined["packet"] = np.concatenate([np.asarray(columns["packet"], np.int64) + start for start, columns in given])
    return joined
