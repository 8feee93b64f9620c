"""What comes of what commanding is told, and what FOP-1 and the spacecraft say as entries of the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..link import DirectiveConfirmed, DirectiveRejected, FduConfirmed, FduRejected
from .gate import GateOutput, ReleasedCltu
from .journal import Entry
from .requests import PreparedCommand, body_of
from .statements import SignedStatement
from .verification import Verified

# What happened, and what only holds back: written whatever the clock says, at the time that is believed (`Journal.moment`).
HAPPENED = frozenset((
    "authority", "note", "withdrawn", "queue", "revoked", "countersigned", "link", "transferred", "refused", "unknown",
    "radiated", "lost", "verified", "acknowledged", "confirmed",
))  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """Entries to write in this order, then CLTUs to send in this order, then loans to tell others of; `notes` are for people."""

    entries: list[Entry] = field(default_factory=list)
    cltus: list[ReleasedCltu] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> "Outcome":
        """Append another outcome, and return this one."""
        self.entries += other.entries
        self.cltus += other.cltus
        self.notes += other.notes
        return self

    def noting(self, note: str) -> "Outcome":
        """Append a note for people, and return this one."""
        self.notes.append(note)
        return self


def told_of(one: GateOutput) -> tuple[str, dict[str, Any]] | None:
    """Return the kind and the body of an entry of what FOP-1 says of a data unit or a directive, None when there is none."""
    if isinstance(one, FduConfirmed | FduRejected):
        body = {"request": str(one.identity).rpartition("/")[0], "identity": str(one.identity)}
        if isinstance(one, FduRejected):
            return "refused", body | {"reason": f"COP-1 did not take it: {one.reason.value}"}
        return ("acknowledged" if one.positive else "unknown"), body
    if isinstance(one, DirectiveConfirmed):
        return "confirmed", {"request": str(one.identity), "succeeded": one.positive}
    if isinstance(one, DirectiveRejected):
        return "refused", {"request": str(one.identity), "reason": f"COP-1 did not take it: {one.reason.value}"}
    return None


def verified_body(told: Verified) -> dict[str, Any]:
    """Return the body of the entry of a report of service 1."""
    return {
        "request": told.request, "index": told.index, "stage": str(told.stage), "succeeded": told.succeeded,
        "generated_ns": told.generated_ns, "received_ns": told.received_ns, "step": told.step, "failure": told.failure,
        "late": told.late,
    }  # fmt: skip


def evidence_body(
    agency: str, prepared: PreparedCommand, said: Sequence[SignedStatement], credentials: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return what came from another agency's journal and lets a request pass, so that our journal proves it alone."""
    theirs = [one for one in said if one.statement.agency != agency]
    if not theirs and prepared.request.requester.agency == agency:
        return None
    keys = dict.fromkeys(one.statement.key for one in theirs if one.statement.key in credentials)
    body: dict[str, Any] = {"statements": [one.body() for one in theirs], "credentials": [credentials[key] for key in keys]}
    return body if prepared.request.requester.agency == agency else {**body, "request": body_of(prepared)}
