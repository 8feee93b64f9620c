"""Code that may misbehave, in a thread of its own with a deadline: what does not come to an end is ended, and hurts nothing.

Plain Python is ended within a moment, whatever it does. A call into C that never returns cannot be: then the thread stays, and
the service says so.
"""

import asyncio
import contextlib
import ctypes
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ...errors import UsageError

CPU_S, WALL_S = 0.3, 10.0  # for what takes a moment; a busy machine may take its time, but not compute for so long
FIRST_LOOK_S, LOOK_S, ENDINGS = 0.005, 0.05, 40

log = logging.getLogger(__name__)
T = TypeVar("T")


class StuckError(UsageError):
    """Code did not come to an end in time."""


class _Overdue(BaseException):
    """Raised in a thread whose time is over; code that catches exceptions of its own does not catch it."""


class _Work:
    """A piece of work, its thread, and how much it computed."""

    def __init__(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[Any] = loop.create_future()
        self._work, self._loop = work, loop
        self._lock = threading.Lock()
        self._over = False
        self._clock: int | None = None
        self._thread = threading.Thread(target=self._run, name="procedure", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._clock = time.pthread_getcpuclockid(threading.get_ident())
        result, error = None, None
        try:
            result = self._work()
        except BaseException as raised:  # whatever it is, it is told to who waits
            error = raised
        with contextlib.suppress(_Overdue), self._lock:
            self._over = True
        for _ in range(2):  # the end may come just now
            with contextlib.suppress(_Overdue, RuntimeError):  # the loop may be closed already
                self._loop.call_soon_threadsafe(self._tell, result, error)
                return

    def _tell(self, result: Any, error: BaseException | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(result)
        elif isinstance(error, _Overdue):
            self.done.set_exception(StuckError("it was ended"))
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            self.done.set_exception(error)
        else:  # an end of the interpreter that a procedure asks for is not granted
            self.done.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))

    @property
    def cpu_s(self) -> float:
        """How long it computed."""
        try:
            return time.clock_gettime(self._clock) if self._clock is not None else 0.0
        except OSError:
            return 0.0

    def end(self) -> None:
        """Raise in it, unless it is over."""
        with self._lock:
            ident = self._thread.ident
            if not self._over and ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(_Overdue))

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs still."""
        return self._thread.is_alive()


async def within(work: Callable[[], T], *, cpu_s: float = CPU_S, wall_s: float = WALL_S) -> T:
    """Return what some work returns. Raises what it raises, StuckError when it computes or waits for too long."""
    one = _Work(work, asyncio.get_running_loop())
    begun, look_s = time.monotonic(), FIRST_LOOK_S
    while True:
        await asyncio.wait([one.done], timeout=look_s)
        if one.done.done():
            found: T = one.done.result()
            return found
        if one.cpu_s > cpu_s or time.monotonic() - begun > wall_s:
            break
        look_s = LOOK_S
    computed = one.cpu_s
    await _end(one)
    raise StuckError(
        f"it did not come to its next request: {computed:.1f} s of computing, {time.monotonic() - begun:.1f} s in all",
        remedy="A procedure yields requests, and does nothing else between them",
    )


async def _end(one: _Work) -> None:
    for _ in range(ENDINGS):
        one.end()
        await asyncio.wait([one.done], timeout=LOOK_S)
        if one.done.done() or not one.is_alive:
            with contextlib.suppress(Exception):
                one.done.result()
            return
    log.error("a thread of a procedure does not end: it will go with the process")
