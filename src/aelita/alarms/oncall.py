"""Who is on call: people, weekly shifts in a time zone, exceptions by date, and quiet hours, from TOML."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import DefinitionError
from ..tables import Table
from ..time import SECOND, tai_ns_from_utc, utc_parts
from .states import SEVERITIES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to notify, and where."""

    name: str
    mail: str = ""
    webhook: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the local day from `start` to `stop` (excluded); past midnight when `stop` is not later than `start`."""

    start: int
    stop: int
    zone: ZoneInfo

    def begun(self, moment: int) -> date | None:
        """Return the local date on which the hours around a moment (TAI ns) began, None when it is outside of them."""
        local = local_time(moment, self.zone)
        minute = local.hour * 60 + local.minute
        if self.start < self.stop:
            return local.date() if self.start <= minute < self.stop else None
        if minute >= self.start:
            return local.date()
        return local.date() - timedelta(days=1) if minute < self.stop else None

    def end(self, moment: int) -> int:
        """Return when the hours around a moment end (TAI ns)."""
        begun = self.begun(moment)
        assert begun is not None
        day = begun if self.start < self.stop else begun + timedelta(days=1)
        local = datetime(day.year, day.month, day.day, *divmod(self.stop % DAY_MINUTES, 60), tzinfo=self.zone)
        if self.stop == DAY_MINUTES:
            local += timedelta(days=1)
        return tai_ns_from_utc(local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call for a role in these hours of these days of the week (0: Monday), counted by the day they begin."""

    role: str
    days: frozenset[int]
    hours: Hours
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Other people for the shifts of a role that begin on this date."""

    role: str
    day: date
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which alarms below a severity wake nobody."""

    hours: Hours
    below: int


@dataclass(frozen=True, slots=True)
class OnCall:
    """The calendar of one agency."""

    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    quiet: tuple[Quiet, ...] = ()

    def person(self, name: str) -> Person | None:
        """Return the person of a name, None when there is none."""
        return next((one for one in self.people if one.name == name), None)

    def on_call(self, role: str, moment: int) -> tuple[Person, ...]:
        """Return who is on call for a role at a moment (TAI ns), in the order of the calendar."""
        names: list[str] = []
        for shift in self.shifts:
            begun = shift.hours.begun(moment) if shift.role == role else None
            if begun is not None and begun.weekday() in shift.days:
                exchange = next((one for one in self.exchanges if one.role == role and one.day == begun), None)
                names += shift.people if exchange is None else exchange.people
        return tuple(one for name in dict.fromkeys(names) if (one := self.person(name)) is not None)

    def quiet_until(self, severity: int, moment: int) -> int:
        """Return when the quiet hours end that hold an alarm of this severity back; the moment itself when none do (TAI ns)."""
        until = moment
        for _ in self.quiet:  # one may follow on another
            ends = [q.hours.end(until) for q in self.quiet if severity < q.below and q.hours.begun(until) is not None]
            if not ends:
                break
            until = max(ends)
        return until


def local_time(moment: int, zone: ZoneInfo) -> datetime:
    """Return the local time at a moment (TAI ns), to the second; a leap second reads as the second before it."""
    day, of_day = utc_parts(moment)
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=min(of_day // SECOND, 86_399))).astimezone(zone)


def read_on_call(table: Table) -> OnCall:
    """Return the calendar in a table: `people`, `shifts`, `exceptions`, `quiet`. Raises DefinitionError naming file and key."""
    people = tuple(_person(one) for one in table.tables("people"))
    names = [one.name for one in people]
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(f"{name!r} is there twice", where=table.path("people"))
    shifts = tuple(_shift(one, names) for one in table.tables("shifts"))
    exchanges = tuple(one for part in table.tables("exceptions") for one in _exchanges(part, names))
    return OnCall(people, shifts, exchanges, tuple(_quiet(one) for one in table.tables("quiet")))


def _person(table: Table) -> Person:
    one = Person(table.text("name"), table.text("mail", ""), table.text("webhook", ""))
    table.finish()
    if one.mail and not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", one.mail):
        raise DefinitionError(f"{one.mail!r} is no mail address", where=table.path("mail"))
    if one.webhook and not re.fullmatch(r"https?://\S+", one.webhook):
        raise DefinitionError(f"{one.webhook!r} is no http or https address", where=table.path("webhook"))
    return one


def _shift(table: Table, names: list[str]) -> Shift:
    role, days = table.text("role"), table.texts("days")
    if not days or not set(days) <= set(DAYS):
        raise DefinitionError(f"{days!r} are not days out of {', '.join(DAYS)}", where=table.path("days"))
    one = Shift(role, frozenset(map(DAYS.index, days)), _hours(table), _people(table, names))
    table.finish()
    return one


def _exchanges(table: Table, names: list[str]) -> list[Exchange]:
    role, people = table.text("role"), _people(table, names)
    days = table.texts("dates")
    table.finish()
    try:
        return [Exchange(role, date.fromisoformat(day), people) for day in days]
    except ValueError as error:
        raise DefinitionError(f"{error}", where=table.path("dates"), remedy="Write dates as 2026-12-25") from error


def _people(table: Table, names: list[str]) -> tuple[str, ...]:
    people = table.texts("people")
    for name in people:
        if name not in names:
            raise DefinitionError(f"{name!r} is not among the people", where=table.path("people"))
    return tuple(people)


def _quiet(table: Table) -> Quiet:
    one = Quiet(_hours(table), SEVERITIES.index(table.choice("below", SEVERITIES[1:], "critical")))
    table.finish()
    return one


def _hours(table: Table) -> Hours:
    zone = table.text("zone", "UTC")
    try:
        known = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DefinitionError(
            f"{zone!r} is no time zone of this machine", where=table.path("zone"), remedy="Install tzdata"
        ) from error
    return Hours(_minute(table, "start", "00:00"), _minute(table, "stop", "24:00"), known)


def _minute(table: Table, key: str, default: str) -> int:
    text = table.text(key, default)
    match = re.fullmatch(r"(\d\d):(\d\d)", text)
    minute = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else DAY_MINUTES + 1
    if minute > DAY_MINUTES or (key == "start" and minute == DAY_MINUTES):
        raise DefinitionError(f"{text!r} is no time of day", where=table.path(key), remedy="Write hours and minutes as 08:30")
    return minute
