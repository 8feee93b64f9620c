"""Requests of commanding as answers: where each stands, who said what, its timeline of stages, and its times by light."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from ..commanding import (
    FOR_EVER,
    CommandTimes,
    LightPaths,
    PreparedCommand,
    Progress,
    Reading,
    Refusal,
    SignedStatement,
    Standing,
    State,
    Told,
    Wanted,
    command_times,
)
from ..errors import AelitaError
from ..time import SECOND
from .answers import UtcText, utc_text
from .command_octets import OctetDifference, PacketField, PacketReading, reading_items

LONGEST_KNOWN = 200
ON_ITS_WAY = frozenset((State.RADIATED, State.RECEIVED, State.ACCEPTED, State.EXECUTING))
SENT = frozenset((State.SENDING, State.UNKNOWN, State.SENT, State.RADIATED, State.RECEIVED, State.ACCEPTED, State.EXECUTING))


class CallItem(BaseModel):
    """One command of a request, with its arguments as they were written."""

    command: str
    arguments: dict[str, str]


class TimesItem(BaseModel):
    """When a command is released, on the air, at the spacecraft and executed, and when Earth can know of it at the earliest.

    `acceptance` is when the first report of its arrival can be here, `evidence` that of its execution. `by` says how light times
    were known: `geometry` (of the ephemeris), or `now` (that of this moment, for all). `known` says from what it was known where
    the spacecraft is, of what was released at its release: `kernels`, the id of an orbit product, or `stand-in` (the body that it
    is near; the light time up is off by `bound_s` at most); empty where nothing told it.
    """

    release: UtcText
    radiation_start: UtcText
    radiation_stop: UtcText
    arrival: UtcText
    arrival_stop: UtcText
    execution: UtcText
    acceptance: UtcText
    evidence: UtcText
    up_s: float
    round_trip_s: float
    by: str
    known: str = ""
    bound_s: float | None = None


class MissingItem(BaseModel):
    """What is still wanted: the act, of how many persons, of which agency (empty: of any), and who may, as role@centre."""

    act: str
    count: int
    agency: str
    who: list[str]
    text: str


class StatementItem(BaseModel):
    """What a person signed of a request. It `counts` when the rules need it as things are now; `why` says why it does not.

    `reason` is the code of that: unknown_key, revoked, altered, identity, credential, other_request, other_digest,
    other_spacecraft, not_yet, expired, clock, role, same_person, own_request, not_needed.
    """

    id: str
    act: str
    agency: str
    centre: str
    role: str
    person: str
    key: str
    at: UtcText
    not_before: UtcText
    not_after: UtcText
    comment: str
    counts: bool
    why: str
    reason: str


class StageItem(BaseModel):
    """Something that became known of a request: when it was written into which agency's journal, and what it says.

    `kind` is that of the entry (docs/authority.md). `who` did it, `station` is where; of a report of the spacecraft `generated`
    and `received` are its times, `packet` which packet of the request it is about.
    """

    at: UtcText
    agency: str
    kind: str
    text: str
    who: str = ""
    station: str = ""
    cltu: int | None = None
    packet: int | None = None
    succeeded: bool | None = None
    generated: UtcText = None
    received: UtcText = None


class RequestItem(BaseModel):
    """A request. `stages` tells when each was reached last, `wanted` whom it waits for, first things first; `missing` in words.

    `earliest` and `latest` bound when it may be released (null: no bound), `execute` is when the spacecraft is to execute it.
    `held` when our own gate holds it back, `held_by` are all agencies whose gates do; `holder` is the agency that has the
    spacecraft. `summary` is one line of what it does. `due` is when what is `awaited` next comes: opens (its window), latest (it
    expires), arrival, acceptance (the first report can be here), evidence (of execution). The last three go by the light time of
    now: live updates have none of them.
    """

    id: str
    spacecraft: str
    agency: str
    centre: str
    role: str
    person: str
    at: UtcText
    state: str
    ended: bool
    changed: UtcText
    significance: str
    digest: str
    service: str
    commands: list[str]
    sentences: list[str]
    octets: int
    earliest: UtcText
    latest: UtcText
    execute: UtcText
    comment: str
    holder: str
    held: bool
    held_by: list[str]
    summary: str
    wanted: list[MissingItem]
    missing: list[str]
    awaited: Literal["opens", "latest", "arrival", "acceptance", "evidence"] | None
    due: UtcText
    stages: dict[str, UtcText]


class RequestDetail(RequestItem):
    """A request with its octets, what people signed, its timeline and its times.

    `now` is the mission's clock at the answer: a statement is signed with that time. `blocked` says what forbids it. What the
    octets say is read from them alone: `fields` of each packet, `readings` in the order of execution. With any `differences` from
    what the request says of them nothing can be signed but a rejection.
    """

    calls: list[CallItem]
    packets: list[str]
    fields: list[list[PacketField]]
    readings: list[PacketReading]
    differences: list[OctetDifference]
    virtual_channel: int
    map: int | None
    directive: str
    blocked: list[str]
    statements: list[StatementItem]
    timeline: list[StageItem]
    times: TimesItem | None
    now: UtcText


def bound_text(at: int) -> str | None:
    """Return a bound of a window as text, None for one that is open."""
    return None if at <= 0 or at >= FOR_EVER else utc_text(at)


def times_item(times: CommandTimes, by: str, geometry: object = None) -> TimesItem:
    """Return the times of a command as an answer; `geometry` is how the journal or the gate says that they were known."""
    told: dict[str, Any] = {
        name: utc_text(getattr(times, f"{name}_ns")) for name in TimesItem.model_fields if hasattr(times, f"{name}_ns")
    }
    return TimesItem(**told, up_s=times.up_s, round_trip_s=times.round_trip_s, by=by, **_known(geometry))


def _known(geometry: object) -> dict[str, Any]:
    """Return from what it was known where a command went; journals of partners may say anything."""
    if not isinstance(geometry, Mapping):
        return {}
    bound_ns = geometry.get("bound_ns")
    known = str(geometry.get("known", ""))[:LONGEST_KNOWN]
    return {"known": known, "bound_s": bound_ns / SECOND if isinstance(bound_ns, int) else None}


def missing_items(wanted: Wanted) -> list[MissingItem]:
    """Return what is still wanted of people."""
    return [
        MissingItem(act=str(one.act), count=one.count, agency=one.agency, who=[str(each) for each in one.who], text=str(one))
        for one in wanted.missing
    ]


def request_item(
    standing: Standing, one: Progress, now: int, wanted: Wanted | None, light_ns: int | None = None
) -> RequestItem:  # fmt: skip
    """Return a request as lists show it; `wanted` is what it waits for, None for one that does not wait.

    Without the light time of now it is not said when something arrives.
    """
    return RequestItem(**_told(standing, one, now, wanted, light_ns))


def request_detail(
    standing: Standing, one: Progress, now: int, wanted: Wanted | None, light_ns: int | None,
    reading: Reading,
) -> RequestDetail:  # fmt: skip
    """Return all that is known of a request. `light_ns` is the light time of now, None where nobody knows it.

    `reading` is what its octets say.
    """
    prepared = one.prepared
    calls = [CallItem(command=call.command, arguments=dict(call.arguments)) for call in prepared.request.calls]
    refused = {each.statement: each for each in wanted.refused} if wanted is not None else {}
    used = wanted.used if wanted is not None else tuple(standing.released.get(one.id, {}).get("statements", ()))
    statements = sorted(standing.said(one.id), key=lambda each: each.statement.at_ns)
    return RequestDetail(
        **_told(standing, one, now, wanted, light_ns), calls=calls, packets=[each.hex() for each in prepared.packets],
        virtual_channel=prepared.virtual_channel, map=prepared.map_id, directive=prepared.directive,
        **reading_items(reading, len(prepared.packets)),
        blocked=list(wanted.blocked) if wanted is not None else [],
        statements=[_statement(each, each.statement.id in used, refused.get(each.statement.id)) for each in statements],
        timeline=[_stage(each) for each in one.told], times=_times(one, now, light_ns), now=utc_text(now),
    )  # fmt: skip


def _told(standing: Standing, one: Progress, now: int, wanted: Wanted | None, light_ns: int | None) -> dict[str, Any]:
    prepared, asked = one.prepared, one.prepared.request
    awaited, due = _awaited(one, now, light_ns)
    return {
        "id": one.id, "spacecraft": asked.spacecraft, "agency": asked.requester.agency, "centre": asked.requester.centre,
        "role": asked.requester.role, "person": asked.requester.person, "at": utc_text(asked.at_ns), "state": str(one.state),
        "ended": one.is_ended, "changed": utc_text(one.told[-1].at_ns), "significance": prepared.significance,
        "digest": prepared.digest, "service": str(asked.service), "commands": [call.command for call in asked.calls],
        "sentences": list(prepared.sentences), "octets": prepared.octets, "earliest": bound_text(asked.earliest_ns),
        "latest": bound_text(asked.latest_ns), "execute": utc_text(asked.execute_ns), "comment": asked.comment,
        "holder": standing.holding(prepared, now).agency, "held": asked.id in standing.queue(asked.spacecraft).held,
        "held_by": [each.agency for each in standing.queued(asked.spacecraft) if asked.id in each.held],
        "missing": wanted.words() if wanted is not None else [], "awaited": awaited, "due": due,
        "wanted": missing_items(wanted) if wanted is not None else [],
        "summary": " ".join(prepared.sentences[1 if asked.execute_ns is not None else 0 :]),
        "stages": {name: utc_text(at) for name, at in one.stages.items()},
    }  # fmt: skip


def _awaited(one: Progress, now: int, light_ns: int | None) -> tuple[str | None, str | None]:
    """Return what comes next of a request by itself, and when: nothing where people or stations have to act first."""
    asked = one.prepared.request
    if one.state is State.WAITING and asked.earliest_ns > now:
        return "opens", utc_text(asked.earliest_ns)
    if one.state is State.WAITING and asked.latest_ns < FOR_EVER:
        return "latest", utc_text(asked.latest_ns)
    times = _times(one, now, light_ns) if one.state in ON_ITS_WAY else None
    if times is None:
        return None, None
    if one.state is State.RADIATED and (times.arrival or "") > (utc_text(now) or ""):
        return "arrival", times.arrival
    return ("evidence", times.evidence) if "accepted" in one.stages else ("acceptance", times.acceptance)


def _statement(signed: SignedStatement, counts: bool, refused: Refusal | None) -> StatementItem:
    said = signed.statement
    return StatementItem(
        id=said.id, act=str(said.act), agency=said.agency, centre=said.centre, role=said.role, person=said.person, key=said.key,
        at=utc_text(said.at_ns), not_before=utc_text(said.not_before_ns), not_after=utc_text(said.not_after_ns),
        comment=said.comment, counts=counts, why="" if counts or refused is None else refused.words,
        reason="" if counts or refused is None else refused.why.name.lower(),
    )  # fmt: skip


def _stage(told: Told) -> StageItem:
    body = told.body
    succeeded = body.get("succeeded")
    return StageItem(
        at=utc_text(told.at_ns), agency=told.agency, kind=told.kind, text=stage_text(told), who=_who(told),
        station=str(body.get("station", "")), cltu=_whole(body.get("cltu")), packet=_whole(body.get("index")),
        succeeded=succeeded if isinstance(succeeded, bool) else None, generated=utc_text(_whole(body.get("generated_ns"))),
        received=utc_text(_whole(body.get("received_ns"))),
    )  # fmt: skip


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _who(told: Told) -> str:
    said = told.body.get("statement")
    if isinstance(said, Mapping):
        return f"{said.get('person', '')} ({said.get('role', '')}@{said.get('centre', '')})"
    if told.kind == "request":
        return f"{told.body.get('person', '')} ({told.body.get('role', '')}@{told.body.get('centre', '')})"
    return str(told.body.get("by", ""))


def stage_text(told: Told) -> str:
    """Return in words what an entry says of its request."""
    body, words = told.body, _WORDS.get(told.kind, told.kind)
    if told.kind == "statement" and isinstance(said := body.get("statement"), Mapping):
        comment = f": {said['comment']}" if said.get("comment") else ""
        return f"{_ACTS.get(str(said.get('act')), 'said')} by {_who(told)}{comment}"
    if told.kind in ("verified", "overdue"):
        how = "overdue" if told.kind == "overdue" else "reported" if body.get("succeeded") else "failed"
        code = f", code {body['failure']}" if body.get("failure") is not None else ""
        return f"{body.get('stage', '')} {how}{code}"
    told_reasons = body.get("reasons") if isinstance(body.get("reasons"), list) else [body.get("reason", "")]
    reasons = "; ".join(str(one) for one in told_reasons or () if one)
    return f"{words}: {reasons}" if reasons else words


_ACTS = {"check": "checked", "approve": "approved", "release": "released", "reject": "rejected"}
_WORDS = {
    "request": "requested", "withdrawn": "withdrawn", "released": "passed the gate", "refused": "refused", "expired": "expired",
    "sending": "on its way to the station", "transferred": "taken by the station", "radiated": "radiated",
    "acknowledged": "taken by the spacecraft's receiver", "unknown": "nobody can say whether it was radiated",
    "lost": "surely not radiated whole", "queue": "its queue was changed", "evidence": "what the gate knew",
}  # fmt: skip


def _times(one: Progress, now: int, light_ns: int | None) -> TimesItem | None:
    """Return the times of a request by the light time of now: of what waits as if it were released at once."""
    asked = one.prepared.request
    if light_ns is None or (one.is_ended and "sending" not in one.stages):
        return None
    release = one.stages.get("released", now)
    start, stop = radiated(one)
    if not start:
        begins = (each.body.get("begins_ns") for each in one.told if each.kind == "sending")  # behind what waits at the station
        estimated = next((at for at in begins if type(at) is int), 0) or one.stages.get("sending", 0)
        start = estimated or (max(now, asked.earliest_ns) if one.state is State.WAITING else release)
        stop = start
    paths = LightPaths(lambda _: light_ns, lambda _: light_ns)
    known = next((each.body.get("geometry") for each in one.told if each.kind == "released"), None)
    start = max(start, release) if one.state is not State.WAITING else start
    try:
        return times_item(command_times(min(release, start), start, max(0, stop - start), paths, asked.execute_ns), "now", known)
    except AelitaError:  # it would come too late to be executed in time
        return times_item(command_times(min(release, start), start, max(0, stop - start), paths), "now", known)


def radiated(one: Progress) -> tuple[int, int]:
    """Return when the first CLTU of a request began to be radiated and when the last one ended (TAI ns), 0 when none is told."""
    spans = [
        (each.body["start_ns"], each.body["stop_ns"])
        for each in one.told
        if each.kind == "radiated" and type(each.body.get("start_ns")) is int and type(each.body.get("stop_ns")) is int
    ]
    return (min(one for one, _ in spans), max(one for _, one in spans)) if spans else (0, 0)


class PreparedItem(BaseModel):
    """A request as it would go: octets and their `digest`, what each command will do, what is wanted and what forbids it now.

    `fields` are those of each packet; `raw` and `value` are texts where JSON has no such number.
    """

    id: str
    digest: str
    spacecraft: str
    agency: str
    centre: str
    role: str
    person: str
    significance: str
    sentences: list[str]
    packets: list[str]
    octets: int
    fields: list[list[PacketField]]
    service: str
    virtual_channel: int
    map: int | None
    directive: str
    earliest: UtcText
    latest: UtcText
    execute: UtcText
    wanted: list[MissingItem]
    blocked: list[str]
    forbidden: list[str]
    holder: str
    times: TimesItem | None
    now: UtcText


def prepared_item(
    prepared: PreparedCommand, answer: Mapping[str, Any], wanted: Wanted, now: int, holder: str
) -> PreparedItem:  # fmt: skip
    """Return what the service that commands made of a request."""
    asked, times = prepared.request, answer.get("times")
    fields = [
        [PacketField(**{**one, "value": one.get("engineering")}) for one in packet if "name" in one]
        for packet in answer.get("fields", ())
    ]
    return PreparedItem(
        id=asked.id, digest=prepared.digest, spacecraft=asked.spacecraft, agency=asked.requester.agency,
        centre=asked.requester.centre, role=asked.requester.role, person=asked.requester.person,
        significance=prepared.significance, sentences=list(prepared.sentences), packets=[one.hex() for one in prepared.packets],
        octets=prepared.octets, fields=fields, service=str(asked.service), virtual_channel=prepared.virtual_channel,
        map=prepared.map_id, directive=prepared.directive, earliest=bound_text(asked.earliest_ns),
        latest=bound_text(asked.latest_ns), execute=utc_text(asked.execute_ns), wanted=missing_items(wanted),
        blocked=list(wanted.blocked), forbidden=[str(one) for one in answer.get("forbidden", ())], holder=holder,
        times=times_item(CommandTimes(**times), "geometry", answer.get("geometry")) if isinstance(times, dict) else None,
        now=utc_text(now),
    )  # fmt: skip


def light_s(light_ns: int | None) -> float | None:
    """Return a light time in seconds."""
    return None if light_ns is None else light_ns / SECOND
