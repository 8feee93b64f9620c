"""What is known and assumed of a cruise to a planet with a lander: the plan that `cruise` turns into a reference trajectory.

A plan is read from a mission file, where every number stands with its source and grade; nothing here knows a mission.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Craft:
    """Masses (kg) and main engine: thrust (N) and specific impulse (s)."""

    launch_mass_kg: float
    lander_mass_kg: float
    thrust_n: float
    isp_s: float


@dataclass(frozen=True, slots=True)
class InjectionPlan:
    """Separation from the upper stage: epoch, and the escape hyperbola as far as the search does not find it itself.

    `ascending` tells on which of the two branches (asymptote, perigee and inclination leave two) the craft leaves.
    """

    separation_tai_ns: int
    perigee_height_km: float
    inclination_rad: float
    since_perigee_s: float
    ascending: bool


@dataclass(frozen=True, slots=True)
class ManoeuvrePlan:
    """A manoeuvre of known start and size (km/s); its direction is found."""

    name: str
    start_tai_ns: int
    size_km_s: float


@dataclass(frozen=True, slots=True)
class LanderPlan:
    """Separation of the lander, and where and how it enters: height over the spheroid, angle and speed relative to the air."""

    separation_tai_ns: int
    separation_speed_km_s: float
    entry_tai_ns: int
    entry_height_km: float
    entry_angle_rad: float
    entry_speed_km_s: float
    site_latitude_rad: float
    site_longitude_rad: float


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """The retarget after the lander has gone, and the capture burn: start, duration, pitch of the thrust, orbit wanted.

    The thrust of the burn is found: it is what the duration takes for the mass there is.
    """

    retarget: ManoeuvrePlan
    start_tai_ns: int
    duration_s: float
    pitch_rad: float
    periapsis_km: float
    apoapsis_km: float
    inclination_rad: float


@dataclass(frozen=True, slots=True)
class OrbitPlan:
    """Orbits after capture: a trim that meets a periapsis epoch, turns of the plane on dates, the orbit before aerobraking.

    At `compare_tai_ns` the orbit is compared with one that was measured.
    `floor_km` is the periapsis radius that no cut-off of a burn may leave.
    """

    trim_after_revolutions: int
    meet_periapsis_tai_ns: int
    compare_tai_ns: int
    turn_dates_tai_ns: tuple[int, ...]
    final_inclination_rad: float
    periapsis_trim_tai_ns: int
    apoapsis_burn_tai_ns: int
    periapsis_km: float
    apoapsis_km: float
    hand_over_tai_ns: int
    floor_km: float


@dataclass(frozen=True, slots=True)
class CruisePlan:
    """The whole: from separation to the orbit in which aerobraking begins."""

    craft: Craft
    injection: InjectionPlan
    manoeuvres: tuple[ManoeuvrePlan, ...]
    arrival_declination_rad: float
    lander: LanderPlan
    capture: CapturePlan
    orbits: OrbitPlan


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """A figure that was published (or measured): what it is called in the results, its value, tolerance, unit, source, grade.

    A figure whose `conflict` is not empty contradicts others of the plan: it is compared and told, not met.
    """

    name: str
    value: float
    tolerance: float
    unit: str
    source: str
    grade: str
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is not publicly known and was assumed or derived: the key, its value in words, why, and the grade (D or E)."""

    name: str
    value: str
    why: str
    grade: str
