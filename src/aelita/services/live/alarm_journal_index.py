"""What was told of all alarms, in the order of time, so that a history over all of them is searched without reading it whole."""

import bisect
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...alarms import Change, Notified, Record, Stance

PIECE = 8192  # records that are looked through at once
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SoughtRecords:
    """Which records of alarms are sought: `words` all in owner, name or title, made by `who`, with start <= time < stop (TAI ns).

    `severity` is the least one, of the condition when the record was made; `who` is a part of a user's name.
    """

    words: tuple[str, ...] = ()
    owner: str = ""
    severity: int = 0
    who: str = ""
    start: int | None = None
    stop: int | None = None


@dataclass(slots=True)
class Told:
    """The records of one stream in columns, by time and then by number; `alarms` and `people` are numbers of a `Names`."""

    at: "array[int]" = field(default_factory=lambda: array("q"))
    sequences: "array[int]" = field(default_factory=lambda: array("q"))
    alarms: "array[int]" = field(default_factory=lambda: array("i"))
    people: "array[int]" = field(default_factory=lambda: array("i"))
    severities: "array[int]" = field(default_factory=lambda: array("b"))

    def put(self, at: int, sequence: int, alarm: int, person: int, severity: int) -> None:
        """Put a record where it belongs: nearly always at the end."""
        found = self.find((at, sequence))
        columns = (self.at, self.sequences, self.alarms, self.people, self.severities)
        for column, value in zip(columns, (at, sequence, alarm, person, severity), strict=True):
            column.insert(found, value)

    def find(self, key: Key) -> int:
        """Return how many records come before a time and number."""
        if not self.at or (self.at[-1], self.sequences[-1]) < key:
            return len(self.at)
        return bisect.bisect_left(range(len(self.at)), key, key=lambda i: (self.at[i], self.sequences[i]))

    def newest(self, end: int, sought: "Numbered") -> Iterator[Key]:
        """Yield times and numbers of the records that are sought, the latest first, of those before the place `end`."""
        if sought.stop is not None:
            end = min(end, self.find((sought.stop, 0)))
        while end > 0:
            first = max(0, end - PIECE)
            fits = sought.fits(
                np.array(self.alarms[first:end]), np.array(self.people[first:end]), np.array(self.severities[first:end])
            )
            for place in np.flatnonzero(fits)[::-1].tolist():
                if sought.start is not None and self.at[first + place] < sought.start:
                    return
                yield self.at[first + place], self.sequences[first + place]
            if sought.start is not None and self.at[first] < sought.start:
                return
            end = first


@dataclass(frozen=True, slots=True)
class Numbered:
    """What is sought in numbers; None is all."""

    alarms: NDArray[np.int32] | None
    people: NDArray[np.int32] | None
    severity: int
    start: int | None
    stop: int | None

    def fits(self, alarms: NDArray[np.int32], people: NDArray[np.int32], severities: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return of each record whether it is sought."""
        found = severities >= self.severity
        if self.alarms is not None:
            found &= np.isin(alarms, self.alarms)
        if self.people is not None:
            found &= np.isin(people, self.people)
        return found


@dataclass(slots=True)
class Names:
    """Alarms and people by number, with what is known of each alarm."""

    alarms: dict[tuple[str, str], int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    severities: list[int] = field(default_factory=list)

    def of(self, owner: str, alarm: str, record: Record) -> tuple[int, int, int]:
        """Return the numbers of an alarm and of a person, and the severity of the condition, the last known if none is told."""
        number = self.alarms.setdefault((owner, alarm), len(self.alarms))
        if number == len(self.titles):
            self.titles.append("")
            self.severities.append(0)
        severity = self.severities[number]
        if isinstance(record.body, Change):
            before, after = record.body.before, record.body.after
            severity, self.severities[number] = max(before.severity, after.severity), after.severity
            self.titles[number] = after.title or self.titles[number]
        return number, self.people.setdefault(record.who, len(self.people)), severity

    def title(self, owner: str, alarm: str) -> str:
        """Return the title that an alarm had last."""
        number = self.alarms.get((owner, alarm))
        return "" if number is None else self.titles[number]

    def numbered(self, sought: SoughtRecords) -> Numbered:
        """Return what is sought in the numbers of now."""
        words, who = [word.casefold() for word in sought.words], sought.who.casefold()

        def fits(owner: str, alarm: str, number: int) -> bool:
            text = f"{owner} {alarm} {self.titles[number]}".casefold()
            return sought.owner in ("", owner) and all(word in text for word in words)

        alarms = [number for (owner, alarm), number in self.alarms.items() if fits(owner, alarm, number)]
        people = [number for name, number in self.people.items() if who in name.casefold()]
        return Numbered(
            np.array(alarms, np.int32) if words or sought.owner else None, np.array(people, np.int32) if who else None,
            sought.severity, sought.start, sought.stop,
        )  # fmt: skip


def alarm_of(record: Record) -> tuple[str, str] | None:
    """Return the owner and name of the alarm that a record is about, None when it is about none."""
    body = record.body
    if not isinstance(body, Change | Stance | Notified):
        return None
    return (record.agency if isinstance(body, Change) else body.owner), body.alarm
