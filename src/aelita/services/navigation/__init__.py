"""Flight dynamics at work: what is asked of it, the files it reads and writes, and its plots.

Each module is loaded when it is first asked for: light times and passes need not wait for what propagates and fits.
"""

# isort: skip_file

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aerobraking_file import AEROBRAKING, campaign_arcs, campaign_tables, load_aerobraking
    from .aerobraking_start import begun
    from .converting import convert
    from .cruising import burn_rows, cruise_arcs, figure_rows, find_cruise
    from .determining import Tracking, choose_tracking, cut, fit_arc, fit_summary, fit_table, fitted, last_good, load_tracking
    from .determining import parameters_of
    from .exchanging import draw_tracking, is_xml, pass_table, span_of, tdm_of, tracking_shown
    from .launch_pictures import draw_launch
    from .launching import launch_as_json, launches_of, work_out
    from .orbit_files import Arc, check_out, oem_of, read_arcs, read_spk, write_arcs
    from .plots_aerobraking import draw_corridor
    from .plots_determination import draw_residuals
    from .plots_sky import draw_events, draw_passes
    from .plots_transfers import draw_cruise, draw_pork_chop
    from .propagating import forces_of, propagated, read_field
    from .reading import octets_of
    from .shown import chop_shown, corridor_shown, cruise_shown, launch_shown, residuals_shown
    from .sky import Sky, span_text
    from .tables import tai_now
    from .transferring import chop_of, chop_table, transfer_row

__all__ = [
    "AEROBRAKING", "Arc", "Sky", "Tracking", "begun", "burn_rows", "campaign_arcs", "campaign_tables", "check_out",
    "choose_tracking", "chop_of", "chop_shown", "chop_table", "convert", "corridor_shown", "cruise_arcs", "cruise_shown",
    "cut", "draw_corridor", "draw_cruise", "draw_events", "draw_launch", "draw_passes", "draw_pork_chop", "draw_residuals",
    "draw_tracking", "figure_rows", "find_cruise", "fit_arc", "fit_summary", "fit_table", "fitted", "forces_of", "is_xml",
    "last_good", "launch_as_json", "launch_shown", "launches_of", "load_aerobraking", "load_tracking", "octets_of", "oem_of",
    "parameters_of", "pass_table", "propagated", "read_arcs", "read_field", "read_spk", "residuals_shown", "span_of",
    "span_text", "tai_now", "tdm_of", "tracking_shown", "transfer_row", "work_out", "write_arcs",
]  # fmt: skip
_HOMES = {
    "aerobraking_file": "AEROBRAKING campaign_arcs campaign_tables load_aerobraking", "aerobraking_start": "begun",
    "cruising": "burn_rows cruise_arcs figure_rows find_cruise", "launch_pictures": "draw_launch", "converting": "convert",
    "determining": "Tracking choose_tracking cut fit_arc fit_summary fit_table fitted last_good load_tracking parameters_of",
    "exchanging": "draw_tracking is_xml pass_table span_of tdm_of tracking_shown",
    "launching": "launch_as_json launches_of work_out", "orbit_files": "Arc check_out oem_of read_arcs read_spk write_arcs",
    "plots_aerobraking": "draw_corridor", "plots_determination": "draw_residuals", "plots_sky": "draw_events draw_passes",
    "plots_transfers": "draw_cruise draw_pork_chop", "propagating": "forces_of propagated read_field", "sky": "Sky span_text",
    "shown": "chop_shown corridor_shown cruise_shown launch_shown residuals_shown",
    "reading": "octets_of", "tables": "tai_now", "transferring": "chop_of chop_table transfer_row",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Return what is asked for, its module loaded at the first use."""
    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f".{home}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
