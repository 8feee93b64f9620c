"""Manoeuvres of an OPM as burns to fly, and what it tells of the spacecraft."""

from math import log
from pathlib import Path

import numpy as np

from ...dynamics import FiniteBurn, ImpulsiveBurn
from ...errors import UsageError
from ...ndm import Block, Composite, read
from .orbit_files import INERTIAL
from .reading import octets_of

Burn = ImpulsiveBurn | FiniteBurn
STANDARD_GRAVITY_M_S2 = 9.80665  # by definition of the specific impulse
# CCSDS 502.0-B, annex: RTN, also named RSW, counts from the radius; TNW from the velocity, W along the angular momentum
AXES = {"RTN": "rtn", "RSW": "rtn", "TNW": "velocity"} | dict.fromkeys(INERTIAL, "inertial")
PARTS = ("MAN_DV_1", "MAN_DV_2", "MAN_DV_3")
NO_FLOW_S = 1e15  # specific impulse of thrust that costs no mass


def opm_mass_kg(path: Path) -> float | None:
    """Return the mass that an OPM tells; None where it tells none, or for another message."""
    message = read(octets_of(path), where=str(path))
    if isinstance(message, Composite) or message.kind != "OPM":
        return None
    for block in message.segments[0].blocks("spacecraftParameters"):
        if "MASS" in block.values:
            return block.number("MASS")
    return None


def opm_burns(path: Path, mass_kg: float) -> tuple[Burn, ...]:
    """Return the manoeuvres of an OPM in order of time; none for another message. `mass_kg` is that at the epoch of its state.

    Without a duration they are sudden, with one thrust is constant; what leaves is MAN_DELTA_MASS. Raises UsageError for axes
    that are none here, a velocity that is not whole, and mass that grows or does not suffice.
    """
    message = read(octets_of(path), where=str(path))
    if isinstance(message, Composite) or message.kind != "OPM":
        return ()
    epoch = message.block("stateVector").epoch("EPOCH").tai_ns
    given = [(one.epoch("MAN_EPOCH_IGNITION").tai_ns, one) for one in message.segments[0].blocks("maneuverParameters")]
    given.sort(key=lambda each: each[0])
    numbers = {id(one): number for number, (_, one) in enumerate(given, 1)}
    made: list[Burn] = []
    mass = mass_kg
    for at, one in given:
        if at >= epoch:
            burn, mass = _burn(at, one, mass, f"manoeuvre {numbers[id(one)]}", str(path))
            made += [burn] if burn is not None else []
    mass = mass_kg
    for at, one in reversed(given):
        if at < epoch:
            mass -= _number(one, "MAN_DELTA_MASS")
            burn, _ = _burn(at, one, mass, f"manoeuvre {numbers[id(one)]}", str(path))
            made += [burn] if burn is not None else []
    return tuple(sorted(made, key=lambda each: each.start_tai_ns))


def _burn(at: int, block: Block, mass_kg: float, name: str, where: str) -> tuple[Burn | None, float]:
    """Return a manoeuvre as a burn (None if it changes nothing), and the mass after it."""
    frame = block.text("MAN_REF_FRAME", "").upper()
    if frame not in AXES:
        raise UsageError(f"{name} is in the frame {frame or 'that it does not name'}", where=where,
                         remedy=f"Manoeuvres are flown in {', '.join(sorted(AXES))}")  # fmt: skip
    absent = [part for part in PARTS if part not in block.values]
    if absent:
        raise UsageError(f"{name} has no {', '.join(absent)}", where=where, remedy="Give all three components of the velocity")
    one, two, three = (block.number(part) for part in PARTS)
    speed_m_s, lasts_s, lost_kg = (
        1000 * float(np.linalg.norm((one, two, three))), _number(block, "MAN_DURATION"), -_number(block, "MAN_DELTA_MASS")
    )  # fmt: skip
    if not 0 <= lost_kg < mass_kg or lasts_s < 0:
        raise UsageError(
            f"{name} lasts {lasts_s:g} s and takes {lost_kg:g} of {mass_kg:g} kg", where=where,
            remedy="MAN_DELTA_MASS is zero or below, MAN_DURATION zero or above; look at MASS, --mass",
        )  # fmt: skip
    if speed_m_s == 0:
        if lost_kg > 0:
            raise UsageError(f"{name} takes {lost_kg:g} kg and changes no velocity", where=where, remedy="Give its velocity")
        return None, mass_kg
    exhaust_m_s = speed_m_s / log(mass_kg / (mass_kg - lost_kg)) if lost_kg > 0 else None
    axes = AXES[frame]
    if lasts_s == 0:
        isp_s = exhaust_m_s / STANDARD_GRAVITY_M_S2 if exhaust_m_s else None
        return ImpulsiveBurn(at, (one, two, three), axes, isp_s, name), mass_kg - lost_kg
    if exhaust_m_s is None:
        thrust_n, isp_s = mass_kg * speed_m_s / lasts_s, NO_FLOW_S
    else:
        thrust_n, isp_s = lost_kg / lasts_s * exhaust_m_s, exhaust_m_s / STANDARD_GRAVITY_M_S2
    return FiniteBurn(at, lasts_s, thrust_n, isp_s, (one, two, three), axes, name), mass_kg - lost_kg


def _number(block: Block, keyword: str) -> float:
    return block.number(keyword) if keyword in block.values else 0.0
