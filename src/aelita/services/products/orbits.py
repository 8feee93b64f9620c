"""What is shown of an orbit: its message thinned to a line that can be drawn."""

from typing import Any

import numpy as np

from ...errors import DataError
from ...ndm import Composite, Rows, read
from ...time import utc_from_tai_ns

MOST_POINTS = 2000


def orbit_data(octets: bytes, where: str) -> dict[str, Any]:
    """Return what is shown of an OEM: centre, frame, instants and positions (km), 2,000 at most, the first and last among them.

    Raises DataError for what is no OEM, or one of several centres or frames: no line goes through these.
    """
    message = read(octets, where=where)
    if isinstance(message, Composite) or message.kind != "OEM":
        raise DataError("it is no OEM", where=where, remedy="Give the orbit as OEM, or what is shown of it as data")
    about = {(one.metadata.text("CENTER_NAME"), one.metadata.text("REF_FRAME")) for one in message.segments}
    if len(about) > 1:
        raise DataError("its segments have several centres or frames", where=where, remedy="Publish a product for each")
    centre, frame = about.pop()
    epochs, places = [], []
    for segment in message.segments:
        rows = segment.block("ephemeris").rows
        assert isinstance(rows, Rows)
        epochs.append(rows.epochs.tai_ns())
        places.append(np.column_stack([rows.column(name) for name in ("X", "Y", "Z")]))
    at, place = np.concatenate(epochs), np.concatenate(places)
    kept = np.unique(np.linspace(0, at.size - 1, min(at.size, MOST_POINTS)).astype(np.int64))
    return {
        "centre": centre.upper(), "frame": "J2000" if frame in ("EME2000", "ICRF", "GCRF") else frame,
        "utc": [f"{utc_from_tai_ns(int(one), 3)}Z" for one in at[kept]], "r_km": place[kept].tolist(), "manoeuvres": [],
    }  # fmt: skip
