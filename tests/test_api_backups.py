"""Backups over the real interface: how far one is, cancelled ones, and servers that end in the middle of one."""

import asyncio
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aelita
from aelita.api import Client, InterfaceError
from aelita.api.backups import Backups
from aelita.api.client.errors import ForbiddenError, NotFoundError, RequestError
from aelita.archive import check, open_archive
from aelita.services.live.installation import Installation
from api_material import installed
from client_material import PASSWORD, make_user, served_centre
from door_material import centre_in

HALTED_AT = 6  # the file of the archive before which copying halts
PATIENCE_S = 30.0


class Gate:
    """Lets files be copied up to some number, then halts until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int = HALTED_AT) -> None:
        self.halted, self.open, self._left, real = threading.Event(), threading.Event(), at, shutil.copyfile

        def copyfile(source: Path, to: Path) -> None:
            self._left -= 1
            if self._left < 0 and not self.open.is_set():
                self.halted.set()
                assert self.open.wait(PATIENCE_S)
            real(source, to)

        monkeypatch.setattr(shutil, "copyfile", copyfile)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return installed(tmp_path_factory.mktemp("backups"), 200)


@pytest.fixture(scope="module")
def url(made: Installation) -> Iterator[str]:
    with served_centre(made) as (one, _):
        make_user(made, one.url, "vera", "administrator", "flight-director")
        make_user(made, one.url, "otto", "observer")
        yield one.url


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with aelita.connect(url, user="vera", password=PASSWORD) as one:
        yield one


def ended(client: Client, name: str) -> dict[str, Any]:
    """Wait until a backup is no longer being made."""
    end = time.monotonic() + PATIENCE_S
    while (one := dict(client.backup(name)))["state"] in ("running", "cancelling"):
        assert time.monotonic() < end, one
        time.sleep(0.02)
    return one


def left(made: Installation, name: str) -> list[str]:
    """Return what lies in the folder of a backup."""
    return sorted(path.name for path in (made.home("esa") / "backups" / name).iterdir())


def another(client: Client) -> str:
    """Begin a backup; names have seconds, so it may have to wait for the next one."""
    while True:
        try:
            return str(client.make_backup()["name"])
        except RequestError as error:
            assert "this second" in str(error)
            time.sleep(0.1)


def test_how_far_a_backup_is_is_told_and_it_is_whole(client: Client, made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    name = another(client)
    assert gate.halted.wait(PATIENCE_S)
    half = client.backup(name)
    assert half["state"] == "running" and half["files"] == HALTED_AT < half["all_files"]
    assert 0 < half["octets"] < half["all_octets"] and half["ended"] is None
    with pytest.raises(RequestError, match="being made"):
        client.make_backup()
    gate.open.set()
    whole = ended(client, name)
    assert whole["state"] == "done" and whole["files"] == whole["all_files"] == half["all_files"]
    folder = made.home("esa") / "backups" / name
    assert sum(path.stat().st_size for path in folder.glob("archive/tables/**/*") if path.is_file()) <= whole["octets"]
    assert check(open_archive(folder / "archive")).whole
    with pytest.raises(RequestError, match="is done"):  # who cancels a moment too late loses nothing
        client.cancel_backup(name)
    assert left(made, name) == ["archive", "backup.json", "records.sqlite"]
    client.delete_backup(name)
    with pytest.raises(NotFoundError):
        client.backup(name)
    assert not folder.exists()


def test_a_cancelled_backup_leaves_no_files_and_the_next_is_whole(
    client: Client, made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    name = another(client)
    assert gate.halted.wait(PATIENCE_S)
    threading.Timer(0.2, gate.open.set).start()
    told = client.cancel_backup(name)
    assert told["state"] == "cancelled" and told["ended"]
    assert left(made, name) == ["backup.json"]
    assert client.audit(action="backup.cancelled", limit=1)[0]["details"] == {"name": name}
    assert ended(client, another(client))["state"] == "done"
    client.cancel_backup(name)  # what was cancelled is taken off the list
    assert name not in [one["name"] for one in client.backups()["items"]]


def test_a_large_file_under_way_is_said_to_be_cancelling(
    url: str, made: Installation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aelita.api.backups.CANCEL_S", 0.05)
    gate = Gate(monkeypatch)
    name = another(client)
    assert gate.halted.wait(PATIENCE_S)

    async def cancelled() -> Any:
        async with await aelita.connect_async(url, user="vera", password=PASSWORD) as one:
            return await one.cancel_backup(name), await one.cancel_backup(name), await one.backup(name)

    assert [one["state"] for one in asyncio.run(cancelled())] == ["cancelling"] * 3
    gate.open.set()
    assert ended(client, name)["state"] == "cancelled" and left(made, name) == ["backup.json"]


def test_a_disk_that_is_full_is_told_and_nothing_is_kept(
    client: Client, made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copyfile(_: Path, to: Path) -> None:
        to.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    name = another(client)
    told = ended(client, name)
    assert told["state"] == "failed" and "No space left" in told["why"]
    assert left(made, name) == ["backup.json"]


def test_who_may_not_operate_the_complex_and_names_of_no_backup(url: str, client: Client) -> None:
    name = another(client)
    ended(client, name)
    with aelita.connect(url, user="otto", password=PASSWORD) as otto:
        for refused in (otto.backups, otto.make_backup, lambda: otto.backup(name), lambda: otto.delete_backup(name)):
            with pytest.raises(ForbiddenError):
                refused()
    for wrong in ("x", "../../esa", "%2e%2e", name + "/archive"):
        for asked in (client.backup, client.cancel_backup, client.delete_backup):
            with pytest.raises(InterfaceError) as refusal:
                asked(wrong)
            assert refusal.value.status in (404, 405), wrong
    assert client.backup(name)["state"] == "done"


HALTS = """
import shutil, sys, threading
from pathlib import Path
from aelita.api.backups import Backups
from aelita.services.live import read_installation
from door_material import centre_in
real, left = shutil.copyfile, [int(sys.argv[2])]
def copyfile(source, to):
    left[0] -= 1
    if left[0] < 0:
        to.write_bytes(b"half")
        print("halted", flush=True)
        threading.Event().wait()
    real(source, to)
shutil.copyfile = copyfile
print(Backups(centre_in(read_installation(Path(sys.argv[1])))).begin().name, flush=True)
sys.stdin.read() if sys.argv[3] == "killed" else None
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_what_a_server_left_half_made_is_swept_by_the_next(made: Installation, how: str) -> None:
    """Killed in the middle of a file, or ended as by a signal: a process does not wait for its backup."""
    command = [sys.executable, "-c", HALTS, str(made.folder), str(HALTED_AT), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=Path(__file__).parent)
    assert process.stdout is not None
    if how == "killed":
        said = sorted((process.stdout.readline().strip(), process.stdout.readline().strip()))
        name = said[0]
        assert said[1] == "halted"
        process.kill()
    else:
        name = process.stdout.readline().strip()
    process.wait(PATIENCE_S)
    process.communicate()
    mark = made.home("esa") / "backups" / name / "backup.json"
    assert json.loads(mark.read_text())["state"] == "running"
    if how == "killed":
        assert "archive" in left(made, name)
    found = Backups(centre_in(made)).one(name)
    assert found is not None and (found.state, found.ended is None) == ("failed", False) and "the server ended" in found.why
    assert left(made, name) == ["backup.json"]
    shutil.rmtree(mark.parent)
