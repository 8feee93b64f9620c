"""The table of all messages, and the one codec that it drives.

A message that no row holds, and a service and subtype that the table has not, are errors that say so.
"""

from collections import defaultdict

from ..errors import UsageError
from . import (
    devices,
    events,
    files,
    forwarding,
    functions,
    housekeeping,
    large,
    memory,
    monitoring,
    procedures,
    schedule,
    storage,
    verification,
)
from .grammar import Reader, Writer, read_parts, write_parts
from .headers import VERSIONS
from .packet_errors import PacketError
from .parts import Many
from .rows import REPORT, REQUEST, Row, sentence
from .widths import Widths

ROWS: tuple[Row, ...] = tuple(sorted(
    (
        row
        for module in (
            verification, devices, housekeeping, events, memory, functions, schedule, monitoring, large, forwarding, storage,
            procedures, files,
        )
        for row in module.ROWS
    ),
    key=lambda row: (row.service, row.subtype, row.variants),
))  # fmt: skip
BY_NUMBER = {(row.service, row.subtype, variant, row.direction): row for row in ROWS for variant in row.variants}
SHOWN = 200  # characters of a message in an error
_BY_TYPE: dict[type, list[Row]] = defaultdict(list)
for _row in ROWS:
    _BY_TYPE[_row.type].append(_row)
for _rows in _BY_TYPE.values():  # those that decide more attributes first: a base of None is an absolute address
    _rows.sort(key=lambda row: -len(row.fixed))


def row_of(message: object, variant: str, direction: str | None = None) -> Row:
    """Return the row of a message. Raises UsageError when the variant has no such message."""
    for row in _BY_TYPE.get(type(message), ()):
        if variant in row.variants and direction in (None, row.direction) and row.holds(message):
            return row
    known = sorted({v for row in _BY_TYPE.get(type(message), ()) for v in row.variants})
    remedy = f"Its class exists in variant {' and '.join(known)}; correct its attributes" if known else "Use one of the table"
    shown = repr(message)
    raise UsageError(
        f"variant {variant} has no {direction or 'message'} {shown if len(shown) <= SHOWN else shown[:SHOWN] + '...'}",
        remedy=remedy,
    )


def encode_message(message: object, variant: str, widths: Widths) -> tuple[int, int, bytes]:
    """Return the service, the subtype and the data of a message. Raises UsageError when a value does not fit its field."""
    row = row_of(message, variant)
    writer = Writer(widths, row.name)
    write_parts(row.parts, message, writer, row.fixed)
    return row.service, row.subtype, bytes(writer.data)


def decode_message(service: int, subtype: int, data: bytes, variant: str, direction: str, widths: Widths) -> object:
    """Return the message in the data of a packet. `direction` is `request` or `report`.

    Raises PacketError when the table has no such message, or the data do not hold it exactly, and DefinitionError when the
    mission never said how wide a value is.
    """
    if variant not in VERSIONS or direction not in (REQUEST, REPORT):
        raise UsageError(f"variant {variant!r} or direction {direction!r} is unknown", remedy="A or C; request or report")
    row = BY_NUMBER.get((service, subtype, variant, direction))
    if row is None:
        known = any(key[0] == service and key[2:] == (variant, direction) for key in BY_NUMBER)
        raise PacketError(
            "illegal subtype" if known else "illegal type", f"variant {variant} has no {direction} ({service},{subtype}) here"
        )
    reader = Reader(data, widths, row.name)
    values = read_parts(row.parts, reader)
    left = len(data) - reader.at
    if left:
        raise PacketError("illegal data", f"{left} octets follow {_end(row, values)}", where="source data")
    return row.type(**row.fixed, **values)


def _end(row: Row, values: dict[str, object]) -> str:
    last = row.parts[-1] if row.parts else None
    items = values.get(last.name) if last else None
    if isinstance(last, Many) and isinstance(items, tuple):
        return f"the last of {len(items)} {last.items or last.name.replace('_', ' ')}"
    return f"the end of the {row.direction}"


def describe(message: object) -> str:
    """Return what a message does or reports, in one plain sentence. Raises UsageError for what is no message."""
    for row in _BY_TYPE.get(type(message), ()):
        if row.holds(message):
            return sentence(row, message)
    raise UsageError(f"{message!r} is no message of the table")
