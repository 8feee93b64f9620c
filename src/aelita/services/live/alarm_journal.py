"""The alarm server's records on an agency's streams."""

import json
from collections.abc import AsyncIterator, Mapping

from .following import follow
from .streams import Streams

POSITIONS = "Aelita-Positions"  # of the streams that the server was fed from when a record was written: message, row
Position = tuple[int, int]
NOTHING: Position = (0, 0)


class StreamStore:
    """A `Store` of the alarm server: its journal lies in the stream `AUDIT`, what others must see in `ALARMS`.

    Each record carries `positions`: by the name of a stream, the number of the message and of the row in it that the server was
    fed last. So a restart knows what had its effect.
    """

    def __init__(self, streams: Streams, journal: str, journal_stream: str = "AUDIT") -> None:
        self._streams, self._journal, self._stream = streams, journal, journal_stream
        self.positions: dict[str, Position] = {}

    async def recall(self) -> None:
        """Take the positions that the last record carries."""
        last = await self._streams.last(self._journal, self._stream)
        self.positions = positions_in(last.headers) if last is not None else {}

    async def publish(
        self, subject: str, payload: bytes, *, msg_id: str | None = None, expected_last_on_subject: int | None = None
    ) -> int:
        """Store a message and return its sequence; see `Streams.publish`."""
        headers = {POSITIONS: json.dumps(self.positions)} if subject == self._journal else None
        return await self._streams.publish(
            subject, payload, msg_id=msg_id, expected_last_on_subject=expected_last_on_subject, headers=headers
        )

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


def positions_in(headers: Mapping[str, str]) -> dict[str, Position]:
    """Return the positions in a record's headers, none when it carries none."""
    try:
        return {str(name): (int(message), int(row)) for name, (message, row) in json.loads(headers[POSITIONS]).items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
