"""Loans of assets: the plain way, each fault of the line, and any order of events, never two who hold the same thing."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aelita.agencies import Asset, Authority, Reach
from aelita.commanding import Borrower, Event, Leases, Message, Owner, lease_message_from
from aelita.errors import DataError, UsageError

S = 10**9
GUARD_S = 10
ASSET = Asset("probe", Reach(("probe",)), "us", ("them",), longest_s=1000, guard_s=GUARD_S)
AUTHORITY = Authority(assets=(ASSET,))
KEYS = {agency: Ed25519PrivateKey.generate() for agency in ("us", "them")}
PUBLIC = {agency: (key.public_key(),) for agency, key in KEYS.items()}


class Side:
    """One agency: its loans, its journal, its clock (which may be set but whose journal never goes back)."""

    def __init__(self, agency: str) -> None:
        self.agency, self.journal, self.ahead_ns, self.latest_ns = agency, list[Message](), 0, 0
        self.leases = Leases.of(agency, AUTHORITY)

    def now(self, true_ns: int) -> int:
        self.latest_ns = max(self.latest_ns, true_ns + self.ahead_ns)
        return self.latest_ns

    def keep(self, message: Message) -> None:
        self.leases = self.leases.after(message)
        self.journal.append(message)

    def hear(self, message: Message, true_ns: int, crash_after: int = 9) -> list[Message]:
        """Take a message as the service does; a crash comes after that many journal entries, before anything is sent."""
        answer = self.leases.receive(message, self.now(true_ns))
        entries = [*([message] if answer.take else []), *answer.own]
        for entry in entries[:crash_after]:
            self.keep(entry)
        return (
            [] if crash_after < len(entries) else [one for one in (*answer.own, *answer.repeat) if one.event is not Event.EXPIRED]
        )

    def tick(self, true_ns: int) -> list[Message]:
        made = self.leases.on_timer(self.now(true_ns))
        for one in made:
            self.keep(one)
        return [one for one in made if one.event is not Event.EXPIRED]

    def restart(self) -> None:
        """Forget everything but the journal; the last instant written is in it."""
        self.leases = Leases.of(self.agency, AUTHORITY)
        for one in self.journal:
            self.leases = self.leases.after(one)
        self.latest_ns = max((one.at_ns for one in self.journal if one.sender == self.agency), default=0)

    def holds(self, true_ns: int) -> bool:
        return self.leases.holds("probe", self.now(true_ns))

    @property
    def owned(self):  # type: ignore[no-untyped-def]
        return self.leases.owned["probe"]

    @property
    def borrowed(self):  # type: ignore[no-untyped-def]
        return self.leases.borrowed["probe"]


def lent(end_s: int = 100) -> tuple[Side, Side]:
    us, them = Side("us"), Side("them")
    offer = us.owned.offer("them", end_s * S, 0, "Ann")
    us.keep(offer)
    assert them.hear(offer, 0) == [] and us.holds(0)
    accepted = them.borrowed.accept(1 * S, "Boris")
    them.keep(accepted)
    (handover,) = us.hear(accepted, 2 * S)
    assert not us.holds(2 * S) and not them.holds(2 * S)
    assert them.hear(handover, 3 * S) == [] and them.holds(3 * S) and not us.holds(3 * S)
    return us, them


# ---- the plain way


def test_a_loan_is_returned_before_its_end() -> None:
    us, them = lent()
    returned = them.borrowed.give_back(5 * S)
    them.keep(returned)
    assert not them.holds(5 * S) and not us.holds(5 * S)
    (end,) = us.hear(returned, 6 * S)
    assert us.holds(6 * S) and end.event is Event.END
    assert us.owned.state is Owner.HELD and them.hear(end, 7 * S) == [] and them.borrowed.state is Borrower.NOTHING


def test_a_recalled_loan_comes_back_at_once() -> None:
    us, them = lent()
    recall = us.owned.recall(5 * S, "Ann")
    us.keep(recall)
    (returned,) = them.hear(recall, 6 * S)
    assert not them.holds(6 * S) and not us.holds(6 * S)
    us.hear(returned, 7 * S)
    assert us.holds(7 * S)


def test_after_a_cut_line_nobody_holds_it_until_the_guard_time_is_over() -> None:
    us, them = lent(100)
    assert us.leases.next_deadline() == 110 * S and them.leases.next_deadline() == 100 * S
    assert them.holds(100 * S - 1) and not them.holds(100 * S)
    assert us.tick(110 * S - 1) == [] and not us.holds(110 * S - 1)
    us.tick(110 * S)
    assert us.holds(110 * S)


def test_a_lost_return_comes_again_when_it_is_asked_for() -> None:
    us, them = lent()
    them.keep(them.borrowed.give_back(5 * S))  # lost
    recall = us.owned.recall(6 * S)
    us.keep(recall)
    (returned,) = them.hear(recall, 7 * S)
    us.hear(returned, 8 * S)
    assert us.holds(8 * S)


def test_an_old_handover_gives_nothing_back() -> None:
    us, them = lent()
    handover = us.journal[-1]
    returned = them.borrowed.give_back(5 * S)
    them.keep(returned)
    us.hear(returned, 6 * S)
    (again,) = them.hear(handover, 7 * S)
    assert again.event is Event.RETURN and not them.holds(7 * S) and us.holds(7 * S)


def test_a_clock_set_back_does_not_bring_a_loan_back() -> None:
    us, them = lent(100)
    them.tick(101 * S)
    us.tick(111 * S)
    them.ahead_ns = -60 * S
    assert us.holds(112 * S) and not them.holds(112 * S)
    them.restart()
    assert not them.holds(112 * S)


# ---- what is refused


def test_only_what_the_mission_allows_is_offered() -> None:
    us = Side("us")
    with pytest.raises(UsageError, match="may not borrow"):
        us.owned.offer("others", 10 * S, 0)
    for end_ns in (0, 1001 * S):
        with pytest.raises(UsageError, match="within 1000 s"):
            us.owned.offer("them", end_ns, 0)
    us.keep(us.owned.offer("them", 10 * S, 0))
    with pytest.raises(UsageError, match="offered to them"):
        us.owned.offer("them", 10 * S, 0)
    with pytest.raises(UsageError, match="nothing to recall"):
        us.owned.recall(0)
    with pytest.raises(UsageError, match="not borrowed"):
        Side("them").borrowed.give_back(0)


def test_an_owner_cannot_close_a_loan_early() -> None:
    us, _ = lent(100)
    early = replace(us.owned.last, event=Event.END, at_ns=109 * S)
    with pytest.raises(DataError, match="closed before its end"):
        us.leases.after(early)


def test_a_loan_from_who_does_not_own_it_is_refused() -> None:
    them = Side("them")
    forged = Message(Event.OFFER, "probe", "others", "them", 1, 10 * S, 0)
    with pytest.raises(DataError, match="does not own"):
        them.hear(forged, 0)
    with pytest.raises(DataError, match="not for"):
        them.hear(replace(forged, owner="us", borrower="others"), 0)
    with pytest.raises(UsageError, match="neither owns"):
        them.leases.lease("another")
    assert not them.leases.holds("another", 0)


def test_a_message_of_another_loan_of_the_same_epoch_is_refused() -> None:
    us, them = Side("us"), Side("them")
    us.keep(us.owned.offer("them", 10 * S, 0))
    them.hear(us.journal[0], 0)
    longer = replace(them.borrowed.accept(1), end_ns=900 * S)
    with pytest.raises(DataError, match="another loan"):
        us.hear(longer, 1)
    with pytest.raises(DataError, match="cannot come from a borrower"):
        us.hear(replace(longer, epoch=7), 1)


def test_messages_are_signed_by_who_says_them() -> None:
    offer = Message(Event.OFFER, "probe", "us", "them", 1, 10 * S, 0, "Ann")
    assert lease_message_from(offer.body(KEYS["us"]), PUBLIC) == offer
    for body in (offer.body(KEYS["them"]), offer.body(KEYS["us"]) | {"lease": offer.said | {"end_ns": 11 * S}}):
        with pytest.raises(DataError, match="forged or altered"):
            lease_message_from(body, PUBLIC)
    for broken in ({}, {"lease": 1}, {"lease": offer.said | {"v": 2}}, {"lease": offer.said | {"epoch": -1}},
                   {"lease": offer.said | {"owner": ""}}, {"lease": offer.said | {"by": 1}}, {"lease": offer.said}):  # fmt: skip
        with pytest.raises(DataError):
            lease_message_from(broken, PUBLIC)


# ---- any order of events


class AnyOrder(RuleBasedStateMachine):
    """Two agencies, clocks that differ by up to the guard time, a line that loses, doubles, delays and reorders, crashes."""

    def __init__(self) -> None:
        super().__init__()
        self.us, self.them, self.true_ns, self.line = Side("us"), Side("them"), 0, list[Message]()

    def side(self, message: Message) -> Side:
        return self.us if message.sender == "them" else self.them

    @rule(seconds=st.sampled_from((1, 3, 9, 20, 20)), ticking=st.sampled_from(("", "us", "them", "us them")))
    def time_passes(self, seconds: int, ticking: str) -> None:
        self.true_ns += seconds * S
        for side in (self.us, self.them):
            self.line += side.tick(self.true_ns) if side.agency in ticking.split() else []

    @initialize(end_s=st.sampled_from((0, 0, 10, 30)))
    def begin(self, end_s: int) -> None:
        if end_s:
            self.us, self.them = lent(end_s)
            self.line, self.true_ns = [*self.us.journal, *self.them.journal], 3 * S

    @rule(ours=st.sampled_from((0, 4, GUARD_S, GUARD_S)), theirs=st.sampled_from((0, 0, 4, GUARD_S)))
    def clocks_are_set(self, ours: int, theirs: int) -> None:
        self.us.ahead_ns, self.them.ahead_ns = ours * S, theirs * S

    def possible(self) -> list[tuple[Side, Message]]:
        """What people can bring about now."""
        us, them = self.us, self.them
        ours, theirs = us.now(self.true_ns), them.now(self.true_ns)
        found = []
        if us.owned.state is Owner.HELD:
            found += [(us, us.owned.offer("them", ours + seconds * S, ours)) for seconds in (15, 60)]
        if us.owned.state is Owner.OFFERED:
            found.append((us, us.owned.withdraw(ours)))
        if us.owned.state is Owner.LENT:
            found.append((us, us.owned.recall(ours)))
        if them.borrowed.state is Borrower.INVITED and theirs < them.borrowed.end_ns:
            found += [(them, them.borrowed.accept(theirs))] * 3
        if them.borrowed.state in (Borrower.ACCEPTED, Borrower.BORROWED):
            found.append((them, them.borrowed.give_back(theirs)))
        return found

    @rule(data=st.data(), sent=st.sampled_from((True, True, True, False)))
    def act(self, data: st.DataObject, sent: bool) -> None:
        if possible := self.possible():
            side, message = data.draw(st.sampled_from(possible))
            side.keep(message)
            self.line += [message] * sent

    @precondition(lambda self: self.them.borrowed.state is Borrower.ACCEPTED)
    @rule()
    def accept_again(self) -> None:
        if (now := self.them.now(self.true_ns)) < self.them.borrowed.end_ns:
            self.line.append(self.them.borrowed.accept(now))

    @precondition(lambda self: self.line)
    @rule(back=st.sampled_from((1, 1, 1, 2, 3, 5, 8, 13)), doubled=st.booleans(), crash_after=st.sampled_from((9, 9, 9, 0, 1)))
    def deliver(self, back: int, doubled: bool, crash_after: int) -> None:
        index = max(0, len(self.line) - back)
        message = self.line[index] if doubled else self.line.pop(index)
        side = self.side(message)
        self.line += side.hear(message, self.true_ns, crash_after)
        if crash_after < 9:
            side.restart()

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.line.pop(data.draw(st.integers(0, len(self.line) - 1)))

    @rule(ours=st.booleans())
    def crash(self, ours: bool) -> None:
        side = self.us if ours else self.them
        before = side.leases
        side.restart()
        assert side.leases == before

    @invariant()
    def never_two_holders(self) -> None:
        assert not (self.us.holds(self.true_ns) and self.them.holds(self.true_ns))

    @invariant()
    def epochs_never_come_again(self) -> None:
        offered = [one.epoch for one in self.us.journal if one.event is Event.OFFER]
        assert offered == sorted(set(offered))


AnyOrder.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
TestAnyOrder = AnyOrder.TestCase
