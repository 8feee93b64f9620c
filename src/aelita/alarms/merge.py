"""Alarms of other agencies, as their signed records tell, and what each agency thinks of them.

The rule after a cut line: of each alarm, the owner's record with the highest number holds; of each agency's stance on it, that
agency's record with the highest number. Each agency writes only its own records, so records may come in any order and as often
as they like, and give the same state. Each agency acknowledges for itself; the owner's shelving and acknowledgement are shown.
"""

from dataclasses import dataclass
from typing import TypeVar

from .records import Change, Record, Stance, encode
from .states import Situation, State

Key = TypeVar("Key", bound=tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Shared:
    """An alarm of another agency as one agency sees it: its own `state`, and the owner's situation beside it."""

    owner: str
    alarm: str
    state: State
    situation: Situation
    at: int
    acknowledged_by: tuple[str, ...]  # agencies that have acknowledged its last occurrence


class Merged:
    """The join of all records seen: a register for each alarm and one for each stance."""

    def __init__(self) -> None:
        self._alarms: dict[tuple[str, str], Record] = {}
        self._stances: dict[tuple[str, str, str], Record] = {}

    def apply(self, record: Record) -> bool:
        """Take one record in; return whether it changed anything. Records of other kinds change nothing."""
        match record.body:
            case Change(alarm=alarm):
                return _newer(self._alarms, (record.agency, alarm), record)
            case Stance(owner=owner, alarm=alarm):
                return _newer(self._stances, (owner, alarm, record.agency), record)
        return False

    def shared(self, owner: str, alarm: str, viewer: str) -> Shared | None:
        """Return an alarm as `viewer` sees it, None when its owner never told of it."""
        record = self._alarms.get((owner, alarm))
        if record is None or not isinstance(record.body, Change):
            return None
        situation = record.body.after
        mine = self.acknowledged(owner, alarm, viewer)
        known = self.acknowledged_by(owner, alarm, situation.occurrence)
        if situation.state in (State.ACKNOWLEDGED, State.LATCHED):
            known.add(owner)
        return Shared(owner, alarm, seen(situation, mine), situation, record.at, tuple(sorted(known)))

    def acknowledged(self, owner: str, alarm: str, agency: str) -> int:
        """Return up to which occurrence an agency has acknowledged an alarm; 0: none."""
        record = self._stances.get((owner, alarm, agency))
        return record.body.acknowledged if record is not None and isinstance(record.body, Stance) else 0

    def acknowledged_by(self, owner: str, alarm: str, occurrence: int) -> set[str]:
        """Return the agencies that said that they have acknowledged an occurrence of an alarm."""
        told = {key[2] for key in self._stances if key[:2] == (owner, alarm)}
        return {agency for agency in told if self.acknowledged(owner, alarm, agency) >= occurrence}

    def all(self, viewer: str) -> list[Shared]:
        """Return all alarms of other agencies as `viewer` sees them, by owner and name."""
        views = (self.shared(owner, alarm, viewer) for owner, alarm in sorted(self._alarms) if owner != viewer)
        return [view for view in views if view is not None]


def seen(situation: Situation, acknowledged: int) -> State:
    """Return the state of an owner's alarm for one who has acknowledged up to an occurrence."""
    news = situation.occurrence > acknowledged
    if situation.active:
        return State.UNACKNOWLEDGED if news else State.ACKNOWLEDGED
    if situation.state in (State.LATCHED, State.LATCHED_UNACKNOWLEDGED):
        return State.LATCHED_UNACKNOWLEDGED if news else State.LATCHED
    return State.RETURNED if news else State.NORMAL


def _newer(registers: dict[Key, Record], key: Key, record: Record) -> bool:
    """Keep the record in its register when it is the newer one; of two with one number, the greater in octets."""
    known = registers.get(key)
    if known is not None and (known.number, encode(known)) >= (record.number, encode(record)):
        return False
    registers[key] = record
    return True
