"""The latest values of spacecraft, for procedures that read, check and wait: from the stream of parameters while any runs."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ...errors import DataError
from ...mdb import Reference
from .batches import unpack
from .following import Start, follow
from .publishing import RAW
from .stream_plan import KINDS
from .streams import NoStreamError, Streams

Value = int | float | str | bool | bytes | None
PAUSE_S = 2.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ProcedureValues:
    """The newest good packet of each container, by spacecraft. What came late replaces nothing newer."""

    agency: str
    streams: Streams | None = None
    _rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # spacecraft: subject: newest row
    _place: dict[tuple[str, str], str] = field(default_factory=dict)  # spacecraft and parameter: subject of the newest
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def want(self, spacecraft: set[str]) -> None:
        """Follow these spacecraft from now on, and no others."""
        for key in [one for one in self._tasks if one not in spacecraft]:
            self._tasks.pop(key).cancel()
            self._rows.pop(key, None)
            self._place = {at: subject for at, subject in self._place.items() if at[0] != key}
        for key in spacecraft:
            if self.streams is not None and (key not in self._tasks or self._tasks[key].done()):
                self._tasks[key] = asyncio.create_task(self._follow(key))

    def take(self, spacecraft: str, subject: str, octets: bytes) -> None:
        """Take a message of parameters. Raises DataError."""
        try:
            table = unpack(octets)
            good = table.filter(pl.col("quality") == 0) if "quality" in table.columns else table
            if not good.height:
                return
            row = good.sort("generated", nulls_last=False, maintain_order=True).row(-1, named=True)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"not a message of parameters: {error}") from error
        rows = self._rows.setdefault(spacecraft, {})
        if subject in rows and _time(rows[subject]) > _time(row):
            return
        rows[subject] = row
        for name in row:
            held = self._place.get((spacecraft, name))
            if held is None or _time(rows.get(held, {})) <= _time(row):
                self._place[spacecraft, name] = subject

    def value(self, spacecraft: str, reference: Reference) -> tuple[bool, Value]:
        """Return whether a value is known, and the value."""
        row = self._rows.get(spacecraft, {}).get(self._place.get((spacecraft, reference.parameter), ""), {})
        raw = reference.parameter + RAW
        name = raw if not reference.calibrated and raw in row else reference.parameter
        if name not in row:
            return False, None
        value = row[name]
        for step in reference.path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return True, None
        return True, value if value is None or isinstance(value, int | float | str | bool | bytes) else str(value)

    async def _follow(self, spacecraft: str) -> None:
        assert self.streams is not None
        subjects, start = (f"{self.agency}.parameters.{spacecraft}.>",), Start.LAST_OF_EACH_SUBJECT
        while True:
            with contextlib.suppress(NoStreamError):
                async with follow(self.streams, KINDS["parameters"].stream, start=start, subjects=subjects) as follower:
                    async for message in follower:
                        try:
                            self.take(spacecraft, message.subject, message.data)
                        except DataError as error:
                            log.warning("values are not understood", extra={"subject": message.subject, "why": str(error)})
            await asyncio.sleep(PAUSE_S)


def _time(row: dict[str, Any]) -> int:
    return row.get("generated") or row.get("received") or 0
