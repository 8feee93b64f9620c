"""A real Yamcs that commands: a client issues telecommands over its HTTP interface, and a socket stands for the station.

python -m bench.commanding_yamcs FOLDER RESULT.json     (PYTHONPATH: the project, the jars' package, the harness)

Nobody has to approve anything there. Its TC link sends each packet as one datagram; a process of its own notes when each arrives.
"""

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .material import PEERS, ROOT, AbsentError, clean_environment
from .yamcs import WHEEL, isolated, jars, java_version

WARM, ALONE, BURST, CLIENTS, BLOCKS = 300, 300, 1000, 4, 3
PORT, COMMAND = 10025, "/bench/TC/ping"
SILENCE_S, PAUSE_S = 20.0, 0.01


def measure(work: Path) -> dict[str, Any]:
    """Return the figures of one session in a network of its own. Raises AbsentError, saying why, when it cannot be had."""
    if not (PEERS / "server.py").is_file():
        raise AbsentError("the peer harness is not beside the project (../shared/peers/yamcs, or AELITA_SHARED)")
    java, bundle = java_version(), jars(work)
    folder = work / "yamcs-commanding"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    result, log = folder / "figures.json", folder / "session.log"
    more = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    environment = clean_environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(bundle), str(PEERS), *more]))
    session = [sys.executable, "-m", "bench.commanding_yamcs", str(folder), str(result)]
    with log.open("wb") as said:
        ended = subprocess.run(isolated(session), env=environment, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
    if ended.returncode:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise AbsentError(f"the session of Yamcs failed ({last}); see yamcs-commanding/session.log in the work folder")
    figures: dict[str, Any] = json.loads(result.read_text()) | {"java": java, "yamcs": WHEEL}
    shutil.rmtree(folder / "main", ignore_errors=True)
    return figures


def receive(port: int, told: Connection) -> None:
    """Stand for a station: note when each datagram arrives (monotonic ns); what comes on the pipe is a count to wait for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        ear.bind(("127.0.0.1", port))
        ear.settimeout(SILENCE_S)
        told.send([])
        while count := told.recv():
            arrived: list[int] = []
            try:
                while len(arrived) < count:
                    ear.recv(1 << 16)
                    arrived.append(time.monotonic_ns())
            except TimeoutError:
                pass
            told.send(arrived)


class Desk:
    """Clients of one Yamcs, and the ear at the far end of its link."""

    def __init__(self, ear: Connection) -> None:
        from yamcs.client import YamcsClient  # type: ignore[import-untyped,unused-ignore]

        self.ear = ear
        self.processors = [YamcsClient("127.0.0.1:8090").get_processor("bench", "realtime") for _ in range(CLIENTS)]

    def alone(self, count: int) -> list[float]:
        """Return the ms from before each single command is issued to its arrival."""
        sent = []
        self.ear.send(count)
        for _ in range(count):
            sent.append(time.monotonic_ns())
            self.processors[0].issue_command(COMMAND)
            time.sleep(PAUSE_S)
        return [(there - here) / 1e6 for here, there in zip(sent, self.arrived(count), strict=True)]

    def in_row(self, count: int) -> float:
        """Issue commands one after the other without a pause, and return how many go in a second."""
        self.ear.send(count)
        begun = time.monotonic_ns()
        self._some(self.processors[0], count)
        return count / ((self.arrived(count)[-1] - begun) / 1e9)

    def together(self, count: int) -> float:
        """Issue commands from several clients at once, and return how many arrive in a second."""
        self.ear.send(count)
        begun = time.monotonic_ns()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._some, self.processors, [count // CLIENTS] * CLIENTS))
        return count / ((self.arrived(count)[-1] - begun) / 1e9)

    def arrived(self, count: int) -> list[int]:
        """Return when the datagrams arrived."""
        found: list[int] = self.ear.recv()
        if len(found) != count:
            raise SystemExit(f"{len(found)} of {count} commands arrived")
        return found

    @staticmethod
    def _some(processor: Any, count: int) -> None:
        for _ in range(count):
            processor.issue_command(COMMAND)


def main() -> None:
    """Run the server, measure, write the figures."""
    from server import Server  # type: ignore[import-not-found]  # the harness's

    folder, result = Path(sys.argv[1]), Path(sys.argv[2])
    ours, theirs = multiprocessing.Pipe()
    ear = multiprocessing.get_context("spawn").Process(target=receive, args=(PORT, theirs), daemon=True)
    ear.start()
    ours.recv()
    with Server(folder / "main") as server:
        desk = Desk(ours)
        desk.in_row(WARM)
        desk.together(BURST)
        before = server.cpu()
        blocks = [
            {"latency_ms": desk.alone(ALONE), "a_second": desk.in_row(ALONE), "together_a_second": desk.together(BURST)}
            for _ in range(BLOCKS)
        ]
        used = server.cpu() - before
        figures = {"blocks": blocks, "cpu_ms_a_command": 1e3 * used / (BLOCKS * (2 * ALONE + BURST)), "memory_mib": server.mem()}
    ours.send(0)
    result.write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
