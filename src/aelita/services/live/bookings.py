"""What a station is booked for: a JSON file beside what it keeps, written by `aelita station`, read again when it changes."""

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...agencies import Agreement, Period, SleNames, Station
from ...errors import AelitaError, DefinitionError, TimeError, UsageError
from ...stations import FOR_EVER, Booking, Schedule
from ...tables import Table
from ...time import tai_ns_from_utc, utc_from_tai_ns
from .geometries import geometry_of
from .geometry import elevation_deg
from .installation import Installation

FILE, LOCK = "bookings.json", ".bookings.lock"
REFERENCE = re.compile(r"[A-Za-z0-9-]{1,40}")
LOOKS = 24  # times at which the elevation during a booking is looked at


def station_folder(installation: Installation, station: Station) -> Path:
    """Return where an agency keeps what belongs to a station that it operates."""
    return installation.home(station.agency) / "stations" / station.key


def instance_of(names: SleNames, service: str, mode: str, number: int, spacecraft: str = "", reference: str = "") -> str:
    """Return a service instance identifier. `spacecraft`, for all but the first followed, and `reference`, of a booking that

    has an end, are added to the name of the service package.
    """
    package = names.service_package + (f"-{spacecraft.upper()}" if spacecraft else "") + (f"_{reference}" if reference else "")
    agreed = f"sagr={names.service_agreement}.spack={package}"
    return f"{agreed}.rsl-fg={names.antenna_id}.{service}={mode}{number}"


def uplink_instance_of(names: SleNames, spacecraft: str = "") -> str:
    """Return the forward CLTU instance of a spacecraft: one, whatever is booked, so that one gate at a time has the uplink."""
    package = names.service_package + (f"-{spacecraft.upper()}" if spacecraft else "")
    return f"sagr={names.service_agreement}.spack={package}.fsl-fg={names.antenna_id}.cltu=cltu1"


def commanders(installation: Installation, spacecraft: str) -> tuple[str, ...]:
    """Return the agencies that may ever command a spacecraft: who owns it, and who may have it on loan."""
    asset = installation.mission.organisation.authority.asset(spacecraft)
    if asset is not None:
        return (asset.owner, *asset.borrowers)
    owner = installation.mission.craft(spacecraft).agency
    return (owner,) if owner else ()


def can_command(installation: Installation, station: Station, spacecraft: str, period: Period) -> bool:
    """Tell whether a station can uplink to a spacecraft at some instant of a period, and the mission tells how."""
    return installation.mission.craft(spacecraft).uplink is not None and station.can_within("uplink", spacecraft, period)


class BookingFile:
    """The bookings of one station, as its file has them. `fault` tells why the file was not believed; the last good one holds."""

    def __init__(self, installation: Installation, station: Station) -> None:
        self.installation, self.station = installation, station
        self.path = station_folder(installation, station) / FILE
        self.schedule = Schedule()
        self.fault = ""
        self._seen: tuple[int, ...] | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a file."""
        return self.path.is_file()

    def begin(self) -> None:
        """Write what holds where there is no file yet: all spacecraft, until further notice, if there is a source of space."""
        if self.installation.has_space and not self.is_there:
            with locked(self.path.parent):
                if not self.is_there:
                    write_bookings(self.path.parent, standing(self.installation, self.station))

    def look(self, now: int) -> bool:
        """Read the file if it is another than at the last look; return whether it changed, `schedule` or `fault`."""
        try:
            told = self.path.stat()
        except FileNotFoundError:
            seen: tuple[int, ...] = ()
        else:
            seen = told.st_mtime_ns, told.st_size, told.st_ino
        if seen == self._seen:
            return False
        was_there, self._seen = bool(self._seen), seen
        try:
            if not seen and was_there:
                raise DefinitionError("the file is gone", where=str(self.path), remedy="Put it back; the last bookings hold")
            self.schedule = read_bookings(self.installation, self.station, now) if seen else Schedule()
            self.fault = ""
        except AelitaError as error:
            self.fault = str(error)
        return True


def standing(installation: Installation, station: Station) -> Schedule:
    """Return the bookings with which a station begins: its own agency's, for all spacecraft followed, until further notice.

    Who may command a spacecraft may do so then, where the station can.
    """
    booked = []
    for craft in installation.spacecraft:
        uplink = commanders(installation, craft) if can_command(installation, station, craft, Period()) else ()
        booked.append(Booking(f"standing-{_word(craft)}", station.key, craft, 0, FOR_EVER, (station.agency,), uplink))
    return Schedule(tuple(booked))


def read_bookings(installation: Installation, station: Station, now: int) -> Schedule:
    """Return a station's bookings, none when there is no file. Raises DefinitionError naming file and key.

    Those that are over by now (TAI nanoseconds) may contradict each other: bookings were cancelled.
    """
    path = station_folder(installation, station) / FILE
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Schedule()
    except (OSError, ValueError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(values, dict):
        raise DefinitionError("not a table with bookings", where=str(path))
    table = Table(values, str(path))
    read = [(_booking(one, station), one.where) for one in table.tables("bookings")]
    table.finish()
    schedule = Schedule(beams=((station.key, _beams(station, [one for one, _ in read])),))
    for booking, where in read:
        try:
            _check(booking, installation, station)
            schedule = schedule.book(booking, now)
        except UsageError as error:
            raise DefinitionError(error.what, where=where, remedy=error.remedy) from error
    return schedule


def book(installation: Installation, station: Station, booking: Booking, now: int) -> list[str]:
    """Write one more booking, and return what speaks against it without forbidding it. Raises UsageError and DefinitionError."""
    _check(booking, installation, station)
    folder = station_folder(installation, station)
    with locked(folder):
        write_bookings(folder, read_bookings(installation, station, now).book(booking, now))
    return doubts(installation, station, booking)


def cancel(installation: Installation, station: Station, reference: str, now: int) -> None:
    """Cancel what is left of a booking. Raises UsageError and DefinitionError."""
    folder = station_folder(installation, station)
    with locked(folder):
        write_bookings(folder, read_bookings(installation, station, now).cancel(reference, now))


def new_reference(schedule: Schedule, spacecraft: str) -> str:
    """Return a reference that no booking has."""
    taken = {one.reference for one in schedule.bookings}
    return next(name for number in range(1, len(taken) + 2) if (name := f"{_word(spacecraft)}-{number}") not in taken)


def write_bookings(folder: Path, schedule: Schedule) -> None:
    """Keep bookings: a reader finds the old ones or the new."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting = folder / f"{FILE}.new"
    with waiting.open("w", encoding="utf-8") as file:
        json.dump({"bookings": [as_told(one) for one in schedule.bookings]}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(folder / FILE)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change the bookings."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def doubts(installation: Installation, station: Station, booking: Booking) -> list[str]:
    """Return why a booking may bring nothing: the station is not told to receive the spacecraft, or it stands too low."""
    found = []
    at = [booking.start + (booking.stop - booking.start) * n // LOOKS for n in range(LOOKS + 1)]
    if not any(station.can("receive", booking.spacecraft, moment) for moment in at[:1] if booking.start > 0):
        found.append(f"the mission does not tell that {station.name} receives {booking.spacecraft} then")
    if booking.is_standing:
        return found
    try:
        geometry_of(installation, station.agency).refresh()
        craft = installation.mission.craft(booking.spacecraft)
        heights = [elevation_deg(station, craft, moment) for moment in at]
    except AelitaError as error:
        return [*found, f"the elevation is not known: {error.what}"]
    known = [height for height in heights if height is not None]
    low = [moment for moment, height in zip(at, heights, strict=True) if height is not None and not _is_high(height, station)]
    if low:
        share = "all the time" if len(low) == len(known) else f"at {len(low)} of {len(known)} times looked at"
        found.append(
            f"{booking.spacecraft} stands below {station.minimum_elevation_deg:g} degrees {share} (highest {max(known):.1f}"
            f" degrees, first low at {utc_from_tai_ns(low[0], 0)})"
        )
    return found


def as_told(booking: Booking) -> dict[str, object]:
    """Return a booking as the file has it; without `start` or `stop` it has none."""
    edges = {"start": (booking.start, 0), "stop": (booking.stop, FOR_EVER)}
    return {
        "reference": booking.reference, "spacecraft": booking.spacecraft,
        **{key: utc_from_tai_ns(moment) for key, (moment, none) in edges.items() if moment != none},
        "agencies": list(booking.agencies), **({"uplink": list(booking.uplink)} if booking.uplink else {}),
    }  # fmt: skip


def booking_of(values: dict[str, object], station: Station, where: str) -> Booking:
    """Return the booking that `as_told` told. Raises DefinitionError."""
    return _booking(Table(values, where), station)


def _booking(table: Table, station: Station) -> Booking:
    """Return one booking of the file."""
    reference, spacecraft = table.text("reference"), table.text("spacecraft")
    start, stop = _moment(table, "start", 0), _moment(table, "stop", FOR_EVER)
    agencies = tuple(table.texts("agencies")) or (station.agency,)
    uplink = tuple(table.texts("uplink"))
    table.finish()
    try:
        return Booking(reference, station.key, spacecraft, start, stop, agencies, uplink)
    except UsageError as error:
        raise DefinitionError(error.what, where=table.path("stop")) from error


def _moment(table: Table, key: str, absent: int) -> int:
    text = table.text(key, "")
    try:
        if not text:
            return absent
        moment = tai_ns_from_utc(text)
        utc_from_tai_ns(moment)  # refuses what cannot be written
        return moment
    except TimeError as error:
        raise DefinitionError(f"{text!r} is no UTC time: {error.what}", where=table.path(key)) from error


def _check(booking: Booking, installation: Installation, station: Station) -> None:
    """Raise UsageError for a booking of what is not followed, by who may not have it, or without a proper name."""
    if not REFERENCE.fullmatch(booking.reference):
        raise UsageError(f"reference {booking.reference!r}", remedy="Give 1 to 40 letters, digits and -")
    if booking.spacecraft not in installation.spacecraft:
        raise UsageError(
            f"{booking.spacecraft!r} is not followed here", remedy=f"Followed are {', '.join(installation.spacecraft)}"
        )
    organisation = installation.mission.organisation
    for agency in booking.agencies:
        if agency not in organisation.agencies:
            known = ", ".join(organisation.agencies)
            raise UsageError(f"the mission has no agency {agency!r}", remedy=f"It has {known}")
        if agency != station.agency and not _is_given(organisation.agreement, station, agency, booking):
            raise UsageError(
                f"the agreement gives {agency} no frames of {booking.spacecraft} from {station.key} over all of that time",
                remedy="Book a time for which agreement.toml gives them",
            )
    _check_uplink(booking, installation, station)


def _check_uplink(booking: Booking, installation: Installation, station: Station) -> None:
    """Raise UsageError for an uplink by who may never command the spacecraft, or that the station cannot do."""
    known = commanders(installation, booking.spacecraft)
    for agency in booking.uplink:
        if agency not in known:
            raise UsageError(
                f"{agency!r} may not command {booking.spacecraft}",
                remedy=f"authority.toml lets {', '.join(known) or 'nobody'} have it",
            )
    if booking.uplink and not can_command(installation, station, booking.spacecraft, Period(booking.start, booking.stop)):
        raise UsageError(
            f"{station.key} cannot command {booking.spacecraft} then",
            remedy="The station needs a capability `uplink` over that time, the spacecraft an `uplink` file",
        )


def _is_given(agreement: Agreement, station: Station, agency: str, booking: Booking) -> bool:
    return any(
        (give.giver, give.receiver, give.kind) == (station.agency, agency, "frames")
        and give.spacecraft in ("", booking.spacecraft)
        and (not give.only or station.key in give.only)
        and booking.start in give.period
        and booking.stop - 1 in give.period
        for give in agreement.gives
    )


def _beams(station: Station, booked: list[Booking]) -> int:
    """Return how many spacecraft a station hears at once: what the mission tells, or as many as stand booked for ever."""
    return max(station.beams, len({one.spacecraft for one in booked if one.is_standing}))


def _is_high(height: float, station: Station) -> bool:
    return height >= station.minimum_elevation_deg


def _word(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name)[:30]
