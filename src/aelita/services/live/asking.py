"""What running services answer when they are asked how they are."""

import http.client
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .serving import running

ANSWER_S = 2.0


def asked(folder: Path, agency: str | None = None) -> list[dict[str, Any]]:
    """Return the health of every service that runs here, or of those of an agency; `status` is `silent` without an answer."""
    return [{**one, **_health(int(one["health_port"]))} for one in running(folder) if agency in (None, one["agency"])]


def page(port: int, path: str) -> str:
    """Return a page of a service's health server. Raises OSError."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ANSWER_S) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except http.client.HTTPException as error:  # an answer that broke off is no OSError
        raise OSError(f"port {port}: {error!r}") from error


def _health(port: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(page(port, "/health"))
    except (OSError, ValueError) as error:
        return {"status": "silent", "faults": {"health": str(error)}}
    return found


def metrics_of(folder: Path, only: tuple[str, str] | None = None) -> dict[tuple[str, str], dict[str, float]]:
    """Return all metrics of the services that run here, by agency and service; a metric's name holds its labels.

    With `only` an agency's service, no other is asked: one that hangs costs a time-out.
    """
    found = {}
    for one in running(folder):
        if only is not None and (one["agency"], one["service"]) != only:
            continue
        try:
            lines = page(int(one["health_port"]), "/metrics").splitlines()
        except OSError:
            continue
        pairs = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        found[one["agency"], one["service"]] = {name: float(value) for name, _, value in pairs}
    return found
