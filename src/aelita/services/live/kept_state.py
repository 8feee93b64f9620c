"""Where the merger and the decoder of a spacecraft stood after a merged message, in a file: a restart reads what came after it.

It is a short cut only: without it, or when it does not fit, the end of the merged stream is read again.
"""

import asyncio
import hashlib
import logging
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataError
from ...link import State as Tree
from ...link import branch, flat_state, leaf, nested_state
from ..definitions import Definition
from .decoding import LiveDecoder
from .merging import FrameMerger

KEEP_S = 10.0

log = logging.getLogger(__name__)


class KeptState:
    """The file of one spacecraft at one agency."""

    def __init__(self, path: Path, definition: Definition) -> None:
        self.path = path
        self._definition = _digest(repr(definition.text).encode() + definition.channel.text.encode())
        self._due = time.monotonic() + KEEP_S

    async def restore(self, merger: FrameMerger, decoder: LiveDecoder) -> int:
        """Put both where they stood, and return the number of the last merged message that they know, 0 without a fitting file.

        A file that seems to fit and does not is removed. Raises DataError then: both must be made anew.
        """
        tree = self._read()
        if not tree:
            return 0
        try:
            sequence, digest, definition = (str(word) for word in leaf(tree, "of").tolist())
            if definition != self._definition or digest != await merger.digest(int(sequence)):
                log.info("a state does not fit", extra={"path": str(self.path), "after": sequence})
                return 0
            decoder.restore(branch(tree, "decoder"))
            merger.merger.restore(branch(tree, "merger"))
        except (DataError, ValueError, KeyError, TypeError, IndexError) as error:
            self.path.unlink(missing_ok=True)
            raise DataError(f"no state of a processor: {error}", where=str(self.path), remedy="It was removed") from error
        return int(sequence)

    async def keep(self, sequence: int, merger: FrameMerger, decoder: LiveDecoder) -> None:
        """Write where both stand after a merged message, if it is time and the last of those that were written together."""
        newest, digest = merger.newest
        if time.monotonic() < self._due or sequence != newest:
            return
        self._due = time.monotonic() + KEEP_S
        state: Tree = {"decoder": decoder.state(), "merger": merger.merger.state()}
        arrays = flat_state(state) | {"of": np.array([str(sequence), digest, self._definition])}
        try:
            await asyncio.to_thread(self._write, arrays)
        except OSError as error:
            log.warning("a state is not kept", extra={"path": str(self.path), "why": str(error)})

    def _read(self) -> Tree:
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                return nested_state({name: arrays[name] for name in arrays.files})
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, DataError):
            return {}

    def _write(self, arrays: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as file:
            np.savez(file, **arrays)
        fresh.replace(self.path)


def _digest(octets: bytes) -> str:
    return hashlib.blake2b(octets, digest_size=16).hexdigest()
