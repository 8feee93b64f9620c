"""Commands encoded to octets, held against a plain bit-by-bit truth, the decoder of telemetry and space-packet-parser."""

import io
import struct
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.errors import DataError, UsageError
from aelita.mdb import (
    YAMCS,
    CommandError,
    CompiledCommands,
    Fault,
    SenderFields,
    SenderRole,
    command_sentence,
    compile_commands,
    decode_command,
    encode_command,
    holds_now,
)
from aelita.octets import crc16
from aelita.telemetry.interpret import interpret
from aelita.time import tai_ns_from_utc
from command_material import Spec, specs
from xtce_command_text import command, commands_document, compiled, one_argument
from xtce_text import read

X = '<Argument name="x" argumentTypeRef="a8"/>'
ENTRY = '<ArgumentRefEntry argumentRef="x"/>'


def document_of(chosen: list[Spec]) -> str:
    names = [f"{spec.kind}Argument" for spec in chosen]
    types = "".join(
        f'<{name}Type name="t{k}" {spec.attributes}>{spec.inner}</{name}Type>'
        for k, (name, spec) in enumerate(zip(names, chosen, strict=True))
    )
    entries = "".join(f'<ArgumentRefEntry argumentRef="x{k}"/>' for k in range(len(chosen)))
    arguments = "".join(f'<Argument name="x{k}" argumentTypeRef="t{k}"/>' for k in range(len(chosen)))
    return commands_document(types, command(entries, arguments))


def commands_of(text: str) -> CompiledCommands:
    return compile_commands(read(text))


# ---- against the plain truth


@given(specs(), st.randoms())
@settings(max_examples=200, deadline=None)
def test_every_bit_of_any_arguments_in_any_order(chosen: list[Spec], chance: Any) -> None:
    found = commands_of(document_of(chosen))
    given_now = {f"x{k}": spec.value for k, spec in enumerate(chosen)}
    shuffled = list(given_now)
    chance.shuffle(shuffled)
    made = encode_command(found, "K", {name: given_now[name] for name in shuffled})
    truth = "".join(spec.bits for spec in chosen)
    truth += "0" * (-len(truth) % 8)
    assert made.octets == bytes(int(truth[at : at + 8], 2) for at in range(0, len(truth), 8))
    places, at = [], 0
    for spec in chosen:
        places.append((at, len(spec.bits)))
        at += len(spec.bits)
    assert [(each.first_bit, each.bits) for each in made.fields] == places
    assert made.arguments == {f"x{k}": spec.back for k, spec in enumerate(chosen)}
    back = decode_command(found, made.octets)
    assert (back.name, back.arguments, back.remarks) == ("/S/K", made.arguments, ())


@given(specs())
@settings(max_examples=100, deadline=None)
def test_the_interpreter_of_telemetry_reads_the_same_raw_values(chosen: list[Spec]) -> None:
    found = commands_of(document_of(chosen))
    made = encode_command(found, "K", {f"x{k}": spec.value for k, spec in enumerate(chosen)})
    seen = interpret(found.view, "/S/K#", made.octets)
    assert seen.faults == ()
    for field, value in zip(made.fields, seen.values, strict=True):
        assert value == field.raw or (isinstance(value, bytes) and value.rstrip(b"\0") == field.raw)


@given(specs().filter(lambda chosen: all("signMag" not in s.inner and "BCD" not in s.inner and "ones" not in s.inner and
                                         s.kind in ("Integer", "Float", "Enumerated") for s in chosen)))  # fmt: skip
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore:Number of bits parsed")  # bits that fill the last octet
def test_space_packet_parser_reads_the_same_values(chosen: list[Spec]) -> None:
    """The command's container, described as a container of telemetry behind a header, read by an independent package."""
    made = encode_command(commands_of(document_of(chosen)), "K", {f"x{k}": spec.value for k, spec in enumerate(chosen)})
    types = "".join(
        f'<{spec.kind}ParameterType name="t{k}" signed="{"true" if "twos" in spec.inner else "false"}">{spec.inner}</{spec.kind}ParameterType>'
        if spec.kind == "Integer" else f'<{spec.kind}ParameterType name="t{k}">{spec.inner}</{spec.kind}ParameterType>'
        for k, spec in enumerate(chosen)
    )  # fmt: skip
    head = [("version", 3), ("type", 1), ("sec", 1), ("apid", 11), ("flags", 2), ("count", 14), ("length", 16)]
    types += "".join(
        f'<IntegerParameterType name="h{name}" signed="false"><IntegerDataEncoding sizeInBits="{bits}" encoding="unsigned"/>'
        "</IntegerParameterType>"
        for name, bits in head
    )
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="h{name}"/>' for name, _ in head)
    parameters += "".join(f'<Parameter name="x{k}" parameterTypeRef="t{k}"/>' for k in range(len(chosen)))
    entries = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name, _ in head)
    entries += "".join(f'<ParameterRefEntry parameterRef="x{k}"/>' for k in range(len(chosen)))
    text = f"""<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="S"><TelemetryMetaData><ParameterTypeSet>{types}
      </ParameterTypeSet><ParameterSet>{parameters}</ParameterSet><ContainerSet><SequenceContainer name="CCSDSPacket"><EntryList>
      {entries}</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    definition = XtcePacketDefinition.from_xtce(io.StringIO(text))
    packet = struct.pack(">HHH", 0x1801, 0xC000, len(made.octets) - 1) + made.octets
    seen = definition.parse_bytes(packet, root_container_name="CCSDSPacket")
    for k, spec in enumerate(chosen):
        assert seen[f"x{k}"] == spec.back


# ---- engineering to raw


def encoded(text: str, value: Any, **named: Any) -> Any:
    return encode_command(compiled(text), "K", {"x": value}, **named)


def calibrated(inner: str, encoding: str = 'IntegerDataEncoding sizeInBits="16"') -> str:
    return one_argument(
        f"<{encoding}><DefaultCalibrator>{inner}</DefaultCalibrator></{encoding.split()[0]}>", "Float", 'sizeInBits="64"'
    )


@pytest.mark.parametrize(
    ("terms", "value", "raw"),
    [
        ({0: 0.0, 1: 0.1}, 12.3, 123),
        ({0: -50.0, 1: 0.5}, -50, 0),
        ({0: -50.0, 1: 0.5}, 10.2, 120),
        ({0: 10.0, 1: -0.25}, 0, 40),
        ({0: 1.0, 1: 2.0, 2: 0.5}, 1 + 2 * 300 + 0.5 * 300**2, 300),
        ({3: 1e-6}, 1e-6 * 777**3, 777),
    ],
)
def test_polynomials_are_inverted(terms: dict[int, float], value: float, raw: int) -> None:
    inner = "".join(f'<Term coefficient="{c!r}" exponent="{e}"/>' for e, c in terms.items())
    made = encoded(calibrated(f"<PolynomialCalibrator>{inner}</PolynomialCalibrator>"), value)
    assert int.from_bytes(made.octets) == raw
    assert made.arguments["x"] == pytest.approx(sum(c * raw**e for e, c in terms.items()))


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.integers(0, 65535))
@settings(max_examples=100, deadline=None)
def test_the_nearest_raw_value_is_taken(offset: float, slope: float, raw: int) -> None:
    inner = f'<Term coefficient="{offset!r}" exponent="0"/><Term coefficient="{slope!r}" exponent="1"/>'
    text = calibrated(f"<PolynomialCalibrator>{inner}</PolynomialCalibrator>")
    value = offset + slope * raw
    made = encode_command(commands_of(text), "K", {"x": value})
    exact = (Fraction(value) - Fraction(offset)) / Fraction(slope)
    assert abs(int.from_bytes(made.octets) - exact) <= Fraction(1, 2)


SPLINE = """<SplineCalibrator order="{}" extrapolate="{}"><SplinePoint raw="0" calibrated="10"/><SplinePoint raw="100" calibrated="20"/>
  <SplinePoint raw="200" calibrated="50"/></SplineCalibrator>"""


@pytest.mark.parametrize(
    ("order", "extrapolate", "value", "raw"),
    [(1, "false", 15, 50), (1, "false", 35, 150), (1, "false", 50, 200), (1, "true", 80, 300), (0, "false", 20, 100)],
)
def test_splines_are_inverted(order: int, extrapolate: str, value: float, raw: int) -> None:
    assert int.from_bytes(encoded(calibrated(SPLINE.format(order, extrapolate)), value).octets) == raw


@pytest.mark.parametrize(
    ("order", "value", "told"),
    [(1, 9, "outside of 10 to 50"), (1, 51, "outside of 10 to 50"), (0, 15, "none of the values 10, 20, 50")],
)
def test_what_a_spline_does_not_reach(order: int, value: float, told: str) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        encoded(calibrated(SPLINE.format(order, "false")), value)
    assert [each.fault for each in caught.value.problems] == [Fault.REPRESENTATION]


def test_a_context_calibrator_is_chosen_by_what_the_ground_knows() -> None:
    def line(factor: str) -> str:
        return f'<PolynomialCalibrator><Term coefficient="{factor}" exponent="1"/></PolynomialCalibrator>'

    text = one_argument(
        f"""<IntegerDataEncoding sizeInBits="8"><DefaultCalibrator>{line("1")}</DefaultCalibrator><ContextCalibratorList>
        <ContextCalibrator><ContextMatch><Comparison parameterRef="mode" value="2"/></ContextMatch>
        <Calibrator>{line("0.5")}</Calibrator></ContextCalibrator></ContextCalibratorList></IntegerDataEncoding>""", "Float"
    )  # fmt: skip
    assert encoded(text, 10, parameters={"/S/mode": 2}).octets == b"\x14"
    assert encoded(text, 10, parameters={"/S/mode": 1}).octets == b"\x0a"
    with pytest.raises(CommandError, match="not known"):
        encoded(text, 10)


EPOCHED = (
    '<Encoding scale="{}" {}><IntegerDataEncoding sizeInBits="{}"/></Encoding><ReferenceTime><Epoch>{}</Epoch></ReferenceTime>'
)


@pytest.mark.parametrize(
    ("epoch", "scale", "bits", "utc", "raw"),
    [
        ("UNIX", 1, 32, "2018-07-06T11:41:18Z", 1530877278),
        ("GPS", 1, 32, "2018-01-01T00:00:00Z", 1198800018),
        ("2000-01-01T00:00:00Z", 2.0**-16, 48, "2000-01-01T00:00:01.5Z", 0x18000),
        ("TAI", 1, 32, "2000-01-01T00:00:00Z", 1325376032),
    ],
)
def test_absolute_times(epoch: str, scale: float, bits: int, utc: str, raw: int) -> None:
    text = one_argument(EPOCHED.format(scale, "", bits, epoch), "AbsoluteTime")
    for given_now in (utc, tai_ns_from_utc(utc)):
        made = encoded(text, given_now)
        assert int.from_bytes(made.octets) == raw
        assert made.arguments["x"] == tai_ns_from_utc(utc)
    assert decode_command(compiled(text), made.octets).arguments == {"x": tai_ns_from_utc(utc)}


def test_times_that_count_from_a_parameter() -> None:
    text = one_argument(
        '<Encoding><IntegerDataEncoding sizeInBits="32"/></Encoding><ReferenceTime><OffsetFrom parameterRef="p"/></ReferenceTime>',
        "AbsoluteTime",
    )
    now = tai_ns_from_utc("2026-01-01T00:00:00")
    assert encoded(text, "2026-01-01T00:00:10", parameters={"/S/p": now}).octets == (10).to_bytes(4)
    with pytest.raises(CommandError, match="which is not known; give its raw value"):
        encoded(text, "2026-01-01T00:00:10")
    assert encode_command(compiled(text), "K", raw={"x": 77}).octets == (77).to_bytes(4)


@pytest.mark.parametrize(("value", "raw"), [(5, 5000), ("PT1.5S", 1500), (0.001, 1), ("2.5", 2500)])
def test_relative_times(value: Any, raw: int) -> None:
    text = one_argument('<Encoding scale="0.001"><IntegerDataEncoding sizeInBits="32"/></Encoding>', "RelativeTime")
    made = encoded(text, value)
    assert int.from_bytes(made.octets) == raw
    assert made.arguments["x"] == raw / 1000


@pytest.mark.parametrize("bits", [16, 32, 48])
@given(value=st.one_of(st.floats(-1e5, 1e5), st.floats(-1e-3, 1e-3), st.integers(-500, 500)))
@settings(max_examples=80, deadline=None)
def test_floats_of_mil_std_1750a_are_the_nearest(bits: int, value: float) -> None:
    found = commands_of(
        one_argument(f'<FloatDataEncoding sizeInBits="{bits}" encoding="MILSTD_1750A"/>', "Float", 'sizeInBits="64"')
    )
    octets = encode_command(found, "K", {"x": value}).octets
    (read_back,) = interpret(found.view, "/S/K#", octets).values
    assert isinstance(read_back, float)
    fraction_bits = {16: 10, 32: 24, 48: 40}[bits]
    least = 2.0 ** (-(2 ** ({16: 6, 32: 8, 48: 8}[bits] - 1)) - fraction_bits)
    assert abs(read_back - value) <= max(abs(value) * 2.0 ** (1 - fraction_bits), 2 * least)


def test_mil_std_1750a_examples() -> None:
    """Values of the standard's own table, as published in many places: 0.5 is 400000 00, -1.0 is 800000 00, 25.63 is 668A3D 05."""
    found = compiled(one_argument('<FloatDataEncoding sizeInBits="32" encoding="MILSTD_1750A"/>', "Float"))
    for value, octets in ((0.5, "40000000"), (-1.0, "80000000"), (1.0, "40000001"), (0.0, "00000000"), (-0.25, "800000FE")):
        assert encode_command(found, "K", {"x": value}).octets.hex().upper() == octets


# ---- every fault by name, all at once

LABELS = """<EnumeratedArgumentType name="e"><IntegerDataEncoding/><EnumerationList><Enumeration value="0" label="OFF"/>
  <Enumeration value="1" label="ON"/><Enumeration value="2" label="ON"/><Enumeration value="3" maxValue="5" label="SPAN"/>
  </EnumerationList></EnumeratedArgumentType><FloatArgumentType name="v"><FloatDataEncoding sizeInBits="32"/><ValidRangeSet>
  <ValidRange minInclusive="0" maxExclusive="5"/><ValidRange minExclusive="10" maxInclusive="20"/></ValidRangeSet></FloatArgumentType>
  <StringArgumentType name="s" restrictionPattern="[A-Z]+"><StringDataEncoding encoding="US-ASCII"><SizeInBits><Fixed><FixedValue>32
  </FixedValue></Fixed></SizeInBits></StringDataEncoding><SizeRangeInCharacters minInclusive="1" maxInclusive="6"/></StringArgumentType>
  <BinaryArgumentType name="b"><BinaryDataEncoding><SizeInBits><FixedValue>16</FixedValue></SizeInBits></BinaryDataEncoding>
  </BinaryArgumentType><BooleanArgumentType name="t"><IntegerDataEncoding/></BooleanArgumentType>"""
MANY = {"n": "a8", "e": "e", "v": "v", "s": "s", "b": "b", "t": "t"}
FINE: dict[str, Any] = {"n": 7, "e": "OFF", "v": 1.5, "s": "ABC", "b": b"\1\2", "t": True}


def many() -> CompiledCommands:
    arguments = "".join(f'<Argument name="{name}" argumentTypeRef="{kind}"/>' for name, kind in MANY.items())
    return compiled(
        commands_document(LABELS, command("".join(f'<ArgumentRefEntry argumentRef="{name}"/>' for name in MANY), arguments))
    )


@pytest.mark.parametrize(
    ("changed", "fault", "told"),
    [
        ({"n": 256}, Fault.REPRESENTATION, "256 does not fit into 8 bits: 0 to 255"),
        ({"n": -1}, Fault.REPRESENTATION, "-1 does not fit"),
        ({"n": 1.5}, Fault.TYPE, "1.5 is not a whole number"),
        ({"n": "seven"}, Fault.TYPE, "'seven' is not a whole number"),
        ({"n": True}, Fault.TYPE, "True is not a whole number"),
        ({"n": float("nan")}, Fault.TYPE, "nan is not a whole number"),
        ({"n": [1]}, Fault.TYPE, "not a whole number"),
        ({"e": "BROKEN"}, Fault.LABEL, "'BROKEN' is none of the labels OFF (0), ON (1), ON (2), SPAN (3)"),
        ({"e": 9}, Fault.LABEL, "9 has no label"),
        ({"e": "ON"}, Fault.AMBIGUOUS, "the label 'ON' stands for 1, 2; give the number"),
        ({"e": "SPAN"}, Fault.AMBIGUOUS, "the label 'SPAN' stands for 3 to 5; give the number"),
        ({"v": 5}, Fault.RANGE, "5 is not in [0, 5) or (10, 20]"),
        ({"v": 10}, Fault.RANGE, "10 is not in [0, 5) or (10, 20]"),
        ({"v": "fast"}, Fault.TYPE, "'fast' is not a number"),
        ({"v": float("inf")}, Fault.REPRESENTATION, "inf is not finite"),
        ({"s": "abc"}, Fault.RANGE, "'abc' does not match the pattern [A-Z]+"),
        ({"s": ""}, Fault.RANGE, "it has 0 characters, and 1 to 6 are lawful"),
        ({"s": "ABCDE"}, Fault.SIZE, "it needs 40 bits, and its field has 32"),
        ({"s": 5}, Fault.TYPE, "5 is not text"),
        ({"b": b"\1"}, Fault.SIZE, "it has 8 bits, and its field has exactly 16"),
        ({"b": "0x1"}, Fault.TYPE, "neither octets nor their hexadecimal digits in pairs"),
        ({"b": 12}, Fault.TYPE, "neither octets"),
        ({"t": "perhaps"}, Fault.TYPE, "'perhaps' is neither 'True' nor 'False'"),
        ({"t": 2}, Fault.TYPE, "2 is neither"),
        ({"q": 1}, Fault.UNKNOWN, "no such argument; arguments are n, e, v, s, b, t"),
        ({"n": None}, Fault.MISSING, "it is missing"),
    ],
)
def test_faults_of_arguments(changed: dict[str, Any], fault: Fault, told: str) -> None:
    asked = {name: value for name, value in {**FINE, **changed}.items() if value is not None}
    with pytest.raises(CommandError) as caught:
        encode_command(many(), "K", asked)
    (problem,) = caught.value.problems
    assert (problem.argument, problem.fault) == (next(iter(changed)), fault)
    assert told in problem.what
    assert problem.what in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(CommandError) as caught:
        encode_command(many(), "K", {"n": 300, "e": "ON", "v": 7, "s": 3, "b": b"", "q": 1})
    assert [each.argument for each in caught.value.problems] == ["q", "n", "e", "v", "s", "b", "t"]
    assert caught.value.where == "/S/K"


def test_numbers_of_labels_are_taken() -> None:
    assert encode_command(many(), "K", {**FINE, "e": 4}).octets[1] == 4
    assert encode_command(many(), "K", {**FINE, "e": "2"}).octets[1] == 2


@pytest.mark.parametrize("value", [float("nan"), None, object(), [[]], {"a": 1}, "", b"", 10**400, -(10**400), "9" * 200, "0x"])
@pytest.mark.parametrize("name", MANY)
def test_bad_values_of_any_kind_are_refused_in_words(name: str, value: Any) -> None:
    with pytest.raises(UsageError):
        encode_command(many(), "K", {**FINE, name: value})


def test_commands_that_cannot_be_sent() -> None:
    text = commands_document(
        commands=command(ENTRY, X, name="Base", attributes=' abstract="true"')
        + '<MetaCommand name="Empty"/>'
        + command(name="Pin")
    )
    found = compiled(text)
    with pytest.raises(UsageError, match="abstract"):
        encode_command(found, "Base", {"x": 1})
    with pytest.raises(UsageError, match="no CommandContainer"):
        encode_command(found, "Empty")
    with pytest.raises(UsageError, match="Similar names: Pin"):
        encode_command(found, "Ping")


# ---- defaults, fixed values, inheritance


def test_defaults_and_fixed_arguments() -> None:
    types = '<IntegerArgumentType name="d" initialValue="9"><IntegerDataEncoding/></IntegerArgumentType>'
    base = command(
        '<ArgumentRefEntry argumentRef="a"/><ArgumentRefEntry argumentRef="b"/><ArgumentRefEntry argumentRef="c"/>',
        '<Argument name="a" argumentTypeRef="a8"/><Argument name="b" argumentTypeRef="d"/>'
        '<Argument name="c" argumentTypeRef="d" initialValue="8"/>', name="Base", attributes=' abstract="true"',
    )  # fmt: skip
    child = """<MetaCommand name="K"><BaseMetaCommand metaCommandRef="Base"><ArgumentAssignmentList>
      <ArgumentAssignment argumentName="a" argumentValue="0x11"/></ArgumentAssignmentList></BaseMetaCommand><ArgumentList>
      <Argument name="x" argumentTypeRef="a8"/></ArgumentList><CommandContainer name="K"><EntryList>
      <FixedValueEntry binaryValue="A" sizeInBits="4"/><FixedValueEntry binaryValue="05" sizeInBits="4"/>
      <ArgumentRefEntry argumentRef="x"/></EntryList><BaseContainer containerRef="Base"/></CommandContainer></MetaCommand>"""
    found = commands_of(commands_document(types, base + child))
    assert encode_command(found, "K", {"x": 1}).octets == bytes([0x11, 9, 8, 0xA5, 1])
    assert encode_command(found, "K", {"x": 1, "b": 2}).octets == bytes([0x11, 2, 8, 0xA5, 1])
    with pytest.raises(CommandError, match="a: the command fixes it to '0x11'"):
        encode_command(found, "K", {"x": 1, "a": 3})
    back = decode_command(found, bytes([0x11, 2, 8, 0xA5, 1]))
    assert back.arguments == {"a": 0x11, "b": 2, "c": 8, "x": 1}
    with pytest.raises(DataError, match="none of the commands"):
        decode_command(found, bytes([0x12, 2, 8, 0xA5, 1]))
    assert [each.kind for each in back.fields] == ["assigned", "argument", "argument", "fixed", "fixed", "argument"]


def test_a_parameter_in_the_packet_is_what_the_ground_knows() -> None:
    found = compiled(commands_document(commands=command('<ParameterRefEntry parameterRef="p"/>')))
    assert encode_command(found, "K", parameters={"/S/p": 66}).octets == b"B"
    with pytest.raises(CommandError, match="nobody gives its value"):
        encode_command(found, "K")


def test_restriction_criteria_of_the_base_are_met() -> None:
    shared = '<CommandContainer name="H"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></CommandContainer>'
    text = """<MetaCommand name="K"><CommandContainer name="K"><EntryList/><BaseContainer containerRef="H"><RestrictionCriteria>
      <Comparison parameterRef="p" value="17"/></RestrictionCriteria></BaseContainer></CommandContainer></MetaCommand>"""
    found = compiled(commands_document(commands=text, containers=shared))
    assert encode_command(found, "K").octets == b"\x11"
    assert decode_command(found, b"\x11").name == "/S/K"


# ---- sizes that arguments decide

LISTED = """<ArrayArgumentType name="L" arrayTypeRef="{}"><DimensionList><Dimension><StartingIndex><FixedValue>0</FixedValue>
  </StartingIndex><EndingIndex><DynamicValue><ArgumentInstanceRef argumentRef="n"/><LinearAdjustment intercept="-1"/></DynamicValue>
  </EndingIndex></Dimension></DimensionList></ArrayArgumentType>"""
PAIR = """<AggregateArgumentType name="P"><MemberList><Member name="id" typeRef="a8"/><Member name="value" typeRef="w"/></MemberList>
  </AggregateArgumentType><IntegerArgumentType name="w"><IntegerDataEncoding sizeInBits="16" encoding="twosComplement"/>
  </IntegerArgumentType>"""
COUNTED = '<Argument name="n" argumentTypeRef="a8"/><Argument name="l" argumentTypeRef="L"/>'
COUNTED_ENTRIES = '<ArgumentRefEntry argumentRef="n"/><ArgumentRefEntry argumentRef="l"/>'


def listed(element: str) -> CompiledCommands:
    return compiled(commands_document(PAIR + LISTED.format(element), command(COUNTED_ENTRIES, COUNTED)))


@given(st.lists(st.integers(0, 255), max_size=200))
@settings(max_examples=30, deadline=None)
def test_a_list_is_as_long_as_it_is_counted(values: list[int]) -> None:
    found = listed("a8")
    truth = bytes([len(values), *values])
    assert encode_command(found, "K", {"l": values, "n": len(values)}).octets == truth
    assert encode_command(found, "K", {"l": values}).octets == truth  # the count is that of the list
    assert decode_command(found, truth).arguments == {"n": len(values), "l": values}
    with pytest.raises(CommandError, match="elements, and"):
        encode_command(found, "K", {"l": values, "n": len(values) + 1})


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(-32768, 32767)), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_lists_of_structures(values: list[tuple[int, int]]) -> None:
    found = listed("P")
    asked = [{"id": a, "value": b} for a, b in values]
    truth = bytes([len(values)]) + b"".join(struct.pack(">Bh", a, b) for a, b in values)
    made = encode_command(found, "K", {"l": asked})
    assert (made.octets, made.arguments) == (truth, {"n": len(values), "l": asked})
    assert decode_command(found, truth).arguments == {"n": len(values), "l": asked}
    assert made.fields[2].name == "l[0].value"


def test_faults_inside_structures_are_named_to_the_member() -> None:
    with pytest.raises(CommandError) as caught:
        encode_command(listed("P"), "K", {"l": [{"id": 1, "value": 2}, {"id": 256, "worth": 3}, 5]})
    assert {(each.argument, each.fault) for each in caught.value.problems} == {
        ("l[1].worth", Fault.UNKNOWN),
        ("l[1].value", Fault.MISSING),
        ("l[1].id", Fault.REPRESENTATION),
        ("l[2]", Fault.TYPE),
    }


BLOB = """<BinaryArgumentType name="B"><BinaryDataEncoding><SizeInBits><DynamicValue><ArgumentInstanceRef argumentRef="n"/>
  <LinearAdjustment slope="8"/></DynamicValue></SizeInBits></BinaryDataEncoding></BinaryArgumentType>"""


@given(st.binary(max_size=255))
@settings(max_examples=30, deadline=None)
def test_octets_are_as_many_as_they_are_counted(data: bytes) -> None:
    found = compiled(commands_document(BLOB, command(COUNTED_ENTRIES, COUNTED.replace('"L"', '"B"'))))
    truth = bytes([len(data)]) + data
    assert encode_command(found, "K", {"l": data}).octets == truth
    assert decode_command(found, truth).arguments == {"n": len(data), "l": data}
    with pytest.raises(DataError):
        decode_command(found, truth + b"\0")


def test_an_entry_that_an_argument_includes() -> None:
    entries = """<ArgumentRefEntry argumentRef="x"/><ArgumentRefEntry argumentRef="y"><IncludeCondition><Comparison value="1">
      <ArgumentInstanceRef argumentRef="x"/></Comparison></IncludeCondition></ArgumentRefEntry>"""
    found = compiled(
        commands_document(commands=command(entries, X + '<Argument name="y" argumentTypeRef="a8" initialValue="9"/>'))
    )
    assert encode_command(found, "K", {"x": 1}).octets == b"\1\x09"
    assert encode_command(found, "K", {"x": 2}).octets == b"\2"
    assert decode_command(found, b"\1\x09").arguments == {"x": 1, "y": 9}


# ---- what the sender fills in

MARK = '<AncillaryDataSet><AncillaryData name="aelita.sender">{}</AncillaryData></AncillaryDataSet>'


def packet(body: str = ENTRY, arguments: str = X) -> CompiledCommands:
    """A space packet whose count, length and packet error control the sender fills."""
    fixed = "".join(
        f'<FixedValueEntry name="{name}" binaryValue="{value}" sizeInBits="{bits}">{MARK.format(role) if role else ""}</FixedValueEntry>'
        for name, value, bits, role in (
            ("id", "1C23", 16, ""), ("flags", "03", 2, ""), ("count", "0000", 14, "sequence_count"), ("length", "0000", 16, "packet_length"),
        )
    )  # fmt: skip
    last = f'<FixedValueEntry name="pec" binaryValue="0000" sizeInBits="16">{MARK.format("crc16")}</FixedValueEntry>'
    return compiled(commands_document(commands=command(fixed + body + last, arguments)))


@given(st.integers(0, 255), st.integers(0, 0x3FFF))
@settings(max_examples=30, deadline=None)
def test_count_length_and_checksum_are_right(x: int, count: int) -> None:
    made = encode_command(packet(), "K", {"x": x}, sequence_count=count)
    head = struct.pack(">HHH", 0x1C23, 0xC000 | count, 2) + bytes([x])
    assert made.octets == head + crc16(head).to_bytes(2)
    assert encode_command(packet(), "K", {"x": x}).numbered(count) == made
    back = decode_command(packet(), made.octets)
    assert (back.sequence_count, back.arguments, back.remarks) == (count, {"x": x}, ())


def test_a_wrong_length_or_checksum_is_remarked() -> None:
    good = encode_command(packet(), "K", {"x": 5}).octets
    assert "checksum" not in str(decode_command(packet(), good).remarks)
    bad = bytearray(good)
    bad[5] += 1
    remarks = decode_command(packet(), bytes(bad)).remarks
    assert len(remarks) == 2
    assert "10 octets, and it has 9" in remarks[0]


def test_the_sender_fills_header_and_checksum_that_the_database_leaves_to_yamcs() -> None:
    body = '<FixedValueEntry binaryValue="1C23C0000000" sizeInBits="48"/>' + ENTRY
    found = compiled(commands_document(commands=command(body, X)))
    made = encode_command(found, "K", {"x": 5}, sender=YAMCS, sequence_count=77)
    head = struct.pack(">HHH", 0x1C23, 0xC000 | 77, 2) + b"\5"
    assert made.octets == head + crc16(head).to_bytes(2)
    assert decode_command(found, encode_command(found, "K", {"x": 5}).octets, sender=SenderFields()).arguments == {"x": 5}


def test_the_sender_fills_arguments_by_name() -> None:
    found = compiled(commands_document(commands=command('<ArgumentRefEntry argumentRef="x"/><ArgumentRefEntry argumentRef="y"/>',
                                                       X + X.replace('"x"', '"y"'))))  # fmt: skip
    sender = SenderFields({"y": SenderRole.SEQUENCE_COUNT})
    assert encode_command(found, "K", {"x": 5}, sender=sender, sequence_count=9).octets == b"\5\x09"
    with pytest.raises(CommandError, match="y: the sender of the packet fills it"):
        encode_command(found, "K", {"x": 5, "y": 1}, sender=sender)
    with pytest.raises(UsageError, match="does not fit into 8 bits"):
        encode_command(found, "K", {"x": 5}, sender=sender, sequence_count=256)


# ---- reading and telling


def test_the_most_particular_command_is_meant() -> None:
    general = command(ENTRY + '<ArgumentRefEntry argumentRef="y"/>', X + X.replace('"x"', '"y"'), name="Any")
    exact = """<MetaCommand name="One"><BaseMetaCommand metaCommandRef="Any"><ArgumentAssignmentList>
      <ArgumentAssignment argumentName="x" argumentValue="1"/></ArgumentAssignmentList></BaseMetaCommand></MetaCommand>"""
    found = commands_of(commands_document(commands=general + exact + exact.replace('"One"', '"Uno"')))
    assert decode_command(found, b"\2\3").name == "/S/Any"
    back = decode_command(found, b"\1\3")
    assert (back.name, back.others) == ("/S/One", ("/S/Uno",))


@given(st.binary(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_octets_are_read_or_refused_in_words(octets: bytes) -> None:
    for found in (packet(), many(), listed("P")):
        try:
            decode_command(found, octets)
        except DataError as error:
            assert "none of the commands" in str(error)


def test_a_sentence_of_what_a_command_will_do() -> None:
    types = """<FloatArgumentType name="v"><UnitSet><Unit>V</Unit></UnitSet><FloatDataEncoding sizeInBits="32"/></FloatArgumentType>"""
    more = '<DefaultSignificance consequenceLevel="critical" reasonForWarning="it may burn"/>'
    text = command('<ArgumentRefEntry argumentRef="level"/>', '<Argument name="level" argumentTypeRef="v"/>',
                   attributes=' shortDescription="Set the heater voltage"', more=more)  # fmt: skip
    found = compiled(commands_document(types, text))
    made = encode_command(found, "K", {"level": 2.5})
    told = "Set the heater voltage: level 2.5 V. This command is critical (it may burn)."
    assert command_sentence(found, made) == told
    assert command_sentence(found, decode_command(found, made.octets)) == told


@pytest.mark.parametrize(
    ("mode", "volts", "answer"), [(3, 28.0, True), (3, 31.0, False), (None, 31.0, False), (None, 28.0, None), (2, None, False)]
)
def test_constraints_hold_fail_or_are_not_known(mode: int | None, volts: float | None, answer: bool | None) -> None:
    more = """<TransmissionConstraintList><TransmissionConstraint><BooleanExpression><ANDedConditions><Condition>
      <ParameterInstanceRef parameterRef="mode"/><ComparisonOperator>==</ComparisonOperator><Value>3</Value></Condition><Condition>
      <ParameterInstanceRef parameterRef="volts"/><ComparisonOperator>&lt;</ComparisonOperator><Value>30</Value></Condition>
      </ANDedConditions></BooleanExpression></TransmissionConstraint></TransmissionConstraintList>"""
    (found,) = compiled(commands_document(commands=command(more=more))).command("K").constraints
    known = {"/S/mode": mode, "/S/volts": volts}
    assert holds_now(found.condition, lambda reference: known[reference.parameter]) is answer


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_members_that_are_as_long_as_another_member_says(values: list[bytes]) -> None:
    """A structure of a length and octets, as documents for Yamcs write it, in a list that another argument counts."""
    types = """<BinaryArgumentType name="o"><BinaryDataEncoding><SizeInBits><DynamicValue>
      <ParameterInstanceRef parameterRef="n" xmlns:y="http://yamcs.org/schema/xtce" y:aggregateMember="true"/>
      <LinearAdjustment slope="8"/></DynamicValue></SizeInBits></BinaryDataEncoding></BinaryArgumentType><AggregateArgumentType name="P">
      <MemberList><Member name="n" typeRef="a8"/><Member name="octets" typeRef="o"/></MemberList></AggregateArgumentType>""" + LISTED.format(
        "P"
    )
    found = commands_of(commands_document(types, command(COUNTED_ENTRIES, COUNTED)))
    asked = [{"n": len(each), "octets": each} for each in values]
    truth = bytes([len(values)]) + b"".join(bytes([len(each)]) + each for each in values)
    assert encode_command(found, "K", {"l": asked}).octets == truth
    assert decode_command(found, truth).arguments == {"n": len(values), "l": asked}
    wrong = [*asked[:-1], {"n": len(values[-1]) + 1, "octets": values[-1]}]
    with pytest.raises(CommandError, match="its field has exactly"):
        encode_command(found, "K", {"l": wrong})
