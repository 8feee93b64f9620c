"""Default and context alarms of XTCE parameter types."""

from .alarms import NO_ALARMS, Alarm, AlarmRules, NormalRange, Severity
from .conditions import Condition
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_values import criteria, integer, real, word

LEVELS = {severity.name.lower(): severity for severity in Severity}
RANGES = {f"{name.capitalize()}Range": severity for name, severity in LEVELS.items() if severity}
CONDITIONS = {f"{name.capitalize()}Alarm": severity for name, severity in LEVELS.items() if severity}
FORMS = {"outside": True, "inside": False}
TIME_UNITS_S = {"seconds": 1.0, "picoSeconds": 1e-12, "days": 86400.0, "months": 2629800.0, "years": 31557600.0}
ALARMS = ("DefaultAlarm", "ContextAlarmList", "BinaryContextAlarmList")
BOUNDS = ("minInclusive", "minExclusive", "maxInclusive", "maxExclusive")


def alarm_rules(names: Names, node: Node) -> AlarmRules:
    """Return the default alarm and the context alarms of a parameter type."""
    if not any(each.name in ALARMS for each in node.children):
        return NO_ALARMS
    return names.spare(node, "it has no alarms", lambda: _rules(names, node), NO_ALARMS)


def _rules(names: Names, node: Node) -> AlarmRules:
    default, held = node.child("DefaultAlarm"), node.child("ContextAlarmList", "BinaryContextAlarmList")
    contexts = []
    for each in held.all("ContextAlarm") if held is not None else []:
        match = each.child("ContextMatch")
        if match is None:
            each.refuse("has no ContextMatch", "Add it, or make the alarm the DefaultAlarm")
        contexts.append((criteria(names, match), alarm(names, each)))
    return AlarmRules(alarm(names, default) if default is not None else None, tuple(contexts))


def alarm(names: Names, node: Node) -> Alarm:
    """Return one set of rules. `minConformance` is as many as `minViolations` where it is absent (XTCE 1.2, AlarmType)."""
    node.get("name")
    violations = integer(node, node.get("minViolations", "1"), 1, 2**31)
    change, per_second = _change(names, node)
    labels = _listed(node, "EnumerationAlarmList", "EnumerationAlarm", "enumerationLabel", "enumerationValue")
    return Alarm(
        ranges=tuple(_static(node) + _multiple(node)),
        labels=labels,
        default_label_severity=word(node, "defaultAlarmLevel", LEVELS, "normal"),
        conditions=_conditions(names, node),
        change_ranges=change,
        change_per_second=per_second,
        min_violations=violations,
        min_conformances=integer(node, node.get("minConformance", str(violations)), 1, 2**31),
        patterns=_listed(node, "StringAlarmList", "StringAlarm", "matchPattern"),
    )


def _static(node: Node) -> list[NormalRange]:
    held = node.child("StaticAlarmRanges")
    return _ranges(held) if held is not None else []


def _ranges(node: Node) -> list[NormalRange]:
    """Return the ranges of an AlarmRanges element, times in seconds."""
    outside = word(node, "rangeForm", FORMS, "outside")
    scale = word(node, "timeUnits", TIME_UNITS_S, "seconds")
    return [bounds(each, RANGES[each.name], outside, scale) for each in node.all(*RANGES)]


def _multiple(node: Node) -> list[NormalRange]:
    held = node.child("AlarmMultiRanges")
    found = []
    for each in held.all("Range") if held is not None else []:
        severity = word(each, "level", LEVELS, "normal")
        found.append(bounds(each, severity, word(each, "rangeForm", FORMS, "outside"), 1.0))
    return found


def bounds(node: Node, severity: Severity, outside: bool, scale: float) -> NormalRange:
    """Return a range with inclusive or exclusive bounds. Raises DefinitionError when they contradict each other."""
    given = {name: real(node, node.get(name), infinite=True) * scale for name in BOUNDS if name in node.attributes}
    for side in ("min", "max"):
        if f"{side}Inclusive" in given and f"{side}Exclusive" in given:
            node.refuse(f"has both {side}Inclusive and {side}Exclusive", "Keep one of them")
    low = given.get("minInclusive", given.get("minExclusive"))
    high = given.get("maxInclusive", given.get("maxExclusive"))
    if low is not None and high is not None and low > high:
        node.refuse(f"its minimum {low} is above its maximum {high}", "Exchange them")
    return NormalRange(severity, low, high, "minExclusive" in given, "maxExclusive" in given, outside)


def _change(names: Names, node: Node) -> tuple[tuple[NormalRange, ...], bool]:
    """Return the ranges of change, and whether they are per second; the element of XTCE 1.1 always is."""
    held = node.child("ChangeAlarmRanges", "ChangePerSecondAlarmRanges")
    if held is None:
        return (), True
    per_second = word(held, "changeType", {"changePerSecond": True, "changePerSample": False}, "changePerSecond")
    if held.get("changeBasis", "absoluteChange") != "absoluteChange":
        names.report(held, "a change in per cent is not judged")
        return (), True
    samples = integer(held, held.get("spanOfInterestInSamples", "1"), 1)
    seconds = real(held, held.get("spanOfInterestInSeconds", "0"))
    if samples != 1 or (seconds != 0 and not (per_second and seconds == 1)):
        names.report(held, "the span of interest is not used: each change counts from the sample before")
    return tuple(_ranges(held)), per_second


def _listed(node: Node, group: str, name: str, *keys: str) -> tuple[tuple[str, Severity], ...]:
    held = node.child(group)
    found = []
    for each in held.all(name) if held is not None else []:
        key = next((key for key in keys if key in each.attributes), keys[0])
        each.need("alarmLevel")
        found.append((each.get(key) if key in each.attributes else each.need(key), word(each, "alarmLevel", LEVELS, "")))
    return tuple(found)


def _conditions(names: Names, node: Node) -> tuple[tuple[Condition, Severity], ...]:
    held = node.child("AlarmConditions")
    if held is None:
        return ()
    return tuple((criteria(names, each), CONDITIONS[each.name]) for each in held.all(*CONDITIONS))
