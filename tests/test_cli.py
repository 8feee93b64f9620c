"""The command line as a user meets it: results, messages and exit codes."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aelita.services import find_mission
from command_line import AELITA, TGO, archive_of_part, run
from shared import shared


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of_part(tmp_path_factory.mktemp("cli"))


def of(archive: Path, *arguments: str | Path) -> Any:
    return json.loads(run(*arguments, "--archive", archive, "--json")[0])


def test_version() -> None:
    assert run("--version")[0].startswith("aelita 0.")


def test_the_summary_for_people_has_the_numbers_of_the_recording(archive: Path) -> None:
    said, _ = run("ingest", "--channel", "tgo", "--archive", archive, archive.parent / "part.tm")
    assert "600 read, 600 good" in said
    assert "was in the archive already, nothing added" in said


def test_query_finds_names_and_gives_values(archive: Path) -> None:
    assert [row["parameter"] for row in of(archive, "query", "--find", "attitude")] == [f"/TGO/attitude_{i}" for i in range(4)]
    rows = of(archive, "query", "attitude_0")["/TGO/attitude_0"]
    assert rows[0]["value"] == pytest.approx(0.1174881, abs=5e-8)
    assert rows[0]["utc"].startswith("2023-05-24T18:54:49.8")
    later = of(archive, "query", "attitude_0", "--start", "2023-05-24T18:56", "--stop", "2023-05-24T18:57")["/TGO/attitude_0"]
    assert 0 < len(later) < len(rows)
    assert all("T18:56:" in row["utc"] for row in later)
    (folded,) = of(archive, "query", "attitude_0", "--samples", "10").values()
    assert sum(row["count"] for row in folded) == len(rows)
    assert len(of(archive, "query", "time_packet_rate", "--changes")["/TGO/time_packet_rate"]) == 2  # it never changes
    thin = of(archive, "query", "attitude_0", "--every", "60")["/TGO/attitude_0"]
    assert len(thin) <= 5


def test_tables_and_files_agree_with_json(archive: Path, tmp_path: Path) -> None:
    said, _ = run("query", "attitude_0", "-n", "4", "--archive", archive)
    assert "0.117488" in said
    rows = of(archive, "query", "attitude_0")["/TGO/attitude_0"]
    for name in ("a.csv", "a.parquet", "a.arrow", "a.json"):
        run("query", "attitude_0", "--archive", archive, "--out", tmp_path / name)
    values = [row["value"] for row in rows]
    assert pl.read_csv(tmp_path / "a.csv")["value"].to_list() == pytest.approx(values)
    assert pl.read_parquet(tmp_path / "a.parquet")["value"].to_list() == pytest.approx(values)
    assert pl.read_ipc(tmp_path / "a.arrow")["value"].to_list() == pytest.approx(values)
    assert json.loads((tmp_path / "a.json").read_text()) == rows
    run("export", "attitude_0", "attitude_1", "--archive", archive, "--out", tmp_path / "wide.parquet")
    assert len(pl.read_parquet(tmp_path / "wide.parquet")) == len(rows)


def test_octets_come_out_as_they_went_in(archive: Path, tmp_path: Path) -> None:
    run("frames", "--archive", archive, "--out", tmp_path / "frames.bin")
    assert (tmp_path / "frames.bin").read_bytes() == (archive.parent / "part.tm").read_bytes()
    run("packets", "--archive", archive, "--apid", "179", "--out", tmp_path / "packets.bin")
    rows = of(archive, "packets", "--apid", "179")
    assert (tmp_path / "packets.bin").read_bytes() == b"".join(bytes.fromhex(row["octets"]) for row in rows)
    assert {row["apid"] for row in rows} == {179}


def test_the_other_questions(archive: Path, tmp_path: Path) -> None:
    assert of(archive, "completeness")["channels"]
    assert of(archive, "sources")[0]["complete"] is True
    assert [row["octets"] for row in of(archive, "quarantine")] == ["07"]  # the first octet of an idle packet, at the end
    assert isinstance(of(archive, "events"), list)
    assert isinstance(of(archive, "limits"), list)
    assert of(archive, "query", "--latest")
    assert of(archive, "archive", "check")["whole"] is True
    for command in (
        ["events"],
        ["limits"],
        ["frames"],
        ["packets"],
        ["completeness"],
        ["sources"],
        ["query", "--latest"],
        ["archive", "check"],
    ):
        run(*command, "--archive", archive)
    run("plot", "attitude_0", "apid", "--archive", archive, "--out", tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_upkeep(archive: Path, tmp_path: Path) -> None:
    run("archive", "backup", tmp_path / "copy", "--archive", archive)
    run("archive", "restore", tmp_path / "copy", tmp_path / "restored")
    rows = of(archive, "query", "attitude_0")
    assert of(tmp_path / "restored", "query", "attitude_0") == rows
    run("archive", "compact", "--full", "--archive", tmp_path / "restored")
    run("archive", "retention", "--keep", "quarantine=30", "--archive", tmp_path / "restored")
    assert "30 days" in run("archive", "retention", "--archive", tmp_path / "restored")[0]
    run("archive", "migrate", "--archive", tmp_path / "restored")
    assert of(tmp_path / "restored", "query", "attitude_0") == rows


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "no_such_parameter"], "there is no parameter no_such_parameter"),
        (["query", "attitude_0", "--start", "yesterday"], "'yesterday' is no UTC time"),
        (["query", "attitude_0", "--out", "x.doc"], ".doc is no format"),
        (["plot", "attitude_0", "--out", "x.jpeg"], "plots are written as PNG"),
        (["ingest", "absent.tm", "--mission", "exomars"], "absent.tm: cannot be read"),
        (["ingest", "absent.tm", "--mission", "venus"], "no mission 'venus'"),
        (["ingest", "absent.tm"], "no channel is named"),
        (["archive", "retention", "--keep", "frames"], "'frames' is no setting"),
        (["nonsense"], "nonsense"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(archive: Path, arguments: list[str], told: str) -> None:
    _, remarks = run(*arguments, *(["--archive", archive] if arguments != ["nonsense"] else []), expected=2)
    assert told in remarks.replace("\n", " ")


def test_an_archive_that_is_not_there(tmp_path: Path) -> None:
    _, remarks = run("query", "x", "--archive", tmp_path / "none", expected=2)
    assert "there is no archive here" in remarks


def test_settings_in_their_order(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "aelita.toml").write_text(f'archive = "{archive}"\n')
    assert run("query", "--find", "attitude_0", cwd=tmp_path)[0].split()[-1] == "/TGO/attitude_0"
    (tmp_path / "aelita.toml").write_text('archive = "nowhere"\n')
    assert "attitude_0" in run("query", "--find", "attitude_0", cwd=tmp_path, AELITA_ARCHIVE=str(archive))[0]
    assert "attitude_0" in run("query", "--find", "attitude_0", "-a", archive, cwd=tmp_path, AELITA_ARCHIVE="nowhere")[0]
    said, _ = run("config", cwd=tmp_path, AELITA_MISSION="exomars")
    assert "exomars" in said and "AELITA_MISSION" in said and "aelita.toml" in said
    (tmp_path / "aelita.toml").write_text("colour = 'red'\n")
    assert "unknown key 'colour'" in run("config", cwd=tmp_path, expected=2)[1]


def test_databases_are_checked_shown_and_compared(tmp_path: Path) -> None:
    database = find_mission("exomars").spacecraft_of().databases[0]
    found = json.loads(run("mdb", "check", database, "--json")[0])
    assert found["usable"] is True
    assert found["counts"]["parameters"] == 497
    assert "497" in run("mdb", "check", database)[0]
    assert "32 bits from bit 336" in run("mdb", "show", "attitude_0", "--mission", "exomars")[0]
    assert "attitude_3" in run("mdb", "show", "/TGO/Attitude", "--mdb", database)[0]
    assert "Similar names: /TGO/attitude_0" in run("mdb", "show", "atitude_0", "--mission", "exomars", expected=2)[1]
    newer = tmp_path / "newer.xml"
    newer.write_text(database.read_text().replace('minInclusive="-1.000001"', 'minInclusive="-2"'))
    said = json.loads(run("mdb", "compare", database, newer, "--json")[0])
    assert {change["effect"] for change in said["changes"]} <= {"engineering", "judgement"}
    assert said["changes"]
    assert "no definition differs" in run("mdb", "compare", database, database)[1]
    broken = tmp_path / "broken.xml"
    broken.write_text("<SpaceSystem name='S'><TelemetryMetaData></SpaceSystem>")
    assert "broken.xml:1: not well-formed XML" in run("mdb", "check", broken, expected=2)[1]


def test_archived_packets_are_decoded_and_dated_again(archive: Path, tmp_path: Path) -> None:
    run("archive", "backup", tmp_path / "copy", "--archive", archive)
    mission = find_mission("exomars").spacecraft_of()
    newer = tmp_path / "newer.xml"
    newer.write_text(mission.databases[0].read_text().replace("attitude_0", "attitude_scalar"))
    before = of(tmp_path / "copy", "query", "attitude_0")["/TGO/attitude_0"]
    run("archive", "rebuild", "--mdb", newer, "--archive", tmp_path / "copy")
    after = of(tmp_path / "copy", "query", "attitude_scalar")["/TGO/attitude_scalar"]
    assert [(row["utc"], row["value"]) for row in after] == [(row["utc"], row["value"]) for row in before]
    assert {row["database"] for row in after} == {2}
    assert of(tmp_path / "copy", "query", "attitude_0")["/TGO/attitude_0"] == []
    assert mission.clock is not None
    later = tmp_path / "later.toml"
    later.write_text(mission.clock.read_text().replace('"677043044.30411"', '"677043045.30411"'))
    run("archive", "recorrelate", later, "--archive", tmp_path / "copy")
    shifted = of(tmp_path / "copy", "query", "attitude_scalar")["/TGO/attitude_scalar"]
    assert all(new["generated"] - old["generated"] == 1_000_000_000 for new, old in zip(shifted, after, strict=True))


def test_the_demo_without_a_recording_says_that_it_is_synthetic(tmp_path: Path) -> None:
    said, remarks = run("--data", tmp_path / "data", "demo", cwd=tmp_path)
    assert "SYNTHETIC" in remarks
    assert "Latest values" in said
    assert "archive-synthetic" in said


def test_ctrl_c_ends_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    recording = tmp_path / "long.tm"
    recording.write_bytes(shared(TGO).read_bytes() * 12)
    command = [str(AELITA), "ingest", "--mission", "exomars", "--archive", str(tmp_path / "a"), str(recording), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "a/tables").is_dir() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, remarks = process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    if process.returncode == 130:
        assert "stopped; what was committed stays" in remarks
        assert "Traceback" not in remarks
    subprocess.run(command, check=True, capture_output=True)
    assert of(tmp_path / "a", "archive", "check")["whole"] is True
