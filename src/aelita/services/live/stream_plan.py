"""Which streams an agency keeps, what it gives and takes: computed from the agreement alone.

Each agency's server has its own streams in one account. What partner R is given is copied, subject by subject, into an export
stream in a separate account of R (`to-R`), the only thing R's link can reach; R mirrors that stream (decision 0006).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aelita.errors import DefinitionError

HOME = "agency"  # the account of an agency's own streams
DAY_S = 86_400
_GIB, _MIB = 1 << 30, 1 << 20
_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+|\*")


@dataclass(frozen=True, slots=True)
class Give:
    """One clause of the agreement: `giver` gives `receiver` these subjects, each starting with the giver's key."""

    giver: str
    receiver: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a stream keeps: octets, seconds, and the seconds in which a message id is known again."""

    max_bytes: int
    max_age_s: float
    duplicates_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of stream; `rebuildable` if it can be made again, so that it may lose its newest messages and drops its oldest."""

    token: str
    limits: Limits
    rebuildable: bool = False

    @property
    def stream(self) -> str:
        """Its name at home."""
        return self.token.upper()


KINDS = {
    kind.token: kind
    for kind in (
        Kind("frames", Limits(8 * _GIB, 7 * DAY_S)),
        Kind("merged", Limits(8 * _GIB, 7 * DAY_S)),
        Kind("packets", Limits(2 * _GIB, DAY_S), rebuildable=True),
        Kind("parameters", Limits(2 * _GIB, DAY_S), rebuildable=True),
        Kind("events", Limits(256 * _MIB, 30 * DAY_S)),
        Kind("limits", Limits(256 * _MIB, 30 * DAY_S)),
        Kind("links", Limits(256 * _MIB, 30 * DAY_S), rebuildable=True),  # the state of lines and services: old ones go
        Kind("alarms", Limits(256 * _MIB, 365 * DAY_S)),
        Kind("commands", Limits(1 * _GIB, 3650 * DAY_S)),
        Kind("products", Limits(4 * _GIB, 30 * DAY_S)),
        Kind("audit", Limits(256 * _MIB, 3650 * DAY_S)),
    )
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stream takes messages from: one subject (all if empty) of a stream behind an API prefix, and where it arrives."""

    stream: str
    subject: str
    api: str
    deliver: str


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream to keep: written to by subjects, filled from sources, or a mirror.

    When full, one that is written to refuses new messages unless it is rebuildable; all others drop their oldest.
    """

    account: str
    name: str
    limits: Limits
    rebuildable: bool = False
    subjects: tuple[str, ...] = ()
    sources: tuple[Origin, ...] = ()
    mirror: Origin | None = None


@dataclass(frozen=True, slots=True)
class AgencyPlan:
    """Everything one agency's server holds: its streams, and by partner and kind the subjects given and taken."""

    agency: str
    streams: tuple[StreamPlan, ...]
    gives: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    takes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def max_bytes(self) -> int:
        """What all streams hold together when full."""
        return sum(stream.limits.max_bytes for stream in self.streams)

    def stream(self, name: str) -> StreamPlan:
        """Return the stream of this name. Raises KeyError."""
        return next(stream for stream in self.streams if stream.name == name)


def plan_streams(agency: str, agreement: Iterable[Give], limits: Mapping[str, Limits] | None = None) -> AgencyPlan:
    """Compute the streams of an agency; `limits` replaces those of a kind by its token. Raises DefinitionError."""
    check_key(agency)
    kinds = {token: replace(kind, limits=(limits or {}).get(token, kind.limits)) for token, kind in KINDS.items()}
    if unknown := set(limits or {}) - set(kinds):
        raise DefinitionError(f"no kind of stream is called {sorted(unknown)}", remedy=f"Known: {', '.join(kinds)}")
    gives, takes = _by_partner(agency, list(agreement))
    own = [
        StreamPlan(HOME, kind.stream, kind.limits, kind.rebuildable, subjects=(f"{agency}.{token}.>",))
        for token, kind in kinds.items()
    ]
    given = [
        _export(agency, receiver, kinds[token], subjects)
        for receiver, by_kind in gives.items()
        for token, subjects in by_kind.items()
    ]
    taken = [_mirror(agency, giver, kinds[token]) for giver, by_kind in takes.items() for token in by_kind]
    return AgencyPlan(agency, (*own, *given, *taken), gives, takes)


def export_account(receiver: str) -> str:
    """Return the account on the giver's server that holds all that this partner may reach."""
    return f"to-{receiver}"


def link_account(giver: str) -> str:
    """Return the account on the receiver's server to which the link to this giver is bound."""
    return f"from-{giver}"


def export_name(giver: str, token: str) -> str:
    """Return the name of the giver's export stream of a kind: `ESA_GIVES_FRAMES`."""
    return f"{giver.upper()}_GIVES_{token.upper()}"


def mirror_name(giver: str, token: str) -> str:
    """Return the name of the receiver's mirror of a kind: `FROM_ESA_FRAMES`."""
    return f"FROM_{giver.upper()}_{token.upper()}"


def check_key(agency: str) -> None:
    """Refuse an agency's key that cannot stand in subjects and names. Raises DefinitionError."""
    if not _KEY.fullmatch(agency):
        raise DefinitionError(f"{agency!r} is not an agency's key", remedy="Use small letters, digits, '-' and '_'")


def covers(wide: str, narrow: str) -> bool:
    """Tell whether every subject that matches `narrow` matches `wide`."""
    left, right = wide.split("."), narrow.split(".")
    for at, token in enumerate(left):
        if token == ">":
            return len(right) > at
        if at >= len(right) or right[at] == ">" or (token != "*" and token != right[at]):
            return False
    return len(left) == len(right)


def overlap(one: str, other: str) -> bool:
    """Tell whether some subject matches both."""
    left, right = one.split("."), other.split(".")
    for a, b in zip(left, right, strict=False):
        if a == ">" or b == ">":
            return True
        if a != b and a != "*" and b != "*":
            return False
    return len(left) == len(right)


def _by_partner(
    agency: str, agreement: list[Give]
) -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, dict[str, tuple[str, ...]]]]:
    gives: dict[str, dict[str, list[str]]] = {}
    takes: dict[str, dict[str, list[str]]] = {}
    for give in agreement:
        _check_give(give)
        side, partner = (gives, give.receiver) if give.giver == agency else (takes, give.giver)
        if agency in (give.giver, give.receiver):
            for subject in give.subjects:
                side.setdefault(partner, {}).setdefault(subject.split(".")[1], []).append(subject)
    return _reduced(gives), _reduced(takes)


def _check_give(give: Give) -> None:
    where = f"agreement, {give.giver} gives {give.receiver}"
    check_key(give.giver)
    check_key(give.receiver)
    if give.giver == give.receiver:
        raise DefinitionError("an agency cannot give to itself", where=where)
    for subject in give.subjects:
        tokens = subject.split(".")
        fine = all(_TOKEN.fullmatch(token) for token in tokens[:-1]) and (tokens[-1] == ">" or _TOKEN.fullmatch(tokens[-1]))
        if not fine or len(tokens) < 3 or tokens[0] != give.giver or tokens[1] not in KINDS:
            kinds = ", ".join(KINDS)
            raise DefinitionError(
                f"{subject!r} is not a subject that {give.giver} can give", where=where,
                remedy=f"Write {give.giver}.<kind>.<spacecraft or source>..., kinds: {kinds}; '*' is one word and '>' the rest",
            )  # fmt: skip


def _reduced(partners: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Drop subjects that another one covers; refuse those that overlap only partly, which would give messages twice."""
    return {
        partner: {token: _least(subjects, partner) for token, subjects in sorted(by_kind.items())}
        for partner, by_kind in sorted(partners.items())
    }


def _least(subjects: list[str], partner: str) -> tuple[str, ...]:
    kept = sorted({s for s in subjects if not any(o != s and covers(o, s) for o in subjects)})
    for at, one in enumerate(kept):
        for other in kept[at + 1 :]:
            if overlap(one, other):
                raise DefinitionError(
                    f"{one!r} and {other!r} overlap",
                    where=f"agreement with {partner}",
                    remedy="Write subjects that exclude each other",
                )
    return tuple(kept)


def _export(giver: str, receiver: str, kind: Kind, subjects: tuple[str, ...]) -> StreamPlan:
    sources = tuple(Origin(kind.stream, subject, "own", f"give.{receiver}") for subject in subjects)
    return StreamPlan(export_account(receiver), export_name(giver, kind.token), _wider(kind.limits), sources=sources)


def _mirror(agency: str, giver: str, kind: Kind) -> StreamPlan:
    origin = Origin(export_name(giver, kind.token), "", f"take.{giver}", f"given.{giver}.{agency}")
    return StreamPlan(HOME, mirror_name(giver, kind.token), _wider(kind.limits), mirror=origin)


def _wider(limits: Limits) -> Limits:
    """A copy drops its oldest when full, so it holds more than its origin, which refuses: also a header of each message."""
    return replace(limits, max_bytes=2 * limits.max_bytes)
