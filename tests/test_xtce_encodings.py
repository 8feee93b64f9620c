"""Encodings and calibrators of XTCE."""

import pytest

from aelita.mdb.calibration import UNUSABLE, Calibration, MathOperation, Polynomial, Spline
from aelita.mdb.conditions import AllOf, AnyOf, Comparison, Operator, Reference
from aelita.mdb.types import (
    REST,
    BinaryEncoding,
    BinaryType,
    ByteOrder,
    DynamicSize,
    Encoding,
    FloatEncoding,
    FloatScheme,
    IntegerEncoding,
    IntegerScheme,
    IntegerType,
    LookupSize,
    StringEncoding,
)
from xtce_text import INTEGER, covers, document, findings, load, read


def encoding_of(text: str, kind: str = "Integer", parameters: str = "") -> Encoding | None:
    types = f'{INTEGER}<{kind}ParameterType name="T">{text}</{kind}ParameterType>'
    found = load(types, f'<Parameter name="n" parameterTypeRef="u8"/>{parameters}').types["/S/T"]
    return getattr(found, "encoding")  # noqa: B009


@covers("IntegerDataEncoding", "IntegerDataEncoding@sizeInBits", "IntegerDataEncoding@encoding", "IntegerParameterType")
@pytest.mark.parametrize("scheme", list(IntegerScheme))
def test_integer_schemes(scheme: IntegerScheme) -> None:
    text = f'<IntegerDataEncoding sizeInBits="12" encoding="{scheme.value}"/>'
    assert encoding_of(text) == IntegerEncoding(12, scheme)


def test_defaults_of_encodings() -> None:
    assert encoding_of("<IntegerDataEncoding/>") == IntegerEncoding(8, IntegerScheme.UNSIGNED)
    assert encoding_of("<FloatDataEncoding/>", "Float") == FloatEncoding(32, FloatScheme.IEEE754)


@pytest.mark.parametrize(("old", "scheme"), [("twosCompliment", "twosComplement"), ("onesCompliment", "onesComplement")])
def test_spelling_of_xtce_1_1(old: str, scheme: str) -> None:
    types = f'<IntegerParameterType name="T"><IntegerDataEncoding sizeInBits="9" encoding="{old}"/></IntegerParameterType>'
    assert read(document(types, version="1.1")).types["/S/T"].encoding == IntegerEncoding(9, IntegerScheme(scheme))  # type: ignore[union-attr]


@covers("FloatDataEncoding", "FloatDataEncoding@sizeInBits", "FloatDataEncoding@encoding", "FloatParameterType")
@pytest.mark.parametrize(
    ("text", "bits", "scheme"),
    [
        ("IEEE754", 16, FloatScheme.IEEE754),
        ("IEEE754_1985", 64, FloatScheme.IEEE754),
        ("MILSTD_1750A", 48, FloatScheme.MILSTD_1750A),
        ("MILSTD_1750A", 16, FloatScheme.MILSTD_1750A),
    ],
)
def test_float_schemes(text: str, bits: int, scheme: FloatScheme) -> None:
    found = encoding_of(f'<FloatDataEncoding sizeInBits="{bits}" encoding="{text}"/>', "Float")
    assert found == FloatEncoding(bits, scheme)


@pytest.mark.parametrize(
    ("kind", "text", "bits", "told"),
    [
        ("Float", '<FloatDataEncoding sizeInBits="64" encoding="DEC"/>', 64, "DEC"),
        ("Float", '<FloatDataEncoding sizeInBits="32" encoding="IBM"/>', 32, "IBM"),
        ("Float", '<FloatDataEncoding sizeInBits="48" encoding="TI"/>', 48, "TI"),
        ("Float", '<FloatDataEncoding sizeInBits="80" encoding="IEEE754"/>', 80, "80 bits"),
        ("Integer", '<IntegerDataEncoding sizeInBits="65"/>', 65, "at most 64"),
    ],
)
def test_numbers_that_are_not_decoded_stay_as_octets_and_are_reported(kind: str, text: str, bits: int, told: str) -> None:
    types = f'<{kind}ParameterType name="T">{text}</{kind}ParameterType>'
    found = read(document(types))
    assert found.types["/S/T"] == BinaryType(found.types["/S/T"].facts, BinaryEncoding(bits))
    assert [told in finding.message and finding.severity == "unsupported" for finding in found.findings][:1] == [True]
    assert found.findings[0].line == 4


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("Float", '<FloatDataEncoding sizeInBits="24"/>', "no IEEE754_1985 floats of 24 bits"),
        ("Float", '<FloatDataEncoding encoding="VAX"/>', "'VAX' is not known"),
        ("Integer", '<IntegerDataEncoding sizeInBits="0"/>', "0 is not between 1 and"),
        ("Integer", '<IntegerDataEncoding sizeInBits="eight"/>', "'eight' is not a whole number"),
        ("Integer", '<IntegerDataEncoding encoding="gray"/>', "'gray' is not known"),
        ("Integer", '<IntegerDataEncoding bitOrder="any"/>', "'any' is not known"),
        ("Integer", '<IntegerDataEncoding sizeInBits="16" byteOrder="2,1,0"/>', "contradicts the size of 16 bits"),
        ("Integer", '<IntegerDataEncoding sizeInBits="16" byteOrder="1,1"/>', "contradicts the size of 16 bits"),
        ("Integer", '<IntegerDataEncoding sizeInBits="16" byteOrder="middle"/>', "'middle' is not known"),
        ("Binary", "<BinaryDataEncoding/>", "has no SizeInBits"),
        ("Binary", "<BinaryDataEncoding><SizeInBits/></BinaryDataEncoding>", "none of FixedValue"),
        ("Binary", "<BinaryDataEncoding><SizeInBits><FixedValue>0</FixedValue></SizeInBits></BinaryDataEncoding>", "0 bits"),
        ("String", "<StringDataEncoding/>", "neither SizeInBits nor Variable"),
        ("String", '<StringDataEncoding encoding="EBCDIC"/>', "'EBCDIC' is not known"),
        ("String", '<StringDataEncoding><Variable maxSizeInBits="8"/></StringDataEncoding>', "size cannot be known"),
    ],
)
def test_contradictions_are_told_with_their_line_and_their_values_are_not_decoded(kind: str, text: str, told: str) -> None:
    database = read(document(f'{INTEGER}<{kind}ParameterType name="T">\n{text}</{kind}ParameterType>'))
    assert getattr(database.types["/S/T"], "encoding") is None  # noqa: B009
    assert database.types["/S/u8"].encoding is not None  # type: ignore[union-attr]
    defects = [found for found in database.findings if found.severity == "defect"]
    assert [(found.file, found.line) for found in defects] == [("0.xml", 5)]
    assert told in defects[0].message
    assert "its values are not decoded" in defects[0].message


@covers(
    "IntegerDataEncoding@byteOrder", "IntegerDataEncoding@bitOrder", "FloatDataEncoding@byteOrder", "FloatDataEncoding@bitOrder"
)
@pytest.mark.parametrize(
    ("attributes", "order"),
    [
        ('byteOrder="mostSignificantByteFirst"', ByteOrder()),
        ('byteOrder="leastSignificantByteFirst"', ByteOrder((0, 1, 2, 3))),
        ('byteOrder="3,2,1,0"', ByteOrder()),
        ('byteOrder="2,3,0,1"', ByteOrder((2, 3, 0, 1))),
        ('bitOrder="leastSignificantBitFirst"', ByteOrder((), True)),
    ],
)
def test_byte_and_bit_order(attributes: str, order: ByteOrder) -> None:
    assert encoding_of(f'<IntegerDataEncoding sizeInBits="32" {attributes}/>') == IntegerEncoding(32, byte_order=order)
    assert encoding_of(f'<FloatDataEncoding sizeInBits="32" {attributes}/>', "Float") == FloatEncoding(32, byte_order=order)


def test_byte_order_list_of_xtce_1_1() -> None:
    listed = "".join(f'<Byte byteSignificance="{n}"/>' for n in (0, 1, 3, 2))
    encoding = f'<IntegerDataEncoding sizeInBits="32"><ByteOrderList>{listed}</ByteOrderList></IntegerDataEncoding>'
    found = read(document(f'<IntegerParameterType name="T">{encoding}</IntegerParameterType>', version="1.1"))
    assert found.types["/S/T"].encoding == IntegerEncoding(32, byte_order=ByteOrder((0, 1, 3, 2)))  # type: ignore[union-attr]
    assert found.findings == ()


@covers(
    "BinaryDataEncoding", "BinaryParameterType", "SizeInBits", "FixedValue", "DynamicValue", "ParameterInstanceRef",
    "ParameterInstanceRef@parameterRef", "LinearAdjustment", "LinearAdjustment@slope", "LinearAdjustment@intercept",
    "DiscreteLookupList", "DiscreteLookup", "DiscreteLookup@value", "Comparison@value",
)  # fmt: skip
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("<FixedValue>24</FixedValue>", 24),
        ("<FixedValue>-1</FixedValue>", REST),
        ('<DynamicValue><ParameterInstanceRef parameterRef="n"/></DynamicValue>', DynamicSize(Reference("/S/n"))),
        (
            '<DynamicValue><ParameterInstanceRef parameterRef="n" useCalibratedValue="false"/>'
            '<LinearAdjustment slope="8" intercept="-64"/></DynamicValue>',
            DynamicSize(Reference("/S/n", calibrated=False), 8.0, -64.0),
        ),
        (
            '<DiscreteLookupList><DiscreteLookup value="8"><Comparison parameterRef="n" value="1"/></DiscreteLookup>'
            '<DiscreteLookup value="16"><ComparisonList><Comparison parameterRef="n" comparisonOperator="&gt;" value="1"/>'
            "</ComparisonList></DiscreteLookup></DiscreteLookupList>",
            LookupSize(
                (
                    (Comparison(Reference("/S/n"), Operator.EQUAL, "1"), 8),
                    (AllOf((Comparison(Reference("/S/n"), Operator.GREATER, "1"),)), 16),
                )
            ),
        ),
    ],
)
def test_sizes_of_binary(text: str, size: object) -> None:
    found = encoding_of(f"<BinaryDataEncoding><SizeInBits>{text}</SizeInBits></BinaryDataEncoding>", "Binary")
    assert isinstance(found, BinaryEncoding)
    assert found.size == size


LENGTH = '<DynamicValue><ParameterInstanceRef parameterRef="n"/><LinearAdjustment slope="8"/></DynamicValue>'


@covers(
    "StringDataEncoding", "StringDataEncoding@encoding", "StringParameterType", "Fixed", "TerminationChar", "LeadingSize",
    "LeadingSize@sizeInBitsOfSizeTag", "Variable", "Variable@maxSizeInBits",
)  # fmt: skip
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<SizeInBits><Fixed><FixedValue>48</FixedValue></Fixed></SizeInBits>", StringEncoding(size=48)),
        (
            "<SizeInBits><Fixed><FixedValue>48</FixedValue></Fixed><TerminationChar>00</TerminationChar></SizeInBits>",
            StringEncoding(size=48, termination=b"\0"),
        ),
        (
            '<SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed><LeadingSize sizeInBitsOfSizeTag="8"/></SizeInBits>',
            StringEncoding(size=64, length_prefix_bits=8),
        ),
        (
            f'<Variable maxSizeInBits="800">{LENGTH}</Variable>',
            StringEncoding(size=DynamicSize(Reference("/S/n"), 8.0), max_bits=800),
        ),
        (
            f'<Variable maxSizeInBits="800">{LENGTH}<LeadingSize/><TerminationChar>0D0A</TerminationChar></Variable>',
            StringEncoding(size=DynamicSize(Reference("/S/n"), 8.0), length_prefix_bits=16, max_bits=800),
        ),
        (
            '<Variable maxSizeInBits="80"><DynamicValue><ParameterInstanceRef parameterRef="_yamcs_ignore"/></DynamicValue>'
            "<TerminationChar>0D0A</TerminationChar></Variable>",
            StringEncoding(termination=b"\r\n", max_bits=80),
        ),
    ],
)
def test_sizes_of_strings(text: str, found: StringEncoding) -> None:
    assert encoding_of(f"<StringDataEncoding>{text}</StringDataEncoding>", "String") == found


@pytest.mark.parametrize("charset", ["US-ASCII", "ISO-8859-1", "Windows-1252", "UTF-8", "UTF-16LE", "UTF-32BE"])
def test_character_encodings(charset: str) -> None:
    size = "<SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed></SizeInBits>"
    found = encoding_of(f'<StringDataEncoding encoding="{charset}">{size}</StringDataEncoding>', "String")
    assert found == StringEncoding(charset, 64)


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("<LeadingSize sizeInBitsOfSizeTag='8'/>", StringEncoding(length_prefix_bits=8, max_bits=256)),
        ("<TerminationChar>00</TerminationChar>", StringEncoding(termination=b"\0", max_bits=256)),
    ],
)
def test_strings_without_a_buffer_of_xtce_1_3(inner: str, found: StringEncoding) -> None:
    encoding = f'<StringDataEncoding><Variable maxSizeInBits="256">{inner}</Variable></StringDataEncoding>'
    database = read(document(f'<StringParameterType name="T">{encoding}</StringParameterType>', version="1.3"))
    assert database.types["/S/T"].encoding == found  # type: ignore[union-attr]
    assert database.findings == ()


def test_string_of_xtce_1_1_with_a_termination_alone() -> None:
    encoding = "<StringDataEncoding><SizeInBits><TerminationChar>00</TerminationChar></SizeInBits></StringDataEncoding>"
    database = read(document(f'<StringParameterType name="T">{encoding}</StringParameterType>', version="1.1"))
    assert database.types["/S/T"].encoding == StringEncoding(termination=b"\0")  # type: ignore[union-attr]


def test_string_of_half_a_code_unit_is_a_defect() -> None:
    encoding = "<StringDataEncoding encoding='UTF-16'><SizeInBits><Fixed><FixedValue>24</FixedValue></Fixed></SizeInBits></StringDataEncoding>"
    found = read(document(f'<StringParameterType name="T">{encoding}</StringParameterType>')).findings
    assert ["24 bits are no whole number of UTF-16 code units" in each.message for each in found] == [True]


def calibration_of(text: str, operand: str = "") -> Calibration:
    found = encoding_of(f'<IntegerDataEncoding sizeInBits="16">{text}</IntegerDataEncoding>', "Float", operand)
    assert isinstance(found, IntegerEncoding)
    return found.calibration


@covers("DefaultCalibrator", "DefaultCalibrator@name", "PolynomialCalibrator", "Term", "Term@coefficient", "Term@exponent")
def test_polynomials() -> None:
    text = '<Term coefficient="-2.5e-1" exponent="3"/><Term coefficient="7" exponent="0"/>'
    default = f'<DefaultCalibrator name="c"><PolynomialCalibrator>{text}</PolynomialCalibrator></DefaultCalibrator>'
    assert calibration_of(default) == Calibration(Polynomial((7.0, 0.0, 0.0, -0.25)))


@covers("SplineCalibrator", "SplineCalibrator@order", "SplineCalibrator@extrapolate", "SplinePoint", "SplinePoint@raw",
        "SplinePoint@calibrated")  # fmt: skip
def test_splines() -> None:
    points = '<SplinePoint raw="0" calibrated="-5"/><SplinePoint raw="10" calibrated="5.5"/>'
    text = "<DefaultCalibrator><SplineCalibrator{}>" + points + "</SplineCalibrator></DefaultCalibrator>"
    assert calibration_of(text.format("")) == Calibration(Spline((0.0, 10.0), (-5.0, 5.5), 1, False))
    stepped = calibration_of(text.format(' order="0" extrapolate="true"'))
    assert stepped.default == Spline((0.0, 10.0), (-5.0, 5.5), 0, True)


@covers("MathOperationCalibrator", "ValueOperand", "ThisParameterOperand", "Operator", "ParameterInstanceRefOperand",
        "ParameterInstanceRefOperand@parameterRef")  # fmt: skip
def test_math_operations() -> None:
    program = (
        "<ValueOperand>0.5</ValueOperand><ThisParameterOperand/><Operator>*</Operator>"
        '<ParameterInstanceRefOperand parameterRef="n"/><Operator>+</Operator>'
    )
    default = f"<DefaultCalibrator><MathOperationCalibrator>{program}</MathOperationCalibrator></DefaultCalibrator>"
    assert calibration_of(default) == Calibration(MathOperation((0.5, "THIS", "*", "/S/n", "+")))


@covers("ContextCalibratorList", "ContextCalibrator", "ContextMatch", "Calibrator")
def test_context_calibrators_in_order() -> None:
    contexts = "".join(
        f'<ContextCalibrator><ContextMatch><Comparison parameterRef="n" value="{n}"/></ContextMatch><Calibrator>'
        f'<PolynomialCalibrator><Term coefficient="{n}" exponent="1"/></PolynomialCalibrator></Calibrator></ContextCalibrator>'
        for n in (2, 1)
    )
    found = calibration_of(f"<ContextCalibratorList>{contexts}</ContextCalibratorList>")
    assert found.default is None
    assert [(condition.right, chosen.coefficients) for condition, chosen in found.contexts] == [  # type: ignore[union-attr]
        ("2", (0.0, 2.0)),
        ("1", (0.0, 1.0)),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<PolynomialCalibrator/>", "holds no Term"),
        ("<SplineCalibrator/>", "holds no SplinePoint"),
        ("<MathOperationCalibrator/>", "0 values are left"),
        ("<MathOperationCalibrator><ValueOperand>3</ValueOperand><Operator>+</Operator></MathOperationCalibrator>", "too few"),
        ("<MathOperationCalibrator><ValueOperand>3</ValueOperand><Operator>foo</Operator></MathOperationCalibrator>", "'foo'"),
        (
            '<SplineCalibrator><SplinePoint raw="1" calibrated="3"/><SplinePoint raw="1" calibrated="2"/></SplineCalibrator>',
            "same raw",
        ),
        ('<PolynomialCalibrator><Term coefficient="x" exponent="1"/></PolynomialCalibrator>', "'x' is not a number"),
        ("", "holds none of PolynomialCalibrator"),
    ],
)
def test_wrong_calibrator_is_reported_and_gives_no_value(text: str, told: str) -> None:
    encoding = f"<IntegerDataEncoding><DefaultCalibrator>{text}</DefaultCalibrator></IntegerDataEncoding>"
    database = read(document(f'<FloatParameterType name="T">{encoding}</FloatParameterType>'))
    assert database.types["/S/T"].encoding.calibration.default is UNUSABLE  # type: ignore[union-attr]
    assert any(finding.severity == "defect" and told in finding.message and finding.line == 4 for finding in database.findings)


def test_context_of_a_parameter_that_nobody_defines_never_holds() -> None:
    contexts = """<ContextCalibrator><ContextMatch><Comparison parameterRef="nowhere" value="1"/></ContextMatch><Calibrator>
      <PolynomialCalibrator><Term coefficient="2" exponent="1"/></PolynomialCalibrator></Calibrator></ContextCalibrator>
      <ContextCalibrator><Calibrator/></ContextCalibrator>"""
    encoding = f"<IntegerDataEncoding><ContextCalibratorList>{contexts}</ContextCalibratorList></IntegerDataEncoding>"
    database = read(document(f'{INTEGER}<IntegerParameterType name="T">{encoding}</IntegerParameterType>'))
    found = database.types["/S/T"]
    assert isinstance(found, IntegerType) and isinstance(found.encoding, IntegerEncoding)
    assert found.encoding.calibration == Calibration(None, ((AnyOf(()), Polynomial((0.0, 2.0))),))
    dangling, incomplete = (each for each in database.findings if each.severity == "defect")
    assert (dangling.severity, dangling.line) == ("defect", 4)
    assert "there is no parameter 'nowhere' to be seen from /S; this context never holds" in dangling.message
    assert (incomplete.severity, incomplete.message) == ("defect", "needs a ContextMatch and a Calibrator: it is never used")


def test_splines_of_higher_order_are_lines_and_reported() -> None:
    points = "".join(f'<SplinePoint raw="{n}" calibrated="{n * n}"/>' for n in range(3))
    spline = f'<DefaultCalibrator><SplineCalibrator order="2">{points}</SplineCalibrator></DefaultCalibrator>'
    types = f'<FloatParameterType name="T"><IntegerDataEncoding>{spline}</IntegerDataEncoding></FloatParameterType>'
    assert [finding.message for finding in findings(types)] == ["splines of order 2 are read as lines between their points"]
