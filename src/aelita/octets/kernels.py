"""The decorator under which every hot loop of Aelita is compiled."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with Numba on its first call, keep the machine code on disk, and release the interpreter lock in it.

    The pure Python function stays reachable as `.py_func`. Compiled code reads and writes outside arrays without noticing:
    every kernel checks its own bounds, and the fuzz tests run it with `NUMBA_BOUNDSCHECK=1`.
    """
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))
