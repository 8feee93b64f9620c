"""What a running service says of itself: `/health` and `/metrics` over HTTP, and log lines as JSON.

Metrics are in the text format of Prometheus. The server answers GET only, on 127.0.0.1 unless told otherwise.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_OF_A_REQUEST = 8192
REQUEST_SECONDS = 5.0


@dataclass(slots=True)
class Health:
    """The state of one service. `faults` are what is wrong now, by what is affected; without any the service is well.

    Example:

        health = Health("receiver", "esa")
        health.count("frames_received", 12, station="malargue")
        health.gauge("stream_octets", 1e6)
        health.fault("malargue", "the station refuses to bind: access denied")
        health.well("malargue")
    """

    service: str
    agency: str = ""
    started: float = field(default_factory=time.monotonic)
    faults: dict[str, str] = field(default_factory=dict)
    details: dict[str, object] = field(default_factory=dict)
    ready: bool = False
    _values: dict[tuple[str, str], dict[tuple[tuple[str, str], ...], float]] = field(default_factory=dict)

    def count(self, name: str, more: float = 1, **labels: str) -> None:
        """Add to a counter."""
        values = self._values.setdefault((name, "counter"), {})
        key = tuple(sorted(labels.items()))
        values[key] = values.get(key, 0.0) + more

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self._values.setdefault((name, "gauge"), {})[tuple(sorted(labels.items()))] = value

    def value(self, name: str, **labels: str) -> float:
        """Return a counter or gauge, 0 when it was never set."""
        key = tuple(sorted(labels.items()))
        return next((v[key] for (n, _), v in self._values.items() if n == name and key in v), 0.0)

    def fault(self, what: str, why: str) -> bool:
        """Note that something is wrong; return whether that is new."""
        new = self.faults.get(what) != why
        self.faults[what] = why
        return new

    def well(self, what: str) -> bool:
        """Note that something is right again; return whether it was wrong."""
        return self.faults.pop(what, None) is not None

    def report(self) -> dict[str, object]:
        """Return the state as it is served at `/health`."""
        status = "starting" if not self.ready else "faulty" if self.faults else "well"
        return {
            "service": self.service,
            "agency": self.agency,
            "status": status,
            "up_s": round(time.monotonic() - self.started, 1),
            "faults": dict(self.faults),
            **self.details,
        }

    def metrics(self) -> str:
        """Return all counters and gauges in the text format of Prometheus."""
        common = [("service", self.service), *([("agency", self.agency)] if self.agency else [])]
        lines = []
        for (name, kind), values in sorted(self._values.items()):
            full = f"aelita_{name}" + ("_total" if kind == "counter" else "")
            lines.append(f"# TYPE {full} {kind}")
            for key, value in sorted(values.items()):
                labels = ",".join(f"{label}={json.dumps(text)}" for label, text in [*common, *key])
                lines.append(f"{full}{{{labels}}} {value:.17g}")
        lines += ["# TYPE aelita_up_seconds gauge", f'aelita_up_seconds{{service="{self.service}"}} {self._up():.3f}']
        return "\n".join(lines) + "\n"

    def _up(self) -> float:
        return time.monotonic() - self.started


class HealthServer:
    """Serves a `Health` over HTTP until it is closed; `port` is the one that was free."""

    def __init__(self, health: Health, host: str = "127.0.0.1", port: int = 0) -> None:
        self.health, self.host, self.port = health, host, port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to answer. Raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._answer, self.host, self.port, limit=MOST_OF_A_REQUEST)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = request.partition(b" ")
            path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
            writer.write(self._response(method, path))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # whoever asked sent no request, or went away
        finally:
            writer.close()

    def _response(self, method: bytes, path: bytes) -> bytes:
        pages: dict[bytes, tuple[str, Callable[[], str]]] = {
            b"/health": ("application/json", lambda: json.dumps(self.health.report(), ensure_ascii=False)),
            b"/metrics": ("text/plain; version=0.0.4", self.health.metrics),
        }
        if method != b"GET" or path not in pages:
            status, kind, text = "404 Not Found", "text/plain", "GET /health or /metrics\n"
        else:
            kind, made = pages[path]
            text, well = made(), self.health.ready
            status = "200 OK" if well or path == b"/metrics" else "503 Service Unavailable"
        body = text.encode()
        fields = f"Content-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close"
        return f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode() + body


class JsonLines(logging.Formatter):
    """Log records as JSON, one a line: `at`, `level`, `service`, `agency`, `message`, and what the caller adds by `extra`."""

    def __init__(self, service: str, agency: str) -> None:
        super().__init__()
        self._common = {"service": service, "agency": agency}
        self._usual = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        line: dict[str, object] = {"at": at, "level": record.levelname.lower(), **self._common, "message": record.getMessage()}
        line |= {name: value for name, value in vars(record).items() if name not in self._usual}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json(service: str, agency: str, level: int = logging.INFO) -> None:
    """Send the log of this process to standard error as JSON lines; the supervisor keeps them in files."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service, agency))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("nats").setLevel(logging.WARNING)
