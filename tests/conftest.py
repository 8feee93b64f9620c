"""Settings of all tests: Hypothesis never judges time (the first call of a kernel compiles it), consoles don't meet on a port."""

import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from aelita.ephemeris import load
from aelita.services.live import geometries, installation
from shared import chromium

# Complexes that begin at the same moment in several processes would all choose the first of these.
installation.WEB_PORTS = random.sample(installation.PORTS_OF_PARTS, 100)  # type: ignore[assignment]

settings.register_profile("quick", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("AELITA_HYPOTHESIS", "quick"))

# Those that wait longest, for light and for lines that are cut.
FIRST = (
    "test_console_joint", "test_live_disk", "test_live_line", "test_live_commanding", "test_live_fleet", "test_live_procedures",
    "test_archive",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, so that none of them is left for one process while the others have nothing to do."""
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))


@pytest.fixture(scope="module", autouse=True)
def own_kernels() -> Iterator[None]:
    """Leave no kernel and no published orbit to the tests of another module: SPICE has one set for the whole process."""
    before = set(load._furnished)
    yield
    geometries.close_geometries()
    load.release(*(path for path in load._furnished if path not in before))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a Chromium of the module's own."""
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield made
        made.close()
