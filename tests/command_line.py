"""The `aelita` command run as a user runs it, for tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

from shared import shared

AELITA = Path(sys.executable).parent / "aelita"
TGO = "data/telemetry/tgo/tgo_2023-05-24_first_half.tm"


def run(*arguments: str | Path, expected: int = 0, cwd: Path | None = None, **environment: str) -> tuple[str, str]:
    """Run the command and return what it printed: results and remarks."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AELITA_") or k == "AELITA_REQUIRE_DATA"}
    done = subprocess.run(
        [str(AELITA), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == expected, (done.returncode, done.stdout[-500:], done.stderr[-1500:])
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def archive_of_part(folder: Path) -> Path:
    """Return an archive of the first 600 frames of TGO's recording, which is `part.tm` beside it."""
    (folder / "part.tm").write_bytes(shared(TGO).read_bytes()[: 600 * 1115])
    said, _ = run("ingest", "--mission", "exomars", "--archive", folder / "archive", folder / "part.tm", "--json")
    assert json.loads(said)["frames"]["good"] == 600
    return folder / "archive"
