"""XML as it comes from outside: hostile, broken, in many spellings."""

import gc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.errors import DefinitionError
from aelita.mdb import xtce_tree
from aelita.mdb.load import load_database
from aelita.mdb.xtce import read_database
from aelita.mdb.xtce_tree import Node, parse
from xtce_text import INTEGER, NAMESPACES, document, read

BODY = document(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>')


def entities(count: int) -> str:
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, count))
    return f'<!DOCTYPE SpaceSystem [<!ENTITY e0 "boom">{steps}]><SpaceSystem name="S" shortDescription="&e{count - 1};"/>'


@pytest.mark.parametrize(
    "text",
    [
        entities(10),
        '<!DOCTYPE SpaceSystem [<!ENTITY x SYSTEM "file:///etc/passwd">]><SpaceSystem name="&x;"/>',
        '<!DOCTYPE SpaceSystem SYSTEM "http://example.org/evil.dtd"><SpaceSystem name="S"/>',
        '<!DOCTYPE SpaceSystem [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><SpaceSystem name="S"/>',
        '<!DOCTYPE SpaceSystem><SpaceSystem name="S"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_are_refused(text: str, encoding: str) -> None:
    with pytest.raises(DefinitionError, match=r"bomb.xml:1: the file has a DOCTYPE, .* Remove it"):
        parse(text.encode(encoding), "bomb.xml")


def test_short_entities_stand_for_their_text() -> None:
    declared = '<!DOCTYPE SpaceSystem [<!ENTITY a "aaaa&lt;">\n<!ENTITY b "&a;&a;&#98;">]>'
    text = f'{declared}<SpaceSystem name="S" shortDescription="&b;">&a;</SpaceSystem>'
    root = parse(text.encode(), "short.xml").root
    assert (root.attributes["shortDescription"], root.text) == ("aaaa<aaaa<b", "aaaa<")
    with pytest.raises(DefinitionError, match="long or nested entities"):
        parse(text.replace("aaaa", "a" * 200).encode(), "long.xml")
    with pytest.raises(DefinitionError, match="long or nested entities"):
        parse(text.replace("</", " " * (1 << 20) + "</").encode(), "large.xml")
    with pytest.raises(DefinitionError, match="long or nested entities"):
        parse(text.replace('"aaaa&lt;"', '"&b;"').encode(), "circle.xml")


def test_deep_wide_and_long_documents_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DefinitionError, match="200 levels"):
        parse(b"<SpaceSystem>" * 100_000, "deep.xml")
    with pytest.raises(DefinitionError, match="1000 attributes"):
        parse(b"<SpaceSystem " + b" ".join(b"a%d=''" % n for n in range(2000)) + b"/>", "wide.xml")
    monkeypatch.setattr(xtce_tree, "MAX_ELEMENTS", 1000)
    with pytest.raises(DefinitionError, match="more than 1000 elements"):
        parse(b"<SpaceSystem>" + b"<a/>" * 1000 + b"</SpaceSystem>", "long.xml")
    monkeypatch.setattr(xtce_tree, "MAX_OCTETS", 10)
    with pytest.raises(DefinitionError, match="20 octets are more than 10"):
        parse(b" " * 20, "big.xml")


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"\0\1\2", r":1: not well-formed XML"),
        (BODY.encode()[:-14], "broken.xml:11: not well-formed XML: no element found"),
        (BODY.encode().replace(b"</ParameterSet>", b"</ParameterTypeSet>"), r":8: not well-formed XML: mismatched tag"),
        (b"<?xml version='1.0' encoding='klingon'?><SpaceSystem/>", "not readable as XML|not well-formed"),
        (b"<SpaceSystem name='\xff'/>", "not well-formed XML"),
        (b"<html/>", "the root element is not SpaceSystem, but 'html'"),
        (b"<SpaceSystem name='S'>&undefined;</SpaceSystem>", "undefined entity"),
    ],
)
def test_broken_documents(octets: bytes, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        read_database([parse(octets, "broken.xml")])


def test_absent_and_strange_files(tmp_path: Path) -> None:
    for path, told in ((tmp_path / "absent.xml", "No such file"), (tmp_path, "not a file"), (Path("/dev/zero"), "not a file")):
        with pytest.raises(DefinitionError, match=told):
            load_database(path)
    with pytest.raises(DefinitionError, match="no database files"):
        load_database([])


@pytest.mark.parametrize("namespace", [*NAMESPACES.values(), ""])
@pytest.mark.parametrize("prefix", ["", "xtce:"])
def test_namespaces_and_prefixes(namespace: str, prefix: str) -> None:
    text = BODY.replace(f' xmlns="{NAMESPACES["1.2"]}"', "")
    if prefix:
        if not namespace:
            return
        text = text.replace("</", "@@").replace("<", "<xtce:").replace("@@", "</xtce:")
        text = text.replace("<xtce:SpaceSystem", f'<xtce:SpaceSystem xmlns:xtce="{namespace}"', 1)
    elif namespace:
        text = text.replace("<SpaceSystem", f'<SpaceSystem xmlns="{namespace}"', 1)
    database = read(text)
    assert list(database.parameters) == ["/S/p"]
    assert database.findings == ()


def test_another_namespace_is_read_and_reported() -> None:
    other = "https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd"
    database = read(BODY.replace(NAMESPACES["1.2"], other))
    assert list(database.parameters) == ["/S/p"]
    assert [(found.severity, other in found.message) for found in database.findings] == [("repaired", True)]


def test_elements_and_attributes_of_other_namespaces_are_reported() -> None:
    text = BODY.replace("<ParameterSet>", '<ParameterSet xmlns:x="urn:x" x:colour="red"><x:Note/>')
    assert [(found.element, found.severity) for found in read(text).findings] == [
        ("ParameterSet", "ignored"),
        ("{}urn:x}Note", "ignored"),
    ]


def test_text_where_none_belongs_is_reported() -> None:
    found = read(BODY.replace("<ParameterSet>", "<ParameterSet>stray")).findings
    assert [(each.element, each.message) for each in found] == [("ParameterSet", "text 'stray' stands where none belongs")]


def test_encodings_of_the_file() -> None:
    text = BODY.replace('name="p"', 'name="p" shortDescription="Größe"')
    for encoding in ("utf-8", "utf-16", "iso-8859-1", "windows-1252", "utf-8-sig"):
        declared = f"<?xml version='1.0' encoding='{encoding.removesuffix('-sig')}'?>\n{text}"
        database = read_database([parse(declared.encode(encoding), "e.xml")])
        assert database.parameters["/S/p"].short_description == "Größe"


def test_digest_depends_on_content_alone() -> None:
    first = read(BODY).digest
    assert len(first) == 64
    same = BODY.replace(">\n", ">\n\n   ").replace("<ParameterSet>", "<ParameterSet><!-- a comment -->")
    same = same.replace('name="p" parameterTypeRef="u8"', "parameterTypeRef='u8'  name='p'")
    assert read(same).digest == first
    assert (
        read(BODY.replace("xmlns=", "xmlns:x=").replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")).digest
        == first
    )
    for change in (('"8"', '"9"'), ('name="p"', 'name="q"'), ('name="p"', 'name="p" shortDescription="d"')):
        assert read(BODY.replace(*change)).digest != first


def test_documents_are_freed_when_they_were_read(tmp_path: Path) -> None:
    inner = document(INTEGER, '<Parameter name="p" parameterTypeRef="u8"/>', name="T").replace(
        f' xmlns="{NAMESPACES["1.2"]}"', ""
    )
    (tmp_path / "d.xml").write_text(BODY.replace("</SpaceSystem>", f"{inner}</SpaceSystem>"))
    gc.collect()
    gc.disable()
    try:
        database = load_database(tmp_path / "d.xml")
        left = [each for each in gc.get_objects() if type(each) is Node and each.file.endswith("d.xml")]
    finally:
        gc.enable()
    assert list(database.parameters) == ["/S/p", "/S/T/p"]
    assert {each.name for each in left} <= {"SpaceSystem"}


def test_lines_are_right_beyond_65535() -> None:
    database = read(BODY.replace("<ParameterSet>", "\n" * 100_000 + '<ParameterSet odd="1">'))
    assert [found.line for found in database.findings] == [100_006]


WORDS = ["u8", "p", "S", "8", "-1", "", "0x", "nan", "1e999", "../..", "/S/p", "leastSignificantByteFirst", "9" * 100, "*", "Ω"]
WHOLE = document(
    INTEGER
    + '<FloatParameterType name="f" baseType="u8"><IntegerDataEncoding sizeInBits="16" byteOrder="1,0"><DefaultCalibrator>'
    '<SplineCalibrator><SplinePoint raw="0" calibrated="1"/></SplineCalibrator></DefaultCalibrator></IntegerDataEncoding>'
    '<DefaultAlarm><StaticAlarmRanges><WarningRange minInclusive="0"/></StaticAlarmRanges></DefaultAlarm></FloatParameterType>',
    '<Parameter name="p" parameterTypeRef="u8"/>',
    '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"><IncludeCondition><Comparison parameterRef="p" value="1"/>'
    "</IncludeCondition></ParameterRefEntry></EntryList></SequenceContainer>",
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_documents_changed_at_random_are_read_or_refused(data: st.DataObject) -> None:
    root = parse(WHOLE.encode(), "r.xml")
    nodes = list(root.root.walk())
    for _ in range(data.draw(st.integers(1, 4))):
        node = data.draw(st.sampled_from(nodes))
        change = data.draw(st.sampled_from(["attribute", "name", "children", "copy"]))
        if change == "attribute" and node.attributes:
            node.attributes[data.draw(st.sampled_from(sorted(node.attributes)))] = data.draw(st.sampled_from(WORDS))
        elif change == "name":
            node.name = data.draw(st.sampled_from([each.name for each in nodes]))
        elif change == "children":
            node.children = node.children[::2]
        elif node.children:
            node.children = [*node.children, node.children[0]]
    try:
        read_database([root])
    except DefinitionError as error:
        assert error.where


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(WHOLE)))
def test_arbitrary_octets_are_refused(octets: bytes, place: int) -> None:
    whole = WHOLE.encode()
    try:
        read_database([parse(whole[:place] + octets + whole[place:], "a.xml")])
    except DefinitionError as error:
        assert error.where
