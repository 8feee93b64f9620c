"""Keywords, comments and data lines, as either form gives them, put in the blocks of their standard.

A reader says what it meets (`begin`, `open`, `entry`, `comment`, `rows`, `close`) with the line. In KVN many blocks have no
delimiters: then the order of the sections in the table tells where a keyword belongs.
"""

from dataclasses import dataclass, field

from .faults import NdmError
from .lines import Lines
from .standards import KINDS, STANDARDS, holders, versions_of
from .tables import USER, Section, Standard
from .triangle import Entry, triangle


@dataclass(slots=True)
class Draft:
    """A block being read, from `line` on; `last` is the table's place of its latest keyword."""

    section: Section
    line: int
    entries: dict[str, Entry] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    lines: list[Lines] = field(default_factory=list)
    blocks: list["Draft"] = field(default_factory=list)
    last: int = -1


class Drafts:
    """The blocks of one message being read. `where` names the file in errors."""

    def __init__(self, kind: str, version: str, line: int, where: str) -> None:
        """Start a message. Raises NdmError for a kind or a version that is not known."""
        self.where, self.version = where, version
        found = STANDARDS.get((kind, version))
        if found is None:
            known, of = (
                (", ".join(versions_of(kind)), f"version {version!r} of {kind}") if kind in KINDS else (", ".join(KINDS), kind)
            )
            raise self.fault(f"{of} is not known", line, f"CCSDS_{kind}_VERS", f"Known are {known}")
        self.standard: Standard = found
        self.header = Draft(found.header, line)
        self.lead: Draft | None = None
        self.segments: list[tuple[Draft, list[Draft]]] = []
        self.within: list[Draft] = []  # blocks between delimiters
        self._at: Draft | None = self.header  # the block that keywords alone told
        self._step = 0  # its place among the undelimited sections
        self._pending: list[str] = []  # comments for the next block

    def fault(self, what: str, line: int, keyword: str = "", remedy: str = "") -> NdmError:
        """Return an error that names file, line and keyword."""
        return NdmError(what, where=self.where, line=line, keyword=keyword, remedy=remedy)

    def comment(self, text: str) -> None:
        """Keep a comment: of the delimited block in which it stands, or else of the next block."""
        full = self.within and self.within[-1].section.rows == "triangle" and len(self.within[-1].entries) > 3
        (self.within[-1].comments if self.within and not full else self._pending).append(text)

    def open(self, section: Section, line: int) -> None:
        """Enter a delimited block. Raises NdmError where it may not stand."""
        if section is self.standard.header:
            self._enter(self.header)
            return
        if section is self.standard.metadata and self._at is self.header:
            self._take_comments(self.header)
        draft = Draft(section, line)
        if self.within:
            if section not in self.within[-1].section.sections:
                outer = self.within[-1]
                raise self.fault(f"{section.name} begins inside {outer.section.name} of line {outer.line}", line, section.name)
            self.within[-1].blocks.append(draft)
        else:
            self._append(draft)
        self._enter(draft)

    def _enter(self, draft: Draft) -> None:
        self._take_comments(draft)
        self.within.append(draft)
        self._at = None

    def _append(self, draft: Draft) -> None:
        """Put a block in its place in the message."""
        section, line = draft.section, draft.line
        if section is self.standard.lead:
            if self.lead is not None:
                raise self.fault(f"{section.name} stands twice, here and at line {self.lead.line}", line, section.name)
            self.lead = draft
        elif section is self.standard.metadata:
            self._append_segment(draft)
        elif not self.segments:
            raise self.fault(f"{section.name} stands before the metadata", line, section.name)
        else:
            data = self.segments[-1][1]
            before = None if section.many else next((block for block in data if block.section is section), None)
            if before is not None:
                raise self.fault(f"{section.name} stands twice, here and at line {before.line}", line, section.name)
            data.append(draft)

    def _append_segment(self, draft: Draft) -> None:
        if self.segments:
            before, data = self.segments[-1]
            if self.standard.segments[1] == 1:
                raise self.fault("a second metadata section: a message of this kind has one", draft.line, "metadata")
            if not data:
                what = f"a second metadata section, but that of line {before.line} has no data after it"
                raise self.fault(what, draft.line, "metadata", "Remove one, or give the data of the first")
        self.segments.append((draft, []))

    def close(self) -> None:
        """Leave the delimited block."""
        self._take_comments(self.within.pop())

    def _take_comments(self, draft: Draft) -> None:
        draft.comments += self._pending
        self._pending = []

    def entry(self, keyword: str, text: str, unit: str | None, line: int) -> None:
        """Take keyword and value. Raises NdmError where the keyword is unknown, misplaced or repeated."""
        draft = self.within[-1] if self.within else self._place(keyword, line)
        section = draft.section
        if not section.takes(keyword):
            raise self._stranger(keyword, section, line)
        if keyword == "EPOCH" and section.rows == "triangle" and keyword in draft.entries:
            draft = Draft(section, line)  # the next matrix
            self._append(draft)
            self.within[-1] = draft
        if keyword in draft.entries:
            raise self.fault(f"{keyword} stands twice, here and at line {draft.entries[keyword][2]}", line, keyword)
        self._take_comments(draft)
        draft.entries[keyword] = (text, unit, line)
        draft.last = section.places.get(keyword, len(section.places))

    def _place(self, keyword: str, line: int) -> Draft:
        """Return the undelimited block where a keyword belongs: the one begun, or the first after it that takes it."""
        steps, at, metadata = self.standard.undelimited, self._at, self.standard.metadata
        if at is not None and at.section.takes(keyword):
            again = at.section.many and at.section.places[keyword] <= at.last
            return self._begin(at.section, line) if again else at
        for step in range(self._step + 1, len(steps)):
            if steps[step].takes(keyword):
                self._step = step
                return self._begin(steps[step], line)
        if self.standard.segments[1] > 1 and metadata in steps and keyword == next(iter(metadata.keywords)):
            self._step = steps.index(metadata)
            return self._begin(metadata, line)
        raise self._stranger(keyword, at.section if at else None, line)

    def _begin(self, section: Section, line: int) -> Draft:
        self._at = Draft(section, line)
        self._append(self._at)
        return self._at

    def loose(self, keyword: str, text: str, unit: str | None, line: int) -> None:
        """Take a keyword that stands in the XML data outside of any block."""
        section = next((s for s in self.standard.data if s.bare and s.takes(keyword)), None)
        if section is None:
            raise self._stranger(keyword, None, line)
        if self._at is None or self._at.section is not section:
            self._begin(section, line)
        self.entry(keyword, text, unit, line)

    def rows(self, lines: Lines, section: Section | None = None) -> None:
        """Take data lines, of the open block or of a section. Raises NdmError where there may be none."""
        first = int(lines.numbers[0])
        if self.within:
            draft = self.within[-1]
            if not draft.section.rows:
                raise self.fault(f"a data line in {draft.section.name}", first, draft.section.name, "Write KEYWORD = value")
        else:
            draft = self._begun(section or next((s for s in self.standard.data if s.rows and not s.stem), None), first)
        self._take_comments(draft)
        if draft.section.rows == "triangle":
            draft.entries |= triangle(lines, draft.entries, self.where)
        else:
            draft.lines.append(lines)

    def _begun(self, section: Section | None, line: int) -> Draft:
        if section is None or not self.segments:
            raise self.fault("a line that is neither keyword nor comment", line, "", "Write KEYWORD = value")
        data = self.segments[-1][1]
        if data and data[-1].section is section:
            return data[-1]
        draft = Draft(section, line)
        self._append(draft)
        return draft

    def end(self, line: int) -> None:
        """Check that the message ends where it may. Raises NdmError for one that is cut off."""
        if self.within:
            open_ = self.within[-1]
            stop = f"{open_.section.stem}_STOP"
            raise self.fault(f"no {stop} after line {open_.line}: the message is cut off", line, stop)
        last = self.header if not self.segments else (self.segments[-1][1] or [self.segments[-1][0]])[-1]
        self._take_comments(last)

    def _stranger(self, keyword: str, section: Section | None, line: int) -> NdmError:
        standard = self.standard
        sections = (standard.header, *((standard.lead,) if standard.lead else ()), standard.metadata, *standard.data)
        homes = [s.name for s in sections if s.takes(keyword) and s is not section]
        if homes:
            here = section.name if section else "the data"
            return self.fault(
                f"{keyword} belongs in {' or '.join(homes)}, not in {here}", line, keyword, "The order of the blocks is fixed"
            )
        versions = holders(standard.kind, keyword)
        if versions:
            return self.fault(f"{keyword} is of version {versions[0]}, the message of {self.version}", line, keyword)
        user = f", or write {USER}{keyword}" if any(s.user for s in sections) else ", or make it a comment"
        return self.fault(f"{keyword} is no keyword of this message ({standard.kind})", line, keyword, f"Correct it{user}")
