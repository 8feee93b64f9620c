"""What can be subscribed to: latest values, events, packets, and what the watch sees, each with what stands of it now.

An update of a parameter is `{"n": name, "s": spacecraft, "v": value, "r": raw value where it is another, "q": whether it is good,
"l": severity of its limits 0 to 5, "t": generated, "rt": received}`, in a snapshot with its units `u`. Of a report or a limit
transition (`kind` report or limit) the severity is a word. A packet tells its header, not its octets.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..alarms import SEVERITIES
from ..errors import DataError
from ..services import live
from .answers import utc_text
from .hub import Hub
from .live_updates import Body, Update, value_of

MOST_RECENT = 200
ENVELOPE = ("received", "generated", "quality", "apid", "sequence_count")
RAW = " raw"

Row = dict[str, Any]
Chosen = Callable[[str, str], bool]
UnitsOf = Callable[[str, str], str]


@dataclass(slots=True)
class Held:
    """The newest row of one container."""

    spacecraft: str
    merged: int = 0  # number of the merged message of which it was made
    row: Row = field(default_factory=dict)
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Parameters:
    """The latest values of an agency's parameters; `units` tells the unit of a spacecraft's parameter."""

    units: UnitsOf
    name: str = "parameters"
    keyed: bool = True
    _containers: dict[str, Held] = field(default_factory=dict)
    _latest: dict[tuple[str, str], Held] = field(default_factory=dict)
    _severities: dict[tuple[str, str], int] = field(default_factory=dict)

    def snapshot(self, chosen: Chosen) -> Sequence[Body]:
        """Return the latest value of each parameter that is chosen."""
        return [
            self._body(held.spacecraft, name, held.row) | {"u": self.units(craft, name)}
            for (craft, name), held in self._latest.items()
            if chosen(craft, name)
        ]

    def take(self, message: live.Message, hub: Hub) -> None:
        """Take a message of the stream of parameters. Raises DataError."""
        held = self._containers.get(message.subject)
        if held is None:
            held = self._containers[message.subject] = Held(message.subject.split(".")[2])
        table = live.unpack(message.data)
        if not table.height or not set(ENVELOPE) <= set(table.columns):
            raise DataError("a message of parameters has other columns", where=f"{message.subject} {message.sequence}")
        craft, before = held.spacecraft, held.names
        held.merged = int(message.headers.get(live.MERGED_HEADER, 0))
        held.names = tuple(name for name in table.columns if name not in ENVELOPE and not name.endswith(RAW))
        for name in set(before) - set(held.names):  # the mission database has changed
            if self._latest.get((craft, name)) is held:
                del self._latest[craft, name]
        wanted = [name for name in held.names if hub.interested(self.name, craft, name)]
        rows = table.rows(named=True) if wanted else [table.row(-1, named=True)]
        for held.row in rows:
            moving = [name for name in wanted if self._is_newer(held, name)]
            hub.publish(self.name, [self._update(craft, name, held.row) for name in moving])
        self._latest.update({(craft, name): held for name in held.names if self._is_newer(held, name)})

    def _is_newer(self, held: Held, name: str) -> bool:
        """Whether a row tells more of a parameter than what is known: containers made of the same frames come one by one."""
        known = self._latest.get((held.spacecraft, name), held)
        return known is held or known.merged != held.merged or (known.row["received"] or 0) <= (held.row["received"] or 0)

    def judge(self, spacecraft: str, parameter: str, severity: int, received: int, hub: Hub) -> None:
        """Take in the severity of a parameter from when it was received (TAI nanoseconds).

        The value that is known is told again when it is that one or a later one; else it comes with its severity.
        """
        key = spacecraft, parameter
        if self._severities.get(key, 0) == severity:
            return
        self._severities[key] = severity
        held = self._latest.get(key)
        if held is not None and (held.row["received"] or 0) >= received and hub.interested(self.name, spacecraft, parameter):
            hub.publish(self.name, [self._update(spacecraft, parameter, held.row)])

    def severity(self, spacecraft: str, name: str) -> int | None:
        """Return the severity that a parameter's value is told with, None when no value of it is known."""
        known = (spacecraft, name) in self._latest
        return self._severities.get((spacecraft, name), 0) if known else None

    def _update(self, spacecraft: str, name: str, row: Row) -> Update:
        return Update((spacecraft, name), name, spacecraft, self._body(spacecraft, name, row))

    def _body(self, spacecraft: str, name: str, row: Row) -> dict[str, Any]:
        raw = row.get(name + RAW)
        return {
            "n": name,
            "s": spacecraft,
            "v": value_of(row[name]),
            "r": None if raw is None else value_of(raw),
            "q": not row["quality"],
            "l": self._severities.get((spacecraft, name), 0),
            "t": utc_text(row["generated"]),
            "rt": utc_text(row["received"]),
        }


@dataclass(slots=True)
class Recent:
    """The newest of what only comes and goes: events by their name, packets by their APID."""

    name: str
    keyed: bool = False
    _recent: deque[Update] = field(default_factory=lambda: deque(maxlen=MOST_RECENT))
    _count: int = 0

    def snapshot(self, chosen: Chosen) -> Sequence[Body]:
        """Return what came last, the oldest first."""
        return [one.body for one in self._recent if chosen(one.spacecraft, one.name)]

    def tell(self, bodies: Iterable[tuple[str, str, Body]], hub: Hub) -> None:
        """Take what came: spacecraft, name, and what is told of it."""
        made = []
        for craft, name, body in bodies:
            self._count += 1
            made.append(Update(self._count, name, craft, body))
        self._recent.extend(made)
        hub.publish(self.name, made)


@dataclass(slots=True)
class Board:
    """What stands until it changes, each thing by its key: lines, alarms, the whole picture. Snapshots leave `quiet` ones out."""

    name: str
    keyed: bool = True
    _items: dict[Hashable, Update] = field(default_factory=dict)

    def snapshot(self, chosen: Chosen) -> Sequence[Body]:
        """Return all that stands."""
        return [one.body for one in self._items.values() if chosen(one.spacecraft, one.name) and not one.body.get("quiet")]

    def show(self, items: dict[Hashable, tuple[str, str, Body]], hub: Hub) -> None:
        """Take all that stands now, spacecraft, name and body by key; what has gone is told with `gone`."""
        changed = []
        for key, (craft, name, body) in items.items():
            known = self._items.get(key)
            if known is None or known.body != body:
                changed.append(Update(key, name, craft, body))
        for key in self._items.keys() - items.keys():
            known = self._items.pop(key)
            changed.append(Update(key, known.name, known.spacecraft, {**known.body, "gone": True}))
        self._items.update({one.key: one for one in changed if one.key in items})
        hub.publish(self.name, changed)


def packets_in(message: live.Message) -> Iterator[tuple[str, str, Body]]:
    """Yield the headers of the packets in a message. Raises DataError, ValueError."""
    _, _, craft, apid = message.subject.split(".")
    table = live.unpack(message.data)
    lengths = table["octets"].bin.size().to_list()
    for row, length in zip(table.drop("octets").iter_rows(named=True), lengths, strict=True):
        yield craft, apid, _header(craft, row) | {"vc": row["virtual_channel"], "length": length}


def reports_in(message: live.Message) -> Iterator[tuple[str, str, Body]]:
    """Yield the event reports in a message. Raises DataError, ValueError."""
    _, _, severity, craft = message.subject.split(".")
    for row in live.unpack(message.data).iter_rows(named=True):
        name = str(row.get("name") or "")
        more = {"name": name, "message": str(row.get("message") or name), "details": row.get("details")}
        yield craft, name, {"kind": "report", "severity": severity, **_header(craft, row), **more}


def transitions_in(message: live.Message) -> Iterator[tuple[str, str, int, int, Body]]:
    """Yield the limit transitions in a message: spacecraft, parameter, severity, received, body. Raises DataError, ValueError."""
    craft = message.subject.split(".")[2]
    for row in live.unpack(message.data).iter_rows(named=True):
        before, after, name = int(row["before"]), int(row["after"]), str(row["parameter"])
        value = row["text"] if row["text"] is not None else "" if row["value"] is None else f"{row['value']:g}"
        told = f"{name.rpartition('/')[2]} {value}: {SEVERITIES[before]} → {SEVERITIES[after]}"
        more = {"name": name, "message": told, "before": before, "after": after, "value": value}
        yield craft, name, after, row["received"] or 0, {
            "kind": "limit", "severity": SEVERITIES[after], **_header(craft, row), **more
        }  # fmt: skip


def _header(spacecraft: str, row: Row) -> dict[str, Any]:
    return {
        "s": spacecraft,
        "apid": row["apid"],
        "seq": row["sequence_count"],
        "q": not row["quality"],
        "t": utc_text(row["generated"]),
        "rt": utc_text(row["received"]),
    }
