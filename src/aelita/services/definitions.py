"""What a job works with: channel, mission database and clock, from names of a mission or from files of the user's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..archive import DatabaseText
from ..errors import DefinitionError, UsageError
from ..link import Channel
from ..mdb import CompiledDatabase
from ..time import SpacecraftClock, clock_from_kernel
from .databases import Library
from .missions import DESCRIPTION, Mission, find_mission, mission_names, read_mission

KERNEL_SUFFIXES = (".tsc", ".ker")


@dataclass(frozen=True, slots=True)
class Definition:
    """A channel with the database and the clock that go with it; without a database packets are kept undecoded."""

    channel: Channel
    text: DatabaseText | None
    compiled: CompiledDatabase | None
    clock: SpacecraftClock | None


def define(
    library: Library, *, mission: str = "", channel: str = "", mdb: Sequence[Path] = (), clock: Path | None = None
) -> Definition:
    """Return the definition that these names and files make.

    `channel` is a file, or a channel's name in the mission; without a mission the name is looked for in all that come with the
    package, and a file in a mission's folder brings that mission along. `mdb` and `clock` (TOML, or a SPICE clock kernel) take
    the place of the mission's. Raises UsageError when they do not fit together, DefinitionError when a file is wrong.
    """
    found = find_mission(mission) if mission else None
    path = _channel_file(channel, found)
    if found is None and not path.is_file():
        found = _mission_with(channel)
        path = found.channels[channel]
    if found is None and (path.parent.parent / DESCRIPTION).is_file():
        found = read_mission(path.parent.parent)
    described = Channel.from_toml(_text(path), str(path))
    databases, clocks = list(mdb), clock
    if found is not None and path.stem in found.channels and found.channels[path.stem] == path:
        spacecraft = found.spacecraft_of(path.stem)
        databases, clocks = databases or list(spacecraft.databases), clocks or spacecraft.clock
    elif found is not None and len(found.spacecraft) == 1:
        databases, clocks = databases or list(found.spacecraft[0].databases), clocks or found.spacecraft[0].clock
    if clocks is None and described.clock:
        clocks = path.parent / described.clock
    text, compiled = library.take(databases) if databases else (None, None)
    return Definition(described, text, compiled, read_clock(clocks) if clocks else None)


def read_clock(path: Path) -> SpacecraftClock:
    """Return the clock in a TOML file or in a SPICE clock kernel. Raises DefinitionError."""
    text = _text(path)
    if path.suffix.lower() in KERNEL_SUFFIXES or text.startswith("KPL/SCLK"):
        return clock_from_kernel(text, str(path))
    return SpacecraftClock.from_toml(text, str(path))


def _channel_file(channel: str, mission: Mission | None) -> Path:
    if mission is not None and (not channel or channel in mission.channels):
        return mission.channel(channel)
    path = Path(channel)
    if mission is not None and not path.is_file():
        mission.channel(channel)  # tells which channels there are
    if not channel:
        raise UsageError("no channel is named", remedy="Give --channel with a channel file, or --mission")
    return path


def _mission_with(channel: str) -> Mission:
    missions = [find_mission(name) for name in mission_names()]
    own = [(mission, mission.channels[channel]) for mission in missions if channel in mission.channels]
    having = [mission for mission, path in own if path.parent.parent == mission.folder]  # not of one that it extends
    if len(having) == 1:
        return having[0]
    names = ", ".join(sorted(name for mission in missions for name in mission.channels))
    raise UsageError(f"there is no channel file {channel!r}", remedy=f"Name a file, or one of {names}")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
