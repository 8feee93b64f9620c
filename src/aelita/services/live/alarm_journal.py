"""The alarm server's records on an agency's streams."""

from collections.abc import AsyncIterator

from .following import follow
from .streams import Streams


class StreamStore:
    """A `Store` of the alarm server: its journal lies in the stream `AUDIT`, what others must see in `ALARMS`."""

    def __init__(self, streams: Streams, journal_stream: str = "AUDIT") -> None:
        self._streams, self._stream = streams, journal_stream

    async def publish(
        self, subject: str, payload: bytes, *, msg_id: str | None = None, expected_last_on_subject: int | None = None
    ) -> int:
        """Store a message and return its sequence; see `Streams.publish`."""
        return await self._streams.publish(subject, payload, msg_id=msg_id, expected_last_on_subject=expected_last_on_subject)

    async def history(self, subject: str) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what the journal holds on a subject until now, in order."""
        last = await self._streams.last(subject, self._stream)
        if last is None:
            return
        async with follow(self._streams, self._stream, subjects=[subject]) as follower:
            async for message in follower:
                yield message.sequence, message.data
                if message.sequence >= last.sequence:
                    return
