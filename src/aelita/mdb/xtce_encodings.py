"""Data encodings and calibrators of XTCE: integer, float, string and binary."""

import re
from collections.abc import Callable
from functools import partial

from .calibration import UNUSABLE, Calibration, Calibrator, MathOperation, Polynomial, Spline
from .types import (
    REST,
    BinaryEncoding,
    ByteOrder,
    DynamicSize,
    Encoding,
    FloatEncoding,
    FloatScheme,
    IntegerEncoding,
    IntegerScheme,
    LookupSize,
    Size,
    StringEncoding,
)
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_values import NEVER, criteria, dynamic_size, flag, integer, lookup_size, real, size, word

ENCODINGS = ("IntegerDataEncoding", "FloatDataEncoding", "StringDataEncoding", "BinaryDataEncoding")
INTEGER_SCHEMES = {scheme.value: scheme for scheme in IntegerScheme} | {
    "twosCompliment": IntegerScheme.TWOS_COMPLEMENT,  # the spelling of XTCE 1.1
    "onesCompliment": IntegerScheme.ONES_COMPLEMENT,
}
FLOAT_SCHEMES = {"IEEE754_1985": FloatScheme.IEEE754, "IEEE754": FloatScheme.IEEE754, "MILSTD_1750A": FloatScheme.MILSTD_1750A}
FLOAT_BITS = {FloatScheme.IEEE754: (16, 32, 64), FloatScheme.MILSTD_1750A: (16, 32, 48)}
OTHER_FLOATS = ("DEC", "IBM", "TI")
CHARSETS = {
    "US-ASCII": 1, "ISO-8859-1": 1, "Windows-1252": 1, "UTF-8": 1, "UTF-16": 2, "UTF-16LE": 2, "UTF-16BE": 2,
    "UTF-32": 4, "UTF-32LE": 4, "UTF-32BE": 4,
}  # fmt: skip
BIT_ORDERS = {"mostSignificantBitFirst": False, "leastSignificantBitFirst": True}
IGNORED_PARAMETER = "_yamcs_ignore"  # Yamcs: fills the place of a DynamicValue that the schema of XTCE 1.2 demands
LEADING_SIZE = re.compile(r"LeadingSizeBinaryDecoder\(\s*(8|16|24|32)\s*\)")  # an algorithm of Yamcs
TOLD_P_FIELD = re.compile(r"TimeBinaryDecoder\(.*implicitP[fF]ield\s*:\s*(0[xX][0-9a-fA-F]{1,2}|[1-9]\d{0,2})\b", re.DOTALL)
MOST_INTEGER_BITS = 64
MOST_EXPONENT = 100
ONE_OPERAND = frozenset(
    ["ln", "log", "e^x", "1/x", "x!", "tan", "cos", "sin", "atan", "acos", "asin", "tanh", "cosh", "sinh", "atanh", "acosh",
     "asinh", "!", "abs", "int", "~"]
)  # fmt: skip
TWO_OPERANDS = frozenset(
    ["+", "-", "*", "/", "%", "^", "y^x", "atan2", "<<", ">>", "&", "|", "&&", "||", "div", ">", ">=", "<", "<=", "==", "!=",
     "min", "max", "xor"]
)  # fmt: skip
STACK = {"swap": (2, 2), "drop": (1, 0), "dup": (1, 2), "over": (2, 3)}  # operators that only move values: taken and left
OPERATORS = ONE_OPERAND | TWO_OPERANDS | STACK.keys()


def encoding(names: Names, owner: Node) -> Encoding | None:
    """Return the encoding that a type or time encoding holds; None when it holds none.

    An encoding that Aelita cannot decode is reported and kept as octets of its size, so that what follows stays in place.
    """
    node = owner.child(*ENCODINGS)
    if node is None:
        return None
    if node.name == "IntegerDataEncoding":
        return _integer(names, node)
    if node.name == "FloatDataEncoding":
        return _float(names, node)
    if node.name == "StringDataEncoding":
        return _string(names, node)
    return binary(names, node)


def _integer(names: Names, node: Node) -> Encoding:
    bits = integer(node, node.get("sizeInBits", "8"), 1, 2**20)
    scheme = word(node, "encoding", INTEGER_SCHEMES, "unsigned")
    order = byte_order(names, node, bits)
    if bits > MOST_INTEGER_BITS:
        names.report(node, f"integers of {bits} bits are kept as octets: at most {MOST_INTEGER_BITS} are decoded")
        return BinaryEncoding(bits)
    return IntegerEncoding(bits, scheme, order, calibration(names, node))


def _float(names: Names, node: Node) -> Encoding:
    bits, text = integer(node, node.get("sizeInBits", "32"), 1, 2**20), node.get("encoding", "IEEE754_1985").strip()
    order = byte_order(names, node, bits)
    if text in OTHER_FLOATS:
        names.report(node, f"floats of encoding {text} are kept as octets: they are not decoded")
        return BinaryEncoding(bits)
    scheme = word(node, "encoding", FLOAT_SCHEMES, "IEEE754_1985")
    if bits not in FLOAT_BITS[scheme]:
        sizes = ", ".join(map(str, FLOAT_BITS[scheme]))
        if bits not in (40, 48, 80, 128):
            node.refuse(f"there are no {text} floats of {bits} bits", f"Sizes are {sizes}")
        names.report(node, f"{text} floats of {bits} bits are kept as octets: those of {sizes} are decoded")
        return BinaryEncoding(bits)
    return FloatEncoding(bits, scheme, order, calibration(names, node))


def byte_order(names: Names, node: Node, bits: int | None) -> ByteOrder:
    """Return the order of octets and bits: the attributes of XTCE 1.2, or the ByteOrderList of 1.1."""
    last = word(node, "bitOrder", BIT_ORDERS, "mostSignificantBitFirst")
    octets = (bits + 7) // 8 if bits else 0
    listed, text = node.child("ByteOrderList"), node.get("byteOrder", "mostSignificantByteFirst").strip()
    if listed is not None:
        order = tuple(integer(each, each.need("byteSignificance"), 0, 1000) for each in listed.all("Byte"))
    elif text == "mostSignificantByteFirst":
        return ByteOrder((), last)
    elif text == "leastSignificantByteFirst":
        return ByteOrder(tuple(range(octets)), last)
    elif re.fullmatch(r"\d{1,2}(\s*,\s*\d{1,2})*", text):
        order = tuple(int(each) for each in text.split(","))
    else:
        node.refuse(
            f"byteOrder {text!r} is not known", "Use mostSignificantByteFirst, leastSignificantByteFirst or a list as 1,0"
        )
    if octets and sorted(order) != list(range(octets)):
        node.refuse(f"byte order {order} contradicts the size of {bits} bits", f"List each of 0 to {octets - 1} once")
    return ByteOrder(() if order == tuple(range(octets - 1, -1, -1)) else order, last)


def _string(names: Names, node: Node) -> Encoding:
    charset = node.get("encoding", "UTF-8").strip()
    if charset not in CHARSETS:
        node.refuse(f"encoding {charset!r} is not known", f"Known are {', '.join(CHARSETS)}")
    if byte_order(names, node, None) != ByteOrder():
        names.report(node, "the byte and bit order of strings is not used: the character encoding tells it")
    fixed, variable = node.child("SizeInBits"), node.child("Variable")
    if fixed is not None and variable is not None:
        variable.refuse("there is SizeInBits as well, which contradicts it", "Keep one of them")
    if variable is not None:
        return _variable_string(names, variable, charset)
    if fixed is None:
        node.refuse("has neither SizeInBits nor Variable: its size cannot be known", "Add one of them")
    held = fixed.child("Fixed")
    if held is None and fixed.child("FixedValue", "DynamicValue", "DiscreteLookupList") is None:
        return _variable_string(names, fixed, charset)  # XTCE 1.1: only a termination or a leading size
    return _text(fixed, charset, size(names, held if held is not None else fixed, 1), None)


def _variable_string(names: Names, node: Node, charset: str) -> Encoding:
    most = integer(node, node.get("maxSizeInBits"), 1, 2**40) if "maxSizeInBits" in node.attributes else None
    dynamic, lookup = node.child("DynamicValue"), node.child("DiscreteLookupList")
    total: Size | None = None
    if dynamic is not None and not _placeholder(dynamic):
        total = dynamic_size(names, dynamic)
    elif lookup is not None:
        total = lookup_size(names, lookup)
    found = _text(node, charset, total, most)
    if total is None and not found.length_prefix_bits and found.termination is None:
        node.refuse("has no DynamicValue, DiscreteLookupList, LeadingSize or TerminationChar: its size cannot be known")
    return found


def _unsized(node: Node) -> bool:
    dynamic = node.child("DynamicValue")
    return dynamic is not None and _placeholder(dynamic)


def _placeholder(node: Node) -> bool:
    source = node.child("ParameterInstanceRef")
    return source is not None and source.get("parameterRef") == IGNORED_PARAMETER


def _text(node: Node, charset: str, total: Size | None, most: int | None) -> StringEncoding:
    width = 8 * CHARSETS[charset]
    if isinstance(total, int) and total % width:
        node.refuse(f"{total} bits are no whole number of {charset} code units of {width} bits")
    prefix, end = node.child("LeadingSize"), node.child("TerminationChar")
    bits = integer(prefix, prefix.get("sizeInBitsOfSizeTag", "16"), 1, 64) if prefix is not None else 0
    if isinstance(total, int) and bits > total:
        node.refuse(f"a leading size of {bits} bits does not fit in {total} bits")
    return StringEncoding(charset, total, _termination(end) if end is not None and not bits else None, bits, most)


def _termination(node: Node) -> bytes:
    text = node.text or "00"
    try:
        return bytes.fromhex(text if len(text) > 1 else f"0{text}")
    except ValueError:
        node.refuse(f"{text!r} is not a number of hexadecimal digits in pairs")


def binary(names: Names, node: Node) -> BinaryEncoding:
    """Return a BinaryDataEncoding. Its transform algorithms are left for the report of what is not acted upon."""
    if byte_order(names, node, None) != ByteOrder():
        names.report(node, "the byte and bit order of binary values is not used: they are kept as they come")
    held = node.child("SizeInBits")
    algorithm = next((each for each in node.children if each.name == "FromBinaryTransformAlgorithm"), None)
    leading = LEADING_SIZE.search(_algorithm_text(algorithm)) if algorithm is not None else None
    if leading is not None and algorithm is not None:
        for each in node.children:  # the algorithms and the size that the schema demands beside them have been understood
            each.dismiss()
        return BinaryEncoding(REST, int(leading[1]))
    if held is None or _unsized(held):
        node.refuse("has no SizeInBits: its size cannot be known", "Add it")
    total = size(names, held, REST)
    if total == REST and algorithm is not None:
        total = _decoded_bits(names, node, algorithm)
        if total == REST:
            names.unsized.append(node)
            held.refuse("a size of -1 stands for one that only the algorithm beside it knows", "Give the size in its place")
    if total == 0:
        held.refuse("a size of 0 bits holds nothing")
    return BinaryEncoding(total)


def _algorithm_text(algorithm: Node) -> str:
    return next((each.text for each in algorithm.children if each.name == "AlgorithmText"), "")


def _decoded_bits(names: Names, node: Node, algorithm: Node) -> int:
    """Return the size of a time that the decoder of Yamcs reads with a P-field that it is told; REST of anything else.

    The P-field of an unsegmented time code has one less than the octets of whole units in bits 4 and 5, and the octets of
    fractions in bits 6 and 7 (CCSDS 301.0-B-4, 3.2.2).
    """
    text = _algorithm_text(algorithm)
    found = TOLD_P_FIELD.search(text) if "CUC" in text else None
    if found is None:
        return REST
    p_field = int(found[1], 0)
    bits = 8 * ((p_field >> 2 & 3) + 1 + (p_field & 3))
    names.report(node, f"its size is taken to be the {bits} bits of a time with the P-field {found[1]}", "repaired")
    return bits


def calibration(names: Names, node: Node) -> Calibration:
    """Return the default and context calibrators of an encoding."""
    default, contexts = node.child("DefaultCalibrator"), []
    held = node.child("ContextCalibratorList")
    for each in held.all("ContextCalibrator") if held is not None else []:
        match, chosen = each.child("ContextMatch"), each.child("Calibrator")
        if match is None or chosen is None:
            names.report(each, "needs a ContextMatch and a Calibrator: it is never used", "defect")
            each.dismiss()
            continue
        condition = names.spare(match, "this context never holds", partial(criteria, names, match), NEVER)
        contexts.append((condition, calibrator(names, chosen)))
    return Calibration(calibrator(names, default) if default is not None else None, tuple(contexts))


def calibrator(names: Names, node: Node) -> Calibrator:
    """Return the calibrator that an element holds; one that is wrong is reported and gives no engineering value."""
    return names.spare(node, "its parameters have no engineering value", lambda: _calibrator(names, node), UNUSABLE)


def _calibrator(names: Names, node: Node) -> Calibrator:
    node.get("name")
    node.get("shortDescription")
    held = node.child("PolynomialCalibrator", "SplineCalibrator", "MathOperationCalibrator")
    if held is None:
        node.refuse("holds none of PolynomialCalibrator, SplineCalibrator and MathOperationCalibrator")
    held.get("name")
    if held.name == "PolynomialCalibrator":
        return _polynomial(held)
    if held.name == "SplineCalibrator":
        return _spline(names, held)
    return MathOperation(math_program(names, held))


def _polynomial(node: Node) -> Polynomial:
    terms: dict[int, float] = {}
    for each in node.all("Term"):
        exponent = integer(each, each.need("exponent"), 0, MOST_EXPONENT)
        if exponent in terms:
            each.refuse(f"there is already a term of exponent {exponent}", "Keep one of them")
        terms[exponent] = real(each, each.need("coefficient"))
    if not terms:
        node.refuse("holds no Term")
    return Polynomial(tuple(terms.get(exponent, 0.0) for exponent in range(max(terms) + 1)))


def _spline(names: Names, node: Node) -> Spline:
    order = integer(node, node.get("order", "1"), 0, 100)
    points = []
    for each in node.all("SplinePoint"):
        if integer(each, each.get("order", str(order))) != order:
            names.report(each, f"the order of one point is not used: all pieces have order {min(order, 1)}")
        points.append((real(each, each.need("raw")), real(each, each.need("calibrated"))))
    if order > 1:
        names.report(node, f"splines of order {order} are read as lines between their points")
    if not points:
        node.refuse("holds no SplinePoint")
    if points != sorted(points, key=lambda point: point[0]):
        names.report(node, "the points were put in order of their raw values", "repaired")
        points.sort(key=lambda point: point[0])
    raw = tuple(point[0] for point in points)
    if len(set(raw)) != len(raw):
        node.refuse("two points have the same raw value", "Keep one of them")
    return Spline(raw, tuple(point[1] for point in points), min(order, 1), flag(node, "extrapolate", False))


def math_program(names: Names, node: Node, operand: Callable[[Names, Node], str] | None = None) -> tuple[str | float, ...]:
    """Return the postfix program of a math operation: numbers, operators, `THIS`, and qualified names of parameters.

    `operand` gives other names to the parameters.

    Raises DefinitionError when the program would find its stack empty, or not leave one value.
    """
    program: list[str | float] = []
    for each in node.all("ValueOperand", "ThisParameterOperand", "Operator", "ParameterInstanceRefOperand"):
        if each.name == "ValueOperand":
            program.append(real(each, each.text))
        elif each.name == "ThisParameterOperand":
            program.append("THIS")
        elif each.name == "Operator":
            if each.text not in OPERATORS:
                each.refuse(f"{each.text!r} is not an operator", f"Known are {' '.join(sorted(OPERATORS))}")
            program.append(each.text)
        else:
            program.append((operand or _operand)(names, each))
    depth = _depth(program)
    if depth != 1:
        node.refuse("the operators find too few operands" if depth is None else f"{depth} values are left on the stack, not one")
    return tuple(program)


def _operand(names: Names, node: Node) -> str:
    reference = names.reference(node)
    if reference.path or reference.instance or not reference.calibrated:
        names.report(
            node, "the latest engineering value of the whole parameter is taken: members, raw values and instances are not"
        )
    return reference.parameter


def _depth(program: list[str | float]) -> int | None:
    """Return how many values a program leaves, None when an operator finds too few."""
    depth = 0
    for step in program:
        takes, leaves = 0, 1
        if isinstance(step, str) and step in OPERATORS:
            takes, leaves = STACK.get(step, (1, 1) if step in ONE_OPERAND else (2, 1))
        if depth < takes:
            return None
        depth += leaves - takes
    return depth


def fixed_bits(found: Encoding | None) -> int | None:
    """Return the size of an encoding where it is fixed."""
    if isinstance(found, IntegerEncoding | FloatEncoding):
        return found.bits
    if found is None or isinstance(found.size, DynamicSize | LookupSize):
        return None
    return found.size
