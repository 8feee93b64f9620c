"""Who may release to an asset: its owner, or one borrower until an instant. Loans as two state tables, of owner and borrower.

The owner offers, the borrower accepts, the owner hands over and from then on holds nothing; the borrower holds the asset when the
hand-over arrives, until it returns it, is recalled, or the end of the loan passes by its own clock. The owner holds it again when
the return arrives, or when the end has passed by more than the guard time. Each loan has an epoch, which only the owner issues
and which never comes again. So each message that is lost, late, doubled or out of order leaves at most one holder, and a cut line
can leave none, never two. It rests on this: two agencies' clocks differ by no more than the guard time of the asset, each writes
its journal before it acts, and the instants that it acts on never go back (`Journal.time`).

Times are TAI nanoseconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..agencies import Asset, Authority
from ..errors import DataError, UsageError
from .canonical import canonical
from .credentials import AgencyKeys, signed_by_agency

MARK = b"aelita-lease-1\n"
KIND = "lease."  # kinds of journal entries: `lease.` and the event
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_MOST_NS = (1 << 63) - 1


class Event(StrEnum):
    """What happens to a loan: messages of the owner and of the borrower, and two that time and people bring about."""

    OFFER = "offer"  # owner: you may have it until then
    WITHDRAW = "withdraw"  # owner: the offer stands no more
    ACCEPTANCE = "acceptance"  # borrower: I take it
    HANDOVER = "handover"  # owner: I hold it no more, it is yours
    RECALL = "recall"  # owner: give it back
    RETURN = "return"  # borrower: I hold it no more
    END = "end"  # owner: this epoch is closed; I hold it
    EXPIRED = "expired"  # borrower: the end has passed


SENT_BY_OWNER = frozenset((Event.OFFER, Event.WITHDRAW, Event.HANDOVER, Event.RECALL, Event.END))


class Owner(StrEnum):
    """States of the owner. It holds the asset in the first two."""

    HELD = "held"
    OFFERED = "offered"
    LENT = "lent"
    RECALLED = "recalled"


class Borrower(StrEnum):
    """States of the borrower. It holds the asset in the last one."""

    NOTHING = "nothing"
    INVITED = "invited"
    ACCEPTED = "accepted"
    BORROWED = "borrowed"


# What each event leads to, once its sender or receiver has journalled it; a missing row is refused.
OWNER_TABLE: Mapping[tuple[Owner, Event], Owner] = {
    (Owner.HELD, Event.OFFER): Owner.OFFERED,
    (Owner.OFFERED, Event.WITHDRAW): Owner.HELD,
    (Owner.OFFERED, Event.ACCEPTANCE): Owner.OFFERED,
    (Owner.OFFERED, Event.HANDOVER): Owner.LENT,
    (Owner.LENT, Event.RECALL): Owner.RECALLED,
    (Owner.LENT, Event.RETURN): Owner.LENT,
    (Owner.RECALLED, Event.RETURN): Owner.RECALLED,
    (Owner.LENT, Event.END): Owner.HELD,
    (Owner.RECALLED, Event.END): Owner.HELD,
}
BORROWER_TABLE: Mapping[tuple[Borrower, Event], Borrower] = {
    (Borrower.NOTHING, Event.OFFER): Borrower.INVITED,
    (Borrower.INVITED, Event.OFFER): Borrower.INVITED,
    (Borrower.INVITED, Event.WITHDRAW): Borrower.NOTHING,
    (Borrower.INVITED, Event.ACCEPTANCE): Borrower.ACCEPTED,
    (Borrower.INVITED, Event.EXPIRED): Borrower.NOTHING,
    (Borrower.INVITED, Event.END): Borrower.NOTHING,
    (Borrower.ACCEPTED, Event.WITHDRAW): Borrower.NOTHING,
    (Borrower.ACCEPTED, Event.HANDOVER): Borrower.BORROWED,
    (Borrower.ACCEPTED, Event.RETURN): Borrower.NOTHING,
    (Borrower.ACCEPTED, Event.RECALL): Borrower.NOTHING,
    (Borrower.ACCEPTED, Event.EXPIRED): Borrower.NOTHING,
    (Borrower.ACCEPTED, Event.END): Borrower.NOTHING,
    (Borrower.BORROWED, Event.RETURN): Borrower.NOTHING,
    (Borrower.BORROWED, Event.RECALL): Borrower.NOTHING,
    (Borrower.BORROWED, Event.EXPIRED): Borrower.NOTHING,
    (Borrower.BORROWED, Event.END): Borrower.NOTHING,
}


@dataclass(frozen=True, slots=True)
class Message:
    """One event of one loan, as its sender signs it; `by` is the person who brought it about, empty when none did."""

    event: Event
    asset: str
    owner: str
    borrower: str
    epoch: int
    end_ns: int
    at_ns: int
    by: str = ""

    @property
    def sender(self) -> str:
        """The agency that says it."""
        return self.owner if self.event in SENT_BY_OWNER else self.borrower

    @property
    def said(self) -> dict[str, Any]:
        """The message as canonical JSON writes it."""
        return {
            "v": 1, "event": str(self.event), "asset": self.asset, "owner": self.owner, "borrower": self.borrower,
            "epoch": self.epoch, "end_ns": self.end_ns, "at_ns": self.at_ns, "by": self.by,
        }  # fmt: skip

    def body(self, agency_key: Ed25519PrivateKey) -> dict[str, Any]:
        """Return it signed, as messages and journals carry it."""
        return {"lease": self.said, "signature": agency_key.sign(MARK + canonical(self.said)).hex()}


def message_from(body: Mapping[str, Any], agencies: AgencyKeys | None) -> Message:
    """Return the message of a body, its signature not looked at without keys. Raises DataError for what is none or forged."""
    said = body.get("lease")
    wanted = {"v", "event", "asset", "owner", "borrower", "epoch", "end_ns", "at_ns", "by"}
    if not isinstance(said, dict) or set(said) != wanted or said["v"] != 1 or said["event"] not in list(Event):
        raise DataError("not a message about a loan, of version 1")
    for name in ("epoch", "end_ns", "at_ns"):
        if not isinstance(said[name], int) or isinstance(said[name], bool) or not 0 <= said[name] <= _MOST_NS:
            raise DataError(f"{name} of a loan is {said[name]!r}")
    for name in ("asset", "owner", "borrower"):
        if not isinstance(said[name], str) or not _NAME.fullmatch(said[name]):
            raise DataError(f"{name} of a loan is {said[name]!r}, no name")
    if not isinstance(said["by"], str):
        raise DataError("`by` of a loan is no text")
    made = Message(
        Event(said["event"]), *(said[name] for name in ("asset", "owner", "borrower", "epoch", "end_ns", "at_ns", "by"))
    )
    if agencies is not None:
        signed_by_agency(MARK, made.said, body.get("signature"), made.sender, agencies)
    return made


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows from a message received: whether to journal it as it came (`take`), then the agency's `own` messages, each to
    be journalled and, unless it is EXPIRED, sent; and those to `repeat` without a journal entry, since they change nothing.
    """

    take: bool = False
    own: tuple[Message, ...] = ()
    repeat: tuple[Message, ...] = ()


NOTHING_NEW = Answer()


@dataclass(frozen=True, slots=True)
class OwnerLease:
    """What the owner knows of the loans of an asset: the state, the last epoch it issued, and the loan of that epoch."""

    asset: Asset
    state: Owner = Owner.HELD
    epoch: int = 0
    borrower: str = ""
    end_ns: int = 0
    last: Message | None = None

    def holder(self, now_ns: int) -> str:
        """Return the agency that holds the asset as far as the owner knows; its gate releases only for itself."""
        return self.asset.owner if self.state in (Owner.HELD, Owner.OFFERED) else self.borrower

    def next_deadline(self) -> int | None:
        """Return when the owner may close the loan by itself (TAI ns), None when none is out."""
        return self.end_ns + self.asset.guard_s * 10**9 if self.state in (Owner.LENT, Owner.RECALLED) else None

    def on_timer(self, now_ns: int) -> Message | None:
        """Return the end of the loan when it is due by the owner's clock, or the return came just before a crash."""
        due_ns = self.next_deadline()
        return self._message(Event.END, now_ns) if due_ns is not None and (now_ns >= due_ns or self._returned) else None

    def offer(self, borrower: str, end_ns: int, now_ns: int, by: str = "") -> Message:
        """Return the offer of a loan until an instant, of a new epoch. Raises UsageError for what the mission does not allow."""
        if borrower not in self.asset.borrowers:
            raise UsageError(f"{borrower!r} may not borrow {self.asset.key}")
        if not now_ns < end_ns <= now_ns + self.asset.longest_s * 10**9:
            raise UsageError(f"a loan of {self.asset.key} ends within {self.asset.longest_s} s from now")
        if self.state is not Owner.HELD:
            raise UsageError(f"{self.asset.key} is {self.state} to {self.borrower}", remedy="Withdraw the offer, or wait")
        return Message(Event.OFFER, self.asset.key, self.asset.owner, borrower, self.epoch + 1, end_ns, now_ns, by)

    def withdraw(self, now_ns: int, by: str = "") -> Message:
        """Return the withdrawal of the offer that stands."""
        return self._allowed(Event.WITHDRAW, now_ns, by)

    def recall(self, now_ns: int, by: str = "") -> Message:
        """Return the demand to have the asset back before the end."""
        return self._allowed(Event.RECALL, now_ns, by)

    def _allowed(self, event: Event, now_ns: int, by: str) -> Message:
        if (self.state, event) not in OWNER_TABLE:
            raise UsageError(f"{self.asset.key} is {self.state}: there is nothing to {event}")
        return self._message(event, now_ns, by)

    def _message(self, event: Event, now_ns: int, by: str = "") -> Message:
        return Message(event, self.asset.key, self.asset.owner, self.borrower, self.epoch, self.end_ns, now_ns, by)

    def after(self, message: Message) -> "OwnerLease":
        """Return the state after a message that was sent or received, and journalled. Raises DataError for one out of place."""
        event = message.event
        state = OWNER_TABLE.get((self.state, event))
        expected = self.epoch + 1 if event is Event.OFFER else self.epoch
        if (message.asset, message.owner) != (self.asset.key, self.asset.owner):
            raise DataError(f"{message.owner!r} does not own {message.asset!r} here")
        if state is None or message.epoch != expected:
            raise DataError(f"{event} of epoch {message.epoch}: {self.asset.key} is {self.state} with epoch {self.epoch}")
        if event is Event.OFFER:
            return OwnerLease(self.asset, state, message.epoch, message.borrower, message.end_ns, message)
        if (message.borrower, message.end_ns) != (self.borrower, self.end_ns):
            raise DataError(f"{event} of epoch {message.epoch} tells of another loan than was offered")
        if event is Event.END and not self._may_end(message):
            raise DataError(f"the loan of epoch {self.epoch} was closed before its end without its return")
        return replace(self, state=state, last=message)

    def _may_end(self, message: Message) -> bool:
        """Tell whether the borrower surely holds nothing: it said so, or its time is over by more than clocks can differ."""
        due_ns = self.next_deadline()
        return self._returned or (due_ns is not None and message.at_ns >= due_ns)

    @property
    def _returned(self) -> bool:
        return self.last is not None and self.last.event is Event.RETURN

    def receive(self, message: Message, now_ns: int) -> Answer:
        """Return what to do with a message of the borrower. Raises DataError for one that cannot come from it.

        An acceptance leads to the hand-over and a return to the end; what is about an epoch that is closed is answered with its
        end, and what is not news with what was said before.
        """
        event = message.event
        if event not in (Event.ACCEPTANCE, Event.RETURN) or message.epoch > self.epoch:
            raise DataError(f"{event} of epoch {message.epoch} cannot come from a borrower: {self.epoch} was the last")
        if message.epoch < self.epoch or self.state is Owner.HELD:
            return Answer(repeat=(replace(message, event=Event.END, at_ns=now_ns, by=""),))
        if (message.borrower, message.end_ns) != (self.borrower, self.end_ns):
            raise DataError(f"{event} of epoch {message.epoch} tells of another loan than was offered")
        if self.state is Owner.OFFERED and (event is Event.RETURN or now_ns >= self.end_ns):
            return Answer(own=(self._message(Event.WITHDRAW, now_ns),))
        if event is Event.RETURN:
            return Answer(True, (self._message(Event.END, now_ns),))
        if self.state is Owner.OFFERED:
            return Answer(True, (self._message(Event.HANDOVER, now_ns),))
        return Answer(repeat=(self._message(Event.HANDOVER if self.state is Owner.LENT else Event.RECALL, now_ns),))


@dataclass(frozen=True, slots=True)
class BorrowerLease:
    """What a borrower knows of its loan of an asset: the state, the loan, and the last epoch that is over for good."""

    asset: Asset
    agency: str
    state: Borrower = Borrower.NOTHING
    epoch: int = 0
    end_ns: int = 0
    closed: int = 0

    def holder(self, now_ns: int) -> str:
        """Return the agency that holds the asset as far as the borrower knows: itself, or else the owner."""
        return self.agency if self.state is Borrower.BORROWED and now_ns < self.end_ns else self.asset.owner

    def next_deadline(self) -> int | None:
        """Return when the loan or its offer is over (TAI ns), None when there is none."""
        return None if self.state is Borrower.NOTHING else self.end_ns

    def on_timer(self, now_ns: int) -> Message | None:
        """Return that the loan is over when it is, by the borrower's clock."""
        return self._message(Event.EXPIRED, now_ns) if self.state is not Borrower.NOTHING and now_ns >= self.end_ns else None

    def accept(self, now_ns: int, by: str = "") -> Message:
        """Return the acceptance of the offer, or the same again when no answer came."""
        if self.state not in (Borrower.INVITED, Borrower.ACCEPTED) or now_ns >= self.end_ns:
            raise UsageError(f"nothing of {self.asset.key} is offered")
        return self._message(Event.ACCEPTANCE, now_ns, by)

    def give_back(self, now_ns: int, by: str = "") -> Message:
        """Return the return of the asset: from its entry in the journal on the borrower holds nothing."""
        if self.state not in (Borrower.ACCEPTED, Borrower.BORROWED):
            raise UsageError(f"{self.asset.key} is not borrowed")
        return self._message(Event.RETURN, now_ns, by)

    def _message(self, event: Event, now_ns: int, by: str = "") -> Message:
        return Message(event, self.asset.key, self.asset.owner, self.agency, self.epoch, self.end_ns, now_ns, by)

    def after(self, message: Message) -> "BorrowerLease":
        """Return the state after a message that was sent or received, and journalled. Raises DataError for one out of place."""
        event = message.event
        if (message.asset, message.owner, message.borrower) != (self.asset.key, self.asset.owner, self.agency):
            raise DataError(
                f"{event} of {message.asset!r} from {message.owner!r} to {message.borrower!r} is not for {self.agency!r}"
            )
        if event is Event.OFFER:
            newer = message.epoch > max(self.epoch, self.closed) or message.epoch == self.epoch > self.closed
            if self.state in (Borrower.NOTHING, Borrower.INVITED) and newer:
                return replace(self, state=Borrower.INVITED, epoch=message.epoch, end_ns=message.end_ns)
            raise DataError(f"an offer of epoch {message.epoch} after epoch {max(self.epoch, self.closed)}")
        state = BORROWER_TABLE.get((self.state, event))
        if state is None or (message.epoch, message.end_ns) != (self.epoch, self.end_ns):
            raise DataError(f"{event} of epoch {message.epoch}: {self.asset.key} is {self.state} with epoch {self.epoch}")
        if state is Borrower.NOTHING:
            return replace(self, state=state, closed=self.epoch)
        return replace(self, state=state)

    def receive(self, message: Message, now_ns: int) -> Answer:
        """Return what to do with a message of the owner. Raises DataError for one that cannot come from it.

        A recall is answered at once with the return. What is about an epoch that is over is answered with its return, so that a
        lost one comes again.
        """
        event = message.event
        if event not in SENT_BY_OWNER:
            raise DataError(f"{event} cannot come from the owner of {self.asset.key}")
        returned = Answer(repeat=(replace(message, event=Event.RETURN, at_ns=now_ns, by=""),))
        if message.epoch <= self.closed:
            return returned if event in (Event.HANDOVER, Event.RECALL) else NOTHING_NEW
        if event is Event.OFFER:
            free = self.state in (Borrower.NOTHING, Borrower.INVITED)
            return Answer(free and now_ns < message.end_ns and message.epoch > self.epoch)
        if (message.epoch, message.end_ns) != (self.epoch, self.end_ns) or (self.state, event) not in BORROWER_TABLE:
            return NOTHING_NEW
        if event is Event.HANDOVER and now_ns >= self.end_ns:
            return Answer(own=(self._message(Event.EXPIRED, now_ns),))
        return replace(returned, take=True) if event is Event.RECALL else Answer(True)


@dataclass(frozen=True, slots=True)
class Leases:
    """All loans that one agency has a part in, as owner or as borrower: what its gate asks, and its journal rebuilds."""

    agency: str
    owned: Mapping[str, OwnerLease]
    borrowed: Mapping[str, BorrowerLease]

    @staticmethod
    def of(agency: str, authority: Authority) -> "Leases":
        """Return the loans of an agency before anything happened: every owner holds what it owns."""
        owned = {one.key: OwnerLease(one) for one in authority.assets if one.owner == agency}
        return Leases(agency, owned, {one.key: BorrowerLease(one, agency) for one in authority.assets if agency in one.borrowers})

    def lease(self, asset: str) -> OwnerLease | BorrowerLease:
        """Return what is known of the loans of an asset. Raises UsageError when the agency has no part in it."""
        found = self.owned.get(asset) or self.borrowed.get(asset)
        if found is None:
            raise UsageError(f"{self.agency!r} neither owns nor may borrow {asset!r}")
        return found

    def holds(self, asset: str, now_ns: int) -> bool:
        """Tell whether the agency's own gate may release to an asset at an instant (TAI ns, as `Journal.time` gives it)."""
        return (asset in self.owned or asset in self.borrowed) and self.lease(asset).holder(now_ns) == self.agency

    def after(self, message: Message) -> "Leases":
        """Return the loans after a message that was journalled; one about what the agency has no part in changes nothing."""
        if message.asset in self.owned:
            return replace(self, owned={**self.owned, message.asset: self.owned[message.asset].after(message)})
        if message.asset in self.borrowed and message.borrower == self.agency:
            return replace(self, borrowed={**self.borrowed, message.asset: self.borrowed[message.asset].after(message)})
        return self

    def receive(self, message: Message, now_ns: int) -> Answer:
        """Return what to do with a message of another agency."""
        if message.sender == self.agency or self.agency not in (message.owner, message.borrower):
            raise DataError(f"{message.event} of {message.asset} is not for {self.agency!r}")
        found = self.lease(message.asset)
        if found.asset.owner != message.owner:
            raise DataError(f"{message.owner!r} does not own {message.asset!r}: {found.asset.owner!r} does")
        return found.receive(message, now_ns)

    def on_timer(self, now_ns: int) -> tuple[Message, ...]:
        """Return the messages that time brings about, each to be journalled; those to others are to be sent too."""
        made = (one.on_timer(now_ns) for one in self._all())
        return tuple(one for one in made if one is not None)

    def next_deadline(self) -> int | None:
        """Return when `on_timer` has something next (TAI ns), None when nothing waits."""
        found = (one.next_deadline() for one in self._all())
        return min((one for one in found if one is not None), default=None)

    def _all(self) -> list[OwnerLease | BorrowerLease]:
        return [*self.owned.values(), *self.borrowed.values()]
