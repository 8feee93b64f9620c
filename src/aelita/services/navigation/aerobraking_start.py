"""Where a campaign of aerobraking begins: as its file says, at the end of the reference cruise, or in an orbit message."""

from dataclasses import dataclass
from pathlib import Path

from ...dynamics import AerobrakingFile
from ...errors import AelitaError, UsageError
from ...ndm import Message, read
from ...time import utc_from_tai_ns
from .cruising import find_cruise
from .orbit_files import arcs_of
from .reading import octets_of


@dataclass(frozen=True, slots=True)
class Begun:
    """A campaign's file with the start it was given, and where that comes from."""

    file: AerobrakingFile
    origin: str


def begun(
    file: AerobrakingFile, *, mission: Path | None = None, orbit: Path | None = None, mass_kg: float | None = None
) -> Begun:
    """Return a campaign that begins where the cruise of a mission's folder ends, or with the last state of an OEM or OPM.

    The mass is the one given, otherwise that of the cruise or of the OPM where it has one, otherwise that of the file. Errors are
    those of the files read, and UsageError for an orbit that cannot be braked; each names the file.
    """
    if mission is not None and orbit is not None:
        raise UsageError("two starts, the cruise and an orbit", remedy="Give one of them")
    if mission is not None:
        _, cruise = find_cruise(mission)
        origin, start, mass = "the reference cruise", cruise.hand_over, cruise.mass_kg
    elif orbit is not None:
        message = read(octets_of(orbit), where=str(orbit))
        arc = arcs_of(message, str(orbit))[-1]
        origin, start, mass = orbit.name, arc.at(-1), _mass_of(message, file)
    else:
        origin, start, mass = "its file", file.start, file.plan.vehicle.mass_kg
    try:
        made = file if mass_kg is None and origin == "its file" else file.begun(start, mass if mass_kg is None else mass_kg)
    except AelitaError as error:
        raise UsageError(error.what, where=str(orbit or ""), remedy=error.remedy) from error
    return Begun(made, f"{origin}, {utc_from_tai_ns(made.start.epoch_tai_ns, 0)}, {made.plan.vehicle.mass_kg:.0f} kg")


def _mass_of(message: object, file: AerobrakingFile) -> float:
    """Return the mass (kg) in an OPM, that of the file without one."""
    if isinstance(message, Message) and message.kind == "OPM":
        for block in message.segments[0].blocks("spacecraftParameters"):
            if "MASS" in block.values:
                return block.number("MASS")
    return file.plan.vehicle.mass_kg
