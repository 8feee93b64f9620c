"""Containers of XTCE: entries, places, conditions."""

import numpy as np
import pytest

from aelita.errors import DefinitionError
from aelita.mdb.conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from aelita.mdb.layout import compile_database
from aelita.mdb.model import (
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
)
from aelita.mdb.types import DynamicSize
from aelita.telemetry import Column, Values
from xtce_text import INTEGER, covers, document, findings, legal, load, read

PARAMETERS = '<Parameter name="a" parameterTypeRef="u8"/><Parameter name="b" parameterTypeRef="u8"/>'
A, B = Reference("/S/a"), Reference("/S/b")


def entries(text: str) -> tuple[Entry, ...]:
    containers = (
        f'<SequenceContainer name="other"><EntryList/></SequenceContainer>'
        f'<SequenceContainer name="C"><EntryList>{text}</EntryList></SequenceContainer>'
    )
    return load(INTEGER, PARAMETERS, containers).containers["/S/C"].entries


@covers("SequenceContainer", "SequenceContainer@name", "SequenceContainer@abstract", "EntryList", "ContainerSet", "BaseContainer",
        "BaseContainer@containerRef", "RestrictionCriteria", "BinaryEncoding", "DefaultRateInStream", "DefaultRateInStream@basis",
        "DefaultRateInStream@minimumValue", "SequenceContainer@shortDescription")  # fmt: skip
def test_containers() -> None:
    text = """<SequenceContainer name="C" abstract="true" shortDescription="short"><LongDescription>long</LongDescription>
      <DefaultRateInStream basis="perSecond" minimumValue="0.5"/>
      <BinaryEncoding><SizeInBits><FixedValue>64</FixedValue></SizeInBits></BinaryEncoding>
      <EntryList><ParameterRefEntry parameterRef="a"/></EntryList></SequenceContainer>
    <SequenceContainer name="D"><EntryList/><BaseContainer containerRef="C"><RestrictionCriteria>
      <Comparison parameterRef="a" value="3"/></RestrictionCriteria></BaseContainer></SequenceContainer>
    <SequenceContainer name="E"><EntryList/><BaseContainer containerRef="C"/></SequenceContainer>"""
    database = load(INTEGER, PARAMETERS, text)
    assert database.containers["/S/C"] == Container("/S/C", (ParameterEntry("/S/a"),), True, None, None, "short", "long", 64, 0.5)
    assert database.containers["/S/D"] == Container("/S/D", base="/S/C", restriction=Comparison(A, Operator.EQUAL, "3"))
    assert [child.name for child in database.children("/S/C")] == ["/S/D", "/S/E"]


@covers("ParameterRefEntry", "ParameterRefEntry@parameterRef", "ContainerRefEntry", "ContainerRefEntry@containerRef")
def test_plain_entries() -> None:
    text = '<ParameterRefEntry parameterRef="a"/><ContainerRefEntry containerRef="other"/>'
    assert entries(text) == (ParameterEntry("/S/a"), ContainerEntry("/S/other"))


@covers("LocationInContainerInBits", "LocationInContainerInBits@referenceLocation")
@pytest.mark.parametrize("origin", [Origin.PREVIOUS_ENTRY, Origin.CONTAINER_START, Origin.CONTAINER_END])
def test_places(origin: Origin) -> None:
    place = (
        f'<LocationInContainerInBits referenceLocation="{origin.value}"><FixedValue>-5</FixedValue></LocationInContainerInBits>'
    )
    found = entries(f'<ParameterRefEntry parameterRef="a">{place}</ParameterRefEntry>')
    assert found == (ParameterEntry("/S/a", Placement(Location(origin, -5))),)


def test_dynamic_place() -> None:
    place = '<DynamicValue><ParameterInstanceRef parameterRef="b"/><LinearAdjustment slope="8" intercept="4"/></DynamicValue>'
    text = f"<LocationInContainerInBits>{place}</LocationInContainerInBits>"
    found = entries(f'<ParameterRefEntry parameterRef="a">{text}</ParameterRefEntry>')
    assert found[0].placement.location == Location(bits=DynamicSize(B, 8.0, 4.0))


@covers("RepeatEntry", "Count", "Offset", "IncludeCondition")
def test_repeats_and_include_conditions() -> None:
    text = """<ParameterRefEntry parameterRef="a"><RepeatEntry><Count><FixedValue>4</FixedValue></Count>
      <Offset><FixedValue>16</FixedValue></Offset></RepeatEntry>
      <IncludeCondition><Comparison parameterRef="b" value="1"/></IncludeCondition></ParameterRefEntry>
      <ContainerRefEntry containerRef="other"><RepeatEntry><Count><DynamicValue><ParameterInstanceRef parameterRef="b"/>
      </DynamicValue></Count></RepeatEntry></ContainerRefEntry>"""
    first, second = entries(text)
    assert first.placement == Placement(include=Comparison(B, Operator.EQUAL, "1"), repeat=Repeat(4, 16))
    assert second.placement.repeat == Repeat(DynamicSize(B))


@covers("ArrayParameterRefEntry", "ArrayParameterRefEntry@parameterRef", "IndirectParameterRefEntry", "ParameterInstance",
        "IndirectParameterRefEntry@aliasNameSpace", "ParameterInstance@parameterRef")  # fmt: skip
def test_array_and_indirect_entries() -> None:
    dimension = "<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex></Dimension>"
    types = f'{INTEGER}<ArrayParameterType name="T" arrayTypeRef="u8"><DimensionList>{dimension * 2}</DimensionList></ArrayParameterType>'
    text = f"""<SequenceContainer name="C"><EntryList><ArrayParameterRefEntry parameterRef="r"/>
      <ArrayParameterRefEntry parameterRef="r"><DimensionList>{dimension}</DimensionList></ArrayParameterRefEntry>
      <IndirectParameterRefEntry aliasNameSpace="ID"><ParameterInstance parameterRef="a"/></IndirectParameterRefEntry>
      </EntryList></SequenceContainer>"""
    database = load(types, PARAMETERS + '<Parameter name="r" parameterTypeRef="T"/>', text)
    assert database.containers["/S/C"].entries == (
        ArrayEntry("/S/r", ()),
        ArrayEntry("/S/r", ((0, 2),)),
        IndirectEntry(A, "ID"),
    )


def condition(text: str, more: str = "") -> Condition | None:
    containers = f"""<SequenceContainer name="C"><EntryList/></SequenceContainer><SequenceContainer name="D"><EntryList/>
      <BaseContainer containerRef="C"><RestrictionCriteria>{text}</RestrictionCriteria></BaseContainer></SequenceContainer>"""
    return load(INTEGER, PARAMETERS + more, containers).containers["/S/D"].restriction


@covers("Comparison", "Comparison@parameterRef", "Comparison@comparisonOperator", "Comparison@useCalibratedValue",
        "Comparison@instance")  # fmt: skip
@pytest.mark.parametrize("operator", list(Operator))
def test_comparisons(operator: Operator) -> None:
    sign = operator.value.replace("<", "&lt;").replace(">", "&gt;")
    text = f'<Comparison parameterRef="a" comparisonOperator="{sign}" value="7" useCalibratedValue="false" instance="-1"/>'
    assert condition(text) == Comparison(Reference("/S/a", (), False, -1), operator, "7")


@covers("ComparisonList")
def test_comparison_lists_hold_together() -> None:
    text = '<ComparisonList><Comparison parameterRef="a" value="1"/><Comparison parameterRef="b" value=" 2 "/></ComparisonList>'
    assert condition(text) == AllOf((Comparison(A, Operator.EQUAL, "1"), Comparison(B, Operator.EQUAL, " 2 ")))


@covers("BooleanExpression", "Condition", "ANDedConditions", "ORedConditions", "ComparisonOperator", "Value",
        "ParameterInstanceRef@instance", "ParameterInstanceRef@useCalibratedValue")  # fmt: skip
def test_boolean_expressions() -> None:
    one = '<Condition><ParameterInstanceRef parameterRef="a"/><ComparisonOperator>==</ComparisonOperator><Value>1</Value></Condition>'
    two = """<Condition><ParameterInstanceRef parameterRef="a" useCalibratedValue="false" instance="2"/>
      <ComparisonOperator>&lt;=</ComparisonOperator><ParameterInstanceRef parameterRef="b"/></Condition>"""
    text = f"<ANDedConditions>{one}<ORedConditions>{one}{two}</ORedConditions></ANDedConditions>"
    first, second = Comparison(A, Operator.EQUAL, "1"), Comparison(Reference("/S/a", (), False, 2), Operator.LESS_OR_EQUAL, B)
    assert condition(f"<BooleanExpression>{one}</BooleanExpression>") == first
    assert condition(f"<BooleanExpression>{text}</BooleanExpression>") == AllOf((first, AnyOf((first, second))))


@covers("CustomAlgorithm", "CustomAlgorithm@name", "AlgorithmText", "AlgorithmText@language", "InputSet", "InputParameterInstanceRef",
        "InputParameterInstanceRef@parameterRef", "InputParameterInstanceRef@inputName", "Constant", "Constant@constantName",
        "Constant@value")  # fmt: skip
def test_algorithm_as_condition() -> None:
    text = """<CustomAlgorithm name="x"><AlgorithmText language="python">first % 2 == b and first &lt; limit</AlgorithmText><InputSet>
      <InputParameterInstanceRef parameterRef="a" inputName="first" useCalibratedValue="false"/>
      <InputParameterInstanceRef parameterRef="b"/><Constant constantName="limit" value="100"/></InputSet></CustomAlgorithm>"""
    inputs = (("first", Reference("/S/a", calibrated=False)), ("b", B))
    assert condition(text) == Algorithm("first % 2 == b and first < 100.0", inputs)


def test_algorithm_that_cannot_be_run_never_holds_and_is_reported() -> None:
    text = '<CustomAlgorithm name="x"><AlgorithmText language="java">Foo.bar()</AlgorithmText></CustomAlgorithm>'
    containers = f"""<SequenceContainer name="C"><EntryList/></SequenceContainer><SequenceContainer name="D"><EntryList/>
      <BaseContainer containerRef="C"><RestrictionCriteria>{text}</RestrictionCriteria></BaseContainer></SequenceContainer>"""
    database = read(legal(document(INTEGER, PARAMETERS, containers)))
    assert database.containers["/S/D"].restriction == AnyOf(())
    assert "algorithms in java are not run; the condition never holds" in database.findings[0].message


def test_members_and_elements_in_references() -> None:
    dimension = "<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex></Dimension>"
    types = f"""{INTEGER}<ArrayParameterType name="T" arrayTypeRef="u8"><DimensionList>{dimension}</DimensionList></ArrayParameterType>
      <AggregateParameterType name="G"><MemberList><Member name="list" typeRef="T"/><Member name="x" typeRef="u8"/></MemberList>
      </AggregateParameterType>"""
    for reference, path in (
        ("g/x", ("x",)),
        ("/S/g/x", ("x",)),
        ("g.x", ("x",)),
        ("g.list[1]", ("list", 1)),
        ("g/list[2]", ("list", 2)),
    ):
        text = f"""<SequenceContainer name="C"><EntryList/></SequenceContainer><SequenceContainer name="D"><EntryList/>
          <BaseContainer containerRef="C"><RestrictionCriteria><Comparison parameterRef="{reference}" value="1"/>
          </RestrictionCriteria></BaseContainer></SequenceContainer>"""
        found = read(document(types, '<Parameter name="g" parameterTypeRef="G"/>', text)).containers["/S/D"].restriction
        assert found == Comparison(Reference("/S/g", path), Operator.EQUAL, "1")
    with pytest.raises(DefinitionError, match="/S/g has no member 'y'"):
        read(document(types, '<Parameter name="g" parameterTypeRef="G"/>', text.replace("g/list[2]", "g.y")))
    with pytest.raises(DefinitionError, match=r"there is no element 3 in /S/g\.list"):
        read(document(types, '<Parameter name="g" parameterTypeRef="G"/>', text.replace("list[2]", "list[3]")))


SEGMENT = '<{0} {1}="{2}" order="1" sizeInBits="24"/>'


@pytest.mark.parametrize(
    ("entry", "attribute", "target"),
    [("ParameterSegmentRefEntry", "parameterRef", "b"), ("ContainerSegmentRefEntry", "containerRef", "other"),
     ("StreamSegmentEntry", "streamRef", "s")],
)  # fmt: skip
def test_segments_are_skipped_and_reported(entry: str, attribute: str, target: str) -> None:
    text = f"""<SequenceContainer name="other"><EntryList/></SequenceContainer><SequenceContainer name="C"><EntryList>
      <ParameterRefEntry parameterRef="a"/>{SEGMENT.format(entry, attribute, target)}<ParameterRefEntry parameterRef="b"/>
      </EntryList></SequenceContainer>"""
    database = read(legal(document(INTEGER, PARAMETERS, text)))
    assert database.containers["/S/C"].entries == (ParameterEntry("/S/a"), ParameterEntry("/S/b", Placement(Location(bits=24))))
    assert [found.message for found in database.findings] == ["segments are not put together: its 24 bits are skipped"]


@pytest.mark.parametrize("entry", ["ParameterSegmentRefEntry", "ContainerSegmentRefEntry", "StreamSegmentEntry"])
def test_segment_without_size_ends_the_decoding_and_is_reported(entry: str) -> None:
    text = f"""<SequenceContainer name="C"><EntryList>
      <ParameterRefEntry parameterRef="a"/><{entry}/><ParameterRefEntry parameterRef="b"/></EntryList></SequenceContainer>"""
    database = read(document(INTEGER, PARAMETERS, text))
    layout = compile_database(database).layout("/S/C")
    assert (layout.columns, layout.stop) == (("/S/a",), f"there is a {entry} without a size")
    (found,) = database.findings
    assert (found.line, found.element, found.severity) == (11, entry, "defect")
    assert found.message == "it has no sizeInBits, so that its end is not known: nothing from there on is decoded"


def test_fixed_value_has_the_size_of_its_digits() -> None:
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="a"/><FixedValueEntry binaryValue="1ACF"/>
      <ParameterRefEntry parameterRef="b"/></EntryList></SequenceContainer>"""
    database = read(document(INTEGER, PARAMETERS, text))
    assert [found.message for found in database.findings] == ["a fixed value is not checked: its 16 bits are skipped"]
    assert database.containers["/S/C"].entries[1] == ParameterEntry("/S/b", Placement(Location(bits=16)))


GROUPS = f"""{INTEGER}<AggregateParameterType name="G"><MemberList><Member name="x" typeRef="u8"/><Member name="y" typeRef="u8"/>
  <Member name="list" typeRef="T"/></MemberList></AggregateParameterType>
  <ArrayParameterType name="T" arrayTypeRef="u8"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex>
  <EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension></DimensionList></ArrayParameterType>"""


def test_entries_that_are_members_are_columns_of_the_members() -> None:
    repeat = "<RepeatEntry><Count><FixedValue>2</FixedValue></Count></RepeatEntry>"
    text = f"""<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="g/y"/><ParameterRefEntry parameterRef="g.x"/>
      <ParameterRefEntry parameterRef="g/list"/><ParameterRefEntry parameterRef="g.list[1]"/>
      <ParameterRefEntry parameterRef="g.x">{repeat}</ParameterRefEntry></EntryList></SequenceContainer>"""
    database = read(document(GROUPS, '<Parameter name="g" parameterTypeRef="G"/>', text))
    assert database.findings == ()
    compiled = compile_database(database)
    layout = compiled.layout("/S/C")
    names = ["g.y", "g.x", "g.list[0]", "g.list[1]", "g.list[1]:1", "g[0].x", "g[1].x"]
    assert layout.columns == tuple(f"/S/{name}" for name in names)
    assert [field.first_bit for field in layout.fields] == [0, 8, 16, 24, 32, 40, 48]
    assert all(compiled.type_of_column(name) is database.types["/S/u8"] for name in layout.columns)
    with pytest.raises(DefinitionError, match="/S/g has no member 'z'"):
        read(document(GROUPS, '<Parameter name="g" parameterTypeRef="G"/>', text.replace("g/y", "g/z")))


def test_part_of_an_array_as_entry_is_reported() -> None:
    types = GROUPS.replace(
        "</DimensionList>",
        """<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex>
      <EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension></DimensionList>""",
    )
    text = '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="g.list[1]"/></EntryList></SequenceContainer>'
    database = read(document(types, '<Parameter name="g" parameterTypeRef="G"/>', text))
    assert compile_database(database).layout("/S/C").stop == "/S/g has no whole part .list[1]"
    assert [found.severity for found in database.findings] == ["defect"]


def test_an_aggregate_twice_in_a_container_has_types_both_times() -> None:
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="g"/><ParameterRefEntry parameterRef="g"/>
      </EntryList></SequenceContainer>"""
    compiled = compile_database(load(GROUPS, '<Parameter name="g" parameterTypeRef="G"/>', text))
    assert compiled.layout("/S/C").columns[4:6] == ("/S/g:1.x", "/S/g:1.y")
    assert all(compiled.type_of_column(name) is not None for name in compiled.layout("/S/C").columns)
    raw = {name: Column(np.array([k], np.uint8)) for k, name in enumerate(compiled.layout("/S/C").columns)}
    values = Values(compiled, raw, 1)
    assert values.column_of(Reference("/S/g", ("y",))) == "/S/g:1.y"
    assert values.column_of(Reference("/S/g", ("y",), instance=-1)) == "/S/g.y"


@pytest.mark.parametrize("name", ["a.b", "a[0]", "a:1", "a.b[2]:3"])
def test_names_with_dots_and_brackets_have_their_type(name: str) -> None:
    text = f"""<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="{name}"/>
      <ParameterRefEntry parameterRef="{name}"/></EntryList></SequenceContainer>"""
    database = read(document(INTEGER, f'<Parameter name="{name}" parameterTypeRef="u8"/>', text))
    compiled = compile_database(database)
    assert compiled.layout("/S/C").columns == (f"/S/{name}", f"/S/{name}:1")
    assert all(compiled.type_of_column(each) is database.types["/S/u8"] for each in compiled.layout("/S/C").columns)


@pytest.mark.parametrize(
    ("containers", "told"),
    [
        (
            '<SequenceContainer name="C"><EntryList/><BaseContainer containerRef="D"/></SequenceContainer>\n'
            '<SequenceContainer name="D"><EntryList/><BaseContainer containerRef="C"/></SequenceContainer>',
            r"in a circle: /S/C \(line 10\) -> /S/D \(line 11\) -> /S/C \(line 10\)",
        ),
        (
            '<SequenceContainer name="C"><EntryList><ContainerRefEntry containerRef="C"/></EntryList></SequenceContainer>',
            r"in a circle: /S/C \(line 10\) -> /S/C",
        ),
        (
            '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="aa"/></EntryList></SequenceContainer>',
            "there is no parameter 'aa' to be seen from /S. Similar names: a",
        ),
        (
            '<SequenceContainer name="C"><EntryList/><BaseContainer containerRef="Q"/></SequenceContainer>',
            "there is no container 'Q'",
        ),
        (
            '<SequenceContainer name="C"><EntryList/></SequenceContainer><SequenceContainer name="C"><EntryList/></SequenceContainer>',
            "has a container of this name already, at 0.xml:10",
        ),
    ],
)
def test_wrong_containers_are_refused(containers: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read(document(INTEGER, PARAMETERS, containers))


def test_container_deep_beyond_recursion_is_read() -> None:
    text = '<SequenceContainer name="C0"><EntryList/></SequenceContainer>' + "".join(
        f'<SequenceContainer name="C{n}"><EntryList/><BaseContainer containerRef="C{n - 1}"/></SequenceContainer>'
        for n in range(1, 3000)
    )
    assert len(load(containers=text).containers) == 3000


def test_parameter_without_encoding_in_a_container_is_reported() -> None:
    types = '<IntegerParameterType name="T"/>'
    text = '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></SequenceContainer>'
    found = findings(types, '<Parameter name="p" parameterTypeRef="T"/>', text)
    assert [(each.severity, each.element) for each in found] == [("defect", "SequenceContainer 'C'")]
    assert "has type /S/T, which has no encoding" in found[0].message


def test_empty_restriction_always_applies_and_is_reported() -> None:
    text = """<SequenceContainer name="C"><EntryList/></SequenceContainer><SequenceContainer name="D"><EntryList/>
      <BaseContainer containerRef="C"><RestrictionCriteria/></BaseContainer></SequenceContainer>"""
    database = read(document(containers=text))
    assert database.containers["/S/D"].restriction is None
    assert [found.severity for found in database.findings] == ["repaired"]
