"""What in commanding people may have to look at: journals' entries, health and lines in, what stands of each kind out.

A command is trouble for the agency whose gate released it, and for the one whose people requested it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...agencies import Authority
from ...alarms import Source, Subject, Trouble
from ...commanding import AgencyKeys, Entry, Progress, Standing, State, Told, Valve, Wanted
from ...errors import AelitaError
from ...time import SECOND, utc_from_tai_ns

LOOKED_AT = frozenset(("verified", "confirmed", "overdue", "unknown", "refused", "lost"))
ANSWERED = frozenset(("confirmed", "acknowledged"))
BEGINS_AGAIN = ("initiate", "resume")  # directives after which COP-1 is at work again
ASKED_FOR = "TERM"  # the alert of a service that people ended
FORGOTTEN_NS = 86_400 * SECOND * 30  # a request is looked at no longer, whatever a definition says
MOST_ENDED, MOST_PROVEN = 5000, 100_000
CLOCK_STEP_NS = SECOND  # so far a clock may be set back and the journal only stands still

Line = tuple[str, str]  # spacecraft, station


@dataclass(slots=True)
class CommandTroubles:
    """The troubles of one agency. `keys` are the public keys of the agencies, which may come to hold others."""

    agency: str
    rules: Authority
    keys: AgencyKeys
    standing: Standing = field(init=False)
    own_head_ns: int = 0  # when the last entry of our own journal was written
    _looked_at: dict[str, None] = field(default_factory=dict)  # requests that may be troubles
    _cop1: dict[str, tuple[int, str]] = field(default_factory=dict)  # spacecraft: when COP-1 gave the alert, and which
    _proven: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.standing = Standing(self.agency, self.rules, self.keys)

    def take(self, entry: Entry) -> None:
        """Take a verified entry of our own journal or of a partner's."""
        one = self.standing.take(entry)
        if entry.agency == self.agency:
            self.own_head_ns = entry.at_ns
            self._heed_cop1(entry, one)
        if one is not None and entry.kind in LOOKED_AT and self._concerns(one, entry.agency):
            self._looked_at[one.id] = None
        if len(self.standing.board.requests) > 2 * MOST_ENDED:
            self._forget()

    def requests(self, now: int) -> list[Trouble]:
        """Return the requests that failed, whose verification is overdue, or of which nobody can say what became of them."""
        found: list[Trouble] = []
        for name in list(self._looked_at):
            one = self.standing.board.requests.get(name)
            made = _of_request(one) if one is not None else []
            if not made or all(now - each.since > FORGOTTEN_NS for each in made):
                del self._looked_at[name]
            found += made
        return found

    def cop1(self) -> list[Trouble]:
        """Return the spacecraft whose sequence-controlled service ended by itself and was not begun again."""
        return [Trouble(Source.COP1, Subject(craft), at_ns, told) for craft, (at_ns, told) in self._cop1.items()]

    def approvals(self, now: int) -> list[Trouble]:
        """Return, for each spacecraft, that people of this agency are waited for, since the oldest such request."""
        waiting: dict[str, list[Progress]] = {}
        for one, wanted in self._waiting(now):
            if any(who.agency == self.agency for missing in wanted.missing for who in missing.who) and not wanted.blocked:
                waiting.setdefault(one.prepared.request.spacecraft, []).append(one)
        return [
            Trouble(
                Source.APPROVALS, Subject(craft), several[0].prepared.request.at_ns,
                f"{len(several)} wait, first {several[0].id}: {_commands(several[0])}",
            )
            for craft, several in waiting.items()
        ]  # fmt: skip

    def uplinks(self, booked: Iterable[Line], up: Iterable[Line], now: int) -> list[Trouble]:
        """Return the lines that are booked for uplink and not up while something could go over them."""
        down, waiting = set(booked) - set(up), self.ready(now)
        reached = {craft for craft, _ in up}
        return [
            Trouble(Source.UPLINK, Subject(craft, station), now, f"{len(waiting[craft])} could go, first {waiting[craft][0]}")
            for craft, station in sorted(down)
            if craft in waiting and craft not in reached
        ]

    def ready(self, now: int) -> dict[str, list[str]]:
        """Return, by spacecraft that we have, the requests that nothing but the line keeps from going now."""
        found: dict[str, list[str]] = {}
        for one, wanted in self._waiting(now):
            asked = one.prepared.request
            queue = self.standing.queue(asked.spacecraft)
            free = queue.valve is Valve.OPEN and one.id not in queue.held and asked.earliest_ns <= now
            if wanted.satisfied and free and self.standing.holding(one.prepared, now).agency == self.agency:
                found.setdefault(asked.spacecraft, []).append(one.id)
        return found

    def loans(self, now: int) -> list[Trouble]:
        """Return the loans that this agency has a part in, with their ends."""
        owners = {one.key: one.owner for one in self.rules.assets}
        return [
            Trouble(Source.LOAN, Subject(name=asset), end_ns, f"{holder} has it until {_utc(end_ns)}")
            for asset, (holder, _, end_ns) in self.standing.holders.items()
            if now < end_ns and self.agency in (holder, owners.get(asset, "")) and holder != owners.get(asset)
        ]

    def clock(self, now: int, fault: str = "") -> list[Trouble]:
        """Return that the clock is before our last entry, or what the service that commands says of it."""
        back_s = (self.own_head_ns - now) / SECOND
        if not fault and self.own_head_ns - now <= CLOCK_STEP_NS:
            return []
        return [Trouble(Source.GATE_CLOCK, Subject(name="gate"), now, fault or f"{back_s:.3f} s before the last entry")]

    def _waiting(self, now: int) -> Iterable[tuple[Progress, Wanted]]:
        board = self.standing.board
        for craft in sorted({craft for asset in self.rules.assets for craft in asset.reach.spacecraft}):
            for one in board.waiting(craft):
                if one.prepared.request.latest_ns >= now:
                    wanted = self.standing.wanted(one.prepared, now, self._proven)
                    self._proven.update(wanted.used)
                    yield one, wanted

    def _concerns(self, one: Progress, teller: str) -> bool:
        return self.agency in (teller, one.prepared.request.requester.agency)

    def _heed_cop1(self, entry: Entry, one: Progress | None) -> None:
        craft, body = str(entry.body.get("spacecraft", "")), entry.body
        if entry.kind == "link" and "alert" in body and body["alert"] != ASKED_FOR:
            self._cop1[craft] = (entry.at_ns, str(body["alert"]))
        elif entry.kind in ANSWERED and body.get("succeeded", True) and one is not None:
            directive = one.prepared.directive
            if not directive or directive.startswith(BEGINS_AGAIN):
                self._cop1.pop(craft, None)

    def _forget(self) -> None:
        """Forget the oldest requests that ended; what may be a trouble stays."""
        board = self.standing.board
        ended = [name for name, one in board.requests.items() if one.is_ended and name not in self._looked_at]
        for name in ended[: max(0, len(ended) - MOST_ENDED)]:
            self.standing.forget(name)
        if len(self._proven) > MOST_PROVEN:
            self._proven.clear()


def _of_request(one: Progress) -> list[Trouble]:
    """Return what stands of one request now: that it failed or is unknown, and the reports that should have come."""
    found: list[Trouble] = []
    subject = Subject(one.prepared.request.spacecraft, name=one.id)
    if one.state in (State.FAILED, State.REFUSED) and (told := _ending(one)) is not None:
        found.append(Trouble(Source.FAILED, subject, told.at_ns, f"{_commands(one)}: {_failure(told)}"))
    if one.state is State.UNKNOWN and (told := _last(one, "unknown")) is not None:
        found.append(Trouble(Source.UNKNOWN, subject, told.at_ns, f"{_commands(one)}: {told.body.get('reason', '')}"))
    late = [] if one.is_ended else _late(one)
    if late:
        at_ns, words = late[0]
        found.append(Trouble(Source.OVERDUE, subject, at_ns, f"{_commands(one)}: {words}"))
    return found


def _late(one: Progress) -> list[tuple[int, str]]:
    """Return the reports that have not come by their deadlines, with when that was noted; light time is in the deadlines."""
    found = []
    for told in one.told:
        if told.kind == "overdue":
            index, stage = told.body.get("index"), str(told.body.get("stage", ""))
            if stage not in (one.packets.get(index, {}) if isinstance(index, int) else {}):
                since, until = (_utc(told.body.get(name)) for name in ("possible_ns", "deadline_ns"))
                found.append((told.at_ns, f"{stage} could be known since {since}, awaited by {until}"))
    return found


def _ending(one: Progress) -> Told | None:
    """Return the entry by which a request failed."""
    bad = (
        told for told in reversed(one.told)
        if told.kind in ("lost", "refused") or (told.kind in ("verified", "confirmed") and not told.body.get("succeeded"))
    )  # fmt: skip
    return next(bad, None)


def _failure(told: Told) -> str:
    body = told.body
    if told.kind == "verified":
        code = f", code {body['failure']}" if body.get("failure") is not None else ""
        return f"{body.get('stage', '')} failed{code}"
    if told.kind == "confirmed":
        return "COP-1 did not carry it out"
    how = "surely not radiated" if told.kind == "lost" else "not sent"
    return f"{how}: {body.get('reason', '')}"


def _last(one: Progress, kind: str) -> Told | None:
    return next((told for told in reversed(one.told) if told.kind == kind), None)


def _commands(one: Progress) -> str:
    names = [call.command for call in one.prepared.request.calls]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _utc(at: object) -> str:
    try:
        return utc_from_tai_ns(at, 0) if isinstance(at, int) else "an unknown time"
    except AelitaError:  # beyond all calendars
        return f"TAI {at} ns"
