"""The mission database through the interface: containers, limits, versions and what differs between them."""

import re
from collections.abc import Iterator

import pytest
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.api.centre import Centre
from aelita.archive import DatabaseText
from aelita.services import find_mission
from api_archive_material import Asking, still
from api_material import installed

FILE = find_mission("exomars").spacecraft_of().databases[0]
ALARMS = """<DefaultAlarm minViolations="3"><StaticAlarmRanges><WarningRange minInclusive="-0.9" maxInclusive="0.9"/>
<CriticalRange minInclusive="-1" maxInclusive="1"/></StaticAlarmRanges></DefaultAlarm><ContextAlarmList><ContextAlarm>
<StaticAlarmRanges><WatchRange minInclusive="0" maxInclusive="0.5"/></StaticAlarmRanges>
<ContextMatch><Comparison parameterRef="apid" value="179"/></ContextMatch></ContextAlarm></ContextAlarmList>"""


def newer() -> str:
    """Return the TGO database with limits for the attitude, another width of a counter, and a parameter more."""
    text = FILE.read_text("utf-8")
    kind = '<FloatParameterType name="unit_component" sizeInBits="32"><UnitSet/>'
    start = text.index(kind)
    end = text.index("</FloatParameterType>", start)
    valid = text.index("<ValidRange", start)
    text = text[:valid] + text[valid:end].replace("/>", "/>" + ALARMS) + text[end:]
    return re.sub(r'(<Header[^>]*version=")1\.0(")', r"\g<1>2.0\g<2>", text)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with still(installed(tmp_path_factory.mktemp("centre"), frames=200)) as centre:
        centre.archive().catalogue.keep(DatabaseText("tgo.xml", newer()))
        yield centre


@pytest.fixture(scope="module")
def ask(centre: Centre) -> Asking:
    return Asking(centre)


def test_the_newest_version_in_the_archive_answers(ask: Asking) -> None:
    found = ask.json("database")
    assert (found["number"], found["name"], found["version"], found["usable"]) == (2, "TGO", "2.0", True)
    assert found["counts"]["parameters"] == 497 and found["counts"]["alarms"] == 1
    assert ask.json("database", database=1)["counts"]["alarms"] == 0
    assert found["roots"] == ["/TGO/CCSDSPacket"]
    assert set(found["dynamic"]) == {"/TGO/MemoryDump"}


def test_versions_say_which_sources_were_begun_with_them(ask: Asking) -> None:
    found = ask.json("database/versions")
    told = [(one["number"], one["version"], one["current"], one["sources"]) for one in found]
    assert told == [(1, "1.0", False, [1]), (2, "2.0", True, []), (0, "1.0", False, [])][: len(found)]
    assert ask.octets("database/versions/1") == FILE.read_bytes()
    assert ask.problem("database/versions/9")[0] == 404


def test_versions_are_compared_by_what_a_change_means(ask: Asking) -> None:
    found = ask.json("database/compare", before=1, after=2)
    assert not found["same"] and found["rebuild"] == []
    (change,) = found["changes"]
    assert (change["kind"], change["name"], change["effect"]) == ("type", "/TGO/unit_component", "judgement")
    assert ask.json("database/compare", before=1, after=0)["same"]
    assert ask.problem("database/compare", before=1, after=7)[0] == 404


def test_limits_are_told_in_words_and_numbers_those_of_a_context_first(ask: Asking) -> None:
    context, warning, critical = ask.json("parameters/attitude_1")["limits"]
    assert (context["level"], context["minimum"], context["maximum"]) == ("watch", 0, 0.5)
    assert context["when"] == "/TGO/apid == 179"
    assert (warning["level"], warning["minimum"], warning["maximum"], warning["when"]) == ("warning", -0.9, 0.9, "otherwise")
    assert (critical["severity"], critical["text"]) == (4, "critical outside [-1, 1] (3 in a row)")
    assert ask.json("parameters/attitude_1", database=1)["limits"] == []
    assert len(ask.json("parameters", search="attitude_1")["items"][0]["limits"]) == 3


def test_containers_are_listed_and_lie_as_another_reader_has_them(ask: Asking) -> None:
    listed = ask.all("database/containers", limit=20)
    assert len(listed) == 78
    assert sum(one["abstract"] for one in listed) == 4
    attitude = next(one for one in listed if one["name"] == "/TGO/Attitude")
    assert attitude["when"] == "raw /TGO/apid == 179 and raw /TGO/subtype == 25 and raw /TGO/structure_id == 170"
    found = ask.json("database/containers/TGO/Attitude")
    assert found == ask.json("database/containers//TGO/Attitude") == ask.json("database/containers/Attitude")
    definition = XtcePacketDefinition.from_xtce(FILE)
    chain = [definition.containers["Attitude"]]
    while chain[0].base_container_name:
        chain.insert(0, definition.containers[chain[0].base_container_name])
    names = [entry.name for container in chain for entry in container.entry_list]
    assert [one["parameter"].removeprefix("/TGO/") for one in found["fields"]] == names
    assert found["bits"] == 8 * 237
    assert [one["container"] for one in found["lineage"]][-1] == "/TGO/Attitude"
    status, detail = ask.problem("database/containers/Atitude")
    assert status == 404 and "/TGO/Attitude" in detail


def test_a_search_finds_every_kind_of_definition(ask: Asking) -> None:
    found = ask.all("database/search", search="attitude", limit=3)
    assert {one["kind"] for one in found} >= {"parameter", "container"}
    assert {"kind": "parameter", "name": "/TGO/attitude_0"}.items() <= found[0].items()
    assert all(one["kind"] == "type" for one in ask.all("database/search", kind="type", limit=50))
    assert ask.json("database/search", search="no such thing")["items"] == []


def test_a_spacecraft_without_a_database_has_none(ask: Asking) -> None:
    assert ask.problem("database", spacecraft="edm")[0] == 404
    assert ask.json("parameters", spacecraft="edm") == {"items": [], "next": None}
