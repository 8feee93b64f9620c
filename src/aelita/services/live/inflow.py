"""How many octets come into streams."""

from .streams import StreamState


class Inflow:
    """How many octets came into streams, counted from what they hold: what they drop does not count.

    While nothing is dropped it is what they hold more; else the new messages by the mean length of those that are held.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[StreamState, float]] = {}

    def take(self, held: StreamState) -> float:
        """Take how a stream is now, and return how many octets came into it since it was first seen."""
        before, count = self._known.get(held.name, (held, 0.0))
        if held.last < before.last:  # it was made anew
            count += held.bytes
        elif held.first == before.first:
            count += max(held.bytes - before.bytes, 0)
        elif held.messages:
            count += (held.last - before.last) * held.bytes / held.messages
        self._known[held.name] = held, count
        return count
