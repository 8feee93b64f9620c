"""Recordings for tests of the archive, and a perfect model of what an archive must then hold: plain lists and dictionaries."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from aelita.archive import Archive, Batch, DatabaseText, Session, Source
from aelita.records import StoredColumn
from aelita.time import NO_TIME

SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND
DATABASE = DatabaseText("test.xml", "<SpaceSystem name='T'/>")
Array = NDArray[Any]


@dataclass(frozen=True)
class Truth:
    """One packet: what was on the link, and what its container gives. A value of None is invalid."""

    octets: bytes
    apid: int
    count: int
    generated: int
    values: dict[str, Any] = field(default_factory=dict)
    channel: int = 0
    quality: int = 0

    @property
    def identity(self) -> tuple[int, int, int, int, bytes]:
        return self.channel, self.apid, self.count, self.generated, self.octets


@dataclass(frozen=True)
class Packets:
    buffer: Array
    offset: Array
    length: Array
    apid: Array
    sequence_count: Array
    sequence_flags: Array
    telecommand: Array
    secondary_header: Array
    virtual_channel: Array
    frame: Array
    quality: Array
    position: Array

    @property
    def idle(self) -> Array:
        return self.apid == 0x7FF


@dataclass(frozen=True)
class Frames:
    buffer: Array
    offset: Array
    length: Array
    number: Array
    position: Array
    reason: Array
    quality: Array
    spacecraft_id: Array
    virtual_channel: Array
    master_count: Array
    channel_count: Array
    ocf: Array
    data_start: Array
    data_length: Array
    pointer: Array


@dataclass(frozen=True)
class Rows:
    container: str
    packet: Array
    raw: dict[str, StoredColumn]


@dataclass(frozen=True)
class Gap:
    virtual_channel: int
    after_frame: int
    expected: int
    found: int
    lost: int


@dataclass(frozen=True)
class Quarantined:
    position: int
    octets: bytes
    reason: str


def truths(seed: int, number: int, start: int = EPOCH, step: int = SECOND, apids: Sequence[int] = (1, 2, 3)) -> list[Truth]:
    """Return packets whose times rise by `step` nanoseconds, with counters of their own for each APID."""
    chance = random.Random(seed)
    counts = dict.fromkeys(apids, 0)
    found = []
    for k in range(number):
        apid = apids[k % len(apids)]
        body = chance.randbytes(chance.randint(5, 60))
        octets = bytes([8 | apid >> 8, apid & 255]) + body[:2] + (len(body) - 5).to_bytes(2) + body[4:]
        values = {
            f"/T/{apid}/small": chance.randrange(256),
            f"/T/{apid}/real": np.float32(chance.gauss(0, 100)).item(),
            f"/T/{apid}/perhaps": None if chance.random() < 0.3 else chance.randrange(-9000, 9000),
            f"/T/{apid}/huge": chance.randrange(1 << 64),
            f"/T/{apid}/text": None if chance.random() < 0.1 else f"text {chance.randrange(5)}",
            f"/T/{apid}/agg.of[0]": chance.random() < 0.5,
        }
        found.append(Truth(octets, apid, counts[apid] & 0x3FFF, start + k * step, values))
        counts[apid] += 1
    return found


DTYPES = {"small": "u1", "real": "f4", "perhaps": "i2", "huge": "u8", "text": "O", "agg.of[0]": "?"}


def container_rows(packets: Sequence[Truth]) -> list[Rows]:
    found = []
    for apid in sorted({p.apid for p in packets if p.values}):
        rows = [i for i, p in enumerate(packets) if p.apid == apid and p.values]
        raw = {}
        for name in packets[rows[0]].values:
            values = [packets[i].values[name] for i in rows]
            valid = np.array([v is not None for v in values])
            dtype = np.dtype(DTYPES[name.rsplit("/", 1)[1]])
            empty = None if dtype.hasobject else 0
            filled = [empty if v is None else v for v in values]
            raw[name] = StoredColumn(np.array(filled, dtype), None if valid.all() else valid)
        found.append(Rows(f"/T/C{apid}", np.array(rows), raw))
    return found


def plain(packets: Sequence[Truth], position: int = 0) -> Batch:
    """Return a batch of packets as a file of packets gives them."""
    data = b"".join(p.octets for p in packets)
    length = np.array([len(p.octets) for p in packets], np.int64)
    offset = np.cumsum(length) - length
    return _batch(packets, np.frombuffer(data, np.uint8), offset, np.full(length.size, -1), position + offset)


def _batch(packets: Sequence[Truth], buffer: Array, offset: Array, frame: Array, position: Array, **more: Any) -> Batch:
    number = len(packets)

    def column(name: str, dtype: str) -> Array:
        return np.array([getattr(p, name) for p in packets], dtype)

    made = Packets(
        buffer, offset, np.array([len(p.octets) for p in packets], np.int64), column("apid", "u2"), column("count", "u2"),
        np.full(number, 3, np.uint8), np.zeros(number, bool), np.ones(number, bool), column("channel", "u1"), frame,
        column("quality", "u1"), position,
    )  # fmt: skip
    generated = column("generated", "i8")
    ticks = np.where(generated == NO_TIME, NO_TIME, generated // 15259)
    return Batch(made, generated, ticks, containers=container_rows(packets), **more)


def batches(packets: Sequence[Truth], size: int) -> list[Batch]:
    """Return batches of `size` packets each."""
    found, position = [], 0
    for k in range(0, len(packets), size):
        found.append(plain(packets[k : k + size], position))
        position += sum(len(p.octets) for p in packets[k : k + size])
    return found


def framed(packets: Sequence[Truth], size: int, data_octets: int = 50, bad: Iterable[int] = ()) -> list[Batch]:
    """Return batches of `size` frames each; frames of several channels alternate, packets run over their ends.

    Frames numbered in `bad` are noise between the others, with a quarantine entry each.
    """
    streams = {c: [p for p in packets if p.channel == c] for c in sorted({p.channel for p in packets})}
    data = {c: b"".join(p.octets for p in mine) for c, mine in streams.items()}
    layout: list[tuple[int, int]] = []  # channel, position of the data field
    for k in range(max(-(-len(octets) // data_octets) for octets in data.values())):
        layout += [(c, k * data_octets) for c in data if k * data_octets < len(data[c])]
    bad = set(bad)
    frames: list[tuple[int, int] | None] = []
    for place in layout:
        while len(frames) in bad:
            frames.append(None)
        frames.append(place)
    ends: dict[tuple[int, int], list[tuple[Truth, int, int]]] = {}  # by (channel, data field): what ends there
    for c, mine in streams.items():
        at = 0
        for p in mine:
            ends.setdefault((c, (at + len(p.octets) - 1) // data_octets), []).append((p, at, at // data_octets))
            at += len(p.octets)
    numbers = {place: number for number, place in enumerate(frames) if place is not None}
    found = []
    for k in range(0, len(frames), size):
        part = frames[k : k + size]
        done = [x for place in part if place is not None for x in ends.get((place[0], place[1] // data_octets), [])]
        done.sort(key=lambda x: numbers[x[0].channel, x[2] * data_octets])
        found.append(_framed_batch(k, part, done, data, numbers, data_octets))
    return found


def _framed_batch(
    first: int,
    part: Sequence[tuple[int, int] | None],
    done: Sequence[tuple[Truth, int, int]],
    data: dict[int, bytes],
    numbers: dict[tuple[int, int], int],
    data_octets: int,
) -> Batch:
    size, number = 6 + data_octets + 2, len(part)
    noise = random.Random(first).randbytes(size)
    octets = [noise if place is None else _frame(place, data[place[0]], data_octets) for place in part]
    offset = np.arange(number, dtype=np.int64) * size
    channel = np.array([0 if place is None else place[0] for place in part], np.uint8)
    used = [0 if place is None else min(data_octets, len(data[place[0]]) - place[1]) for place in part]
    reason = np.array([place is None for place in part], np.uint8)
    none = np.full(number, -1, np.int64)
    frames = Frames(
        np.frombuffer(b"".join(octets), np.uint8), offset, np.full(number, size), first + np.arange(number),
        first * size + offset, reason, np.zeros(number, np.uint8), np.full(number, 0x28F, np.uint16), channel, none,
        np.arange(number), none,
        offset + 6, np.array(used, np.int64), np.zeros(number, np.int64),
    )  # fmt: skip
    packets = [p for p, _, _ in done]
    lengths = np.array([len(p.octets) for p in packets], np.int64)
    return _batch(
        packets,
        np.frombuffer(b"".join(p.octets for p in packets), np.uint8),
        np.cumsum(lengths) - lengths,
        np.array([numbers[p.channel, f * data_octets] for p, _, f in done], np.int64),
        np.array([at for _, at, _ in done], np.int64),
        frames=frames,
        quarantined=[Quarantined((first + int(i)) * size, noise, "frame error control field") for i in np.flatnonzero(reason)],
        gaps=[Gap(0, first - 1, 3, 5, 2)] if first else [],
    )


def _frame(place: tuple[int, int], stream: bytes, data_octets: int) -> bytes:
    channel, at = place
    return bytes([0, channel, 0, 0, 0, 0]) + stream[at : at + data_octets].ljust(data_octets, b"U") + b"CC"


def source(name: str, **more: Any) -> Source:
    return replace(Source(hashlib.sha256(name.encode()).hexdigest(), name, 1000), **more)


def feed(session: Session, parts: Sequence[Batch], group_octets: int = 1) -> None:
    """Feed batches; by default each is written by itself."""
    session.group_octets = group_octets
    for number, batch in enumerate(parts, start=1):
        session.commit(number, batch)
    session.finish()


def ingest(
    archive: Archive,
    name: str,
    parts: Sequence[Batch],
    database: DatabaseText | None = DATABASE,
    group_octets: int = 1,
) -> Session:
    with archive.begin(source(name), database) as session:
        feed(session, parts, group_octets)
    return session


@dataclass
class Model:
    """What an archive must hold after these ingests: for each packet its (source, row), in the order of acceptance."""

    kept: list[tuple[int, int, Truth]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    identities: set[tuple[int, int, int, int, bytes]] = field(default_factory=set)
    duplicates: int = 0

    def ingest(self, name: str, packets: Sequence[Truth]) -> None:
        if name in self.names:
            return
        number = self.names[name] = len(self.names) + 1
        for row, packet in enumerate(p for p in packets if p.apid != 0x7FF):
            if packet.generated != NO_TIME and packet.identity in self.identities:
                self.duplicates += 1
                continue
            self.identities.add(packet.identity)
            self.kept.append((number, row, packet))

    def values(self, parameter: str, start: int | None = None, stop: int | None = None) -> list[tuple[Any, ...]]:
        found = [
            (None if p.generated == NO_TIME else p.generated, s, r, p.values[parameter])
            for s, r, p in self.kept
            if p.values.get(parameter) is not None
        ]
        if start is not None or stop is not None:
            found = [x for x in found if x[0] is not None and (start is None or x[0] >= start) and (stop is None or x[0] < stop)]
        return sorted(found, key=lambda x: ((x[0] is not None, x[0] or 0), x[1], x[2]))

    def latest(self) -> dict[str, tuple[int | None, int, int]]:
        found: dict[str, tuple[int, int, int]] = {}
        for s, r, p in self.kept:
            for name, value in p.values.items():
                if value is not None and p.quality == 0:
                    found[name] = max(found.get(name, (NO_TIME, 0, -1)), (p.generated, s, r))
        return {name: (None if t == NO_TIME else t, s, r) for name, (t, s, r) in found.items()}

    def parameters(self) -> list[str]:
        return sorted({name for _, _, p in self.kept for name in p.values})


def agree(archive: Archive, model: Model) -> None:
    """Assert that the archive answers as the model does."""
    packets = archive.packets()
    assert packets.select("source", "row").rows() == sorted((s, r) for s, r, _ in model.kept)
    truth = {(s, r): p for s, r, p in model.kept}
    for s, r, octets, generated in packets.select("source", "row", "octets", "generated").iter_rows():
        assert octets == truth[s, r].octets
        assert generated == (None if truth[s, r].generated == NO_TIME else truth[s, r].generated)
    for parameter in model.parameters():
        rows = archive.values(parameter, raw=True)
        got = [
            (*row[:3], int(row[3]) if parameter.endswith("huge") else row[3])
            for row in rows.select("generated", "source", "row", "value").iter_rows()
        ]
        assert got == model.values(parameter), parameter
    latest = archive.latest().select("parameter", "generated", "source", "row")
    assert {name: (g, s, r) for name, g, s, r in latest.iter_rows()} == model.latest()
    assert archive.sources()["duplicates"].sum() == model.duplicates


def contents(archive: Path) -> dict[str, pl.DataFrame]:
    """Return the rows of every table of an archive, in an order of their own, whatever the layout of the files."""
    found = {}
    for log in sorted(archive.rglob("_delta_log")):
        table = pl.read_delta(str(log.parent))
        found[str(log.parent.relative_to(archive))] = table.select(sorted(table.columns)).sort(pl.struct(pl.all()).hash())
    return found
