"""The centre of `console_commands_centre.py` with the simulated spacecraft beside it: procedures, schedule, stores, memories.

`python console_onboard_centre.py FOLDER` serves it. The spacecraft's telemetry of the last minutes is in the archive, but for two
stretches that nobody received. There is no link: FOLDER/do.json says what is done, [[what, ...], ...], and is gone when it was.

    ["command", request, false]   the request is released, executed on board and reported (true: it is lost on its way up)
    ["drop"]                      the spacecraft forgets its last scheduled activity
    ["smuggle", request]          it is executed on board, and nobody on ground is told
    ["restart"]                   runs of procedures are taken up as by another process
    ["entry", kind, body]         something is written into the journal
"""

import asyncio
import contextlib
import json
import sys
from functools import partial
from pathlib import Path

import polars as pl

import console_commands_centre as commanding
from aelita.api import door
from aelita.api.passwords import Passwords
from aelita.archive import open_archive
from aelita.commanding import Outcome
from aelita.services import Library, Summary, define, ingest_file
from aelita.services.live.batches import pack
from aelita.services.live.clock import MissionClock
from aelita.services.live.commander import CommandService
from aelita.services.live.installation import Installation
from aelita.services.live.simulated import definition_of, on_board_clock
from aelita.spacecraft import Spacecraft
from aelita.time import SECOND
from console_commands_centre import BAD, TWIN
from door_material import CHEAP

STAGES = ("acceptance", "start", "completion")
HEARD_S, UNHEARD_S = 480, ((120, 160), (300, 400))  # before the centre began; stretches of it that nobody received
PROCEDURES = f'''
from aelita.commanding import Argument, Ask, Delay, Reached, Say, Section, Send, Steps, WaitFor, call, procedure

@procedure(
    "Check the memory of the on-board table",
    spacecraft=("tgo-sim",),
    arguments=(
        Argument("pages", "integer", "How many pages are dumped", "2", 1, 16),
        Argument("wait_s", "number", "Seconds after the earliest possible evidence", "600", 1, 86400),
        Argument("mode", "choice", "How thorough it is", "quick", None, None, ("quick", "whole")),
        Argument("not_before", "time", "When it may begin", "2026-03-01T12:00:00"),
        Argument("tell", "flag", "Whether it says what it found", "true"),
        Argument("comment", "text", "For the log {BAD}"),
    ),
)
def check_table(spacecraft: str, pages: int, wait_s: float, mode: str, not_before: int, tell: bool, comment: str) -> Steps:
    """Dump the table and let a person compare it. {BAD}"""
    yield Section("Dump")
    yield Say("{BAD} " + comment)
    asked = yield Send((call("DumpMemory", memory=6, address=0, length=64 * pages), call("AreYouAlive")), "table")
    if (yield Ask("Is the link quiet? {BAD}", ("yes", "no"))) == "no":
        yield Say("Not now.")
        return
    yield WaitFor(Reached(asked), wait_s)
    yield Section("Compare")
    if (yield Ask("As the image?", ("repeat", "go on", "stop"))) == "stop":
        return
    found = yield Ask("What did you find?", ())
    if tell:
        yield Say(found)

@procedure("Wait a while", spacecraft=("tgo-sim",))
def waits(spacecraft: str) -> Steps:
    yield WaitFor(Delay(300.0))

@procedure("Only for a lander", spacecraft=("edm",))
def lander(spacecraft: str) -> Steps:
    yield Say("nothing")
'''


class Sky:
    """The simulated spacecraft: packets go straight to it, and its reports straight to the commanding of ESA."""

    def __init__(self, made: Installation, now: int) -> None:
        self.made = made
        begin = now - HEARD_S * SECOND
        self.craft = Spacecraft(definition_of(made, TWIN), 1, begin, on_board_clock(made, TWIN), bytes(32))
        frames = []
        while (at := self.craft.next_frame_ns()) < now:
            frame = self.craft.frame()
            if not any(first <= (at - begin) / SECOND < last for first, last in UNHEARD_S):
                frames.append(frame)
        part = made.folder / "part.tm"
        part.write_bytes(b"".join(frames))
        channel = made.mission.craft(TWIN).channels[0]
        archive = open_archive(made.archive("esa"), create=True)
        ingest_file(archive, define(Library(), mission="exomars", channel=channel), part, Summary())

    def command(self, service: CommandService, now: int, name: str, lost: bool) -> None:
        """Release a request as the gate would, execute it on board and report."""
        commander = service.commander
        prepared = service.standing.board.requests[name].prepared
        commander._write("released", {"request": name, "digest": prepared.digest}, now)
        cltu = service.standing.next_cltu
        for kind in ("sending", "transferred", "radiated"):
            body = {"cltu": cltu, "request": name, "identity": f"{name}/0", "spacecraft": TWIN, "station": "malargue"}
            commander._write(kind, body | {"sha256": "0" * 64}, now)
        service.does(Outcome())
        if not lost:
            for packet in prepared.packets:
                self.craft.executive.receive(packet)
        self.run(service, 5)
        for index in range(len(prepared.packets)):
            for stage in STAGES:
                body = {"request": name, "index": index, "stage": stage, "succeeded": True, "generated_ns": self.craft.now_ns,
                        "received_ns": self.craft.now_ns, "step": None, "failure": None, "late": False}  # fmt: skip
                commander._write("verified", body, now)
        service.does(Outcome())
        self.run(service, 10)

    def run(self, service: CommandService, seconds: float) -> None:
        """Let time pass on board, and let everything that it reports be heard."""
        board = self.craft.board
        board.run_until(board.now_ns + round(seconds * SECOND))
        packets = list(board.downlink.live)
        board.downlink.live.clear()
        if packets:
            times = [board.now_ns] * len(packets)
            for message in pack(pl.DataFrame({"received": times, "generated": times, "octets": packets})):
                boards = service.conduct.boards
                assert boards is not None
                boards.heard(TWIN, message)


async def doing(sky: Sky, path: Path, service: CommandService, clock: MissionClock) -> None:
    """Do what a file says, again and again."""
    while True:
        await asyncio.sleep(0.05)
        if path.exists():
            for what, *more in json.loads(path.read_text()):
                if what == "command":
                    sky.command(service, clock.now(), str(more[0]), bool(more[1]))
                elif what == "drop":
                    sky.craft.board.activities.pop()
                elif what == "smuggle":
                    for packet in service.standing.board.requests[more[0]].prepared.packets:
                        sky.craft.executive.receive(packet)
                    sky.run(service, 5)
                elif what == "restart":
                    desk = service.conduct.procedures
                    desk.runs.clear()
                    await desk.take_up()
                else:
                    service.commander._write(more[0], more[1], clock.now())
                    service.does(Outcome())
            path.unlink()


def main(folder: Path) -> None:
    """Serve until the process is ended."""
    vars(door)["Passwords"] = lambda: Passwords(CHEAP)
    made = commanding.installation(folder)
    sky = Sky(made, MissionClock.read(made.folder).now())
    vars(commanding)["doing"] = partial(doing, sky)
    own = made.home("esa") / "commanding" / "procedures"
    own.mkdir(parents=True)
    (own / "own.py").write_text(PROCEDURES)
    (own / "odd.py").write_text(f"import os  # {BAD}\n")
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(commanding.serve(folder, made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
