"""What a user knows of the CLTUs that it sent: which are taken, radiated, failed, and of which nothing is known."""

from dataclasses import dataclass, field

from .cltu_events import (
    CltuBegun,
    CltuExpired,
    CltuFate,
    CltuInterrupted,
    CltuNotRadiated,
    CltuRadiated,
    CltuUnknown,
)
from .cltu_pdus import LastOk, LastProcessed
from .cltu_terms import CltuNotice, CltuStatus

FAILURES = (CltuNotice.EXPIRED, CltuNotice.PRODUCTION_INTERRUPTED, CltuNotice.PRODUCTION_HALTED)


@dataclass(slots=True)
class CltuLedger:
    """CLTUs sent whose fate is open, in the order in which they were sent.

    Notifications and reports tell only of the CLTU processed last. Those before it were radiated too, since they are radiated in
    order and a failure is always told; but only where it is certain that it is one of this START: a provider's report may still
    tell of one before, of the same number.
    """

    _open: dict[int, bool] = field(default_factory=dict)  # identification: whether the provider has taken it
    _since: int | None = None
    _has_failed: bool = False
    _begun: int | None = None

    def started(self, since: int) -> list[CltuFate]:
        """Begin anew with CLTUs that can be radiated from a time on (TAI nanoseconds); what is open from before is not known."""
        fates = self.lost("the service was started again before its fate was told")
        self._since, self._has_failed, self._begun = since, False, None
        return fates

    def sent(self, cltu_id: int) -> None:
        """Take note of a CLTU that has been sent."""
        self._open[cltu_id] = False

    def taken(self, cltu_id: int) -> None:
        """Take note that the provider has a CLTU."""
        if cltu_id in self._open:
            self._open[cltu_id] = True

    def refused(self, cltu_id: int) -> None:
        """Take note that the provider refused a CLTU."""
        self._open.pop(cltu_id, None)

    def learn(self, notice: CltuNotice | None, last: LastProcessed | None, last_ok: LastOk | None) -> list[CltuFate]:
        """Return the fates that a notification, or a report (notice None), tells."""
        self._has_failed |= notice in FAILURES
        if last is None or not self._open.get(last.cltu_id, False) or not self._is_of_this_start(notice, last):
            return []
        fates: list[CltuFate] = []
        if last.started is not None or notice is CltuNotice.EXPIRED:
            for cltu_id in self._before(last.cltu_id):
                del self._open[cltu_id]
                fates.append(CltuRadiated(cltu_id, None, None))
        fate = self._fate(last, last_ok)
        if fate is not None:
            fates.append(fate)
        return fates

    def stopped(self) -> list[CltuFate]:
        """Return what the end of the service tells: after a failure nothing that waited will be radiated."""
        if not self._has_failed:
            return []  # one may be under way
        given_up = [cltu_id for cltu_id, is_taken in self._open.items() if is_taken]
        for cltu_id in given_up:
            del self._open[cltu_id]
        return [CltuNotRadiated(cltu_id, "discarded after a failure before it") for cltu_id in given_up]

    def lost(self, why: str) -> list[CltuFate]:
        """Return, and forget, the CLTUs whose fate nobody has told."""
        fates: list[CltuFate] = [CltuUnknown(cltu_id, is_taken, why) for cltu_id, is_taken in self._open.items()]
        self._open.clear()
        return fates

    def _is_of_this_start(self, notice: CltuNotice | None, last: LastProcessed) -> bool:
        if last.started is not None:
            return self._since is None or last.started >= self._since
        return notice in (CltuNotice.EXPIRED, CltuNotice.PRODUCTION_INTERRUPTED)

    def _before(self, cltu_id: int) -> list[int]:
        found = []
        for one in self._open:
            if one == cltu_id:
                break
            found.append(one)
        return found

    def _fate(self, last: LastProcessed, last_ok: LastOk | None) -> CltuFate | None:
        cltu_id, status = last.cltu_id, last.status
        if status == CltuStatus.RADIATION_STARTED and last.started is not None:
            is_new, self._begun = self._begun != cltu_id, cltu_id
            return CltuBegun(cltu_id, last.started) if is_new else None
        fates: dict[int, CltuFate] = {
            CltuStatus.RADIATED: CltuRadiated(cltu_id, last.started, _stopped(cltu_id, last_ok)),
            CltuStatus.EXPIRED: CltuExpired(cltu_id),
            CltuStatus.INTERRUPTED: CltuInterrupted(cltu_id, last.started),
            CltuStatus.RADIATION_NOT_STARTED: CltuNotRadiated(cltu_id, "its radiation could not begin"),
        }
        fate = fates.get(status)
        if fate is not None:
            del self._open[cltu_id]
        return fate


def _stopped(cltu_id: int, last_ok: LastOk | None) -> int | None:
    return last_ok.stopped if last_ok is not None and last_ok.cltu_id == cltu_id else None
