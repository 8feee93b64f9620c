"""Pass reports: entries of the log that the centre writes by itself when a contact is over, one for each."""

from collections.abc import Callable
from typing import Any

import polars as pl
from sqlalchemy import select

from ..archive import Archive, Order, page
from ..errors import AelitaError
from ..records import EVENTS, LIMITS
from ..services import live
from ..time import SECOND, tai_ns_from_utc, utc_from_tai_ns
from .answers import utc_text
from .centre import Centre
from .log_tables import PASS, Entry, Written, write
from .spacecraft import archive_of, crafts

SETTLED_NS = 90 * SECOND  # by the mission's clock, until the archive has what came last
MOST_EVENTS = 200
WRITER = "aelita"
LOW = 2  # events from this severity on are named


def concerns(agency: str, report: dict[str, Any], station_agency: str) -> bool:
    """Whether a contact is an agency's: its own station's, or booked for it."""
    return agency == station_agency or agency in (report.get("agencies") or ())


def contacts_of(here: Centre, station: str = "") -> list[dict[str, Any]]:
    """Return the reports of the contacts that concern the agency, in the order in which they ended."""
    stations = here.installation.mission.organisation.stations
    found = live.BookingDesk(here.installation.folder).contacts(station)
    return [one for one in found if concerns(here.agency, one, stations[one["station"]].agency)]


def settled_contacts(here: Centre, spacecraft: str = "") -> list[dict[str, Any]]:
    """Return the reports of those contacts that the archive should have wholly by now, of a spacecraft or of all."""
    settled = here.clock.now() - SETTLED_NS
    return [
        one
        for one in contacts_of(here)
        if spacecraft in ("", one["spacecraft"]) and _at(one.get("last") or one.get("stop")) <= settled
    ]


def write_pass_reports(here: Centre, going: Callable[[], bool] = lambda: True) -> int:
    """Write a report of each contact that is over and has none, while `going`; return how many. Calling it again adds nothing."""
    now, made = here.clock.now(), 0
    desk = live.BookingDesk(here.installation.folder, here.agency)
    known = _known(here)
    for report in settled_contacts(here):
        key = key_of(report)
        if key in known or not going():
            continue
        data = _data(here, desk, report)
        entry = Written(
            WRITER, PASS, words_of(data), str(report["spacecraft"]), data=data, key=key,
            mission_at=_at(report.get("last") or report.get("stop")) or now,
        )  # fmt: skip
        made += write(here.records, entry, now) is not None
    return made


def _known(here: Centre) -> set[str]:
    with here.records.session() as session:
        return {key for key in session.scalars(select(Entry.key).where(Entry.category == PASS)) if key}


def key_of(report: dict[str, Any]) -> str:
    """Return what names a contact for ever."""
    return f"pass/{report['station']}/{report['reference']}/{report.get('first') or report.get('start') or ''}"


def _at(told: Any) -> int:
    return tai_ns_from_utc(str(told)) if told else 0


def _data(here: Centre, desk: live.BookingDesk, report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report tells, with instants as texts."""
    first, last = _at(report.get("first")), _at(report.get("last"))
    station, craft = str(report["station"]), str(report["spacecraft"])
    light_s = desk.light_time_s(station, craft, last) if last else None
    counts = {key: value for key, value in report.items() if isinstance(value, int) and not isinstance(value, bool)}
    edges = {"aos": first, "los": last, "booked_start": _at(report.get("start")), "booked_stop": _at(report.get("stop"))}
    return {
        "station": station, "spacecraft": craft, "reference": report["reference"], "agencies": list(report.get("agencies") or ()),
        **{name: utc_text(at or None) for name, at in edges.items()}, **counts, "lost": counts.get("missing", 0),
        "duration_s": (last - first) / SECOND if first else 0.0, "light_time_s": light_s, "ended": report.get("ended", ""),
        **events_of(here, craft, first, last, light_s),
    }  # fmt: skip


def events_of(here: Centre, craft: str, first: int, last: int, light_s: float | None) -> dict[str, Any]:
    """Return the events that were on their way during a contact: how many, and those that matter. None without an archive."""
    archive, delay = archive_of(here), round((light_s or 0.0) * SECOND)
    if archive is None or not first:
        return {"events_total": None, "events": [], "limits_total": None}
    sources = next((one.sources for one in crafts(here) if one.key == craft), frozenset())
    span = first - delay, last - delay + 1
    try:
        reports, limits = (_rows(archive, name, sources, span) for name in ("events", "limits"))
    except AelitaError:
        return {"events_total": None, "events": [], "limits_total": None}
    grave = reports.filter(pl.col("severity") >= LOW).head(MOST_EVENTS)
    named = [
        {"at": utc_text(row["generated"]), "severity": row["severity"], "name": row["name"], "message": row["message"]}
        for row in grave.iter_rows(named=True)
    ]
    return {"events_total": len(reports), "events": named, "limits_total": len(limits)}


def _rows(archive: Archive, table: str, sources: frozenset[int], span: tuple[int, int]) -> pl.DataFrame:
    schema = EVENTS if table == "events" else LIMITS
    where = (pl.col("source").is_in(sorted(sources)),)
    without = ("data",) if table == "events" else ()
    order = Order(("generated", "source", "row"))
    return page(archive, table, schema, order, 100_000, start=span[0], stop=span[1], where=where, without=without)


def words_of(data: dict[str, Any]) -> str:
    """Return a report in words."""
    if not data["aos"]:
        return f"Pass of {data['spacecraft']} over {data['station']} ({data['reference']}): nothing was heard; {data['ended']}."
    light = "unknown" if data["light_time_s"] is None else f"{data['light_time_s']:.1f} s"
    lines = [
        f"Pass of {data['spacecraft']} over {data['station']} ({data['reference']}), ended {data['ended']}.",
        f"AOS {_short(data['aos'])}, LOS {_short(data['los'])}, {data['duration_s']:.0f} s, light time {light}.",
        f"Frames {data.get('frames', 0)}: good {data.get('good', 0)}, with errors {data.get('erred', 0)}, not checked "
        f"{data.get('undetermined', 0)}, lost {data['lost']}; losses of signal {data.get('losses', 0)}.",
    ]
    if data["events_total"] is not None:
        lines.append(f"Events {data['events_total']}, limit transitions {data['limits_total']}.")
    lines += [f"{_short(one['at'])} {one['name']}: {one['message']}" for one in data["events"][:20]]
    return "\n".join(lines)


def _short(text: str | None) -> str:
    return "unknown" if text is None else f"{utc_from_tai_ns(_at(text.rstrip('Z')), 0)}Z"
