"""A message made by hand, held against its tables before it is written."""

import re
from math import isfinite

import numpy as np

from .checks import check
from .columns import layout
from .faults import NdmError
from .model import Block, Message, Observations, Rows, Segment, Value
from .standards import STANDARDS, versions_of
from .tables import USER, Keyword, Section, Standard
from .tables_tracking import OBSERVABLES
from .values import Place, fitting, text_of_value, tidy, value_of

_UNFIT = re.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f\\ufffe\\uffff\\ud800-\\udfff]")
_TYPES = {
    "e": "an Epoch of the time system",
    "u": "an Epoch of UTC",
    "n": "an Epoch of UTC or N/A",
    "r": "an Epoch or float",
    "f": "a float",
    "i": "an int",
    "v": "numbers",
}


def validated(message: Message, where: str) -> Standard:
    """Return the standard of a message that agrees with it. Raises NdmError for what does not, by keyword."""
    standard = STANDARDS.get((message.kind, message.version))
    if standard is None:
        known = ", ".join(versions_of(message.kind)) or "no version"
        raise NdmError(f"{message.kind!r} in version {message.version!r} is not known", where=where, remedy=f"Known: {known}")
    _Validating(standard, message, where).message()
    check(message, where)
    return standard


class _Validating:
    def __init__(self, standard: Standard, message: Message, where: str) -> None:
        self.standard, self.of, self.where = standard, message, where

    def wrong(self, what: str, keyword: str, remedy: str = "") -> NdmError:
        return NdmError(what, where=self.where, keyword=keyword, remedy=remedy)

    def message(self) -> None:
        standard, message = self.standard, self.of
        self.block(standard.header, message.header, "UTC")
        if (standard.lead is None) != (message.lead is None):
            raise self.wrong(f"{message.kind} and its lead do not fit together", "lead")
        if standard.lead is not None and message.lead is not None:
            self.block(standard.lead, message.lead, standard.scale)
        least, most = standard.segments
        if not least <= len(message.segments) <= most:
            raise self.wrong(f"{message.kind} has {len(message.segments)} segments, not {least} or more", "segments")
        for segment in message.segments:
            self.segment(segment)

    def segment(self, segment: Segment) -> None:
        scale = self.standard.scale or str(segment.metadata.values.get("TIME_SYSTEM", ""))
        self.block(self.standard.metadata, segment.metadata, scale)
        sections = {section.name: section for section in self.standard.data}
        for name in (block.name for block in segment.data):
            if name not in sections:
                raise self.wrong(f"{name} is no block of {self.of.kind}", name, f"Blocks are {', '.join(sections)}")
            if not sections[name].many and len(segment.blocks(name)) > 1:
                raise self.wrong(f"{name} stands twice", name)
        for section in self.standard.data:
            if section.mandatory and not segment.blocks(section.name):
                raise self.wrong(f"{section.name} is missing", section.name)
        for block in segment.data:
            self.block(sections[block.name], block, scale)
            self.rows(sections[block.name], block, {**segment.metadata.values, **block.values}, scale)

    def block(self, section: Section, block: Block, scale: str) -> None:
        for name, value in block.values.items():
            if not section.takes(name):
                raise self.wrong(f"{name} is no keyword of {block.name}", name)
            keyword = section.keywords.get(name) or Keyword(name, "t", False)
            self.value(keyword, value, scale)
        for name, keyword in section.keywords.items():
            if keyword.mandatory and name not in block.values and keyword.holds_in(self.of.version):
                raise self.wrong(f"{name} is missing in {block.name}, where it is mandatory", name)
        if not (section.stem or section.rows or block.values):
            raise self.wrong(f"{block.name} has no keywords", block.name, "Leave the block out")
        for comment in block.comments:
            if not is_plain(comment) or comment != comment.rstrip():
                raise self.wrong(f"a comment of {block.name} is not one line of printable text: {comment[:60]!r}", "COMMENT")
        inner = {inner.name: inner for inner in section.sections}
        for child in block.blocks:
            if child.name not in inner:
                raise self.wrong(f"{child.name} is no block of {block.name}", child.name)
            self.block(inner[child.name], child, scale)

    def value(self, keyword: Keyword, value: Value, scale: str) -> None:
        name = keyword.name
        if not keyword.holds_in(self.of.version):
            limit = f"came with version {keyword.since}" if keyword.since else f"ended with version {keyword.until}"
            raise self.wrong(f"{name} {limit}, but the message is of version {self.of.version}", name)
        if not fitting(keyword, value, scale):
            raise self.wrong(f"{name} is {value!r}, not {_TYPES.get(keyword.kind, 'text')}", name)
        numbers = value if isinstance(value, tuple) else (value,) if isinstance(value, float) else ()
        if not all(isinstance(number, float) and isfinite(number) for number in numbers) or value == ():
            raise self.wrong(f"{name} is {value!r}, which is not finite", name)
        if isinstance(value, str) and (not value or tidy(value) != value or not is_plain(value)):
            raise self.wrong(f"{name} is {value!r}, not text on one line with single blanks", name)
        if name.startswith(USER) and not (name.isascii() and name.replace("_", "").isalnum()):
            raise self.wrong(f"{name} is no name", name, "Use letters, digits and underscores")
        value_of(keyword, text_of_value(value), scale, Place(self.where, 0, name))

    def rows(self, section: Section, block: Block, values: dict[str, Value], scale: str) -> None:
        rows = block.rows
        if not section.rows or section.rows == "triangle":
            if rows is not None:
                raise self.wrong(f"{block.name} has no data lines", block.name)
            return
        if rows is None or not len(rows):
            if rows is not None or not section.many:
                raise self.wrong(f"{block.name} has no data lines", block.name)
            return
        if rows.epochs.scale != scale:
            raise self.wrong(f"the epochs of {block.name} are in {rows.epochs.scale}, TIME_SYSTEM is {scale}", block.name)
        if section.rows == "observation":
            self.observations(rows)
        elif isinstance(rows, Rows):
            self.table(section, block, rows, values)
        else:
            raise self.wrong(f"{block.name} needs Rows", block.name)

    def observations(self, rows: Rows | Observations) -> None:
        if not isinstance(rows, Observations):
            raise self.wrong("the data of a TDM are Observations", "observations")
        for name in rows.names:
            if name not in OBSERVABLES or not OBSERVABLES[name].holds_in(self.of.version):
                raise self.wrong(f"{name} is no data keyword of TDM version {self.of.version}", name)
        if not np.isfinite(rows.values).all() or (rows.of >= len(rows.names)).any():
            raise self.wrong("an observation has no finite value, or no keyword", "observations")

    def table(self, section: Section, block: Block, rows: Rows, values: dict[str, Value]) -> None:
        what = layout(section.rows, values, Place(self.where, 0, block.name))
        named = not what.columns or rows.columns == what.columns[: len(rows.columns)]
        if not named or (what.widths and len(rows.columns) not in what.widths):
            raise self.wrong(
                f"the columns of {block.name} are {', '.join(rows.columns)}, not {', '.join(what.columns)}",
                block.name,
                what.because,
            )
        for name in rows.columns:
            words = rows.texts.get(name, ())
            if (name in what.words) != (name in rows.texts) or any(not w or w.split() != [w] or not is_plain(w) for w in words):
                raise self.wrong(f"column {name} of {block.name} is not as its keyword has it", name)
        if rows.values.shape != (len(rows), len(rows.columns)):
            raise self.wrong(f"the values of {block.name} are not {len(rows)} lines of {len(rows.columns)}", block.name)
        numeric = [at for at, name in enumerate(rows.columns) if name not in what.words]
        known = np.isfinite(rows.values[:, numeric])
        optional = section.rows == "states" and rows.values.shape[1] == 9
        bad = ~known[:, :6].all() or (known[:, 6:].any(axis=1) != known[:, 6:].all(axis=1)).any() if optional else not known.all()
        if bad:
            raise self.wrong(f"a number of {block.name} is missing or not finite", block.name)


def is_plain(text: str) -> bool:
    """Return whether a text may stand on one line of either form."""
    return not _UNFIT.search(text)
