"""The disk of one agency is full for a while: its services say so and wait, the other goes on, and nothing acknowledged is lost."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aelita.services.live import asked
from aelita.services.live.space import SignalPath
from live_complex import (
    STATION_OF,
    Complex,
    assert_archived,
    assert_merged,
    running_complex,
    undisturbed,
    until,
    until_complete,
)

FRAMES, SPEED = 800, 20.0
SIZE = "64m"
FULL_S = 5.0
PATHS = (("malargue", SignalPath(0.1, 0.0, (), 21)), ("kalyazin", SignalPath(0.1, 0.0, (), 22)))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Have a folder on a file system of its own."""
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))).returncode:
        pytest.skip("a small file system cannot be mounted here: this needs root")
    try:
        yield
    finally:
        subprocess.run(("umount", "-l", str(folder)), check=True)


def fill(folder: Path) -> Path:
    """Take all the space that is left."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


def faults(one: Complex, agency: str) -> str:
    """Return what the services of an agency say is wrong."""
    return " | ".join(
        f"{name}: {why}"
        for told in asked(one.home)
        for name, why in told.get("faults", {}).items()
        if told["agency"] == agency or name.startswith(agency)
    )


def test_a_full_disk_stops_one_agency_cleanly_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    one = Complex(tmp_path, FRAMES, SPEED, PATHS)
    with small_disk(one.home / "esa"), running_complex(one):
        until("all services are up", one.ready)
        until("the first frames", lambda: one.clock.now() > one.over - (FRAMES - 150) * one.period)
        acknowledged = asyncio.run(one.stored("esa"))
        ballast = fill(one.home / "esa")
        until("a fault that tells it", lambda: any(word in faults(one, "esa").lower() for word in ("full", "space", "stopped")))
        time.sleep(FULL_S)
        before = asyncio.run(one.stored("roscosmos"))
        assert not any(word in faults(one, "roscosmos").lower() for word in ("full", "space"))
        ballast.unlink()
        until("the end of the signal", lambda: one.seconds_left() < -1)
        assert before.items() <= asyncio.run(one.stored("roscosmos")).items()
        until("all services are well", lambda: one.ready() and not faults(one, "esa"))
        asyncio.run(until_complete(one))
        heard = one.all_heard()
        for agency in STATION_OF:
            merged = asyncio.run(one.merged(agency))
            assert_merged(merged, heard)
            assert asyncio.run(one.stored(agency)).items() <= dict(merged).items()
        assert acknowledged.items() <= asyncio.run(one.stored("esa")).items()
        assert one.stop() == 0
        whole = undisturbed(tmp_path, heard)
        for agency in STATION_OF:
            assert_archived(one, one.archive(agency), heard, whole)
