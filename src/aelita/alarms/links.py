"""Links between spacecraft and stations: lock as the stations report it, and which spacecraft should be heard now."""

from collections.abc import Iterable
from dataclasses import dataclass

from .observations import Contact, ContactsBooked, FramesHeard, LinkReported


@dataclass(frozen=True, slots=True)
class Link:
    """One link now: `locked` None is unknown; `expected`: a contact is booked."""

    spacecraft: str
    station: str
    locked: bool | None
    expected: bool


class Links:
    """What stations have said. A link whose reports stop is unknown after `unknown_after_ns`."""

    def __init__(self, unknown_after_ns: int) -> None:
        self._after = unknown_after_ns
        self._reports: dict[tuple[str, str], LinkReported] = {}
        self._lost: dict[str, int] = {}  # spacecraft -> when its last lock ended
        self._heard: dict[str, int] = {}
        self._contacts: tuple[Contact, ...] = ()
        self._known: set[tuple[str, str]] = set()

    def observe(self, observation: LinkReported | FramesHeard | ContactsBooked) -> None:
        """Take what a station or the bookings say. A report that is older than one known is ignored."""
        match observation:
            case FramesHeard(spacecraft, at):
                self._heard[spacecraft] = max(at, self._heard.get(spacecraft, at))
            case ContactsBooked(contacts):
                self._contacts = contacts
            case LinkReported(spacecraft, station, at, locked):
                key = (spacecraft, station)
                before = self._reports.get(key)
                if before is None or at >= before.at:
                    self._reports[key] = observation
                    if before is not None and before.locked and not locked:
                        self._lost[spacecraft] = at

    def links(self, now: int) -> list[Link]:
        """Return all links that were reported or booked and are not forgotten."""
        self._known |= set(self._reports) | {(c.spacecraft, c.station) for c in self._contacts if c.start <= now < c.stop}
        booked = {(c.spacecraft, c.station) for c in self._contacts if c.start <= now < c.stop}
        return [Link(*key, self._locked(key, now), key in booked) for key in sorted(self._known)]

    def lost_at(self, spacecraft: str, now: int) -> int | None:
        """Return since when no station has lock on a spacecraft (TAI ns), None while one has, or when nobody ever told."""
        reports = {key: report for key, report in self._reports.items() if key[0] == spacecraft}
        if not reports or any(self._locked(key, now) for key in reports):
            return None
        silent = [report.at + self._after for report in reports.values() if report.locked]
        return max([*silent, self._lost.get(spacecraft, min(report.at for report in reports.values()))])

    def spacecraft(self) -> list[str]:
        """Return the spacecraft of which a station has told."""
        return sorted({spacecraft for spacecraft, _ in self._reports})

    def expected(self, now: int) -> dict[str, int | None]:
        """Return, for each spacecraft that was ever booked, since when it is silent though booked; None when it is not booked.

        The time counts from the beginning of the contacts that follow each other without a gap, or from the last frame.
        """
        found: dict[str, int | None] = {}
        for spacecraft in {c.spacecraft for c in self._contacts} | {key[0] for key in self._known}:
            start = _begin([c for c in self._contacts if c.spacecraft == spacecraft], now)
            found[spacecraft] = None if start is None else max(start, self._heard.get(spacecraft, start))
        return dict(sorted(found.items()))

    def boundaries(self, now: int) -> list[int]:
        """Return later times at which a contact begins or ends or a link becomes unknown (TAI ns)."""
        times = [at for c in self._contacts for at in (c.start, c.stop)]
        times += [report.at + self._after for report in self._reports.values()]
        return [at for at in times if at > now]

    def _locked(self, key: tuple[str, str], now: int) -> bool | None:
        report = self._reports.get(key)
        return None if report is None or now - report.at >= self._after else report.locked


def _begin(contacts: Iterable[Contact], now: int) -> int | None:
    """Return when the unbroken time of contacts around `now` began, None when none covers it."""
    begin: int | None = None
    end = 0
    for contact in sorted(contacts, key=lambda c: c.start):
        if contact.start > now:
            break
        if begin is None or contact.start > end:
            begin, end = contact.start, contact.stop
        else:
            end = max(end, contact.stop)
    return begin if begin is not None and now < end else None
