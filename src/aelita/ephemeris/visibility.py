"""Where a target stands in a site's sky, when it is above the horizon mask, and when a planet hides it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import spiceypy
from numpy.typing import NDArray
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceyError

from ..errors import UsageError
from ..time import SECOND
from .light import LIGHT_KM_S, Paths, paths
from .load import kernels
from .sites import Epochs, Observer, Reals, Site, Target, body_number, refusal

EDGE_NS = 1_000_000
MOST_SAMPLES = 2_000_000
GOLDEN = (5**0.5 - 1) / 2


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


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` to `stop`, TAI nanoseconds."""

    start: int
    stop: int


def elevation_azimuth(site: Site, target: Target | str, epochs_tai_ns: Epochs, *, outgoing: bool = False) -> Look:
    """Return where to point the antenna: to receive at these epochs, or with `outgoing` to transmit. NaN for NO_TIME.

    Errors are those of `light_times`. Agrees with SPICE's azlcpo to 0.0001 deg (`test_ephemeris_stations.py`).
    """
    path = paths(site, target, epochs_tai_ns, outgoing=outgoing)
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
    return unit * np.sqrt(1.0 - sine**2) + across


def visibility(
    site: Site, target: Target | str, start: int, stop: int, *, mask_deg: float = 10.0, step_s: float = 300.0
) -> tuple[Interval, ...]:
    """Return when the target stands above the mask, between two instants (TAI nanoseconds); edges are good to 1 ms.

    What lies across `start` or `stop` is cut there. A pass shorter than a step is found as long as the elevation has one
    summit in it.
    """
    return _intervals(lambda at: elevation_azimuth(site, target, at).elevation_deg - mask_deg, start, stop, step_s)


def occulted(observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, behind: str = "MARS") -> NDArray[np.bool_]:
    """Return whether the body `behind` hides the target, its centre, from the observer at epochs of reception.

    The body is its ellipsoid, without an atmosphere: radii and rotation of the kernels, for Earth and Mars else those built in.
    Raises TimeError where no kernel holds the target itself, UsageError for a body without radii or rotation.
    """
    return np.asarray(_depth(observer, target, epochs_tai_ns, behind) > 0.0)


def occultations(
    observer: Observer, target: Target | str, start: int, stop: int, *, behind: str = "MARS", step_s: float = 60.0
) -> tuple[Interval, ...]:
    """Return when the body hides the target, between two instants (TAI nanoseconds); edges are good to 1 ms."""
    return _intervals(lambda at: _depth(observer, target, at, behind), start, stop, step_s)


def _depth(observer: Observer, target: Target | str, epochs: Epochs, behind: str) -> Reals:
    """Return how deep the line of sight dips into the body's ellipsoid, in radii; negative where it passes beside it."""
    body = target.body if isinstance(target, Target) else target
    sight, centre = paths(observer, body, epochs), paths(observer, behind, epochs)
    with kernels():
        radii, rotation = _shape(behind, centre.ets - centre.light_s)
    here = np.einsum("nij,nj->ni", rotation, -centre.vector_km) / radii
    there = np.einsum("nij,nj->ni", rotation, sight.vector_km - centre.vector_km) / radii
    line = there - here
    along = np.clip(-np.sum(here * line, axis=1) / np.sum(line * line, axis=1), 0.0, 1.0)
    return np.asarray(1.0 - np.linalg.norm(here + along[:, None] * line, axis=1))


def _shape(body: str, ets: Reals) -> tuple[Reals, Reals]:
    """Return radii (km) and the rotations from J2000 to the axes of a body."""
    number = body_number(body)
    try:
        radii = np.asarray(spiceypy.bodvcd(number, "RADII", 3)[1])
        frame = spiceypy.cidfrm(number)[1]
        rotation = np.full((ets.size, 3, 3), np.nan)
        known = np.isfinite(ets)
        if known.any():
            rotation[known] = cyice.pxform_v("J2000", frame, np.ascontiguousarray(ets[known]))
    except SpiceyError as error:
        raise refusal(error) from error
    return radii, rotation


def _intervals(height: Callable[[Epochs], Reals], start: int, stop: int, step_s: float) -> tuple[Interval, ...]:
    """Return where `height` is above zero: sampled by steps and at the extremes between them, edges found by bisection."""
    if start >= stop:
        return ()
    count = int((stop - start) / (step_s * SECOND)) + 2 if step_s > 0 else 0
    if not 2 <= count <= MOST_SAMPLES:
        raise UsageError(f"a step of {step_s} s makes no search, or one of too many samples", remedy="Choose another step")
    at = np.unique(np.linspace(0, stop - start, count).astype(np.int64)) + start
    at, heights = _with_extremes(height, at, height(at))
    change = np.flatnonzero((heights[:-1] > 0) != (heights[1:] > 0))
    edges = _bisect(height, at[change], at[change + 1], heights[change + 1] > 0)
    bounds = ([start] if heights[0] > 0 else []) + edges.tolist() + ([stop] if heights[-1] > 0 else [])
    return tuple(Interval(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True))


def _with_extremes(height: Callable[[Epochs], Reals], at: Epochs, heights: Reals) -> tuple[Epochs, Reals]:
    """Add the summits below zero and valleys above it that may cross zero between samples (golden section)."""
    middle, sides = heights[1:-1], (heights[:-2], heights[2:])
    summit = (middle <= 0) & (middle >= sides[0]) & (middle >= sides[1])
    valley = (middle > 0) & (middle <= sides[0]) & (middle <= sides[1])
    those = np.flatnonzero(summit | valley) + 1
    if not those.size:
        return at, heights
    sign = np.where(summit[those - 1], 1.0, -1.0)
    low, high = at[those - 1], at[those + 1]
    while (high - low).max() > EDGE_NS:
        inset = np.rint((high - low) * GOLDEN).astype(np.int64)
        left, right = high - inset, low + inset
        first = sign * height(left) > sign * height(right)
        low, high = np.where(first, low, left), np.where(first, right, high)
    found = (low + high) // 2
    order = np.argsort(np.concatenate([at, found]), kind="stable")
    return np.concatenate([at, found])[order], np.concatenate([heights, height(found)])[order]


def _bisect(height: Callable[[Epochs], Reals], low: Epochs, high: Epochs, rising: NDArray[np.bool_]) -> Epochs:
    """Return the edges between pairs of epochs, all at once, each within 1 ms and on the side above zero."""
    while low.size and (high - low).max() > EDGE_NS:
        middle = (low + high) // 2
        after = (height(middle) > 0) == rising
        low, high = np.where(after, low, middle), np.where(after, middle, high)
    return np.where(rising, high, low)
