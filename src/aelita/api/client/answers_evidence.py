"""Answers about evidence of commanding, keys and queues as they come in JSON."""

from typing import Any, Literal, TypedDict

from .answers_commands import AssetItem, QueueItem, ReachItem, RequestItem, TimesItem


class StageSeen(TypedDict):
    """A report of a stage: when the spacecraft made it, when it was received, whether it tells of success, and its code."""

    generated: str | None
    received: str | None
    succeeded: bool
    code: int | None


class SeenItem(TypedDict):
    """A telecommand as its reports tell: its application process and sequence count, and the report of each stage.

    `missing` are stages of which no report was seen: those before the last one reported, and completion. `failed` is a stage that
    went wrong. `request` is the request of ours that it was, with the number of its packet, null when it was none.
    """

    apid: int
    sequence_count: int
    first: str | None
    stages: dict[str, StageSeen]
    steps: int
    missing: list[str]
    failed: str | None
    request: str | None
    packet: int | None
    command: str | None


class Signed(TypedDict):
    """What came of a statement: whether it `counts`, else `why` not, where the request stands now, and what is still missing."""

    statement: str
    counts: bool
    why: str
    state: str
    missing: list[str]
    notes: list[str]


class InboxItem(TypedDict):
    """Something that one may give to a request that waits: an act in a role; `last` when nothing else is missing."""

    act: str
    role: str
    centre: str
    last: bool
    key: str | None


class InboxEntry(RequestItem):
    """A request that waits for something that one may give; `seconds_left` until its window of release ends, null: no end."""

    packets: list[str]
    give: list[InboxItem]
    times: TimesItem | None
    light_time_s: float | None
    seconds_left: float | None


class Inbox(TypedDict):
    """What waits for who asks, what ends first first; `now` is the mission's clock."""

    items: list[InboxEntry]
    now: str | None


class KeyItem(TypedDict):
    """A key. `key` is its name: the first 16 hex digits of SHA-256 of its public half.

    `kept` tells where the private half is: `centre` (sealed by the password), `user`, `lost` (its password was replaced), or
    `elsewhere` (not a key of this centre's users). `usable` says that it can sign now, `why` why not.
    """

    key: str
    agency: str
    centre: str
    person: str
    roles: list[str]
    public: str
    issued: str | None
    not_after: str | None
    kept: Literal["centre", "user", "lost", "elsewhere"]
    usable: bool
    why: str
    revoked: str | None
    reason: str


class Keys(TypedDict):
    """Keys, the newest first."""

    items: list[KeyItem]


class Queues(TypedDict):
    """The queues of all spacecraft that can be commanded."""

    items: list[QueueItem]


class LinesAnswer(TypedDict):
    """Lines to stations by spacecraft, as the service that commands tells of them: COP-1, and each station's state."""

    lines: dict[str, dict[str, Any]]
    answered: bool
    why: str


class RuleItem(TypedDict):
    """A rule: who may do what with some commands (role@centre), and how many must; the first that fits holds."""

    key: str
    reach: ReachItem
    request: list[str]
    check: list[str]
    approve: list[str]
    release: list[str]
    checks: int
    approvals: int
    releases: int
    agencies: list[str]
    own_request: bool
    separate: bool
    forbidden: bool
    grade: str
    source: str


class CriticalItem(TypedDict):
    """What grave commands need on top of their rule."""

    key: str
    reach: ReachItem
    significance: list[str]
    approvals: int
    agencies: list[str]
    approve: list[str]
    grade: str
    source: str


class AuthorityAnswer(TypedDict):
    """The rules of the mission and who has what now; `mine` are the roles of who asks, as role@centre."""

    agency: str
    mine: list[str]
    rules: list[RuleItem]
    criticals: list[CriticalItem]
    assets: list[AssetItem]
    clock_tolerance_s: float
    now: str | None


class HeadItem(TypedDict):
    """Where a journal stands that is here, our own or our copy of a partner's; `fault` says what is wrong with it."""

    agency: str
    own: bool
    n: int
    hash: str
    at: str | None
    fault: str


class CountersignedItem(TypedDict):
    """An agency's signed word that it had the journal `of` another up to entry `n`, with that hash."""

    agency: str
    of: str
    n: int
    hash: str
    at: str | None


class AuditFinding(TypedDict):
    """What is wrong (fault), or worth knowing (note), and where."""

    grade: str
    where: str
    what: str


class ReportItem(TypedDict):
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


class VerificationItem(TypedDict):
    """A verification of all journals that are here: how far it is, and its reports when it is done.

    `clean` is null until then, then whether no fault was found.
    """

    begun: str | None
    ended: str | None
    octets: int
    all_octets: int
    state: Literal["running", "done", "failed", "cancelled"]
    why: str
    clean: bool | None
    reports: list[ReportItem]


class AuditAnswer(TypedDict):
    """The journals that are here, what agencies countersigned, forks (files that prove one), what contradicts itself in them."""

    heads: list[HeadItem]
    countersigned: list[CountersignedItem]
    forks: list[str]
    faults: dict[str, str]
    odd: list[str]
    verification: VerificationItem | None


class EntryItem(TypedDict):
    """An entry of a journal, as docs/authority.md has them: its number, time, kind, body, and the hashes that chain it."""

    n: int
    at: str | None
    agency: str
    kind: str
    body: dict[str, Any]
    prev: str
    hash: str


class JournalPage(TypedDict):
    """Entries of a journal in order; `next` is the `after` of the following ones, null when there are none yet."""

    items: list[EntryItem]
    next: int | None
    last: int
