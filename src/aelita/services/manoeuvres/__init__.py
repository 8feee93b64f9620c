"""Manoeuvres at work: targeted, judged at each cut-off, kept as OPM, assessed by Doppler; upkeep and phasing of orbits."""

from ..navigation.orbit_files import Arc
from ..navigation.plots_determination import draw_burn as draw_assessment
from .assessing import assess, assessment_rows
from .broken import broken_row
from .plan_files import Plan, read_plan, write_plan
from .plots import draw_manoeuvre
from .targeting import Engine, Manoeuvre, ahead_of, epoch_of, pole_of, target_aim, target_orbit, told
from .upkeep import keeping_row, parse_heights, parse_site, phased, phasing_row

__all__ = [
    "Arc", "Engine", "Manoeuvre", "Plan", "ahead_of", "assess", "assessment_rows", "broken_row", "draw_assessment",
    "draw_manoeuvre", "epoch_of", "keeping_row", "parse_heights", "parse_site", "phased", "phasing_row", "pole_of", "read_plan",
    "target_aim", "target_orbit", "told", "write_plan",
]  # fmt: skip
