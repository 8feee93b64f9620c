"""The organisation of a mission read from the files of its folder, each of which may be absent."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import DefinitionError
from ..tables import Table
from . import agreeing, authorising, reading
from .model import Ownership
from .organisation import Organisation

FILES = ("agencies.toml", "stations.toml", "instruments.toml", "agreement.toml", "authority.toml")


def read_table(path: Path) -> Table:
    """Return the top table of a TOML file, empty when there is none. Raises DefinitionError for what cannot be read."""
    if not path.exists():
        return Table({}, str(path))
    try:
        return Table.parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error


def load_organisation(folders: Path | Sequence[Path], ownerships: Mapping[str, Ownership]) -> Organisation:
    """Return who takes part in the mission of a folder, for the spacecraft that its `mission.toml` names.

    Of several folders what each tells is taken together; data rights are those of the last one that has some. Raises
    DefinitionError naming file and key for what is unknown, doubled, out of range, or contradicts another file.
    """
    places = [folders] if isinstance(folders, Path) else folders
    who, where, what, agreed, ruled = ([read_table(folder / name) for folder in places] for name in FILES)
    agencies = reading.agencies(_all(who, "agencies"))
    centres = reading.by_key(_all(who, "centres"), lambda table: reading.centre(table, agencies))
    roles = reading.by_key(_all(who, "roles"), lambda table: reading.role(table, centres))
    stations = reading.stations(_all(where, "stations"), agencies, ownerships)
    instruments = reading.instruments(_all(what, "instruments"), agencies, ownerships)
    parties = Organisation(agencies, centres, roles, stations, instruments, dict(ownerships))
    told = [one.table("rights") for one in agreed]
    rights = agreeing.rights(next((one for one in reversed(told) if one.values), told[-1]), parties)
    agreement = agreeing.agreement(_all(agreed, "gives"), _all(agreed, "shared_alarms"), parties)
    authority = authorising.authority(ruled, parties)
    for table in (*who, *where, *what, *agreed, *ruled):
        table.finish()
    return Organisation(agencies, centres, roles, stations, instruments, dict(ownerships), agreement, rights, authority)


def _all(tables: Sequence[Table], key: str) -> list[Table]:
    return [one for table in tables for one in table.tables(key)]
