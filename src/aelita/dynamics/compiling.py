"""How functions of this room are compiled, and what tells of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

from ..octets import kept as kept_on_disk

# without the ways in from Python, which take as long to compile as the function
_WITHIN: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kept(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles what divides by zero to infinity, and keeps it on disk until anything in it changes."""
    return kept_on_disk(error_model="numpy", **options)


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
