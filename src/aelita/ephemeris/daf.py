"""The container of binary SPICE kernels (DAF): segments read from octets, and written as octets. No SPICE and no files here.

Layout: records of 1,024 octets; a file record, comments, summaries of 25 segments with a record of names each, data in doubles
counted from 1 (NAIF, DAF Required Reading).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError, UsageError

RECORD, DOUBLE = 1024, 8
PER_RECORD = 25  # summaries of two doubles and six integers: five words each
NAME_OCTETS = 40
COMMENT_OCTETS = 1000
TRANSFER_CHECK = b"FTPSTR:\r:\n:\r\n:\r\x00:\x81:\x10\xce:ENDFTP"  # damaged when a file goes through a text transfer
Reals = NDArray[np.float64]
KINDS = (b"DAF/SPK ", b"DAF/CK  ", b"DAF/PCK ", b"NAIF/DAF")
MOST_SEGMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class DafSegment:
    """One segment as its summary tells: two doubles, six integers of which the last two are first and last word, and its name."""

    doubles: tuple[float, float]
    integers: tuple[int, int, int, int, int, int]
    name: str


@dataclass(frozen=True, slots=True)
class DafFile:
    """The segments of a binary kernel in the order of the file, and its kind: SPK, CK or PCK."""

    kind: str
    segments: tuple[DafSegment, ...]
    big_endian: bool

    def words(self, octets: bytes | memoryview, first: int, last: int) -> Reals:
        """Return the doubles at word addresses `first` to `last` of the file's octets."""
        order = ">f8" if self.big_endian else "<f8"
        return np.frombuffer(octets[(first - 1) * DOUBLE : last * DOUBLE], order).astype(np.float64)


def read_daf(octets: bytes | memoryview, where: str = "kernel") -> DafFile:
    """Return what a binary kernel holds. Only its summaries are touched: a memory map of a large file is read in parts.

    Raises DefinitionError for octets that are no DAF, are cut, or whose summaries lead nowhere.
    """
    if len(octets) < RECORD or bytes(octets[:8]) not in KINDS:
        raise DefinitionError("this is no binary kernel (DAF)", where=where, remedy="Give an SPK, CK or PCK file")
    big = _is_big(octets, where)
    head = Struct(">II60sIII" if big else "<II60sIII")
    doubles, integers, _, first, _, _ = head.unpack(octets[8 : 8 + head.size])
    kind = bytes(octets[:8]).decode().rpartition("/")[2].strip()
    if (doubles, integers) not in ((2, 6), (2, 5)):
        raise DefinitionError(f"summaries of {doubles} doubles and {integers} integers are those of no known kernel", where=where)
    return DafFile(kind, tuple(_segments(octets, first, integers, big, where)), big)


def _is_big(octets: bytes | memoryview, where: str) -> bool:
    named = bytes(octets[88:96])
    if named in (b"BIG-IEEE", b"LTL-IEEE"):
        return named == b"BIG-IEEE"
    if int.from_bytes(octets[8:12], "little") == 2:  # files from before the toolkit named the order
        return False
    if int.from_bytes(octets[8:12], "big") == 2:
        return True
    raise DefinitionError(f"the binary format {named!r} is not IEEE", where=where, remedy="Convert it with NAIF's bingo")


def _segments(octets: bytes | memoryview, record: int, integers: int, big: bool, where: str) -> Iterator[DafSegment]:
    order, words = ">" if big else "<", 2 + (integers + 1) // 2
    control, summary = Struct(order + "ddd"), Struct(f"{order}dd{integers}i")
    seen: set[int] = set()
    while record:
        start = (record - 1) * RECORD
        if record in seen or record < 2 or start + 2 * RECORD > len(octets):
            raise DefinitionError(f"summary record {record} is not in the file, or comes twice", where=where, remedy=CUT)
        seen.add(record)
        following, _, count = control.unpack(octets[start : start + control.size])
        if not 0 <= count <= 125 // words or not 0 <= following < 2**31:
            raise DefinitionError(f"summary record {record} is damaged", where=where, remedy=CUT)
        for n in range(int(count)):
            at = start + control.size + n * words * DOUBLE
            first, second, *numbers = summary.unpack(octets[at : at + summary.size])
            if not 1 <= numbers[-2] <= numbers[-1] <= len(octets) // DOUBLE:
                raise DefinitionError(f"segment {n + 1} of record {record} reaches beyond the file", where=where, remedy=CUT)
            name_at = start + RECORD + n * words * DOUBLE
            name = bytes(octets[name_at : name_at + words * DOUBLE]).decode("latin-1").rstrip(" \0")
            six = (*numbers[:3], 0, *numbers[3:]) if integers == 5 else tuple(numbers)  # binary PCK has no centre
            a, b, c, d, e, f = six
            yield DafSegment((first, second), (a, b, c, d, e, f), name)
        record = int(following)


CUT = "Get the file again: it was cut or damaged on its way"


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment to write: its summary without addresses, its name, its number of words, and its data in parts."""

    doubles: tuple[float, float]
    integers: tuple[int, int, int, int]
    name: str
    words: int
    parts: Sequence[NDArray[np.float64]]


def daf_octets(kind: str, segments: Sequence[NewSegment], *, name: str = "", comments: str = "") -> Iterator[bytes]:
    """Yield the octets of a binary kernel (little endian), in parts of which only the segments' data are large.

    Raises UsageError for no segments, names longer than 40 octets, and data that are not as long as they are said to be.
    """
    label = {"SPK": b"DAF/SPK ", "CK": b"DAF/CK  "}.get(kind)
    if label is None or not 1 <= len(segments) <= MOST_SEGMENTS:
        raise UsageError(f"a kernel {kind!r} of {len(segments)} segments cannot be written", remedy="Give segments of SPK or CK")
    remarks = _comment_records(comments)
    first = 2 + len(remarks) // RECORD
    groups = [segments[n : n + PER_RECORD] for n in range(0, len(segments), PER_RECORD)]
    address = (first - 1 + 2 * len(groups)) * RECORD // DOUBLE + 1
    last = first + 2 * (len(groups) - 1)
    free = address + sum(one.words for one in segments)
    yield _file_record(label, name, first, last, free)
    yield remarks
    for n, group in enumerate(groups):
        record, address = _summary_record(group, first + 2 * n, n, len(groups), address)
        yield record
    written = 0
    for one in segments:
        length = 0
        for part in one.parts:
            length += part.size
            yield np.ascontiguousarray(part, "<f8").tobytes()
        if length != one.words:
            raise UsageError(f"segment {one.name!r} has {length} words instead of {one.words}")
        written += length
    yield bytes(-written * DOUBLE % RECORD)


def _file_record(label: bytes, name: str, first: int, last: int, free: int) -> bytes:
    inner = name.encode("ascii", "replace")[:60].ljust(60)
    head = label + Struct("<II60sIII8s").pack(2, 6, inner, first, last, free, b"LTL-IEEE")
    return (head + bytes(699 - len(head)) + TRANSFER_CHECK).ljust(RECORD, b"\0")


def _comment_records(comments: str) -> bytes:
    if not comments:
        return b""
    text = "".join(line + "\0" for line in comments.splitlines()).encode("ascii", "replace") + b"\x04"
    parts = (text[n : n + COMMENT_OCTETS] for n in range(0, len(text), COMMENT_OCTETS))
    return b"".join(part.ljust(RECORD, b"\0") for part in parts)


def _summary_record(group: Sequence[NewSegment], record: int, number: int, count: int, address: int) -> tuple[bytes, int]:
    """Return a record of summaries with that of names, and the address after the data of these segments."""
    summary, following = Struct("<dd6i"), record + 2 if number + 1 < count else 0
    rows, names = b"", b""
    for one in group:
        rows += summary.pack(*one.doubles, *one.integers, address, address + one.words - 1)
        address += one.words
        encoded = one.name.encode("ascii", "replace")
        if len(encoded) > NAME_OCTETS:
            raise UsageError(f"the name {one.name!r} of a segment is longer than {NAME_OCTETS} characters")
        names += encoded.ljust(NAME_OCTETS)
    head = Struct("<ddd").pack(following, record - 2 if number else 0, len(group))
    return (head + rows).ljust(RECORD, b"\0") + names.ljust(RECORD, b" "), address
