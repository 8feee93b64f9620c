# ruff: noqa: D102 - the methods of a type are documented once, in `Type`
"""The few ASN.1 types of SLE as values that read and write octets: the words in which the services' tables are written.

A type tells by `fits` whether a value is one of it, writes such a value, and reads octets between two places. Tags are implicit;
`tagged` makes them, and makes them explicit around a choice, as ASN.1 demands.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Protocol

from ..errors import DataError, UsageError
from .ber import (
    CONSTRUCTED,
    LONGEST_OID,
    content,
    context,
    fault,
    integer_content,
    oid_content,
    read_integer,
    read_oid,
    tlv,
)
from .times import Instant, decode_time, encode_time, in_range


class Type(Protocol):
    """What every type offers."""

    @property
    def identifier(self) -> bytes:
        """Identifier octets."""
        ...

    def fits(self, value: Any) -> bool:
        """Tell whether a value is one of this type; records are judged by their class, their members when written."""
        ...

    def write(self, value: Any) -> bytes:
        """Return the octets of a value that fits. Raises UsageError for a member that does not."""
        ...

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        """Return the value at `at` and where it ends, at most at `stop`. Raises DataError."""
        ...


@dataclass(frozen=True, slots=True)
class Integer:
    """INTEGER of `least` to `most`; with `names` its values read as these, and `closed` refuses those without a name."""

    least: int
    most: int
    names: type[IntEnum] | None = None
    closed: bool = False
    identifier: bytes = b"\x02"

    def fits(self, value: Any) -> bool:
        return isinstance(value, int) and self._meaning(value) is not None

    def _meaning(self, value: int) -> int | None:
        """Return the value, by its name where it has one; None when it is not of this type."""
        if not self.least <= value <= self.most:
            return None
        if self.names is None:
            return value
        try:
            return self.names(value)
        except ValueError:
            return None if self.closed else value

    def write(self, value: int) -> bytes:
        return tlv(self.identifier, integer_content(value))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[int, int]:
        start, end = content(octets, at, stop, self.identifier)
        value = read_integer(octets, start, end)
        meaning = self._meaning(value)
        if meaning is None:
            raise fault(f"{value} is not {self}", at)
        return meaning, end

    def __str__(self) -> str:
        return f"an integer of {self.least} to {self.most}" + (f" named in {self.names.__name__}" if self.names else "")


@dataclass(frozen=True, slots=True)
class Octets:
    """OCTET STRING of `least` to `most` octets."""

    least: int
    most: int
    identifier: bytes = b"\x04"

    def fits(self, value: Any) -> bool:
        return isinstance(value, bytes) and self.least <= len(value) <= self.most

    def write(self, value: bytes) -> bytes:
        return tlv(self.identifier, value)

    def read(self, octets: bytes, at: int, stop: int) -> tuple[bytes, int]:
        start, end = content(octets, at, stop, self.identifier)
        if not self.least <= end - start <= self.most:
            raise fault(f"{end - start} octets are not {self}", at)
        return octets[start:end], end

    def __str__(self) -> str:
        return f"an octet string of {self.least} to {self.most} octets"


@dataclass(frozen=True, slots=True)
class Visible:
    """VisibleString of `least` to `most` characters, from `first` (a space, or the first after it) to the tilde."""

    least: int
    most: int
    first: str = " "
    identifier: bytes = b"\x1a"

    def fits(self, value: Any) -> bool:
        return (
            isinstance(value, str)
            and self.least <= len(value) <= self.most
            and all(self.first <= letter <= "~" for letter in value)
        )

    def write(self, value: str) -> bytes:
        return tlv(self.identifier, value.encode("ascii"))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[str, int]:
        start, end = content(octets, at, stop, self.identifier)
        value = octets[start:end].decode("latin-1")
        if not self.fits(value):
            raise fault(f"{value[:40]!r} is not {self}", at)
        return value, end

    def __str__(self) -> str:
        return f"{self.least} to {self.most} visible characters" + ("" if self.first == " " else " without spaces")


@dataclass(frozen=True, slots=True)
class ObjectIdentifier:
    """OBJECT IDENTIFIER as a tuple of its arcs."""

    identifier: bytes = b"\x06"

    def fits(self, value: Any) -> bool:
        if not (isinstance(value, tuple) and len(value) > 1 and all(isinstance(arc, int) and arc >= 0 for arc in value)):
            return False
        return value[0] <= 2 and (value[1] < 40 or value[0] == 2) and len(oid_content(value)) <= LONGEST_OID

    def write(self, value: tuple[int, ...]) -> bytes:
        return tlv(self.identifier, oid_content(value))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[tuple[int, ...], int]:
        start, end = content(octets, at, stop, self.identifier)
        return read_oid(octets, start, end), end

    def __str__(self) -> str:
        return "an object identifier"


@dataclass(frozen=True, slots=True)
class Null:
    """NULL that stands for `value`."""

    value: Any = None
    identifier: bytes = b"\x05"

    def fits(self, value: Any) -> bool:
        return bool(value == self.value)

    def write(self, value: Any) -> bytes:
        return tlv(self.identifier, b"")

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        start, end = content(octets, at, stop, self.identifier)
        if start != end:
            raise fault("a NULL has content", at)
        return self.value, end

    def __str__(self) -> str:
        return f"{self.value}"


@dataclass(frozen=True, slots=True)
class CcsdsTime:
    """Time of `octets` 8 (microseconds) or 10 (picoseconds) as an `Instant`."""

    octets: int
    identifier: bytes = b"\x04"

    def fits(self, value: Any) -> bool:
        tai_ns, ps = value
        return isinstance(tai_ns, int) and in_range(tai_ns) and (ps is None if self.octets == 8 else ps in range(1000))

    def write(self, value: tuple[int, int | None]) -> bytes:
        return tlv(self.identifier, encode_time(*value))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Instant, int]:
        start, end = content(octets, at, stop, self.identifier)
        if end - start != self.octets:
            raise fault(f"a time of {end - start} octets is not {self}", at)
        try:
            return decode_time(octets[start:end]), end
        except DataError as error:
            raise fault(error.what, at) from error

    def __str__(self) -> str:
        return f"a time of {self.octets} octets (1958 to 2137)"


@dataclass(frozen=True, slots=True)
class Paired:
    """A type whose value stands second in a pair, behind a constant that tells which alternative it is."""

    constant: Any
    inner: Type

    @property
    def identifier(self) -> bytes:
        return self.inner.identifier

    def fits(self, value: Any) -> bool:
        return bool(value[0] == self.constant) and self.inner.fits(value[1])

    def write(self, value: Any) -> bytes:
        return self.inner.write(value[1])

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        value, end = self.inner.read(octets, at, stop)
        return (self.constant, value), end

    def __str__(self) -> str:
        return f"{self.constant} with {self.inner}"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A type whose value is the only member of a record, without a SEQUENCE around it."""

    record: Callable[[Any], Any]
    member: str
    inner: Type

    @property
    def identifier(self) -> bytes:
        return self.inner.identifier

    def fits(self, value: Any) -> bool:
        return isinstance(value, self.record) and self.inner.fits(getattr(value, self.member))  # type: ignore[arg-type]

    def write(self, value: Any) -> bytes:
        return self.inner.write(getattr(value, self.member))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        value, end = self.inner.read(octets, at, stop)
        return self.record(value), end

    def __str__(self) -> str:
        return f"{getattr(self.record, '__name__', self.record)} of {self.inner}"


@dataclass(frozen=True, slots=True)
class Explicit:
    """A type inside an identifier and length of their own: an explicit tag, or a SEQUENCE around its members."""

    inner: Type
    identifier: bytes

    def fits(self, value: Any) -> bool:
        return self.inner.fits(value)

    def write(self, value: Any) -> bytes:
        return tlv(self.identifier, self.inner.write(value))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        start, end = content(octets, at, stop, self.identifier)
        value, last = self.inner.read(octets, start, end)
        if last != end:
            raise fault(f"{end - last} superfluous octets", last)
        return value, end

    def __str__(self) -> str:
        return str(self.inner)


@dataclass(frozen=True, slots=True)
class Choice:
    """CHOICE: the first alternative that fits is written; all have different identifiers but for those only read."""

    alternatives: tuple[Type, ...]
    identifier: bytes = b""

    def fits(self, value: Any) -> bool:
        return any(alternative.fits(value) for alternative in self.alternatives)

    def write(self, value: Any) -> bytes:
        return next(alternative for alternative in self.alternatives if alternative.fits(value)).write(value)

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        for alternative in self.alternatives:
            if octets.startswith(alternative.identifier, at, stop):
                return alternative.read(octets, at, stop)
        raise fault(f"identifier {octets[at : min(stop, at + 2)].hex() or 'none'} is no known alternative here", at)

    def __str__(self) -> str:
        return " or ".join(str(alternative) for alternative in self.alternatives)


@dataclass(frozen=True, slots=True)
class Selected:
    """A record only where one of its fields has a certain value."""

    inner: Type
    field: str
    constant: Any

    @property
    def identifier(self) -> bytes:
        return self.inner.identifier

    def fits(self, value: Any) -> bool:
        return self.inner.fits(value) and bool(getattr(value, self.field) == self.constant)

    def write(self, value: Any) -> bytes:
        return self.inner.write(value)

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        return self.inner.read(octets, at, stop)

    def __str__(self) -> str:
        return f"{self.inner} whose {self.field} is {self.constant}"


@dataclass(frozen=True, slots=True)
class Members:
    """Members of a record one after another; one whose name is several words, such as `start start_ps`, fills several fields."""

    record: Callable[..., Any]
    members: tuple[tuple[tuple[str, ...], Type], ...]
    identifier: bytes = b""

    def fits(self, value: Any) -> bool:
        return isinstance(value, self.record)  # type: ignore[arg-type]

    def write(self, value: Any) -> bytes:
        parts = []
        for names, kind in self.members:
            member = getattr(value, names[0]) if len(names) == 1 else tuple(getattr(value, name) for name in names)
            if not kind.fits(member):
                raise UsageError(f"{member!r:.100} is not {kind}", where=".".join((type(value).__name__, *names[:1])))
            parts.append(kind.write(member))
        return b"".join(parts)

    def read(self, octets: bytes, at: int, stop: int) -> tuple[Any, int]:
        values: dict[str, Any] = {}
        for names, kind in self.members:
            value, at = kind.read(octets, at, stop)
            if len(names) == 1:
                values[names[0]] = value
            else:
                values.update(zip(names, value, strict=True))
        return self.record(**values), at

    def __str__(self) -> str:
        return getattr(self.record, "__name__", "a record")


@dataclass(frozen=True, slots=True)
class SequenceOf:
    """SEQUENCE OF (or SET OF) as a tuple of `least` to `most` elements, so that no message makes more than that of us."""

    element: Type
    most: int
    least: int = 0
    identifier: bytes = b"\x30"

    def fits(self, value: Any) -> bool:
        in_number = isinstance(value, tuple) and self.least <= len(value) <= self.most
        return in_number and all(self.element.fits(element) for element in value)

    def write(self, value: Any) -> bytes:
        return tlv(self.identifier, b"".join(map(self.element.write, value)))

    def read(self, octets: bytes, at: int, stop: int) -> tuple[tuple[Any, ...], int]:
        start, end = content(octets, at, stop, self.identifier)
        values: list[Any] = []
        place = start
        while place < end and len(values) <= self.most:
            value, place = self.element.read(octets, place, end)
            values.append(value)
        if not self.least <= len(values) <= self.most:
            raise fault(f"{len(values)} or more elements are not {self.least} to {self.most}", at)
        return tuple(values), end

    def __str__(self) -> str:
        return f"a tuple of {self.least} to {self.most}, each {self.element}"


SET = b"\x31"


def members(record: Callable[..., Any], *named: tuple[str, Type]) -> Members:
    """Return the members of a record in the order of the wire."""
    return Members(record, tuple((tuple(names.split()), kind) for names, kind in named))


def sequence(record: Callable[..., Any], *named: tuple[str, Type]) -> Explicit:
    """Return the SEQUENCE of a record with these members in the order of the wire."""
    return Explicit(members(record, *named), b"\x30")


def tagged(number: int, kind: Type) -> Type:
    """Return a type under a context tag: implicit, but explicit around a choice."""
    match kind:
        case Choice():
            return Explicit(kind, context(number, constructed=True))
        case Paired() | Wrapped() | Selected():
            return replace(kind, inner=tagged(number, kind.inner))
    constructed = bool(kind.identifier[0] & CONSTRUCTED)
    return replace(kind, identifier=context(number, constructed=constructed))  # type: ignore[type-var]


def choice(*numbered: tuple[int, Type]) -> Choice:
    """Return the CHOICE of these types under their context tags."""
    return Choice(tuple(tagged(number, kind) for number, kind in numbered))
