"""Propagation, orbit determination, manoeuvres, transfers, launch and aerobraking."""
# isort: skip_file

from .ascent import Ascent, ascend
from .asymptote import Asymptote
from .burns import FiniteBurn, ImpulsiveBurn
from .dispersion import Dispersion, linear_dispersion, sampled_dispersion
from .forces import GM_KM3_S2, Drag, Forces, SolarPressure
from .injection import Injection, Profile, capacity_kg, inject, planar
from .launch_text import LaunchPlan, read_launches
from .launch_window import LaunchPlane, Opportunity, allowed_turn_km_s, departure_impulse_km_s, launch_windows
from .launcher import Launcher
from .launcher_text import LauncherFile, read_launcher
from .propagation import propagate
from .rotation import Rotation
from .steering import optimised_steering
from .states import ImpactError, StateVector, Trajectory
from .assessing import BurnAssessment, Comparison, assess_burn, compare_orbits, sigmas_km
from .determining import Determination, Residuals, Setting, determine, residual_table, residuals
from .estimation import DeterminationError, Estimate, Parameter, Rules
from .light_paths import Station
from .network import Network
from .observables import compute
from .orbit_filter import FilteredOrbit, filter_orbit
from .ramps import Ramps, constant_uplink
from .searching import first_orbit, search
from .tracking import Kind, Observations, Quasar, Refusal, doppler, ranges
from .tracking_files import read_ramps, read_tracking
from .tracking_messages import message_of_tracking, tracking_of_message

__all__ = [
    "GM_KM3_S2", "Ascent", "Asymptote", "Dispersion", "Drag", "FiniteBurn", "Forces", "ImpactError", "ImpulsiveBurn",
    "Injection", "LaunchPlan", "LaunchPlane", "Launcher", "LauncherFile", "Opportunity", "Profile", "Rotation",
    "SolarPressure", "StateVector", "Trajectory", "allowed_turn_km_s", "ascend", "capacity_kg", "departure_impulse_km_s",
    "inject", "launch_windows", "linear_dispersion", "optimised_steering", "planar", "propagate", "read_launcher",
    "read_launches", "sampled_dispersion",
    # orbit determination
    "BurnAssessment", "Comparison", "Determination", "DeterminationError", "Estimate", "FilteredOrbit", "Kind", "Network",
    "Observations", "Parameter", "Quasar", "Ramps", "Refusal", "Residuals", "Rules", "Setting", "Station", "assess_burn",
    "compare_orbits", "compute", "constant_uplink", "determine", "doppler", "filter_orbit", "first_orbit",
    "message_of_tracking", "ranges", "read_ramps", "read_tracking", "residual_table", "residuals", "search", "sigmas_km",
    "tracking_of_message",
]  # fmt: skip
