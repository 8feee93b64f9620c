"""Which kernels cannot stand beside each other, and why: stations, names, clocks, rotations, leap seconds."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import dist
from pathlib import PurePath

from ..time import BUILT_IN
from .inventory import STATIONS, Inventory, Place, plain, whole

APART_KM = 0.05  # two solutions for one station differ by metres
TURNED_DEG = 0.1
CHOOSE = "Give only one of the two, or say with `prefer` (in commands `--prefer FILE`) which one is meant"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two kernels that contradict each other: what is wrong, of the kernels `first` and `second`, and what to do.

    `curable` is false where the second one is no use beside the first, whichever is meant. `refused` is false for what does no
    harm here and is only worth knowing: a topocentric frame at another place than the station of its own name.
    """

    what: str
    first: str
    second: str
    remedy: str = CHOOSE
    curable: bool = True
    refused: bool = True


def clashes_among(kernels: Sequence[Inventory], spacecraft: Collection[int] = ()) -> Iterator[Clash]:
    """Yield what clashes among kernels in the order of their loading, the later ones of greater weight.

    With `spacecraft` (SPICE numbers) clocks of others are refused too.
    """
    for n, second in enumerate(kernels):
        for first in kernels[: n + 1]:
            yield from _stations(first, second)
            yield from _names(first, second)
            if first is not second:
                yield from _clocks(first, second)
        yield from _strange_clocks(second, spacecraft)
        yield from _old_leap_seconds(second)
    yield from _attitudes_without_clock(kernels)
    yield from _rotations(kernels)


def _stations(first: Inventory, second: Inventory) -> Iterator[Clash]:
    """Yield stations of one number in two places: SPK against SPK, SPK against topocentric frame, frame against frame."""
    for body in sorted(first.places.keys() & second.places.keys()):
        one, other = first.places[body], second.places[body]
        apart = dist(one.fixed_km, other.fixed_km)
        if apart > APART_KM:
            yield Clash(
                f"{body} is {_label(first, body, one)} in {_short(first)} and {_label(second, body, other)}, "
                f"{apart:,.1f} km from there, in {_short(second)}",
                first.path, second.path,
            )  # fmt: skip
    pairs = [(first, second)] if first is second else [(first, second), (second, first)]
    for frames, spk in pairs:
        for body in sorted(frames.horizons.keys() & spk.places.keys()):
            lon, lat = frames.horizons[body]
            place = spk.places[body]
            same = plain(place.name) in frames.names.get(body, ())
            if _turned(place.lon_lat_deg, (lon, lat)):
                yield Clash(
                    f"{body} is {_label(frames, body)} at {lon:.2f} deg E, {lat:.2f} deg N in {_short(frames)} and "
                    f"{_label(spk, body, place)} at {place.lon_lat_deg[0]:.2f} deg E, {place.lon_lat_deg[1]:.2f} deg N "
                    f"in {_short(spk)}",
                    first.path, second.path, refused=not same,
                )  # fmt: skip
    if first is not second:
        for body in sorted(first.horizons.keys() & second.horizons.keys()):
            if _turned(first.horizons[body], second.horizons[body]):
                yield Clash(
                    f"{body} is {_label(first, body)} in {_short(first)} and {_label(second, body)}, somewhere else, "
                    f"in {_short(second)}",
                    first.path, second.path,
                )  # fmt: skip


def _turned(one: tuple[float, float], other: tuple[float, float]) -> bool:
    lon = (one[0] - other[0] + 180.0) % 360.0 - 180.0
    return abs(lon) > TURNED_DEG or abs(one[1] - other[1]) > TURNED_DEG


def _names(first: Inventory, second: Inventory) -> Iterator[Clash]:
    """Yield numbers of stations with two names, and names with two numbers; aliases in one kernel are no clash."""
    ours, theirs = first.names, second.names
    if first is not second:
        for body in sorted(ours.keys() & theirs.keys()):
            if body in STATIONS and not set(ours[body]) & set(theirs[body]):
                yield Clash(
                    f"{body} is named {ours[body][-1]} in {_short(first)} and {theirs[body][-1]} in {_short(second)}",
                    first.path, second.path,
                )  # fmt: skip
    numbers = {name: body for body, names in ours.items() for name in names}
    for body, names in sorted(theirs.items()):
        for name in names:
            if numbers.get(name, body) != body:
                yield Clash(
                    f"{name} has the number {numbers[name]} in {_short(first)} and {body} in {_short(second)}",
                    first.path, second.path,
                )  # fmt: skip
    for body, place in sorted(second.places.items()):  # an SPK names its segments
        other = numbers.get(plain(place.name), body)
        if other != body and first is not second:
            yield Clash(
                f"{place.name} has the number {other} in {_short(first)} and {body} in {_short(second)}", first.path, second.path
            )


def _clocks(first: Inventory, second: Inventory) -> Iterator[Clash]:
    for body in sorted(first.clocks.keys() & second.clocks.keys()):
        if first.clocks[body] != second.clocks[body]:
            yield Clash(f"there are two clocks of {body}, in {_short(first)} and {_short(second)}", first.path, second.path)


def _strange_clocks(kernel: Inventory, spacecraft: Collection[int]) -> Iterator[Clash]:
    for body in sorted(kernel.clocks):
        if spacecraft and _craft(body) not in spacecraft:
            wanted = ", ".join(map(str, sorted(spacecraft)))
            yield Clash(
                f"{_short(kernel)} is the clock of {body}, another spacecraft than {wanted}", kernel.path, kernel.path,
                "Give the clock kernel of the spacecraft itself", False,
            )  # fmt: skip


def _attitudes_without_clock(kernels: Sequence[Inventory]) -> Iterator[Clash]:
    """Yield attitudes of which only clocks of other spacecraft are there."""
    clocks = {body for one in kernels for body in one.clocks}
    named = {key: whole(value[0]) for one in kernels for key, value in one.variables.items() if key.endswith("_SCLK") and value}
    for one in kernels:
        for structure in sorted(one.structures):
            own = named.get(f"CK_{structure}_SCLK") or _craft(structure)
            if clocks and own not in clocks:
                other = next(each for each in kernels if each.clocks)
                yield Clash(
                    f"{_short(one)} tells the attitude of {structure} by the clock of {own}, and {_short(other)} is that of "
                    f"{', '.join(map(str, sorted(other.clocks)))}",
                    one.path, other.path, f"Give the clock kernel of {own} with it", False,
                )  # fmt: skip


def _craft(number: int) -> int:
    """Return the spacecraft of a structure or of a clock of local time: -143000 and -174900 are of -143 and -174."""
    return number if number > -1000 else -(-number // 1000)


def _rotations(kernels: Sequence[Inventory]) -> Iterator[Clash]:
    """Yield bodies whose rotation asks for more angles than the last kernel that has them gives: SPICE would then fail."""
    pool: dict[str, tuple[tuple[str, ...], Inventory]] = {}
    for one in kernels:
        for key, values in one.variables.items():
            if key.startswith("BODY"):
                pool[key] = values, one
    for key, (values, needs) in pool.items():
        body = key.removeprefix("BODY").partition("_")[0]
        if not key.endswith(("_NUT_PREC_RA", "_NUT_PREC_DEC", "_NUT_PREC_PM")) or not body.isdigit():
            continue
        system = body[:-2] if len(body) == 3 else body
        angles, gives = pool.get(f"BODY{system}_NUT_PREC_ANGLES", ((), needs))
        degrees, _ = pool.get(f"BODY{system}_MAX_PHASE_DEGREE", (("1",), needs))
        degree = whole(degrees[0]) if degrees else None
        held = len(angles) // (1 + max(degree or 1, 1))
        if len(values) > held:
            yield Clash(
                f"{_short(gives)} over {_short(needs)} breaks the rotation of {body}: {key} needs {len(values)} angles and "
                f"{held} are left",
                needs.path, gives.path, f"Give only one of them, or {_short(needs)} last", False,
            )  # fmt: skip
            return


def _old_leap_seconds(kernel: Inventory) -> Iterator[Clash]:
    held = len(kernel.variables.get("DELTET/DELTA_AT", ())) // 2
    if 0 < held < len(BUILT_IN.offsets):
        yield Clash(
            f"{_short(kernel)} holds {held} leap seconds of {len(BUILT_IN.offsets)}", kernel.path, kernel.path,
            "Leave it out: leap seconds are built in", False,
        )  # fmt: skip


def _label(kernel: Inventory, body: int, place: Place | None = None) -> str:
    names = kernel.names.get(body)
    return names[-1] if names else (place.name if place else "a station")


def _short(kernel: Inventory) -> str:
    return PurePath(kernel.path).name
