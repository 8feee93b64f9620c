"""What a spacecraft's station still has to radiate: when each CLTU will be on the air, and when what comes next can begin.

A station tells when a CLTU was radiated, and may tell that one has begun; until then the times are estimated by what is ahead of
it, each as long as its bits take at the rate of the uplink. Times are TAI nanoseconds.
"""

from dataclasses import dataclass
from fractions import Fraction

from ..coding import radiation_duration_ns

CLOSE_NS = 10**8  # so near an estimate is as good as what is told
IDLE_OCTETS = 1  # behind each CLTU, CCSDS 231.0-B


@dataclass(slots=True)
class _Waiting:
    given_ns: int
    earliest_ns: int
    octets: int
    begun_ns: int = 0
    stop_ns: int = 0  # as it was estimated last


class Backlog:
    """The CLTUs of one spacecraft that were given to its station, in order. Before the first one the carrier is acquired."""

    def __init__(self, rate: Fraction, acquisition_octets: int) -> None:
        self._rate, self._acquisition = rate, acquisition_octets
        self._waiting: dict[int, _Waiting] = {}
        self._free_ns = 0  # until when the last one was radiated
        self._clear_ns: int | None = 0  # None: to be found anew

    def add(self, cltu: int, octets: int, now: int, earliest_ns: int = 0) -> tuple[int, int]:
        """Put a CLTU of so many octets behind all others, and return from when until when it will be on the air."""
        before, one = self.clear_ns(), _Waiting(now, earliest_ns, octets)
        self._waiting[cltu] = one
        start, one.stop_ns = self._span(one, before)
        self._clear_ns = one.stop_ns
        return start, one.stop_ns

    def begins_ns(self, now: int) -> int:
        """Return when something that was given to the station at an instant could begin to be radiated, acquisition left out."""
        return max(now, self.clear_ns())

    def clear_ns(self) -> int:
        """Return when everything that waits will have been radiated."""
        if self._clear_ns is None:
            at = self._free_ns
            for one in self._waiting.values():
                at = one.stop_ns = self._span(one, at)[1]
            self._clear_ns = at
        return self._clear_ns

    def begun(self, cltu: int, start_ns: int) -> None:
        """Know that the radiation of a CLTU began at an instant."""
        if (one := self._waiting.get(cltu)) is not None:
            one.begun_ns, self._clear_ns = start_ns, None

    def ended(self, cltu: int, stop_ns: int = 0) -> None:
        """Know that a CLTU was radiated until an instant, or (0) that it is not waited for any more."""
        if (one := self._waiting.pop(cltu, None)) is not None:
            self._free_ns = max(self._free_ns, stop_ns)
            if not self._waiting or abs(stop_ns - one.stop_ns) > CLOSE_NS:  # else all behind is as it was estimated
                self._clear_ns = None

    def has(self, cltu: int) -> bool:
        """Tell whether a CLTU waits, or is being radiated."""
        return cltu in self._waiting

    def _span(self, one: _Waiting, before_ns: int) -> tuple[int, int]:
        ready = max(one.given_ns, one.earliest_ns)
        start = before_ns if before_ns > ready else ready + radiation_duration_ns(8 * self._acquisition, self._rate)
        start = one.begun_ns or start
        return start, start + radiation_duration_ns(8 * (one.octets + IDLE_OCTETS), self._rate)
