"""One pass flown again by brute force: SciPy's DOP853, the textbook's gravity, the model's air itself, SPICE's Sun and axes."""

from dataclasses import dataclass

import numpy as np
import pytest
import spiceypy
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from aelita.dynamics import Vehicle, revolution, surroundings
from aelita.dynamics.aerobraking import start_of
from aelita.dynamics.airfit import season_deg
from aelita.dynamics.drag_pass import ExponentialAir, shape
from aelita.dynamics.rotation import rotation_of
from aelita.environment import GravityField, MarsAtmosphere, mars_air_at
from aelita.ephemeris import furnish, mars_rotation, release, state
from aelita.time import DAY, et_from_tai_ns, tai_ns_from_utc
from environment_material import gravity, textbook_acceleration
from shared import shared

Reals = NDArray[np.float64]
T0 = int(tai_ns_from_utc("2017-12-08T20:45"))
TGO = Vehicle(1860.0, 28.0, 2.1)
SPIN_RAD_S = 7.088218e-5
E, P = 3396.19, 3376.20


@dataclass
class Brute:
    """The right-hand side, with what it saw of the air: nothing of the kernels of aerobraking."""

    field: GravityField
    degree: int
    et: float
    turn0: Reals
    sun_km: Reals
    ls_deg: float
    plain: ExponentialAir | None

    def air(self, y: Reals, turn: Reals) -> tuple[float, Reals]:
        """Return density (kg/m3) and the velocity in the air (km/s)."""
        wind = y[3:6] - np.cross(SPIN_RAD_S * turn[2], y[:3])
        fixed = turn @ y[:3]
        longitude, latitude, height = spiceypy.recgeo(fixed, E, (E - P) / E)
        if self.plain is not None:
            a = self.plain
            return a.density_kg_m3_there * float(np.exp((a.height_km - height) / a.scale_km)) if height < 320 else 0.0, wind
        sun = turn @ self.sun_km
        hour = (12 + np.degrees(longitude - np.arctan2(sun[1], sun[0])) / 15) % 24
        over = height + 0.19 - 2.23 * np.sin(latitude) ** 2
        dust = 0.5 - 0.2 * np.sin(np.radians(self.ls_deg))
        rho = mars_air_at(over, float(np.degrees(latitude)), self.ls_deg, hour, dust, 90.0)[0] if height < 320 else 0.0
        return rho, wind

    def __call__(self, t: float, y: Reals) -> Reals:
        angle = SPIN_RAD_S * t
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ self.turn0
        pull = turn.T @ textbook_acceleration(self.field, turn @ y[:3], self.degree)
        away = self.sun_km - y[:3]
        sun = 132712440041.279 * (away / np.linalg.norm(away) ** 3 - self.sun_km / np.linalg.norm(self.sun_km) ** 3)
        rho, wind = self.air(y, turn)
        speed = float(np.linalg.norm(wind))
        drag = -TGO.drag_m2_kg * 1e3 * rho * speed * wind
        return np.concatenate([y[3:6], pull + sun + drag, [np.linalg.norm(drag), 0.5e9 * rho * speed**3]])


@pytest.mark.parametrize(
    ("heights_km", "plain", "most"),
    [((105.0, 7600.0), ExponentialAir(2e-8, 110.0, 7.0), 0.001), ((112.0, 33000.0), None, 0.008)],
)
def test_a_pass_is_that_of_brute_force(heights_km: tuple[float, float], plain: ExponentialAir | None, most: float) -> None:
    """Change of speed, peaks, heat and loss of the axis: the flight to 0.1 %, with the fit of the model's air to 0.8 %."""
    field, start = gravity("JGMRO120D"), start_of(T0, *heights_km, 74.0, 84.0, 301.4)
    around = surroundings(plain or MarsAtmosphere(), T0 - DAY, T0 + 2 * DAY, gravity=field, degree=4)
    seen, end = revolution(start, around, TGO)
    et = float(et_from_tai_ns(T0))
    constants = shared("data/nav/spice/generic/mars_iau2000_v1.tpc"), shared("data/nav/spice/generic/pck00010.tpc")
    furnish(constants[1], constants[0], prefer=(constants[0],))
    try:
        turn = np.array(spiceypy.pxform("J2000", "IAU_MARS", et))
    finally:
        release(*constants)
    assert np.abs(turn - mars_rotation(np.array(et))).max() < 1e-5
    sun_km = state("SUN", "MARS", np.array([seen.lowest_tai_ns]))[0, :3]
    season = season_deg(rotation_of("IAU2000"), float(et_from_tai_ns(seen.lowest_tai_ns)))
    brute = Brute(field, 4, et, turn, sun_km, season, plain)
    until = (end.epoch_tai_ns - T0) / 1e9
    row = np.concatenate([start.six, np.zeros(2)])
    middle = (seen.lowest_tai_ns - T0) / 1e9
    made = solve_ivp(
        brute, (0, until), row, "DOP853", rtol=1e-9, atol=1e-7, t_eval=[*np.arange(middle - 60, middle + 60, 2.0), until]
    )
    rows = made.y.T
    peaks = []
    for t, y in zip(made.t[:-1], rows[:-1], strict=True):
        c, s = np.cos(SPIN_RAD_S * t), np.sin(SPIN_RAD_S * t)
        rho, wind = brute.air(y, np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) @ turn)
        speed = float(np.linalg.norm(wind))
        peaks.append((0.5e6 * rho * speed**2, 0.5e9 * rho * speed**3))
    pressure, flux = np.max(peaks, axis=0)
    gm = around.gm_km3_s2
    lost = [shape(start.six, gm)[0] - shape(each, gm)[0] for each in (end.six, rows[-1, :6])]
    pairs = {
        "drag": (seen.drag_m_s, rows[-1, 6] * 1e3), "flux": (seen.flux_w_m2, flux), "pressure": (seen.pressure_pa, pressure),
        "heat": (seen.load_j_m2, rows[-1, 7]), "axis lost": (lost[0], lost[1]),
    }  # fmt: skip
    off = {name: ours / theirs - 1 for name, (ours, theirs) in pairs.items()}
    away_km = float(np.linalg.norm(rows[-1, :3] - end.position_km))
    print(
        f"{heights_km}: {seen.lowest_km:.1f} km, {seen.drag_m_s:.3f} m/s;",
        {k: f"{v:+.2%}" for k, v in off.items()},
        f"{away_km:.2f} km on",
    )
    assert all(abs(each) < most for each in off.values()), off
