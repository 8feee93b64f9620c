"""Checksums against published examples and independent implementations; bit fields against whole-number arithmetic."""

import binascii
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError
from aelita.octets import (
    crc16,
    crc16_many,
    crc32,
    crc32_many,
    field_at,
    field_inside,
    iso_checksum,
    iso_checksum_many,
    modular_checksum,
    modular_checksum_many,
    put_field_at,
    read_field,
    write_field,
)
from shared import shared


def slices(data: bytes, cuts: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.frombuffer(data, np.uint8), np.array([c[0] for c in cuts], np.int64), np.array([c[1] for c in cuts], np.int64)


def test_published_values() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert crc16(bytes.fromhex("06000CF0000400558873C900000521")) == 0x75FB
    assert crc32(bytes.fromhex("12345678")) == 0x34D74CB3
    assert crc32(b"123456789") == 0x51693C0C
    assert modular_checksum(bytes.fromhex("0102030405")) == 0x01020304 + 0x05000000


def test_ecss_examples_and_vectors() -> None:
    for vector in json.loads(shared("data/vectors/ecss_checksums.json").read_text())["vectors"]:
        data = bytes.fromhex(vector["data_hex"])
        assert f"{iso_checksum(data):04x}" == vector["iso_hex"]
        assert f"{crc16(data):04x}" == vector["crc_hex"]


def test_coding_vectors() -> None:
    vectors = [v for v in json.loads(shared("data/vectors/coding.json").read_text()) if v["name"].startswith("crc")]
    assert len(vectors) == 6
    for vector in vectors:
        function = crc16 if vector["name"].startswith("crc16") else crc32
        assert function(bytes.fromhex(vector["input_hex"])) == int(vector["output_hex"], 16), vector["name"]


@given(st.binary(max_size=200))
def test_crc16_equals_the_standard_library(data: bytes) -> None:
    assert crc16(data) == binascii.crc_hqx(data, 0xFFFF)


def iso_model(data: bytes) -> int:
    c0 = c1 = 0xFF
    for octet in data:
        c0 = (c0 + octet) % 255
        c1 = (c1 + c0) % 255
    return ((-(c0 + c1)) % 255 or 255) << 8 | (c1 or 255)


def crc32_model(data: bytes) -> int:
    remainder = int.from_bytes(data) << 32
    for bit in range(8 * len(data) + 31, 31, -1):
        if remainder >> bit & 1:
            remainder ^= 0x100A00805 << (bit - 32)
    return remainder


def modular_model(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    return sum(int.from_bytes(padded[i : i + 4]) for i in range(0, len(padded), 4)) % 2**32


@given(st.binary(max_size=80), st.lists(st.tuples(st.integers(-3, 90), st.integers(-2, 90)), max_size=8))
def test_columns_equal_single_messages_and_never_leave_the_buffer(data: bytes, cuts: list[tuple[int, int]]) -> None:
    buffer, offset, length = slices(data, cuts)
    inside = [data[max(o, 0) : max(max(o, 0) + n, 0)] for o, n in cuts]
    assert crc16_many(buffer, offset, length).tolist() == [binascii.crc_hqx(d, 0xFFFF) for d in inside]
    assert iso_checksum_many(buffer, offset, length).tolist() == [iso_model(d) for d in inside]
    assert crc32_many(buffer, offset, length).tolist() == [crc32_model(d) for d in inside]
    assert modular_checksum_many(buffer, offset, length).tolist() == [modular_model(d) for d in inside]


@given(st.binary(min_size=1, max_size=20), st.data())
def test_fields_equal_whole_number_arithmetic(data: bytes, draw: st.DataObject) -> None:
    bits = draw.draw(st.integers(1, min(64, 8 * len(data))))
    first = draw.draw(st.integers(0, 8 * len(data) - bits))
    value = int.from_bytes(data) >> (8 * len(data) - first - bits) & (1 << bits) - 1
    assert read_field(data, first, bits) == value
    assert int(field_at(np.frombuffer(data, np.uint8), first, bits)) == value
    changed = bytearray(data)
    write_field(changed, first, bits, value ^ 1)
    write_field(changed, first, bits, value)
    assert bytes(changed) == data
    array = np.frombuffer(bytes(data), np.uint8).copy()
    put_field_at(array, first, bits, np.uint64(value ^ 1))
    assert read_field(array, first, bits) == value ^ 1
    put_field_at(array, first, bits, np.uint64(value))
    assert array.tobytes() == data


@given(st.binary(max_size=20), st.integers(-70, 200), st.integers(-2, 70))
def test_a_kernel_can_ask_whether_a_field_is_inside(data: bytes, first: int, bits: int) -> None:
    inside = 1 <= bits <= 64 and first >= 0 and first + bits <= 8 * len(data)
    assert field_inside(np.frombuffer(data, np.uint8), first, bits) is inside


@pytest.mark.parametrize(("first", "bits"), [(-1, 4), (0, 0), (9, 8), (16, 1)])
def test_a_field_outside_is_an_error(first: int, bits: int) -> None:
    with pytest.raises(DataError, match="bits"):
        read_field(b"ab", first, bits)
    with pytest.raises(DataError, match="bits"):
        write_field(bytearray(b"ab"), first, bits, 0)


def test_a_value_too_large_is_an_error() -> None:
    with pytest.raises(DataError, match="16 does not fit into 4 bits"):
        write_field(bytearray(2), 0, 4, 16)
