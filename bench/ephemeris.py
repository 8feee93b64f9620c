"""Contacts of a year between ten stations and four spacecraft, beside the searches one by one; writing an orbit as SPK."""

import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .material import ROOT
from .table import Row, cost, rate

START, STOP = "2022-01-01", "2023-01-01"
DAYS = 5  # of the searches one by one
GM_KM3_S2 = 42828.37
# Axis (km), eccentricity, inclination and node (rad): two near circles like MRO's and TGO's, and an ellipse
ORBITS = ((3660.0, 0.010, 1.62, 0.3), (3780.0, 0.006, 1.29, 2.0), (9000.0, 0.550, 1.00, 2.2))
# East longitude, latitude (deg) and height (km) of two stations of estrack_v04.bsp that the mission's file has not
MORE = {"Kourou": (-52.804665, 5.251439, -0.0151), "Maspalomas": (-15.633800, 27.762889, 0.2047)}


def ten_sites() -> list[Any]:
    """Return the stations of the reference mission that have positions, and two more."""
    import numpy as np
    import spiceypy

    from aelita.ephemeris import Site

    text = (ROOT / "src" / "aelita" / "missions" / "exomars" / "stations.toml").read_text()
    known = [one for one in tomllib.loads(text)["stations"] if "xyz_km" in one.get("position", {})]
    sites = [Site(one["name"], tuple(one["position"]["xyz_km"])) for one in known]
    for name, (lon, lat, height) in MORE.items():
        place = spiceypy.georec(np.radians(lon), np.radians(lat), height, 6378.137, 1 / 298.257223563)
        sites.append(Site(name, tuple(place.tolist())))
    return sites[:10]


@contextmanager
def a_year_of_orbits() -> Iterator[tuple[list[str], float, int]]:
    """Furnish orbits of two bodies for the year and a day at each end; their names, seconds to write them, and octets."""
    import numpy as np
    from spiceypy import cyice

    from aelita.ephemeris import fitted_chebyshev, furnish, light_times, release, spk_octets
    from aelita.time import DAY, et_from_tai_ns, tai_ns_from_utc

    first, last = (float(et_from_tai_ns(int(tai_ns_from_utc(at)) + way * DAY)) for at, way in ((START, -1), (STOP, 1)))
    light_times("EARTH", "MARS", np.array([int(tai_ns_from_utc(START))]))
    begun, segments, names = time.process_time(), [], []
    for n, (axis, eccentricity, tilt, node) in enumerate(ORBITS):
        elements = [axis * (1 - eccentricity), eccentricity, tilt, node, 1.0, 0.1, first, GM_KM3_S2]

        def states(ets: Any, elements: list[float] = elements) -> Any:
            return np.asarray(cyice.conics_v(np.tile(elements, (ets.size, 1)), ets))

        segment, _ = fitted_chebyshev(states, first, last, body=-999_400 - n, centre=499, length_s=1350.0 if n < 2 else 900.0)
        segments.append(segment)
        names.append(str(segment.body))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orbits.bsp"
        with path.open("wb") as file:
            size = sum(file.write(part) for part in spk_octets(segments))
        spent = time.process_time() - begun
        furnish(path)
        yield names, spent, size
        release(path)


def timed(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall seconds, processor seconds and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = call()
    return time.perf_counter() - wall, time.process_time() - cpu, made


def rows() -> list[Row]:
    """Return the cost of a year of contacts, and of some days by the simple searches and by ours."""
    from aelita.ephemeris import Target, contacts, occultations, visibility
    from aelita.time import DAY, tai_ns_from_utc

    start, stop = int(tai_ns_from_utc(START)), int(tai_ns_from_utc(STOP))
    sites = ten_sites()
    with a_year_of_orbits() as (names, written_s, size):
        targets = [Target("-143", through="MARS", within_km=3830), *names]
        contacts(sites[:1], targets, start, start + DAY)  # compiled, or read from the cache
        wall, cpu, found = timed(lambda: contacts(sites, targets, start, stop))
        hidden = sum(len(one.occultations) for one in found)
        few = sites[:2]
        one_wall, _, _ = timed(lambda: contacts(few, names[:1], start, start + DAYS * DAY))

        def simply() -> None:
            for site in few:
                visibility(site, names[0], start, start + DAYS * DAY, step_s=60.0)
                occultations(site, names[0], start, start + DAYS * DAY)

        simple_wall, _, _ = timed(simply)
    note = f"{len(found):,} contacts, {hidden:,} occultations in them; {cpu:.1f} s of processor; edges within 1 ms"
    return [
        cost("contacts of 10 stations and 4 spacecraft, a year", wall, None, "s", "<= 20", note=note),
        cost(f"contacts of 2 stations and one spacecraft, {DAYS} days, beside one by one", one_wall, simple_wall, "s"),
        rate("orbit fitted and written as SPK type 3", size / 1e6 / written_s, None, "MB/s"),
    ]
