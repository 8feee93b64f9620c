"""Answers about what a spacecraft has on board as they come in JSON; the schema of the centre tells more of each."""

from typing import TypedDict

from .answers_procedures import ProcedureCall


class Scheduled(TypedDict):
    """A scheduled telecommand: when, which, by which request, what it does; what is pending about it, or its fate."""

    at: str | None
    apid: int
    count: int
    packet: str
    request: str
    what: str
    pending: str
    fate: str
    confirmed: bool


class Difference(TypedDict):
    """A difference between the ground's copy and the last report."""

    kind: str
    apid: int
    count: int
    ground: str | None
    on_board: str | None
    request: str
    what: str


class Timeline(TypedDict):
    """The ground's copy of a schedule."""

    spacecraft: str
    enabled: bool | None
    next: Scheduled | None
    coming: list[Scheduled]
    gone: list[Scheduled]
    differences: list[Difference]
    reported: str | None
    can_adopt: bool
    now: str | None


class Stretch(TypedDict):
    """A stretch of generation time."""

    first: str | None
    last: str | None


class Gap(Stretch):
    """A stretch in which packets are missing."""

    packets: int
    apids: list[int]


class Proposal(Stretch):
    """Commands that would read a stretch out: nobody has asked for them."""

    calls: list[ProcedureCall]
    comment: str


class ReadOut(Stretch):
    """A read-out that was asked for."""

    request: str
    state: str


class StoreSummary(TypedDict):
    """What a store holds by its last summary."""

    oldest: str | None
    newest: str | None
    percentage: int
    reported: str | None


class Gaps(TypedDict):
    """Gaps of reception, what could close them, what is under way, and what cannot be had any more."""

    spacecraft: str
    store: int
    gaps: list[Gap]
    gaps_total: int
    proposals: list[Proposal]
    under_way: list[ReadOut]
    given_up: list[Stretch]
    summary: StoreSummary | None
    ask_summary: list[ProcedureCall]
    now: str | None


class Image(TypedDict):
    """A memory image; `areas` are addresses and lengths."""

    name: str
    version: str
    memory: int
    octets: int
    digest: str
    areas: list[tuple[int, int]]


class Area(TypedDict):
    """An area of a memory that is known without a hole."""

    address: int
    octets: int
    oldest: str | None
    newest: str | None


class BadBlock(TypedDict):
    """A block of a dump whose checksum did not agree."""

    address: int
    octets: int
    at: str | None


class MemoryKnown(TypedDict):
    """What is known of a memory."""

    memory: int
    known: list[Area]
    bad: list[BadBlock]


class MemoryStretch(TypedDict):
    """A stretch of an image: same, different or not known."""

    kind: str
    address: int
    octets: int
    wanted: str
    found: str


class Compared(TypedDict):
    """How a memory stands to an image."""

    image: Image
    octets: dict[str, int]
    stretches: list[MemoryStretch]
    stretches_total: int
    known: list[Area]


class ImagePart(TypedDict):
    """Commands that go into one request, and the name of that request once it was made."""

    calls: list[ProcedureCall]
    comment: str
    request: str


class ImageRequests(TypedDict):
    """What loads, dumps or checks an image, in parts."""

    image: Image
    octets: int
    parts: list[ImagePart]
