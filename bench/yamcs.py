"""A real Yamcs on the same packets: what it needs is fetched, then one session measures it in a network of its own."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from .material import PEERS, ROOT, AbsentError, Setting, clean_environment

WHEEL = "fprime-yamcs-bundle==5.12.8.0"
JAVA_AT_LEAST = 17


def java_version() -> str:
    """Return the first line of `java -version`. Raises AbsentError when there is no Java or an old one."""
    if not shutil.which("java"):
        raise AbsentError(f"no java on the PATH (Yamcs needs Java {JAVA_AT_LEAST}; Debian: openjdk-17-jre-headless)")
    line = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
    number = line.split('"')[1].split(".")[0] if '"' in line else "0"
    if not number.isdigit() or int(number) < JAVA_AT_LEAST:
        raise AbsentError(f"Java is too old for Yamcs: {line}")
    return line


def jars(work: Path) -> Path:
    """Return a folder to import the Yamcs jars' package from, fetched by pip once. Raises AbsentError when it cannot be had."""
    folder = work / "yamcs-bundle"
    done = folder / ".complete"
    if done.is_file():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    fetched = subprocess.run(fetch, capture_output=True, text=True)
    if fetched.returncode:
        raise AbsentError(f"pip could not fetch {WHEEL}: {fetched.stderr.strip().splitlines()[-1:]}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    wheel.unlink()
    done.touch()
    return folder


def isolated(command: list[str]) -> list[str]:
    """Return the command inside a network namespace with loopback only: Yamcs's UDP links listen on all addresses."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        raise AbsentError("no unshare and ip (Debian: util-linux, iproute2) to keep Yamcs off the network")
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        raise AbsentError("this system does not allow a network namespace, and Yamcs's UDP links listen on all addresses")
    return [*unshare, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]


def measure(setting: Setting) -> dict[str, Any]:
    """Run one session of Yamcs on `setting.count` packets and return its figures.

    Nothing measured before is used; only the jars and the packets are kept between runs. Raises AbsentError, saying why, when
    Java, the wheel, the harness or the namespace is not to be had or the session fails.
    """
    if not (PEERS / "run_bench.py").is_file():
        raise AbsentError("the peer harness is not beside the project (../shared/peers/yamcs, or AELITA_SHARED)")
    java, bundle = java_version(), jars(setting.work)
    folder = setting.work / f"yamcs-{setting.count}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    result = folder / "figures.json"
    session = [sys.executable, "-m", "bench.yamcs_session", str(folder), str(setting.count), str(result)]
    environment = clean_environment(PYTHONPATH=f"{ROOT}{os.pathsep}{bundle}{os.pathsep}{PEERS}")
    with (folder / "session.log").open("wb") as log:
        ended = subprocess.run(isolated(session), env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    if ended.returncode:
        last = (folder / "session.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise AbsentError(f"the session of Yamcs failed ({last}); see yamcs-{setting.count}/session.log in the work folder")
    figures: dict[str, Any] = json.loads(result.read_text()) | {"java": java, "yamcs": WHEEL}
    shutil.rmtree(folder / "main", ignore_errors=True)
    return figures
