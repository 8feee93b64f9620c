"""The installation that `aelita run` makes when there is none: agencies and stations of the mission that hear the spacecraft."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...agencies import Station
from ...errors import UsageError
from ...telemetry import ClockCorrelation, FrameTimes, Reception, TimePackets, generation_times, packet_ticks
from ...time import NO_TIME, SECOND
from ..databases import Library
from ..definitions import define
from ..missions import Mission, Spacecraft, find_mission
from .clock import wall_tai_ns
from .geometry import Geometry, elevation_deg
from .installation import AgencyHere, Installation, Playing, check
from .space import SignalPath, arrival

LOOKED_AT_OCTETS = 4 << 20  # of a recording, for the first time in it


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for: names of agencies and stations (none: those that hear the spacecraft), and what is played.

    Recordings go with the spacecraft that sends them, empty for the first one followed. Without `spacecraft` those that send are
    followed, else that of the mission's default channel; `simulated` besides. `web` is the address on which interfaces listen
    (empty: none).
    """

    mission: str
    spacecraft: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    recordings: tuple[tuple[str, Path], ...] = ()
    synthetic: bool = False
    speed: float = 1.0
    loss: float = 0.0
    bit_error_rate: float = 0.0
    seed: int = 1
    web: str = ""
    simulated: tuple[str, ...] = ()


def new_installation(folder: Path, wishes: Wishes) -> Installation:
    """Return an installation of these wishes. Raises UsageError when no station hears a spacecraft, or a name is unknown."""
    mission = find_mission(wishes.mission)
    crafts = _crafts(mission, wishes)
    begin = _begin(mission, crafts, wishes)
    agencies = tuple(_agency(mission, crafts, key, wishes, begin) for key in _agencies(mission, wishes))
    here = tuple(replace(agency, web=wishes.web) for agency in agencies if agency.stations or agency.key in wishes.agencies)
    stations = tuple(station for agency in here for station in agency.stations)
    if not stations:
        names = ", ".join(craft.name for craft in crafts)
        raise UsageError(
            f"no station of {', '.join(a.key for a in agencies)} hears {names} then", remedy="Name stations with --station"
        )
    paths = tuple(
        (station, SignalPath(wishes.loss, wishes.bit_error_rate, (), wishes.seed))
        for station in stations
        if wishes.loss or wishes.bit_error_rate
    )
    plays = _plays(mission, crafts, wishes, begin, stations[0])
    made = Installation(
        folder, mission, tuple(craft.key for craft in crafts), here, plays, paths, wishes.speed, simulated=wishes.simulated
    )
    check(made)
    return made


def _crafts(mission: Mission, wishes: Wishes) -> list[Spacecraft]:
    """Return the spacecraft that are followed, each with a channel."""
    names = wishes.spacecraft or tuple(name for name, _ in wishes.recordings if name)
    if not names and (wishes.recordings or not wishes.simulated):
        names = (mission.spacecraft_of().key,)
    crafts = [mission.craft(name) for name in dict.fromkeys((*names, *wishes.simulated))]
    for name, path in wishes.recordings:
        if name and name not in [craft.key for craft in crafts]:
            raise UsageError(f"{name!r} is not followed", where=str(path), remedy=f"Add --spacecraft {name}")
    for craft in crafts:
        if not craft.channels:
            raise UsageError(f"no channel of {craft.name} is known", remedy="Name a spacecraft with channels")
    return crafts


def _begin(mission: Mission, crafts: list[Spacecraft], wishes: Wishes) -> int:
    """Return when the first frame of the first recording was emitted, now when that is not told (TAI nanoseconds)."""
    if not wishes.recordings:
        return wall_tai_ns()
    name, recording = wishes.recordings[0]
    craft = mission.craft(name) if name else crafts[0]
    told = first_time(mission, craft.channels[0], recording)
    return wall_tai_ns() if told == NO_TIME else told


def _plays(mission: Mission, crafts: list[Spacecraft], wishes: Wishes, begin: int, station: str) -> tuple[Playing, ...]:
    """Return what is played: the first recording at its own epoch, the others so that their first frames arrive with its first.

    There is one clock for all, so on-board times of the others are not of the time at which they are played.
    """
    light = Geometry(mission).light_time
    made: list[Playing] = []
    for name, recording in wishes.recordings:
        craft = mission.craft(name) if name else crafts[0]
        emitted = begin
        if made:
            heard = arrival(light, station, made[0].spacecraft, begin)
            emitted = heard - int(light(station, craft.key, np.array([heard], np.int64))[0])
        made.append(Playing(craft.key, craft.channels[0], recording.absolute(), emitted, 1, wishes.synthetic))
    return tuple(made)


def first_time(mission: Mission, channel: str, recording: Path) -> int:
    """Return when the first frame of a recording was emitted (TAI nanoseconds), NO_TIME when its beginning does not tell.

    It is told by time packets where the mission says how they are meant and the bit rate is known; else the first time of
    any packet stands for it, which is later by the delay on board, some seconds.
    """
    definition = define(Library(), mission=str(mission.folder), channel=channel)
    try:
        with recording.open("rb") as file:
            received = Reception(definition.channel).feed(file.read(LOOKED_AT_OCTETS))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(recording)) from error
    rules = mission.spacecraft_of(channel).correlation
    if rules is not None and definition.clock is not None and definition.channel.bit_rate > 0:
        elapsed = np.rint((np.cumsum(received.frames.length) - received.frames.length) * 8 * SECOND / definition.channel.bit_rate)
        nothing = np.zeros(elapsed.size)
        times = FrameTimes(elapsed.astype(np.int64), nothing, nothing, nothing, ("",) * elapsed.size)
        rule = ClockCorrelation.from_toml(rules.read_text("utf-8"), str(rules)).packets
        points = TimePackets(rule, definition.channel).feed(received.frames, received.packets, times)
        if points:
            ticks = np.array([point.ticks for point in points], np.int64)
            return int(np.median(definition.clock.tai_ns(ticks) - np.array([point.received for point in points], np.int64)))
    packets = received.packets.select(~received.packets.idle)
    told = generation_times(definition.channel.packets.time, definition.clock, packet_ticks(definition.channel, packets))
    known = told[told != NO_TIME]
    return int(np.median(known[:5])) if known.size else NO_TIME


def _agencies(mission: Mission, wishes: Wishes) -> list[str]:
    organisation = mission.organisation
    if not organisation.agencies:
        raise UsageError(f"mission {mission.name} names no agencies", remedy="Give its folder an agencies.toml")
    for key in wishes.agencies:
        if key not in organisation.agencies:
            raise UsageError(f"mission {mission.name} has no agency {key!r}", remedy=f"It has {', '.join(organisation.agencies)}")
    return list(wishes.agencies) or [key for key, agency in organisation.agencies.items() if agency.part == "lead"]


def _agency(mission: Mission, crafts: list[Spacecraft], key: str, wishes: Wishes, at: int) -> AgencyHere:
    """Return an agency with the stations wished, else those from which a spacecraft stands highest."""
    own = [station for station in mission.organisation.stations.values() if station.agency == key]
    if wishes.stations:
        return AgencyHere(key, tuple(station.key for station in own if station.key in wishes.stations))
    highest = [_highest(own, craft, at) for craft in crafts]
    return AgencyHere(key, tuple(dict.fromkeys(station for station in highest if station)))


def _highest(stations: list[Station], craft: Spacecraft, at: int) -> str:
    """Return the station from which a spacecraft stands highest, empty when none hears it."""
    able = [station for station in stations if station.sle is not None and station.can("receive", craft.key, at)]
    heard = [(elevation, station.key) for station in able if (elevation := _elevation(station, craft, at)) is not None]
    return max(heard)[1] if heard else ""


def _elevation(station: Station, craft: Spacecraft, at: int) -> float | None:
    """Return how high the spacecraft stands (degrees) when its signal arrives; None below the station's minimum, or unknown."""
    found = elevation_deg(station, craft, at + 900 * SECOND)
    return found if found is not None and found >= station.minimum_elevation_deg else None
