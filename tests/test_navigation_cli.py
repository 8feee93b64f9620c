"""`aelita nav` as a user meets it, against published instants and orbits of ESOC."""

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy

from aelita import ephemeris, services
from aelita.ndm import Message, read
from aelita.services import find_mission, navigation
from aelita.services.live import Installation
from aelita.services.live.installation import AgencyHere
from aelita.services.navigation import reading
from aelita.services.products import ProductStore, Sought
from determination_material import dsn
from nav_command import Run, runner
from shared import shared


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def asked(run: Run) -> Callable[..., Any]:
    return lambda *words: json.loads(run(*words, "--json")[0])


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Have an installation of two agencies on this machine, and give the one product of a kind that was published, as is shown."""
    here = ("tgo",), (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
    made = Installation(tmp_path / "data" / "complex", find_mission("exomars"), *here)
    made.write()
    monkeypatch.setenv("AELITA_DATA", str(tmp_path / "data"))

    def of(kind: str) -> Any:
        store = ProductStore(made.home("esa"))
        (one,) = store.find(Sought(kind))
        assert one.spacecraft == "tgo"
        return store.data(one) | {"files": {file.name.rpartition(".")[2] for file in one.files}, "name": one.name}

    return of


def test_light_time_of_the_day_of_arrival(asked: Callable[..., Any]) -> None:
    (row,) = asked("light-time", "EARTH", "MARS", "2016-10-19T16:00:00")
    assert row["down_s"] == pytest.approx(587.341, abs=0.002)  # received then: the public facts have 587.341, emitted 587.361
    assert row["up_s"] < row["down_s"] < 0.51 * row["round_trip_s"]
    (more,) = asked("light-time", "EARTH", "MARS", "2016-10-19T16:00:00", "--delayed-by", "JUPITER", "--delayed-by", "saturn")
    assert 2e-9 < more["round_trip_s"] - row["round_trip_s"] < 13e-9
    rows = asked("light-time", "malargue", "MARS", "2016-10-19T16:00:00", "--stop", "2016-10-19T17:00:00", "--step", "600")
    assert len(rows) == 7 and all(a["elevation_deg"] < b["elevation_deg"] for a, b in pairwise(rows))


def test_passes_begin_and_end_where_mars_express_was_released(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
    # operations timeline of the flyby of Phobos, 2013-12-29: stations began and ended at elevations of 9.99 to 10.40 degrees
    words = ("--start", "2013-12-29", "--days", "1", "--station", "new-norcia", "--station", "goldstone")
    rows = asked("passes", "MARS", *words)
    of = {(row["station"], row["stop"][11:16]) for row in rows}
    assert ("new-norcia", "03:44") in of  # "stop 2013-12-29T03:44:05Z"
    assert [row["station"] for row in rows if row["start"].startswith("2013-12-29T17:0")] == ["new-norcia"]  # 17:06:02
    run("passes", "MARS", *words, "--png", tmp_path / "passes.png")
    rows = asked("passes", "tgo", "--start", "2018-12-08", "--days", "1", "--publish", "esa")
    assert kept("passes")["rows"] == rows
    assert "no spacecraft 'mars'" in run("passes", "MARS", *words, "--publish", "esa", expected=2)[1]
    assert (tmp_path / "passes.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_asked_wrongly_is_told(run: Run) -> None:
    for words, told in (
        (("passes", "--start", "2016-10-19", "--station", "nowhere"), "no station 'nowhere'"),
        (("passes", "--start", "2016-10-19", "--stop", "2016-10-18"), "not after the start"),
        (("passes", "--start", "yesterday"), "no UTC time"),
        (("passes", "--start", "2262-04-11"), "beyond what 64 bits hold"),
        (("passes", "EARTH", "--start", "2016-10-19"), "no contacts"),
        (("light-time", "EARTH", "VULCAN", "2016-10-19"), "knows no body 'VULCAN'"),
        (("light-time", "nowhere", "MARS", "2016-10-19"), "neither a station of the mission nor a body"),
        (("light-time", "EARTH", "MARS", "2016-10-19", "--stop", "2016-10-18"), "is before"),
        (("light-time", "EARTH", "MARS", "2016-10-19", "--stop", "2036-10-18", "--step", "0.001"), "rows"),
        (("light-time", "--", "EARTH", "-143", "2016-10-19"), "holds the position of -143"),
    ):
        assert told in run(*words, expected=2)[1]


def capture_rows() -> list[dict[str, str]]:
    with shared("data/nav/spice/tgo_state_tables/tgo_20161126.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if row["utc"] >= "2016-11-26T22:20:27"]


def opm_of(row: dict[str, str]) -> str:
    names = {"X": "x_km", "Y": "y_km", "Z": "z_km", "X_DOT": "vx_kms", "Y_DOT": "vy_kms", "Z_DOT": "vz_kms"}
    lines = ["CCSDS_OPM_VERS = 2.0", "CREATION_DATE = 2016-11-27T00:00:00", "ORIGINATOR = ESOC", "OBJECT_NAME = TGO"]
    lines += ["OBJECT_ID = 2016-017A", "CENTER_NAME = MARS", "REF_FRAME = EME2000", "TIME_SYSTEM = UTC", f"EPOCH = {row['utc']}"]
    return "\n".join(lines + [f"{key} = {row[column]}" for key, column in names.items()]) + "\n"


def test_an_orbit_of_esoc_is_propagated_and_kept_in_every_form(tmp_path: Path, asked: Callable[..., Any], run: Run) -> None:
    first, *_, last = capture_rows()
    (tmp_path / "tgo.opm").write_text(opm_of(first))
    gravity = shared("data/nav/gravity/jgmro120d.txt.gz")
    words = ("propagate", tmp_path / "tgo.opm", "--until", last["utc"], "--gravity", gravity, "--degree", "50", "--step", "30")
    rows = asked(*words)
    end = np.array([rows[-1][name] for name in ("x_km", "y_km", "z_km")])
    wanted = np.array([float(last[name]) for name in ("x_km", "y_km", "z_km")])
    assert np.linalg.norm(end - wanted) < 1e-3  # across pericentre, km
    run(*words, "--out", tmp_path / "tgo.oem")
    run("convert", tmp_path / "tgo.oem", tmp_path / "tgo.xml")
    run("convert", tmp_path / "tgo.xml", tmp_path / "tgo.bsp", "--body", "-143")
    assert read((tmp_path / "tgo.oem").read_bytes()) == read((tmp_path / "tgo.xml").read_bytes())
    spiceypy.furnsh(str(tmp_path / "tgo.bsp"))
    try:
        et = float(last["tdb_s_past_j2000"])
        state, _ = spiceypy.spkgeo(-143, et - 1e-6, "J2000", 499)
    finally:
        spiceypy.unload(str(tmp_path / "tgo.bsp"))
    assert np.linalg.norm(state[:3] - wanted) < 1e-3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--hours", "nan"), "nan hours"),
        (("--hours", "inf"), "inf hours"),
        (("--hours", "1e300"), "1e+300 hours"),
        (("--hours", "1", "--out", "a.bsp", "--body", "499"), "499 is no number for a body about MARS"),
        (("--hours", "1", "--out", "a.bsp", "--body", "99999999999"), "is no number"),
        (("--hours", "1", "--out", "a.bsp", "--body", "0"), "is no number"),
    ],
)
def test_orbits_that_cannot_be_are_refused(tmp_path: Path, run: Run, words: tuple[str, ...], told: str) -> None:
    (tmp_path / "tgo.opm").write_text(opm_of(capture_rows()[0]))
    here = [tmp_path / word if word.endswith(".bsp") else word for word in words]
    assert told in run("propagate", tmp_path / "tgo.opm", *here, expected=2)[1]


def test_the_longest_step_and_a_body_given_twice(tmp_path: Path, asked: Callable[..., Any]) -> None:
    (tmp_path / "tgo.opm").write_text(opm_of(capture_rows()[0]))
    words = ("propagate", tmp_path / "tgo.opm", "--hours", "1", "--third-body", "SUN", "--step")
    once = asked(*words, "inf")
    assert len(once) == 2  # both ends
    assert asked(*words, "3600", "--third-body", "sun") == once  # it does not pull twice
    assert len(asked("light-time", "EARTH", "MARS", "2016-10-19", "--stop", "2016-10-20", "--step", "1e300")) == 1


def test_what_is_no_kernel_is_refused(tmp_path: Path, run: Run) -> None:
    """SPICE takes any file for text without data: an orbit that nobody read must not pass for one."""
    (tmp_path / "tgo.oem").write_text(opm_of(capture_rows()[0]))
    (tmp_path / "noise.bsp").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "empty.bsp").write_bytes(b"")
    for name in ("tgo.oem", "noise.bsp", "empty.bsp"):
        told = run("light-time", "malargue", "tgo", "2016-10-19", "--kernel", tmp_path / name, expected=2)[1]
        assert f"{name}: this is no kernel" in told
    packed = shared("data/nav/spice/altec/lesson_remote_sensing/kernels/spk/em16_tgo_mlt_20171205_20230115_v01.bsp.gz")
    assert "Unpack it first" in run("light-time", "malargue", "tgo", "2016-10-19", "--kernel", packed, expected=2)[1]


def test_which_kernel_is_meant_is_said_in_the_command(run: Run, asked: Callable[..., Any]) -> None:
    """The clocks of 2019 and of 2021 are both of the Trace Gas Orbiter; that of the rover is of -174."""
    clocks = "data/nav/spice/em16/sclk/em16_tgo_step_{}.tsc"
    old, new = shared(clocks.format("20191109")), shared(clocks.format("20210611"))
    rover = shared("data/nav/spice/altec/lesson_exomarsrsp/kernels/sclk/emrsp_rm_test_ret_20191128_v001.tsc")
    words = ("light-time", "malargue", "MARS", "2019-11-12")
    try:
        told = run(*words, "--kernel", old, "--kernel", new, expected=2)[1]
        assert "two clocks of -143" in told and "--prefer FILE" in told
        one = asked(*words, "--kernel", old, "--prefer", new)
        assert spiceypy.gdpool("SCLK01_COEFFICIENTS_143", 0, 9000).size > 0 and one == asked(*words)
        told = run("passes", "MARS", "--start", "2019-11-12", "-k", rover, "--kernels-for", "-143", expected=2)[1]
        assert "is the clock of -174, another spacecraft than -143" in told
    finally:
        ephemeris.release(old, new, rover)


def test_passes_tell_sun_and_light_as_light_time_does(asked: Callable[..., Any]) -> None:
    rows = asked("passes", "tgo", "MARS", "--start", "2019-09-01", "--days", "2")
    assert len(rows) > 20 and {row["spacecraft"] for row in rows} == {"tgo", "MARS"}
    for row in rows[::5]:
        start, stop = (np.datetime64(row[edge].rstrip("Z")) for edge in ("start", "stop"))
        (one,) = asked("light-time", row["station"], row["spacecraft"], str(start + (stop - start) // 2))
        assert one["down_s"] == pytest.approx(row["light_s"], abs=1e-8)
        assert one["sun_deg"] == pytest.approx(row["sun_deg"], abs=1e-8)


def test_how_near_a_body_that_stands_in_is_is_only_told_where_it_is_known(asked: Callable[..., Any], run: Run) -> None:
    """The Trace Gas Orbiter left the Earth in March 2016: Mars was 90 million km from it then, not 3,830 km."""
    rows = asked("light-time", "malargue", "tgo", "2016-03-20", "2018-04-08", "2018-04-10")
    assert [row["bound_s"] for row in rows] == [None, None, pytest.approx(3830 / 299792.458)]
    assert "MARS, which may be far from it then, stands in" in run("passes", "tgo", "--start", "2016-03-20")[1]
    assert not run("passes", "tgo", "--start", "2019-03-20")[1]


def test_light_times_do_not_wait_for_what_propagates() -> None:
    """What a command does not use is not loaded: propagation and fits take as long to load as all the rest of a light time."""
    asked = "from aelita.services import find_mission, navigation; navigation.Sky(find_mission('exomars')); import sys; "
    told = asked + "print({'numba', 'heyoka', 'aelita.archive', 'aelita.telemetry', 'aelita.dynamics'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "set()\n"
    assert all(getattr(room, name) is not None for room in (services, ephemeris) for name in room.__all__)
    for room in (services, ephemeris):
        with pytest.raises(AttributeError, match="no attribute 'contact'"):
            _ = room.contact
    assert all(getattr(navigation, name) is not None for name in navigation.__all__)
    with pytest.raises(AttributeError, match="no attribute 'FILE'"):
        _ = navigation.FILE


def test_the_sun_is_a_place_to_look_from(asked: Callable[..., Any]) -> None:
    (row,) = asked("light-time", "SUN", "MARS", "2016-10-19")
    assert row["down_s"] == pytest.approx(row["up_s"], abs=1e-2) == pytest.approx(690, abs=10) and row["sun_deg"] == 0


def test_messages_that_break_their_standard_are_refused_by_name(tmp_path: Path, run: Run) -> None:
    malformed = shared("data/nav/ndm/orekit/adm/apm/APM-missing-frame.txt")
    told = run("convert", malformed, tmp_path / "made.xml", expected=2)[1]
    assert "Q_FRAME_A is missing" in told and not (tmp_path / "made.xml").exists()
    good = shared("data/nav/ndm/anise/LRO_Nyx.oem")
    assert "needs the number of the body" in run("convert", good, tmp_path / "made.bsp", expected=2)[1]
    assert "no form of a message" in run("convert", good, tmp_path / "made.doc", expected=2)[1]
    assert "says TDM, the message is OEM" in run("convert", good, tmp_path / "made.tdm", expected=2)[1]


def test_what_does_not_end_is_stopped(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_OCTETS", 1 << 20)
    assert "longer than 1 MiB: it was not read further" in run("convert", "/dev/zero", tmp_path / "a.xml", expected=2)[1]
    (tmp_path / "tgo.opm").write_text(opm_of(capture_rows()[0]))
    (tmp_path / "flood.gz").write_bytes(gzip.compress(bytes(3 << 20)))
    words = ("propagate", tmp_path / "tgo.opm", "--degree", "2", "--gravity", tmp_path / "flood.gz")
    assert "longer than 1 MiB unpacked" in run(*words, expected=2)[1]
    monkeypatch.setattr(reading, "MOST_OF_TEXT", 1 << 20)
    assert "/dev/zero: is longer than 1 MiB" in run("aerobrake", "/dev/zero", expected=2)[1]
    assert "absent.toml: cannot be read" in run("aerobrake", tmp_path / "absent.toml", expected=2)[1]
    assert not (tmp_path / "a.xml").exists()


def test_a_pipe_is_read_once(tmp_path: Path, run: Run) -> None:
    """An OEM that another program writes becomes an SPK; a state alone is no arc, and what makes one of it is told."""
    for number, source in enumerate((shared("data/nav/ndm/anise/LRO_Nyx.oem").read_bytes()[:20_000].rpartition(b"\n")[0], None)):
        there, here = os.pipe()
        with os.fdopen(here, "wb") as file:
            file.write(opm_of(capture_rows()[0]).encode() if source is None else source)
        told = run("convert", f"/dev/fd/{there}", tmp_path / "made.bsp", "--body", "-85", expected=2 if source is None else 0)[1]
        os.close(there)
        assert ("written to", "TGO is there at one instant alone: an SPK needs an arc. Fly it on: aelita nav propagate")[
            number
        ] in told


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


def test_the_orbit_of_mars_global_surveyor_from_files_alone(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
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
    drawn = ("--png", tmp_path / "residuals.png", "--out", tmp_path / "mgs.oem", "--step", "300", "--publish", "esa")
    found = asked(*words, "--stations", tmp_path / "dsn.toml", "--degree", "60", *drawn)
    (link,) = found["links"]
    shown, orbit = kept("residuals"), kept("orbit")
    assert shown["unit"] == "Hz" and shown["rms"] == link["rms"] and shown["edited"].count(False) == link["used"]
    assert shown["files"] == {"png"} and orbit["files"] == {"oem"} and orbit["centre"] == "MARS"
    assert np.linalg.norm(orbit["r_km"], axis=1) == pytest.approx(3775, abs=40)
    assert link["rms"] < 0.1 and link["used"] >= 153 and found["converged"]  # the goal; 0.010 Hz is reached
    assert (tmp_path / "residuals.png").stat().st_size > 10_000
    assert len(read((tmp_path / "mgs.oem").read_bytes()).block("ephemeris").rows) > 50  # type: ignore[union-attr, arg-type]
    told = run(*words, "--stations", tmp_path / "dsn.toml", "--degree", "20", expected=2)[1]
    assert "sigma" in told  # residuals far above it: no orbit
    unknown = run(*words, "--degree", "4", expected=2)[1]
    assert "195 two-way Doppler DSS-45 to DSS-45: unknown station DSS-45" in unknown


def test_a_launch_is_flown_within_its_margins(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
    told = asked("launch", "exomars-2016", "--png", tmp_path / "ascent.png", "--publish", "esa")
    shown = kept("launch")
    assert shown["timeline"][-1]["t_s"] == told["events"][-1]["time_s"] and shown["ascent"][-1]["height_km"] > 150
    assert [row["date"] for row in shown["windows"]] == [f"2016-03-{day}" for day in range(14, 25)]
    assert all("T10:" in row["open"] or "T11:" in row["open"] for row in shown["windows"])  # the times nearer to 09:31
    assert shown["files"] == {"png"} and shown["name"].startswith("em16_tgo_fcp_launch_20160314")
    at = {row["event"]: row["time_s"] for row in told["events"]}
    assert at["third stage separation"] == pytest.approx(582, abs=5)
    assert at["separation"] == pytest.approx(10 * 3600 + 42 * 60, abs=30)
    assert told["payload_kg"] == 4332 and 0 < told["margin_kg"] < 500 and told["reached"]["c3_km2_s2"] > 10
    assert all(key.startswith("proton-m-breeze-m.toml: programme") for key in told["fitted"])
    assert {path.name for path in tmp_path.iterdir()} >= {"ascent.png", "ascent-window.png", "ascent-dispersion.png"}
    assert [row["launch"] for row in asked("launch")] == ["exomars-2016", "exomars-2020"]
    assert "no launch 'moon'" in run("launch", "moon", expected=2)[1]
    assert "Proton" in run("launch", "exomars-2016")[0]
    beyond = ("--c3", "90", "--declination", "-40", "--right-ascension", "0")
    assert "energy too high" in run("launch", "exomars-2016", *beyond, expected=2)[1]


def test_the_transfer_of_2016_and_its_window(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
    direct = asked("transfer", "--depart", "2016-03-14T20:13:00", "--arrive", "2016-10-19T14:42:00", "--days", "0")
    assert direct["c3_km2_s2"] == pytest.approx(14.66, abs=0.05)  # facts/flight-dynamics.yaml, lambert_direct_check
    assert direct["departure_declination_deg"] == pytest.approx(-49.8, abs=0.2)
    assert direct["arrival_speed_km_s"] == pytest.approx(3.83, abs=0.01)
    words = ("transfer", "--depart", "2016-01-01", "--arrive", "2016-08-01", "--count", "60")
    found = asked(*words, "--png", tmp_path / "chop.png", "--publish", "esa")
    shown = kept("porkchop")
    grids = np.array(shown["c3_km2_s2"], float), np.array(found["grid"]["c3_km2_s2"], float)
    assert np.array_equal(grids[0], grids[1].T, equal_nan=True) and shown["best"]["c3_km2_s2"] == found["c3_km2_s2"]
    assert 7 < found["c3_km2_s2"] < direct["c3_km2_s2"] and len(found["grid"]["c3_km2_s2"]) == 60
    assert (tmp_path / "chop.png").stat().st_size > 20_000
    told = run("transfer", "--depart", "2016-10-19", "--arrive", "2016-03-14", "--days", "0", expected=2)[1]
    assert "no transfer" in told


def test_the_reference_cruise_meets_the_public_figures(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
    told = asked(
        "cruise", "--out", tmp_path / "cruise.oem", "--png", tmp_path / "cruise.png", "--step", "21600", "--publish", "esa"
    )
    shown = kept("cruise")
    assert shown["files"] == {"oem", "png"} and len(shown["table"]) == len(told["figures"])
    assert all(len(leg["utc"]) == len(leg["r_km"]) <= 2000 for leg in shown["legs"])
    assert np.linalg.norm(shown["legs"][0]["r_km"][0]) > 6378
    assert shown["burns"][0]["dv_m_s"] == 326.497 and all(row["propellant_kg"] > 0 for row in shown["burns"])
    verdicts = {row["figure"]: row["verdict"] for row in told["figures"]}
    assert set(verdicts.values()) <= {"met", "in conflict"} and list(verdicts.values()).count("met") >= 20
    message = read((tmp_path / "cruise.oem").read_bytes())
    assert isinstance(message, Message) and len(message.segments) > 5
    assert "there is no 'bus'" in run("cruise", "--craft", "bus", "--out", tmp_path / "bus.oem", expected=2)[1]


def test_the_campaign_of_aerobraking(tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]) -> None:
    path = ("--out", tmp_path / "campaign.bsp", "--body", "-143")
    told = asked("aerobrake", "--png", tmp_path / "corridor.png", *path, "--publish", "esa")
    shown = kept("corridor")
    assert len(shown["passes"]) == len(told["passes"]) and shown["files"] == {"oem", "png"}
    assert (tmp_path / "campaign.bsp").stat().st_size > 100 * 50 * len(told["passes"])  # hundred states a pass, and more
    assert "--body" in run("aerobrake", "--out", tmp_path / "campaign.bsp", expected=2)[1]
    assert max(row["heat_flux_w_m2"] for row in shown["passes"]) < shown["limits"]["heat_flux_w_m2"]
    trims = sum(abs(row["trim_m_s"] or 0) for row in shown["passes"])
    assert 0 < trims <= told["totals"]["burnt_m_s"]
    assert told["totals"]["passes"] == pytest.approx(952, abs=50) and (tmp_path / "corridor.png").stat().st_size > 50_000
    (tmp_path / "bad.toml").write_text("name = 1\n")
    assert "bad.toml" in run("aerobrake", tmp_path / "bad.toml", expected=2)[1]


def test_events_of_an_orbit_of_esoc_are_listed_and_drawn(
    tmp_path: Path, asked: Callable[..., Any], run: Run, kept: Callable[[str], Any]
) -> None:
    kernel = shared("data/nav/spice/em16/spk/em16_tgo_fsp_065_01_20181120_20190429_v03.bsp")
    words = ("events", "tgo", "--start", "2018-12-08T20:10:30", "--stop", "2018-12-08T21:19:00", "--kernel", kernel)
    rows = asked(*words, "--png", tmp_path / "events.png", "--publish", "esa")
    assert kept("events")["rows"] == rows
    kinds = [row["kind"] for row in rows]
    assert kinds == ["periapsis", "occultation", "ascending-node", "penumbra", "eclipse"]
    assert rows[0]["value"] == pytest.approx(
        379.5, abs=0.1
    )  # osculating 359 km over the equator's radius: facts/flight-dynamics.yaml
    assert (tmp_path / "events.png").read_bytes()[:4] == b"\x89PNG"
    assert "no kernel holds the position of -117" in run("events", "EDM", "--start", "2018-12-08", expected=2)[1]
