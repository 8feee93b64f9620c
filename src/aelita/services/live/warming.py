"""What one that stands by does beforehand, so that it takes over at once: it reads the database and decodes what came last."""

import logging

from ...errors import AelitaError
from ...telemetry import Merged
from ..databases import Library
from ..definitions import Definition, define
from .agency_streams import address_of
from .decoding import LiveDecoder, batches_of
from .following import follow
from .messages import Unusable, merged_of
from .publishing import messages_of
from .serving import Context
from .stream_plan import KINDS
from .streams import Streams

MESSAGES = 64

log = logging.getLogger(__name__)


async def warm(context: Context) -> None:
    """Decode the end of the merged streams and forget it again: then everything is loaded and compiled."""
    installation, library = context.installation, Library()
    try:
        async with await Streams.connect(address_of(installation, context.agency), name="standing-by", timeout_s=60) as streams:
            for key in installation.spacecraft:
                channel = installation.mission.craft(key).channels[0]
                definition = define(library, mission=str(installation.mission.folder), channel=channel)
                await _decode(context.agency, key, streams, definition)
    except AelitaError as error:  # who takes over will tell
        log.warning("not prepared", extra={"why": str(error)})


async def _decode(agency: str, spacecraft: str, streams: Streams, definition: Definition) -> None:
    subject, stream = f"{agency}.merged.{spacecraft}", KINDS["merged"].stream
    newest = await streams.last(subject, stream)
    if newest is None:
        return
    decoder, read = LiveDecoder(definition), list[tuple[Merged, Unusable]]()
    async with follow(streams, stream, start=max(newest.sequence - MESSAGES, 1), subjects=(subject,)) as follower:
        async for message in follower:
            read.append(merged_of(message.data, message.headers))
            list(messages_of(agency, spacecraft, decoder.take(read[-1][0])))
            if message.sequence >= newest.sequence:
                break
    batches_of(LiveDecoder(definition), read)
