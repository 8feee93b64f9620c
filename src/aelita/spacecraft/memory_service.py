"""Service 6 on board: memories are loaded, dumped and checked, by absolute addresses or by offsets from a base address."""

from collections.abc import Iterator

from ..octets import crc16, iso_checksum
from ..pus import CheckMemory, DumpMemory, LoadMemory, MemoryBlock, MemoryCheck, MemoryChecks, MemoryDump
from .board import Board, Code, Event, NotDoneError
from .services import Handler

MOST_BLOCK = 960  # octets of memory in one report: one frame carries it
MOST_DUMP = 65536  # octets that one request may ask for


def _area(board: Board, ident: int, base: int | None, address: int, length: int) -> int:
    """Return where an area begins in its memory, once it is known to lie inside."""
    memory, begin = board.memories.get(ident), address + (base or 0)
    if memory is None:
        raise NotDoneError(Code.UNKNOWN_OBJECT, f"there is no memory {ident}")
    if length < 1 or begin + length > len(memory):
        raise NotDoneError(Code.OUT_OF_RANGE, f"memory {ident} has no {length} octets at {begin}")
    return begin


def load(board: Board, request: LoadMemory, destination: int) -> Iterator[float]:
    """Write blocks, all or none; a block with a bad checksum is not written."""
    begins = [_area(board, request.memory, request.base, one.address, len(one.data)) for one in request.blocks]
    if any(one.good is False for one in request.blocks):
        raise NotDoneError(Code.BAD_CHECKSUM, "the checksum of a block does not agree")
    timing = board.definition.timing
    yield timing.execution_s + timing.octet_s * sum(len(one.data) for one in request.blocks)
    for begin, one in zip(begins, request.blocks, strict=True):
        board.memories[request.memory][begin : begin + len(one.data)] = one.data


def dump(board: Board, request: DumpMemory, destination: int) -> Iterator[float]:
    """Report areas, each in as many reports as it needs, between two events, as TGO does."""
    begins = [_area(board, request.memory, request.base, one.address, one.length) for one in request.areas]
    if sum(one.length for one in request.areas) > MOST_DUMP:
        raise NotDoneError(Code.OUT_OF_RANGE, f"more than {MOST_DUMP} octets")
    service, subtype = 6, 5 if request.base is None else 3
    timing = board.definition.timing
    yield 0.0
    board.event(1, Event.DUMP, bytes([request.memory & 255, 1, 1, service, subtype]))
    for begin, one in zip(begins, request.areas, strict=True):
        for part in range(0, one.length, MOST_BLOCK):
            data = bytes(board.memories[request.memory][begin + part : begin + min(part + MOST_BLOCK, one.length)])
            yield timing.execution_s + timing.octet_s * len(data)
            block = MemoryBlock(one.address + part, data)
            board.report(MemoryDump(request.memory, (block,), request.base), destination=destination)
    board.event(1, Event.DUMP, bytes([request.memory & 255, 1, 0, service, subtype]))


def check(board: Board, request: CheckMemory, destination: int) -> Iterator[float]:
    """Report the checksums of areas."""
    begins = [_area(board, request.memory, request.base, one.address, one.length) for one in request.areas]
    checksum = iso_checksum if board.definition.widths.block_checksum == "iso" else crc16
    timing = board.definition.timing
    yield timing.execution_s + timing.octet_s * sum(one.length for one in request.areas)
    memory = board.memories[request.memory]
    checks = tuple(
        MemoryCheck(one.address, one.length, checksum(bytes(memory[begin : begin + one.length])).to_bytes(2))
        for begin, one in zip(begins, request.areas, strict=True)
    )
    board.report(MemoryChecks(request.memory, checks, request.base), destination=destination)


HANDLERS: dict[type, Handler] = {LoadMemory: load, DumpMemory: dump, CheckMemory: check}
