"""Flight dynamics at work: what is asked of it, the files it reads and writes, and its plots."""

from .converting import convert
from .orbit_files import Arc, read_arcs, read_spk, write_arcs
from .plots_sky import draw_passes
from .propagating import forces_of, propagated, read_field
from .sky import Sky, span_text
from .tables import tai_now

__all__ = [
    "Arc", "Sky", "convert", "draw_passes", "forces_of", "propagated", "read_arcs", "read_field", "read_spk", "span_text",
    "tai_now", "write_arcs",
]  # fmt: skip
