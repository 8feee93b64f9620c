"""When kernels tell where bodies are and how the Earth is turned; gaps named with their spans; stations by name."""

from collections.abc import Iterable

import numpy as np
import spiceypy
from spiceypy.utils.exceptions import SpiceyError

from ..errors import TimeError, UsageError
from ..time import NO_TIME, et_from_tai_ns, tai_ns_from_et, utc_from_tai_ns
from .finding import Interval, gaps, joined
from .load import EARTH_FRAME_CLASS, earth_orientation_files, kernels, planets_span, spans
from .sites import EARTH, JULIAN_YEAR_S, Site, body_number, refusal

LAST = 2**63 - 1
MOST_TOLD = 5


def planets_until() -> int:
    """Return the end of DE440 (TAI nanoseconds, at most what 64 bits hold). Raises UsageError when its package is absent."""
    with kernels():
        found = int(tai_ns_from_et(planets_span()[1]))
    return found if found != NO_TIME else LAST


def earth_orientation_until() -> int | None:
    """Return the end of the installed Earth orientation (TAI nanoseconds), None when none is installed.

    Beyond it the rotation of the Earth is a model: stations are then some kilometres off. Raises UsageError without DE440.
    """
    ends = []
    with kernels():
        for path in earth_orientation_files():
            cover = spiceypy.cell_double(2000)
            spiceypy.pckcov(path, EARTH_FRAME_CLASS, cover)
            ends.append(float(cover[len(cover) - 1]))
    return int(tai_ns_from_et(max(ends))) if ends else None


def covered(body: str, start: int, stop: int, *, without: Iterable[str] = ()) -> tuple[Interval, ...]:
    """Return when kernels hold a body, between two instants (TAI nanoseconds). Raises UsageError for an unknown one.

    It is that of the body's own segments: where those of its centre end earlier, `state` says so. Kernels whose paths are
    `without` do not count.
    """
    number = body_number(body)
    with kernels():
        held = spans(number, frozenset(without))
    found = [Interval(max(_instant(a), start), min(_instant(b), stop)) for a, b in held.tolist()]
    return joined(one for one in found if one.start < one.stop)


def coverage_gaps(body: str, start: int, stop: int) -> tuple[Interval, ...]:
    """Return when no kernel holds a body, between two instants (TAI nanoseconds); gaps under a microsecond are none."""
    left = gaps(Interval(start, stop), covered(body, start, stop)) if start < stop else ()
    return tuple(one for one in left if one.stop - one.start > 1000)


def require_coverage(body: str, start: int, stop: int) -> None:
    """Raise TimeError that names each gap, with its span in UTC, where no kernel holds a body between two instants (TAI ns)."""
    left = coverage_gaps(body, start, stop)
    if left:
        told = [
            f"{utc_from_tai_ns(one.start, 3)} to {utc_from_tai_ns(one.stop, 3)} ({one.length_s:.3f} s)"
            for one in left[:MOST_TOLD]
        ]
        more = f", and {len(left) - MOST_TOLD} more" if len(left) > MOST_TOLD else ""
        raise TimeError(
            f"no kernel holds {body} from {', from '.join(told)}{more}",
            remedy="Furnish kernels that hold it there, or ask for another span",
        )


def attitude_gaps(structure: int, start: int, stop: int) -> tuple[Interval, ...]:
    """Return when no kernel holds the attitude of a structure (SPICE number, as -143000), between two instants (TAI nanoseconds).

    Raises UsageError when the clock of its spacecraft, by which attitudes are timed, is not furnished.
    """
    cell = spiceypy.cell_double(200_000)
    with kernels():
        for name in (spiceypy.kdata(n, "CK")[0] for n in range(spiceypy.ktotal("CK"))):
            try:
                spiceypy.ckcov(name, structure, False, "INTERVAL", 0.0, "TDB", cell)
            except SpiceyError as error:
                raise refusal(error) from error
    rows = np.array(list(cell), np.float64).reshape(-1, 2).tolist()
    held = [Interval(max(_instant(a), start), min(_instant(b), stop)) for a, b in rows]
    left = gaps(Interval(start, stop), (one for one in held if one.start < one.stop)) if start < stop else ()
    return tuple(one for one in left if one.stop - one.start > 1000)


def site_from_kernels(name: str, at: int) -> Site:
    """Return a station that kernels know by name, as a site: ITRF93 position and drift of an SPK at an instant (TAI nanoseconds).

    Stations are known by name, never by number: numbers are given twice (399603 is Bear Lakes and Malargüe). Blanks and
    underscores are one. Raises UsageError for a name that no kernel has, TimeError where no kernel holds it then.
    """
    et = float(et_from_tai_ns(at))
    with kernels():
        numbers = [found[0] for one in (name, name.replace(" ", "_"), name.replace("_", " ")) if (found := _number(one))]
        if not numbers or name.strip("- ").isdigit():
            raise UsageError(f"no kernel has a station named {name!r}", remedy="Furnish the text kernel that names it")
        try:
            state = spiceypy.spkgeo(numbers[0], et, "ITRF93", EARTH)[0]
        except SpiceyError as error:
            raise TimeError(
                f"no kernel holds {name} on the Earth at {utc_from_tai_ns(at, 3)}",
                remedy="Furnish its SPK, or choose another instant",
            ) from error
    x, y, z, *drift = (float(value) for value in state)
    a, b, c = (value * JULIAN_YEAR_S for value in drift)
    return Site(name, (x, y, z), (a, b, c), at)


def _number(name: str) -> tuple[int] | None:
    try:
        return (int(spiceypy.bodn2c(name)),)
    except SpiceyError:
        return None


def _instant(et: float) -> int:
    found = int(tai_ns_from_et(et))
    return found if found != NO_TIME else (LAST if et > 0 else -LAST)
