"""Archived packets decoded again with a newer database, or dated again with a newer clock."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..archive import Archive, DatabaseVersion, Decoded, StoredPackets, rebuild, recorrelate
from ..errors import UsageError
from ..link import Channel, Packets
from ..telemetry import Processor
from .databases import Library
from .definitions import read_clock
from .kernel_cache import KernelCache, cache_folder

Progress = Callable[[int, int], None]
Integers = NDArray[np.int64]


def rebuild_with(
    archive: Archive,
    library: Library,
    paths: Sequence[Path],
    start: int | None = None,
    stop: int | None = None,
    *,
    containers: Sequence[str] | None = None,
    progress: Progress = lambda done, total: None,
) -> DatabaseVersion:
    """Decode the packets of an archive again with the database in these files; see `archive.rebuild`.

    Raises UsageError when the recordings in the archive came through channels that read packets differently.
    """
    text, compiled = library.take(paths)
    processor = Processor(channel_of(archive), compiled, kernels=KernelCache(cache_folder()))

    def decode(version: DatabaseVersion, packets: StoredPackets, generated: Integers) -> Decoded:
        made = processor.process(_packets(packets), generated=generated)
        return Decoded(made.decoded.containers, made.engineering, made.events, made.limits)

    return rebuild(archive, text, decode, start, stop, containers=containers, progress=progress)


def channel_of(archive: Archive) -> Channel:
    """Return the channel by which the packets of an archive are read. Raises UsageError when there are several ways or none."""
    texts = archive.sources()["channel"].unique().sort().to_list()
    channels = [Channel.from_toml(text, "channel in the archive") for text in texts if text]
    if not channels:
        raise UsageError("the archive holds no recording with a channel", where=str(archive.path))
    rules = {channel.packets for channel in channels}
    if len(rules) > 1:
        names = ", ".join(sorted(channel.name for channel in channels))
        raise UsageError(f"the channels {names} read packets differently", remedy="Keep such recordings in archives of their own")
    return channels[0]


def recorrelate_with(archive: Archive, clock: Path, sources: Sequence[int] | None = None) -> int:
    """Date the packets of an archive again with the clock in a file; return how many times changed."""
    return recorrelate(archive, read_clock(clock).tai_ns, sources)


def _packets(rows: StoredPackets) -> Packets:
    return Packets(**{field.name: getattr(rows, field.name) for field in fields(Packets)})
