"""Agencies, centres, roles, stations, instruments, the agreement between agencies and who may what."""

from .agreement import KINDS, SEVERITIES, Agreement, Give, SharedAlarms, subject, subjects
from .authority import ACTS, SIGNIFICANCES, Asset, Authority, Critical, Reach, Rule, Who
from .identifiers import gate_authority, sle_authority
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
    "ACTS", "ALWAYS", "ASSUMED", "FILES", "GRADES", "KEY", "KINDS", "PERMISSIONS", "SEVERITIES", "SIGNIFICANCES", "WITHHELD",
    "Access", "Agency", "Agreement", "Asset", "Authority", "Basis", "Capability", "Centre", "Collection", "Critical",
    "DataRights", "Exemption", "Give", "Instrument", "Organisation", "Ownership", "Period", "Position", "Reach", "Role", "Rule",
    "SharedAlarms", "SleNames", "Station", "Who", "gate_authority", "load_organisation", "months_later", "sle_authority",
    "subject", "subjects",
]  # fmt: skip
