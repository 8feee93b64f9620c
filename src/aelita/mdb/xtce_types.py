"""Parameter types of XTCE, with inheritance by baseType."""

import re
from dataclasses import replace
from itertools import pairwise

from .alarms import NO_ALARMS, Severity
from .commands import MARK
from .types import (
    AbsoluteTimeType,
    AggregateType,
    ArrayType,
    BinaryEncoding,
    BinaryType,
    BooleanType,
    Encoding,
    EnumeratedType,
    EnumerationEntry,
    FloatType,
    IntegerEncoding,
    IntegerType,
    LookupSize,
    Member,
    ParameterType,
    RelativeTimeType,
    Size,
    StringEncoding,
    StringType,
    TypeFacts,
    ValidRange,
)
from .xtce_alarms import TIME_UNITS_S, alarm_rules, bounds
from .xtce_encodings import ENCODINGS, encoding
from .xtce_names import Names
from .xtce_times import coded_time
from .xtce_tree import Node
from .xtce_values import flag, integer, real, size

EPOCHS = ("TAI", "J2000", "UNIX", "POSIX", "GPS")
DATE = re.compile(r"\d{4,}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
COMPOSITE = frozenset(["Array", "Aggregate"])
KIND = re.compile(r"(Parameter|Argument|Agument)Type$")  # XTCE 1.2 has a RelativeTimeAgumentType
NOT_INHERITED = ("name", "baseType")


class TypeReader:
    """Reads each type once, with what it inherits; `kinds` are the kinds of definition that its types may refer to."""

    kinds: tuple[str, ...] = ("types",)

    def __init__(self, names: Names) -> None:
        self.names = names
        self._effective: dict[str, Node] = {}
        self._open: list[tuple[str, Node]] = []

    def read(self, qualified: str, node: Node) -> ParameterType:
        """Return the type that this element defines. Raises DefinitionError when it contradicts itself."""
        whole = self.effective(qualified, node)
        found = self._read(qualified, whole)
        if whole is not node:
            _taken(node, whole)
        return found

    def _read(self, qualified: str, node: Node) -> ParameterType:
        kind = kind_of(node)
        if kind == "Array":
            return ArrayType(self._facts(qualified, node, ""), *self._array(node))
        if kind == "Aggregate":
            return AggregateType(self._facts(qualified, node, ""), self._members(node))
        if kind in ("AbsoluteTime", "RelativeTime"):
            return self._time(qualified, node, kind)
        found = self._encoding(node)
        facts = self._facts(qualified, node, self._units(node))
        return self._simple(kind, facts, found, node)

    def _encoding(self, owner: Node) -> Encoding | None:
        """Return the encoding that an element holds; None, after a report, for one that contradicts itself."""
        node = next((each for each in owner.children if each.name in ENCODINGS), owner)
        told = "its values are not decoded"
        return self.names.spare(node, told, lambda: encoding(self.names, owner), None, dangling=False)

    def effective(self, qualified: str, node: Node) -> Node:
        """Return an element with the attributes and children that it inherits and does not redefine."""
        if qualified in self._effective:
            return self._effective[qualified]
        reference = node.get("baseType")
        if not reference:
            self._effective[qualified] = node
            return node
        if qualified in (name for name, _ in self._open):
            cycle = self._open[[name for name, _ in self._open].index(qualified) :]
            steps = " -> ".join(f"{name} (line {each.line})" for name, each in [*cycle, cycle[0]])
            node.refuse(f"the inheritance by baseType is a circle: {steps}", "Take one baseType out")
        self._open.append((qualified, node))
        try:
            base_name = self.names.key(self.kinds, reference, node)
            base = self.names.element(self.kinds[0] if base_name.endswith(MARK) else "types", reference, node)[1]
            base = self.effective(base_name, base)
        finally:
            self._open.pop()
        if kind_of(base) != kind_of(node):
            if {kind_of(base), kind_of(node)} & COMPOSITE:
                node.refuse(f"its baseType {base_name} is a {base.name}", f"Derive it from a {node.name} (XTCE 1.2, baseType)")
            told = f"its baseType {base_name} is a {base.name}; what both kinds of type have is inherited"
            self.names.report(node, told, "repaired")
        merged = self._effective[qualified] = _merge(base, node)
        return merged

    def _facts(self, qualified: str, node: Node, units: str) -> TypeFacts:
        short, long = described(node)
        alarms = alarm_rules(self.names, node) if node.name[:2] != "Ag" else NO_ALARMS
        initial = node.get("initialValue") if "initialValue" in node.attributes else None
        return TypeFacts(qualified, units, short, long, initial, alarms)

    def _units(self, node: Node) -> str:
        """Return the units of the engineering value as text: factors with their powers, joined by a dot."""
        held = node.child("UnitSet")
        words = []
        for each in held.all("Unit") if held is not None else []:
            each.get("description")
            if each.get("form", "calibrated") != "calibrated":
                self.names.report(each, "the unit of a raw value is not used", "ignored")
                continue
            factor, power = each.get("factor", "1").strip(), each.get("power", "1").strip()
            exponent = f"^{power.removesuffix('.0')}" if power not in ("1", "1.0") else ""
            words.append(f"{factor + ' ' if factor not in ('1', '1.0') else ''}{each.text}{exponent}")
        return "·".join(filter(None, words))

    def _simple(self, kind: str, facts: TypeFacts, found: Encoding | None, node: Node) -> ParameterType:
        if kind == "Integer":
            return self._integer(facts, found, node)
        if kind == "Float":
            bits = integer(node, node.get("sizeInBits", "32"))
            if bits not in (32, 64, 128):
                self.names.report(node, f"a float of {bits} bits is kept in 64", "repaired")
            return self._octets(facts, found, node) or FloatType(facts, found, bits, self._valid(node))
        if kind == "Boolean":
            words = node.get("oneStringValue", "True"), node.get("zeroStringValue", "False")
            return self._octets(facts, found, node) or BooleanType(facts, found, *words)
        if kind == "Enumerated":
            return self._octets(facts, found, node) or self._enumerated(facts, found, node)
        if kind == "String":
            return self._octets(facts, found, node) or StringType(facts, found)
        if found is not None and not isinstance(found, BinaryEncoding):
            self.names.report(node, "a binary type is read from a binary encoding only; the value is that of its encoding")
            return StringType(facts, found) if isinstance(found, StringEncoding) else FloatType(facts, found, 64)
        return BinaryType(facts, found)

    def _octets(self, facts: TypeFacts, found: Encoding | None, node: Node) -> ParameterType | None:
        """Return a type of octets or text when the encoding gives nothing else, after a report; else None."""
        text = isinstance(found, StringEncoding)
        if found is None or (text and kind_of(node) == "String"):
            return None
        if isinstance(found, BinaryEncoding):
            self.names.report(node, "its binary encoding is not transformed: the value is its octets")
            return BinaryType(facts, found)
        if text and kind_of(node) in ("Integer", "Float"):
            return None  # the number that stands in the text
        if text:
            self.names.report(node, "its text is not turned into a number: the value is the text")
            return StringType(facts, found)
        if kind_of(node) == "String":
            self.names.report(node, "its number is not turned into text: the value is the number")
            return FloatType(facts, found, 64)
        return None

    def _integer(self, facts: TypeFacts, found: Encoding | None, node: Node) -> ParameterType:
        bits, signed = integer(node, node.get("sizeInBits", "32"), 1, 2**20), flag(node, "signed", True)
        if isinstance(found, IntegerEncoding) and found.bits > bits and found.calibration.default is None:
            if "sizeInBits" in node.attributes:
                self.names.report(
                    node, f"its {bits} bits do not hold the {found.bits} of its encoding, and were widened", "repaired"
                )
            bits = found.bits
        return self._octets(facts, found, node) or IntegerType(facts, found, signed, bits, self._valid(node))

    def _valid(self, node: Node) -> ValidRange | None:
        """Return the valid range: ValidRange, or the ValidRangeSet of XTCE 1.1, of which the first range counts."""
        held, group = node.child("ValidRange"), node.child("ValidRangeSet")
        owner = held
        if group is not None:
            ranges = group.all("ValidRange")
            for extra in ranges[1:]:
                self.names.report(extra, "only the first valid range of a set is used")
                extra.dismiss()
            held, owner = (ranges[0] if ranges else None), group
        if held is None or owner is None:
            return None
        return self.names.spare(held, "no range is checked", lambda: valid_range(held, owner), None)

    def _enumerated(self, facts: TypeFacts, found: Encoding | None, node: Node) -> EnumeratedType:
        entries = self._entries(node)
        labels = {entry.label for entry in entries}
        alarms = [each for each in (facts.alarms.default, *(alarm for _, alarm in facts.alarms.contexts)) if each is not None]
        for label in sorted({label for alarm in alarms for label, _ in alarm.labels} - labels):
            told = f"an alarm has the label {label!r}, which is none of the enumeration: it is never raised"
            self.names.report(node, told, "defect")
        return EnumeratedType(facts, found, entries)

    def _entries(self, node: Node) -> tuple[EnumerationEntry, ...]:
        held = node.child("EnumerationList")
        if held is None:
            self.names.report(node, "it has no EnumerationList; its values have no labels", "defect")
            return ()
        found = []
        for each in held.all("Enumeration"):
            value = integer(each, each.need("value"))
            most = integer(each, each.get("maxValue")) if "maxValue" in each.attributes else value
            if most < value:
                each.refuse(f"its maxValue {most} is below its value {value}")
            label = each.get("label") if "label" in each.attributes else each.need("label")
            found.append(EnumerationEntry(label, value, most, each.get("shortDescription")))
        self._overlaps(held, found)
        return tuple(found)

    def _overlaps(self, node: Node, entries: list[EnumerationEntry]) -> None:
        ordered = sorted(entries, key=lambda entry: entry.value)
        for before, after in pairwise(ordered):
            if after.value <= before.maximum:
                self.names.report(
                    node, f"{before.label!r} and {after.label!r} both stand for {after.value}: the first one counts"
                )

    def _array(self, node: Node) -> tuple[str, tuple[tuple[Size, Size], ...]]:
        element = self.names.key(self.kinds, node.need("arrayTypeRef"), node)
        held = node.child("DimensionList")
        if held is None:
            node.get("numberOfDimensions")  # XTCE 1.1: the entry that uses the array gives the dimensions
            return element, ()
        return element, dimensions(self.names, held)

    def _members(self, node: Node) -> tuple[Member, ...]:
        held = node.child("MemberList")
        found: dict[str, Member] = {}
        for each in held.all("Member") if held is not None else []:
            name = self.names.name_of(each)
            if name in found:
                each.refuse("there is already a member of this name", "Rename one of them")
            described(each)
            initial = each.get("initialValue") if "initialValue" in each.attributes else None
            found[name] = Member(name, self.names.key(self.kinds, each.need("typeRef"), each), initial)
        if not found:
            self.names.report(node, "it has no members, and takes no place in a packet", "defect")
        return tuple(found.values())

    def _time(self, qualified: str, node: Node, kind: str) -> ParameterType:
        facts, held = self._facts(qualified, node, self._units(node)), node.child("Encoding")
        found, scale, offset, units, coded = None, 1.0, 0.0, "seconds", None
        if held is not None:
            coded = coded_time(held) if kind == "AbsoluteTime" else None
            found = self._encoding(held) if coded is None else coded.encoding
            scale, offset = real(held, held.get("scale", "1")), real(held, held.get("offset", "0"))
            units = held.get("units", "seconds").strip()
            if units not in TIME_UNITS_S:
                held.refuse(f"units {units!r} are not known", f"Known are {', '.join(TIME_UNITS_S)}")
        epoch, source = self._reference(node)
        octets = self._octets(facts, found, node) if isinstance(found, BinaryEncoding) else None
        if octets is not None:
            return octets
        if kind == "RelativeTime":
            return RelativeTimeType(facts, found, scale, offset, units)
        if coded is not None:
            scale, epoch = coded.scale, coded.epoch if source is None and epoch is None else epoch
        if source is None and epoch is None:
            epoch = "TAI"
            if found is not None and not isinstance(found, StringEncoding):
                self.names.report(node, "there is no ReferenceTime: the epoch is taken to be that of TAI, 1958", "repaired")
        return AbsoluteTimeType(facts, found, scale, offset, units, epoch, source)

    def _reference(self, node: Node) -> tuple[str | None, str | None]:
        """Return the epoch, or the parameter that a time counts from."""
        held = node.child("ReferenceTime")
        if held is None:
            return None, None
        source, epoch = held.child("OffsetFrom"), held.child("Epoch")
        if source is not None:
            reference = self.names.reference(source)
            if reference.path:
                self.names.report(source, "a member of an aggregate cannot be the reference of a time; the epoch is not known")
            elif reference.instance or not reference.calibrated:
                self.names.report(source, "a time counts from the latest engineering value of the parameter it names")
            return None, reference.parameter
        if epoch is None:
            held.refuse("holds neither OffsetFrom nor Epoch", "Add one")
        if epoch.text not in EPOCHS and not DATE.fullmatch(epoch.text):
            epoch.refuse(f"{epoch.text!r} is neither one of {', '.join(EPOCHS)} nor a date")
        return epoch.text, None


def valid_range(node: Node, owner: Node) -> ValidRange:
    """Return one valid range; `owner` says whether it applies to calibrated values."""
    found = bounds(node, Severity.NORMAL, True, 1.0)
    spelling = "rangeAppliesToCalibrated" if "rangeAppliesToCalibrated" in owner.attributes else "validRangeAppliesToCalibrated"
    calibrated = flag(owner, spelling, True)  # the shorter name is that of drafts of XTCE 1.2
    return ValidRange(found.minimum, found.maximum, found.minimum_exclusive, found.maximum_exclusive, calibrated)


def _merge(base: Node, node: Node) -> Node:
    """Return `node` with what it inherits from `base`.

    An encoding goes on from one of its own kind and takes the place of any other; other children replace those of their name.
    """
    inherited = {name: value for name, value in base.attributes.items() if name not in NOT_INHERITED}
    merged = Node(node.name, inherited | node.attributes, node.line, node.file, node.scope)
    own = {_slot(each) for each in node.children}
    bases = {each.name: each for each in base.children if each.name in ENCODINGS}
    mine = [_merge(bases[each.name], each) if each.name in bases else each for each in node.children]
    merged.children = [*mine, *(each for each in base.children if _slot(each) not in own)]
    return merged


def _taken(node: Node, whole: Node) -> None:
    """Mark in an element, and in the encoding in it, what was taken from its form with all that it inherits."""
    node.used += whole.used
    for each, merged in zip(node.children, whole.children, strict=False):
        if merged is not each:
            each.seen = each.seen or merged.seen
            each.used += merged.used


def _slot(node: Node) -> str:
    return "encoding" if node.name in ENCODINGS else node.name


def dimensions(names: Names, node: Node) -> tuple[tuple[Size, Size], ...]:
    """Return the first and last index of each dimension in a DimensionList."""
    found: list[tuple[Size, Size]] = [_counted(names, each) for each in node.all("Size")]
    for each in node.all("Dimension"):
        first, last = each.child("StartingIndex"), each.child("EndingIndex")
        if first is None or last is None:
            each.refuse("needs a StartingIndex and an EndingIndex")
        low, high = size(names, first, -(2**40)), size(names, last, -(2**40))
        if isinstance(low, int) and isinstance(high, int) and high < low - 1:
            each.refuse(f"ends at {high} before it begins at {low}")
        found.append((low, high))
    if not found:
        node.refuse("holds no Dimension")
    return tuple(found)


def _counted(names: Names, node: Node) -> tuple[Size, Size]:
    """Return the dimension that counts its elements, as drafts of XTCE 1.2 write it."""
    count = size(names, node)
    if isinstance(count, LookupSize):
        node.refuse("a count of elements that is looked up has no place here", "Use Dimension with StartingIndex and EndingIndex")
    return 0, count - 1 if isinstance(count, int) else replace(count, intercept=count.intercept - 1)


def described(node: Node) -> tuple[str, str]:
    """Return the short and long description of an element."""
    long = node.child("LongDescription")
    return node.get("shortDescription"), long.text if long is not None else ""


def kind_of(node: Node) -> str:
    """Return which kind of type an element defines: Integer, Float, ..., AbsoluteTime, as a parameter type or argument type."""
    return KIND.sub("", node.name)


def parts(kind: ParameterType) -> tuple[str, ...]:
    """Return the qualified names of the types that a type is made of."""
    if isinstance(kind, ArrayType):
        return (kind.element,)
    if isinstance(kind, AggregateType):
        return tuple(member.type for member in kind.members)
    return ()
