"""The decorators under which every hot loop of Aelita is compiled."""

from collections.abc import Callable
from hashlib import sha256
from types import CodeType, ModuleType
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with Numba on its first call, keep the machine code on disk, and release the interpreter lock in it.

    The pure Python function stays reachable as `.py_func`. Compiled code reads and writes outside arrays without noticing:
    every kernel checks its own bounds, and the fuzz tests run it with `NUMBA_BOUNDSCHECK=1`.
    """
    return cast(Callable[P, R], kept(nogil=True)(function))


def kept(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles (Numba) and keeps what it made on disk until the function or what it uses changes.

    By itself Numba looks only at the file that the function is in. What it calls from other files, and the numbers it reads
    there, are compiled into it: without them in its mark, a changed atmosphere would go on as it was.
    """

    def wrapped(function: Any) -> Any:
        made = numba.njit(cache=True, **options)(function)
        if not isinstance(made, Dispatcher):  # Numba is told to compile nothing
            return made
        mark = sha256()
        names = sorted(_named(function.__code__))
        for name in names:
            used = function.__globals__.get(name)
            if isinstance(used, ModuleType) and used.__name__.partition(".")[0] == __package__.partition(".")[0]:
                for inner in names:
                    _add(mark, inner, getattr(used, inner, None))
            else:
                _add(mark, name, used)
        file = made._cache._cache_file  # type: ignore[attr-defined]
        file._source_stamp = repr((file._source_stamp, mark.hexdigest()))
        return made

    return wrapped


def _named(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_named(each) for each in code.co_consts if isinstance(each, CodeType)))


def _add(mark: Any, name: str, used: object) -> None:
    if isinstance(used, Dispatcher):
        file = getattr(getattr(used, "_cache", None), "_cache_file", None)
        mark.update(repr(getattr(file, "_source_stamp", None)).encode())
    elif isinstance(used, int | float | str | tuple):
        mark.update(repr((name, used)).encode())
    elif isinstance(used, np.ndarray):
        mark.update(used.tobytes())
