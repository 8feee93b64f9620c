"""Packets to columns of raw values, container by container."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..mdb import SHORT, CompiledDatabase, Database, compile_database
from .columns import Column
from .extract import extract
from .generated import Kernels
from .kernels import least_room, spans
from .resolve import Resolver

Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]


class PacketBatch(Protocol):
    """What decoding needs of packets: octets, and where each packet lies in them (octets)."""

    @property
    def buffer(self) -> Octets:
        """Octets of all packets."""
        ...

    @property
    def offset(self) -> NDArray[np.int64]:
        """First octet of each packet."""
        ...

    @property
    def length(self) -> NDArray[np.int64]:
        """Octets of each packet."""
        ...


@dataclass(frozen=True, slots=True)
class ContainerRows:
    """The raw values of the packets that are one container: `packet` is the row of each in the batch, in rising order."""

    container: str
    packet: Rows
    raw: dict[str, Column]

    def samples(self, headers: frozenset[str] = frozenset()) -> int:
        """Return how many scalar raw values were decoded, without the columns in `headers`."""
        return sum(_scalars(column) for name, column in self.raw.items() if name not in headers)


def _scalars(column: Column) -> int:
    if column.values.dtype == object:
        held = column.values if column.valid is None else column.values[column.valid]
        return sum(v.size if isinstance(v, np.ndarray) else v is not None for v in held)
    return len(column) if column.valid is None else int(np.count_nonzero(column.valid))


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a batch of packets holds, and what could not be read of it.

    `unidentified` packets are no known container; `ambiguous` ones fit several, and were taken for the first of them. `faults`
    counts, by container and reason, the packets that the database contradicts. Iterating yields the containers.
    """

    containers: list[ContainerRows]
    unidentified: Rows
    ambiguous: Rows
    faults: dict[tuple[str, str], int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[ContainerRows]:
        return iter(self.containers)

    def __len__(self) -> int:
        return len(self.containers)


class Decoder:
    """Decodes packets with one database.

    `root` names the container that every packet is first taken for, by default those that the others inherit from. Raises
    UsageError when there is no such container. `kernels` gives generated kernels of fixed layouts, such as
    `services.KernelCache`; without it the generic kernel decodes.
    """

    def __init__(self, database: Database | CompiledDatabase, root: str | None = None, kernels: Kernels | None = None) -> None:
        self.compiled = database if isinstance(database, CompiledDatabase) else compile_database(database)
        if root is not None and root not in self.compiled.database.containers:
            known = ", ".join(self.compiled.roots())
            raise UsageError(f"there is no container {root}", remedy=f"Packets may begin as {known}")
        self._kernels = kernels
        self._resolver = Resolver(self.compiled, (root,) if root is not None else self.compiled.roots())

    def decode(self, packets: PacketBatch) -> Decoded:
        """Return the raw values of every packet, by container. Packets that leave the buffer are read as far as it goes."""
        first, end = spans(np.asarray(packets.offset, np.int64), np.asarray(packets.length, np.int64), packets.buffer.size)
        resolved = self._resolver.resolve(packets.buffer, first, end)
        faults: dict[tuple[str, str], int] = {}
        for reason, count in resolved.faults.items():
            faults[reason] = count
        containers = []
        for name, rows in resolved.rows.items():
            bits = (first, end) if rows.size == first.size else (first[rows], end[rows])
            raw = self._read(name, packets.buffer, *bits, faults)
            containers.append(ContainerRows(name, rows, raw))
        return Decoded(containers, resolved.unidentified, resolved.ambiguous, faults)

    def _read(self, name: str, buffer: Octets, first: Rows, end: Rows, faults: dict[tuple[str, str], int]) -> dict[str, Column]:
        layout = self.compiled.layout(name)
        if layout.dynamic:
            found: dict[str, int] = {}
            raw = self._resolver.shapes(name).read(buffer, first, end, None, found)
            faults.update({(name, reason): rows for reason, rows in found.items()})
            return raw
        if layout.stop:
            faults[name, layout.stop] = first.size
        if least_room(first, end) < layout.bits and first.size:
            faults[name, SHORT] = int(np.count_nonzero(end - first < layout.bits))
        return extract(self.compiled.database, self.compiled.table(name), buffer, first, end, self._kernels)
