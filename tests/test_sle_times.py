"""Times and identifiers of SLE against day-segmented vectors, known leap seconds and the text forms in use."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.sle import attributes_of, text_of
from aelita.sle.ber import integer_content, oid_content, read_integer, read_oid, tlv
from aelita.sle.times import EARLIEST_TAI_NS, LATEST_TAI_NS, decode_time, encode_time
from aelita.time import tai_ns_from_utc
from shared import shared


def test_day_segmented_vectors() -> None:
    """The vectors give day and millisecond; the microseconds behind them are added here."""
    vectors = json.loads(shared("data/vectors/time_codes.json").read_text())["vectors"]
    short = [v for v in vectors if v["code"] == "CDS" and v.get("p_field_hex") == "40"]
    assert short
    for vector in short:
        octets = bytes.fromhex(vector["t_field_hex"]) + (456).to_bytes(2)
        tai_ns, ps = decode_time(octets)
        assert ps is None and encode_time(tai_ns) == octets


@pytest.mark.parametrize(
    ("octets", "utc"),
    [
        ("624602932e7b01c8", "2026-11-18T12:00:00.123456"),
        ("624602932e0003e7", "2026-11-18T12:00:00.000999"),
        ("542d" + "05265bff" + "03e7", "2016-12-31T23:59:59.999999"),
        ("542d" + "05265c00" + "0000", "2016-12-31T23:59:60"),
        ("542d" + "05265fe7" + "03e7", "2016-12-31T23:59:60.999999"),
        ("542e" + "00000000" + "0000", "2017-01-01T00:00:00"),
        ("13fa" + "00000000" + "0000", "1972-01-02T00:00:00"),
    ],
)
def test_times_to_the_microsecond(octets: str, utc: str) -> None:
    assert decode_time(bytes.fromhex(octets)) == (tai_ns_from_utc(utc), None)
    assert encode_time(tai_ns_from_utc(utc)).hex() == octets


def test_picoseconds_below_the_nanosecond_are_kept() -> None:
    octets = bytes.fromhex("6246006ddd003b9ac9ff")
    tai_ns, ps = decode_time(octets)
    assert (tai_ns % 10**6, ps) == (999_999, 999)
    assert encode_time(tai_ns, ps) == octets


def test_a_leap_second_that_the_table_does_not_know_is_taken() -> None:
    tai_ns, _ = decode_time(bytes.fromhex("6246" + "05265fe7" + "03e7"))
    assert tai_ns == tai_ns_from_utc("2026-11-19T00:00:00.999999")


@pytest.mark.parametrize("octets", ["6246" + "05265fe8" + "0000", "62460000000003e8", "6246000000003b9aca00", "6246ffffffff0000"])
def test_fields_out_of_range_are_refused(octets: str) -> None:
    with pytest.raises(DataError, match="out of range"):
        decode_time(bytes.fromhex(octets))


@given(st.integers(EARLIEST_TAI_NS, LATEST_TAI_NS), st.integers(0, 999))
def test_every_time_of_sixteen_bit_days_goes_both_ways(tai_ns: int, ps: int) -> None:
    assert decode_time(encode_time(tai_ns, ps)) == (tai_ns, ps)
    assert decode_time(encode_time(tai_ns)) == (tai_ns // 1000 * 1000, None)


def test_the_first_and_the_last_day() -> None:
    assert encode_time(EARLIEST_TAI_NS).hex() == "0000000000000000"
    assert encode_time(LATEST_TAI_NS).hex() == "ffff05265bff03e7"
    assert decode_time(bytes(8)) == (EARLIEST_TAI_NS, None)


@given(st.integers(-(2**63), 2**64 - 1))
def test_integers_are_minimal_and_go_both_ways(value: int) -> None:
    octets = integer_content(value)
    assert read_integer(octets, 0, len(octets)) == value
    with pytest.raises(DataError):
        read_integer((b"\xff" if value < 0 else b"\0") + octets, 0, len(octets) + 1)


@pytest.mark.parametrize(
    ("value", "octets"),
    [(0, "00"), (127, "7f"), (128, "0080"), (255, "00ff"), (256, "0100"), (-1, "ff"), (-128, "80"), (-129, "ff7f")],
)
def test_integers_of_x690(value: int, octets: str) -> None:
    assert integer_content(value).hex() == octets


@pytest.mark.parametrize(
    ("arcs", "octets"),
    [((1, 3, 112, 4, 3, 1, 2, 22), "2b70040301" + "0216"), ((2, 999, 3), "883703"), ((1, 2, 0, 9, 5, 2, 52), "2a0009050234")],
)
def test_object_identifiers(arcs: tuple[int, ...], octets: str) -> None:
    assert oid_content(arcs).hex() == octets
    assert read_oid(bytes.fromhex(octets), 0, len(octets) // 2) == arcs


@pytest.mark.parametrize("octets", ["", "80", "8001", "2b81", "2b8001", "2b" + "81" * 70 + "01"])
def test_broken_object_identifiers_are_refused(octets: str) -> None:
    with pytest.raises(DataError):
        read_oid(bytes.fromhex(octets), 0, len(octets) // 2)


@pytest.mark.parametrize(("size", "head"), [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (65536, "0483010000")])
def test_lengths_are_definite_and_short(size: int, head: str) -> None:
    assert tlv(b"\x04", bytes(size)).hex()[: len(head)] == head


def test_service_instance_identifiers_in_text() -> None:
    text = "sagr=SAGR-1.spack=PASS.0001=A.rsl-fg=1.raf=onlt1"
    pairs = (("sagr", "SAGR-1"), ("spack", "PASS.0001=A"), ("rsl-fg", "1"), ("raf", "onlt1"))
    assert attributes_of(text) == pairs and text_of(pairs) == text


@pytest.mark.parametrize(
    "text", ["", "sagr", "sagr=", "x=1", "x=1.sagr=2", ".sagr=1", "sagr=1.raf=", "sagr=\u00e4", "sagr=" + "x" * 257]
)
def test_texts_that_are_no_service_instance_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"sagr=1\.spack=2"):
        attributes_of(text)


def test_attributes_whose_text_reads_otherwise_are_refused() -> None:
    with pytest.raises(UsageError, match="reads as other"):
        text_of((("sagr", "1.raf=2"), ("raf", "onlt1")))
