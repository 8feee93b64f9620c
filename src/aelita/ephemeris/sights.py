"""Lines of sight from many sites to one target, in compiled code: what all sites share is computed once for an epoch.

Directions and light times are those to the centre of the Earth, carried over to the site to first order in the 21 ms that light
takes from one to the other: exact to a millimetre for what moves evenly so long. The delay by the Sun, 0.1 ms, is left out.
"""

from typing import NamedTuple

import numpy as np

from ..octets import compiled
from .light import LIGHT_KM_S
from .sites import EARTH_TURN_RAD_S, Reals
from .tracks import Track, follow, place

# Columns of a shared row: target from the Earth's centre, its velocity, the Earth's, rotation ITRF93 to J2000, light time
TARGET, MOVING, EARTHS, TURN, LIGHT, WIDTH = 0, 3, 6, 9, 18, 19
# Columns of a row of the body behind: from the Earth's centre, its velocity, rotation J2000 to its axes
BODY, BODY_MOVING, BODY_TURN, BODY_LIGHT, BODY_WIDTH = 0, 3, 6, 15, 16
ROUNDS = 6


class Scene(NamedTuple):
    """Tracks (km; J2000 axes from the barycentre) of Earth and target, the turning Earth, and the way of light: -1 down, 1 up."""

    earth: Track
    turning: Track
    target: Track
    way: float


@compiled
def _far_end(body: Track, here: Reals, et: float, way: float, light: float, vector: Reals, rate: Reals) -> float:
    """Put the vector from `here` to a body at the other end of the light, and its velocity; return the light time."""
    for _ in range(ROUNDS):
        follow(body, et + way * light, vector, rate)
        distance, along = 0.0, 0.0
        for c in range(3):
            vector[c] -= here[c]
            distance += vector[c] * vector[c]
            along += vector[c] * rate[c]
        distance = np.sqrt(distance)
        change = (distance / LIGHT_KM_S - light) / (1.0 - way * along / distance / LIGHT_KM_S)  # Newton's step
        light += change
        if abs(change) < 1e-4:
            for c in range(3):
                vector[c] += rate[c] * way * change
            break
    return light


@compiled
def share(scene: Scene, ets: Reals, rows: Reals) -> None:
    """Fill rows with what all sites share at ephemeris times."""
    here, speed = np.empty(3), np.empty(3)
    light = 500.0
    for n in range(ets.size):
        follow(scene.earth, ets[n], here, speed)
        place(scene.turning, ets[n], rows[n, TURN:LIGHT])
        light = _far_end(scene.target, here, ets[n], scene.way, light, rows[n, TARGET:MOVING], rows[n, MOVING:EARTHS])
        rows[n, LIGHT] = light
        for c in range(3):
            rows[n, EARTHS + c] = speed[c]


@compiled
def share_behind(scene: Scene, body: Track, turning: Track, ets: Reals, rows: Reals) -> None:
    """Fill rows with what all sites share of the body that may hide the target."""
    here, speed = np.empty(3), np.empty(3)
    light = 500.0
    for n in range(ets.size):
        follow(scene.earth, ets[n], here, speed)
        light = _far_end(body, here, ets[n], scene.way, light, rows[n, BODY:BODY_MOVING], rows[n, BODY_MOVING:BODY_TURN])
        rows[n, BODY_LIGHT] = light
        place(turning, ets[n] + scene.way * light, rows[n, BODY_TURN:BODY_LIGHT])


@compiled
def _seen_from(vector: Reals, velocity: Reals, light: float, spot: Reals, way: float, seen: Reals) -> None:
    """Put the vector from a site at `spot` (J2000 axes, from the Earth's centre) to where a body is when light meets it."""
    distance = 0.0
    for c in range(3):
        seen[c] = vector[c] - spot[c]
        distance += seen[c] * seen[c]
    more = way * (np.sqrt(distance) / LIGHT_KM_S - light)
    for c in range(3):
        seen[c] += velocity[c] * more


@compiled
def looks(rows: Reals, spot: Reals, axes: Reals, way: float, elevation_deg: Reals, azimuth_deg: Reals) -> None:
    """Fill elevations and azimuths (deg), apparent, at a site: its ITRF93 position (km) and unit vectors east, north, up.

    An empty array of azimuths is left as it is.
    """
    j2000, seen = np.empty(3), np.empty(3)
    for n in range(rows.shape[0]):
        turn, speed = rows[n, TURN:LIGHT], rows[n, EARTHS:TURN]
        for c in range(3):
            j2000[c] = turn[3 * c] * spot[0] + turn[3 * c + 1] * spot[1] + turn[3 * c + 2] * spot[2]
        _seen_from(rows[n, TARGET:MOVING], rows[n, MOVING:EARTHS], rows[n, LIGHT], j2000, way, seen)
        length = np.sqrt(seen[0] * seen[0] + seen[1] * seen[1] + seen[2] * seen[2])
        moving, along = np.empty(3), 0.0
        for c in range(3):
            seen[c] /= length
            turned = EARTH_TURN_RAD_S * (turn[3 * c + 1] * spot[0] - turn[3 * c] * spot[1])
            moving[c] = (speed[c] + turned) * (-way / LIGHT_KM_S)
            along += moving[c] * seen[c]
        square = 0.0
        for c in range(3):
            moving[c] -= along * seen[c]
            square += moving[c] * moving[c]
        shrink = np.sqrt(1.0 - square)
        for c in range(3):
            seen[c] = seen[c] * shrink + moving[c]
        east, north, up = 0.0, 0.0, 0.0
        for c in range(3):
            fixed = turn[c] * seen[0] + turn[3 + c] * seen[1] + turn[6 + c] * seen[2]
            east += fixed * axes[0, c]
            north += fixed * axes[1, c]
            up += fixed * axes[2, c]
        elevation_deg[n] = np.degrees(np.arctan2(up, np.sqrt(east * east + north * north)))
        if azimuth_deg.size:
            azimuth_deg[n] = np.degrees(np.arctan2(east, north)) % 360.0


@compiled
def depths(rows: Reals, behind: Reals, radii: Reals, spot: Reals, way: float, depth: Reals, margin: Reals) -> None:
    """Fill how deep lines of sight from a site dip into the body, in its radii, and by how much another site may differ.

    `spot` is the ITRF93 position of the site, zero for the centre of the Earth.
    """
    j2000, seen, centre = np.empty(3), np.empty(3), np.empty(3)
    for n in range(rows.shape[0]):
        for c in range(3):
            turn = rows[n, TURN + 3 * c : TURN + 3 * c + 3]
            j2000[c] = turn[0] * spot[0] + turn[1] * spot[1] + turn[2] * spot[2]
        _seen_from(rows[n, TARGET:MOVING], rows[n, MOVING:EARTHS], rows[n, LIGHT], j2000, way, seen)
        _seen_from(behind[n, BODY:BODY_MOVING], behind[n, BODY_MOVING:BODY_TURN], behind[n, BODY_LIGHT], j2000, way, centre)
        here, line = np.zeros(3), np.zeros(3)
        away, far, speed = 0.0, 0.0, 0.0
        for c in range(3):
            away += (seen[c] - centre[c]) ** 2
            far += centre[c] ** 2
            speed += abs(rows[n, MOVING + c] - behind[n, BODY_MOVING + c])
            for k in range(3):
                turned = behind[n, BODY_TURN + 3 * c + k] / radii[c]
                here[c] -= turned * centre[k]
                line[c] += turned * seen[k]
        square, product = 0.0, 0.0
        for c in range(3):
            square += line[c] * line[c]
            product += here[c] * line[c]
        part = min(max(-product / square, 0.0), 1.0)
        least = 0.0
        for c in range(3):
            least += (here[c] + part * line[c]) ** 2
        depth[n] = 1.0 - np.sqrt(least)
        margin[n] = (6500.0 * np.sqrt(away / far) + 0.05 * speed) / radii.min()
