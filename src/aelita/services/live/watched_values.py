"""The latest values of an agency's parameters as its stream of parameters tells them, and which of them to show first."""

import fnmatch
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ...errors import DataError
from ...mdb import Database, EnumeratedType, FloatType
from .batches import unpack
from .publishing import RAW

ENVELOPE = ("received", "generated", "quality", "apid", "sequence_count")
WHOLE, SOME = 4, 2  # of parameters whose names differ in digits alone: so many are shown together, of more only some
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class Latest:
    """The last message of one container: which it is, when it was heard (monotonic seconds), and its last row once read."""

    spacecraft: str
    sequence: int
    heard: float
    data: bytes
    names: tuple[str, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    read: int = 0

    def take(self, sequence: int, heard: float, data: bytes) -> None:
        """Replace what is known by a newer message."""
        self.sequence, self.heard, self.data = sequence, heard, data

    def open(self) -> None:
        """Read the last row of the message, once. One that cannot be read gives none."""
        if self.read == self.sequence:
            return
        self.read = self.sequence
        try:
            table = unpack(self.data)
            self.row = table.row(-1, named=True) if table.height else {}
        except (DataError, pl.exceptions.PolarsError):
            self.row = {}
        self.names = tuple(name for name in self.row if name not in ENVELOPE and not name.endswith(RAW))


class LatestValues:
    """The parameters of one agency. `databases` tells, by spacecraft, what parameters are; without one the names decide."""

    def __init__(self, databases: dict[str, Database]) -> None:
        self.databases = databases
        self._derived = {
            key: (
                {made.output for made in one.derivations},
                {used.parameter for made in one.derivations for _, used in made.inputs},
            )
            for key, one in databases.items()
        }
        self.containers: dict[str, Latest] = {}
        self.heard: float | None = None
        self._ranked: list[tuple[str, str]] = []  # container's subject, parameter
        self._ranked_of = 0

    def take(self, subject: str, sequence: int, data: bytes, heard: float) -> None:
        """Take a message of the stream."""
        known = self.containers.get(subject)
        if known is None:
            self.containers[subject] = Latest(subject.split(".")[2], sequence, heard, data)
        else:
            known.take(sequence, heard, data)
        self.heard = max(self.heard or heard, heard)

    def chosen(self, wanted: tuple[str, ...], most: int) -> list[tuple[Latest, str]]:
        """Return the parameters to show, with their containers opened: those wanted (patterns), else the most telling ones."""
        if self._ranked_of != len(self.containers):
            for one in self.containers.values():
                one.open()
            self._ranked, self._ranked_of = self._rank(), len(self.containers)
        picked = [one for one in self._ranked if any(_fits(one[1], pattern) for pattern in wanted)] if wanted else self._ranked
        found = [(self.containers[subject], name) for subject, name in picked[:most]]
        for latest, _ in found:
            latest.open()
        return [(latest, name) for latest, name in found if name in latest.row]

    def units(self, spacecraft: str, name: str) -> str:
        """Return the unit of a parameter, empty when none is known."""
        database = self.databases.get(spacecraft)
        known = database is not None and name in database.parameters
        return database.type_of(name).facts.units if database is not None and known else ""

    def _rank(self) -> list[tuple[str, str]]:
        """Return all parameters, the most telling first, containers taking turns; what nearly every packet has comes last."""
        often = Counter(name for one in self.containers.values() for name in one.names)
        common = {name for name, count in often.items() if count > max(2, len(self.containers) // 3)}
        found: list[tuple[int, int, int, int, str, str]] = []  # -worth, turn, container, place, its subject, name
        seen = set[str]()
        newest = sorted(self.containers.items(), key=lambda item: -(item[1].row.get("received") or 0))
        for number, (subject, one) in enumerate(newest):
            worths = {name: self._worth(one, name, name in common) for name in one.names if name not in seen}
            seen |= worths.keys()
            members = Counter(_DIGITS.sub("#", name) for name in worths)
            alike, kinds = Counter[str](), dict[str, int]()
            for place, name in enumerate(sorted(worths, key=lambda name: -worths[name])):
                alike[kind := _DIGITS.sub("#", name)] += 1
                most = WHOLE if members[kind] <= WHOLE else SOME
                worth = worths[name] if alike[kind] <= most else min(worths[name], 0)
                found.append((-worth, kinds.setdefault(kind, len(kinds)), number, place, subject, name))
        return [(subject, name) for *_, subject, name in sorted(found)]

    def _worth(self, one: Latest, name: str, common: bool) -> int:
        value = one.row.get(name)
        if common:
            return -1
        if value is None or isinstance(value, bytes):
            return 0
        worth = 4 * isinstance(value, float) + 2 * (name + RAW in one.row) + 2 * isinstance(value, str)
        database = self.databases.get(one.spacecraft)
        if database is None or name not in database.parameters:
            return worth
        kind = database.type_of(name)
        limits = kind.facts.alarms.default is not None or bool(kind.facts.alarms.contexts)
        outputs, inputs = self._derived[one.spacecraft]
        plain = isinstance(kind, FloatType | EnumeratedType)
        if kind.facts.units in ("s", "seconds") and not limits:
            return 1  # clocks on board tell little
        return worth + 8 * limits + 4 * bool(kind.facts.units) + 6 * (name in outputs) - 4 * (name in inputs) + plain


def _fits(name: str, pattern: str) -> bool:
    """Whether a parameter is meant: by its whole name, its last part, or a pattern of either; letters' case is as it is."""
    short = name.rpartition("/")[2]
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(short, pattern)


def heard_at(stored_unix_ns: int, fresh_s: float = 5.0) -> float:
    """Return when a message was heard, monotonic seconds: now, unless it was stored longer ago than messages are on their way."""
    age = time.time() - stored_unix_ns / 1e9
    return time.monotonic() - (age if age > fresh_s else 0.0)
