"""Recordings into an archive: received, decoded and committed piece by piece, so that memory is bounded and nothing is lost.

A killed ingest is run again: pieces that are in the archive are read once more, because what follows depends on them, but not
written.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..archive import Archive, Batch, Source
from ..errors import DataError, UsageError
from ..link import Received
from ..telemetry import Processed, Processor, Reception
from .definitions import Definition
from .kernel_cache import KernelCache, cache_folder
from .summary import Summary

PIECE_OCTETS = 6 << 20
READ_OCTETS = 1 << 20
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one recording: its number in the archive, packets and values added, and packets that it had already."""

    name: str
    source: int
    known: bool
    packets: int
    duplicates: int
    samples: int


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file in hexadecimal and how many octets it is of. Raises UsageError when it cannot be read."""
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe can be read only once
        raise UsageError("is no regular file", where=str(path), remedy="Write it to a file first")
    digest, octets = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(READ_OCTETS):
                digest.update(piece)
                octets += len(piece)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    return digest.hexdigest(), octets


def pieces_of(path: Path, octets: int, size: int) -> Iterator[bytes]:
    """Yield the first `size` octets of a file piece by piece: what a growing file gets later is another recording.

    Raises DataError when the file ends being readable.
    """
    try:
        with path.open("rb") as file:
            while piece := file.read(min(octets, size)):
                size -= len(piece)
                yield piece
    except OSError as error:
        raise DataError(f"cannot be read on: {error.strerror or error}", where=str(path)) from error


def ingest_file(
    archive: Archive,
    definition: Definition,
    path: Path,
    summary: Summary,
    *,
    station: str = "",
    progress: Progress = lambda octets: None,
    piece_octets: int = PIECE_OCTETS,
) -> Ingested:
    """Take one recording into the archive and count what it holds in `summary`; `progress` is told octets done.

    Raises AelitaError when the file cannot be read or the archive not written; what was committed stays, and the same call
    completes it.
    """
    channel = definition.channel
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # names may hold any octets
    digest, size = digest_of(path)
    source = Source(digest, name, size, channel.text, channel.spacecraft, station, piece_octets)
    packets = duplicates = samples = 0
    with archive.begin(source, definition.text) as session:
        known = session.complete
        stages = enumerate(_stages(definition, path, piece_octets, size), start=1)
        while (stage := next(stages, None)) is not None:  # not a for: no piece is held while the next one is made
            number, (octets, received, processed) = stage
            committed = session.commit(number, batch_of(received, processed, framed=channel.protocol != "packets"))
            packets += committed.packets
            duplicates += committed.duplicates
            samples += committed.samples
            summary.add(received, processed)
            progress(octets)
            del stage, received, processed
        session.finish()
        return Ingested(name, session.number, known, packets, duplicates, samples)


def _stages(definition: Definition, path: Path, piece_octets: int, size: int) -> Iterator[tuple[int, Received, Processed]]:
    """Yield what each piece of the file gives, and at last what its end leaves; the first entry counts its octets."""
    reception = Reception(definition.channel)
    processor = Processor(definition.channel, definition.compiled, definition.clock, kernels=KernelCache(cache_folder()))

    def made(received: Received) -> tuple[Received, Processed]:
        return received, processor.process(received.packets)

    for piece in pieces_of(path, piece_octets, size):
        yield (len(piece), *made(reception.feed(piece)))
    rest = reception.finish()
    if len(rest.frames) or len(rest.packets) or rest.gaps or rest.quarantined:
        yield (0, *made(rest))


def batch_of(received: Received, processed: Processed, *, framed: bool) -> Batch:
    """Return what the archive takes of a piece of input."""
    return Batch(
        packets=received.packets,
        generated=processed.generated,
        ticks=processed.ticks,
        frames=received.frames if framed else None,
        containers=processed.decoded.containers,
        engineering=processed.engineering,
        events=processed.events,
        limits=processed.limits,
        gaps=received.gaps,
        quarantined=received.quarantined,
    )
