"""Attitudes that CK files hold, and the clocks by which they are timed, as SPICE reads them."""

from collections.abc import Callable

import numpy as np
import spiceypy
from numpy.typing import NDArray
from spiceypy.utils.exceptions import NotFoundError, SpiceyError

from ..errors import DefinitionError, TimeError, UnsupportedError, UsageError
from ..time import et_from_tai_ns, tai_ns_from_et
from .ck import Attitudes, ck_octets
from .daf import read_daf
from .load import kernels, short
from .spk import DIRECTORY

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
__all__ = ["Attitudes", "attitudes_at", "ck_octets", "clock_ticks", "read_ck", "ticks_tai_ns"]
RECORDS = 3  # the type of CK that is read record by record


def clock_ticks(spacecraft: int, epochs_tai_ns: Epochs) -> Reals:
    """Return ticks, counted over all partitions and with their fraction, of a spacecraft's clock at epochs.

    Raises TimeError where the clock that is furnished for the spacecraft (SPICE number) does not tell, or none is.
    """
    return _each(lambda et: float(spiceypy.sce2c(spacecraft, et)), spacecraft, np.asarray(et_from_tai_ns(epochs_tai_ns)))


def ticks_tai_ns(spacecraft: int, ticks: Reals) -> Epochs:
    """Return TAI nanoseconds (to 0.1 us) of ticks counted over all partitions. Raises TimeError as `clock_ticks` does."""
    ets = _each(lambda one: float(spiceypy.sct2e(spacecraft, one)), spacecraft, np.asarray(ticks, np.float64))
    return np.asarray(tai_ns_from_et(ets), np.int64)


def attitudes_at(structure: int, spacecraft: int, epochs_tai_ns: Epochs, *, frame: str = "J2000") -> Reals:
    """Return quaternions (rows, scalar first, from `frame` to the structure's axes) at epochs; NaN where no CK holds it.

    Raises TimeError without the clock of the spacecraft, UsageError for a frame that SPICE cannot turn to.
    """
    ticks = clock_ticks(spacecraft, epochs_tai_ns)
    found = np.full((ticks.size, 4), np.nan)
    with kernels():
        for row, tick in enumerate(ticks.tolist()):
            try:
                found[row] = spiceypy.m2q(spiceypy.ckgp(structure, tick, 0.0, frame)[0])
            except NotFoundError:
                continue
            except SpiceyError as error:
                raise UsageError(
                    f"no attitude of {structure} in {frame}: {short(error)}", remedy="Look at kernels and frame"
                ) from error
    return found


def read_ck(octets: bytes, where: str = "CK") -> tuple[Attitudes, ...]:
    """Return the segments of a CK of type 3 as they were written, in their order, with the ticks of their own clock.

    Raises DefinitionError for octets that are no CK or contradict themselves, UnsupportedError for another type.
    """
    file = read_daf(octets, where)
    if file.kind != "CK":
        raise DefinitionError(f"a kernel {file.kind} holds no attitudes", where=where, remedy="Give a CK (.bc)")
    found = []
    for number, segment in enumerate(file.segments, 1):
        place = f"{where}, segment {number} ({segment.name})"
        structure, frame, kind, rated, first, last = segment.integers
        if kind != RECORDS:
            raise UnsupportedError(
                f"attitudes of CK type {kind} are not read record by record", where=place,
                remedy="Furnish it with --kernel, or have it written as type 3",
            )  # fmt: skip
        found.append(_records(file.words(octets, first, last), structure, frame, bool(rated), segment.name, place))
    return tuple(found)


def _records(words: Reals, structure: int, frame: int, rated: bool, name: str, place: str) -> Attitudes:
    width = 7 if rated else 4
    parts, count = (int(each) if abs(each) < 2**53 else 0 for each in words[-2:])
    expected = count * (width + 1) + (count - 1) // DIRECTORY + parts + (parts - 1) // DIRECTORY + 2
    if count < 1 or parts < 1 or words.size != expected:
        raise DefinitionError(
            f"{count} attitudes in {parts} intervals do not make {words.size} words", where=place, remedy="Get the file again"
        )
    rows = words[: count * width].reshape(count, width)
    ticks = words[count * width : count * (width + 1)]
    at = count * (width + 1) + (count - 1) // DIRECTORY
    starts = words[at : at + parts]
    if not (np.isfinite(rows).all() and np.isfinite(ticks).all() and (np.diff(ticks) > 0).all()):
        raise DefinitionError("ticks do not rise, or something is not a number", where=place, remedy="Get the file again")
    return Attitudes(structure, ticks, rows[:, :4], rows[:, 4:] if rated else None, tuple(starts.tolist()), frame, name)


def _each(convert: Callable[[float], float], spacecraft: int, values: Reals) -> Reals:
    with kernels():
        try:
            return np.array([convert(one) for one in np.atleast_1d(values).tolist()])
        except SpiceyError as error:
            raise TimeError(
                f"the clock of {spacecraft} does not tell: {short(error)}",
                remedy="Furnish its clock kernel (.tsc), and ask for times that it reaches",
            ) from error
