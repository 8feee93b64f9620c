"""Evidence of commanding: telecommands rebuilt from the spacecraft's reports, journals, and their verification."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel

from ..commanding import Report
from ..services import live
from .answers import PROBLEMS, Instant, UtcText, utc_text
from .audit import note
from .centre import Centre, centre
from .command_asked import Spacecraft
from .command_audit import Verified
from .command_history import SeenItem, seen
from .identity import Identity, may
from .paging import LARGEST, After, Limit, Page, key_of, paged
from .values import check_range

router = APIRouter(prefix="/commands", tags=["commands"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Auditor = Annotated[Identity, Depends(may("audit"))]
MOST_ENTRIES = 1000
State = Literal["running", "done", "failed", "cancelled"]


class HeadItem(BaseModel):
    """Where a journal stands that is here, our own or our copy of a partner's; `fault` says what is wrong with it."""

    agency: str
    own: bool
    n: int
    hash: str
    at: UtcText
    fault: str


class CountersignedItem(BaseModel):
    """An agency's signed word that it had the journal `of` another up to entry `n`, with that hash."""

    agency: str
    of: str
    n: int
    hash: str
    at: UtcText


class AuditFinding(BaseModel):
    """What is wrong (fault), or worth knowing (note), and where."""

    grade: str
    where: str
    what: str


class ReportItem(BaseModel):
    """What the verification of one journal found. `countersigned` tells up to which entry each other agency proved it.

    `unchecked` is what could not be checked; `kinds` counts entries.
    """

    agency: str
    clean: bool
    entries: int
    octets: int
    head: str
    kinds: dict[str, int]
    signatures: int
    releases: int
    countersigned: dict[str, int]
    findings: list[AuditFinding]
    unchecked: list[str]


class VerificationItem(BaseModel):
    """A verification of all journals that are here: how far it is, and its reports when it is done.

    `clean` is null until then, then whether no fault was found.
    """

    begun: UtcText
    ended: UtcText
    octets: int
    all_octets: int
    state: State
    why: str
    clean: bool | None
    reports: list[ReportItem]


class AuditAnswer(BaseModel):
    """The journals that are here, what agencies countersigned, forks (files that prove one), what contradicts itself in them."""

    heads: list[HeadItem]
    countersigned: list[CountersignedItem]
    forks: list[str]
    faults: dict[str, str]
    odd: list[str]
    verification: VerificationItem | None


class EntryItem(BaseModel):
    """An entry of a journal, as docs/authority.md has them: its number, time, kind, body, and the hashes that chain it."""

    n: int
    at: UtcText
    agency: str
    kind: str
    body: dict[str, Any]
    prev: str
    hash: str


class JournalPage(BaseModel):
    """Entries of a journal in order; `next` is the `after` of the following ones, null when there are none yet."""

    items: list[EntryItem]
    next: int | None
    last: int


@router.get("/history/{spacecraft}")
def list_seen(
    here: Here, spacecraft: Spacecraft, start: Instant = None, stop: Instant = None, limit: Limit = 1000, after: After = ""
) -> Page[SeenItem]:
    """List telecommands of which only reports are known, whoever sent them, by when the first report was generated.

    They are rebuilt from the reports of service 1 in the archive; those that were requested here name their request.
    """
    check_range(start, stop)
    found = seen(here, spacecraft, start, stop)
    page, following = paged(found, [[place] for place in range(len(found))], limit, key_of(after, int))
    return Page[SeenItem](items=page, next=following)


@router.get("/audit")
def get_audit(here: Here) -> AuditAnswer:
    """Tell how the journals stand: heads, countersignatures, faults, and the last verification."""
    view = here.commands
    with view.reading() as standing:
        heads, faults = view.heads, view.faults
        odd = [f"{entry.agency} {entry.n} {entry.kind}: {why}" for entry, why in standing.odd[-100:]]
        odd += [f"{told.agency} {told.kind}: {why}" for told, why in standing.board.odd[-100:]]
        signed = view.countersigned
    return AuditAnswer(
        heads=[
            HeadItem(
                agency=agency, own=agency == here.agency, n=n, hash=digest, at=utc_text(at or None), fault=faults.get(agency, "")
            )
            for agency, (n, digest, at) in heads.items()
        ],
        countersigned=[
            CountersignedItem(agency=agency, of=of, n=n, hash=digest, at=utc_text(at))
            for (agency, of), (n, digest, at) in signed.items()
        ],
        forks=live.command_forks(here.installation, here.agency), faults=faults, odd=odd,
        verification=_verification(view.verification.last),
    )  # fmt: skip


@router.post("/audit", status_code=202)
def verify(here: Here, request: Request, who: Auditor) -> VerificationItem:
    """Begin to verify all journals that are here, against the mission's rules and the agencies' keys; one run at a time."""
    begun = here.commands.verification.begin()
    note(request, "command.audit.begun")
    made = _verification(begun)
    assert made is not None
    return made


@router.delete("/audit")
def cancel(here: Here, request: Request, who: Auditor) -> VerificationItem:
    """Cancel a verification that goes on. The answer tells how it stood."""
    last = _verification(here.commands.verification.last)
    if last is None:
        raise HTTPException(404, "Nothing was verified yet.")
    here.commands.verification.cancel()
    note(request, "command.audit.cancelled")
    return last


@router.get("/journal")
def read_journal(
    here: Here,
    who: Auditor,
    after: Annotated[int, Query(ge=0, lt=LARGEST, description="The number of the entry before the first that is wanted.")] = 0,
    agency: Annotated[str, Query(max_length=64, description="Whose journal; without one, our own.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 200,
) -> JournalPage:
    """Read the entries of a journal as they are written, our own or our copy of a partner's."""
    whose = agency or here.agency
    entries = here.commands.entries(whose, after, limit)
    last = here.commands.heads[whose][0]
    items = [
        EntryItem(
            n=one.n, at=utc_text(one.at_ns), agency=one.agency, kind=one.kind, body=dict(one.body), prev=one.prev, hash=one.hash
        )
        for one in entries
    ]
    return JournalPage(items=items, next=items[-1].n if items and items[-1].n < last else None, last=last)


def _verification(one: Verified | None) -> VerificationItem | None:
    if one is None:
        return None
    return VerificationItem.model_validate(
        {
            "begun": utc_text(one.begun),
            "ended": utc_text(one.ended),
            "octets": one.octets,
            "all_octets": one.all_octets,
            "state": one.state,
            "why": one.why,
            "clean": all(each.clean for each in one.reports) if one.state == "done" else None,
            "reports": [_report(each) for each in one.reports],
        }
    )


def _report(one: Report) -> ReportItem:
    return ReportItem(
        agency=one.agency, clean=one.clean, entries=one.entries, octets=one.octets, head=one.head, kinds=dict(one.counts),
        signatures=one.signatures, releases=one.releases, countersigned=dict(one.proved), unchecked=list(one.unchecked),
        findings=[AuditFinding(grade=each.grade, where=each.where, what=each.what) for each in one.findings],
    )  # fmt: skip
