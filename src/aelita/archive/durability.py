"""Having the disk write what was written: Delta Lake itself leaves that to the operating system."""

import ctypes
import os
from pathlib import Path

from ..errors import ArchiveError


def on_disk(folder: Path) -> None:
    """Wait until everything written to the file system of a folder is on its disk. Raises ArchiveError when that fails."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
            if syncfs is None:
                os.sync()
            elif syncfs(handle) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        finally:
            os.close(handle)
    except OSError as error:
        raise ArchiveError(f"the disk did not take what was written: {error.strerror}", where=str(folder)) from error
