"""XML read into a light tree with line numbers, with everything refused that a definition has no need of.

Document types that define more than short texts, and with them references to other files, are refused by name, as are trees
that are too large or too deep. Readers of the tree mark what they act upon; `leftovers` tells what nobody asked for.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn
from xml.parsers import expat

from ..errors import DefinitionError

MAX_OCTETS = 256 << 20
MAX_ELEMENTS = 4_000_000
MAX_DEPTH = 200
MAX_ATTRIBUTES = 1_000
MAX_ENTITY = 256  # characters that an entity of a document stands for, those in it included
MAX_OCTETS_WITH_ENTITIES = 1 << 20  # of a document that defines entities: together a bound for what they expand to
ENTITY = re.compile(r"&([^;#]+);")
XML_ENTITIES = ("lt", "gt", "amp", "apos", "quot")
FED_AT_ONCE = 4096  # pieces of text of the canonical form

NAMESPACES = {  # the namespaces of the published schemas
    "http://www.omg.org/spec/XTCE/20180204": "1.2",
    "http://www.omg.org/space/xtce": "1.1",
    "http://www.omg.org/spec/XTCE/20250214": "1.3",
}
INCLUDE = "{}http://www.w3.org/2001/XInclude}include"
FOREIGN = "{}"  # precedes the name of an element or attribute of some other namespace


NO_CHILDREN: list["Node"] = []  # shared by all elements without children, never changed


class Node:
    """One element: its local name, attributes, children, text and line; what readers took from it is remembered.

    An element or attribute of a foreign namespace keeps that namespace in its name, so that no reader takes it by accident.
    """

    __slots__ = ("attributes", "children", "file", "line", "name", "scope", "seen", "text", "used")

    def __init__(self, name: str, attributes: dict[str, str], line: int, file: str, scope: "Node | None" = None) -> None:
        self.name, self.attributes, self.line, self.file = name, attributes, line, file
        self.scope = scope or self  # the SpaceSystem in which it stands, against which its references are resolved
        self.children: list[Node] = NO_CHILDREN
        self.text = ""
        self.seen = False
        self.used: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Return the file and line, for errors."""
        return f"{self.file}:{self.line}"

    def refuse(self, what: str, remedy: str = "") -> NoReturn:
        """Raise DefinitionError at this element."""
        raise DefinitionError(f"{self.label()}: {what}", where=self.where, remedy=remedy)

    def label(self) -> str:
        """Return the element's name, with the name of what it defines where it has one."""
        name = self.attributes.get("name")
        return f"{self.name} {name!r}" if name is not None else self.name

    def get(self, attribute: str, default: str = "") -> str:
        """Return an attribute, or the default when it is absent."""
        value = self.attributes.get(attribute)
        if value is None:
            return default
        if attribute not in self.used:
            self.used = (*self.used, attribute)
        return value

    def need(self, attribute: str) -> str:
        """Return an attribute that must be there and not be empty."""
        value = self.get(attribute)
        if not value.strip():
            self.refuse(f"attribute {attribute} is missing or empty", f"Add {attribute}")
        return value

    def child(self, *names: str) -> "Node | None":
        """Return the one child of any of these names, marked as read, or None. Raises DefinitionError when there are two."""
        found = None
        for node in self.children:
            if node.name in names:
                if found is not None:
                    node.refuse(f"there is already {found.name} on line {found.line}", "Keep one of them")
                found = node
        if found is not None:
            found.seen = True
        return found

    def all(self, *names: str) -> "list[Node]":
        """Return the children of these names, or all children of no foreign namespace, marked as read."""
        found = [node for node in self.children if (node.name in names if names else not node.name.startswith(FOREIGN))]
        for node in found:
            node.seen = True
        return found

    def dismiss(self) -> None:
        """Mark this element and all below it as dealt with: it has been reported as a whole."""
        for node in self.walk():
            node.seen, node.used = True, tuple(node.attributes)

    def walk(self) -> "Iterator[Node]":
        """Yield this element and all below it, in document order."""
        yield self
        for node in self.children:
            yield from node.walk()


class _Builder:
    """Expat's handlers: they build the tree, refuse what is dangerous and feed the digest."""

    def __init__(self, file: str, octets: int) -> None:
        self.file, self.octets = file, octets
        self.root: Node | None = None
        self.namespace = ""
        self.open: list[Node] = []
        self.count = 0
        self.texts: list[str] = []
        self.scopes: list[Node] = []
        self.names: dict[str, str] = {}
        self.includes = False
        self.digest = hashlib.sha256()
        self.canonical: list[str] = []  # what the digest is still to be fed; XML has none of the control characters in it
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.texts.append
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.entities: dict[str, int] = {}  # characters that each stands for

    def refuse(self, what: str, remedy: str = "") -> NoReturn:
        raise DefinitionError(what, where=f"{self.file}:{self.parser.CurrentLineNumber}", remedy=remedy)

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        if system is not None or public is not None or not internal or self.octets > MAX_OCTETS_WITH_ENTITIES:
            self.refuse_doctype()

    def entity(
        self, name: str, parameter: int, value: str | None, base: str | None, system: str | None, public: str | None, *_: object
    ) -> None:
        """Take the declaration of an entity that stands for a few characters of text; refuse any other."""
        held = ENTITY.findall(value or "")
        size = len(value or "") + sum(self.entities.get(each, 0) for each in held)
        known = all(each in self.entities or each in XML_ENTITIES for each in held)
        if parameter or value is None or system is not None or public is not None or not known or size > MAX_ENTITY:
            self.refuse_doctype()
        self.entities[name] = size

    def refuse_doctype(self) -> NoReturn:
        """Refuse a document type that defines more than short texts."""
        what = "the file has a DOCTYPE, which defines long or nested entities or draws in other files"
        raise DefinitionError(what, where=f"{self.file}:{self.parser.CurrentLineNumber}", remedy="Remove it: XTCE has a schema")

    def local(self, name: str) -> str:
        """Return the local name when the namespace is the document's own, else the whole name marked as foreign."""
        namespace, _, local = name.rpartition("}")
        own = namespace in (self.namespace, "", *NAMESPACES)  # some documents forget the prefix here and there
        known = self.names[name] = local if own else f"{FOREIGN}{name}"
        self.includes = self.includes or known == INCLUDE
        return known

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.open) >= MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
            self.refuse(f"more than {MAX_ELEMENTS} elements, {MAX_DEPTH} levels or {MAX_ATTRIBUTES} attributes", "Split the file")
        if not self.open:
            self.namespace = name.rpartition("}")[0]
        short = self.names.get(name) or self.local(name)
        node = Node(short, attributes, self.parser.CurrentLineNumber, self.file, self.scopes[-1] if self.scopes else None)
        if self.open:
            parent = self.open[-1]
            if self.texts:
                self.take_text(parent)
            if parent.children:
                parent.children.append(node)
            else:
                parent.children = [node]
        else:
            self.root = node
        if short == "SpaceSystem":
            node.scope = node
            self.scopes.append(node)
        self.canonical.append(f"\x01{short}")
        for key in attributes if len(attributes) == 1 else sorted(attributes):
            self.canonical.append(f"\x02{key}\x03{attributes[key]}")
        self.open.append(node)

    def take_text(self, node: Node) -> None:
        text = (self.texts[0] if len(self.texts) == 1 else "".join(self.texts)).strip()
        self.texts.clear()
        if text:
            node.text = f"{node.text} {text}" if node.text else text
            self.canonical.append(f"\x04{text}")

    def feed(self) -> None:
        """Feed the digest with what was read since the last time."""
        self.digest.update("".join(self.canonical).encode("utf-8", "surrogatepass"))
        self.canonical.clear()

    def end(self, name: str) -> None:
        node = self.open.pop()
        if self.texts:
            self.take_text(node)
        if node.name == "SpaceSystem":
            self.scopes.pop()
        self.canonical.append("\x05")
        if len(self.canonical) > FED_AT_ONCE:
            self.feed()


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its root, the namespace of that, the digest of its canonical form, and whether others are included.

    `lost` are the XInclude elements in whose place nothing stands, and why.
    """

    root: Node
    namespace: str
    digest: bytes
    includes: bool = False
    lost: tuple[tuple[Node, str], ...] = ()


def parse(octets: bytes, file: str) -> Document:
    """Return the document in a file's octets.

    The digest ignores comments, white space around text, prefixes and the order of attributes. Raises DefinitionError with
    file and line on anything that is not well-formed XML of a reasonable size.
    """
    if len(octets) > MAX_OCTETS:
        raise DefinitionError(f"{len(octets)} octets are more than {MAX_OCTETS}", where=file, remedy="Split the file")
    if not octets.strip():
        raise DefinitionError("the file is empty", where=file)
    builder = _Builder(file, len(octets))
    try:
        builder.parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise DefinitionError(
            f"not well-formed XML: {expat.ErrorString(error.code)}, column {error.offset + 1}",
            where=f"{file}:{error.lineno}",
            remedy="Correct the XML there or shortly before",
        ) from error
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise DefinitionError(f"not readable as XML: {error}", where=file, remedy="Save the file as UTF-8") from error
    assert builder.root is not None
    builder.feed()
    return Document(builder.root, builder.namespace, builder.digest.digest(), builder.includes)


def discard(document: Document) -> None:
    """Let go of a document that was read, so that its elements are freed at once.

    Each element refers to the SpaceSystem that it stands in; else the cyclic garbage collector would have to find that out.
    """
    systems = [document.root]
    while systems:
        system = systems.pop()
        systems += [node for node in system.children if node.name == "SpaceSystem"]
        system.children = NO_CHILDREN


def include(document: Document, fetch: Callable[[str, Node], Document | str]) -> Document:
    """Return a document with its XInclude elements replaced by the roots of what `fetch` gives for their href.

    What `fetch` gives only a reason for is lost, and so are forms of XInclude that are not followed: parts of files, plain text,
    fallbacks.
    """
    if not document.includes:
        return document
    digests, lost = [document.digest], []
    for parent in list(document.root.walk()):
        for place, node in enumerate(parent.children):
            if node.name != INCLUDE:
                continue
            whole = not node.attributes.keys() - {"href", "parse"} and node.get("parse", "xml") == "xml" and not node.children
            found = fetch(node.need("href"), node) if whole else "only whole XML files are included, by href alone"
            if isinstance(found, str):
                lost.append((node, found))
                node.dismiss()
                continue
            digests.append(found.digest)
            lost += found.lost
            parent.children[place] = _adopt(found.root, node)
    digest = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return Document(document.root, document.namespace, digest, lost=tuple(lost))


def _adopt(root: Node, place: Node) -> Node:
    """Return an included root, its references resolved against the SpaceSystem that includes it."""
    if root.name != "SpaceSystem":
        for node in root.walk():
            node.scope = place.scope if node.scope is root else node.scope
    return root
