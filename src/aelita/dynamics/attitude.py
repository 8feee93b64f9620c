"""Attitudes by pointing laws: an axis of the body to a direction, a second one as near to another as it goes, slews between.

Quaternions are those of SPICE: scalar first, of the matrix that turns vectors of J2000 into axes of the body.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import state
from ..errors import UsageError
from ..time import SECOND, utc_from_tai_ns

Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]
Axis = tuple[float, float, float]

AIMS = ("centre", "sun", "earth", "velocity", "normal", "fixed")
NEARLY_PARALLEL = 1e-6  # sine below which two directions leave the turn about the first open
CAUGHT_UP_RAD = 1e-9


@dataclass(frozen=True, slots=True)
class Aim:
    """Where an axis shall point: to the centre of the orbit, the Sun, the Earth, along the velocity, the normal of the orbit
    (radius cross velocity), or a `fixed` direction of J2000. All are geometric: no light time, no aberration."""

    name: str
    fixed: Axis = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class PointingLaw:
    """An axis of the body points to an aim, and a second one as near to another as it goes.

    With `hold` the attitude stays in J2000 as that was when the law began.
    """

    name: str
    primary_axis: Axis
    primary: Aim
    secondary_axis: Axis
    secondary: Aim
    hold: bool = False
    grade: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """From an instant on (TAI nanoseconds) a law holds."""

    start_tai_ns: int
    law: PointingLaw


@dataclass(frozen=True, slots=True, eq=False)
class AttitudeHistory:
    """Attitudes at epochs (TAI nanoseconds): quaternions as rows, how far (rad) they are behind their law, and its number."""

    epochs: Epochs
    quaternions: Reals
    behind_rad: Reals
    laws: tuple[str, ...]
    of_law: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BodyAxes:
    """What stands where on a spacecraft: axes that look at the ground and to the Sun, of the antenna and of the arrays."""

    nadir: Axis
    sun: Axis
    antenna: Axis
    arrays: Axis
    graded: Mapping[str, str] = field(default_factory=dict)


def directions(aim: Aim, states: Reals, centre: str, epochs: Epochs) -> Reals:
    """Return unit vectors (rows, J2000) of an aim from a spacecraft with these states (km, km/s) about a centre."""
    place, speed = states[:, :3], states[:, 3:]
    if aim.name == "centre":
        found = -place
    elif aim.name in ("sun", "earth"):
        body = aim.name.upper()
        found = (0.0 if body == centre.upper() else state(body, centre, epochs)[:, :3]) - place
    elif aim.name == "velocity":
        found = speed
    elif aim.name == "normal":
        found = np.cross(place, speed)
    elif aim.name == "fixed":
        found = np.broadcast_to(np.asarray(aim.fixed, np.float64), place.shape)
    else:
        raise UsageError(f"{aim.name!r} is nothing to point at", remedy=f"Name one of {', '.join(AIMS)}")
    return _unit(found, aim.name)


def law_matrices(law: PointingLaw, states: Reals, centre: str, epochs: Epochs) -> Reals:
    """Return the matrices that turn J2000 into axes of the body as a law wants it.

    Raises UsageError where its two axes or its two directions are parallel: the turn about the first is then open.
    """
    first, second = (directions(aim, states, centre, epochs) for aim in (law.primary, law.secondary))
    body = _triads(np.array([law.primary_axis]), np.array([law.secondary_axis]), f"axes of the law {law.name!r}", None)[0]
    return np.asarray(body.T @ _triads(first, second, f"directions of the law {law.name!r}", epochs))


def predicted_attitude(
    states: Reals, centre: str, epochs: Epochs, phases: Sequence[Phase], *, most_rad_s: float
) -> AttitudeHistory:
    """Return the attitudes that laws ask for one after the other, turning between them at `most_rad_s` at most.

    The spacecraft is at the attitude of the first law at the first epoch. Where a law asks for more than that rate (as where the
    next one begins, or the Sun passes near the nadir) it turns the shortest way until it has caught up: on average between two
    epochs no faster than the rate. Raises UsageError for epochs before the first phase, or a rate that is none.
    """
    if not (np.isfinite(most_rad_s) and most_rad_s > 0):
        raise UsageError(f"a rate of {most_rad_s:g} rad/s bounds nothing", remedy="Give one above zero")
    if epochs.size < 1 or states.shape != (epochs.size, 6) or np.any(np.diff(epochs) <= 0):
        raise UsageError("attitudes need rising epochs with a state each", remedy="Put them in order")
    if not phases or phases[0].start_tai_ns > epochs[0]:
        told = utc_from_tai_ns(int(epochs[0]), 0)
        raise UsageError(f"no law holds at {told}", remedy="Begin the first one there or earlier")
    starts = np.array([one.start_tai_ns for one in phases], np.int64)
    if np.any(np.diff(starts) <= 0):
        raise UsageError("laws do not begin one after the other", remedy="Give each an instant of its own")
    of_law = np.searchsorted(starts, epochs, side="right") - 1
    wanted = np.empty((epochs.size, 4))
    for number, phase in enumerate(phases):
        rows = np.flatnonzero(of_law == number)
        if rows.size:
            some = rows[:1] if phase.law.hold else rows
            wanted[rows] = quaternions_of(law_matrices(phase.law, states[some], centre, epochs[some]))
    wanted = continued(wanted)
    quaternions, behind = limited(wanted, epochs, most_rad_s)
    return AttitudeHistory(epochs, quaternions, behind, tuple(one.law.name for one in phases), of_law)


def limited(wanted: Reals, epochs: Epochs, most_rad_s: float) -> tuple[Reals, Reals]:
    """Return quaternions that follow others at a rate of at most so much, and how far behind they are (rad)."""
    found, behind = wanted.copy(), np.zeros(epochs.size)
    allowed = most_rad_s * np.diff(epochs) / SECOND
    fast = np.flatnonzero(angles_between(wanted[1:], wanted[:-1]) > allowed) + 1
    at = 0
    for begin in fast.tolist():
        if begin < at:
            continue
        at = begin
        while at < epochs.size:  # until it has caught up
            step = _step(found[at - 1], wanted[at], float(allowed[at - 1]))
            found[at], behind[at] = step
            at += 1
            if step[1] <= CAUGHT_UP_RAD:
                break
    return continued(found), behind


def _step(start: Reals, goal: Reals, most_rad: float) -> tuple[Reals, float]:
    """Return the quaternion that is one turn of at most so much nearer to a goal, and what is left (rad)."""
    angle = float(angles_between(goal[None], start[None])[0])
    if angle <= most_rad:
        return goal, 0.0
    near = goal if float(start @ goal) >= 0 else -goal
    half, share = angle / 2, most_rad / angle
    turned = (np.sin((1 - share) * half) * start + np.sin(share * half) * near) / np.sin(half)
    return turned / np.linalg.norm(turned), angle - most_rad


def angles_between(some: Reals, others: Reals) -> Reals:
    """Return the angles (rad, to 1e-15) of the turns between two columns of quaternions."""
    near = np.where(np.sum(some * others, axis=1, keepdims=True) < 0, -others, others)
    return np.asarray(4.0 * np.arctan2(np.linalg.norm(some - near, axis=1), np.linalg.norm(some + near, axis=1)))


def turn_rates(quaternions: Reals, epochs: Epochs) -> Reals:
    """Return rates of turn (rad/s, rows in J2000) at epochs: the mean of those of the turns before and after."""
    if epochs.size < 2:
        return np.zeros((epochs.size, 3))
    turns = _product(_conjugate(quaternions[1:]), continued(quaternions)[:-1])  # J2000 axes: q = (angle, -axis) of the frame
    turns = np.where(turns[:, :1] < 0, -turns, turns)
    size = np.linalg.norm(turns[:, 1:], axis=1, keepdims=True)
    angle = 2.0 * np.arctan2(size, turns[:, :1])
    parts = turns[:, 1:] * np.where(size > 0, angle / np.where(size > 0, size, 1.0), 2.0)
    parts /= (np.diff(epochs) / SECOND)[:, None]
    return np.asarray((np.vstack([parts[:1], parts]) + np.vstack([parts, parts[-1:]])) / 2)


def body_angles(
    quaternions: Reals, states: Reals, centre: str, epochs: Epochs, axes: BodyAxes
) -> dict[str, Reals]:  # fmt: skip
    """Return angles (deg) by name: of the nadir axis from the centre, of the Sun from its axis and from the plane across the
    arrays' axis, of the Earth from the antenna's axis; and the rate of turn (deg/s)."""
    sun, earth, down = (directions(Aim(name), states, centre, epochs) for name in ("sun", "earth", "centre"))
    return {
        "off_nadir_deg": _from_axis(quaternions, down, axes.nadir),
        "sun_aspect_deg": _from_axis(quaternions, sun, axes.sun),
        "sun_off_arrays_deg": np.abs(90.0 - _from_axis(quaternions, sun, axes.arrays)),
        "earth_antenna_deg": _from_axis(quaternions, earth, axes.antenna),
        "rate_deg_s": np.degrees(np.linalg.norm(turn_rates(quaternions, epochs), axis=1)),
    }


def _from_axis(quaternions: Reals, direction: Reals, axis: Axis) -> Reals:
    of_body = np.einsum("nji,j->ni", matrices_of(quaternions), np.asarray(axis) / np.linalg.norm(axis))  # in J2000
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(of_body, direction), axis=1), np.sum(of_body * direction, axis=1)))


def matrices_of(quaternions: Reals) -> Reals:
    """Return the matrices (J2000 to body) of unit quaternions."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def quaternions_of(matrices: Reals) -> Reals:
    """Return the unit quaternions of rotation matrices, by the greatest of their four parts (Shepperd, 1978)."""
    m = matrices
    diagonal = np.stack([m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]], axis=1)
    trace = diagonal.sum(axis=1)
    squares = np.column_stack([1 + trace, 1 + 2 * diagonal - trace[:, None]])  # four times the square of each part
    xw, yw, zw = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    xy, xz, yz = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    s0, s1, s2, s3 = squares.T
    choices = np.array([[s0, xw, yw, zw], [xw, s1, xy, xz], [yw, xy, s2, yz], [zw, xz, yz, s3]])
    found = choices[np.argmax(squares, axis=1), :, np.arange(m.shape[0])]
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def continued(quaternions: Reals) -> Reals:
    """Return quaternions with signs so that each is nearer to the one before; the first one's scalar is not below zero."""
    signs = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0, -1.0, 1.0)
    first = -1.0 if quaternions[0, 0] < 0 else 1.0
    return np.asarray(quaternions * (first * np.cumprod(np.append(1.0, signs)))[:, None])


def _product(a: Reals, b: Reals) -> Reals:
    scalar = a[:, :1] * b[:, :1] - np.sum(a[:, 1:] * b[:, 1:], axis=1, keepdims=True)
    return np.hstack([scalar, a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])])


def _conjugate(quaternions: Reals) -> Reals:
    return quaternions * [1.0, -1.0, -1.0, -1.0]


def _unit(vectors: Reals, what: str) -> Reals:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(length)) or np.any(length == 0):
        raise UsageError(
            f"the direction {what!r} has no length", remedy="Name another one, or a span in which the orbit is known"
        )
    return np.asarray(vectors / length)


def _triads(first: Reals, second: Reals, what: str, epochs: Epochs | None) -> Reals:
    """Return matrices whose rows are the first vector, the part of the second across it, and their normal."""
    one, other = _unit(first, what), _unit(second, what)
    normal = np.cross(one, other)
    sine = np.linalg.norm(normal, axis=1)
    if np.any(sine < NEARLY_PARALLEL):
        when = "" if epochs is None else f" at {utc_from_tai_ns(int(epochs[np.argmin(sine)]), 0)}"
        raise UsageError(f"the two {what} are parallel{when}", remedy="Choose another second one")
    normal /= sine[:, None]
    return np.stack([one, np.cross(normal, one), normal], axis=1)
