"""Memory images of an agency, what is known of a spacecraft's memories, and the commands that load, dump or check an image.

<home>/commanding/images/<spacecraft>/<name>@<version>   JSON: {"memory": 6, "runs": [[address, "octets in hexadecimal"], ...]}

A version is never written over. What is known comes from dumps (service 6, heard live or in the archive) and from loads that were
reported complete. Nothing is sent from here: people request the commands.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...archive import open_archive
from ...commanding import Board, MemoryImage, MemoryMap, MemoryStretch, StretchKind, call, load_calls, most_in_a_load
from ...errors import ArchiveError, DataError, UsageError
from ...mdb import CompiledCommands
from ...pus import LoadMemory, MemoryDump
from ...time import DAY, NO_TIME
from .command_onboard import OnBoard, Told
from .command_stores import LiveStores

IMAGES = "images"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MOST_FILE, MOST_CALLS, MOST_SHOWN, MOST_OCTETS_SHOWN = 160 << 20, 200, 1000, 64
LOOK_BACK_NS = DAY
DUMP_OCTETS, CHECK_OCTETS = 4096, 65_536
COMMANDS = {"load": "LoadMemory", "dump": "DumpMemory", "check": "CheckMemory"}


@dataclass(slots=True)
class LiveMemories:
    """The memories of one spacecraft, and the images for them."""

    board: OnBoard
    commands: CompiledCommands
    folder: Path
    stores: LiveStores  # which knows the archive
    maps: dict[int, MemoryMap] = field(default_factory=dict)

    def report(self, told: Told) -> None:
        """Take a report of the spacecraft."""
        if isinstance(told.report, MemoryDump) and told.generated_ns != NO_TIME:
            self.maps.setdefault(told.report.memory, MemoryMap()).dumped(told.report, told.generated_ns)

    # images

    def names(self) -> list[tuple[str, str]]:
        """Return the names and versions of all images."""
        found = [path.name.partition("@") for path in self.folder.glob("*@*") if path.is_file()]
        return sorted((name, version) for name, _, version in found if NAME.fullmatch(name) and NAME.fullmatch(version))

    def image(self, name: str, version: str) -> MemoryImage:
        """Return an image. Raises UsageError when there is none, DataError for a file that is none."""
        path = self._path(name, version)
        try:
            if path.stat().st_size > MOST_FILE:
                raise DataError(f"more than {MOST_FILE} octets", where=str(path))
            told = json.loads(path.read_bytes())
            runs = [(int(address), bytes.fromhex(data)) for address, data in told["runs"]]
            return MemoryImage.of(name, version, int(told["memory"]), runs)
        except FileNotFoundError as error:
            known = ", ".join(f"{one}@{each}" for one, each in self.names()) or "none"
            raise UsageError(
                f"there is no image {name}@{version} of {self.board.spacecraft}", remedy=f"Images: {known}"
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"not an image: {type(error).__name__} {error}", where=str(path)) from error

    def add(self, name: str, version: str, memory: int, runs: Sequence[tuple[int, bytes]]) -> MemoryImage:
        """Keep an image. Raises UsageError for a version that is there already."""
        made, path = MemoryImage.of(name, version, memory, runs), self._path(name, version)
        text = json.dumps({"memory": memory, "runs": [[address, data.hex()] for address, data in made.runs]})
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            waiting = path.with_name(f".{path.name}.{os.getpid()}")
            with waiting.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(waiting, path)  # unlike a rename it never takes another's place
            finally:
                waiting.unlink()
        except FileExistsError as error:
            raise UsageError(f"{name}@{version} is there already", remedy="Give it another version") from error
        except OSError as error:
            raise ArchiveError(f"an image was not kept: {error.strerror}", where=str(path)) from error
        return made

    def _path(self, name: str, version: str) -> Path:
        if not NAME.fullmatch(name) or not NAME.fullmatch(version):
            raise UsageError(f"{name}@{version} is no name of an image", remedy="Letters, digits, points and dashes")
        return self.folder / f"{name}@{version}"

    # what is known

    def known(self, memory: int, requests: Board, dumps: Sequence[Told]) -> MemoryMap:
        """Return what is known of a memory: live dumps, those given, and loads that were reported complete."""
        made = MemoryMap(list(self.maps[memory].known), list(self.maps[memory].bad)) if memory in self.maps else MemoryMap()
        for one in dumps:
            if isinstance(one.report, MemoryDump) and one.report.memory == memory and one.generated_ns != NO_TIME:
                made.dumped(one.report, one.generated_ns)
        for load, at_ns in self._loads(requests):
            if load.memory == memory:
                made.loaded(load, at_ns)
        return made

    def _loads(self, requests: Board) -> Iterator[tuple[LoadMemory, int]]:
        for one in requests.of(self.board.spacecraft):
            for index, stages in one.packets.items():
                done = stages.get("completion")
                if done is None or not done.body.get("succeeded") or not 0 <= index < len(one.prepared.packets):
                    continue
                message = self.board.request_in(one.prepared.packets[index])
                if isinstance(message, LoadMemory):
                    yield message, int(done.body["generated_ns"])

    def archived(self, start_ns: int | None, stop_ns: int | None, apid: int | None, now: int) -> list[Told]:
        """Return the dumps that the archive has, of the last day without a range. It reads packets: for worker threads."""
        if not self.stores.path.exists():
            return []
        archive = open_archive(self.stores.path)
        span = now - LOOK_BACK_NS if start_ns is None else start_ns, now if stop_ns is None else stop_ns
        found: list[Told] = []
        for source in self.stores.sources(archive):
            rows = archive.packets(*span, apid=apid, source=source)
            rows = rows.filter((rows["quality"] == 0) & rows["octets"].is_not_null() & rows["generated"].is_not_null())
            found += self.board.reports_of(rows["octets"].to_list(), rows["generated"].to_list())
        return [one for one in found if isinstance(one.report, MemoryDump)]

    def compared(self, image: MemoryImage, known: MemoryMap) -> dict[str, Any]:
        """Return how a memory stands to an image."""
        stretches = known.compare(image)
        octets = {str(kind): sum(len(one.wanted) for one in stretches if one.kind is kind) for kind in StretchKind}
        return {
            "image": self.told(image), "octets": octets, "stretches": [_stretch(one) for one in stretches[:MOST_SHOWN]],
            "stretches_total": len(stretches), "known": areas(known),
        }  # fmt: skip

    def told(self, image: MemoryImage) -> dict[str, Any]:
        """Return what an image is."""
        return {
            "name": image.name, "version": image.version, "memory": image.memory, "octets": image.octets, "digest": image.digest,
            "areas": [[address, len(data)] for address, data in image.runs[:MOST_SHOWN]],
        }  # fmt: skip

    # commands

    def calls(self, what: str, image: MemoryImage) -> list[list[dict[str, Any]]]:
        """Return the commands that load, dump or check an image, in parts of which each fits one request."""
        if what not in COMMANDS:
            raise UsageError(f"{what!r} cannot be done with an image", remedy=f"It is one of {', '.join(COMMANDS)}")
        command = self.commands.command(COMMANDS[what]).name
        if what == "load":
            made = load_calls(image, most_in_a_load(self.board.layout, self.board.widths, self.board.link.data_octets), command)
        else:
            most = DUMP_OCTETS if what == "dump" else CHECK_OCTETS
            made = [call(command, memory=image.memory, address=address, length=len(data)) for address, data in image.pieces(most)]
        told = [{"command": one.command, "arguments": [list(pair) for pair in one.arguments]} for one in made]
        return [told[at : at + MOST_CALLS] for at in range(0, len(told), MOST_CALLS)]


def changed(image: MemoryImage, known: MemoryMap) -> MemoryImage | None:
    """Return only what of an image the memory is not known to hold, None when it holds all."""
    runs = [(one.address, one.wanted) for one in known.compare(image) if one.kind is not StretchKind.SAME]
    return MemoryImage.of(image.name, image.version, image.memory, runs) if runs else None


def areas(known: MemoryMap) -> list[dict[str, int]]:
    """Return the areas that are known without a hole."""
    return [
        {"address": address, "octets": octets, "oldest_ns": oldest, "newest_ns": newest}
        for address, octets, oldest, newest in known.areas()[:MOST_SHOWN]
    ]


def _stretch(one: MemoryStretch) -> dict[str, Any]:
    return {
        "kind": str(one.kind), "address": one.address, "octets": len(one.wanted),
        "wanted": one.wanted[:MOST_OCTETS_SHOWN].hex(), "found": one.found[:MOST_OCTETS_SHOWN].hex(),
    }  # fmt: skip
