"""A fit that fails because its tags are of another time scale: found by trying, and said."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..errors import AelitaError
from ..time import SECOND
from .estimation import DeterminationError, Estimate
from .ramps import Ramps
from .tracking import Observations, station_epochs

BETTER = 0.2  # of the weighted rms: what a right scale must at least bring
Fit = Callable[[tuple[Observations, ...], dict[str, Ramps]], Estimate]


def explained(
    error: DeterminationError, fit: Fit, tracking: tuple[Observations, ...], ramps: dict[str, Ramps], worst_rms: float
) -> DeterminationError:  # fmt: skip
    """Return the error, naming the time scale with which `fit` (of few iterations) would succeed: of tags, or ramps too.

    Tags of TAI, GPS or TT that were read as UTC are tried, and the other way round: seconds that an orbiter flies 200 km in.
    """
    first = min(int(one.epochs_tai_ns[0]) for one in tracking)
    tai_s = int(station_epochs(np.array([first]).view("datetime64[ns]"), "UTC")[0] - first) / SECOND
    late = error.last_good.rms if error.last_good is not None else np.inf
    for ramps_too in (False, True):
        for scale, seconds in (("TAI", tai_s), ("GPS", tai_s - 19.0), ("TT", tai_s + 32.184)):
            for sign, really, read in ((-1, scale, "UTC"), (1, "UTC", scale)):
                step = round(sign * seconds * SECOND)
                moved = tuple(replace(one, epochs_tai_ns=one.epochs_tai_ns + step) for one in tracking)
                uplinks = {name: _moved(one, step) for name, one in ramps.items()} if ramps_too else ramps
                try:
                    found: Estimate | None = fit(moved, uplinks)
                except DeterminationError as failed:  # not done in a few iterations, but perhaps on a good way
                    found = failed.last_good
                except AelitaError:
                    continue
                if found is not None and found.rms < min(BETTER * late, worst_rms):
                    what = "tags and ramps" if ramps_too else "tags"
                    return DeterminationError(
                        f"{error.what}; {what} moved by {sign * seconds:+g} s fit to {found.rms:.3g} sigma", where=error.where,
                        remedy=f"The {what} seem to be {really} but were read as {read}: correct the time scale that they name",
                        last_good=error.last_good, history=error.history,
                    )  # fmt: skip
    return error


def _moved(one: Ramps, step_ns: int) -> Ramps:
    return replace(one, start_tai_ns=one.start_tai_ns + step_ns, stop_tai_ns=one.stop_tai_ns + step_ns)
