"""Ways of spacecraft that are looked up, in kernels or elsewhere, and light between them and a site."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import UsageError
from ..time import SECOND, et_from_tai_ns
from .coverage import covered
from .finding import LAST_NS
from .fine import fine_states, lost_by_float_s, tdb_tt_s
from .light import LIGHT_KM_S, MOST_ROUNDS, SUN_DELAY_S, sun_logarithm
from .load import kernels
from .sites import EARTH_TURN_RAD_S, Epochs, Reals, Site, body_number, earth_rotation
from .states import state

EDGE_NS = 1_000_000  # epochs in kernels are rounded: this much is left out at their edges
CONVERGED_S = 1e-12
TURN_S = 60.0
BARYCENTRE = "SSB"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How a spacecraft moves about a body, from `start` to `stop` (TAI nanoseconds at the spacecraft).

    `look_up` gives rows of position (km) and velocity (km/s) about `centre`, J2000 axes, at epochs within.
    """

    name: str
    centre: str
    start: int
    stop: int
    look_up: Callable[[Epochs], Reals]

    def states(self, epochs_tai_ns: Epochs) -> Reals:
        """Return rows of position (km) and velocity (km/s) about the centre; beyond the ends straight on.

        What lies beyond is there for those who search for light times, and is no orbit: `holds` tells.
        """
        at = np.asarray(epochs_tai_ns, np.int64)
        inside = np.clip(at, self.start, self.stop)
        found = self.look_up(inside)
        beyond_s = ((at - inside) / SECOND)[:, None]
        return np.hstack([found[:, :3] + beyond_s * found[:, 3:], found[:, 3:]])

    def holds(self, epochs_tai_ns: Epochs) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Return at which epochs the course is known."""
        return np.asarray((epochs_tai_ns >= self.start) & (epochs_tai_ns <= self.stop))


def kernel_courses(body: str, centre: str, start: int, stop: int) -> tuple[Course, ...]:
    """Return the courses of a body about a centre that kernels hold between two instants (TAI nanoseconds).

    They are as fine as Doppler needs: what float64 ephemeris time loses is put back. The course of a planet, a moon, the Sun is
    about the barycentre of the solar system, and has no ends.
    Nothing is returned for a spacecraft without kernels; raises UsageError for a name that SPICE does not know.
    """
    try:
        number = body_number(body)
        held = covered(body, start, stop)
    except UsageError:
        if body.lstrip("-").isdigit():
            return ()
        raise
    if number >= 0:

        def of_body(at: Epochs) -> Reals:
            there = fine_states(body, at)
            return np.hstack([there.position_km, there.velocity_km_s])

        return (Course(body, BARYCENTRE, -LAST_NS, LAST_NS, of_body),)

    def look_up(at: Epochs) -> Reals:
        found, lost_s = state(body, centre, at), lost_by_float_s(at, np.asarray(et_from_tai_ns(at), np.float64))
        return np.hstack([found[:, :3] + found[:, 3:] * lost_s[:, None], found[:, 3:]])

    spans = [(one.start + EDGE_NS * (one.start > start), one.stop - EDGE_NS * (one.stop < stop)) for one in held]
    return tuple(Course(body, centre, first, last, look_up) for first, last in spans if first < last)


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Light between a site and a spacecraft: km and km/s in J2000 axes, rows of three.

    `vector_km` points from the site, at its epochs, to where the spacecraft is at the other end of the light (`there_tai_ns`);
    `velocity_km_s` is the spacecraft's from the barycentre. `rotation` turns ITRF93 to J2000, `turn_rad_s` is how ITRF93 turns.
    """

    vector_km: Reals
    velocity_km_s: Reals
    light_s: Reals
    there_tai_ns: Epochs
    site_velocity_km_s: Reals
    rotation: Reals
    turn_rad_s: Reals


def sight(site: Site, course: Course, epochs_tai_ns: Epochs, *, outgoing: bool = False) -> Sight:
    """Return the light that a site receives at these epochs, or with `outgoing` sends; with the delay by the Sun.

    Where the other end is outside of the course it is no light of that spacecraft: `Course.holds` tells. Raises TimeError where
    kernels do not hold the centre.
    """
    epochs = np.asarray(epochs_tai_ns, np.int64)
    sign = 1.0 if outgoing else -1.0
    here = fine_states(site, epochs)
    assert here.rotation is not None
    sun = fine_states("SUN", epochs).position_km
    near = np.linalg.norm(here.position_km - sun, axis=1)
    light = np.linalg.norm(fine_states(course.centre, epochs).position_km - here.position_km, axis=1) / LIGHT_KM_S
    for _ in range(MOST_ROUNDS):
        there, rest_s = _later(epochs, sign * light)
        middle, own = fine_states(course.centre, there, rest_s), course.states(there)
        velocity = middle.velocity_km_s + own[:, 3:]
        place = middle.position_km + own[:, :3] + own[:, 3:] * rest_s[:, None]
        vector = place - here.position_km
        distance = np.linalg.norm(vector, axis=1)
        around = near + np.linalg.norm(place - sun, axis=1)
        wanted = distance / LIGHT_KM_S + SUN_DELAY_S * sun_logarithm(around, distance)
        along = np.sum(vector * velocity, axis=1) / distance / LIGHT_KM_S
        step = (wanted - light) / (1.0 - sign * along)
        light = light + step
        if np.all(np.abs(step) < CONVERGED_S):
            break
    turn = _earth_turn_rad_s(epochs)
    wobble = np.cross(turn - np.array([0.0, 0.0, EARTH_TURN_RAD_S]), site.earth_fixed_km(epochs))
    own_velocity = here.velocity_km_s + np.einsum("nij,nj->ni", here.rotation, wobble)
    return Sight(vector, velocity, light, there, own_velocity, here.rotation, turn)


def _earth_turn_rad_s(epochs: Epochs) -> Reals:
    """Return how ITRF93 turns (rad/s, in its own axes) in the middle of some epochs: the pole wanders by 1e-12 rad/s in days.

    Its axis is not that of ITRF93 by 1e-6 (polar motion): 0.4 mm/s of range rate.
    """
    middle = float(et_from_tai_ns(int(epochs[epochs.size // 2]))) if epochs.size else 0.0
    with kernels():
        first, last = earth_rotation(np.array([middle - TURN_S / 2, middle + TURN_S / 2]))
    turned = first.T @ last
    part = 0.5 * np.array([turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0], turned[1, 0] - turned[0, 1]])
    sine = np.linalg.norm(part)
    return np.asarray(part / sine * np.arcsin(sine) / TURN_S)


def _later(epochs: Epochs, coordinate_s: Reals) -> tuple[Epochs, Reals]:
    """Return epochs that are this much TDB later, and a rest (s) below a nanosecond."""
    rough = epochs + np.rint(coordinate_s * SECOND).astype(np.int64)
    exact_s = coordinate_s - (tdb_tt_s(rough) - tdb_tt_s(epochs))
    whole = np.rint(exact_s * SECOND)
    return epochs + whole.astype(np.int64), exact_s - whole / SECOND
