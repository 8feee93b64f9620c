"""Secrets of SLE associations between a station's provider and the centres that use it: made at first start, in files of 0600.

Receivers and release gates have files, names and passwords of their own: what a receiver knows opens no uplink.
"""

import json
import secrets
from dataclasses import replace
from pathlib import Path

from ...agencies import gate_authority, sle_authority
from ...errors import UsageError
from ...sle import AuthenticationLevel, HashAlgorithm, Security
from .credentials import write_secret
from .installation import SleUser

PASSWORD_OCTETS = 16
GATES = "gates"  # folder of the secrets of gates, beside those of receivers
ALGORITHMS = {"sha-1": HashAlgorithm.SHA_1, "sha-256": HashAlgorithm.SHA_256}


def keep_gate_secrets(folder: Path, station: str, agencies: tuple[str, ...]) -> dict[str, Security]:
    """Return what a station's provider knows of agencies' release gates, by authority identifier; absent secrets are made."""
    known = _kept(folder / GATES, station, agencies)
    return {gate_authority(agency): _security(known[agency], "station", "centre") for agency in agencies}


def secrets_of_gate(folder: Path, station: str, agency: str) -> Security:
    """Return what an agency's release gate needs to bind a station. Raises UsageError when there are no secrets."""
    return _of_centre(folder / GATES, station, agency, "gate of ")


def keep_secrets(folder: Path, station: str, agencies: tuple[str, ...], users: tuple[SleUser, ...] = ()) -> dict[str, Security]:
    """Return what a station's provider knows of each agency and other user, by authority identifier; absent secrets are made."""
    known = _kept(folder, station, (*agencies, *(user.authority for user in users)))
    peers = {sle_authority(agency): _security(known[agency], "station", "centre") for agency in agencies}
    for user in users:
        level, algorithm = AuthenticationLevel(user.level), ALGORITHMS[user.algorithm]
        peers[user.authority] = replace(_security(known[user.authority], "station", "centre"), level=level, algorithm=algorithm)
    return peers


def secrets_of_user(folder: Path, station: str, agency: str) -> Security:
    """Return what an agency's receiver needs to bind a station. Raises UsageError when there are no secrets."""
    return _of_centre(folder, station, agency)


def _of_centre(folder: Path, station: str, agency: str, role: str = "") -> Security:
    path = folder / f"{station}.json"
    if not path.is_file() or agency not in (known := _read(path)):
        raise UsageError(
            f"no secrets to bind {station} as {role}{agency}",
            where=str(path),
            remedy="Start the station first, or copy its file here",
        )
    return _security(known[agency], "centre", "station")


def _kept(folder: Path, station: str, names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return the pairs of passwords of a station's file; those of absent names are made and kept."""
    path = folder / f"{station}.json"
    known = _read(path) if path.is_file() else {}
    absent = [name for name in names if name not in known]
    for name in absent:
        known[name] = {"station": secrets.token_hex(PASSWORD_OCTETS), "centre": secrets.token_hex(PASSWORD_OCTETS)}
    if absent:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path, json.dumps(known, indent=1))
    return known


def _security(pair: dict[str, str], own: str, peer: str) -> Security:
    return Security(AuthenticationLevel.ALL, own_password=pair[own].encode(), peer_password=pair[peer].encode())


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(path.read_text())
        return {str(agency): {"station": str(pair["station"]), "centre": str(pair["centre"])} for agency, pair in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"cannot be read: {error}", where=str(path), remedy="Remove it: secrets are made anew") from error
