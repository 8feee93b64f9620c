"""A simulated spacecraft in an installation: its state over restarts, and its frames on their way.

What reaches it is appended to a file before it is taken; after a restart these inputs bring the spacecraft to the present.
space/<spacecraft>/begin.json     when it began (TAI ns), and its seed
space/<spacecraft>/inputs.jsonl   what reached it: one input a line
space/<spacecraft>/state-*.json   its state at two moments, hours apart, so that a start need not replay everything
space/<spacecraft>/faults.jsonl   faults, put there by who tests: taken once, in order, and renamed
"""

import json
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np

from ...errors import AelitaError, DataError, DefinitionError, UsageError
from ...link import Channel
from ...spacecraft import Definition, Injected, Spacecraft, Taken, Uplinked, decode_input, encode_input, freeze, thaw
from ...time import SECOND
from ..definitions import read_clock
from .command_keys import command_link, key_on_board, read_command_key
from .installation import Installation
from .space import Emitted

PIECE_NS = 3600 * SECOND
STATE_NS = 6 * 3600 * SECOND  # between two states that are kept
BEFORE_NS = 3600 * SECOND  # how long before the first start it began, so that its signal is on its way already
ON_THE_WAY_NS = 3600 * SECOND  # longer than light takes from any planet out to Jupiter

log = logging.getLogger(__name__)


def definition_of(installation: Installation, spacecraft: str) -> Definition:
    """Return what a simulated spacecraft is: the mission's file `simulated/<spacecraft>.toml`. Raises DefinitionError."""
    mission = installation.mission
    path = mission.folder / "simulated" / f"{spacecraft}.toml"
    channel = mission.channel(mission.craft(spacecraft).channels[0])
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise DefinitionError(
            f"{spacecraft} cannot be simulated: {error.strerror}", where=str(path), remedy="Describe there what it has on board"
        ) from error
    described = Channel.from_toml(channel.read_text("utf-8"), str(channel))
    return Definition.from_toml(text, str(path), command_link(installation, spacecraft), described)


def on_board_clock(installation: Installation, spacecraft: str) -> Callable[[int], int]:
    """Return what the on-board clock says at a time (TAI nanoseconds), by the mission's correlation, to one tick.

    It is a straight line within each hour, so that it costs nothing: a segment that ends within one is rounded off.
    """
    path = installation.mission.craft(spacecraft).clock
    if path is None:
        raise DefinitionError(f"{spacecraft} has no clock", remedy="Name its file in the mission's mission.toml")
    clock = read_clock(path)

    @lru_cache(maxsize=16)
    def piece(number: int) -> tuple[int, int]:
        first, last = clock.ticks(np.array([number, number + 1], np.int64) * PIECE_NS)
        return int(first), int(last - first)

    def ticks(at: int) -> int:
        number, rest = divmod(at, PIECE_NS)
        first, more = piece(number)
        return first + more * rest // PIECE_NS

    return ticks


class SimulatedCraft:
    """One simulated spacecraft and its file of inputs. `sent` are the frames that may still be on their way."""

    def __init__(self, installation: Installation, key: str, now: int) -> None:
        self.key = key
        self._folder = installation.folder / "space" / key
        self._folder.mkdir(parents=True, exist_ok=True)
        definition, clock = definition_of(installation, key), on_board_clock(installation, key)
        secret = None
        if definition.link.security.service != "none":
            secret = read_command_key(key_on_board(installation, key)).key
        begin, seed = self._begin(now)
        self.craft = Spacecraft(definition, seed, begin, clock, secret)
        self.sent: deque[Emitted] = deque()
        self._next_state = begin + STATE_NS
        self._taken = skipped = self._thaw(now)
        for number, taken in enumerate(self._kept()):
            if number < skipped:
                continue
            self._run(taken.taken_ns)
            if isinstance(taken.input, Uplinked):
                self.craft.receive(taken.input)
            else:
                self.craft.inject(taken.input)
            self._taken = number + 1
        self._run(now)
        self._file: IO[bytes] = (self._folder / "inputs.jsonl").open("ab")

    def _begin(self, now: int) -> tuple[int, int]:
        path = self._folder / "begin.json"
        if not path.is_file():
            waiting = path.with_suffix(".new")
            waiting.write_text(json.dumps({"epoch_ns": now - BEFORE_NS, "seed": 1}))
            waiting.replace(path)
        try:
            told = json.loads(path.read_text())
            return int(told["epoch_ns"]), int(told["seed"])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"cannot be read: {error}", where=str(path), remedy=f"Remove {self._folder}: the spacecraft begins anew"
            ) from error

    def _kept(self) -> Iterator[Taken]:
        """Yield the inputs of before; a last line that a crash cut is taken off, since nothing was done with it."""
        path = self._folder / "inputs.jsonl"
        octets = path.read_bytes() if path.is_file() else b""
        whole = octets[: octets.rfind(b"\n") + 1]
        if len(whole) < len(octets):
            with path.open("r+b") as file:
                file.truncate(len(whole))
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                yield decode_input(line.decode())
            except (DataError, UnicodeDecodeError) as error:
                raise UsageError(
                    f"line {number}: {error}", where=str(path), remedy=f"Remove {self._folder}: the spacecraft begins anew"
                ) from error

    def _states(self) -> list[Path]:
        return [self._folder / f"state-{number}.json" for number in (0, 1)]

    def _thaw(self, now: int) -> int:
        """Go on from the newest state from before what may be on its way now; return how many inputs are in it."""
        found = []
        for path in self._states():
            try:
                told = json.loads(path.read_text())
                if told["craft"]["board"]["now_ns"] <= now - ON_THE_WAY_NS:
                    found.append((told["craft"]["board"]["now_ns"], int(told["taken"]), told["craft"]))
            except (OSError, ValueError, KeyError, TypeError):
                continue  # absent, or damaged: the inputs tell everything
        for at, taken, told in sorted(found, key=lambda one: one[0], reverse=True):
            before = self.craft
            try:
                thaw(self.craft, told)
            except DataError as error:
                log.warning("a kept state is of no use", extra={"spacecraft": self.key, "why": str(error)})
                self.craft = before.anew()
                continue
            self._next_state = at + STATE_NS
            return taken
        return 0

    def _keep_state(self, at: int) -> None:
        """Keep the state once it is time and nothing is in progress: the older of two files is replaced."""
        if at < self._next_state or (frozen := freeze(self.craft)) is None:
            return
        self._next_state = at + STATE_NS
        older = min(self._states(), key=lambda path: path.stat().st_mtime_ns if path.is_file() else 0)
        waiting = older.with_suffix(".new")
        waiting.write_text(json.dumps({"taken": self._taken, "craft": frozen}, separators=(",", ":")))
        waiting.replace(older)

    def close(self) -> None:
        """End; the inputs are kept."""
        self._file.close()

    def next_ns(self) -> int:
        """Return when its next frame leaves (TAI nanoseconds)."""
        return self.craft.next_frame_ns()

    def _run(self, until: int) -> None:
        while self.craft.next_frame_ns() <= until:
            self.send()

    def send(self) -> Emitted:
        """Send the next frame."""
        at = self.craft.next_frame_ns()
        frame = Emitted(at, self.craft.frames, self.craft.frame())
        self.sent.append(frame)
        while self.sent[0].at < at - ON_THE_WAY_NS:
            self.sent.popleft()
        self._keep_state(at)
        return frame

    def receive(self, uplinked: Uplinked) -> None:
        """Take bits that will arrive, once they are on stable storage."""
        self._keep(Taken(self.craft.now_ns, uplinked))
        self.craft.receive(uplinked)

    def inject(self, injected: Injected) -> None:
        """Let a fault happen. Raises UsageError for one that cannot be."""
        taken = self.craft.inject(injected)
        self._keep(taken)

    def look_for_faults(self) -> None:
        """Take the faults that have been added to its file; one that cannot be is told and passed over."""
        path, taken = self._folder / "faults.jsonl", self._folder / "faults.taken"
        if not path.is_file():
            return
        path.replace(taken)
        for line in taken.read_text("utf-8", errors="replace").splitlines():
            try:
                told = {"taken_ns": 0, "at_ns": self.craft.now_ns, **json.loads(line)}
                wished = decode_input(json.dumps(told)).input
                if not isinstance(wished, Injected):
                    raise UsageError("only faults may stand here")
                self.inject(Injected(max(wished.at_ns, self.craft.now_ns), wished.fault))
            except (ValueError, TypeError, AelitaError) as error:
                log.warning("a fault was not understood", extra={"spacecraft": self.key, "why": str(error)})

    def _keep(self, taken: Taken) -> None:
        self._file.write(encode_input(taken).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._taken += 1
