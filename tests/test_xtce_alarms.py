"""Alarms of XTCE parameter types."""

import pytest

from aelita.mdb.alarms import NO_ALARMS, Alarm, AlarmRules, NormalRange, Severity
from aelita.mdb.conditions import Comparison, Operator, Reference
from xtce_text import INTEGER, covers, document, findings, load, read

U8 = '<IntegerDataEncoding sizeInBits="8"/>'
LABELS = '<EnumerationList><Enumeration value="0" label="ON"/><Enumeration value="1" label="OFF"/></EnumerationList>'
STATE = Reference("/S/state")


def rules(kind: str, text: str, extra: str = "") -> AlarmRules:
    types = f'{INTEGER}<{kind}ParameterType name="T">{U8 if kind != "RelativeTime" else ""}{extra}{text}</{kind}ParameterType>'
    return load(types, '<Parameter name="state" parameterTypeRef="u8"/>').types["/S/T"].facts.alarms


@covers(
    "DefaultAlarm", "StaticAlarmRanges", "WatchRange", "WarningRange", "DistressRange", "CriticalRange", "SevereRange",
    "WatchRange@minInclusive", "WatchRange@maxExclusive", "DefaultAlarm@minViolations", "DefaultAlarm@minConformance",
    "StaticAlarmRanges@rangeForm", "DefaultAlarm@name", "WarningRange@minInclusive", "WarningRange@maxInclusive",
    "CriticalRange@minExclusive", "SevereRange@maxInclusive", "DistressRange@minInclusive",
)  # fmt: skip
def test_static_ranges() -> None:
    text = """<DefaultAlarm name="d" minViolations="3" minConformance="2"><StaticAlarmRanges>
      <WatchRange minInclusive="-1" maxExclusive="1"/><WarningRange minInclusive="-2" maxInclusive="2"/>
      <DistressRange minInclusive="-3"/><CriticalRange minExclusive="-4"/><SevereRange maxInclusive="INF"/>
    </StaticAlarmRanges></DefaultAlarm>"""
    ranges = (
        NormalRange(Severity.WATCH, -1.0, 1.0, False, True),
        NormalRange(Severity.WARNING, -2.0, 2.0),
        NormalRange(Severity.DISTRESS, -3.0),
        NormalRange(Severity.CRITICAL, -4.0, None, True),
        NormalRange(Severity.SEVERE, None, float("inf")),
    )
    assert rules("Float", text) == AlarmRules(Alarm(ranges, min_violations=3, min_conformances=2))
    inside = text.replace("<StaticAlarmRanges>", '<StaticAlarmRanges rangeForm="inside">')
    assert [each.outside for each in rules("Integer", inside).default.ranges] == [False] * 5  # type: ignore[union-attr]


def test_conformances_are_as_many_as_violations_unless_told() -> None:
    found = rules("Float", '<DefaultAlarm minViolations="4"/>').default
    assert found is not None
    assert (found.min_violations, found.min_conformances) == (4, 4)


@covers("AlarmMultiRanges", "Range", "Range@level", "Range@rangeForm", "Range@minInclusive", "Range@maxInclusive")
def test_multiple_ranges() -> None:
    text = '<DefaultAlarm><AlarmMultiRanges><Range level="distress" rangeForm="inside" minInclusive="3" maxInclusive="4"/>'
    found = rules("Float", text + '<Range level="watch" minInclusive="0"/></AlarmMultiRanges></DefaultAlarm>')
    assert found.default is not None
    assert found.default.ranges == (
        NormalRange(Severity.DISTRESS, 3.0, 4.0, outside=False),
        NormalRange(Severity.WATCH, 0.0),
    )


BOUNDS = ("minInclusive", "minExclusive", "maxInclusive", "maxExclusive")
SPANS = ("WatchRange", "WarningRange", "DistressRange", "CriticalRange", "SevereRange")


@covers(
    "WatchRange@maxInclusive", "WatchRange@minExclusive", "WarningRange@maxExclusive", "WarningRange@minExclusive",
    "DistressRange@maxExclusive", "DistressRange@maxInclusive", "DistressRange@minExclusive", "CriticalRange@maxExclusive",
    "CriticalRange@maxInclusive", "CriticalRange@minInclusive", "SevereRange@maxExclusive", "SevereRange@minExclusive",
    "SevereRange@minInclusive", "Range@maxExclusive", "Range@minExclusive",
)  # fmt: skip
@pytest.mark.parametrize("bound", BOUNDS)
@pytest.mark.parametrize("span", [*SPANS, "Range"])
def test_bounds_of_every_range(span: str, bound: str) -> None:
    level = ' level="critical"' if span == "Range" else ""
    group = "AlarmMultiRanges" if span == "Range" else "StaticAlarmRanges"
    found = rules("Float", f'<DefaultAlarm><{group}><{span}{level} {bound}="3"/></{group}></DefaultAlarm>').default
    severity = Severity.CRITICAL if span == "Range" else Severity[span.removesuffix("Range").upper()]
    low, high = (3.0, None) if bound.startswith("min") else (None, 3.0)
    expected = NormalRange(severity, low, high, bound == "minExclusive", bound == "maxExclusive")
    assert found is not None
    assert found.ranges == (expected,)


@covers("ContextAlarm@name", "ContextAlarm@minConformance", "ContextAlarm@defaultAlarmLevel")
def test_context_alarm_states_what_a_default_alarm_states() -> None:
    label = '<EnumerationAlarmList><EnumerationAlarm alarmLevel="warning" enumerationLabel="OFF"/></EnumerationAlarmList>'
    match = '<ContextMatch><Comparison parameterRef="p" value="1"/></ContextMatch>'
    alarm = f'<ContextAlarm name="n" minConformance="3" defaultAlarmLevel="watch">{label}{match}</ContextAlarm>'
    text = f"""{INTEGER}<EnumeratedParameterType name="T">{U8}<EnumerationList><Enumeration value="0" label="OFF"/></EnumerationList>
      <ContextAlarmList>{alarm}</ContextAlarmList></EnumeratedParameterType>"""
    ((_, found),) = load(text, '<Parameter name="p" parameterTypeRef="u8"/>').types["/S/T"].facts.alarms.contexts
    assert (found.min_conformances, found.default_label_severity) == (3, Severity.WATCH)


@covers("ChangeAlarmRanges", "ChangeAlarmRanges@changeType", "ChangeAlarmRanges@rangeForm", "ChangeAlarmRanges@changeBasis")
@pytest.mark.parametrize(("kind", "per_second"), [("changePerSecond", True), ("changePerSample", False)])
def test_change(kind: str, per_second: bool) -> None:
    text = f'<ChangeAlarmRanges changeType="{kind}" changeBasis="absoluteChange"><WarningRange maxInclusive="5"/></ChangeAlarmRanges>'
    found = rules("Float", f"<DefaultAlarm>{text}</DefaultAlarm>").default
    assert found is not None
    assert (found.change_ranges, found.change_per_second) == ((NormalRange(Severity.WARNING, None, 5.0),), per_second)


@covers("ChangePerSecondAlarmRanges")
def test_change_of_xtce_1_1_is_per_second() -> None:
    text = "<ChangePerSecondAlarmRanges><WarningRange maxInclusive='5'/></ChangePerSecondAlarmRanges>"
    types = f'<FloatParameterType name="T">{U8}<DefaultAlarm>{text}</DefaultAlarm></FloatParameterType>'
    found = read(document(types, version="1.1")).types["/S/T"].facts.alarms.default
    assert found is not None
    assert found.change_ranges == (NormalRange(Severity.WARNING, None, 5.0),)


@covers("ChangePerSecondAlarmRanges@rangeForm", "ChangePerSecondAlarmRanges@timeUnits")
def test_change_of_a_duration() -> None:
    text = '<ChangePerSecondAlarmRanges rangeForm="inside" timeUnits="days"><WarningRange maxInclusive="5"/></ChangePerSecondAlarmRanges>'
    types = f"""<RelativeTimeParameterType name="T"><Encoding>{U8}</Encoding><DefaultAlarm>{text}</DefaultAlarm>
      </RelativeTimeParameterType>"""
    found = load(types).types["/S/T"].facts.alarms.default
    assert found is not None
    assert found.change_ranges == (NormalRange(Severity.WARNING, None, 5 * 86400.0, outside=False),)


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ('changeBasis="percentageChange"', "per cent"),
        ('spanOfInterestInSamples="3"', "span"),
        ('spanOfInterestInSeconds="9"', "span"),
    ],
)
def test_change_that_is_not_judged_is_reported(attributes: str, told: str) -> None:
    text = f"<DefaultAlarm><ChangeAlarmRanges {attributes}><WarningRange maxInclusive='5'/></ChangeAlarmRanges></DefaultAlarm>"
    found = findings(f'<FloatParameterType name="T">{U8}{text}</FloatParameterType>')
    assert any(told in each.message for each in found)


@covers("EnumerationAlarmList", "EnumerationAlarm", "EnumerationAlarm@alarmLevel", "EnumerationAlarm@enumerationLabel",
        "DefaultAlarm@defaultAlarmLevel")  # fmt: skip
def test_labels() -> None:
    listed = '<EnumerationAlarm alarmLevel="severe" enumerationLabel="OFF"/><EnumerationAlarm alarmLevel="normal" enumerationLabel="ON"/>'
    text = f'<DefaultAlarm defaultAlarmLevel="warning"><EnumerationAlarmList>{listed}</EnumerationAlarmList></DefaultAlarm>'
    found = rules("Enumerated", text, LABELS).default
    assert found is not None
    assert found.labels == (("OFF", Severity.SEVERE), ("ON", Severity.NORMAL))
    assert found.default_label_severity == Severity.WARNING


@covers("StringAlarmList", "StringAlarm", "StringAlarm@alarmLevel", "StringAlarm@matchPattern")
def test_texts() -> None:
    text = '<StringAlarmList><StringAlarm alarmLevel="critical" matchPattern="ERR.*"/></StringAlarmList>'
    types = f'<StringParameterType name="T"><DefaultAlarm>{text}</DefaultAlarm></StringParameterType>'
    found = load(types).types["/S/T"].facts.alarms.default
    assert found is not None
    assert found.patterns == (("ERR.*", Severity.CRITICAL),)


@covers("AlarmConditions", "WatchAlarm", "WarningAlarm", "DistressAlarm", "CriticalAlarm", "SevereAlarm", "Comparison")
@pytest.mark.parametrize("kind", ["Integer", "Boolean"])
def test_conditions(kind: str) -> None:
    levels = [severity for severity in Severity if severity]
    inner = "".join(
        f'<{level.name.capitalize()}Alarm><Comparison parameterRef="state" value="{level}"/></{level.name.capitalize()}Alarm>'
        for level in levels
    )
    found = rules(kind, f"<DefaultAlarm><AlarmConditions>{inner}</AlarmConditions></DefaultAlarm>").default
    assert found is not None
    assert found.conditions == tuple((Comparison(STATE, Operator.EQUAL, str(int(level))), level) for level in levels)


@covers("ContextAlarmList", "ContextAlarm", "ContextAlarm@minViolations", "BinaryContextAlarmList")
def test_context_alarms_in_order() -> None:
    contexts = "".join(
        f'<ContextAlarm minViolations="{n}"><StaticAlarmRanges><WarningRange maxInclusive="{n}"/></StaticAlarmRanges>'
        f'<ContextMatch><Comparison parameterRef="state" value="{n}"/></ContextMatch></ContextAlarm>'
        for n in (2, 1)
    )
    found = rules("Float", f"<DefaultAlarm/><ContextAlarmList>{contexts}</ContextAlarmList>")
    assert found.default == Alarm()
    assert [(match.right, alarm.min_violations) for match, alarm in found.contexts] == [("2", 2), ("1", 1)]  # type: ignore[union-attr]


def test_context_alarms_of_binary_have_a_list_of_their_own() -> None:
    match = '<ContextMatch><Comparison parameterRef="state" value="1"/></ContextMatch>'
    text = f"<BinaryContextAlarmList><ContextAlarm>{match}</ContextAlarm></BinaryContextAlarmList>"
    size = "<BinaryDataEncoding><SizeInBits><FixedValue>8</FixedValue></SizeInBits></BinaryDataEncoding>"
    types = f'{INTEGER}<BinaryParameterType name="T">{size}{text}</BinaryParameterType>'
    found = load(types, '<Parameter name="state" parameterTypeRef="u8"/>').types["/S/T"].facts.alarms
    assert len(found.contexts) == 1


@covers("StaticAlarmRanges@timeUnits")
def test_ranges_of_durations_are_in_seconds() -> None:
    text = '<DefaultAlarm><StaticAlarmRanges timeUnits="days"><WarningRange maxInclusive="2"/></StaticAlarmRanges></DefaultAlarm>'
    found = rules("RelativeTime", text).default
    assert found is not None
    assert found.ranges == (NormalRange(Severity.WARNING, None, 172800.0),)


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        ("<StaticAlarmRanges><WarningRange minInclusive='5' maxInclusive='1'/></StaticAlarmRanges>", "its minimum 5.0 is above"),
        ("<StaticAlarmRanges><WarningRange minInclusive='5' minExclusive='1'/></StaticAlarmRanges>", "has both minInclusive"),
        ("<StaticAlarmRanges><WarningRange minInclusive='low'/></StaticAlarmRanges>", "'low' is not a number"),
    ],
)
def test_wrong_alarm_is_reported_and_left_out(inner: str, told: str) -> None:
    database = read(document(f'<FloatParameterType name="T">{U8}<DefaultAlarm>{inner}</DefaultAlarm></FloatParameterType>'))
    assert database.types["/S/T"].facts.alarms == NO_ALARMS
    assert any(found.severity == "defect" and told in found.message for found in database.findings)


def test_custom_alarm_is_reported() -> None:
    text = "<DefaultAlarm><CustomAlarm><InputAlgorithm name='x'/></CustomAlarm></DefaultAlarm>"
    found = findings(f'<FloatParameterType name="T">{U8}{text}</FloatParameterType>')
    assert [each.message for each in found] == ["algorithms that judge alarms are not run"]
