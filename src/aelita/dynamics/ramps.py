"""The frequency that a station transmitted: pieces that rise or fall linearly, and the cycles between two instants."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..time import SECOND, utc_from_tai_ns

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ramps:
    """The uplink of a station in pieces: from `start` to `stop` (TAI ns) the frequency (Hz) at the start, and its rate (Hz/s).

    Pieces are in order of time and may leave gaps; a later piece ends an earlier one that it overlaps. Raises DataError for
    columns that do not fit together.
    """

    station: str
    start_tai_ns: Epochs
    stop_tai_ns: Epochs
    frequency_hz: Reals
    rate_hz_s: Reals

    def __post_init__(self) -> None:
        columns = (self.start_tai_ns, self.stop_tai_ns, self.frequency_hz, self.rate_hz_s)
        if not self.start_tai_ns.size or len({column.shape for column in columns}) != 1:
            raise DataError("its columns are empty or not of one length", where=f"ramps of {self.station}")
        if np.any(np.diff(self.start_tai_ns) <= 0) or np.any(self.stop_tai_ns <= self.start_tai_ns):
            raise DataError(
                "its pieces are not in order of time, or one is empty",
                where=f"ramps of {self.station}",
                remedy="Sort the pieces by their start and leave out empty ones",
            )
        if not np.all(np.isfinite(self.frequency_hz) & np.isfinite(self.rate_hz_s) & (self.frequency_hz > 0)):
            raise DataError("a frequency or rate is no number above zero", where=f"ramps of {self.station}")

    def covers(self, start_tai_ns: Epochs, stop_tai_ns: Epochs) -> NDArray[np.bool_]:
        """Return where the pieces reach from `start` to `stop` without a gap."""
        ends = np.minimum(self.stop_tai_ns, np.append(self.start_tai_ns[1:], self.stop_tai_ns[-1]))
        first, last = self._piece(start_tai_ns), self._piece(stop_tai_ns - 1)
        breaks = np.concatenate([[0], np.cumsum(self.start_tai_ns[1:] > ends[:-1])])
        inside = (first >= 0) & (last >= 0)
        first, last = np.maximum(first, 0), np.maximum(last, 0)
        reached = (start_tai_ns < ends[first]) & (stop_tai_ns <= ends[last])
        return np.asarray(inside & reached & (breaks[first] == breaks[last]))

    def frequency(self, at_tai_ns: Epochs) -> Reals:
        """Return the frequency (Hz) at these instants. Raises DataError where no piece tells."""
        self._demand(at_tai_ns, at_tai_ns + 1)
        piece = self._piece(at_tai_ns)
        after_s = (at_tai_ns - self.start_tai_ns[piece]) / SECOND
        return np.asarray(self.frequency_hz[piece] + self.rate_hz_s[piece] * after_s)

    def cycles(self, start_tai_ns: Epochs, stop_tai_ns: Epochs, duration_s: Reals) -> Reals:
        """Return the cycles that were transmitted between two instants, which are `duration_s` apart: finer than nanoseconds.

        Raises DataError, which names the station and the span, where the pieces do not reach or leave a gap. The integral of
        Moyer's ramped Doppler (JPL DESCANSO 2, 13.3.2); rounding is below 1e-4 cycles.
        """
        self._demand(start_tai_ns, stop_tai_ns)
        base = float(np.median(self.frequency_hz))
        lengths_s = (np.minimum(self.stop_tai_ns[:-1], self.start_tai_ns[1:]) - self.start_tai_ns[:-1]) / SECOND
        above = self.frequency_hz - base
        steps = above[:-1] * lengths_s + 0.5 * self.rate_hz_s[:-1] * lengths_s**2
        before = np.concatenate([[0.0], np.cumsum(steps)])

        def until(at: Epochs) -> Reals:
            piece = self._piece(at)
            after_s = (at - self.start_tai_ns[piece]) / SECOND
            return np.asarray(before[piece] + above[piece] * after_s + 0.5 * self.rate_hz_s[piece] * after_s**2)

        return np.asarray(base * duration_s + (until(stop_tai_ns) - until(start_tai_ns)))

    def _piece(self, at_tai_ns: Epochs) -> NDArray[np.intp]:
        return np.searchsorted(self.start_tai_ns, at_tai_ns, side="right") - 1

    def _demand(self, start_tai_ns: Epochs, stop_tai_ns: Epochs) -> None:
        absent = ~self.covers(start_tai_ns, stop_tai_ns)
        if absent.any():
            first = int(np.flatnonzero(absent)[0])
            began, ended = (utc_from_tai_ns(int(at[first]), 3) for at in (start_tai_ns, stop_tai_ns))
            reach = " to ".join(utc_from_tai_ns(int(at), 3) for at in (self.start_tai_ns[0], self.stop_tai_ns[-1]))
            raise DataError(
                f"{int(absent.sum())} of {absent.size} spans are before, after or in a gap of the ramps, which are for {reach}; "
                f"the first is {began} to {ended}",
                where=f"ramps of {self.station}",
                remedy="Give the ramps of the round trip before these observations, or leave the observations out",
            )


def in_order(station: str, start_tai_ns: Epochs, stop_tai_ns: Epochs, frequency_hz: Reals, rate_hz_s: Reals) -> Ramps:
    """Return ramps of pieces in any order, each once. Raises DataError for two that begin together and differ."""
    order = np.lexsort((stop_tai_ns, start_tai_ns))
    start, stop, frequency, rate = (column[order] for column in (start_tai_ns, stop_tai_ns, frequency_hz, rate_hz_s))
    together = np.diff(start) == 0
    apart = together & ((np.diff(frequency) != 0) | (np.diff(rate) != 0))
    if apart.any():
        raise DataError(
            f"two pieces that differ begin at {utc_from_tai_ns(int(start[:-1][apart][0]), 3)}", where=f"ramps of {station}",
            remedy="Leave out the one that is wrong",
        )  # fmt: skip
    last = np.append(~together, True)[: start.size]  # of pieces that begin together and agree, the longest
    return Ramps(station, start[last], stop[last], frequency[last], rate[last])


def join_ramps(known: Mapping[str, Ramps], more: Mapping[str, Ramps]) -> dict[str, Ramps]:
    """Return the ramps of two sources, by station: pieces of both where both have some. Raises DataError as `in_order`."""
    found = dict(known)
    for station, one in more.items():
        parts = (found[station], one) if station in found else (one,)
        columns = ("start_tai_ns", "stop_tai_ns", "frequency_hz", "rate_hz_s")
        found[station] = in_order(station, *(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
    return found


def constant_uplink(station: str, frequency_hz: float, start_tai_ns: int, stop_tai_ns: int) -> Ramps:
    """Return the ramps of an uplink that is not ramped."""
    start, stop = np.array([start_tai_ns], np.int64), np.array([stop_tai_ns], np.int64)
    return Ramps(station, start, stop, np.array([frequency_hz]), np.zeros(1))
