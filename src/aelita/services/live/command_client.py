"""What a centre does with its agency's commanding: asks it as a service, and knows where its journals and keys are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...commanding import Entry, Reader, Standing, in_time
from ...errors import AelitaError, DataError
from ...time import SECOND
from .agency_streams import address_of
from .alarm_files import alarm_folder, keys_folder, own_signer
from .command_journal import FOLDER, copy_path, entries_in, own_path
from .command_requests import ask_commands
from .command_vouching import vouched
from .geometries import geometry_of
from .installation import Installation
from .signing import PublicKeys, read_public_keys
from .streams import Streams

REACH_S = 5.0


async def ask_commanding(installation: Installation, agency: str, op: str, **what: Any) -> dict[str, Any]:
    """Have an agency's commanding do something. Raises UsageError when it is refused, StreamError when nobody answers."""
    connecting = Streams.connect(address_of(installation, agency, "services"), name="commands", timeout_s=REACH_S)
    async with await connecting as streams:
        return await ask_commands(streams, agency, op, **vouched(own_signer(installation, agency).key, op, what))


def command_journals(installation: Installation, agency: str) -> dict[str, Path]:
    """Return where an agency's own journal is to be, and its copies of partners' journals that there are, by agency."""
    home = installation.home(agency)
    others = (one for one in installation.mission.organisation.agencies if one != agency)
    copies = {one: path for one in others if (path := copy_path(home, one)).is_file()}
    return {agency: own_path(home), **copies}


def command_forks(installation: Installation, agency: str) -> list[str]:
    """Return the files that prove that a partner wrote two different entries of one number, by name."""
    return sorted(path.name for path in (installation.home(agency) / FOLDER).glob("fork-*.evidence"))


def agency_key_files(installation: Installation, agency: str) -> Iterator[Path]:
    """Yield the files of public keys that an agency trusts: its own and those that it was given."""
    own = alarm_folder(installation, agency) / f"{agency}.pem"
    if own.is_file():
        yield own
    yield from sorted(keys_folder(installation, agency).glob("*.pem"))


def agency_keys(installation: Installation, agency: str) -> PublicKeys:
    """Return the public keys of the agencies as one of them trusts them. Raises UsageError for a file that is none."""
    own = read_public_keys(alarm_folder(installation, agency))
    return {**read_public_keys(keys_folder(installation, agency)), **{key: one for key, one in own.items() if key == agency}}


def commanding_of(installation: Installation, agency: str) -> tuple[Standing, dict[str, str]]:
    """Return what the journals here add up to, and by agency what is wrong with one: what is good before it still counts.

    Nobody need be at work for it; the last entry may be under way. Raises UsageError for keys that cannot be read, ArchiveError.
    """
    standing = Standing(agency, installation.mission.organisation.authority, agency_keys(installation, agency))
    found: dict[str, list[Entry]] = {}
    faults: dict[str, str] = {}
    for key, path in command_journals(installation, agency).items():
        try:
            for entry in entries_in(path, Reader(key)):
                found.setdefault(key, []).append(entry)
        except DataError as error:
            faults[key] = str(error)
    for entry in in_time(*found.values()):
        standing.take(entry)
    return standing, faults


def light_of(installation: Installation, spacecraft: str, now: int) -> int | None:
    """Return the one-way light time from a spacecraft at an instant (TAI ns), in ns; None where no kernel tells."""
    stations = [key for one in installation.agencies for key in one.stations]
    try:
        geometry = geometry_of(installation)
        return round(geometry.seconds(stations[0], spacecraft, now) * SECOND) if stations else None
    except AelitaError:
        return None
