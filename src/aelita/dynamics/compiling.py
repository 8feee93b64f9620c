"""How functions of this room are compiled, and what tells of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from types import CodeType
from typing import Any

import numpy as np
from numba import njit
from numba.core import event
from numba.core.dispatcher import Dispatcher

# without the ways in from Python, which take as long to compile as the function
_WITHIN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kept(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles (Numba) and keeps what it made on disk until the function or what it uses changes.

    By itself Numba looks only at the file that the function is in. What it calls from other files, and the numbers it reads
    there, are compiled into it: without them in its mark, a changed atmosphere would go on as it was.
    """

    def wrapped(function: Any) -> Any:
        made = njit(cache=True, error_model="numpy", **options)(function)
        mark = sha256()
        for name in sorted(_named(function.__code__)):
            used = function.__globals__.get(name)
            if isinstance(used, Dispatcher):
                mark.update(_mark(used))
            elif isinstance(used, (int, float, str, tuple)):
                mark.update(repr((name, used)).encode())
            elif isinstance(used, np.ndarray):
                mark.update(used.tobytes())
        file = made._cache._cache_file
        file._source_stamp = repr((file._source_stamp, mark.hexdigest()))
        return made

    return wrapped


def _named(code: CodeType) -> set[str]:
    return set(code.co_names).union(*(_named(each) for each in code.co_consts if isinstance(each, CodeType)))


def _mark(used: Dispatcher) -> bytes:
    file = getattr(getattr(used, "_cache", None), "_cache_file", None)
    return repr(getattr(file, "_source_stamp", None)).encode()


inner = kept(**_WITHIN)
"""For functions that only compiled code calls: called from Python they end the process."""
loops = kept(fastmath=True, **_WITHIN)
"""For such functions whose sums may be taken in any order."""


@contextmanager
def told(tell: Callable[[str], None]) -> Iterator[None]:
    """Call `tell` with the name of each function that begins to be compiled meanwhile; none when the cache has them."""

    class Listener(event.Listener):
        def on_start(self, what: Any) -> None:
            function = what.data["dispatcher"].py_func
            if function.__module__.startswith(__package__):
                tell(function.__name__)

        def on_end(self, what: Any) -> None:
            pass

    listener = Listener()
    event.register("numba:compile", listener)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)  # type: ignore[no-untyped-call]
