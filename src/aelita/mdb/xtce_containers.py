"""Containers of XTCE: their entries, where these lie, and when a container is recognised."""

from collections.abc import Callable
from dataclasses import replace

from .conditions import Condition
from .model import (
    ArrayEntry,
    Container,
    ContainerEntry,
    Entry,
    IndirectEntry,
    Location,
    Origin,
    ParameterEntry,
    Placement,
    Repeat,
    UnreadEntry,
)
from .types import REST, Size
from .xtce_encodings import binary
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_types import described, dimensions
from .xtce_values import CRITERIA, criteria, integer, real, size, word

ORIGINS = {origin.value: origin for origin in Origin}
SKIPPED = ("ParameterSegmentRefEntry", "ContainerSegmentRefEntry", "StreamSegmentEntry", "FixedValueEntry")


EntryReader = Callable[[Names, Node], Entry | None]
TELEMETRY = ("containers",)


def read_container(
    names: Names, qualified: str, node: Node, kinds: tuple[str, ...] = TELEMETRY, special: EntryReader | None = None
) -> Container:
    """Return the container that a SequenceContainer or CommandContainer element defines.

    `kinds` are the kinds of container that it may refer to; `special` reads the entries that only it has.
    """
    short, long = described(node)
    base, restriction = _base(names, node, kinds)
    held, encoded = node.child("EntryList"), node.child("BinaryEncoding")
    if held is None:
        names.report(node, "it has no EntryList, and is taken to have no entries", "repaired")
    rate = node.child("DefaultRateInStream")
    per_second = None
    if rate is not None and rate.get("basis", "perSecond") == "perSecond" and "minimumValue" in rate.attributes:
        per_second = real(rate, rate.get("minimumValue"))
    total = binary(names, encoded).size if encoded is not None else None
    return Container(
        qualified,
        _entries(names, held, kinds, special) if held is not None else (),
        node.get("abstract", "false").strip() in ("true", "1"),
        base,
        restriction,
        short,
        long,
        None if total == REST else total,
        per_second,
    )


def _base(names: Names, node: Node, kinds: tuple[str, ...]) -> tuple[str | None, Condition | None]:
    held = node.child("BaseContainer")
    if held is None:
        return None, None
    base = names.key(kinds, held.need("containerRef"), held)
    restriction = held.child("RestrictionCriteria")
    return base, _condition(names, restriction) if restriction is not None else None


def _condition(names: Names, node: Node) -> Condition | None:
    """Return the criteria that an element holds; None, after a report, when it holds none."""
    if node.child(*CRITERIA) is None:
        names.report(node, "it holds no criteria, and always applies", "repaired")
        return None
    return criteria(names, node)


def _entries(names: Names, node: Node, kinds: tuple[str, ...], special: EntryReader | None) -> tuple[Entry, ...]:
    """Return the entries in order; one that is not supported leaves a gap of its size."""
    found: list[Entry] = []
    gap = 0
    for each in node.all():
        entry = special(names, each) if special is not None else None
        bits = _skipped_bits(names, each) if entry is None and each.name in SKIPPED else None
        if bits is not None:
            gap += bits
            continue
        entry = entry or _entry(names, each, kinds)
        if entry is None:
            each.seen = False
            continue
        if gap:
            entry = _after(names, each, entry, gap)
            gap = 0
        found.append(entry)
    return tuple(found)


def _skipped_bits(names: Names, node: Node) -> int | None:
    """Return the size of an entry that is skipped, after a report; None when nobody knows it."""
    fixed = node.name == "FixedValueEntry"
    value = node.get("binaryValue").strip() if fixed else ""
    if "sizeInBits" not in node.attributes and not value:
        return None
    bits = integer(node, node.get("sizeInBits", str(4 * len(value))), 1, 2**40)
    told = "a fixed value is not checked" if fixed else "segments are not put together"
    names.report(node, f"{told}: its {bits} bits are skipped")
    node.dismiss()
    return bits


def _unread(names: Names, node: Node) -> UnreadEntry:
    """Return an entry that is not read and whose size nobody knows, after a report."""
    names.report(node, "it has no sizeInBits, so that its end is not known: nothing from there on is decoded", "defect")
    placed = placement(names, node)
    node.dismiss()
    return UnreadEntry(f"there is a {node.name} without a size", placed)


def _after(names: Names, node: Node, entry: Entry, gap: int) -> Entry:
    location = entry.placement.location
    if location.origin is not Origin.PREVIOUS_ENTRY:
        return entry
    if not isinstance(location.bits, int):
        node.refuse("its place depends on an entry that is not supported and on a parameter")
    return replace(entry, placement=replace(entry.placement, location=Location(location.origin, location.bits + gap)))


def _entry(names: Names, node: Node, kinds: tuple[str, ...]) -> Entry | None:
    if node.name == "ParameterRefEntry":
        reference = names.reference(node)
        return ParameterEntry(reference.parameter, placement(names, node), reference.path)
    if node.name == "ContainerRefEntry":
        return ContainerEntry(names.key(kinds, node.need("containerRef"), node), placement(names, node))
    if node.name == "ArrayParameterRefEntry":
        held = node.child("DimensionList")
        parameter = names.reference(node).parameter
        return ArrayEntry(parameter, dimensions(names, held) if held is not None else (), placement(names, node))
    if node.name == "IndirectParameterRefEntry":
        source = node.child("ParameterInstance", "ParameterInstanceRef")
        if source is None:
            node.refuse("has no ParameterInstance", "Name the parameter that tells which parameter this is")
        return IndirectEntry(names.reference(source), node.get("aliasNameSpace") or None, placement(names, node))
    return _unread(names, node) if node.name in SKIPPED else None


PLACED = Placement()


def placement(names: Names, node: Node) -> Placement:
    """Return where an entry lies, under which condition and how often."""
    if not node.children:
        return PLACED
    where, condition, repeat = node.child("LocationInContainerInBits"), node.child("IncludeCondition"), node.child("RepeatEntry")
    return Placement(
        _location(names, where) if where is not None else Location(),
        _condition(names, condition) if condition is not None else None,
        _repeat(names, repeat) if repeat is not None else None,
    )


def _location(names: Names, node: Node) -> Location:
    origin = word(node, "referenceLocation", ORIGINS, "previousEntry")
    if origin is Origin.NEXT_ENTRY:
        names.report(node, "a place that counts from the next entry is not computed")
    return Location(origin, size(names, node, -(2**40)))


def _repeat(names: Names, node: Node) -> Repeat:
    count, offset = node.child("Count"), node.child("Offset")
    if count is None:
        names.report(node, "it has no Count; the entry is read once", "defect")
        return Repeat(1)
    gap: Size = size(names, offset) if offset is not None else 0
    return Repeat(size(names, count), gap)
