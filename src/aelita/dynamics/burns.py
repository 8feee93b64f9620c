"""Burns: a sudden change of velocity, or thrust for a while with the mass falling; their axes and what they do to the mass."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, isfinite, log

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import SECOND
from .acceleration import INERTIAL, RTN, VELOCITY, axes

Reals = NDArray[np.float64]
STANDARD_GRAVITY_M_S2 = 9.80665  # by definition of the specific impulse
AXES = {"inertial": INERTIAL, "velocity": VELOCITY, "rtn": RTN}


@dataclass(frozen=True, slots=True)
class ImpulsiveBurn:
    """A change of velocity at once (km/s, three components along `axes`).

    `axes` are `inertial` (J2000), `velocity` (along the velocity; in the plane of the orbit, 90 deg from it, so that the third is
    along the angular momentum) or `rtn` (radial, transverse, normal). With `isp_s` the mass falls as the rocket equation says.
    """

    at_tai_ns: int
    dv_km_s: tuple[float, float, float]
    axes: str = "inertial"
    isp_s: float | None = None
    name: str = "burn"

    def __post_init__(self) -> None:
        _checked(self.name, self.axes, self.dv_km_s, "dv_km_s")

    @property
    def stop_tai_ns(self) -> int:
        """When it ends: at once."""
        return self.at_tai_ns

    @property
    def start_tai_ns(self) -> int:
        """When it begins."""
        return self.at_tai_ns

    def speed_km_s(self, mass_kg: float) -> float:
        """Return the size of the change of velocity, whatever the mass."""
        return float(np.linalg.norm(self.dv_km_s))

    def mass_after_kg(self, mass_kg: float) -> float:
        """Return the mass after the burn."""
        if self.isp_s is None:
            return mass_kg
        speed = float(np.linalg.norm(self.dv_km_s)) * 1000
        return mass_kg * exp(-speed / (self.isp_s * STANDARD_GRAVITY_M_S2))


@dataclass(frozen=True, slots=True)
class FiniteBurn:
    """Constant thrust (N) for a while, the mass falling by thrust / (specific impulse x standard gravity).

    The direction is fixed in `axes` as for ImpulsiveBurn (`velocity` with (-1, 0, 0) brakes at every moment).
    """

    start_tai_ns: int
    duration_s: float
    thrust_n: float
    isp_s: float
    direction: tuple[float, float, float] = (1.0, 0.0, 0.0)
    axes: str = "velocity"
    name: str = "burn"

    def __post_init__(self) -> None:
        _checked(self.name, self.axes, self.direction, "direction")
        if not (isfinite(self.duration_s) and self.duration_s > 0 and self.thrust_n > 0 and self.isp_s > 0):
            raise UsageError(
                f"duration {self.duration_s} s, thrust {self.thrust_n} N, specific impulse {self.isp_s} s",
                where=self.name, remedy="All three are above zero",
            )  # fmt: skip
        if not np.linalg.norm(self.direction) > 0:
            raise UsageError("the direction of thrust is zero", where=self.name)

    @property
    def stop_tai_ns(self) -> int:
        """When it ends (TAI nanoseconds)."""
        return self.start_tai_ns + round(self.duration_s * SECOND)

    def between(self, first_tai_ns: int, last_tai_ns: int) -> "FiniteBurn":
        """Return what of the burn lies between two epochs (TAI nanoseconds). Raises UsageError where nothing does."""
        start, stop = max(self.start_tai_ns, first_tai_ns), min(self.stop_tai_ns, last_tai_ns)
        if start >= stop:
            raise UsageError(f"nothing of burn {self.name!r} lies between these epochs", remedy="Leave it out")
        if (start, stop) == (self.start_tai_ns, self.stop_tai_ns):
            return self
        return replace(self, start_tai_ns=start, duration_s=(stop - start) / SECOND)

    @property
    def flow_kg_s(self) -> float:
        """Mass that leaves in a second."""
        return self.thrust_n / (self.isp_s * STANDARD_GRAVITY_M_S2)

    @property
    def force_n(self) -> Reals:
        """The thrust along its axes, newtons."""
        return self.thrust_n * np.array(self.direction) / np.linalg.norm(self.direction)

    def speed_km_s(self, mass_kg: float) -> float:
        """Return the thrust over the mass, summed over the burn (Tsiolkovsky): what an accelerometer counts, gravity apart."""
        return self.isp_s * STANDARD_GRAVITY_M_S2 / 1000 * log(mass_kg / self.mass_after_kg(mass_kg))

    def mass_after_kg(self, mass_kg: float) -> float:
        """Return the mass after the burn."""
        return mass_kg - self.flow_kg_s * self.duration_s


Burn = ImpulsiveBurn | FiniteBurn


def frame_of(burn: Burn, position_km: Reals, velocity_km_s: Reals) -> Reals:
    """Return the axes of a burn as columns in J2000."""
    made = np.empty((3, 3))
    axes(AXES[burn.axes], position_km, velocity_km_s, made)
    return made


def in_order(burns: tuple[Burn, ...], mass_kg: float) -> tuple[Burn, ...]:
    """Return burns by time. Raises UsageError where two overlap, share a name, or burn more than there is."""
    ordered = tuple(sorted(burns, key=lambda each: each.start_tai_ns))
    names = [each.name for each in ordered]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two burns are named {name!r}", remedy="Give each its own name")
    for first, second in pairwise(ordered):
        if second.start_tai_ns < first.stop_tai_ns:
            raise UsageError(f"burn {second.name!r} begins before {first.name!r} ends", remedy="Burns follow each other")
    left = mass_kg
    for each in ordered:
        left = each.mass_after_kg(left)
        if left <= 0:
            raise UsageError(f"burn {each.name!r} uses more than the {mass_kg:g} kg there are", remedy="Check mass and thrust")
    return ordered


def _checked(name: str, its_axes: str, vector: tuple[float, float, float], what: str) -> None:
    if its_axes not in AXES:
        raise UsageError(f"axes {its_axes!r}", where=name, remedy=f"Known are {', '.join(AXES)}")
    if len(vector) != 3 or not np.isfinite(vector).all():
        raise UsageError(f"{what} is {vector!r}", where=name, remedy="Give three finite numbers")
