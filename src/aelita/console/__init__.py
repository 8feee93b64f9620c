"""Web displays of a centre; they speak to it only through the client of `api`."""

from .application import serve_console

__all__ = ["serve_console"]
