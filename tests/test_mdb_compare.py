"""Versions of a database compared, and databases described in words and plain data."""

import json
from dataclasses import replace

import pytest

from aelita.errors import UsageError
from aelita.mdb import Change, CompiledDatabase, Effect, check, compare, compile_database, load_database, names_like, show
from shared import shared
from xtce_text import document, read

TYPES = """<IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="byte" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<FloatParameterType name="volts"><UnitSet><Unit>V</Unit></UnitSet><IntegerDataEncoding sizeInBits="16"><DefaultCalibrator>
<PolynomialCalibrator><Term coefficient="1" exponent="0"/><Term coefficient="2" exponent="1"/></PolynomialCalibrator>
</DefaultCalibrator></IntegerDataEncoding><ValidRange minInclusive="0"/><DefaultAlarm><StaticAlarmRanges>
<WarningRange minInclusive="0" maxInclusive="5"/></StaticAlarmRanges></DefaultAlarm></FloatParameterType>
<EnumeratedParameterType name="modes"><IntegerDataEncoding sizeInBits="8"/><EnumerationList><Enumeration value="1" label="ON"/>
<Enumeration value="2" label="OFF"/></EnumerationList></EnumeratedParameterType>
<BinaryParameterType name="rest"><BinaryDataEncoding><SizeInBits><DynamicValue><ParameterInstanceRef parameterRef="size"
useCalibratedValue="false"/><LinearAdjustment slope="8"/></DynamicValue></SizeInBits></BinaryDataEncoding></BinaryParameterType>"""
PARAMETERS = """<Parameter name="id" parameterTypeRef="u8"/><Parameter name="mode" parameterTypeRef="modes"/>
<Parameter name="bus" parameterTypeRef="volts" shortDescription="bus voltage"><AliasSet><Alias nameSpace="OPS" alias="E100"/></AliasSet>
</Parameter><Parameter name="size" parameterTypeRef="u8"/><Parameter name="blob" parameterTypeRef="rest"/>
<Parameter name="lone" parameterTypeRef="u8"/>"""
CONTAINERS = """<SequenceContainer name="H" abstract="true"><EntryList><ParameterRefEntry parameterRef="id"/></EntryList></SequenceContainer>
<SequenceContainer name="A"><EntryList><ParameterRefEntry parameterRef="bus"/></EntryList><BaseContainer containerRef="H">
<RestrictionCriteria><Comparison parameterRef="id" value="1"/></RestrictionCriteria></BaseContainer></SequenceContainer>
<SequenceContainer name="B"><EntryList><ParameterRefEntry parameterRef="mode"/><ParameterRefEntry parameterRef="bus"><IncludeCondition>
<Comparison parameterRef="mode" value="ON"/></IncludeCondition></ParameterRefEntry></EntryList><BaseContainer containerRef="H">
<RestrictionCriteria><Comparison parameterRef="id" value="2"/></RestrictionCriteria></BaseContainer></SequenceContainer>
<SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="size"/><ParameterRefEntry parameterRef="blob"/></EntryList>
</SequenceContainer>"""
TEXT = document(TYPES, PARAMETERS, CONTAINERS)
NEW = '<Parameter name="new" parameterTypeRef="u8"/>'


def changes(*edits: tuple[str, str]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    found = compare(read(TEXT), read(text))
    return found.changes, found.rebuild


@pytest.mark.parametrize(
    ("old", "new", "effect", "line", "rebuild"),
    [
        ('coefficient="2"', 'coefficient="3"', Effect.ENGINEERING,
         "type /S/volts: calibration: 1.0 + 2.0 x -> 1.0 + 3.0 x", ()),
        ('sizeInBits="16"', 'sizeInBits="12"', Effect.REBUILD,
         "type /S/volts: encoding: 16 bits, unsigned -> 12 bits, unsigned [/S/A, /S/B]", ("/S/A", "/S/B")),
        ('sizeInBits="16"', 'sizeInBits="16" byteOrder="leastSignificantByteFirst"', Effect.REBUILD,
         "type /S/volts: encoding: 16 bits, unsigned -> 16 bits, unsigned, least significant octet first [/S/A, /S/B]",
         ("/S/A", "/S/B")),
        ("<Unit>V<", "<Unit>mV<", Effect.ENGINEERING, "type /S/volts: units: V -> mV", ()),
        ('maxInclusive="5"', 'maxInclusive="6"', Effect.JUDGEMENT,
         "type /S/volts: alarms: warning outside [0, 5] -> warning outside [0, 6]", ()),
        ('<ValidRange minInclusive="0"/>', '<ValidRange minExclusive="1"/>', Effect.JUDGEMENT,
         "type /S/volts: valid range: [0, ) -> (1, )", ()),
        ('label="OFF"', 'label="STANDBY"', Effect.REBUILD,  # B looks at the labels of its mode
         "type /S/modes: labels: 1=ON, 2=OFF -> 1=ON, 2=STANDBY [/S/B]", ("/S/B",)),
        ("bus voltage", "main bus voltage", Effect.WORDS,
         "parameter /S/bus: short description: bus voltage -> main bus voltage", ()),
        ('alias="E100"', 'alias="E101"', Effect.WORDS, "parameter /S/bus: aliases: OPS=E100 -> OPS=E101", ()),
        ('value="2"/></R', 'value="3"/></R', Effect.REBUILD,
         "container /S/B: restriction: /S/id == 2 -> /S/id == 3 [/S/B, /S/H]", ("/S/B", "/S/H")),
        ('name="H" abstract="true"', 'name="H"', Effect.REBUILD, "container /S/H: abstract: True -> False [/S/A, /S/B, /S/H]",
         ("/S/A", "/S/B", "/S/H")),
        ('slope="8"', 'slope="16"', Effect.REBUILD,
         "type /S/rest: encoding: binary, raw /S/size * 8 bits -> binary, raw /S/size * 16 bits [/S/D]", ("/S/D",)),
        (PARAMETERS, PARAMETERS + NEW, Effect.NEW, "parameter /S/new: added: /S/u8, integer, 8 bits, unsigned", ()),
        ('<Parameter name="lone" parameterTypeRef="u8"/>', "", Effect.GONE,
         "parameter /S/lone: removed: /S/u8, integer, 8 bits, unsigned", ()),
        ('name="lone" parameterTypeRef="u8"', 'name="lone" parameterTypeRef="volts"', Effect.ENGINEERING,  # no container holds it
         "parameter /S/lone: type: /S/u8 -> /S/volts", ()),
        ('name="mode" parameterTypeRef="modes"', 'name="mode" parameterTypeRef="volts"', Effect.REBUILD,
         "parameter /S/mode: type: /S/modes -> /S/volts [/S/B]", ("/S/B",)),
        ('name="size" parameterTypeRef="u8"', 'name="size" parameterTypeRef="byte"', Effect.ENGINEERING,  # the same octet
         "parameter /S/size: type: /S/u8 -> /S/byte", ()),
        ('<ParameterRefEntry parameterRef="mode"/>', "", Effect.REBUILD, "container /S/B: entries: /S/mode -> none [/S/B]", ("/S/B",)),
    ],
)  # fmt: skip
def test_one_change(old: str, new: str, effect: Effect, line: str, rebuild: tuple[str, ...]) -> None:
    found, tables = changes((old, new))
    assert [(each.effect, each.line) for each in found] == [(effect, line)]
    assert tables == rebuild
    assert effect.meaning


def test_same_definitions_in_other_words_are_the_same() -> None:
    assert compare(read(TEXT), read(TEXT.replace("><", ">\n<"))).same
    database = read(TEXT)
    assert compare(database, replace(database, digest="0" * 64)).same


def test_changes_come_the_gravest_first() -> None:
    found, rebuild = changes(
        ("bus voltage", "V of the bus"), ('coefficient="2"', 'coefficient="3"'), ('maxInclusive="5"', 'maxInclusive="6"'),
        ('<Parameter name="lone"', f'{NEW}<Parameter name="lone"'),
        ('<ParameterRefEntry parameterRef="size"/>', '<ParameterRefEntry parameterRef="new"/><ParameterRefEntry parameterRef="size"/>'),
    )  # fmt: skip
    assert [each.effect for each in found] == [Effect.REBUILD, Effect.NEW, Effect.ENGINEERING, Effect.JUDGEMENT, Effect.WORDS]
    assert found[0].line == "container /S/D: entries: none -> /S/new [/S/D]"
    assert rebuild == ("/S/D",)


def test_a_new_container_takes_packets_from_its_base() -> None:
    more = """<SequenceContainer name="E"><EntryList/><BaseContainer containerRef="A"><RestrictionCriteria>
      <Comparison parameterRef="bus" value="1"/></RestrictionCriteria></BaseContainer></SequenceContainer>"""
    (found,), rebuild = changes((CONTAINERS, CONTAINERS + more))
    assert (found.effect, found.tables) == (Effect.NEW, ("/S/A", "/S/E"))
    assert rebuild == ("/S/A", "/S/E")
    (back,) = compare(read(TEXT.replace(CONTAINERS, CONTAINERS + more)), read(TEXT)).changes
    assert (back.effect, back.line) == (Effect.GONE, "container /S/E: removed: 0 entries after /S/A [/S/A, /S/E]")


@pytest.fixture(scope="module")
def compiled() -> CompiledDatabase:
    return compile_database(read(TEXT))


def test_names_are_found_whole_by_their_tail_and_by_alias(compiled: CompiledDatabase) -> None:
    for name in ("/S/bus", "bus", "S/bus", "E100"):
        assert names_like(compiled.database, name) == ("/S/bus",)
    with pytest.raises(UsageError, match=r"no parameter, container or alias 'Buss'. Similar names: /S/bus"):
        names_like(compiled.database, "Buss")
    with pytest.raises(UsageError, match="aelita mdb check"):
        names_like(compiled.database, "zzzzzzzz")


def test_parameter_in_words(compiled: CompiledDatabase) -> None:
    (found,) = show(compiled, "bus")
    assert json.loads(json.dumps(found)) == found
    assert (found["kind"], found["name"], found["description"]) == ("parameter", "/S/bus", "bus voltage")
    assert found["aliases"] == [{"name_space": "OPS", "alias": "E100"}]
    kind = found["type"]
    assert (kind["kind"], kind["units"], kind["encoding"]) == ("Float", "V", "16 bits, unsigned")
    assert (kind["calibration"], kind["alarms"], kind["valid_range"]) == (["1.0 + 2.0 x"], ["warning outside [0, 5]"], "[0, )")
    first, second = found["containers"]
    assert [(each["first_bit"], each["octet"], each["bits"]) for each in first["fields"]] == [(8, 1, 16)]
    assert (second["container"], second["fields"], second["where"]) == ("/S/B", [], "/S/bus is included by a condition")


def test_container_in_words(compiled: CompiledDatabase) -> None:
    (found,) = show(compiled, "/S/B")
    assert json.loads(json.dumps(found)) == found
    assert [(each["container"], each["when"]) for each in found["lineage"]] == [("/S/H", "always"), ("/S/B", "/S/id == 2")]
    assert found["entries"] == ["/S/mode", "/S/bus, if /S/mode == ON"]
    assert [(each["column"], each["first_bit"]) for each in found["fields"]] == [("/S/id", 0), ("/S/mode", 8)]
    assert found["fields"][1]["type"] == "enumerated, 8 bits, unsigned"
    assert (found["fixed"], found["dynamic"]) == (False, "/S/bus is included by a condition")
    (head,) = show(compiled, "H")
    assert (head["abstract"], head["children"], head["fixed"], head["bits"]) == (True, ["/S/A", "/S/B"], True, 8)


def test_whole_database_in_words() -> None:
    text = TEXT.replace(
        "<ParameterTypeSet>",
        '<ParameterTypeSet colour="red"><StringParameterType name="s"><StringDataEncoding/></StringParameterType>',
    )
    text = text.replace("<ParameterSet>", '<ParameterSet><Parameter name="text" parameterTypeRef="s"/>')
    text = text.replace('<ParameterRefEntry parameterRef="size"/>', '<ParameterRefEntry parameterRef="text"/>')
    found = check(compile_database(read(text)))
    assert json.loads(json.dumps(found)) == found
    assert found["counts"] | {"alarms": 1} == {
        "types": 6, "parameters": 7, "containers": 4, "abstract_containers": 1, "derived_parameters": 0, "alarms": 1, "commands": 0,
    }  # fmt: skip
    assert [(each["line"], each["element"]) for each in found["findings"]["unsupported"]] == [(3, "ParameterTypeSet")]
    assert [each["file"] for each in found["findings"]["defect"]] == ["0.xml"] * 2
    assert list(found["stopped"]) == ["/S/D"]
    assert list(found["dynamic"]) == ["/S/B"]
    assert (found["fixed"], found["usable"]) == (2, False)


def test_real_database_in_words() -> None:
    compiled = compile_database(load_database(shared("data/telemetry/jpss/jpss1_geolocation_xtce_v1.xml")))
    found = check(compiled)
    assert (found["counts"]["parameters"], found["fixed"], found["usable"]) == (27, 4, True)
    for name in [*compiled.database.parameters, *compiled.database.containers]:
        json.dumps(show(compiled, name))
    (quaternion,) = show(compiled, "ADCFAQ4")
    (place,) = quaternion["containers"]
    assert [(each["first_bit"], each["bits"]) for each in place["fields"]] == [(536, 32)]
