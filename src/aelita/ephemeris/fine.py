"""States of bodies and sites at instants finer than float64 ephemeris time tells: what Doppler needs."""

from dataclasses import dataclass

import numpy as np

from ..errors import TimeError
from ..time import J2000_TAI_NS, SECOND, et_from_tai_ns, tdb_minus_tt_s, tt_s_from_tai_ns, utc_from_tai_ns
from .load import kernels
from .sites import Epochs, Observer, Reals, motion


@dataclass(frozen=True, slots=True)
class FineStates:
    """Positions (km) and velocities (km/s) from the barycentre of the solar system, J2000 axes; rows of three.

    `rotation` turns vectors of ITRF93 to J2000 axes where the observer is a site, and is None for a body.
    """

    position_km: Reals
    velocity_km_s: Reals
    rotation: Reals | None


def fine_states(observer: Observer, epochs_tai_ns: Epochs, rest_s: Reals | None = None) -> FineStates:
    """Return where a site or body is at `epochs_tai_ns` + `rest_s` (TAI nanoseconds, and seconds below one).

    Ephemeris time in float64 is known to 4 to 120 ns only, in which the Earth moves millimetres: too much for Doppler. Here the
    state that SPICE gives is carried over what the float64 lost. Raises UsageError for an unknown body, TimeError where no kernel
    holds it. Accuracy: differences over 60 s are smooth to 1e-6 m/s (`test_determination_observables.py`).
    """
    epochs = np.asarray(epochs_tai_ns, np.int64)
    rest = np.zeros(epochs.size) if rest_s is None else np.asarray(rest_s, np.float64)
    ets = np.asarray(et_from_tai_ns(epochs), np.float64)
    with kernels():
        place, rotation = motion(observer, epochs, ets)
    lost = np.isnan(place.position_km[:, 0])
    if lost.any():
        name = observer if isinstance(observer, str) else observer.name
        raise TimeError(
            f"no kernel holds the position of {name} at {utc_from_tai_ns(int(epochs[lost][0]), 3)}",
            remedy="Furnish kernels that do",
        )
    lost_s = lost_by_float_s(epochs, ets) + rest
    return FineStates(place.position_km + place.velocity_km_s * lost_s[:, None], place.velocity_km_s, rotation)


def lost_by_float_s(epochs: Epochs, ets: Reals) -> Reals:
    """Return by how much the exact ephemeris time is later than its float64."""
    whole = epochs // SECOND - J2000_TAI_NS // SECOND
    part = (epochs % SECOND - J2000_TAI_NS % SECOND) / SECOND
    return np.asarray((whole - ets) + part + tdb_tt_s(epochs))


def tdb_tt_s(epochs_tai_ns: Epochs) -> Reals:
    """Return TDB minus TT (s) at the centre of the Earth, by SPICE's formula (30 us), not lost in a sum with a large epoch."""
    return np.asarray(tdb_minus_tt_s(np.asarray(tt_s_from_tai_ns(epochs_tai_ns), np.float64)))
