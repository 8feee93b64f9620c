"""Telecommands as the spacecraft's own reports tell of them, from the archive."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from fastapi import HTTPException
from pydantic import BaseModel

from ..archive import Order, octets_of
from ..commanding import CommandSeen, ReportSeen, Stage, Standing, seen_commands
from ..errors import DataError
from ..link import Channel
from ..pus import VerificationReport, Widths, decode_report, read_headers
from ..records import PACKETS
from ..telemetry import header_layout
from ..time import NO_TIME
from .answers import UtcText, utc_text
from .centre import Centre
from .listed import Listed, of_sources
from .rights import withheld_here
from .spacecraft import find_craft, sources_of

VERIFICATION = 1  # the service
PIECE, MOST_PACKETS = 20_000, 400_000


class StageSeen(BaseModel):
    """A report of a stage: when the spacecraft made it, when it was received, whether it tells of success, and its code."""

    generated: UtcText
    received: UtcText
    succeeded: bool
    code: int | None


class SeenItem(BaseModel):
    """A telecommand as its reports tell: its application process and sequence count, and the report of each stage.

    `missing` are stages of which no report was seen: those before the last one reported, and completion. `failed` is a stage that
    went wrong. `request` is the request of ours that it was, with the number of its packet, null when it was none.
    """

    apid: int
    sequence_count: int
    first: UtcText
    stages: dict[str, StageSeen]
    steps: int
    missing: list[str]
    failed: str | None
    request: str | None
    packet: int | None
    command: str | None


def seen(here: Centre, spacecraft: str, start: int | None, stop: int | None) -> list[SeenItem]:
    """Return the telecommands of a spacecraft in a range of time (TAI ns), by their first reports."""
    found = seen_commands(_reports(here, spacecraft, start, stop))
    with here.commands.reading() as standing:
        ours = _ours(standing, spacecraft)
        return [_item(one, ours, standing) for one in found]


def _reports(here: Centre, spacecraft: str, start: int | None, stop: int | None) -> Iterator[ReportSeen]:
    """Yield the reports of service 1 in the archive. HTTPException 400 for a range with too many packets."""
    craft, archive = find_craft(here, spacecraft), here.archive()
    channel = _channel(here, craft.key)
    layout = header_layout(channel)
    if layout is None or not craft.sources:
        return
    held_back = list(withheld_here(here, craft.key))
    where = (*of_sources(sources_of([craft])), pl.col("secondary_header"), ~pl.col("telecommand"))
    where += (~pl.col("apid").is_in(held_back),) if held_back else ()
    listed = Listed(
        "packets", PACKETS, Order(("generated", "source", "row")), where, start, stop,
        finish=lambda rows: octets_of(archive, rows),
    )  # fmt: skip
    key, count = None, 0
    while True:
        rows = listed.rows(archive, key, PIECE)
        count += len(rows)
        if count > MOST_PACKETS:
            told = f"The range has more than {MOST_PACKETS:,} packets: ask for a shorter one with start and stop."
            raise HTTPException(400, told)
        packets = [octets or b"" for octets in rows["octets"].to_list()]
        length = np.array([len(one) for one in packets], np.int64)
        joined = b"".join(packets)
        if joined:
            headers = read_headers(np.frombuffer(joined, np.uint8), np.cumsum(length) - length, length, layout)
            times = rows.select(pl.col("generated", "received").fill_null(NO_TIME)).rows()
            for row in np.flatnonzero(headers.valid & (headers.service == VERIFICATION)).tolist():
                begun = int(headers.data_offset[row])
                data = joined[begun : begun + int(headers.data_length[row])]
                report = _report(int(headers.subtype[row]), data)
                if report is not None:
                    yield ReportSeen(report, *times[row])
        if len(rows) < PIECE:
            return
        key = listed.order.key_of(rows.row(-1, named=True))


def _report(subtype: int, data: bytes) -> VerificationReport | None:
    try:
        found = decode_report(VERIFICATION, subtype, data, Widths())
    except DataError:
        return None
    return found if isinstance(found, VerificationReport) else None


def _channel(here: Centre, spacecraft: str) -> Channel:
    mission = here.installation.mission
    names = next((one.channels for one in mission.spacecraft if one.key == spacecraft), ())
    if not names:
        raise HTTPException(404, f"No telemetry channel is known of {spacecraft}.")
    path = mission.channel(names[0])
    return Channel.from_toml(path.read_text("utf-8"), str(path))


Ours = dict[bytes, list[tuple[int, str, int, str]]]


def _ours(standing: Standing, spacecraft: str) -> Ours:
    """Return the packets of requests that were sent to a spacecraft by their request identifiers, the earliest first."""
    found: Ours = {}
    for one in standing.board.of(spacecraft):
        sent = one.stages.get("sending")
        if sent is None:
            continue
        for index, packet in enumerate(one.prepared.packets):
            calls = one.prepared.request.calls
            name = calls[index].command if index < len(calls) else ""
            found.setdefault(packet[:4], []).append((sent, one.id, index, name))
    return {key: sorted(each) for key, each in found.items()}


def _item(one: CommandSeen, ours: Ours, standing: Standing) -> SeenItem:
    before = [each for each in ours.get(one.identity.encode(), ()) if each[0] <= one.first_ns]
    request = before[-1] if before else None
    stages = {str(stage): _stage(each) for stage, each in one.stages.items()}
    failed = next((str(stage) for stage in Stage if stage in one.stages and not one.stages[stage].report.succeeded), None)
    return SeenItem(
        apid=one.identity.apid, sequence_count=one.identity.sequence_count, first=utc_text(one.first_ns), stages=stages,
        steps=len(one.progress), missing=[str(each) for each in one.missing], failed=failed,
        request=request[1] if request else None, packet=request[2] if request else None,
        command=(request[3] or None) if request else None,
    )  # fmt: skip


def _stage(seen: ReportSeen) -> StageSeen:
    return StageSeen(
        generated=utc_text(seen.generated_ns), received=utc_text(seen.received_ns), succeeded=seen.report.succeeded,
        code=seen.report.failure,
    )  # fmt: skip
