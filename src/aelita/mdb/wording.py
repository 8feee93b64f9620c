"""Definitions in words: sizes, encodings, calibrators, conditions, alarms and entries, one short line each."""

from .alarms import Alarm, AlarmRules, NormalRange, Severity
from .calibration import Calibration, Calibrator, MathOperation, Polynomial, Spline
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Reference
from .model import ArrayEntry, ContainerEntry, Entry, IndirectEntry, Origin, ParameterEntry, Placement, UnreadEntry
from .types import (
    REST,
    BinaryEncoding,
    ByteOrder,
    DynamicSize,
    Encoding,
    FloatEncoding,
    IntegerEncoding,
    Size,
    StringEncoding,
    ValidRange,
)

ORIGINS = {
    Origin.PREVIOUS_ENTRY: "after the entry before",
    Origin.CONTAINER_START: "from the start of the container",
    Origin.CONTAINER_END: "before the end of the container",
    Origin.NEXT_ENTRY: "before the next entry",
}
MOST_POINTS = 6  # of a spline, told one by one


def _plain_name(parameter: str) -> str:
    """Return a parameter's name, or `argument x` for one of a command's arguments."""
    return f"argument {parameter[1:]}" if parameter.startswith("#") else parameter


def reference_text(reference: Reference) -> str:
    """Return a reference as `/S/a.member[2]`, `raw /S/a`, or with how many occurrences back."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in reference.path)
    back = f" ({reference.instance} occurrences off)" if reference.instance else ""
    return f"{'' if reference.calibrated else 'raw '}{_plain_name(reference.parameter)}{path}{back}"


def size_text(size: Size | None, unit: str = "bits") -> str:
    """Return a size in words."""
    if size is None:
        return "as the text says"
    if isinstance(size, int):
        return "to the end of the packet" if size == REST else f"{size} {unit}"
    if isinstance(size, DynamicSize):
        slope = f" * {size.slope:g}" if size.slope != 1 else ""
        intercept = f" {'+' if size.intercept > 0 else '-'} {abs(size.intercept):g}" if size.intercept else ""
        return f"{reference_text(size.reference)}{slope}{intercept} {unit}"
    return ", ".join(f"{value} {unit} when {condition_text(when)}" for when, value in size.choices)


def condition_text(condition: Condition) -> str:
    """Return a condition in words; parts of a whole stand in brackets."""
    if isinstance(condition, Comparison):
        right = reference_text(condition.right) if isinstance(condition.right, Reference) else condition.right
        return f"{reference_text(condition.left)} {condition.operator.value} {right}"
    if isinstance(condition, Algorithm):
        return condition.expression
    word, nothing = (" and ", "always") if isinstance(condition, AllOf) else (" or ", "never")
    terms = [condition_text(term) for term in condition.terms]
    several = len(terms) > 1
    bracketed = [
        f"({text})" if several and isinstance(term, AllOf | AnyOf) else text
        for term, text in zip(condition.terms, terms, strict=True)
    ]
    return word.join(bracketed) or nothing


def encoding_text(encoding: Encoding | None) -> str:
    """Return how the raw value is encoded, without its calibration."""
    if encoding is None:
        return "none"
    if isinstance(encoding, BinaryEncoding):
        if encoding.length_prefix_bits:
            return f"binary, after its length in {encoding.length_prefix_bits} bits"
        return f"binary, {size_text(encoding.size)}"
    if isinstance(encoding, StringEncoding):
        end = f", ends with {encoding.termination.hex(' ').upper()}" if encoding.termination else ""
        prefix = f", after its length in {encoding.length_prefix_bits} bits" if encoding.length_prefix_bits else ""
        return f"{encoding.charset} text, {size_text(encoding.size)}{end}{prefix}"
    return f"{encoding.bits} bits, {encoding.scheme.value}{_order_text(encoding.byte_order, encoding.bits)}"


def _order_text(order: ByteOrder, bits: int) -> str:
    octets = (bits + 7) // 8
    text = ""
    if order.order:
        little = order.order == tuple(range(octets))
        text = ", least significant octet first" if little else f", octets in order {','.join(map(str, order.order))}"
    return text + (", least significant bit first" if order.least_significant_bit_first else "")


def calibrator_text(calibrator: Calibrator) -> str:
    """Return a calibrator as a formula of the raw value x, or as points."""
    if isinstance(calibrator, Polynomial):
        terms = [_term(coefficient, power) for power, coefficient in enumerate(calibrator.coefficients) if coefficient]
        return " + ".join(terms).replace("+ -", "- ") or "0"
    if isinstance(calibrator, Spline):
        points = list(zip(calibrator.raw, calibrator.engineering, strict=True))
        if not points:
            return "unusable: it is wrong in the file"
        told = ", ".join(f"{x:g} -> {y:g}" for x, y in points[:MOST_POINTS])
        more = f", and {len(points) - MOST_POINTS} more" if len(points) > MOST_POINTS else ""
        beyond = ", goes on outside" if calibrator.extrapolate else ""
        return f"{'lines' if calibrator.order else 'steps'} through {told}{more}{beyond}"
    if isinstance(calibrator, MathOperation):
        steps = (f"{step:g}" if isinstance(step, float) else step for step in calibrator.program)
        return " ".join("x" if step == "THIS" else step for step in steps)
    return str(calibrator)


def _term(coefficient: float, power: int) -> str:
    return f"{coefficient!r}" if power == 0 else f"{coefficient!r} x" if power == 1 else f"{coefficient!r} x^{power}"


def calibration_lines(calibration: Calibration) -> list[str]:
    """Return one line for the default calibrator and one for each that a condition chooses."""
    lines = [f"{calibrator_text(each)} when {condition_text(when)}" for when, each in calibration.contexts]
    if calibration.default is not None:
        lines.append(f"{calibrator_text(calibration.default)}{' otherwise' if lines else ''}")
    return lines


def encoded_calibration(encoding: Encoding | None) -> Calibration:
    """Return the calibration of an encoding; that of text and octets is empty."""
    return encoding.calibration if isinstance(encoding, IntegerEncoding | FloatEncoding) else Calibration()


def range_text(span: NormalRange | ValidRange) -> str:
    """Return a range as an interval: `[0, 5)`, with nothing where a side is open."""
    low = "" if span.minimum is None else f"{span.minimum:g}"
    high = "" if span.maximum is None else f"{span.maximum:g}"
    return f"{'(' if span.minimum_exclusive or not low else '['}{low}, {high}{')' if span.maximum_exclusive or not high else ']'}"


def alarm_lines(rules: AlarmRules) -> list[str]:
    """Return one line for each rule of a type's alarms."""
    lines: list[str] = []
    for when, alarm in rules.contexts:
        lines += [f"{line} when {condition_text(when)}" for line in _alarm_lines(alarm)]
    if rules.default is not None:
        lines += [f"{line}{' otherwise' if rules.contexts else ''}" for line in _alarm_lines(rules.default)]
    return lines


def _alarm_lines(alarm: Alarm) -> list[str]:
    counts = f" ({alarm.min_violations} in a row)" if alarm.min_violations > 1 else ""
    lines = [f"{_severity(each)} {'outside' if each.outside else 'inside'} {range_text(each)}" for each in alarm.ranges]
    lines += [f"{severity.name.lower()} for {label!r}" for label, severity in alarm.labels]
    if alarm.labels and alarm.default_label_severity is not Severity.NORMAL:
        lines.append(f"{alarm.default_label_severity.name.lower()} for other labels")
    lines += [f"{severity.name.lower()} for text that matches {pattern!r}" for pattern, severity in alarm.patterns]
    lines += [f"{severity.name.lower()} if {condition_text(condition)}" for condition, severity in alarm.conditions]
    per = "a second" if alarm.change_per_second else "a sample"
    lines += [
        f"{_severity(each)} for a change {per} {'outside' if each.outside else 'inside'} {range_text(each)}"
        for each in alarm.change_ranges
    ]
    return [f"{line}{counts}" for line in lines]


def _severity(span: NormalRange) -> str:
    return span.severity.name.lower()


def entry_text(entry: Entry) -> str:
    """Return an entry of a container: what it holds and how it is placed."""
    if isinstance(entry, ParameterEntry):
        what = reference_text(Reference(entry.parameter, entry.path))
    elif isinstance(entry, UnreadEntry):
        what = f"not read: {entry.reason}"
    elif isinstance(entry, ContainerEntry):
        what = f"container {entry.container}"
    elif isinstance(entry, ArrayEntry):
        what = entry.parameter + "".join(f"[{_index(first)}..{_index(last)}]" for first, last in entry.dimensions)
    else:
        what = f"the parameter that {reference_text(entry.reference)} names" + _space(entry)
    return what + _placement(entry.placement)


def _index(size: Size) -> str:
    return size_text(size, "").strip()


def _space(entry: IndirectEntry) -> str:
    return f" in {entry.name_space}" if entry.name_space else ""


def _placement(placement: Placement) -> str:
    text = ""
    location = placement.location
    if location.origin is not Origin.PREVIOUS_ENTRY or location.bits != 0:
        text += f", {size_text(location.bits)} {ORIGINS[location.origin]}"
    if placement.include is not None:
        text += f", if {condition_text(placement.include)}"
    if placement.repeat is not None:
        text += f", {size_text(placement.repeat.count, 'times')}"
        text += f" with {size_text(placement.repeat.gap_bits)} between" if placement.repeat.gap_bits != 0 else ""
    return text
