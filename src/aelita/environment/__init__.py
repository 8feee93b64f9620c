"""Gravity, atmosphere, solar pressure, media and radio channel: functions of state and time."""

from .atmosphere import Air, Atmosphere, MarsAtmosphere, surface_pressure_pa, usual_depth
from .atmosphere_files import ProfileAtmosphere, read_profile
from .atmosphere_kernels import mars_air_at
from .dtm import DtmAtmosphere, read_dtm
from .gravity import GravityField, acceleration_km_s2, gradient, gravity_table
from .gravity_files import read_gravity
from .gravity_kernels import GravityTable, acceleration_at, gradient_at

__all__ = [
    "Air", "Atmosphere", "DtmAtmosphere", "GravityField", "GravityTable", "MarsAtmosphere", "ProfileAtmosphere",
    "acceleration_at", "acceleration_km_s2", "gradient", "gradient_at", "gravity_table", "mars_air_at", "read_dtm",
    "read_gravity", "read_profile", "surface_pressure_pa", "usual_depth",
]  # fmt: skip
