"""The benchmark's own arithmetic: ratios, verdicts, the table and the results file. Nothing is measured here."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench import live_material, processes, run, table, yamcs
from bench.material import AbsentError, Setting
from bench.reception import plain_loop

from aelita.services import Library, define
from aelita.telemetry import Reception, packet_ticks
from shared import shared

SETTING = Setting(Path("nowhere"), 1000, 1)


def test_a_ratio_above_one_always_means_that_ours_is_better() -> None:
    assert table.rate("rate", 300.0, 100.0, "packets per s")["ratio"] == 3.0
    assert table.cost("time", 2.0, 10.0, "s")["ratio"] == 5.0
    assert table.cost("time", 20.0, 10.0, "s")["ratio"] == 0.5
    assert table.rate("alone", 300.0, None, "packets per s")["ratio"] is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (table.rate("rate", 200.0, 10.0, "", 20.0), "met"),
        (table.rate("rate", 199.0, 10.0, "", 20.0), "missed"),
        (table.cost("disk", 75.0, 467.0, "octets", "<= 75"), "met"),
        (table.cost("disk", 75.1, 467.0, "octets", "<= 75"), "missed"),
        (table.rate("commands", 500.0, 400.0, "commands/s", ">= 500"), "met"),
        (table.rate("commands", 499.0, 400.0, "commands/s", ">= 500"), "missed"),
        (table.rate("without a peer", 200.0, None, "", 20.0), "not measured"),
        (table.absent("Yamcs", "no java"), "not measured"),
        (table.rate("no target", 1.0, 1.0, ""), ""),
    ],
)
def test_verdict(row: table.Row, expected: str) -> None:
    assert table.verdict(row) == expected


def test_the_table_has_every_row_and_says_why_one_has_no_figure() -> None:
    text = table.markdown({"chain": [table.rate("ingest", 367_000.0, 18_364.0, "packets per CPU s", 20.0)], "peer": [
        table.absent("Yamcs", "no java on the PATH")
    ]})  # fmt: skip
    lines = text.splitlines()
    assert "| ingest | 367,000 | 18,364 | packets per CPU s | 20x | 20x | missed |" in lines
    assert "| Yamcs [1] | - | - |  |  |  | not measured |" in lines
    assert "1. no java on the PATH" in lines
    assert {line.count("|") for line in lines if line.startswith("|")} == {8}


def test_results_are_written_whole_and_the_table_names_their_file(tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "date": "2026-01-05T10:20Z",
        "machine": run.machine(),
        "versions": run.versions(),
        "setting": {"count": 1000, "repeat": 3},
        "parts": {"chain": [table.cost("disk", 70.0, 467.0, "octets", "<= 75", raw={"runs": [70, 70, 71]})]},
    }
    file = run.write(document, tmp_path)
    assert json.loads(file.read_text()) == document
    latest = (tmp_path / "latest.md").read_text()
    assert file.name in latest and "1,000 packets" in latest and "| disk | 70 | 467 |" in latest
    assert str(Path.home()) not in file.read_text() + latest


def test_a_part_that_is_absent_or_fails_is_a_row_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run.PARTS, "coding", "no_such_module")
    (row,) = run.measure("coding", SETTING)
    assert row["ours"] is None and "no_such_module.py is absent" in row["note"]
    monkeypatch.setitem(run.PARTS, "coding", "table")  # exists, but has no rows()
    (row,) = run.measure("coding", SETTING)
    assert table.verdict(row) == "not measured" and "AttributeError" in row["note"]


def test_without_java_yamcs_is_not_measured_and_the_reason_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shared("peers/yamcs/run_bench.py")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AbsentError, match="no java on the PATH"):
        yamcs.measure(Setting(tmp_path, 1000, 1))


def test_what_a_command_used_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "AELITA", Path(sys.executable))
    used, said = processes.aelita(["-c", "x = bytearray(200 << 20); print(sum(range(3_000_000)) + len(x))"])
    assert said.strip() == str(sum(range(3_000_000)) + (200 << 20))
    assert used.peak_mib > 200 and used.cpu_s > 0
    with pytest.raises(processes.FailedError, match=r"ended with 3: .*reason"):
        processes.aelita(["-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"])
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_bytes(bytes(70))
    (tmp_path / "c").write_bytes(bytes(7))
    assert processes.octets_below(tmp_path) == 77


def test_the_plain_loop_reads_the_tgo_recording_right() -> None:
    octets = shared("data/telemetry/tgo/tgo_2023-05-24_first_half.tm").read_bytes()
    frames, packets, good = plain_loop(octets, 1115, 6, frozenset({0}))
    assert (frames, packets, good) == (3295, 114_298, 6159)  # facts/telemetry.md


def test_the_signal_of_the_live_chain_goes_on_over_its_ends(tmp_path: Path) -> None:
    shared(live_material.RECORDING)
    made = live_material.signal(tmp_path / "signal", 5e6, 8.0)
    definition = define(Library(), mission=str(made.mission), channel="tgo")
    found = Reception(definition.channel).feed(made.recording.read_bytes())
    real = found.packets.select(~found.packets.idle)
    assert (len(found.frames), len(real), made.frames) == (int(found.frames.good.sum()), made.packets, len(found.frames))
    assert not found.gaps and not real.quality.any()
    assert definition.channel.bit_rate == 5e6 and made.seconds >= 8.0
    ticks = packet_ticks(definition.channel, real)[real.apid == 0]
    assert (np.diff(ticks) > 0).all()  # time packets, over the end of the recording too
    assert ticks[-1] - ticks[0] == pytest.approx(65536 * made.seconds, rel=0.02)
