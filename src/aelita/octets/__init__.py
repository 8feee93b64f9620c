"""Bit fields, CRCs and checksums."""

from .compiled import compiled

__all__ = ["compiled"]
