"""Answers about telemetry as they come in JSON; the schema of the centre tells more of each."""

from typing import Any, TypedDict

from .answers_alarms import OverrideItem
from .answers_database import Place

Value = bool | int | float | str | list[Any] | None


class Alias(TypedDict):
    """Another name of a parameter, in a name space."""

    name_space: str
    alias: str


class ChannelCompleteness(TypedDict):
    """A virtual channel of a source, or of all (`source` null). `missing` are lost frames that did not come late either."""

    source: int | None
    virtual_channel: int | None
    frames: int
    bad: int
    resent: int
    late: int
    gaps: int
    lost: int
    missing: int
    first_received: str | None
    last_received: str | None


class GapItem(TypedDict):
    """A hole in a virtual channel, between the packets of two generation times."""

    source: int
    virtual_channel: int
    after_frame: int
    expected: int
    found: int
    lost: int
    start: str | None
    stop: str | None


class MissingItem(TypedDict):
    """A hole in the sequence counts of an application process, of a source or of all (`source` null)."""

    source: int | None
    apid: int
    after: int
    before: int
    missing: int
    start: str | None
    stop: str | None


class PacketCompleteness(TypedDict):
    """An application process of a source, or of all (`source` null); `missing` are sequence counts."""

    source: int | None
    apid: int | None
    packets: int
    bad: int
    gaps: int
    missing: int
    restarts: int
    first: str | None
    last: str | None


class CompletenessAnswer(TypedDict):
    """What is there and what is not. `gaps` and `missing` are the latest ones, `gaps_total` and `missing_total` how many."""

    spacecraft: str
    channels: list[ChannelCompleteness]
    packets: list[PacketCompleteness]
    gaps: list[GapItem]
    gaps_total: int
    missing: list[MissingItem]
    missing_total: int


class DecodedField(TypedDict):
    """A field: `bits` bits from bit `bit_offset` of the packet or frame on, 0 being the first."""

    name: str
    parameter: str | None
    bit_offset: int
    bits: int
    raw: Value
    value: Value
    units: str
    type: str
    description: str
    good: bool


class DerivedBy(TypedDict):
    """An expression that gives a derived parameter."""

    name: str
    expression: str


class EventItem(TypedDict):
    """An event that a spacecraft reported: 1 information to 4 high, 0 unjudged, since its packet is damaged."""

    source: int
    row: int
    spacecraft: str | None
    utc: str | None
    severity: int
    level: str
    name: str
    message: str
    details: str
    data: str


class PacketItem(TypedDict):
    """A packet. `source` and `row` name it; `quality` is 0 for a good one, else `flags` says what is wrong.

    `container` is what it is by the newest version of the mission database, null when that knows none such.
    """

    source: int
    row: int
    spacecraft: str | None
    utc: str | None
    received: str | None
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
    container: str | None
    octets: str | None


class FrameDecoded(TypedDict):
    """A frame with its fields and the packets that begin in it."""

    source: int
    number: int
    spacecraft: str | None
    received: str | None
    emitted: str | None
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
    octets: str | None
    protocol: str
    fields: list[DecodedField]
    packets: list[PacketItem]


class FrameItem(TypedDict):
    """A transfer frame. `reason` is empty for a good one, else why it could not be used; `flags` tell of its counter."""

    source: int
    number: int
    spacecraft: str | None
    received: str | None
    emitted: str | None
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
    octets: str | None


class Holding(TypedDict):
    """A container that holds a parameter, at which places; `where` says why there are none that hold for every packet."""

    container: str
    fields: list[Place]
    inherited_by: int
    where: str | None


class Label(TypedDict):
    """Raw values `value` to `maximum` that read as `label`; no maximum: all other values."""

    label: str
    value: int
    maximum: int | None


class LatestValue(TypedDict):
    """The latest good value of a parameter, in engineering units or words, and raw."""

    parameter: str
    spacecraft: str | None
    container: str
    utc: str | None
    value: Value
    raw: Value
    units: str
    type: str
    severity: int
    overridden: list[str]
    source: int
    row: int
    database: int | None


class Limit(TypedDict):
    """One rule of a parameter's alarms. `text` tells all of it; `when` the condition under which it holds, null for always."""

    text: str
    kind: str
    severity: int
    level: str
    when: str | None
    minimum: float | None
    maximum: float | None
    outside: bool
    label: str | None


class PacketDecoded(TypedDict):
    """A packet with its fields. `container` is what it is by the version `database` (0: the mission's own files)."""

    source: int
    row: int
    spacecraft: str | None
    utc: str | None
    received: str | None
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
    octets: str | None
    container: str | None
    database: int | None
    fields: list[DecodedField]
    faults: list[str]


class TypeMember(TypedDict):
    """A member of an aggregate."""

    name: str
    type: "TypeDefinition"


class TypeDefinition(TypedDict):
    """A parameter type. `encoding` and `calibration` are told in words; what a kind of type has not is null or empty."""

    name: str
    kind: str
    description: str
    units: str
    initial_value: str | None
    alarms: list[str]
    encoding: str | None
    calibration: list[str]
    valid_range: str | None
    labels: list[Label]
    element: "TypeDefinition | None"
    dimensions: list[str]
    members: list[TypeMember]
    scale: float | None
    offset: float | None
    time_units: str | None
    epoch: str | None
    relative_to: str | None


class ParameterDefinition(TypedDict):
    """A parameter as a version of the database has it (`database`: its number in the archive, 0: the mission's own files)."""

    name: str
    spacecraft: str
    database: int
    description: str
    long_description: str
    aliases: list[Alias]
    source: str
    initial_value: str | None
    units: str
    type: TypeDefinition
    limits: list[Limit]
    limits_in_force: list[Limit]
    overrides: list[OverrideItem]
    overrides_reached: bool
    containers: list[Holding]
    derived_by: list[DerivedBy]
    columns: list[str]


class ParameterItem(TypedDict):
    """A parameter, or a part of one (`/A/array[2]`, `/A/aggregate.member`). `archived`: there are samples of it."""

    name: str
    spacecraft: str
    container: str | None
    containers: int
    units: str
    type: str
    description: str
    limits: list[str]
    overridden: list[str]
    aliases: list[str]
    archived: bool


class QuarantineItem(TypedDict):
    """Octets that could not be used: where in their source, and why. Lists show the first octets of long ones."""

    source: int
    spacecraft: str | None
    position: int
    reason: str
    length: int
    octets: str


class Sample(TypedDict):
    """A value of a parameter; `source` and `row` name the packet, `quality` is 0 for a good one."""

    parameter: str
    utc: str | None
    value: Value
    raw: Value
    quality: int
    source: int
    row: int
    database: int | None


class SourceItem(TypedDict):
    """What was ingested: a recording, or a live stream (`live`, which never is complete), and what it gave."""

    source: int
    name: str
    spacecraft: str | None
    station: str | None
    live: bool
    size: int | None
    digest: str
    database: int | None
    complete: bool
    batches: int
    frames: int
    bad_frames: int
    gaps: int
    lost: int
    packets: int
    idle: int
    duplicates: int
    events: int
    samples: int
    quarantined: int
    quarantined_octets: int
    first: str | None
    last: str | None


class TransitionItem(TypedDict):
    """A change of the severity of a parameter's limits (0 normal to 5 severe), and the value that made it."""

    source: int
    row: int
    spacecraft: str | None
    utc: str | None
    parameter: str
    before: int
    after: int
    level: str
    value: Value
    text: str | None
