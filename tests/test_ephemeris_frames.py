"""Rotations of Mars and places on it against SPICE with the constants of NAIF's kernels."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aelita.ephemeris import (
    IAU2000,
    IAU2015,
    MARS_RADII_KM,
    MarsOrientation,
    MarsSite,
    fixed_to_geodetic,
    from_mars_fixed,
    furnish,
    light_times,
    mars_rotation,
    release,
    to_mars_fixed,
)
from aelita.errors import DefinitionError, UsageError
from aelita.time import tai_ns_from_utc
from shared import shared

ETS = np.linspace(-9e8, 1.5e9, 600)


def by_spice(frame: str = "IAU_MARS") -> NDArray[np.float64]:
    light_times("EARTH", "MARS", np.array([tai_ns_from_utc("2020-01-01")]))  # so that kernels are loaded
    return np.array([spiceypy.pxform("J2000", frame, et) for et in ETS])


@pytest.mark.parametrize(
    ("kernel", "model"), [("mars_iau2000_v1.tpc", IAU2000), ("pck00010.tpc", IAU2000), ("pck00011.tpc", IAU2015)]
)
def test_rotations_are_those_of_the_kernels(kernel: str, model: MarsOrientation) -> None:
    path = str(shared(f"data/nav/spice/generic/{kernel}"))
    furnish(path)
    try:
        off = np.abs(mars_rotation(ETS, model.name) - by_spice()).max()
        assert np.array_equal(mars_rotation(ETS, "IAU_MARS"), by_spice())
    finally:
        release(path)
    print(f"{model.name} against {kernel}: {off:.1e}, {off * 3396e6:.2f} mm at the surface")
    assert off < 1e-10


def test_built_in_constants_are_those_of_2000() -> None:
    assert np.abs(mars_rotation(ETS, "IAU_MARS") - mars_rotation(ETS)).max() < 1e-10
    apart_m = 3396e3 * np.abs(mars_rotation(ETS, "IAU2015") - mars_rotation(ETS)).max()
    print(f"IAU2015 and IAU2000 put places up to {apart_m:.0f} m apart, 1971 to 2047")
    assert 10 < apart_m < 1000


def test_linear_parameters_are_the_rotation() -> None:
    ra, ra_rate, dec, dec_rate, turn, turn_rate = IAU2000.linear_rad()
    et = 6.5e8
    theirs = spiceypy.eul2m(turn + turn_rate * et, np.pi / 2 - dec - dec_rate * et, np.pi / 2 + ra + ra_rate * et, 3, 1, 3)
    assert np.abs(mars_rotation(np.array([et]))[0] - theirs).max() < 1e-12
    assert pytest.approx(350.89198226 * np.pi / 180 / 86400, rel=1e-14) == IAU2000.turn_rad_s()


def test_states_turn_as_spice_turns_them() -> None:
    by_spice()
    states = np.tile([3500.0, -900.0, 1200.0, -1.1, 2.9, 0.7], (ETS.size, 1))
    ours = to_mars_fixed(states, ETS, "IAU_MARS")
    theirs = np.array([spiceypy.sxform("J2000", "IAU_MARS", et) @ row for et, row in zip(ETS, states, strict=True)])
    off = np.abs(ours - theirs).max(axis=0)
    print(f"states in turning axes: {1e6 * off[:3].max():.2f} mm, {1e6 * off[3:].max():.1e} mm/s from SPICE's sxform")
    assert off[:3].max() < 1e-6 and off[3:].max() < 3e-9
    assert np.abs(from_mars_fixed(ours, ETS, "IAU_MARS") - states).max() < 1e-9


@given(st.floats(-90, 90), st.floats(0, 359.9), st.floats(-8, 25))
def test_places_go_both_ways_and_are_those_of_spice(latitude: float, longitude: float, height: float) -> None:
    site = MarsSite("somewhere", latitude, longitude, height)
    flattening = 1 - MARS_RADII_KM[2] / MARS_RADII_KM[0]
    theirs = spiceypy.georec(np.radians(longitude), np.radians(latitude), height, MARS_RADII_KM[0], flattening)
    assert np.abs(site.fixed_km - theirs).max() < 1e-9
    lat, lon, up = fixed_to_geodetic(site.fixed_km[None, :])
    assert lat[0] == pytest.approx(latitude, abs=1e-10) and up[0] == pytest.approx(height, abs=1e-8)
    if abs(latitude) < 89.9:
        assert (lon[0] - longitude + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)
    axes = site.axes()
    assert np.abs(axes @ axes.T - np.eye(3)).max() < 1e-12 and np.linalg.det(axes) == pytest.approx(1)


def test_the_planned_landing_site_is_that_of_its_kernel() -> None:
    """The kernel of Oxia Planum has 18.20 deg N, 335.45 deg E and -3 km, in the frame of IKI and ESA's rover kernels."""
    by_spice()
    path = str(shared("data/nav/spice/altec/lesson_exomarsrsp/kernels/spk/emrsp_rm_ls-plan_v001.bsp"))
    handle = spiceypy.dafopr(path)
    data = np.array(spiceypy.dafgda(handle, 513, 515))
    spiceypy.dafcls(handle)
    off_m = 1000 * np.linalg.norm(MarsSite("Oxia Planum", 18.20, 335.45, -3.0).fixed_km - data)
    print(f"Oxia Planum: {off_m:.3f} m from its kernel")
    assert off_m < 0.1


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match=r"IAU1988.*IAU2000, IAU2015"):
        mars_rotation(ETS, "IAU1988")
    for wrong in ((91.0, 0.0, 0.0), (0.0, 361.0, 0.0), (0.0, 0.0, -3000.0), (float("nan"), 0.0, 0.0)):
        with pytest.raises(DefinitionError, match="not on Mars"):
            MarsSite("nowhere", *wrong)
    assert mars_rotation(np.empty(0)).shape == (0, 3, 3) == mars_rotation(np.empty(0), "IAU_MARS").shape
