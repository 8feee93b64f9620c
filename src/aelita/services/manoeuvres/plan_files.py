"""A planned burn as a file: an OPM with the state before it, the mass, and the manoeuvre."""

from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

from ...dynamics import FiniteBurn, ImpulsiveBurn, StateVector
from ...errors import UsageError
from ...ndm import Block, Composite, Epoch, Message, Segment, epochs_from_tai_ns, read, write
from ..navigation.orbit_files import ORIGINATOR, STATE_COLUMNS, read_arcs
from ..navigation.reading import octets_of
from .targeting import Manoeuvre

FRAMES = {
    "EME2000": "inertial", "J2000": "inertial", "ICRF": "inertial", "GCRF": "inertial", "RTN": "rtn", "RSW": "rtn",
    "TNW": "velocity",
}  # fmt: skip
GRAVITY_KM_S2 = 9.80665e-3  # of the specific impulse
KEYS = ("MAN_DV_1", "MAN_DV_2", "MAN_DV_3")


@dataclass(frozen=True, slots=True)
class Plan:
    """A state before burns, the mass then (kg), and the burns."""

    start: StateVector
    mass_kg: float
    burns: tuple[ImpulsiveBurn | FiniteBurn, ...]
    name: str


def write_plan(made: Manoeuvre, begin: StateVector, out: Path, *, name: str, ident: str, made_at: int) -> None:
    """Write a manoeuvre as an OPM (KVN, or XML where the name ends so): a state of before it, the mass, the burn."""
    burn, mass = made.burn, made.mass_kg
    finite = isinstance(burn, FiniteBurn)
    direction = np.array(burn.direction if isinstance(burn, FiniteBurn) else burn.dv_km_s)
    dv = made.size_km_s * direction / np.linalg.norm(direction)
    epochs = epochs_from_tai_ns(np.array([begin.epoch_tai_ns, burn.start_tai_ns, made_at]), "UTC")
    header = Block("header", {"CREATION_DATE": epochs[2], "ORIGINATOR": ORIGINATOR})
    meta = {"OBJECT_NAME": name, "OBJECT_ID": ident or name, "CENTER_NAME": begin.centre, "REF_FRAME": "EME2000"}
    state: dict[str, str | float | Epoch] = dict(zip(STATE_COLUMNS, map(float, begin.six), strict=True))
    blocks = (
        Block("stateVector", {"EPOCH": epochs[0], **state}),
        Block("spacecraftParameters", {"MASS": mass}),
        Block("maneuverParameters", {
            "MAN_EPOCH_IGNITION": epochs[1], "MAN_DURATION": burn.duration_s if isinstance(burn, FiniteBurn) else 0.0,
            "MAN_DELTA_MASS": burn.mass_after_kg(mass) - mass, "MAN_REF_FRAME": "EME2000",
            **dict(zip(KEYS, dv.tolist(), strict=True)),
        }, comments=() if finite else ("A sudden change of velocity",)),
    )  # fmt: skip
    message = Message("OPM", "2.0", header, (Segment(Block("metadata", {**meta, "TIME_SYSTEM": "UTC"}), blocks),))
    out.write_bytes(write(message, "xml" if out.suffix.lower() == ".xml" else "kvn", where=str(out)))


def read_plan(path: Path) -> Plan:
    """Return the plan of an OPM with manoeuvres. Raises UsageError for one without, or whose thrust cannot be told."""
    (arc, *_), message = read_arcs(path), read(octets_of(path), where=str(path))
    if isinstance(message, Composite) or message.kind != "OPM":
        raise UsageError("is no OPM", where=str(path), remedy="Give an OPM with a manoeuvre: aelita nav target --out writes one")
    blocks = {name: message.segments[0].blocks(name) for name in ("spacecraftParameters", "maneuverParameters")}
    found = blocks["maneuverParameters"]
    mass = next((block.number("MASS") for block in blocks["spacecraftParameters"] if "MASS" in block.values), None)
    if not found:
        raise UsageError("has no manoeuvre", where=str(path), remedy="Add MAN_EPOCH_IGNITION and what follows")
    left, burns = mass, []
    for number, block in enumerate(found, 1):
        burn = _burn(block, left, f"burn {number}", str(path))
        burns.append(burn)
        left = None if left is None else burn.mass_after_kg(left)
    return Plan(arc.first(), mass or 1000.0, tuple(burns), arc.name)


def _burn(block: Block, mass_kg: float | None, name: str, where: str) -> ImpulsiveBurn | FiniteBurn:
    frame = block.text("MAN_REF_FRAME").upper()
    if frame not in FRAMES:
        raise UsageError(f"{name} is in frame {frame}", where=where, remedy=f"Known are {', '.join(FRAMES)}")
    x, y, z = (block.number(key) for key in KEYS)
    begin, duration = block.epoch("MAN_EPOCH_IGNITION").tai_ns, block.number("MAN_DURATION")
    size = float(np.linalg.norm([x, y, z]))
    if not size > 0:
        raise UsageError(f"{name} changes no velocity", where=where, remedy="Leave it out")
    lost = abs(block.number("MAN_DELTA_MASS"))
    if duration == 0:
        isp = size / GRAVITY_KM_S2 / log(mass_kg / (mass_kg - lost)) if mass_kg is not None and 0 < lost < mass_kg else None
        return ImpulsiveBurn(begin, (x, y, z), FRAMES[frame], isp, name)
    if mass_kg is None or not 0 < lost < mass_kg:
        raise UsageError(
            f"{name} lasts {duration:g} s and uses {lost:g} kg of {mass_kg or 0:g}", where=where,
            remedy="A burn of some length needs MASS, and MAN_DELTA_MASS below it: they tell its thrust",
        )  # fmt: skip
    exhaust = size / log(mass_kg / (mass_kg - lost))
    return FiniteBurn(begin, duration, 1000 * exhaust * lost / duration, exhaust / GRAVITY_KM_S2, (x, y, z), FRAMES[frame], name)
