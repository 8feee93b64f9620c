"""Time on Mars against the worked examples of Mars24, SPICE, a clock kernel of local mean time, and days of landings."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st
from spiceypy import cyice

from aelita.ephemeris import SOL_S, SolClock, light_times, mars_time, mars_years, sol_clock_from_et
from aelita.errors import UsageError
from aelita.time import DAY, NO_TIME, SECOND, clock_from_kernel, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc
from shared import shared


def utc(text: str) -> int:
    return int(tai_ns_from_utc(text))


@pytest.mark.parametrize(
    ("at", "east_deg", "ls_deg", "equation_deg", "mtc", "lmst", "ltst"),
    [  # the two worked examples of the Mars24 algorithm page of NASA GISS
        ("2000-01-06T00:00:00", 0.0, 277.18758, -5.18774, 23.99425, 23.99425, 23.64840),
        ("2004-01-03T13:46:31", 360 - 184.702, 327.32416, -12.77553, 13.16537, 0.85190, 0.00020),
    ],
)
def test_the_worked_examples_of_mars24(
    at: str, east_deg: float, ls_deg: float, equation_deg: float, mtc: float, lmst: float, ltst: float
) -> None:
    found = mars_time(np.array([utc(at)]))
    numbers = [found.ls_deg, found.equation_deg, found.mtc_hours, found.lmst_hours(east_deg), found.ltst_hours(east_deg)]
    for ours, published in zip(numbers, (ls_deg, equation_deg, mtc, lmst, ltst), strict=True):
        assert ours[0] == pytest.approx(published, abs=1.1e-5)


def test_forty_years_are_those_of_spice() -> None:
    at = utc("2000-01-01") + np.arange(0, 14600, 7) * DAY
    ets = np.asarray(et_from_tai_ns(at))
    light_times("EARTH", "MARS", at[:1])  # so that the planets are loaded
    found = mars_time(at)
    season = np.degrees(np.asarray(cyice.lspcn_v("MARS", ets, "NONE")))
    hours = np.array([spiceypy.et2lst(et, 499, np.radians(100.0), "PLANETOCENTRIC")[:3] for et in ets]) @ [1, 1 / 60, 1 / 3600]
    sun = np.array([spiceypy.spkpos("SUN", et, "IAU_MARS", "NONE", "499")[0] for et in ets])
    distance = np.linalg.norm(sun, axis=1)
    declination = np.degrees(np.arctan2(sun[:, 2] / (3376.2 / 3396.19) ** 2, np.hypot(sun[:, 0], sun[:, 1])))
    off = {
        "Ls": np.abs((found.ls_deg - season + 180) % 360 - 180).max(),
        "LTST": 3600 * np.abs((found.ltst_hours(100.0) - hours + 12) % 24 - 12).max(),
        "declination": np.abs(found.declination_deg - declination).max(),
        "distance": np.abs(found.sun_au - distance / 149597870.7).max(),
    }
    print(
        f"from SPICE, 2000 to 2040: Ls {off['Ls']:.4f} deg, LTST {off['LTST']:.1f} s, declination {off['declination']:.3f} deg, "
        f"distance {off['distance']:.1e} au"
    )
    assert off["Ls"] < 0.012 and off["LTST"] < 5 and off["declination"] < 0.03 and off["distance"] < 3e-4


def test_mars_years_begin_with_its_spring() -> None:
    """As public calendars have them (Piqueux et al., Icarus 251 (2015)): year 25 began on 2000-05-31, 36 on 2021-02-07."""
    for year, day in ((25, "2000-05-31"), (27, "2004-03-05"), (36, "2021-02-07"), (37, "2022-12-26")):
        assert mars_years(np.array([utc(day) - DAY, utc(day) + 2 * DAY])).tolist() == [year - 1, year]
    assert mars_years(np.array([NO_TIME, -464_500_000 * SECOND])).tolist() == [0, 1]
    assert np.isnan(mars_time(np.array([NO_TIME])).ls_deg).all()


@pytest.mark.parametrize(
    ("east_deg", "landing", "midnight", "within_s", "hour"),
    [  # Curiosity's team counts sols from 2012-08-05T13:49:59 UTC; it landed at about 3 in the afternoon. InSight's counts from
        # midnight at the place that was aimed at, 2018-11-26T05:10:50.3356, by insight_lmst_ops181206_v1.tsc
        (137.42, "2012-08-06T05:17:57", "2012-08-05T13:49:59", 2.0, 15.05),
        (77.43, "2021-02-18T20:43:49", "2021-02-18T04:24:16", 2.0, 15.9),
        (135.97, "2018-11-26T19:44:52.444", "2018-11-26T05:10:50.3356", 2.0, 14.18),
    ],
)
def test_first_sols_of_landers(east_deg: float, landing: str, midnight: str, within_s: float, hour: float) -> None:
    clock = SolClock.of_landing(east_deg, utc(landing))
    off_s = (clock.midnight_tai_ns - utc(midnight)) / SECOND
    print(f"sol 0 of the lander at {east_deg} deg E begins {off_s:+.1f} s from the published midnight")
    assert abs(off_s) < within_s
    assert 24 * clock.sols(np.array([utc(landing)]))[0] == pytest.approx(hour, abs=0.05)
    assert clock.text(utc(landing)).startswith(f"Sol 0 {int(hour)}:")


def test_the_clock_kernel_of_oxia_planum_is_half_a_sol_off() -> None:
    """Its rate is ours to 1e-12 and its midnight, stated as 2021-03-18T17:32:02 UTC, is local mean noon to a millisecond."""
    text = shared("data/nav/spice/altec/lesson_exomarsrsp/kernels/sclk/emrsp_rm_lmst_20190401_v001.tsc").read_text()
    kernel = clock_from_kernel(text)
    start = kernel.segments[0]
    sol_s = start.rate * kernel.ticks_per_second / 24 / 3600 / 100_000
    stated = sol_clock_from_et(start.start_ns / SECOND)
    ours = SolClock.of_landing(335.45, utc("2021-03-19T12:00"))
    apart = (ours.midnight_tai_ns - stated.midnight_tai_ns) / SECOND / SOL_S
    print(f"sol of {sol_s:.6f} s; from midnight of the kernel to ours {apart:.9f} sols")
    assert sol_s == pytest.approx(SOL_S, rel=1e-12)
    assert apart == pytest.approx(0.5, abs=2e-8)
    assert mars_time(np.array([stated.midnight_tai_ns])).lmst_hours(335.45)[0] == pytest.approx(12.0, abs=1e-6)
    # SPICE's own solar time there says noon as well, but for the equation of time
    equation_h = mars_time(np.array([stated.midnight_tai_ns])).equation_deg[0] / 15
    hour = spiceypy.et2lst(start.start_ns / SECOND, 499, np.radians(335.45), "PLANETOCENTRIC")
    assert hour[0] + hour[1] / 60 + hour[2] / 3600 == pytest.approx(12 + equation_h, abs=2e-3)


@given(st.integers(-(10**18), 4 * 10**18), st.integers(-5, 5))
def test_sols_and_epochs_go_both_ways(at: int, first: int) -> None:
    clock = SolClock(utc("2021-02-18T04:24:16"), first)
    sols = clock.sols(np.array([at]))
    assert abs(int(clock.tai_ns(sols)[0]) - at) < 2_000  # a double holds a sol of a century to a microsecond
    assert clock.sols(np.array([clock.midnight_tai_ns])).tolist() == [first]


def test_the_mean_sun_of_the_recipe_runs_as_the_clocks_of_landers() -> None:
    at = utc("2012-08-06") + np.arange(0, 20 * 365, 30) * DAY
    clock = SolClock.of_landing(137.42, utc("2012-08-06T05:17:57"))
    off_s = ((24 * clock.sols(at) - mars_time(at).lmst_hours(137.42) + 12) % 24 - 12) * 3600
    assert np.abs(off_s).max() < 0.01


def test_times_of_three_centuries_do_not_wrap() -> None:
    """Between instants of 1685 and of 2021 lie more nanoseconds than 64 bits hold."""
    landing = utc("2021-02-18T20:43:49")
    at = np.array([-9 * 10**18, 9 * 10**18])  # 1684-10-19 and 2255-03-14
    years = mars_years(at)
    assert years.tolist() == [-143, 160]  # 570.4 years of the Earth are 303.3 of Mars
    season = np.degrees(np.asarray(cyice.lspcn_v("MARS", np.asarray(et_from_tai_ns(at)), "NONE")))
    assert np.abs((mars_time(at).ls_deg - season + 180) % 360 - 180).max() < 0.2
    clock = SolClock.of_landing(77.43, landing)
    sols = clock.sols(at)
    assert sols == pytest.approx((at.astype(float) - float(clock.midnight_tai_ns)) / SOL_S / SECOND, rel=1e-12)
    assert abs(int(clock.tai_ns(sols[1:])[0]) - int(at[1])) < 2000
    for far in (1e9, -1e9, -1.2e5, 1e300):
        with pytest.raises(UsageError, match="beyond what 64 bits hold"):
            clock.tai_ns(np.array([far]))


def test_unknown_times_have_no_sol() -> None:
    clock = SolClock(0)
    assert np.isnan(clock.sols(np.array([NO_TIME]))).all()
    with pytest.raises(UsageError, match="no sol"):
        clock.text(NO_TIME)
    with pytest.raises(UsageError, match="not a number"):
        clock.tai_ns(np.array([np.nan]))
    assert int(tai_ns_from_et(0.0)) == sol_clock_from_et(0.0).midnight_tai_ns
