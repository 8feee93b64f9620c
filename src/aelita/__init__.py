"""Aelita: a joint, Earth-based interplanetary mission operations and data control complex."""

__version__ = "0.1.0"
