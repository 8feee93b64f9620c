"""What agencies give each other, and the subjects of the streams that carry it.

The agreement is data: who gives what of which spacecraft to whom, and from when until when. Mirrors are made from it alone.
"""

import re
from dataclasses import dataclass

from ..errors import DefinitionError
from ..time import NO_TIME
from .model import ALWAYS, ASSUMED, Basis, Period

# What is published, and the tokens behind the agency and the kind. A give names the spacecraft and, for the token in
# LISTED, the stations (or applications, containers, severities, journals, collections) that it is about.
TOKENS = {
    "frames": ("spacecraft", "station"),
    "links": ("spacecraft", "station"),
    "packets": ("spacecraft", "apid"),
    "parameters": ("spacecraft", "container"),
    "events": ("severity", "spacecraft"),
    "alarms": ("spacecraft", "source"),
    "commands": ("journal",),
    "products": ("collection",),
}
KINDS = tuple(TOKENS)
NAVIGATION = "navigation"  # the collection of what flight dynamics makes: of every agency, of no instrument
SEVERITIES = ("watch", "warning", "distress", "critical", "severe")  # XTCE's, mildest first
_UNSAFE = re.compile(r"[\s.*>\x00-\x1f\x7f]")  # what ends or replaces a token of a subject
LISTED = {kind: next(token for token in tokens if token != "spacecraft") for kind, tokens in TOKENS.items()}


@dataclass(frozen=True, slots=True)
class Give:
    """The giver lets the receiver mirror one kind of its data of one spacecraft (empty: of all), or only the items named."""

    giver: str
    receiver: str
    kind: str
    spacecraft: str = ""
    only: tuple[str, ...] = ()
    period: Period = ALWAYS
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class SharedAlarms:
    """Alarms of one spacecraft, from a severity on, that every agency named must see, signed by the one that raised them."""

    spacecraft: str
    agencies: tuple[str, ...]
    least_severity: str
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Agreement:
    """All gives, all shared alarms, and the agency that owns each spacecraft."""

    gives: tuple[Give, ...] = ()
    shared_alarms: tuple[SharedAlarms, ...] = ()
    owners: tuple[tuple[str, str], ...] = ()

    def gives_at(self, giver: str, receiver: str, at: int) -> list[Give]:
        """Return what one agency gives another at an instant (TAI nanoseconds)."""
        return [one for one in self.gives if (one.giver, one.receiver) == (giver, receiver) and at in one.period]

    def next_change(self, at: int) -> int:
        """Return the first instant after another (TAI nanoseconds) when a give begins or ends, NO_TIME when none will."""
        edges = (edge for give in self.gives for edge in (give.period.start, give.period.stop))
        return min((edge for edge in edges if edge > at), default=NO_TIME)

    def must_see(self, spacecraft: str, severity: str) -> tuple[str, ...]:
        """Return the agencies that must see an alarm of a spacecraft of that severity, one of SEVERITIES."""
        found = [
            agency
            for one in self.shared_alarms
            if one.spacecraft == spacecraft and SEVERITIES.index(severity) >= SEVERITIES.index(one.least_severity)
            for agency in one.agencies
        ]
        return tuple(dict.fromkeys(found))

    def owner(self, spacecraft: str) -> str:
        """Return the agency that owns a spacecraft, empty when nobody is told."""
        return dict(self.owners).get(spacecraft, "")

    def mirrored_subjects(self, giver: str, receiver: str, at: int) -> list[str]:
        """Return the subjects, sorted and each once, that one agency may mirror from another at an instant."""
        return sorted({text for give in self.gives_at(giver, receiver, at) for text in subjects(give)})


def subject(agency: str, kind: str, **tokens: str | int) -> str:
    """Return the subject on which an agency publishes one message: `subject("us", "frames", spacecraft="probe", station="hill")`.

    Raises DefinitionError for a token that is empty or holds a space, a point or a wildcard.
    """
    parts = [agency, kind, *(str(tokens[name]) for name in TOKENS[kind])]
    for part in parts:
        if not part or _UNSAFE.search(part):
            raise DefinitionError(f"{part!r} is no token of a subject", remedy="Use letters, digits, - and _")
    return ".".join(parts)


def subjects(give: Give) -> list[str]:
    """Return the subject filters of a give, with the wildcards of NATS: `*` for one token, `>` for all that follow."""
    listed = LISTED[give.kind]
    found = []
    for item in give.only or ("*",):
        given = {"spacecraft": give.spacecraft or "*", listed: item}
        tokens = [given[name] for name in TOKENS[give.kind]]
        while len(tokens) > 1 and tokens[-2:] == ["*", "*"]:
            tokens.pop()
        if tokens[-1] == "*":
            tokens[-1] = ">"
        found.append(".".join([give.giver, give.kind, *tokens]))
    return found
