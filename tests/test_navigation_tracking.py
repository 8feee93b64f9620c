"""`aelita nav tracking`: real Doppler and ranges written as TDM, read again, and fitted to the same orbit."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from aelita.dynamics import Kind, Ramps, determine, message_of_tracking, residuals, tracking_of_message
from aelita.ndm import Message, read, write
from aelita.services import find_mission, navigation
from aelita.services.live import Installation
from aelita.services.live.installation import AgencyHere
from aelita.services.navigation import exchanging
from aelita.services.products import ProductStore, Sought
from aelita.time import SECOND, tai_ns_from_utc
from determination_material import mars_gravity, mgs_network
from nav_command import Run, runner
from shared import shared
from test_navigation_cli import MGS

MSR = "data/nav/tracking/mgs/9066071a.msr"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "tracking")


def original() -> navigation.Tracking:
    return navigation.load_tracking((shared(MSR),), (shared(MSR).with_suffix(".ramp.gz"),), spacecraft="MGS")


@pytest.mark.parametrize("name", ["mgs.tdm", "mgs.xml"])
def test_the_fit_from_our_message_is_that_from_the_original(tmp_path: Path, run: Run, name: str) -> None:
    """All of five days through a TDM; the passes of 9 March 1999 fitted from both at degree 60."""
    from aelita.dynamics import Forces, Setting

    _, err = run(shared(MSR), "--ramps", shared(MSR).with_suffix(".ramp.gz"), "--spacecraft", "MGS", "--out", tmp_path / name)
    assert "669 observations written" in err and "13 of 1-Way-Range" in err
    (tmp_path / "mgs.opm").write_text(MGS)
    first = navigation.read_arcs(tmp_path / "mgs.opm")[0].first()
    both = original(), navigation.load_tracking((tmp_path / name,), spacecraft="MGS")
    assert sum(one.size for one in both[1].observations) == 669 and not [one for one in both[1].refused if one.count > 400]
    fits = []
    for held in both:
        start, stop = (tai_ns_from_utc(day) for day in ("1999-03-09", "1999-03-10"))
        chosen = navigation.choose_tracking(held, start, stop, ("DSS-45",), "doppler")
        network = mgs_network()
        setting = Setting(Forces(gravity=mars_gravity(), degree=60), type(network)(network.stations, held.ramps))
        fits.append(determine(first, chosen, setting))
    ours, theirs = fits[1].residuals[0], fits[0].residuals[0]
    apart = np.linalg.norm(fits[1].state.position_km - fits[0].state.position_km)
    print(
        f"{name}: orbits {1e6 * apart:.3f} mm apart (sigma {1e3 * np.sqrt(np.trace(fits[0].covariance[:3, :3])):.1f} m), residuals {np.abs(ours.residual - theirs.residual).max():.1e} Hz, rms {ours.rms:.4f} Hz"
    )
    assert (
        np.array_equal(ours.used, theirs.used) and np.abs(ours.residual - theirs.residual).max() < 1e-4
    )  # of 0.01 Hz; what float64 leaves of 1e13 cycles
    sigma_km = float(np.sqrt(np.trace(fits[0].covariance[:3, :3])))
    assert apart < 0.01 * sigma_km and ours.rms < 0.1
    for kind in ("range", "doppler"):  # every other residual of the fitted day too, ranges among them
        some = [
            navigation.choose_tracking(held, tai_ns_from_utc("1999-03-09"), tai_ns_from_utc("1999-03-10"), (), kind)
            for held in both
        ]
        found = [residuals(fits[0].trajectory, tuple(one for one in each if one.receiver == "DSS-45"), type(network)(network.stations, held.ramps)) for each, held in zip(some, both, strict=True)]  # fmt: skip
        for a, b in zip(*found, strict=True):
            inside = np.isfinite(a.residual) & np.isfinite(b.residual)
            assert inside.sum() > 10 and np.abs(a.residual - b.residual)[inside].max() < (1e-4 if kind == "doppler" else 1e-3)


def test_gaps_of_the_uplink_stay_gaps() -> None:
    whole = original().ramps["DSS-45"]
    at = np.array([0, 10, 30, 40], np.int64) * SECOND + whole.start_tai_ns[0]
    given = Ramps("DSS-45", at, at + 10 * SECOND, np.full(4, 7.1e9), np.array([1.0, 0.0, -1.0, 0.0]))
    chosen = navigation.choose_tracking(original(), None, None, ("DSS-45",), "doppler")[:1]
    message = message_of_tracking(chosen, spacecraft="MGS", originator="T", created_tai_ns=int(at[0]), ramps={"DSS-45": given})
    again = read(write(message, "kvn"))
    assert isinstance(again, Message)
    found = tracking_of_message(again, spacecraft="MGS")[1]["DSS-45"]
    starts, ends = at[0] + np.array([1, 12, 22, 33]) * SECOND, at[0] + np.array([19, 18, 28, 47]) * SECOND
    assert found.covers(starts, ends).tolist() == given.covers(starts, ends).tolist() == [True, True, False, True]


def test_passes_are_told_and_kept(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Installation(tmp_path / "data" / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),))
    made.write()
    monkeypatch.setenv("AELITA_DATA", str(tmp_path / "data"))
    png = tmp_path / "t.png"
    out, _ = run(shared(MSR), "--spacecraft", "MGS", "--publish", "esa", "--json", "--png", png)
    told = orjson.loads(out)
    assert len(told["passes"]) == 19 and png.read_bytes()[:4] == b"\x89PNG"
    assert sum(row["observations"] for row in told["passes"]) == 669
    first = told["passes"][0]
    assert (first["transmitter"], first["count_s"], first["unit"]) == ("DSS-34", 60.0, "Hz") and first["start"].startswith(
        "1999-03-07T19:27:35"
    )
    (product,) = ProductStore(made.home("esa")).find(Sought("tracking"))
    shown = ProductStore(made.home("esa")).data(product)
    assert {file.name.rpartition(".")[2] for file in product.files} == {"tdm", "png"} and isinstance(shown, dict)
    assert len(shown["rows"]) == 19 and len(shown["links"]) == len(original().observations)
    assert sum(one["count"] for one in shown["left"]) == 20


def test_what_cannot_be_told_is_refused(tmp_path: Path, run: Run) -> None:
    for words, match in (
        (("--spacecraft", "", "--out", tmp_path / "x.tdm"), "no name of a spacecraft"),
        (("--spacecraft", "DSS-45", "--out", tmp_path / "x.tdm"), "no name of a spacecraft"),
        (("--spacecraft", "MGS", "--out", tmp_path / "x.bsp"), "no form of tracking data"),
        (("--spacecraft", "MGS", "--start", "2020-01-01"), "no observation is left"),
        (("--spacecraft", "MGS", "--receiver", "DSS-99"), "received nothing"),
        (("--spacecraft", "MGS", "--kind", "smell"), "no kind of tracking"),
    ):
        assert match in run(shared(MSR), *words, expected=2)[1]
        assert not (tmp_path / "x.tdm").exists()
    aem = shared("data/nav/ndm/orekit/adm/aem/AEMExample02.txt")
    assert "no tracking" in run(aem, "--spacecraft", "MGS", expected=2)[1]
    held = original()
    (chosen,) = navigation.choose_tracking(held, None, None, ("DSS-54",), "doppler")
    one_way = exchanging.tdm_of(held, (chosen, type(chosen)(Kind.DOPPLER_1, "MGS", "DSS-54", *(getattr(chosen, name) for name in ("epochs_tai_ns", "observed", "sigma", "count_s", "reference_hz")))), spacecraft="MGS", made_at=tai_ns_from_utc("2026-11-29"))  # fmt: skip
    assert [one.count for one in one_way[1]] == [chosen.size]
