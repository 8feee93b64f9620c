"""Propagation, orbit determination, manoeuvres, transfers, launch and aerobraking."""
# isort: skip_file

from .ascent import Ascent, ascend
from .asymptote import Asymptote
from .burns import FiniteBurn, ImpulsiveBurn
from .dispersion import Dispersion, linear_dispersion, sampled_dispersion
from .elements import Elements, elements_of, mean_anomaly, states_of, true_anomaly
from .events import Event, apsides, below, eclipses, heights_km, nodes, occultations
from .forces import GM_KM3_S2, Drag, Forces, SolarPressure
from .injection import Injection, Profile, capacity_kg, inject, planar
from .launch_margins import windows_with_margins
from .launch_text import LaunchPlan, read_launches
from .launch_window import LaunchPlane, Opportunity, allowed_turn_km_s, departure_impulse_km_s, launch_windows
from .launcher import Launcher
from .launcher_text import LauncherFile, read_launcher
from .propagation import prepare, propagate
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
from .predicting import Carrier, check_frequency, predict_carrier
from .ramps import Ramps, constant_uplink, join_ramps
from .searching import first_orbit, search
from .tracking import Kind, Observations, Quasar, Refusal, doppler, ranges
from .tracking_files import read_ramps, read_tracking
from .tracking_messages import message_of_tracking, tracking_of_message
from .aerobraking import Campaign
from .aerobraking_path import PathArc, campaign_path
from .aerobraking_text import AerobrakingFile, read_aerobraking
from .corridor import refuse_unsafe
from .drag_pass import Surroundings, Vehicle, estimated_pass, revolution, surroundings
from .lifetime import lifetime
from .maintenance import height_keeping, track_keeping
from .phasing import phase_over
from . import mission_design
from .mission_design import *  # noqa: F403

__all__ = [
    "GM_KM3_S2", "AerobrakingFile", "Ascent", "Asymptote", "BurnAssessment", "Campaign", "Carrier", "Comparison",
    "Determination", "DeterminationError", "Dispersion", "Drag", "Elements", "Estimate", "Event", "FilteredOrbit",
    "FiniteBurn", "Forces", "ImpactError", "ImpulsiveBurn", "Injection", "Kind", "LaunchPlan", "LaunchPlane", "Launcher",
    "LauncherFile", "Network", "Observations", "Opportunity", "Parameter", "PathArc", "Profile", "Quasar", "Ramps", "Refusal",
    "Residuals", "Rotation", "Rules", "Setting", "SolarPressure", "StateVector", "Station", "Surroundings", "Trajectory",
    "Vehicle", "allowed_turn_km_s", "apsides", "ascend", "assess_burn", "below", "campaign_path", "capacity_kg",
    "check_frequency", "compare_orbits", "compute", "constant_uplink", "departure_impulse_km_s", "determine", "doppler",
    "eclipses", "elements_of", "estimated_pass", "filter_orbit", "first_orbit", "height_keeping", "heights_km", "inject",
    "join_ramps", "launch_windows", "lifetime", "linear_dispersion", "mean_anomaly", "message_of_tracking", "nodes",
    "occultations", "optimised_steering", "phase_over", "planar", "predict_carrier", "prepare", "propagate", "ranges",
    "read_aerobraking", "read_launcher", "read_launches", "read_ramps", "read_tracking", "refuse_unsafe", "residual_table",
    "residuals", "revolution", "sampled_dispersion", "search", "sigmas_km", "states_of", "surroundings", "track_keeping",
    "tracking_of_message", "true_anomaly", "windows_with_margins"]  # fmt: skip
__all__ += mission_design.__all__
