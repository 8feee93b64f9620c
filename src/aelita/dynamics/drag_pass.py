"""Passes through the upper atmosphere of Mars: numerically, revolution by revolution, and by a formula of King-Hele's kind."""

from dataclasses import dataclass
from math import atan2, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..environment import GravityField, gravity_table
from ..errors import UsageError
from ..time import et_from_tai_ns, utc_from_tai_ns
from . import drag_kernels as kernels
from .airfit import Atmosphere
from .ephemerides import windows
from .forces import GM_KM3_S2, RADII_KM
from .pass_air import pass_air
from .rotation import rotation_of
from .states import ImpactError, StateVector, elapsed_s, epochs_of

Reals = NDArray[np.float64]
FAR_DEGREE = 4
TOLERANCE_KM = 1e-7  # error of a step in position
LONGEST_S = 12 * 86400.0  # of a revolution
# Degree 2 of JGMRO120D (Konopliv et al. 2016, Icarus 274, 253), normalised, and DE440's mass: what serves without a field's file
DEGREE_3 = ((-1.189702e-5, 3.804998e-6, -1.594743e-5, 3.505630e-5), (0.0, 2.517712e-5, 8.362394e-6, 2.557133e-5))
DEGREE_2 = {"c20": -8.750220924537e-4, "c22": -8.463302655983e-5, "s22": 4.893941832167e-5, "radius_km": 3396.0}


def plain_gravity() -> GravityField:
    """Return the field of Mars to degree 2 (JGMRO120D): flattening and the ellipse of the equator, without a file."""
    c, s = np.zeros((3, 3)), np.zeros((3, 3))
    c[0, 0], c[2, 0], c[2, 2], s[2, 2] = 1.0, DEGREE_2["c20"], DEGREE_2["c22"], DEGREE_2["s22"]
    return GravityField("degree 2 of JGMRO120D", GM_KM3_S2["MARS"], DEGREE_2["radius_km"], c, s)


def built_in_gravity() -> GravityField:
    """Return the field to degree 3 (JGMRO120D), which serves a campaign without a file: the height of periapsis swings by it."""
    two, c, s = plain_gravity(), np.zeros((4, 4)), np.zeros((4, 4))
    c[:3, :3], s[:3, :3] = two.c, two.s
    c[3], s[3] = DEGREE_3
    return GravityField("degree 3 of JGMRO120D", two.gm_km3_s2, two.radius_km, c, s)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What the air acts on: mass (kg), cross section (m2), drag coefficient (of that cross section)."""

    mass_kg: float
    area_m2: float
    coefficient: float

    def __post_init__(self) -> None:
        if not (self.mass_kg > 0 and self.area_m2 > 0 and self.coefficient > 0):
            raise UsageError(f"vehicle {self}", remedy="Mass, area and drag coefficient are above zero")

    @property
    def drag_m2_kg(self) -> float:
        """Cd A / (2 m)."""
        return self.coefficient * self.area_m2 / (2 * self.mass_kg)

    @property
    def ballistic_kg_m2(self) -> float:
        """The ballistic coefficient m / (Cd A)."""
        return self.mass_kg / (self.coefficient * self.area_m2)


@dataclass(frozen=True, slots=True)
class ExponentialAir:
    """Density that falls exponentially with height, the same everywhere: for oracles and first estimates."""

    density_kg_m3_there: float
    height_km: float
    scale_km: float

    def density_kg_m3(self, height_km: Reals, lat_deg: Reals, lon_deg: Reals, ls_deg: Reals, local_time_h: Reals) -> Reals:
        """Return the density; only the height matters."""
        return np.asarray(self.density_kg_m3_there * np.exp((self.height_km - np.asarray(height_km)) / self.scale_km))


@dataclass(frozen=True, slots=True)
class Pass:
    """One revolution from apoapsis to apoapsis, and its passage through the air.

    Lowest height, latitude (planetodetic) and local true solar time; density, dynamic pressure and heat flux (half density
    times cube of the speed in the air) are the greatest of the pass, heat load its integral. `drag_m_s` is the change of speed
    by the air, `work_km2_s2` its work, `apoapsis_km` and `period_s` those after it (height over the mean equator; osculating).
    """

    lowest_tai_ns: int
    lowest_km: float
    latitude_deg: float
    longitude_deg: float
    local_time_h: float
    density_kg_m3: float
    speed_km_s: float
    pressure_pa: float
    flux_w_m2: float
    load_j_m2: float
    drag_m_s: float
    work_km2_s2: float
    apoapsis_km: float
    period_s: float
    factor: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Gravity, Sun and air of a span of time, ready for passes: made once, used for many revolutions. Made by `surroundings`."""

    first_tai_ns: int
    last_tai_ns: int
    acts: kernels.Surroundings

    @property
    def gm_km3_s2(self) -> float:
        """The attraction of Mars."""
        return float(self.acts.near.gm_km3_s2)

    @property
    def radius_km(self) -> float:
        """Equatorial radius of Mars, from which heights of apoapsides count."""
        return float(self.acts.surface[0])

    def seconds(self, epoch_tai_ns: int) -> float:
        """Return the time of the kernels at an epoch. Raises UsageError outside of the span."""
        if not self.first_tai_ns <= epoch_tai_ns <= self.last_tai_ns:
            span = f"{utc_from_tai_ns(self.first_tai_ns)} to {utc_from_tai_ns(self.last_tai_ns)}"
            raise UsageError(
                f"{utc_from_tai_ns(epoch_tai_ns)} is outside of the surroundings, {span}", remedy="Make them for a longer span"
            )
        return float(elapsed_s(epoch_tai_ns, self.first_tai_ns))

    def epoch(self, seconds: float) -> int:
        """Return the epoch (TAI nanoseconds) of a time of the kernels."""
        return int(epochs_of(seconds, self.first_tai_ns))


def surroundings(
    atmosphere: Atmosphere, first_tai_ns: int, last_tai_ns: int, *, gravity: GravityField | None = None, degree: int = 8
) -> Surroundings:
    """Return gravity (to a degree within 1.9 radii, to 4 beyond), the Sun and the air for a span, ready for `revolution`.

    Without a field the one of degree 2 serves. The air is a fit to the atmosphere (`pass_air`). Left out against the
    full model of `propagate`: higher degrees, Earth, planets, relativity, sunlight (see docs/aerobraking.md for what that does).
    """
    field = gravity or plain_gravity()
    rotation = rotation_of("IAU2000")
    first_et, last_et = float(et_from_tai_ns(first_tai_ns)), float(et_from_tai_ns(last_tai_ns))
    sun_et, sun = windows(("SUN",), "MARS", first_et, last_et)
    tables, span = pass_air(atmosphere, rotation, first_et, last_et)
    acts = kernels.Surroundings(
        first_et, gravity_table(field, min(degree, field.degree)), gravity_table(field, min(FAR_DEGREE, degree, field.degree)),
        rotation.angles, np.array(RADII_KM["MARS"]), sun_et, sun, GM_KM3_S2["SUN"], tables, span,
    )  # fmt: skip
    return Surroundings(first_tai_ns, last_tai_ns, acts)


def revolution(
    start: StateVector, around: Surroundings, vehicle: Vehicle, *, factor: float = 1.0, tolerance_km: float = TOLERANCE_KM
) -> tuple[Pass, StateVector]:
    """Return the pass that follows an apoapsis and the state at the next apoapsis; `factor` multiplies the model's density.

    The start need not be an apoapsis exactly: the revolution ends at the first one after a periapsis. Raises ImpactError when the
    orbit meets the ground, UsageError when it does not come round within the span of the surroundings.
    """
    t, y = around.seconds(start.epoch_tai_ns), np.concatenate([start.six, np.zeros(3)])
    found, t = revolved(around, vehicle.drag_m2_kg, t, y, factor, tolerance_km)
    return found, StateVector(around.epoch(t), y[:3], y[3:6])


def revolved(
    around: Surroundings, drag_m2_kg: float, t: float, y: Reals, factor: float = 1.0, tolerance_km: float = TOLERANCE_KM
) -> tuple[Pass, float]:
    """Do as `revolution`, on a row of nine numbers in place (position, velocity and three sums that start at zero).

    Returns the pass and the time of the kernels at its end.
    """
    told = np.empty(kernels.NUMBERS)
    y[6:] = 0.0
    last = float(elapsed_s(around.last_tai_ns, around.first_tai_ns))
    end, t = kernels.revolve(around.acts, drag_m2_kg, factor, t, y, min(t + LONGEST_S, last), tolerance_km, told)
    if end == kernels.HIT:
        at = around.epoch(t)
        raise ImpactError(
            f"the orbit meets the ground of Mars at {utc_from_tai_ns(at)} UTC", at_tai_ns=at, remedy="Raise periapsis"
        )
    if end != kernels.ROUND:
        raise UsageError(
            f"no apoapsis was met until {utc_from_tai_ns(around.epoch(t))}",
            remedy="Give surroundings of a longer span, or a closed orbit",
        )
    a, e = shape(y, around.gm_km3_s2)
    load = float(y[8])
    latitude, longitude, hour = (float(told[n]) * 180 / pi for n in (kernels.LATITUDE, kernels.LONGITUDE, kernels.SUN_ANGLE))
    density, speed, pressure, flux = (float(told[n]) for n in (kernels.DENSITY, kernels.SPEED, kernels.PRESSURE, kernels.FLUX))
    seen = Pass(
        around.epoch(told[kernels.LOWEST_S]), float(told[kernels.LOWEST_KM]), latitude, longitude, (12 + hour / 15) % 24, density,
        speed, pressure, flux, load, float(y[6]) * 1e3, float(y[7]), a * (1 + e) - around.radius_km,
        2 * pi * sqrt(a**3 / around.gm_km3_s2), factor,
    )  # fmt: skip
    return seen, t


def to_apoapsis(start: StateVector, around: Surroundings, vehicle: Vehicle) -> StateVector:
    """Return the state at the apoapsis that comes next; one no more than a hundredth of a revolution ago counts as next.

    On the way down it flies through the periapsis before. Raises UsageError for a state that is not about Mars or no closed
    orbit, ImpactError for one that meets the ground.
    """
    if start.centre != "MARS" or not np.isfinite(start.six).all():
        raise UsageError(f"a state about {start.centre}, {start.six}", remedy="Give position and velocity about MARS")
    t, y = around.seconds(start.epoch_tai_ns), np.concatenate([start.six, np.zeros(3)])
    refuse_open(y, around)
    if 0.01 < _past_apoapsis(y, around.gm_km3_s2)[0] < 0.49:
        _, t = revolved(around, vehicle.drag_m2_kg, t, y)
    for _ in range(10):
        part, period_s = _past_apoapsis(y, around.gm_km3_s2)
        ahead_s = -(part if part < 0.2 else part - 1.0) * period_s
        if abs(ahead_s) < 1e-3:
            break
        if not kernels.coast(around.acts, vehicle.drag_m2_kg, 1.0, t, y, t + ahead_s, TOLERANCE_KM):
            raise UsageError(f"the orbit meets the ground after {utc_from_tai_ns(around.epoch(t))}", remedy="Raise periapsis")
        t += ahead_s
    return StateVector(around.epoch(t), y[:3], y[3:6])


def refuse_open(y: Reals, around: Surroundings) -> None:
    """Refuse (UsageError) a state whose orbit does not close, or closes in more than the longest revolution."""
    axis, _ = shape(y, around.gm_km3_s2)
    if not 0 < axis < (around.gm_km3_s2 * (LONGEST_S / (2 * pi)) ** 2) ** (1 / 3):
        raise UsageError(
            f"an orbit with a semi-major axis of {axis:.6g} km does not come round in {LONGEST_S / 86400:g} days",
            remedy="Give a closed orbit",
        )


def _past_apoapsis(y: Reals, gm_km3_s2: float) -> tuple[float, float]:
    """Return which part of a revolution (0 to 1) has passed since apoapsis, and the period (s); osculating."""
    axis, _ = shape(y, gm_km3_s2)
    r = float(np.linalg.norm(y[:3]))
    sine = float(y[:3] @ y[3:6]) / sqrt(gm_km3_s2 * axis)  # e sin E
    anomaly = atan2(sine, 1 - r / axis)
    part = ((anomaly - sine) / (2 * pi) + 0.5) % 1.0
    return part, 2 * pi * sqrt(axis**3 / gm_km3_s2)


def shape(y: Reals, gm_km3_s2: float) -> tuple[float, float]:
    """Return osculating semi-major axis (km) and eccentricity of a state."""
    r, v = y[:3], y[3:6]
    distance, speed2 = float(np.linalg.norm(r)), float(v @ v)
    a = 1 / (2 / distance - speed2 / gm_km3_s2)
    h = np.cross(r, v)
    return a, sqrt(max(0.0, 1 - float(h @ h) / (gm_km3_s2 * a)))


@dataclass(frozen=True, slots=True)
class PassEstimate:
    """What a formula says of a pass: change of speed (m/s), work (km2/s2), greatest pressure and flux, load, new axis (km)."""

    drag_m_s: float
    work_km2_s2: float
    pressure_pa: float
    flux_w_m2: float
    load_j_m2: float
    semi_major_km: float


def estimated_pass(
    semi_major_km: float, eccentricity: float, density_kg_m3: float, scale_km: float, vehicle: Vehicle, *,
    inclination_rad: float = pi / 2, gm_km3_s2: float = GM_KM3_S2["MARS"], spin_rad_s: float = 7.0882e-5,
) -> PassEstimate:  # fmt: skip
    """Return what drag does in one revolution of a Kepler orbit through exponential air, by asymptotic series.

    `density_kg_m3` is that at periapsis. The integrals over the eccentric anomaly are expanded in the inverse of z = a e / H to
    second order (D. King-Hele, Satellite Orbits in an Atmosphere, 1987, high eccentricity); error of the order of 1/z^3. The
    air turns with the planet: his factor (1 - r w cos i / v)^2. Not for z under 5: raises UsageError.
    """
    a, e, gm = semi_major_km, eccentricity, gm_km3_s2
    z = a * e / scale_km
    if not (0 < e < 1 and z >= 5):
        raise UsageError(
            f"eccentricity {e:g} over scale height {scale_km:g} km is not within the series", remedy="Integrate instead"
        )
    periapsis = a * (1 - e)
    speed = sqrt(gm * (1 + e) / periapsis)
    wind = 1 - periapsis * spin_rad_s * float(np.cos(inclination_rad)) / speed
    width = sqrt(2 * pi / z)

    def over(up: float, down: float) -> float:
        """Integrate exp(z (cos E - 1)) (1 + e cos E)^up (1 - e cos E)^down over a revolution."""
        first = -up * e / (1 + e) + down * e / (1 - e) + 0.25
        second = -up * (e / (1 + e)) ** 2 - down * (e / (1 - e)) ** 2 + 0.125
        size = (1 + e) ** up * (1 - e) ** down
        return width * size * (1 + first / (2 * z) + 3 * (first**2 + second) / (8 * z**2))

    k = vehicle.drag_m2_kg * density_kg_m3 * 1e3  # 1/km
    work = -k * gm * wind**2 * over(1.5, -0.5)  # k v^3 dt = k gm (1 + e cos E)^1.5 (1 - e cos E)^-0.5 dE
    lost = k * sqrt(gm * a) * wind**2 * over(1.0, 0.0)  # k v^2 dt = k sqrt(gm a) (1 + e cos E) dE
    load = 0.5e9 * density_kg_m3 * gm * wind**3 * over(1.5, -0.5)
    pressure = 0.5e6 * density_kg_m3 * (speed * wind) ** 2
    return PassEstimate(
        lost * 1e3, work, pressure, pressure * speed * wind * 1e3, load, 1 / (1 / a - 2 * work / gm),
    )  # fmt: skip
