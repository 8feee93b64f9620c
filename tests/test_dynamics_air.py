"""The integrator's form of the air against the model it is fitted to, and passes through the air."""

import numpy as np
import pytest

from aelita.dynamics import Drag, Forces, StateVector, apsides, heights_km, propagate
from aelita.dynamics.air import SHAPES, density
from aelita.dynamics.airfit import fitted, season_deg
from aelita.dynamics.rotation import ROTATIONS
from aelita.environment import MarsAtmosphere
from aelita.ephemeris import mars_time
from aelita.errors import UsageError
from aelita.time import DAY, et_from_tai_ns, tai_ns_from_utc
from orbit_material import jgmro120d

AT = tai_ns_from_utc("2017-06-01")
ET = float(et_from_tai_ns(AT))
SURFACE = np.array([3396.19, 3376.20])


def test_the_season_is_that_of_mars_time() -> None:
    assert season_deg(ROTATIONS["IAU2000"], ET) == pytest.approx(float(np.ravel(mars_time(np.array([AT])).ls_deg)[0]), abs=0.03)


@pytest.mark.parametrize(("low", "high", "rms", "most"), [(60, 90, 0.06, 0.12), (90, 180, 0.1, 0.2), (180, 600, 0.04, 0.1)])
def test_fitted_air_is_that_of_the_model(low: float, high: float, rms: float, most: float) -> None:
    """Logarithms of densities: a tenth is 10 %, an eighth of what the model states of itself."""
    model, rng, count = MarsAtmosphere(), np.random.default_rng(7), 300
    tables, span = fitted(model, "MARS", ROTATIONS["IAU2000"], ET, ET + 86400)
    ls = season_deg(ROTATIONS["IAU2000"], ET)
    height, hour = rng.uniform(low, high, count), rng.uniform(0, 24, count)
    north, east = np.arcsin(rng.uniform(-0.98, 0.98, count)), (hour - 12) * np.pi / 12
    e2 = 1 - (SURFACE[1] / SURFACE[0]) ** 2
    normal = SURFACE[0] / np.sqrt(1 - e2 * np.sin(north) ** 2)
    level = (normal + height) * np.cos(north)
    places = np.column_stack([level * np.cos(east), level * np.sin(east), (normal * (1 - e2) + height) * np.sin(north)])
    room, sun = np.empty(len(SHAPES)), np.array([2e8, 0.0, 0.0])
    ours = np.array([density(tables, span, SURFACE, np.eye(3), sun, ET, place, room) for place in places])
    zero = np.zeros(count)
    off = np.log(ours / model.density_kg_m3(height, np.degrees(north), zero, zero + ls, hour))
    print(f"{low} to {high} km: rms {np.sqrt(np.mean(off**2)):.3f}, most {np.abs(off).max():.3f}")
    assert np.sqrt(np.mean(off**2)) < rms and np.abs(off).max() < most


def test_three_days_of_aerobraking() -> None:
    """Pericentres at 105 km: the apocentre falls with each, and a tighter tolerance changes centimetres."""
    far, near = 23396.0, 3481.0
    speed = (42828.37 * (2 / far - 2 / (far + near))) ** 0.5
    start = StateVector(AT, [-far, 0, 0], [0, -0.28 * speed, -0.96 * speed])  # type: ignore[arg-type]
    forces = Forces(gravity=jgmro120d(), degree=20, drag=Drag(36.0, 2.2, MarsAtmosphere()))
    made, tight = (propagate(start, forces, AT + 3 * DAY, mass_kg=1800.0, tolerance_km=each) for each in (1e-9, 1e-11))
    assert np.linalg.norm(made.end.position_km - tight.end.position_km) < 5e-5
    turns = apsides(made)
    tops = np.linalg.norm(made.states(np.array([each.at_tai_ns for each in turns if each.kind == "apocentre"]))[:, :3], axis=1)
    lows = heights_km(made, np.array([each.at_tai_ns for each in turns if each.kind == "pericentre"]))
    assert len(tops) >= 5 and (np.diff(tops) < -1).all() and (lows > 80).all() and (lows < 130).all()


def test_air_of_another_body_or_without_density_is_refused() -> None:
    class Hollow(MarsAtmosphere):
        def density_kg_m3(self, height_km, lat_deg, lon_deg, ls_deg, local_time_h):  # type: ignore[no-untyped-def]
            return np.where(np.asarray(height_km) > 200, 0.0, 1.0)

    with pytest.raises(UsageError, match="no positive density"):
        fitted(Hollow(), "MARS", ROTATIONS["IAU2000"], ET, ET + 1)
    with pytest.raises(UsageError, match="drag about EARTH"):
        fitted(MarsAtmosphere(), "EARTH", ROTATIONS["IAU2000"], ET, ET + 1)
