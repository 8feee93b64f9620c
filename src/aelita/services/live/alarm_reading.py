"""The alarms of an agency for those who only look: what its journal adds up to, and what other agencies share with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ...alarms import SEVERITIES, UNSEEN, Change, Counts, Projection, Record, Situation, Stance, State, decode
from ...errors import DataError
from .alarm_journal import StreamStore
from .following import follow
from .signing import PublicKeys, verify
from .stream_plan import KINDS, mirror_name
from .streams import NoStreamError, Streams

NO_KEYS: PublicKeys = {}
NO_COUNTS = Counts()


@dataclass(frozen=True, slots=True)
class AlarmShown:
    """One alarm as an agency sees it. Times are TAI nanoseconds; `severity` is 0 to 5, `word` its name.

    `owner` is the agency that raised it, `calls` says whether it waits for an acknowledgement of the agency that looks, and
    `acknowledged_by` which agencies have acknowledged its last occurrence (of shared ones).
    """

    owner: str
    alarm: str
    phase: str
    severity: int
    title: str
    value: str
    since: int
    occurrence: int
    calls: bool
    stale: bool
    role: str = ""
    person: str = ""
    shelved_until: int = 0
    acknowledged_by: tuple[str, ...] = ()
    counts: Counts = NO_COUNTS

    @property
    def word(self) -> str:
        """The severity in words."""
        return SEVERITIES[min(max(self.severity, 0), len(SEVERITIES) - 1)]


async def alarms_of(streams: Streams, agency: str, keys: PublicKeys = NO_KEYS, *, quiet: bool = False) -> list[AlarmShown]:
    """Return the alarms of an agency and those shared with it, as a reader of its streams sees them now.

    Of other agencies only those count whose public keys are given (`read_public_keys` of the agency's `alarms/keys`). With
    `quiet` those that are normal are there too. Raises StreamError.
    """
    return shown(await projection_of(streams, agency, keys), quiet=quiet)


async def projection_of(streams: Streams, agency: str, keys: PublicKeys = NO_KEYS) -> Projection:
    """Return what all records of alarms add up to now. Raises StreamError."""
    state = Projection(agency)
    async for record in records_of(streams, agency):
        state.apply(record)
    for giver in keys:
        async for record in shared_by(streams, giver, keys):
            state.apply(record)
    return state


async def records_of(streams: Streams, agency: str) -> AsyncIterator[Record]:
    """Yield the records of an agency's journal, oldest first; lines that are none are left out. Raises StreamError."""
    journal = f"{agency}.audit.alarms"
    async for sequence, octets in StreamStore(streams, journal).history(journal):
        try:
            yield decode(octets, f"{journal} {sequence}")
        except DataError:
            continue


async def shared_by(streams: Streams, giver: str, keys: PublicKeys) -> AsyncIterator[Record]:
    """Yield what another agency told of alarms, where its signature holds. Raises StreamError."""
    name = mirror_name(giver, KINDS["alarms"].token)
    try:
        newest = (await streams.info(name)).last
    except NoStreamError:
        return
    if not newest or await streams.last(">", name) is None:
        return
    async with follow(streams, name) as follower:
        async for message in follower:
            if (record := genuine(message.subject, message.data, keys)) is not None and record.agency == giver:
                yield record
            if message.sequence >= newest:
                return


def genuine(subject: str, octets: bytes, keys: PublicKeys) -> Record | None:
    """Return the record in a signed message that came on a subject, None when it is not genuine."""
    try:
        signed = verify(octets, keys)
        record = decode(signed.payload, subject)
    except DataError:
        return None
    holds = signed.subject == subject and record.agency == signed.agency and subject.startswith(f"{signed.agency}.alarms.")
    return record if holds and isinstance(record.body, Change | Stance) else None


def shown(state: Projection, *, quiet: bool = False) -> list[AlarmShown]:
    """Return the alarms of a state, those that call somebody and the gravest first."""
    found = []
    for alarm, one in state.situations.items():
        if quiet or not one.quiet:
            others = state.merged.acknowledged_by(state.agency, alarm, one.occurrence)
            known = others | ({state.agency} if one.state in (State.ACKNOWLEDGED, State.LATCHED) else set())
            counts = state.counts.get(alarm, NO_COUNTS)
            found.append(_made(state.agency, alarm, one, one.phase, one.unseen, known, counts))
    for shared in state.merged.all(state.agency):
        theirs = shared.situation
        if quiet or shared.state is not State.NORMAL:
            calls = shared.state in UNSEEN and not theirs.suppressed and not theirs.removed
            known = set(shared.acknowledged_by)
            found.append(_made(shared.owner, shared.alarm, theirs, shared.state.value, calls, known, NO_COUNTS))
    return sorted(found, key=lambda one: (not one.calls, -one.severity, -one.since, one.owner, one.alarm))


def _made(
    owner: str, alarm: str, one: Situation, phase: str, calls: bool, acknowledged_by: set[str], counts: Counts
) -> AlarmShown:
    return AlarmShown(
        owner, alarm, phase, one.severity, one.title, one.value, one.occurred_at, one.occurrence, calls, one.stale, one.role,
        one.person, one.shelved.until if one.shelved else 0, tuple(sorted(acknowledged_by)), counts,
    )  # fmt: skip
