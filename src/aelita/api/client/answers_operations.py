"""Answers about the complex, stations and agencies as they come in JSON; the schema of the centre tells more of each."""

from typing import Literal, TypedDict


class AgencyItem(TypedDict):
    """An agency, its part in the mission (lead or supporting), and whether this centre is its own."""

    grade: str
    source: str
    key: str
    name: str
    domain: str
    part: str
    own: bool
    here: bool


class CentreItem(TypedDict):
    """A centre of an agency."""

    grade: str
    source: str
    key: str
    name: str
    agency: str
    place: str
    tasks: list[str]


class CraftItem(TypedDict):
    """A spacecraft, whose it is, and by which others its data come."""

    key: str
    agency: str
    relayed_by: list[str]
    followed: bool


class GiveItem(TypedDict):
    """What one agency gives another: a kind of its data, of one spacecraft (empty: all), `only` these items."""

    grade: str
    source: str
    giver: str
    receiver: str
    kind: str
    spacecraft: str
    only: list[str]
    start: str | None
    stop: str | None
    now: bool


class CollectionItem(TypedDict):
    """A collection of products: public after so many months (null: withheld for ever)."""

    key: str
    title: str
    urn: str
    public_after_months: int | None


class InstrumentItem(TypedDict):
    """An instrument. `may_have` says whether people of this centre may have its data now, `why` by what."""

    grade: str
    source: str
    key: str
    name: str
    spacecraft: str
    agency: str
    lead: str
    measures: str
    parent: str
    parts: list[str]
    apids: list[int]
    collections: list[CollectionItem]
    may_have: bool
    why: str


class ExceptionItem(TypedDict):
    """A collection, or a part of it, with a release of its own (null: withheld)."""

    collection: str
    part: str
    public_after_months: int | None


class RightsItem(TypedDict):
    """These agencies have everything at once, the public after months (null: never), with exceptions."""

    grade: str
    source: str
    agencies: list[str]
    public_after_months: int | None
    exceptions: list[ExceptionItem]


class SharedItem(TypedDict):
    """Alarms of a spacecraft, from a severity on, that these agencies must see."""

    spacecraft: str
    agencies: list[str]
    least_severity: str


class StreamState(TypedDict):
    """A stream of an agency, or its mirror of another one's: then `lag` is how many messages are not here yet."""

    agency: str
    name: str
    alive: bool
    messages: int
    last: int
    per_s: float | None
    octets: int
    octets_per_s: float | None
    fill: float
    mirror: bool
    lag: int | None
    origin_s: float | None
    missing: int
    fault: str
    heard_s: float | None


class RoleItem(TypedDict):
    """A role of people at some centres, and what it may do."""

    key: str
    title: str
    centres: list[str]
    agencies: list[str]
    may: list[str]


class AgenciesAnswer(TypedDict):
    """The organisation of the mission as the centre of `agency` knows it, and its mirrors of the others with their lag."""

    agency: str
    now: str | None
    agencies: list[AgencyItem]
    centres: list[CentreItem]
    roles: list[RoleItem]
    permissions: dict[str, str]
    spacecraft: list[CraftItem]
    instruments: list[InstrumentItem]
    gives: list[GiveItem]
    shared_alarms: list[SharedItem]
    mirrors: list[StreamState]
    rights: RightsItem
    next_change: str | None


class AgencyState(TypedDict):
    """An agency, and whether its streams are reached."""

    key: str
    name: str
    connected: bool
    why: str


class BatchItem(TypedDict):
    """A batch. `first` and `last` are the times of generation that it spans; `digest` is the SHA-256 of its file."""

    number: int
    digest: str
    octets: int
    rows: int
    first: str | None
    last: str | None
    made: str | None
    gone: bool
    path: str


class Batches(TypedDict):
    """Batches in order. `next` is the `after` that leads on, also when none is there yet; `more` says that some are."""

    items: list[BatchItem]
    next: int
    more: bool


class Booked(TypedDict):
    """A booking that was made; `warnings` say what speaks against it without forbidding it."""

    kind: Literal["booking", "contact"]
    station: str
    reference: str
    spacecraft: str
    agencies: list[str]
    start: str | None
    stop: str | None
    now: bool
    frames: int | None
    good: int | None
    erred: int | None
    undetermined: int | None
    missing: int | None
    losses: int | None
    ended: str | None
    warnings: list[str]


class CraftTime(TypedDict):
    """What of a spacecraft's time arrives now: `scet` is when it left there, `owlt_s` how long it was on its way."""

    spacecraft: str
    scet: str | None
    owlt_s: float


class Clock(TypedDict):
    """The clocks: `utc` is this machine's, `mission` that of the mission, which is also Earth received time `ert`."""

    utc: str | None
    mission: str | None
    ert: str | None
    speed: float
    replayed: bool
    spacecraft: list[CraftTime]


class ContactItem(TypedDict):
    """A booking (`kind` booking), or a contact that is over: from its first frame to its last, and what it brought."""

    kind: Literal["booking", "contact"]
    station: str
    reference: str
    spacecraft: str
    agencies: list[str]
    start: str | None
    stop: str | None
    now: bool
    frames: int | None
    good: int | None
    erred: int | None
    undetermined: int | None
    missing: int | None
    losses: int | None
    ended: str | None


class Counts(TypedDict):
    """What an agency made of the frames of a spacecraft since its services began; rates per second of the mission's clock."""

    agency: str
    spacecraft: str
    processing: bool
    archiving: bool
    merged: int | None
    merged_per_s: float | None
    late: int | None
    unusable: int | None
    holes: int | None
    packets_per_s: float | None
    samples_per_s: float | None
    archived: int | None
    archive_lag_s: float | None
    archived_to: int | None


class Rule(TypedDict):
    """What is delivered, when and how."""

    kind: Literal["packets", "parameters"]
    spacecraft: str
    instrument: str
    apids: list[int]
    names: list[str]
    raw: bool
    schedule: Literal["live", "hourly", "daily", "contact"]
    format: Literal["arrow", "parquet"]
    keep_days: int
    keep_mebioctets: int
    history: bool
    paused: bool


class DeliveryItem(TypedDict):
    """A delivery: its rule, the number of its last batch, what is kept, and why nothing comes (`fault`)."""

    id: int
    title: str
    owner: str
    rule: Rule
    created: str | None
    last: int
    oldest_kept: int | None
    kept: int
    kept_octets: int
    fault: str


class Link(TypedDict):
    """A line from a spacecraft by a station to an agency; without `alive` it is not known how it is now."""

    agency: str
    spacecraft: str
    station: str
    alive: bool
    state: str
    lock: str
    production: str
    frames: int
    frames_per_s: float | None
    bit_rate: float | None
    missed: int | None
    backlogs: int
    last_frame_s: float | None
    light_time_s: float | None
    elevation_deg: float | None
    heard_s: float | None
    why: str


class ServiceState(TypedDict):
    """A process of the complex; `status` is well, faulty, starting, silent or down."""

    agency: str
    service: str
    status: str
    pid: int | None
    up_s: float | None
    starts: int | None
    faults: list[str]


class StationItem(TypedDict):
    """A station of the mission. `operated`: by the agency, here; `receives` now these spacecraft that are followed."""

    key: str
    name: str
    network: str
    agency: str
    antenna: str
    dish_m: float
    minimum_elevation_deg: float
    beams: int
    operated: bool
    receives: list[str]
    bands: list[str]
    links: list[Link]
    booked: list[str]
    last_contact: str | None


class AlarmCounts(TypedDict):
    """How many alarms are not normal: `calling` ones wait for somebody, `gravest` is the highest severity of all, 0 to 5."""

    shown: int
    calling: int
    gravest: int


class Status(TypedDict):
    """The complex at one moment."""

    mission: str
    agency: str
    spacecraft: list[str]
    synthetic: list[str]
    clock: Clock
    agencies: list[AgencyState]
    links: list[Link]
    services: list[ServiceState]
    streams: list[StreamState]
    counts: list[Counts]
    alarms: AlarmCounts
