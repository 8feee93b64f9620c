"""What the schema of XTCE 1.2 allows, and the smallest document that holds a given element or attribute."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from shared import shared
from xtce_text import NAMESPACES, SCHEMA

XSD = "{http://www.w3.org/2001/XMLSchema}"
MANY = 60  # levels below which nothing new is found
VALUES = {  # of attributes that refer to something: names that the surrounding SpaceSystem defines
    "parameterRef": "p", "outputParameterRef": "p", "parameterTypeRef": "u8", "typeRef": "u8", "arrayTypeRef": "u8",
    "containerRef": "C0", "metaCommandRef": "K0", "argumentTypeRef": "a8", "argumentRef": "x", "streamRef": "s0", "baseType": "u8",
    "MetaCommandRef": "K0", "ServiceRef": "v", "algorithmRef": "n", "byteOrder": "1,0", "restrictionPattern": "a+",
    "spanOfInterestInSeconds": "9", "matchPattern": "a+", "mask": "FF", "Epoch": "TAI", "ThisParameterOperand": "",
}  # fmt: skip
BUILT_IN = {
    "boolean": "true", "string": "n", "hexBinary": "0F", "dateTime": "2026-01-01T00:00:00Z", "duration": "PT1S", "anyURI": "urn:x",
    "language": "en", "normalizedString": "n", "token": "n", "date": "2026-01-01", "NMTOKEN": "n",
}  # fmt: skip
ARGUMENT = '<ArgumentList><Argument name="x" argumentTypeRef="a8"/></ArgumentList>'
SURROUNDINGS = """<SpaceSystem xmlns="{namespace}" name="S"><TelemetryMetaData><ParameterTypeSet>
<IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType></ParameterTypeSet>
<ParameterSet><Parameter name="p" parameterTypeRef="u8"/></ParameterSet><ContainerSet><SequenceContainer name="C0"><EntryList/>
</SequenceContainer></ContainerSet></TelemetryMetaData><CommandMetaData><ArgumentTypeSet><IntegerArgumentType name="a8">
<IntegerDataEncoding sizeInBits="8"/></IntegerArgumentType></ArgumentTypeSet><MetaCommandSet><MetaCommand name="K0"/></MetaCommandSet>
</CommandMetaData>
{inner}</SpaceSystem>"""


@dataclass(frozen=True)
class Particle:
    """A part of a content model: an element, or a sequence or choice of parts."""

    kind: str
    least: int
    name: str = ""
    type: Any = None
    parts: tuple["Particle", ...] = ()

    def elements(self) -> Iterator["Particle"]:
        if self.kind == "element":
            yield self
        for part in self.parts:
            yield from part.elements()


@dataclass
class Schema:
    """The complex and simple types of the schema by name."""

    root: Any
    types: dict[str, Any] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)
    contents: dict[int, list[Particle]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes = list(self.root.iter())  # held, so that a node keeps its identity
        self.types = {node.get("name"): node for node in self.root if node.tag in (f"{XSD}complexType", f"{XSD}simpleType")}

    def type_of(self, node: Any) -> Any:
        """Return the type that an element or attribute declaration names or holds; a built-in one as its name."""
        name = (node.get("type") or "").rpartition(":")[2]
        if name:
            return self.types.get(name, name) if not (node.get("type") or "").startswith("xs:") else name
        held = [each for each in node if each.tag in (f"{XSD}complexType", f"{XSD}simpleType")]
        return held[0] if held else "string"

    def bases(self, kind: Any) -> list[Any]:
        """Return a type's nodes that hold content and attributes, those it extends first."""
        if isinstance(kind, str):
            return []
        for way in ("complexContent", "simpleContent"):
            held = kind.find(f"{XSD}{way}")
            if held is not None:
                extension = next(each for each in held if isinstance(each.tag, str) and each.tag != f"{XSD}annotation")
                base = self.types.get(extension.get("base").rpartition(":")[2])
                return [*(self.bases(base) if base is not None else []), extension]
        return [kind]

    def content(self, kind: Any) -> list[Particle]:
        """Return what may stand in an element of this type."""
        if id(kind) not in self.contents:
            self.contents[id(kind)] = self._content(kind)
        return self.contents[id(kind)]

    def _content(self, kind: Any) -> list[Particle]:
        models = [each for node in self.bases(kind) for each in node]
        return [self._particle(each) for each in models if each.tag in (f"{XSD}sequence", f"{XSD}choice", f"{XSD}all")]

    def _particle(self, node: Any) -> Particle:
        least, kind = int(node.get("minOccurs", "1")), node.tag.removeprefix(XSD)
        if kind == "element":
            reference = (node.get("ref") or "").rpartition(":")[2]
            declared = self.root.find(f"{XSD}element[@name='{reference}']") if reference else node
            return Particle("element", least, declared.get("name"), self.type_of(declared))
        parts = [each for each in node if each.tag in (f"{XSD}element", f"{XSD}sequence", f"{XSD}choice")]
        return Particle(kind, least, parts=tuple(self._particle(each) for each in parts))

    def attributes(self, kind: Any) -> dict[str, Any]:
        """Return the attribute declarations of a type by name, without those of other namespaces."""
        held = [each for node in self.bases(kind) for each in node.findall(f"{XSD}attribute")]
        return {each.get("name"): each for each in held if each.get("name")}

    def paths(self) -> dict[str, list[tuple[tuple[str, ...], Any]]]:
        """Return for each element name the shortest path below a SpaceSystem to it for each type that it has, and that type."""
        found: dict[str, list[tuple[tuple[str, ...], Any]]] = {}
        ahead: list[tuple[tuple[str, ...], Any]] = [((), self.types["SpaceSystemType"])]
        seen: set[tuple[str, int]] = set()
        while ahead:
            path, kind = ahead.pop(0)
            if path:
                found.setdefault(path[-1], []).append((path, kind))
            for each in (each for model in self.content(kind) for each in model.elements()):
                key = (each.name, id(each.type))
                if key not in seen and len(path) < MANY:
                    seen.add(key)
                    ahead.append(((*path, each.name), each.type))
        return found

    def simple(self, kind: Any, other_than: str | None = None) -> str:
        """Return a text that a simple type allows, another one than `other_than` where there is a choice."""
        if isinstance(kind, str):
            if kind in BUILT_IN:
                return "false" if kind == "boolean" and other_than == "true" else BUILT_IN[kind]
            return "2" if other_than == "1" else "1"
        restriction = kind.find(f"{XSD}restriction")
        if restriction is None:
            union = kind.find(f"{XSD}union")
            names = (union.get("memberTypes") or "").split() if union is not None else []
            inner = self.types.get(names[0].rpartition(":")[2], names[0].rpartition(":")[2]) if names else None
            held = union.find(f"{XSD}simpleType") if union is not None and inner is None else None
            return self.simple(inner if inner is not None else held if held is not None else "string", other_than)
        words = [each.get("value") for each in restriction.findall(f"{XSD}enumeration")]
        if words:
            return str(next((word for word in words if word != other_than), words[0]))
        base = restriction.get("base").rpartition(":")[2]
        return self.simple(self.types.get(base, base), other_than)

    def text(self, name: str, kind: Any) -> str:
        """Return the text that an element of this type needs."""
        if name in VALUES:
            return VALUES[name]
        if isinstance(kind, str) or kind.tag == f"{XSD}simpleType":
            return self.simple(kind)
        held = kind.find(f"{XSD}simpleContent/{XSD}extension")
        if held is None:
            return ""
        base = held.get("base").rpartition(":")[2]
        return self.simple(self.types.get(base, base))

    def build(self, name: str, kind: Any, path: tuple[str, ...], attribute: str | None = None) -> str:
        """Return the smallest element of a name and type that holds the elements of `path`, the last one with `attribute`."""
        given: dict[str, str] = {}
        declared = self.attributes(kind)
        for key, each in declared.items():
            chosen = attribute == key and not path
            if each.get("use") == "required" or chosen:
                given[key] = VALUES.get(key) or self.simple(self.type_of(each), each.get("default"))
        if given.get("name") == "n" or given.get("name") == "1":
            given["name"] = f"n{len(path)}"
        inner = "".join(self._fill(model, path, attribute) for model in self.content(kind))
        words = "".join(f" {key}={quoteattr(value)}" for key, value in given.items())
        return f"<{name}{words}>{inner or self.text(name, kind)}</{name}>"

    def _fill(self, model: Particle, path: tuple[str, ...], attribute: str | None) -> str:
        ahead = path[0] if path else None
        if model.kind == "element":
            if model.name == ahead:
                rest = self.build(model.name, model.type, ()) * max(model.least - 1, 0)
                return self.build(model.name, model.type, path[1:], attribute) + rest
            return self.build(model.name, model.type, ()) * model.least if model.least else ""
        wanted = any(each.name == ahead for each in model.elements())
        if not wanted and not model.least:
            return ""
        if model.kind == "choice":
            chosen = next((each for each in model.parts if wanted and any(e.name == ahead for e in each.elements())), None)
            chosen = chosen or min(model.parts, key=lambda each: self._cost(each, frozenset()))
            least = min(model.parts, key=lambda each: self._cost(each, frozenset()))
            rest = self._fill(least, (), None) * max(model.least - 1, 0)
            return self._fill(chosen, path if wanted else (), attribute) + rest
        texts, taken = [], False
        for each in model.parts:
            here = not taken and any(e.name == ahead for e in each.elements())
            texts.append(self._fill(each, path if here else (), attribute))
            taken = taken or here
        return "".join(texts)

    def _cost(self, model: Particle, above: frozenset[int]) -> int:
        """Return how many elements the least form of a part has; very many when it would hold itself."""
        if not model.least:
            return 0
        if model.kind == "choice":
            return min(self._cost(each, above) for each in model.parts)
        if model.kind == "sequence":
            return sum(self._cost(each, above) for each in model.parts)
        if id(model.type) in above:
            return 10**6
        return 1 + sum(self._cost(each, above | {id(model.type)}) for each in self.content(model.type))

    def document(self, path: tuple[str, ...], attribute: str | None = None) -> str:
        """Return the smallest document with the element at a path, and an attribute of it."""
        inner = self.build("SpaceSystem", self.types["SpaceSystemType"], path, attribute)
        if 'argumentRef="x"' in inner and "<ArgumentList>" not in inner:
            inner = inner.replace("<CommandContainer ", f"{ARGUMENT}<CommandContainer ", 1)
        return SURROUNDINGS.format(namespace=NAMESPACES["1.2"], inner=inner.replace('name="n', 'name="G', 1))


@cache
def schema_types() -> Schema:
    """Return the schema of XTCE 1.2."""
    return Schema(etree.parse(str(shared(SCHEMA))).getroot())
