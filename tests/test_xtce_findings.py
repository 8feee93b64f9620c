"""What of a document is not acted upon is reported: nothing is silently ignored."""

import pytest

from xtce_text import INTEGER, NAMESPACES, document, findings, legal, read

COMMANDS = """<CommandMetaData>
<ParameterTypeSet><IntegerParameterType name="t"><IntegerDataEncoding/></IntegerParameterType></ParameterTypeSet>
<ParameterSet><Parameter name="counter" parameterTypeRef="t"/></ParameterSet>
<ArgumentTypeSet><IntegerArgumentType name="a"><IntegerDataEncoding/></IntegerArgumentType></ArgumentTypeSet>
<MetaCommandSet><MetaCommand name="ping"><ArgumentList><Argument name="x" argumentTypeRef="a"/></ArgumentList>
<CommandContainer name="ping"><EntryList><ParameterRefEntry parameterRef="counter"/><ArgumentRefEntry argumentRef="x"/>
<FixedValueEntry binaryValue="00" sizeInBits="8"/></EntryList></CommandContainer>
<VerifierSet><CompleteVerifier><ContainerRef containerRef="C"/><CheckWindow timeToStopChecking="PT5S"/></CompleteVerifier></VerifierSet>
</MetaCommand><MetaCommand name="pong"><BaseMetaCommand metaCommandRef="ping"/><CommandContainer name="pong"><EntryList/>
<BaseContainer containerRef="ping"/></CommandContainer></MetaCommand></MetaCommandSet>
<CommandContainerSet><CommandContainer name="head"><EntryList/></CommandContainer></CommandContainerSet>
</CommandMetaData>"""
CONTAINER = '<SequenceContainer name="C"><EntryList/></SequenceContainer>'


def test_commands_are_read_and_leave_nothing_to_report() -> None:
    database = read(legal(document(containers=CONTAINER, more=COMMANDS)))
    assert list(database.parameters) == ["/S/counter"]
    assert list(database.commanding.commands) == ["/S/ping", "/S/pong"]
    assert database.findings == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('argumentTypeRef="a"', 'argumentTypeRef="q"', "there is no argument type 'q' to be seen from /S"),
        ('metaCommandRef="ping"', 'metaCommandRef="q"', "there is no command 'q'"),
        ('parameterRef="counter"', 'parameterRef="q"', "there is no parameter 'q'"),
        ('containerRef="C"', 'containerRef="/X/q"', "there is no container '/X/q'"),
        ('argumentRef="x"', 'argumentRef="q"', "the command has no argument 'q'; the command cannot be sent. Arguments are x"),
        ('MetaCommand name="pong"', 'MetaCommand name="ping"', "has a command of this name already"),
    ],
)
def test_defects_of_commands_are_named(old: str, new: str, told: str) -> None:
    found = read(document(containers=CONTAINER, more=COMMANDS.replace(old, new))).findings
    assert any(each.severity == "defect" and told in each.message for each in found)


def test_names_made_by_the_yamcs_server_are_left_alone() -> None:
    text = COMMANDS.replace('parameterRef="counter"', 'parameterRef="/yamcs/cmd/arg/x"')
    assert not [each for each in read(document(containers=CONTAINER, more=text)).findings if each.severity == "defect"]


STREAM = """<FixedFrameStream name="s" frameLengthInBits="800"><ContainerRef containerRef="C"/>
<SyncStrategy><SyncPattern pattern="1ACFFC1D" patternLengthInBits="32"/></SyncStrategy></FixedFrameStream>"""
MESSAGE = '<Message name="m"><MatchCriteria><Comparison parameterRef="p" value="1"/></MatchCriteria><ContainerRef containerRef="C"/></Message>'


def test_streams_services_and_messages_are_reported() -> None:
    text = f"""<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S"><TelemetryMetaData><ParameterTypeSet>{INTEGER}</ParameterTypeSet>
      <ParameterSet><Parameter name="p" parameterTypeRef="u8"/></ParameterSet><ContainerSet>{CONTAINER}</ContainerSet>
      <MessageSet>{MESSAGE}</MessageSet><StreamSet>{STREAM}</StreamSet></TelemetryMetaData>
      <ServiceSet><Service name="v"><ContainerRefSet><ContainerRef containerRef="C"/></ContainerRefSet></Service></ServiceSet></SpaceSystem>"""
    assert [found.element for found in read(legal(text)).findings] == ["MessageSet", "StreamSet", "ServiceSet"]


CRC = "<ErrorDetectCorrect><CRC><Polynomial>1021</Polynomial></CRC></ErrorDetectCorrect>"
TRANSFORM = "<FromBinaryTransformAlgorithm name='x'><AlgorithmText>y</AlgorithmText></FromBinaryTransformAlgorithm>"


@pytest.mark.parametrize(
    ("types", "element", "told"),
    [
        (f'<IntegerParameterType name="T"><IntegerDataEncoding>{CRC}</IntegerDataEncoding></IntegerParameterType>',
         "ErrorDetectCorrect", "checksums"),
        ('<IntegerParameterType name="T"><IntegerDataEncoding changeThreshold="3"/></IntegerParameterType>',
         "IntegerDataEncoding", "attribute changeThreshold: every change is kept"),
        (f'<BinaryParameterType name="T"><BinaryDataEncoding><SizeInBits><FixedValue>8</FixedValue></SizeInBits>{TRANSFORM}'
         "</BinaryDataEncoding></BinaryParameterType>", "FromBinaryTransformAlgorithm 'x'", "not transformed"),
        ('<StringParameterType name="T" restrictionPattern="a+" characterWidth="8"><SizeRangeInCharacters minInclusive="1"/>'
         "</StringParameterType>", "SizeRangeInCharacters", "not checked"),
        ('<IntegerParameterType name="T"><ToString><NumberFormat numberBase="Hexadecimal"/></ToString></IntegerParameterType>',
         "ToString", "not used"),
        ('<IntegerParameterType name="T"><AncillaryDataSet><AncillaryData name="x">y</AncillaryData></AncillaryDataSet>'
         "</IntegerParameterType>", "AncillaryDataSet", "not used (1 of them)"),
    ],
)  # fmt: skip
def test_parts_of_types_that_are_not_used(types: str, element: str, told: str) -> None:
    assert (element, True) in {(found.element, told in found.message) for found in findings(types)}


@pytest.mark.parametrize(
    ("inner", "element"),
    [
        ("<SystemName>EPS</SystemName>", "SystemName"),
        ('<ValidityCondition><Comparison parameterRef="p" value="1"/></ValidityCondition>', "ValidityCondition"),
        ('<PhysicalAddressSet><PhysicalAddress sourceName="RAM"/></PhysicalAddressSet>', "PhysicalAddressSet"),
        ('<TimeAssociation parameterRef="p"/>', "TimeAssociation"),
    ],
)
def test_properties_that_are_not_used(inner: str, element: str) -> None:
    text = f'<Parameter name="p" parameterTypeRef="u8"><ParameterProperties>{inner}</ParameterProperties></Parameter>'
    assert [found.element for found in findings(INTEGER, text)] == [element]


def test_header_texts_and_rates_are_reported_as_harmless() -> None:
    header = '<Header validationStatus="Test" classification="Secret"><AuthorSet><Author>A</Author></AuthorSet></Header>'
    text = f"""<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S">{header}<TelemetryMetaData><ContainerSet>
      <SequenceContainer name="C" idlePattern="0xFF"><DefaultRateInStream maximumValue="3"/><EntryList/></SequenceContainer>
      </ContainerSet></TelemetryMetaData></SpaceSystem>"""
    found = read(legal(text)).findings
    assert {each.element for each in found} == {"Header", "AuthorSet", "SequenceContainer 'C'", "DefaultRateInStream"}
    assert {each.severity for each in found} == {"ignored"}


def test_next_container_is_reported() -> None:
    text = f"""{CONTAINER}<SequenceContainer name="D"><EntryList/><BaseContainer containerRef="C"><RestrictionCriteria>
      <Comparison parameterRef="p" value="1"/><NextContainer containerRef="C"/></RestrictionCriteria></BaseContainer></SequenceContainer>"""
    assert [found.element for found in findings(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>', text)] == [
        "NextContainer"
    ]


def test_unknown_elements_and_attributes_are_reported() -> None:
    text = document(
        INTEGER.replace("signed=", 'colour="red" signed='), '<Parameter name="p" parameterTypeRef="u8"><Hue/></Parameter><Q/>'
    )
    assert [(found.element, found.message) for found in read(text).findings] == [
        ("IntegerParameterType 'u8'", "attribute colour: not used"),
        ("Hue", "not used"),
        ("Q", "not used"),
    ]
