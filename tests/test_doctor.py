"""`aelita doctor`: each fault is named with its remedy, and a sound installation has none."""

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aelita.services import open_archive
from aelita.services.live import CountsSeen, Finding, Installation, LinkSeen, Picture, ServiceSeen, StreamSeen, Verdict, examine
from aelita.services.live import examined as machine
from aelita.services.live.agency_streams import server_of
from aelita.services.live.examined import STA_UNSYNC, TIME_ERROR, judge_clock, judged
from aelita.services.live.examining import judge_picture
from aelita.services.live.installation import AgencyHere, keep_ports
from aelita.services.live.processes import is_aelita, listeners, processes_of
from aelita.services.missions import find_mission
from aelita.time import tai_ns_from_utc
from command_line import run
from live_complex import until


def installation(data: Path) -> Installation:
    """Return an installation with ports and keys, as it is after its first start."""
    made = Installation(data / "complex", find_mission("exomars"), ("tgo",), (AgencyHere("esa", ("malargue",)),))
    made.write()
    keep_ports(made)
    server_of(made, "esa", tai_ns_from_utc("2026-01-01")).prepare()
    open_archive(made.archive("esa"), create=True)
    return made


def faults(found: list[Finding]) -> dict[str, Finding]:
    return {one.subject: one for one in found if one.verdict is Verdict.FAULT}


def test_a_sound_installation_has_no_fault(tmp_path: Path) -> None:
    made = installation(tmp_path)
    found = examine(made.folder)
    assert not faults(found), faults(found)
    subjects = {one.subject for one in found if one.verdict is Verdict.GOOD}
    assert {
        "software",
        "nats-server",
        "installation",
        "mission",
        "kernels",
        "secrets",
        "ports",
        "archive",
        "processes",
    } <= subjects
    assert any("may grow to" in one.says for one in found)
    assert all(one.remedy for one in found if one.verdict is not Verdict.GOOD)


def test_without_an_installation_it_says_how_to_make_one(tmp_path: Path) -> None:
    found, _ = run("--data", tmp_path, "doctor")
    assert "no complex is set up" in found and "aelita run" in found


def test_command_line_tells_people_and_programs(tmp_path: Path) -> None:
    made = installation(tmp_path)
    key = made.home("esa") / "nats" / "keys" / "agency.services.key"
    key.chmod(0o644)
    said, _ = run("--data", tmp_path, "doctor", "--json", expected=1)
    wrong = [one for one in json.loads(said) if one["verdict"] == "fault"]
    assert [(one["subject"], one["remedy"]) for one in wrong] == [("secrets", f"chmod 600 {key}")]
    key.chmod(0o600)
    said, _ = run("--data", tmp_path, "doctor", COLUMNS="80")
    assert "0 faults" in said


def spoil(text: str, by: str) -> Callable[[Installation], None]:
    def change(made: Installation) -> None:
        path = made.folder / "complex.toml"
        before = path.read_text()
        assert text in before
        path.write_text(before.replace(text, by))

    return change


@pytest.mark.parametrize(
    ("change", "subject", "says"),
    [
        (spoil('"malargue"', '"malarge"'), "installation", "has no station 'malarge'"),
        (spoil('mission = "exomars"', 'mission = "exomarsx"'), "installation", "no mission 'exomarsx'"),
        (spoil("speed =", "sped ="), "installation", "sped"),
        (spoil("speed = 1.0", "speed = "), "installation", "complex.toml"),
        (lambda made: (made.folder / "ports.json").write_text("{"), "ports", "ports.json"),
        (lambda made: (made.folder / "clock.json").write_text("{}"), "installation", "clock.json"),
        (lambda made: (made.archive("esa") / "archive.json").write_text("{"), "archive", "archive.json"),
        (lambda made: spoil("kernels = []", 'kernels = ["orbit.bsp"]')(made), "kernels", "orbit.bsp"),
    ],
)
def test_a_mistake_is_named(change: Callable[[Installation], object], subject: str, says: str, tmp_path: Path) -> None:
    made = installation(tmp_path)
    change(made)
    found = faults(examine(made.folder))
    assert subject in found and says in found[subject].says and found[subject].remedy, found


def test_a_port_that_another_program_took(tmp_path: Path) -> None:
    made = installation(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", made.port("esa/nats")))
        other.listen()
        found = faults(examine(made.folder))["ports"]
        assert f"process {os.getpid()}" in found.says and "esa/nats" in found.says and "ports.json" in found.remedy
        holder = listeners()[made.port("esa/nats")]
        assert holder is not None and holder.pid == os.getpid()


def test_run_files_of_processes_that_are_gone(tmp_path: Path) -> None:
    made = installation(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (made.folder / "run").mkdir()
    for name, pid in (("esa-receiver", gone.pid), ("esa-archiver", 1)):  # 1 lives, and is a stranger
        (made.folder / "run" / f"{name}.json").write_text(
            json.dumps({"service": "x", "agency": "esa", "pid": pid, "health_port": 1})
        )
    (made.folder / "run" / "broken.json").write_text("{")
    advice = [one.says for one in examine(made.folder) if one.subject == "processes" and one.verdict is Verdict.ADVICE]
    assert len(advice) == 3 and any(f"process {gone.pid}, which is gone" in says for says in advice)
    assert not is_aelita(1) and not is_aelita(gone.pid)


def test_services_left_over_from_a_killed_supervisor_are_found(tmp_path: Path) -> None:
    made = installation(tmp_path)
    words = ["aelita", "--data", str(made.folder), "serve", "receiver", "--agency", "esa"]
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", *words], stdin=subprocess.PIPE) as left:
        try:
            until("its command line is there", lambda: bool(processes_of(made.folder)))
            assert [(one.pid, one.kind, one.name) for one in processes_of(made.folder)] == [(left.pid, "serve", "esa/receiver")]
            found = [one for one in examine(made.folder) if one.subject == "processes"]
            assert any(f"kill {left.pid}" in one.remedy for one in found)
            assert not processes_of(tmp_path / "other")
        finally:
            left.kill()


@pytest.mark.parametrize(
    ("state", "status", "error_us", "verdict"),
    [
        (0, 0, 4_000, Verdict.GOOD),
        (0, 0x2001, 16_000, Verdict.GOOD),
        (TIME_ERROR, STA_UNSYNC, 16_000_000, Verdict.ADVICE),
        (0, STA_UNSYNC, 0, Verdict.ADVICE),
        (0, 0, 3_000_000, Verdict.ADVICE),
    ],
)
def test_what_the_kernel_says_of_the_clock(state: int, status: int, error_us: int, verdict: Verdict) -> None:
    assert judge_clock(state, status, error_us).verdict is verdict


def test_the_kernel_is_asked_as_its_header_says() -> None:
    assert ctypes.sizeof(machine.Timex) >= 208  # struct timex of Linux on 64 bits: the kernel must not write beyond ours
    assert machine.Timex.status.offset == 40
    assert machine.clock().subject == "clock"


def test_quantities_are_judged_by_two_limits() -> None:
    assert [judged("disk", value, 10, 20, "", "").verdict for value in (9, 10, 19, 20)] == [
        Verdict.FAULT, Verdict.ADVICE, Verdict.ADVICE, Verdict.GOOD,
    ]  # fmt: skip


def test_a_full_disk_little_memory_and_no_server_are_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = machine.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    monkeypatch.setattr(machine, "LEAST_MEMORY", 1 << 60)
    monkeypatch.setattr(machine, "nats_binary", lambda: str(tmp_path / "none"))
    found = faults(list(machine.examine_machine(tmp_path)))
    assert found.keys() == {"disk", "memory", "nats-server"}


def test_packages_that_are_absent_or_old_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["no-such-package>=1", "numpy>=99.0", "rich>=1", "other>=1; extra == 'test'"]
    monkeypatch.setattr(machine.importlib.metadata, "requires", lambda _: needs)
    found = [one for one in machine.examine_machine(tmp_path) if one.subject == "software" and one.verdict is Verdict.FAULT]
    assert [one.remedy for one in found] == ["pip install 'no-such-package>=1'", "pip install --upgrade 'numpy>=99.0'"]


def test_a_running_complex_is_judged_by_its_picture() -> None:
    well = Picture(
        "m", "data/complex", 0, (), 1.0, False, (), 2.0, (),
        links=(LinkSeen("esa", "tgo", "malargue", 0.1, "active", "locked", alive=True),),
        services=(ServiceSeen("esa", "receiver", "well", 1), ServiceSeen("esa", "processor", "starting", 2)),
        streams=(StreamSeen("esa", "FRAMES", 0.1, fill=0.1, alive=True),),
    )  # fmt: skip
    assert [one.verdict for one in judge_picture(well)] == [Verdict.GOOD]
    ill = replace(
        well,
        links=(LinkSeen("esa", "tgo", "malargue", 0.1, "unbound", why="access denied", alive=True),),
        services=(ServiceSeen("esa", "archiver", "faulty", 1, faults=("archive: full",)), ServiceSeen("esa", "receiver", "down")),
        streams=(StreamSeen("esa", "FRAMES", 0.1, fill=0.95), StreamSeen("esa", "MERGED", 0.1, fill=0.75)),
    )
    found = list(judge_picture(ill))
    assert [one.verdict for one in found] == [Verdict.FAULT] * 4 + [Verdict.ADVICE]
    assert "archive: full" in found[0].says and found[0].remedy == "See data/complex/logs/esa-archiver.log"
    assert "access denied" in found[2].says
    foreign = replace(
        well,
        counts=(CountsSeen("esa", "tgo", archived_to=500),),
        streams=(StreamSeen("esa", "MERGED", 0.1, last=20, alive=True),),
    )
    assert "up to message 500, its stream ends at 20" in next(judge_picture(foreign)).says
    assert not [one for one in judge_picture(replace(foreign, counts=())) if one.verdict is Verdict.FAULT]
