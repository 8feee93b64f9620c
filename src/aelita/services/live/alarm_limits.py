"""Limit transitions of one spacecraft to the alarm server: each once, also over restarts.

The records of alarms carry the position up to which transitions were taken. What stood there is told anew after a restart, since
a delay may have been running; what came behind it is taken transition by transition.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator

from ...alarms import LimitChanged, LimitsStanding, Observation
from ...errors import DataError
from .alarm_journal import NOTHING, Position, StreamStore
from .batches import unpack
from .following import Follower, follow
from .publishing import limits_subject, standing_in, standing_subject
from .stream_plan import KINDS
from .streams import Message, Streams

STREAM = KINDS["limits"].stream

Observe = Callable[[Observation], Awaitable[None]]

log = logging.getLogger(__name__)


class LimitFeed:
    """Feeds the transitions of one spacecraft; `observe` returns when what came of an observation is kept."""

    def __init__(self, streams: Streams, store: StreamStore, agency: str, spacecraft: str, observe: Observe) -> None:
        self._streams, self._store, self._spacecraft, self._observe = streams, store, spacecraft, observe
        self._transitions, self._standing = limits_subject(agency, spacecraft), standing_subject(agency, spacecraft)
        self._key = f"{STREAM} {spacecraft}"

    async def run(self) -> None:
        """Feed for ever."""
        done = await self._position()
        await self._again(done)
        async with self._follow(max(done[0], 1)) as follower:
            async for message in follower:
                await self._take(message, done)

    async def _position(self) -> Position:
        """Return what was taken last; a stream that was made anew is taken from its beginning."""
        done = self._store.positions.get(self._key, NOTHING)
        newest = (await self._streams.info(STREAM)).last
        return done if done[0] <= newest else NOTHING

    async def _again(self, done: Position) -> None:
        """Tell what stood at a position, where the stream tells."""
        told = await self._streams.last(self._standing, STREAM)
        moved = await self._streams.last(self._transitions, STREAM)
        first = 1 if told is None else told.sequence
        last = min(done[0], max((one.sequence for one in (told, moved) if one is not None), default=0))
        if first > last:
            return  # what stood was told behind the position, and comes anyway
        severities: dict[str, int] = {}
        at = 0
        async with self._follow(first) as follower:
            async for message in follower:
                for row, change in enumerate(self._observations(message)):
                    if (message.sequence, row) > done:
                        continue
                    at = max(at, change.at)
                    if isinstance(change, LimitsStanding):
                        severities |= dict(change.severities)
                    else:
                        severities[change.parameter] = change.severity
                if message.sequence >= last:
                    break
        if severities:
            await self._observe(LimitsStanding(self._spacecraft, at, tuple(severities.items())))

    async def _take(self, message: Message, done: Position) -> None:
        for row, change in enumerate(self._observations(message)):
            if (message.sequence, row) > done:
                self._store.positions[self._key] = message.sequence, row
                await self._observe(change)

    def _observations(self, message: Message) -> Iterator[LimitChanged | LimitsStanding]:
        try:
            if message.subject == self._standing:
                at, severities = standing_in(message.data)
                yield LimitsStanding(self._spacecraft, at, tuple(severities.items()))
            else:
                yield from self._changes(message)
        except DataError as error:
            log.error("limit transitions are damaged", extra={"sequence": message.sequence, "why": str(error)})

    def _changes(self, message: Message) -> Iterator[LimitChanged]:
        """Yield the transitions in a message."""
        for one in unpack(message.data).to_dicts():
            try:
                value, text = one["value"], one["text"]
                words = text if text is not None else "" if value is None else f"{value:g}"
                at = one["received"] if one["received"] is not None else one["generated"]
                yield LimitChanged(self._spacecraft, str(one["parameter"]), int(at or 0), int(one["after"]), str(words))
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"no limit transition: {type(error).__name__} {error}") from error

    def _follow(self, start: int) -> Follower:
        return follow(self._streams, STREAM, start=start, subjects=(self._transitions, self._standing))
