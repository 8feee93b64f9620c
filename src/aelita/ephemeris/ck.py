"""Our own CK files as octets: attitudes at ticks of a spacecraft's clock, interpolated within stated intervals (type 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from .daf import NewSegment, daf_octets
from .sites import Reals
from .spk import DIRECTORY, frame_number


@dataclass(frozen=True, slots=True, eq=False)
class Attitudes:
    """Quaternions (rows: scalar first, from `frame` to the structure's axes) and rates (rad/s, in `frame`) at rising ticks.

    `structure` is the SPICE number of what turns, such as -143000; ticks are those of its clock, counted over all partitions.
    Between two ticks SPICE turns evenly, except across a tick of `starts`, where an interval of its own begins.
    """

    structure: int
    ticks: Reals
    quaternions: Reals
    rates_rad_s: Reals | None = None
    starts: tuple[float, ...] = ()
    frame: str | int = "J2000"
    name: str = "ATTITUDE"

    def new(self) -> NewSegment:
        """Return what is written: CK type 3 (CK Required Reading). Raises UsageError for what makes no segment."""
        ticks, turns = np.asarray(self.ticks, np.float64), np.asarray(self.quaternions, np.float64)
        rates = None if self.rates_rad_s is None else np.asarray(self.rates_rad_s, np.float64)
        if (
            ticks.ndim != 1
            or ticks.size < 1
            or turns.shape != (ticks.size, 4)
            or (rates is not None and rates.shape != (ticks.size, 3))
        ):
            raise UsageError("attitudes are rows of four at each tick, rates rows of three", where=self.name)
        if not (np.isfinite(ticks).all() and np.isfinite(turns).all() and (np.diff(ticks) > 0).all() and ticks[0] >= 0):
            raise UsageError("ticks do not rise, or something is not a number", where=self.name, remedy="Put them in order")
        if (np.abs(np.linalg.norm(turns, axis=1) - 1.0) > 1e-6).any() or (rates is not None and not np.isfinite(rates).all()):
            raise UsageError("a quaternion has not the length 1, or a rate is not a number", where=self.name)
        starts = np.unique(np.array([ticks[0], *self.starts]))
        if not np.isin(starts, ticks).all():
            raise UsageError("an interval begins where no attitude is", where=self.name, remedy="Begin it at one of the ticks")
        rows = turns if rates is None else np.hstack([turns, rates])
        parts = (
            rows.ravel(), ticks, ticks[DIRECTORY - 1 : ticks.size - 1 : DIRECTORY],
            starts, starts[DIRECTORY - 1 : starts.size - 1 : DIRECTORY], np.array([float(starts.size), float(ticks.size)]),
        )  # fmt: skip
        integers = (self.structure, frame_number(self.frame), 3, int(rates is not None))
        return NewSegment((float(ticks[0]), float(ticks[-1])), integers, self.name, sum(one.size for one in parts), parts)


def ck_octets(segments: Sequence[Attitudes], *, name: str = "", comments: str = "") -> Iterator[bytes]:
    """Yield the octets of a CK file in parts. SPICE reads the attitudes back (`test_ephemeris_writing.py`)."""
    return daf_octets("CK", [one.new() for one in segments], name=name, comments=comments)
