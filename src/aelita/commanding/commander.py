"""The commanding of one agency as a pure object: what people and spacecraft say goes in, entries and CLTUs come out.

Every method returns what must be written, and synced, before anything is sent; `unwritten` holds the same entries, also when a
method raises. Nothing is sent that is not written: a CLTU whose entry is there and whose answer is not, after a crash, is unknown
and is never sent again by itself.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..agencies import Who
from ..errors import AelitaError, DataError, UsageError
from ..link import Alert, ControlWord, Suspended, Terminate
from ..pus import VerificationReport
from .authority import rules_digest
from .backlog import Backlog
from .canonical import canonical
from .expecting import Times, asks, expect, is_waited_for, known_reports, retime, unsent
from .forward_files import ForwardEvent, ForwardFile
from .gate import Gate, GateOutput, Refused, ReleasedCltu
from .journal import Entry, Head, Journal, countersign_body, countersigned_from
from .leases import KIND as LEASE
from .leases import Event, Message, message_from
from .lending import GIVES_UP, loan_message
from .progress import Progress, State
from .queueing import Valve
from .requests import PreparedCommand, body_of
from .standing import Standing
from .statements import Act, SignedStatement
from .telling import HAPPENED, Outcome, evidence_body, told_of, verified_body
from .timing import CommandTimes
from .verification import Allowances, Unasked, Verifier

MOST_REQUEST_OCTETS = 1 << 19  # of a request in the journal, whose entries partners get in one message each
MOST_LATER = 1000

Forbids = Callable[[PreparedCommand, int], Sequence[str]]
Known = Callable[[PreparedCommand, int], Mapping[str, Any]]


@dataclass(slots=True)
class Commander:
    """`forbids` says what there is against a request now, `times` when what is sent arrives, `known` how one knows that."""

    standing: Standing
    journal: Journal
    gate: Gate
    key: Ed25519PrivateKey = field(repr=False)
    forbids: Forbids = lambda prepared, now: ()
    times: Times = lambda prepared, start, octets: None
    known: Known = lambda prepared, start: {}
    verifiers: dict[str, Verifier] = field(default_factory=dict)
    allowances: dict[str, Allowances] = field(default_factory=dict)  # spacecraft: how long reports may take
    backlogs: dict[str, Backlog] = field(default_factory=dict)  # spacecraft: what its station has still to radiate
    lines_up: dict[str, set[str]] = field(default_factory=dict)  # spacecraft: stations that radiate to it for us now
    unwritten: list[Entry] = field(default_factory=list)  # entries that the chain holds already: write them whatever was raised
    _later: list[Entry] = field(default_factory=list)  # of partners about loans, which came while the clock was not believed

    def __post_init__(self) -> None:
        self.gate.may_go = lambda spacecraft: self.standing.queue(spacecraft).valve is Valve.OPEN

    @property
    def agency(self) -> str:
        """The agency that commands here."""
        return self.standing.agency

    def begin(self, now: int) -> Outcome:
        """Say by which rules we command, when they are others than before, and what is not known after a restart."""
        digest, made = rules_digest(self.standing.rules), Outcome()
        if self.standing.rules_said != digest:
            made.entries.append(self._write("authority", {"digest": digest}, now))
        return made.add(self.recover(now))

    def request(self, prepared: PreparedCommand, now: int) -> Outcome:
        """Take a request of one of our people. Raises UsageError for one that is there already, or that nobody may make."""
        asked = prepared.request
        if asked.requester.agency != self.agency:
            raise UsageError(f"{asked.requester.agency} takes the requests of its own people", remedy="Ask there")
        if self.standing.board.knows(asked.id):
            raise UsageError(f"request {asked.id} is there already")
        if blocked := self.standing.wanted(prepared, now).blocked:
            raise UsageError("; ".join(blocked))
        if len(canonical(body := body_of(prepared))) > MOST_REQUEST_OCTETS:
            raise UsageError("the request is too large for one", remedy="Make several of it")
        return Outcome([self._write("request", body, now)])

    def state(self, signed: SignedStatement, now: int) -> Outcome:
        """Take what one of our people signed, and release what may go then. Raises UsageError for what does not count."""
        said = signed.statement
        one = self._known(said.request)
        if said.agency != self.agency:
            raise UsageError(f"{said.agency} takes the statements of its own people", remedy="Ask there")
        if said.id in self.standing.statements.get(said.request, {}):
            raise UsageError("this statement was played again: it is there already")
        prepared = one.prepared
        at = self.journal.moment(now) if said.act is Act.REJECT else self.journal.time(now)
        why = self.standing.keyring.refused(
            signed, request=said.request, digest=prepared.digest, spacecraft=prepared.request.spacecraft,
            now_ns=at, tolerance_ns=round(self.standing.rules.clock_tolerance_s * 1e9),
        )  # fmt: skip
        if why is not None:
            raise UsageError(why.words)
        if one.state is not State.WAITING:
            raise UsageError(f"request {said.request} is {one.state}: nothing more can be said of it")
        self.standing.proven.add(said.id)
        made = Outcome([self._write("statement", signed.body(), at)])
        return made.add(self.pump(prepared.request.spacecraft, now, one))

    def withdraw(self, request: str, by: Mapping[str, str], reason: str, now: int) -> Outcome:
        """Take a request back that was not released, at its requester's agency."""
        one = self._known(request)
        if self.agency != (of := one.prepared.request.requester.agency):
            raise UsageError(f"the request is of {of}, which alone can withdraw it", remedy="Reject it, or hold it in the queue")
        if one.state is not State.WAITING:
            raise UsageError(f"request {request} is {one.state}: it cannot be withdrawn")
        return Outcome([self._write("withdrawn", {"request": request, "reason": reason, **by}, now)])

    def queue(
        self, spacecraft: str, action: str, by: Mapping[str, str], now: int, request: str = "", reason: str = ""
    ) -> Outcome:
        """Hold, release or block a queue, or hold and release one request in it; what may go then goes."""
        queue = self.standing.queue(spacecraft)
        if request:
            state = self._known(request).state
            if action not in ("hold", "release"):
                raise UsageError(f"{action!r} cannot be done to one request", remedy="hold or release")
            if action == "hold" and state is not State.WAITING:
                raise UsageError(f"request {request} is {state}", remedy="Hold the queue: nothing more of it is sent then")
        else:
            before = queue.valve
            queue.act(action)  # refuses what cannot be done, before it is written
            queue.valve = before
        body = {"spacecraft": spacecraft, "action": action, "reason": reason, **by} | ({"request": request} if request else {})
        made = Outcome([self._write("queue", body, now)])
        return made.add(self._kept_back(spacecraft, now)).add(self.pump(spacecraft, now))

    def _kept_back(self, spacecraft: str, now: int) -> Outcome:
        """Say what a queue that is not open keeps at the gate: held, AD data units wait there; blocked, they are refused."""
        made, valve = Outcome(), self.standing.queue(spacecraft).valve
        line = self.gate.line(spacecraft) if spacecraft in self.gate.spacecraft and valve is not Valve.OPEN else None
        if line is None or not line.pending:
            return made
        names = ", ".join(dict.fromkeys(one.rpartition("/")[0] for one in line.pending))
        what = "wait at the gate" if valve is Valve.HELD else "are given up"
        made.notes.append(f"{spacecraft}: {len(line.pending)} data units of {names} {what}")
        for identity in line.drop_pending(whatever=True) if valve is Valve.BLOCKED else ():
            made.entries.append(self._not_sent(spacecraft, identity, "the queue was blocked before it was sent", now))
        return made

    def forward(self, file: ForwardFile, event: str, by: str, why: str, now: int) -> Outcome:
        """Say what our agency says of a forward file. Raises UsageError for what is not ours to say, or not possible now."""
        body = self.standing.forwards.said(file, ForwardEvent(event, self.journal.time(now), self.agency, by, why))
        return Outcome([self._write("forward", body, now)]).add(self.pump(file.orbiter, now))

    def note(self, about: str, body: Mapping[str, Any], now: int) -> Outcome:
        """Write something that people are to know, and from which nothing follows. It names no request as `request`."""
        return Outcome([self._write("note", {**body, "about": about}, now)])

    def set_clock(self, by: str, reason: str, now: int) -> Outcome:
        """Take a person's word that the clock is right, though it was not believed: loans that were over stay over.

        Raises UsageError when nobody doubts it.
        """
        if not self.journal.doubt(now):
            raise UsageError("nothing is wrong with the clock", remedy="Set it right first, then say so")
        made, at = Outcome(), self.journal.moment(now)
        for message in self.standing.leases.on_timer(at):
            made.add(self._lend(message, at))
        entry = self.journal.set_clock(by, reason, now)
        self._keep(entry)
        self.gate.set_clock(now)
        return made.add(Outcome([entry]))

    def enrol(self, kind: str, body: Mapping[str, Any], now: int) -> Outcome:
        """Write a credential or a revocation (kind `credential` or `revoked`) that our agency signed. Raises DataError."""
        ring = self.standing.keyring
        check = ring.with_credential if kind == "credential" else ring.with_revocation
        check(body, self.standing.keys)
        return Outcome([self._write(kind, body, now)])

    def lend(
        self, asset: str, action: str, now: int, *, who: Who, borrower: str = "", end_ns: int = 0, by: str = ""
    ) -> Outcome:  # fmt: skip
        """Offer, withdraw, accept, recall or return a loan. Raises UsageError for what cannot be done now, or not by them."""
        at = self.journal.moment(now) if action in GIVES_UP else self.journal.time(now)
        lease = self.standing.leases.lease(asset)
        return self._lend(loan_message(lease, self.agency, action, at, who, borrower, end_ns, by), at)

    def partner(self, entry: Entry, now: int) -> Outcome:
        """Take a verified entry of another agency's journal, and do what follows from it."""
        self.standing.take(entry)
        made = Outcome()
        if entry.kind == "countersign" and entry.body.get("of") == self.agency:
            if countersigned_from(entry.body, self.standing.keys).agency != entry.agency:
                raise DataError(f"{entry.agency} writes down a countersignature of another")
            made.entries.append(self._write("countersigned", entry.body, now))
        if entry.kind.startswith(LEASE) and self.journal.doubt(now):
            self._later = [*self._later[1 - MOST_LATER :], entry]
        elif entry.kind.startswith(LEASE):
            made.add(self._lease_from(entry, now))
        if entry.kind in ("request", "statement", "withdrawn"):
            one = self.standing.board.requests.get(str(entry.body.get("id") or entry.body.get("request")))
            if one is not None:
                made.add(self.pump(one.prepared.request.spacecraft, now, one))
        return made

    def countersign(self, partner: str, head: Head, now: int) -> Outcome:
        """Say how far our copy of a partner's journal goes, which is on the disk."""
        body = countersign_body(self.agency, partner, head, self.key, self.journal.time(now))
        return Outcome([self._write("countersign", body, now)])

    def pump(self, spacecraft: str, now: int, only: Progress | None = None) -> Outcome:
        """Release what may go to a spacecraft now, oldest first, or `only` one; by a doubtful clock nothing, say the notes."""
        if why := self.journal.doubt(now):
            return Outcome(notes=[f"nothing is released: {why}"])
        made, queue = Outcome(), self.standing.queue(spacecraft)
        if not self.lines_up.get(spacecraft) or queue.valve is not Valve.OPEN:
            return made
        if spacecraft in self.gate.spacecraft:
            made.add(self._sent(spacecraft, self.gate.go_on(spacecraft, now), now))
        for one in self.standing.hopeful(spacecraft, now) if only is None else [only]:
            asked = one.prepared.request
            if one.state is not State.WAITING or one.id in queue.held or not asked.earliest_ns <= now <= asked.latest_ns:
                continue
            made.add(self._release(one, now))
        return made

    def line_up(self, spacecraft: str, now: int, station: str = "") -> Outcome:
        """Know that a station radiates to a spacecraft for us now."""
        self.lines_up.setdefault(spacecraft, set()).add(station)
        return self.pump(spacecraft, now)

    def line_idle(self, spacecraft: str, station: str = "") -> None:
        """Know that a station does not radiate now; what it took it still answers for."""
        self.lines_up.get(spacecraft, set()).discard(station)

    def line_down(self, spacecraft: str, why: str, now: int, station: str = "", cltus: Collection[int] | None = None) -> Outcome:
        """Know that a station answers no more: what it had not answered for is unknown, and so is what it had not told radiated.

        `cltus` are those that went to it, None: all that went to the spacecraft.
        """
        self.line_idle(spacecraft, station)
        return self._unknown(lambda n, body: body["spacecraft"] == spacecraft and (cltus is None or n in cltus), why, now)

    def recover(self, now: int) -> Outcome:
        """Say after a restart what is not known of CLTUs that were on their way, and what was released and surely not sent.

        Reports of what was sent are waited for again.
        """
        made = self._unknown(lambda n, body: True, "the commanding service ended before its answer came", now)
        for name in self.standing.released_here:
            one = self.standing.board.requests.get(name)
            if one is None or one.is_ended:
                continue
            craft = one.prepared.request.spacecraft
            for identity in unsent(one, self.gate.line(craft) if craft in self.gate.spacecraft else None):
                why = "the commanding service ended before it was sent"
                made.entries.append(self._not_sent(craft, identity, why, now))
            self._expect_again(one, now)
        return made

    def _expect_again(self, one: Progress, now: int) -> None:
        """Wait again for the reports of a request, from when it was sent, except those that came or are overdue for too long."""
        begun = next((told.at_ns for told in one.told if told.kind == "sending"), None)
        verifier, known = self._verifier(one.prepared.request.spacecraft), known_reports(one)
        if begun is None or not is_waited_for(one, known, now - verifier.allowances.late_ns):
            return
        self._expect(one, begun, begun, one.prepared.octets)
        retime(one, self.backlog(one.prepared.request.spacecraft), self.times, verifier)
        for (index, stage), due in known.items():
            verifier.known(one.id, index, stage, due > 0)

    def transferred(self, cltu: int, station: str, now: int) -> Outcome:
        """Know that a station took a CLTU."""
        return self._answered("transferred", cltu, {"station": station}, now)

    def refused(self, cltu: int, station: str, why: str, now: int) -> Outcome:
        """Know that a station did not take a CLTU: it was surely not radiated."""
        return self._answered("refused", cltu, {"station": station, "reason": why}, now)

    def radiated(self, cltu: int, station: str, start_ns: int, stop_ns: int, now: int) -> Outcome:
        """Know that a CLTU was radiated, and when (TAI ns)."""
        return self._answered("radiated", cltu, {"station": station, "start_ns": start_ns, "stop_ns": stop_ns}, now)

    def lost(self, cltu: int, station: str, why: str, now: int) -> Outcome:
        """Know that a CLTU was taken and surely not radiated whole: it expired, or was cut."""
        return self._answered("lost", cltu, {"station": station, "reason": why}, now)

    def unknown(self, cltu: int, station: str, why: str, now: int) -> Outcome:
        """Know that nobody will tell what became of a CLTU: it is never sent again by itself."""
        return self._answered("unknown", cltu, {"station": station, "reason": why}, now).noting(f"CLTU {cltu} is unknown: {why}")

    def report(self, spacecraft: str, report: VerificationReport, generated_ns: int, received_ns: int, now: int) -> Outcome:
        """Take a report of service 1."""
        told = self._verifier(spacecraft).report(report, generated_ns, received_ns)
        return Outcome() if isinstance(told, Unasked) else Outcome([self._write("verified", verified_body(told), now)])

    def control_word(self, spacecraft: str, word: ControlWord, now: int) -> Outcome:
        """Take a control word that the spacecraft sent. Raises ClockError, and takes nothing, while the clock is not believed."""
        self.journal.time(now)
        made = self._yield(spacecraft, now)
        return made.add(self._sent(spacecraft, self.gate.on_control_word(spacecraft, word, now), now))

    def on_timer(self, now: int) -> Outcome:
        """Do what is due: timers of lines, verifications that did not come, loans that end, windows that open and close.

        Raises ClockError, and does nothing, while the clock is not believed.
        """
        self.journal.time(now)
        made = Outcome()
        later, self._later = self._later, []
        for entry in later:
            try:
                made.add(self._lease_from(entry, now))
            except DataError as error:
                made.notes.append(f"entry {entry.n} of {entry.agency} changes nothing: {error}")
        for spacecraft in self.gate.spacecraft:
            made.add(self._yield(spacecraft, now))
            made.add(self._sent(spacecraft, self.gate.on_timer(spacecraft, now), now))
            made.add(self.pump(spacecraft, now))
        for spacecraft, verifier in self.verifiers.items():
            for one in verifier.on_timer(now):
                said = {"request": one.request, "index": one.index, "stage": str(one.stage), "spacecraft": spacecraft}
                body = said | {"possible_ns": one.possible_ns, "deadline_ns": one.deadline_ns}
                made.entries.append(self._write("overdue", body, now))
        for name in self.standing.board.expire(now):
            asked = self.standing.board.requests[name].prepared.request
            if asked.requester.agency == self.agency:
                made.entries.append(self._write("expired", {"request": name}, now))
        for message in self.standing.leases.on_timer(self.journal.time(now)):
            made.add(self._lend(message, now))
        return made

    def _release(self, one: Progress, now: int) -> Outcome:
        prepared, made, now = one.prepared, Outcome(), self.journal.time(now)
        said, holding = self.standing.said(one.id), self.standing.holding(prepared, now)
        found, proven = self.standing.wanted(prepared, now), self.standing.proven
        if holding.agency != self.agency or not found.satisfied:
            return made
        forbidden = [*self.against(prepared, now), *self._line_against(prepared)]
        passed = self.gate.release(prepared, said, self.standing.keyring, holding, now, forbidden=forbidden, proven=proven)
        if isinstance(passed, Refused):
            return self._not_released(one, passed.reasons, now)
        if (body := evidence_body(self.agency, prepared, said, self.standing.credentials)) is not None:
            made.entries.append(self._write("evidence", body, now))
        made.entries.append(self._write("released", passed.body() | {"geometry": dict(self.known(prepared, now))}, now))
        try:
            outputs = self.gate.send(passed, now)
        except AelitaError as error:
            made.entries.append(self._write("refused", {"request": one.id, "reason": str(error)}, now))
            return made
        return made.add(self._sent(prepared.request.spacecraft, outputs, now))

    def against(self, prepared: PreparedCommand, now: int) -> list[str]:
        """Return what constraints and geometry have against a request now; what cannot be told is against it too."""
        try:
            return [*self.forbids(prepared, now), *self.standing.forwards.against(prepared.packets)]
        except AelitaError as error:
            return [f"it cannot be told whether it may go: {error}"]

    def _line_against(self, prepared: PreparedCommand) -> list[str]:
        """Return why the command link could not take a request now, so that its approvals are not spent in vain."""
        spacecraft = prepared.request.spacecraft
        if prepared.directive or spacecraft not in self.gate.spacecraft:
            return []
        return self.gate.line(spacecraft).against(prepared.packets, prepared.request.service)

    def _not_released(self, one: Progress, reasons: tuple[str, ...], now: int) -> Outcome:
        """Note why the gate refused, once for the same reasons."""
        last = next((told for told in reversed(one.told) if told.kind == "refused"), None)
        if last is not None and last.body.get("reasons") == list(reasons):
            return Outcome(notes=list(reasons))
        return Outcome([self._write("refused", {"request": one.id, "reasons": list(reasons)}, now)], notes=list(reasons))

    def _yield(self, spacecraft: str, now: int) -> Outcome:
        """End the AD service to a spacecraft that another agency has now: nothing more that was let go goes, or goes again."""
        holder = self.standing.holder(spacecraft, "", self.journal.time(now)).agency
        if holder in ("", self.agency) or not self.gate.line(spacecraft).is_at_work:
            return Outcome()
        return self._sent(spacecraft, self.gate.direct(spacecraft, Terminate(f"{holder} has {spacecraft}"), now), now)

    def _passed_on(self, one: ReleasedCltu, now: int) -> str:
        """Return who has what a CLTU goes to, when that is no longer us, though its request was let go before."""
        known, at = self.standing.board.requests.get(one.request), self.journal.time(now)
        held = self.standing.holding(known.prepared, at) if known else self.standing.holder(one.spacecraft, "", at)
        return "" if held.agency == self.agency else held.agency or "nobody"

    def _sent(self, spacecraft: str, outputs: list[GateOutput], now: int) -> Outcome:
        made = Outcome()
        for one in outputs:
            if isinstance(one, ReleasedCltu) and (holder := self._passed_on(one, now)):
                made.notes.append(f"{spacecraft}: {one.identity} was not sent, {holder} has it now")
                if one.request and not one.again:
                    made.entries.append(self._not_sent(spacecraft, one.identity, f"{holder} has {spacecraft} now", now))
            elif isinstance(one, ReleasedCltu):
                known, backlog = self.standing.board.requests.get(one.request), self.backlog(spacecraft)
                if known is not None and not one.again and one.identity.endswith("/0"):
                    whole = (len(o.octets) for o in outputs if isinstance(o, ReleasedCltu) and o.request == one.request)
                    self._expect(known, now, backlog.begins_ns(now), sum(whole))
                begins_ns, _ = backlog.add(one.id, len(one.octets), now, one.earliest_ns)
                made.entries.append(self._write("sending", one.body() | {"begins_ns": begins_ns}, now))
                made.cltus.append(one)
            elif isinstance(one, Alert | Suspended):
                what = one.reason.name if isinstance(one, Alert) else f"suspended in S{one.state}"
                made.entries.append(self._write("link", {"spacecraft": spacecraft, "alert": what}, now))
                made.notes.append(f"{spacecraft}: COP-1 {what}")
            elif (told := told_of(one)) is not None:
                kind, body = told
                if body["request"] in self.standing.board.requests:
                    made.entries.append(self._write(kind, {**body, "spacecraft": spacecraft}, now))
        for identity in self.gate.line(spacecraft).drop_pending() if outputs else ():
            made.entries.append(self._not_sent(spacecraft, identity, "the AD service ended before it was sent", now))
        return made

    def _not_sent(self, spacecraft: str, identity: str, why: str, now: int) -> Entry:
        body = {"request": identity.rpartition("/")[0] or identity, "identity": identity, "spacecraft": spacecraft, "reason": why}
        return self._write("refused", body, now)

    def _expect(self, one: Progress, sent: int, start: int, octets: int) -> None:
        """Wait for the reports of a request sent at an instant, whose CLTUs of so many octets can go from another on."""
        times = self.times(one.prepared, start, octets) if asks(one) else None
        if times is not None:
            expect(one, replace(times, release_ns=sent), self._verifier(one.prepared.request.spacecraft))

    def times_from(self, prepared: PreparedCommand, now: int) -> CommandTimes | None:
        """Return the times of a request that is let go at an instant, behind what its station has still to radiate."""
        times = self.times(prepared, self.backlog(prepared.request.spacecraft).begins_ns(now), prepared.octets)
        return None if times is None else replace(times, release_ns=now)

    def backlog(self, spacecraft: str) -> Backlog:
        """Return what the station of a spacecraft has still to radiate."""
        return self.backlogs.get(spacecraft) or self.backlogs.setdefault(spacecraft, Backlog(*self.gate.pace(spacecraft)))

    def _answered(self, kind: str, cltu: int, more: dict[str, Any], now: int) -> Outcome:
        known = self.standing.on_the_way.get(cltu) or self.standing.sent.get(cltu)
        if known is None:
            return Outcome(notes=[f"an answer about CLTU {cltu}, which is not on its way"])
        body = {"cltu": cltu, "request": known.get("request", ""), "spacecraft": known["spacecraft"], **more}
        made = Outcome([self._write(kind, body, now)])
        one = self.standing.board.requests.get(str(body["request"]))
        backlog = self.backlog(body["spacecraft"])
        if kind != "transferred":
            backlog.ended(cltu, int(body.get("stop_ns", 0)))
        if kind == "radiated" and one is not None:
            retime(one, backlog, self.times, self._verifier(body["spacecraft"]))
        if kind in ("refused", "lost") and one is not None and one.is_ended:
            self._verifier(body["spacecraft"]).forget(one.id)
        return made

    def _unknown(self, meant: Callable[[int, Mapping[str, Any]], bool], why: str, now: int) -> Outcome:
        made = Outcome()
        for held in (self.standing.on_the_way, self.standing.sent):
            for cltu, body in sorted(held.items()):
                if meant(cltu, body):
                    made.add(self._answered("unknown", cltu, {"reason": why}, now))
        return made

    def _lease_from(self, entry: Entry, now: int) -> Outcome:
        message, made = message_from(entry.body, self.standing.keys), Outcome()
        if (
            self.agency not in (message.owner, message.borrower)
            or message.sender == self.agency
            or entry.agency != message.sender
        ):
            return made
        answer = self.standing.leases.receive(message, self.journal.time(now))
        if answer.take:
            made.entries.append(self._write(f"{LEASE}{message.event}", entry.body, now))
        for own in answer.own:
            made.add(self._lend(own, now))
        for again in answer.repeat:
            made.entries.append(self._write("repeat", again.body(self.key), now))
        return made

    def _lend(self, message: Message, now: int) -> Outcome:
        made = Outcome([self._write(f"{LEASE}{message.event}", message.body(self.key), now)])
        return made if message.event is Event.EXPIRED else made.add(Outcome(notes=[f"{message.asset}: {message.event}"]))

    def _write(self, kind: str, body: Mapping[str, Any], now: int) -> Entry:
        entry = self.journal.append(kind, body, self.journal.moment(now) if kind in HAPPENED else now)
        self._keep(entry)
        return entry

    def _keep(self, entry: Entry) -> None:
        self.unwritten.append(entry)
        self.standing.take(entry)

    def _verifier(self, spacecraft: str) -> Verifier:
        if spacecraft not in self.verifiers:
            self.verifiers[spacecraft] = Verifier(self.allowances.get(spacecraft))
        return self.verifiers[spacecraft]

    def _known(self, request: str) -> Progress:
        found = self.standing.board.requests.get(request)
        if found is None:
            raise UsageError(f"no request {request!r} is known here", remedy="Its agency's journal may not have arrived yet")
        return found
