"""Agencies, centres, roles, stations, instruments, the agreement between agencies and who may what."""

from .agreement import KINDS, SEVERITIES, Agreement, Give, SharedAlarms, subject, subjects
from .load import FILES, load_organisation
from .model import (
    ALWAYS,
    ASSUMED,
    GRADES,
    Agency,
    Basis,
    Capability,
    Centre,
    Collection,
    Instrument,
    Ownership,
    Period,
    Position,
    Role,
    SleNames,
    Station,
)
from .organisation import Organisation
from .permissions import PERMISSIONS
from .reading import KEY
from .rights import WITHHELD, Access, DataRights, Exemption, months_later

__all__ = [
    "ALWAYS", "ASSUMED", "FILES", "GRADES", "KEY", "KINDS", "PERMISSIONS", "SEVERITIES", "WITHHELD", "Access", "Agency",
    "Agreement", "Basis", "Capability", "Centre", "Collection", "DataRights", "Exemption", "Give", "Instrument",
    "Organisation", "Ownership", "Period", "Position", "Role", "SharedAlarms", "SleNames", "Station", "load_organisation",
    "months_later", "subject", "subjects",
]  # fmt: skip
