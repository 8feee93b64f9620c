"""The HTTP and WebSocket interface of a centre, and the Python client of it."""

from .app import create_app
from .centre import Centre, open_centre
from .service import serve_api

__all__ = ["Centre", "create_app", "open_centre", "serve_api"]
