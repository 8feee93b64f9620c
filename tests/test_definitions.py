"""Channel, database and clock from names and files; databases as the archive keeps them."""

from pathlib import Path

import pytest

from aelita.archive import DatabaseText
from aelita.errors import AelitaError, DefinitionError, UsageError
from aelita.mdb import read_files
from aelita.services import Library, define, find_mission, mission_names
from aelita.services.databases import pack, unpack

PLAIN = (
    '<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData>{}</TelemetryMetaData></SpaceSystem>'
)
TYPES = (
    '<ParameterTypeSet><IntegerParameterType name="u8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>'
    "</ParameterTypeSet>"
)
CHANNEL = 'name = "c"\nspacecraft = "S"\nprotocol = "packets"\n'


@pytest.mark.parametrize("mission", mission_names())
def test_every_mission_of_the_package_is_whole(mission: str) -> None:
    found = find_mission(mission)
    for channel in found.channels:
        made = define(Library(), mission=mission, channel=channel)
        assert made.channel.name == channel
        assert (made.compiled is not None) == bool(found.spacecraft_of(channel).databases)


def test_a_channel_of_the_package_is_found_without_its_mission() -> None:
    made = define(Library(), channel="tgo")
    assert made.channel.spacecraft_id == 0x28F
    assert made.clock is not None and made.clock.name == "TGO"
    assert made.text is not None and made.text.name == "tgo.xml"


def test_a_channel_file_in_the_folder_of_a_mission_brings_its_database_and_clock() -> None:
    file = find_mission("exomars").channels["tgo"]
    made = define(Library(), channel=str(file))
    assert made.clock is not None and made.text is not None
    assert (made.clock.name, made.text.name) == ("TGO", "tgo.xml")


def test_files_of_the_user_take_the_place_of_those_of_the_mission(tmp_path: Path) -> None:
    (tmp_path / "own.xml").write_text(PLAIN.format(TYPES))
    (tmp_path / "own.toml").write_text(CHANNEL)
    made = define(Library(), mission="exomars", mdb=[tmp_path / "own.xml"])
    assert made.text is not None and made.text.name == "own.xml"
    made = define(Library(), channel=str(tmp_path / "own.toml"))
    assert (made.channel.name, made.text, made.compiled, made.clock) == ("c", None, None, None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "no channel is named"),
        ({"channel": "no-such"}, "there is no channel file 'no-such'"),
        ({"mission": "exomars", "channel": "no-such"}, "has no channel 'no-such'"),
        ({"mission": "no-such"}, "no mission 'no-such'"),
        ({"channel": "tgo", "mdb": [Path("absent.xml")]}, "absent.xml: cannot be read"),
        ({"channel": "tgo", "clock": Path("absent.tsc")}, "absent.tsc: cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(AelitaError, match=told):
        define(Library(), **arguments)  # type: ignore[arg-type]


def test_one_document_is_kept_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "one.xml").write_text(PLAIN.format(TYPES))
    text = pack(read_files(tmp_path / "one.xml"))
    assert (text.name, text.text) == ("one.xml", PLAIN.format(TYPES))
    assert list(Library().compiled(text).database.types) == ["/S/u8"]


def test_included_and_several_documents_and_other_encodings_are_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/types.xml").write_text(
        TYPES.replace("<ParameterTypeSet>", '<ParameterTypeSet xmlns="http://www.omg.org/spec/XTCE/20180204">')
    )
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="parts/types.xml"/>'
    (tmp_path / "a.xml").write_text(PLAIN.format(include))
    (tmp_path / "b.xml").write_bytes(PLAIN.format(TYPES).replace('name="S"', 'name="É"').encode("utf-16"))
    text = pack(read_files([tmp_path / "a.xml", tmp_path / "b.xml"]))
    assert str(tmp_path) not in text.text
    assert sorted(Library().compiled(text).database.types) == ["/S/u8", "/É/u8"]
    with pytest.raises(DefinitionError, match="bundle of a database is damaged"):
        unpack(DatabaseText("x", text.text[:100]))


def test_a_version_is_read_once() -> None:
    library = Library()
    text = DatabaseText("x.xml", PLAIN.format(TYPES))
    assert library.compiled(text) is library.compiled(text)


def test_usage_errors_name_the_missions() -> None:
    with pytest.raises(UsageError, match="exomars"):
        find_mission("venus")
