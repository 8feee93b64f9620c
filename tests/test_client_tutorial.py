"""The blocks of the tutorial run, and print what stands below them. `python tests/test_client_tutorial.py` writes that."""

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(\n```text\n(.*?)```\n)?", re.DOTALL)


def written(page: str, folder: Path) -> str:
    """Return the page with what its blocks print against a centre; each runs with what those before it have left."""
    from api_material import installed
    from client_material import PASSWORD, make_user, served_centre

    made, names = installed(folder, 400), {"__name__": "tutorial"}

    def ran(found: re.Match[str]) -> str:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(compile(found[1], str(PAGE), "exec"), names)
        return f"```python\n{found[1]}```\n" + (f"\n```text\n{told.getvalue()}```\n" if told.getvalue() else "")

    with served_centre(made) as (one, _), contextlib.chdir(folder):
        make_user(made, one.url, "vera", "flight-director", "administrator")
        os.environ.update(AELITA_URL=one.url, AELITA_USER="vera", AELITA_PASSWORD=PASSWORD, MPLBACKEND="Agg")
        return BLOCK.sub(ran, page)


def test_blocks_print_what_stands_below_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AELITA_URL", "AELITA_USER", "AELITA_PASSWORD", "MPLBACKEND"):
        monkeypatch.setenv(name, "")  # and away again after the test
    page = PAGE.read_text()
    assert written(page, tmp_path) == page
    assert (tmp_path / "attitude.png").stat().st_size > 10_000


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(written(PAGE.read_text(), Path(made)))
