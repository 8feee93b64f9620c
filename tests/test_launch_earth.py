"""The small Earth of launches against SPICE, the atmosphere against its published table, gravity against its potential."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st

from aelita.dynamics.earth_model import (
    GM_KM3_S2,
    J2,
    about_z,
    energy_km2_s2,
    from_j2000,
    gravity,
    height_km,
    rotation_angle_rad,
    site_of_date,
)
from aelita.dynamics.standard_atmosphere import air
from aelita.ephemeris.load import kernels
from aelita.time import et_from_tai_ns, tai_ns_from_utc

# U.S. Standard Atmosphere, 1976: geometric height (km), pressure (Pa), density (kg/m3), speed of sound (m/s)
PUBLISHED = [
    (0.0, 101325.0, 1.2250, 340.294),
    (5.0, 54048.0, 0.73643, 320.545),
    (11.0, 22699.0, 0.36480, 295.154),
    (20.0, 5529.3, 0.088910, 295.069),
    (30.0, 1197.0, 0.018410, 301.709),
    (40.0, 287.14, 0.0039957, 317.189),
    (50.0, 79.779, 0.0010269, 329.799),
    (60.0, 21.958, 0.00030968, 315.073),
    (70.0, 5.2209, 0.000082829, 297.062),
    (80.0, 1.0524, 0.000018458, 282.538),
]


@pytest.mark.parametrize(("height", "pressure", "density", "sound"), PUBLISHED)
def test_atmosphere_as_published(height: float, pressure: float, density: float, sound: float) -> None:
    found = air(height)
    assert found == pytest.approx((density, pressure, sound), rel=3e-4)


def test_atmosphere_joins_and_ends() -> None:
    below, above = air(85.9999), air(86.0)
    assert above[0] == pytest.approx(below[0], rel=0.01) and above[1] == 0.0
    assert air(150.0)[0] == pytest.approx(2.076e-9) and air(1000.0)[0] == 0.0
    assert air(-0.3) == air(0.0)


@pytest.mark.parametrize("utc", ["2016-03-14T09:31:42", "2020-08-02T00:54:48", "2003-06-02T17:45:00"])
def test_axes_of_the_earth_as_spice_has_them(utc: str) -> None:
    epoch = tai_ns_from_utc(utc)
    with kernels():
        truth = spiceypy.pxform("J2000", "ITRF93", float(et_from_tai_ns(epoch)))
    ours = about_z(rotation_angle_rad(epoch)) @ from_j2000(epoch)
    turn = np.degrees(np.arccos((np.trace(ours @ truth.T) - 1.0) / 2.0))
    print(f"{utc}: {turn:.4f} deg from ITRF93")
    assert turn < 0.007


def test_site_turns_with_the_earth() -> None:
    epoch = tai_ns_from_utc("2016-03-14T09:31:42")
    now, later = (site_of_date(0.8035, 1.1, 0.1, epoch + ns) for ns in (0, 1_000_000_000))
    assert (later[:3] - now[:3]) == pytest.approx(now[3:], abs=2e-5)
    assert height_km(*now[:3]) == pytest.approx(0.1, abs=0.001)
    with kernels():
        fixed = spiceypy.georec(1.1, 0.8035, 0.1, 6378.137, 1 / 298.257223563)
    assert np.linalg.norm(fixed) == pytest.approx(np.linalg.norm(now[:3]), abs=1e-9)


@given(st.floats(-1.5, 1.5), st.floats(0, 6.28), st.floats(6500, 50000))
def test_gravity_is_the_slope_of_the_energy(latitude: float, longitude: float, radius: float) -> None:
    across = np.cos(latitude)
    place = radius * np.array([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])
    slope = np.empty(3)
    for n in range(3):
        ahead, behind = np.zeros(6), np.zeros(6)
        ahead[:3], behind[:3] = place, place
        ahead[n] += 1.0
        behind[n] -= 1.0
        slope[n] = -(energy_km2_s2(ahead) - energy_km2_s2(behind)) / 2.0
    assert np.array(gravity(*place, J2)) == pytest.approx(slope, abs=3e-8 * GM_KM3_S2 / radius**2)
