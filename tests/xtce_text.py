"""XTCE documents for tests: small ones wrapped into a whole, checked against the schema of XTCE 1.2, and read."""

import os
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from lxml import etree

from aelita.mdb.model import Database, Finding
from aelita.mdb.xtce import read_database
from aelita.mdb.xtce_tree import parse
from shared import SHARED

SCHEMA = "data/telemetry/jpss/SpaceSystem.xsd"
NAMESPACES = {
    "1.1": "http://www.omg.org/space/xtce",
    "1.2": "http://www.omg.org/spec/XTCE/20180204",
    "1.3": "http://www.omg.org/spec/XTCE/20250214",
}
XML_NAMESPACE = """<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
  <attribute name="lang" type="language"/><attribute name="base" type="anyURI"/></schema>"""

Test = TypeVar("Test", bound=Callable[..., object])


def covers(*names: str) -> Callable[[Test], Test]:
    """Say which elements (`Term`) and attributes (`Term@exponent`) of XTCE a test proves; docs/xtce.md is made from it."""
    return lambda test: test


def document(
    types: str = "",
    parameters: str = "",
    containers: str = "",
    algorithms: str = "",
    more: str = "",
    name: str = "S",
    version: str = "1.2",
) -> str:
    """Return a whole document around the given definitions; `more` follows TelemetryMetaData."""
    parts = {"ParameterTypeSet": types, "ParameterSet": parameters, "ContainerSet": containers, "AlgorithmSet": algorithms}
    inner = "\n".join(f"<{part}>\n{text}\n</{part}>" for part, text in parts.items() if text)
    telemetry = f"<TelemetryMetaData>\n{inner}\n</TelemetryMetaData>" if inner else ""
    return f'<SpaceSystem xmlns="{NAMESPACES[version]}" name="{name}">\n{telemetry}\n{more}\n</SpaceSystem>'


class _Local(etree.Resolver):  # type: ignore[misc]
    def resolve(self, url: str, public: str | None, context: Any) -> Any:
        return self.resolve_string(XML_NAMESPACE, context) if url.endswith("xml.xsd") else None


@cache
def schema() -> Any:
    """Return the schema of XTCE 1.2, or None when the shared data is absent and nobody insists on it."""
    path = SHARED / SCHEMA
    if not path.exists() and os.environ.get("AELITA_REQUIRE_DATA") != "1":
        return None
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Local())
    return etree.XMLSchema(etree.parse(str(path), parser))


def legal(text: str) -> str:
    """Return the text after its check against the schema of XTCE 1.2."""
    if (checker := schema()) is not None:
        checker.assertValid(etree.fromstring(text.encode()))
    return text


def read(*texts: str) -> Database:
    """Return the database in documents, named `0.xml`, `1.xml` and so on, whether they are legal or not."""
    return read_database([parse(text.encode(), f"{number}.xml") for number, text in enumerate(texts)])


def load(*arguments: str, **parts: str) -> Database:
    """Return the database in a document of these definitions, which is legal XTCE 1.2 and leaves nothing to report."""
    database = read(legal(document(*arguments, **parts)))
    assert database.findings == ()
    return database


def findings(*arguments: str, **parts: str) -> tuple[Finding, ...]:
    """Return what is reported of a legal document."""
    return read(legal(document(*arguments, **parts))).findings


INTEGER = '<IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>'
