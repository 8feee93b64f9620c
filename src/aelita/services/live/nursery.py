"""A process that has loaded what services need and forks them from itself: they start in a moment and share that memory.

A service is forked twice, so that it becomes a child of the supervisor, which sees its end; the nursery may die without harm to
any, and another is started when it is needed. In the nursery modules are loaded and nothing is run: no lock is held at a fork.
"""

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

MODULES = ("running", "space_service", "station", "receiver", "processing", "archiving", "watchkeeping")
MOST_OCTETS = 1 << 16
ANSWER_S = 60.0  # the first answer comes when everything is loaded
SHOWN_OCTETS = 1024  # room for the command line that a service shows
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36  # <linux/prctl.h>


@dataclass(frozen=True, slots=True)
class Infant:
    """A service to be forked: its name, agency and folder, and the command line by which it is known."""

    service: str
    agency: str
    folder: Path
    shown: tuple[str, ...]


class Forked:
    """A forked process, as the supervisor sees one: its number, exit code (None while it runs) and what it writes."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watched = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._watched, self._reap)

    async def wait(self) -> int:
        """Wait for its end and return the exit code (negative: the signal)."""
        return await asyncio.shield(self._ended)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watched)
        os.close(self._watched)
        with contextlib.suppress(ChildProcessError):
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.returncode = -signal.SIGKILL if self.returncode is None else self.returncode
        if not self._ended.done():
            self._ended.set_result(self.returncode)


class Nursery:
    """The supervisor's end. `fork` starts the nursery when there is none."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._line: socket.socket | None = None
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The number of the nursery's process, None without one."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Begin to load, so that the first fork need not wait for it. Raises OSError."""
        async with self._lock:
            await self._start()

    async def fork(self, infant: Infant, environment: Mapping[str, str], limit: int) -> Forked:
        """Return a new process that runs a service; its lines are at most `limit` octets. Raises OSError when none comes."""
        reading, writing = os.pipe()
        try:
            async with self._lock:
                pid = await self._forked(infant, environment, writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        stdout = asyncio.StreamReader(limit)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb"))
        return Forked(pid, stdout)

    async def close(self) -> None:
        """End the nursery; services that it forked go on."""
        line, self._line = self._line, None
        process, self._process = self._process, None
        if line is not None:
            line.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                if process.returncode is None:
                    os.kill(process.pid, signal.SIGKILL)
            await process.wait()

    async def _start(self) -> socket.socket:
        if self._line is not None:
            return self._line
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            code = f"from {__name__} import main; main({theirs.fileno()})"
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, " " * SHOWN_OCTETS, pass_fds=(theirs.fileno(),), start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, preexec_fn=die_with_parent,
            )  # fmt: skip
        self._line = ours
        return ours

    async def _forked(self, infant: Infant, environment: Mapping[str, str], writing: int) -> int:
        try:
            line = await self._start()
            asked = [infant.service, infant.agency, str(infant.folder), list(infant.shown), dict(environment)]
            socket.send_fds(line, [json.dumps(asked).encode()], [writing])
            async with asyncio.timeout(ANSWER_S):
                pid = int(await asyncio.get_running_loop().sock_recv(line, MOST_OCTETS) or 0)
            if pid <= 0:
                raise OSError("the nursery has ended")
        except BaseException as error:  # a late answer must not be taken for that to another request
            await self.close()
            if isinstance(error, TimeoutError | ValueError):
                raise OSError(f"the nursery does not answer: {error}") from error
            raise
        return pid


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed: orphans would hold ports and files."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(number: int) -> None:
    """Load everything, then fork what is asked for on a socket, until its other end is closed."""
    supervisor = os.getppid()
    _show(("aelita-nursery",), "aelita-nursery")
    for name in MODULES:
        import_module(f".{name}", __package__)
    gc.collect()
    gc.freeze()  # what is collected later would be written to, and shared no more
    with socket.socket(fileno=number) as line:
        while True:
            asked, handed, _, _ = socket.recv_fds(line, MOST_OCTETS, 1)
            if not asked:
                return
            pid = _fork(json.loads(asked), handed[0], supervisor, line)
            os.close(handed[0])
            line.send(str(pid).encode())


def _fork(asked: list, said: int, supervisor: int, line: socket.socket) -> int:  # type: ignore[type-arg]
    """Return the number of a new process whose parent has ended, so that it is the supervisor's; 0 when it failed."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            if child := os.fork():
                os.write(writing, str(child).encode())
            else:
                for handle in (reading, writing, line.fileno()):
                    os.close(handle)
                _serve(asked, said, supervisor)
        finally:
            os._exit(1)
    os.close(writing)
    told = os.read(reading, 32)
    os.close(reading)
    os.waitpid(between, 0)
    return int(told or 0)


def _serve(asked: list, said: int, supervisor: int) -> None:  # type: ignore[type-arg]
    """Run a service in this new process, as if it had been started by its command line; never returns."""
    service, agency, folder, shown, environment = asked
    os.setsid()
    for handle in (1, 2):
        os.dup2(said, handle)
    os.close(said)
    while os.getppid() != supervisor:
        if not Path(f"/proc/{supervisor}").exists():
            os._exit(1)
        time.sleep(0.001)
    die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)
    os.environ.update(environment)
    _show(tuple(shown), f"{agency}/{service}" if agency else service)
    code = 1
    try:
        code = import_module(".running", __package__).serve_one(service, agency, Path(folder))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _show(words: tuple[str, ...], name: str) -> None:
    """Show these words as the command line of this process, written over those with which it was started, and a short name."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, os.fsencode(name)[:15])
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, stop = int(fields[45]), int(fields[46])  # arg_start and arg_end, proc(5)
    if start and stop - start > 1:
        octets = b"\0".join(os.fsencode(word) for word in words)[: stop - start - 1]
        ctypes.memmove(start, octets.ljust(stop - start, b"\0"), stop - start)
