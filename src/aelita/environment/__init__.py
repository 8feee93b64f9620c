"""Gravity, atmosphere, solar pressure, media and radio channel: functions of state and time."""

from .gravity import GravityField, acceleration_km_s2, gradient, gravity_table
from .gravity_files import read_gravity
from .gravity_kernels import GravityTable, acceleration_at, gradient_at

__all__ = [
    "GravityField", "GravityTable", "acceleration_at", "acceleration_km_s2", "gradient", "gradient_at", "gravity_table",
    "read_gravity",
]  # fmt: skip
