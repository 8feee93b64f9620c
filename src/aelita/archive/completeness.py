"""What arrived and what is missing: frames of each virtual channel, sequence counts of each APID, and when.

Sequence counts (14 bits, CCSDS 133.0-B) are followed by APID over all virtual channels in order of generation time: one APID
may be multiplexed over several channels, and a step in one of them is no loss. A packet that comes a little later than its
successors fills its place. A count that falls back further was restarted on board, and begins anew. Losses are known modulo
16384. Idle packets never count, damaged ones do not fill a place.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..records import FRAMES, GAPS, PACKETS
from ..time import NO_TIME
from .catalogue import Catalogue
from .reading import chosen
from .tables import Table

Integers = NDArray[np.int64]
MODULUS = 1 << 14
DISORDER = 256  # a count that falls back no further than this came late; further, it was restarted
HIGHEST_APID = 0x7FE  # what is above has no sequence count: idle packets, encapsulation packets
RESENT, LATE = 1, 4  # flags of a frame's quality, as `link` defines them

MISSING = pl.Schema(
    {
        "source": pl.Int32,
        "apid": pl.Int32,
        "after": pl.Int32,  # last count before the hole
        "before": pl.Int32,  # first count behind it
        "missing": pl.Int64,
        "start": pl.Int64,  # generation times of the packets around the hole
        "stop": pl.Int64,
    }
)
_PACKET_COLUMNS = ["source", "row", "generated", "quality", "virtual_channel", "apid", "sequence_count", "frame"]
_FRAME_COLUMNS = ["source", "number", "reason", "quality", "virtual_channel", "received"]


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is there and what is not, as tables; a null `source` stands for all together. Times are TAI nanoseconds or null.

    `sources`: one row a source, with its `first` and `last_time`. `channels`: per source and virtual channel `frames` (good),
    `bad`, `resent`, `late`, `gaps`, `lost` (counted at the gaps) and `missing` (lost, without those that came late); the channel
    of a bad frame is what its header says, null when no good frame agrees. `gaps`: as `records.GAPS`, with the generation times
    `start` and `stop` of the packets around each. `packets`: per source and APID `packets` (good), `bad`, `gaps`, `missing`
    sequence counts, `restarts` of the count, `first` and `last_time`. `missing`: every hole in sequence counts.

    Over all sources, what one station lost and another received is not missing, and times between sources that do not touch
    are no hole. A packet that several sources brought counts for the first of them alone: of sources that overlap, read the
    rows over all.
    """

    sources: pl.DataFrame
    channels: pl.DataFrame
    gaps: pl.DataFrame
    packets: pl.DataFrame
    missing: pl.DataFrame


def completeness(
    catalogue: Catalogue,
    packets: Table,
    frames: Table,
    gaps: Table,
    source: int | None = None,
    among: Collection[int] | None = None,
) -> Completeness:
    """Return what is there and what is missing of a source, or of all; see `Completeness`.

    `among` are sources of one spacecraft, besides which nothing counts: application processes are numbered by each spacecraft.
    """
    of_source = {"source": source}
    got = chosen(packets, PACKETS, ("", None, None), of_source, _PACKET_COLUMNS)
    holes = chosen(gaps, GAPS, ("", None, None), of_source).sort("source", "after_frame", maintain_order=True)
    flown = chosen(frames, FRAMES, ("", None, None), of_source, _FRAME_COLUMNS)
    sources = catalogue.sources()
    if source is not None:
        sources = sources.filter(pl.col("source") == source)
    if among is not None:
        got, holes, flown, sources = (each.filter(pl.col("source").is_in(list(among))) for each in (got, holes, flown, sources))
    by_source = _followed(got, got["source"].cast(pl.Int64).to_numpy())
    parts = [_of_apids(got, by_source, pl.col("source"))]
    missing = [by_source.holes(got)]
    if source is None:
        over_all = by_source if got["source"].n_unique() < 2 else _followed(got, _passes(got))
        parts.append(_of_apids(got, over_all, pl.lit(None, pl.Int32)))
        missing.append(over_all.holes(got).with_columns(source=pl.lit(None, pl.Int32)))
    return Completeness(
        sources.drop("channel"),
        _of_channels(flown, holes, source is None),
        _timed(holes, got),
        pl.concat(parts).sort("source", "apid", nulls_last=True),
        pl.concat(missing).sort("source", "apid", "start", nulls_last=True, maintain_order=True),
    )


@dataclass(frozen=True, slots=True)
class _Followed:
    """Holes in the counts: between packets `left` and `right` (rows) `step` - 1 are missing; `restarted` are rows."""

    left: Integers
    right: Integers
    step: Integers
    restarted: Integers

    def holes(self, packets: pl.DataFrame) -> pl.DataFrame:
        """Return one row a hole."""
        left, right = packets[self.left], packets[self.right]
        found = left.select(
            "source", "apid", pl.col("sequence_count").alias("after"), right["sequence_count"].alias("before"),
            pl.Series("missing", self.step - 1), pl.col("generated").alias("start"), right["generated"].alias("stop"),
        )  # fmt: skip
        return found.cast(MISSING)


def _followed(packets: pl.DataFrame, group: Integers) -> _Followed:
    """Follow the sequence counts of good packets by group and APID."""
    apid = packets["apid"].to_numpy()
    usable = np.flatnonzero((packets["quality"].to_numpy() == 0) & (apid >= 0) & (apid <= HIGHEST_APID))
    none = np.empty(0, np.int64)
    if not usable.size:
        return _Followed(none, none, none, none)
    key = (group[usable] << 11) | apid[usable]
    time = packets["generated"].fill_null(NO_TIME).to_numpy()[usable]
    place = packets["source"].cast(pl.Int64).to_numpy()[usable] << 40 | packets["row"].to_numpy()[usable]
    order = _ordered(key, time, place)
    usable, key = usable[order], key[order]
    count = packets["sequence_count"].cast(pl.Int64).to_numpy()[usable]
    change = np.diff(count, prepend=count[:1])
    step = (change + MODULUS // 2) % MODULUS - MODULUS // 2
    first = np.diff(key, prepend=key[:1] - 1) != 0
    restart = ~first & (step < -DISORDER)
    segment, unwrapped = np.cumsum(first | restart), np.cumsum(step)
    if (step[~(first | restart)] < 0).any():  # some came late: let them fill their places
        again = np.lexsort((unwrapped, segment))
        usable, segment, unwrapped = usable[again], segment[again], unwrapped[again]
    jump = np.diff(unwrapped)
    holes = np.flatnonzero((jump > 1) & (segment[1:] == segment[:-1]))
    return _Followed(usable[holes], usable[holes + 1], jump[holes], usable[restart])


def _ordered(key: Integers, time: Integers, place: Integers) -> Integers:
    """Return the order by key, time and place. Recordings come nearly so: by key alone is then enough."""
    small = np.unique(key, return_inverse=True)[1].astype(np.uint16) if key.size < 1 << 16 else _numbered(key)
    order = np.argsort(small, kind="stable")
    k, t, p = small[order], time[order], place[order]
    inside = k[1:] == k[:-1]
    if not (inside & ((t[1:] < t[:-1]) | ((t[1:] == t[:-1]) & (p[1:] < p[:-1])))).any():
        return order
    return np.lexsort((place, time, key))


def _numbered(key: Integers) -> NDArray[np.generic]:
    """Return the keys numbered without holes, in the narrowest type: sorting is then by radix."""
    low = key.min()
    span = int(key.max() - low) + 1
    if span > 1 << 22:
        return np.unique(key, return_inverse=True)[1]
    seen = np.zeros(span, np.bool_)
    seen[key - low] = True
    number = np.cumsum(seen) - 1
    return number[key - low].astype(np.uint16 if number[-1] < 1 << 16 else np.int64)


def _passes(packets: pl.DataFrame) -> Integers:
    """Return for each packet the number of the stretch of time in which it lies: sources that overlap in time are one.

    Packets of unknown time belong to their source alone (negative numbers).
    """
    spans = packets.group_by("source").agg(pl.col("generated").min().alias("first"), pl.col("generated").max().alias("last"))
    spans = spans.drop_nulls().sort("first")
    reach = spans["last"].cum_max().shift(1)
    begins = spans.select((pl.col("first") > reach).fill_null(True).alias("new"))["new"].to_numpy()
    of_source = dict(zip(spans["source"].to_list(), (np.cumsum(begins)).tolist(), strict=True))
    source = packets["source"].cast(pl.Int64)
    stretch = source.replace_strict(of_source, default=0, return_dtype=pl.Int64) if of_source else source * 0
    return np.where(packets["generated"].is_null().to_numpy(), -source.to_numpy(), stretch.to_numpy())


def _of_apids(packets: pl.DataFrame, followed: _Followed, source: pl.Expr) -> pl.DataFrame:
    good = pl.col("quality") == 0
    key = [source.alias("source"), pl.col("apid")]
    counted = packets.group_by(key).agg(
        good.sum().cast(pl.Int64).alias("packets"), (~good).sum().cast(pl.Int64).alias("bad"),
        pl.col("generated").min().alias("first"), pl.col("generated").max().alias("last_time"),
    )  # fmt: skip
    holes = followed.holes(packets).group_by(key).agg(pl.len().cast(pl.Int64).alias("gaps"), pl.col("missing").sum())
    restarts = packets[followed.restarted].group_by(key).agg(pl.len().cast(pl.Int64).alias("restarts"))
    for other in (holes, restarts):
        counted = counted.join(other, on=["source", "apid"], how="left", nulls_equal=True)
    counts = ["gaps", "missing", "restarts"]
    return counted.with_columns(pl.col(counts).fill_null(0)).select(
        "source", "apid", "packets", "bad", *counts, "first", "last_time"
    )


def _of_channels(frames: pl.DataFrame, gaps: pl.DataFrame, over_all: bool) -> pl.DataFrame:
    good = pl.col("reason") == 0
    known = frames.filter(good).select("source", "virtual_channel").unique().with_columns(claimed=pl.lit(True))
    named = frames.join(known, on=["source", "virtual_channel"], how="left").with_columns(
        virtual_channel=pl.when(pl.col("claimed")).then("virtual_channel")
    )
    key = ["source", "virtual_channel"]

    def flagged(flag: int) -> pl.Expr:
        return (good & (pl.col("quality") & flag != 0)).sum().cast(pl.Int64)

    counted = named.group_by(key).agg(
        good.sum().cast(pl.Int64).alias("frames"), (~good).sum().cast(pl.Int64).alias("bad"),
        flagged(RESENT).alias("resent"), flagged(LATE).alias("late"),
        pl.col("received").min().alias("first_received"), pl.col("received").max().alias("last_received"),
    )  # fmt: skip
    holes = gaps.group_by(key).agg(pl.len().cast(pl.Int64).alias("gaps"), pl.col("lost").sum())
    joined = counted.join(holes, on=key, how="left", nulls_equal=True).with_columns(pl.col("gaps", "lost").fill_null(0))
    counts = ["frames", "bad", "resent", "late", "gaps", "lost"]
    if over_all:
        whole = joined.group_by("virtual_channel").agg(
            pl.col(counts).sum(), pl.col("first_received").min(), pl.col("last_received").max()
        )
        joined = pl.concat([joined, whole.with_columns(source=pl.lit(None, pl.Int32)).select(joined.columns)])
    missing = (pl.col("lost") - pl.col("late")).clip(0).alias("missing")
    ordered = joined.sort(key, nulls_last=True)
    return ordered.select(*key, *counts, missing, "first_received", "last_received")


def _timed(gaps: pl.DataFrame, packets: pl.DataFrame) -> pl.DataFrame:
    """Return the gaps with the generation times of the packets around them."""
    known = packets.filter(pl.col("generated").is_not_null() & pl.col("frame").is_not_null())
    known = known.select("source", "virtual_channel", "frame", "generated").sort("frame", "generated")
    by = ["source", "virtual_channel"]
    left = gaps.with_row_index("_at").sort("after_frame")
    before = left.join_asof(
        known.rename({"generated": "start"}), left_on="after_frame", right_on="frame", by=by, check_sortedness=False
    )
    behind = (before.drop("frame") if "frame" in before.columns else before).with_columns(_next=pl.col("after_frame") + 1)
    timed = behind.join_asof(
        known.rename({"generated": "stop"}), left_on="_next", right_on="frame", by=by, strategy="forward", check_sortedness=False
    )
    return timed.sort("_at").select(*gaps.columns, "start", "stop")
