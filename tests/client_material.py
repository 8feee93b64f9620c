"""Servers for tests of the client: a centre with its guard, or any application, under uvicorn in a thread of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from starlette.types import ASGIApp

from aelita.api import Centre, UserDesk, create_app, guarded, open_centre
from aelita.services.live.installation import Installation

PASSWORD = "Kepler-Newton-1687"
T = TypeVar("T")


class Served:
    """An application at an address of this machine; `stop` and `start` again at the same one."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop, **tls: str) -> None:
        self.app, self.loop, self._tls = app, loop, tls
        self._port = 0
        self._server: uvicorn.Server | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve; return when it does."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        settings: Any = {f"ssl_{name}": value for name, value in self._tls.items()}
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, log_config=None, lifespan="off", timeout_graceful_shutdown=1, **settings)
        )
        self._serving = asyncio.run_coroutine_threadsafe(self._server._serve([listening]), self.loop)
        while not self._server.started:
            self._serving.done() and self._serving.result()
            threading.Event().wait(0.01)

    def stop(self) -> None:
        """Stop serving, as a process that ends: connections are closed."""
        if self._server is not None:
            self._server.should_exit = True
            self._serving.result()
            self._server = None

    def do(self, work: Callable[[], T]) -> T:
        """Do something in the thread of the server."""

        async def done() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result()


@contextlib.contextmanager
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give an event loop that runs in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.contextmanager
def served(app: ASGIApp, **tls: str) -> Iterator[Served]:
    """Serve an application."""
    with own_loop() as loop:
        one = Served(app, loop, **tls)
        try:
            yield one
        finally:
            one.stop()


@contextlib.contextmanager
def served_centre(made: Installation, agency: str = "esa", **tls: str) -> Iterator[tuple[Served, Centre]]:
    """Serve the interface of a centre with its guard. Its services do not run."""
    with own_loop() as loop:

        async def opened() -> tuple[Any, Centre]:
            manager = open_centre(made.folder, agency)
            return manager, await manager.__aenter__()

        manager, centre = asyncio.run_coroutine_threadsafe(opened(), loop).result()
        try:
            app = create_app(centre)
            one = Served(guarded(app, centre), loop, **tls)
            try:
                yield one, centre
            finally:
                one.stop()
        finally:
            asyncio.run_coroutine_threadsafe(manager.__aexit__(None, None, None), loop).result()


def make_user(made: Installation, url: str, name: str, *roles: str, agency: str = "esa", verify: Any = True) -> None:
    """Make a user of a served centre, with PASSWORD."""
    desk = UserDesk(made, agency, "tests")
    desk.accounts.add(name, roles)
    code = desk.link(name).partition("code=")[2]
    answer = httpx.post(f"{url}/api/v1/auth/first", json={"code": code, "user": name, "password": PASSWORD}, verify=verify)
    assert answer.status_code == 200, answer.text
    desk.accounts.records.close()


def certificate(folder: Path) -> dict[str, str]:
    """Write a certificate for this machine, signed by itself; return where it and its key are, as uvicorn takes them."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "centre")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return {"certfile": str(folder / "certificate.pem"), "keyfile": str(folder / "key.pem")}
