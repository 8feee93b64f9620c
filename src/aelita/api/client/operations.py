"""What is asked of the running complex: how it is, alarms, the log, stations, displays, agencies."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from .answers_alarms import (
    AlarmItem,
    DisplayItem,
    DisplayShown,
    Done,
    EntryItem,
    Handover,
    JournalItem,
    OverrideItem,
    QueryItem,
    RecordItem,
)
from .answers_operations import AgenciesAnswer, Booked, Clock, ContactItem, Link, StationItem, Status, StreamState
from .core import Steps, ask, ask_all, path_of
from .instants import Time, instant_text

Category = Literal["note", "operation", "anomaly", "command", "station", "instrument", "handover", "pass"]


def status() -> Steps[Status]:
    """Return how the complex is: agencies, links, services, streams, counts, alarms."""
    return (yield from ask("GET", "/status"))


def links() -> Steps[list[Link]]:
    """Return the lines from spacecraft by stations."""
    return (yield from ask("GET", "/links"))


def streams() -> Steps[list[StreamState]]:
    """Return the streams of the agency, and its mirrors of others with their lag."""
    return (yield from ask("GET", "/streams"))


def clock() -> Steps[Clock]:
    """Return what time it is: UTC, of the mission, and for each spacecraft when what arrives now was sent."""
    return (yield from ask("GET", "/clock"))


def alarms(*, quiet: bool = False, limit: int | None = None) -> Steps[list[AlarmItem]]:
    """Return the alarms of the agency and those shared with it, those that wait for somebody first; `quiet`: normal ones too."""
    return (yield from ask_all("/alarms", {"quiet": quiet}, limit))


def alarm_history(alarm: str, *, owner: str, limit: int | None = None) -> Steps[list[RecordItem]]:
    """Return what happened to an alarm, latest first; `owner` is the agency that raised it. Raises NotFoundError."""
    return (yield from ask_all(f"{path_of('alarms', owner)}/{quote(alarm)}/history", {}, limit))


def alarm_journal(
    search: str = "", *, owner: str = "", severity: int = 0, user: str = "", start: Time = None, stop: Time = None,
    limit: int | None = 1000,
) -> Steps[list[JournalItem]]:  # fmt: skip
    """Return what happened to all alarms, latest first, all for a `limit` of None.

    All words of `search` are in owner, name or title; `severity` is the least one (0 to 5); `user` a part of who did it.
    """
    query = {
        "search": search, "owner": owner, "severity": severity, "user": user, "start": instant_text(start),
        "stop": instant_text(stop),
    }  # fmt: skip
    return (yield from ask_all("/alarms/history", query, limit))


def acknowledge(alarm: str, comment: str = "", *, owner: str = "", occurrence: int = 0) -> Steps[Done]:
    """Say that an alarm has been seen; with an `occurrence` the centre refuses when there is a newer one by now."""
    return (yield from ask("POST", "/alarms/acknowledge", body=_alarm(alarm, comment, owner, occurrence=occurrence)))


def shelve(alarm: str, comment: str, *, until: Time = None, for_s: float | None = None, owner: str = "") -> Steps[Done]:
    """Put an alarm aside until an instant of the mission's clock, or for seconds of it; `comment` says why."""
    return (yield from ask("POST", "/alarms/shelve", body=_alarm(alarm, comment, owner, until=instant_text(until), for_s=for_s)))


def unshelve(alarm: str, comment: str = "", *, owner: str = "") -> Steps[Done]:
    """Take an alarm back from the shelf."""
    return (yield from ask("POST", "/alarms/unshelve", body=_alarm(alarm, comment, owner)))


def assign(alarm: str, role: str, person: str = "", comment: str = "", *, owner: str = "") -> Steps[Done]:
    """Give an alarm to a role of the mission, or to a person of it."""
    return (yield from ask("POST", "/alarms/assign", body=_alarm(alarm, comment, owner, role=role, person=person)))


def clear(alarm: str, comment: str = "", *, owner: str = "") -> Steps[Done]:
    """End a latched alarm that is acknowledged and whose condition is gone."""
    return (yield from ask("POST", "/alarms/clear", body=_alarm(alarm, comment, owner)))


def remove_alarm(alarm: str, comment: str, *, owner: str = "") -> Steps[Done]:
    """Take an alarm out of service until it is restored; `comment` says why."""
    return (yield from ask("POST", "/alarms/remove", body=_alarm(alarm, comment, owner)))


def restore_alarm(alarm: str, comment: str = "", *, owner: str = "") -> Steps[Done]:
    """Put an alarm back into service."""
    return (yield from ask("POST", "/alarms/restore", body=_alarm(alarm, comment, owner)))


def _alarm(alarm: str, comment: str, owner: str, **more: object) -> dict[str, object]:
    return _given({"alarm": alarm, "comment": comment, "owner": owner, **more})


def _given(told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if value is not None}


def overrides() -> Steps[list[OverrideItem]]:
    """Return the overrides of limits and calibrations in force."""
    return (yield from ask_all("/overrides"))


def override(
    parameter: str, reason: str, *, limits: Sequence[Mapping[str, float | None]] | None = None,
    coefficients: Sequence[float] | None = None, points: Sequence[tuple[float, float]] | None = None, until: Time = None,
    for_s: float | None = None, spacecraft: str = "",
) -> Steps[Done]:  # fmt: skip
    """Let other limits, or another calibration (polynomial or points), hold for a parameter for a time, on live values.

    A limit is {"severity": 1 to 5, "minimum": ..., "maximum": ...}: what is outside has that severity.
    """
    told = {
        "parameter": parameter, "reason": reason, "spacecraft": spacecraft, "for_s": for_s, "until": instant_text(until),
        "limits": None if limits is None else [dict(one) for one in limits],
        "coefficients": None if coefficients is None else list(coefficients),
        "points": None if points is None else [list(one) for one in points],
    }  # fmt: skip
    return (yield from ask("POST", "/overrides", body=_given(told)))


def withdraw(
    parameter: str, reason: str = "", *, kind: Literal["limits", "calibration"] = "limits", spacecraft: str = ""
) -> Steps[Done]:
    """End an override before its time."""
    query = {"parameter": parameter, "kind": kind, "spacecraft": spacecraft, "reason": reason}
    return (yield from ask("DELETE", "/overrides", query))


def log(
    search: str = "", *, category: Category | None = None, spacecraft: str = "", user: str = "", refers: int | None = None,
    start: Time = None, stop: Time = None, limit: int | None = 1000,
) -> Steps[list[EntryItem]]:  # fmt: skip
    """Return entries of the log, latest first, in which all words are found: all for a `limit` of None."""
    query = {
        "search": search, "category": category, "spacecraft": spacecraft, "user": user, "refers": refers,
        "start": instant_text(start), "stop": instant_text(stop),
    }  # fmt: skip
    return (yield from ask_all("/log", query, limit))


def log_entry(number: int) -> Steps[EntryItem]:
    """Return an entry of the log. Raises NotFoundError."""
    return (yield from ask("GET", path_of("log", number)))


def write_log(
    text: str, category: Category = "note", *, spacecraft: str = "", at: Time = None, refers: int | None = None,
    corrects: bool = False,
) -> Steps[EntryItem]:  # fmt: skip
    """Write an entry: `at` is when it happened by the mission's clock; `corrects`: it corrects the one that it `refers` to."""
    told = {"text": text, "category": category, "spacecraft": spacecraft, "at": instant_text(at), "refers": refers}
    return (yield from ask("POST", "/log", body=_given({**told, "corrects": corrects})))


def handover(since: Time = None) -> Steps[Handover]:
    """Return what a shift hands over: open alarms, lines, anomalies, passes, last entries."""
    return (yield from ask("GET", "/log/handover", {"since": instant_text(since)}))


def hand_over(text: str, *, since: Time = None) -> Steps[EntryItem]:
    """Hand over: write an entry with the words of who goes, and with what stands at this moment."""
    return (yield from ask("POST", "/log/handover", body=_given({"text": text, "since": instant_text(since)})))


def stations() -> Steps[list[StationItem]]:
    """Return the stations that the agency uses, with their links and bookings."""
    return (yield from ask_all("/stations"))


def contacts(
    *, station: str = "", spacecraft: str = "", start: Time = None, stop: Time = None,
    kind: Literal["booking", "contact"] | None = None, limit: int | None = None,
) -> Steps[list[ContactItem]]:  # fmt: skip
    """Return bookings and the contacts that came of them."""
    query = {
        "station": station, "spacecraft": spacecraft, "start": instant_text(start), "stop": instant_text(stop), "kind": kind,
    }  # fmt: skip
    return (yield from ask_all("/contacts", query, limit))


def bookings(station: str = "") -> Steps[list[ContactItem]]:
    """Return the bookings that there are."""
    return (yield from ask_all("/bookings", {"station": station}))


def book(
    station: str, spacecraft: str, start: Time, stop: Time, *, agencies: Sequence[str] = (), reference: str = ""
) -> Steps[Booked]:
    """Book a station for a contact; `agencies` share it. Raises RequestError when the station is taken."""
    told = {"station": station, "spacecraft": spacecraft, "start": instant_text(start), "stop": instant_text(stop)}
    body = _given({**told, "agencies": list(agencies), "reference": reference})
    return (yield from ask("POST", "/bookings", body=body))


def cancel(station: str, reference: str) -> Steps[None]:
    """Cancel a booking. Raises NotFoundError."""
    yield from ask("DELETE", path_of("bookings", station, reference))


def displays(*, limit: int | None = None) -> Steps[list[DisplayItem]]:
    """Return one's own displays and those that are shared, by title."""
    return (yield from ask_all("/displays", {}, limit))


def display(ident: str) -> Steps[DisplayShown]:
    """Return a display by its `id`. Raises NotFoundError."""
    return (yield from ask("GET", path_of("displays", ident)))


def add_display(title: str, document: Mapping[str, Any], *, shared: bool = False) -> Steps[DisplayShown]:
    """Keep a new display."""
    return (yield from ask("POST", "/displays", body={"title": title, "document": dict(document), "shared": shared}))


def change_display(
    ident: str, title: str, document: Mapping[str, Any], *, version: int, shared: bool = False
) -> Steps[DisplayShown]:
    """Change one's own display. Raises RequestError when `version`, the one that was changed, is no longer the newest."""
    body = {"title": title, "document": dict(document), "shared": shared, "version": version}
    return (yield from ask("PUT", path_of("displays", ident), body=body))


def delete_display(ident: str, *, version: int | None = None) -> Steps[None]:
    """Delete one's own display, with a `version` only while that is the newest."""
    yield from ask("DELETE", path_of("displays", ident), {"version": version})


def queries(page: str = "") -> Steps[list[QueryItem]]:
    """Return one's own saved queries, by page and title."""
    return (yield from ask_all("/queries", {"page": page}))


def save_query(page: str, title: str, query: str) -> Steps[QueryItem]:
    """Save what the address of a page of the console asks for, in place of one's own of that title."""
    return (yield from ask("POST", "/queries", body={"page": page, "title": title, "query": query}))


def delete_query(ident: str) -> Steps[None]:
    """Delete one's own saved query by its `id`. Raises NotFoundError."""
    yield from ask("DELETE", path_of("queries", ident))


def agencies() -> Steps[AgenciesAnswer]:
    """Return who takes part: agencies, centres, roles, instruments, what is given to whom, data rights, mirrors."""
    return (yield from ask("GET", "/agencies"))
