"""Refraction of radio waves: against rays integrated step by step, the formula of ITU-R P.834 and the tables of almanacs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from aelita.environment import Refraction, refraction, refractivity
from aelita.environment.bending import SCALE_KM
from aelita.errors import UsageError

EARTH_KM = 6371.0


def traced_deg(apparent_deg: float, units: float, scale_km: float = SCALE_KM, height_km: float = 0.0) -> float:
    """Bending of a ray that is followed out of the air, step by step, by Snell's law in polar coordinates."""
    start = np.radians(apparent_deg)

    def along(_: float, state: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
        height, slope, _bent = state  # slope: angle to the local horizontal
        air = units * 1e-6 * np.exp(-height / scale_km)
        curve = -air / scale_km / (1 + air) * np.cos(slope)  # d ln n / dr across the ray
        turned = np.cos(slope) / (EARTH_KM + height_km + height) + curve
        return [np.sin(slope), turned, -curve]

    found = solve_ivp(along, (0, 4000), [0.0, start, 0.0], method="DOP853", rtol=1e-12, atol=1e-13)
    return float(np.degrees(found.y[2, -1]))


@pytest.mark.parametrize(("units", "height_km"), [(315.0, 0.0), (400.0, 0.0), (230.0, 2.5)])
def test_bending_is_that_of_rays_followed_step_by_step(units: float, height_km: float) -> None:
    air, off = Refraction(units, height_km), []
    for apparent in (0.0, 0.5, 1.0, 3.0, 10.0, 30.0, 60.0, 89.0):
        bent = traced_deg(apparent, units, height_km=height_km)
        off.append(abs(float(air.raised_deg(apparent - bent)) - bent))
    print(f"N {units:g} at {height_km} km: off by {off} deg")
    assert max(off[1:]) < 1e-6 and off[0] < 1e-4


def test_bending_is_near_the_formula_of_the_recommendation() -> None:
    air = Refraction(315.0)
    for stands in (1.0, 2.0, 4.0, 7.0, 10.0):
        formula = 1 / (1.728 + 0.5411 * stands + 0.03723 * stands**2)  # ITU-R P.834, for its own atmosphere, at sea level
        mine = float(air.raised_deg(stands))
        print(f"{stands:g} deg: {mine:.4f} deg, by the formula {formula:.4f}")
        assert mine == pytest.approx(formula, rel=0.08)


def test_light_is_bent_as_almanacs_have_it() -> None:
    # mean refraction at 10 degrees Celsius and 1010 hPa: 5.3' at 10, 2.6' at 20, 1.0' at 45 deg of apparent altitude (Nautical
    # Almanac, altitude corrections); dry air for light has 281.4 units then, and thins out by 8.3 km
    for apparent, minutes in ((10.0, 5.3), (20.0, 2.6), (45.0, 1.0)):
        bent = traced_deg(apparent, 281.4, scale_km=8.3)
        air = Refraction(281.4)
        assert bent * 60 == pytest.approx(minutes, abs=0.06)
        assert float(air.raised_deg(apparent - bent)) * 60 == pytest.approx(minutes, abs=0.06)


def test_refractivity_is_that_of_the_recommendation() -> None:
    assert float(refractivity(1013.25, 288.15, 0.0)) == pytest.approx(272.9, abs=0.1)  # 77.6 P/T
    assert float(refractivity(1013.25, 288.15, 0.6)) == pytest.approx(319, abs=1)  # near the global mean of 315
    assert refraction(0.0).units > refraction(1.5).units > 0


@settings(max_examples=30, deadline=None)
@given(st.floats(150, 450), st.floats(0, 4), st.floats(0.2, 88))
def test_bending_falls_with_elevation_and_grows_with_air(units: float, height: float, elevation: float) -> None:
    air, more = Refraction(units, height), Refraction(units * 1.1, height)
    here, there = air.raised_deg(elevation), air.raised_deg(elevation + 1.0)
    assert here > there >= 0 and more.raised_deg(elevation) > here
    slope = (air.raised_deg(elevation + 0.01) - air.raised_deg(elevation - 0.01)) / 0.02
    assert float(air.rate(elevation)) == pytest.approx(1 + float(slope), abs=2e-3)


def test_what_is_no_weather_is_refused() -> None:
    with pytest.raises(UsageError, match="kelvins"):
        refraction(0.3, temperature_k=15.0)
    with pytest.raises(UsageError, match="relative humidity"):
        refraction(0.3, humidity=50.0)
    with pytest.raises(UsageError, match="hectopascals"):
        refraction(0.3, pressure_hpa=101_325.0)
    with pytest.raises(UsageError, match="N-units"):
        Refraction(float("nan"))
