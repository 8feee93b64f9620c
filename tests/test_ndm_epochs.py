"""Epochs of navigation messages: forms, time systems, leap seconds; SPICE is the oracle."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st

from aelita.ephemeris.load import kernels
from aelita.errors import TimeError
from aelita.ndm import Epoch, Epochs, NdmError, epochs_from_tai_ns, read
from aelita.ndm.epochs import SCALES, after, epoch_of, parse_column, since_ns, text_of
from aelita.time import tai_ns_from_tai, tai_ns_from_utc

DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2001-11-06T11:17:33", "2001-11-06T11:17:33"),
        ("2002-204T15:56:23Z", "2002-07-23T15:56:23"),
        ("1998-12-18T14:28:15.1172", "1998-12-18T14:28:15.1172"),
        ("2000-366T23:59:59.999999999", "2000-12-31T23:59:59.999999999"),
        ("2016-12-31T23:59:60.5", "2016-12-31T23:59:60.5"),
        ("2016-366T23:59:60", "2016-12-31T23:59:60"),
        ("2006-160T00:00:00.0000000009", "2006-06-09T00:00:00"),  # beyond the nanosecond
    ],
)
def test_calendar_and_ordinal_forms(text: str, utc: str) -> None:
    epoch = epoch_of(text, "UTC")
    assert epoch.tai_ns == tai_ns_from_utc(utc)
    assert str(epoch) == utc
    assert parse_column([text.encode()] * 3, "UTC") is not None


@pytest.mark.parametrize(
    "text",
    [
        "2001-02-29T00:00:00", "2001-366T00:00:00", "2001-000T00:00:00", "2001-13-01T00:00:00", "2001-01-01T24:00:00",
        "2001-01-01T00:60:00", "2001-01-01T00:00:61", "2001-01-01T23:59:60", "2001-01-01 00:00:00", "2001-1-1T00:00:00",
        "2001-01-01T00:00:00+01:00", "2001-01-01", "", "5", "2001-01-01T00:00:00.1.2", "\u0662001-01-01T00:00:00",
    ],
)  # fmt: skip
def test_what_is_no_epoch_is_refused(text: str) -> None:
    with pytest.raises(TimeError, match="is no epoch"):
        epoch_of(text, "UTC")
    assert parse_column([text.encode(), text.encode()], "UTC") is None


def test_a_leap_second_is_of_utc_alone() -> None:
    with pytest.raises(TimeError, match="is no epoch of TDB"):
        epoch_of("2016-12-31T23:59:60", "TDB")
    assert parse_column([b"2016-12-31T23:59:60"], "TAI") is None


@given(
    st.lists(
        st.tuples(
            st.integers(-719_162, 2_932_896), st.integers(0, DAY_NS - 1), st.sampled_from([None, 0, 3, 6, 9]), st.booleans()
        ),
        min_size=1,
        max_size=12,
    )
)
def test_columns_are_parsed_as_single_texts_are(parts: list[tuple[int, int, int | None, bool]]) -> None:
    texts = [text_of(day, of_day, decimals) + ("Z" if zulu else "") for day, of_day, decimals, zulu in parts]
    found = parse_column([text.encode() for text in texts], "TT")
    assert found is not None
    for at, text in enumerate(texts):
        single = epoch_of(text, "TT")
        assert (single.day, single.of_day_ns) == (found[0][at], found[1][at])


@given(
    st.integers(tai_ns_from_tai("1972-01-02T00:00:00"), tai_ns_from_tai("2250-01-01T00:00:00")),
    st.sampled_from(["UTC", "TAI", "TT", "GPS", "TDB"]),
)
def test_there_and_back_in_every_scale(tai_ns: int, scale: str) -> None:
    epochs = epochs_from_tai_ns(np.array([tai_ns]), scale)
    assert abs(int(epochs.tai_ns()[0]) - tai_ns) <= (1 if scale == "TDB" else 0)
    assert epoch_of(str(epochs[0]), scale) == epochs[0]


def test_every_leap_second_there_and_back() -> None:
    leap = tai_ns_from_utc("2016-12-31T23:59:60")
    tai = leap + np.arange(-3, 4) * 500_000_000
    epochs = epochs_from_tai_ns(tai, "UTC")
    assert (epochs.tai_ns() == tai).all()
    assert [str(epochs[at])[11:] for at in (1, 3, 4, 5)] == ["23:59:59", "23:59:60", "23:59:60.5", "00:00:00"]


@pytest.mark.parametrize("text", ["1996-12-28T21:29:07.267", "2016-10-19T16:00:00", "2026-06-01T00:00:00.5"])
def test_tdb_agrees_with_spice(text: str) -> None:
    utc = epoch_of(text, "UTC")
    with kernels():
        et = spiceypy.utc2et(text)
        tdb = spiceypy.timout(et, "YYYY-MM-DDTHR:MN:SC.######### ::TDB ::RND")
    assert abs(epoch_of(tdb, "TDB").tai_ns - utc.tai_ns) < 200  # the 60 ns of its floating point, and rounding
    assert abs(epoch_of(text, "TT").tai_ns - epoch_of(text, "TDB").tai_ns) < 1_700_000
    assert epoch_of(text, "GPS").tai_ns - epoch_of(text, "TAI").tai_ns == 19 * 10**9


def test_coordinate_times_by_published_numbers() -> None:
    """TCB - TDB was 11.25 s and TCG - TT 0.506 s at J2000 (IAU 2006 B3 and 2000 B1.9)."""
    j2000 = "2000-01-01T12:00:00"
    assert (epoch_of(j2000, "TDB").tai_ns - epoch_of(j2000, "TCB").tai_ns) / 1e9 == pytest.approx(11.2538, abs=2e-3)
    assert (epoch_of(j2000, "TT").tai_ns - epoch_of(j2000, "TCG").tai_ns) / 1e9 == pytest.approx(0.50583, abs=1e-4)
    start = epoch_of("1977-01-01T00:00:32.184", "TCG").tai_ns
    assert start == tai_ns_from_tai("1977-01-01T00:00:00")


@pytest.mark.parametrize("scale", sorted(set(SCALES) - {"UTC", "TAI", "TT", "TDB", "GPS", "TCB", "TCG"}))
def test_scales_bound_to_no_clock_are_kept_but_not_converted(scale: str) -> None:
    epoch = epoch_of("2000-003T10:34:00", scale)
    with pytest.raises(TimeError, match=f"epochs in {scale} cannot be converted"):
        _ = epoch.tai_ns


@pytest.mark.parametrize(
    ("text", "scale"), [("1971-12-31T23:59:59", "UTC"), ("9999-12-31T00:00:00", "UTC"), ("0001-01-01T00:00:00", "TDB")]
)
def test_what_64_bits_do_not_hold_is_kept_but_not_converted(text: str, scale: str) -> None:
    epoch = epoch_of(text, scale)
    assert str(epoch) == text
    with pytest.raises(TimeError):
        _ = epoch.tai_ns


@given(st.integers(-(10**15), 10**17), st.sampled_from(["UTC", "TDB", "UT1", "MRT"]))
def test_relative_times_there_and_back(elapsed_ns: int, scale: str) -> None:
    zero = epoch_of("2016-06-15T00:00:00.25", scale)
    assert int(since_ns(after(zero, np.array([elapsed_ns])), zero)[0]) == elapsed_ns


def test_relative_times_run_through_a_leap_second() -> None:
    zero = epoch_of("2016-12-31T23:59:58", "UTC")
    assert str(after(zero, np.array([3 * 10**9]))[0]) == "2017-01-01T00:00:00"
    assert str(after(zero, np.array([2 * 10**9]))[0]) == "2016-12-31T23:59:60"
    assert str(after(Epoch("TT", zero.day, zero.of_day_ns), np.array([2 * 10**9]))[0]) == "2017-01-01T00:00:00"


def test_an_epoch_out_of_range_in_a_message_is_named() -> None:
    text = b"CCSDS_OPM_VERS = 2.0\nCREATION_DATE = 2015-02-30T00:00:00\nORIGINATOR = X\n"
    with pytest.raises(NdmError, match=r"f, line 2: CREATION_DATE: '2015-02-30T00:00:00' is no epoch of UTC"):
        read(text + b"OBJECT_NAME = A\n", where="f")


def test_epochs_compare_as_columns() -> None:
    first = Epochs("TT", np.array([1, 2]), np.array([3, 4]))
    assert first == Epochs("TT", np.array([1, 2]), np.array([3, 4]))
    assert first != Epochs("TAI", np.array([1, 2]), np.array([3, 4]))
    assert first != Epochs("TT", np.array([1, 2]), np.array([3, 5]))
