"""The mission folder of ExoMars: what it says, held against kernels and VLBI, and what becomes of mistakes in its files."""

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from aelita.agencies import GRADES, Organisation, Position, subjects
from aelita.cli.main import app
from aelita.errors import DefinitionError, UsageError
from aelita.link import Channel
from aelita.services import find_mission, mission_names
from aelita.time import NO_TIME, et_from_tai_ns, tai_ns_from_utc
from shared import shared

MISSION = find_mission("exomars")
WHO: Organisation = MISSION.organisation
FILES = ("mission.toml", "agencies.toml", "stations.toml", "instruments.toml", "agreement.toml", "authority.toml")
AT = tai_ns_from_utc("2023-05-24T18:54:49")


# ---- what the folder says


def test_who_takes_part() -> None:
    assert {key: one.part for key, one in WHO.agencies.items()} == {"esa": "lead", "roscosmos": "lead", "nasa": "supporting"}
    centres = {
        "esa": {"esoc", "erco", "esac-soc", "psa", "ess", "rocc"},
        "roscosmos": {"iki", "nnk", "rkpni", "lavochkin", "tsniimash", "okb-mei"},
        "nasa": {"jpl"},
    }
    for agency, keys in centres.items():
        assert keys <= {key for key, one in WHO.centres.items() if one.agency == agency}
    assert {one.key: one.agency for one in MISSION.spacecraft} == {
        "tgo": "esa", "tgo-sim": "esa", "edm": "esa", "rm": "esa", "sp": "roscosmos",
    }  # fmt: skip
    real = [one for one in MISSION.spacecraft if not one.simulated]
    assert {one.key: one.naif_id for one in real} == {"tgo": -143, "edm": -117, "rm": -174, "sp": -173}
    assert [one.key for one in MISSION.spacecraft if one.channels] == ["tgo", "tgo-sim"]
    assert [one.key for one in MISSION.spacecraft if one.uplink] == ["tgo-sim"] and len(real) == 4


def test_spacecraft_are_found_by_key() -> None:
    assert (MISSION.craft("edm").name, MISSION.craft("rm").name) == ("EDM", "Rosalind Franklin")
    with pytest.raises(UsageError, match="tgo, tgo-sim, edm, rm, sp"):
        MISSION.craft("mex")


def test_commands_are_released_at_the_mission_operations_centre_alone() -> None:
    for spacecraft in ("tgo", "edm", "rm"):
        for command in ("/TGO/ACS/Start", "/TGO/AnyOther", "x"):
            rule = WHO.authority.rule(spacecraft, command, "none")
            assert rule is not None and [str(who) for who in rule.release] == ["flight-director@esoc"]
            assert spacecraft != "tgo" or [str(who) for who in rule.check] == ["science-planner@esac-soc"]
    assert WHO.may("science-planner", "command.check")


def test_the_antennas_of_each_agency_hear_tgo_and_with_it_what_it_relays() -> None:
    heard = {agency: {one.key for one in WHO.hears(agency, "tgo")} for agency in WHO.agencies}
    assert heard["esa"] == {"new-norcia", "cebreros", "malargue"}
    assert heard["roscosmos"] == {"bear-lakes", "kalyazin"}
    assert heard["nasa"] == {"goldstone", "canberra", "madrid"}
    assert {one.key for one in WHO.hears("roscosmos", "edm")} == heard["roscosmos"]
    kalyazin = WHO.stations["kalyazin"]
    assert kalyazin.can("receive", "tgo", tai_ns_from_utc("2016-10-16"))
    assert not kalyazin.can("receive", "tgo", tai_ns_from_utc("2016-10-15T23:59:59"))
    assert not any(one.can("uplink", "tgo", AT) for one in WHO.stations_of("roscosmos"))
    assert kalyazin.beams == 2 and WHO.stations["malargue"].beams == 1


def test_each_lead_agency_mirrors_the_frames_of_the_other() -> None:
    agreement = WHO.agreement
    assert "esa.frames.tgo.>" in agreement.mirrored_subjects("esa", "roscosmos", AT)
    assert "roscosmos.frames.tgo.>" in agreement.mirrored_subjects("roscosmos", "esa", AT)
    assert agreement.mirrored_subjects("nasa", "esa", AT)[:2] == ["nasa.frames.tgo.canberra", "nasa.frames.tgo.madrid"]
    assert agreement.mirrored_subjects("nasa", "roscosmos", AT) == agreement.mirrored_subjects("esa", "nasa", AT) == []
    before = tai_ns_from_utc("2016-03-13")
    assert all(not agreement.mirrored_subjects(a, b, before) for a in WHO.agencies for b in WHO.agencies)
    assert {text.split(".")[0] for one in agreement.gives for text in subjects(one)} == {"esa", "roscosmos", "nasa"}


def test_data_rights_are_those_that_are_published() -> None:
    observed = tai_ns_from_utc("2018-08-31T12:00:00")
    due = tai_ns_from_utc("2019-02-28T12:00:00")
    for collection in WHO.collections():
        access = WHO.rights.released(collection, observed, due)
        assert (access.agencies, access.public) == (("esa", "roscosmos"), True)
        assert not WHO.rights.released(collection, observed, due - 1).public
    withheld = WHO.rights.released("tgo-nomad-raw", observed, AT, "LNO")
    assert (withheld.public, withheld.public_at, withheld.agencies) == (False, NO_TIME, ("esa", "roscosmos"))
    assert WHO.rights.released("tgo-nomad-raw", observed, AT, "SO").public
    assert WHO.rights.released("tgo-nomad-calibrated", observed, AT, "LNO").public


def test_instruments_are_those_of_the_four_spacecraft() -> None:
    by_craft = {
        craft.key: {k for k, one in WHO.instruments.items() if one.spacecraft == craft.key} for craft in MISSION.spacecraft
    }
    assert by_craft["tgo"] == {"nomad", "acs", "cassis", "frend", "liulin-mo"}
    assert {len(by_craft[key]) for key in ("edm", "rm", "sp")} == {11, 12, 13}
    russian = {key for key, one in WHO.instruments.items() if one.agency == "roscosmos"}
    assert {"acs", "frend", "isem", "adron-rm"} <= russian and not {"nomad", "cassis", "pancam", "lara", "habit"} & russian
    assert all(one.apids == () for one in WHO.instruments.values())  # none is public


def test_every_statement_has_a_grade_and_its_source() -> None:
    statements = list(WHO.statements())
    assert len(statements) > 100
    for place, basis in statements:
        assert basis.grade in GRADES, place
        assert basis.source or basis.grade in ("recalled", "assumed"), place
    assert {basis.grade for place, basis in statements if place.endswith(".position")} == {"kernel"}
    assert {basis.grade for place, basis in statements if place.endswith(".sle")} == {"assumed"}


def test_names_of_services_are_legal_and_no_two_stations_share_them() -> None:
    named = [one.sle for one in WHO.stations.values() if one.sle]
    assert len({(one.host, one.tcp_port) for one in named}) == len({one.instance("raf", "onlt") for one in named}) == 5
    assert WHO.stations["malargue"].sle is not None
    assert WHO.stations["malargue"].sle.instance("raf", "offl", 2) == "sagr=EXOMARS.spack=TGO-MLG.rsl-fg=MLG.raf=offl2"


def test_missions_of_one_spacecraft_go_without_agencies() -> None:
    for name in mission_names():
        if name not in ("exomars", "fleet"):
            assert find_mission(name).organisation.agencies == {}
            assert re.fullmatch(r"[a-z0-9-]+", find_mission(name).spacecraft[0].key)


# ---- held against what others measured

KERNELS = {
    "new-norcia": ("estrack_v04.bsp", 398990), "cebreros": ("estrack_v04.bsp", 399508), "malargue": ("estrack_v04.bsp", 399512),
    "bear-lakes": ("earthstns_ru_20210706.bsp", 399603), "kalyazin": ("earthstns_ru_20210706.bsp", 399604),
    "goldstone": ("earthstns_itrf93_050714.bsp", 399014), "canberra": ("earthstns_itrf93_050714.bsp", 399043),
    "madrid": ("earthstns_itrf93_050714.bsp", 399063),
}  # fmt: skip
IN_THE_KERNELS = tai_ns_from_utc("2016-12-08T20:30:00")
EARTH_FIXED = (13000, 10081)  # ITRF93, and the alias EARTH_FIXED of the kernels of ESTRACK


def kernel_position_km(file: str, naif_id: int) -> np.ndarray:
    """Return the Earth-fixed position of a station as its SPICE kernel has it."""
    handle = spiceypy.spklef(str(shared(f"data/nav/spice/em16/spk/{file}")))
    try:
        segment, descriptor, _ = spiceypy.spksfs(naif_id, float(et_from_tai_ns(IN_THE_KERNELS)), 40)
        frame, state, centre = spiceypy.spkpvn(segment, descriptor, float(et_from_tai_ns(IN_THE_KERNELS)))
    finally:
        spiceypy.spkuef(handle)
    assert centre == 399 and frame in EARTH_FIXED
    return np.asarray(state[:3])


def metres(position: Position, other: np.ndarray, at: int = IN_THE_KERNELS) -> float:
    return float(1000 * np.linalg.norm(np.array(position.at_km(at)) - other))


@pytest.mark.parametrize("key", WHO.stations)
def test_positions_are_those_of_the_kernels(key: str) -> None:
    assert metres(WHO.stations[key].position, kernel_position_km(*KERNELS[key])) < 0.001


def test_new_norcia_of_the_older_kernel_is_three_metres_away() -> None:
    assert metres(WHO.stations["new-norcia"].position, kernel_position_km("new_norcia.bsp", 398990)) == pytest.approx(
        2.9, abs=0.1
    )


@pytest.mark.parametrize(
    ("key", "name"), [("cebreros", "CEBREROS"), ("goldstone", "DSS14"), ("canberra", "DSS43"), ("madrid", "DSS63")]
)
def test_positions_agree_with_vlbi_within_half_a_metre(key: str, name: str) -> None:
    text = shared("data/nav/stations/glo.sit").read_text()
    found = re.search(rf"^ +{name} +([-\d.]+) +([-\d.]+) +([-\d.]+)", text, re.M)
    assert found
    measured = np.array(found.groups(), float) / 1000
    assert metres(WHO.stations[key].position, measured, tai_ns_from_utc("2000-01-01")) < 0.5


def test_the_bit_rate_of_tgo_is_that_of_its_time_packets() -> None:
    """Time packets tell when a frame was sent; their spacing over the frames between them is the time of a frame."""
    channel = Channel.from_toml(MISSION.channel("tgo").read_text("utf-8"))
    frame_s = channel.frame_octets * 8 / channel.bit_rate
    assert frame_s == pytest.approx((64 + 2 * (8920 + 4)) / (1e6 / 19), rel=1e-6)
    sent = np.array(list(time_packets(shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes())))
    spacing = np.diff(sent[:, 1]) / np.diff(sent[:, 0])
    assert len(spacing) > 50
    assert np.median(spacing) == pytest.approx(frame_s, rel=1e-6)


def time_packets(frames: bytes) -> Iterator[tuple[int, float]]:
    """Yield (number of the frame, on-board seconds) of the packets of APID 0 that lie whole in one frame. No frame is missing."""
    for number in range(len(frames) // 1115):
        frame = frames[number * 1115 : (number + 1) * 1115]
        first, data = int.from_bytes(frame[4:6], "big") & 0x7FF, frame[6:1109]
        if frame[1] >> 1 & 7 or first > 2045:
            continue
        while first + 14 <= len(data):
            if int.from_bytes(data[first : first + 2], "big") & 0x7FF == 0:
                yield number, int.from_bytes(data[first + 8 : first + 14], "big") / 65536
            first += int.from_bytes(data[first + 4 : first + 6], "big") + 7


# ---- mistakes


def load(folder: Path) -> Organisation:
    return find_mission(folder).organisation


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("mission") / "exomars"
    shutil.copytree(MISSION.folder, copy)
    return copy


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "what"),
    [
        # mission.toml: owners and relays
        ("mission", 'agency = "esa"\n', 'agency = "asi"\n', "spacecraft[0]: agency", "'asi' is no agency"),
        ("mission", 'agency = "esa"\n', "", "spacecraft[0]: agency", "missing"),
        ("mission", 'name = "EDM"', 'name = "TGO"', "spacecraft[1]: key", "described twice"),
        ("mission", 'key = "rm"', 'key = "R.M"', "spacecraft[2]: key", "'R.M' is no key"),
        ("mission", "naif_id = -117", "naif_id = -143", "spacecraft[0]: naif_id", "another spacecraft"),
        ("mission", "naif_id = -117", "naif_id = -117\nframe_ids = [655]", "spacecraft[0]: frame_ids", "0x28f is given twice"),
        ("mission", 'relayed_by = ["tgo"]', 'relayed_by = ["mro"]', "spacecraft[1]: relayed_by", "'mro' is no other"),
        ("mission", 'relayed_by = ["tgo"]', 'relayed_by = ["edm"]', "spacecraft[1]: relayed_by", "'edm' is no other"),
        # agencies.toml
        ("agencies", 'key = "roscosmos"', 'key = "esa"', "agencies[1]: key", "described twice"),
        ("agencies", 'key = "nasa"', 'key = "NASA"', "agencies[2]: key", "'NASA' is no key"),
        ("agencies", 'key = "nasa"', 'key = "na.sa"', "agencies[2]: key", "'na.sa' is no key"),
        ("agencies", 'key = "nasa"', 'key = "nasa"\ndomain = "esa"', "domain", "another agency has the domain"),
        ("agencies", 'part = "supporting"', 'part = "helping"', "agencies[2]: part", "not one of lead, supporting"),
        ("agencies", 'grade = "stated"', 'grade = "sure"', "agencies[0]: grade", "not one of kernel, stated"),
        ("agencies", 'source = "http://tsniimash', '#"', "agencies[0]: source", "what is stated has a source"),
        ("agencies", "tasks = ", "duties = ", "centres[0]", "unknown key 'duties'"),
        ("agencies", 'agency = "esa"', 'agency = "eso"', "centres[0]: agency", "'eso' is no agency"),
        ("agencies", 'centres = ["esoc"]', "centres = []", "roles[0]: centres", "without a centre"),
        ("agencies", 'centres = ["esoc"]', 'centres = ["esok"]', "roles[0]: centres", "'esok' is no centre"),
        ("agencies", 'may = ["view", ', 'may = ["fly", ', "roles[0]: may", "'fly' is no permission"),
        ("agencies", 'may = ["view", ', 'may = ["view", "view", ', "roles[0]: may", "stands twice"),
        ("agencies", "[[roles]]", "[[rolls]]\n\n[[roles]]", "roles", "unknown key 'rolls'"),
        # stations.toml
        ("stations", 'agency = "esa"', 'agency = "asi"', "stations[0]: agency", "'asi' is no agency"),
        ("stations", 'key = "cebreros"', 'key = "new-norcia"', "stations[1]: key", "described twice"),
        ("stations", 'key = "malargue"', 'key = "Malargüe"', "stations[2]: key", "'Malargüe' is no key"),
        ("stations", 'key = "malargue"', 'key = "malargue"\nnaif_id = 399603', "stations[2]: naif_id", "different antennas"),
        ("stations", 'frame = "ITRF93"', 'frame = "J2000"', "stations[0]: position: frame", "not one of ITRF93"),
        ("stations", "xyz_km = [-2414.0639028, ", "xyz_km = [", "stations[0]: position: xyz_km", "list of 3 numbers"),
        ("stations", "[-2414.0639028,", "[-2414063.9028,", "stations[0]: position: xyz_km", "not on the Earth's surface"),
        ("stations", "[-2414.0639028,", "[nan,", "stations[0]: position: xyz_km", "not finite"),
        ("stations", "[-0.000014,", "[-14.0,", "stations[3]: position: velocity_km_per_year", "a metre a year"),
        ("stations", 'epoch = "2005-01-01"\n', "", "stations[3]: position: epoch", "a moving point has one"),
        ("stations", 'epoch = "2005-01-01"', 'epoch = "2005-13-01"', "stations[3]: position: epoch", "no date 2005-13-01"),
        ("stations", 'epoch = "2005-01-01"', "epoch = 2005-01-01", "stations[3]: position: epoch", "not a text"),
        ("stations", "minimum_elevation_deg = 10", "minimum_elevation_deg = nan", "minimum_elevation_deg", "from -5 to 90"),
        ("stations", 'direction = "receive"', 'direction = "listen"', "capabilities[0]: direction", "not one of receive, uplink"),
        ("stations", 'bands = ["S", "X"]', 'bands = ["Q"]', "capabilities[0]: bands", "'Q' is no band"),
        ("stations", 'from = "2016-10-16"', 'from = "2016-10-16"\nuntil = "2016-10-16"', "capabilities[0]: until", "not after"),
        ("stations", 'from = "2016-10-16"', 'spacecraft = ["mex"]', "capabilities[0]: spacecraft", "'mex' is no spacecraft"),
        ("stations", "tcp_port = 55102", "tcp_port = 55101", "stations[1]: sle", "another station listens at"),
        ("stations", 'antenna_id = "MLG"', 'antenna_id = "M.L"', "stations[2]: sle: antenna_id", "without points"),
        ("stations", 'responder_id = "RKPNI"', 'responder_id = "RK"', "stations[3]: sle: responder_id", "3 to 16"),
        ("stations", "dish_m = 64", 'dish_m = "64"', "stations[3]: dish_m", "not a number"),
        # instruments.toml
        ("instruments", 'spacecraft = "tgo"', 'spacecraft = "mex"', "instruments[0]: spacecraft", "'mex' is no spacecraft"),
        ("instruments", 'agency = "roscosmos"', 'agency = "iki"', "instruments[1]: agency", "'iki' is no agency"),
        ("instruments", 'key = "acs"', 'key = "nomad"', "instruments[1]: key", "described twice"),
        ("instruments", 'key = "tgo-acs-raw"', 'key = "tgo-nomad-raw"', "instruments[1]: collections", "more than one instrument"),
        ("instruments", 'key = "tgo-acs-raw"', 'key = "tgo.acs"', "instruments[1]: collections[0]: key", "is no key"),
        ("instruments", 'parent = "frend"', 'parent = "dreams"', "instruments[4]: parent", "no other instrument of tgo"),
        ("instruments", 'parts = ["SO", "LNO", "UVIS"]', "apids = [2048]", "instruments[0]: apids", "from 0 to 2047"),
        # agreement.toml
        ("agreement", 'agencies = ["esa", "roscosmos"]', 'agencies = ["esa", "asi"]', "rights: agencies", "'asi' is no agency"),
        ("agreement", "public_after_months = 6", "public_after_months = -6", "rights: public_after_months", "from 0 to 1200"),
        ("agreement", 'collection = "tgo-nomad-raw"', 'collection = "tgo-nomad"', "exceptions[0]: collection", "is no collection"),
        ("agreement", 'part = "LNO"', 'part = "MIR"', "exceptions[0]: part", "'MIR' is no part"),
        ("agreement", 'least_severity = "warning"', 'least_severity = "red"', "shared_alarms[0]: least_severity", "not one of watch"),
        ("agreement", 'giver = "esa"', 'giver = "nasa"', "gives[0]: giver", None),
        ("agreement", 'receiver = "roscosmos"', 'receiver = "esa"', "gives[0]: receiver", "gives to itself"),
        ("agreement", 'kind = "frames"', 'kind = "frame"', "gives[0]: kind", "not one of frames"),
        ("agreement", 'spacecraft = "tgo"\nfrom', 'spacecraft = "mex"\nfrom', "gives[0]: spacecraft", "'mex' is no spacecraft"),
        ("agreement", 'from = "2016-03-14"', 'from = "2016-03-14"\nuntil = "2016-03-13"', "gives[0]: until", "not after `from`"),
        ("agreement", 'only = ["canberra", "madrid"]', 'only = ["malargue"]', "gives[2]: only", "no station of 'nasa'"),
        ("agreement", 'from = "2016-10-16"', 'until = "2016-10-16"', "gives[1]: spacecraft", "no station of 'roscosmos'"),
        ("agreement", 'kind = "links"', 'kind = "frames"', "gives[3]: station", "earlier give"),
        ("agreement", 'kind = "alarms"', 'kind = "events"', "shared_alarms[0]: agencies", "no alarms of 'tgo'"),
        ("agreement", "[[gives]]", "[[gifts]]", "agreement.toml", "unknown key 'gifts'"),
        ("agreement", "[rights]", "[rights", "agreement.toml", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_file_and_key(
    original: Path, tmp_path: Path, file: str, old: str, new: str, where: str, what: str | None
) -> None:
    folder = tmp_path / "mission"
    shutil.copytree(original, folder)
    path = folder / f"{file}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    if what is None:  # another give of the same agencies stands there already: legal, and told apart
        load(folder)
        return
    with pytest.raises(DefinitionError) as caught:
        load(folder)
    message = str(caught.value)
    assert f"{file}.toml" in message and what in message
    assert where.split(": ")[-1] in message


def test_files_that_are_not_text_are_refused_by_name(original: Path, tmp_path: Path) -> None:
    for name in FILES:
        folder = tmp_path / name
        shutil.copytree(original, folder)
        (folder / name).write_bytes(b"\xff\xfe\x00")
        with pytest.raises(DefinitionError, match=rf"{re.escape(name)}: cannot be read"):
            load(folder)


def as_toml(value: Any) -> str:
    """Return a value as TOML writes it inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=True) if isinstance(value, str | bool) else str(value)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) below a value."""
    for key, one in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(one, dict | list):
            yield from places(one)


ODD = st.one_of(
    st.sampled_from(
        [True, False, 0, -1, 10**400, 1.5, float("nan"), float("inf"), "", "x", "a.b", "\u0000", "esa", "9999-12-31"]
    ),
    st.sampled_from([[], {}, [[]], [{}], ["esa", 1], {"key": "x"}]),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), data=st.data())
def test_deleted_and_retyped_keys_never_raise_anything_else(original: Path, file: str, data: st.DataObject) -> None:
    source = MISSION.folder / file
    tree = tomllib.loads(source.read_text("utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = list(places(tree))
        container, key = at[data.draw(st.integers(0, len(at) - 1))]
        if data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = deepcopy(data.draw(ODD))
        if not tree:
            break
    (original / file).write_text("".join(f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in tree.items()), "utf-8")
    try:
        load(original)
    except DefinitionError as error:
        assert ".toml" in str(error)
    finally:
        shutil.copy(source, original / file)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), data=st.data())
def test_cut_and_scrambled_files_never_raise_anything_else(original: Path, file: str, data: st.DataObject) -> None:
    source = MISSION.folder / file
    lines = source.read_text("utf-8").splitlines(keepends=True)
    start = data.draw(st.integers(0, len(lines) - 1))
    stop = data.draw(st.integers(start, min(len(lines), start + 12)))
    replacement = data.draw(st.sampled_from([[], lines[start : start + 1] * 2, ["[[gives]]\n"], ["=\n"], ["key = 'x'\n"]]))
    (original / file).write_text("".join(lines[:start] + replacement + lines[stop:]), "utf-8")
    try:
        load(original)
    except DefinitionError as error:
        assert ".toml" in str(error)
    finally:
        shutil.copy(source, original / file)


# ---- the command


def said(*arguments: str | Path, expected: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == expected, done.output
    return done.stdout


def test_the_command_checks(original: Path, tmp_path: Path) -> None:
    counts = said("mission", "check", "exomars")
    assert re.search(r"stations +8", counts) and re.search(r"statements assumed +\d+", counts)
    shutil.copytree(original, tmp_path / "mine")
    wrong = tmp_path / "mine" / "stations.toml"
    wrong.write_text(wrong.read_text("utf-8").replace('agency = "esa"', 'agency = "asi"', 1), "utf-8")
    fault = said("mission", "check", tmp_path / "mine", expected=1)
    assert "stations.toml: stations[0]: agency: 'asi' is no agency of the mission. Known: esa, roscosmos, nasa" in fault


def test_the_command_shows() -> None:
    shown = json.loads(said("mission", "show", "exomars", "--json"))
    assert [one["key"] for one in shown["stations"]] == list(WHO.stations)
    assert {"from": "nasa", "to": "esa"}.items() <= shown["gives"][2].items()
    assumed = json.loads(said("mission", "show", "exomars", "--part", "assumed", "--json"))["assumed"]
    assert {"statement": "stations.new-norcia.sle", "source": ""} in assumed
    rules = json.loads(said("mission", "show", "exomars", "--part", "rules", "--json"))["rules"]
    assert {one["key"]: one["release"] for one in rules}["tgo"] == ["flight-director@esoc"]
    assert "tgo-sim" in said("mission", "show", "exomars", "--part", "assets")
    assert "2" in said("mission", "show", "exomars", "--part", "critical")
    rights = said("mission", "show", "exomars", "--part", "rights")
    assert "withheld" in rights and "Kalyazin" not in rights
    said("mission", "show", "exomars", "--part", "colours", expected=2)
