"""What a spacecraft says of commands in its telemetry: reports of service 1, and control words, as our own streams bring them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

import numpy as np

from ...commanding import Outcome
from ...errors import DataError, UsageError
from ...link import Channel, ControlWord
from ...pus import VerificationReport, Widths, decode_report, read_headers
from ...telemetry import header_layout
from ...time import NO_TIME
from .batches import unpack
from .following import Start, follow
from .health import Health
from .messages import MERGED, rows_of
from .stream_plan import KINDS
from .streams import Streams, StreamUnavailableError

VERIFICATION = 1
OCF_OCTETS = 4
AGAIN_S = 0.5

log = logging.getLogger(__name__)

Report = Callable[[str, VerificationReport, int, int], Outcome | None]
Word = Callable[[str, ControlWord], Outcome | None]


def reports_in(octets: bytes, channel: Channel, widths: Widths) -> Iterator[tuple[VerificationReport, int, int]]:
    """Yield the reports of service 1 in a message of packets, each with its times (TAI ns). Raises DataError."""
    frame = unpack(octets)
    if not {"received", "generated", "octets"} <= set(frame.columns):
        raise DataError(f"a message of packets with columns {', '.join(frame.columns)}")
    packets = [one for one in frame["octets"].to_list() if one]
    if len(packets) != len(frame):
        raise DataError("a packet without octets")
    layout = header_layout(channel)
    if layout is None:
        return
    length = np.array([len(one) for one in packets], np.int64)
    joined = b"".join(packets)
    headers = read_headers(np.frombuffer(joined, np.uint8), np.cumsum(length) - length, length, layout)
    generated = frame["generated"].fill_null(NO_TIME).to_list()
    received = frame["received"].fill_null(NO_TIME).to_list()
    for row in np.flatnonzero(headers.valid & (headers.service == VERIFICATION)).tolist():
        start = int(headers.data_offset[row])
        data = joined[start : start + int(headers.data_length[row])]
        try:
            report = decode_report(VERIFICATION, int(headers.subtype[row]), data, widths)
        except DataError as error:
            log.warning("a report of service 1 cannot be read", extra={"why": str(error)})
            continue
        if isinstance(report, VerificationReport):
            yield report, int(generated[row]), int(received[row])


def words_in(octets: bytes, channel: Channel) -> list[ControlWord]:
    """Return the control words in a message of merged frames, in order. Raises DataError for no such message."""
    frame = rows_of(octets, MERGED)
    found = []
    for row in frame.select("reason", "late", "octets").iter_rows():
        reason, late, made = row
        end = len(made) - channel.trailer_octets
        if reason is not None or late or end < OCF_OCTETS or channel.ocf != "present":
            continue
        word = int.from_bytes(made[end - OCF_OCTETS : end], "big")
        if not word >> 31:
            found.append(ControlWord.decode(word))
    return found


async def first_since(streams: Streams, stream: str, unix_ns: int) -> int | Start:
    """Return the sequence of the first message that a stream stored since an instant; it waits for a server that is away."""
    while True:
        try:
            state = await streams.info(stream)
            low, high = max(state.first, 1), state.last + 1
            while low < high:
                middle = (low + high) // 2
                stored = await streams.stored_at(stream, middle)
                low, high = (low, middle) if stored is not None and stored >= unix_ns else (middle + 1, high)
            return low if low <= state.last else Start.NEW
        except StreamUnavailableError:
            await asyncio.sleep(AGAIN_S)


async def follow_reports(
    streams: Streams,
    agency: str,
    spacecraft: str,
    channel: Channel,
    widths: Widths,
    take: Report,
    done: Callable[[Outcome], None],
    health: Health,
    since_unix_ns: int | None = None,
) -> None:
    """Give the reports of a spacecraft to `take` as they come, for ever; before them those since an instant, of a life before."""
    subjects, stream = (f"{agency}.packets.{spacecraft}.>",), KINDS["packets"].stream
    after = Start.NEW if since_unix_ns is None else await first_since(streams, stream, since_unix_ns)
    async with follow(streams, stream, start=after, subjects=subjects) as follower:
        async for message in follower:
            try:
                for told in reports_in(message.data, channel, widths):
                    if (outcome := await _taken(take, spacecraft, *told)) is not None:
                        done(outcome)
            except DataError as error:
                health.count("command_evidence_refused")
                log.warning("packets are not understood", extra={"subject": message.subject, "why": str(error)})


async def follow_words(
    streams: Streams, agency: str, spacecraft: str, channel: Channel, take: Word, done: Callable[[Outcome], None], health: Health
) -> None:
    """Give the control words of a spacecraft to `take` as they come, for ever."""
    async with follow(streams, KINDS["merged"].stream, start=Start.NEW, subjects=(f"{agency}.merged.{spacecraft}",)) as follower:
        async for message in follower:
            try:
                words = words_in(message.data, channel)
            except DataError as error:
                health.count("command_evidence_refused")
                log.warning("frames are not understood", extra={"subject": message.subject, "why": str(error)})
                continue
            for word in words:
                with contextlib.suppress(UsageError):  # the clock was set back: the next word says the same
                    if (outcome := take(spacecraft, word)) is not None:
                        done(outcome)


async def _taken(take: Report, spacecraft: str, report: VerificationReport, generated: int, received: int) -> Outcome | None:
    """Return what comes of a report; while the clock is set back nothing can be written, and the report waits."""
    while True:
        try:
            return take(spacecraft, report, generated, received)
        except UsageError:
            await asyncio.sleep(AGAIN_S)
