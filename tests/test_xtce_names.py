"""SpaceSystems and the names in them."""

import re
from pathlib import Path

import pytest

from aelita.errors import DefinitionError
from aelita.mdb.load import database_of, load_database, read_files
from xtce_text import INTEGER, NAMESPACES, covers, document, legal, load, read


def nested(inner: str, reference: str, *, lawful: bool = True) -> str:
    """Return /S/M/Inner with a parameter whose type is `reference`; each of /S, /S/M and /S/M/Inner may define types."""
    text = f"""<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S"><TelemetryMetaData><ParameterTypeSet>{INTEGER}
      <IntegerParameterType name="top"/></ParameterTypeSet></TelemetryMetaData>
      <SpaceSystem name="M"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="u8"/></ParameterTypeSet></TelemetryMetaData>
        <SpaceSystem name="Inner"><TelemetryMetaData>{inner}<ParameterSet><Parameter name="p" parameterTypeRef="{reference}"/>
        </ParameterSet></TelemetryMetaData></SpaceSystem>
        <SpaceSystem name="Other"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="far"/></ParameterTypeSet>
        </TelemetryMetaData></SpaceSystem>
      </SpaceSystem></SpaceSystem>"""
    return legal(text) if lawful else text


@covers("SpaceSystem", "SpaceSystem@name")
@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("u8", "/S/M/u8"),  # the nearest upward
        ("top", "/S/top"),
        ("/S/u8", "/S/u8"),
        ("/S/M/u8", "/S/M/u8"),
        ("../u8", "/S/M/u8"),
        ("../../u8", "/S/u8"),
        ("../Other/far", "/S/M/Other/far"),
        ("Other/far", "/S/M/Other/far"),  # a path counts upward too
        ("M/Other/far", "/S/M/Other/far"),
        ("./../u8", "/S/M/u8"),
    ],
)
def test_references_are_resolved_upward(reference: str, found: str) -> None:
    assert read(nested("", reference)).parameters["/S/M/Inner/p"].type == found


def test_doubled_slashes_are_read_as_one() -> None:
    assert read(nested("", "//S//u8", lawful=False)).parameters["/S/M/Inner/p"].type == "/S/u8"


def test_absolute_references_without_the_root_are_read_and_reported() -> None:
    database = read(nested("", "/M/Other/far"))
    assert database.parameters["/S/M/Inner/p"].type == "/S/M/Other/far"
    assert [(found.severity, found.line) for found in database.findings] == [("repaired", 4)]
    assert "lacks the name of the root" in database.findings[0].message


def test_the_nearest_definition_counts() -> None:
    own = '<ParameterTypeSet><IntegerParameterType name="u8"/></ParameterTypeSet>'
    assert read(nested(own, "u8")).parameters["/S/M/Inner/p"].type == "/S/M/Inner/u8"


@pytest.mark.parametrize("reference", ["far", "/Q/u8", "../../../u8", "/S/Q/u8", "./top", "..", "/", "S", "../top/"])
def test_dangling_references_are_refused(reference: str) -> None:
    with pytest.raises(DefinitionError, match="there is no parameter type") as caught:
        read(nested("", reference, lawful=False))
    assert caught.value.where == "0.xml:4"
    assert repr(reference) in caught.value.what


@covers("ParameterRef", "ParameterRef@parameterRef")
def test_a_parameter_set_may_include_parameters_of_other_systems() -> None:
    text = f"""<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S">
      <SpaceSystem name="A"><TelemetryMetaData><ParameterTypeSet>{INTEGER}</ParameterTypeSet>
        <ParameterSet><Parameter name="p" parameterTypeRef="u8"/></ParameterSet></TelemetryMetaData></SpaceSystem>
      <SpaceSystem name="B"><TelemetryMetaData><ParameterSet><ParameterRef parameterRef="../A/p"/></ParameterSet>
        <ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList></SequenceContainer>
        </ContainerSet></TelemetryMetaData></SpaceSystem></SpaceSystem>"""
    database = read(legal(text))
    assert [entry.parameter for entry in database.containers["/S/B/C"].entries] == ["/S/A/p"]  # type: ignore[union-attr]
    assert database.findings == ()


def test_parameters_that_include_each_other_are_refused() -> None:
    text = f"""<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S"><TelemetryMetaData><ParameterSet><ParameterRef parameterRef="T/p"/>
      </ParameterSet><ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="p"/></EntryList>
      </SequenceContainer></ContainerSet></TelemetryMetaData><SpaceSystem name="T"><TelemetryMetaData><ParameterSet>
      <ParameterRef parameterRef="../p"/></ParameterSet></TelemetryMetaData></SpaceSystem></SpaceSystem>"""
    with pytest.raises(DefinitionError, match="there is no parameter"):
        read(legal(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('<SpaceSystem name="S"><SpaceSystem name="A"/>\n<SpaceSystem name="A"/></SpaceSystem>', "of this name at 0.xml:1"),
        ("<SpaceSystem/>", "attribute name is missing"),
        ('<SpaceSystem name="a/b"/>', "a name cannot contain a /"),
    ],
)
def test_names_of_systems(text: str, told: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(told)):
        read(text)


def test_doubtful_names_are_reported() -> None:
    database = read('<SpaceSystem name="a b"/>')
    assert database.name == "a b"
    assert [found.severity for found in database.findings] == ["ignored"]


@covers("Header", "Header@version", "Header@date", "Header@validationStatus", "SpaceSystem@operationalStatus",
        "SpaceSystem@shortDescription")  # fmt: skip
def test_header() -> None:
    header = '<Header version="1.2" date="2026-01-01" validationStatus="Test"/>'
    text = f'<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S" operationalStatus="x" shortDescription="y">{header}</SpaceSystem>'
    database = read(legal(text))
    assert (database.name, database.version, database.date, database.validation_status) == ("S", "1.2", "2026-01-01", "Test")
    assert database.findings == ()


def test_every_defect_is_told_at_once() -> None:
    text = '<Parameter name="p" parameterTypeRef="x"/>\n<Parameter name="q" parameterTypeRef="y"/>'
    with pytest.raises(DefinitionError, match=r"2 defects:\n.*0.xml:4: Parameter 'p'.*\n.*0.xml:5: Parameter 'q'"):
        read(document("", text))


def test_several_files_make_one_database(tmp_path: Path) -> None:
    base = document(INTEGER, name="base")
    child = document(
        "", '<Parameter name="p" parameterTypeRef="/base/u8"/><Parameter name="q" parameterTypeRef="u8"/>', name="child"
    )
    for name, text in (("base.xml", base), ("child.xml", child)):
        (tmp_path / name).write_text(legal(text))
    with pytest.raises(DefinitionError, match="the files given define child"):
        load_database(tmp_path / "child.xml")
    database = load_database([tmp_path / "base.xml", tmp_path / "child.xml"])
    assert {name: each.type for name, each in database.parameters.items()} == {"/child/p": "/base/u8", "/child/q": "/base/u8"}
    assert database.name == "base"
    assert database.digest not in (load_database(tmp_path / "base.xml").digest, "")
    assert load_database([tmp_path / "child.xml", str(tmp_path / "base.xml")]).digest != database.digest


def test_files_include_others_beside_them(tmp_path: Path) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{}" parse="xml"/>'
    (tmp_path / "parts").mkdir()
    types = f'<ParameterTypeSet xmlns="{NAMESPACES["1.2"]}">{INTEGER}</ParameterTypeSet>'
    (tmp_path / "parts" / "types.xml").write_text(types)
    (tmp_path / "parts" / "child.xml").write_text(document("", '<Parameter name="p" parameterTypeRef="u8"/>', name="Child"))
    main = f'<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S"><TelemetryMetaData>{include.format("parts/types.xml")}'
    main += f"</TelemetryMetaData>{include.format('parts/child.xml')}</SpaceSystem>"
    (tmp_path / "main.xml").write_text(main)
    database = load_database(tmp_path / "main.xml")
    assert database.parameters["/S/Child/p"].type == "/S/u8"
    assert database.findings == ()
    before = database.digest
    (tmp_path / "parts" / "types.xml").write_text(types.replace('"8"', '"9"'))
    assert load_database(tmp_path / "main.xml").digest != before


@pytest.mark.parametrize(
    ("href", "told"),
    [
        ("../outside.xml", "does not lie beside or below"),
        ("/etc/passwd", "does not lie beside or below"),
        ("file:///etc/passwd", "does not lie beside or below"),
        ("main.xml", "includes itself"),
        ("loop.xml", "includes itself"),
    ],
)
def test_other_includes_are_refused(tmp_path: Path, href: str, told: str) -> None:
    include = '<SpaceSystem name="{}"><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{}"/></SpaceSystem>'
    (tmp_path / "main.xml").write_text(include.format("S", href))
    (tmp_path / "loop.xml").write_text(include.format("T", "main.xml"))
    (tmp_path.parent / "outside.xml").write_text("<SpaceSystem name='O'/>")
    with pytest.raises(DefinitionError, match=told):
        load_database(tmp_path / "main.xml")


@pytest.mark.parametrize(
    ("include", "told"),
    [
        ('href="absent.xml"', "the included file is not there: nothing of it is known"),
        ('href="broken.xml"', r"the file is left out: .*broken.xml:6: ParameterRefEntry: there is no parameter 'nowhere'"),
        ('href="child.xml" parse="text"', "only whole XML files are included, by href alone"),
    ],
)
def test_what_cannot_be_included_is_left_out_and_reported(tmp_path: Path, include: str, told: str) -> None:
    held = '<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="nowhere"/></EntryList></SequenceContainer>'
    (tmp_path / "broken.xml").write_text(document("", "", held, name="Broken").replace("<EntryList>", "<EntryList>\n\n"))
    (tmp_path / "child.xml").write_text(document(INTEGER, name="Child"))
    xi = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
    main = f'<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S" {xi}>\n<xi:include href="child.xml"/>\n<xi:include {include}/></SpaceSystem>'
    (tmp_path / "main.xml").write_text(main)
    for database in (load_database(tmp_path / "main.xml"), database_of(read_files(tmp_path / "main.xml"))):
        assert list(database.types) == ["/S/Child/u8"]
        (found,) = database.findings
        assert (found.line, found.severity) == (3, "defect")
        assert re.search(told, found.message)


def test_an_included_file_that_others_need_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "child.xml").write_text(document('<IntegerParameterType name="t" baseType="nowhere"/>', name="Child"))
    parameter = (
        '<TelemetryMetaData><ParameterSet><Parameter name="p" parameterTypeRef="Child/t"/></ParameterSet></TelemetryMetaData>'
    )
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="child.xml"/>'
    main = f'<SpaceSystem xmlns="{NAMESPACES["1.2"]}" name="S">{parameter}{include}</SpaceSystem>'
    (tmp_path / "main.xml").write_text(main)
    with pytest.raises(DefinitionError, match=r"child.xml:\d+: IntegerParameterType 't': there is no parameter type 'nowhere'"):
        load_database(tmp_path / "main.xml")


def test_one_database_of_all_kinds_of_names() -> None:
    """A type, a parameter and a container may share a name: XTCE keeps a name space for each."""
    text = '<SequenceContainer name="x"><EntryList><ParameterRefEntry parameterRef="x"/></EntryList></SequenceContainer>'
    database = load(INTEGER.replace('"u8"', '"x"'), '<Parameter name="x" parameterTypeRef="x"/>', text)
    assert database.types.keys() == database.parameters.keys() == database.containers.keys() == {"/S/x"}
