"""Memory images with versions, and what is known of a spacecraft's memories (ECSS service 6): load, dump, check, compare.

Addresses are absolute, in octets; a memory whose smallest addressable unit is larger is not supported.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np

from ..errors import UsageError
from ..octets import crc16, iso_checksum
from ..pus import (
    CheckMemory,
    DumpMemory,
    LoadMemory,
    MemoryArea,
    MemoryBlock,
    MemoryChecks,
    MemoryDump,
    TelecommandLayout,
    Widths,
    encode_message,
)
from .canonical import canonical
from .procedures import call
from .requests import Call

Run = tuple[int, bytes]  # address and content
MOST_IMAGE, MOST_PACKET = 1 << 26, 65542  # octets; of a space packet: CCSDS 133.0-B


@dataclass(frozen=True, slots=True)
class MemoryImage:
    """What a memory is to hold: runs of octets in order of address, none touching another."""

    name: str
    version: str
    memory: int
    runs: tuple[Run, ...]

    @staticmethod
    def of(name: str, version: str, memory: int, runs: Iterable[Run]) -> "MemoryImage":
        """Return an image of runs in any order. Raises UsageError where they overlap, or when there are none."""
        joined: list[tuple[int, bytearray]] = []
        for address, data in sorted(runs):
            if not data:
                continue
            end = joined[-1][0] + len(joined[-1][1]) if joined else 0
            if address < 0 or (joined and address < end):
                raise UsageError(f"octets at address {address:#x} are given twice", where=f"image {name} {version}")
            if joined and address == end:
                joined[-1][1].extend(data)
            else:
                joined.append((address, bytearray(data)))
        if not joined or sum(len(data) for _, data in joined) > MOST_IMAGE:
            raise UsageError(f"an image has 1 to {MOST_IMAGE} octets", where=f"image {name} {version}")
        return MemoryImage(name, version, memory, tuple((address, bytes(data)) for address, data in joined))

    @property
    def digest(self) -> str:
        """SHA-256, hex, of the memory and all that it is to hold; neither of the name nor of the version."""
        said = {"memory": self.memory, "runs": [[address, data.hex()] for address, data in self.runs]}
        return hashlib.sha256(canonical(said)).hexdigest()

    @property
    def octets(self) -> int:
        """How many octets it has."""
        return sum(len(data) for _, data in self.runs)

    def pieces(self, most: int) -> list[Run]:
        """Return the runs in pieces of at most `most` octets."""
        if most < 1:
            raise UsageError("no octet of an image fits into a request", remedy="Give longer packets")
        return [(at + part, data[part : part + most]) for at, data in self.runs for part in range(0, len(data), most)]

    def changed(self, old: "MemoryImage") -> "MemoryImage | None":
        """Return only what must be written over an older image of the same memory, None when nothing must."""
        known = MemoryMap()
        known.write(old.runs, 0, MemorySource.LOADED)
        found = [(one.address, one.wanted) for one in known.compare(self) if one.kind != StretchKind.SAME]
        return MemoryImage.of(self.name, self.version, self.memory, found) if found else None


def most_in_a_load(layout: TelecommandLayout, widths: Widths, most_octets: int) -> int:
    """Return how many octets of memory one load request carries in a packet of at most `most_octets`."""
    empty = encode_message(LoadMemory(0, (MemoryBlock(0, b""),)), layout.variant, widths)[2]
    header = 6 + layout.octets + layout.checksum_octets
    room = min(most_octets, MOST_PACKET) - header - len(empty)
    return min(room, (1 << 8 * widths.block_length_octets) - 1) if widths.block_length_octets else room


def load_requests(image: MemoryImage, layout: TelecommandLayout, widths: Widths, most_octets: int) -> list[LoadMemory]:
    """Return load requests whose packets have at most `most_octets`. Encoding gives each block the mission's checksum."""
    most = most_in_a_load(layout, widths, most_octets)
    return [LoadMemory(image.memory, (MemoryBlock(address, data),)) for address, data in image.pieces(most)]


def load_calls(image: MemoryImage, most: int, command: str = "LoadMemory") -> list[Call]:
    """Return the same as commands of the mission database that take memory, address, length and data, `most` octets in each."""
    return [
        call(command, memory=image.memory, address=address, length=len(data), data=data) for address, data in image.pieces(most)
    ]


def image_areas(image: MemoryImage, most: int) -> list[MemoryArea]:
    """Return the areas of an image, none longer than `most` octets."""
    return [MemoryArea(address, len(data)) for address, data in image.pieces(most)]


def dump_requests(memory: int, wanted: Iterable[MemoryArea], most_areas: int = 1) -> list[DumpMemory]:
    """Return dump requests for areas, `most_areas` in each."""
    return [DumpMemory(memory, part) for part in _parts(wanted, most_areas)]


def check_requests(memory: int, wanted: Iterable[MemoryArea], most_areas: int = 1) -> list[CheckMemory]:
    """Return requests for the checksums of areas, `most_areas` in each."""
    return [CheckMemory(memory, part) for part in _parts(wanted, most_areas)]


class StretchKind(StrEnum):
    """How a stretch of memory stands to an image."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "not known"


class MemorySource(StrEnum):
    """How something is known: dumped by the spacecraft, or loaded by us and reported complete."""

    DUMPED = "dumped"
    LOADED = "loaded"


@dataclass(frozen=True, slots=True)
class MemoryStretch:
    """A stretch of an image as the spacecraft has it; `found` is empty where nothing is known."""

    kind: StretchKind
    address: int
    wanted: bytes
    found: bytes = b""

    def __str__(self) -> str:
        return f"{self.address:#x} to {self.address + len(self.wanted) - 1:#x}: {self.kind}"


@dataclass(frozen=True, slots=True)
class KnownMemory:
    """A run of memory, when it was so (TAI ns), and how that is known."""

    address: int
    data: bytes
    at_ns: int
    source: MemorySource

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + len(self.data)


@dataclass(slots=True)
class MemoryMap:
    """What is known of one memory: runs that do not overlap, in order of address. What is newer stands."""

    known: list[KnownMemory] = field(default_factory=list)
    bad: list[tuple[int, int, int]] = field(default_factory=list)  # address, octets, when: dumps with a bad checksum

    def write(self, runs: Iterable[Run], at_ns: int, source: MemorySource) -> None:
        """Know of runs at an instant. What is known of later instants stands."""
        for address, data in runs:
            fresh = [KnownMemory(address, data, at_ns, source)] if data else []
            kept: list[KnownMemory] = []
            for one in self.known:
                if one.at_ns > at_ns:
                    kept.append(one)
                    fresh = [part for each in fresh for part in _outside(each, one.address, one.end)]
                else:
                    kept += _outside(one, address, address + len(data))
            self.known = sorted(kept + fresh, key=lambda one: one.address)

    def dumped(self, dump: MemoryDump, at_ns: int) -> None:
        """Take a dump made at an instant; a block whose checksum is bad tells nothing."""
        base = dump.base or 0
        for one in dump.blocks:
            if one.good is False:
                self.bad = [*self.bad[-999:], (base + one.address, len(one.data), at_ns)]
            else:
                self.write([(base + one.address, one.data)], at_ns, MemorySource.DUMPED)

    def loaded(self, load: LoadMemory, at_ns: int) -> None:
        """Take a load that was reported complete."""
        self.write([((load.base or 0) + one.address, one.data) for one in load.blocks], at_ns, MemorySource.LOADED)

    def lost(self) -> None:
        """Know nothing any more, as after a reset of a volatile memory."""
        self.known = []

    def areas(self) -> list[tuple[int, int, int, int]]:
        """Return the areas known without a hole: address, octets, oldest and newest instant (TAI ns)."""
        found: list[tuple[int, int, int, int]] = []
        for one in self.known:
            if found and found[-1][0] + found[-1][1] == one.address:
                at, octets, oldest, newest = found[-1]
                found[-1] = (at, octets + len(one.data), min(oldest, one.at_ns), max(newest, one.at_ns))
            else:
                found.append((one.address, len(one.data), one.at_ns, one.at_ns))
        return found

    def read(self, address: int, length: int) -> bytes | None:
        """Return the content of an area, None when it is not known whole."""
        inside = [part for one in self.known for part in _within(one, address, address + length)]
        data = b"".join(one.data for one in inside)
        return data if len(data) == length else None

    def compare(self, image: MemoryImage) -> list[MemoryStretch]:
        """Return how the memory stands to an image, as stretches of one kind, in order of address."""
        found: list[MemoryStretch] = []
        for address, data in image.runs:
            at = address
            for one in (part for each in self.known for part in _within(each, address, address + len(data))):
                if one.address > at:
                    found.append(MemoryStretch(StretchKind.UNKNOWN, at, data[at - address : one.address - address]))
                found += _stretches(one.address, data[one.address - address : one.end - address], one.data)
                at = one.end
            if at < address + len(data):
                found.append(MemoryStretch(StretchKind.UNKNOWN, at, data[at - address :]))
        return _joined(found)

    def checks(self, checks: MemoryChecks, kind: str) -> list[tuple[int, int, bool | None]]:
        """Return whether checksums (of `kind` iso or crc16) are those of what is known: address, octets, None: cannot be told."""
        told: list[tuple[int, int, bool | None]] = []
        for one in checks.checks:
            at = (checks.base or 0) + one.address
            data = self.read(at, one.length)
            told.append((at, one.length, None if data is None else checksum(data, kind) == one.checksum))
        return told


def checksum(data: bytes, kind: str) -> bytes:
    """Return the checksum of memory, two octets, of kind iso or crc16."""
    if kind not in ("iso", "crc16"):
        raise UsageError(f"checksum {kind!r} is unknown", remedy="iso or crc16")
    return (iso_checksum(data) if kind == "iso" else crc16(data)).to_bytes(2)


def _parts(wanted: Iterable[MemoryArea], most: int) -> list[tuple[MemoryArea, ...]]:
    every = list(wanted)
    return [tuple(every[at : at + most]) for at in range(0, len(every), max(most, 1))]


def _outside(one: KnownMemory, begin: int, end: int) -> list[KnownMemory]:
    """Return what of a run lies outside of an area."""
    if end <= one.address or begin >= one.end:
        return [one]
    parts = [
        (one.address, one.data[: max(begin - one.address, 0)]),
        (end, one.data[end - one.address :] if end < one.end else b""),
    ]
    return [KnownMemory(at, data, one.at_ns, one.source) for at, data in parts if data]


def _within(one: KnownMemory, begin: int, end: int) -> list[KnownMemory]:
    """Return what of a run lies inside of an area."""
    first, last = max(one.address, begin), min(one.end, end)
    data = one.data[first - one.address : last - one.address] if first < last else b""
    return [KnownMemory(first, data, one.at_ns, one.source)] if data else []


def _stretches(address: int, wanted: bytes, found: bytes) -> list[MemoryStretch]:
    equal = np.frombuffer(wanted, np.uint8) == np.frombuffer(found, np.uint8)
    edges = [0, *(np.flatnonzero(equal[1:] != equal[:-1]) + 1).tolist(), len(wanted)]
    kinds = {True: StretchKind.SAME, False: StretchKind.DIFFERENT}
    return [
        MemoryStretch(kinds[bool(equal[begin])], address + begin, wanted[begin:end], found[begin:end])
        for begin, end in pairwise(edges)
    ]


def _joined(stretches: list[MemoryStretch]) -> list[MemoryStretch]:
    made: list[MemoryStretch] = []
    for one in stretches:
        last = made[-1] if made else None
        if last is not None and last.kind is one.kind and last.address + len(last.wanted) == one.address:
            made[-1] = MemoryStretch(one.kind, last.address, last.wanted + one.wanted, last.found + one.found)
        else:
            made.append(one)
    return made
