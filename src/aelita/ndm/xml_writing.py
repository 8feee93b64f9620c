"""Messages written in XML."""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from .kvn_writing import in_order
from .model import Block, Composite, Message, Observations, Rows, Segment, Value
from .row_texts import lines_of, records_of
from .tables import USER, Keyword, Section, Standard
from .tables_attitude import ATTITUDES
from .values import is_numeric, text_of_value

Values = Mapping[str, Value]
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_AXES = {"1": "X", "2": "Y", "3": "Z", "X": "X", "Y": "Y", "Z": "Z"}


def xml_of(message: Message, standard: Standard) -> bytes:
    """Return a message that agrees with its standard as an XML document."""
    return _DECLARATION.encode() + b"".join(part.encode() for part in _message(message, standard, f" {_XSI}"))


def composite_of(composite: Composite, standards: list[Standard]) -> bytes:
    """Return messages that agree with their standards as one XML document."""
    head = [f"{_DECLARATION}<ndm {_XSI}>\n"]
    if composite.message_id:
        head.append(f"<MESSAGE_ID>{escape(composite.message_id)}</MESSAGE_ID>\n")
    head += [f"<COMMENT>{escape(comment)}</COMMENT>\n" for comment in composite.comments]
    parts = (part for m, s in zip(composite.messages, standards, strict=True) for part in _message(m, s, ""))
    return "".join(head).encode() + b"".join(part.encode() for part in parts) + b"</ndm>\n"


def _message(message: Message, standard: Standard, attributes: str) -> Iterator[str]:
    root = message.kind.lower()
    yield f'<{root}{attributes} id="{standard.version_keyword}" version="{message.version}">\n'
    yield from _element(standard.header, message.header, standard, message, {})
    yield "<body>\n"
    if standard.lead is not None and message.lead is not None:
        yield from _element(standard.lead, message.lead, standard, message, {})
    for segment in message.segments:
        yield from _segment(segment, standard, message)
    yield f"</body>\n</{root}>\n"


def _segment(segment: Segment, standard: Standard, message: Message) -> Iterator[str]:
    yield "<segment>\n"
    yield from _element(standard.metadata, segment.metadata, standard, message, {})
    yield "<data>\n"
    sections = {section.name: section for section in standard.data}
    for block in segment.data:
        yield from _element(sections[block.name], block, standard, message, segment.metadata.values)
    yield "</data>\n</segment>\n"


def _element(section: Section, block: Block, standard: Standard, message: Message, metadata: Values) -> Iterator[str]:
    if not section.bare:
        yield f"<{section.tag}>\n"
    for comment in block.comments:
        yield f"<COMMENT>{escape(comment)}</COMMENT>\n"
    yield from _keywords(section, block, standard)
    inner = {inner.name: inner for inner in section.sections}
    for child in block.blocks:
        yield from _element(inner[child.name], child, standard, message, {})
    if isinstance(block.rows, Observations):
        yield from _observations(block.rows)
    elif isinstance(block.rows, Rows):
        yield from _rows(section, block, block.rows, metadata, message.version)
    if not section.bare:
        yield f"</{section.tag}>\n"


def _keywords(section: Section, block: Block, standard: Standard) -> Iterator[str]:
    wrapped = {name: wrap for wrap, names in section.wraps.items() for name in names}
    done: set[str] = set()
    for name, value in in_order(section, block):
        wrap = wrapped.get(name, "")
        if not wrap:
            yield _leaf(section.keywords.get(name), name, value, standard)
        elif wrap not in done:
            done.add(wrap)
            yield f"<{wrap}>\n"
            yield from _wrapped(section, block, wrap, standard)
            yield f"</{wrap}>\n"


def _wrapped(section: Section, block: Block, wrap: str, standard: Standard) -> Iterator[str]:
    names = [name for name in section.wraps[wrap] if name in block]
    attribute = {"rotationAngles": "angle", "rotationRates": "rate"}.get(wrap)
    if attribute is None:
        for name in names:
            yield _leaf(section.keywords[name], name, block[name], standard)
        return
    turns = [_AXES[axis] for axis in block.text("EULER_ROT_SEQ").upper()]
    names.sort(key=lambda name: turns.index(name[0]) if name[0] in turns else 3)
    for at, name in enumerate(names, 1):
        unit = section.keywords[name].unit
        yield f'<rotation{at} {attribute}="{name}" units="{unit}">{text_of_value(block[name])}</rotation{at}>\n'


def _leaf(keyword: Keyword | None, name: str, value: Value, standard: Standard) -> str:
    text = escape(text_of_value(value))
    if keyword is None:
        return f"<USER_DEFINED parameter={quoteattr(name.removeprefix(USER))}>{text}</USER_DEFINED>\n"
    shown = keyword.unit and standard.units and is_numeric(keyword) and isinstance(value, float | tuple)
    return f'<{name} units="{keyword.unit}">{text}</{name}>\n' if shown else f"<{name}>{text}</{name}>\n"


def _observations(rows: Observations) -> Iterator[str]:
    for records in records_of(rows):
        yield "".join(
            [f"<observation><EPOCH>{time}</EPOCH><{name}>{value}</{name}></observation>\n" for name, time, value in records]
        )


def _rows(section: Section, block: Block, rows: Rows, metadata: Values, version: str) -> Iterator[str]:
    forms: dict[int, str] = {}
    for lines in lines_of(rows, block, metadata.get("EPOCH_TZERO")):
        if not section.bare:
            yield "".join([f"<{section.line}>{escape(' '.join((time, *line)))}</{section.line}>\n" for time, line in lines])
            continue
        for width in {len(line) for _, line in lines} - forms.keys():
            forms[width] = _form(section, rows.columns[:width], metadata, version)
        yield "".join([forms[len(line)] % (time, *line) for time, line in lines])


def _form(section: Section, columns: tuple[str, ...], metadata: Values, version: str) -> str:
    """Return the element of one line with %s for its time and each number."""
    if section.rows == "states":
        inner = "".join(f"<{name}>%s</{name}>" for name in columns)
        return f"<{section.line}><EPOCH>%s</EPOCH>{inner}</{section.line}>\n"
    _, first, later = ATTITUDES[str(metadata["ATTITUDE_TYPE"]).upper()]
    kind = first if version == "1.0" else later
    turns = [_AXES[axis] for axis in str(metadata.get("EULER_ROT_SEQ", "123")).upper()]
    parts: list[tuple[str, str]] = []
    for name in columns:
        wrap, text = _attitude_leaf(name, turns, version)
        if parts and parts[-1][0] == wrap:
            parts[-1] = (wrap, parts[-1][1] + text)
        else:
            parts.append((wrap, text))
    inner = "".join(f"<{wrap}>{text}</{wrap}>" if wrap else text for wrap, text in parts)
    return f"<{section.line}><{kind}><EPOCH>%s</EPOCH>{inner}</{kind}></{section.line}>\n"


def _attitude_leaf(name: str, turns: list[str], version: str) -> tuple[str, str]:
    if name in {"Q1", "Q2", "Q3", "QC"}:
        return "quaternion", f"<{name}>%s</{name}>"
    if name.startswith("Q"):
        return "quaternionRate" if version == "1.0" else "quaternionDot", f"<{name}>%s</{name}>"
    if name.startswith("ANGVEL"):
        return "angVel", f"<{name}>%s</{name}>"
    at = name[-1]
    if name.startswith("RATE_"):
        return "rotationRates", f'<rotation{at} rate="{turns[int(at) - 1]}_RATE" units="deg/s">%s</rotation{at}>'
    if name in {"ANGLE_1", "ANGLE_2", "ANGLE_3"} and version == "1.0":
        return "rotationAngles", f'<rotation{at} angle="{turns[int(at) - 1]}_ANGLE" units="deg">%s</rotation{at}>'
    return "", f"<{name}>%s</{name}>"
