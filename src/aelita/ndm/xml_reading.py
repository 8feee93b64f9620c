"""Messages in XML, taken apart as they stream by (CCSDS 505.0-B; 502.0-B-3, 8; 504.0-B-2, 7).

No document type is read, so no entity is ever expanded and nothing is fetched. Elements are dropped as soon as they are read.
"""

import re
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from .drafts import Drafts
from .faults import NdmError
from .lines import CHUNK
from .making import message_of
from .model import Composite, Message
from .standards import KINDS, STANDARDS
from .tables import USER, Section
from .xml_rows import RowElements, local

MOST_DEEP = 12  # elements inside each other; messages have 8
_ROOTS = {kind.lower(): kind for kind in KINDS}
_FRAME = ("header", "body", "segment", "metadata", "data")
_INNER = tuple(s for standard in STANDARDS.values() for section in standard.data for s in (section, *section.sections))
_EVENTS = {
    *_ROOTS, "ndm", *_FRAME, *(s.lead.tag for s in STANDARDS.values() if s.lead), *(s.tag for s in _INNER if not s.bare),
    *(s.line for s in _INNER if s.line),
}  # fmt: skip
_PARAMETER = re.compile(r"[A-Za-z0-9_]+$", re.ASCII)
_AXES = {"rotationAngles": "angle", "rotationRates": "rate"}


def read_xml(text: bytes, where: str) -> Message | Composite:
    """Return the message, or the messages of an `<ndm>`, of a decoded document. Raises NdmError naming line and fault."""
    at = text.find(b"<!DOCTYPE")
    if at >= 0:
        raise NdmError(
            "the document declares a DOCTYPE, which may hold or fetch entities",
            where=where,
            line=text.count(b"\n", 0, at) + 1,
            keyword="DOCTYPE",
            remedy="Remove it: messages need none",
        )
    reader = _Reader(where)
    try:
        events = etree.iterparse(
            BytesIO(_without_declaration(text)), events=("start", "end"), tag=[f"{{*}}{name}" for name in sorted(_EVENTS)],
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for event, element in events:
            (reader.start if event == "start" else reader.end)(element)
    except etree.XMLSyntaxError as error:
        raise NdmError(f"no well-formed XML: {error.msg}", where=where, line=error.lineno or 0, remedy="Send it whole") from error
    return reader.result(events.root)


def _without_declaration(text: bytes) -> bytes:
    """Return the document without what it says of its encoding, which is UTF-8 by now; lines keep their numbers."""
    text = text.lstrip(b" \t") if text[:1] in b" \t" else text
    blank = len(text) - len(text.lstrip()) if text[:1].isspace() else 0
    end = text.find(b"?>", blank) + 2 if text.startswith(b"<?xml", blank) else 0
    return b"\n" * text.count(b"\n", 0, end) + text[end:] if end > 1 else text


@dataclass(slots=True)
class _Frame:
    """An element that is open: `role` is what it is to the message; `sections` may be the block's."""

    element: "etree._Element"
    role: str
    sections: tuple[Section, ...] = ()
    entered: bool = False


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where
        self.stack: list[_Frame] = []
        self.messages: list[Message] = []
        self.comments: list[str] = []
        self.message_id = ""
        self.drafts: Drafts | None = None
        self.rows: RowElements | None = None

    def result(self, root: "etree._Element") -> Message | Composite:
        if local(root) == "ndm":
            return Composite(tuple(self.messages), tuple(self.comments), self.message_id)
        if not self.messages:
            what = f"not a CCSDS message: its element is <{local(root)}>"
            raise NdmError(what, where=self.where, line=root.sourceline or 0, remedy=f"Known are <ndm>, <{'>, <'.join(_ROOTS)}>")
        return self.messages[0]

    def fault(self, what: str, element: "etree._Element", remedy: str = "") -> NdmError:
        return NdmError(what, where=self.where, line=element.sourceline or 0, keyword=local(element), remedy=remedy)

    def start(self, element: "etree._Element") -> None:
        name = local(element)
        if len(self.stack) > MOST_DEEP:
            raise self.fault(f"{name} is more than {MOST_DEEP} elements deep", element)
        if not self.stack:
            if element.getparent() is not None:
                return  # inside something that is no message: `result` says so
            role = "composite" if name == "ndm" else "message"
            if name not in _ROOTS and name != "ndm":
                return
        else:
            above = self.stack[-1]
            if above.role in {"row", "inner"}:
                self.stack.append(_Frame(element, "inner"))
                return
            self._leaves(above, until=element)
            role = self._role(above, element, name)
        if role == "message":
            self._begin(element, name)
        sections = self._sections(role, element, name)
        frame = _Frame(element, role, sections)
        self.stack.append(frame)
        if len(sections) == 1 and role == "block":
            self._enter(frame, sections[0])

    def _role(self, above: _Frame, element: "etree._Element", name: str) -> str:
        within = {
            "composite": dict.fromkeys(_ROOTS, "message"),
            "message": {"header": "block", "body": "body"},
            "body": {"segment": "segment"},
            "segment": {"metadata": "block", "data": "data"},
        }.get(above.role, {})
        if name in within:
            return within[name]
        drafts = self.drafts
        if drafts is not None:
            if above.role == "body" and drafts.standard.lead and name == drafts.standard.lead.tag:
                return "block"
            if above.role == "data" and any(name == s.line and s.bare for s in drafts.standard.data):
                return "row"
            if above.role == "data" and any(name == s.tag and not s.bare for s in drafts.standard.data):
                return "block"
            if above.role == "block" and above.entered:
                section = drafts.within[-1].section
                if name == section.line:
                    return "row"
                if any(name == s.tag for s in section.sections):
                    return "block"
        raise self._unknown(element, above.element)

    def _unknown(self, element: "etree._Element", above: "etree._Element") -> NdmError:
        return self.fault(f"<{local(element)}> has no place in <{local(above)}>", element, "Correct the element, or remove it")

    def _begin(self, element: "etree._Element", name: str) -> None:
        kind, version = _ROOTS[name], (element.get("version") or "").strip()
        if element.get("id", f"CCSDS_{kind}_VERS") != f"CCSDS_{kind}_VERS":
            raise self.fault(f"<{name}> has id {element.get('id')!r}, not CCSDS_{kind}_VERS", element)
        self.drafts = Drafts(kind, version, element.sourceline or 0, self.where)

    def _sections(self, role: str, element: "etree._Element", name: str) -> tuple[Section, ...]:
        drafts = self.drafts
        if drafts is None or role not in {"block", "row"}:
            return ()
        standard, above = drafts.standard, self.stack[-1]
        if role == "row":
            return (drafts.within[-1].section if above.role == "block" else next(s for s in standard.data if s.line == name),)
        if above.role == "block":
            return tuple(s for s in drafts.within[-1].section.sections if s.tag == name)
        first = {"header": standard.header, "metadata": standard.metadata}.get(name)
        if first is not None:
            return (first,)
        if above.role == "body" and standard.lead:
            return (standard.lead,)
        return tuple(s for s in standard.data if s.tag == name and not s.bare)

    def _enter(self, frame: _Frame, section: Section) -> None:
        assert self.drafts is not None
        self._flush()
        self.drafts.open(section, frame.element.sourceline or 0)
        frame.entered = True

    def _flush(self) -> None:
        """Hand over the data lines gathered so far."""
        if self.rows is not None and self.rows.texts and self.drafts is not None:
            self.drafts.rows(self.rows.lines(), None if self.drafts.within else self.rows.section)
        self.rows = None

    def end(self, element: "etree._Element") -> None:
        if not self.stack or self.stack[-1].element is not element:
            return
        frame = self.stack[-1]
        if frame.role == "row":
            self._row(frame)
        elif frame.role != "inner":
            self._leaves(frame)
            self._leave(frame)
        self.stack.pop()
        if frame.role != "inner" and self.stack:
            self.stack[-1].element.remove(element)

    def _row(self, frame: _Frame) -> None:
        assert self.drafts is not None
        section = frame.sections[0]
        if self.rows is None or len(self.rows.texts) >= CHUNK:
            self._flush()
            self.rows = RowElements(section)
        self.rows.take(frame.element, self.drafts)

    def _leave(self, frame: _Frame) -> None:
        if self.drafts is None:
            return
        if frame.role == "block":
            if not frame.entered:
                self._enter(frame, frame.sections[0])
            self._flush()
            self.drafts.close()
        elif frame.role == "data":
            self._flush()
        elif frame.role == "message":
            self.messages.append(message_of(self.drafts, frame.element.sourceline or 0))
            self.drafts = None

    def _leaves(self, frame: _Frame, until: "etree._Element | None" = None) -> None:
        """Take the keywords and comments in an element, up to another element in it, and drop them."""
        above = frame.element
        if above.text and above.text.strip():
            raise self.fault(f"text {above.text.strip()[:40]!r} stands outside of keywords", above)
        if frame.role == "block" and not frame.entered:
            first = next((local(child) for child in above if local(child) != "COMMENT"), "")
            self._enter(frame, next((s for s in frame.sections if s.takes(first)), frame.sections[0]))
        for child in list(above):
            if child is until:
                return
            self._leaf(frame, child, "")
            above.remove(child)

    def _leaf(self, frame: _Frame, child: "etree._Element", wrap: str) -> None:
        name, text, line = local(child), child.text or "", child.sourceline or 0
        if child.tail and child.tail.strip():
            raise self.fault(f"text {child.tail.strip()[:40]!r} stands outside of keywords", child)
        if frame.role == "composite":
            self._of_composite(child, name, text)
            return
        drafts = self.drafts
        if drafts is None or frame.role not in {"block", "data"} or (name == "USER_DEFINED" and not child.get("parameter")):
            raise self._unknown(child, frame.element)
        if name[:1].islower() and wrap not in _AXES:
            section = drafts.within[-1].section if drafts.within else None
            if section is None or name not in section.wraps:
                raise self._unknown(child, frame.element)
            for inner in child:
                self._leaf(frame, inner, name)
            return
        if len(child):
            raise self.fault(f"<{name}> has elements inside, where its value must stand", child)
        if name == "COMMENT":
            self._flush()
            drafts.comment(one_line(text))
            return
        if wrap in _AXES:
            name = (child.get(_AXES[wrap]) or "").strip().upper()
        if name == "USER_DEFINED":
            name = self._parameter(child)
        nil = any(str(key).endswith("nil") and value == "true" for key, value in child.attrib.items())
        take = drafts.entry if frame.role == "block" else drafts.loose
        take(name, "" if nil else text.strip(), child.get("units"), line)

    def _parameter(self, child: "etree._Element") -> str:
        parameter = child.get("parameter", "").strip()
        if not _PARAMETER.match(parameter):
            raise self.fault(
                f"the parameter {parameter!r} of USER_DEFINED is no name", child, "Use letters, digits and underscores"
            )
        return USER + parameter.removeprefix(USER)

    def _of_composite(self, child: "etree._Element", name: str, text: str) -> None:
        if name == "COMMENT":
            self.comments.append(one_line(text))
        elif name == "MESSAGE_ID" and not self.message_id:
            self.message_id = " ".join(text.split())
        else:
            raise self._unknown(child, self.stack[0].element)


def one_line(text: str) -> str:
    """Return the text of a comment on one line, blanks at its begin kept."""
    parts = re.split(r"[\r\n]+", text)
    return (text if len(parts) == 1 else " ".join(part.strip() for part in parts).strip()).rstrip()
