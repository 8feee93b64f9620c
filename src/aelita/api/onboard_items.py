"""What a spacecraft has on board as answers: its schedule, gaps of reception and read-outs, memories and images."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from .answers import UtcText, utc_text
from .command_items import CallItem
from .procedure_items import FaultItem, call_item


class ActivityItem(BaseModel):
    """A scheduled telecommand: when it is executed, which (application process and count), by which request, what it does.

    `pending` says what is on its way about it; `fate` what became of one that is gone; `packet` is hexadecimal, empty when only a
    summary told of it. `confirmed`: the last report had it, at this time.
    """

    at: UtcText
    apid: int
    count: int
    packet: str
    request: str
    what: str
    pending: str
    fate: str
    confirmed: bool


class DifferenceItem(BaseModel):
    """A difference between the ground's copy and the last report: `kind`, and when each of them has it (null: not at all)."""

    kind: str
    apid: int
    count: int
    ground: UtcText
    on_board: UtcText
    request: str
    what: str


class TimelineItem(BaseModel):
    """The ground's copy of a schedule: `enabled` null while nobody knows; `gone` the latest first; `reported` the last report.

    `can_adopt`: the last report was on the whole schedule, so that it can be taken for the truth.
    """

    spacecraft: str
    enabled: bool | None
    next: ActivityItem | None
    coming: list[ActivityItem]
    gone: list[ActivityItem]
    differences: list[DifferenceItem]
    reported: UtcText
    can_adopt: bool
    now: UtcText


class StretchOfTime(BaseModel):
    """A stretch of generation time."""

    first: UtcText
    last: UtcText


class StoreGapItem(StretchOfTime):
    """A stretch in which packets are missing: how many at least, and of which application processes."""

    packets: int
    apids: list[int]


class ProposalItem(StretchOfTime):
    """Commands that would read a stretch out of a packet store. Nobody has asked for them; a person may."""

    calls: list[CallItem]
    comment: str


class ReadOutItem(StretchOfTime):
    """A read-out that was asked for, and where its request stands."""

    request: str
    state: str


class StoreItem(BaseModel):
    """What a store holds by its last summary: from when to when, and how full it is."""

    oldest: UtcText
    newest: UtcText
    percentage: int
    reported: UtcText


class GapsItem(BaseModel):
    """Gaps of reception that the archive knows, what could close them, what is being read out, what cannot be had any more."""

    spacecraft: str
    store: int
    gaps: list[StoreGapItem]
    gaps_total: int
    proposals: list[ProposalItem]
    under_way: list[ReadOutItem]
    given_up: list[StretchOfTime]
    summary: StoreItem | None
    ask_summary: list[CallItem]
    now: UtcText


class ImageItem(BaseModel):
    """A memory image: `digest` is SHA-256 over memory, addresses and octets; `areas` are addresses and lengths."""

    name: str
    version: str
    memory: int
    octets: int
    digest: str
    areas: list[tuple[int, int]]


class Images(BaseModel):
    """The images for a spacecraft, and files that are none."""

    items: list[ImageItem]
    faults: list[FaultItem]


class AreaItem(BaseModel):
    """An area of a memory that is known without a hole, and since when."""

    address: int
    octets: int
    oldest: UtcText
    newest: UtcText


class BadItem(BaseModel):
    """A block of a dump whose checksum did not agree."""

    address: int
    octets: int
    at: UtcText


class MemoryItem(BaseModel):
    """What is known of a memory, by dumps and by loads that were reported complete."""

    memory: int
    known: list[AreaItem]
    bad: list[BadItem]


class StretchItem(BaseModel):
    """A stretch of an image: same, different, or not known; the first octets that are wanted and found, hexadecimal."""

    kind: str
    address: int
    octets: int
    wanted: str
    found: str


class ComparedItem(BaseModel):
    """How a memory stands to an image: octets by kind, and stretches in order of address."""

    image: ImageItem
    octets: dict[str, int]
    stretches: list[StretchItem]
    stretches_total: int
    known: list[AreaItem]


class PartItem(BaseModel):
    """Commands that go into one request, with the name of that request once it was made."""

    calls: list[CallItem]
    comment: str
    request: str


class ImageRequests(BaseModel):
    """What loads, dumps or checks an image, in parts; `octets` that would be concerned."""

    image: ImageItem
    octets: int
    parts: list[PartItem]


def timeline_item(told: Mapping[str, Any], now: int) -> TimelineItem:
    """Return the ground's copy of a schedule."""
    names = ("spacecraft", "enabled", "can_adopt")
    return TimelineItem(
        **{name: told[name] for name in names}, next=None if told["next"] is None else _activity(told["next"]),
        coming=[_activity(one) for one in told["coming"]], gone=[_activity(one) for one in told["gone"]],
        differences=[
            DifferenceItem(
                **{name: one[name] for name in ("kind", "apid", "count", "request", "what")},
                ground=utc_text(one["ground_ns"]), on_board=utc_text(one["on_board_ns"]),
            )
            for one in told["differences"]
        ],
        reported=utc_text(told["reported_ns"]), now=utc_text(now),
    )  # fmt: skip


def _activity(one: Mapping[str, Any]) -> ActivityItem:
    names = ("apid", "count", "packet", "request", "what", "pending", "confirmed")
    return ActivityItem(at=utc_text(one["time_ns"]), fate=one.get("fate", ""), **{name: one[name] for name in names})


def _stretch(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"first": utc_text(one["first_ns"]), "last": utc_text(one["last_ns"])}


def gaps_item(told: Mapping[str, Any], now: int) -> GapsItem:
    """Return gaps and what could close them."""
    summary = told["summary"]
    return GapsItem(
        spacecraft=told["spacecraft"], store=told["store"], gaps_total=told["gaps_total"],
        gaps=[StoreGapItem(**_stretch(one), packets=one["packets"], apids=one["apids"]) for one in told["gaps"]],
        proposals=[
            ProposalItem(**_stretch(one), calls=calls_of(one["calls"]), comment=one["comment"]) for one in told["proposals"]
        ],
        under_way=[ReadOutItem(**_stretch(one), request=one["request"], state=one["state"]) for one in told["under_way"]],
        given_up=[StretchOfTime(**_stretch(one)) for one in told["given_up"]],
        summary=None if summary is None else StoreItem(
            oldest=utc_text(summary["oldest_ns"]), newest=utc_text(summary["newest_ns"]), percentage=summary["percentage"],
            reported=utc_text(summary["reported_ns"]),
        ),
        ask_summary=calls_of(told["ask_summary"]), now=utc_text(now),
    )  # fmt: skip


def calls_of(told: Sequence[Mapping[str, Any]]) -> list[CallItem]:
    """Return commands with their arguments."""
    return [call_item(one) for one in told]


def areas_of(told: Sequence[Mapping[str, Any]]) -> list[AreaItem]:
    """Return known areas of a memory."""
    return [
        AreaItem(
            address=one["address"], octets=one["octets"], oldest=utc_text(one["oldest_ns"]), newest=utc_text(one["newest_ns"])
        )
        for one in told
    ]


def memory_item(told: Mapping[str, Any]) -> MemoryItem:
    """Return what is known of a memory."""
    bad = [BadItem(address=one["address"], octets=one["octets"], at=utc_text(one["at_ns"])) for one in told["bad"]]
    return MemoryItem(memory=told["memory"], known=areas_of(told["known"]), bad=bad)


def compared_item(told: Mapping[str, Any]) -> ComparedItem:
    """Return how a memory stands to an image."""
    return ComparedItem(
        image=ImageItem.model_validate(told["image"]), octets=told["octets"], stretches_total=told["stretches_total"],
        stretches=[StretchItem.model_validate(one) for one in told["stretches"]], known=areas_of(told["known"]),
    )  # fmt: skip
