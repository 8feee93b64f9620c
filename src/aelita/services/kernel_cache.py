"""Generated kernels of hot layouts, kept in the user's cache folder as source with the machine code beside it.

The folder is only a store: deleting it, or any file in it, costs a compilation. Two processes may use it at once.
"""

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import numba
from llvmlite import binding  # type: ignore[import-untyped]
from numba import types

from ..mdb import Table
from ..telemetry import Kernel, generated_source

AFTER_ROWS = 1_000_000  # compiling takes a second or more, which fewer rows do not earn back
OCTETS = types.Array(types.uint8, 1, "C", readonly=True)  # writable arrays are taken as well
BITS = types.Array(types.int64, 1, "C")
OUTPUT = tuple(types.Array(kind, 1, "C") for kind in (types.uint8, types.uint16, types.uint32, types.uint64))
SIGNATURE = types.void(OCTETS, BITS, BITS, *OUTPUT)


def cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder for kernels: `aelita/kernels` in the user's cache folder."""
    environment = os.environ if environment is None else environment
    home = environment.get("HOME", "~")
    return Path(environment.get("XDG_CACHE_HOME") or Path(home).expanduser() / ".cache") / "aelita" / "kernels"


class KernelCache:
    """Gives decoders the generated kernel of a layout (a `telemetry.Kernels`).

    A layout gets one when this machine compiled it before, or when `after_rows` rows of it have come in this process. A folder
    that cannot be written means that no layout gets one.
    """

    def __init__(self, folder: Path, after_rows: int = AFTER_ROWS) -> None:
        self.folder, self.after_rows = folder, after_rows
        self._rows: dict[bytes, int] = {}
        self._known: dict[bytes, Kernel | None] = {}

    def kernel(self, table: Table, rows: int) -> Kernel | None:
        """Return the compiled kernel of this layout, None while it has none; `rows` more rows are about to be decoded."""
        key = table.cells.tobytes() + table.orders.tobytes()
        if key in self._known:
            return self._known[key]
        seen = self._rows.get(key)
        self._rows[key] = rows + (seen or 0)
        hot = self._rows[key] > self.after_rows
        if seen is not None and not hot:  # the folder was looked at when the layout came first
            return None
        text = generated_source(table)
        if text is None:
            self._known[key] = None
            return None
        path = self.folder / f"aelita_layout_{hashlib.sha256(text.encode()).hexdigest()[:24]}.py"
        if hot or self._mark(path).is_file():
            self._known[key] = self._load(path, text)
        return self._known.get(key)

    def _mark(self, path: Path) -> Path:
        """Return the file that says that this machine's compiler compiled the source for this machine's processor."""
        maker = (numba.__version__, platform.python_version(), binding.get_host_cpu_name())
        return path.with_name(f"{path.stem}.{hashlib.sha256(repr(maker).encode()).hexdigest()[:12]}.done")

    def _load(self, path: Path, text: str) -> Kernel | None:
        try:
            _write(path, text)
            made = self._compiled(path, text)
            _write(self._mark(path), "")
        except (OSError, RuntimeError):  # Numba says so when it finds no place for machine code
            return None
        return made

    def _compiled(self, path: Path, text: str) -> Kernel:
        """Return the function in `text`, which the file holds too; its machine code lies beside the file."""
        module = ModuleType(path.stem)
        sys.modules[path.stem] = module  # Numba asks for it when it reads the machine code
        exec(compile(text, str(path), "exec"), module.__dict__)  # never the file's own text: somebody may have written another
        dispatcher = numba.njit(nogil=True, cache=True)(module.decode)
        try:
            dispatcher.compile(SIGNATURE)
        except Exception:  # damaged machine code shows itself as any error that unpickling can raise
            machine_code = Path(dispatcher._cache.cache_path)  # type: ignore[attr-defined]
            for damaged in machine_code.glob(f"{path.stem}*.nb[ic]"):
                damaged.unlink(missing_ok=True)
            dispatcher = numba.njit(nogil=True, cache=True)(module.decode)
            dispatcher.compile(SIGNATURE)
        dispatcher.disable_compile()
        kernel: Kernel = dispatcher
        return kernel


def _write(path: Path, text: str) -> None:
    """Let the file have this text. A file that has it keeps its time, which Numba compares with its machine code."""
    with suppress(FileNotFoundError, UnicodeDecodeError):
        if path.read_text("utf-8") == text:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
