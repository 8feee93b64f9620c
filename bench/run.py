"""Run the measurements, each part in a process of its own, print one table and keep the figures.

python -m bench                          everything, a million packets; about ten minutes
python -m bench --count 200000           quicker
python -m bench --only chain reception   some parts; the others stay in the table as they were, with their date
"""

import argparse
import importlib
import json
import multiprocessing
import os
import platform
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .material import ROOT, AbsentError, Setting
from .table import Row, absent, markdown

PARTS = {
    "coding": "bench_coding",
    "reception": "reception",
    "decode": "bench_decode",
    "fop": "fop",
    "chain": "chain",
    "live": "live",
    "interface": "interface",
    "console": "console",
    "journal": "journal",
    "commanding": "commanding",
    "ephemeris": "ephemeris",
    "propagation": "propagation",
    "determination": "determination",
    "transfers": "transfers",
    "aerobraking": "aerobraking",
}
WITH_SETTING = {"reception", "chain", "live", "interface", "console", "commanding"}
PACKAGES = (
    "aelita", "numpy", "numba", "polars", "deltalake", "space-packet-parser", "ccsdspy", "yamcs-client", "starlette", "uvicorn",
    "nats-py", "cryptography", "heyoka", "scipy",
)  # fmt: skip
RESULTS = ROOT / "bench" / "results"


def measure(part: str, setting: Setting) -> list[Row]:
    """Return the rows of one part; one that says why when the part is absent or fails."""
    name = PARTS[part]
    if not (ROOT / "bench" / f"{name}.py").is_file():
        return [absent(part, f"bench/{name}.py is absent")]
    try:
        module = importlib.import_module(f"bench.{name}")
        made: list[Row] = module.rows(setting) if part in WITH_SETTING else module.rows()
    except AbsentError as reason:
        return [absent(part, str(reason))]
    except Exception as error:
        return [absent(part, f"{part} failed: {type(error).__name__}: {error}")]
    return made


def apart(part: str, setting: Setting) -> list[Row]:
    """Run one part in a new process, so that memory is its own and a crash ends nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            made = pool.submit(measure, part, setting).result()
        except Exception as error:
            made = [absent(part, f"{part} died: {type(error).__name__}: {error}")]
    return [row | {"note": _plain(row["note"], setting)} if row.get("note") else row for row in made]


def _plain(note: str, setting: Setting) -> str:
    """Return a note on one line, without this machine's folders, as fits a file that is kept."""
    for folder, name in ((setting.work, "WORK"), (ROOT, "."), (ROOT.parent, ".."), (Path.home(), "~")):
        note = note.replace(str(folder), name)
    return " ".join(note.split())


def machine() -> dict[str, Any]:
    """Return what the figures depend on, without the machine's name or paths."""
    cpu = [line.split(":", 1)[1].strip() for line in _text("/proc/cpuinfo").splitlines() if line.startswith("model name")]
    memory = [line.split()[1] for line in _text("/proc/meminfo").splitlines() if line.startswith("MemTotal")]
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[0]) / 2**20, 1) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average_at_start": os.getloadavg()[0],
    }


def _text(path: str) -> str:
    file = Path(path)
    return file.read_text() if file.is_file() else ""


def versions() -> dict[str, str]:
    """Return the versions of what is compared, and the commit."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return found | {"commit": commit.stdout.strip()}


def keep_others(document: dict[str, Any], folder: Path) -> None:
    """Say of each part when and at which commit it ran, and take over from the newest results those that did not run now."""
    document["runs"] = dict.fromkeys(document["parts"], f"{document['date']}, commit {document['versions']['commit']}")
    kept = sorted(folder.glob("2*.json"))
    before = json.loads(kept[-1].read_text()) if kept else {}
    for part in PARTS:
        if part in before.get("parts", {}) and part not in document["parts"]:
            told = f"{before.get('date')}, commit {before.get('versions', {}).get('commit')}"
            document["parts"][part], document["runs"][part] = before["parts"][part], before.get("runs", {}).get(part, told)
    document["parts"] = {part: document["parts"][part] for part in PARTS if part in document["parts"]}


def write(document: dict[str, Any], folder: Path) -> Path:
    """Write the figures as JSON under their date and the table as `latest.md`; return the JSON file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{document['date'].replace(':', '-')}.json"
    file.write_text(json.dumps(document, indent=1) + "\n")
    about = document["machine"]
    head = (
        f"# Benchmark of {document['date']}\n\n{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, "
        f"{about['system']}, Python {about['python']}; load average at the start {about['load_average_at_start']:.2f}; "
        f"{document['setting']['count']:,} packets. Medians; all repetitions are in `{file.name}`.\n\n"
    )
    (folder / "latest.md").write_text(head + markdown(document["parts"], document.get("runs")))
    return file


def main() -> None:
    """Read the options, run, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--work", type=Path, default=cache / "aelita-bench", help="scratch folder, 3 GB (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1_000_000, help="packets of the chain, a multiple of 1000")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions of each measurement of ours")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where figures go (default: bench/results)")
    options = parser.parse_args()
    if options.count < 1000 or options.count % 1000 or options.repeat < 1:
        parser.error("--count is a multiple of 1000 and --repeat at least 1")
    setting = Setting(options.work.resolve(), options.count, options.repeat)
    setting.work.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "machine": machine(),
        "versions": versions(),
        "setting": {"count": setting.count, "repeat": setting.repeat},
        "parts": {},
    }
    for part in options.only:
        print(f"{part} ...", flush=True)
        document["parts"][part] = apart(part, setting)
    keep_others(document, options.results)
    file = write(document, options.results)
    print(markdown(document["parts"], document["runs"]))
    print(f"figures: {file}")
