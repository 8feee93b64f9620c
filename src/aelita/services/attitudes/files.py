"""Attitudes in files: AEM (KVN or XML) and CK of type 3, read and written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ... import ndm
from ...dynamics import angles_between, continued, turn_rates
from ...ephemeris import Attitudes, ck_octets, clock_ticks, read_ck, ticks_tai_ns
from ...errors import DataError, UsageError
from ...ndm import AttitudeEphemeris, Composite, Message, attitude_message, read, write
from ...time import utc_from_tai_ns
from ..navigation.orbit_files import INERTIAL, KVN_SUFFIXES, ORIGINATOR, XML_SUFFIXES
from ..navigation.reading import octets_of
from .clocks import furnished_clock

Reals = NDArray[np.float64]
CK_SUFFIXES = {".bc", ".ck"}
AEM_SUFFIXES = (KVN_SUFFIXES | {".aem"}) - {".oem"}
J2000, BODY = "EME2000", "SC_BODY_1"  # frames as messages call them
J2000_NUMBER = 1  # as SPICE does
LENGTH_ERROR = 1e-4  # of quaternions with five digits


@dataclass(frozen=True, slots=True, eq=False)
class AttitudeArc:
    """Attitudes of an object without a gap: unit quaternions (rows, scalar first, from J2000 to the body: SPICE's) at epochs.

    `rates_rad_s` are rows in J2000, None where they are not told. `structure` is the SPICE number of the body, 0 if unknown.
    """

    name: str
    ident: str
    epochs: NDArray[np.int64]
    quaternions: Reals
    rates_rad_s: Reals | None = None
    structure: int = 0

    def at(self, epochs_tai_ns: NDArray[np.int64]) -> Reals:
        """Return quaternions at epochs, turned evenly between two of its own as SPICE does; NaN outside of it."""
        at = np.asarray(epochs_tai_ns, np.int64)
        found = np.full((at.size, 4), np.nan)
        rows = np.flatnonzero((at >= self.epochs[0]) & (at <= self.epochs[-1]))
        if self.epochs.size == 1:
            found[rows] = self.quaternions[0]
        elif rows.size:
            turns = continued(self.quaternions)
            left = np.clip(np.searchsorted(self.epochs, at[rows], side="right") - 1, 0, self.epochs.size - 2)
            share = ((at[rows] - self.epochs[left]) / (self.epochs[left + 1] - self.epochs[left]))[:, None]
            half = angles_between(turns[left], turns[left + 1])[:, None] / 2
            small = half < 1e-9
            sine = np.where(small, 1.0, np.sin(half))
            before = np.where(small, 1 - share, np.sin((1 - share) * half) / sine)
            after = np.where(small, share, np.sin(share * half) / sine)
            some = before * turns[left] + after * turns[left + 1]
            found[rows] = some / np.linalg.norm(some, axis=1, keepdims=True)
        return found


def read_attitudes(
    path: Path, *, structure: int = 0, clock: Path | None = None, usual: Path | None = None
) -> tuple[AttitudeArc, ...]:
    """Return the attitudes of an AEM, or of a CK of which the clock is given, furnished, or the `usual` one.

    Raises UsageError for other frames than J2000 and a body, and for a CK of several structures of which none is named;
    DataError for quaternions whose length is not 1 and epochs that do not rise; and what the readers of both forms raise.
    """
    octets = octets_of(path)
    if is_ck(octets):
        return arcs_of_ck(octets, str(path), structure=structure, clock=clock, usual=usual)
    return arcs_of_message(read(octets, where=str(path)), str(path))


def is_ck(octets: bytes) -> bool:
    """Return whether octets begin as a binary kernel does."""
    return octets[:4] == b"DAF/" or octets[:8] == b"NAIF/DAF"


def arcs_of_message(message: Message | Composite, where: str) -> tuple[AttitudeArc, ...]:
    """Return the attitudes of an AEM, an arc a segment, as `read_attitudes` does."""
    if isinstance(message, Composite):
        raise UsageError("several messages in one", where=where, remedy="Give one AEM")
    if message.kind != "AEM":
        raise UsageError(f"a message of kind {message.kind} holds no attitudes over time", where=where, remedy="Give an AEM")
    return tuple(_of_segment(one, f"{where}, segment {number}") for number, one in enumerate(ndm.attitudes(message), 1))


def _of_segment(part: AttitudeEphemeris, where: str) -> AttitudeArc:
    """Return a segment as an arc. CCSDS 504.0-B counts the turn of the axes, scalar last; SPICE that of the vectors."""
    first, second = part.frame_a.upper(), part.frame_b.upper()
    quaternions = part.quaternion[:, [3, 0, 1, 2]] * [1.0, -1.0, -1.0, -1.0]
    if second in INERTIAL and first not in INERTIAL:
        quaternions = quaternions * [1.0, -1.0, -1.0, -1.0]
    elif first not in INERTIAL or second in INERTIAL:
        raise UsageError(
            f"its frames are {part.frame_a} and {part.frame_b}", where=where,
            remedy=f"Attitudes are read between a body and one of {', '.join(sorted(INERTIAL))}",
        )  # fmt: skip
    return AttitudeArc(part.object_name, part.object_id, *_checked(part.epoch_tai_ns, quaternions, where))


def _checked(epochs: NDArray[np.int64], quaternions: Reals, where: str) -> tuple[NDArray[np.int64], Reals]:
    length = np.linalg.norm(quaternions, axis=1)
    wrong = np.flatnonzero(~(np.abs(length - 1.0) < LENGTH_ERROR))
    if wrong.size:
        row = int(wrong[0])
        raise DataError(
            f"the quaternion of {utc_from_tai_ns(int(epochs[row]), 3)} has the length {length[row]:.6g}", where=where,
            remedy=f"{wrong.size} of {length.size} are not of length 1: they are no attitudes",
        )  # fmt: skip
    falls = np.flatnonzero(np.diff(epochs) <= 0)
    if falls.size:
        told = utc_from_tai_ns(int(epochs[falls[0] + 1]), 3)
        raise DataError(f"epochs do not rise at {told}", where=where, remedy="Put the attitudes in order, each once")
    return epochs, continued(quaternions / length[:, None])


def arcs_of_ck(
    octets: bytes, where: str, *, structure: int = 0, clock: Path | None = None, usual: Path | None = None
) -> tuple[AttitudeArc, ...]:  # fmt: skip
    """Return the attitudes of a CK, an arc an interval, as `read_attitudes` does. Later segments count before earlier ones."""
    segments = read_ck(octets, where)
    numbers = sorted({one.structure for one in segments})
    chosen = structure or numbers[0]
    if chosen not in numbers or (not structure and len(numbers) > 1):
        told = ", ".join(map(str, numbers))
        raise UsageError(f"it holds attitudes of {told}", where=where, remedy="Name one of them: --body -143000")
    those = [one for one in segments if one.structure == chosen]
    frames = sorted({str(one.frame) for one in those if one.frame != J2000_NUMBER})
    if frames:
        raise UsageError(f"its attitudes are from frame {', '.join(frames)}", where=where, remedy="Those from J2000 (1) are read")
    with furnished_clock(clock_of(chosen), clock, usual):
        arcs = sorted((arc for one in those for arc in _intervals(one, where)), key=lambda arc: int(arc.epochs[0]))
    for before, after in pairwise(arcs):
        if after.epochs[0] <= before.epochs[-1]:
            told = utc_from_tai_ns(int(after.epochs[0]), 3)
            raise UsageError(f"two intervals hold {told}", where=where, remedy="Give a CK whose segments follow each other")
    return tuple(arcs)


def _intervals(segment: Attitudes, where: str) -> Iterator[AttitudeArc]:
    epochs = ticks_tai_ns(clock_of(segment.structure), segment.ticks)
    edges = [*np.searchsorted(segment.ticks, segment.starts).tolist(), segment.ticks.size]
    for first, last in pairwise(edges):
        if first < last:
            rates = None if segment.rates_rad_s is None else segment.rates_rad_s[first:last]
            at, turns = _checked(epochs[first:last], segment.quaternions[first:last], where)
            yield AttitudeArc(str(clock_of(segment.structure)), str(segment.structure), at, turns, rates, segment.structure)


def clock_of(structure: int) -> int:
    """Return by the clock of which spacecraft a structure's attitudes are timed: SPICE's rule, without a frame kernel's word."""
    return structure if abs(structure) < 1000 else int(structure / 1000)


def structure_of(body: int) -> int:
    """Return the structure that the number of a spacecraft, or its own, means. Raises UsageError for what is neither."""
    if not -(2**31) < body < 0:
        raise UsageError(
            f"{body} is no number of a spacecraft", remedy="They are negative: --body -143, or -143000 for the structure"
        )
    return body * 1000 if body > -1000 else body


def write_attitudes(
    arcs: Sequence[AttitudeArc], out: Path, *, made_at: int, structure: int = 0, clock: Path | None = None,
    usual: Path | None = None, comments: Sequence[str] = (),
) -> None:  # fmt: skip
    """Write arcs to a file whose ending says how: .aem, .kvn, .txt (AEM in KVN), .xml (AEM in XML), .bc or .ck (CK, type 3).

    For a CK `structure` is the number that turns, and its clock is needed. Raises UsageError for another ending.
    """
    suffix = out.suffix.lower()
    if suffix in CK_SUFFIXES:
        out.write_bytes(ck_of(arcs, structure=structure, clock=clock, usual=usual, comments=comments))
    elif suffix in AEM_SUFFIXES | XML_SUFFIXES:
        out.write_bytes(aem_of(arcs, made_at=made_at, xml=suffix in XML_SUFFIXES, comments=comments))
    else:
        raise UsageError(f"{suffix or 'no ending'} is no format of attitudes", where=str(out), remedy="Use .aem, .xml or .bc")


def aem_of(arcs: Sequence[AttitudeArc], *, made_at: int, xml: bool = False, comments: Sequence[str] = ()) -> bytes:
    """Return arcs as an AEM (2.0, UTC): quaternions from EME2000 to the body, a segment an arc."""
    parts = [
        AttitudeEphemeris(
            one.name, one.ident, J2000, BODY, one.epochs, one.quaternions[:, [1, 2, 3, 0]] * [-1.0, -1.0, -1.0, 1.0]
        )
        for one in arcs
    ]
    return write(
        attitude_message(parts, originator=ORIGINATOR, created_tai_ns=made_at, comments=comments), "xml" if xml else "kvn"
    )


def ck_of(
    arcs: Sequence[AttitudeArc], *, structure: int, clock: Path | None = None, usual: Path | None = None,
    comments: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """Return arcs as a CK of type 3, a segment an arc; rates that are not told are those of the turns between the attitudes."""
    if not structure:
        raise UsageError("a CK needs the number of what turns", where="CK", remedy="Give it: --body -143")
    number = structure_of(structure)
    with furnished_clock(clock_of(number), clock, usual):
        segments = [_segment(one, number) for one in arcs]
    return b"".join(ck_octets(segments, name=arcs[0].name[:60], comments="\n".join(comments)))


def _segment(arc: AttitudeArc, structure: int) -> Attitudes:
    rates = turn_rates(arc.quaternions, arc.epochs) if arc.rates_rad_s is None else arc.rates_rad_s
    ticks = clock_ticks(clock_of(structure), arc.epochs)
    return Attitudes(structure, ticks, arc.quaternions, rates, name=arc.name[:40] or "ATTITUDE")


def convert_attitudes(
    source: Path, out: Path, *, made_at: int, body: int | None = None, clock: Path | None = None
) -> str:  # fmt: skip
    """Write an AEM as a CK or a CK as an AEM, as the ending of `out` says, and return what it is in words."""
    structure = 0 if body is None else structure_of(body)
    arcs = read_attitudes(source, structure=structure, clock=clock)
    number = structure or arcs[0].structure
    told = f"Converted from {source.name}"
    write_attitudes(arcs, out, made_at=made_at, structure=number, clock=clock, comments=(told,))
    rows = sum(one.epochs.size for one in arcs)
    kind = "CK" if is_ck(octets_of(source)) else "AEM"
    return f"{kind} of {arcs[0].name}, {rows:,} attitudes in {len(arcs)} {'arc' if len(arcs) == 1 else 'arcs'}"
