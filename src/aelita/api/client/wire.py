"""What both faces need of HTTP, TLS and WebSockets: settings, and what a failure means."""

import functools
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from websockets import http11
from websockets.typing import Origin

from ...errors import UsageError
from .core import Answer, Broken, Request, Session

CONNECT_S = 10.0
MOST_OCTETS = 256 << 20  # of a message: a snapshot of everything is long
CLOSE_S = 1.0
NO_TRUST = "Give ca_file= with the certificate of who signed the centre's, if it is your own"
IDENTITY = ("Accept-Encoding", "identity")  # tables are of numbers that hardly become shorter


def tls(session: Session, ca_file: str | Path | None) -> ssl.SSLContext:
    """Return how certificates are verified: against those that the machine trusts, or against a file alone.

    Raises UsageError for a file that holds none, or for an address without TLS.
    """
    secure = session.address.origin.startswith("https://")
    if ca_file is None:
        return _trusted() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody, and is never asked
    if not secure:
        raise UsageError("a file of certificates for an address without TLS", remedy="Give an address with https://")
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"no certificates: {error}", where=str(ca_file), remedy="Give a file with a certificate in PEM"
        ) from error


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Return what the machine trusts: read once, for that takes longer than a request."""
    return ssl.create_default_context()


def settings(session: Session, timeout_s: float) -> dict[str, Any]:
    """Return the settings of an HTTP client; how long it waits for octets, not for the whole of an answer."""
    timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s), pool=None)
    return {"base_url": session.address.url, "timeout": timeout, "follow_redirects": False}


def sent(request: Request) -> dict[str, Any]:
    """Return a request as an HTTP client takes it."""
    return {
        "method": request.method, "url": request.path, "params": list(request.query), "content": request.body,
        "headers": [IDENTITY, *request.headers],
    }  # fmt: skip


def answer_of(response: httpx.Response) -> Answer:
    """Return an answer that was read whole."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content, tuple(response.headers.get_list("set-cookie")))


def broken_by(error: Exception) -> Broken:
    """Return why there was no whole answer."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error) or isinstance(error, ssl.SSLCertVerificationError):
        return Broken(f"the centre's certificate is not trusted: {error}", hopeless=True, remedy=NO_TRUST)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.TooManyRedirects | httpx.DecodingError):
        return Broken(str(error), hopeless=True)
    kind = type(error).__name__
    return Broken(f"{kind}: {error}" if str(error) else kind)


def live_settings(session: Session, context: ssl.SSLContext) -> dict[str, Any]:
    """Return the settings of a WebSocket; its life is judged by the centre's ticks."""
    headers = [pair for pair in session.headers() if pair[0] != "Origin"]
    secure = session.address.live_url.startswith("wss://")
    return {
        "uri": session.address.live_url, "origin": Origin(session.address.origin), "additional_headers": headers,
        "compression": None, "ping_interval": None, "open_timeout": CONNECT_S, "close_timeout": CLOSE_S, "max_size": MOST_OCTETS,
        "ssl": context if secure else None,
    }  # fmt: skip


def denial(response: http11.Response) -> Answer:
    """Return the HTTP answer that came instead of a WebSocket."""
    return Answer(response.status_code, _lower(response.headers.raw_items()), bytes(response.body or b""))


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
