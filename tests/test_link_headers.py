"""Header error control of AOS frames and control words, against values made elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.link.clcw import control_words
from aelita.link.header_error import header_check, mend_headers

# Published by the test suite of Yamcs: address, signalling field, check field
PUBLISHED = [(0x1234, 0x56, 0x94DC), (0x369C, 0xFA, 0x457C)]


def header(address: int, signalling: int, check: int, count: int = 0) -> bytes:
    return address.to_bytes(2) + count.to_bytes(3) + bytes([signalling]) + check.to_bytes(2)


def mend(octets: bytes) -> tuple[bytes, int]:
    mended, symbols = mend_headers(np.frombuffer(octets, np.uint8).reshape(1, 8))
    return mended.tobytes(), int(symbols[0])


@pytest.mark.parametrize(("address", "signalling", "check"), PUBLISHED)
def test_check_field_is_the_published_one(address: int, signalling: int, check: int) -> None:
    assert header_check(address, signalling) == check


@pytest.mark.parametrize("wrong", [(0x1234, 0x56, 0x9400), (0x1211, 0x56, 0x94DC), (0x1234, 0xAA, 0x94DC)])
def test_published_errors_are_mended(wrong: tuple[int, int, int]) -> None:
    assert mend(header(*wrong)) == (header(0x1234, 0x56, 0x94DC), 2)


@given(
    st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 0xFFFFFF),
    st.dictionaries(st.sampled_from([0, 1, 2, 3, 10, 11, 12, 13, 14, 15]), st.integers(1, 15), max_size=2),
)  # fmt: skip
def test_any_two_wrong_symbols_are_mended(address: int, signalling: int, count: int, errors: dict[int, int]) -> None:
    sent = header(address, signalling, header_check(address, signalling), count)
    symbols = int.from_bytes(sent)
    for place, error in errors.items():
        symbols ^= error << (60 - 4 * place)
    assert mend(symbols.to_bytes(8)) == (sent, len(errors))


def test_more_errors_are_mostly_noticed() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (20000, 8), dtype=np.uint8)
    _, symbols = mend_headers(rows)
    patterns = 1 + 10 * 15 + 45 * 15 * 15
    assert abs(np.mean(symbols >= 0) - patterns / 65536) < 0.02


def test_control_word_fields() -> None:
    words = control_words(np.array([0x01042200, -1, 0x810804EA, 0x010804EA, 0x0100F9FF]))
    assert words.frame.tolist() == [0, 3, 4]
    assert words.cop.tolist() == [1, 1, 1]
    assert words.virtual_channel.tolist() == [1, 2, 0]
    assert words.lockout.tolist() == [True, False, True]
    assert words.no_rf.tolist() == [False, False, True]
    assert words.retransmit.tolist() == [False, False, True]
    assert words.farm_b.tolist() == [1, 2, 0]
    assert words.report_value.tolist() == [0, 0xEA, 0xFF]
