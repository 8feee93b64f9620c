"""Where a target stands in a site's sky, and when it is above an elevation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .finding import Interval, intervals
from .light import LIGHT_KM_S, Paths, paths
from .sites import Epochs, Reals, Site, Target


@dataclass(frozen=True, slots=True)
class Look:
    """Directions in a site's sky: elevation above the plane of the horizon, azimuth from north over east, in degrees.

    They are apparent: corrected for light time and aberration, without refraction (0.1 deg at 10 deg elevation). `direct` is
    false where the body that stands in for the target was used.
    """

    elevation_deg: Reals
    azimuth_deg: Reals
    light_s: Reals
    direct: NDArray[np.bool_]


def elevation_azimuth(site: Site, target: Target | str, epochs_tai_ns: Epochs, *, outgoing: bool = False) -> Look:
    """Return where to point the antenna: to receive at these epochs, or with `outgoing` to transmit. NaN for NO_TIME.

    Errors are those of `light_times`. Agrees with SPICE's azlcpo to 0.0001 deg (`test_ephemeris_stations.py`).
    """
    return look_along(site, paths(site, target, epochs_tai_ns, outgoing=outgoing), outgoing)


def look_along(site: Site, path: Paths, outgoing: bool) -> Look:
    """Return what `elevation_azimuth` does, of paths that are there already."""
    assert path.rotation is not None
    fixed = np.einsum("nji,nj->ni", path.rotation, _apparent(path, outgoing))
    east, north, up = (fixed @ axis for axis in site.axes())
    elevation = np.degrees(np.arctan2(up, np.hypot(east, north)))
    return Look(elevation, np.degrees(np.arctan2(east, north)) % 360.0, path.light_s, path.direct)


def _apparent(path: Paths, outgoing: bool) -> Reals:
    """Return unit vectors turned by stellar aberration, away from the motion of the observer for transmission."""
    unit = path.vector_km / np.linalg.norm(path.vector_km, axis=1)[:, None]
    speed = path.observer_velocity_km_s * ((-1.0 if outgoing else 1.0) / LIGHT_KM_S)
    across = speed - np.sum(speed * unit, axis=1)[:, None] * unit
    sine = np.linalg.norm(across, axis=1)[:, None]  # of the angle by which it turns
    return np.asarray(unit * np.sqrt(1.0 - sine**2) + across)


def visibility(
    site: Site, target: Target | str, start: int, stop: int, *, mask_deg: float = 10.0, step_s: float = 300.0
) -> tuple[Interval, ...]:
    """Return when the target stands above the mask, between two instants (TAI nanoseconds); edges are good to 1 ms.

    What lies across `start` or `stop` is cut there. A pass shorter than a step is found as long as the elevation has one
    summit in it.
    """
    return intervals(lambda at: elevation_azimuth(site, target, at).elevation_deg - mask_deg, start, stop, step_s)
