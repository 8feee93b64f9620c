"""Queues of spacecraft and what agencies own and lend, as answers."""

from typing import Any, Literal

from pydantic import BaseModel

from ..agencies import Asset, Reach
from ..commanding import Borrower, BorrowerLease, Owner, OwnerLease, Standing
from .answers import UtcText, utc_text

Action = Literal["offer", "withdraw", "accept", "recall", "return"]
OWNERS: dict[Owner, list[Action]] = {
    Owner.HELD: ["offer"],
    Owner.OFFERED: ["withdraw"],
    Owner.LENT: ["recall"],
    Owner.RECALLED: [],
}
BORROWERS: dict[Borrower, list[Action]] = {
    Borrower.NOTHING: [], Borrower.INVITED: ["accept"], Borrower.ACCEPTED: ["return"], Borrower.BORROWED: ["return"],
}  # fmt: skip


class GateQueue(BaseModel):
    """The queue of a spacecraft at the gate of another agency: its `valve`, and requests that it holds back."""

    agency: str
    valve: str
    held: list[str]


class QueueItem(BaseModel):
    """The queue of a spacecraft at our own gate: `valve` open, held or blocked; requests that wait, oldest first, and those held.

    `others` are the queues at other agencies' gates, on which only they act. `holder` is the agency that has the spacecraft: its
    gate lets requests go; `ours` when we are that. `actions` are those that can be done to our queue now.
    """

    spacecraft: str
    agency: str
    valve: str
    waiting: list[str]
    held: list[str]
    holder: str
    ours: bool
    actions: list[str]
    others: list[GateQueue]


class ReachItem(BaseModel):
    """What commands a rule is about: spacecraft, patterns of names, parts of names; empty: all."""

    spacecraft: list[str]
    commands: list[str]
    parts: list[str]


class AssetItem(BaseModel):
    """What an agency owns and may lend. `holder` has it now under `epoch` (0: never lent), `until` when it is on loan.

    `state` is the loan's as this agency knows it: held, offered, lent, recalled (owner); nothing, invited, accepted, borrowed
    (borrower); empty when it has no part in it. `actions` are those that who asks can do now.
    """

    key: str
    reach: ReachItem
    owner: str
    borrowers: list[str]
    longest_s: int
    guard_s: int
    hand_over: list[str]
    holder: str
    epoch: int
    until: UtcText
    state: str
    borrower: str
    actions: list[Action]


def queue_item(standing: Standing, spacecraft: str, now: int) -> QueueItem:
    """Return the queue of a spacecraft as it is now at our own gate, with those of other agencies' gates."""
    own, *others = standing.queued(spacecraft)
    holder, waiting = standing.holder(spacecraft, "", now).agency, [one.id for one in standing.waiting(spacecraft)]
    known = set(waiting)
    return QueueItem(
        spacecraft=spacecraft, agency=standing.agency, valve=str(own.valve), waiting=waiting, held=sorted(own.held & known),
        holder=holder, ours=holder == standing.agency, actions=own.actions if standing.has_part(spacecraft) else [],
        others=[GateQueue(agency=one.agency, valve=str(one.valve), held=sorted(one.held & known)) for one in others],
    )  # fmt: skip


def asset_item(standing: Standing, asset: Asset, now: int, mine: list[str]) -> AssetItem:
    """Return an asset and who has it now; `mine` are the roles of who asks."""
    holder, epoch, end_ns = standing.holders.get(asset.key, (asset.owner, 0, 0))
    state, borrower, actions = "", "", list[Action]()
    if asset.key in standing.leases.owned or asset.key in standing.leases.borrowed:
        lease = standing.leases.lease(asset.key)
        holder, epoch, state = lease.holder(now), lease.epoch, str(lease.state)
        end_ns = 0 if lease.state in (Owner.HELD, Borrower.NOTHING) else lease.end_ns
        borrower, actions = _offered(lease, standing.agency)
    may_act = bool(set(mine) & set(texts(asset.hand_over)))
    return AssetItem(
        key=asset.key, reach=reach_item(asset.reach), owner=asset.owner, borrowers=list(asset.borrowers),
        longest_s=asset.longest_s, guard_s=asset.guard_s, hand_over=texts(asset.hand_over),
        holder=holder, epoch=epoch, until=utc_text(end_ns or None),
        state=state, borrower=borrower, actions=actions if may_act and asset.borrowers else [],
    )  # fmt: skip


def _offered(lease: OwnerLease | BorrowerLease, agency: str) -> tuple[str, list[Action]]:
    if isinstance(lease, OwnerLease):
        return "" if lease.state is Owner.HELD else lease.borrower, list(OWNERS[lease.state])
    return "" if lease.state is Borrower.NOTHING else agency, list(BORROWERS[lease.state])


def reach_item(reach: Reach) -> ReachItem:
    """Return what commands a rule or an asset is about."""
    return ReachItem(spacecraft=list(reach.spacecraft), commands=list(reach.commands), parts=list(reach.parts))


def texts(some: Any) -> list[str]:
    """Return people of rules as role@centre."""
    return [str(one) for one in some]
