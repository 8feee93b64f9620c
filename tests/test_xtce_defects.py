"""A defect of one definition is told with its line, and the rest of the document is read."""

import pytest

from aelita.mdb import compile_database
from aelita.mdb.conditions import Reference
from aelita.mdb.model import ArrayEntry, Finding, ParameterEntry, Placement, Repeat
from aelita.mdb.types import REST, AggregateType, BinaryEncoding, BinaryType, DynamicSize
from aelita.telemetry import Decoder, engineering
from aelita.time import tai_ns_from_utc
from bench_database import batch_of
from xtce_text import INTEGER, document, legal, load, read

ENUMERATION = """<EnumeratedParameterType name="e"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="1" label="ON"/></EnumerationList>{}</EnumeratedParameterType>"""
PARAMETERS = '<Parameter name="p" parameterTypeRef="u8"/><Parameter name="q" parameterTypeRef="e"/>'
BASE = '<SequenceContainer name="B"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></SequenceContainer>'


def defects(text: str) -> list[Finding]:
    return [found for found in read(text).findings if found.severity == "defect"]


def derived(criteria: str) -> str:
    return f"""{BASE}<SequenceContainer name="C"><EntryList/><BaseContainer containerRef="B"><RestrictionCriteria>
      {criteria}</RestrictionCriteria></BaseContainer></SequenceContainer>"""


@pytest.mark.parametrize(
    ("criteria", "told"),
    [
        ('<Comparison parameterRef="q" value="OFF"/>', "'OFF' is neither a number nor a label of /S/q"),
        ('<Comparison parameterRef="p" value="many"/>', "'many' is not a number, as the values of /S/p are"),
        (
            '<BooleanExpression><Condition><ParameterInstanceRef parameterRef="p"/><ComparisonOperator>==</ComparisonOperator>'
            "<Value>many</Value></Condition></BooleanExpression>",
            "'many' is not a number",
        ),
    ],
)
def test_literals_that_no_value_equals(criteria: str, told: str) -> None:
    found = defects(legal(document(INTEGER + ENUMERATION.format(""), PARAMETERS, derived(criteria))))
    assert [(each.line, told in each.message) for each in found] == [(12, True)]


@pytest.mark.parametrize("literal", ["ON", "1", "0x1F", "-2.5", " 7 "])
def test_literals_that_are_in_order(literal: str) -> None:
    load(INTEGER + ENUMERATION.format(""), PARAMETERS, derived(f'<Comparison parameterRef="q" value="{literal}"/>'))


def test_alarm_of_a_label_that_the_enumeration_lacks() -> None:
    alarm = """<DefaultAlarm><EnumerationAlarmList><EnumerationAlarm alarmLevel="warning" enumerationLabel="OFF"/>
    </EnumerationAlarmList></DefaultAlarm>"""
    found = defects(legal(document(ENUMERATION.format(alarm))))
    assert [(each.line, each.element) for each in found] == [(4, "EnumeratedParameterType 'e'")]
    assert "an alarm has the label 'OFF'" in found[0].message


def test_aggregate_without_members_takes_no_place() -> None:
    types = f'<AggregateParameterType name="g"><MemberList/></AggregateParameterType>{INTEGER}'
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="q"/><ParameterRefEntry parameterRef="p"/>
      </EntryList></SequenceContainer>"""
    database = read(
        document(types, '<Parameter name="q" parameterTypeRef="g"/><Parameter name="p" parameterTypeRef="u8"/>', text)
    )
    assert isinstance(database.types["/S/g"], AggregateType)
    assert [found.message for found in database.findings] == ["it has no members, and takes no place in a packet"]
    assert [each.first_bit for each in compile_database(database).layout("/S/C").fields] == [0]


def test_condition_and_count_that_are_empty() -> None:
    text = """<SequenceContainer name="C"><EntryList>
      <ParameterRefEntry parameterRef="p"><IncludeCondition/></ParameterRefEntry>
      <ParameterRefEntry parameterRef="p"><RepeatEntry/></ParameterRefEntry></EntryList></SequenceContainer>"""
    database = read(document(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>', text))
    assert database.containers["/S/C"].entries == (
        ParameterEntry("/S/p"),
        ParameterEntry("/S/p", Placement(repeat=Repeat(1))),
    )
    assert [(found.line, found.severity) for found in database.findings] == [(11, "repaired"), (12, "defect")]


ARRAY = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="n"/>
<ArrayParameterRefEntry parameterRef="a">{}</ArrayParameterRefEntry></EntryList></SequenceContainer>"""
ARRAYS = '<Parameter name="a" parameterTypeRef="A"/><Parameter name="n" parameterTypeRef="u8"/>'


def test_dimensions_as_drafts_of_xtce_1_2_write_them() -> None:
    types = f'{INTEGER}<ArrayParameterType name="A" arrayTypeRef="u8" numberOfDimensions="1"/>'
    for written, last in (
        ("<FixedValue>9</FixedValue>", 8),
        ('<DynamicValue><ParameterInstanceRef parameterRef="n"/></DynamicValue>', DynamicSize(Reference("/S/n"), 1.0, -1.0)),
    ):
        text = ARRAY.format(f"<DimensionList><Size>{written}</Size></DimensionList>")
        database = read(document(types, ARRAYS, text, version="1.1"))
        assert database.containers["/S/C"].entries[1] == ArrayEntry("/S/a", ((0, last),))
        assert database.findings == ()


def test_array_without_dimensions_is_told() -> None:
    types = f'{INTEGER}<ArrayParameterType name="A" arrayTypeRef="u8" numberOfDimensions="1"/>'
    found = defects(document(types, ARRAYS, ARRAY.format(""), version="1.1"))
    assert [each.message for each in found] == ["/S/a is an array of unknown size: it has no dimensions"]


@pytest.mark.parametrize("size", ["<FixedValue>-1</FixedValue>", None])
def test_binary_whose_size_only_an_algorithm_knows_stops_its_container(size: str | None) -> None:
    algorithm = '<FromBinaryTransformAlgorithm name="x"><AlgorithmText language="java">Decoder(8)</AlgorithmText></FromBinaryTransformAlgorithm>'
    held = f"<SizeInBits>{size}</SizeInBits>" if size else ""
    types = (
        f'<BinaryParameterType name="b"><BinaryDataEncoding>{held}{algorithm}</BinaryDataEncoding></BinaryParameterType>{INTEGER}'
    )
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="n"/><ParameterRefEntry parameterRef="p"/>
      </EntryList></SequenceContainer>"""
    database = read(
        document(types, '<Parameter name="p" parameterTypeRef="b"/><Parameter name="n" parameterTypeRef="u8"/>', text)
    )
    assert {found.severity for found in database.findings} == {"defect", "unsupported"}
    assert [each.column for each in compile_database(database).layout("/S/C").fields] == ["/S/n"]


def test_math_algorithm_on_members_of_an_aggregate() -> None:
    types = f"""{INTEGER}<AggregateParameterType name="g"><MemberList><Member name="m1" typeRef="u8"/><Member name="m2" typeRef="u8"/>
      </MemberList></AggregateParameterType>"""
    program = """<MathAlgorithm name="mean"><MathOperation outputParameterRef="p"><ParameterInstanceRefOperand parameterRef="g/m1"/>
      <ParameterInstanceRefOperand parameterRef="g/m2"/><Operator>+</Operator><ValueOperand>2</ValueOperand><Operator>/</Operator>
      <TriggerSet><OnParameterUpdateTrigger parameterRef="g"/></TriggerSet></MathOperation></MathAlgorithm>"""
    parameters = '<Parameter name="g" parameterTypeRef="g"/><Parameter name="p" parameterTypeRef="u8"/>'
    (found,) = load(types, parameters, algorithms=program).derivations
    assert found.expression == "((x0 + x1) / 2.0)"
    assert found.inputs == (("x0", Reference("/S/g", ("m1",))), ("x1", Reference("/S/g", ("m2",))))


DECODER = """<BinaryDataEncoding><SizeInBits><FixedValue>-1</FixedValue></SizeInBits><FromBinaryTransformAlgorithm name="d">
<AlgorithmText language="java">org.yamcs.algo.TimeBinaryDecoder({{type: CUC, epoch: UNIX{}}})</AlgorithmText>
</FromBinaryTransformAlgorithm></BinaryDataEncoding>"""
OVERLAY = """<SequenceContainer name="H"><EntryList><ParameterRefEntry parameterRef="c"/><ParameterRefEntry parameterRef="f"/>
<ParameterRefEntry parameterRef="t">{}</ParameterRefEntry></EntryList></SequenceContainer><SequenceContainer name="C"><EntryList>
<ParameterRefEntry parameterRef="after"/></EntryList><BaseContainer containerRef="H"/></SequenceContainer>"""
BACK = "<LocationInContainerInBits><FixedValue>-16</FixedValue></LocationInContainerInBits>"


@pytest.mark.parametrize("kind", ["Binary", "AbsoluteTime"])
@pytest.mark.parametrize(
    ("told", "back", "places"),
    [
        ("", BACK, {"/S/c": (0, 8), "/S/f": (8, 8), "/S/t": (0, 16), "/S/after": (16, 8)}),
        (", implicitPField: 46", "", {"/S/c": (0, 8), "/S/f": (8, 8), "/S/t": (16, 48), "/S/after": (64, 8)}),
        (", implicitPfield: 0x1c", "", {"/S/c": (0, 8), "/S/f": (8, 8), "/S/t": (16, 32), "/S/after": (48, 8)}),
        ("", "", {"/S/c": (0, 8), "/S/f": (8, 8)}),
    ],
)
def test_times_for_a_decoder_of_yamcs(kind: str, told: str, back: str, places: dict[str, tuple[int, int]]) -> None:
    """Its size is that of its P-field, or that of the entries which it lies over; else it stops the container."""
    held = "<Encoding>{}</Encoding>" if kind == "AbsoluteTime" else "{}"
    types = f'{INTEGER}<{kind}ParameterType name="T">{held.format(DECODER.format(told))}</{kind}ParameterType>'
    parameters = "".join(f'<Parameter name="{n}" parameterTypeRef="u8"/>' for n in ("c", "f", "after"))
    database = read(document(types, f'{parameters}<Parameter name="t" parameterTypeRef="T"/>', OVERLAY.format(back)))
    fields = compile_database(database).layout("/S/C").fields
    assert {each.column: (each.first_bit, each.reading.bits) for each in fields} == places
    assert ("defect" in {found.severity for found in database.findings}) == (not told and not back)
    decoded = kind == "AbsoluteTime" and bool(told)
    assert any(found.element == "FromBinaryTransformAlgorithm 'd'" for found in database.findings) != decoded


@pytest.mark.parametrize(
    ("told", "octets", "utc"),
    [
        ("epoch: GPS, implicitPField: 46", bytes.fromhex("00000000 8000"), "1980-01-06T00:00:00.5"),
        ("implicitPField: 0x2D", bytes.fromhex("51BB5E91 40"), "2023-06-19T18:18:39.25"),  # 18 leap seconds
        ("epoch: UNIX, implicitPField: 44", (1_700_000_000).to_bytes(4), "2023-11-14T22:13:20"),
        ("epoch: J2000, implicitPField: 46", bytes(6), "2000-01-01T11:58:55.816"),
        ("implicitPField: 0x1E", (2_000_000_037).to_bytes(4) + b"\x20\0", "2021-05-18T03:33:20.125"),  # the epoch of CCSDS
    ],
)
def test_coded_times_with_a_told_p_field_are_times(told: str, octets: bytes, utc: str) -> None:
    encoding = DECODER.replace("epoch: UNIX{}", told).format()
    types = f'<AbsoluteTimeParameterType name="T"><Encoding>{encoding}</Encoding></AbsoluteTimeParameterType>'
    held = '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="t"/></EntryList></SequenceContainer>'
    database = read(document(types, '<Parameter name="t" parameterTypeRef="T"/>', held))
    assert database.findings == ()
    decoder = Decoder(database)
    (rows,) = decoder.decode(batch_of([octets]))
    assert engineering(decoder.compiled, "/S/C", rows.raw)["/S/t"].values.tolist() == [tai_ns_from_utc(utc)]


@pytest.mark.parametrize(
    "told", ["implicitPField: 46, tcoService: tco", "epoch: CUSTOM, implicitPField: 46", "implicitPField: 0x9C"]
)
def test_coded_times_that_only_a_server_knows_stay_octets(told: str) -> None:
    encoding = DECODER.replace("epoch: UNIX{}", told).format()
    database = read(document(f'<AbsoluteTimeParameterType name="T"><Encoding>{encoding}</Encoding></AbsoluteTimeParameterType>'))
    assert isinstance(database.types["/S/T"], BinaryType)
    assert database.findings


def test_termination_of_a_single_digit() -> None:
    text = "<StringDataEncoding><SizeInBits><TerminationChar>0</TerminationChar></SizeInBits></StringDataEncoding>"
    kind = read(document(f'<StringParameterType name="T">{text}</StringParameterType>')).types["/S/T"]
    assert kind.encoding.termination == b"\0"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "size",
    ["<FixedValue>-1</FixedValue>", '<DynamicValue><ParameterInstanceRef parameterRef="_yamcs_ignore"/></DynamicValue>', None],
)
def test_binary_after_its_length(size: str | None) -> None:
    held = f"<SizeInBits>{size}</SizeInBits>" if size else ""
    types = f"""<BinaryParameterType name="T"><BinaryDataEncoding>{held}<FromBinaryTransformAlgorithm name="d">
      <AlgorithmText language="java">org.yamcs.algo.LeadingSizeBinaryDecoder(16)</AlgorithmText></FromBinaryTransformAlgorithm>
      </BinaryDataEncoding></BinaryParameterType>"""
    database = read(document(types))
    assert database.types["/S/T"].encoding == BinaryEncoding(REST, 16)  # type: ignore[union-attr]
    assert database.findings == ()
