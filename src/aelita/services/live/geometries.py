"""The geometry of an installation in this process, by its kernels and the orbits that its agencies published, kept up to date."""

import asyncio
import logging
import threading
from pathlib import Path

from ..orbits import PublishedOrbits
from .geometry import Geometry
from .health import Health
from .installation import Installation

LOOK_S = 1.0
ORBITS = "published orbits"

log = logging.getLogger(__name__)

_known: dict[tuple[Path, tuple[str, ...]], Geometry] = {}  # SPICE has one set of kernels for the process: so have these
_lock = threading.Lock()


def geometry_of(installation: Installation, *agencies: str) -> Geometry:
    """Return the geometry as agencies know it (without any, as all here do): one for all who ask in this process.

    An agency knows the orbits in its own home alone, its own and those that partners sent.
    """
    here = tuple(one.key for one in installation.agencies)
    keys = tuple(one for one in agencies if one in here) or here
    with _lock:
        known = _known.get((installation.folder, keys))
        if known is None or (known.mission, known.kernels) != (installation.mission, installation.kernels):
            orbits = PublishedOrbits(installation.mission, installation.kernels, [installation.home(one) for one in keys])
            known = _known[installation.folder, keys] = Geometry(installation.mission, installation.kernels, orbits)
        return known


def close_geometries() -> None:
    """Take all that this process furnished of published orbits back, so that another installation finds none of them."""
    with _lock:
        for one in _known.values():
            if one.orbits is not None:
                one.orbits.close()
        _known.clear()


async def keep_geometries(health: Health) -> None:
    """Furnish orbits as they are published, for ever, and tell in the health of the service which ones, and which are refused."""
    while True:
        for one in [each.orbits for each in _known.values() if each.orbits is not None]:
            if one.is_stale:
                await asyncio.to_thread(one.refresh)
            health.details["orbits"] = {"used": list(one.used), "refused": dict(one.refused)}
            if one.fault:
                health.fault(ORBITS, one.fault)
            else:
                health.well(ORBITS)
        await asyncio.sleep(LOOK_S)
