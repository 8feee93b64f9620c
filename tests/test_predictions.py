"""Predictions for stations as a user has them: tables, files, messages, pictures, `aelita nav pointing|doppler`, and refusals."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from aelita.dynamics import Forces, Kind, StateVector, compute, propagate, tracking_of_message
from aelita.ephemeris import furnish, pointing, release, state
from aelita.errors import TimeError, UsageError
from aelita.ndm import Message, read, tracking, write
from aelita.services import find_mission, live, navigation, predictions
from aelita.services.live import Installation
from aelita.services.live.installation import AgencyHere
from aelita.services.places import horizon_of, site_of
from aelita.services.predictions.doppler import network_of, ramps_sent
from aelita.services.products import ProductStore, Sought
from aelita.time import DAY, SECOND, tai_ns_from_datetime64, tai_ns_from_utc
from nav_command import Run, runner
from shared import shared

ARC = "data/nav/spice/em16/spk/em16_tgo_fsp_116_01_20191111_20200425_v02.bsp"
TABLE = "data/nav/spice/tgo_state_tables/em16_tgo_fsp_116_01_20191111_20200425_v02.csv"
START, STOP = tai_ns_from_utc("2019-11-13"), tai_ns_from_utc("2019-11-14")
MADE = tai_ns_from_utc("2019-11-12T12:00:00")
SPAN = ("--start", "2019-11-13", "--days", "1")


@pytest.fixture(scope="module")
def orbit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of TGO about Mars from a state of ESOC's, as OEM."""
    with shared(TABLE).open() as file:
        row = next(csv.DictReader(file))
    at = tai_ns_from_utc(row["utc"])
    place, speed = ([float(row[name.format(axis)]) for axis in "xyz"] for name in ("{}_km", "v{}_kms"))
    flown = propagate(StateVector(at, np.array(place), np.array(speed)), Forces(), at + 2 * DAY)
    epochs = np.arange(at, at + 2 * DAY, 60 * SECOND)
    arc = navigation.Arc("TGO", "MARS", epochs, flown.states(epochs), "2016-017A")
    path = tmp_path_factory.mktemp("orbit") / "tgo.oem"
    path.write_bytes(write(navigation.oem_of((arc,), made_at=at), "kvn", where="x"))
    return path


@pytest.fixture(scope="module")
def sky() -> navigation.Sky:
    return navigation.Sky(find_mission("exomars"))


@pytest.fixture(scope="module")
def asked(orbit: Path) -> predictions.AskedPasses:
    return predictions.AskedPasses("tgo", "malargue", START, STOP, 60.0, orbit=orbit)


@pytest.fixture(scope="module")
def pointed(sky: navigation.Sky, asked: predictions.AskedPasses) -> predictions.PredictedPointing:
    return predictions.predict_pointing(sky, asked)


@pytest.fixture(scope="module")
def heard(sky: navigation.Sky, asked: predictions.AskedPasses) -> predictions.PredictedDoppler:
    return predictions.predict_doppler(sky, asked, predictions.AskedCarrier(transponder_s=1e-6))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


def tai(column: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(tai_ns_from_datetime64(column.to_numpy()), np.int64)


# ---- tables


def test_rows_are_within_the_pass_in_steps_of_the_start_asked_for(pointed: predictions.PredictedPointing) -> None:
    table, (only,) = pointed.table, pointed.summary.to_dicts()
    at = tai(table["utc"])
    assert np.all((at[1:-1] - START) % (60 * SECOND) == 0) and table["utc"].is_sorted()
    assert only["start"] == table["utc"][0] and only["stop"] == table["utc"][-1]
    assert table["elevation_deg"][0] == pytest.approx(10, abs=1e-4) and table["elevation_deg"].min() >= 10  # type: ignore[operator]
    assert only["max_elevation_deg"] == pytest.approx(63.66, abs=0.01)  # Mars's declination of -9.3 deg over 35.8 deg south
    raised = table["refracted_elevation_deg"] - table["elevation_deg"]
    assert 0.07 < raised[0] < 0.1 and raised.min() < 0.01  # type: ignore[operator]
    assert 0.3 < table["hidden"].mean() < 0.4  # type: ignore[operator]
    assert 0.018 < table["point_ahead_deg"].mean() < 0.0195  # type: ignore[operator]
    rate = np.gradient(table["elevation_deg"].to_numpy()[1:-1], 60.0)[1:-1]
    assert np.abs(rate - table["elevation_rate_deg_s"].to_numpy()[2:-2]).max() < 1e-5


def test_uplink_is_by_instants_of_emission(sky: navigation.Sky, asked: predictions.AskedPasses) -> None:
    up, down = (predictions.predict_pointing(sky, replace(asked, uplink=out)) for out in (True, False))
    assert up.summary["start"][0] != down.summary["start"][0]
    both = up.table.join(down.table, on="utc", suffix="_down")
    apart = np.hypot(
        (both["azimuth_deg"] - both["azimuth_deg_down"]).to_numpy() * np.cos(np.radians(both["elevation_deg"].to_numpy())),
        (both["elevation_deg"] - both["elevation_deg_down"]).to_numpy(),
    )
    inside = np.abs(both["azimuth_deg"] - both["azimuth_deg_down"]).to_numpy() < 180
    assert apart[inside] == pytest.approx(both["point_ahead_deg"].to_numpy()[inside], rel=0.02)
    assert both.height > 600


def test_an_orbit_in_a_message_points_as_its_kernel_does(sky: navigation.Sky, tmp_path: Path) -> None:
    path = shared(ARC)
    with shared(TABLE).open() as file:
        first = tai_ns_from_utc(next(csv.DictReader(file))["utc"])
    furnish(path)
    try:
        epochs = first + np.arange(69) * 60 * SECOND
        arc = navigation.Arc("TGO", "MARS", epochs, state("-143", "MARS", epochs), "2016-017A")
    finally:
        release(path)
    message = tmp_path / "arc.oem"
    message.write_bytes(write(navigation.oem_of((arc,), made_at=first), "kvn", where="x"))
    by = {}
    for given in (message, path):
        asked = predictions.AskedPasses("tgo", "goldstone", first, first + DAY // 8, 30.0, orbit=given)
        by[given] = (
            predictions.predict_pointing(sky, asked),
            predictions.predict_doppler(sky, asked, predictions.AskedCarrier(on_board_hz=8.4e9)),
        )
    release(path)
    (one, wave), (other, same) = by[message], by[path]
    both = one.table.join(other.table, on="utc", suffix="_kernel")
    assert both.height > 100 and "arc.oem" in one.passes.remark and one.passes.known.source == "arc.oem"
    for name, within in (("azimuth_deg", 1e-9), ("elevation_deg", 1e-9), ("range_km", 1e-5), ("range_rate_km_s", 1e-7)):
        assert (both[name] - both[f"{name}_kernel"]).abs().max() < within, name  # type: ignore[operator]
    sounds = wave.table.join(same.table, on="utc", suffix="_kernel")
    off = (sounds["received_hz"] - sounds["received_hz_kernel"]).to_numpy()
    print(f"one-way carrier by OEM less that by SPK: {np.abs(off).max():.4f} Hz of {sounds.height}")
    assert np.abs(off).max() < 0.05


def test_two_way_rows_were_sent_from_above_the_horizon(heard: predictions.PredictedDoppler, sky: navigation.Sky) -> None:
    (station,) = sky.stations(["malargue"])
    course = heard.passes.spans[0][0]
    look = pointing(site_of(station), course, tai(heard.table["sent"]), outgoing=True)
    assert heard.ways == 2 and look.elevation_deg.min() >= 10 - 1e-4
    late = (heard.table["utc"][0] - heard.summary["start"][0]).total_seconds()
    assert 2400 < late < 2600  # a round trip after the pass begins
    assert any("left out" in one for one in heard.remarks)
    again = tai(heard.table["sent"]) + np.rint(heard.table["round_trip_s"].to_numpy() * SECOND).astype(np.int64)
    assert np.abs(again - tai(heard.table["utc"])).max() <= 1
    # the shift is what the range rates up and down make of it: the mean of both, to first order
    speed = heard.table["range_rate_km_s"].to_numpy()
    assert np.corrcoef(speed, heard.table["shift_hz"].to_numpy())[0, 1] < -0.99


def test_three_ways_need_both_stations(sky: navigation.Sky, asked: predictions.AskedPasses) -> None:
    found = predictions.predict_doppler(sky, asked, predictions.AskedCarrier("cebreros"))
    (sender,) = sky.stations(["cebreros"])
    look = pointing(site_of(sender), found.passes.spans[0][0], tai(found.table["sent"]), outgoing=True)
    assert found.ways == 3 and np.all(look.elevation_deg >= horizon_of(sender).at_deg(look.azimuth_deg))
    assert 0 < found.table.height < 600
    message = predictions.doppler_message(found, made_at=MADE)
    last = tracking(message)[-1]
    assert (last.participants, last.path) == ({1: "cebreros", 2: "tgo", 3: "malargue"}, (1, 2, 3))
    none = predictions.predict_doppler(sky, asked, predictions.AskedCarrier("new-norcia"))
    assert none.table.is_empty() and none.table.schema == found.table.schema


# ---- files


def test_plain_tables_say_what_they_hold(pointed: predictions.PredictedPointing, heard: predictions.PredictedDoppler) -> None:
    for text, table, name, digits in (
        (predictions.pointing_csv(pointed, made_at=MADE), pointed.table, "azimuth_deg", 6),
        (predictions.doppler_csv(heard, made_at=MADE), heard.table, "received_hz", 4),
    ):
        head = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
        assert head["spacecraft"] == "tgo" and head["station"].startswith("malargue (Malargüe, ") and head["orbit"] == "tgo.oem"
        assert head["pass 1"].startswith("2019-11-13T09:") and head["horizon"] == "10 deg, geometric"
        again = pl.read_csv(io.StringIO(text), comment_prefix="#", try_parse_dates=True)
        assert again.height == table.height and set(again.columns) == set(table.columns)
        assert (again[name] - table[name]).abs().max() <= 0.51 * 10**-digits  # type: ignore[operator]
        assert (again["utc"].cast(pl.Datetime("ns")) == table["utc"]).all()
        assert again["hidden"].to_list() == table["hidden"].cast(pl.Int64).to_list()


@pytest.mark.parametrize("form", ["kvn", "xml"])
def test_pointing_as_a_tracking_message(pointed: predictions.PredictedPointing, form: Any) -> None:
    octets = write(predictions.pointing_message(pointed, made_at=MADE), form, where="x")
    message = read(octets, where="x")
    assert isinstance(message, Message) and "PREDICTED" in " ".join(message.header.comments)
    (part,) = tracking(message)
    assert (part.participants, part.path) == ({1: "malargue", 2: "tgo"}, (2, 1)) and part.metadata["ANGLE_TYPE"] == "AZEL"
    for keyword, name in (
        ("ANGLE_1", "azimuth_deg"), ("ANGLE_2", "refracted_elevation_deg"), ("RANGE", "range_km"),
        ("DOPPLER_INSTANTANEOUS", "range_rate_km_s"),
    ):  # fmt: skip
        at, values = part.observations[keyword]
        assert np.array_equal(at, tai(pointed.table["utc"])) and np.array_equal(values, pointed.table[name].to_numpy())


def test_a_predicted_message_is_observed_without_residuals(heard: predictions.PredictedDoppler) -> None:
    """What determination reads of the message is what its observables are: frequencies to 5 mHz, ranges to 1 mm."""
    message = read(write(predictions.doppler_message(heard, made_at=MADE), "kvn", where="x"), where="x")
    assert isinstance(message, Message)
    observed, ramps, refused = tracking_of_message(message, spacecraft="tgo")
    assert not refused and {one.kind for one in observed} == {Kind.DOPPLER, Kind.RANGE_S}
    course = heard.passes.spans[0][0]
    network = network_of(heard.passes, course, heard.carrier, heard.transmitter, ramps)
    for one in observed:
        off = np.abs(one.observed - compute(one, course, network).values).max()
        print(f"{one.kind}: {one.size} predicted, residuals up to {off:.1e}")
        assert off < (5e-3 if one.kind is Kind.DOPPLER else 3e-12) and one.size == (~heard.table["hidden"]).sum()


def test_ramps_are_followed_and_told(sky: navigation.Sky, asked: predictions.AskedPasses, tmp_path: Path) -> None:
    path = tmp_path / "up.ramp"
    path.write_text(
        "# ramp_start (UTC), ramp_stop (UTC), station, band, frequency (Hz), rate (Hz/s)\n"
        "13-Nov-2019 09:00:00.000, 13-Nov-2019 12:00:00.000, malargue, X, 7167500000.0, 0.5\n"
        "13-Nov-2019 12:00:00.000, 13-Nov-2019 16:00:00.000, malargue, X, 7167505400.0, -0.25\n"
    )
    carrier = predictions.AskedCarrier(ramps=predictions.read_uplinks((path,)))
    found = predictions.predict_doppler(sky, asked, carrier)
    sent = tai(found.table["sent"])
    assert sent.max() < tai_ns_from_utc("2019-11-13T16:00:00")
    first = sent < tai_ns_from_utc("2019-11-13T12:00:00")
    wanted = 7167500000.0 + 0.5 * (sent - tai_ns_from_utc("2019-11-13T09:00:00")) / SECOND
    assert found.table["sent_hz"].to_numpy()[first] == pytest.approx(wanted[first], abs=1e-5) and 0 < first.sum() < first.size
    (told,) = ramps_sent(found)
    assert told.frequency(sent) == pytest.approx(found.table["sent_hz"].to_numpy(), abs=1e-5)
    message = tmp_path / "up.tdm"
    message.write_bytes(write(predictions.doppler_message(found, made_at=MADE), "kvn", where="x"))
    again = predictions.read_uplinks((message,))["malargue"]
    assert again.frequency(sent) == pytest.approx(found.table["sent_hz"].to_numpy(), abs=1e-5)


# ---- the command


def test_the_command_writes_and_draws(run: Run, orbit: Path, tmp_path: Path) -> None:
    told = json.loads(run("pointing", "tgo", "-s", "malargue", *SPAN, "--orbit", orbit, "--step", "600", "--json")[0])
    assert len(told["passes"]) == 1 and 60 < len(told["rows"]) < 80 and told["remarks"] == []
    out, png = tmp_path / "p.csv", tmp_path / "p.png"
    run("pointing", "tgo", "-s", "malargue", *SPAN, "--orbit", orbit, "--step", "600", "--uplink", "-o", out, "--png", png)
    assert "of emission (up)" in out.read_text() and png.read_bytes().startswith(b"\x89PNG") and png.stat().st_size > 20_000
    words = ("doppler", "tgo", "-s", "malargue", *SPAN, "--orbit", orbit, "--step", "600")
    shown, remarks = run(*words, "--png", png)
    assert "Carrier of TGO at Malargüe" in shown and "assumed" in remarks and "left out" in remarks
    for ending in ("tdm", "xml", "csv", "parquet"):
        run(*words, "--uplink-hz", "7.18e9", "--ratio", "240/749", "--out", tmp_path / f"d.{ending}")
    (part, *_) = tracking(read((tmp_path / "d.xml").read_bytes(), where="x"))[1:]  # type: ignore[arg-type]
    assert part.metadata["TURNAROUND_NUMERATOR"] == 240
    assert pl.read_parquet(tmp_path / "d.parquet")["received_hz"][0] == pytest.approx(7.18e9 * 240 / 749, rel=1e-4)


def test_predictions_are_published(run: Run, orbit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ("tgo",), (AgencyHere("esa", ("malargue",)), AgencyHere("roscosmos", ("kalyazin",)))
    made = Installation(tmp_path / "data" / "complex", find_mission("exomars"), *here)
    made.write()
    monkeypatch.setenv("AELITA_DATA", str(tmp_path / "data"))
    words = ("tgo", "-s", "malargue", *SPAN, "--step", "60", "--publish", "esa", "--json")
    run("pointing", *words, "--orbit", orbit)
    run("publish", "orbit", "tgo", "two days", orbit, "--start", "2019-11-12T20:10:02", "--stop", "2019-11-14", "--agency", "esa")
    told = json.loads(run("doppler", *words, "--orbits-of", "esa")[0])
    (source,) = ProductStore(made.home("esa")).find(Sought("orbit"))
    assert (
        len(told["rows"]) > 500
        and source.id
        in run("doppler", *words[:-3], "--orbits-of", "esa", "-o", tmp_path / "d.csv")[1] + (tmp_path / "d.csv").read_text()
    )
    store = ProductStore(made.home("esa"))
    live.geometry_of(live.read_installation(made.folder), "esa").orbits.close()  # type: ignore[union-attr]
    for kind, column in (("pointing", "azimuth_deg"), ("doppler", "shift_hz")):
        (one,) = store.find(Sought(kind))
        shown = store.data(one)
        assert isinstance(shown, dict) and len(shown[column]) == len(shown["utc"]) and len(shown["passes"]) == 1
        assert {file.name.rpartition(".")[2] for file in one.files} == {"csv", "tdm", "png"}
        assert one.name == f"em16_tgo_fop_{kind}_20191113_20191114"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pointing", "tgo", "-s", "atlantis", *SPAN), "no station 'atlantis'"),
        (("pointing", "edm", "-s", "malargue", *SPAN), "orbit of edm is known for no time"),
        (("pointing", "nibiru", "-s", "malargue", *SPAN), "no body 'NIBIRU'"),
        (("pointing", "EARTH", "-s", "malargue", *SPAN), "Earth"),
        (("pointing", "MARS", "-s", "malargue", "--start", "2019-11-13", "--days", "3650"), "400 days at most"),
        (("pointing", "MARS", "-s", "malargue", "--start", "2019-11-13", "--days", "30", "--step", "1"), "longer step"),
        (("pointing", "MARS", "-s", "malargue", *SPAN, "--step", "-1"), "step of -1"),
        (("pointing", "MARS", "-s", "malargue", *SPAN, "--step", "nan"), "step of nan"),
        (("pointing", "MARS", "-s", "malargue", *SPAN, "--temperature", "15"), "kelvins"),
        (("pointing", "MARS", "-s", "malargue", *SPAN, "-o", "x.doc"), ".doc"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--uplink-hz", "-7e9"), "hertz"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--uplink-hz", "7167.5"), "hertz"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--downlink-hz", "0"), "hertz"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--downlink-hz", "8.4e9", "--transmitter", "cebreros"), "one way"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--transmitter", "atlantis"), "atlantis"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--ratio", "880/0"), "turnaround"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--ratio", "much"), "turnaround"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--ratio", "1e99999999"), "turnaround"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--count", "0"), "count"),
        (("doppler", "MARS", "-s", "malargue", *SPAN, "--transponder-delay", "-1"), "delay"),
    ],
)
def test_bad_requests_are_told_in_a_line(run: Run, words: tuple[str, ...], told: str) -> None:
    _, remarks = run(*words, expected=2)
    assert told in remarks and "Traceback" not in remarks and len(remarks.strip().splitlines()) <= 3


def test_a_span_outside_of_the_orbit_says_which_it_holds(sky: navigation.Sky, orbit: Path, tmp_path: Path) -> None:
    month = predictions.AskedPasses("tgo", "malargue", START + 30 * DAY, STOP + 30 * DAY, orbit=orbit)
    with pytest.raises(TimeError, match=r"known for 2019-11-12T20:10:0.* to 2019-11-14T20:0.*not for 2019-12-13"):
        predictions.predict_pointing(sky, month)
    part = predictions.predict_pointing(sky, replace(month, start=STOP, stop=STOP + 3 * DAY, step_s=600.0))
    assert "known from" in part.passes.remark and part.summary.height == 1
    turned = tmp_path / "turned.oem"
    turned.write_text(orbit.read_text().replace("EME2000", "IAU_MARS"))
    with pytest.raises(UsageError, match="IAU_MARS"):
        predictions.predict_pointing(sky, replace(month, orbit=turned))


@pytest.fixture(scope="module", autouse=True)
def _clean() -> Iterator[None]:
    yield
    release(shared(ARC))
