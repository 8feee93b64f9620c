"""Processes and listening ports of this machine, as Linux tells of them in /proc. Elsewhere nothing is found."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LISTEN = "0A"  # state of a socket in /proc/net/tcp


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its number, what it is (`serve`, `nats`, else empty) and a name for people."""

    pid: int
    kind: str
    name: str


def processes_of(folder: Path) -> list[Process]:
    """Return services and servers of streams of the installation in a folder, by their command lines."""
    found = []
    for pid, words in _command_lines():
        if (one := _of(pid, words, folder.absolute())) is not None:
            found.append(one)
    return found


def listeners() -> dict[int, Process | None]:
    """Return who listens on which TCP port; None where it may not be known (a process of another user)."""
    sockets = dict(_listening())
    wanted = set(sockets.values())
    owners: dict[str, Process] = {}
    for pid, words in _command_lines():
        for inode in _sockets_of(pid) & wanted:
            owners[inode] = Process(pid, "", Path(words[0]).name if words and words[0] else "?")
    return {port: owners.get(inode) for port, inode in sockets.items()}


def _of(pid: int, words: list[str], folder: Path) -> Process | None:
    paths = {_absolute(pid, word) for word in words if "/" in word or word in (folder.name, folder.parent.name)}
    if any("nats-server" in word for word in words[:1]) and any(path.is_relative_to(folder) for path in paths if path):
        return Process(pid, "nats", next(path.parent.parent.name for path in paths if path and path.is_relative_to(folder)))
    if "serve" in words and folder in paths:
        rest = [word for word in words[words.index("serve") + 1 :] if not word.startswith("--")]
        return Process(pid, "serve", "/".join(reversed(rest)))
    return None


def is_aelita(pid: int) -> bool:
    """Whether a process runs Aelita: the number of one that ended may have passed to a stranger."""
    with contextlib.suppress(OSError):
        return b"aelita" in (PROC / str(pid) / "cmdline").read_bytes()
    return False


def _absolute(pid: int, word: str) -> Path | None:
    with contextlib.suppress(OSError, ValueError):
        return Path(os.path.normpath((PROC / str(pid) / "cwd").readlink() / word))
    return None


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for path in PROC.glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield int(path.parent.name), path.read_bytes().decode(errors="replace").rstrip("\0").split("\0")


def _listening() -> Iterator[tuple[int, str]]:
    """Yield port and inode of each listening socket."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / name).read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == LISTEN:
                    yield int(parts[1].rpartition(":")[2], 16), parts[9]


def _sockets_of(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for path in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(path.readlink())
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found
