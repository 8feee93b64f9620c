"""Live streams for tests of the archive: a recording cut into messages of a few frames, and what an archive must hold of it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from aelita.archive import Archive, Batch, DatabaseText, Following, Source, joined_batches
from aelita.link import FrameReceiver
from aelita.services import Library, define
from aelita.services.ingestion import batch_of
from aelita.services.kernel_cache import KernelCache, cache_folder
from aelita.telemetry import Processor

STREAM = Source("5f" * 32, "esa.merged.tgo", -1, spacecraft="tgo")
Messages = list[tuple[int, Batch]]


@dataclass(frozen=True)
class Cut:
    """A recording as messages, each with its number in the stream."""

    messages: Messages
    database: DatabaseText


def cut(recording: Path, seed: int, most: int = 50) -> Cut:
    """Return the TGO frames of a recording in messages of 1 to `most`, as a processor decodes them one after another."""
    definition = define(Library(), mission="exomars")
    channel, chance = definition.channel, random.Random(seed)
    receiver = FrameReceiver(channel)
    processor = Processor(channel, definition.compiled, definition.clock, kernels=KernelCache(cache_folder()))
    octets, size = np.fromfile(recording, np.uint8), channel.frame_octets
    messages: Messages = []
    sequence, at, count = 0, 0, octets.size // size
    while at < count:
        sequence += chance.choice((1, 1, 1, 2, 7))  # a stream deletes messages
        frames = min(chance.randint(1, most), count - at)
        offset = np.arange(frames, dtype=np.int64) * size
        piece = octets[at * size : (at + frames) * size]
        received = receiver.receive(piece, offset, np.full(frames, size), at * size + offset)
        messages.append((sequence, batch_of(received, processor.process(received.packets), framed=True)))
        at += frames
    rest = receiver.finish()
    messages.append((sequence + 1, batch_of(rest, processor.process(rest.packets), framed=True)))
    assert definition.text is not None
    return Cut(messages, definition.text)


def state_at(sequence: int) -> dict[str, np.ndarray]:
    """Return a state that tells after which message it was taken."""
    return {"after": np.array([sequence]), "name": np.frombuffer(b"decoders", np.uint8)}


def follow(archive: Archive, stream: Cut, source: Source = STREAM) -> Following:
    """Follow a stream, and see that the state found fits."""
    following = archive.follow(source, stream.database)
    if following.done:
        assert following.state is not None
        assert following.state["after"].tolist() == [following.done]
    return following


def feed(following: Following, messages: Messages, chance: random.Random, most: int = 30) -> None:
    """Feed the messages behind the last one that is done, some of them as one, and flush now and then, at last too."""
    due, edges, together = chance.randint(1, most), following.edges(), list[tuple[int, Batch]]()
    for sequence, batch in messages:
        if sequence <= following.done:
            continue
        if together and (chance.random() < 0.6 or any(together[-1][0] <= edge < sequence for edge in edges)):
            commit(following, together)
        together.append((sequence, batch))
        due -= 1
        if due == 0:
            commit(following, together)
            following.flush(state_at(sequence))
            assert following.done == sequence
            due = chance.randint(1, most)
    commit(following, together)
    following.flush(state_at(messages[-1][0]))
    assert following.done == messages[-1][0]


def commit(following: Following, together: Messages) -> None:
    """Commit messages as one, and empty the list."""
    if together:
        following.commit(together[-1][0], joined_batches([batch for _, batch in together]), first=together[0][0])
    together.clear()


def with_stations(stream: Cut, names: Sequence[str]) -> Cut:
    """Return the stream with the station and the emission time of each frame."""
    found = []
    for sequence, batch in stream.messages:
        number = np.empty(0, np.int64) if batch.frames is None else batch.frames.number
        stations = [names[n % len(names)] for n in number.tolist()]
        found.append(
            (sequence, replace(batch, frames_station=stations, frames_emitted=number * 1000, frames_received=number * 1000 + 7))
        )
    return Cut(found, stream.database)


def answers(archive: Archive) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield what an archive answers, whatever the groups in which its rows were written."""
    yield "packets", archive.packets().drop("frames_on")
    yield "frames", archive.frames(octets=True)
    yield "events", archive.events()
    yield "limits", archive.limits()
    yield "gaps", archive.gaps()
    yield "quarantine", archive.quarantine()
    yield "latest", archive.latest()
    counts = ["frames", "bad_frames", "gaps", "lost", "packets", "idle", "duplicates", "events", "samples", "quarantined"]
    yield "counts", archive.sources().select("source", *counts, "first", "last_time")
    found = archive.completeness()
    for name in ("channels", "packets", "missing"):
        yield f"completeness {name}", getattr(found, name)
    for container in archive.containers():
        rows = archive.container_table(container).scan()
        assert rows is not None
        table = rows.collect()
        yield container, table.select(sorted(table.columns)).sort("source", "row")
    contents = archive.catalogue.contents.scan()
    assert contents is not None
    yield "contents", contents.collect().sort("container", "parameter")


def assert_same(ours: Archive, theirs: Archive) -> None:
    """Assert that two archives answer the same."""
    wanted = dict(answers(theirs))
    found = dict(answers(ours))
    assert found.keys() == wanted.keys()
    for name, rows in wanted.items():
        assert found[name].equals(rows), name


def assert_same_samples(ours: Archive, theirs: Archive, parameters: Sequence[str]) -> None:
    """Assert that parameters fold the same."""
    for name in parameters:
        for count in (3, 40):
            mine, other = ours.samples(name, count), theirs.samples(name, count)
            assert mine.select("generated", "count", "minimum", "maximum").equals(
                other.select("generated", "count", "minimum", "maximum")
            ), name
            assert np.allclose(mine["mean"].fill_null(0).to_numpy(), other["mean"].fill_null(0).to_numpy(), rtol=1e-12), name
