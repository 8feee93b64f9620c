"""Orbits in files: states read from OEM, OPM and SPK, and written as OEM, SPK or tables."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...dynamics import StateVector
from ...ephemeris import HermiteStates, body_number, furnish, release, spk_octets, state
from ...errors import UsageError
from ...ndm import Block, Composite, Message, Rows, Segment, epochs_from_tai_ns, read, write
from ...time import SECOND, et_from_tai_ns
from .reading import octets_of
from .tables import utc_column

INERTIAL = {"J2000", "EME2000", "ICRF", "GCRF", "ICRF2", "ICRF3"}  # 23 mas apart at most: 0.4 m at 3,800 km
SPK_SUFFIXES, XML_SUFFIXES, KVN_SUFFIXES = {".bsp", ".spk"}, {".xml"}, {".oem", ".kvn", ".txt"}
STATE_COLUMNS = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
ORIGINATOR = "AELITA"


@dataclass(frozen=True, slots=True, eq=False)
class Arc:
    """States (rows of km, km/s) of an object about a centre at rising epochs (TAI nanoseconds), in axes of J2000."""

    name: str
    centre: str
    epochs: NDArray[np.int64]
    states: NDArray[np.float64]
    ident: str = ""

    def first(self) -> StateVector:
        """Return its first state."""
        return self.at(0)

    def at(self, row: int) -> StateVector:
        """Return one of its states."""
        return StateVector(int(self.epochs[row]), self.states[row, :3], self.states[row, 3:], self.centre)

    def table(self) -> pl.DataFrame:
        """Return its states as rows with UTC."""
        names = ("x_km", "y_km", "z_km", "vx_km_s", "vy_km_s", "vz_km_s")
        columns = {name: self.states[:, at] for at, name in enumerate(names)}
        return pl.DataFrame({"utc": utc_column(self.epochs.tolist()), **columns})


def read_arcs(path: Path) -> tuple[Arc, ...]:
    """Return the arcs of an OEM (one a segment) or the state of an OPM. Raises UsageError for what holds no states of J2000."""
    return arcs_of(read(octets_of(path), where=str(path)), str(path))


def arcs_of(message: Message | Composite, where: str) -> tuple[Arc, ...]:
    """Return the arcs of a message, as `read_arcs` does."""
    if isinstance(message, Composite):
        raise UsageError("several messages in one", where=where, remedy="Give one OEM or OPM")
    if message.kind == "OPM":
        return (_opm(message, where),)
    if message.kind != "OEM":
        raise UsageError(
            f"a message of kind {message.kind} holds no orbit that is read here", where=where, remedy="Give an OEM or OPM"
        )
    return tuple(_oem_segment(segment, where) for segment in message.segments)


def read_spk(path: Path, body: str, centre: str, start: int, stop: int, step_s: float) -> Arc:
    """Return states of a body from an SPK between two instants (TAI nanoseconds), every so many seconds."""
    furnish(path)
    try:
        epochs = np.arange(start, stop + 1, round(step_s * SECOND), dtype=np.int64)
        return Arc(body, centre, epochs, state(body, centre, epochs), body)
    finally:
        release(path)


def oem_of(arcs: tuple[Arc, ...], *, made_at: int, degree: int = 7) -> Message:
    """Return arcs as an OEM of version 2; `made_at` dates it.

    It is to be interpolated by Hermite polynomials of `degree`, or lower where an arc has few states.
    """
    header = Block("header", {"CREATION_DATE": epochs_from_tai_ns(np.array([made_at]), "UTC")[0], "ORIGINATOR": ORIGINATOR})
    return Message("OEM", "2.0", header, tuple(_segment(arc, degree) for arc in arcs))


def write_arcs(arcs: tuple[Arc, ...], out: Path, *, made_at: int, body: int | None = None, degree: int = 7) -> None:
    """Write arcs to a file whose ending says how: .oem, .kvn, .txt (OEM in KVN), .xml (OEM in XML) or .bsp (SPK).

    For an SPK `body` is the number that the object gets there. Raises UsageError for another ending or a missing number.
    """
    suffix = out.suffix.lower()
    if suffix in KVN_SUFFIXES | XML_SUFFIXES:
        out.write_bytes(
            write(oem_of(arcs, made_at=made_at, degree=degree), "xml" if suffix in XML_SUFFIXES else "kvn", where=str(out))
        )
        return
    check_out(out, body, *(arc.centre for arc in arcs))
    for arc in arcs:
        if len(arc.epochs) < 2:
            raise UsageError(
                f"{arc.name} is there at one instant alone: an SPK needs an arc", where=str(out),
                remedy="Fly it on: aelita nav propagate ORBIT --hours 24 --out FILE.bsp --body NUMBER",
            )  # fmt: skip
    assert body is not None
    segments = [
        HermiteStates(
            body, body_number(arc.centre), np.asarray(et_from_tai_ns(arc.epochs)), arc.states, name=arc.name[:40], degree=degree
        )
        for arc in arcs
    ]
    with out.open("wb") as file:
        file.writelines(spk_octets(segments, name=arcs[0].name[:60]))


def check_out(out: Path, body: int | None, *centres: str) -> None:
    """Raise UsageError where `write_arcs` could not write to a file of that name: before the work, not after it."""
    suffix = out.suffix.lower()
    if suffix in KVN_SUFFIXES | XML_SUFFIXES:
        return
    if suffix not in SPK_SUFFIXES:
        raise UsageError(f"{suffix or 'no ending'} is no format of orbits", where=str(out), remedy="Use .oem, .xml or .bsp")
    if body is None:
        raise UsageError("an SPK needs the number of the body", where=str(out), remedy="Give it: --body -143")
    if body == 0 or abs(body) >= 2**31 or body in {body_number(centre) for centre in centres}:
        raise UsageError(
            f"{body} is no number for a body about {centres[0]}", where=str(out), remedy="Spacecraft are negative: --body -143"
        )


def _segment(arc: Arc, degree: int) -> Segment:
    epochs = epochs_from_tai_ns(arc.epochs, "UTC")
    metadata = Block(
        "metadata",
        {
            "OBJECT_NAME": arc.name, "OBJECT_ID": arc.ident or arc.name, "CENTER_NAME": arc.centre, "REF_FRAME": "EME2000",
            "TIME_SYSTEM": "UTC", "START_TIME": epochs[0], "STOP_TIME": epochs[len(epochs) - 1],
            "INTERPOLATION": "HERMITE", "INTERPOLATION_DEGREE": max(1, min(degree, 2 * len(epochs) - 1)),
        },
    )  # fmt: skip
    return Segment(metadata, (Block("ephemeris", rows=Rows(STATE_COLUMNS, epochs, arc.states)),))


def _oem_segment(segment: Segment, where: str) -> Arc:
    rows = segment.block("ephemeris").rows
    assert isinstance(rows, Rows)
    _check_frame(segment.metadata, where)
    states = np.column_stack([rows.column(name) for name in STATE_COLUMNS])
    name, ident = segment.metadata.text("OBJECT_NAME"), segment.metadata.text("OBJECT_ID")
    return Arc(name, segment.metadata.text("CENTER_NAME").upper(), rows.epochs.tai_ns(), states, ident)


def _opm(message: Message, where: str) -> Arc:
    _check_frame(message.metadata, where)
    block = message.block("stateVector")
    states = np.array([[block.number(name) for name in STATE_COLUMNS]])
    epochs = np.array([block.epoch("EPOCH").tai_ns], np.int64)
    name, ident = message.metadata.text("OBJECT_NAME"), message.metadata.text("OBJECT_ID")
    return Arc(name, message.metadata.text("CENTER_NAME").upper(), epochs, states, ident)


def _check_frame(metadata: Block, where: str) -> None:
    frame = metadata.text("REF_FRAME").upper()
    if frame not in INERTIAL:
        raise UsageError(f"its frame is {frame}", where=where, remedy=f"Orbits are read in {', '.join(sorted(INERTIAL))}")
