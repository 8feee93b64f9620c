"""What the first questions need, loaded before anyone asks: compiled kernels, mission databases, tables of the archive."""

import contextlib

from fastapi import HTTPException

from ..archive import on_grid
from ..errors import AelitaError
from .centre import Centre
from .fields import container_of, packet_fields
from .listing import entries
from .spacecraft import archive_of, crafts, edition

NO_PACKET = bytes(64)


def warm(here: Centre) -> None:
    """Ask what users will ask first, of every spacecraft that the centre follows. For a worker thread."""
    for craft in crafts(here)[: len(here.installation.spacecraft)]:
        with contextlib.suppress(AelitaError, HTTPException):
            compiled = edition(here, craft).compiled
            container_of(compiled, NO_PACKET)
            packet_fields(compiled, compiled.roots()[0], NO_PACKET)
            _plot(here, [one.name for one in entries(here, craft) if one.archived and one.type in ("Integer", "Float")])


def _plot(here: Centre, names: list[str]) -> None:
    archive = archive_of(here)
    if archive is not None and names:
        archive.latest()
        on_grid(archive, names[-1:], 10)
