"""From the pad to a departure asymptote: the whole launch of one payload at one instant, its timeline and its margins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import acos, atan2, cos, pi, sin

import numpy as np

from ..errors import UsageError
from ..time import SECOND
from .ascent import Ascent, Event, ascend, event_of
from .asymptote import Asymptote, excess_velocity
from .departure_kernels import coast
from .earth_model import GM_KM3_S2, RADIUS_KM, Reals, from_j2000
from .launcher import Launcher
from .minimum import least
from .upper_stage import NO_BELIEF, Book, Burn, Flight, axis_of_apogee_km, heights_km, time_to

FAR_KM = 300_000.0  # where the asymptote is read: oblateness bends nothing there
LEAST_C3_KM2_S2 = 0.25
REST_S = 600.0  # least coast between two burns
TRIES = 70
FAR_OUT_DEG = 2.0  # out of the plane: from here on the turn is told when something fails


@dataclass(frozen=True, slots=True)
class Profile:
    """What is chosen of a departure: apogees of the orbits between (km), when the payload separates and how long it waits.

    `separation_s` (after liftoff) given, the last of the apogees is solved so that it is met; else all stand as they are.
    """

    apogees_km: tuple[float, ...]
    coast_after_s: float = 0.0
    separation_s: float | None = None


@dataclass(frozen=True, slots=True)
class Injection:
    """A launch into an asymptote. `state_j2000` is that of the payload at separation (km, km/s, geocentric, J2000).

    `burns` are those after the parking orbit; `track` has times (s) and states of date from there on.
    """

    launcher: Launcher
    payload_kg: float
    liftoff_tai_ns: int
    asked: Asymptote
    reached: Asymptote
    ascent: Ascent
    burns: tuple[Burn, ...]
    book: Book
    profile: Profile
    separation_s: float
    state_j2000: Reals
    plane_miss_rad: float
    track: Reals
    aim: Reals  # excess velocity of date that the last burn goes for (km/s)

    @property
    def places(self) -> tuple[Reals, ...]:
        """Directions of date in which the burns after the parking orbit begin."""
        rows = [self.track[int(np.argmin(np.abs(self.track[:, 0] - burn.start_s))), 1:4] for burn in self.burns]
        return tuple(row / np.linalg.norm(row) for row in rows)

    @property
    def rests_s(self) -> tuple[float, ...]:
        """How long at least it coasts before each of these burns: half of what it does."""
        ends = [self.ascent.time_s, *(burn.end_s for burn in self.burns)]
        return tuple(0.5 * (burn.start_s - end) for burn, end in zip(self.burns, ends, strict=False))

    @property
    def all_burns(self) -> tuple[Burn, ...]:
        """The upper stage's burns from the one that closes the parking orbit; its loss is over the change of speed."""
        ascent, upper = self.ascent, self.launcher.upper
        begun, ended = (ascent.event(f"{upper.name} {what}") for what in ("first ignition", "cut-off"))
        used = ascent.first_burn_kg - upper.start_kg
        gained = float(upper.engine.exhaust_km_s * np.log((ended.mass_kg + used) / ended.mass_kg))
        perigee, apogee, period = heights_km(ascent.orbit)
        first = Burn(
            1, begun.time_s, ended.time_s - begun.time_s, gained, gained - (ended.speed_km_s - begun.speed_km_s), used,
            ended.mass_kg, perigee, apogee, period,
        )  # fmt: skip
        return (first, *self.burns)

    @property
    def margin_kg(self) -> float:
        """Propellant left beyond residual and reserve."""
        return self.book.margin

    @property
    def separation_tai_ns(self) -> int:
        """When the payload is left alone (TAI ns)."""
        return self.liftoff_tai_ns + round(self.separation_s * SECOND)

    @property
    def speed_km_s(self) -> float:
        """What the burns after the parking orbit give in all."""
        return sum(burn.speed_km_s for burn in self.burns)

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, from liftoff to separation."""
        found = list(self.ascent.events)
        for time, state in zip(self.track[:, 0], self.track[:, 1:], strict=True):
            for burn in self.burns:
                if abs(time - burn.start_s) < 1e-6:
                    found.append(event_of(f"burn {burn.number} ignition", time, state))
                if abs(time - burn.end_s) < 1e-6:
                    found.append(event_of(f"burn {burn.number} cut-off", time, state))
        found.append(event_of("separation", self.track[-1, 0], self.track[-1, 1:]))
        unique = {event.name: event for event in found}  # the last of those at one time: masses after what drops
        return tuple(sorted(unique.values(), key=lambda event: event.time_s))


def inject(
    launcher: Launcher, payload_kg: float, liftoff_tai_ns: int, asymptote: Asymptote, profile: Profile, *, refuse: bool = True,
    tries: int = TRIES, ascent: Ascent | None = None,
) -> Injection:  # fmt: skip
    """Fly a payload from the pad (liftoff in TAI ns) to an asymptote, where each burn begins chosen for the least propellant.

    Raises UsageError, with the shortfall, when propellant less residual and reserve does not suffice and `refuse` is on; also
    when the ascent fails or the profile has another number of orbits than the upper stage's burns allow.
    """
    upper = launcher.upper
    if len(profile.apogees_km) + 2 > upper.burns:
        raise UsageError(
            f"{len(profile.apogees_km)} orbits between need {len(profile.apogees_km) + 2} burns, {upper.name} has {upper.burns}",
            where=f"launcher {launcher.name}", remedy="Name fewer apogees",
        )  # fmt: skip
    if asymptote.c3_km2_s2 < LEAST_C3_KM2_S2:
        raise UsageError(
            f"C3 {asymptote.c3_km2_s2:g} km2/s2 has no asymptote to aim at", where=f"launcher {launcher.name}",
            remedy=f"Ask for {LEAST_C3_KM2_S2:g} or more",
        )  # fmt: skip
    if ascent is None:
        ascent = ascend(launcher, payload_kg, liftoff_tai_ns)
    search = _Search(launcher, ascent, from_j2000(liftoff_tai_ns) @ asymptote.direction, asymptote.speed_km_s)
    try:
        profile, offsets = _timed(search, profile, tries)
    except UsageError as error:
        raise search.told(error) from error
    aim = search.goal * asymptote.speed_km_s
    for _ in range(4):  # oblateness turns the way out a little: aim beside
        flight = search.fly(profile.apogees_km, offsets, aim)
        away = excess_velocity(coast(flight.state, _time_out_s(flight.state)))
        miss = away - search.goal * asymptote.speed_km_s
        if np.linalg.norm(miss) < 1e-7:
            break
        aim = aim - miss
    flight.coast(profile.coast_after_s)
    back = from_j2000(liftoff_tai_ns).T
    reached = Asymptote.along(back @ away, "flown", "D")
    state = np.concatenate([back @ flight.state[:3], back @ flight.state[3:6]])
    found = Injection(
        launcher, payload_kg, liftoff_tai_ns, asymptote, reached, ascent, flight.burns, flight.book(), profile, flight.time_s,
        state, search.plane_miss_rad, flight.sampled(), aim,
    )  # fmt: skip
    if refuse and found.margin_kg < 0.0:
        lacking = UsageError(
            f"{payload_kg:g} kg to C3 {asymptote.c3_km2_s2:.2f} km2/s2: {upper.name} lacks {-found.margin_kg:.0f} kg",
            where=f"launcher {launcher.name}", remedy="Take a lighter payload, less energy, or another time of liftoff",
        )  # fmt: skip
        raise search.told(lacking)
    return found


def _time_out_s(state: Reals) -> float:
    return FAR_KM / float(np.linalg.norm(excess_velocity(state)) + 2.0)


@dataclass(slots=True)
class _Search:
    """What a search for the burns' places needs: the parking orbit and the direction to go, of date."""

    launcher: Launcher
    ascent: Ascent
    goal: Reals
    speed_km_s: float

    @property
    def _normal(self) -> Reals:
        momentum = np.cross(self.ascent.orbit[:3], self.ascent.orbit[3:6])
        return np.asarray(momentum / np.linalg.norm(momentum))

    @property
    def plane_miss_rad(self) -> float:
        """Angle of the asymptote out of the plane of the parking orbit."""
        return float(np.arcsin(self.goal @ self._normal))

    def told(self, error: UsageError) -> UsageError:
        """Return the error, with the turn of the plane that is asked for where that is what costs too much."""
        out = abs(np.degrees(self.plane_miss_rad))
        if out < FAR_OUT_DEG:
            return error
        what = f"{error.what}; the asymptote is {out:.1f} deg out of the plane of the parking orbit"
        return UsageError(what, where=error.where, remedy=f"{error.remedy}; lift off when it lies in the plane, if it ever does")

    def perigee_angle_rad(self, state: Reals) -> float:
        """Return the angle along the motion from a place to the best place of departure."""
        normal = np.cross(state[:3], state[3:6])
        normal /= np.linalg.norm(normal)
        first = state[:3] / np.linalg.norm(state[:3])
        towards = atan2(float(self.goal @ np.cross(normal, first)), float(self.goal @ first))
        e = 1.0 + (RADIUS_KM + self.launcher.parking_km) * self.speed_km_s**2 / GM_KM3_S2
        return towards - acos(-1.0 / e)

    def fly(self, apogees_km: Sequence[float], offsets_rad: Reals, aim_km_s: Reals, belief: Reals = NO_BELIEF) -> Flight:
        """Return the flight with burns that begin at offsets from the best place; the last goes for an excess velocity."""
        upper = self.launcher.upper
        state = np.concatenate([self.ascent.orbit, [0.0]])
        flight = Flight(upper, state, self.ascent.time_s, self.ascent.first_burn_kg - upper.start_kg, upper.start_kg)
        for n, offset in enumerate(offsets_rad):
            flight.coast(time_to(flight.state, self.perigee_angle_rad(flight.state) + offset, at_least_s=REST_S))
            if n < len(apogees_km):
                flight.raise_to(axis_of_apogee_km(self.launcher.parking_km, apogees_km[n]))
            else:
                speed = float(np.linalg.norm(aim_km_s))
                flight.depart(aim_km_s / speed, speed, belief)
        return flight

    def best(self, apogees_km: Sequence[float], start: Reals, tries: int) -> Reals:
        """Return the offsets that leave most mass."""

        def cost(offsets: Reals) -> float:
            if np.abs(offsets).max() > 2.0:
                return 1e9
            try:
                return -float(self.fly(apogees_km, offsets, self.goal * self.speed_km_s).state[6])
            except UsageError:
                return 1e8

        return least(cost, start, np.full(start.size, 0.15), tries, 0.02)


def _timed(search: _Search, profile: Profile, tries: int) -> tuple[Profile, Reals]:
    """Return the profile with the last apogee solved for the time of separation, and the burns' offsets (rad)."""
    offsets = search.best(profile.apogees_km, np.full(len(profile.apogees_km) + 1, -0.5), tries)
    if profile.separation_s is None or not profile.apogees_km:
        return profile, offsets
    *before, last = profile.apogees_km
    points: list[tuple[float, float]] = []
    for turn in range(8):
        flight = search.fly((*before, last), offsets, search.goal * search.speed_km_s)
        late = flight.time_s + profile.coast_after_s - profile.separation_s
        if abs(late) < 0.5:
            break
        points.append((last, late))
        axis = axis_of_apogee_km(search.launcher.parking_km, last)
        slope = 3.0 * pi * (axis / GM_KM3_S2) ** 0.5 * 0.5  # of the period over the apogee
        if len(points) > 1 and points[-1][0] != points[-2][0]:
            slope = (points[-1][1] - points[-2][1]) / (points[-1][0] - points[-2][0])
        last -= late / slope
        if not search.launcher.parking_km < last < 300_000.0:
            raise UsageError(
                f"a separation {profile.separation_s:.0f} s after liftoff asks for a last apogee of {last:.0f} km",
                where=f"launcher {search.launcher.name}",
                remedy="Choose other apogees before, or another time",
            )
        if turn == 1:  # the places were best for another apogee
            offsets = search.best((*before, last), offsets, tries // 2)
            points.clear()
    return replace(profile, apogees_km=(*before, last)), offsets


def capacity_kg(
    launcher: Launcher, asymptote: Asymptote, liftoff_tai_ns: int, profile: Profile, *, between: tuple[float, float]
) -> float:
    """Return the payload (kg) with which the propellant just suffices, sought between two masses; good to about 2 kg.

    Raises UsageError when the lighter does not reach or the heavier still does.
    """
    low, high = between

    def margin(payload_kg: float) -> float:
        return inject(launcher, payload_kg, liftoff_tai_ns, asymptote, profile, refuse=False, tries=40).margin_kg

    at_low, at_high = margin(low), margin(high)
    if at_low < 0.0 or at_high > 0.0:
        raise UsageError(
            f"capacity to C3 {asymptote.c3_km2_s2:g} is not between {low:g} and {high:g} kg: margins {at_low:.0f}, {at_high:.0f}",
            where=f"launcher {launcher.name}",
        )
    for _ in range(8):
        middle = low + (high - low) * at_low / (at_low - at_high)
        found = margin(middle)
        if abs(found) < 2.0:
            break
        if found > 0.0:
            low, at_low = middle, found
        else:
            high, at_high = middle, found
    return float(middle)


def planar(ascent: Ascent, liftoff_tai_ns: int, c3_km2_s2: float, angle_rad: float = 2.5) -> Asymptote:
    """Return the asymptote in the plane of a parking orbit, at an angle along the motion from where the orbit was reached.

    For performance without a change of plane.
    """
    first = ascent.orbit[:3] / np.linalg.norm(ascent.orbit[:3])
    normal = np.cross(ascent.orbit[:3], ascent.orbit[3:6])
    second = np.cross(normal / np.linalg.norm(normal), first)
    unit = Asymptote.along(from_j2000(liftoff_tai_ns).T @ (cos(angle_rad) * first + sin(angle_rad) * second))
    return replace(unit, c3_km2_s2=c3_km2_s2, source="in the plane of the parking orbit", grade="D")
