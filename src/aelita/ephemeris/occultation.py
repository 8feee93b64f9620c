"""When a body hides a target from an observer, on the way down or up, and how near to the Sun the target stands."""

from dataclasses import dataclass

import numpy as np
import spiceypy
from numpy.typing import NDArray
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceyError

from .finding import Interval, intervals
from .light import Paths, paths
from .load import kernels
from .sites import Epochs, Observer, Reals, Target, body_number, refusal


@dataclass(frozen=True, slots=True)
class Shadow:
    """How deep lines of sight dip into a body, in its radii: above zero the target is hidden, NaN where that is not known.

    It is not known where only a body near by stands in for the target. `known` is true elsewhere.
    """

    depth: Reals

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether it is known."""
        return np.asarray(np.isfinite(self.depth))

    @property
    def hidden(self) -> NDArray[np.bool_]:
        """Whether the target is hidden for sure; false where it is not known."""
        return np.asarray(self.depth > 0.0)


def shadow(
    observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, behind: str = "MARS", outgoing: bool = False
) -> Shadow:
    """Return how deep the body `behind` hides the target, its centre, from the observer, as far as it is known.

    The epochs are of reception at the observer, or with `outgoing` of emission towards the target: then it tells whether the body
    stands in the way of what is sent. The body is its ellipsoid without atmosphere, where it is when the light passes it: radii
    and rotation of the kernels, for Earth and Mars else those built in. Raises TimeError where kernels hold neither the target
    nor what stands in for it, UsageError for a body without radii or rotation.
    """
    return shadow_of(paths(observer, target, epochs_tai_ns, outgoing=outgoing), observer, epochs_tai_ns, behind, outgoing)


def shadow_of(sight: Paths, observer: Observer, epochs: Epochs, behind: str, outgoing: bool) -> Shadow:
    """Return what `shadow` does, of paths that are there already."""
    centre = paths(observer, behind, epochs, outgoing=outgoing)
    with kernels():
        radii, rotation = shape_of(behind, centre.ets + (1.0 if outgoing else -1.0) * centre.light_s)
    here = np.einsum("nij,nj->ni", rotation, -centre.vector_km) / radii
    there = np.einsum("nij,nj->ni", rotation, sight.vector_km - centre.vector_km) / radii
    line = there - here
    along = np.clip(-np.sum(here * line, axis=1) / np.sum(line * line, axis=1), 0.0, 1.0)
    depth = 1.0 - np.linalg.norm(here + along[:, None] * line, axis=1)
    return Shadow(np.where(sight.direct, depth, np.nan))


def is_hidden(observer: Observer, target: Target | str, at: int, *, behind: str = "MARS", outgoing: bool = False) -> bool | None:
    """Return whether the body hides the target at one instant (TAI nanoseconds), None where that is not known."""
    found = shadow(observer, target, np.array([at], np.int64), behind=behind, outgoing=outgoing)
    return bool(found.hidden[0]) if found.known[0] else None


def occulted(
    observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, behind: str = "MARS", outgoing: bool = False
) -> NDArray[np.bool_]:
    """Return whether the body `behind` hides the target, as `shadow` tells. Raises TimeError where that is not known."""
    return shadow(observer, _itself(target), epochs_tai_ns, behind=behind, outgoing=outgoing).hidden


def occultations(
    observer: Observer, target: Target | str, start: int, stop: int, *, behind: str = "MARS", step_s: float = 60.0,
    outgoing: bool = False,
) -> tuple[Interval, ...]:  # fmt: skip
    """Return when the body hides the target, between two instants (TAI nanoseconds); edges are good to 1 ms.

    All that last longer than a step are found. Errors are those of `occulted`.
    """
    alone = _itself(target)
    return intervals(lambda at: shadow(observer, alone, at, behind=behind, outgoing=outgoing).depth, start, stop, step_s)


def sun_angle_deg(observer: Observer, target: Target | str, epochs_tai_ns: Epochs, *, outgoing: bool = False) -> Reals:
    """Return the angle between the Sun's centre and the target in the observer's sky (Sun-Earth-probe), in degrees.

    The Sun's disc reaches to 0.267 deg. Corrected for light time, without aberration (under 0.01 deg). Errors are those of
    `light_times`; NaN for NO_TIME.
    """
    there = paths(observer, target, epochs_tai_ns, outgoing=outgoing).vector_km
    sun = paths(observer, "SUN", epochs_tai_ns).vector_km
    across = np.linalg.norm(np.cross(there, sun), axis=1)  # exact for small angles, which is where they matter
    return np.asarray(np.degrees(np.arctan2(across, np.sum(there * sun, axis=1))))


def _itself(target: Target | str) -> str:
    return target.body if isinstance(target, Target) else target


def shape_of(body: str, ets: Reals) -> tuple[Reals, Reals]:
    """Return radii (km) and the rotations from J2000 to the axes of a body. Hold the kernels."""
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
