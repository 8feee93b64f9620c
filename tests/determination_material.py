"""Stations, the real tracking of Mars Global Surveyor, and a simulated orbiter for tests of orbit determination."""

import gzip
from functools import cache

import numpy as np
import spiceypy
from numpy.typing import NDArray

from aelita.dynamics.forces import Forces
from aelita.dynamics.light_paths import Station
from aelita.dynamics.network import Network
from aelita.dynamics.ramps import Ramps, constant_uplink
from aelita.dynamics.states import StateVector
from aelita.dynamics.tracking import Kind, Observations
from aelita.dynamics.tracking_files import read_ramps, read_tracking
from aelita.environment import GravityField, read_gravity
from aelita.ephemeris import Site, furnish, release, state
from aelita.time import DAY, SECOND, et_from_tai_ns, tai_ns_from_utc
from shared import shared

Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]
C_KM_S = 299792.458
MALARGUE = Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
CEBREROS = Site("Cebreros", (4846.733554, -370.174689, 4116.878658))
NEW_NORCIA = Site("New Norcia", (-2414.066593, 4907.869333, -3270.605780))
UPLINK_HZ = 7.2e9


class AtCentre:
    """A spacecraft that stays at the centre of Mars."""

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        return np.zeros((epochs_tai_ns.size, 6))


class Circling:
    """A spacecraft on a circle, so many km to one side."""

    def __init__(self, offset: Reals | None = None, speed: Reals | None = None, radius_km: float = 3800.0) -> None:
        self.offset = np.zeros(3) if offset is None else offset
        self.speed = np.zeros(3) if speed is None else speed
        self.radius_km, self.rate = radius_km, np.sqrt(42828.37 / radius_km**3)

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        after = (epochs_tai_ns - ORIGIN) / SECOND
        angle = self.rate * after
        there = np.column_stack([np.cos(angle), 0.6 * np.sin(angle), 0.8 * np.sin(angle)]) * self.radius_km
        there += self.offset + after[:, None] * self.speed
        moving = np.column_stack([-np.sin(angle), 0.6 * np.cos(angle), 0.8 * np.cos(angle)]) * self.radius_km * self.rate
        return np.hstack([there, moving + self.speed])


ORIGIN = tai_ns_from_utc("2018-12-08T12:00:00")


@cache
def dsn(number: int) -> Site:
    """A DSN station, at the one epoch that the excerpt of the kernel holds."""
    path = str(shared("data/nav/spice/em16/spk/earthstns_itrf93_050714.bsp"))
    furnish(path)
    epoch = tai_ns_from_utc("2016-12-08T20:10:30")
    found = spiceypy.spkgeo(399000 + number, float(et_from_tai_ns(epoch)), "ITRF93", 399)[0]
    x, y, z, *drift = found.tolist()
    release(path)
    a, b, c = (v * 31557600 for v in drift)
    return Site(f"DSS-{number}", (x, y, z), (a, b, c), epoch)


@cache
def mars_gravity() -> GravityField:
    path = shared("data/nav/gravity/jgmro120d.txt.gz")
    return read_gravity(gzip.decompress(path.read_bytes()), name="JGMRO120D")


@cache
def mgs_tracking() -> tuple[Observations, ...]:
    """All of the file, 7 to 11 March 1999."""
    return read_tracking(shared("data/nav/tracking/mgs/9066071a.msr").read_text())[0]


@cache
def mgs_ramps() -> dict[str, Ramps]:
    return read_ramps(gzip.decompress(shared("data/nav/tracking/mgs/9066071a.ramp.gz").read_bytes()).decode())


def mgs_pass(day: str, kind: Kind = Kind.DOPPLER, receiver: str = "DSS-45") -> Observations:
    """What a station observed on a day of March 1999."""
    (whole,) = (one for one in mgs_tracking() if one.kind is kind and one.receiver == receiver)
    start = tai_ns_from_utc(f"1999-03-{day}")
    return whole.between(start, start + DAY)


def mgs_network() -> Network:
    """The stations, with zenith delays of a dry and of a little wet air (assumed: no weather is in the data)."""
    return Network({f"DSS-{n}": Station(dsn(n), 2.1, 0.1) for n in (34, 45, 54)}, mgs_ramps())


MGS_EPOCH = tai_ns_from_utc("1999-03-09T17:30:00")


def mgs_like(node_local_time_h: float, mean_anomaly_deg: float) -> StateVector:
    """The documented mapping orbit at a node and anomaly that are not: 92.9 deg, e 0.008, periapsis over the south pole.

    Sources: NSSDC 1996-062A (sun-synchronous, crosses at 2 p.m. from south to north, mean height 378 km), grade B.
    """
    a, e, inclination, periapsis = 3775.0, 0.008, np.radians(92.9), np.radians(270.0)
    ra, dec = np.radians(317.68143), np.radians(52.88650)
    pole = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    sun = state("SUN", "MARS", np.array([MGS_EPOCH]))[0, :3]
    noon = sun - pole * (sun @ pole)
    noon /= np.linalg.norm(noon)
    hour = np.radians(15 * (node_local_time_h - 12))
    node = np.cos(hour) * noon + np.sin(hour) * np.cross(pole, noon)
    ahead = np.cos(inclination) * np.cross(pole, node) + np.sin(inclination) * pole
    mean = np.radians(mean_anomaly_deg)
    eccentric = mean
    for _ in range(20):
        eccentric = mean + e * np.sin(eccentric)
    true = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(eccentric / 2), np.sqrt(1 - e) * np.cos(eccentric / 2))
    radius, speed = a * (1 - e * np.cos(eccentric)), np.sqrt(42828.37 / (a * (1 - e * e)))

    def at(angle: float) -> Reals:
        return np.asarray(np.cos(angle) * node + np.sin(angle) * ahead)

    velocity = speed * (-np.sin(true) * at(periapsis) + (e + np.cos(true)) * at(periapsis + np.pi / 2))
    return StateVector(MGS_EPOCH, radius * at(true + periapsis), velocity)


def orbiter_network(hours: float = 12.0) -> Network:
    """Malargüe and Cebreros, which transmit 7.2 GHz for so many hours around a simulated day."""
    start, stop = ORIGIN - 4 * 3600 * SECOND, ORIGIN + round((hours + 4) * 3600) * SECOND
    ramps = {site.name: constant_uplink(site.name, UPLINK_HZ, start, stop) for site in (MALARGUE, CEBREROS, NEW_NORCIA)}
    return Network({site.name: Station(site, 2.2, 0.1) for site in (MALARGUE, CEBREROS, NEW_NORCIA)}, ramps)


def orbiter() -> StateVector:
    """An orbit like that of the Trace Gas Orbiter: 400 km, 74 deg."""
    radius = 3396.0 + 390.0
    speed = np.sqrt(42828.37 / radius) * 1.002
    tilt = np.radians(74.0)
    return StateVector(ORIGIN - 1800 * SECOND, np.array([radius, 0.0, 0.0]), speed * np.array([0.0, np.cos(tilt), np.sin(tilt)]))


def small_forces() -> Forces:
    """Forces that are quick to reckon with: degree 4 and the Sun."""
    return Forces(gravity=mars_gravity(), degree=4, bodies=("SUN",))
