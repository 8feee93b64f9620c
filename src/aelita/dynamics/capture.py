"""Capture and changes of orbit that are safe to break off: what a long burn loses to gravity, and where each cut-off would lead.

An engine may stop at any instant. For each instant of a burn the orbit that would remain is judged; a burn one of whose
remainders meets the planet is refused, or divided into burns of which none does.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns
from .burns import STANDARD_GRAVITY_M_S2, FiniteBurn
from .forces import Forces
from .orbits import J2000_POLE, orbit_of
from .propagation import propagate
from .states import StateVector

Vector = NDArray[np.float64]
FEWEST, MOST = 241, 20_001  # instants of a burn that are judged


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Where each cut-off of a burn leads: epochs, and radius (km) of the next periapsis (NaN: none ahead, it escapes)."""

    name: str
    epochs_tai_ns: NDArray[np.int64]
    periapsis_km: Vector
    apoapsis_km: Vector

    @property
    def lowest_km(self) -> float:
        """The lowest periapsis that any cut-off leaves."""
        return float(np.nanmin(self.periapsis_km)) if not np.isnan(self.periapsis_km).all() else np.inf

    def refuse_below(self, floor_km: float) -> None:
        """Raise UsageError, naming the worst instant, when a cut-off leads below a radius."""
        if self.lowest_km < floor_km:
            worst = int(self.epochs_tai_ns[int(np.nanargmin(self.periapsis_km))])
            raise UsageError(
                f"cut off at {utc_from_tai_ns(worst, 0)} UTC its periapsis is {self.lowest_km:.1f} km, not {floor_km:.1f}",
                where=self.name, remedy="Divide the burn, or raise the periapsis first",
            )  # fmt: skip


def cut_offs(start: StateVector, forces: Forces, burn: FiniteBurn, mass_kg: float, *, instants: int | None = None) -> CutOffs:
    """Return where a burn leads when it is cut off at any of evenly spaced instants, its start and end among them.

    They are at most a second apart, unless another number is asked for or the burn lasts for hours.
    The remaining orbits are osculating conics: perturbations of the first revolution (a few km at Mars below 100,000 km) belong
    into the floor. Raises ImpactError when the burn itself meets the surface.
    """
    flown = propagate(start, forces, burn.stop_tai_ns, mass_kg=mass_kg, burns=(burn,))
    length_ns = burn.stop_tai_ns - burn.start_tai_ns
    count = instants or int(np.clip(np.ceil(burn.duration_s) + 1, FEWEST, MOST))
    epochs = burn.start_tai_ns + np.rint(np.linspace(0, length_ns, count)).astype(np.int64)
    return CutOffs(burn.name, epochs, *_apsides(flown.states(epochs), forces.gm_km3_s2))


def _apsides(rows: Vector, gm_km3_s2: float) -> tuple[Vector, Vector]:
    """Return the radii of the next periapsis (NaN: it is past, the craft escapes) and of the apoapsis (infinite) of states."""
    r, v = rows[:, :3], rows[:, 3:]
    distance, momentum = np.linalg.norm(r, axis=1), np.linalg.norm(np.cross(r, v), axis=1)
    parameter = momentum**2 / gm_km3_s2
    shape = np.cross(v, np.cross(r, v)) / gm_km3_s2 - r / distance[:, None]
    e = np.linalg.norm(shape, axis=1)
    bound, coming = e < 1, np.einsum("ni,ni->n", r, v) < 0
    with np.errstate(divide="ignore"):
        high = np.where(bound, parameter / (1 - np.minimum(e, 1.0)), np.inf)
    return np.where(bound | coming, parameter / (1 + e), np.nan), high


@dataclass(frozen=True, slots=True)
class CaptureCost:
    """What a capture burn spends (km/s) beside what an impulse at periapsis would, for the same approach and final orbit."""

    burn_km_s: float
    impulsive_km_s: float
    propellant_kg: float

    @property
    def gravity_loss_km_s(self) -> float:
        """The difference: the price of a weak engine."""
        return self.burn_km_s - self.impulsive_km_s


def capture_cost(
    excess_speed_km_s: float, periapsis_km: float, apoapsis_km: float, gm_km3_s2: float, burn: FiniteBurn, mass_kg: float
) -> CaptureCost:
    """Return the cost of a capture burn from a hyperbola to an ellipse (radii of the apsides, km)."""
    impulse = np.sqrt(excess_speed_km_s**2 + 2 * gm_km3_s2 / periapsis_km) - apsis_speed_km_s(
        periapsis_km, apoapsis_km, gm_km3_s2
    )
    left = burn.mass_after_kg(mass_kg)
    return CaptureCost(burn.isp_s * STANDARD_GRAVITY_M_S2 / 1000 * float(np.log(mass_kg / left)), float(impulse), mass_kg - left)


def apsis_speed_km_s(here_km: float, there_km: float, gm_km3_s2: float) -> float:
    """Return the speed at one apsis of an ellipse, given the radii of both."""
    return float(np.sqrt(2 * gm_km3_s2 * (1 / here_km - 1 / (here_km + there_km))))


def burn_of(
    dv_km_s: ArrayLike, middle_tai_ns: int, mass_kg: float, thrust_n: float, isp_s: float, name: str, *, at_start: bool = False
) -> FiniteBurn:
    """Return the burn of fixed direction (J2000) that gives a change of velocity (km/s), about its middle or from its start."""
    dv = np.asarray(dv_km_s, np.float64)
    size = float(np.linalg.norm(dv))
    if not size > 0:
        raise UsageError("a change of velocity of zero is no burn", where=name, remedy="Leave it out")
    exhaust = isp_s * STANDARD_GRAVITY_M_S2
    duration_s = mass_kg * exhaust / thrust_n * (1 - float(np.exp(-size * 1000 / exhaust)))
    begin = middle_tai_ns - (0 if at_start else round(duration_s / 2 * SECOND))
    return FiniteBurn(begin, duration_s, thrust_n, isp_s, tuple((dv / size).tolist()), "inertial", name)


def lowest_cut_off_km(state: ArrayLike, dv_km_s: ArrayLike, gm_km3_s2: float, *, instants: int = 101) -> float:
    """Return the lowest periapsis radius left by any part of an impulse, 0 to 100 %, at a state (km, km/s)."""
    given = np.asarray(state, np.float64)
    low = np.inf
    for share in np.linspace(0, 1, instants):
        orbit = orbit_of(np.concatenate([given[:3], given[3:] + share * np.asarray(dv_km_s)]), gm_km3_s2)
        if orbit.bound or orbit.since_periapsis_s < 0:
            low = min(low, orbit.periapsis_km)
    return low


def divided(state: ArrayLike, wanted_km_s: ArrayLike, gm_km3_s2: float, floor_km: float, *, most: int = 12) -> tuple[Vector, ...]:
    """Return the fewest changes of velocity (km/s) at one place that lead to a velocity with every cut-off above a radius.

    Each part ends at a velocity turned, and lengthened in proportion, between the first and the last; so a plane change at
    apoapsis goes round the chord that would drop the periapsis. Raises UsageError when either end itself is too low, or when
    `most` parts do not suffice.
    """
    given, last = np.asarray(state, np.float64), np.asarray(wanted_km_s, np.float64)
    first = given[3:]
    for name, velocity in (("before", first), ("after", last)):
        low = orbit_of(np.concatenate([given[:3], velocity]), gm_km3_s2).periapsis_km
        if low < floor_km:
            raise UsageError(f"the orbit {name} the change has a periapsis of {low:.1f} km, below {floor_km:.1f}")
    for parts in range(1, most + 1):
        path = [first + turned_part(first, last, share) for share in np.linspace(0, 1, parts + 1)]
        steps = [after - before for before, after in pairwise(path)]
        lows = [
            lowest_cut_off_km(np.concatenate([given[:3], before]), step, gm_km3_s2)
            for before, step in zip(path, steps, strict=False)
        ]
        if min(lows) >= floor_km:
            return tuple(steps)
    raise UsageError(
        f"{most} parts still leave cut-offs with a periapsis of {min(lows):.1f} km, below {floor_km:.1f}",
        remedy="Raise the periapsis first, or allow more parts",
    )


def turned_part(first: Vector, last: Vector, share: float) -> Vector:
    """Return the change (km/s) that goes a share of the way round from one velocity to another, the size in proportion."""
    sizes = np.linalg.norm(first), np.linalg.norm(last)
    a, b = first / sizes[0], last / sizes[1]
    angle = float(np.arccos(np.clip(a @ b, -1, 1)))
    if angle < 1e-9:
        return share * (last - first)
    turned = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    return np.asarray(turned * (sizes[0] + share * (sizes[1] - sizes[0])) - first)


def inclined(state: ArrayLike, inclination_rad: float, gm_km3_s2: float, pole: ArrayLike = J2000_POLE) -> Vector:
    """Return the velocity (km/s) of the same size and flight path angle that gives an inclination, turned the shorter way.

    Raises UsageError when the place lies too far from the equator for it (|latitude| above the inclination).
    """
    given, up = np.asarray(state, np.float64), np.asarray(pole, np.float64)
    radial = given[:3] / np.linalg.norm(given[:3])
    north = up - (up @ radial) * radial
    cosine = float(np.linalg.norm(north))
    east, north = np.cross(up, radial) / cosine, north / cosine
    sine = np.cos(inclination_rad) / cosine
    if abs(sine) > 1:
        raise UsageError(
            f"no orbit over {np.degrees(np.arccos(min(cosine, 1.0))):.2f} deg has inclination {np.degrees(inclination_rad):.2f}",
            remedy="Burn nearer to the node",
        )
    outward, across = given[3:] @ radial, given[3:] - (given[3:] @ radial) * radial
    level = float(np.linalg.norm(across))
    rising = np.sqrt(1 - sine**2)
    tried = [outward * radial + level * (sine * east + sign * rising * north) for sign in (1, -1)]
    return np.asarray(min(tried, key=lambda velocity: float(np.linalg.norm(velocity - given[3:]))))
