"""Soak tests take minutes and gigabytes: they are collected only when `-m soak` asks for them."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if "soak" in str(config.getoption("markexpr")) else True
