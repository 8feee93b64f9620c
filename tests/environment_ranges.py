"""The DSN's ranges to Mars, 2006 to 2010, as residuals of the light time computed here."""

from dataclasses import dataclass

import numpy as np
import spiceypy
from numpy.typing import NDArray

from aelita.environment import gravity_delay_s
from aelita.ephemeris import Site, furnish, light_times, release, state
from aelita.ephemeris.sites import earth_rotation
from aelita.time import J2000_TAI_NS, SECOND, et_from_tai_ns, tai_ns_from_utc
from aelita.time.scales import tdb_minus_tt_s
from shared import shared

Reals = NDArray[np.float64]
C_KM_S = 299792.458
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Ranges:
    """One-way residuals (observed less computed, metres), and places from the Sun (km), at times of reception."""

    epochs_tai_ns: NDArray[np.int64]
    residual_m: Reals
    earth_km: Reals
    mars_km: Reals

    @property
    def sun_angle_deg(self) -> Reals:
        line = self.mars_km - self.earth_km
        across = np.linalg.norm(np.cross(line, -self.earth_km), axis=1)
        return np.degrees(np.arctan2(across, np.sum(line * -self.earth_km, axis=1)))


def stations() -> dict[int, Site]:
    """The DSN's stations of the kernel at its one epoch, with their drifts."""
    path = str(shared("data/nav/spice/em16/spk/earthstns_itrf93_050714.bsp"))
    furnish(path)
    epoch = tai_ns_from_utc("2016-12-08T20:10:30")
    et = float(np.asarray(et_from_tai_ns(np.array([epoch])))[0])
    found = {}
    for number in (14, 15, 24, 25, 26, 34, 43, 45, 54, 55, 63, 65):
        x, y, z, *drift = spiceypy.spkgeo(399000 + number, et, "ITRF93", 399)[0].tolist()
        found[number] = Site(f"DSS-{number}", (x, y, z), tuple(v * 31557600 for v in drift), epoch)
    release(path)
    return found


def station_tdb_s(site: Site, epochs: NDArray[np.int64]) -> Reals:
    place = np.einsum("nij,nj->ni", earth_rotation(np.asarray(et_from_tai_ns(epochs))), site.earth_fixed_km(epochs))
    diurnal = np.sum(state("EARTH", "SSB", epochs)[:, 3:] * place, axis=1) / C_KM_S**2
    return tdb_minus_tt_s((epochs - J2000_TAI_NS) / SECOND) + diurnal


def ranges() -> Ranges:
    """Every range of the file, as test_ephemeris_stations computes it."""
    lines = [line.split() for line in shared("data/nav/tracking/mro_range_2006-2010.txt").read_text().splitlines()]
    rows = [row for row in lines if row and not row[0].startswith("#")]
    days = [f"{r[3]}-{MONTHS.index(r[4]) + 1:02d}-{int(r[5]):02d}T{r[6]}" for r in rows]
    epochs = np.array([tai_ns_from_utc(d) - 1000 * int(r[8] if len(r) > 8 else 0) for d, r in zip(days, rows, strict=True)])
    sites, residual = stations(), np.empty(len(rows))
    pairs = np.array([(int(r[1]), int(r[2])) for r in rows])
    observed_s = np.array([float(r[7]) for r in rows]) * 1e-6
    for pair in np.unique(pairs, axis=0):
        those = (pairs == pair).all(axis=1)
        sender, receiver, at = sites[int(pair[0])], sites[int(pair[1])], epochs[those]
        down = up = light_times(receiver, "MARS", at).light_s
        for _ in range(4):
            sent = at - np.rint((down + up) * SECOND).astype(np.int64)
            up = light_times(sender, "MARS", sent, outgoing=True).light_s
        clocks_s = down + up - station_tdb_s(receiver, at) + station_tdb_s(sender, sent)
        residual[those] = (observed_s[those] - clocks_s) / 2 * C_KM_S * 1000
    light_ns = np.rint(light_times("EARTH", "MARS", epochs).light_s * SECOND).astype(np.int64)
    return Ranges(epochs, residual, state("EARTH", "SUN", epochs)[:, :3], state("MARS", "SUN", epochs - light_ns)[:, :3])


def planets_m(mro: Ranges) -> Reals:
    """By how much the gravity of Jupiter and Saturn, which the light times leave out, makes the one-way ranges longer."""
    total = np.zeros(mro.residual_m.size)
    for body, gm in (("JUPITER BARYCENTER", 126_712_764.1), ("SATURN BARYCENTER", 37_940_584.8)):
        place = state(body, "SUN", mro.epochs_tai_ns)[:, :3]
        total += gravity_delay_s(mro.earth_km - place, mro.mars_km - place, gm) * C_KM_S * 1000
    return total
