"""The terminal view of the live complex: a picture of it as text, for any width, with colour or without."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ..time import utc_from_tai_ns

if TYPE_CHECKING:
    from ..services import live

NARROWEST, TWO_COLUMNS = 60, 170
ANY_HEIGHT = 10_000
GOOD, POOR, BAD, FADED, HEAD = "green", "yellow", "bold red", "dim", "bold"
SEVERITY_WORDS = ("normal", "watch", "warning", "distress", "critical", "severe")
UNKNOWN = "–"
KINDS = ("FRAMES", "MERGED", "PARAMETERS", "PACKETS", "ALARMS", "EVENTS", "LIMITS", "LINKS")  # of streams, as they are shown
NEARLY_FULL, FULL = 0.7, 0.9


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a section: its title, what a row shows in it, whether it holds numbers, and how wide a view must be for it."""

    title: str
    cell: Callable[[Any], Text | str]
    number: bool = False
    at_least: int = 0
    stretch: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the view: its rows, and how many of them it needs at least when there is little room."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Any]
    least: int
    notes: tuple[Text, ...] = ()

    @property
    def frame(self) -> int:
        """Lines that it takes beside its rows."""
        return 2 + len(self.notes)


def view(picture: "live.Picture", width: int, height: int = ANY_HEIGHT) -> RenderableType:
    """Return a picture for a terminal of this size; where room is short, long tables lose their ends."""
    head = _header(picture, width)
    room = height - len(head)
    if width >= TWO_COLUMNS:
        half = (width - 3) // 2
        left, right = [_lines(picture), _counts(picture), _services(picture), _alarms(picture)], [
            _values(picture), _events(picture), _streams(picture),
        ]  # fmt: skip
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_column(width=half)
        grid.add_column(width=half)
        grid.add_row(_stack(left, half, room), _stack(right, half, room))
        return Group(*head, grid)
    sections = [
        _lines(picture), _counts(picture), _services(picture), _alarms(picture), _values(picture), _events(picture),
        _streams(picture),
    ]  # fmt: skip
    return Group(*head, _stack(sections, max(width, NARROWEST), room))


def status_line(picture: "live.Picture") -> str:
    """Return one line on the complex: the clock, and of each agency what was merged and what is wrong."""
    parts = [f"{_utc(picture.now)} UTC" + (" SYNTHETIC" if picture.synthetic else "")]
    for agency in picture.agencies:
        counts = [one for one in picture.counts if one.agency == agency.key]
        links = [one for one in picture.links if one.agency == agency.key]
        locked = sum(link.lock == "locked" for link in links)
        merged, holes, archived = (sum(getattr(one, n) or 0 for one in counts) for n in ("merged", "holes", "archived"))
        wrong = [f"{s.service} {s.status}" for s in picture.services if s.agency == agency.key and s.status != "well"]
        alarms = sum(alarm.calls for alarm in picture.alarms if alarm.by == agency.key)
        text = f"{agency.key}: {locked}/{len(links)} lines locked, {merged} frames, {holes} holes, {archived} packets archived"
        parts.append(text + (f", {alarms} alarms" if alarms else "") + (f", {', '.join(wrong)}" if wrong else ""))
    return " | ".join(parts)


def _header(picture: "live.Picture", width: int) -> list[Text]:
    title = Text("Aelita  ", style=HEAD)
    if picture.synthetic:
        title.append(" SYNTHETIC ", style="bold black on yellow")
        title.append(" nothing came from a spacecraft  " if width >= 100 else "  ", style=POOR)
    title.append(picture.mission, style=HEAD)
    clock = Text.assemble(("UTC ", FADED), (_utc(picture.now), HEAD))
    for spacecraft, emitted in picture.emitted:
        light = (picture.now - emitted) / 1e9
        clock.append(f"   {spacecraft.upper()} ", style=FADED)
        clock.append(_utc(emitted) if width >= 100 else _utc(emitted)[11:], style=HEAD)
        clock.append(f" (light {_span(light)})")
    if picture.replayed:
        clock.append("   replay", style=POOR)
    if picture.speed != 1.0:
        clock.append(f" ×{picture.speed:g}", style=POOR)
    lines = [title, clock]
    for agency in picture.agencies:
        if not agency.connected:
            lines.append(Text(f"{agency.name}: its streams are not reached ({agency.why})", style=BAD))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _stack(sections: list[Section], width: int, room: int) -> Group:
    """Return sections one below another, each with as many rows as fit."""
    shown = [section for section in sections if section.rows or section.notes]
    share = {id(one): min(len(one.rows), one.least) for one in shown}
    left, dropped = room - sum(one.frame + share[id(one)] for one in shown), list[str]()
    while left < bool(dropped) and len(shown) > 1:
        one = shown.pop()
        left += one.frame + share[id(one)]
        dropped.append(one.title)
    left -= bool(dropped)
    while left > 0 and (hungry := [one for one in shown if share[id(one)] < len(one.rows)]):
        for one in hungry[:left]:
            share[id(one)] += 1
            left -= 1
    rest = [Text(f"No room for: {', '.join(reversed(dropped))}", style=FADED)] if dropped else []
    return Group(*(_table(one, share[id(one)], width) for one in shown), *rest)


def _table(section: Section, rows: int, width: int) -> Group:
    hidden = len(section.rows) - rows
    title = section.title + (f" ({hidden} more)" if hidden else "")
    table = Table(box=None, padding=(0, 1, 0, 0), header_style=FADED, width=width, collapse_padding=True)
    columns = [column for column in section.columns if column.at_least <= width]
    for column in columns:
        table.add_column(
            column.title, justify="right" if column.number else "left", no_wrap=True, overflow="ellipsis",
            ratio=1 if column.stretch else None,
        )  # fmt: skip
    if not any(column.stretch for column in columns):
        table.add_column("", ratio=1)
    for row in section.rows[:rows]:
        table.add_row(*(_cell(column.cell(row)) for column in columns))
    for note in section.notes:
        note.truncate(width, overflow="ellipsis")
    return Group(Rule(Text(title, style=HEAD), align="left", style=FADED), table, *section.notes)


def _cell(text: Text | str) -> Text:
    return text if isinstance(text, Text) else Text(text)


def _lines(picture: "live.Picture") -> Section:
    def words(of: Callable[["live.LinkSeen"], str], good: tuple[str, ...]) -> Callable[["live.LinkSeen"], Text]:
        def cell(link: "live.LinkSeen") -> Text:
            word = of(link)
            return Text(word, style=_alive(link.alive and word != "unknown", GOOD if word in good else BAD))

        return cell

    def number(of: Callable[["live.LinkSeen"], str]) -> Callable[["live.LinkSeen"], Text]:
        return lambda link: Text(of(link), style="" if link.alive else FADED)

    columns = (
        Column("agency", lambda link: link.agency, at_least=76),
        Column("station", lambda link: link.station),
        Column("craft", lambda link: link.spacecraft),
        Column("SLE", words(lambda link: link.state, ("active",))),
        Column("lock", words(lambda link: link.lock, ("locked",))),
        Column("production", words(lambda link: link.production, ("running",)), at_least=100),
        Column("kbit/s", number(lambda link: _rate(None if link.bit_rate is None else link.bit_rate / 1000)), True),
        Column("frames", number(lambda link: f"{link.frames:,}"), True),
        Column("missed", _missed, True, at_least=76),
        Column("last frame", number(lambda link: _ago(link.last_frame_s)), True),
        Column("light", number(lambda link: _span(link.light_time_s)), True, at_least=96),
        Column("elev.", _elevation, True, at_least=76),
        Column("told", number(lambda link: _ago(link.heard_s)), True, at_least=110),
    )
    notes = tuple(Text(f"  {one.station} for {one.agency}: {one.why}", style=BAD) for one in picture.links if one.why)
    return Section("Lines", columns, picture.links, len(picture.links), notes)


def _missed(link: "live.LinkSeen") -> Text:
    if link.missed is None:
        return Text(UNKNOWN, style=FADED)
    total = link.frames + link.missed
    text = f"{link.missed:,}" + (f" {100 * link.missed / total:.1f} %" if link.missed and total else "")
    return Text(text, style=_alive(link.alive, POOR if link.missed else ""))


def _elevation(link: "live.LinkSeen") -> Text:
    if link.elevation_deg is None:
        return Text(UNKNOWN, style=FADED)
    return Text(f"{link.elevation_deg:.0f}°", style="" if link.elevation_deg > 0 else POOR)


def _counts(picture: "live.Picture") -> Section:
    def processed(of: Callable[["live.CountsSeen"], str], poor: str = "") -> Callable[["live.CountsSeen"], Text]:
        def cell(one: "live.CountsSeen") -> Text:
            style = POOR if poor and getattr(one, poor) else ""
            return Text(of(one), style=_alive(one.processing, style))

        return cell

    columns = (
        Column("agency", lambda one: one.agency),
        Column("craft", lambda one: one.spacecraft),
        Column("merged", processed(lambda one: _count(one.merged)), True),
        Column("/s", processed(lambda one: _rate(one.merged_per_s)), True),
        Column("late", processed(lambda one: _count(one.late), "late"), True),
        Column("unusable", processed(lambda one: _count(one.unusable), "unusable"), True, at_least=76),
        Column("holes", processed(lambda one: _count(one.holes), "holes"), True),
        Column("packets/s", processed(lambda one: _rate(one.packets_per_s)), True),
        Column("samples/s", processed(lambda one: _rate(one.samples_per_s)), True, at_least=76),
        Column("archived", lambda one: Text(_count(one.archived), style=_alive(one.archiving)), True, at_least=90),
        Column("archive lag", lambda one: Text(_ago(one.archive_lag_s), style=_alive(one.archiving)), True),
    )
    return Section("Frames", columns, picture.counts, len(picture.counts))


def _services(picture: "live.Picture") -> Section:
    agencies = list(dict.fromkeys(service.agency for service in picture.services))
    rows = [(agency, [one for one in picture.services if one.agency == agency]) for agency in agencies]
    columns = (
        Column("agency", lambda row: row[0] or "all"),
        Column("services", lambda row: _by_status(row[1]), stretch=True),
    )
    notes = [
        Text(f"  {one.agency or 'all'} {one.service}: {fault}", style=BAD)
        for one in picture.services
        if one.status in ("faulty", "starting")
        for fault in one.faults
    ]
    return Section("Services", columns, rows, len(rows), tuple(notes[:4]))


def _by_status(services: list["live.ServiceSeen"]) -> Text:
    """Return the names of services, those that are not well first, behind the word for it."""
    shown = Text()
    for status in dict.fromkeys(sorted((one.status for one in services), key=lambda status: status == "well")):
        names = " ".join(one.service for one in services if one.status == status)
        style = GOOD if status == "well" else POOR if status == "starting" else BAD
        shown.append(("   " if shown else "") + (names if status == "well" else f"{status.upper()} {names}"), style=style)
    return shown


def _alarms(picture: "live.Picture") -> Section:
    def style(one: "live.AlarmSeen") -> str:
        return FADED if one.stale or not one.calls else BAD if one.severity >= 3 else POOR

    columns = (
        Column("agency", lambda one: one.by),
        Column("severity", lambda one: Text(SEVERITY_WORDS[one.severity], style=style(one))),
        Column("since", lambda one: _utc(one.since)[11:], at_least=70),
        Column(
            "alarm",
            lambda one: Text(": ".join(filter(None, (one.title or one.alarm, one.value))), style=style(one)),
            stretch=True,
        ),
        Column("state", lambda one: one.state + (", stale" if one.stale else "")),
    )
    return Section("Alarms", columns, picture.alarms, 4)


def _values(picture: "live.Picture") -> Section:
    def style(one: "live.ValueSeen") -> str:
        return FADED if not one.alive else POOR if not one.good else ""

    seen: dict[tuple[str, str], live.ValueSeen] = {}
    for one in picture.values:  # one row a parameter: agencies that hear the same spacecraft have the same values
        known = seen.setdefault((one.spacecraft, one.parameter), one)
        if one.alive and not known.alive:
            seen[one.spacecraft, one.parameter] = one
    columns = (
        Column("agency", lambda one: Text(one.agency, style=style(one))),
        Column("craft", lambda one: Text(one.spacecraft, style=style(one)), at_least=70),
        Column("parameter", lambda one: Text(one.parameter.rpartition("/")[2], style=style(one))),
        Column("value", lambda one: Text(shown(one.value), style=style(one)), True),
        Column("unit", lambda one: Text(one.units, style=FADED)),
        Column("raw", lambda one: Text("" if one.raw in (None, one.value) else shown(one.raw), style=FADED), True, at_least=100),
        Column("age", lambda one: Text(_ago(one.age_s), style=style(one)), True),
    )
    return Section("Latest values", columns, list(seen.values()), 4)


def _events(picture: "live.Picture") -> Section:
    colours = {"info": "", "low": POOR, "medium": POOR, "high": BAD, "distress": BAD, "critical": BAD, "severe": BAD}
    unique: dict[tuple[str, int | None, str], live.EventSeen] = {}
    for one in picture.events:
        unique.setdefault((one.spacecraft, one.at, one.text), one)
    columns = (
        Column("on board, UTC", lambda one: UNKNOWN if one.at is None else _utc(one.at)[11:]),
        Column("craft", lambda one: one.spacecraft),
        Column("severity", lambda one: Text(one.severity, style=colours.get(one.severity, POOR)), at_least=70),
        Column("event", lambda one: one.text, stretch=True),
    )
    return Section("Events", columns, list(unique.values())[:30], 3)


def _streams(picture: "live.Picture") -> Section:
    def style(one: "live.StreamSeen") -> str:
        return _alive(one.alive)

    def order(one: "live.StreamSeen") -> tuple[bool, int, bool]:
        kind = one.name.rpartition("_")[2]
        ill = one.fault or one.missing or one.fill >= NEARLY_FULL or (one.mirror and not _mirror_well(one, picture))
        return not ill, KINDS.index(kind) if kind in KINDS else len(KINDS), one.mirror

    used = sorted(
        (one for one in picture.streams if one.messages or one.fault or (one.mirror and not _mirror_well(one, picture))),
        key=order,
    )
    columns = (
        Column("agency", lambda one: one.agency),
        Column("stream", lambda one: Text(one.name, style=style(one))),
        Column("messages", lambda one: Text(f"{one.messages:,}", style=style(one)), True),
        Column("/s", lambda one: Text(_rate(one.per_s), style=style(one)), True),
        Column("size", lambda one: Text(_octets(one.octets), style=style(one)), True, at_least=90),
        Column("full", lambda one: Text(f"{100 * one.fill:.1f} %", style=_alive(one.alive, _fill_style(one.fill))), True),
        Column("lag", lambda one: Text("" if one.lag is None else f"{one.lag:,}", style=style(one)), True),
        Column("origin", lambda one: _origin(one, picture), True),
    )
    notes = [Text(f"  {one.agency} {one.name}: {one.fault}", style=BAD) for one in used if one.fault]
    notes += [Text(f"  {one.agency} {one.name}: {one.missing} messages missing", style=BAD) for one in used if one.missing > 0]
    return Section("Streams and mirrors", columns, used, 3, tuple(notes[:3]))


def _mirror_well(one: "live.StreamSeen", picture: "live.Picture") -> bool:
    return one.origin_s is not None and one.origin_s <= 2 * picture.refresh_s


def _origin(one: "live.StreamSeen", picture: "live.Picture") -> Text:
    if not one.mirror:
        return Text("")
    if not one.alive:
        return Text("unknown", style=FADED)
    return Text("heard", style=GOOD) if _mirror_well(one, picture) else Text(f"silent {_span(one.origin_s)}".strip(), style=BAD)


def _fill_style(fill: float) -> str:
    return BAD if fill >= FULL else POOR if fill >= NEARLY_FULL else ""


def _alive(alive: bool, style: str = "") -> str:
    return style if alive else FADED


def shown(value: object) -> str:
    """Return a value for people: few digits, long lists and octets by their size."""
    match value:
        case None:
            return "invalid"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.6g}"
        case bytes():
            return value.hex() if len(value) <= 8 else f"{len(value)} octets"
        case list() | tuple() | dict():
            items: Iterable[object] = value.values() if isinstance(value, dict) else value
            text = " ".join(shown(one) for one in items)
            return text if len(text) <= 32 else f"{len(value)} values"
    return str(value)


def _utc(at: int) -> str:
    return utc_from_tai_ns(at, 0).replace("T", " ").rstrip("Z")


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _rate(number: float | None) -> str:
    return UNKNOWN if number is None else f"{number:,.1f}"


def _ago(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else _span(max(seconds, 0.0))


def _span(seconds: float | None) -> str:
    """Return a length of time in one or two units."""
    if seconds is None:
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, big, small in ((86400, "d", "h"), (3600, "h", "min"), (60, "min", "s")):
        if whole >= size:
            rest = whole % size // {86400: 3600, 3600: 60, 60: 1}[size]
            return f"{whole // size} {big}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"


def _octets(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
