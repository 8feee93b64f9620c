"""Which numbers a data line has: from the metadata of its message."""

from collections.abc import Mapping
from dataclasses import dataclass

from .model import Value
from .tables_attitude import ATTITUDES, DIAGONALS, POINTING_RATES, POINTINGS
from .tables_comprehensive import ELEMENTS, WORDS
from .values import Place

STATES = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT", "X_DDOT", "Y_DDOT", "Z_DDOT")


@dataclass(frozen=True, slots=True)
class Layout:
    """What follows the time tag of a line.

    `columns` is empty where only the lines tell how many there are. `widths` are the numbers of values a line may have; `words`
    the columns that are text; `relative` whether the time tag may be seconds past EPOCH_TZERO.
    """

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    words: frozenset[str] = frozenset()
    relative: bool = False
    because: str = ""


def layout(kind: str, values: Mapping[str, Value], place: Place) -> Layout:
    """Return what lines of a kind (a section's `rows`) have, given the block's or segment's values. Raises NdmError."""
    return _LAYOUTS[kind](values, place)


def _states(values: Mapping[str, Value], place: Place) -> Layout:
    return Layout(STATES, (6, 9), because="a state has 6 or 9 numbers")


def _attitude(values: Mapping[str, Value], place: Place) -> Layout:
    named = str(values.get("ATTITUDE_TYPE", "")).upper()
    if named not in ATTITUDES:
        raise Place(place.where, place.line, "ATTITUDE_TYPE").wrong(f"{named!r} is none of {', '.join(ATTITUDES)}")
    columns = ATTITUDES[named][0]
    if str(values.get("QUATERNION_TYPE", "LAST")).upper() == "FIRST" and columns[0] == "Q1":  # scalar component first
        columns = tuple(
            name for part in (columns[:4], columns[4:]) for name in ((*part[3:], *part[:3]) if part[-1:] in _SCALAR else part)
        )
    return Layout(columns, (len(columns),), because=f"ATTITUDE_TYPE is {named}")


_SCALAR = (("QC",), ("QC_DOT",))


def _trajectory(values: Mapping[str, Value], place: Place) -> Layout:
    named = str(values.get("TRAJ_TYPE", "CARTPV")).upper()
    elements = ELEMENTS.get(named)
    columns = tuple(element.split(":")[0] for element in elements.split()) if elements else ()
    return Layout(columns, (len(columns),) if columns else (), relative=True, because=f"TRAJ_TYPE is {named}")


def _covariance(values: Mapping[str, Value], place: Place) -> Layout:
    named = str(values.get("COV_TYPE", "CARTPV")).upper()
    ordering = str(values.get("COV_ORDERING", "LTM")).upper()
    size = len(ELEMENTS[named].split()) if named in ELEMENTS else 0
    cells = size * (size + 1) // 2 if ordering in {"LTM", "UTM"} else size * size
    because = f"COV_TYPE is {named} and COV_ORDERING {ordering}"
    return Layout(tuple(f"C{n}" for n in range(1, cells + 1)), (cells,) if cells else (), relative=True, because=because)


def _maneuver(values: Mapping[str, Value], place: Place) -> Layout:
    names = [name.strip().upper() for name in str(values.get("MAN_COMPOSITION", "")).split(",")]
    columns = tuple(names[1:])
    return Layout(
        columns, (len(columns),), frozenset(columns) & frozenset(WORDS), True, f"MAN_COMPOSITION has {len(names)} elements"
    )


def _pointing(values: Mapping[str, Value], place: Place) -> Layout:
    attitude, rate = str(values.get("ATT_TYPE", "")).upper().replace(" ", "_"), str(values.get("RATE_TYPE", "NONE")).upper()
    columns = POINTINGS.get(attitude, ()) + POINTING_RATES.get(rate.replace(" ", "_"), ())
    return Layout(columns, (len(columns),), relative=True, because=f"ATT_TYPE is {attitude} and RATE_TYPE {rate}")


def _diagonal(values: Mapping[str, Value], place: Place) -> Layout:
    named = str(values.get("COV_TYPE", "")).upper()
    size = DIAGONALS.get(named, 0)
    return Layout(
        tuple(f"C{n}" for n in range(1, size + 1)), (size,) if size else (), relative=True, because=f"COV_TYPE is {named}"
    )


_LAYOUTS = {
    "states": _states, "attitude": _attitude, "trajectory": _trajectory, "covariance": _covariance, "maneuver": _maneuver,
    "pointing": _pointing, "diagonal": _diagonal,
}  # fmt: skip
