"""Reports of services 1 (request verification), 3 (housekeeping), 5 (events) and 6 (memory), read into small records.

Field order: ECSS-E-70-41A and ECSS-E-ST-70-41C. The widths of most fields are a mission's choice and come from `Widths`.
"""

from dataclasses import dataclass
from typing import assert_never

from ..errors import DataError, DefinitionError
from ..octets import crc16, iso_checksum
from .headers import CHECKSUMS

VERIFICATIONS = {
    1: "acceptance succeeded",
    2: "acceptance failed",
    3: "start succeeded",
    4: "start failed",
    5: "progress succeeded",
    6: "progress failed",
    7: "completion succeeded",
    8: "completion failed",
    10: "routing failed",
}
FAILURES = frozenset((2, 4, 6, 8, 10))
SEVERITIES = {1: "information", 2: "low", 3: "medium", 4: "high"}


@dataclass(frozen=True, slots=True)
class Widths:
    """Octets of the fields that each mission chooses, and the checksum of memory blocks (`iso`, `crc16` or `none`).

    `block_count_octets` 0: a memory dump holds one block and no count. `step_octets` and `failure_octets` are those of service 1.
    """

    step_octets: int = 1
    failure_octets: int = 1
    structure_octets: int = 1
    event_octets: int = 1
    memory_octets: int = 1
    block_count_octets: int = 1
    address_octets: int = 4
    block_length_octets: int = 2
    block_checksum: str = "iso"

    def __post_init__(self) -> None:
        fields = (self.step_octets, self.failure_octets, self.structure_octets, self.event_octets, self.memory_octets)
        blocks = (self.block_count_octets, self.address_octets, self.block_length_octets)
        if not all(0 <= width <= 8 for width in fields + blocks) or self.block_checksum not in CHECKSUMS:
            raise DefinitionError("report fields have 0 to 8 octets, and a block checksum is iso, crc16 or none")


@dataclass(frozen=True, slots=True)
class RequestId:
    """The telecommand that a verification report is about: the first four octets of its primary header."""

    version: int
    telecommand: bool
    secondary_header: bool
    apid: int
    sequence_flags: int
    sequence_count: int

    @staticmethod
    def decode(octets: bytes) -> "RequestId":
        """Return the request id in four octets. Raises DataError for any other length."""
        if len(octets) != 4:
            raise DataError(f"a request id has 4 octets, not {len(octets)}")
        word = int.from_bytes(octets)
        return RequestId(
            word >> 29, bool(word >> 28 & 1), bool(word >> 27 & 1), word >> 16 & 0x7FF, word >> 14 & 3, word & 0x3FFF
        )

    def encode(self) -> bytes:
        """Return the four octets."""
        packet_id = self.version << 13 | self.telecommand << 12 | self.secondary_header << 11 | self.apid
        return (packet_id << 16 | self.sequence_flags << 14 | self.sequence_count).to_bytes(4)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Service 1: what became of a request. `step` is set for progress, `failure` for failures; `data` is the rest."""

    stage: int  # the subtype; VERIFICATIONS names it
    request: RequestId
    step: int | None
    failure: int | None
    data: bytes

    @property
    def succeeded(self) -> bool:
        """Whether this stage of the request went well."""
        return self.stage not in FAILURES


@dataclass(frozen=True, slots=True)
class HousekeepingReport:
    """Service 3, subtypes 25 (housekeeping) and 26 (diagnostic): the parameters of one structure, undecoded."""

    diagnostic: bool
    structure: int
    data: bytes


@dataclass(frozen=True, slots=True)
class EventReport:
    """Service 5, subtypes 1 to 4: an event on board, with its severity (SEVERITIES names it) and auxiliary data."""

    severity: int
    event: int
    data: bytes


@dataclass(frozen=True, slots=True)
class MemoryBlock:
    """A run of memory. `good` tells whether its checksum agreed; None when it has none."""

    address: int
    data: bytes
    good: bool | None


@dataclass(frozen=True, slots=True)
class MemoryDump:
    """Service 6, subtype 6: raw memory by absolute addresses."""

    memory: int
    blocks: tuple[MemoryBlock, ...]


Report = VerificationReport | HousekeepingReport | EventReport | MemoryDump


class _Reader:
    """Takes fields from the front of the source data; DataError when they run out."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def octets(self, count: int, what: str) -> bytes:
        if count > len(self.data) - self.at:
            raise DataError(f"{what} needs {count} octets, {len(self.data) - self.at} are left", where=f"source data + {self.at}")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int, what: str) -> int:
        return int.from_bytes(self.octets(count, what))

    def rest(self) -> bytes:
        return self.octets(len(self.data) - self.at, "the rest")


def decode_report(service: int, subtype: int, data: bytes, widths: Widths) -> Report | None:
    """Return the report in the source data of a telemetry packet, or None when its type is none of those read here.

    Raises DataError when the data are too short for their own fields, or a memory dump has octets left over.
    """
    reader = _Reader(data)
    if service == 1 and subtype in VERIFICATIONS:
        return _verification(subtype, reader, widths)
    if service == 3 and subtype in (25, 26):
        return HousekeepingReport(subtype == 26, reader.number(widths.structure_octets, "the structure id"), reader.rest())
    if service == 5 and subtype in SEVERITIES:
        return EventReport(subtype, reader.number(widths.event_octets, "the event id"), reader.rest())
    if service == 6 and subtype == 6:
        return _memory_dump(reader, widths)
    return None


def _verification(stage: int, reader: _Reader, widths: Widths) -> VerificationReport:
    request = RequestId.decode(reader.octets(4, "the request id"))
    step = reader.number(widths.step_octets, "the step id") if stage in (5, 6) else None
    failure = reader.number(widths.failure_octets, "the failure code") if stage in FAILURES else None
    return VerificationReport(stage, request, step, failure, reader.rest())


def _memory_dump(reader: _Reader, widths: Widths) -> MemoryDump:
    memory = reader.number(widths.memory_octets, "the memory id")
    count = reader.number(widths.block_count_octets, "the number of blocks") if widths.block_count_octets else 1
    blocks = []
    for number in range(1, count + 1):
        what = f"block {number} of {count}"
        address = reader.number(widths.address_octets, f"the address of {what}")
        octets = reader.octets(reader.number(widths.block_length_octets, f"the length of {what}"), f"the data of {what}")
        checksum = reader.octets(CHECKSUMS[widths.block_checksum], f"the checksum of {what}")
        blocks.append(MemoryBlock(address, octets, _agrees(octets, checksum, widths.block_checksum)))
    left = len(reader.rest())
    if left:
        raise DataError(f"{left} octets follow the last of {count} memory blocks", where="source data")
    return MemoryDump(memory, tuple(blocks))


def _agrees(octets: bytes, checksum: bytes, kind: str) -> bool | None:
    if kind == "none":
        return None
    return int.from_bytes(checksum) == (iso_checksum(octets) if kind == "iso" else crc16(octets))


def describe(report: Report) -> str:
    """Return a report in one line for people."""
    match report:
        case VerificationReport(stage, request, step, failure):
            extra = "".join(f", {name} {value}" for name, value in (("step", step), ("failure", failure)) if value is not None)
            return f"request {request.apid}/{request.sequence_count}: {VERIFICATIONS[stage]}{extra}"
        case HousekeepingReport(diagnostic, structure, data):
            return f"{'diagnostic' if diagnostic else 'housekeeping'} structure {structure}, {len(data)} octets"
        case EventReport(severity, event, data):
            return f"event {event}, severity {SEVERITIES[severity]}, data {data.hex() or 'none'}"
        case MemoryDump(memory, blocks):
            bad = sum(block.good is False for block in blocks)
            return (
                f"memory {memory}: {sum(len(b.data) for b in blocks)} octets in {len(blocks)} blocks, {bad} with a bad checksum"
            )
    assert_never(report)
