"""Long campaigns of `aelita ingest`: memory on a recording of 2 GiB, and a process killed at any moment."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest
from bench.material import PEERS, ROOT, Setting, clean_environment, prepare
from bench.processes import AELITA, aelita

from shared import shared

pytestmark = pytest.mark.soak
SIZE = int(os.environ.get("AELITA_SOAK_MIB", "2048")) << 20
KILLED_ARCHIVES = int(os.environ.get("AELITA_SOAK_KILLS", "12"))
Contents = dict[str, tuple[int, str]]  # of each table: rows and the digest of its content


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards: pytest would keep its own."""
    shared("peers/yamcs/gen_packets.py")
    with tempfile.TemporaryDirectory(prefix="aelita-soak-") as name:
        yield Path(name)


def ingest_arguments(folder: Path, frames: Path, archive: Path) -> list[str]:
    material = prepare(Setting(folder, 1000, 1))
    definitions = ["--channel", str(material.frames_channel), "--mdb", str(material.database)]
    return ["ingest", *definitions, "--archive", str(archive), str(frames), "--json"]


def long_frames(path: Path, octets: int) -> tuple[int, int]:
    """Write at least that many octets of frames; return how many packets and frames they hold."""
    command = [sys.executable, "-m", "bench.long_frames", str(path), str(octets)]
    environment = clean_environment(PYTHONPATH=f"{ROOT}{os.pathsep}{PEERS}")
    said = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return int(said[0]), int(said[1])


def contents(archive: Path) -> Contents:
    """Return what every table of an archive holds, whatever the order of its rows and the layout of its files."""
    found = {}
    for log in sorted(archive.rglob("_delta_log")):
        table = polars.read_delta(str(log.parent))
        hashes = table.select(sorted(table.columns)).hash_rows().sort()
        found[str(log.parent.relative_to(archive))] = (len(table), hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest())
    return found


def test_memory_stays_below_700_mib_on_two_gibibytes_of_frames(folder: Path) -> None:
    if shutil.disk_usage(folder).free < 3 * SIZE:
        pytest.skip(f"needs {3 * SIZE >> 30} GiB of disk in {folder.parent}")
    packets, frames = long_frames(folder / "long.bin", SIZE)
    used, said = aelita(ingest_arguments(folder, folder / "long.bin", folder / "archive"))
    summary = json.loads(said)
    assert (summary["frames"]["read"], summary["frames"]["bad"], summary["frames"]["lost"]) == (frames, 0, 0)
    assert summary["packets"]["checksum_good"] == packets
    assert (summary["packets"]["checksum_bad"], summary["packets"]["incomplete"]) == (0, 0)
    print(f"{packets:,} packets: {packets / used.cpu_s:,.0f} packets per CPU s, peak {used.peak_mib:.0f} MiB")
    assert used.peak_mib < 700


def killed_after(arguments: list[str], delay_s: float) -> bool:
    """Start the command, kill it and all its children with SIGKILL after this time; return whether it was still running."""
    process = subprocess.Popen(
        [str(AELITA), *arguments], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def test_an_ingest_killed_at_any_moment_loses_and_doubles_nothing(folder: Path) -> None:
    long_frames(folder / "frames.bin", 28 << 20)
    undisturbed = ingest_arguments(folder, folder / "frames.bin", folder / "undisturbed")
    start = time.perf_counter()
    aelita(undisturbed)
    whole_s = time.perf_counter() - start
    expected = contents(folder / "undisturbed")
    assert sum(rows for rows, _ in expected.values()) > 400_000
    killed = 0
    for seed in range(KILLED_ARCHIVES):
        rng, archive = random.Random(seed), folder / f"killed-{seed}"
        arguments = ingest_arguments(folder, folder / "frames.bin", archive)
        for _ in range(rng.randint(1, 4)):
            killed += killed_after(arguments, rng.uniform(0.1, 1.0) * whole_s)
        aelita(arguments)
        assert contents(archive) == expected, f"seed {seed}"
        shutil.rmtree(archive)
    assert killed > KILLED_ARCHIVES // 2
