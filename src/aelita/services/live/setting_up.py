"""The installation that `aelita run` makes when there is none: agencies and stations of the mission that hear the spacecraft."""

from dataclasses import dataclass
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
from .geometry import elevation_deg
from .installation import AgencyHere, Installation, Playing, check
from .space import SignalPath

LOOKED_AT_OCTETS = 4 << 20  # of a recording, for the first time in it


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for: names of agencies and stations (none: those that hear the spacecraft), and what is played."""

    mission: str
    spacecraft: str = ""
    agencies: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    recording: Path | None = None
    synthetic: bool = False
    speed: float = 1.0
    loss: float = 0.0
    bit_error_rate: float = 0.0
    seed: int = 1


def new_installation(folder: Path, wishes: Wishes) -> Installation:
    """Return an installation of these wishes. Raises UsageError when no station hears the spacecraft, or a name is unknown."""
    mission = find_mission(wishes.mission)
    craft = mission.craft(wishes.spacecraft) if wishes.spacecraft else mission.spacecraft_of()
    if not craft.channels:
        raise UsageError(f"no channel of {craft.name} is known", remedy="Name a spacecraft with channels")
    channel = craft.channels[0]
    emitted = NO_TIME if wishes.recording is None else first_time(mission, channel, wishes.recording)
    at = wall_tai_ns() if emitted == NO_TIME else emitted
    agencies = tuple(_agency(mission, craft, key, wishes, at) for key in _agencies(mission, wishes))
    here = tuple(agency for agency in agencies if agency.stations or agency.key in wishes.agencies)
    if not any(agency.stations for agency in here):
        raise UsageError(
            f"no station of {', '.join(a.key for a in agencies)} hears {craft.name} then", remedy="Name stations with --station"
        )
    plays = () if wishes.recording is None else (
        Playing(craft.key, channel, wishes.recording.absolute(), at, 1, wishes.synthetic),
    )  # fmt: skip
    paths = tuple(
        (station, SignalPath(wishes.loss, wishes.bit_error_rate, (), wishes.seed))
        for agency in here
        for station in agency.stations
        if wishes.loss or wishes.bit_error_rate
    )
    made = Installation(folder, mission, (craft.key,), here, plays, paths, wishes.speed)
    check(made)
    return made


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


def _agency(mission: Mission, craft: Spacecraft, key: str, wishes: Wishes, at: int) -> AgencyHere:
    """Return an agency with the stations wished, else the one from which the spacecraft stands highest."""
    own = [station for station in mission.organisation.stations.values() if station.agency == key]
    if wishes.stations:
        return AgencyHere(key, tuple(station.key for station in own if station.key in wishes.stations))
    able = [station for station in own if station.sle is not None and station.can("receive", craft.key, at)]
    heard = [(elevation, station.key) for station in able if (elevation := _elevation(station, craft, at)) is not None]
    return AgencyHere(key, (max(heard)[1],) if heard else ())


def _elevation(station: Station, craft: Spacecraft, at: int) -> float | None:
    """Return how high the spacecraft stands (degrees) when its signal arrives; None below the station's minimum."""
    found = elevation_deg(station, craft, at + 900 * SECOND)
    return found if found >= station.minimum_elevation_deg else None
