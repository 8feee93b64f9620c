"""Commands of XTCE documents: types of arguments, containers, constraints, significance, verifiers, and what is wrong in them."""

from typing import Any

import pytest

from aelita.mdb import (
    AggregateType,
    AlarmSuspension,
    AnyOf,
    ArrayEntry,
    ArrayType,
    BinaryType,
    BooleanType,
    CheckWindow,
    Comparison,
    Consequence,
    Constraint,
    ContainerEntry,
    Database,
    DynamicSize,
    EnumeratedType,
    EnumerationEntry,
    FloatType,
    IntegerType,
    Interlock,
    Member,
    NewPacket,
    Operator,
    ParameterEntry,
    ParameterSetting,
    Reference,
    RelativeTimeType,
    SenderRole,
    Significance,
    Stage,
    StringType,
    ValidRange,
    ValueChange,
    Verifier,
    compile_commands,
    condition_text,
)
from aelita.mdb.xtce_command_durations import duration_s
from xtce_command_text import command, commands_document, compiled, loaded, one_argument
from xtce_text import covers, read

X = '<Argument name="x" argumentTypeRef="a8"/>'
ENTRY = '<ArgumentRefEntry argumentRef="x"/>'


def argument_type(inner: str, kind: str, attributes: str = "", extra: str = "") -> Any:
    return loaded(one_argument(inner, kind, attributes, extra)).commanding.types["/S/T#"]


def only(database: Database) -> Any:
    return database.commanding.commands["/S/K"]


# ---- types of arguments


@covers("ArgumentTypeSet", "IntegerArgumentType", "IntegerArgumentType@sizeInBits", "IntegerArgumentType@signed",
        "IntegerArgumentType@name", "IntegerArgumentType@shortDescription", "IntegerArgumentType@initialValue")  # fmt: skip
def test_integer_argument_type() -> None:
    found = argument_type(
        '<UnitSet><Unit>rpm</Unit></UnitSet><IntegerDataEncoding sizeInBits="12" encoding="twosComplement"/>', "Integer",
        'shortDescription="speed" sizeInBits="16" signed="true" initialValue="7"',
    )  # fmt: skip
    assert isinstance(found, IntegerType)
    assert (found.bits, found.signed, found.facts.units, found.facts.initial_value) == (16, True, "rpm", "7")
    assert found.facts.short_description == "speed"


@covers("FloatArgumentType", "FloatArgumentType@sizeInBits", "FloatArgumentType@name", "FloatArgumentType@shortDescription",
        "FloatArgumentType@initialValue")  # fmt: skip
def test_float_argument_type() -> None:
    found = argument_type(
        '<FloatDataEncoding sizeInBits="64"/>', "Float", 'sizeInBits="64" shortDescription="s" initialValue="1.5"'
    )
    assert isinstance(found, FloatType)
    assert (found.bits, found.facts.initial_value, found.facts.short_description) == (64, "1.5", "s")


@covers("ValidRangeSet", "ValidRangeSet@validRangeAppliesToCalibrated")
@pytest.mark.parametrize("kind", ["Integer", "Float"])
def test_several_valid_ranges(kind: str) -> None:
    ranges = '<ValidRange minInclusive="1" maxInclusive="5"/><ValidRange minInclusive="10" maxInclusive="12"/>'
    text = f'<{kind}DataEncoding sizeInBits="32"/><ValidRangeSet validRangeAppliesToCalibrated="false">{ranges}</ValidRangeSet>'
    found = loaded(one_argument(text, kind)).commanding.rules["/S/T#"].ranges
    assert found == (ValidRange(1, 5, calibrated=False), ValidRange(10, 12, calibrated=False))


@covers("StringArgumentType", "StringArgumentType@name", "StringArgumentType@shortDescription", "StringArgumentType@initialValue",
        "StringArgumentType@restrictionPattern")  # fmt: skip
def test_string_argument_type_with_length_and_pattern() -> None:
    text = """<StringDataEncoding><SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed></SizeInBits></StringDataEncoding>
      <SizeRangeInCharacters minInclusive="2" maxInclusive="8"/>"""
    side = loaded(one_argument(text, "String", 'shortDescription="s" initialValue="ab" restrictionPattern="[a-z]+"')).commanding
    found, rules = side.types["/S/T#"], side.rules["/S/T#"]
    assert isinstance(found, StringType)
    assert (found.facts.initial_value, found.facts.short_description) == ("ab", "s")
    assert (rules.least_characters, rules.most_characters, rules.pattern) == (2, 8, "[a-z]+")


def test_a_pattern_that_is_none_is_reported() -> None:
    text = "<StringDataEncoding><SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed></SizeInBits></StringDataEncoding>"
    found = read(one_argument(text, "String", 'restrictionPattern="["')).findings
    assert [(each.element, each.severity) for each in found] == [("StringArgumentType 'T'", "unsupported")]


@covers("BinaryArgumentType", "BinaryArgumentType@name", "BinaryArgumentType@shortDescription", "BinaryArgumentType@initialValue",
        "ArgumentInstanceRef", "ArgumentInstanceRef@argumentRef", "ArgumentInstanceRef@useCalibratedValue")  # fmt: skip
def test_binary_argument_type_sized_by_another_argument() -> None:
    text = """<BinaryDataEncoding><SizeInBits><DynamicValue><ArgumentInstanceRef argumentRef="n" useCalibratedValue="false"/>
      <LinearAdjustment slope="8"/></DynamicValue></SizeInBits></BinaryDataEncoding>"""
    found = argument_type(text, "Binary", 'shortDescription="s" initialValue="00"')
    assert isinstance(found, BinaryType)
    assert found.facts.initial_value == "00"
    assert found.encoding is not None
    assert found.encoding.size == DynamicSize(Reference("#n", (), False), 8.0)  # type: ignore[union-attr]


@covers("BooleanArgumentType", "BooleanArgumentType@name", "BooleanArgumentType@shortDescription",
        "BooleanArgumentType@oneStringValue", "BooleanArgumentType@zeroStringValue", "BooleanArgumentType@initialValue")  # fmt: skip
def test_boolean_argument_type() -> None:
    words = 'oneStringValue="OPEN" zeroStringValue="SHUT" initialValue="SHUT" shortDescription="s"'
    found = argument_type('<IntegerDataEncoding sizeInBits="1"/>', "Boolean", words)
    assert isinstance(found, BooleanType)
    assert (found.one, found.zero, found.facts.initial_value) == ("OPEN", "SHUT", "SHUT")


@covers("EnumeratedArgumentType", "EnumeratedArgumentType@name", "EnumeratedArgumentType@shortDescription",
        "EnumeratedArgumentType@initialValue")  # fmt: skip
def test_enumerated_argument_type() -> None:
    text = '<IntegerDataEncoding/><EnumerationList><Enumeration value="3" maxValue="4" label="ON"/></EnumerationList>'
    found = argument_type(text, "Enumerated", 'initialValue="ON" shortDescription="s"')
    assert isinstance(found, EnumeratedType)
    assert (found.entries, found.facts.initial_value) == ((EnumerationEntry("ON", 3, 4),), "ON")


@covers("AbsoluteTimeArgumentType", "AbsoluteTimeArgumentType@name", "AbsoluteTimeArgumentType@shortDescription",
        "AbsoluteTimeArgumentType@initialValue")  # fmt: skip
def test_absolute_time_argument_type() -> None:
    text = (
        '<Encoding scale="0.5"><IntegerDataEncoding sizeInBits="32"/></Encoding><ReferenceTime><Epoch>GPS</Epoch></ReferenceTime>'
    )
    found = argument_type(text, "AbsoluteTime", 'initialValue="2026-01-01T00:00:00Z" shortDescription="s"')
    assert (found.scale, found.epoch, found.facts.initial_value) == (0.5, "GPS", "2026-01-01T00:00:00Z")


@covers("RelativeTimeAgumentType", "RelativeTimeAgumentType@name", "RelativeTimeAgumentType@shortDescription",
        "RelativeTimeAgumentType@initialValue")  # fmt: skip
def test_relative_time_argument_type_as_xtce_1_2_spells_it() -> None:
    text = '<Encoding><IntegerDataEncoding sizeInBits="16"/></Encoding>'
    found = argument_type(text, "RelativeTime", 'initialValue="PT5S" shortDescription="s"')
    assert isinstance(found, RelativeTimeType)
    assert found.facts.initial_value == "PT5S"


@covers("AggregateArgumentType", "AggregateArgumentType@name", "AggregateArgumentType@shortDescription")
def test_aggregate_argument_type() -> None:
    found = argument_type('<MemberList><Member name="m" typeRef="a8"/></MemberList>', "Aggregate", 'shortDescription="s"')
    assert isinstance(found, AggregateType)
    assert found.members == (Member("m", "/S/a8#"),)


@covers("ArrayArgumentType", "ArrayArgumentType@name", "ArrayArgumentType@arrayTypeRef", "ArrayArgumentType@shortDescription")
def test_array_argument_type_counted_by_an_argument() -> None:
    text = """<DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><DynamicValue>
      <ArgumentInstanceRef argumentRef="n"/><LinearAdjustment intercept="-1"/></DynamicValue></EndingIndex></Dimension></DimensionList>"""
    found = argument_type(text, "Array", 'arrayTypeRef="a8" shortDescription="s"')
    assert isinstance(found, ArrayType)
    assert (found.element, found.dimensions) == ("/S/a8#", ((0, DynamicSize(Reference("#n"), 1.0, -1.0)),))


@covers("IntegerArgumentType@baseType", "FloatArgumentType@baseType", "BooleanArgumentType@baseType", "StringArgumentType@baseType",
        "BinaryArgumentType@baseType", "AbsoluteTimeArgumentType@baseType", "RelativeTimeAgumentType@baseType",
        "EnumeratedArgumentType@baseType")  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("Integer", '<IntegerDataEncoding sizeInBits="16"/>'),
        ("Float", '<FloatDataEncoding sizeInBits="64"/>'),
        ("Boolean", '<IntegerDataEncoding sizeInBits="1"/>'),
        ("Enumerated", '<IntegerDataEncoding/><EnumerationList><Enumeration value="1" label="A"/></EnumerationList>'),
        ("AbsoluteTime", "<Encoding><IntegerDataEncoding/></Encoding><ReferenceTime><Epoch>GPS</Epoch></ReferenceTime>"),
        ("RelativeTime", "<Encoding><IntegerDataEncoding/></Encoding>"),
        ("Binary", "<BinaryDataEncoding><SizeInBits><FixedValue>16</FixedValue></SizeInBits></BinaryDataEncoding>"),
        (
            "String",
            "<StringDataEncoding><SizeInBits><Fixed><FixedValue>16</FixedValue></Fixed></SizeInBits></StringDataEncoding>",
        ),
    ],
)
def test_argument_types_inherit(kind: str, inner: str) -> None:
    name = "RelativeTimeAgumentType" if kind == "RelativeTime" else f"{kind}ArgumentType"
    again = '<EnumerationList><Enumeration value="1" label="A"/></EnumerationList>' if kind == "Enumerated" else ""
    base = f'<{name} name="B">{inner}</{name}>'
    found = argument_type(again, kind, 'baseType="B"', base)
    assert found.encoding is not None


@covers("InputArgumentInstanceRef", "InputArgumentInstanceRef@argumentRef")
def test_an_algorithm_may_read_an_argument() -> None:
    text = """<ArgumentRefEntry argumentRef="x"/><FixedValueEntry binaryValue="01" sizeInBits="8"><IncludeCondition>
      <CustomAlgorithm name="q"><AlgorithmText>x > 3</AlgorithmText><InputSet><InputArgumentInstanceRef argumentRef="x"/></InputSet>
      </CustomAlgorithm></IncludeCondition></FixedValueEntry>"""
    side = loaded(commands_document(commands=command(text, X))).commanding
    included = side.containers["/S/K#"].entries[1].placement.include
    assert included is not None
    assert included.inputs == (("x", Reference("#x")),)  # type: ignore[union-attr]


# ---- commands and their containers


@covers("MetaCommandSet", "MetaCommand", "MetaCommand@name", "MetaCommand@shortDescription", "MetaCommand@abstract", "ArgumentList",
        "Argument", "Argument@name", "Argument@argumentTypeRef", "Argument@initialValue", "Argument@shortDescription", "SystemName",
        "CommandContainer", "CommandContainer@name", "CommandContainer@shortDescription")  # fmt: skip
def test_command() -> None:
    text = """<MetaCommand name="K" shortDescription="short" abstract="true"><LongDescription>long</LongDescription><AliasSet>
      <Alias nameSpace="MCS" alias="ZK01"/></AliasSet><SystemName>EPS</SystemName><ArgumentList>
      <Argument name="x" argumentTypeRef="a8" initialValue="3" shortDescription="first"><LongDescription>more</LongDescription>
      </Argument></ArgumentList><CommandContainer name="K" shortDescription="packet"><EntryList/></CommandContainer></MetaCommand>"""
    found = only(loaded(commands_document(commands=text)))
    assert (found.short_description, found.long_description, found.abstract, found.system_name) == ("short", "long", True, "EPS")
    assert found.aliases == (("MCS", "ZK01"),)
    (x,) = found.arguments
    assert (x.name, x.type, x.initial_value, x.short_description, x.long_description) == ("x", "/S/a8#", "3", "first", "more")
    assert found.container == "/S/K#"


@covers("ArgumentRefEntry", "ArgumentRefEntry@argumentRef", "ArrayArgumentRefEntry", "ArrayArgumentRefEntry@argumentRef",
        "FixedValueEntry", "FixedValueEntry@binaryValue", "FixedValueEntry@sizeInBits", "FixedValueEntry@name",
        "FixedValueEntry@shortDescription")  # fmt: skip
def test_entries_of_a_command_container() -> None:
    array = """<ArrayArgumentType name="L" arrayTypeRef="a8"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue>
      </StartingIndex><EndingIndex><FixedValue>1</FixedValue></EndingIndex></Dimension></DimensionList></ArrayArgumentType>"""
    entries = """<FixedValueEntry name="tag" shortDescription="s" binaryValue="1FFF" sizeInBits="12"/><ArgumentRefEntry argumentRef="x"/>
      <ParameterRefEntry parameterRef="p"/><ArrayArgumentRefEntry argumentRef="l"><DimensionList><Dimension><StartingIndex><FixedValue>0
      </FixedValue></StartingIndex><EndingIndex><FixedValue>0</FixedValue></EndingIndex></Dimension></DimensionList>
      </ArrayArgumentRefEntry><ContainerRefEntry containerRef="C"/>"""
    side = loaded(commands_document(array, command(entries, X + '<Argument name="l" argumentTypeRef="L"/>'))).commanding
    fixed, x, p, listed, held = side.containers["/S/K#"].entries
    assert isinstance(fixed, ParameterEntry)
    assert side.parameters[fixed.parameter].short_description == "s"
    assert side.parameters[fixed.parameter].initial_value == "0fff"  # of a longer value the most significant bits are dropped
    assert x == ParameterEntry("/S/K#x")
    assert p == ParameterEntry("/S/p")
    assert listed == ArrayEntry("/S/K#l", ((0, 0),))
    assert held == ContainerEntry("/S/C")


@covers("CommandContainerSet", "CommandContainer@abstract")
def test_shared_containers_of_commands_and_the_same_name_on_both_sides() -> None:
    shared = '<CommandContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></CommandContainer>'
    text = """<MetaCommand name="K"><CommandContainer name="K"><EntryList/><BaseContainer containerRef="C"/></CommandContainer>
      </MetaCommand>"""
    database = read(commands_document(commands=text, containers=shared))  # the same name twice is not lawful in XTCE 1.2
    assert database.commanding.containers["/S/K#"].base == "/S/C#"
    assert database.containers["/S/C"].entries == ()
    lawful = loaded(commands_document(commands=text.replace('"C"', '"H"'), containers=shared.replace('"C"', '"H"')))
    assert lawful.commanding.containers["/S/K#"].base == "/S/H#"
    hidden = shared.replace('"C"', '"H" abstract="true"')
    assert loaded(commands_document(containers=hidden)).commanding.containers["/S/H#"].abstract


@covers("BaseMetaCommand", "BaseMetaCommand@metaCommandRef", "ArgumentAssignmentList", "ArgumentAssignment",
        "ArgumentAssignment@argumentName", "ArgumentAssignment@argumentValue")  # fmt: skip
def test_inheritance_in_any_order_of_definition() -> None:
    child = """<MetaCommand name="K"><BaseMetaCommand metaCommandRef="B"><ArgumentAssignmentList>
      <ArgumentAssignment argumentName="x" argumentValue="7"/></ArgumentAssignmentList></BaseMetaCommand></MetaCommand>"""
    found = compiled(commands_document(commands=child + command(ENTRY, X, name="B", attributes=' abstract="true"')))
    made = found.command("K")
    assert (made.lineage, made.assigned, made.container) == (("/S/B", "/S/K"), {"x": "7"}, "/S/B#")
    assert [each.name for each in made.arguments] == ["x"]
    assert made.open_arguments == ()


@covers("BlockMetaCommand", "BlockMetaCommand@name", "BlockMetaCommand@shortDescription", "MetaCommandStepList", "MetaCommandStep",
        "MetaCommandStep@metaCommandRef", "ArgumentAssigmentList")  # fmt: skip
def test_blocks_of_commands() -> None:
    block = """<BlockMetaCommand name="Both" shortDescription="s"><MetaCommandStepList><MetaCommandStep metaCommandRef="K">
      <ArgumentAssigmentList><ArgumentAssignment argumentName="x" argumentValue="1"/></ArgumentAssigmentList></MetaCommandStep>
      <MetaCommandStep metaCommandRef="K"/></MetaCommandStepList></BlockMetaCommand>"""
    found = loaded(commands_document(commands=block + command(ENTRY, X))).commanding.blocks["/S/Both"]
    assert (found.steps, found.short_description) == ((("/S/K", (("x", "1"),)), ("/S/K", ())), "s")


def test_fields_that_the_sender_fills_are_marked_by_ancillary_data() -> None:
    mark = '<AncillaryDataSet><AncillaryData name="aelita.sender">{}</AncillaryData></AncillaryDataSet>'
    argument = f'<Argument name="x" argumentTypeRef="a8">{mark.format("sequence_count")}</Argument>'
    fixed = f'<FixedValueEntry binaryValue="0000" sizeInBits="16">{mark.format("crc16")}</FixedValueEntry>'
    database = loaded(commands_document(commands=command(ENTRY + fixed, argument)))
    assert only(database).arguments[0].sender is SenderRole.SEQUENCE_COUNT
    assert sorted(role.value for role in database.commanding.senders.values()) == ["crc16", "sequence_count"]


def test_a_mark_that_is_not_known_leaves_the_command_out() -> None:
    mark = '<AncillaryDataSet><AncillaryData name="aelita.sender">parity</AncillaryData></AncillaryDataSet>'
    found = read(commands_document(commands=command(ENTRY, f'<Argument name="x" argumentTypeRef="a8">{mark}</Argument>')))
    assert found.commanding.commands == {}
    assert any("parity" in each.message and each.severity == "defect" for each in found.findings)


# ---- constraints, significance, verifiers


@covers(
    "TransmissionConstraintList", "TransmissionConstraint", "TransmissionConstraint@timeOut", "TransmissionConstraint@suspendable"
)
def test_transmission_constraints() -> None:
    more = """<TransmissionConstraintList><TransmissionConstraint timeOut="PT1M30S" suspendable="true">
      <Comparison parameterRef="mode" value="3"/></TransmissionConstraint><TransmissionConstraint>
      <Comparison parameterRef="volts" comparisonOperator="&lt;" value="30"/></TransmissionConstraint></TransmissionConstraintList>"""
    found = only(loaded(commands_document(commands=command(more=more)))).constraints
    assert found == (
        Constraint(Comparison(Reference("/S/mode"), Operator.EQUAL, "3"), 90.0, True),
        Constraint(Comparison(Reference("/S/volts"), Operator.LESS, "30")),
    )


@covers("DefaultSignificance", "DefaultSignificance@consequenceLevel", "DefaultSignificance@reasonForWarning",
        "DefaultSignificance@spaceSystemAtRisk", "ContextSignificanceList", "ContextSignificance", "Significance",
        "Significance@consequenceLevel", "Significance@reasonForWarning", "Significance@spaceSystemAtRisk")  # fmt: skip
def test_significance() -> None:
    more = """<DefaultSignificance consequenceLevel="vital" reasonForWarning="heats" spaceSystemAtRisk="S"/><ContextSignificanceList>
      <ContextSignificance><ContextMatch><Comparison parameterRef="mode" value="2"/></ContextMatch>
      <Significance consequenceLevel="critical" reasonForWarning="r" spaceSystemAtRisk="S"/></ContextSignificance>
      </ContextSignificanceList>"""
    found = only(loaded(commands_document(commands=command(more=more))))
    assert found.significance == Significance(Consequence.VITAL, "heats", "S")
    ((condition, chosen),) = found.context_significances
    assert (condition_text(condition), chosen) == ("/S/mode == 2", Significance(Consequence.CRITICAL, "r", "S"))


@pytest.mark.parametrize("word", ["none", "watch", "warning", "distress", "critical", "severe"])
def test_significance_of_xtce_1_1(word: str) -> None:
    text = commands_document(commands=command(more=f'<DefaultSignificance consequenceLevel="{word}"/>'), version="1.1")
    found = only(read(text)).significance.level
    assert (found.value, found.rank) == (
        word,
        {"none": 0, "watch": 1, "warning": 2, "distress": 3, "critical": 4, "severe": 5}[word],
    )


STAGES = {
    "TransferredToRangeVerifier": Stage.TRANSFERRED_TO_RANGE, "SentFromRangeVerifier": Stage.SENT_FROM_RANGE,
    "ReceivedVerifier": Stage.RECEIVED, "AcceptedVerifier": Stage.ACCEPTED, "QueuedVerifier": Stage.QUEUED,
    "ExecutionVerifier": Stage.EXECUTING, "CompleteVerifier": Stage.COMPLETE, "FailedVerifier": Stage.FAILED,
}  # fmt: skip
WINDOW = '<CheckWindow timeToStartChecking="PT1S" timeToStopChecking="PT5S" timeWindowIsRelativeTo="commandRelease"/>'


@covers("VerifierSet", "CheckWindow", "CheckWindow@timeToStartChecking", "CheckWindow@timeToStopChecking",
        "CheckWindow@timeWindowIsRelativeTo")  # fmt: skip
def test_windows_of_verifiers() -> None:
    inner = "<ContainerRef containerRef='C'/>"
    more = f"<VerifierSet><AcceptedVerifier>{inner}{WINDOW}</AcceptedVerifier><CompleteVerifier>{inner}" \
           '<CheckWindow timeToStopChecking="PT2S"/></CompleteVerifier></VerifierSet>'  # fmt: skip
    found = only(loaded(commands_document(commands=command(more=more)))).verifiers
    assert found == (
        Verifier(Stage.ACCEPTED, NewPacket("/S/C"), CheckWindow(5.0, 1.0, True)),
        Verifier(Stage.COMPLETE, NewPacket("/S/C"), CheckWindow(2.0)),
    )


@covers(
    "TransferredToRangeVerifier", "TransferredToRangeVerifier@name", "TransferredToRangeVerifier@shortDescription",
    "SentFromRangeVerifier", "SentFromRangeVerifier@name", "SentFromRangeVerifier@shortDescription",
    "ReceivedVerifier", "ReceivedVerifier@name", "ReceivedVerifier@shortDescription",
    "AcceptedVerifier", "AcceptedVerifier@name", "AcceptedVerifier@shortDescription",
    "QueuedVerifier", "QueuedVerifier@name", "QueuedVerifier@shortDescription",
    "ExecutionVerifier", "ExecutionVerifier@name", "ExecutionVerifier@shortDescription",
    "CompleteVerifier", "CompleteVerifier@name", "CompleteVerifier@shortDescription",
    "FailedVerifier", "FailedVerifier@name", "FailedVerifier@shortDescription",
)  # fmt: skip
@pytest.mark.parametrize("element", STAGES)
def test_verifiers_of_every_stage(element: str) -> None:
    more = f"""<VerifierSet><{element} name="v" shortDescription="s"><BooleanExpression><ORedConditions><Condition>
      <ParameterInstanceRef parameterRef="mode"/><ComparisonOperator>==</ComparisonOperator><Value>1</Value></Condition><Condition>
      <ParameterInstanceRef parameterRef="p"/><ComparisonOperator>==</ComparisonOperator><Value>2</Value></Condition></ORedConditions>
      </BooleanExpression>{WINDOW}</{element}></VerifierSet>"""
    (found,) = only(loaded(commands_document(commands=command(more=more)))).verifiers
    assert (found.stage, found.name, found.short_description) == (STAGES[element], "v", "s")
    assert isinstance(found.check, AnyOf)


@covers("ParameterValueChange", "Change", "Change@value", "PercentComplete", "ReturnParmRef", "ReturnParmRef@parameterRef")
def test_changes_of_values_progress_and_results() -> None:
    change = "<ParameterValueChange><ParameterRef parameterRef='p'/><Change value='1'/></ParameterValueChange>"
    more = f"""<VerifierSet><ExecutionVerifier>{change}{WINDOW}<PercentComplete><FixedValue>50</FixedValue></PercentComplete>
      </ExecutionVerifier><ExecutionVerifier>{change}{WINDOW}<PercentComplete><DynamicValue><ParameterInstanceRef parameterRef="p"/>
      </DynamicValue></PercentComplete></ExecutionVerifier><CompleteVerifier>{change}{WINDOW}<ReturnParmRef parameterRef="volts"/>
      </CompleteVerifier></VerifierSet>"""
    half, some, whole = only(loaded(commands_document(commands=command(more=more)))).verifiers
    assert half.check == ValueChange(Reference("/S/p"), 1.0)
    assert (half.percent, some.percent) == (50.0, DynamicSize(Reference("/S/p")))
    assert whole.returned == Reference("/S/volts")


def test_inherited_verifiers_are_replaced_but_for_execution_and_completion() -> None:
    def verifiers(*elements: str) -> str:
        inner = "".join(f"<{each}><ContainerRef containerRef='C'/>{WINDOW}</{each}>" for each in elements)
        return f"<VerifierSet>{inner}</VerifierSet>"

    base = command(name="B", more=verifiers("ReceivedVerifier", "AcceptedVerifier", "CompleteVerifier"))
    child = command(base='<BaseMetaCommand metaCommandRef="B"/>', more=verifiers("AcceptedVerifier", "CompleteVerifier"))
    found = [each.stage for each in compiled(commands_document(commands=base + child)).command("K").verifiers]
    assert found == [Stage.RECEIVED, Stage.COMPLETE, Stage.ACCEPTED, Stage.COMPLETE]


@covers("Interlock", "Interlock@scopeToSpaceSystem", "Interlock@verificationToWaitFor", "Interlock@verificationProgressPercentage",
        "Interlock@suspendable")  # fmt: skip
def test_interlock() -> None:
    more = """<Interlock scopeToSpaceSystem="S" verificationToWaitFor="executing" verificationProgressPercentage="30"
      suspendable="true"/>"""
    assert only(loaded(commands_document(commands=command(more=more)))).interlock == Interlock("S", Stage.EXECUTING, 30.0, True)
    assert only(loaded(commands_document(commands=command(more="<Interlock/>")))).interlock == Interlock("/S")


@covers("ParameterToSetList", "ParameterToSet", "ParameterToSet@parameterRef", "ParameterToSet@setOnVerification", "NewValue",
        "ParametersToSuspendAlarmsOnSet", "ParameterToSuspendAlarmsOn", "ParameterToSuspendAlarmsOn@parameterRef",
        "ParameterToSuspendAlarmsOn@suspenseTime", "ParameterToSuspendAlarmsOn@verifierToTriggerOn")  # fmt: skip
def test_what_changes_on_the_ground_with_a_command() -> None:
    more = """<ParameterToSetList><ParameterToSet parameterRef="p" setOnVerification="accepted"><NewValue>5</NewValue>
      </ParameterToSet><ParameterToSet parameterRef="mode"><NewValue>6</NewValue></ParameterToSet></ParameterToSetList>
      <ParametersToSuspendAlarmsOnSet><ParameterToSuspendAlarmsOn parameterRef="volts" suspenseTime="PT10S"
      verifierToTriggerOn="received"/></ParametersToSuspendAlarmsOnSet>"""
    found = only(loaded(commands_document(commands=command(more=more))))
    assert found.settings == (
        ParameterSetting(Reference("/S/p"), "5", (), Stage.ACCEPTED),
        ParameterSetting(Reference("/S/mode"), "6", (), Stage.COMPLETE),
    )
    assert found.suspensions == (AlarmSuspension(Reference("/S/volts"), 10.0, Stage.RECEIVED),)


def test_a_parameter_may_be_set_by_a_program() -> None:
    more = """<ParameterToSetList><ParameterToSet parameterRef="mode"><Derivation><ParameterInstanceRefOperand parameterRef="mode"/>
      <ValueOperand>1</ValueOperand><Operator>+</Operator></Derivation></ParameterToSet></ParameterToSetList>"""
    found = only(read(commands_document(commands=command(more=more))))  # the schema of XTCE 1.2 declares Derivation abstract
    assert found.settings == (ParameterSetting(Reference("/S/mode"), "", ("/S/mode", 1.0, "+"), Stage.COMPLETE),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT5S", 5), ("P1DT1H1M1.5S", 90061.5), ("PT0S", 0), ("-PT2S", -2), ("P1D", 86400), ("P1M", None), ("P", None), ("PT", None),
     ("5", None), ("", None), ("PT1S1M", None)],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


# ---- what is wrong

GOOD = command(ENTRY, X)
CHECKED = f"<VerifierSet><AcceptedVerifier><ContainerRef containerRef='C'/>{WINDOW}</AcceptedVerifier></VerifierSet>"
CONSTRAINED = """<TransmissionConstraintList><TransmissionConstraint timeOut="PT1S"><Comparison parameterRef="mode" value="3"/>
  </TransmissionConstraint></TransmissionConstraintList>"""
BASED = '<BaseMetaCommand metaCommandRef="B"/>'


@pytest.mark.parametrize(
    ("commands", "told", "left"),
    [
        (command(ENTRY, X.replace("a8", "a9")), "there is no argument type 'a9'", set()),
        (command('<ArgumentRefEntry argumentRef="y"/>', X), "the command has no argument 'y'", set()),
        (command(ENTRY, X + X), "an argument of this name already", set()),
        (GOOD + command(base='<BaseMetaCommand metaCommandRef="Q"/>', name="L"), "there is no command 'Q'", {"/S/K"}),
        (command(base=BASED) + command(base='<BaseMetaCommand metaCommandRef="K"/>', name="B"), "in a circle", set()),
        (command(base=BASED) + command(ENTRY, X.replace("a8", "a9"), name="B"), "left out", set()),
        (command(base=BASED, arguments=X) + command(ENTRY, X, name="B"), "an argument of this name already", {"/S/B"}),
        (command(ENTRY, X, more=CONSTRAINED.replace("PT1S", "soon")), "'soon' is not a duration", set()),
        (command(ENTRY, X, more=CONSTRAINED.replace("mode", "q")), "there is no parameter 'q'", set()),
        (command(ENTRY, X, more='<DefaultSignificance consequenceLevel="bad"/>'), "'bad' is not known", set()),
        (command(ENTRY, X, more=CHECKED.replace("'C'", "'Q'")), "there is no container 'Q'", {"/S/K"}),
        (command(ENTRY, X, more=CHECKED.replace("PT5S", "PT0S")), "before it starts", {"/S/K"}),
        (command('<FixedValueEntry binaryValue="XY" sizeInBits="8"/>'), "is not hexadecimal", set()),
        (GOOD + GOOD.replace('CommandContainer name="K"', 'CommandContainer name="K2"'), "a command of this name already", {"/S/K"}),
        (
            command(base=BASED.replace("/>", '><ArgumentAssignmentList><ArgumentAssignment argumentName="y" argumentValue="1"/>'
                                       "</ArgumentAssignmentList></BaseMetaCommand>")) + command(ENTRY, X, name="B"),
            "no argument 'y' to be assigned", {"/S/B"},
        ),
        (
            GOOD + '<BlockMetaCommand name="Z"><MetaCommandStepList><MetaCommandStep metaCommandRef="Q"/></MetaCommandStepList>'
            "</BlockMetaCommand>", "there is no command 'Q'", {"/S/K"},
        ),
    ],
)  # fmt: skip
def test_a_defect_leaves_out_what_it_is_in_and_is_told_with_its_line(commands: str, told: str, left: set[str]) -> None:
    database = read(commands_document(commands=commands))
    defects = [each for each in database.findings if each.severity == "defect"]
    assert any(told in each.message and each.line > 1 for each in defects), defects
    assert set(database.commanding.commands) == left
    compile_commands(database)


def test_a_type_with_a_defect_leaves_out_its_commands() -> None:
    database = read(one_argument('<IntegerDataEncoding sizeInBits="much"/>', "Integer", extra=""))
    assert all(each.severity == "defect" for each in database.findings)
    types = '<EnumeratedArgumentType name="T"><IntegerDataEncoding/><EnumerationList><Enumeration value="z" label="A"/>' \
            "</EnumerationList></EnumeratedArgumentType>"  # fmt: skip
    text = commands_document(types, command(ENTRY, X.replace("a8", "T")))
    database = read(text)
    assert database.commanding.commands == {}
    assert [each.severity for each in database.findings] == ["defect", "defect"]


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ('<PolynomialCalibrator><Term coefficient="1" exponent="2"/></PolynomialCalibrator>', "rises and falls"),
        ('<PolynomialCalibrator><Term coefficient="1" exponent="0"/></PolynomialCalibrator>', "same engineering value"),
        ('<SplineCalibrator><SplinePoint raw="0" calibrated="0"/><SplinePoint raw="1" calibrated="5"/>'
         '<SplinePoint raw="2" calibrated="1"/></SplineCalibrator>', "neither rises nor falls"),
        ("<MathOperationCalibrator><ThisParameterOperand></ThisParameterOperand><ValueOperand>2</ValueOperand><Operator>*</Operator>"
         "</MathOperationCalibrator>", "not inverted"),
    ],
)  # fmt: skip
def test_calibrators_that_cannot_be_inverted_are_reported(inner: str, reason: str) -> None:
    text = f'<IntegerDataEncoding sizeInBits="8" encoding="twosComplement"><DefaultCalibrator>{inner}</DefaultCalibrator></IntegerDataEncoding>'
    database = read(one_argument(text, "Float"))
    assert [(each.element, each.severity) for each in database.findings] == [("FloatArgumentType 'T'", "unsupported")]
    assert reason in database.findings[0].message


def test_names_of_the_yamcs_server() -> None:
    """Documents for Yamcs mean an argument of the command by /yamcs/cmd/arg; other names of the server are nobody's."""
    verifier = CHECKED.replace("<ContainerRef containerRef='C'/>", '<Comparison parameterRef="/yamcs/cmd/arg/x" value="3"/>')
    found = only(loaded(commands_document(commands=command(ENTRY, X, more=verifier)))).verifiers
    assert found[0].check == Comparison(Reference("#x"), Operator.EQUAL, "3")
    database = read(commands_document(commands=command('<ParameterRefEntry parameterRef="/yamcs/cmd/username"/>')))
    assert [(each.element, each.severity) for each in database.findings] == [("ParameterRefEntry", "unsupported")]


def test_telemetry_is_read_whatever_the_commands_are() -> None:
    good = read(commands_document(commands=GOOD))
    bad = read(commands_document(commands="<MetaCommand/><Nonsense/>", types="<IntegerArgumentType/>"))
    assert (good.types, good.parameters, good.containers) == (bad.types, bad.parameters, bad.containers)
    assert {each.severity for each in bad.findings} == {"defect", "unsupported"}
