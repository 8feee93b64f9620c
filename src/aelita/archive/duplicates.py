"""Packets that the archive has already: received by a second station, sent again, played back, or in a file that overlaps.

A packet is the same as another when virtual channel, APID, sequence count, generation time, length and the CRC-32 of its octets
are. Packets of unknown time are never taken for duplicates: their counters alone come round too soon.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..octets import crc32_many
from ..records import PACKETS, PacketRows
from ..time import NO_TIME, SECOND
from .octets import Integers, buffer_of
from .reading import by_source, with_octets
from .tables import Table, collect, concatenate

Mask = NDArray[np.bool_]
KEYS = ["virtual_channel", "apid", "sequence_count", "generated", "length"]
NEAR_NS = 3600 * SECOND  # times further apart than this are looked up apart


def identities(packets: PacketRows, generated: Integers, rows: Integers) -> pl.DataFrame:
    """Return what makes each of these packets itself, but for its octets, and its `index` in the batch."""
    return pl.DataFrame(
        {
            "virtual_channel": packets.virtual_channel[rows].astype(np.int16),
            "apid": packets.apid[rows].astype(np.int32),
            "sequence_count": packets.sequence_count[rows].astype(np.int32),
            "generated": generated[rows],
            "length": packets.length[rows].astype(np.int32),
            "index": rows,
        }
    )


def spans_by_kind(packets: PacketRows, generated: Integers, real: Mask) -> tuple[dict[int, int], dict[int, int]]:
    """Return the first and the last time of each kind of packet, by virtual channel and APID; unknown times left out."""
    rows = np.flatnonzero(real & (generated != NO_TIME))
    if not rows.size:
        return {}, {}
    kind = packets.virtual_channel[rows].astype(np.int64) << 16 | packets.apid[rows]
    numbers = np.flatnonzero(np.bincount(kind))
    first, last = np.full(int(numbers[-1]) + 1, np.iinfo(np.int64).max), np.full(int(numbers[-1]) + 1, np.iinfo(np.int64).min)
    np.minimum.at(first, kind, generated[rows])
    np.maximum.at(last, kind, generated[rows])
    return dict(zip(numbers.tolist(), first[numbers].tolist(), strict=True)), dict(
        zip(numbers.tolist(), last[numbers].tolist(), strict=True)
    )


def repeated(packets: PacketRows, generated: Integers, real: Mask) -> Mask:
    """Return which packets of a batch repeat an earlier one of the same batch."""
    found = np.zeros(real.size, np.bool_)
    rows = np.flatnonzero(real & (generated != NO_TIME))
    kind = packets.virtual_channel[rows].astype(np.int32) << 16 | packets.apid[rows]
    order = np.argsort(kind, kind="stable")
    kind, times = kind[order], generated[rows][order]
    if not ((kind[1:] == kind[:-1]) & (times[1:] <= times[:-1])).any():
        return found  # each kind's times rise: no two packets can be the same
    mine = identities(packets, generated, rows)
    mine = mine.filter(mine.select(KEYS).is_duplicated())
    index = mine["index"].to_numpy()
    mine = mine.with_columns(digest=crc32_many(packets.buffer, packets.offset[index], packets.length[index]))
    firsts = mine.unique([*KEYS, "digest"], keep="first", maintain_order=True)["index"]
    found[np.setdiff1d(index, firsts.to_numpy())] = True
    return found


def spans(times: Integers) -> list[tuple[int, int]]:
    """Return the intervals (first, end) in which times lie, apart where nothing lies for NEAR_NS."""
    times = np.sort(times)
    cuts = np.flatnonzero(np.diff(times.astype(np.float64)) > NEAR_NS)
    starts, ends = np.concatenate([[0], cuts + 1]), np.append(cuts, times.size - 1)
    return [(int(times[a]), int(times[b]) + 1) for a, b in zip(starts, ends, strict=True)]


def archived(packets: PacketRows, generated: Integers, real: Mask, table: Table, frames: Table) -> Mask:
    """Return which packets are in the archive already."""
    found = np.zeros(real.size, np.bool_)
    rows = np.flatnonzero(real & (generated != NO_TIME))
    if not rows.size or "min.generated" not in table.files().columns:
        return found
    mine = identities(packets, generated, rows)
    columns = [name for name in PACKETS.names() if name != "octets"]
    near = []
    for first, end in spans(generated[rows]):
        frame = table.scan("generated", first, end)
        if frame is not None:
            near.append(collect(frame.select(columns), table.name).join(mine, on=KEYS, how="semi"))
    like = concatenate(near) if near else mine.head(0)
    if not len(like):
        return found
    theirs = _digests(like, table, frames)
    mine = mine.join(like, on=KEYS, how="semi")
    index = mine["index"].to_numpy()
    mine = mine.with_columns(digest=crc32_many(packets.buffer, packets.offset[index], packets.length[index]))
    found[mine.join(theirs, on=[*KEYS, "digest"], how="semi")["index"].to_numpy()] = True
    return found


def _digests(packets: pl.DataFrame, table: Table, frames: Table) -> pl.DataFrame:
    """Return the identities of archived packets with the CRC-32 of their octets."""
    parts = []
    for source, rows in by_source(packets):
        numbers = rows["row"].to_numpy()
        octets = table.scan("row", int(numbers.min()), int(numbers.max()) + 1)
        assert octets is not None
        own = collect(octets.filter(pl.col("source") == source).select("row", "octets"), table.name)
        parts.append(with_octets(rows.join(own, on="row", how="left", maintain_order="left"), frames))
    whole = pl.concat(parts)
    buffer, offset, length = buffer_of(whole["octets"])
    return whole.select(KEYS).with_columns(digest=crc32_many(buffer, offset, length))
