"""A burn as its Doppler tells it: a plan beside what stations received, link by link."""

from pathlib import Path
from typing import Any

from ...dynamics import BurnAssessment, Forces, Kind, Network, Observations, assess_burn, propagate
from ...errors import UsageError
from ...time import SECOND, utc_from_tai_ns
from ..missions import Mission
from ..navigation.determining import Tracking
from ..navigation.tracking_stations import known_stations
from .plan_files import Plan

AFTER_NS = 60 * SECOND  # of flight beyond the last observation: light leaves before that
DOPPLER = (Kind.DOPPLER, Kind.DOPPLER_1)
Assessed = tuple[Observations, BurnAssessment]


def assess(
    plan: Plan, tracking: Tracking, chosen: tuple[Observations, ...], forces: Forces, mission: Mission, *,
    station_files: tuple[Path, ...] = (), tolerance: float = 0.03,
) -> tuple[Assessed, ...]:  # fmt: skip
    """Return, link by link, how much of a planned burn Doppler sees; ranges are left out.

    Raises UsageError when there is no Doppler, or it begins before the plan's state does.
    """
    links = tuple(one for one in chosen if one.kind in DOPPLER)
    if not links:
        raise UsageError("there is no Doppler to assess the burn by", remedy="Give tracking with Doppler that begins before it")
    if not 0 < tolerance < 1:
        raise UsageError(f"a tolerance of {tolerance:g}", remedy="Give a share between 0 and 1: 0.03")
    last = max(int(one.epochs_tai_ns[-1]) for one in links) + AFTER_NS
    if last <= plan.start.epoch_tai_ns:
        raise UsageError(
            f"all Doppler is before the state of the plan, {utc_from_tai_ns(plan.start.epoch_tai_ns, 0)}",
            remedy="Give later tracking, or a plan with an earlier state",
        )
    without = propagate(plan.start, forces, last, mass_kg=plan.mass_kg)
    planned = propagate(plan.start, forces, last, mass_kg=plan.mass_kg, burns=plan.burns)
    network = Network(known_stations(mission, station_files), tracking.ramps, centre=plan.start.centre)
    return tuple((one, assess_burn(one, without, planned, network, tolerance=tolerance)) for one in links)


def assessment_rows(found: tuple[Assessed, ...]) -> list[dict[str, Any]]:
    """Return a row a link: verdict, share of the plan in per cent and its sigma, line-of-sight speed made and planned."""
    return [
        {
            "link": one.where, "observations": one.size, "last_utc": utc_from_tai_ns(int(one.epochs_tai_ns[-1]), 0),
            "verdict": told.verdict, "share_percent": 100 * float(told.share[-1]),
            "sigma_percent": 100 * float(told.share_sigma[-1]), "made_m_s": float(told.made_m_s[-1]),
            "planned_m_s": float(told.planned_m_s[-1]), "known_to_2_percent_after_s": _finite(told.told_after_s(0.02)),
        }
        for one, told in found
    ]  # fmt: skip


def _finite(seconds: float) -> float | None:
    return seconds if seconds < float("inf") else None
