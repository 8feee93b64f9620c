"""The console and the interface in one process: pages beside the routes of the interface."""

from pathlib import Path

from ..api import serve_api


def serve_console(agency: str, folder: Path) -> int:
    """Serve the console of an agency's centre with its interface until SIGTERM or SIGINT; return the exit code."""
    return serve_api(agency, folder)
