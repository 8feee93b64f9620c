"""The state of a complex as answers tell it: the pictures that the watch gives, with instants as texts."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, Field

from ..services import live
from ..time import SECOND
from .answers import UtcText, utc_text


class CraftTime(BaseModel):
    """What of a spacecraft's time arrives now: `scet` is when it left there, `owlt_s` how long it was on its way."""

    spacecraft: str
    scet: UtcText
    owlt_s: float


class Clock(BaseModel):
    """The clocks: `utc` is this machine's, `mission` that of the mission, which is also Earth received time `ert`.

    With a replayed recording, or a `speed` that is not 1, the two differ.
    """

    utc: UtcText
    mission: UtcText
    ert: UtcText
    speed: float
    replayed: bool
    spacecraft: list[CraftTime]


class Link(BaseModel):
    """A line from a spacecraft by a station to an agency; without `alive` it is not known how it is now.

    `state`, `lock` and `production` are words of the receiver, `unknown` or `silent` when it is not heard. Rates are per second
    of the mission's clock; `missed` counts frames that were in the signal and did not come by this line.
    """

    agency: str
    spacecraft: str
    station: str
    alive: bool
    state: str
    lock: str
    production: str
    frames: int
    frames_per_s: float | None
    bit_rate: float | None
    missed: int | None
    backlogs: int
    last_frame_s: float | None = Field(description="Since the last frame, by the mission's clock.")
    light_time_s: float | None
    elevation_deg: float | None
    heard_s: float | None = Field(description="Since the receiver told of it.")
    why: str


class ServiceState(BaseModel):
    """A process of the complex; `status` is well, faulty, starting, silent or down."""

    agency: str
    service: str
    status: str
    pid: int | None
    up_s: float | None
    starts: int | None
    faults: list[str]


class StreamState(BaseModel):
    """A stream of an agency, or its mirror of another one's: then `lag` is how many messages are not here yet."""

    agency: str
    name: str
    alive: bool
    messages: int
    last: int
    per_s: float | None
    octets: int
    octets_per_s: float | None
    fill: float
    mirror: bool
    lag: int | None
    origin_s: float | None
    missing: int
    fault: str
    heard_s: float | None


class Counts(BaseModel):
    """What an agency made of the frames of a spacecraft since its services began; rates per second of the mission's clock."""

    agency: str
    spacecraft: str
    processing: bool
    archiving: bool
    merged: int | None
    merged_per_s: float | None
    late: int | None
    unusable: int | None
    holes: int | None
    packets_per_s: float | None
    samples_per_s: float | None
    archived: int | None
    archive_lag_s: float | None
    archived_to: int | None


class AgencyState(BaseModel):
    """An agency, and whether its streams are reached."""

    key: str
    name: str
    connected: bool
    why: str


class AlarmCounts(BaseModel):
    """How many alarms are not normal: `calling` ones wait for somebody, `gravest` is the highest severity of all, 0 to 5."""

    shown: int
    calling: int
    gravest: int


class Status(BaseModel):
    """The complex at one moment."""

    mission: str
    agency: str
    spacecraft: list[str]
    synthetic: list[str] = Field(description="Spacecraft whose signal is made up.")
    clock: Clock
    agencies: list[AgencyState]
    links: list[Link]
    services: list[ServiceState]
    streams: list[StreamState]
    counts: list[Counts]
    alarms: AlarmCounts


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture of the complex as the centre of an agency sees it.

    `at` is when by this machine's clock and `now` by the mission's (TAI nanoseconds both).
    """

    agency: str
    spacecraft: tuple[str, ...]
    picture: live.Picture
    at: int
    now: int

    def clock(self) -> Clock:
        """Return the clocks."""
        now, lights = self.now, [(craft, self.picture.now - at) for craft, at in self.picture.emitted]
        crafts = [CraftTime(spacecraft=craft, scet=utc_text(now - light), owlt_s=light / SECOND) for craft, light in lights]
        mission = utc_text(now)
        return Clock(
            utc=utc_text(self.at), mission=mission, ert=mission, speed=self.picture.speed, replayed=self.picture.replayed,
            spacecraft=crafts,
        )  # fmt: skip

    def links(self) -> list[Link]:
        """Return all lines."""
        return [Link(**asdict(one)) for one in self.picture.links]

    def streams(self) -> list[StreamState]:
        """Return all streams."""
        return [StreamState(**asdict(one)) for one in self.picture.streams]

    def status(self) -> Status:
        """Return all."""
        picture = self.picture
        alarms = AlarmCounts(
            shown=len(picture.alarms),
            calling=sum(one.calls for one in picture.alarms),
            gravest=max((one.severity for one in picture.alarms), default=0),
        )
        return Status(
            mission=picture.mission, agency=self.agency, spacecraft=list(self.spacecraft), synthetic=list(picture.synthetic),
            clock=self.clock(), links=self.links(), streams=self.streams(), alarms=alarms,
            agencies=[AgencyState(**asdict(one)) for one in picture.agencies],
            services=[ServiceState(**(asdict(one) | {"faults": list(one.faults)})) for one in picture.services],
            counts=[Counts(**asdict(one)) for one in picture.counts],
        )  # fmt: skip


def told(model: BaseModel) -> dict[str, Any]:
    """Return an answer as live updates carry it."""
    return model.model_dump(mode="json")
