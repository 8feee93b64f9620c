"""Contacts of one station, each from its begin to the report at its end: who had the antenna, when, and what it brought.

What is open is kept beside the frames once a second; after a kill the frames that the store has behind it are counted, so a
report is exact whatever happened to the process.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...agencies import Station
from ...errors import ArchiveError, DefinitionError
from ...stations import FOR_EVER, Booking, Contact, Heard, Schedule
from ...time import SECOND, utc_from_tai_ns
from .bookings import as_told, booking_of
from .frame_store import FrameStore

REPORTS, OPEN = "contacts.jsonl", "contacts_open.json"
SETTLED_NS = 5 * SECOND  # after the end of a booking, for frames on their way
SILENT_NS = 60 * SECOND  # without a frame, a contact of a standing booking is over
Begin = Callable[[str], Contact | None]
"""Makes the contact of a spacecraft, None when it is not followed any more."""


@dataclass(slots=True)
class Open:
    """A contact that goes on."""

    booking: Booking
    contact: Contact
    is_cut: bool = False  # its booking was made to end now

    def told(self) -> dict[str, Any]:
        """Return it as it is kept."""
        contact = self.contact
        kept = {"first": contact.first, "last": contact.last, "locked": contact.locked, "counts": contact.counts}
        return {"booking": as_told(self.booking), **kept}

    def report(self, ended: str) -> dict[str, Any]:
        """Return the report: times are UTC, None where there is none; `ended` tells why."""
        booking, contact = self.booking, self.contact
        return {
            "reference": booking.reference, "station": booking.station, "spacecraft": booking.spacecraft,
            "agencies": list(booking.agencies), "start": _utc(booking.start), "stop": _utc(booking.stop),
            "first": _utc(contact.first), "last": _utc(contact.last), "frames": contact.frames, **contact.counts, "ended": ended,
        }  # fmt: skip


class Contacts:
    """The contacts of a station. `begin` makes the contact of a spacecraft; one writer.

    Raises ArchiveError when the disk refuses; what was to be written is tried again.
    """

    def __init__(self, folder: Path, station: Station, begin: Begin) -> None:
        self.folder, self.station, self._begin = folder, station, begin
        self.open: dict[str, Open] = {}
        self._reported = {(one.get("reference"), one.get("first")) for one in read_reports(folder)}
        self._said = ""

    def recover(self, schedule: Schedule, stores: dict[str, FrameStore], now: int) -> None:
        """Go on after a start: with what was open, and with bookings that ended while nobody was here."""
        for booking, kept in self._kept():
            self._resume(schedule.of(booking.reference) or booking, kept, stores)
        references = {reference for reference, _ in self._reported}
        for booking in schedule.bookings:
            missed = not booking.is_standing and booking.start <= now and booking.reference not in references
            if missed and booking.reference not in self.open:
                self._resume(booking, {}, stores)

    def take(self, booking: Booking, heard: Iterable[Heard]) -> None:
        """Count frames heard under a booking."""
        opened = self._opened(booking)
        if opened is not None:
            for one in heard:
                opened.contact.lost_at(one.received)
                opened.contact.take(one.received, one.quality)

    def settle(self, schedule: Schedule, now: int) -> list[dict[str, Any]]:
        """Begin and end contacts by what is booked now (TAI nanoseconds); return the reports of those that ended."""
        for booking in schedule.at(self.station.key, now):
            if not booking.is_standing:
                self._opened(booking)
        reports = []
        for reference, opened in list(self.open.items()):
            booked = schedule.of(reference)
            if booked is not None:
                opened.is_cut |= booked.stop <= now < opened.booking.stop
                opened.booking = booked
            opened.contact.lost_at(min(now, opened.booking.stop))
            ended = self._why_ended(opened, booked, now)
            if ended:
                reports.append(self._report(opened, ended))
                del self.open[reference]
        return reports

    def save(self) -> None:
        """Keep what is open."""
        said = json.dumps([one.told() for one in self.open.values()])
        if said == self._said:
            return
        waiting = self.folder / f"{OPEN}.new"
        try:
            waiting.write_text(said, encoding="utf-8")
            waiting.replace(self.folder / OPEN)
        except OSError as error:
            raise _refused(self.folder, error) from error
        self._said = said

    def _why_ended(self, opened: Open, booked: Booking | None, now: int) -> str:
        """Return why a contact is over, empty when it is not."""
        if booked is None:
            return "cancelled"
        if booked.stop + SETTLED_NS <= now:
            return "cancelled" if opened.is_cut else "as booked"
        return "silence" if booked.is_standing and now - opened.contact.last >= SILENT_NS else ""

    def _opened(self, booking: Booking) -> Open | None:
        if booking.reference not in self.open and (contact := self._begin(booking.spacecraft)) is not None:
            self.open[booking.reference] = Open(booking, contact)
        return self.open.get(booking.reference)

    def _resume(self, booking: Booking, kept: dict[str, Any], stores: dict[str, FrameStore]) -> None:
        opened = self._opened(booking)
        if opened is None or booking.spacecraft not in stores:
            return
        contact = opened.contact
        contact.first, contact.last = int(kept.get("first", 0)), int(kept.get("last", 0))
        contact.locked = bool(kept.get("locked", False))
        contact.counts |= {key: int(value) for key, value in kept.get("counts", {}).items() if key in contact.counts}
        if (booking.reference, _utc(contact.first)) in self._reported:
            del self.open[booking.reference]  # reported, then killed before that was noted
            return
        for frame in stores[booking.spacecraft].read(max(booking.start, contact.last + 1), booking.stop):
            contact.lost_at(frame.received)
            contact.take(frame.received, frame.quality)

    def _report(self, opened: Open, ended: str) -> dict[str, Any]:
        report = opened.report(ended)
        path = self.folder / REPORTS
        try:
            with path.open("a+b") as file:
                if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                    file.write(b"\n")  # a line torn by a power cut
                file.write(json.dumps(report).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _refused(self.folder, error) from error
        self._reported.add((report["reference"], report["first"]))
        return report

    def _kept(self) -> list[tuple[Booking, dict[str, Any]]]:
        path = self.folder / OPEN
        try:
            return [(booking_of(one["booking"], self.station, str(path)), one) for one in json.loads(path.read_text("utf-8"))]
        except (OSError, ValueError, KeyError, TypeError, DefinitionError):
            return []  # there is none, or it is torn: the contacts of standing bookings begin anew


def read_reports(folder: Path) -> list[dict[str, Any]]:
    """Return the reports of a station's contacts, oldest first; torn lines are left out."""
    found = []
    try:
        with (folder / REPORTS).open("rb") as file:
            for line in file:
                try:
                    report = json.loads(line)
                except ValueError:
                    continue
                if isinstance(report, dict):
                    found.append(report)
    except FileNotFoundError:
        pass
    return found


def _refused(folder: Path, error: OSError) -> ArchiveError:
    return ArchiveError(f"contacts cannot be kept: {error.strerror}", where=str(folder), remedy="Free space on the disk")


def _utc(moment: int) -> str | None:
    return utc_from_tai_ns(moment) if 0 < moment < FOR_EVER else None
