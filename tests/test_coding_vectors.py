"""Every claimed entry of the shared coding vectors, and markers and randomizers as the standard prints them."""

import hashlib

import numpy as np
import pytest

from aelita.coding import (
    ASM,
    ASM_EMBEDDED,
    ASM_TURBO_1_2,
    ASM_TURBO_1_3,
    ASM_TURBO_1_4,
    ASM_TURBO_1_6,
    ReedSolomon,
    derandomize,
)
from aelita.coding.galois import TO_CONVENTIONAL, TO_DUAL
from aelita.coding.randomizer import sequence
from aelita.errors import UsageError
from coding_vectors import CLAIMED, NOT_CLAIMED, octets, row, vectors

MARKERS = {
    "asm uncoded/conv/RS/concatenated/LDPC 7/8": ASM,
    "asm turbo 1/2, LDPC 1/2 2/3 4/5": ASM_TURBO_1_2,
    "asm turbo 1/3": ASM_TURBO_1_3,
    "asm turbo 1/4": ASM_TURBO_1_4,
    "asm turbo 1/6": ASM_TURBO_1_6,
    "asm embedded data stream": ASM_EMBEDDED,
}
RANDOMIZERS = {"tm_rand_255": "short", "tm_rand_131071": "long", "tc_rand_255": "telecommand"}


def test_every_entry_is_either_claimed_or_named_as_not_claimed() -> None:
    for name in vectors():
        assert name.startswith(CLAIMED) != name.startswith(NOT_CLAIMED), name
    assert {name for name in vectors() if name.startswith("asm ")} == set(MARKERS)


@pytest.mark.parametrize("name", MARKERS)
def test_markers(name: str) -> None:
    assert vectors()[name].expected == MARKERS[name]


@pytest.mark.parametrize("name", RANDOMIZERS)
def test_randomizers(name: str) -> None:
    vector = vectors()[name]
    assert derandomize(octets(vector.given), RANDOMIZERS[name]).tobytes() == vector.expected


def test_the_long_randomizer_over_its_whole_period() -> None:
    whole = sequence("long", 16384).copy()
    whole[-1] &= 0xFE
    assert hashlib.sha256(whole.tobytes()).digest() == vectors()["tm_rand_131071_sha256"].expected


@pytest.mark.parametrize(("kind", "period"), [("short", 255), ("long", 131071), ("telecommand", 255)])
def test_randomizers_repeat_after_their_period_of_bits(kind: str, period: int) -> None:
    bits = np.unpackbits(sequence(kind, 33000))
    assert np.array_equal(bits[:-period], bits[period:])
    assert bits[:period].sum() == (period + 1) // 2


def test_each_block_starts_the_randomizer_anew() -> None:
    blocks = np.zeros((3, 40), np.uint8)
    assert (derandomize(blocks, "short") == sequence("short", 40)).all()
    with pytest.raises(UsageError, match="no randomizer is called 'medium'"):
        derandomize(blocks, "medium")


def test_dual_basis() -> None:
    table = vectors()["dual_table_conv_to_dual"]
    assert TO_DUAL[octets(table.given)].tobytes() == table.expected
    assert TO_CONVENTIONAL[TO_DUAL].tobytes() == bytes(range(256))
    one, two = vectors()["dual_basis_example1"], vectors()["dual_basis_example2"]
    assert TO_CONVENTIONAL[one.given[0]] == one.expected[0]
    assert TO_DUAL[two.given[0]] == two.expected[0]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("rs_e16_dual_ramp", ReedSolomon(16, 1)),
        ("rs_e16_conv_ramp", ReedSolomon(16, 1, dual_basis=False)),
        ("rs_e8_dual_ramp", ReedSolomon(8, 1)),
        ("rs_e8_conv_ramp", ReedSolomon(8, 1, dual_basis=False)),
        ("rs_e16_dual_short100", ReedSolomon(16, 1, virtual_fill=123)),
        ("rs_e8_dual_short64", ReedSolomon(8, 1, virtual_fill=175)),
        ("rs_e16_i2_fill", ReedSolomon(16, 2, virtual_fill=200)),
        ("rs_e16_i3_full", ReedSolomon(16, 3)),
        ("rs_e16_i4_full", ReedSolomon(16, 4)),
        ("rs_e16_i5_full", ReedSolomon(16, 5)),
        ("rs_e16_i5_fill", ReedSolomon(16, 5, virtual_fill=115)),
        ("rs_e16_i8_full", ReedSolomon(16, 8)),
        ("rs_e8_i5_full", ReedSolomon(8, 5)),
    ],
)
def test_reed_solomon_codewords(name: str, code: ReedSolomon) -> None:
    vector = vectors()[name]
    block = code.encode(row(vector.given))
    assert block.tobytes().endswith(vector.expected)  # an entry gives the whole codeblock or only its check octets
    decoded = code.decode(block)
    assert decoded.frames.tobytes() == vector.given
    assert decoded.corrected.tolist() == [[0] * code.interleave]


def test_reed_solomon_errors() -> None:
    code = ReedSolomon(16, 1)
    sixteen, seventeen = vectors()["rs_e16_dual_16err"], vectors()["rs_e16_dual_17err"]
    decoded = code.decode(row(sixteen.given))
    assert decoded.blocks.tobytes() == sixteen.expected
    assert decoded.corrected.tolist() == [[16]]
    decoded = code.decode(row(seventeen.given))
    assert decoded.blocks.tobytes() == seventeen.given
    assert decoded.corrected.tolist() == [[-1]]


@pytest.mark.parametrize("kind", ["short", "long"])
def test_a_frame_becomes_a_channel_access_data_unit_and_back(kind: str) -> None:
    vector = vectors()[f"chain_cadu_rs_i5_{kind}"]
    code = ReedSolomon(16, 5)
    assert ASM + derandomize(code.encode(row(vector.given)), kind).tobytes() == vector.expected
    assert code.decode(derandomize(row(vector.expected[4:]), kind)).frames.tobytes() == vector.given
