"""What the command line does with alarms of an installation: look as a reader, act as a service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

from ...alarms import (
    SEVERITIES,
    CalibrationSet,
    Change,
    Command,
    LimitSet,
    Notified,
    Overridden,
    OverrideEnded,
    Record,
    Refused,
    Stance,
    decode,
)
from ...errors import DataError
from . import alarm_reading
from .agency_streams import address_of
from .alarm_files import keys_folder
from .alarm_index import AlarmIndex, Place
from .alarm_journal_index import SoughtRecords
from .alarm_reading import AlarmShown, projection_of, records_of, shared_by
from .alarm_requests import Answer, ask
from .installation import Installation
from .signing import PublicKeys, read_public_keys, verify
from .stream_plan import KINDS
from .streams import Streams, StreamUnavailableError

READ_S = 5.0
JOURNALS = KINDS["audit"].stream
AT_ONCE = 64  # records that are asked for at the same time


@asynccontextmanager
async def _entered(installation: Installation, agency: str, role: str) -> AsyncIterator[Streams]:
    connecting = Streams.connect(address_of(installation, agency, role), name="alarms command", timeout_s=READ_S)
    async with await connecting as streams:
        yield streams


async def ask_alarms(installation: Installation, agency: str, asked: Command) -> Answer:
    """Have an agency's alarm server do a command. Raises UsageError when it is refused, StreamError when nobody answers."""
    async with _entered(installation, agency, "services") as streams:
        return await ask(streams, agency, asked)


async def alarms_of(installation: Installation, agency: str, *, quiet: bool = False) -> list[AlarmShown]:
    """Return the alarms of an agency and those shared with it, with `quiet` the normal ones too. Raises StreamError."""
    keys = read_public_keys(keys_folder(installation, agency))
    async with _entered(installation, agency, "reader") as streams:
        return await alarm_reading.alarms_of(streams, agency, keys, quiet=quiet)


async def alarm_records(installation: Installation, agency: str, alarm: str = "", owner: str = "") -> list[Record]:
    """Return the records of an agency's journal, oldest first; those about one alarm when it is named. Raises StreamError.

    With an `owner` only those of that agency's alarms; of another agency's also what it tells of them.
    """
    async with _entered(installation, agency, "reader") as streams:
        found = [one async for one in records_of(streams, agency)]
        if owner not in ("", agency):
            found += [one async for one in shared_by(streams, owner, read_public_keys(keys_folder(installation, agency)))]
    wanted = [one for one in found if not alarm or getattr(one.body, "alarm", "") == alarm]
    return sorted((one for one in wanted if not owner or _owner(one) == owner), key=lambda one: one.at)


async def alarm_history(
    installation: Installation, agency: str, index: AlarmIndex, owner: str, alarm: str, limit: int, before: Place | None = None
) -> list[tuple[Place, Record]]:
    """Return at most `limit` records of an agency's alarm, latest first, those before a place; each with where it is.

    `index` knows their places. Raises StreamError, also while it has not been told of all that the journal holds.
    """
    return await _records(installation, agency, index, partial(index.newest, owner, alarm), limit, before)


async def alarms_history(
    installation: Installation, agency: str, index: AlarmIndex, sought: SoughtRecords, limit: int, before: Place | None = None
) -> list[tuple[Place, Record]]:
    """Return at most `limit` records of all alarms that are sought, latest first, as `alarm_history` does of one."""
    return await _records(installation, agency, index, partial(index.sought, sought), limit, before)


async def _records(
    installation: Installation, agency: str, index: AlarmIndex, places_of: Callable[[int, Place | None], list[Place]],
    limit: int, before: Place | None,
) -> list[tuple[Place, Record]]:  # fmt: skip
    found: list[tuple[Place, Record]] = []
    async with _entered(installation, agency, "reader") as streams:
        await _told_of_all(streams, agency, index)
        keys = read_public_keys(keys_folder(installation, agency))
        while len(found) < limit and (places := places_of(min(limit - len(found), AT_ONCE), before)):
            before = places[-1]
            records = await asyncio.gather(*(_record_at(streams, place, keys) for place in places))
            found += [(place, record) for place, record in zip(places, records, strict=True) if record is not None]
    return found


async def _told_of_all(streams: Streams, agency: str, index: AlarmIndex) -> None:
    newest = await streams.last(f"{agency}.audit.alarms", JOURNALS)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(READ_S):
            while newest is not None and index.reached(JOURNALS) < newest.sequence:
                await asyncio.sleep(0.02)
            return
    raise StreamUnavailableError("the journal of alarms is still being read", where=agency, remedy="Ask again in a while")


async def _record_at(streams: Streams, place: Place, keys: PublicKeys) -> Record | None:
    """Return a stored record, None when it is there no longer."""
    octets = await streams.octets(place.stream, place.sequence)
    try:
        if octets is None:
            return None
        return decode(octets if place.stream == JOURNALS else verify(octets, keys).payload)
    except DataError:
        return None


def _owner(record: Record) -> str:
    return getattr(record.body, "owner", record.agency)


async def overrides_of(installation: Installation, agency: str, now: int) -> tuple[Overridden, ...]:
    """Return the overrides in force in an agency at an instant (TAI nanoseconds). Raises StreamError."""
    async with _entered(installation, agency, "reader") as streams:
        return (await projection_of(streams, agency)).overrides.overrides_at(now)


def override_words(one: Overridden) -> str:
    """Return in words what holds while an override is in force."""
    if isinstance(one.new, LimitSet):
        return "; ".join(_bands(one.new)) or "no limits"
    return calibration_words(one.new)


def calibration_words(new: CalibrationSet) -> str:
    """Return a calibration in words."""
    if new.points:
        return "lines through " + ", ".join(f"{raw:g}={engineering:g}" for raw, engineering in new.points)
    return " + ".join(f"{factor:g} raw**{power}" for power, factor in enumerate(new.coefficients))


def _bands(new: LimitSet) -> Iterator[str]:
    for band in new.bands:
        low = "" if band.minimum is None else f"{band.minimum:g}"
        high = "" if band.maximum is None else f"{band.maximum:g}"
        yield f"{SEVERITIES[band.severity]} outside {low}:{high}"


def record_words(record: Record) -> dict[str, str]:
    """Return what a record tells: `alarm` (or what else it is about), `what` happened, and `words`."""
    match record.body:
        case Change(alarm, event, _, after, _, comment):
            return {"alarm": alarm, "what": f"{event.value}: {after.phase}", "words": comment or after.value}
        case Stance(owner, alarm, acknowledged, comment):
            return {"alarm": f"{owner}/{alarm}", "what": f"acknowledged occurrence {acknowledged}", "words": comment}
        case Notified(owner, alarm, _, _, _, channel, address, sent, words):
            name = alarm if owner == record.agency else f"{owner}/{alarm}"
            return {"alarm": name, "what": f"{channel} {'sent' if sent else 'failed'}: {address}", "words": words}
        case Overridden(spacecraft, parameter, _, _, _, reason):
            return {"alarm": f"{spacecraft} {parameter}", "what": f"overridden: {override_words(record.body)}", "words": reason}
        case OverrideEnded(spacecraft, parameter, kind, expired, reason):
            how = "expired" if expired else "withdrawn"
            return {"alarm": f"{spacecraft} {parameter}", "what": f"override of {kind} {how}", "words": reason}
        case Refused(subject, reason, _):
            return {"alarm": subject, "what": "refused", "words": reason}
