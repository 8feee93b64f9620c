"""The kinds of fields that messages are made of."""

from dataclasses import dataclass
from typing import Any

from .checks import checksum_of
from .grammar import Part, Parts, Reader, Width, Writer, octets_of, read_parts, title, write_parts
from .headers import CHECKSUMS
from .request_id import RequestId


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned number; 0 where the mission has no such field."""

    name: str
    width: Width
    what: str = ""

    def read(self, reader: Reader, seen: dict[str, Any]) -> int:
        """Return the number."""
        return reader.number(octets_of(reader.widths, self.width), self.what or title(self.name))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the number."""
        writer.number(value, octets_of(writer.widths, self.width), self.what or title(self.name))


@dataclass(frozen=True, slots=True)
class Maybe:
    """An unsigned number that some missions do not have: None where its width is 0."""

    name: str
    width: Width

    def read(self, reader: Reader, seen: dict[str, Any]) -> int | None:
        """Return the number or None."""
        octets = octets_of(reader.widths, self.width)
        return reader.number(octets, title(self.name)) if octets else None

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the number, unless the mission has none."""
        octets = octets_of(writer.widths, self.width)
        if octets:
            writer.number(value, octets, title(self.name))
        elif value is not None:
            raise writer.refuse(f"{title(self.name)} is {value!r}, but this mission has no such field ({self.width} is 0)")


@dataclass(frozen=True, slots=True)
class Signed:
    """A number in two's complement: how far times are shifted."""

    name: str
    width: Width = "shift_octets"

    def read(self, reader: Reader, seen: dict[str, Any]) -> int:
        """Return the number."""
        return int.from_bytes(reader.octets(octets_of(reader.widths, self.width), title(self.name)), signed=True)

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the number."""
        writer.number(value, octets_of(writer.widths, self.width), title(self.name), signed=True)


@dataclass(frozen=True, slots=True)
class Flag:
    """A truth value: 0 or 1 in a field of its own."""

    name: str
    width: Width = "flag_octets"
    optional: bool = False

    def read(self, reader: Reader, seen: dict[str, Any]) -> bool | None:
        """Return the truth value; None for an optional field that the mission has not."""
        octets = octets_of(reader.widths, self.width)
        if octets == 0 and self.optional:
            return None
        value = reader.number(octets, title(self.name))
        if value > 1:
            raise reader.refuse(f"{title(self.name)} is {value}, neither 0 nor 1")
        return bool(value)

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the truth value."""
        octets = octets_of(writer.widths, self.width)
        if octets == 0 and self.optional:
            if value is not None:
                raise writer.refuse(f"{title(self.name)} is {value!r}, but this mission has no such field ({self.width} is 0)")
            return
        if not isinstance(value, bool):
            raise writer.refuse(f"{title(self.name)} is {value!r}, which is neither true nor false")
        writer.number(value, octets, title(self.name))


@dataclass(frozen=True, slots=True)
class Fixed:
    """A run of octets of a fixed length."""

    name: str
    width: Width

    def read(self, reader: Reader, seen: dict[str, Any]) -> bytes:
        """Return the octets."""
        return reader.octets(octets_of(reader.widths, self.width), title(self.name))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the octets."""
        octets = octets_of(writer.widths, self.width)
        if not isinstance(value, bytes) or len(value) != octets:
            raise writer.refuse(f"{title(self.name)} must be {octets} octets, not {value!r}")
        writer.data += value


@dataclass(frozen=True, slots=True)
class Rest:
    """All octets that are left."""

    name: str

    def read(self, reader: Reader, seen: dict[str, Any]) -> bytes:
        """Return the octets."""
        return reader.rest()

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the octets."""
        writer.data += value


@dataclass(frozen=True, slots=True)
class Text:
    """Characters of ASCII after their number; with text_length_octets 0 they end with a zero octet instead."""

    name: str

    def read(self, reader: Reader, seen: dict[str, Any]) -> str:
        """Return the text."""
        what, octets = title(self.name), reader.widths.text_length_octets
        if octets:
            raw = reader.octets(reader.number(octets, f"the length of {what}"), what)
        else:
            end = reader.data.find(0, reader.at)
            raw = reader.octets(end - reader.at if end >= 0 else len(reader.data) - reader.at, what)
            reader.octets(1, f"the end of {what}")
        if not raw.isascii():
            raise reader.refuse(f"{what} {raw!r} is not ASCII")
        return raw.decode("ascii")

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the text."""
        what, octets = title(self.name), writer.widths.text_length_octets
        if not isinstance(value, str) or not value.isascii() or (octets == 0 and "\0" in value):
            raise writer.refuse(f"{what} {value!r} is not a text of ASCII characters")
        if octets:
            writer.number(len(value), octets, f"the length of {what}")
        writer.data += value.encode("ascii") + (b"" if octets else b"\0")


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a parameter, raw octets, as wide as the mission says of the parameter in the field `of`."""

    name: str
    of: str = "parameter"

    def read(self, reader: Reader, seen: dict[str, Any]) -> bytes:
        """Return the octets."""
        return reader.octets(reader.widths.value(int(seen[self.of])), title(self.name))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the octets."""
        octets = writer.widths.value(getattr(record, self.of))
        if not isinstance(value, bytes) or len(value) != octets:
            raise writer.refuse(
                f"{title(self.name)} of parameter {getattr(record, self.of)} must be {octets} octets, not {value!r}"
            )
        writer.data += value


@dataclass(frozen=True, slots=True)
class Request:
    """The id of a request: four octets."""

    name: str

    def read(self, reader: Reader, seen: dict[str, Any]) -> RequestId:
        """Return the request id."""
        return RequestId.decode(reader.octets(4, "the request id"))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the request id."""
        writer.data += value.encode()


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole telecommand packet inside a message; its own length field says where it ends."""

    name: str

    def read(self, reader: Reader, seen: dict[str, Any]) -> bytes:
        """Return the packet."""
        what = title(self.name)
        header = reader.octets(6, f"the header of {what}")
        body = reader.octets(int.from_bytes(header[4:]) + 1, what)
        if header[0] >> 4 != 1:
            raise reader.refuse(f"{what} begins with {header[:2].hex()}, which is no telecommand packet")
        return header + body

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the packet."""
        what = title(self.name)
        if not isinstance(value, bytes) or len(value) < 7 or len(value) != int.from_bytes(value[4:6]) + 7 or value[0] >> 4 != 1:
            raise writer.refuse(f"{what} is not one whole telecommand packet: {value!r}")
        writer.data += value


@dataclass(frozen=True, slots=True)
class Numbers:
    """A count and as many numbers. With `when` they and the count exist only where that width is not 0."""

    name: str
    width: Width
    count: str = "count_octets"
    when: str = ""

    def read(self, reader: Reader, seen: dict[str, Any]) -> tuple[int, ...]:
        """Return the numbers."""
        if self.when and not octets_of(reader.widths, self.when):
            return ()
        octets, what = octets_of(reader.widths, self.width), title(self.name)
        return tuple(reader.number(octets, what) for _ in range(read_count(self, reader, octets)))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the numbers."""
        if self.when and not octets_of(writer.widths, self.when):
            if value:
                raise writer.refuse(f"{title(self.name)} are {value!r}, but this mission has none ({self.when} is 0)")
            return
        write_count(self, len(value), writer)
        for number in value:
            writer.number(number, octets_of(writer.widths, self.width), title(self.name))


@dataclass(frozen=True, slots=True)
class Many:
    """A count and as many items, each an object of `type` with parts of its own."""

    name: str
    type: type
    parts: Parts
    item: str = "item"
    count: str = "count_octets"
    items: str = ""

    def read(self, reader: Reader, seen: dict[str, Any]) -> tuple[Any, ...]:
        """Return the items."""
        count, outside, items = read_count(self, reader, 1), reader.inside, []
        for number in range(1, count + 1):
            reader.inside = f" of {self.item} {number} of {count}{outside}"
            before = reader.at
            items.append(self.type(**read_parts(self.parts, reader)))
            if reader.at == before:
                raise reader.refuse("the widths of this mission leave no octets for the fields")
        reader.inside = outside
        return tuple(items)

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the items."""
        write_count(self, len(value), writer)
        outside = writer.inside
        for number, item in enumerate(value, 1):
            writer.inside = f"{outside}, {self.item} {number} of {len(value)}"
            if not isinstance(item, self.type):
                raise writer.refuse(f"{item!r} is no {self.type.__name__}")
            before = len(writer.data)
            write_parts(self.parts, item, writer)
            if len(writer.data) == before:
                raise writer.refuse("the widths of this mission leave no octets for the fields")
        writer.inside = outside


def read_count(part: Numbers | Many, reader: Reader, item_octets: int) -> int:
    """Return how many items follow. Counts that items of no octets at all could make endless are refused."""
    octets = reader.widths.count(reader.message, part.name, part.count)
    count = reader.number(octets, f"the number of {part.name.replace('_', ' ')}") if octets else 1
    if count > 1 and (item_octets == 0 or count > len(reader.data) - reader.at):
        items = part.items if isinstance(part, Many) and part.items else part.name.replace("_", " ")
        raise reader.refuse(f"{count} {items} do not fit into {len(reader.data) - reader.at} octets")
    return count


def write_count(part: Numbers | Many, count: int, writer: Writer) -> None:
    """Append how many items follow."""
    octets = writer.widths.count(writer.message, part.name, part.count)
    if octets:
        writer.number(count, octets, f"the number of {part.name.replace('_', ' ')}")
    elif count != 1:
        raise writer.refuse(f"{count} {part.name.replace('_', ' ')} where this mission sends exactly one, without a count")


@dataclass(frozen=True, slots=True)
class One:
    """One object of `type` with parts of its own. With `when` it exists only where that width is not 0."""

    name: str
    type: type
    parts: Parts
    when: str = ""

    def read(self, reader: Reader, seen: dict[str, Any]) -> Any:
        """Return the object."""
        if self.when and not octets_of(reader.widths, self.when):
            return None
        return self.type(**read_parts(self.parts, reader))

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the object."""
        if self.when and not octets_of(writer.widths, self.when):
            if value is not None:
                raise writer.refuse(f"{title(self.name)} is {value!r}, but this mission has no such field ({self.when} is 0)")
            return
        if not isinstance(value, self.type):
            raise writer.refuse(f"{title(self.name)} is {value!r}, no {self.type.__name__}")
        write_parts(self.parts, value, writer)


@dataclass(frozen=True, slots=True)
class Choice:
    """A code, and an object of the type and parts that the code selects. Codes may be the mission's: names of `Widths`."""

    name: str
    options: tuple[tuple[int | str, type, Parts], ...]
    width: Width = "code_octets"

    def _options(self, widths: Any) -> list[tuple[int, type, Parts]]:
        return [(code if isinstance(code, int) else getattr(widths, code), kind, parts) for code, kind, parts in self.options]

    def read(self, reader: Reader, seen: dict[str, Any]) -> Any:
        """Return the object."""
        code = reader.number(octets_of(reader.widths, self.width), f"the kind of {title(self.name)}")
        for known, kind, parts in self._options(reader.widths):
            if known == code:
                return self._object(kind, parts, reader, seen)
        raise reader.refuse(f"{code} is no known kind of {title(self.name)}")

    def _object(self, kind: type, parts: Parts, reader: Reader, seen: dict[str, Any]) -> Any:
        inner: dict[str, Any] = {}
        for part in parts:
            inner[part.name] = part.read(reader, {**seen, **inner})
        return kind(**inner)

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the code and the object."""
        for code, kind, parts in self._options(writer.widths):
            if isinstance(value, kind):
                if code < 0:
                    raise writer.refuse(f"the mission's code for {kind.__name__} is not known")
                writer.number(code, octets_of(writer.widths, self.width), f"the kind of {title(self.name)}")
                for part in parts:
                    holder = record if isinstance(part, Value) else value
                    part.write(getattr(value, part.name), writer, holder)
                return
        raise writer.refuse(f"{title(self.name)} is {value!r}, which is none of its kinds")


@dataclass(frozen=True, slots=True)
class Checked:
    """A run of octets after its length, then their checksum; the attribute `good` tells whether it agrees.

    A bad checksum is written where `good` is False, so that a simulated spacecraft can send one.
    """

    name: str = "data"
    length: Width = "block_length_octets"
    checksum: str = "block_checksum"
    what: str = "the data"
    also: tuple[str, ...] = ("good",)

    def read(self, reader: Reader, seen: dict[str, Any]) -> bytes:
        """Return the octets, and whether they are good in `seen`."""
        octets = reader.octets(reader.number(octets_of(reader.widths, self.length), "the length"), self.what)
        kind = getattr(reader.widths, self.checksum)
        found = reader.octets(CHECKSUMS[kind], "the checksum")
        seen["good"] = None if kind == "none" else found == checksum_of(octets, kind)
        return octets

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append length, octets and checksum."""
        kind = getattr(writer.widths, self.checksum)
        writer.number(len(value), octets_of(writer.widths, self.length), "the length")
        right = checksum_of(value, kind)
        writer.data += value + (bytes(octet ^ 0xFF for octet in right) if record.good is False else right)


@dataclass(frozen=True, slots=True)
class Command:
    """An output line and a pulse duration of a command pulse distribution unit, in one word of 16 bits."""

    name: str = "line"
    also: tuple[str, ...] = ("duration",)

    def read(self, reader: Reader, seen: dict[str, Any]) -> int:
        """Return the line, and the duration in `seen`."""
        word = reader.number(2, "the command pulse")
        below = 16 - reader.widths.cpdu_line_bits
        seen["duration"] = word & ((1 << below) - 1)
        return word >> below

    def write(self, value: Any, writer: Writer, record: Any) -> None:
        """Append the word."""
        below = 16 - writer.widths.cpdu_line_bits
        if not (0 <= value < 1 << 16 - below and 0 <= record.duration < 1 << below):
            raise writer.refuse(f"line {value} or duration {record.duration} does not fit {16 - below} and {below} bits")
        writer.number(value << below | record.duration, 2, "the command pulse")


# What a field can be. The annotation has the type checker prove that each kind reads and writes as the grammar asks.
KINDS: tuple[type[Part], ...] = (
    Number, Maybe, Signed, Flag, Fixed, Rest, Text, Value, Request, Packet, Numbers, Many, One, Choice, Checked, Command,
)  # fmt: skip
