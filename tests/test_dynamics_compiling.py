"""What is compiled and kept on disk is compiled anew when anything in it changes."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

USER = """
from aelita.dynamics.compiling import kept
from air_below import FACTOR, TABLE, thickness

@kept()
def felt(x):
    return FACTOR * thickness(x) + TABLE[1]
"""
BELOW = """
import numpy as np
from aelita.dynamics.compiling import kept

FACTOR, TABLE = {factor}, np.array([0.0, {second}])

@kept()
def thickness(x):
    return {expression}
"""


def loaded(folder: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_change_below_is_not_hidden_by_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the function stays as it is; a function, a number and a table in another file change."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two writings within a second look the same to Python
    (tmp_path / "air_above.py").write_text(USER)
    found, hits = [], []
    for given in ((2.0, 0.0, "x"), (2.0, 0.0, "x"), (2.0, 0.0, "x + 1.0"), (3.0, 0.0, "x + 1.0"), (3.0, 0.5, "x + 1.0")):
        (tmp_path / "air_below.py").write_text(BELOW.format(factor=given[0], second=given[1], expression=given[2]))
        loaded(tmp_path, "air_below")
        module = loaded(tmp_path, "air_above")
        found.append(module.felt(1.0))
        hits.append(sum(module.felt.stats.cache_hits.values()))
    for name in ("air_below", "air_above"):
        del sys.modules[name]
    assert found == [2.0, 2.0, 4.0, 6.0, 6.5] and hits == [0, 1, 0, 0, 0]
