"""A complex of two agencies at the true rate for an hour: it takes less than 2 GiB, does not grow, and loses nothing."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.live_complex import STATION_OF, Complex, is_python, pss_mib, running
from bench.live_material import TRUE_RATE, signal

from shared import shared

pytestmark = pytest.mark.soak
SECONDS = float(os.environ.get("AELITA_SOAK_MEMORY_S", "3600"))
MOST_MIB, MOST_GROWTH = 2048.0, 1.1  # of the last quarter against the second: the first is filling caches
MOST_PYTHON = 5
TGO = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards: pytest would keep its own."""
    with tempfile.TemporaryDirectory(prefix="aelita-soak-") as name:
        yield Path(name)


def sampled(one: Complex, every_s: float) -> list[dict[str, float]]:
    """Return the memory (PSS, MiB) of each process, again and again while the signal lasts."""
    time.sleep(max(one.clock.seconds_until(one.begin), 0.0))
    found = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(every_s)
        found.append({name: pss_mib(pid) for name, pid in one.pids().items()})
    return found


def test_an_hour_takes_less_than_two_gib_and_does_not_grow(folder: Path) -> None:
    shared(TGO)
    made = signal(folder / "signal", TRUE_RATE, SECONDS + 600)
    one = Complex(folder, str(made.mission), made.recording)
    with running(one):
        samples = sampled(one, max(SECONDS / 60, 1.0))
        for agency in STATION_OF:
            own = {name: pid for name, pid in one.pids().items() if name.startswith(f"{agency}/")}
            assert sum(is_python(pid) for pid in own.values()) <= MOST_PYTHON, own
        until = one.clock.now()
        numbers = {agency: asyncio.run(one.merged(agency)) for agency in STATION_OF}
    totals = [sum(sample.values()) for sample in samples]
    quarter = len(totals) // 4
    second, last = totals[quarter : 2 * quarter], totals[-quarter:]
    growth = {name: samples[-1].get(name, 0.0) - samples[quarter].get(name, 0.0) for name in samples[quarter]}
    told = f"MiB at most {max(totals):.0f}, second quarter {statistics.median(second):.0f}, last {statistics.median(last):.0f}: {growth}"
    print(told)
    assert max(totals) < MOST_MIB, told
    assert statistics.median(last) <= MOST_GROWTH * statistics.median(second), told
    wanted = set(range(one.number(until - one.light_ns - 10 * 10**9)))
    for agency, messages in numbers.items():
        assert wanted <= {number for frames in messages.values() for number, _ in frames}, agency
