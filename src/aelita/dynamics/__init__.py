"""Propagation, orbit determination, manoeuvres, transfers, launch and aerobraking."""
# isort: skip_file

from .ascent import Ascent, ascend
from .asymptote import Asymptote
from .burns import FiniteBurn, ImpulsiveBurn
from .dispersion import Dispersion, linear_dispersion, sampled_dispersion
from .forces import GM_KM3_S2, Drag, Forces, SolarPressure
from .injection import Injection, Profile, capacity_kg, inject, planar
from .launch_window import LaunchPlane, Opportunity, allowed_turn_km_s, launch_windows
from .launcher import Launcher
from .launcher_text import LauncherFile, read_launcher
from .propagation import propagate
from .rotation import Rotation
from .steering import optimised_steering
from .states import ImpactError, StateVector, Trajectory

__all__ = [
    "GM_KM3_S2", "Drag", "FiniteBurn", "Forces", "ImpactError", "ImpulsiveBurn", "Rotation", "SolarPressure", "StateVector",
    "Trajectory", "propagate",
    # launch
    "Ascent", "Asymptote", "Dispersion", "Injection", "LaunchPlane", "Launcher", "LauncherFile", "Opportunity", "Profile",
    "allowed_turn_km_s", "ascend", "capacity_kg", "inject", "launch_windows", "linear_dispersion", "optimised_steering", "planar",
    "read_launcher", "sampled_dispersion",
]  # fmt: skip
