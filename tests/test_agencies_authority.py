"""Authority as data of a mission: patterns, what the folder of ExoMars says, and every mistake refused by file and key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.agencies import ACTS, SIGNIFICANCES, Authority, Critical, Organisation, Ownership, Reach, Rule, Who, load_organisation
from aelita.errors import DefinitionError
from aelita.services import find_mission

DOCUMENT = Path(__file__).parents[1] / "docs" / "authority.md"
AGENCIES = """
[[agencies]]
key = "us"
name = "Us"
grade = "assumed"
[[agencies]]
key = "them"
name = "Them"
grade = "assumed"
[[centres]]
key = "hill"
name = "Hill"
agency = "us"
grade = "assumed"
[[centres]]
key = "plain"
name = "Plain"
agency = "them"
grade = "assumed"
[[roles]]
key = "director"
title = "Director"
centres = ["hill", "plain"]
may = ["command.request", "command.check", "command.approve", "command.release"]
[[roles]]
key = "observer"
title = "Observer"
centres = ["hill"]
may = ["view"]
"""
INSTRUMENTS = """
[[instruments]]
key = "camera"
name = "Camera"
spacecraft = "probe"
agency = "them"
grade = "assumed"
"""
RULE = """
[[rules]]
key = "all"
spacecraft = ["probe"]
request = ["director"]
release = ["director@hill"]
grade = "assumed"
"""


def load(folder: Path, authority: str) -> Authority:
    for name, text in (("agencies", AGENCIES), ("instruments", INSTRUMENTS), ("authority", authority)):
        (folder / f"{name}.toml").write_text(text)
    crafts = {key: Ownership(key, "us") for key in ("probe", "lander")}
    return load_organisation(folder, crafts).authority


# ---- which commands


@pytest.mark.parametrize(
    ("pattern", "command", "fits"),
    [
        ("/P/*", "/P/Ping", True),
        ("/P/*", "/P/A/Ping", False),
        ("/P/**", "/P/A/Ping", True),
        ("/P/**", "/P", False),
        ("/P/Fire*", "/P/Fire", True),
        ("/P/Fire*", "/P/MisFire", False),
        ("/P/A.B", "/P/AxB", False),
        ("**", "/anything/at/all", True),
        ("/P/ping", "/P/Ping", False),
    ],
)
def test_patterns_of_qualified_names(pattern: str, command: str, fits: bool) -> None:
    assert Reach(("probe",), (pattern,)).fits("probe", command) is fits
    assert not Reach(("probe",), (pattern,)).fits("lander", command)


def test_parts_of_names_are_subsystems_and_instruments() -> None:
    reach = Reach((), (), ("camera", "AOCS"))
    assert reach.fits("any", "/P/CAMERA/On") and reach.fits("any", "/p/Aocs/x") and not reach.fits("any", "/P/Cameras/On")
    assert Reach().fits("any", "/thing")


@given(text=st.text(max_size=12))
def test_a_name_without_stars_fits_itself_alone(text: str) -> None:
    if "*" not in text:
        assert Reach((), (text,)).names(text) and not Reach((), (text,)).names(text + "x")


def test_the_first_rule_that_fits_holds_and_none_is_nobody() -> None:
    who = (Who("director", "hill", "us"),)
    rules = Authority((
        Rule("never", Reach((), ("/P/Never",)), forbidden=True),
        Rule("first", Reach(("probe",), ("/P/A*",)), who, (), (), who),
        Rule("rest", Reach(("probe",)), who, (), who, who, approvals=1),
    ), (Critical("c", Reach(("probe",), ("/P/AA",)), ("vital",), 2, ("us",)), Critical("d", Reach(), (), 9)))  # fmt: skip
    assert rules.rule("probe", "/P/Never", "none") is None and rules.rule("lander", "/P/A", "none") is None
    found = {name: rules.rule("probe", name, "none") for name in ("/P/A", "/P/B", "/P/AA")}
    assert {name: one.key for name, one in found.items() if one} == {"/P/A": "first", "/P/B": "rest", "/P/AA": "first+c"}
    grave = rules.rule("probe", "/P/B", "vital")
    assert grave is not None and (grave.approvals, grave.agencies, grave.needed("approve")) == (2, ("us",), 2)
    assert [found["/P/B"].people(act) for act in ACTS] == [who, (), who, who] if found["/P/B"] else False


# ---- the folder of ExoMars


def test_commands_to_tgo_go_through_the_check_of_the_soc_and_the_release_of_the_moc() -> None:
    who = find_mission("exomars").organisation
    for instrument, centre in (("acs", "iki"), ("frend", "iki"), ("nomad", "bira"), ("cassis", "bern")):
        rule = who.authority.rule("tgo", f"/TGO/{instrument.upper()}/Anything", "none")
        assert rule is not None and Who("instrument-operator", centre, who.centres[centre].agency) in rule.request
        assert [str(one) for one in (*rule.check, *rule.release)] == ["science-planner@esac-soc", "flight-director@esoc"]
        assert (rule.checks, rule.approvals, rule.releases, rule.own_request, rule.separate) == (1, 0, 1, False, True)
        assert rule.basis.grade == "stated" and "exploration.esa.int" in rule.basis.source
    grave = who.authority.rule("tgo", "/TGO/Anything", "critical")
    assert grave is not None and grave.approvals == 2


def test_every_spacecraft_of_exomars_has_rules_and_one_owner() -> None:
    who: Organisation = find_mission("exomars").organisation
    for key, ownership in who.ownerships.items():
        assert who.authority.rule(key, "/Any/Thing", "none") is not None
        asset = who.authority.asset(key, "/Any/Thing")
        assert asset is not None and asset.owner == ownership.agency
    twin = who.authority.asset("tgo-sim")
    assert twin is not None and twin.borrowers == ("roscosmos",)
    both = who.authority.rule("tgo-sim", "/TGO/Anything", "critical")
    assert both is not None and both.agencies == ("esa", "roscosmos") and both.approvals == 2
    assert who.authority.rule("mex", "/MEX/Anything", "none") is None
    stated = [place for place, _ in who.statements() if place.startswith("authority.")]
    assert {"authority.rules.tgo", "authority.critical.tgo", "authority.assets.tgo-sim"} <= set(stated)


# ---- reading


def test_defaults_and_a_twin_that_does_not_exist_yet(tmp_path: Path) -> None:
    found = load(
        tmp_path, RULE.replace('"probe"', '"probe", "probe-sim"') + 'check = ["director"]\napprove = ["director@plain"]\n'
    )
    (rule,) = found.rules
    assert rule.reach.spacecraft == ("probe", "probe-sim") and (rule.checks, rule.approvals, rule.releases) == (1, 1, 1)
    assert rule.check == (Who("director", "hill", "us"), Who("director", "plain", "them"))
    assert found.clock_tolerance_s == 1.0 and load(tmp_path, "clock_tolerance_s = 2\n" + RULE).clock_tolerance_s == 2.0
    assert load(tmp_path, "") == Authority()


CRITICAL = '\n[[critical]]\nkey = "c"\ngrade = "assumed"\n'
ASSET = '\n[[assets]]\nkey = "a"\nspacecraft = ["probe"]\nowner = "us"\ngrade = "assumed"\n'


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        (RULE + 'more = 1\n', "rules[0]", "unknown key 'more'"),
        (RULE + RULE, "rules[1]: key", "described twice"),
        (RULE.replace('"probe"', '"prob"'), "rules[0]: spacecraft", "'prob' is no spacecraft"),
        (RULE.replace('"director@hill"', '"chief@hill"'), "rules[0]: release", "'chief' is no role"),
        (RULE.replace('"director@hill"', '"director@moon"'), "rules[0]: release", "'moon' is no centre of 'director'"),
        (RULE.replace('"director@hill"', '"observer"'), "rules[0]: release", "may not command.release at all"),
        (RULE.replace('"director@hill"', '"director", "director@hill"'), "rules[0]: release", "twice"),
        (RULE.replace('release = ["director@hill"]\n', ""), "rules[0]: release", "nobody could"),
        (RULE + "checks = 1\n", "rules[0]: check", "1 are needed and nobody may"),
        (RULE + "releases = 0\n", "rules[0]: releases", "0"),
        (RULE + "forbidden = true\n", "rules[0]: request", "nobody may what is forbidden"),
        (RULE + 'agencies = ["us"]\n', "rules[0]: agencies", "nobody of 'us' may approve"),
        (RULE + 'approve = ["director"]\nagencies = ["us", "them"]\n', "rules[0]: approvals", "cannot come from 2"),
        (RULE + 'commands = ["/P/A B"]\n', "rules[0]: commands", "no pattern"),
        (RULE + 'instruments = ["lamp"]\n', "rules[0]: instruments", "'lamp' is no instrument"),
        (RULE.replace('"probe"', '"lander"') + 'instruments = ["camera"]\n', "rules[0]: instruments", "is on probe"),
        (RULE.replace('grade = "assumed"', 'grade = "stated"'), "rules[0]: source", "has a source"),
        ("clock_tolerance_s = 61\n", "clock_tolerance_s", "0 to 60"),
        (CRITICAL, "critical[0]: significance", "which commands are critical"),
        (CRITICAL + 'significance = ["grave"]\n', "critical[0]: significance", "no consequence level"),
        (RULE + CRITICAL + 'commands = ["**"]\n', "critical[0]: approve", "nobody may approve what rule 'all'"),
        (RULE + CRITICAL + 'commands = ["**"]\napprove = ["director@hill"]\nagencies = ["them"]\n', "critical[0]: agencies", "of 'them'"),
        (ASSET.replace('spacecraft = ["probe"]\n', ""), "assets[0]: spacecraft", "an asset is of a spacecraft"),
        (ASSET.replace('"us"', '"nobody"'), "assets[0]: owner", "no agency"),
        (ASSET + 'borrowers = ["us"]\n', "assets[0]: borrowers", "cannot borrow it"),
        (ASSET + 'borrowers = ["them"]\nhand_over = ["director@hill"]\n', "assets[0]: hand_over", "nobody of 'them'"),
        (ASSET + "guard_s = 0\n", "assets[0]: guard_s", "0"),
        ("[rules]\n", "rules", "array of tables"),
        ("what = 1\n", "", "unknown key 'what'"),
    ],
)  # fmt: skip
def test_every_mistake_is_refused_by_file_and_key(tmp_path: Path, text: str, key: str, what: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, text)
    assert what in str(caught.value)
    assert caught.value.where.startswith(str(tmp_path / "authority.toml")) and caught.value.where.endswith(key)


def test_every_key_and_level_is_documented() -> None:
    text = DOCUMENT.read_text("utf-8")
    keys = (
        "clock_tolerance_s", "rules", "critical", "assets", "spacecraft", "commands", "instruments", "subsystems", "request", "release",
        "check", "approve", "checks", "approvals", "releases", "agencies", "own_request", "separate", "forbidden", "significance",
        "owner", "borrowers", "longest_s", "guard_s", "hand_over",
    )  # fmt: skip
    for word in (*keys, *SIGNIFICANCES):
        assert f"`{word}`" in text, word
