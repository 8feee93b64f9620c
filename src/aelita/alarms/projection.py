"""The state of all alarms of an agency: what the records of its journal add up to."""

from collections import OrderedDict

from .merge import Merged
from .overrides import Overrides
from .records import Change, Counts, Notified, Overridden, OverrideEnded, Record
from .states import Situation

REMEMBERED = 100_000  # commands whose repetition is recognised
NOTHING = Situation()
NO_COUNTS = Counts()
Told = dict[tuple[int, int, str], tuple[int, Notified]]  # round, step, address -> when, what


class Projection:
    """Everything that records tell. The same records give the same state."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.number = 0  # of the last record
        self.situations: dict[str, Situation] = {}
        self.counts: dict[str, Counts] = {}
        self.merged = Merged()
        self.overrides = Overrides()
        self.told: dict[tuple[str, str], tuple[int, Told]] = {}  # owner, alarm -> announcement, notifications of it
        self._done: OrderedDict[str, None] = OrderedDict()

    def situation(self, alarm: str) -> Situation:
        """Return what holds of an alarm; one never raised is normal."""
        return self.situations.get(alarm, NOTHING)

    def known(self, command: str) -> bool:
        """Whether a command of this id has been done."""
        return command in self._done

    def apply(self, record: Record) -> None:
        """Take one record in: of our own journal in its order, or of another agency in any. A repeated one changes nothing."""
        if record.agency != self.agency:
            self.merged.apply(record)
            return
        if record.number <= self.number:
            return
        self.number = record.number
        if record.id:
            self._done[record.id] = None
            if len(self._done) > REMEMBERED:
                self._done.popitem(last=False)
        match record.body:
            case Change() as change:
                self._change(change)
            case Notified() as notified:
                self._notified(notified, record.at)
            case Overridden() | OverrideEnded() as override:
                self.overrides.apply(override, record.who)
            case _:
                self.merged.apply(record)

    def _change(self, change: Change) -> None:
        self.situations[change.alarm] = change.after
        self.counts[change.alarm] = change.counts
        if not change.after.unseen:
            self.told.pop((self.agency, change.alarm), None)

    def _notified(self, one: Notified, at: int) -> None:
        key = (one.owner, one.alarm)
        announcement, told = self.told.get(key, (0, {}))
        if announcement != one.announcement:
            told = {}
        last = {place: known for place, known in told.items() if place[0] >= one.round - 1}  # older rounds decide nothing
        self.told[key] = (one.announcement, last | {(one.round, one.step, one.address): (at, one)})
