"""Service 6: memory loaded, dumped and checked, by absolute addresses or by offsets from a base."""

from dataclasses import dataclass
from typing import Any

from .parts import Checked, Fixed, Many, Number
from .rows import Row, report, request


@dataclass(frozen=True, slots=True)
class MemoryBlock:
    """A run of memory. `good` tells whether its checksum agreed; None when it has none. To be sent it may stay None."""

    address: int
    data: bytes
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class MemoryArea:
    """Where a run of memory begins and how many smallest addressable units it has."""

    address: int
    length: int


@dataclass(frozen=True, slots=True)
class MemoryCheck:
    """The checksum, two octets, that the spacecraft computed of an area."""

    address: int
    length: int
    checksum: bytes


@dataclass(frozen=True, slots=True)
class LoadMemory:
    """Write blocks into a memory. With a `base` their addresses are offsets from it."""

    memory: int
    blocks: tuple[MemoryBlock, ...]
    base: int | None = None


@dataclass(frozen=True, slots=True)
class DumpMemory:
    """Ask for areas of a memory. With a `base` their addresses are offsets from it."""

    memory: int
    areas: tuple[MemoryArea, ...]
    base: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryDump:
    """Raw memory by absolute addresses, or by offsets from a `base`."""

    memory: int
    blocks: tuple[MemoryBlock, ...]
    base: int | None = None


@dataclass(frozen=True, slots=True)
class CheckMemory:
    """Ask for the checksums of areas of a memory."""

    memory: int
    areas: tuple[MemoryArea, ...]
    base: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryChecks:
    """The checksums of areas of a memory."""

    memory: int
    checks: tuple[MemoryCheck, ...]
    base: int | None = None


def _dumped(message: MemoryDump) -> str:
    octets = sum(len(block.data) for block in message.blocks)
    bad = sum(block.good is False for block in message.blocks)
    return f"memory {message.memory}: {octets} octets in {len(message.blocks)} blocks, {bad} with a bad checksum"


def _loads(message: LoadMemory) -> str:
    octets = sum(len(block.data) for block in message.blocks)
    return f"write {octets} octets in {len(message.blocks)} blocks into memory {message.memory}"


def _rows(address: str, grade: str, *, absolute: bool) -> tuple[Row, ...]:
    """Rows of the five messages: load, dump, report, check, report."""
    memory = Number("memory", "memory_octets", "the memory id")
    before = (memory,) if absolute else (memory, Number("base", "base_octets"))
    fixed: dict[str, Any] = {"base": None} if absolute else {}
    at, length = Number("address", address), Number("length", "block_length_octets")
    counted, area = "block_count_octets", (at, length)
    blocks = Many("blocks", MemoryBlock, (at, Checked()), "block", counted, "memory blocks")
    areas = Many("areas", MemoryArea, area, "area", counted)
    checks = Many("checks", MemoryCheck, (*area, Fixed("checksum", 2)), "area", counted)
    load, dump, dumped, check, checked = (2, 5, 6, 9, 10) if absolute else (1, 3, 4, 7, 8)
    where = "{m.areas:n} areas of memory {m.memory}"
    return (
        request(6, load, LoadMemory, (*before, blocks), _loads, **fixed),
        request(6, dump, DumpMemory, (*before, areas), f"dump {where}", **fixed),
        report(6, dumped, MemoryDump, (*before, blocks), _dumped, grade=grade, **fixed),
        request(6, check, CheckMemory, (*before, areas), f"compute checksums of {where}", **fixed),
        report(6, checked, MemoryChecks, (*before, checks), "checksums of {m.checks:n} areas of memory {m.memory}", **fixed),
    )


ROWS = (*_rows("address_octets", "V", absolute=True), *_rows("offset_octets", "X", absolute=False))
