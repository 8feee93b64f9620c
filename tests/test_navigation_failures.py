"""`aelita nav determine` with input that is wrong: one clear line, and the last good orbit is kept."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aelita.cli import main
from aelita.services.navigation import load_tracking, read_arcs
from determination_material import dsn
from shared import shared
from test_navigation_cli import MGS

Failed = Callable[..., str]
TRACKING = "data/nav/tracking/mgs/9066071a.msr"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Station, first orbit, and the Doppler of one pass."""
    place, site = tmp_path_factory.mktemp("determine"), dsn(45)
    lines = [f"xyz_km = {list(site.position_km)}", f"velocity_km_per_year = {list(site.velocity_km_per_year)}"]
    text = "\n".join(['[[stations]]\nname = "DSS-45"', *lines, 'epoch = "2016-12-08T20:10:30"']) + "\n"
    (place / "dsn.toml").write_text(text)
    (place / "mgs.opm").write_text(MGS)
    kept = [line for line in shared(TRACKING).read_text().splitlines() if "time_tag" in line or line.startswith("09-Mar")]
    doppler = [line for line in kept if "(Hz)" in line or ("2-Way-Doppler" in line and "DSS 45,     DSS 45" in line)]
    (place / "pass.msr").write_text("\n".join(doppler) + "\n")
    return place


@pytest.fixture
def failed(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Failed:
    """Run a determination that must fail, and give what it says."""

    def of(tracking: Path, *words: str | Path, ramps: bool = True, degree: str = "20", orbit: str = "mgs.opm") -> str:
        given: list[str | Path] = ["determine", tracking, "--orbit", folder / orbit, "--stations", folder / "dsn.toml", *words]
        given += ["--gravity", shared("data/nav/gravity/jgmro120d.txt.gz"), "--degree", degree]
        given += ["--ramps", shared(TRACKING).with_suffix(".ramp.gz")] if ramps else []
        monkeypatch.setattr(sys, "argv", ["aelita", "nav", *map(str, given)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert ended.value.code == 2 and not told.out and "Traceback" not in told.err
        return told.err

    return of


def test_a_fit_that_fails_keeps_the_last_good_orbit(folder: Path, failed: Failed) -> None:
    told = failed(folder / "pass.msr", "--out", folder / "none.oem", "--keep-last-good", folder / "kept.opm")
    assert "last good orbit (weighted rms 127" in told and "not one to fly by" in told and "converged on no orbit" in told
    assert not (folder / "none.oem").exists()
    kept, begun = (read_arcs(folder / name)[0].first() for name in ("kept.opm", "mgs.opm"))
    assert kept.epoch_tai_ns == begun.epoch_tai_ns
    assert 0.001 < np.linalg.norm(kept.position_km - begun.position_km) < 5.0


def test_tags_of_another_time_scale_are_named(folder: Path, failed: Failed) -> None:
    """The header says TAI of tags that are UTC: the fit fails, and is tried with 32 seconds more."""
    wrong = folder / "tai.msr"
    wrong.write_text((folder / "pass.msr").read_text().replace("(UTC)", "(TAI)"))
    assert "tags moved by +32 s fit to 7.16 sigma. The tags seem to be UTC but were read as TAI" in failed(wrong, degree="40")


def test_an_orbit_that_meets_the_ground_is_no_first_guess(folder: Path, failed: Failed) -> None:
    (folder / "low.opm").write_text(MGS.replace("X_DOT = -2.3056", "X_DOT = -1.8"))
    told = failed(folder / "pass.msr", orbit="low.opm")
    assert (
        "the first guess cannot be an orbit: the trajectory hits MARS" in told and "last good orbit (that it began with)" in told
    )


@pytest.mark.parametrize(
    ("words", "ramps", "said"),
    [
        (("--kind", "colour"), True, "'colour' is no kind of tracking. Name one of range, doppler"),
        (("--kind", "range"), True, "no observation is left. There are 195 two-way Doppler DSS-45 to DSS-45, 1999-03-09T18"),
        (("--receiver", "DSS-99"), True, "DSS-99 received nothing. Receivers of these files: DSS-45"),
        ((), False, "there are no ramps of DSS-45). Stations that are known: "),
    ],
)
def test_what_leaves_nothing_to_fit_is_said(folder: Path, failed: Failed, words: tuple[str, ...], ramps: bool, said: str) -> None:
    assert said in failed(folder / "pass.msr", *words, ramps=ramps)


def test_messages_of_another_kind_or_craft_are_refused_by_name(folder: Path, failed: Failed) -> None:
    assert "CCSDS_OPM_VERS begins a message that holds no tracking. Give a TDM" in failed(folder / "mgs.opm")
    theirs = failed(shared("data/nav/ndm/orekit/tdm/kvn/TDMExample4.txt"))
    assert "the path 1,2,1 of DSS-24, yyyy-nnnA is not two ways by MGS" in theirs


def test_ramps_of_a_second_file_do_not_put_away_the_first(folder: Path) -> None:
    lines = [
        "09-Mar-1999 00:00:00.0, 09-Mar-1999 01:00:00.0, DSS 45, X, 7.1e9, 0.0",
        "10-Mar-1999 00:00:00.0, 10-Mar-1999 01:00:00.0, DSS 45, X, 7.2e9, 0.0",
    ]
    for name, line in zip("ab", lines, strict=True):
        (folder / f"{name}.ramp").write_text(line + "\n")
    found = load_tracking((folder / "pass.msr",), (folder / "a.ramp", folder / "b.ramp"))
    assert found.ramps["DSS-45"].frequency_hz.tolist() == [7.1e9, 7.2e9]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--declination", "10"), "an asymptote is an energy and a direction. Give --c3, --declination and --right-ascension"),
        (("--c3", "9", "--declination", "-40"), "an asymptote is an energy and a direction"),
        (("--c3", "9", "--declination", "-40", "--right-ascension", "nan"), "right ascension nan deg"),
        (("--c3", "nan", "--declination", "-40", "--right-ascension", "9"), "no asymptote has C3 nan"),
    ],
)
def test_half_an_asymptote_is_refused(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be flown somewhere else without a word."""
    monkeypatch.setattr(sys, "argv", ["aelita", "nav", "launch", "exomars-2016", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_a_liftoff_at_the_wrong_hour_is_told_as_that(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten hours late: it is the plane that is wrong, not the payload."""
    monkeypatch.setattr(sys, "argv", ["aelita", "nav", "launch", "exomars-2016", "--liftoff", "2016-03-14T20:00:00"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 2 and "deg out of the plane of the parking orbit" in told and "lift off when it lies in" in told


def test_what_a_launch_assumes_is_told_beside_what_it_gives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["aelita", "nav", "launch", "exomars-2016"])
    with pytest.raises(SystemExit):
        main()
    told = " ".join(capsys.readouterr().out.split())
    assert "asymptote from the reference cruise rebuilt" in told and "(grade D)" in told
    assert "figures (grade E; --json lists all), and all sigmas" in told and "kick_rad" in told


def test_an_orbit_that_ends_before_its_tracking_is_refused(folder: Path, failed: Failed) -> None:
    for until in ("1998-01-01", "1999-03-09T12:00"):
        told = failed(folder / "pass.msr", "--until", until, "--out", folder / "none.oem")
        assert f"the orbit shall reach {until[:10]}" in told and "tracking goes on to 1999-03-09T" in told and "--stop" in told
        assert not (folder / "none.oem").exists()
