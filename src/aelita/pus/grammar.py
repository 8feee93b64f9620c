"""The grammar of messages: what the fields of a request or report are, in order, and one codec that reads and writes any of them.

A row of the message table holds *parts*. Each part has the name of an attribute of the message's class, reads its value from
octets and writes it back. Widths come from the mission's `Widths`: a part of width 0 is absent.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from ..errors import UsageError
from .packet_errors import PacketError
from .widths import Widths


@dataclass(slots=True)
class Reader:
    """Takes fields from the front of a message's data; PacketError when they run out."""

    data: bytes
    widths: Widths
    message: str = ""  # such as "11,4"
    at: int = 0
    inside: str = ""  # such as " of block 1 of 2"

    def octets(self, count: int, what: str) -> bytes:
        """Return the next octets."""
        left = len(self.data) - self.at
        if count > left:
            raise PacketError(
                "illegal data", f"{what}{self.inside} needs {count} octets, {left} are left", where=f"source data + {self.at}"
            )
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int, what: str) -> int:
        """Return the next octets as an unsigned number."""
        return int.from_bytes(self.octets(count, what))

    def rest(self) -> bytes:
        """Return all octets that are left."""
        return self.octets(len(self.data) - self.at, "the rest")

    def refuse(self, what: str) -> PacketError:
        """Return the error that says what is wrong with the field just read."""
        where = f"source data + {self.at}{self.inside}"
        return PacketError("illegal data", what, where=where)


@dataclass(slots=True)
class Writer:
    """Collects the octets of a message's data; UsageError when a value does not fit its field."""

    widths: Widths
    message: str = ""
    data: bytearray = field(default_factory=bytearray)
    inside: str = ""  # such as ", block 1 of 2"

    def number(self, value: Any, count: int, what: str, *, signed: bool = False) -> None:
        """Append a number."""
        if not isinstance(value, int):
            raise self.refuse(f"{what} is {value!r}, which is no number")
        try:
            self.data += int(value).to_bytes(count, signed=signed)
        except OverflowError as error:
            raise self.refuse(f"{what} {value} does not fit {count} octets") from error

    def refuse(self, what: str) -> UsageError:
        """Return the error that says which value does not fit."""
        return UsageError(what, where=f"message {self.message}{self.inside}", remedy="Correct the value, or the mission's widths")


class Part(Protocol):
    """One field of a message, or a run of them."""

    @property
    def name(self) -> str:
        """The attribute it fills; an empty name fills none."""
        ...

    def read(self, reader: Reader, seen: dict[str, Any]) -> Any:
        """Return the value of the next field. `seen` are the fields before it."""
        ...

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the field. `record` is the message or item that holds it."""
        ...


Parts = tuple[Part, ...]
Width = str | int


def octets_of(widths: Widths, width: Width) -> int:
    """Return the octets that a width means for this mission."""
    return width if isinstance(width, int) else int(getattr(widths, width))


def title(name: str) -> str:
    """Return the words for a field in messages to people."""
    return f"the {name.replace('_', ' ')}"


def read_parts(parts: Parts, reader: Reader) -> dict[str, Any]:
    """Return the values of all these parts by name."""
    seen: dict[str, Any] = {}
    for part in parts:
        value = part.read(reader, seen)
        if part.name:
            seen[part.name] = value
    return seen


def write_parts(parts: Parts, record: Any, writer: Writer, fixed: Collection[str] = ()) -> None:
    """Append the fields of a message or item; what is set beyond its fields and the `fixed` ones is refused, never dropped."""
    written = {part.name for part in parts} | {name for part in parts for name in getattr(part, "also", ())} | {*fixed}
    for known in fields(record):
        value = getattr(record, known.name)
        if known.name not in written and value != known.default:
            raise writer.refuse(f"{title(known.name)} is {value!r}, but this message has no such field")
    for part in parts:
        part.write(getattr(record, part.name) if part.name else None, writer, record)
