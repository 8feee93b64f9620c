"""Session keys that secure commands: one copy on board, one at the agency that owns the spacecraft, made at the first start.

space/keys/<spacecraft>.json                  what the simulated spacecraft has on board
<agency>/commanding/keys/<spacecraft>.json    what the owner's commander has: {"key_id", "spi", "key" (hexadecimal)}
"""

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import UsageError
from ...link import CommandLink
from .credentials import write_secret
from .installation import Installation

KEY_OCTETS = 32
KEY_ID = 1


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A session key, and the security association that uses it."""

    key_id: int
    spi: int
    key: bytes = field(repr=False)


def key_on_board(installation: Installation, spacecraft: str) -> Path:
    """Return the file of a simulated spacecraft's key."""
    return installation.folder / "space" / "keys" / f"{spacecraft}.json"


def key_of_agency(installation: Installation, agency: str, spacecraft: str) -> Path:
    """Return the file of an agency's copy of a spacecraft's key."""
    return installation.home(agency) / "commanding" / "keys" / f"{spacecraft}.json"


def command_link(installation: Installation, spacecraft: str) -> CommandLink:
    """Return the description of a spacecraft's command link. Raises UsageError when it has none, DefinitionError."""
    path = installation.mission.craft(spacecraft).uplink
    if path is None:
        raise UsageError(f"{spacecraft} has no uplink", remedy="Name the file of one in the mission's mission.toml")
    return CommandLink.from_toml(path.read_text("utf-8"), str(path))


def keep_command_keys(installation: Installation) -> None:
    """Make the keys of the simulated spacecraft that are secured and have none, and give the owners that run here their copies.

    A copy that is there is left alone, and one of the owner's alone goes on board. Raises UsageError and DefinitionError.
    """
    here = {agency.key for agency in installation.agencies}
    for spacecraft in installation.simulated:
        rules = command_link(installation, spacecraft).security
        owner = installation.mission.craft(spacecraft).agency
        if rules.service == "none":
            continue
        paths = [key_on_board(installation, spacecraft)]
        paths += [key_of_agency(installation, owner, spacecraft)] if owner in here else []
        held = [path for path in paths if path.is_file()]
        key = read_command_key(held[0]) if held else CommandKey(KEY_ID, rules.spi, secrets.token_bytes(KEY_OCTETS))
        for path in paths:
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                write_secret(path, json.dumps({"key_id": key.key_id, "spi": key.spi, "key": key.key.hex()}))


def read_command_key(path: Path) -> CommandKey:
    """Return the key in a file. Raises UsageError when it is absent or damaged."""
    try:
        told = json.loads(path.read_text("utf-8"))
        made = CommandKey(int(told["key_id"]), int(told["spi"]), bytes.fromhex(told["key"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"no session key can be read: {error}", where=str(path), remedy="Copy the other end's file here"
        ) from error
    if len(made.key) != KEY_OCTETS:
        raise UsageError(f"a key of {len(made.key)} octets", where=str(path), remedy=f"It has {KEY_OCTETS}")
    return made
