"""On-board clocks at work: from kernels, files of missions, pairs, or what an agency correlated; told, drawn and written."""

from .finding import clock_from_files, clock_of_home
from .pairs import ClockPairs, pairs_of_state, read_pairs
from .plots import draw_clock
from .telling import ClockTold, clock_shown, compare_clocks, correlated, told_clock

__all__ = [
    "ClockPairs", "ClockTold", "clock_from_files", "clock_of_home", "clock_shown", "compare_clocks", "correlated", "draw_clock",
    "pairs_of_state", "read_pairs", "told_clock",
]  # fmt: skip
