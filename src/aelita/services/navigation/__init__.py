"""Flight dynamics at work: what is asked of it, the files it reads and writes, and its plots."""

from .converting import convert
from .determining import Tracking, cut, fit_arc, fit_summary, fit_table, fitted, load_tracking, parameters_of
from .events import OrbitEvent, check_kinds, orbit_events, sun_conjunctions
from .motions import KnownMotion, motions_in_kernels, motions_in_message, places_km
from .orbit_files import Arc, read_arcs, read_spk, write_arcs
from .plots_determination import draw_residuals
from .plots_sky import draw_passes
from .propagating import forces_of, propagated, read_field
from .sky import Sky, span_text
from .tables import tai_now

__all__ = [
    "Arc", "KnownMotion", "OrbitEvent", "Sky", "Tracking", "check_kinds", "convert", "cut", "draw_passes", "draw_residuals",
    "fit_arc", "fit_summary", "fit_table", "fitted", "forces_of", "load_tracking", "motions_in_kernels", "motions_in_message",
    "orbit_events", "parameters_of", "places_km", "propagated", "read_arcs", "read_field", "read_spk", "span_text",
    "sun_conjunctions", "tai_now", "write_arcs",
]  # fmt: skip
