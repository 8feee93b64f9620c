"""Clocks by which attitudes in CK files are timed, furnished while they are needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...ephemeris import clock_ticks, furnish, release
from ...errors import TimeError, UsageError
from ...time import J2000_TAI_NS, kernel_from_clock, utc_from_tai_ns
from ..definitions import KERNEL_SUFFIXES, read_clock
from ..missions import Spacecraft
from ..navigation.reading import octets_of


@contextmanager
def furnished_clock(spacecraft: int, clock: Path | None, usual: Path | None = None) -> Iterator[None]:
    """Have the clock of a spacecraft (SPICE number, negative) furnished: that of a file, else one that is, else the `usual` one.

    Files are SPICE clock kernels (.tsc), or clocks of missions (TOML). Raises DefinitionError for the clock of another
    spacecraft, UsageError where there is none at all.
    """
    if clock is None and is_furnished(spacecraft):
        yield
        return
    path = clock or usual
    if path is None:
        raise UsageError(
            f"attitudes in a CK are timed by the clock of {spacecraft}, which is not there", where="CK",
            remedy="Give its clock kernel (.tsc): --clock",
        )  # fmt: skip
    with TemporaryDirectory(prefix="aelita-") as folder:
        there = path
        if path.suffix.lower() not in KERNEL_SUFFIXES and not octets_of(path).startswith(b"KPL/"):
            there = Path(folder) / f"{path.stem}.tsc"
            there.write_text(kernel_from_clock(read_clock(path), spacecraft, f"Made of {path.name}"), "utf-8")
        furnish(there, prefer=(there,), spacecraft=(spacecraft,))
        try:
            if not is_furnished(spacecraft):
                raise UsageError(
                    f"it is no clock of {spacecraft}", where=str(path), remedy="Give the clock kernel of that spacecraft"
                )
            yield
        finally:
            release(there)


def is_furnished(spacecraft: int) -> bool:
    """Return whether a clock of a spacecraft (SPICE number) is furnished."""
    try:
        clock_ticks(spacecraft, np.array([J2000_TAI_NS + 10**18]))
    except TimeError:
        return False
    return True


def clock_reaching(spacecraft: Spacecraft, start: int) -> Path:
    """Return the clock file of a spacecraft's mission, if it tells of an instant (TAI nanoseconds). Raises UsageError if not."""
    if spacecraft.clock is None:
        raise UsageError(f"the mission has no clock of {spacecraft.key}", remedy="Give its clock kernel (.tsc): --clock")
    clock = read_clock(spacecraft.clock)
    first = int(clock.tai_ns(np.array([clock.segments[0].ticks], np.int64))[0])
    if start < first:
        raise UsageError(
            f"the clock of the mission begins at {utc_from_tai_ns(first, 0)}", where=str(spacecraft.clock),
            remedy="Give the whole clock kernel (.tsc): --clock",
        )  # fmt: skip
    return spacecraft.clock
