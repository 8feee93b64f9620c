"""The journals of commanding verified offline, as work that shows how far it is: our own and our copies of partners'."""

import logging
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..commanding import Audit, Report, conclude
from ..errors import AelitaError, UsageError
from ..services import live
from .accounts import now

CHUNK = 1 << 20
TRIES = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification: when it was begun and ended (TAI ns), how many octets of all are read, and the reports of each journal.

    `state` is running, done, failed or cancelled; `why` says why it failed.
    """

    begun: int
    ended: int | None = None
    octets: int = 0
    all_octets: int = 0
    state: str = "running"
    why: str = ""
    reports: tuple[Report, ...] = field(default=(), repr=False)


class _CancelledError(Exception):
    """Somebody cancelled it."""


class Verification:
    """Verifies an agency's journals, one run at a time in a thread; the last one is kept until the process ends."""

    def __init__(self, installation: live.Installation, agency: str) -> None:
        self.installation, self.agency = installation, agency
        self._lock = threading.Lock()
        self._last: Verified | None = None
        self._cancel = threading.Event()

    @property
    def last(self) -> Verified | None:
        """The run that goes on, or the last one."""
        return self._last

    def begin(self) -> Verified:
        """Begin a run and return it. Raises UsageError while one goes on."""
        with self._lock:
            if self._last is not None and self._last.state == "running":
                raise UsageError("the journals are being verified", remedy="Wait until it is done, or cancel it")
            self._last = begun = Verified(now())
            self._cancel.clear()
        threading.Thread(target=self._run, args=(begun,), name="audit", daemon=True).start()
        return begun

    def cancel(self) -> None:
        """Have a run that goes on end soon."""
        self._cancel.set()

    def _run(self, begun: Verified) -> None:
        try:
            reports = self._reports()
            done = replace(self._last or begun, ended=now(), state="done", reports=reports)
        except _CancelledError:
            done = replace(self._last or begun, ended=now(), state="cancelled")
        except (AelitaError, OSError, MemoryError) as error:
            log.warning("journals were not verified", extra={"why": str(error)})
            done = replace(self._last or begun, ended=now(), state="failed", why=str(error) or type(error).__name__)
        self._last = done

    def _reports(self) -> tuple[Report, ...]:
        paths = live.command_journals(self.installation, self.agency)
        sizes = _at_one_time(paths)
        others = [agency for agency in paths if agency != self.agency]
        if not sizes[self.agency]:
            raise UsageError("there is no journal yet", where=str(paths[self.agency]), remedy="The first request begins it")
        rounds = max(1, len(others))
        self._all(rounds * sizes[self.agency] + sum(sizes[one] for one in others))
        rules = self.installation.mission.organisation.authority
        keys = live.agency_keys(self.installation, self.agency)
        found: list[Report] = []
        for partner in others or [""]:
            ours, theirs = Audit("", rules=rules, keys=keys), Audit("", rules=rules, keys=keys) if partner else None
            self._feed(ours, paths[self.agency], sizes[self.agency])
            if theirs is not None:
                self._feed(theirs, paths[partner], sizes[partner])
            if not found:
                found.append(conclude(ours, theirs))
            else:
                conclude(ours, theirs)
            if theirs is not None:
                found.append(conclude(theirs, ours))
        return tuple(found)

    def _feed(self, audit: Audit, path: Path, size: int) -> None:
        left = size
        with path.open("rb") as file:
            while left and (octets := file.read(min(CHUNK, left))):
                audit.feed(octets)
                left -= len(octets)
                self._read(len(octets))

    def _all(self, octets: int) -> None:
        with self._lock:
            if self._last is not None:
                self._last = replace(self._last, all_octets=octets)

    def _read(self, octets: int) -> None:
        with self._lock:
            if self._last is not None:
                self._last = replace(self._last, octets=self._last.octets + octets)
        if self._cancel.is_set():
            raise _CancelledError


def _at_one_time(paths: dict[str, Path]) -> dict[str, int]:
    """Return how large the whole lines of each journal are, so that none tells of what another does not hold yet."""
    found: dict[str, int] = {}
    for _ in range(TRIES):
        found = {agency: _whole(path) for agency, path in paths.items()}
        if found == {agency: _whole(path) for agency, path in paths.items()}:
            break
    return found


def _whole(path: Path) -> int:
    """Return how many octets of a journal are whole lines now: 0 for one that is not there."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        size = file.seek(0, 2)
        begun = size
        while begun > 0:
            begun = max(0, begun - CHUNK)
            file.seek(begun)
            end = file.read(min(CHUNK, size - begun)).rfind(b"\n") + 1
            if end:
                return begun + end
    return 0
