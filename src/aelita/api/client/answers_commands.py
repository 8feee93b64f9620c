"""Answers about commands as they come in JSON; the schema of the centre tells more of each."""

from typing import Literal, TypedDict


class Label(TypedDict):
    """Raw values `value` to `maximum` that read as `label`; no maximum: all other values."""

    label: str
    value: int
    maximum: int | None


class Span(TypedDict):
    """Lawful values, in engineering units (`calibrated`) or raw; null leaves a side open, `..._exclusive` leaves out the end."""

    minimum: float | None
    maximum: float | None
    minimum_exclusive: bool
    maximum_exclusive: bool
    calibrated: bool
    text: str


class ArgumentItem(TypedDict):
    """An argument. One of `spans` must hold a value, when there are any; of `labels` one is given, by its word.

    `by` is who gives it: user, command (it is fixed) or sender (of the packet). `default` is taken when none is given, null when
    one must be. Arrays and aggregates are given as JSON.
    """

    name: str
    description: str
    by: str
    default: str | None
    required: bool
    type: str
    units: str
    encoding: str
    spans: list[Span]
    labels: list[Label]
    least_characters: int
    most_characters: int | None
    pattern: str
    members: "list[ArgumentItem]"
    element: "ArgumentItem | None"


class CommandItem(TypedDict):
    """A command in a list. `rank` tells how grave it is, 0 to 5; `request` who may request it, as role@centre."""

    name: str
    description: str
    significance: str
    rank: int
    arguments: list[str]
    request: list[str]
    may: bool


class ActRule(TypedDict):
    """How many persons must do an act (check, approve, release), and who may, as role@centre."""

    act: str
    count: int
    who: list[str]


class CommandDefinition(CommandItem):
    """A command. `warning` says why it is grave, `constraints` what must hold when it is sent, `rule` whose acts it needs."""

    spacecraft: str
    long_description: str
    warning: str
    aliases: list[str]
    lineage: list[str]
    constraints: list[str]
    parameters: list[ArgumentItem]
    rule: str
    acts: list[ActRule]
    agencies: list[str]


class CallItem(TypedDict):
    """One command of a request, with its arguments as they were written."""

    command: str
    arguments: dict[str, str]


class TimesItem(TypedDict):
    """When a command is released, on the air, at the spacecraft and executed, and when Earth can know of it at the earliest.

    `acceptance` is when the first report of its arrival can be here, `evidence` that of its execution. `by` says how light times
    were known: `geometry` (of the ephemeris), or `now` (that of this moment, for all). `known` says from what it was known where
    the spacecraft is: `kernels`, the id of an orbit product, or `stand-in`, off by `bound_s` at most.
    """

    release: str | None
    radiation_start: str | None
    radiation_stop: str | None
    arrival: str | None
    arrival_stop: str | None
    execution: str | None
    acceptance: str | None
    evidence: str | None
    up_s: float
    round_trip_s: float
    by: str
    known: str
    bound_s: float | None


class MissingItem(TypedDict):
    """What is still wanted: the act, of how many persons, of which agency (empty: of any), and who may, as role@centre."""

    act: str
    count: int
    agency: str
    who: list[str]
    text: str


class StatementItem(TypedDict):
    """What a person signed of a request. It `counts` when the rules need it as things are now; `why` says why it does not.

    `reason` is the code of that: unknown_key, revoked, altered, identity, credential, other_request, other_digest,
    other_spacecraft, not_yet, expired, clock, role, same_person, own_request, not_needed.
    """

    id: str
    act: str
    agency: str
    centre: str
    role: str
    person: str
    key: str
    at: str | None
    not_before: str | None
    not_after: str | None
    comment: str
    counts: bool
    why: str
    reason: str


class StageItem(TypedDict):
    """Something that became known of a request: when it was written into which agency's journal, and what it says.

    `kind` is that of the entry (docs/authority.md). `who` did it, `station` is where; of a report of the spacecraft `generated`
    and `received` are its times, `packet` which packet of the request it is about.
    """

    at: str | None
    agency: str
    kind: str
    text: str
    who: str
    station: str
    cltu: int | None
    packet: int | None
    succeeded: bool | None
    generated: str | None
    received: str | None


class RequestItem(TypedDict):
    """A request. `stages` tells when each was reached last, `wanted` whom it waits for, first things first; `missing` in words.

    `earliest` and `latest` bound when it may be released (null: no bound), `execute` is when the spacecraft is to execute it.
    `held` when our own gate holds it back, `held_by` are all agencies whose gates do; `holder` is the agency that has the
    spacecraft. `summary` is one line of what it does. `due` is when what is `awaited` next comes: opens (its window), latest (it
    expires), arrival, acceptance (the first report can be here), evidence (of execution). The last three go by the light time of
    now: live updates have none of them.
    """

    id: str
    spacecraft: str
    agency: str
    centre: str
    role: str
    person: str
    at: str | None
    state: str
    ended: bool
    changed: str | None
    significance: str
    digest: str
    service: str
    commands: list[str]
    sentences: list[str]
    octets: int
    earliest: str | None
    latest: str | None
    execute: str | None
    comment: str
    holder: str
    held: bool
    held_by: list[str]
    summary: str
    wanted: list[MissingItem]
    missing: list[str]
    awaited: Literal["opens", "latest", "arrival", "acceptance", "evidence"] | None
    due: str | None
    stages: dict[str, str | None]


class RequestDetail(RequestItem):
    """A request with its octets, what people signed, its timeline and its times.

    `now` is the mission's clock at the answer: a statement is signed with that time. `blocked` says what forbids it. What the
    octets say is read from them alone: `fields` of each packet, `readings` in the order of execution. With any `differences` from
    what the request says of them nothing can be signed but a rejection.
    """

    calls: list[CallItem]
    packets: list[str]
    fields: "list[list[PacketField]]"
    readings: "list[PacketReading]"
    differences: "list[OctetDifference]"
    virtual_channel: int
    map: int | None
    directive: str
    blocked: list[str]
    statements: list[StatementItem]
    timeline: list[StageItem]
    times: TimesItem | None
    now: str | None


class PreparedItem(TypedDict):
    """A request as it would go: octets and their `digest`, what each command will do, what is wanted and what forbids it now.

    `fields` are those of each packet; `raw` and `value` are texts where JSON has no such number.
    """

    id: str
    digest: str
    spacecraft: str
    agency: str
    centre: str
    role: str
    person: str
    significance: str
    sentences: list[str]
    packets: list[str]
    octets: int
    fields: list[list["PacketField"]]
    service: str
    virtual_channel: int
    map: int | None
    directive: str
    earliest: str | None
    latest: str | None
    execute: str | None
    wanted: list[MissingItem]
    blocked: list[str]
    forbidden: list[str]
    holder: str
    times: TimesItem | None
    now: str | None


class PacketField(TypedDict):
    """A field of a packet; `kind` is argument, assigned (an argument that the command fixes), fixed, parameter or sender.

    `raw` and `value` are texts where JSON has no such number, octets as hex digits.
    """

    name: str
    kind: str
    first_bit: int
    bits: int
    raw: bool | int | float | str | None
    value: bool | int | float | str | None
    units: str


class PacketReading(TypedDict):
    """What the octets of a packet say by this centre's mission database, whatever the request says of them.

    `packet` is which of the request's it is or stands in, from octet `offset` on; `scheduled` is when the on-board schedule
    releases it, to a millisecond (null: on arrival). `command` is empty for octets that are no command; `others` are commands
    that they could be as well. `service` and `subtype` are of PUS. `named`: the request has a name of it; what has none stands in
    another's argument.
    """

    packet: int
    offset: int
    octets: int
    command: str
    sentence: str
    apid: int
    sequence_count: int
    service: int | None
    subtype: int | None
    checksum: Literal["right", "wrong", "none"]
    scheduled: str | None
    named: bool
    others: list[str]
    remarks: list[str]


class OctetDifference(TypedDict):
    """Something in which octets are not what their request says: its `code`, in which packet, what is said, what was found.

    Codes: unread, count, unknown, command, argument, sentence, significance, damaged, octets, schedule, way, directive.
    """

    code: str
    packet: int | None
    said: str
    found: str
    text: str


class GateQueue(TypedDict):
    """The queue of a spacecraft at the gate of another agency: its `valve`, and requests that it holds back."""

    agency: str
    valve: str
    held: list[str]


class QueueItem(TypedDict):
    """The queue of a spacecraft at our own gate: `valve` open, held or blocked; requests that wait, oldest first, and those held.

    `others` are the queues at other agencies' gates, on which only they act. `holder` is the agency that has the spacecraft: its
    gate lets requests go; `ours` when we are that. `actions` are those that can be done to our queue now.
    """

    spacecraft: str
    agency: str
    valve: str
    waiting: list[str]
    held: list[str]
    holder: str
    ours: bool
    actions: list[str]
    others: list[GateQueue]


class ReachItem(TypedDict):
    """What commands a rule is about: spacecraft, patterns of names, parts of names; empty: all."""

    spacecraft: list[str]
    commands: list[str]
    parts: list[str]


class AssetItem(TypedDict):
    """What an agency owns and may lend. `holder` has it now under `epoch` (0: never lent), `until` when it is on loan.

    `state` is the loan's as this agency knows it: held, offered, lent, recalled (owner); nothing, invited, accepted, borrowed
    (borrower); empty when it has no part in it. `actions` are those that who asks can do now.
    """

    key: str
    reach: ReachItem
    owner: str
    borrowers: list[str]
    longest_s: int
    guard_s: int
    hand_over: list[str]
    holder: str
    epoch: int
    until: str | None
    state: str
    borrower: str
    actions: list[Literal["offer", "withdraw", "accept", "recall", "return"]]
