"""Requests between services: messages on a subject that are answered one by one, and kept nowhere."""

import asyncio
from collections.abc import AsyncIterator

import nats.errors
from nats.aio.msg import Msg

from .ending import heeding
from .streams import Streams

LOOK_S, PAUSE_S = 1.0, 0.3
MOST_WAITING = 4096  # requests taken from the client; it holds back the rest


async def requests(streams: Streams, subject: str) -> AsyncIterator[Msg]:
    """Yield requests on a subject as they come, also over lost connections."""
    while True:
        await streams.wait_connected()
        client = streams.client
        asked = await client.subscribe(subject)
        while client is streams.client:
            try:
                with heeding():
                    message = await asked.next_msg(timeout=LOOK_S)
                yield message
            except nats.errors.TimeoutError:
                continue
            except (nats.errors.Error, OSError):
                break
        await asyncio.sleep(PAUSE_S)


async def several_requests(streams: Streams, subject: str, most: int) -> AsyncIterator[list[Msg]]:
    """Yield requests on a subject as they come, up to `most` that wait together, also over lost connections."""
    while True:
        await streams.wait_connected()
        client = streams.client
        waiting: asyncio.Queue[Msg] = asyncio.Queue(MOST_WAITING)
        try:
            await client.subscribe(subject, cb=waiting.put)
        except (nats.errors.Error, OSError):
            await asyncio.sleep(PAUSE_S)
            continue
        while (client is streams.client and not client.is_closed) or not waiting.empty():
            try:
                async with asyncio.timeout(LOOK_S):
                    found = [await waiting.get()]
            except TimeoutError:
                continue
            while len(found) < most and not waiting.empty():
                found.append(waiting.get_nowait())
            yield found
        await asyncio.sleep(PAUSE_S)
