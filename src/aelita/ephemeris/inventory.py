"""What a kernel holds, told without loading it: variables of text kernels, segments of binary ones, places of stations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import degrees, isfinite

import numpy as np

from .daf import DafFile, DafSegment, read_daf

STATIONS = range(398_000, 400_000)  # SPICE numbers of places on the Earth
EARTH = 399
EARTH_FIXED = {10013, 10081, 13000}  # IAU_EARTH, EARTH_FIXED, ITRF93
STATE_TYPES = {8, 9, 12, 13}  # SPK types whose data begin with a state
_ITEM = re.compile(r"([A-Za-z0-9_/\-.]+?)\s*(\+)?=\s*(\((?:'[^']*'|[^')])*\)|'[^']*'|\S+)")
_VALUE = re.compile(r"'((?:[^']|'')*)'|([^\s(),']+)")
Variables = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an SPK puts a station: Earth-fixed kilometres at an ephemeris time (s), and the name of its segment."""

    fixed_km: tuple[float, float, float]
    et: float
    name: str

    @property
    def lon_lat_deg(self) -> tuple[float, float]:
        """East longitude and geodetic latitude (WGS84), degrees: good to a kilometre."""
        x, y, z = self.fixed_km
        axis = float(np.hypot(x, y))
        return degrees(np.arctan2(y, x)), degrees(np.arctan2(z, axis * (1.0 - 0.00669438)))


@dataclass(frozen=True, slots=True)
class Inventory:
    """The contents of one kernel, by which clashes with others are found; `kind` is SPK, CK, PCK, TEXT, META or OTHER.

    Of a text kernel: its variables as they are written, names by SPICE number, what defines clocks by SPICE number (negative),
    east longitude and latitude (deg) that topocentric frames give to stations. Of a binary one: segments, and places of stations.
    """

    path: str
    kind: str
    variables: Variables = field(default_factory=dict)
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    clocks: Mapping[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    horizons: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    segments: tuple[DafSegment, ...] = ()
    places: Mapping[int, Place] = field(default_factory=dict)

    @property
    def structures(self) -> set[int]:
        """SPICE numbers of what a CK turns."""
        return {one.integers[0] for one in self.segments} if self.kind == "CK" else set()


def _names(variables: Variables) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for name, code in zip(variables.get("NAIF_BODY_NAME", ()), variables.get("NAIF_BODY_CODE", ()), strict=False):
        body = whole(code)
        if body is not None:
            found[body] = (*found.get(body, ()), plain(name))
    return found


def _clocks(variables: Variables) -> dict[int, tuple[tuple[str, ...], ...]]:
    found = {}
    for name in variables:
        own = name.rpartition("_")[2]
        if name.startswith("SCLK_DATA_TYPE_") and own.isdigit():
            rest = sorted(key for key in variables if key.startswith("SCLK") and key.endswith("_" + own))
            found[-int(own)] = tuple((key, *variables[key]) for key in rest)
    return found


def _horizons(variables: Variables) -> dict[int, tuple[float, float]]:
    found = {}
    for key, values in variables.items():
        match = re.fullmatch(r"FRAME_(\d+)_CENTER", key)
        centre = whole(values[0]) if match and values else None
        if match is None or centre is None or centre not in STATIONS:
            continue
        for own in (match[1], *variables.get(f"FRAME_{match[1]}_NAME", ())):
            turn = _turn(variables, f"TKFRAME_{own.upper()}_")
            if turn is not None:
                found[centre] = turn
    return found


def _turn(variables: Variables, prefix: str) -> tuple[float, float] | None:
    """Return longitude and latitude of a frame turned by -longitude, -colatitude and 180 degrees about axes 3, 2 and 3."""
    angles, axes = variables.get(prefix + "ANGLES", ()), variables.get(prefix + "AXES", ())
    units = tuple(one.upper() for one in variables.get(prefix + "UNITS", ()))
    if len(angles) != 3 or axes != ("3", "2", "3") or units[:1] != ("DEGREES",):
        return None
    first, second = number(angles[0]), number(angles[1])
    return None if first is None or second is None else ((180.0 - first) % 360.0 - 180.0, 90.0 + second)


def text_inventory(path: str, text: str) -> Inventory:
    """Return what a text kernel defines. Values stay as they are written; a file without data has none."""
    variables: dict[str, tuple[str, ...]] = {}
    for block in re.split(r"^[ \t]*\\begindata[ \t\r]*$", text, flags=re.MULTILINE)[1:]:
        data = re.split(r"^[ \t]*\\begintext[ \t\r]*$", block, maxsplit=1, flags=re.MULTILINE)[0]
        for name, plus, value in _ITEM.findall(data):
            values = tuple(quoted.replace("''", "'") or bare for quoted, bare in _VALUE.findall(value))
            key = name.upper()
            variables[key] = (variables.get(key, ()) if plus else ()) + values
    kind = "META" if "KERNELS_TO_LOAD" in variables else "TEXT"
    return Inventory(path, kind, variables, _names(variables), _clocks(variables), _horizons(variables))


def binary_inventory(path: str, octets: bytes | memoryview) -> Inventory:
    """Return what a binary kernel (DAF) holds. Raises DefinitionError for one that is damaged."""
    daf = read_daf(octets, path)
    places = dict(_places(daf, octets)) if daf.kind == "SPK" else {}
    return Inventory(path, daf.kind, segments=daf.segments, places=places)


def _places(daf: DafFile, octets: bytes | memoryview) -> list[tuple[int, Place]]:
    found = []
    for one in daf.segments:
        body, centre, frame, kind, first, last = one.integers
        if body in STATIONS and centre == EARTH and frame in EARTH_FIXED and kind in STATE_TYPES and last - first >= 6:
            x, y, z = daf.words(octets, first, first + 2).tolist()
            found.append((body, Place((x, y, z), one.doubles[0], one.name)))
    return found


def kernels_of(meta: Inventory) -> tuple[str, ...]:
    """Return the paths that a meta-kernel names, its path symbols put in."""
    symbols = dict(zip(meta.variables.get("PATH_SYMBOLS", ()), meta.variables.get("PATH_VALUES", ()), strict=False))
    paths, joined = [], ""
    for part in meta.variables["KERNELS_TO_LOAD"]:
        joined += part.removesuffix("+")
        if part.endswith("+"):  # goes on in the next string
            continue
        for symbol, value in sorted(symbols.items(), key=lambda pair: -len(pair[0])):
            joined = joined.replace("$" + symbol, value)
        paths.append(joined)
        joined = ""
    return tuple(paths)


def plain(name: str) -> str:
    """Return a name as SPICE compares them: capitals, single blanks; underscores count as blanks here."""
    return " ".join(name.upper().replace("_", " ").split())


def number(text: str) -> float | None:
    """Return a number as text kernels write it, None for what is none."""
    try:
        found = float(text.upper().replace("D", "E"))
    except ValueError:
        return None
    return found if isfinite(found) else None


def whole(text: str) -> int | None:
    """Return a whole number as text kernels write it, None for what is none."""
    found = number(text)
    return int(found) if found is not None and found.is_integer() else None
