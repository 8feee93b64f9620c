"""Files of launchers and launches: what is read, and what is refused by name."""

import re

import pytest

from aelita.dynamics import ascend, read_launcher, read_launches
from aelita.errors import DefinitionError, UsageError
from aelita.services.navigation.launcher_file import find_launch, launcher_files, load_launcher, load_launches
from launch_material import ATLAS, MISSION, PROTON, plan_2016, proton

TEXT = PROTON.read_text(encoding="utf-8")


def test_every_figure_has_a_source_and_a_grade() -> None:
    for path in (PROTON, ATLAS):
        launcher = load_launcher(path).launcher
        figures = [line for line in path.read_text(encoding="utf-8").splitlines() if re.match(r"^\w+ = \{ value", line)]
        assert len(launcher.provenance) == len(figures) > 30
        assert all(figure.source and figure.grade in "ABCDE" for figure in launcher.provenance)
        fitted = {figure.key.rpartition(": ")[2] for figure in launcher.fitted}
        assert fitted <= {"kick_rad", "upper_a", "upper_b", "first_a", "first_b"} and fitted


def test_masses_add_up_to_the_published_ones() -> None:
    launcher = proton().launcher
    assert launcher.upper.full_kg == 22170  # ILS: 2,370 inert and 19,800 of propellant
    on_the_pad = launcher.liftoff_kg(4332.0) + launcher.pad.burned_kg
    assert on_the_pad == pytest.approx(705_000, rel=0.005)  # published liftoff mass


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dry_kg = { value = 11000,", "dry_kg = { value = -11000,", "second stage: dry_kg is -11000"),
        ('stage = "third stage"', 'stage = "fourth stage"', "'fourth stage', which is missing"),
        ("dynamic_pressure_pa = { value = 45000", "dynamic_pressure_pa = { value = nan", "limits: dynamic_pressure_pa is nan"),
        ("acceleration_m_s2 = { value = 50", "acceleration_m_s2 = { value = -1", "limits: acceleration_m_s2 is -1"),
        ("propellant_kg = { value = 46562,", "propellant_kg = { value = 300,", "third stage: usable_kg"),
        (
            'source = "guide", grade = "B" }\npropellant',
            'source = "hearsay", grade = "B" }\npropellant',
            "'hearsay' is not one of",
        ),
        ('grade = "E" }\nthrust', 'grade = "F" }\nthrust', "'F' is not one of A, B, C, D, E"),
        ('name = "second stage"', 'name = "third stage"', "two stages are called 'third stage'"),
        ("inclination_deg = { value = 51.5", "inclination_deg = { value = 40.0", "does not pass over the pad at 46.04 deg"),
        ("tank_propellant_kg = { value = 14600", "tank_propellant_kg = { value = 24600", "does not fit a stage"),
        ("thrust_sea_level_n = { value = 10026318", "thrust_sea_level_n = { value = 6000000", "does not lift"),
        ("mach = [0.0, 0.8,", "mach = [0.8, 0.0,", "Mach numbers must rise"),
        ("burns = 4", "burns = 4\nwings = 2", "unknown key 'wings'"),
        ("area_m2 = { value = 25", "area_m2 = { valu = 25", "value: missing"),
        ("[limits]", "[limits", "not valid TOML"),
        (
            "thrust_vacuum_n = { value = 19620",
            "thrust_vacuum_n = { value = 0",
            "Breeze-M: thrust_vacuum_n is 0; it must be above zero",
        ),
        ("height_km = { value = ", "height_km = { value = inf, old = ", "pad: height_km is inf"),
    ],
)
def test_a_wrong_launcher_is_refused_by_name(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(DefinitionError, match=re.escape(said)) as told:
        read_launcher(TEXT.replace(old, new, 1), "launcher.toml")
    assert str(told.value).startswith("launcher.toml: ")


def test_a_launcher_without_stages_or_upper_stage_is_refused() -> None:
    without = TEXT[: TEXT.index("[[stages]]")] + TEXT[TEXT.index("[upper_stage]") :]
    with pytest.raises(DefinitionError, match="it has no stage"):
        read_launcher(without, "launcher.toml")
    without = TEXT[: TEXT.index("[upper_stage]")] + TEXT[TEXT.index("[fairing]") :]
    with pytest.raises(DefinitionError, match="upper_stage: missing"):
        read_launcher(without, "launcher.toml")


def test_a_payload_too_heavy_is_refused() -> None:
    launcher = proton().launcher
    with pytest.raises(UsageError, match="400000 kg are too heavy"):
        ascend(launcher, 400_000.0, 1_458_000_000 * 10**9)
    with pytest.raises(UsageError, match="40000 kg do not reach the parking orbit of 173 km"):
        ascend(launcher, 40_000.0, 1_458_000_000 * 10**9)
    with pytest.raises(UsageError, match="cannot be"):
        ascend(launcher, -1.0, 1_458_000_000 * 10**9)


def test_launches_of_the_mission() -> None:
    assert list(launcher_files(MISSION)) == ["atlas-v-401", "proton-m-breeze-m"]
    plans = {plan.name: plan for plan in load_launches(MISSION / "launches.toml")}
    assert len(plans["exomars-2016"].days) == 12 and len(plans["exomars-2020"].days) == 20
    assert plan_2016().asymptote is not None and plan_2016().asymptote.grade == "D"
    with pytest.raises(UsageError, match="has no launch 'exomars-2018'"):
        find_launch(MISSION, "exomars-2018")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"2016-03-14T09:31:42"', '"2016-13-14T09:31:42"', "is not a UTC date"),
        ("value = 4332", "value = -4332", "payload_kg cannot be -4332"),
        ("value = 4332", "value = inf", "payload_kg cannot be inf"),
        ("value = 38520", "value = -1", "separation_s cannot be -1"),
        ('day = "2016-03-15"', 'day = "2016-03-14"', "launches[0]: days: the days do not follow each other"),
        ("c3_km2_s2 = 11.703", "c3_km2_s2 = 0.0", "days[0]: no asymptote has C3 0"),
        ("c3_km2_s2 = 13.982", "c3_km2_s2 = -13.982", "no asymptote has C3 -13.982"),
        ('name = "exomars-2020"', 'name = "exomars-2016"', "two launches are called 'exomars-2016'"),
    ],
)
def test_wrong_launches_are_refused_by_name(old: str, new: str, said: str) -> None:
    text = (MISSION / "launches.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(DefinitionError, match=re.escape(said)):
        read_launches(text.replace(old, new, 1), "launches.toml")


def test_a_stage_that_burns_out_as_it_rises_is_refused() -> None:
    """A specific impulse a hundred times too small: the flight once went on for ever below no mass."""
    launcher = read_launcher(TEXT.replace("value = 315.8", "value = 3.158"), "proton.toml").launcher
    with pytest.raises(UsageError, match=r"stage first stage: its propellant of 428300 kg is gone .* before its main phase"):
        ascend(launcher, 4332.0, 1_458_000_000 * 10**9)
