"""Bookings of antennas: who gets which spacecraft's frames from which station, and when."""

from dataclasses import dataclass, replace

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns

FOR_EVER = 8_000_000_000 * SECOND


@dataclass(frozen=True, slots=True)
class Booking:
    """An antenna's time for one spacecraft, on behalf of agencies that may receive its frames (TAI ns, stop excluded)."""

    reference: str
    station: str
    spacecraft: str
    start: int
    stop: int
    agencies: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.start >= self.stop:
            raise UsageError(
                f"it ends at {_utc(self.stop)}, before it begins at {_utc(self.start)}", where=f"booking {self.reference}"
            )

    def covers(self, moment: int) -> bool:
        """Whether the antenna is booked at a moment (TAI nanoseconds)."""
        return self.start <= moment < self.stop

    def overlaps(self, other: "Booking") -> bool:
        """Whether both want the antenna at once."""
        return self.station == other.station and self.start < other.stop and other.start < self.stop


@dataclass(frozen=True, slots=True)
class Schedule:
    """Bookings of stations. `beams` says how many spacecraft at once a station hears (absent: one)."""

    bookings: tuple[Booking, ...] = ()
    beams: tuple[tuple[str, int], ...] = ()

    def book(self, booking: Booking) -> "Schedule":
        """Return the schedule with one more booking. Raises UsageError when the antenna is taken or the reference known.

        The same booking again changes nothing. A spacecraft booked by a second agency over the same time shares the beam.
        """
        for known in self.bookings:
            if known.reference == booking.reference:
                if known == booking:
                    return self
                raise UsageError(f"there is another booking {booking.reference!r}", remedy="Give it a reference of its own")
        others = {known.spacecraft for known in self.bookings if known.overlaps(booking)} - {booking.spacecraft}
        if len(others) >= dict(self.beams).get(booking.station, 1):
            taken = next(known for known in self.bookings if known.overlaps(booking) and known.spacecraft in others)
            raise UsageError(
                f"{booking.station} is booked for {taken.spacecraft} from {_utc(taken.start)} to {_utc(taken.stop)}",
                where=f"booking {booking.reference}",
                remedy="Choose another time or station, or cancel that booking",
            )
        return replace(self, bookings=tuple(sorted((*self.bookings, booking), key=lambda b: (b.start, b.reference))))

    def cancel(self, reference: str) -> "Schedule":
        """Return the schedule without a booking. Raises UsageError for an unknown reference."""
        left = tuple(known for known in self.bookings if known.reference != reference)
        if len(left) == len(self.bookings):
            raise UsageError(f"there is no booking {reference!r}")
        return replace(self, bookings=left)

    def at(self, station: str, moment: int) -> tuple[Booking, ...]:
        """Return what a station is booked for at a moment (TAI nanoseconds)."""
        return tuple(known for known in self.bookings if known.station == station and known.covers(moment))

    def allows(self, agency: str, station: str, spacecraft: str, start: int, stop: int) -> bool:
        """Whether an agency had or has a booking that touches this time: it may have the frames then heard."""
        return any(
            known.station == station and known.spacecraft == spacecraft and agency in known.agencies
            and known.start < stop and start < known.stop
            for known in self.bookings
        )  # fmt: skip

    def next_change(self, station: str, moment: int) -> int | None:
        """Return when a booking of the station next begins or ends after a moment; None when none does."""
        edges = [edge for known in self.bookings if known.station == station for edge in (known.start, known.stop)]
        return min((edge for edge in edges if moment < edge < FOR_EVER), default=None)


def _utc(moment: int) -> str:
    return utc_from_tai_ns(moment, 0)
