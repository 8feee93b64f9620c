"""Names of transfers, targeting, capture and the rebuilt cruise, for the front door of this room."""

from .bplane import BPlane, aim_for_periapsis, approach_state, b_plane, plane_axes
from .capture import CaptureCost, CutOffs, burn_of, capture_cost, cut_offs, divided, inclined, lowest_cut_off_km
from .cruise import Compared, Reference, Segment, rebuild_cruise
from .cruise_legs import Leg
from .cruise_plan import (
    Assumption,
    CapturePlan,
    Craft,
    CruisePlan,
    InjectionPlan,
    LanderPlan,
    ManoeuvrePlan,
    OrbitPlan,
    PublicFigure,
)  # fmt: skip
from .cruise_transfer import Entry
from .lambert import LambertArc, lambert_all, solve_lambert
from .orbits import Orbit, equator_axes, orbit_of, spherical_deg, state_of
from .porkchop import PorkChop, Transfer, pork_chop, transfer
from .targeting import Solution, correct, minimise
from .targets import AimTarget, OrbitTarget, burn_for_orbit, burn_to_aim
from .transfers import BrokenPlane, Ends, best_epoch, broken_plane, total_km_s

__all__ = [
    "AimTarget", "Assumption", "BPlane", "BrokenPlane", "CaptureCost", "CapturePlan", "Compared", "Craft", "CruisePlan",
    "CutOffs",
    "Ends", "Entry", "InjectionPlan", "LambertArc", "LanderPlan", "Leg", "ManoeuvrePlan", "Orbit", "OrbitPlan", "OrbitTarget",
    "PorkChop", "PublicFigure", "Reference", "Segment", "Solution", "Transfer", "aim_for_periapsis", "approach_state", "b_plane",
    "best_epoch", "broken_plane", "burn_for_orbit", "burn_of", "burn_to_aim", "capture_cost", "correct", "cut_offs", "divided",
    "equator_axes", "inclined", "lambert_all", "lowest_cut_off_km", "minimise", "orbit_of", "plane_axes", "pork_chop",
    "rebuild_cruise", "solve_lambert", "spherical_deg", "state_of", "total_km_s", "transfer",
]  # fmt: skip
