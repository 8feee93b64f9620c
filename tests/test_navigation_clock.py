"""`aelita nav clock`: the mission's kernels told and written again, clocks made of pairs, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import spiceypy

from aelita.ephemeris import furnish, release
from aelita.errors import DataError, UsageError
from aelita.services import clocks, find_mission
from aelita.services.live import Installation
from aelita.services.live.installation import AgencyHere
from aelita.services.products import ProductStore, Sought
from aelita.time import (
    DAY,
    SECOND,
    CorrelationRules,
    Correlator,
    TimePoint,
    clock_from_kernel,
    et_from_tai_ns,
    tai_ns_from_utc,
    utc_from_tai_ns,
)
from nav_command import Run, runner
from shared import shared

SCLK = "data/nav/spice/em16/sclk"
ROVER_CLOCK = "data/nav/spice/altec/lesson_exomarsrsp/kernels/sclk/emrsp_sp_fict_20191031.tsc"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys, "clock")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Installation(tmp_path / "data" / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),))
    made.write()
    monkeypatch.setenv("AELITA_DATA", str(tmp_path / "data"))
    return made.home("esa")


def by_spice(path: Path, texts: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    furnish(path)
    try:
        return np.array([spiceypy.scs2e(-143, one) for one in texts])
    finally:
        release(path)


@pytest.mark.parametrize(("name", "least"), [("em16_tgo_step_20191109.tsc", 0.955), ("em16_tgo_step_20210611.tsc", 0.995)])
def test_a_kernel_of_the_mission_is_written_as_one_that_spice_reads_alike(
    tmp_path: Path, run: Run, name: str, least: float
) -> None:
    """`scs2e` and `sce2c` of ours against the mission's own, over all its segments and beyond the last.

    They differ only where records of the mission's kernel are out of order (three stretches of the earlier one, 2018-02-01 to 04
    of the later): there SPICE's search finds another record.
    """
    given, ours = shared(f"{SCLK}/{name}"), tmp_path / "ours.tsc"
    run(given, "--out", ours)
    last = clock_from_kernel(given.read_text()).segments[-1].ticks // 65536
    texts = [f"1/{s:010d}:{(s * 7919) % 65536:05d}" for s in np.linspace(0, last + 30 * 86_400, 1500).astype(int).tolist()]
    theirs = by_spice(given, texts)
    apart = np.abs(by_spice(ours, texts) - theirs)
    alike = apart < 1e-6  # of 15 us, a tick; ET has 0.1 us
    print(
        f"{name}: our kernel is {1e6 * apart[alike].max():.2f} us from the mission's for {100 * alike.mean():.1f} % of its time"
    )
    assert alike.mean() > least
    if name.endswith("20210611.tsc"):
        stretch = [float(et_from_tai_ns(tai_ns_from_utc(one))) for one in ("2018-02-01T12:00:00", "2018-02-05")]
        assert alike[(theirs < stretch[0]) | (theirs > stretch[1])].all()
    counted = []
    for path in (ours, given):
        furnish(path)
        try:
            counted.append([spiceypy.sce2c(-143, et) for et in theirs[alike][1:].tolist()])
        finally:
            release(path)
    assert np.percentile(np.abs(np.subtract(*counted)), 99.9) < 0.1  # ticks


def test_what_a_kernel_tells_of_itself(tmp_path: Path, run: Run) -> None:
    given, other, png = (
        shared(f"{SCLK}/em16_tgo_step_20210611.tsc"),
        shared(f"{SCLK}/em16_tgo_step_20191109.tsc"),
        tmp_path / "c.png",
    )
    out, err = run(given, "--json", "--png", png, "--against", other)
    told = orjson.loads(out)
    assert len(told["segments"]) == 216 and png.read_bytes()[:4] == b"\x89PNG" and "no pairs" in err
    late = [row for row in told["segments"] if row["start"] > "2018-06" and (row["days"] or 1) > 0.01]
    print(f"rates since June 2018: {min(row['rate_ppm'] for row in late):.3f} to {max(row['rate_ppm'] for row in late):.3f} ppm")
    assert all(0.4 < row["rate_ppm"] < 0.75 for row in late)
    by_days = {row["days"]: row["error_s"] for row in told["ahead"]}
    print(f"what the kernel's segments missed the next by (s): {by_days}")
    assert 0.01 < by_days[7.0] < 1.0
    rows = told["apart"][4:40:5]
    ets = []
    for path in (given, other):
        furnish(path)
        try:
            ets.append([spiceypy.sct2e(-143, float(row["ticks"])) for row in rows])
        finally:
            release(path)
    assert np.abs(np.subtract(*ets) - [row["apart_s"] for row in rows]).max() < 1e-6


def pairs_of(
    clock: Any, *, noise_s: float, first: str = "2020-12-01", days: float = 40.0, seed: int = 5
) -> list[tuple[int, str]]:
    """Pairs that a clock kernel makes true, to which noise is added, every eight hours."""
    at = tai_ns_from_utc(first) + np.arange(0, days * DAY, DAY // 3).astype(np.int64)
    ticks = clock.ticks(at)
    noise = np.random.default_rng(seed).normal(0, noise_s, at.size)
    true = clock.tai_ns(ticks)
    return [
        (int(tick), utc_from_tai_ns(int(one), 9))
        for tick, one in zip(ticks.tolist(), (true + np.rint(noise * SECOND)).astype(np.int64).tolist(), strict=True)
    ]


def written(tmp_path: Path, rows: list[tuple[int, str]], *more: str) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(["ticks,utc", *(f"{ticks},{utc}" for ticks, utc in rows), *more]) + "\n")
    return path


def test_a_clock_is_correlated_from_pairs(tmp_path: Path, run: Run, home: Path) -> None:
    """Pairs of a true line (the mission's kernel in a quiet fortnight) with 0.1 ms of noise and one that is wrong."""
    true = clock_from_kernel(shared(f"{SCLK}/em16_tgo_step_20210611.tsc").read_text())
    first = "2021-06-16"
    rows = pairs_of(true, noise_s=1e-4, first=first, days=14.0)
    wrong = (rows[20][0] + 65536, rows[20][1])
    path, ours = written(tmp_path, [*rows, wrong]), tmp_path / "made.tsc"
    out, err = run("--pairs", path, "--out", ours, "--json", "--publish", "esa")
    told = orjson.loads(out)
    assert [row["used"] for row in told["pairs"]].count(False) == 1 and "1 of 43 pairs contradict" in err
    with_pairs = [row for row in told["segments"] if row["pairs"]]  # one line stands for a day or so, by the rules
    assert sum(row["pairs"] for row in with_pairs) == 42 and all(row["worst_s"] < 4e-4 for row in with_pairs)
    assert with_pairs[-1]["rate_ppm"] == pytest.approx(0.6106, abs=0.002)
    made = clock_from_kernel(ours.read_text())
    for row in told["ahead"]:
        at = np.array([tai_ns_from_utc(rows[-1][1]) + round(row["days"] * DAY)], np.int64)
        off = abs(int(made.tai_ns(true.ticks(at))[0]) - int(at[0])) / SECOND
        print(f"{row['days']:g} days ahead: {1e3 * off:.3f} ms off, said to be within {1e3 * row['error_s']:.3f}")
        assert off < row["error_s"]
    store = ProductStore(home)
    (product,) = store.find(Sought("clock"))
    shown = store.data(product)
    assert {file.name.rpartition(".")[2] for file in product.files} == {"tsc", "png"} and isinstance(shown, dict)
    assert len(shown["pairs"]) == 43 and shown["rows"][0]["start"].endswith("Z")
    out, _ = run(shared(f"{SCLK}/em16_tgo_step_20210611.tsc"), "--pairs", path, "--json")
    tested = orjson.loads(out)["segments"][-1]
    assert tested["pairs"] == 43 and tested["worst_s"] == pytest.approx(1.0, abs=0.01)  # the wrong pair is a second off


def test_what_an_agency_correlated(tmp_path: Path, run: Run, home: Path) -> None:
    rules = CorrelationRules()
    made = Correlator(rules, 65536, "tgo")
    true = clock_from_kernel(shared(f"{SCLK}/em16_tgo_step_20210611.tsc").read_text())
    for ticks, utc in pairs_of(true, noise_s=1e-4, first="2021-06-16", days=10.0):
        made.feed([TimePoint(ticks, tai_ns_from_utc(utc) + 900 * SECOND, 900.0)])
    path = home / "products" / "tgo.clock.json"
    _, err = run("--agency", "esa", expected=2)
    assert "has not correlated" in err
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({"merged": 1, "at": 0, "state": made.state()}))
    told = orjson.loads(run("--agency", "esa", "--json")[0])
    assert 10 <= len(told["pairs"]) <= 30 and max(abs(row["residual_s"]) for row in told["pairs"]) < 4e-4
    path.write_bytes(b"{}")
    assert "no state of a correlation" in run("--agency", "esa", expected=2)[1]
    assert "at once" in run("--agency", "esa", "--pairs", written(tmp_path, [(1, "2020-01-01")]), expected=2)[1]


def test_what_is_no_clock_is_refused(tmp_path: Path, run: Run) -> None:
    assert "another spacecraft" in run(shared(ROVER_CLOCK), expected=2)[1]
    nothing = tmp_path / "empty.tsc"
    nothing.write_text("")
    assert run(nothing, expected=2)[1]
    assert "SCLK" in run(shared("data/nav/spice/em16/fk/em16_tgo_v24.tf"), expected=2)[1]
    for text, match in (
        ("", "columns"), ("ticks;utc\n1;2", "columns"), ("ticks,utc\n", "no pairs"), ("ticks,utc\nx,2020-01-01", "line 2"),
        ("ticks,utc\n5,yesterday", "line 2"), ("ticks,utc\n-5,2020-01-01", "line 2"), ("ticks,utc,error_s\n5,2020-01-01,nan", "line 2"),
        ("ticks,utc\n5", "line 2"),
    ):  # fmt: skip
        path = tmp_path / "pairs.csv"
        path.write_text(text)
        with pytest.raises(DataError, match=match):
            clocks.read_pairs(path)
    path.write_bytes(b"\xff\xfe\0")
    with pytest.raises(DataError, match="no text"):
        clocks.read_pairs(path)
    one = clock_from_kernel(shared(f"{SCLK}/em16_tgo_step_20210611.tsc").read_text())
    with pytest.raises(UsageError, match="no number of a spacecraft"):
        clocks.told_clock(one).kernel(143)
