"""Forward files: packets of another agency for a lander, carried by an orbiter once that agency says go for radiation.

The file is that agency's: it is checked, never changed, and known by its digest; a go counts for one digest only. What happens to
it stands in the journals of both agencies, and a request that carries any of its packets passes the carrier's gate only at GO.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ..errors import DataError, UsageError
from ..pus import RequestId

HEADER = 6  # octets of a space packet's primary header, CCSDS 133.0-B
MOST_FORWARD, MOST_IN_JOURNAL = 1 << 26, 1 << 19
RECEIVE = "receive"  # the event by which the carrier's journal has the file itself


class ForwardState(StrEnum):
    """Where a forward file stands."""

    RECEIVED = "received"
    CHECKED = "checked"
    REJECTED = "rejected"
    GO = "go"
    FORWARDED = "forwarded"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


FORWARD_TABLE: dict[tuple[ForwardState, str], ForwardState] = {
    (ForwardState.RECEIVED, "check"): ForwardState.CHECKED,
    (ForwardState.RECEIVED, "reject"): ForwardState.REJECTED,
    (ForwardState.RECEIVED, "withdraw"): ForwardState.WITHDRAWN,
    (ForwardState.CHECKED, "go"): ForwardState.GO,
    (ForwardState.CHECKED, "reject"): ForwardState.REJECTED,
    (ForwardState.CHECKED, "withdraw"): ForwardState.WITHDRAWN,
    (ForwardState.GO, "no go"): ForwardState.CHECKED,
    (ForwardState.GO, "withdraw"): ForwardState.WITHDRAWN,
    (ForwardState.GO, "forward"): ForwardState.FORWARDED,
    (ForwardState.FORWARDED, "deliver"): ForwardState.DELIVERED,
    (ForwardState.FORWARDED, "fail"): ForwardState.FAILED,
}
OF_OWNER = frozenset(
    ("go", "no go", "withdraw")
)  # only the agency whose file it is says these; the rest the agency that forwards


@dataclass(frozen=True, slots=True)
class ForwardFile:
    """A file of packets: its name, whose it is, for which lander, through which orbiter, and its octets."""

    name: str
    agency: str
    lander: str
    orbiter: str
    octets: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256, hex, of the octets."""
        return hashlib.sha256(self.octets).hexdigest()


@dataclass(frozen=True, slots=True)
class ForwardEvent:
    """What happened to a forward file, when (TAI ns), and who of which agency did it."""

    event: str
    at_ns: int
    agency: str
    by: str = ""
    why: str = ""

    def body(self, file: ForwardFile) -> dict[str, Any]:
        """Return the event as a journal keeps it."""
        return {
            "file": file.name, "digest": file.digest, "lander": file.lander, "orbiter": file.orbiter, "event": self.event,
            "at_ns": self.at_ns, "agency": self.agency, "by": self.by, "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward file and where it stands. `carrier` is the agency that commands the orbiter."""

    file: ForwardFile
    carrier: str
    state: ForwardState = ForwardState.RECEIVED
    events: tuple[ForwardEvent, ...] = ()

    def after(self, event: ForwardEvent, digest: str) -> "Forward":
        """Return it after an event that was said of these octets. Raises UsageError for what cannot be, or is not theirs."""
        where = f"forward file {self.file.name}"
        following = FORWARD_TABLE.get((self.state, event.event))
        if following is None:
            possible = [word for state, word in FORWARD_TABLE if state is self.state]
            raise UsageError(
                f"{event.event!r} cannot be done, it is {self.state}",
                where=where,
                remedy=f"Possible: {', '.join(possible) or 'nothing'}",
            )
        owner = self.file.agency if event.event in OF_OWNER else self.carrier
        if event.agency != owner:
            raise UsageError(f"{event.event!r} is {owner}'s to say, not {event.agency}'s", where=where)
        if digest != self.file.digest:
            raise UsageError(f"{event.event!r} was said of other octets ({digest[:16]}...)", where=where, remedy="Say it again")
        return replace(self, state=following, events=(*self.events, event))

    @property
    def may_go(self) -> bool:
        """Whether it may be radiated now."""
        return self.state is ForwardState.GO


@dataclass(slots=True)
class Forwards:
    """The forward files that an agency carries, from the journals of all. Events come in any order, time puts them right."""

    carrier: str
    files: dict[str, ForwardFile] = field(default_factory=dict)  # digest: the file
    packets: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    _events: dict[str, list[tuple[ForwardEvent, str]]] = field(default_factory=dict)

    def take(self, agency: str, body: Mapping[str, Any]) -> None:
        """Take what an agency's journal says of a file. Raises DataError for what is none, or not theirs to tell."""
        try:
            event = ForwardEvent(str(body["event"]), int(body["at_ns"]), agency, str(body["by"]), str(body["why"]))
            digest = str(body["digest"])
            if event.event == RECEIVE:
                self._receive(agency, body)
            else:
                self._events.setdefault(digest, []).append((event, digest))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"not an event of a forward file: {type(error).__name__} {error}") from error

    def said(self, file: ForwardFile, event: ForwardEvent) -> dict[str, Any]:
        """Return an event of ours as our journal is to keep it. Raises UsageError for what is not ours to say, or impossible."""
        if event.event == RECEIVE:
            if file.digest in self.files:
                raise UsageError(f"forward file {file.name} is there already, as {self.files[file.digest].name}")
            if 2 * len(file.octets) > MOST_IN_JOURNAL:
                raise UsageError(f"forward file {file.name} is too large for a journal", remedy="Divide it at a packet")
            forward_packets(file)
        elif not (file.agency == self.carrier and event.event in OF_OWNER):  # of ours the agency that carries it knows the state
            self.forward(file.digest).after(event, file.digest)
        more = {"octets": file.octets.hex()} if event.event == RECEIVE else {}
        return {**event.body(file), "owner": file.agency, **more}

    def _receive(self, agency: str, body: Mapping[str, Any]) -> None:
        if agency != self.carrier:
            return  # another agency's gate carries it
        name, owner, lander, orbiter = (str(body[key]) for key in ("file", "owner", "lander", "orbiter"))
        file = ForwardFile(name, owner, lander, orbiter, bytes.fromhex(str(body["octets"])))
        if file.digest != body["digest"]:
            raise DataError(f"forward file {file.name} has other octets than its digest says")
        self.packets[file.digest] = forward_packets(file)
        self.files[file.digest] = file

    def released(self, packets: tuple[bytes, ...], at_ns: int) -> None:
        """Know that our gate let a request go at an instant: files that it carries are forwarded."""
        for digest in self._carried(packets):
            self._events.setdefault(digest, []).append((ForwardEvent("forward", at_ns, self.carrier), digest))

    def forward(self, digest: str) -> Forward:
        """Return where a file stands. Raises UsageError for one that is not known here."""
        if digest not in self.files:
            raise UsageError(f"no forward file {digest[:16]}... is known here", remedy="Its carrier receives it first")
        made = Forward(self.files[digest], self.carrier)
        for event, of in sorted(self._events.get(digest, ()), key=lambda one: one[0].at_ns):
            with contextlib.suppress(UsageError):  # what could not be said changes nothing
                made = made.after(event, of)
        return made

    def against(self, packets: tuple[bytes, ...]) -> list[str]:
        """Return why packets may not be radiated yet: those of another agency's file wait for its go."""
        found = (self.forward(digest) for digest in self._carried(packets))
        return [f"it carries forward file {one.file.name}, which is {one.state}, not go for {one.file.agency}" for one in found
                if not one.may_go]  # fmt: skip

    def _carried(self, packets: tuple[bytes, ...]) -> list[str]:
        """Return the files of which a packet is among these, or in one of them."""
        whole = b"".join(packets)
        return [digest for digest, theirs in self.packets.items() if any(one in whole for one in theirs)]


def forward_packets(file: ForwardFile, apids: frozenset[int] = frozenset()) -> tuple[bytes, ...]:
    """Return the telecommand packets of a forward file; `apids` (none: all) are those that its agency may command.

    Raises DataError that names the octet at which it is no sequence of whole telecommand packets.
    """
    octets, found, at = file.octets, [], 0
    where = f"forward file {file.name}"
    if not octets or len(octets) > MOST_FORWARD:
        raise DataError(f"{len(octets)} octets", where=where, remedy=f"A forward file has 1 to {MOST_FORWARD}")
    while at < len(octets):
        here = f"{where}, octet {at}"
        if at + HEADER >= len(octets):
            raise DataError(f"{len(octets) - at} octets are left over, which are no packet", where=here)
        end = at + HEADER + 1 + int.from_bytes(octets[at + 4 : at + 6])
        if end > len(octets):
            raise DataError(f"a packet of {end - at} octets is cut after {len(octets) - at}", where=here)
        identity = RequestId.of_packet(octets[at:end])
        if identity.version or not identity.telecommand:
            raise DataError("this is no telecommand packet", where=here)
        if apids and identity.apid not in apids:
            raise DataError(f"application process {identity.apid} is not one of its agency", where=here)
        found.append(octets[at:end])
        at = end
    return tuple(found)
