"""Missions as folders: which spacecraft a mission has, which channels, database and clock belong to each, and who flies them.

A mission is a folder with a `mission.toml`, in the package or anywhere the user names. The files it points to are found here
and read by their own rooms; `agencies.toml` and its neighbours are read by `agencies`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from os.path import normpath
from pathlib import Path

from ..agencies import KEY, Organisation, Ownership, load_organisation
from ..errors import DefinitionError, TimeError, UsageError
from ..tables import Table
from ..time import NO_TIME, tai_ns_from_utc

DESCRIPTION, ALARMS = "mission.toml", "alarms.toml"


@dataclass(frozen=True, slots=True)
class Spacecraft:
    """One spacecraft: its frame identifiers, its NAIF number (0: none given), its channels, database files and clock file.

    `key` is its name as a token of subjects. `agency` owns it, and the spacecraft in `relayed_by` carry its data to Earth.
    Where no kernel holds its orbit, the body `near` stands in for it, from which it is at most `near_km` away,
    from `near_since` (TAI nanoseconds; NO_TIME: ever) on.
    `correlation` is the file that tells how its clock is correlated live, `uplink` that of its command link. `commands` are files
    of telecommands alone, apart from `databases`, so that history stays that of one version when a command changes. What is
    `simulated` does not exist: the complex plays it.
    """

    key: str
    name: str
    title: str
    frame_ids: tuple[int, ...]
    naif_id: int
    channels: tuple[str, ...]
    databases: tuple[Path, ...]
    clock: Path | None
    agency: str = ""
    relayed_by: tuple[str, ...] = ()
    near: str = ""
    near_km: float = 0.0
    near_since: int = NO_TIME
    correlation: Path | None = None
    uplink: Path | None = None
    simulated: bool = False
    commands: tuple[Path, ...] = ()

    @property
    def command_databases(self) -> tuple[Path, ...]:
        """The files that its commands are read from, together: those of its telemetry, which they refer to, and their own."""
        return (*self.databases, *self.commands)


@dataclass(frozen=True, slots=True)
class Mission:
    """One mission. `channels` leads from the name of a channel to its file; `default_channel` is one of them.

    `short` is what narrow places say for `title`. `organisation` is empty for a mission that names no agencies. `folders` are
    those that it is read from: of the mission that it extends, if any, then its own.
    """

    name: str
    title: str
    folder: Path
    spacecraft: tuple[Spacecraft, ...]
    channels: dict[str, Path]
    default_channel: str
    organisation: Organisation
    short: str = ""
    folders: tuple[Path, ...] = ()

    @property
    def alarms(self) -> Path | None:
        """The file of its alarms: its own, else that of the mission that it extends."""
        files = [folder / ALARMS for folder in reversed(self.folders) if (folder / ALARMS).is_file()]
        return files[0] if files else None

    def channel(self, name: str = "") -> Path:
        """Return the file of a channel, of the default one when no name is given. Raises UsageError for an unknown name."""
        wanted = name or self.default_channel
        if wanted not in self.channels:
            known = ", ".join(self.channels)
            raise UsageError(f"mission {self.name} has no channel {wanted!r}", remedy=f"Its channels: {known}")
        return self.channels[wanted]

    def spacecraft_of(self, channel: str = "") -> Spacecraft:
        """Return the spacecraft that sends on a channel. Raises UsageError for an unknown name."""
        name = self.channel(channel).stem
        return next(one for one in self.spacecraft if name in one.channels)

    def craft(self, key: str) -> Spacecraft:
        """Return a spacecraft by its key. Raises UsageError for an unknown one."""
        for one in self.spacecraft:
            if one.key == key:
                return one
        known = ", ".join(one.key for one in self.spacecraft)
        raise UsageError(f"mission {self.name} has no spacecraft {key!r}", remedy=f"Its spacecraft: {known}")


def package_missions() -> Path:
    """Return the folder of the missions that come with the package."""
    return Path(str(files("aelita"))) / "missions"


def mission_names() -> list[str]:
    """Return the names of the missions that come with the package."""
    return sorted(path.parent.name for path in package_missions().glob(f"*/{DESCRIPTION}"))


def find_mission(name_or_path: str | Path) -> Mission:
    """Return the mission in a folder, or the one of that name in the package.

    A path with a `mission.toml` in it comes first. Raises UsageError when there is neither, DefinitionError naming file and
    key when the description is wrong or points to a file that is absent.
    """
    for folder in (Path(name_or_path), package_missions() / name_or_path):
        if (folder / DESCRIPTION).is_file():
            return read_mission(folder)
    raise UsageError(
        f"no mission {str(name_or_path)!r}",
        remedy=f"Name a folder with a {DESCRIPTION} in it, or one of {', '.join(mission_names())}",
    )


def read_mission(folder: Path) -> Mission:
    """Return the mission that the folder's `mission.toml` describes. Raises DefinitionError naming file and key."""
    described = _described(folder)
    name = title = short = default = ""
    channels: dict[str, Path] = {}
    spacecraft: list[Spacecraft] = []
    tables: list[Table] = []
    for place, table in described:
        name, title, short = table.text("name"), table.text("title"), table.text("short", "")
        default = table.text("default_channel", "") or default
        channels |= {path.stem: path for path in sorted((place / "channels").glob("*.toml"))}
        for one in table.tables("spacecraft"):
            names, files = _channels(one, place)
            channels |= files
            spacecraft.append(_spacecraft(one, place, names))
            tables.append(one)
        table.finish()
    _check_spacecraft(spacecraft, tables)
    ownerships = {one.key: Ownership(one.key, one.agency, one.relayed_by) for one in spacecraft}
    folders = tuple(place for place, _ in described)
    organisation = load_organisation(folders, ownerships)
    _check_owners(spacecraft, tables, organisation)
    mission = Mission(name, title, folder, tuple(spacecraft), channels, default, organisation, short or title, folders)
    _check(mission, described[-1][1])
    return mission


def _described(folder: Path, above: tuple[Path, ...] = ()) -> list[tuple[Path, Table]]:
    """Return the folders of a mission, that which it extends first, with their descriptions."""
    where = str(folder / DESCRIPTION)
    try:
        text = (folder / DESCRIPTION).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=where) from error
    table = Table.parse(text, where)
    base, seen = table.text("extends", ""), (*above, folder.resolve())
    below = Path(normpath(folder / base))
    if base and below.resolve() in seen:
        raise DefinitionError(f"{base!r} leads back to this mission", where=table.path("extends"))
    return [*(_described(below, seen) if base else []), (folder, table)]


def _channels(table: Table, folder: Path) -> tuple[tuple[str, ...], dict[str, Path]]:
    """Return the names of a spacecraft's channels, and the files of those named by a path, as another mission's are."""
    named = table.texts("channels")
    files = {Path(one).stem: _file(folder, one, table.path("channels")) for one in named if one.endswith(".toml")}
    return tuple(one.removesuffix(".toml").rpartition("/")[2] for one in named), files


def _spacecraft(table: Table, folder: Path, channels: tuple[str, ...]) -> Spacecraft:
    clock, correlation, name = table.text("clock", ""), table.text("correlation", ""), table.text("name")
    uplink = table.text("uplink", "")
    one = Spacecraft(
        key=table.text("key", re.sub(r"[^a-z0-9_-]+", "-", name.lower())),
        name=name,
        title=table.text("title"),
        frame_ids=tuple(table.numbers("frame_ids", 0, 0xFFFF)),
        naif_id=table.number("naif_id", 0, -999_999, 999_999),
        channels=channels,
        databases=tuple(_file(folder, path, table.path("databases")) for path in table.texts("databases")),
        clock=_file(folder, clock, table.path("clock")) if clock else None,
        agency=table.text("agency", ""),
        relayed_by=tuple(table.texts("relayed_by")),
        near=table.text("near", ""),
        near_km=table.real("near_km", 0.0),
        near_since=_instant(table, "near_since"),
        correlation=_file(folder, correlation, table.path("correlation")) if correlation else None,
        uplink=_file(folder, uplink, table.path("uplink")) if uplink else None,
        simulated=table.flag("simulated", False),
        commands=tuple(_file(folder, path, table.path("commands")) for path in table.texts("commands")),
    )
    if bool(one.near) != (one.near_km > 0):
        raise DefinitionError("near and near_km go together", where=table.path("near"), remedy="Give both, or neither")
    table.finish()
    return one


def _instant(table: Table, key: str) -> int:
    text = table.text(key, "")
    try:
        return tai_ns_from_utc(text) if text else NO_TIME
    except TimeError as error:
        raise DefinitionError(error.what, where=table.path(key), remedy="Write UTC: 2018-04-09") from error


def _file(folder: Path, relative: str, where: str) -> Path:
    path = Path(normpath(folder / relative))
    if not path.is_file():
        raise DefinitionError(f"the mission has no file {relative!r}", where=where)
    return path


def _check_spacecraft(spacecraft: Sequence[Spacecraft], tables: list[Table]) -> None:
    """Refuse keys that are unsafe or doubled, doubled NAIF numbers and frame ids, and relays that the mission does not have."""
    keys = [one.key for one in spacecraft]
    numbers = [one.naif_id for one in spacecraft if one.naif_id]
    frames = [number for one in spacecraft for number in one.frame_ids]
    for one, table in zip(spacecraft, tables, strict=True):
        if not KEY.fullmatch(one.key):
            remedy = "Use at most 64 lower-case letters, digits, - and _"
            raise DefinitionError(f"{one.key!r} is no key of a spacecraft", where=table.path("key"), remedy=remedy)
        if keys.count(one.key) > 1:
            raise DefinitionError(f"{one.key!r} is described twice", where=table.path("key"))
        if numbers.count(one.naif_id) > 1:
            raise DefinitionError(f"another spacecraft has number {one.naif_id}", where=table.path("naif_id"))
        for number in one.frame_ids:
            if frames.count(number) > 1:
                raise DefinitionError(f"frame id {number:#x} is given twice", where=table.path("frame_ids"))
        for relay in one.relayed_by:
            if relay == one.key or relay not in keys:
                raise DefinitionError(f"{relay!r} is no other spacecraft of the mission", where=table.path("relayed_by"))


def _check_owners(spacecraft: Sequence[Spacecraft], tables: list[Table], organisation: Organisation) -> None:
    """Refuse a spacecraft whose agency the mission does not have, or which has none where there are agencies."""
    known = ", ".join(organisation.agencies) or "none, which agencies.toml would name"
    for one, table in zip(spacecraft, tables, strict=True):
        if one.agency not in organisation.agencies and (one.agency or organisation.agencies):
            what = f"{one.agency!r} is no agency of the mission" if one.agency else "missing"
            raise DefinitionError(what, where=table.path("agency"), remedy=f"Known: {known}")


def _check(mission: Mission, table: Table) -> None:
    """Refuse a description whose channels and channel files disagree, or that gives one channel to two spacecraft."""
    claimed = [name for one in mission.spacecraft for name in one.channels]
    for name in claimed:
        if name not in mission.channels:
            raise DefinitionError(f"there is no file channels/{name}.toml", where=table.path("channels"))
        if claimed.count(name) > 1:
            raise DefinitionError(f"channel {name!r} belongs to more than one spacecraft", where=table.path("channels"))
    for name in mission.channels:
        if name not in claimed:
            raise DefinitionError(f"channel {name!r} belongs to no spacecraft", where=table.path("channels"))
    if mission.default_channel not in mission.channels and (mission.channels or mission.default_channel):
        raise DefinitionError(f"there is no channel {mission.default_channel!r}", where=table.path("default_channel"))
