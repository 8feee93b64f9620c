"""Runs `aelita nav` for tests in their own process, which has its compiled code already."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aelita.cli import main

Run = Callable[..., tuple[str, str]]


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *first: str) -> Run:
    """Return what runs `aelita nav` with words behind the first ones, and gives what it printed: results and remarks.

    It demands the exit code that is `expected`, 0 without one.
    """

    def of(*words: str | Path, expected: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["aelita", "nav", *first, *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert ended.value.code == expected, told.err
        return told.out, told.err

    return of
