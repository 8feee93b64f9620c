"""How stations know agencies: authority identifiers of SLE associations, 3 to 16 characters (CCSDS 913.1-B), each of one alone.

An agency's receivers have one, its release gate another. A key that is too long is cut, and ends with a part of its SHA-256.
"""

from hashlib import sha256

LONGEST, SHORTEST, GATE, TAIL = 16, 3, "-GATE", 4


def sle_authority(agency: str) -> str:
    """Return the authority identifier of an agency's receivers."""
    return _within(agency, LONGEST).ljust(SHORTEST, "-")


def gate_authority(agency: str) -> str:
    """Return the authority identifier of an agency's release gate."""
    return _within(agency, LONGEST - len(GATE)) + GATE


def _within(agency: str, most: int) -> str:
    if len(agency) <= most:
        return agency.upper()
    return f"{agency[: most - TAIL - 1]}-{sha256(agency.encode()).hexdigest()[:TAIL]}".upper()
