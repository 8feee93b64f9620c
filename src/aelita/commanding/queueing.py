"""The queue of one spacecraft at the gate of one agency: whether requests go, and which are kept back.

People hold, release and block queues and single requests; what they did is an entry of the journal, from which a queue is rebuilt
after a restart. Requests go in the order in which they were made, each in its window.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ..errors import UsageError


class Valve(StrEnum):
    """Whether a queue lets requests go. HELD keeps them; BLOCKED also gives up what would go by itself."""

    OPEN = "open"
    HELD = "held"
    BLOCKED = "blocked"


ACTIONS = {  # what people may do to a queue: the valve before and after
    ("hold", Valve.OPEN): Valve.HELD,
    ("hold", Valve.HELD): Valve.HELD,
    ("release", Valve.HELD): Valve.OPEN,
    ("release", Valve.OPEN): Valve.OPEN,
    ("release", Valve.BLOCKED): Valve.OPEN,
    ("block", Valve.OPEN): Valve.BLOCKED,
    ("block", Valve.HELD): Valve.BLOCKED,
    ("block", Valve.BLOCKED): Valve.BLOCKED,
}


@dataclass(slots=True)
class Queue:
    """Whether requests to a spacecraft go at the gate of an agency, and names of those that people hold back."""

    spacecraft: str
    agency: str = ""
    valve: Valve = Valve.OPEN
    held: set[str] = field(default_factory=set)

    def act(self, action: str) -> None:
        """Hold, release or block the queue. Raises UsageError for another word, or what cannot be done now."""
        after = ACTIONS.get((action, self.valve))
        if after is None:
            words = sorted({word for word, _ in ACTIONS})
            raise UsageError(
                f"{action!r} cannot be done to a queue that is {self.valve}",
                remedy=f"Actions: {', '.join(words)}; release it first",
            )
        self.valve = after

    @property
    def is_used(self) -> bool:
        """Whether people hold back anything."""
        return self.valve is not Valve.OPEN or bool(self.held)

    @property
    def actions(self) -> list[str]:
        """What people can do to the queue and that changes it."""
        return [word for (word, before), after in ACTIONS.items() if before is self.valve and after is not before]
