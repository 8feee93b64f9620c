"""How functions of this room are compiled."""

from numba import njit

inner = njit(cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""For functions that only compiled code calls: without the ways in from Python, which take as long to compile as the function."""
