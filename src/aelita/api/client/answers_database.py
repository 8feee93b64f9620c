"""Answers about the mission database as they come in JSON; the schema of the centre tells more of each."""

from typing import TypedDict


class Ancestor(TypedDict):
    """A container from which one inherits, and the condition for it."""

    container: str
    when: str
    abstract: bool


class ChangeItem(TypedDict):
    """One difference: an `aspect` of a definition; `containers` are those that it touches, `effect` what it means for them."""

    effect: str
    meaning: str
    kind: str
    name: str
    aspect: str
    before: str
    after: str
    containers: list[str]
    text: str


class ComparisonAnswer(TypedDict):
    """Two versions compared, the gravest changes first. `rebuild` are the containers to decode anew for history to follow."""

    before: int
    after: int
    same: bool
    changes: list[ChangeItem]
    rebuild: list[str]


class Place(TypedDict):
    """Where a scalar lies in a container; bits count from the first one of the packet."""

    column: str
    parameter: str
    first_bit: int
    octet: int
    bit_of_octet: int
    bits: int
    type: str


class ContainerDefinition(TypedDict):
    """A container: what it inherits and when, its entries as written, and its fields with their places."""

    name: str
    spacecraft: str
    database: int
    description: str
    long_description: str
    abstract: bool
    lineage: list[Ancestor]
    children: list[str]
    size: str | None
    rate_per_second: float | None
    entries: list[str]
    fields: list[Place]
    bits: int
    fixed: bool
    dynamic: str
    stop: str


class ContainerItem(TypedDict):
    """A container in a list. `when` is the condition under which a packet of its base is this one."""

    name: str
    description: str
    abstract: bool
    base: str | None
    when: str | None
    children: int
    entries: int
    bits: int
    fixed: bool


class FindingItem(TypedDict):
    """Something of the files that is not, or only partly, acted upon."""

    severity: str
    file: str
    line: int
    element: str
    message: str


class DatabaseAnswer(TypedDict):
    """A version of a mission database. `stopped` and `dynamic` say of which containers not all places are fixed, and why."""

    spacecraft: str
    number: int
    file: str
    name: str
    version: str
    date: str
    validation_status: str
    digest: str
    usable: bool
    counts: dict[str, int]
    findings: list[FindingItem]
    roots: list[str]
    fixed: int
    dynamic: dict[str, str]
    stopped: dict[str, str]


class FoundItem(TypedDict):
    """What a search found: a parameter, container or type by its qualified name, or an alias of one."""

    kind: str
    name: str
    description: str
    alias: str | None


class VersionItem(TypedDict):
    """A version of the database: of the archive, or (number 0) that of the mission's files when the archive lacks it."""

    number: int
    file: str
    name: str
    version: str
    date: str
    digest: str
    current: bool
    sources: list[int]
    parameters: int
    containers: int
