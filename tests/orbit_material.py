"""Published orbits and gravity fields that tests of flight dynamics propagate and compare with."""

import csv
import gzip
from functools import cache

import numpy as np
from numpy.typing import NDArray

from aelita.environment import GravityField, read_gravity
from aelita.time import tai_ns_from_et
from shared import shared

TABLES = "data/nav/spice/tgo_state_tables"
LOW_ARCS = (
    "em16_tgo_fsp_082_01_20190318_20190903_v03", "em16_tgo_fsp_116_01_20191111_20200425_v02",
    "em16_tgo_fsp_167_01_20201102_20210417_v02",
)  # fmt: skip
CAPTURE = "tgo_20161126"


@cache
def jgmro120d() -> GravityField:
    """Return JPL's field of Mars to degree 120 (Konopliv and others)."""
    return read_gravity(gzip.decompress(shared("data/nav/gravity/jgmro120d.txt.gz").read_bytes()), name="JGMRO120D")


@cache
def tgo(name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return epochs and states (km, km/s, about Mars in J2000) of a table of ESOC's orbits of TGO, a minute apart."""
    with shared(f"{TABLES}/{name}.csv").open() as text:
        rows = np.array([[float(each) for each in row[1:8]] for row in csv.reader(text) if row[0].startswith("2")])
    return np.asarray(tai_ns_from_et(rows[:, 0])), rows[:, 1:]
