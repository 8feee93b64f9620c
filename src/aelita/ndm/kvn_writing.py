"""Messages written in KVN."""

from collections.abc import Iterator

from .model import Block, Message, Observations, Rows, Segment, Value
from .row_texts import lines_of, records_of
from .tables import Keyword, Section, Standard
from .triangle import ROWS
from .values import is_numeric, text_of_value


def kvn_of(message: Message, standard: Standard) -> bytes:
    """Return a message that agrees with its standard as octets."""
    return b"".join(f"{line}\n".encode() for line in _lines(message, standard))


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
        for records in records_of(block.rows):
            yield "\n".join([f"{name} = {time} {value}" for name, time, value in records])
    elif isinstance(block.rows, Rows):
        for lines in lines_of(block.rows, block, zero):
            yield "\n".join([" ".join((time, *numbers)) for time, numbers in lines])
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
