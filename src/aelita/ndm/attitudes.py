"""Attitudes as other rooms use them: quaternions in TAI, from AEM and to AEM."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedError, UsageError
from .epochs import epochs_from_tai_ns
from .model import Block, Message, Rows, Segment, Value

Column = NDArray[np.int64]
Reals = NDArray[np.float64]
_Q = ("Q1", "Q2", "Q3", "QC")


@dataclass(frozen=True, slots=True, eq=False)
class AttitudeEphemeris:
    """Quaternions of the rotation from `frame_a` to `frame_b`, scalar last, as rows, at epochs in TAI nanoseconds."""

    object_name: str
    object_id: str
    frame_a: str
    frame_b: str
    epoch_tai_ns: Column
    quaternion: Reals


def attitudes(message: Message) -> tuple[AttitudeEphemeris, ...]:
    """Return the quaternions of each segment of an AEM, turned to go from frame A to frame B and to have the scalar last.

    Raises UsageError for another message, UnsupportedError for attitudes that are not quaternions, TimeError for a time system
    that is not convertible.
    """
    if message.kind != "AEM":
        raise UsageError(f"{message.kind} holds no attitude ephemeris", remedy="Take an AEM")
    return tuple(_of_segment(segment) for segment in message.segments)


def _of_segment(segment: Segment) -> AttitudeEphemeris:
    metadata, rows = segment.metadata, segment.block("attitude").rows
    assert isinstance(rows, Rows)
    if not set(_Q) <= set(rows.columns):
        raise UnsupportedError(f"ATTITUDE_TYPE {metadata['ATTITUDE_TYPE']!s} holds no quaternions", remedy="Ask for QUATERNION")
    quaternion = np.column_stack([rows.column(name) for name in _Q])
    if metadata.text("ATTITUDE_DIR", "A2B").upper() == "B2A":
        quaternion = quaternion * [-1, -1, -1, 1]
    frames = metadata.text("REF_FRAME_A"), metadata.text("REF_FRAME_B")
    return AttitudeEphemeris(metadata.text("OBJECT_NAME"), metadata.text("OBJECT_ID"), *frames, rows.epochs.tai_ns(), quaternion)


def attitude_message(
    parts: Sequence[AttitudeEphemeris], *, originator: str, created_tai_ns: int, scale: str = "UTC", comments: Sequence[str] = ()
) -> Message:
    """Return an AEM (version 2.0) of quaternions, its epochs in UTC, TAI, TT, GPS or TDB."""
    created = epochs_from_tai_ns(np.array([created_tai_ns]), "UTC")[0]
    header = Block("header", {"CREATION_DATE": created, "ORIGINATOR": originator}, tuple(comments))
    return Message("AEM", "2.0", header, tuple(_segment(part, scale) for part in parts))


def _segment(part: AttitudeEphemeris, scale: str) -> Segment:
    epochs = epochs_from_tai_ns(part.epoch_tai_ns, scale)
    values: dict[str, Value] = {
        "OBJECT_NAME": part.object_name, "OBJECT_ID": part.object_id, "REF_FRAME_A": part.frame_a, "REF_FRAME_B": part.frame_b,
        "TIME_SYSTEM": scale, "START_TIME": epochs[0], "STOP_TIME": epochs[len(epochs) - 1], "ATTITUDE_TYPE": "QUATERNION",
    }  # fmt: skip
    return Segment(Block("metadata", values), (Block("attitude", rows=Rows(_Q, epochs, part.quaternion)),))
