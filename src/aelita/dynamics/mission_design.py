"""Names of transfers, targeting, capture, the rebuilt cruise and pointing laws, for the front door of this room."""

from .attitude import (
    AIMS,
    Aim,
    AttitudeHistory,
    BodyAxes,
    Phase,
    PointingLaw,
    angles_between,
    body_angles,
    continued,
    law_matrices,
    matrices_of,
    predicted_attitude,
    quaternions_of,
    turn_rates,
)  # fmt: skip
from .attitude_text import AttitudeRules, read_attitude
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
    "AIMS", "Aim", "AimTarget", "Assumption", "AttitudeHistory", "AttitudeRules", "BPlane", "BodyAxes", "BrokenPlane",
    "CaptureCost", "CapturePlan", "Compared", "Craft", "CruisePlan", "CutOffs", "Ends", "Entry", "InjectionPlan", "LambertArc",
    "LanderPlan", "Leg", "ManoeuvrePlan", "Orbit", "OrbitPlan", "OrbitTarget", "Phase", "PointingLaw", "PorkChop",
    "PublicFigure", "Reference", "Segment", "Solution", "Transfer", "aim_for_periapsis", "angles_between", "approach_state",
    "b_plane", "best_epoch", "body_angles", "broken_plane", "burn_for_orbit", "burn_of", "burn_to_aim", "capture_cost",
    "continued", "correct", "cut_offs", "divided", "equator_axes", "inclined", "lambert_all", "law_matrices",
    "lowest_cut_off_km", "matrices_of", "minimise", "orbit_of", "plane_axes", "pork_chop", "predicted_attitude",
    "quaternions_of", "read_attitude", "rebuild_cruise", "solve_lambert", "spherical_deg", "state_of", "total_km_s", "transfer",
    "turn_rates",
]  # fmt: skip
