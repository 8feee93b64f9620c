"""Gravity, atmosphere, solar pressure, media and radio channel: functions of state and time."""

from .atmosphere import Air, Atmosphere, MarsAtmosphere, areoid_km, surface_pressure_pa, usual_depth
from .atmosphere_files import ProfileAtmosphere, read_profile
from .atmosphere_kernels import mars_air_at
from .bending import Refraction, refraction, refractivity
from .dtm import DtmAtmosphere, read_dtm
from .forces import gravity_delay_s, relativity_km_s2, solar_pressure_km_s2, sunlit_fraction, third_body_km_s2
from .gravity import GravityField, acceleration_km_s2, gradient, gravity_table
from .gravity_files import read_gravity
from .gravity_kernels import GravityTable, acceleration_at, gradient_at
from .link import CODES, Antenna, Budget, Code, Link, Weather, free_space_loss_db, sun_noise_k
from .media import ionosphere_m, niell, troposphere_m, vertical_content_m2, zenith_delays_m
from .plasma import (
    SolarWind,
    closest_km,
    plasma_doppler_sigma_m_s,
    plasma_stability,
    scintillation_index,
    scintillation_loss_db,
)  # fmt: skip
from .radio_files import Origin, Radio, read_radio

__all__ = [
    "CODES", "Air", "Antenna", "Atmosphere", "Budget", "Code", "DtmAtmosphere", "GravityField", "GravityTable", "Link",
    "MarsAtmosphere", "Origin", "ProfileAtmosphere", "Radio", "Refraction", "SolarWind", "Weather", "acceleration_at",
    "acceleration_km_s2", "areoid_km", "closest_km", "free_space_loss_db", "gradient", "gradient_at", "gravity_delay_s",
    "gravity_table", "ionosphere_m", "mars_air_at", "niell", "plasma_doppler_sigma_m_s", "plasma_stability", "read_dtm",
    "read_gravity", "read_profile", "read_radio", "refraction", "refractivity", "relativity_km_s2", "scintillation_index",
    "scintillation_loss_db", "solar_pressure_km_s2", "sun_noise_k", "sunlit_fraction", "surface_pressure_pa", "third_body_km_s2",
    "troposphere_m", "usual_depth", "vertical_content_m2", "zenith_delays_m"]  # fmt: skip
