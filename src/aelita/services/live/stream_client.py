"""The client of a server of streams: signs with our own keys, and can be cancelled at any time."""

from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from .credentials import Key, read_key
from .ending import heeding

RECONNECT_S = 0.25


class _Client(Client):
    """A client whose requests can be cancelled also while their answer comes."""

    async def request(self, *arguments: Any, **options: Any) -> Msg:
        with heeding():
            return await super().request(*arguments, **options)


class _KeyClient(_Client):
    """A client that signs with our own key: the library needs another package for that."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._auth_configured = True
        self._public_nkey = key.public


def client_of(key_file: Path | None) -> tuple[Client, dict[str, Any]]:
    """Return a client that enters with a key (none: without), and the options with which it connects."""
    if key_file is None:
        return _Client(), {"reconnect_time_wait": RECONNECT_S}
    key = read_key(key_file)
    options: dict[str, Any] = {"signature_cb": key.sign, "reconnect_time_wait": RECONNECT_S}
    if key.token:
        options["user_jwt_cb"] = lambda: bytearray(key.token.encode())
    return _KeyClient(key), options
