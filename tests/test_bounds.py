"""The fuzz tests of compiled loops once more, compiled so that reading or writing outside an array is an error.

Compiled kernels are kept apart for this: the environment decides when a process first loads them.
"""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
FUZZ = (
    "test_coding_synchronizer.py -k any_ or arbitrary",
    "test_coding_reed_solomon.py -k any_ or arbitrary or never",
    "test_coding_convolutional.py -k arbitrary",
    "test_link_model.py -k any_octets or incomplete",
    "test_link_packets.py -k any_octets",
    "test_decode.py -k beyond",
    "test_generated.py -k any_place",
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


def test_no_compiled_loop_leaves_its_arrays(tmp_path: Path) -> None:
    assert run(["-c", OUTSIDE], tmp_path).stdout == "noticed\n"
    files = [str(TESTS / line.split(" -k ")[0]) for line in FUZZ]
    names = " or ".join(f"({file.removesuffix('.py')} and ({words}))" for file, words in (line.split(" -k ") for line in FUZZ))
    done = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", names], tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
