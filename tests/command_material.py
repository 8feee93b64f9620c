"""Arguments of every encoding with a plain bit-by-bit truth for each, which shares nothing with the room."""

import struct
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

ENUMERATION = '<EnumerationList><Enumeration value="0" label="OFF"/><Enumeration value="5" label="ON"/></EnumerationList>'


@dataclass(frozen=True)
class Spec:
    """One argument: its type's element and attributes, its bits for a value, what is read back."""

    kind: str
    inner: str
    value: Any
    bits: str
    attributes: str = ""
    read: Any = None

    @property
    def back(self) -> Any:
        return self.value if self.read is None else self.read


def unsigned(value: int, bits: int) -> str:
    made = ""
    for place in range(bits - 1, -1, -1):
        made += "1" if value >= 2**place else "0"
        value -= 2**place if value >= 2**place else 0
    assert value == 0
    return made


def flipped(text: str) -> str:
    return "".join("0" if bit == "1" else "1" for bit in text)


def scheme_bits(scheme: str, value: int, bits: int) -> str:
    if scheme == "unsigned":
        return unsigned(value, bits)
    if scheme == "signMagnitude":
        return ("1" if value < 0 else "0") + unsigned(abs(value), bits - 1)
    if scheme == "onesComplement":
        return flipped(unsigned(-value, bits)) if value < 0 else unsigned(value, bits)
    if scheme == "twosComplement":
        return unsigned(2**bits + value if value < 0 else value, bits)
    width = 8 if scheme == "BCD" else 4
    return "".join(unsigned(int(digit), width) for digit in str(value).rjust(bits // width, "0"))


def little(text: str) -> str:
    """Return whole octets in the other order."""
    return "".join(text[at : at + 8] for at in range(len(text) - 8, -1, -8))


@st.composite
def integers(draw: st.DrawFn) -> Spec:
    scheme = draw(st.sampled_from(["unsigned", "signMagnitude", "onesComplement", "twosComplement", "BCD", "packedBCD"]))
    if scheme in ("BCD", "packedBCD"):
        digits = draw(st.integers(1, 8 if scheme == "BCD" else 15))
        bits, low, high = digits * (8 if scheme == "BCD" else 4), 0, 10**digits - 1
    else:
        bits = draw(st.integers(1 if scheme == "unsigned" else 2, 64))
        low, high = {
            "unsigned": (0, 2**bits - 1), "twosComplement": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        }.get(scheme, (1 - 2 ** (bits - 1), 2 ** (bits - 1) - 1))  # fmt: skip
    value = draw(st.integers(low, high))
    made, order = scheme_bits(scheme, value, bits), ""
    if bits % 8 == 0 and draw(st.booleans()):
        made, order = little(made), ' byteOrder="leastSignificantByteFirst"'
    inner = f'<IntegerDataEncoding sizeInBits="{bits}" encoding="{scheme}"{order}/>'
    given_as = draw(st.sampled_from([value, str(value), hex(value)]))
    return Spec("Integer", inner, given_as, made, 'sizeInBits="64"', value)


@st.composite
def floats(draw: st.DrawFn) -> Spec:
    widths: list[Literal[16, 32, 64]] = [16, 32, 64]
    bits = draw(st.sampled_from(widths))
    value = draw(st.floats(allow_nan=False, allow_infinity=False, width=bits))
    made = "".join(unsigned(octet, 8) for octet in struct.pack({16: ">e", 32: ">f", 64: ">d"}[bits], value))
    return Spec("Float", f'<FloatDataEncoding sizeInBits="{bits}"/>', value, made, 'sizeInBits="64"')


@st.composite
def texts(draw: st.DrawFn) -> Spec:
    value = draw(st.text(st.characters(codec="ascii", exclude_characters="\0\r\n", min_codepoint=32), max_size=8))
    octets = "".join(unsigned(ord(each), 8) for each in value)
    form = draw(st.sampled_from(["fixed", "terminated", "counted", "terminated in a field"]))
    if form == "fixed":
        size = "<SizeInBits><Fixed><FixedValue>80</FixedValue></Fixed></SizeInBits>"
        return Spec(
            "String", f'<StringDataEncoding encoding="US-ASCII">{size}</StringDataEncoding>', value, octets.ljust(80, "0")
        )
    if form == "terminated in a field":
        size = "<SizeInBits><Fixed><FixedValue>64</FixedValue></Fixed><TerminationChar>0D</TerminationChar></SizeInBits>"
        made = (octets + "00001101")[:64].ljust(64, "0")
        return Spec("String", f'<StringDataEncoding encoding="US-ASCII">{size}</StringDataEncoding>', value, made)
    part = "<TerminationChar>00</TerminationChar>" if form == "terminated" else '<LeadingSize sizeInBitsOfSizeTag="16"/>'
    size = f'<Variable maxSizeInBits="800"><DynamicValue><ParameterInstanceRef parameterRef="_yamcs_ignore"/></DynamicValue>{part}</Variable>'
    made = octets + "0" * 8 if form == "terminated" else unsigned(len(value), 16) + octets
    return Spec("String", f'<StringDataEncoding encoding="US-ASCII">{size}</StringDataEncoding>', value, made)


@st.composite
def binaries(draw: st.DrawFn) -> Spec:
    value = draw(st.binary(min_size=1, max_size=9))
    size = f"<BinaryDataEncoding><SizeInBits><FixedValue>{8 * len(value)}</FixedValue></SizeInBits></BinaryDataEncoding>"
    made = "".join(unsigned(octet, 8) for octet in value)
    return Spec("Binary", size, draw(st.sampled_from([value, value.hex(), bytearray(value)])), made, "", value)


@st.composite
def words(draw: st.DrawFn) -> Spec:
    bits = draw(st.integers(3, 16))
    inner = f'<IntegerDataEncoding sizeInBits="{bits}"/>'
    if draw(st.booleans()):
        value, number = draw(st.sampled_from([("ON", 5), ("OFF", 0)]))
        return Spec("Enumerated", inner + ENUMERATION, value, unsigned(number, bits))
    given, number, back = draw(
        st.sampled_from([(True, 1, "OPEN"), (False, 0, "SHUT"), ("OPEN", 1, "OPEN"), ("false", 0, "SHUT"), ("SHUT", 0, "SHUT")])
    )
    return Spec("Boolean", inner, given, unsigned(number, bits), 'oneStringValue="OPEN" zeroStringValue="SHUT"', back)


def specs() -> st.SearchStrategy[list[Spec]]:
    return st.lists(st.one_of(integers(), floats(), texts(), binaries(), words()), min_size=1, max_size=8)
