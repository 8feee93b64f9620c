"""What stands beside the tables: the mark of the format, the identity, and for how long what is kept (`archive.json`)."""

import json
import re
import uuid
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import ArchiveError, UsageError

FORMAT = 1  # raised when older releases could not read what this one writes
MARK = "archive.json"
LONGEST_DAYS = 1_000_000
UNFIT = re.compile(r"[\[\]\\\x00-\x1f\x7f\ud800-\udfff]|%[0-9A-Fa-f]{2}")  # what Delta Lake misreads in paths


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which rows are kept, by their generation time; None keeps them for ever.

    `frames` and `quarantine` go by the packets of the same recording. `parameters` takes the pyramids along, `events` the limit
    transitions. Frames hold the octets of packets, so they cannot be kept for less time. Raises UsageError.
    """

    frames: float | None = None
    packets: float | None = None
    parameters: float | None = None
    events: float | None = None
    quarantine: float | None = None

    def __post_init__(self) -> None:
        for name, days in asdict(self).items():
            if days is not None and (isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days < LONGEST_DAYS):
                raise UsageError(
                    f"{name} cannot be kept for {days!r} days", where="retention", remedy="Give a number above 0, or ever"
                )
        if self.frames is not None and (self.packets is None or self.packets > self.frames):
            raise UsageError(
                "frames would go before the packets whose octets they hold",
                where="retention",
                remedy="Keep frames at least as long as packets",
            )

    @staticmethod
    def of(given: dict[str, Any]) -> "Retention":
        """Return settings by name. Raises UsageError for a name that is none."""
        if not isinstance(given, dict):
            raise UsageError(f"{given!r} is no table of days", where="retention", remedy=f"Correct {MARK}")
        known = [field.name for field in fields(Retention)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise UsageError(f"no such tables: {', '.join(unknown)}", where="retention", remedy=f"Known: {', '.join(known)}")
        return Retention(**given)


def read_mark(folder: Path) -> dict[str, Any]:
    """Return what archive.json says. Raises ArchiveError when there is none or it cannot be read."""
    try:
        found = json.loads((folder / MARK).read_text())
    except FileNotFoundError as error:
        raise ArchiveError("there is no archive here", where=str(folder), remedy="Ingest something into it first") from error
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{MARK} cannot be read: {error}", where=str(folder)) from error
    if not isinstance(found, dict):
        raise ArchiveError(f"{MARK} cannot be read: it holds no object", where=str(folder))
    return found


def refuse_unfit(folder: Path) -> None:
    """Raise ArchiveError when Delta Lake would not find, or would put elsewhere, what lies in a folder of this name."""
    if found := UNFIT.search(str(folder.absolute())):
        raise ArchiveError(
            f"archives cannot lie in a folder with {found.group()!r} in its path",
            where=ascii(str(folder))[1:-1],
            remedy="Use a folder without brackets, backslashes, percent signs before digits, and control characters",
        )


def write_mark(folder: Path, mark: dict[str, Any]) -> None:
    """Replace archive.json as a whole. Raises ArchiveError when it cannot be written."""
    fresh = folder / "archive.new"
    try:
        fresh.write_text(json.dumps(mark, indent=1) + "\n")
        fresh.replace(folder / MARK)
    except OSError as error:
        raise ArchiveError(f"{MARK} cannot be written: {error.strerror}", where=str(folder)) from error


def new_mark(version: int) -> dict[str, Any]:
    """Return the mark of a new archive: its format, and an identity by which its backups know it."""
    return {"format": version, "id": uuid.uuid4().hex}
