"""The `aelita` command as a user runs it, with what it used."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

AELITA = Path(sys.executable).parent / "aelita"


class FailedError(Exception):
    """The command ended with an error."""


@dataclass(frozen=True, slots=True)
class Used:
    """What one run used: seconds of wall and CPU (user and system, all threads and children), peak resident MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def aelita(arguments: list[str], cache: Path | None = None) -> tuple[Used, str]:
    """Run `aelita` and return what it used and what it printed. `cache` holds its compiled code (default: the user's folder).

    Linux counts the peak of the process that starts a child into the child's, so call this from a small one. Raises FailedError
    with the end of what the command complained about.
    """
    environment = dict(os.environ)
    if cache:
        environment |= {"NUMBA_CACHE_DIR": str(cache / "numba"), "XDG_CACHE_HOME": str(cache)}
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(AELITA), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=complained
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        complained.seek(0)
        if process.returncode:
            words = complained.read().decode(errors="replace").strip()[-300:]
            raise FailedError(f"aelita {arguments[0]} ended with {process.returncode}: {words}")
        return Used(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), said.read().decode()


def octets_below(folder: Path) -> int:
    """Return the octets of all files below a folder, as their sizes say."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
