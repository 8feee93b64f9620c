"""Manoeuvres of an OPM flown by `aelita nav propagate`, and files that cannot be written refused before the work."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aelita.cli import main
from aelita.dynamics import FiniteBurn, Forces, ImpulsiveBurn, StateVector, propagate
from aelita.errors import UsageError
from aelita.services.navigation import read_arcs
from aelita.services.navigation.opm_burns import opm_burns, opm_mass_kg
from aelita.time import SECOND, tai_ns_from_utc

START = "2018-05-01T00:00:00"
AT = tai_ns_from_utc(START)
STATE = StateVector(AT, [3796.19, 0, 0], [0, 0.5, 3.3])  # type: ignore[arg-type]
FORCES = Forces(bodies=("SUN",))
Run = Callable[..., tuple[int, str, str]]


def opm(*manoeuvres: str, mass: str = "MASS = 1500.0") -> str:
    names = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
    lines = ["CCSDS_OPM_VERS = 2.0", "CREATION_DATE = 2018-04-01T00:00:00", "ORIGINATOR = ESOC", "OBJECT_NAME = ORBITER"]
    lines += ["OBJECT_ID = 2016-017A", "CENTER_NAME = MARS", "REF_FRAME = EME2000", "TIME_SYSTEM = UTC", f"EPOCH = {START}"]
    lines += [f"{name} = {value}" for name, value in zip(names, STATE.six, strict=True)]
    return "\n".join([*lines, *([mass] if mass else []), *manoeuvres]) + "\n"


def manoeuvre(at: str, duration: float, delta_mass: float, frame: str, *dv: float) -> str:
    parts = [f"MAN_DV_{number} = {value}" for number, value in enumerate(dv, 1)]
    head = [f"MAN_EPOCH_IGNITION = {at}", f"MAN_DURATION = {duration}", f"MAN_DELTA_MASS = {delta_mass}"]
    return "\n".join([*head, f"MAN_REF_FRAME = {frame}", *parts])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `aelita nav`, and give its exit code, its results and all that it said, in one line."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aelita", "nav", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, " ".join((told.out + told.err).split())

    return call


BOTH = (manoeuvre("2018-05-01T00:10:00", 120.0, -20.0, "TNW", -0.04, 0.0, 0.003), manoeuvre("2018-05-01T00:40:00", 0.0, -5.0, "RTN", 0.001, 0.01, 0.0))  # fmt: skip


def test_manoeuvres_of_an_opm_are_flown(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "orbiter.opm"
    path.write_text(opm(*BOTH))
    assert opm_mass_kg(path) == 1500.0
    first, second = opm_burns(path, 1500.0)
    assert isinstance(first, FiniteBurn) and isinstance(second, ImpulsiveBurn)
    assert first.mass_after_kg(1500.0) == pytest.approx(1480.0) and second.mass_after_kg(1480.0) == pytest.approx(1475.0)
    assert first.speed_km_s(1500.0) == pytest.approx(np.hypot(0.04, 0.003)) and first.axes == "velocity"
    ours = propagate(STATE, Forces(), AT + 7200 * SECOND, mass_kg=1500.0, burns=(first, second))
    code, _, told = run("propagate", path, "--hours", "2", "--out", tmp_path / "flown.csv")
    assert code == 0 and "flown: manoeuvre 1 of 2018-05-01T00:10:00" in told and "1475.000 kg are left" in told
    rows = pl.read_csv(tmp_path / "flown.csv")
    end = np.array(rows.select("x_km", "y_km", "z_km", "vx_km_s", "vy_km_s", "vz_km_s").row(-1))
    assert np.abs(end - ours.end.six).max() < 1e-8
    assert run("propagate", path, "--hours", "2", "--out", tmp_path / "flown.oem")[0] == 0
    arcs = read_arcs(tmp_path / "flown.oem")  # none reaches over an edge: no interpolation smooths a burn away
    assert [len(each.epochs) for each in arcs] == [11, 3, 29, 81]
    jump = arcs[3].states[0, 3:] - arcs[2].states[-1, 3:]
    assert np.linalg.norm(jump) == pytest.approx(np.hypot(0.001, 0.01), abs=1e-6) and arcs[3].epochs[0] - arcs[2].epochs[-1] == 1
    arcs_m = max(np.linalg.norm(each.states - ours.states(each.epochs), axis=1).max() for each in arcs)
    assert arcs_m < 1e-6


def test_backwards_they_are_undone_and_a_burn_cut_by_the_end_is_told(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "orbiter.opm"
    path.write_text(opm(manoeuvre("2018-04-30T23:50:00", 120.0, -20.0, "EME2000", 0.01, 0.0, 0.03)))
    (burn,) = opm_burns(path, 1500.0)
    assert burn.mass_after_kg(1520.0) == pytest.approx(1500.0)
    code, _, told = run("propagate", path, "--until", "2018-04-30T23:51:00", "--out", tmp_path / "back.csv")
    assert code == 0 and "60.000 s of manoeuvre 1 lie beyond the end" in told and "1510.000 kg are left" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (manoeuvre("2018-05-01T00:10:00", 0.0, 0.0, "TEME", 0.01, 0.0, 0.0), "manoeuvre 1 is in the frame TEME"),
        (manoeuvre("2018-05-01T00:10:00", 0.0, 3.0, "RTN", 0.01, 0.0, 0.0), "takes -3 of 1500 kg"),
        (manoeuvre("2018-05-01T00:10:00", 9.0, -1501.0, "RTN", 0.01, 0.0, 0.0), "takes 1501 of 1500 kg"),
        (manoeuvre("2018-05-01T00:10:00", 9.0, -1.0, "RTN", 0.0, 0.0, 0.0), "changes no velocity"),
        (manoeuvre("2018-05-01T00:10:00", 9.0, -1.0, "RTN", 0.01), "has no MAN_DV_2, MAN_DV_3"),
    ],
)
def test_manoeuvres_that_cannot_be_are_refused_by_number(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "orbiter.opm"
    path.write_text(opm(text))
    with pytest.raises(UsageError, match=told):
        opm_burns(path, 1500.0)


def test_a_manoeuvre_that_ends_on_the_ground_is_refused_by_name(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "orbiter.opm"
    path.write_text(opm(manoeuvre("2018-05-01T00:10:00", 0.0, 0.0, "TNW", -0.5, 0.0, 0.0), mass=""))
    assert opm_mass_kg(path) is None
    code, _, told = run("propagate", path, "--hours", "2")
    assert code == 2 and "after burn 'manoeuvre 1' the trajectory hits MARS" in told


def test_files_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "orbiter.opm"
    path.write_text(opm())
    code, _, told = run("propagate", path, "--hours", "2000000", "--out", tmp_path / "a.bsp")
    assert code == 2 and "an SPK needs the number of the body" in told
    (tmp_path / "none.tdm").write_text("this is no tracking")
    for name, what in (("orbit.doc", ".doc is no format of orbits"), ("orbit.bsp", "an SPK needs the number")):
        code, _, told = run("determine", tmp_path / "none.tdm", "--orbit", path, "--out", tmp_path / name)
        assert code == 2 and what in told
