"""Curiosity's reconstructed entry (5,211 positions at 20 Hz): speeds over the turning Mars, path angle and deceleration."""

import numpy as np
import pytest
from numpy.typing import NDArray

from aelita.ephemeris import to_mars_fixed
from aelita.time import et_from_tai_ns, tai_ns_from_utc
from shared import shared

ENTRY = "2012-08-06T05:10:45"  # to some seconds: only the rate and the pole of the rotation count here
HALF = 20  # samples each way that a derivative is fitted to: 1 s


@pytest.fixture(scope="module")
def entry() -> NDArray[np.float64]:
    """Rows of time (s), position (km), velocity (km/s), acceleration (km/s2) in J2000 axes: cubics fitted to 2 s."""
    table = np.loadtxt(shared("data/nav/edl/MSL_position_J2000.csv"), delimiter=",", skiprows=1)
    t, r = table[:, 0], table[:, 1:] / 1000
    offsets = np.arange(-HALF, HALF + 1) * 0.05
    fit = np.linalg.pinv(np.vander(offsets, 4, increasing=True))
    windows = np.lib.stride_tricks.sliding_window_view(r, 2 * HALF + 1, axis=0)
    position, velocity, half_acceleration = (windows @ fit[k] for k in range(3))
    return np.column_stack([t[HALF:-HALF], position, velocity, 2 * half_acceleration])


def fixed(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    ets = float(et_from_tai_ns(tai_ns_from_utc(ENTRY))) + rows[:, 0]
    return to_mars_fixed(rows[:, 1:7], ets)


def test_speed_and_path_angle_at_entry(entry: NDArray[np.float64]) -> None:
    first = entry[0]
    r, v = first[1:4], first[4:7]
    back_s = first[0] - 0.15  # to the first sample, before the air is felt
    radius = np.linalg.norm(r - v * back_s)
    angle = np.degrees(np.arcsin(r @ v / np.linalg.norm(r) / np.linalg.norm(v)))
    over_ground = np.linalg.norm(fixed(entry[:1])[0, 3:]) * 1000
    print(f"radius {radius:.3f} km, {np.linalg.norm(v):.4f} km/s at {angle:.3f} deg, over the ground {over_ground:.1f} m/s")
    assert radius == pytest.approx(3521.96, abs=0.02)
    assert np.linalg.norm(v) == pytest.approx(6.084, abs=0.001)
    assert angle == pytest.approx(-15.464, abs=0.06)  # a second after entry it is 0.05 deg flatter
    assert over_ground == pytest.approx(5844.7, abs=1.5)  # published by the project: 5.845 km/s


def test_deceleration_and_speed_under_the_parachute(entry: NDArray[np.float64]) -> None:
    gm = 42828.37
    radius = np.linalg.norm(entry[:, 1:4], axis=1)
    gravity = -gm * entry[:, 1:4] / radius[:, None] ** 3
    felt_g = np.linalg.norm(entry[:, 7:10] - gravity, axis=1) * 1000 / 9.80665
    before = entry[:, 0] < 200  # the parachute opens later, with a blow of its own
    peak = int(np.argmax(np.where(before, felt_g, 0)))
    speed = np.linalg.norm(fixed(entry)[:, 3:], axis=1) * 1000
    at_260 = float(np.interp(259.5, entry[:, 0], speed))
    print(f"peak {felt_g[peak]:.2f} g at {entry[peak, 0]:.2f} s, {at_260:.0f} m/s at the end")
    assert felt_g[peak] == pytest.approx(12.5, abs=0.2) and entry[peak, 0] == pytest.approx(80.95, abs=1.0)
    assert at_260 == pytest.approx(404, abs=12)
