"""What people do about loans: only those whom the asset's `hand_over` names, each for their own agency."""

from collections.abc import Callable
from typing import Any

from ..agencies import Who
from ..errors import UsageError
from .leases import BorrowerLease, Message, OwnerLease

GIVES_UP = frozenset(("withdraw", "recall", "return"))  # after these an agency holds no more than before, whatever the clock says


def loan_message(
    lease: OwnerLease | BorrowerLease, agency: str, action: str, now: int, who: Who, borrower: str, end_ns: int, by: str
) -> Message:
    """Return what an agency says of a loan. Raises UsageError for whom the rules do not let, and what cannot be done now."""
    asset = lease.asset
    if who not in asset.hand_over or who.agency != agency:
        may = ", ".join(str(one) for one in asset.hand_over if one.agency == agency) or "nobody"
        raise UsageError(f"{by or 'who asks'} as {who} may not hand over {asset.key}", remedy=f"Who may: {may}")
    does: dict[str, Callable[[Any], Message]] = {
        "offer": lambda one: one.offer(borrower, end_ns, now, by), "withdraw": lambda one: one.withdraw(now, by),
        "accept": lambda one: one.accept(now, by), "recall": lambda one: one.recall(now, by),
        "return": lambda one: one.give_back(now, by),
    }  # fmt: skip
    try:
        return does[action](lease)
    except (KeyError, AttributeError) as error:
        raise UsageError(f"{action!r} cannot be done here to {asset.key}", remedy=f"Actions: {', '.join(does)}") from error
