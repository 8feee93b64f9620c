"""Places on Earth and in space, as positions from the barycentre of the solar system at columns of epochs."""

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot

import numpy as np
import spiceypy
from numpy.typing import NDArray
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceFRAMEDATANOTFOUND, SpiceSPKINSUFFDATA, SpiceyError, SpiceyPyKeyError

from ..errors import DefinitionError, UsageError
from ..time import J2000_TAI_NS, NO_TIME, SECOND
from .load import earth_spans, kernels, short, spans

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]

EARTH, SUN, BARYCENTRE = 399, 10, 0
JULIAN_YEAR_S = 31_557_600
EARTH_RADIUS_KM, EARTH_FLATTENING = 6378.137, 1 / 298.257223563  # WGS84: only for the direction of the vertical
EARTH_TURN_RAD_S = 7.292115e-5
LOWEST_KM, HIGHEST_KM = 6330.0, 6800.0  # from the centre of the Earth: mistaken units are found by this


@dataclass(frozen=True, slots=True)
class Site:
    """A place fixed to the Earth: ITRF93 position (km) at an epoch (TAI nanoseconds) and its drift (km per Julian year).

    With NO_TIME for the epoch it stands still. Raises DefinitionError for a position that is not on the Earth. Example:

        Site("Malargüe", (1823.334828, -4850.439314, -3708.962262))
    """

    name: str
    position_km: tuple[float, float, float]
    velocity_km_per_year: tuple[float, float, float] = (0.0, 0.0, 0.0)
    epoch_tai_ns: int = J2000_TAI_NS

    def __post_init__(self) -> None:
        radius_km, drift_km = hypot(*self.position_km), hypot(*self.velocity_km_per_year)
        if not LOWEST_KM < radius_km < HIGHEST_KM or not drift_km < 1e-3:
            raise DefinitionError(
                f"{radius_km:g} km from the centre, drifting {drift_km:g} km a year, is not on the Earth",
                where=f"site {self.name}",
                remedy="Give kilometres from the centre of the Earth, and kilometres a year",
            )

    def earth_fixed_km(self, epochs_tai_ns: Epochs) -> Reals:
        """Return the ITRF93 position at each epoch, rows of three."""
        years = (epochs_tai_ns / SECOND - self.epoch_tai_ns / SECOND) / JULIAN_YEAR_S * (self.epoch_tai_ns != NO_TIME)
        return np.asarray(self.position_km) + years[:, None] * np.asarray(self.velocity_km_per_year)

    def axes(self) -> Reals:
        """Return the unit vectors east, north and up (rows) in ITRF93, up along the normal of the ellipsoid."""
        with kernels():
            lon, lat, _ = spiceypy.recgeo(list(self.position_km), EARTH_RADIUS_KM, EARTH_FLATTENING)
        sin_lon, cos_lon, sin_lat, cos_lat = np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)
        return np.array(
            [
                [-sin_lon, cos_lon, 0.0],
                [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
                [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            ]
        )


Observer = Site | str
"""A site, or the name or number of a body of SPICE: its centre."""


@dataclass(frozen=True, slots=True)
class Target:
    """A body by its SPICE name or number, and what stands in for it where no kernel holds it.

    `through` is the body to use instead, and only if it is named; `within_km` is how far from it the target can be. Example: the
    Trace Gas Orbiter in its orbit of science, at most 430 km above Mars: Target("-143", through="MARS", within_km=3830).
    """

    body: str
    through: str = ""
    within_km: float = 0.0

    def __post_init__(self) -> None:
        if bool(self.through) != (self.within_km > 0):
            raise DefinitionError(
                "a body that stands in needs the greatest distance of the target from it, and the other way round",
                where=f"target {self.body}",
                remedy="Give both `through` and `within_km`, or neither",
            )


@dataclass(frozen=True, slots=True)
class Motion:
    """Where an observer is (km) and how it moves (km/s), J2000 axes, from the barycentre of the solar system."""

    position_km: Reals
    velocity_km_s: Reals


def body_number(name: str) -> int:
    """Return the SPICE number of a body. Raises UsageError for one that SPICE does not know."""
    try:
        with kernels():
            return int(spiceypy.bods2c(name))
    except (SpiceyError, SpiceyPyKeyError) as error:
        raise UsageError(
            f"SPICE knows no body {name!r}", remedy="Use a name or number of SPICE, or furnish the kernel that defines it"
        ) from error


def positions_km(body: int, ets: Reals) -> Reals:
    """Return positions from the barycentre (J2000 axes), rows of NaN where no kernel holds the body. Hold the kernels."""
    return np.asarray(states_km(body, ets)[:, :3])


def earth_rotation(ets: Reals) -> Reals:
    """Return matrices that turn ITRF93 vectors to J2000 axes. Hold the kernels.

    Outside of the kernels of Earth orientation, or without them, the rotation is SPICE's IAU_EARTH: a site is then up
    to 8 km (27 us) off in 2026, less before.
    """
    precise = _where_known(lambda some: cyice.pxform_v("ITRF93", "J2000", some), ets, (3, 3), SpiceFRAMEDATANOTFOUND, earth_spans)
    missing = np.isnan(precise[:, 0, 0]) & np.isfinite(ets)
    if missing.any():
        precise[missing] = cyice.pxform_v("IAU_EARTH", "J2000", ets[missing])
    return precise


def motion(observer: Observer, epochs_tai_ns: Epochs, ets: Reals) -> tuple[Motion, Reals | None]:
    """Return where the observer is, NaN where no kernel tells, and for a site the rotation of the Earth. Hold the kernels."""
    if not isinstance(observer, Site):
        states = states_km(body_number(observer), ets)
        return Motion(states[:, :3], states[:, 3:]), None
    rotation, earth = earth_rotation(ets), states_km(EARTH, ets)
    fixed = observer.earth_fixed_km(epochs_tai_ns)
    turning = np.cross([0.0, 0.0, EARTH_TURN_RAD_S], fixed)
    return Motion(earth[:, :3] + _turn(rotation, fixed), earth[:, 3:] + _turn(rotation, turning)), rotation


def states_km(body: int, ets: Reals) -> Reals:
    """Return states from the barycentre (J2000 axes, km, km/s), rows of NaN where no kernel holds the body. Hold the kernels."""
    return _where_known(
        lambda some: cyice.spkgeo_v(body, some, "J2000", BARYCENTRE)[0], ets, (6,), SpiceSPKINSUFFDATA, lambda: spans(body)
    )


def _turn(matrices: Reals, vectors: Reals) -> Reals:
    turned: Reals = np.einsum("nij,nj->ni", matrices, vectors)
    return turned


def _where_known(
    compute: Callable[[Reals], Reals], ets: Reals, shape: tuple[int, ...], absent: type[SpiceyError],
    within: Callable[[], Reals] | None = None,
) -> Reals:  # fmt: skip
    """Return `compute(ets)`, NaN at epochs that are NaN or for which SPICE says that data are absent.

    `within` tells, when asked, outside of which spans there is no need to ask SPICE.
    """
    found = np.full((ets.size, *shape), np.nan)
    known = np.flatnonzero(np.isfinite(ets))
    if not known.size:
        return found
    try:
        found[known] = compute(np.ascontiguousarray(ets[known]))
    except absent:
        if within is not None:
            first, last = within().T
            number = np.searchsorted(first, ets[known], "right") - 1
            known = known[(number >= 0) & (ets[known] <= last[np.maximum(number, 0)])] if first.size else known[:0]
        for one in known:
            try:
                found[one] = compute(ets[one : one + 1])[0]
            except absent:
                continue
    return found


def refusal(error: SpiceyError) -> UsageError:
    """Return the error of ours that stands for one of SPICE's."""
    return UsageError(short(error), remedy="Use a name or number of SPICE, or furnish the kernel that defines it")
