"""Propagation, orbit determination, manoeuvres, transfers, launch and aerobraking."""
# isort: skip_file

from .burns import FiniteBurn, ImpulsiveBurn
from .forces import GM_KM3_S2, Drag, Forces, SolarPressure
from .propagation import propagate
from .rotation import Rotation
from .states import ImpactError, StateVector, Trajectory

__all__ = [
    "GM_KM3_S2", "Drag", "FiniteBurn", "Forces", "ImpactError", "ImpulsiveBurn", "Rotation", "SolarPressure", "StateVector",
    "Trajectory", "propagate",
]  # fmt: skip
