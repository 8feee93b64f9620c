"""Requests between services: messages on a subject that are answered one by one, and kept nowhere."""

import asyncio
from collections.abc import AsyncIterator

import nats.errors
from nats.aio.msg import Msg

from .streams import Streams

LOOK_S, PAUSE_S = 1.0, 0.3


async def requests(streams: Streams, subject: str) -> AsyncIterator[Msg]:
    """Yield requests on a subject as they come, also over lost connections."""
    while True:
        await streams.wait_connected()
        client = streams.client
        asked = await client.subscribe(subject)
        while client is streams.client:
            try:
                yield await asked.next_msg(timeout=LOOK_S)
            except nats.errors.TimeoutError:
                continue
            except (nats.errors.Error, OSError):
                break
        await asyncio.sleep(PAUSE_S)
