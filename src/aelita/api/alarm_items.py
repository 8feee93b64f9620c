"""Alarms, their records and overrides as answers tell them."""

from dataclasses import asdict

from pydantic import BaseModel, Field

from ..alarms import Change, LimitSet, Notified, Overridden, Record, Stance
from ..services import live
from .answers import UtcText, seconds, utc_text


class AlarmCounts(BaseModel):
    """How often a condition was violated, for how long in all, when first and last, and the worst value."""

    times: int
    total_s: float
    first: UtcText
    last: UtcText
    worst: str
    worst_severity: int


class AlarmItem(BaseModel):
    """An alarm as the agency sees it. `owner` raised it; `calls` says whether it waits for the agency's acknowledgement.

    `severity` is 0 to 5, `word` its name; `phase` is one of the states of ANSI/ISA-18.2 in words.
    """

    owner: str
    alarm: str
    title: str
    phase: str
    severity: int
    word: str
    value: str
    since: UtcText
    occurrence: int
    calls: bool
    stale: bool
    role: str
    person: str
    shelved_until: UtcText
    acknowledged_by: list[str] = Field(description="Agencies that acknowledged its last occurrence.")
    counts: AlarmCounts


class RecordItem(BaseModel):
    """What happened to an alarm: `event` in a word, `what` and `words` for people; `user` is empty where no person did it."""

    at: UtcText
    agency: str
    user: str
    event: str
    what: str
    words: str
    comment: str
    phase: str | None
    severity: int | None
    value: str | None
    number: int


class JournalItem(RecordItem):
    """What happened to an alarm, and which one: `owner` raised it."""

    owner: str
    alarm: str
    title: str


class Band(BaseModel):
    """Values below `minimum` or above `maximum` have this severity."""

    severity: int
    minimum: float | None
    maximum: float | None


class OverrideItem(BaseModel):
    """An override in force: what held `before`, what holds `now` (in words and as it was given), until when, by whom, and why."""

    spacecraft: str
    parameter: str
    kind: str
    before: str
    now: str
    until: UtcText
    by: str
    reason: str
    limits: list[Band] | None
    coefficients: list[float] | None
    points: list[tuple[float, float]] | None


def alarm_item(one: live.AlarmShown) -> AlarmItem:
    """Return an alarm as it is told."""
    counts = asdict(one.counts)
    counts |= {"total_s": seconds(counts.pop("total_ns")), "first": _known(one.counts.first), "last": _known(one.counts.last)}
    more = {"word": one.word, "since": _known(one.since), "shelved_until": _known(one.shelved_until), "counts": counts}
    return AlarmItem(**(asdict(one) | more))


def record_item(record: Record) -> RecordItem:
    """Return a record as it is told."""
    told, body = live.record_words(record), record.body
    after = body.after if isinstance(body, Change) else None
    return RecordItem(
        at=utc_text(record.at), agency=record.agency, user=record.who, event=_event(record), what=told["what"],
        words=told["words"], comment=body.comment if isinstance(body, Change | Stance) else "",
        phase=str(after.phase) if after else None, severity=after.severity if after else None,
        value=after.value if after else None, number=record.number,
    )  # fmt: skip


def journal_item(record: Record, index: live.AlarmIndex) -> JournalItem:
    """Return a record with the alarm that it is about, as they are told."""
    owner, alarm = live.alarm_of(record) or (record.agency, "")
    title = record.body.after.title if isinstance(record.body, Change) else ""
    return JournalItem(**record_item(record).model_dump(), owner=owner, alarm=alarm, title=title or index.title(owner, alarm))


def _event(record: Record) -> str:
    match record.body:
        case Change(event=event):
            return event.value
        case Stance():
            return "acknowledge"
        case Notified():
            return "notify"
        case body:
            return type(body).__name__.lower()


def override_item(one: Overridden, by: str) -> OverrideItem:
    """Return an override as it is told; `by` made it."""
    limits = one.new if isinstance(one.new, LimitSet) else None
    calibration = None if isinstance(one.new, LimitSet) else one.new
    return OverrideItem(
        spacecraft=one.spacecraft, parameter=one.parameter, kind="limits" if limits is not None else "calibration",
        before=one.old, now=live.override_words(one), until=utc_text(one.until), by=by, reason=one.reason,
        limits=None if limits is None else [Band(**asdict(band)) for band in limits.bands],
        coefficients=list(calibration.coefficients) or None if calibration is not None else None,
        points=list(calibration.points) or None if calibration is not None else None,
    )  # fmt: skip


def _known(at: int) -> str | None:
    return utc_text(at or None)
