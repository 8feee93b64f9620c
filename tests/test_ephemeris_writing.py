"""Our SPK, CK and SCLK files read back by SPICE, and by another reader; damaged ones refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st
from jplephem.daf import DAF
from jplephem.spk import SPK
from numpy.typing import NDArray

from aelita.ephemeris import (
    Attitudes,
    ChebyshevStates,
    HermiteStates,
    ck_octets,
    fitted_chebyshev,
    furnish,
    light_times,
    read_daf,
    release,
    spk_octets,
    state,
)
from aelita.errors import DefinitionError, UsageError
from aelita.time import Partition, Segment, SpacecraftClock, kernel_from_clock, tai_ns_from_et, tai_ns_from_utc
from shared import shared

GM = 42828.37
CRAFT = -999_777
Reals = NDArray[np.float64]


def orbit(eccentricity: float = 0.0067, axis_km: float = 3780.0) -> Callable[[Reals], Reals]:
    """States of two bodies by SPICE's conics."""
    elements = [axis_km * (1 - eccentricity), eccentricity, 1.29, 0.4, 2.0, 0.1, 6.0e8, GM]
    return lambda ets: np.array([spiceypy.conics(elements, et) for et in np.ravel(ets).tolist()])


@pytest.fixture
def kernel(tmp_path: Path) -> Callable[[list[bytes]], str]:
    def write(parts: list[bytes]) -> str:
        path = tmp_path / "written.bsp"
        path.write_bytes(b"".join(parts))
        return str(path)

    return write


def read_back(path: str, ets: Reals, centre: int = 499) -> Reals:
    light_times("EARTH", "MARS", np.array([tai_ns_from_utc("2020-01-01")]))
    furnish(path)
    try:
        return np.array([spiceypy.spkgeo(CRAFT, et, "J2000", centre)[0] for et in ets.tolist()])
    finally:
        release(path)


def test_hermite_states_are_read_back_by_spice(kernel: Callable[[list[bytes]], str]) -> None:
    """At the epochs to rounding, between them as the docstring says; over directories of several hundred epochs."""
    ets = 6.0e8 + np.concatenate([np.arange(0, 40_000, 300.0), np.sort(40_000 + 3000 * np.random.default_rng(7).random(80))])
    given_states = orbit()(ets)
    path = kernel(list(spk_octets([HermiteStates(CRAFT, 499, ets, given_states)], comments="Made for a test.\nSecond line")))
    at_nodes = np.abs(read_back(path, ets) - given_states).max()
    assert at_nodes < 1e-9
    between = np.sort(np.random.default_rng(8).uniform(ets[5], 6.0e8 + 39_800, 400))
    error = np.abs(read_back(path, between) - orbit()(between))
    print(
        f"Hermite of degree 7 at 300 s: {1e6 * at_nodes:.1e} mm at epochs, between {1e6 * error[:, :3].max():.4f} mm, {1e6 * error[:, 3:].max():.5f} mm/s"
    )
    assert error[:, :3].max() < 2e-6 and error[:, 3:].max() < 1e-7
    handle = spiceypy.dafopr(path)
    count, lines, _ = spiceypy.dafec(handle, 5)
    assert (count, list(lines)) == (2, ["Made for a test.", "Second line", "", "", ""])
    spiceypy.dafcls(handle)


@pytest.mark.parametrize(
    ("eccentricity", "axis_km", "length_s", "bound_km"), [(0.0067, 3780.0, 1800.0, 1e-6), (0.6, 9000.0, 600.0, 1e-6)]
)
def test_chebyshev_states_are_as_exact_as_they_say(
    kernel: Callable[[list[bytes]], str], eccentricity: float, axis_km: float, length_s: float, bound_km: float
) -> None:
    make = orbit(eccentricity, axis_km)
    segment, worst_km = fitted_chebyshev(make, 6.0e8, 6.0e8 + 40_000, body=CRAFT, centre=499, length_s=length_s)
    path = kernel(list(spk_octets([segment])))
    ets = np.random.default_rng(3).uniform(6.0e8, 6.0e8 + 40_000, 500)
    error = np.abs(read_back(path, ets) - make(ets))
    print(f"Chebyshev of {length_s:g} s: said {1e6 * worst_km:.5f} mm, found {1e6 * error[:, :3].max():.5f} mm")
    assert worst_km < bound_km and error[:, :3].max() < max(2 * worst_km, 2e-9) and error[:, 3:].max() < 1e-8
    with SPK(DAF(Path(path).open("rb"))) as other:
        found = other.segments[0]
        assert (found.target, found.center, found.data_type) == (CRAFT, 499, 3)
        position, velocity = found.compute_and_differentiate(2451545.0 + 6.0e8 / 86400, 12345.0 / 86400)
        del velocity
        assert np.abs(position[:3] - make(np.array([6.0e8 + 12345.0]))[0, :3]).max() < 1e-3


def test_many_segments_over_summary_records(kernel: Callable[[list[bytes]], str]) -> None:
    """Seventy segments, three summary records; the last one given counts."""
    make = orbit()
    parts = [HermiteStates(CRAFT, 499, 6.0e8 + 600.0 * n + np.array([0.0, 300.0, 600.0]), make(6.0e8 + 600.0 * n + np.array([0.0, 300.0, 600.0])), name=f"PART {n}") for n in range(70)]  # fmt: skip
    over = HermiteStates(CRAFT, 499, np.array([6.0e8, 6.0e8 + 100]), np.ones((2, 6)), name="LAST")
    path = kernel(list(spk_octets([*parts, over], name="seventy and one")))
    found = read_daf(Path(path).read_bytes())
    assert found.kind == "SPK" and [one.name for one in found.segments] == [f"PART {n}" for n in range(70)] + ["LAST"]
    assert read_back(path, np.array([6.0e8 + 50]))[0, 0] == pytest.approx(1.0)
    ets = np.array([6.0e8 + 600.0 * n + 300 for n in range(1, 70)])
    assert np.abs(read_back(path, ets) - make(ets)).max() < 1e-9


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 320), st.sampled_from([1, 3, 5, 7, 11, 27]), st.integers(0, 10**6))
def test_any_number_of_states(count: int, degree: int, seed: int) -> None:
    make = np.random.default_rng(seed)
    ets = 1e8 + np.cumsum(make.uniform(1, 100, count))
    given_states = make.normal(size=(count, 6))
    octets = b"".join(spk_octets([HermiteStates(CRAFT, 499, ets, given_states, degree=degree)]))
    (segment,) = read_daf(octets).segments
    words = read_daf(octets).words(octets, segment.integers[4], segment.integers[5])
    assert np.array_equal(words[: 6 * count].reshape(-1, 6), given_states) and words[-1] == count
    assert words.size == 7 * count + (count - 1) // 100 + 2 and len(octets) % 1024 == 0


@pytest.mark.parametrize("rated", [True, False])
def test_attitudes_are_read_back_by_spice(tmp_path: Path, rated: bool) -> None:
    light_times("EARTH", "MARS", np.array([tai_ns_from_utc("2020-01-01")]))
    clock = tmp_path / "clock.tsc"
    clock.write_text(kernel_from_clock(SpacecraftClock("c", 1000, (Segment(0, 0),), "TDB", (Partition(0, 10**12),)), -777))
    ticks = 1000.0 * np.concatenate([np.arange(0, 2500, 10.0), np.arange(4000, 5000, 10.0)])
    angle = ticks * 1e-7
    turns = np.stack([np.cos(angle / 2), np.zeros_like(angle), np.zeros_like(angle), -np.sin(angle / 2)], 1)
    rates = np.tile([0.0, 0.0, 1e-4], (ticks.size, 1)) if rated else None
    path = tmp_path / "attitude.bc"
    path.write_bytes(b"".join(ck_octets([Attitudes(-777_000, ticks, turns, rates, (4_000_000.0,))])))
    furnish(clock, path)
    try:
        for tick in (0.0, 5_000.0, 1_234_567.0, 2_490_000.0, 4_000_000.0, 4_987_654.0):
            turn, at = spiceypy.ckgp(-777_000, tick, 0.0, "J2000")[:2]
            assert at == tick
            assert np.abs(turn - spiceypy.rotate(tick * 1e-7, 3)).max() < 1e-12
            if rated:
                assert np.abs(spiceypy.ckgpav(-777_000, tick, 0.0, "J2000")[1] - [0, 0, 1e-4]).max() < 1e-15
        with pytest.raises(spiceypy.utils.exceptions.NotFoundError):  # between two intervals nothing is known
            spiceypy.ckgp(-777_000, 3_000_000.0, 0.0, "J2000")
    finally:
        release(path, clock)


@pytest.mark.parametrize("begin_ns", [10**18, -(10**17) - 250_000_000])
def test_a_clock_we_write_is_read_by_spice(tmp_path: Path, begin_ns: int) -> None:
    """Two segments that gain and lose a second a day; also before 2000, where seconds are negative with a fraction."""
    segments = (Segment(0, begin_ns, 1.00001), Segment(86_400 * 65536, begin_ns + 86_401 * 10**9, 0.99999))
    clock = SpacecraftClock("c", 65536, segments, "TDB", (Partition(0, 2**48),))
    path = tmp_path / "ours.tsc"
    path.write_text(kernel_from_clock(clock, -778))
    light_times("EARTH", "MARS", np.array([tai_ns_from_utc("2020-01-01")]))
    furnish(path)
    try:
        ticks = np.arange(0, 3 * 86_400 * 65536, 40_000_019, dtype=np.int64)
        ours = clock.tai_ns(ticks)
        theirs = np.array([int(tai_ns_from_et(spiceypy.sct2e(-778, float(t)))) for t in ticks])
        off_us = np.abs(ours - theirs).max() / 1000
        print(f"clock: {off_us:.3f} us from SPICE's")
        assert off_us < 0.3
        assert spiceypy.scencd(-778, "1/0000086400:00000") == 86_400 * 65536
    finally:
        release(path)


def test_what_makes_no_segment_is_refused() -> None:
    ets, rows = np.array([0.0, 1.0, 2.0]), np.ones((3, 6))
    for wrong, match in (
        (HermiteStates(CRAFT, 499, ets[:1], rows[:1]), "two rows"),
        (HermiteStates(CRAFT, 499, ets, rows[:, :3]), "rows of six"),
        (HermiteStates(CRAFT, 499, ets[::-1], rows), "do not rise"),
        (HermiteStates(CRAFT, 499, ets, rows * np.nan), "not a number"),
        (HermiteStates(CRAFT, 499, ets, rows, degree=8), "odd"),
        (HermiteStates(CRAFT, 499, ets, rows, frame="BARSOOM"), "BARSOOM"),
        (HermiteStates(CRAFT, 499, ets, rows, name="x" * 41), "longer than 40"),
        (ChebyshevStates(CRAFT, 499, 0.0, 1.0, np.ones((1, 3, 4))), "six rows"),
        (ChebyshevStates(CRAFT, 499, 0.0, -1.0, np.ones((1, 6, 4))), "positive"),
    ):
        with pytest.raises(UsageError, match=match):
            list(spk_octets([wrong]))  # type: ignore[list-item]
    with pytest.raises(UsageError, match="0 segments"):
        list(spk_octets([]))
    with pytest.raises(UsageError, match="no polynomials"):
        fitted_chebyshev(orbit(), 0.0, -1.0, body=1, centre=2, length_s=60)
    turns = np.tile([1.0, 0, 0, 0], (3, 1))
    for made, match in (
        (Attitudes(-1000, ets[::-1], turns), "rise"),
        (Attitudes(-1000, ets, turns[:, :3]), "rows of four"),
        (Attitudes(-1000, ets, 2 * turns), "length 1"),
        (Attitudes(-1000, ets, turns, None, (0.5,)), "where no attitude"),
    ):
        with pytest.raises(UsageError, match=match):
            list(ck_octets([made]))


def test_real_kernels_are_summarised_as_spice_does() -> None:
    for relative in (
        "data/nav/spice/em16/spk/earthstns_itrf93_050714.bsp",
        "data/nav/spice/em16/spk/em16_tgo_fsp_116_01_20191111_20200425_v02.bsp",
        "data/nav/spice/em16/ck/em16_tgo_sc_ssm_20180311_20190101_s20191109_v02.bc",
    ):
        path = shared(relative)
        handle, rows = spiceypy.dafopr(str(path)), []
        spiceypy.dafbfs(handle)
        while spiceypy.daffna():
            doubles, numbers = spiceypy.dafus(spiceypy.dafgs(), 2, 6)
            rows.append((tuple(map(float, doubles)), tuple(map(int, numbers)), spiceypy.dafgn(60)))
        spiceypy.dafcls(handle)
        assert [(one.doubles, one.integers, one.name) for one in read_daf(path.read_bytes()).segments] == rows


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3071), st.integers(0, 255), st.integers(0, 3072))
def test_damaged_kernels_are_refused_or_read(at: int, value: int, cut: int) -> None:
    """Whatever octet of the records that lead to the data is another, there is an error of ours or an answer."""
    octets = bytearray(b"".join(spk_octets([HermiteStates(CRAFT, 499, np.arange(9.0), np.ones((9, 6)))])))
    octets[at] = value
    for damaged in (bytes(octets), bytes(octets[:cut])):
        try:
            assert len(read_daf(damaged, "damaged.bsp").segments) <= 25
        except DefinitionError as error:
            assert str(error).startswith("damaged.bsp: ")


def test_states_written_are_found_by_state(kernel: Callable[[list[bytes]], str]) -> None:
    make = orbit()
    segment, _ = fitted_chebyshev(make, 6.0e8, 6.0e8 + 7200, body=CRAFT, centre=499, length_s=900.0)
    path = kernel(list(spk_octets([segment])))
    furnish(path)
    at = np.array([int(tai_ns_from_et(6.0e8 + n * 977.0)) for n in range(7)])
    ours = state(str(CRAFT), "MARS", at)
    release(path)
    assert np.abs(ours[:, :3] - make(6.0e8 + np.arange(7) * 977.0)[:, :3]).max() < 1e-6
