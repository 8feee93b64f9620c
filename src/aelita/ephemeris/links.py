"""Light times by when the light leaves: up from a station, and down from a spacecraft to the station that listens."""

from collections.abc import Sequence

import numpy as np

from ..errors import TimeError
from ..time import NO_TIME, SECOND, et_from_tai_ns, utc_from_tai_ns
from .delays import Delays
from .finding import LAST_NS
from .light import CONVERGED_S, LIGHT_KM_S, MOST_ROUNDS, SUN_DELAY_S, LightTime, LightTimes, absent, sun_logarithm
from .load import kernels
from .sites import SUN, Epochs, Observer, Reals, Target, body_number, motion, positions_km


def light_times_down(
    observer: Observer, target: Target | str, left_tai_ns: Epochs, *, sun_delay: bool = True, delayed_by: Sequence[str] = ()
) -> LightTimes:
    """Return the one-way light times (s) of what leaves the target at these epochs (TAI nanoseconds) for the observer.

    Kernels need to hold the target at these epochs only; the rest is as for `light_times`. Agrees with SPICE's
    transmission case from the target (`spkcpt`, XCN) to 0.1 ns, the Sun's delay apart (`test_ephemeris_uplink.py`).
    """
    target = Target(target) if isinstance(target, str) else target
    left = np.asarray(left_tai_ns, np.int64)
    ets = np.asarray(et_from_tai_ns(left), np.float64)
    with kernels():
        there = positions_km(body_number(target.body), ets)
        direct = np.isfinite(there[:, 0]) | np.isnan(ets)
        if target.through and not direct.all():
            there[~direct] = positions_km(body_number(target.through), ets[~direct])
        light = _solve(observer, there, left, ets, SUN_DELAY_S if sun_delay else 0.0, Delays(delayed_by, ets))
    lost = np.isnan(light) & np.isfinite(ets)
    if lost.any():
        raise absent(observer, target, left[lost])
    return LightTimes(light, direct, np.where(direct, 0.0, target.within_km / LIGHT_KM_S))


def _solve(observer: Observer, there: Reals, left: Epochs, ets: Reals, delay_s: float, planets: Delays) -> Reals:
    """Return the light times from where the target was to where the observer is when the light comes, to 0.01 ns."""
    light = np.where(np.isfinite(ets), 0.0, np.nan)
    for _ in range(MOST_ROUNDS):
        at = np.where(np.isfinite(light), left + np.rint(np.nan_to_num(light) * SECOND).astype(np.int64), NO_TIME)
        here = motion(observer, at, ets + light)[0].position_km
        sun = positions_km(SUN, ets + light)
        distance = np.linalg.norm(there - here, axis=1)
        around = np.linalg.norm(here - sun, axis=1) + np.linalg.norm(there - sun, axis=1)
        delay = delay_s * sun_logarithm(around, distance) + planets.seconds(here, there, distance)
        before, light = light, distance / LIGHT_KM_S + delay
        if not np.any(np.abs(light - before) > CONVERGED_S):
            break
    return light


class LightLink:
    """Light times of one station and spacecraft by epoch of emission, in integer nanoseconds, for live use.

    They are interpolated as by `LightTime`, which see: within 1 us, some microseconds of work each once a piece is made.
    Threads may share it. Where a body stands in for the spacecraft, `bound_s` tells how far off they can be. Example:

        link = LightLink(site, Target("-143", through="MARS", within_km=3830))
        arrival = radiated + link.up_ns(radiated)
        evidence = executed + link.down_ns(executed)
    """

    def __init__(self, observer: Observer, target: Target | str) -> None:
        self._up, self._down = LightTime(observer, target, outgoing=True), LightTime(observer, target)

    def up_ns(self, radiated: int) -> int:
        """Return the light time (ns) of what leaves the station at an instant (TAI ns). Raises TimeError when not known."""
        return _whole(self._up.seconds(_possible(radiated)), radiated)

    def down_ns(self, left: int) -> int:
        """Return the light time (ns) of what leaves the spacecraft at an instant for the station. Errors as for `up_ns`."""
        light_s = self._up.seconds(_possible(left))  # near enough, and kernels need to hold nothing before `left` for it
        for _ in range(MOST_ROUNDS):  # converges by a factor of the station's speed over that of light each time
            before, light_s = light_s, self._down.seconds(left + _whole(light_s, left))
            if abs(light_s - before) < CONVERGED_S:
                break
        return _whole(light_s, left)

    def round_trip_ns(self, radiated: int, turnaround_ns: int = 0) -> int:
        """Return how long after its radiation the answer to a signal can be back, ns; the spacecraft takes `turnaround_ns`."""
        away = self.up_ns(radiated) + turnaround_ns
        return away + self.down_ns(radiated + away)

    def bound_s(self, radiated: int) -> float:
        """Return how far the light time up can be from that of the spacecraft itself, s: 0 where a kernel holds it."""
        return float(self._up.at(np.array([radiated], np.int64)).bound_s[0])


def _possible(at: int) -> int:
    """Return an instant unless it is beyond what ephemerides hold, so that no sum of it wraps."""
    if at != NO_TIME and not -LAST_NS <= at <= LAST_NS:
        raise TimeError(f"no light time at {at} ns, beyond 1680 to 2262", remedy="Give TAI nanoseconds since 1970")
    return at


def _whole(light_s: float, at: int) -> int:
    if light_s != light_s:
        raise TimeError(f"no light time at {utc_from_tai_ns(at, 3)}", remedy="Give an instant that is known")
    return round(light_s * SECOND)
