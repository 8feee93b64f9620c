"""`aelita nav` as a user meets it, against published instants and orbits of ESOC."""

import csv
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy

from aelita.ndm import read
from command_line import run
from determination_material import dsn
from shared import shared


def asked(*words: str | Path) -> Any:
    return json.loads(run("nav", *words, "--json")[0])


def test_light_time_of_the_day_of_arrival() -> None:
    (row,) = asked("light-time", "EARTH", "MARS", "2016-10-19T16:00:00")
    assert row["down_s"] == pytest.approx(587.341, abs=0.002)  # received then: the public facts have 587.341, emitted 587.361
    assert row["up_s"] < row["down_s"] < 0.51 * row["round_trip_s"]
    rows = asked("light-time", "malargue", "MARS", "2016-10-19T16:00:00", "--stop", "2016-10-19T17:00:00", "--step", "600")
    assert len(rows) == 7 and all(a["elevation_deg"] < b["elevation_deg"] for a, b in pairwise(rows))


def test_passes_begin_and_end_where_mars_express_was_released(tmp_path: Path) -> None:
    # operations timeline of the flyby of Phobos, 2013-12-29: stations began and ended at elevations of 9.99 to 10.40 degrees
    words = ("--start", "2013-12-29", "--days", "1", "--station", "new-norcia", "--station", "goldstone")
    rows = asked("passes", "MARS", *words)
    of = {(row["station"], row["stop"][11:16]) for row in rows}
    assert ("new-norcia", "03:44") in of  # "stop 2013-12-29T03:44:05Z"
    assert [row["station"] for row in rows if row["start"].startswith("2013-12-29T17:0")] == ["new-norcia"]  # 17:06:02
    run("nav", "passes", "MARS", *words, "--png", tmp_path / "passes.png")
    assert (tmp_path / "passes.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_asked_wrongly_is_told() -> None:
    for words, told in (
        (("passes", "--start", "2016-10-19", "--station", "nowhere"), "no station 'nowhere'"),
        (("passes", "--start", "2016-10-19", "--stop", "2016-10-18"), "not after the start"),
        (("passes", "--start", "yesterday"), "no UTC time"),
        (("light-time", "EARTH", "VULCAN", "2016-10-19"), "knows no body 'VULCAN'"),
        (("light-time", "--", "EARTH", "-143", "2016-10-19"), "holds the position of -143"),
    ):
        assert told in run("nav", *words, expected=2)[1]


def capture_rows() -> list[dict[str, str]]:
    with shared("data/nav/spice/tgo_state_tables/tgo_20161126.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if row["utc"] >= "2016-11-26T22:20:27"]


def opm_of(row: dict[str, str]) -> str:
    names = {"X": "x_km", "Y": "y_km", "Z": "z_km", "X_DOT": "vx_kms", "Y_DOT": "vy_kms", "Z_DOT": "vz_kms"}
    lines = ["CCSDS_OPM_VERS = 2.0", "CREATION_DATE = 2016-11-27T00:00:00", "ORIGINATOR = ESOC", "OBJECT_NAME = TGO"]
    lines += ["OBJECT_ID = 2016-017A", "CENTER_NAME = MARS", "REF_FRAME = EME2000", "TIME_SYSTEM = UTC", f"EPOCH = {row['utc']}"]
    return "\n".join(lines + [f"{key} = {row[column]}" for key, column in names.items()]) + "\n"


def test_an_orbit_of_esoc_is_propagated_and_kept_in_every_form(tmp_path: Path) -> None:
    first, *_, last = capture_rows()
    (tmp_path / "tgo.opm").write_text(opm_of(first))
    gravity = shared("data/nav/gravity/jgmro120d.txt.gz")
    words = ("propagate", tmp_path / "tgo.opm", "--until", last["utc"], "--gravity", gravity, "--degree", "50", "--step", "30")
    rows = asked(*words)
    end = np.array([rows[-1][name] for name in ("x_km", "y_km", "z_km")])
    wanted = np.array([float(last[name]) for name in ("x_km", "y_km", "z_km")])
    assert np.linalg.norm(end - wanted) < 1e-3  # across pericentre, km
    run("nav", *words, "--out", tmp_path / "tgo.oem")
    run("nav", "convert", tmp_path / "tgo.oem", tmp_path / "tgo.xml")
    run("nav", "convert", tmp_path / "tgo.xml", tmp_path / "tgo.bsp", "--body", "-143")
    assert read((tmp_path / "tgo.oem").read_bytes()) == read((tmp_path / "tgo.xml").read_bytes())
    spiceypy.furnsh(str(tmp_path / "tgo.bsp"))
    try:
        et = float(last["tdb_s_past_j2000"])
        state, _ = spiceypy.spkgeo(-143, et - 1e-6, "J2000", 499)
    finally:
        spiceypy.unload(str(tmp_path / "tgo.bsp"))
    assert np.linalg.norm(state[:3] - wanted) < 1e-3


def test_messages_that_break_their_standard_are_refused_by_name(tmp_path: Path) -> None:
    malformed = shared("data/nav/ndm/orekit/adm/apm/APM-missing-frame.txt")
    told = run("nav", "convert", malformed, tmp_path / "made.xml", expected=2)[1]
    assert "Q_FRAME_A is missing" in told and not (tmp_path / "made.xml").exists()
    good = shared("data/nav/ndm/anise/LRO_Nyx.oem")
    assert "needs the number of the body" in run("nav", "convert", good, tmp_path / "made.bsp", expected=2)[1]
    assert "no form of a message" in run("nav", "convert", good, tmp_path / "made.doc", expected=2)[1]


MGS = """CCSDS_OPM_VERS = 2.0
CREATION_DATE = 1999-03-10T00:00:00
ORIGINATOR = TEST
OBJECT_NAME = MGS
OBJECT_ID = 1996-062A
CENTER_NAME = MARS
REF_FRAME = EME2000
TIME_SYSTEM = UTC
EPOCH = 1999-03-09T17:30:00
X = 1167.8
Y = -2414.4
Z = 2704.1
X_DOT = -2.3056
Y_DOT = -2.2010
Z_DOT = -0.9821
"""  # kilometres off: what `test_determination_mgs.py` finds at degree 20 from the documented orbit, rounded


def test_the_orbit_of_mars_global_surveyor_from_files_alone(tmp_path: Path) -> None:
    site = dsn(45)
    (tmp_path / "mgs.opm").write_text(MGS)
    lines = [f"xyz_km = {list(site.position_km)}", f"velocity_km_per_year = {list(site.velocity_km_per_year)}"]
    (tmp_path / "dsn.toml").write_text(
        "\n".join(['[[stations]]\nname = "DSS-45"', *lines, 'epoch = "2016-12-08T20:10:30"']) + "\n"
    )
    tracking = shared("data/nav/tracking/mgs/9066071a.msr")
    words = ("determine", tracking, "--orbit", tmp_path / "mgs.opm", "--kind", "doppler", "--receiver", "DSS-45")
    words += ("--start", "1999-03-09", "--stop", "1999-03-10", "--ramps", tracking.with_suffix(".ramp.gz"))
    words += ("--gravity", shared("data/nav/gravity/jgmro120d.txt.gz"))
    drawn = ("--png", tmp_path / "residuals.png", "--out", tmp_path / "mgs.oem", "--step", "300")
    found = asked(*words, "--stations", tmp_path / "dsn.toml", "--degree", "60", *drawn)
    (link,) = found["links"]
    assert link["rms"] < 0.1 and link["used"] >= 153 and found["converged"]  # the goal; 0.010 Hz is reached
    assert (tmp_path / "residuals.png").stat().st_size > 10_000
    assert len(read((tmp_path / "mgs.oem").read_bytes()).block("ephemeris").rows) > 50  # type: ignore[union-attr, arg-type]
    told = run("nav", *words, "--stations", tmp_path / "dsn.toml", "--degree", "20", expected=2)[1]
    assert "sigma" in told  # residuals far above it: no orbit
    unknown = run("nav", *words, "--degree", "4", expected=2)[1]
    assert "195 two-way Doppler DSS-45 to DSS-45: unknown station DSS-45" in unknown
