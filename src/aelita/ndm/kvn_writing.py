"""Messages written in KVN."""

from collections.abc import Iterator

from .epochs import texts_of
from .model import Block, Message, Observations, Rows, Segment, Value
from .row_texts import numbers_of, times_of
from .tables import Keyword, Section, Standard
from .triangle import ROWS
from .values import is_numeric, text_of_value


def kvn_of(message: Message, standard: Standard) -> bytes:
    """Return a message that agrees with its standard as octets."""
    return "".join(f"{line}\n" for line in _lines(message, standard)).encode("utf-8")


def _lines(message: Message, standard: Standard) -> Iterator[str]:
    yield f"{standard.version_keyword} = {message.version}"
    yield from _plain(standard.header, message.header, standard)
    if standard.lead is not None and message.lead is not None:
        yield ""
        yield from _plain(standard.lead, message.lead, standard)
    for segment in message.segments:
        yield from _segment(segment, standard)


def _segment(segment: Segment, standard: Standard) -> Iterator[str]:
    zero = segment.metadata.values.get("EPOCH_TZERO")
    yield ""
    yield from _block(standard.metadata, segment.metadata, standard, zero)
    sections = {section.name: section for section in standard.data}
    within = ""
    for block in segment.data:
        section = sections[block.name]
        if section.rows == "triangle":
            if not within:
                yield ""
                yield f"{section.stem}_START"
            within = section.stem
            yield from _matrix(block)
            continue
        if within:
            yield f"{within}_STOP"
            within = ""
        yield ""
        yield from _block(section, block, standard, zero)
    if within:
        yield f"{within}_STOP"


def _block(section: Section, block: Block, standard: Standard, zero: Value | None) -> Iterator[str]:
    if section.stem:
        yield f"{section.stem}_START"
    yield from _plain(section, block, standard)
    inner = {inner.name: inner for inner in section.sections}
    for child in block.blocks:
        yield from _block(inner[child.name], child, standard, zero)
    if isinstance(block.rows, Observations):
        yield from _observations(block.rows)
    elif isinstance(block.rows, Rows):
        for time, numbers in zip(times_of(block.rows, block, zero), numbers_of(block.rows), strict=True):
            yield " ".join((time, *numbers))
    if section.stem:
        yield f"{section.stem}_STOP"


def _plain(section: Section, block: Block, standard: Standard) -> Iterator[str]:
    for comment in block.comments:
        yield f"COMMENT {comment}"
    for name, value in in_order(section, block):
        keyword = section.keywords.get(name)
        yield f"{name} = {text_of_value(value)}{_unit(keyword, value, standard)}"


def in_order(section: Section, block: Block) -> list[tuple[str, Value]]:
    """Return keywords and values in the order of the table."""
    return sorted(block.values.items(), key=lambda item: section.places.get(item[0], len(section.places)))


def _unit(keyword: Keyword | None, value: Value, standard: Standard) -> str:
    shown = keyword is not None and keyword.unit and standard.units and is_numeric(keyword)
    return f" [{keyword.unit}]" if shown and keyword is not None and isinstance(value, float | tuple) else ""


def _matrix(block: Block) -> Iterator[str]:
    for comment in block.comments:
        yield f"COMMENT {comment}"
    for name in ("EPOCH", "COV_REF_FRAME"):
        if name in block:
            yield f"{name} = {block.values[name]!s}"
    for row in ROWS:
        yield " ".join(text_of_value(block.values[name]) for name in row)


def _observations(rows: Observations) -> Iterator[str]:
    names = [rows.names[at] for at in rows.of.tolist()]
    for name, time, value in zip(names, texts_of(rows.epochs), rows.values.tolist(), strict=True):
        yield f"{name} = {time} {value!r}"
