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


@pytest.mark.parametrize(
    ("low", "high", "rms", "most"),
    [(50, 60, 0.01, 0.02), (60, 100, 0.012, 0.025), (100, 130, 0.013, 0.033), (130, 400, 0.011, 0.022), (400, 600, 0.01, 0.02)],
)
def test_fitted_air_is_that_of_the_model(low: float, high: float, rms: float, most: float) -> None:
    """Logarithms of densities: 0.01 is 1 %. Greatest where the scale height of the model jumps (110 and 125 km)."""
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


def test_beyond_the_fit_the_last_scale_height_goes_on() -> None:
    tables, span = fitted(MarsAtmosphere(), "MARS", ROTATIONS["IAU2000"], ET, ET + 86400)
    room, sun = np.empty(len(SHAPES)), np.array([2e8, 0.0, 0.0])

    def at(height_km: float) -> float:
        return float(np.log(density(tables, span, SURFACE, np.eye(3), sun, ET, np.array([SURFACE[0] + height_km, 0, 0]), room)))

    for edge, outward in ((50.0, -1.0), (600.0, 1.0)):
        steps = [at(edge + outward * each) - at(edge + outward * (each - 5.0)) for each in (0.0, 5.0, 10.0, 40.0)]
        assert steps[2] == pytest.approx(steps[1], rel=1e-6) and steps[3] == pytest.approx(steps[1], rel=1e-6)
        assert steps[0] == pytest.approx(steps[1], rel=0.05)


def test_windows_are_shared_and_other_atmospheres_have_their_own() -> None:
    spans = [fitted(MarsAtmosphere(), "MARS", ROTATIONS["IAU2000"], ET + late, ET + late + 86400) for late in (0.0, 3600.0)]
    assert (spans[0][0] == spans[1][0]).all() and (spans[0][1] == spans[1][1]).all()
    double, _ = fitted(MarsAtmosphere(multiplier=2.0), "MARS", ROTATIONS["IAU2000"], ET, ET + 86400)
    assert double[0, 0, 0] - spans[0][0][0, 0, 0] == pytest.approx(np.log(2.0), rel=0.05)
    early, _ = fitted(MarsAtmosphere(), "MARS", ROTATIONS["IAU2000"], ET - 10 * 86400, ET)
    assert (early[1] == spans[0][0][0]).all()


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
