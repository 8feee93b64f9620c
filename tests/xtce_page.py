"""Makes docs/xtce.md: every element and attribute of XTCE 1.2, supported with the test that shows it, or reported.

Run it as `python tests/xtce_page.py`; a test compares the page with what it would write.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aelita.errors import DefinitionError
from aelita.mdb.model import Finding
from xtce_schema import Schema, schema_types
from xtce_text import read

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "xtce.md"
COMMANDING = """
## Commands

`compile_commands(database)` puts each MetaCommand together with all that it inherits; `encode_command` makes the octets of its packet
and `decode_command` tells from octets which command they are, with which arguments. The container of a command is laid out by the
same walk as a container of telemetry, so that whatever can be read can be sent: all integer and float encodings, texts with
terminations or leading sizes, octets, labels, times, structures, lists, sizes and inclusions that depend on arguments.

| what | how |
|---|---|
| defects | a command that is wrong is left out with those that inherit from it, and told as a finding; telemetry is read all the same |
| values | engineering values by name; raw ones where `raw` gives them; defaults from `Argument`, then from its type; structures and lists as mappings and lists (in attributes: JSON) |
| counts | an argument that counts the elements or octets of another may be left out |
| calibrators | are those of telemetry (raw to engineering) and are inverted; the nearest raw value is sent. A polynomial must rise or fall throughout, a spline as well; math operations are not inverted (Yamcs applies calibrators of arguments the other way round: such documents mean something else there) |
| ranges | any one of several; of engineering or of raw values |
| labels | one that stands for several raw values is refused; the number can be given |
| texts | a text shorter than its field is followed by NULs; UTF-16 and UTF-32 are sent big-endian |
| constraints | must hold, or the command waits `timeOut` for them |
| verifiers | those for execution and completion add to the inherited ones, others replace them (XTCE 1.2, VerifierSetType) |
| significance | levels of XTCE 1.2 (normal, vital, critical, forbidden) and of XTCE 1.1 (none to severe); `user1` and `user2` rank as critical |
| parameters in a packet | their value on the ground, what restriction criteria of the base containers demand, or their initial value |
| `/yamcs/cmd/arg/x` | is the argument `x` of the command; other names of the Yamcs server are reported |

What only the sender of a packet knows is marked with ancillary data on the Argument or FixedValueEntry:

```xml
<FixedValueEntry name="packet_length" binaryValue="0000" sizeInBits="16"><AncillaryDataSet>
  <AncillaryData name="aelita.sender">packet_length</AncillaryData></AncillaryDataSet></FixedValueEntry>
```

Roles are `sequence_count`, `packet_length` (octets of the data field less one), `crc16` and `iso_checksum` (over all octets before
the field, or, as `iso_checksum data`, over the argument `data` alone). Where a database has no such marks, `SenderFields` names the fields, or fills the primary header of a space packet and
appends a checksum, as Yamcs does after its own encoding.
"""
INTRODUCTION = """# XTCE: what is read, and what is reported

Made from the schema of XTCE 1.2 (`SpaceSystem.xsd`, CCSDS 660.0-B-2) by `python tests/xtce_page.py`. XTCE 1.1 and drafts of
1.2 are read as well: their spellings (`twosCompliment`), `ByteOrderList`, `ValidRangeSet`, `ChangePerSecondAlarmRanges`,
`ParameterSegmentRefEntry` and others are taken for what they became.

*supported*: the test named shows it. *reported*: nothing is done with it, and `aelita mdb check` tells it with file and line, by
the element itself or as part of one that it stands in. Nothing is ignored silently: a test makes the smallest document with each
element and attribute that is not supported and looks for the report.

How findings are graded: `defect` (wrong in the file; the rest is used), `unsupported` (lawful, but not acted upon), `repaired`
(read as it must have been meant), `ignored` (harmless). A document is refused as a whole when it is no XML or no SpaceSystem,
has a DOCTYPE or is too large or deep, when types or containers inherit from themselves, when names are defined twice, and when
something refers to what none of the given files defines.
"""


@cache
def covered() -> dict[str, list[str]]:
    """Return the tests, as `file::test`, that claim to prove each element (`Term`) or attribute (`Term@exponent`)."""
    found: dict[str, list[str]] = {}
    for path in sorted(HERE.glob("test_xtce_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for each in node.decorator_list:
                if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "covers":
                    for name in ast.literal_eval(ast.Tuple(each.args, ast.Load())):
                        found.setdefault(name, []).append(f"{path.name}::{node.name}")
    return found


@dataclass(frozen=True)
class Row:
    """One element, or attribute of one: the tests that prove it, or how it is reported."""

    name: str
    path: tuple[str, ...]
    attribute: str = ""
    tests: tuple[str, ...] = ()
    report: Finding | None = None
    abstract: bool = False

    @property
    def told(self) -> bool:
        """Whether it is supported, reported, or cannot stand in a document."""
        return bool(self.tests) or self.report is not None or self.abstract


def report_of(schema: Schema, path: tuple[str, ...], attribute: str | None = None) -> Finding | None:
    """Return the finding that tells an element, or attribute of it, in the smallest document that holds it."""
    try:
        found = read(schema.document(path, attribute)).findings
    except DefinitionError as error:
        return Finding(int(error.where.rpartition(":")[2]), path[-1], error.what, "defect")
    if attribute is not None:
        wanted = f"attribute {attribute}:"
        own = next((each for each in found if _name(each) == path[-1] and each.message.startswith(wanted)), None)
        if own is not None:
            return own
    above = [each for each in found if _name(each) in path and each.severity in ("unsupported", "ignored")]
    whole = [each for each in above if not each.message.startswith("attribute ")]
    return max(whole, key=lambda each: path.index(_name(each)), default=None)


def _name(finding: Finding) -> str:
    return finding.element.partition(" ")[0]


@cache
def rows() -> tuple[Row, ...]:
    """Return a row for each element, followed by its attributes."""
    return tuple(_rows(schema_types()))


def _rows(schema: Schema) -> Iterator[Row]:
    tests = covered()
    for name, places in sorted(schema.paths().items()):
        path, kind = places[0]
        abstract = not isinstance(kind, str) and kind.get("abstract") == "true"
        proved = tuple(tests.get(name, ()))
        report = None if proved or abstract else report_of(schema, path)
        yield Row(name, path, tests=proved, report=report, abstract=abstract)
        if not proved:
            continue
        declared = {each: where for where, other in reversed(places) for each in schema.attributes(other)}
        for attribute, where in sorted(declared.items()):
            shown = tuple(tests.get(f"{name}@{attribute}", ()))
            yield Row(name, where, attribute, shown, None if shown else report_of(schema, where, attribute))


def page() -> str:
    """Return the text of docs/xtce.md."""
    elements = [row for row in rows() if not row.attribute]
    supported = [row for row in elements if row.tests]
    counted = f"{len(supported)} of {len(elements)} elements are supported."
    lines = [INTRODUCTION, f"{counted}\n"]
    lines += ["## Supported elements", "", "| element | test | attributes |", "|---|---|---|"]
    lines += [f"| `{row.name}` | {_test(row)} | {_attributes(row.name)} |" for row in supported]
    lines += ["", "## Reported elements", "", "| element | as | told at | in these words |", "|---|---|---|---|"]
    lines += [_reported(row) for row in elements if not row.tests]
    return "\n".join(lines) + "\n" + COMMANDING


def _test(row: Row) -> str:
    file, _, test = row.tests[0].partition("::")
    return f"`{file.removesuffix('.py')}` {test.removeprefix('test_').replace('_', ' ')}"


def _attributes(name: str) -> str:
    told = []
    for row in rows():
        if row.name == name and row.attribute:
            told.append(f"`{row.attribute}`" if row.tests else f"`{row.attribute}` (reported)")
    return ", ".join(told)


def _reported(row: Row) -> str:
    if row.report is None:
        return f"| `{row.name}` | – | – | abstract: it stands in no document |"
    words = row.report.message.partition(" (")[0]
    return f"| `{row.name}` | {row.report.severity} | `{_name(row.report)}` | {words} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
