"""The fuzz tests of compiled loops once more, compiled so that reading or writing outside an array is an error.

Compiled kernels are kept apart for this: the environment decides when a process first loads them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src/aelita"
ROOMS = ("octets", "coding", "link", "telemetry", "environment")  # whose loops are run
FUZZ = (
    "test_coding_synchronizer.py -k any_ or arbitrary",
    "test_coding_reed_solomon.py -k any_ or arbitrary or never",
    "test_coding_convolutional.py -k arbitrary",
    "test_link_model.py -k any_octets or incomplete",
    "test_link_packets.py -k any_octets",
    "test_decode.py -k beyond",
    "test_generated.py -k any_place",
    "test_environment_gravity.py -k garbled or any_field",
    "test_environment_atmosphere.py -k garbled or laws",
)
OUTSIDE = """
import numpy as np
from aelita.octets import crc16_between
try:
    crc16_between(np.zeros(16, np.uint8), 0, 17)
except IndexError:
    print("noticed")
"""


def run(arguments: list[str], cache: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


@pytest.fixture
def machine_code(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder for machine code, kept as long as these rooms and the compiler are the same: half a minute of compiling."""
    if getattr(request.config, "cache", None) is None:  # without pytest's cache
        return tmp_path
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for room in ROOMS:  # a change in a module shows in all that it is compiled into
        for path in sorted((SOURCE / room).rglob("*.py")):
            digest.update(path.read_bytes())
    every = request.config.cache.mkdir("machine-code")
    kept = every / digest.hexdigest()[:24]
    for other in every.iterdir():
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)
    return kept


def test_no_compiled_loop_leaves_its_arrays(machine_code: Path) -> None:
    assert run(["-c", OUTSIDE], machine_code).stdout == "noticed\n"
    files = [str(TESTS / line.split(" -k ")[0]) for line in FUZZ]
    names = " or ".join(f"({file.removesuffix('.py')} and ({words}))" for file, words in (line.split(" -k ") for line in FUZZ))
    done = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", names], machine_code)
    assert done.returncode == 0, done.stdout[-3000:]
