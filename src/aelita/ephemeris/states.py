"""Geometric states and light times of bodies, at columns of epochs."""

import numpy as np
from numpy.typing import NDArray
from spiceypy import cyice
from spiceypy.utils.exceptions import SpiceyError, SpiceyPyKeyError

from ..errors import TimeError, UsageError
from ..time import NO_TIME, et_from_tai_ns, utc_from_tai_ns
from .load import kernels, short

Column = NDArray[np.int64]
States = NDArray[np.float64]


def state(target: str, observer: str, epochs_tai_ns: Column, *, frame: str = "J2000") -> States:
    """Return position (km) and velocity (km/s) of `target` seen from `observer`, geometric, as rows of six.

    Bodies are names or numbers of SPICE (`SUN`, `EARTH`, `MARS`, `-143`); rows of NO_TIME are NaN. Source: DE440, with Mars
    put at its barycentre (0.25 m), or the kernels furnished later. Raises UsageError for an unknown body or frame, TimeError
    where the kernels hold no data.
    """
    return _look_up(target, observer, epochs_tai_ns, frame, "NONE")[0]


def light_time_s(target: str, observer: str, epochs_tai_ns: Column, *, outgoing: bool = False) -> NDArray[np.float64]:
    """Return the one-way light time between two bodies in seconds, converged (Newtonian); NaN for NO_TIME.

    The epochs are those at the observer: of reception of light from the target, or with `outgoing` of emission towards it.
    Errors are those of `state`. The relativistic delay (up to some tens of microseconds near the Sun) is not included.
    """
    return _look_up(target, observer, epochs_tai_ns, "J2000", "XCN" if outgoing else "CN")[1]


def _look_up(
    target: str, observer: str, epochs_tai_ns: Column, frame: str, correction: str
) -> tuple[States, NDArray[np.float64]]:
    known = epochs_tai_ns != NO_TIME
    states, light_s = np.full((epochs_tai_ns.size, 6), np.nan), np.full(epochs_tai_ns.size, np.nan)
    ets = np.ascontiguousarray(et_from_tai_ns(epochs_tai_ns[known]), np.float64)
    with kernels():
        try:
            found = cyice.spkezr_v(target, ets, frame, correction, observer)
        except SpiceyPyKeyError as error:
            raise UsageError(
                short(error), remedy="Use a name or number of SPICE, or furnish the kernel that defines it"
            ) from error
        except SpiceyError as error:
            first, last = (utc_from_tai_ns(int(pick(epochs_tai_ns[known])), 3) for pick in (np.min, np.max))
            raise TimeError(
                f"no state of {target} from {observer} in {frame} between {first} and {last}: {short(error)}",
                remedy="Furnish kernels that hold these bodies at these epochs",
            ) from error
    states[known], light_s[known] = found
    return states, light_s
