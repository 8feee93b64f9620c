"""Time on Mars: season, mean and true solar time of a place, and sols counted since a landing.

The recipe is that of Allison and McEwen, Planet. Space Sci. 48, 215-235 (2000), with the constants that NASA GISS's Mars24
Sunclock uses since (https://www.giss.nasa.gov/tools/mars24/help/algorithm.html; grade B). It needs no kernels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import J2000_TAI_NS, NO_TIME, SECOND, tai_ns_from_et
from .finding import LAST_NS
from .sites import Epochs, Reals

DAY_S = 86_400.0
SOL_S = 88_775.244147  # mean solar day of Mars: the rate of the clocks of local mean time of its landers
# Amplitude (deg), period (Julian years) and phase (deg) of what planets do to the season
PERTURBERS = (
    (0.0071, 2.2353, 49.409), (0.0057, 2.7543, 168.173), (0.0039, 1.1177, 191.837), (0.0037, 15.7866, 21.736),
    (0.0021, 2.1354, 15.704), (0.0020, 2.4694, 95.528), (0.0018, 32.8493, 49.095),
)  # fmt: skip
FIRST_MARS_YEAR = 1955.27526  # year 1 of Clancy et al. (2000) began on 1955-04-11, at Ls 0
TROPICAL_YEAR_DAYS = 686.9725


@dataclass(frozen=True, slots=True)
class MarsTime:
    """The season and the mean sun, as columns; NaN where the epoch is unknown.

    `ls_deg` is the planetocentric longitude of the Sun (0: northern spring), `equation_deg` true less mean solar time, an
    angle, `mtc_hours` mean solar time at the prime meridian, `sol_date` the Mars Sol Date, `declination_deg` that of the Sun
    (planetographic), `sun_au` its distance.
    """

    ls_deg: Reals
    equation_deg: Reals
    mtc_hours: Reals
    sol_date: Reals
    declination_deg: Reals
    sun_au: Reals

    def lmst_hours(self, longitude_east_deg: float) -> Reals:
        """Return local mean solar time at an east longitude, hours of 1/24 sol."""
        return np.asarray((self.mtc_hours + longitude_east_deg / 15.0) % 24.0)

    def ltst_hours(self, longitude_east_deg: float) -> Reals:
        """Return local true solar time at an east longitude, hours of 1/24 sol."""
        return np.asarray((self.mtc_hours + (longitude_east_deg + self.equation_deg) / 15.0) % 24.0)


def mars_time(epochs_tai_ns: Epochs) -> MarsTime:
    """Return the time on Mars at epochs (TAI nanoseconds): what its own clocks show then, not what is seen from the Earth.

    Accuracy: Ls within 0.012 deg of SPICE's `lspcn` from 2000 to 2040, solar times within 5 s (`test_ephemeris_mars_time.py`).
    """
    days = _days(epochs_tai_ns)
    mean = np.radians(19.3871 + 0.52402073 * days)  # anomaly
    fictitious = 270.3871 + 0.524038496 * days  # right ascension of the mean Sun, deg
    others = sum(a * np.cos(np.radians(0.985626 * days / period + phase)) for a, period, phase in PERTURBERS)
    centre = (
        (10.691 + 3.0e-7 * days) * np.sin(mean) + 0.623 * np.sin(2 * mean) + 0.050 * np.sin(3 * mean)
        + 0.005 * np.sin(4 * mean) + 0.0005 * np.sin(5 * mean) + others
    )  # fmt: skip
    season = fictitious + centre
    angle = np.radians(season)
    equation = 2.861 * np.sin(2 * angle) - 0.071 * np.sin(4 * angle) + 0.002 * np.sin(6 * angle) - centre
    sols = (days - 4.5) / 1.0274912517 + 44_796.0 - 0.0009626
    declination = np.degrees(np.arcsin(0.42565 * np.sin(angle))) + 0.25 * np.sin(angle)
    distance = 1.52367934 * (
        1.00436 - 0.09309 * np.cos(mean) - 0.004336 * np.cos(2 * mean) - 0.00031 * np.cos(3 * mean) - 0.00003 * np.cos(4 * mean)
    )
    return MarsTime(season % 360.0, equation, 24.0 * (sols % 1.0), sols, declination, distance)


def mars_years(epochs_tai_ns: Epochs) -> NDArray[np.int64]:
    """Return the Mars years of epochs, counted from 1 on 1955-04-11; 0 for NO_TIME. Each begins where Ls passes 0."""
    days = _days(epochs_tai_ns)
    season = mars_time(epochs_tai_ns).ls_deg
    whole = (days - (FIRST_MARS_YEAR - 2000.0) * 365.2422 + 0.5) / TROPICAL_YEAR_DAYS - season / 360.0
    return np.where(np.isnan(days), 0, 1 + np.rint(np.nan_to_num(whole)).astype(np.int64))


@dataclass(frozen=True, slots=True)
class SolClock:
    """Sols and local mean solar time of a landing site: sol `first_sol` begins at the midnight `midnight_tai_ns`.

    It runs at the constant rate of the mean sun in ephemeris time, as the clocks of landers in SPICE kernels do. The landing day
    is sol 0 for most missions and sol 1 for some.
    """

    midnight_tai_ns: int
    first_sol: int = 0

    @staticmethod
    def of_landing(longitude_east_deg: float, landing_tai_ns: int, first_sol: int = 0) -> "SolClock":
        """Return the clock at an east longitude whose sol `first_sol` holds the landing (TAI nanoseconds)."""
        at = landing_tai_ns
        for _ in range(2):  # the recipe's rate differs from SOL_S by 3e-11
            hours = float(mars_time(np.array([at], np.int64)).lmst_hours(longitude_east_deg)[0])
            at -= round((hours if at == landing_tai_ns else (hours + 12.0) % 24.0 - 12.0) * SOL_S / 24.0 * SECOND)
        return SolClock(at, first_sol)

    def sols(self, epochs_tai_ns: Epochs) -> Reals:
        """Return sols with their fraction: 3.5 is local mean noon of sol 3. NaN for NO_TIME."""
        epochs = np.asarray(epochs_tai_ns, np.int64)
        known = epochs != NO_TIME
        whole = _since_s(np.where(known, epochs, self.midnight_tai_ns), self.midnight_tai_ns) / SOL_S
        return np.where(known, self.first_sol + whole, np.nan)

    def tai_ns(self, sols: Reals) -> Epochs:
        """Return the epochs (TAI nanoseconds) of sols with their fraction. UsageError for one that is none or too far."""
        if not np.all(np.isfinite(sols)):
            raise UsageError("a sol is not a number", remedy="Give sols that are known")
        with np.errstate(over="ignore"):
            away = np.rint((np.asarray(sols) - self.first_sol) * (SOL_S * SECOND))
        if np.any(np.abs(away + self.midnight_tai_ns) > LAST_NS) or np.any(np.abs(away) > LAST_NS):
            raise UsageError("a sol is beyond what 64 bits hold", remedy="Give sols of the years 1680 to 2262")
        return np.asarray(self.midnight_tai_ns + away.astype(np.int64), np.int64)

    def text(self, epoch_tai_ns: int) -> str:
        """Return an epoch as people of a lander write it: `Sol 12 06:30:00 LMST`, seconds cut."""
        sol = float(self.sols(np.array([epoch_tai_ns], np.int64))[0])
        if sol != sol:
            raise UsageError("an unknown time has no sol", remedy="Give an instant that is known")
        seconds = int((sol % 1.0) * DAY_S)
        return f"Sol {int(sol // 1)} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d} LMST"


def sol_clock_from_et(midnight_et_s: float, first_sol: int = 0) -> SolClock:
    """Return the clock of a kernel of local mean solar time, which states midnight as an ephemeris time (s)."""
    return SolClock(int(tai_ns_from_et(midnight_et_s)), first_sol)


def _days(epochs_tai_ns: Epochs) -> Reals:
    """Return days of TT since J2000, NaN for NO_TIME."""
    epochs = np.asarray(epochs_tai_ns, np.int64)
    known = epochs != NO_TIME
    return np.where(known, _since_s(np.where(known, epochs, J2000_TAI_NS), J2000_TAI_NS) / DAY_S, np.nan)


def _since_s(epochs: Epochs, origin: int) -> Reals:
    """Return seconds since an instant; nanoseconds between two that 64 bits hold need not fit into as many."""
    return (epochs // SECOND - origin // SECOND) + (epochs % SECOND - origin % SECOND) / SECOND
