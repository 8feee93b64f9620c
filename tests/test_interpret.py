"""The kernel and the plain interpreter read the same: any layout, any octets, any place in the buffer."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.mdb import (
    BinaryEncoding,
    BinaryType,
    ByteOrder,
    Container,
    Database,
    Encoding,
    FloatEncoding,
    FloatScheme,
    FloatType,
    IntegerEncoding,
    IntegerScheme,
    IntegerType,
    Location,
    Origin,
    Parameter,
    ParameterEntry,
    ParameterType,
    Placement,
    StringEncoding,
    StringType,
    TypeFacts,
    compile_database,
)
from aelita.telemetry import Column
from aelita.telemetry.extract import extract
from aelita.telemetry.interpret import interpret


@st.composite
def byte_orders(draw: st.DrawFn, bits: int) -> ByteOrder:
    octets = (bits + 7) // 8
    little = tuple(range(octets))
    orders = st.sampled_from([(), little]) if bits % 8 else st.one_of(st.just(()), st.just(little), st.permutations(little))
    return ByteOrder(tuple(draw(orders)), draw(st.booleans()))


@st.composite
def encodings(draw: st.DrawFn) -> Encoding:
    kind = draw(st.sampled_from(["integer", "integer", "integer", "float", "mil", "text", "counted", "ended", "binary"]))
    if kind == "integer":
        bits = draw(st.integers(1, 64))
        return IntegerEncoding(bits, draw(st.sampled_from(list(IntegerScheme))), draw(byte_orders(bits)))
    if kind in ("float", "mil"):
        bits = draw(st.sampled_from([16, 32, 64] if kind == "float" else [16, 32, 48]))
        scheme = FloatScheme.IEEE754 if kind == "float" else FloatScheme.MILSTD_1750A
        return FloatEncoding(bits, scheme, draw(byte_orders(bits)))
    if kind == "binary":
        return BinaryEncoding(draw(st.integers(1, 90)))
    size = 8 * draw(st.integers(1, 9))
    if kind == "counted":
        return StringEncoding(size=size, length_prefix_bits=draw(st.sampled_from([4, 8])))
    return StringEncoding(size=size, termination=b"\0" if kind == "ended" else None)


def type_of(name: str, encoding: Encoding) -> ParameterType:
    facts = TypeFacts(name)
    if isinstance(encoding, IntegerEncoding):
        return IntegerType(facts, encoding)
    if isinstance(encoding, FloatEncoding):
        return FloatType(facts, encoding)
    return StringType(facts, encoding) if isinstance(encoding, StringEncoding) else BinaryType(facts, encoding)


@st.composite
def databases(draw: st.DrawFn) -> Database:
    """A container of up to 12 fields with any encodings, behind each other or anywhere."""
    types: dict[str, ParameterType] = {}
    parameters: dict[str, Parameter] = {}
    entries: list[ParameterEntry] = []
    for number, encoding in enumerate(draw(st.lists(encodings(), min_size=1, max_size=12))):
        name = f"/S/p{number}"
        types[f"/S/t{number}"] = type_of(f"/S/t{number}", encoding)
        parameters[name] = Parameter(name, f"/S/t{number}")
        location = draw(st.sampled_from([Location(), Location(), Location(bits=draw(st.integers(0, 13)))]))
        if draw(st.integers(0, 5)) == 0:
            location = Location(Origin.CONTAINER_START, draw(st.integers(0, 300)))
        entries.append(ParameterEntry(name, Placement(location)))
    return Database("S", "1", "", types, parameters, {"/S/c": Container("/S/c", tuple(entries))})


@dataclass(frozen=True, slots=True)
class Packets:
    """Octets, and the bits that each packet fills."""

    buffer: np.ndarray
    first: np.ndarray
    end: np.ndarray


@st.composite
def packets(draw: st.DrawFn) -> Packets:
    octets = draw(st.binary(max_size=120))
    bits = 8 * len(octets)
    first, end = [], []
    for _ in range(draw(st.integers(1, 12))):
        start = draw(st.integers(0, bits))
        start = start // 8 * 8 if draw(st.booleans()) else start
        first.append(start)
        end.append(draw(st.one_of(st.just(bits), st.integers(start, bits))))
    return Packets(np.frombuffer(octets, np.uint8), np.array(first, np.int64), np.array(end, np.int64))


def same(column: Column, row: int, value: object) -> None:
    """Check one raw value of a column against the interpreter's."""
    if value is None:
        assert not column.mask()[row]
        return
    assert column.mask()[row]
    read = column.values[row]
    if isinstance(value, float) and math.isnan(value):
        assert math.isnan(read)
    elif isinstance(value, np.ndarray):
        np.testing.assert_array_equal(read, value)
        assert read.dtype == value.dtype
    else:
        assert read == value
        assert not isinstance(value, float) or math.copysign(1, read) == math.copysign(1, value)


@given(databases(), packets())
def test_kernel_and_interpreter_read_the_same(database: Database, batch: Packets) -> None:
    compiled = compile_database(database)
    assert compiled.layout("/S/c").fixed
    columns = extract(database, compiled.table("/S/c"), batch.buffer, batch.first, batch.end)
    for row, (first, end) in enumerate(zip(batch.first.tolist(), batch.end.tolist(), strict=True)):
        made = interpret(compiled, "/S/c", batch.buffer.tobytes(), first, end)
        assert made.fields == compiled.layout("/S/c").fields
        for item, value in zip(made.fields, made.values, strict=True):
            same(columns[item.column], row, value)
        assert made.short == (end - first < compiled.layout("/S/c").bits)


@pytest.mark.parametrize(
    ("octets", "encoding", "value"),
    [  # by hand, and from the tables of the standards
        (b"\x80", IntegerEncoding(8, IntegerScheme.TWOS_COMPLEMENT), -128),
        (b"\x85", IntegerEncoding(8, IntegerScheme.SIGN_MAGNITUDE), -5),
        (b"\xfa", IntegerEncoding(8, IntegerScheme.ONES_COMPLEMENT), -5),
        (b"\x12\x34", IntegerEncoding(16, IntegerScheme.PACKED_BCD), 1234),
        (b"\x01\x02\x03", IntegerEncoding(24, IntegerScheme.BCD), 123),
        (b"\x1a", IntegerEncoding(8, IntegerScheme.PACKED_BCD), None),
        (b"\x34\x12", IntegerEncoding(16, byte_order=ByteOrder((0, 1))), 0x1234),
        (b"\x80\x00", IntegerEncoding(16, byte_order=ByteOrder((), True)), 0x0100),
        (b"\x3c\x00", FloatEncoding(16), 1.0),
        (b"\x40\x49\x0f\xdb", FloatEncoding(32), float(np.float32(math.pi))),
        (b"\x7f\xff\xff\x7f", FloatEncoding(32, FloatScheme.MILSTD_1750A), 0.9999998 * 2.0**127),
        (b"\x40\x00\x00\x01", FloatEncoding(32, FloatScheme.MILSTD_1750A), 1.0),
        (b"\x9f\xff\xff\x04", FloatEncoding(32, FloatScheme.MILSTD_1750A), -12.000001),
        (b"\x03abcd", StringEncoding(size=40, length_prefix_bits=8), b"abc"),
        (b"\x09abcd", StringEncoding(size=40, length_prefix_bits=8), None),
        (b"ab\0cd", StringEncoding(size=40, termination=b"\0"), b"ab"),
        (b"\xab\xcd", BinaryEncoding(12), b"\x0a\xbc"),
    ],
)
def test_plain_values(octets: bytes, encoding: Encoding, value: object) -> None:
    kind = type_of("/S/t", encoding)
    database = Database("S", "1", "", {"/S/t": kind}, {"/S/p": Parameter("/S/p", "/S/t")})
    database.containers["/S/c"] = Container("/S/c", (ParameterEntry("/S/p"),))
    (found,) = interpret(compile_database(database), "/S/c", octets).values
    assert found == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
