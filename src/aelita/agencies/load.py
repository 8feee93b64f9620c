"""The organisation of a mission read from the files of its folder, each of which may be absent."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import DefinitionError
from ..tables import Table
from . import agreeing, reading
from .model import Ownership
from .organisation import Organisation

FILES = ("agencies.toml", "stations.toml", "instruments.toml", "agreement.toml")


def read_table(path: Path) -> Table:
    """Return the top table of a TOML file, empty when there is none. Raises DefinitionError for what cannot be read."""
    if not path.exists():
        return Table({}, str(path))
    try:
        return Table.parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error


def load_organisation(folder: Path, ownerships: Mapping[str, Ownership]) -> Organisation:
    """Return who takes part in the mission of a folder, for the spacecraft that its `mission.toml` names.

    Raises DefinitionError naming file and key for what is unknown, doubled, out of range, or contradicts another file.
    """
    who, where, what, agreed = (read_table(folder / name) for name in FILES)
    agencies = reading.agencies(who.tables("agencies"))
    centres = reading.by_key(who.tables("centres"), lambda table: reading.centre(table, agencies))
    roles = reading.by_key(who.tables("roles"), lambda table: reading.role(table, centres))
    stations = reading.stations(where.tables("stations"), agencies, ownerships)
    instruments = reading.instruments(what.tables("instruments"), agencies, ownerships)
    parties = Organisation(agencies, centres, roles, stations, instruments, dict(ownerships))
    rights = agreeing.rights(agreed.table("rights"), parties)
    agreement = agreeing.agreement(agreed, parties)
    for table in (who, where, what, agreed):
        table.finish()
    return Organisation(agencies, centres, roles, stations, instruments, dict(ownerships), agreement, rights)
