"""Packets and frames: lists, fields over octets, quarantine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel

from ..archive import Archive, Order, database_that_decoded, frame_of, octets_of, packet_of
from ..errors import AelitaError
from ..link import (
    AFTER_LOSS,
    CHECKSUM_BAD,
    DUPLICATE,
    ENCAPSULATION_APID,
    FRAME_BAD,
    INCOMPLETE,
    LATE,
    REASONS,
    RESENT,
    RESTARTED,
    Channel,
)
from ..records import FRAMES, PACKETS, QUARANTINE
from . import rights
from .answers import PROBLEMS, Instant, UtcText, utc_text
from .centre import Centre, centre
from .fields import PRIMARY_HEADER, DecodedField, container_of, containers_of, frame_fields, header_fields, packet_fields
from .identity import may
from .listed import LimitOrAll, Listed, having, listed_page, listed_table, of_sources
from .paging import LARGEST, After, Direction, Page, words_of
from .spacecraft import FILES, Craft, Edition, SomeCrafts, crafts, edition, keys_of, sources_of
from .tables import TABLES, FormatQuery
from .values import check_range

router = APIRouter(tags=["packets"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
SourceQuery = Annotated[int | None, Query(ge=0, lt=1 << 31, description="Only of this source, by its number.")]
ChannelQuery = Annotated[int | None, Query(ge=0, le=63, description="Only of this virtual channel.")]
SourcePath = Annotated[int, Path(ge=0, lt=1 << 31)]
NumberPath = Annotated[int, Path(ge=0, lt=LARGEST)]
OctetsQuery = Annotated[bool, Query(description="Give the octets too: in hexadecimal in json and csv.")]
PACKET_FLAGS = {
    CHECKSUM_BAD: "checksum wrong", INCOMPLETE: "incomplete", DUPLICATE: "duplicate", FRAME_BAD: "in a bad frame",
}  # fmt: skip
FRAME_FLAGS = {RESENT: "resent", AFTER_LOSS: "after a loss", LATE: "late", RESTARTED: "counter restarted"}
PIECE_WITH_OCTETS = 10_000
OCTETS = "application/octet-stream"
SHOWN_OCTETS = 64  # of quarantined ones in lists


class PacketItem(BaseModel):
    """A packet. `source` and `row` name it; `quality` is 0 for a good one, else `flags` says what is wrong.

    `ticks` is the spacecraft's clock as received, `frame` the number of the frame of its source in which it began. `container` is
    what it is by the newest version of the mission database, null when that knows none such.
    """

    source: int
    row: int
    spacecraft: str | None
    utc: UtcText
    received: UtcText
    apid: int | None
    virtual_channel: int | None
    sequence_count: int | None
    sequence_flags: int | None
    telecommand: bool | None
    secondary_header: bool | None
    length: int
    quality: int
    flags: list[str]
    ticks: int | None
    frame: int | None
    container: str | None = None
    octets: str | None = None


class PacketDecoded(PacketItem):
    """A packet with its fields. `container` is what it is by the version `database` (0: the mission's own files).

    `faults` says what in it contradicts the database. Without a database, or in a packet that it does not know, the fields are
    those of the primary header.
    """

    database: int | None
    fields: list[DecodedField]
    faults: list[str]


class FrameItem(BaseModel):
    """A transfer frame. `reason` is empty for a good one, else why it could not be used; `flags` tell of its counter."""

    source: int
    number: int
    spacecraft: str | None
    received: UtcText
    emitted: UtcText
    station: str | None
    spacecraft_id: int | None
    virtual_channel: int | None
    master_count: int | None
    channel_count: int | None
    quality: int | None
    flags: list[str]
    reason: str
    ocf: str | None
    position: int | None
    octets: str | None = None


class FrameDecoded(FrameItem):
    """A frame with its fields and the packets that begin in it."""

    protocol: str
    fields: list[DecodedField]
    packets: list[PacketItem]


class QuarantineItem(BaseModel):
    """Octets that could not be used: where in their source, and why. Lists show the first octets of long ones."""

    source: int
    spacecraft: str | None
    position: int
    reason: str
    length: int
    octets: str


@router.get("/packets", responses=TABLES, response_model=Page[PacketItem])
def list_packets(
    here: Here, request: Request, some: SomeCrafts,
    apid: Annotated[int | None, Query(ge=0, le=0xFFFF, description="Only of this application process.")] = None,
    virtual_channel: ChannelQuery = None, source: SourceQuery = None, start: Instant = None, stop: Instant = None,
    bad: Annotated[bool | None, Query(description="Only those that are not good, or only good ones.")] = None,
    octets: OctetsQuery = False, order: Direction = "asc", format: FormatQuery = "json", limit: LimitOrAll = None,
    after: After = "",
) -> Page[PacketItem] | Response:  # fmt: skip
    """List the packets of a spacecraft by generation time; those of unknown time come first, idle ones are not kept.

    Those of instruments whose data are withheld from the agency are left out; asked for by APID they are refused.
    """
    check_range(start, stop)
    archive = here.archive()
    where = (*of_sources(sources_of(some), source), *_allowed(here, request, some, apid))
    where += tuple(
        pl.col(name) == value for name, value in (("apid", apid), ("virtual_channel", virtual_channel)) if value is not None
    )
    where += () if bad is None else ((pl.col("quality") != 0) == bad,)
    listed = Listed(
        "packets", PACKETS, Order(("generated", "source", "row"), order == "desc"), where, start, stop,
        () if octets else ("octets",),
    )  # fmt: skip
    if octets:
        listed = replace(listed, finish=lambda rows: octets_of(archive, rows), piece=PIECE_WITH_OCTETS)
    if format != "json":
        return listed_table(archive, listed, format, "packets", limit, after)
    whole = replace(listed, without=(), finish=lambda rows: octets_of(archive, rows))
    rows, following = listed_page(archive, whole, limit, after)
    keys, names = keys_of(here), _containers(here, some, rows)
    items = [PacketItem(**(_packet(row, keys) | {"container": name})) for row, name in zip(rows, names, strict=True)]
    return Page(items=items if octets else [one.model_copy(update={"octets": None}) for one in items], next=following)


def _containers(here: Centre, some: Sequence[Craft], rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return what each packet is by the newest version of the database of its spacecraft."""
    found: list[str | None] = [None] * len(rows)
    for craft in some:
        known = _newest(here, craft)
        mine = [number for number, row in enumerate(rows) if row["source"] in craft.sources and row["octets"]]
        if known is None or not mine:
            continue
        for number, name in zip(mine, containers_of(known.compiled, [rows[one]["octets"] for one in mine]), strict=True):
            found[number] = name
    return found


def _newest(here: Centre, craft: Craft) -> Edition | None:
    """Return the newest version of the database of a spacecraft, None when nothing is known of its packets."""
    try:
        return edition(here, craft)
    except HTTPException:
        return None


def _allowed(here: Centre, request: Request, some: Sequence[Craft], apid: int | None) -> Iterator[pl.Expr]:
    """Yield the conditions that no data are withheld from the agency. HTTPException 403 when it asks for such an APID."""
    for craft in some:
        held = rights.withheld_here(here, craft.key)
        if apid in held:
            raise rights.refuse(request, f"packets of APID {apid} of {craft.key}", held[apid])
        if held:
            yield ~(pl.col("source").is_in(sorted(craft.sources)) & pl.col("apid").is_in(list(held))).fill_null(False)


def _packet(row: Mapping[str, Any], keys: Mapping[int, str]) -> dict[str, Any]:
    """Return what is told of a packet."""
    octets = row.get("octets")
    told = {name: row[name] for name in PacketItem.model_fields if name in row}
    apid = None if row["apid"] == ENCAPSULATION_APID else row["apid"]
    return told | {
        "spacecraft": keys.get(row["source"]), "utc": utc_text(row["generated"]), "received": utc_text(row["received"]),
        "apid": apid, "flags": _flags(row["quality"], PACKET_FLAGS), "octets": None if octets is None else octets.hex(),
    }  # fmt: skip


def _flags(quality: int | None, words: Mapping[int, str]) -> list[str]:
    return [word for flag, word in words.items() if (quality or 0) & flag]


@router.get("/packets/{source}/{row}")
def get_packet(here: Here, request: Request, source: SourcePath, row: NumberPath) -> PacketDecoded:
    """Return a packet with its octets and its fields: where each lies, what its bits say, and what that means."""
    archive, found = here.archive(), _found(here, request, source, row)
    octets, craft = found["octets"] or b"", _craft_of(here, source)
    known, container = _identified(here, archive, craft, octets, (source, row))
    fields, faults = packet_fields(known.compiled, container, octets) if known and container else ([], ())
    if not any(one.bit_offset < 48 for one in fields):
        fields = [*header_fields(octets, PRIMARY_HEADER), *fields]
    told = _packet(found, keys_of(here)) | {"container": container, "database": known.number if known else None}
    return PacketDecoded(**told, fields=fields, faults=list(faults))


@router.get("/packets/{source}/{row}/octets", response_class=Response, responses={200: {"content": {OCTETS: {}}}})
def get_octets(here: Here, request: Request, source: SourcePath, row: NumberPath) -> Response:
    """Return the octets of a packet as they are, its primary header first."""
    found = _found(here, request, source, row)
    name = f"packet-{source}-{row}.bin"
    return Response(found["octets"] or b"", media_type=OCTETS, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _found(here: Centre, request: Request, source: int, row: int) -> dict[str, Any]:
    """Return a packet of the archive. HTTPException 404 when there is none, 403 when it is withheld from the agency."""
    found, craft = packet_of(here.archive(), source, row), _craft_of(here, source)
    if found is None:
        raise HTTPException(404, f"Source {source} has no packet {row}.")
    list(_allowed(here, request, [craft] if craft else [], found["apid"]))
    return found


def _craft_of(here: Centre, source: int) -> Craft | None:
    return next((one for one in crafts(here) if source in one.sources), None)


def _identified(
    here: Centre, archive: Archive, craft: Craft | None, octets: bytes, packet: tuple[int, int]
) -> tuple[Edition | None, str | None]:
    """Return the container that a packet is, by the version that decoded it into the archive, else by the newest."""
    if craft is None:
        return None, None
    known = _newest(here, craft)
    if known is None:
        return None, None
    container = container_of(known.compiled, octets)
    number = None if container is None else database_that_decoded(archive, container, *packet)
    if number is None or number in (known.number, FILES):
        return known, container
    older = edition(here, craft, number)
    return older, container_of(older.compiled, octets)


@router.get("/frames", responses=TABLES, response_model=Page[FrameItem])
def list_frames(
    here: Here, some: SomeCrafts, source: SourceQuery = None, virtual_channel: ChannelQuery = None,
    bad: Annotated[bool | None, Query(description="Only those that failed a check, or only good ones.")] = None,
    octets: OctetsQuery = False, order: Direction = "asc", format: FormatQuery = "json", limit: LimitOrAll = None,
    after: After = "",
) -> Page[FrameItem] | Response:  # fmt: skip
    """List transfer frames as they were received, by source and number."""
    archive = here.archive()
    where = of_sources(sources_of(some), source)
    where += () if virtual_channel is None else (pl.col("virtual_channel") == virtual_channel,)
    where += () if bad is None else ((pl.col("reason") != 0) == bad,)
    without = () if octets else ("octets",)
    listed = Listed("frames", FRAMES, Order(("source", "number"), order == "desc"), where, without=without)
    if octets:
        listed = replace(listed, piece=PIECE_WITH_OCTETS)
    if format != "json":
        return listed_table(archive, listed, format, "frames", limit, after)
    rows, following = listed_page(archive, listed, limit, after)
    keys = keys_of(here)
    return Page(items=[FrameItem(**_frame(row, keys)) for row in rows], next=following)


def _frame(row: Mapping[str, Any], keys: Mapping[int, str]) -> dict[str, Any]:
    """Return what is told of a frame."""
    octets, ocf = row.get("octets"), row["ocf"]
    told = {name: row[name] for name in FrameItem.model_fields if name in row}
    return told | {
        "spacecraft": keys.get(row["source"]), "received": utc_text(row["received"]), "emitted": utc_text(row["emitted"]),
        "flags": _flags(row["quality"], FRAME_FLAGS), "reason": REASONS.get(row["reason"], ""),
        "ocf": None if ocf is None or ocf < 0 else f"{ocf:08x}", "octets": None if octets is None else octets.hex(),
    }  # fmt: skip


@router.get("/frames/{source}/{number}")
def get_frame(here: Here, source: SourcePath, number: NumberPath) -> FrameDecoded:
    """Return a frame with its octets, the fields of its headers and trailers, and the packets that begin in it."""
    archive = here.archive()
    found = frame_of(archive, source, number)
    if found is None:
        raise HTTPException(404, f"Source {source} has no frame {number}.")
    channel = _channel_of(archive, source)
    octets, data = found["octets"] or b"", None
    if found["data_start"] is not None and found["data_length"] is not None:
        data = int(found["data_start"]), int(found["data_length"])
    has_ocf, trailer = found["ocf"] is not None and found["ocf"] >= 0, 0 if channel is None else channel.trailer_octets
    fields = frame_fields(channel.protocol if channel else "", octets, data, has_ocf, trailer)
    order = Order(("source", "row"))
    begun = Listed("packets", PACKETS, order, (*of_sources([source]), pl.col("frame") == number), without=("octets",))
    keys = keys_of(here)
    packets = [PacketItem(**_packet(row, keys)) for row in listed_page(archive, begun, None, "")[0]]
    protocol = channel.protocol if channel else ""
    return FrameDecoded(**_frame(found, keys), protocol=protocol, fields=fields, packets=packets)


def _channel_of(archive: Archive, source: int) -> Channel | None:
    rows = archive.catalogue.admitted().filter(pl.col("source") == source)
    text = rows["channel"][0] if len(rows) else None
    try:
        return Channel.from_toml(text) if text else None
    except AelitaError:  # of an older release
        return None


@router.get("/quarantine", responses=TABLES, response_model=Page[QuarantineItem])
def list_quarantine(
    here: Here, some: SomeCrafts, source: SourceQuery = None,
    search: Annotated[str, Query(description="Words of the reason.", max_length=500)] = "", order: Direction = "asc",
    format: FormatQuery = "json", limit: LimitOrAll = None, after: After = "",
) -> Page[QuarantineItem] | Response:  # fmt: skip
    """List the octets that could not be used, with the reason."""
    archive = here.archive()
    where = (*of_sources(sources_of(some), source), *having(words_of(search), ("reason",)))
    listed = Listed("quarantine", QUARANTINE, Order(("source", "position", "reason"), order == "desc"), where)
    if format != "json":
        return listed_table(archive, replace(listed, piece=PIECE_WITH_OCTETS), format, "quarantine", limit, after)
    rows, following = listed_page(archive, listed, limit, after)
    keys = keys_of(here)
    return Page(items=[_quarantined(row, keys, SHOWN_OCTETS) for row in rows], next=following)


def _quarantined(row: Mapping[str, Any], keys: Mapping[int, str], most: int | None = None) -> QuarantineItem:
    octets = row["octets"] or b""
    return QuarantineItem(
        source=row["source"], spacecraft=keys.get(row["source"]), position=row["position"], reason=row["reason"],
        length=len(octets), octets=octets[:most].hex(),
    )  # fmt: skip


@router.get("/quarantine/{source}/{position}")
def get_quarantine(here: Here, source: SourcePath, position: NumberPath) -> QuarantineItem:
    """Return quarantined octets, all of them, by their offset in their source."""
    archive = here.archive()
    where = (*of_sources(None, source), pl.col("position") == position)
    rows = Listed("quarantine", QUARANTINE, Order(("source", "position", "reason")), where).rows(archive, None, 1).to_dicts()
    if not rows:
        raise HTTPException(404, f"Source {source} has nothing in quarantine at {position}.")
    return _quarantined(rows[0], keys_of(here))
