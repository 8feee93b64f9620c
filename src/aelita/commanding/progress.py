"""Where each request stands: what the journals of all agencies say of it, as one timeline of stages and one state.

A projection: it never refuses an entry, since what is written has happened. An entry that has no row in the table for the state
of its request is kept among what is odd, for people to look at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..errors import DataError
from .requests import FOR_EVER, PreparedCommand, Service, prepared_from
from .verification import Stage

MOST_ODD, MOST_EARLY = 1000, 100_000


class State(StrEnum):
    """Where a request stands. UNKNOWN: it was given to a station, and nobody can say whether it was radiated."""

    WAITING = "waiting"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    RELEASED = "released"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    RADIATED = "radiated"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"


ENDED = frozenset((State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.REFUSED, State.COMPLETED, State.FAILED))
_ABOARD = (State.SENDING, State.UNKNOWN, State.SENT, State.RADIATED, State.RECEIVED, State.ACCEPTED, State.EXECUTING)
_LATER = (State.RECEIVED, State.ACCEPTED, State.EXECUTING)
TABLE: dict[tuple[State, str], State] = {
    (State.WAITING, "statement"): State.WAITING,
    (State.WAITING, "rejected"): State.REJECTED,
    (State.WAITING, "withdrawn"): State.WITHDRAWN,
    (State.WAITING, "expired"): State.EXPIRED,
    (State.WAITING, "refused"): State.WAITING,  # by the gate: it may be released later
    (State.WAITING, "released"): State.RELEASED,
    (State.RELEASED, "statement"): State.RELEASED,
    (State.RELEASED, "sending"): State.SENDING,
    (State.RELEASED, "refused"): State.REFUSED,
    (State.RELEASED, "withdrawn"): State.WITHDRAWN,
    (State.RELEASED, "expired"): State.EXPIRED,
    (State.RELEASED, "confirmed"): State.COMPLETED,  # a directive to COP-1 that sent nothing
    (State.RELEASED, "failed"): State.FAILED,
    (State.SENDING, "sending"): State.SENDING,
    (State.SENDING, "transferred"): State.SENT,
    (State.SENDING, "radiated"): State.RADIATED,
    (State.SENDING, "refused"): State.REFUSED,
    (State.SENDING, "lost"): State.FAILED,
    (State.SENDING, "unknown"): State.UNKNOWN,
    (State.SENT, "sending"): State.SENDING,
    (State.SENT, "transferred"): State.SENT,
    (State.SENT, "radiated"): State.RADIATED,
    (State.SENT, "lost"): State.FAILED,
    (State.SENT, "unknown"): State.UNKNOWN,
    (State.RADIATED, "sending"): State.SENDING,
    (State.RADIATED, "radiated"): State.RADIATED,
    (State.RADIATED, "transferred"): State.RADIATED,
    (State.RADIATED, "unknown"): State.UNKNOWN,
    (State.UNKNOWN, "unknown"): State.UNKNOWN,
    (State.UNKNOWN, "sending"): State.UNKNOWN,
    (State.UNKNOWN, "radiated"): State.RADIATED,
    (State.UNKNOWN, "transferred"): State.SENT,
    (State.UNKNOWN, "lost"): State.FAILED,
    **{(state, "acknowledged"): State.RECEIVED for state in _ABOARD if state not in _LATER},
    **{(state, "acknowledged"): state for state in (*_LATER, State.COMPLETED, State.FAILED)},
    **{(state, "accepted"): State.ACCEPTED for state in _ABOARD},
    **{(state, "started"): State.EXECUTING for state in _ABOARD},
    **{(state, "completed"): State.COMPLETED for state in _ABOARD},
    **{(state, "failed"): State.FAILED for state in _ABOARD},
    **{(state, "confirmed"): State.COMPLETED for state in _ABOARD},
    **{(state, "overdue"): state for state in _ABOARD},
    **{(state, "radiated"): state for state in (*_LATER, State.COMPLETED, State.FAILED)},
    **{(state, "sending"): state for state in (*_LATER, State.COMPLETED, State.FAILED)},
    **{(state, event): state for event in ("refused", "lost") for state in (*_LATER, State.COMPLETED, State.FAILED)},
    **{(state, "unknown"): state for state in (*_LATER, State.COMPLETED, State.FAILED)},
    **{(state, "transferred"): state for state in (State.RADIATED, *_LATER, State.COMPLETED, State.FAILED)},
    # Journals of two agencies cross: what a gate let go went, whatever was said elsewhere meanwhile.
    **{(state, "released"): State.RELEASED for state in (State.REJECTED, State.WITHDRAWN, State.EXPIRED)},
    **{(state, "sending"): State.SENDING for state in (State.REJECTED, State.WITHDRAWN, State.EXPIRED)},
}
# A request goes up as one or more units (one CLTU each, or several where COP-1 sends again); it stands where its last one stands.
UNITS = frozenset(("sending", "transferred", "refused", "radiated", "lost", "unknown", "acknowledged"))
ORDER = (State.UNKNOWN, State.SENDING, State.SENT, State.RADIATED, State.RECEIVED)
OF_THE_GATE = UNITS | {"verified", "confirmed", "overdue"}  # told by the agency whose gate released it
NO_KINDS = frozenset(("rejected", "accepted", "started", "completed", "failed"))  # events that no entry brings about by its name
AHEAD = {Stage.ACCEPTANCE: "accepted", Stage.START: "started", Stage.PROGRESS: "started", Stage.COMPLETION: "completed"}


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry of an agency's journal says of a request: when (TAI ns), what kind of thing, and its body."""

    at_ns: int
    agency: str
    kind: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Progress:
    """One request: what was prepared, where it stands, and everything told of it, in the order in which it became known here."""

    prepared: PreparedCommand
    state: State = State.WAITING
    told: list[Told] = field(default_factory=list)
    stages: dict[str, int] = field(default_factory=dict)  # stage: when it was reached last (TAI ns)
    packets: dict[int, dict[str, Told]] = field(default_factory=dict)  # packet: stage: what was told
    units: dict[str, State] = field(default_factory=dict)  # what went up, by its identity: where it stands
    cltus: dict[int, str] = field(default_factory=dict)  # number of a CLTU: the unit that it carried
    parts: int = 0  # how many units carry it, 0 where its release does not tell
    released_by: str = ""  # the agency whose gate let it go

    @property
    def id(self) -> str:
        """The name of the request."""
        return self.prepared.request.id

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is expected."""
        return self.state in ENDED


class Board:
    """All requests that the journals tell of. Journals of two agencies come in any order: what is early waits for its request.

    `judge` says why an entry about a request does not count, nothing when it does: such a one is odd, and changes nothing. Of
    what is early the newest MOST_EARLY entries wait; `lost` counts the others, by the agency that told them.
    """

    def __init__(self, judge: Callable[[Progress, Told], str] = lambda one, told: "") -> None:
        self.judge = judge
        self.requests: dict[str, Progress] = {}
        self.odd: list[tuple[Told, str]] = []
        self.lost: dict[str, int] = {}
        self._early: dict[str, list[Told]] = {}
        self._waiting = 0
        self._open: dict[str, Progress] = {}  # those not released yet, and those of which nothing was sent yet
        self._over: set[str] = set()  # names of those that ended and were forgotten

    def take(self, told: Told) -> Progress | None:
        """Take an entry, and return the request that it is about, None when it is about none that is known."""
        if told.kind == "request":
            return self._begin(told)
        name = str(told.body.get("request", ""))
        found = self.requests.get(name)
        if found is None:
            if name and name not in self._over:
                self._wait(name, told)
            return None
        if why := self.judge(found, told):
            self._strange(told, f"{told.kind} of request {name} counts for nothing: {why}")
            return found
        if told.kind == "released" and not found.released_by:
            found.released_by, parts = told.agency, told.body.get("units")
            found.parts = parts if type(parts) is int else 0
        elif found.released_by not in ("", told.agency) and (told.kind in OF_THE_GATE or "cltu" in told.body):
            self._strange(told, f"{told.kind} of request {name}, which {found.released_by} released")
            return found
        found.told.append(told)
        for event in _events(found, told):
            self._step(found, event, told)
        return found

    def _wait(self, name: str, told: Told) -> None:
        self._early.setdefault(name, []).append(told)
        self._waiting += 1
        while self._waiting > MOST_EARLY:
            oldest, several = next(iter(self._early.items()))
            first = several.pop(0)
            if not several:
                del self._early[oldest]
            self._waiting -= 1
            self.lost[first.agency] = self.lost.get(first.agency, 0) + 1
            self._strange(first, f"request {oldest} was not told of, and too much came after this entry: it is passed over")

    def knows(self, name: str) -> bool:
        """Tell whether there is, or was, a request of this name."""
        return name in self.requests or name in self._over

    def forget(self, name: str) -> None:
        """Forget a request but its name: what is still told of it is passed over, and no other one can have the name."""
        if self.requests.pop(name, None) is not None:
            self._open.pop(name, None)
            self._over.add(name)

    def expire(self, now: int) -> list[str]:
        """Return the requests that wait and whose window of release is over (their ends are not noted here: journals tell)."""
        return [one.id for one in self._open.values() if one.prepared.request.latest_ns < now < FOR_EVER]

    def waiting(self, spacecraft: str) -> list[Progress]:
        """Return the requests to a spacecraft that wait, oldest first."""
        return [
            one for one in self._open.values() if one.state is State.WAITING and one.prepared.request.spacecraft == spacecraft
        ]

    def of(self, spacecraft: str) -> list[Progress]:
        """Return the requests to a spacecraft, oldest first."""
        return [one for one in self.requests.values() if one.prepared.request.spacecraft == spacecraft]

    def _begin(self, told: Told) -> Progress | None:
        try:
            prepared = prepared_from(told.body)
        except DataError as error:
            self._strange(told, str(error))
            return None
        known = self.requests.get(prepared.request.id)
        if self.knows(prepared.request.id):
            self._strange(told, f"request {prepared.request.id} is there already")
            return known
        if prepared.request.requester.agency != told.agency:
            self._strange(told, f"{told.agency} writes down a request of {prepared.request.requester.agency}")
            return None
        made = self.requests[prepared.request.id] = Progress(prepared, told=[told], stages={"requested": told.at_ns})
        self._open[made.id] = made
        early = self._early.pop(made.id, [])
        self._waiting -= len(early)
        for one in early:
            self.take(one)
        return made

    def _step(self, one: Progress, event: str, told: Told) -> None:
        following = _following(one, event, told.body)
        if following is None:
            self._strange(told, f"{event} of request {one.id}, which is {one.state}")
            return
        one.state = following
        if following not in (State.WAITING, State.RELEASED):
            self._open.pop(one.id, None)
        if event != "statement":
            one.stages[event] = told.at_ns

    def _strange(self, told: Told, why: str) -> None:
        if len(self.odd) < MOST_ODD:
            self.odd.append((told, why))


def _following(one: Progress, event: str, body: Mapping[str, Any]) -> State | None:
    """Return the state after an event, None when it cannot be. A request stands where the last of its units stands."""
    whole = TABLE.get((one.state, event))
    unit = _unit(one, event, body) if event in UNITS else ""
    if not unit:
        return whole
    if one.prepared.request.service is Service.AD and event in ("refused", "lost") and "cltu" in body:
        return whole and one.state  # COP-1 sends it again, or gives up and says so
    held = one.units.get(unit, State.RELEASED)
    after = TABLE.get((held, event))
    if after is None:
        return None
    one.units[unit] = after
    if one.state not in (State.RELEASED, State.REFUSED, *ORDER):
        return whole
    states = set(one.units.values())
    if states <= {State.REFUSED}:
        return State.REFUSED
    if states & {State.REFUSED, State.FAILED}:
        return State.FAILED
    if len(one.units) < one.parts:  # some of it waits at the gate
        states.add(State.SENDING)
    return min(states, key=ORDER.index)


def _unit(one: Progress, event: str, body: Mapping[str, Any]) -> str:
    """Return the identity of the unit that an entry tells of, empty when it tells of the request."""
    cltu, identity = body.get("cltu"), str(body.get("identity", ""))
    if isinstance(cltu, int):
        if event == "sending":
            one.cltus[cltu] = identity or str(cltu)
        return one.cltus.get(cltu, str(cltu))
    return identity


def _events(one: Progress, told: Told) -> list[str]:
    """Return the events of the table that an entry stands for."""
    body = told.body
    if told.kind == "statement":
        said = body.get("statement")
        act = str(said.get("act", "")) if isinstance(said, Mapping) else ""
        if isinstance(said, Mapping) and said.get("agency", told.agency) != told.agency:
            return ["statement of another agency's people"]  # each agency takes those of its own
        one.stages[act] = told.at_ns
        return ["rejected"] if act == "reject" else ["statement"]
    if told.kind == "radiated":
        one.packets.setdefault(-1, {})[str(body.get("cltu", ""))] = told
        return ["radiated"]
    if told.kind == "confirmed":
        return ["confirmed" if body.get("succeeded") else "failed"]
    if told.kind != "verified":
        return [f"entry {told.kind}" if told.kind in NO_KINDS else told.kind]
    stage, good = str(body.get("stage", "")), bool(body.get("succeeded"))
    try:
        event = AHEAD[Stage(stage)] if good else "failed"
        index = int(body.get("index", 0))
    except (ValueError, TypeError):
        return [f"verified {stage}"]
    one.packets.setdefault(index, {})[stage] = told
    if not good:
        return ["failed"]
    reached = [each for number, each in one.packets.items() if number >= 0 and stage in each]
    if len(reached) < len(one.prepared.packets):
        return []  # not all packets of the request are so far
    return [event]
