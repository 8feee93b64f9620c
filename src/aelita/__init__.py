"""Aelita: a joint, Earth-based interplanetary mission operations and data control complex."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import AsyncClient, Client
    from .archive import Archive
    from .mdb import Database

__version__ = "0.1.0"
__all__ = ["__version__", "connect", "connect_async", "load_database", "open_archive"]


def open_archive(path: str | Path, *, create: bool = False) -> "Archive":
    """Return the archive in a folder, ready to give raw and engineering values.

    `create` makes one where the folder is absent or empty. Raises ArchiveError when there is none, or of another format.

        archive = aelita.open_archive("archive")
        archive.values("attitude_0", "2023-05-24T18:55", "2023-05-24T19:00")  # a Polars frame
    """
    from .services import open_archive  # not before it is asked for: it takes a second to load

    return open_archive(path, create=create)


def load_database(paths: str | Path | Sequence[str | Path]) -> "Database":
    """Return the mission database in one XTCE file or several. Raises DefinitionError that names file and line of each defect."""
    from .mdb import load_database

    return load_database(paths)


def connect(
    url: str, *, token: str = "", user: str = "", password: str = "", ca_file: str | Path | None = None, timeout_s: float = 60.0,
    retries: int = 3,
) -> "Client":  # fmt: skip
    """Return a client of the interface of a centre, after the centre has said who asks.

    Who asks is told by a token, or by a user and a password, which log in again when the session has ended. Certificates are
    verified, against `ca_file` alone when one is given. `timeout_s` is how long to wait for octets, and what only reads is tried
    again `retries` times. Raises LoginError, UnreachableError, UsageError.

        with aelita.connect("https://centre.example:8200", token=os.environ["AELITA_TOKEN"]) as centre:
            centre.values("attitude_0", "2023-05-24T18:55", "2023-05-24T19:00")  # a Polars frame
    """
    from .api import connect

    return connect(url, token=token, user=user, password=password, ca_file=ca_file, timeout_s=timeout_s, retries=retries)


async def connect_async(
    url: str, *, token: str = "", user: str = "", password: str = "", ca_file: str | Path | None = None, timeout_s: float = 60.0,
    retries: int = 3,
) -> "AsyncClient":  # fmt: skip
    """Return what `connect` does with calls that are awaited.

    async with await aelita.connect_async("https://centre.example:8200", token=...) as centre:
        await centre.latest("attitude")
    """
    from .api import connect_async

    return await connect_async(
        url, token=token, user=user, password=password, ca_file=ca_file, timeout_s=timeout_s, retries=retries
    )
