"""A process that follows a live stream, killed with SIGKILL at any moment and started again."""

import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aelita.archive import check, open_archive
from aelita.services import Library, Summary, define, ingest_file
from following_material import assert_same, cut
from shared import shared

pytestmark = pytest.mark.soak
KILLS = int(os.environ.get("AELITA_SOAK_STREAM_KILLS", "200"))
TGO, FRAMES, FRAME_OCTETS = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm", 1500, 1115

FOLLOWER = """
import pickle, random, sys
sys.path[:0] = {path!r}
from aelita.archive import open_archive
from following_material import feed, follow
stream = pickle.load(open({stream!r}, "rb"))
archive = open_archive({folder!r}, create=True)
print("feeding", flush=True)
feed(follow(archive, stream), stream.messages, random.Random({seed}), most=8)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards: pytest would keep its own."""
    with tempfile.TemporaryDirectory(prefix="aelita-soak-") as name:
        yield Path(name)


def started(folder: Path, archive: Path, seed: int) -> subprocess.Popen[str]:
    """Start a process that follows the stream, and wait until it feeds."""
    script = FOLLOWER.format(path=sys.path, stream=str(folder / "stream"), folder=str(archive), seed=seed)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "feeding\n"
    return process


def test_a_follower_killed_at_any_moment_loses_and_doubles_nothing(folder: Path) -> None:
    recording = folder / "part.tm"
    recording.write_bytes(shared(TGO).read_bytes()[: FRAMES * FRAME_OCTETS])
    (folder / "stream").write_bytes(pickle.dumps(cut(recording, seed=5, most=20)))
    whole = open_archive(folder / "whole", create=True)
    ingest_file(whole, define(Library(), mission="exomars"), recording, Summary())
    start = time.perf_counter()
    assert started(folder, folder / "undisturbed", 0).wait() == 0
    whole_s = time.perf_counter() - start
    assert_same(open_archive(folder / "undisturbed"), whole)
    killed, lives = 0, 0
    while killed < KILLS:
        archive, chance = folder / f"killed-{lives}", random.Random(lives)
        while True:
            lives += 1
            process = started(folder, archive, lives)
            try:
                code = process.wait(chance.uniform(0, 0.5) * whole_s)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
                continue
            assert code == 0
            break
        assert check(open_archive(archive)).findings == ()
        assert_same(open_archive(archive), whole)
    print(f"{killed} kills in {lives} lives")
