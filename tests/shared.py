"""Where the shared recordings and vectors are, and what a test does when they are absent."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("AELITA_SHARED", ROOT.parent / "shared"))


def shared(relative: str) -> Path:
    """Return a path below the shared folder; skip the test when it is absent, or fail it when AELITA_REQUIRE_DATA is 1."""
    path = SHARED / relative
    if not path.exists():
        message = f"shared data absent: {relative} (expected beside the project, in ../shared, or at AELITA_SHARED)"
        if os.environ.get("AELITA_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message, allow_module_level=True)
    return path


def chromium() -> str:
    """Return where the browser that drives pages is; skip the test when it is absent, or fail it when AELITA_REQUIRE_DATA is 1."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium is installed, which drives the pages of the console (Debian: apt install chromium)"
        if os.environ.get("AELITA_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found
