"""What pulls and pushes a spacecraft: the choice of forces, and its form for compiled code."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .acceleration import NO_THRUST, Model
from .airfit import fitted
from .ephemerides import windows
from .harmonics import prepared
from .rotation import Rotation, rotation_of

Reals = NDArray[np.float64]

# km3/s2: DE440 (Park et al. 2021, Astron. J. 161:105), as in NAIF's gm_de440.tpc
GM_KM3_S2 = {
    "SUN": 1.3271244004127942e11, "MERCURY BARYCENTER": 2.20318685514e4, "VENUS BARYCENTER": 3.24858592e5,
    "EARTH": 3.9860043550702266e5, "MOON": 4.9028001184575496e3, "EARTH BARYCENTER": 4.0350323562548019e5,
    "MARS": 4.282837362069909e4, "MARS BARYCENTER": 4.2828375815756102e4, "JUPITER BARYCENTER": 1.267127641e8,
    "SATURN BARYCENTER": 3.79405848418e7, "URANUS BARYCENTER": 5.7945564e6, "NEPTUNE BARYCENTER": 6.8365271005803989e6,
    "PHOBOS": 7.087546066894452e-4, "DEIMOS": 9.615569648120313e-5,
}  # fmt: skip
# Equatorial and polar radii, km: Archinal et al. 2018 (IAU/IAG 2015), as in pck00011.tpc; of the Sun IAU 2015 Resolution B3
RADII_KM = {
    "SUN": (695700.0, 695700.0), "MERCURY": (2440.53, 2438.26), "VENUS": (6051.8, 6051.8), "EARTH": (6378.1366, 6356.7519),
    "MOON": (1737.4, 1737.4), "MARS": (3396.19, 3376.20),
}  # fmt: skip
AU_KM = 149597870.7
SOLAR_IRRADIANCE_W_M2 = 1361.0  # at 1 au, mean over the solar cycle: Kopp and Lean 2011 (1360.8 +- 0.5), IAU 2015 B3
LIGHT_M_S = 299792458.0
BODIES = ("SUN", "EARTH", "JUPITER BARYCENTER", "SATURN BARYCENTER")


class GravityField(Protocol):
    """A gravity field as `aelita.environment` reads it: normalised coefficients C and S of (degree, order)."""

    @property
    def gm_km3_s2(self) -> float: ...  # noqa: D102
    @property
    def radius_km(self) -> float: ...  # noqa: D102
    @property
    def c(self) -> Reals: ...  # noqa: D102
    @property
    def s(self) -> Reals: ...  # noqa: D102
    @property
    def degree(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SolarPressure:
    """Pressure of sunlight on a ball: cross section (m2) and the share that is reflected (0 to 1), so Cr = 1 + reflectivity.

    1361 W/m2 at 1 au; the shadow of the centre is a cone with penumbra.
    """

    area_m2: float
    reflectivity: float = 0.3

    def __post_init__(self) -> None:
        if not (isfinite(self.area_m2) and isfinite(self.reflectivity)):
            raise UsageError(f"sunlight on {self.area_m2!r} m2 with reflectivity {self.reflectivity!r}", remedy="Give numbers")


@dataclass(frozen=True, slots=True)
class Drag:
    """Drag of air that turns with the planet: cross section (m2), drag coefficient, and the atmosphere that gives the density."""

    area_m2: float
    coefficient: float
    atmosphere: Any

    def __post_init__(self) -> None:
        if not (isfinite(self.area_m2) and isfinite(self.coefficient)):
            raise UsageError(f"drag on {self.area_m2!r} m2 with coefficient {self.coefficient!r}", remedy="Give numbers")


@dataclass(frozen=True, slots=True)
class Forces:
    """The forces of a propagation about `centre`.

    `gravity` to `degree` (0: a point); `bodies` as points, from DE440; Schwarzschild's term of the centre; sunlight; drag; the
    rotation of the axes of the field and of the air. Names of bodies are SPICE's. The attraction of the centre is `gm`, else the
    field's, else DE440's. Where a field of Mars tells the mass of the whole system (JGMRO120D does), that of the moons is taken
    off, since they are outside of the orbit: without, the orbit is metres off within an hour.
    """

    centre: str = "MARS"
    gravity: GravityField | None = None
    degree: int = 0
    bodies: tuple[str, ...] = BODIES
    relativity: bool = True
    solar_pressure: SolarPressure | None = None
    drag: Drag | None = None
    rotation: str | Rotation = "IAU2000"
    gm: float | None = None

    def __post_init__(self) -> None:
        if self.centre not in GM_KM3_S2:
            raise UsageError(f"no mass is known of {self.centre!r}", remedy=f"Known are {', '.join(GM_KM3_S2)}")
        for body in self.bodies:
            if body not in GM_KM3_S2:
                raise UsageError(f"no mass is known of {body!r}", remedy=f"Known are {', '.join(GM_KM3_S2)}")
            if body == self.centre:
                raise UsageError(f"{body} is the centre and among the bodies", remedy="Leave it out of the bodies")
            if self.bodies.count(body) > 1:
                raise UsageError(f"{body} is among the bodies twice: it would pull twice", remedy="Name each once")
        if self.gm is not None and not 0 < self.gm < inf:
            raise UsageError(f"an attraction of {self.gm!r} km3/s2", remedy="Give a number above zero, or none: then the field's")
        if self.degree and self.gravity is None:
            raise UsageError(f"degree {self.degree} without a gravity field", remedy="Give `gravity`")
        if self.gravity is not None and not 0 <= self.degree <= self.gravity.degree:
            raise UsageError(f"degree {self.degree}: the field has {self.gravity.degree}", remedy="Ask for less")

    @property
    def gm_km3_s2(self) -> float:
        """The attraction of the centre, km3/s2."""
        if self.gm is not None:
            return self.gm
        if self.gravity is None:
            return GM_KM3_S2[self.centre]
        given = float(self.gravity.gm_km3_s2)
        of_system = self.centre == "MARS" and abs(given - GM_KM3_S2["MARS BARYCENTER"]) < 1e-6
        return given - GM_KM3_S2["PHOBOS"] - GM_KM3_S2["DEIMOS"] if of_system else given

    @property
    def surface_km(self) -> tuple[float, float]:
        """Equatorial and polar radius of the centre; zeros where none is known."""
        return RADII_KM.get(self.centre.removesuffix(" BARYCENTER"), (1e-3, 1e-3))


def model_of(forces: Forces, et_s: float, until_et_s: float, mass_kg: float) -> Model:
    """Return the compiled form of forces for a span of ephemeris time."""
    rotation = rotation_of(forces.rotation)
    needs_sun = forces.solar_pressure is not None or forces.drag is not None
    bodies, gms = list(forces.bodies), [GM_KM3_S2[body] for body in forces.bodies]
    if needs_sun and "SUN" not in bodies and forces.centre != "SUN":
        bodies, gms = [*bodies, "SUN"], [*gms, 0.0]
    tables_et_s, tables = windows(tuple(bodies), forces.centre, min(et_s, until_et_s), max(et_s, until_et_s))
    if forces.gravity is not None and forces.degree:
        acceleration, gradient, factors, diagonal = prepared(forces.gravity.c, forces.gravity.s, forces.degree)
        radius, j2 = float(forces.gravity.radius_km), -float(forces.gravity.c[2, 0]) * 5**0.5 if forces.degree >= 2 else 0.0
    else:
        acceleration, gradient, factors = (np.zeros((1, 1, 1)) for _ in range(3))
        diagonal, radius, j2 = np.zeros(1), 1.0, 0.0
    sun = bodies.index("SUN") if "SUN" in bodies else -1 if forces.centre == "SUN" else -2
    light, air, air_tables, air_span = 0.0, 0.0, np.zeros((1, 1, 1)), np.array([0.0, 1.0, 0.0, 1.0])
    if forces.solar_pressure is not None:
        given = forces.solar_pressure
        newtons_at_1_au = SOLAR_IRRADIANCE_W_M2 / LIGHT_M_S * given.area_m2 * (1 + given.reflectivity)
        light = newtons_at_1_au * AU_KM**2 / 1000
    if forces.drag is not None:
        air = 0.5 * forces.drag.coefficient * forces.drag.area_m2 * 1e3  # kg/m3 and (km/s)2 to kg km/s2
        air_tables, air_span = fitted(
            forces.drag.atmosphere, forces.centre, rotation, min(et_s, until_et_s), max(et_s, until_et_s)
        )
    return Model(
        et_s, forces.gm_km3_s2, radius, j2, forces.degree, acceleration, gradient, factors, diagonal, rotation.angles,
        np.array(forces.surface_km), float(forces.relativity), tables_et_s, tables, np.array(gms), sun, light, air, air_tables,
        air_span, np.array([mass_kg, 0.0, 0.0]), np.zeros(3), NO_THRUST,
    )  # fmt: skip
