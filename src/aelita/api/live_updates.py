"""What is sent of live data: updates that are encoded once, batches of them, and what one subscription still has to get."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from .answers import plain

MOST_KEPT = 2_000  # updates that wait for a slow socket, of those of which none takes the place of another
_WHOLE = -(1 << 63), (1 << 64) - 1  # what the encoder takes of whole numbers

Body = Mapping[str, Any]


def encoded(what: Any) -> str:
    """Return something as JSON text; octets become hexadecimal, and what JSON has no numbers for texts."""
    return orjson.dumps(what, default=_other, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()


def value_of(value: Any) -> Any:
    """Return a value as an update carries it."""
    told = plain(value)
    return str(told) if isinstance(told, int) and not _WHOLE[0] <= told <= _WHOLE[1] else told


def _other(value: Any) -> Any:
    return value_of(value)


@dataclass(slots=True, eq=False)
class Update:
    """One thing that changed: `name` and `spacecraft` are what subscriptions choose by, `body` what they are told.

    Of updates with the same `key` only the newest counts for whoever cannot take all. `serial` is its place among all updates.
    """

    key: Hashable
    name: str
    spacecraft: str
    body: Body
    serial: int = 0
    _text: str = ""

    @property
    def text(self) -> str:
        """The body as JSON, encoded at the first call."""
        if not self._text:
            self._text = encoded(self.body)
        return self._text


@dataclass(slots=True, eq=False)
class Batch:
    """Updates that are sent together; `first` is a serial at or before that of any of them."""

    updates: list[Update]
    first: int = 0
    _texts: dict[str, str] = field(default_factory=dict)
    _body: str = ""

    def text(self, ident: str, dropped: int = 0) -> str:
        """Return the message for subscriptions of that ID (as JSON); the same text for all of them when none was left out."""
        if dropped:
            return f'{{"id":{ident},"updates":[{self._joined()}],"dropped":{dropped}}}'
        made = self._texts.get(ident)
        if made is None:
            made = self._texts[ident] = f'{{"id":{ident},"updates":[{self._joined()}]}}'
        return made

    def after(self, serial: int) -> "Batch":
        """Return what of it came after a serial: itself when all did."""
        return self if serial < self.first else Batch([one for one in self.updates if one.serial > serial], serial + 1)

    def _joined(self) -> str:
        if not self._body:
            self._body = ",".join([one.text for one in self.updates])
        return self._body


class Waiting:
    """What one subscription still has to get.

    Up to `room` updates wait as they came; beyond that only the newest of each key is kept, and `dropped` counts what was left
    out. So what waits is bounded by the number of keys, and by `MOST_KEPT` where no update takes the place of another.
    """

    def __init__(self, room: int, *, keyed: bool) -> None:
        self._room, self._keyed = room, keyed
        self._batches: deque[Batch] = deque()
        self._count = self._dropped = 0
        self._newest: dict[Hashable, Update] = {}

    def __bool__(self) -> bool:
        return bool(self._batches or self._newest)

    def put(self, batch: Batch) -> None:
        """Add a batch."""
        more = len(batch.updates)
        if not self._newest and (not self._batches or self._count + more <= self._room):
            self._batches.append(batch)
            self._count += more
            return
        while self._batches:
            self._merge(self._batches.popleft().updates)
        self._count = 0
        self._merge(batch.updates)

    def take(self, ident: str) -> str:
        """Return the next message for the subscription's ID (as JSON); only while something waits."""
        if self._newest:
            text = Batch(list(self._newest.values())).text(ident, self._dropped)
            self._newest, self._dropped = {}, 0
            return text
        batch = self._batches.popleft()
        self._count -= len(batch.updates)
        return batch.text(ident)

    def _merge(self, updates: Iterable[Update]) -> None:
        newest = self._newest
        for update in updates:
            if newest.pop(update.key, None) is not None:
                self._dropped += 1
            newest[update.key] = update
        while not self._keyed and len(newest) > MOST_KEPT:
            del newest[next(iter(newest))]
            self._dropped += 1
