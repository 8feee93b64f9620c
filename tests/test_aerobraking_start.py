"""Where a campaign of aerobraking begins: at the end of the reference cruise, in an orbit message, in the middle of the plan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aelita.dynamics import AerobrakingFile, StateVector
from aelita.dynamics.aerobraking import start_of
from aelita.errors import AelitaError, UsageError
from aelita.services.navigation.aerobraking_file import load_aerobraking
from aelita.services.navigation.aerobraking_start import begun
from aelita.services.navigation.orbit_files import Arc, write_arcs
from aelita.time import DAY, tai_ns_from_utc

MISSION = Path(__file__).parents[1] / "src/aelita/missions/exomars"
OPM = """CCSDS_OPM_VERS = 2.0
CREATION_DATE = 2017-11-01T00:00:00
ORIGINATOR = AELITA
OBJECT_NAME = TGO
OBJECT_ID = 2016-017A
CENTER_NAME = MARS
REF_FRAME = EME2000
TIME_SYSTEM = UTC
EPOCH = 2017-11-01T00:00:00
X = {0:.9f}
Y = {1:.9f}
Z = {2:.9f}
X_DOT = {3:.12f}
Y_DOT = {4:.12f}
Z_DOT = {5:.12f}
MASS = 1888.0
SOLAR_RAD_AREA = 28.0
SOLAR_RAD_COEFF = 1.3
DRAG_AREA = 28.0
DRAG_COEFF = 2.1
"""


@pytest.fixture(scope="module")
def plan() -> AerobrakingFile:
    return load_aerobraking(MISSION / "navigation/aerobraking.toml")


def test_the_reference_cruise_hands_over_to_aerobraking(plan: AerobrakingFile) -> None:
    """State and mass of its end; the first burns are those of the plan. Its orbit is 6 deg of node off what was measured later."""
    found = begun(plan, mission=MISSION)
    start, given = found.file, plan
    print(found.origin)
    assert found.origin.startswith("the reference cruise, 2017-03-15T11:56:00") and 1600 < start.plan.vehicle.mass_kg < 1950
    assert start.plan.walk_in == given.plan.walk_in and start.plan.pauses == given.plan.pauses
    short = replace(start, plan=replace(start.plan, walk_in=start.plan.walk_in[:2], end_apoapsis_km=33480.0))
    flown = short.campaign(short.surroundings(days=20))
    assert flown.start == start.start and flown.apoapses_tai_ns[0] == pytest.approx(tai_ns_from_utc("2017-03-16T05:26"), abs=3e11)
    assert flown.burns[0].dv_m_s == pytest.approx(-3, abs=0.3) and flown.burns[1].dv_m_s == pytest.approx(-0.58, abs=0.06)
    assert flown.passes[0].lowest_km == pytest.approx(150, abs=0.1) and flown.passes[0].apoapsis_km == pytest.approx(
        33475, abs=60
    )
    heavier = begun(plan, mission=None, mass_kg=2000.0)
    assert heavier.file.plan.vehicle.mass_kg == 2000 and heavier.file.start == plan.start
    assert begun(plan).file is plan


def test_an_orbit_message_begins_in_the_middle_of_the_plan(plan: AerobrakingFile, tmp_path: Path) -> None:
    at = int(tai_ns_from_utc("2017-11-01"))
    state = start_of(at, 106.0, 11800.0, 74.0, 92.0, 320.0)
    (tmp_path / "tgo.opm").write_text(OPM.format(*state.six))
    found = begun(plan, orbit=tmp_path / "tgo.opm").file
    assert found.plan.vehicle.mass_kg == 1888 and not found.plan.walk_in and not found.plan.pauses
    assert np.abs(found.start.six - state.six).max() < 1e-8 and found.start.epoch_tai_ns == at
    assert begun(plan, orbit=tmp_path / "tgo.opm", mass_kg=1800.0).file.plan.vehicle.mass_kg == 1800
    rows = np.array([state.six, state.six])
    write_arcs((Arc("TGO", "MARS", np.array([at - DAY, at]), rows),), tmp_path / "tgo.oem", made_at=at)
    last = begun(plan, orbit=tmp_path / "tgo.oem").file
    assert last.start.epoch_tai_ns == at and last.plan.vehicle.mass_kg == plan.plan.vehicle.mass_kg
    early = plan.begun(StateVector(int(tai_ns_from_utc("2017-07-15")), state.position_km, state.velocity_km_s))
    assert len(early.plan.pauses) == 1 and not early.plan.walk_in


def test_orbits_that_cannot_be_braked_are_refused_by_file(plan: AerobrakingFile, tmp_path: Path) -> None:
    state = start_of(int(tai_ns_from_utc("2017-11-01")), 106.0, 11800.0, 74.0, 92.0, 320.0)
    good, path = OPM.format(*state.six), tmp_path / "bad.opm"
    metres = OPM.format(*(state.six * 1e3))
    escape = OPM.format(*np.concatenate([state.position_km, 9 * state.velocity_km_s]))
    falls = OPM.format(*np.concatenate([state.position_km, 0.5 * state.velocity_km_s]))
    for text, said in (
        (metres, "is open"), (escape, "is open"), (falls, "meets the ground"), (good.replace("= MARS", "= EARTH"), "about EARTH"),
        (good.replace("EME2000", "ITRF2000"), "its frame is ITRF2000"), (good.replace("MASS = 1888.0", "MASS = -1"), "-1"),
        ("", "bad.opm"), ("x" * 1000, "bad.opm"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(AelitaError, match=r"bad\.opm") as caught:
            begun(plan, orbit=path)
        assert said in str(caught.value)
    with pytest.raises(UsageError, match="two starts"):
        begun(plan, orbit=path, mission=MISSION)
    with pytest.raises(UsageError, match="mass of -5 kg"):
        begun(plan, mass_kg=-5.0)
