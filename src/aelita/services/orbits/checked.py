"""What of a published orbit may be furnished: segments of our own writing, of that spacecraft alone, checked before they count.

Nobody's kernel is loaded as it came: an SPK of a partner could hold the Earth too. Its states are read, checked and written anew.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from ...ephemeris import ChebyshevStates, DafFile, DafSegment, HermiteStates, body_number, read_daf, state
from ...errors import AelitaError, DataError, UsageError
from ...ndm import Composite, Ephemeris, ephemerides, read
from ...time import NO_TIME, et_from_tai_ns, tai_ns_from_et, tai_ns_from_utc, utc_from_tai_ns
from ..missions import Mission, Spacecraft

Segment = HermiteStates | ChebyshevStates
Reals = NDArray[np.float64]
Epochs = NDArray[np.int64]
INERTIAL = {"J2000", "EME2000", "ICRF", "GCRF", "ICRF2", "ICRF3"}  # 23 mas apart at most: 0.4 m at 3,800 km
PLACES = {  # bodies about which an orbit may be, by their SPICE numbers, and how near to their centre nothing flies (km)
    0: 0.0, 1: 2400.0, 2: 6000.0, 3: 0.0, 4: 3300.0, 5: 0.0, 6: 0.0, 7: 0.0, 8: 0.0, 9: 0.0, 10: 690_000.0, 199: 2400.0,
    299: 6000.0, 301: 1700.0, 399: 6300.0, 499: 3300.0,
}  # fmt: skip
FARTHEST_KM, FASTEST_KM_S = 7.5e9, 300.0  # 50 au; faster than anything that was launched
WRONG_PART = 0.3  # of the length of a step: how far it may be from what the velocities at its ends say (80 degrees: by 0.16)
FEWEST, MOST_STATES = 2, 2_000_000
DEGREE = 7
J2000_FRAME = 1
CHEBYSHEV, LAGRANGE, HERMITE = 3, 9, 13  # SPK types that are read
PROBES = np.linspace(-1.0, 1.0, 5)
MESSAGES, KERNELS = ("oem", "kvn", "xml", "txt"), ("bsp",)  # endings of files that may hold an orbit, the first first
FIRST, LAST = tai_ns_from_utc("1972-01-02"), tai_ns_from_utc("2261-12-01")


class OrbitRefusedError(DataError):
    """A published orbit that is not used, and why."""


def segments_of(mission: Mission, craft: Spacecraft, ending: str, octets: bytes, where: str) -> tuple[Segment, ...]:
    """Return the segments of an SPK that a product's file makes. Raises OrbitRefusedError that says why it makes none.

    Refused are: what cannot be read, another body, frame or centre, states that are no numbers, inside of the body, farther or
    faster than anything flies, or whose velocities are not those of their places; and places farther from the body that the
    mission says the spacecraft is near than it says.
    """
    try:
        found = _of_kernel(craft, octets, where) if ending in KERNELS else _of_message(mission, craft, octets, where)
        for one in found:
            _check(craft, one, where)
    except OrbitRefusedError:
        raise
    except AelitaError as error:
        raise OrbitRefusedError(error.what, where=where) from error
    except Exception as error:  # whatever garbage does to a reader, it ends here
        raise OrbitRefusedError(f"it cannot be read: {type(error).__name__}: {str(error)[:200]}", where=where) from error
    if not found:
        raise OrbitRefusedError("it holds no states", where=where)
    return found


def _of_message(mission: Mission, craft: Spacecraft, octets: bytes, where: str) -> tuple[HermiteStates, ...]:
    message = read(octets, where=where)
    if isinstance(message, Composite):
        raise OrbitRefusedError("several messages in one", where=where, remedy="Publish one OEM")
    return tuple(_of_ephemeris(mission, craft, one, where) for one in ephemerides(message) if one.start_tai_ns < one.stop_tai_ns)


def _of_ephemeris(mission: Mission, craft: Spacecraft, part: Ephemeris, where: str) -> HermiteStates:
    for name in (part.object_name, part.object_id):
        if other := _another(mission, craft, name):
            raise OrbitRefusedError(f"it is the orbit of {name}, which is {other}, not {craft.name}", where=where)
    if part.frame.upper() not in INERTIAL:
        raise OrbitRefusedError(f"its frame is {part.frame[:40]}", where=where, remedy=f"Use {', '.join(sorted(INERTIAL))}")
    at, states = _useable(part)
    ets = np.asarray(et_from_tai_ns(at), np.float64)
    return HermiteStates(craft.naif_id, _centre(part.center, where), ets, states, degree=DEGREE, name=craft.key[:40])


def _useable(part: Ephemeris) -> tuple[Epochs, Reals]:
    """Return epochs and states of the span that may be used; where it ends between two states, one is interpolated there."""
    held = (part.epoch_tai_ns >= part.start_tai_ns) & (part.epoch_tai_ns <= part.stop_tai_ns)
    at, states = part.epoch_tai_ns[held], np.hstack([part.position_km[held], part.velocity_km_s[held]])
    edges = [one for one in (part.start_tai_ns, part.stop_tai_ns) if one not in (at[[0, -1]] if at.size else ())]
    if edges:
        method = part.method or "HERMITE"
        degree = part.degree or min(DEGREE, 2 * part.epoch_tai_ns.size - 1)
        more = np.hstack(part.states(np.array(edges, np.int64), method=method, degree=degree))
        order = np.argsort(np.concatenate([at, edges]))
        at, states = np.concatenate([at, edges])[order].astype(np.int64), np.vstack([states, more])[order]
    return at, states


def _another(mission: Mission, craft: Spacecraft, name: str) -> str:
    """Return which other spacecraft or body a name is of, empty for one that may be this one's.

    What is simulated may fly the orbit of any.
    """
    plain = " ".join(name.upper().replace("_", " ").split())
    if craft.simulated or plain in ("", craft.key.upper(), craft.name.upper(), str(craft.naif_id)):
        return ""
    for one in mission.spacecraft:
        if plain in (one.key.upper(), one.name.upper()):
            return one.key
    try:
        number = 0 if plain.isdigit() or not plain.isascii() else body_number(plain)  # catalogues of satellites have numbers too
    except UsageError:  # no name that SPICE knows
        return ""
    return "" if number in (0, craft.naif_id) else f"{number} in SPICE"


def _centre(name: str, where: str) -> int:
    plain = name.upper().replace("_", " ")
    number = body_number(plain) if plain.isascii() else -1
    if number not in PLACES:
        raise OrbitRefusedError(
            f"its centre is {name[:40]}", where=where, remedy="Use the Sun, a planet, the Moon or a barycentre"
        )
    return number


def _of_kernel(craft: Spacecraft, octets: bytes, where: str) -> tuple[Segment, ...]:
    daf = read_daf(octets, where)
    if daf.kind != "SPK":
        raise OrbitRefusedError(f"it is no SPK but of kind {daf.kind}", where=where)
    return tuple(_of_segment(craft, daf, one, octets, where) for one in daf.segments)


def _of_segment(craft: Spacecraft, daf: DafFile, one: DafSegment, octets: bytes, where: str) -> Segment:
    body, centre, frame, kind, first, last = one.integers
    if body != craft.naif_id:
        raise OrbitRefusedError(f"it holds body {body}, and {craft.name} is {craft.naif_id}", where=where)
    if centre not in PLACES or frame != J2000_FRAME:
        raise OrbitRefusedError(f"its centre is {centre} and its frame {frame} in SPICE", where=where, remedy="Use J2000 (1)")
    words, span = daf.words(octets, first, last), one.doubles
    if kind == CHEBYSHEV:
        start, length, size, count = words[-4:]
        rows, width = int(count), (int(size) - 2) // 6
        terms = words[: rows * int(size)].reshape(rows, int(size))[:, 2:].reshape(rows, 6, width)
        if not (start <= span[0] < span[1] <= start + length * rows):
            raise OrbitRefusedError("its polynomials end before it does", where=where)
        return ChebyshevStates(body, centre, float(start), float(length), terms, name=craft.key[:40])
    if kind not in (LAGRANGE, HERMITE):
        raise OrbitRefusedError(f"SPK type {kind} is not read here", where=where, remedy="Publish an OEM, or types 3, 9, 13")
    count = int(words[-1])
    if not FEWEST <= count <= MOST_STATES or words.size < 7 * count + 2:
        raise OrbitRefusedError(f"a segment of {count} states is damaged", where=where)
    ets, states = words[6 * count : 7 * count], words[: 6 * count].reshape(count, 6)
    inside = (ets >= span[0] - 1.0) & (ets <= span[1] + 1.0)  # what lies farther out is there to interpolate, and not told
    return HermiteStates(body, centre, ets[inside], states[inside], degree=DEGREE, name=craft.key[:40])


def _sampled(segment: Segment) -> Iterator[tuple[Reals, Reals]]:
    """Yield ephemeris times and states of a segment that lie near each other."""
    if isinstance(segment, HermiteStates):
        yield np.asarray(segment.ets, np.float64), np.asarray(segment.states, np.float64)
        return
    vander = chebyshev.chebvander(PROBES, segment.terms.shape[2] - 1)
    states = np.einsum("nk,pck->pnc", vander, segment.terms)
    starts = segment.start_et + segment.length_s * np.arange(segment.terms.shape[0])
    for first in range(0, starts.size, 4096):
        some = slice(first, first + 4096)
        ets = starts[some, None] + segment.length_s * (PROBES + 1.0) / 2.0
        kept = np.ones(ets.shape, np.bool_)
        kept[1:, 0] = False  # the end of a piece is the start of the next
        yield ets[kept], states[some][kept]


def _check(craft: Spacecraft, segment: Segment, where: str) -> None:
    segment.new()  # says what of its form is wrong
    for ets, states in _sampled(segment):
        if not FEWEST <= ets.size <= MOST_STATES:
            raise OrbitRefusedError(f"{ets.size} states", where=where)
        at = np.asarray(tai_ns_from_et(ets), np.int64)
        if at.min() < FIRST or at.max() > LAST or (at == NO_TIME).any():
            raise OrbitRefusedError("its epochs are beyond 1972 to 2261", where=where)
        _check_states(segment.centre, at, ets, states, where)
        _check_nearness(craft, segment.centre, at, states, where)


def _check_states(centre: int, at: Epochs, ets: Reals, states: Reals, where: str) -> None:
    place, speed = np.linalg.norm(states[:, :3], axis=1), np.linalg.norm(states[:, 3:], axis=1)
    for wrong, what in (
        (~np.isfinite(states).all(axis=1), "a state is not a number"),
        (place < PLACES[centre], f"nearer than {PLACES[centre]:g} km to the centre of the body"),
        (place > FARTHEST_KM, f"farther than {FARTHEST_KM:g} km: are they kilometres?"),
        (speed > FASTEST_KM_S, f"faster than {FASTEST_KM_S:g} km/s: are they kilometres?"),
    ):
        if wrong.any():
            raise OrbitRefusedError(f"{what}, at {_utc(at[np.argmax(wrong)])}", where=where)
    lasts = np.diff(ets)[:, None]
    moved, said = np.diff(states[:, :3], axis=0), lasts * (states[1:, 3:] + states[:-1, 3:]) / 2.0
    length = (lasts[:, 0] * (speed[1:] + speed[:-1])) / 2.0
    astray = np.linalg.norm(moved - said, axis=1) > WRONG_PART * length + 1.0
    if astray.any():
        raise OrbitRefusedError(f"its velocities are not those of its places, after {_utc(at[np.argmax(astray)])}", where=where)


def _check_nearness(craft: Spacecraft, centre: int, at: Epochs, states: Reals, where: str) -> None:
    since = craft.near_since
    rows = np.flatnonzero(at >= since) if since != NO_TIME else np.arange(at.size)
    if not craft.near or not rows.size:
        return
    near = body_number(craft.near)
    place = states[rows, :3] + (0.0 if near == centre else state(str(centre), craft.near, at[rows])[:, :3])
    far = np.linalg.norm(place, axis=1)
    if (far > craft.near_km).any():
        first = int(np.argmax(far > craft.near_km))
        raise OrbitRefusedError(
            f"{far[first]:,.0f} km from {craft.near.capitalize()} at {_utc(at[rows][first])}, and the mission has {craft.name} "
            f"{craft.near_km:,.0f} km from there at most then",
            where=where, remedy="Correct the orbit, or near_km and near_since in mission.toml",
        )  # fmt: skip


def _utc(at: int) -> str:
    return f"{utc_from_tai_ns(int(at), 0)} UTC"


def file_of(endings: Sequence[str]) -> str:
    """Return the ending of the file of a product in which its orbit is looked for, empty when it has none."""
    return next((one for one in (*MESSAGES, *KERNELS) if one in endings), "")
