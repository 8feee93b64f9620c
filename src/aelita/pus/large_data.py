"""Large messages taken apart and put together again (service 13), with parts lost, repeated or out of order on the way."""

from dataclasses import dataclass, field, replace

from ..errors import UsageError
from .large import LargeMissing, LargePart


@dataclass(frozen=True, slots=True)
class LargeComplete:
    """All parts of a large message have arrived: its octets."""

    transaction: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class LargeFailed:
    """A large message is given up; `missing` are the numbers known to be missing, `octets` those that had arrived."""

    transaction: int | None
    reason: str  # a key of FAILURES
    missing: tuple[int, ...]
    octets: int


FAILURES = {
    "gap": "a part is missing and this mission does not repeat parts",
    "no beginning": "a part of a message whose first part never arrived",
    "conflict": "two parts of one number differ, or a part follows the last one",
    "restarted": "a new message began under the same transaction",
    "timeout": "no further part arrived in time",
    "too large": "the parts exceed the largest message allowed",
    "aborted": "its sender gave it up",
}

LargeEvent = LargeComplete | LargeFailed


def split_message(
    data: bytes, part_octets: int, *, uplink: bool, transaction: int | None, first_number: int = 1
) -> tuple[LargePart, ...]:
    """Return the parts of a large message, of `part_octets` each but the last. Raises UsageError when one part holds it all."""
    if part_octets < 1 or len(data) <= part_octets:
        raise UsageError(
            f"{len(data)} octets in parts of {part_octets} are no large message", remedy="Send it as it is, or in smaller parts"
        )
    count = -(-len(data) // part_octets)
    return tuple(
        LargePart(
            uplink,
            "first" if k == 0 else "last" if k == count - 1 else "intermediate",
            transaction,
            first_number + k,
            data[k * part_octets : (k + 1) * part_octets],
        )
        for k in range(count)
    )


@dataclass(slots=True)
class _Transfer:
    parts: dict[int, bytes] = field(default_factory=dict)  # by index from 1, whatever the mission's first number
    octets: int = 0
    last: int | None = None
    deadline_ns: int = 0

    def missing(self) -> tuple[int, ...]:
        most = self.last or max(self.parts, default=0)
        return tuple(number for number in range(1, most + 1) if number not in self.parts)


class LargeReceiver:
    """Puts large messages together. `now_ns` is any clock that only goes forward.

    Without `repeats` (variant C) the first gap ends a message; with them (variant A) gaps stay open until parts are repeated, and
    `missing` returns what to ask for. A message that stays incomplete for `timeout_ns` after its latest part is given up.
    The number of first parts is the mission's: public implementations begin with 1 or with 0.
    """

    def __init__(
        self, *, uplink: bool, repeats: bool, timeout_ns: int, most_octets: int = 1 << 24, first_number: int = 1
    ) -> None:
        self.uplink, self.repeats, self.timeout_ns, self.most_octets = uplink, repeats, timeout_ns, most_octets
        self.first_number = first_number
        self._open: dict[int | None, _Transfer] = {}

    @property
    def open(self) -> tuple[int | None, ...]:
        """The transactions under way."""
        return tuple(self._open)

    def receive(self, part: LargePart, now_ns: int) -> list[LargeEvent]:
        """Take one part and return what it ends. Raises UsageError for a part of the other direction."""
        if part.uplink != self.uplink:
            raise UsageError(f"part {part.number} goes the other way than this receiver")
        events: list[LargeEvent] = []
        part = replace(part, number=part.number - self.first_number + 1)
        transfer = self._open.get(part.transaction)
        if part.position == "first" and transfer is not None and self._begins_anew(transfer, part):
            events.append(self._fail(part.transaction, "restarted"))
            transfer = None
        if transfer is None:
            if part.position != "first" and not self.repeats:
                return [*events, LargeFailed(part.transaction, "no beginning", (self.first_number,), len(part.data))]
            transfer = self._open[part.transaction] = _Transfer()
        transfer.deadline_ns = now_ns + self.timeout_ns
        reason = self._take(transfer, part)
        if reason:
            events.append(self._fail(part.transaction, reason))
        elif transfer.last is not None and len(transfer.parts) == transfer.last:
            del self._open[part.transaction]
            events.append(LargeComplete(part.transaction, b"".join(transfer.parts[k] for k in range(1, transfer.last + 1))))
        return events

    @staticmethod
    def _begins_anew(transfer: _Transfer, part: LargePart) -> bool:
        return part.number in transfer.parts and transfer.parts[part.number] != part.data

    def _take(self, transfer: _Transfer, part: LargePart) -> str:
        known = transfer.parts.get(part.number)
        ends = part.position == "last"
        if known is not None:
            return "" if known == part.data and (not ends or transfer.last == part.number) else "conflict"
        if part.number < 1 or (part.position == "first") != (part.number == 1 and part.position != "repeated"):
            return "conflict"
        if (transfer.last is not None and part.number > transfer.last) or (ends and part.number < max(transfer.parts, default=0)):
            return "conflict"
        if not self.repeats and part.number != len(transfer.parts) + 1:
            return "gap"
        if transfer.octets + len(part.data) > self.most_octets or part.number > self.most_octets:
            return "too large"
        transfer.parts[part.number] = part.data
        transfer.octets += len(part.data)
        if ends:
            transfer.last = part.number
        return ""

    def missing(self, transaction: int | None) -> LargeMissing:
        """Return the message that asks for the parts of a transaction that are missing up to the latest known one."""
        transfer = self._open.get(transaction)
        return LargeMissing(self.uplink, transaction, self._numbers(transfer) if transfer else ())

    def abort(self, transaction: int | None) -> list[LargeEvent]:
        """Give a transaction up, because its sender did."""
        return [self._fail(transaction, "aborted")] if transaction in self._open else []

    def _numbers(self, transfer: _Transfer) -> tuple[int, ...]:
        return tuple(index + self.first_number - 1 for index in transfer.missing())

    def _fail(self, transaction: int | None, reason: str) -> LargeFailed:
        transfer = self._open.pop(transaction)
        return LargeFailed(transaction, reason, self._numbers(transfer), transfer.octets)

    def next_deadline_ns(self) -> int | None:
        """Return when the next transaction is given up, None without one under way."""
        return min((transfer.deadline_ns for transfer in self._open.values()), default=None)

    def on_timer(self, now_ns: int) -> list[LargeEvent]:
        """Give up what has waited too long."""
        late = [transaction for transaction, transfer in self._open.items() if transfer.deadline_ns <= now_ns]
        return [self._fail(transaction, "timeout") for transaction in late]
