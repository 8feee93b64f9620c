"""Who takes part in a mission and with what: agencies, centres, roles, stations and instruments.

Keys are lower-case words that serve as tokens of subjects, file names and addresses. Times are TAI nanoseconds.
"""

from dataclasses import dataclass

from ..time import DAY, NO_TIME

GRADES = {
    "kernel": "read from an official kernel or data file",
    "stated": "stated by the source",
    "derived": "computed from what sources state",
    "analogue": "documented for a sister mission",
    "recalled": "general knowledge of the literature, not confirmed",
    "assumed": "nothing public was found: a setting of this mission folder",
}
PARTS = ("lead", "supporting")
DIRECTIONS = ("receive", "uplink")
BANDS = ("UHF", "S", "X", "K", "Ka")
JULIAN_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a statement comes from, and how sure it is: one of GRADES."""

    grade: str = "assumed"
    source: str = ""


ASSUMED = Basis()


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time in TAI nanoseconds; NO_TIME leaves an end open."""

    start: int = NO_TIME
    stop: int = NO_TIME

    def __contains__(self, at: int) -> bool:
        """Tell whether an instant lies in the period."""
        return (self.start == NO_TIME or self.start <= at) and (self.stop == NO_TIME or at < self.stop)

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two periods have an instant in common."""
        return _before(self.start, other.stop) and _before(other.start, self.stop)


ALWAYS = Period()


def _before(start: int, stop: int) -> bool:
    return NO_TIME in (start, stop) or start < stop


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: its part (lead or supporting) and the domain of its own streams."""

    key: str
    name: str
    domain: str
    part: str = "lead"
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Centre:
    """One centre of an agency and its tasks in words."""

    key: str
    name: str
    agency: str
    place: str = ""
    tasks: tuple[str, ...] = ()
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Role:
    """What people at some centres may do: words of PERMISSIONS."""

    key: str
    title: str
    centres: tuple[str, ...]
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class Position:
    """An antenna's reference point in ITRF93: kilometres at an epoch (NO_TIME: not told), drift in kilometres a Julian year."""

    x_km: float
    y_km: float
    z_km: float
    epoch: int = NO_TIME
    velocity_km_per_year: tuple[float, float, float] = (0.0, 0.0, 0.0)
    basis: Basis = ASSUMED

    def at_km(self, at: int) -> tuple[float, float, float]:
        """Return x, y and z in kilometres (ITRF93) at an instant; without epoch the point stands still."""
        years = 0.0 if NO_TIME in (self.epoch, at) else (at - self.epoch) / (DAY * JULIAN_YEAR)
        vx, vy, vz = self.velocity_km_per_year
        return self.x_km + vx * years, self.y_km + vy * years, self.z_km + vz * years


@dataclass(frozen=True, slots=True)
class Capability:
    """What a station can do in a period: receive or uplink, in these bands, for these spacecraft (none named: all)."""

    direction: str
    bands: tuple[str, ...]
    spacecraft: tuple[str, ...] = ()
    period: Period = ALWAYS
    basis: Basis = ASSUMED

    def serves(self, direction: str, spacecraft: str) -> bool:
        """Tell whether this is about the direction and the spacecraft."""
        return self.direction == direction and (not self.spacecraft or spacecraft in self.spacecraft)


@dataclass(frozen=True, slots=True)
class SleNames:
    """The names that a station uses in space link extension services, and where its provider listens."""

    responder_id: str
    responder_port: str
    antenna_id: str
    service_agreement: str
    service_package: str
    host: str = "127.0.0.1"
    tcp_port: int = 0
    basis: Basis = ASSUMED

    def instance(self, service: str, mode: str, number: int = 1) -> str:
        """Return a service instance identifier: service raf, rcf or rocf, mode onlt, onlc or offl."""
        agreed = f"sagr={self.service_agreement}.spack={self.service_package}"
        return f"{agreed}.rsl-fg={self.antenna_id}.{service}={mode}{number}"


@dataclass(frozen=True, slots=True)
class Station:
    """One antenna. Stations are known by key: the NAIF numbers of public station files contradict each other.

    `horizon` is what hides the sky above the minimum elevation: points (azimuth, elevation) in degrees, azimuths rising from 0.
    """

    key: str
    name: str
    network: str
    agency: str
    antenna: str
    dish_m: float
    position: Position
    minimum_elevation_deg: float
    capabilities: tuple[Capability, ...]
    beams: int = 1  # spacecraft that it can receive at once
    sle: SleNames | None = None
    basis: Basis = ASSUMED
    horizon: tuple[tuple[float, float], ...] = ()

    def can(self, direction: str, spacecraft: str, at: int) -> bool:
        """Tell whether the station can receive from (or uplink to) a spacecraft at an instant."""
        return any(one.serves(direction, spacecraft) and at in one.period for one in self.capabilities)

    def can_within(self, direction: str, spacecraft: str, period: Period) -> bool:
        """Tell whether the station can do that at some instant of a period."""
        return any(one.serves(direction, spacecraft) and period.overlaps(one.period) for one in self.capabilities)


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of products of an instrument: its key, its title and its PDS4 identifier (empty: not known)."""

    key: str
    title: str
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument: who owns and leads it, its parts (channels or sensors), its APIDs as far as known, its collections."""

    key: str
    name: str
    spacecraft: str
    agency: str
    lead: str = ""
    measures: str = ""
    parent: str = ""
    parts: tuple[str, ...] = ()
    apids: tuple[int, ...] = ()
    collections: tuple[Collection, ...] = ()
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which agency a spacecraft belongs to (empty: a mission without agencies), and which spacecraft carry its data to Earth."""

    key: str
    agency: str = ""
    relayed_by: tuple[str, ...] = ()
