"""The command line where things are not as they should be: narrow terminals, odd names, full disks, readers that go away."""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import polars as pl
import pytest

from command_line import AELITA, archive_of_part, run
from shared import shared


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of_part(tmp_path_factory.mktemp("odd"))


def in_terminal(columns: int, *arguments: str | Path) -> list[str]:
    """Return the lines that a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")} | {"TERM": "xterm", "NO_COLOR": "1"}
    running = subprocess.Popen([str(AELITA), *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=clean)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # so a terminal ends on Linux
        while piece := os.read(ours, 65536):
            said += piece
    os.close(ours)
    assert running.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).splitlines()


@pytest.mark.parametrize("columns", (40, 80))
def test_a_narrow_terminal_loses_no_column_and_no_number(archive: Path, columns: int) -> None:
    said = in_terminal(columns, "sources", "--archive", archive)
    words = " ".join(said).split()
    assert {"source", "complete", "duplicates", "samples", "first", "last"} <= set(words)
    row = said[-1].split()
    assert row[0] == "1" and "600" in row and "2023-05-24" in row
    said = in_terminal(columns, "packets", "-n", "4", "--archive", archive)
    assert any(line.split()[:2] == ["2023-05-24", "18:54:49.804124"] and " 179 " in line for line in said), said


def test_markup_in_names_is_shown_as_it_is(tmp_path: Path) -> None:
    named = tmp_path / "[red]part[nosuch].u8"
    named.write_bytes(shared("data/telemetry/emm/emm_frames.u8").read_bytes()[: 223 * 20])
    said, _ = run("ingest", "--mission", "emm", "--archive", tmp_path / "a", named)
    assert "[red]part[nosuch].u8" in said
    assert "[red]part[nosuch].u8" in run("sources", "--archive", tmp_path / "a")[0]


def test_names_of_any_octets_can_be_ingested_and_shown_in_any_terminal(tmp_path: Path) -> None:
    named = tmp_path / os.fsdecode(b"-caf\xe9 \xe2\x82\xac.u8")
    named.write_bytes(shared("data/telemetry/emm/emm_frames.u8").read_bytes()[: 223 * 20])
    run("ingest", "--mission", "emm", "--archive", tmp_path / "a", "--", named.name, cwd=tmp_path)
    assert run("sources", "--archive", tmp_path / "a")[0].count("-caf\ufffd \u20ac.u8") == 1
    said, _ = run("sources", "--archive", tmp_path / "a", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "-caf\\ufffd \\u20ac.u8" in said
    run("--help", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")


def test_a_pipe_is_no_recording_and_the_others_are_taken(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "part.u8").write_bytes(shared("data/telemetry/emm/emm_frames.u8").read_bytes()[: 223 * 20])
    said, remarks = run(
        "ingest", "--mission", "emm", "--archive", tmp_path / "a", tmp_path / "pipe", tmp_path, tmp_path / "part.u8", "--json",
        expected=2,
    )  # fmt: skip
    assert json.loads(said)["frames"]["good"] == 20
    assert "pipe: is no regular file" in remarks and "Is a directory" in remarks


def test_a_recording_that_was_taken_as_another_channel_is_told(archive: Path, tmp_path: Path) -> None:
    part = archive.parent / "part.tm"
    run("ingest", "--mission", "emm", "--archive", tmp_path / "a", part)
    _, remarks = run("ingest", "--mission", "exomars", "--archive", tmp_path / "a", part)
    assert "part.tm: was ingested with another channel file" in remarks
    _, remarks = run("ingest", "--mission", "emm", "--archive", tmp_path / "a", part)
    assert "another channel" not in remarks


def test_a_folder_of_something_else_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Aelita")
    _, remarks = run("ingest", "--mission", "emm", "--archive", tmp_path, tmp_path / "letter.txt", expected=2)
    assert "holds other things than an archive. Name a new or an empty folder" in remarks


@pytest.mark.parametrize("name", ("[a]", "a%20b", "a\\b", "a\nb"))
def test_a_folder_that_delta_lake_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    _, remarks = run("ingest", "--mission", "emm", "--archive", tmp_path / name, tmp_path / "nothing", expected=2)
    assert "archives cannot lie in a folder with" in remarks
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ("s3:", "-a b#c?d \u20ac"))
def test_a_folder_of_any_other_name_holds_an_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / "part.u8").write_bytes(shared("data/telemetry/emm/emm_frames.u8").read_bytes()[: 223 * 20])
    run("ingest", "--mission", "emm", f"--archive={name}", "part.u8", cwd=tmp_path)
    run("archive", "check", f"--archive={name}", cwd=tmp_path)


def test_bins_of_several_parameters_go_into_one_file(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "bins.csv"
    run("query", "attitude_0", "attitude_1", "--samples", "5", "--out", out, "--archive", archive)
    assert pl.read_csv(out)["parameter"].unique().sort().to_list() == ["/TGO/attitude_0", "/TGO/attitude_1"]


@pytest.mark.parametrize("option", (("--samples", "1000000000"), ("--samples", "-1"), ("--every", "inf"), ("--every", "nan")))
def test_numbers_beyond_sense_are_refused(archive: Path, option: tuple[str, str]) -> None:
    _, remarks = run("query", "attitude_0", *option, "--archive", archive, expected=2)
    assert option[0] in remarks


@pytest.mark.parametrize(
    "question",
    (
        ("packets", "--out", "nosuch/p.bin"), ("frames", "--out", "nosuch/f.bin"), ("packets", "--out", "nosuch/p.parquet"),
        ("plot", "attitude_0", "--out", "file/p.png"), ("query", "attitude_0", "--out", "nosuch/q.csv"),
        ("query", "attitude_0", "--out", "nosuch/q.arrow"), ("events", "--out", "nosuch/e.json"),
    ),
)  # fmt: skip
def test_files_that_cannot_be_written_are_told(archive: Path, tmp_path: Path, question: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    _, remarks = run(*question, "--archive", archive, expected=2, cwd=tmp_path)
    assert f"aelita: {question[-1]}: cannot be written" in remarks


@pytest.mark.parametrize("question", (("packets", "--json"), ("packets",), ("--help",)))
def test_output_that_nobody_takes_is_no_failure_and_a_full_disk_is_one(archive: Path, question: tuple[str, ...]) -> None:
    asked = [str(AELITA), *question] + (["--archive", str(archive)] if question[0] == "packets" else [])
    for last in ("| head -0; exit ${PIPESTATUS[0]}", "> /dev/full"):
        done = subprocess.run(["bash", "-c", f'"$@" {last}', "aelita", *asked], capture_output=True, text=True)
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
        assert done.returncode == (2 if "full" in last else 0), done.stderr


XTCE = """<SpaceSystem name="X" xmlns="http://www.omg.org/spec/XTCE/20180204"><TelemetryMetaData><ParameterTypeSet>
<BinaryParameterType name="octets"><BinaryDataEncoding><SizeInBits><FixedValue>32</FixedValue></SizeInBits></BinaryDataEncoding>
</BinaryParameterType><FloatParameterType name="real"><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
<BinaryParameterType name="header"><BinaryDataEncoding><SizeInBits><FixedValue>48</FixedValue></SizeInBits></BinaryDataEncoding>
</BinaryParameterType></ParameterTypeSet><ParameterSet><Parameter name="header" parameterTypeRef="header"/>
<Parameter name="blob" parameterTypeRef="octets"/><Parameter name="$\\foo$" parameterTypeRef="real"/></ParameterSet>
<ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="header"/>
<ParameterRefEntry parameterRef="blob"/><ParameterRefEntry parameterRef="$\\foo$"/></EntryList></SequenceContainer></ContainerSet>
</TelemetryMetaData></SpaceSystem>"""
CHANNEL = """name = "c"
spacecraft = "S"
protocol = "packets"
[packets.time]
code = "CUC"
offset = 6
fine = 0
epoch = "2020-01-01T00:00:00"
"""


def test_odd_values_and_names_are_written_and_drawn(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text(XTCE)
    (tmp_path / "c.toml").write_text(CHANNEL)
    reals = (float("nan"), float("inf"), -float("inf"), 1.5)
    packets = (struct.pack(">HHHIf", 0x0805, 0xC000 | n, 7, 1000 + n, real) for n, real in enumerate(reals))
    (tmp_path / "p.bin").write_bytes(b"".join(packets))
    run("ingest", "--channel", "c.toml", "--mdb", "x.xml", "--archive", "a", "p.bin", cwd=tmp_path)

    def refused(word: str) -> float:
        raise AssertionError(f"{word} is no JSON")

    said, _ = run("query", "$\\foo$", "--json", "--archive", "a", cwd=tmp_path)
    values = [row["value"] for row in json.loads(said, parse_constant=refused)["/X/$\\foo$"]]
    assert values == ["NaN", "Infinity", "-Infinity", 1.5]
    run("plot", "$\\foo$", "--out", "p.png", "--archive", "a", cwd=tmp_path)
    run("export", "blob", "--out", "blob.csv", "--archive", "a", cwd=tmp_path)
    assert pl.read_csv(tmp_path / "blob.csv", schema_overrides={"/X/blob": pl.String})["/X/blob"].to_list()[0] == "000003e8"
