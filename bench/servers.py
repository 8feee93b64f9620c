"""Servers of the measurements as processes of their own."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from .material import ROOT
from .processes import FailedError

READY_S = 60.0


@contextlib.contextmanager
def server(*arguments: str) -> Iterator[tuple[int, int]]:
    """Run `bench.interface_server`, and give its port and process number when it takes connections. Raises FailedError."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.interface_server", *arguments, str(port)], cwd=ROOT)
    try:
        end = time.monotonic() + READY_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise FailedError(f"the server {arguments[0]} did not begin")
            time.sleep(0.2)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)
