"""How functions of this room are compiled."""

from typing import Any

from numba import njit

# without the ways in from Python, which take as long to compile as the function
_WITHIN: dict[str, Any] = {"cache": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inner = njit(**_WITHIN)
"""For functions that only compiled code calls."""
loops = njit(fastmath=True, **_WITHIN)
"""For such functions whose sums may be taken in any order."""
