"""What the journals of all agencies together say now: requests, statements, keys, loans, queues and CLTUs on their way.

A projection of entries, the same on every side that has the same entries: the service that commands keeps one, and so does
whoever shows it.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..agencies import Authority
from ..errors import DataError, UsageError
from .authority import Wanted, asked_of, could_agree, wanted
from .credentials import AgencyKeys, Keyring
from .forward_files import Forwards
from .gate import Holding
from .journal import Entry
from .leases import KIND as LEASE
from .leases import BorrowerLease, Leases, message_from
from .progress import Board, Progress, Told
from .queueing import Queue
from .requests import PreparedCommand
from .statements import Act, Refusal, SignedStatement, Why, statement_from

CLOSING = frozenset(("transferred", "refused", "unknown", "radiated", "lost"))
CURED_BY_TIME = frozenset((Why.NOT_YET, Why.CLOCK))
MOST_OF_ONE = 8  # statements of one person, role and act on one request: the newest count
MOST_UNKNOWN = 64  # statements on one request by keys of which no credential is known yet
MOST_ENDED = 5000
NEVER = frozenset((Why.ALTERED, Why.REVOKED, Why.IDENTITY, Why.ROLE))  # why a statement is not even kept


@dataclass(slots=True)
class Standing:
    """What stands, for one agency. `keys` are the public keys of the agencies, by which credentials and loans are believed.

    Of requests that ended the newest `most_ended` (0: all) and up to a quarter more are remembered; the journals hold all.
    """

    agency: str
    rules: Authority
    keys: AgencyKeys
    board: Board = field(default_factory=Board)
    keyring: Keyring = field(default_factory=Keyring)
    leases: Leases = field(init=False)
    forwards: Forwards = field(init=False)
    statements: dict[str, dict[str, SignedStatement]] = field(default_factory=dict)  # request: id: statement
    proven: set[str] = field(default_factory=set)  # ids of statements that are kept and whose signature was verified
    queues: dict[tuple[str, str], Queue] = field(default_factory=dict)  # spacecraft, agency: that of its gate
    on_the_way: dict[int, Mapping[str, Any]] = field(default_factory=dict)  # our CLTUs that nobody has answered for
    sent: dict[int, Mapping[str, Any]] = field(default_factory=dict)  # our CLTUs taken by a station and not yet told radiated
    released: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # request: what the gate wrote
    released_here: dict[str, None] = field(default_factory=dict)  # requests that our own gate released, in order
    holders: dict[str, tuple[str, int, int]] = field(default_factory=dict)  # asset: agency, epoch, end, as all were told
    news: dict[str, int] = field(default_factory=dict)  # partner: its last entry that is no countersignature
    countersigned: dict[str, int] = field(default_factory=dict)  # partner: how far we said that we have its journal
    credentials: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # key: its credential as its agency signed it
    rules_said: str = ""  # the digest of the rules that our journal says we command by
    next_cltu: int = 1
    latest_ns: int = 0
    own_ns: int = 0  # the time of the last entry of our own journal
    _lacking: dict[str, tuple[PreparedCommand, Keyring, str, int]] = field(default_factory=dict)
    _heard: dict[str, int] = field(default_factory=dict)  # request: how many statements came, also the same ones again
    _unknown: dict[str, dict[str, SignedStatement]] = field(default_factory=dict)  # key without a credential: id: statement
    odd: list[tuple[Entry, str]] = field(default_factory=list)
    most_ended: int = 0
    _thin_at: int = 0  # how many requests there may be before some are forgotten

    def __post_init__(self) -> None:
        self.leases = Leases.of(self.agency, self.rules)
        self.forwards = Forwards(self.agency)
        self.board.judge = self._against

    def take(self, entry: Entry) -> Progress | None:
        """Take an entry of our own journal or of a verified copy, and return the request that it is about, if any."""
        self.latest_ns = max(self.latest_ns, entry.at_ns)
        if entry.agency == self.agency:
            self.own_ns = entry.at_ns
        try:
            self._take(entry)
        except (DataError, UsageError, KeyError, TypeError, ValueError) as error:
            self.odd = [*self.odd[-999:], (entry, f"{type(error).__name__} {error}")]
        found = self.board.take(Told(entry.at_ns, entry.agency, entry.kind, entry.body))
        if self.most_ended and len(self.board.requests) > max(self._thin_at, self.most_ended):
            self._thin()
        return found

    def wanted(self, prepared: PreparedCommand, now: int, proven: frozenset[str] | set[str] = frozenset()) -> Wanted:
        """Return what is still wanted of a request. `proven` holds ids of statements whose signature was verified before."""
        request, holder = prepared.request.id, self.holding(prepared, now).agency
        said = self.said(request)
        proven = proven or self.proven
        found = wanted(asked_of(prepared), self.rules, self.keyring, said, now, holder=holder, proven=proven)
        self.proven.update(found.used)  # so that a signature is not verified again each time
        self._lacking.pop(request, None)
        if not found.satisfied and not any(one.why in CURED_BY_TIME for one in found.refused):
            self._lacking[request] = prepared, self.keyring, holder, self._heard.get(request, 0)
        return found

    def hopeful(self, spacecraft: str, now: int) -> list[Progress]:
        """Return the requests to a spacecraft that wait, oldest first, but those that lack what they lacked when asked last."""
        return [one for one in self.waiting(spacecraft) if not self._still_lacks(one.prepared, now)]

    def _still_lacks(self, prepared: PreparedCommand, now: int) -> bool:
        """Tell whether nothing that can help a request was said since it was found to lack something: rules are not run again."""
        request, known = prepared.request.id, self._lacking.get(prepared.request.id)
        if known is None or known[0] is not prepared or known[1] is not self.keyring:
            return False
        return known[2:] == (self.holding(prepared, now).agency, self._heard.get(request, 0))

    def forget(self, request: str) -> None:
        """Forget a request that ended, and what people said of it, but its name."""
        self.board.forget(request)
        self.proven.difference_update(self.statements.pop(request, {}))
        self.released.pop(request, None)
        self.released_here.pop(request, None)
        self._lacking.pop(request, None)
        self._heard.pop(request, None)

    def _thin(self) -> None:
        """Forget the oldest requests that ended, but the newest of them; look again when a quarter as many came."""
        ended = [name for name, one in self.board.requests.items() if one.is_ended]
        for name in ended[: max(0, len(ended) - self.most_ended)]:
            self.forget(name)
        self._thin_at = len(self.board.requests) + self.most_ended // 4

    def said(self, request: str) -> list[SignedStatement]:
        """Return what people said of a request."""
        return list(self.statements.get(request, {}).values())

    def holding(self, prepared: PreparedCommand, now: int) -> Holding:
        """Return who has what the commands of a request go to at an instant (TAI ns; for our own gate that of `Journal.time`).

        Different assets in one request have no holder.
        """
        craft = prepared.request.spacecraft
        found = {self.holder(craft, call.command, now) for call in prepared.request.calls}
        return found.pop() if len(found) == 1 else Holding("")

    def queue(self, spacecraft: str, agency: str = "") -> Queue:
        """Return the queue of a spacecraft at the gate of an agency (empty: our own)."""
        named = spacecraft, agency or self.agency
        return self.queues.setdefault(named, Queue(*named))

    def queued(self, spacecraft: str) -> list[Queue]:
        """Return the queues of a spacecraft at the gates of those that own or may borrow something of it, our own first."""
        agencies = dict.fromkeys((self.agency, *self._parties(spacecraft)))
        return [self.queue(spacecraft, one) for one in agencies]

    def has_part(self, spacecraft: str) -> bool:
        """Tell whether our agency owns or may borrow something of a spacecraft, so that its gate may have a queue of it."""
        return self.agency in self._parties(spacecraft)

    def _parties(self, spacecraft: str) -> list[str]:
        found = (one for one in self.rules.assets if not one.reach.spacecraft or spacecraft in one.reach.spacecraft)
        return [agency for one in found for agency in (one.owner, *one.borrowers)]

    def waiting(self, spacecraft: str) -> list[Progress]:
        """Return the requests to a spacecraft that wait, oldest first."""
        return self.board.waiting(spacecraft)

    def holder(self, spacecraft: str, command: str, now: int) -> Holding:
        """Return who has the asset that a command (empty: any) of a spacecraft goes to at an instant."""
        asset = self.rules.asset(spacecraft, command)
        if asset is None:
            return Holding("")
        if asset.key in self.leases.owned or asset.key in self.leases.borrowed:
            lease = self.leases.lease(asset.key)
            holder = lease.holder(now)
            borrowed = isinstance(lease, BorrowerLease) and holder == self.agency
            return Holding(holder, lease.epoch, lease.end_ns) if borrowed else Holding(holder, lease.epoch)
        return Holding(*self.holders.get(asset.key, (asset.owner, 0, 0))[:2])

    def _take(self, entry: Entry) -> None:
        kind, body, ours = entry.kind, entry.body, entry.agency == self.agency
        if kind == "countersign" and ours:
            self.countersigned[str(body["of"])] = int(body["n"])
        elif kind == "authority" and ours:
            self.rules_said = str(body["digest"])
        elif not ours and kind not in ("countersign", "countersigned"):
            self.news[entry.agency] = entry.n
        if kind == "credential":
            before, self.keyring = self.keyring.credentials, self.keyring.with_credential(body, self.keys)
            new = [key for key, one in self.keyring.credentials.items() if before.get(key) is not one]
            self.credentials |= dict.fromkeys(new, body)
            self._know(new)
        elif kind == "revoked":
            self.keyring = self.keyring.with_revocation(body, self.keys)
        elif kind == "statement":
            signed = statement_from(body)
            if signed.statement.agency != entry.agency:
                raise DataError(f"{entry.agency} writes down a statement of {signed.statement.agency}")
            self._hear(signed)
        elif kind.startswith(LEASE):
            self._lend(entry)
        elif kind == "queue":
            self._queue(entry)
        elif kind == "forward":
            self.forwards.take(entry.agency, body)
        elif kind == "released" and ours:
            self.released[str(body["request"])] = body
            self.released_here[str(body["request"])] = None
            if (known := self.board.requests.get(str(body["request"]))) is not None:
                self.forwards.released(known.prepared.packets, int(body["released_ns"]))
        elif kind == "released":
            self.released.setdefault(str(body["request"]), body)
        elif kind == "sending" and ours:
            self.next_cltu = max(self.next_cltu, int(body["cltu"]) + 1)
            self.on_the_way[int(body["cltu"])] = body
        elif kind in CLOSING and ours and "cltu" in body:
            sending = self.on_the_way.pop(int(body["cltu"]), None)
            if kind == "transferred" and sending is not None:
                self.sent[int(body["cltu"])] = sending
            elif kind != "transferred":
                self.sent.pop(int(body["cltu"]), None)

    def _hear(self, signed: SignedStatement) -> None:
        """Keep a statement that is its person's; one by a key that is not known yet takes no room of those. Raises DataError."""
        said = signed.statement
        held = self.statements.setdefault(said.request, {})
        why = None if said.id in self.proven and said.id not in held else self._refused(signed)
        if why is not None and why.why in NEVER:
            raise DataError(why.words)
        if said.id in held and said.id in self.proven:
            return
        of_one = _of_one(signed)
        if why is not None and why.why is Why.UNKNOWN_KEY:
            like, most = [one for one in held if one not in self.proven], MOST_UNKNOWN
            self._unknown.setdefault(said.key, {})[said.id] = signed
        else:
            like, most = [key for key, one in held.items() if key in self.proven and _of_one(one) == of_one], MOST_OF_ONE
            self.proven.add(said.id)
        if len(like) >= most:
            self.proven.discard(like[0])
            del held[like[0]]
        held[said.id] = signed
        self._heard[said.request] = self._heard.get(said.request, 0) + 1

    def _know(self, keys: list[str]) -> None:
        """Look again at what was said by keys of which a credential has come."""
        for signed in [one for key in keys for one in self._unknown.pop(key, {}).values()]:
            held = self.statements.get(signed.statement.request, {})
            if held.pop(signed.statement.id, None) is not None:
                with contextlib.suppress(DataError):
                    self._hear(signed)

    def _refused(self, signed: SignedStatement) -> Refusal | None:
        """Return why a statement is not that of its person, whatever it is about; None when it is."""
        said = signed.statement
        return self.keyring.refused(
            signed, request=said.request, digest=said.digest, spacecraft=said.spacecraft,
            now_ns=max(said.at_ns, said.not_before_ns),
        )  # fmt: skip

    def _against(self, one: Progress, told: Told) -> str:
        """Return why an entry cannot end a request: only who has a say ends it by what they signed, or its own agency."""
        prepared, of = one.prepared, one.prepared.request.requester.agency
        if told.kind in ("withdrawn", "expired") and told.agency != of:
            return f"it is in the journal of {told.agency}, and the request is of {of}"
        if told.kind == "expired" and told.at_ns <= prepared.request.latest_ns:
            return "its window of release is not over"
        said = told.body.get("statement")
        if told.kind != "statement" or not isinstance(said, Mapping) or said.get("act") != Act.REJECT:
            return ""
        try:
            signed = statement_from(told.body)
        except DataError as error:
            return str(error)
        why = self.keyring.refused(
            signed, request=one.id, digest=prepared.digest, spacecraft=prepared.request.spacecraft,
            now_ns=min(told.at_ns, signed.statement.not_after_ns), tolerance_ns=round(self.rules.clock_tolerance_s * 1e9),
            proven=self.proven,
        )  # fmt: skip
        if why is None and not could_agree(asked_of(prepared), self.rules, signed.statement):
            return f"{signed.statement.person} has no say in it"
        return "" if why is None else why.words

    def _lend(self, entry: Entry) -> None:
        message = message_from(entry.body, self.keys)
        told = self.holders.get(message.asset, ("", 0, 0))[1]  # journals come in any order, and old messages again
        if message.event == "handover" and message.epoch > told:
            self.holders[message.asset] = (message.borrower, message.epoch, message.end_ns)
        elif message.event == "end" and message.epoch >= told:
            self.holders[message.asset] = (message.owner, message.epoch, 0)
        if entry.agency == self.agency:  # also what came from others is journalled here before it counts
            self.leases = self.leases.after(message)

    def _queue(self, entry: Entry) -> None:
        body = entry.body
        spacecraft, action, request = str(body["spacecraft"]), str(body["action"]), str(body.get("request", ""))
        queue = self.queue(spacecraft, entry.agency)  # each agency says how its own gate is, and nothing of others'
        if not request:
            queue.act(action)
        elif action == "hold":
            queue.held.add(request)
        elif action == "release":
            queue.held.discard(request)
        else:
            raise UsageError(f"{action!r} cannot be done to a request in a queue", remedy="hold or release")


def _of_one(signed: SignedStatement) -> tuple[str, str, str, str, Act]:
    said = signed.statement
    return said.agency, said.centre, said.person, said.role, said.act
