"""Bookings of antennas: who gets which spacecraft's frames from which station, and when."""

from dataclasses import dataclass, replace

from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns

FOR_EVER = 8_000_000_000 * SECOND


@dataclass(frozen=True, slots=True)
class Booking:
    """An antenna's time for one spacecraft, on behalf of agencies that may receive its frames (TAI ns, stop excluded).

    `uplink` are those that may command it then.
    """

    reference: str
    station: str
    spacecraft: str
    start: int
    stop: int
    agencies: tuple[str, ...]
    uplink: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.start >= self.stop:
            raise UsageError(
                f"it ends at {_utc(self.stop)}, before it begins at {_utc(self.start)}", where=f"booking {self.reference}"
            )

    def covers(self, moment: int) -> bool:
        """Whether the antenna is booked at a moment (TAI nanoseconds)."""
        return self.start <= moment < self.stop

    @property
    def is_standing(self) -> bool:
        """Whether it holds until further notice."""
        return self.stop >= FOR_EVER

    def repeats(self, other: "Booking") -> bool:
        """Whether both hold until further notice, for the same spacecraft and an agency in common."""
        same = (self.station, self.spacecraft) == (other.station, other.spacecraft)
        return same and self.is_standing and other.is_standing and bool(set(self.agencies) & set(other.agencies))

    def overlaps(self, other: "Booking") -> bool:
        """Whether both want the antenna at once."""
        return self.station == other.station and self.start < other.stop and other.start < self.stop


@dataclass(frozen=True, slots=True)
class Schedule:
    """Bookings of stations. `beams` says how many spacecraft at once a station hears (absent: one)."""

    bookings: tuple[Booking, ...] = ()
    beams: tuple[tuple[str, int], ...] = ()

    def book(self, booking: Booking, since: int = -FOR_EVER) -> "Schedule":
        """Return the schedule with one more booking. Raises UsageError when the antenna is taken or the reference known.

        The same booking again changes nothing. A spacecraft booked by a second agency over the same time shares the beam.
        What was over at `since` (TAI nanoseconds) is in nobody's way.
        """
        for known in self.bookings:
            if known.reference == booking.reference:
                if known == booking:
                    return self
                raise UsageError(f"there is another booking {booking.reference!r}", remedy="Give it a reference of its own")
        if booking.is_standing and (first := next((known for known in self.bookings if booking.repeats(known)), None)):
            raise UsageError(
                f"{booking.station} is booked for {booking.spacecraft} until further notice already, by {first.reference!r}",
                where=f"booking {booking.reference}",
                remedy="Cancel that booking first, or give this one an end",
            )
        near = [known for known in self.bookings if known.overlaps(booking) and min(known.stop, booking.stop) > since]
        others = {known.spacecraft for known in near} - {booking.spacecraft}
        if len(others) >= dict(self.beams).get(booking.station, 1):
            taken = next(known for known in near if known.spacecraft in others)
            raise UsageError(
                f"{booking.station} is booked for {taken.spacecraft} from {_utc(taken.start)} to {_utc(taken.stop)}",
                where=f"booking {booking.reference}",
                remedy="Choose another time or station, or cancel that booking",
            )
        return replace(self, bookings=tuple(sorted((*self.bookings, booking), key=lambda b: (b.start, b.reference))))

    def cancel(self, reference: str, at: int = -FOR_EVER) -> "Schedule":
        """Return the schedule without what is left of a booking at a moment (TAI nanoseconds); what has passed stays on record.

        Raises UsageError for an unknown reference, and for a booking that is over.
        """
        found = next((known for known in self.bookings if known.reference == reference), None)
        if found is None:
            known = ", ".join(one.reference for one in self.bookings)
            raise UsageError(f"there is no booking {reference!r}", remedy=f"There are {known}" if known else "")
        if found.stop <= at:
            raise UsageError(f"booking {reference!r} has ended at {_utc(found.stop)}")
        left = tuple(one for one in self.bookings if one is not found)
        return replace(self, bookings=(*left, replace(found, stop=at)) if found.start < at else left)

    def at(self, station: str, moment: int) -> tuple[Booking, ...]:
        """Return what a station is booked for at a moment (TAI nanoseconds)."""
        return tuple(known for known in self.bookings if known.station == station and known.covers(moment))

    def of(self, reference: str) -> Booking | None:
        """Return a booking by its reference, None for an unknown one."""
        return next((known for known in self.bookings if known.reference == reference), None)

    def periods(self, agency: str, station: str, spacecraft: str) -> tuple[tuple[int, int], ...]:
        """Return when an agency may have a spacecraft's frames from a station: (start, stop), in order and apart."""
        merged: list[tuple[int, int]] = []
        for known in sorted(self.bookings, key=lambda one: one.start):
            if known.station != station or known.spacecraft != spacecraft or agency not in known.agencies:
                continue
            if merged and known.start <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], known.stop)
            else:
                merged.append((known.start, known.stop))
        return tuple(merged)

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
    if moment >= FOR_EVER:
        return "further notice"
    return utc_from_tai_ns(moment, 0) if moment > 0 else "any time"
