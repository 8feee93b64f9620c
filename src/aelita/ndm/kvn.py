"""Messages in KVN, keyword = value notation, taken apart (CCSDS 502.0-B-3, 7; 503.0-B-2, 4; 504.0-B-2, 6)."""

import re

import numpy as np
from numpy.typing import NDArray

from .drafts import Drafts
from .faults import NdmError
from .lines import Lines
from .making import message_of
from .model import Message
from .standards import KINDS
from .tables import Keyword, Section

_VERSION = re.compile(r"CCSDS_([A-Z]{3})_VERS\s*=\s*(\S+)\s*$")
_ENTRY = re.compile(r"([A-Z][A-Za-z0-9_]*)\s*=\s*(.*)$", re.DOTALL | re.ASCII)
_NO_RECORD = re.compile(rb"^[ \t]*(COMMENT(?![^ \t\n])|[A-Z]+_ST(?:OP|ART)[ \t]*$)", re.MULTILINE)
MOST_LINES = 20_000_000  # what half a gibibyte of data lines holds: a flood of blank ones would take a hundred octets each
_NUMERIC_KINDS = frozenset("fivr")
Offsets = NDArray[np.int64]


def read_kvn(text: bytes, where: str) -> Message:
    """Return the message of a decoded text. Raises NdmError naming the line, the keyword and what is wrong."""
    if (count := max(text.count(b"\n"), text.count(b"\r"))) > MOST_LINES:
        what, remedy = f"the message has {count:,} lines, more than {MOST_LINES:,}", "Divide it"
        raise NdmError(what, where=where, line=MOST_LINES, remedy=remedy)
    lines = _Split(text)
    words = lines.words.tolist()
    if not len(lines):
        raise NdmError("the message is empty", where=where, remedy=_START)
    drafts = _begin(lines.line(0), lines.number(0), where)
    at, total = 1, len(lines)
    tail = iter(words[1:])  # the first is the version
    word = next(tail, total)
    while at < total:
        if at < word:
            drafts.rows(lines.run(at, word))
            at = word
        else:
            at = _word(drafts, lines, at)
            while word < at:
                word = next(tail, total)
    return message_of(drafts, lines.number(total - 1))


_START = f"The first line of a message is CCSDS_xxx_VERS = version, with xxx one of {', '.join(KINDS)}"


def _begin(line: str, number: int, where: str) -> Drafts:
    match = _VERSION.match(line)
    if not match:
        raise NdmError(f"not a CCSDS message: it begins with {line[:60]!r}", where=where, line=number, remedy=_START)
    return Drafts(match.group(1), match.group(2), number, where)


def _word(drafts: Drafts, lines: "_Split", at: int) -> int:
    """Take the line that begins with a letter; return the place of the next one to take."""
    line, number = lines.line(at), lines.number(at)
    if line == "COMMENT" or line.startswith(("COMMENT ", "COMMENT\t")):
        drafts.comment(line[8:])
        return at + 1
    if line.endswith("_START") and "=" not in line:
        section = _delimited(drafts, line.removesuffix("_START"), number)
        drafts.open(section, number)
        return _records(drafts, lines, at + 1) if section.rows == "observation" else at + 1
    if line.endswith("_STOP") and "=" not in line:
        open_ = drafts.within[-1].section.stem if drafts.within else ""
        if line.removesuffix("_STOP") != open_:
            expected = f", where {open_}_STOP must come first" if open_ else f" without {line.removesuffix('_STOP')}_START"
            raise drafts.fault(f"{line}{expected}", number, line)
        drafts.close()
        return at + 1
    match = _ENTRY.match(line)
    if not match:
        raise drafts.fault(f"{line[:60]!r} is neither keyword = value nor a comment", number, " ".join(line.split()[:1]))
    keyword, value = match.group(1), match.group(2).strip()
    begin = value.rfind("[") if value.endswith("]") and _may_have_unit(drafts, keyword) else -1
    text, unit = (value, None) if begin < 0 else (value[:begin].rstrip(), value[begin + 1 : -1])
    drafts.entry(keyword, text, unit, number)
    return at + 1


def _delimited(drafts: Drafts, stem: str, number: int) -> Section:
    inner = drafts.within[-1].section.sections if drafts.within else ()
    section = next((s for s in inner if s.stem == stem), None) or drafts.standard.delimited.get(stem)
    if section is None:
        known = ", ".join(f"{of}_START" for of in drafts.standard.delimited) or "no such line"
        raise drafts.fault(
            f"{stem}_START begins no block of this message ({drafts.standard.kind})",
            number,
            f"{stem}_START",
            f"It may have {known}",
        )
    return section


def _may_have_unit(drafts: Drafts, keyword: str) -> bool:
    standard = drafts.standard
    sections = (standard.header, *((standard.lead,) if standard.lead else ()), standard.metadata, *standard.data)
    inner = tuple(inner for section in standard.data for inner in section.sections)
    found: list[Keyword] = [s.keywords[keyword] for s in (*sections, *inner) if keyword in s.keywords]
    return any(of.kind in _NUMERIC_KINDS for of in found)


def _records(drafts: Drafts, lines: "_Split", at: int) -> int:
    """Take the records of a tracking data section, up to its end; return the place of the line that ends it."""
    while at < len(lines):
        stop = lines.find(_NO_RECORD, at)
        if at < stop:
            drafts.rows(lines.run(at, stop))
        if stop == len(lines) or not lines.line(stop).startswith("COMMENT"):
            return stop
        drafts.comment(lines.line(stop)[8:])
        at = stop + 1
    return at


class _Split:
    """The lines of a text that are not blank."""

    def __init__(self, text: bytes) -> None:
        self.text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
        octets = np.frombuffer(self.text, np.uint8)
        breaks = np.flatnonzero(octets == 10)
        starts, ends = np.append(0, breaks + 1), np.append(breaks, octets.size)
        starts = self._indented(octets, starts, ends)
        kept = np.flatnonzero(starts < ends)
        self.starts, self.ends, self.numbers = starts[kept], ends[kept], kept + 1
        head = octets[self.starts]
        data = ((head >= 48) & (head <= 57)) | (head == 43) | (head == 45) | (head == 46)
        self.words = np.flatnonzero(~data)

    def _indented(self, octets: NDArray[np.uint8], starts: Offsets, ends: Offsets) -> Offsets:
        """Return where the first character of each line is that is no blank, or the end of the line."""
        starts = starts.copy()
        late = np.arange(starts.size)
        for _ in range(200):
            late = late[starts[late] < ends[late]]
            late = late[(octets[starts[late]] == 32) | (octets[starts[late]] == 9)]
            if not late.size:
                return starts
            starts[late] += 1
        for at in late.tolist():
            line = self.text[starts[at] : ends[at]]
            starts[at] += len(line) - len(line.lstrip())
        return starts

    def __len__(self) -> int:
        return self.starts.size

    def line(self, at: int) -> str:
        return self.text[self.starts[at] : self.ends[at]].decode("utf-8").rstrip()

    def number(self, at: int) -> int:
        return int(self.numbers[at]) if 0 <= at < len(self) else 1

    def run(self, start: int, stop: int) -> Lines:
        part = slice(start, stop)
        return Lines(self.text, self.starts[part], self.ends[part], self.numbers[part])

    def find(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Return the place of the first line from `at` on that matches, or the number of lines."""
        found = pattern.search(self.text, self.text.rfind(b"\n", 0, int(self.starts[at])) + 1)
        return len(self) if found is None else int(np.searchsorted(self.starts, found.start(1)))
