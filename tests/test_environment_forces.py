"""Third bodies, relativity, sunlight and shadow against direct sums, known numbers, an oracle of dots, and SPICE."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.environment import relativity_km_s2, solar_pressure_km_s2, sunlit_fraction, third_body_km_s2
from aelita.errors import UsageError
from environment_material import Reals

MARS_GM, SUN_GM, MARS_KM = 42828.37362, 132712440041.279, 3389.5
AXIS = np.array([[2.2e8, 0.3e8, -0.1e8]])


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.floats(3400, 400_000))
def test_third_body_is_the_difference_of_two_attractions(seed: int, r: float) -> None:
    rng = np.random.default_rng(seed)
    craft = rng.normal(size=(1, 3))
    craft *= r / np.linalg.norm(craft)
    s, d = AXIS.astype(np.longdouble), (AXIS - craft).astype(np.longdouble)
    exact = SUN_GM * (d / np.sum(d * d) ** np.longdouble(1.5) - s / np.sum(s * s) ** np.longdouble(1.5))
    found = third_body_km_s2(craft, AXIS, SUN_GM)
    assert np.abs(found - exact).max() < 1e-11 * np.abs(exact).max() + 1e-25


def test_relativity_turns_mercury_by_43_arcseconds_a_century() -> None:
    """Gauss's equations for the apsis, integrated over one orbit; 42.98 is published."""
    a, e = 57_909_050.0, 0.205630
    p, n = a * (1 - e * e), np.sqrt(SUN_GM / a**3)
    f = (np.arange(4000) + 0.5) / 4000 * 2 * np.pi
    r = p / (1 + e * np.cos(f))
    place = np.stack([r * np.cos(f), r * np.sin(f), 0 * f], axis=1)
    speed = np.sqrt(SUN_GM / p) * np.stack([-np.sin(f), e + np.cos(f), 0 * f], axis=1)
    push = relativity_km_s2(place, speed, SUN_GM)
    out = place / r[:, None]
    radial, across = np.sum(push * out, axis=1), push[:, 1] * out[:, 0] - push[:, 0] * out[:, 1]
    rate = np.sqrt(p / SUN_GM) / e * (-np.cos(f) * radial + (1 + r / p) * np.sin(f) * across)
    time_per_f = r**2 / np.sqrt(SUN_GM * p)
    turn = np.sum(rate * time_per_f) * 2 * np.pi / 4000
    century = np.degrees(turn) * 3600 * n / (2 * np.pi) * 36525 * 86400
    print(f"Mercury: {century:.3f} arcseconds a century")
    assert century == pytest.approx(42.98, abs=0.01)


def dots(craft: Reals, sun: Reals, radius: float, sun_radius: float) -> float:
    """The share of points of the Sun's disc whose line of sight passes the ball: rays, not circles in the sky."""
    line = sun - craft
    far = np.linalg.norm(line)
    out = line / far
    side = np.cross(out, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    k = np.arange(50_000) + 0.5
    rho, turn = np.sqrt(k / k.size), k * np.pi * (3 - np.sqrt(5))
    limb = sun_radius * np.sqrt(1 - (sun_radius / far) ** 2)  # the visible rim lies a little this side of the centre
    at = out * (far - sun_radius**2 / far) + limb * rho[:, None] * (
        np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * np.cross(out, side)
    )
    ray = at / np.linalg.norm(at, axis=1)[:, None]
    along = ray @ -craft
    nearest = np.linalg.norm(-craft - along[:, None] * ray, axis=1)
    return float(np.mean((nearest > radius) | (along < 0)))


@pytest.mark.parametrize("height", [400.0, 20_000.0, 1_000_000.0, 3_000_000.0])
def test_shadow_is_that_of_rays(height: float) -> None:
    """From full light through penumbra to umbra, or to an annular eclipse far behind Mars."""
    sun = AXIS[0]
    behind = -sun / np.linalg.norm(sun)
    side = np.cross(behind, [0, 0, 1.0])
    side /= np.linalg.norm(side)
    r = MARS_KM + height
    width = r * 695_700 / np.linalg.norm(sun)
    for off in np.linspace(max(float(MARS_KM - 1.6 * width), 0.0), MARS_KM + 1.6 * width, 9):
        craft = behind * np.sqrt(max(r * r - off * off, 0.0)) + side * off
        found = sunlit_fraction(craft[None], sun[None], MARS_KM)[0]
        assert found == pytest.approx(dots(craft, sun, MARS_KM, 695_700.0), abs=2e-3)
    assert sunlit_fraction(-behind[None] * r, sun[None], MARS_KM)[0] == 1.0
    assert 0 <= sunlit_fraction(behind[None] * r, sun[None], MARS_KM)[0] < 1


@settings(deadline=None, max_examples=100)
@given(st.floats(100, 100_000), st.floats(-1.2, 1.2))
def test_light_falls_steadily_into_shadow(height: float, turn: float) -> None:
    sun = AXIS[0]
    angle = np.linspace(0, np.pi, 400)
    out = sun / np.linalg.norm(sun)
    side = np.cross(out, [0, np.sin(turn), np.cos(turn)])
    side /= np.linalg.norm(side)
    path = (MARS_KM + height) * (np.cos(angle)[:, None] * out + np.sin(angle)[:, None] * side)
    light = sunlit_fraction(path, np.tile(sun, (400, 1)), MARS_KM)
    assert np.all(np.diff(light) <= 1e-12) and light[0] == 1.0 and 0.0 <= light[-1] < 1.0


def test_shadow_is_that_of_spice() -> None:
    """The apparent radii and separation that SPICE's own angle routine gives, at the edges of penumbra and umbra."""
    sun, r = AXIS[0], MARS_KM + 400
    out = sun / np.linalg.norm(sun)
    side = np.cross(out, [0, 0, 1.0])
    side /= np.linalg.norm(side)
    for turn in np.radians(np.linspace(90, 180, 181)):
        craft = r * (np.cos(turn) * out + np.sin(turn) * side)
        apart = spiceypy.vsep(sun - craft, -craft)
        a, b = np.arcsin(695_700.0 / spiceypy.vdist(sun, craft)), np.arcsin(MARS_KM / r)
        found = sunlit_fraction(craft[None], sun[None], MARS_KM)[0]
        assert (found == 1.0) == (apart >= a + b) and (found == 0.0) == (apart <= b - a)


def test_sunlight_pushes_as_known() -> None:
    """4.54e-6 N/m^2 at 1 au: a mirror of 100 m^2 on 1000 kg gets 0.908 um/s^2, a quarter of it at 2 au, none in the shadow."""
    push = solar_pressure_km_s2(np.array([[149_597_870.7, 0, 0], [0, -2 * 149_597_870.7, 0]]), 100.0, 1000.0, 2.0)
    assert push[0] * 1e3 == pytest.approx([9.08e-7, 0, 0], rel=1e-3)
    assert push[1] * 1e3 == pytest.approx([0, -2.27e-7, 0], rel=1e-3)
    assert not solar_pressure_km_s2(AXIS, 1.0, 1.0, 1.0, np.zeros(1)).any()
    with pytest.raises(UsageError, match="shape"):
        solar_pressure_km_s2(AXIS[0], 1.0, 1.0, 1.0)
