"""Where people book the stations of an installation, and read what their contacts brought."""

from pathlib import Path
from typing import Any

from ...agencies import Station
from ...errors import AelitaError, UsageError
from ...stations import FOR_EVER, Booking
from .bookings import as_told, book, cancel, new_reference, read_bookings, station_folder
from .clock import MissionClock
from .contacts import read_reports
from .geometries import geometry_of
from .installation import read_installation


class BookingDesk:
    """The stations of the installation in a folder; `agency` is the one whose orbits tell where spacecraft are (empty: all here).

    Raises UsageError and DefinitionError for what is not to be had.
    """

    def __init__(self, folder: Path, agency: str = "") -> None:
        self.installation, self.clock = read_installation(folder), MissionClock.read(folder)
        self._agencies = (agency,) if agency else ()

    def book(
        self,
        station: str,
        spacecraft: str,
        *,
        start: int | None = None,
        stop: int | None = None,
        agencies: tuple[str, ...] = (),
        uplink: tuple[str, ...] = (),
        reference: str = "",
    ) -> tuple[Booking, list[str]]:
        """Book a station (TAI nanoseconds; start None: now, stop None: until further notice), and tell what speaks against it.

        Without `agencies` it is for the station's own; `uplink` are those that may command the spacecraft.
        """
        of, now = self._station(station), self.clock.now()
        if stop is not None and stop <= now:
            raise UsageError("that time has passed", remedy="The clock of the complex says what is now: see `aelita watch`")
        name = reference or new_reference(read_bookings(self.installation, of, now), spacecraft)
        begin, end = now if start is None else start, FOR_EVER if stop is None else stop
        booking = Booking(name, of.key, spacecraft, begin, end, agencies or (of.agency,), uplink)
        return booking, book(self.installation, of, booking, now)

    def cancel(self, station: str, reference: str) -> None:
        """Cancel what is left of a booking; a contact that goes on ends."""
        cancel(self.installation, self._station(station), reference, self.clock.now())

    def bookings(self, station: str = "") -> list[dict[str, Any]]:
        """Return the bookings of a station, of all without one: as their files have them, and whether they hold now."""
        now = self.clock.now()
        return [
            {"station": of.key} | as_told(booking) | {"now": booking.covers(now)}
            for of in self._stations(station)
            for booking in read_bookings(self.installation, of, now).bookings
        ]

    def booked(self, station: str = "") -> list[Booking]:
        """Return the bookings of a station, of all without one."""
        now = self.clock.now()
        return [
            booking
            for of in self._stations(station)
            for booking in read_bookings(self.installation, of, now).bookings
        ]  # fmt: skip

    def contacts(self, station: str = "") -> list[dict[str, Any]]:
        """Return the reports of contacts that are over, in the order in which they ended."""
        return [one for of in self._stations(station) for one in read_reports(station_folder(self.installation, of))]

    def light_time_s(self, station: str, spacecraft: str, at: int) -> float | None:
        """Return how long a signal received at an instant (TAI nanoseconds) was on its way; None where nothing tells it."""
        try:
            return geometry_of(self.installation, *self._agencies).seconds(station, spacecraft, at)
        except AelitaError:
            return None

    def _stations(self, key: str) -> list[Station]:
        return (
            [self._station(key)] if key else [self._station(one) for here in self.installation.agencies for one in here.stations]
        )

    def _station(self, key: str) -> Station:
        here = [station for agency in self.installation.agencies for station in agency.stations]
        if key not in here:
            raise UsageError(f"station {key!r} is not operated here", remedy=f"Here are {', '.join(here)}")
        return self.installation.mission.organisation.stations[key]
