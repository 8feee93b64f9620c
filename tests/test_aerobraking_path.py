"""Where an aerobraking campaign went, as an orbit file: read by SPICE, without a gap, and stepping only where a burn was made."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy

from aelita.dynamics import AerobrakingFile, Campaign, PathArc, Surroundings, campaign_path
from aelita.dynamics.aerobraking_flight import coasted
from aelita.dynamics.aerobraking_upsets import FailedBurn, Storm
from aelita.ephemeris import furnish, release
from aelita.errors import UsageError
from aelita.services import navigation
from aelita.time import DAY, SECOND, et_from_tai_ns
from test_aerobraking_upsets import PLAN, T0, start_of


@pytest.fixture(scope="module")
def late() -> AerobrakingFile:
    """Three weeks of TGO's plan from an orbit of 3.5 hours, with a pass that is dense enough to act upon."""
    file = navigation.load_aerobraking(PLAN).begun(start_of(T0, 105.0, 4800.0, 74.0, 50.0, 285.0), 1900.0)
    return replace(file, plan=replace(file.plan, end_apoapsis_km=3600.0))


@pytest.fixture(scope="module")
def air(late: AerobrakingFile) -> Surroundings:
    return late.surroundings(days=120)


@pytest.fixture(scope="module")
def flown(late: AerobrakingFile, air: Surroundings) -> Campaign:
    upsets = (Storm(T0 + 3 * DAY, T0 + 4 * DAY, 2.0), FailedBurn(T0 + 6 * DAY, 0.5))
    return late.campaign(air, upsets=upsets)


@pytest.fixture(scope="module")
def path(late: AerobrakingFile, flown: Campaign, air: Surroundings) -> tuple[PathArc, ...]:
    return campaign_path(flown, late.plan, air)


def test_arcs_follow_each_other_and_step_by_the_burns(flown: Campaign, path: tuple[PathArc, ...]) -> None:
    """Density, mass and burns of each revolution are those of the campaign: else the next apoapsis would lie kilometres away."""
    made: dict[int, float] = {}
    for each in flown.burns:
        made[each.at_tai_ns] = made.get(each.at_tai_ns, 0.0) + each.dv_m_s
    assert len(made) >= 5 and any(each.reason == "reduction" for each in flown.burns)
    for one, other in pairwise(path):
        at = int(other.epochs_tai_ns[0])
        assert one.epochs_tai_ns[-1] == at
        assert np.linalg.norm(one.states[-1, :3] - other.states[0, :3]) < 1e-4
        step = np.linalg.norm(other.states[0, 3:]) - np.linalg.norm(one.states[-1, 3:])
        assert step * 1e3 == pytest.approx(made.pop(at), abs=1e-3)
    assert all(at <= path[0].epochs_tai_ns[0] for at in made)
    assert all((np.diff(each.epochs_tai_ns) > 0).all() for each in path)
    assert path[-1].epochs_tai_ns[-1] == flown.end.epoch_tai_ns + DAY
    apoapses = {int(at): row for at, row in zip(flown.apoapses_tai_ns, flown.apoapses, strict=True)}
    for each in path:
        for at, row in zip(each.epochs_tai_ns.tolist(), each.states, strict=True):
            if at in apoapses:
                assert np.linalg.norm(apoapses.pop(at)[:3] - row[:3]) < 1e-4
    assert not apoapses


def test_spice_reads_the_path_and_finds_each_pass(
    late: AerobrakingFile, flown: Campaign, air: Surroundings, path: tuple[PathArc, ...], tmp_path: Path
) -> None:
    """Between the rows it is within a metre of the flight; the lowest heights of the passes are SPICE's, and the last orbit."""
    out = tmp_path / "campaign.bsp"
    arcs = navigation.campaign_arcs(late, flown, air)
    assert [len(each.epochs) for each in arcs] == [len(each.epochs_tai_ns) for each in path]
    navigation.write_arcs(arcs, out, made_at=T0, body=-143)
    furnish(out)
    try:
        worst = 0.0
        for number in range(0, len(flown.passes), 7):
            mass = next(
                (each.mass_kg for each in reversed(flown.burns) if each.at_tai_ns <= flown.apoapses_tai_ns[number]), 1900.0
            )
            drag, seen = late.plan.vehicle.drag_m2_kg * late.plan.vehicle.mass_kg / mass, flown.passes[number]
            t, y = air.seconds(flown.apoapses_tai_ns[number]), np.concatenate([flown.apoapses[number], np.zeros(3)])
            for after_s in (-150.0, -35.0, 20.0, 110.0, 2000.0):
                at = seen.lowest_tai_ns + round(after_s * SECOND)
                t, y = coasted(air, drag, t, y, air.seconds(at), seen.factor)
                worst = max(worst, float(np.linalg.norm(place(at) - y[:3])))
            heights = [height(seen.lowest_tai_ns + round(s * SECOND)) for s in (-1.0, 0.0, 1.0)]
            assert heights[1] == pytest.approx(seen.lowest_km, abs=0.02) and abs(heights[2] - heights[0]) < 0.01
        assert worst < 1e-3
        et = float(et_from_tai_ns(flown.end.epoch_tai_ns + SECOND))
        six = spiceypy.spkezr("-143", et, "J2000", "NONE", "499")[0]
        periapsis, eccentricity = spiceypy.oscelt(six, et, air.gm_km3_s2)[:2]
        ends = periapsis - 3396.19, periapsis * (1 + eccentricity) / (1 - eccentricity) - 3396.19
        assert ends == pytest.approx(flown.end_heights_km, abs=0.5)
    finally:
        release(out)


def place(at: int) -> Any:
    return spiceypy.spkezr("-143", float(et_from_tai_ns(at)), "J2000", "NONE", "499")[0][:3]


def height(at: int) -> float:
    """Return the height over the ellipsoid, by SPICE alone."""
    turned = spiceypy.pxform("J2000", "IAU_MARS", float(et_from_tai_ns(at))) @ place(at)
    return float(spiceypy.recgeo(turned, 3396.19, (3396.19 - 3376.2) / 3396.19)[2])


def test_a_step_that_is_none_is_refused(late: AerobrakingFile, flown: Campaign, air: Surroundings) -> None:
    for step in (0.0, float("nan"), -0.1, 3.0):
        with pytest.raises(UsageError, match="true anomaly"):
            campaign_path(flown, late.plan, air, step_rad=step)
