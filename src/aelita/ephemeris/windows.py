"""When a station may radiate to a spacecraft: above its mask at transmission, and not hidden when the signal gets there."""

from dataclasses import dataclass

import numpy as np

from ..errors import DefinitionError
from ..time import SECOND
from .finding import Interval, gaps, intervals
from .light import LIGHT_KM_S, light_times, paths
from .occultation import shadow_of
from .sites import Epochs, Reals, Site, Target
from .visibility import look_along

STEP_S = 60.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """How high something has to stand over a site: a least elevation, and higher ones by azimuth where the mask has them.

    The mask is (azimuth, elevation) in degrees, azimuths from north over east, rising from 0 to below 360; between two, and
    between the last and the first, the elevation is interpolated. Raises DefinitionError for another order or other numbers.
    """

    least_deg: float = 10.0
    mask_deg: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        azimuths = [azimuth for azimuth, _ in self.mask_deg]
        heights = [height for _, height in self.mask_deg]
        if azimuths != sorted(set(azimuths)) or not all(0 <= one < 360 for one in azimuths):
            raise DefinitionError("azimuths of a horizon mask rise from 0 to below 360 degrees", remedy="Put them in order")
        if not all(-90 <= one <= 90 for one in (self.least_deg, *heights)):
            raise DefinitionError("elevations lie between -90 and 90 degrees", where="horizon mask")

    def at_deg(self, azimuth_deg: Reals) -> Reals:
        """Return the elevation (degrees) that is needed at each azimuth (degrees)."""
        if not self.mask_deg:
            return np.full(azimuth_deg.shape, self.least_deg)
        azimuths, heights = np.array(self.mask_deg).T
        return np.asarray(np.maximum(np.interp(azimuth_deg, azimuths, heights, period=360.0), self.least_deg))


@dataclass(frozen=True, slots=True)
class Window:
    """When radiation reaches a spacecraft: first and last instant at the station and when it arrives then, TAI nanoseconds.

    `occultation_known` is false where no kernel holds the spacecraft, or no body was named that may hide it: then only the
    station's mask was looked at.
    """

    start: int
    stop: int
    arrival_start: int
    arrival_stop: int
    occultation_known: bool


@dataclass(frozen=True, slots=True)
class UplinkHeight:
    """Whether what a site radiates gets there: it does where `height` is above zero; elevations in degrees; what is known.

    Elevations are NaN where the body that stands in may be as far from the spacecraft as the site is: it tells no direction.
    `depth` is that of `Shadow`.
    """

    elevation_deg: Reals
    azimuth_deg: Reals
    needed_deg: Reals
    depth: Reals
    height: Reals


def uplink_height(
    site: Site, target: Target | str, epochs_tai_ns: Epochs, *, horizon: Horizon, behind: str = "", low_too: bool = True
) -> UplinkHeight:
    """Return, for epochs of radiation, elevation, the elevation needed, and how deep the body `behind` hides the target then.

    Without `low_too` depths are only computed where the target stands high enough. Errors are those of `light_times`.
    """
    epochs = np.asarray(epochs_tai_ns, np.int64)
    path = paths(site, target, epochs, outgoing=True)
    look = look_along(site, path, True)
    near_s = target.within_km / LIGHT_KM_S if isinstance(target, Target) else 0.0
    elevation = np.where(look.direct | (look.light_s > near_s), look.elevation_deg, np.nan)
    needed = horizon.at_deg(look.azimuth_deg)
    above = elevation - needed
    depth = np.full(epochs.size, np.nan)
    if behind:
        those = np.flatnonzero(look.direct & (np.isfinite(above) if low_too else above > 0))
        if those.size:
            depth[those] = shadow_of(path.some(those), site, epochs[those], behind, True).depth
    return UplinkHeight(elevation, look.azimuth_deg, needed, depth, np.fmin(above, np.where(above > 0, -depth, np.nan)))


def uplink_windows(
    site: Site, target: Target | str, start: int, stop: int, *, horizon: Horizon, behind: str = "", step_s: float = STEP_S
) -> tuple[Window, ...]:
    """Return when radiation reaches the target, between two instants of radiation (TAI nanoseconds); edges are good to 1 ms.

    At transmission the antenna points above the horizon to where the target will be, and at arrival the body `behind` does not
    stand between. All windows and gaps longer than a step are found. A window is divided where kernels begin or cease to hold
    the target. Errors are those of `light_times` and `intervals`.
    """

    def height(at: Epochs) -> Reals:
        return uplink_height(site, target, at, horizon=horizon, behind=behind, low_too=False).height

    made = []
    for one in intervals(height, start, stop, step_s):
        held = _held(site, target, one, step_s) if behind else ()
        made += [(part, True) for part in held] + [(part, False) for part in gaps(one, held)]
    ends = np.array([(one.start, one.stop) for one, _ in made], np.int64).reshape(-1, 2)
    light = light_times(site, target, ends.ravel(), outgoing=True).light_s.reshape(-1, 2)
    there = [(int(a), int(b)) for a, b in ends + np.rint(light * SECOND).astype(np.int64)]
    windows = [
        Window(part.start, part.stop, first, last, known) for (part, known), (first, last) in zip(made, there, strict=True)
    ]
    return tuple(sorted(windows, key=lambda one: one.start))


def _held(site: Site, target: Target | str, within: Interval, step_s: float) -> tuple[Interval, ...]:
    """Return where kernels hold the target itself, at arrival."""
    if not (isinstance(target, Target) and target.through):
        return (within,)

    def height(at: Epochs) -> Reals:
        return np.where(light_times(site, target, at, outgoing=True).direct, 1.0, -1.0)

    return intervals(height, within.start, within.stop, step_s)
