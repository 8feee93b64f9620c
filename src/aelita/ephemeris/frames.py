"""How Mars is turned: rotations to its axes at columns of epochs, with the constants stated here; and axes of places on it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import radians

import numpy as np
from numpy.typing import NDArray
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceyError

from ..errors import DefinitionError, UsageError
from .load import kernels
from .sites import Reals, refusal

DAY_S = 86_400.0
CENTURY_S = 36_525 * DAY_S
MARS_RADII_KM = (3396.19, 3396.19, 3376.20)  # IAU 2015 report, as in NAIF's pck00011.tpc (grade A)
Matrices = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wave:
    """A periodic term: amplitude (deg) times a sine or cosine of phase + rate T + quadratic T^2 (deg, T in Julian centuries)."""

    amplitude_deg: float
    phase_deg: float
    rate_deg: float
    quadratic_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class MarsOrientation:
    """Right ascension and declination of the pole of Mars (J2000) and the angle of its prime meridian, by ephemeris time.

    Pole: degrees and degrees a Julian century; meridian: degrees and degrees a day; both past J2000 TDB. `ra_waves` and
    `meridian_waves` are of sines, `dec_waves` of cosines. `source` and `grade` tell where the numbers are from.
    """

    name: str
    pole_ra_deg: tuple[float, float]
    pole_dec_deg: tuple[float, float]
    meridian_deg: tuple[float, float]
    ra_waves: tuple[Wave, ...] = ()
    dec_waves: tuple[Wave, ...] = ()
    meridian_waves: tuple[Wave, ...] = ()
    source: str = ""
    grade: str = "A"

    def linear_rad(self) -> tuple[float, float, float, float, float, float]:
        """Return the secular parts: pole's right ascension (rad, rad/s), its declination (rad, rad/s), meridian (rad, rad/s).

        They are for compiled right-hand sides: angle = first + second * ephemeris time. Exact for a model without waves.
        """
        (ra, ra_rate), (dec, dec_rate), (turn, turn_rate) = self.pole_ra_deg, self.pole_dec_deg, self.meridian_deg
        pairs = ((ra, ra_rate / CENTURY_S), (dec, dec_rate / CENTURY_S), (turn, turn_rate / DAY_S))
        a, b, c, d, e, f = (radians(value) for pair in pairs for value in pair)
        return a, b, c, d, e, f

    def angles_rad(self, ets: Reals) -> tuple[Reals, Reals, Reals]:
        """Return the pole's right ascension and declination and the angle of the meridian (rad) at ephemeris times (s)."""
        ra, ra_rate, dec, dec_rate, turn, turn_rate = self.linear_rad()
        return (
            ra + ra_rate * ets + _waves(self.ra_waves, ets, np.sin),
            dec + dec_rate * ets + _waves(self.dec_waves, ets, np.cos),
            turn + turn_rate * ets + _waves(self.meridian_waves, ets, np.sin),
        )

    def rotation(self, ets: Reals) -> Matrices:
        """Return the matrices (n, 3, 3) that turn J2000 vectors to the axes fixed to Mars; transposed they turn back."""
        ra, dec, turn = self.angles_rad(np.asarray(ets, np.float64))
        node = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], -1)  # where its equator rises through that of J2000
        pole = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], -1)
        ahead = np.cross(pole, node)
        cosine, sine = np.cos(turn)[..., None], np.sin(turn)[..., None]
        return np.stack([cosine * node + sine * ahead, cosine * ahead - sine * node, pole], -2)

    def turn_rad_s(self) -> float:
        """Return the secular rate at which it turns about its pole, rad/s: the pole itself moves 1e-7 of that."""
        return self.linear_rad()[5]


def _waves(waves: tuple[Wave, ...], ets: Reals, shape: Callable[[Reals], Reals]) -> Reals:
    total, centuries = np.zeros(np.shape(ets)), np.asarray(ets) / CENTURY_S
    for one in waves:
        phase = one.phase_deg + (one.rate_deg + one.quadratic_deg * centuries) * centuries
        total = total + radians(one.amplitude_deg) * shape(np.radians(phase))
    return total


IAU2000 = MarsOrientation(
    "IAU2000",
    (317.68143, -0.1061),
    (52.88650, -0.0609),
    (176.630, 350.89198226),
    source="Seidelmann et al., Celest. Mech. Dyn. Astr. 82 (2002), as in NAIF's mars_iau2000_v1.tpc and pck00010.tpc",
)
"""The rotation that the gravity fields of Mars (JGMRO120D, GMM-3) and ESOC's orbits of TGO are in."""

IAU2015 = MarsOrientation(
    "IAU2015",
    (317.269202, -0.10927547),
    (54.432516, -0.05827105),
    (176.049863, 350.891982443297),
    (
        Wave(0.000068, 198.991226, 19139.4819985), Wave(0.000238, 226.292679, 38280.8511281),
        Wave(0.000052, 249.663391, 57420.7251593), Wave(0.000009, 266.183510, 76560.6367950),
        Wave(0.419057, 79.398797, 0.5042615),
    ),
    (
        Wave(0.000051, 122.433576, 19139.9407476), Wave(0.000141, 43.058401, 38280.8753272),
        Wave(0.000031, 57.663379, 57420.7517205), Wave(0.000005, 79.476401, 76560.6495004),
        Wave(1.591274, 166.325722, 0.5042615),
    ),
    (
        Wave(0.000145, 129.071773, 19140.0328244), Wave(0.000157, 36.352167, 38281.0473591),
        Wave(0.000040, 56.668646, 57420.9295360), Wave(0.000001, 67.364003, 76560.2552215),
        Wave(0.000001, 104.792680, 95700.4387578), Wave(0.584542, 95.391654, 0.5042615),
    ),
    source="Archinal et al., Celest. Mech. Dyn. Astr. 130:22 (2018), as in NAIF's pck00011.tpc",
)  # fmt: skip
"""The rotation recommended since 2015; places on Mars differ from those of IAU2000 by some 100 m."""

MARS_MODELS = {model.name: model for model in (IAU2000, IAU2015)}


def mars_rotation(ets: Reals, model: str | MarsOrientation = "IAU2000") -> Matrices:
    """Return the matrices (n, 3, 3) that turn J2000 vectors to the axes fixed to Mars, at ephemeris times (s past J2000 TDB).

    `model` is IAU2000, IAU2015, one of your own, or IAU_MARS: what SPICE holds for that frame, which is IAU2000 until a user
    furnishes other constants. Agrees with SPICE to 1e-10, 0.4 mm at the surface
    (`test_ephemeris_frames.py`). Raises UsageError for another model.
    """
    if isinstance(model, MarsOrientation):
        return model.rotation(ets)
    if model == "IAU_MARS":
        return _by_spice(np.ascontiguousarray(ets, np.float64))
    if model not in MARS_MODELS:
        raise UsageError(f"there is no rotation of Mars named {model!r}", remedy=f"Use IAU_MARS, {', '.join(MARS_MODELS)}")
    return MARS_MODELS[model].rotation(ets)


def _by_spice(ets: Reals) -> Matrices:
    with kernels():
        try:
            return np.asarray(cyice.pxform_v("J2000", "IAU_MARS", ets)).reshape(-1, 3, 3)
        except SpiceyError as error:
            raise refusal(error) from error


def to_mars_fixed(states: Reals, ets: Reals, model: str | MarsOrientation = "IAU2000") -> Reals:
    """Return states from Mars (rows of km, km/s) in axes that turn with it, from states in J2000 axes.

    The velocity is that over the turning ground. The motion of the pole itself is left out: 3e-6 m/s at the surface.
    """
    turned = np.einsum("nij,nkj->nki", mars_rotation(ets, model), states.reshape(-1, 2, 3)).reshape(-1, 6)
    rate = _rate(model)
    turned[:, 3] += rate * turned[:, 1]
    turned[:, 4] -= rate * turned[:, 0]
    return turned


def from_mars_fixed(states: Reals, ets: Reals, model: str | MarsOrientation = "IAU2000") -> Reals:
    """Return states from Mars (rows of km, km/s) in J2000 axes, from states in axes that turn with it."""
    still = np.array(states, np.float64).reshape(-1, 6)
    rate = _rate(model)
    still[:, 3] -= rate * still[:, 1]
    still[:, 4] += rate * still[:, 0]
    return np.einsum("nji,nkj->nki", mars_rotation(ets, model), still.reshape(-1, 2, 3)).reshape(-1, 6)


def _rate(model: str | MarsOrientation) -> float:
    chosen = model if isinstance(model, MarsOrientation) else MARS_MODELS.get(model, IAU2000)
    return chosen.turn_rad_s()


@dataclass(frozen=True, slots=True)
class MarsSite:
    """A place on Mars: planetodetic latitude and east longitude (degrees) on the ellipsoid, and height above it (km).

    Raises DefinitionError for a place that is none. Example, the landing site planned in Oxia Planum:

        MarsSite("Oxia Planum", 18.20, 335.45, -3.0)
    """

    name: str
    latitude_deg: float
    longitude_east_deg: float
    height_km: float = 0.0

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude_deg <= 90 and -360 < self.longitude_east_deg <= 360 and -10 < self.height_km < 30):
            raise DefinitionError(
                f"{self.latitude_deg:g} deg N, {self.longitude_east_deg:g} deg E, {self.height_km:g} km up is not on Mars",
                where=f"site {self.name}",
                remedy="Give degrees, north and east, and kilometres above the ellipsoid",
            )

    @property
    def fixed_km(self) -> Reals:
        """Where it is in the axes fixed to Mars, km."""
        return geodetic_to_fixed_km(self.latitude_deg, self.longitude_east_deg, self.height_km)

    def axes(self) -> Reals:
        """Return the unit vectors east, north and up (rows) in the axes fixed to Mars, up along the normal of the ellipsoid."""
        return topocentric_axes(self.latitude_deg, self.longitude_east_deg)


def topocentric_axes(latitude_deg: float, longitude_east_deg: float) -> Reals:
    """Return the unit vectors east, north, up (rows) in body-fixed axes at a planetodetic latitude and east longitude (deg)."""
    lat, lon = radians(latitude_deg), radians(longitude_east_deg)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    east, north = (-sin_lon, cos_lon, 0.0), (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat)
    return np.array([east, north, (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat)])


def geodetic_to_fixed_km(latitude_deg: float, longitude_east_deg: float, height_km: float) -> Reals:
    """Return the body-fixed position (km) of a planetodetic latitude, east longitude (deg) and height (km) on Mars."""
    up = topocentric_axes(latitude_deg, longitude_east_deg)[2]
    squares = np.array(MARS_RADII_KM) ** 2
    return np.asarray(squares * up / np.sqrt(np.sum(squares * up**2)) + height_km * up)


def fixed_to_geodetic(fixed_km: Reals) -> tuple[Reals, Reals, Reals]:
    """Return planetodetic latitudes, east longitudes (deg, 0 to 360), heights (km) over Mars of body-fixed positions (rows, km).

    Converged to 1e-12 deg outside of the planet's inner half; agrees with SPICE's `recgeo`.
    """
    equator, polar = MARS_RADII_KM[0], MARS_RADII_KM[2]
    squared = 1.0 - (polar / equator) ** 2
    x, y, z = np.moveaxis(np.asarray(fixed_km, np.float64), -1, 0)
    axis = np.hypot(x, y)
    latitude = np.arctan2(z, axis * (1.0 - squared))
    for _ in range(8):
        normal = equator / np.sqrt(1.0 - squared * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + squared * normal * np.sin(latitude), axis)
    normal = equator / np.sqrt(1.0 - squared * np.sin(latitude) ** 2)
    height = axis * np.cos(latitude) + z * np.sin(latitude) - normal * (1.0 - squared * np.sin(latitude) ** 2)
    return np.degrees(latitude), np.degrees(np.arctan2(y, x)) % 360.0, height
