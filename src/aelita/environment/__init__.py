"""Gravity, atmosphere, solar pressure, media and radio channel: functions of state and time."""

from .atmosphere import Air, Atmosphere, MarsAtmosphere, surface_pressure_pa, usual_depth
from .atmosphere_files import ProfileAtmosphere, read_profile
from .atmosphere_kernels import mars_air_at
from .dtm import DtmAtmosphere, read_dtm
from .forces import gravity_delay_s, relativity_km_s2, solar_pressure_km_s2, sunlit_fraction, third_body_km_s2
from .gravity import GravityField, acceleration_km_s2, gradient, gravity_table
from .gravity_files import read_gravity
from .gravity_kernels import GravityTable, acceleration_at, gradient_at
from .media import ionosphere_m, niell, troposphere_m, vertical_content_m2, zenith_delays_m
from .plasma import (
    SolarWind,
    closest_km,
    plasma_doppler_sigma_m_s,
    plasma_stability,
    scintillation_index,
    scintillation_loss_db,
)  # fmt: skip

__all__ = [
    "Air", "Atmosphere", "DtmAtmosphere", "GravityField", "GravityTable", "MarsAtmosphere", "ProfileAtmosphere", "SolarWind",
    "acceleration_at", "acceleration_km_s2", "closest_km", "gradient", "gradient_at", "gravity_delay_s", "gravity_table",
    "ionosphere_m", "mars_air_at", "niell", "plasma_doppler_sigma_m_s", "plasma_stability", "read_dtm", "read_gravity", "read_profile",
    "relativity_km_s2", "scintillation_index", "scintillation_loss_db", "solar_pressure_km_s2", "sunlit_fraction",
    "surface_pressure_pa", "third_body_km_s2", "troposphere_m", "usual_depth", "vertical_content_m2", "zenith_delays_m",
]  # fmt: skip
