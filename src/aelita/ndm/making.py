"""Drafts made into a message: texts into values, lines into columns, and what is missing named."""

from collections.abc import Mapping
from dataclasses import replace

from .checks import check
from .columns import Layout, layout
from .drafts import Draft, Drafts
from .epochs import Epoch
from .faults import NdmError
from .lines import Reading, observations_of, rows_of
from .model import Block, Message, Observations, Rows, Segment, Value
from .tables import Keyword, Section
from .tables_tracking import OBSERVABLES
from .values import Place, check_unit, is_numeric, value_of


def message_of(drafts: Drafts, line: int) -> Message:
    """Return the message of drafts that end at a line. Raises NdmError for what is wrong, missing or does not agree."""
    return _Making(drafts).message(line)


class _Making:
    def __init__(self, drafts: Drafts) -> None:
        self.drafts, self.standard, self.where, self.version = drafts, drafts.standard, drafts.where, drafts.version

    def message(self, line: int) -> Message:
        drafts, standard = self.drafts, self.standard
        drafts.end(line)
        header = self._block(drafts.header, "UTC")
        if standard.lead is not None and drafts.lead is None:
            raise self._missing(standard.lead, line, "the message")
        lead = None if drafts.lead is None else self._block(drafts.lead, standard.scale)
        if len(drafts.segments) < standard.segments[0]:
            found = f"{len(drafts.segments)} of {standard.segments[0]}" if drafts.segments else "no"
            raise drafts.fault(f"the message has {found} metadata sections: it is cut off", line, "metadata")
        segments = tuple(self._segment(metadata, data) for metadata, data in drafts.segments)
        message = Message(standard.kind, self.version, header, segments, lead)
        check(message, self.where, tuple((m.line, tuple(d.line for d in data)) for m, data in drafts.segments))
        return message

    def _segment(self, metadata: Draft, data: list[Draft]) -> Segment:
        scale = self.standard.scale
        if not scale and "TIME_SYSTEM" in metadata.entries:
            text, _, line = metadata.entries["TIME_SYSTEM"]
            keyword = metadata.section.keywords["TIME_SYSTEM"]
            scale = str(value_of(keyword, text, "", Place(self.where, line, keyword.name)))
        block = self._block(metadata, scale)
        about = f"the segment of line {metadata.line}" + (f" ({block['OBJECT']})" if "OBJECT" in block else "")
        for section in self.standard.data:
            if section.mandatory and not any(draft.section is section for draft in data):
                raise self._missing(section, metadata.line, about)
        return Segment(block, self._data(data, scale, block.values))

    def _data(self, data: list[Draft], scale: str, metadata: Mapping[str, Value]) -> tuple[Block, ...]:
        """Return the blocks of a segment; one that states nothing, as KVN cannot show, leaves its comments to the next."""
        blocks: list[Block] = []
        comments: tuple[str, ...] = ()
        for draft in data:
            block = self._block(draft, scale, metadata)
            if block.values or draft.section.stem or draft.section.rows:
                blocks.append(replace(block, comments=comments + block.comments))
                comments = ()
            else:
                comments += block.comments
        if comments and blocks:
            blocks[-1] = replace(blocks[-1], comments=blocks[-1].comments + comments)
        return tuple(blocks)

    def _missing(self, section: Section, line: int, about: str) -> NdmError:
        return self.drafts.fault(f"{about} has no {section.name}, which is mandatory", line, section.name)

    def _block(self, draft: Draft, scale: str, metadata: Mapping[str, Value] | None = None) -> Block:
        section, above = draft.section, metadata or {}
        values: dict[str, Value] = {}
        for name in sorted(draft.entries, key=lambda name: section.places.get(name, len(section.places))):
            value = self._value(section.keywords.get(name) or Keyword(name, "t", False), draft.entries[name], scale)
            if value is not None:
                values[name] = value
        for name, keyword in section.keywords.items():
            if keyword.mandatory and name not in values and keyword.holds_in(self.version):
                what = f"{name} is missing in {section.name} (from line {draft.line} on), where it is mandatory"
                raise self.drafts.fault(what, draft.line, name)
        rows = self._rows(draft, {**above, **values}, scale)
        return Block(section.name, values, tuple(draft.comments), rows, tuple(self._block(d, scale) for d in draft.blocks))

    def _value(self, keyword: Keyword, entry: tuple[str, str | None, int], scale: str) -> Value | None:
        text, unit, line = entry
        place = Place(self.where, line, keyword.name)
        if not keyword.holds_in(self.version):
            limit = f"came with version {keyword.since}" if keyword.since else f"ended with version {keyword.until}"
            raise place.wrong(f"the keyword {limit}, but the message is of version {self.version}")
        if not text:
            if keyword.mandatory:
                raise place.wrong("a mandatory keyword without a value", "Give its value")
            return None
        if is_numeric(keyword):
            check_unit(keyword, unit, place)
        return value_of(keyword, text, scale, place)

    def _rows(self, draft: Draft, values: Mapping[str, Value], scale: str) -> Rows | Observations | None:
        section = draft.section
        if not section.rows or section.rows == "triangle" or (not draft.lines and section.many):
            return None
        if not draft.lines:
            raise self.drafts.fault(f"{section.name} has no data lines", draft.line, section.name)
        zero = values.get("EPOCH_TZERO")
        reading = Reading(Layout((), ()), scale, zero if isinstance(zero, Epoch) else None, self.where, section.name)
        if section.rows == "observation":
            return observations_of(draft.lines, reading, OBSERVABLES, self.version)
        what = layout(section.rows, values, Place(self.where, draft.line, section.name))
        return rows_of(draft.lines, Reading(what, reading.scale, reading.zero, self.where, section.name))
