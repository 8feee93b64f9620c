"""Parameter types and parameters of XTCE."""

import pytest

from aelita.errors import DefinitionError
from aelita.mdb.calibration import Calibration, Polynomial
from aelita.mdb.conditions import Reference
from aelita.mdb.model import DataSource, Parameter
from aelita.mdb.types import (
    AbsoluteTimeType,
    AggregateType,
    ArrayType,
    BinaryEncoding,
    BinaryType,
    BooleanType,
    ByteOrder,
    DynamicSize,
    EnumeratedType,
    EnumerationEntry,
    FloatEncoding,
    FloatType,
    IntegerEncoding,
    IntegerType,
    Member,
    RelativeTimeType,
    StringType,
    TypeFacts,
    ValidRange,
)
from aelita.telemetry import Decoder, engineering
from bench_database import batch_of
from xtce_text import INTEGER, covers, document, findings, load, read

U16 = '<IntegerDataEncoding sizeInBits="16"/>'


@covers(
    "IntegerParameterType@name", "IntegerParameterType@signed", "IntegerParameterType@sizeInBits", "UnitSet", "Unit", "LongDescription",
    "IntegerParameterType@shortDescription", "IntegerParameterType@initialValue", "Unit@power", "Unit@factor", "Unit@description",
    "Unit@form", "SpaceSystem", "TelemetryMetaData", "ParameterTypeSet",
)  # fmt: skip
def test_integer_type() -> None:
    text = f"""<IntegerParameterType name="T" signed="false" sizeInBits="16" shortDescription="short" initialValue="7">
      <LongDescription>long</LongDescription>
      <UnitSet><Unit description="metres">m</Unit><Unit power="-2" form="calibrated">s</Unit><Unit factor="10">K</Unit></UnitSet>
      {U16}</IntegerParameterType>"""
    facts = TypeFacts("/S/T", "m·s^-2·10 K", "short", "long", "7")
    assert load(text).types["/S/T"] == IntegerType(facts, IntegerEncoding(16), False, 16)


@covers("FloatParameterType@sizeInBits", "FloatParameterType@initialValue", "FloatParameterType@name")
def test_float_type() -> None:
    text = f'<FloatParameterType name="T" sizeInBits="64" initialValue="1.5">{U16}</FloatParameterType>'
    assert load(text).types["/S/T"] == FloatType(TypeFacts("/S/T", initial_value="1.5"), IntegerEncoding(16), 64)


@covers("ValidRange", "ValidRange@minInclusive", "ValidRange@maxInclusive", "ValidRange@minExclusive", "ValidRange@maxExclusive",
        "ValidRange@validRangeAppliesToCalibrated")  # fmt: skip
def test_valid_ranges() -> None:
    ranges = '<ValidRange minExclusive="-1.5" maxInclusive="8" validRangeAppliesToCalibrated="false"/>'
    kind = load(f'<FloatParameterType name="T">{U16}{ranges}</FloatParameterType>').types["/S/T"]
    assert getattr(kind, "valid_range") == ValidRange(-1.5, 8.0, True, False, False)  # noqa: B009
    ranges = '<ValidRange minInclusive="-3"/>'
    kind = load(f'<IntegerParameterType name="T">{U16}{ranges}</IntegerParameterType>').types["/S/T"]
    assert getattr(kind, "valid_range") == ValidRange(-3.0)  # noqa: B009
    both = '<ValidRange maxExclusive="9" maxInclusive="8"/>'
    found = findings(f'<FloatParameterType name="T">{U16}{both}</FloatParameterType>')
    assert [(finding.severity, finding.element) for finding in found] == [("defect", "ValidRange")]


def test_valid_range_set_of_xtce_1_1() -> None:
    ranges = '<ValidRangeSet validRangeAppliesToCalibrated="false"><ValidRange minInclusive="1"/><ValidRange minInclusive="2"/>'
    text = f'<IntegerParameterType name="T">{U16}{ranges}</ValidRangeSet></IntegerParameterType>'
    database = read(document(text, version="1.1"))
    assert database.types["/S/T"].valid_range == ValidRange(1.0, calibrated=False)  # type: ignore[union-attr]
    assert [finding.message for finding in database.findings] == ["only the first valid range of a set is used"]


@covers("BooleanParameterType", "BooleanParameterType@oneStringValue", "BooleanParameterType@zeroStringValue",
        "BooleanParameterType@initialValue", "BooleanParameterType@name")  # fmt: skip
def test_boolean_type() -> None:
    text = f'<BooleanParameterType name="T" zeroStringValue="OFF" initialValue="OFF">{U16}</BooleanParameterType>'
    assert load(text).types["/S/T"] == BooleanType(TypeFacts("/S/T", initial_value="OFF"), IntegerEncoding(16), "True", "OFF")
    text = f'<BooleanParameterType name="T" oneStringValue="ON">{U16}</BooleanParameterType>'
    assert load(text).types["/S/T"] == BooleanType(TypeFacts("/S/T"), IntegerEncoding(16), "ON", "False")


@covers("EnumeratedParameterType", "EnumerationList", "Enumeration", "Enumeration@value", "Enumeration@maxValue", "Enumeration@label",
        "Enumeration@shortDescription", "EnumeratedParameterType@initialValue", "EnumeratedParameterType@name")  # fmt: skip
def test_enumerated_type() -> None:
    entries = '<Enumeration value="-1" label="bad"/><Enumeration value="5" maxValue="9" label="high" shortDescription="much"/>'
    text = f'<EnumeratedParameterType name="T" initialValue="bad">{U16}<EnumerationList>{entries}</EnumerationList>'
    kind = load(text + "</EnumeratedParameterType>").types["/S/T"]
    assert isinstance(kind, EnumeratedType)
    assert kind.entries == (EnumerationEntry("bad", -1, -1), EnumerationEntry("high", 5, 9, "much"))
    assert kind.facts.initial_value == "bad"


def test_enumeration_without_labels_is_a_defect() -> None:
    database = read(document(f'<EnumeratedParameterType name="A">{U16}</EnumeratedParameterType>'))
    assert database.types["/S/A"] == EnumeratedType(TypeFacts("/S/A"), IntegerEncoding(16), ())
    assert [(found.severity, found.line) for found in database.findings] == [("defect", 4)]


def test_labels_that_share_a_value_are_reported() -> None:
    entries = '<Enumeration value="0" maxValue="5" label="a"/><Enumeration value="5" label="b"/>'
    text = f'<EnumeratedParameterType name="T">{U16}<EnumerationList>{entries}</EnumerationList></EnumeratedParameterType>'
    assert [f.message for f in findings(text)] == ["'a' and 'b' both stand for 5: the first one counts"]


@covers(
    "StringParameterType@name", "StringParameterType@initialValue", "BinaryParameterType@name", "BinaryParameterType@initialValue"
)
def test_string_and_binary_types() -> None:
    size = "<SizeInBits><FixedValue>16</FixedValue></SizeInBits>"
    text = (
        f'<BinaryParameterType name="T" initialValue="00FF"><BinaryDataEncoding>{size}</BinaryDataEncoding></BinaryParameterType>'
    )
    assert load(text).types["/S/T"] == BinaryType(TypeFacts("/S/T", initial_value="00FF"), BinaryEncoding(16))
    assert load('<StringParameterType name="T" initialValue="x"/>').types["/S/T"] == StringType(
        TypeFacts("/S/T", initial_value="x")
    )


@covers("AbsoluteTimeParameterType", "Encoding", "Encoding@units", "Encoding@scale", "Encoding@offset", "ReferenceTime", "Epoch",
        "AbsoluteTimeParameterType@name", "AbsoluteTimeParameterType@initialValue")  # fmt: skip
@pytest.mark.parametrize("epoch", ["TAI", "J2000", "UNIX", "GPS", "1980-01-06", "2000-01-01T12:00:00Z"])
def test_absolute_time(epoch: str) -> None:
    text = f"""<AbsoluteTimeParameterType name="T" initialValue="2020-01-01T00:00:00Z">
      <Encoding units="days" scale="0.5" offset="-2">{U16}</Encoding><ReferenceTime><Epoch>{epoch}</Epoch></ReferenceTime>
    </AbsoluteTimeParameterType>"""
    facts = TypeFacts("/S/T", initial_value="2020-01-01T00:00:00Z")
    assert load(text).types["/S/T"] == AbsoluteTimeType(facts, IntegerEncoding(16), 0.5, -2.0, "days", epoch)


@covers("OffsetFrom", "OffsetFrom@parameterRef")
def test_time_relative_to_another_parameter() -> None:
    fine = '<ReferenceTime><OffsetFrom parameterRef="coarse"/></ReferenceTime>'
    text = f"""{INTEGER}<AbsoluteTimeParameterType name="T"><Encoding scale="0.001">{U16}</Encoding>{fine}
    </AbsoluteTimeParameterType>"""
    kind = load(text, '<Parameter name="coarse" parameterTypeRef="u8"/>').types["/S/T"]
    assert kind == AbsoluteTimeType(TypeFacts("/S/T"), IntegerEncoding(16), 0.001, epoch=None, relative_to="/S/coarse")


def test_wrong_times_are_refused() -> None:
    text = '<AbsoluteTimeParameterType name="T">{}</AbsoluteTimeParameterType>'
    for inner, told in (
        ("<ReferenceTime><Epoch>yesterday</Epoch></ReferenceTime>", "'yesterday' is neither one of TAI"),
        ("<ReferenceTime/>", "neither OffsetFrom nor Epoch"),
        (f'<Encoding units="weeks">{U16}</Encoding>', "units 'weeks'"),
        (f'<Encoding scale="fast">{U16}</Encoding>', "'fast' is not a number"),
    ):
        with pytest.raises(DefinitionError, match=told):
            read(document(text.format(inner)))


@covers("RelativeTimeParameterType", "RelativeTimeParameterType@name", "RelativeTimeParameterType@initialValue")
def test_relative_time() -> None:
    text = f'<RelativeTimeParameterType name="T" initialValue="PT5S"><Encoding scale="0.1">{U16}</Encoding></RelativeTimeParameterType>'
    assert load(text).types["/S/T"] == RelativeTimeType(TypeFacts("/S/T", initial_value="PT5S"), IntegerEncoding(16), 0.1)


@covers("ArrayParameterType", "ArrayParameterType@arrayTypeRef", "ArrayParameterType@name", "DimensionList", "Dimension",
        "StartingIndex", "EndingIndex")  # fmt: skip
def test_array_type() -> None:
    last = '<DynamicValue><ParameterInstanceRef parameterRef="n"/><LinearAdjustment intercept="-1"/></DynamicValue>'
    dimension = "<Dimension><StartingIndex><FixedValue>{}</FixedValue></StartingIndex><EndingIndex>{}</EndingIndex></Dimension>"
    listed = dimension.format(1, "<FixedValue>3</FixedValue>") + dimension.format(0, last)
    text = f'<ArrayParameterType name="T" arrayTypeRef="u8"><DimensionList>{listed}</DimensionList></ArrayParameterType>'
    kind = load(INTEGER + text, '<Parameter name="n" parameterTypeRef="u8"/>').types["/S/T"]
    assert kind == ArrayType(TypeFacts("/S/T"), "/S/u8", ((1, 3), (0, DynamicSize(Reference("/S/n"), 1.0, -1.0))))


@covers("AggregateParameterType", "MemberList", "Member", "Member@name", "Member@typeRef", "Member@initialValue",
        "AggregateParameterType@name", "Member@shortDescription")  # fmt: skip
def test_aggregate_type() -> None:
    members = '<Member name="a" typeRef="u8" initialValue="3"/><Member name="b" typeRef="u8" shortDescription="second"/>'
    text = f'{INTEGER}<AggregateParameterType name="T"><MemberList>{members}</MemberList></AggregateParameterType>'
    kind = load(text).types["/S/T"]
    assert kind == AggregateType(TypeFacts("/S/T"), (Member("a", "/S/u8", "3"), Member("b", "/S/u8")))


SIBLING = 'xmlns:yamcs="http://yamcs.org/schema/xtce" yamcs:aggregateMember="true"'


def test_size_from_a_member_of_the_same_aggregate() -> None:
    last = f'<DynamicValue><ParameterInstanceRef parameterRef="{{}}" {SIBLING}/></DynamicValue>'
    dimension = (
        f"<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex>{last}</EndingIndex></Dimension>"
    )
    array = f'<ArrayParameterType name="A" arrayTypeRef="u8"><DimensionList>{dimension}</DimensionList></ArrayParameterType>'
    members = '<MemberList><Member name="count" typeRef="u8"/><Member name="values" typeRef="A"/></MemberList>'
    text = f'{INTEGER}{array}<AggregateParameterType name="T">{members}</AggregateParameterType>'
    kind = read(document(text.format("count"))).types["/S/A"]
    assert isinstance(kind, ArrayType)
    assert kind.dimensions == ((0, DynamicSize(Reference("", ("count",)))),)
    with pytest.raises(DefinitionError, match="a member 'missing', which /S/T does not have"):
        read(document(text.format("missing")))
    with pytest.raises(DefinitionError, match="but /S/lonely is in no aggregate"):
        read(document(text.format("count"), '<Parameter name="lonely" parameterTypeRef="A"/>'))


@covers("IntegerParameterType@baseType", "FloatParameterType@baseType", "EnumeratedParameterType@baseType",
        "AbsoluteTimeParameterType@baseType")  # fmt: skip
def test_inheritance_by_base_type() -> None:
    text = f"""
    <FloatParameterType name="C" baseType="B" sizeInBits="64"/>
    <FloatParameterType name="B" baseType="A"><FloatDataEncoding/></FloatParameterType>
    <FloatParameterType name="A" shortDescription="first" sizeInBits="32">
      <UnitSet><Unit>V</Unit></UnitSet>{U16}<ValidRange minInclusive="0"/></FloatParameterType>"""
    database = load(text)
    first, last = database.types["/S/A"], database.types["/S/C"]
    assert isinstance(first, FloatType)
    assert isinstance(last, FloatType)
    assert (last.facts.units, last.facts.short_description, last.bits, last.valid_range) == ("V", "first", 64, ValidRange(0.0))
    assert first.encoding == IntegerEncoding(16)
    assert last.encoding == getattr(database.types["/S/B"], "encoding") != first.encoding  # noqa: B009


def test_an_encoding_goes_on_from_that_of_the_base_type() -> None:
    calibrator = "<DefaultCalibrator><PolynomialCalibrator>{}</PolynomialCalibrator></DefaultCalibrator>"
    term = '<Term coefficient="2" exponent="1"/>'
    text = f"""<FloatParameterType name="A" sizeInBits="64"><FloatDataEncoding sizeInBits="64" byteOrder="leastSignificantByteFirst"/>
    </FloatParameterType><FloatParameterType name="B" baseType="A"><FloatDataEncoding>{calibrator.format(term)}</FloatDataEncoding>
    </FloatParameterType>"""
    found = load(text).types["/S/B"].encoding  # type: ignore[union-attr]
    order = ByteOrder(tuple(range(8)))
    assert found == FloatEncoding(64, byte_order=order, calibration=Calibration(Polynomial((0.0, 2.0))))


def test_a_base_type_of_another_kind_gives_what_both_have() -> None:
    database = read(document(f'{INTEGER}<EnumeratedParameterType name="A" baseType="u8"><EnumerationList><Enumeration value="1" label="x"/>'
                             "</EnumerationList></EnumeratedParameterType>"))  # fmt: skip
    assert database.types["/S/A"] == EnumeratedType(TypeFacts("/S/A"), IntegerEncoding(8), (EnumerationEntry("x", 1, 1),))
    assert [(found.severity, found.line) for found in database.findings] == [("repaired", 4)]


def test_references_of_a_base_type_count_from_its_own_system() -> None:
    alarm = (
        '<DefaultAlarm><AlarmConditions><WatchAlarm><Comparison parameterRef="here" value="1"/></WatchAlarm></AlarmConditions>'
    )
    base = f'{INTEGER}<IntegerParameterType name="A">{U16}{alarm}</DefaultAlarm></IntegerParameterType>'
    other = document('<IntegerParameterType name="B" baseType="/S/A"/>', name="R")
    kind = read(document(base, '<Parameter name="here" parameterTypeRef="u8"/>'), other).types["/R/B"]
    assert kind.facts.alarms.default is not None
    assert kind.facts.alarms.default.conditions[0][0].left == Reference("/S/here")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<IntegerParameterType name="A" baseType="A"/>', r"circle: /S/A \(line 4\) -> /S/A"),
        (
            '<IntegerParameterType name="A" baseType="B"/>\n<IntegerParameterType name="B" baseType="A"/>',
            r"circle: /S/A \(line 4\) -> /S/B \(line 5\) -> /S/A",
        ),
        (f'{INTEGER}<AggregateParameterType name="A" baseType="u8"/>', "its baseType /S/u8 is a IntegerParameterType"),
        ('<IntegerParameterType name="A" baseType="Q"/>', "there is no parameter type 'Q' to be seen from /S"),
        (
            '<AggregateParameterType name="A"><MemberList><Member name="m" typeRef="A"/></MemberList></AggregateParameterType>',
            r"types hold each other in a circle: /S/A \(line 4\)",
        ),
        (f"{INTEGER}\n{INTEGER}", "has a parameter type of this name already, at 0.xml:4"),
    ],
)
def test_wrong_types_are_refused(text: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read(document(text))


@covers("Parameter", "Parameter@name", "Parameter@parameterTypeRef", "Parameter@initialValue", "ParameterSet", "AliasSet", "Alias",
        "Alias@nameSpace", "Alias@alias", "ParameterProperties", "ParameterProperties@dataSource",
        "Parameter@shortDescription")  # fmt: skip
def test_parameters() -> None:
    text = """<Parameter name="p" parameterTypeRef="u8" initialValue="5" shortDescription="short">
      <LongDescription>long</LongDescription>
      <AliasSet><Alias nameSpace="MDB:OPS" alias="X1"/><Alias nameSpace="ID" alias="7"/></AliasSet>
      <ParameterProperties dataSource="derived" readOnly="false" persistence="true"/></Parameter>"""
    aliases = (("MDB:OPS", "X1"), ("ID", "7"))
    database = load(INTEGER, text)
    assert database.parameters == {"/S/p": Parameter("/S/p", "/S/u8", DataSource.DERIVED, "short", "long", "5", aliases)}
    assert database.type_of("/S/p").facts.name == "/S/u8"


def test_integers_wider_than_their_type_are_widened() -> None:
    text = '<IntegerParameterType name="T"{}><IntegerDataEncoding sizeInBits="48"/></IntegerParameterType>'
    assert getattr(load(text.format("")).types["/S/T"], "bits") == 48  # noqa: B009
    database = read(document(text.format(' sizeInBits="16"')))
    assert [(f.severity, f.message) for f in database.findings] == [
        ("repaired", "its 16 bits do not hold the 48 of its encoding, and were widened")
    ]


@pytest.mark.parametrize(("kind", "numbers"), [("Integer", [42, 0]), ("Float", [42.0, 2.5])])
def test_numbers_in_texts_are_numbers(kind: str, numbers: list[float]) -> None:
    text = "<StringDataEncoding><SizeInBits><Fixed><FixedValue>32</FixedValue></Fixed><TerminationChar>00</TerminationChar>"
    types = f'<{kind}ParameterType name="T">{text}</SizeInBits></StringDataEncoding></{kind}ParameterType>'
    held = '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></SequenceContainer>'
    decoder = Decoder(load(types, '<Parameter name="p" parameterTypeRef="T"/>', held))
    (rows,) = decoder.decode(batch_of([b"42\0\0", b"2.5\0"]))
    column = engineering(decoder.compiled, "/S/C", rows.raw)["/S/p"]
    assert (column.values.tolist(), column.mask().tolist()) == (numbers, [True, kind == "Float"])


@pytest.mark.parametrize(
    ("kind", "encoding", "told"),
    [
        ("Boolean", "<StringDataEncoding><SizeInBits><Fixed><FixedValue>32</FixedValue></Fixed></SizeInBits></StringDataEncoding>",
         "its text is not turned into a number"),
        ("Float", "<BinaryDataEncoding><SizeInBits><FixedValue>32</FixedValue></SizeInBits></BinaryDataEncoding>",
         "its binary encoding is not transformed"),
        ("String", "<IntegerDataEncoding/>", "its number is not turned into text"),
        ("Binary", "<IntegerDataEncoding/>", "a binary type is read from a binary encoding only"),
    ],
)  # fmt: skip
def test_encodings_of_another_kind_are_reported(kind: str, encoding: str, told: str) -> None:
    found = findings(f'<{kind}ParameterType name="T">{encoding}</{kind}ParameterType>')
    assert told in found[0].message
