import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from aelita.errors import DefinitionError, UsageError
from aelita.services.missions import find_mission, mission_names, package_missions
from aelita.time import NO_TIME, SpacecraftClock, clock_from_kernel, tai_ns_from_utc, utc_from_tai_ns
from shared import shared

RECORDED = ["emm", "euclid", "europa-clipper", "exomars", "hera", "integral", "jpss", "mars2020", "snpp", "stereo-a"]
DATABASES = sorted(path for name in RECORDED for one in find_mission(name).spacecraft for path in one.databases)


def test_every_recording_has_its_mission() -> None:
    assert mission_names() == sorted([*RECORDED, "fleet"])
    for name in RECORDED:
        mission = find_mission(name)
        assert mission.channel().is_file()
        assert mission.spacecraft_of().databases or name == "integral"


def test_exomars_names_what_belongs_to_tgo() -> None:
    mission = find_mission("exomars")
    tgo = mission.spacecraft_of("tgo")
    assert (tgo.name, tgo.frame_ids, tgo.naif_id) == ("TGO", (0x28F,), -143)
    assert [path.name for path in tgo.databases] == ["tgo.xml"]
    assert tgo.clock is not None


def test_a_mission_extends_another() -> None:
    fleet, base = find_mission("fleet"), find_mission("exomars")
    assert [one.key for one in fleet.spacecraft] == [*(one.key for one in base.spacecraft), "hera", "mars2020"]
    assert fleet.spacecraft[: len(base.spacecraft)] == base.spacecraft and fleet.alarms == base.alarms
    assert fleet.channel() == base.channel() and fleet.channel("hera") == find_mission("hera").channel()
    assert fleet.organisation.stations == base.organisation.stations and fleet.organisation.rights == base.organisation.rights
    assert fleet.organisation.agreement.gives[: len(base.organisation.agreement.gives)] == base.organisation.agreement.gives


def test_a_mission_does_not_extend_itself(tmp_path: Path) -> None:
    for here, there in (("one", "two"), ("two", "one")):
        (tmp_path / here).mkdir()
        (tmp_path / here / "mission.toml").write_text(f'name = "{here}"\ntitle = "T"\nextends = "../{there}"\n')
    with pytest.raises(DefinitionError, match=r"two.mission\.toml: extends: '\.\./one' leads back"):
        find_mission(tmp_path / "one")
    (tmp_path / "two" / "mission.toml").write_text('name = "two"\ntitle = "T"\nextends = "../three"\n')
    with pytest.raises(DefinitionError, match="three"):
        find_mission(tmp_path / "one")


def test_unknown_mission_and_channel_name_the_known_ones() -> None:
    with pytest.raises(UsageError, match="euclid, europa-clipper, exomars"):
        find_mission("apollo")
    with pytest.raises(UsageError, match="cruise, safe-mode"):
        find_mission("mars2020").channel("landing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "mine"
    shutil.copytree(package_missions() / "exomars", copy)
    return copy


def test_a_folder_of_the_user_is_a_mission(folder: Path) -> None:
    assert find_mission(folder).folder == folder


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ('title = "ExoMars 2016', 'colour = "red"\ntitle = "ExoMars 2016', "mission.toml", "unknown key 'colour'"),
        ("naif_id", "naif", r"spacecraft\[0\]", "unknown key 'naif'"),
        ("tgo.xml", "edm.xml", r"spacecraft\[0\]: databases", "no file 'edm.xml'"),
        ("clocks/tgo.toml", "clocks/edm.toml", r"spacecraft\[0\]: clock", "no file 'clocks/edm.toml'"),
        ('channels = ["tgo"]', 'channels = ["edm"]', "channels", "no file channels/edm.toml"),
        ('channels = ["tgo"]', "channels = []", "channels", "'tgo' belongs to no spacecraft"),
        ('channels = ["tgo"]', 'channels = ["tgo", "tgo"]', "channels", "more than one"),
        ('default_channel = "tgo"', 'default_channel = "edm"', "default_channel", "no channel 'edm'"),
        ("frame_ids = [0x28F]", 'frame_ids = ["TGO"]', "frame_ids", "list of whole numbers"),
        ('name = "exomars"', "name = ", "mission.toml", "not valid TOML"),
    ],
)
def test_a_wrong_description_is_refused_by_file_and_key(folder: Path, old: str, new: str, where: str, what: str) -> None:
    path = folder / "mission.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DefinitionError, match=rf"(?s)mission\.toml.*{where}.*{what}|mission\.toml.*{what}"):
        find_mission(folder)


def test_a_description_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / "mission.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DefinitionError, match="cannot be read"):
        find_mission(folder)


def tgo_clock() -> SpacecraftClock:
    path = find_mission("exomars").spacecraft_of().clock
    assert path is not None
    return SpacecraftClock.from_toml(path.read_text(), str(path))


def test_tgo_clock_dates_the_first_attitude_sample() -> None:
    ticks = np.array([round(227049675.8 * 65536), NO_TIME], np.int64)
    first, unknown = tgo_clock().tai_ns(ticks)
    assert abs(int(first) - tai_ns_from_utc("2023-05-24T18:54:49.804")) < 1_000_000
    assert utc_from_tai_ns(int(first)).startswith("2023-05-24T18:54:49.8")
    assert unknown == NO_TIME


def test_tgo_clock_equals_the_kernel_it_came_from() -> None:
    kernel = clock_from_kernel(shared("data/nav/spice/em16/sclk/em16_tgo_step_20210611.tsc").read_text())
    own = tgo_clock()
    assert own.segments == kernel.segments[-len(own.segments) :]
    ticks = np.linspace(own.segments[0].ticks, 230_000_000 * 65536, 1001).astype(np.int64)
    np.testing.assert_array_equal(own.tai_ns(ticks), kernel.tai_ns(ticks))


def test_databases_are_valid_xtce() -> None:
    text = shared("data/telemetry/jpss/SpaceSystem.xsd").read_bytes()
    text = re.sub(rb'<import namespace="http://www.w3.org/XML/1998/namespace"[^>]*>', b"", text)  # its address is on a network
    text = re.sub(rb'<attribute ref="xml:base"[^>]*>', b"", text)
    schema = etree.XMLSchema(etree.fromstring(text))
    for path in DATABASES:
        schema.assertValid(etree.parse(path))


@pytest.mark.parametrize("path", DATABASES, ids=lambda path: path.name)
def test_every_description_has_its_grade(path: Path) -> None:
    grades = ("seen", "checked", "published", "unknown")
    for parameter in etree.parse(path).iter("{*}Parameter"):
        text = parameter.get("shortDescription")
        assert text.endswith(")"), text
        assert any(grade in text.rpartition("(")[2] or f"({grade}" in text for grade in grades), text
