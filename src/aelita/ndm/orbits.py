"""Orbits as other rooms use them: ephemerides in TAI with their interpolation, from OEM and OCM, and to OEM."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import TimeError, UnsupportedError, UsageError
from ..time import utc_from_tai_ns
from .columns import STATES
from .epochs import Epoch, epochs_from_tai_ns
from .interpolation import interpolated
from .model import Block, Message, Rows, Segment, Value
from .triangle import ROWS

Column = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ephemeris:
    """Positions (km) and velocities (km/s) of an object from `center` in `frame`, at epochs in TAI nanoseconds that rise.

    States are useable from `start_tai_ns` to `stop_tai_ns`. `method` (HERMITE, LAGRANGE or LINEAR, or empty) and `degree` (or 0)
    are what the message recommends.
    """

    object_name: str
    object_id: str
    center: str
    frame: str
    epoch_tai_ns: Column
    position_km: Reals
    velocity_km_s: Reals
    start_tai_ns: int
    stop_tai_ns: int
    method: str = ""
    degree: int = 0

    def states(self, at_tai_ns: Column, *, method: str = "", degree: int = 0) -> tuple[Reals, Reals]:
        """Return position (km) and velocity (km/s) at epochs, interpolated as the message recommends or as told.

        Raises TimeError for an epoch outside of the useable span; UsageError where neither message nor caller names method and
        degree, or there are too few states.
        """
        at = np.atleast_1d(np.asarray(at_tai_ns, np.int64))
        out = (at < self.start_tai_ns) | (at > self.stop_tai_ns)
        if out.any():
            told, first, last = (utc_from_tai_ns(int(e)) for e in (at[np.argmax(out)], self.start_tai_ns, self.stop_tai_ns))
            raise TimeError(
                f"{told} UTC is outside of the useable span of {self.object_name}, {first} to {last}",
                remedy="Ask within it, or for a longer ephemeris",
            )
        method, degree = (method or self.method).upper(), degree or self.degree
        if method == "LINEAR":
            degree = degree or 1
        if not method or not degree:
            missing = "INTERPOLATION" if not method else "INTERPOLATION_DEGREE"
            raise UsageError(f"the ephemeris of {self.object_name} has no {missing}", remedy="Give method and degree")
        return interpolated(self.epoch_tai_ns, self.position_km, self.velocity_km_s, at, method, degree)


def ephemerides(message: Message) -> tuple[Ephemeris, ...]:
    """Return the ephemeris of each segment of an OEM, or of each Cartesian trajectory of an OCM.

    Between two of them nothing may be interpolated (502.0-B-3, 5.2.4.6). Raises UsageError for another message, UnsupportedError
    for an OCM without Cartesian positions and velocities, TimeError for a time system that is not convertible.
    """
    if message.kind == "OEM":
        return tuple(_of_block(s.metadata, s.block("ephemeris"), s.metadata, "REF_FRAME") for s in message.segments)
    if message.kind != "OCM":
        raise UsageError(f"{message.kind} holds no ephemeris", remedy="Take an OEM, or an OCM with trajectories")
    found = [block for block in message.segments[0].blocks("traj") if _cartesian(block)]
    if not found:
        raise UnsupportedError("the OCM has no trajectory of Cartesian positions and velocities", remedy="Ask for CARTPV")
    return tuple(_of_block(block, block, message.metadata, "TRAJ_REF_FRAME") for block in found)


def _cartesian(block: Block) -> bool:
    return isinstance(block.rows, Rows) and block.rows.columns[:6] == STATES[:6]


def _of_block(about: Block, block: Block, metadata: Block, frame: str) -> Ephemeris:
    rows = block.rows
    assert isinstance(rows, Rows)
    tai, kept = np.unique(rows.epochs.tai_ns(), return_index=True)
    values = rows.values[kept]

    def bound(keyword: str, otherwise: int) -> int:
        value = about.values.get(keyword)
        return value.tai_ns if isinstance(value, Epoch) else otherwise

    degree = about.values.get("INTERPOLATION_DEGREE", 0)
    return Ephemeris(
        metadata.text("OBJECT_NAME", ""),
        metadata.text("OBJECT_ID" if "OBJECT_ID" in metadata else "INTERNATIONAL_DESIGNATOR", ""),
        about.text("CENTER_NAME", "EARTH"),
        about.text(frame, "ICRF"),
        tai,
        values[:, :3],
        values[:, 3:6],
        max(bound("USEABLE_START_TIME", int(tai[0])), int(tai[0])),
        min(bound("USEABLE_STOP_TIME", int(tai[-1])), int(tai[-1])),
        about.text("INTERPOLATION", "").upper(),
        degree if isinstance(degree, int) else 0,
    )


def states_at(parts: Sequence[Ephemeris], at_tai_ns: Column) -> tuple[Reals, Reals]:
    """Return position (km) and velocity (km/s) at epochs from the last of several ephemerides whose span holds each.

    Raises TimeError for an epoch in none, and what `Ephemeris.states` raises.
    """
    at = np.atleast_1d(np.asarray(at_tai_ns, np.int64))
    position, velocity, open_ = np.empty((at.size, 3)), np.empty((at.size, 3)), np.ones(at.size, bool)
    for part in reversed(parts):
        mine = open_ & (at >= part.start_tai_ns) & (at <= part.stop_tai_ns)
        if mine.any():
            position[mine], velocity[mine] = part.states(at[mine])
            open_ &= ~mine
    if open_.any():
        raise TimeError(f"{utc_from_tai_ns(int(at[np.argmax(open_)]))} UTC is in no useable span of the ephemerides")
    return position, velocity


def ephemeris_message(
    parts: Sequence[Ephemeris],
    *,
    originator: str,
    created_tai_ns: int,
    scale: str = "UTC",
    version: str = "2.0",
    comments: Sequence[str] = (),
) -> Message:
    """Return an OEM of ephemerides of one object, its epochs in UTC, TAI, TT, GPS or TDB; `comments` are those of the header."""
    created = epochs_from_tai_ns(np.array([created_tai_ns]), "UTC")[0]
    header = Block("header", {"CREATION_DATE": created, "ORIGINATOR": originator}, tuple(comments))
    return Message("OEM", version, header, tuple(_segment(part, scale) for part in parts))


def _segment(part: Ephemeris, scale: str) -> Segment:
    epochs = epochs_from_tai_ns(part.epoch_tai_ns, scale)
    useable = epochs_from_tai_ns(np.array([part.start_tai_ns, part.stop_tai_ns]), scale)
    values: dict[str, Value] = {
        "OBJECT_NAME": part.object_name, "OBJECT_ID": part.object_id, "CENTER_NAME": part.center, "REF_FRAME": part.frame,
        "TIME_SYSTEM": scale, "START_TIME": epochs[0], "USEABLE_START_TIME": useable[0], "USEABLE_STOP_TIME": useable[1],
        "STOP_TIME": epochs[len(epochs) - 1],
    }  # fmt: skip
    if part.method:
        values["INTERPOLATION"] = part.method
    if part.degree:
        values["INTERPOLATION_DEGREE"] = part.degree
    rows = Rows(STATES[:6], epochs, np.hstack([part.position_km, part.velocity_km_s]))
    return Segment(Block("metadata", values), (Block("ephemeris", rows=rows),))


def covariance_of(block: Block) -> Reals:
    """Return the 6x6 matrix of a covariance block (OPM, OMM, OEM, RDM): km**2, km**2/s and km**2/s**2."""
    matrix = np.empty((6, 6))
    for row, names in enumerate(ROWS):
        for column, name in enumerate(names):
            matrix[row, column] = matrix[column, row] = block.number(name)
    return matrix
