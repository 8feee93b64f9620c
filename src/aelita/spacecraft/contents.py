"""What housekeeping structures hold: plausible values that are the same each time, simulated and no spacecraft's own.

The attitude is a steady slow turn; the directions of Earth and Sun are fixed in J2000, and agree with it in body axes.
"""

import math
import struct
from typing import TYPE_CHECKING

from .definition import Structure

if TYPE_CHECKING:
    from .board import Board

TURN_RAD_PER_S = 9e-4
AXIS = (0.6, 0.0, 0.8)
EARTH_J2000 = (0.48, -0.8, -0.36)
SUN_J2000 = (0.8, -0.48, -0.36)
COUNTERS = ("frames_accepted", "frames_refused", "frames_discarded", "security_refused", "packets", "accepted", "refused")

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


def attitude(second: float) -> Quaternion:
    """Return the attitude, body to J2000, scalar first, at a second of the on-board clock."""
    half = math.fmod(0.5 * TURN_RAD_PER_S * second, 2 * math.pi)
    x, y, z = (part * math.sin(half) for part in AXIS)
    return math.cos(half), x, y, z


def to_body(turn: Quaternion, inertial: Vector) -> Vector:
    """Return a J2000 vector in the axes of a body of that attitude."""
    scalar, *vector = turn
    x, y, z = (-part for part in vector)
    a, b, c = inertial
    t = (2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a))
    return (
        a + scalar * t[0] + y * t[2] - z * t[1],
        b + scalar * t[1] + z * t[0] - x * t[2],
        c + scalar * t[2] + x * t[1] - y * t[0],
    )


def written(structure: Structure, board: "Board") -> bytes:
    """Return the octets of a whole packet of a structure with its fields at their places; headers and the rest are zero."""
    turn = attitude(board.ticks() / board.time.ticks_per_second)
    made = bytearray(structure.octets)
    for one in structure.fields:
        match one.content:
            case "attitude":
                octets = struct.pack(">4f", *turn)
            case "earth" | "sun":
                octets = struct.pack(">3f", *(EARTH_J2000 if one.content == "earth" else SUN_J2000))
            case "earth_body" | "sun_body":
                vector = EARTH_J2000 if one.content == "earth_body" else SUN_J2000
                octets = struct.pack(">3f", *to_body(turn, vector))
            case _:
                octets = bytes([board.mode, board.boots & 255]) + board.security_report
                octets += b"".join((board.counters[name] & 0xFFFFFFFF).to_bytes(4) for name in COUNTERS)
        made[one.at : one.at + len(octets)] = octets
    return bytes(made[: structure.octets])
