"""The page of what is supported: it is up to date, and what is not supported is reported."""

from dataclasses import replace

import pytest

from aelita.mdb.conditions import Reference
from aelita.mdb.model import IndirectEntry
from xtce_page import PAGE, covered, page, rows
from xtce_schema import schema_types
from xtce_text import INTEGER, covers, document, findings, legal, load, read


def test_page_is_what_the_schema_and_the_tests_make() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python tests/xtce_page.py`"


def test_tests_name_elements_and_attributes_of_the_schema() -> None:
    known = {f"{row.name}@{row.attribute}" if row.attribute else row.name for row in rows()}
    assert set(covered()) <= known


def test_nothing_is_ignored_silently() -> None:
    """Every element and attribute without a test of its own is reported, with a line, from the smallest document with it."""
    assert [(row.name, row.attribute) for row in rows() if not row.told] == []
    assert all(row.report.line > 1 for row in rows() if row.report is not None)
    assert len({row.name for row in rows()}) == 248


def test_smallest_documents_are_lawful() -> None:
    for row in rows():
        if not row.abstract and row.attribute not in ("baseType", "byteOrder"):  # their values depend on what stands around them
            legal(schema_types().document(row.path, row.attribute or None))


TYPES = {
    "Integer": "", "Float": "", "Boolean": "", "String": "", "Binary": "", "AbsoluteTime": "", "RelativeTime": "",
    "Enumerated": '<EnumerationList><Enumeration value="1" label="A"/></EnumerationList>',
    "Aggregate": '<MemberList><Member name="m" typeRef="u8"/></MemberList>',
    "Array": "<DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>1"
    "</FixedValue></EndingIndex></Dimension></DimensionList>",
}  # fmt: skip


@covers(
    "AbsoluteTimeParameterType@shortDescription", "AggregateParameterType@shortDescription", "ArrayParameterType@shortDescription",
    "BinaryParameterType@shortDescription", "BooleanParameterType@shortDescription", "EnumeratedParameterType@shortDescription",
    "FloatParameterType@shortDescription", "RelativeTimeParameterType@shortDescription", "StringParameterType@shortDescription",
)  # fmt: skip
@pytest.mark.parametrize("kind", TYPES)
def test_descriptions_of_every_type(kind: str) -> None:
    element = ' arrayTypeRef="u8"' if kind == "Array" else ""
    text = f'<{kind}ParameterType name="T" shortDescription="short"{element}>{TYPES[kind]}</{kind}ParameterType>'
    assert load(INTEGER + text).types["/S/T"].facts.short_description == "short"


@covers("BooleanParameterType@baseType", "StringParameterType@baseType", "BinaryParameterType@baseType",
        "RelativeTimeParameterType@baseType")  # fmt: skip
@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind not in ("Array", "Aggregate", "Enumerated")])
def test_every_simple_type_inherits(kind: str) -> None:
    held = "<Encoding>{}</Encoding>" if kind.endswith("Time") else "{}"
    encoding = held.format('<BinaryDataEncoding><SizeInBits><FixedValue>16</FixedValue></SizeInBits></BinaryDataEncoding>'
                           if kind == "Binary" else '<IntegerDataEncoding sizeInBits="16"/>')  # fmt: skip
    if kind == "String":
        encoding = "<StringDataEncoding><SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed></SizeInBits></StringDataEncoding>"
    epoch = "<ReferenceTime><Epoch>GPS</Epoch></ReferenceTime>" if kind == "AbsoluteTime" else ""
    name = f"{kind}ParameterType"
    types = load(f'<{name} name="B" baseType="A"/><{name} name="A">{encoding}{TYPES[kind]}{epoch}</{name}>').types
    assert types["/S/B"] == replace(types["/S/A"], facts=replace(types["/S/A"].facts, name="/S/B"))


@covers("CommandMetaData")
def test_types_and_parameters_of_the_command_side_are_read() -> None:
    inner = f"""<CommandMetaData><ParameterTypeSet>{INTEGER}</ParameterTypeSet><ParameterSet>
      <Parameter name="p" parameterTypeRef="u8"/></ParameterSet><MetaCommandSet/></CommandMetaData>"""
    database = read(document(more=inner))
    assert (list(database.types), list(database.parameters)) == (["/S/u8"], ["/S/p"])


@covers("ParameterInstance@instance", "ParameterInstance@useCalibratedValue")
def test_instance_and_raw_value_in_an_indirect_entry() -> None:
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/><IndirectParameterRefEntry>
      <ParameterInstance parameterRef="p" instance="-1" useCalibratedValue="false"/></IndirectParameterRefEntry></EntryList>
      </SequenceContainer>"""
    database = load(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>', text)
    assert database.containers["/S/C"].entries[1] == IndirectEntry(Reference("/S/p", (), False, -1))


@covers("ParameterInstanceRefOperand@instance", "ParameterInstanceRefOperand@useCalibratedValue")
def test_instance_and_raw_value_in_a_math_algorithm() -> None:
    program = """<MathAlgorithm name="m"><MathOperation outputParameterRef="d">
      <ParameterInstanceRefOperand parameterRef="p" instance="-1" useCalibratedValue="false"/><TriggerSet>
      <OnParameterUpdateTrigger parameterRef="p"/></TriggerSet></MathOperation></MathAlgorithm>"""
    parameters = '<Parameter name="p" parameterTypeRef="u8"/><Parameter name="d" parameterTypeRef="u8"/>'
    (found,) = load(INTEGER, parameters, algorithms=program).derivations
    assert found.inputs == (("x0", Reference("/S/p", (), False, -1)),)


@pytest.mark.parametrize("attribute", ['instance="-1"', 'useCalibratedValue="false"'])
def test_a_time_that_counts_from_another_occurrence_is_reported(attribute: str) -> None:
    text = f"""{INTEGER}<AbsoluteTimeParameterType name="T"><Encoding><IntegerDataEncoding/></Encoding><ReferenceTime>
      <OffsetFrom parameterRef="p" {attribute}/></ReferenceTime></AbsoluteTimeParameterType>"""
    found = findings(text, '<Parameter name="p" parameterTypeRef="u8"/>')
    assert [(each.element, each.severity) for each in found] == [("OffsetFrom", "unsupported")]


def test_descriptions_of_entries_are_reported() -> None:
    text = """<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p" shortDescription="here"/></EntryList>
      </SequenceContainer>"""
    found = findings(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>', text)
    assert [(each.element, each.severity) for each in found] == [("ParameterRefEntry", "ignored")]
